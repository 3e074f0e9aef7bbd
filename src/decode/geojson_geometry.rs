//! GeoJSON geometries (RFC 7946 §3.1) that stand inside other JSON, positions as written.

use serde_json::Value;

use crate::geom::{Coord, Geometry, GeometryType, PartKind};

type Read<T> = Result<T, String>;

/// Reads a geometry; heights are passed over.
///
/// # Errors
/// What was expected, and in which member.
pub(super) fn read(value: &Value) -> Read<Geometry> {
    let kind = kind(value)?;
    let mut geometry = Geometry::new(kind);
    if kind == GeometryType::GeometryCollection {
        let members = list(value.get("geometries"), "geometries")?;
        for member in members {
            match self::kind(member)? {
                GeometryType::GeometryCollection => {
                    return Err("a GeometryCollection holds no GeometryCollection".into());
                }
                kind => add(kind, member, &mut geometry)?,
            }
        }
    } else {
        add(kind, value, &mut geometry)?;
    }
    Ok(geometry)
}

fn kind(value: &Value) -> Read<GeometryType> {
    let name = value
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Ok(match name {
        "Point" => GeometryType::Point,
        "LineString" => GeometryType::LineString,
        "Polygon" => GeometryType::Polygon,
        "MultiPoint" => GeometryType::MultiPoint,
        "MultiLineString" => GeometryType::MultiLineString,
        "MultiPolygon" => GeometryType::MultiPolygon,
        "GeometryCollection" => GeometryType::GeometryCollection,
        other => return Err(format!("{other:?} is no type of a GeoJSON geometry")),
    })
}

fn add(kind: GeometryType, value: &Value, out: &mut Geometry) -> Read<()> {
    let coordinates = value.get("coordinates");
    match kind {
        GeometryType::Point => {
            out.push(position(coordinates)?);
            out.end_part(PartKind::Points);
        }
        GeometryType::MultiPoint => {
            for point in list(coordinates, "coordinates")? {
                out.push(position(Some(point))?);
            }
            out.end_part(PartKind::Points);
        }
        GeometryType::LineString => line(coordinates, out)?,
        GeometryType::MultiLineString => {
            for member in list(coordinates, "coordinates")? {
                line(Some(member), out)?;
            }
        }
        GeometryType::Polygon => polygon(coordinates, out)?,
        GeometryType::MultiPolygon => {
            for member in list(coordinates, "coordinates")? {
                polygon(Some(member), out)?;
            }
        }
        GeometryType::GeometryCollection | GeometryType::Unknown => {}
    }
    Ok(())
}

fn list<'v>(value: Option<&'v Value>, name: &str) -> Read<&'v Vec<Value>> {
    value
        .and_then(Value::as_array)
        .ok_or_else(|| format!("{name:?} is a list"))
}

fn position(value: Option<&Value>) -> Read<Coord> {
    let numbers = value.and_then(Value::as_array);
    let mut numbers = numbers.into_iter().flatten().map(Value::as_f64);
    match (numbers.next(), numbers.next()) {
        (Some(Some(x)), Some(Some(y))) if x.is_finite() && y.is_finite() => Ok([x, y]),
        _ => Err("a position is a list of two numbers or more".into()),
    }
}

fn positions(value: Option<&Value>, out: &mut Geometry) -> Read<usize> {
    let list = list(value, "coordinates")?;
    for item in list {
        out.push(position(Some(item))?);
    }
    Ok(list.len())
}

fn line(value: Option<&Value>, out: &mut Geometry) -> Read<()> {
    if positions(value, out)? < 2 {
        return Err("a line has two positions or more".into());
    }
    out.end_part(PartKind::Line);
    Ok(())
}

fn polygon(value: Option<&Value>, out: &mut Geometry) -> Read<()> {
    for ring in list(value, "coordinates")? {
        let before = out.coords().len();
        positions(Some(ring), out)?;
        let ring = out.coords().get(before..).unwrap_or_default();
        if ring.len() < 4 || ring.first() != ring.last() {
            let message = "a ring has four positions or more, the last one equal to the first";
            return Err(message.into());
        }
        out.end_sequence();
    }
    out.end_part(PartKind::Polygon);
    Ok(())
}
