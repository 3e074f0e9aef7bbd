//! Reading: each file once, and layers built from what was read.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Built, Loader, MadeFrom, Material, ServerRead, distinct, first_error};
use crate::catalogue::{Access, Fault};
use crate::config::Opened;
use crate::config::build::{Ingredients, StyleRead, build};
use crate::config::diagnostic::{Diagnostic, Findings, Place, Severity};
use crate::config::file::{self, LayerFile, ServerFile};
use crate::config::foreign;
use crate::config::kept::Kept;
use crate::config::maps::{self, MapRead};
use crate::config::plan::{LayerRead, Outcome, Plan};
use crate::config::repeated::Repeated;
use crate::config::strays::stray;
use crate::config::tile_sets::{self, TileSetRead};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::style::{StyleNoteKind, columns_of};

impl Loader<'_> {
    /// The server file; a faulty new one leaves the previous one in force.
    pub(super) fn server(&self) -> ServerRead {
        let path = self.folder.server.as_deref();
        let shown = path.map_or(Path::new("capabilities/server.yaml"), |path| {
            self.folder.relative(path)
        });
        let mut findings = Findings::new(shown);
        let before = self.previous.map(|previous| &previous.server);
        let was_there = self.state().is_some_and(|state| state.declared.server);
        let server = match (path, before) {
            (None, Some(before)) if was_there => {
                findings.error_help(
                    &Place::default(),
                    "this file is gone: what it said holds until it is back",
                    "a restart forgets it",
                );
                before.clone()
            }
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
        if before.is_none() && server.access == file::Access::Nobody {
            findings.error_help(
                &Place::default(),
                "who may see the site can't be read here",
                "until it can, only what says `access:` in its own file is served",
            );
        }
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

    pub(super) fn layer_files(&self) -> Kept<LayerRead> {
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

    pub(super) fn map_files(&self) -> Kept<MapRead> {
        Kept::read(
            self.state().map(|s| &s.maps.files),
            &self.folder.maps,
            0,
            &self.folder,
            self.held,
            |path| maps::read(path, &self.folder),
        )
    }

    pub(super) fn tile_sets(&self) -> Kept<TileSetRead> {
        Kept::read(
            self.state().map(|s| &s.tile_sets),
            &self.folder.tile_matrix_sets,
            0,
            &self.folder,
            self.held,
            tile_sets::read,
        )
    }

    pub(super) fn material(&self, plans: &[Plan], server: &ServerFile) -> Material {
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

    pub(super) fn build(&self, mut plan: Plan, material: &Material) -> (Plan, Option<Built>) {
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
    pub(super) fn folder_diagnostics(
        &self,
        plans: &[Plan],
        styles: &Kept<StyleRead>,
    ) -> Vec<Diagnostic> {
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
        for (path, message) in &folder.unlisted {
            let message = format!("this folder can't be looked into: {message}");
            let shown = folder.relative(path);
            let is_ours = ["capabilities", "styles", "data"].map(Path::new);
            let severity = match is_ours.iter().any(|ours| shown.starts_with(ours)) {
                true => Severity::Error,
                // a folder of the system, `lost+found` say
                false => Severity::Warning,
            };
            list.push(Diagnostic::of_file(severity, shown, message));
        }
        list.extend(folder.strays.iter().map(|path| stray(path, folder)));
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
