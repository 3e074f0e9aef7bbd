//! OGC API – Styles (20-009, draft): what layers look like, as a document of MapLibre, as
//! SLD and as a page.

use serde_json::{Map, Value, json};

use super::document::{add_self, send};
use super::links::{HTML, link, ogc, to};
use super::negotiation::{Offer, choose};
use super::{ApiAddress, ApiRequest, Service, check_parameters};
use crate::catalogue::Layer;
use crate::encode::sld::{self, SldOptions, SldVersion};
use crate::encode::xml::push_url_component;
use crate::error::Result;
use crate::protocol::Answer;
use crate::protocol::maplibre::{STYLE_MEDIA_TYPE, Subject, maplibre_style};
use crate::protocol::ows::Kvp;
use crate::style::Style;

pub(super) const CONFORMANCE: &[&str] = &[
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/mapbox-styles",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/sld-10",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/sld-11",
];

/// The encodings of a style: MapLibre's, SLD by version, or a page.
const ENCODINGS: [Offer; 4] = [
    Offer {
        name: "mapbox",
        media_type: STYLE_MEDIA_TYPE,
    },
    Offer {
        name: "sld11",
        media_type: "application/vnd.ogc.sld+xml;version=1.1",
    },
    Offer {
        name: "sld10",
        media_type: "application/vnd.ogc.sld+xml;version=1.0",
    },
    Offer {
        name: "html",
        media_type: HTML,
    },
];

/// The id of the style of the whole site.
const ALL: &str = "all";

/// Every style: the site's, then each layer's.
pub(super) fn list(service: &Service<'_>, base: &str, language: &str) -> Value {
    let catalogue = service.tiles.catalogue;
    let mut styles = vec![item(ALL, catalogue.site.title.get(language), base)];
    for layer in &catalogue.layers {
        let title = layer.title.get(language);
        for (place, style) in layer.styles.iter().enumerate() {
            let id = match place {
                0 => layer.id.clone(),
                _ => format!("{}:{}", layer.id, style.id),
            };
            let own = style.title.as_deref().unwrap_or(&style.id);
            styles.push(item(&id, &format!("{title} – {own}"), base));
        }
    }
    json!({ "default": ALL, "links": [], "styles": styles })
}

fn item(id: &str, title: &str, base: &str) -> Value {
    let mut links = sheets(id, base);
    let about = ApiAddress::StyleMetadata(id.to_owned());
    links.push(to(base, &about, "describedby", "Metadata"));
    links.extend(maps(id, base));
    json!({ "id": id, "title": title, "links": links })
}

/// The map of a style (20-058 requirement class "Styled Maps"), by both spellings of the relation.
fn maps(id: &str, base: &str) -> Vec<Value> {
    let href = format!("{base}{}", ApiAddress::StyledMap(id.to_owned()).path());
    let rels = ["http", "https"].map(|scheme| ogc("map").replacen("http", scheme, 1));
    rels.map(|rel| link(href.clone(), &rel, "image/png", "Map"))
        .into()
}

/// The links to a style in each encoding.
fn sheets(id: &str, base: &str) -> Vec<Value> {
    let path = ApiAddress::Style(id.to_owned()).path();
    ENCODINGS
        .iter()
        .map(|encoding| {
            let (rel, title) = match encoding.name {
                "html" => ("alternate", "HTML"),
                "mapbox" => ("stylesheet", "MapLibre"),
                "sld10" => ("stylesheet", "SLD 1.0"),
                _ => ("stylesheet", "SLD 1.1"),
            };
            let address = format!("{base}{path}?f={}", encoding.name);
            link(address, rel, encoding.media_type, title)
        })
        .collect()
}

/// What is known of a style.
///
/// # Errors
/// `LayerNotDefined`, `StyleNotDefined`.
pub(super) fn metadata(
    service: &Service<'_>,
    id: &str,
    base: &str,
    language: &str,
) -> Result<Value> {
    let subject = Subject::find(service.tiles.catalogue, id)?;
    let styled = &subject.layers;
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("id", json!(id));
    if let [(layer, style)] = styled.as_slice() {
        let own = style.title.as_deref().unwrap_or(&style.id);
        let title = format!("{} – {own}", layer.title.get(language));
        put("title", json!(title));
        if let Some(text) = &style.description {
            put("description", json!(text));
        }
        put("keywords", json!(layer.keywords));
    } else {
        let site = &service.tiles.catalogue.site;
        put("title", json!(site.title.get(language)));
    }
    put("scope", json!("style"));
    put("stylesheets", json!(stylesheets(id, base)));
    let layers = styled.iter().map(|(layer, _)| {
        json!({
            "id": layer.id,
            "type": match layer.store.schema().geometry.dimension() {
                Some(0) => "point",
                Some(1) => "line",
                Some(2) => "polygon",
                _ => "geometry",
            },
            "sampleData": to(
                base,
                &ApiAddress::Collection(layer.id.clone()),
                "data",
                layer.title.get(language),
            ),
        })
    });
    put("layers", json!(layers.collect::<Vec<_>>()));
    let mut links = sheets(id, base);
    links.extend(maps(id, base));
    links.extend(
        styled
            .iter()
            .map(|(layer, style)| legend(layer, style, base, language)),
    );
    put("links", json!(links));
    Ok(Value::Object(out))
}

fn stylesheets(id: &str, base: &str) -> Vec<Value> {
    sheets(id, base)
        .into_iter()
        .filter(|link| link.get("rel") == Some(&json!("stylesheet")))
        .map(|link| {
            let (version, specification) = match link.get("title").and_then(Value::as_str) {
                Some("MapLibre") => ("8", "https://maplibre.org/maplibre-style-spec/"),
                Some("SLD 1.0") => ("1.0", "https://www.ogc.org/standard/sld/"),
                _ => ("1.1", "https://www.ogc.org/standard/se/"),
            };
            json!({
                "title": link.get("title"),
                "version": version,
                "specification": specification,
                "native": false,
                "link": link,
            })
        })
        .collect()
}

/// The legend of a layer in a style, drawn by the WMS.
fn legend(layer: &Layer, style: &Style, base: &str, language: &str) -> Value {
    let mut address = format!(
        "{base}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&FORMAT=image/png&LAYER="
    );
    push_url_component(&mut address, &layer.id);
    address.push_str("&STYLE=");
    push_url_component(&mut address, &style.id);
    address.push_str("&LANGUAGE=");
    address.push_str(language);
    link(address, "preview", "image/png", layer.title.get(language))
}

/// A style in one of its encodings.
///
/// # Errors
/// `LayerNotDefined`, `StyleNotDefined`, `InvalidParameter`, `InvalidFormat`.
pub(super) fn sheet(
    service: &Service<'_>,
    id: &str,
    kvp: &Kvp,
    request: &ApiRequest<'_>,
) -> Result<Answer> {
    check_parameters(kvp, &["F", "LANG"])?;
    let catalogue = service.tiles.catalogue;
    let subject = Subject::find(catalogue, id)?;
    let chosen = choose(kvp.get("F"), request.accept, &ENCODINGS)?;
    let version = match chosen {
        0 => {
            let answer = maplibre_style(catalogue, &subject, request.base, request.language);
            return Ok(answer.with_header("vary", "Accept, Accept-Language"));
        }
        1 => SldVersion::V1_1_0,
        2 => SldVersion::V1_0_0,
        _ => return page(service, id, request),
    };
    let styled = &subject.layers;
    let one: Vec<[&Style; 1]> = styled.iter().map(|(_, style)| [&**style]).collect();
    let layers: Vec<(&str, &[&Style])> = styled
        .iter()
        .zip(&one)
        .map(|((layer, _), style)| (layer.id.as_str(), style.as_slice()))
        .collect();
    let options = SldOptions {
        version,
        ..SldOptions::default()
    };
    let (text, _notes) = sld::write(&layers, options);
    let media_type = ENCODINGS.get(chosen).map_or(HTML, |e| e.media_type);
    Ok(Answer::ok(media_type, text).with_header("vary", "Accept"))
}

/// The style as a page: what is known of it, with its legends.
fn page(service: &Service<'_>, id: &str, request: &ApiRequest<'_>) -> Result<Answer> {
    let mut body = metadata(service, id, request.base, request.language)?;
    let address = ApiAddress::StyleMetadata(id.to_owned());
    let here = format!("{}{}", request.base, address.path());
    add_self(&mut body, &here, true);
    let title = body
        .get("title")
        .and_then(Value::as_str)
        .unwrap_or(id)
        .to_owned();
    send(service, &address, request, &title, &body, true)
}
