//! The core → bytes and text of foreign notations.

pub mod maplibre;
mod maplibre_expression;
pub mod sld;
mod sld_expression;
mod xml;
