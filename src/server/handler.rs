//! One HTTP request in, one HTTP response out.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode, Version};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use tracing::info;

use super::CLIENT_TIMEOUT;
use super::access::{self, Access};
use super::access_log::{redacted, shown, without_link};
use super::asked::Asked;
use super::base_url::{base_url, is_proxied};
use super::compress::{compressed, is_text};
use super::disconnect::Peer;
use super::forwarded;
use super::problem::{in_protocol, page_error, problem, told};
use super::route::Route;
use super::state::State;
use super::stream::StreamBody;
use super::views::is_visit;
use super::who;
use super::work::Work;
use crate::error::{Error, Result};
use crate::identity::Audience;
use crate::packing::Accepted;
use crate::protocol::Answer;

/// Answers everything: routes, methods, limits, compression, log and metrics.
pub async fn handle(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let started = Instant::now();
    let state = state.into_inner();
    let methods = match *request.method() {
        Method::GET | Method::HEAD => "",
        _ => Route::methods(access::parts(request.path()).1),
    };
    let (answer, endpoint) = match request.method() {
        &Method::OPTIONS => (options(methods), "options"),
        &Method::GET | &Method::HEAD => answer(&request, payload, &state).await,
        &Method::POST if methods.contains("POST") => answer(&request, payload, &state).await,
        method => {
            let path = access::parts(request.path()).1;
            (not_allowed(path, method, methods), "other")
        }
    };
    let outcome = outcome(&answer);
    let answer = compressed(accepted(&request), answer);
    let answer = with_vary_of_proxies(answer, &request, &state);
    let answer = not_modified(&request, answer);
    let (status, bytes) = (answer.status, answer.body.len());
    let response = http_response(answer, &request, &state, endpoint);
    let seconds = started.elapsed().as_secs_f64();
    state
        .metrics
        .count(endpoint, outcome, seconds, bytes as u64);
    info!(
        target: "access",
        method = %request.method(),
        path = %shown(&without_link(request.path())),
        query = %redacted(request.query_string()),
        status,
        bytes,
        ms = (seconds * 1e5).round() / 100.0,
    );
    response
}

/// True where a proxy that is believed sends the request. One that is believed to say who
/// somebody is, is so in this, too.
fn is_believed(request: &HttpRequest, state: &State) -> bool {
    let peer = request.peer_addr().map(|address| address.ip());
    let served = state.served();
    let of_identities = served.identities.proxy.as_ref();
    state.proxies.believes(peer)
        || of_identities.is_some_and(|proxy| peer.is_some_and(|peer| proxy.trusts(peer)))
}

/// Texts have links that begin as a proxy says: one that passes on what a client sent under these
/// names, and caches, may not give its links to others.
fn with_vary_of_proxies(answer: Answer, request: &HttpRequest, state: &State) -> Answer {
    let has_links = state.options.base_url.is_none()
        && is_text(&answer.media_type)
        && is_proxied(request.headers())
        && is_believed(request, state);
    match has_links {
        true => answer.with_header("vary", forwarded::NAMES),
        false => answer,
    }
}

/// How the answer may be packed. A header that comes twice is one list (RFC 9110 §5.3).
fn accepted(request: &HttpRequest) -> Accepted {
    let mut values = request.headers().get_all(header::ACCEPT_ENCODING);
    let first = values.next().and_then(|v| v.to_str().ok());
    match (first, values.next()) {
        (None, None) => Accepted::default(),
        (Some(only), None) => Accepted::parse(only),
        _ => {
            let all = request.headers().get_all(header::ACCEPT_ENCODING);
            let all: Vec<&str> = all.filter_map(|v| v.to_str().ok()).collect();
            Accepted::parse(&all.join(","))
        }
    }
}

/// What may be done here, also for a page of another site that asks beforehand (CORS preflight).
fn options(methods: &'static str) -> Answer {
    Answer::ok("text/plain", Vec::new())
        .with_status(204)
        .with_header("allow", methods)
        .with_header("access-control-allow-methods", methods)
        .with_header(
            "access-control-allow-headers",
            "Accept, Accept-Language, Authorization, Content-Type, If-None-Match, If-Range, Range, X-Api-Key",
        )
        .with_header("access-control-max-age", "86400")
}

fn not_allowed(path: &str, method: &Method, methods: &'static str) -> Answer {
    let error = Error::OperationNotSupported {
        request: method.as_str().chars().take(40).collect(),
        expected: methods.to_owned(),
    };
    let answer = match in_protocol(path, &error) {
        Some(report) => report.with_status(405),
        None => {
            let message = format!("method {method} is not allowed: expected one of {methods}");
            told(405, &message)
        }
    };
    answer.with_header("allow", methods)
}

async fn answer(
    request: &HttpRequest,
    payload: web::Payload,
    state: &Arc<State>,
) -> (Answer, &'static str) {
    let served = state.served();
    let (query, api_key) = who::without_key(request.query_string());
    let access = Access::of(
        request,
        &served,
        api_key.as_deref(),
        &state.proxies,
        &state.turns,
    )
    .await;
    let text = |name: HeaderName| {
        request
            .headers()
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
            .to_owned()
    };
    let base = base_url(
        state.options.base_url.as_deref(),
        request.headers(),
        is_believed(request, state),
        state.address(),
    );
    let mut asked = Asked {
        base: access.base(base),
        path: access.path.to_owned(),
        query: query.into_owned(),
        accept: text(header::ACCEPT),
        accept_language: text(header::ACCEPT_LANGUAGE),
        accepted: accepted(request),
        if_none_match: text(header::IF_NONE_MATCH),
        if_range: text(header::IF_RANGE),
        range: text(header::RANGE),
        content_type: text(header::CONTENT_TYPE),
        is_visit: is_visit(request.method().as_str(), &text(header::USER_AGENT)),
        body: None,
    };
    let site = match access.site(&served) {
        Ok(site) => site,
        Err(error) => {
            // a page of the public site
            let public = served.site(&Audience::default());
            let answer = match public {
                Ok(site) => page_error(&state.pages, &site, &asked, &error),
                Err(_) => problem(&error),
            };
            return (access.sealed(answer), "refused");
        }
    };
    if request.method() == Method::POST {
        let announced = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse().ok());
        match read_body(payload, announced, site.limits.body_bytes).await {
            Ok(body) => asked.body = Some(body),
            Err(error) => {
                let report = in_protocol(&asked.path, &error);
                let answer = report.unwrap_or_else(|| problem(&error));
                return (access.sealed(answer), "other");
            }
        }
    }
    match state.prepare(&site, asked) {
        Work::Done(answer, endpoint) => (access.sealed(answer), endpoint),
        Work::Heavy {
            endpoint,
            budget,
            run,
            on_error,
        } => {
            let drawing = state.pool.run(budget.cancel_flag(), run);
            let result = match request.conn_data::<Peer>().cloned() {
                None => drawing.await,
                Some(peer) => tokio::select! {
                    result = drawing => result,
                    () = peer.gone() => Err(Error::Cancelled),
                },
            };
            let answer = result.unwrap_or_else(|error| on_error(&error));
            (access.sealed(answer), endpoint)
        }
    }
}

/// Reads a body up to a limit; `announced` is its Content-Length.
async fn read_body(payload: web::Payload, announced: Option<u64>, limit: usize) -> Result<Vec<u8>> {
    let too_large = |found| Error::LimitExceeded {
        what: "the size of a request body in bytes",
        limit: limit as u64,
        found,
    };
    if let Some(found) = announced.filter(|n| *n > limit as u64) {
        return Err(too_large(found));
    }
    match tokio::time::timeout(CLIENT_TIMEOUT, payload.to_bytes_limited(limit)).await {
        Ok(Ok(Ok(body))) => Ok(body.to_vec()),
        Ok(Ok(Err(error))) => Err(Error::parameter("body", format!("cannot be read: {error}"))),
        Ok(Err(_)) => Err(too_large(limit as u64 + 1)),
        Err(_) => Err(Error::parameter(
            "body",
            format!("did not arrive within {} s", CLIENT_TIMEOUT.as_secs()),
        )),
    }
}

/// How the metrics count an answer.
fn outcome(answer: &Answer) -> &'static str {
    match answer.status {
        200..=299 if answer.headers.iter().any(|(n, _)| *n == "x-exception") => "exception",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

fn http_response(
    answer: Answer,
    request: &HttpRequest,
    state: &Arc<State>,
    endpoint: &'static str,
) -> HttpResponse {
    let is_packed = answer
        .headers
        .iter()
        .any(|(name, value)| *name == "content-encoding" && value == "gzip");
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if answer.status != 204 && answer.status != 304 {
        response.insert_header((header::CONTENT_TYPE, &*answer.media_type));
    }
    // of an answer that is sent in pieces; the body says it itself where it is there as a whole
    let length = answer
        .headers
        .iter()
        .find(|(name, _)| *name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok());
    for (name, value) in answer
        .headers
        .into_iter()
        .filter(|(name, _)| *name != "content-length")
    {
        let value = match value {
            Cow::Borrowed(value) => HeaderValue::from_str(value),
            Cow::Owned(value) => HeaderValue::try_from(value),
        };
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), value) {
            response.append_header((name, value));
        }
    }
    // every answer, errors too, may be read by pages of any site (public, read-only data)
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "Accept-Ranges, Content-Bbox, Content-Crs, Content-Range, ETag, Link, OGC-NumberMatched, \
             OGC-NumberReturned, Retry-After, Warning",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.insert_header((name, HeaderValue::from_static(value)));
    }
    let mut response = match answer.more {
        None => response.body(answer.body),
        Some(more) => {
            let body = StreamBody::new(state, answer.body.into(), more, is_packed, endpoint);
            let body = body.with_length(length.filter(|_| !is_packed));
            match *request.method() {
                Method::HEAD => response.body(body.unsent()),
                _ => response.body(body),
            }
        }
    };
    if request.version() < Version::HTTP_11 {
        // no chunks for who does not know them (RFC 9112 §6.1): the end of the connection is the end
        response.head_mut().no_chunking(true);
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    // QGIS looks for "Content-Type" letter by letter when it reads JSON of GetFeatureInfo
    response.head_mut().set_camel_case_headers(true);
    response
}

/// 304 where the client has what would be sent.
fn not_modified(request: &HttpRequest, answer: Answer) -> Answer {
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok());
    let tag = answer.headers.iter().find(|(n, _)| *n == "etag");
    match (known, tag) {
        (Some(known), Some((_, tag)))
            if answer.status == 200
                && known
                    .split(',')
                    .any(|k| k.trim().trim_start_matches("W/") == tag.trim_start_matches("W/")) =>
        {
            Answer {
                status: 304,
                body: Bytes::new(),
                more: None,
                ..answer
            }
        }
        _ => answer,
    }
}
