//! Points and lines that others of their class hide: they are left out.

use std::collections::HashMap;

use crate::geom::{Coord, Geometry};

/// Points held before they are compared.
const MAX_POINTS: usize = 4_000_000;

/// Symbols of a class that may be seen in a block of cells: one in 16 pixels. Where more are,
/// they lie piled on each other.
const MAX_SEEN: u32 = (BLOCK * BLOCK / 16) as u32;

/// In a pile a symbol is worth drawing that covers this part of itself that those chosen before
/// it leave open: the first part decides before the second is asked, and so on.
const SHOWS: [f64; 4] = [0.75, 0.5, 0.25, 0.125];

/// Which points are seen. In each cell it is the last of each class, which is drawn over the
/// others; and where symbols are opaque, only those that symbols drawn later leave a part of.
///
/// Where more opaque ones are seen than [`MAX_SEEN`], only those are kept of which much is seen:
/// the pile covers what it covered but for slivers, with fewer symbols, more of each of them in
/// sight. So what is drawn of a class is bounded by the area, however many there are.
///
/// Where there are more than memory is for, some are taken for seen that are not: never the other
/// way round.
#[derive(Debug)]
pub struct Survivors {
    cell: f64,
    /// The discs that symbols cover, in cells.
    covered: Discs,
    /// Those that are kept in piles.
    piled: Discs,
    is_opaque: bool,
    points: Vec<Point>,
    seen: Vec<u64>,
}

/// A point in its cell.
#[derive(Debug, Clone, Copy)]
struct Point {
    class: u32,
    row: i32,
    column: i32,
    /// Number of the feature.
    fid: u64,
}

impl Point {
    fn block(&self) -> (u32, i32, i32) {
        let Point { row, column, .. } = self;
        (self.class, column.div_euclid(BLOCK), row.div_euclid(BLOCK))
    }
}

impl Survivors {
    /// `cell` is the size below which points hide each other, `radius` that of the disc that
    /// every symbol covers, in cells: 0 for none.
    pub fn new(cell: f64, radius: f64) -> Survivors {
        let covered = Discs::new(radius);
        let is_opaque = covered.cells() > 1;
        Survivors {
            cell,
            piled: Discs::new(radius),
            covered,
            is_opaque,
            points: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Takes a point in.
    pub fn add(&mut self, class: u32, fid: u64, [x, y]: Coord) {
        if let (Some(column), Some(row)) = (cell_of(x, self.cell), cell_of(y, self.cell)) {
            self.points.push(Point {
                class,
                row,
                column,
                fid,
            });
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
            .sort_unstable_by_key(|p| (p.class, p.row, p.column, !p.fid));
        self.points.dedup_by_key(|p| (p.class, p.row, p.column));
    }

    fn settle(&mut self) {
        // the last that is drawn lies on top
        self.points.sort_unstable_by_key(|p| !p.fid);
        // of those that were settled before, some lie below and some above: forget them
        self.covered.clear();
        let mut points = std::mem::take(&mut self.points);
        if !self.is_opaque {
            points.drain(..).for_each(|p| self.keep(p.fid));
            self.points = points;
            return;
        }
        points.retain(|p| self.covered.cover(p, 1));
        let mut in_block: HashMap<(u32, i32, i32), u32> = HashMap::new();
        for point in &points {
            *in_block.entry(point.block()).or_default() += 1;
        }
        let is_piled = |p: &Point| in_block.get(&p.block()).is_some_and(|n| *n > MAX_SEEN);
        self.piled.clear();
        let mut pile = Vec::new();
        for point in points.drain(..) {
            if is_piled(&point) {
                pile.push(point);
            } else {
                self.piled.cover(&point, 0);
                self.keep(point.fid);
            }
        }
        // those first that show most: so few of them cover all
        for part in SHOWS {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a part of the cells of a disc"
            )]
            let cells = (f64::from(self.piled.cells()) * part).ceil() as u32;
            pile.retain(|point| {
                let shows = self.piled.cover(point, cells.max(1));
                if shows {
                    keep(&mut self.seen, point.fid);
                }
                !shows
            });
        }
        self.points = points;
    }

    fn keep(&mut self, fid: u64) {
        keep(&mut self.seen, fid);
    }
}

fn keep(seen: &mut Vec<u64>, fid: u64) {
    let Ok(word) = usize::try_from(fid / 64) else {
        return;
    };
    if seen.len() <= word {
        seen.resize(word + 1, 0);
    }
    if let Some(bits) = seen.get_mut(word) {
        *bits |= 1 << (fid % 64);
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
    /// The words of the disc under way, with its bits there.
    words: Vec<((u32, i32, i32), usize, u32)>,
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
            words: Vec::new(),
        }
    }

    /// How many cells a disc has.
    fn cells(&self) -> u32 {
        let rows = self.reach.iter().zip(0_u32..);
        rows.map(|(reach, row)| (2 * reach.unsigned_abs() + 1) << u32::from(row > 0))
            .sum()
    }

    fn clear(&mut self) {
        self.blocks.clear();
    }

    /// Adds the disc around a point, if it covers at least that many cells that were not covered:
    /// true.
    fn cover(&mut self, point: &Point, least: u32) -> bool {
        self.find(point);
        let mut new = 0;
        for (key, place, bits) in &self.words {
            let word = self.blocks.get(key).and_then(|words| words.get(*place));
            new += (bits & !word.copied().unwrap_or(0)).count_ones();
        }
        if new < least {
            return false;
        }
        for (key, place, bits) in self.words.drain(..) {
            if self.blocks.len() >= MAX_DISC_BLOCKS && !self.blocks.contains_key(&key) {
                self.blocks.clear();
            }
            let words = self.blocks.entry(key).or_insert([0; BLOCK as usize]);
            if let Some(word) = words.get_mut(place) {
                *word |= bits;
            }
        }
        true
    }

    /// Fills `words` with those that the disc around a point lies in.
    fn find(&mut self, point: &Point) {
        let Discs { reach, words, .. } = self;
        let Point {
            class, row, column, ..
        } = *point;
        words.clear();
        let rows = i32::try_from(reach.len()).unwrap_or(0);
        for off in 1 - rows..rows {
            let reach = usize::try_from(off.abs()).ok().and_then(|r| reach.get(r));
            let (Some(reach), Some(row)) = (reach.copied(), row.checked_add(off)) else {
                continue;
            };
            let from = column.saturating_sub(reach);
            let to = column.saturating_add(reach);
            for block in from.div_euclid(BLOCK)..=to.div_euclid(BLOCK) {
                let place = usize::try_from(row.rem_euclid(BLOCK)).unwrap_or(0);
                let first = from.max(block * BLOCK).rem_euclid(BLOCK);
                let last = to.min(block * BLOCK + (BLOCK - 1)).rem_euclid(BLOCK);
                let bits = u32::MAX << first & u32::MAX >> (BLOCK - 1 - last);
                words.push(((class, block, row.div_euclid(BLOCK)), place, bits));
            }
        }
    }
}

fn cell_of(position: f64, cell: f64) -> Option<i32> {
    let cell = (position / cell).floor();
    #[allow(clippy::cast_possible_truncation, reason = "within the limits")]
    (cell.abs() < f64::from(i32::MAX)).then_some(cell as i32)
}

/// Lines of a class through one cell, beyond which another shows nothing new, by the width that
/// their strokes cover: of half a pixel each covers half of it, so that four leave a 16th.
pub const ENOUGH: u8 = 4;
const ENOUGH_WIDE: u8 = 2;
const WIDE: f64 = 1.0;

/// A line is left out that shows nothing new in this part of its cells, and in all but one.
const OLD: usize = 4;

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
    enough: u8,
    blocks: HashMap<(u32, i32, i32), Box<[u8; (BLOCK * BLOCK) as usize]>>,
    /// Cells of the line under way.
    path: Vec<[i32; 2]>,
}

impl Traffic {
    /// `width` is what every stroke covers wholly, in cells: 0 where that is not known.
    pub fn new(cell: f64, width: f64) -> Traffic {
        Traffic {
            cell,
            enough: if width >= WIDE { ENOUGH_WIDE } else { ENOUGH },
            blocks: HashMap::new(),
            path: Vec::new(),
        }
    }

    /// Counts the lines of a geometry; true where they run through cells that did not have
    /// enough of them, more than one or a good part of all.
    pub fn shows(&mut self, class: u32, geometry: &Geometry) -> bool {
        let (mut shown, mut all) = (0, 0);
        for line in geometry.parts().flat_map(|part| part.sequences()) {
            self.walk(line);
            let path = std::mem::take(&mut self.path);
            for [column, row] in &path {
                shown += usize::from(self.count(class, *column, *row));
            }
            all += path.len();
            self.path = path;
        }
        shown > 1 || shown * OLD > all
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
            Some(lines) if *lines < self.enough => {
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
        // every cell that a symbol covered is covered by one that is seen, but for slivers
        let mut covered = Discs::new(3.0);
        let at = |n: u64| Point {
            class: 0,
            row: (n / 100 % 100) as i32,
            column: (n % 100) as i32,
            fid: n,
        };
        for fid in &seen {
            covered.cover(&at(*fid), 1);
        }
        let sliver = covered.cells().div_ceil(8);
        for n in 0..10_000 {
            assert!(!covered.cover(&at(n), sliver), "point {n}");
        }
    }

    #[test]
    fn however_many_points_lie_piled_those_that_are_kept_are_bounded_by_the_area() {
        let mut numbers = 1_u64;
        let mut random = || {
            numbers = numbers
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (numbers >> 11) as f64 / (1_u64 << 53) as f64 * 320.0
        };
        for radius in [3.0, 5.0] {
            let kept = [20_000, 200_000].map(|count| {
                let mut survivors = Survivors::new(1.0, radius);
                for fid in 0..count {
                    survivors.add(0, fid, [random(), random()]);
                }
                survivors.finish();
                (0..count).filter(|fid| survivors.is_seen(*fid)).count()
            });
            // a point in 5 square cells at most
            assert!(
                kept.iter().all(|n| *n < 320 * 320 / 5),
                "{radius}: {kept:?}"
            );
            assert!(kept[1] < kept[0] * 3 / 2, "{radius}: {kept:?}");
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
        let mut traffic = Traffic::new(1.0, 0.5);
        let along = line(&[[0.5, 0.5], [90.5, 0.5]]);
        let shown: Vec<bool> = (0..6).map(|_| traffic.shows(0, &along)).collect();
        assert_eq!(shown, [true, true, true, true, false, false]);
        // one new cell of twelve is nothing new, two are
        assert!(!traffic.shows(0, &line(&[[80.5, 0.5], [91.5, 0.5]])));
        assert!(traffic.shows(0, &line(&[[80.5, 0.5], [92.5, 0.5]])));
        let mut wide = Traffic::new(1.0, 1.5);
        let shown: Vec<bool> = (0..3).map(|_| wide.shows(0, &along)).collect();
        assert_eq!(shown, [true, true, false]);
        assert!(traffic.shows(1, &along));
    }
}
