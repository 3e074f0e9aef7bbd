//! DescribeFeatureType as JSON: what GeoServer answers to `outputFormat=application/json`, and
//! what clients of the web (MapStore, ngeo, GeoExt) make forms and filters from. No standard has
//! it, so the capabilities do not list it.

use serde_json::{Value, json};

use super::schema::simple_type;
use crate::encode::feature::gml::GmlType;

/// True for the names of the format.
pub fn is_json(output_format: &str) -> bool {
    let name = output_format.split(';').next().unwrap_or_default().trim();
    ["application/json", "json"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// The types, under the namespace of the first.
pub fn write(types: &[GmlType]) -> String {
    let namespace = types.first().map(|kind| kind.namespace.clone());
    let namespace = namespace.unwrap_or_default();
    let features: Vec<Value> = types.iter().map(feature_type).collect();
    json!({
        "elementFormDefault": "qualified",
        "targetNamespace": namespace.uri,
        "targetPrefix": namespace.prefix,
        "featureTypes": features,
    })
    .to_string()
}

fn feature_type(kind: &GmlType) -> Value {
    let property = |name: &str, kind: String, is_required: bool| {
        let (_, local) = kind.split_once(':').unwrap_or_default();
        json!({
            "name": name,
            "maxOccurs": 1,
            "minOccurs": u8::from(is_required),
            "nillable": true,
            "localType": local,
            "type": kind,
        })
    };
    let geometries = kind
        .geometries
        .iter()
        .map(|(name, kind)| property(name, format!("gml:{}", kind.name()), false));
    let fields = kind.fields.iter().map(|field| {
        let kind = simple_type(field.kind).replace("xs:", "xsd:");
        property(&field.element, kind, field.is_required)
    });
    let properties: Vec<Value> = geometries.chain(fields).collect();
    json!({"typeName": kind.name, "properties": properties})
}
