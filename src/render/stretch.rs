//! A stretch of a line: segments that follow one another, and where their sides meet.
//!
//! All of them are reckoned before the first is drawn, several at once: one by one, each would wait
//! for the root and the quotients of its own. However long a line is, a stretch is short.

use super::fixed::Fixed;
use super::pen::{MITER_LIMIT, Pen};
use super::segments::Segment;
use crate::processor::{self, Processor, Work};
use crate::style::LineJoin;

/// Segments of a stretch.
const SEGMENTS: usize = 64;
/// Segments that are reckoned at once.
const LANES: usize = 4;

/// Bends below 3° are drawn as mitres whatever the join: the difference is below 1/1000 of the width.
const STRAIGHT: f64 = 0.9986;

/// A number of each segment, with room for what is reckoned behind the last.
type Each = [f64; SEGMENTS + LANES];

/// How two segments are joined, whatever is seen of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Join {
    /// From the vertex to where the left sides meet, in units; the right ones meet as far on the
    /// other side of it. Of no use where nothing meets.
    pub way: [f64; 2],
    /// The sides meet in one point each, left and right.
    pub meets: bool,
    /// The inner sides meet: both segments have room for it.
    pub has_room: bool,
    /// The outer sides meet.
    pub is_mitre: bool,
}

/// Where a segment is joined to the one before it.
// of references, as what an iterator hands out by value goes through memory
pub(super) struct Joint<'a> {
    /// The vertex, and where the segment ends.
    pub from: &'a Fixed,
    pub to: &'a Fixed,
    way: [&'a f64; 2],
    cosine: &'a f64,
    spare: &'a f64,
}

impl Joint<'_> {
    #[inline(always)]
    pub fn join(&self, pen: &Pen) -> Join {
        let cosine = *self.cosine;
        let has_room = (cosine > -0.98) & (*self.spare >= 0.0);
        let within_limit = 2.0 <= MITER_LIMIT * MITER_LIMIT * (1.0 + cosine);
        let is_mitre = (pen.join == LineJoin::Miter) & within_limit;
        Join {
            way: self.way.map(|way| *way),
            meets: (cosine > STRAIGHT) | (has_room & is_mitre),
            has_room,
            is_mitre,
        }
    }
}

/// Memory for a stretch of any line; empty between two of them.
#[derive(Debug)]
pub(super) struct Stretch {
    points: Vec<Fixed>,
    /// Of each segment: its direction, of length 1, and its length.
    directions: [Each; 2],
    lengths: Each,
    /// Of each segment and the next: [`Join::way`], the cosine of the angle between them, and how
    /// much more room there is than the inner sides need to meet.
    ways: [Each; 2],
    cosines: Each,
    spare: Each,
}

impl Default for Stretch {
    fn default() -> Stretch {
        let none = [0.0; SEGMENTS + LANES];
        Stretch {
            points: Vec::new(),
            directions: [none; 2],
            lengths: none,
            ways: [none; 2],
            cosines: none,
            spare: none,
        }
    }
}

/// What is left of a line.
pub(super) struct Rest<'a> {
    points: &'a [Fixed],
    close_with: Option<Fixed>,
}

impl Stretch {
    /// Begins a line without segments that have no length. A closed one begins and ends with the
    /// segment from its last point to its first.
    pub fn begin<'a>(&mut self, points: &'a [Fixed], closed: bool) -> Rest<'a> {
        self.points.clear();
        self.points.extend(points.last().filter(|_| closed));
        Rest {
            points,
            close_with: points.first().copied().filter(|_| closed),
        }
    }

    /// Goes on from the last segment, which is the first one then; false where the line ends there,
    /// and the stretch stays as it is.
    #[inline]
    pub fn follow(&mut self, rest: &mut Rest<'_>, pen: &Pen) -> bool {
        if rest.points.is_empty() && rest.close_with.is_none() {
            return false;
        }
        let gone = self.points.len().saturating_sub(2);
        self.points.drain(..gone);
        let room = SEGMENTS + 1 - self.points.len();
        let (next, left) = rest.points.split_at(room.min(rest.points.len()));
        self.points.extend_from_slice(next);
        rest.points = left;
        if self.points.len() <= SEGMENTS {
            self.points.extend(rest.close_with.take());
        }
        processor::run(Reckon {
            stretch: self,
            half: pen.half,
        });
        true
    }

    pub fn first(&self) -> Option<Segment> {
        self.segment(0)
    }

    pub fn last(&self) -> Option<Segment> {
        self.segment(self.points.len().checked_sub(2)?)
    }

    fn segment(&self, index: usize) -> Option<Segment> {
        let [x, y] = &self.directions;
        Some(Segment {
            from: *self.points.get(index)?,
            to: *self.points.get(index + 1)?,
            direction: [*x.get(index)?, *y.get(index)?],
        })
    }

    /// The directions of the two segments at a join, counted as [`joints`](Stretch::joints) does.
    pub fn directions(&self, join: usize) -> [[f64; 2]; 2] {
        let [x, y] = &self.directions;
        [join, join + 1].map(|index| [x, y].map(|of| of.get(index).copied().unwrap_or_default()))
    }

    /// Where a segment is joined to the one before it.
    #[inline(always)]
    pub fn joints(&self) -> impl Iterator<Item = Joint<'_>> {
        let ends = self.points.iter().skip(1).zip(self.points.iter().skip(2));
        let [x, y] = &self.ways;
        let joins = x.iter().zip(y).zip(self.cosines.iter().zip(&self.spare));
        ends.zip(joins)
            .map(|((from, to), ((x, y), (cosine, spare)))| Joint {
                from,
                to,
                way: [x, y],
                cosine,
                spare,
            })
    }

    /// The memory that it holds.
    pub fn bytes(&self) -> usize {
        size_of::<Stretch>() + self.points.capacity() * size_of::<Fixed>()
    }
}

/// The directions and joins of a stretch's segments, to be reckoned.
struct Reckon<'a> {
    stretch: &'a mut Stretch,
    half: f64,
}

impl Work for Reckon<'_> {
    type Output = ();

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "groups of `LANES` numbers")]
    fn on(self, _: impl Processor) {
        let Reckon { stretch, half } = self;
        let [ux, uy] = &mut stretch.directions;
        let ends = stretch.points.iter().zip(stretch.points.iter().skip(1));
        for (((from, to), x), y) in ends.zip(&mut *ux).zip(&mut *uy) {
            *x = (to[0] - from[0]) as f64;
            *y = (to[1] - from[1]) as f64;
        }
        let groups = stretch.points.len().div_ceil(LANES);
        let of_segments = ux
            .as_chunks_mut::<LANES>()
            .0
            .iter_mut()
            .zip(uy.as_chunks_mut::<LANES>().0)
            .zip(stretch.lengths.as_chunks_mut::<LANES>().0);
        for ((x, y), length) in of_segments.take(groups) {
            for ((x, y), length) in x.iter_mut().zip(y).zip(length) {
                *length = (*x * *x + *y * *y).sqrt();
                let inverse = 1.0 / *length;
                *x *= inverse;
                *y *= inverse;
            }
        }
        let [way_x, way_y] = &mut stretch.ways;
        let next_x = ux.split_first().map_or(&[][..], |(_, rest)| rest);
        let next_y = uy.split_first().map_or(&[][..], |(_, rest)| rest);
        let next_lengths = stretch
            .lengths
            .split_first()
            .map_or(&[][..], |(_, rest)| rest);
        let of_joins = ux
            .as_chunks::<LANES>()
            .0
            .iter()
            .zip(uy.as_chunks::<LANES>().0)
            .zip(stretch.lengths.as_chunks::<LANES>().0)
            .zip(next_x.as_chunks::<LANES>().0)
            .zip(next_y.as_chunks::<LANES>().0)
            .zip(next_lengths.as_chunks::<LANES>().0)
            .zip(way_x.as_chunks_mut::<LANES>().0)
            .zip(way_y.as_chunks_mut::<LANES>().0)
            .zip(stretch.cosines.as_chunks_mut::<LANES>().0)
            .zip(stretch.spare.as_chunks_mut::<LANES>().0);
        for (((((((((x0, y0), l0), x1), y1), l1), way_x), way_y), cosine), spare) in
            of_joins.take(groups)
        {
            for k in 0..LANES {
                let cos = x0[k] * x1[k] + y0[k] * y1[k];
                let sin = x0[k] * y1[k] - y0[k] * x1[k];
                let meeting = half / (1.0 + cos);
                // the sum of what is left of either direction
                way_x[k] = (y0[k] + y1[k]) * meeting;
                way_y[k] = -(x0[k] + x1[k]) * meeting;
                cosine[k] = cos;
                let room = if l0[k] < l1[k] { l0[k] } else { l1[k] } * 0.5;
                spare[k] = room - meeting * sin.abs();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixed::unit;
    use super::*;
    use crate::style::LineCap;

    /// A line without short segments.
    fn line() -> impl Strategy<Value = Vec<Fixed>> {
        let far = prop_oneof![24..900i64, -900..-23i64];
        prop::collection::vec((far, -900..900i64), 2..200).prop_map(|steps| {
            let mut at = [0, 0];
            let points = steps.into_iter().map(|(x, y)| {
                at = [at[0] + x, at[1] + y];
                at
            });
            points.collect()
        })
    }

    proptest! {
        #[test]
        fn all_joins_of_a_line_are_those_of_two_segments_by_themselves(
            points in line(), closed in any::<bool>(), half in 0.1..2000.0f64, bevel in any::<bool>(),
        ) {
            let join = if bevel { LineJoin::Bevel } else { LineJoin::Miter };
            let pen = Pen { half, cap: LineCap::Butt, join };
            let mut all = points.clone();
            if closed {
                all.insert(0, points[points.len() - 1]);
                all.push(points[0]);
                prop_assume!(points[0] != points[points.len() - 1]);
            }
            let segments: Vec<(Segment, f64)> = all.windows(2).map(|ends| {
                let (from, to) = (ends[0], ends[1]);
                let (direction, length) = unit([0, 1].map(|i| (to[i] - from[i]) as f64)).unwrap();
                (Segment { from, to, direction }, length)
            }).collect();
            let mut stretch = Stretch::default();
            let mut rest = stretch.begin(&points, closed);
            let mut at = 0;
            while stretch.follow(&mut rest, &pen) {
                prop_assert_eq!(stretch.first().unwrap().from, segments[at].0.from);
                for (index, joint) in stretch.joints().enumerate() {
                    let ((one, before), (two, after)) = (segments[at], segments[at + 1]);
                    prop_assert_eq!([*joint.from, *joint.to], [two.from, two.to]);
                    let (d0, d1) = (one.direction, two.direction);
                    prop_assert_eq!(stretch.directions(index), [d0, d1]);
                    let (cos, sin) = (d0[0] * d1[0] + d0[1] * d1[1], d0[0] * d1[1] - d0[1] * d1[0]);
                    let far = half / (1.0 + cos);
                    let has_room = cos > -0.98 && far * sin.abs() <= before.min(after) * 0.5;
                    let is_mitre = !bevel && 2.0 <= 16.0 * (1.0 + cos);
                    let join = joint.join(&pen);
                    prop_assert_eq!([join.has_room, join.is_mitre], [has_room, is_mitre]);
                    prop_assert_eq!(join.meets, cos > STRAIGHT || (has_room && is_mitre));
                    if has_room || is_mitre {
                        prop_assert_eq!(join.way, [(d0[1] + d1[1]) * far, -(d0[0] + d1[0]) * far]);
                    }
                    at += 1;
                }
            }
            prop_assert_eq!(at + 1, segments.len());
            prop_assert_eq!(stretch.last().unwrap().to, segments[at].0.to);
        }
    }
}
