//! A connection to a database that somebody else made: read only, bounded in time and memory.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Error, Result};

/// A database may hold views that never end: no row is waited for longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Instructions of SQLite between looks at the clock.
const LOOK_EVERY: i32 = 20_000;
/// The largest value: a geometry of 16 million positions.
const MAX_VALUE_BYTES: i32 = 256 << 20;
/// The page cache, in KiB.
const CACHE_KIB: i32 = 4_096;

/// A connection that only reads.
pub struct Reader {
    pub connection: Connection,
    path: PathBuf,
    started: Instant,
    /// Milliseconds from the start after which a row is too late.
    until_ms: Arc<AtomicU64>,
}

impl Reader {
    /// Opens a database as one that nobody changes meanwhile.
    ///
    /// # Errors
    /// `Io`; `Data` for what is no database, or one that is being written.
    pub fn open(path: &Path) -> Result<Reader> {
        check_file(path)?;
        let fault = |e: rusqlite::Error| fault(path, &e);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(uri(path)?, flags).map_err(fault)?;
        let started = Instant::now();
        let until_ms = Arc::new(AtomicU64::new(milliseconds(PATIENCE)));
        let until = Arc::clone(&until_ms);
        let is_late = move || milliseconds(started.elapsed()) > until.load(Ordering::Relaxed);
        connection.progress_handler(LOOK_EVERY, Some(is_late));
        connection
            .set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
            .map_err(fault)?;
        // views may use what is harmless only
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
            .map_err(fault)?;
        // no memory map: a file that is cut would end the process
        connection
            .execute_batch(&format!(
                "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA cache_size = -{CACHE_KIB};"
            ))
            .map_err(fault)?;
        Ok(Reader {
            connection,
            path: path.to_owned(),
            started,
            until_ms,
        })
    }

    /// Gives the next row its time.
    pub fn renew(&self) {
        let until = self.started.elapsed().saturating_add(PATIENCE);
        self.until_ms.store(milliseconds(until), Ordering::Relaxed);
    }

    /// SQLite's error in our words.
    pub fn fault(&self, error: &rusqlite::Error) -> Error {
        fault(&self.path, error)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Says what SQLite would not, or not clearly.
fn check_file(path: &Path) -> Result<()> {
    let io = |e: std::io::Error| Error::io(path, &e);
    let mut magic = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(16).read_to_end(&mut magic).map_err(io)?;
    if magic != b"SQLite format 3\0" {
        let message = "expected a GeoPackage, found no SQLite database";
        return Err(Error::data(path, message));
    }
    for suffix in ["-wal", "-journal"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        let changes = std::fs::metadata(Path::new(&beside));
        if changes.is_ok_and(|metadata| metadata.len() > 0) {
            return Err(Error::data(
                path,
                format!(
                    "is open in another program (QGIS?), or was not closed: there are changes in \
                     its {suffix} file"
                ),
            ));
        }
    }
    Ok(())
}

/// `file:/path?immutable=1`, with what has a meaning in addresses escaped.
fn uri(path: &Path) -> Result<OsString> {
    let absolute = std::path::absolute(path).map_err(|e| Error::io(path, &e))?;
    let mut uri = b"file:".to_vec();
    for byte in absolute.as_os_str().as_bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.extend(format!("%{byte:02x}").into_bytes()),
            _ => uri.push(*byte),
        }
    }
    uri.extend_from_slice(b"?immutable=1");
    Ok(OsString::from_vec(uri))
}

fn fault(path: &Path, error: &rusqlite::Error) -> Error {
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => {
            format!(
                "the database did not give a row in {} s",
                PATIENCE.as_secs()
            )
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("the database is damaged ({error})")
        }
        Some(ErrorCode::TooBig) => {
            format!("expected values of at most {MAX_VALUE_BYTES} bytes, found a larger one")
        }
        _ => format!("SQLite says: {error}"),
    };
    Error::data(path, message)
}
