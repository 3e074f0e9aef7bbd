//! What the description of the API says of features.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::filter::{LANGUAGES, queryables};
use super::schema::field_schema;
use super::wanted::{DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS};
use super::{FLATGEOBUF, View};
use crate::catalogue::{Catalogue, Layer};
use crate::encode::feature::{FeatureFormat, FormatOption};
use crate::feature::FieldType;
use crate::protocol::ogcapi::ApiAddress;
use crate::protocol::ogcapi::document::said;
use crate::protocol::ogcapi::links::{HTML, SCHEMA_JSON};

/// Layers up to which each has a path of its own, with its fields as parameters: GDAL finds there
/// what it may ask for. Of more layers the path of all has the names of all fields.
const MAX_PATHS: usize = 200;
/// Names of fields on the path of all.
const MAX_NAMES: usize = 1_000;

/// The parameters of items that are described among the components, by their names there.
const OF_ITEMS: [&str; 15] = [
    "fItems",
    "lang",
    "limit",
    "offset",
    "bbox",
    "bbox-crs",
    "crsItems",
    "datetime",
    "filter",
    "filter-lang",
    "filter-crs",
    "sortby",
    "properties",
    "skipGeometry",
    "snapshot",
];

/// The paths, those of single collections before those of all.
pub fn paths(catalogue: &Catalogue, language: &str) -> Vec<(String, Value)> {
    let mut paths = Vec::new();
    let all = ApiAddress::Items("{collectionId}".into());
    let of_items = |extra: Vec<Value>, operation: String, title: &str| {
        let mut parameters: Vec<Value> = OF_ITEMS.iter().map(|name| refer(name)).collect();
        parameters.extend(
            View::options()
                .iter()
                .map(|option| refer(&of_option(option))),
        );
        parameters.extend(extra);
        let summary = format!("{} {title}", said(language, "Objets :", "Features:"));
        operation_of(
            operation,
            summary.trim(),
            parameters,
            items_responses(language),
        )
    };
    if catalogue.layers.len() <= MAX_PATHS {
        for layer in &catalogue.layers {
            let fields = own_parameters(layer, language);
            let operation = format!("{}.getFeatures", layer.id);
            let item = of_items(fields, operation, layer.title.get(language));
            paths.push((ApiAddress::Items(layer.id.clone()).path(), item));
        }
    }
    let mut extra = vec![refer("collectionId")];
    if catalogue.layers.len() > MAX_PATHS {
        extra.extend(shared_parameters(catalogue));
    }
    let title = said(language, "une couche", "one layer");
    paths.push((
        unescaped(&all),
        of_items(extra, "getFeatures".into(), &title),
    ));
    let item = ApiAddress::Item("{collectionId}".into(), "{featureId}".into());
    let names = [
        "collectionId",
        "featureId",
        "fItems",
        "lang",
        "crsItems",
        "properties",
        "skipGeometry",
    ];
    let options = View::options();
    let options = options.iter().map(|option| refer(&of_option(option)));
    paths.push((
        unescaped(&item),
        operation_of(
            "getFeature".into(),
            &said(language, "Un objet", "One feature"),
            names
                .iter()
                .map(|name| refer(name))
                .chain(options)
                .collect(),
            item_responses(language),
        ),
    ));
    for kind in super::SchemaKind::ALL {
        let address = ApiAddress::Schema("{collectionId}".into(), kind);
        let names = ["collectionId", "f", "lang"];
        let content = json!({
            SCHEMA_JSON: { "schema": { "type": "object" } },
            HTML: { "schema": { "type": "string" } },
        });
        paths.push((
            unescaped(&address),
            operation_of(
                format!("get.{}", kind.segment()),
                kind.title(language),
                names.iter().map(|name| refer(name)).collect(),
                responses(language, content, &[]),
            ),
        ));
    }
    let binary = json!({ FLATGEOBUF: { "schema": { "type": "string", "format": "binary" } } });
    let mut answers = responses(language, binary.clone(), &["304", "416"]);
    if let Value::Object(answers) = &mut answers {
        let part = said(language, "Une partie du fichier", "A part of the file");
        answers.insert(
            "206".into(),
            json!({ "description": part, "content": binary }),
        );
    }
    paths.push((
        unescaped(&ApiAddress::DataFile("{collectionId}".into())),
        operation_of(
            "getDataFile".into(),
            &said(
                language,
                "Le fichier source d’une couche",
                "The source file of a layer",
            ),
            ["collectionId", "lang"].map(refer).into(),
            answers,
        ),
    ));
    paths
}

/// The path with its templates as OpenAPI writes them.
fn unescaped(address: &ApiAddress) -> String {
    address.path().replace("%7B", "{").replace("%7D", "}")
}

fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn operation_of(id: String, summary: &str, parameters: Vec<Value>, responses: Value) -> Value {
    json!({
        "get": {
            "tags": ["Features"],
            "operationId": id,
            "summary": summary,
            "parameters": parameters,
            "responses": responses,
        }
    })
}

/// The fields of a layer: a value that is equal (19-079r2 §6.3).
fn own_parameters(layer: &Layer, language: &str) -> Vec<Value> {
    let fields = queryables(layer).filter(|field| !is_taken(&field.name));
    fields
        .map(|field| {
            let mut schema = field_schema(field, language);
            let label = schema.remove("title");
            schema.remove("description");
            if matches!(field.kind, FieldType::Integer | FieldType::Long) {
                schema.insert("format".into(), json!("int64"));
                schema.insert("minimum".into(), json!(i64::MIN));
                schema.insert("maximum".into(), json!(i64::MAX));
            }
            if field.kind == FieldType::Json {
                schema.insert("type".into(), json!("string"));
            }
            let mut parameter = query(&field.name, Value::Object(schema));
            if let (Some(label), Value::Object(parameter)) = (label, &mut parameter) {
                parameter.insert("description".into(), label);
            }
            parameter
        })
        .collect()
}

/// The names of the fields of all layers; one that a collection has not is refused there.
fn shared_parameters(catalogue: &Catalogue) -> Vec<Value> {
    let fields = catalogue.layers.iter().flat_map(|layer| queryables(layer));
    let names: BTreeSet<&str> = fields
        .map(|field| field.name.as_str())
        .filter(|name| !is_taken(name))
        .collect();
    let names = names.into_iter().take(MAX_NAMES);
    names
        .map(|name| query(name, json!({ "type": "string" })))
        .collect()
}

/// The component of a choice that a format leaves.
fn of_option(option: &FormatOption) -> String {
    format!("option-{}", option.name)
}

/// True where a parameter has the name already.
fn is_taken(name: &str) -> bool {
    let options = View::options();
    let mut options = options.iter().map(|option| option.name);
    options.any(|taken| taken.eq_ignore_ascii_case(name))
        || PARAMETERS
            .iter()
            .any(|taken| taken.eq_ignore_ascii_case(name))
}

fn query(name: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "style": "form",
            "explode": false, "schema": schema })
}

/// The components that parameters refer to.
pub fn parameters(language: &str) -> Map<String, Value> {
    let names: Vec<&str> = View::all().map(View::name).collect();
    let uri = || json!({ "type": "string", "format": "uri-reference" });
    let texts = || json!({ "type": "array", "minItems": 1, "items": { "type": "string" } });
    let moment =
        r"^(\.\.|[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2})?)?)?(/.*)?$";
    let described: [(&str, &str, Value, [&str; 2]); 13] = [
        (
            "fItems",
            "f",
            json!({ "type": "string", "enum": names }),
            [
                "Le format ; sinon l’en-tête Accept choisit",
                "The format; else the Accept header chooses",
            ],
        ),
        (
            "limit",
            "limit",
            json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT }),
            ["Autant d’objets au plus", "At most so many features"],
        ),
        (
            "offset",
            "offset",
            json!({ "type": "integer", "minimum": 0, "default": 0 }),
            [
                "Passer autant d’objets ; les liens « next » le disent",
                "Pass over so many features; links of rel next say it",
            ],
        ),
        (
            "crsItems",
            "crs",
            uri(),
            [
                "Le système de coordonnées de la réponse, un de ceux de la collection ; CRS84 par défaut",
                "The coordinate system of the answer, one of the collection’s; default CRS84",
            ],
        ),
        (
            "datetime",
            "datetime",
            json!({ "type": "string", "pattern": moment }),
            [
                "Un instant, un jour, ou une période : 2024-01-01/2024-12-31, ../2024-12-31",
                "An instant, a day, or a period: 2024-01-01/2024-12-31, ../2024-12-31",
            ],
        ),
        (
            "filter",
            "filter",
            json!({ "type": "string", "minLength": 1 }),
            [
                "Une condition en CQL2 sur les champs de recherche",
                "A condition in CQL2 on the queryables",
            ],
        ),
        (
            "filter-lang",
            "filter-lang",
            json!({ "type": "string", "enum": LANGUAGES, "default": LANGUAGES[0] }),
            ["La notation de filter", "The notation of filter"],
        ),
        (
            "filter-crs",
            "filter-crs",
            uri(),
            [
                "Le système de coordonnées des géométries de filter ; CRS84 par défaut",
                "The coordinate system of the geometries of filter; default CRS84",
            ],
        ),
        (
            "sortby",
            "sortby",
            texts(),
            [
                "Les champs de tri, « - » devant pour l’ordre inverse",
                "The fields to sort by, - before one for the reverse",
            ],
        ),
        (
            "properties",
            "properties",
            texts(),
            [
                "Les champs donnés ; tous par défaut",
                "The fields that are given; default all",
            ],
        ),
        (
            "skipGeometry",
            "skipGeometry",
            json!({ "type": "boolean", "default": false }),
            ["Sans les géométries", "Without the geometries"],
        ),
        (
            "snapshot",
            "snapshot",
            json!({ "type": "string" }),
            [
                "L’état des données, que portent les liens entre pages ; 410 quand elles ont changé",
                "The state of the data, which links between pages carry; 410 once they have changed",
            ],
        ),
        (
            "qCollections",
            "q",
            json!({ "type": "string", "minLength": 1 }),
            [
                "Des mots du titre, du résumé ou des mots-clés",
                "Words of the title, the abstract or the keywords",
            ],
        ),
    ];
    let mut all: Map<String, Value> = described
        .into_iter()
        .map(|(component, name, schema, [french, english])| {
            let mut parameter = query(name, schema);
            if let Value::Object(parameter) = &mut parameter {
                parameter.insert("description".into(), json!(said(language, french, english)));
            }
            (component.to_owned(), parameter)
        })
        .collect();
    let most = json!({ "type": "integer", "minimum": 1, "maximum": 10_000, "default": 10_000 });
    all.insert("limitCollections".into(), query("limit", most));
    for option in View::options() {
        let values = json!({ "type": "string", "enum": option.values });
        let mut parameter = query(option.name, values);
        if let Value::Object(parameter) = &mut parameter {
            parameter.insert("description".into(), json!(option.description));
        }
        all.insert(of_option(&option), parameter);
    }
    let id = json!({ "type": "string", "minLength": 1 });
    all.insert(
        "featureId".into(),
        json!({ "name": "featureId", "in": "path", "required": true, "schema": id }),
    );
    all
}

/// The components that answers refer to.
pub fn schemas() -> Map<String, Value> {
    let link = json!({
        "type": "object",
        "required": ["href", "rel"],
        "properties": {
            "href": { "type": "string" },
            "rel": { "type": "string" },
            "type": { "type": "string" },
            "title": { "type": "string" },
        },
    });
    let links = json!({ "type": "array", "items": { "$ref": "#/components/schemas/link" } });
    let geometry = json!({
        "type": "object",
        "nullable": true,
        "required": ["type"],
        "properties": { "type": { "type": "string", "enum": [
            "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
            "GeometryCollection",
        ] } },
    });
    let feature = json!({
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": { "type": "string", "enum": ["Feature"] },
            "id": { "oneOf": [{ "type": "string" }, { "type": "integer" }] },
            "geometry": { "$ref": "#/components/schemas/geometry" },
            "properties": { "type": "object", "nullable": true },
            "links": links,
        },
    });
    let count = json!({ "type": "integer", "minimum": 0 });
    let collection = json!({
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": { "type": "string", "enum": ["FeatureCollection"] },
            "features": { "type": "array", "items": { "$ref": "#/components/schemas/feature" } },
            "links": links,
            "timeStamp": { "type": "string", "format": "date-time" },
            "numberMatched": count,
            "numberReturned": count,
        },
    });
    let all = [
        ("link", link),
        ("geometry", geometry),
        ("feature", feature),
        ("featureCollection", collection),
    ];
    all.into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn items_responses(language: &str) -> Value {
    responses(language, content("featureCollection"), &["304", "410"])
}

fn item_responses(language: &str) -> Value {
    responses(language, content("feature"), &["304"])
}

/// Every representation; GeoJSON with its schema.
fn content(schema: &str) -> Value {
    let of = |view: View| match view {
        View::Format(FeatureFormat::GeoJson) => {
            json!({ "schema": { "$ref": format!("#/components/schemas/{schema}") } })
        }
        View::Page => json!({ "schema": { "type": "string" } }),
        // its own schema is elsewhere, and what is no object is none
        View::Format(FeatureFormat::JsonFg) => json!({ "schema": { "type": "object" } }),
        View::Format(_) => json!({ "schema": { "type": "string", "format": "binary" } }),
    };
    View::all()
        .map(|view| (view.media_type().to_owned(), of(view)))
        .collect::<Map<_, _>>()
        .into()
}

/// The answers of an operation, with those of `more`.
fn responses(language: &str, content: Value, more: &[&str]) -> Value {
    let ok = said(language, "La réponse", "The answer");
    let mut all = Map::new();
    all.insert(
        "200".into(),
        json!({ "description": ok, "content": content }),
    );
    for status in more {
        let answer = match *status {
            "304" => json!({ "description": said(language, "Inchangé", "Not modified") }),
            "416" => json!({
                "description": said(language, "Hors du fichier", "Outside of the file"),
                "content": { "text/plain": { "schema": { "type": "string" } } },
            }),
            _ => json!({ "$ref": "#/components/responses/changed" }),
        };
        all.insert((*status).to_owned(), answer);
    }
    for (status, name) in [("400", "invalid"), ("404", "notFound"), ("503", "busy")] {
        let reference = format!("#/components/responses/{name}");
        all.insert(status.into(), json!({ "$ref": reference }));
    }
    Value::Object(all)
}
