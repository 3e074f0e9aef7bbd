use super::TileRange;
use crate::geom::{Bbox, Coord, Size, View};

/// The corner of a matrix where rows and columns begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Corner {
    /// Rows count downwards: all well-known sets, and WMTS.
    #[default]
    TopLeft,
    /// Rows count upwards.
    BottomLeft,
}

/// One level of a tile matrix set: a grid of tiles of one scale.
///
/// # Guarantees
/// Of a matrix that stands in a [`TileMatrixSet`](super::TileMatrixSet): all numbers are finite,
/// cell size, tile size and matrix size are above zero, a tile has at most 4096 by 4096 cells.
#[derive(Debug, Clone, PartialEq)]
pub struct TileMatrix {
    pub id: String,
    /// For a cell of 0.28 mm, as the definition writes it.
    pub scale_denominator: f64,
    /// CRS units in a cell (a pixel), as the definition writes it: rounded there, so that
    /// [`resolution`](TileMatrix::resolution) is computed with.
    pub cell_size: f64,
    /// CRS units in a cell. Where the cell size is the first level's over a power of two but for
    /// its last digits, exactly that, so that four tiles cover one of the level above.
    pub resolution: f64,
    pub corner: Corner,
    /// The point of origin, easting before northing.
    pub origin: Coord,
    /// Cells in a tile.
    pub tile_width: u32,
    pub tile_height: u32,
    /// Tiles in the matrix.
    pub matrix_width: u32,
    pub matrix_height: u32,
}

/// Tiles are sure to touch a box that reaches this far into them, in tiles: a box that ends on
/// the border of a tile but for its last digits does not need the next one.
const BORDER: f64 = 1e-6;

impl TileMatrix {
    /// True where the matrix has such a tile.
    pub fn contains(&self, column: u32, row: u32) -> bool {
        column < self.matrix_width && row < self.matrix_height
    }

    /// CRS units in a tile, eastwards.
    pub fn span_x(&self) -> f64 {
        self.resolution * f64::from(self.tile_width)
    }

    /// CRS units in a tile, northwards.
    pub fn span_y(&self) -> f64 {
        self.resolution * f64::from(self.tile_height)
    }

    /// The box of a tile, x before y. Neighbours share their borders bit by bit.
    pub fn bbox(&self, column: u32, row: u32) -> Bbox {
        let [origin_x, origin_y] = self.origin;
        // one multiplication, one addition: the same edge from both sides
        let x = |column: f64| origin_x + column * self.span_x();
        let (from, to) = (f64::from(row), f64::from(row) + 1.0);
        let (min_y, max_y) = match self.corner {
            Corner::TopLeft => (
                origin_y - to * self.span_y(),
                origin_y - from * self.span_y(),
            ),
            Corner::BottomLeft => (
                origin_y + from * self.span_y(),
                origin_y + to * self.span_y(),
            ),
        };
        Bbox {
            min_x: x(f64::from(column)),
            min_y,
            max_x: x(f64::from(column) + 1.0),
            max_y,
        }
    }

    /// The box of the whole matrix.
    pub fn extent(&self) -> Bbox {
        self.bbox(0, 0).union(&self.bbox(
            self.matrix_width.saturating_sub(1),
            self.matrix_height.saturating_sub(1),
        ))
    }

    /// A tile as a view: its pixels are those of a map of the whole matrix, cut out.
    ///
    /// `pixel_ratio` is 1, or 2 for a screen of twice the density: a tile of twice the pixels
    /// whose symbols are twice as large.
    pub fn view(&self, column: u32, row: u32, pixel_ratio: u32, metres_per_unit: f64) -> View {
        let size = Size {
            width: self.tile_width.saturating_mul(pixel_ratio),
            height: self.tile_height.saturating_mul(pixel_ratio),
        };
        View {
            pixel_ratio: f64::from(pixel_ratio),
            ..View::new(self.bbox(column, row), size, metres_per_unit)
        }
    }

    /// The square of `side` by `side` tiles that a tile belongs to, as far as there are tiles, and
    /// how many tiles lie left of it and above it in there.
    pub fn block(&self, column: u32, row: u32, side: u32) -> (TileRange, [u32; 2]) {
        let side = side.max(1);
        let along = |number: u32, count: u32| {
            let first = number / side * side;
            let last = first.saturating_add(side - 1);
            (first, last.min(count.saturating_sub(1)).max(number))
        };
        let (min_column, max_column) = along(column, self.matrix_width);
        let (min_row, max_row) = along(row, self.matrix_height);
        let above = match self.corner {
            Corner::TopLeft => row - min_row,
            Corner::BottomLeft => max_row - row,
        };
        let range = TileRange {
            min_column,
            max_column,
            min_row,
            max_row,
        };
        (range, [column - min_column, above])
    }

    /// The tiles that a box touches: the limits of a layer's tiles (17-083r4 §6.3); `None` where
    /// it touches none.
    pub fn range(&self, bbox: &Bbox) -> Option<TileRange> {
        let [origin_x, origin_y] = self.origin;
        let (left, right) = (bbox.min_x - origin_x, bbox.max_x - origin_x);
        let (near, far) = match self.corner {
            Corner::TopLeft => (origin_y - bbox.max_y, origin_y - bbox.min_y),
            Corner::BottomLeft => (bbox.min_y - origin_y, bbox.max_y - origin_y),
        };
        let columns = within(left, right, self.span_x(), self.matrix_width)?;
        let rows = within(near, far, self.span_y(), self.matrix_height)?;
        Some(TileRange {
            min_column: columns.0,
            max_column: columns.1,
            min_row: rows.0,
            max_row: rows.1,
        })
    }
}

/// The first and the last of `count` steps of size `span` that an interval touches.
fn within(from: f64, to: f64, span: f64, count: u32) -> Option<(u32, u32)> {
    let last = f64::from(count.checked_sub(1)?);
    let first_touched = (from / span + BORDER).floor();
    // a point on a border stands in the tile behind it
    let last_touched = ((to / span - BORDER).ceil() - 1.0).max(first_touched);
    // false for NaN too
    let touches = last_touched >= 0.0 && first_touched <= last;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=u32::MAX - 1"
    )]
    let step = |at: f64| at.clamp(0.0, last) as u32;
    touches.then(|| (step(first_touched), step(last_touched)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::{TileMatrixSet, TileMatrixSets};
    use proptest::prelude::*;

    fn web() -> TileMatrixSet {
        let sets = TileMatrixSets::default();
        (**sets.get(TileMatrixSets::WEB).unwrap()).clone()
    }

    #[test]
    fn lyon_is_in_the_tile_that_everybody_knows() {
        let web = web();
        let lyon = Bbox::new(538_000.0, 5_740_000.0, 538_000.0, 5_740_000.0).unwrap();
        let range = web.matrices()[12].range(&lyon).unwrap();
        assert_eq!(
            range.tiles().collect::<Vec<_>>(),
            [(2102, 1461)],
            "z 12 of every web map"
        );
    }

    #[test]
    fn a_box_that_ends_on_a_border_does_not_touch_the_next_tile() {
        for set in TileMatrixSets::default().all() {
            for matrix in set.matrices().iter().step_by(3) {
                let (column, row) = (matrix.matrix_width / 2, matrix.matrix_height / 3);
                let range = matrix.range(&matrix.bbox(column, row)).unwrap();
                assert_eq!(range.tiles().collect::<Vec<_>>(), [(column, row)]);
            }
        }
    }

    #[test]
    fn a_box_outside_touches_nothing_and_a_huge_one_all() {
        let web = web();
        let matrix = &web.matrices()[3];
        let far = Bbox::new(3e7, 0.0, 4e7, 1.0).unwrap();
        assert_eq!(matrix.range(&far), None);
        let all = Bbox::new(-1e300, -1e300, 1e300, 1e300).unwrap();
        assert_eq!(matrix.range(&all).unwrap().count(), 64);
    }

    #[test]
    fn rows_count_upwards_from_a_lower_corner() {
        let web = web();
        let upper = &web.matrices()[2];
        let lower = TileMatrix {
            corner: Corner::BottomLeft,
            origin: [upper.origin[0], upper.extent().min_y],
            ..upper.clone()
        };
        let off = |a: Bbox, b: Bbox| (a.min_y - b.min_y).abs() + (a.max_y - b.max_y).abs();
        assert!(off(lower.bbox(1, 0), upper.bbox(1, 3)) < 1e-6);
        let box_of = lower.bbox(1, 0);
        assert_eq!(
            lower.range(&box_of).unwrap().tiles().collect::<Vec<_>>(),
            [(1, 0)]
        );
    }

    #[test]
    fn a_tile_of_double_density_has_twice_the_pixels_and_the_same_scale() {
        let web = web();
        let matrix = &web.matrices()[10];
        let (once, twice) = (matrix.view(5, 6, 1, 1.0), matrix.view(5, 6, 2, 1.0));
        assert_eq!((once.size.width, twice.size.width), (256, 512));
        assert_eq!(once.bbox, twice.bbox);
        let off = once.scale_denominator() / twice.scale_denominator() - 1.0;
        assert!(off.abs() < 1e-12);
        assert!((once.scale_denominator() / 545_978.773_465_544 - 1.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn a_tile_is_found_by_its_middle(
            set in 0usize..5, level in 0usize..16, column in 0.0..1.0f64, row in 0.0..1.0f64
        ) {
            let sets = TileMatrixSets::default();
            let matrix = &sets.all()[set].matrices()[level];
            let step = |at: f64, count: u32| ((at * f64::from(count)) as u32).min(count - 1);
            let (column, row) = (step(column, matrix.matrix_width), step(row, matrix.matrix_height));
            let [x, y] = matrix.bbox(column, row).center();
            let range = matrix.range(&Bbox::new(x, y, x, y).unwrap()).unwrap();
            prop_assert_eq!(range.tiles().collect::<Vec<_>>(), [(column, row)]);
        }

        #[test]
        fn neighbours_share_their_border_bit_by_bit(
            set in 0usize..5, level in 1usize..16, column in 0u32..2, row in 0u32..2
        ) {
            let sets = TileMatrixSets::default();
            let matrix = &sets.all()[set].matrices()[level];
            let tile = matrix.bbox(column, row);
            prop_assert_eq!(tile.max_x, matrix.bbox(column + 1, row).min_x);
            prop_assert_eq!(tile.min_y, matrix.bbox(column, row + 1).max_y);
        }
    }

    #[test]
    fn a_block_holds_its_tiles_where_it_says() {
        let sets = crate::tile::TileMatrixSets::default();
        let web = sets.get(crate::tile::TileMatrixSets::WEB).unwrap();
        for corner in [Corner::TopLeft, Corner::BottomLeft] {
            let matrix = TileMatrix {
                corner,
                matrix_width: 7,
                matrix_height: 6,
                ..web.matrices()[3].clone()
            };
            let mut blocks = std::collections::HashSet::new();
            for (column, row) in (0..7).flat_map(|column| (0..6).map(move |row| (column, row))) {
                let (range, [left, above]) = matrix.block(column, row, 4);
                assert!(range.max_column < 7 && range.max_row < 6);
                let all = matrix
                    .bbox(range.min_column, range.min_row)
                    .union(&matrix.bbox(range.max_column, range.max_row));
                let tile = matrix.bbox(column, row);
                let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{column}/{row}");
                near(all.min_x + f64::from(left) * matrix.span_x(), tile.min_x);
                near(all.max_y - f64::from(above) * matrix.span_y(), tile.max_y);
                blocks.insert([range.min_column, range.min_row]);
            }
            assert_eq!(blocks.len(), 2 * 2);
        }
        let (range, at) = web.matrices()[0].block(0, 0, 4);
        assert_eq!((range.count(), at), (1, [0, 0]));
    }
}
