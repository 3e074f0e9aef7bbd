//! The cartothèque: the list of maps, and what is made of one map. A file here is one output;
//! each takes the layers of [`Map::layers`], so that all have the same ones in the same order.

mod address;
mod context;
mod list;
mod viewer;

use std::sync::Arc;

use crate::budget::Budget;
use crate::catalogue::{Catalogue, Map};
use crate::error::{Error, Result};
use crate::operation::{Limits, Studio};
use crate::protocol::site::Pages;
use crate::protocol::{Answer, Request};

pub use address::MapsAddress;
pub use list::list;
pub use viewer::page;

/// What a map is answered from.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    /// The site's.
    pub site: &'a Catalogue,
    pub map: &'a Arc<Map>,
    /// The map's own: its layers, with what is found out of their parts.
    pub catalogue: &'a Catalogue,
    pub limits: &'a Limits,
    pub studio: &'a Studio,
    pub pages: &'a Pages,
    /// For people.
    pub language: &'a str,
    pub wants_html: bool,
}

/// A document or a picture of a map by the last part of its address (`legend.png`).
///
/// # Errors
/// `NotFound` where nothing has that name; what making it says.
pub fn document(
    _service: &Service<'_>,
    name: &str,
    _request: &Request<'_>,
    _budget: &Budget,
) -> Result<Answer> {
    Err(Error::NotFound {
        path: name.to_owned(),
    })
}

/// The answer to `/1/{alias}.map`, an address of PRODIGE: the map's own, with what was asked.
pub fn moved(base: &str, map: &Map, query: &str) -> Answer {
    let mut target = format!("{base}/maps/");
    crate::encode::xml::push_url_component(&mut target, &map.id);
    if !query.is_empty() {
        target.push('?');
        target.push_str(query);
    }
    Answer::ok("text/plain; charset=utf-8", target.clone())
        .with_status(301)
        .with_header("location", target)
}
