//! Lines shorter than a pixel: those of one class side by side become one line through all.
//!
//! Of use where strokes hide what is below: a row of pixels with a short line in each looks like
//! a stroke along the row.

use crate::error::Result;
use crate::geom::{Bbox, Coord};

use super::crowd::along_hilbert;

/// Lines held before they are joined: 70 MB.
const MAX_DOTS: usize = 1 << 20;
/// Lines through pixels end at every so many: long ones make an index slow.
const MAX_RUN: i32 = 64;

/// A short line in its cell.
#[derive(Debug, Clone, Copy)]
struct Dot {
    class: u32,
    row: i32,
    column: i32,
    /// The feature that is drawn last.
    fid: u64,
    /// How many lines these are.
    count: f64,
    ends: [Coord; 2],
}

/// A line that stands for short ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joined {
    pub fid: u64,
    pub ends: [Coord; 2],
    /// How many lines it stands for; `None` for one, which it is.
    pub count: Option<f64>,
}

/// Short lines on their way to longer ones.
#[derive(Debug)]
pub struct Dots {
    cell: f64,
    dots: Vec<Dot>,
}

impl Dots {
    pub fn new(cell: f64) -> Dots {
        Dots {
            cell,
            dots: Vec::new(),
        }
    }

    /// True where it is time to [`flush`](Dots::flush).
    pub fn is_full(&self) -> bool {
        self.dots.len() >= MAX_DOTS
    }

    /// Takes a line in; false where it is too long for that. `count` is how many lines it stands
    /// for, where it was joined before.
    pub fn add(&mut self, (class, fid): (u32, u64), line: &[Coord], count: Option<f64>) -> bool {
        let (Some(bbox), [from, .., to]) = (Bbox::around(line), line) else {
            return false;
        };
        if bbox.width() > self.cell || bbox.height() > self.cell {
            return false;
        }
        let [x, y] = bbox.center().map(|v| (v / self.cell).floor());
        let limit = f64::from(i32::MAX - 1);
        if x.abs() < limit && y.abs() < limit {
            #[allow(clippy::cast_possible_truncation, reason = "within the limit")]
            self.dots.push(Dot {
                class,
                row: y as i32,
                column: x as i32,
                fid,
                count: count.unwrap_or(1.0),
                ends: [*from, *to],
            });
        }
        true
    }

    /// Joins what was taken in, and hands out the lines.
    ///
    /// # Errors
    /// What `emit` says.
    pub fn flush(&mut self, emit: &mut dyn FnMut(&Joined) -> Result<()>) -> Result<()> {
        let mut dots = std::mem::take(&mut self.dots);
        // of those in one cell the last comes first
        dots.sort_unstable_by_key(|dot| (dot.class, dot.row, dot.column, !dot.fid));
        dots.dedup_by(|next, kept| {
            let is_same =
                (next.class, next.row, next.column) == (kept.class, kept.row, kept.column);
            if is_same {
                kept.count += next.count;
            }
            is_same
        });
        let goes_on = |a: &Dot, b: &Dot| {
            (a.class, a.row, a.column + 1) == (b.class, b.row, b.column)
                && b.column.rem_euclid(MAX_RUN) != 0
        };
        let mut joined: Vec<(u64, Joined)> = Vec::new();
        for run in dots.chunk_by(goes_on) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            let count: f64 = run.iter().map(|dot| dot.count).sum();
            let middle = |dot: &Dot| {
                let [column, row] = [f64::from(dot.column), f64::from(dot.row)];
                [(column + 0.5) * self.cell, (row + 0.5) * self.cell]
            };
            let line = Joined {
                fid: last.fid,
                ends: match run {
                    [only] => only.ends,
                    _ => [middle(first), middle(last)],
                },
                count: (count > 1.0).then_some(count),
            };
            joined.push((along_hilbert(first.column, first.row), line));
        }
        dots.clear();
        self.dots = dots;
        // neighbours one after the other: the order is that of the index
        joined.sort_unstable_by_key(|(place, line)| (*place, line.fid));
        joined.iter().try_for_each(|(_, line)| emit(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flushed(lines: &[(u32, [Coord; 2])]) -> Vec<Joined> {
        let mut dots = Dots::new(10.0);
        for (fid, (class, line)) in lines.iter().enumerate() {
            assert!(dots.add((*class, fid as u64), line, None));
        }
        let mut out = Vec::new();
        dots.flush(&mut |line| {
            out.push(*line);
            Ok(())
        })
        .unwrap();
        out
    }

    #[test]
    fn short_lines_side_by_side_are_one_and_one_by_itself_stays_what_it_is() {
        let line = |x: f64, y: f64| [[x, y], [x + 3.0, y + 2.0]];
        let joined = flushed(&[
            (0, line(1.0, 1.0)),
            (0, line(11.0, 3.0)),
            (0, line(12.0, 4.0)),
            (0, line(21.0, 1.0)),
            (1, line(31.0, 1.0)),
            (0, line(1.0, 51.0)),
        ]);
        assert_eq!(joined.len(), 3);
        let of = |fid| joined.iter().find(|line| line.fid == fid).unwrap();
        assert_eq!(
            (of(3).ends, of(3).count),
            ([[5.0, 5.0], [25.0, 5.0]], Some(4.0))
        );
        assert_eq!((of(4).ends, of(4).count), (line(31.0, 1.0), None));
        assert_eq!((of(5).ends, of(5).count), (line(1.0, 51.0), None));
    }

    #[test]
    fn a_line_longer_than_a_cell_is_not_taken() {
        let mut dots = Dots::new(10.0);
        assert!(!dots.add((0, 0), &[[0.0, 0.0], [10.1, 0.0]], None));
        assert!(!dots.add((0, 0), &[[0.0, 0.0]], None));
        assert!(!dots.is_full());
    }
}
