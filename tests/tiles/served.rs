//! Tiles as the protocol answers them, without a socket.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use cartotheque::budget::Budget;
use cartotheque::cache::TileCache;
use cartotheque::error::Result;
use cartotheque::protocol::Answer;
use cartotheque::protocol::tiles::{Prepared, Service, TilesAddress, TilesRequest, prepare};
use cartotheque::server::{Options, Site, State};

use crate::common;

/// The shipped demonstration.
pub fn demo() -> Arc<Site> {
    static DEMO: OnceLock<Arc<Site>> = OnceLock::new();
    Arc::clone(DEMO.get_or_init(|| site(common::repository())))
}

pub fn site(path: &Path) -> Arc<Site> {
    let options = Options {
        path: path.to_owned(),
        base_url: None,
        trusted_proxies: Vec::new(),
        workers: 1,
        strict: false,
        explain: true,
        cache: None,
    };
    State::load(options).unwrap().whole()
}

/// The answer to `/tiles/{path}`.
pub fn ask(site: &Site, path: &str) -> Result<Answer> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let service = Service {
        catalogue: &site.catalogue,
        limits: &site.limits,
        overviews: site.studio.overviews(),
        explain: true,
    };
    let segments: Vec<&str> = path.split('/').collect();
    let address = TilesAddress::parse(&segments).expect("an address of tiles")?;
    let request = TilesRequest {
        query,
        base: "http://example.org",
        language: "fr",
        ..TilesRequest::default()
    };
    match prepare(&service, &address, &request)? {
        Prepared::Answer(answer) => Ok(answer),
        Prepared::Stored(tile) => tile.answer(),
        Prepared::Tile(tile) => {
            let limits = &site.limits;
            let allowed = std::time::Duration::from_secs(limits.seconds);
            let budget = Budget::new(allowed, limits.features, limits.vertices);
            tile.answer(&TileCache::new(0, None), allowed, &site.studio, &budget)
        }
    }
}

/// The bytes of a vector tile; none where it is empty.
pub fn vector(site: &Site, layers: &str, set: &str, [z, x, y]: [u32; 3]) -> Vec<u8> {
    let answer = ask(site, &format!("{layers}/{set}/{z}/{x}/{y}.mvt"))
        .unwrap_or_else(|e| panic!("{layers} {set} {z}/{x}/{y}: {e}"));
    match answer.status {
        200 => assert!(!answer.body.is_empty()),
        204 => assert!(answer.body.is_empty()),
        other => panic!("{layers} {set} {z}/{x}/{y}: {other}"),
    }
    answer.body.to_vec()
}
