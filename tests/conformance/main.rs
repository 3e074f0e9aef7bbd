//! What OGC's test suites ask, restated: each test is named by the clause or the trap of a suite
//! and asks the reference data of CITE over HTTP, converted by `cartotheque import`.
//!
//! Only what `tests/wms/`, `tests/wmts.rs`, `tests/wfs/`, `tests/features/`, `tests/tiles/` and
//! `tests/ogcapi/` do not hold already: those are by the clauses too, on other data.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/schema.rs"]
mod schema;

mod features;
mod maps;
mod reference;
mod sld110;
mod styles;
mod tiles;
mod wfs110;
mod wfs200;
mod wms111;
mod wms130;
mod wmts100;
