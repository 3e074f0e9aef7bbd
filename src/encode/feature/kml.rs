//! KML 2.2 (OGC 12-007r2): longitude and latitude, a Placemark each, the fields as typed
//! `SchemaData` that GDAL, QGIS and Google Earth read.
//!
//! # Not held
//! KML has no dates, JSON and bytes in its schemas: they are `string`, bytes as base64; an
//! instant stands there with its zone. A value that is null has no element, empty text an empty one.
//! Geometry is clamped to the ground; Z is not written.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{FeatureId, FeatureRow, FeatureSet, FeatureWriter, Rest};
use crate::encode::date_time::rfc_3339;
use crate::encode::ink::{Glue, Positions, push_float};
use crate::encode::simple_features::is_counterclockwise;
use crate::encode::xml::push_text;
use crate::error::Result;
use crate::feature::{FieldType, Value};
use crate::geom::{Coord, Geometry, Part, PartKind};

/// Digits of a degree: a centimetre.
const DECIMALS: u8 = 7;

/// Writes a `Document`.
#[derive(Debug)]
pub struct KmlWriter {
    set: FeatureSet,
    /// The field that names a Placemark: the first one of text that is called like a name.
    name: Option<usize>,
    /// `<SimpleData name="…">` of each field.
    tags: Vec<String>,
    text: String,
}

impl KmlWriter {
    pub fn new(set: FeatureSet) -> KmlWriter {
        let is_name = |name: &str| {
            [
                "name", "nom", "title", "titre", "label", "libelle", "libellé",
            ]
            .iter()
            .any(|known| name.to_lowercase() == *known)
        };
        let name = set
            .fields
            .iter()
            .position(|f| f.kind == FieldType::Text && is_name(&f.name));
        let tags = set.fields.iter().map(|field| {
            let mut tag = String::from("<SimpleData name=\"");
            push_text(&mut tag, &field.name);
            tag.push_str("\">");
            tag
        });
        KmlWriter {
            name,
            tags: tags.collect(),
            text: String::new(),
            set,
        }
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text.as_bytes());
        self.text.clear();
    }
}

impl FeatureWriter for KmlWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let text = &mut self.text;
        text.push_str(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document id=\"root\"><name>",
        );
        push_text(text, &self.set.title);
        text.push_str("</name><Schema id=\"fields\" name=\"");
        push_text(text, &self.set.name);
        text.push_str("\">");
        for field in &self.set.fields {
            let kind = match field.kind {
                FieldType::Bool => "bool",
                FieldType::Integer => "int",
                // KML has no integers of 64 bits: a double holds those up to 2^53, text all
                FieldType::Float => "double",
                _ => "string",
            };
            text.push_str("\n<SimpleField type=\"");
            text.push_str(kind);
            text.push_str("\" name=\"");
            push_text(text, &field.name);
            text.push_str("\"/>");
        }
        text.push_str("</Schema>");
        self.flush(out);
        Ok(())
    }

    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        let text = &mut self.text;
        text.push_str("\n<Placemark id=\"");
        push_id(text, &self.set.name, row.id);
        text.push_str("\"><name>");
        let name = self.name.and_then(|i| self.set.fields.get(i));
        match name.map(|field| row.feature.value(field.column)) {
            Some(Value::Text(name)) => push_text(text, name),
            _ => push_text(text, &row.id.to_string()),
        }
        text.push_str("</name>");
        if !self.set.fields.is_empty() {
            text.push_str("<ExtendedData><SchemaData schemaUrl=\"#fields\">");
            for (tag, field) in self.tags.iter().zip(&self.set.fields) {
                push_value(text, tag, &row.feature.value(field.column), field.kind);
            }
            text.push_str("</SchemaData></ExtendedData>");
        }
        if let Some(geometry) = row.geometry {
            push_geometry(text, geometry);
        }
        text.push_str("</Placemark>");
        self.flush(out);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        out.extend_from_slice(b"\n</Document></kml>\n");
        Ok(Rest::Done)
    }
}

/// An id as XML wants it: letters, digits and `.`, `-`, `_` behind the layer's name.
fn push_id(text: &mut String, layer: &str, id: FeatureId<'_>) {
    text.push('_');
    for c in layer.chars().chain(['.']).chain(id.to_string().chars()) {
        match c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
            true => text.push(c),
            false => text.push_str(&format!("_{:x}", u32::from(c))),
        }
    }
}

fn push_value(text: &mut String, tag: &str, value: &Value<'_>, kind: FieldType) {
    let start = text.len();
    text.push_str(tag);
    match value {
        Value::Null => return text.truncate(start),
        Value::Float(f) if !f.is_finite() => return text.truncate(start),
        // the schema's bool reads 0 and 1 (XML Schema Part 2 §3.2.2); GDAL reads only these
        Value::Bool(b) => text.push(if *b { '1' } else { '0' }),
        Value::Int(i) => text.push_str(&i.to_string()),
        Value::UInt(u) => text.push_str(&u.to_string()),
        Value::Float(f) => push_float(text, *f),
        Value::Text(value) | Value::Json(value) => push_text(text, value),
        Value::DateTime(value) => push_text(text, &rfc_3339(value, kind)),
        Value::Binary(bytes) => BASE64_STANDARD.encode_string(bytes, text),
    }
    text.push_str("</SimpleData>");
}

fn push_geometry(text: &mut String, geometry: &Geometry) {
    let parts: Vec<Part<'_>> = geometry.parts().collect();
    let shapes: usize = parts
        .iter()
        .map(|part| match part.kind {
            PartKind::Points => part.sequences().map(<[_]>::len).sum(),
            _ => 1,
        })
        .sum();
    if shapes > 1 {
        text.push_str("<MultiGeometry>");
    }
    for part in &parts {
        push_part(text, part);
    }
    if shapes > 1 {
        text.push_str("</MultiGeometry>");
    }
}

fn push_part(text: &mut String, part: &Part<'_>) {
    match part.kind {
        PartKind::Points => {
            for position in part.sequences().flatten() {
                text.push_str("<Point>");
                push_coordinates(text, std::iter::once(position));
                text.push_str("</Point>");
            }
        }
        PartKind::Line => {
            for line in part.sequences() {
                text.push_str("<LineString>");
                push_coordinates(text, line.iter());
                text.push_str("</LineString>");
            }
        }
        PartKind::Polygon => {
            text.push_str("<Polygon>");
            for (ring, i) in part.sequences().zip(0..) {
                let role = if i == 0 {
                    "outerBoundaryIs"
                } else {
                    "innerBoundaryIs"
                };
                text.push_str(&format!("<{role}><LinearRing>"));
                // outer rings run counterclockwise (12-007r2 §10.8.3)
                match is_counterclockwise(ring) == (i == 0) {
                    true => push_coordinates(text, ring.iter()),
                    false => push_coordinates(text, ring.iter().rev()),
                }
                text.push_str(&format!("</LinearRing></{role}>"));
            }
            text.push_str("</Polygon>");
        }
    }
}

fn push_coordinates<'a>(text: &mut String, positions: impl Iterator<Item = &'a Coord>) {
    text.push_str("<coordinates>");
    const FORM: Positions = Positions {
        glue: Glue::new(b',', b" "),
        decimals: DECIMALS,
        is_swapped: false,
    };
    FORM.push(text, positions);
    text.push_str("</coordinates>");
}
