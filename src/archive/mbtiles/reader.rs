//! Reading: metadata once, then one query for each tile.

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{ErrorCode, OptionalExtension, Row};
use serde_json::{Map, Value};

use super::connection::{self, fault};
use super::patience::{MAX_TIMEOUTS, PAUSE, Patience};
use super::pool::Pool;
use crate::archive::{ArchiveInfo, Center, Tile, TileArchive, TileFormat, Verified, WebTile, info};
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::packing::Coding;
use crate::sqlite::Reader;
use crate::store::{FileStamp, Fingerprint};

/// Rows of metadata that are read; files have a dozen.
const MAX_METADATA_ROWS: usize = 1_000;
/// A value of the metadata that is longer is left out.
const MAX_METADATA_BYTES: usize = 4 << 20;

/// `tiles` is a table, or a view over `map` and `images`: to the reader they are the same.
const TILE: &str = "SELECT tile_data FROM tiles \
    WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3 LIMIT 1";

/// An MBTiles file.
#[derive(Debug)]
pub struct MbtilesArchive {
    path: PathBuf,
    patience: Patience,
    pool: Pool,
    info: ArchiveInfo,
    version: String,
}

impl MbtilesArchive {
    /// Opens a file: reads its metadata, and its zooms where they do not tell.
    ///
    /// # Errors
    /// `Io`; `Data` that says what is wrong, that another process is writing it, or that it is
    /// no database of tiles.
    pub fn open(path: &Path) -> Result<MbtilesArchive> {
        let stamp = FileStamp::of(path)?;
        let reader = connection::open(path)?;
        let info = Opening {
            path,
            reader: &reader,
        }
        .info()?;
        Ok(MbtilesArchive {
            path: path.to_owned(),
            patience: Patience::default(),
            version: Fingerprint::new().stamp(&stamp).text(),
            pool: Pool::new(path, stamp, reader),
            info,
        })
    }
}

impl TileArchive for MbtilesArchive {
    fn info(&self) -> &ArchiveInfo {
        &self.info
    }

    fn version(&self) -> &str {
        &self.version
    }

    /// What lies behind `tiles` is not ours: a table without an index, a view over anything.
    fn is_quick(&self) -> bool {
        false
    }

    fn tile(&self, tile: WebTile) -> Result<Option<Tile>> {
        if self.patience.is_over() {
            let pause = PAUSE.as_secs();
            let message = format!(
                "the database did not answer in time {MAX_TIMEOUTS} times: it is not asked for {pause} s"
            );
            return Err(Error::data(&self.path, message));
        }
        let place = (tile.z(), tile.x(), tile.tms_row());
        let found = self.pool.with(|reader| {
            reader
                .connection
                .prepare_cached(TILE)
                .and_then(|mut query| query.query_row(place, |row| stored(row, 0)).optional())
                .map_err(|e| {
                    if e.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
                        self.patience.note_timeout();
                    }
                    fault(&self.path, &e)
                })
        })?;
        match found.flatten() {
            Some(bytes) => Ok(Some(Tile::of_stored(bytes, Coding::Identity))),
            None => Ok(None),
        }
    }

    fn verify(&self) -> Result<Verified> {
        self.pool.with(|reader| {
            let mut found = Verified::default();
            match walk(reader, &self.info, &mut found) {
                Ok(()) => Ok(found),
                Err(error) => match fault(&self.path, &error) {
                    Error::Data { message, .. } => {
                        found.damaged = found.damaged.saturating_add(1);
                        found.fault(|| message);
                        Ok(found)
                    }
                    other => Err(other),
                },
            }
        })
    }
}

/// The bytes of a tile; empty ones and NULL are no tile.
fn stored(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Vec<u8>>> {
    let bytes = match row.get_ref(column)? {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
    };
    Ok((!bytes.is_empty()).then(|| bytes.to_vec()))
}

/// Rows that are no tile, after which the others are not looked at: a view may have them without
/// end.
const MAX_DAMAGED: u64 = 100_000;

/// How many tiles there can be.
fn places(info: &ArchiveInfo) -> u64 {
    let of_zoom = |zoom: u8| 4_u64.saturating_pow(u32::from(zoom));
    let zooms = info.min_zoom..=info.max_zoom;
    zooms.map(of_zoom).fold(0, u64::saturating_add)
}

/// Reads every tile; gives up where there are more rows than a set of tiles can have.
fn walk(reader: &Reader, info: &ArchiveInfo, found: &mut Verified) -> rusqlite::Result<()> {
    let all = "SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles";
    let mut query = reader.connection.prepare(all)?;
    let mut rows = query.query([])?;
    let places = places(info);
    loop {
        if found.damaged >= MAX_DAMAGED || found.tiles > places {
            // room for the last word
            found.faults.truncate(Verified::MAX_FAULTS - 1);
            let Verified { tiles, damaged, .. } = *found;
            found.fault(|| {
                format!(
                    "given up after {tiles} tiles and {damaged} rows that are none: zooms {} to {} \
                     have {places} places",
                    info.min_zoom, info.max_zoom
                )
            });
            return Ok(());
        }
        reader.renew();
        let Some(row) = rows.next()? else {
            return Ok(());
        };
        let number = |column: usize| row.get::<_, i64>(column).ok();
        let (zoom, column, tms_row) = (number(0), number(1), number(2));
        let tile = zoom.zip(column).zip(tms_row).and_then(|((z, x), y)| {
            let as_stored = WebTile::new(
                u8::try_from(z).ok()?,
                u32::try_from(x).ok()?,
                u32::try_from(y).ok()?,
            )?;
            WebTile::new(as_stored.z(), as_stored.x(), as_stored.tms_row())
        });
        let Some(tile) = tile else {
            found.damaged = found.damaged.saturating_add(1);
            found
                .fault(|| format!("no tile has zoom {zoom:?}, column {column:?}, row {tms_row:?}"));
            continue;
        };
        found.tiles = found.tiles.saturating_add(1);
        if tile.z() < info.min_zoom || tile.z() > info.max_zoom {
            let (min, max) = (info.min_zoom, info.max_zoom);
            found.fault(|| format!("tile {tile} is outside of the zooms {min} to {max}"));
        }
        let bytes = stored(row, 3)?.unwrap_or_default();
        found.content(tile, &bytes, Coding::Identity, info.format);
    }
}

/// A database whose description is being read.
struct Opening<'a> {
    path: &'a Path,
    reader: &'a Reader,
}

impl Opening<'_> {
    fn fault(&self, message: impl Into<String>) -> Error {
        Error::data(self.path, message)
    }

    /// One row, `None` where there is none; each question has its own time.
    fn ask<T>(
        &self,
        sql: &str,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.reader.renew();
        self.reader
            .connection
            .query_row(sql, [], read)
            .optional()
            .map_err(|e| fault(self.path, &e))
    }

    fn info(&self) -> Result<ArchiveInfo> {
        let objects = "SELECT name FROM sqlite_master \
            WHERE type IN ('table', 'view') AND lower(name) = 'tiles'";
        if self.ask(objects, |_| Ok(()))?.is_none() {
            return Err(self.fault("expected a table or view named tiles, found none"));
        }
        let (metadata, mut warnings) = self.metadata();
        let text = |key: &str| metadata.get(key).and_then(Value::as_str);
        let format = self.format(text("format"))?;
        let zoom = |key: &str| {
            let zoom: u8 = text(key)?.trim().parse().ok()?;
            (zoom <= WebTile::MAX_ZOOM).then_some(zoom)
        };
        let zooms = zoom("minzoom").zip(zoom("maxzoom"));
        let (min, max) = match zooms.filter(|(min, max)| min <= max) {
            Some(zooms) => zooms,
            None => self.zooms()?,
        };
        let mut info = ArchiveInfo::new(format, min, max);
        let bounds = text("bounds").map(numbers);
        info.bounds = match bounds.as_deref() {
            Some([west, south, east, north]) => info::bounds_lonlat(*west, *south, *east, *north),
            _ => None,
        };
        if info.bounds.is_none() {
            warnings.push("the metadata give no extent in longitude and latitude".to_owned());
        }
        info.center = text("center").map(numbers).and_then(|said| center(&said));
        info.take_metadata(&metadata);
        self.reader.renew();
        if !self.has_index() {
            warnings.push(
                "no index on zoom_level, tile_column, tile_row: each tile reads the whole table"
                    .to_owned(),
            );
        }
        warnings.append(&mut info.warnings);
        info.warnings = warnings;
        Ok(info)
    }

    /// The rows of `metadata`, and the members of its `json` row; what can't be read is said.
    fn metadata(&self) -> (Map<String, Value>, Vec<String>) {
        let mut metadata = Map::new();
        let mut warnings = Vec::new();
        self.reader.renew();
        let rows = self
            .reader
            .connection
            .prepare("SELECT name, value FROM metadata")
            .and_then(|mut query| {
                let rows = query.query_map([], |row| Ok((text_of(row, 0)?, text_of(row, 1)?)))?;
                for row in rows.take(MAX_METADATA_ROWS) {
                    if let (Some(name), Some(value)) = row? {
                        metadata.insert(name, Value::String(value));
                    }
                }
                Ok(())
            });
        if let Err(error) = rows {
            warnings.push(format!("the table metadata: {error}"));
        }
        let json = metadata.get("json").and_then(Value::as_str);
        match json.map(serde_json::from_str::<Value>) {
            Some(Ok(Value::Object(mut members))) => {
                if let Some(layers) = members.remove("vector_layers") {
                    metadata.insert("vector_layers".to_owned(), layers);
                }
            }
            Some(Ok(_)) => warnings.push("the metadata's json is no object".to_owned()),
            Some(Err(error)) => warnings.push(format!("the metadata's json: {error}")),
            None => {}
        }
        (metadata, warnings)
    }

    /// The format that is said, else the one that the first tile shows.
    fn format(&self, said: Option<&str>) -> Result<TileFormat> {
        if let Some(said) = said.filter(|said| !said.trim().is_empty()) {
            return TileFormat::parse(said).ok_or_else(|| {
                self.fault(format!(
                    "expected tiles in pbf, png, jpg or webp, found the format {said:?}"
                ))
            });
        }
        self.ask("SELECT tile_data FROM tiles LIMIT 1", |row| stored(row, 0))?
            .flatten()
            .and_then(|bytes| TileFormat::sniffed(&bytes))
            .ok_or_else(|| self.fault("neither the metadata nor a tile say what the tiles are"))
    }

    fn zooms(&self) -> Result<(u8, u8)> {
        let sql = "SELECT min(zoom_level), max(zoom_level) FROM tiles";
        let zooms = self.ask(sql, |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
        let Some((Some(min), Some(max))) = zooms else {
            return Err(self.fault("there is no tile in it"));
        };
        let zoom = |z: i64| u8::try_from(z).ok().filter(|z| *z <= WebTile::MAX_ZOOM);
        zoom(min).zip(zoom(max)).ok_or_else(|| {
            let deepest = WebTile::MAX_ZOOM;
            self.fault(format!(
                "expected zooms from 0 to {deepest}, found {min} to {max}"
            ))
        })
    }

    /// False where a tile can only be found by looking at all.
    fn has_index(&self) -> bool {
        let plan = self
            .reader
            .connection
            .prepare(&format!("EXPLAIN QUERY PLAN {TILE}"))
            .and_then(|mut query| {
                let steps = query.query_map((0, 0, 0), |row| row.get::<_, String>(3))?;
                steps.collect::<rusqlite::Result<Vec<String>>>()
            });
        !plan.is_ok_and(|steps| steps.iter().any(|step| step.starts_with("SCAN")))
    }
}

/// A value as text, whatever its type; what is too long is left out.
fn text_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) if bytes.len() <= MAX_METADATA_BYTES => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(_) | ValueRef::Blob(_) | ValueRef::Null => None,
    })
}

fn numbers(text: &str) -> Vec<f64> {
    let parts = text.split(',').map(|part| part.trim().parse());
    parts.collect::<Result<_, _>>().unwrap_or_default()
}

fn center(said: &[f64]) -> Option<Center> {
    let [longitude, latitude, zoom] = said else {
        return None;
    };
    let is_sound = Bbox::WORLD.contains_point([*longitude, *latitude])
        && (0.0..=f64::from(WebTile::MAX_ZOOM)).contains(zoom);
    is_sound.then_some(Center {
        longitude: *longitude,
        latitude: *latitude,
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 31"
        )]
        zoom: *zoom as u8,
    })
}
