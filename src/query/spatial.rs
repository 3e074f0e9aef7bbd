//! Spatial conditions: boxes by plain arithmetic, the rest by the DE-9IM relations of the
//! `geo` crate (OGC 06-103r4 §6.1.15), after the boxes have been compared.

use std::panic::{AssertUnwindSafe, catch_unwind};

use geo::{Area, Centroid, Distance as _, Euclidean, InteriorPoint, Intersects, Length, Relate};

use super::check::said;
use super::eval::{Node, Scalar};
use super::near::Near;
use super::outline::{Outline, Place};
use super::{Distance, SpatialOp};
use crate::error::{Error, Result};
use crate::feature::Feature;
use crate::geom::{Bbox, Coord, Geometry, GeometryType, Part, PartKind};

/// Above this product of vertex counts the planar graph of `Relate` beats testing every pair.
const MANY_PAIRS: usize = 20_000;

/// A spatial operator with its operands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SpatialTest {
    op: SpatialOp,
    distance: f64,
    /// Where the distance is one on the ground.
    near: Option<Box<Near>>,
    left: Operand,
    right: Operand,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    /// The feature's geometry: its box is known before its vertices.
    Feature,
    Constant(Box<Constant>),
    Computed(Node),
}

/// A geometry that is the same for every feature.
#[derive(Debug, Clone, PartialEq)]
struct Constant {
    shape: geo::Geometry,
    outline: Outline,
    bbox: Option<Bbox>,
    /// Of each part.
    boxes: Vec<Bbox>,
    /// The parts are the boxes.
    is_boxes: bool,
    vertices: usize,
}

impl Constant {
    fn new(geometry: &Geometry) -> Constant {
        let parts = || geometry.parts();
        Constant {
            shape: to_geo(geometry),
            outline: Outline::new(geometry),
            bbox: geometry.bbox(),
            boxes: parts()
                .filter_map(|p| Bbox::around(p.sequences().flatten()))
                .collect(),
            is_boxes: !geometry.is_empty() && parts().all(|p| is_box(&p)),
            vertices: geometry.coords().len(),
        }
    }
}

impl Operand {
    fn new(node: Node) -> Result<Operand> {
        match node {
            Node::Geometry => Ok(Operand::Feature),
            Node::Literal(super::Literal::Geometry(g)) => {
                Ok(Operand::Constant(Box::new(Constant::new(&g))))
            }
            Node::Literal(other) => Err(Error::InvalidFilter {
                message: format!(
                    "a spatial operator needs geometries, found {}",
                    said(&other)
                ),
            }),
            Node::Column(..) | Node::FeatureId => Err(Error::InvalidFilter {
                message: "a spatial operator needs a geometry, found a column of values".into(),
            }),
            other => Ok(Operand::Computed(other)),
        }
    }

    fn bbox(&self, feature: &dyn Feature) -> Option<Bbox> {
        match self {
            Operand::Feature => feature.bbox(),
            Operand::Constant(constant) => constant.bbox,
            Operand::Computed(_) => None,
        }
    }

    fn with_shape<R>(
        &self,
        feature: &dyn Feature,
        then: impl FnOnce(&geo::Geometry, usize) -> Option<R>,
    ) -> Option<R> {
        match self {
            Operand::Constant(constant) => then(&constant.shape, constant.vertices),
            Operand::Feature => match Node::Geometry.eval(feature) {
                Scalar::Geometry(g) => then(&to_geo(&g), g.coords().len()),
                _ => None,
            },
            Operand::Computed(node) => match node.eval(feature) {
                Scalar::Geometry(g) => then(&to_geo(&g), g.coords().len()),
                _ => None,
            },
        }
    }

    fn columns(&self, out: &mut Vec<usize>) {
        if let Operand::Computed(node) = self {
            node.columns(out);
        }
    }
}

impl SpatialTest {
    pub(super) fn new(op: SpatialOp, left: Node, right: Node, by: Distance) -> Result<Self> {
        let far = matches!(op, SpatialOp::DWithin | SpatialOp::Beyond);
        let (Distance::Plane(distance) | Distance::Ground(distance)) = by;
        if far && !(distance.is_finite() && distance >= 0.0) {
            return Err(Error::InvalidFilter {
                message: format!("a distance is a number from 0, found {distance}"),
            });
        }
        let on_ground = far && matches!(by, Distance::Ground(_));
        Ok(SpatialTest {
            op,
            distance,
            near: on_ground.then(|| Box::new(Near::new(&left, &right, distance))),
            left: Operand::new(left)?,
            right: Operand::new(right)?,
        })
    }

    /// True, false, or `None` where a geometry is missing.
    pub(super) fn test(&self, feature: &dyn Feature) -> Option<bool> {
        if let Some(near) = &self.near {
            return Some(near.test(feature)? == (self.op == SpatialOp::DWithin));
        }
        if let (Some(a), Some(b)) = (self.left.bbox(feature), self.right.bbox(feature)) {
            let apart = box_distance(&a, &b);
            match self.op {
                SpatialOp::Disjoint if apart > 0.0 => return Some(true),
                SpatialOp::DWithin if apart > self.distance => return Some(false),
                SpatialOp::Beyond if apart > self.distance => return Some(true),
                SpatialOp::Disjoint | SpatialOp::DWithin | SpatialOp::Beyond => {}
                _ if apart > 0.0 => return Some(false),
                _ => {}
            }
        }
        if let Some((constant, is_left)) = self.constant() {
            let bbox = feature.bbox()?;
            if let Some(answer) = by_box(self.op, is_left, constant.outline.place_of_box(&bbox)) {
                return Some(answer);
            }
            if matches!(self.op, SpatialOp::Intersects | SpatialOp::Disjoint) {
                let mut geometry = Geometry::default();
                feature.geometry(&mut geometry).ok()?;
                let met = constant.outline.intersects(&geometry);
                return Some(met == (self.op == SpatialOp::Intersects));
            }
        }
        self.left.with_shape(feature, |a, a_len| {
            self.right.with_shape(feature, |b, b_len| {
                relate(self.op, a, b, self.distance, a_len.saturating_mul(b_len))
            })
        })
    }

    /// The constant that the feature's geometry is compared with, and whether it is the left one.
    fn constant(&self) -> Option<(&Constant, bool)> {
        match (&self.left, &self.right) {
            (Operand::Feature, Operand::Constant(constant)) => Some((constant, false)),
            (Operand::Constant(constant), Operand::Feature) => Some((constant, true)),
            _ => None,
        }
    }

    /// The test that is its negation, where there is one: true, false and unknown alike.
    pub(super) fn negated(&self) -> Option<SpatialTest> {
        let op = match self.op {
            SpatialOp::Disjoint => SpatialOp::Intersects,
            SpatialOp::Intersects => SpatialOp::Disjoint,
            SpatialOp::Beyond => SpatialOp::DWithin,
            SpatialOp::DWithin => SpatialOp::Beyond,
            _ => return None,
        };
        Some(SpatialTest { op, ..self.clone() })
    }

    /// The boxes outside which no feature passes; `None` where the operator does not say.
    pub(super) fn boxes(&self) -> Option<Vec<Bbox>> {
        let (Constant { boxes, .. }, _) = self.constant()?;
        match self.op {
            SpatialOp::Disjoint | SpatialOp::Beyond => None,
            SpatialOp::DWithin if self.near.is_some() => self.near.as_ref()?.boxes(),
            SpatialOp::DWithin => {
                let grown = boxes.iter().map(|b| b.grown(self.distance, self.distance));
                Some(grown.collect())
            }
            _ => Some(boxes.clone()),
        }
    }

    /// True where a point passes exactly if it lies in one of [`boxes`](Self::boxes).
    pub(super) fn is_box_test(&self) -> bool {
        let is_boxes = self
            .constant()
            .is_some_and(|(constant, _)| constant.is_boxes);
        self.op == SpatialOp::Intersects && is_boxes
    }

    pub(super) fn columns(&self, out: &mut Vec<usize>) {
        self.left.columns(out);
        self.right.columns(out);
    }
}

/// What the place of a feature's box to a constant geometry says of the feature's geometry, which
/// fills the box or a part of it.
fn by_box(op: SpatialOp, constant_is_left: bool, place: Place) -> Option<bool> {
    match (place, op) {
        (Place::Edge, _) => None,
        (Place::Outside, SpatialOp::DWithin | SpatialOp::Beyond) => None,
        (Place::Outside, op) => Some(op == SpatialOp::Disjoint),
        (Place::Inside, SpatialOp::Intersects | SpatialOp::DWithin) => Some(true),
        (Place::Inside, SpatialOp::Within) => Some(!constant_is_left),
        (Place::Inside, SpatialOp::Contains) => Some(constant_is_left),
        (Place::Inside, _) => Some(false),
    }
}

/// The relation of two geometries; `None` where `geo` gives up on a damaged one.
fn relate(
    op: SpatialOp,
    a: &geo::Geometry,
    b: &geo::Geometry,
    distance: f64,
    pairs: usize,
) -> Option<bool> {
    let answer = || match op {
        SpatialOp::Intersects if pairs <= MANY_PAIRS => a.intersects(b),
        SpatialOp::Disjoint if pairs <= MANY_PAIRS => !a.intersects(b),
        SpatialOp::DWithin => Euclidean.distance(a, b) <= distance,
        SpatialOp::Beyond => Euclidean.distance(a, b) > distance,
        _ => {
            let matrix = a.relate(b);
            match op {
                SpatialOp::Equals => matrix.is_equal_topo(),
                SpatialOp::Disjoint => matrix.is_disjoint(),
                SpatialOp::Touches => matrix.is_touches(),
                SpatialOp::Within => matrix.is_within(),
                SpatialOp::Overlaps => matrix.is_overlaps(),
                SpatialOp::Crosses => matrix.is_crosses(),
                SpatialOp::Contains => matrix.is_contains(),
                SpatialOp::Intersects | SpatialOp::DWithin | SpatialOp::Beyond => {
                    matrix.is_intersects()
                }
            }
        }
    };
    // geo's planar graph asserts what self-crossing rings break; stored data may hold such
    catch_unwind(AssertUnwindSafe(answer)).ok()
}

/// Whether the nine intersections of two geometries match a pattern (OGC 06-103r4 §6.1.14.2);
/// `None` for what is no pattern, and where `geo` gives up.
pub(super) fn relates(a: &Geometry, b: &Geometry, pattern: &str) -> Option<bool> {
    let answer = || to_geo(a).relate(&to_geo(b)).matches(pattern).ok();
    catch_unwind(AssertUnwindSafe(answer)).ok()?
}

/// True for a part that is a rectangle parallel to the axes.
pub fn is_box(part: &Part<'_>) -> bool {
    let mut rings = part.sequences();
    let (PartKind::Polygon, Some(ring), None) = (part.kind, rings.next(), rings.next()) else {
        return false;
    };
    let [a, b, c, d, e] = ring else {
        return false;
    };
    let [[ax, ay], [bx, by], [cx, cy], [dx, dy]] = [a, b, c, d];
    a == e
        && ((ay == by && bx == cx && cy == dy && dx == ax)
            || (ax == bx && by == cy && cx == dx && dy == ay))
}

fn box_distance(a: &Bbox, b: &Bbox) -> f64 {
    let dx = (b.min_x - a.max_x).max(a.min_x - b.max_x).max(0.0);
    let dy = (b.min_y - a.max_y).max(a.min_y - b.max_y).max(0.0);
    dx.hypot(dy)
}

/// True where the feature's geometry shares a point with the box; `None` without a geometry.
pub(super) fn touches_box(feature: &dyn Feature, bbox: &Bbox) -> Option<bool> {
    let own = feature.bbox()?;
    if !bbox.intersects(&own) {
        return Some(false);
    }
    if bbox.contains(&own) {
        return Some(true);
    }
    let mut geometry = Geometry::default();
    feature.geometry(&mut geometry).ok()?;
    Some(geometry_touches_box(&geometry, bbox))
}

/// True where a geometry shares a point with the box.
pub fn geometry_touches_box(geometry: &Geometry, bbox: &Bbox) -> bool {
    geometry.parts().any(|part| part_touches(&part, bbox))
}

fn part_touches(part: &Part<'_>, bbox: &Bbox) -> bool {
    match part.kind {
        PartKind::Points => part
            .sequences()
            .flatten()
            .any(|point| bbox.contains_point(*point)),
        PartKind::Line => part.sequences().any(|line| line_touches(line, bbox)),
        PartKind::Polygon => {
            part.sequences().any(|ring| line_touches(ring, bbox))
                // no edge meets the box: it lies wholly inside or wholly outside
                || inside(part, bbox.center())
        }
    }
}

fn line_touches(line: &[Coord], bbox: &Bbox) -> bool {
    if let [only] = line {
        return bbox.contains_point(*only);
    }
    line.iter()
        .zip(line.iter().skip(1))
        .any(|(a, b)| segment_touches(*a, *b, bbox))
}

/// By Liang and Barsky: the part of the segment that lies inside the box is not empty.
pub(super) fn segment_touches(a: Coord, b: Coord, bbox: &Bbox) -> bool {
    let [ax, ay] = a;
    let [bx, by] = b;
    let (dx, dy) = (bx - ax, by - ay);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, room) in [
        (-dx, ax - bbox.min_x),
        (dx, bbox.max_x - ax),
        (-dy, ay - bbox.min_y),
        (dy, bbox.max_y - ay),
    ] {
        if step == 0.0 {
            if room < 0.0 {
                return false;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    enter <= leave
}

/// By the even-odd rule over all rings.
pub(super) fn inside(polygon: &Part<'_>, [x, y]: Coord) -> bool {
    let mut odd = false;
    for ring in polygon.sequences() {
        for ([ax, ay], [bx, by]) in ring.iter().zip(ring.iter().skip(1)) {
            if (*ay > y) != (*by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax) {
                odd = !odd;
            }
        }
    }
    odd
}

/// The geometry as `geo` has it, without positions that are not finite.
pub(super) fn to_geo(geometry: &Geometry) -> geo::Geometry {
    let line = |sequence: &[Coord]| -> geo::LineString {
        let finite = sequence.iter().filter(|c| c.iter().all(|v| v.is_finite()));
        finite.map(|[x, y]| geo::Coord { x: *x, y: *y }).collect()
    };
    let mut shapes: Vec<geo::Geometry> = Vec::new();
    for part in geometry.parts() {
        match part.kind {
            PartKind::Points => shapes.extend(
                part.sequences()
                    .flat_map(|s| line(s).into_points())
                    .map(geo::Geometry::Point),
            ),
            PartKind::Line => shapes.extend(
                part.sequences()
                    .map(line)
                    .filter(|l| l.0.len() > 1)
                    .map(geo::Geometry::LineString),
            ),
            PartKind::Polygon => {
                let mut rings = part.sequences().map(line).filter(|r| r.0.len() > 2);
                if let Some(exterior) = rings.next() {
                    let holes = rings.collect();
                    shapes.push(geo::Polygon::new(exterior, holes).into());
                }
            }
        }
    }
    united(shapes)
}

/// One shape, a multi-part of one type, or a collection.
fn united(mut shapes: Vec<geo::Geometry>) -> geo::Geometry {
    if shapes.len() == 1
        && let Some(only) = shapes.pop()
    {
        return only;
    }
    let points: Option<Vec<_>> = shapes.iter().map(|s| point(s).copied()).collect();
    if let Some(points) = points.filter(|p| !p.is_empty()) {
        return geo::MultiPoint(points).into();
    }
    if shapes
        .iter()
        .all(|s| matches!(s, geo::Geometry::LineString(_)))
        && !shapes.is_empty()
    {
        let lines = shapes.into_iter().filter_map(|s| s.try_into().ok());
        return geo::MultiLineString(lines.collect()).into();
    }
    if shapes
        .iter()
        .all(|s| matches!(s, geo::Geometry::Polygon(_)))
        && !shapes.is_empty()
    {
        let polygons = shapes.into_iter().filter_map(|s| s.try_into().ok());
        return geo::MultiPolygon(polygons.collect()).into();
    }
    geo::Geometry::GeometryCollection(geo::GeometryCollection(shapes))
}

fn point(shape: &geo::Geometry) -> Option<&geo::Point> {
    match shape {
        geo::Geometry::Point(point) => Some(point),
        _ => None,
    }
}

/// The area in squared units of the data's CRS.
pub(super) fn area(geometry: &Geometry) -> f64 {
    to_geo(geometry).unsigned_area()
}

/// The length of lines, the perimeter of areas, holes included.
pub(super) fn length(geometry: &Geometry) -> f64 {
    let lines = geometry.parts().filter(|p| p.kind != PartKind::Points);
    lines
        .flat_map(|p| p.sequences().collect::<Vec<_>>())
        .map(|s| {
            let line: geo::LineString =
                s.iter().map(|[x, y]| geo::Coord { x: *x, y: *y }).collect();
            Euclidean.length(&line)
        })
        .sum()
}

pub(super) fn centroid(geometry: &Geometry) -> Option<Geometry> {
    to_geo(geometry)
        .centroid()
        .map(|p| single_point([p.x(), p.y()]))
}

/// A point that lies on the geometry, inside areas.
pub(super) fn interior_point(geometry: &Geometry) -> Option<Geometry> {
    let shape = to_geo(geometry);
    let found = catch_unwind(AssertUnwindSafe(|| shape.interior_point())).ok()??;
    Some(single_point([found.x(), found.y()]))
}

pub(super) fn single_point(coord: Coord) -> Geometry {
    let mut geometry = Geometry::new(GeometryType::Point);
    geometry.push(coord);
    geometry.end_part(PartKind::Points);
    geometry
}
