use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::base_url;
use super::compress::PackedDocuments;
use super::metrics::{Levels, Metrics};
use super::pool::Pool;
use tracing::{error, info, warn};

use crate::catalogue::Catalogue;
use crate::config::{self, FileSources, LoadOptions, Loaded, Severity};
use crate::error::{Error, Result};
use crate::operation::{Limits, Studio};
use crate::protocol::site::Pages;
use crate::protocol::tiles::TileReach;
use crate::protocol::wms::CapabilitiesCache;
use crate::protocol::wmts::WmtsDocuments;

/// How a server, or a command that draws, was asked to run.
#[derive(Debug, Clone)]
pub struct Options {
    pub path: PathBuf,
    /// The public address, where it is fixed.
    pub base_url: Option<String>,
    pub workers: usize,
    /// Refuse to start where anything is at fault.
    pub strict: bool,
    /// Answer `explain=`.
    pub explain: bool,
}

/// What is served at one moment: a request keeps the one that it began with.
#[derive(Debug)]
pub struct Site {
    pub catalogue: Arc<Catalogue>,
    pub limits: Limits,
    pub studio: Arc<Studio>,
    pub known: Arc<Known>,
}

/// What is found out of a catalogue once and kept; it notices that a catalogue follows another.
#[derive(Debug, Default)]
pub struct Known {
    pub capabilities: CapabilitiesCache,
    pub reach: TileReach,
    pub wmts: WmtsDocuments,
}

impl Site {
    fn new(loaded: &Loaded, studio: Arc<Studio>, known: Arc<Known>) -> Site {
        Site {
            catalogue: Arc::clone(&loaded.catalogue),
            limits: loaded.limits.clone(),
            studio,
            known,
        }
    }
}

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The state of a process.
#[derive(Debug)]
pub struct State {
    pub options: Options,
    pub pool: Pool,
    pub metrics: Metrics,
    pub pages: Arc<Pages>,
    pub packed: Arc<PackedDocuments>,
    site: ArcSwap<Site>,
    address: OnceLock<String>,
    /// What was loaded first, until the watcher takes it over.
    loaded: Mutex<Option<Loaded>>,
}

/// The thread that notices changed files; it ends when this is dropped.
#[derive(Debug)]
pub struct Watching {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // a watcher that panicked has said so in the log
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
        let studio = Arc::new(Studio::new());
        Ok(State {
            pool: Pool::new(options.workers)?,
            metrics: Metrics::default(),
            pages: Arc::new(Pages::new()?),
            packed: Arc::default(),
            site: ArcSwap::from_pointee(Site::new(&loaded, studio, Arc::default())),
            address: OnceLock::new(),
            loaded: Mutex::new(Some(loaded)),
            options,
        })
    }

    /// Notices changed files from now on, and serves what they say as soon as it is valid.
    pub fn watch(self: &Arc<State>) -> Watching {
        let stop = Arc::new(AtomicBool::new(false));
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
                        |loaded| {
                            log(loaded);
                            let before = state.site();
                            let studio = Arc::clone(&before.studio);
                            let known = Arc::clone(&before.known);
                            state.site.store(Arc::new(Site::new(loaded, studio, known)));
                            info!(
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
        Watching { stop, thread }
    }

    /// What is served now.
    pub fn site(&self) -> Arc<Site> {
        self.site.load_full()
    }

    /// The address that is listened on, for links where the client sent no `Host`.
    pub fn address(&self) -> &str {
        self.address.get().map_or("localhost", String::as_str)
    }

    pub fn set_address(&self, address: String) {
        // set once, before the first request
        let _already_set = self.address.set(address);
    }

    pub fn levels(&self) -> Levels {
        let site = self.site();
        Levels {
            waiting: self.pool.waiting(),
            layers: site.catalogue.layers.len(),
            faults: site.catalogue.faults.len(),
            sequence: site.catalogue.sequence,
        }
    }
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
