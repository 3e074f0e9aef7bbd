//! The catalogue of one map: the site's services over it are the map's services.

use std::collections::HashMap;
use std::sync::Arc;

use super::map::{MapEntry, MapLayer, MapService};
use super::{Catalogue, Contact, Group, Layer, Map, Node, Site};
use crate::crs::{Crs, Transform};
use crate::error::Result;
use crate::geom::Bbox;
use crate::store::FeatureStore;

impl Catalogue {
    /// What the services of a map know: its layers in its order, under its titles, in its styles,
    /// through its filters. A group with the map's id draws what the map shows at first.
    ///
    /// The parts that filters leave are found here: this reads features, once for each filter.
    ///
    /// # Errors
    /// `Config` where two layers of the map share an id.
    pub fn of_map(&self, map: &Map) -> Result<Catalogue> {
        let layers: Vec<Arc<Layer>> = map.layers().map(placed).collect();
        let index: HashMap<&str, usize> = map.layers().map(|l| l.id.as_str()).zip(0..).collect();
        let children = nodes(&map.entries, &index);
        let tree = if index.contains_key(map.id.as_str()) {
            children
        } else {
            vec![Node::Group(Group {
                id: Some(map.id.clone()),
                title: map.title.clone(),
                abstract_: map.abstract_.clone(),
                children,
            })]
        };
        let mut catalogue =
            Catalogue::new(self.site_of(map), layers, tree, self.sequence, Vec::new())?;
        for (index, entry) in map.layers().enumerate() {
            if entry.opacity < 1.0
                && let Some(layer) = catalogue.layers.get(index)
            {
                let faded = layer.faded(entry.opacity);
                catalogue.faded.insert(index, faded);
            }
        }
        catalogue.hidden = map.layers().map(|layer| !layer.is_visible).collect();
        let hidden = catalogue.hidden.clone();
        if let Some(members) = catalogue.groups.get_mut(&map.id) {
            members.retain(|place| !hidden.get(*place).copied().unwrap_or(false));
        }
        Ok(catalogue)
    }

    fn site_of(&self, map: &Map) -> Site {
        let (site, metadata) = (&self.site, &map.metadata);
        let said = |own: &Option<String>| own.clone().filter(|text| !text.is_empty());
        let all = MapService::ALL.into_iter();
        Site {
            withheld: all.filter(|service| !map.has(*service)).collect(),
            is_of_map: true,
            title: map.title.clone(),
            abstract_: map.abstract_.clone(),
            keywords: map.keywords.clone(),
            languages: map.languages.clone(),
            contact: Contact {
                organisation: said(&metadata.organisation)
                    .unwrap_or_else(|| site.contact.organisation.clone()),
                email: said(&metadata.contact).or_else(|| site.contact.email.clone()),
                ..site.contact.clone()
            },
            licence: said(&metadata.licence).or_else(|| site.licence.clone()),
            namespace: site.namespace.clone(),
            crs: map.view.offer.clone(),
            tile_matrix_sets: site.tile_matrix_sets.clone(),
            revised: said(&metadata.revised).unwrap_or_else(|| site.revised.clone()),
        }
    }
}

/// The layer with the extent of what its filter leaves.
fn placed(entry: &MapLayer) -> Arc<Layer> {
    let layer = &entry.layer;
    if layer.whole().is_some() {
        return Arc::clone(layer);
    }
    Arc::new(Layer {
        extent_lonlat: extent_lonlat(&*layer.store, &layer.crs),
        ..Layer::clone(layer)
    })
}

fn nodes(entries: &[MapEntry], index: &HashMap<&str, usize>) -> Vec<Node> {
    entries
        .iter()
        .filter_map(|entry| match entry {
            MapEntry::Layer(layer) => index.get(layer.id.as_str()).map(|at| Node::Layer(*at)),
            MapEntry::Group(group) => Some(Node::Group(Group {
                id: None,
                title: group.title.clone(),
                abstract_: super::LocalText::default(),
                children: nodes(&group.entries, index),
            })),
        })
        .collect()
}

/// The extent of a store in longitude and latitude; `None` where it has none or it can't be
/// transformed.
pub fn extent_lonlat(store: &dyn FeatureStore, crs: &Crs) -> Option<Bbox> {
    bbox_lonlat(&store.extent()?, crs)
}

/// A box of a CRS, x before y, in longitude and latitude (CRS84); one across the antimeridian is
/// all longitudes.
pub fn bbox_lonlat(bbox: &Bbox, crs: &Crs) -> Option<Bbox> {
    let geographic = Crs::crs84();
    let boxes = if *crs == geographic {
        vec![*bbox]
    } else {
        Transform::new(crs, &geographic).ok()?.forward_bbox(bbox)
    };
    let whole = boxes.into_iter().reduce(|a, b| a.union(&b))?;
    whole.intersection(&Bbox::WORLD)
}
