use serde_json::{Value, json};

use super::{collections, features, map, openapi, styles, tilesets};

/// What documents, pages and negotiation fulfil.
const COMMON: [&str; 4] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
];

/// The conformance declaration: the sum of what each part fulfils.
pub(super) fn document() -> Value {
    let all: Vec<&str> = [
        &COMMON[..],
        openapi::CONFORMANCE,
        collections::CONFORMANCE,
        features::CONFORMANCE,
        tilesets::CONFORMANCE,
        map::CONFORMANCE,
        styles::CONFORMANCE,
    ]
    .concat();
    json!({ "conformsTo": all })
}
