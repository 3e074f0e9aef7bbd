//! The page of a map, for people and for the application on it.

use serde_json::{Value, json};

use super::{Service, context};
use crate::encode::xml::push_url_component;
use crate::error::Result;
use crate::protocol::ogcapi::check_parameters;
use crate::protocol::ows::Kvp;
use crate::protocol::site::values;
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
        return Ok(Answer::ok("application/json", document.to_string()));
    }
    let map = service.map;
    let mut path = String::from("/maps/");
    push_url_component(&mut path, &map.id);
    let mut rows = Vec::new();
    flatten(document.get("entries"), &mut rows);
    service.pages.render(
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
            context => values(&document),
        },
    )
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
