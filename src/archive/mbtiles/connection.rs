//! What a database of tiles may cost, and how its faults are told.

use std::path::Path;
use std::time::Duration;

use crate::archive::MAX_TILE_BYTES;
use crate::error::{Error, Result};
use crate::sqlite::{self, Reader, Rules};

const RULES: Rules = Rules {
    expected: "an MBTiles file",
    values: "tiles",
    hint: ": has it an index on zoom_level, tile_column, tile_row?",
    patience: Duration::from_secs(2),
    // some tens of microseconds
    look_every: 5_000,
    max_value_bytes: MAX_TILE_BYTES as i32,
    cache_kib: 512,
};

/// Opens a database as one that nobody changes.
///
/// # Errors
/// `Io`; `Data` for what is no database, or one that is being written.
pub fn open(path: &Path) -> Result<Reader> {
    Reader::open(path, &RULES)
}

/// SQLite's error in our words.
pub fn fault(path: &Path, error: &rusqlite::Error) -> Error {
    sqlite::fault(path, &RULES, error)
}
