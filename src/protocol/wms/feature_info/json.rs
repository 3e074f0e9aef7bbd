use std::fmt::Write;

use super::InfoContext;
use crate::encode::geojson::{push_geometry, push_string, push_value};
use crate::operation::FoundFeature;

/// A GeoJSON FeatureCollection in the CRS of the map, x before y, as MapServer, GeoServer and
/// QGIS Server answer; `crs` (GeoJSON 2008) names it, and is absent where it is WGS 84.
///
/// Every field stands in every feature, nulls included, in one order.
pub fn write(found: &[FoundFeature], context: &InfoContext<'_>) -> String {
    let mut out = String::with_capacity(256 + found.len() * 512);
    out.push_str(r#"{"type":"FeatureCollection","numberReturned":"#);
    let _ = write!(out, "{}", found.len());
    if !context.is_wgs84() {
        out.push_str(r#","crs":{"type":"name","properties":{"name":"#);
        push_string(&mut out, &context.crs.urn());
        out.push_str("}}");
    }
    out.push_str(r#","features":["#);
    for (i, feature) in found.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_feature(&mut out, feature, context);
    }
    out.push_str("]}");
    out
}

fn push_feature(out: &mut String, feature: &FoundFeature, context: &InfoContext<'_>) {
    out.push_str(r#"{"type":"Feature","id":"#);
    push_string(out, &format!("{}.{}", feature.layer.id, feature.id));
    out.push_str(r#","geometry":"#);
    push_geometry(out, &feature.geometry, context.decimals());
    out.push_str(r#","properties":{"#);
    for (i, (field, value)) in feature.layer.fields.iter().zip(&feature.values).enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_string(out, &field.name);
        out.push(':');
        push_value(out, &value.as_value(), field.kind);
    }
    out.push_str("}}");
}
