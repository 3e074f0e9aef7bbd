//! Well-known binary: of ISO (OGC 06-103r4 §8) and of PostGIS (EWKB).

use crate::geom::{Coord, Geometry, GeometryType, PartKind};
use crate::store::fgb::linearise;

/// Geometries in geometries; a surface of compound curves in a collection has five.
const MAX_DEPTH: usize = 16;

/// Positions of one arc string, and of the line that curves become: an arc becomes 90 positions.
const MAX_ARC_POSITIONS: usize = 200_000;
const MAX_CURVE_POSITIONS: usize = 20_000_000;

/// What a geometry says beside its positions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// The number of a CRS, where there is one.
    pub srid: Option<u32>,
    pub has_z: bool,
    pub has_m: bool,
    /// Arcs were made lines.
    pub has_curves: bool,
}

/// Fills `out` with a geometry, curves as lines of at most 4° an arc.
///
/// # Errors
/// What was expected and what was found, in words.
pub fn read(bytes: &[u8], out: &mut Geometry) -> Result<Found, String> {
    let mut reader = Reader {
        rest: bytes,
        found: Found::default(),
    };
    out.begin(GeometryType::Unknown);
    let kind = reader.geometry(out, 0)?;
    out.set_kind(kind);
    Ok(reader.found)
}

struct Reader<'b> {
    rest: &'b [u8],
    found: Found,
}

/// The head of a geometry.
struct Head {
    is_little: bool,
    /// 1 to 17.
    code: u32,
    /// Numbers of a position.
    dimensions: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (first, rest) = self.rest.split_first_chunk::<N>().ok_or("the WKB is cut")?;
        self.rest = rest;
        Ok(*first)
    }

    fn head(&mut self) -> Result<Head, String> {
        let is_little = match self.take::<1>()? {
            [0] => false,
            [1] => true,
            [other] => {
                return Err(format!(
                    "expected 0 or 1 as the byte order of WKB, found {other}"
                ));
            }
        };
        let stored = self.u32(is_little)?;
        let flags = stored >> 29;
        let number = stored & 0x1fff_ffff;
        let (code, dimension) = (number % 1000, number / 1000);
        if !(1..=17).contains(&code) || dimension > 3 || matches!(code, 13 | 14) {
            return Err(format!("expected a type of WKB, found {stored}"));
        }
        let has_z = flags & 4 != 0 || matches!(dimension, 1 | 3);
        let has_m = flags & 2 != 0 || matches!(dimension, 2 | 3);
        if flags & 1 != 0 {
            self.found.srid = Some(self.u32(is_little)?);
        }
        self.found.has_z |= has_z;
        self.found.has_m |= has_m;
        Ok(Head {
            is_little,
            code,
            dimensions: 2 + usize::from(has_z) + usize::from(has_m),
        })
    }

    fn u32(&mut self, is_little: bool) -> Result<u32, String> {
        let bytes = self.take()?;
        Ok(match is_little {
            true => u32::from_le_bytes(bytes),
            false => u32::from_be_bytes(bytes),
        })
    }

    /// Reads a geometry and returns its type; its parts are ended but not those of curves.
    fn geometry(&mut self, out: &mut Geometry, depth: usize) -> Result<GeometryType, String> {
        if depth > MAX_DEPTH {
            return Err("geometries lie too deep in each other".to_owned());
        }
        let head = self.head()?;
        Ok(match head.code {
            1 => {
                let position = self.position(&head)?;
                // an empty point is one of two NaN
                if !position.iter().all(|n| n.is_nan()) {
                    out.push(position);
                }
                out.end_part(PartKind::Points);
                GeometryType::Point
            }
            2 | 8 | 9 => {
                let mut line = Vec::new();
                self.curve(&head, &mut line, depth)?;
                out.extend(line);
                out.end_part(PartKind::Line);
                GeometryType::LineString
            }
            3 | 17 => {
                for _ in 0..self.u32(head.is_little)? {
                    self.positions(&head, &mut |position| out.push(position))?;
                    out.end_sequence();
                }
                out.end_part(PartKind::Polygon);
                GeometryType::Polygon
            }
            10 => {
                for _ in 0..self.u32(head.is_little)? {
                    let mut ring = Vec::new();
                    let curve = self.head()?;
                    self.curve(&curve, &mut ring, depth + 1)?;
                    out.extend(ring);
                    out.end_sequence();
                }
                out.end_part(PartKind::Polygon);
                GeometryType::Polygon
            }
            4 => {
                for _ in 0..self.u32(head.is_little)? {
                    let point = self.head()?;
                    if point.code != 1 {
                        return Err("expected points in a MultiPoint".to_owned());
                    }
                    let position = self.position(&point)?;
                    out.push(position);
                }
                out.end_part(PartKind::Points);
                GeometryType::MultiPoint
            }
            other => {
                for _ in 0..self.u32(head.is_little)? {
                    let part = self.geometry(out, depth + 1)?;
                    let fits = match other {
                        5 | 11 => part == GeometryType::LineString,
                        6 | 12 | 15 | 16 => part == GeometryType::Polygon,
                        _ => true,
                    };
                    if !fits {
                        return Err(format!("a {} does not belong there", part.name()));
                    }
                }
                match other {
                    5 | 11 => GeometryType::MultiLineString,
                    7 => GeometryType::GeometryCollection,
                    _ => GeometryType::MultiPolygon,
                }
            }
        })
    }

    /// A line, an arc string or a compound of both, whose head was read.
    fn curve(&mut self, head: &Head, line: &mut Vec<Coord>, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err("curves lie too deep in each other".to_owned());
        }
        match head.code {
            2 => self.positions(head, &mut |position| line.push(position)),
            8 => {
                let mut arc = Vec::new();
                self.positions(head, &mut |position| arc.push(position))?;
                if arc.len() > MAX_ARC_POSITIONS || line.len() > MAX_CURVE_POSITIONS {
                    return Err("the curves have too many arcs".to_owned());
                }
                self.found.has_curves = true;
                line.extend(arc.first());
                linearise(arc.into_iter(), |position| line.push(position));
                Ok(())
            }
            9 => {
                for _ in 0..self.u32(head.is_little)? {
                    let part = self.head()?;
                    self.curve(&part, line, depth + 1)?;
                }
                Ok(())
            }
            other => Err(format!("expected a curve, found the WKB type {other}")),
        }
    }

    fn positions(&mut self, head: &Head, push: &mut dyn FnMut(Coord)) -> Result<(), String> {
        let count = self.u32(head.is_little)?;
        let size = u64::from(count).saturating_mul(8 * head.dimensions as u64);
        if size > self.rest.len() as u64 {
            return Err(format!("the WKB is cut: {count} positions are announced"));
        }
        for _ in 0..count {
            push(self.position(head)?);
        }
        Ok(())
    }

    fn position(&mut self, head: &Head) -> Result<Coord, String> {
        let mut position = [0.0; 2];
        for nth in 0..head.dimensions {
            let bytes = self.take()?;
            let number = match head.is_little {
                true => f64::from_le_bytes(bytes),
                false => f64::from_be_bytes(bytes),
            };
            // heights and measures are read over
            if let Some(place) = position.get_mut(nth) {
                *place = number;
            }
        }
        Ok(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(order: u8, code: u32, numbers: &[f64]) -> Vec<u8> {
        let mut bytes = vec![order];
        let little = order == 1;
        bytes.extend(if little {
            code.to_le_bytes()
        } else {
            code.to_be_bytes()
        });
        for n in numbers {
            bytes.extend(if little {
                n.to_le_bytes()
            } else {
                n.to_be_bytes()
            });
        }
        bytes
    }

    fn nested(code: u32, parts: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![1];
        bytes.extend(code.to_le_bytes());
        bytes.extend(u32::try_from(parts.len()).unwrap().to_le_bytes());
        parts.iter().for_each(|part| bytes.extend(part));
        bytes
    }

    fn line(code: u32, positions: &[Coord]) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = positions
            .iter()
            .map(|p| p.iter().flat_map(|n| n.to_le_bytes()).collect())
            .collect();
        nested(code, &parts)
    }

    #[test]
    fn both_byte_orders_and_all_dimensions_are_read() {
        let mut out = Geometry::default();
        for (bytes, z, m) in [
            (point(0, 1, &[1.0, 2.0]), false, false),
            (point(1, 1, &[1.0, 2.0]), false, false),
            (point(1, 1001, &[1.0, 2.0, 3.0]), true, false),
            (point(1, 2001, &[1.0, 2.0, 3.0]), false, true),
            (point(0, 3001, &[1.0, 2.0, 3.0, 4.0]), true, true),
            (point(1, 0x8000_0001, &[1.0, 2.0, 3.0]), true, false),
        ] {
            let found = read(&bytes, &mut out).unwrap();
            assert_eq!((found.has_z, found.has_m), (z, m));
            assert_eq!(out.coords(), [[1.0, 2.0]]);
        }
        let mut ewkb = point(1, 0x2000_0001, &[]);
        ewkb.extend(2154_u32.to_le_bytes());
        ewkb.extend(point(1, 0, &[1.0, 2.0]).split_off(5));
        assert_eq!(read(&ewkb, &mut out).unwrap().srid, Some(2154));
        assert!(read(&point(1, 1, &[f64::NAN; 2]), &mut out).is_ok() && out.is_empty());
    }

    #[test]
    fn curves_become_lines() {
        let mut out = Geometry::default();
        let arc = line(8, &[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]);
        let back = line(2, &[[-1.0, 0.0], [1.0, 0.0]]);
        let compound = nested(9, &[arc.clone(), back]);
        let surface = nested(12, &[nested(10, &[compound])]);
        read(&surface, &mut out).unwrap();
        assert_eq!(out.kind(), GeometryType::MultiPolygon);
        assert!(out.coords().len() > 40);
        assert!(
            out.coords()
                .iter()
                .all(|[x, y]| (x.hypot(*y) - 1.0).abs() < 1e-9)
        );
        read(&nested(11, &[arc]), &mut out).unwrap();
        assert_eq!(out.kind(), GeometryType::MultiLineString);
    }

    #[test]
    fn what_is_cut_or_nested_without_end_is_refused() {
        let mut out = Geometry::default();
        let whole = nested(
            6,
            &[nested(
                3,
                &[line(0, &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]).split_off(5)],
            )],
        );
        assert!(read(&whole, &mut out).is_ok());
        for length in 0..whole.len() {
            assert!(read(&whole[..length], &mut out).is_err(), "{length}");
        }
        let mut deep = point(1, 1, &[0.0, 0.0]);
        for _ in 0..1000 {
            deep = nested(7, &[deep]);
        }
        assert!(read(&deep, &mut out).is_err());
        let huge = [&[1, 2, 0, 0, 0][..], &u32::MAX.to_le_bytes()].concat();
        assert!(read(&huge, &mut out).unwrap_err().contains("cut"));
        assert!(read(&nested(6, &[line(2, &[[0.0, 0.0]])]), &mut out).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..120),
            code in 0..20_u8,
        ) {
            let mut out = Geometry::default();
            let _any = read(&bytes, &mut out);
            bytes.splice(0..0, [1, code, 0, 0, 0, 1, 0, 0, 0]);
            let _any = read(&bytes, &mut out);
        }
    }
}
