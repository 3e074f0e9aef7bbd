//! WMS by clause: OGC 06-042 (1.3.0), OGC 01-068r3 (1.1.1), OGC 05-078r4 (SLD), INSPIRE TG
//! View 3.11, and what clients need.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "../fake/mod.rs"]
mod fake;

mod capabilities;
mod exceptions;
mod feature_info;
mod hostile;
mod legends;
mod requests;
mod sld;

use fake::World;

const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=departements&STYLES=\
                   &CRS=EPSG:4326&BBOX=44,2,47,7&WIDTH=20&HEIGHT=10&FORMAT=image/png";
const INFO: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=departements&STYLES=\
                    &CRS=EPSG:2154&BBOX=0,0,100,100&WIDTH=100&HEIGHT=100\
                    &QUERY_LAYERS=departements&I=5&J=6";

const LEGEND: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=departements";

/// A query with one parameter replaced, added, or taken out where the value is `None`.
fn with(query: &str, name: &str, value: Option<&str>) -> String {
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.to_uppercase().starts_with(&format!("{name}=")))
        .map(str::to_owned)
        .collect();
    pairs.extend(value.map(|value| format!("{name}={value}")));
    pairs.join("&")
}

fn assert_map(world: &World, query: &str) {
    let answer = world.get(query);
    assert_eq!(
        answer.media_type,
        "image/png",
        "{query}: {}",
        String::from_utf8_lossy(&answer.body)
    );
}
