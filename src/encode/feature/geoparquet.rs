//! GeoParquet 1.1: one table with WKB geometries and a column of their boxes, by which readers
//! leave out what is far.
//!
//! The file leaves as it is made: groups of rows of at most 16 MB, compressed with Snappy, and at
//! the end what it says of itself. Instants are UTC with microseconds. There is no column of ids:
//! a layer that has one has it among its fields.
//!
//! # Not held
//! A date, an instant or a number of 32 bits that is none, or beyond what its type holds: null.
//! A whole number beyond 2^63 has no type here that readers know: such a table is refused.

use serde_json::{Map, Value as Json, json};

use super::names::unlike;
use super::{FeatureRow, FeatureSet, FeatureWriter, Rest};
use crate::encode::date_time::{day, microseconds};
use crate::encode::simple_features::push_wkb;
use crate::error::{Error, Result};
use crate::feature::{FieldType, Value};
use crate::geom::{Bbox, GeometryType};
use crate::parquet::{Cell, Logical, Physical, Target, Unit, Writer};

/// The group of the boxes' four columns.
const BOXES: &str = "bbox";
const BOUNDS: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];

/// Writes a GeoParquet file.
#[derive(Debug)]
pub struct GeoParquetWriter {
    set: FeatureSet,
    writer: Writer,
    /// What the column of geometries is called; `None` where none is given.
    geometry: Option<String>,
    /// True where the boxes have columns: where no field is called as their group.
    has_boxes: bool,
    crs: Option<Json>,
    kinds: Vec<GeometryType>,
    extent: Option<Bbox>,
    wkb: Vec<u8>,
}

impl GeoParquetWriter {
    /// # Errors
    /// `Internal` where the CRS can't be said.
    pub fn new(set: FeatureSet) -> Result<GeoParquetWriter> {
        let mut taken: Vec<String> = Vec::new();
        let mut columns: Vec<Target> = Vec::new();
        for field in &set.fields {
            // DuckDB does not tell A from a
            let name = unlike(&field.name, &taken);
            taken.push(name.to_lowercase());
            let (physical, logical) = stored(field.kind);
            columns.push(Target {
                group: None,
                name,
                physical,
                logical,
                repeats: matches!(field.kind, FieldType::Text | FieldType::Json),
            });
        }
        let geometry = set.geometry.map(|_| unlike("geometry", &taken));
        let has_boxes = geometry.is_some() && !taken.iter().any(|name| name == BOXES);
        if let Some(name) = &geometry {
            columns.push(Target {
                group: None,
                name: name.clone(),
                physical: Physical::Bytes,
                logical: Logical::Plain,
                repeats: false,
            });
        }
        if has_boxes {
            columns.extend(BOUNDS.map(|name| Target {
                group: Some(BOXES),
                name: name.to_owned(),
                physical: Physical::F32,
                logical: Logical::Plain,
                repeats: false,
            }));
        }
        let crs = match geometry {
            Some(_) => crs(&set)?,
            None => None,
        };
        Ok(GeoParquetWriter {
            set,
            writer: Writer::new(columns),
            geometry,
            has_boxes,
            crs,
            kinds: Vec::new(),
            extent: None,
            wkb: Vec::new(),
        })
    }

    /// What the file says under `geo` (GeoParquet 1.1, "File metadata").
    fn metadata(&self, geometry: &str) -> String {
        let mut kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        kinds.sort_unstable();
        let mut column = Map::new();
        column.insert("encoding".to_owned(), "WKB".into());
        column.insert("geometry_types".to_owned(), kinds.into());
        // no word of it means longitude and latitude, null that it is not known
        if !self.set.crs.is_crs84() {
            column.insert("crs".to_owned(), self.crs.clone().unwrap_or(Json::Null));
        }
        if let Some(b) = &self.extent {
            column.insert(
                "bbox".to_owned(),
                json!([b.min_x, b.min_y, b.max_x, b.max_y]),
            );
        }
        if self.has_boxes {
            let paths = BOUNDS.map(|bound| (bound.to_owned(), json!([BOXES, bound])));
            let paths: Map<String, Json> = paths.into_iter().collect();
            column.insert("covering".to_owned(), json!({ BOXES: paths }));
        }
        json!({
            "version": "1.1.0",
            "primary_column": geometry,
            "columns": { geometry: column },
        })
        .to_string()
    }
}

impl FeatureWriter for GeoParquetWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.writer.begin(out);
        Ok(())
    }

    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        for (field, nth) in self.set.fields.iter().zip(0_usize..) {
            let value = row.feature.value(field.column);
            let stored = cell(value, field.kind).ok_or_else(|| Error::LimitExceeded {
                what: "a number of a Parquet column",
                limit: i64::MAX.unsigned_abs(),
                found: match value {
                    Value::UInt(number) => number,
                    _ => u64::MAX,
                },
            })?;
            self.writer.put(nth, stored);
        }
        let mut nth = self.set.fields.len();
        if self.geometry.is_some() {
            let found = row.geometry.and_then(|shape| Some((shape, shape.bbox()?)));
            match found {
                Some((shape, bbox)) => {
                    self.wkb.clear();
                    let kind = push_wkb(&mut self.wkb, shape);
                    self.writer.put(nth, Cell::Bytes(&self.wkb));
                    if let Some(kind) = kind.filter(|kind| !self.kinds.contains(kind)) {
                        self.kinds.push(kind);
                    }
                    let extent = self.extent.map_or(bbox, |all| all.union(&bbox));
                    self.extent = Some(extent);
                }
                None => self.writer.put(nth, Cell::Null),
            }
            nth += 1;
            if self.has_boxes {
                let bounds = found.map(|(_, b)| outwards(&b).map(Cell::F32));
                for (bound, column) in bounds.unwrap_or([Cell::Null; 4]).into_iter().zip(nth..) {
                    self.writer.put(column, bound);
                }
            }
        }
        self.writer.end_row(out);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        let geo = self.geometry.as_deref().map(|name| self.metadata(name));
        let words: Vec<(&str, &str)> = geo.iter().map(|geo| ("geo", geo.as_str())).collect();
        self.writer.end(&words, out);
        Ok(Rest::Done)
    }
}

/// The CRS as PROJJSON; `None` where it can't be said.
fn crs(set: &FeatureSet) -> Result<Option<Json>> {
    if set.crs.is_crs84() {
        return Ok(None);
    }
    Ok(serde_json::from_str(&set.crs.projjson()?).ok())
}

/// How the values of a field are stored, and what they mean.
fn stored(kind: FieldType) -> (Physical, Logical) {
    let instant = Logical::Timestamp {
        unit: Unit::Micros,
        is_utc: true,
    };
    match kind {
        FieldType::Bool => (Physical::Bool, Logical::Plain),
        FieldType::Integer => (Physical::I32, Logical::Plain),
        FieldType::Long => (Physical::I64, Logical::Plain),
        FieldType::Float => (Physical::F64, Logical::Plain),
        FieldType::Text => (Physical::Bytes, Logical::Text),
        FieldType::Date => (Physical::I32, Logical::Date),
        FieldType::DateTime => (Physical::I64, instant),
        FieldType::Json => (Physical::Bytes, Logical::Json),
        FieldType::Binary => (Physical::Bytes, Logical::Plain),
    }
}

/// A value as its column stores it; `None` for a whole number that is beyond it.
fn cell(value: Value<'_>, kind: FieldType) -> Option<Cell<'_>> {
    Some(match (kind, value) {
        (FieldType::Bool, Value::Bool(value)) => Cell::Bool(value),
        (FieldType::Integer, Value::Int(value)) => {
            i32::try_from(value).map_or(Cell::Null, Cell::I32)
        }
        (FieldType::Integer, Value::UInt(value)) => {
            i32::try_from(value).map_or(Cell::Null, Cell::I32)
        }
        (FieldType::Long, Value::Int(value)) => Cell::I64(value),
        (FieldType::Long, Value::UInt(value)) => Cell::I64(i64::try_from(value).ok()?),
        (FieldType::Float, value) => value.as_f64().map_or(Cell::Null, Cell::F64),
        (FieldType::Date, value) => value.as_str().and_then(days).map_or(Cell::Null, Cell::I32),
        (FieldType::DateTime, value) => {
            let micros = value.as_str().and_then(microseconds);
            micros.map_or(Cell::Null, Cell::I64)
        }
        (FieldType::Text | FieldType::Json, value) => value
            .as_str()
            .map_or(Cell::Null, |text| Cell::Bytes(text.as_bytes())),
        (FieldType::Binary, Value::Binary(bytes)) => Cell::Bytes(bytes),
        _ => Cell::Null,
    })
}

/// Days from 1970-01-01 to the day that a text begins with.
fn days(text: &str) -> Option<i32> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let between = day(text)?.since(epoch).ok()?;
    Some(between.get_days())
}

/// A box in numbers of 32 bits that holds all that it did.
fn outwards(b: &Bbox) -> [f32; 4] {
    let below = |bound: f64| {
        let near = bound as f32;
        if f64::from(near) > bound {
            near.next_down()
        } else {
            near
        }
    };
    let above = |bound: f64| {
        let near = bound as f32;
        if f64::from(near) < bound {
            near.next_up()
        } else {
            near
        }
    };
    [
        below(b.min_x),
        below(b.min_y),
        above(b.max_x),
        above(b.max_y),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_never_shrinks_and_a_number_that_fits_stays() {
        let b = Bbox::new(0.1, -0.1, 840_000.3, 6_519_000.5).unwrap();
        let [x0, y0, x1, y1] = outwards(&b).map(f64::from);
        assert!(x0 <= 0.1 && y0 <= -0.1 && (840_000.3..840_000.5).contains(&x1));
        assert_eq!(y1, 6_519_000.5);
    }

    #[test]
    fn days_are_counted_from_1970_in_both_directions() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1969-12-31", Some(-1)),
            ("2024-02-29T12:00:00", Some(19_782)),
            ("0001-01-01", Some(-719_162)),
            ("hier", None),
        ] {
            assert_eq!(days(text), expected, "{text}");
        }
    }
}
