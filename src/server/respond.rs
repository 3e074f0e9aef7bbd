//! What is answered to a request that has been taken out of HTTP: at once where that is cheap,
//! else as work for the pool.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::compress::coding;
use super::metrics;
use super::pool::guarded;
use super::problem::{page_error, problem};
use super::route::Route;
use super::state::{Site, State};
use crate::budget::Budget;
use crate::catalogue::Catalogue;
use crate::error::{Error, Result};
use crate::packing::{Accepted, Coding};
use crate::protocol::maplibre::{GlyphRange, SpriteFile, Subject};
use crate::protocol::ogcapi::{ApiAddress, ApiRequest};
use crate::protocol::ows::Kvp;
use crate::protocol::site::{Pages, STYLE_SHEET, landing_json, page_language, viewer_file};
use crate::protocol::tiles::{
    Prepared, PreparedTile, TileFormat, TilesAddress, TilesRequest, Wished,
};
use crate::protocol::wmts::{WmtsAddress, WmtsRequest};
use crate::protocol::{Answer, Body, Request, maps, ogcapi, record, tiles, wfs, wms, wmts};

/// A request, without HTTP.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Scheme, host and prefix that the client used, without a slash at the end.
    pub base: String,
    pub path: String,
    pub query: String,
    pub accept: String,
    pub accept_language: String,
    /// How the answer may be packed.
    pub accepted: Accepted,
    pub if_none_match: String,
    pub if_range: String,
    pub range: String,
    pub content_type: String,
    /// Somebody looks, as far as can be told: no robot, no look at the head alone.
    pub is_visit: bool,
    /// The body of a POST.
    pub body: Option<Vec<u8>>,
}

/// How a request is answered.
pub enum Work {
    /// Here is the answer, and what it is counted as.
    Done(Answer, &'static str),
    /// To be run on the pool.
    Heavy {
        endpoint: &'static str,
        budget: Budget,
        run: Box<dyn FnOnce() -> Answer + Send>,
        /// The answer where the pool could not take the work.
        on_error: Box<dyn FnOnce(&Error) -> Answer + Send>,
    },
}

/// What a worker may spend on a click before it hands it to the pool: most clicks touch a few
/// features, and whoever waits for the worker meanwhile waits no longer than for a page.
const TRIAL_TIME: Duration = Duration::from_millis(2);
const TRIAL_FEATURES: u64 = 300;
const TRIAL_VERTICES: u64 = 30_000;

/// The same for a vector tile: one of so few features is made in less time than another thread
/// takes to wake.
const TRIAL_TILE_FEATURES: u64 = 256;
const TRIAL_TILE_VERTICES: u64 = 10_000;

/// Layers up to which a worker writes the capabilities itself, where they are not kept: some
/// microseconds each.
const MAX_LAYERS_AT_ONCE: usize = 500;

/// A small icon: a folded map.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M3 8l8-4 10 4 8-4v20l-8 4-10-4-8 4z" fill="#cfe3d8" stroke="#0b5d7a" stroke-width="2" stroke-linejoin="round"/><path d="M11 4v20M21 8v20" stroke="#0b5d7a" stroke-width="2"/></svg>"##;

impl Asked {
    /// The first value of a query parameter, decoded; names in any case.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let pairs = Kvp::parse(&self.query).ok()?;
        pairs.get(&name.to_ascii_uppercase()).map(str::to_owned)
    }

    /// What stands for the whole address: none of the three can hold a space.
    fn address(&self) -> String {
        format!("{} {} {}", self.base, self.path, self.query)
    }

    /// True where a page is wanted: `f=html`, or `Accept` that likes HTML better than JSON.
    pub fn wants_html(&self) -> bool {
        match self.parameter("f").as_deref() {
            Some("html") => true,
            Some(_) => false,
            None => ogcapi::prefers_html(&self.accept),
        }
    }

    /// An error in words, for addresses that belong to no protocol.
    pub fn plain_error(&self, error: &Error) -> Answer {
        problem(error)
    }
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Work::Done(answer, endpoint) => f
                .debug_tuple("Done")
                .field(&answer.status)
                .field(endpoint)
                .finish(),
            Work::Heavy { endpoint, .. } => f.debug_tuple("Heavy").field(endpoint).finish(),
        }
    }
}

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

    fn light(&self, site: &Arc<Site>, asked: &Asked, route: Route) -> Answer {
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
                    self.levels(),
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
        Ok(Answer::ok("application/json", document.to_string()))
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
        match wmts::prepare(&wmts_service(site, explain), address, &request) {
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
                        let service = wmts_service(site, explain);
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
                let service = api_service(site, &self.pages, explain);
                match ogcapi::prepare_tile(&service, data, place, &request, &asked.accept) {
                    Err(error) => Work::Done(problem(&error), endpoint),
                    Ok(Wished::Known(answer)) => Work::Done(answer, endpoint),
                    Ok(Wished::ToMake(tile)) => self.tile_work(site, tile, endpoint, problem),
                }
            }
            ApiAddress::Map(collection) => {
                let service = api_service(site, &self.pages, explain);
                let request = api_request(site, &asked);
                match ogcapi::prepare_map(&service, collection.as_deref(), &request) {
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
                    let service = api_service(site, &pages, explain);
                    let request = api_request(site, &asked);
                    ogcapi::data_file(&service, &id, &request, budget)
                        .unwrap_or_else(|error| problem(&error))
                })
            }
            ApiAddress::Items(_) | ApiAddress::Item(..) => {
                let pages = Arc::clone(&self.pages);
                reading(site, endpoint, problem, move |site, budget| {
                    let service = api_service(site, &pages, explain);
                    let request = api_request(site, &asked);
                    ogcapi::items(&service, &address, &request, &site.studio, budget)
                        .unwrap_or_else(|error| page_error(&pages, site, &asked, &error))
                })
            }
            _ => {
                let pages = Arc::clone(&self.pages);
                heavy(site, endpoint, problem, move |site, _| {
                    let service = api_service(site, &pages, explain);
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
        if tile.tile.format != TileFormat::Mvt || !is_quick {
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

    fn wms(&self, site: &Arc<Site>, asked: Asked, layer: Option<String>) -> Work {
        let endpoint = wms_endpoint(&asked.query);
        let wms = Arc::new(Wms {
            site: Arc::clone(site),
            asked,
            layer,
            explain: self.options.explain,
        });
        match endpoint {
            "wms_getcapabilities" if wms.writes_capabilities_at_once() => {
                return Work::Done(self.capabilities(&wms), endpoint);
            }
            "wms_getfeatureinfo" if is_plain(&wms.asked) => {
                if let Some(answer) = wms.tried() {
                    return Work::Done(answer, endpoint);
                }
            }
            _ => {}
        }
        let limits = &site.limits;
        let allowed = Duration::from_secs(limits.seconds);
        let budget = Budget::new(allowed, limits.features, limits.vertices);
        let budget = budget.helped(self.pool.help());
        let (for_error, work_budget) = (Arc::clone(&wms), budget.clone());
        Work::Heavy {
            endpoint,
            budget,
            run: Box::new(move || wms.answer(&work_budget)),
            on_error: Box::new(move |error| for_error.refuse(error)),
        }
    }

    /// The capabilities, compressed ones from what is kept.
    fn capabilities(&self, wms: &Wms) -> Answer {
        let make = || {
            guarded(|| wms.answer(&Budget::unlimited())).unwrap_or_else(|error| wms.refuse(&error))
        };
        let asked = &wms.asked;
        let coding = coding(asked.accepted);
        if coding == Coding::Identity || asked.body.is_some() {
            return make();
        }
        let packed = &wms.site.known.packed;
        packed.get(wms.site.catalogue.sequence, coding, &asked.address(), make)
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
            wfs::answer(&wfs_service(&site), &request, &work_budget)
        }),
        on_error: Box::new(move |error| {
            let request = request(&for_error.0, for_error.1.as_deref());
            wfs::refuse(&wfs_service(&site_for_error), &request, error)
        }),
    }
}

/// A WMS request with all that answers it.
struct Wms {
    site: Arc<Site>,
    asked: Asked,
    /// The only layer, at `/collections/{layer}/wms`.
    layer: Option<String>,
    explain: bool,
}

impl Wms {
    fn answer(&self, budget: &Budget) -> Answer {
        let service = service(&self.site, self.explain);
        wms::answer(
            &service,
            &request(&self.asked, self.layer.as_deref()),
            budget,
        )
    }

    fn refuse(&self, error: &Error) -> Answer {
        let service = service(&self.site, self.explain);
        wms::refuse(
            &service,
            &request(&self.asked, self.layer.as_deref()),
            error,
        )
    }

    fn writes_capabilities_at_once(&self) -> bool {
        self.layer.is_some() || self.site.catalogue.layers.len() <= MAX_LAYERS_AT_ONCE
    }

    /// The answer, if it can be had for the little that a worker may spend.
    fn tried(&self) -> Option<Answer> {
        let limits = &self.site.limits;
        let trial = Budget::new(
            TRIAL_TIME,
            limits.features.min(TRIAL_FEATURES),
            limits.vertices.min(TRIAL_VERTICES),
        );
        match guarded(|| self.answer(&trial)) {
            Ok(answer) => (!trial.is_exceeded()).then_some(answer),
            Err(error) => Some(self.refuse(&error)),
        }
    }
}

/// Work for the pool, with all that a request may cost.
pub(super) fn heavy(
    site: &Arc<Site>,
    endpoint: &'static str,
    on_error: fn(&Error) -> Answer,
    work: impl FnOnce(&Site, &Budget) -> Answer + Send + 'static,
) -> Work {
    let limits = &site.limits;
    let allowed = Duration::from_secs(limits.seconds);
    let budget = Budget::new(allowed, limits.features, limits.vertices);
    within(budget, site, endpoint, on_error, work)
}

/// Work that reads features and streams them: the limits on drawing do not apply, time does.
fn reading(
    site: &Arc<Site>,
    endpoint: &'static str,
    on_error: fn(&Error) -> Answer,
    work: impl FnOnce(&Site, &Budget) -> Answer + Send + 'static,
) -> Work {
    let allowed = Duration::from_secs(site.limits.seconds);
    let budget = Budget::new(allowed, u64::MAX, u64::MAX);
    within(budget, site, endpoint, on_error, work)
}

fn within(
    budget: Budget,
    site: &Arc<Site>,
    endpoint: &'static str,
    on_error: fn(&Error) -> Answer,
    work: impl FnOnce(&Site, &Budget) -> Answer + Send + 'static,
) -> Work {
    let (site, work_budget) = (Arc::clone(site), budget.clone());
    Work::Heavy {
        endpoint,
        budget,
        run: Box::new(move || work(&site, &work_budget)),
        on_error: Box::new(on_error),
    }
}

/// The language for people: `lang=` wins over what the browser says.
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

pub(super) fn language_of<'a>(site: &'a Site, asked: &Asked) -> &'a str {
    let lang = asked.parameter("lang");
    page_language(
        lang.as_deref(),
        Some(asked.accept_language.as_str()).filter(|l| !l.is_empty()),
        &site.catalogue.site.languages,
    )
}

fn service(site: &Site, explain: bool) -> wms::Service<'_> {
    wms::Service {
        catalogue: &site.catalogue,
        limits: &site.limits,
        engine: &*site.studio,
        capabilities: &site.known.capabilities,
        explain,
    }
}

fn wfs_service(site: &Site) -> wfs::Service<'_> {
    wfs::Service {
        catalogue: &site.catalogue,
        limits: &site.limits,
        studio: &site.studio,
        names: &site.known.type_names,
    }
}

fn wmts_service(site: &Site, explain: bool) -> wmts::Service<'_> {
    wmts::Service {
        wms: service(site, explain),
        overviews: site.studio.overviews(),
        reach: &site.known.reach,
        documents: &site.known.wmts,
    }
}

fn api_service<'a>(site: &'a Site, pages: &'a Pages, explain: bool) -> ogcapi::Service<'a> {
    ogcapi::Service {
        tiles: tiles::Service {
            catalogue: &site.catalogue,
            limits: &site.limits,
            overviews: site.studio.overviews(),
            explain,
        },
        reach: &site.known.reach,
        pages,
        studio: &site.studio,
    }
}

fn api_request<'a>(site: &'a Site, asked: &'a Asked) -> ApiRequest<'a> {
    ApiRequest {
        query: &asked.query,
        base: &asked.base,
        language: language_of(site, asked),
        accept: &asked.accept,
        if_none_match: &asked.if_none_match,
        if_range: &asked.if_range,
        range: &asked.range,
    }
}

fn tiles_request<'a>(asked: &'a Asked, language: &'a str) -> TilesRequest<'a> {
    TilesRequest {
        query: &asked.query,
        base: &asked.base,
        language,
        if_none_match: &asked.if_none_match,
        accepted: asked.accepted,
    }
}

/// The body of a POST.
fn body(asked: &Asked) -> Option<Body<'_>> {
    asked.body.as_deref().map(|bytes| Body {
        media_type: &asked.content_type,
        bytes,
    })
}

pub(super) fn request<'a>(asked: &'a Asked, layer: Option<&'a str>) -> Request<'a> {
    Request {
        query: &asked.query,
        body: body(asked),
        base: &asked.base,
        collection: layer,
    }
}

/// True where the parameters are what they seem without decoding them, say REQUEST once, and
/// bring no style: no more can hide in it than the operation that was read off.
fn is_plain(asked: &Asked) -> bool {
    let mut names = asked.query.split('&').map(|pair| {
        let end = pair.find('=').unwrap_or(pair.len());
        pair.get(..end).unwrap_or(pair)
    });
    let is_said = |name: &str| {
        name.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    };
    let brings_style = |name: &str| {
        name.get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("sld"))
    };
    let mut requests = 0;
    asked.body.is_none()
        && names.all(|name| {
            requests += u32::from(name.eq_ignore_ascii_case("request"));
            is_said(name) && !brings_style(name)
        })
        && requests == 1
}

/// What a WMS request is counted as; the protocol itself parses it later.
fn wms_endpoint(query: &str) -> &'static str {
    let operation = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("request"))
        .map_or("", |(_, value)| value);
    match operation.to_ascii_lowercase().as_str() {
        "getcapabilities" | "capabilities" => "wms_getcapabilities",
        "getmap" | "map" => "wms_getmap",
        "getfeatureinfo" | "feature_info" => "wms_getfeatureinfo",
        "getlegendgraphic" => "wms_getlegendgraphic",
        _ => "wms_other",
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_given_to_browsers_only() {
        let mut asked = Asked {
            accept: "*/*".into(),
            ..Asked::default()
        };
        assert!(!asked.wants_html());
        asked.accept = "text/html,application/xhtml+xml,*/*;q=0.8".into();
        assert!(asked.wants_html());
        for accept in ["text/html;q=0, */*", "application/json, text/html;q=0.5"] {
            asked.accept = accept.into();
            assert!(!asked.wants_html(), "{accept}");
        }
        asked.query = "f=json".into();
        assert!(!asked.wants_html());
        asked.accept = String::new();
        asked.query = "F=html".into();
        assert!(asked.wants_html());
    }

    #[test]
    fn only_a_click_that_hides_nothing_is_tried_by_a_worker() {
        let plain = |query: &str| {
            is_plain(&Asked {
                query: query.into(),
                ..Asked::default()
            })
        };
        assert!(plain(
            "SERVICE=WMS&Request=GetFeatureInfo&BBOX=1,2,3,4&&I=%31"
        ));
        for hidden in [
            "REQUEST=GetFeatureInfo&REQUEST=GetMap",
            "REQUEST=GetFeatureInfo&%52EQUEST=GetMap",
            "REQUEST=GetFeatureInfo&+REQUEST=GetMap",
            "REQUEST=GetFeatureInfo&sld_Body=%3C",
            "REQUEST=GetFeatureInfo&SLD=http://a",
            "REQUEST=GetFeatureInfo&\u{17f}LD_BODY=x",
        ] {
            assert!(!plain(hidden), "{hidden}");
        }
        assert!(!is_plain(&Asked {
            query: "REQUEST=GetFeatureInfo".into(),
            body: Some(b"REQUEST=GetMap".to_vec()),
            ..Asked::default()
        }));
    }
}
