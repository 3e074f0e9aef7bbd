//! Geometries of filters in the CRS of the layer that they filter: edges that bend become several,
//! and boxes far larger than the CRS's area keep the sides that lie in it.

use std::sync::Arc;

use crate::crs::{CrsKind, Transform};
use crate::geom::{Bbox, Coord, Geometry, PartKind};

/// A straight edge may be off its true image by this much: what maps are drawn to.
const EDGE_TOLERANCE_M: f64 = 0.05;
/// An edge becomes at most 2⁹ edges.
const MAX_EDGE_DEPTH: u32 = 9;
/// Edges are no longer parted in geometries of more positions: a filter's own are near enough.
const MAX_POSITIONS: usize = 100_000;
/// How far, in degrees, a box may lie outside a CRS's area of use and still have edges in it.
const AREA_MARGIN_DEGREES: f64 = 5.0;
/// Beyond, boxes of so many degrees are taken for the boxes around their images: none of them
/// reaches into the area of use.
const FAR_CELL_DEGREES: f64 = 30.0;
/// And there are at most so many of them each way.
const MAX_CELLS: f64 = 24.0;

/// The way into a layer's CRS.
pub(super) struct Placing<'a> {
    transform: &'a Arc<Transform>,
    /// In units of the layer's CRS.
    tolerance: f64,
}

impl Placing<'_> {
    pub fn new(transform: &Arc<Transform>) -> Placing<'_> {
        Placing {
            transform,
            tolerance: EDGE_TOLERANCE_M / transform.target().metres_per_unit,
        }
    }

    /// Brings a geometry along, or answers the first position that has no place there.
    pub fn place(&self, geometry: &Geometry) -> Result<Geometry, Coord> {
        let mut placed = Geometry::new(geometry.kind());
        for part in geometry.parts() {
            if let Some(bbox) = as_box(part.sequences(), part.kind)
                && !self.is_near_area(&bbox)
            {
                self.place_far(&bbox, &mut placed);
                continue;
            }
            let is_points = part.kind == PartKind::Points;
            for sequence in part.sequences() {
                self.place_sequence(sequence, is_points, &mut placed)?;
                placed.end_sequence();
            }
            placed.end_part(part.kind);
        }
        Ok(placed)
    }

    /// True where a box of longitudes and latitudes lies in the area of the layer's CRS, roughly.
    fn is_near_area(&self, bbox: &Bbox) -> bool {
        self.transform.source().kind != CrsKind::Geographic
            || self.near_areas().any(|area| area.contains(bbox))
    }

    fn near_areas(&self) -> impl Iterator<Item = Bbox> {
        let areas = self.transform.target().area_of_use.iter();
        areas.map(|area| area.grown(AREA_MARGIN_DEGREES, AREA_MARGIN_DEGREES))
    }

    /// Adds a box that reaches beyond the area of the layer's CRS, where its edges would run around
    /// the globe: near the area as it is, beyond it as boxes around images.
    fn place_far(&self, bbox: &Bbox, out: &mut Geometry) {
        let mut beyond = vec![*bbox];
        for area in self.near_areas() {
            let mut rest = Vec::new();
            for part in beyond.drain(..) {
                let core = part.intersection(&area).filter(|core| {
                    let mut placed = Geometry::default();
                    let is_placed = self
                        .place_sequence(&corners(core), false, &mut placed)
                        .is_ok();
                    if is_placed {
                        out.extend(placed.coords().iter().copied());
                        out.end_part(PartKind::Polygon);
                    }
                    is_placed
                });
                match core {
                    Some(core) => rest.extend(around(&core, &part)),
                    None => rest.push(part),
                }
            }
            beyond = rest;
        }
        for cell in beyond.iter().flat_map(cells) {
            for image in self.transform.forward_bbox(&cell) {
                add_box(&image, out);
            }
        }
    }

    /// Adds the image of a line, a ring or some points.
    fn place_sequence(
        &self,
        sequence: &[Coord],
        is_points: bool,
        out: &mut Geometry,
    ) -> Result<(), Coord> {
        let mut images = sequence.to_vec();
        self.transform.forward(&mut images);
        let mut both = sequence.iter().zip(&images);
        if let Some((nowhere, _)) = both.find(|(_, to)| !is_finite(to)) {
            return Err(*nowhere);
        }
        out.extend(images.first().copied());
        for (ends, to) in sequence.windows(2).zip(images.windows(2)) {
            if let ([a, b], [image_a, image_b]) = (ends, to) {
                if !is_points && out.coords().len() < MAX_POSITIONS {
                    self.bend([(*a, *image_a), (*b, *image_b)], MAX_EDGE_DEPTH, out);
                }
                out.push(*image_b);
            }
        }
        Ok(())
    }

    /// Pushes what lies between the ends of an edge, as far as it is off the straight line.
    fn bend(&self, [from, to]: [(Coord, Coord); 2], depth: u32, out: &mut Geometry) {
        let middle =
            |[ax, ay]: Coord, [bx, by]: Coord| [ax + (bx - ax) / 2.0, ay + (by - ay) / 2.0];
        let between = middle(from.0, to.0);
        let mut image = [between];
        self.transform.forward(&mut image);
        let [image] = image;
        let [straight_x, straight_y] = middle(from.1, to.1);
        let off = (image[0] - straight_x).hypot(image[1] - straight_y);
        // not finite: there is nothing between
        if depth == 0 || off.is_nan() || off <= self.tolerance {
            return;
        }
        let middle = (between, image);
        self.bend([from, middle], depth - 1, out);
        out.push(image);
        self.bend([middle, to], depth - 1, out);
    }
}

/// What of a box lies around another one inside it.
fn around(core: &Bbox, bbox: &Bbox) -> impl Iterator<Item = Bbox> {
    let (c, b) = (core, bbox);
    [
        [b.min_x, b.min_y, c.min_x, b.max_y],
        [c.max_x, b.min_y, b.max_x, b.max_y],
        [c.min_x, b.min_y, c.max_x, c.min_y],
        [c.min_x, c.max_y, c.max_x, b.max_y],
    ]
    .into_iter()
    .filter(|[west, south, east, north]| west < east && south < north)
    .filter_map(|[west, south, east, north]| Bbox::new(west, south, east, north))
}

/// A box in parts of at most [`FAR_CELL_DEGREES`] on a side.
fn cells(bbox: &Bbox) -> Vec<Bbox> {
    let steps = |from: f64, to: f64| {
        let count = ((to - from) / FAR_CELL_DEGREES)
            .ceil()
            .clamp(1.0, MAX_CELLS);
        let step = (to - from) / count;
        let mut at = 0.0;
        std::iter::from_fn(move || {
            let begin = from + at * step;
            at += 1.0;
            (at <= count).then_some([begin, if at < count { from + at * step } else { to }])
        })
    };
    steps(bbox.min_x, bbox.max_x)
        .flat_map(|[west, east]| {
            steps(bbox.min_y, bbox.max_y)
                .filter_map(move |[south, north]| Bbox::new(west, south, east, north))
        })
        .collect()
}

/// The ring of a box.
fn corners(bbox: &Bbox) -> [Coord; 5] {
    [
        [bbox.min_x, bbox.min_y],
        [bbox.max_x, bbox.min_y],
        [bbox.max_x, bbox.max_y],
        [bbox.min_x, bbox.max_y],
        [bbox.min_x, bbox.min_y],
    ]
}

/// Adds a box as a polygon.
pub(super) fn add_box(bbox: &Bbox, out: &mut Geometry) {
    out.extend(corners(bbox));
    out.end_part(PartKind::Polygon);
}

/// The box that a polygon of four corners parallel to the axes is.
fn as_box<'a>(mut rings: impl Iterator<Item = &'a [Coord]>, kind: PartKind) -> Option<Bbox> {
    let (PartKind::Polygon, Some(ring), None) = (kind, rings.next(), rings.next()) else {
        return None;
    };
    let bbox = Bbox::around(ring)?;
    let at_corner = |[x, y]: &Coord| {
        (*x == bbox.min_x || *x == bbox.max_x) && (*y == bbox.min_y || *y == bbox.max_y)
    };
    (ring.len() == 5 && ring.iter().all(at_corner)).then_some(bbox)
}

fn is_finite(coord: &Coord) -> bool {
    coord.iter().all(|v| v.is_finite())
}
