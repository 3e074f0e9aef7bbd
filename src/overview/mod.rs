//! Overviews: the features of a layer, simplified for small scales, so that what a map costs
//! follows its pixels and not the number of features.
//!
//! A layer that is large for its extent gets levels, one or more for each of a few CRSs. A level
//! is an ordinary FlatGeobuf file in the cache folder, made for one size of a pixel:
//!
//! - outlines lie on a grid of a quarter of that pixel, the same for all features;
//! - polygons below three pixels are summed up by cell and class (features that all styles of the
//!   layer draw alike), and are rectangles of the same area in the same place;
//! - of points in one pixel the topmost of each class is left, of opaque symbols those that
//!   later ones do not hide; where they lie piled, those of which much is seen, so that there are
//!   at most so many in a pixel;
//! - of lines those are left that show something others do not; opaque ones below a pixel that
//!   lie side by side are one line; where opaque ones of one class hide the ground, a line to
//!   and fro stands for them.
//!
//! Beside them lie lists of the features that have a chance to be named, for squares of several
//! sizes: who else is there need not be asked.
//!
//! Columns of a level: those that the layer's styles ask for, `overview_fid` (the number of the
//! feature in the source) and `overview_count` (of how many polygons a rectangle is made, how
//! many lines a line is, of its box's length where it goes to and fro; null for a feature by
//! itself).
//!
//! Only drawing reads levels, and only in the layer's own styles and without a filter: what is
//! asked about features is answered from the features.

mod build;
mod cache;
mod cells;
mod classes;
mod crowd;
mod digest;
mod dots;
mod job;
mod keeper;
mod ladder;
mod names;
mod nets;
mod opaque;
mod plan;
mod simplify;
mod thin;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use crate::catalogue::Layer;
use crate::crs::{Crs, Transform};
use crate::geom::Coord;
use crate::store::{FeatureStore, FgbStore, FileStamp};
use crate::style::Style;

pub use cache::{Cache, default_folder};
pub use keeper::{Keeper, Outcome, Progress};
pub use ladder::Zoom;
pub use names::fid_of;
pub use nets::is_net;

use build::Input;
use cache::{LevelFile, Manifest, NamesFile};

/// The number of a feature in the source.
pub const FID_FIELD: &str = "overview_fid";
/// How many polygons of the source a rectangle stands for, or lines a line.
pub const COUNT_FIELD: &str = "overview_count";

/// One level of one layer.
pub struct Level {
    pub crs: Crs,
    pub zoom: Zoom,
    pub store: Arc<dyn FeatureStore>,
    /// The column of [`FID_FIELD`].
    pub fid_column: Option<usize>,
    /// The column of [`COUNT_FIELD`].
    pub count_column: Option<usize>,
    /// Of its file's bytes: part of the key of what is made from it.
    pub digest: String,
    file: Arc<FgbStore>,
    stamp: FileStamp,
    /// What [`scale_into`] found, by CRS.
    scales: Mutex<HashMap<String, f64>>,
}

/// CRSs that a level remembers the scale of.
const MAX_SCALES: usize = 64;

impl std::fmt::Debug for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Level").field("name", &self.name()).finish()
    }
}

impl Level {
    fn new(file: FgbStore, crs: Crs, zoom: Zoom, digest: String) -> Level {
        let stamp = file.stamp();
        let file = Arc::new(file.with_crs(Some(crs.clone())));
        Level {
            fid_column: file.schema().column(FID_FIELD),
            count_column: file.schema().column(COUNT_FIELD),
            digest,
            scales: Mutex::default(),
            store: Arc::clone(&file) as Arc<dyn FeatureStore>,
            file,
            stamp,
            crs,
            zoom,
        }
    }

    /// `EPSG:3857/z9`: for `explain` and metrics.
    pub fn name(&self) -> String {
        format!("{}/{}", self.crs.id(), self.zoom)
    }

    /// Where its file lies.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Size of its pixel, in units of its CRS.
    pub fn resolution(&self) -> f64 {
        self.zoom.resolution(&self.crs)
    }

    /// How many of its units a unit of another CRS is, at the least.
    fn scale(&self, crs: &Crs) -> f64 {
        let id = crs.id();
        let kept = |scales: &Mutex<HashMap<String, f64>>| {
            let scales = scales.lock().unwrap_or_else(PoisonError::into_inner);
            scales.get(&id).copied()
        };
        if let Some(scale) = kept(&self.scales) {
            return scale;
        }
        let scale = scale_into(self, crs);
        let mut scales = self.scales.lock().unwrap_or_else(PoisonError::into_inner);
        if scales.len() >= MAX_SCALES {
            scales.clear();
        }
        scales.insert(id, scale);
        scale
    }
}

/// The features of a layer that have a chance to be named: the first of each square.
pub struct Names {
    pub crs: Crs,
    /// Squares have sides of two to the power of that many units of the CRS.
    pub exponent: i32,
    /// Points, the anchors of the features.
    pub store: Arc<dyn FeatureStore>,
    /// The column of [`FID_FIELD`].
    pub fid_column: Option<usize>,
    file: Arc<FgbStore>,
    stamp: FileStamp,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").field("name", &self.name()).finish()
    }
}

impl Names {
    fn new(file: FgbStore, crs: Crs, exponent: i32) -> Names {
        let stamp = file.stamp();
        let file = Arc::new(file.with_crs(Some(crs.clone())));
        Names {
            fid_column: file.schema().column(FID_FIELD),
            store: Arc::clone(&file) as Arc<dyn FeatureStore>,
            file,
            stamp,
            crs,
            exponent,
        }
    }

    /// `EPSG:3857/names+11`: for `explain`.
    pub fn name(&self) -> String {
        format!("{}/names{:+}", self.crs.id(), self.exponent)
    }
}

/// True where a file is still the one that was opened.
fn is_sound(file: &FgbStore, stamp: &FileStamp) -> bool {
    FileStamp::of(file.path()).is_ok_and(|now| now == *stamp) && file.warnings().is_empty()
}

/// What is ready of a layer.
#[derive(Debug, Default)]
struct Ready {
    levels: Vec<Arc<Level>>,
    names: Vec<Arc<Names>>,
}

impl Ready {
    fn is_sound(&self) -> bool {
        self.levels.iter().all(|l| is_sound(&l.file, &l.stamp))
            && self.names.iter().all(|n| is_sound(&n.file, &n.stamp))
    }

    fn files(&self) -> impl Iterator<Item = &FgbStore> {
        let levels = self.levels.iter().map(|level| &*level.file);
        levels.chain(self.names.iter().map(|names| &*names.file))
    }
}

/// What is known of a layer.
#[derive(Debug, Clone)]
enum State {
    Ready(Arc<Ready>),
    /// It is drawn from its features, for a reason that the log has.
    Without,
}

/// A layer as it was when its levels were made ready.
struct Entry {
    store: Weak<dyn FeatureStore>,
    styles: Vec<Arc<Style>>,
    state: State,
}

impl Entry {
    fn is_of(&self, layer: &Layer) -> bool {
        let store = self.store.upgrade();
        store.is_some_and(|store| Arc::ptr_eq(&store, &layer.store))
            && self.styles.len() == layer.styles.len()
            && self
                .styles
                .iter()
                .zip(&layer.styles)
                .all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

/// The levels that are ready, of all layers: what drawing asks. It never waits for them.
pub struct Overviews {
    ready: RwLock<HashMap<String, Entry>>,
    /// Layers that were drawn without levels since the keeper looked.
    wanted: Mutex<HashSet<String>>,
    /// How often layers were drawn from a level, by its zoom, and from their features.
    drawn: Vec<AtomicU64>,
    drawn_from_features: AtomicU64,
}

impl Default for Overviews {
    fn default() -> Overviews {
        Overviews {
            ready: RwLock::default(),
            wanted: Mutex::default(),
            drawn: (0..Zoom::COUNT).map(|_| AtomicU64::new(0)).collect(),
            drawn_from_features: AtomicU64::new(0),
        }
    }
}

impl std::fmt::Debug for Overviews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overviews").finish_non_exhaustive()
    }
}

impl Overviews {
    /// The level to draw a layer from, for pixels of `resolution` in units of `crs`; `None` is
    /// the features themselves.
    ///
    /// The choice depends on the CRS and the resolution, never on the place: maps cut side by
    /// side read the same level. A level's pixel is never larger than the view's.
    pub fn level(
        &self,
        layer: &Layer,
        style: &Arc<Style>,
        crs: &Crs,
        resolution: f64,
    ) -> Option<Arc<Level>> {
        // a style sent along has classes of its own
        let is_own = layer.styles.iter().any(|own| Arc::ptr_eq(own, style));
        let level = self.level_for_all_styles(layer, crs, resolution);
        level.filter(|_| is_own)
    }

    /// Counts what a layer was drawn from.
    pub fn count(&self, level: Option<&Level>) {
        let counter = level.and_then(|level| self.drawn.get(level.zoom.place()));
        let counter = counter.unwrap_or(&self.drawn_from_features);
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// How often layers were drawn from levels, by zoom, and from their features (`None`).
    pub fn drawn(&self) -> impl Iterator<Item = (Option<Zoom>, u64)> {
        let by_zoom = self
            .drawn
            .iter()
            .zip(Zoom::all())
            .map(|(n, zoom)| (Some(zoom), n));
        let all = by_zoom.chain([(None, &self.drawn_from_features)]);
        all.map(|(zoom, n)| (zoom, n.load(Ordering::Relaxed)))
    }

    /// The same for whoever draws in any of the layer's styles, as clients draw vector tiles.
    pub fn level_for_all_styles(
        &self,
        layer: &Layer,
        crs: &Crs,
        resolution: f64,
    ) -> Option<Arc<Level>> {
        let ready = self.ready(layer)?;
        let levels = &ready.levels;
        let fitting = |level: &&Arc<Level>| {
            let scale = if level.crs == *crs {
                1.0
            } else {
                level.scale(crs)
            };
            level.resolution() <= resolution * scale * (1.0 + 1e-6)
        };
        // those of the view's own CRS where there are any, else of the one prepared first
        let own = levels.iter().find(|level| level.crs == *crs);
        let prepared = &own.or(levels.first())?.crs;
        levels
            .iter()
            .filter(|level| level.crs == *prepared)
            .filter(fitting)
            .min_by_key(|level| level.zoom)
            .cloned()
    }

    /// The features to ask for their names, of a layer drawn in a style of its own, where labels
    /// have a chance that are the first of a square of two to the power of `exponent` units of
    /// `crs`; `None` is all of them.
    pub fn names(
        &self,
        layer: &Layer,
        style: &Arc<Style>,
        crs: &Crs,
        exponent: i32,
    ) -> Option<Arc<Names>> {
        let ready = self.ready(layer)?;
        let is_own = layer.styles.iter().any(|own| Arc::ptr_eq(own, style));
        let lists = ready.names.iter().filter(|_| is_own);
        lists
            .filter(|names| names.crs == *crs && names.exponent <= exponent)
            .max_by_key(|names| names.exponent)
            .cloned()
    }

    /// What is ready of a layer; what is not is wanted from now on.
    ///
    /// A part of a layer has no levels: those of the whole show what the part leaves out.
    fn ready(&self, layer: &Layer) -> Option<Arc<Ready>> {
        let layer = layer.whole()?;
        match self.state(layer) {
            Some(State::Ready(ready)) => Some(ready),
            Some(State::Without) => None,
            None => {
                let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
                if !wanted.contains(&layer.id) {
                    wanted.insert(layer.id.clone());
                }
                None
            }
        }
    }

    fn state(&self, layer: &Layer) -> Option<State> {
        let ready = self.ready.read().unwrap_or_else(PoisonError::into_inner);
        let entry = ready.get(&layer.id).filter(|entry| entry.is_of(layer));
        entry.map(|entry| entry.state.clone())
    }

    fn set(&self, layer: &Layer, state: State) {
        let entry = Entry {
            store: Arc::downgrade(&layer.store),
            styles: layer.styles.clone(),
            state,
        };
        let mut ready = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        ready.insert(layer.id.clone(), entry);
    }

    fn forget(&self, id: &str) {
        let mut ready = self.ready.write().unwrap_or_else(PoisonError::into_inner);
        ready.remove(id);
    }

    /// The levels and lists of a folder, where a layer has all that its manifest names open, each
    /// file still as it was when its bytes were checked. Layers that read one file in styles
    /// alike share them: a hundred layers check the bytes once and map them once.
    fn opened(&self, folder: &Path, manifest: &Manifest) -> Option<Ready> {
        let lies_in = |file: &FgbStore, name: &str| file.path() == folder.join(name);
        let ready = self.ready.read().unwrap_or_else(PoisonError::into_inner);
        let mut of_layers = ready.values().filter_map(|entry| match &entry.state {
            State::Ready(ready) => Some(ready),
            State::Without => None,
        });
        let found = of_layers.find_map(|ready| {
            let level = |told: &LevelFile| {
                let mut open = ready.levels.iter();
                open.find(|level| level.digest == told.digest && lies_in(&level.file, &told.file))
            };
            let names = |told: &NamesFile| {
                let mut open = ready.names.iter();
                open.find(|names| lies_in(&names.file, &told.file))
            };
            let levels: Option<Vec<_>> = manifest.levels.iter().map(level).collect();
            let names: Option<Vec<_>> = manifest.names.iter().map(names).collect();
            Some(Ready {
                levels: levels?.into_iter().cloned().collect(),
                names: names?.into_iter().cloned().collect(),
            })
        });
        drop(ready);
        found.filter(Ready::is_sound)
    }

    /// The keys of the cache that levels were opened from.
    fn keys(&self) -> HashSet<String> {
        let ready = self.ready.read().unwrap_or_else(PoisonError::into_inner);
        let ready = ready.values().filter_map(|entry| match &entry.state {
            State::Ready(ready) if entry.store.strong_count() > 0 => Some(ready),
            _ => None,
        });
        let files = ready.flat_map(|ready| ready.files());
        let name = |file: &FgbStore| Some(file.path().parent()?.file_name()?.to_owned());
        files
            .filter_map(name)
            .filter_map(|name| name.into_string().ok())
            .collect()
    }

    /// The layers that were drawn without levels since this was last asked.
    fn take_wanted(&self) -> HashSet<String> {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *wanted)
    }
}

/// How many units of the level's CRS one unit of `crs` is, at the least, over the level's extent.
fn scale_into(level: &Level, crs: &Crs) -> f64 {
    let nominal = crs.metres_per_unit / level.crs.metres_per_unit;
    let (Some(extent), Ok(back)) = (level.store.extent(), Transform::new(&level.crs, crs)) else {
        return 0.0;
    };
    let step = level.resolution();
    let mut least = f64::INFINITY;
    for (x, y) in [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (0.0, 0.5), (0.5, 0.5)]
        .into_iter()
        .chain([(1.0, 0.5), (0.0, 1.0), (0.5, 1.0), (1.0, 1.0)])
    {
        let at: Coord = [
            extent.min_x + x * extent.width(),
            extent.min_y + y * extent.height(),
        ];
        let mut images = [at, [at[0] + step, at[1]], [at[0], at[1] + step]];
        back.forward(&mut images);
        let [origin, east, north] = images;
        for side in [east, north] {
            let length = (side[0] - origin[0]).hypot(side[1] - origin[1]);
            if length.is_finite() && length > 0.0 {
                least = least.min(step / length);
            }
        }
    }
    // what can't be told is taken for what the units say, of half the size
    if least.is_finite() {
        least
    } else {
        nominal / 2.0
    }
}
