//! From a path to a catalogue, and from a changed path to the next one: what did not change is
//! not read again.

mod reading;
mod refused;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::archives::{self, Archives};
use super::assemble::Assembly;
use super::build::StyleRead;
use super::diagnostic::{Diagnostic, Findings, Severity};
use super::file::ServerFile;
use super::folder::Folder;
use super::identities;
use super::kept::Kept;
use super::maps;
use super::plan::{LayerRead, Outcome, Plan, Planner};
use super::repeated::{Repeated, repeated};
use super::tile_sets::{self, TileSetRead};
use super::{Opened, Sources};
use crate::catalogue::{Access, Catalogue, Fault, Layer};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::identity::Identities;
use crate::operation::Limits;

/// How to load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// One error refuses everything: [`Loaded::refused`].
    pub strict: bool,
    /// Layer files may name data outside of the served folder.
    pub allow_outside: bool,
}

/// What became of a path, and what is needed to load its next state quickly.
#[derive(Debug)]
pub struct Loaded {
    pub catalogue: Arc<Catalogue>,
    pub server: ServerFile,
    pub limits: Limits,
    /// By what people prove the roles that restricted layers and maps ask for.
    pub identities: Arc<Identities>,
    /// Sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// True where nothing may be served: the path can't be read, or `strict` met an error.
    pub refused: bool,
    /// What was there, by which a change is noticed.
    pub folder: Folder,
    /// Files outside of the folder's own places that layers use.
    pub named: Vec<PathBuf>,
    state: State,
}

/// What was read, by file.
#[derive(Debug, Default, Clone)]
struct State {
    files: Kept<LayerRead>,
    stores: Kept<Result<Opened>>,
    styles: Kept<StyleRead>,
    tile_sets: Kept<TileSetRead>,
    layers: HashMap<PathBuf, Built>,
    archives: Archives,
    maps: maps::State,
    /// What was found out of columns of ids.
    ids: Vec<Ids>,
    declared: Declared,
    /// Folders that could not be looked into.
    unlisted: HashSet<PathBuf>,
}

/// What configuration there was in this state or in one before it: where it goes away, what it
/// closed does not open.
#[derive(Debug, Default, Clone, Copy)]
struct Declared {
    server: bool,
    layers: bool,
}

/// Whether a column of some data repeats ids.
#[derive(Debug, Clone)]
struct Ids {
    of: Arc<Result<Opened>>,
    column: usize,
    repeated: Option<Repeated>,
}

/// A layer and all that it was made from.
#[derive(Debug, Clone)]
struct Built {
    made_from: MadeFrom,
    layer: Arc<Layer>,
    /// What was found when it was made.
    diagnostics: Vec<Diagnostic>,
}

impl Built {
    /// The layer for those who may see it now, whatever was said when it was made.
    fn seen_as(mut self, access: Option<&Access>) -> Built {
        if let Some(access) = access.filter(|access| **access != self.layer.access) {
            self.layer = Arc::new(Layer {
                access: access.clone(),
                ..Layer::clone(&self.layer)
            });
        }
        self
    }
}

#[derive(Debug, Clone)]
struct MadeFrom {
    read: Arc<LayerRead>,
    store: Arc<Result<Opened>>,
    styles: Vec<Arc<StyleRead>>,
    nth: usize,
    record: Option<PathBuf>,
    languages: Vec<String>,
    repeated: Vec<(usize, Repeated)>,
}

impl MadeFrom {
    fn is_same(&self, other: &MadeFrom) -> bool {
        let styles = self.styles.iter().zip(&other.styles);
        (Arc::ptr_eq(&self.read, &other.read) || self.read.file == other.read.file)
            && Arc::ptr_eq(&self.store, &other.store)
            && self.styles.len() == other.styles.len()
            && styles.into_iter().all(|(a, b)| Arc::ptr_eq(a, b))
            && (self.nth == other.nth || !self.styles.is_empty())
            && self.record == other.record
            && self.languages == other.languages
            && self.repeated == other.repeated
    }
}

/// Loads what lies at a path. It never fails: what is wrong is in the diagnostics, and the
/// catalogue holds what can be served.
pub fn load(path: &Path, options: LoadOptions, sources: &dyn Sources) -> Loaded {
    reload(path, options, sources, None, &HashSet::new())
}

/// The same, reusing what a previous load read of files that did not change. Files that are
/// `held` (being written) count as they were then. A layer whose new version has a fault keeps
/// its previous one; where everything is refused, the whole previous catalogue stays.
pub fn reload(
    path: &Path,
    options: LoadOptions,
    sources: &dyn Sources,
    previous: Option<&Loaded>,
    held: &HashSet<PathBuf>,
) -> Loaded {
    let named: &[PathBuf] = previous.map_or(&[], |p| p.named.as_slice());
    let loaded = match Folder::scan(path, named) {
        Ok(folder) => {
            let kept = previous.and_then(|previous| {
                let lost = previous.lost_in(&folder)?;
                Some(previous.kept_without(lost, folder.clone()))
            });
            if let Some(kept) = kept {
                return kept;
            }
            Loader {
                folder,
                options,
                sources,
                previous,
                held,
            }
            .load()
        }
        Err(message) => Loaded {
            catalogue: Arc::default(),
            server: ServerFile::default(),
            limits: Limits::default(),
            identities: Arc::default(),
            diagnostics: vec![Diagnostic::of_file(Severity::Error, path, message)],
            refused: true,
            folder: Folder::default(),
            named: Vec::new(),
            state: State::default(),
        },
    };
    match previous {
        Some(previous) if loaded.refused => loaded.falls_back_to(previous),
        _ => loaded,
    }
}

impl Loaded {
    /// A map as it was settled, each value with where it comes from, as text.
    ///
    /// # Errors
    /// `Config` where there is no such map, with the nearest name.
    pub fn explain_map(&self, id: &str) -> Result<String> {
        let maps = &self.catalogue.maps;
        let map = maps.get(id).or_else(|| maps.by_alias(id));
        let text = map.and_then(|map| maps::explain(map, &self.state.maps, &self.folder));
        text.ok_or_else(|| Error::Config {
            message: self.why_no_map(id),
        })
    }

    /// Why there is no map of an id, and what may be meant.
    pub fn why_no_map(&self, id: &str) -> String {
        let root = self.folder.root.display();
        if self.refused {
            let first = first_error(&self.diagnostics);
            return first.unwrap_or_else(|| format!("{root} can't be read"));
        }
        let maps = &self.catalogue.maps;
        let ids: Vec<&str> = maps.iter().map(|map| map.id.as_str()).collect();
        let own_file = self.folder.maps.iter().find(|path| {
            let stem = path.file_stem().unwrap_or_default();
            stem.to_str() == Some(id)
        });
        if let Some(path) = own_file {
            let shown = self.folder.relative(path).display();
            let made = self.state.maps.maps_of(path);
            return match made.is_empty() {
                true => format!("no map {id:?}: {shown} has a fault, see `cartotheque check`"),
                false => format!("no map {id:?}: {shown} makes {}", some(&made)),
            };
        }
        if self.folder.maps.is_empty() {
            return format!("no map {id:?}: {root} has none in capabilities/maps/");
        }
        if let Some(meant) = crate::error::nearest(id, ids.iter().copied()) {
            return format!("no map {id:?}, did you mean {meant:?}?");
        }
        let what = match self.catalogue.layer(id).is_ok() {
            true => "is a layer, and no map",
            false => "is no map",
        };
        format!("{id:?} {what}; the maps: {}", some(&ids))
    }

    /// Filters of maps that no feature passes.
    pub(super) fn empty_filters(&self) -> Vec<Diagnostic> {
        maps::empty_filters(&self.catalogue.maps, &self.state.maps, &self.folder)
    }

    /// Looks whether the columns of ids that nobody has looked at repeat any, until `stop` is
    /// set: true where one does, and the next load makes ids of positions.
    pub(super) fn look_for_repeated_ids(&mut self, stop: &AtomicBool) -> bool {
        let mut is_any = false;
        for built in self.state.layers.values() {
            let (of, layer) = (&built.made_from.store, &built.layer);
            let is_of = |ids: &Ids, column| Arc::ptr_eq(&ids.of, of) && ids.column == column;
            let column = layer.id_column.filter(|column| {
                let mut known = self.state.ids.iter();
                !known.any(|ids| is_of(ids, *column))
            });
            let Some(column) = column else {
                continue;
            };
            // data that can't be read say so where they are asked for
            let repeated = repeated(&*layer.store, column, stop).ok().flatten();
            if stop.load(Ordering::Relaxed) {
                return false;
            }
            is_any |= repeated.is_some();
            let of = Arc::clone(of);
            self.state.ids.push(Ids {
                of,
                column,
                repeated,
            });
        }
        is_any
    }

    /// How many findings of that severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        let of_it = self.diagnostics.iter().filter(|d| d.severity == severity);
        of_it.count()
    }
}

struct Loader<'a> {
    folder: Folder,
    options: LoadOptions,
    sources: &'a dyn Sources,
    previous: Option<&'a Loaded>,
    held: &'a HashSet<PathBuf>,
}

/// The server file.
struct ServerRead {
    /// What counts: that of before where there is a fault.
    file: ServerFile,
    /// What is there now, as far as it tells by what people prove their roles; that of before
    /// where it can't be known.
    said: ServerFile,
    findings: Findings,
    fault: Option<Fault>,
}

/// What the layers of one load are built from.
struct Material {
    stores: Kept<Result<Opened>>,
    styles: Kept<StyleRead>,
    crs: HashMap<String, Result<Crs>>,
    languages: Vec<String>,
}

/// What came of the layers.
struct Gathered {
    layers: Vec<Arc<Layer>>,
    by_origin: HashMap<PathBuf, Built>,
    declared: HashSet<String>,
    faults: Vec<Fault>,
    diagnostics: Vec<Diagnostic>,
}

impl Loader<'_> {
    fn load(mut self) -> Loaded {
        let ServerRead {
            file: server,
            said,
            mut findings,
            fault: server_fault,
        } = self.server();
        let files = self.layer_files();
        let was_declared = self.declared();
        let plans = Planner {
            folder: &self.folder,
            is_declared: was_declared.layers,
            server: &server,
            held: self.held,
            allow_outside: self.options.allow_outside,
        }
        .plans(&files);
        let mut named = named_files(&plans);
        let is_server_at_fault = server_fault.is_some();
        let files_of = |file| identities::files(file, &self.folder.root);
        let secrets = files_of(&server).chain(files_of(&said));
        named.extend(secrets.filter(|path| path.is_file()));
        self.folder.add_named(&named);
        let material = self.material(&plans, &server);
        let mut diagnostics = self.folder_diagnostics(&plans, &material.styles);

        let (of_tiles, plans): (Vec<Plan>, Vec<Plan>) =
            plans.into_iter().partition(Plan::is_archive);
        let archives = archives::Builder {
            folder: &self.folder,
            sources: self.sources,
            held: self.held,
            languages: &material.languages,
            previous: self.state().map(|s| &s.archives),
        }
        .build(of_tiles);
        let results: Vec<(Plan, Option<Built>)> = plans
            .into_par_iter()
            .map(|plan| self.build(plan, &material))
            .collect();
        let Gathered {
            layers,
            by_origin,
            declared,
            faults: of_layers,
            diagnostics: told,
        } = self.gathered(results, archives.declared, &server);
        let mut faults = archives.faults;
        faults.extend(of_layers);
        diagnostics.extend(archives.diagnostics);
        diagnostics.extend(told);
        faults.extend(server_fault);
        let tile_sets = self.tile_sets();
        let (tile_matrix_sets, found) =
            tile_sets::assemble(self.folder.tile_matrix_sets.iter().filter_map(|path| {
                Some((
                    self.folder.relative(path).to_owned(),
                    &**tile_sets.get(path)?,
                ))
            }));
        faults.extend(found.iter().map(|fault| Fault {
            access: Access::default(),
            subject: fault.file.display().to_string(),
            message: fault.one_line(),
            still_served: false,
        }));
        diagnostics.extend(found);
        let mut catalogue = Assembly {
            tile_matrix_sets,
            folder: &self.folder,
            server: &server,
            languages: &material.languages,
            layers,
            archives: archives.layers,
            declared: &declared,
            faults,
            previous_sequence: self.previous.map(|p| p.catalogue.sequence),
            sources: self.sources,
        }
        .catalogue(&mut findings);
        let mut identities = identities::identities(&said, &self.folder.root, &mut findings);
        if let (true, Some(previous)) = (is_server_at_fault, self.previous) {
            identities = identities.narrowed(&previous.identities);
        }
        let archives_declared = catalogue.archives.iter().map(|a| a.id.clone()).collect();
        let built = maps::Builder {
            folder: &self.folder,
            server: &server,
            languages: &material.languages,
            sources: self.sources,
            crs: &catalogue.site.crs,
            layers: &catalogue.layers,
            declared: &declared,
            archives: &archives_declared,
        }
        .build(self.map_files(), self.state().map(|s| &s.maps));
        catalogue.faults.extend(built.faults);
        diagnostics.extend(built.diagnostics);
        let catalogue = catalogue.with_maps(built.maps);
        diagnostics.extend(findings.into_vec());
        diagnostics.sort();
        diagnostics.dedup();
        let ids = self.state().map(|state| state.ids.clone());
        let mut ids = ids.unwrap_or_default();
        ids.retain(|known| {
            let mut built = by_origin.values();
            built.any(|built| Arc::ptr_eq(&built.made_from.store, &known.of))
        });
        let unlisted = self.folder.unlisted.iter().map(|(path, _)| path.clone());
        let unlisted = unlisted.collect();
        let has_errors = diagnostics.iter().any(|d| d.severity == Severity::Error);
        Loaded {
            catalogue: Arc::new(catalogue),
            limits: server.limits.clone(),
            identities: Arc::new(identities),
            server,
            diagnostics,
            refused: self.options.strict && has_errors,
            folder: self.folder,
            named,
            state: State {
                files,
                stores: material.stores,
                styles: material.styles,
                tile_sets,
                layers: by_origin,
                archives: archives.state,
                maps: built.state,
                ids,
                declared: was_declared,
                unlisted,
            },
        }
    }

    /// Parts what came of the layers, in their order, with the faults of those that are refused.
    /// `declared` are the ids of layers of tiles.
    fn gathered(
        &self,
        results: Vec<(Plan, Option<Built>)>,
        declared: HashSet<String>,
        server: &ServerFile,
    ) -> Gathered {
        let mut gathered = Gathered {
            layers: Vec::with_capacity(results.len()),
            by_origin: HashMap::with_capacity(results.len()),
            declared,
            faults: Vec::new(),
            diagnostics: Vec::new(),
        };
        for (plan, built) in results {
            let id = plan.read.file.id.value.clone();
            if let Some(message) = fault_of(&plan) {
                let access = plan.access.clone();
                let access = access.or_else(|| {
                    // a file that can't be read is of what it was of
                    let before = self.state()?.layers.get(&plan.origin)?;
                    Some(before.layer.access.clone())
                });
                let unknown = || match server.roles.is_empty() {
                    true => Access::Public,
                    false => Access::Roles(Vec::new()),
                };
                gathered.faults.push(Fault {
                    access: access.unwrap_or_else(unknown),
                    subject: id.clone(),
                    message,
                    still_served: built.is_some(),
                });
            }
            gathered.declared.insert(id);
            if let Some(built) = built {
                gathered.layers.push(Arc::clone(&built.layer));
                gathered
                    .diagnostics
                    .extend(built.diagnostics.iter().cloned());
                gathered.by_origin.insert(plan.origin, built);
            }
            gathered.diagnostics.extend(plan.findings.into_vec());
        }
        gathered
    }

    fn declared(&self) -> Declared {
        let before = self.state().map(|state| state.declared);
        let before = before.unwrap_or_default();
        Declared {
            server: before.server || self.folder.server.is_some(),
            layers: before.layers || !self.folder.layers.is_empty(),
        }
    }

    fn state(&self) -> Option<&State> {
        self.previous.map(|previous| &previous.state)
    }
}

/// Why a layer is not served as written, where that may be said in public.
pub(super) fn fault_of(plan: &Plan) -> Option<String> {
    match plan.outcome {
        Outcome::Withhold => None,
        Outcome::Absent => plan.findings.as_slice().first().map(Diagnostic::one_line),
        Outcome::Build | Outcome::Refuse => first_error(plan.findings.as_slice()),
    }
}

/// The first names of a list.
fn some(names: &[&str]) -> String {
    let first = names
        .iter()
        .take(12)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len() {
        13.. => format!("{first}, …"),
        _ => first,
    }
}

/// The first error in words, with the number of the others.
pub(super) fn first_error(diagnostics: &[Diagnostic]) -> Option<String> {
    let mut errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let first = errors.next()?.one_line();
    Some(match errors.count() {
        0 => first,
        more => format!("{first}, and {more} more"),
    })
}

fn distinct<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    paths.filter(|path| seen.insert(*path)).cloned().collect()
}

fn named_files(plans: &[Plan]) -> Vec<PathBuf> {
    distinct(plans.iter().flat_map(|p| p.data.iter().chain(&p.record)))
}
