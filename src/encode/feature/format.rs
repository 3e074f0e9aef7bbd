//! The formats that features are sent in: names, media types, and who writes them.

use super::{FeatureSet, FeatureWriter, GeoJsonWriter, gml};
use crate::error::Result;

/// GML as OGC API – Features Part 1 names it (17-069r4 §8.4).
const GML_SF0: &str =
    "application/gml+xml;version=3.2;profile=http://www.opengis.net/def/profile/ogc/2.0/gml-sf0";

/// A format of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeatureFormat {
    /// RFC 7946.
    GeoJson,
    /// GML 3.2.1, simple features of level 0 (OGC 10-100r3).
    Gml32,
}

impl FeatureFormat {
    /// Every one, the default first.
    pub const ALL: [FeatureFormat; 2] = [FeatureFormat::GeoJson, FeatureFormat::Gml32];

    /// What `f=` says.
    pub fn name(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "json",
            FeatureFormat::Gml32 => "gml",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "application/geo+json",
            FeatureFormat::Gml32 => GML_SF0,
        }
    }

    /// The ending of a file of it, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "geojson",
            FeatureFormat::Gml32 => "gml",
        }
    }

    /// What a person reads in a list of downloads.
    pub fn title(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "GeoJSON",
            FeatureFormat::Gml32 => "GML 3.2",
        }
    }

    /// A writer of a set of features.
    ///
    /// # Errors
    /// What the format can't hold of such a set, named.
    pub fn writer(self, set: FeatureSet) -> Result<Box<dyn FeatureWriter>> {
        Ok(match self {
            FeatureFormat::GeoJson => Box::new(GeoJsonWriter::new(set)),
            FeatureFormat::Gml32 => Box::new(gml::api_writer(&set, false)?),
        })
    }

    /// A writer of one feature alone, which carries the links of the set.
    ///
    /// # Errors
    /// As [`writer`](FeatureFormat::writer).
    pub fn writer_of_one(self, set: FeatureSet) -> Result<Box<dyn FeatureWriter>> {
        Ok(match self {
            FeatureFormat::GeoJson => Box::new(GeoJsonWriter::of_one(set)),
            FeatureFormat::Gml32 => Box::new(gml::api_writer(&set, true)?),
        })
    }
}
