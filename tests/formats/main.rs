//! Downloads: every format read back by GDAL and held against GeoJSON, by values, types and
//! places.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod data;
mod fgb;
mod geopackage;
mod parquet;
#[path = "../common/scratch.rs"]
mod scratch;
mod shapefile;
mod texts;
