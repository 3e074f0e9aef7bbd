//! Leaves out the positions of a geometry that can't matter to a view, before they are
//! projected: of an area that reaches far beyond the view most of them.

use crate::crs::Crs;
use crate::geom::{Bbox, Coord, Geometry};

/// Metres, near enough for a bound.
const EARTH_RADIUS_M: f64 = 6.4e6;
/// Geometries of fewer positions are projected whole.
const MIN_POSITIONS: usize = 16;
/// How much of its own size the box is grown by. A quarter more is projected then; edges of up
/// to 30 km may be made in zoom 14.
const MARGIN: f64 = 0.125;

/// The surroundings of a view in the CRS of a layer.
#[derive(Debug)]
pub(super) struct Near {
    bbox: Bbox,
    /// The square of the longest edge that may take the place of others, in units of the CRS.
    longest: f64,
    /// The square of the distance within which positions may become one, in units of the CRS.
    least: f64,
}

impl Near {
    /// The surroundings of a view that needs `boxes` of a layer's CRS; `None` where they are
    /// several. Positions nearer to each other than `least_m` metres on the ground may become one
    /// on the view's grid.
    ///
    /// A straight edge of `L` metres is bent by a projection: it moves by up to L²/8R where it
    /// bends by one earth radius R, as they do up to middle latitudes; sixteen times as much is
    /// allowed for here. The box is grown by a part of its size, and edges that bend by more are not
    /// made.
    pub fn new(boxes: &[Bbox], crs: &Crs, least_m: f64) -> Option<Near> {
        let [bbox] = boxes else {
            return None;
        };
        let margin = bbox.width().max(bbox.height()) * MARGIN;
        let unit = crs.metres_per_unit;
        Some(Near {
            bbox: bbox.grown(margin, margin),
            longest: margin * EARTH_RADIUS_M / 2.0 / unit,
            least: (least_m / unit).powi(2),
        })
    }

    /// Copies to `out` what the view can see of a geometry, and enough of the rest for areas to
    /// lie on the same side of every position near the view; false where all of it is needed.
    ///
    /// A line or ring that lies beyond one side of the box is its first position. Of another,
    /// positions that lie one after the other beyond the same side are told by fewer, as long as
    /// edges are short; the first and the last two of them stay, because the corners of an edge
    /// in view depend on the edges beside it.
    pub fn reduce(&self, geometry: &Geometry, bbox: Option<Bbox>, out: &mut Geometry) -> bool {
        if geometry.coords().len() < MIN_POSITIONS || bbox.is_none_or(|b| self.bbox.contains(&b)) {
            return false;
        }
        out.begin(geometry.kind());
        for part in geometry.parts() {
            for sequence in part.sequences() {
                let (run, mut rest) = self.first_run(sequence);
                match run {
                    [first, ..] if rest.is_empty() && self.sides(*first) != 0 => out.push(*first),
                    _ => self.reduce_run(run, out),
                }
                while !rest.is_empty() {
                    let (run, behind) = self.first_run(rest);
                    self.reduce_run(run, out);
                    rest = behind;
                }
                out.end_sequence();
            }
            out.end_part(part.kind);
        }
        true
    }

    /// The positions from the first on that lie beyond one side together, at least that one, and
    /// those behind.
    fn first_run<'c>(&self, sequence: &'c [Coord]) -> (&'c [Coord], &'c [Coord]) {
        let mut beyond = u8::MAX;
        let hidden = sequence.iter().take_while(|position| {
            beyond &= self.sides(**position);
            beyond != 0
        });
        let end = hidden.count().max(1);
        sequence.split_at_checked(end).unwrap_or((sequence, &[]))
    }

    /// Tells a run of positions beyond one side by fewer.
    fn reduce_run(&self, run: &[Coord], out: &mut Geometry) {
        let begin = self.corner(run.iter());
        let end = run.len().saturating_sub(self.corner(run.iter().rev()));
        let (Some(head), Some(middle), Some(tail)) =
            (run.get(..begin), run.get(begin..end), run.get(end..))
        else {
            return out.extend(run.iter().copied());
        };
        out.extend(head.iter().copied());
        let mut kept = head.last().or(run.first()).copied().unwrap_or_default();
        let nexts = middle.iter().skip(1).chain(tail.first());
        for (at, next) in middle.iter().zip(nexts) {
            if squared(kept, *next) > self.longest {
                out.push(*at);
                kept = *at;
            }
        }
        out.extend(tail.iter().copied());
    }

    /// How many positions at the end of a run the corner at its end depends on: up to the first
    /// that does not become one with it.
    fn corner<'c>(&self, mut from_end: impl Iterator<Item = &'c Coord>) -> usize {
        let Some(end) = from_end.next() else {
            return 0;
        };
        let same = from_end.take_while(|position| squared(*end, **position) <= self.least);
        same.count() + 2
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
}

/// The square of the distance.
#[inline(always)]
fn squared([ax, ay]: Coord, [bx, by]: Coord) -> f64 {
    let (x, y) = (bx - ax, by - ay);
    x * x + y * y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{GeometryType, PartKind};
    use proptest::prelude::*;

    fn near() -> Near {
        let bbox = Bbox::new(840_000.0, 6_519_000.0, 842_000.0, 6_521_000.0).unwrap();
        Near::new(&[bbox], &Crs::from_epsg(2154).unwrap(), 1.0).unwrap()
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
    fn of_a_ring_that_lies_beyond_one_side_a_position_is_left() {
        let mut islands = ring(&[[840_500.0, 6_519_500.0], [841_500.0, 6_520_000.0]]);
        for shift in [0.0, 300_000.0] {
            let far = (0..40).map(|i| [900_000.0 + shift, 6_500_000.0 + 1e3 * f64::from(i)]);
            islands.extend(far);
            islands.end_part(PartKind::Polygon);
        }
        let mut out = Geometry::default();
        assert!(near().reduce(&islands, islands.bbox(), &mut out));
        let rings = out
            .parts()
            .flat_map(|part| part.sequences().map(<[Coord]>::len));
        assert_eq!(rings.collect::<Vec<_>>(), [2, 1, 1]);
    }

    #[test]
    fn where_a_run_begins_and_ends_positions_stay_until_one_is_apart() {
        // beyond the east side, 0.7 m from each other, and one in view
        let coords: Vec<Coord> = (0..40)
            .map(|i| {
                [
                    843_000.0 + 0.5 * f64::from(i % 2),
                    6_500_000.0 + 0.5 * f64::from(i),
                ]
            })
            .chain([[841_000.0, 6_520_000.0]])
            .collect();
        let (whole, mut out) = (ring(&coords), Geometry::default());
        assert!(near().reduce(&whole, whole.bbox(), &mut out));
        assert_eq!(out.coords(), [&coords[..4], &coords[36..]].concat());
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
