//! Geometries of GeoJSON (RFC 7946 §3.1), read without building a tree of numbers.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::geom::{Coord, Geometry, GeometryType, PartKind};

/// Coordinates as they come: positions, and where lists of them end.
#[derive(Debug, Default)]
struct Coordinates {
    positions: Vec<Coord>,
    /// Where lists of positions end, lists of such lists, and lists of those.
    ends: [Vec<usize>; 3],
    /// Lists around a position; `None` where there is none.
    depth: Option<usize>,
    has_z: bool,
}

/// A geometry object into a [`Geometry`]; true where heights were read over.
pub struct Shape<'g> {
    pub out: &'g mut Geometry,
    /// Only the outermost sets the type.
    pub is_inner: bool,
}

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a geometry")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut kind: Option<String> = None;
        let mut coordinates = Coordinates::default();
        let mut has_z = false;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match key.as_ref() {
                "type" => kind = Some(map.next_value()?),
                "coordinates" => {
                    coordinates = Coordinates::default();
                    map.next_value_seed(List {
                        into: &mut coordinates,
                    })?;
                }
                "geometries" => {
                    has_z |= map.next_value_seed(Members {
                        out: &mut *self.out,
                    })?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let kind = kind.ok_or_else(|| A::Error::custom("a geometry has no type"))?;
        has_z |= coordinates.has_z;
        let found = build(&kind, coordinates, self.out).map_err(A::Error::custom)?;
        if !self.is_inner {
            self.out.set_kind(found);
        }
        Ok(has_z)
    }
}

/// The geometries of a collection.
struct Members<'g> {
    out: &'g mut Geometry,
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of geometries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let mut has_z = false;
        loop {
            let next = Shape {
                out: &mut *self.out,
                is_inner: true,
            };
            match list.next_element_seed(next)? {
                Some(z) => has_z |= z,
                None => return Ok(has_z),
            }
        }
    }
}

/// What a value of coordinates turned out to be.
enum Item {
    Number(f64),
    Empty,
    /// Lists around a position: 0 for a position itself.
    Depth(usize),
}

struct List<'c> {
    into: &'c mut Coordinates,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Item;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Item, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a list of coordinates")
    }

    fn visit_f64<E>(self, number: f64) -> Result<Item, E> {
        Ok(Item::Number(number))
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "coordinates are of that precision"
    )]
    fn visit_i64<E>(self, number: i64) -> Result<Item, E> {
        Ok(Item::Number(number as f64))
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "coordinates are of that precision"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<Item, E> {
        Ok(Item::Number(number as f64))
    }

    fn visit_unit<E>(self) -> Result<Item, E> {
        // writers without a number for what is none write null
        Ok(Item::Number(f64::NAN))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Item, A::Error> {
        let into = self.into;
        let mut numbers = [f64::NAN; 3];
        let mut count = 0_usize;
        let mut depth: Option<usize> = None;
        let mixed = || A::Error::custom("coordinates of different depths in one list");
        while let Some(item) = list.next_element_seed(List { into: &mut *into })? {
            match item {
                Item::Number(number) => {
                    if let Some(place) = numbers.get_mut(count) {
                        *place = number;
                    }
                    count += 1;
                }
                Item::Empty => {}
                Item::Depth(inner) if depth.is_none_or(|depth| depth == inner) => {
                    depth = Some(inner);
                }
                Item::Depth(_) => return Err(mixed()),
            }
        }
        let Some(inner) = depth else {
            if count == 0 {
                return Ok(Item::Empty);
            }
            if count == 1 {
                return Err(A::Error::custom("a position needs 2 numbers, found 1"));
            }
            let [x, y, _] = numbers;
            into.positions.push([x, y]);
            into.has_z |= count > 2;
            into.depth = into.depth.max(Some(0));
            return Ok(Item::Depth(0));
        };
        if count > 0 {
            return Err(mixed());
        }
        let below = match inner.checked_sub(1) {
            None => into.positions.len(),
            Some(level) => into.ends.get(level).map_or(0, Vec::len),
        };
        match into.ends.get_mut(inner) {
            Some(ends) => ends.push(below),
            None => return Err(A::Error::custom("coordinates lie too deep in lists")),
        }
        into.depth = into.depth.max(Some(inner + 1));
        Ok(Item::Depth(inner + 1))
    }
}

/// Adds coordinates to a geometry as what its type says they are.
fn build(kind: &str, coordinates: Coordinates, out: &mut Geometry) -> Result<GeometryType, String> {
    use GeometryType as T;
    let (kind, depth) = match kind {
        "Point" => (T::Point, 0),
        "MultiPoint" => (T::MultiPoint, 1),
        "LineString" => (T::LineString, 1),
        "MultiLineString" => (T::MultiLineString, 2),
        "Polygon" => (T::Polygon, 2),
        "MultiPolygon" => (T::MultiPolygon, 3),
        "GeometryCollection" => return Ok(T::GeometryCollection),
        other => {
            let shown: String = other.chars().take(40).collect();
            return Err(format!("expected a type of geometry, found {shown:?}"));
        }
    };
    match coordinates.depth {
        None => return Ok(kind),
        Some(found) if found != depth => {
            let name = kind.name();
            return Err(format!(
                "the coordinates of a {name} are positions in {depth} lists, found {found}"
            ));
        }
        Some(_) => {}
    }
    let Coordinates {
        positions,
        ends: [lists, areas, _],
        ..
    } = coordinates;
    let part = match kind {
        T::Point | T::MultiPoint => PartKind::Points,
        T::LineString | T::MultiLineString => PartKind::Line,
        _ => PartKind::Polygon,
    };
    let mut positions = positions.into_iter();
    if depth < 2 {
        out.extend(positions);
        out.end_part(part);
        return Ok(kind);
    }
    let mut area_ends = areas.iter().copied().peekable();
    let mut start = 0;
    for (end, nth) in lists.iter().zip(1_usize..) {
        out.extend(positions.by_ref().take(end.saturating_sub(start)));
        start = *end;
        match kind {
            T::MultiLineString => out.end_part(part),
            T::MultiPolygon => {
                out.end_sequence();
                if area_ends.next_if_eq(&nth).is_some() {
                    out.end_part(part);
                }
            }
            _ => out.end_sequence(),
        }
    }
    out.end_part(part);
    Ok(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The type, positions in each sequence of each part, and whether there were heights.
    type Outcome = (GeometryType, Vec<(PartKind, Vec<usize>)>, bool);

    fn read(text: &str) -> Result<Outcome, String> {
        let mut out = Geometry::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let shape = Shape {
            out: &mut out,
            is_inner: false,
        };
        let has_z = shape
            .deserialize(&mut deserializer)
            .map_err(|e| e.to_string())?;
        let parts = out
            .parts()
            .map(|p| (p.kind, p.sequences().map(<[_]>::len).collect()));
        Ok((out.kind(), parts.collect(), has_z))
    }

    #[test]
    fn every_type_is_read_whatever_the_order_of_members() {
        use GeometryType as T;
        use PartKind::{Line, Points, Polygon};
        let ring = "[[0,0],[4,0],[4,4],[0,0]]";
        let hole = "[[1,0.5],[2,0.5],[2,1]]";
        for (kind, coordinates, expected, parts) in [
            (
                "Point",
                "[1,2]".to_owned(),
                T::Point,
                vec![(Points, vec![1])],
            ),
            ("Point", "[]".to_owned(), T::Point, vec![]),
            (
                "MultiPoint",
                "[[1,2],[3,4]]".to_owned(),
                T::MultiPoint,
                vec![(Points, vec![2])],
            ),
            (
                "LineString",
                "[[1,2],[3,4]]".to_owned(),
                T::LineString,
                vec![(Line, vec![2])],
            ),
            (
                "MultiLineString",
                "[[[1,2],[3,4]],[],[[5,6],[7,8],[9,9]]]".to_owned(),
                T::MultiLineString,
                vec![(Line, vec![2]), (Line, vec![3])],
            ),
            (
                "Polygon",
                format!("[{ring},{hole}]"),
                T::Polygon,
                vec![(Polygon, vec![4, 3])],
            ),
            (
                "MultiPolygon",
                format!("[[{ring},{hole}],[],[{ring}]]"),
                T::MultiPolygon,
                vec![(Polygon, vec![4, 3]), (Polygon, vec![4])],
            ),
        ] {
            for text in [
                format!(r#"{{"type":"{kind}","coordinates":{coordinates}}}"#),
                format!(r#"{{"x":{{}},"coordinates":{coordinates},"type":"{kind}"}}"#),
            ] {
                assert_eq!(read(&text), Ok((expected, parts.clone(), false)), "{text}");
            }
        }
        let nested = r#"{"type":"GeometryCollection","geometries":[
            {"type":"Point","coordinates":[1,2,3]},
            {"type":"GeometryCollection","geometries":[{"coordinates":[[1,2],[3,4]],"type":"LineString"}]}]}"#;
        let expected = vec![(Points, vec![1]), (Line, vec![2])];
        assert_eq!(read(nested), Ok((T::GeometryCollection, expected, true)));
    }

    #[test]
    fn what_contradicts_itself_is_refused_in_words() {
        for (text, expected) in [
            (
                r#"{"type":"Polygon","coordinates":[[1,2],[3,4]]}"#,
                "a Polygon are positions in 2 lists, found 1",
            ),
            (
                r#"{"type":"Point","coordinates":[1]}"#,
                "needs 2 numbers, found 1",
            ),
            (
                r#"{"type":"LineString","coordinates":[[1,2],[[3,4]]]}"#,
                "different depths",
            ),
            (
                r#"{"type":"LineString","coordinates":[[1,2],3]}"#,
                "different depths",
            ),
            (
                r#"{"type":"Circle","coordinates":[1,2]}"#,
                "found \"Circle\"",
            ),
            (r#"{"coordinates":[1,2]}"#, "has no type"),
            (
                r#"{"type":"Point","coordinates":["1","2"]}"#,
                "expected a number",
            ),
            (
                r#"{"type":"MultiPolygon","coordinates":[[[[[1,2]]]]]}"#,
                "too deep",
            ),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.contains(expected), "{text}: {fault}");
        }
        let deep = "{\"type\":\"GeometryCollection\",\"geometries\":[".repeat(5000);
        assert!(read(&deep).is_err());
    }
}
