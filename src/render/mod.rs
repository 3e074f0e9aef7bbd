//! Features + style + view → pixels; sees no store, no catalogue.

pub mod label;
pub mod text;
