//! GeoPackage 1.3 (OGC 12-128r17): one table with a spatial index, as QGIS opens it.
//!
//! SQLite writes pages here and there, so the file is made in the workshop and sent when it is
//! whole. The feature's id is the `fid` where it is a whole number that no other feature has.
//!
//! # Not held
//! Z and M. An unsigned number beyond 2^63 is text, as SQLite has no such integer.

use rusqlite::types::{ToSqlOutput, Value as Sql, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, params, params_from_iter};

use super::names::unlike;
use super::{FeatureId, FeatureRow, FeatureSet, FeatureWriter, Rest, Spill, Workshop};
use crate::crs::Crs;
use crate::encode::date_time::utc;
use crate::encode::simple_features::push_wkb;
use crate::error::{Error, Result};
use crate::feature::{FieldType, Value};
use crate::geom::{Bbox, Geometry};

/// Bytes sent at once.
const PIECE_BYTES: usize = 256 << 10;
/// The page cache, in KiB.
const CACHE_KIB: i32 = 8_192;
/// Features between two looks at the size of the file.
const LOOK_EVERY: u64 = 1_000;

/// Tables that every GeoPackage has (12-128r17 §1.1, annex C), and the CRSs that must be there.
const CORE: &str = include_str!("geopackage/core.sql");
/// The index, and the triggers that keep it right when others write (annex F.3). They call
/// functions that only such writers have: they come when everything is in.
const RTREE: &str = include_str!("geopackage/rtree.sql");
/// What says that a column of text holds JSON (annex F.9).
const SCHEMA: &str = include_str!("geopackage/schema.sql");

/// Writes a GeoPackage of one layer.
pub struct GeoPackageWriter {
    set: FeatureSet,
    /// `None` once the file is whole.
    database: Option<Connection>,
    spill: Spill,
    names: Names,
    insert: String,
    index: String,
    /// As the standard numbers it, and as the table of CRSs does.
    srs_id: i64,
    extent: Option<Bbox>,
    written: u64,
    sent: u64,
    blob: Vec<u8>,
}

/// What table and columns are called.
#[derive(Debug)]
struct Names {
    table: String,
    id: String,
    /// `None` where no geometry is given.
    geometry: Option<String>,
    fields: Vec<String>,
}

impl std::fmt::Debug for GeoPackageWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GeoPackageWriter")
            .field("names", &self.names)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl Names {
    fn of(set: &FeatureSet) -> Names {
        let mut taken: Vec<String> = Vec::new();
        let mut unique = |wanted: &str| {
            let name = unlike(wanted, &taken);
            taken.push(name.to_lowercase());
            name
        };
        // SQLite does not tell A from a
        let fields = set.fields.iter().map(|field| unique(&field.name)).collect();
        let id = unique("fid");
        let geometry = set.geometry.map(|_| unique("geom"));
        let lower = set.name.to_lowercase();
        let is_reserved = ["gpkg_", "sqlite_", "rtree_"]
            .iter()
            .any(|prefix| lower.starts_with(prefix));
        Names {
            table: match is_reserved {
                true => format!("layer_{}", set.name),
                false => set.name.clone(),
            },
            id,
            geometry,
            fields,
        }
    }
}

impl Names {
    /// What makes the index of a geometry column, and what makes its triggers.
    fn index_sql(&self, geometry: &str) -> (String, String) {
        let escaped = |name: &str| name.replace('"', "\"\"");
        let named = |sql: &str| {
            sql.replace("{t}", &escaped(&self.table))
                .replace("{c}", &escaped(geometry))
                .replace("{i}", &escaped(&self.id))
        };
        let (index, triggers) = RTREE.split_once(";\n").unwrap_or((RTREE, ""));
        (named(index), named(triggers))
    }
}

impl GeoPackageWriter {
    /// # Errors
    /// `Io` where there is no place for a temporary file.
    pub fn new(set: FeatureSet, workshop: &Workshop) -> Result<GeoPackageWriter> {
        let room = workshop.available();
        let (database, spill) = workshop.named(|path| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let database = Connection::open_with_flags(path, flags).map_err(|e| fault(&e, room))?;
            // the file has no name from here on: nothing beside it may be wanted
            let pages = i64::try_from(room / 4096).unwrap_or(i64::MAX).max(1);
            let setting = format!(
                "PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF;
                 PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-{CACHE_KIB};
                 PRAGMA max_page_count={pages}; PRAGMA application_id=0x47504B47;
                 PRAGMA user_version=10300; BEGIN;"
            );
            database
                .execute_batch(&setting)
                .map_err(|e| fault(&e, room))?;
            Ok(database)
        })?;
        let names = Names::of(&set);
        let table = quoted(&names.table);
        let columns = [Some(&names.id), names.geometry.as_ref()];
        let columns: Vec<String> = columns
            .into_iter()
            .flatten()
            .chain(&names.fields)
            .map(|name| quoted(name))
            .collect();
        let marks = vec!["?"; columns.len()].join(",");
        Ok(GeoPackageWriter {
            insert: format!(
                "INSERT INTO {table} ({}) VALUES ({marks})",
                columns.join(",")
            ),
            index: match &names.geometry {
                Some(geometry) => format!(
                    "INSERT INTO {} VALUES (?,?,?,?,?)",
                    quoted(&format!("rtree_{}_{geometry}", names.table))
                ),
                None => String::new(),
            },
            srs_id: 0,
            database: Some(database),
            spill,
            names,
            extent: None,
            written: 0,
            sent: 0,
            blob: Vec::new(),
            set,
        })
    }

    fn database(&self) -> Result<&Connection> {
        self.database.as_ref().ok_or_else(|| Error::Internal {
            message: "a GeoPackage was written after its end".to_owned(),
        })
    }

    fn fault(&self, error: &rusqlite::Error) -> Error {
        fault(error, self.spill.len())
    }

    /// The tables of the standard, and the one of the layer.
    fn create(&mut self) -> Result<()> {
        let fault = |e: rusqlite::Error| fault(&e, 0);
        let database = self.database()?;
        database.execute_batch(CORE).map_err(fault)?;
        let (srs_id, organisation, code) = reference(&self.set.crs);
        let wgs84 = Crs::from_epsg(4326)?;
        for (crs, srs_id, organisation, code) in [
            (&wgs84, 4326, "EPSG", 4326),
            (&self.set.crs, srs_id, organisation, code),
        ] {
            let definition = Some(crs.wkt_1(false)?).filter(|wkt| !wkt.is_empty());
            database
                .execute(
                    "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,NULL)",
                    params![
                        crs.name,
                        srs_id,
                        organisation,
                        code,
                        definition.as_deref().unwrap_or("undefined")
                    ],
                )
                .map_err(fault)?;
        }
        let names = &self.names;
        let mut table = format!(
            "CREATE TABLE {} ({} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL",
            quoted(&names.table),
            quoted(&names.id)
        );
        let geometry_type = self.set.geometry.map(|kind| kind.name().to_uppercase());
        if let (Some(name), Some(kind)) = (&names.geometry, &geometry_type) {
            table.push_str(&format!(", {} {kind}", quoted(name)));
        }
        for (name, field) in names.fields.iter().zip(&self.set.fields) {
            table.push_str(&format!(", {} {}", quoted(name), column_type(field.kind)));
        }
        table.push(')');
        database.execute_batch(&table).map_err(fault)?;
        let data_type = if geometry_type.is_some() {
            "features"
        } else {
            "attributes"
        };
        database
            .execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change, srs_id)
                 VALUES (?,?,?,?,?)",
                params![
                    names.table,
                    data_type,
                    self.set.title,
                    moment(&self.set.time_stamp),
                    geometry_type.is_some().then_some(srs_id)
                ],
            )
            .map_err(fault)?;
        if let (Some(geometry), Some(kind)) = (&names.geometry, &geometry_type) {
            database
                .execute(
                    "INSERT INTO gpkg_geometry_columns VALUES (?,?,?,?,0,0)",
                    params![names.table, geometry, kind, srs_id],
                )
                .map_err(fault)?;
            let (index, _) = names.index_sql(geometry);
            database.execute_batch(&index).map_err(fault)?;
            database
                .execute(
                    "INSERT INTO gpkg_extensions VALUES (?,?,'gpkg_rtree_index',
                     'http://www.geopackage.org/spec130/#extension_rtree','write-only')",
                    params![names.table, geometry],
                )
                .map_err(fault)?;
        }
        let is_json = |field: &super::FeatureField| field.kind == FieldType::Json;
        if self.set.fields.iter().any(is_json) {
            database.execute_batch(SCHEMA).map_err(fault)?;
        }
        for (name, field) in names.fields.iter().zip(&self.set.fields) {
            if is_json(field) {
                database
                    .execute(
                        "INSERT INTO gpkg_data_columns (table_name, column_name, name, mime_type)
                         VALUES (?,?,?,'application/json')",
                        params![names.table, name, field.name],
                    )
                    .map_err(fault)?;
            }
        }
        self.srs_id = srs_id;
        Ok(())
    }

    /// The last rows; the file is whole then.
    fn close(&mut self) -> Result<()> {
        let fault = |e: rusqlite::Error| fault(&e, 0);
        if let Some(b) = &self.extent {
            let bounds = params![b.min_x, b.min_y, b.max_x, b.max_y];
            self.database()?
                .execute(
                    "UPDATE gpkg_contents SET min_x=?, min_y=?, max_x=?, max_y=?",
                    bounds,
                )
                .map_err(fault)?;
        }
        if let Some(geometry) = &self.names.geometry {
            let (_, triggers) = self.names.index_sql(geometry);
            self.database()?.execute_batch(&triggers).map_err(fault)?;
        }
        self.database()?.execute_batch("COMMIT").map_err(fault)?;
        if let Some(database) = self.database.take() {
            database.close().map_err(|(_, e)| fault(e))?;
        }
        self.spill.measure()?;
        Ok(())
    }
}

impl FeatureWriter for GeoPackageWriter {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        self.create()
    }

    fn feature(&mut self, row: &FeatureRow<'_>, _: &mut Vec<u8>) -> Result<()> {
        let mut blob = std::mem::take(&mut self.blob);
        blob.clear();
        let bbox = row.geometry.and_then(|geometry| {
            let bbox = geometry.bbox()?;
            push_blob(&mut blob, geometry, &bbox, self.srs_id);
            Some(bbox)
        });
        let database = self.database()?;
        let mut insert = database
            .prepare_cached(&self.insert)
            .map_err(|e| self.fault(&e))?;
        let values = |id: Option<i64>| {
            let id = id.map_or(ToSqlOutput::Owned(Sql::Null), |id| {
                ToSqlOutput::Owned(Sql::Integer(id))
            });
            let shape = self.names.geometry.as_ref().map(|_| match bbox {
                Some(_) => ToSqlOutput::Borrowed(ValueRef::Blob(&blob)),
                None => ToSqlOutput::Owned(Sql::Null),
            });
            let fields = &self.set.fields;
            let fields = fields
                .iter()
                .map(|f| cell(row.feature.value(f.column), f.kind));
            params_from_iter(
                std::iter::once(id)
                    .chain(shape)
                    .chain(fields)
                    .collect::<Vec<_>>(),
            )
        };
        let id = match row.id {
            FeatureId::Integer(id) => Some(id),
            // the first column is of whole numbers
            _ => i64::try_from(row.feature.fid()).ok(),
        };
        let inserted = match insert.insert(values(id)) {
            // an id that an earlier feature has: this one gets a free one
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                insert.insert(values(None))
            }
            inserted => inserted,
        };
        let rowid = inserted.map_err(|e| self.fault(&e))?;
        if let Some(b) = &bbox {
            let mut index = database
                .prepare_cached(&self.index)
                .map_err(|e| self.fault(&e))?;
            let entry = params![rowid, b.min_x, b.max_x, b.min_y, b.max_y];
            index.execute(entry).map_err(|e| self.fault(&e))?;
        }
        drop(insert);
        self.extent = match (self.extent, bbox) {
            (Some(all), Some(one)) => Some(all.union(&one)),
            (all, one) => all.or(one),
        };
        self.blob = blob;
        self.written += 1;
        if self.written.is_multiple_of(LOOK_EVERY) {
            self.spill.measure()?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        if self.database.is_some() {
            self.close()?;
        }
        let read = self.spill.read(self.sent, PIECE_BYTES, out)?;
        self.sent = self.sent.saturating_add(read as u64);
        Ok(if read == 0 { Rest::Done } else { Rest::More })
    }
}

fn cell(value: Value<'_>, kind: FieldType) -> ToSqlOutput<'_> {
    let owned = ToSqlOutput::Owned;
    match value {
        Value::Null => owned(Sql::Null),
        Value::Bool(b) => owned(Sql::Integer(b.into())),
        Value::Int(i) => owned(Sql::Integer(i)),
        Value::UInt(u) => owned(i64::try_from(u).map_or(Sql::Text(u.to_string()), Sql::Integer)),
        Value::Float(f) if f.is_nan() => owned(Sql::Null),
        Value::Float(f) => owned(Sql::Real(f)),
        Value::DateTime(text) if kind == FieldType::DateTime => owned(Sql::Text(moment(text))),
        Value::Text(text) | Value::DateTime(text) | Value::Json(text) => {
            ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
        }
        Value::Binary(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
    }
}

/// An instant as the standard has it (§1.1.1.1.3): UTC, with milliseconds. What is no instant
/// stays what it is.
fn moment(text: &str) -> String {
    utc(text).map_or_else(
        || text.to_owned(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
    )
}

/// A geometry as the standard has it (§2.1.3): a header with the box, then WKB.
fn push_blob(blob: &mut Vec<u8>, geometry: &Geometry, bbox: &Bbox, srs_id: i64) {
    // version 0; little-endian, with a box of x and y
    blob.extend([b'G', b'P', 0, 0b0000_0011]);
    blob.extend(i32::try_from(srs_id).unwrap_or(0).to_le_bytes());
    for bound in [bbox.min_x, bbox.max_x, bbox.min_y, bbox.max_y] {
        blob.extend(bound.to_le_bytes());
    }
    push_wkb(blob, geometry);
}

/// The number of a CRS in the file, and what its authority calls it.
fn reference(crs: &Crs) -> (i64, &str, i64) {
    // a number that EPSG does not use
    const OWN: i64 = 100_000;
    match (crs.authority.as_str(), crs.code.parse()) {
        // positions are longitude before latitude in every GeoPackage (§1.1.2.1.2)
        ("OGC", Err(_)) if crs.is_crs84() => (4326, "EPSG", 4326),
        ("EPSG", Ok(code)) => (code, "EPSG", code),
        ("", _) => (OWN, "NONE", OWN),
        (authority, Ok(code)) => (code, authority, code),
        (authority, Err(_)) => (OWN, authority, OWN),
    }
}

fn column_type(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Bool => "BOOLEAN",
        FieldType::Integer => "MEDIUMINT",
        FieldType::Long => "INTEGER",
        FieldType::Float => "DOUBLE",
        FieldType::Text | FieldType::Json => "TEXT",
        FieldType::Date => "DATE",
        FieldType::DateTime => "DATETIME",
        FieldType::Binary => "BLOB",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn fault(error: &rusqlite::Error, room: u64) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::LimitExceeded {
            what: "the room for downloads that are put together (limits.temporary_bytes)",
            limit: room,
            found: room.saturating_add(1),
        },
        _ => Error::Internal {
            message: format!("a GeoPackage could not be written: {error}"),
        },
    }
}
