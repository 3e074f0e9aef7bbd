//! Lines so dense that their strokes hide the ground: what lies in a block of pixels is
//! summed up, and comes out as one line to and fro, a net of the same length in the same place.
//!
//! Of use where all strokes are of one colour: neither the order nor the place of a single one
//! shows there.

mod blocks;
mod runs;

use std::collections::HashMap;

use super::classes::MIXED;
use crate::geom::{Bbox, Coord};
use blocks::{block_of, pieces};
use runs::MAX_RUN;

/// Pixels of a block's side.
pub const BLOCK_PX: f64 = 8.0;

/// Strokes that would cover the ground so many times side by side: nets of lines like cloth hide
/// all of it then, lines that lie anywhere most of it. Where they hide less, single ones show.
pub const DENSE: f64 = 2.0;
/// A block is dense together with those around it, so that no pattern of dense and other blocks
/// shows where lines lie about that densely; by itself it has this part at least.
const OWN: f64 = 2.0 / 3.0;
/// The part of all lines of a block that one class has at least where it is dense.
const ALONE: f64 = 0.8;
/// Lines of a net, beyond which more hide nothing more: one a pixel.
const MAX_LINES: f64 = BLOCK_PX;
/// Positions of a net, about: for telling what a level comes to.
pub const NET_POSITIONS: f64 = MAX_LINES;
/// Blocks remembered: 100 MB. Where lines lie in more, none is taken for dense.
const MAX_BLOCKS: usize = 1 << 20;

/// Class, row, column.
type Place = (u32, i32, i32);

/// What lies in a block.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    /// Length of lines, and of nets of a finer level, which can't be lines any more.
    lines: f64,
    nets: f64,
    /// The feature that has most of it.
    fid: u64,
    most: f64,
    /// Where it lies.
    within: Option<Bbox>,
}

impl Sum {
    /// Counts a feature that has a part of that length between two corners.
    fn add(&mut self, fid: u64, length: f64, corners: [Coord; 2]) {
        if length > self.most {
            (self.most, self.fid) = (length, fid);
        }
        if let Some(bbox) = Bbox::around(&corners) {
            self.within = Some(self.within.map_or(bbox, |within| within.union(&bbox)));
        }
    }

    fn all(&self) -> f64 {
        self.lines + self.nets
    }
}

/// A line to and fro that stands for many.
#[derive(Debug, Clone, PartialEq)]
pub struct Net {
    /// Its values are those of the net.
    pub fid: u64,
    /// Where the lines lie.
    pub bbox: Bbox,
    /// How many lines as long as the box they are.
    pub count: f64,
}

impl Net {
    /// The line: as many times to and fro as there are lines, from border to border of the box.
    pub fn line(&self) -> impl Iterator<Item = Coord> {
        let bbox = self.bbox;
        let rows = self.count.round().clamp(1.0, MAX_LINES);
        let ends = move |row: f64| {
            let y = bbox.min_y + bbox.height() * row / rows;
            let (from, to) = match row % 2.0 {
                0.0 => (bbox.min_x, bbox.max_x),
                _ => (bbox.max_x, bbox.min_x),
            };
            [[from, y], [to, y]]
        };
        let rows = (0..=BLOCK_PX as u8)
            .map(f64::from)
            .take_while(move |row| *row <= rows);
        rows.flat_map(ends)
    }
}

/// True for the positions of a net among lines that stand for several: joined ones have two.
pub fn is_net(count: Option<f64>, line: &[Coord]) -> bool {
    count.is_some() && line.len() > 2
}

/// Blocks, and how much of lines lies in each.
///
/// Lines are [added](Nets::add); after [`finish`](Nets::finish) [`nets`](Nets::nets) tells what
/// stands for the dense ones, and [`outside`](Nets::outside) what is left of a line.
#[derive(Debug)]
pub struct Nets {
    /// Side of a block.
    block: f64,
    /// Length in a block that covers it side by side.
    covering: f64,
    blocks: HashMap<Place, Sum>,
    too_many: bool,
    /// Where a line is cut, of its segment under way.
    cuts: Vec<f64>,
}

impl Nets {
    /// `cell` is a pixel of the level, `width_px` the width that every stroke covers wholly.
    pub fn new(cell: f64, width_px: f64) -> Nets {
        Nets {
            block: cell * BLOCK_PX,
            covering: cell * BLOCK_PX * BLOCK_PX / width_px,
            blocks: HashMap::new(),
            too_many: false,
            cuts: Vec::new(),
        }
    }

    /// Takes a line in. `count` is how many it stands for.
    pub fn add(&mut self, (class, fid): (u32, u64), line: &[Coord], count: Option<f64>) {
        if let (true, Some(count), Some(bbox)) = (is_net(count, line), count, Bbox::around(line)) {
            self.add_net((class, fid), &bbox, count);
        } else if class != MIXED && !self.too_many {
            let mut cuts = std::mem::take(&mut self.cuts);
            pieces(line, self.block, &mut cuts, |at, from, to| {
                let length = (to[0] - from[0]).hypot(to[1] - from[1]);
                if let (Some((row, column)), true) = (at, length.is_finite()) {
                    self.count((class, row, column), |sum| {
                        sum.lines += length;
                        sum.add(fid, length, [from, to]);
                    });
                }
            });
            self.cuts = cuts;
        }
    }

    /// A net of a finer level, by the area that it has in each block.
    fn add_net(&mut self, (class, fid): (u32, u64), bbox: &Bbox, count: f64) {
        let length = count * bbox.width();
        let area = bbox.width() * bbox.height();
        let (Some((bottom, left)), Some((top, right))) = (
            block_of([bbox.min_x, bbox.min_y], self.block),
            block_of([bbox.max_x, bbox.max_y], self.block),
        ) else {
            return;
        };
        // a net has at most MAX_RUN blocks of a finer level
        let end = |from: i32, to: i32| to.min(from.saturating_add(2 * MAX_RUN));
        for row in bottom..=end(bottom, top) {
            for column in left..=end(left, right) {
                let [x, y] = [column, row].map(|n| f64::from(n) * self.block);
                let cell = Bbox {
                    min_x: x,
                    min_y: y,
                    max_x: x + self.block,
                    max_y: y + self.block,
                };
                let Some(part) = cell.intersection(bbox) else {
                    continue;
                };
                let share = part.width() * part.height() / area;
                if share > 1e-6 {
                    let corners = [[part.min_x, part.min_y], [part.max_x, part.max_y]];
                    let sum = self.blocks.entry((class, row, column)).or_default();
                    sum.nets += length * share;
                    sum.add(fid, length * share, corners);
                }
            }
        }
    }

    fn count(&mut self, place: Place, add: impl FnOnce(&mut Sum)) {
        if self.blocks.len() >= MAX_BLOCKS && !self.blocks.contains_key(&place) {
            self.too_many = true;
            return;
        }
        add(self.blocks.entry(place).or_default());
    }

    /// All lines were taken in: what is not dense is forgotten.
    pub fn finish(&mut self) {
        let mut all: HashMap<(i32, i32), f64> = HashMap::new();
        for ((_, row, column), sum) in &self.blocks {
            *all.entry((*row, *column)).or_default() += sum.all();
        }
        let blocks = std::mem::take(&mut self.blocks);
        let length = |class: u32, row: i32, column: i32| {
            blocks.get(&(class, row, column)).map_or(0.0, Sum::all)
        };
        let is_dense = |&(class, row, column): &Place, sum: &Sum| {
            let own = sum.all();
            let all = all.get(&(row, column)).copied().unwrap_or(own);
            if own < DENSE * OWN * self.covering || own < all * ALONE || self.too_many {
                return false;
            }
            let near = |at: i32| at.saturating_sub(1)..=at.saturating_add(1);
            let around = near(row).flat_map(|row| near(column).map(move |column| (row, column)));
            // what lies at the border of a dense place is as dense as that without its outside
            let (mut sum, mut count) = (0.0, 0.0);
            for (row, column) in around {
                let length = length(class, row, column);
                if length > 0.0 {
                    (sum, count) = (sum + length, count + 1.0);
                }
            }
            sum >= DENSE * self.covering * count
        };
        self.blocks = blocks
            .iter()
            .filter_map(|(place, sum)| {
                if is_dense(place, sum) {
                    return Some((*place, *sum));
                }
                // nets stay what they are
                (sum.nets > 0.0).then_some((*place, Sum { lines: 0.0, ..*sum }))
            })
            .collect();
    }

    /// Visits the parts of a line that lie outside of dense blocks. A net has none.
    pub fn outside(
        &mut self,
        class: u32,
        line: &[Coord],
        count: Option<f64>,
        visit: &mut dyn FnMut(&[Coord]),
    ) {
        if is_net(count, line) {
            return;
        }
        let is_dense = |at: Option<(i32, i32)>| {
            at.and_then(|(row, column)| self.blocks.get(&(class, row, column)))
                .is_some_and(|sum| sum.lines > 0.0)
        };
        if self.blocks.is_empty() || class == MIXED {
            return visit(line);
        }
        let mut part: Vec<Coord> = Vec::new();
        let mut is_whole = true;
        pieces(line, self.block, &mut self.cuts, |at, from, to| {
            if is_dense(at) {
                is_whole = false;
                if !part.is_empty() {
                    visit(&part);
                    part.clear();
                }
                return;
            }
            if part.is_empty() {
                part.push(from);
            }
            part.push(to);
        });
        if is_whole {
            // with its own positions: nothing was cut
            visit(line);
        } else if !part.is_empty() {
            visit(&part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random, below 1.
    fn random(seed: &mut u64) -> f64 {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn length(line: &[Coord]) -> f64 {
        let pairs = line.iter().zip(line.iter().skip(1));
        pairs.map(|(a, b)| (b[0] - a[0]).hypot(b[1] - a[1])).sum()
    }

    /// Threads of a cloth `side` wide, a position every `step`, so far apart.
    fn cloth(side: f64, step: f64) -> Vec<[Coord; 2]> {
        let count = (side / step) as usize;
        let at = |n: usize| n as f64 * step + 0.1;
        (0..count)
            .flat_map(|i| (0..count).map(move |j| (i, j)))
            .flat_map(|(i, j)| {
                let from = [at(i), at(j)];
                [[from, [at(i + 1), at(j)]], [from, [at(i), at(j + 1)]]]
            })
            .collect()
    }

    /// Strokes so wide that threads two apart are dense, and three and a half apart are not.
    const WIDTH: f64 = 10.0 / 3.0;

    fn nets_of(lines: &[(u32, [Coord; 2])]) -> Nets {
        let mut nets = Nets::new(1.0, WIDTH);
        for (fid, (class, line)) in lines.iter().enumerate() {
            nets.add((*class, fid as u64), line, None);
        }
        nets.finish();
        nets
    }

    fn outside(nets: &mut Nets, class: u32, line: &[Coord]) -> Vec<Vec<Coord>> {
        let mut parts = Vec::new();
        nets.outside(class, line, None, &mut |part| parts.push(part.to_vec()));
        parts
    }

    fn sum(nets: &[Net]) -> f64 {
        nets.iter().map(|net| net.count * net.bbox.width()).sum()
    }

    #[test]
    fn what_is_dense_becomes_few_nets_and_nothing_is_lost_or_counted_twice() {
        let mut lines: Vec<_> = cloth(160.0, 2.0).into_iter().map(|l| (0, l)).collect();
        // others that leave the dense part
        let mut seed = 7;
        let mut far = || [random(&mut seed) * 400.0, random(&mut seed) * 400.0];
        lines.extend((0..20).map(|_| (0, [far(), far()])));
        let mut nets = nets_of(&lines);
        let all: f64 = lines.iter().map(|(_, line)| length(line)).sum();
        let found = nets.nets();
        let left: f64 = lines
            .iter()
            .flat_map(|(class, line)| outside(&mut nets, *class, line))
            .map(|part| length(&part))
            .sum();
        assert!(found.len() <= 120, "{} nets", found.len());
        assert!(left < all * 0.25, "{left} of {all} is left");
        let ratio = (sum(&found) + left) / all;
        assert!((ratio - 1.0).abs() < 0.02, "{ratio}");
    }

    #[test]
    fn lines_that_are_not_dense_are_left_as_they_are() {
        let lines: Vec<_> = cloth(160.0, 4.0).into_iter().map(|l| (0, l)).collect();
        let mut nets = nets_of(&lines);
        assert_eq!(nets.nets(), []);
        let long = [[0.3, 0.3], [3.0, 100.0], [90.0, 17.0]];
        assert_eq!(outside(&mut nets, 0, &long), [long.to_vec()]);
    }

    #[test]
    fn a_line_is_cut_where_it_enters_and_leaves_what_is_dense() {
        let lines: Vec<_> = cloth(80.0, 2.0).into_iter().map(|l| (0, l)).collect();
        let mut nets = nets_of(&lines);
        let through = [[-50.0, 41.0], [200.0, 41.0]];
        let parts = outside(&mut nets, 0, &through);
        let [before, after] = parts.as_slice() else {
            panic!("{parts:?}");
        };
        assert_eq!((before[0], after.last()), (through[0], Some(&through[1])));
        assert!(
            before.last().unwrap()[0] <= 8.0 && after[0][0] >= 72.0,
            "{parts:?}"
        );
        // one of another class is drawn over it
        assert_eq!(outside(&mut nets, 1, &through), [through.to_vec()]);
    }

    #[test]
    fn where_two_classes_share_the_ground_neither_is_a_net() {
        let lines: Vec<_> = cloth(80.0, 1.5)
            .into_iter()
            .enumerate()
            .map(|(n, line)| (n as u32 / 2 % 2, line))
            .collect();
        assert_eq!(nets_of(&lines).nets(), []);
    }

    #[test]
    fn nets_of_a_finer_level_are_nets_again_of_the_same_length() {
        let lines: Vec<_> = cloth(160.0, 2.0).into_iter().map(|l| (0, l)).collect();
        let finer = nets_of(&lines).nets();
        let mut coarser = Nets::new(1.4, WIDTH);
        for net in &finer {
            let line: Vec<Coord> = net.line().collect();
            assert!(is_net(Some(net.count), &line) && !is_net(None, &line));
            assert_eq!(Bbox::around(&line), Some(net.bbox));
            coarser.add((0, net.fid), &line, Some(net.count));
        }
        coarser.finish();
        let nets = coarser.nets();
        let ratio = sum(&nets) / sum(&finer);
        assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
    }

    #[test]
    fn a_line_without_end_or_beyond_all_maps_does_no_harm() {
        let mut nets = Nets::new(1.0, WIDTH);
        for line in [
            [[f64::NAN, 0.0], [1.0, 1.0]],
            [[0.0, 0.0], [f64::INFINITY, 3.0]],
            [[-1e300, 0.0], [1e300, 3.0]],
            [[0.0, 0.0], [1e9, 3.0]],
        ] {
            nets.add((0, 0), &line, None);
            nets.add((0, 0), &line, Some(2.0));
        }
        nets.finish();
        assert_eq!(nets.nets(), []);
    }
}
