//! A constant geometry with its edges in a tree: where a position, an edge or a box lies to it is
//! told from the few edges nearby, however many there are.

use geo::algorithm::kernels::{Kernel, RobustKernel};
use geo::{Intersects, Orientation};
use rstar::{AABB, RTree, RTreeObject};

use super::spatial::{inside, segment_touches};
use crate::geom::{Bbox, Coord, Geometry, PartKind};

/// The edges of a geometry; a point is an edge from itself to itself.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    edges: RTree<Edge>,
    /// East of everything.
    max_x: f64,
    /// A position of each part: what lies wholly inside of something else has it there.
    samples: Vec<Coord>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Edge {
    from: Coord,
    to: Coord,
    /// The number of the polygon that it bounds.
    polygon: Option<u32>,
}

/// Where something lies to the geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Inside an area, off its boundary.
    Inside,
    /// On a boundary, a line or a point; for a box: an edge or a point of the geometry meets it.
    Edge,
    Outside,
}

impl RTreeObject for Edge {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> AABB<[f64; 2]> {
        AABB::from_corners(self.from, self.to)
    }
}

impl PartialEq for Outline {
    fn eq(&self, other: &Outline) -> bool {
        self.edges.iter().eq(other.edges.iter())
    }
}

impl Outline {
    /// The outline of a geometry. Positions that are not finite are passed over.
    pub(super) fn new(geometry: &Geometry) -> Outline {
        let mut edges = Vec::with_capacity(geometry.coords().len());
        let mut samples = Vec::new();
        for (part, number) in geometry.parts().zip(0..) {
            for sequence in part.sequences() {
                let coords: Vec<Coord> = sequence.iter().copied().filter(is_finite).collect();
                let polygon = (part.kind == PartKind::Polygon).then_some(number);
                match (part.kind, &coords[..]) {
                    (PartKind::Points, points) => {
                        edges.extend(points.iter().map(|p| edge(*p, *p, None)));
                        samples.extend(points);
                        continue;
                    }
                    (_, [only]) => edges.push(edge(*only, *only, polygon)),
                    _ => {}
                }
                let ends = coords.iter().zip(coords.iter().skip(1));
                edges.extend(ends.map(|(from, to)| edge(*from, *to, polygon)));
                samples.extend(coords.first());
            }
        }
        let boxes = Bbox::around(edges.iter().flat_map(|e| [&e.from, &e.to]));
        Outline {
            max_x: boxes.map_or(0.0, |b| b.max_x),
            edges: RTree::bulk_load(edges),
            samples,
        }
    }

    /// Where a position lies.
    pub(super) fn place(&self, at: Coord) -> Place {
        let here = AABB::from_point(at);
        let mut near = self.edges.locate_in_envelope_intersecting(&here);
        if near.any(|e| orientation(e, at) == Orientation::Collinear) {
            return Place::Edge;
        }
        let [x, y] = at;
        let ray = AABB::from_corners(at, [self.max_x.max(x), y]);
        let mut crossed: Vec<u32> = Vec::new();
        for edge in self.edges.locate_in_envelope_intersecting(&ray) {
            let (Some(polygon), [_, from_y], [_, to_y]) = (edge.polygon, edge.from, edge.to) else {
                continue;
            };
            let upwards = to_y > from_y;
            let side = match upwards {
                true => Orientation::CounterClockwise,
                false => Orientation::Clockwise,
            };
            // the lower end belongs to an edge, the upper one to the next
            if (from_y > y) != (to_y > y) && orientation(edge, at) == side {
                match crossed.iter().position(|known| *known == polygon) {
                    Some(even) => {
                        crossed.swap_remove(even);
                    }
                    None => crossed.push(polygon),
                }
            }
        }
        // by the even-odd rule, for each polygon by itself
        match crossed.is_empty() {
            true => Place::Outside,
            false => Place::Inside,
        }
    }

    /// Where a box lies; [`Edge`](Place::Edge) where an edge shares a point with it.
    pub(super) fn place_of_box(&self, bbox: &Bbox) -> Place {
        let envelope = AABB::from_corners([bbox.min_x, bbox.min_y], [bbox.max_x, bbox.max_y]);
        let mut near = self.edges.locate_in_envelope_intersecting(&envelope);
        if near.any(|e| segment_touches(e.from, e.to, bbox)) {
            return Place::Edge;
        }
        self.place(bbox.center())
    }

    /// True where the geometries share a point.
    pub(super) fn intersects(&self, geometry: &Geometry) -> bool {
        geometry.parts().any(|part| match part.kind {
            PartKind::Points => part
                .sequences()
                .flatten()
                .any(|point| is_finite(point) && self.place(*point) != Place::Outside),
            PartKind::Line | PartKind::Polygon => {
                let mut rings = part.sequences();
                rings.any(|ring| self.line_intersects(ring))
                    // this one lies around the other, or around a part of it
                    || part.kind == PartKind::Polygon
                        && self.samples.iter().any(|at| inside(&part, *at))
            }
        })
    }

    fn line_intersects(&self, line: &[Coord]) -> bool {
        let mut finite = line.iter().copied().filter(is_finite);
        let Some(first) = finite.next() else {
            return false;
        };
        // the other one lies around this, or around its beginning
        if self.place(first) != Place::Outside {
            return true;
        }
        let mut from = first;
        finite.any(|to| {
            let met = self.edge_intersects(from, to);
            from = to;
            met
        })
    }

    fn edge_intersects(&self, from: Coord, to: Coord) -> bool {
        let own = line(from, to);
        let mut near = self
            .edges
            .locate_in_envelope_intersecting(&AABB::from_corners(from, to));
        near.any(|edge| line(edge.from, edge.to).intersects(&own))
    }
}

fn edge(from: Coord, to: Coord, polygon: Option<u32>) -> Edge {
    Edge { from, to, polygon }
}

fn line([ax, ay]: Coord, [bx, by]: Coord) -> geo::Line {
    geo::Line::new(geo::coord! { x: ax, y: ay }, geo::coord! { x: bx, y: by })
}

/// On which side of an edge a position lies, exactly.
fn orientation(edge: &Edge, [x, y]: Coord) -> Orientation {
    let line = line(edge.from, edge.to);
    RobustKernel::orient2d(line.start, line.end, geo::coord! { x: x, y: y })
}

fn is_finite(coord: &Coord) -> bool {
    coord.iter().all(|v| v.is_finite())
}
