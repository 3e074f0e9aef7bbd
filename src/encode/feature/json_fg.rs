//! JSON-FG 1.0 (OGC 21-045r1): GeoJSON that says its CRS and its feature type.
//!
//! In WGS 84 the geometry stands in `geometry`, as in GeoJSON. In any other CRS it stands in
//! `place`, in the axis order of that CRS (§7.7), and `geometry` is null: what reads GeoJSON
//! alone is not led astray.
//!
//! # Not held
//! `time` is null: a layer does not say which of its fields is the time of a feature.

use super::{FeatureId, FeatureRow, FeatureSet, FeatureWriter, Rest};
use crate::encode::geojson::{push_geometry_axes, push_string, push_value};
use crate::error::Result;
use crate::geom::GeometryType;

const CONFORMANCE: &str = "http://www.opengis.net/spec/json-fg-1/1.0/conf/core";

/// Writes a `FeatureCollection`, or one `Feature` alone.
#[derive(Debug)]
pub struct JsonFgWriter {
    set: FeatureSet,
    /// `"name":` of each field.
    keys: Vec<String>,
    text: String,
    written: u64,
    is_alone: bool,
}

impl JsonFgWriter {
    pub fn new(set: FeatureSet, is_alone: bool) -> JsonFgWriter {
        let keys = set.fields.iter().map(|field| {
            let mut key = String::new();
            push_string(&mut key, &field.name);
            key.push(':');
            key
        });
        JsonFgWriter {
            keys: keys.collect(),
            text: String::new(),
            written: 0,
            is_alone,
            set,
        }
    }

    /// What a document says once, in the collection or in the feature that is alone.
    fn push_declarations(&mut self) {
        let text = &mut self.text;
        text.push_str(r#","conformsTo":["#);
        push_string(text, CONFORMANCE);
        text.push_str(r#"],"featureType":"#);
        push_string(text, &self.set.name);
        if let Some(dimension) = self.set.geometry.and_then(GeometryType::dimension) {
            text.push_str(&format!(r#","geometryDimension":{dimension}"#));
        }
        text.push_str(r#","coordRefSys":"#);
        push_string(text, &self.set.crs.uri());
    }

    fn push_links(&mut self) {
        self.text.push_str(r#","links":["#);
        push_list(&mut self.text, &self.set.links, |text, link| {
            text.push_str("\n{\"href\":");
            push_string(text, &link.href);
            text.push_str(r#","rel":"#);
            push_string(text, link.rel);
            text.push_str(r#","type":"#);
            push_string(text, link.media_type);
            text.push_str(r#","title":"#);
            push_string(text, &link.title);
            text.push('}');
        });
        self.text.push(']');
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text.as_bytes());
        self.text.clear();
    }
}

/// Appends items with commas between them.
fn push_list<T>(text: &mut String, items: &[T], push: impl Fn(&mut String, &T)) {
    for (item, i) in items.iter().zip(0..) {
        if i > 0 {
            text.push(',');
        }
        push(text, item);
    }
}

impl FeatureWriter for JsonFgWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if !self.is_alone {
            self.text.push_str(r#"{"type":"FeatureCollection""#);
            self.push_declarations();
            self.text.push_str(r#","features":["#);
            self.flush(out);
        }
        Ok(())
    }

    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        self.text.push_str(match (self.is_alone, self.written) {
            (true, _) => "",
            (false, 0) => "\n",
            (false, _) => ",\n",
        });
        self.text.push_str(r#"{"type":"Feature","id":"#);
        match row.id {
            FeatureId::Integer(i) => self.text.push_str(&i.to_string()),
            FeatureId::Text(id) => push_string(&mut self.text, id),
            id => push_string(&mut self.text, &id.to_string()),
        }
        if self.is_alone {
            self.push_declarations();
        }
        let text = &mut self.text;
        let names = match self.set.crs.is_crs84() {
            true => [r#","time":null,"place":null,"geometry":"#, ""],
            false => [r#","time":null,"place":"#, r#","geometry":null"#],
        };
        text.push_str(names[0]);
        match row.geometry {
            Some(g) => push_geometry_axes(text, g, self.set.decimals(), self.set.is_swapped),
            None => text.push_str("null"),
        }
        text.push_str(names[1]);
        text.push_str(r#","properties":{"#);
        for ((key, field), i) in self.keys.iter().zip(&self.set.fields).zip(0..) {
            if i > 0 {
                text.push(',');
            }
            text.push_str(key);
            push_value(text, &row.feature.value(field.column), field.kind);
        }
        text.push('}');
        if self.is_alone {
            self.push_links();
        }
        self.text.push('}');
        self.written += 1;
        self.flush(out);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        if !self.is_alone {
            self.text.push_str("\n]");
            if let Some(matched) = self.set.matched {
                self.text
                    .push_str(&format!(r#","numberMatched":{matched}"#));
            }
            self.text.push_str(&format!(
                r#","numberReturned":{},"timeStamp":"#,
                self.written
            ));
            push_string(&mut self.text, &self.set.time_stamp);
            self.push_links();
            self.text.push_str("}\n");
            self.flush(out);
        }
        Ok(Rest::Done)
    }
}
