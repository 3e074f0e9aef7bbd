//! The catalogue from its layers and the server file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::diagnostic::{Findings, Severity};
use super::file::ServerFile;
use super::folder::Folder;
use super::tree::{self, Known};
use super::{Sources, ident};
use crate::catalogue::{
    ArchiveLayer, Catalogue, Fault, Layer, LocalText, Namespace, Site, XmlNames,
};
use crate::crs::Crs;
use crate::error::{Error, nearest};
use crate::tile::TileMatrixSets;

/// What capabilities advertise where server.yaml does not say: the web, Europe, then France.
const DEFAULT_CRS: [&str; 8] = [
    "EPSG:3857",
    "EPSG:4326",
    "CRS:84",
    "EPSG:4258",
    "EPSG:3035",
    "EPSG:2154",
    "EPSG:3945",
    "EPSG:3946",
];

/// The parts of a catalogue.
pub struct Assembly<'a> {
    pub folder: &'a Folder,
    pub server: &'a ServerFile,
    pub languages: &'a [String],
    pub layers: Vec<Arc<Layer>>,
    pub archives: Vec<Arc<ArchiveLayer>>,
    pub tile_matrix_sets: TileMatrixSets,
    /// The ids of all layers, refused and restricted ones too.
    pub declared: &'a HashSet<String>,
    pub faults: Vec<Fault>,
    pub previous_sequence: Option<u64>,
    pub sources: &'a dyn Sources,
}

impl Assembly<'_> {
    /// Puts them together; what is wrong with the server file goes to the findings.
    pub fn catalogue(mut self, findings: &mut Findings) -> Catalogue {
        // an earlier version that stayed may hold an id that a newer layer took
        let mut ids = HashSet::with_capacity(self.layers.len());
        self.layers.retain(|layer| ids.insert(layer.id.clone()));
        self.archives.retain(|layer| ids.insert(layer.id.clone()));
        let site = self.site(findings);
        settle_prefixes(&mut self.layers, &site, findings);
        let served: HashMap<&str, usize> = self
            .layers
            .iter()
            .enumerate()
            .map(|(index, layer)| (layer.id.as_str(), index))
            .collect();
        let known = Known {
            served: &served,
            declared: &self.declared.iter().map(String::as_str).collect(),
            languages: self.languages,
        };
        let tree = tree::resolve(&self.server.groups, &known, findings);
        for at in self.server.basemaps.iter().flat_map(|b| &b.layers) {
            let id = at.value.as_str();
            if !served.contains_key(id) && !known.declared.contains(id) {
                let near = nearest(id, served.keys().copied());
                findings.error_nearest(&at.place, format!("no layer {id:?}"), near, None);
            }
        }
        let sequence = self.sequence();
        match Catalogue::new(site, self.layers, tree, sequence, self.faults) {
            Ok(catalogue) => catalogue.with_archives(self.archives),
            Err(error) => {
                findings.error(&Default::default(), error.to_string());
                Catalogue::default()
            }
        }
    }

    fn site(&self, findings: &mut Findings) -> Site {
        let server = self.server;
        let mut text = |text: &Option<super::file::Text>| {
            text.as_ref()
                .map(|text| text.resolve(self.languages, findings))
        };
        let title = text(&server.title);
        let abstract_ = text(&server.abstract_);
        Site {
            withheld: Vec::new(),
            is_of_map: false,
            title: title.unwrap_or_else(|| LocalText::plain(self.folder_title())),
            abstract_: abstract_.unwrap_or_default(),
            keywords: server.keywords.clone(),
            languages: self.languages.to_vec(),
            contact: server.contact.0.clone(),
            licence: server.licence.clone(),
            namespace: server.namespace.as_ref().map(|at| at.value.clone()),
            crs: self.advertised(findings),
            tile_matrix_sets: self.tile_matrix_sets.clone(),
            revised: self.revised(),
        }
    }

    fn folder_title(&self) -> String {
        let root = self.folder.root.canonicalize().unwrap_or_default();
        match root.file_name() {
            Some(name) => ident::title(&name.to_string_lossy()),
            None => "Cartothèque".to_owned(),
        }
    }

    /// The CRSs that are said; else the usual ones, then those of the data.
    fn advertised(&self, findings: &mut Findings) -> Vec<Crs> {
        let mut list: Vec<Crs> = Vec::new();
        if self.server.crs.is_empty() {
            let usual = DEFAULT_CRS
                .iter()
                .filter_map(|name| self.sources.parse_crs(name).ok());
            let of_data = self.layers.iter().map(|layer| layer.crs.clone());
            for crs in usual.chain(of_data.filter(|crs| crs.authority == "EPSG")) {
                if !list.contains(&crs) {
                    list.push(crs);
                }
            }
            return list;
        }
        for at in &self.server.crs {
            match self.sources.parse_crs(&at.value) {
                Ok(crs) if list.contains(&crs) => {
                    let message = format!("the CRS {:?} is listed twice", at.value);
                    findings.add(Severity::Warning, &at.place, message, None);
                }
                Ok(crs) => list.push(crs),
                Err(error) => {
                    let near = match error {
                        Error::InvalidCrs { nearest, .. } => nearest,
                        _ => None,
                    };
                    let message = format!("no CRS {:?} is known", at.value);
                    let form = "write it as EPSG:2154".to_owned();
                    findings.error_nearest(&at.place, message, near, Some(form));
                }
            }
        }
        list
    }

    /// The day of the newest file of the configuration; of the data where there is none.
    fn revised(&self) -> String {
        let folder = self.folder;
        let written = folder
            .server
            .iter()
            .chain(&folder.layers)
            .chain(&folder.maps);
        let day = folder.newest_day(written.chain(&folder.styles));
        if day.is_empty() {
            folder.newest_day(&folder.data)
        } else {
            day
        }
    }

    /// Grows by every reload, and over restarts: it begins with the newest file's second.
    fn sequence(&self) -> u64 {
        let newest = self.folder.stamps.values().map(|stamp| stamp.modified_ns);
        let seconds = newest.max().unwrap_or(0) / 1_000_000_000;
        let seconds = u64::try_from(seconds).unwrap_or(0);
        match self.previous_sequence {
            Some(previous) => previous.saturating_add(1).max(seconds),
            None => seconds.max(1),
        }
    }
}

/// Has one prefix for each namespace and one namespace for each prefix, as documents that hold
/// several need them: the one that was there first stays.
fn settle_prefixes(layers: &mut [Arc<Layer>], site: &Site, findings: &mut Findings) {
    let mut settled: Vec<Namespace> = site.namespace.iter().cloned().collect();
    for layer in layers {
        let own = site.namespace_of(layer);
        if settled.contains(&own) {
            continue;
        }
        let of_uri = settled.iter().find(|known| known.uri == own.uri);
        let prefix = match of_uri {
            Some(known) => known.prefix.clone(),
            None => {
                let is_free = |prefix: &String| settled.iter().all(|known| known.prefix != *prefix);
                let numbered = (2_u32..).map(|number| format!("{}{number}", own.prefix));
                let mut names = std::iter::once(own.prefix.clone()).chain(numbered);
                names.find(is_free).unwrap_or_default()
            }
        };
        if prefix == own.prefix {
            settled.push(own);
            continue;
        }
        // a namespace without a prefix of its own has whichever there is
        if own.prefix != Namespace::PREFIX {
            let message = format!(
                "layer {:?}: the namespace {:?} has the prefix {prefix:?}, not {:?}: {}",
                layer.id,
                own.uri,
                own.prefix,
                match of_uri {
                    Some(_) => "the one that it has elsewhere",
                    None => "another namespace has that one",
                }
            );
            findings.add(Severity::Warning, &Default::default(), message, None);
        }
        let namespace = Namespace {
            prefix,
            uri: own.uri,
        };
        if !settled.contains(&namespace) {
            settled.push(namespace.clone());
        }
        *layer = Arc::new(Layer {
            xml: XmlNames {
                namespace: Some(namespace),
                ..layer.xml.clone()
            },
            ..Layer::clone(layer)
        });
    }
}

/// The same catalogue, with faults that concern it as a whole.
pub fn with_faults(catalogue: &Catalogue, faults: Vec<Fault>) -> Catalogue {
    let layers = catalogue.layers.clone();
    let (site, tree) = (catalogue.site.clone(), catalogue.tree.clone());
    // it was put together from the same parts before: it can't fail now
    Catalogue::new(site, layers, tree, catalogue.sequence, faults)
        .unwrap_or_default()
        .with_archives(catalogue.archives.clone())
        .with_maps(catalogue.maps.clone())
}
