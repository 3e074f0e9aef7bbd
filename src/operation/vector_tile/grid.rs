//! The grid of a tile matrix: the same whole numbers for a position in every tile of it.

use crate::encode::mvt::Point;
use crate::geom::{Bbox, Coord};
use crate::tile::{Corner, TileAddress, TileMatrix};

/// A position in units of a tile, x to the right, y down, near it or far away.
pub(super) type Snapped = [i64; 2];

/// Units from the origin of the matrix up to which positions are taken: beyond a double has no
/// whole numbers left for the arithmetic of clipping.
const FARTHEST: f64 = (1u64 << 48) as f64;
/// Adding and taking away makes a double of less than 2^51 a whole number, to the nearest.
const ROUNDING: f64 = 6_755_399_441_055_744.0; // 2^52 + 2^51

/// The grid of a matrix as one tile sees it.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    origin: Coord,
    /// Units in one unit of the CRS: to the right, and down.
    per_crs_unit: Coord,
    /// The tile's upper left corner, in units from the origin.
    offset: Snapped,
    buffer: i32,
    /// The least and the greatest number that is kept, to the right and down.
    limits: [[i64; 2]; 2],
    unit: f64,
    bbox: Bbox,
}

impl Grid {
    pub fn new(matrix: &TileMatrix, tile: TileAddress, extent: u32, buffer: i32) -> Grid {
        let units = f64::from(extent);
        let row = match matrix.corner {
            Corner::TopLeft => i64::from(tile.row),
            // counted downwards from the lower edge
            Corner::BottomLeft => -i64::from(tile.row) - 1,
        };
        let extent_i = i64::from(extent);
        let beyond = i64::from(buffer);
        let last = matrix.matrix_height.saturating_sub(1);
        let [top, bottom] = match matrix.corner {
            Corner::TopLeft => [0, last],
            Corner::BottomLeft => [last, 0],
        };
        // a buffer shows what a neighbour has, and no tile is above the first row or below the
        // last; beside the first column is the last one, on a map of the world
        let beyond_row = |end: u32| if tile.row == end { 0 } else { beyond };
        Grid {
            origin: matrix.origin,
            per_crs_unit: [units / matrix.span_x(), -units / matrix.span_y()],
            offset: [i64::from(tile.column) * extent_i, row * extent_i],
            buffer,
            limits: [
                [-beyond, extent_i + beyond],
                [-beyond_row(top), extent_i + beyond_row(bottom)],
            ],
            unit: matrix.span_x().min(matrix.span_y()) / units,
            bbox: matrix.bbox(tile.column, tile.row),
        }
    }

    /// The grid as what lies so far to the west is seen on, in units of the CRS.
    pub fn moved_west(&self, by: f64) -> Grid {
        Grid {
            origin: [self.origin[0] - by, self.origin[1]],
            bbox: self.bbox.moved_east(-by),
            ..self.clone()
        }
    }

    /// The tile's box.
    pub fn bbox(&self) -> &Bbox {
        &self.bbox
    }

    /// The smaller side of a unit, in units of the CRS.
    pub fn unit(&self) -> f64 {
        self.unit
    }

    /// The box of the CRS that can be seen in the tile or its buffer, and a unit around it for
    /// what rounding brings in.
    pub fn reach(&self) -> Bbox {
        let units = f64::from(self.buffer) + 1.0;
        let [x, y] = self.per_crs_unit.map(|per| units / per.abs());
        self.bbox.grown(x, y)
    }

    /// The least and the greatest number that is kept, to the right and down.
    pub fn limits(&self) -> [[i64; 2]; 2] {
        self.limits
    }

    /// A position in units of the tile, to the nearest; `None` where it is no position or too
    /// far away.
    #[inline(always)]
    pub fn snap(&self, [x, y]: Coord) -> Option<Snapped> {
        let x = (x - self.origin[0]) * self.per_crs_unit[0];
        let y = (y - self.origin[1]) * self.per_crs_unit[1];
        // false for NaN
        let is_near = x.abs() < FARTHEST && y.abs() < FARTHEST;
        is_near.then(|| [whole(x) - self.offset[0], whole(y) - self.offset[1]])
    }

    /// The point, where it is in the tile or its buffer.
    #[inline(always)]
    pub fn inside(&self, [x, y]: Snapped) -> Option<Point> {
        let [[left, right], [top, bottom]] = self.limits;
        let is_inside = x >= left && x <= right && y >= top && y <= bottom;
        #[allow(clippy::cast_possible_truncation, reason = "within the limits")]
        is_inside.then_some([x as i32, y as i32])
    }
}

/// The nearest whole number, of two the even one; for less than 2^51.
#[inline(always)]
fn whole(value: f64) -> i64 {
    let shifted = value + ROUNDING;
    (shifted.to_bits() as i64) - (ROUNDING.to_bits() as i64)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::tile::TileMatrixSets;
    use proptest::prelude::*;

    /// A tile in the middle of a level.
    pub fn grid() -> Grid {
        let sets = TileMatrixSets::default();
        let matrix = &sets.all()[0].matrices()[9];
        let tile = TileAddress {
            matrix: 9,
            column: 261,
            row: 182,
        };
        Grid::new(matrix, tile, 4096, 64)
    }

    /// Where units of a tile are in the CRS.
    pub fn position(grid: &Grid, [x, y]: Coord) -> Coord {
        let unit = grid.unit();
        [grid.bbox.min_x + x * unit, grid.bbox.max_y - y * unit]
    }

    proptest! {
        #[test]
        fn whole_is_rounding(value in -2.8e14..2.8e14f64) {
            prop_assert_eq!(whole(value), value.round_ties_even() as i64);
        }

        #[test]
        fn a_position_has_the_same_place_in_both_neighbours(
            set in 0usize..5, level in 1usize..16, x in -0.5..1.5f64, y in -0.5..1.5f64
        ) {
            let sets = TileMatrixSets::default();
            let matrix = &sets.all()[set].matrices()[level];
            for corner in [Corner::TopLeft, Corner::BottomLeft] {
                let matrix = TileMatrix { corner, ..matrix.clone() };
                let at = |column, row| Grid::new(&matrix, TileAddress { matrix: level, column, row }, 4096, 64);
                let (a, right, next) = (at(0, 0), at(1, 0), at(0, 1));
                let b = matrix.bbox(0, 0);
                let position = [b.min_x + x * b.width(), b.min_y + y * b.height()];
                let [ax, ay] = a.snap(position).unwrap();
                prop_assert_eq!(right.snap(position), Some([ax - 4096, ay]));
                let down = if corner == Corner::TopLeft { -4096 } else { 4096 };
                prop_assert_eq!(next.snap(position), Some([ax, ay + down]));
                // y down, within a unit of where it is
                prop_assert!((ax as f64 - x * 4096.0).abs() <= 0.501);
                prop_assert!((ay as f64 - (1.0 - y) * 4096.0).abs() <= 0.501);
            }
        }
    }

    #[test]
    fn a_buffer_ends_where_the_matrix_has_no_row_more() {
        let sets = TileMatrixSets::default();
        let matrix = &sets.all()[0].matrices()[2];
        let at = |column, row| {
            let tile = TileAddress {
                matrix: 2,
                column,
                row,
            };
            Grid::new(matrix, tile, 4096, 64).limits()
        };
        let beside = [-64, 4160];
        assert_eq!(at(0, 0), [beside, [0, 4160]]);
        assert_eq!(at(3, 1), [beside, beside]);
        assert_eq!(at(1, 3), [beside, [-64, 4096]]);
    }

    #[test]
    fn what_is_no_position_is_left_out() {
        let sets = TileMatrixSets::default();
        let matrix = &sets.all()[0].matrices()[20];
        let tile = TileAddress {
            matrix: 20,
            column: 7,
            row: 9,
        };
        let grid = Grid::new(matrix, tile, 4096, 64);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
            assert_eq!(grid.snap([bad, 0.0]), None);
            assert_eq!(grid.snap([0.0, bad]), None);
        }
    }
}
