//! Coverage: directed edges in, the exact area of each pixel out.
//!
//! Each edge adds, to the cells it crosses, how the area to its right changes; a running sum
//! along a row is then the covered area of each pixel, signed by the direction of the outline.
//! Sums beyond 1 are taken as 1: parts that overlap and run the same way are one area. All of it
//! is integers of differences, so that neither a shift by whole pixels nor a cut changes a bit.
//! A row of bits remembers the touched cells: sweeping and clearing cost what was drawn, not the
//! size of the map.

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

    /// A run of one pixel, of no coverage too: edges are made of these, and for a solid colour
    /// laying on nothing costs less than asking.
    #[inline(always)]
    fn pixel(&mut self, y: i32, x: i32, coverage: u32) {
        if coverage != 0 {
            self.run(y, x, x + 1, coverage);
        }
    }
}

/// The area of a pixel in the units of the sums: 256 rows of 256 columns, twice.
const FULL: u32 = 1 << (2 * UNIT_BITS + 1);

/// Coverage of 255, from a sum.
#[inline(always)]
pub(super) fn level(sum: i32) -> u32 {
    (sum.unsigned_abs().min(FULL) * 255 + FULL / 2) / FULL
}

/// An accumulation buffer, used again and again: all zero between two shapes.
#[derive(Debug, Default)]
pub struct Accumulator {
    cells: Vec<i32>,
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
        // one cell more than pixels: an edge in the last column writes behind it
        self.stride = self.width + 1;
        self.words = self.stride.div_ceil(64);
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
        let dx = (x1 - x0) as f64;
        let dy = (y1 - y0) as f64;
        if first == last {
            let dy = (y1 - y0) as i32;
            self.in_row(first as usize, x0, x1, dy, sign, || f64::from(dy) / dx);
            return;
        }
        let slope = dx / dy;
        let steepness = dy / dx;
        let at = |y: i64| x0 + round((y - y0) as f64 * slope);
        let (mut x, mut y) = if first < 0 { (at(0), 0) } else { (x0, y0) };
        for row in first.max(0)..=last.min(self.height as i64 - 1) {
            let bottom = (row + 1) * UNIT;
            let (next_x, next_y) = if bottom >= y1 {
                (x1, y1)
            } else {
                (at(bottom), bottom)
            };
            self.in_row(row as usize, x, next_x, (next_y - y) as i32, sign, || {
                steepness
            });
            (x, y) = (next_x, next_y);
        }
    }

    /// Adds the part of an edge within one row, `dy` units high, of `steepness` dy / dx.
    // The cells of a row are `row * stride ..` and `row < height` (both callers clamp it);
    // columns are clamped to `0..width`, and a row has `width + 1` cells.
    #[allow(
        clippy::indexing_slicing,
        reason = "rows and columns are clamped to the buffer"
    )]
    #[inline(always)]
    fn in_row(
        &mut self,
        row: usize,
        xa: i64,
        xb: i64,
        dy: i32,
        sign: i32,
        steepness: impl Fn() -> f64,
    ) {
        // which of its two diagonals a part takes does not matter for the area right of it
        let (l, r) = (xa.min(xb), xa.max(xb));
        if l >= self.right {
            return;
        }
        let start = row * self.stride;
        let cells = &mut self.cells[start..start + self.stride];
        let words = &mut self.touched[row * self.words..(row + 1) * self.words];
        if r <= 0 {
            cells[0] = cells[0].wrapping_add(sign * dy * 512);
            words[0] |= 1;
            return;
        }
        let first = l >> UNIT_BITS;
        let last = if r > l { (r - 1) >> UNIT_BITS } else { first };
        if first == last {
            let column = first as usize;
            let cover = sign * dy;
            let area = cover * (l + r - 2 * first * UNIT) as i32;
            cells[column] = cells[column].wrapping_add(cover * 512 - area);
            cells[column + 1] = cells[column + 1].wrapping_add(area);
            mark(words, column, column + 1);
            return;
        }
        let steepness = steepness().abs();
        // how much of dy lies left of a column's left border
        let left_of = |column: i64| {
            let y = (column * UNIT - l) as f64 * steepness;
            round(y.min(f64::from(dy))) as i32
        };
        let mut done = 0;
        if first < 0 {
            done = left_of(0);
            cells[0] = cells[0].wrapping_add(sign * done * 512);
        }
        let (begin, end) = (first.max(0), last.min(self.width as i64 - 1));
        for column in begin..=end {
            let next = if column == last {
                dy
            } else {
                left_of(column + 1)
            };
            let cover = sign * (next - done);
            done = next;
            let from = if column == first { l - first * UNIT } else { 0 };
            let to = if column == last {
                r - last * UNIT
            } else {
                UNIT
            };
            let area = cover * (from + to) as i32;
            let column = column as usize;
            cells[column] = cells[column].wrapping_add(cover * 512 - area);
            cells[column + 1] = cells[column + 1].wrapping_add(area);
        }
        mark(words, begin as usize, end as usize + 1);
    }

    /// Hands out the coverage row by row, and clears the buffer.
    // `touched` marks only cells that exist: bit `x` of a row is cell `x` of that row.
    #[allow(
        clippy::indexing_slicing,
        reason = "a bit is set only for a cell that exists"
    )]
    pub fn sweep(&mut self, brush: &mut impl Paintbrush) {
        let Some(rect) = self.rect.take() else { return };
        let width = self.width;
        for row in 0..self.height {
            let words = &mut self.touched[row * self.words..(row + 1) * self.words];
            let cells = &mut self.cells[row * self.stride..(row + 1) * self.stride];
            let y = rect.y0 + row as i32;
            let mut sum = 0i32;
            let mut coverage = 0;
            // behind the last touched cell
            let mut from = 0;
            brush.row(y);
            for (index, word) in words.iter_mut().enumerate() {
                let mut bits = std::mem::take(word);
                while bits != 0 {
                    let x = index * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    if x > from && coverage != 0 {
                        brush.run(y, rect.x0 + from as i32, rect.x0 + x as i32, coverage);
                    }
                    sum = sum.wrapping_add(std::mem::take(&mut cells[x]));
                    coverage = level(sum);
                    if x < width {
                        brush.pixel(y, rect.x0 + x as i32, coverage);
                    }
                    from = x + 1;
                }
            }
            if coverage != 0 && from < width {
                brush.run(y, rect.x0 + from as i32, rect.x1, coverage);
            }
        }
    }
}

/// Sets the bits `from..=to`.
#[allow(clippy::indexing_slicing, reason = "callers pass cells of the row")]
#[inline(always)]
fn mark(words: &mut [u64], from: usize, to: usize) {
    let (first, last) = (from / 64, to / 64);
    let low = u64::MAX << (from % 64);
    let high = u64::MAX >> (63 - to % 64);
    if first == last {
        words[first] |= low & high;
        return;
    }
    words[first] |= low;
    words[last] |= high;
    for word in &mut words[first + 1..last] {
        *word = u64::MAX;
    }
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
