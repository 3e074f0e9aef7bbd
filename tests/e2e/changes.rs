//! A folder that changes, or can't be read, under a running server.

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

use crate::MAP;
use crate::common::{Scratch, Server, repository};

#[test]
fn a_changed_file_is_noticed_and_a_broken_version_keeps_the_old_one() {
    let scratch = Scratch::new("reload");
    let data = scratch.0.join("places.fgb");
    std::fs::copy(repository().join("data/departements.fgb"), &data).unwrap();
    let server = Server::start(&scratch.0, &[]);
    let count = |s: &Server| s.get("/").json()["layers"][0]["features"].as_u64();
    assert_eq!(count(&server), Some(12));

    // a new version, published by renaming
    let new = scratch.0.join("new.tmp");
    std::fs::copy(repository().join("data/communes.fgb"), &new).unwrap();
    std::fs::rename(&new, &data).unwrap();
    server.wait_until("the new version", |s| count(s) > Some(4000));

    // a broken one
    std::fs::write(&new, b"fgb\x03fgb\x00broken").unwrap();
    std::fs::rename(&new, &data).unwrap();
    server.wait_until("the fault", |s| {
        s.get("/health").json()["status"] == "degraded"
    });
    let health = server.get("/health").json();
    assert_eq!(health["faults"][0]["stillServed"], true, "{health}");
    assert_eq!(server.get(&MAP.replace("communes", "places")).status, 200);
    assert_eq!(server.get("/health").status, 200);

    // and mended again
    std::fs::copy(repository().join("data/departements.fgb"), &new).unwrap();
    std::fs::rename(&new, &data).unwrap();
    server.wait_until("the mended version", |s| {
        count(s) == Some(12) && s.get("/health").json()["status"] == "ok"
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_site_is_not_emptied_by_a_lack_of_file_descriptors() {
    let scratch = Scratch::new("descriptors");
    for folder in ["data", "capabilities/layers"] {
        std::fs::create_dir_all(scratch.0.join(folder)).unwrap();
    }
    let from = repository().join("data/departements.fgb");
    std::fs::copy(from, scratch.0.join("data/places.fgb")).unwrap();
    let declare = |id: &str| {
        let file = scratch.0.join(format!("capabilities/layers/{id}.yaml"));
        std::fs::write(
            file,
            format!("id: {id}\nsource: {{file: data/places.fgb}}\n"),
        )
        .unwrap();
    };
    declare("places");
    let command = format!(
        "ulimit -n 60; exec {} serve {} --listen 127.0.0.1:0",
        env!("CARGO_BIN_EXE_cartotheque"),
        scratch.0.display()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]);
    shell.env("CARTOTHEQUE_OVERVIEW_MB", "0");
    let server = Server::spawn(shell);
    assert_eq!(server.get("/").json()["layers"][0]["id"], "places");
    // requests that never end take all there are, while the folder changes
    let half: Vec<TcpStream> = (0..80)
        .filter_map(|_| TcpStream::connect(&server.address).ok())
        .map(|mut stream| {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").unwrap();
            stream
        })
        .collect();
    declare("others");
    server.wait_until("the fault in the log", |s| {
        s.log().contains("this folder can't be looked into")
    });
    assert!(!server.log().contains("layers=0"), "{}", server.log());
    drop(half);
    server.wait_until("what was there and what came", |s| {
        s.get("/").json()["layers"].as_array().map(Vec::len) == Some(2)
    });
}

#[test]
fn a_file_cut_in_place_is_an_error_that_nothing_keeps_and_its_layer_alone_goes() {
    let scratch = Scratch::new("cut");
    let data = scratch.0.join("places.fgb");
    std::fs::copy(repository().join("data/communes.fgb"), &data).unwrap();
    let other = scratch.0.join("other.fgb");
    std::fs::copy(repository().join("data/departements.fgb"), &other).unwrap();
    let whole = std::fs::read(&data).unwrap();
    let written = std::fs::metadata(&data).unwrap().modified().unwrap();
    let server = Server::start(&scratch.0, &[]);

    let file = std::fs::OpenOptions::new().write(true).open(&data).unwrap();
    file.set_len(200_000).unwrap();
    for address in [
        "/tiles/places/9/262/182.png",
        "/tiles/places/9/262/182.mvt",
        "/collections/places/items?limit=5000",
        "/collections/places/data.fgb",
    ] {
        // 404: the reload was quicker
        let status = server.get(address).status;
        assert!(matches!(status, 404 | 500), "{address}: {status}");
    }
    server.wait_until("the fault", |s| {
        s.get("/health").json()["status"] == "degraded"
    });
    let health = server.get("/health").json();
    assert_eq!(health["faults"][0]["stillServed"], false, "{health}");
    assert_eq!(server.get("/collections/places").status, 404);
    assert_eq!(server.get("/collections/other/items").status, 200);

    // the same file with the same time, as rsync and cp -p put it back: no blank tile was kept
    std::fs::write(&data, whole).unwrap();
    file.set_modified(written).unwrap();
    server.wait_until("the mended version", |s| {
        s.get("/health").json()["status"] == "ok"
    });
    let tile = server.get("/tiles/places/9/262/182.png");
    let (_, _, pixels) = tile.picture();
    assert!(pixels.iter().any(|pixel| pixel[3] != 0));
    assert_eq!(server.get("/tiles/places/9/262/182.mvt").status, 200);
}
