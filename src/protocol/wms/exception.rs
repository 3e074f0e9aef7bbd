//! Errors in the words of WMS: service exception reports as XML, in the image, or blank
//! (OGC 06-042 §6.11, §7.3.3.11, Annex E; OGC 01-068r3 §6.7, Annex A).

use tiny_skia::{Color, Pixmap};

use super::{Engine, Version};
use crate::encode::{ImageFormat, xml};
use crate::error::Error;
use crate::geom::Size;
use crate::protocol::Answer;
use crate::protocol::ows::{Kvp, public_message};

/// The code and, where one parameter is to blame, its name.
///
/// The codes are those of OGC 06-042 Table E.1; where it has none, those of OWS Common.
fn code(error: &Error, version: Version) -> (&'static str, Option<&str>) {
    match error {
        Error::InvalidParameter { name, .. } => ("InvalidParameterValue", Some(name)),
        Error::MissingParameter { name, .. } => ("MissingParameterValue", Some(name)),
        Error::OperationNotSupported { .. } => ("OperationNotSupported", Some("REQUEST")),
        Error::VersionNotNegotiated { .. } => ("InvalidParameterValue", Some("VERSION")),
        Error::LayerNotDefined { .. } => ("LayerNotDefined", Some("LAYERS")),
        Error::StyleNotDefined { .. } => ("StyleNotDefined", Some("STYLES")),
        Error::LayerNotQueryable { .. } => ("LayerNotQueryable", Some("QUERY_LAYERS")),
        Error::FieldNotDefined { .. } => ("InvalidParameterValue", None),
        Error::InvalidCrs { .. } => match version {
            Version::V111 => ("InvalidSRS", Some("SRS")),
            Version::V130 => ("InvalidCRS", Some("CRS")),
        },
        Error::InvalidFormat { .. } => ("InvalidFormat", Some("FORMAT")),
        Error::InvalidPoint { .. } => ("InvalidPoint", None),
        Error::CurrentUpdateSequence { .. } => ("CurrentUpdateSequence", Some("UPDATESEQUENCE")),
        Error::InvalidUpdateSequence { .. } => ("InvalidUpdateSequence", Some("UPDATESEQUENCE")),
        Error::InvalidDimensionValue { dimension, .. } => {
            ("InvalidDimensionValue", Some(dimension))
        }
        Error::InvalidStyle { .. } => ("InvalidParameterValue", Some("SLD_BODY")),
        Error::InvalidFilter { .. } => ("InvalidParameterValue", Some("FILTER")),
        Error::Syntax { .. } => ("InvalidParameterValue", None),
        Error::TileMatrixSetNotDefined { .. }
        | Error::TileMatrixNotDefined { .. }
        | Error::TileOutOfRange { .. }
        | Error::SnapshotGone { .. }
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

/// The HTTP status: 200 for what WMS reports in its own words, else what proxies and monitors
/// must see.
fn status(error: &Error) -> u16 {
    match error {
        Error::Unauthorized { .. } => 401,
        Error::Forbidden { .. } => 403,
        Error::NotFound { .. } => 404,
        Error::Busy { .. } => 503,
        // the log of the server has the cause, and whoever watches it should be told
        Error::Io { .. } | Error::Internal { .. } | Error::Config { .. } => 500,
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
        | Error::Data { .. }
        | Error::Transform { .. } => 200,
    }
}

/// A service exception report in XML.
pub fn report(error: &Error, version: Version) -> Answer {
    let (code, locator) = code(error, version);
    report_at(error, version, code, locator)
}

/// A service exception report on a request: several parameters take layers or formats, and the
/// locator is the one that has the value in question.
pub(super) fn report_on(error: &Error, version: Version, kvp: &Kvp) -> Answer {
    let (code, locator) = code(error, version);
    let names = |parameter: &str, name: &str| {
        let list = kvp.get(parameter).unwrap_or_default();
        list.split(',').any(|item| item.trim() == name)
    };
    let locator = match error {
        Error::InvalidFormat { format, .. } if names("INFO_FORMAT", format) => Some("INFO_FORMAT"),
        Error::LayerNotDefined { layer, .. } if !names("LAYERS", layer) => {
            let candidates = ["QUERY_LAYERS", "LAYER"];
            candidates.into_iter().find(|c| names(c, layer)).or(locator)
        }
        Error::StyleNotDefined { style, .. } if !names("STYLES", style) => {
            Some("STYLE").filter(|c| names(c, style)).or(locator)
        }
        _ => locator,
    };
    report_at(error, version, code, locator)
}

fn report_at(error: &Error, version: Version, code: &str, locator: Option<&str>) -> Answer {
    let mut body = String::with_capacity(700);
    body.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    body.push_str(match version {
        Version::V111 => {
            "<!DOCTYPE ServiceExceptionReport SYSTEM \
             \"http://schemas.opengis.net/wms/1.1.1/exception_1_1_1.dtd\">\n\
             <ServiceExceptionReport version=\"1.1.1\">\n"
        }
        Version::V130 => {
            "<ServiceExceptionReport version=\"1.3.0\" xmlns=\"http://www.opengis.net/ogc\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://www.opengis.net/ogc \
             http://schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd\">\n"
        }
    });
    body.push_str("  <ServiceException");
    xml::push_attribute(&mut body, "code", code);
    if let (Some(locator), Version::V130) = (locator, version) {
        xml::push_attribute(&mut body, "locator", locator);
    }
    body.push('>');
    xml::push_text(&mut body, &public_message(error));
    body.push_str("</ServiceException>\n</ServiceExceptionReport>\n");
    finish(Answer::ok(version.exception_type(), body), error)
}

/// Sets the status, and what a client that should come back needs.
fn finish(answer: Answer, error: &Error) -> Answer {
    let answer = answer.with_status(status(error));
    match error {
        Error::Busy { retry_after_s } => {
            answer.with_header("Retry-After", retry_after_s.to_string())
        }
        _ => answer,
    }
}

/// How a client wants to be told of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionForm {
    Xml,
    InImage,
    Blank,
}

impl ExceptionForm {
    /// `EXCEPTIONS=`, in the words of either version and any case; all else is XML.
    pub fn parse(text: &str) -> ExceptionForm {
        let text = text.to_ascii_lowercase();
        match text.strip_prefix("application/vnd.ogc.se").unwrap_or(&text) {
            "inimage" | "_inimage" => ExceptionForm::InImage,
            "blank" | "_blank" => ExceptionForm::Blank,
            _ => ExceptionForm::Xml,
        }
    }
}

/// The picture that an error becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorImage {
    pub form: ExceptionForm,
    pub size: Size,
    pub format: ImageFormat,
    /// `None`: transparent.
    pub background: Option<[u8; 3]>,
}

impl ErrorImage {
    /// The error as a picture; `None` where it must be XML all the same.
    pub fn draw(&self, error: &Error, engine: &dyn Engine) -> Option<Answer> {
        let pixmap = match self.form {
            ExceptionForm::Xml => return None,
            ExceptionForm::Blank => {
                let mut pixmap = Pixmap::new(self.size.width, self.size.height)?;
                if let Some([r, g, b]) = self.background {
                    pixmap.fill(Color::from_rgba8(r, g, b, 255));
                }
                pixmap
            }
            ExceptionForm::InImage => engine
                .message_image(self.size, &public_message(error), self.background)
                .ok()?,
        };
        let bytes = engine.encode(&pixmap, self.format).ok()?;
        Some(finish(Answer::ok(self.format.media_type(), bytes), error))
    }
}
