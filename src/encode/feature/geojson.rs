//! GeoJSON (RFC 7946) as OGC API – Features Part 1 §8.2 and WFS clients read it.
//!
//! Every field stands in every feature, null where it has no value, in one order: clients that
//! guess types from the first features (QGIS, GDAL) guess right. What other pages hold stands
//! behind the features, where what was sent has been counted.

use super::{FeatureId, FeatureRow, FeatureSet, FeatureWriter, Rest};
use crate::encode::geojson::{push_geometry_axes, push_string, push_value};
use crate::encode::ink::{Ink, push_whole};
use crate::error::Result;

/// Writes a `FeatureCollection`, or one `Feature` alone.
#[derive(Debug)]
pub struct GeoJsonWriter {
    set: FeatureSet,
    /// `,"name":` of each field, in order; the first without its comma.
    keys: Vec<String>,
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

    fn push_links(&self, text: &mut impl Ink) {
        text.put(r#","links":["#);
        for (link, i) in self.set.links.iter().zip(0..) {
            text.put(if i == 0 {
                "\n{\"href\":"
            } else {
                ",\n{\"href\":"
            });
            push_string(text, &link.href);
            text.put(r#","rel":"#);
            push_string(text, link.rel);
            text.put(r#","type":"#);
            push_string(text, link.media_type);
            text.put(r#","title":"#);
            push_string(text, &link.title);
            text.put("}");
        }
        text.put("]");
    }
}

impl FeatureWriter for GeoJsonWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.is_alone {
            return Ok(());
        }
        out.put(r#"{"type":"FeatureCollection","name":"#);
        push_string(out, &self.set.name);
        // RFC 7946 knows one CRS; others are named as GeoJSON of 2008 did, which GDAL, QGIS and
        // OpenLayers still read
        if !self.set.crs.is_crs84() {
            out.put(r#","crs":{"type":"name","properties":{"name":"#);
            push_string(out, &self.set.crs.urn());
            out.put("}}");
        }
        out.put(r#","features":["#);
        Ok(())
    }

    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        if !self.is_alone {
            out.put(if self.written == 0 { "\n" } else { ",\n" });
        }
        out.put(r#"{"type":"Feature","id":"#);
        match row.id {
            FeatureId::Integer(i) => push_whole(out, i),
            FeatureId::Text(id) => push_string(out, id),
            id => push_string(out, &id.to_string()),
        }
        out.put(r#","geometry":"#);
        match row.geometry {
            Some(g) => push_geometry_axes(out, g, self.set.decimals(), self.set.is_swapped),
            None => out.put("null"),
        }
        out.put(r#","properties":{"#);
        for (key, field) in self.keys.iter().zip(&self.set.fields) {
            out.put(key);
            push_value(out, &row.feature.value(field.column), field.kind);
        }
        out.put("}");
        if self.is_alone {
            self.push_links(out);
        }
        out.put("}");
        self.written += 1;
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        if self.is_alone {
            return Ok(Rest::Done);
        }
        out.put("\n],");
        if let Some(matched) = self.set.matched {
            out.put(r#""numberMatched":"#);
            out.put(&matched.to_string());
            out.put(",");
        }
        out.put(r#""numberReturned":"#);
        out.put(&self.written.to_string());
        out.put(r#","timeStamp":"#);
        push_string(out, &self.set.time_stamp);
        self.push_links(out);
        out.put("}\n");
        Ok(Rest::Done)
    }
}
