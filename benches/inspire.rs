//! INSPIRE's load tests (Regulation 976/2009 as amended by 1088/2010, Annex I) on the demo, over
//! HTTP: requests leave at the rate that is asked for, whether those before them are answered or
//! not, each on a connection of its own; what counts is when the first byte comes, from the
//! moment that the request was due.
//!
//! | service | rate | mix | 90 % within |
//! |---|---|---|---|
//! | view | 20 a second | 10 % GetCapabilities, 90 % GetMap of 800×600, boxes that vary | 5 s |
//! | download | 10 a second | 10 % GetCapabilities, 10 % DescribeFeatureType, 80 % GetFeature | 10 s; 30 s for data, then more than 0.5 MB a second |
//!
//! Discovery (30 a second, 3 s) is not measured: there is no discovery service.
//!
//! A minute each, as the guidance has it; `CARTOTHEQUE_INSPIRE_SECONDS=10` for less. The answer is
//! a table in Markdown; where a service fails the program does too. A map without a pixel where
//! data are is a failure.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how it fails"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// What is sent, by the words of the guidance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Capabilities,
    Describe,
    Map,
    Data,
}

struct Sent {
    kind: Kind,
    first_byte: Duration,
    /// From the first byte to the last.
    rest: Duration,
    bytes: usize,
    fault: Option<String>,
}

struct Load {
    name: &'static str,
    rate: u32,
    request: fn(u32) -> (Kind, String),
    /// What 90 % of the requests must keep.
    limit: fn(Kind) -> Duration,
}

const LOADS: [Load; 2] = [
    Load {
        name: "view",
        rate: 20,
        request: view,
        limit: |_| Duration::from_secs(5),
    },
    Load {
        name: "download",
        rate: 10,
        request: download,
        limit: |kind| match kind {
            Kind::Data => Duration::from_secs(30),
            _ => Duration::from_secs(10),
        },
    },
];

/// Bytes a second that data must come at.
const LEAST_SPEED: f64 = 500_000.0;

fn view(number: u32) -> (Kind, String) {
    if number.is_multiple_of(10) {
        let path = "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities";
        return (Kind::Capabilities, path.to_owned());
    }
    // windows of 40 to 120 km that walk over the region and never come twice
    let step = f64::from(number);
    let width = 40_000.0 + (step * 7_919.0) % 80_000.0;
    let west = 700_000.0 + (step * 10_007.0) % (230_000.0 - width);
    let south = 6_430_000.0 + (step * 6_101.0) % (140_000.0 - width * 0.75).max(1.0);
    let (east, north) = (west + width, south + width * 0.75);
    let path = format!(
        "/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=communes&STYLES=&CRS=EPSG:2154\
         &BBOX={west},{south},{east},{north}&WIDTH=800&HEIGHT=600&FORMAT=image/png"
    );
    (Kind::Map, path)
}

fn download(number: u32) -> (Kind, String) {
    let wfs = "/wfs?SERVICE=WFS&VERSION=2.0.0&REQUEST=";
    match number % 10 {
        0 => (Kind::Capabilities, format!("{wfs}GetCapabilities")),
        1 => (Kind::Describe, format!("{wfs}DescribeFeatureType")),
        _ => {
            let layers = ["communes", "departements", "villes", "cours-eau", "epci"];
            let layer = layers[number as usize % layers.len()];
            (Kind::Data, format!("{wfs}GetFeature&TYPENAMES={layer}"))
        }
    }
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start() -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cartotheque"))
            .args([
                "serve",
                env!("CARGO_MANIFEST_DIR"),
                "--listen",
                "127.0.0.1:0",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.expect("an address").to_owned();
        Server { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Sends one request that was due at a moment.
fn send(address: &str, kind: Kind, path: &str, due: Instant) -> Sent {
    let mut sent = Sent {
        kind,
        first_byte: Duration::MAX,
        rest: Duration::ZERO,
        bytes: 0,
        fault: None,
    };
    let ask = || -> std::io::Result<(Duration, Duration, Vec<u8>)> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = vec![0];
        stream.read_exact(&mut answer)?;
        let first = due.elapsed();
        stream.read_to_end(&mut answer)?;
        Ok((first, due.elapsed().saturating_sub(first), answer))
    };
    match ask() {
        Ok((first_byte, rest, answer)) => {
            sent.first_byte = first_byte;
            sent.rest = rest;
            sent.bytes = answer.len();
            sent.fault = fault(kind, &answer);
        }
        Err(error) => sent.fault = Some(error.to_string()),
    }
    sent
}

/// What is wrong with an answer.
fn fault(kind: Kind, answer: &[u8]) -> Option<String> {
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let Some(head) = head else {
        return Some("no HTTP answer".into());
    };
    let (head, body) = answer.split_at(head + 4);
    let status = String::from_utf8_lossy(head.get(9..12).unwrap_or_default()).into_owned();
    if status != "200" {
        return Some(format!("status {status}"));
    }
    // the size of a first chunk may stand before
    let start = body.get(..body.len().min(32)).unwrap_or_default();
    let begins = |text: &[u8]| start.windows(text.len()).any(|window| window == text);
    match kind {
        // one colour packs into less than the hundredth part of a byte a pixel
        Kind::Map if !begins(b"\x89PNG") => Some("no picture".into()),
        Kind::Map if body.len() < 4_000 => Some(format!("blank: {} bytes", body.len())),
        Kind::Map => None,
        _ if !begins(b"<?xml") => Some("no XML".into()),
        _ => None,
    }
}

/// Sends what is due for some seconds, and waits for the answers.
fn run(load: &Load, server: &Server, seconds: u32) -> Vec<Sent> {
    let all = Mutex::new(Vec::new());
    let start = Instant::now();
    let between = Duration::from_secs(1) / load.rate;
    thread::scope(|scope| {
        for number in 0..load.rate * seconds {
            let due = start + between * number;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let (kind, path) = (load.request)(number);
            let all = &all;
            scope.spawn(move || {
                let sent = send(&server.address, kind, &path, due);
                all.lock().expect("no panic").push(sent);
            });
        }
    });
    all.into_inner().expect("no panic")
}

fn percentile(times: &[Duration], percent: usize) -> f64 {
    let at = (times.len() * percent).div_ceil(100).max(1) - 1;
    times.get(at).map_or(0.0, Duration::as_secs_f64) * 1000.0
}

/// Prints a line for each kind of request; whether the service keeps what it must.
fn report(load: &Load, sent: &[Sent]) -> bool {
    let mut holds = true;
    for kind in [Kind::Capabilities, Kind::Describe, Kind::Map, Kind::Data] {
        let of_kind: Vec<&Sent> = sent.iter().filter(|s| s.kind == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let limit = (load.limit)(kind);
        let kept = |s: &&&Sent| {
            let speed = s.bytes as f64 / s.rest.as_secs_f64().max(1e-9);
            let is_fast = kind != Kind::Data || s.rest.as_secs() < 1 || speed > LEAST_SPEED;
            s.fault.is_none() && s.first_byte <= limit && is_fast
        };
        let good = of_kind.iter().filter(kept).count();
        let is_kept = good * 10 >= of_kind.len() * 9;
        holds &= is_kept;
        let faults: Vec<&String> = of_kind.iter().filter_map(|s| s.fault.as_ref()).collect();
        let mut times: Vec<Duration> = of_kind.iter().map(|s| s.first_byte).collect();
        times.sort();
        let bytes: usize = of_kind.iter().map(|s| s.bytes).sum();
        println!(
            "| {} | {kind:?} | {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {} | {} |",
            load.name,
            of_kind.len(),
            faults.len(),
            percentile(&times, 50),
            percentile(&times, 90),
            percentile(&times, 99),
            percentile(&times, 100),
            bytes / of_kind.len() / 1000,
            if is_kept { "kept" } else { "NOT kept" },
        );
        for fault in faults.iter().take(3) {
            eprintln!("{} {kind:?}: {fault}", load.name);
        }
    }
    holds
}

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it runs
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let seconds = std::env::var("CARTOTHEQUE_INSPIRE_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(60);
    let server = Server::start();
    println!(
        "| service | request | sent | faults | first byte ms, 50 % | 90 % | 99 % | longest | kB each | verdict |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|---|");
    let mut holds = true;
    for load in &LOADS {
        holds &= report(load, &run(load, &server, seconds));
    }
    match holds {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
