//! The exact area that a polygon has in each cell of a grid.

use crate::geom::Coord;

/// Grids larger than this are not looked at: a thin polygon that long is worth its own feature.
const MAX_CELLS: usize = 1 << 14;

/// Areas under way. The memory is used again.
///
/// Each edge adds, to the cell it crosses, the area to its right within the cell, and to the
/// next cell of the row its height: the running sum along the row is the area of each cell.
#[derive(Debug, Default)]
pub struct Cells {
    sums: Vec<f64>,
    /// Lower left cell, columns and rows.
    origin: [f64; 2],
    columns: usize,
    rows: usize,
}

impl Cells {
    /// Begins a polygon whose positions, in cells, lie within `min` and `max`; false where that
    /// is too large a part of the grid.
    pub fn begin(&mut self, min: Coord, max: Coord) -> bool {
        self.origin = [min[0].floor(), min[1].floor()];
        let size = |axis: usize| -> Option<usize> {
            let (from, to) = (self.origin.get(axis)?, max.get(axis)?);
            let size = to.floor() - from + 1.0;
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 1 to MAX_CELLS"
            )]
            (size >= 1.0 && size <= MAX_CELLS as f64).then_some(size as usize)
        };
        let (Some(columns), Some(rows)) = (size(0), size(1)) else {
            return false;
        };
        // a cell more a row: an edge in the last column writes behind it
        let cells = (columns + 1) * rows;
        if cells > MAX_CELLS {
            return false;
        }
        (self.columns, self.rows) = (columns, rows);
        self.sums.clear();
        self.sums.resize(cells, 0.0);
        true
    }

    /// Adds a ring, in cells; `sign` is 1 or -1 and turns it round. Positions are those between
    /// which [`begin`](Cells::begin) was told that the polygon lies.
    pub fn ring(&mut self, ring: &[Coord], sign: f64) {
        for (from, to) in ring.iter().zip(ring.iter().skip(1)) {
            self.edge(*from, *to, sign);
        }
    }

    fn edge(&mut self, from: Coord, to: Coord, sign: f64) {
        let (sign, low, high) = if from[1] <= to[1] {
            (sign, from, to)
        } else {
            (-sign, to, from)
        };
        if high[1] <= low[1] {
            return;
        }
        let relative = |p: Coord| [p[0] - self.origin[0], p[1] - self.origin[1]];
        let (low, high) = (relative(low), relative(high));
        let slope = (high[0] - low[0]) / (high[1] - low[1]);
        let at = |y: f64| {
            (low[0] + (y - low[1]) * slope).clamp(low[0].min(high[0]), low[0].max(high[0]))
        };
        let mut y = low[1];
        let mut x = low[0];
        while y < high[1] {
            let row = y.floor();
            let top = (row + 1.0).min(high[1]);
            let end = if top < high[1] { at(top) } else { high[0] };
            self.in_row(row, [x, end], (top - y) * sign);
            (x, y) = (end, top);
        }
    }

    /// The part of an edge within one row, `height` high.
    fn in_row(&mut self, row: f64, [from, to]: [f64; 2], height: f64) {
        let (left, right) = (from.min(to), from.max(to));
        let mut column = left.floor();
        let mut x = left;
        loop {
            let border = (column + 1.0).min(right);
            let share = if right > left {
                (border - x) / (right - left)
            } else {
                1.0
            };
            let height = height * share;
            let middle = (x + border) / 2.0 - column;
            self.add(row, column, height * (1.0 - middle));
            self.add(row, column + 1.0, height * middle);
            if border >= right {
                return;
            }
            (x, column) = (border, column + 1.0);
        }
    }

    fn add(&mut self, row: f64, column: f64, value: f64) {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "negative is 0, and what is too large is no cell"
        )]
        let (row, column) = (row as usize, column as usize);
        if column <= self.columns
            && let Some(sum) = self.sums.get_mut(row * (self.columns + 1) + column)
        {
            *sum += value;
        }
    }

    /// Calls `visit` with column, row and area of each cell that the polygon covers a part of.
    pub fn each(&self, mut visit: impl FnMut([f64; 2], f64)) {
        for (row, sums) in self.sums.chunks_exact(self.columns + 1).enumerate() {
            let mut area = 0.0;
            for (column, sum) in sums.iter().take(self.columns).enumerate() {
                area += sum;
                let covered = area.abs().min(1.0);
                if covered > 1e-9 {
                    let cell = [self.origin[0] + column as f64, self.origin[1] + row as f64];
                    visit(cell, covered);
                }
            }
        }
    }
}

/// Twice the signed area of a ring.
pub fn doubled_area(ring: &[Coord]) -> f64 {
    let Some([x0, y0]) = ring.first() else {
        return 0.0;
    };
    // relative to the first position: projected coordinates have few digits left for squares
    let edges = ring.iter().zip(ring.iter().skip(1));
    edges
        .map(|(a, b)| (a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn areas(ring: &[Coord]) -> Vec<([f64; 2], f64)> {
        let side = |axis: usize, pick: fn(f64, f64) -> f64, start: f64| {
            ring.iter().map(|c| c[axis]).fold(start, pick)
        };
        let mut cells = Cells::default();
        let min = [side(0, f64::min, f64::MAX), side(1, f64::min, f64::MAX)];
        let max = [side(0, f64::max, f64::MIN), side(1, f64::max, f64::MIN)];
        assert!(cells.begin(min, max));
        cells.ring(ring, 1.0);
        let mut found = Vec::new();
        cells.each(|cell, area| found.push((cell, area)));
        found
    }

    #[test]
    fn a_square_over_four_cells_has_a_quarter_in_each() {
        let ring = [[0.5, 0.5], [1.5, 0.5], [1.5, 1.5], [0.5, 1.5], [0.5, 0.5]];
        let expected = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]].map(|c| (c, 0.25));
        assert_eq!(areas(&ring), expected);
    }

    #[test]
    fn a_square_that_is_a_cell_covers_that_cell_alone() {
        let ring = [
            [-3.0, 7.0],
            [-2.0, 7.0],
            [-2.0, 8.0],
            [-3.0, 8.0],
            [-3.0, 7.0],
        ];
        assert_eq!(areas(&ring), [([-3.0, 7.0], 1.0)]);
    }

    #[test]
    fn a_polygon_that_spans_too_much_is_refused() {
        let mut cells = Cells::default();
        assert!(!cells.begin([0.0, 0.0], [1e6, 1e6]));
        assert!(!cells.begin([0.0, 0.0], [f64::NAN, 1.0]));
        assert!(!cells.begin([0.0, 0.0], [f64::INFINITY, 1.0]));
    }

    proptest! {
        #[test]
        fn the_areas_of_a_triangle_sum_up_to_its_own(
            a in (-9.0..9.0_f64, -9.0..9.0_f64),
            b in (-9.0..9.0_f64, -9.0..9.0_f64),
            c in (-9.0..9.0_f64, -9.0..9.0_f64),
        ) {
            let ring = [[a.0, a.1], [b.0, b.1], [c.0, c.1], [a.0, a.1]];
            let own = doubled_area(&ring).abs() / 2.0;
            let sum: f64 = areas(&ring).iter().map(|(_, area)| area).sum();
            prop_assert!((own - sum).abs() < 1e-6, "{own} {sum}");
        }
    }
}
