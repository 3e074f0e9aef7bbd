//! PMTiles, version 3: <https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md>.
//!
//! # Not supported
//! AVIF and MapLibre tiles: refused at open with a message that says so. Versions 1 and 2.

mod directory;
mod header;
mod journal;
mod reader;
mod writer;

pub use reader::PmtilesArchive;
pub use writer::PmtilesWriter;

/// Header and root directory lie within these first bytes (§"Directory Hierarchy").
const HEAD_BYTES: usize = 16_384;
