//! OGC API – Tiles Part 1 (20-057): lists of tile sets, each with its metadata (17-083r4 §6.2),
//! and the tiles.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::document::said;
use super::links::{JSON, link, ogc, template, to};
use super::negotiation::{Offer, choose};
use super::{
    ApiAddress, ApiRequest, DataKind, Service, TileData, TilePlace, check_parameters, frame,
};
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::encode::ImageFormat;
use crate::encode::xml::push_url_component;
use crate::error::{Error, Result};
use crate::feature::FieldType;
use crate::protocol::ows::Kvp;
use crate::protocol::tiles::{self, TileFormat, TileWish, TilesRequest, Wished};
use crate::tile::{TileAddress, TileMatrixSet, TileMatrixSets, TileRange};

pub(super) const CONFORMANCE: &[&str] = &[
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/collections-selection",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/png",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/jpeg",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/tilesetmetadata",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilesetmetadata",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixsetlimits",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixsetlimits",
];

/// The formats of tiles: what `f` calls them.
const VECTOR: [Offer; 1] = [Offer {
    name: "mvt",
    media_type: "application/vnd.mapbox-vector-tile",
}];
const PICTURES: [Offer; 3] = [
    Offer {
        name: "png",
        media_type: "image/png",
    },
    Offer {
        name: "jpeg",
        media_type: "image/jpeg",
    },
    Offer {
        name: "webp",
        media_type: "image/webp",
    },
];

fn offers(data: &TileData) -> &'static [Offer] {
    match data.kind {
        DataKind::Vector => &VECTOR,
        DataKind::Map => &PICTURES,
    }
}

/// Reads a tile's address and answers what needs no drawing.
///
/// # Errors
/// `LayerNotDefined`, `TileMatrixSetNotDefined`, `TileMatrixNotDefined`, `TileOutOfRange` for
/// what is not there; `InvalidParameter`, `InvalidFormat`, `LimitExceeded`.
pub fn prepare_tile(
    service: &Service<'_>,
    data: &TileData,
    place: &TilePlace,
    request: &TilesRequest<'_>,
    accept: &str,
) -> Result<Wished> {
    let kvp = Kvp::parse(request.query)?;
    let mut declared = vec!["F", "LANG", "EXPLAIN"];
    if data.collection.is_none() {
        declared.push("COLLECTIONS");
    }
    if data.is_map() {
        declared.extend(["WIDTH", "HEIGHT"]);
    }
    check_parameters(&kvp, &declared)?;
    let catalogue = service.tiles.catalogue;
    let layers = layers_of(service, data.collection.as_deref(), &kvp, request.base)?;
    let set = catalogue.site.tile_matrix_sets.get(&place.set)?;
    let offers = offers(data);
    let chosen = choose(kvp.get("F"), accept, offers)?;
    let format = offers
        .get(chosen)
        .and_then(|offer| TileFormat::of_media_type(offer.media_type))
        .unwrap_or(TileFormat::MVT);
    let column = number("tileCol", "column", &place.column)?;
    let row = number("tileRow", "row", &place.row)?;
    let address = set.address(&place.matrix, column, row)?;
    within_limits(service, &layers, set, address)?;
    let wish = TileWish {
        set: Arc::clone(set),
        address,
        pixel_ratio: pixel_ratio(&kvp, set, address)?,
        format,
        layers: tiles::styled(layers)?,
        archives: Vec::new(),
        with_points: false,
    };
    tiles::prepare_tile(&service.tiles, wish, kvp.get("EXPLAIN"), request)
}

/// `width` and `height` of a map tile: as its matrix has them, or twice (20-058 requirement 5).
fn pixel_ratio(kvp: &Kvp, set: &TileMatrixSet, address: TileAddress) -> Result<u32> {
    let Some(matrix) = set.matrices().get(address.matrix) else {
        return Ok(1);
    };
    let sides = [("WIDTH", matrix.tile_width), ("HEIGHT", matrix.tile_height)];
    let mut found = None;
    for (name, own) in sides {
        let Some(stated) = frame::stated(kvp, name)? else {
            continue;
        };
        let ratio = [1, 2]
            .into_iter()
            .find(|ratio| f64::from(*ratio) * f64::from(own) == stated)
            .filter(|ratio| found.is_none_or(|other| other == *ratio));
        let Some(ratio) = ratio else {
            let twice = own.saturating_mul(2);
            let message = format!("expected {own} or {twice}, as the other side, found {stated}");
            return Err(Error::parameter(name.to_lowercase(), message));
        };
        found = Some(ratio);
    }
    Ok(found.unwrap_or(1))
}

/// A tile beyond the limits that the tile set tells is no tile of it (20-057 requirement 6 A).
fn within_limits(
    service: &Service<'_>,
    layers: &[Arc<Layer>],
    set: &TileMatrixSet,
    address: TileAddress,
) -> Result<()> {
    let catalogue = service.tiles.catalogue;
    let Some(matrix) = set.matrices().get(address.matrix) else {
        return Ok(());
    };
    let Some(limits) = service.reach.range(catalogue, layers, set, matrix) else {
        // what is nowhere, as a layer without features, has no limits either
        return Ok(());
    };
    let out = |axis, value: u32, min, max| Error::TileOutOfRange {
        axis,
        value: value.to_string(),
        min,
        max,
    };
    let TileAddress { column, row, .. } = address;
    if !(limits.min_row..=limits.max_row).contains(&row) {
        return Err(out("row", row, limits.min_row, limits.max_row));
    }
    if !(limits.min_column..=limits.max_column).contains(&column) {
        return Err(out("column", column, limits.min_column, limits.max_column));
    }
    Ok(())
}

/// A column or a row; a number that no matrix has is outside of all.
fn number(name: &'static str, axis: &'static str, text: &str) -> Result<u32> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let found: String = text.chars().take(40).collect();
        let message = format!("expected a whole number, found {found:?}");
        return Err(Error::parameter(name, message));
    }
    text.parse().map_err(|_| Error::TileOutOfRange {
        axis,
        value: text.chars().take(40).collect(),
        min: 0,
        max: u32::MAX,
    })
}

/// The layers of a collection, of `collections=`, or of the whole site; bottom to top.
pub(super) fn layers_of(
    service: &Service<'_>,
    collection: Option<&str>,
    kvp: &Kvp,
    base: &str,
) -> Result<Vec<Arc<Layer>>> {
    let catalogue = service.tiles.catalogue;
    // an id, or the whole address of a collection of this site
    let id = |name: &str| -> String {
        let own = name.trim().strip_prefix(base);
        let own = own.and_then(|path| path.strip_prefix("/collections/"));
        own.unwrap_or(name).to_owned()
    };
    match (collection, kvp.get("COLLECTIONS")) {
        (Some(id), _) => Ok(vec![Arc::clone(catalogue.layer(id)?)]),
        (None, Some(names)) => {
            let ids: Vec<String> = names.split(',').map(id).collect();
            tiles::layers_of(&service.tiles, &ids.join(",")).map_err(|error| match error {
                // the address is right, the parameter is not
                Error::LayerNotDefined { .. } => Error::parameter("collections", error.to_string()),
                other => other,
            })
        }
        (None, None) => {
            let layers = catalogue.whole();
            let limit = u64::from(service.tiles.limits.layers);
            let found = layers.len() as u64;
            match found > limit {
                true => Err(Error::LimitExceeded {
                    what: "the number of layers in a tile",
                    limit,
                    found,
                }),
                false => Ok(layers),
            }
        }
    }
}

/// The tile sets of some data: one for each tile matrix set.
pub(super) fn list(
    service: &Service<'_>,
    data: &TileData,
    base: &str,
    language: &str,
) -> Result<Value> {
    let catalogue = service.tiles.catalogue;
    let title = title(service, data, language)?;
    let sets: Vec<Value> = catalogue
        .site
        .tile_matrix_sets
        .all()
        .iter()
        .map(|set| {
            let mut item = head(data, set, &title);
            // each can be followed: where the tiles are is told by the tile set
            item.insert("links".into(), json!(own_links(data, set, base)));
            Value::Object(item)
        })
        .collect();
    Ok(json!({
        "title": title,
        "links": [to(base, &ApiAddress::TileMatrixSets, &ogc("tiling-schemes"), "Tile matrix sets")],
        "tilesets": sets,
    }))
}

/// What a tile set is of, in words.
fn title(service: &Service<'_>, data: &TileData, language: &str) -> Result<String> {
    let catalogue = service.tiles.catalogue;
    let of = match &data.collection {
        None => catalogue.site.title.get(language),
        Some(id) => catalogue.layer(id)?.title.get(language),
    };
    Ok(match data.kind {
        DataKind::Vector => of.to_owned(),
        DataKind::Map => format!("{of} – {}", said(language, "carte", "map")),
    })
}

/// What a list and the metadata say of a tile set.
fn head(data: &TileData, set: &TileMatrixSet, title: &str) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("title", json!(format!("{title} ({})", set.id())));
    let data_type = match data.kind {
        DataKind::Vector => "vector",
        DataKind::Map => "map",
    };
    put("dataType", json!(data_type));
    put("crs", json!(set.crs.uri()));
    put("tileMatrixSetId", json!(set.id()));
    // only a set of the register has an address that others know
    if let Some(uri) = &set.text.uri {
        put("tileMatrixSetURI", json!(uri));
    }
    out
}

/// The documents of a tile set.
fn own_links(data: &TileData, set: &TileMatrixSet, base: &str) -> Vec<Value> {
    let own = ApiAddress::TileSet(data.clone(), set.id().to_owned());
    let scheme = ApiAddress::TileMatrixSet(set.id().to_owned());
    vec![
        to(base, &own, "self", "Tile set"),
        to(base, &scheme, &ogc("tiling-scheme"), set.id()),
    ]
}

/// The links of a tile set, its tiles too; `more` is what their addresses have behind `f`.
fn links(data: &TileData, set: &TileMatrixSet, base: &str, more: &str) -> Vec<Value> {
    let mut links = own_links(data, set, base);
    let path = ApiAddress::TileSet(data.clone(), set.id().to_owned()).path();
    for offer in offers(data) {
        links.push(template(
            format!(
                "{base}{path}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f={}{more}",
                offer.name
            ),
            "item",
            offer.media_type,
            "Tiles",
        ));
    }
    links
}

/// The metadata of one tile set.
pub(super) fn one(
    service: &Service<'_>,
    data: &TileData,
    id: &str,
    kvp: &Kvp,
    request: &ApiRequest<'_>,
) -> Result<Value> {
    let catalogue = service.tiles.catalogue;
    let set = catalogue.site.tile_matrix_sets.get(id)?;
    let layers = layers_of(service, data.collection.as_deref(), kvp, request.base)?;
    let title = title(service, data, request.language)?;
    let mut out = head(data, set, &title);
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    let around = layers.iter().filter_map(|layer| layer.extent_lonlat);
    if let Some(around) = around.reduce(|all, one| all.union(&one)) {
        put(
            "boundingBox",
            json!({
                "lowerLeft": [around.min_x, around.min_y],
                "upperRight": [around.max_x, around.max_y],
                "crs": Crs::crs84().uri(),
                "orderedAxes": ["Lon", "Lat"],
            }),
        );
    }
    let limits = service.reach.limits(catalogue, &layers, set);
    let limits: Vec<Value> = set
        .matrices()
        .iter()
        .zip(&limits)
        .filter_map(|(matrix, range)| Some(limit(&matrix.id, range.as_ref()?)))
        .collect();
    put("tileMatrixSetLimits", json!(limits));
    if !data.is_map() {
        let described: Vec<Value> = layers
            .iter()
            .map(|layer| vector_layer(layer, request.language))
            .collect();
        put("layers", json!(described));
    }
    let more = selection(data, kvp);
    let mut links = links(data, set, request.base, &more);
    // `self` is added for the representation that is sent
    links.retain(|link| link.get("rel") != Some(&json!("self")));
    if set.is_web() {
        let path = ApiAddress::TileSet(data.clone(), id.to_owned()).path();
        links.push(link(
            format!("{}{path}?f=tilejson{more}", request.base),
            "alternate",
            JSON,
            "TileJSON 3.0",
        ));
    }
    put("links", json!(links));
    Ok(Value::Object(out))
}

/// The selected collections as part of an address.
fn selection(data: &TileData, kvp: &Kvp) -> String {
    let mut more = String::new();
    if let (Some(names), None) = (kvp.get("COLLECTIONS"), &data.collection) {
        more.push_str("&collections=");
        push_url_component(&mut more, names);
    }
    more
}

fn limit(matrix: &str, range: &TileRange) -> Value {
    json!({
        "tileMatrix": matrix,
        "minTileRow": range.min_row,
        "maxTileRow": range.max_row,
        "minTileCol": range.min_column,
        "maxTileCol": range.max_column,
    })
}

/// A layer of vector tiles with its fields as JSON Schema (17-083r4 §6.2.2).
fn vector_layer(layer: &Layer, language: &str) -> Value {
    let properties: Map<String, Value> = layer
        .fields
        .iter()
        .filter_map(|field| {
            let kind = match field.kind {
                FieldType::Bool => "boolean",
                FieldType::Integer | FieldType::Long => "integer",
                FieldType::Float => "number",
                FieldType::Text | FieldType::Date | FieldType::DateTime | FieldType::Json => {
                    "string"
                }
                FieldType::Binary => return None,
            };
            Some((field.name.clone(), json!({ "type": kind })))
        })
        .collect();
    let mut out = json!({
        "id": layer.id,
        "title": layer.title.get(language),
        "dataType": "vector",
        "propertiesSchema": { "type": "object", "properties": properties },
    });
    if let (Some(dimension), Value::Object(members)) =
        (layer.store.schema().geometry.dimension(), &mut out)
    {
        members.insert("geometryDimension".into(), json!(dimension));
    }
    out
}

/// The TileJSON of a tile set of web maps.
///
/// # Errors
/// `InvalidFormat` for another tile matrix set: TileJSON knows none.
pub(super) fn tilejson(
    service: &Service<'_>,
    data: &TileData,
    id: &str,
    kvp: &Kvp,
    request: &ApiRequest<'_>,
) -> Result<Value> {
    let set = service.tiles.catalogue.site.tile_matrix_sets.get(id)?;
    if !set.is_web() {
        return Err(Error::InvalidFormat {
            format: "tilejson".into(),
            expected: format!(
                "json, html: TileJSON can tell no tiles but those that lie as in {}, the grid of \
                 these is at {}/tileMatrixSets/{}",
                TileMatrixSets::WEB,
                request.base,
                set.id()
            ),
        });
    }
    let layers = layers_of(service, data.collection.as_deref(), kvp, request.base)?;
    let path = ApiAddress::TileSet(data.clone(), id.to_owned()).path();
    let (f, format) = match data.kind {
        DataKind::Vector => ("mvt", TileFormat::MVT),
        DataKind::Map => ("png", TileFormat::Image(ImageFormat::Png)),
    };
    let more = selection(data, kvp);
    let template = format!("{}{path}/{{z}}/{{y}}/{{x}}?f={f}{more}", request.base);
    Ok(tiles::tilejson(
        &layers,
        &template,
        format,
        request.language,
    ))
}

/// Every tile matrix set.
pub(super) fn matrix_sets(service: &Service<'_>, base: &str) -> Value {
    let sets = service.tiles.catalogue.site.tile_matrix_sets.all();
    let sets: Vec<Value> = sets
        .iter()
        .map(|set| {
            let address = ApiAddress::TileMatrixSet(set.id().to_owned());
            let mut out = Map::new();
            let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
            put("id", json!(set.id()));
            if let Some(title) = &set.text.title {
                put("title", json!(title));
            }
            if let Some(uri) = &set.text.uri {
                put("uri", json!(uri));
            }
            put("crs", json!(set.crs.uri()));
            // `self` by 17-083r4, `item` as the links of other lists
            let links = ["self", "item"].map(|rel| to(base, &address, rel, set.id()));
            put("links", json!(links));
            Value::Object(out)
        })
        .collect();
    json!({ "links": [], "tileMatrixSets": sets })
}
