//! Errors in the words of WFS: `ows:ExceptionReport` in 2.0.0 (OGC 09-025r2 §7.5) and 1.1.0
//! (OGC 04-094 §7.7), `ServiceExceptionReport` in 1.0.0 (OGC 02-058 §7.4).

use std::borrow::Cow;

use super::Version;
use crate::encode::xml;
use crate::error::Error;
use crate::protocol::Answer;
use crate::protocol::ows::public_message;

/// The code, and the name of what is to blame.
///
/// The codes are those of OGC 09-025r2 Table 3 and of OWS Common (OGC 06-121r3 Table 27);
/// before 2.0 only the latter are known.
fn code(error: &Error, version: Version) -> (&'static str, Option<&str>) {
    let is_new = version == Version::V200;
    match error {
        Error::InvalidParameter { name, .. } => ("InvalidParameterValue", Some(name)),
        Error::MissingParameter { name, .. } => ("MissingParameterValue", Some(name)),
        Error::OperationNotSupported { request, .. } => ("OperationNotSupported", Some(request)),
        Error::VersionNotNegotiated { .. } => ("VersionNegotiationFailed", None),
        Error::LayerNotDefined { .. } | Error::LayerNotQueryable { .. } => (
            "InvalidParameterValue",
            Some(if is_new { "typeNames" } else { "typeName" }),
        ),
        // of other parameters it is told with their names
        Error::FieldNotDefined { .. } => ("InvalidParameterValue", Some("filter")),
        Error::InvalidCrs { .. } => ("InvalidParameterValue", Some("srsName")),
        Error::InvalidFormat { .. } => ("InvalidParameterValue", Some("outputFormat")),
        Error::InvalidUpdateSequence { .. } => ("InvalidUpdateSequence", None),
        Error::InvalidFilter { .. } if is_new => ("OperationProcessingFailed", Some("filter")),
        Error::InvalidFilter { .. } => ("InvalidParameterValue", Some("filter")),
        Error::Syntax { .. } if is_new => ("OperationParsingFailed", Some("request")),
        Error::Syntax { .. } => ("InvalidParameterValue", Some("request")),
        Error::NotFound { .. } if is_new => ("NotFound", Some("id")),
        Error::NotFound { .. } => ("InvalidParameterValue", Some("id")),
        Error::LimitExceeded { .. }
        | Error::DeadlineExceeded { .. }
        | Error::Data { .. }
        | Error::Transform { .. }
            if is_new =>
        {
            ("OperationProcessingFailed", None)
        }
        Error::StyleNotDefined { .. }
        | Error::TileMatrixSetNotDefined { .. }
        | Error::TileMatrixNotDefined { .. }
        | Error::TileOutOfRange { .. }
        | Error::InvalidPoint { .. }
        | Error::SnapshotGone { .. }
        | Error::CurrentUpdateSequence { .. }
        | Error::InvalidDimensionValue { .. }
        | Error::InvalidStyle { .. }
        | Error::Unauthorized { .. }
        | Error::Forbidden { .. }
        | Error::LimitExceeded { .. }
        | Error::DeadlineExceeded { .. }
        | Error::Cancelled
        | Error::Busy { .. }
        | Error::Data { .. }
        | Error::Io { .. }
        | Error::Transform { .. }
        | Error::Config { .. }
        | Error::Internal { .. } => ("NoApplicableCode", None),
    }
}

/// The HTTP status: what the client can mend is 400.
fn status(error: &Error) -> u16 {
    match error {
        Error::Unauthorized { .. } => 401,
        Error::Forbidden { .. } => 403,
        Error::NotFound { .. } => 404,
        Error::Busy { .. } => 503,
        Error::Data { .. } | Error::Io { .. } | Error::Internal { .. } | Error::Config { .. } => {
            500
        }
        Error::InvalidParameter { .. }
        | Error::MissingParameter { .. }
        | Error::OperationNotSupported { .. }
        | Error::VersionNotNegotiated { .. }
        | Error::LayerNotDefined { .. }
        | Error::StyleNotDefined { .. }
        | Error::LayerNotQueryable { .. }
        | Error::FieldNotDefined { .. }
        | Error::InvalidCrs { .. }
        | Error::InvalidFormat { .. }
        | Error::TileMatrixSetNotDefined { .. }
        | Error::TileMatrixNotDefined { .. }
        | Error::TileOutOfRange { .. }
        | Error::InvalidPoint { .. }
        | Error::SnapshotGone { .. }
        | Error::CurrentUpdateSequence { .. }
        | Error::InvalidUpdateSequence { .. }
        | Error::InvalidDimensionValue { .. }
        | Error::InvalidStyle { .. }
        | Error::InvalidFilter { .. }
        | Error::Syntax { .. }
        | Error::LimitExceeded { .. }
        | Error::DeadlineExceeded { .. }
        | Error::Cancelled
        | Error::Transform { .. } => 400,
    }
}

/// The error with the parameter that is to blame by the name that the version has for it.
fn in_words_of(error: &Error, version: Version) -> Cow<'_, Error> {
    let older = |name: &str| {
        let known = match name {
            "typeNames" => "typeName",
            "resourceId" => "featureId",
            "count" => "maxFeatures",
            _ => return None,
        };
        Some(known.to_owned()).filter(|_| version != Version::V200)
    };
    match error {
        Error::InvalidParameter { name, message } => older(name).map(|name| {
            let message = message.clone();
            Error::InvalidParameter { name, message }
        }),
        Error::MissingParameter { name, expected } => older(name).map(|name| {
            let expected = expected.clone();
            Error::MissingParameter { name, expected }
        }),
        _ => None,
    }
    .map_or(Cow::Borrowed(error), Cow::Owned)
}

/// The report of an error.
pub fn report(error: &Error, version: Version) -> Answer {
    let error = &*in_words_of(error, version);
    let (code, locator) = code(error, version);
    let mut body = String::with_capacity(700);
    body.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    body.push_str(match version {
        Version::V200 => {
            "<ows:ExceptionReport xmlns:ows=\"http://www.opengis.net/ows/1.1\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://www.opengis.net/ows/1.1 \
             http://schemas.opengis.net/ows/1.1.0/owsExceptionReport.xsd\" version=\"2.0.0\">\n\
             <ows:Exception"
        }
        Version::V110 => {
            "<ows:ExceptionReport xmlns:ows=\"http://www.opengis.net/ows\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://www.opengis.net/ows \
             http://schemas.opengis.net/ows/1.0.0/owsExceptionReport.xsd\" version=\"1.1.0\">\n\
             <ows:Exception"
        }
        Version::V100 => {
            "<ServiceExceptionReport version=\"1.2.0\" xmlns=\"http://www.opengis.net/ogc\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://www.opengis.net/ogc \
             http://schemas.opengis.net/wfs/1.0.0/OGC-exception.xsd\">\n<ServiceException"
        }
    });
    let attribute = match version {
        Version::V100 => "code",
        Version::V110 | Version::V200 => "exceptionCode",
    };
    xml::push_attribute(&mut body, attribute, code);
    if let Some(locator) = locator {
        let short: String = locator.chars().take(80).collect();
        xml::push_attribute(&mut body, "locator", &short);
    }
    body.push('>');
    let message = public_message(error);
    match version {
        Version::V100 => {
            xml::push_text(&mut body, &message);
            body.push_str("</ServiceException>\n</ServiceExceptionReport>\n");
        }
        Version::V110 | Version::V200 => {
            xml::push_element(&mut body, "ows:ExceptionText", &message);
            body.push_str("</ows:Exception>\n</ows:ExceptionReport>\n");
        }
    }
    let answer = Answer::ok("text/xml", body).with_status(status(error));
    match error {
        Error::Busy { retry_after_s } => {
            answer.with_header("Retry-After", retry_after_s.to_string())
        }
        _ => answer,
    }
}
