//! OGC API – Common Part 2 (20-024): layers as collections.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::document::said;
use super::features::{self, SchemaKind, Sent, window};
use super::links::{HTML, JSON, SCHEMA_JSON, header, link, of_data, ogc, to};
use super::negotiation::{DOCUMENT, choose};
use super::{ApiAddress, ApiRequest, Service};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::encode::feature::FeatureFormat;
use crate::encode::xml::element_names;
use crate::error::Result;
use crate::geom::Bbox;
use crate::operation::extent_in;
use crate::protocol::Answer;
use crate::protocol::record::licence;
use crate::query::Moment;
use crate::query::searchable;

pub(super) const CONFORMANCE: &[&str] =
    &["http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections"];

/// Collections of a page where `limit` does not say: programs that list them (QGIS, OWSLib) read
/// one page.
const DEFAULT_LIMIT: u64 = 10_000;
/// The same for people.
const DEFAULT_ROWS: u64 = 100;
const MAX_LIMIT: u64 = 10_000;
/// Of more collections a list tells only where their features are and what these have; the rest
/// is told by each of them: 2 kB, not 5, for each of thousands.
const MAX_IN_FULL: usize = 500;
/// What a document may spend on looking for the times of layers: what is not found by then is
/// not said, and one of the next documents, which take the look up where it ended, says it.
const TIME_FOR_TIMES: Duration = Duration::from_millis(300);

/// A page of the layers that match.
///
/// # Errors
/// `InvalidParameter`, `InvalidFormat`.
pub(super) fn all(service: &Service<'_>, request: &ApiRequest<'_>) -> Result<Answer> {
    let (base, language) = (request.base, request.language);
    let sent = Sent::parse(request.query)?;
    let as_page = choose(sent.get("f")?, request.accept, &DOCUMENT)? == 1;
    let catalogue = service.tiles.catalogue;
    let search = sent.get("q")?.unwrap_or_default();
    let words: Vec<String> = search.split([' ', ',']).map(searchable).collect();
    let window = window(&sent, Crs::crs84())?;
    let found: Vec<&Layer> = catalogue
        .layers
        .iter()
        .map(|layer| &**layer)
        .filter(|layer| search.is_empty() || is_found(layer, language, &words))
        .filter(|layer| window.as_ref().is_none_or(|w| is_inside(layer, &w.boxes)))
        .collect();
    let default = if as_page { DEFAULT_ROWS } else { DEFAULT_LIMIT };
    let limit = sent.whole("limit", 1)?.unwrap_or(default).min(MAX_LIMIT);
    let offset = sent.whole("offset", 0)?.unwrap_or(0);
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let shown = found.iter().skip(place(offset)).take(place(limit));
    let in_full = shown.len() <= MAX_IN_FULL;
    let site = &catalogue.site.crs;
    let of_all = crs_uris(service, None);
    let budget = Budget::new(TIME_FOR_TIMES, u64::MAX, u64::MAX);
    let collections: Vec<Value> = shown
        .map(|layer| {
            let mut collection = describe(service, layer, language, &budget);
            match site.contains(&layer.crs) {
                true => set_crs(&mut collection, &of_all),
                false => set_crs(&mut collection, &crs_uris(service, Some(layer))),
            }
            let address = ApiAddress::Collection(layer.id.clone());
            let mut own = vec![to(base, &address, "self", "This collection")];
            own.extend(match in_full {
                true => links(service, layer, base, language),
                false => brief_links(layer, base, language),
            });
            push_links(&mut collection, own);
            collection
        })
        .collect();
    let path = format!("{base}{}", ApiAddress::Collections.path());
    let (this, other) = match as_page {
        true => (("html", HTML), ("json", JSON)),
        false => (("json", JSON), ("html", HTML)),
    };
    let turned = |f: &str| sent.href(&path, &[("f", Some(f))]);
    let mut links = vec![
        link(turned(this.0), "self", this.1, "This document"),
        link(turned(other.0), "alternate", other.1, "The other form"),
    ];
    let (returned, matched) = (collections.len() as u64, found.len() as u64);
    let mut page = |rel: &str, offset: u64, title: &str| {
        let offset = offset.to_string();
        let offset = Some(offset.as_str()).filter(|o| *o != "0");
        let href = sent.href(&path, &[("offset", offset)]);
        links.push(link(href, rel, this.1, title));
    };
    let after = offset.saturating_add(returned);
    if returned > 0 && after < matched {
        page("next", after, "Next page");
    }
    if offset > 0 {
        page("prev", offset.saturating_sub(limit), "Previous page");
    }
    links.extend(of_data(base, None));
    links.push(link(
        format!("{base}/record.xml"),
        "describedby",
        "application/vnd.iso.19139+xml",
        "ISO 19139",
    ));
    let mut document = json!({
        "title": catalogue.site.title.get(language),
        "links": links,
        "crs": of_all,
        "numberMatched": matched,
        "numberReturned": returned,
        "collections": collections,
    });
    catalogue.site.without_withheld(base, &mut document);
    let link_header = header(&document);
    let answer = match as_page {
        true => {
            let title = said(language, "Collections", "Collections");
            let texts = (title.as_str(), search);
            service
                .pages
                .collections(catalogue, base, language, &document, texts)?
        }
        false => Answer::ok(JSON, document.to_string()).in_language(language),
    };
    Ok(answer
        .with_header("vary", "Accept, Accept-Language")
        .with_header("link", link_header))
}

/// True where every word is in what is said of a layer.
fn is_found(layer: &Layer, language: &str, words: &[String]) -> bool {
    let said = [
        layer.id.as_str(),
        layer.title.get(language),
        layer.abstract_.get(language),
    ];
    let keywords = layer.keywords.iter().map(String::as_str);
    let texts: Vec<String> = said.into_iter().chain(keywords).map(searchable).collect();
    words
        .iter()
        .all(|word| texts.iter().any(|text| text.contains(word.as_str())))
}

/// A layer without an extent is everywhere (20-024 §8.2.3).
fn is_inside(layer: &Layer, boxes: &[Bbox]) -> bool {
    let extent = layer.extent_lonlat;
    extent.is_none_or(|extent| boxes.iter().any(|b| b.intersects(&extent)))
}

/// Every layer as PRODIGE lists its collections: uMap takes each link to GeoJSON and reads what
/// it finds there as the whole.
pub(super) fn prodige(service: &Service<'_>, base: &str, language: &str) -> Value {
    let layers = service.tiles.catalogue.layers.iter();
    let collections = layers.map(|layer| {
        let path = ApiAddress::Items(layer.id.clone()).path();
        let href = format!("{base}{path}?f=json&limit={}", features::MAX_LIMIT);
        let title = title(layer, language);
        json!({
            "id": layer.id,
            "title": title,
            "description": layer.abstract_.get(language),
            "itemType": "feature",
            "links": [link(href, "items", "application/geo+json", title)],
        })
    });
    json!({ "links": [], "collections": collections.collect::<Vec<_>>() })
}

fn title<'a>(layer: &'a Layer, language: &str) -> &'a str {
    match layer.title.get(language) {
        "" => &layer.id,
        title => title,
    }
}

/// One layer; `self` and `alternate` are added by who sends it.
pub(super) fn one(service: &Service<'_>, layer: &Layer, base: &str, language: &str) -> Value {
    let budget = Budget::new(TIME_FOR_TIMES, u64::MAX, u64::MAX);
    let mut collection = describe(service, layer, language, &budget);
    set_crs(&mut collection, &crs_uris(service, Some(layer)));
    push_links(&mut collection, links(service, layer, base, language));
    collection
}

fn describe(service: &Service<'_>, layer: &Layer, language: &str, budget: &Budget) -> Value {
    let id = &layer.id;
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("id", json!(id));
    put("title", json!(title(layer, language)));
    if !layer.abstract_.is_empty() {
        put("description", json!(layer.abstract_.get(language)));
    }
    if !layer.keywords.is_empty() {
        put("keywords", json!(layer.keywords));
    }
    if let Some(attribution) = &layer.attribution {
        put("attribution", json!(attribution));
    }
    put("itemType", json!("feature"));
    put("dataType", json!("vector"));
    if let Some(dimension) = layer.store.schema().geometry.dimension() {
        put("geometryDimension", json!(dimension));
    }
    let mut extent = Map::new();
    if let Some(b) = layer.extent_lonlat {
        let bbox = [b.min_x, b.min_y, b.max_x, b.max_y];
        let mut spatial = json!({ "bbox": [bbox], "crs": Crs::crs84().uri() });
        // where the data lie in their own CRS, in its order of axes (20-058 requirement 47 C)
        if let (Some(b), Value::Object(spatial)) = (stored_extent(layer), &mut spatial) {
            let bbox = [b.min_x, b.min_y, b.max_x, b.max_y];
            spatial.insert("storageCrsBbox".into(), json!([bbox]));
        }
        extent.insert("spatial".into(), spatial);
    }
    if layer.time.is_some() {
        // what is not known yet is not said: a null is an end that is open
        if let Ok(ends) = service.studio.time_extent(layer, budget) {
            let [from, to] = ends.map(|end| end.map(instant));
            let temporal = json!({ "interval": [[from, to]], "trs": GREGORIAN });
            extent.insert("temporal".into(), temporal);
        }
    }
    if !extent.is_empty() {
        put("extent", Value::Object(extent));
    }
    put("crs", json!([]));
    if !layer.crs.authority.is_empty() {
        put("storageCrs", json!(layer.crs.uri()));
    }
    // from 17-083r4: the scales that the layer is drawn at
    if let Some(max) = layer.scales.max {
        put(
            "minScaleDenominator",
            json!(layer.scales.min.unwrap_or(0.0)),
        );
        put("maxScaleDenominator", json!(max));
    }
    put("links", json!([]));
    Value::Object(out)
}

/// What lies at an address, as far as its end tells: licences are pages or PDFs.
fn media_type_of(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let end = path.rsplit('.').next().unwrap_or_default();
    match end.to_ascii_lowercase().as_str() {
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "md" => "text/markdown",
        _ => HTML,
    }
}

/// The extent in the CRS of the data; `None` for what has no name or is CRS84.
fn stored_extent(layer: &Layer) -> Option<Bbox> {
    let crs = &layer.crs;
    if crs.authority.is_empty() || *crs == Crs::crs84() {
        return None;
    }
    extent_in(layer, crs).map(|b| crs.axis_order.reorder_bbox(b))
}

/// The temporal reference system of RFC 3339.
const GREGORIAN: &str = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian";

/// A moment as RFC 3339 has it (17-069r4 §7.13): a day is where it begins.
pub(super) fn instant(moment: Moment) -> String {
    match moment {
        Moment::Day(_) => format!("{moment}T00:00:00Z"),
        Moment::Instant(..) => moment.to_string(),
    }
}

/// What features have, can be found and sorted by.
fn of_schemas(layer: &Layer, base: &str, language: &str) -> Vec<Value> {
    let mut links = Vec::new();
    for kind in SchemaKind::ALL {
        let address = ApiAddress::Schema(layer.id.clone(), kind);
        let href = format!("{base}{}", address.path());
        let rel = ogc(kind.segment());
        links.push(link(href.clone(), &rel, SCHEMA_JSON, kind.title(language)));
        // the name that clients of before Part 5 look for
        if kind == SchemaKind::Returnables {
            links.push(link(href, "describedby", SCHEMA_JSON, kind.title(language)));
        }
    }
    links.extend(of_xml_schema(layer, base));
    links
}

/// The XML Schema of a feature: what GDAL takes the types of columns from, by this very spelling,
/// where it would else guess them from the first 20 features and cut what is larger later. Its
/// names must be those of the properties.
fn of_xml_schema(layer: &Layer, base: &str) -> Option<Value> {
    let names = || layer.fields.iter().map(|field| field.name.as_str());
    let is_renamed = layer.fields.iter().any(|field| field.element.is_some());
    if is_renamed
        || !element_names(names())
            .iter()
            .map(String::as_str)
            .eq(names())
    {
        return None;
    }
    let path = ApiAddress::Collection(layer.id.clone()).path();
    let request = "SERVICE=WFS&VERSION=2.0.0&REQUEST=DescribeFeatureType";
    let href = format!("{base}{path}/wfs?{request}");
    Some(link(href, "describedBy", "application/xml", "XML Schema"))
}

/// The features of a collection, in each format, and what they have.
fn of_features(layer: &Layer, base: &str, language: &str) -> Vec<Value> {
    let id = &layer.id;
    let items = format!("{base}{}", ApiAddress::Items(id.clone()).path());
    let mut links: Vec<Value> = FeatureFormat::ALL
        .iter()
        .map(|format| {
            let href = format!("{items}?f={}", format.name());
            link(href, "items", format.media_type(), format.title())
        })
        .collect();
    links.push(link(format!("{items}?f=html"), "items", HTML, "HTML"));
    links.extend(of_schemas(layer, base, language));
    if let Some(size) = features::file_size(layer) {
        let href = format!("{base}{}", ApiAddress::DataFile(id.clone()).path());
        let mut file = link(href, "enclosure", features::FLATGEOBUF, "FlatGeobuf");
        if let Value::Object(file) = &mut file {
            file.insert("length".into(), json!(size));
        }
        links.push(file);
    } else {
        // a column is hidden, or the source is no such file: written anew
        let most = features::MAX_LIMIT;
        let href = format!("{items}?f=fgb&limit={most}");
        links.push(link(href, "enclosure", features::FLATGEOBUF, "FlatGeobuf"));
    }
    links
}

/// What QGIS, GDAL and OWSLib need to read a collection.
fn brief_links(layer: &Layer, base: &str, language: &str) -> Vec<Value> {
    let format = FeatureFormat::GeoJson;
    let items = ApiAddress::Items(layer.id.clone()).path();
    let href = format!("{base}{items}?f={}", format.name());
    let mut links = vec![link(href, "items", format.media_type(), format.title())];
    links.extend(of_schemas(layer, base, language));
    links
}

fn links(service: &Service<'_>, layer: &Layer, base: &str, language: &str) -> Vec<Value> {
    let id = &layer.id;
    let path = ApiAddress::Collection(id.clone()).path();
    let mut links = of_features(layer, base, language);
    links.extend(of_data(base, Some(id)));
    links.push(link(
        format!(
            "{base}{}/record.xml",
            path.replacen("/collections/", "/layers/", 1)
        ),
        "describedby",
        "application/vnd.iso.19139+xml",
        "ISO 19139",
    ));
    let of_site = service.tiles.catalogue.site.licence.as_ref();
    if let Some(id) = layer.metadata.licence.as_ref().or(of_site) {
        let known = licence(id);
        if let Some(url) = &known.url {
            let media_type = media_type_of(url);
            links.push(link(
                url.clone(),
                "license",
                media_type,
                known.title(language),
            ));
        }
    }
    for style in &layer.styles {
        let address = ApiAddress::StyleMetadata(format!("{id}:{}", style.id));
        let title = style.title.as_deref().unwrap_or(&style.id);
        links.push(to(base, &address, &ogc("styles"), title));
    }
    links.push(link(
        format!("{base}{path}/wms?SERVICE=WMS&REQUEST=GetCapabilities"),
        &ogc("wms"),
        "text/xml",
        "Web Map Service",
    ));
    links
}

/// The CRSs that features are sent and maps drawn in: CRS84, the site's, and the layer's own.
pub(super) fn crs_of(service: &Service<'_>, layer: Option<&Layer>) -> Vec<Crs> {
    let lonlat = Crs::crs84();
    let offered = offered(&lonlat, service, layer);
    offered.into_iter().cloned().collect()
}

/// Their names: a list of thousands of layers clones no CRS.
fn crs_uris(service: &Service<'_>, layer: Option<&Layer>) -> Vec<String> {
    let lonlat = Crs::crs84();
    let offered = offered(&lonlat, service, layer);
    offered.into_iter().map(Crs::uri).collect()
}

fn offered<'a>(lonlat: &'a Crs, service: &Service<'a>, layer: Option<&'a Layer>) -> Vec<&'a Crs> {
    let mut all = vec![lonlat];
    let site = service.tiles.catalogue.site.crs.iter();
    for crs in site.chain(layer.map(|layer| &layer.crs)) {
        if !crs.authority.is_empty() && !all.contains(&crs) {
            all.push(crs);
        }
    }
    all
}

fn set_crs(document: &mut Value, uris: &[String]) {
    if let Some(crs) = document.get_mut("crs") {
        *crs = json!(uris);
    }
}

fn push_links(document: &mut Value, more: Vec<Value>) {
    if let Some(links) = document.get_mut("links").and_then(Value::as_array_mut) {
        links.extend(more);
    }
}
