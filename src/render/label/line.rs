use std::f64::consts::{FRAC_PI_4, PI, TAU};

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
}

/// Sharper turns between neighbouring glyphs than this make letters collide or gape; 0.013 off,
/// as lattices of real corners are at 45°.
const MAX_TURN: f64 = FRAC_PI_4 + 0.013;
/// A glyph turned further than this from the label's whole direction is hard to read.
const MAX_BEND: f64 = 1.5;
/// Where a label does not fit at its place, these are tried, in parts of the distance between
/// labels.
const SHIFTS: [f64; 7] = [0.0, 0.083, -0.083, 0.167, -0.167, 0.25, -0.25];
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
        // a tenth of its height to spare at both ends
        let needed = label + 0.2 * request.paints.size_px() * resolution;
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
        let reach = label + 0.25 * period + request.offset_px.abs() * resolution;
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
                let found = SHIFTS
                    .iter()
                    .find_map(|shift| path.set(request, middle + shift * period, label));
                if let Some((boxes, glyphs)) = found {
                    out.push(LineCandidate {
                        rank: Rank {
                            slot: number << 32 | (slot as u64 & 0xFFFF_FFFF),
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
        let get = |i: usize| {
            (
                self.lengths.get(i).copied().unwrap_or(0.0),
                self.line.get(i).copied().unwrap_or_default(),
            )
        };
        let ((from, a), (to, b)) = (get(after - 1), get(after));
        let t = if to > from {
            (length - from) / (to - from)
        } else {
            0.0
        };
        [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
    }

    /// The label's glyphs and boxes around a middle; `None` where it leaves the line or the line
    /// turns too sharply.
    fn set(
        &self,
        request: &LineRequest<'_>,
        middle: f64,
        label: f64,
    ) -> Option<(Vec<PixelBox>, Vec<GlyphPlace>)> {
        let (from, to) = (middle - label / 2.0, middle + label / 2.0);
        if from < 0.0 || to > self.total {
            return None;
        }
        let view = request.view;
        let pixel = |length: f64| view.to_pixel(self.at(length));
        let ([x0, y0], [x1, y1]) = (pixel(from), pixel(to));
        let (dx, dy) = (x1 - x0, y1 - y0);
        let chord = dx.hypot(dy);
        let size = request.paints.size_px();
        if chord < 0.3 * label / view.resolution() {
            return None; // turns back on itself
        }
        // from left to right; a vertical line is read upwards
        let reversed = dx < -0.013 * chord || dx.abs() <= 0.013 * chord && dy > 0.0;
        let direction = dy.atan2(dx) + if reversed { PI } else { 0.0 };
        let side = if reversed { 1.0 } else { -1.0 };
        // the middle of the lower-case letters runs along the line
        let half_height = f64::from(ASCENT_EM + DESCENT_EM) / 2.0 * size;
        let lowered = half_height - f64::from(DESCENT_EM) * size;

        let mut frame: Option<Frame> = None;
        let mut boxes: Vec<PixelBox> = Vec::new();
        let mut glyphs = Vec::with_capacity(request.layout.glyphs.len());
        for (number, glyph) in request.layout.glyphs.iter().enumerate() {
            let on = match frame {
                // a mark stands with the letter before it
                Some(frame) if glyph.advance == 0.0 => frame,
                previous => {
                    let advance = f64::from(glyph.advance) * size;
                    let along = f64::from(glyph.x) * size + advance / 2.0;
                    let world = along * view.resolution();
                    let at = if reversed { to - world } else { from + world };
                    // the direction around the glyph, not of one short segment
                    let reach = (advance / 2.0).max(0.4 * size) * view.resolution();
                    let ([ax, ay], [bx, by]) = (pixel(at - reach), pixel(at + reach));
                    let [cx, cy] = pixel(at);
                    let turned = if reversed { PI } else { 0.0 };
                    let angle = (by - ay).atan2(bx - ax) + turned;
                    let turn = previous.map_or(0.0, |p| between(p.angle, angle));
                    if turn > MAX_TURN || between(angle, direction) > MAX_BEND {
                        return None;
                    }
                    let (sin, cos) = angle.sin_cos();
                    let down = side * request.offset_px;
                    Frame {
                        angle,
                        middle: [
                            (ax + 2.0 * cx + bx) / 4.0 - sin * down,
                            (ay + 2.0 * cy + by) / 4.0 + cos * down,
                        ],
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
        Some((boxes, glyphs))
    }
}

/// The angle between two directions, 0 to π.
fn between(a: f64, b: f64) -> f64 {
    let turn = (a - b).rem_euclid(TAU);
    turn.min(TAU - turn)
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
