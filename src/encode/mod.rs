//! The core → bytes and text of foreign notations.

pub mod sld;
mod sld_expression;
mod xml;
