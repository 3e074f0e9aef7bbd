//! GeoJSON (RFC 7946) as OGC API – Features Part 1 §8.2 and WFS clients read it.
//!
//! Every field stands in every feature, null where it has no value, in one order: clients that
//! guess types from the first features (QGIS, GDAL) guess right. What other pages hold stands
//! behind the features, where what was sent has been counted.

use super::{FeatureId, FeatureRow, FeatureSet, FeatureWriter, Rest};
use crate::encode::geojson::{push_geometry_axes, push_string, push_value};
use crate::error::Result;

/// Writes a `FeatureCollection`, or one `Feature` alone.
#[derive(Debug)]
pub struct GeoJsonWriter {
    set: FeatureSet,
    /// `,"name":` of each field, in order; the first without its comma.
    keys: Vec<String>,
    /// The feature that is written: kept for its memory.
    text: String,
    written: u64,
    is_alone: bool,
}

impl GeoJsonWriter {
    /// A collection.
    pub fn new(set: FeatureSet) -> GeoJsonWriter {
        let keys = set.fields.iter().zip(0..).map(|(field, i)| {
            let mut key = String::from(if i == 0 { "" } else { "," });
            push_string(&mut key, &field.name);
            key.push(':');
            key
        });
        GeoJsonWriter {
            keys: keys.collect(),
            text: String::new(),
            written: 0,
            is_alone: false,
            set,
        }
    }

    /// One feature that is not in a collection; it carries the links.
    pub fn of_one(set: FeatureSet) -> GeoJsonWriter {
        GeoJsonWriter {
            is_alone: true,
            ..GeoJsonWriter::new(set)
        }
    }

    fn push_links(&mut self) {
        let text = &mut self.text;
        text.push_str(r#","links":["#);
        for (link, i) in self.set.links.iter().zip(0..) {
            text.push_str(if i == 0 {
                "\n{\"href\":"
            } else {
                ",\n{\"href\":"
            });
            push_string(text, &link.href);
            text.push_str(r#","rel":"#);
            push_string(text, link.rel);
            text.push_str(r#","type":"#);
            push_string(text, link.media_type);
            text.push_str(r#","title":"#);
            push_string(text, &link.title);
            text.push('}');
        }
        text.push(']');
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text.as_bytes());
        self.text.clear();
    }
}

impl FeatureWriter for GeoJsonWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.is_alone {
            return Ok(());
        }
        self.text.push_str(r#"{"type":"FeatureCollection","name":"#);
        push_string(&mut self.text, &self.set.name);
        // RFC 7946 knows one CRS; others are named as GeoJSON of 2008 did, which GDAL, QGIS and
        // OpenLayers still read
        if !self.set.crs.is_crs84() {
            self.text
                .push_str(r#","crs":{"type":"name","properties":{"name":"#);
            push_string(&mut self.text, &self.set.crs.urn());
            self.text.push_str("}}");
        }
        self.text.push_str(r#","features":["#);
        self.flush(out);
        Ok(())
    }

    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        let text = &mut self.text;
        if !self.is_alone {
            text.push_str(if self.written == 0 { "\n" } else { ",\n" });
        }
        text.push_str(r#"{"type":"Feature","id":"#);
        match row.id {
            FeatureId::Integer(i) => push_integer(text, i),
            FeatureId::Text(id) => push_string(text, id),
            id => push_string(text, &id.to_string()),
        }
        text.push_str(r#","geometry":"#);
        match row.geometry {
            Some(g) => push_geometry_axes(text, g, self.set.decimals(), self.set.is_swapped),
            None => text.push_str("null"),
        }
        text.push_str(r#","properties":{"#);
        for (key, field) in self.keys.iter().zip(&self.set.fields) {
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
        if self.is_alone {
            return Ok(Rest::Done);
        }
        self.text.push_str("\n],");
        if let Some(matched) = self.set.matched {
            self.text.push_str(r#""numberMatched":"#);
            self.text.push_str(&matched.to_string());
            self.text.push(',');
        }
        self.text.push_str(r#""numberReturned":"#);
        self.text.push_str(&self.written.to_string());
        self.text.push_str(r#","timeStamp":"#);
        push_string(&mut self.text, &self.set.time_stamp);
        self.push_links();
        self.text.push_str("}\n");
        self.flush(out);
        Ok(Rest::Done)
    }
}

fn push_integer(out: &mut String, value: i64) {
    use std::fmt::Write;
    let _ = write!(out, "{value}");
}
