//! The addresses of the cartothèque: a map's services are the site's, over the map's own
//! catalogue, and no protocol learns what a map is.

use std::sync::Arc;

use super::asked::{Asked, language_of, request};
use super::problem::{page_error, problem};
use super::route::{Route, segments};
use super::state::{Site, State};
use super::work::{Work, heavy};
use crate::budget::Budget;
use crate::cache::TileCache;
use crate::catalogue::Map;
use crate::encode::xml::push_url_component;
use crate::error::{Error, Result};
use crate::protocol::maps::{self, MapsAddress};
use crate::protocol::site::{Pages, page_language};
use crate::protocol::{Answer, service_of};

impl State {
    /// Decides how a request to the cartothèque is answered.
    pub(super) fn maps(
        self: &Arc<State>,
        site: &Arc<Site>,
        asked: Asked,
        address: MapsAddress,
        endpoint: &'static str,
    ) -> Work {
        let pages = &self.pages;
        let refused = |asked: &Asked, error: &Error| {
            Work::Done(page_error(pages, site, asked, error), endpoint)
        };
        let id = match &address {
            MapsAddress::List => {
                let pages = Arc::clone(pages);
                let viewed = self.views.ranked();
                return heavy(site, endpoint, problem, move |site, _| {
                    let language = language_of(site, &asked);
                    let wants_html = asked.wants_html();
                    let (catalogue, query) = (&*site.catalogue, &asked.query);
                    maps::list(
                        catalogue,
                        &viewed,
                        &pages,
                        query,
                        &asked.base,
                        language,
                        wants_html,
                    )
                    .unwrap_or_else(|error| page_error(&pages, site, &asked, &error))
                });
            }
            MapsAddress::Alias { alias } => {
                return match site.catalogue.maps.by_alias(alias) {
                    Some(map) => Work::Done(maps::moved(&asked.base, map, &asked.query), endpoint),
                    None => refused(&asked, &not_found(&asked)),
                };
            }
            MapsAddress::Page { map }
            | MapsAddress::Embed { map }
            | MapsAddress::Document { map, .. }
            | MapsAddress::Service { map, .. } => map,
        };
        let Some(map) = site.catalogue.maps.get(id).map(Arc::clone) else {
            return refused(&asked, &not_found(&asked));
        };
        let is_page = match &address {
            MapsAddress::Page { .. } => asked.wants_html(),
            other => matches!(other, MapsAddress::Embed { .. }),
        };
        if is_page && asked.is_visit {
            self.views.count(&map.id);
        }
        match address {
            MapsAddress::Service { path, .. } => self.map_service(site, asked, &map, path),
            address => {
                let (pages, tiles) = (Arc::clone(pages), Arc::clone(&self.tiles));
                let help = self.pool.help();
                heavy(site, endpoint, problem, move |site, budget| {
                    let budget = budget.clone().helped(help);
                    made(site, (&pages, &tiles), &map, &address, &asked, &budget)
                        .unwrap_or_else(|error| page_error(&pages, site, &asked, &error))
                })
            }
        }
    }

    /// A service of a map: the site's, with the map's address before its own.
    fn map_service(
        self: &Arc<State>,
        site: &Arc<Site>,
        asked: Asked,
        map: &Arc<Map>,
        path: String,
    ) -> Work {
        let is_offered = segments(&path).is_some_and(|segments| {
            let segments: Vec<&str> = segments.iter().map(|s| &**s).collect();
            service_of(&segments).is_none_or(|service| map.has(service))
        });
        if !is_offered || matches!(Route::parse(&path), None | Some(Route::Maps(_))) {
            let error = not_found(&asked);
            return Work::Done(page_error(&self.pages, site, &asked, &error), "not_found");
        }
        let mut base = asked.base.clone();
        base.push_str("/maps/");
        push_url_component(&mut base, &map.id);
        let asked = Asked {
            base,
            path,
            ..asked
        };
        if let Some(of_map) = site.known_of_map(map) {
            return self.prepare(&of_map, asked);
        }
        // who asks first finds out what filters leave: that is no work for who takes requests
        let (state, map) = (Arc::clone(self), Arc::clone(map));
        heavy(site, "map_context", problem, move |site, _| {
            match site
                .of_map(&map)
                .map(|of_map| state.prepare(&of_map, asked))
            {
                Ok(Work::Done(answer, _)) => answer,
                Ok(Work::Heavy { run, .. }) => run(),
                Err(error) => problem(&error),
            }
        })
    }
}

/// What is made of a map as a whole.
fn made(
    site: &Site,
    (pages, tiles): (&Pages, &TileCache),
    map: &Arc<Map>,
    address: &MapsAddress,
    asked: &Asked,
    budget: &Budget,
) -> Result<Answer> {
    let of_map = site.of_map(map)?;
    let lang = asked.parameter("lang");
    let accepted = Some(asked.accept_language.as_str()).filter(|l| !l.is_empty());
    let service = maps::Service {
        site: &site.catalogue,
        map,
        catalogue: &of_map.catalogue,
        limits: &site.limits,
        studio: &site.studio,
        tiles,
        pages,
        language: page_language(lang.as_deref(), accepted, &map.languages),
        wants_html: asked.wants_html(),
    };
    let request = request(asked, None);
    match address {
        MapsAddress::Embed { .. } => maps::page(&service, &request, true),
        MapsAddress::Document { name, .. } => maps::document(&service, name, &request, budget),
        _ => maps::page(&service, &request, false),
    }
}

fn not_found(asked: &Asked) -> Error {
    Error::NotFound {
        path: asked.path.chars().take(200).collect(),
    }
}
