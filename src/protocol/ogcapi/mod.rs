//! OGC API: Common Part 1 (OGC 19-072) and Part 2 (20-024), Features ([`features`]), Tiles Part 1 (20-057) with Two
//! Dimensional Tile Matrix Set 2.0 (17-083r4), Maps Part 1 (20-058), Styles (20-009, draft).
//!
//! Tiles are those of [`tiles`](super::tiles); maps are drawn by the operation that a WMS calls.
//! Every document is JSON and a page; [`conformance`] is the sum of what the files here fulfil.
//!
//! # Not supported
//! - Maps: `void-color` and `void-transparent` are refused as unknown, and the class that wants
//!   them (background) is not claimed; nor are those of time and further dimensions.

mod address;
mod collections;
mod conformance;
mod document;
pub mod features;
mod frame;
mod links;
mod map;
mod negotiation;
mod openapi;
mod parameters;
mod styles;
mod tilesets;

pub use address::{ApiAddress, DataKind, TileData, TilePlace};
pub use document::{ApiRequest, document};
pub use features::{data_file, items};
pub use links::landing_links;
pub use map::{PreparedMap, prepare_map};
pub use negotiation::prefers_html;
pub use parameters::check as check_parameters;
pub use tilesets::prepare_tile;

use super::site::Pages;
use super::tiles;
use crate::operation::Studio;

/// What OGC API is answered from.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    pub tiles: tiles::Service<'a>,
    pub reach: &'a tiles::TileReach,
    pub pages: &'a Pages,
    pub studio: &'a Studio,
}
