//! OGC API – Features Part 1 (17-069r4) and Part 2 (18-058r1): items of a collection.

use std::sync::Arc;

use super::ApiAddress;
use super::negotiation::{Offer, choose};
use super::{ApiRequest, Service, check_parameters};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::encode::feature::{FeatureField, FeatureFormat, FeatureSet, Link, XmlSchema};
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::operation::Studio;
use crate::operation::features::{FeatureQuery, Found, Window};
use crate::protocol::ows::Kvp;
use crate::protocol::{Answer, wfs};
use crate::query::Filter;

/// Items of a page where `limit` does not say.
pub const DEFAULT_LIMIT: u64 = 10;
/// More than that is cut to it, as 17-069r4 §7.15.2 allows.
pub const MAX_LIMIT: u64 = 10_000_000;

const DECLARED: &[&str] = &["F", "LANG", "LIMIT", "OFFSET", "BBOX", "BBOX-CRS", "CRS"];

/// A page of items, or one item.
///
/// # Errors
/// `LayerNotDefined`, `InvalidParameter`, `InvalidCrs`, `InvalidFormat`; `FeatureNotFound`.
pub fn items(
    service: &Service<'_>,
    address: &ApiAddress,
    request: &ApiRequest<'_>,
    studio: &Studio,
    budget: &Budget,
) -> Result<Answer> {
    let kvp = Kvp::parse(request.query)?;
    let (id, item) = match address {
        ApiAddress::Items(id) => (id, None),
        ApiAddress::Item(id, item) => (id, Some(item)),
        other => return Err(Error::NotFound { path: other.path() }),
    };
    let layer = service.tiles.catalogue.layer(id)?;
    let offers = FeatureFormat::ALL.map(|f| Offer {
        name: f.name(),
        media_type: f.media_type(),
    });
    let chosen = choose(kvp.get("F"), request.accept, &offers)?;
    let format = FeatureFormat::ALL
        .get(chosen)
        .copied()
        .unwrap_or(FeatureFormat::GeoJson);
    let options: Vec<String> = format
        .options()
        .iter()
        .map(|o| o.name.to_uppercase())
        .collect();
    let mut declared: Vec<&str> = options.iter().map(String::as_str).collect();
    declared.extend(if item.is_some() {
        &["F", "LANG", "CRS"]
    } else {
        DECLARED
    });
    check_parameters(&kvp, &declared)?;
    let format = with_options(format, &kvp)?;
    let mut query = FeatureQuery::all(layer);
    let crs = kvp
        .get("CRS")
        .map_or_else(|| Ok(Crs::crs84()), Crs::parse)?;
    query.crs = format.crs(&crs);
    match item {
        Some(item) => query.filter = Some(Filter::Ids(vec![item.clone()])),
        None => {
            query.limit = Some(
                whole(&kvp, "LIMIT", 1)?
                    .unwrap_or(DEFAULT_LIMIT)
                    .min(MAX_LIMIT),
            );
            query.offset = whole(&kvp, "OFFSET", 0)?.unwrap_or(0);
            query.windows.extend(window(&kvp)?);
        }
    }
    let found = studio.features(&query, budget)?;
    if let Some(item) = item
        && found.matched == 0
    {
        return Err(Error::NotFound {
            path: ApiAddress::Item(id.clone(), item.clone()).path(),
        });
    }
    let links = links(address, &kvp, request, &query, &found);
    let mut set = set(layer, &query, &found, links);
    set.schema = wfs::xml_schema(service.tiles.catalogue, layer, request.base);
    let crs = format!("<{}>", query.crs.uri());
    let pieces = match item {
        Some(_) => studio.feature_as(format, query, &found, set)?,
        None => studio.features_as(format, query, &found, set)?,
    };
    let mut answer = Answer::stream(format.media_type(), pieces, budget)?;
    if let Some(disposition) = format.disposition(id) {
        answer = answer.with_header("content-disposition", disposition);
    }
    Ok(answer.with_header("content-crs", crs))
}

/// The format with what was chosen of it.
fn with_options(format: FeatureFormat, kvp: &Kvp) -> Result<FeatureFormat> {
    let mut format = format;
    for option in format.options() {
        if let Some(value) = kvp.get(&option.name.to_uppercase()) {
            format = format.with_option(option.name, value)?.unwrap_or(format);
        }
    }
    Ok(format)
}

/// What the writer is told.
fn set(layer: &Arc<Layer>, query: &FeatureQuery, found: &Found, links: Vec<Link>) -> FeatureSet {
    let fields = layer.fields.iter().map(|field| FeatureField {
        column: field.column,
        name: field.name.clone(),
        kind: field.kind,
    });
    FeatureSet {
        name: layer.id.clone(),
        title: layer.title.default_text().to_owned(),
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

/// This page, the next and the one before, with every parameter that was given (clients.md A4).
fn links(
    address: &ApiAddress,
    kvp: &Kvp,
    request: &ApiRequest<'_>,
    query: &FeatureQuery,
    found: &Found,
) -> Vec<Link> {
    let path = format!("{}{}", request.base, address.path());
    let page = |offset: Option<u64>| {
        let mut href = path.clone();
        let mut glue = '?';
        for (name, value) in kvp.pairs().filter(|(name, _)| *name != "OFFSET") {
            href.push(glue);
            glue = '&';
            href.push_str(&name.to_lowercase());
            href.push('=');
            crate::encode::xml::push_url_component(&mut href, value);
        }
        if let Some(offset) = offset {
            href.push(glue);
            href.push_str(&format!("offset={offset}"));
        }
        href
    };
    let json = FeatureFormat::GeoJson.media_type();
    let link = |rel, offset, title: &str| Link {
        href: page(offset),
        rel,
        media_type: json,
        title: title.to_owned(),
    };
    let here = (found.offset > 0).then_some(found.offset);
    let mut links = vec![link("self", here, "This page")];
    let after = found.offset.saturating_add(found.returned);
    if after < found.matched && found.returned > 0 {
        links.push(link("next", Some(after), "Next page"));
    }
    if found.offset > 0 {
        let before = found
            .offset
            .saturating_sub(query.limit.unwrap_or(DEFAULT_LIMIT));
        links.push(link(
            "prev",
            Some(before).filter(|o| *o > 0),
            "Previous page",
        ));
    }
    links
}

fn whole(kvp: &Kvp, name: &str, least: u64) -> Result<Option<u64>> {
    let Some(text) = kvp.get(name) else {
        return Ok(None);
    };
    match text.trim().parse::<u64>() {
        Ok(number) if number >= least => Ok(Some(number)),
        _ => Err(Error::parameter(
            name.to_lowercase(),
            format!("expected a whole number from {least}, found {text:?}"),
        )),
    }
}

/// `bbox` with 4 or 6 numbers, in the axis order of `bbox-crs`.
fn window(kvp: &Kvp) -> Result<Option<Window>> {
    let crs = kvp
        .get("BBOX-CRS")
        .map_or_else(|| Ok(Crs::crs84()), Crs::parse)?;
    let Some(text) = kvp.get("BBOX") else {
        return Ok(None);
    };
    let wrong = || {
        Error::parameter(
            "bbox",
            format!("expected 4 or 6 numbers, lower corner first, found {text:?}"),
        )
    };
    let numbers: Vec<f64> = text
        .split(',')
        .map(|n| n.trim().parse::<f64>().ok().filter(|n| n.is_finite()))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    let [a, b, c, d] = match *numbers.as_slice() {
        [a, b, c, d] | [a, b, _, c, d, _] => [a, b, c, d],
        _ => return Err(wrong()),
    };
    let [min_x, min_y] = crs.axis_order.reorder([a, b]);
    let [max_x, max_y] = crs.axis_order.reorder([c, d]);
    let is_geographic = crs.kind == crate::crs::CrsKind::Geographic;
    let boxes = if min_x > max_x && is_geographic {
        // across the antimeridian (RFC 7946 §5.2)
        vec![(min_x, 180.0), (-180.0, max_x)]
    } else {
        vec![(min_x, max_x)]
    };
    let boxes = boxes
        .into_iter()
        .map(|(min_x, max_x)| Bbox::new(min_x, min_y, max_x, max_y).ok_or_else(wrong))
        .collect::<Result<_>>()?;
    Ok(Some(Window { boxes, crs }))
}
