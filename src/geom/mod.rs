//! Plain geometry in `f64`: boxes, flat geometries, views; no CRS, no file, no pixel format.

pub mod anchor;
mod bbox;
mod geometry;
mod view;

pub use bbox::Bbox;
pub use geometry::{Geometry, GeometryType, Part, PartKind};
pub use view::{STANDARD_PIXEL_M, Size, View};

/// A position: `[x, y]`, x easting or longitude, y northing or latitude, always in that order.
pub type Coord = [f64; 2];
