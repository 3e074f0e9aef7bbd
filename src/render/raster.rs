//! Coverage: directed edges in, the exact area of each pixel out.
//!
//! Each edge adds, to the cells it crosses, how the area to its right changes; a running sum
//! along a row is then the covered area of each pixel, signed by the direction of the outline.
//! Sums beyond 1 are taken as 1: parts that overlap and run the same way are one area. All of it
//! is integers of differences, so that neither a shift by whole pixels nor a cut changes a bit.
//! A byte for each block of cells remembers which were touched: sweeping and clearing cost what was
//! drawn, not the size of the map.

use super::edges::Cells;
use super::fixed::{Fixed, UNIT, UNIT_BITS};
use super::rows::{Waiting, add_waiting};
use super::stretch::Stretch;
use crate::processor::{self, Processor, Work};

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
    fn block(
        &mut self,
        _processor: impl Processor,
        (x, y): (i32, i32),
        count: usize,
        mut sum: i32,
        changes: Block,
    ) -> i32 {
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
pub(super) const BLOCK: usize = 4;
/// Blocks whose marks are looked at together.
const MARKS: usize = 8;

/// The area of a pixel in the units of the sums: 256 rows of 256 columns, twice.
pub(super) const FULL: u32 = 1 << (2 * UNIT_BITS + 1);

/// Coverage of 255, from a sum: rounded as vector registers round, in single precision.
#[inline(always)]
pub(super) fn level(sum: i32) -> u32 {
    // added to a number below 2^22 it leaves the nearest whole number in the low bits
    const MAGIC: f32 = 12_582_912.0; // 1.5 * 2^23
    let area = (sum as f32).abs() * LEVELS_PER_AREA;
    (area.min(255.0) + MAGIC).to_bits() & 0xff
}

/// Levels of coverage in one unit of a sum.
pub(super) const LEVELS_PER_AREA: f32 = 255.0 / FULL as f32;

/// An accumulation buffer, used again and again: all zero between two shapes.
#[derive(Debug, Default)]
pub struct Accumulator {
    cells: Vec<i32>,
    /// 1 for each block of cells that was changed.
    touched: Vec<u8>,
    rect: Option<PixelRect>,
    /// Of the rect, in units.
    left: i64,
    top: i64,
    /// In cells; no rows where there is no shape.
    width: usize,
    height: usize,
    /// Cells of a layer's row: whole groups of marks.
    stride: usize,
    layers: usize,
    /// Edges that are not in the cells yet.
    waiting: Waiting,
    /// On loan to who draws lines.
    pub(super) stretch: Option<Box<Stretch>>,
}

/// Which sum of a pixel an edge changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// The only one, or that of outer borders.
    Outer = 0,
    /// That of inner borders, where outlines and insides are drawn in one go.
    Inner = 1,
}

impl Accumulator {
    /// Begins a shape, of which only the part inside `rect` is wanted: the shape's box cut by the
    /// canvas. The buffer is as small as that.
    pub fn begin(&mut self, rect: PixelRect) {
        self.begin_layers(rect, 1);
    }

    /// [`begin`](Accumulator::begin) for edges in so many layers.
    pub(super) fn begin_layers(&mut self, rect: PixelRect, layers: usize) {
        self.reset();
        if rect.is_empty() {
            return;
        }
        self.left = i64::from(rect.x0) * UNIT;
        self.top = i64::from(rect.y0) * UNIT;
        self.width = rect.x1.abs_diff(rect.x0) as usize;
        self.height = rect.y1.abs_diff(rect.y0) as usize;
        // more cells than pixels: an edge that leaves the last column writes behind it
        self.stride = (self.width + 2).next_multiple_of(BLOCK * MARKS);
        self.layers = layers;
        let cells = self.stride * layers * self.height;
        if self.cells.len() < cells {
            self.cells.resize(cells, 0);
        }
        if self.touched.len() < cells / BLOCK {
            self.touched.resize(cells / BLOCK, 0);
        }
        self.rect = Some(rect);
    }

    /// The memory that it holds.
    pub fn bytes(&self) -> usize {
        self.cells.capacity() * 4
            + self.touched.capacity()
            + self.waiting.bytes()
            + self.stretch.as_ref().map_or(0, |stretch| stretch.bytes())
    }

    /// Clears what a shape that was not swept left behind.
    fn reset(&mut self) {
        if self.rect.take().is_some() {
            self.height = 0;
            self.waiting.clear();
            self.cells.fill(0);
            self.touched.fill(0);
        }
    }

    /// Adds an outline, closed from its last position to its first; `reversed` turns it round.
    pub fn ring(&mut self, points: &[Fixed], reversed: bool) {
        let before = points.last().into_iter().chain(points);
        let edges = before.zip(points);
        if reversed {
            self.edges(edges.map(|(from, to)| (*to, *from)));
        } else {
            self.edges(edges.map(|(from, to)| (*from, *to)));
        }
    }

    /// The cells of the shape that was begun, for edges to be added to.
    #[inline(always)]
    pub(super) fn cells(&mut self) -> Cells<'_> {
        Cells {
            cells: &mut self.cells,
            touched: &mut self.touched,
            left: self.left,
            top: self.top,
            width: self.width,
            height: self.height,
            stride: self.stride,
            pitch: self.stride * self.layers,
            waiting: &mut self.waiting,
        }
    }

    /// Adds directed edges to the only layer.
    #[inline(always)]
    fn edges(&mut self, edges: impl Iterator<Item = (Fixed, Fixed)>) {
        let mut cells = self.cells();
        for (from, to) in edges {
            cells.edge(0, from, to);
        }
    }

    /// Hands out the coverage row by row, and clears the buffer.
    pub fn sweep(&mut self, brush: &mut impl Paintbrush) {
        self.sweep_layers(&mut OneLayer(brush));
    }

    /// Hands out the sums row by row, and clears the buffer.
    pub(super) fn sweep_layers<const L: usize>(&mut self, brush: &mut impl LayersBrush<L>) {
        if !self.waiting.is_empty() {
            add_waiting(&mut self.cells());
        }
        processor::run(Sweep {
            accumulator: self,
            brush,
        });
    }

    /// [`sweep_layers`](Accumulator::sweep_layers), compiled for a kind of processor.
    // `touched` has a byte for each block of the buffer's cells.
    #[allow(
        clippy::indexing_slicing,
        reason = "a mark stands only for a block that exists"
    )]
    #[inline(always)]
    fn sweep_with<const L: usize>(
        &mut self,
        brush: &mut impl LayersBrush<L>,
        processor: impl Processor,
    ) {
        let Some(rect) = self.rect.take() else { return };
        let height = std::mem::take(&mut self.height);
        debug_assert_eq!(self.layers, L);
        let (width, blocks) = (self.width, self.stride / BLOCK);
        let cells = self.cells.as_chunks_mut::<BLOCK>().0;
        let rows = cells.chunks_exact_mut(blocks * L);
        let marks = self.touched.chunks_exact_mut(blocks * L);
        for ((y, cells), marks) in (rect.y0..).zip(rows).zip(marks).take(height) {
            let marks = marks.as_chunks_mut::<MARKS>().0;
            let groups = marks.len() / L;
            let mut sums = [0i32; L];
            // behind the last touched block
            let mut from = 0;
            brush.row(y);
            for group in 0..groups {
                let mut marked = 0;
                for layer in 0..L {
                    let marks = std::mem::take(&mut marks[layer * groups + group]);
                    marked |= u64::from_le_bytes(marks);
                }
                while marked != 0 {
                    let block = group * MARKS + marked.trailing_zeros() as usize / 8;
                    marked &= marked - 1;
                    let x = block * BLOCK;
                    if x > from && sums != [0; L] {
                        brush.run(y, rect.x0 + from as i32, rect.x0 + x as i32, sums);
                    }
                    let changes = std::array::from_fn(|layer| {
                        std::mem::take(&mut cells[layer * blocks + block])
                    });
                    let count = width.saturating_sub(x).min(BLOCK);
                    let at = (rect.x0 + x as i32, y);
                    sums = brush.block(processor, at, count, sums, changes);
                    from = x + BLOCK;
                }
            }
            if from < width && sums != [0; L] {
                brush.run(y, rect.x0 + from as i32, rect.x1, sums);
            }
        }
    }
}

/// Who takes the sums of several layers.
pub(super) trait LayersBrush<const L: usize> {
    /// What follows is in row `y`.
    fn row(&mut self, y: i32);

    /// The pixels `x0..x1` of row `y` have these sums.
    fn run(&mut self, y: i32, x0: i32, x1: i32, sums: [i32; L]);

    /// [`Paintbrush::block`] with several sums.
    fn block(
        &mut self,
        processor: impl Processor,
        at: (i32, i32),
        count: usize,
        sums: [i32; L],
        changes: [Block; L],
    ) -> [i32; L];
}

/// A sweep that is still to be done.
struct Sweep<'a, const L: usize, B> {
    accumulator: &'a mut Accumulator,
    brush: &'a mut B,
}

impl<const L: usize, B: LayersBrush<L>> Work for Sweep<'_, L, B> {
    type Output = ();

    #[inline(always)]
    fn on(self, processor: impl Processor) {
        self.accumulator.sweep_with(self.brush, processor);
    }
}

struct OneLayer<'a, B>(&'a mut B);

impl<B: Paintbrush> LayersBrush<1> for OneLayer<'_, B> {
    #[inline(always)]
    fn row(&mut self, y: i32) {
        self.0.row(y);
    }

    #[inline(always)]
    fn run(&mut self, y: i32, x0: i32, x1: i32, [sum]: [i32; 1]) {
        let coverage = level(sum);
        if coverage != 0 {
            self.0.run(y, x0, x1, coverage);
        }
    }

    #[inline(always)]
    fn block(
        &mut self,
        processor: impl Processor,
        at: (i32, i32),
        count: usize,
        [sum]: [i32; 1],
        [changes]: [Block; 1],
    ) -> [i32; 1] {
        [self.0.block(processor, at, count, sum, changes)]
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
        fn any_window_of_a_shape_of_short_edges_has_the_same_bits(
            steps in prop::collection::vec([-3 * UNIT..3 * UNIT, -3 * UNIT..3 * UNIT], 3..300),
            x in 0..SIDE, y in 0..SIDE, w in 1..SIDE, h in 1..SIDE,
        ) {
            let mut at = [20 * UNIT; 2];
            let ring: Vec<Fixed> = steps.iter().map(|step| {
                at = [0, 1].map(|i| (at[i] + step[i]).rem_euclid(i64::from(SIDE) * UNIT));
                at
            }).collect();
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
