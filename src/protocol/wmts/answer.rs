use super::request::{self, GetCapabilities, GetFeatureInfo, Request, Sections};
use super::{Service, WmtsAddress, capabilities as documents, exception};
use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::protocol::ows::Kvp;
use crate::protocol::tiles::{self, PreparedTile, TilesRequest};
use crate::protocol::{Answer, ows, wms};

/// A request after HTTP.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WmtsRequest<'a> {
    /// What of it a tile needs; `language` is not looked at.
    pub http: TilesRequest<'a>,
    /// A form by POST.
    pub body: Option<crate::protocol::Body<'a>>,
    /// The `Accept` header; empty where there is none.
    pub accept: &'a str,
}

/// What a request comes to.
#[derive(Debug)]
pub enum Prepared {
    /// Answered without work; errors are among it.
    Answer(Answer),
    /// The document in a language.
    Capabilities(GetCapabilities, String),
    Tile(Box<PreparedTile>),
    Info(Box<PreparedInfo>),
}

/// A click to be answered.
#[derive(Debug)]
pub struct PreparedInfo {
    request: GetFeatureInfo,
    language: String,
}

/// Reads a request and answers what needs no work.
pub fn prepare(
    service: &Service<'_>,
    address: &WmtsAddress,
    request: &WmtsRequest<'_>,
) -> Prepared {
    if *address == WmtsAddress::Capabilities && !takes_xml(request.accept) {
        return Prepared::Answer(not_acceptable(request.accept));
    }
    let kvp = match pairs(service, request) {
        Ok(kvp) => kvp,
        Err(error) => return Prepared::Answer(exception::report(&error)),
    };
    let understood = match address {
        WmtsAddress::Kvp => request::from_pairs(service, &kvp),
        WmtsAddress::Capabilities => Ok(Request::Capabilities(GetCapabilities {
            sections: Sections::ALL,
            is_known: false,
        })),
        WmtsAddress::Resource(resource) => request::from_resource(service, resource),
    };
    match understood {
        Ok(understood) => ready(service, understood, &kvp, &request.http)
            .unwrap_or_else(|error| Prepared::Answer(exception::report(&error))),
        Err(error) => Prepared::Answer(misread(address, &error)),
    }
}

fn pairs(service: &Service<'_>, request: &WmtsRequest<'_>) -> Result<Kvp> {
    ows::pairs(
        &crate::protocol::Request {
            query: request.http.query,
            body: request.body,
            base: request.http.base,
            collection: None,
        },
        service.wms.limits.body_bytes,
    )
}

/// What is wrong with a request. An address of something that there is not is not found
/// (07-057r7 §10.2.5); a wrong value in pairs makes a bad request (§7.2.3).
fn misread(address: &WmtsAddress, error: &Error) -> Answer {
    let report = exception::report(error);
    match (address, report.status) {
        (WmtsAddress::Resource(_), 400) => report.with_status(404),
        _ => report,
    }
}

fn ready(
    service: &Service<'_>,
    understood: Request,
    kvp: &Kvp,
    http: &TilesRequest<'_>,
) -> Result<Prepared> {
    let catalogue = service.wms.catalogue;
    let language = ows::language(catalogue, kvp.get("LANGUAGE"));
    Ok(match understood {
        Request::Capabilities(wanted) => Prepared::Capabilities(wanted, language),
        Request::Tile(wish) => {
            let tiles = tiles::Service {
                catalogue,
                limits: service.wms.limits,
                overviews: service.overviews,
                explain: service.wms.explain,
            };
            let request = TilesRequest {
                language: &language,
                ..http.clone()
            };
            match tiles::prepare_tile(&tiles, wish, kvp.get("EXPLAIN"), &request)? {
                tiles::Wished::Known(answer) => Prepared::Answer(answer),
                tiles::Wished::ToMake(tile) => Prepared::Tile(tile),
            }
        }
        Request::FeatureInfo(request) => Prepared::Info(Box::new(PreparedInfo {
            request: *request,
            language,
        })),
    })
}

/// Writes the capabilities.
pub fn capabilities(
    service: &Service<'_>,
    wanted: GetCapabilities,
    language: &str,
    base: &str,
) -> Answer {
    // AcceptFormats has one answer: XML is all there is (06-121r3 §7.3.2)
    let body = documents::body(service, wanted, language, base);
    Answer::ok("application/xml", body)
}

impl PreparedInfo {
    /// Finds what is at the point.
    pub fn answer(&self, engine: &dyn wms::Engine, budget: &Budget) -> Answer {
        let info = &self.request.info;
        match engine.feature_info(info, budget) {
            Err(error) => exception::report(&error),
            Ok(found) => {
                let context = wms::InfoContext {
                    crs: &info.map.crs,
                    language: &self.language,
                };
                wms::write_feature_info(&found.features, self.request.format, &context)
            }
        }
    }
}

/// True where XML may be sent as the answer.
fn takes_xml(accept: &str) -> bool {
    let mut ranges = accept.split(',').map(|range| {
        let media_type = range.split(';').next().unwrap_or_default();
        media_type.trim().to_ascii_lowercase()
    });
    accept.trim().is_empty()
        || ranges.any(|range| {
            [
                "*/*",
                "application/*",
                "application/xml",
                "text/*",
                "text/xml",
            ]
            .contains(&range.as_str())
        })
}

fn not_acceptable(accept: &str) -> Answer {
    let found: String = accept.chars().take(80).collect();
    let message = format!("expected application/xml, found {found:?}");
    exception::report(&Error::parameter("Accept", message)).with_status(406)
}
