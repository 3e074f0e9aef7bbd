//! The description of the API (OpenAPI 3.0.3). All in one document: clients that work offline
//! can't follow references to elsewhere.

use serde_json::{Map, Value, json};

use super::document::said;
use super::links::OPENAPI;
use super::{Service, features};
use crate::catalogue::map::MapService;
use crate::encode::mvt;
use crate::protocol::maplibre::STYLE_MEDIA_TYPE;

pub(super) const CONFORMANCE: &[&str] =
    &["http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30"];

/// Ids that are listed in the document; of more, clients ask `/collections`.
const MAX_LISTED: usize = 500;

/// A resource: path, operation, French and English summary, tag, parameters, media types of 200.
type Resource = (
    &'static str,
    &'static str,
    [&'static str; 2],
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const DOCUMENTS: &[&str] = &["application/json", "text/html"];
const PICTURES: &[&str] = &["image/png", "image/jpeg", "image/webp"];
const VECTOR: &[&str] = &[mvt::MEDIA_TYPE];
const STYLE: &[&str] = &[
    STYLE_MEDIA_TYPE,
    "application/vnd.ogc.sld+xml;version=1.1",
    "application/vnd.ogc.sld+xml;version=1.0",
    "text/html",
];
const MAP: &[&str] = &[
    "bbox",
    "bbox-crs",
    "center",
    "center-crs",
    "subset",
    "subset-crs",
    "crs",
    "width",
    "height",
    "scale-denominator",
    "mm-per-pixel",
    "transparent",
    "bgcolor",
    "fMap",
    "lang",
    "explain",
];
const DATASET_MAP: &[&str] = &[
    "collections",
    "bbox",
    "bbox-crs",
    "center",
    "center-crs",
    "subset",
    "subset-crs",
    "crs",
    "width",
    "height",
    "scale-denominator",
    "mm-per-pixel",
    "transparent",
    "bgcolor",
    "fMap",
    "lang",
    "explain",
];

#[rustfmt::skip]
const RESOURCES: &[Resource] = &[
    ("/", "getLandingPage", ["Page d’accueil", "Landing page"], "Capabilities", &["f", "lang", "q"], DOCUMENTS),
    ("/conformance", "getConformance", ["Classes de conformité", "Conformance classes"], "Capabilities", &["f", "lang"], DOCUMENTS),
    ("/api", "getApi", ["Ce document", "This document"], "Capabilities", &["f", "lang"], &[OPENAPI, "text/html"]),
    ("/collections", "getCollections", ["Toutes les couches", "Every layer"], "Collections", &["f", "lang", "limitCollections", "offset", "qCollections", "bbox"], DOCUMENTS),
    ("/collections/{collectionId}", "getCollection", ["Une couche", "One layer"], "Collections", &["collectionId", "f", "lang"], DOCUMENTS),
    ("/tileMatrixSets", "getTileMatrixSetsList", ["Découpages en tuiles", "Tile matrix sets"], "Tiles", &["f", "lang"], DOCUMENTS),
    ("/tileMatrixSets/{tileMatrixSetId}", "getTileMatrixSet", ["Un découpage", "One tile matrix set"], "Tiles", &["tileMatrixSetId", "f", "lang"], DOCUMENTS),
    ("/tiles", ".dataset.vector.getTileSetsList", ["Jeux de tuiles vectorielles du site", "Vector tile sets of the site"], "Tiles", &["f", "lang"], DOCUMENTS),
    ("/tiles/{tileMatrixSetId}", ".dataset.vector.getTileSet", ["Un jeu de tuiles vectorielles du site", "One vector tile set of the site"], "Tiles", &["tileMatrixSetId", "collections", "fTileSet", "lang"], DOCUMENTS),
    ("/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", ".dataset.vector.getTile", ["Une tuile vectorielle du site", "One vector tile of the site"], "Tiles", &["tileMatrixSetId", "tileMatrix", "tileRow", "tileCol", "collections", "fVector", "lang", "explain"], VECTOR),
    ("/map/tiles", ".dataset.map.getTileSetsList", ["Jeux de tuiles de la carte du site", "Map tile sets of the site"], "Tiles", &["f", "lang"], DOCUMENTS),
    ("/map/tiles/{tileMatrixSetId}", ".dataset.map.getTileSet", ["Un jeu de tuiles de la carte du site", "One map tile set of the site"], "Tiles", &["tileMatrixSetId", "collections", "fTileSet", "lang"], DOCUMENTS),
    ("/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", ".dataset.map.getTile", ["Une tuile de la carte du site", "One map tile of the site"], "Tiles", &["tileMatrixSetId", "tileMatrix", "tileRow", "tileCol", "collections", "width", "height", "fPicture", "lang", "explain"], PICTURES),
    ("/collections/{collectionId}/tiles", ".collection.vector.getTileSetsList", ["Jeux de tuiles vectorielles d’une couche", "Vector tile sets of a layer"], "Tiles", &["collectionId", "f", "lang"], DOCUMENTS),
    ("/collections/{collectionId}/tiles/{tileMatrixSetId}", ".collection.vector.getTileSet", ["Un jeu de tuiles vectorielles d’une couche", "One vector tile set of a layer"], "Tiles", &["collectionId", "tileMatrixSetId", "fTileSet", "lang"], DOCUMENTS),
    ("/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", ".collection.vector.getTile", ["Une tuile vectorielle d’une couche", "One vector tile of a layer"], "Tiles", &["collectionId", "tileMatrixSetId", "tileMatrix", "tileRow", "tileCol", "fVector", "lang", "explain"], VECTOR),
    ("/collections/{collectionId}/map/tiles", ".collection.map.getTileSetsList", ["Jeux de tuiles de la carte d’une couche", "Map tile sets of a layer"], "Tiles", &["collectionId", "f", "lang"], DOCUMENTS),
    ("/collections/{collectionId}/map/tiles/{tileMatrixSetId}", ".collection.map.getTileSet", ["Un jeu de tuiles de la carte d’une couche", "One map tile set of a layer"], "Tiles", &["collectionId", "tileMatrixSetId", "fTileSet", "lang"], DOCUMENTS),
    ("/collections/{collectionId}/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", ".collection.map.getTile", ["Une tuile de la carte d’une couche", "One map tile of a layer"], "Tiles", &["collectionId", "tileMatrixSetId", "tileMatrix", "tileRow", "tileCol", "width", "height", "fPicture", "lang", "explain"], PICTURES),
    ("/map", ".dataset.getMap", ["La carte du site", "The map of the site"], "Maps", DATASET_MAP, PICTURES),
    ("/collections/{collectionId}/map", ".collection.getMap", ["La carte d’une couche", "The map of a layer"], "Maps", &["collectionId"], PICTURES),
    ("/styles/{styleId}/map", ".style.getMap", ["La carte d’un style", "The map of a style"], "Maps", &["styleId"], PICTURES),
    ("/styles", "getStyles", ["Tous les styles", "Every style"], "Styles", &["f", "lang"], DOCUMENTS),
    ("/styles/{styleId}", "getStyle", ["Un style", "One style"], "Styles", &["styleId", "fStyle", "lang"], STYLE),
    ("/styles/{styleId}/metadata", "getStyleMetadata", ["Ce que l’on sait d’un style", "What is known of a style"], "Styles", &["styleId", "f", "lang"], DOCUMENTS),
];

/// The document.
pub(super) fn document(service: &Service<'_>, base: &str, language: &str) -> Value {
    let site = &service.tiles.catalogue.site;
    let mut paths = Map::new();
    for resource in RESOURCES {
        paths.insert(resource.0.to_owned(), path(resource, language));
        if resource.0 == "/collections/{collectionId}" {
            paths.extend(features::openapi::paths(service.tiles.catalogue, language));
        }
    }
    let title = match site.title.get(language) {
        "" => "cartotheque",
        title => title,
    };
    let mut info = json!({
        "title": title,
        "description": site.abstract_.get(language),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let contact = &site.contact;
    if let (false, Value::Object(info)) = (contact.organisation.is_empty(), &mut info) {
        let mut who = json!({ "name": contact.organisation });
        if let (Some(email), Value::Object(who)) = (&contact.email, &mut who) {
            who.insert("email".into(), json!(email));
        }
        info.insert("contact".into(), who);
    }
    paths.retain(|path, _| site.offers_address("", path));
    let tags = [
        ("Capabilities", None),
        ("Collections", None),
        ("Features", Some(MapService::Features)),
        ("Tiles", Some(MapService::Tiles)),
        ("Maps", Some(MapService::Wms)),
        ("Styles", Some(MapService::Tiles)),
    ];
    let tags = tags
        .into_iter()
        .filter(|(_, service)| service.is_none_or(|s| site.offers(s)));
    let tags: Vec<Value> = tags.map(|(name, _)| json!({ "name": name })).collect();
    let mut schemas = features::openapi::schemas();
    schemas.insert("problem".into(), problem());
    json!({
        "openapi": "3.0.3",
        "info": info,
        "servers": [{ "url": base }],
        "tags": tags,
        "paths": paths,
        "components": {
            "parameters": parameters(service, language),
            "schemas": schemas,
            "responses": responses(language),
        },
    })
}

fn path(
    (path, operation, [french, english], tag, parameters, media_types): &Resource,
    language: &str,
) -> Value {
    let more: &[&str] = match *operation {
        ".collection.getMap" | ".style.getMap" => MAP,
        _ => &[],
    };
    let explained: &[&str] = match parameters.iter().chain(more).any(|name| *name == "explain") {
        true => DOCUMENTS,
        false => &[],
    };
    let content: Map<String, Value> = media_types
        .iter()
        .chain(explained)
        .map(|media_type| ((*media_type).to_owned(), schema_of(media_type)))
        .collect();
    let refer = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
    let parameters: Vec<Value> = parameters.iter().chain(more).map(refer).collect();
    let mut responses = Map::new();
    responses.insert(
        "200".into(),
        json!({ "description": said(language, "La réponse", "The answer"), "content": content }),
    );
    if *media_types == VECTOR {
        let empty = said(language, "Une tuile sans objet", "A tile without features");
        responses.insert("204".into(), json!({ "description": empty }));
    }
    for (status, name) in [("400", "invalid"), ("404", "notFound"), ("503", "busy")] {
        if status != "404" || path.contains('{') {
            let reference = format!("#/components/responses/{name}");
            responses.insert(status.into(), json!({ "$ref": reference }));
        }
    }
    json!({
        "get": {
            "tags": [tag],
            "operationId": operation,
            "summary": said(language, french, english),
            "parameters": parameters,
            "responses": responses,
        }
    })
}

fn schema_of(media_type: &str) -> Value {
    if media_type.starts_with("image/") || media_type == mvt::MEDIA_TYPE {
        return json!({ "schema": { "type": "string", "format": "binary" } });
    }
    if media_type.contains("json") {
        return json!({ "schema": { "type": "object" } });
    }
    json!({ "schema": { "type": "string" } })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["title"],
        "properties": {
            "type": { "type": "string" },
            "status": { "type": "integer" },
            "title": { "type": "string" },
        },
    })
}

fn responses(language: &str) -> Value {
    let answer = |french: &str, english: &str| {
        let schema = json!({ "$ref": "#/components/schemas/problem" });
        json!({
            "description": said(language, french, english),
            "content": {
                "application/problem+json": { "schema": schema },
                "text/html": { "schema": { "type": "string" } },
            },
        })
    };
    json!({
        "invalid": answer("Un paramètre inconnu ou faux", "A parameter that is unknown or wrong"),
        "notFound": answer("Il n’y a rien à cette adresse", "There is nothing at this address"),
        "changed": answer(
            "Les données ont changé depuis la première page",
            "The data changed since the first page",
        ),
        "busy": answer("Trop de requêtes à la fois", "Too many requests at once"),
    })
}

fn parameters(service: &Service<'_>, language: &str) -> Value {
    let catalogue = service.tiles.catalogue;
    let query = |name: &str, schema: Value| {
        json!({ "name": name, "in": "query", "required": false, "style": "form",
                "explode": false, "schema": schema })
    };
    let path = |name: &str, schema: Value| json!({ "name": name, "in": "path", "required": true, "schema": schema });
    let one_of = |names: &[&str]| json!({ "type": "string", "enum": names });
    let mut ids = json!({ "type": "string" });
    if let (true, Value::Object(ids)) = (catalogue.layers.len() <= MAX_LISTED, &mut ids) {
        let all: Vec<&str> = catalogue.layers.iter().map(|l| l.id.as_str()).collect();
        if !all.is_empty() {
            ids.insert("enum".into(), json!(all));
        }
    }
    let sets = catalogue.site.tile_matrix_sets.all();
    let sets: Vec<&str> = sets.iter().map(|set| set.id()).collect();
    let languages: Vec<&str> = catalogue
        .site
        .languages
        .iter()
        .map(String::as_str)
        .collect();
    let limits = service.tiles.limits;
    let pixels = |max: u32| json!({ "type": "integer", "minimum": 1, "maximum": max });
    let uri = json!({ "type": "string" });
    let index = json!({ "type": "integer", "minimum": 0 });
    let bbox = json!({ "type": "array", "minItems": 4, "maxItems": 6,
                       "items": { "type": "number" } });
    let mut all = json!({
        "collectionId": path("collectionId", ids),
        "tileMatrixSetId": path("tileMatrixSetId", one_of(&sets)),
        "tileMatrix": path("tileMatrix", json!({ "type": "string" })),
        "tileRow": path("tileRow", index.clone()),
        "tileCol": path("tileCol", index),
        "styleId": path("styleId", json!({ "type": "string" })),
        "f": query("f", one_of(&["json", "html"])),
        "fTileSet": query("f", one_of(&["json", "html", "tilejson"])),
        "fVector": query("f", one_of(&["mvt"])),
        "fPicture": query("f", one_of(&["png", "jpeg", "webp"])),
        "fMap": query("f", one_of(&["png", "jpeg", "webp", "png8"])),
        "fStyle": query("f", one_of(&["mapbox", "sld11", "sld10", "html"])),
        "lang": query("lang", match languages.is_empty() {
            true => json!({ "type": "string" }),
            false => one_of(&languages),
        }),
        "q": query("q", json!({ "type": "string" })),
        "explain": query("explain", one_of(&["json", "html"])),
        "collections": query("collections", json!({
            "type": "array", "items": { "type": "string" }
        })),
        "bbox": query("bbox", bbox),
        "bbox-crs": query("bbox-crs", uri.clone()),
        "center": query("center", json!({
            "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "number" }
        })),
        "center-crs": query("center-crs", uri.clone()),
        "subset": query("subset", json!({ "type": "array", "items": { "type": "string" } })),
        "subset-crs": query("subset-crs", uri.clone()),
        "scale-denominator": query("scale-denominator", json!({
            "type": "number", "minimum": 0, "exclusiveMinimum": true
        })),
        "mm-per-pixel": query("mm-per-pixel", json!({
            "type": "number", "minimum": 0.01, "maximum": 10, "default": 0.28
        })),
        "crs": query("crs", uri),
        "width": query("width", pixels(limits.width)),
        "height": query("height", pixels(limits.height)),
        "transparent": query("transparent", json!({ "type": "boolean" })),
        "bgcolor": query("bgcolor", json!({ "type": "string" })),
    });
    for (name, french, english) in [
        (
            "f",
            "La représentation ; sinon l’en-tête Accept choisit",
            "The representation; else the Accept header chooses",
        ),
        ("lang", "La langue des textes", "The language of texts"),
        (
            "explain",
            "Au lieu de la réponse, comment elle se fait",
            "Instead of the answer, how it comes about",
        ),
        (
            "collections",
            "Les couches ou groupes, du dessous au dessus",
            "The layers or groups, bottom to top",
        ),
        (
            "bbox",
            "Le rectangle, dans l’ordre des axes de bbox-crs",
            "The box, in the axis order of bbox-crs",
        ),
        (
            "bbox-crs",
            "Le système de coordonnées de bbox ; CRS84 par défaut",
            "The coordinate system of bbox; default CRS84",
        ),
        (
            "center",
            "Le milieu de la carte, dans l’ordre des axes de center-crs",
            "The middle of the map, in the axis order of center-crs",
        ),
        (
            "center-crs",
            "Le système de coordonnées de center ; CRS84 par défaut",
            "The coordinate system of center; default CRS84",
        ),
        (
            "subset",
            "La partie montrée, axe par axe : Lat(45:46),Lon(4:5)",
            "The part that is shown, axis by axis: Lat(45:46),Lon(4:5)",
        ),
        (
            "subset-crs",
            "Le système de coordonnées de subset ; CRS84 par défaut",
            "The coordinate system of subset; default CRS84",
        ),
        (
            "scale-denominator",
            "Le dénominateur de l’échelle de la carte",
            "The denominator of the map’s scale",
        ),
        (
            "mm-per-pixel",
            "Le côté d’un pixel sur l’écran ou le papier, en millimètres",
            "The side of a pixel on the screen or on paper, in millimetres",
        ),
        (
            "crs",
            "Le système de coordonnées de la carte ; par défaut celui des données",
            "The coordinate system of the map; default that of the data",
        ),
        (
            "bgcolor",
            "La couleur du fond : un nom de CSS ou 0xRRGGBB",
            "The background colour: a name of CSS or 0xRRGGBB",
        ),
        ("q", "Chercher une couche", "Find a layer"),
    ] {
        let parameter = all.get_mut(name).and_then(Value::as_object_mut);
        if let Some(parameter) = parameter {
            let text = json!(said(language, french, english));
            parameter.insert("description".into(), text);
        }
    }
    if let Value::Object(all) = &mut all {
        all.extend(features::openapi::parameters(language));
    }
    all
}
