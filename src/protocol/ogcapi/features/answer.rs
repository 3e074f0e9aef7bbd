use std::sync::Arc;

use serde_json::json;

use super::page::{entity_tag, header, is_any_known, is_known, links};
use super::rows::RowWriter;
use super::wanted::{Wanted, view};
use super::{Sent, View, file, picture};
use crate::budget::Budget;
use crate::catalogue::map::MapService;
use crate::crs::Crs;
use crate::encode::feature::{FeatureField, FeatureSet, Link, Rest, XmlSchema};
use crate::error::{Error, Result};
use crate::operation::Studio;
use crate::operation::features::{FeatureStream, Found, Pieces};
use crate::protocol::ogcapi::{ApiAddress, ApiRequest, Service};
use crate::protocol::site::ItemsPage;
use crate::protocol::{Answer, wfs};

/// A page of items, or one item.
///
/// # Errors
/// `LayerNotDefined`, `InvalidParameter`, `InvalidFilter`, `InvalidFormat`; `NotFound` for an item
/// that is not there; `SnapshotGone`.
pub fn items(
    service: &Service<'_>,
    address: &ApiAddress,
    request: &ApiRequest<'_>,
    studio: &Studio,
    budget: &Budget,
) -> Result<Answer> {
    let catalogue = service.tiles.catalogue;
    let path = address.path();
    let sent = Sent::parse(request.query)?;
    let (layer, item) = match address {
        ApiAddress::Items(id) => (catalogue.layer(id)?, None),
        ApiAddress::Item(id, item) => (catalogue.layer(id)?, Some(item)),
        _ => return Err(Error::NotFound { path }),
    };
    let view = view(&sent, request.accept)?.with_options(&sent)?;
    let is_file = view.media_type() == file::FLATGEOBUF && item.is_none();
    if is_file && file::size(layer).is_some() && sent.others(&["f", "lang"]).next().is_none() {
        return file::file(layer, &path, request.conditions(), budget);
    }
    let mut wanted = match item {
        Some(item) => Wanted::item(service, layer, item, &sent)?,
        None => Wanted::page(service, layer, &sent, view)?,
    };
    let state = [catalogue.fingerprint(layer), catalogue.wording(layer)];
    let tag = entity_tag(state, request, &path, view);
    let unchanged = || {
        let answer = Answer::ok(view.media_type(), "").with_status(304);
        finished(answer, &tag)
    };
    if is_known(request.if_none_match, &tag) {
        return Ok(unchanged());
    }
    wanted.query.crs = match view {
        // the map under the features is one of the web
        View::Page => Crs::from_epsg(3857)?,
        View::Format(format) => format.crs(&wanted.query.crs),
    };
    let found = studio.features(&wanted.query, budget)?;
    if item.is_some() && found.matched == 0 {
        return Err(Error::NotFound { path });
    }
    if is_any_known(request.if_none_match) {
        return Ok(unchanged());
    }
    let links = links(address, &sent, request, (view, &wanted.query, &found));
    let link_header = header(&links);
    let answer = match view {
        View::Page => people(service, request, address, wanted, (&found, &links), budget)?,
        View::Format(format) => {
            let crs = format!("<{}>", wanted.query.crs.uri());
            let counts = [found.matched, found.returned].map(|count| count.to_string());
            let mut set = set(&wanted, &found, links, request.language);
            let catalogue = service.tiles.catalogue;
            set.schema = wfs::xml_schema(catalogue, &wanted.query.layer, request.base);
            let pieces = match item {
                Some(_) => studio.feature_as(format, wanted.query, &found, set)?,
                None => studio.features_as(format, wanted.query, &found, set)?,
            };
            let mut answer = Answer::stream(format.media_type(), pieces, budget)?;
            if let Some(disposition) = format.disposition(&layer.id) {
                answer = answer.with_header("content-disposition", disposition);
            }
            // not every format has a place for them (17-069r4 §8.4, `/req/gmlsf0/headers`)
            if item.is_none() {
                let [matched, returned] = counts;
                answer = answer
                    .with_header("ogc-numbermatched", matched)
                    .with_header("ogc-numberreturned", returned);
            }
            answer.with_header("content-crs", crs)
        }
    };
    Ok(finished(answer.with_header("link", link_header), &tag))
}

/// What every answer says of itself.
fn finished(answer: Answer, tag: &str) -> Answer {
    answer
        .with_header("etag", tag.to_owned())
        .with_header("cache-control", "public, no-cache")
        .with_header("vary", "Accept, Accept-Language")
}

/// The source file of a collection.
///
/// # Errors
/// `LayerNotDefined`; `NotFound` where it may not be copied; `InvalidParameter`.
pub fn data_file(
    service: &Service<'_>,
    id: &str,
    request: &ApiRequest<'_>,
    budget: &Budget,
) -> Result<Answer> {
    Sent::parse(request.query)?.check(&["lang"])?;
    let layer = service.tiles.catalogue.layer(id)?;
    let path = ApiAddress::DataFile(id.to_owned()).path();
    file::file(layer, &path, request.conditions(), budget)
}

/// What the writer is told.
fn set(wanted: &Wanted, found: &Found, links: Vec<Link>, language: &str) -> FeatureSet {
    let query = &wanted.query;
    let layer = &query.layer;
    let fields = wanted.fields.iter().map(|field| FeatureField {
        column: field.column,
        name: field.name.clone(),
        kind: field.kind,
    });
    FeatureSet {
        name: layer.id.clone(),
        title: layer.title.get(language).to_owned(),
        fields: fields.collect(),
        geometry: query.with_geometry.then(|| layer.store.schema().geometry),
        is_swapped: FeatureSet::swaps(&query.crs),
        crs: query.crs.clone(),
        matched: Some(found.matched),
        returned: found.returned,
        links,
        time_stamp: jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
        schema: XmlSchema::default(),
    }
}

/// The features as a page: a map with their outlines, and a table.
fn people(
    service: &Service<'_>,
    request: &ApiRequest<'_>,
    address: &ApiAddress,
    wanted: Wanted,
    (found, links): (&Found, &[Link]),
    budget: &Budget,
) -> Result<Answer> {
    let layer = Arc::clone(&wanted.query.layer);
    let (writer, rows) = RowWriter::new(&wanted.fields, layer.label);
    let mut stream = FeatureStream::new(wanted.query, found, Box::new(writer))?;
    let mut nothing = Vec::new();
    while stream.pull(&mut nothing, budget)? == Rest::More {}
    let rows = rows.take();
    let site = &service.tiles.catalogue.site;
    let picture = site.offers(MapService::Wms);
    let picture = picture
        .then(|| picture::of(&rows, &layer, request.base))
        .flatten();
    let table = rows.into_iter().map(|row| {
        let address = ApiAddress::Item(layer.id.clone(), row.id.clone());
        let url = format!("{}{}?f=html", request.base, address.path());
        json!({ "id": row.id, "name": row.name, "url": url, "values": row.values })
    });
    let page = ItemsPage {
        path: address.path(),
        is_alone: matches!(address, ApiAddress::Item(..)),
        layer: &layer,
        fields: &wanted.fields,
        rows: table.collect(),
        picture,
        matched: found.matched,
        offset: found.offset,
        links,
    };
    let catalogue = service.tiles.catalogue;
    service
        .pages
        .items(catalogue, request.base, request.language, page)
}
