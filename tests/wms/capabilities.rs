//! What the service says of itself.

use cartotheque::protocol::Request;
use tiny_skia::Pixmap;

use crate::fake::{self, BASE, World, code, text};
use crate::{INFO, MAP, with};

fn capabilities(world: &World, query: &str) -> String {
    let answer = world.get(&format!("SERVICE=WMS&REQUEST=GetCapabilities&{query}"));
    assert_eq!(answer.status, 200);
    text(&answer).to_owned()
}

#[test]
fn wms130_6_2_4_the_version_is_negotiated() {
    let world = World::default();
    for (asked, root) in [
        ("", "<WMS_Capabilities version=\"1.3.0\""),
        ("VERSION=100.0.0", "<WMS_Capabilities version=\"1.3.0\""),
        ("VERSION=1.1.1", "<WMT_MS_Capabilities version=\"1.1.1\""),
        ("VERSION=0.0.0", "<WMT_MS_Capabilities version=\"1.1.1\""),
        (
            "FORMAT=text/nonsense",
            "<WMS_Capabilities version=\"1.3.0\"",
        ),
    ] {
        assert!(capabilities(&world, asked).contains(root), "{asked}");
    }
}

#[test]
fn inspire_service_alone_and_request_alone_are_exceptions() {
    let world = World::default();
    assert_eq!(code(&world.get("SERVICE=WMS")), "MissingParameterValue");
    assert_eq!(
        code(&world.get("REQUEST=GetCapabilities")),
        "MissingParameterValue"
    );
    assert_eq!(code(&world.get("")), "MissingParameterValue");
}

#[test]
fn wms130_7_2_3_5_update_sequences_are_compared_as_integers() {
    let world = World::default();
    let query = |n: &str| {
        world.get(&format!(
            "SERVICE=WMS&REQUEST=GetCapabilities&UPDATESEQUENCE={n}"
        ))
    };
    assert_eq!(code(&query("7")), "CurrentUpdateSequence");
    assert_eq!(code(&query("10")), "InvalidUpdateSequence");
    assert!(text(&query("6")).contains("updateSequence=\"7\""));
    assert!(text(&query("abc")).contains("updateSequence=\"7\""));
}

#[test]
fn wms130_7_2_4_every_operation_s_address_ends_in_a_question_mark() {
    let world = World::default();
    for version in ["1.3.0", "1.1.1"] {
        let text = capabilities(&world, &format!("VERSION={version}"));
        let service = text.split_once("<Layer>").unwrap().0;
        let hrefs: Vec<&str> = service.split("xlink:href=\"").skip(1).collect();
        assert!(hrefs.len() >= 6, "{version}");
        for href in hrefs {
            let href = href.split('"').next().unwrap();
            assert_eq!(href, format!("{BASE}/wms?"));
        }
    }
}

#[test]
fn every_address_follows_the_base_url_and_the_kept_document_serves_another_one() {
    let world = World::default();
    let at = |base: &str| {
        let request = Request {
            query: "SERVICE=WMS&REQUEST=GetCapabilities",
            base,
            ..Request::default()
        };
        text(&world.ask(&request)).to_owned()
    };
    let first = at("http://a.example");
    let second = at("https://b.example/carto&co");
    assert!(!second.contains("a.example"));
    assert_eq!(
        second.replace("https://b.example/carto&amp;co", "http://a.example"),
        first
    );
    assert!(first.contains("<inspire_common:URL>http://a.example/record.xml<"));
    assert!(first.contains("http://a.example/layers/departements/record.xml"));
}

/// The numbers of the first element `name` after `from`, as they are written.
fn digits<'t>(text: &'t str, from: &str, start: &str, names: [&str; 4]) -> [&'t str; 4] {
    let text = text.split_once(from).unwrap().1;
    let text = text.split_once(start).unwrap().1;
    names.map(|name| {
        let value = text.split_once(name).unwrap().1;
        value.split(['"', '<']).next().unwrap()
    })
}

#[test]
fn wms130_7_2_4_6_7_boxes_have_the_same_digits_and_the_axes_of_their_crs() {
    let text = capabilities(&World::default(), "");
    let layer = "<Name>departements</Name>";
    let corners = [" minx=\"", " miny=\"", " maxx=\"", " maxy=\""];
    let bounds = [
        "westBoundLongitude>",
        "southBoundLatitude>",
        "eastBoundLongitude>",
        "northBoundLatitude>",
    ];
    let [west, south, east, north] = digits(&text, layer, "<EX_GeographicBoundingBox>", bounds);
    assert_eq!(
        [west, south, east, north],
        ["2.062881", "44.115493", "7.185479", "46.804299"]
    );
    let of = |crs: &str| {
        digits(
            &text,
            layer,
            &format!("<BoundingBox CRS=\"{crs}\""),
            corners,
        )
    };
    assert_eq!(of("CRS:84"), [west, south, east, north]);
    assert_eq!(of("EPSG:4326"), [south, west, north, east]);
    assert_eq!(of("EPSG:4258"), [south, west, north, east]);
    assert_eq!(
        of("EPSG:2154"),
        ["624753.1", "6334556.2", "1035258.3", "6642903.4"]
    );
    assert_eq!(
        of("EPSG:3035"),
        ["6334556.2", "624753.1", "6642903.4", "1035258.3"]
    );
}

#[test]
fn wms111_boxes_are_x_y_and_no_crs84_is_named() {
    let text = capabilities(&World::default(), "VERSION=1.1.1");
    let corners = [" minx=\"", " miny=\"", " maxx=\"", " maxy=\""];
    let layer = "<Name>departements</Name>";
    let lonlat = digits(&text, layer, "<LatLonBoundingBox", corners);
    assert_eq!(lonlat, ["2.062881", "44.115493", "7.185479", "46.804299"]);
    assert_eq!(
        digits(&text, layer, "<BoundingBox SRS=\"EPSG:4326\"", corners),
        lonlat
    );
    assert!(!text.contains("CRS:84"));
    assert!(text.contains("<Name>OGC:WMS</Name>"));
}

#[test]
fn wms130_7_2_4_6_crss_are_listed_at_the_root_and_inherited() {
    let text = capabilities(&World::default(), "");
    for crs in [
        "EPSG:2154",
        "EPSG:3857",
        "EPSG:4326",
        "EPSG:4258",
        "EPSG:3035",
        "CRS:84",
    ] {
        assert_eq!(
            text.matches(&format!("<CRS>{crs}</CRS>")).count(),
            1,
            "{crs}"
        );
    }
}

#[test]
fn a_layer_in_a_crs_of_its_own_offers_it_too() {
    let mut site = fake::site();
    site.crs = vec![fake::crs("EPSG:3857").unwrap()];
    let layers = fake::catalogue().layers;
    let catalogue = cartotheque::catalogue::Catalogue::new(site, layers, vec![], 1, vec![]);
    let text = capabilities(&World::of(catalogue.unwrap()), "");
    assert_eq!(text.matches("<CRS>EPSG:2154</CRS>").count(), 4);
    assert_eq!(text.matches("<BoundingBox CRS=\"EPSG:2154\"").count(), 4);
}

#[test]
fn wms130_7_2_4_6_groups_draw_by_name_or_are_categories_by_title() {
    let text = capabilities(&World::default(), "");
    let group = text.split_once("<Name>limites</Name>").unwrap().1;
    assert!(
        group
            .trim_start()
            .starts_with("<Title>Limites administratives</Title>")
    );
    let group = group.split_once("<Layer").unwrap().0;
    assert!(group.contains("<EX_GeographicBoundingBox>"));
    assert!(group.contains("<BoundingBox CRS=\"EPSG:2154\""));
    assert!(!group.contains("<Style>"));
    assert!(text.contains("<Layer queryable=\"0\">\n<Title>Divers</Title>"));
}

#[test]
fn wms130_7_2_4_6_5_a_style_has_a_legend_of_the_size_that_is_drawn() {
    let world = World::default();
    let document = capabilities(&world, "");
    let style = document.split_once("<Name>contours</Name>").unwrap().1;
    let [width, height] = fake::LEGEND;
    let legend = format!("<LegendURL width=\"{width}\" height=\"{height}\">");
    assert!(style.split_once("</Style>").unwrap().0.contains(&legend));
    let href = style
        .split_once("xlink:href=\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap();
    let query = href.replace("&amp;", "&");
    let answer = world.get(query.split_once('?').unwrap().1);
    assert_eq!(answer.media_type, "image/png");
    let drawn = Pixmap::decode_png(&answer.body).unwrap();
    assert_eq!([drawn.width(), drawn.height()], [width, height]);
}

#[test]
fn inspire_39_a_layer_of_a_theme_offers_the_default_style_by_inspire_s_name() {
    let text = capabilities(&World::default(), "");
    let layer = text.split_once("<Name>departements</Name>").unwrap().1;
    let first = layer.split_once("<Style>").unwrap().1;
    assert!(
        first
            .trim_start()
            .starts_with("<Name>inspire_common:DEFAULT</Name>")
    );
    // stations has no theme
    assert_eq!(
        text.matches("<Name>inspire_common:DEFAULT</Name>").count(),
        3
    );
}

#[test]
fn inspire_51_language_is_spoken_where_known_and_ignored_where_not() {
    let world = World::default();
    let french = capabilities(&world, "");
    let english = capabilities(&world, "LANGUAGE=eng");
    assert!(french.contains("<Title>Départements</Title>"));
    assert!(english.contains("<Title>Departments</Title>"));
    let response = |text: &str| {
        let tail = text
            .split_once("<inspire_common:ResponseLanguage>")
            .unwrap()
            .1;
        tail.split_once("Language>").unwrap().1[..3].to_owned()
    };
    assert_eq!(
        (response(&french), response(&english)),
        ("fre".into(), "eng".into())
    );
    assert_eq!(capabilities(&world, "LANGUAGE=ger"), french);
    assert_eq!(capabilities(&world, "LANGUAGE=fre"), french);
    assert!(english.contains(
        "<inspire_common:Language>fre</inspire_common:Language>\n</inspire_common:DefaultLanguage>"
    ));
}

#[test]
fn wms130_7_2_4_6_9_scales_are_denominators_and_in_1_1_1_diagonals() {
    let world = World::default();
    let new = capabilities(&world, "");
    assert!(new.contains("<MinScaleDenominator>1000</MinScaleDenominator>"));
    assert!(new.contains("<MaxScaleDenominator>2000000</MaxScaleDenominator>"));
    let old = capabilities(&world, "VERSION=1.1.1");
    let hint = old.split_once("<ScaleHint min=\"").unwrap().1;
    let min: f64 = hint.split('"').next().unwrap().parse().unwrap();
    assert!((min - 0.28 * 2f64.sqrt()).abs() < 1e-9);
}

#[test]
fn no_path_of_the_machine_stands_in_any_document() {
    let world = World::default();
    let mut all = capabilities(&world, "") + &capabilities(&world, "VERSION=1.1.1");
    all += text(&world.get(&format!("{MAP}&EXPLAIN=json")));
    all += text(&world.get(&format!("{INFO}&INFO_FORMAT=application/json")));
    assert!(!all.contains("secret"));
}

#[test]
fn the_endpoint_of_one_dataset_shows_and_draws_that_dataset_alone() {
    let world = World::default();
    let at = |query: &str, collection: &str| {
        world.ask(&Request {
            query,
            base: BASE,
            collection: Some(collection),
            ..Request::default()
        })
    };
    let answer = at("SERVICE=WMS&REQUEST=GetCapabilities", "stations");
    let document = text(&answer);
    assert!(document.contains("<Name>stations</Name>"));
    assert!(!document.contains("<Name>communes</Name>"));
    assert!(document.contains(&format!("{BASE}/collections/stations/wms?")));
    assert_eq!(code(&at(MAP, "stations")), "LayerNotDefined");
    let drawn = at(&with(MAP, "LAYERS", Some("stations")), "stations");
    assert_eq!(drawn.media_type, "image/png");
    let nowhere = at("SERVICE=WMS&REQUEST=GetCapabilities", "nonsense");
    assert_eq!((nowhere.status, code(&nowhere)), (404, "LayerNotDefined"));
}

#[test]
fn a_new_catalogue_replaces_the_kept_document() {
    let mut world = World::default();
    assert!(capabilities(&world, "").contains("updateSequence=\"7\""));
    world.catalogue.sequence = 8;
    assert!(capabilities(&world, "").contains("updateSequence=\"8\""));
    assert!(capabilities(&world, "").contains("<Name>departements</Name>"));
}
