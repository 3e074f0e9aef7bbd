use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::base_url;
use super::compress::PackedDocuments;
use super::forwarded::Proxies;
use super::metrics::{Levels, Metrics};
use super::pool::Pool;
use super::served::Served;
use super::turns::Turns;
use super::views::Views;
use super::views_kept::ViewsFile;
use tracing::{error, info, warn};

use crate::budget::Budget;
use crate::cache::{Disk, TileCache};
use crate::catalogue::{Catalogue, Map};
use crate::config::{self, CacheFile, FileSources, LoadOptions, Loaded, Severity};
use crate::crs::Crs;
use crate::encode::feature::Workshop;
use crate::error::{Error, Result};
use crate::identity::Network;
use crate::operation::{Limits, Studio};
use crate::overview::{self, Cache, Keeper};
use crate::protocol::site::Pages;
use crate::protocol::tiles::TileReach;
use crate::protocol::wfs::TypeNames;
use crate::protocol::wms::CapabilitiesCache;
use crate::protocol::wmts::WmtsDocuments;

/// How a server, or a command that draws, was asked to run.
#[derive(Debug, Clone)]
pub struct Options {
    pub path: PathBuf,
    /// The public address, where it is fixed.
    pub base_url: Option<String>,
    /// Whose word counts on the address that clients use. Default: this machine and private networks.
    pub trusted_proxies: Vec<Network>,
    pub workers: usize,
    /// Refuse to start where anything is at fault.
    pub strict: bool,
    /// Answer `explain=`.
    pub explain: bool,
    /// Where overviews are kept; `None` for none.
    pub cache: Option<CacheOptions>,
}

/// Where what can be made again is kept.
#[derive(Debug, Clone, Default)]
pub struct CacheOptions {
    /// Default: the user's cache folder.
    pub folder: Option<PathBuf>,
    /// What overviews may take on the disk; 0 for none of them. Default: 20 GB.
    pub max_bytes: Option<u64>,
    /// The CRSs of overviews. Default: EPSG:3857 and EPSG:2154.
    pub crs: Vec<String>,
}

/// What overviews take at most: those of some hundred million vertices.
const OVERVIEW_BYTES: u64 = 20_000_000_000;
/// Those most maps of the web and of France are drawn in.
const OVERVIEW_CRS: [&str; 2] = ["EPSG:3857", "EPSG:2154"];

impl CacheOptions {
    /// The folder that was named, else the user's own; `None` where there is neither.
    fn folder(&self) -> Option<PathBuf> {
        self.folder.clone().or_else(overview::default_folder)
    }

    /// Who keeps the overviews that `studio` draws from.
    ///
    /// # Errors
    /// `Io` where the folder can't be written; `Config` where there is none; `InvalidCrs`.
    pub fn keeper(&self, studio: &Studio) -> Result<Keeper> {
        let folder = self.folder().ok_or_else(|| Error::Config {
            message: "there is no folder for overviews: say --cache-dir, or set HOME".into(),
        })?;
        let names: Vec<&str> = match self.crs.as_slice() {
            [] => OVERVIEW_CRS.to_vec(),
            said => said.iter().map(String::as_str).collect(),
        };
        let crs = names.into_iter().map(Crs::parse).collect::<Result<_>>()?;
        let cache = Cache::open(&folder, self.max_bytes.unwrap_or(OVERVIEW_BYTES))?;
        Ok(Keeper::new(Arc::clone(studio.overviews()), cache, crs))
    }
}

/// Where downloads are put together: on the disk of the overviews where one was named and can be
/// written, else in the system's folder for temporary files.
fn workshop(options: &Options, max_bytes: u64) -> Workshop {
    let named = options.cache.as_ref().and_then(|c| c.folder.clone());
    let folder = named.filter(|folder| std::fs::create_dir_all(folder).is_ok());
    Workshop::new(folder.unwrap_or_else(std::env::temp_dir), max_bytes)
}

/// What is served at one moment: a request keeps the one that it began with.
#[derive(Debug)]
pub struct Site {
    pub catalogue: Arc<Catalogue>,
    pub limits: Limits,
    pub studio: Arc<Studio>,
    pub known: Arc<Known>,
    /// The same for one map alone, by its id, once it was asked for.
    of_maps: Mutex<HashMap<String, Arc<Site>>>,
}

/// What is found out of a catalogue once and kept; it notices that a catalogue follows another.
#[derive(Debug, Default)]
pub struct Known {
    pub packed: Arc<PackedDocuments>,
    pub capabilities: CapabilitiesCache,
    pub reach: TileReach,
    pub wmts: WmtsDocuments,
    pub type_names: TypeNames,
}

impl Site {
    fn new(loaded: &Loaded, studio: Arc<Studio>, known: Arc<Known>) -> Site {
        Site {
            catalogue: Arc::clone(&loaded.catalogue),
            limits: loaded.limits.clone(),
            studio,
            known,
            of_maps: Mutex::default(),
        }
    }

    /// The same server over another catalogue, and what is known of that.
    pub fn with_catalogue(&self, catalogue: Catalogue, known: Arc<Known>) -> Site {
        Site {
            catalogue: Arc::new(catalogue),
            limits: self.limits.clone(),
            studio: Arc::clone(&self.studio),
            known,
            of_maps: Mutex::default(),
        }
    }

    /// What is served of one map alone, if that has been found out.
    pub fn known_of_map(&self, map: &Map) -> Option<Arc<Site>> {
        let known = self.of_maps.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&map.id).map(Arc::clone)
    }

    /// The same, found out where it has not been: this may read features.
    ///
    /// # Errors
    /// As [`Catalogue::of_map`].
    pub fn of_map(&self, map: &Map) -> Result<Arc<Site>> {
        if let Some(known) = self.known_of_map(map) {
            return Ok(known);
        }
        let of_map = self.catalogue.of_map(map)?;
        let site = Arc::new(self.with_catalogue(of_map, Arc::default()));
        let mut known = self.of_maps.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.entry(map.id.clone()).or_insert(site);
        Ok(Arc::clone(kept))
    }
}

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a start waits for the overviews that are in the cache: the first answer is to leave
/// within 100 ms.
const ATTACHING: Duration = Duration::from_millis(50);

/// The state of a process.
#[derive(Debug)]
pub struct State {
    pub options: Options,
    pub pool: Pool,
    pub metrics: Metrics,
    pub pages: Arc<Pages>,
    pub turns: Turns,
    pub proxies: Proxies,
    /// Kept over reloads, and over restarts where there is a file.
    pub views: Views,
    views_file: Option<ViewsFile>,
    /// Kept over reloads: a key stands for what a tile is made from.
    pub tiles: Arc<TileCache>,
    served: ArcSwap<Served>,
    address: OnceLock<String>,
    /// What was loaded first, until the watcher takes it over.
    loaded: Mutex<Option<Loaded>>,
}

/// The threads that notice changed files and keep overviews; they end when this is dropped.
#[derive(Debug)]
pub struct Watching {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // a thread that panicked has said so in the log
            let _ended = thread.join();
        }
    }
}

impl State {
    /// Loads a path and is ready to serve it. What is odd or at fault goes to the log.
    ///
    /// # Errors
    /// `Config` where nothing may be served: the path can't be read, `strict` met a fault, or the
    /// public address is none.
    pub fn load(options: Options) -> Result<State> {
        options
            .base_url
            .as_deref()
            .map_or(Ok(()), base_url::check)?;
        let loaded = config::load(&options.path, load_options(&options), &FileSources);
        log(&loaded);
        if loaded.refused {
            let faults = loaded.count(Severity::Error);
            return Err(Error::Config {
                message: format!(
                    "{} is not served: {faults} {} found, see above",
                    options.path.display(),
                    if faults == 1 { "fault" } else { "faults" }
                ),
            });
        }
        let cache = options.cache.as_ref().and_then(CacheOptions::folder);
        let views_file = cache.map(|cache| ViewsFile::of(&cache, &options.path));
        let workshop = workshop(&options, loaded.limits.temporary_bytes);
        let studio = Arc::new(Studio::new().with_workshop(workshop));
        let site = Site::new(&loaded, studio, Arc::default());
        let served = Served::new(site, Arc::clone(&loaded.identities), None)?;
        Ok(State {
            pool: Pool::new(options.workers)?,
            metrics: Metrics::default(),
            pages: Arc::new(Pages::new()?),
            turns: Turns::default(),
            proxies: Proxies::new(&options.trusted_proxies),
            views: views_file
                .as_ref()
                .map_or_else(Views::default, ViewsFile::read),
            views_file,
            tiles: Arc::new(tile_cache(&loaded.server.cache, &options.path)),
            served: ArcSwap::from_pointee(served),
            address: OnceLock::new(),
            loaded: Mutex::new(Some(loaded)),
            options,
        })
    }

    /// Notices changed files from now on, and serves what they say as soon as it is valid.
    pub fn watch(self: &Arc<State>) -> Watching {
        let keeping = Budget::unlimited();
        let stop = keeping.cancel_flag();
        let first = self.loaded.lock().ok().and_then(|mut loaded| loaded.take());
        let thread = first.and_then(|first| {
            let (state, stop) = (Arc::clone(self), Arc::clone(&stop));
            std::thread::Builder::new()
                .name("watch".into())
                .spawn(move || {
                    let options = load_options(&state.options);
                    let path = state.options.path.clone();
                    config::watch(
                        &path,
                        options,
                        &FileSources,
                        first,
                        LOOK_EVERY,
                        &stop,
                        |loaded, began| {
                            state.serve(loaded);
                            let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                            log(loaded);
                            info!(
                                ms,
                                sequence = loaded.catalogue.sequence,
                                layers = loaded.catalogue.layers.len(),
                                "reloaded"
                            );
                        },
                    );
                })
                .map_err(|e| error!("files are not watched for changes: {e}"))
                .ok()
        });
        let views = self.keep_views(&stop);
        let threads = thread.into_iter().chain(views);
        let threads = threads.chain(self.keep_overviews(keeping));
        Watching {
            stop,
            threads: threads.collect(),
        }
    }

    /// Writes how often maps were looked at, now and then and at the end.
    fn keep_views(self: &Arc<State>, stop: &Arc<AtomicBool>) -> Option<JoinHandle<()>> {
        self.views_file.as_ref()?;
        let (state, stop) = (Arc::clone(self), Arc::clone(stop));
        std::thread::Builder::new()
            .name("views".into())
            .spawn(move || {
                if let Some(file) = &state.views_file {
                    file.keep(&state.views, &stop);
                }
            })
            .map_err(|e| error!("views of maps are not kept: {e}"))
            .ok()
    }

    /// Takes overviews from the cache, and builds them where they are wanted, on a thread that
    /// yields to all others. Where that can't be, maps are drawn from the features.
    ///
    /// Waits a moment for those in the cache: a first map that does without may take seconds, and
    /// takes the processors from who opens them.
    fn keep_overviews(self: &Arc<State>, budget: Budget) -> Option<JoinHandle<()>> {
        let options = self.options.cache.as_ref();
        let options = options.filter(|options| options.max_bytes != Some(0))?;
        let keeper = options
            .keeper(&self.whole().studio)
            .map_err(|e| warn!("overviews are neither read nor built: {e}"))
            .ok()?;
        let state = Arc::clone(self);
        let (attached, when_attached) = mpsc::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("overviews".into())
            .spawn(move || {
                let layers = || state.whole().catalogue.layers.clone();
                keeper.tend(layers, &budget, move || {
                    drop(attached);
                    // on Linux a thread's own; without it, it competes with drawing as an equal
                    let _priority = rustix::process::nice(19);
                });
            })
            .map_err(|e| error!("overviews are not built: {e}"))
            .ok()?;
        // ends with the sender, or when it took too long
        let _ended = when_attached.recv_timeout(ATTACHING);
        Some(thread)
    }

    /// What is served now, to each audience its part.
    pub fn served(&self) -> Arc<Served> {
        self.served.load_full()
    }

    /// All that is served now: for what builds and counts, never for what answers.
    pub fn whole(&self) -> Arc<Site> {
        Arc::clone(self.served.load().whole())
    }

    /// Serves what was loaded from now on.
    fn serve(&self, loaded: &Loaded) {
        let before = self.served();
        let (studio, known) = (&before.whole().studio, &before.whole().known);
        let site = Site::new(loaded, Arc::clone(studio), Arc::clone(known));
        match Served::new(site, Arc::clone(&loaded.identities), Some(&before)) {
            Ok(served) => self.served.store(Arc::new(served)),
            Err(e) => error!("what was loaded is not served: {e}"),
        }
    }

    /// The address that is listened on, for links where the client sent no `Host`.
    pub fn address(&self) -> &str {
        self.address.get().map_or("localhost", String::as_str)
    }

    pub fn set_address(&self, address: String) {
        // set once, before the first request
        let _already_set = self.address.set(address);
    }

    /// What is read off for who sees `site`: numbers that change with what is restricted tell of it.
    pub fn levels(&self, site: &Site) -> Levels {
        Levels {
            waiting: self.pool.waiting(),
            layers: site.catalogue.layers.len(),
            faults: site.catalogue.faults.len(),
            sequence: site.catalogue.sequence,
        }
    }
}

/// What tiles take in memory where nothing is said.
const TILE_MEMORY: u64 = 64 << 20;
/// What tiles take on disk at most.
const TILE_DISK: u64 = 10_000_000_000;

/// The cache that the configuration asks for; without its folder where that can't be used.
fn tile_cache(asked: &CacheFile, path: &Path) -> TileCache {
    let open = |folder: &String| {
        let disk = Disk::open(&path.join(folder).join("tiles"), TILE_DISK);
        disk.map_err(|e| warn!("tiles are not kept on disk: {e}"))
            .ok()
    };
    let disk = asked.disk.as_ref().and_then(open);
    TileCache::new(asked.memory.unwrap_or(TILE_MEMORY), disk)
}

fn load_options(options: &Options) -> LoadOptions {
    LoadOptions {
        strict: options.strict,
        allow_outside: false,
    }
}

/// Errors and warnings of a load, each with its file and line.
fn log(loaded: &Loaded) {
    for diagnostic in &loaded.diagnostics {
        match diagnostic.severity {
            Severity::Error => error!("{}", diagnostic.one_line()),
            Severity::Warning => warn!("{}", diagnostic.one_line()),
            Severity::Info => {}
        }
    }
}
