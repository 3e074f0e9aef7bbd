//! A request to the demo over HTTP: `METHOD path?query`, headers by lines, an empty line, a body.
#![no_main]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cartotheque::server::{self, Options, State};
use libfuzzer_sys::{Corpus, fuzz_target};

/// The address of a server of the demo, which runs as long as the process.
static ADDRESS: LazyLock<String> = LazyLock::new(|| {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("its address").to_string();
    drop(free);
    let state = State::load(Options {
        path: Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        base_url: None,
        workers: 1,
        strict: false,
        explain: true,
        cache: None,
    });
    let state = Arc::new(state.expect("the demo"));
    let listen = address.clone();
    std::thread::spawn(move || server::run(state, &listen));
    while TcpStream::connect(&address).is_err() {
        std::thread::sleep(Duration::from_millis(10));
    }
    address
});

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Corpus::Reject;
    };
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let Some((method, target)) = lines.next().and_then(|line| line.split_once(' ')) else {
        return Corpus::Reject;
    };
    let path: String = target
        .bytes()
        .map(|byte| match byte {
            b'!'..=b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for line in lines {
        request.push_str(line);
        request.push_str("\r\n");
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let Ok(mut stream) = TcpStream::connect(&*ADDRESS) else {
        return Corpus::Reject;
    };
    let sent = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    if sent.is_ok() && read.is_ok() && answer.starts_with(b"HTTP/1.1 500") {
        panic!("500 to {request}");
    }
    Corpus::Keep
});
