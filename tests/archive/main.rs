//! Tile archives: written, read back, interrupted, damaged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod cli;
#[path = "../common/mod.rs"]
mod common;
mod export;
mod joined;
#[path = "../common/landscape.rs"]
mod landscape;
mod made;
mod mbtiles;
mod naive;
mod pmtiles;
mod pmtiles_damage;
mod served;
