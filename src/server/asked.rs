//! A request taken out of HTTP, and what each protocol sees of it.

use super::state::Site;
use crate::packing::Accepted;
use crate::protocol::ogcapi::{self, ApiRequest};
use crate::protocol::ows::Kvp;
use crate::protocol::site::page_language;
use crate::protocol::tiles::TilesRequest;
use crate::protocol::{Body, Request};

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

impl Asked {
    /// The first value of a query parameter, decoded; names in any case.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let pairs = Kvp::parse(&self.query).ok()?;
        pairs.get(&name.to_ascii_uppercase()).map(str::to_owned)
    }

    /// What stands for the whole address: none of the three can hold a space.
    pub(super) fn address(&self) -> String {
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
}

/// The language for people: `lang=` wins over what the browser says.
pub(super) fn language_of<'a>(site: &'a Site, asked: &Asked) -> &'a str {
    let lang = asked.parameter("lang");
    page_language(
        lang.as_deref(),
        Some(asked.accept_language.as_str()).filter(|l| !l.is_empty()),
        &site.catalogue.site.languages,
    )
}

/// The request as OGC API sees it.
pub(super) fn api_request<'a>(site: &'a Site, asked: &'a Asked) -> ApiRequest<'a> {
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

/// The request as those who answer with tiles see it.
pub(super) fn tiles_request<'a>(asked: &'a Asked, language: &'a str) -> TilesRequest<'a> {
    TilesRequest {
        query: &asked.query,
        base: &asked.base,
        language,
        if_none_match: &asked.if_none_match,
        accepted: asked.accepted,
    }
}

/// The body of a POST.
pub(super) fn body(asked: &Asked) -> Option<Body<'_>> {
    asked.body.as_deref().map(|bytes| Body {
        media_type: &asked.content_type,
        bytes,
    })
}

/// The request as WMS and WFS see it; `layer` is the only one where the address is a layer's own.
pub(super) fn request<'a>(asked: &'a Asked, layer: Option<&'a str>) -> Request<'a> {
    Request {
        query: &asked.query,
        body: body(asked),
        base: &asked.base,
        collection: layer,
    }
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
}
