use std::sync::Arc;

use super::gml::GmlType;
use crate::crs::{AxisOrder, Crs, CrsKind};
use crate::feature::FieldType;
use crate::geom::GeometryType;

/// What a writer must know of the features before the first one comes.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureSet {
    /// The layer's id: the name of the feature type.
    pub name: String,
    pub title: String,
    /// What is given of each feature, in this order.
    pub fields: Vec<FeatureField>,
    /// The type that the geometries are of; `None` where none is given.
    pub geometry: Option<GeometryType>,
    /// The CRS of the geometries.
    pub crs: Crs,
    /// True where positions are written y before x (latitude, longitude).
    pub is_swapped: bool,
    /// How many features match, on all pages; `None` where that was not counted.
    pub matched: Option<u64>,
    /// How many come now.
    pub returned: u64,
    /// Where else to go: this page, the next, other formats.
    pub links: Vec<Link>,
    /// The moment of the answer, RFC 3339 in UTC.
    pub time_stamp: String,
    /// Where XML has its names from.
    pub schema: XmlSchema,
}

/// How XML has the features, and the document that describes them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct XmlSchema {
    /// `None`: as a site that says nothing of itself has them.
    pub kind: Option<Arc<GmlType>>,
    /// The address of the schema, not escaped; empty: it is not told.
    pub location: String,
}

/// A column that is given.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureField {
    /// The number in the store's schema.
    pub column: usize,
    pub name: String,
    pub kind: FieldType,
}

/// A link of RFC 8288.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub href: String,
    pub rel: &'static str,
    pub media_type: &'static str,
    pub title: String,
}

impl FeatureSet {
    /// Digits behind the point that hold a millimetre (7 digits of a degree: a centimetre).
    pub fn decimals(&self) -> u8 {
        match self.crs.kind {
            CrsKind::Geographic => 7,
            _ => 3,
        }
    }

    /// True where positions are longitude and latitude.
    pub fn is_geographic(&self) -> bool {
        self.crs.kind == CrsKind::Geographic
    }

    /// True where the CRS's authority puts y first.
    pub fn swaps(crs: &Crs) -> bool {
        crs.axis_order == AxisOrder::NorthEast
    }
}
