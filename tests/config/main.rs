//! The configuration: from files to a catalogue, with every mistake at its place.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are no tests to clippy"
)]

mod fake;
mod hostile;
mod loading;
mod many;
mod maps;
mod mistakes;
mod reloading;
mod reports;
mod schema;
#[path = "../common/scratch.rs"]
mod scratch;
