//! Legends, styles, and how a request was understood.

use cartotheque::operation::Limits;
use tiny_skia::Pixmap;

use crate::fake::{self, World, code, text};
use crate::{INFO, LEGEND, MAP, assert_map};

#[test]
fn sld_12_a_legend_is_drawn_for_layer_style_rule_and_scale() {
    let world = World::default();
    let query =
        format!("{LEGEND}&STYLE=contours&RULE=r&SCALE=5000&WIDTH=30&HEIGHT=16&FORMAT=image/png");
    assert_eq!(world.get(&query).media_type, "image/png");
    let asked = world.engine.legends.lock().unwrap().pop().unwrap();
    assert_eq!(asked.style.id, "contours");
    assert_eq!(asked.rule.as_deref(), Some("r"));
    assert_eq!(asked.scale_denominator, Some(5000.0));
    assert_eq!(asked.swatch, [30, 16]);
}

#[test]
fn a_contextual_legend_of_qgis_takes_its_scale_from_the_map() {
    let world = World::default();
    world.get(&format!(
        "{LEGEND}&CRS=EPSG:2154&BBOX=0,0,28000,28000&WIDTH=100&HEIGHT=100"
    ));
    let asked = world.engine.legends.lock().unwrap().pop().unwrap();
    assert!((asked.scale_denominator.unwrap() - 1e6).abs() < 1e-3);
    assert_eq!(asked.swatch, [20, 20]);
    // QGIS Server's own words for the map, beside the size of a swatch
    world.get(&format!(
        "{LEGEND}&CRS=EPSG:2154&BBOX=0,0,28000,28000&SRCWIDTH=50&SRCHEIGHT=50&WIDTH=30&HEIGHT=16"
    ));
    let asked = world.engine.legends.lock().unwrap().pop().unwrap();
    assert!((asked.scale_denominator.unwrap() - 2e6).abs() < 1e-3);
    assert_eq!(asked.swatch, [30, 16]);
}

/// The layers and styles whose legends were drawn, from the top.
fn drawn(world: &World, query: &str) -> Vec<String> {
    let answer = world.get(query);
    assert_eq!(answer.media_type, "image/png", "{query}: {}", text(&answer));
    let mut legends = world.engine.legends.lock().unwrap();
    let names = legends.drain(..);
    names
        .map(|l| format!("{}/{}", l.layer.id, l.style.id))
        .collect()
}

#[test]
fn the_legends_of_a_list_of_layers_stand_one_under_the_other() {
    let world = World::default();
    let list = |names: &str| LEGEND.replace("departements", names);
    assert_eq!(
        drawn(&world, &list("departements,stations")),
        ["departements/population", "stations/population"]
    );
    let styled = format!("{}&STYLE=,contours", list("stations,departements"));
    assert_eq!(
        drawn(&world, &styled),
        ["stations/population", "departements/contours"]
    );
    // of a group those of its layers that have the style have it, as on the map
    let group = format!("{}&STYLE=contours", list("limites"));
    assert_eq!(drawn(&world, &group).len(), 2);
    let wrong = world.get(&format!("{}&STYLE=a,b", list("departements")));
    assert_eq!(code(&wrong), "InvalidParameterValue");
    assert!(text(&wrong).contains("locator=\"STYLE\""));
    let unknown = world.get(&list("departements,nonsense"));
    assert_eq!(code(&unknown), "LayerNotDefined");
    assert!(text(&unknown).contains("locator=\"LAYER\""));
}

#[test]
fn sld_12_a_style_that_is_sent_along_has_its_legend() {
    let world = World::default();
    let body = "SLD_BODY=departements%20*own";
    assert_eq!(
        drawn(&world, &format!("{LEGEND}&{body}")),
        ["departements/own"]
    );
    assert_eq!(
        drawn(&world, &format!("{LEGEND}&STYLE=contours&{body}")),
        ["departements/contours"]
    );
}

#[test]
fn a_legend_in_jpeg_has_its_background_whatever_is_said_of_transparency() {
    let world = World::default();
    for (format, transparent) in [("image/png", true), ("image/jpeg", false)] {
        world.get(&format!("{LEGEND}&FORMAT={format}&TRANSPARENT=TRUE"));
        let asked = world.engine.legends.lock().unwrap().pop().unwrap();
        assert_eq!(asked.transparent, transparent, "{format}");
    }
}

#[test]
fn a_group_s_legend_is_its_layers_legends_one_above_the_other() {
    let world = World::default();
    let answer = world.get(&LEGEND.replace("departements", "limites"));
    let drawn = Pixmap::decode_png(&answer.body).unwrap();
    assert_eq!(
        [drawn.width(), drawn.height()],
        [fake::LEGEND[0], 2 * fake::LEGEND[1]]
    );
    let world = World {
        limits: Limits {
            height: 50,
            ..Limits::default()
        },
        ..World::default()
    };
    let answer = world.get(&LEGEND.replace("departements", "limites"));
    assert!(text(&answer).contains("is limited to 50"));
    assert!(world.engine.legends.lock().unwrap().is_empty());
}

#[test]
fn a_legend_in_json_has_titles_and_icons() {
    let world = World::default();
    let answer = world.get(&format!("{LEGEND}&FORMAT=application/json&LANGUAGE=eng"));
    assert_eq!(answer.media_type, "application/json");
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let node = &json["nodes"][0];
    assert_eq!(node["title"], "Departments");
    assert_eq!(node["symbols"][0]["title"], "population \"entrée\"");
    assert!(
        node["symbols"][0]["icon"]
            .as_str()
            .unwrap()
            .starts_with("iVBORw0KGgo")
    );
}

#[test]
fn sld_13_get_styles_writes_every_style_of_the_layers() {
    let world = World::default();
    let answer = world.get("SERVICE=WMS&VERSION=1.1.1&REQUEST=GetStyles&LAYERS=departements");
    assert_eq!(answer.media_type, "application/vnd.ogc.sld+xml");
    assert_eq!(
        text(&answer),
        "departements/population;departements/contours;"
    );
}

#[test]
fn explain_says_the_axis_decision_and_what_was_ignored_and_can_be_switched_off() {
    let mut world = World::default();
    let query = format!("{MAP}&explain=json&BoGuS=1&TIME=2024");
    let answer = world.get(&query);
    assert_eq!(answer.media_type, "application/json");
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json["request"]["crs"]["bboxOrder"], "north, east");
    assert_eq!(json["request"]["bbox"]["minEast"], 2.0);
    assert_eq!(
        json["request"]["ignoredParameters"],
        serde_json::json!(["BOGUS"])
    );
    assert_eq!(json["drawn"]["layers"][0]["layer"], "departements");
    let html = world.get(&format!("{INFO}&explain=html"));
    assert_eq!(html.media_type, "text/html; charset=utf-8");
    assert!(text(&html).contains("departements.01000"));
    let info = world.get(&format!("{INFO}&explain=json"));
    let json: serde_json::Value = serde_json::from_slice(&info.body).unwrap();
    assert_eq!(json["drawn"]["layers"][0]["layer"], "departements");
    assert_eq!(json["drawn"]["layers"][0]["featuresRead"], 3);
    assert_eq!(
        code(&world.get(&format!("{MAP}&explain=perhaps"))),
        "InvalidParameterValue"
    );
    world.explain = false;
    assert_map(&world, &query);
}
