//! OGC API end to end: Common, Tiles, Maps, Styles, by their requirements and by what their
//! conformance suites and clients ask.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/schema.rs"]
mod schema;

mod documents;
mod maps;
mod styles;
mod tiles;

use std::sync::OnceLock;

use common::{Reply, Server, repository};
use serde_json::Value;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const REL: &str = "http://www.opengis.net/def/rel/ogc/1.0/";

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(repository(), &[]))
}

fn json(path: &str) -> Value {
    let reply = server().get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// The path of an address of this server.
fn path_of(href: &str) -> &str {
    let base = format!("http://{}", server().address);
    href.strip_prefix(&base)
        .unwrap_or_else(|| panic!("{href} is elsewhere"))
}

/// The first link of a relation.
fn link<'a>(document: &'a Value, rel: &str) -> &'a Value {
    let links = document["links"].as_array().unwrap();
    links
        .iter()
        .find(|link| link["rel"] == rel)
        .unwrap_or_else(|| panic!("no link {rel} in {document}"))
}

fn assert_problem(reply: &Reply, status: u16, path: &str) {
    assert_eq!(reply.status, status, "{path}: {}", reply.text());
    assert_eq!(
        reply.header("content-type"),
        "application/problem+json",
        "{path}"
    );
    assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
    assert_eq!(reply.json()["status"], status, "{path}");
}
