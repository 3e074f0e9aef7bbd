//! Who makes levels ready: finds them in the cache, builds them where they are wanted, and
//! notices when they are no longer what they were.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::build::{Input, Target, build};
use super::cache::{Cache, Checked, Held, LevelFile, Manifest, NamesFile};
use super::digest::Digest;
use super::job::{Job, Planned, stamp};
use super::names::Place;
use super::{Level, Names, Overviews, Ready, State, Zoom, names, plan};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::error::{Error, Result, guarded};
use crate::store::FileStamp;
use crate::store::fgb::FgbStore;

/// The finest level has at most this part of the bytes of the source, each other at most that part
/// of the finer one: all of a CRS together are about as large as the source at the worst. Others
/// are not kept. Where symbols fill the map a level has half of what lies on one of 1.4 times the
/// scale, and a little more.
const MAX_SHARE: f64 = 0.5;
const MAX_SHARE_OF_LEVEL: f64 = 0.6;
/// How often the keeper looks what is wanted.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often it looks whether files are still there.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// After so long a layer is tried again whose levels the disk did not take: it was full maybe.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(900);

/// What became of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Levels were found in the cache.
    Found { levels: usize, bytes: u64 },
    /// Levels were built.
    Built { levels: usize, bytes: u64 },
    /// The layer is drawn from its features, for this reason.
    Without(String),
}

/// How far a build is.
#[derive(Debug, Clone)]
pub struct Progress {
    pub layer: String,
    pub crs: String,
    pub zoom: Zoom,
    /// Which of how many levels.
    pub level: usize,
    pub levels: usize,
    /// Features read for this level, of how many.
    pub read: u64,
    pub features: u64,
}

/// Keeps the levels of a catalogue.
#[derive(Debug)]
pub struct Keeper {
    overviews: Arc<Overviews>,
    cache: Cache,
    /// The CRSs that levels are built for.
    targets: Vec<Crs>,
    /// Positions that a level must save a map to be worth it.
    least_saved: f64,
    try_again_after: Duration,
}

/// The levels of one CRS, open.
#[derive(Default)]
struct Found {
    ready: Ready,
    bytes: u64,
}

impl Found {
    fn add(&mut self, other: Found) {
        self.bytes += other.bytes;
        self.ready.levels.extend(other.ready.levels);
        self.ready.names.extend(other.ready.names);
    }

    /// How many files there are.
    fn count(&self) -> usize {
        self.ready.files().count()
    }
}

impl Keeper {
    pub fn new(overviews: Arc<Overviews>, cache: Cache, targets: Vec<Crs>) -> Keeper {
        Keeper {
            overviews,
            cache,
            targets,
            least_saved: plan::LEAST_SAVED,
            try_again_after: TRY_AGAIN_AFTER,
        }
    }

    /// Tries again after that time what the disk did not take. Default: a quarter of an hour.
    #[must_use]
    pub fn trying_again_after(self, try_again_after: Duration) -> Keeper {
        Keeper {
            try_again_after,
            ..self
        }
    }

    /// Builds levels that save that many positions on a map of 800 by 600 pixels, the worst of
    /// them. Default: 20 000, some milliseconds.
    #[must_use]
    pub fn saving_at_least(self, positions: f64) -> Keeper {
        Keeper {
            least_saved: positions,
            ..self
        }
    }

    /// Makes the levels of a layer ready now, building them where they are not in the cache.
    ///
    /// # Errors
    /// `Io` where the cache can't be written; `Cancelled` by the budget; `Data` where the source
    /// changed meanwhile.
    pub fn prepare(
        &self,
        layer: &Layer,
        budget: &Budget,
        tell: &dyn Fn(&Progress),
    ) -> Result<Outcome> {
        let job = match Job::of(layer, &self.targets, self.least_saved)? {
            Ok(job) => job,
            Err(reason) => return Ok(self.without(layer, reason)),
        };
        let held = self.cache.held();
        let mut all = Found::default();
        let mut built = false;
        let mut content = None;
        for plan in &job.plans {
            let found = match self.find(&held, &job, plan) {
                Some(found) => found,
                None => {
                    // the file may have been touched or copied: its bytes decide
                    let content = match &content {
                        Some(content) => content,
                        None => content.insert(Digest::of_file(&layer.path, budget)?),
                    };
                    let key = Digest::of(format!("{content} {}", plan.recipe).as_bytes());
                    match self.renew(&job, plan, &key)? {
                        Some(found) => found,
                        None => {
                            built = true;
                            let Some(found) = self.build(&job, plan, &key, budget, tell)? else {
                                let most = self.cache.max_bytes();
                                let reason = format!("its levels need more than {most} bytes");
                                return Ok(self.without(layer, reason));
                            };
                            found
                        }
                    }
                }
            };
            all.add(found);
        }
        let (levels, bytes) = (all.count(), all.bytes);
        self.overviews.set(layer, State::Ready(Arc::new(all.ready)));
        Ok(if built {
            Outcome::Built { levels, bytes }
        } else {
            Outcome::Found { levels, bytes }
        })
    }

    /// Looks after the layers that `layers` gives until the budget is cancelled: to be run on a
    /// thread of its own. One build at a time. Calls `attached` once the levels that are in the
    /// cache are in use: what follows is work for a low priority.
    pub fn tend(
        &self,
        layers: impl Fn() -> Vec<Arc<Layer>>,
        budget: &Budget,
        attached: impl FnOnce(),
    ) {
        let mut attached = Some(attached);
        let mut looked: Vec<Arc<Layer>> = Vec::new();
        let mut checked = Instant::now();
        let mut failed: Vec<(Arc<Layer>, Instant)> = Vec::new();
        while budget.check().is_ok() {
            let current = layers();
            // nearly always: thousands of layers are not to be gone through five times a second
            let is_same = current.len() == looked.len()
                && current.iter().zip(&looked).all(|(a, b)| Arc::ptr_eq(a, b));
            if !is_same {
                self.take_over(&looked, &current, budget);
                looked = current;
            }
            if let Some(attached) = attached.take() {
                attached();
            }
            let wanted = self.overviews.take_wanted();
            for layer in looked.iter().filter(|layer| wanted.contains(&layer.id)) {
                if self.overviews.state(layer).is_none()
                    && self.attend(layer, budget, |keeper| keeper.prepare_aloud(layer, budget))
                {
                    failed.push((Arc::clone(layer), Instant::now()));
                }
            }
            failed.retain(|(layer, at)| {
                let waits = at.elapsed() < self.try_again_after;
                if !waits && matches!(self.overviews.state(layer), Some(State::Without)) {
                    self.overviews.forget(&layer.id);
                }
                waits
            });
            if checked.elapsed() > CHECK_EVERY {
                checked = Instant::now();
                looked.iter().for_each(|layer| self.check(layer));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Attaches the layers that were not there before, and forgets those that no longer are.
    fn take_over(&self, before: &[Arc<Layer>], current: &[Arc<Layer>], budget: &Budget) {
        let known: HashSet<*const Layer> = before.iter().map(Arc::as_ptr).collect();
        let held = self.cache.held();
        let (began, mut attached) = (Instant::now(), 0);
        for layer in current {
            // of most layers nothing is there, which is not worth a plan
            if !known.contains(&Arc::as_ptr(layer)) && held.has(&layer.path) {
                self.attend(layer, budget, |keeper| keeper.attach(layer, &held));
                attached += 1;
            }
        }
        if attached > 0 {
            let seconds = began.elapsed().as_secs_f64();
            tracing::debug!(
                layers = attached,
                seconds,
                "overviews of the cache are in use"
            );
        }
        let here: HashSet<&str> = current.iter().map(|layer| layer.id.as_str()).collect();
        for layer in before.iter().filter(|l| !here.contains(l.id.as_str())) {
            self.overviews.forget(&layer.id);
        }
    }

    /// Does one thing for a layer; what fails is said, and the layer is drawn from its features.
    /// True where it was the disk that failed.
    fn attend(
        &self,
        layer: &Layer,
        budget: &Budget,
        what: impl FnOnce(&Keeper) -> Result<Option<Outcome>>,
    ) -> bool {
        // a fault of ours costs this layer its overviews, not the others theirs
        match guarded(|| what(self)).flatten() {
            Ok(_) | Err(Error::Cancelled) => false,
            Err(error) if budget.check().is_ok() => {
                tracing::warn!(layer = layer.id, "no overviews: {error}");
                self.overviews.set(layer, State::Without);
                matches!(error, Error::Io { .. })
            }
            Err(_) => false,
        }
    }

    fn prepare_aloud(&self, layer: &Layer, budget: &Budget) -> Result<Option<Outcome>> {
        let started = Instant::now();
        let outcome = self.prepare(layer, budget, &|_| {})?;
        match &outcome {
            Outcome::Built { levels, bytes } => {
                let seconds = started.elapsed().as_secs_f64();
                tracing::info!(layer = layer.id, levels, bytes, seconds, "overviews built");
            }
            Outcome::Found { levels, .. } => {
                tracing::debug!(layer = layer.id, levels, "overviews found");
            }
            Outcome::Without(reason) => {
                tracing::debug!(layer = layer.id, reason, "no overviews");
            }
        }
        Ok(Some(outcome))
    }

    /// Takes what the cache has for a layer, if the source has not changed since.
    fn attach(&self, layer: &Layer, held: &Held) -> Result<Option<Outcome>> {
        let job = match Job::of(layer, &self.targets, self.least_saved)? {
            Ok(job) => job,
            Err(reason) => return Ok(Some(self.without(layer, reason))),
        };
        let mut all = Found::default();
        for plan in &job.plans {
            let Some(found) = self.find(held, &job, plan) else {
                return Ok(None);
            };
            all.add(found);
        }
        let (levels, bytes) = (all.count(), all.bytes);
        self.overviews.set(layer, State::Ready(Arc::new(all.ready)));
        Ok(Some(Outcome::Found { levels, bytes }))
    }

    /// Drops levels whose files changed or are gone; they are built again when they are wanted.
    fn check(&self, layer: &Layer) {
        let Some(State::Ready(ready)) = self.overviews.state(layer) else {
            return;
        };
        if !ready.is_sound() {
            tracing::warn!(layer = layer.id, "overviews changed or were removed");
            self.overviews.forget(&layer.id);
        }
    }

    fn without(&self, layer: &Layer, reason: String) -> Outcome {
        self.overviews.set(layer, State::Without);
        Outcome::Without(reason)
    }

    fn find(&self, held: &Held, job: &Job<'_>, plan: &Planned) -> Option<Found> {
        let key = held.find(&job.source, &plan.recipe)?;
        self.open(job, key, &self.cache.get(key)?)
    }

    /// Takes what was made from the same bytes under another name or at another time.
    fn renew(&self, job: &Job<'_>, plan: &Planned, key: &str) -> Result<Option<Found>> {
        let Some(manifest) = self.cache.get(key) else {
            return Ok(None);
        };
        let manifest = Manifest {
            source: job.source.clone(),
            recipe: plan.recipe.clone(),
            ..manifest
        };
        self.cache.renew(key, &manifest)?;
        Ok(self.open(job, key, &manifest))
    }

    /// Opens levels, each byte checked where that was not done since the file was written. Damaged
    /// ones are removed: `None`.
    fn open(&self, job: &Job<'_>, key: &str, manifest: &Manifest) -> Option<Found> {
        let folder = self.cache.folder_of(key);
        let opened = match self.overviews.opened(&folder, manifest) {
            Some(ready) => Ok(ready),
            None => {
                let mut checked = manifest.clone();
                let opened = open_all(&folder, &mut checked);
                if opened.is_ok() && checked != *manifest {
                    // in a folder that is read only they are checked at each start
                    let _read_only = self.cache.renew(key, &checked);
                }
                opened
            }
        };
        match opened {
            Ok(ready) => Some(Found {
                ready,
                bytes: manifest.bytes(),
            }),
            Err(error) => {
                tracing::warn!(layer = job.layer.id, "overviews are built again: {error}");
                self.cache.remove(key);
                None
            }
        }
    }

    /// Builds the levels of one CRS, each from the finer one; `None` where they are too large.
    fn build(
        &self,
        job: &Job<'_>,
        plan: &Planned,
        key: &str,
        budget: &Budget,
        tell: &dyn Fn(&Progress),
    ) -> Result<Option<Found>> {
        let Planned {
            way, zooms, recipe, ..
        } = plan;
        let building = self.cache.begin()?;
        let mut manifest = Manifest {
            source: job.source.clone(),
            recipe: recipe.clone(),
            levels: Vec::new(),
            names: self.build_names(job, plan, &building.folder, budget)?,
        };
        let crs = way.target();
        let mut finer: Option<FgbStore> = None;
        let mut finer_bytes = job.source.bytes;
        // one that saves too little: still the quickest to make the next one from
        let mut spare: Option<PathBuf> = None;
        for (nth, zoom) in zooms.iter().enumerate() {
            let input = match &finer {
                Some(store) => Input {
                    store,
                    way: None,
                    seam: None,
                },
                None => plan.input(job.layer),
            };
            let code = crs.id().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            let file = format!("{}-{zoom}.fgb", code.to_lowercase());
            let path = building.folder.join(&file);
            let progress = Progress {
                layer: job.layer.id.clone(),
                crs: crs.id(),
                zoom: *zoom,
                level: nth,
                levels: zooms.len(),
                read: 0,
                features: input.store.count(),
            };
            let to = Target {
                crs,
                resolution: zoom.resolution(crs),
                path: &path,
            };
            let built = build(&input, &job.recipe, &to, budget, &|read| {
                tell(&Progress {
                    read,
                    ..progress.clone()
                });
            })?;
            if let Some(spare) = spare.take() {
                fs::remove_file(&spare).map_err(|e| Error::io(&spare, &e))?;
            }
            let share = match manifest.levels.is_empty() {
                true => MAX_SHARE,
                false => MAX_SHARE_OF_LEVEL,
            };
            if built.bytes as f64 <= finer_bytes as f64 * share {
                finer_bytes = built.bytes;
                manifest.levels.push(LevelFile {
                    digest: Digest::of_file(&path, budget)?,
                    checked: Some(Checked::new(FileStamp::of(&path)?)),
                    file,
                    crs: crs.id(),
                    zoom: *zoom,
                    features: built.features,
                    bytes: built.bytes,
                });
            } else {
                spare = Some(path.clone());
            }
            if manifest.bytes() > self.cache.max_bytes() {
                return Ok(None);
            }
            finer = Some(FgbStore::open(&path)?.with_crs(Some(crs.clone())));
        }
        if let Some(spare) = spare {
            fs::remove_file(&spare).map_err(|e| Error::io(&spare, &e))?;
        }
        // what was read must be what was loaded, to the end
        stamp(job.layer)?;
        self.cache.publish(&building, key, &manifest)?;
        let found = self.open(job, key, &manifest).ok_or_else(|| {
            let message = "the levels can't be read again after they were written";
            Error::data(self.cache.folder_of(key), message)
        })?;
        let mut in_use = self.overviews.keys();
        in_use.insert(key.to_owned());
        self.cache.trim(&in_use);
        Ok(Some(found))
    }

    /// Writes the lists of who is named, of one CRS.
    fn build_names(
        &self,
        job: &Job<'_>,
        plan: &Planned,
        folder: &Path,
        budget: &Budget,
    ) -> Result<Vec<NamesFile>> {
        let (Some(namers), Some(finest)) = (&job.namers, plan.squares) else {
            return Ok(Vec::new());
        };
        let crs = plan.way.target();
        let place = Place {
            id: &job.layer.id,
            crs,
            finest,
            folder,
        };
        let input = plan.input(job.layer);
        let lists = names::build(&input, namers, &place, budget)?;
        let told = lists.into_iter().map(|list| {
            let name = list.path.file_name().unwrap_or_default();
            Ok(NamesFile {
                file: name.to_string_lossy().into_owned(),
                crs: crs.id(),
                exponent: list.exponent,
                features: list.features,
                bytes: list.bytes,
                digest: Digest::of_file(&list.path, budget)?,
                checked: Some(Checked::new(FileStamp::of(&list.path)?)),
            })
        });
        told.collect()
    }
}

/// Opens all files of a folder, and notes in the manifest which were checked.
fn open_all(folder: &Path, manifest: &mut Manifest) -> Result<Ready> {
    let open = |file: &str, digest: &str, checked: &mut Option<Checked>| {
        let path = folder.join(file);
        let now = Some(Checked::new(FileStamp::of(&path)?));
        if *checked != now {
            if Digest::of_file(&path, &Budget::unlimited())? != digest {
                let message = "the bytes are not those that were written";
                return Err(Error::data(path, message));
            }
            *checked = now;
        }
        FgbStore::open(&path)
    };
    let mut ready = Ready::default();
    for told in &mut manifest.levels {
        let store = open(&told.file, &told.digest, &mut told.checked)?;
        let level = Level::new(
            store,
            Crs::parse(&told.crs)?,
            told.zoom,
            told.digest.clone(),
        );
        ready.levels.push(Arc::new(level));
    }
    for told in &mut manifest.names {
        let store = open(&told.file, &told.digest, &mut told.checked)?;
        let names = Names::new(store, Crs::parse(&told.crs)?, told.exponent);
        ready.names.push(Arc::new(names));
    }
    Ok(ready)
}
