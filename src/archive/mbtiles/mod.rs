//! MBTiles 1.3: <https://github.com/mapbox/mbtiles-spec/blob/master/1.3/spec.md>.
//!
//! Rows are counted from the south in the database and from the north everywhere else.
//!
//! # Not supported
//! UTFGrid (`grids`, `grid_data`).

mod connection;
mod patience;
mod pool;
mod reader;
mod writer;

pub use reader::MbtilesArchive;
pub use writer::MbtilesWriter;
