//! Well-known text (OGC 06-103r4 §7), also with `SRID=…;` before it, as PostGIS writes.
//!
//! # Not supported
//! Curves: refused by name.

use super::wkb::Found;
use crate::geom::{Coord, Geometry, GeometryType, PartKind};

/// Collections in collections; real ones have two.
const MAX_DEPTH: usize = 16;

/// Fills `out` with the geometry of a text.
///
/// # Errors
/// What was expected and what was found, in words.
pub fn read(text: &str, out: &mut Geometry) -> Result<Found, String> {
    let mut found = Found::default();
    let mut rest = text.trim();
    if let Some((srid, after)) = rest.split_once(';')
        && let Some(number) = strip_word(srid.trim(), "SRID=")
    {
        found.srid = number.trim().parse().ok();
        rest = after;
    }
    out.begin(GeometryType::Unknown);
    let mut reader = Reader { rest, found };
    let kind = reader.geometry(out, 0)?;
    out.set_kind(kind);
    match reader.rest.trim() {
        "" => Ok(reader.found),
        more => Err(format!(
            "expected the end of the WKT, found {:?}",
            start(more)
        )),
    }
}

fn strip_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (first, rest) = text.split_at_checked(word.len())?;
    first.eq_ignore_ascii_case(word).then_some(rest)
}

fn start(text: &str) -> String {
    text.chars().take(20).collect()
}

struct Reader<'t> {
    rest: &'t str,
    found: Found,
}

impl Reader<'_> {
    fn geometry(&mut self, out: &mut Geometry, depth: usize) -> Result<GeometryType, String> {
        if depth > MAX_DEPTH {
            return Err("collections lie too deep in each other".to_owned());
        }
        let word = self.word();
        let mut name = word.to_ascii_uppercase();
        // POINTZ is written as well as POINT Z
        for (suffix, z, m) in [("ZM", true, true), ("Z", true, false), ("M", false, true)] {
            let is_apart = self.peek_word().eq_ignore_ascii_case(suffix);
            let bare = name
                .strip_suffix(suffix)
                .filter(|bare| is_name(bare))
                .map(str::to_owned);
            if is_apart {
                self.word();
            } else if let Some(bare) = bare.filter(|_| !is_name(&name)) {
                name = bare;
            } else {
                continue;
            }
            self.found.has_z |= z;
            self.found.has_m |= m;
            break;
        }
        let kind = match name.as_str() {
            "POINT" => GeometryType::Point,
            "LINESTRING" | "LINEARRING" => GeometryType::LineString,
            "POLYGON" | "TRIANGLE" => GeometryType::Polygon,
            "MULTIPOINT" => GeometryType::MultiPoint,
            "MULTILINESTRING" => GeometryType::MultiLineString,
            "MULTIPOLYGON" | "TIN" | "POLYHEDRALSURFACE" => GeometryType::MultiPolygon,
            "GEOMETRYCOLLECTION" => GeometryType::GeometryCollection,
            "CIRCULARSTRING" | "COMPOUNDCURVE" | "CURVEPOLYGON" | "MULTICURVE" | "MULTISURFACE" => {
                return Err(format!("{name}: curves in WKT are not read"));
            }
            _ => {
                return Err(format!(
                    "expected WKT, found {:?}",
                    start(if word.is_empty() { self.rest } else { word })
                ));
            }
        };
        if self.peek_word().eq_ignore_ascii_case("EMPTY") {
            self.word();
            return Ok(kind);
        }
        match kind {
            GeometryType::Point => {
                self.sequence(out)?;
                out.end_part(PartKind::Points);
            }
            GeometryType::MultiPoint => {
                self.list(|reader| reader.multi_point(out))?;
                out.end_part(PartKind::Points);
            }
            GeometryType::LineString => {
                self.sequence(out)?;
                out.end_part(PartKind::Line);
            }
            GeometryType::MultiLineString => self.list(|reader| {
                reader.or_empty(|reader| reader.sequence(out))?;
                out.end_part(PartKind::Line);
                Ok(())
            })?,
            GeometryType::Polygon => self.polygon(out)?,
            GeometryType::MultiPolygon => {
                self.list(|reader| reader.or_empty(|reader| reader.polygon(out)))?;
            }
            GeometryType::GeometryCollection | GeometryType::Unknown => self.list(|reader| {
                reader.geometry(out, depth + 1)?;
                Ok(())
            })?,
        }
        Ok(kind)
    }

    fn polygon(&mut self, out: &mut Geometry) -> Result<(), String> {
        self.list(|reader| reader.or_empty(|reader| reader.sequence(out)))?;
        out.end_part(PartKind::Polygon);
        Ok(())
    }

    fn sequence(&mut self, out: &mut Geometry) -> Result<(), String> {
        self.list(|reader| {
            let position = reader.position()?;
            out.push(position);
            Ok(())
        })?;
        out.end_sequence();
        Ok(())
    }

    /// `1 2` and `(1 2)` are both written.
    fn multi_point(&mut self, out: &mut Geometry) -> Result<(), String> {
        self.or_empty(|reader| {
            let in_brackets = reader.take('(');
            let position = reader.position()?;
            out.push(position);
            match in_brackets && !reader.take(')') {
                true => Err(reader.expected("a closing bracket")),
                false => Ok(()),
            }
        })
    }

    fn or_empty(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        if self.peek_word().eq_ignore_ascii_case("EMPTY") {
            self.word();
            return Ok(());
        }
        read(self)
    }

    fn list(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        if !self.take('(') {
            return Err(self.expected("an opening bracket"));
        }
        loop {
            read(self)?;
            if self.take(')') {
                return Ok(());
            }
            if !self.take(',') {
                return Err(self.expected("a comma or a closing bracket"));
            }
        }
    }

    fn position(&mut self) -> Result<Coord, String> {
        let x = self.number()?;
        let y = self.number()?;
        for nth in 0..2 {
            let next = self.rest.trim_start();
            if next.starts_with([',', ')']) || next.is_empty() {
                break;
            }
            self.number()?;
            // without a word about it the third number is a height
            let said = self.found.has_z || self.found.has_m;
            self.found.has_z |= nth == 0 && !said;
        }
        Ok([x, y])
    }

    fn number(&mut self) -> Result<f64, String> {
        let text = self.rest.trim_start();
        let end = text
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')'))
            .unwrap_or(text.len());
        let (number, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        let read = number.parse().map_err(|_| self.expected("a number"))?;
        self.rest = rest;
        Ok(read)
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.rest.trim_start().strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn peek_word(&self) -> &str {
        let text = self.rest.trim_start();
        let end = text
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(text.len());
        text.get(..end).unwrap_or_default()
    }

    fn expected(&self, what: &str) -> String {
        format!(
            "expected {what} in the WKT, found {:?}",
            start(self.rest.trim_start())
        )
    }
}

impl<'t> Reader<'t> {
    fn word(&mut self) -> &'t str {
        let text = self.rest.trim_start();
        let end = text
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        self.rest = rest;
        word
    }
}

fn is_name(name: &str) -> bool {
    [
        "POINT",
        "LINESTRING",
        "LINEARRING",
        "POLYGON",
        "TRIANGLE",
        "MULTIPOINT",
        "MULTILINESTRING",
        "MULTIPOLYGON",
        "TIN",
        "POLYHEDRALSURFACE",
        "GEOMETRYCOLLECTION",
    ]
    .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> Result<(GeometryType, Vec<Vec<usize>>, Found), String> {
        let mut out = Geometry::default();
        let found = read(text, &mut out)?;
        let parts = out.parts().map(|p| p.sequences().map(<[_]>::len).collect());
        Ok((out.kind(), parts.collect(), found))
    }

    #[test]
    fn every_type_is_read() {
        use GeometryType as T;
        for (text, kind, expected) in [
            ("POINT (1 2)", T::Point, vec![vec![1]]),
            ("point(1 2)", T::Point, vec![vec![1]]),
            ("POINT EMPTY", T::Point, vec![]),
            ("LINESTRING (1 2, 3 4)", T::LineString, vec![vec![2]]),
            (
                "POLYGON ((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))",
                T::Polygon,
                vec![vec![4, 4]],
            ),
            ("MULTIPOINT (1 2, 3 4)", T::MultiPoint, vec![vec![2]]),
            ("MULTIPOINT ((1 2), (3 4))", T::MultiPoint, vec![vec![2]]),
            (
                "MULTILINESTRING ((1 2,3 4),EMPTY,(5 6,7 8,9 9))",
                T::MultiLineString,
                vec![vec![2], vec![3]],
            ),
            (
                "MULTIPOLYGON (((0 0,4 0,4 4,0 0)),((9 9,8 9,8 8,9 9)))",
                T::MultiPolygon,
                vec![vec![4], vec![4]],
            ),
            (
                "GEOMETRYCOLLECTION (POINT (1 2), GEOMETRYCOLLECTION (LINESTRING (1 2,3 4)))",
                T::GeometryCollection,
                vec![vec![1], vec![2]],
            ),
        ] {
            let (found, lists, _) = parts(text).unwrap();
            assert_eq!((found, lists), (kind, expected), "{text}");
        }
    }

    #[test]
    fn heights_measures_and_srids_are_noticed() {
        let found = |text| parts(text).unwrap().2;
        for text in [
            "POINT Z (1 2 3)",
            "POINTZ(1 2 3)",
            "POINT (1 2 3)",
            "POINT ZM (1 2 3 4)",
        ] {
            assert!(found(text).has_z, "{text}");
        }
        assert!(found("POINT M (1 2 3)").has_m && !found("POINT M (1 2 3)").has_z);
        assert_eq!(found("SRID=2154;POINT (1 2)").srid, Some(2154));
    }

    #[test]
    fn what_is_no_wkt_is_refused_by_name() {
        for (text, expected) in [
            ("", "expected WKT, found \"\""),
            ("CERCLE (1 2)", "expected WKT, found \"CERCLE\""),
            ("POINT (1)", "expected a number in the WKT, found \")\""),
            (
                "POINT (1 2",
                "expected a comma or a closing bracket in the WKT, found \"\"",
            ),
            ("POINT (1 2) x", "expected the end of the WKT, found \"x\""),
            (
                "CIRCULARSTRING (1 2,3 4,5 6)",
                "CIRCULARSTRING: curves in WKT are not read",
            ),
        ] {
            assert_eq!(parts(text).unwrap_err(), expected);
        }
        let deep = "GEOMETRYCOLLECTION(".repeat(100_000);
        assert!(parts(&deep).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[A-Z(), 0-9.eé;=-]{0,80}") {
            let _any = parts(&text);
            let _any = parts(&format!("MULTIPOLYGON ({text}"));
        }
    }
}
