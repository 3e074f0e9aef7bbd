//! Features + style + view → pixels; sees no store, no catalogue.

pub mod text;
