//! Errors outside the OGC web services: their status, and what machines and people are told.

use serde_json::json;

use super::asked::Asked;
use super::route::Route;
use super::state::Site;
use crate::error::Error;
use crate::protocol::maps::MapsAddress;
use crate::protocol::ows::public_message;
use crate::protocol::site::{Pages, page_language};
use crate::protocol::{Answer, wfs, wms, wmts};

/// The status of an error outside the OGC web services.
fn status(error: &Error) -> u16 {
    match error {
        Error::InvalidParameter { .. }
        | Error::MissingParameter { .. }
        | Error::OperationNotSupported { .. }
        | Error::VersionNotNegotiated { .. }
        | Error::FieldNotDefined { .. }
        | Error::InvalidCrs { .. }
        | Error::InvalidFormat { .. }
        | Error::InvalidPoint { .. }
        | Error::CurrentUpdateSequence { .. }
        | Error::InvalidUpdateSequence { .. }
        | Error::InvalidDimensionValue { .. }
        | Error::InvalidStyle { .. }
        | Error::InvalidFilter { .. }
        | Error::LayerNotQueryable { .. }
        | Error::Transform { .. }
        | Error::Syntax { .. } => 400,
        Error::Unauthorized { .. } => 401,
        Error::Forbidden { .. } => 403,
        Error::LayerNotDefined { .. }
        | Error::StyleNotDefined { .. }
        | Error::TileMatrixSetNotDefined { .. }
        | Error::TileMatrixNotDefined { .. }
        | Error::TileOutOfRange { .. }
        | Error::NotFound { .. } => 404,
        Error::SnapshotGone { .. } => 410,
        Error::LimitExceeded { .. } => 413,
        Error::Cancelled | Error::DeadlineExceeded { .. } | Error::Busy { .. } => 503,
        Error::Data { .. } | Error::Io { .. } | Error::Config { .. } | Error::Internal { .. } => {
            500
        }
    }
}

/// What went wrong, for machines (RFC 9457).
pub(super) fn told(status: u16, title: &str) -> Answer {
    let body = json!({"type": "about:blank", "status": status, "title": title});
    Answer {
        status,
        ..Answer::ok("application/problem+json", body.to_string())
    }
}

/// An error of a request that was not read as far as its protocol, as that has it; `None` for an
/// address of no OGC web service.
pub(super) fn in_protocol(path: &str, error: &Error) -> Option<Answer> {
    let report = match Route::parse(path)? {
        Route::Wms { .. } => wms::report(error, wms::Version::V130),
        Route::Wfs { .. } => wfs::report(error, wfs::Version::V200),
        Route::Wmts(_) => wmts::report(error),
        Route::Maps(MapsAddress::Service { path, .. }) => return in_protocol(&path, error),
        _ => return None,
    };
    // HTTP refused it, whatever status the protocol gives to what it refuses itself
    Some(report.with_status(status(error)))
}

/// An error outside the OGC web services.
pub(super) fn problem(error: &Error) -> Answer {
    let status = status(error);
    if status == 500 {
        tracing::error!(%error, "request failed");
    }
    let answer = told(status, &public_message(error));
    match error {
        Error::Busy { retry_after_s } => {
            answer.with_header("retry-after", retry_after_s.to_string())
        }
        _ => answer,
    }
}

/// An error as a page for people, as problem+json for machines.
pub(super) fn page_error(pages: &Pages, site: &Site, asked: &Asked, error: &Error) -> Answer {
    if !asked.wants_html() {
        return problem(error);
    }
    let catalogue = &site.catalogue;
    let accepted = Some(asked.accept_language.as_str());
    let lang = asked.parameter("lang");
    let language = page_language(lang.as_deref(), accepted, &catalogue.site.languages);
    let message = public_message(error);
    if status(error) == 500 {
        tracing::error!(%error, "request failed");
    }
    pages
        .error(
            &catalogue.site,
            &asked.base,
            language,
            status(error),
            &message,
        )
        .unwrap_or_else(|_| problem(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_machine_are_not_shown_to_clients() {
        let error = Error::data("/srv/secret/a.fgb", "bad magic");
        let answer = problem(&error);
        assert_eq!(answer.status, 500);
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    }
}
