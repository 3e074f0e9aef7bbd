use std::cmp::Ordering;
use std::sync::Arc;

use super::settle::PixelBox;
use crate::geom::Coord;
use crate::render::text::{
    ASCENT_EM, GlyphPlace, Halo, LINE_HEIGHT_EM, Layout, POSITION_STEPS, ROTATION_STEPS,
    SIZE_STEPS, Subpixel,
};

/// The total order of labels: who comes first is placed first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rank {
    /// Higher first.
    pub priority: f64,
    /// The upper layer first.
    pub layer: u32,
    /// The feature's position in its source, shuffled. Files are sorted along a curve through
    /// space: in their order equal labels wait for each other in chains that no few rounds
    /// resolve (47 of 272 communes were placed at 400 m a pixel; shuffled, 233).
    pub fid: u64,
    /// The symbolizer's place in the layer's style, later (drawn above) first.
    pub text: usize,
    /// Of the labels of one feature: part and position along the line; the last two bits number
    /// the places of one label.
    pub slot: u64,
}

impl Rank {
    /// Another place of the same label.
    pub fn is_sibling(&self, other: &Rank) -> bool {
        let label = |rank: &Rank| (rank.layer, rank.fid, rank.text, rank.slot >> 2);
        label(self) == label(other)
    }

    /// `Less` is placed first.
    pub fn order(&self, other: &Rank) -> Ordering {
        other
            .priority
            .total_cmp(&self.priority)
            .then_with(|| other.layer.cmp(&self.layer))
            .then_with(|| shuffled(self.fid).cmp(&shuffled(other.fid)))
            .then_with(|| other.text.cmp(&self.text))
            .then_with(|| self.slot.cmp(&other.slot))
    }
}

/// A permutation of all numbers that keeps no neighbours together (the finalizer of MurmurHash3).
fn shuffled(fid: u64) -> u64 {
    let mixed = (fid ^ fid >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    let mixed = (mixed ^ mixed >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    mixed ^ mixed >> 33
}

/// How a label's glyphs are painted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paints {
    /// In [`SIZE_STEPS`] of a pixel.
    pub size: u16,
    pub color: [u8; 4],
    pub halo: Option<Halo>,
}

impl Paints {
    pub fn size_px(&self) -> f64 {
        f64::from(self.size) / SIZE_STEPS
    }
}

/// A pixel position in quarters; moved off so that round positions are not decided by noise.
pub fn quarter(pixels: f64) -> i64 {
    (pixels * POSITION_STEPS as f64 + 0.513_7).floor() as i64
}

/// An angle as steps of a circle, moved off likewise.
pub fn rotation_step(radians: f64) -> u8 {
    let steps = radians / std::f64::consts::TAU * ROTATION_STEPS + 0.513_7;
    steps.floor().rem_euclid(ROTATION_STEPS) as u8
}

/// A label with straight lines, before it is known where its anchor is.
#[derive(Debug, Clone)]
pub struct Straight {
    pub layout: Arc<Layout>,
    /// The point of the text's box on the anchor: 0,0 lower left.
    pub anchor: [f64; 2],
    /// Right and down, in pixels.
    pub displacement: [f64; 2],
    /// Clockwise, in [`ROTATION_STEPS`].
    pub rotation: u8,
    pub size_px: f64,
}

impl Straight {
    /// The upper left of the text's box from the anchor, before it is turned.
    fn corner(&self) -> [f64; 2] {
        let [ax, ay] = self.anchor;
        [
            -ax * f64::from(self.layout.width) * self.size_px,
            -(1.0 - ay) * f64::from(self.layout.height) * self.size_px,
        ]
    }

    fn turn(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let angle = f64::from(self.rotation) / ROTATION_STEPS * std::f64::consts::TAU;
        let (sin, cos) = angle.sin_cos();
        [cos * x - sin * y, sin * x + cos * y]
    }

    /// The box around ink and text, grown by `pad`, for an anchor in pixels.
    pub fn bounds(&self, [x, y]: Coord, pad: f64) -> PixelBox {
        let [left, top] = self.corner();
        let [il, it, ir, ib] = self.layout.ink.map(|em| f64::from(em) * self.size_px);
        let width = f64::from(self.layout.width) * self.size_px;
        let (l, r) = (left + il.min(0.0) - pad, left + ir.max(width) + pad);
        let (t, b) = (top + it - pad, top + ib + pad);
        let corners = if self.rotation == 0 {
            [[l, t], [r, b], [l, t], [r, b]]
        } else {
            [[l, t], [r, t], [l, b], [r, b]].map(|corner| self.turn(corner))
        };
        let [dx, dy] = self.displacement;
        let fold = |axis: usize, start: f64, pick: fn(f64, f64) -> f64| {
            corners
                .iter()
                .filter_map(|c| c.get(axis).copied())
                .fold(start, pick)
        };
        [
            x + dx + fold(0, f64::MAX, f64::min),
            y + dy + fold(1, f64::MAX, f64::min),
            x + dx + fold(0, f64::MIN, f64::max),
            y + dy + fold(1, f64::MIN, f64::max),
        ]
    }

    /// The glyphs for an anchor in pixels. Upright text stands on whole pixel rows, where its
    /// horizontal strokes are crisp.
    pub fn glyphs(&self, [x, y]: Coord) -> impl Iterator<Item = GlyphPlace> {
        let [left, top] = self.corner();
        let [dx, dy] = self.displacement;
        let first_line = f64::from(ASCENT_EM) * self.size_px;
        let line_height = f64::from(LINE_HEIGHT_EM) * self.size_px;
        let upright = self.rotation == 0;
        let origin = if upright {
            let baseline = y + dy + top + first_line;
            [quarter(x + dx + left), whole(baseline)]
        } else {
            [quarter(x + dx), quarter(y + dy)]
        };
        self.layout.glyphs.iter().map(move |glyph| {
            let along = f64::from(glyph.x) * self.size_px;
            let below = f64::from(glyph.y) * self.size_px;
            let lines = f64::from(glyph.line) * line_height;
            let [gx, gy] = if upright {
                [quarter(along), quarter(below) + whole(lines)]
            } else {
                self.turn([left + along, top + first_line + lines + below])
                    .map(quarter)
            };
            let [ox, oy] = origin;
            GlyphPlace {
                face: glyph.face,
                id: glyph.id,
                at: Subpixel {
                    x: ox.saturating_add(gx),
                    y: oy.saturating_add(gy),
                },
                rotation: self.rotation,
            }
        })
    }
}

/// The nearest whole pixel, in quarters.
fn whole(pixels: f64) -> i64 {
    ((pixels + 0.513_7).floor() as i64).saturating_mul(POSITION_STEPS)
}
