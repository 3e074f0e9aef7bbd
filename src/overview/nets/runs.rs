//! Dense blocks as nets: those of a row that look alike become one.

use super::{BLOCK_PX, Net, Nets, Place, Sum};
use crate::geom::Bbox;
use crate::overview::crowd::along_hilbert;

/// Blocks of one net hide alike, up to this part of the ground.
const ALIKE: f64 = 1.0 / 40.0;

/// Nets end at every so many blocks: long ones make an index slow.
pub(super) const MAX_RUN: i32 = 8;

/// A block, or several of a row, that a net is made for.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// Of the last one.
    place: Place,
    bbox: Bbox,
    /// Length by area.
    density: f64,
    fid: u64,
    most: f64,
}

impl Block {
    /// Takes the next block of the row in, where both look alike and touch.
    fn takes(&mut self, next: &Block, nets: &Nets) -> bool {
        let (class, row, column) = self.place;
        let covering = nets.covering / nets.block / nets.block;
        let open = |density: f64| (-density / covering).exp();
        #[allow(clippy::float_cmp, reason = "sides of blocks are computed alike")]
        let touches = self.bbox.max_x == next.bbox.min_x
            && self.bbox.min_y == next.bbox.min_y
            && self.bbox.max_y == next.bbox.max_y;
        if next.place != (class, row, column.saturating_add(1))
            || next.place.2.rem_euclid(MAX_RUN) == 0
            || !touches
            || (open(self.density) - open(next.density)).abs() >= ALIKE
        {
            return false;
        }
        let (own, more) = (self.bbox.width(), next.bbox.width());
        self.density = (self.density * own + next.density * more) / (own + more);
        self.place = next.place;
        self.bbox.max_x = next.bbox.max_x;
        if next.most > self.most {
            (self.most, self.fid) = (next.most, next.fid);
        }
        true
    }
}

impl Nets {
    /// What stands for the lines of dense blocks.
    pub fn nets(&self) -> Vec<Net> {
        let mut blocks: Vec<Block> = self.blocks.iter().filter_map(|at| self.block(at)).collect();
        blocks.sort_unstable_by_key(|block| block.place);
        let mut runs: Vec<Block> = Vec::new();
        for block in blocks {
            if !runs.last_mut().is_some_and(|run| run.takes(&block, self)) {
                runs.push(block);
            }
        }
        // neighbours one after the other: the order is that of the index
        runs.sort_by_cached_key(|run| {
            let (class, row, column) = run.place;
            (along_hilbert(column, row), class)
        });
        let net = |run: &Block| Net {
            fid: run.fid,
            bbox: run.bbox,
            count: run.density * run.bbox.height(),
        };
        runs.iter().map(net).collect()
    }

    /// What a block comes to. How densely its lines lie is told with those around it: a few more
    /// or less of equal ones fall into each, which would show as a pattern of its own.
    fn block(&self, (place, sum): (&Place, &Sum)) -> Option<Block> {
        let (class, row, column) = *place;
        let [x, y] = [column, row].map(|n| f64::from(n) * self.block);
        let all = Bbox::new(x, y, x + self.block, y + self.block)?;
        let own = self.extent(sum, &all);
        let (mut length, mut area) = (0.0, 0.0);
        for (dr, dc) in (-1..=1).flat_map(|dr: i32| (-1..=1).map(move |dc: i32| (dr, dc))) {
            let near = (class, row.saturating_add(dr), column.saturating_add(dc));
            if let Some(sum) = self.blocks.get(&near) {
                let weight = f64::from((2 - dr.abs()) * (2 - dc.abs()));
                let (dx, dy) = (f64::from(dc) * self.block, f64::from(dr) * self.block);
                let there = Bbox {
                    min_x: all.min_x + dx,
                    min_y: all.min_y + dy,
                    max_x: all.max_x + dx,
                    max_y: all.max_y + dy,
                };
                let extent = self.extent(sum, &there);
                length += weight * sum.all();
                area += weight * extent.width() * extent.height();
            }
        }
        let density = length / area;
        density.is_finite().then_some(Block {
            place: *place,
            bbox: own,
            density,
            fid: sum.fid,
            most: sum.most,
        })
    }

    /// Where lines lie in a block: all of it, but for what is open at its sides beyond a pixel.
    fn extent(&self, sum: &Sum, block: &Bbox) -> Bbox {
        let pixel = self.block / BLOCK_PX;
        let Some(within) = sum.within.and_then(|within| within.intersection(block)) else {
            return *block;
        };
        let near = |side: f64, own: f64| match (side - own).abs() <= 2.0 * pixel {
            true => side,
            false => own,
        };
        let extent = Bbox {
            min_x: near(block.min_x, within.min_x),
            min_y: near(block.min_y, within.min_y),
            max_x: near(block.max_x, within.max_x),
            max_y: near(block.max_y, within.max_y),
        };
        // a single line is a pixel wide
        let wide = |low: f64, high: f64, from: f64, to: f64| {
            let middle = f64::midpoint(low, high).clamp(from + pixel / 2.0, to - pixel / 2.0);
            match high - low < pixel {
                true => [middle - pixel / 2.0, middle + pixel / 2.0],
                false => [low, high],
            }
        };
        let [min_x, max_x] = wide(extent.min_x, extent.max_x, block.min_x, block.max_x);
        let [min_y, max_y] = wide(extent.min_y, extent.max_y, block.min_y, block.max_y);
        Bbox {
            min_x,
            min_y,
            max_x,
            max_y,
        }
    }
}
