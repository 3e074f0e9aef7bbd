//! Foreign notations → core: filters, geometries and styles as other programs write them.

mod cql2;
pub mod cql2_json;
pub mod cql2_text;
pub mod ecql;
pub mod fes;
pub mod filter_context;
mod geojson_geometry;
pub mod gml;
pub mod maplibre;
mod maplibre_expression;
mod maplibre_place;
mod maplibre_symbol;
mod qgis_expression;
mod qgis_token;
mod se_function;
pub mod sld;
mod sld_dialect;
mod sld_graphic;
mod sld_margin;
pub(crate) mod sld_mark;
mod sld_stretched;
mod sld_stroke;
mod sld_symbol;
mod sld_text;
pub mod tile_matrix_set;
pub mod xml;
