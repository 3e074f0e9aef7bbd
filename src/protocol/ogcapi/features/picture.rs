//! The map of a page of features: the layer as a WMS draws it, and the page's features over it.

use serde_json::{Value, json};

use super::rows::{Row, Shape};
use crate::catalogue::Layer;
use crate::geom::{Bbox, PartKind};
use crate::protocol::site::Frame;

/// The largest picture, in pixels.
const WIDTH: u32 = 720;
const HEIGHT: u32 = 480;
/// The radius of a point, in pixels.
const POINT: f64 = 5.0;

/// The picture of features in Web Mercator; `None` where nothing has a place.
pub fn of(rows: &[Row], layer: &Layer, base: &str) -> Option<Value> {
    let coords = rows
        .iter()
        .flat_map(|row| &row.shapes)
        .flat_map(|s| &s.coords);
    let around = Bbox::around(coords);
    let frame = match around {
        Some(around) => Frame::new(around, WIDTH, HEIGHT),
        None => Frame::of_lonlat(&layer.extent_lonlat?, WIDTH, HEIGHT),
    };
    let drawn = rows.iter().filter(|row| !row.shapes.is_empty());
    let shapes: Vec<Value> = drawn
        .map(|row| {
            let [mut area, mut line, mut point] = [const { String::new() }; 3];
            for shape in &row.shapes {
                let path = match shape.kind {
                    PartKind::Polygon => &mut area,
                    PartKind::Line => &mut line,
                    PartKind::Points => &mut point,
                };
                push_path(path, &frame, shape);
            }
            json!({ "id": row.id, "name": row.name, "area": area, "line": line, "point": point })
        })
        .collect();
    Some(json!({
        "url": format!("{base}/wms?{}", frame.query(&layer.id)),
        "width": frame.width,
        "height": frame.height,
        "shapes": shapes,
    }))
}

/// Appends a shape as a path of SVG, to the tenth of a pixel; steps of less are left out.
fn push_path(out: &mut String, frame: &Frame, shape: &Shape) {
    use std::fmt::Write;
    let mut before = None;
    for coord in &shape.coords {
        let [x, y] = frame.pixel(*coord).map(|v| (v * 10.0).round() / 10.0);
        if shape.kind == PartKind::Points {
            let (left, turn) = (x - POINT, 2.0 * POINT);
            let _ = write!(
                out,
                "M{left} {y}a{POINT} {POINT} 0 1 0 {turn} 0a{POINT} {POINT} 0 1 0 -{turn} 0z"
            );
            continue;
        }
        if before.is_some_and(|[px, py]: [f64; 2]| (px - x).abs() < 0.5 && (py - y).abs() < 0.5) {
            continue;
        }
        let pen = if before.is_none() { 'M' } else { 'L' };
        let _ = write!(out, "{pen}{x} {y}");
        before = Some([x, y]);
    }
    if shape.kind == PartKind::Polygon {
        out.push('z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leaves_out_what_no_pixel_shows() {
        let frame = Frame::new(Bbox::new(0.0, 0.0, 1e6, 1e6).unwrap(), 100, 100);
        let shape = Shape {
            kind: PartKind::Polygon,
            coords: vec![[0.0, 0.0], [10.0, 10.0], [1e6, 0.0], [1e6, 1e6], [0.0, 0.0]],
        };
        let mut path = String::new();
        push_path(&mut path, &frame, &shape);
        assert_eq!(path.matches(['M', 'L', 'z']).count(), 5, "{path}");
    }
}
