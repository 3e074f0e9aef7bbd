//! HTTP as clients do it that are impatient, slow, many, or far away.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on ends"
)]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use common::{Server, repository};

const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=communes&STYLES=&CRS=EPSG:2154&BBOX=760000,6480000,880000,6580000&WIDTH=120&HEIGHT=100&FORMAT=image/png";
const CAPABILITIES: &str = "/wms?SERVICE=WMS&REQUEST=GetCapabilities";

/// A map that takes many seconds: all the communes, a hundred times.
fn endless_map() -> String {
    let layers = ["communes"; 100].join(",");
    let styles = ",".repeat(99);
    format!(
        "GET /wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layers}&STYLES={styles}&CRS=EPSG:2154&BBOX=620000,6330000,1040000,6650000&WIDTH=4000&HEIGHT=3060&FORMAT=image/png HTTP/1.1\r\nHost: a\r\n\r\n"
    )
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.address).expect("the server takes connections");
    let patience = Some(Duration::from_secs(60));
    stream.set_read_timeout(patience).unwrap();
    stream
}

/// The first bytes of an answer, when there are some within the time.
fn first_bytes(stream: &mut TcpStream, within: Duration) -> Option<String> {
    stream.set_read_timeout(Some(within)).unwrap();
    let mut bytes = [0; 2000];
    match stream.read(&mut bytes) {
        Ok(n) => Some(String::from_utf8_lossy(&bytes[..n]).into_owned()),
        Err(e) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&e.kind()) => None,
        Err(e) => panic!("{e}"),
    }
}

#[test]
fn who_speaks_http_1_0_is_sent_no_chunks() {
    let server = Server::start(repository(), &[]);
    let mut stream = connect(&server);
    let path = "/collections/communes/items?limit=2000&f=json";
    write!(stream, "GET {path} HTTP/1.0\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the answer ends with the connection");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("chunked"), "{head}");
    let features: serde_json::Value = serde_json::from_str(body).expect("nothing but JSON");
    assert_eq!(features["numberReturned"], 2000);
    // a short answer says how long it is
    let mut stream = connect(&server);
    write!(stream, "GET /health HTTP/1.0\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.to_lowercase().contains("content-length:"),
        "{answer}"
    );
}

#[test]
fn the_end_of_an_answer_in_pieces_does_not_wait_for_the_client() {
    let server = Server::start(repository(), &[]);
    let mut stream = connect(&server);
    let mut bytes = vec![0; 1 << 20];
    let mut waits: Vec<Duration> = (0..9)
        .map(|_| {
            let path = "/collections/communes/items?limit=1000&f=json";
            write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            let mut before = Instant::now();
            let mut wait = Duration::ZERO;
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n0\r\n\r\n") {
                let read = stream.read(&mut bytes).expect("the answer goes on");
                answer.extend_from_slice(&bytes[..read]);
                let now = Instant::now();
                wait = now - before;
                before = now;
            }
            wait
        })
        .collect();
    waits.sort();
    // 40 ms and more where the kernel holds it back
    assert!(waits[4] < Duration::from_millis(20), "{waits:?}");
}

#[test]
fn a_closed_connection_stops_its_map_at_once() {
    let server = Server::start(repository(), &["--workers", "1"]);
    let mut impatient = connect(&server);
    impatient.write_all(endless_map().as_bytes()).unwrap();
    let mut waiting = connect(&server);
    write!(waiting, "GET /wms?{MAP} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let early = first_bytes(&mut waiting, Duration::from_millis(700));
    assert_eq!(early, None, "the only thread is busy");
    drop(impatient);
    // who waits longer than 10 s is told to come back: 200 is soon enough
    let answer = first_bytes(&mut waiting, Duration::from_secs(60)).unwrap_or_default();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn too_many_slow_requests_are_told_to_come_back_and_light_ones_are_answered() {
    let server = Server::start(repository(), &["--workers", "1"]);
    let many: Vec<TcpStream> = (0..80)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(endless_map().as_bytes()).unwrap();
            stream
        })
        .collect();
    // one is drawn, 64 wait, the others are refused at once, whichever they are
    let mut open: Vec<&TcpStream> = many.iter().collect();
    let sent = Instant::now();
    while open.len() > 65 && sent.elapsed() < Duration::from_secs(60) {
        open.retain(|stream| {
            let mut stream = stream.try_clone().unwrap();
            let answer = first_bytes(&mut stream, Duration::from_millis(20));
            if let Some(answer) = &answer {
                assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
                assert!(answer.to_lowercase().contains("\r\nretry-after: 5\r\n"));
            }
            answer.is_none()
        });
    }
    assert_eq!(open.len(), 65);
    let light = Instant::now();
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.get(CAPABILITIES).status, 200);
    let click = format!(
        "/wms?{}&QUERY_LAYERS=communes&I=50&J=50&INFO_FORMAT=text/plain",
        MAP.replace("GetMap", "GetFeatureInfo")
    );
    // on a busy machine a click may need more than its few milliseconds, and another trial
    server.wait_until("a click to be answered", |s| {
        s.get(&click).text().contains("insee = ")
    });
    assert!(
        light.elapsed() < Duration::from_secs(10),
        "{:?}",
        light.elapsed()
    );
    drop(many);
    let free = Instant::now();
    // those that wait are looked after four times a second
    server.wait_until("the pool to be free", |s| {
        s.get(&format!("/wms?{MAP}")).status == 200
    });
    assert!(
        free.elapsed() < Duration::from_secs(20),
        "{:?}",
        free.elapsed()
    );
}

#[test]
fn a_click_beyond_what_a_worker_tries_is_answered_by_the_pool() {
    let server = Server::start(repository(), &[]);
    // the widest reach over the whole country: far more candidates than are tried
    let click = server.get(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=communes&QUERY_LAYERS=communes&STYLES=&CRS=EPSG:2154&BBOX=620000,6330000,1040000,6650000&WIDTH=60&HEIGHT=50&I=30&J=25&INFO_FORMAT=application/json&FEATURE_COUNT=1000&BUFFER=50",
    );
    let features = click.json()["features"].as_array().unwrap().len();
    assert!(features > 400, "{features} features");
}

#[test]
fn requests_sent_in_one_go_are_answered_one_after_the_other() {
    let server = Server::start(repository(), &[]);
    let mut stream = connect(&server);
    // the first is drawn long enough for the connection to be looked at meanwhile
    let large = MAP.replace("WIDTH=120&HEIGHT=100", "WIDTH=4000&HEIGHT=3300");
    write!(
        stream,
        "GET /wms?{large} HTTP/1.1\r\nHost: a\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /wms?{MAP} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).unwrap();
    let types: Vec<&str> = answers
        .split(|b| *b == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok())
        .filter_map(|line| line.strip_prefix("Content-Type: "))
        .map(str::trim_end)
        .collect();
    assert_eq!(types, ["image/png", "application/json", "image/png"]);
    assert!(answers.ends_with(b"IEND\xae\x42\x60\x82"));
}

#[test]
fn a_form_draws_the_same_map_as_a_query() {
    let server = Server::start(repository(), &[]);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let posted = server.ask("POST", "/wms", &form, MAP.as_bytes());
    assert_eq!(posted.header("content-type"), "image/png");
    assert_eq!(posted.body, server.get(&format!("/wms?{MAP}")).body);
}

#[test]
fn a_body_beyond_the_limit_is_refused_before_it_is_sent_or_while_it_comes() {
    let server = Server::start(repository(), &[]);
    let mut announced = connect(&server);
    write!(
        announced,
        "POST /wms HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"
    )
    .unwrap();
    let answer = first_bytes(&mut announced, Duration::from_secs(60)).unwrap_or_default();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");

    let mut chunked = connect(&server);
    write!(
        chunked,
        "POST /wms HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    .unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..40 {
        if chunked.write_all(chunk.as_bytes()).is_err() {
            break; // refused already
        }
    }
    let answer = first_bytes(&mut chunked, Duration::from_secs(60)).unwrap_or_default();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[test]
fn who_sends_too_slowly_is_given_up() {
    let server = Server::start(repository(), &[]);
    let started = Instant::now();
    let mut head = connect(&server);
    write!(head, "GET /wms HTTP/1.1\r\nHo").unwrap();
    let mut body = connect(&server);
    write!(
        body,
        "POST /wms HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nSERVICE="
    )
    .unwrap();
    let mut said = String::new();
    head.read_to_string(&mut said).expect("it is closed");
    assert!(
        said.is_empty() || said.starts_with("HTTP/1.1 408"),
        "{said}"
    );
    let answer = first_bytes(&mut body, Duration::from_secs(60)).unwrap_or_default();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(60));
}

#[test]
fn kept_compressed_capabilities_name_the_address_of_each_client() {
    let server = Server::start(repository(), &[]);
    for host in ["a.example", "b.example:81", "a.example", "b.example:81"] {
        let headers = [("Host", host), ("Accept-Encoding", "gzip")];
        let reply = server.ask("GET", CAPABILITIES, &headers, b"");
        assert_eq!(reply.header("content-encoding"), "gzip");
        assert!(reply.header("vary").contains("Accept-Encoding"));
        let mut text = vec![0; 10 << 20];
        let n = libdeflater::Decompressor::new()
            .gzip_decompress(&reply.body, &mut text)
            .unwrap();
        let text = String::from_utf8_lossy(&text[..n]);
        assert!(text.contains(&format!("\"http://{host}/wms?")), "{host}");
        assert_eq!(text.contains("a.example"), host == "a.example");
        let plain = server.ask("GET", CAPABILITIES, &[("Host", host)], b"");
        assert_eq!(plain.text(), text);
    }
}

#[test]
fn a_busy_port_is_an_error_in_words() {
    let server = Server::start(repository(), &[]);
    let second = serve(&["--listen", &server.address]);
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains(&server.address), "{said}");
    assert!(said.contains("in use"), "{said}");
    assert_eq!(second.stdout, b"");
}

#[test]
fn a_base_url_that_is_none_is_refused() {
    for bad in ["maps.example.org", "ftp://a/", "https://a/?b=c"] {
        let refused = serve(&["--listen", "127.0.0.1:0", "--base-url", bad]);
        assert_eq!(refused.status.code(), Some(1), "{bad}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("--base-url") && said.contains(bad), "{said}");
    }
}

/// `cartotheque serve` that is expected to end by itself.
fn serve(arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_cartotheque"))
        .arg("serve")
        .arg(repository())
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn variables_of_the_environment_stand_for_options() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cartotheque"));
    command
        .arg("serve")
        .env("CARTOTHEQUE_PATH", repository().join("data/communes.fgb"))
        .env("CARTOTHEQUE_LISTEN", "127.0.0.1:0")
        .env("CARTOTHEQUE_BASE_URL", "https://maps.example.org/x")
        .env("CARTOTHEQUE_WORKERS", "1")
        .env("CARTOTHEQUE_STRICT", "true")
        .env("CARTOTHEQUE_NO_EXPLAIN", "true")
        .env("CARTOTHEQUE_LOG", "access=info")
        .env("CARTOTHEQUE_LOG_FORMAT", "json");
    let server = Server::spawn(command);
    let landing = server.get("/").json();
    assert_eq!(landing["layers"].as_array().unwrap().len(), 1);
    assert!(landing.to_string().contains("https://maps.example.org/x/"));
    let explain = server.get(&format!("/wms?{MAP}&EXPLAIN=json"));
    assert_eq!(explain.header("content-type"), "image/png");
    server.wait_until("lines in JSON", |s| s.log().starts_with('{'));
    for line in server.log().lines() {
        assert!(line.contains("\"target\":\"access\""), "{line}");
    }
}

#[test]
fn an_address_of_ipv6_is_listened_on() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("this machine has no IPv6");
        return;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_cartotheque"));
    command
        .arg("serve")
        .arg(repository())
        .args(["--listen", "[::1]:0"]);
    let server = Server::spawn(command);
    assert!(server.address.starts_with("[::1]:"), "{}", server.address);
    let links = server.get("/").json()["links"].to_string();
    assert!(
        links.contains(&format!("http://{}/", server.address)),
        "{links}"
    );
}

#[test]
fn a_start_without_faults_says_nothing_and_takes_little_memory() {
    let server = Server::start(repository(), &["--workers", "2"]);
    assert_eq!(server.get("/health").status, 200);
    server.wait_until("the access line", |s| s.log().contains("/health"));
    let log = server.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    if let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())) {
        let own: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .expect("Linux tells RssAnon in kB");
        assert!(own < 20_000, "{own} kB");
    }
}

/// Every commune: four megabytes, more than what lies between a server and a client that does
/// not read.
const DOWNLOAD: &str = "/collections/communes/items?limit=1000000";

/// A streamed answer's features: what stands behind them has the time of the answer in it.
fn features(text: &str) -> &str {
    text.rsplit_once("\"timeStamp\"")
        .expect("a whole collection")
        .0
}

#[test]
fn who_does_not_read_holds_no_thread() {
    let server = Server::start(repository(), &["--workers", "1"]);
    let many: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = connect(&server);
            // more than the buffers of both ends of a connection can take
            let large = "f=jsonfg&crs=http://www.opengis.net/def/crs/EPSG/0/2154";
            write!(stream, "GET {DOWNLOAD}&{large} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            stream
        })
        .collect();
    for mut stream in &many {
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
    }
    assert_eq!(server.get(&format!("/wms?{MAP}")).status, 200);
    let whole = server.get(DOWNLOAD);
    assert_eq!(whole.json()["numberReturned"], 4021);
    drop(many);
    // and who goes away in the middle is seen to
    server.wait_until("eight downloads given up", |server| {
        server.log().matches("whole=false").count() == 8
    });
}

#[test]
fn a_download_is_the_same_compressed_and_head_sends_none_of_it() {
    let server = Server::start(repository(), &[]);
    let plain = server.get(DOWNLOAD);
    let packed = server.ask("GET", DOWNLOAD, &[("Accept-Encoding", "gzip")], b"");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() * 2 < plain.body.len());
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.body.as_slice())
        .read_to_string(&mut text)
        .expect("one gzip stream");
    assert!(features(&text) == features(&plain.text()), "not the same");
    let head = server.ask("HEAD", DOWNLOAD, &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-type"), "application/geo+json");
}
