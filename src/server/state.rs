use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::metrics::{Levels, Metrics};
use super::pool::Pool;
use crate::catalogue::Catalogue;
use crate::error::Result;
use crate::operation::{Limits, Studio};
use crate::protocol::site::Pages;
use crate::protocol::wms::CapabilitiesCache;

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
    pub capabilities: CapabilitiesCache,
}

/// The state of a process.
#[derive(Debug)]
pub struct State {
    pub options: Options,
    pub pool: Pool,
    pub metrics: Metrics,
    pub pages: Pages,
    site: ArcSwap<Site>,
    address: OnceLock<String>,
}

impl State {
    /// A state that serves a site from now on.
    ///
    /// # Errors
    /// `Internal` where the threads can't be started.
    pub fn new(options: Options, site: Site) -> Result<State> {
        Ok(State {
            pool: Pool::new(options.workers)?,
            metrics: Metrics::default(),
            pages: Pages::new()?,
            site: ArcSwap::from_pointee(site),
            address: OnceLock::new(),
            options,
        })
    }

    /// What is served now.
    pub fn site(&self) -> Arc<Site> {
        self.site.load_full()
    }

    /// Serves another site from now on; requests in flight end on theirs.
    pub fn replace(&self, site: Site) {
        self.site.store(Arc::new(site));
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
