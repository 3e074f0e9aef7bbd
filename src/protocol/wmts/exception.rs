//! Errors in the words of OWS Common 1.1 (OGC 06-121r3 §8) and of WMTS (OGC 07-057r7 §7.1.3,
//! §7.2.3, §7.3.3).

use crate::encode::xml;
use crate::error::Error;
use crate::protocol::Answer;
use crate::protocol::ows::public_message;

/// The code and, where one parameter is to blame, its name.
fn code(error: &Error) -> (&'static str, Option<&str>) {
    match error {
        Error::InvalidParameter { name, .. } => ("InvalidParameterValue", Some(name)),
        Error::MissingParameter { name, .. } => ("MissingParameterValue", Some(name)),
        // every operation that there is is supported: another name is none (Server.KVP.GET.InvalidRequest)
        Error::OperationNotSupported { .. } => ("InvalidParameterValue", Some("request")),
        Error::VersionNotNegotiated { .. } => ("VersionNegotiationFailed", None),
        Error::LayerNotDefined { .. } => ("InvalidParameterValue", Some("layer")),
        Error::StyleNotDefined { .. } => ("InvalidParameterValue", Some("style")),
        // an operation that is there, but not for this layer (§7.3.3.3)
        Error::LayerNotQueryable { .. } => ("OperationNotSupported", Some("layer")),
        Error::InvalidFormat { .. } => ("InvalidParameterValue", Some("format")),
        Error::TileMatrixSetNotDefined { .. } => ("InvalidParameterValue", Some("TileMatrixSet")),
        Error::TileMatrixNotDefined { .. } => ("InvalidParameterValue", Some("TileMatrix")),
        Error::TileOutOfRange { axis: "row", .. } => ("TileOutOfRange", Some("TileRow")),
        Error::TileOutOfRange { .. } => ("TileOutOfRange", Some("TileCol")),
        Error::InvalidPoint { .. } => ("PointIJOutOfRange", None),
        Error::CurrentUpdateSequence { .. } | Error::InvalidUpdateSequence { .. } => {
            ("InvalidUpdateSequence", None)
        }
        Error::InvalidDimensionValue { dimension, .. } => {
            ("InvalidParameterValue", Some(dimension))
        }
        Error::InvalidCrs { .. }
        | Error::InvalidStyle { .. }
        | Error::InvalidFilter { .. }
        | Error::FieldNotDefined { .. }
        | Error::Syntax { .. } => ("InvalidParameterValue", None),
        Error::SnapshotGone { .. }
        | Error::NotFound { .. }
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

/// The HTTP status: 400 for what the client can mend (§7.1.3, Table 20 and those like it).
fn status(error: &Error) -> u16 {
    match error {
        Error::Unauthorized { .. } => 401,
        Error::Forbidden { .. } => 403,
        Error::NotFound { .. } => 404,
        Error::Busy { .. } | Error::DeadlineExceeded { .. } | Error::Cancelled => 503,
        Error::Data { .. }
        | Error::Io { .. }
        | Error::Transform { .. }
        | Error::Internal { .. }
        | Error::Config { .. } => 500,
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
        | Error::LimitExceeded { .. } => 400,
    }
}

/// An exception report.
pub fn report(error: &Error) -> Answer {
    let (code, locator) = code(error);
    let mut body = String::with_capacity(600);
    body.push_str(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ows:ExceptionReport xmlns:ows=\"http://www.opengis.net/ows/1.1\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"http://www.opengis.net/ows/1.1 \
         http://schemas.opengis.net/ows/1.1.0/owsExceptionReport.xsd\" \
         version=\"1.1.0\" xml:lang=\"en\">\n  <ows:Exception",
    );
    xml::push_attribute(&mut body, "exceptionCode", code);
    if let Some(locator) = locator {
        xml::push_attribute(&mut body, "locator", locator);
    }
    body.push_str(">\n    ");
    xml::push_element(&mut body, "ows:ExceptionText", &public_message(error));
    body.push_str("  </ows:Exception>\n</ows:ExceptionReport>\n");
    let answer = Answer::ok("text/xml", body).with_status(status(error));
    match error {
        Error::Busy { retry_after_s } => {
            answer.with_header("retry-after", retry_after_s.to_string())
        }
        _ => answer,
    }
}
