//! Tile matrix sets: how the plane of a CRS is cut into tiles, level by level (OGC 17-083r4,
//! Two Dimensional Tile Matrix Set, version 2.0). Pure arithmetic: what is drawn in a tile is
//! not known here.
//!
//! Positions are x, y as everywhere in the house; the order of a document's numbers is settled
//! where documents are read and written.
//!
//! # Not supported
//! Variable matrix widths (6.1.2): none of the sets that web maps use has them.

mod matrix;
mod range;
mod registry;
mod set;
mod well_known;

pub use matrix::{Corner, TileMatrix};
pub use range::TileRange;
pub use registry::TileMatrixSets;
pub use set::{TileMatrixSet, TileMatrixSetText};

/// One tile of a tile matrix set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileAddress {
    /// The level: an index in [`TileMatrixSet::matrices`], 0 the coarsest. In sets whose levels
    /// are called by their number this is z.
    pub matrix: usize,
    /// From the left edge of the matrix.
    pub column: u32,
    /// From the edge of the point of origin: the upper one in all well-known sets.
    pub row: u32,
}
