/// A rectangle of tiles of one matrix, borders included: the limits of OGC 17-083r4 §6.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileRange {
    pub min_column: u32,
    pub max_column: u32,
    pub min_row: u32,
    pub max_row: u32,
}

impl TileRange {
    pub fn contains(&self, column: u32, row: u32) -> bool {
        (self.min_column..=self.max_column).contains(&column)
            && (self.min_row..=self.max_row).contains(&row)
    }

    /// How many tiles there are.
    pub fn count(&self) -> u64 {
        let side = |min: u32, max: u32| u64::from(max.saturating_sub(min)) + 1;
        side(self.min_column, self.max_column) * side(self.min_row, self.max_row)
    }

    /// Column and row of every tile, row by row.
    pub fn tiles(self) -> impl Iterator<Item = (u32, u32)> {
        (self.min_row..=self.max_row).flat_map(move |row| {
            (self.min_column..=self.max_column).map(move |column| (column, row))
        })
    }

    /// The smallest range around two.
    pub fn union(&self, other: &TileRange) -> TileRange {
        TileRange {
            min_column: self.min_column.min(other.min_column),
            max_column: self.max_column.max(other.max_column),
            min_row: self.min_row.min(other.min_row),
            max_row: self.max_row.max(other.max_row),
        }
    }
}
