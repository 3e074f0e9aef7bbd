//! cartotheque: a map and feature server.
//!
//! A folder of FlatGeobuf, styles and YAML becomes OGC web services. The house is a row of
//! rooms, and each may use only those before it (`tests/layers.rs` holds this):
//!
//! `error` the one error type · `processor` code compiled for AVX2 as well · `budget` what a request may cost · `packing` content codings · `parquet` tables by columns · `sqlite` databases of others · `cache` tiles kept · `geom` boxes, geometries,
//! views · `crs` what a CRS is and the way between two · `tile` tile matrix sets · `feature` a
//! feature as stores hand it out · `query` filters · `style` what a layer looks like ·
//! `render` features + style + view → pixels · `store` where features come from · `archive`
//! files of tiles, read and written · `identity` who asks · `catalogue` what is served · `overview` levels of detail ·
//! `decode` foreign notations → core · `encode` core → bytes · `operation` map, feature info,
//! legend, vector tile · `protocol` KVP and XML around operations · `config` files → catalogue ·
//! `import` foreign files → data, layer file and style · `server` HTTP · `cli` the commands.
#![warn(missing_debug_implementations)]
#![deny(unsafe_code)]

pub mod archive;
pub mod budget;
pub mod cache;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod crs;
pub mod decode;
pub mod encode;
pub mod error;
pub mod feature;
pub mod geom;
pub mod identity;
pub mod import;
pub mod operation;
pub mod overview;
pub mod packing;
pub mod parquet;
pub mod processor;
pub mod protocol;
pub mod query;
pub mod render;
pub mod server;
pub mod sqlite;
pub mod store;
pub mod style;
pub mod tile;

#[cfg(test)]
#[path = "../tests/common/scratch.rs"]
mod scratch;
