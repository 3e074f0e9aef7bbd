//! The catalogue for fewer people: what a configuration restricts holds even where the rest of it
//! is refused.

use std::sync::Arc;

use super::map::{MapEntry, MapGroup, MapLayer};
use super::{Access, ArchiveLayer, Catalogue, Layer, Map, Maps};
use crate::error::Result;

impl Access {
    /// For those who may see it by both: never for more people than either.
    #[must_use]
    pub fn narrowed(&self, other: &Access) -> Access {
        match (self, other) {
            (Access::Public, other) => other.clone(),
            (own, Access::Public) => own.clone(),
            (Access::Roles(own), Access::Roles(other)) => {
                let both = own.iter().filter(|role| other.contains(role));
                Access::Roles(both.cloned().collect())
            }
        }
    }
}

impl Catalogue {
    /// The same catalogue, its layers and maps for those who may see them by what is said of
    /// their ids, too.
    ///
    /// # Errors
    /// As [`Catalogue::new`]: none that this one has not.
    pub fn narrowed(
        &self,
        of_layer: &dyn Fn(&str) -> Access,
        of_map: &dyn Fn(&str) -> Access,
        sequence: u64,
    ) -> Result<Catalogue> {
        let layer = |layer: &Arc<Layer>| narrowed_layer(layer, &of_layer(&layer.id));
        let archive = |archive: &Arc<ArchiveLayer>| {
            let access = archive.access.narrowed(&of_layer(&archive.id));
            Arc::new(ArchiveLayer {
                access,
                ..ArchiveLayer::clone(archive)
            })
        };
        let map = |map: &Arc<Map>| {
            Arc::new(Map {
                access: map.access.narrowed(&of_map(&map.id)),
                entries: narrowed_entries(&map.entries, of_layer),
                ..Map::clone(map)
            })
        };
        let catalogue = Catalogue::new(
            self.site.clone(),
            self.layers.iter().map(layer).collect(),
            self.tree.clone(),
            sequence,
            self.faults.clone(),
        )?;
        Ok(catalogue
            .with_archives(self.archives.iter().map(archive).collect())
            .with_maps(Maps::new(self.maps.iter().map(map).collect())))
    }
}

fn narrowed_layer(layer: &Arc<Layer>, said: &Access) -> Arc<Layer> {
    let access = layer.access.narrowed(said);
    if access == layer.access {
        return Arc::clone(layer);
    }
    Arc::new(Layer {
        access,
        ..Layer::clone(layer)
    })
}

fn narrowed_entries(entries: &[MapEntry], of_layer: &dyn Fn(&str) -> Access) -> Vec<MapEntry> {
    let each = |entry: &MapEntry| match entry {
        MapEntry::Layer(entry) => MapEntry::Layer(Box::new(MapLayer {
            layer: narrowed_layer(&entry.layer, &of_layer(&entry.of)),
            ..MapLayer::clone(entry)
        })),
        MapEntry::Group(group) => MapEntry::Group(MapGroup {
            entries: narrowed_entries(&group.entries, of_layer),
            ..group.clone()
        }),
    };
    entries.iter().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_see_by_both_may_see() {
        let roles = |roles: &[&str]| Access::Roles(roles.iter().map(|r| (*r).to_owned()).collect());
        assert_eq!(Access::Public.narrowed(&roles(&["a"])), roles(&["a"]));
        assert_eq!(roles(&["a"]).narrowed(&Access::Public), roles(&["a"]));
        assert_eq!(
            roles(&["a", "b"]).narrowed(&roles(&["b", "c"])),
            roles(&["b"])
        );
        assert_eq!(roles(&["a"]).narrowed(&roles(&["b"])), roles(&[]));
    }
}
