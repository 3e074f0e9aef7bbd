//! Coverage: directed edges in, the exact area of each pixel out.
//!
//! Each edge adds, to the cells it crosses, how the area to its right changes; a running sum
//! along a row is then the covered area of each pixel, signed by the direction of the outline.
//! Sums beyond 1 are taken as 1: parts that overlap and run the same way are one area. All of it
//! is integers of differences, so that neither a shift by whole pixels nor a cut changes a bit.
//! A row of bits remembers the touched blocks of cells: sweeping and clearing cost what was drawn,
//! not the size of the map.

use std::ops::RangeInclusive;

use super::fixed::{Fixed, UNIT, UNIT_BITS, round};

/// A box of pixels, `x0 <= x < x1` and `y0 <= y < y1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelRect {
    pub x0: i32,
    pub y0: i32,
    pub x1: i32,
    pub y1: i32,
}

impl PixelRect {
    pub fn is_empty(&self) -> bool {
        self.x0 >= self.x1 || self.y0 >= self.y1
    }

    pub fn intersection(&self, other: &PixelRect) -> PixelRect {
        PixelRect {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
    }

    /// The pixels that a box of fixed positions touches.
    pub fn around(min: Fixed, max: Fixed) -> PixelRect {
        let px = |v: i64| (v >> UNIT_BITS).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        PixelRect {
            x0: px(min[0]),
            y0: px(min[1]),
            x1: px(max[0]).saturating_add(1),
            y1: px(max[1]).saturating_add(1),
        }
    }
}

/// Who takes the coverage: a solid colour, a pattern, a mask.
pub trait Paintbrush {
    /// The runs that follow are in row `y`.
    fn row(&mut self, _y: i32) {}

    /// The pixels `x0..x1` of row `y` are covered by `coverage` of 255, never 0.
    fn run(&mut self, y: i32, x0: i32, x1: i32, coverage: u32);

    /// The first `count` pixels of the block that begins at `x` of row `y`: the sum that begins
    /// as `sum` changes from pixel to pixel; answers what it has become behind the block. For a
    /// solid colour, laying on no coverage costs less than asking.
    #[inline(always)]
    fn block(&mut self, y: i32, x: i32, count: usize, mut sum: i32, changes: Block) -> i32 {
        for (x, change) in (x..).zip(changes).take(count) {
            sum = sum.wrapping_add(change);
            let coverage = level(sum);
            if coverage != 0 {
                self.run(y, x, x + 1, coverage);
            }
        }
        sum
    }
}

/// Cells that are looked at together: one vector of four pixels.
pub type Block = [i32; BLOCK];
const BLOCK: usize = 4;

/// The area of a pixel in the units of the sums: 256 rows of 256 columns, twice.
pub(super) const FULL: u32 = 1 << (2 * UNIT_BITS + 1);

/// Coverage of 255, from a sum.
#[inline(always)]
pub(super) fn level(sum: i32) -> u32 {
    (sum.unsigned_abs().min(FULL) * 255 + FULL / 2) / FULL
}

/// Columns at the borders of rows are reckoned in 2^-32 of a unit.
const FINE_BITS: u32 = 32;
const FINE: f64 = (1u64 << FINE_BITS) as f64;
const FINE_HALF: i64 = 1 << (FINE_BITS - 1);
/// Edges shorter than this, in units, are reckoned in whole numbers without overflow: 16,384
/// pixels.
const LONG: i64 = 1 << 22;

/// An accumulation buffer, used again and again: all zero between two shapes.
#[derive(Debug, Default)]
pub struct Accumulator {
    cells: Vec<i32>,
    /// A bit for each block of cells.
    touched: Vec<u64>,
    rect: Option<PixelRect>,
    /// Of the rect, in units.
    left: i64,
    top: i64,
    right: i64,
    /// In cells and in words.
    width: usize,
    height: usize,
    stride: usize,
    words: usize,
}

impl Accumulator {
    /// Begins a shape, of which only the part inside `rect` is wanted.
    ///
    /// `rect` should be the shape's box cut by the canvas: the buffer is as small as that.
    pub fn begin(&mut self, rect: PixelRect) {
        self.reset();
        if rect.is_empty() {
            return;
        }
        self.left = i64::from(rect.x0) * UNIT;
        self.top = i64::from(rect.y0) * UNIT;
        self.width = rect.x1.abs_diff(rect.x0) as usize;
        self.height = rect.y1.abs_diff(rect.y0) as usize;
        self.right = self.width as i64 * UNIT;
        // more cells than pixels: an edge that leaves the last column writes behind it
        self.stride = (self.width + 2).next_multiple_of(BLOCK);
        self.words = (self.stride / BLOCK).div_ceil(64);
        let cells = self.stride * self.height;
        if self.cells.len() < cells {
            self.cells.resize(cells, 0);
        }
        let words = self.words * self.height;
        if self.touched.len() < words {
            self.touched.resize(words, 0);
        }
        self.rect = Some(rect);
    }

    /// The memory that it holds.
    pub fn bytes(&self) -> usize {
        self.cells.capacity() * 4 + self.touched.capacity() * 8
    }

    /// Clears what a shape that was not swept left behind.
    fn reset(&mut self) {
        if self.rect.take().is_some() {
            self.cells.fill(0);
            self.touched.fill(0);
        }
    }

    /// Adds an outline, closed from its last position to its first; `reversed` turns it round.
    pub fn ring(&mut self, points: &[Fixed], reversed: bool) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return;
        };
        let mut from = *last;
        if reversed {
            for to in points {
                self.edge(*to, from);
                from = *to;
            }
        } else {
            for to in points {
                self.edge(from, *to);
                from = *to;
            }
        }
        debug_assert!(from == *last || first == last);
    }

    /// Adds a directed edge.
    ///
    /// Where the edge crosses a row's border is computed from its own ends, never from where a
    /// row before it ended: rows can be left out, and the rest has the same bits.
    #[inline]
    pub fn edge(&mut self, from: Fixed, to: Fixed) {
        let Some(rect) = self.rect else { return };
        // choices without branches: which way an edge runs is a toss-up
        let down = from[1] < to[1];
        let sign = i32::from(down) * 2 - 1;
        let (y0, y1) = (from[1].min(to[1]) - self.top, from[1].max(to[1]) - self.top);
        let turn = (from[0] ^ to[0]) & -i64::from(!down);
        let (x0, x1) = ((from[0] ^ turn) - self.left, (to[0] ^ turn) - self.left);
        let first = y0 >> UNIT_BITS;
        let last = (y1 - 1) >> UNIT_BITS;
        debug_assert!(!rect.is_empty());
        if y0 == y1
            || last < 0
            || first >= self.height as i64
            || (x0 >= self.right && x1 >= self.right)
        {
            return;
        }
        let (dx, dy) = (x1 - x0, y1 - y0);
        if dx.abs().max(dy) >= LONG {
            let rows = first.max(0)..=last.min(self.height as i64 - 1);
            self.far_rows(rows, (x0, y0), (x1, y1), sign);
        } else if first == last {
            let (l, r) = (x0.min(x1), x0.max(x1));
            let is_inside = l >= 0 && r < self.right;
            self.near_row(first as usize, l, r, sign * dy as i32, is_inside, || {
                fine_ratio(dy, r - l)
            });
        } else {
            let rows = first.max(0)..=last.min(self.height as i64 - 1);
            self.rows(rows, (x0, y0), (x1, y1), sign);
        }
    }

    /// Adds the given rows of an edge. Where it crosses a row's border is linear in whole numbers,
    /// so adding up row after row gives the bits that each row would give by itself.
    #[inline(always)]
    fn rows(
        &mut self,
        rows: RangeInclusive<i64>,
        (x0, y0): (i64, i64),
        (x1, y1): (i64, i64),
        sign: i32,
    ) {
        let (dx, dy) = (x1 - x0, y1 - y0);
        let slope = fine_ratio(dx, dy);
        let steepness = fine_ratio(dy, dx.abs());
        let is_inside = x0.min(x1) >= 0 && x0.max(x1) < self.right;
        let top = rows.start() * UNIT;
        let (mut x, mut y) = (x0, y0);
        if y < top {
            y = top;
            x = x0 + fine_whole((y - y0) * slope);
        }
        // where the row's lower border is crossed
        let mut fine = (top + UNIT - y0) * slope;
        for row in rows {
            let bottom = (row + 1) * UNIT;
            let (next_x, next_y) = if bottom < y1 {
                (x0 + fine_whole(fine), bottom)
            } else {
                (x1, y1)
            };
            fine += slope << UNIT_BITS;
            let cover = sign * (next_y - y) as i32;
            let (l, r) = (x.min(next_x), x.max(next_x));
            self.near_row(row as usize, l, r, cover, is_inside, || steepness);
            (x, y) = (next_x, next_y);
        }
    }

    /// [`Accumulator::rows`] for an edge beyond the range of its whole numbers.
    #[cold]
    fn far_rows(
        &mut self,
        rows: RangeInclusive<i64>,
        (x0, y0): (i64, i64),
        (x1, y1): (i64, i64),
        sign: i32,
    ) {
        let slope = (x1 - x0) as f64 / (y1 - y0) as f64;
        let steepness = ((y1 - y0) as f64 / (x1 - x0) as f64).abs();
        let at = |y: i64| x0 + round((y - y0) as f64 * slope);
        let top = rows.start() * UNIT;
        let (mut x, mut y) = if y0 < top { (at(top), top) } else { (x0, y0) };
        for row in rows {
            let bottom = (row + 1) * UNIT;
            let (next_x, next_y) = if bottom >= y1 {
                (x1, y1)
            } else {
                (at(bottom), bottom)
            };
            let (l, r) = (x.min(next_x), x.max(next_x));
            let height = (next_y - y) as i32;
            self.in_row(row as usize, l, r, sign * height, |distance| {
                round((distance as f64 * steepness).min(f64::from(height))) as i32
            });
            (x, y) = (next_x, next_y);
        }
    }

    /// Adds the part of an edge within one cell, `cover` units high, down where that is positive;
    /// `twice` is the sum of the positions where it enters and leaves the row.
    #[allow(
        clippy::indexing_slicing,
        reason = "rows and columns are clamped to the buffer"
    )]
    #[inline(always)]
    fn in_cell(&mut self, row: usize, column: usize, cover: i32, twice: i64) {
        let area = cover * (twice - 2 * column as i64 * UNIT) as i32;
        let cell = row * self.stride + column;
        let pair = &mut self.cells[cell..cell + 2];
        pair[0] = pair[0].wrapping_add(cover * 512 - area);
        pair[1] = pair[1].wrapping_add(area);
        let words = &mut self.touched[row * self.words..(row + 1) * self.words];
        mark(words, column / BLOCK);
        mark(words, (column + 1) / BLOCK);
    }

    /// Adds the part of an edge within two cells of a row, from `l` in the first to `r` in the
    /// second or the other way.
    #[allow(
        clippy::indexing_slicing,
        reason = "rows and columns are clamped to the buffer"
    )]
    #[inline(always)]
    fn in_two_cells(
        &mut self,
        row: usize,
        column: usize,
        (l, r): (i64, i64),
        cover: i32,
        steepness: i64,
    ) {
        let border = (column as i64 + 1) * UNIT;
        let height = cover.abs();
        let first = fine_whole((border - l) * steepness) as i32;
        let sign = cover.signum();
        let (one, two) = (sign * first, sign * (height - first));
        let one_area = one * (l + 2 * UNIT - border) as i32;
        let two_area = two * (r - border) as i32;
        let cell = row * self.stride + column;
        let three = &mut self.cells[cell..cell + 3];
        three[0] = three[0].wrapping_add(one * 512 - one_area);
        three[1] = three[1].wrapping_add(one_area + two * 512 - two_area);
        three[2] = three[2].wrapping_add(two_area);
        let words = &mut self.touched[row * self.words..(row + 1) * self.words];
        mark(words, column / BLOCK);
        mark(words, (column + 2) / BLOCK);
    }

    /// [`Accumulator::in_row`] for an edge shorter than [`LONG`], wholly inside the columns or
    /// not; `steepness` is |dy / dx| by [`fine_ratio`].
    #[inline(always)]
    fn near_row(
        &mut self,
        row: usize,
        l: i64,
        r: i64,
        cover: i32,
        is_inside: bool,
        steepness: impl Fn() -> i64,
    ) {
        let column = l >> UNIT_BITS;
        // behind the last column that has a part of it
        let behind = (r + UNIT - 1) >> UNIT_BITS;
        if is_inside && behind <= column + 1 {
            self.in_cell(row, column as usize, cover, l + r);
        } else if is_inside && behind == column + 2 {
            self.in_two_cells(row, column as usize, (l, r), cover, steepness());
        } else {
            self.near_columns(row, l, r, cover, steepness());
        }
    }

    #[inline(never)]
    fn near_columns(&mut self, row: usize, l: i64, r: i64, cover: i32, steepness: i64) {
        self.in_row(row, l, r, cover, |distance| {
            fine_whole(distance * steepness) as i32
        });
    }

    /// Adds the part of an edge within one row, from `l` to `r` or from `r` to `l` (which of the
    /// two diagonals it takes does not matter for the area right of it), `cover` units high, down
    /// where that is positive. `part` tells how much of the height lies within a distance of `l`.
    // The cells of a row are `row * stride ..` and `row < height` (all callers clamp it);
    // columns are clamped to `0..width`, and a row has at least `width + 2` cells.
    #[allow(
        clippy::indexing_slicing,
        reason = "rows and columns are clamped to the buffer"
    )]
    #[inline(always)]
    fn in_row(&mut self, row: usize, l: i64, r: i64, cover: i32, part: impl Fn(i64) -> i32) {
        if l >= self.right {
            return;
        }
        let start = row * self.stride;
        let cells = &mut self.cells[start..start + self.stride];
        let words = &mut self.touched[row * self.words..(row + 1) * self.words];
        if r <= 0 {
            cells[0] = cells[0].wrapping_add(cover * 512);
            words[0] |= 1;
            return;
        }
        let first = l >> UNIT_BITS;
        let last = if r > l { (r - 1) >> UNIT_BITS } else { first };
        if first == last {
            let column = first as usize;
            let area = cover * (l + r - 2 * first * UNIT) as i32;
            let pair = &mut cells[column..column + 2];
            pair[0] = pair[0].wrapping_add(cover * 512 - area);
            pair[1] = pair[1].wrapping_add(area);
            mark(words, column / BLOCK);
            mark(words, (column + 1) / BLOCK);
            return;
        }
        let (sign, height) = (cover.signum(), cover.abs());
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
        let end = last.min(self.width as i64);
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
        for block in first.max(0) as usize / BLOCK..=(end as usize + 1) / BLOCK {
            mark(words, block);
        }
    }

    /// Hands out the coverage row by row, and clears the buffer.
    // `touched` marks only blocks that exist: bit `b` of a row stands for its cells `4 b ..`.
    #[allow(
        clippy::indexing_slicing,
        reason = "a bit is set only for a block that exists"
    )]
    pub fn sweep(&mut self, brush: &mut impl Paintbrush) {
        let Some(rect) = self.rect.take() else { return };
        let width = self.width;
        for row in 0..self.height {
            let words = &mut self.touched[row * self.words..(row + 1) * self.words];
            let cells = &mut self.cells[row * self.stride..(row + 1) * self.stride];
            let blocks = cells.as_chunks_mut::<BLOCK>().0;
            let y = rect.y0 + row as i32;
            let mut sum = 0i32;
            // behind the last touched block
            let mut from = 0;
            brush.row(y);
            for (index, word) in words.iter_mut().enumerate() {
                let mut bits = std::mem::take(word);
                while bits != 0 {
                    let block = index * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let x = block * BLOCK;
                    if x > from && sum != 0 {
                        let coverage = level(sum);
                        if coverage != 0 {
                            brush.run(y, rect.x0 + from as i32, rect.x0 + x as i32, coverage);
                        }
                    }
                    let changes = std::mem::take(&mut blocks[block]);
                    let count = width.saturating_sub(x).min(BLOCK);
                    sum = brush.block(y, rect.x0 + x as i32, count, sum, changes);
                    from = x + BLOCK;
                }
            }
            let coverage = level(sum);
            if coverage != 0 && from < width {
                brush.run(y, rect.x0 + from as i32, rect.x1, coverage);
            }
        }
    }
}

#[allow(clippy::indexing_slicing, reason = "callers pass blocks of the row")]
#[inline(always)]
fn mark(words: &mut [u64], block: usize) {
    words[block / 64] |= 1 << (block % 64);
}

/// `a / b` in 2^-32, far from overflow for what is drawn; the largest number for no `b`.
#[inline(always)]
fn fine_ratio(a: i64, b: i64) -> i64 {
    (a as f64 * FINE / b as f64) as i64
}

/// The nearest whole number.
#[inline(always)]
fn fine_whole(fine: i64) -> i64 {
    (fine + FINE_HALF) >> FINE_BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIDE: i32 = 40;

    /// Coverage of every pixel of a square.
    struct Mask(Vec<u32>);

    impl Paintbrush for Mask {
        fn run(&mut self, y: i32, x0: i32, x1: i32, coverage: u32) {
            assert!(coverage > 0 && coverage <= 255 && x0 < x1 && x0 >= 0 && x1 <= SIDE);
            for x in x0..x1 {
                let pixel = &mut self.0[(y * SIDE + x) as usize];
                assert_eq!(*pixel, 0, "a pixel is painted once");
                *pixel = coverage;
            }
        }
    }

    const ALL: PixelRect = PixelRect {
        x0: 0,
        y0: 0,
        x1: SIDE,
        y1: SIDE,
    };

    fn mask(accumulator: &mut Accumulator, rings: &[Vec<Fixed>], rect: PixelRect) -> Vec<u32> {
        accumulator.begin(rect);
        for ring in rings {
            accumulator.ring(ring, false);
        }
        let mut mask = Mask(vec![0; (SIDE * SIDE) as usize]);
        accumulator.sweep(&mut mask);
        mask.0
    }

    /// How often a ring runs round a position given in 1/16 units (so never on a vertex).
    fn winding(ring: &[Fixed], [x, y]: Fixed) -> i32 {
        let mut turns = 0;
        let mut from = ring[ring.len() - 1].map(|v| v * 16);
        for to in ring {
            let to = to.map(|v| v * 16);
            if (from[1] <= y) != (to[1] <= y) {
                let t = (y - from[1]) as f64 / (to[1] - from[1]) as f64;
                if from[0] as f64 + t * (to[0] - from[0]) as f64 > x as f64 {
                    turns += if to[1] > from[1] { 1 } else { -1 };
                }
            }
            from = to;
        }
        turns
    }

    fn supersampled(ring: &[Fixed], x: i32, y: i32) -> f64 {
        let samples = 32;
        let mut sum = 0.0;
        for i in 0..samples {
            for j in 0..samples {
                let at = |pixel: i32, k: i64| {
                    i64::from(pixel) * UNIT * 16 + (2 * k + 1) * UNIT * 16 / (2 * samples)
                };
                sum += f64::from(winding(ring, [at(x, i), at(y, j)]));
            }
        }
        (sum.abs() / (samples * samples) as f64).min(1.0)
    }

    fn ring(points: usize) -> impl Strategy<Value = Vec<Fixed>> {
        let coordinate = -5 * UNIT..(i64::from(SIDE) + 5) * UNIT;
        prop::collection::vec([coordinate.clone(), coordinate], points)
    }

    fn triangle_or_simple() -> impl Strategy<Value = Vec<Fixed>> {
        ring(3)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn coverage_is_the_exact_area(ring in triangle_or_simple()) {
            let got = mask(&mut Accumulator::default(), std::slice::from_ref(&ring), ALL);
            let mut error = 0.0;
            let mut edge_pixels = 0.0f64;
            for (pixel, coverage) in got.iter().enumerate() {
                let (x, y) = (pixel as i32 % SIDE, pixel as i32 / SIDE);
                let exact = supersampled(&ring, x, y) * 255.0;
                if exact > 0.0 && exact < 255.0 {
                    edge_pixels += 1.0;
                }
                let off = (f64::from(*coverage) - exact).abs();
                // the reference itself is off by up to a row of samples: 8 of 255
                prop_assert!(off <= 10.0, "{x},{y}: {coverage} for {exact}");
                error += off;
            }
            prop_assert!(error / got.len() as f64 <= 0.5);
            // half of the reference's own worst error: thin slivers lie between its rows
            prop_assert!(error / edge_pixels.max(20.0) <= 4.0, "{}", error / edge_pixels);
        }

        #[test]
        fn the_sum_of_coverage_is_the_area(ring in ring(3), shift in [0..64i64, 0..64i64]) {
            // wholly inside, so that nothing is cut; small so that coverage never saturates
            let ring: Vec<Fixed> = ring.iter()
                .map(|p| [(p[0].rem_euclid(30 * UNIT)) + shift[0], (p[1].rem_euclid(30 * UNIT)) + shift[1]])
                .collect();
            let got = mask(&mut Accumulator::default(), std::slice::from_ref(&ring), ALL);
            let sum: f64 = got.iter().map(|c| f64::from(*c) / 255.0).sum();
            let area = (0..3).map(|i| (ring[i], ring[(i + 1) % 3]))
                .map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<i64>().abs() as f64
                / (2 * UNIT * UNIT) as f64;
            let touched = got.iter().filter(|c| **c > 0).count() as f64;
            prop_assert!((sum - area).abs() <= 0.06 + touched * 0.002, "{sum} {area}");
        }

        #[test]
        fn any_window_of_a_shape_has_the_same_bits(
            ring in ring(9), x in 0..SIDE, y in 0..SIDE, w in 1..SIDE, h in 1..SIDE,
        ) {
            let mut accumulator = Accumulator::default();
            let whole = mask(&mut accumulator, std::slice::from_ref(&ring), ALL);
            let rect = PixelRect { x0: x, y0: y, x1: (x + w).min(SIDE), y1: (y + h).min(SIDE) };
            let part = mask(&mut accumulator, std::slice::from_ref(&ring), rect);
            for (pixel, (whole, part)) in whole.iter().zip(&part).enumerate() {
                let (px, py) = (pixel as i32 % SIDE, pixel as i32 / SIDE);
                let inside = px >= rect.x0 && px < rect.x1 && py >= rect.y0 && py < rect.y1;
                prop_assert_eq!(*part, if inside { *whole } else { 0 });
            }
        }

        #[test]
        fn a_shift_by_whole_pixels_changes_no_bit(ring in ring(9), dx in -9..9i64, dy in -9..9i64) {
            let mut accumulator = Accumulator::default();
            let moved: Vec<Fixed> = ring.iter().map(|p| [p[0] + dx * UNIT, p[1] + dy * UNIT]).collect();
            let one = mask(&mut accumulator, &[ring], ALL);
            let other = mask(&mut accumulator, &[moved], ALL);
            for y in 9..SIDE - 9 {
                for x in 9..SIDE - 9 {
                    let at = |x: i32, y: i32| (y * SIDE + x) as usize;
                    prop_assert_eq!(one[at(x, y)], other[at(x + dx as i32, y + dy as i32)]);
                }
            }
        }

        #[test]
        fn far_positions_neither_panic_nor_leak(
            points in prop::collection::vec([-(1i64 << 42)..1 << 42, -(1i64 << 42)..1 << 42], 3..8),
        ) {
            let mut accumulator = Accumulator::default();
            mask(&mut accumulator, &[points], ALL);
            prop_assert!(accumulator.cells.iter().all(|c| *c == 0));
            prop_assert!(accumulator.touched.iter().all(|c| *c == 0));
        }
    }

    fn square(min: i64, max: i64) -> Vec<Fixed> {
        vec![[min, min], [max, min], [max, max], [min, max]]
    }

    #[test]
    fn parts_that_overlap_are_one_area() {
        let rings = [square(UNIT, 5 * UNIT), square(3 * UNIT, 8 * UNIT)];
        let got = mask(&mut Accumulator::default(), &rings, ALL);
        assert!(got.iter().all(|c| *c == 0 || *c == 255));
        assert_eq!(got.iter().filter(|c| **c == 255).count(), 16 + 25 - 4);
    }

    #[test]
    fn a_reversed_ring_is_a_hole() {
        let mut accumulator = Accumulator::default();
        accumulator.begin(ALL);
        accumulator.ring(&square(0, 10 * UNIT), false);
        accumulator.ring(&square(2 * UNIT, 5 * UNIT), true);
        let mut mask = Mask(vec![0; (SIDE * SIDE) as usize]);
        accumulator.sweep(&mut mask);
        assert_eq!(mask.0.iter().filter(|c| **c == 255).count(), 100 - 9);
    }

    #[test]
    fn a_shape_that_was_not_swept_leaves_nothing_behind() {
        let mut accumulator = Accumulator::default();
        accumulator.begin(ALL);
        accumulator.ring(&square(0, 10 * UNIT), false);
        let got = mask(&mut accumulator, &[square(0, 2 * UNIT)], ALL);
        assert_eq!(got.iter().filter(|c| **c > 0).count(), 4);
    }
}
