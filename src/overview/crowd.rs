//! Polygons too small to be seen by themselves: what they cover is summed up by cell and class,
//! and comes out as few rectangles of the same area in the same places.
//!
//! A cell is a pixel of the level. Areas are exact, so a landscape without gaps stays without
//! gaps. Neighbouring cells of one class that are covered alike become one rectangle, and where
//! they are covered wholly, rectangles of several rows.

use crate::error::Result;
use crate::geom::{Bbox, Coord};

use super::cells::{Cells, doubled_area};
use super::classes::MIXED;

/// Pieces held before they are summed up: 80 MB.
const MAX_PIECES: usize = 2_000_000;
/// Cells covered this much are full: outlines that were moved to a grid meet those that were not.
const FULL: f32 = 15.0 / 16.0;
/// Cells of one rectangle are covered alike up to this much.
const ALIKE: f32 = 1.0 / 8.0;
/// Rectangles end at every so many cells: long ones make an index slow.
const MAX_RUN: i32 = 64;
/// Coverings smaller than this are not seen wherever they are: a 4 000th of a pixel.
const LEAST: f32 = 1.0 / 4096.0;

/// What one polygon, or several of one class, have in one cell.
#[derive(Debug, Clone, Copy)]
struct Piece {
    class: u32,
    row: i32,
    column: i32,
    /// Of the cell.
    area: f32,
    /// How many polygons these are; parts of one where it lies in several cells.
    count: f32,
    /// The centre of what is covered, times the area, from the cell's lower left.
    moment: [f32; 2],
    /// The feature that has most of it.
    fid: u64,
    largest: f32,
}

/// A rectangle that stands for many polygons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Merged {
    pub class: u32,
    /// The largest of them: its values are those of the rectangle.
    pub fid: u64,
    pub bbox: Bbox,
    /// How many polygons it stands for.
    pub count: f64,
}

/// Polygons on their way to rectangles.
#[derive(Debug)]
pub struct Crowd {
    /// Size of a cell.
    cell: f64,
    pieces: Vec<Piece>,
    cells: Cells,
    /// The polygon under way, in cells.
    ring: Vec<Coord>,
}

impl Crowd {
    pub fn new(cell: f64) -> Crowd {
        Crowd {
            cell,
            pieces: Vec::new(),
            cells: Cells::default(),
            ring: Vec::new(),
        }
    }

    /// True where it is time to [`flush`](Crowd::flush).
    pub fn is_full(&self) -> bool {
        self.pieces.len() >= MAX_PIECES
    }

    /// Takes a polygon in; false where it is too large for that. `count` is how many polygons it
    /// stands for, where it was merged before.
    pub fn add<'a>(
        &mut self,
        (class, fid): (u32, u64),
        bbox: &Bbox,
        count: Option<f64>,
        rings: impl Iterator<Item = &'a [Coord]>,
    ) -> bool {
        let scale = 1.0 / self.cell;
        let min = [bbox.min_x * scale, bbox.min_y * scale];
        let max = [bbox.max_x * scale, bbox.max_y * scale];
        if !self.cells.begin(min, max) {
            return false;
        }
        let mut total = 0.0;
        for (nth, ring) in rings.enumerate() {
            self.ring.clear();
            let finite = ring.iter().filter(|c| c[0].is_finite() && c[1].is_finite());
            self.ring
                .extend(finite.map(|[x, y]| [x * scale, y * scale]));
            if let (Some(first), Some(last)) = (self.ring.first().copied(), self.ring.last())
                && first != *last
            {
                self.ring.push(first);
            }
            let area = doubled_area(&self.ring) / 2.0;
            // exteriors one way, holes the other, however the data wind them
            let wanted = if nth == 0 { 1.0 } else { -1.0 };
            let sign = if (area > 0.0) == (wanted > 0.0) {
                1.0
            } else {
                -1.0
            };
            self.cells.ring(&self.ring, sign);
            total += area.abs() * wanted;
        }
        let middle = [(min[0] + max[0]) / 2.0, (min[1] + max[1]) / 2.0];
        // a long and narrow one counts as many, of its width
        let length = (max[0] - min[0]).max(max[1] - min[1]).max(1.0);
        let many = count.unwrap_or(length / (total.abs() / length).max(1.0));
        let before = self.pieces.len();
        let pieces = &mut self.pieces;
        self.cells.each(|cell, area| {
            let count = many * (area / total.abs()).min(1.0);
            pieces.extend(Piece::new((class, fid), cell, middle, area, count));
        });
        if pieces.len() == before {
            // no area at all, but an outline
            let cell = middle.map(f64::floor);
            pieces.extend(Piece::new((class, fid), cell, middle, 0.0, many));
        }
        true
    }

    /// Sums up what was taken in, and hands out the rectangles.
    ///
    /// # Errors
    /// What `emit` says.
    pub fn flush(&mut self, emit: &mut dyn FnMut(&Merged) -> Result<()>) -> Result<()> {
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.sort_unstable_by_key(|p| (p.class, p.row, p.column));
        pieces.dedup_by(|next, kept| kept.takes(next));
        let mut rectangles = Rectangles {
            cell: self.cell,
            done: Vec::new(),
            above: Vec::new(),
            row: Vec::new(),
        };
        let mut run: Option<Run> = None;
        for piece in &pieces {
            if !run.as_mut().is_some_and(|run| run.takes(piece)) {
                rectangles.put(run.replace(Run::of(piece)));
            }
        }
        rectangles.put(run);
        let mut merged = rectangles.finish();
        // neighbours one after the other: the order is that of the index
        merged.sort_by_cached_key(|m| {
            let [x, y] = m.bbox.center();
            #[allow(clippy::cast_possible_truncation, reason = "cells fit 32 bits")]
            let cell = |v: f64| (v / self.cell).floor() as i64 as i32;
            along_hilbert(cell(x), cell(y))
        });
        merged.iter().try_for_each(emit)?;
        pieces.clear();
        self.pieces = pieces;
        Ok(())
    }
}

impl Piece {
    /// `None` for what lies outside of any map.
    fn new(
        (class, fid): (u32, u64),
        cell: [f64; 2],
        middle: Coord,
        area: f64,
        count: f64,
    ) -> Option<Piece> {
        let limit = f64::from(i32::MAX - 1);
        if !(cell[0].abs() < limit && cell[1].abs() < limit) {
            return None;
        }
        let within = |axis: f64, cell: f64| (axis - cell).clamp(0.0, 1.0);
        let [x, y] = [within(middle[0], cell[0]), within(middle[1], cell[1])];
        #[allow(
            clippy::cast_possible_truncation,
            reason = "cells are within the limit"
        )]
        Some(Piece {
            class,
            row: cell[1] as i32,
            column: cell[0] as i32,
            area: area as f32,
            count: count as f32,
            moment: [(x * area) as f32, (y * area) as f32],
            fid,
            largest: area as f32,
        })
    }

    /// Adds another piece of the same class and cell.
    fn takes(&mut self, other: &Piece) -> bool {
        if (self.class, self.row, self.column) != (other.class, other.row, other.column) {
            return false;
        }
        self.area += other.area;
        self.count += other.count;
        for (own, more) in self.moment.iter_mut().zip(other.moment) {
            *own += more;
        }
        // of equals the first, whatever order sorting gave them
        if (other.largest, self.fid) > (self.largest, other.fid) {
            (self.largest, self.fid) = (other.largest, other.fid);
        }
        true
    }
}

/// Cells of one row and class that are covered alike.
#[derive(Debug, Clone, Copy)]
struct Run {
    first: Piece,
    cells: i32,
    area: f32,
    count: f32,
    moment: [f32; 2],
    fid: u64,
    largest: f32,
}

impl Run {
    fn of(piece: &Piece) -> Run {
        Run {
            first: *piece,
            cells: 1,
            area: piece.area.min(1.0),
            count: piece.count,
            moment: piece.moment,
            fid: piece.fid,
            largest: piece.largest,
        }
    }

    fn takes(&mut self, piece: &Piece) -> bool {
        let goes_on = piece.class == self.first.class
            && piece.row == self.first.row
            && piece.column == self.first.column + self.cells
            && piece.column.rem_euclid(MAX_RUN) != 0
            // of mixed classes only what one feature made is one
            && (piece.class != MIXED || piece.fid == self.fid);
        let (area, mean) = (piece.area.min(1.0), self.area / self.cells as f32);
        if !goes_on || (area - mean).abs() > ALIKE || (area >= FULL) != (mean >= FULL) {
            return false;
        }
        self.cells += 1;
        self.area += area;
        self.count += piece.count;
        for (own, more) in self.moment.iter_mut().zip(piece.moment) {
            *own += more;
        }
        if piece.largest > self.largest {
            (self.largest, self.fid) = (piece.largest, piece.fid);
        }
        true
    }

    fn is_full(&self) -> bool {
        self.area >= FULL * self.cells as f32
    }
}

/// Runs on their way to rectangles, row by row.
#[derive(Debug)]
struct Rectangles {
    cell: f64,
    done: Vec<Merged>,
    /// Full runs of the row before, and those of this one, each with how many rows it has.
    above: Vec<(Run, i32)>,
    row: Vec<(Run, i32)>,
}

impl Rectangles {
    fn put(&mut self, run: Option<Run>) {
        let Some(run) = run else { return };
        let is_next = |(last, _): &(Run, i32)| {
            (last.first.class, last.first.row) != (run.first.class, run.first.row)
        };
        if self.row.last().is_some_and(is_next) {
            self.end_row();
        }
        if self.row.is_empty() {
            let follows = |(above, _): &(Run, i32)| {
                above.first.class == run.first.class && above.first.row + 1 == run.first.row
            };
            if !self.above.first().is_some_and(follows) {
                self.end_above();
            }
        }
        if !run.is_full() {
            self.done.extend(run.merged(1, self.cell));
            return;
        }
        // both rows are in the order of columns, but few: rectangles of 64 cells
        let same = self.above.iter().position(|(above, rows)| {
            above.first.column == run.first.column
                && above.cells == run.cells
                && (run.first.class != MIXED || above.fid == run.fid)
                && *rows < MAX_RUN
                && run.first.row.rem_euclid(MAX_RUN) != 0
        });
        match same {
            Some(index) => {
                let (mut grown, rows) = self.above.swap_remove(index);
                grown.first.row = run.first.row;
                grown.area += run.area;
                grown.count += run.count;
                self.row.push((grown, rows + 1));
            }
            None => self.row.push((run, 1)),
        }
    }

    fn end_row(&mut self) {
        self.end_above();
        std::mem::swap(&mut self.above, &mut self.row);
    }

    fn end_above(&mut self) {
        let cell = self.cell;
        for (run, rows) in self.above.drain(..) {
            self.done.extend(run.merged(rows, cell));
        }
    }

    fn finish(mut self) -> Vec<Merged> {
        self.end_row();
        self.end_above();
        self.done
    }
}

impl Run {
    /// The rectangle of this run, which is the last of `rows` equal full ones.
    fn merged(&self, rows: i32, cell: f64) -> Option<Merged> {
        if self.area < LEAST && self.count < LEAST {
            return None;
        }
        let column = f64::from(self.first.column);
        let row = f64::from(self.first.row) + 1.0 - f64::from(rows);
        let (width, height) = (f64::from(self.cells), f64::from(rows));
        let area = f64::from(self.area).max(f64::from(LEAST));
        let middle = self.moment.map(|m| f64::from(m / self.area.max(LEAST)));
        let (x, y, w, h) = if self.is_full() {
            (column, row, width, height)
        } else if self.cells == 1 {
            // as large as what it covers, in the same place, inside the cell
            let side = area.sqrt();
            let from = |middle: f64| (middle - side / 2.0).clamp(0.0, 1.0 - side);
            (column + from(middle[0]), row + from(middle[1]), side, side)
        } else {
            let height = area / width;
            let from = (middle[1] - height / 2.0).clamp(0.0, 1.0 - height);
            (column, row + from, width, height)
        };
        Some(Merged {
            class: self.first.class,
            fid: self.fid,
            bbox: Bbox::new(x * cell, y * cell, (x + w) * cell, (y + h) * cell)?,
            count: f64::from(self.count),
        })
    }
}

/// The place of a cell on a Hilbert curve through all of them.
pub fn along_hilbert(x: i32, y: i32) -> u64 {
    let shifted = |v: i32| u64::from(v.cast_unsigned() ^ (1 << 31));
    let (mut x, mut y) = (shifted(x), shifted(y));
    let mut place = 0;
    for bit in (0..32).rev() {
        let (right, up) = (x >> bit & 1, y >> bit & 1);
        place = place << 2 | ((3 * right) ^ up);
        if up == 0 {
            if right == 1 {
                (x, y) = (!x, !y);
            }
            std::mem::swap(&mut x, &mut y);
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, side: f64) -> (Bbox, [Coord; 5]) {
        let bbox = Bbox::new(x, y, x + side, y + side).unwrap();
        let ring = [
            [x, y],
            [x + side, y],
            [x + side, y + side],
            [x, y + side],
            [x, y],
        ];
        (bbox, ring)
    }

    fn merged(squares: &[(u32, f64, f64, f64)]) -> Vec<Merged> {
        let mut crowd = Crowd::new(10.0);
        for (fid, (class, x, y, side)) in squares.iter().enumerate() {
            let (bbox, ring) = square(*x, *y, *side);
            assert!(crowd.add((*class, fid as u64), &bbox, None, [&ring[..]].into_iter()));
        }
        let mut out = Vec::new();
        crowd
            .flush(&mut |m| {
                out.push(*m);
                Ok(())
            })
            .unwrap();
        out
    }

    fn area(merged: &[Merged]) -> f64 {
        merged
            .iter()
            .map(|m| m.bbox.width() * m.bbox.height())
            .sum()
    }

    #[test]
    fn a_landscape_without_gaps_becomes_few_rectangles_without_gaps() {
        let fields: Vec<_> = (0..200)
            .flat_map(|i| (0..200).map(move |j| (0, f64::from(i) * 3.2, f64::from(j) * 3.2, 3.2)))
            .collect();
        let merged = merged(&fields);
        assert!(merged.len() <= 4, "{} rectangles", merged.len());
        assert!(
            (area(&merged) - 640.0 * 640.0).abs() < 1.0,
            "{}",
            area(&merged)
        );
        let count: f64 = merged.iter().map(|m| m.count).sum();
        assert!((count - 40_000.0).abs() < 40.0, "{count}");
    }

    #[test]
    fn classes_are_not_mixed_and_each_keeps_its_area() {
        let halves: Vec<_> = (0..64)
            .flat_map(|i| (0..2).map(move |j| (j, f64::from(i) * 5.0, f64::from(j) * 5.0, 5.0)))
            .collect();
        let merged = merged(&halves);
        for class in [0, 1] {
            let own: Vec<Merged> = merged
                .iter()
                .filter(|m| m.class == class)
                .copied()
                .collect();
            assert!((area(&own) - 64.0 * 25.0).abs() < 0.1);
        }
    }

    #[test]
    fn one_small_polygon_stays_where_it_is_and_as_large_as_it_is() {
        let merged = merged(&[(0, 12.0, 13.0, 4.0)]);
        let [only] = merged.as_slice() else {
            panic!("{merged:?}")
        };
        let (bbox, _) = square(12.0, 13.0, 4.0);
        for (found, expected) in [(only.bbox.min_x, bbox.min_x), (only.bbox.max_y, bbox.max_y)] {
            assert!((found - expected).abs() < 1e-3);
        }
        assert_eq!((only.fid, only.count), (0, 1.0));
    }

    #[test]
    fn what_is_merged_again_counts_what_it_counted() {
        let mut crowd = Crowd::new(10.0);
        let bbox = Bbox::new(0.0, 3.0, 640.0, 13.0).unwrap();
        let ring = [
            [0.0, 3.0],
            [640.0, 3.0],
            [640.0, 13.0],
            [0.0, 13.0],
            [0.0, 3.0],
        ];
        assert!(crowd.add((0, 0), &bbox, Some(500.0), [&ring[..]].into_iter()));
        let mut count = 0.0;
        let counted = crowd.flush(&mut |m| {
            count += m.count;
            Ok(())
        });
        counted.unwrap();
        assert!((count - 500.0).abs() < 0.1, "{count}");
    }

    #[test]
    fn the_largest_polygon_gives_its_values() {
        let merged = merged(&[(0, 1.0, 1.0, 2.0), (0, 4.0, 4.0, 5.0), (0, 1.0, 8.0, 1.0)]);
        assert_eq!(merged.len(), 1);
        assert_eq!(merged[0].fid, 1);
        assert!((area(&merged) - 30.0).abs() < 0.01);
    }

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_ground() {
        let mut cells: Vec<(i32, i32)> =
            (-8..8).flat_map(|x| (-8..8).map(move |y| (x, y))).collect();
        cells.sort_by_key(|(x, y)| along_hilbert(*x, *y));
        for quarter in cells.chunks(64) {
            let one = quarter[0];
            assert!(
                quarter
                    .iter()
                    .all(|c| (c.0 < 0) == (one.0 < 0) && (c.1 < 0) == (one.1 < 0))
            );
            let step = |p: &[(i32, i32)]| (p[0].0 - p[1].0).abs() + (p[0].1 - p[1].1).abs();
            assert!(quarter.windows(2).all(|p| step(p) == 1));
        }
    }
}
