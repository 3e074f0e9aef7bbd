//! Folders of real and awkward files, served bare: every file is drawn, or refused by name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

mod common;
use common::Scratch;
#[path = "common/work.rs"]
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cartotheque::budget::Budget;
use cartotheque::crs::Crs;
use cartotheque::geom::Bbox;
use cartotheque::protocol::wms::{self, Service};
use cartotheque::protocol::{Answer, Request};
use cartotheque::server::{Options, Site, State};
use work::Work;

const CRSS: [&str; 5] = ["CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:2154", "EPSG:3035"];

fn serve(folder: &str) -> Arc<Site> {
    serve_path(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).join(folder))
}

fn serve_path(path: PathBuf) -> Arc<Site> {
    let state = State::load(Options {
        path,
        base_url: None,
        trusted_proxies: Vec::new(),
        workers: 1,
        strict: false,
        explain: true,
        cache: None,
    })
    .unwrap();
    state.whole()
}

fn ask(site: &Site, query: &str) -> Answer {
    let service = Service {
        catalogue: &site.catalogue,
        limits: &site.limits,
        engine: &*site.studio,
        capabilities: &site.known.capabilities,
        explain: true,
    };
    let request = Request {
        query,
        base: "http://example.org",
        ..Request::default()
    };
    let limits = &site.limits;
    let allowed = Duration::from_secs(limits.seconds);
    let budget = Budget::new(allowed, limits.features, limits.vertices);
    let work = Work::start();
    let answer = wms::answer(&service, &request, &budget);
    let took = work.done();
    assert!(took.as_secs() < 5, "{query}: {took:?}");
    assert_eq!(answer.status, 200, "{query}");
    answer
}

/// Pixels of a map that are not transparent.
fn drawn(site: &Site, layer: &str, crs: &str, bbox: [f64; 4]) -> usize {
    let [a, b, c, d] = bbox;
    let answer = ask(
        site,
        &format!(
            "VERSION=1.1.1&REQUEST=GetMap&LAYERS={layer}&STYLES=&SRS={crs}&BBOX={a},{b},{c},{d}\
             &WIDTH=200&HEIGHT=200&FORMAT=image/png&TRANSPARENT=TRUE"
        ),
    );
    assert_eq!(
        answer.media_type,
        "image/png",
        "{layer} in {crs}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    let (_, _, pixels) = common::decode_png(&answer.body);
    pixels.iter().filter(|p| p[3] > 0).count()
}

fn sides(bbox: &Bbox) -> [f64; 4] {
    // boxes of a point: some metres, or their part of a degree
    let far = bbox.max_x.abs().max(bbox.max_y.abs());
    let margin = (bbox.width().max(bbox.height()) * 0.05).max((far * 1e-6).max(1e-6));
    let grown = bbox.grown(margin, margin);
    [grown.min_x, grown.min_y, grown.max_x, grown.max_y]
}

/// Draws, identifies and explains every layer; says which layers are drawn nowhere.
fn visit(site: &Site) -> Vec<String> {
    let mut nowhere = Vec::new();
    for layer in &site.catalogue.layers {
        let id = layer.id.as_str();
        let mut seen = false;
        for name in CRSS {
            let crs = Crs::parse(name).unwrap();
            if let Some(extent) = site.studio.extent_in(layer, &crs) {
                let pixels = drawn(site, id, name, sides(&extent));
                assert!(pixels > 0, "{id} in {name} at {extent:?} is blank");
                seen = true;
            }
            let info = ask(
                site,
                &format!(
                    "VERSION=1.1.1&REQUEST=GetFeatureInfo&LAYERS={id}&QUERY_LAYERS={id}&STYLES=\
                     &SRS={name}&BBOX=-180,-90,180,90&WIDTH=200&HEIGHT=200&X=101&Y=50\
                     &INFO_FORMAT=application/json&FEATURE_COUNT=10"
                ),
            );
            assert_eq!(info.media_type, "application/json", "{id} in {name}");
            serde_json::from_slice::<serde_json::Value>(&info.body)
                .unwrap_or_else(|e| panic!("{id}: {e}"));
        }
        let legend = ask(
            site,
            &format!("VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER={id}&FORMAT=image/png"),
        );
        assert_eq!(legend.media_type, "image/png", "{id}");
        if !seen {
            nowhere.push(id.to_owned());
        }
    }
    let capabilities = ask(site, "SERVICE=WMS&REQUEST=GetCapabilities");
    let text = String::from_utf8(capabilities.body.to_vec()).unwrap();
    for layer in &site.catalogue.layers {
        assert!(
            text.contains(&format!("<Name>{}</Name>", layer.id)),
            "{}",
            layer.id
        );
    }
    nowhere
}

/// The refused files, each named in its message; sorted.
fn refused(site: &Site) -> Vec<String> {
    let mut names: Vec<String> = site
        .catalogue
        .faults
        .iter()
        .map(|fault| {
            let file = fault.message.split(".fgb").next().unwrap();
            file.rsplit('/').next().unwrap().to_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn awkward_files_are_drawn_and_damaged_ones_refused_by_name() {
    let site = serve("awkward");
    assert_eq!(visit(&site), ["empty_collection"]);
    assert_eq!(
        refused(&site),
        [
            "bad_magic",
            "crs_none",
            "cut_after_header",
            "cut_after_index",
            "cut_in_header",
            "cut_in_index",
            "cut_last_byte",
            "cut_mid_feature",
            "header_size_huge",
            "header_size_zero",
            "index_garbage",
            "index_offset_out_of_file",
            "js_writer_mairies",
            "magic_only",
            "nan_inf_coordinates",
            "not_fgb",
            "version_99",
            "zero_bytes",
        ]
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn the_files_of_flatgeobufs_own_tests_are_drawn_or_refused_by_name() {
    let site = serve("upstream-fgb");
    assert_eq!(visit(&site), ["binary_wkb", "empty"]);
    assert_eq!(
        refused(&site),
        [
            "alldatatypes",
            "countries_nocrs",
            "countries_nogeo",
            "heterogeneous",
            "no_properties",
            "poly_landmarks",
            "topp_states",
            "triangle",
        ]
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn every_file_of_real_data_is_drawn_where_it_lies() {
    for folder in ["monde", "risques", "osm", "anct", "ara"] {
        let site = serve(folder);
        assert!(!site.catalogue.layers.is_empty(), "{folder}");
        assert_eq!(visit(&site), [""; 0], "{folder}");
        assert_eq!(refused(&site), [""; 0], "{folder}");
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn a_hole_stays_empty_and_a_ring_of_two_hundred_thousand_vertices_does_not() {
    let site = serve("awkward");
    // the Enclave des Papes, which belongs to another département
    let enclave = [4.97, 44.37, 5.0, 44.4];
    assert_eq!(drawn(&site, "drome_enclave_hole", "CRS:84", enclave), 0);
    let beside = [5.1, 44.7, 5.13, 44.73];
    assert_eq!(drawn(&site, "drome_enclave_hole", "CRS:84", beside), 40_000);
    let file = site.catalogue.layer("dense_polygon_200k_vertices").unwrap();
    let extent = file.store.extent().unwrap();
    let pixels = drawn(
        &site,
        "dense_polygon_200k_vertices",
        "CRS:84",
        sides(&extent),
    );
    assert!(pixels > 20_000, "{pixels}");
}

#[test]
fn a_layer_of_the_world_has_an_extent_to_zoom_to_in_a_crs_of_one_country() {
    let state = State::load(Options {
        path: env!("CARGO_MANIFEST_DIR").into(),
        base_url: None,
        trusted_proxies: Vec::new(),
        workers: 1,
        strict: false,
        explain: true,
        cache: None,
    })
    .unwrap();
    let site = state.whole();
    // a Mercator has no pole: the sea, which reaches to it, ends where web maps do
    let mer = site.catalogue.layer("mer").unwrap();
    let web = Crs::parse("EPSG:3857").unwrap();
    let extent = site.studio.extent_in(mer, &web).unwrap();
    assert!(
        extent.max_y < 20_200_000.0 && extent.min_y > -20_200_000.0,
        "{extent:?}"
    );
    for name in ["EPSG:2154", "EPSG:3035", "EPSG:3945"] {
        let crs = Crs::parse(name).unwrap();
        let world = site.catalogue.layer("pays").unwrap();
        let extent = site.studio.extent_in(world, &crs).unwrap();
        let [min_x, min_y, max_x, max_y] = sides(&extent);
        for side in [min_x, min_y, max_x, max_y] {
            assert!(side.abs() < 2e7, "{name}: {extent:?}");
        }
        assert!(
            drawn(&site, "pays", name, [min_x, min_y, max_x, max_y]) > 1000,
            "{name}"
        );
        // what lies near is there whole
        let region = site.catalogue.layer("region").unwrap();
        assert!(
            extent.contains(&site.studio.extent_in(region, &crs).unwrap()),
            "{name}"
        );
    }
}

/// QGIS 3.22 holds a layer with a box of no area for not valid, GDAL asks a picture of 0 pixels.
#[test]
fn wms130_6_7_4_a_single_point_and_a_damaged_position_have_boxes_with_area_on_earth() {
    let scratch = Scratch::new("boxes");
    let write = |name: &str, coordinates: &str| {
        let features: Vec<String> = coordinates
            .split(' ')
            .map(|at| {
                format!(
                    r#"{{"type":"Feature","properties":{{}},"geometry":{{"type":"Point","coordinates":[{at}]}}}}"#
                )
            })
            .collect();
        let features = features.join(",");
        let text = format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#);
        std::fs::write(scratch.0.join(name), text).unwrap();
    };
    write("one.geojson", "2,45");
    write("meridian.geojson", "3,44 3,46");
    write("corner.geojson", "180,90");
    write("lost.geojson", "2,45 3,46 1e300,-1e300");
    let site = serve_path(scratch.0.clone());
    for version in ["1.3.0", "1.1.1"] {
        let answer = ask(
            &site,
            &format!("SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}"),
        );
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let boxes = text.split("BoundingBox ").skip(1);
        let mut seen = 0;
        for told in boxes.map(|after| after.split("/>").next().unwrap()) {
            let side = |name: &str| -> f64 {
                let value = told.split(&format!("{name}=\"")).nth(1).unwrap();
                value.split('"').next().unwrap().parse().unwrap()
            };
            let (width, height) = (side("maxx") - side("minx"), side("maxy") - side("miny"));
            assert!(width > 1e-4 && height > 1e-4, "{told}");
            assert!(width < 1e9 && height < 1e9, "{told}");
            seen += 1;
        }
        assert!(seen > 12, "{text}");
    }
    // the sound features of a layer are within the box that web maps are told
    let lost = site.catalogue.layer("lost").unwrap();
    let web = Crs::parse("EPSG:3857").unwrap();
    let extent = site.studio.extent_in(lost, &web).unwrap();
    assert!(extent.contains(&Bbox::new(222_639.0, 5_621_522.0, 333_958.0, 5_780_349.0).unwrap()));
}

/// GDAL, QGIS and this server itself write GeoJSON of a plane so.
#[test]
fn a_geojson_file_lies_where_its_member_crs_says() {
    let scratch = Scratch::new("geojson-crs");
    let write = |name: &str, crs: &str| {
        let text = format!(
            r#"{{"type":"FeatureCollection",{crs}"features":[{{"type":"Feature","properties":{{}},
            "geometry":{{"type":"Point","coordinates":[842395.128,6519229.359]}}}}]}}"#
        );
        std::fs::write(scratch.0.join(name), text).unwrap();
    };
    let crs = |name: &str| format!(r#""crs":{{"type":"name","properties":{{"name":"{name}"}}}},"#);
    write("lyon.geojson", &crs("urn:ogc:def:crs:EPSG::2154"));
    write("said.geojson", &crs("Lambert 93, je crois"));
    let serve = || serve_path(scratch.0.clone());
    let site = serve();
    let extent = site.catalogue.layer("lyon").unwrap().extent_lonlat.unwrap();
    assert!((extent.min_x - 4.83).abs() < 0.01 && (extent.min_y - 45.76).abs() < 0.01);
    // what is not understood may be said
    assert!(site.catalogue.layer("said").is_err());
    let layer = "schema: cartotheque/layer@1\nid: said\ntitle: Lyon\n\
                 source: {file: said.geojson}\ncrs: EPSG:2154\naccess: public\n";
    std::fs::create_dir_all(scratch.0.join("capabilities/layers")).unwrap();
    std::fs::write(scratch.0.join("capabilities/layers/said.yaml"), layer).unwrap();
    let site = serve();
    assert_eq!(
        site.catalogue.layer("said").unwrap().extent_lonlat,
        Some(extent)
    );
}
