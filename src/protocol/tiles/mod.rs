//! Tiles for web maps: vector tiles (MVT 2.1), pictures, and the TileJSON 3.0 that describes
//! them.
//!
//! `/tiles/{layers}/{z}/{x}/{y}.{ext}` in WebMercatorQuad, `/tiles/{layers}/{tms}/{z}/{x}/{y}.{ext}`
//! in another tile matrix set, `/tiles/{layers}.json`; `{layers}` are ids of layers and groups,
//! joined by commas. Column before row, rows from the top.
//!
//! An answer's `ETag` is known before anything is drawn: it stands for the data, the styles, the
//! address and the version of this program.

mod address;
mod answer;
mod links;
mod tile;
mod tilejson;

pub use address::TilesAddress;
pub use answer::{Prepared, PreparedTile, TilesRequest, prepare};
pub use links::{TilesLink, addresses};
pub use tile::{Tile, TileFormat};

use std::sync::Arc;

use serde_json::Value;

use crate::catalogue::{Catalogue, Layer};
use crate::operation::Limits;

/// The TileJSON of the vector tiles of layers, bottom to top, whose names are `names` in addresses.
pub fn tilejson(layers: &[Arc<Layer>], names: &str, base: &str, language: &str) -> Value {
    tilejson::document(layers, names, TileFormat::Mvt, base, language)
}

/// What tiles are answered from: one state of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    pub catalogue: &'a Catalogue,
    pub limits: &'a Limits,
    /// True: `explain=json` and `explain=html` are answered.
    pub explain: bool,
}
