//! `capabilities/tile-matrix-sets/*.json`: own tile matrix sets beside the well-known ones.

use std::fs;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Severity};
use crate::decode::tile_matrix_set;
use crate::error::{Error, Result};
use crate::tile::{TileMatrixSet, TileMatrixSets};

/// Bytes of a definition: 64 levels with titles and keywords are a tenth of that.
const MAX_BYTES: u64 = 1 << 20;

/// One file, read.
#[derive(Debug)]
pub struct TileSetRead {
    pub set: Result<TileMatrixSet>,
}

/// Reads a definition; its id is the file's name where it has none.
pub fn read(path: &Path) -> TileSetRead {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let text = || -> Result<String> {
        let bytes = fs::metadata(path).map_err(|e| Error::io(path, &e))?.len();
        if bytes > MAX_BYTES {
            return Err(Error::Config {
                message: format!("expected at most {MAX_BYTES} bytes, found {bytes}"),
            });
        }
        fs::read_to_string(path).map_err(|e| Error::io(path, &e))
    };
    TileSetRead {
        set: text().and_then(|text| tile_matrix_set::parse(&text, &stem)),
    }
}

/// The well-known sets and those of the files, in order; a faulty one is left out and told.
pub fn assemble<'a>(
    files: impl Iterator<Item = (PathBuf, &'a TileSetRead)>,
) -> (TileMatrixSets, Vec<Diagnostic>) {
    let mut sets = TileMatrixSets::default();
    let mut diagnostics = Vec::new();
    for (shown, read) in files {
        let added = read.set.clone().and_then(|set| sets.add(set));
        let diagnostic = match added {
            Ok(()) => continue,
            Err(Error::Syntax {
                message,
                line,
                column,
            }) => Diagnostic {
                line,
                column,
                length: 1,
                ..Diagnostic::of_file(Severity::Error, shown, message)
            },
            Err(Error::Config { message } | Error::Io { message, .. }) => {
                Diagnostic::of_file(Severity::Error, shown, message)
            }
            Err(error) => Diagnostic::of_file(Severity::Error, shown, error.to_string()),
        }
        .with_help("the form is that of OGC 17-083r4: id, crs, orderedAxes, tileMatrices");
        diagnostics.push(diagnostic);
    }
    (sets, diagnostics)
}
