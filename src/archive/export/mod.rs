//! Filling an archive from whatever makes tiles: in parallel, in the order of the archive,
//! leaving out whole subtrees where there is nothing, and from where an earlier run stopped.
//!
//! A zoom is made from the one above: only the children of tiles that had something, or might
//! have something below, are looked at. Memory is bounded by 64 MB of tiles that wait for their
//! turn, and by 32 MB for the list of what the zoom above had.

mod line;
mod runs;
mod window;

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use line::{Closes, Line, Made};
use runs::Runs;
use window::Window;

use super::web_tile::{WebTile, first_id, zoom_of_id};
use super::{ArchiveInfo, ArchiveWriter, Content, Written};
use crate::error::{Error, Result};
use crate::geom::Bbox;

/// What makes tiles.
pub trait TileSource: Sync {
    /// False where neither this tile nor any below it has anything. Cheap; true where unsure.
    ///
    /// # Errors
    /// What ends the export.
    fn touches(&self, tile: WebTile) -> Result<bool>;

    /// The tile as the archive is to store it; `None` where nothing is in it.
    ///
    /// # Errors
    /// What ends the export.
    fn tile(&self, tile: WebTile) -> Result<Option<Vec<u8>>>;
}

/// Which tiles are made, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub zooms: RangeInclusive<u8>,
    /// Only tiles that touch this box, in longitude and latitude.
    pub bounds: Bbox,
    /// Threads that make tiles.
    pub threads: usize,
    /// Time between checkpoints.
    pub checkpoint_every: Duration,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The zoom that is being made.
    pub zoom: u8,
    /// Places of that zoom that are done, and those to look at.
    pub done: u64,
    pub places: u64,
    /// Tiles of all zooms, made by this run.
    pub tiles: u64,
    /// Their bytes, before those alike are stored once.
    pub bytes: u64,
    /// Places of all zooms that an earlier run had done.
    pub resumed: u64,
}

/// Makes all tiles of a job and finishes the archive.
///
/// `progress` is called for each batch of places. Where `stop` becomes true, what was made is
/// kept for the next run.
///
/// # Errors
/// What the source or the writer refuses; `Cancelled` where it was stopped.
pub fn export(
    job: &Job,
    source: &dyn TileSource,
    mut writer: Box<dyn ArchiveWriter>,
    info: &ArchiveInfo,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Written> {
    let earlier = Earlier::read(&mut *writer)?;
    let mut run = Run {
        job,
        source,
        writer: &mut *writer,
        stop,
        last_checkpoint: Instant::now(),
        state: Progress {
            zoom: 0,
            done: 0,
            places: 0,
            tiles: 0,
            bytes: 0,
            resumed: earlier.places,
        },
    };
    let made = run.zooms(&earlier, progress);
    // what was made is worth keeping, however it ended
    let kept = run.writer.checkpoint();
    made.and(kept)?;
    writer.finish(info)
}

/// What an earlier run recorded.
struct Earlier {
    /// The zoom that it was at; `None` where there was no such run.
    zoom: Option<u8>,
    /// Places with something, in that zoom and the one above.
    here: Runs,
    above: Runs,
    /// The id after the last recorded.
    next_id: u64,
    places: u64,
}

impl Earlier {
    fn read(writer: &mut dyn ArchiveWriter) -> Result<Earlier> {
        let mut earlier = Earlier {
            zoom: None,
            here: Runs::default(),
            above: Runs::default(),
            next_id: 0,
            places: 0,
        };
        writer.recorded(&mut |ids| {
            let mut start = ids.start;
            // a run may go on into the next zoom
            while start < ids.end
                && let Some(zoom) = zoom_of_id(start)
            {
                let end = ids.end.min(first_id(zoom + 1));
                if earlier.zoom != Some(zoom) {
                    let follows = earlier.zoom.is_some_and(|before| before + 1 == zoom);
                    let before = std::mem::take(&mut earlier.here);
                    earlier.above = if follows { before } else { Runs::default() };
                    earlier.zoom = Some(zoom);
                }
                earlier
                    .here
                    .add(start - first_id(zoom)..end - first_id(zoom));
                earlier.places = earlier.places.saturating_add(end - start);
                start = end;
            }
            earlier.next_id = ids.end;
        })?;
        Ok(earlier)
    }
}

/// One run of an export.
struct Run<'a> {
    job: &'a Job,
    source: &'a dyn TileSource,
    writer: &'a mut dyn ArchiveWriter,
    stop: &'a AtomicBool,
    last_checkpoint: Instant,
    state: Progress,
}

impl Run<'_> {
    fn zooms(&mut self, earlier: &Earlier, progress: &mut dyn FnMut(&Progress)) -> Result<()> {
        let (first, last) = (*self.job.zooms.start(), *self.job.zooms.end());
        let mut had = Runs::default();
        had.add(0..1);
        for zoom in 0..=last {
            let mut places = if zoom == 0 {
                had.clone()
            } else {
                had.children()
            };
            had = Runs::default();
            match earlier.zoom {
                // the zooms above the first are not recorded: they are walked through again
                Some(reached) if zoom >= first && zoom + 1 < reached => continue,
                Some(reached) if zoom >= first && zoom + 1 == reached => {
                    had = earlier.above.clone();
                    continue;
                }
                Some(reached) if zoom == reached => {
                    had = earlier.here.clone();
                    places = places.from(earlier.next_id.saturating_sub(first_id(zoom)));
                }
                _ => {}
            }
            self.zoom(zoom, places, zoom >= first, &mut had, progress)?;
        }
        Ok(())
    }

    /// Looks at the places of one zoom; those with something are added to `had`.
    fn zoom(
        &mut self,
        zoom: u8,
        places: Runs,
        is_wanted: bool,
        had: &mut Runs,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<()> {
        self.state.zoom = zoom;
        self.state.done = 0;
        self.state.places = places.count();
        let window = Window::new(zoom, &self.job.bounds);
        let line = Line::new(places, self.job.threads);
        let (source, stop) = (self.source, self.stop);
        let work = |place: u64| -> Result<Made> {
            let Some(tile) = WebTile::of_id(first_id(zoom).saturating_add(place)) else {
                return Ok(Made::Void);
            };
            if !window.contains(tile) || !source.touches(tile)? {
                return Ok(Made::Void);
            }
            if !is_wanted {
                return Ok(Made::Blank);
            }
            Ok(source.tile(tile)?.map_or(Made::Blank, Made::Tile))
        };
        std::thread::scope(|scope| {
            for _ in 0..self.job.threads.max(1) {
                scope.spawn(|| line.work(&work));
            }
            let _closes = Closes(&line);
            while let Some(batch) = line.next()? {
                for (place, made) in batch {
                    self.record(zoom, place, made, is_wanted, had)?;
                }
                progress(&self.state);
                if stop.load(Ordering::Relaxed) {
                    return Err(Error::Cancelled);
                }
            }
            Ok(())
        })
    }

    fn record(
        &mut self,
        zoom: u8,
        place: u64,
        made: Made,
        is_wanted: bool,
        had: &mut Runs,
    ) -> Result<()> {
        self.state.done = self.state.done.saturating_add(1);
        let content = match &made {
            Made::Void => return Ok(()),
            Made::Blank => Content::Blank,
            Made::Tile(bytes) => {
                self.state.tiles = self.state.tiles.saturating_add(1);
                self.state.bytes = self.state.bytes.saturating_add(bytes.len() as u64);
                Content::Tile(bytes)
            }
        };
        had.add(place..place.saturating_add(1));
        if !is_wanted {
            return Ok(());
        }
        self.writer
            .add(first_id(zoom).saturating_add(place), content)?;
        if self.last_checkpoint.elapsed() >= self.job.checkpoint_every {
            self.writer.checkpoint()?;
            self.last_checkpoint = Instant::now();
        }
        Ok(())
    }
}
