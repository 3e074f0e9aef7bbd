//! The catalogue of somebody: what they may not see is not in it, so no list, service, count or
//! cache can tell of it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::map::{MapEntry, MapGroup};
use super::{Access, Catalogue, Group, Map, Maps, Node};
use crate::error::Result;
use crate::identity::Audience;

impl Access {
    /// True where somebody may see it.
    pub fn admits(&self, audience: &Audience) -> bool {
        match self {
            Access::Public => true,
            Access::Roles(roles) => roles.iter().any(|role| audience.has(role)),
        }
    }
}

impl Catalogue {
    /// The roles that decide what somebody sees.
    pub fn roles(&self) -> BTreeSet<String> {
        let of_layers = self.layers.iter().map(|layer| &layer.access);
        let of_archives = self.archives.iter().map(|archive| &archive.access);
        let of_maps = self.maps.iter().map(|map| &map.access);
        let mut roles = BTreeSet::new();
        for access in of_layers.chain(of_archives).chain(of_maps) {
            if let Access::Roles(some) = access {
                roles.extend(some.iter().cloned());
            }
        }
        roles
    }

    /// True where everybody sees everything.
    pub fn is_public(&self) -> bool {
        self.layers.iter().all(|layer| layer.access.is_public())
            && self
                .archives
                .iter()
                .all(|archive| archive.access.is_public())
            && self.maps.iter().all(|map| map.access.is_public())
            && self.faults.iter().all(|fault| fault.access.is_public())
    }

    /// The catalogue that answers somebody.
    ///
    /// # Errors
    /// As [`Catalogue::new`]: none that the whole has not.
    pub fn seen_by(&self, audience: &Audience) -> Result<Catalogue> {
        let mut places = HashMap::new();
        let mut layers = Vec::new();
        for (place, layer) in self.layers.iter().enumerate() {
            if layer.access.admits(audience) {
                places.insert(place, layers.len());
                layers.push(Arc::clone(layer));
            }
        }
        let tree = self.tree.iter().filter_map(|node| seen_node(node, &places));
        let faults = self.faults.iter();
        let faults = faults
            .filter(|fault| fault.access.admits(audience))
            .cloned();
        let archives = self.archives.iter();
        let archives = archives.filter(|archive| archive.access.admits(audience));
        let of_layers = self.layers.iter();
        let hidden = of_layers.filter(|layer| !layer.access.admits(audience));
        let hidden: HashSet<&str> = hidden.map(|layer| layer.id.as_str()).collect();
        let maps = self.maps.iter();
        let maps = maps.filter_map(|map| seen_map(map, audience, &hidden));
        let catalogue = Catalogue::new(
            self.site.clone(),
            layers,
            tree.collect(),
            self.sequence,
            faults.collect(),
        )?;
        Ok(catalogue
            .with_archives(archives.cloned().collect())
            .with_maps(Maps::new(maps.collect())))
    }
}

/// A node with the layers that are seen; `None` where it had some and none is left.
fn seen_node(node: &Node, places: &HashMap<usize, usize>) -> Option<Node> {
    match node {
        Node::Layer(place) => places.get(place).copied().map(Node::Layer),
        Node::Group(group) => {
            let children: Vec<Node> = group
                .children
                .iter()
                .filter_map(|child| seen_node(child, places))
                .collect();
            (!children.is_empty() || group.children.is_empty()).then(|| {
                Node::Group(Group {
                    children,
                    ..group.clone()
                })
            })
        }
    }
}

/// A map as somebody sees it: with all its layers where a link to it was signed for them, else
/// without those that are not for them. What is searched in layers that they see nowhere else
/// is not in it either: it would tell the names of their fields.
fn seen_map(map: &Arc<Map>, audience: &Audience, hidden: &HashSet<&str>) -> Option<Arc<Map>> {
    let is_shared = audience.shared_map() == Some(&map.id);
    if !is_shared && !map.access.admits(audience) {
        return None;
    }
    let sees = |layer: &str| {
        let by_link = || is_shared && map.layers().any(|entry| entry.of == layer);
        !hidden.contains(layer) || by_link()
    };
    let entries_seen = map.layers().all(|entry| sees(&entry.of));
    if entries_seen && map.search.iter().all(|search| sees(&search.layer)) {
        return Some(Arc::clone(map));
    }
    let mut seen = Map::clone(map);
    seen.search.retain(|search| sees(&search.layer));
    if !entries_seen {
        seen.entries = seen_entries(&map.entries, audience);
    }
    Some(Arc::new(seen))
}

fn seen_entries(entries: &[MapEntry], audience: &Audience) -> Vec<MapEntry> {
    entries
        .iter()
        .filter_map(|entry| match entry {
            MapEntry::Layer(layer) => layer.layer.access.admits(audience).then(|| entry.clone()),
            MapEntry::Group(group) => {
                let entries = seen_entries(&group.entries, audience);
                (!entries.is_empty()).then(|| {
                    MapEntry::Group(MapGroup {
                        entries,
                        ..group.clone()
                    })
                })
            }
        })
        .collect()
}
