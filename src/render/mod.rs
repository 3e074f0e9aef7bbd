//! Features + style + view → pixels. It sees no store and no catalogue.
//!
//! A style is [compiled](CompiledStyle) for a schema and a view; a [`Painter`] draws features
//! with it on a [`Band`] of a [`Canvas`]. Every shape becomes edges in an [`Accumulator`], which
//! hands exact area coverage to a brush.
//!
//! Drawing is integers of differences from the moment a vertex is on the view's
//! [`Grid`](fixed::Grid): a map cut anywhere at whole pixels, or drawn in bands, has the same
//! bytes as the map drawn whole.

pub mod along;
pub mod canvas;
pub mod color;
pub mod compile;
mod crowd;
mod edges;
pub mod fixed;
mod graphic;
pub mod hit;
pub mod icon;
pub mod image;
pub mod label;
mod lanes;
pub mod legend;
pub mod marks;
mod outlined;
pub mod painter;
pub mod pattern;
pub mod pen;
pub mod raster;
mod rows;
mod segments;
pub mod shape;
mod spare;
mod stretch;
pub mod stroke;
pub mod svg;
pub mod symbol;
pub mod text;
pub mod values;

pub use canvas::{Band, Canvas};
pub use color::Color;
pub use compile::{CompiledPass, CompiledRule, CompiledStyle, CompiledSymbolizer};
pub use hit::{Hit, HitTest};
pub use icon::Icon;
pub use legend::swatch;
pub use painter::Painter;
pub use raster::Accumulator;
pub use spare::recycle;
pub use symbol::SymbolCache;
