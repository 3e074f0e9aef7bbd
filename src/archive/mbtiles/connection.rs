//! Connections to a database that somebody else made: read only, bounded in time and memory.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::archive::{MAX_TILE_BYTES, beside};
use crate::error::{Error, Result};

/// A database may hold views that never end: no answer is waited for longer.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// Instructions of SQLite between looks at the clock: some tens of microseconds.
const LOOK_EVERY: i32 = 5_000;
/// The page cache of a connection, in KiB; SQLite's own default is 2 000.
const CACHE_KIB: i32 = 512;

/// A connection that only reads.
#[derive(Debug)]
pub struct Reader {
    pub connection: Connection,
    deadline: Arc<Deadline>,
}

#[derive(Debug)]
struct Deadline {
    start: Instant,
    until_ms: AtomicU64,
}

impl Deadline {
    fn renew(&self) {
        let until = self.start.elapsed().saturating_add(PATIENCE);
        self.until_ms.store(milliseconds(until), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        milliseconds(self.start.elapsed()) > self.until_ms.load(Ordering::Relaxed)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Reader {
    /// Opens a database as one that nobody changes: no lock is asked for, so that nobody waits.
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
        let deadline = Arc::new(Deadline {
            start: Instant::now(),
            until_ms: AtomicU64::new(milliseconds(PATIENCE)),
        });
        let clock = Arc::clone(&deadline);
        connection.progress_handler(LOOK_EVERY, Some(move || clock.is_over()));
        let longest = i32::try_from(MAX_TILE_BYTES).unwrap_or(i32::MAX);
        connection
            .set_limit(Limit::SQLITE_LIMIT_LENGTH, longest)
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
            deadline,
        })
    }

    /// Gives the next answer its time.
    pub fn renew(&self) {
        self.deadline.renew();
    }
}

/// Says what SQLite would not, or not clearly.
fn check_file(path: &Path) -> Result<()> {
    let io = |e: std::io::Error| Error::io(path, &e);
    // asked by name first: opening a pipe would wait for its writer
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(Error::data(path, "expected a file, found something else"));
    }
    let mut magic = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(16).read_to_end(&mut magic).map_err(io)?;
    if magic != b"SQLite format 3\0" {
        let message = "expected an MBTiles file, found no SQLite database";
        return Err(Error::data(path, message));
    }
    for suffix in ["-wal", "-journal"] {
        let changes = std::fs::metadata(beside(path, suffix));
        if changes.is_ok_and(|metadata| metadata.len() > 0) {
            let message = format!(
                "the database is being written, or was not closed: there are changes in its {suffix} file"
            );
            return Err(Error::data(path, message));
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

/// SQLite's error in our words.
pub fn fault(path: &Path, error: &rusqlite::Error) -> Error {
    let code = error.sqlite_error_code();
    let message = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process has locked the database".to_owned()
        }
        Some(ErrorCode::OperationInterrupted) => format!(
            "the database did not answer in {} s: has it an index on zoom_level, tile_column, tile_row?",
            PATIENCE.as_secs()
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("the database is damaged ({error})")
        }
        Some(ErrorCode::TooBig) => {
            format!("expected tiles of at most {MAX_TILE_BYTES} bytes, found a larger one")
        }
        _ => format!("SQLite says: {error}"),
    };
    Error::data(path, message)
}
