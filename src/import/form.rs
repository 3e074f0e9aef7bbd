//! Which reader a file is for.

use std::fmt::Write as _;
use std::path::Path;

use super::source::Source;
use super::{Folders, Options, csv, flatgeobuf, geojson, geopackage, geoparquet, shapefile};
use crate::error::{Error, Result};

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Csv,
    FlatGeobuf,
    GeoJson,
    GeoPackage,
    GeoParquet,
    Shapefile,
    /// A .zip with shapefiles in it.
    ZippedShapefile,
}

impl Form {
    const ALL: [Form; 7] = [
        Form::Csv,
        Form::FlatGeobuf,
        Form::GeoJson,
        Form::GeoPackage,
        Form::GeoParquet,
        Form::Shapefile,
        Form::ZippedShapefile,
    ];

    /// What names of such files end in.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Form::Csv => &["csv", "tsv", "txt"],
            Form::FlatGeobuf => &["fgb"],
            Form::GeoJson => &["geojson", "json", "geojsonl", "geojsons", "ndjson", "jsonl"],
            Form::GeoPackage => &["gpkg"],
            Form::GeoParquet => &["parquet", "geoparquet"],
            Form::Shapefile => &["shp"],
            Form::ZippedShapefile => &["zip", "shz"],
        }
    }

    /// The format of a file by its name.
    pub fn of(path: &Path) -> Option<Form> {
        let extension = path.extension()?.to_str()?;
        Form::ALL.into_iter().find(|form| {
            let mut known = form.extensions().iter();
            known.any(|known| known.eq_ignore_ascii_case(extension))
        })
    }
}

/// What GDAL reads of what people have, and nothing here does.
const OF_GDAL: [&str; 13] = [
    "dgn", "dwg", "dxf", "gdb", "gml", "gpx", "kml", "kmz", "mif", "ods", "sqlite", "tab", "xlsx",
];

/// The tables of a file.
pub(super) fn open(
    path: &Path,
    folders: &Folders,
    options: &Options,
) -> Result<Vec<Box<dyn Source>>> {
    let metadata = std::fs::metadata(path).map_err(|e| Error::io(path, &e))?;
    if !metadata.is_file() {
        return Err(Error::no_file(path));
    }
    match Form::of(path) {
        Some(Form::Csv) => Ok(vec![csv::open(path, options)?]),
        Some(Form::FlatGeobuf) => Ok(vec![flatgeobuf::open(path)?]),
        Some(Form::GeoJson) => Ok(vec![geojson::open(path)?]),
        Some(Form::GeoPackage) => geopackage::open(path),
        Some(Form::GeoParquet) => Ok(vec![geoparquet::open(path)?]),
        Some(Form::Shapefile) => Ok(vec![shapefile::open(path, options)?]),
        Some(Form::ZippedShapefile) => shapefile::open_zip(path, folders, options),
        None => {
            let all = Form::ALL.iter().flat_map(|form| form.extensions());
            let all = all.map(|e| format!(".{e}")).collect::<Vec<_>>().join(", ");
            let mut message = format!("expected a name that ends in one of {all}");
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
            let extension = extension.to_ascii_lowercase();
            if OF_GDAL.contains(&extension.as_str()) {
                let _always = write!(
                    message,
                    "; GDAL converts it: `ogr2ogr data.gpkg {}`, or in QGIS \
                     Export > Save Features As… > GeoPackage",
                    path.file_name().unwrap_or_default().to_string_lossy()
                );
            }
            Err(Error::data(path, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::foreign::FOREIGN;

    #[test]
    fn a_file_of_another_format_is_told_the_way_by_gdal() {
        let folder = crate::scratch::Scratch::new("kml");
        let refusal = |name: &str| {
            let path = folder.join(name);
            std::fs::write(&path, "").unwrap();
            let folders = Folders::of(&folder.0);
            let opened = open(&path, &folders, &Options::default());
            opened.err().unwrap().to_string()
        };
        let said = refusal("Sentiers.KML");
        assert!(
            said.contains("ogr2ogr") && said.contains("data.gpkg Sentiers.KML"),
            "{said}"
        );
        assert!(!refusal("notes.txt.bak").contains("ogr2ogr"));
    }

    #[test]
    fn what_a_folder_is_told_to_import_is_read() {
        for extension in FOREIGN {
            let path = Path::new("x").with_extension(extension.to_uppercase());
            assert!(Form::of(&path).is_some(), "{extension}");
        }
    }
}
