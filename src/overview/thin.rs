//! Points and lines that others of their class hide: they are left out.

use std::collections::HashMap;

use crate::geom::{Coord, Geometry};

/// Points held before they are compared.
const MAX_POINTS: usize = 4_000_000;

/// Which points are seen. In each cell it is the last of each class, which is drawn over the
/// others; and where symbols are opaque, only those that symbols drawn later leave a part of.
///
/// Where there are more than memory is for, some are taken for seen that are not: never the other
/// way round.
#[derive(Debug)]
pub struct Survivors {
    cell: f64,
    /// The discs that symbols cover, in cells.
    covered: Discs,
    /// Class, row, column, number of the feature.
    points: Vec<(u32, i32, i32, u64)>,
    seen: Vec<u64>,
}

impl Survivors {
    /// `cell` is the size below which points hide each other, `radius` that of the disc that
    /// every symbol covers, in cells: 0 for none.
    pub fn new(cell: f64, radius: f64) -> Survivors {
        Survivors {
            cell,
            covered: Discs::new(radius),
            points: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Takes a point in.
    pub fn add(&mut self, class: u32, fid: u64, [x, y]: Coord) {
        if let (Some(column), Some(row)) = (cell_of(x, self.cell), cell_of(y, self.cell)) {
            self.points.push((class, row, column, fid));
        }
        if self.points.len() >= MAX_POINTS {
            self.compare();
            // what is left takes half of the memory: it is seen, whatever comes
            if self.points.len() >= MAX_POINTS / 2 {
                self.settle();
            }
        }
    }

    /// All were taken in: now [`is_seen`](Survivors::is_seen) answers.
    pub fn finish(&mut self) {
        self.compare();
        self.settle();
    }

    pub fn is_seen(&self, fid: u64) -> bool {
        let word = usize::try_from(fid / 64).ok();
        let bits = word.and_then(|word| self.seen.get(word));
        bits.is_some_and(|bits| bits >> (fid % 64) & 1 == 1)
    }

    fn compare(&mut self) {
        // by number backwards: the first of a cell is the last that is drawn
        self.points
            .sort_unstable_by_key(|(class, row, column, fid)| (*class, *row, *column, !fid));
        self.points
            .dedup_by_key(|(class, row, column, _)| (*class, *row, *column));
    }

    fn settle(&mut self) {
        // the last that is drawn lies on top
        self.points.sort_unstable_by_key(|(.., fid)| !fid);
        // of those that were settled before, some lie below and some above: forget them
        self.covered.blocks.clear();
        for (class, row, column, fid) in self.points.drain(..) {
            let Ok(word) = usize::try_from(fid / 64) else {
                continue;
            };
            if !self.covered.cover(class, column, row) {
                continue;
            }
            if self.seen.len() <= word {
                self.seen.resize(word + 1, 0);
            }
            if let Some(bits) = self.seen.get_mut(word) {
                *bits |= 1 << (fid % 64);
            }
        }
    }
}

/// Blocks of covered cells remembered: 150 MB. Beyond, all is forgotten, and some points are kept
/// that are hidden.
const MAX_DISC_BLOCKS: usize = 1 << 20;

/// Cells that discs cover, by class.
#[derive(Debug)]
struct Discs {
    /// For each row from the middle the columns from the middle that a disc covers, on each side.
    reach: Vec<i32>,
    /// A word is 32 cells of a row.
    blocks: HashMap<(u32, i32, i32), [u32; BLOCK as usize]>,
}

impl Discs {
    fn new(radius: f64) -> Discs {
        /// Symbols larger than that hide no more.
        const MAX_RADIUS: f64 = 24.0;
        let radius = radius.min(MAX_RADIUS);
        let across = |row: i32| (radius * radius - f64::from(row * row)).sqrt();
        #[allow(clippy::cast_possible_truncation, reason = "at most MAX_RADIUS")]
        let reach = (0..)
            .map_while(|row| Some(across(row)).filter(|across| *across > 0.0))
            .map(|across| across as i32)
            .collect();
        Discs {
            reach,
            blocks: HashMap::new(),
        }
    }

    /// Adds a disc; true where it covers a cell that was not covered.
    fn cover(&mut self, class: u32, column: i32, row: i32) -> bool {
        let mut new = self.reach.is_empty();
        let rows = i32::try_from(self.reach.len()).unwrap_or(0);
        for off in 1 - rows..rows {
            let reach = usize::try_from(off.abs())
                .ok()
                .and_then(|r| self.reach.get(r));
            let (Some(reach), Some(row)) = (reach.copied(), row.checked_add(off)) else {
                continue;
            };
            let from = column.saturating_sub(reach);
            let to = column.saturating_add(reach);
            for block in from.div_euclid(BLOCK)..=to.div_euclid(BLOCK) {
                let key = (class, block, row.div_euclid(BLOCK));
                if self.blocks.len() >= MAX_DISC_BLOCKS && !self.blocks.contains_key(&key) {
                    self.blocks.clear();
                }
                let words = self.blocks.entry(key).or_insert([0; BLOCK as usize]);
                let place = usize::try_from(row.rem_euclid(BLOCK)).unwrap_or(0);
                if let Some(word) = words.get_mut(place) {
                    let first = from.max(block * BLOCK).rem_euclid(BLOCK);
                    let last = to.min(block * BLOCK + BLOCK - 1).rem_euclid(BLOCK);
                    let bits = u32::MAX << first & u32::MAX >> (BLOCK - 1 - last);
                    new |= bits & !*word != 0;
                    *word |= bits;
                }
            }
        }
        new
    }
}

fn cell_of(position: f64, cell: f64) -> Option<i32> {
    let cell = (position / cell).floor();
    #[allow(clippy::cast_possible_truncation, reason = "within the limits")]
    (cell.abs() < f64::from(i32::MAX)).then_some(cell as i32)
}

/// Lines of a class through one cell, beyond which another shows nothing new: of strokes half a
/// pixel wide, which cover half of it each, so many leave a 16th.
const ENOUGH: u8 = 4;

/// Cells of a block.
const BLOCK: i32 = 32;

/// Blocks remembered: 64 MB.
const MAX_BLOCKS: usize = 1 << 16;

/// How many lines of each class run through each cell.
///
/// Where there are more than memory is for, all is forgotten, and some lines are kept that show
/// nothing new: never the other way round.
#[derive(Debug)]
pub struct Traffic {
    cell: f64,
    blocks: HashMap<(u32, i32, i32), Box<[u8; (BLOCK * BLOCK) as usize]>>,
    /// Cells of the line under way.
    path: Vec<[i32; 2]>,
}

impl Traffic {
    pub fn new(cell: f64) -> Traffic {
        Traffic {
            cell,
            blocks: HashMap::new(),
            path: Vec::new(),
        }
    }

    /// Counts the lines of a geometry; true where one of them runs through a cell that did not
    /// have enough of them.
    pub fn shows(&mut self, class: u32, geometry: &Geometry) -> bool {
        let mut shows = false;
        for line in geometry.parts().flat_map(|part| part.sequences()) {
            self.walk(line);
            let path = std::mem::take(&mut self.path);
            for [column, row] in &path {
                shows |= self.count(class, *column, *row);
            }
            self.path = path;
        }
        shows
    }

    /// Counts one more line through a cell; false where there were enough.
    fn count(&mut self, class: u32, column: i32, row: i32) -> bool {
        let key = (class, column.div_euclid(BLOCK), row.div_euclid(BLOCK));
        if self.blocks.len() >= MAX_BLOCKS && !self.blocks.contains_key(&key) {
            self.blocks.clear();
        }
        let block = self
            .blocks
            .entry(key)
            .or_insert_with(|| Box::new([0; (BLOCK * BLOCK) as usize]));
        let place = row.rem_euclid(BLOCK) * BLOCK + column.rem_euclid(BLOCK);
        let cell = usize::try_from(place).ok().and_then(|p| block.get_mut(p));
        match cell {
            Some(lines) if *lines < ENOUGH => {
                *lines += 1;
                true
            }
            _ => false,
        }
    }

    /// Fills `path` with the cells along a line, in steps of half a cell.
    fn walk(&mut self, line: &[Coord]) {
        /// A line longer than that is drawn whatever it runs through.
        const MAX_STEPS: f64 = 1e6;
        self.path.clear();
        let cell = self.cell;
        let mut visit = |x: f64, y: f64| {
            if let (Some(column), Some(row)) = (cell_of(x, cell), cell_of(y, cell))
                && self.path.last() != Some(&[column, row])
            {
                self.path.push([column, row]);
            }
        };
        if let Some([x, y]) = line.first() {
            visit(*x, *y);
        }
        for ([ax, ay], [bx, by]) in line.iter().zip(line.iter().skip(1)) {
            let length = (bx - ax).abs().max((by - ay).abs()) / cell;
            let steps = (length * 2.0).ceil().clamp(1.0, MAX_STEPS);
            let mut step = 1.0;
            while step <= steps {
                let t = step / steps;
                visit(ax + (bx - ax) * t, ay + (by - ay) * t);
                step += 1.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{GeometryType, PartKind};

    #[test]
    fn of_points_in_one_cell_the_last_of_each_class_is_seen() {
        let mut survivors = Survivors::new(10.0, 0.0);
        let points = [
            (0, [1.0, 1.0]),
            (0, [2.0, 2.0]),
            (1, [3.0, 3.0]),
            (0, [11.0, 1.0]),
            (0, [-1.0, 1.0]),
            (0, [9.0, 9.0]),
            (0, [f64::NAN, 9.0]),
        ];
        for (fid, (class, at)) in points.iter().enumerate() {
            survivors.add(*class, fid as u64, *at);
        }
        survivors.finish();
        let seen: Vec<u64> = (0..99).filter(|fid| survivors.is_seen(*fid)).collect();
        assert_eq!(seen, [2, 3, 4, 5]);
    }

    #[test]
    fn of_opaque_symbols_those_are_seen_that_later_ones_leave_a_part_of() {
        let mut survivors = Survivors::new(1.0, 3.0);
        let crowd = (0..40_000_u64).map(|n| [(n % 100) as f64, (n / 100 % 100) as f64]);
        for (fid, at) in crowd.chain([[500.0, 500.0]]).enumerate() {
            survivors.add(0, fid as u64, at);
        }
        survivors.finish();
        let seen: Vec<u64> = (0..50_000).filter(|fid| survivors.is_seen(*fid)).collect();
        assert!(survivors.is_seen(40_000) && survivors.is_seen(39_999));
        assert!(seen.len() < 11_000, "{} are seen", seen.len());
        // every cell that a symbol covered is covered by one that is seen
        let mut covered = Discs::new(3.0);
        for fid in &seen {
            covered.cover(0, (fid % 100) as i32, (fid / 100 % 100) as i32);
        }
        for n in 0..10_000 {
            assert!(!covered.cover(0, n % 100, n / 100), "point {n}");
        }
    }

    fn line(coords: &[Coord]) -> Geometry {
        let mut line = Geometry::new(GeometryType::LineString);
        line.extend(coords.iter().copied());
        line.end_part(PartKind::Line);
        line
    }

    #[test]
    fn a_line_along_others_shows_nothing_new_unless_it_leaves_them_or_is_of_another_class() {
        let mut traffic = Traffic::new(1.0);
        let along = line(&[[0.5, 0.5], [90.5, 0.5]]);
        let shown: Vec<bool> = (0..6).map(|_| traffic.shows(0, &along)).collect();
        assert_eq!(shown, [true, true, true, true, false, false]);
        assert!(traffic.shows(0, &line(&[[80.5, 0.5], [91.5, 0.5]])));
        assert!(traffic.shows(1, &along));
    }
}
