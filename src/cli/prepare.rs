//! What `cartotheque prepare` does: the overviews of all layers, now.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::Args;

use super::{Outcome, with_names};
use crate::budget::Budget;
use crate::config::{self, FileSources, LoadOptions, Severity};
use crate::error::Error;
use crate::operation::Studio;
use crate::overview::{self, Progress};
use crate::server::CacheOptions;

/// Where overviews are kept, and how many.
#[derive(Debug, Default, Args)]
pub struct CacheArguments {
    /// Where overviews are kept; may be deleted at any time. Default: cartotheque/ in
    /// $XDG_CACHE_HOME or ~/.cache.
    #[arg(long, value_name = "DIR", env = "CARTOTHEQUE_CACHE_DIR")]
    cache_dir: Option<PathBuf>,

    /// What overviews may take on the disk, in megabytes; 0 for none of them. Default: 20000.
    #[arg(long, value_name = "MB", env = "CARTOTHEQUE_OVERVIEW_MB")]
    overview_mb: Option<u64>,

    /// The CRSs that overviews are built for, joined by commas. Default: EPSG:3857,EPSG:2154.
    #[arg(
        long = "overview-crs",
        visible_alias = "crs",
        value_name = "CRS",
        value_delimiter = ',',
        env = "CARTOTHEQUE_OVERVIEW_CRS"
    )]
    overview_crs: Vec<String>,
}

impl CacheArguments {
    pub fn options(self) -> CacheOptions {
        CacheOptions {
            folder: self.cache_dir,
            max_bytes: self.overview_mb.map(|mb| mb.saturating_mul(1_000_000)),
            crs: self.overview_crs,
        }
    }
}

/// What `cartotheque prepare` takes.
#[derive(Debug, Args)]
pub struct Prepare {
    /// A folder with capabilities/, styles/ and data/, a folder of .fgb files, or one file.
    #[arg(default_value = ".", env = "CARTOTHEQUE_PATH")]
    path: PathBuf,

    /// Layers or groups, joined by commas. Default: all.
    #[arg(long, value_delimiter = ',')]
    layers: Vec<String>,

    #[command(flatten)]
    cache: CacheArguments,
}

impl Prepare {
    /// Prepares layer after layer; the faults of one do not keep it from the others.
    pub fn run(self) -> Outcome {
        let loaded = config::load(&self.path, LoadOptions::default(), &FileSources);
        for fault in &loaded.diagnostics {
            if fault.severity == Severity::Error {
                tell!("{}", fault.one_line());
            }
        }
        if loaded.refused {
            let path = self.path.display();
            let message = format!("{path} can't be read, see above");
            return Err(Error::Config { message });
        }
        let catalogue = &loaded.catalogue;
        let mut layers = Vec::new();
        if self.layers.is_empty() {
            layers.clone_from(&catalogue.layers);
        }
        for name in &self.layers {
            let named = catalogue.layers_of(name);
            layers.extend(named.map_err(|error| with_names(error, catalogue))?);
        }
        if layers.is_empty() {
            tell!("{} has no layer to prepare", self.path.display());
        }
        let keeper = self.cache.options().keeper(&Studio::new())?;
        let mut code = ExitCode::SUCCESS;
        for layer in layers {
            let started = Instant::now();
            let bar = Bar::new();
            let outcome = keeper.prepare(&layer, &Budget::unlimited(), &|p| bar.show(p));
            bar.clear();
            let id = &layer.id;
            let seconds = started.elapsed().as_secs_f64();
            match outcome {
                Ok(overview::Outcome::Built { levels, bytes }) => {
                    let mb = bytes as f64 / 1e6;
                    say!("{id}: {levels} overviews, {mb:.1} MB, built in {seconds:.1} s");
                }
                Ok(overview::Outcome::Found { levels, bytes }) => {
                    let mb = bytes as f64 / 1e6;
                    say!("{id}: {levels} overviews, {mb:.1} MB, there already");
                }
                Ok(overview::Outcome::Without(reason)) => say!("{id}: none, {reason}"),
                Err(error) => {
                    tell!("{id}: {error}");
                    code = ExitCode::FAILURE;
                }
            }
        }
        Ok(code)
    }
}

/// A line that shows how far a build is, where there is a terminal to show it on.
struct Bar {
    shown: Mutex<Option<Instant>>,
    is_terminal: bool,
}

impl Bar {
    const EVERY: Duration = Duration::from_millis(100);
    const WIDTH: u64 = 30;

    fn new() -> Bar {
        Bar {
            shown: Mutex::new(None),
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    fn show(&self, progress: &Progress) {
        let Ok(mut shown) = self.shown.lock() else {
            return;
        };
        if !self.is_terminal || shown.is_some_and(|at| at.elapsed() < Bar::EVERY) {
            return;
        }
        *shown = Some(Instant::now());
        let all = progress.features.max(1);
        let done = (progress.read.min(all) * Bar::WIDTH / all) as usize;
        let (full, rest) = ("#".repeat(done), "-".repeat(Bar::WIDTH as usize - done));
        self.write(&format!(
            "\r\x1b[K{} {} {} ({}/{}) [{full}{rest}] {} of {}",
            progress.layer,
            progress.crs,
            progress.zoom,
            progress.level + 1,
            progress.levels,
            progress.read,
            progress.features,
        ));
    }

    fn clear(&self) {
        if self.is_terminal {
            self.write("\r\x1b[K");
        }
    }

    fn write(&self, text: &str) {
        let mut err = std::io::stderr();
        // nobody may be looking
        let _closed = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}
