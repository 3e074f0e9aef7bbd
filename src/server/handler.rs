//! One HTTP request in, one HTTP response out.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::info;

use super::access_log::redacted;
use super::base_url::base_url;
use super::disconnect::Peer;
use super::respond::{Asked, Work};
use super::state::State;
use crate::error::{Error, Result};
use crate::protocol::Answer;

/// Texts shorter than this are not worth compressing.
const MIN_COMPRESSED: usize = 1400;
/// libdeflate's level for texts made on the fly: as small as zlib 6 in a third of its time.
const COMPRESSION_LEVEL: i32 = 4;

/// Answers everything: routes, methods, limits, compression, log and metrics.
pub async fn handle(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let started = Instant::now();
    let state = state.into_inner();
    let (answer, endpoint) = match *request.method() {
        Method::OPTIONS => (
            Answer {
                status: 204,
                ..Answer::ok("text/plain", Vec::new())
            }
            .with_header("allow", "GET, HEAD, POST, OPTIONS"),
            "options",
        ),
        Method::GET | Method::HEAD | Method::POST => answer(&request, payload, &state).await,
        _ => (
            Answer {
                status: 405,
                ..Answer::ok(
                    "text/plain; charset=utf-8",
                    format!(
                        "method {} is not allowed: expected GET, HEAD, POST or OPTIONS\n",
                        request.method()
                    ),
                )
            }
            .with_header("allow", "GET, HEAD, POST, OPTIONS"),
            "other",
        ),
    };
    let outcome = outcome(&answer);
    let answer = not_modified(&request, compressed(&request, answer));
    let (status, bytes) = (answer.status, answer.body.len());
    let response = http_response(answer);
    let seconds = started.elapsed().as_secs_f64();
    state
        .metrics
        .count(endpoint, outcome, seconds, bytes as u64);
    info!(
        target: "access",
        method = %request.method(),
        path = %request.path().escape_debug(),
        query = %redacted(request.query_string()),
        status,
        bytes,
        ms = (seconds * 1e5).round() / 100.0,
    );
    response
}

async fn answer(
    request: &HttpRequest,
    payload: web::Payload,
    state: &Arc<State>,
) -> (Answer, &'static str) {
    let site = state.site();
    let text = |name: HeaderName| {
        request
            .headers()
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
            .to_owned()
    };
    let mut asked = Asked {
        base: base_url(
            state.options.base_url.as_deref(),
            request.headers(),
            state.address(),
        ),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        accept: text(header::ACCEPT),
        accept_language: text(header::ACCEPT_LANGUAGE),
        content_type: text(header::CONTENT_TYPE),
        body: None,
    };
    if request.method() == Method::POST {
        match read_body(payload, site.limits.body_bytes).await {
            Ok(body) => asked.body = Some(body),
            Err(error) => return (asked.plain_error(&error), "other"),
        }
    }
    match state.prepare(&site, &asked) {
        Work::Done(answer, endpoint) => (answer, endpoint),
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
            (result.unwrap_or_else(|error| on_error(&error)), endpoint)
        }
    }
}

/// Reads a body up to a limit.
async fn read_body(payload: web::Payload, limit: usize) -> Result<Vec<u8>> {
    match payload.to_bytes_limited(limit).await {
        Ok(Ok(body)) => Ok(body.to_vec()),
        Ok(Err(error)) => Err(Error::parameter("body", format!("cannot be read: {error}"))),
        Err(_) => Err(Error::LimitExceeded {
            what: "the size of a request body in bytes",
            limit: limit as u64,
            found: limit as u64 + 1,
        }),
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

fn http_response(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if answer.status != 204 && answer.status != 304 {
        response.insert_header((header::CONTENT_TYPE, answer.media_type));
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        ) {
            response.append_header((name, value));
        }
    }
    // every answer, errors too, may be read by pages of any site (public, read-only data)
    response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    response.insert_header((
        header::ACCESS_CONTROL_ALLOW_METHODS,
        "GET, HEAD, POST, OPTIONS",
    ));
    response.insert_header((
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "Accept, Accept-Language, Content-Type, If-None-Match, Range",
    ));
    response.insert_header((
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "Content-Crs, Content-Range, ETag, Link, Retry-After, Warning",
    ));
    response.insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"));
    response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response.body(answer.body)
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
                body: Vec::new(),
                ..answer
            }
        }
        _ => answer,
    }
}

/// The answer with gzip, where the client takes it and it pays.
fn compressed(request: &HttpRequest, mut answer: Answer) -> Answer {
    let is_text = [
        "text/",
        "application/json",
        "application/geo+json",
        "application/vnd.ogc",
        "application/openmetrics",
        "image/svg",
    ]
    .iter()
    .any(|prefix| answer.media_type.starts_with(prefix))
        || answer.media_type.contains("+xml");
    if !is_text || answer.headers.iter().any(|(n, _)| *n == "content-encoding") {
        return answer;
    }
    answer
        .headers
        .push(("vary", "Accept-Encoding, Accept-Language".to_owned()));
    if answer.body.len() < MIN_COMPRESSED || !accepts_gzip(request) {
        return answer;
    }
    let Ok(level) = libdeflater::CompressionLvl::new(COMPRESSION_LEVEL) else {
        return answer;
    };
    let mut compressor = libdeflater::Compressor::new(level);
    let mut out = vec![0; compressor.gzip_compress_bound(answer.body.len())];
    if let Ok(length) = compressor.gzip_compress(&answer.body, &mut out) {
        out.truncate(length);
        answer.body = out;
        answer.headers.push(("content-encoding", "gzip".to_owned()));
    }
    answer
}

pub(super) fn accepts_gzip(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|list| {
            list.split(',').any(|coding| {
                let mut parts = coding.split(';').map(str::trim);
                let name = parts.next().unwrap_or("");
                let refused = parts.any(|p| {
                    matches!(
                        p.replace(' ', "").as_str(),
                        "q=0" | "q=0.0" | "q=0.00" | "q=0.000"
                    )
                });
                (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
            })
        })
}
