//! JSON Schema (draft 2020-12) of the files of `capabilities/`, for editors that complete and
//! check while one writes. A test holds its keys against those that the readers know.

use serde_json::{Map, Value, json};

use super::words::{CONTACT_ROLES, COVADIS_THEMES, INSPIRE_THEMES, LICENCES};
use crate::catalogue::ShownAs;
use crate::catalogue::map::{MapService, MapStatus, MapTool, PrintLayout};

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaOf {
    Server,
    Layer,
    Map,
}

/// The schema of a file.
pub fn schema(of: SchemaOf) -> Value {
    let (name, title, mut root) = match of {
        SchemaOf::Server => ("server", "capabilities/server.yaml", server()),
        SchemaOf::Layer => ("layer", "capabilities/layers/*.yaml", layer()),
        SchemaOf::Map => ("map", "capabilities/maps/*.yaml", map()),
    };
    if let Some(root) = root.as_object_mut() {
        let id = format!("https://cartotheque.example/schemas/{name}-1.json");
        root.insert(
            "$schema".into(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        root.insert("$id".into(), json!(id));
        root.insert("title".into(), json!(title));
        root.insert("$defs".into(), definitions());
    }
    root
}

/// A mapping of these keys and no others; those with `!` at their end must be there.
fn object<const N: usize>(keys: [(&str, Value); N]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (key, is) in keys {
        let name = key.trim_end_matches('!');
        if name.len() < key.len() {
            required.push(json!(name));
        }
        properties.insert(name.to_owned(), is);
    }
    let mut object = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if let (false, Some(object)) = (required.is_empty(), object.as_object_mut()) {
        object.insert("required".into(), Value::Array(required));
    }
    object
}

fn said(about: &str, mut is: Value) -> Value {
    if let Some(is) = is.as_object_mut() {
        is.insert("description".into(), json!(about));
    }
    is
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn list(of: Value) -> Value {
    json!({"type": "array", "items": of})
}

fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({"enum": words.into_iter().collect::<Vec<_>>()})
}

/// A text; YAML takes a code of digits for a number.
fn text() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

fn boolean() -> Value {
    json!({"type": "boolean"})
}

fn number(minimum: f64, maximum: f64) -> Value {
    json!({"type": "number", "minimum": minimum, "maximum": maximum})
}

fn whole(minimum: u64, maximum: u64) -> Value {
    json!({"type": "integer", "minimum": minimum, "maximum": maximum})
}

fn definitions() -> Value {
    let by_language = json!({
        "type": "object",
        "propertyNames": {"pattern": "^[a-z]{2}$"},
        "additionalProperties": text(),
    });
    json!({
        "text": said("A text, or one a language: {fr: …, en: …}", json!({"anyOf": [text(), by_language]})),
        "day": {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"},
        "bytes": {"type": ["string", "integer"]},
        "scales": said("Scale denominators at 0.28 mm a pixel", object([
            ("min", number(1.0, 1e12)),
            ("max", number(1.0, 1e12)),
        ])),
        "access": said("Who may see it", json!({"anyOf": [
            {"const": "public"},
            object([("roles!", list(text()))]),
        ]})),
        "namespace": said("The XML namespace of features, and its prefix", json!({"anyOf": [
            text(),
            object([("prefix", text()), ("uri!", text())]),
        ]})),
        "licence": {"anyOf": [
            words(LICENCES.iter().map(|(id, _)| *id)),
            {"type": "string", "pattern": "^https?://"},
        ]},
        "metadata": object([
            ("organisation", text()),
            ("contact", json!({"type": "string", "format": "email"})),
            ("licence", reference("licence")),
            ("inspire", list(words(INSPIRE_THEMES))),
            ("covadis", list(words(COVADIS_THEMES))),
            ("keywords", list(text())),
            ("created", reference("day")),
            ("revised", reference("day")),
            ("record", said("An ISO 19139 record; without it one is generated", text())),
            ("identifier", text()),
            ("lineage", text()),
        ]),
        "popup": said("What a click shows", object([
            ("title", said("Text with {field}", text())),
            ("fields", list(json!({"anyOf": [text(), object([
                ("name!", text()),
                ("label", reference("text")),
                ("unit", text()),
                ("decimals", whole(0, 15)),
                ("as", words(ShownAs::ALL.map(ShownAs::name))),
            ])]}))),
        ])),
        "entry": said("A layer or a group of them, top first", json!({"anyOf": [
            text(),
            reference("group"),
            reference("layer"),
        ]})),
        "group": object([
            ("group!", reference("text")),
            ("open", boolean()),
            ("layers!", list(reference("entry"))),
        ]),
        "layer": object([
            ("layer!", said("The id of a layer of capabilities/layers/", text())),
            ("id", said("Where a layer stands twice in a map", text())),
            ("title", reference("text")),
            ("visible", said("Shown at first; default true", boolean())),
            ("opacity", number(0.0, 1.0)),
            ("scales", reference("scales")),
            ("style", said("The one that it is shown in", text())),
            ("styles", said("Those that are offered; default all", list(text()))),
            ("filter", said("CQL2: what does not pass does not exist in this map", text())),
            ("popup", reference("popup")),
            ("label", said("The field that names a feature", text())),
            ("table", object([
                ("title", reference("text")),
                ("columns", list(text())),
                ("sort", said("A field, - before it for descending", text())),
                ("zoom", boolean()),
                ("export", list(words(["csv"]))),
            ])),
        ]),
        "branch": object([
            ("id", text()),
            ("title", reference("text")),
            ("abstract", reference("text")),
            ("layers", list(json!({"anyOf": [text(), reference("branch")]}))),
            ("groups", list(reference("branch"))),
        ]),
    })
}

fn map() -> Value {
    let corners = json!({
        "type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4,
    });
    let extent = json!({"anyOf": [
        said("xmin, ymin, xmax, ymax in the view's CRS", corners),
        object([
            ("of!", said("The id of a layer", text())),
            ("where", said("CQL2: of the features that pass", text())),
        ]),
    ]});
    let instances = json!({"anyOf": [
        list(json!({"type": "object", "additionalProperties": text()})),
        object([
            ("layer!", text()),
            ("fields!", json!({"type": "object", "additionalProperties": text()})),
            ("where", text()),
        ]),
    ]});
    object([
        ("schema", json!({"const": "cartotheque/map@1"})),
        (
            "id",
            said(
                "The name of the file and of the address; default the file's name",
                text(),
            ),
        ),
        (
            "aliases",
            said("Earlier names: /1/{alias}.map leads here", list(text())),
        ),
        ("title!", reference("text")),
        ("abstract", reference("text")),
        ("access", reference("access")),
        ("status", words(MapStatus::ALL.map(MapStatus::name))),
        ("metadata", reference("metadata")),
        ("record", text()),
        ("keywords", list(text())),
        ("languages", list(text())),
        (
            "view",
            object([
                ("crs", text()),
                ("extent", extent),
                ("scales", reference("scales")),
                (
                    "offer",
                    said("CRSs that a visitor may choose", list(text())),
                ),
            ]),
        ),
        (
            "basemaps",
            said("Of server.yaml, or none; the first is shown", list(text())),
        ),
        ("layers!", list(reference("entry"))),
        (
            "search",
            list(object([
                ("layer!", text()),
                ("fields!", list(text())),
                ("title", reference("text")),
            ])),
        ),
        ("tools", list(words(MapTool::ALL.map(MapTool::name)))),
        (
            "print",
            object([
                (
                    "layouts",
                    list(words(PrintLayout::ALL.map(PrintLayout::name))),
                ),
                ("dpi", list(whole(72, 600))),
                ("sources", boolean()),
            ]),
        ),
        (
            "frames",
            said(
                "Sites whose pages may show the map in a frame; all where it says none",
                list(text()),
            ),
        ),
        (
            "services",
            said(
                "What is served of the map; all where it says none",
                list(words(
                    MapService::ALL
                        .map(MapService::name)
                        .into_iter()
                        .chain(["atom", "csw"]),
                )),
            ),
        ),
        (
            "for_each",
            said(
                "Many maps: {name} in the texts is the value of each",
                instances,
            ),
        ),
    ])
}

fn layer() -> Value {
    let kinds = [
        "text",
        "integer",
        "long",
        "number",
        "boolean",
        "date",
        "date-time",
        "json",
        "binary",
    ];
    object([
        ("schema", json!({"const": "cartotheque/layer@1"})),
        ("id", said("Default the file's name", text())),
        ("title", reference("text")),
        ("abstract", reference("text")),
        (
            "source!",
            object([
                ("file", said("A path in the served folder", text())),
                ("url", text()),
                ("refresh", text()),
                ("postgis", json!({})),
            ]),
        ),
        ("id_column", text()),
        ("namespace", reference("namespace")),
        (
            "geometry_name",
            said(
                "What XML calls the geometry, or each kind: {Point: …, Polygon: …}",
                json!({"anyOf": [text(), {"type": "object", "additionalProperties": text()}]}),
            ),
        ),
        ("crs", said("Only where the data do not say", text())),
        ("styles", said("The first is the default", list(text()))),
        (
            "fields",
            list(json!({"anyOf": [text(), object([
                ("name!", text()),
                ("label", reference("text")),
                ("unit", text()),
                ("decimals", whole(0, 15)),
                ("type", words(kinds)),
                ("hidden", boolean()),
                ("index", boolean()),
                (
                    "element",
                    said("What XML calls it; gml:id, gml:name and gml:description are GML's", text()),
                ),
                ("required", said("In XML it is there of each feature", boolean())),
            ])]})),
        ),
        ("popup", reference("popup")),
        ("label", said("The field that names a feature", text())),
        ("time", json!({"anyOf": [text(), list(text())]})),
        ("scales", reference("scales")),
        ("record", text()),
        ("metadata", reference("metadata")),
        ("attribution", text()),
        ("access", reference("access")),
        ("queryable", boolean()),
        ("keywords", list(text())),
    ])
}

fn server() -> Value {
    let secret = || said("env:NAME or file:PATH", text());
    object([
        ("schema", json!({"const": "cartotheque/server@1"})),
        ("title", reference("text")),
        ("abstract", reference("text")),
        ("keywords", list(text())),
        (
            "languages",
            said("Two letters; the first is the default", list(text())),
        ),
        (
            "contact",
            object([
                ("organisation", text()),
                ("name", text()),
                ("email", json!({"type": "string", "format": "email"})),
                ("phone", text()),
                ("url", text()),
                ("address", text()),
                ("city", text()),
                ("postcode", text()),
                ("country", text()),
                ("role", words(CONTACT_ROLES)),
            ]),
        ),
        ("licence", reference("licence")),
        ("namespace", reference("namespace")),
        (
            "crs",
            said("Those that capabilities advertise", list(text())),
        ),
        ("groups", list(reference("branch"))),
        (
            "basemaps",
            json!({"type": "object", "additionalProperties": object([
                ("title", reference("text")),
                ("wmts", text()),
                ("wms", text()),
                ("xyz", text()),
                ("layers", said("Of this server, top to bottom", list(text()))),
                ("layer", text()),
                ("style", text()),
                ("format", text()),
                ("matrix_set", text()),
                ("attribution", text()),
            ])}),
        ),
        (
            "roles",
            json!({"type": "object", "additionalProperties": object([
                ("title", reference("text")),
                ("api_keys", secret()),
            ])}),
        ),
        ("access", reference("access")),
        (
            "identities",
            object([
                ("passwords", secret()),
                (
                    "tokens",
                    object([
                        ("issuer!", text()),
                        ("audience!", text()),
                        ("keys!", secret()),
                        ("roles", text()),
                    ]),
                ),
                (
                    "proxy",
                    object([
                        ("networks!", list(text())),
                        ("user!", text()),
                        ("roles", text()),
                    ]),
                ),
                (
                    "links",
                    object([("secret!", secret()), ("days", whole(1, 3660))]),
                ),
            ]),
        ),
        (
            "limits",
            object([
                ("width", whole(1, 65_535)),
                ("height", whole(1, 65_535)),
                ("pixels", whole(1, 1 << 32)),
                ("layers", whole(1, 100_000)),
                ("features", whole(1, u64::MAX)),
                ("wfs_count", whole(1, u64::MAX)),
                ("vertices", whole(1, u64::MAX)),
                ("seconds", whole(1, 86_400)),
                ("tile_bytes", reference("bytes")),
                ("temporary_bytes", reference("bytes")),
                ("body_bytes", reference("bytes")),
                ("xml_depth", whole(1, 512)),
            ]),
        ),
        (
            "cache",
            object([("memory", reference("bytes")), ("disk", text())]),
        ),
    ])
}
