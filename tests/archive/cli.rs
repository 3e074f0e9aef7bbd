//! The real binary: exports, exports that are interrupted, archives over HTTP.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use cartotheque::archive::pmtiles::PmtilesArchive;
use cartotheque::archive::{self, ArchiveInfo, TileArchive, TileFormat, VectorLayer};

use crate::common::Scratch;
use crate::common::{Server, repository};
use crate::landscape::write_landscape;
use crate::made::{at, info, png, pyramid, write};
use crate::naive::{Naive, gunzip};

fn command(arguments: &[&str], output: &Path) -> Command {
    command_of(repository(), arguments, output)
}

fn command_of(site: &Path, arguments: &[&str], output: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cartotheque"));
    command.arg("export").arg(site).args(arguments);
    // as the servers of tests
    command.env("CARTOTHEQUE_OVERVIEW_MB", "0");
    command.arg("-o").arg(output);
    command
}

fn export(arguments: &[&str], output: &Path) -> Output {
    command(arguments, output).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn vector_tiles_are_exported_alike_into_both_forms() {
    let scratch = Scratch::new("cli-mvt");
    let arguments = ["--layers", "departements,communes", "--zoom", "5-8"];
    let (a, b) = (scratch.join("a.pmtiles"), scratch.join("b.mbtiles"));
    for path in [&a, &b] {
        let output = export(&arguments, path);
        assert!(output.status.success(), "{}", told(&output));
        assert!(told(&output).contains(" tiles, "), "{}", told(&output));
    }
    let (a, b) = (archive::open(&a).unwrap(), archive::open(&b).unwrap());
    assert!(a.verify().unwrap().is_sound() && b.verify().unwrap().is_sound());
    let said = a.info();
    assert_eq!(
        (said.format, said.min_zoom, said.max_zoom),
        (TileFormat::Mvt, 5, 8)
    );
    let names: Vec<&str> = said.vector_layers.iter().map(|l| l.id.as_str()).collect();
    assert_eq!(names, ["departements", "communes"]);
    assert!(
        said.vector_layers
            .iter()
            .all(|l| l.fields.contains_key("nom"))
    );
    assert_eq!(said.vector_layers, b.info().vector_layers);
    assert!(said.attribution.is_some() && said.bounds.is_some());
    // what is served over HTTP is what was exported
    let server = Server::start(repository(), &[]);
    let mut found = 0;
    for id in 0..archive::web_tile::first_id(9) {
        let tile = archive::WebTile::of_id(id).unwrap();
        let stored = a.tile(tile).unwrap();
        assert_eq!(stored, b.tile(tile).unwrap(), "{tile}");
        if let Some(stored) = stored {
            found += 1;
            if found % 5 == 0 {
                let reply = server.get(&format!("/tiles/departements,communes/{tile}.mvt"));
                assert!(reply.body == gunzip(&stored.bytes), "{tile}");
            }
        }
    }
    assert!(found > 20, "{found}");
}

#[test]
fn an_export_reads_the_levels_that_the_server_reads() {
    let scratch = Scratch::new("cli-levels");
    let (site, cache) = (scratch.join("site"), scratch.join("cache"));
    std::fs::create_dir_all(&site).unwrap();
    write_landscape(&site.join("champs.fgb"), 200, 40.0);
    let export = |name: &str, overviews: &[(&str, &str)]| {
        let path = scratch.join(name);
        let mut command = command_of(&site, &["--layers", "champs", "--zoom", "6-13"], &path);
        command.env_remove("CARTOTHEQUE_OVERVIEW_MB");
        command.envs(overviews.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
        archive::open(&path).unwrap()
    };
    let folder = cache.to_str().unwrap();
    let of_levels = export("levels.pmtiles", &[("CARTOTHEQUE_CACHE_DIR", folder)]);
    let of_features = export("features.pmtiles", &[("CARTOTHEQUE_OVERVIEW_MB", "0")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cartotheque"));
    command.arg("serve").arg(&site);
    command.args(["--listen", "127.0.0.1:0", "--cache-dir", folder]);
    let server = Server::spawn(command);
    // a start does not wait for levels for long
    let map = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=champs&STYLES=&CRS=EPSG:3857\
               &BBOX=400000,5600000,600000,5800000&WIDTH=500&HEIGHT=500&FORMAT=image/png&explain=json";
    server.wait_until("levels", |server| {
        !server.get(map).json()["drawn"]["layers"][0]["level"].is_null()
    });
    let (mut found, mut others) = (0, 0);
    // the landscape's south-west corner at zoom 13, and what lies to the north and east
    let (x, y) = (4193, 2927);
    let around = (6..=13_u8).flat_map(|z| {
        let (x, y) = (x >> (13 - z), y >> (13 - z));
        (0..36).map(move |nth| at(z, x - 1 + nth % 6, y - 4 + nth / 6))
    });
    for tile in around {
        let Some(stored) = of_levels.tile(tile).unwrap() else {
            continue;
        };
        let stored = gunzip(&stored.bytes);
        found += 1;
        let plain = of_features.tile(tile).unwrap();
        others += usize::from(plain.is_none_or(|plain| gunzip(&plain.bytes) != stored));
        let served = server.get(&format!("/tiles/champs/{tile}.mvt"));
        assert!(served.body == stored, "{tile}");
    }
    assert!(found > 10, "{found} tiles");
    assert!(
        others > 3,
        "{others} of {found} tiles are not as from the features"
    );
}

#[test]
fn pictures_are_exported_where_something_is_drawn() {
    let scratch = Scratch::new("cli-png");
    let path = scratch.join("a.pmtiles");
    let output = export(
        &[
            "--layers",
            "departements",
            "--zoom",
            "0-7",
            "--format",
            "png",
        ],
        &path,
    );
    assert!(output.status.success(), "{}", told(&output));
    let archive = PmtilesArchive::open(&path).unwrap();
    assert!(archive.verify().unwrap().is_sound());
    assert!(archive.tile(at(7, 65, 45)).unwrap().is_some(), "Lyon");
    assert!(
        archive.tile(at(7, 0, 0)).unwrap().is_none(),
        "the Bering Sea"
    );
}

#[test]
fn mistakes_are_told_before_anything_is_made() {
    let scratch = Scratch::new("cli-mistakes");
    let fails = |arguments: &[&str], name: &str, code: i32, message: &str| {
        let output = export(arguments, &scratch.join(name));
        assert_eq!(output.status.code(), Some(code), "{}", told(&output));
        assert!(told(&output).contains(message), "{}", told(&output));
    };
    fails(
        &["--layers", "comunes"],
        "a.pmtiles",
        1,
        "did you mean \"communes\"?",
    );
    fails(
        &["--zoom", "9-3"],
        "a.pmtiles",
        2,
        "expected zooms such as 0-14",
    );
    fails(&["--zoom", "0-31"], "a.pmtiles", 1, "zoom");
    fails(
        &["--format", "gif"],
        "a.pmtiles",
        2,
        "expected mvt, mlt, png, webp or jpeg",
    );
    fails(
        &["--format", "mlt"],
        "a.mbtiles",
        1,
        "MBTiles has no name for MapLibre Tiles: expected a name that ends in .pmtiles",
    );
    fails(&["--bbox", "1,2,3"], "a.pmtiles", 1, "expected 4 numbers");
    fails(
        &["--zoom", "0-1"],
        "a.zip",
        1,
        "expected a name that ends in .pmtiles or .mbtiles",
    );
    let sea = [
        "--layers",
        "communes",
        "--bbox",
        "-40,40,-39,41",
        "--zoom",
        "5-9",
    ];
    fails(&sea, "a.pmtiles", 1, "no tile has any content");
    assert!(!scratch.join("a.pmtiles").exists());
}

#[test]
fn maplibre_tiles_are_exported_and_served_as_they_are() {
    let scratch = Scratch::new("cli-mlt");
    let site = scratch.join("site");
    std::fs::create_dir_all(&site).unwrap();
    let arguments = [
        "--layers",
        "departements",
        "--zoom",
        "5-7",
        "--format",
        "mlt",
    ];
    let path = site.join("fond.pmtiles");
    let output = export(&arguments, &path);
    assert!(output.status.success(), "{}", told(&output));
    // byte 99 of the head is the tile type (PMTiles 3, §3)
    assert_eq!(std::fs::read(&path).unwrap()[99], 6);
    let written = archive::open(&path).unwrap();
    assert_eq!(written.info().format, TileFormat::Mlt);
    assert!(written.verify().unwrap().is_sound());
    drop(written);

    let source = Server::start(repository(), &[]);
    let server = Server::start(&site, &[]);
    let tile = server.get("/tiles/fond/6/32/22.mlt");
    assert_eq!(tile.status, 200, "{}", tile.text());
    assert_eq!(
        tile.header("content-type"),
        "application/vnd.maplibre-vector-tile"
    );
    let made = source.get("/tiles/departements/6/32/22.mlt");
    assert!(tile.body.len() > 500 && tile.body == made.body);
    for query in ["", "?f=mlt"] {
        let document = server.get(&format!("/tiles/fond.json{query}")).json();
        assert_eq!(document["encoding"], "mlt");
        let template = document["tiles"][0].as_str().unwrap();
        assert!(
            template.ends_with("/tiles/fond/{z}/{x}/{y}.mlt"),
            "{template}"
        );
        assert_eq!(document["vector_layers"][0]["id"], "departements");
    }
    let other = server.get("/tiles/fond/6/32/22.mvt");
    assert!(
        other.status == 400 && other.text().contains(".mlt"),
        "{}",
        other.text()
    );
    let joined = server.get("/tiles/fond,fond/6/32/22.mlt");
    assert!(
        joined.text().contains("served by itself"),
        "{}",
        joined.text()
    );
    let page = server.get("/layers/fond?f=html");
    assert!(page.status == 200 && page.text().contains("vnd.maplibre-vector-tile"));
}

#[test]
fn an_export_that_is_killed_goes_on_and_ends_with_the_same_bytes() {
    let scratch = Scratch::new("cli-kill");
    let arguments = ["--layers", "communes", "--zoom", "0-11", "--threads", "1"];
    let whole = scratch.join("whole.pmtiles");
    assert!(export(&arguments, &whole).status.success());
    let whole = Naive::read(&whole);
    let path = scratch.join("a.pmtiles");
    let partial = scratch.join("a.pmtiles.partial");
    let mut codes = Vec::new();
    for signal in ["TERM", "KILL", "TERM", "KILL"] {
        let mut child = command(&arguments, &path).spawn().unwrap();
        let started = Instant::now();
        while !partial.exists() && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(150));
        let kill = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        codes.push(child.wait().unwrap().code());
        if path.exists() {
            break;
        }
    }
    assert!(
        codes.starts_with(&[Some(130)]) || path.exists(),
        "stopped by SIGTERM: {codes:?}"
    );
    let output = export(&arguments, &path);
    assert!(output.status.success(), "{}", told(&output));
    assert!(Naive::read(&path).bytes == whole.bytes);
    assert_eq!(scratch.names(), ["a.pmtiles", "whole.pmtiles"]);
}

#[test]
fn archives_are_served_as_they_are() {
    let scratch = Scratch::new("cli-serve");
    write(
        &scratch.join("ortho.mbtiles"),
        &pyramid(2),
        &info(TileFormat::Png, 2),
    );
    let mut said: ArchiveInfo = info(TileFormat::Mvt, 3);
    said.min_zoom = 1;
    said.vector_layers = vec![VectorLayer {
        id: "eau".into(),
        ..VectorLayer::default()
    }];
    let plain = [b"\x1a\xd0\x0f".as_slice(), &[7; 2000]].concat();
    let packed = archive::gzip(&plain);
    write(
        &scratch.join("eau.pmtiles"),
        &[(at(1, 1, 0), packed.clone())],
        &said,
    );
    std::fs::write(scratch.join("broken.pmtiles"), b"PMTiles").unwrap();
    let server = Server::start(&scratch.join(""), &[]);
    let gzip = [("Accept-Encoding", "gzip")];

    let reply = server.ask("GET", "/tiles/eau/1/1/0.mvt", &gzip, &[]);
    assert_eq!(
        (reply.status, reply.header("content-encoding")),
        (200, "gzip")
    );
    assert_eq!(
        reply.header("content-type"),
        "application/vnd.mapbox-vector-tile"
    );
    assert!(reply.body == packed, "not packed anew");
    let tag = reply.header("etag").to_owned();
    let known = [("If-None-Match", tag.as_str()), ("Accept-Encoding", "gzip")];
    assert_eq!(
        server
            .ask("GET", "/tiles/eau/1/1/0.mvt", &known, &[])
            .status,
        304
    );
    let reply = server.get("/tiles/eau/1/1/0.mvt");
    assert_eq!((reply.status, reply.header("content-encoding")), (200, ""));
    assert!(reply.body == plain && reply.header("etag") != tag);
    assert_eq!(
        server.get("/tiles/eau/2/1/0.mvt").status,
        204,
        "no tile there"
    );
    for (path, status) in [
        ("/tiles/eau/0/0/0.mvt", 404),
        ("/tiles/eau/4/0/0.mvt", 404),
        ("/tiles/eau/2/4/0.mvt", 404),
        ("/tiles/eau/LAMB93/1/0/0.mvt", 404),
        ("/tiles/eau/1/1/0.png", 400),
        ("/tiles/ortho/1/1/0@2x.png", 400),
        ("/tiles/eau,ortho/1/1/0.mvt", 400),
        ("/tiles/broken/1/1/0.mvt", 404),
    ] {
        let reply = server.get(path);
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
    }

    let document = server.get("/tiles/eau.json").json();
    let base = format!("http://{}", server.address);
    assert_eq!(
        document["tiles"][0],
        format!("{base}/tiles/eau/{{z}}/{{x}}/{{y}}.mvt")
    );
    assert_eq!(
        (&document["minzoom"], &document["maxzoom"]),
        (&1.into(), &3.into())
    );
    assert_eq!(
        document["bounds"],
        serde_json::json!([4.0, 44.5, 7.25, 46.5])
    );
    assert_eq!(document["attribution"], "© IGN");
    assert_eq!(
        document["vector_layers"],
        serde_json::json!([{"id": "eau", "fields": {}}])
    );
    let document = server.get("/tiles/ortho.json").json();
    assert!(
        document["tiles"][0]
            .as_str()
            .unwrap()
            .ends_with("/{z}/{x}/{y}.png")
    );
    assert!(document.get("vector_layers").is_none());

    let reply = server.get("/tiles/ortho/1/1/0.png");
    assert_eq!(reply.header("content-type"), "image/png");
    assert_eq!(reply.body, png(b"tuile 1/1/0"));
    let landing = server.get("/").json();
    let links: Vec<&str> = (0..2)
        .map(|n| landing["archives"][n]["links"][0]["href"].as_str().unwrap())
        .collect();
    assert_eq!(
        links,
        [
            format!("{base}/tiles/eau.json"),
            format!("{base}/tiles/ortho.json")
        ]
    );
    let page = server.get("/?f=html&lang=fr").text();
    assert!(page.contains("Tuiles prêtes"), "{page}");
    assert!(page.contains("<code>ortho</code>"), "{page}");
    // WMS knows nothing of them
    let wms = server
        .get("/wms?SERVICE=WMS&REQUEST=GetCapabilities")
        .text();
    assert!(!wms.contains("ortho"));
    assert_eq!(server.get("/layers/ortho").status, 200);
    let health = server.get("/health").text();
    assert!(
        health.contains("broken") && health.contains("header of 127 bytes"),
        "{health}"
    );
}

#[test]
fn a_new_version_of_a_served_archive_is_noticed() {
    let scratch = Scratch::new("cli-reload");
    let path = scratch.join("a.pmtiles");
    write(
        &path,
        &[(at(0, 0, 0), png(b"un"))],
        &info(TileFormat::Png, 0),
    );
    let server = Server::start(&scratch.join(""), &[]);
    let ask = || server.get("/tiles/a/0/0/0.png");
    let first = ask();
    assert_eq!(first.body, png(b"un"));
    write(
        &path,
        &[(at(0, 0, 0), png(b"deux"))],
        &info(TileFormat::Png, 0),
    );
    let started = Instant::now();
    while ask().body == png(b"un") {
        assert!(started.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(ask().body, png(b"deux"));
    assert_ne!(ask().header("etag"), first.header("etag"));
    // an empty place of a picture is a transparent picture
    write(
        &path,
        &[(at(1, 0, 0), png(b"trois"))],
        &info(TileFormat::Png, 1),
    );
    while ask().body == png(b"deux") {
        assert!(started.elapsed() < Duration::from_secs(40));
        std::thread::sleep(Duration::from_millis(100));
    }
    let (width, height, pixels) = ask().picture();
    assert_eq!((width, height), (256, 256));
    assert!(pixels.iter().all(|p| p[3] == 0));
}
