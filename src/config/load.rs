//! From a path to a catalogue, and from a changed path to the next one: what did not change is
//! not read again.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::archives::{self, Archives};
use super::assemble::{Assembly, with_faults};
use super::build::{Ingredients, StyleRead, build};
use super::diagnostic::{Diagnostic, Findings, Severity};
use super::file::{self, LayerFile, ServerFile};
use super::folder::Folder;
use super::foreign;
use super::identities;
use super::kept::Kept;
use super::maps::{self, MapRead};
use super::plan::{LayerRead, Outcome, Plan, Planner};
use super::repeated::{Repeated, repeated};
use super::tile_sets::{self, TileSetRead};
use super::{Opened, Sources};
use crate::catalogue::{Access, Catalogue, Fault, Layer};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::identity::Identities;
use crate::operation::Limits;
use crate::style::{StyleNoteKind, columns_of};

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

/// Who may see what, as files say it.
struct Said {
    /// By the ids of layers.
    layers: HashMap<String, Access>,
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
        Ok(folder) => Loader {
            folder,
            options,
            sources,
            previous,
            held,
        }
        .load(),
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
    /// The previous state, with the reasons why this one is refused.
    fn falls_back_to(self, previous: &Loaded) -> Loaded {
        let errors = self.diagnostics.iter();
        let errors = errors.filter(|d| d.severity == Severity::Error);
        let faults = errors.map(|d| {
            // the folder itself: anybody may read /health, the log has its whole path
            let mut public = d.clone();
            if let (true, Some(name)) = (d.file.is_absolute(), d.file.file_name()) {
                public.file = name.into();
            }
            Fault {
                access: self.told_to(&d.file, previous),
                subject: public.file.display().to_string(),
                message: public.one_line(),
                still_served: true,
            }
        });
        let catalogue = with_faults(&previous.catalogue, faults.collect());
        let catalogue = self.narrowed(catalogue, previous);
        Loaded {
            catalogue: Arc::new(catalogue),
            server: previous.server.clone(),
            limits: previous.limits.clone(),
            identities: Arc::new(self.identities.narrowed(&previous.identities)),
            named: previous.named.clone(),
            state: previous.state.clone(),
            ..self
        }
    }

    /// The catalogue of before, with what the files say now where that is for fewer people: a
    /// fault somewhere else does not keep open what was closed. A layer or map whose own file
    /// can't be read stays as it was.
    fn narrowed(&self, catalogue: Catalogue, previous: &Loaded) -> Catalogue {
        let said = self.said(previous);
        let of_layer = |id: &str| said.layers.get(id).cloned().unwrap_or_default();
        let (maps, site) = (&self.state.maps, &self.server.access);
        let of_map = |id: &str| maps.said_of(&previous.state.maps, id, site);
        let narrower = catalogue.narrowed(&of_layer, &of_map, self.catalogue.sequence);
        // it was put together from the same parts before: it can't fail now
        let narrower = narrower.unwrap_or_default();
        let is_same = narrower
            .layers
            .iter()
            .zip(&catalogue.layers)
            .all(|(a, b)| Arc::ptr_eq(a, b))
            && narrower
                .archives
                .iter()
                .zip(&catalogue.archives)
                .all(|(a, b)| a.access == b.access)
            && narrower
                .maps
                .iter()
                .zip(catalogue.maps.iter())
                .all(|(a, b)| a.access == b.access);
        if is_same { catalogue } else { narrower }
    }

    /// Who may be told of a fault in a file: who may see what it is of.
    fn told_to(&self, file: &Path, previous: &Loaded) -> Access {
        let path = self.folder.root.join(file);
        let before = previous.state.layers.get(&path);
        let before = before.map_or(Access::Public, |built| built.layer.access.clone());
        let now = match self.state.files.get(&path).map(|read| &read.file.access) {
            None | Some(file::Access::Unknown) => Access::Public,
            Some(access) => access.settled(&self.server.access),
        };
        let maps = &self.state.maps;
        let of_map = maps.said_in(&previous.state.maps, &path, &self.server.access);
        before.narrowed(&now).narrowed(&of_map)
    }

    /// What the layer files say of who may see their layers.
    fn said(&self, previous: &Loaded) -> Said {
        let site = &self.server.access;
        let mut layers = HashMap::new();
        if self.folder.layers.is_empty() && !self.folder.root.as_os_str().is_empty() {
            let inherited = file::Access::Inherited.settled(site);
            for layer in &previous.catalogue.layers {
                layers.insert(layer.id.clone(), inherited.clone());
            }
        }
        for path in &self.folder.layers {
            let Some(read) = self.state.files.get(path) else {
                continue;
            };
            if read.file.access != file::Access::Unknown {
                layers.insert(read.file.id.value.clone(), read.file.access.settled(site));
            }
        }
        Said { layers }
    }

    /// A map as it was settled, each value with where it comes from, as text.
    ///
    /// # Errors
    /// `Config` where there is no such map, with the nearest name.
    pub fn explain_map(&self, id: &str) -> Result<String> {
        let maps = &self.catalogue.maps;
        let map = maps.get(id).or_else(|| maps.by_alias(id));
        let text = map.and_then(|map| maps::explain(map, &self.state.maps, &self.folder));
        text.ok_or_else(|| {
            let ids = maps.iter().map(|map| map.id.as_str());
            let meant = match crate::error::nearest(id, ids) {
                Some(meant) => format!(", did you mean {meant:?}?"),
                None => String::new(),
            };
            Error::Config {
                message: format!("no map {id:?}{meant}"),
            }
        })
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

impl Loader<'_> {
    fn load(mut self) -> Loaded {
        let ServerRead {
            file: server,
            said,
            mut findings,
            fault: server_fault,
        } = self.server();
        let files = self.layer_files();
        let plans = Planner {
            folder: &self.folder,
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
        let mut built_layers = HashMap::with_capacity(results.len());
        let mut layers = Vec::with_capacity(results.len());
        let mut declared = HashSet::with_capacity(results.len());
        let mut faults = archives.faults;
        declared.extend(archives.declared);
        diagnostics.extend(archives.diagnostics);
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
                faults.push(Fault {
                    access: access.unwrap_or_else(unknown),
                    subject: id.clone(),
                    message,
                    still_served: built.is_some(),
                });
            }
            declared.insert(id);
            if let Some(built) = built {
                layers.push(Arc::clone(&built.layer));
                diagnostics.extend(built.diagnostics.iter().cloned());
                built_layers.insert(plan.origin, built);
            }
            diagnostics.extend(plan.findings.into_vec());
        }
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
            let mut built = built_layers.values();
            built.any(|built| Arc::ptr_eq(&built.made_from.store, &known.of))
        });
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
                layers: built_layers,
                archives: archives.state,
                maps: built.state,
                ids,
            },
        }
    }

    fn state(&self) -> Option<&State> {
        self.previous.map(|previous| &previous.state)
    }

    /// The server file; a faulty new one leaves the previous one in force.
    fn server(&self) -> ServerRead {
        let path = self.folder.server.as_deref();
        let shown = path.map_or(Path::new("capabilities/server.yaml"), |path| {
            self.folder.relative(path)
        });
        let mut findings = Findings::new(shown);
        let before = self.previous.map(|previous| &previous.server);
        let server = match (path, before) {
            (None, _) => ServerFile::default(),
            (Some(path), Some(before)) if self.held.contains(path) => before.clone(),
            (Some(path), _) => ServerFile::read(path, &mut findings),
        };
        let Some(message) = first_error(findings.as_slice()) else {
            return ServerRead {
                said: server.clone(),
                file: server,
                findings,
                fault: None,
            };
        };
        let is_of_identities = |key: &str| {
            let first = key.split('.').next().unwrap_or_default();
            matches!(first, "" | "roles" | "identities")
        };
        let mut errors = findings.as_slice().iter();
        let is_unknown = errors.any(|d| d.severity == Severity::Error && is_of_identities(&d.key));
        let before = before.cloned();
        let said = before.clone().filter(|_| is_unknown);
        let fault = Fault {
            access: Access::default(),
            subject: shown.display().to_string(),
            message,
            still_served: true,
        };
        ServerRead {
            said: said.unwrap_or_else(|| server.clone()),
            file: before.unwrap_or(server),
            findings,
            fault: Some(fault),
        }
    }

    fn layer_files(&self) -> Kept<LayerRead> {
        Kept::read(
            self.state().map(|s| &s.files),
            &self.folder.layers,
            0,
            &self.folder,
            self.held,
            |path| {
                let mut findings = Findings::new(self.folder.relative(path));
                LayerRead {
                    file: LayerFile::read(path, &mut findings),
                    diagnostics: findings.into_vec(),
                }
            },
        )
    }

    fn map_files(&self) -> Kept<MapRead> {
        Kept::read(
            self.state().map(|s| &s.maps.files),
            &self.folder.maps,
            0,
            &self.folder,
            self.held,
            |path| maps::read(path, &self.folder),
        )
    }

    fn tile_sets(&self) -> Kept<TileSetRead> {
        Kept::read(
            self.state().map(|s| &s.tile_sets),
            &self.folder.tile_matrix_sets,
            0,
            &self.folder,
            self.held,
            tile_sets::read,
        )
    }

    fn material(&self, plans: &[Plan], server: &ServerFile) -> Material {
        // what is withheld is not even opened
        let wanted = || {
            plans
                .iter()
                .filter(|plan| plan.outcome == Outcome::Build && !plan.is_archive())
        };
        let mut crs: HashMap<String, Result<Crs>> = HashMap::new();
        for at in wanted().filter_map(|plan| plan.read.file.crs.as_ref()) {
            if !crs.contains_key(&at.value) {
                crs.insert(at.value.clone(), self.sources.parse_crs(&at.value));
            }
        }
        Material {
            stores: Kept::read(
                self.state().map(|s| &s.stores),
                &distinct(wanted().filter_map(|plan| plan.data.as_ref())),
                0,
                &self.folder,
                self.held,
                |path| self.sources.open_store(path),
            ),
            styles: Kept::read(
                self.state().map(|s| &s.styles),
                &distinct(wanted().flat_map(|plan| &plan.styles)),
                self.pictures(),
                &self.folder,
                self.held,
                |path| self.read_style(path),
            ),
            crs,
            languages: match server.languages.as_slice() {
                [] => vec!["fr".to_owned(), "en".to_owned()],
                said => said.to_vec(),
            },
        }
    }

    /// Changes when a picture that styles may hold changes.
    fn pictures(&self) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        for path in &self.folder.style_parts {
            (path, self.folder.stamp(path)).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn read_style(&self, path: &Path) -> StyleRead {
        let shown = self.folder.relative(path).to_owned();
        let at = |line, column, severity, message: String| Diagnostic {
            line,
            column,
            length: 1,
            ..Diagnostic::of_file(severity, &shown, message)
        };
        let mut diagnostics = Vec::new();
        let style = self.sources.read_style(path).map(|(mut style, notes)| {
            for note in notes {
                let (severity, what) = match note.kind {
                    StyleNoteKind::Kept => (Severity::Info, "kept"),
                    StyleNoteKind::Approximated => (Severity::Info, "approximated"),
                    StyleNoteKind::Dropped => (Severity::Warning, "dropped"),
                };
                let message = format!("{what}: {}", note.message);
                diagnostics.push(at(note.line, note.column, severity, message));
            }
            let stem = path.file_stem().unwrap_or_default();
            style.id = stem.to_string_lossy().into_owned();
            Arc::new(style)
        });
        match &style {
            Ok(_) => {}
            Err(
                Error::InvalidStyle {
                    message,
                    line,
                    column,
                }
                | Error::Syntax {
                    message,
                    line,
                    column,
                },
            ) => diagnostics.push(at(*line, *column, Severity::Error, message.clone())),
            Err(error) => diagnostics.push(at(0, 0, Severity::Error, error.to_string())),
        }
        StyleRead {
            columns: style.as_deref().map(columns_of).unwrap_or_default(),
            path: path.to_owned(),
            shown,
            style,
            diagnostics,
        }
    }

    fn build(&self, mut plan: Plan, material: &Material) -> (Plan, Option<Built>) {
        let before = self.state().and_then(|s| s.layers.get(&plan.origin));
        let built = match plan.outcome {
            Outcome::Build => self.build_anew(&mut plan, material, before),
            Outcome::Refuse | Outcome::Absent | Outcome::Withhold => None,
        };
        // what is refused keeps the version that it had, if there is anything left of it
        let kept = (plan.outcome == Outcome::Refuse).then(|| {
            before
                .filter(|before| !before.layer.store.is_gone())
                .cloned()
        });
        let built = built.or_else(|| {
            kept.flatten().map(|kept| Built {
                diagnostics: Vec::new(),
                ..kept
            })
        });
        let built = built.map(|built| built.seen_as(plan.access.as_ref()));
        (plan, built)
    }

    fn build_anew(
        &self,
        plan: &mut Plan,
        material: &Material,
        before: Option<&Built>,
    ) -> Option<Built> {
        let data = plan.data.as_deref()?;
        let read = Arc::clone(&plan.read);
        let file = &read.file;
        let place = file.source.as_ref().map(|at| at.place.clone());
        let Some(store) = material.stores.get(data) else {
            let message = "the data are being written: they are read when that is over";
            let place = place.unwrap_or_default();
            plan.findings.add(Severity::Warning, &place, message, None);
            plan.outcome = Outcome::Absent;
            return None;
        };
        let styles: Vec<Arc<StyleRead>> = plan
            .styles
            .iter()
            .filter_map(|path| material.styles.get(path).cloned())
            .collect();
        let made_from = MadeFrom {
            read: Arc::clone(&read),
            store: Arc::clone(store),
            styles,
            nth: plan.nth,
            record: plan.record.clone(),
            languages: material.languages.clone(),
            repeated: self.repeated_in(store),
        };
        if let Some(before) = before.filter(|before| before.made_from.is_same(&made_from)) {
            return Some(before.clone());
        }
        let opened = match &**store {
            Ok(opened) => opened,
            Err(error) => {
                let message = match error {
                    // the file is named by the finding already
                    Error::Data { message, .. } | Error::Io { message, .. } => message.clone(),
                    other => other.to_string(),
                };
                let place = place.unwrap_or_default();
                plan.findings.error(&place, message);
                plan.outcome = Outcome::Refuse;
                return None;
            }
        };
        let ingredients = Ingredients {
            file,
            data,
            opened,
            styles: &made_from.styles,
            nth: plan.nth,
            languages: &material.languages,
            crs: file.crs.as_ref().and_then(|at| material.crs.get(&at.value)),
            record: plan.record.as_deref(),
            repeated: &made_from.repeated,
        };
        let mut findings = Findings::new(self.folder.relative(&plan.origin));
        match build(ingredients, self.sources, &mut findings) {
            Some(layer) => Some(Built {
                layer: Arc::new(layer),
                made_from,
                diagnostics: findings.into_vec(),
            }),
            None => {
                plan.outcome = Outcome::Refuse;
                for finding in findings.into_vec() {
                    plan.findings.push(finding);
                }
                None
            }
        }
    }

    fn repeated_in(&self, store: &Arc<Result<Opened>>) -> Vec<(usize, Repeated)> {
        let known = self.state().into_iter().flat_map(|state| &state.ids);
        let own = known.filter(|ids| Arc::ptr_eq(&ids.of, store));
        own.filter_map(|ids| Some((ids.column, ids.repeated.clone()?)))
            .collect()
    }

    /// What is odd about the folder as a whole.
    fn folder_diagnostics(&self, plans: &[Plan], styles: &Kept<StyleRead>) -> Vec<Diagnostic> {
        let folder = &self.folder;
        let mut list = Vec::new();
        let used_styles: HashSet<&PathBuf> = plans.iter().flat_map(|p| &p.styles).collect();
        let used_data: HashSet<&PathBuf> = plans.iter().filter_map(|p| p.data.as_ref()).collect();
        for path in &folder.styles {
            if let Some(read) = styles.get(path) {
                list.extend(read.diagnostics.iter().cloned());
            } else if !used_styles.contains(path) {
                let shown = folder.relative(path);
                list.push(Diagnostic::of_file(
                    Severity::Info,
                    shown,
                    "no layer uses this style",
                ));
            }
        }
        for path in folder.data.iter().filter(|path| !used_data.contains(path)) {
            if folder.layers.is_empty() || self.held.contains(path) {
                continue;
            }
            let shown = folder.relative(path);
            let help = format!(
                "to serve it, add a file to capabilities/layers/ with source: {{file: {}}}",
                shown.display()
            );
            let message = "no layer uses these data: they are not served";
            list.push(Diagnostic::of_file(Severity::Info, shown, message).with_help(help));
        }
        list.extend(foreign::notice(folder));
        for path in &folder.strays {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let meant = crate::error::nearest(
                &name,
                [
                    "layers",
                    "maps",
                    "server.yaml",
                    "reports",
                    "tile-matrix-sets",
                ],
            );
            let message = "nothing reads this";
            let shown = folder.relative(path);
            list.push(match meant {
                Some(meant) => Diagnostic::of_file(Severity::Warning, shown, message)
                    .with_help(format!("did you mean {meant:?}?")),
                None => Diagnostic::of_file(Severity::Info, shown, message),
            });
        }
        if plans.is_empty() {
            let message = "nothing to serve: expected .fgb, .geojson, .pmtiles or .mbtiles files, or capabilities/layers/*.yaml";
            list.push(Diagnostic::of_file(
                Severity::Warning,
                &folder.root,
                message,
            ));
        }
        list
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
