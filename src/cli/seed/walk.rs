//! The walk through the tiles of a level: those that are wanted and not there yet are made.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::area::Area;
use super::form::Form;
use crate::budget::Budget;
use crate::cache::Source;
use crate::cli::Outcome;
use crate::cli::signal::STOPPED;
use crate::crs::Transform;
use crate::error::{Error, Result};
use crate::operation::MapLayer;
use crate::packing::Coding;
use crate::protocol::tiles::{self, Tile, TileFormat, TileWish};
use crate::server::{Site, State};
use crate::tile::{TileAddress, TileMatrix, TileMatrixSet, TileRange};

/// Faults that are told in words; the others are counted.
const MAX_TOLD: u64 = 5;

/// One level of one kind of tile.
pub(super) struct Task {
    pub names: String,
    pub layers: Vec<MapLayer>,
    pub form: Form,
    pub set: Arc<TileMatrixSet>,
    pub level: usize,
}

/// A run of the command.
pub(super) struct Seeding<'a> {
    pub state: &'a State,
    pub site: &'a Site,
    pub area: &'a Area,
    pub coding: Coding,
    pub stop: Arc<AtomicBool>,
    pub counts: Counts,
    /// What ended it.
    pub fault: Mutex<Option<Error>>,
}

/// What came of it so far.
#[derive(Default)]
pub(super) struct Counts {
    made: AtomicU64,
    there: AtomicU64,
    empty: AtomicU64,
    faults: AtomicU64,
    bytes: AtomicU64,
    /// Places of the present task that are settled.
    pub places_done: AtomicU64,
}

impl Counts {
    /// A line for whoever waits.
    pub fn told(&self, task: &Task, places: u64, seconds: f64) -> String {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (made, there) = (of(&self.made), of(&self.there));
        #[allow(clippy::cast_precision_loss, reason = "to be read by people")]
        let (megabytes, rate) = (
            of(&self.bytes) as f64 / 1e6,
            (made + there) as f64 / seconds,
        );
        format!(
            "{} {} {} level {}: {} of {places} places; {made} tiles made, {there} there already, \
             {megabytes:.1} MB, {rate:.0} a second",
            task.names,
            task.form.format.extension(),
            task.set.id(),
            task.level,
            of(&self.places_done),
        )
    }
}

impl Seeding<'_> {
    /// The tiles of a level that are in question; `None` where none is.
    pub fn range<'t>(&self, task: &'t Task) -> Result<Option<(&'t TileMatrix, TileRange)>> {
        let matrix = task.set.matrix(task.level)?;
        let layers = task.layers.iter().map(|l| Arc::clone(&l.layer));
        let layers: Vec<_> = layers.collect();
        let reach = &self.site.known.reach;
        let Some(range) = reach.range(&self.site.catalogue, &layers, &task.set, matrix) else {
            return Ok(None);
        };
        let Some((bbox, crs)) = &self.area.bbox else {
            return Ok(Some((matrix, range)));
        };
        let there = Transform::new(crs, &task.set.crs)?.forward_bbox(bbox);
        let wanted = there.iter().filter_map(|bbox| matrix.range(bbox));
        let wanted = wanted.reduce(|a, b| a.union(&b));
        let both = wanted.and_then(|wanted| intersection(&range, &wanted));
        Ok(both.map(|range| (matrix, range)))
    }

    /// True once it was stopped, or failed.
    pub fn is_ended(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.lock().is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_with(&self, error: Error) {
        self.lock().get_or_insert(error);
    }

    /// Sums up; how the process ends.
    pub fn end(&self, time: Duration) -> Outcome {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = &self.counts;
        tell!(
            "{} tiles made, {} there already, {} without anything, {} bytes, in {:.1} s",
            of(&counts.made),
            of(&counts.there),
            of(&counts.empty),
            of(&counts.bytes),
            time.as_secs_f64()
        );
        if let Some(error) = self.lock().take() {
            return Err(error);
        }
        if self.stop.load(Ordering::Relaxed) {
            tell!("stopped: the same command goes on from here");
            return Ok(ExitCode::from(STOPPED));
        }
        match of(&counts.faults) {
            0 => Ok(ExitCode::SUCCESS),
            faults => {
                tell!("{faults} tiles could not be made");
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

/// The walk through the tiles of one task: halves of halves, so that parts where nothing is are
/// left out as a whole, and memory does not grow with their number.
pub(super) struct Walk<'a> {
    pub task: &'a Task,
    pub matrix: &'a TileMatrix,
    pub seeding: &'a Seeding<'a>,
}

impl Walk<'_> {
    /// Makes what is wanted of a range.
    pub fn range(&self, range: TileRange) {
        let done = &self.seeding.counts.places_done;
        if self.seeding.is_ended() {
            return;
        }
        match self.is_wanted(&range) {
            Ok(true) => {}
            Ok(false) => {
                done.fetch_add(range.count(), Ordering::Relaxed);
                return;
            }
            Err(error) => {
                self.seeding.end_with(error);
                return;
            }
        }
        match halves(range) {
            Some((one, other)) => {
                rayon::join(|| self.range(one), || self.range(other));
            }
            None => {
                self.tile(range.min_column, range.min_row);
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// False where no tile of the range has anything, or none is asked for.
    fn is_wanted(&self, range: &TileRange) -> Result<bool> {
        let matrix = self.matrix;
        let one = matrix.bbox(range.min_column, range.min_row);
        let bbox = one.union(&matrix.bbox(range.max_column, range.max_row));
        let crs = &self.task.set.crs;
        if let Some(cover) = &self.seeding.area.cover
            && !cover.touches(crs, &bbox)?
        {
            return Ok(false);
        }
        // as far as something outside may reach into a tile
        let margin = match self.task.form.format {
            TileFormat::Vector(_) => 1.0 / 32.0,
            TileFormat::Image(_) => 1.0,
        };
        let around = bbox.grown(matrix.span_x() * margin, matrix.span_y() * margin);
        for MapLayer { layer, .. } in &self.task.layers {
            if self.seeding.site.studio.touches(layer, crs, &around)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn tile(&self, column: u32, row: u32) {
        let Seeding {
            state,
            site,
            counts,
            ..
        } = self.seeding;
        let Form {
            format,
            pixel_ratio,
            with_points,
        } = self.task.form;
        let wish = TileWish {
            set: Arc::clone(&self.task.set),
            address: TileAddress {
                matrix: self.task.level,
                column,
                row,
            },
            pixel_ratio,
            format,
            layers: self.task.layers.clone(),
            archives: Vec::new(),
            with_points,
        };
        let overviews = site.studio.overviews();
        let tile = Tile::new(&site.catalogue, overviews, wish, site.limits.tile_bytes);
        let coding = match format {
            TileFormat::Vector(_) => self.seeding.coding,
            TileFormat::Image(_) => Coding::Identity,
        };
        let budget = Budget::unlimited();
        let kept = tiles::keep(
            &tile,
            coding,
            &state.tiles,
            Duration::ZERO,
            &site.studio,
            &budget,
        );
        match kept {
            Ok((kept, source)) => {
                let count = match source {
                    Source::Made => &counts.made,
                    Source::Memory | Source::Disk => &counts.there,
                };
                count.fetch_add(1, Ordering::Relaxed);
                let bytes = kept.tile.bytes.len() as u64;
                counts.bytes.fetch_add(bytes, Ordering::Relaxed);
                if bytes == 0 {
                    counts.empty.fetch_add(1, Ordering::Relaxed);
                }
                self.look_at_disk();
            }
            Err(error) => {
                if counts.faults.fetch_add(1, Ordering::Relaxed) < MAX_TOLD {
                    let (names, level) = (&self.task.names, &self.matrix.id);
                    tell!("{names}, tile {level}/{column}/{row}: {error}");
                }
            }
        }
    }

    /// Ends the work where what is made does not stay.
    fn look_at_disk(&self) {
        let disk = self.seeding.state.tiles.counts();
        if disk.disk_faults > 0 {
            self.seeding.end_with(Error::Config {
                message: "tiles can't be written to the folder of the cache, see above".into(),
            });
        }
        // a tenth is cleared when it is full: that would be what was made first
        if disk.disk_bytes > disk.disk_limit / 100 * 99 {
            self.seeding.end_with(Error::LimitExceeded {
                what: "the bytes of tiles kept on disk",
                limit: disk.disk_limit,
                found: disk.disk_bytes,
            });
        }
    }
}

/// A range in two, along its longer side; `None` for a single tile.
fn halves(range: TileRange) -> Option<(TileRange, TileRange)> {
    let columns = range.max_column.saturating_sub(range.min_column);
    let rows = range.max_row.saturating_sub(range.min_row);
    if columns == 0 && rows == 0 {
        return None;
    }
    let (mut one, mut other) = (range, range);
    if columns >= rows {
        one.max_column = range.min_column.saturating_add(columns / 2);
        other.min_column = one.max_column.saturating_add(1);
    } else {
        one.max_row = range.min_row.saturating_add(rows / 2);
        other.min_row = one.max_row.saturating_add(1);
    }
    Some((one, other))
}

fn intersection(a: &TileRange, b: &TileRange) -> Option<TileRange> {
    let both = TileRange {
        min_column: a.min_column.max(b.min_column),
        max_column: a.max_column.min(b.max_column),
        min_row: a.min_row.max(b.min_row),
        max_row: a.max_row.min(b.max_row),
    };
    (both.min_column <= both.max_column && both.min_row <= both.max_row).then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn halves_of_halves_are_every_tile_once(columns in 1_u32..9, rows in 1_u32..9) {
            let range = TileRange { min_column: 3, max_column: 2 + columns, min_row: 5, max_row: 4 + rows };
            let mut found = Vec::new();
            let mut open = vec![range];
            while let Some(range) = open.pop() {
                match halves(range) {
                    Some((one, other)) => open.extend([one, other]),
                    None => found.push((range.min_column, range.min_row)),
                }
            }
            found.sort_by_key(|(column, row)| (*row, *column));
            prop_assert_eq!(found, range.tiles().collect::<Vec<_>>());
        }
    }
}
