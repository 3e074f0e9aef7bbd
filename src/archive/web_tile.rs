//! Places of tiles in the web's grid, and their order along the Hilbert curve.

use std::fmt;

/// A tile's place: zoom, column from the west, row from the north.
///
/// # Guarantees
/// `z` ≤ [`WebTile::MAX_ZOOM`], `x` and `y` below 2^z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WebTile {
    z: u8,
    x: u32,
    y: u32,
}

impl WebTile {
    /// The deepest zoom whose ids are counted in 64 bits by all who read them.
    pub const MAX_ZOOM: u8 = 31;

    /// The place, where there is such a one.
    pub fn new(z: u8, x: u32, y: u32) -> Option<WebTile> {
        let inside = z <= WebTile::MAX_ZOOM && (x >> z) == 0 && (y >> z) == 0;
        inside.then_some(WebTile { z, x, y })
    }

    pub fn z(self) -> u8 {
        self.z
    }

    pub fn x(self) -> u32 {
        self.x
    }

    /// The row, counted from the north.
    pub fn y(self) -> u32 {
        self.y
    }

    /// The row, counted from the south as TMS and MBTiles do; it is its own inverse.
    pub fn tms_row(self) -> u32 {
        side(self.z).saturating_sub(1).saturating_sub(self.y)
    }

    /// The id of PMTiles 3: the number of all tiles of lower zooms, and the place on the
    /// Hilbert curve of its own zoom.
    ///
    /// The four children of the nth tile of a zoom are the tiles 4n to 4n + 3 of the next.
    pub fn id(self) -> u64 {
        let (mut x, mut y) = (self.x, self.y);
        let mut along = 0_u64;
        for bit in (0..self.z).rev() {
            let (right, lower) = ((x >> bit) & 1, (y >> bit) & 1);
            along = (along << 2) | u64::from((3 * right) ^ lower);
            let mask = (1_u32 << bit) - 1;
            (x, y) = turned(x & mask, y & mask, mask, right, lower);
        }
        first_id(self.z) + along
    }

    /// The place with that id; `None` beyond the deepest zoom.
    pub fn of_id(id: u64) -> Option<WebTile> {
        let z = zoom_of_id(id)?;
        let along = id - first_id(z);
        let (mut x, mut y) = (0_u32, 0_u32);
        for bit in 0..z {
            let quarter = (along >> (2 * bit)) & 3;
            let right = u32::from(quarter >= 2);
            let lower = u32::from(quarter == 1 || quarter == 2);
            let mask = (1_u32 << bit) - 1;
            (x, y) = turned(x, y, mask, right, lower);
            x |= right << bit;
            y |= lower << bit;
        }
        Some(WebTile { z, x, y })
    }
}

/// How many columns, and rows, a zoom has.
fn side(z: u8) -> u32 {
    1_u32 << z
}

/// The id of the first tile of a zoom, (4^z - 1) / 3; for 32, the end of all ids.
pub fn first_id(z: u8) -> u64 {
    1_u64
        .checked_shl(2 * u32::from(z))
        .map_or(u64::MAX / 3, |count| (count - 1) / 3)
}

/// The zoom that an id is of; `None` beyond the deepest.
pub fn zoom_of_id(id: u64) -> Option<u8> {
    // first_id(z) ≤ id where 4^z ≤ 3 id + 1
    let z = (3 * u128::from(id) + 1).ilog2() / 2;
    u8::try_from(z).ok().filter(|z| *z <= WebTile::MAX_ZOOM)
}

/// A quarter of the curve in its own frame; the turn is its own inverse.
fn turned(x: u32, y: u32, mask: u32, right: u32, lower: u32) -> (u32, u32) {
    match (right, lower) {
        (0, 0) => (y, x),
        (_, 0) => (mask - y, mask - x),
        _ => (x, y),
    }
}

/// `z/x/y`, rows from the north.
impl fmt::Display for WebTile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.z, self.x, self.y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_are_those_of_the_specification() {
        // the table of "Entries" in the specification, and the converter's own test
        let known = [
            ((0, 0, 0), 0),
            ((1, 0, 0), 1),
            ((1, 0, 1), 2),
            ((1, 1, 1), 3),
            ((1, 1, 0), 4),
            ((2, 0, 0), 5),
            ((12, 3423, 1763), 19_078_479),
        ];
        for ((z, x, y), id) in known {
            assert_eq!(WebTile::new(z, x, y).unwrap().id(), id, "{z}/{x}/{y}");
        }
    }

    #[test]
    fn the_last_tile_of_the_deepest_zoom_has_the_last_id() {
        let end = u32::MAX >> 1;
        let last = WebTile::new(31, end, 0).unwrap();
        assert_eq!(last.id(), first_id(32) - 1);
        assert_eq!(WebTile::of_id(last.id() + 1), None);
        assert_eq!(WebTile::new(32, 0, 0), None);
        assert_eq!(WebTile::new(3, 8, 0), None);
        assert_eq!(WebTile::new(3, 0, 8), None);
    }

    #[test]
    fn each_step_of_the_curve_goes_to_a_neighbour() {
        for id in first_id(5)..first_id(6) - 1 {
            let a = WebTile::of_id(id).unwrap();
            let b = WebTile::of_id(id + 1).unwrap();
            assert_eq!(a.x().abs_diff(b.x()) + a.y().abs_diff(b.y()), 1, "{a} {b}");
        }
    }

    #[test]
    fn tms_counts_rows_from_the_south() {
        // MBTiles 1.3: "the tile commonly referred to as 11/327/791 is inserted as row 1256"
        assert_eq!(WebTile::new(11, 327, 791).unwrap().tms_row(), 1256);
        assert_eq!(WebTile::new(0, 0, 0).unwrap().tms_row(), 0);
    }

    proptest! {
        #[test]
        fn there_and_back(z in 0_u8..=31, x: u32, y: u32) {
            let mask = ((1_u64 << z) - 1) as u32;
            let tile = WebTile::new(z, x & mask, y & mask).unwrap();
            prop_assert_eq!(WebTile::of_id(tile.id()), Some(tile));
            prop_assert_eq!(zoom_of_id(tile.id()), Some(z));
        }

        #[test]
        fn children_follow_each_other(z in 0_u8..31, x: u32, y: u32, right in 0_u32..2, lower in 0_u32..2) {
            let mask = ((1_u64 << z) - 1) as u32;
            let (x, y) = (x & mask, y & mask);
            let parent = WebTile::new(z, x, y).unwrap().id() - first_id(z);
            let child = WebTile::new(z + 1, 2 * x + right, 2 * y + lower).unwrap();
            prop_assert_eq!((child.id() - first_id(z + 1)) / 4, parent);
        }
    }
}
