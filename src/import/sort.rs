//! Records in the order of a Hilbert curve, in memory that does not grow with them.
//!
//! Records are sorted in runs of [`RUN_BYTES`], the runs written to one scratch file and merged:
//! at most 64 MB for a run, then as much for what is read ahead of the runs (10,000,000 features
//! of 500 bytes are 75 runs). A single record larger than that counts by itself.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::record;
use super::scratch::Scratch;
use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::geom::Bbox;

/// Bytes of records that are sorted at once.
const RUN_BYTES: usize = 64 << 20;
/// Read ahead of all runs together, and of one at least.
const AHEAD_BYTES: usize = 64 << 20;
const MIN_AHEAD_BYTES: usize = 4 << 10;
/// The largest record: a geometry of 50 million positions.
const MAX_RECORD_BYTES: usize = 1 << 30;

/// Records as they come, one after the other, each with its length before it.
#[derive(Debug)]
pub struct Spool {
    scratch: Scratch,
    folder: PathBuf,
    count: u64,
}

impl Spool {
    /// # Errors
    /// `Io`.
    pub fn create(folder: &Path) -> Result<Spool> {
        Ok(Spool {
            scratch: Scratch::create(folder)?,
            folder: folder.to_owned(),
            count: 0,
        })
    }

    /// # Errors
    /// `Io`; `LimitExceeded` for a record beyond 1 GB.
    pub fn push(&mut self, record: &[u8]) -> Result<()> {
        if record.len() > MAX_RECORD_BYTES {
            return Err(Error::LimitExceeded {
                what: "the size of a feature",
                limit: MAX_RECORD_BYTES as u64,
                found: record.len() as u64,
            });
        }
        let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
        self.scratch.write(&length.to_le_bytes())?;
        self.scratch.write(record)?;
        self.count += 1;
        Ok(())
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Calls `visit` with every record along a Hilbert curve through `extent`; those without a
    /// box come last. Records of one place keep their order.
    ///
    /// # Errors
    /// `Io`; `Cancelled`; what `visit` returns.
    pub fn sorted(
        self,
        extent: Option<Bbox>,
        budget: &Budget,
        visit: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        self.sorted_by_runs(extent, RUN_BYTES, budget, visit)
    }

    fn sorted_by_runs(
        self,
        extent: Option<Bbox>,
        run_bytes: usize,
        budget: &Budget,
        visit: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let folder = self.folder;
        // all at once: growing would take half as much again
        let room = usize::try_from(self.scratch.written()).unwrap_or(run_bytes);
        let mut input = self.scratch.into_reader()?;
        let mut run = Run {
            bytes: Vec::with_capacity(room.min(run_bytes)),
            places: Vec::new(),
        };
        let mut runs = Runs {
            scratch: Scratch::create(&folder)?,
            ends: Vec::new(),
        };
        for _ in 0..self.count {
            let size = next_size(&mut input, &folder)?;
            if !run.bytes.is_empty() && run.bytes.len().saturating_add(size) > run_bytes {
                runs.add(&mut run)?;
                budget.check()?;
            }
            run.read(&mut input, size, extent.as_ref(), &folder)?;
        }
        drop(input);
        if runs.ends.is_empty() {
            // all fit: nothing was written
            run.sort();
            return run.each(&mut |_, record| visit(record));
        }
        runs.add(&mut run)?;
        drop(run);
        runs.merge(&folder, visit)
    }
}

fn next_size(input: &mut BufReader<File>, folder: &Path) -> Result<usize> {
    let mut size = [0; 4];
    input
        .read_exact(&mut size)
        .map_err(|e| Error::io(folder, &e))?;
    let size = usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX);
    match size <= MAX_RECORD_BYTES {
        true => Ok(size),
        false => Err(torn(folder)),
    }
}

/// What was written is not what is read: the disk failed, or another program writes to it.
fn torn(folder: &Path) -> Error {
    Error::data(folder, "a file under way was changed or damaged")
}

/// Records that are sorted together.
#[derive(Debug, Default)]
struct Run {
    bytes: Vec<u8>,
    /// Key, and where the record begins and ends in the bytes.
    places: Vec<(u64, usize, usize)>,
}

impl Run {
    fn read(
        &mut self,
        input: &mut BufReader<File>,
        size: usize,
        extent: Option<&Bbox>,
        folder: &Path,
    ) -> Result<()> {
        let start = self.bytes.len();
        let end = start.saturating_add(size);
        self.bytes.resize(end, 0);
        let place = self.bytes.get_mut(start..end).unwrap_or_default();
        input.read_exact(place).map_err(|e| Error::io(folder, &e))?;
        let key = key_of(place, extent);
        self.places.push((key, start, end));
        Ok(())
    }

    fn sort(&mut self) {
        // the place in the run keeps the order of equals
        self.places.sort_unstable();
    }

    fn each(&self, visit: &mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
        for (key, start, end) in &self.places {
            visit(*key, self.bytes.get(*start..*end).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// Sorted runs, one after the other in a file: key, length and bytes of each record.
#[derive(Debug)]
struct Runs {
    scratch: Scratch,
    ends: Vec<u64>,
}

impl Runs {
    fn add(&mut self, run: &mut Run) -> Result<()> {
        run.sort();
        let scratch = &mut self.scratch;
        run.each(&mut |key, record| {
            scratch.write(&key.to_le_bytes())?;
            let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
            scratch.write(&length.to_le_bytes())?;
            scratch.write(record)
        })?;
        run.bytes.clear();
        run.places.clear();
        self.ends.push(self.scratch.written());
        Ok(())
    }

    fn merge(self, folder: &Path, visit: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let ends = self.ends;
        let file = self.scratch.into_file()?;
        let ahead = AHEAD_BYTES
            .checked_div(ends.len())
            .unwrap_or(AHEAD_BYTES)
            .clamp(MIN_AHEAD_BYTES, 1 << 20);
        let mut start = 0;
        let mut cursors = Vec::with_capacity(ends.len());
        for end in ends {
            cursors.push(Cursor {
                file: &file,
                folder,
                at: start,
                end,
                ahead,
                buffer: Vec::new(),
                used: 0,
                record: (0, 0),
            });
            start = end;
        }
        let mut heap = BinaryHeap::with_capacity(cursors.len());
        for (cursor, nth) in cursors.iter_mut().zip(0_usize..) {
            if let Some(key) = cursor.next()? {
                heap.push(Reverse((key, nth)));
            }
        }
        // of equal keys the earlier run comes first: the order of the file
        while let Some(Reverse((_, nth))) = heap.pop() {
            let Some(cursor) = cursors.get_mut(nth) else {
                break;
            };
            visit(cursor.record())?;
            if let Some(key) = cursor.next()? {
                heap.push(Reverse((key, nth)));
            }
        }
        Ok(())
    }
}

/// Reads a run with a buffer of its own.
struct Cursor<'a> {
    file: &'a File,
    folder: &'a Path,
    /// What is read next from the file, and where the run ends.
    at: u64,
    end: u64,
    ahead: usize,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are done with.
    used: usize,
    /// Where the current record lies in the buffer.
    record: (usize, usize),
}

impl Cursor<'_> {
    /// Goes to the next record and returns its key; `None` at the end of the run.
    fn next(&mut self) -> Result<Option<u64>> {
        if !self.fill(12)? {
            return Ok(None);
        }
        let head = self.buffer.get(self.used..).unwrap_or_default();
        let (Some(key), Some(length)) = (
            head.first_chunk::<8>().copied(),
            head.get(8..12).and_then(|b| b.first_chunk::<4>().copied()),
        ) else {
            return Err(torn(self.folder));
        };
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > MAX_RECORD_BYTES || !self.fill(length.saturating_add(12))? {
            return Err(torn(self.folder));
        }
        let start = self.used.saturating_add(12);
        self.record = (start, start.saturating_add(length));
        self.used = self.record.1;
        Ok(Some(u64::from_le_bytes(key)))
    }

    fn record(&self) -> &[u8] {
        let (start, end) = self.record;
        self.buffer.get(start..end).unwrap_or_default()
    }

    /// Makes sure that so many bytes that are not used lie in the buffer; false at the end.
    fn fill(&mut self, wanted: usize) -> Result<bool> {
        let there = self.buffer.len().saturating_sub(self.used);
        if there >= wanted {
            return Ok(true);
        }
        self.buffer.drain(..self.used.min(self.buffer.len()));
        self.used = 0;
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let more = wanted.max(self.ahead).saturating_sub(there).min(left);
        if there.saturating_add(more) < wanted {
            return Ok(false);
        }
        self.buffer.resize(there.saturating_add(more), 0);
        let place = self.buffer.get_mut(there..).unwrap_or_default();
        self.file
            .read_exact_at(place, self.at)
            .map_err(|e| Error::io(self.folder, &e))?;
        self.at = self.at.saturating_add(more as u64);
        // one huge record must not keep its room for ever
        if self.buffer.capacity() > self.buffer.len().saturating_mul(4) {
            self.buffer.shrink_to(self.ahead.max(self.buffer.len()));
        }
        Ok(true)
    }
}

/// Cells along a side of the extent: 2 to the power of this.
const ORDER: u32 = 24;

fn key_of(record: &[u8], extent: Option<&Bbox>) -> u64 {
    let (Some(bbox), Some(extent)) = (record::bbox(record), extent) else {
        return u64::MAX;
    };
    let [x, y] = bbox.center();
    let cells = f64::from(1_u32 << ORDER) - 1.0;
    let cell = |value: f64, min: f64, size: f64| {
        // a position outside, or an extent without a size, goes to the edge
        let share = ((value - min) / size).clamp(0.0, 1.0);
        if share.is_nan() {
            0
        } else {
            (share * cells) as u32
        }
    };
    along_hilbert(
        cell(x, extent.min_x, extent.width()),
        cell(y, extent.min_y, extent.height()),
    )
}

/// The place of a cell on a Hilbert curve through all cells.
fn along_hilbert(mut x: u32, mut y: u32) -> u64 {
    let mut place = 0_u64;
    for bit in (0..ORDER).rev() {
        let (right, upper) = ((x >> bit) & 1, (y >> bit) & 1);
        place = (place << 2) | u64::from((3 * right) ^ upper);
        if upper == 0 {
            if right == 1 {
                let all = (1 << ORDER) - 1;
                (x, y) = (all ^ x, all ^ y);
            }
            std::mem::swap(&mut x, &mut y);
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{Geometry, GeometryType, PartKind};
    use crate::scratch::Scratch;
    use proptest::prelude::*;

    fn point(at: Option<[f64; 2]>, number: u32) -> Vec<u8> {
        let mut shape = Geometry::new(GeometryType::Point);
        shape.extend(at);
        shape.end_part(PartKind::Points);
        let mut record = Vec::new();
        record::write(&mut record, &shape, &number.to_le_bytes());
        record
    }

    fn sorted(points: &[Option<[f64; 2]>], run_bytes: usize) -> Vec<u32> {
        let folder = Scratch::new("sort");
        let mut spool = Spool::create(&folder.0).unwrap();
        for (at, number) in points.iter().zip(0..) {
            spool.push(&point(*at, number)).unwrap();
        }
        let extent = Bbox::around(points.iter().flatten());
        let mut order = Vec::new();
        let mut geometry = Geometry::default();
        spool
            .sorted_by_runs(extent, run_bytes, &Budget::unlimited(), &mut |record| {
                let values = record::read(record, &mut geometry).unwrap();
                order.push(u32::from_le_bytes(values.try_into().unwrap()));
                Ok(())
            })
            .unwrap();
        order
    }

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_plane() {
        let mut cells: Vec<(u32, u32)> =
            (0..64).flat_map(|x| (0..64).map(move |y| (x, y))).collect();
        cells.sort_by_key(|(x, y)| along_hilbert(x << (ORDER - 6), y << (ORDER - 6)));
        for pair in cells.windows(2) {
            let distance = pair[0].0.abs_diff(pair[1].0) + pair[0].1.abs_diff(pair[1].1);
            assert_eq!(distance, 1, "{pair:?}");
        }
    }

    #[test]
    fn what_has_no_position_comes_last_and_equals_keep_their_order() {
        let points = [
            None,
            Some([1.0, 1.0]),
            Some([0.0, 0.0]),
            Some([1.0, 1.0]),
            None,
        ];
        for run_bytes in [1, 100, 1 << 20] {
            assert_eq!(sorted(&points, run_bytes), [2, 1, 3, 0, 4], "{run_bytes}");
        }
        assert!(sorted(&[], 10).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn many_runs_give_the_order_of_one(
            points in proptest::collection::vec(
                proptest::option::of([-1e6..1e6_f64, -1e6..1e6_f64]), 0..300),
            run_bytes in 1..2000_usize,
        ) {
            prop_assert_eq!(sorted(&points, run_bytes), sorted(&points, 1 << 26));
        }
    }
}
