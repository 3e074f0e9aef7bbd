//! What is answered to a request that has been taken out of HTTP: at once where that is cheap,
//! else as work for the pool.

mod pages;
mod services;
mod wms;

use std::sync::Arc;
use std::time::Duration;

use super::asked::{Asked, api_request, body, language_of, request, tiles_request};
use super::compress::coding;
use super::problem::{page_error, problem};
use super::route::Route;
use super::state::{Site, State};
use super::work::{Work, heavy, reading};
use crate::budget::Budget;
use crate::error::{Error, Result, guarded};
use crate::packing::{Accepted, Coding};
use crate::protocol::maplibre::{GlyphRange, SpriteFile, Subject};
use crate::protocol::ogcapi::{self, ApiAddress};
use crate::protocol::tiles::{self, Prepared, PreparedTile, TilesAddress, Wished};
use crate::protocol::wmts::{self, WmtsAddress, WmtsRequest};
use crate::protocol::{Answer, wfs};

/// What a worker may spend before it hands a request to the pool: whoever waits for the worker
/// meanwhile waits no longer than for a page.
const TRIAL_TIME: Duration = Duration::from_millis(2);

/// What it may read for a vector tile: one of so few features is made in less time than another
/// thread takes to wake.
const TRIAL_TILE_FEATURES: u64 = 256;
const TRIAL_TILE_VERTICES: u64 = 10_000;

impl State {
    /// Decides how a request is answered.
    pub fn prepare(self: &Arc<State>, site: &Arc<Site>, asked: Asked) -> Work {
        let Some(route) = Route::parse(&asked.path) else {
            let error = Error::NotFound {
                path: asked.path.chars().take(200).collect(),
            };
            return Work::Done(page_error(&self.pages, site, &asked, &error), "not_found");
        };
        let endpoint = route.endpoint();
        match route {
            Route::Wms { layer } => self.wms(site, asked, layer),
            Route::Wfs { layer } => wfs(site, asked, layer, endpoint),
            Route::Wmts(address) => self.wmts(site, asked, &address, endpoint),
            Route::Tiles(address) => self.tiles(site, asked, address, endpoint),
            Route::Api(address) => self.api(site, asked, address, endpoint),
            Route::Maps(address) => self.maps(site, asked, address, endpoint),
            Route::Glyphs(Ok(range)) => glyphs(range, asked.accepted, endpoint),
            Route::Sprite(file) => sprite(site, file, endpoint),
            other => Work::Done(self.light(site, &asked, other), endpoint),
        }
    }

    /// Tiles: what needs no drawing at once, 304 among it.
    fn tiles(
        &self,
        site: &Arc<Site>,
        asked: Asked,
        address: Result<TilesAddress>,
        endpoint: &'static str,
    ) -> Work {
        let service = tiles::Service {
            catalogue: &site.catalogue,
            limits: &site.limits,
            overviews: site.studio.overviews(),
            explain: self.options.explain,
        };
        let request = tiles_request(&asked, language_of(site, &asked));
        let prepared = address.and_then(|a| tiles::prepare(&service, &a, &request));
        match prepared {
            Err(error) => Work::Done(problem(&error), endpoint),
            Ok(Prepared::Answer(answer)) => Work::Done(answer, endpoint),
            Ok(Prepared::Stored(tile)) => {
                let is_quick = tile.is_quick();
                let run = move || tile.answer().unwrap_or_else(|error| problem(&error));
                if is_quick {
                    let answer = guarded(run).unwrap_or_else(|error| problem(&error));
                    return Work::Done(answer, endpoint);
                }
                Work::Heavy {
                    endpoint,
                    budget: Budget::unlimited(),
                    run: Box::new(run),
                    on_error: Box::new(problem),
                }
            }
            Ok(Prepared::Tile(tile)) => self.tile_work(site, tile, endpoint, problem),
        }
    }

    /// WMTS: what needs no drawing at once, 304 and errors among it.
    fn wmts(
        &self,
        site: &Arc<Site>,
        asked: Asked,
        address: &WmtsAddress,
        endpoint: &'static str,
    ) -> Work {
        let explain = self.options.explain;
        let request = WmtsRequest {
            http: tiles_request(&asked, ""),
            body: body(&asked),
            accept: &asked.accept,
        };
        match wmts::prepare(&services::wmts(site, explain), address, &request) {
            wmts::Prepared::Answer(answer) => Work::Done(answer, endpoint),
            wmts::Prepared::Tile(tile) => self.tile_work(site, tile, endpoint, wmts::report),
            wmts::Prepared::Info(info) => {
                heavy(site, endpoint, wmts::report, move |site, budget| {
                    info.answer(&*site.studio, budget)
                })
            }
            wmts::Prepared::Capabilities(wanted, language) => {
                let packed = Arc::clone(&site.known.packed);
                heavy(site, endpoint, wmts::report, move |site, _| {
                    let make = || {
                        let service = services::wmts(site, explain);
                        wmts::capabilities(&service, wanted, &language, &asked.base)
                    };
                    let coding = coding(asked.accepted);
                    if coding == Coding::Identity || asked.body.is_some() {
                        return make();
                    }
                    packed.get(site.catalogue.sequence, coding, &asked.address(), make)
                })
            }
        }
    }

    /// OGC API: tiles and maps as work, documents on the pool too: one may tell of a thousand
    /// layers.
    fn api(
        &self,
        site: &Arc<Site>,
        asked: Asked,
        address: ApiAddress,
        endpoint: &'static str,
    ) -> Work {
        let explain = self.options.explain;
        match &address {
            ApiAddress::Tile(data, place) => {
                let request = tiles_request(&asked, language_of(site, &asked));
                let service = services::ogcapi(site, &self.pages, explain);
                match ogcapi::prepare_tile(&service, data, place, &request, &asked.accept) {
                    Err(error) => Work::Done(problem(&error), endpoint),
                    Ok(Wished::Known(answer)) => Work::Done(answer, endpoint),
                    Ok(Wished::ToMake(tile)) => self.tile_work(site, tile, endpoint, problem),
                }
            }
            ApiAddress::Map(_) | ApiAddress::StyledMap(_) => {
                let service = services::ogcapi(site, &self.pages, explain);
                let request = api_request(site, &asked);
                match ogcapi::prepare_map(&service, &address, &request) {
                    Err(error) => Work::Done(problem(&error), endpoint),
                    Ok(map) => {
                        let help = self.pool.help();
                        heavy(site, endpoint, problem, move |site, budget| {
                            map.answer(&site.studio, &budget.clone().helped(help))
                                .unwrap_or_else(|error| problem(&error))
                        })
                    }
                }
            }
            ApiAddress::DataFile(id) => {
                let (pages, id) = (Arc::clone(&self.pages), id.clone());
                // a part of the file that is not in memory is waited for
                reading(site, endpoint, problem, move |site, budget| {
                    let service = services::ogcapi(site, &pages, explain);
                    let request = api_request(site, &asked);
                    ogcapi::data_file(&service, &id, &request, budget)
                        .unwrap_or_else(|error| problem(&error))
                })
            }
            ApiAddress::Items(_) | ApiAddress::Item(..) => {
                let pages = Arc::clone(&self.pages);
                reading(site, endpoint, problem, move |site, budget| {
                    let service = services::ogcapi(site, &pages, explain);
                    let request = api_request(site, &asked);
                    ogcapi::items(&service, &address, &request, &site.studio, budget)
                        .unwrap_or_else(|error| page_error(&pages, site, &asked, &error))
                })
            }
            _ => {
                let pages = Arc::clone(&self.pages);
                heavy(site, endpoint, problem, move |site, _| {
                    let service = services::ogcapi(site, &pages, explain);
                    let request = api_request(site, &asked);
                    ogcapi::document(&service, &address, &request)
                        .unwrap_or_else(|error| page_error(&pages, site, &asked, &error))
                })
            }
        }
    }

    /// A tile to be made, whatever protocol asked for it: one that is kept at once.
    fn tile_work(
        &self,
        site: &Arc<Site>,
        tile: Box<PreparedTile>,
        endpoint: &'static str,
        on_error: fn(&Error) -> Answer,
    ) -> Work {
        let kept = tile.kept(&self.tiles);
        if let Some(answer) = kept.or_else(|| self.tried(&tile, site, on_error)) {
            return Work::Done(answer, endpoint);
        }
        let (tiles, help) = (Arc::clone(&self.tiles), self.pool.help());
        heavy(site, endpoint, on_error, move |site, budget| {
            let patience = Duration::from_secs(site.limits.seconds);
            let budget = budget.clone().helped(help);
            tile.answer(&tiles, patience, &site.studio, &budget)
                .unwrap_or_else(|error| on_error(&error))
        })
    }

    /// A vector tile, if it can be had for the little that a worker may spend.
    fn tried(
        &self,
        tile: &PreparedTile,
        site: &Site,
        on_error: fn(&Error) -> Answer,
    ) -> Option<Answer> {
        let is_quick = tile.tile.archives.iter().all(|a| a.archive.is_quick());
        if !tile.tile.format.is_vector() || !is_quick {
            return None;
        }
        let limits = &site.limits;
        let trial = Budget::new(
            TRIAL_TIME,
            limits.features.min(TRIAL_TILE_FEATURES),
            limits.vertices.min(TRIAL_TILE_VERTICES),
        );
        let answer = guarded(|| {
            // somebody else who makes it is not waited for
            tile.answer(&self.tiles, Duration::ZERO, &site.studio, &trial)
                .unwrap_or_else(|error| on_error(&error))
        });
        let answer = answer.unwrap_or_else(|error| on_error(&error));
        (!trial.is_exceeded()).then_some(answer)
    }
}

/// Glyphs: at once where they are kept.
fn glyphs(range: GlyphRange, accepted: Accepted, endpoint: &'static str) -> Work {
    let accepts_gzip = accepted.best(&[Coding::Gzip]) == Coding::Gzip;
    if range.is_kept() {
        return Work::Done(range.answer(accepts_gzip), endpoint);
    }
    Work::Heavy {
        endpoint,
        budget: Budget::unlimited(),
        run: Box::new(move || range.answer(accepts_gzip)),
        on_error: Box::new(problem),
    }
}

/// A sprite, drawn on the pool.
fn sprite(site: &Arc<Site>, file: SpriteFile, endpoint: &'static str) -> Work {
    let subject = match Subject::with_icons(&site.catalogue, &file.subject) {
        Ok(subject) => subject,
        Err(error) => return Work::Done(problem(&error), endpoint),
    };
    let studio = Arc::clone(&site.studio);
    Work::Heavy {
        endpoint,
        budget: Budget::unlimited(),
        run: Box::new(move || {
            let answer = file.answer(&subject, &studio);
            answer.unwrap_or_else(|error| problem(&error))
        }),
        on_error: Box::new(problem),
    }
}

/// WFS, on the pool: a filter may look at every feature.
fn wfs(site: &Arc<Site>, asked: Asked, layer: Option<String>, endpoint: &'static str) -> Work {
    let limits = &site.limits;
    let allowed = Duration::from_secs(limits.seconds);
    let budget = Budget::new(allowed, limits.features, limits.vertices);
    let asked = Arc::new((asked, layer));
    let (for_error, site_for_error) = (Arc::clone(&asked), Arc::clone(site));
    let (site, work_budget) = (Arc::clone(site), budget.clone());
    Work::Heavy {
        endpoint,
        budget,
        run: Box::new(move || {
            let request = request(&asked.0, asked.1.as_deref());
            wfs::answer(&services::wfs(&site), &request, &work_budget)
        }),
        on_error: Box::new(move |error| {
            let request = request(&for_error.0, for_error.1.as_deref());
            wfs::refuse(&services::wfs(&site_for_error), &request, error)
        }),
    }
}
