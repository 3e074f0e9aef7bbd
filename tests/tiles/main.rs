//! Tiles end to end: every vector tile read by a decoder of its own, held against the data in
//! full resolution; pictures held against the map they are cut from; addresses over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/landscape.rs"]
mod landscape;

mod addresses;
mod awkward;
mod decoder;
mod kept;
mod levels;
mod pictures;
mod seeded;
mod served;
mod thinning;
mod truth;
mod vector;
