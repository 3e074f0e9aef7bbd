//! What a foreign GeoPackage may cost.

use std::path::Path;
use std::time::Duration;

use crate::error::Result;
use crate::sqlite::{Reader, Rules};

const RULES: Rules = Rules {
    expected: "a GeoPackage",
    values: "values",
    hint: "",
    // for each row: of a view it may be long until the first
    patience: Duration::from_secs(20),
    look_every: 20_000,
    // a geometry of 16 million positions
    max_value_bytes: 256 << 20,
    cache_kib: 4_096,
};

/// Opens a database as one that nobody changes meanwhile.
///
/// # Errors
/// `Io`; `Data` for what is no database, or one that is being written.
pub fn open(path: &Path) -> Result<Reader> {
    Reader::open(path, &RULES)
}
