//! DescribeFeatureType: the XML Schema of feature types, as plain as clients need it
//! (OGC 09-025r2 §9, OGC 04-094 §8, OGC 02-058 §8.1; OGC 10-100r3 level 0).

use std::sync::Arc;

use super::collection::schema_address;
use super::request::{Asked, Output};
use super::schema_json::{self, is_json};
use super::scope::Scope;
use super::version::Version;
use crate::catalogue::{Layer, Namespace};
use crate::encode::feature::gml::GmlType;
use crate::encode::gml::GmlVersion;
use crate::encode::xml;
use crate::error::{Error, Result};
use crate::feature::FieldType;
use crate::geom::GeometryType;
use crate::protocol::Answer;

/// Describes the types that are asked for, or all.
///
/// # Errors
/// `LayerNotDefined`; `InvalidFormat` for a format that is no schema.
pub fn describe(scope: &Scope<'_>, asked: &Asked) -> Result<Answer> {
    let is_json = asked.output_format.as_deref().is_some_and(is_json);
    let output = match is_json {
        true => Output::Gml(asked.version.gml()),
        false => Output::parse(asked.output_format.as_deref(), asked.version)?,
    };
    let Output::Gml(gml) = output else {
        return Err(Error::InvalidFormat {
            format: asked.output_format.clone().unwrap_or_default(),
            expected: "application/gml+xml; version=3.2".into(),
        });
    };
    let mut layers: Vec<Arc<Layer>> = Vec::new();
    for name in &asked.type_names {
        let layer = scope.layer(name)?;
        if !layers.iter().any(|known| known.id == layer.id) {
            layers.push(layer);
        }
    }
    if asked.type_names.is_empty() {
        layers = scope.layers();
    }
    let types: Vec<GmlType> = layers.iter().map(|layer| scope.gml_type(layer)).collect();
    if is_json {
        return Ok(Answer::ok("application/json", schema_json::write(&types)));
    }
    let mut namespaces: Vec<&Namespace> = Vec::new();
    for kind in &types {
        if !namespaces.contains(&&kind.namespace) {
            namespaces.push(&kind.namespace);
        }
    }
    let body = match namespaces.as_slice() {
        [] => write(&Namespace::default(), &[], gml),
        [namespace] => write(namespace, &types, gml),
        several => write_imports(scope, several, &types, gml),
    };
    let media_type = match (asked.version, gml) {
        (Version::V200, GmlVersion::V321) => "application/gml+xml; version=3.2",
        (Version::V110, GmlVersion::V311) => "text/xml; subtype=gml/3.1.1",
        _ => "text/xml",
    };
    Ok(Answer::ok(media_type, body))
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
     <xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";

/// A schema is of one namespace: one of several imports a schema of each (XML Schema Part 1
/// §4.2.3).
fn write_imports(
    scope: &Scope<'_>,
    namespaces: &[&Namespace],
    types: &[GmlType],
    gml: GmlVersion,
) -> String {
    let mut out = String::from(HEAD);
    out.push_str(" elementFormDefault=\"qualified\" version=\"1.0\">\n");
    for namespace in namespaces {
        let own = types.iter().filter(|kind| kind.namespace == **namespace);
        let names: Vec<&str> = own.map(|kind| kind.name.as_str()).collect();
        out.push_str("<xs:import");
        xml::push_attribute(&mut out, "namespace", &namespace.uri);
        let address = schema_address(scope, gml, namespace, &names);
        xml::push_attribute(&mut out, "schemaLocation", &address);
        out.push_str("/>\n");
    }
    out.push_str("</xs:schema>\n");
    out
}

fn write(namespace: &Namespace, types: &[GmlType], gml: GmlVersion) -> String {
    let mut out = String::from(HEAD);
    xml::push_attribute(&mut out, "xmlns:gml", gml.namespace());
    let prefix = format!("xmlns:{}", namespace.prefix);
    xml::push_attribute(&mut out, &prefix, &namespace.uri);
    xml::push_attribute(&mut out, "targetNamespace", &namespace.uri);
    out.push_str(" elementFormDefault=\"qualified\" version=\"1.0\">\n<xs:import");
    xml::push_attribute(&mut out, "namespace", gml.namespace());
    xml::push_attribute(&mut out, "schemaLocation", schema_of(gml));
    out.push_str("/>\n");
    if gml == GmlVersion::V321 {
        out.push_str(LEVEL);
    }
    for kind in types {
        push_type(&mut out, kind, gml);
    }
    out.push_str("</xs:schema>\n");
    out
}

/// Which level of the simple features profile the types are of (OGC 10-100r3).
const LEVEL: &str = "<xs:annotation>\n\
     <xs:appinfo source=\"http://schemas.opengis.net/gmlsfProfile/2.0/gmlsfLevels.xsd\">\n\
     <gmlsf:ComplianceLevel xmlns:gmlsf=\"http://www.opengis.net/gmlsf/2.0\">0\
     </gmlsf:ComplianceLevel>\n</xs:appinfo>\n</xs:annotation>\n";

fn schema_of(gml: GmlVersion) -> &'static str {
    match gml {
        GmlVersion::V212 => "http://schemas.opengis.net/gml/2.1.2/feature.xsd",
        GmlVersion::V311 => "http://schemas.opengis.net/gml/3.1.1/base/gml.xsd",
        GmlVersion::V321 => "http://schemas.opengis.net/gml/3.2.1/gml.xsd",
    }
}

fn push_type(out: &mut String, kind: &GmlType, gml: GmlVersion) {
    let feature = match gml {
        GmlVersion::V212 | GmlVersion::V311 => "gml:_Feature",
        GmlVersion::V321 => "gml:AbstractFeature",
    };
    let name = &kind.name;
    let qualified = kind.namespace.qualified(name);
    // names of elements hold nothing that XML would escape
    out.push_str(&format!(
        "<xs:element name=\"{name}\" type=\"{qualified}Type\" substitutionGroup=\"{feature}\"/>\n\
         <xs:complexType name=\"{name}Type\">\n<xs:complexContent>\n\
         <xs:extension base=\"gml:AbstractFeatureType\">\n<xs:sequence>\n"
    ));
    for (element, geometry) in &kind.geometries {
        let property = geometry_property(*geometry, gml);
        push_element(out, element, property, " minOccurs=\"0\"");
    }
    for field in kind.fields_of(false) {
        // a filter may ask whether it is nil, so it may be (OGC 09-026r2 §7.7.3.6)
        let more = match field.is_required {
            true => " nillable=\"true\"",
            false => " minOccurs=\"0\" nillable=\"true\"",
        };
        push_element(out, &field.element, simple_type(field.kind), more);
    }
    out.push_str("</xs:sequence>\n</xs:extension>\n</xs:complexContent>\n</xs:complexType>\n");
}

fn push_element(out: &mut String, name: &str, kind: &str, more: &str) {
    out.push_str(&format!(
        "<xs:element name=\"{name}\" type=\"{kind}\"{more}/>\n"
    ));
}

/// The type of a column: plain ones of XML Schema, which QGIS and GDAL know by these names.
pub(super) fn simple_type(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Bool => "xs:boolean",
        FieldType::Integer => "xs:int",
        FieldType::Long => "xs:long",
        FieldType::Float => "xs:double",
        FieldType::Date => "xs:date",
        FieldType::DateTime => "xs:dateTime",
        FieldType::Text | FieldType::Json | FieldType::Binary => "xs:string",
    }
}

/// The type of a geometry property.
fn geometry_property(kind: GeometryType, gml: GmlVersion) -> &'static str {
    let is_old = gml == GmlVersion::V212;
    match kind {
        GeometryType::Point => "gml:PointPropertyType",
        GeometryType::LineString if is_old => "gml:LineStringPropertyType",
        GeometryType::LineString => "gml:CurvePropertyType",
        GeometryType::Polygon if is_old => "gml:PolygonPropertyType",
        GeometryType::Polygon => "gml:SurfacePropertyType",
        GeometryType::MultiPoint => "gml:MultiPointPropertyType",
        GeometryType::MultiLineString if is_old => "gml:MultiLineStringPropertyType",
        GeometryType::MultiLineString => "gml:MultiCurvePropertyType",
        GeometryType::MultiPolygon if is_old => "gml:MultiPolygonPropertyType",
        GeometryType::MultiPolygon => "gml:MultiSurfacePropertyType",
        GeometryType::GeometryCollection if is_old => "gml:MultiGeometryPropertyType",
        GeometryType::GeometryCollection => "gml:MultiGeometryPropertyType",
        GeometryType::Unknown if is_old => "gml:GeometryAssociationType",
        GeometryType::Unknown => "gml:GeometryPropertyType",
    }
}
