//! Which reader a file is for.

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
            Err(Error::data(
                path,
                format!("expected a name that ends in one of {all}"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::foreign::FOREIGN;

    #[test]
    fn what_a_folder_is_told_to_import_is_read() {
        for extension in FOREIGN {
            let path = Path::new("x").with_extension(extension.to_uppercase());
            assert!(Form::of(&path).is_some(), "{extension}");
        }
    }
}
