//! The formats that features are sent in: names, media types, and who writes them.

use super::csv::{CsvDialect, CsvGeometry, CsvWriter};
use super::{
    FeatureSet, FeatureWriter, FlatGeobufWriter, GeoJsonWriter, GeoPackageWriter, GeoParquetWriter,
    JsonFgWriter, KmlWriter, ShapefileWriter, Workshop, gml,
};
use crate::crs::Crs;
use crate::error::{Error, Result};

/// GML as OGC API – Features Part 1 names it (17-069r4 §8.4).
const GML_SF0: &str =
    "application/gml+xml;version=3.2;profile=http://www.opengis.net/def/profile/ogc/2.0/gml-sf0";
const GML_SF2: &str =
    "application/gml+xml;version=3.2;profile=http://www.opengis.net/def/profile/ogc/2.0/gml-sf2";

/// A format of features, with what may be chosen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeatureFormat {
    /// RFC 7946.
    GeoJson,
    /// GML 3.2.1, simple features (OGC 10-100r3).
    Gml32(GmlLevel),
    /// RFC 4180; one dialect for programs, one for spreadsheets in French.
    Csv(CsvDialect),
    /// FlatGeobuf 3.
    FlatGeobuf { with_index: bool },
    /// OGC 12-128r17.
    GeoPackage,
    /// GeoParquet 1.1.
    GeoParquet,
    /// OGC 21-045r1.
    JsonFg,
    /// OGC 12-007r2.
    Kml,
    /// Of ESRI, in a ZIP archive.
    Shapefile,
}

/// A compliance level of the simple features profile (OGC 10-100r3). Features whose properties
/// have no parts of their own, as all here, are written alike in each; who reads one level only
/// is told that it is this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GmlLevel {
    Zero,
    Two,
}

/// A choice that a format leaves to whoever asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatOption {
    /// What the parameter is called.
    pub name: &'static str,
    pub values: &'static [&'static str],
    pub description: &'static str,
}

impl FeatureFormat {
    /// Every one, the default first; of GML the level that all readers take.
    pub const ALL: [FeatureFormat; 10] = [
        FeatureFormat::GeoJson,
        FeatureFormat::Gml32(GmlLevel::Zero),
        FeatureFormat::Csv(CsvDialect::PLAIN),
        FeatureFormat::Csv(CsvDialect::FRENCH),
        FeatureFormat::FlatGeobuf { with_index: true },
        FeatureFormat::GeoPackage,
        FeatureFormat::GeoParquet,
        FeatureFormat::JsonFg,
        FeatureFormat::Kml,
        FeatureFormat::Shapefile,
    ];

    /// What `f=` says.
    pub fn name(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "json",
            FeatureFormat::Gml32(GmlLevel::Zero) => "gml",
            FeatureFormat::Gml32(GmlLevel::Two) => "gml-sf2",
            FeatureFormat::Csv(dialect) if dialect.decimal_comma => "csv-fr",
            FeatureFormat::Csv(_) => "csv",
            FeatureFormat::FlatGeobuf { .. } => "fgb",
            FeatureFormat::GeoPackage => "gpkg",
            FeatureFormat::GeoParquet => "parquet",
            FeatureFormat::Shapefile => "shp",
            FeatureFormat::JsonFg => "jsonfg",
            FeatureFormat::Kml => "kml",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "application/geo+json",
            FeatureFormat::Gml32(GmlLevel::Zero) => GML_SF0,
            FeatureFormat::Gml32(GmlLevel::Two) => GML_SF2,
            FeatureFormat::Csv(_) => "text/csv; charset=utf-8",
            FeatureFormat::FlatGeobuf { .. } => "application/flatgeobuf",
            FeatureFormat::GeoPackage => "application/geopackage+sqlite3",
            FeatureFormat::GeoParquet => "application/vnd.apache.parquet",
            FeatureFormat::Shapefile => "application/zip",
            FeatureFormat::JsonFg => "application/vnd.ogc.fg+json",
            FeatureFormat::Kml => "application/vnd.google-earth.kml+xml",
        }
    }

    /// The ending of a file of it, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "geojson",
            FeatureFormat::Gml32(_) => "gml",
            FeatureFormat::Csv(_) => "csv",
            FeatureFormat::FlatGeobuf { .. } => "fgb",
            FeatureFormat::GeoPackage => "gpkg",
            FeatureFormat::GeoParquet => "parquet",
            FeatureFormat::Shapefile => "zip",
            FeatureFormat::JsonFg => "json",
            FeatureFormat::Kml => "kml",
        }
    }

    /// What a person reads in a list of downloads.
    pub fn title(self) -> &'static str {
        match self {
            FeatureFormat::GeoJson => "GeoJSON",
            FeatureFormat::Gml32(_) => "GML 3.2",
            FeatureFormat::Csv(dialect) if dialect.decimal_comma => "CSV (Excel)",
            FeatureFormat::Csv(_) => "CSV",
            FeatureFormat::FlatGeobuf { .. } => "FlatGeobuf",
            FeatureFormat::GeoPackage => "GeoPackage",
            FeatureFormat::GeoParquet => "GeoParquet",
            FeatureFormat::Shapefile => "Shapefile (ZIP)",
            FeatureFormat::JsonFg => "JSON-FG",
            FeatureFormat::Kml => "KML",
        }
    }

    /// The value of `Content-Disposition` (RFC 6266) for features of a layer, where a browser
    /// should save the answer and not show it.
    pub fn disposition(self, layer: &str) -> Option<String> {
        let is_shown = matches!(
            self,
            FeatureFormat::GeoJson | FeatureFormat::Gml32(_) | FeatureFormat::JsonFg
        );
        (!is_shown).then(|| {
            let is_safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let name = layer.chars().map(|c| if is_safe(&c) { c } else { '_' });
            let name = name.collect::<String>();
            format!("attachment; filename=\"{name}.{}\"", self.extension())
        })
    }

    /// The CRS that an answer is in where `asked` was asked for.
    pub fn crs(self, asked: &Crs) -> Crs {
        match self {
            FeatureFormat::Kml => Crs::crs84(),
            _ => asked.clone(),
        }
    }

    /// What may be chosen.
    pub fn options(self) -> &'static [FormatOption] {
        match self {
            FeatureFormat::Csv(_) => CSV_OPTIONS,
            FeatureFormat::FlatGeobuf { .. } => FGB_OPTIONS,
            _ => &[],
        }
    }

    /// The format with an option chosen; `None` where it has no such option.
    ///
    /// # Errors
    /// `InvalidParameter` where the option has no such value.
    pub fn with_option(self, name: &str, value: &str) -> Result<Option<FeatureFormat>> {
        let has_name = |option: &&FormatOption| option.name.eq_ignore_ascii_case(name);
        let Some(option) = self.options().iter().find(has_name) else {
            return Ok(None);
        };
        let is_meant = |known: &&&str| known.eq_ignore_ascii_case(value.trim());
        let Some(value) = option.values.iter().find(is_meant) else {
            return Err(Error::parameter(
                option.name,
                format!(
                    "expected one of {}, found {value:?}",
                    option.values.join(", ")
                ),
            ));
        };
        Ok(Some(match self {
            FeatureFormat::Csv(dialect) => {
                FeatureFormat::Csv(with_csv_option(dialect, option.name, value))
            }
            FeatureFormat::FlatGeobuf { .. } => FeatureFormat::FlatGeobuf {
                with_index: *value == "yes",
            },
            _ => self,
        }))
    }

    /// A writer of a set of features. `workshop` is where formats are put together that can't be
    /// written from their start to their end.
    ///
    /// # Errors
    /// What the format can't hold of such a set, named.
    pub fn writer(self, set: FeatureSet, workshop: &Workshop) -> Result<Box<dyn FeatureWriter>> {
        Ok(match self {
            FeatureFormat::GeoJson => Box::new(GeoJsonWriter::new(set)),
            FeatureFormat::Gml32(_) => Box::new(gml::api_writer(&set, false)?),
            FeatureFormat::Csv(dialect) => Box::new(CsvWriter::new(set, dialect)),
            FeatureFormat::FlatGeobuf { with_index } => {
                Box::new(FlatGeobufWriter::new(set, with_index, workshop)?)
            }
            FeatureFormat::JsonFg => Box::new(JsonFgWriter::new(set, false)),
            FeatureFormat::Kml => Box::new(KmlWriter::new(set)),
            FeatureFormat::GeoPackage => Box::new(GeoPackageWriter::new(set, workshop)?),
            FeatureFormat::GeoParquet => Box::new(GeoParquetWriter::new(set)?),
            FeatureFormat::Shapefile => Box::new(ShapefileWriter::new(set, workshop)?),
        })
    }

    /// A writer of one feature alone, which carries the links of the set.
    ///
    /// # Errors
    /// As [`writer`](FeatureFormat::writer).
    pub fn writer_of_one(
        self,
        set: FeatureSet,
        workshop: &Workshop,
    ) -> Result<Box<dyn FeatureWriter>> {
        match self {
            FeatureFormat::GeoJson => Ok(Box::new(GeoJsonWriter::of_one(set))),
            FeatureFormat::Gml32(_) => Ok(Box::new(gml::api_writer(&set, true)?)),
            FeatureFormat::JsonFg => Ok(Box::new(JsonFgWriter::new(set, true))),
            // a table of one line is a table
            _ => self.writer(set, workshop),
        }
    }
}

const CSV_OPTIONS: &[FormatOption] = &[
    FormatOption {
        name: "separator",
        values: &["comma", "semicolon", "tab"],
        description: "what stands between two values",
    },
    FormatOption {
        name: "bom",
        values: &["yes", "no"],
        description: "a byte order mark, which Excel needs to see accents",
    },
    FormatOption {
        name: "guard",
        values: &["yes", "no"],
        description: "an apostrophe before text that a spreadsheet would run as a formula",
    },
    FormatOption {
        name: "geometry",
        values: &["auto", "wkt", "none"],
        description: "x and y for points and well-known text for others, text for all, or none",
    },
];

const FGB_OPTIONS: &[FormatOption] = &[FormatOption {
    name: "index",
    values: &["yes", "no"],
    description: "an index of places, for who reads parts of the file later",
}];

/// The dialect with one of its options, whose name and value are known to be there.
fn with_csv_option(dialect: CsvDialect, name: &str, value: &str) -> CsvDialect {
    let mut chosen = dialect;
    match (name, value) {
        ("separator", "semicolon") => chosen.separator = ';',
        ("separator", "tab") => chosen.separator = '\t',
        ("separator", _) => chosen.separator = ',',
        ("bom", _) => chosen.has_bom = value == "yes",
        ("guard", _) => chosen.guards_formulas = value == "yes",
        (_, "wkt") => chosen.geometry = CsvGeometry::Wkt,
        (_, "none") => chosen.geometry = CsvGeometry::None,
        _ => chosen.geometry = CsvGeometry::Auto,
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_options_are_understood() {
        let mut names: Vec<&str> = FeatureFormat::ALL.iter().map(|f| f.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FeatureFormat::ALL.len());
        for format in FeatureFormat::ALL {
            for option in format.options() {
                for value in option.values {
                    let chosen = format.with_option(option.name, value).unwrap().unwrap();
                    assert_eq!(chosen.media_type(), format.media_type());
                    // whatever was chosen before, the same is chosen
                    let mut before = format;
                    for other in option.values {
                        before = before.with_option(option.name, other).unwrap().unwrap();
                    }
                    assert_eq!(before.with_option(option.name, value), Ok(Some(chosen)));
                }
                let refused = format.with_option(option.name, "?").unwrap_err();
                assert!(refused.to_string().contains(option.values[0]));
            }
            assert_eq!(format.with_option("colour", "red"), Ok(None));
        }
    }

    #[test]
    fn a_file_name_holds_nothing_that_a_header_or_a_disk_could_misread() {
        let csv = FeatureFormat::Csv(CsvDialect::PLAIN);
        assert_eq!(
            csv.disposition("é\"/../x").unwrap(),
            "attachment; filename=\"___.._x.csv\""
        );
        assert_eq!(FeatureFormat::GeoJson.disposition("x"), None);
    }
}
