//! Metadata records: ISO 19139 (ISO/TS 19139:2007, schemas of 2007-04-17) for each layer and
//! for the view service, as the INSPIRE Technical Guidance for metadata 2.0.1 wants them.
//!
//! Conformity with the INSPIRE regulations is written as "not evaluated": nobody has, and a
//! server can't.

mod layer;
mod licence;
mod parts;
mod service;
mod theme;

pub use layer::identifiers;
pub use licence::{Licence, licence};
pub use parts::is_date;
pub use theme::{Theme, inspire_theme};

use crate::catalogue::{Catalogue, Layer, Map};
use crate::error::{Error, Result};
use crate::protocol::Answer;

/// The media type of a record.
const MEDIA_TYPE: &str = "text/xml";

/// The record of a layer: `/layers/{layer}/record.xml`. One that the folder brings is served as
/// it is; else it is written. `base` is the base URL, without a slash at its end.
///
/// # Errors
/// `Io` where the folder's own record can't be read.
pub fn layer_record(catalogue: &Catalogue, layer: &Layer, base: &str) -> Result<Answer> {
    let body = match &layer.metadata.record {
        Some(path) => std::fs::read(path).map_err(|e| Error::io(path, &e))?,
        None => layer::write(catalogue, layer, base).into_bytes(),
    };
    Ok(Answer::ok(MEDIA_TYPE, body))
}

/// The record of the view service: `/record.xml`.
pub fn service_record(catalogue: &Catalogue, base: &str) -> Answer {
    Answer::ok(MEDIA_TYPE, service::write(catalogue, base, "view-service"))
}

/// The record of a map: `/maps/{id}/record.xml`. It is that of the map's view service, under the
/// map's id; one that the folder brings is served as it is. `catalogue` and `base` are the map's.
///
/// # Errors
/// `Io` where the folder's own record can't be read.
pub fn map_record(catalogue: &Catalogue, map: &Map, base: &str) -> Result<Answer> {
    let body = match &map.metadata.record {
        Some(path) => std::fs::read(path).map_err(|e| Error::io(path, &e))?,
        None => service::write(catalogue, base, &map.id).into_bytes(),
    };
    Ok(Answer::ok(MEDIA_TYPE, body))
}
