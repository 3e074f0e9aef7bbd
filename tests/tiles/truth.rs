//! What a tile should hold, from the data in full resolution and exact transformations: nothing
//! is clipped or rounded.

use std::ops::ControlFlow;

use cartotheque::budget::Budget;
use cartotheque::catalogue::Layer;
use cartotheque::crs::Transform;
use cartotheque::geom::{Bbox, Geometry, PartKind};
use cartotheque::store::Select;
use cartotheque::tile::{TileAddress, TileMatrixSet};

pub type Position = [f64; 2];

/// A feature in units of a tile, y down.
#[derive(Debug)]
pub struct Shape {
    pub fid: u64,
    pub kind: PartKind,
    pub parts: Vec<Vec<Position>>,
    pub bbox: Bbox,
    /// True where the projection has sent a part of it towards infinity, as cones do with the
    /// other side of the world: there is nothing to compare.
    pub is_torn: bool,
}

/// A hundred times the earth in units of the finest tiles looked at here.
const TORN_FROM: f64 = 1e10;

/// Every feature of a layer whose box may touch the tile and its buffer.
pub fn shapes(layer: &Layer, set: &TileMatrixSet, tile: TileAddress) -> Vec<Shape> {
    let transform = Transform::new(&layer.crs, &set.crs).unwrap();
    let bbox = set.bbox(tile).unwrap();
    let mut found = Vec::new();
    let mut geometry = Geometry::default();
    let select = Select::default();
    let around = Bbox::new(-200.0, -200.0, 4296.0, 4296.0).unwrap();
    let visit = &mut |feature: &dyn cartotheque::feature::Feature| {
        feature.geometry(&mut geometry)?;
        transform.forward(geometry.coords_mut());
        for kind in [PartKind::Points, PartKind::Line, PartKind::Polygon] {
            let parts: Vec<Vec<Position>> = geometry
                .parts()
                .filter(|p| p.kind == kind)
                .flat_map(|p| p.sequences())
                .map(|sequence| {
                    let unit = |[x, y]: &[f64; 2]| {
                        [
                            (x - bbox.min_x) / bbox.width() * 4096.0,
                            (bbox.max_y - y) / bbox.height() * 4096.0,
                        ]
                    };
                    sequence.iter().map(unit).collect()
                })
                .collect();
            let Some(bbox) = Bbox::around(parts.iter().flatten()) else {
                continue;
            };
            if bbox.intersection(&around).is_some() {
                let mut coords = parts.iter().flatten().flatten();
                found.push(Shape {
                    is_torn: !coords.all(|v: &f64| v.abs() < TORN_FROM),
                    fid: feature.fid(),
                    kind,
                    parts,
                    bbox,
                });
            }
        }
        Ok(ControlFlow::Continue(()))
    };
    layer
        .store
        .select(&select, &Budget::unlimited(), visit)
        .unwrap();
    found
}

/// Even-odd over all rings.
pub fn is_inside(rings: &[Vec<Position>], [x, y]: Position) -> bool {
    let mut inside = false;
    for ring in rings {
        let next = ring.iter().cycle().skip(1);
        for ([x0, y0], [x1, y1]) in ring.iter().zip(next) {
            if (y0 > &y) != (y1 > &y) && x < (x1 - x0) * (y - y0) / (y1 - y0) + x0 {
                inside = !inside;
            }
        }
    }
    inside
}

/// How far a position is from the nearest edge.
pub fn distance(lines: &[Vec<Position>], closed: bool, [x, y]: Position) -> f64 {
    let mut nearest = f64::INFINITY;
    for line in lines {
        let closing = line.last().zip(line.first()).filter(|_| closed);
        let steps = line.iter().zip(line.iter().skip(1)).chain(closing);
        for ([x0, y0], [x1, y1]) in steps {
            let (dx, dy) = (x1 - x0, y1 - y0);
            let length = dx * dx + dy * dy;
            let t = if length > 0.0 {
                (((x - x0) * dx + (y - y0) * dy) / length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            nearest = nearest.min((x - x0 - t * dx).hypot(y - y0 - t * dy));
        }
    }
    nearest
}

/// The decoded parts as positions.
pub fn positions(parts: &[Vec<[i64; 2]>]) -> Vec<Vec<Position>> {
    parts
        .iter()
        .map(|part| part.iter().map(|[x, y]| [*x as f64, *y as f64]).collect())
        .collect()
}
