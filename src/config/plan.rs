//! Which layers there are to be: from their files where there are some, else from the data.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{At, Diagnostic, Findings, Place, Severity};
use super::file::{Access, LayerFile, ServerFile, Source};
use super::folder::Folder;
use super::ident;
use super::kept::Kept;
use crate::archive::ArchiveForm;
use crate::catalogue;
use crate::error::nearest;

/// A layer file that was read.
#[derive(Debug)]
pub struct LayerRead {
    pub file: LayerFile,
    pub diagnostics: Vec<Diagnostic>,
}

/// A layer that is to be built, if nothing is wrong with it.
#[derive(Debug)]
pub struct Plan {
    /// The layer file, or the data file where there is none: the layer's identity over reloads.
    pub origin: PathBuf,
    pub read: Arc<LayerRead>,
    pub data: Option<PathBuf>,
    /// Style files; empty for a default style.
    pub styles: Vec<PathBuf>,
    /// Counts layers with a default style.
    pub nth: usize,
    pub record: Option<PathBuf>,
    pub findings: Findings,
    pub outcome: Outcome,
    /// Who may see it; `None` where the file can't be read, and that stays as it was.
    pub access: Option<catalogue::Access>,
}

impl Plan {
    /// True where the layer is one of ready-made tiles.
    pub fn is_archive(&self) -> bool {
        self.data.as_deref().and_then(ArchiveForm::of).is_some()
    }
}

/// What is to become of a planned layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Build,
    /// It has a fault; an earlier version may stay.
    Refuse,
    /// It is not to be served, nor named in public.
    Withhold,
    /// Nothing is there to be served; no earlier version stays either.
    Absent,
}

/// What plans are made from.
#[derive(Debug)]
pub struct Planner<'a> {
    pub folder: &'a Folder,
    /// True where layer files say what is served, even if none is left.
    pub is_declared: bool,
    pub server: &'a ServerFile,
    pub held: &'a HashSet<PathBuf>,
    pub allow_outside: bool,
}

impl Planner<'_> {
    /// Plans the layers, in the order of their files.
    pub fn plans(&self, files: &Kept<LayerRead>) -> Vec<Plan> {
        let mut plans: Vec<Plan> = if self.is_declared {
            self.plans_of_files(files)
        } else {
            self.plans_of_data()
        };
        refuse_shared_ids(&mut plans, self.folder);
        let by_default = plans
            .iter_mut()
            .filter(|plan| plan.styles.is_empty() && !plan.is_archive());
        for (nth, plan) in by_default.enumerate() {
            plan.nth = nth;
        }
        plans
    }

    fn plans_of_data(&self) -> Vec<Plan> {
        let mut taken = HashSet::new();
        let present = self.folder.data.iter().filter(|p| !self.held.contains(*p));
        present
            .map(|data| {
                let id = self.free_id(data, &mut taken);
                let file = LayerFile {
                    id: At {
                        value: id.clone(),
                        place: Place::default(),
                    },
                    ..LayerFile::default()
                };
                let sidecar = data.with_extension("sld");
                let sidecar = self.folder.has_style(&sidecar).then_some(sidecar);
                Plan {
                    origin: data.clone(),
                    read: Arc::new(LayerRead {
                        file,
                        diagnostics: Vec::new(),
                    }),
                    data: Some(data.clone()),
                    styles: self.style(&id).or(sidecar).into_iter().collect(),
                    nth: 0,
                    record: None,
                    findings: Findings::new(self.folder.relative(data)),
                    outcome: Outcome::Build,
                    access: Some(Access::Inherited.settled(&self.server.access)),
                }
            })
            .collect()
    }

    /// An id for a data file that no other has: its name, else with its subfolder's, its
    /// form's, or a number.
    fn free_id(&self, data: &Path, taken: &mut HashSet<String>) -> String {
        let name = |part: &std::ffi::OsStr| part.to_string_lossy().into_owned();
        let stem = data.file_stem().map(name).unwrap_or_default();
        let extension = data.extension().map(name).unwrap_or_default();
        let main_folders = [self.folder.root.clone(), self.folder.root.join("data")];
        let subfolder = data
            .parent()
            .filter(|parent| !main_folders.iter().any(|main| main == parent))
            .and_then(Path::file_name)
            .map(|folder| format!("{}-{stem}", name(folder)));
        let by_form = [format!("{stem}-{extension}")];
        let named = [stem.clone()]
            .into_iter()
            .chain(subfolder)
            .chain(by_form)
            .map(|name| ident::slug(&name));
        let numbered = (2..).map(|n: u32| format!("{}-{n}", ident::slug(&stem)));
        let free = named.chain(numbered).find(|id| !taken.contains(id));
        let id = free.unwrap_or(stem);
        taken.insert(id.clone());
        id
    }

    fn plans_of_files(&self, files: &Kept<LayerRead>) -> Vec<Plan> {
        self.folder
            .layers
            .iter()
            .filter_map(|path| files.get(path).map(|read| self.plan(path, read)))
            .collect()
    }

    fn plan(&self, path: &Path, read: &Arc<LayerRead>) -> Plan {
        let file = &read.file;
        let mut findings = Findings::new(self.folder.relative(path));
        for diagnostic in &read.diagnostics {
            findings.push(diagnostic.clone());
        }
        let outcome = self.outcome(file, &mut findings);
        let is_known = file.access != Access::Unknown;
        let access = is_known.then(|| file.access.settled(&self.server.access));
        if let Some((message, instead)) = ident::fault(&file.id.value) {
            findings.error_nearest(&file.id.place, message, instead, None);
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if file.id.value != stem && file.id.place.mark.line > 0 {
            let message = format!("the id {:?} is not the name of the file", file.id.value);
            findings.add(Severity::Info, &file.id.place, message, None);
        }
        let (data, absent) = self.data(file, &mut findings);
        let styles = self.styles(file, data.as_deref(), &mut findings);
        let record = self.record(file, &mut findings);
        let outcome = match outcome {
            Outcome::Build if absent => Outcome::Absent,
            Outcome::Build if findings.has_errors() => Outcome::Refuse,
            decided => decided,
        };
        Plan {
            origin: path.to_owned(),
            read: Arc::clone(read),
            data,
            styles,
            nth: 0,
            record,
            findings,
            outcome,
            access,
        }
    }

    fn outcome(&self, file: &LayerFile, findings: &mut Findings) -> Outcome {
        match &file.access {
            Access::Public | Access::Inherited => Outcome::Build,
            Access::Unknown => Outcome::Refuse,
            Access::Nobody => Outcome::Withhold,
            Access::Roles { roles, .. } => {
                self.server.check_roles(roles, findings);
                Outcome::Build
            }
        }
    }

    /// The data file, and true where there is nothing to serve for another reason than a fault
    /// in the file.
    fn data(&self, file: &LayerFile, findings: &mut Findings) -> (Option<PathBuf>, bool) {
        let Some(source) = &file.source else {
            return (None, false);
        };
        let path = match &source.value {
            Source::File(path) => path,
            Source::NotYet(kind) => {
                let message = format!("sources of the kind `{kind}` are not served yet");
                findings.add(Severity::Warning, &source.place, message, None);
                return (None, true);
            }
        };
        let Some(data) = self.inside(path, &source.place, findings) else {
            return (None, false);
        };
        if data.is_file() {
            return (Some(data), false);
        }
        let names = self.folder.data.iter();
        let names: Vec<String> = names
            .map(|p| self.folder.relative(p).to_string_lossy().into_owned())
            .collect();
        let near =
            nearest(path, names.iter().map(String::as_str)).or_else(|| same_name(path, &names));
        let what = if data.is_dir() { "a folder" } else { "nothing" };
        let message = format!("expected a data file at {path:?}, found {what}");
        let otherwise = "paths are relative to the served folder".to_owned();
        findings.error_nearest(&source.place, message, near, Some(otherwise));
        (None, true)
    }

    /// A path of the configuration in the served folder.
    fn inside(&self, path: &str, place: &Place, findings: &mut Findings) -> Option<PathBuf> {
        let leaves = Path::new(path)
            .components()
            .any(|c| !matches!(c, Component::Normal(_) | Component::CurDir));
        if leaves && !self.allow_outside {
            findings.error_help(
                place,
                format!("expected a path inside the served folder, found {path:?}"),
                "no absolute path and no \"..\"; a symbolic link inside is followed",
            );
            return None;
        }
        let clean: PathBuf = Path::new(path)
            .components()
            .filter(|c| *c != Component::CurDir)
            .collect();
        Some(self.folder.root.join(clean))
    }

    fn record(&self, file: &LayerFile, findings: &mut Findings) -> Option<PathBuf> {
        let at = file.record.as_ref()?;
        let path = self.inside(&at.value, &at.place, findings)?;
        let beside = self.inside(&format!("capabilities/{}", at.value), &at.place, findings);
        let found = [Some(path), beside]
            .into_iter()
            .flatten()
            .find(|path| path.is_file());
        if found.is_none() {
            findings.error_help(
                &at.place,
                format!("expected a record at {:?}, found nothing", at.value),
                "without `record:` one is generated",
            );
        }
        found
    }

    fn styles(
        &self,
        file: &LayerFile,
        data: Option<&Path>,
        findings: &mut Findings,
    ) -> Vec<PathBuf> {
        if file.styles.is_empty() {
            let sidecar = data.map(|data| data.with_extension("sld"));
            let sidecar = sidecar.filter(|path| self.folder.has_style(path));
            return self.style(&file.id.value).or(sidecar).into_iter().collect();
        }
        let mut found: Vec<PathBuf> = Vec::with_capacity(file.styles.len());
        for at in &file.styles {
            match self.style(&at.value) {
                Some(path) if found.contains(&path) => {
                    let message = format!("the style {:?} is listed twice", at.value);
                    findings.error_help(&at.place, message, "keep one of them");
                }
                Some(path) => found.push(path),
                None => {
                    let names: Vec<String> = self.style_names().collect();
                    let message = format!("no style {:?} in styles/", at.value);
                    let otherwise = match names.len() {
                        0 => "put the file into styles/".to_owned(),
                        _ => format!("there are: {}", first_of(&names)),
                    };
                    let bare = at.value.trim_end_matches(".sld").trim_end_matches(".json");
                    let near = nearest(bare, names.iter().map(String::as_str));
                    findings.error_nearest(&at.place, message, near, Some(otherwise));
                }
            }
        }
        found
    }

    /// `styles/{name}.sld`, else `styles/{name}.json`.
    fn style(&self, name: &str) -> Option<PathBuf> {
        let folder = self.folder.root.join("styles");
        ["sld", "json"]
            .map(|extension| folder.join(format!("{name}.{extension}")))
            .into_iter()
            .find(|path| self.folder.has_style(path))
    }

    fn style_names(&self) -> impl Iterator<Item = String> {
        let folder = self.folder.root.join("styles");
        let styles = self.folder.styles.iter();
        styles
            .filter(move |path| path.parent() == Some(&folder))
            .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
    }
}

fn first_of(names: &[String]) -> String {
    let shown = names.iter().take(8).map(String::as_str).collect::<Vec<_>>();
    let more = if names.len() > shown.len() {
        ", …"
    } else {
        ""
    };
    format!("{}{more}", shown.join(", "))
}

/// A path whose file name is the same, in another folder.
fn same_name(path: &str, paths: &[String]) -> Option<String> {
    let name = Path::new(path).file_name()?;
    let mut same = paths
        .iter()
        .filter(|p| Path::new(p).file_name() == Some(name));
    same.next().cloned()
}

/// The second of two layers with one id is refused, and says where the first is.
fn refuse_shared_ids(plans: &mut [Plan], folder: &Folder) {
    let mut first: HashMap<String, String> = HashMap::with_capacity(plans.len());
    for plan in plans {
        let id = &plan.read.file.id;
        let place = &id.place;
        let shown = folder.relative(&plan.origin).display();
        let here = match place.mark.line {
            0 => shown.to_string(),
            line => format!("{shown}:{line}"),
        };
        match first.get(&id.value) {
            None => {
                first.insert(id.value.clone(), here);
            }
            Some(other) => {
                let message = format!("the id {:?} is already that of another layer", id.value);
                let help = format!("the other one is in {other}");
                plan.findings.error_help(place, message, help);
                if plan.outcome == Outcome::Build {
                    plan.outcome = Outcome::Refuse;
                }
            }
        }
    }
}
