//! The cartothèque: the list of maps, and what is made of one map. A file here is one output;
//! each takes the layers of [`Map::layers`], so that all have the same ones in the same order.

mod address;
mod basemap;
mod chosen;
mod context;
mod context_atom;
mod context_json;
mod drawn;
mod facts;
mod ground;
mod legend;
mod list;
mod picture;
mod print;
mod qgis;
mod style_json;
mod viewer;
mod wmc;

use std::sync::Arc;

use crate::budget::Budget;
use crate::cache::TileCache;
use crate::catalogue::map::MapService;
use crate::catalogue::{Catalogue, Map};
use crate::error::{Error, Result};
use crate::operation::{Limits, Studio};
use crate::protocol::ogcapi::check_parameters;
use crate::protocol::ows::Kvp;
use crate::protocol::site::Pages;
use crate::protocol::{Answer, Request, record};

use facts::Facts;

pub use address::MapsAddress;
pub use list::{leading, list};
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
    /// Where pictures of maps are kept.
    pub tiles: &'a TileCache,
    pub pages: &'a Pages,
    /// For people.
    pub language: &'a str,
    pub wants_html: bool,
}

/// A document or a picture of a map by the last part of its address (`legend.png`).
///
/// # Errors
/// `NotFound` where nothing has that name; `InvalidParameter`; what making it says.
pub fn document(
    service: &Service<'_>,
    name: &str,
    request: &Request<'_>,
    budget: &Budget,
) -> Result<Answer> {
    if !is_made(service.map, name) {
        return Err(Error::NotFound {
            path: format!("/maps/{}/{name}", service.map.id),
        });
    }
    match name {
        "context.json" => Ok(context_json::answer(&facts(service, request)?)),
        "context.atom" => Ok(context_atom::answer(&facts(service, request)?)),
        "context.wmc" => Ok(wmc::answer(&facts(service, request)?)),
        "layers.qlr" => qgis::layers(&facts(service, request)?),
        "project.qgs" => qgis::project(&facts(service, request)?),
        "style.json" => Ok(style_json::answer(&facts(service, request)?)),
        "record.xml" => {
            let own = facts(service, request)?.own;
            record::map_record(service.catalogue, service.map, &own)
        }
        "print.pdf" => print::answer(service, request, budget),
        "legend.png" => legend::picture(service, request, budget),
        "legend.json" => legend::json(service, request, budget),
        "map.png" => picture::answer(service, request, budget),
        _ => Err(Error::NotFound {
            path: name.to_owned(),
        }),
    }
}

/// True where a map has a document: those that are nothing but addresses of a service are not made
/// of a map without it.
fn is_made(map: &Map, name: &str) -> bool {
    match name {
        "context.wmc" | "layers.qlr" | "project.qgs" => map.has(MapService::Wms),
        "style.json" => map.has(MapService::Tiles),
        _ => true,
    }
}

/// What documents without parameters say of a map.
fn facts<'a>(service: &'a Service<'_>, request: &Request<'_>) -> Result<Facts<'a>> {
    check_parameters(&Kvp::parse(request.query)?, &["LANG", "F"])?;
    Facts::of(service, request.base)
}

impl Service<'_> {
    /// The address of the map, from the site's as the client used it.
    fn own(&self, base: &str) -> String {
        let mut own = format!("{base}/maps/");
        crate::encode::xml::push_url_component(&mut own, &self.map.id);
        own
    }
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
