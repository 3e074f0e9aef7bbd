//! How a line is drawn: its pen, and the window outside of which nothing of it is.

use super::fixed::{Fixed, UNIT, round};
use super::raster::PixelRect;
use crate::style::{LineCap, LineJoin};

/// How a line is drawn, in units of 1/256 px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pen {
    /// Half of the width.
    pub half: f64,
    pub cap: LineCap,
    pub join: LineJoin,
}

/// Mitres longer than this, in half widths, are cut off: 10 as in SVG would let the tip of a
/// spike reach across a tile.
pub(super) const MITER_LIMIT: f64 = 4.0;

/// Wider than any map.
const MAX_HALF: f64 = 16_777_216.0;

impl Pen {
    /// A pen of a width in pixels.
    pub fn new(width_px: f64, cap: LineCap, join: LineJoin) -> Pen {
        Pen {
            half: (width_px * UNIT as f64 / 2.0).clamp(0.0, MAX_HALF),
            cap,
            join,
        }
    }

    /// What a single dash costs to draw, in pixels that could be filled instead: its edges run
    /// over as many rows as the pen is wide.
    pub fn cost_of_dash(&self) -> u64 {
        64 + (self.half as u64 >> 5)
    }

    /// How far the drawn line reaches from its vertices, in units.
    pub fn reach(&self) -> i64 {
        let factor = match self.join {
            LineJoin::Miter => MITER_LIMIT,
            LineJoin::Round | LineJoin::Bevel => 1.5, // a square end: √2
        };
        round(self.half * factor) + UNIT
    }
}

/// A window in units, to leave out segments that can't be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub min: Fixed,
    pub max: Fixed,
}

impl Window {
    /// The pixels of `rect` and `reach` units around.
    pub fn new(rect: PixelRect, reach: i64) -> Window {
        let px = |v: i32| i64::from(v) * UNIT;
        Window {
            min: [px(rect.x0) - reach, px(rect.y0) - reach],
            max: [px(rect.x1) + reach, px(rect.y1) + reach],
        }
    }

    /// True where the box around the segment touches the window.
    #[inline(always)]
    pub fn touches(&self, a: Fixed, b: Fixed) -> bool {
        a[0].max(b[0]) >= self.min[0] && self.touches_or_is_right_of(a, b)
    }

    /// True where the segment is in the rows of the window, and not beyond its right border.
    #[inline(always)]
    pub(super) fn touches_or_is_right_of(&self, a: Fixed, b: Fixed) -> bool {
        a[0].min(b[0]) <= self.max[0]
            && a[1].max(b[1]) >= self.min[1]
            && a[1].min(b[1]) <= self.max[1]
    }
}
