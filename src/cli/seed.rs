mod area;
mod form;
mod walk;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;

use super::export::parse_zooms;
use super::line::Line;
use super::prepare::CacheArguments;
use super::signal::stop_at_signal;
use super::{Outcome, with_names};
use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::operation::MapLayer;
use crate::packing::Coding;
use crate::protocol::tiles;
use crate::server::{Options, Site, State};
use form::{Form, parse_coding};
use walk::{Counts, Seeding, Task, Walk};

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

    /// What tiles are written as, joined by commas: mvt, mlt, png, png8, webp, jpeg; mvt-points as
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
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_parser = super::render::parse_corner)]
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
            trusted_proxies: Vec::new(),
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
                let layers = tiles::layers_of(&service, names);
                let layers = layers.map_err(|error| with_names(error, catalogue))?;
                for style in &self.styles {
                    for form in &self.formats {
                        if form.format.is_vector() && Some(style) != self.styles.first() {
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
}
