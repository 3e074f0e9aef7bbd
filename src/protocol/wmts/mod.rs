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
pub use answer::{Prepared, PreparedInfo, WmtsRequest, capabilities, prepare};
pub use capabilities::WmtsDocuments;
pub use exception::{code, report};

use crate::protocol::tiles::TileReach;
use crate::protocol::wms;
use crate::tile::{Corner, TileMatrixSet};

/// What a WMTS answers from: all that a WMS does, and which tiles layers are in.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    pub wms: wms::Service<'a>,
    pub reach: &'a TileReach,
    pub documents: &'a WmtsDocuments,
}

/// True for sets that this protocol can describe.
fn is_offered(set: &TileMatrixSet) -> bool {
    let from_top = |corner: Corner| corner == Corner::TopLeft;
    !set.crs.authority.is_empty() && set.matrices().iter().all(|m| from_top(m.corner))
}
