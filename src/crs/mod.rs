//! Coordinate reference systems and the way between them. PROJ decides what a CRS is, its axis
//! order, units and area of use; this module is the only user of `proj`.
//!
//! Inside the house coordinates are always x = easting or longitude, y = northing or latitude,
//! angles in degrees. Axis order is settled where a protocol's numbers are read and written.

use std::sync::Arc;

use crate::geom::Bbox;

/// A CRS that PROJ knows. Cheap to clone; equal where authority and code are.
#[derive(Debug, Clone)]
pub struct Crs(Arc<CrsInfo>);

/// What is known of a CRS, computed once.
#[derive(Debug, Clone, PartialEq)]
pub struct CrsInfo {
    /// `EPSG`, `OGC`, `IGNF`, `ESRI`; empty for a CRS given only by WKT.
    pub authority: String,
    /// `2154`, `CRS84`; for a CRS given only by WKT, a hash of the WKT.
    pub code: String,
    pub name: String,
    /// What the authority says comes first.
    pub axis_order: AxisOrder,
    pub kind: CrsKind,
    /// Metres in one unit: 1 for metres, 111 319.49 for degrees (on the equator).
    pub metres_per_unit: f64,
    /// Longitude and latitude in degrees; `min_x > max_x` never: a box across the
    /// antimeridian is two. Empty where PROJ does not say.
    pub area_of_use: Vec<Bbox>,
    pub area_name: String,
    /// WKT 2, for PROJ and for project files.
    pub wkt: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisOrder {
    /// x, y: easting or longitude first.
    EastNorth,
    /// y, x: northing or latitude first.
    NorthEast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrsKind {
    Geographic,
    Projected,
    /// Geocentric, engineering, vertical and others: may not be drawn in.
    Other,
}

impl PartialEq for Crs {
    fn eq(&self, other: &Crs) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.authority == other.0.authority && self.0.code == other.0.code)
    }
}

impl std::ops::Deref for Crs {
    type Target = CrsInfo;
    fn deref(&self) -> &CrsInfo {
        &self.0
    }
}

impl Crs {
    /// A CRS from what is known of it. Equal ids must mean equal definitions.
    pub fn from_info(info: CrsInfo) -> Crs {
        Crs(Arc::new(info))
    }
}
