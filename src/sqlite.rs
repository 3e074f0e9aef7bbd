//! SQLite databases that somebody else made: read only, bounded in time and memory.

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

/// What a reader grants the databases of a format, and how it speaks of them.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// What is expected, with its article: `a GeoPackage`.
    pub expected: &'static str,
    /// What is read out of it: `tiles`.
    pub values: &'static str,
    /// What may help where it does not answer in time.
    pub hint: &'static str,
    /// The database may hold views that never end: no answer is waited for longer.
    pub patience: Duration,
    /// Instructions of SQLite between looks at the clock.
    pub look_every: i32,
    /// The largest value.
    pub max_value_bytes: i32,
    /// The page cache of a connection, in KiB; SQLite's own default is 2 000.
    pub cache_kib: i32,
}

/// A connection that only reads.
#[derive(Debug)]
pub struct Reader {
    pub connection: Connection,
    path: PathBuf,
    rules: &'static Rules,
    deadline: Arc<Deadline>,
}

#[derive(Debug)]
struct Deadline {
    start: Instant,
    until_ms: AtomicU64,
}

impl Deadline {
    fn renew(&self, patience: Duration) {
        let until = self.start.elapsed().saturating_add(patience);
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
    pub fn open(path: &Path, rules: &'static Rules) -> Result<Reader> {
        check_file(path, rules)?;
        let fault = |e: rusqlite::Error| fault(path, rules, &e);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(uri(path)?, flags).map_err(fault)?;
        let deadline = Arc::new(Deadline {
            start: Instant::now(),
            until_ms: AtomicU64::new(milliseconds(rules.patience)),
        });
        let clock = Arc::clone(&deadline);
        connection.progress_handler(rules.look_every, Some(move || clock.is_over()));
        connection
            .set_limit(Limit::SQLITE_LIMIT_LENGTH, rules.max_value_bytes)
            .map_err(fault)?;
        // views may use what is harmless only
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
            .map_err(fault)?;
        // no memory map: a file that is cut would end the process
        let setting = format!(
            "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA cache_size = -{};",
            rules.cache_kib
        );
        connection.execute_batch(&setting).map_err(fault)?;
        Ok(Reader {
            connection,
            path: path.to_owned(),
            rules,
            deadline,
        })
    }

    /// Gives the next answer its time.
    pub fn renew(&self) {
        self.deadline.renew(self.rules.patience);
    }

    /// SQLite's error in our words.
    pub fn fault(&self, error: &rusqlite::Error) -> Error {
        fault(&self.path, self.rules, error)
    }
}

/// Says what SQLite would not, or not clearly.
fn check_file(path: &Path, rules: &Rules) -> Result<()> {
    let io = |e: std::io::Error| Error::io(path, &e);
    // asked by name first: opening a pipe would wait for its writer
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(Error::no_file(path));
    }
    let mut magic = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(16).read_to_end(&mut magic).map_err(io)?;
    if magic != b"SQLite format 3\0" {
        let message = format!("expected {}, found no SQLite database", rules.expected);
        return Err(Error::data(path, message));
    }
    for suffix in ["-wal", "-journal"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        let changes = std::fs::metadata(Path::new(&beside));
        if changes.is_ok_and(|metadata| metadata.len() > 0) {
            let message = format!(
                "is being written: it is open in another program, or was not closed; there are changes \
                 in its {suffix} file"
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
pub fn fault(path: &Path, rules: &Rules, error: &rusqlite::Error) -> Error {
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process has locked the database".to_owned()
        }
        Some(ErrorCode::OperationInterrupted) => format!(
            "the database did not answer in {} s{}",
            rules.patience.as_secs(),
            rules.hint
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("the database is damaged ({error})")
        }
        Some(ErrorCode::TooBig) => format!(
            "expected {} of at most {} bytes, found a larger one",
            rules.values, rules.max_value_bytes
        ),
        _ => format!("SQLite says: {error}"),
    };
    Error::data(path, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    const RULES: Rules = Rules {
        expected: "a box",
        values: "things",
        hint: ": is it empty?",
        patience: Duration::from_millis(50),
        look_every: 1_000,
        max_value_bytes: 1_000,
        cache_kib: 100,
    };

    /// What reading the first value of a query says.
    fn ask(path: &Path, sql: &str) -> Result<i64> {
        let reader = Reader::open(path, &RULES)?;
        let found = reader.connection.query_row(sql, [], |row| row.get(0));
        found.map_err(|e| reader.fault(&e))
    }

    #[test]
    fn a_database_that_somebody_made_can_neither_hang_nor_fill_the_memory_nor_be_written() {
        let scratch = Scratch::new("hostile");
        // a name that would be an address of another file
        let path = scratch.0.join("a?mode=rw#%41.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE t (n); INSERT INTO t VALUES (7), (zeroblob(2000));")
            .unwrap();
        assert_eq!(ask(&path, "SELECT n FROM t WHERE rowid = 1"), Ok(7));
        let said = |sql| ask(&path, sql).unwrap_err().to_string();
        let endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)
                       SELECT count(*) FROM r";
        assert!(said(endless).ends_with("did not answer in 0 s: is it empty?"));
        let large = said("SELECT n FROM t WHERE rowid = 2");
        assert!(
            large.ends_with("expected things of at most 1000 bytes, found a larger one"),
            "{large}"
        );
        assert!(said("DELETE FROM t RETURNING n").contains("readonly"));
    }

    #[test]
    fn what_is_no_database_or_is_being_written_is_said_before_sqlite_is_asked() {
        let scratch = Scratch::new("refused");
        let path = scratch.0.join("a.db");
        std::fs::write(&path, "<html>").unwrap();
        let said = |path: &Path| ask(path, "SELECT 1").unwrap_err().to_string();
        assert!(said(&path).ends_with("expected a box, found no SQLite database"));
        assert!(said(&scratch.0).ends_with("expected a file, found a folder"));
        std::fs::write(&path, "SQLite format 3\0").unwrap();
        std::fs::write(scratch.0.join("a.db-wal"), "x").unwrap();
        assert!(said(&path).contains("is open in another program"));
    }
}
