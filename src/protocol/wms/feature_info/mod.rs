//! What GetFeatureInfo answers, in each format; a miss is a 200 with nothing in it.

mod gml;
mod html;
mod json;
mod text;
mod value;

use crate::crs::{Crs, CrsKind};
use crate::operation::FoundFeature;
use crate::protocol::Answer;

/// The formats of GetFeatureInfo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InfoFormat {
    Text,
    Html,
    /// GeoJSON under the name that most clients ask for.
    Json,
    GeoJson,
    /// GML 2.1.2 in the frame that MapServer made (`msGMLOutput`), which QGIS and OpenLayers
    /// read as features.
    Gml2,
    /// The same as plain XML.
    Xml,
    /// A collection of GML 3.1.1 features.
    Gml3,
}

impl InfoFormat {
    /// Every format, in the order of the capabilities: QGIS takes the last that it reads features
    /// from. From JSON it has text where text is (`01001`), from GML it guesses a number.
    pub const ALL: [InfoFormat; 7] = [
        InfoFormat::Html,
        InfoFormat::Gml2,
        InfoFormat::Gml3,
        InfoFormat::Json,
        InfoFormat::GeoJson,
        InfoFormat::Text,
        InfoFormat::Xml,
    ];

    pub fn media_type(self) -> &'static str {
        match self {
            InfoFormat::Text => "text/plain",
            InfoFormat::Html => "text/html",
            InfoFormat::Json => "application/json",
            InfoFormat::GeoJson => "application/geo+json",
            InfoFormat::Gml2 => "application/vnd.ogc.gml",
            InfoFormat::Xml => "text/xml",
            InfoFormat::Gml3 => "application/vnd.ogc.gml/3.1.1",
        }
    }

    /// The format of a media type, or of the short names that MapServer's and QGIS's users
    /// write, in any case and with any spaces. A `+` that nobody escaped came as a space.
    pub fn parse(text: &str) -> Option<InfoFormat> {
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .take(64) // longer than any name below
            .flat_map(char::to_lowercase)
            .collect();
        // every answer is UTF-8, whatever a client adds
        let name = match plain.split_once(";charset=") {
            Some((name, _)) => name,
            None => &plain,
        };
        Some(match name {
            "text/plain" | "text" => InfoFormat::Text,
            "text/html" | "html" => InfoFormat::Html,
            "application/json" | "json" => InfoFormat::Json,
            "application/geo+json"
            | "application/geojson"
            | "application/vnd.geo+json"
            | "application/json;subtype=geojson"
            | "geojson" => InfoFormat::GeoJson,
            "application/vnd.ogc.gml"
            | "gml"
            | "application/vnd.ogc.gml/2.1.2"
            | "text/xml;subtype=gml/2.1.2"
            | "gmlv2" => InfoFormat::Gml2,
            "text/xml" | "application/xml" | "xml" => InfoFormat::Xml,
            "application/vnd.ogc.gml/3.1.1"
            | "text/xml;subtype=gml/3.1.1"
            | "application/gml+xml;version=3.1"
            | "application/gmlxml;version=3.1"
            | "application/vnd.ogc.gml/3.1.0" => InfoFormat::Gml3,
            _ => return None,
        })
    }
}

/// Where and in which words an answer is given.
#[derive(Debug, Clone, Copy)]
pub struct InfoContext<'a> {
    pub crs: &'a Crs,
    /// Two-letter code.
    pub language: &'a str,
}

impl InfoContext<'_> {
    /// Digits behind the point that coordinates are written with: a millimetre, or what a
    /// millimetre is in degrees.
    fn decimals(&self) -> u8 {
        match self.crs.kind {
            CrsKind::Geographic => 8,
            CrsKind::Projected | CrsKind::Other => 3,
        }
    }

    /// True where the CRS is WGS 84 in degrees, which RFC 7946 takes for granted.
    fn is_wgs84(&self) -> bool {
        matches!(
            (self.crs.authority.as_str(), self.crs.code.as_str()),
            ("EPSG", "4326") | ("OGC", "CRS84")
        )
    }
}

/// Writes what was found, top layer first.
pub fn write(found: &[FoundFeature], format: InfoFormat, context: &InfoContext<'_>) -> Answer {
    let (body, charset) = match format {
        InfoFormat::Text => (text::write(found, context), "; charset=utf-8"),
        InfoFormat::Html => (html::write(found, context), "; charset=utf-8"),
        InfoFormat::Json | InfoFormat::GeoJson => (json::write(found, context), ""),
        InfoFormat::Gml2 | InfoFormat::Xml => (gml::write_gml2(found, context), ""),
        InfoFormat::Gml3 => (gml::write_gml3(found, context), ""),
    };
    Answer::ok(format!("{}{charset}", format.media_type()), body)
}

/// Features of one layer after the other, as they were found.
fn by_layer(found: &[FoundFeature]) -> impl Iterator<Item = &[FoundFeature]> {
    found.chunk_by(|a, b| std::sync::Arc::ptr_eq(&a.layer, &b.layer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_reads_its_own_media_type() {
        for format in InfoFormat::ALL {
            assert_eq!(InfoFormat::parse(format.media_type()), Some(format));
        }
        assert_eq!(InfoFormat::parse("geojson"), Some(InfoFormat::GeoJson));
        assert_eq!(
            InfoFormat::parse("text/xml; subtype=gml/3.1.1"),
            Some(InfoFormat::Gml3)
        );
        assert_eq!(InfoFormat::parse("None"), None);
    }
}
