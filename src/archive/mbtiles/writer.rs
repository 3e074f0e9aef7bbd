//! Writing: `map` says which content a place has, `images` holds each content once, the view
//! `tiles` puts them together.
//!
//! While it is written the archive is `map.mbtiles.partial`; which places were recorded stands
//! in a second database beside it, and SQLite commits both or none.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::connection::fault;
use crate::archive::{
    ArchiveInfo, ArchiveWriter, Content, MAX_TILE_BYTES, TileFormat, WebTile, Written, beside,
};
use crate::error::{Error, Result};
use crate::store::Fingerprint;

/// Contents that are remembered to find those alike, about 40 bytes each.
const MAX_REMEMBERED: usize = 1 << 20;
/// "MPBX", by which `file` knows an MBTiles database.
const APPLICATION_ID: i32 = 0x4d50_4258;

const SCHEMA: &str = "
    CREATE TABLE metadata (name TEXT, value TEXT);
    CREATE TABLE map (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_id INTEGER);
    CREATE TABLE images (tile_id INTEGER PRIMARY KEY, tile_data BLOB);
    CREATE VIEW tiles AS
        SELECT zoom_level, tile_column, tile_row, tile_data FROM map JOIN images USING (tile_id);
    CREATE TABLE log.job (text TEXT);
    CREATE TABLE log.recorded (first INTEGER PRIMARY KEY, count INTEGER);";

/// An MBTiles file that is being written. Vector tiles are to be given as gzip data.
#[derive(Debug)]
pub struct MbtilesWriter {
    path: PathBuf,
    partial: PathBuf,
    log: PathBuf,
    connection: Connection,
    /// Contents by their hash.
    seen: HashMap<u64, i64>,
    images: i64,
    tiles: u64,
    next_id: u64,
    /// Places that are recorded and not yet in the log.
    run: Range<u64>,
}

impl MbtilesWriter {
    /// Begins an archive, or goes on with what the same job left unfinished.
    ///
    /// # Errors
    /// `Io`; `Data` where another process writes it.
    pub fn create(path: &Path, job: &str) -> Result<MbtilesWriter> {
        // SQLite takes a name that begins with "file:" for an address
        let absolute = std::path::absolute(path).map_err(|e| Error::io(path, &e))?;
        let (partial, log) = (
            beside(&absolute, ".partial"),
            beside(&absolute, ".partial.log"),
        );
        let fault = |e: rusqlite::Error| fault(&partial, &e);
        let mut connection = connect(&partial, &log).map_err(fault)?;
        if !has_job(&connection, job).map_err(fault)? {
            drop(connection);
            for file in [&partial, &log] {
                remove(file)?;
                remove(&beside(file, "-journal"))?;
            }
            connection = connect(&partial, &log).map_err(fault)?;
            connection
                .execute_batch(SCHEMA)
                .and_then(|()| connection.execute("INSERT INTO log.job VALUES (?1)", [job]))
                .and_then(|_| connection.execute_batch("COMMIT; BEGIN EXCLUSIVE"))
                .map_err(fault)?;
        }
        let mut writer = MbtilesWriter {
            path: path.to_owned(),
            partial,
            log,
            connection,
            seen: HashMap::new(),
            images: 0,
            tiles: 0,
            next_id: 0,
            run: 0..0,
        };
        writer.resume().map_err(|e| writer.fault(&e))?;
        Ok(writer)
    }

    fn fault(&self, error: &rusqlite::Error) -> Error {
        fault(&self.partial, error)
    }

    /// Counts and remembers what an interrupted run wrote.
    fn resume(&mut self) -> rusqlite::Result<()> {
        let connection = &self.connection;
        self.tiles = connection.query_row("SELECT count(*) FROM map", [], |row| row.get(0))?;
        let next = "SELECT max(first + count) FROM log.recorded";
        let next: Option<i64> = connection.query_row(next, [], |row| row.get(0))?;
        self.next_id = next.and_then(|id| u64::try_from(id).ok()).unwrap_or(0);
        let mut query =
            connection.prepare("SELECT tile_id, tile_data FROM images ORDER BY tile_id")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            self.images = row.get(0)?;
            let bytes = row.get_ref(1)?.as_blob()?;
            if self.seen.len() < MAX_REMEMBERED {
                self.seen.entry(hash(bytes)).or_insert(self.images);
            }
        }
        Ok(())
    }

    /// The content with these bytes: there already, or written now.
    fn image(&mut self, bytes: &[u8]) -> rusqlite::Result<i64> {
        let hash = hash(bytes);
        if let Some(id) = self.seen.get(&hash) {
            // the hash finds, the bytes decide
            let same = self
                .connection
                .prepare_cached("SELECT tile_data = ?2 FROM images WHERE tile_id = ?1")?
                .query_row(params![id, bytes], |row| row.get::<_, bool>(0))
                .optional()?;
            if same == Some(true) {
                return Ok(*id);
            }
        }
        let id = self.images.saturating_add(1);
        self.connection
            .prepare_cached("INSERT INTO images VALUES (?1, ?2)")?
            .execute(params![id, bytes])?;
        self.images = id;
        if self.seen.len() < MAX_REMEMBERED {
            self.seen.entry(hash).or_insert(id);
        }
        Ok(id)
    }

    fn put(&mut self, tile: WebTile, bytes: &[u8]) -> rusqlite::Result<()> {
        let image = self.image(bytes)?;
        self.connection
            .prepare_cached("INSERT INTO map VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![tile.z(), tile.x(), tile.tms_row(), image])?;
        self.tiles = self.tiles.saturating_add(1);
        Ok(())
    }

    /// Writes the run of recorded places into the log.
    fn log_run(&mut self) -> rusqlite::Result<()> {
        let run = std::mem::take(&mut self.run);
        if run.is_empty() {
            return Ok(());
        }
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached("INSERT INTO log.recorded VALUES (?1, ?2)")?
            .execute(params![signed(run.start), signed(run.end - run.start)])?;
        Ok(())
    }

    fn commit(&mut self) -> rusqlite::Result<()> {
        self.log_run()?;
        self.connection.execute_batch("COMMIT; BEGIN EXCLUSIVE")
    }

    /// Everything that a reader needs, in one transaction.
    fn complete(&mut self, info: &ArchiveInfo) -> rusqlite::Result<()> {
        self.log_run()?;
        let connection = &self.connection;
        connection.execute_batch(
            "CREATE UNIQUE INDEX IF NOT EXISTS map_index ON map (zoom_level, tile_column, tile_row);
             CREATE UNIQUE INDEX IF NOT EXISTS name ON metadata (name);
             DELETE FROM metadata;",
        )?;
        for (name, value) in rows(info, &self.path) {
            connection.execute("INSERT INTO metadata VALUES (?1, ?2)", [name, &value])?;
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.execute_batch("COMMIT; DETACH log")
    }
}

impl ArchiveWriter for MbtilesWriter {
    fn recorded(&mut self, each: &mut dyn FnMut(Range<u64>)) -> Result<()> {
        let mut read = || {
            let all = "SELECT first, count FROM log.recorded ORDER BY first";
            let mut query = self.connection.prepare(all)?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let unsigned = |n: i64| u64::try_from(n).unwrap_or(0);
                let (first, count) = (unsigned(row.get(0)?), unsigned(row.get(1)?));
                each(first..first.saturating_add(count));
            }
            Ok(())
        };
        read().map_err(|e| self.fault(&e))
    }

    fn add(&mut self, id: u64, content: Content<'_>) -> Result<()> {
        let tile = WebTile::of_id(id).filter(|_| id >= self.next_id);
        let Some(tile) = tile else {
            let next = self.next_id;
            let message = format!("tile id {id} after the ids up to {next} were recorded");
            return Err(Error::Internal { message });
        };
        if let Content::Tile(bytes) = content
            && !bytes.is_empty()
        {
            if bytes.len() > MAX_TILE_BYTES {
                let (found, most) = (bytes.len(), MAX_TILE_BYTES);
                let message =
                    format!("expected tiles of at most {most} bytes, found one of {found}");
                return Err(Error::data(&self.path, message));
            }
            self.put(tile, bytes).map_err(|e| self.fault(&e))?;
        }
        self.next_id = id.saturating_add(1);
        if self.run.end == id && !self.run.is_empty() {
            self.run.end = self.next_id;
            return Ok(());
        }
        self.log_run().map_err(|e| self.fault(&e))?;
        self.run = id..self.next_id;
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<()> {
        self.commit().map_err(|e| self.fault(&e))
    }

    fn finish(mut self: Box<Self>, info: &ArchiveInfo) -> Result<Written> {
        if self.tiles == 0 {
            let message = "no tile has any content: there is nothing to put into an archive";
            return Err(Error::data(&self.path, message));
        }
        self.complete(info).map_err(|e| self.fault(&e))?;
        let MbtilesWriter {
            path,
            partial,
            log,
            connection,
            images,
            tiles,
            ..
        } = *self;
        connection
            .close()
            .map_err(|(_, error)| fault(&partial, &error))?;
        let io = |e: std::io::Error| Error::io(&path, &e);
        let file = std::fs::File::open(&partial).map_err(io)?;
        file.sync_all().map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        std::fs::rename(&partial, &path).map_err(io)?;
        remove(&log)?;
        Ok(Written {
            tiles,
            contents: u64::try_from(images).unwrap_or(0),
            bytes,
        })
    }
}

/// Opens both databases, locked for this process, in a transaction.
fn connect(partial: &Path, log: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(partial)?;
    connection.busy_timeout(std::time::Duration::ZERO)?;
    // what the end of the process leaves behind is rolled back; the end of the machine is not
    // waited for at each checkpoint
    connection.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;",
    )?;
    let log = log.to_string_lossy();
    connection.execute("ATTACH ?1 AS log", [log.as_ref()])?;
    connection.execute_batch("PRAGMA log.synchronous = OFF; BEGIN EXCLUSIVE")?;
    Ok(connection)
}

/// True where the databases are what this job left.
fn has_job(connection: &Connection, job: &str) -> rusqlite::Result<bool> {
    let tables = "SELECT count(*) FROM log.sqlite_master WHERE name IN ('job', 'recorded')";
    let of_main = "SELECT count(*) FROM main.sqlite_master WHERE name IN ('map', 'images')";
    for tables in [tables, of_main] {
        if connection.query_row(tables, [], |row| row.get::<_, i64>(0))? != 2 {
            return Ok(false);
        }
    }
    let found = connection
        .query_row("SELECT text FROM log.job", [], |row| {
            row.get::<_, String>(0)
        })
        .optional()?;
    Ok(found.as_deref() == Some(job))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path, &e)),
        _ => Ok(()),
    }
}

fn hash(bytes: &[u8]) -> u64 {
    Fingerprint::new().bytes(bytes).value()
}

/// The rows of `metadata` (§"Metadata").
fn rows(info: &ArchiveInfo, path: &Path) -> Vec<(&'static str, String)> {
    let metadata = info.metadata();
    let text = |key: &str| metadata.get(key)?.as_str().map(str::to_owned);
    let stem = || {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    let format = match info.format {
        TileFormat::Mvt => "pbf",
        TileFormat::Jpeg => "jpg",
        other => other.extension(),
    };
    let mut rows = vec![
        ("name", text("name").unwrap_or_else(stem)),
        ("format", format.to_owned()),
        ("minzoom", info.min_zoom.to_string()),
        ("maxzoom", info.max_zoom.to_string()),
    ];
    if let Some(b) = info.bounds {
        let bounds = format!("{},{},{},{}", b.min_x, b.min_y, b.max_x, b.max_y);
        rows.push(("bounds", bounds));
    }
    if let Some(c) = info.center_or_middle() {
        let center = format!("{},{},{}", c.longitude, c.latitude, c.zoom);
        rows.push(("center", center));
    }
    for key in ["attribution", "description", "type", "version"] {
        rows.extend(text(key).map(|value| (key, value)));
    }
    if let Some(layers) = info.vector_layers_json() {
        let json = serde_json::json!({"vector_layers": layers});
        rows.push(("json", json.to_string()));
    }
    rows
}
