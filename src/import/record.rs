//! A feature as bytes, between being read and being written.
//!
//! A record is the box (four numbers; NaN where there is none), the length of the geometry and
//! the geometry, then the values, each with its column. Records are written and read by one
//! process, but a disk may fail: whatever is read is read within its bounds.

use crate::feature::Value;
use crate::geom::{Bbox, Coord, Geometry, GeometryType, PartKind};

/// What of a record is before the geometry: a box and a length.
const HEAD_BYTES: usize = 36;

/// Appends a value of a column.
pub fn push_value(out: &mut Vec<u8>, column: u16, value: Value<'_>) {
    let (tag, fixed, long): (u8, [u8; 8], Option<&[u8]>) = match value {
        Value::Null => return,
        Value::Bool(b) => (1, u64::from(b).to_le_bytes(), None),
        Value::Int(i) => (2, i.to_le_bytes(), None),
        Value::UInt(u) => (3, u.to_le_bytes(), None),
        Value::Float(f) => (4, f.to_le_bytes(), None),
        Value::Text(text) => (5, (text.len() as u64).to_le_bytes(), Some(text.as_bytes())),
        Value::DateTime(text) => (6, (text.len() as u64).to_le_bytes(), Some(text.as_bytes())),
        Value::Json(text) => (7, (text.len() as u64).to_le_bytes(), Some(text.as_bytes())),
        Value::Binary(bytes) => (8, (bytes.len() as u64).to_le_bytes(), Some(bytes)),
    };
    out.extend(column.to_le_bytes());
    out.push(tag);
    out.extend(fixed);
    out.extend(long.unwrap_or_default());
}

/// Calls `visit` with each value, in the order they were pushed; `None` where the bytes are not
/// what [`push_value`] made.
pub fn values(mut bytes: &[u8], visit: &mut dyn FnMut(u16, Value<'_>)) -> Option<()> {
    while !bytes.is_empty() {
        let column = u16::from_le_bytes(take(&mut bytes)?);
        let [tag] = take(&mut bytes)?;
        let fixed: [u8; 8] = take(&mut bytes)?;
        let long = match tag {
            5..=8 => {
                let size = usize::try_from(u64::from_le_bytes(fixed)).ok()?;
                let (long, rest) = bytes.split_at_checked(size)?;
                bytes = rest;
                long
            }
            _ => &[],
        };
        let text = || std::str::from_utf8(long).ok();
        let value = match tag {
            1 => Value::Bool(u64::from_le_bytes(fixed) != 0),
            2 => Value::Int(i64::from_le_bytes(fixed)),
            3 => Value::UInt(u64::from_le_bytes(fixed)),
            4 => Value::Float(f64::from_le_bytes(fixed)),
            5 => Value::Text(text()?),
            6 => Value::DateTime(text()?),
            7 => Value::Json(text()?),
            8 => Value::Binary(long),
            _ => return None,
        };
        visit(column, value);
    }
    Some(())
}

/// Writes a record; `values` is what [`push_value`] made.
pub fn write(out: &mut Vec<u8>, geometry: &Geometry, values: &[u8]) {
    let numbers = match geometry.bbox() {
        Some(b) => [b.min_x, b.min_y, b.max_x, b.max_y],
        None => [f64::NAN; 4],
    };
    out.clear();
    numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
    out.extend([0; 4]);
    if !geometry.is_empty() {
        out.push(code_of(geometry.kind()));
        for part in geometry.parts() {
            out.push(match part.kind {
                PartKind::Points => 1,
                PartKind::Line => 2,
                PartKind::Polygon => 3,
            });
            push_count(out, part.sequences().count());
            for sequence in part.sequences() {
                push_count(out, sequence.len());
                for number in sequence.as_flattened() {
                    out.extend(number.to_le_bytes());
                }
            }
        }
    }
    let length = u32::try_from(out.len().saturating_sub(HEAD_BYTES)).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(HEAD_BYTES - 4..HEAD_BYTES) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    out.extend(values);
}

/// The box of a record; `None` where it has none.
pub fn bbox(record: &[u8]) -> Option<Bbox> {
    let mut bytes = record;
    let mut number = || Some(f64::from_le_bytes(take(&mut bytes)?));
    Bbox::new(number()?, number()?, number()?, number()?)
}

/// Fills `geometry` with that of a record and returns the bytes of its values; `None` where the
/// bytes are not what [`write`] made.
pub fn read<'a>(record: &'a [u8], geometry: &mut Geometry) -> Option<&'a [u8]> {
    let mut bytes = record.get(HEAD_BYTES - 4..)?;
    let length = u32::from_le_bytes(take(&mut bytes)?);
    let (mut shape, values) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    geometry.begin(GeometryType::Unknown);
    if shape.is_empty() {
        return Some(values);
    }
    let [code] = take(&mut shape)?;
    geometry.begin(kind_of(code)?);
    while !shape.is_empty() {
        let [kind] = take(&mut shape)?;
        let kind = match kind {
            1 => PartKind::Points,
            2 => PartKind::Line,
            3 => PartKind::Polygon,
            _ => return None,
        };
        let sequences = u32::from_le_bytes(take(&mut shape)?);
        for _ in 0..sequences {
            let count = usize::try_from(u32::from_le_bytes(take(&mut shape)?)).ok()?;
            let (coords, rest) = shape.split_at_checked(count.checked_mul(16)?)?;
            shape = rest;
            let (numbers, _) = coords.as_chunks::<8>();
            let (pairs, _) = numbers.as_chunks::<2>();
            geometry.extend(
                pairs
                    .iter()
                    .map(|[x, y]| -> Coord { [f64::from_le_bytes(*x), f64::from_le_bytes(*y)] }),
            );
            geometry.end_sequence();
        }
        geometry.end_part(kind);
    }
    Some(values)
}

fn push_count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

const KINDS: [GeometryType; 8] = [
    GeometryType::Unknown,
    GeometryType::Point,
    GeometryType::LineString,
    GeometryType::Polygon,
    GeometryType::MultiPoint,
    GeometryType::MultiLineString,
    GeometryType::MultiPolygon,
    GeometryType::GeometryCollection,
];

fn code_of(kind: GeometryType) -> u8 {
    let place = KINDS.iter().zip(0..).find(|(k, _)| **k == kind);
    place.map_or(0, |(_, code)| code)
}

fn kind_of(code: u8) -> Option<GeometryType> {
    KINDS.get(usize::from(code)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_record_gives_back_geometry_and_values() {
        let mut shape = Geometry::new(GeometryType::GeometryCollection);
        shape.extend([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 0.0]]);
        shape.end_sequence();
        shape.extend([[1.0, 0.5], [2.0, 0.5], [2.0, 1.0], [1.0, 0.5]]);
        shape.end_part(PartKind::Polygon);
        shape.push([9.0, -9.0]);
        shape.end_part(PartKind::Points);
        let given = [
            (0, Value::Text("é")),
            (7, Value::Int(-1)),
            (2, Value::UInt(u64::MAX)),
            (3, Value::Float(0.5)),
            (4, Value::Bool(true)),
            (5, Value::Json("{}")),
            (6, Value::Binary(&[0, 255])),
            (8, Value::DateTime("2024-01-01")),
        ];
        let mut bytes = Vec::new();
        for (column, value) in given {
            push_value(&mut bytes, column, value);
        }
        push_value(&mut bytes, 9, Value::Null);
        let mut record = Vec::new();
        write(&mut record, &shape, &bytes);
        assert_eq!(bbox(&record), Bbox::new(0.0, -9.0, 9.0, 4.0));
        let mut read_shape = Geometry::default();
        let rest = read(&record, &mut read_shape).unwrap();
        assert_eq!(read_shape, shape);
        let mut found = Vec::new();
        values(rest, &mut |column, value| {
            found.push((column, format!("{value:?}")))
        })
        .unwrap();
        let expected: Vec<_> = given.iter().map(|(c, v)| (*c, format!("{v:?}"))).collect();
        assert_eq!(found, expected);
        write(&mut record, &Geometry::default(), &bytes);
        assert_eq!(
            (bbox(&record), read(&record, &mut read_shape)),
            (None, Some(&bytes[..]))
        );
        assert!(read_shape.is_empty());
    }

    proptest! {
        #[test]
        fn other_bytes_are_no_record_and_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut shape = Geometry::default();
            if let Some(rest) = read(&bytes, &mut shape) {
                let _none = values(rest, &mut |_, _| {});
            }
            let _none = values(&bytes, &mut |_, _| {});
        }
    }
}
