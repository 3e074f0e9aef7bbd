//! What a collection's features have (`/schema`), what they can be found by (`/queryables`) and
//! sorted by (`/sortables`): JSON Schema with the roles of OGC API – Features Part 5 (23-058r1).

use serde_json::{Map, Value, json};

use super::filter::queryables;
use super::sort::sortables;
use crate::catalogue::{Layer, LayerField, LayerTime};
use crate::feature::FieldType;
use crate::geom::GeometryType;
use crate::protocol::ogcapi::ApiAddress;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Returnables,
    Queryables,
    Sortables,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Returnables, Kind::Queryables, Kind::Sortables];

    /// The last segment of its address.
    pub fn segment(self) -> &'static str {
        match self {
            Kind::Returnables => "schema",
            Kind::Queryables => "queryables",
            Kind::Sortables => "sortables",
        }
    }

    pub fn title(self, language: &str) -> &'static str {
        match (self, language) {
            (Kind::Returnables, "fr") => "Schéma des objets",
            (Kind::Returnables, _) => "Schema of the features",
            (Kind::Queryables, "fr") => "Champs de recherche",
            (Kind::Queryables, _) => "Queryables",
            (Kind::Sortables, "fr") => "Champs de tri",
            (Kind::Sortables, _) => "Sortables",
        }
    }
}

/// The name of the geometry where it stands among fields: the first that no field has.
fn geometry_name(layer: &Layer) -> String {
    let mut name = String::from("geometry");
    while layer
        .fields
        .iter()
        .any(|field| field.name.eq_ignore_ascii_case(&name))
    {
        name.push('_');
    }
    name
}

/// The document.
pub fn document(layer: &Layer, kind: Kind, base: &str, language: &str) -> Value {
    let mut properties = Map::new();
    let geometry = &layer.store.schema().geometry;
    if kind != Kind::Sortables {
        properties.insert(geometry_name(layer), geometry_schema(*geometry));
    }
    let fields: Vec<&LayerField> = match kind {
        Kind::Returnables => layer.fields.iter().collect(),
        Kind::Queryables => queryables(layer).collect(),
        Kind::Sortables => sortables(layer).collect(),
    };
    for (field, place) in fields.into_iter().zip(1..) {
        let mut schema = field_schema(field, language);
        if let Some(role) = role(layer, field.column) {
            schema.insert("x-ogc-role".into(), json!(role));
        }
        schema.insert("x-ogc-propertySeq".into(), json!(place));
        properties.insert(field.name.clone(), Value::Object(schema));
    }
    let path = ApiAddress::Schema(layer.id.clone(), kind).path();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{base}{path}"),
        "type": "object",
        "title": layer.title.get(language),
        "description": layer.abstract_.get(language),
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The type of a geometry as 23-058r1 §7.9 names it.
fn geometry_schema(geometry: GeometryType) -> Value {
    let format = match geometry.name().to_ascii_lowercase().as_str() {
        "geometry" => "geometry-any".to_owned(),
        name => format!("geometry-{name}"),
    };
    json!({ "x-ogc-role": "primary-geometry", "format": format, "x-ogc-propertySeq": 0 })
}

fn role(layer: &Layer, column: usize) -> Option<&'static str> {
    if layer.id_column == Some(column) {
        return Some("id");
    }
    match layer.time? {
        LayerTime::Instant(at) if at == column => Some("primary-instant"),
        LayerTime::Interval(start, _) if start == column => Some("primary-interval-start"),
        LayerTime::Interval(_, end) if end == column => Some("primary-interval-end"),
        _ => None,
    }
}

/// The type of a field, with its label.
pub fn field_schema(field: &LayerField, language: &str) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |name: &str, value: &str| out.insert(name.to_owned(), json!(value));
    if let Some(label) = &field.label {
        put("title", label.get(language));
    }
    if let Some(unit) = &field.unit {
        put("description", unit);
    }
    match field.kind {
        FieldType::Bool => put("type", "boolean"),
        FieldType::Integer => {
            put("type", "integer");
            put("format", "int32")
        }
        FieldType::Long => {
            put("type", "integer");
            put("format", "int64")
        }
        FieldType::Float => put("type", "number"),
        FieldType::Text => put("type", "string"),
        FieldType::Date => {
            put("type", "string");
            put("format", "date")
        }
        FieldType::DateTime => {
            put("type", "string");
            put("format", "date-time")
        }
        // what is stored as JSON may be any of it
        FieldType::Json => None,
        FieldType::Binary => {
            put("type", "string");
            put("contentEncoding", "base64")
        }
    };
    out
}
