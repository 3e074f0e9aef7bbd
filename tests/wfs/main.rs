//! WFS 2.0.0, 1.1.0 and 1.0.0, clause by clause, on a small site made here and on the demo:
//! schema-valid answers, what real clients send, and what they read.
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

mod capabilities;
mod clients;
mod filters;
mod hostile;
mod joins;
mod namespaces;
mod paging;
mod positions;
mod site;
mod stored;
mod types;
mod valid;
