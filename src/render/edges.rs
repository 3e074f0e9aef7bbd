//! Directed edges into the cells of an accumulation buffer.
//!
//! Where an edge crosses the border of a row or column is computed from differences of its own
//! ends, never from where a neighbour ended: rows and columns can be left out, and the rest has
//! the same bits.

use std::ops::Range;

use super::fixed::{Fixed, UNIT, UNIT_BITS, round};
use super::raster::{BLOCK, Layer};
use super::rows::{Edge, Waiting, add_waiting};

/// The part of an accumulation buffer that a shape's edges are added to.
pub(super) struct Cells<'a> {
    /// Row by row, and in a row layer by layer; each has at least two cells more than the shape has
    /// columns.
    pub cells: &'a mut [i32],
    /// 1 for each block of cells that was changed.
    pub touched: &'a mut [u8],
    /// Of the first pixel, in units.
    pub left: i64,
    pub top: i64,
    /// Columns and rows.
    pub width: usize,
    pub height: usize,
    /// Cells of a layer's row, a multiple of [`BLOCK`].
    pub stride: usize,
    /// Cells from one row to the next.
    pub pitch: usize,
    /// Edges that are not in the cells yet.
    pub waiting: &'a mut Waiting,
}

/// A position in units from the upper left corner of the cells.
type At = (i64, i64);

/// Longer edges than this, in units, are reckoned in double precision: 8,192 pixels.
const LONG: i64 = 1 << 21;
/// More columns or rows than this are beyond the whole numbers of single precision.
const MANY: usize = 1 << 15;

/// Of an edge that is not long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slopes {
    /// How far it goes to the right in a unit down.
    pub slope: f32,
    /// How much of its height there is to a unit of width, negative where the outline runs up.
    pub steepness: f32,
}

impl Slopes {
    /// Differences in units; the edge is not level.
    #[inline(always)]
    pub fn new(dx: i32, dy: i32, sign: i32) -> Slopes {
        let (dx, dy, sign) = (dx as f32, dy as f32, sign as f32);
        Slopes {
            slope: dx / dy,
            steepness: sign * dy / dx.abs().max(1.0),
        }
    }
}

/// Added to a number below 2^22 it leaves the nearest whole number in the low bits.
pub(super) const WHOLE: f32 = 12_582_912.0; // 1.5 * 2^23

/// The nearest whole number (halves to even) of one within ±2^22.
#[inline(always)]
pub(super) fn whole(value: f32) -> f32 {
    (value + WHOLE) - WHOLE
}

impl Cells<'_> {
    /// Where the cells of a layer begin, behind the beginning of a row.
    #[inline(always)]
    pub fn begin_of(&self, layer: Layer) -> usize {
        layer as usize * self.stride
    }

    /// Adds a directed edge to the layer whose cells begin so far behind the row's.
    #[inline(always)]
    pub fn edge(&mut self, layer: usize, from: Fixed, to: Fixed) {
        // choices without branches: which way an edge runs is a toss-up
        let down = from[1] < to[1];
        let sign = i32::from(down) * 2 - 1;
        let turn = (from[0] ^ to[0]) & -i64::from(!down);
        let (x0, x1) = ((from[0] ^ turn) - self.left, (to[0] ^ turn) - self.left);
        let (y0, y1) = (from[1].min(to[1]) - self.top, from[1].max(to[1]) - self.top);
        let (right, bottom) = (
            (self.width as i64) << UNIT_BITS,
            (self.height as i64) << UNIT_BITS,
        );
        if y0 == y1 || y1 <= 0 || y0 >= bottom || (x0 >= right && x1 >= right) {
            return;
        }
        let is_inside = ((x0 as u64) < right as u64)
            & ((x1 as u64) < right as u64)
            & (self.width.max(self.height) <= MANY);
        let is_long = ((x1 - x0).abs() | (y1 - y0)) >= LONG;
        if is_long {
            self.long(layer, (x0, y0), (x1, y1), sign);
        } else if is_inside {
            let edge = Edge {
                x0: x0 as i32,
                y0: y0 as i32,
                x1: x1 as i32,
                y1: y1 as i32,
                layer: layer as u32,
                sign,
            };
            if self.waiting.push(edge) {
                add_waiting(self);
            }
        } else {
            self.at_border(layer, (x0, y0), (x1, y1), sign);
        }
    }

    /// The rows that an edge leaves through their lower border, and whether it ends in the one
    /// below them.
    #[inline(always)]
    fn rows(&self, y0: i64, y1: i64) -> (Range<i64>, bool) {
        let last = (y1 - 1) >> UNIT_BITS;
        let height = self.height as i64;
        ((y0 >> UNIT_BITS).max(0)..last.min(height), last < height)
    }

    /// Adds a part of an edge in the row whose cells begin at `start`, over any number of cells;
    /// height and steepness are negative where the outline runs up.
    #[inline(never)]
    pub(super) fn columns(&mut self, start: usize, span: At, height: i32, steepness: f32) {
        self.in_row(start, span, height, |distance| {
            whole(distance as f32 * steepness) as i32
        });
    }

    /// Adds an edge that lies partly outside the columns.
    #[inline(never)]
    fn at_border(&mut self, layer: usize, (x0, y0): At, (x1, y1): At, sign: i32) {
        let Slopes { slope, steepness } = Slopes::new((x1 - x0) as i32, (y1 - y0) as i32, sign);
        let at = |y: i64| x0 + whole((y - y0) as f32 * slope) as i64;
        self.each_row(
            layer,
            (x0, y0),
            (x1, y1),
            at,
            |cells, start, span, height| {
                cells.columns(start, span, sign * height, steepness);
            },
        );
    }

    /// Adds a long edge.
    #[cold]
    fn long(&mut self, layer: usize, (x0, y0): At, (x1, y1): At, sign: i32) {
        let slope = (x1 - x0) as f64 / (y1 - y0) as f64;
        let steepness = ((y1 - y0) as f64 / (x1 - x0) as f64).abs();
        let at = |y: i64| x0 + round((y - y0) as f64 * slope);
        self.each_row(
            layer,
            (x0, y0),
            (x1, y1),
            at,
            |cells, start, span, height| {
                cells.in_row(start, span, sign * height, |distance| {
                    sign * round((distance as f64 * steepness).min(f64::from(height))) as i32
                });
            },
        );
    }

    /// Calls `visit` with each row's first cell, the span of the edge in it, and its height
    /// there; `at` tells where the edge crosses a border.
    #[inline(always)]
    fn each_row(
        &mut self,
        layer: usize,
        (x0, y0): At,
        (x1, y1): At,
        at: impl Fn(i64) -> i64,
        mut visit: impl FnMut(&mut Self, usize, At, i32),
    ) {
        let (crossed, ends) = self.rows(y0, y1);
        let top = crossed.start * UNIT;
        let (mut x, mut y) = if y0 < top { (at(top), top) } else { (x0, y0) };
        for row in crossed.start..crossed.end.max(crossed.start) + i64::from(ends) {
            let bottom = (row + 1) * UNIT;
            let (next, end) = if bottom < y1 {
                (at(bottom), bottom)
            } else {
                (x1, y1)
            };
            let span = (x.min(next), x.max(next));
            let start = layer + row as usize * self.pitch;
            visit(self, start, span, (end - y) as i32);
            (x, y) = (next, end);
        }
    }

    /// Adds the part of an edge within one row, from `l` to `r` or from `r` to `l` (which of the
    /// two diagonals it takes does not matter for the area right of it). `part` tells how much of
    /// the height lies within a distance of `l`; both are negative where the outline runs up.
    #[allow(
        clippy::indexing_slicing,
        reason = "columns are clamped to the row, which has two cells more"
    )]
    #[inline(always)]
    fn in_row(&mut self, start: usize, (l, r): At, height: i32, part: impl Fn(i64) -> i32) {
        let width = self.width as i64;
        if l >= width * UNIT {
            return;
        }
        let cells = &mut self.cells[start..start + self.stride];
        let touched = &mut self.touched[start / BLOCK..(start + self.stride) / BLOCK];
        if r <= 0 {
            cells[0] = cells[0].wrapping_add(height * 512);
            touched[0] = 1;
            return;
        }
        let first = l >> UNIT_BITS;
        let last = if r > l { (r - 1) >> UNIT_BITS } else { first };
        if first == last {
            let column = first as usize;
            let area = height * (l + r - 2 * first * UNIT) as i32;
            let pair = &mut cells[column..column + 2];
            pair[0] = pair[0].wrapping_add(height * 512 - area);
            pair[1] = pair[1].wrapping_add(area);
            touched[column / BLOCK] = 1;
            touched[(column + 1) / BLOCK] = 1;
            return;
        }
        // how much of the height is done, and what the column before leaves to the next
        let (mut done, mut carried);
        let begin;
        if first < 0 {
            done = part(-l);
            cells[0] = cells[0].wrapping_add(done * 512);
            (begin, carried) = (0, 0);
        } else {
            done = part((first + 1) * UNIT - l);
            carried = done * (l - (first - 1) * UNIT) as i32;
            let cell = &mut cells[first as usize];
            *cell = cell.wrapping_add(done * 512 - carried);
            begin = first + 1;
        }
        let end = last.min(width);
        for (column, cell) in (begin + 1..).zip(&mut cells[begin as usize..end as usize]) {
            let next = part(column * UNIT - l);
            // crossed from border to border: half of it lies in the column
            let half = (next - done) * UNIT as i32;
            *cell = cell.wrapping_add(carried + half);
            (done, carried) = (next, half);
        }
        let pair = &mut cells[end as usize..end as usize + 2];
        if end == last {
            let rest = height - done;
            let area = rest * (r - last * UNIT) as i32;
            pair[0] = pair[0].wrapping_add(carried + rest * 512 - area);
            pair[1] = pair[1].wrapping_add(area);
        } else {
            pair[0] = pair[0].wrapping_add(carried);
        }
        touched[first.max(0) as usize / BLOCK..=(end as usize + 1) / BLOCK].fill(1);
    }
}
