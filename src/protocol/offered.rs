//! Which service of the site an address belongs to: a map may be without some of them
//! (`services:`), and what it does not offer neither answers nor is linked.

use serde_json::Value;

use crate::catalogue::Site;
use crate::catalogue::map::MapService;

/// The service of an address by its decoded segments; `None` for pages, records, lists and what
/// describes the site, which are there whatever is offered.
///
/// A map that OGC API draws is what a WMS draws; styles and sprites are those of tiles.
pub fn service_of(segments: &[&str]) -> Option<MapService> {
    let inside = match segments {
        ["collections", _, inside @ ..] => inside,
        ["api", "ogc-features", ..] => return Some(MapService::Features),
        all => all,
    };
    Some(match inside {
        ["wms", ..] | ["map"] | ["styles", _, "map"] => MapService::Wms,
        ["wmts", ..] => MapService::Wmts,
        [
            "wfs" | "items" | "schema" | "queryables" | "sortables" | "data.fgb",
            ..,
        ] => MapService::Features,
        [
            "tiles" | "map" | "tileMatrixSets" | "styles" | "sprites",
            ..,
        ] => MapService::Tiles,
        _ => return None,
    })
}

impl Site {
    /// True where an address under `base` answers, as far as services go: addresses of elsewhere
    /// do.
    pub fn offers_address(&self, base: &str, href: &str) -> bool {
        let Some(path) = href.strip_prefix(base) else {
            return true;
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        service_of(&segments).is_none_or(|service| self.offers(service))
    }

    /// Leaves links to what is not offered out of a document, wherever they stand in it.
    pub(super) fn without_withheld(&self, base: &str, document: &mut Value) {
        if self.withheld.is_empty() {
            return;
        }
        match document {
            Value::Array(list) => {
                list.retain(|one| {
                    let href = one.get("href").and_then(Value::as_str);
                    href.is_none_or(|href| self.offers_address(base, href))
                });
                for one in list {
                    self.without_withheld(base, one);
                }
            }
            Value::Object(members) => {
                for (_, one) in members.iter_mut() {
                    self.without_withheld(base, one);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_address_is_of_one_service_or_of_none() {
        for (path, service) in [
            ("wms", Some(MapService::Wms)),
            ("collections/a/wms", Some(MapService::Wms)),
            ("collections/a/map", Some(MapService::Wms)),
            ("map", Some(MapService::Wms)),
            ("styles/a/map", Some(MapService::Wms)),
            ("collections/a/styles/b/map", Some(MapService::Wms)),
            ("wmts/1.0.0/WMTSCapabilities.xml", Some(MapService::Wmts)),
            ("wfs", Some(MapService::Features)),
            ("collections/a/items/1", Some(MapService::Features)),
            ("collections/a/queryables", Some(MapService::Features)),
            (
                "api/ogc-features/collections.json",
                Some(MapService::Features),
            ),
            ("map/tiles/WebMercatorQuad", Some(MapService::Tiles)),
            ("collections/a/map/tiles", Some(MapService::Tiles)),
            ("tiles/a/1/2/3.mvt", Some(MapService::Tiles)),
            ("styles", Some(MapService::Tiles)),
            ("collections", None),
            ("collections/wms", None),
            ("layers/map/record.xml", None),
            ("api.html", None),
        ] {
            let segments: Vec<&str> = path.split('/').collect();
            assert_eq!(service_of(&segments), service, "{path}");
        }
    }

    #[test]
    fn links_to_what_is_withheld_leave_a_document() {
        let site = Site {
            withheld: vec![MapService::Features],
            ..Site::default()
        };
        let mut document = json!({"links": [
            {"href": "http://h/m/wms?x"}, {"href": "http://h/m/wfs?x"}, {"href": "http://other/wfs"},
        ], "inner": [{"links": [{"href": "http://h/m/collections/a/items"}]}]});
        site.without_withheld("http://h/m", &mut document);
        let expected = json!({"links": [
            {"href": "http://h/m/wms?x"}, {"href": "http://other/wfs"},
        ], "inner": [{"links": []}]});
        assert_eq!(document, expected);
    }
}
