//! Tiles that are kept: told in a header, over a restart, and never out of date.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use cartotheque::packing::Coding;

use crate::common::{Reply, Scratch, Server, repository};

/// A folder with départements under a name that other data can take.
fn folder(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    for sub in ["data", "capabilities/layers"] {
        fs::create_dir_all(scratch.0.join(sub)).unwrap();
    }
    copy(&scratch.0, "departements.fgb");
    fs::write(
        scratch.0.join("capabilities/server.yaml"),
        "schema: cartotheque/server@1\ntitle: kept\nlanguages: [en]\ncrs: [EPSG:3857]\ncache: {memory: 8MB, disk: .cache}\n",
    )
    .unwrap();
    fs::write(
        scratch.0.join("capabilities/layers/areas.yaml"),
        "schema: cartotheque/layer@1\nid: areas\ntitle: areas\nsource: {file: data/areas.fgb}\n",
    )
    .unwrap();
    scratch
}

/// Publishes a file of the demo as the layer's data, as the README says.
fn copy(folder: &Path, name: &str) {
    let beside = folder.join("data/areas.part");
    fs::copy(repository().join("data").join(name), &beside).unwrap();
    fs::rename(&beside, folder.join("data/areas.fgb")).unwrap();
}

const VECTOR: &str = "/tiles/areas/8/131/91.mvt";
const PICTURE: &str = "/tiles/areas/8/131/91.png";

#[test]
fn a_tile_is_made_once_and_its_header_says_where_it_came_from() {
    let scratch = folder("kept");
    let server = Server::start(&scratch.0, &[]);
    for path in [VECTOR, PICTURE] {
        let first = server.get(path);
        assert_eq!(first.status, 200);
        assert_eq!(
            first.header("cache-status"),
            "cartotheque; fwd=miss; stored"
        );
        let second = server.get(path);
        let status = second.header("cache-status");
        assert!(
            status.starts_with("cartotheque; hit; detail=\"memory, made "),
            "{status}"
        );
        assert_eq!(
            second.header("age"),
            "",
            "a tile that is not stale has no age"
        );
        assert_eq!(second.body, first.body);
        assert_eq!(second.header("etag"), first.header("etag"));
    }
    // the kept vector tile is compressed: a client that knows no gzip has the same
    let packed = server.ask("GET", VECTOR, &[("Accept-Encoding", "gzip")], b"");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.header("cache-status").contains("hit"));
    let metrics = server.get("/metrics").text();
    for line in [
        "cartotheque_tiles_total{from=\"memory\"} 3",
        "cartotheque_tiles_total{from=\"made\"} 2",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let explained = server.get(&format!("{VECTOR}?explain=json"));
    assert_eq!(
        explained.header("cache-status"),
        "",
        "an explanation is no tile"
    );
}

/// The tile of an answer, unpacked by others than ours where there are some.
fn unpacked(reply: &Reply) -> Vec<u8> {
    match reply.header("content-encoding") {
        "" => reply.body.clone(),
        "gzip" => {
            let mut out = vec![0; 4 << 20];
            let length = libdeflater::Decompressor::new()
                .gzip_decompress(&reply.body, &mut out)
                .unwrap();
            out.truncate(length);
            out
        }
        "br" => Coding::Brotli.unpack(&reply.body, 4 << 20).unwrap(),
        "zstd" => Coding::Zstd.unpack(&reply.body, 4 << 20).unwrap(),
        other => panic!("{other}"),
    }
}

#[test]
fn rfc9110_12_5_3_a_tile_is_packed_as_the_client_likes_best_and_each_packing_is_kept() {
    let scratch = folder("kept-codings");
    let server = Server::start(&scratch.0, &[]);
    let ask = |path: &str, accepted: &str, known: &str| {
        let mut headers = vec![("Accept-Encoding", accepted)];
        if !known.is_empty() {
            headers.push(("If-None-Match", known));
        }
        server.ask("GET", path, &headers, b"")
    };
    let plain = server.get(VECTOR);
    assert_eq!(plain.header("content-encoding"), "");
    let mut tags = vec![plain.header("etag").to_owned()];
    for (accepted, coding) in [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=0.5, zstd;q=0.9, br;q=0", "zstd"),
    ] {
        let first = ask(VECTOR, accepted, "");
        assert_eq!(first.header("content-encoding"), coding);
        assert_eq!(first.header("vary"), "Accept-Encoding");
        assert!(
            first
                .header("cache-status")
                .contains("hit; detail=\"memory"),
            "packed anew, not made anew: {}",
            first.header("cache-status")
        );
        assert_eq!(unpacked(&first), plain.body, "{accepted}");
        assert!(first.body.len() < plain.body.len());
        assert_eq!(ask(VECTOR, accepted, "").body, first.body);
        let tag = first.header("etag").to_owned();
        assert!(!tags.contains(&tag), "{tag}: a validator for each packing");
        let again = ask(VECTOR, accepted, &tag);
        assert_eq!((again.status, again.header("etag")), (304, tag.as_str()));
        assert_eq!(again.header("vary"), "Accept-Encoding");
        tags.push(tag);
    }
    // what the client has is enough for as long as it takes that packing
    assert_eq!(ask(VECTOR, "br, gzip", &tags[1]).status, 304);
    assert_eq!(ask(VECTOR, "br", &tags[1]).status, 200);
    for refused in ["gzip;q=0", "identity", "", "br;q=0.0, *;q=0", "deflate"] {
        let reply = ask(VECTOR, refused, "");
        assert_eq!(reply.header("content-encoding"), "", "{refused}");
        assert_eq!(reply.body, plain.body);
    }
    // a picture is packed already
    let picture = ask(PICTURE, "gzip, br, zstd", "");
    assert_eq!(
        (picture.header("content-encoding"), picture.header("vary")),
        ("", "")
    );
    // what is too short to be packed is packed for who takes nothing else
    let short = "/tiles/areas/14/8400/5850.mvt";
    assert_eq!(ask(short, "gzip", "").header("content-encoding"), "");
    let only = ask(short, "gzip, identity;q=0", "");
    assert_eq!(only.header("content-encoding"), "gzip");
    assert_eq!(unpacked(&only), server.get(short).body);
    // texts too
    let document = "/wms?SERVICE=WMS&REQUEST=GetCapabilities";
    let packed = ask(document, "br", "");
    assert_eq!(packed.header("content-encoding"), "br");
    assert_eq!(unpacked(&packed), server.get(document).body);
    // and over a restart
    drop(server);
    let server = Server::start(&scratch.0, &[]);
    let reply = server.ask("GET", VECTOR, &[("Accept-Encoding", "br")], b"");
    assert!(reply.header("cache-status").contains("hit; detail=\"disk"));
    assert_eq!(unpacked(&reply), plain.body);
}

#[test]
fn what_is_on_disk_is_there_after_a_restart_and_a_damaged_file_is_made_again() {
    let scratch = folder("kept-disk");
    let first = Server::start(&scratch.0, &[]).get(PICTURE);
    let server = Server::start(&scratch.0, &[]);
    let again = server.get(PICTURE);
    assert!(
        again
            .header("cache-status")
            .contains("detail=\"disk, made ")
    );
    assert_eq!(again.body, first.body);
    drop(server);
    let mut files = Vec::new();
    for folder in fs::read_dir(scratch.0.join(".cache/tiles")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            files.push(file.unwrap().path());
        }
    }
    assert_eq!(files.len(), 1, "{files:?}");
    let mut content = fs::read(&files[0]).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(&files[0], content).unwrap();
    let repaired = Server::start(&scratch.0, &[]).get(PICTURE);
    assert!(repaired.header("cache-status").contains("fwd=miss"));
    assert_eq!(repaired.body, first.body);
}

#[test]
fn changed_data_make_new_tiles_and_the_old_ones_are_not_sent_again() {
    let scratch = folder("kept-changed");
    let server = Server::start(&scratch.0, &[]);
    let before = server.get(PICTURE);
    assert!(server.get(PICTURE).header("cache-status").contains("hit"));
    copy(&scratch.0, "communes.fgb");
    let begin = Instant::now();
    let after = loop {
        let now = server.get(PICTURE);
        if now.header("etag") != before.header("etag") {
            break now;
        }
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "the change was not noticed"
        );
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(after.header("cache-status").contains("fwd=miss"));
    assert_ne!(after.body, before.body);
    copy(&scratch.0, "departements.fgb");
    let begin = Instant::now();
    while server.get(PICTURE).body != before.body {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "the change was not noticed"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}
