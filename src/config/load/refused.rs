//! What holds where a change is refused: what was there, and no more rights than either state gives.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Loaded;
use crate::catalogue::{Access, Catalogue, Fault};
use crate::config::assemble::with_faults;
use crate::config::diagnostic::{Diagnostic, Severity};
use crate::config::file;
use crate::config::folder::Folder;

/// Who may see what, as files say it.
struct Said {
    /// By the ids of layers.
    layers: HashMap<String, Access>,
}

impl Loaded {
    /// The previous state, with the reasons why this one is refused.
    pub(super) fn falls_back_to(self, previous: &Loaded) -> Loaded {
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

    /// What a state needs that a later look at its folder does not show, and why that is no change
    /// to follow: a folder that can't be looked into (no file descriptor is left, say) is not an
    /// empty one, and without its layer files all data would be public.
    pub(super) fn lost_in(&self, folder: &Folder) -> Option<(PathBuf, String)> {
        let state = &self.state;
        let mut unlisted = folder.unlisted.iter();
        if let Some((path, why)) = unlisted.find(|(path, _)| !state.unlisted.contains(path)) {
            let message = format!("this folder can't be looked into: {why}");
            return Some((folder.relative(path).to_owned(), message));
        }
        let is_gone = state.declared.layers && !folder.has_layers_folder;
        is_gone.then(|| {
            let message = "this folder is gone: all stays as it was until it is back";
            (
                Path::new("capabilities/layers").to_owned(),
                message.to_owned(),
            )
        })
    }

    /// This state for a folder in which something of it is lost.
    pub(super) fn kept_without(
        &self,
        (lost, message): (PathBuf, String),
        folder: Folder,
    ) -> Loaded {
        let fault = Fault {
            access: Access::Public,
            // names of folders further in are told to the log alone
            subject: lost.iter().next().unwrap_or_default().display().to_string(),
            message: message.clone(),
            still_served: true,
        };
        Loaded {
            catalogue: Arc::new(with_faults(&self.catalogue, vec![fault])),
            server: self.server.clone(),
            limits: self.limits.clone(),
            identities: Arc::clone(&self.identities),
            diagnostics: vec![Diagnostic::of_file(Severity::Error, &lost, message)],
            refused: true,
            folder,
            named: self.named.clone(),
            state: self.state.clone(),
        }
    }

    /// The catalogue of before, with what the files say now where that is for fewer people: a
    /// fault somewhere else does not keep open what was closed. A layer or map whose own file
    /// can't be read stays as it was.
    pub(super) fn narrowed(&self, catalogue: Catalogue, previous: &Loaded) -> Catalogue {
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
}
