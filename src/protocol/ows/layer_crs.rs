use crate::catalogue::Layer;
use crate::crs::{Crs, CrsKind};

/// The CRS that features of a layer are given in unless another is asked for: the layer's own,
/// where it has a name that clients know.
pub fn default_crs(layer: &Layer) -> Crs {
    let crs = &layer.crs;
    let is_known = matches!(crs.authority.as_str(), "EPSG" | "IGNF" | "ESRI");
    match is_known && crs.kind != CrsKind::Other {
        true => crs.clone(),
        false => Crs::parse("EPSG:4326").unwrap_or_else(|_| Crs::crs84()),
    }
}
