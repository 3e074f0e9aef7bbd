//! Every resource that is a document: JSON and a page.

use serde_json::{Value, json};

use super::features::{self, SchemaKind};
use super::links::{HTML, JSON, OPENAPI, SCHEMA_JSON, header, link};
use super::negotiation::{DOCUMENT, Offer, choose};
use super::{
    ApiAddress, Service, check_parameters, collections, conformance, openapi, styles, tilesets,
};
use crate::error::{Error, Result};
use crate::protocol::Answer;
use crate::protocol::ows::Kvp;

/// A request after HTTP.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ApiRequest<'a> {
    /// The query string, still encoded.
    pub query: &'a str,
    /// As the client used it, without a slash at the end.
    pub base: &'a str,
    /// The language for people.
    pub language: &'a str,
    /// The `Accept` header; empty where there is none.
    pub accept: &'a str,
    pub if_none_match: &'a str,
    pub if_range: &'a str,
    pub range: &'a str,
}

impl<'a> ApiRequest<'a> {
    /// `Range`, `If-Range` and `If-None-Match`.
    pub(super) fn conditions(&self) -> [&'a str; 3] {
        [self.range, self.if_range, self.if_none_match]
    }
}

/// The representations of the description of the API.
const API: [Offer; 2] = [
    Offer {
        name: "json",
        media_type: OPENAPI,
    },
    Offer {
        name: "html",
        media_type: HTML,
    },
];

/// The representations of a schema.
const SCHEMA: [Offer; 2] = [
    Offer {
        name: "json",
        media_type: SCHEMA_JSON,
    },
    Offer {
        name: "html",
        media_type: HTML,
    },
];

/// Answers a document.
///
/// # Errors
/// `LayerNotDefined`, `StyleNotDefined`, `TileMatrixSetNotDefined` for what is not there;
/// `InvalidParameter` and `InvalidFormat` for parameters; `NotFound` for an address that is a
/// tile or a map.
pub fn document(
    service: &Service<'_>,
    address: &ApiAddress,
    request: &ApiRequest<'_>,
) -> Result<Answer> {
    let kvp = Kvp::parse(request.query)?;
    let (base, language) = (request.base, request.language);
    if let ApiAddress::Style(id) = address {
        return styles::sheet(service, id, &kvp, request);
    }
    check_parameters(&kvp, declared(address))?;
    match address {
        ApiAddress::Collections => return collections::all(service, request),
        ApiAddress::ProdigeCollections => {
            let document = collections::prodige(service, base, language);
            return Ok(Answer::ok(JSON, document.to_string()));
        }
        ApiAddress::Schema(id, kind) => return schema(service, address, (id, *kind), request),
        _ => {}
    }
    if let ApiAddress::TileSet(data, set) = address
        && kvp
            .get("F")
            .is_some_and(|f| f.eq_ignore_ascii_case("tilejson"))
    {
        let document = tilesets::tilejson(service, data, set, &kvp, request)?;
        return Ok(Answer::ok(JSON, document.to_string()));
    }
    let offers: &[Offer] = match address {
        ApiAddress::Api | ApiAddress::ApiPage => &API,
        _ => &DOCUMENT,
    };
    let as_page = match address {
        // the page has an address of its own, and the address of the document is no page for a
        // browser that only follows a link to it
        ApiAddress::ApiPage => {
            let [_, page] = API;
            choose(kvp.get("F"), "", &[page])?;
            true
        }
        _ => choose(kvp.get("F"), request.accept, offers)? == 1,
    };
    let catalogue = service.tiles.catalogue;
    let (title, mut body) = match address {
        ApiAddress::Conformance => (
            said(language, "Conformité", "Conformance"),
            conformance::document(&catalogue.site),
        ),
        ApiAddress::Api | ApiAddress::ApiPage => (
            said(language, "Toutes les adresses", "Every address"),
            openapi::document(service, base, language),
        ),
        ApiAddress::Collection(id) => {
            let layer = catalogue.layer(id)?;
            if as_page {
                return service.pages.layer(catalogue, layer, base, language);
            }
            let document = collections::one(service, layer, base, language);
            (layer.title.get(language).to_owned(), document)
        }
        ApiAddress::TileMatrixSets => (
            said(language, "Découpages en tuiles", "Tile matrix sets"),
            tilesets::matrix_sets(service, base),
        ),
        ApiAddress::TileMatrixSet(id) => {
            let set = catalogue.site.tile_matrix_sets.get(id)?;
            (id.clone(), crate::encode::tile_matrix_set::write(set))
        }
        ApiAddress::TileSets(data) => (
            said(language, "Jeux de tuiles", "Tile sets"),
            tilesets::list(service, data, base, language)?,
        ),
        ApiAddress::TileSet(data, set) => (
            set.clone(),
            tilesets::one(service, data, set, &kvp, request)?,
        ),
        ApiAddress::Styles => (
            said(language, "Styles", "Styles"),
            styles::list(service, base, language),
        ),
        ApiAddress::StyleMetadata(id) => {
            (id.clone(), styles::metadata(service, id, base, language)?)
        }
        ApiAddress::Collections
        | ApiAddress::Schema(..)
        | ApiAddress::ProdigeCollections
        | ApiAddress::DataFile(_)
        | ApiAddress::Style(_)
        | ApiAddress::Items(_)
        | ApiAddress::Item(..)
        | ApiAddress::Tile(..)
        | ApiAddress::Map(_)
        | ApiAddress::StyledMap(_) => {
            return Err(Error::NotFound {
                path: address.path(),
            });
        }
    };
    if let ApiAddress::Api | ApiAddress::ApiPage = address {
        return match as_page {
            true => service.pages.api(catalogue, base, language, &body),
            false => Ok(Answer::ok(OPENAPI, body.to_string())),
        };
    }
    add_self(&mut body, &format!("{base}{}", address.path()), as_page);
    catalogue.site.without_withheld(base, &mut body);
    // a document's own title says more than the kind of document it is
    let title = match body.get("title").and_then(Value::as_str) {
        Some(own)
            if matches!(
                address,
                ApiAddress::TileSet(..) | ApiAddress::StyleMetadata(_)
            ) =>
        {
            own.to_owned()
        }
        _ => title,
    };
    send(service, address, request, &title, &body, as_page)
}

/// What a collection's features have, as JSON Schema or as a page.
fn schema(
    service: &Service<'_>,
    address: &ApiAddress,
    (id, kind): (&str, SchemaKind),
    request: &ApiRequest<'_>,
) -> Result<Answer> {
    let (base, language) = (request.base, request.language);
    let catalogue = service.tiles.catalogue;
    let layer = catalogue.layer(id)?;
    let kvp = Kvp::parse(request.query)?;
    let as_page = choose(kvp.get("F"), request.accept, &SCHEMA)? == 1;
    let document = features::schema(layer, kind, base, language);
    let path = address.path();
    let answer = match as_page {
        true => {
            let page = (path.as_str(), kind.segment(), kind.title(language));
            let subject = (&**layer, &document);
            service
                .pages
                .fields(catalogue, base, language, page, subject)?
        }
        false => Answer::ok(SCHEMA_JSON, document.to_string()).in_language(language),
    };
    Ok(answer.with_header("vary", "Accept, Accept-Language"))
}

/// The parameters of a document, in capitals.
fn declared(address: &ApiAddress) -> &'static [&'static str] {
    match address {
        ApiAddress::Collections => &["F", "LANG", "LIMIT", "OFFSET", "Q", "BBOX"],
        ApiAddress::TileSet(data, _) if data.collection.is_none() => &["F", "LANG", "COLLECTIONS"],
        _ => &["F", "LANG"],
    }
}

/// A document as JSON with its links in the header, or as a page.
pub(super) fn send(
    service: &Service<'_>,
    address: &ApiAddress,
    request: &ApiRequest<'_>,
    title: &str,
    body: &Value,
    as_page: bool,
) -> Result<Answer> {
    let catalogue = service.tiles.catalogue;
    let links = header(body);
    let answer = match as_page {
        true => service.pages.document(
            catalogue,
            request.base,
            request.language,
            &address.path(),
            title,
            body,
        )?,
        false => Answer::ok(JSON, body.to_string()).in_language(request.language),
    };
    Ok(answer
        .with_header("vary", "Accept, Accept-Language")
        .with_header("link", links))
}

/// Puts the links to the document itself and to its other representation first.
pub(super) fn add_self(document: &mut Value, address: &str, as_page: bool) {
    let both = [("json", JSON, "JSON"), ("html", HTML, "HTML")];
    let own = both.map(|(name, media_type, title)| {
        let rel = if (name == "html") == as_page {
            "self"
        } else {
            "alternate"
        };
        link(format!("{address}?f={name}"), rel, media_type, title)
    });
    let mut links: Vec<Value> = own.into();
    if let Some(Value::Array(others)) = document.get_mut("links").map(Value::take) {
        links.extend(others);
    }
    if let Value::Object(members) = document {
        members.insert("links".to_owned(), json!(links));
    }
}

/// A title in the language of a page.
pub(super) fn said(language: &str, french: &str, english: &str) -> String {
    match language {
        "fr" => french,
        _ => english,
    }
    .to_owned()
}
