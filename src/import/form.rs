//! Which reader a file is for.

use std::path::Path;

use super::source::Source;
use super::{Folders, Options, csv, geojson};
use crate::error::{Error, Result};

/// A format that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Csv,
    GeoJson,
}

impl Form {
    const ALL: [Form; 2] = [Form::Csv, Form::GeoJson];

    pub fn name(self) -> &'static str {
        match self {
            Form::Csv => "CSV",
            Form::GeoJson => "GeoJSON",
        }
    }

    /// What names of such files end in.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Form::Csv => &["csv", "tsv", "txt"],
            Form::GeoJson => &["geojson", "json", "geojsonl", "geojsons", "ndjson", "jsonl"],
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

/// True for a file that is not served as it is but could be imported, by its name: one that is
/// surely meant as geographic data.
pub fn is_importable(path: &Path) -> bool {
    matches!(Form::of(path), Some(Form::Csv))
}

/// The tables of a file.
pub(super) fn open(
    path: &Path,
    _folders: &Folders,
    options: &Options,
) -> Result<Vec<Box<dyn Source>>> {
    let metadata = std::fs::metadata(path).map_err(|e| Error::io(path, &e))?;
    if !metadata.is_file() {
        return Err(Error::data(path, "expected a file, found something else"));
    }
    match Form::of(path) {
        Some(Form::Csv) => Ok(vec![csv::open(path, options)?]),
        Some(Form::GeoJson) => Ok(vec![geojson::open(path)?]),
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
