//! The formats that features are sent in: names, media types, and who writes them.

use super::{FeatureSet, FeatureWriter, GeoJsonWriter};
use crate::error::Result;

/// A format of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeatureFormat {
    /// RFC 7946.
    GeoJson,
}

impl FeatureFormat {
    /// Every one, the default first.
    pub const ALL: [FeatureFormat; 1] = [FeatureFormat::GeoJson];

    /// What `f=` says.
    pub fn name(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "json",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "application/geo+json",
        }
    }

    /// The ending of a file of it, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "geojson",
        }
    }

    /// What a person reads in a list of downloads.
    pub fn title(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "GeoJSON",
        }
    }

    /// A writer of a set of features.
    ///
    /// # Errors
    /// What the format can't hold of such a set, named.
    pub fn writer(self, set: FeatureSet) -> Result<Box<dyn FeatureWriter>> {
        Ok(match self {
            FeatureFormat::GeoJson => Box::new(GeoJsonWriter::new(set)),
        })
    }

    /// A writer of one feature alone, which carries the links of the set.
    ///
    /// # Errors
    /// As [`writer`](FeatureFormat::writer).
    pub fn writer_of_one(self, set: FeatureSet) -> Result<Box<dyn FeatureWriter>> {
        Ok(match self {
            FeatureFormat::GeoJson => Box::new(GeoJsonWriter::of_one(set)),
        })
    }
}
