//! [`Style`] → layers of a MapLibre style (Style Specification v8) for a vector tile source.
//!
//! Rules become layers, scales become zooms of 512 px tiles. What can't be said is a note.

use serde_json::{Map, Value, json};

use super::maplibre_expression::{condition, expression};
use crate::decode::maplibre::ZOOM_0_SCALE;
use crate::query::{Expr, Literal};
use crate::style::{
    FeatureTypeStyle, Fill, Graphic, GraphicSymbol, LabelPlacement, LetterCase, LineCap, LineJoin,
    LineSymbolizer, MarkShape, Measure, Paint, PolygonSymbolizer, Rule, ScaleRange, Stroke,
    StrokeKind, Style, StyleNote, StyleNoteKind, Symbolizer, TextSymbolizer, Unit,
};

/// Metres in a pixel at zoom 0 of 512 px tiles, at the equator.
const ZOOM_0_METRES: f64 = 78_271.516_964;

/// Writes the layers that draw `style` from the source layer, in drawing order.
///
/// Returns a JSON array and what could not be said in it (notes without lines).
pub fn write(style: &Style, source: &str, source_layer: &str) -> (Value, Vec<StyleNote>) {
    let mut writer = Layers {
        source,
        source_layer,
        layers: Vec::new(),
        notes: Vec::new(),
    };
    for pass in &style.feature_type_styles {
        for rule in &pass.rules {
            writer.rule(rule, pass);
        }
    }
    (Value::Array(writer.layers), writer.notes)
}

struct Layers<'a> {
    source: &'a str,
    source_layer: &'a str,
    layers: Vec<Value>,
    notes: Vec<StyleNote>,
}

impl Layers<'_> {
    fn note(&mut self, kind: StyleNoteKind, message: &str) {
        let note = StyleNote {
            kind,
            line: 0,
            column: 0,
            message: message.into(),
        };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn dropped(&mut self, message: &str) {
        self.note(StyleNoteKind::Dropped, message);
    }

    fn approximated(&mut self, message: &str) {
        self.note(StyleNoteKind::Approximated, message);
    }

    fn rule(&mut self, rule: &Rule, pass: &FeatureTypeStyle) {
        let Ok(filter) = self.filter(rule, pass) else {
            return self.dropped("a rule whose condition has no expression is left out");
        };
        for symbolizer in &rule.symbolizers {
            match symbolizer {
                Symbolizer::Line(line) => self.line(line, rule, &filter),
                Symbolizer::Polygon(polygon) => self.polygon(polygon, rule, &filter),
                Symbolizer::Point(point) => self.point(&point.graphic, rule, &filter),
                Symbolizer::Text(text) => self.text(text, rule, &filter),
            }
        }
    }

    /// The filter of a rule; of an else rule, what none of the others takes.
    fn filter(&mut self, rule: &Rule, pass: &FeatureTypeStyle) -> Result<Option<Value>, ()> {
        let own = match &rule.filter {
            Some(filter) => Some(condition(filter).ok_or(())?),
            None => None,
        };
        if !rule.is_else {
            return Ok(own);
        }
        let overlaps = |a: &ScaleRange, b: &ScaleRange| {
            let apart = |low: Option<f64>, high: Option<f64>| matches!((low, high), (Some(l), Some(h)) if l >= h);
            !apart(a.min, b.max) && !apart(b.min, a.max)
        };
        let mut none = vec![json!("all")];
        none.extend(own);
        for other in &pass.rules {
            if other.is_else || !overlaps(&other.scales, &rule.scales) {
                continue;
            }
            match &other.filter {
                Some(filter) => none.push(json!(["!", condition(filter).ok_or(())?])),
                None => none.push(json!(false)),
            }
        }
        Ok(Some(Value::Array(none)))
    }

    fn push(
        &mut self,
        kind: &str,
        rule: &Rule,
        filter: &Option<Value>,
        paint: Map<String, Value>,
        layout: Map<String, Value>,
    ) {
        let mut layer = Map::new();
        let id = format!("{}-{}", self.source_layer, self.layers.len());
        layer.insert("id".into(), json!(id));
        layer.insert("type".into(), json!(kind));
        layer.insert("source".into(), json!(self.source));
        layer.insert("source-layer".into(), json!(self.source_layer));
        if let Some(title) = rule.title.as_ref().or(rule.name.as_ref()) {
            layer.insert("metadata".into(), json!({ "title": title }));
        }
        // the scale of a whole zoom comes back as that zoom, whatever its last digits
        let zoom = |scale: f64| {
            let zoom = (ZOOM_0_SCALE / scale).log2();
            let near = (zoom * 100.0).round() / 100.0;
            near.clamp(0.0, 24.0)
        };
        if let Some(max) = rule.scales.max.filter(|s| *s > 0.0 && *s < ZOOM_0_SCALE) {
            layer.insert("minzoom".into(), json!(zoom(max)));
        }
        if let Some(min) = rule.scales.min.filter(|s| *s > 0.0) {
            layer.insert("maxzoom".into(), json!(zoom(min)));
        }
        if let Some(filter) = filter {
            layer.insert("filter".into(), filter.clone());
        }
        layer.insert("paint".into(), Value::Object(paint));
        if !layout.is_empty() {
            layer.insert("layout".into(), Value::Object(layout));
        }
        self.layers.push(Value::Object(layer));
    }

    fn expr(&mut self, expr: &Expr, default: Value) -> Value {
        expression(expr).unwrap_or_else(|| {
            self.approximated("an expression without a counterpart takes its default");
            default
        })
    }

    /// Pixels of a screen.
    fn pixels(&mut self, measure: &Measure, default: f64) -> Value {
        let value = self.expr(&measure.value, json!(default));
        let scaled = |by: f64| match value.as_f64() {
            Some(n) => json!(n * by),
            None => json!(["*", by, value]),
        };
        match measure.unit {
            Unit::Pixel => value,
            Unit::Millimetre => scaled(96.0 / 25.4),
            Unit::Metre | Unit::Foot => {
                self.approximated("ground units are right at the equator only");
                let metres = if measure.unit == Unit::Foot {
                    0.3048
                } else {
                    1.0
                };
                let at = |zoom: i32| scaled(metres / ZOOM_0_METRES * f64::from(zoom).exp2());
                json!([
                    "interpolate",
                    ["exponential", 2],
                    ["zoom"],
                    0,
                    at(0),
                    24,
                    at(24)
                ])
            }
        }
    }

    fn paint(&mut self, out: &mut Map<String, Value>, paint: &Paint, color: &str, opacity: &str) {
        let value = match &paint.color {
            // a text that depends on the feature has to be made a colour
            Expr::Literal(_)
            | Expr::Step(..)
            | Expr::Match(..)
            | Expr::Interpolate(..)
            | Expr::Case(..) => self.expr(&paint.color, json!("#808080")),
            computed => {
                let value = self.expr(computed, json!("#808080"));
                json!(["to-color", value, "#808080"])
            }
        };
        out.insert(color.into(), value);
        if paint.opacity != Expr::number(1.0) {
            let value = self.expr(&paint.opacity, json!(1));
            out.insert(opacity.into(), value);
        }
    }

    fn line(&mut self, line: &LineSymbolizer, rule: &Rule, filter: &Option<Value>) {
        self.stroke(
            &line.stroke,
            line.perpendicular_offset.as_ref(),
            rule,
            filter,
        );
    }

    fn stroke(
        &mut self,
        stroke: &Stroke,
        offset: Option<&Measure>,
        rule: &Rule,
        filter: &Option<Value>,
    ) {
        let StrokeKind::Solid(color) = &stroke.kind else {
            return self.dropped("markers along lines need sprites");
        };
        let mut paint = Map::new();
        self.paint(&mut paint, color, "line-color", "line-opacity");
        let width = self.pixels(&stroke.width, 1.0);
        if !stroke.dash.is_empty() {
            // dashes are multiples of the width
            let lengths: Vec<Option<f64>> = stroke
                .dash
                .iter()
                .map(|d| self.pixels(d, 1.0).as_f64())
                .collect();
            match (
                width.as_f64().filter(|w| *w > 0.0),
                lengths.iter().copied().collect::<Option<Vec<f64>>>(),
            ) {
                (Some(width), Some(lengths)) => {
                    let lengths: Vec<f64> = lengths.iter().map(|l| l / width).collect();
                    paint.insert("line-dasharray".into(), json!(lengths));
                }
                _ => self.dropped("dashes of computed lengths are drawn solid"),
            }
        }
        paint.insert("line-width".into(), width);
        if let Some(offset) = offset {
            let value = self.pixels(offset, 0.0);
            let right = match value.as_f64() {
                Some(n) => json!(-n + 0.0),
                None => json!(["*", -1, value]),
            };
            paint.insert("line-offset".into(), right);
        }
        let mut layout = Map::new();
        match stroke.cap {
            LineCap::Butt => None,
            LineCap::Round => layout.insert("line-cap".into(), json!("round")),
            LineCap::Square => layout.insert("line-cap".into(), json!("square")),
        };
        match stroke.join {
            LineJoin::Miter => None,
            LineJoin::Round => layout.insert("line-join".into(), json!("round")),
            LineJoin::Bevel => layout.insert("line-join".into(), json!("bevel")),
        };
        self.push("line", rule, filter, paint, layout);
    }

    fn polygon(&mut self, polygon: &PolygonSymbolizer, rule: &Rule, filter: &Option<Value>) {
        let mut paint = Map::new();
        match &polygon.fill {
            Some(Fill::Solid(fill)) => self.paint(&mut paint, fill, "fill-color", "fill-opacity"),
            Some(Fill::Graphic { graphic, .. }) => {
                self.approximated("a fill of graphics is an even, thin colour");
                let color = graphic.symbols.iter().find_map(mark_color);
                let color = color.unwrap_or_else(|| Paint::solid("#808080"));
                self.paint(&mut paint, &color, "fill-color", "fill-opacity");
                paint.insert("fill-opacity".into(), json!(0.3));
            }
            None => {}
        }
        if !paint.is_empty() {
            if let Some([x, y]) = &polygon.displacement {
                let by = [self.pixels(x, 0.0), self.pixels(y, 0.0)];
                match by.each_ref().map(Value::as_f64) {
                    [Some(x), Some(y)] => {
                        paint.insert("fill-translate".into(), json!([x, -y + 0.0]));
                    }
                    _ => self.dropped("a computed displacement is left out"),
                }
            }
            self.push("fill", rule, filter, paint, Map::new());
        }
        if let Some(stroke) = &polygon.stroke {
            self.stroke(stroke, polygon.perpendicular_offset.as_ref(), rule, filter);
        }
    }

    fn point(&mut self, graphic: &Graphic, rule: &Rule, filter: &Option<Value>) {
        let mark = graphic.symbols.iter().find_map(|symbol| match symbol {
            GraphicSymbol::Mark {
                shape,
                fill,
                stroke,
            } => Some((shape, fill, stroke)),
            GraphicSymbol::Image { .. } => None,
        });
        if graphic
            .symbols
            .iter()
            .any(|s| matches!(s, GraphicSymbol::Image { .. }))
        {
            self.dropped("pictures need sprites");
        }
        let Some((shape, fill, stroke)) = mark else {
            return;
        };
        if !matches!(shape, MarkShape::Circle | MarkShape::Dot) {
            self.approximated("marks are drawn as circles");
        }
        let mut paint = Map::new();
        match fill {
            Some(fill) => self.paint(&mut paint, fill, "circle-color", "circle-opacity"),
            None => {
                paint.insert("circle-opacity".into(), json!(0));
            }
        }
        let size = match &graphic.size {
            Some(size) => self.pixels(size, 6.0),
            None => json!(6),
        };
        let mut edge = json!(0);
        if let Some(stroke) = stroke
            && let StrokeKind::Solid(color) = &stroke.kind
        {
            self.paint(
                &mut paint,
                color,
                "circle-stroke-color",
                "circle-stroke-opacity",
            );
            edge = self.pixels(&stroke.width, 1.0);
            paint.insert("circle-stroke-width".into(), edge.clone());
        }
        // the edge lies around the circle there, on its outline here
        let radius = match (size.as_f64(), edge.as_f64()) {
            (Some(size), Some(edge)) => json!(((size - edge) / 2.0).max(0.0)),
            _ if size.get(0) == Some(&json!("interpolate")) => size, // zoom stands outermost
            _ => json!(["/", size, 2]),
        };
        paint.insert("circle-radius".into(), radius);
        self.push("circle", rule, filter, paint, Map::new());
    }

    fn text(&mut self, text: &TextSymbolizer, rule: &Rule, filter: &Option<Value>) {
        let Some(label) = expression(&text.label) else {
            return self.dropped("a label whose expression has no counterpart");
        };
        let mut layout = Map::new();
        let mut paint = Map::new();
        layout.insert(
            "text-field".into(),
            match label {
                Value::String(constant) => json!(constant),
                computed => json!(["to-string", computed]),
            },
        );
        let size = self.pixels(&text.font.size, 10.0);
        let em = size.as_f64().filter(|s| *s > 0.0).unwrap_or(16.0);
        layout.insert("text-size".into(), size);
        let weight = match (text.font.bold, text.font.italic) {
            (false, false) => "Regular",
            (true, false) => "Bold",
            (false, true) => "Italic",
            (true, true) => "Bold Italic",
        };
        let family = text
            .font
            .families
            .first()
            .map_or("Noto Sans", String::as_str);
        layout.insert("text-font".into(), json!([format!("{family} {weight}")]));
        match &text.placement {
            LabelPlacement::Point {
                anchor,
                displacement,
                rotation,
            } => {
                layout.insert("text-anchor".into(), json!(anchor_name(*anchor)));
                let by = displacement
                    .each_ref()
                    .map(|m| self.pixels(m, 0.0).as_f64().unwrap_or(0.0));
                let [x, y] = by.map(|px| px / em);
                if x != 0.0 || y != 0.0 {
                    layout.insert("text-offset".into(), json!([x, -y + 0.0]));
                }
                if *rotation != Expr::number(0.0) {
                    let value = self.expr(rotation, json!(0));
                    layout.insert("text-rotate".into(), value);
                }
            }
            LabelPlacement::Line {
                perpendicular_offset,
                repeat,
            } => {
                let placement = if repeat.is_some() {
                    "line"
                } else {
                    "line-center"
                };
                layout.insert("symbol-placement".into(), json!(placement));
                if let Some(repeat) = repeat {
                    let value = self.pixels(repeat, 250.0);
                    layout.insert("symbol-spacing".into(), value);
                }
                let up = self
                    .pixels(perpendicular_offset, 0.0)
                    .as_f64()
                    .unwrap_or(0.0)
                    / em;
                if up != 0.0 {
                    layout.insert("text-offset".into(), json!([0, -up]));
                }
            }
        }
        if let Some(wrap) = &text.wrap_width {
            let width = self.pixels(wrap, 160.0).as_f64().unwrap_or(160.0);
            layout.insert("text-max-width".into(), json!(width / em));
        }
        match text.letter_case {
            LetterCase::AsIs => None,
            LetterCase::Upper => layout.insert("text-transform".into(), json!("uppercase")),
            LetterCase::Lower => layout.insert("text-transform".into(), json!("lowercase")),
        };
        let spacing = self
            .pixels(&text.letter_spacing, 0.0)
            .as_f64()
            .unwrap_or(0.0);
        if spacing != 0.0 {
            layout.insert("text-letter-spacing".into(), json!(spacing / em));
        }
        let around = self.pixels(&text.space_around, 0.0);
        layout.insert("text-padding".into(), around);
        if text.allow_overlap {
            layout.insert("text-allow-overlap".into(), json!(true));
        }
        match &text.priority {
            Expr::Literal(Literal::Number(n)) if *n == 0.0 => {}
            priority => {
                let value = self.expr(priority, json!(0));
                layout.insert(
                    "symbol-sort-key".into(),
                    json!(["*", -1, ["to-number", value, 0]]),
                );
            }
        }
        self.paint(&mut paint, &text.fill, "text-color", "text-opacity");
        if let Some(halo) = &text.halo {
            let mut halo_paint = Map::new();
            self.paint(
                &mut halo_paint,
                &halo.fill,
                "text-halo-color",
                "halo-opacity",
            );
            paint.extend(
                halo_paint
                    .remove("text-halo-color")
                    .map(|v| ("text-halo-color".to_owned(), v)),
            );
            if halo_paint.contains_key("halo-opacity") {
                self.approximated("a halo is as opaque as its text");
            }
            let width = self.pixels(&halo.radius, 1.0);
            paint.insert("text-halo-width".into(), width);
        }
        self.push("symbol", rule, filter, paint, layout);
    }
}

fn mark_color(symbol: &GraphicSymbol) -> Option<Paint> {
    let GraphicSymbol::Mark { fill, stroke, .. } = symbol else {
        return None;
    };
    let edge = stroke.as_ref().and_then(|s| match &s.kind {
        StrokeKind::Solid(paint) => Some(paint.clone()),
        StrokeKind::Graphic { .. } => None,
    });
    fill.clone().or(edge)
}

/// The nearest of the nine anchors.
fn anchor_name([x, y]: [f64; 2]) -> String {
    let side = |v: f64, low: &'static str, high: &'static str| match v {
        v if v < 0.25 => low,
        v if v > 0.75 => high,
        _ => "",
    };
    match (side(y, "bottom", "top"), side(x, "left", "right")) {
        ("", "") => "center".into(),
        (one, "") | ("", one) => one.into(),
        (vertical, horizontal) => format!("{vertical}-{horizontal}"),
    }
}
