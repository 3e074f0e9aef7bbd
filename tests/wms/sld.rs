//! Styles sent along.

use crate::fake::{World, code, text};
use crate::{MAP, assert_map, with};

#[test]
fn sld_10_a_style_document_is_a_library_beside_layers_and_a_map_without_them() {
    let world = World::default();
    let drawn = |query: String| -> Vec<String> {
        assert_map(&world, &query);
        let map = world.last_map();
        map.layers
            .iter()
            .map(|l| format!("{}/{}", l.layer.id, l.style.id))
            .collect()
    };
    let body = "SLD_BODY=departements%20*own%0Acommunes%20contours";
    assert_eq!(
        drawn(format!("{}&{body}", with(MAP, "LAYERS", None))),
        ["departements/own", "communes/contours"]
    );
    let two = with(MAP, "LAYERS", Some("communes,departements"));
    assert_eq!(
        drawn(format!("{}&{body}", with(&two, "STYLES", None))),
        ["communes/contours", "departements/own"]
    );
    assert_eq!(
        drawn(format!(
            "{}&{body}",
            with(&two, "STYLES", Some("population,own"))
        )),
        ["communes/population", "departements/own"]
    );
}

#[test]
fn sld_by_url_is_refused_and_says_what_to_send() {
    let world = World::default();
    let query = format!(
        "{}&SLD=https://styles.example/a.sld",
        with(MAP, "LAYERS", None)
    );
    let answer = world.get(&query);
    assert_eq!(code(&answer), "InvalidParameterValue");
    assert!(text(&answer).contains("locator=\"SLD\"") && text(&answer).contains("SLD_BODY"));
    // a style that is sent as well is the one that counts
    assert_map(&world, &format!("{query}&SLD_BODY=departements%20*own"));
    assert_eq!(world.last_map().layers[0].style.id, "own");
}
