use serde_json::{Value, json};

use crate::catalogue::Site;
use crate::catalogue::map::MapService;

use super::{collections, features, map, openapi, styles, tilesets};

/// What documents, pages and negotiation fulfil.
const COMMON: [&str; 4] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
];

/// The conformance declaration: the sum of what each part fulfils.
pub(super) fn document(site: &Site) -> Value {
    let parts = [
        (None, &COMMON[..]),
        (None, openapi::CONFORMANCE),
        (None, collections::CONFORMANCE),
        (Some(MapService::Features), features::CONFORMANCE),
        (Some(MapService::Tiles), tilesets::CONFORMANCE),
        (Some(MapService::Wms), map::CONFORMANCE),
        (Some(MapService::Tiles), styles::CONFORMANCE),
    ];
    let offered = parts
        .into_iter()
        .filter(|(service, _)| service.is_none_or(|s| site.offers(s)));
    let mut all: Vec<String> = offered
        .flat_map(|(_, classes)| classes)
        .map(|class| (*class).to_owned())
        .collect();
    // 20-058 prints its classes with https, drafts and programs of their time have http
    let maps = map::CONFORMANCE.iter();
    let printed = maps.filter(|class| all.iter().any(|known| known == *class));
    let printed: Vec<String> = printed
        .map(|class| class.replacen("http:", "https:", 1))
        .collect();
    all.extend(printed);
    json!({ "conformsTo": all })
}
