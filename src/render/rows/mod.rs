//! Edges inside the columns, cut at the borders of rows: four rows of an edge at once, then eight
//! pieces of edges at once.
//!
//! How many rows an edge crosses, and which cells, no processor foresees: an edge that goes into
//! the cells as it comes costs a wrong guess or two, each as long as the work itself. So edges
//! wait until there are many, and what is done with them asks next to nothing.
//!
//! All numbers are whole and below 2^24, which single precision holds exactly, but for the slopes
//! and what is multiplied by them, which is rounded: functions of an edge's own differences, as
//! everything in [`edges`](super::edges).

#[cfg(target_arch = "x86_64")]
mod avx2;

use wide::{f32x4, f32x8, i32x4, i32x8};

use super::edges::{Cells, Slopes, WHOLE};
use super::fixed::{UNIT, UNIT_BITS};
use super::raster::BLOCK;
use crate::processor::{self, Processor, Work};

/// Edges that wait until they are added together.
const EDGES: usize = 64;
/// Pieces that are made before they are added.
const PIECES: usize = 512;
/// Rows that an edge is cut into at once.
const ROWS: usize = 4;
/// Pieces that are worked on at once.
const LANES: usize = 8;

const UNIT_F: f32 = UNIT as f32;

/// An edge inside the columns, from its upper end to its lower, in units from the upper left
/// corner of the cells; shorter than 2^21 and not level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub x0: i32,
    pub y0: i32,
    pub x1: i32,
    pub y1: i32,
    /// Where the cells of its layer begin in a row.
    pub layer: u32,
    /// 1 where the outline runs down there, -1 where it runs up.
    pub sign: i32,
}

/// Edges on their way into the cells. None between two shapes.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    edges: Vec<Edge>,
    pieces: Option<Box<Pieces>>,
}

impl Waiting {
    /// Takes one more. True where there are enough to add them all.
    #[inline(always)]
    pub fn push(&mut self, edge: Edge) -> bool {
        self.edges.push(edge);
        self.edges.len() >= EDGES
    }

    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    pub fn clear(&mut self) {
        self.edges.clear();
    }

    /// The memory that it holds.
    pub fn bytes(&self) -> usize {
        let pieces = self.pieces.as_ref().map_or(0, |_| size_of::<Pieces>());
        self.edges.capacity() * size_of::<Edge>() + pieces
    }
}

/// Adds all edges that wait.
#[inline(never)]
pub(super) fn add_waiting(cells: &mut Cells<'_>) {
    let mut waiting = std::mem::take(cells.waiting);
    processor::run(AddAll {
        cells,
        edges: &waiting.edges,
        pieces: waiting.pieces.get_or_insert_default(),
    });
    waiting.clear();
    *cells.waiting = waiting;
}

struct AddAll<'a, 'b> {
    cells: &'a mut Cells<'b>,
    edges: &'a [Edge],
    pieces: &'a mut Pieces,
}

impl Work for AddAll<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn on(self, processor: impl Processor) {
        let AddAll {
            cells,
            edges,
            pieces,
        } = self;
        let pitch = cells.pitch as i32;
        let starts = i32x4::from([0, pitch, 2 * pitch, 3 * pitch]);
        let mut count = 0;
        for edge in edges {
            let mut row = (edge.y0 >> UNIT_BITS).max(0);
            let end = (((edge.y1 - 1) >> UNIT_BITS) + 1).min(cells.height as i32);
            let cut = Cut::new(edge);
            loop {
                let stop = end.min(row + (PIECES - count) as i32);
                while row < stop {
                    let start = i32x4::splat(cut.layer + row * pitch) + starts;
                    cut.rows(row, start, pieces, count);
                    count += ((stop - row) as usize).min(ROWS);
                    row += ROWS as i32;
                }
                if stop == end {
                    break;
                }
                row = stop;
                add(processor, cells, pieces, count);
                count = 0;
            }
        }
        add(processor, cells, pieces, count);
    }
}

/// Numbers of pieces, with room for what is written and read behind the last.
type Each<T> = [T; PIECES + LANES];

/// Parts of edges within one row each.
#[derive(Debug)]
struct Pieces {
    /// The first cell of the row, in the edge's layer.
    start: Each<i32>,
    /// The upper and the lower end, in units from the left border of the cells.
    from: Each<f32>,
    to: Each<f32>,
    /// In units, negative where the outline runs up.
    height: Each<f32>,
    /// Of the edge, as in [`Slopes`].
    steepness: Each<f32>,
}

impl Default for Pieces {
    fn default() -> Pieces {
        Pieces {
            start: [0; PIECES + LANES],
            from: [0.0; PIECES + LANES],
            to: [0.0; PIECES + LANES],
            height: [0.0; PIECES + LANES],
            steepness: [0.0; PIECES + LANES],
        }
    }
}

/// An edge, made ready to be cut.
struct Cut {
    x0: f32x4,
    y0: f32x4,
    y1: f32x4,
    sign: f32x4,
    slope: f32x4,
    steepness: f32x4,
    layer: i32,
}

impl Cut {
    #[inline(always)]
    fn new(edge: &Edge) -> Cut {
        let slopes = Slopes::new(edge.x1 - edge.x0, edge.y1 - edge.y0, edge.sign);
        let whole = i32x4::from([edge.x0, edge.y0, edge.y1, edge.sign]);
        let [x0, y0, y1, sign] = f32x4::from_i32x4(whole).to_array().map(f32x4::splat);
        Cut {
            x0,
            y0,
            y1,
            sign,
            slope: f32x4::splat(slopes.slope),
            steepness: f32x4::splat(slopes.steepness),
            layer: edge.layer as i32,
        }
    }

    /// The pieces in four rows, whose cells begin at `start`; those behind the edge's last row are
    /// of no use.
    #[inline(always)]
    fn rows(&self, row: i32, start: i32x4, pieces: &mut Pieces, count: usize) {
        // where it is seen to be, asking for room five times costs nothing
        let at = count.min(PIECES);
        let tops = f32x4::splat((row << UNIT_BITS) as f32)
            + f32x4::from([0.0, UNIT_F, 2.0 * UNIT_F, 3.0 * UNIT_F]);
        let top = tops.fast_max(self.y0);
        let bottom = (tops + f32x4::splat(UNIT_F)).fast_min(self.y1);
        // `x0 + whole((y - y0) * slope)`, wherever the first row is
        let magic = f32x4::splat(WHOLE);
        let x = |y: f32x4| self.x0 + (((y - self.y0) * self.slope + magic) - magic);
        put(&mut pieces.start, at, start.to_array());
        put(&mut pieces.from, at, x(top).to_array());
        put(&mut pieces.to, at, x(bottom).to_array());
        put(
            &mut pieces.height,
            at,
            ((bottom - top) * self.sign).to_array(),
        );
        put(&mut pieces.steepness, at, self.steepness.to_array());
    }
}

#[inline(always)]
fn put<T: Copy>(each: &mut Each<T>, at: usize, values: [T; ROWS]) {
    if let Some(place) = each.get_mut(at..at + ROWS) {
        place.copy_from_slice(&values);
    }
}

/// What eight pieces add to the cells.
#[derive(Debug, PartialEq)]
struct Areas {
    /// The first of three cells.
    cell: [i32; LANES],
    of_three: [[i32; LANES]; 3],
    /// A bit for each piece that lies in more than two cells; that one adds nothing here.
    wide: u32,
}

/// Adds so many pieces.
#[inline(always)]
#[allow(
    clippy::indexing_slicing,
    reason = "inside the columns, three cells from the first one on are of the row"
)]
fn add(processor: impl Processor, cells: &mut Cells<'_>, pieces: &Pieces, count: usize) {
    let eights = pieces
        .start
        .as_chunks()
        .0
        .iter()
        .zip(pieces.from.as_chunks().0)
        .zip(pieces.to.as_chunks().0)
        .zip(pieces.height.as_chunks().0)
        .zip(pieces.steepness.as_chunks().0);
    let mut left = count;
    for ((((start, from), to), height), steepness) in eights {
        if left == 0 {
            break;
        }
        let areas = areas(processor, start, [from, to], height, steepness);
        for k in 0..left.min(LANES) {
            let cell = areas.cell[k] as usize;
            let three = &mut cells.cells[cell..cell + 3];
            three[0] = three[0].wrapping_add(areas.of_three[0][k]);
            three[1] = three[1].wrapping_add(areas.of_three[1][k]);
            three[2] = three[2].wrapping_add(areas.of_three[2][k]);
            cells.touched[cell / BLOCK] = 1;
            cells.touched[(cell + 2) / BLOCK] = 1;
        }
        let mut wide = areas.wide;
        while wide != 0 {
            let k = wide.trailing_zeros() as usize;
            wide &= wide - 1;
            if k < left {
                let (from, to) = (from[k] as i64, to[k] as i64);
                let span = (from.min(to), from.max(to));
                cells.columns(start[k] as usize, span, height[k] as i32, steepness[k]);
            }
        }
        left = left.saturating_sub(LANES);
    }
}

/// What eight pieces add: their first cells, their ends, height and steepness.
#[inline(always)]
fn areas(
    processor: impl Processor,
    start: &[i32; LANES],
    [from, to]: [&[f32; LANES]; 2],
    height: &[f32; LANES],
    steepness: &[f32; LANES],
) -> Areas {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = processor.avx2() {
        return avx2::areas(avx2, start, [from, to], height, steepness);
    }
    let all = |value: f32| f32x8::splat(value);
    let (from, to) = (f32x8::from(*from), f32x8::from(*to));
    let (l, r) = (from.fast_min(to), from.fast_max(to));
    let column = (l * all(1.0 / UNIT_F)).fast_trunc_int();
    let begin = f32x8::from_i32x8(column << UNIT_BITS as i32);
    // to the border behind the first cell, and beyond it
    let before = begin + all(UNIT_F) - l;
    let beyond = r - begin - all(UNIT_F);
    let is_wide = beyond.simd_gt(all(UNIT_F));
    let height = f32x8::from(*height) & !is_wide;
    let steepness = f32x8::from(*steepness) & !is_wide;
    // in one cell or two
    let part = (before * steepness + all(WHOLE)) - all(WHOLE);
    let one = beyond.simd_gt(all(0.0)).select(part, height);
    let two = height - one;
    // how far the middle of each part is from its cell's left side, twice
    let full = all(2.0 * UNIT_F);
    let one_area = one * (full - before + beyond.fast_min(all(0.0)));
    let two_area = two * beyond.fast_max(all(0.0));
    Areas {
        cell: (column + i32x8::from(*start)).to_array(),
        of_three: [
            one * full - one_area,
            one_area + (two * full - two_area),
            two_area,
        ]
        .map(|area| area.fast_trunc_int().to_array()),
        wide: is_wide.to_bitmask(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::processor::Any;

    /// One piece: its row's first cell, its ends, height and steepness.
    type Piece = (i32, [i32; 2], i32, f32);

    /// Of an edge as steep as the piece, in one, two or more cells.
    fn piece() -> impl Strategy<Value = Piece> {
        let width = prop_oneof![Just(0), 0..2 * UNIT as i32, 0..9 * UNIT as i32];
        (
            0..1000i32,
            0..99_999i32,
            width,
            any::<bool>(),
            1..=UNIT as i32,
            any::<bool>(),
        )
            .prop_map(|(start, l, width, turned, height, up)| {
                let ends = [l, l + width];
                let height = if up { -height } else { height };
                (
                    start,
                    if turned { [ends[1], ends[0]] } else { ends },
                    height,
                    height as f32 / width.max(1) as f32,
                )
            })
    }

    #[derive(Clone, Copy)]
    struct Eight<'a>(&'a [Piece; LANES]);

    impl Work for Eight<'_> {
        type Output = Areas;

        fn on(self, processor: impl Processor) -> Areas {
            let [from, to] = [0, 1].map(|end| self.0.map(|piece| piece.1[end] as f32));
            areas(
                processor,
                &self.0.map(|piece| piece.0),
                [&from, &to],
                &self.0.map(|piece| piece.2 as f32),
                &self.0.map(|piece| piece.3),
            )
        }
    }

    proptest! {
        #[test]
        fn eight_pieces_add_what_each_covers_on_every_processor(
            pieces in prop::array::uniform8(piece()),
        ) {
            let got = Eight(&pieces).on(Any);
            prop_assert_eq!(&processor::run(Eight(&pieces)), &got);
            for (k, (start, [from, to], height, _)) in pieces.into_iter().enumerate() {
                let (l, r) = (from.min(to), from.max(to));
                let column = l >> UNIT_BITS;
                let is_wide = r > (column + 2) << UNIT_BITS;
                prop_assert_eq!(got.wide >> k & 1 == 1, is_wide);
                let [first, second, third] = got.of_three.map(|area| area[k]);
                if is_wide {
                    prop_assert_eq!([first, second, third], [0; 3]);
                    continue;
                }
                prop_assert_eq!(got.cell[k], start + column);
                // whatever lies right of it is covered by all of its height
                prop_assert_eq!(first + second + third, height * 512);
                // the area right of it in its cells, twice; heights are rounded at the border
                let middle = 512.0 - f64::from(l + r - (column << (UNIT_BITS + 1))) / 2.0;
                let exact = f64::from(height) * (middle - 256.0) * 2.0;
                let sum = f64::from(2 * first + second) - f64::from(height * 512);
                prop_assert!((sum - exact).abs() <= 512.0, "{sum} for {exact}");
            }
        }
    }
}
