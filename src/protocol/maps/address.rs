/// An address of the cartothèque, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MapsAddress {
    /// `/maps`
    List,
    /// `/maps/{id}`
    Page { map: String },
    /// `/maps/{id}/embed`
    Embed { map: String },
    /// `/maps/{id}/legend.png` and others: made of the map as a whole.
    Document { map: String, name: String },
    /// `/maps/{id}/wms`, …: an address of the site over the map's own catalogue.
    Service { map: String, path: String },
    /// `/1/{alias}.map`
    Alias { alias: String },
}

/// The documents of a map; all other addresses under it are those of the site.
const DOCUMENTS: [&str; 10] = [
    "context.json",
    "context.atom",
    "context.wmc",
    "layers.qlr",
    "project.qgs",
    "style.json",
    "print.pdf",
    "legend.png",
    "legend.json",
    "map.png",
];

/// First parts of addresses that are the site's alone.
const OF_SITE: [&str; 7] = [
    "maps",
    "1",
    "health",
    "metrics",
    "robots.txt",
    "favicon.ico",
    "favicon.svg",
];

impl MapsAddress {
    /// The address of a path's decoded segments; `path` is the same, still encoded. `None` where
    /// it is another one.
    pub fn parse(segments: &[&str], path: &str) -> Option<MapsAddress> {
        match segments {
            ["maps"] => Some(MapsAddress::List),
            ["maps", map] => Some(MapsAddress::Page {
                map: (*map).to_owned(),
            }),
            ["maps", map, "embed"] => Some(MapsAddress::Embed {
                map: (*map).to_owned(),
            }),
            ["maps", map, name] if DOCUMENTS.contains(name) => Some(MapsAddress::Document {
                map: (*map).to_owned(),
                name: (*name).to_owned(),
            }),
            ["maps", _, first, ..] if OF_SITE.contains(first) => None,
            ["maps", map, ..] => {
                // what follows /maps/{id}
                let rest = path.splitn(4, '/').nth(3)?;
                Some(MapsAddress::Service {
                    map: (*map).to_owned(),
                    path: format!("/{rest}"),
                })
            }
            ["1", file] => Some(MapsAddress::Alias {
                alias: file.strip_suffix(".map")?.to_owned(),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<MapsAddress> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        MapsAddress::parse(&segments, path)
    }

    #[test]
    fn what_follows_a_map_is_an_address_of_the_site() {
        let service = |path: &str| {
            Some(MapsAddress::Service {
                map: "a".into(),
                path: path.into(),
            })
        };
        assert_eq!(parsed("/maps/a/wms"), service("/wms"));
        assert_eq!(
            parsed("/maps/a/collections/b/items"),
            service("/collections/b/items")
        );
        assert_eq!(parsed("/maps/a/maps/a"), None);
        assert_eq!(parsed("/maps/a/metrics"), None);
        assert_eq!(parsed("/maps"), Some(MapsAddress::List));
    }

    #[test]
    fn an_address_of_prodige_names_an_alias() {
        let alias = Some(MapsAddress::Alias {
            alias: "geosites_r82".into(),
        });
        assert_eq!(parsed("/1/geosites_r82.map"), alias);
        assert_eq!(parsed("/1/geosites_r82"), None);
    }
}
