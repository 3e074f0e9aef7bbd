use std::f64::consts::PI;

use super::baseline::{Baseline, SAMPLES};
use super::bounds::coarse;
use super::candidate::{Paints, Rank, quarter, rotation_step};
use super::set::{LineCandidate, MAX_CANDIDATES};
use super::settle::PixelBox;
use crate::geom::{Coord, View};
use crate::render::text::{ASCENT_EM, DESCENT_EM, GlyphPlace, Layout, LayoutGlyph, Subpixel};

/// A label that is to follow lines.
pub struct LineRequest<'a> {
    pub view: &'a View,
    /// Around the view: labels beyond are not made.
    pub margin_px: [f64; 2],
    pub layout: &'a Layout,
    pub paints: Paints,
    pub pad: f64,
    /// To the left of the line's direction.
    pub offset_px: f64,
    /// `None` is one label a line.
    pub repeat_px: Option<f64>,
    pub rank: Rank,
    /// Where something is in the way of a label's first place, others are tried.
    pub places: usize,
}

/// A label that turns further than this from one letter to another is hard to read, in radians.
const MAX_BEND: f64 = 1.17;
/// Sharper bends make letters collide or gape, in radians in an em.
const MAX_SHARPNESS: f64 = 0.43;
/// The line may leave the label's baseline by this much, in ems.
const MAX_DEVIATION: f64 = 0.77;
/// A stretch is refused that is longer than this many labels: it winds.
const MAX_WINDING: f64 = 1.6;
/// Where it can, the baseline is fitted to so much more of the line at either end, in ems: ends
/// of a cubic flare.
const OVERHANG: f64 = 0.7;
/// Spare baseline at either end of a label, in ems.
const SPARE: f64 = 0.1;
/// Around a label's place, these are looked at, in parts of the distance between labels; the
/// nearest first.
const SHIFTS: [f64; 9] = [
    0.0, 0.063, -0.063, 0.125, -0.125, 0.188, -0.188, 0.25, -0.25,
];
/// Most places of a label that are told apart: see [`Rank::is_sibling`].
pub(super) const MAX_PLACES: usize = 3;
/// Other places lie at most this far from the first, in ems: conflicts can't reach further.
pub(super) const ELSEWHERE_EM: f64 = 10.0;
/// Between repeated labels at least, in parts of the label's length.
const MIN_GAP: f64 = 0.5;

/// Puts labels along lines. Where they lie depends on the whole line and the resolution, never
/// on the view; the view only chooses which of them are made.
#[derive(Debug, Default)]
pub struct LineLabeller {
    /// World length from the line's start to each vertex.
    lengths: Vec<f64>,
}

impl LineLabeller {
    /// Appends the candidates along a line in world coordinates, the `number`th of its feature.
    pub fn label(
        &mut self,
        request: &LineRequest<'_>,
        line: &[Coord],
        number: u64,
        out: &mut Vec<LineCandidate>,
    ) {
        let mut total = 0.0;
        self.lengths.clear();
        self.lengths.push(0.0);
        for (a, b) in line.iter().zip(line.iter().skip(1)) {
            total += (a[0] - b[0]).hypot(a[1] - b[1]);
            self.lengths.push(total);
        }
        let resolution = request.view.resolution();
        let label = f64::from(request.layout.width) * request.paints.size_px() * resolution;
        let em = request.paints.size_px() * resolution;
        let needed = label + 2.0 * SPARE * em;
        if !(total.is_finite() && total > needed && needed > 0.0) {
            return;
        }
        let period = match request.repeat_px {
            Some(repeat) if repeat > 0.0 => {
                coarse((repeat * resolution).max(label * (1.0 + MIN_GAP)))
            }
            _ => total,
        };
        let count = (total / period).floor().max(1.0);
        let period = if count == 1.0 { total } else { period };
        let start = (total - count * period) / 2.0;
        let path = Path {
            line,
            lengths: &self.lengths,
            total,
        };

        // the slots whose labels can reach the view and its margin
        let reach = label + 2.0 * em + 0.25 * period + request.offset_px.abs() * resolution;
        let mut next = 0.0;
        for (i, (a, b)) in line.iter().zip(line.iter().skip(1)).enumerate() {
            let Some((from, to)) = within(request, *a, *b, label) else {
                continue;
            };
            let at = |t: f64| {
                let before = self.lengths.get(i).copied().unwrap_or(0.0);
                let after = self.lengths.get(i + 1).copied().unwrap_or(before);
                before + (after - before) * t
            };
            let first = ((at(from) - reach - start) / period).floor().max(next);
            let last = ((at(to) + reach - start) / period).floor().min(count - 1.0);
            let mut slot = first;
            while slot <= last && out.len() <= MAX_CANDIDATES {
                let middle = start + (slot + 0.5) * period;
                for (place, seat) in (0..).zip(path.seats(request, middle, period)) {
                    let (boxes, glyphs) = seat.glyphs(request);
                    let label = number << 32 | (slot as u64 & 0x3FFF_FFFF) << 2;
                    out.push(LineCandidate {
                        rank: Rank {
                            slot: label | place,
                            ..request.rank
                        },
                        paints: request.paints,
                        boxes,
                        glyphs,
                    });
                }
                slot += 1.0;
                next = slot;
            }
        }
    }
}

/// The part of a segment (0 to 1) inside the view, its margin and a label's length around;
/// `None` where there is none.
fn within(request: &LineRequest<'_>, a: Coord, b: Coord, label: f64) -> Option<(f64, f64)> {
    let [margin_x, margin_y] = request.margin_px;
    let view = request.view;
    let grown = view.bbox.grown(
        margin_x * view.resolution_x() + label,
        margin_y * view.resolution_y() + label,
    );
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (start, step, low, high) in [
        (a[0], b[0] - a[0], grown.min_x, grown.max_x),
        (a[1], b[1] - a[1], grown.min_y, grown.max_y),
    ] {
        if step == 0.0 {
            if start < low || start > high {
                return None;
            }
        } else {
            let (t0, t1) = ((low - start) / step, (high - start) / step);
            from = from.max(t0.min(t1));
            to = to.min(t0.max(t1));
        }
    }
    (from <= to).then_some((from, to))
}

struct Path<'a> {
    line: &'a [Coord],
    lengths: &'a [f64],
    total: f64,
}

impl Path<'_> {
    /// The position at a length from the start, held to the line's ends.
    fn at(&self, length: f64) -> Coord {
        let length = length.clamp(0.0, self.total);
        let after = self.lengths.partition_point(|l| *l < length).max(1);
        self.between(after, length)
    }

    /// The position at a length that lies on the segment to the vertex `after`.
    fn between(&self, after: usize, length: f64) -> Coord {
        let get = |i: usize| {
            (
                self.lengths.get(i).copied().unwrap_or(self.total),
                self.line
                    .get(i)
                    .or(self.line.last())
                    .copied()
                    .unwrap_or_default(),
            )
        };
        let ((from, a), (to, b)) = (get(after.saturating_sub(1)), get(after));
        let t = if to > from {
            (length - from) / (to - from)
        } else {
            0.0
        };
        [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
    }

    /// Positions at equal distances between two lengths, each in the middle of its share, in
    /// pixels from a position.
    fn sample(&self, view: &View, [from, to]: [f64; 2], origin: Coord) -> [Coord; SAMPLES] {
        let step = (to - from) / SAMPLES as f64;
        let mut after = self.lengths.partition_point(|l| *l < from).max(1);
        let [ox, oy] = origin;
        std::array::from_fn(|i| {
            let length = from + (i as f64 + 0.5) * step;
            while self.lengths.get(after).is_some_and(|l| *l < length) {
                after += 1;
            }
            let [x, y] = self.between(after, length);
            [
                (x - ox) / view.resolution_x(),
                (oy - y) / view.resolution_y(),
            ]
        })
    }

    /// The places of a label around a middle, the best first: none where the line ends or winds
    /// too much everywhere.
    fn seats(&self, request: &LineRequest<'_>, middle: f64, period: f64) -> Vec<Seat> {
        let mut seats: Vec<(f64, Seat)> = (0..)
            .zip(SHIFTS)
            .filter_map(|(number, shift)| {
                let seat = self.seat(request, middle + shift * period)?;
                // in coarse steps, so that noise does not choose; far from the middle costs
                let cost = (8.0 * seat.fault + 0.137).floor() + f64::from(number / 2);
                Some((cost, seat))
            })
            .collect();
        // stable: of equals the nearest to the middle
        seats.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let size = request.paints.size_px();
        let mut taken: Vec<Seat> = Vec::with_capacity(request.places);
        for (_, seat) in seats {
            let elsewhere = |other: &Seat| {
                let ([x, y], [ox, oy]) = (seat.origin, other.origin);
                (x - ox).hypot(y - oy)
            };
            let near = taken
                .first()
                .is_none_or(|first| elsewhere(first) < ELSEWHERE_EM * size);
            // half a label further, it might be free
            let apart = taken
                .iter()
                .all(|other| elsewhere(other) > 0.513 * seat.label_px);
            if near && apart {
                taken.push(seat);
            }
            if taken.len() >= request.places.min(MAX_PLACES) {
                break;
            }
        }
        taken
    }

    /// The baseline around a middle; `None` where the line ends or winds too much.
    fn seat(&self, request: &LineRequest<'_>, middle: f64) -> Option<Seat> {
        let view = request.view;
        let size = request.paints.size_px();
        let label_px = f64::from(request.layout.width) * size;
        let needed_px = label_px + 2.0 * SPARE * size;
        let origin = self.at(middle);
        let room = middle.min(self.total - middle);
        // half of the stretch, in the world: the line is longer than its baseline
        let mut half = needed_px / 2.0 * view.resolution();
        let longest = half * MAX_WINDING;
        for _ in 0..4 {
            if half > room || half > longest {
                return None;
            }
            let overhang = (OVERHANG * size * view.resolution()).min(room - half);
            let fitted = half + overhang;
            let positions = self.sample(view, [middle - fitted, middle + fitted], origin);
            let baseline = Baseline::fit(&positions);
            let length = baseline.length() * half / fitted;
            if length < needed_px * 0.999_3 {
                half *= (needed_px / length.max(0.1 * needed_px)) * 1.003;
                continue;
            }
            let from = (baseline.length() - label_px) / 2.0;
            let bend = baseline.bend(from, from + label_px);
            let [right, left] = baseline.deviation(&positions);
            let deviation = right.max(left) / size;
            let sharpness = bend.sharpest * size;
            let fits =
                bend.total < MAX_BEND && sharpness < MAX_SHARPNESS && deviation < MAX_DEVIATION;
            return fits.then(|| Seat {
                origin: view.to_pixel(origin),
                from,
                label_px,
                fault: bend.total / MAX_BEND
                    + 0.5 * sharpness / MAX_SHARPNESS
                    + deviation / MAX_DEVIATION,
                baseline,
                right,
                left,
            });
        }
        None
    }
}

/// A place for a label.
struct Seat {
    baseline: Baseline,
    /// What the baseline is measured from, in pixels of the view.
    origin: Coord,
    /// Where the label begins on the baseline.
    from: f64,
    label_px: f64,
    /// How far the line leaves the baseline to either side, in pixels.
    right: f64,
    left: f64,
    /// Bends and deviations: 0 is a straight line.
    fault: f64,
}

impl Seat {
    fn glyphs(&self, request: &LineRequest<'_>) -> (Vec<PixelBox>, Vec<GlyphPlace>) {
        let size = request.paints.size_px();
        let (from, to) = (self.from, self.from + self.label_px);
        let (([x0, y0], _), ([x1, y1], _)) = (self.baseline.at(from), self.baseline.at(to));
        let (dx, dy) = (x1 - x0, y1 - y0);
        let chord = dx.hypot(dy);
        // from left to right; a vertical line is read upwards
        let reversed = dx < -0.013 * chord || dx.abs() <= 0.013 * chord && dy > 0.0;
        // the middle of the lower-case letters runs along the line
        let half_height = f64::from(ASCENT_EM + DESCENT_EM) / 2.0 * size;
        let lowered = half_height - f64::from(DESCENT_EM) * size;
        // beside a line, the label keeps clear of its bends too
        let offset = match request.offset_px {
            offset if offset > 0.0 => offset + self.left,
            offset if offset < 0.0 => offset - self.right,
            _ => 0.0,
        };
        let down = if reversed { offset } else { -offset };

        let mut frame: Option<Frame> = None;
        let mut boxes: Vec<PixelBox> = Vec::new();
        let mut glyphs = Vec::with_capacity(request.layout.glyphs.len());
        for (number, glyph) in request.layout.glyphs.iter().enumerate() {
            let on = match frame {
                // a mark stands with the letter before it
                Some(frame) if glyph.advance == 0.0 => frame,
                _ => {
                    let advance = f64::from(glyph.advance) * size;
                    let along = f64::from(glyph.x) * size + advance / 2.0;
                    let at = if reversed { to - along } else { from + along };
                    let ([x, y], direction) = self.baseline.at(at);
                    let angle = direction + if reversed { PI } else { 0.0 };
                    let (sin, cos) = angle.sin_cos();
                    let [ox, oy] = self.origin;
                    Frame {
                        angle,
                        middle: [ox + x - sin * down, oy + y + cos * down],
                        along,
                        half_advance: advance / 2.0,
                    }
                }
            };
            frame = Some(on);
            glyphs.push(on.place(glyph, size, lowered));
            let found = on.bounds(half_height, request.pad);
            match boxes.last_mut() {
                // one box for each two glyphs
                Some([l, t, r, b]) if number % 2 == 1 => {
                    let [fl, ft, fr, fb] = found;
                    (*l, *t, *r, *b) = (l.min(fl), t.min(ft), r.max(fr), b.max(fb));
                }
                _ => boxes.push(found),
            }
        }
        (boxes, glyphs)
    }
}

/// A glyph's stretch of the line.
#[derive(Clone, Copy)]
struct Frame {
    /// Of the text, clockwise.
    angle: f64,
    /// In pixels.
    middle: Coord,
    /// From the label's start to the middle, in pixels.
    along: f64,
    half_advance: f64,
}

impl Frame {
    fn place(&self, glyph: &LayoutGlyph, size: f64, lowered: f64) -> GlyphPlace {
        let (sin, cos) = self.angle.sin_cos();
        let right = f64::from(glyph.x) * size - self.along;
        let down = f64::from(glyph.y) * size + lowered;
        let [x, y] = self.middle;
        GlyphPlace {
            face: glyph.face,
            id: glyph.id,
            at: Subpixel {
                x: quarter(x + cos * right - sin * down),
                y: quarter(y + sin * right + cos * down),
            },
            rotation: rotation_step(self.angle),
        }
    }

    fn bounds(&self, half_height: f64, pad: f64) -> PixelBox {
        let (sin, cos) = self.angle.sin_cos();
        let half_width = self.half_advance;
        let w = (cos * half_width).abs() + (sin * half_height).abs() + pad;
        let h = (sin * half_width).abs() + (cos * half_height).abs() + pad;
        let [x, y] = self.middle;
        [x - w, y - h, x + w, y + h]
    }
}
