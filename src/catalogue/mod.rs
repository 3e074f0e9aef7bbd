//! What is served: layers, groups, contacts. Immutable once loaded; a change makes a new
//! catalogue and swaps it, so that a request sees one state from its first to its last byte.

mod access;
mod archive;
mod layer;
pub mod map;
mod narrowed;
mod of_map;
mod seen;
mod text;
mod xml_names;

pub use access::Access;
pub use archive::ArchiveLayer;
pub use layer::{
    INSPIRE_DEFAULT_STYLE, Layer, LayerField, LayerTime, Metadata, Popup, PopupField, ShownAs,
};
pub use map::{Map, Maps};
pub use of_map::{bbox_lonlat, extent_lonlat};
pub use text::LocalText;
pub use xml_names::{GeometryNames, Namespace, XmlNames};

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use self::map::MapService;
use crate::crs::Crs;
use crate::error::{Error, Result, nearest};
use crate::tile::TileMatrixSets;

/// Everything that is served, at one moment. The default is empty.
#[derive(Debug, Default)]
pub struct Catalogue {
    pub site: Site,
    /// In the order of the configuration.
    pub layers: Vec<Arc<Layer>>,
    /// Layers of ready-made tiles; they stand beside the tree.
    pub archives: Vec<Arc<ArchiveLayer>>,
    pub maps: Maps,
    /// The tree that root services show: every layer stands in it once.
    pub tree: Vec<Node>,
    /// Grows with every change; the updateSequence of the capabilities.
    pub sequence: u64,
    /// Layers that were refused, with the reason: shown by `/health` and the log.
    pub faults: Vec<Fault>,
    by_id: HashMap<String, usize>,
    groups: HashMap<String, Vec<usize>>,
    /// Layers that the whole drawn as one leaves out; shorter than the layers: none.
    hidden: Vec<bool>,
    /// What is drawn in the place of a layer where several are drawn under one name.
    faded: HashMap<usize, Arc<Layer>>,
    /// Of each layer, once it was asked for.
    fingerprints: Vec<OnceLock<u64>>,
    wordings: Vec<OnceLock<u64>>,
}

/// The site: what all services say of themselves.
#[derive(Debug, Clone, Default)]
pub struct Site {
    pub title: LocalText,
    pub abstract_: LocalText,
    pub keywords: Vec<String>,
    /// Two-letter codes (`fr`); the first is the default.
    pub languages: Vec<String>,
    pub contact: Contact,
    pub licence: Option<String>,
    /// What `server.yaml` says; see [`Site::namespace_of`].
    pub namespace: Option<Namespace>,
    /// CRSs that capabilities advertise, in this order.
    pub crs: Vec<Crs>,
    pub tile_matrix_sets: TileMatrixSets,
    /// The day the configuration was last changed, `YYYY-MM-DD`.
    pub revised: String,
    /// Services that this one is without: those that a map does not offer.
    pub withheld: Vec<MapService>,
    /// True where these are the services of one map.
    pub is_of_map: bool,
}

impl Site {
    /// False for a service that the map behind this site does not offer.
    pub fn offers(&self, service: MapService) -> bool {
        !self.withheld.contains(&service)
    }

    /// The XML namespace of a layer's features: the layer's own, the site's, or one made of the
    /// address of the site's contact, which is the same whatever address the site is asked by, so
    /// that what a client has kept stays true.
    pub fn namespace_of(&self, layer: &Layer) -> Namespace {
        if let Some(own) = layer.xml.namespace.as_ref().or(self.namespace.as_ref()) {
            return own.clone();
        }
        let mut namespace = Namespace::default();
        let url = self.contact.url.as_deref().unwrap_or_default();
        let url = url.trim_end_matches('/');
        if !url.is_empty() {
            namespace.uri = format!("{url}/cartotheque/features");
        }
        namespace
    }
}

/// Who answers for the site, or for a layer: as ISO 19115 and the capabilities name it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contact {
    pub organisation: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub url: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub postcode: Option<String>,
    pub country: Option<String>,
    /// ISO 19115 role code. Default: `pointOfContact`.
    pub role: Option<String>,
}

/// A node of the tree of layers.
#[derive(Debug, Clone)]
pub enum Node {
    Group(Group),
    /// An index in [`Catalogue::layers`].
    Layer(usize),
}

/// A group: with an id it has a name and draws its children, without it is a category.
#[derive(Debug, Clone)]
pub struct Group {
    pub id: Option<String>,
    pub title: LocalText,
    pub abstract_: LocalText,
    /// Top to bottom.
    pub children: Vec<Node>,
}

/// A layer that could not be loaded, or a newer version of its data that was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Who may be told.
    pub access: Access,
    /// The layer's id, or the file where there is none.
    pub subject: String,
    pub message: String,
    /// True where an earlier version of the layer is still served.
    pub still_served: bool,
}

impl Catalogue {
    /// Puts a catalogue together. Layers that no group names follow the tree, by title.
    ///
    /// # Errors
    /// `Config` where two layers or groups share an id.
    pub fn new(
        site: Site,
        layers: Vec<Arc<Layer>>,
        mut tree: Vec<Node>,
        sequence: u64,
        faults: Vec<Fault>,
    ) -> Result<Catalogue> {
        let mut by_id = HashMap::with_capacity(layers.len());
        for (index, layer) in layers.iter().enumerate() {
            if by_id.insert(layer.id.clone(), index).is_some() {
                return Err(Error::Config {
                    message: format!("two layers have the id {:?}", layer.id),
                });
            }
        }
        let mut placed = vec![false; layers.len()];
        let mut groups = HashMap::new();
        for node in &tree {
            note_groups(node, &mut placed, &mut groups);
        }
        if let Some(id) = groups.keys().find(|id| by_id.contains_key(*id)) {
            return Err(Error::Config {
                message: format!("a group and a layer share the id {id:?}"),
            });
        }
        let mut rest: Vec<usize> = (0..layers.len())
            .filter(|i| !placed.get(*i).copied().unwrap_or(false))
            .collect();
        rest.sort_by_key(|i| {
            layers
                .get(*i)
                .map(|l| l.title.default_text().to_lowercase())
        });
        tree.extend(rest.into_iter().map(Node::Layer));
        Ok(Catalogue {
            fingerprints: layers.iter().map(|_| OnceLock::new()).collect(),
            wordings: layers.iter().map(|_| OnceLock::new()).collect(),
            site,
            layers,
            tree,
            sequence,
            faults,
            by_id,
            groups,
            archives: Vec::new(),
            maps: Maps::default(),
            hidden: Vec::new(),
            faded: HashMap::new(),
        })
    }

    /// The same with maps of its layers.
    #[must_use]
    pub fn with_maps(mut self, maps: Maps) -> Catalogue {
        self.maps = maps;
        self
    }

    /// The same with layers of ready-made tiles, sorted by id.
    #[must_use]
    pub fn with_archives(mut self, mut archives: Vec<Arc<ArchiveLayer>>) -> Catalogue {
        archives.sort_by(|a, b| a.id.cmp(&b.id));
        self.archives = archives;
        self
    }

    /// A layer of ready-made tiles by id; `None` where there is none.
    pub fn archive(&self, id: &str) -> Option<&Arc<ArchiveLayer>> {
        let place = self.archives.binary_search_by(|a| a.id.as_str().cmp(id));
        self.archives.get(place.ok()?)
    }

    /// True where a layer has this id, one of ready-made tiles too.
    pub fn has_layer(&self, id: &str) -> bool {
        self.by_id.contains_key(id) || self.archive(id).is_some()
    }

    /// A layer by id.
    ///
    /// # Errors
    /// `LayerNotDefined`, with the nearest name.
    pub fn layer(&self, id: &str) -> Result<&Arc<Layer>> {
        self.by_id
            .get(id)
            .and_then(|index| self.layers.get(*index))
            .ok_or_else(|| Error::LayerNotDefined {
                layer: id.to_owned(),
                nearest: nearest(
                    id,
                    self.by_id
                        .keys()
                        .chain(self.groups.keys())
                        .map(String::as_str)
                        // a group is no layer
                        .filter(|known| *known != id),
                ),
            })
    }

    /// The layers that a name stands for, bottom first: itself, or a group's children.
    ///
    /// # Errors
    /// `LayerNotDefined`, with the nearest name.
    pub fn layers_of(&self, name: &str) -> Result<Vec<Arc<Layer>>> {
        if let Some(members) = self.groups.get(name) {
            return Ok(members
                .iter()
                .rev()
                .filter_map(|i| self.together(*i))
                .collect());
        }
        self.layer(name).map(|layer| vec![Arc::clone(layer)])
    }

    /// The ids of groups that have one, in no order.
    pub fn group_ids(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// A layer as it is drawn with others under one name.
    fn together(&self, index: usize) -> Option<Arc<Layer>> {
        let faded = self.faded.get(&index);
        faded.or_else(|| self.layers.get(index)).map(Arc::clone)
    }

    /// The layers that the whole is drawn from, in drawing order: the bottom of the tree first.
    pub fn whole(&self) -> Vec<Arc<Layer>> {
        let mut placed = vec![false; self.layers.len()];
        let mut top_first: Vec<usize> = Vec::with_capacity(self.layers.len());
        for node in &self.tree {
            top_first.extend(note_groups(node, &mut placed, &mut HashMap::new()));
        }
        top_first
            .iter()
            .rev()
            .filter(|i| !self.hidden.get(**i).copied().unwrap_or(false))
            .filter_map(|i| self.together(*i))
            .collect()
    }

    /// The names of the same.
    pub fn drawing_order(&self) -> Vec<String> {
        self.whole().iter().map(|layer| layer.id.clone()).collect()
    }

    /// A number that is another one when the data of a layer, its styles or what is shown of it
    /// change: the same in every process that serves the same.
    pub fn fingerprint(&self, layer: &Layer) -> u64 {
        let place = self.by_id.get(&layer.id);
        // what lies under a map may be a layer of the site, under an id that the map has for another
        let place = place.filter(|index| {
            let own = self.layers.get(**index);
            own.is_some_and(|own| own.is_shown_as(layer))
        });
        let kept = place.and_then(|index| self.fingerprints.get(*index));
        let of_layer = || layer.fingerprint();
        kept.map_or_else(of_layer, |kept| *kept.get_or_init(of_layer))
    }

    /// A number that is another one when what is told in words of a layer of this catalogue
    /// changes: titles, names in XML, the site around it. The same in every process.
    pub fn wording(&self, layer: &Layer) -> u64 {
        let place = self.by_id.get(&layer.id);
        let kept = place.and_then(|index| self.wordings.get(*index));
        let of_layer = || layer.wording(&self.site);
        kept.map_or_else(of_layer, |kept| *kept.get_or_init(of_layer))
    }

    /// True where the name is a group's.
    pub fn is_group(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }
}

/// Marks the layers of a node as placed, and lists each named group's layers top first.
fn note_groups(
    node: &Node,
    placed: &mut [bool],
    groups: &mut HashMap<String, Vec<usize>>,
) -> Vec<usize> {
    match node {
        Node::Layer(index) => {
            if let Some(flag) = placed.get_mut(*index) {
                *flag = true;
            }
            vec![*index]
        }
        Node::Group(group) => {
            let members: Vec<usize> = group
                .children
                .iter()
                .flat_map(|child| note_groups(child, placed, groups))
                .collect();
            if let Some(id) = &group.id {
                groups.insert(id.clone(), members.clone());
            }
            members
        }
    }
}
