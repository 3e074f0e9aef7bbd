//! What a request for items asks for.

use std::sync::Arc;

use super::filter::{self, values};
use super::sort::sort;
use super::window::window;
use super::{Sent, View, datetime, page};
use crate::catalogue::{Layer, LayerField};
use crate::crs::Crs;
use crate::encode::feature::FeatureFormat;
use crate::error::{Error, Result, nearest};
use crate::operation::features::FeatureQuery;
use crate::protocol::ogcapi::Service;
use crate::protocol::ogcapi::collections::crs_of;
use crate::protocol::ogcapi::negotiation::{Offer, choose};
use crate::query::Filter;

/// Items of a page where `limit` does not say.
pub const DEFAULT_LIMIT: u64 = 10;
/// More than that is cut to it, as 17-069r4 §7.15.2 allows.
pub const MAX_LIMIT: u64 = 10_000_000;
/// Items of a page that a person reads.
const MAX_ROWS: u64 = 1_000;

/// The parameters of items that are no fields.
pub const PARAMETERS: [&str; 15] = [
    "f",
    "lang",
    "limit",
    "offset",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "filter",
    "filter-lang",
    "filter-crs",
    "sortby",
    "properties",
    "skipGeometry",
    page::SNAPSHOT,
];

/// Those of one item.
const OF_ITEM: [&str; 5] = ["f", "lang", "crs", "properties", "skipGeometry"];

/// The parameters of an address with those that choose of a format.
fn known(parameters: &[&'static str]) -> Vec<&'static str> {
    let options = View::options();
    let options = options.iter().map(|option| option.name);
    parameters.iter().copied().chain(options).collect()
}

/// A request that was read.
pub struct Wanted {
    pub query: FeatureQuery,
    /// Those given of each feature.
    pub fields: Vec<LayerField>,
}

/// The representation that is asked for.
///
/// # Errors
/// `InvalidFormat` for an `f` that there is not.
pub fn view(sent: &Sent<'_>, accept: &str) -> Result<View> {
    // most programs ask for JSON by its plain name
    let plain = [("geojson", "application/json")];
    let plain = plain.map(|(name, media_type)| {
        (
            Offer { name, media_type },
            View::Format(FeatureFormat::GeoJson),
        )
    });
    let all = View::all().map(|view| {
        let (name, media_type) = (view.name(), view.media_type());
        (Offer { name, media_type }, view)
    });
    let all: Vec<(Offer, View)> = all.chain(plain).collect();
    let offers: Vec<Offer> = all.iter().map(|(offer, _)| *offer).collect();
    let chosen = choose(sent.get("f")?, accept, &offers)?;
    let default = View::Format(FeatureFormat::GeoJson);
    Ok(all.get(chosen).map_or(default, |(_, view)| *view))
}

impl Wanted {
    /// Reads a request for a page of items.
    ///
    /// # Errors
    /// `InvalidParameter`, `InvalidCrs`, `InvalidFilter`; `SnapshotGone`.
    pub fn page(
        service: &Service<'_>,
        layer: &Arc<Layer>,
        sent: &Sent<'_>,
        view: View,
    ) -> Result<Wanted> {
        let mut query = FeatureQuery::all(layer);
        query.crs = crs(service, layer, sent, "crs")?;
        let most = match view {
            View::Page => MAX_ROWS,
            View::Format(_) => MAX_LIMIT,
        };
        let limit = sent.whole("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
        query.limit = Some(limit.min(most));
        query.offset = sent.whole("offset", 0)?.unwrap_or(0);
        let bbox_crs = crs(service, layer, sent, "bbox-crs")?;
        query.windows.extend(window(sent, bbox_crs)?);
        let filter_crs = crs(service, layer, sent, "filter-crs")?;
        let mut filters = values(sent, layer, &known(&PARAMETERS))?;
        if let Some(text) = sent.get("datetime")? {
            filters.extend(datetime::filter(text, layer)?);
        }
        filters.extend(filter::filter(sent, layer, filter_crs)?);
        query.filter = match filters.len() {
            0 | 1 => filters.pop(),
            _ => Some(Filter::And(filters)),
        };
        if let Some(text) = sent.get("sortby")? {
            query.sort = sort(text, layer)?;
        }
        let wanted = Wanted::of(query, layer, sent)?;
        page::check_snapshot(sent, layer)?;
        Ok(wanted)
    }

    /// Reads a request for one item.
    ///
    /// # Errors
    /// `InvalidParameter`, `InvalidCrs`.
    pub fn item(
        service: &Service<'_>,
        layer: &Arc<Layer>,
        id: &str,
        sent: &Sent<'_>,
    ) -> Result<Wanted> {
        sent.check(&known(&OF_ITEM))?;
        let mut query = FeatureQuery::all(layer);
        query.crs = crs(service, layer, sent, "crs")?;
        query.filter = Some(Filter::Ids(vec![id.to_owned()]));
        query.limit = Some(1);
        Wanted::of(query, layer, sent)
    }

    fn of(mut query: FeatureQuery, layer: &Layer, sent: &Sent<'_>) -> Result<Wanted> {
        query.with_geometry = match sent.get("skipGeometry")? {
            None | Some("false") => true,
            Some("true") => false,
            Some(other) => {
                let found: String = other.chars().take(80).collect();
                let message = format!("expected true or false, found {found:?}");
                return Err(Error::parameter("skipGeometry", message));
            }
        };
        let fields = match sent.get("properties")? {
            Some(names) => selected(names, layer)?,
            None => layer.fields.clone(),
        };
        Ok(Wanted { query, fields })
    }
}

/// The fields of `properties=a,b`, in the layer's order, which every feature keeps.
fn selected(names: &str, layer: &Layer) -> Result<Vec<LayerField>> {
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    for name in &names {
        if !layer.fields.iter().any(|field| field.name == *name) {
            let near = nearest(name, layer.fields.iter().map(|field| field.name.as_str()));
            let meant = near.map_or(String::new(), |near| format!(", did you mean {near:?}?"));
            let found: String = name.chars().take(80).collect();
            let message = format!("expected fields of the collection, found {found:?}{meant}");
            return Err(Error::parameter("properties", message));
        }
    }
    let fields = layer.fields.iter();
    let fields = fields.filter(|field| names.contains(&field.name.as_str()));
    Ok(fields.cloned().collect())
}

/// A CRS that the collection is offered in; CRS84 where none is asked for (18-058r1 §6.3).
fn crs(service: &Service<'_>, layer: &Layer, sent: &Sent<'_>, name: &str) -> Result<Crs> {
    let Some(text) = sent.get(name)? else {
        return Ok(Crs::crs84());
    };
    let offered = crs_of(service, Some(layer));
    let asked = Crs::parse(text).ok().filter(|crs| offered.contains(crs));
    asked.ok_or_else(|| {
        let found: String = text.chars().take(120).collect();
        let all: Vec<String> = offered.iter().map(Crs::uri).collect();
        let message = format!("expected one of {}, found {found:?}", all.join(", "));
        Error::parameter(name, message)
    })
}
