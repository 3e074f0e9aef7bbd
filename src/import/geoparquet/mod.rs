//! GeoParquet 1.0 and 1.1: one table, its geometries as WKB.
//!
//! Instants without a zone stay so, which is read as UTC. Times of day and UUIDs become text,
//! decimals numbers. Other columns of geometries than the primary one, and nested or repeated
//! columns, are left out and reported; the boxes that 1.1 keeps beside geometries silently.
//!
//! # Not supported
//! Geometries in the encodings of GeoArrow, spherical edges (read as straight ones, and reported),
//! files in several parts, encrypted files.

mod metadata;
mod values;

use std::path::{Path, PathBuf};

use super::intake::Intake;
use super::notes::Kind;
use super::source::{Column, Declared, Head, Place, Source};
use super::{stem, wkb};
use crate::error::{Error, Result};
use crate::parquet::{Cell, Leaf, Table};
use metadata::Geo;
use values::Meaning;

/// What a row takes at least where it is put aside.
const ROW_BYTES: u64 = 64;
/// What all values together may be: dictionaries and compression make little of much, and a file
/// made to do harm fills a disk. The widest that was seen in earnest is a hundredfold.
const LEAST_BYTES: u64 = 64 << 20;
const TIMES: u64 = 1_000;

/// A file.
#[derive(Debug)]
pub struct GeoParquet {
    path: PathBuf,
    table: Table,
    head: Head,
    /// The geometry, then the columns of the head in their order.
    wanted: Vec<(String, Leaf)>,
    meanings: Vec<Meaning>,
}

/// Opens a file.
///
/// # Errors
/// `Io`; `Data` where it is no GeoParquet file, is damaged, or keeps geometries in a way that is
/// not read.
pub fn open(path: &Path) -> Result<Box<dyn Source>> {
    let fault = |message: String| Error::data(path, message);
    let table = Table::open(path)?;
    let geo = Geo::read(&table).map_err(fault)?;
    let mut head = Head {
        name: stem(path),
        crs: geo.crs,
        extent: geo.extent,
        bytes: table.count(),
        notes: geo.notes,
        ..Head::default()
    };
    let leaf = |name: &str| {
        let mut columns = table.columns().iter();
        columns
            .find(|column| column.name == name)
            .and_then(|column| column.leaf)
    };
    let geometry = leaf(&geo.primary).ok_or_else(|| {
        let name = &geo.primary;
        fault(format!(
            "expected a column {name:?} of geometries, as its \"geo\" metadata say, found none"
        ))
    })?;
    let mut wanted = vec![(geo.primary.clone(), geometry)];
    let mut meanings = Vec::new();
    for column in table.columns() {
        let name = &column.name;
        if *name == geo.primary || geo.boxes.as_ref() == Some(name) {
            continue;
        }
        if geo.others.contains(name) {
            let note = format!("column {name:?} of other geometries is left out");
            head.notes.push(note);
            continue;
        }
        match column.leaf.map(|leaf| (leaf, Meaning::of(&leaf))) {
            Some((leaf, Some(meaning))) => {
                let declared = match meaning {
                    // of one byte or of four: the values tell
                    Meaning::Unsigned => Declared::ByValue,
                    other => Declared::Type(other.kind()),
                };
                head.columns.push(Column::new(name, declared));
                wanted.push((name.clone(), leaf));
                meanings.push(meaning);
            }
            Some((_, None)) => {
                let note = format!("column {name:?} is of a type that is not read, and left out");
                head.notes.push(note);
            }
            None => {
                let note = format!("column {name:?} is nested or repeated, and left out");
                head.notes.push(note);
            }
        }
    }
    Ok(Box::new(GeoParquet {
        path: path.to_owned(),
        table,
        head,
        wanted,
        meanings,
    }))
}

impl Source for GeoParquet {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&mut self, intake: &mut Intake) -> Result<()> {
        let mut rows = self.table.rows(&self.wanted)?;
        let limit = self
            .table
            .length()
            .saturating_mul(TIMES)
            .saturating_add(LEAST_BYTES);
        let mut taken = 0_u64;
        let mut number = 0_u64;
        let mut room = String::new();
        while rows.advance()? {
            if taken > limit {
                return Err(Error::data(
                    &self.path,
                    format!(
                        "expected values of at most {limit} bytes in a file like this, found more"
                    ),
                ));
            }
            let place = Place::Feature(number);
            number += 1;
            intake.begin(place);
            taken = taken.saturating_add(ROW_BYTES);
            let read = match rows.cell(0) {
                Cell::Null => Ok(None),
                Cell::Bytes(bytes) => {
                    taken = taken.saturating_add(bytes.len() as u64);
                    wkb::read(bytes, intake.geometry()).map(Some)
                }
                _ => Err("the geometry is no WKB".to_owned()),
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
                    intake.read_to(number)?;
                    continue;
                }
            }
            for ((meaning, column), nth) in self.meanings.iter().zip(0_u16..).zip(1_usize..) {
                let cell = rows.cell(nth);
                if let Cell::Bytes(bytes) = cell {
                    taken = taken.saturating_add(bytes.len() as u64);
                }
                if cell == Cell::Null {
                    continue;
                }
                room.clear();
                let found = meaning.value(cell, &mut room);
                if let Some(note) = found.note {
                    intake.note(Kind::Changed, note);
                }
                intake.value(column, found.value);
            }
            intake.end()?;
            intake.read_to(number)?;
        }
        Ok(())
    }
}
