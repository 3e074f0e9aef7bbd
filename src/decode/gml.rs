//! GML 2.1, 3.1 and 3.2 geometries (OGC 02-069, 03-105r1, 07-036) as filters carry them.
//!
//! Elements are known by their local names, which the versions share. Curves of arcs become
//! lines of at most 4° an arc. Positions keep the order in which they are written: whoever asks
//! settles the axis order by the `srsName`.
//!
//! # Not supported
//! Splines, offset curves, solids, topology, `xlink:href`: no client puts them into a filter.

use super::xml::Element;
use crate::error::Result;
use crate::geom::{Bbox, Coord, Geometry, GeometryType, PartKind};

/// A geometry with the CRS that it names, itself or by a geometry inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    pub geometry: Geometry,
    pub srs_name: Option<String>,
}

/// The local names of the geometries read here.
pub fn is_geometry(name: &str) -> bool {
    kind(name).is_some() || is_box(name)
}

/// True for `gml:Envelope` and the `gml:Box` of GML 2.
pub fn is_box(name: &str) -> bool {
    matches!(name, "Envelope" | "Box")
}

fn kind(name: &str) -> Option<GeometryType> {
    Some(match name {
        "Point" => GeometryType::Point,
        "LineString" | "Curve" | "CompositeCurve" | "OrientableCurve" | "LinearRing" | "Ring" => {
            GeometryType::LineString
        }
        "Polygon" | "Surface" | "CompositeSurface" | "OrientableSurface" => GeometryType::Polygon,
        "MultiPoint" => GeometryType::MultiPoint,
        "MultiLineString" | "MultiCurve" => GeometryType::MultiLineString,
        "MultiPolygon" | "MultiSurface" => GeometryType::MultiPolygon,
        "MultiGeometry" => GeometryType::GeometryCollection,
        _ => return None,
    })
}

/// Reads a geometry; a box becomes the polygon of its four corners.
///
/// # Errors
/// `Syntax` at the element that is no geometry or holds no valid positions.
pub fn parse(element: &Element) -> Result<Literal> {
    let srs_name = srs_name(element);
    if is_box(&element.name) {
        let bbox = parse_box(element)?;
        let mut geometry = Geometry::new(GeometryType::Polygon);
        geometry.extend([
            [bbox.min_x, bbox.min_y],
            [bbox.max_x, bbox.min_y],
            [bbox.max_x, bbox.max_y],
            [bbox.min_x, bbox.max_y],
            [bbox.min_x, bbox.min_y],
        ]);
        geometry.end_part(PartKind::Polygon);
        return Ok(Literal { geometry, srs_name });
    }
    let Some(kind) = kind(&element.name) else {
        return Err(element.fault(format!("expected a GML geometry, found <{}>", element.name)));
    };
    let mut geometry = Geometry::new(kind);
    add(element, dimension(element, 2)?, &mut geometry)?;
    if geometry.is_empty() {
        return Err(element.fault(format!("<{}> has no positions", element.name)));
    }
    Ok(Literal { geometry, srs_name })
}

/// Reads the corners of an `Envelope` or `Box`, as written.
///
/// # Errors
/// `Syntax`: not two positions, or the first above the second.
pub fn parse_box(element: &Element) -> Result<Bbox> {
    let mut corners = Vec::new();
    let dimension = dimension(element, 2)?;
    for child in element.elements() {
        match child.name.as_str() {
            "lowerCorner" | "upperCorner" | "pos" => corners.extend(positions(child, 0)?.first()),
            "coordinates" | "coord" => positions_of(child, dimension, &mut corners)?,
            _ => {}
        }
    }
    match corners[..] {
        [[min_x, min_y], [max_x, max_y]] => Bbox::new(min_x, min_y, max_x, max_y)
            .ok_or_else(|| element.fault("the lower corner is above the upper one")),
        _ => Err(element.fault(format!("expected two corners, found {}", corners.len()))),
    }
}

fn srs_name(element: &Element) -> Option<String> {
    let own = element.attribute("srsName").map(str::to_owned);
    own.or_else(|| element.elements().find_map(srs_name))
}

fn dimension(element: &Element, inherited: usize) -> Result<usize> {
    match element.attribute("srsDimension") {
        None => Ok(inherited),
        Some("2") => Ok(2),
        Some("3") => Ok(3),
        Some(other) => Err(element.fault(format!("srsDimension is 2 or 3, found {other:?}"))),
    }
}

fn add(element: &Element, inherited: usize, out: &mut Geometry) -> Result<()> {
    let dimension = dimension(element, inherited)?;
    match element.name.as_str() {
        "Point" => {
            let mut found = Vec::new();
            for child in element.elements() {
                match child.name.as_str() {
                    "pos" => found.extend(positions(child, 0)?.first()),
                    _ => positions_of(child, dimension, &mut found)?,
                }
            }
            let [only] = found[..] else {
                let count = found.len();
                return Err(element.fault(format!("a point has one position, found {count}")));
            };
            out.push(only);
            out.end_part(PartKind::Points);
        }
        "LineString" | "LinearRing" | "Ring" | "Curve" | "CompositeCurve" | "OrientableCurve" => {
            let line = line(element, dimension)?;
            if line.len() < 2 {
                return Err(element.fault("a line has two positions or more"));
            }
            out.extend(line);
            out.end_part(PartKind::Line);
        }
        "Polygon" | "PolygonPatch" | "Rectangle" | "Triangle" => {
            let named = |names: [&'static str; 2]| {
                element
                    .elements()
                    .filter(move |e| names.contains(&e.name.as_str()))
            };
            let outer = named(["exterior", "outerBoundaryIs"]).take(1);
            for boundary in outer.chain(named(["interior", "innerBoundaryIs"])) {
                for ring in boundary.elements() {
                    let mut ring_coords = line(ring, dimension)?;
                    if ring_coords.first() != ring_coords.last() {
                        ring_coords.extend(ring_coords.first().copied());
                    }
                    if ring_coords.len() < 4 {
                        return Err(ring.fault("a ring has four positions or more"));
                    }
                    out.extend(ring_coords);
                    out.end_sequence();
                }
            }
            out.end_part(PartKind::Polygon);
        }
        // a surface, an aggregate, or one of their members: what is inside counts
        _ => {
            for child in element.elements() {
                if child.name != "name" && child.name != "description" {
                    add(child, dimension, out)?;
                }
            }
        }
    }
    Ok(())
}

/// The positions of a line or ring, of whatever segments it is made.
fn line(element: &Element, inherited: usize) -> Result<Vec<Coord>> {
    let dimension = dimension(element, inherited)?;
    let mut coords: Vec<Coord> = Vec::new();
    for child in element.elements() {
        match child.name.as_str() {
            "pos" => coords.extend(positions(child, 0)?.first()),
            "posList" | "coordinates" | "coord" => positions_of(child, dimension, &mut coords)?,
            "pointProperty" | "pointRep" => {
                for point in child.elements() {
                    coords.extend(line(point, dimension)?);
                }
            }
            _ => {
                let more = line(child, dimension)?;
                let joined = coords.last().is_some() && coords.last() == more.first();
                coords.extend(more.into_iter().skip(usize::from(joined)));
            }
        }
    }
    match element.name.as_str() {
        "Arc" | "ArcString" => Ok(arcs(&coords)),
        "Circle" => {
            let first = coords.first().copied();
            let mut circle = arcs(&coords);
            if let ([a, b, c], Some(first)) = (&coords[..], first) {
                // the rest of the circle: from the third point back to the first
                let rest = arc(*c, opposite(*a, *b, *c), first);
                circle.extend(rest.into_iter().skip(1));
            }
            Ok(circle)
        }
        _ => Ok(coords),
    }
}

/// Arcs through three points each, the last of one the first of the next.
fn arcs(coords: &[Coord]) -> Vec<Coord> {
    let mut out: Vec<Coord> = coords.iter().take(1).copied().collect();
    let mut rest = coords;
    while let [a, b, c, ..] = rest {
        out.extend(arc(*a, *b, *c).into_iter().skip(1));
        rest = rest.get(2..).unwrap_or_default();
    }
    out
}

fn center(a: Coord, b: Coord, c: Coord) -> Option<Coord> {
    let (bx, by, cx, cy) = (b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]);
    let twice = 2.0 * (bx * cy - by * cx);
    let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
    let x = a[0] + (cy * b2 - by * c2) / twice;
    let y = a[1] + (bx * c2 - cx * b2) / twice;
    (x.is_finite() && y.is_finite()).then_some([x, y])
}

/// A point of the circle between `c` and `a` that is not on the arc through `b`.
fn opposite(a: Coord, b: Coord, c: Coord) -> Coord {
    match center(a, b, c) {
        Some([x, y]) => [2.0 * x - b[0], 2.0 * y - b[1]],
        None => b,
    }
}

/// The arc from `a` through `b` to `c`, in steps of at most 4°.
fn arc(a: Coord, b: Coord, c: Coord) -> Vec<Coord> {
    const STEP: f64 = 4.0 * std::f64::consts::PI / 180.0;
    let Some([x, y]) = center(a, b, c) else {
        return vec![a, b, c]; // on one line
    };
    let angle = |p: Coord| (p[1] - y).atan2(p[0] - x);
    let turn = std::f64::consts::TAU;
    let (start, through, end) = (angle(a), angle(b), angle(c));
    let left = (end - start).rem_euclid(turn);
    let sweep = if (through - start).rem_euclid(turn) <= left {
        left
    } else {
        left - turn
    };
    let steps = (sweep.abs() / STEP).ceil().clamp(1.0, 90.0);
    let radius = (a[0] - x).hypot(a[1] - y);
    let mut out = vec![a];
    for i in 1..steps as u32 {
        let at = start + sweep * f64::from(i) / steps;
        out.push([x + radius * at.cos(), y + radius * at.sin()]);
    }
    out.push(c);
    out
}

/// The positions that an element of coordinates holds.
fn positions_of(element: &Element, inherited: usize, out: &mut Vec<Coord>) -> Result<()> {
    match element.name.as_str() {
        "pos" => out.extend(positions(element, 0)?.first()),
        "posList" => out.extend(positions(element, dimension(element, inherited)?)?),
        "coordinates" => coordinates(element, out)?,
        "coord" => {
            let number = |name: &str| match element.child(name) {
                Some(child) => number(&child.text(), child),
                None => Err(element.fault(format!("<coord> needs <{name}>"))),
            };
            out.push([number("X")?, number("Y")?]);
        }
        _ => {}
    }
    Ok(())
}

/// Numbers in groups of `dimension`; 0: all are one position.
fn positions(element: &Element, dimension: usize) -> Result<Vec<Coord>> {
    let text = element.text();
    let numbers = text
        .split_ascii_whitespace()
        .map(|n| number(n, element))
        .collect::<Result<Vec<f64>>>()?;
    let group = if dimension == 0 {
        numbers.len()
    } else {
        dimension
    };
    if group < 2 || !numbers.len().is_multiple_of(group) {
        let (found, name) = (numbers.len(), &element.name);
        return Err(element.fault(format!(
            "<{name}> needs positions of {}, found {found} numbers",
            group.max(2)
        )));
    }
    let pair = |group: &[f64]| match group {
        [x, y, ..] => Some([*x, *y]),
        _ => None,
    };
    Ok(numbers.chunks(group).filter_map(pair).collect())
}

/// GML 2: `x,y x,y`, with the separators that the attributes name.
fn coordinates(element: &Element, out: &mut Vec<Coord>) -> Result<()> {
    let separator = |name: &str, default: &'static str| {
        let own = element.attribute(name).filter(|s| !s.is_empty());
        own.unwrap_or(default).to_owned()
    };
    let (cs, ts, decimal) = (
        separator("cs", ","),
        separator("ts", " "),
        separator("decimal", "."),
    );
    let text = element.text();
    let tuples: Vec<&str> = match ts.trim() {
        "" => text.split_whitespace().collect(),
        ts => text.split(ts).collect(),
    };
    for tuple in tuples.iter().map(|t| t.trim()).filter(|t| !t.is_empty()) {
        let mut numbers = match cs.trim() {
            "" => tuple.split_whitespace().collect::<Vec<_>>(),
            cs => tuple.split(cs).collect(),
        }
        .into_iter()
        .map(|n| number(&n.trim().replace(decimal.as_str(), "."), element));
        match (numbers.next(), numbers.next()) {
            (Some(x), Some(y)) => out.push([x?, y?]),
            _ => return Err(element.fault(format!("expected \"x{cs}y\", found {tuple:?}"))),
        }
    }
    Ok(())
}

fn number(text: &str, element: &Element) -> Result<f64> {
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    number.ok_or_else(|| element.fault(format!("expected a number, found {text:?}")))
}

#[cfg(test)]
mod tests {
    use super::super::xml::Limits;
    use super::*;
    use crate::error::Error;

    fn read(text: &str) -> Result<Literal> {
        parse(&Element::parse(text, &Limits::default()).unwrap())
    }

    fn coords(text: &str) -> Vec<Coord> {
        read(text).unwrap().geometry.coords().to_vec()
    }

    #[test]
    fn a_point_reads_the_same_in_every_version() {
        for text in [
            "<Point><pos>1 2</pos></Point>",
            "<Point><pos srsDimension='3'>1 2 3</pos></Point>",
            "<Point><coordinates>1,2</coordinates></Point>",
            "<Point><coordinates cs=' ' ts=';' decimal=','>1,0 2,0</coordinates></Point>",
            "<Point><coord><X>1</X><Y>2</Y></coord></Point>",
        ] {
            assert_eq!(coords(text), [[1.0, 2.0]], "{text}");
        }
    }

    #[test]
    fn a_polygon_keeps_its_holes_and_closes_its_rings() {
        let two = "<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 4,0 4,4 0,0</coordinates>\
                   </LinearRing></outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>\
                   1,1 2,1 2,2</coordinates></LinearRing></innerBoundaryIs></Polygon>";
        let three = "<Surface><patches><PolygonPatch><exterior><LinearRing><posList>0 0 4 0 4 4 0 0\
                     </posList></LinearRing></exterior><interior><LinearRing><pos>1 1</pos>\
                     <pos>2 1</pos><pos>2 2</pos></LinearRing></interior></PolygonPatch></patches></Surface>";
        let (two, three) = (read(two).unwrap().geometry, read(three).unwrap().geometry);
        assert_eq!(two, three);
        let rings: Vec<usize> = two
            .parts()
            .flat_map(|p| p.sequences().map(<[Coord]>::len).collect::<Vec<_>>())
            .collect();
        assert_eq!(rings, [4, 4]);
    }

    #[test]
    fn the_crs_is_found_on_a_member_too() {
        let text = "<MultiPoint><pointMember><Point srsName='EPSG:2154'><pos>1 2</pos></Point>\
                    </pointMember><pointMembers><Point><pos>3 4</pos></Point></pointMembers></MultiPoint>";
        let literal = read(text).unwrap();
        assert_eq!(literal.srs_name.as_deref(), Some("EPSG:2154"));
        assert_eq!(literal.geometry.coords(), [[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(literal.geometry.kind(), GeometryType::MultiPoint);
    }

    #[test]
    fn arcs_follow_their_circle() {
        let text = "<Curve><segments><Arc><posList>1 0 0 1 -1 0</posList></Arc>\
                    <LineStringSegment><posList>-1 0 -2 0</posList></LineStringSegment></segments></Curve>";
        let line = coords(text);
        assert_eq!(line.len(), 47, "45 steps of 4° and a segment");
        assert!(
            line.iter()
                .take(46)
                .all(|[x, y]| (x.hypot(*y) - 1.0).abs() < 1e-12 && *y > -1e-12)
        );
        let circle = coords("<Ring><Circle><posList>1 0 0 1 -1 0</posList></Circle></Ring>");
        assert_eq!(circle.first(), circle.last());
        assert!(circle.iter().any(|[_, y]| *y < -0.99));
    }

    #[test]
    fn a_box_is_two_corners_in_order() {
        let envelope =
            "<Envelope><lowerCorner>1 2</lowerCorner><upperCorner>3 4</upperCorner></Envelope>";
        assert_eq!(
            read(envelope).unwrap().geometry.bbox(),
            Bbox::new(1.0, 2.0, 3.0, 4.0)
        );
        let old = "<Box><coordinates>1,2 3,4</coordinates></Box>";
        assert_eq!(
            read(old).unwrap().geometry.bbox(),
            Bbox::new(1.0, 2.0, 3.0, 4.0)
        );
        for wrong in [
            "<Box><coordinates>3,4 1,2</coordinates></Box>",
            "<Box><coordinates>3,4</coordinates></Box>",
            "<Envelope><lowerCorner>nan 2</lowerCorner><upperCorner>3 4</upperCorner></Envelope>",
            "<Point><pos>1</pos></Point>",
            "<LineString><posList>1 2 3</posList></LineString>",
            "<Polygon/>",
            "<Solid/>",
        ] {
            assert!(matches!(read(wrong), Err(Error::Syntax { .. })), "{wrong}");
        }
    }
}
