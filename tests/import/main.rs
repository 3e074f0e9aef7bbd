//! Foreign files become data that are served: read right, mended, refused in words, never half.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "../common/mod.rs"]
mod common;
mod files;
mod formats;
mod gdal;
mod hostile;
mod made;
mod parquet;
mod served;
