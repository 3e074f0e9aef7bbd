//! Directed edges into the cells of an accumulation buffer.
//!
//! Where an edge crosses the border of a row or column is computed from differences of its own
//! ends, never from where a neighbour ended: rows and columns can be left out, and the rest has
//! the same bits.

use std::ops::Range;

use wide::f64x2;

use super::fixed::{Fixed, UNIT, UNIT_BITS, round};
use super::raster::{BLOCK, Layer};

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
}

/// A position in units from the upper left corner of the cells.
type At = (i64, i64);

/// Slopes are reckoned in 2^-28 of a unit.
const FINE_BITS: u32 = 28;
const FINE: f64 = (1u64 << FINE_BITS) as f64;
const FINE_HALF: i64 = 1 << (FINE_BITS - 1);
/// Edges shorter than this, in units, are reckoned in whole numbers: 16,384 pixels. A slope is
/// then below 2^50, which [`round`] takes.
const LONG: i64 = 1 << 22;

/// How steep an edge is, `dy / |dx|`, and its slope `dx / dy`, in 2^-28. `dy` is not 0. Both
/// divisions at once take the time of one.
#[inline(always)]
fn fine_ratios(dx: i64, dy: i64) -> [i64; 2] {
    let above = f64x2::from([dy as f64, dx as f64]) * f64x2::splat(FINE);
    let ratios = above / f64x2::from([dx.abs().max(1) as f64, dy as f64]);
    ratios.to_array().map(round)
}

/// The nearest whole number.
#[inline(always)]
fn fine_whole(fine: i64) -> i64 {
    (fine + FINE_HALF) >> FINE_BITS
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
        let is_inside = ((x0 as u64) < right as u64) & ((x1 as u64) < right as u64);
        let is_long = ((x1 - x0).abs() | (y1 - y0)) >= LONG;
        if is_long {
            self.long(layer, (x0, y0), (x1, y1), sign);
        } else if is_inside {
            self.inside(layer, (x0, y0), (x1, y1), sign);
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

    /// Adds an edge that lies in the columns of the cells.
    ///
    /// Where it crosses a row's border is linear in whole numbers, so adding up row after row
    /// gives the bits that each row would give by itself.
    #[inline(always)]
    fn inside(&mut self, layer: usize, (x0, y0): At, (x1, y1): At, sign: i32) {
        let (dx, dy) = (x1 - x0, y1 - y0);
        let (crossed, ends) = self.rows(y0, y1);
        let [steepness, slope] = fine_ratios(dx, dy);
        let mut start = layer + crossed.start as usize * self.pitch;
        let (mut x, mut y) = (x0, y0);
        if y0 < 0 || !crossed.is_empty() {
            let top = crossed.start * UNIT;
            if y < top {
                y = top;
                x = x0 + fine_whole((top - y0) * slope);
            }
            let mut fine = (top + UNIT - y0) * slope;
            for _ in crossed.clone() {
                let next = x0 + fine_whole(fine);
                let height = UNIT - (y & (UNIT - 1));
                self.piece(start, x, next, (sign, height as i32), steepness);
                (x, y) = (next, y + height);
                fine += slope << UNIT_BITS;
                start += self.pitch;
            }
        }
        if ends {
            self.piece(start, x, x1, (sign, (y1 - y) as i32), steepness);
        }
    }

    /// Adds the part of an edge within the row whose cells begin at `start`, `height` units high
    /// and down where `sign` is positive, from one position inside the columns to another.
    #[inline(always)]
    #[allow(
        clippy::indexing_slicing,
        reason = "inside the columns, three cells from the first one on are of the row"
    )]
    fn piece(
        &mut self,
        start: usize,
        from: i64,
        to: i64,
        (sign, height): (i32, i32),
        steepness: i64,
    ) {
        let (l, r) = (from.min(to), from.max(to));
        let column = l >> UNIT_BITS;
        let border = (column + 1) << UNIT_BITS;
        if r > border + UNIT {
            return self.columns(start, (l, r), (sign, height), steepness);
        }
        // in one cell or two: whether the second has a part of it is a toss-up, too
        let part = fine_whole((border - l) * steepness) as i32;
        let first = if r > border { part } else { height };
        let (one, two) = (sign * first, sign * (height - first));
        // how far the middle of each part is from its cell's left side, twice
        let one_area = one * (2 * UNIT - (border - l) - (border - r.min(border))) as i32;
        let two_area = two * (r.max(border) - border) as i32;
        let cell = start + column as usize;
        let three = &mut self.cells[cell..cell + 3];
        three[0] = three[0].wrapping_add((one << 9) - one_area);
        three[1] = three[1].wrapping_add(one_area + (two << 9) - two_area);
        three[2] = three[2].wrapping_add(two_area);
        self.touched[cell / BLOCK] = 1;
        self.touched[(cell + 2) / BLOCK] = 1;
    }

    /// [`piece`](Cells::piece) over any number of cells.
    #[inline(never)]
    fn columns(&mut self, start: usize, span: At, (sign, height): (i32, i32), steepness: i64) {
        self.in_row(start, span, (sign, height), |distance| {
            fine_whole(distance * steepness) as i32
        });
    }

    /// Adds an edge that lies partly outside the columns.
    #[inline(never)]
    fn at_border(&mut self, layer: usize, (x0, y0): At, (x1, y1): At, sign: i32) {
        let (dx, dy) = (x1 - x0, y1 - y0);
        let [steepness, slope] = fine_ratios(dx, dy);
        let at = |y: i64| x0 + fine_whole((y - y0) * slope);
        self.each_row(
            layer,
            (x0, y0),
            (x1, y1),
            at,
            |cells, start, span, height| {
                cells.columns(start, span, (sign, height), steepness);
            },
        );
    }

    /// Adds an edge beyond the range of whole numbers.
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
                cells.in_row(start, span, (sign, height), |distance| {
                    round((distance as f64 * steepness).min(f64::from(height))) as i32
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
    /// the height lies within a distance of `l`.
    #[allow(
        clippy::indexing_slicing,
        reason = "columns are clamped to the row, which has two cells more"
    )]
    #[inline(always)]
    fn in_row(
        &mut self,
        start: usize,
        (l, r): At,
        (sign, height): (i32, i32),
        part: impl Fn(i64) -> i32,
    ) {
        let width = self.width as i64;
        if l >= width * UNIT {
            return;
        }
        let cells = &mut self.cells[start..start + self.stride];
        let touched = &mut self.touched[start / BLOCK..(start + self.stride) / BLOCK];
        if r <= 0 {
            cells[0] = cells[0].wrapping_add(sign * height * 512);
            touched[0] = 1;
            return;
        }
        let first = l >> UNIT_BITS;
        let last = if r > l { (r - 1) >> UNIT_BITS } else { first };
        if first == last {
            let column = first as usize;
            let area = sign * height * (l + r - 2 * first * UNIT) as i32;
            let pair = &mut cells[column..column + 2];
            pair[0] = pair[0].wrapping_add(sign * height * 512 - area);
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
            cells[0] = cells[0].wrapping_add(sign * done * 512);
            (begin, carried) = (0, 0);
        } else {
            done = part((first + 1) * UNIT - l);
            carried = done * (l - (first - 1) * UNIT) as i32;
            let cell = &mut cells[first as usize];
            *cell = cell.wrapping_add(sign * (done * 512 - carried));
            begin = first + 1;
        }
        let end = last.min(width);
        for (column, cell) in (begin + 1..).zip(&mut cells[begin as usize..end as usize]) {
            let next = part(column * UNIT - l);
            // crossed from border to border: half of it lies in the column
            let half = (next - done) * UNIT as i32;
            *cell = cell.wrapping_add(sign * (carried + half));
            (done, carried) = (next, half);
        }
        let pair = &mut cells[end as usize..end as usize + 2];
        if end == last {
            let rest = height - done;
            let area = rest * (r - last * UNIT) as i32;
            pair[0] = pair[0].wrapping_add(sign * (carried + rest * 512 - area));
            pair[1] = pair[1].wrapping_add(sign * area);
        } else {
            pair[0] = pair[0].wrapping_add(sign * carried);
        }
        touched[first.max(0) as usize / BLOCK..=(end as usize + 1) / BLOCK].fill(1);
    }
}
