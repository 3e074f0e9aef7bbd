//! GeoPackage (OGC 12-128r18): each table of features is one.
//!
//! Curves become lines of at most 4° an arc. The primary key becomes a field and the layer's id
//! column. Titles and descriptions of tables and columns are taken over.
//!
//! # Not supported
//! Tables without geometry, tiles, extended geometries; a file with changes that are not written
//! back (open in QGIS) is refused.

mod blob;
mod connection;

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row};

use super::intake::Intake;
use super::notes::Kind;
use super::source::{Column, CrsFound, Declared, Head, Place, Source};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::feature::{FieldType, Value};
use crate::geom::Bbox;
use crate::sqlite::Reader;

/// Tables that are looked at.
const MAX_TABLES: usize = 1_000;

/// A table of features.
pub struct GeoPackageTable {
    path: PathBuf,
    head: Head,
    table: String,
    geometry: String,
    key: Option<String>,
    /// Columns of the table, in the order of the head's.
    columns: Vec<String>,
}

/// The tables of features of a file.
///
/// # Errors
/// `Io`; `Data` for what is no GeoPackage, is damaged, or has no table of features.
pub fn open(path: &Path) -> Result<Vec<Box<dyn Source>>> {
    let reader = connection::open(path)?;
    let fault = |e: rusqlite::Error| reader.fault(&e);
    let connection = &reader.connection;
    let mut statement = connection
        .prepare(
            "SELECT c.table_name, c.identifier, c.description, g.column_name, g.srs_id, \
             c.min_x, c.min_y, c.max_x, c.max_y \
             FROM gpkg_contents c JOIN gpkg_geometry_columns g ON g.table_name = c.table_name \
             ORDER BY c.table_name",
        )
        .map_err(|e| Error::data(path, format!("expected a GeoPackage: {e}")))?;
    let mut rows = statement.query([]).map_err(fault)?;
    let mut tables: Vec<Box<dyn Source>> = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        reader.renew();
        if tables.len() >= MAX_TABLES {
            return Err(Error::data(
                path,
                format!("expected at most {MAX_TABLES} tables"),
            ));
        }
        let table = name_in(row, 0).ok_or_else(|| Error::data(path, "a table has no name"))?;
        let geometry = name_in(row, 3)
            .ok_or_else(|| Error::data(path, format!("table {table:?} has no geometry column")))?;
        let mut head = Head {
            title: text(row, 1).filter(|title| *title != table),
            description: text(row, 2),
            crs: crs(&reader, integer(row, 4)?)?,
            extent: extent(row),
            name: table.clone(),
            ..Head::default()
        };
        let (key, columns) = columns(&reader, &table, &geometry, &mut head)?;
        // what other programs counted tells how far it is
        let count = connection
            .query_row(
                "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?1",
                [&table],
                |row| row.get::<_, i64>(0),
            )
            .ok();
        head.bytes = count.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        tables.push(Box::new(GeoPackageTable {
            path: path.to_owned(),
            head,
            table,
            geometry,
            key,
            columns,
        }));
    }
    match tables.is_empty() {
        true => Err(Error::data(
            path,
            "expected a table of features, found none",
        )),
        false => Ok(tables),
    }
}

fn text(row: &Row<'_>, column: usize) -> Option<String> {
    match row.get_ref(column) {
        Ok(ValueRef::Text(bytes)) => {
            let text = String::from_utf8_lossy(bytes).trim().to_owned();
            (!text.is_empty()).then_some(text)
        }
        _ => None,
    }
}

/// A name as it is written: its spaces are part of it, and quotes around another one are a text
/// to SQLite where there is no column of that name.
fn name_in(row: &Row<'_>, column: usize) -> Option<String> {
    match row.get_ref(column) {
        Ok(ValueRef::Text(bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
    .filter(|name| !name.is_empty())
}

fn integer(row: &Row<'_>, column: usize) -> Result<i64> {
    Ok(row.get::<_, i64>(column).unwrap_or(-1))
}

fn extent(row: &Row<'_>) -> Option<Bbox> {
    let number = |column| row.get::<_, f64>(column).ok();
    Bbox::new(number(5)?, number(6)?, number(7)?, number(8)?)
}

/// What the file's own table says of a CRS.
fn crs(reader: &Reader, srs_id: i64) -> Result<CrsFound> {
    if matches!(srs_id, -1 | 0) {
        return Ok(CrsFound::Unknown(
            "its CRS is declared as undefined".to_owned(),
        ));
    }
    let found = reader
        .connection
        .query_row(
            "SELECT organization, organization_coordsys_id, definition \
             FROM gpkg_spatial_ref_sys WHERE srs_id = ?1",
            [srs_id],
            |row| {
                let code = row.get::<_, i64>(1).unwrap_or(0);
                Ok((text(row, 0), code, text(row, 2)))
            },
        )
        .optional()
        .map_err(|e| reader.fault(&e))?;
    let Some((organisation, code, definition)) = found else {
        return Ok(CrsFound::Unknown(format!(
            "its CRS {srs_id} is not in gpkg_spatial_ref_sys"
        )));
    };
    let code = i32::try_from(code).unwrap_or(0);
    // `undefined` stands where there is no WKT
    let definition = definition.filter(|wkt| wkt.contains('['));
    let declared =
        Crs::from_declaration(organisation.as_deref(), code, None, definition.as_deref());
    Ok(match declared {
        Ok(Some(crs)) => CrsFound::Known(crs, "gpkg_spatial_ref_sys".to_owned()),
        Ok(None) => CrsFound::Unsaid,
        Err(error) => CrsFound::Unknown(error.to_string()),
    })
}

/// The primary key and the columns that are read; tells the head of them.
fn columns(
    reader: &Reader,
    table: &str,
    geometry: &str,
    head: &mut Head,
) -> Result<(Option<String>, Vec<String>)> {
    let fault = |e: rusqlite::Error| reader.fault(&e);
    let mut statement = reader
        .connection
        .prepare("SELECT name, type, pk FROM pragma_table_info(?1)")
        .map_err(fault)?;
    let mut rows = statement.query([table]).map_err(fault)?;
    let mut keys = Vec::new();
    let mut names = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        let Some(name) = name_in(row, 0) else {
            continue;
        };
        if name.eq_ignore_ascii_case(geometry) {
            continue;
        }
        let declared = text(row, 1).unwrap_or_default();
        if integer(row, 2)? == 1 && declared.eq_ignore_ascii_case("INTEGER") {
            keys.push(name.clone());
        }
        let mut column = Column::new(name.trim(), declared_type(&declared));
        describe(reader, [table, &name], &mut column);
        head.columns.push(column);
        names.push(name);
    }
    let key = match keys.as_slice() {
        [key] => Some(key.clone()),
        _ => None,
    };
    head.id_column = key.as_deref().map(|key| key.trim().to_owned());
    Ok((key, names))
}

/// Title, description and form of a column, where the optional table has them.
fn describe(reader: &Reader, place: [&str; 2], column: &mut Column) {
    let found = reader.connection.query_row(
        "SELECT title, description, mime_type FROM gpkg_data_columns \
         WHERE table_name = ?1 AND column_name = ?2",
        place,
        |row| Ok((text(row, 0), text(row, 1), text(row, 2))),
    );
    // most files have no such table
    if let Ok((title, description, form)) = found {
        column.title = title;
        column.description = description;
        if form.as_deref() == Some("application/json") {
            column.declared = Declared::Type(FieldType::Json);
        }
    }
}

/// The type that a column declares (OGC 12-128r18 table 1); what SQLite knows beyond says its
/// type by each value.
fn declared_type(declared: &str) -> Declared {
    let word = declared.split('(').next().unwrap_or_default().trim();
    Declared::Type(match word.to_ascii_uppercase().as_str() {
        "BOOLEAN" => FieldType::Bool,
        "TINYINT" | "SMALLINT" | "MEDIUMINT" => FieldType::Integer,
        "INT" | "INTEGER" | "BIGINT" => FieldType::Long,
        "FLOAT" | "DOUBLE" | "REAL" => FieldType::Float,
        "TEXT" | "VARCHAR" => FieldType::Text,
        "BLOB" => FieldType::Binary,
        "DATE" => FieldType::Date,
        "DATETIME" | "TIMESTAMP" => FieldType::DateTime,
        _ => return Declared::ByValue,
    })
}

/// An identifier as SQL takes any.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Source for GeoPackageTable {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&mut self, intake: &mut Intake) -> Result<()> {
        let reader = connection::open(&self.path)?;
        let fault = |e: rusqlite::Error| reader.fault(&e);
        let bytes = std::fs::metadata(&self.path)
            .map_err(|e| Error::io(&self.path, &e))?
            .len();
        let key = match &self.key {
            Some(key) => quoted(key),
            None => "NULL".to_owned(),
        };
        let mut wanted = vec![key, quoted(&self.geometry)];
        wanted.extend(self.columns.iter().map(|name| quoted(name)));
        let sql = format!("SELECT {} FROM {}", wanted.join(", "), quoted(&self.table));
        let mut statement = reader.connection.prepare(&sql).map_err(fault)?;
        let mut rows = statement.query([]).map_err(fault)?;
        let mut number = 0_u64;
        while let Some(row) = rows.next().map_err(fault)? {
            reader.renew();
            let place = match row.get_ref(0) {
                Ok(ValueRef::Integer(key)) => Place::Row(key),
                _ => Place::Feature(number),
            };
            number += 1;
            // a row takes a byte at least; a view may give rows without end
            if number > bytes {
                let message = "a table has more rows than its file could hold: is it a view?";
                return Err(Error::data(&self.path, message));
            }
            self.take(row, place, intake)?;
            intake.read_to(number)?;
        }
        Ok(())
    }
}

impl GeoPackageTable {
    fn take(&self, row: &Row<'_>, place: Place, intake: &mut Intake) -> Result<()> {
        intake.begin(place);
        let read = match row.get_ref(1) {
            Ok(ValueRef::Null) => Ok(None),
            Ok(ValueRef::Blob(bytes)) => blob::read(bytes, intake.geometry()).map(Some),
            _ => Err("the geometry is none of a GeoPackage".to_owned()),
        };
        match read {
            Ok(found) => {
                let found = found.unwrap_or_default();
                intake.saw(found.has_z, found.has_m);
                if found.has_curves {
                    intake.note(Kind::Changed, "curve made a line of steps of 4°");
                }
            }
            Err(why) => {
                intake.refuse(place, &why);
                return Ok(());
            }
        }
        for (column, place) in (0..self.columns.len()).zip(2_usize..) {
            let column = u16::try_from(column).unwrap_or(u16::MAX);
            match row.get_ref(place) {
                Ok(ValueRef::Null) | Err(_) => {}
                Ok(ValueRef::Integer(number)) => intake.value(column, Value::Int(number)),
                Ok(ValueRef::Real(number)) => intake.value(column, Value::Float(number)),
                Ok(ValueRef::Blob(bytes)) => intake.value(column, Value::Binary(bytes)),
                Ok(ValueRef::Text(bytes)) => match std::str::from_utf8(bytes) {
                    Ok(text) => intake.value(column, Value::Text(text)),
                    Err(_) => {
                        intake.note(
                            Kind::Changed,
                            "text that is not UTF-8 read as well as may be",
                        );
                        intake.value(column, Value::Text(&String::from_utf8_lossy(bytes)));
                    }
                },
            }
        }
        intake.end()
    }
}
