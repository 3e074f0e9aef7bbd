//! Separated values: separator, encoding and the columns of the position are found, types are
//! guessed from all values.
//!
//! An empty field is null, quoted or not; spaces around a value are no part of it. A row with
//! more fields than there are columns is left out: its values would stand in the wrong columns.
//!
//! # Not supported
//! UTF-16, and files without a line of column names: refused.

mod columns;
mod records;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::intake::Intake;
use super::notes::Kind;
use super::source::{Column, CrsFound, Declared, Head, Place, Source};
use super::text::Texts;
use super::{Options, geojson, stem, wkb, wkt};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::feature::Value;
use crate::geom::{Bbox, Geometry, GeometryType, PartKind};
use columns::{NamedCrs, Position};
use records::{Record, Records};

/// What is looked at to find the separator and the columns.
const HEAD_BYTES: u64 = 256 << 10;
/// Records of it that must agree.
const HEAD_RECORDS: usize = 50;
const SEPARATORS: [u8; 4] = [b';', b',', b'\t', b'|'];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file of separated values.
pub struct Csv {
    path: PathBuf,
    head: Head,
    separator: u8,
    texts: Texts,
    position: Position,
    /// The number of each field's column; `None` for those of the position.
    columns: Vec<Option<u16>>,
}

/// Opens a file and finds how it is written.
///
/// # Errors
/// `Io`; `Data` where it is no such table, or does not say where its rows lie.
pub fn open(path: &Path, options: &Options) -> Result<Box<dyn Source>> {
    let fault = |message: String| Error::data(path, message);
    let file = File::open(path).map_err(|e| Error::io(path, &e))?;
    let bytes = file.metadata().map_err(|e| Error::io(path, &e))?.len();
    let mut start = Vec::new();
    file.take(HEAD_BYTES)
        .read_to_end(&mut start)
        .map_err(|e| Error::io(path, &e))?;
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Err(fault(
            "is UTF-16: save it as UTF-8 (in Excel: \"CSV UTF-8\")".to_owned(),
        ));
    }
    let texts = texts(options)?;
    let body = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&start);
    if body.is_empty() {
        return Err(fault(
            "is empty: expected a line of column names".to_owned(),
        ));
    }
    let separator = separator(body);
    let sample = sample(body, separator);
    let Some((names, rows)) = sample.split_first() else {
        return Err(fault("expected a line of column names".to_owned()));
    };
    let decoded = |fields: &[Vec<u8>]| -> Vec<String> {
        let decode = |field: &Vec<u8>| texts.decode(field).0.trim().to_owned();
        fields.iter().map(decode).collect()
    };
    let names = decoded(names);
    let (position, named) = match &options.xy {
        Some((x, y)) => {
            let at = |wanted: &str| {
                names.iter().position(|name| name == wanted).ok_or_else(|| {
                    let near = crate::error::nearest(wanted, names.iter().map(String::as_str));
                    let near = near.map_or(String::new(), |n| format!(", did you mean {n:?}?"));
                    fault(format!("no column {wanted:?}{near}"))
                })
            };
            (Position::Xy(at(x)?, at(y)?), NamedCrs::Unsaid)
        }
        None => columns::find(&names).ok_or_else(|| fault(no_position(&names)))?,
    };
    let used: Vec<usize> = match position {
        Position::Xy(x, y) => vec![x, y],
        Position::LatLon(one) | Position::Shape(one) => vec![one],
    };
    let mut head = Head {
        name: stem(path),
        bytes,
        ..Head::default()
    };
    let mut columns = Vec::with_capacity(names.len());
    for (name, nth) in names.iter().zip(0..) {
        if used.contains(&nth) {
            columns.push(None);
            continue;
        }
        columns.push(u16::try_from(head.columns.len()).ok());
        head.columns.push(Column::new(name, Declared::Nothing));
    }
    let named_used = used
        .iter()
        .filter_map(|n| names.get(*n).map(String::as_str));
    let named_used = named_used.collect::<Vec<_>>().join(", ");
    head.notes.push(format!(
        "separator {:?}; the position is read from {named_used}, which {} no field",
        char::from(separator),
        if used.len() == 1 { "is" } else { "are" },
    ));
    let mut csv = Csv {
        path: path.to_owned(),
        head,
        separator,
        texts,
        position,
        columns,
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| decoded(row)).collect();
    csv.look_at(&rows, named, &named_used)?;
    Ok(Box::new(csv))
}

fn texts(options: &Options) -> Result<Texts> {
    match &options.encoding {
        None => Ok(Texts::Guessed),
        Some(label) => Texts::of_label(label).ok_or_else(|| {
            let message = format!("no encoding {label:?}: expected e.g. utf-8, windows-1252");
            Error::parameter("--encoding", message)
        }),
    }
}

fn no_position(names: &[String]) -> String {
    let shown = names.iter().take(12).map(|n| format!("{n:?}"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more = if names.len() > 12 { ", …" } else { "" };
    format!(
        "expected columns of the position (longitude and latitude, lon and lat, x and y, wkt, geom, …), \
         found {shown}{more}: --xy X,Y names the two columns"
    )
}

/// The separator that parts most records into as many fields as the first.
fn separator(start: &[u8]) -> u8 {
    let score = |separator: u8| {
        let records = sample(start, separator);
        let first = records.first().map_or(0, Vec::len);
        let same = records.iter().filter(|r| r.len() == first).count();
        // one field in each record says nothing
        let share = (same * 100).checked_div(records.len()).unwrap_or(0);
        (first > 1, share, first)
    };
    let best = SEPARATORS.into_iter().rev().max_by_key(|s| score(*s));
    best.unwrap_or(b',')
}

/// The first records; the last one may be cut and is left out where there are others.
fn sample(start: &[u8], separator: u8) -> Vec<Vec<Vec<u8>>> {
    let mut records = Records::new(start, separator);
    let mut record = Record::default();
    let mut found: Vec<Vec<Vec<u8>>> = Vec::new();
    while found.len() < HEAD_RECORDS && matches!(records.next(&mut record), Ok(true)) {
        if !record.is_blank() {
            found.push(record.fields().map(<[u8]>::to_vec).collect());
        }
    }
    let is_cut = start.len() as u64 >= HEAD_BYTES - BYTE_ORDER_MARK.len() as u64;
    if is_cut && found.len() > 1 && found.len() < HEAD_RECORDS {
        found.pop();
    }
    found
}

impl Csv {
    /// Where the first rows lie, and what they and the names say of the CRS.
    fn look_at(&mut self, rows: &[Vec<String>], named: NamedCrs, columns: &str) -> Result<()> {
        let mut shape = Geometry::default();
        let mut srid = None;
        let mut is_geojson = false;
        for row in rows {
            let mut one = Geometry::default();
            if let Ok(found) = self.place(row, &mut one) {
                srid = srid.or(found.srid);
                is_geojson |= found.is_geojson;
            }
            shape.extend(
                one.coords()
                    .iter()
                    .copied()
                    .filter(|c| c.iter().all(|n| n.is_finite())),
            );
        }
        self.head.extent = Bbox::around(shape.coords());
        let degrees = || Crs::from_epsg(4326);
        self.head.crs = match named {
            NamedCrs::Degrees => CrsFound::Known(degrees()?, format!("by the names of {columns}")),
            NamedCrs::Lambert93 => {
                CrsFound::Known(Crs::from_epsg(2154)?, format!("by the names of {columns}"))
            }
            NamedCrs::Unsaid if is_geojson => CrsFound::Known(
                degrees()?,
                "GeoJSON is in longitude and latitude".to_owned(),
            ),
            NamedCrs::Unsaid => match srid.filter(|n| *n > 0) {
                Some(srid) => match Crs::from_epsg(srid) {
                    Ok(crs) => CrsFound::Known(crs, format!("SRID={srid}")),
                    Err(error) => CrsFound::Unknown(error.to_string()),
                },
                None => CrsFound::Unknown(format!("{columns} do not say their CRS")),
            },
        };
        Ok(())
    }

    /// Fills a geometry from the fields of a row.
    fn place(&self, row: &[String], out: &mut Geometry) -> Result<Placed, String> {
        let field = |n: usize| row.get(n).map_or("", |field| field.trim());
        let point = |out: &mut Geometry, x: f64, y: f64| {
            out.begin(GeometryType::Point);
            out.push([x, y]);
            out.end_part(PartKind::Points);
        };
        let mut placed = Placed::default();
        match self.position {
            Position::Xy(x, y) => {
                let (x, y) = (field(x), field(y));
                if x.is_empty() && y.is_empty() {
                    return Ok(placed);
                }
                let read = |text: &str| {
                    columns::number(text).ok_or("a coordinate is no number".to_owned())
                };
                point(out, read(x)?, read(y)?);
            }
            Position::LatLon(one) => {
                let text = field(one);
                if !text.is_empty() {
                    let (lat, lon) =
                        columns::pair(text).ok_or("expected latitude, longitude".to_owned())?;
                    point(out, lon, lat);
                }
            }
            Position::Shape(one) => {
                let text = field(one);
                if text.is_empty() {
                } else if text.starts_with('{') {
                    placed.is_geojson = true;
                    geojson::read_geometry(text.as_bytes(), out)?;
                } else if text.len() > 9 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
                    let bytes =
                        hexadecimal(text).ok_or("odd number of hexadecimal digits".to_owned())?;
                    placed.take(wkb::read(&bytes, out)?);
                } else {
                    placed.take(wkt::read(text, out)?);
                }
            }
        }
        Ok(placed)
    }
}

/// What a geometry in a text said beside its positions.
#[derive(Default)]
struct Placed {
    srid: Option<u32>,
    is_geojson: bool,
    has_z: bool,
    has_m: bool,
}

impl Placed {
    fn take(&mut self, found: wkb::Found) {
        self.srid = found.srid;
        self.has_z = found.has_z;
        self.has_m = found.has_m;
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |b: &u8| {
        char::from(*b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[a, b]| Some(digit(a)? << 4 | digit(b)?));
    rest.is_empty().then(|| bytes.collect())?
}

impl Source for Csv {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&mut self, intake: &mut Intake) -> Result<()> {
        let path = self.path.clone();
        let io = |e: std::io::Error| Error::io(&path, &e);
        let mut file = BufReader::with_capacity(256 << 10, File::open(&path).map_err(io)?);
        let mut mark = [0; 3];
        let has_mark = file.read_exact(&mut mark).is_ok() && mark == BYTE_ORDER_MARK;
        if !has_mark {
            file = BufReader::with_capacity(256 << 10, File::open(&path).map_err(io)?);
        }
        let mut records = Records::new(file, self.separator);
        let mut record = Record::default();
        let mut row: Vec<String> = Vec::new();
        let mut names_read = false;
        let mut not_utf8 = 0_u64;
        while records.next(&mut record).map_err(|fault| fault.of(&path))? {
            if record.is_blank() {
                continue;
            }
            if !names_read {
                names_read = true;
                continue;
            }
            let place = Place::Line(record.line);
            let width = self.columns.len();
            let more = record.fields().skip(width).any(|field| !field.is_empty());
            if more {
                let found = record.len();
                intake.refuse(place, &format!("expected {width} fields, found {found}"));
                continue;
            }
            // of one record all or nothing is UTF-8
            let fell_back = self.texts.decode(record.bytes()).1;
            not_utf8 += u64::from(fell_back);
            let fallback = Texts::Said(encoding_rs::WINDOWS_1252);
            let texts = if fell_back { &fallback } else { &self.texts };
            row.resize(width, String::new());
            let fields = record.fields().map(Some).chain(std::iter::repeat(None));
            for (text, field) in row.iter_mut().zip(fields) {
                text.clear();
                text.push_str(&texts.decode(field.unwrap_or_default()).0);
            }
            intake.begin(place);
            match self.place(&row, intake.geometry()) {
                Ok(placed) => intake.saw(placed.has_z, placed.has_m),
                Err(why) => {
                    intake.refuse(place, &why);
                    continue;
                }
            }
            if record.len() < width {
                intake.note(
                    Kind::Changed,
                    "fields are missing at the end of the row: null",
                );
            }
            for (text, column) in row.iter().zip(&self.columns) {
                let text = text.trim();
                if let (Some(column), false) = (column, text.is_empty()) {
                    intake.value(*column, Value::Text(text));
                }
            }
            intake.end()?;
            intake.read_to(records.read_bytes())?;
        }
        if not_utf8 > 0 {
            let note = format!("encoding Windows-1252: {not_utf8} rows are not UTF-8");
            self.head.notes.push(note);
        }
        Ok(())
    }
}
