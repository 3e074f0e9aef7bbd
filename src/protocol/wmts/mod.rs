//! OGC Web Map Tile Service 1.0.0 (OGC 07-057r7, with OWS Common 1.1, OGC 06-121r3) as key-value
//! pairs and as resources (REST), with the demands of an INSPIRE view service.
//!
//! Tiles are those of [`tiles`](super::tiles), answers to a click those of [`wms`](super::wms).
//!
//! # Not supported
//! - SOAP and XML by POST: no client was seen to send them; a form by POST is read.
//! - Sample dimensions: no layer has one.
//! - Tile matrix sets whose rows count upwards: a `TopLeftCorner` can't say so (§6.1).

mod address;
mod answer;
mod capabilities;
mod contents;
mod exception;
mod request;

pub use address::{Resource, WmtsAddress};
pub use answer::{Prepared, WmtsRequest, capabilities, prepare};
pub use capabilities::WmtsDocuments;
pub use exception::report;

use crate::catalogue::Catalogue;
use crate::overview::Overviews;
use crate::protocol::tiles::TileReach;
use crate::protocol::wms;
use crate::tile::{Corner, TileMatrix, TileMatrixSet, TileRange};

/// What a WMTS answers from: all that a WMS does, and which tiles layers are in.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    pub wms: wms::Service<'a>,
    /// The levels that tiles may be made from.
    pub overviews: &'a Overviews,
    pub reach: &'a TileReach,
    pub documents: &'a WmtsDocuments,
}

/// Layers up to which the limits of tiles are told, 25 kB a layer: a document of a larger site
/// would be more of limits than of layers.
const MAX_LIMITED_LAYERS: usize = 500;

/// True where the limits of a layer's tiles are told, and then held.
fn has_limits(catalogue: &Catalogue) -> bool {
    catalogue.layers.len() <= MAX_LIMITED_LAYERS
}

/// True for sets that this protocol can describe.
fn is_offered(set: &TileMatrixSet) -> bool {
    let from_top = |corner: Corner| corner == Corner::TopLeft;
    !set.crs.authority.is_empty() && set.matrices().iter().all(|m| from_top(m.corner))
}

/// The limits of a level as the capabilities tell them, and as they are held. The schema wants
/// the last row and column above zero: of a level of one row or column nothing is told, in
/// others the limits are wider than need be.
fn told_limits(matrix: &TileMatrix, range: &TileRange) -> Option<TileRange> {
    let has_both = matrix.matrix_width > 1 && matrix.matrix_height > 1;
    has_both.then(|| TileRange {
        max_row: range.max_row.max(1),
        max_column: range.max_column.max(1),
        ..*range
    })
}
