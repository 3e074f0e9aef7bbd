//! Geometries in Well-Known Text (OGC 06-103r4 §7) inside of CQL2 text, positions as written.
//! Heights and measures are passed over.

use super::Parser;
use super::lexer::Kind;
use crate::error::Result;
use crate::geom::{Geometry, GeometryType, PartKind};

/// Reads a geometry; `None` where the next word begins none, and nothing is read then.
pub(super) fn read(parser: &mut Parser<'_, '_>) -> Result<Option<Geometry>> {
    let Some(kind) = tag(parser) else {
        return match names_other_geometry(parser) {
            true => Err(parser.expected(KNOWN)),
            false => Ok(None),
        };
    };
    let mut geometry = Geometry::new(kind);
    tagged(parser, kind, &mut geometry)?;
    Ok(Some(geometry))
}

const KNOWN: &str = "POINT, LINESTRING, POLYGON, a MULTI of them or GEOMETRYCOLLECTION, \
                     of straight lines";

/// True for a geometry of well-known text that CQL2 has not, which would be taken for a function
/// of numbers that miss their commas.
fn names_other_geometry(parser: &Parser<'_, '_>) -> bool {
    const OTHERS: [&str; 8] = [
        "CIRCULARSTRING",
        "COMPOUNDCURVE",
        "CURVEPOLYGON",
        "MULTICURVE",
        "MULTISURFACE",
        "POLYHEDRALSURFACE",
        "TIN",
        "TRIANGLE",
    ];
    matches!(parser.peek(), Kind::Word(word) if OTHERS.iter().any(|n| n.eq_ignore_ascii_case(word)))
        && matches!(parser.ahead(1), Kind::Sign("("))
}

/// The type that the next words name, where a geometry follows them.
fn tag(parser: &Parser<'_, '_>) -> Option<GeometryType> {
    let Kind::Word(word) = parser.peek() else {
        return None;
    };
    let kinds = [
        ("POINT", GeometryType::Point),
        ("LINESTRING", GeometryType::LineString),
        ("POLYGON", GeometryType::Polygon),
        ("MULTIPOINT", GeometryType::MultiPoint),
        ("MULTILINESTRING", GeometryType::MultiLineString),
        ("MULTIPOLYGON", GeometryType::MultiPolygon),
        ("GEOMETRYCOLLECTION", GeometryType::GeometryCollection),
    ];
    let (_, kind) = kinds.iter().find(|(n, _)| n.eq_ignore_ascii_case(word))?;
    let follows = match parser.ahead(1) {
        Kind::Sign("(") => true,
        Kind::Word(next) if is_dimension(next) => matches!(
            parser.ahead(2),
            Kind::Sign("(") | Kind::Word("EMPTY" | "empty" | "Empty")
        ),
        Kind::Word(next) => next.eq_ignore_ascii_case("EMPTY"),
        _ => false,
    };
    follows.then_some(*kind)
}

fn is_dimension(word: &str) -> bool {
    ["Z", "M", "ZM"]
        .iter()
        .any(|d| d.eq_ignore_ascii_case(word))
}

fn tagged(parser: &mut Parser<'_, '_>, kind: GeometryType, out: &mut Geometry) -> Result<()> {
    parser.advance();
    if matches!(parser.peek(), Kind::Word(word) if is_dimension(word)) {
        parser.advance();
    }
    if parser.take_word("EMPTY") {
        return Ok(());
    }
    match kind {
        GeometryType::Point => {
            position_in_parentheses(parser, out)?;
            out.end_part(PartKind::Points);
        }
        GeometryType::LineString => line(parser, out)?,
        GeometryType::Polygon => polygon(parser, out)?,
        GeometryType::MultiPoint => {
            members(parser, out, |parser, out| {
                // both MULTIPOINT((1 2), (3 4)) and the older MULTIPOINT(1 2, 3 4)
                match parser.peek() {
                    Kind::Sign("(") => position_in_parentheses(parser, out),
                    _ => position(parser, out),
                }
            })?;
            out.end_part(PartKind::Points);
        }
        GeometryType::MultiLineString => members(parser, out, line)?,
        GeometryType::MultiPolygon => members(parser, out, polygon)?,
        GeometryType::GeometryCollection | GeometryType::Unknown => {
            members(parser, out, |parser, out| {
                // no collection inside a collection: the grammar has none
                match tag(parser).filter(|k| *k != GeometryType::GeometryCollection) {
                    Some(kind) => tagged(parser, kind, out),
                    None => Err(parser.expected("POINT, LINESTRING, POLYGON or a MULTI of them")),
                }
            })?;
        }
    }
    Ok(())
}

/// Members between commas, in parentheses.
fn members(
    parser: &mut Parser<'_, '_>,
    out: &mut Geometry,
    member: fn(&mut Parser<'_, '_>, &mut Geometry) -> Result<()>,
) -> Result<()> {
    parser.need_sign("(", "in the geometry")?;
    loop {
        member(parser, out)?;
        if parser.take_sign(")") {
            return Ok(());
        }
        parser.need_sign(",", "or \")\" in the geometry")?;
    }
}

fn position_in_parentheses(parser: &mut Parser<'_, '_>, out: &mut Geometry) -> Result<()> {
    parser.need_sign("(", "before the position")?;
    position(parser, out)?;
    parser.need_sign(")", "behind the position")
}

/// Two numbers, or up to four of which the first two count.
fn position(parser: &mut Parser<'_, '_>, out: &mut Geometry) -> Result<()> {
    let coord = [coordinate(parser)?, coordinate(parser)?];
    for _ in 0..2 {
        if matches!(parser.peek(), Kind::Number(_) | Kind::Sign("-" | "+")) {
            coordinate(parser)?;
        }
    }
    out.push(coord);
    Ok(())
}

/// A number with its sign.
pub(super) fn coordinate(parser: &mut Parser<'_, '_>) -> Result<f64> {
    let minus = parser.take_sign("-");
    if !minus && *parser.peek() == Kind::Sign("+") {
        parser.advance();
    }
    let number = match parser.peek() {
        Kind::Number(digits) => digits.parse::<f64>().ok().filter(|n| n.is_finite()),
        _ => None,
    };
    let number = number.ok_or_else(|| parser.expected("a coordinate"))?;
    parser.advance();
    Ok(if minus { -number } else { number })
}

fn line(parser: &mut Parser<'_, '_>, out: &mut Geometry) -> Result<()> {
    let at = parser.at();
    let before = out.coords().len();
    members(parser, out, position)?;
    if out.coords().len() - before < 2 {
        return Err(parser.source.fault(at, "a line has two positions or more"));
    }
    out.end_part(PartKind::Line);
    Ok(())
}

fn polygon(parser: &mut Parser<'_, '_>, out: &mut Geometry) -> Result<()> {
    members(parser, out, |parser, out| {
        if parser.take_word("EMPTY") {
            return Ok(());
        }
        let at = parser.at();
        let before = out.coords().len();
        members(parser, out, position)?;
        let ring = out.coords().get(before..).unwrap_or_default();
        if ring.len() < 4 || ring.first() != ring.last() {
            let message = "a ring has four positions or more, the last one equal to the first";
            return Err(parser.source.fault(at, message));
        }
        out.end_sequence();
        Ok(())
    })?;
    out.end_part(PartKind::Polygon);
    Ok(())
}
