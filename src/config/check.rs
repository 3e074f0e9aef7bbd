//! Everything that can be verified without serving.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::diagnostic::{Diagnostic, Severity};
use super::links;
use super::load::{LoadOptions, load};
use super::repeated::repeated;
use super::{Loaded, Sources};
use crate::budget::Budget;
use crate::catalogue::{ArchiveLayer, Layer};
use crate::error::Result;
use crate::store::Select;

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the files of the diagnostics lie.
    pub root: PathBuf,
    /// Layers that can be served.
    pub layers: usize,
    pub features: u64,
    /// Of archives.
    pub tiles: u64,
}

impl Checked {
    pub fn count(&self, severity: Severity) -> usize {
        let of_it = self.diagnostics.iter().filter(|d| d.severity == severity);
        of_it.count()
    }

    /// 0 where all is well, 1 where something is wrong; `strict` counts warnings too.
    pub fn exit_code(&self, strict: bool) -> u8 {
        let wrong =
            self.count(Severity::Error) > 0 || (strict && self.count(Severity::Warning) > 0);
        u8::from(wrong)
    }
}

/// Loads a path as `serve` would, then reads every feature and every tile of every layer once.
pub fn check(path: &Path, options: LoadOptions, sources: &dyn Sources) -> Checked {
    check_at(path, options, sources, None)
}

/// The same for a server whose public address is known: links that begin with it are its own.
pub fn check_at(
    path: &Path,
    options: LoadOptions,
    sources: &dyn Sources,
    base_url: Option<&str>,
) -> Checked {
    let loaded = load(path, options, sources);
    let scans: Vec<Scan> = loaded
        .catalogue
        .layers
        .par_iter()
        .map(|layer| scan(layer, &loaded))
        .collect();
    let archives = &loaded.catalogue.archives;
    let of_archives: Vec<(u64, Vec<Diagnostic>)> = archives
        .par_iter()
        .map(|layer| verify(layer, &loaded))
        .collect();
    let layers = loaded.catalogue.layers.len().saturating_add(archives.len());
    let features = scans.iter().map(|scan| scan.features).sum();
    let tiles = of_archives.iter().map(|(tiles, _)| tiles).sum();
    let dead = links::dead(&loaded, base_url);
    let empty = loaded.empty_filters();
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(dead);
    diagnostics.extend(empty);
    diagnostics.extend(scans.into_iter().flat_map(|scan| scan.diagnostics));
    diagnostics.extend(of_archives.into_iter().flat_map(|(_, found)| found));
    diagnostics.sort();
    diagnostics.dedup();
    Checked {
        diagnostics,
        root: loaded.folder.root,
        layers,
        features,
        tiles,
    }
}

/// Reads an archive whole; returns the number of its tiles and what is wrong with them.
fn verify(layer: &ArchiveLayer, loaded: &Loaded) -> (u64, Vec<Diagnostic>) {
    let shown = loaded.folder.relative(&layer.path);
    let error = |message: String| Diagnostic::of_file(Severity::Error, shown, message);
    match layer.archive.verify() {
        Ok(found) => (found.tiles, found.faults.into_iter().map(error).collect()),
        Err(fault) => (0, vec![error(fault.to_string())]),
    }
}

struct Scan {
    features: u64,
    diagnostics: Vec<Diagnostic>,
}

/// Reads a layer whole: damaged features, ids that are empty or not unique.
fn scan(layer: &Layer, loaded: &Loaded) -> Scan {
    let mut diagnostics = Vec::new();
    let shown = loaded.folder.relative(&layer.path);
    let mut add = |severity, message: String| {
        diagnostics.push(Diagnostic::of_file(severity, shown, message));
    };
    let mut empty = 0;
    let visited = read_ids(layer, &mut empty);
    let features = match visited {
        Ok((features, damaged)) => {
            if damaged > 0 {
                let message = format!(
                    "{damaged} of {} features are damaged and left out",
                    features.saturating_add(damaged)
                );
                add(Severity::Error, message);
            }
            features
        }
        Err(error) => {
            add(Severity::Error, error.to_string());
            0
        }
    };
    if let Some(column) = layer.id_column {
        let schema = layer.store.schema();
        let name = schema.fields.get(column).map_or("", |f| f.name.as_str());
        // what can't be read was said above
        let repeated = repeated(&*layer.store, column, &AtomicBool::new(false));
        if let Ok(Some(repeated)) = repeated {
            add(
                Severity::Error,
                format!("id_column {name:?} of layer {:?} {repeated}", layer.id),
            );
        }
        if empty > 0 {
            let message = format!(
                "id_column {name:?} of layer {:?} is empty in {} features: their ids are made of their positions (position-12)",
                layer.id, empty
            );
            add(Severity::Warning, message);
        }
    }
    Scan {
        features,
        diagnostics,
    }
}

/// How many features were read, and how many are damaged; counts those without an id.
fn read_ids(layer: &Layer, empty: &mut u64) -> Result<(u64, u64)> {
    let budget = Budget::unlimited();
    let stats = layer
        .store
        .select(&Select::default(), &budget, &mut |feature| {
            if let Some(column) = layer.id_column
                && feature.value(column).to_text().is_empty()
            {
                *empty = empty.saturating_add(1);
            }
            Ok(ControlFlow::Continue(()))
        })?;
    Ok((stats.features, stats.damaged))
}
