//! Leaves out the positions of a geometry that can't matter to a tile, before they are
//! projected: of an area that reaches far beyond the tile most of them.

use crate::crs::Crs;
use crate::geom::{Bbox, Coord, Geometry};

/// Metres, near enough for a bound.
const EARTH_RADIUS_M: f64 = 6.4e6;
/// Geometries of fewer positions are projected whole.
const MIN_POSITIONS: usize = 16;
/// How much of its own size the box is grown by. A quarter more is projected then; edges of up
/// to 30 km may be made in zoom 14.
const MARGIN: f64 = 0.125;

/// The surroundings of a tile in the CRS of a layer.
#[derive(Debug)]
pub(super) struct Near {
    bbox: Bbox,
    /// The square of the longest edge that may take the place of others, in units of the CRS.
    longest: f64,
}

impl Near {
    /// The surroundings of a tile that needs `boxes` of a layer's CRS; `None` where they are
    /// several.
    ///
    /// A straight edge of `L` metres is bent by a projection: it moves by up to L²/8R where it
    /// bends by one earth radius R, as they do up to middle latitudes; sixteen times as much is
    /// allowed for here. The box is grown by a part of its size, and edges that bend by more are not
    /// made.
    pub fn new(boxes: &[Bbox], crs: &Crs) -> Option<Near> {
        let [bbox] = boxes else {
            return None;
        };
        let margin = bbox.width().max(bbox.height()) * MARGIN;
        let longest_m2 = margin * crs.metres_per_unit * EARTH_RADIUS_M / 2.0;
        Some(Near {
            bbox: bbox.grown(margin, margin),
            longest: longest_m2 / (crs.metres_per_unit * crs.metres_per_unit),
        })
    }

    /// Copies to `out` what the tile can see of a geometry, and enough of the rest for areas to
    /// lie on the same side of every position near the tile; false where all of it is needed.
    ///
    /// A position goes where it, the one before and the one after lie beyond the same side of
    /// the box: the triangle of the three is out of sight.
    pub fn reduce(&self, geometry: &Geometry, bbox: Option<Bbox>, out: &mut Geometry) -> bool {
        let is_inside = |b: Bbox| {
            b.min_x >= self.bbox.min_x
                && b.max_x <= self.bbox.max_x
                && b.min_y >= self.bbox.min_y
                && b.max_y <= self.bbox.max_y
        };
        if geometry.coords().len() < MIN_POSITIONS || bbox.is_none_or(is_inside) {
            return false;
        }
        out.begin(geometry.kind());
        for part in geometry.parts() {
            for sequence in part.sequences() {
                self.reduce_sequence(sequence, out);
                out.end_sequence();
            }
            out.end_part(part.kind);
        }
        true
    }

    fn reduce_sequence(&self, sequence: &[Coord], out: &mut Geometry) {
        let mut rest = sequence.iter();
        let Some(first) = rest.next() else {
            return;
        };
        out.push(*first);
        let (mut kept, mut beyond_kept) = (*first, self.sides(*first));
        let mut held: Option<(Coord, u8)> = None;
        for next in rest {
            let beyond_next = self.sides(*next);
            if let Some((at, beyond)) = held {
                let is_hidden = beyond_kept & beyond & beyond_next != 0;
                if !is_hidden || !self.is_short(kept, *next) {
                    out.push(at);
                    (kept, beyond_kept) = (at, beyond);
                }
            }
            held = Some((*next, beyond_next));
        }
        if let Some((last, _)) = held {
            out.push(last);
        }
    }

    /// The sides of the box beyond which a position lies, a bit each; a position that is none
    /// lies beyond no side.
    #[inline(always)]
    fn sides(&self, [x, y]: Coord) -> u8 {
        u8::from(x < self.bbox.min_x)
            | u8::from(x > self.bbox.max_x) << 1
            | u8::from(y < self.bbox.min_y) << 2
            | u8::from(y > self.bbox.max_y) << 3
    }

    #[inline(always)]
    fn is_short(&self, [ax, ay]: Coord, [bx, by]: Coord) -> bool {
        let (x, y) = (bx - ax, by - ay);
        x * x + y * y <= self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{GeometryType, PartKind};
    use proptest::prelude::*;

    fn near() -> Near {
        let bbox = Bbox::new(840_000.0, 6_519_000.0, 842_000.0, 6_521_000.0).unwrap();
        Near::new(&[bbox], &Crs::from_epsg(2154).unwrap()).unwrap()
    }

    fn ring(coords: &[Coord]) -> Geometry {
        let mut g = Geometry::new(GeometryType::Polygon);
        g.extend(coords.iter().copied());
        g.end_part(PartKind::Polygon);
        g
    }

    fn is_inside(ring: &[Coord], [x, y]: Coord) -> bool {
        let mut inside = false;
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            if (a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0] {
                inside = !inside;
            }
        }
        inside
    }

    #[test]
    fn a_border_far_away_is_told_in_few_positions() {
        let coords: Vec<Coord> = (0..5000)
            .map(|i| {
                let angle = f64::from(i) / 5000.0 * std::f64::consts::TAU;
                [
                    841_000.0 + 60_000.0 * angle.cos(),
                    6_520_000.0 + 60_000.0 * angle.sin(),
                ]
            })
            .collect();
        let (whole, mut out) = (ring(&coords), Geometry::default());
        assert!(near().reduce(&whole, whole.bbox(), &mut out));
        assert!(out.coords().len() < 60, "{}", out.coords().len());
        assert!(is_inside(out.coords(), [841_000.0, 6_520_000.0]));
    }

    #[test]
    fn what_lies_in_the_surroundings_is_left_as_it_is() {
        let coords: Vec<Coord> = (0..100)
            .map(|i| [841_000.0 + f64::from(i % 10), 6_520_000.0 + f64::from(i)])
            .collect();
        let whole = ring(&coords);
        assert!(!near().reduce(&whole, whole.bbox(), &mut Geometry::default()));
    }

    proptest! {
        #[test]
        fn every_position_near_the_tile_lies_on_the_same_side_as_before(
            walk in prop::collection::vec([-9_000.0..9_000.0f64, -9_000.0..9_000.0f64], 16..80),
            spots in prop::collection::vec([-1_000.0..1_000.0f64, -1_000.0..1_000.0f64], 30),
        ) {
            let place = |[x, y]: [f64; 2]| [841_000.0 + x, 6_520_000.0 + y];
            let coords: Vec<Coord> = walk.into_iter().map(place).collect();
            let (whole, mut out) = (ring(&coords), Geometry::default());
            prop_assume!(near().reduce(&whole, whole.bbox(), &mut out));
            prop_assert!(out.coords().len() <= coords.len());
            for spot in spots {
                let spot = place(spot);
                prop_assert_eq!(is_inside(&coords, spot), is_inside(out.coords(), spot));
            }
        }
    }
}
