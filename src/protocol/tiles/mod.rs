//! Tiles for web maps: vector tiles (MVT 2.1), pictures, and the TileJSON 3.0 that describes
//! them.
//!
//! `/tiles/{layers}/{z}/{x}/{y}.{ext}` in WebMercatorQuad, `/tiles/{layers}/{tms}/{z}/{x}/{y}.{ext}`
//! in another tile matrix set, `/tiles/{layers}.json`; `{layers}` are ids of layers, groups and
//! archives of ready-made vector tiles, joined by commas, or the id of one archive of pictures.
//! Column before row, rows from the top.
//!
//! An answer's `ETag` is known before anything is drawn: it stands for the data, or the levels of
//! them that the tile is made from, the styles, the address and the version of this program.

mod address;
mod answer;
mod links;
mod parts;
mod prepared;
mod reach;
mod stored;
mod tile;
mod tilejson;
mod validator;

pub use address::TilesAddress;
pub use answer::{Prepared, TileWish, TilesRequest, Wished, prepare, prepare_tile, tile_json};
pub use links::{TilesLink, addresses, archive_addresses, document_address, vector_template};
pub use parts::{layers_of, styled};
pub use prepared::{PreparedTile, keep};
pub use reach::TileReach;
pub use stored::StoredTile;
pub use tile::{Tile, TileFormat};
pub use tilejson::document as tilejson;

use crate::catalogue::Catalogue;
use crate::operation::Limits;
use crate::overview::Overviews;

/// What tiles are answered from: one state of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    pub catalogue: &'a Catalogue,
    pub limits: &'a Limits,
    /// The levels that tiles may be made from.
    pub overviews: &'a Overviews,
    /// True: `explain=json` and `explain=html` are answered.
    pub explain: bool,
}
