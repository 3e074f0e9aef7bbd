//! What a worker answers itself: pages, records, health, and the small files around them.

use std::sync::Arc;

use serde_json::json;

use crate::catalogue::Catalogue;
use crate::error::{Error, Result};
use crate::protocol::ows::Kvp;
use crate::protocol::site::{STYLE_SHEET, landing_json, viewer_file};
use crate::protocol::{Answer, maps, ogcapi, record};
use crate::server::asked::{Asked, language_of};
use crate::server::metrics;
use crate::server::problem::page_error;
use crate::server::route::Route;
use crate::server::state::{Site, State};

/// A small icon: a folded map.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M3 8l8-4 10 4 8-4v20l-8 4-10-4-8 4z" fill="#cfe3d8" stroke="#0b5d7a" stroke-width="2" stroke-linejoin="round"/><path d="M11 4v20M21 8v20" stroke="#0b5d7a" stroke-width="2"/></svg>"##;

impl State {
    /// The answer to an address that needs neither drawing nor reading.
    pub(super) fn light(&self, site: &Arc<Site>, asked: &Asked, route: Route) -> Answer {
        let catalogue = &site.catalogue;
        let language = language_of(site, asked);
        let result = match route {
            Route::Landing => self.landing(catalogue, asked, language),
            Route::Layers => Ok(list_of_layers(asked)),
            Route::Layer { layer } => match catalogue.archive(&layer) {
                Some(archive) => self
                    .pages
                    .archive(catalogue, archive, &asked.base, language),
                None => catalogue
                    .layer(&layer)
                    .and_then(|l| self.pages.layer(catalogue, l, &asked.base, language)),
            },
            Route::Record { layer: None } => Ok(record::service_record(catalogue, &asked.base)),
            Route::Record { layer: Some(id) } => catalogue
                .layer(&id)
                .and_then(|layer| record::layer_record(catalogue, layer, &asked.base)),
            Route::Glyphs(Err(error)) => Err(error),
            Route::WebFont(font) => Ok(font.answer()),
            Route::Health => Ok(health(site)),
            Route::Metrics => Ok(Answer::ok(
                metrics::MEDIA_TYPE,
                self.metrics.to_text(
                    self.levels(site),
                    self.whole().studio.overviews(),
                    self.tiles.counts(),
                ),
            )),
            Route::StyleSheet => Ok(Answer::ok("text/css; charset=utf-8", STYLE_SHEET)
                .with_header("cache-control", "public, max-age=3600")),
            Route::ViewerFile { name } => viewer_file(&name, asked.accepted),
            Route::Robots => Ok(Answer::ok(
                "text/plain; charset=utf-8",
                "User-agent: *\nDisallow: /wms\nDisallow: /wmts\nDisallow: /wfs\nDisallow: /map\nDisallow: /tiles/\nDisallow: /collections/\n",
            )),
            Route::Icon => Ok(Answer::ok("image/svg+xml", ICON)
                .with_header("cache-control", "public, max-age=86400")),
            Route::Wms { .. }
            | Route::Wfs { .. }
            | Route::Wmts(_)
            | Route::Tiles(_)
            | Route::Api(_)
            | Route::Maps(_)
            | Route::Glyphs(Ok(_))
            | Route::Sprite(_) => Err(Error::Internal {
                message: "a map among the pages".into(),
            }),
        };
        result.unwrap_or_else(|error| page_error(&self.pages, site, asked, &error))
    }

    fn landing(&self, catalogue: &Catalogue, asked: &Asked, language: &str) -> Result<Answer> {
        let kvp = Kvp::parse(&asked.query)?;
        ogcapi::check_parameters(&kvp, &["F", "LANG", "Q"])?;
        if asked.wants_html() {
            let search = kvp.get("Q").unwrap_or_default();
            let cards = maps::leading(catalogue, &self.views.ranked(), &asked.base, language);
            let pages = &self.pages;
            return pages.landing(catalogue, &asked.base, language, search, &cards);
        }
        let document = landing_json(catalogue, &asked.base, language);
        let answer = Answer::ok("application/json", document.to_string());
        Ok(answer.in_language(language))
    }
}

/// The answer to `/layers`, where people look for what `/collections` lists.
fn list_of_layers(asked: &Asked) -> Answer {
    let mut target = format!("{}/collections", asked.base);
    if !asked.query.is_empty() {
        target.push('?');
        target.push_str(&asked.query);
    }
    Answer::ok("text/plain; charset=utf-8", target.clone())
        .with_status(301)
        .with_header("location", target)
}

/// The state of the service: 200 while something is served, with the faults in words.
fn health(site: &Site) -> Answer {
    let catalogue = &site.catalogue;
    let faults: Vec<_> = catalogue
        .faults
        .iter()
        .map(|f| json!({"subject": f.subject, "message": f.message, "stillServed": f.still_served}))
        .collect();
    let body = json!({
        "status": if faults.is_empty() { "ok" } else { "degraded" },
        "version": env!("CARGO_PKG_VERSION"),
        "sequence": catalogue.sequence,
        "layers": catalogue.layers.len(),
        "faults": faults,
    });
    Answer::ok("application/json", body.to_string()).with_header("cache-control", "no-store")
}
