//! The page of a map: the application that shows it, and the map as text and tables for who has
//! no script, listens to pages, or meets a server that was compiled without the application.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Service, context};
use crate::catalogue::Map;
use crate::catalogue::map::{MapService, MapTool};
use crate::encode::xml::push_url_component;
use crate::error::Result;
use crate::protocol::ogcapi::check_parameters;
use crate::protocol::ows::Kvp;
use crate::protocol::site::{manifest, values};
use crate::protocol::{Answer, Request};

/// `/maps/{id}`: the page, or its document where one is asked for; `is_embedded` is the page for
/// an iframe of another site.
///
/// # Errors
/// `InvalidParameter`; `Internal` where the template fails.
pub fn page(service: &Service<'_>, request: &Request<'_>, is_embedded: bool) -> Result<Answer> {
    let document = context::context(service, request.base)?;
    if !service.wants_html && !is_embedded {
        check_parameters(&Kvp::parse(request.query)?, &["F", "LANG", "OBJECT"])?;
        let answer = Answer::ok("application/json", document.to_string());
        return Ok(answer.in_language(service.language));
    }
    let map = service.map;
    let mut path = String::from("/maps/");
    push_url_component(&mut path, &map.id);
    let mut rows = Vec::new();
    flatten(document.get("entries"), &mut rows);
    let answer = service.pages.render(
        "map.html",
        minijinja::context! {
            fr => service.language == "fr",
            language => service.language,
            languages => map.languages.clone(),
            base => request.base,
            site_title => service.site.site.title.get(service.language),
            title => map.title.get(service.language),
            id => map.id.clone(),
            embedded => is_embedded,
            page => path,
            layers => values(&rows),
            picture => values(picture(map, &document)),
            // the application draws with the map's WMS
            drawn => map.has(MapService::Wms),
            read => map.has(MapService::Features),
            viewer => values(manifest().filter(|_| map.has(MapService::Wms))),
            // a text in the data must not end the element that it stands in
            context_json => document.to_string().replace('<', "\\u003c"),
            context => values(&document),
        },
    )?;
    let policy = policy(map, &document, is_embedded);
    Ok(answer.with_header("content-security-policy", policy))
}

/// What the page may load and who may show it. Nothing comes from elsewhere but the base maps
/// that the map is configured with, and what a visitor adds on purpose (pictures and
/// capabilities of a WMS), where the map lets visitors.
fn policy(map: &Map, document: &Value, is_embedded: bool) -> String {
    let mut elsewhere = BTreeSet::new();
    for basemap in &map.basemaps {
        elsewhere.extend(origin(&basemap.url));
    }
    let mut images = elsewhere.iter().cloned().collect::<Vec<_>>().join(" ");
    let mut data = "";
    let personal = json!(MapTool::Personal.name());
    let tools = document.get("tools").and_then(Value::as_array);
    if !is_embedded && tools.is_some_and(|tools| tools.contains(&personal)) {
        images = "https: http:".into();
        data = "https: http:";
    }
    let ancestors = match (is_embedded, map.frames.as_slice()) {
        (false, _) => "'self'".to_owned(),
        (true, []) => "*".to_owned(),
        (true, frames) => format!("'self' {}", frames.join(" ")),
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: {images}; \
         connect-src 'self' {data}; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}"
    )
}

/// `https://host:port` of an address; `None` where it is none that a browser would load, or holds
/// what would end the policy's directive.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let is_web = matches!(scheme, "https" | "http");
    (is_web && !host.is_empty() && host.chars().all(is_plain)).then(|| format!("{scheme}://{host}"))
}

/// The map as it is shown first, as one picture.
fn picture(map: &Map, document: &Value) -> Option<Value> {
    const WIDTH: f64 = 800.0;
    let extent = &map.view.extent;
    let height = (WIDTH * extent.height() / extent.width().max(f64::MIN_POSITIVE))
        .clamp(100.0, 1600.0)
        .round();
    let own = document.get("base")?.as_str()?;
    Some(json!({
        "url": format!("{own}/map.png?width={WIDTH}&height={height}"),
        "width": WIDTH,
        "height": height,
    }))
}

/// The layers of a document, top first, each with the titles of the groups that it is in.
fn flatten(entries: Option<&Value>, rows: &mut Vec<Value>) {
    fn walk(entries: Option<&Value>, within: &[&str], rows: &mut Vec<Value>) {
        for entry in entries.and_then(Value::as_array).into_iter().flatten() {
            if entry.get("kind").and_then(Value::as_str) == Some("group") {
                let title = entry.get("title").and_then(Value::as_str).unwrap_or("");
                let within = [within, &[title]].concat();
                walk(entry.get("entries"), &within, rows);
            } else {
                rows.push(json!({"within": within.join(" › "), "layer": entry}));
            }
        }
    }
    walk(entries, &[], rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_hosts_alone() {
        let cases = [
            (
                "https://data.geopf.fr/wmts?x=1",
                Some("https://data.geopf.fr"),
            ),
            ("http://127.0.0.1:8080/{z}", Some("http://127.0.0.1:8080")),
            ("https://a; script-src *", None),
            ("javascript://x", None),
            ("https://", None),
            ("", None),
        ];
        for (url, expected) in cases {
            assert_eq!(origin(url).as_deref(), expected, "{url}");
        }
    }
}
