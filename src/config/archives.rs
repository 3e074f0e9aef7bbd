//! Layers of ready-made tiles: opened, described, and kept while their files stay the same.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{At, Diagnostic, Findings, Place, Severity};
use super::file::{LayerFile, Text};
use super::folder::Folder;
use super::kept::Kept;
use super::load::fault_of;
use super::plan::{Outcome, Plan};
use super::{Sources, ident};
use crate::archive::TileArchive;
use crate::catalogue::{Access, ArchiveLayer, Fault, LocalText, Metadata};
use crate::error::{Error, Result};

/// What was opened, and what became of it, by the file that declares the layer.
#[derive(Debug, Clone, Default)]
pub struct Archives {
    opened: Kept<Result<Arc<dyn TileArchive>>>,
    built: HashMap<PathBuf, Arc<ArchiveLayer>>,
}

/// The layers of tiles of one load.
#[derive(Debug, Default)]
pub struct Built {
    pub layers: Vec<Arc<ArchiveLayer>>,
    pub faults: Vec<Fault>,
    pub diagnostics: Vec<Diagnostic>,
    /// The ids of all of them, those refused too.
    pub declared: HashSet<String>,
    pub state: Archives,
}

/// What they are built with.
pub struct Builder<'a> {
    pub folder: &'a Folder,
    pub sources: &'a dyn Sources,
    /// Files that are being written.
    pub held: &'a HashSet<PathBuf>,
    pub languages: &'a [String],
    pub previous: Option<&'a Archives>,
}

/// The layer for those who may see it now, whatever was said when it was made.
fn seen_as(layer: Arc<ArchiveLayer>, access: Option<&Access>) -> Arc<ArchiveLayer> {
    match access.filter(|access| **access != layer.access) {
        None => layer,
        Some(access) => Arc::new(ArchiveLayer {
            access: access.clone(),
            ..ArchiveLayer::clone(&layer)
        }),
    }
}

impl Builder<'_> {
    /// Builds what is planned; what has a fault keeps its previous version.
    pub fn build(&self, plans: Vec<Plan>) -> Built {
        let wanted = plans.iter().filter(|plan| plan.outcome == Outcome::Build);
        let mut paths: Vec<PathBuf> = wanted.filter_map(|plan| plan.data.clone()).collect();
        paths.sort_unstable();
        paths.dedup();
        let opened = Kept::read(
            self.previous.map(|previous| &previous.opened),
            &paths,
            0,
            self.folder,
            self.held,
            |path| self.sources.open_archive(path),
        );
        let mut built = Built::default();
        for mut plan in plans {
            let layer = self.layer(&mut plan, &opened);
            let layer = layer.map(|layer| seen_as(layer, plan.access.as_ref()));
            let id = plan.read.file.id.value.clone();
            if let Some(message) = fault_of(&plan) {
                built.faults.push(Fault {
                    access: plan.access.clone().unwrap_or_default(),
                    subject: id.clone(),
                    message,
                    still_served: layer.is_some(),
                });
            }
            built.declared.insert(id);
            if let Some(layer) = layer {
                built.layers.push(Arc::clone(&layer));
                built.state.built.insert(plan.origin, layer);
            }
            built.diagnostics.extend(plan.findings.into_vec());
        }
        built.state.opened = opened;
        built
    }

    fn layer(
        &self,
        plan: &mut Plan,
        opened: &Kept<Result<Arc<dyn TileArchive>>>,
    ) -> Option<Arc<ArchiveLayer>> {
        if plan.outcome == Outcome::Build {
            let read = Arc::clone(&plan.read);
            let source = read.file.source.as_ref().map(|at| at.place.clone());
            let place = source.unwrap_or_default();
            let data = plan.data.clone()?;
            match opened.get(&data).map(Arc::as_ref) {
                Some(Ok(archive)) => {
                    let layer = self.describe(&read.file, &data, archive, &mut plan.findings);
                    return Some(Arc::new(layer));
                }
                Some(Err(error)) => {
                    let message = match error {
                        // the file is named by the finding already
                        Error::Data { message, .. } | Error::Io { message, .. } => message.clone(),
                        other => other.to_string(),
                    };
                    plan.findings.error(&place, message);
                    plan.outcome = Outcome::Refuse;
                }
                None => {
                    let message = "the data are being written: they are read when that is over";
                    plan.findings.add(Severity::Warning, &place, message, None);
                    plan.outcome = Outcome::Absent;
                }
            }
        }
        let before = self.previous?.built.get(&plan.origin);
        before.filter(|_| plan.outcome == Outcome::Refuse).cloned()
    }

    /// The layer: what its file says, else what the archive says of itself.
    fn describe(
        &self,
        file: &LayerFile,
        data: &Path,
        archive: &Arc<dyn TileArchive>,
        findings: &mut Findings,
    ) -> ArchiveLayer {
        let info = archive.info();
        for warning in &info.warnings {
            findings.add(Severity::Warning, &Place::default(), warning.clone(), None);
        }
        say_unread(file, findings);
        let stem = data.file_stem().unwrap_or_default().to_string_lossy();
        let stem_title = ident::title(&stem);
        let mut local = |text: &Option<Text>, own: Option<&str>, otherwise: &str| match text {
            Some(text) => text.resolve(self.languages, findings),
            None => match own.unwrap_or(otherwise) {
                "" => LocalText::default(),
                text => LocalText::plain(text),
            },
        };
        let title = local(&file.title, info.name.as_deref(), &stem_title);
        let abstract_ = local(&file.abstract_, info.description.as_deref(), "");
        let metadata = &file.metadata;
        ArchiveLayer {
            id: file.id.value.clone(),
            title,
            abstract_,
            keywords: metadata.keywords.clone(),
            archive: Arc::clone(archive),
            path: data.to_owned(),
            attribution: file.attribution.clone().or(info.attribution.clone()),
            metadata: Metadata {
                organisation: metadata.organisation.clone(),
                contact: metadata.contact.clone(),
                licence: metadata.licence.clone(),
                inspire: metadata.inspire.clone(),
                covadis: metadata.covadis.clone(),
                created: metadata.created.clone(),
                revised: metadata.revised.clone(),
                record: None,
                identifier: metadata.identifier.clone(),
                lineage: metadata.lineage.clone(),
            },
            access: Access::default(),
        }
    }
}

/// Warns of keys that only layers of features have.
fn say_unread(file: &LayerFile, findings: &mut Findings) {
    let of_features: [(&str, Option<&At<String>>); 6] = [
        ("id_column", file.id_column.as_ref()),
        ("crs", file.crs.as_ref()),
        ("styles", file.styles.first()),
        ("fields", file.fields.first().map(|field| &field.name)),
        ("label", file.label.as_ref()),
        ("time", file.time.first()),
    ];
    for (key, at) in of_features {
        if let Some(at) = at {
            let message = format!("`{key}` has no meaning for an archive of tiles");
            let help = Some("remove it".to_owned());
            findings.add(Severity::Warning, &at.place, message, help);
        }
    }
}
