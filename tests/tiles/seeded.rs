//! `cartotheque seed`: the tiles that a server then finds, those that it leaves out, and the
//! second run.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use cartotheque::crs::{Crs, Transform};
use cartotheque::geom::Bbox;
use cartotheque::tile::{TileMatrixSets, TileRange};

use crate::common::{Scratch, Server, repository};

/// The départements, with a cache on disk.
fn folder(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    for sub in ["data", "capabilities/layers"] {
        fs::create_dir_all(scratch.0.join(sub)).unwrap();
    }
    fs::copy(
        repository().join("data/departements.fgb"),
        scratch.0.join("data/areas.fgb"),
    )
    .unwrap();
    fs::write(
        scratch.0.join("capabilities/server.yaml"),
        "schema: cartotheque/server@1\ntitle: seeded\nlanguages: [en]\ncrs: [EPSG:3857]\ncache: {disk: .cache}\n",
    )
    .unwrap();
    fs::write(
        scratch.0.join("capabilities/layers/areas.yaml"),
        "schema: cartotheque/layer@1\nid: areas\ntitle: areas\nsource: {file: data/areas.fgb}\n",
    )
    .unwrap();
    scratch
}

fn seed(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .arg("seed")
        .arg(folder)
        .args(["--threads", "2"])
        .args(arguments)
        .env("CARTOTHEQUE_OVERVIEW_MB", "0")
        .output()
        .expect("the binary starts")
}

/// Tiles made, tiles that were there.
fn counts(output: &Output) -> [u64; 2] {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.lines().find(|line| line.contains("tiles made, "));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    let number = |text: &str| text.trim().split(' ').next().unwrap().parse().unwrap();
    let (made, rest) = line.split_once(" tiles made, ").unwrap();
    [number(made), number(rest)]
}

fn range(set: &str, level: usize, bbox: &Bbox, crs: &Crs) -> TileRange {
    let sets = TileMatrixSets::default();
    let set = sets.get(set).unwrap();
    let there = Transform::new(crs, &set.crs).unwrap().forward_bbox(bbox);
    let ranges = there.iter().filter_map(|b| set.matrices()[level].range(b));
    ranges.reduce(|a, b| a.union(&b)).unwrap()
}

fn is_hit(server: &Server, path: &str) -> bool {
    let reply = server.ask("GET", path, &[("Accept-Encoding", "gzip, br")], b"");
    assert_eq!(reply.status, 200, "{path}");
    reply
        .header("cache-status")
        .contains("hit; detail=\"disk, ")
}

#[test]
fn a_server_finds_what_was_seeded_in_every_format_and_set_and_nothing_else() {
    let scratch = folder("seeded");
    // around Lyon, in Lambert-93
    let bbox = Bbox::new(820_000.0, 6_500_000.0, 860_000.0, 6_540_000.0).unwrap();
    let wanted = [
        "--zoom",
        "6-9",
        "--sets",
        "WebMercatorQuad,LAMB93",
        "--formats",
        "mvt,png@2x,webp",
        "--bbox",
        "820000,6500000,860000,6540000",
        "--bbox-crs",
        "EPSG:2154",
    ];
    let first = seed(&scratch.0, &wanted);
    assert!(first.status.success(), "{first:?}");
    let [made, there] = counts(&first);
    let lambert = Crs::from_epsg(2154).unwrap();
    let mut expected = 0;
    let server = Server::start(&scratch.0, &[]);
    for set in ["WebMercatorQuad", "LAMB93"] {
        for level in 6..=9 {
            let range = range(set, level, &bbox, &lambert);
            expected += range.count() * 3;
            for (column, row) in range.tiles() {
                let place = format!("/tiles/areas/{set}/{level}/{column}/{row}");
                for form in [".mvt", "@2x.png", ".webp"] {
                    let path = format!("{place}{form}");
                    assert!(is_hit(&server, &path), "{path}");
                }
            }
            let beside = (range.max_column + 1, range.min_row);
            let path = format!("/tiles/areas/{set}/{level}/{}/{}.webp", beside.0, beside.1);
            assert!(!is_hit(&server, &path), "{path} was not asked for");
        }
    }
    assert_eq!([made, there], [expected, 0]);
    // other protocols ask for the same tile
    let wmts = "/collections/areas/map/tiles/WebMercatorQuad/8/91/131?f=webp";
    assert!(server.get(wmts).header("cache-status").contains("hit"));
    // what is there is left as it is
    assert_eq!(counts(&seed(&scratch.0, &wanted)), [0, expected]);
    let more = seed(&scratch.0, &["--zoom", "6", "--formats", "png"]);
    assert_eq!(counts(&more)[1], 0, "another format");
    assert!(counts(&more)[0] > 0);
}

#[test]
fn only_tiles_that_touch_the_covering_features_are_made() {
    let scratch = folder("seeded-cover");
    let by_layer = seed(
        &scratch.0,
        &["--zoom", "10", "--cover", "areas", "--where", "code=69"],
    );
    assert!(by_layer.status.success(), "{by_layer:?}");
    let [some, _] = counts(&by_layer);
    let all = counts(&seed(&scratch.0, &["--zoom", "10"]));
    assert!(
        (5..30).contains(&some),
        "{some}: a département of 3,200 km²"
    );
    assert!(all[0] > some * 5, "{all:?}");
    assert_eq!(all[1], some, "those were there");
    // a triangle over the north-west of a box: the south-east is left out
    let file = scratch.0.join("triangle.geojson");
    fs::write(
        &file,
        r#"{"type": "Polygon", "coordinates": [[[4, 45], [5, 46], [4, 46], [4, 45]]]}"#,
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let cover = ["--zoom", "11", "--formats", "png", "--cover", file];
    let [in_triangle, _] = counts(&seed(&scratch.0, &cover));
    let square = ["--zoom", "11", "--formats", "png", "--bbox", "4,45,5,46"];
    let [rest, there] = counts(&seed(&scratch.0, &square));
    assert_eq!(there, in_triangle);
    assert!(rest > in_triangle / 2, "{in_triangle} and {rest}");
    let server = Server::start(&scratch.0, &[]);
    assert!(is_hit(&server, "/tiles/areas/11/1050/730.png"));
}

#[test]
fn what_can_not_be_seeded_is_told_in_words() {
    let scratch = folder("seeded-faults");
    let said = |arguments: &[&str]| {
        let output = seed(&scratch.0, arguments);
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(said(&["--layers", "araes"]).contains("did you mean \"areas\"?"));
    assert!(said(&["--styles", "none"]).contains("none"));
    assert!(said(&["--sets", "LAMB94"]).contains("did you mean \"LAMB93\"?"));
    assert!(said(&["--formats", "gif"]).contains("expected mvt, mvt-points, mlt, png"));
    assert!(said(&["--bbox", "1,2,3"]).contains("expected 4 numbers"));
    assert!(said(&["--cover", "areas", "--where", "cod=69"]).contains("cod"));
    assert!(said(&["--cover", "areas", "--where", "code"]).contains("expected field=value"));
    assert!(said(&["--cover", "/nowhere.geojson"]).contains("nowhere"));
    assert!(said(&["--sets", "LAMB93", "--zoom", "30"]).contains("expected levels of LAMB93"));
    fs::write(
        scratch.0.join("capabilities/server.yaml"),
        "schema: cartotheque/server@1\ntitle: seeded\nlanguages: [en]\n",
    )
    .unwrap();
    assert!(said(&[]).contains("cache: {disk: .cache}"));
}
