//! The shapes of a shapefile (Esri, "ESRI Shapefile Technical Description", July 1998).

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;

use super::rings;
use crate::geom::{Coord, Geometry, GeometryType, PartKind};

/// The head of both .shp and .shx.
const HEAD_BYTES: u64 = 100;
/// The head of a record, and an entry of the index.
const RECORD_HEAD_BYTES: u64 = 8;
/// The largest shape: 16 million positions.
const MAX_RECORD_BYTES: u64 = 256 << 20;

/// The shapes of a file, in the order of their records.
pub struct Shapes {
    file: File,
    size: u64,
    /// The index, where there is a sound one: a file that was edited has holes between records.
    index: Option<BufReader<File>>,
    /// Where the next record is, without an index.
    at: u64,
    /// Bytes of records that were read: an index may not name the same ones for ever.
    read: u64,
    /// As the head says.
    pub kind: u32,
    pub extent: [f64; 4],
}

/// A record.
pub enum Shape<'b> {
    /// What it holds, from its type on.
    Bytes(&'b [u8]),
    /// Why it can't be read.
    Fault(String),
}

impl Shapes {
    /// # Errors
    /// Why this is no .shp, in words.
    pub fn open(file: File, size: u64, index: Option<(File, u64)>) -> Result<Shapes, String> {
        let mut head = [0; HEAD_BYTES as usize];
        file.read_exact_at(&mut head, 0)
            .map_err(|_| format!("expected a .shp of {HEAD_BYTES} bytes or more, found {size}"))?;
        let code = be_u32(&head, 0).unwrap_or(0);
        if code != 9994 {
            return Err(format!(
                "expected 9994 at the start of a .shp, found {code}"
            ));
        }
        let number = |at: usize| le_f64(&head, at).unwrap_or(f64::NAN);
        let index = index.and_then(|(file, size)| sound_index(file, size));
        Ok(Shapes {
            kind: le_u32(&head, 32).unwrap_or(0),
            extent: [number(36), number(44), number(52), number(60)],
            file,
            size,
            index,
            at: HEAD_BYTES,
            read: 0,
        })
    }

    pub fn has_index(&self) -> bool {
        self.index.is_some()
    }

    pub fn read_bytes(&self) -> u64 {
        self.read
    }

    /// Reads the next record into `buffer`; `None` at the end.
    ///
    /// # Errors
    /// Why nothing that follows can be found, in words.
    pub fn next<'b>(&mut self, buffer: &'b mut Vec<u8>) -> Result<Option<Shape<'b>>, String> {
        let at = match &mut self.index {
            Some(index) => {
                let mut entry = [0; RECORD_HEAD_BYTES as usize];
                if index.read_exact(&mut entry).is_err() {
                    return Ok(None);
                }
                u64::from(be_u32(&entry, 0).unwrap_or(0)) * 2
            }
            None if self.at >= self.size => return Ok(None),
            None => self.at,
        };
        let mut head = [0; RECORD_HEAD_BYTES as usize];
        if self.file.read_exact_at(&mut head, at).is_err() {
            return match self.index {
                Some(_) => Ok(Some(Shape::Fault(
                    "the record lies beyond the end of the .shp".to_owned(),
                ))),
                None => Err(format!("is cut at byte {at}")),
            };
        }
        // counted in words of two bytes
        let length = u64::from(be_u32(&head, 4).unwrap_or(0)) * 2;
        let start = at.saturating_add(RECORD_HEAD_BYTES);
        let end = start.saturating_add(length);
        if end > self.size || length > MAX_RECORD_BYTES {
            return match self.index {
                Some(_) => Ok(Some(Shape::Fault("the record is cut".to_owned()))),
                None => Err(format!("is cut or damaged at byte {at}")),
            };
        }
        self.at = end;
        self.read = self.read.saturating_add(length + RECORD_HEAD_BYTES);
        if self.read > self.size.saturating_mul(2) {
            return Err("the .shx names the same records again and again".to_owned());
        }
        let length = usize::try_from(length).unwrap_or(0);
        buffer.resize(length, 0);
        self.file
            .read_exact_at(buffer, start)
            .map_err(|e| e.to_string())?;
        Ok(Some(Shape::Bytes(buffer)))
    }
}

/// An index whose head and size make sense, at its first entry.
fn sound_index(file: File, size: u64) -> Option<BufReader<File>> {
    let mut index = BufReader::with_capacity(64 << 10, file);
    let mut head = [0; HEAD_BYTES as usize];
    index.read_exact(&mut head).ok()?;
    let entries = size.checked_sub(HEAD_BYTES)?;
    let is_sound = be_u32(&head, 0) == Some(9994) && entries.is_multiple_of(RECORD_HEAD_BYTES);
    is_sound.then_some(index)
}

/// What a shape has beside x and y.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    pub has_z: bool,
    pub has_m: bool,
}

/// What a type of shapes has beside x and y.
pub fn beside(kind: u32) -> Beside {
    Beside {
        has_z: (11..=18).contains(&kind),
        has_m: (21..=28).contains(&kind),
    }
}

/// Fills `out` with the shape of a record; empty for a null shape. Returns what was odd about its
/// rings.
///
/// # Errors
/// What was expected and what was found, in words.
pub fn read(record: &[u8], out: &mut Geometry) -> Result<Option<&'static str>, String> {
    let kind = le_u32(record, 0).ok_or("the record is empty")?;
    out.begin(GeometryType::Unknown);
    match kind {
        0 => Ok(None),
        1 | 11 | 21 => {
            let at = |at| le_f64(record, at).ok_or("the point is cut");
            out.begin(GeometryType::Point);
            out.push([at(4)?, at(12)?]);
            out.end_part(PartKind::Points);
            Ok(None)
        }
        8 | 18 | 28 => {
            let count = le_u32(record, 36).ok_or("the record is cut")?;
            out.begin(GeometryType::MultiPoint);
            out.extend(positions(record, 40, count)?);
            out.end_part(PartKind::Points);
            Ok(None)
        }
        3 | 13 | 23 | 5 | 15 | 25 => {
            let lines = lines(record)?;
            if kind % 10 == 5 {
                return Ok(rings::polygons(&lines, out));
            }
            out.begin(match lines.len() {
                0 | 1 => GeometryType::LineString,
                _ => GeometryType::MultiLineString,
            });
            for line in lines {
                out.extend(line);
                out.end_part(PartKind::Line);
            }
            Ok(None)
        }
        31 => Err("MultiPatch (surfaces in space) is not read".to_owned()),
        other => Err(format!("expected a type of shape, found {other}")),
    }
}

/// The lines or rings of a record.
fn lines(record: &[u8]) -> Result<Vec<Vec<Coord>>, String> {
    let cut = || "the record is cut".to_owned();
    let parts = le_u32(record, 36).ok_or_else(cut)?;
    let count = le_u32(record, 40).ok_or_else(cut)?;
    let starts_end = usize::try_from(parts)
        .ok()
        .and_then(|parts| parts.checked_mul(4)?.checked_add(44))
        .filter(|end| *end <= record.len())
        .ok_or_else(cut)?;
    let positions = positions(record, starts_end, count)?;
    let (starts, _) = record
        .get(44..starts_end)
        .unwrap_or_default()
        .as_chunks::<4>();
    let starts: Vec<usize> = starts
        .iter()
        .map(|bytes| usize::try_from(u32::from_le_bytes(*bytes)).unwrap_or(usize::MAX))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([positions.len()]);
    let mut lines = Vec::with_capacity(starts.len());
    for (start, end) in starts.iter().zip(ends) {
        let line = positions
            .get(*start..end)
            .ok_or_else(|| "the parts are out of order".to_owned())?;
        lines.push(line.to_vec());
    }
    Ok(lines)
}

fn positions(record: &[u8], at: usize, count: u32) -> Result<Vec<Coord>, String> {
    let end = usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_mul(16)?.checked_add(at));
    let bytes = end
        .and_then(|end| record.get(at..end))
        .ok_or_else(|| format!("the record is cut: {count} positions are announced"))?;
    let (numbers, _) = bytes.as_chunks::<8>();
    let (pairs, _) = numbers.as_chunks::<2>();
    let number = |bytes: &[u8; 8]| f64::from_le_bytes(*bytes);
    Ok(pairs.iter().map(|[x, y]| [number(x), number(y)]).collect())
}

fn be_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

fn le_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

fn le_f64(bytes: &[u8], at: usize) -> Option<f64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(f64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(kind: u32, parts: &[u32], positions: &[Coord]) -> Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend([0; 32]);
        bytes.extend(u32::try_from(parts.len()).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(positions.len()).unwrap().to_le_bytes());
        parts.iter().for_each(|p| bytes.extend(p.to_le_bytes()));
        let numbers = positions.as_flattened().iter();
        numbers.for_each(|n| bytes.extend(n.to_le_bytes()));
        bytes
    }

    #[test]
    fn lines_and_their_parts_are_read() {
        let mut out = Geometry::default();
        let line = record(
            3,
            &[0, 2],
            &[[0.0, 0.0], [1.0, 1.0], [5.0, 5.0], [6.0, 6.0]],
        );
        read(&line, &mut out).unwrap();
        assert_eq!(out.kind(), GeometryType::MultiLineString);
        assert_eq!(out.parts().count(), 2);
        for length in 0..line.len() {
            assert!(read(&line[..length], &mut out).is_err(), "{length}");
        }
        for parts in [&[0, 9][..], &[2, 0]] {
            let wrong = record(3, parts, &[[0.0, 0.0], [1.0, 1.0]]);
            assert!(read(&wrong, &mut out).is_err());
        }
        assert!(
            read(&31_u32.to_le_bytes(), &mut out)
                .unwrap_err()
                .contains("MultiPatch")
        );
        assert!(read(&[0; 4], &mut out).is_ok() && out.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..160),
            kind in 0..32_u8,
            count in 0..4_u8,
        ) {
            bytes.splice(0..0, [kind, 0, 0, 0]);
            for at in [36, 40] {
                if let Some(place) = bytes.get_mut(at..at + 4) {
                    place.copy_from_slice(&[count, 0, 0, 0]);
                }
            }
            let _any = read(&bytes, &mut Geometry::default());
        }
    }
}
