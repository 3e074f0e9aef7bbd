//! Foreign notations → core: filters, geometries and styles as other programs write them.

pub mod fes;
pub mod gml;
pub mod maplibre;
mod maplibre_expression;
mod se_function;
pub mod sld;
pub(crate) mod sld_graphic;
mod sld_symbol;
mod sld_text;
pub mod tile_matrix_set;
pub mod xml;
