//! [`Style`] → Styled Layer Descriptor 1.1.0 with Symbology Encoding 1.1.0 (OGC 05-078r4,
//! 05-077r4), or 1.0.0 (02-070): for WMS GetStyles and OGC API Styles.
//!
//! Without vendor options the text is valid against the official schemas. What they have no
//! place for is a note, or, with vendor options, written as GeoServer and QGIS read it.

use super::xml_writer::Writer;
use crate::query::{Expr, Filter, Literal};
use crate::style::{Measure, Rule, Style, StyleNote, StyleNoteKind, Unit};

/// The versions of SLD that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SldVersion {
    V1_0_0,
    V1_1_0,
}

/// How a style is written.
#[derive(Debug, Clone, Copy)]
pub struct SldOptions {
    /// Default: 1.1.0.
    pub version: SldVersion,
    /// Adds what GeoServer and QGIS understand beyond the standard; not valid against its
    /// schemas. Default: false.
    pub vendor_options: bool,
}

impl Default for SldOptions {
    fn default() -> SldOptions {
        SldOptions {
            version: SldVersion::V1_1_0,
            vendor_options: false,
        }
    }
}

/// Writes layers with their styles, the first style of each the default one.
///
/// Returns the document and what could not be said in it (notes without lines).
pub fn write(layers: &[(&str, &[&Style])], options: SldOptions) -> (String, Vec<StyleNote>) {
    let mut writer = SldWriter {
        xml: Writer::document(),
        options,
        notes: Vec::new(),
        unit: Unit::Pixel,
    };
    writer.document(layers);
    (writer.xml.finish(), writer.notes)
}

pub(super) struct SldWriter {
    pub(super) xml: Writer,
    pub(super) options: SldOptions,
    notes: Vec<StyleNote>,
    /// The `uom` of the symbolizer being written.
    pub(super) unit: Unit,
}

impl SldWriter {
    pub(super) fn is_se(&self) -> bool {
        self.options.version == SldVersion::V1_1_0
    }

    /// True where the text must be valid against the schemas of SE 1.1.
    pub(super) fn is_strict(&self) -> bool {
        self.is_se() && !self.options.vendor_options
    }

    fn note(&mut self, kind: StyleNoteKind, message: &str) {
        self.notes.push(StyleNote {
            kind,
            line: 0,
            column: 0,
            message: message.into(),
        });
    }

    pub(super) fn dropped(&mut self, message: &str) {
        self.note(StyleNoteKind::Dropped, message);
    }

    pub(super) fn approximated(&mut self, message: &str) {
        self.note(StyleNoteKind::Approximated, message);
    }

    /// The name of an element of SE: in 1.0 all is in the one namespace.
    pub(super) fn se(&self, name: &str) -> String {
        match self.is_se() {
            true => format!("se:{name}"),
            false => name.to_owned(),
        }
    }

    pub(super) fn open(&mut self, name: &str) {
        let name = self.se(name);
        self.xml.open(&name, &[]);
    }

    pub(super) fn leaf(&mut self, name: &str, text: &str) {
        let name = self.se(name);
        self.xml.leaf(&name, &[], text);
    }

    pub(super) fn value(&mut self, name: &str, expr: &Expr) {
        let name = self.se(name);
        self.parameter(&name, &[], expr);
    }

    pub(super) fn svg(&mut self, name: &str, expr: &Expr) {
        let element = match self.is_se() {
            true => "se:SvgParameter",
            false => "CssParameter",
        };
        self.parameter(element, &[("name", name)], expr);
    }

    fn document(&mut self, layers: &[(&str, &[&Style])]) {
        let mut attributes = vec![
            ("version", if self.is_se() { "1.1.0" } else { "1.0.0" }),
            ("xmlns", "http://www.opengis.net/sld"),
            ("xmlns:ogc", "http://www.opengis.net/ogc"),
            ("xmlns:gml", "http://www.opengis.net/gml"),
            ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
        ];
        if self.is_se() {
            attributes.push(("xmlns:se", "http://www.opengis.net/se"));
        }
        self.xml.open("StyledLayerDescriptor", &attributes);
        for (layer, styles) in layers {
            self.xml.open("NamedLayer", &[]);
            self.leaf("Name", layer);
            for (index, style) in styles.iter().enumerate() {
                self.style(style, index == 0);
            }
            self.xml.close();
        }
        self.xml.close();
    }

    fn style(&mut self, style: &Style, is_default: bool) {
        self.xml.open("UserStyle", &[]);
        if !style.id.is_empty() {
            self.leaf("Name", &style.id);
        }
        self.description(style.title.as_deref(), style.description.as_deref());
        self.xml
            .leaf("IsDefault", &[], if is_default { "1" } else { "0" });
        for pass in &style.feature_type_styles {
            self.open("FeatureTypeStyle");
            for rule in &pass.rules {
                self.rule(rule);
            }
            self.xml.close();
        }
        self.xml.close();
    }

    fn description(&mut self, title: Option<&str>, summary: Option<&str>) {
        if title.is_none() && summary.is_none() {
            return;
        }
        if self.is_se() {
            self.open("Description");
        }
        for (name, text) in [("Title", title), ("Abstract", summary)] {
            if let Some(text) = text {
                self.leaf(name, text);
            }
        }
        if self.is_se() {
            self.xml.close();
        }
    }

    fn rule(&mut self, rule: &Rule) {
        if let Some(filter) = &rule.filter
            && !SldWriter::can_write(filter)
        {
            return self.dropped(
                "a rule with a condition on the geometry, on times or arrays is not written",
            );
        }
        if rule.symbolizers.is_empty() {
            return; // the schemas want one; it draws nothing
        }
        self.open("Rule");
        if let Some(name) = &rule.name {
            self.leaf("Name", name);
        }
        self.description(rule.title.as_deref(), None);
        if let Some(filter) = &rule.filter {
            self.xml.open("ogc:Filter", &[]);
            match filter {
                Filter::Ids(ids) => {
                    for id in ids {
                        self.xml.leaf("ogc:FeatureId", &[("fid", id)], "");
                    }
                }
                other => self.condition(other),
            }
            self.xml.close();
        } else if rule.is_else {
            self.leaf("ElseFilter", "");
        }
        if let Some(min) = rule.scales.min {
            self.leaf("MinScaleDenominator", &min.to_string());
        }
        if let Some(max) = rule.scales.max {
            self.leaf("MaxScaleDenominator", &max.to_string());
        }
        for symbolizer in &rule.symbolizers {
            self.symbolizer(symbolizer);
        }
        self.xml.close();
    }

    /// A length in the symbolizer's unit; one in another carries its own, as GeoServer reads it.
    pub(super) fn measured(&mut self, measure: &Measure) -> Expr {
        match &measure.value {
            _ if measure.unit == self.unit => measure.value.clone(),
            Expr::Literal(Literal::Number(n)) => {
                let suffix = match measure.unit {
                    Unit::Pixel => "px",
                    Unit::Millimetre => "mm",
                    Unit::Metre => "m",
                    Unit::Foot => "ft",
                };
                Expr::text(&format!("{n}{suffix}"))
            }
            other => {
                self.approximated("a computed length is written in the symbolizer's unit");
                other.clone()
            }
        }
    }

    pub(super) fn measure(&mut self, name: &str, measure: &Measure) {
        let expr = self.measured(measure);
        self.value(name, &expr);
    }

    pub(super) fn option(&mut self, name: &str, value: &str) {
        if self.options.vendor_options {
            let element = self.se("VendorOption");
            self.xml.leaf(&element, &[("name", name)], value);
        } else {
            self.dropped(&format!("the standard has no place for {name}"));
        }
    }
}
