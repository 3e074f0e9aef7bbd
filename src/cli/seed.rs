use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::Args;

use super::Outcome;
use super::export::parse_zooms;
use super::line::Line;
use super::prepare::CacheArguments;
use super::signal::{STOPPED, stop_at_signal};
use crate::budget::Budget;
use crate::cache::Source;
use crate::crs::{Crs, Transform};
use crate::encode::ImageFormat;
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::operation::{Cover, MapLayer};
use crate::packing::Coding;
use crate::protocol::tiles::{self, Tile, TileFormat, TileWish};
use crate::query::{CompareOp, Expr, Filter, Literal};
use crate::server::{Options, Site, State};
use crate::store::MemoryStore;
use crate::tile::{TileAddress, TileMatrix, TileMatrixSet, TileRange};

/// What `cartotheque seed` takes.
///
/// Tiles that are there already, made from the same data and styles, are left as they are: stopped
/// at any time, the same command goes on from there. A server may run on the same folder
/// meanwhile, or be started afterwards.
#[derive(Debug, Args)]
pub struct Seed {
    /// A folder whose capabilities/server.yaml says where tiles are kept: cache: {disk: .cache}.
    #[arg(default_value = ".", env = "CARTOTHEQUE_PATH")]
    path: PathBuf,

    /// What one tile shows, as in its address: a layer or group, or several joined by commas,
    /// bottom first. May be given several times. Default: each layer by itself.
    #[arg(long, value_name = "A,B")]
    layers: Vec<String>,

    /// Styles of pictures, joined by commas. Default: each layer's default style.
    #[arg(long, value_delimiter = ',', default_value = "")]
    styles: Vec<String>,

    /// What tiles are written as, joined by commas: mvt, png, png8, webp, jpeg; mvt-points as
    /// MapLibre styles of this server ask for it; png@2x for screens of twice the density.
    #[arg(long, value_delimiter = ',', default_value = "mvt", value_parser = Form::parse)]
    formats: Vec<Form>,

    /// Tile matrix sets, joined by commas.
    #[arg(long, value_delimiter = ',', default_value = "WebMercatorQuad")]
    sets: Vec<String>,

    /// The levels to make, 0 the coarsest of a set: 0-14, or 12.
    #[arg(long, default_value = "0-14", value_parser = parse_zooms)]
    zoom: RangeInclusive<u8>,

    /// Only tiles that touch this box: min x, min y, max x, max y; easting or longitude first.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    bbox: Vec<f64>,

    /// The CRS of the box.
    #[arg(long, default_value = "OGC:CRS84")]
    bbox_crs: String,

    /// Only tiles that touch a feature of this GeoJSON file, or of this layer.
    #[arg(long, value_name = "FILE|LAYER")]
    cover: Option<String>,

    /// Only those features of the cover, may be given several times: field=value.
    #[arg(long = "where", value_name = "FIELD=VALUE", requires = "cover")]
    conditions: Vec<String>,

    /// How vector tiles are packed: br, gzip, zstd or identity. A client that takes another
    /// packing has them packed anew, once, which is quick.
    #[arg(long, default_value = "br", value_parser = parse_coding)]
    encoding: Coding,

    /// Threads that make tiles. Default: the number of cores.
    #[arg(long)]
    threads: Option<usize>,

    #[command(flatten)]
    cache: CacheArguments,
}

/// A format of tiles as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    format: TileFormat,
    pixel_ratio: u32,
    with_points: bool,
}

impl Form {
    fn parse(text: &str) -> Result<Form, String> {
        let (name, pixel_ratio) = match text.strip_suffix("@2x") {
            Some(name) => (name, 2),
            None => (text, 1),
        };
        let (name, with_points) = match name.strip_suffix("-points") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let format = match name {
            "png8" => Some(TileFormat::Image(ImageFormat::Png8)),
            _ => TileFormat::of_extension(name),
        };
        let fits = |format: &TileFormat| match format {
            TileFormat::Mvt => pixel_ratio == 1,
            TileFormat::Image(_) => !with_points,
        };
        let format = format.filter(fits).ok_or_else(|| {
            format!(
                "expected mvt, mvt-points, png, png8, webp or jpeg, the pictures also with @2x, \
                 found {text:?}"
            )
        })?;
        Ok(Form {
            format,
            pixel_ratio,
            with_points,
        })
    }
}

fn parse_coding(text: &str) -> Result<Coding, String> {
    let mut codings = Coding::PACKED.into_iter().chain([Coding::Identity]);
    codings
        .find(|coding| coding.name() == text)
        .ok_or_else(|| format!("expected br, gzip, zstd or identity, found {text:?}"))
}

/// Faults that are told in words; the others are counted.
const MAX_TOLD: u64 = 5;
/// How often it is looked whether there is something to tell.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Seed {
    pub fn run(mut self) -> Outcome {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or(cores).clamp(1, 1024);
        let cache = std::mem::take(&mut self.cache).options();
        let state = State::load(Options {
            path: self.path.clone(),
            base_url: None,
            workers: 1,
            strict: false,
            explain: false,
            cache: Some(cache.clone()),
        })?;
        if !state.tiles.is_lasting() {
            let message = "tiles are not kept on disk: capabilities/server.yaml must say where, \
                           such as cache: {disk: .cache}";
            return Err(Error::Config {
                message: message.into(),
            });
        }
        let site = state.whole();
        let tasks = self.tasks(&site)?;
        let area = self.area(&site)?;
        if cache.max_bytes != Some(0) {
            // as a server does, which draws large layers from overviews once it has them
            let keeper = cache.keeper(&site.studio)?;
            for layer in tasks.iter().flat_map(|task| &task.layers) {
                keeper.prepare(&layer.layer, &Budget::unlimited(), &|_| ())?;
            }
        }
        let workers = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("seed-{i}"))
            .build()
            .map_err(|e| Error::Internal {
                message: format!("starting {threads} threads: {e}"),
            })?;
        let stop = Arc::new(AtomicBool::new(false));
        stop_at_signal(&stop);
        let seeding = Seeding {
            state: &state,
            site: &site,
            area: &area,
            coding: self.encoding,
            stop: Arc::clone(&stop),
            counts: Counts::default(),
            fault: Mutex::new(None),
        };
        let mut line = Line::new();
        for task in &tasks {
            let Some((matrix, range)) = seeding.range(task)? else {
                continue;
            };
            let walk = Walk {
                task,
                matrix,
                seeding: &seeding,
            };
            seeding.counts.places_done.store(0, Ordering::Relaxed);
            let is_done = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    workers.install(|| walk.range(range));
                    is_done.store(true, Ordering::Relaxed);
                });
                while !is_done.load(Ordering::Relaxed) {
                    std::thread::sleep(LOOK_EVERY);
                    line.tell(|seconds| seeding.counts.told(task, range.count(), seconds));
                }
            });
            if seeding.is_ended() {
                break;
            }
        }
        line.end();
        seeding.end(line.started.elapsed())
    }

    /// One task for each kind of tile and level.
    fn tasks(&self, site: &Site) -> Result<Vec<Task>> {
        let catalogue = &site.catalogue;
        let service = tiles::Service {
            catalogue,
            limits: &site.limits,
            overviews: site.studio.overviews(),
            explain: false,
        };
        let names = match self.layers.as_slice() {
            [] => catalogue.layers.iter().map(|l| l.id.clone()).collect(),
            said => said.to_vec(),
        };
        let mut tasks = Vec::new();
        for name in &self.sets {
            let set = catalogue.site.tile_matrix_sets.get(name)?;
            let last = set.matrices().len().saturating_sub(1);
            let (from, to) = (
                usize::from(*self.zoom.start()),
                usize::from(*self.zoom.end()),
            );
            if from > last {
                let message = format!("expected levels of {name}, 0 to {last}, found {from}");
                return Err(Error::parameter("--zoom", message));
            }
            for names in &names {
                let layers = tiles::layers_of(&service, names)?;
                for style in &self.styles {
                    for form in &self.formats {
                        if form.format == TileFormat::Mvt && Some(style) != self.styles.first() {
                            // a vector tile has no style
                            continue;
                        }
                        let layers: Vec<MapLayer> = layers
                            .iter()
                            .map(|layer| {
                                Ok(MapLayer {
                                    style: Arc::clone(layer.style(style)?),
                                    layer: Arc::clone(layer),
                                    filter: None,
                                })
                            })
                            .collect::<Result<_>>()?;
                        tasks.extend((from..=to.min(last)).map(|level| Task {
                            names: names.clone(),
                            layers: layers.clone(),
                            form: *form,
                            set: Arc::clone(set),
                            level,
                        }));
                    }
                }
            }
        }
        Ok(tasks)
    }

    fn area(&self, site: &Site) -> Result<Area> {
        let bbox = match self.bbox.as_slice() {
            [] => None,
            [a, b, c, d] => Some(Bbox::new(*a, *b, *c, *d).ok_or_else(|| {
                let expected = "expected min x,min y,max x,max y, each minimum below its maximum";
                Error::parameter("--bbox", format!("{expected}, found {:?}", self.bbox))
            })?),
            other => {
                let message = format!("expected 4 numbers joined by commas, found {}", other.len());
                return Err(Error::parameter("--bbox", message));
            }
        };
        let bbox = match bbox {
            Some(bbox) => Some((bbox, Crs::parse(&self.bbox_crs)?)),
            None => None,
        };
        let cover = match &self.cover {
            Some(name) => Some(self.cover(site, name)?),
            None => None,
        };
        Ok(Area { bbox, cover })
    }

    /// The features of a layer, or of a GeoJSON file.
    fn cover(&self, site: &Site, name: &str) -> Result<Cover> {
        let conditions: Vec<Filter> = self
            .conditions
            .iter()
            .map(|text| condition(text))
            .collect::<Result<_>>()?;
        let filter = (!conditions.is_empty()).then_some(Filter::And(conditions));
        let is_file = [".geojson", ".json"].iter().any(|end| name.ends_with(end));
        if is_file {
            let store = MemoryStore::from_geojson(&PathBuf::from(name))?;
            return Cover::new(Arc::new(store), Crs::crs84(), filter);
        }
        let layer = site.catalogue.layer(name)?;
        Cover::new(Arc::clone(&layer.store), layer.crs.clone(), filter)
    }
}

/// `field=value` as a condition; the value is compared as a text, or as a number where the field
/// is one.
fn condition(text: &str) -> Result<Filter> {
    let Some((field, value)) = text.split_once('=') else {
        let message = format!("expected field=value, found {text:?}");
        return Err(Error::parameter("--where", message));
    };
    Ok(Filter::Compare {
        op: CompareOp::Equal,
        left: Expr::Property(field.trim().to_owned()),
        right: Expr::Literal(Literal::Text(value.trim().to_owned())),
        match_case: true,
    })
}

/// Where tiles are wanted.
struct Area {
    bbox: Option<(Bbox, Crs)>,
    cover: Option<Cover>,
}

/// One level of one kind of tile.
struct Task {
    names: String,
    layers: Vec<MapLayer>,
    form: Form,
    set: Arc<TileMatrixSet>,
    level: usize,
}

/// A run of the command.
struct Seeding<'a> {
    state: &'a State,
    site: &'a Site,
    area: &'a Area,
    coding: Coding,
    stop: Arc<AtomicBool>,
    counts: Counts,
    /// What ended it.
    fault: Mutex<Option<Error>>,
}

#[derive(Default)]
struct Counts {
    made: AtomicU64,
    there: AtomicU64,
    empty: AtomicU64,
    faults: AtomicU64,
    bytes: AtomicU64,
    /// Places of the present task that are settled.
    places_done: AtomicU64,
}

impl Counts {
    fn told(&self, task: &Task, places: u64, seconds: f64) -> String {
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
    fn range<'t>(&self, task: &'t Task) -> Result<Option<(&'t TileMatrix, TileRange)>> {
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

    fn is_ended(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.lock().is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_with(&self, error: Error) {
        self.lock().get_or_insert(error);
    }

    /// Sums up; how the process ends.
    fn end(&self, time: Duration) -> Outcome {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = &self.counts;
        eprintln!(
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
            eprintln!("stopped: the same command goes on from here");
            return Ok(ExitCode::from(STOPPED));
        }
        match of(&counts.faults) {
            0 => Ok(ExitCode::SUCCESS),
            faults => {
                eprintln!("{faults} tiles could not be made");
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

/// The walk through the tiles of one task: halves of halves, so that parts where nothing is are
/// left out as a whole, and memory does not grow with their number.
struct Walk<'a> {
    task: &'a Task,
    matrix: &'a TileMatrix,
    seeding: &'a Seeding<'a>,
}

impl Walk<'_> {
    fn range(&self, range: TileRange) {
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
            TileFormat::Mvt => 1.0 / 32.0,
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
            TileFormat::Mvt => self.seeding.coding,
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
                    eprintln!("{names}, tile {level}/{column}/{row}: {error}");
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

    #[test]
    fn forms_are_named_as_in_addresses() {
        let parsed = |text: &str| Form::parse(text).map(|f| (f.format.extension(), f.pixel_ratio));
        assert_eq!(parsed("pbf"), Ok(("mvt", 1)));
        assert_eq!(parsed("png@2x"), Ok(("png", 2)));
        assert!(Form::parse("mvt-points").is_ok_and(|f| f.with_points));
        for wrong in ["gif", "mvt@2x", "png-points", ""] {
            let message = parsed(wrong).unwrap_err();
            assert!(message.contains(&format!("found {wrong:?}")), "{message}");
        }
    }

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
