//! From the core to bytes: one file a format. An encoder knows its notation and nothing of
//! the protocol that sends it.

pub mod geojson;
pub mod gml;
mod image_format;
pub mod xml;

pub use image_format::ImageFormat;
