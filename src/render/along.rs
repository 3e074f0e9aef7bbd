//! Places along a line: dashes, markers at intervals, parallel lines.
//!
//! Distances are measured from the line's first vertex, whatever part of it is in view; what is
//! out of view is skipped by arithmetic.

use super::fixed::{Fixed, UNIT, round, unit};
use super::pen::Window;

/// Lengths on and off, from the beginning of the line, in units.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashes {
    /// The stretches drawn in one period.
    on: Vec<(f64, f64)>,
    period: f64,
    offset: f64,
}

/// Shorter periods can't be seen as dashes.
const SHORTEST_PERIOD: f64 = UNIT as f64 / 2.0;
/// Beyond any map, and far from where sums of lengths lose their units.
const LONGEST_PERIOD: f64 = 1e12;

impl Dashes {
    /// Lengths in pixels, on and off in turn; an odd number of them is repeated, as in SVG.
    /// `None` where the line is solid: no lengths, one that is no number, or a period below
    /// half a pixel.
    pub fn new(lengths_px: &[f64], offset_px: f64) -> Option<Dashes> {
        let units = |px: f64| px.max(0.0) * UNIT as f64;
        let repeats = 1 + lengths_px.len() % 2;
        let mut on = Vec::new();
        let mut at = 0.0;
        for (index, length) in lengths_px
            .iter()
            .cycle()
            .take(lengths_px.len() * repeats)
            .enumerate()
        {
            let end = at + units(*length);
            if index % 2 == 0 {
                on.push((at, end));
            }
            at = end;
        }
        let usable = (SHORTEST_PERIOD..LONGEST_PERIOD).contains(&at);
        let gaps = lengths_px.iter().skip(1).step_by(2).any(|gap| *gap > 0.0);
        (usable && (gaps || repeats == 2)).then(|| Dashes {
            on,
            period: at,
            offset: if offset_px.is_finite() {
                (offset_px * UNIT as f64) % at
            } else {
                0.0
            },
        })
    }

    /// Calls `draw` with each dash in the window, as a line; one without length is a single
    /// position.
    pub fn cut(
        &self,
        points: &[Fixed],
        closed: bool,
        window: &Window,
        mut draw: impl FnMut(&[Fixed]),
    ) {
        let mut dash: Vec<Fixed> = Vec::new();
        let mut walked = 0.0;
        each_segment(points, closed, |from, to, direction, length| {
            let segment = Stretch {
                from,
                to,
                direction,
                begin: walked,
                end: walked + length,
            };
            walked += length;
            let mut done = f64::NEG_INFINITY;
            let seen = visible(window, from, direction, length);
            let (near, far) = seen.unwrap_or((0.0, 0.0));
            self.draw_between(&segment, (near, far), &mut done, &mut dash, &mut draw);
            // a dash that runs over a vertex is drawn whole, seen there or not: its corners are
            // part of its shape
            if far < length {
                self.draw_between(&segment, (length, length), &mut done, &mut dash, &mut draw);
            }
        });
        if !dash.is_empty() {
            draw(&dash);
        }
    }

    /// Draws or continues the dashes that touch a part of a segment, each once: those up to
    /// `done` are.
    fn draw_between(
        &self,
        segment: &Stretch,
        (near, far): (f64, f64),
        done: &mut f64,
        dash: &mut Vec<Fixed>,
        draw: &mut impl FnMut(&[Fixed]),
    ) {
        let Stretch {
            from,
            to,
            direction,
            begin,
            end,
        } = *segment;
        // the dash that runs over the beginning first
        let starts = [(0.0, 0.0), (near, far)];
        for (near, far) in starts.into_iter().skip(usize::from(near <= 0.0)) {
            let mut k = ((begin + near + self.offset) / self.period).floor();
            'periods: loop {
                let base = k * self.period - self.offset;
                for (on, off) in &self.on {
                    let (on, off) = (base + on, base + off);
                    if on > begin + far || on >= end {
                        break 'periods;
                    }
                    if on <= *done || off < begin + near || off <= begin && off > on {
                        continue;
                    }
                    *done = on;
                    let at = |s: f64| {
                        let s = s - begin;
                        [
                            from[0] + round(direction[0] * s),
                            from[1] + round(direction[1] * s),
                        ]
                    };
                    if on >= begin {
                        dash.clear();
                        dash.push(at(on));
                    } else if dash.is_empty() {
                        dash.push(from);
                    }
                    if off <= end {
                        push_apart(dash, at(off));
                        draw(dash);
                        dash.clear();
                    } else {
                        push_apart(dash, to);
                    }
                }
                k += 1.0;
            }
        }
    }
}

/// A segment and its place along the line.
#[derive(Clone, Copy)]
struct Stretch {
    from: Fixed,
    to: Fixed,
    direction: [f64; 2],
    begin: f64,
    end: f64,
}

/// Adds a vertex, unless it is so near to the one before that their direction is noise.
fn push_apart(line: &mut Vec<Fixed>, point: Fixed) {
    let near = line
        .last()
        .is_some_and(|p| (p[0] - point[0]).abs() < 8 && (p[1] - point[1]).abs() < 8);
    match (near, line.len()) {
        (true, 1) => {}
        (true, _) => {
            line.pop();
            line.push(point);
        }
        (false, _) => line.push(point),
    }
}

/// Calls `mark` with each place at `first`, `first + step`, … units from the beginning that is in
/// the window, and the direction of the line there. Steps below a quarter pixel mark nothing.
pub fn at_intervals(
    points: &[Fixed],
    closed: bool,
    (first, step): (f64, f64),
    window: &Window,
    mut mark: impl FnMut(Fixed, [f64; 2]),
) {
    let usable = first.is_finite() && step.is_finite() && step >= UNIT as f64 / 4.0;
    if !usable {
        return;
    }
    let mut walked = 0.0;
    each_segment(points, closed, |from, _, direction, length| {
        if let Some((near, far)) = visible(window, from, direction, length) {
            let mut k = ((walked + near - first) / step).ceil().max(0.0);
            loop {
                let s = first + k * step - walked;
                // the end of a segment is the beginning of the next one
                if s >= length || s > far {
                    break;
                }
                if s >= 0.0 {
                    let place = [
                        from[0] + round(direction[0] * s),
                        from[1] + round(direction[1] * s),
                    ];
                    mark(place, direction);
                }
                k += 1.0;
            }
        }
        walked += length;
    });
}

/// Calls `mark` with each vertex in the window, and the direction between those of the segments
/// that meet there.
pub fn at_vertices(
    points: &[Fixed],
    closed: bool,
    window: &Window,
    mut mark: impl FnMut(Fixed, [f64; 2]),
) {
    let mut visit = |at: Fixed, before: Option<[f64; 2]>, after: Option<[f64; 2]>| {
        let seen = [0, 1].iter().all(|axis: &usize| {
            let sides = (at.get(*axis), window.min.get(*axis), window.max.get(*axis));
            matches!(sides, (Some(v), Some(min), Some(max)) if (min..=max).contains(&v))
        });
        if !seen {
            return;
        }
        let [x, y] = match (before, after) {
            (Some(a), Some(b)) => [a[0] + b[0], a[1] + b[1]],
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return,
        };
        // a line that turns right back has no direction between: the one it goes on in
        let between = unit([x, y]).filter(|(_, length)| *length > 1e-6);
        if let Some(direction) = between.map(|(direction, _)| direction).or(after) {
            mark(at, direction);
        }
    };
    let mut last = None;
    if closed {
        each_segment(points, closed, |_, _, direction, _| last = Some(direction));
    }
    let mut end = None;
    each_segment(points, closed, |from, to, direction, _| {
        visit(from, last, Some(direction));
        last = Some(direction);
        end = Some(to);
    });
    if let Some(end) = end.filter(|_| !closed) {
        visit(end, last, None);
    }
}

/// The place at a part of the line's length, and the direction there; `None` for a line without
/// length.
pub fn at_part(points: &[Fixed], closed: bool, part: f64) -> Option<(Fixed, [f64; 2])> {
    let mut length = 0.0;
    each_segment(points, closed, |_, _, _, segment| length += segment);
    let wanted = length * part;
    let mut walked = 0.0;
    let mut found = None;
    each_segment(points, closed, |from, _, direction, segment| {
        if found.is_none() || walked < wanted {
            let s = (wanted - walked).min(segment);
            let place = [
                from[0] + round(direction[0] * s),
                from[1] + round(direction[1] * s),
            ];
            found = Some((place, direction));
        }
        walked += segment;
    });
    found
}

fn each_segment(
    points: &[Fixed],
    closed: bool,
    mut visit: impl FnMut(Fixed, Fixed, [f64; 2], f64),
) {
    let next = points.iter().skip(1);
    let back = points.first().filter(|_| closed);
    for (from, to) in points.iter().zip(next.chain(back)) {
        let delta = [(to[0] - from[0]) as f64, (to[1] - from[1]) as f64];
        if let Some((direction, length)) = unit(delta) {
            visit(*from, *to, direction, length);
        }
    }
}

/// The stretch of a segment, in units from its beginning, that may be in the window, with a unit
/// to spare.
fn visible(window: &Window, from: Fixed, direction: [f64; 2], length: f64) -> Option<(f64, f64)> {
    let (mut near, mut far) = (0.0f64, length);
    for axis in [0, 1] {
        let (from, d, min, max) = match axis {
            0 => (from[0], direction[0], window.min[0], window.max[0]),
            _ => (from[1], direction[1], window.min[1], window.max[1]),
        };
        let (to_min, to_max) = ((min - from) as f64, (max - from) as f64);
        if d.abs() * length < 1.0 {
            if to_min > 1.0 || to_max < -1.0 {
                return None;
            }
            continue;
        }
        let (a, b) = (to_min / d, to_max / d);
        near = near.max(a.min(b) - 1.0);
        far = far.min(a.max(b) + 1.0);
    }
    (near <= far).then_some((near, far))
}

/// The parallel line `distance` units to the left, its corners mitred; where a bend is narrower
/// than the distance, the parallel overlaps itself.
pub fn parallel(points: &[Fixed], closed: bool, distance: f64) -> Vec<Fixed> {
    let mut directions = Vec::with_capacity(points.len());
    let mut corners = Vec::with_capacity(points.len());
    each_segment(points, closed, |from, to, direction, length| {
        directions.push((direction, length));
        if corners.is_empty() {
            corners.push(from);
        }
        corners.push(to);
    });
    if closed {
        corners.pop();
    }
    let mut line = Vec::with_capacity(corners.len());
    let before = closed.then(|| directions.last().copied()).flatten();
    let mut previous = before;
    let mut following = directions.iter().copied();
    for corner in corners {
        let next = following.next();
        match (previous, next) {
            (Some((d0, l0)), Some((d1, l1))) => {
                let cos = d0[0] * d1[0] + d0[1] * d1[1];
                let (n0, n1) = ([d0[1], -d0[0]], [d1[1], -d1[0]]);
                // on the inside of a bend both parallels end where they meet, if they get there
                let inside = (d1[0] * n0[0] + d1[1] * n0[1]) * distance > 0.0;
                let back = ((1.0 - cos) / (1.0 + cos).max(1e-9)).sqrt() * distance.abs();
                if cos > -0.5 || inside && back < f64::min(l0, l1) {
                    let factor = distance / (1.0 + cos);
                    line.push(shifted(corner, [n0[0] + n1[0], n0[1] + n1[1]], factor));
                } else {
                    line.push(shifted(corner, n0, distance));
                    line.push(shifted(corner, n1, distance));
                }
            }
            (Some((d, _)), None) | (None, Some((d, _))) => {
                line.push(shifted(corner, [d[1], -d[0]], distance));
            }
            (None, None) => {}
        }
        previous = next;
    }
    line
}

fn shifted(point: Fixed, by: [f64; 2], factor: f64) -> Fixed {
    [
        point[0] + round(by[0] * factor),
        point[1] + round(by[1] * factor),
    ]
}
