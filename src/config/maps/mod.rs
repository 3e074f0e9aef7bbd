//! Map files → maps: every file, or every map of a family, settled against the layers that are
//! served.

mod empty;
mod entries;
mod explain;
mod extents;
mod family;
mod parts;
mod resolve;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::diagnostic::{Diagnostic, Findings, Severity};
use super::file::{Access, MapFile, ServerFile, read_tree};
use super::folder::Folder;
use super::kept::Kept;
use super::yaml::Node;
use super::{Sources, load};
use crate::catalogue::map::MapStatus;
use crate::catalogue::{self, Fault, Layer, Map, Maps};
use crate::crs::Crs;
pub use empty::empty_filters;
pub use explain::explain;
use extents::Extents;
use parts::Parts;
use resolve::Resolver;

/// A map file that was read.
#[derive(Debug)]
pub struct MapRead {
    stem: String,
    tree: Option<Node>,
    /// As written; of a family, with its placeholders.
    file: MapFile,
    is_family: bool,
    /// Of reading alone.
    diagnostics: Vec<Diagnostic>,
}

/// Reads a file.
pub fn read(path: &Path, folder: &Folder) -> MapRead {
    let mut findings = Findings::new(folder.relative(path));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let tree = read_tree(path, &mut findings);
    let is_family = tree.as_ref().is_some_and(family::is_family);
    // the maps of a family are read with their own values
    let mut unheard = Findings::new(Path::new(""));
    let heard = if is_family {
        &mut unheard
    } else {
        &mut findings
    };
    MapRead {
        file: MapFile::of_tree(tree.as_ref(), &stem, heard),
        stem: stem.into_owned(),
        tree,
        is_family,
        diagnostics: findings.into_vec(),
    }
}

/// What was read and made, for the next load.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub files: Kept<MapRead>,
    /// The last state of each file that gave its maps.
    good: HashMap<PathBuf, Arc<MapRead>>,
    /// The file of each map, by its id.
    origins: HashMap<String, PathBuf>,
    parts: Parts,
}

impl State {
    /// Who may see a map of before by what its file says now; a draft is for nobody. Public where
    /// the file can't be read or is gone.
    pub fn said_of(&self, previous: &State, id: &str, site: &Access) -> catalogue::Access {
        let path = previous.origins.get(id);
        path.map_or(catalogue::Access::Public, |path| self.said_by(path, site))
    }

    /// Who may be told of a map's file: who may see its map by what it says now, and said before.
    pub fn said_in(&self, previous: &State, path: &Path, site: &Access) -> catalogue::Access {
        self.said_by(path, site)
            .narrowed(&previous.said_by(path, site))
    }

    /// The ids of the maps that a file gave, in order.
    pub fn maps_of(&self, path: &Path) -> Vec<&str> {
        let of_it = self.origins.iter().filter(|(_, origin)| *origin == path);
        let mut ids: Vec<&str> = of_it.map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    fn said_by(&self, path: &Path, site: &Access) -> catalogue::Access {
        match self.files.get(path).map(|read| &read.file) {
            None => catalogue::Access::Public,
            Some(file) if file.status == MapStatus::Draft => catalogue::Access::Roles(Vec::new()),
            Some(file) if file.access == Access::Unknown => catalogue::Access::Public,
            Some(file) => file.access.settled(site),
        }
    }
}

/// What maps are settled against.
pub struct Builder<'a> {
    pub folder: &'a Folder,
    pub server: &'a ServerFile,
    pub languages: &'a [String],
    pub sources: &'a dyn Sources,
    /// What the site advertises.
    pub crs: &'a [Crs],
    pub layers: &'a [Arc<Layer>],
    /// The ids of layers that are declared, served or not.
    pub declared: &'a HashSet<String>,
    /// Those among them that are ready-made tiles.
    pub archives: &'a HashSet<String>,
}

/// The maps, and what is wrong with others.
#[derive(Default)]
pub struct Built {
    /// Whoever may see them; drafts are not among them.
    pub maps: Maps,
    pub faults: Vec<Fault>,
    pub diagnostics: Vec<Diagnostic>,
    pub state: State,
}

/// The maps of one file.
struct OfFile {
    maps: Vec<Map>,
    findings: Findings,
}

impl Builder<'_> {
    /// Settles all maps. A file with a fault gives the maps of its last good state.
    pub fn build(&self, files: Kept<MapRead>, previous: Option<&State>) -> Built {
        let extents = Extents::default();
        let parts = Parts::following(previous.map(|state| &state.parts));
        let resolver = Resolver::new(self, &extents, &parts);
        let reads: Vec<(&PathBuf, &Arc<MapRead>)> = self
            .folder
            .maps
            .iter()
            .filter_map(|path| Some((path, files.get(path)?)))
            .collect();
        let outcomes: Vec<OfFile> = reads
            .par_iter()
            .map(|(path, read)| resolver.file(path, read))
            .collect();
        let mut built = Built::default();
        let mut names = Names::new(self.declared);
        for ((path, read), mut outcome) in reads.into_iter().zip(outcomes) {
            names.refuse_taken(path, read, &mut outcome, self.folder);
            let message = load::first_error(outcome.findings.as_slice());
            let (maps, kept) = match &message {
                None => (outcome.maps, Some(read)),
                Some(_) => {
                    let good = previous.and_then(|state| state.good.get(path));
                    let again = good.filter(|good| may_stay(good, read));
                    let again = again.map(|good| (resolver.file(path, good), good));
                    match again.filter(|(old, _)| !old.findings.has_errors()) {
                        Some((old, good)) => (old.maps, Some(good)),
                        None => (Vec::new(), None),
                    }
                }
            };
            if let Some(message) = message
                && read.file.status != MapStatus::Draft
            {
                built.faults.push(Fault {
                    access: read.file.access.settled(&self.server.access),
                    subject: self.folder.relative(path).display().to_string(),
                    message,
                    still_served: !maps.is_empty(),
                });
            }
            if let Some(kept) = kept {
                built.state.good.insert(path.clone(), Arc::clone(kept));
            }
            names.take(path, &maps);
            for map in &maps {
                let origin = built.state.origins.entry(map.id.clone());
                origin.or_insert_with(|| path.clone());
            }
            built.diagnostics.extend(outcome.findings.into_vec());
            names.served.extend(maps.into_iter().map(Arc::new));
        }
        let served = names.served.into_iter();
        built.maps = Maps::new(
            served
                .filter(|map| map.status != MapStatus::Draft)
                .collect(),
        );
        // a map at fault may be the one that shows them
        if built.faults.is_empty() {
            built.diagnostics.extend(self.unused(&built.maps));
        }
        built.state.parts = parts;
        built.state.files = files;
        built
    }
}

impl Builder<'_> {
    /// Layers that no map shows, where there are maps: good to know, no fault.
    fn unused(&self, maps: &Maps) -> Option<Diagnostic> {
        let used: HashSet<&str> = maps
            .iter()
            .flat_map(|map| {
                let below = map.basemaps.iter().flat_map(|basemap| &basemap.layers);
                let below = below.map(|layer| layer.id.as_str());
                map.layers().map(|layer| layer.of.as_str()).chain(below)
            })
            .collect();
        let all = self.layers.iter().map(|layer| layer.id.as_str());
        let unused: Vec<&str> = all.filter(|id| !used.contains(id)).collect();
        let first = unused.iter().take(12).copied().collect::<Vec<_>>();
        let more = match unused.len().saturating_sub(first.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!maps.is_empty() && !unused.is_empty()).then(|| {
            let message = format!("no map shows {}{more}", first.join(", "));
            Diagnostic::of_file(Severity::Info, "capabilities/maps", message)
        })
    }
}

/// True where an older state may stand in for a faulty newer one: never where the newer one is
/// for fewer people.
fn may_stay(old: &MapRead, new: &MapRead) -> bool {
    new.file.status != MapStatus::Draft
        && match &new.file.access {
            Access::Public | Access::Unknown => true,
            Access::Roles { .. } | Access::Nobody | Access::Inherited => {
                old.file.access == new.file.access
            }
        }
}

/// Ids and aliases, each of one map.
struct Names<'a> {
    layers: &'a HashSet<String>,
    taken: HashMap<String, PathBuf>,
    served: Vec<Arc<Map>>,
}

impl<'a> Names<'a> {
    fn new(layers: &'a HashSet<String>) -> Names<'a> {
        Names {
            layers,
            taken: HashMap::new(),
            served: Vec::new(),
        }
    }

    /// An error for each name that is another's.
    fn refuse_taken(&self, path: &Path, read: &MapRead, outcome: &mut OfFile, folder: &Folder) {
        let mut own: HashSet<&str> = HashSet::new();
        let file = &read.file;
        for map in &outcome.maps {
            let named = std::iter::once((&map.id, &file.id.place));
            let aliases = map.aliases.iter().enumerate().map(|(nth, alias)| {
                let place = file.aliases.get(nth).map_or(&file.place, |at| &at.place);
                (alias, place)
            });
            for (nth, (name, place)) in named.chain(aliases).enumerate() {
                let what = if nth == 0 { "id" } else { "alias" };
                if !own.insert(name) {
                    let message = format!("two maps have the {what} {name:?}");
                    let help = "every map has a name of its own";
                    outcome.findings.error_help(place, message, help);
                } else if let Some(other) = self.taken.get(name).filter(|other| *other != path) {
                    let other = folder.relative(other).display();
                    let message = format!("two maps have the {what} {name:?}, also {other}");
                    let help = "give one of them another name";
                    outcome.findings.error_help(place, message, help);
                } else if nth > 0 && self.layers.contains(name) {
                    let message = format!("the alias {name:?} is the id of a layer");
                    outcome.findings.error(place, message);
                }
            }
        }
    }

    fn take(&mut self, path: &Path, maps: &[Map]) {
        for map in maps {
            for name in std::iter::once(&map.id).chain(&map.aliases) {
                self.taken
                    .entry(name.clone())
                    .or_insert_with(|| path.to_owned());
            }
        }
    }
}

impl Resolver<'_> {
    /// The maps of a file: all of them, or none and at least one error.
    fn file(&self, path: &Path, read: &MapRead) -> OfFile {
        let mut findings = Findings::new(self.builder.folder.relative(path));
        for diagnostic in &read.diagnostics {
            findings.push(diagnostic.clone());
        }
        let mut maps = Vec::new();
        match &read.tree {
            Some(tree) if read.is_family => {
                maps = family::maps(self, tree, &read.stem, &mut findings);
            }
            Some(_) => {
                if read.file.id.value != read.stem {
                    let message = format!(
                        "the id {:?} is not the name of the file",
                        read.file.id.value
                    );
                    findings.add(Severity::Info, &read.file.id.place, message, None);
                }
                maps.extend(self.map(&read.file, &mut findings));
            }
            None => {}
        }
        if findings.has_errors() {
            maps.clear();
        }
        OfFile { maps, findings }
    }
}
