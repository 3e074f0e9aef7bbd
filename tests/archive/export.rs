//! The driver of exports: what is made, in which order, and what is left out.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cartotheque::archive::export::{Job, Progress, TileSource, export};
use cartotheque::archive::{self, TileFormat, WebTile, Written};
use cartotheque::error::{Error, Result};
use cartotheque::geom::Bbox;

use crate::common::Scratch;
use crate::made::{info, png};
use crate::naive::Naive;

/// Tiles around one point, nothing elsewhere; blank above zoom 3.
#[derive(Default)]
struct Spot {
    asked: Mutex<BTreeSet<u64>>,
    made: AtomicU64,
    /// After so many tiles the source fails.
    fails_after: Option<u64>,
}

/// The place at zoom 20 around which there is something.
const X: u32 = 540_000;
const Y: u32 = 375_000;

impl Spot {
    fn distance(tile: WebTile) -> u32 {
        let up = 20 - tile.z();
        (X >> up).abs_diff(tile.x()) + (Y >> up).abs_diff(tile.y())
    }
}

impl TileSource for Spot {
    fn touches(&self, tile: WebTile) -> Result<bool> {
        assert!(self.asked.lock().unwrap().insert(tile.id()), "{tile} twice");
        Ok(Spot::distance(tile) <= 4)
    }

    fn tile(&self, tile: WebTile) -> Result<Option<Vec<u8>>> {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        if self.fails_after.is_some_and(|end| made >= end) {
            return Err(Error::Internal {
                message: "the source is dry".into(),
            });
        }
        let something = tile.z() > 3 && Spot::distance(tile) <= 3;
        Ok(something.then(|| png(tile.to_string().as_bytes())))
    }
}

fn job(threads: usize) -> Job {
    Job {
        zooms: 2..=9,
        bounds: Bbox::WORLD,
        threads,
        checkpoint_every: Duration::ZERO,
    }
}

fn run(
    path: &Path,
    job: &Job,
    spot: &Spot,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Written> {
    let writer = archive::create(path, "job")?;
    let mut info = info(TileFormat::Png, 9);
    info.min_zoom = 2;
    export(job, spot, writer, &info, &AtomicBool::new(false), progress)
}

fn expected(zooms: std::ops::RangeInclusive<u8>) -> Vec<u64> {
    let mut ids = Vec::new();
    for z in zooms {
        let first = archive::web_tile::first_id(z);
        let tiles =
            (first..archive::web_tile::first_id(z + 1)).map(|id| WebTile::of_id(id).unwrap());
        ids.extend(
            tiles
                .filter(|t| z > 3 && Spot::distance(*t) <= 3)
                .map(WebTile::id),
        );
    }
    ids
}

#[test]
fn all_tiles_are_made_and_empty_subtrees_are_not_looked_at() {
    let scratch = Scratch::new("export");
    let mut files = Vec::new();
    for threads in [1, 3] {
        let path = scratch.join(format!("{threads}.pmtiles"));
        let spot = Spot::default();
        let mut last = None;
        let written = run(&path, &job(threads), &spot, &mut |p| last = Some(*p)).unwrap();
        let naive = Naive::read(&path);
        assert!(naive.tiles.keys().copied().eq(expected(2..=9)));
        assert_eq!(written.tiles, naive.tiles.len() as u64);
        let asked = spot.asked.into_inner().unwrap().len();
        assert!(asked < 1_500, "{asked} of 349 525 places were looked at");
        let last = last.unwrap();
        assert_eq!((last.zoom, last.done, last.resumed), (9, last.places, 0));
        assert_eq!(last.tiles, written.tiles);
        files.push(naive.bytes);
    }
    assert!(files[0] == files[1], "however many threads, the same bytes");
}

#[test]
fn a_box_limits_what_is_made() {
    let scratch = Scratch::new("export-box");
    let path = scratch.join("a.pmtiles");
    let spot = Spot::default();
    let mut job = job(2);
    // the north-west quarter of the tile of the spot at zoom 6: 6/32/22, and nothing else
    let degrees = 360.0 / 64.0;
    job.bounds = Bbox::new(0.1, 44.0, degrees / 2.0 - 0.1, 45.0).unwrap();
    run(&path, &job, &spot, &mut |_| {}).unwrap();
    let naive = Naive::read(&path);
    assert!(!naive.tiles.is_empty());
    for id in naive.tiles.keys() {
        let tile = WebTile::of_id(*id).unwrap();
        let side = f64::from(1_u32 << tile.z());
        let (west, east) = (
            f64::from(tile.x()) / side * 360.0 - 180.0,
            f64::from(tile.x() + 1) / side * 360.0 - 180.0,
        );
        assert!(west < job.bounds.max_x && east > job.bounds.min_x, "{tile}");
    }
}

#[test]
fn an_export_that_ended_badly_goes_on_where_it_was() {
    let scratch = Scratch::new("export-resume");
    let whole = scratch.join("whole.pmtiles");
    let spot = Spot::default();
    run(&whole, &job(2), &spot, &mut |_| {}).unwrap();
    let whole = std::fs::read(whole).unwrap();
    let total = spot.made.into_inner();
    for fails_after in [0, 3, 20, 41, 60, 100, total - 1] {
        let path = scratch.join("a.pmtiles");
        let spot = Spot {
            fails_after: Some(fails_after),
            ..Spot::default()
        };
        let failed = run(&path, &job(2), &spot, &mut |_| {}).unwrap_err();
        assert!(failed.to_string().contains("the source is dry"));
        let spot = Spot::default();
        let mut resumed = 0;
        run(&path, &job(2), &spot, &mut |p| resumed = p.resumed).unwrap();
        let made = spot.made.into_inner();
        assert_eq!(resumed + made, total, "what was recorded is not made again");
        assert!(fails_after < 60 || resumed > 0);
        assert!(
            std::fs::read(&path).unwrap() == whole,
            "after {fails_after} tiles"
        );
    }
}

#[test]
fn an_export_can_be_stopped() {
    let scratch = Scratch::new("export-stop");
    let path = scratch.join("a.pmtiles");
    let stop = AtomicBool::new(false);
    let writer = archive::create(&path, "job").unwrap();
    let stopped = export(
        &job(2),
        &Spot::default(),
        writer,
        &info(TileFormat::Png, 9),
        &stop,
        &mut |p| {
            stop.store(p.zoom == 6, Ordering::Relaxed);
        },
    );
    assert_eq!(stopped, Err(Error::Cancelled));
    assert!(!path.exists());
    let mut resumed = 0;
    run(&path, &job(2), &Spot::default(), &mut |p| {
        resumed = p.resumed
    })
    .unwrap();
    assert!(resumed > 50, "{resumed}");
    assert!(Naive::read(&path).tiles.keys().copied().eq(expected(2..=9)));
}

/// A source that panics, as ours never should.
struct Panics;

impl TileSource for Panics {
    fn touches(&self, tile: WebTile) -> Result<bool> {
        assert!(tile.z() < 4, "on purpose");
        Ok(true)
    }

    fn tile(&self, _tile: WebTile) -> Result<Option<Vec<u8>>> {
        Ok(Some(png(b"x")))
    }
}

#[test]
fn a_source_that_panics_does_not_leave_the_others_waiting() {
    let scratch = Scratch::new("export-panic");
    let writer = archive::create(&scratch.join("a.pmtiles"), "job").unwrap();
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        export(
            &job(3),
            &Panics,
            writer,
            &info(TileFormat::Png, 9),
            &AtomicBool::new(false),
            &mut |_| {},
        )
    }));
    assert!(ended.is_err());
}
