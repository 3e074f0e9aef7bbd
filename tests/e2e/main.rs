//! End to end: the real binary, a free port, real requests, a clean log.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "../common/mod.rs"]
mod common;

mod changes;
mod commands;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use common::{Scratch, Server, repository};

const MAP: &str = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=communes&STYLES=&CRS=EPSG:2154&BBOX=760000,6480000,880000,6580000&WIDTH=600&HEIGHT=500&FORMAT=image/png";

#[test]
fn the_demo_is_served_from_the_first_request_on() {
    let started = Instant::now();
    let server = Server::start(repository(), &["--strict"]);
    let reply = server.get(MAP);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "image/png");
    let (width, height, pixels) = reply.picture();
    assert_eq!((width, height), (600, 500));
    let white = pixels.iter().filter(|p| **p == [255; 4]).count();
    assert!(white < pixels.len() / 2, "{white} white pixels");
    assert!(started.elapsed() < Duration::from_secs(60));

    let landing = server.get("/");
    assert_eq!(landing.header("content-type"), "application/json");
    let document = landing.json();
    assert!(document["layers"].as_array().unwrap().len() >= 8);
    assert!(
        document["links"]
            .as_array()
            .unwrap()
            .iter()
            .any(|l| l["href"].as_str().unwrap().contains("/wms?"))
    );

    // every link of the document answers
    let base = format!("http://{}", server.address);
    let mut links = 0;
    for link in document["links"].as_array().unwrap().iter().chain(
        document["layers"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|l| l["links"].as_array().unwrap()),
    ) {
        let href = link["href"].as_str().unwrap();
        let path = href
            .strip_prefix(&base)
            .unwrap_or_else(|| panic!("{href} is not of {base}"));
        let path = if path.is_empty() { "/" } else { path };
        let reply = server.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        links += 1;
    }
    assert!(links > 20);
    let log = server.log();
    assert!(
        !log.contains("ERROR") && !log.contains("WARN") && !log.contains("panicked"),
        "{log}"
    );
}

#[test]
fn pages_are_in_french_and_english_and_every_picture_of_them_is_drawn() {
    let server = Server::start(repository(), &[]);
    let html = [("Accept", "text/html")];
    for (language, word) in [("fr", "Adresses à copier"), ("en", "Addresses to copy")] {
        let page = server.ask(
            "GET",
            &format!("/layers/communes?lang={language}"),
            &html,
            b"",
        );
        assert_eq!(page.status, 200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.text().contains(word), "{}", page.text());
        assert!(page.text().contains(&format!("<html lang=\"{language}\">")));
    }
    let landing = server.ask("GET", "/", &html, b"").text();
    let layer = server.ask("GET", "/layers/communes", &html, b"").text();
    let base = format!("http://{}", server.address);
    let mut pictures = 0;
    for page in [landing, layer] {
        for src in page
            .split("<img src=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            let src = src.replace("&amp;", "&").replace("&#x2f;", "/");
            let path = src.strip_prefix(&base).unwrap_or_else(|| panic!("{src}"));
            let reply = server.get(path);
            assert_eq!(
                reply.header("content-type"),
                "image/png",
                "{path}: {}",
                reply.text()
            );
            pictures += 1;
        }
    }
    assert!(pictures >= 3, "{pictures} pictures");
}

#[test]
fn exactly_one_line_is_printed_and_logs_go_to_standard_error() {
    let server = Server::start(repository(), &["--log-format", "json"]);
    server.get(&format!("{MAP}&TOKEN=abcdef"));
    server.wait_until("an access line", |s| s.log().contains("\"path\":\"/wms\""));
    assert_eq!(*server.stdout.lock().unwrap(), "");
    let log = server.log();
    assert!(!log.contains("abcdef"), "a secret in the log: {log}");
    for line in log.lines() {
        let _json: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    }
}

#[test]
fn sigterm_lets_a_request_in_flight_finish_and_exits_0() {
    let mut server = Server::start(repository(), &["--workers", "1"]);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let long = MAP.replace("WIDTH=600&HEIGHT=500", "WIDTH=4000&HEIGHT=3300");
    write!(stream, "GET {long} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    // one thread takes requests in their order: once this one is answered, the map is in flight
    assert_eq!(server.get("/health").status, 200);
    server.signal("-TERM");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer[..answer.len().min(300)])
    );
    assert!(
        answer.ends_with(b"IEND\xae\x42\x60\x82"),
        "a whole picture, {} bytes",
        answer.len()
    );
    let status = server.child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn every_answer_carries_cors_and_methods_are_told() {
    let server = Server::start(repository(), &[]);
    for path in [
        MAP,
        "/",
        "/nothing",
        "/wms?REQUEST=GetMap",
        "/health",
        "/metrics",
        "/layers/nothing",
    ] {
        assert_eq!(
            server.get(path).header("access-control-allow-origin"),
            "*",
            "{path}"
        );
    }
    let options = server.ask(
        "OPTIONS",
        "/wms",
        &[
            ("Origin", "http://a"),
            ("Access-Control-Request-Method", "GET"),
        ],
        b"",
    );
    assert_eq!(options.status, 204);
    assert!(
        options
            .header("access-control-allow-methods")
            .contains("GET")
    );
    // as the protocol of the address tells faults
    for (path, media_type, said) in [
        ("/wms", "text/xml", "code=\"OperationNotSupported\""),
        (
            "/wfs",
            "text/xml",
            "exceptionCode=\"OperationNotSupported\"",
        ),
        (
            "/maps/population/wfs",
            "text/xml",
            "exceptionCode=\"OperationNotSupported\"",
        ),
        (
            "/wmts",
            "text/xml",
            "exceptionCode=\"InvalidParameterValue\"",
        ),
        ("/collections", "application/problem+json", "\"status\":405"),
        ("/map", "application/problem+json", "\"status\":405"),
        ("/nothing", "application/problem+json", "\"status\":405"),
    ] {
        let reply = server.ask("DELETE", path, &[], b"");
        assert_eq!(reply.status, 405, "{path}");
        assert!(reply.header("allow").starts_with("GET, HEAD"), "{path}");
        let found = reply.header("content-type");
        assert!(found.contains(media_type), "{path}: {found}");
        assert!(reply.text().contains(said), "{path}: {}", reply.text());
    }
    // nothing can be added to a collection, and who asks is told so: newer QGIS offers editing
    // where the items say POST
    let items = "/collections/communes/items";
    let options = server.ask("OPTIONS", items, &[], b"");
    assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
    let feature = br#"{"type":"Feature","geometry":null,"properties":{}}"#;
    let refused = server.ask(
        "POST",
        items,
        &[("Content-Type", "application/geo+json")],
        feature,
    );
    assert_eq!(
        (refused.status, refused.header("allow")),
        (405, "GET, HEAD, OPTIONS")
    );
    let form = &[("Content-Type", "application/x-www-form-urlencoded")];
    let body = b"service=WFS&request=GetCapabilities";
    assert_eq!(
        server
            .ask("POST", "/maps/population/wfs", form, body)
            .status,
        200
    );
    let head = server.ask("HEAD", MAP, &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert!(head.header("content-length").parse::<usize>().unwrap() > 1000);
}

/// QGIS 3.22 takes JSON for GML where the header is written `content-type`.
#[test]
fn header_names_are_written_with_capitals() {
    let server = Server::start(repository(), &[]);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains("\r\nContent-Type: application/json\r\n"),
        "{answer}"
    );
}

#[test]
fn links_follow_the_proxy() {
    let server = Server::start(repository(), &[]);
    let caps = "/wms?SERVICE=WMS&REQUEST=GetCapabilities";
    let direct = server.get(caps).text();
    assert!(direct.contains(&format!("http://{}/wms?", server.address)));
    let proxied = server.ask(
        "GET",
        caps,
        &[
            ("Host", "inner:1"),
            ("X-Forwarded-Host", "carto.example"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Prefix", "/geo"),
        ],
        b"",
    );
    // a cache that passes the header of a client on gives the links to nobody else
    let varies = |name: &str, value: &str| name == "vary" && value.contains("X-Forwarded-Host");
    let headers = &proxied.headers;
    assert!(
        headers.iter().any(|(n, v)| varies(&n.to_lowercase(), v)),
        "{headers:?}"
    );
    let proxied = proxied.text();
    assert!(
        proxied.contains("https://carto.example/geo/wms?"),
        "{}",
        &proxied[..1500]
    );
    assert!(!proxied.contains("inner:1"));
    // whoever is not named where some are is no proxy
    let other = Server::start(repository(), &["--trusted-proxies", "203.0.113.7,::2/128"]);
    let headers = [
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "host=evil.example;proto=https"),
        ("X-Forwarded-Prefix", "/evil"),
    ];
    for address in [caps, "/?f=json", "/maps?f=json"] {
        let forged = other.ask("GET", address, &headers, b"");
        assert!(!forged.text().contains("evil"), "{}", forged.text());
        assert!(!format!("{:?}", forged.headers).contains("X-Forwarded-Host"));
    }
    let wrong = Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .args(["serve", "--trusted-proxies", "nginx"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(said.contains("expected an address or a network"), "{said}");
    let fixed = Server::start(repository(), &["--base-url", "https://fixed.example/x/"]);
    assert!(
        fixed
            .get(caps)
            .text()
            .contains("https://fixed.example/x/wms?")
    );
}

#[test]
fn text_is_compressed_where_the_client_takes_it_and_pictures_never() {
    let server = Server::start(repository(), &[]);
    let caps = "/wms?SERVICE=WMS&REQUEST=GetCapabilities";
    let plain = server.get(caps);
    assert_eq!(plain.header("content-encoding"), "");
    let packed = server.ask("GET", caps, &[("Accept-Encoding", "gzip, deflate")], b"");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.header("vary").contains("Accept-Encoding"));
    let mut out = vec![0; plain.body.len()];
    let n = libdeflater::Decompressor::new()
        .gzip_decompress(&packed.body, &mut out)
        .unwrap();
    assert_eq!(out[..n], plain.body[..]);
    assert_eq!(
        server
            .ask("GET", caps, &[("Accept-Encoding", "gzip;q=0")], b"")
            .header("content-encoding"),
        ""
    );
    assert_eq!(
        server
            .ask("GET", MAP, &[("Accept-Encoding", "gzip")], b"")
            .header("content-encoding"),
        ""
    );
}

#[test]
fn health_and_metrics_tell_the_state() {
    let server = Server::start(repository(), &[]);
    server.get(MAP);
    let health = server.get("/health").json();
    assert_eq!(health["status"], "ok", "{health}");
    let metrics = server.get("/metrics").text();
    assert!(
        metrics.contains("cartotheque_requests_total{endpoint=\"wms_getmap\",outcome=\"2xx\"} 1"),
        "{metrics}"
    );
    assert!(metrics.ends_with("# EOF\n"));
}

#[test]
fn hostile_requests_get_an_answer_and_the_server_lives() {
    let server = Server::start(repository(), &[]);
    let long = format!("/wms?SERVICE=WMS&{}", "A=B&".repeat(3000));
    for path in [
        "/%2e%2e/%2e%2e/etc/passwd",
        "/layers/..%2f..%2fetc%2fpasswd",
        "/wms?%",
        "/wms?SERVICE=WMS&REQUEST=GetMap&BBOX=NaN,inf,1e999,-0&LAYERS=%00&WIDTH=99999999999&HEIGHT=-1",
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=communes&STYLES=&CRS=EPSG:2154&BBOX=0,0,1,1&WIDTH=100000&HEIGHT=100000&FORMAT=image/png",
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=communes&STYLES=&CRS=EPSG:999999&BBOX=0,0,1,1&WIDTH=100&HEIGHT=100&FORMAT=image/png",
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=communes&STYLES=&CRS=%2Bproj%3Dpipeline&BBOX=0,0,1,1&WIDTH=100&HEIGHT=100&FORMAT=image/png",
        "/layers/%f0%9f%97%ba",
        "/collections//wms",
        "//",
        &long,
    ] {
        let reply = server.get(path);
        assert!(
            reply.status < 500,
            "{path}: {} {}",
            reply.status,
            reply.text()
        );
        assert!(!reply.text().contains("root:"), "{path}");
    }
    // a body beyond the limit, and a slow half request
    let body = vec![b'x'; 5 << 20];
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(
        stream,
        "POST /wms HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .unwrap();
    let _refused_midway = stream.write_all(&body);
    let mut half = TcpStream::connect(&server.address).unwrap();
    write!(half, "GET /wms HTTP/1.1\r\nHo").unwrap();
    assert_eq!(server.get("/health").status, 200);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn a_bare_folder_and_a_single_file_are_served_without_configuration() {
    let scratch = Scratch::new("bare");
    for name in ["departements.fgb", "communes.fgb"] {
        std::fs::copy(repository().join("data").join(name), scratch.0.join(name)).unwrap();
    }
    std::fs::write(
        scratch.0.join("broken.fgb"),
        b"fgb\x03fgb\x00and then nothing",
    )
    .unwrap();
    let server = Server::start(&scratch.0, &[]);
    let document = server.get("/").json();
    let ids: Vec<&str> = document["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["communes", "departements"]);
    let health = server.get("/health").json();
    assert_eq!(health["status"], "degraded");
    assert!(
        health["faults"][0]["subject"]
            .as_str()
            .unwrap()
            .contains("broken"),
        "{health}"
    );
    let (_, _, pixels) = server.get(MAP).picture();
    assert!(pixels.iter().any(|p| *p != [255; 4]));
    drop(server);

    let one = Server::start(&scratch.0.join("communes.fgb"), &["--strict"]);
    assert_eq!(one.get("/").json()["layers"].as_array().unwrap().len(), 1);

    let strict = Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .args(["serve", "--strict", "--listen", "127.0.0.1:0"])
        .arg(&scratch.0)
        .output()
        .unwrap();
    assert_eq!(strict.status.code(), Some(1));
    let said = String::from_utf8_lossy(&strict.stderr);
    assert!(said.contains("broken.fgb"), "{said}");
}

/// QGIS asks a WMS for nothing beyond a layer's box: symbols at its border would be cut in two.
#[test]
fn boxes_of_points_have_room_for_symbols_and_those_of_areas_are_theirs() {
    let server = Server::start(repository(), &[]);
    let text = server
        .get("/wms?SERVICE=WMS&REQUEST=GetCapabilities&LANGUAGE=eng")
        .text();
    for (layer, is_of_points) in [("aerodromes", true), ("departements", false)] {
        let of_layer = text.split_once(&format!("<Name>{layer}</Name>")).unwrap().1;
        let side = |name: &str| -> f64 {
            let value = of_layer.split_once(&format!("<{name}>")).unwrap().1;
            value.split('<').next().unwrap().parse().unwrap()
        };
        let extent = server.get(&format!("/collections/{layer}")).json();
        let extent = &extent["extent"]["spatial"]["bbox"][0];
        let told = [
            extent[0].as_f64().unwrap() - side("westBoundLongitude"),
            side("northBoundLatitude") - extent[3].as_f64().unwrap(),
        ];
        let width = extent[2].as_f64().unwrap() - extent[0].as_f64().unwrap();
        for room in told {
            let is_there = room > 0.015 * width && room < 0.03 * width;
            assert_eq!(is_there, is_of_points, "{layer}: {room}");
            assert!(is_of_points || room.abs() < 1e-5, "{layer}: {room}");
        }
    }
}
