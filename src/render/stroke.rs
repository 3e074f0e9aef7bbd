//! Lines as areas: the two sides of a line, its joins and its ends, as directed edges.
//!
//! Nothing is collected into a path: each edge goes straight into the [`Accumulator`], and the
//! edges of a line add up to closed outlines that all run the same way. Every offset is computed
//! from differences of positions and rounded by itself, so a shift by whole pixels changes no
//! bit. Where the inner side of a bend has room, both sides meet in one point and the area is
//! exact; where it has none, the sides overlap, and the sum is cut at full coverage.

use super::edges::Cells;
use super::fixed::{Fixed, round, unit};
use super::pen::{Pen, Window};
use super::raster::{Accumulator, Layer};
use super::segments::{Segment, without_short_segments};
use super::stretch::{Join, Stretch};
use crate::style::{LineCap, LineJoin};

/// How far an arc may run from what is drawn of it, in units: 1/20 px.
const FLAT: f64 = 13.0;

/// The corners of a segment's end or beginning: left and right of its direction.
#[derive(Debug, Clone, Copy)]
struct Corners {
    left: Fixed,
    right: Fixed,
}

impl Corners {
    /// Corners of no use.
    #[inline(always)]
    fn nowhere(point: Fixed) -> Corners {
        Corners {
            left: point,
            right: point,
        }
    }
}

/// Adds the area of a line. A `closed` one joins its end to its beginning, where `points` does
/// not repeat the first position.
pub fn stroke(
    accumulator: &mut Accumulator,
    points: &[Fixed],
    closed: bool,
    pen: &Pen,
    window: &Window,
) {
    let mut stretch = accumulator.stretch.take().unwrap_or_default();
    let stroker = Stroker::new(accumulator, pen, [Layer::Outer; 2]);
    stroker.stroke(points, closed, window, &mut stretch);
    accumulator.stretch = Some(stretch);
}

/// Adds a ring of a polygon in two layers: the side of its outline that is away from the
/// polygon's inside, and the side that is within. Their sum is the area of the outline; the
/// layer of inner borders is the inside that the outline leaves, negative.
///
/// `is_reversed` as for a fill: true where the inside is on the left.
pub fn outline(
    accumulator: &mut Accumulator,
    points: &[Fixed],
    is_reversed: bool,
    pen: &Pen,
    window: &Window,
) {
    let sides = if is_reversed {
        [Layer::Inner, Layer::Outer]
    } else {
        [Layer::Outer, Layer::Inner]
    };
    let mut stretch = accumulator.stretch.take().unwrap_or_default();
    let stroker = Stroker::new(accumulator, pen, sides);
    stroker.stroke(points, true, window, &mut stretch);
    accumulator.stretch = Some(stretch);
}

struct Stroker<'a> {
    cells: Cells<'a>,
    pen: &'a Pen,
    /// Where the cells of the line's sides begin in a row.
    left: usize,
    right: usize,
}

/// Where the sides of two segments that are joined at a vertex meet.
#[inline(always)]
fn meeting(vertex: Fixed, join: &Join) -> Corners {
    let [x, y] = join.way.map(round);
    Corners {
        left: [vertex[0] + x, vertex[1] + y],
        right: [vertex[0] - x, vertex[1] - y],
    }
}

/// Left of a direction, on a screen whose y runs down.
#[inline(always)]
fn left_of([x, y]: [f64; 2]) -> [f64; 2] {
    [y, -x]
}

#[inline(always)]
fn moved(point: Fixed, by: [f64; 2], factor: f64) -> Fixed {
    [
        point[0] + round(by[0] * factor),
        point[1] + round(by[1] * factor),
    ]
}

impl<'a> Stroker<'a> {
    /// Draws the left and the right side of lines in these layers.
    fn new(accumulator: &'a mut Accumulator, pen: &'a Pen, [left, right]: [Layer; 2]) -> Self {
        let cells = accumulator.cells();
        let [left, right] = [left, right].map(|layer| cells.begin_of(layer));
        Stroker {
            cells,
            pen,
            left,
            right,
        }
    }
}

impl Stroker<'_> {
    fn stroke(mut self, points: &[Fixed], closed: bool, window: &Window, stretch: &mut Stretch) {
        let points = &*without_short_segments(points, closed);
        let mut rest = stretch.begin(points, closed);
        let mut goes_on = stretch.follow(&mut rest, self.pen);
        let Some(first) = stretch.first().filter(|_| points.len() > 1) else {
            if let Some(point) = points.first() {
                self.dot(*point, closed);
            }
            return;
        };
        // what lies left of the window changes what is inside of a ring
        let is_split = self.is_split();
        let seen = |from: Fixed, to: Fixed| match is_split {
            true => window.touches_or_is_right_of(from, to),
            false => window.touches(from, to),
        };
        let mut current_seen = seen(first.from, first.to);
        // of a segment that is seen; what stands here for others is not used
        let mut start = Corners::nowhere(first.from);
        // a closed line begins with its last segment, whose sides are drawn when it comes again
        let mut end_of_all = None;
        if !closed && current_seen {
            start = self.begin(&first);
        }
        while goes_on {
            for (index, joint) in stretch.joints().enumerate() {
                let (vertex, join) = (*joint.from, joint.join(self.pen));
                let next_seen = seen(vertex, *joint.to);
                let (end, begin) = if current_seen & next_seen & join.meets {
                    let corners = meeting(vertex, &join);
                    (corners, corners)
                } else {
                    let directions = stretch.directions(index);
                    self.joined(vertex, directions, [current_seen, next_seen], &join)
                };
                if closed && end_of_all.is_none() {
                    end_of_all = Some(end);
                } else if current_seen {
                    self.sides(start, end);
                }
                (current_seen, start) = (next_seen, begin);
            }
            goes_on = stretch.follow(&mut rest, self.pen);
        }
        if let Some(last) = stretch.last().filter(|_| current_seen) {
            let end = end_of_all.unwrap_or_else(|| self.cap(last.to, last.direction));
            self.sides(start, end);
        }
    }

    /// True where the sides of the line are borders of their own.
    fn is_split(&self) -> bool {
        self.left != self.right
    }

    #[inline(always)]
    fn sides(&mut self, start: Corners, end: Corners) {
        self.left_edge(start.left, end.left);
        self.right_edge(end.right, start.right);
    }

    #[inline(always)]
    fn left_edge(&mut self, from: Fixed, to: Fixed) {
        self.edge(self.left, from, to);
    }

    #[inline(always)]
    fn right_edge(&mut self, from: Fixed, to: Fixed) {
        self.edge(self.right, from, to);
    }

    // a call costs less than what it would push out of the registers
    #[inline(never)]
    fn edge(&mut self, layer: usize, from: Fixed, to: Fixed) {
        self.cells.edge(layer, from, to);
    }

    /// Ends a line where it goes out of view. Sides that are borders of their own need no end:
    /// what lies beyond them is above, below or to the right.
    fn across(&mut self, from: Fixed, to: Fixed) {
        if !self.is_split() {
            self.edge(self.left, from, to);
        }
    }

    fn corners(&self, point: Fixed, direction: [f64; 2]) -> Corners {
        let normal = left_of(direction);
        Corners {
            left: moved(point, normal, self.pen.half),
            right: moved(point, normal, -self.pen.half),
        }
    }

    /// The beginning of a line, with its cap.
    fn begin(&mut self, segment: &Segment) -> Corners {
        let [x, y] = segment.direction;
        // seen from the line's end, left and right are the other way round
        let turned = self.cap(segment.from, [-x, -y]);
        Corners {
            left: turned.right,
            right: turned.left,
        }
    }

    fn cap(&mut self, point: Fixed, direction: [f64; 2]) -> Corners {
        let tip = match self.pen.cap {
            LineCap::Square => moved(point, direction, self.pen.half),
            LineCap::Butt | LineCap::Round => point,
        };
        let corners = self.corners(tip, direction);
        if self.pen.cap == LineCap::Round {
            let normal = left_of(direction);
            let middle = moved(point, direction, self.pen.half);
            let depth = self.arc_depth(-1.0);
            let layer = self.left;
            self.arc(
                layer,
                point,
                (normal, corners.left),
                (direction, middle),
                depth,
            );
            let opposite = [-normal[0], -normal[1]];
            self.arc(
                layer,
                point,
                (direction, middle),
                (opposite, corners.right),
                depth,
            );
        } else {
            self.left_edge(corners.left, corners.right);
        }
        corners
    }

    /// The join of two segments, of which one, both or none are seen: where the first ends and the
    /// second begins. The corners are those of the whole line even where one of the two is left
    /// out, or the sides of the other would run a trace differently.
    #[inline(never)]
    fn joined(
        &mut self,
        vertex: Fixed,
        directions: [[f64; 2]; 2],
        [first_seen, second_seen]: [bool; 2],
        join: &Join,
    ) -> (Corners, Corners) {
        if !first_seen && !second_seen {
            return (Corners::nowhere(vertex), Corners::nowhere(vertex));
        }
        let both = first_seen && second_seen;
        let (end, begin) = if join.meets {
            let corners = meeting(vertex, join);
            (corners, corners)
        } else {
            self.bend(vertex, directions, join, both)
        };
        if both {
            // nothing ends here
        } else if first_seen {
            self.across(end.left, end.right);
        } else {
            self.across(begin.right, begin.left);
        }
        (end, begin)
    }

    /// The corners where the first segment ends and where the second begins, where the sides do not
    /// meet in one point each, and, where `drawn`, the edges between them.
    #[inline(never)]
    fn bend(
        &mut self,
        point: Fixed,
        [d0, d1]: [[f64; 2]; 2],
        join: &Join,
        drawn: bool,
    ) -> (Corners, Corners) {
        let (n0, n1) = (left_of(d0), left_of(d1));
        let half = self.pen.half;
        let cos = d0[0] * d1[0] + d0[1] * d1[1];
        let mut end = self.corners(point, d0);
        let mut begin = self.corners(point, d1);
        let turns_left = d0[0] * d1[1] - d0[1] * d1[0] < 0.0;

        // the inner side: where there is no room, over the vertex
        if join.has_room {
            let Corners { left, right } = meeting(point, join);
            let inner = if turns_left { left } else { right };
            if turns_left {
                (end.left, begin.left) = (inner, inner);
            } else {
                (end.right, begin.right) = (inner, inner);
            }
        } else if !drawn {
            // nothing to go round
        } else if turns_left {
            self.left_edge(end.left, point);
            self.left_edge(point, begin.left);
        } else {
            self.right_edge(begin.right, point);
            self.right_edge(point, end.right);
        }

        // the outer side
        if join.is_mitre {
            let Corners { left, right } = meeting(point, join);
            let outer = if turns_left { right } else { left };
            if turns_left {
                (end.right, begin.right) = (outer, outer);
            } else {
                (end.left, begin.left) = (outer, outer);
            }
            return (end, begin);
        }
        if !drawn {
            return (end, begin);
        }
        let round = self.pen.join == LineJoin::Round;
        let layer = if turns_left { self.right } else { self.left };
        let (from, to) = if turns_left {
            let (n0, n1) = ([-n0[0], -n0[1]], [-n1[0], -n1[1]]);
            ((n1, begin.right), (n0, end.right))
        } else {
            ((n0, end.left), (n1, begin.left))
        };
        if !round {
            self.edge(layer, from.1, to.1);
        } else if cos > -0.98 {
            let depth = self.arc_depth(cos);
            self.arc(layer, point, from, to, depth);
        } else {
            // nearly straight back: the arc goes by the tip
            let tip = (d0, moved(point, d0, half));
            let depth = self.arc_depth(0.0);
            self.arc(layer, point, from, tip, depth);
            self.arc(layer, point, tip, to, depth);
        }
        (end, begin)
    }

    /// How often an arc of the angle with that cosine is halved, to be within 1/20 px.
    fn arc_depth(&self, cos: f64) -> u32 {
        // the sagitta is r·(1 - cos(angle / 2)), and that cosine the root of (1 + cos) / 2; most arcs
        // are flat enough as they are, and those need no root
        let half_angle = ((1.0 + cos) / 2.0).max(0.0);
        let flat_enough = (1.0 - FLAT / self.pen.half).max(0.0);
        if half_angle >= flat_enough * flat_enough {
            return 0;
        }
        let mut sagitta = self.pen.half * (1.0 - half_angle.sqrt());
        let mut depth = 0;
        // halving the angle divides it by four
        while sagitta > FLAT && depth < 8 {
            sagitta /= 4.0;
            depth += 1;
        }
        depth
    }

    fn arc(
        &mut self,
        layer: usize,
        center: Fixed,
        from: ([f64; 2], Fixed),
        to: ([f64; 2], Fixed),
        depth: u32,
    ) {
        let middle = || unit([from.0[0] + to.0[0], from.0[1] + to.0[1]]);
        let halves = depth.checked_sub(1);
        match halves.and_then(|less| Some((less, middle()?.0))) {
            Some((less, direction)) => {
                let middle = (direction, moved(center, direction, self.pen.half));
                self.arc(layer, center, from, middle, less);
                self.arc(layer, center, middle, to, less);
            }
            None => self.edge(layer, from.1, to.1),
        }
    }

    /// A line without length: what its caps make of it; a ring is a square of the pen's width.
    fn dot(self, point: Fixed, closed: bool) {
        if self.pen.cap == LineCap::Butt && !closed {
            return;
        }
        let east = Segment {
            from: point,
            to: point,
            direction: [1.0, 0.0],
        };
        let cap = if closed {
            LineCap::Square
        } else {
            self.pen.cap
        };
        let pen = Pen { cap, ..*self.pen };
        let mut stroker = Stroker {
            left: self.cells.begin_of(Layer::Outer),
            right: self.cells.begin_of(Layer::Outer),
            cells: self.cells,
            pen: &pen,
        };
        let start = stroker.begin(&east);
        let end = stroker.cap(east.to, east.direction);
        stroker.sides(start, end);
    }
}
