//! [`Style`] → Styled Layer Descriptor 1.1.0 with Symbology Encoding 1.1.0 (OGC 05-078r4,
//! 05-077r4), or 1.0.0 (02-070): for WMS GetStyles and OGC API Styles.
//!
//! Without vendor options the text is valid against the official schemas. What they have no
//! place for is a note, or, with vendor options, written as GeoServer and QGIS read it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::xml_writer::Writer;
use crate::decode::sld_mark::well_known;
use crate::query::{Expr, Function, Literal};
use crate::style::{
    Fill, Graphic, GraphicSymbol, ImageFormat, LabelPlacement, LetterCase, LineCap, LineJoin,
    MarkerAt, Measure, Paint, Rule, Stroke, StrokeKind, Style, StyleNote, StyleNoteKind,
    Symbolizer, TextSymbolizer, Unit,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SldVersion {
    V1_0_0,
    V1_1_0,
}

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
    options: SldOptions,
    notes: Vec<StyleNote>,
    /// The `uom` of the symbolizer being written.
    unit: Unit,
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
    fn se(&self, name: &str) -> String {
        match self.is_se() {
            true => format!("se:{name}"),
            false => name.to_owned(),
        }
    }

    fn open(&mut self, name: &str) {
        let name = self.se(name);
        self.xml.open(&name, &[]);
    }

    fn leaf(&mut self, name: &str, text: &str) {
        let name = self.se(name);
        self.xml.leaf(&name, &[], text);
    }

    fn value(&mut self, name: &str, expr: &Expr) {
        let name = self.se(name);
        self.parameter(&name, &[], expr);
    }

    fn svg(&mut self, name: &str, expr: &Expr) {
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
                crate::query::Filter::Ids(ids) => {
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

    fn symbolizer(&mut self, symbolizer: &Symbolizer) {
        match symbolizer {
            Symbolizer::Line(line) => {
                self.open_symbolizer("LineSymbolizer", line.stroke.width.unit);
                self.stroke(&line.stroke);
                self.offset(line.perpendicular_offset.as_ref());
                self.places(&line.stroke);
            }
            Symbolizer::Polygon(polygon) => {
                let width = polygon.stroke.as_ref().map(|s| s.width.unit);
                self.open_symbolizer("PolygonSymbolizer", width.unwrap_or_default());
                if let Some(fill) = &polygon.fill {
                    self.fill(fill);
                }
                if let Some(stroke) = &polygon.stroke {
                    self.stroke(stroke);
                }
                match (&polygon.displacement, self.is_se()) {
                    (Some(displacement), true) => self.displacement(displacement),
                    (Some(_), false) => self.dropped("SLD 1.0 can't displace areas"),
                    (None, _) => {}
                }
                self.offset(polygon.perpendicular_offset.as_ref());
                if let Some(stroke) = &polygon.stroke {
                    self.places(stroke);
                }
                if let Some(Fill::Graphic { margin, .. }) = &polygon.fill {
                    self.margin(margin);
                }
            }
            Symbolizer::Point(point) => {
                let unit = point.graphic.size.as_ref().map(|s| s.unit);
                self.open_symbolizer("PointSymbolizer", unit.unwrap_or_default());
                self.graphic(&point.graphic);
            }
            Symbolizer::Text(text) => {
                self.open_symbolizer("TextSymbolizer", text.font.size.unit);
                self.text(text);
            }
        }
        self.xml.close();
    }

    fn open_symbolizer(&mut self, name: &str, unit: Unit) {
        // 1.0 knows pixels only; a number then carries its unit
        self.unit = if self.is_se() { unit } else { Unit::Pixel };
        let name = self.se(name);
        let uom = match self.unit {
            Unit::Pixel => return self.xml.open(&name, &[]),
            Unit::Metre => "http://www.opengeospatial.org/se/units/metre",
            Unit::Foot => "http://www.opengeospatial.org/se/units/foot",
            Unit::Millimetre => "http://www.opengeospatial.org/se/units/mm",
        };
        self.xml.open(&name, &[("uom", uom)]);
    }

    /// A length in the symbolizer's unit; one in another carries its own, as GeoServer reads it.
    fn measured(&mut self, measure: &Measure) -> Expr {
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

    fn measure(&mut self, name: &str, measure: &Measure) {
        let expr = self.measured(measure);
        self.value(name, &expr);
    }

    fn offset(&mut self, offset: Option<&Measure>) {
        match offset {
            Some(offset) if self.is_se() || self.options.vendor_options => {
                self.measure("PerpendicularOffset", offset);
            }
            Some(_) => self.dropped("SLD 1.0 has no perpendicular offset"),
            None => {}
        }
    }

    fn displacement(&mut self, [x, y]: &[Measure; 2]) {
        self.open("Displacement");
        self.measure("DisplacementX", x);
        self.measure("DisplacementY", y);
        self.xml.close();
    }

    fn margin(&mut self, [x, y]: &[Measure; 2]) {
        let zero = |m: &Measure| m.value == Expr::number(0.0);
        if zero(x) && zero(y) {
            return;
        }
        // above and to the right only: the whole of what lies between two tiles
        let [x, y] = [x, y].map(|m| match self.measured(m) {
            Expr::Literal(Literal::Number(n)) => n.to_string(),
            Expr::Literal(Literal::Text(t)) => t,
            _ => "0".into(),
        });
        self.option("graphic-margin", &format!("{y} {x} 0 0"));
    }

    fn option(&mut self, name: &str, value: &str) {
        if self.options.vendor_options {
            let element = self.se("VendorOption");
            self.xml.leaf(&element, &[("name", name)], value);
        } else {
            self.dropped(&format!("the standard has no place for {name}"));
        }
    }

    /// Where markers stand, in QGIS's words.
    fn places(&mut self, stroke: &Stroke) {
        let StrokeKind::Graphic { places, .. } = &stroke.kind else {
            return;
        };
        let at = match places.at {
            MarkerAt::Intervals => None,
            MarkerAt::First => Some("firstPoint"),
            MarkerAt::Last => Some("lastPoint"),
            MarkerAt::Middle => Some("centralPoint"),
            MarkerAt::Vertices => Some("points"),
        };
        if let Some(at) = at {
            self.option("placement", at);
        }
        if !places.turned {
            self.option("rotateMarker", "0");
        }
    }

    fn fill(&mut self, fill: &Fill) {
        match fill {
            Fill::Solid(paint) => self.paint(paint),
            Fill::Graphic { graphic, .. } => {
                self.open("Fill");
                self.open("GraphicFill");
                self.graphic(graphic);
                self.xml.close();
                self.xml.close();
            }
        }
    }

    fn paint(&mut self, paint: &Paint) {
        self.open("Fill");
        self.svg("fill", &paint.color);
        if paint.opacity != Expr::number(1.0) {
            self.svg("fill-opacity", &paint.opacity);
        }
        self.xml.close();
    }

    fn stroke(&mut self, stroke: &Stroke) {
        self.open("Stroke");
        match &stroke.kind {
            StrokeKind::Solid(paint) => {
                self.svg("stroke", &paint.color);
                if paint.opacity != Expr::number(1.0) {
                    self.svg("stroke-opacity", &paint.opacity);
                }
            }
            StrokeKind::Graphic {
                graphic,
                gap,
                initial_gap,
                places: _,
            } => {
                self.open("GraphicStroke");
                self.graphic(graphic);
                if self.is_se() {
                    self.measure("InitialGap", initial_gap);
                    self.measure("Gap", gap);
                } else {
                    self.dropped("SLD 1.0 has no gap between markers");
                }
                self.xml.close();
            }
        }
        let width = self.measured(&stroke.width);
        self.svg("stroke-width", &width);
        let join = match stroke.join {
            LineJoin::Miter => "mitre",
            LineJoin::Round => "round",
            LineJoin::Bevel => "bevel",
        };
        self.svg("stroke-linejoin", &Expr::text(join));
        let cap = match stroke.cap {
            LineCap::Butt => "butt",
            LineCap::Round => "round",
            LineCap::Square => "square",
        };
        self.svg("stroke-linecap", &Expr::text(cap));
        if !stroke.dash.is_empty() {
            let lengths: Vec<String> = stroke
                .dash
                .iter()
                .map(|m| match self.measured(m) {
                    Expr::Literal(Literal::Number(n)) => n.to_string(),
                    Expr::Literal(Literal::Text(t)) => t,
                    _ => {
                        self.approximated("a dash that depends on the feature is 1 long");
                        "1".into()
                    }
                })
                .collect();
            self.svg("stroke-dasharray", &Expr::text(&lengths.join(" ")));
            let offset = self.measured(&stroke.dash_offset);
            self.svg("stroke-dashoffset", &offset);
        }
        self.xml.close();
    }

    fn graphic(&mut self, graphic: &Graphic) {
        self.open("Graphic");
        for symbol in &graphic.symbols {
            self.symbol(symbol);
        }
        let zero = |m: &Measure| m.value == Expr::number(0.0);
        if graphic.opacity != Expr::number(1.0) {
            self.value("Opacity", &graphic.opacity);
        }
        if let Some(size) = &graphic.size {
            self.measure("Size", size);
        }
        if graphic.rotation != Expr::number(0.0) {
            self.value("Rotation", &graphic.rotation);
        }
        let moved = graphic.anchor != [0.5, 0.5] || !graphic.displacement.iter().all(zero);
        if moved && !self.is_se() && !self.options.vendor_options {
            self.dropped("SLD 1.0 has no anchor and no displacement of a graphic");
        } else if moved {
            self.anchor(graphic.anchor);
            self.displacement(&graphic.displacement);
        }
        self.xml.close();
    }

    fn anchor(&mut self, [x, y]: [f64; 2]) {
        self.open("AnchorPoint");
        self.value("AnchorPointX", &Expr::number(x));
        self.value("AnchorPointY", &Expr::number(y));
        self.xml.close();
    }

    fn symbol(&mut self, symbol: &GraphicSymbol) {
        match symbol {
            GraphicSymbol::Mark {
                shape,
                fill,
                stroke,
            } => {
                self.open("Mark");
                self.leaf("WellKnownName", well_known(*shape));
                if let Some(fill) = fill {
                    self.paint(fill);
                }
                if let Some(stroke) = stroke {
                    self.stroke(stroke);
                }
                self.xml.close();
            }
            GraphicSymbol::Image { format, data, .. } => {
                let media_type = match format {
                    ImageFormat::Svg => "image/svg+xml",
                    ImageFormat::Png => "image/png",
                    ImageFormat::Jpeg => "image/jpeg",
                };
                let text = STANDARD.encode(data);
                self.open("ExternalGraphic");
                if self.is_se() {
                    let element = self.se("InlineContent");
                    self.xml.leaf(&element, &[("encoding", "base64")], &text);
                } else {
                    let href = format!("data:{media_type};base64,{text}");
                    let attributes = [("xlink:type", "simple"), ("xlink:href", href.as_str())];
                    self.xml.leaf("OnlineResource", &attributes, "");
                }
                self.leaf("Format", media_type);
                self.xml.close();
            }
        }
    }

    fn text(&mut self, text: &TextSymbolizer) {
        let cased = |f: Function| Expr::Function(f, vec![text.label.clone()]);
        match text.letter_case {
            LetterCase::AsIs => self.value("Label", &text.label),
            LetterCase::Upper => self.value("Label", &cased(Function::Upper)),
            LetterCase::Lower => self.value("Label", &cased(Function::Lower)),
        }
        self.open("Font");
        for family in &text.font.families {
            self.svg("font-family", &Expr::text(family));
        }
        let size = self.measured(&text.font.size);
        self.svg("font-size", &size);
        if text.font.italic {
            self.svg("font-style", &Expr::text("italic"));
        }
        if text.font.bold {
            self.svg("font-weight", &Expr::text("bold"));
        }
        self.xml.close();
        let mut repeat = None;
        self.open("LabelPlacement");
        match &text.placement {
            LabelPlacement::Point {
                anchor,
                displacement,
                rotation,
            } => {
                self.open("PointPlacement");
                self.anchor(*anchor);
                self.displacement(displacement);
                if *rotation != Expr::number(0.0) {
                    self.value("Rotation", rotation);
                }
                self.xml.close();
            }
            LabelPlacement::Line {
                perpendicular_offset,
                repeat: distance,
            } => {
                self.open("LinePlacement");
                self.measure("PerpendicularOffset", perpendicular_offset);
                match distance {
                    Some(distance) if self.is_se() => {
                        self.leaf("IsRepeated", "true");
                        self.measure("Gap", distance);
                    }
                    other => repeat = other.clone(),
                }
                self.xml.close();
            }
        }
        self.xml.close();
        if let Some(halo) = &text.halo {
            self.open("Halo");
            self.measure("Radius", &halo.radius);
            self.paint(&halo.fill);
            self.xml.close();
        }
        self.paint(&text.fill);
        self.label_options(text, repeat.as_ref());
    }

    fn label_options(&mut self, text: &TextSymbolizer, repeat: Option<&Measure>) {
        if text.priority != Expr::number(0.0) {
            match self.options.vendor_options {
                true => self.value("Priority", &text.priority),
                false => self.dropped("the standard has no place for priority"),
            }
        }
        // these are pixels, whatever the symbolizer's unit
        self.unit = Unit::Pixel;
        let zero = |m: &&Measure| m.value != Expr::number(0.0);
        let options = [
            ("autoWrap", text.wrap_width.as_ref()),
            ("spaceAround", Some(&text.space_around).filter(zero)),
            ("charSpacing", Some(&text.letter_spacing).filter(zero)),
            ("repeat", repeat),
        ];
        for (name, measure) in options {
            let Some(measure) = measure else { continue };
            match self.measured(measure) {
                Expr::Literal(Literal::Number(n)) => self.option(name, &n.to_string()),
                Expr::Literal(Literal::Text(t)) => self.option(name, &t),
                _ => self.dropped(&format!("{name} can't depend on the feature")),
            }
        }
        if text.allow_overlap {
            self.option("conflictResolution", "false");
        }
    }
}
