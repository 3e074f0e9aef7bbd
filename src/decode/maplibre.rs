//! MapLibre styles (Style Specification v8, maplibre.org/maplibre-style-spec) → [`Style`]: the
//! layers of one source layer, in drawing order.
//!
//! Zoom becomes scale: zoom z of 512 px tiles is the scale 1 : 279,541,132 / 2^z at 0.28 mm a
//! pixel. A value that depends on zoom becomes one rule a zoom, exact at whole zooms.
//!
//! # Not supported
//! Sprites (`icon-image`, patterns), heat maps, extrusions, rasters, gradients along lines,
//! feature state: each is a note, at the line of the key that it is about or of its layer.

use serde_json::{Map, Value};

use super::maplibre_expression::{Values, approximations};
use super::maplibre_place::Places;
use super::maplibre_zoom::{depends_on_zoom, zooms};
use super::sld_graphic;
use super::sld_stroke::default_stroke;
use super::sld_symbol::{as_number, with_alpha_in_opacity, with_results};
use crate::error::{Error, Result};
use crate::query::{ArithmeticOp, Expr, Filter, Literal};
use crate::style::color;
use crate::style::{
    FeatureTypeStyle, Fill, GraphicSymbol, LineCap, LineJoin, LineSymbolizer, MarkShape, Measure,
    Paint, PointSymbolizer, PolygonSymbolizer, Rule, ScaleRange, Stroke, StrokeKind, Style,
    StyleNote, StyleNoteKind, Symbolizer, Unit,
};

/// The scale denominator of zoom 0: the equator on 512 pixels of 0.28 mm.
pub const ZOOM_0_SCALE: f64 = 279_541_132.014_358_9;

/// Reads a style document, an array of layers, or one layer. With `source_layer`, layers of
/// other source layers are left out.
///
/// # Errors
/// `InvalidStyle`: no JSON (with its place), or no layers in it.
pub fn parse(text: &str, source_layer: Option<&str>) -> Result<(Style, Vec<StyleNote>)> {
    let root: Value = serde_json::from_str(text).map_err(|e| Error::InvalidStyle {
        message: e.to_string(),
        line: u32::try_from(e.line()).unwrap_or(u32::MAX),
        column: u32::try_from(e.column()).unwrap_or(u32::MAX),
    })?;
    let layers: Vec<&Value> = match (&root, root.get("layers")) {
        (_, Some(Value::Array(layers))) | (Value::Array(layers), _) => layers.iter().collect(),
        _ if root.get("type").is_some() => vec![&root],
        _ => {
            return Err(Error::InvalidStyle {
                message: "expected a MapLibre style with \"layers\"".into(),
                line: 1,
                column: 1,
            });
        }
    };
    let mut style = Style {
        id: text_at(&root, "id").unwrap_or_default().to_owned(),
        title: text_at(&root, "name").map(str::to_owned),
        ..Style::default()
    };
    let mut reader = Reader::default();
    for (index, layer) in layers.into_iter().enumerate() {
        reader.index = index;
        let own = text_at(layer, "source-layer");
        if source_layer.is_some() && own.is_some() && own != source_layer {
            continue;
        }
        let rules = reader.layer(layer);
        if !rules.is_empty() {
            style.feature_type_styles.push(FeatureTypeStyle { rules });
        }
    }
    Ok((style, with_places(reader.notes, text)))
}

/// The notes with the place of what they name in the text.
fn with_places(notes: Vec<Note>, text: &str) -> Vec<StyleNote> {
    if notes.is_empty() {
        return Vec::new();
    }
    let places = Places::of(text);
    let placed = |note: Note| {
        let found = places.find(note.index, &note.message);
        let (line, column) = found.unwrap_or_default();
        StyleNote {
            kind: note.kind,
            line,
            column,
            message: format!("layer {:?}: {}", note.layer, note.message),
        }
    };
    notes.into_iter().map(placed).collect()
}

fn text_at<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// What is to be said of one layer.
#[derive(PartialEq)]
struct Note {
    kind: StyleNoteKind,
    index: usize,
    layer: String,
    message: String,
}

#[derive(Default)]
pub(super) struct Reader {
    notes: Vec<Note>,
    /// The layer being read: its place in the document and its id.
    index: usize,
    layer: String,
}

impl Reader {
    fn note(&mut self, kind: StyleNoteKind, message: &str) {
        let note = Note {
            kind,
            index: self.index,
            layer: self.layer.clone(),
            message: message.to_owned(),
        };
        // a rule for each zoom meets the same things again
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn dropped(&mut self, message: &str) {
        self.note(StyleNoteKind::Dropped, message);
    }

    pub(super) fn approximated(&mut self, message: &str) {
        self.note(StyleNoteKind::Approximated, message);
    }

    fn layer(&mut self, layer: &Value) -> Vec<Rule> {
        self.layer = text_at(layer, "id").unwrap_or_default().to_owned();
        if layer.pointer("/layout/visibility").and_then(Value::as_str) == Some("none") {
            self.note(StyleNoteKind::Kept, "hidden, and so left out");
            return Vec::new();
        }
        let min = layer.get("minzoom").and_then(Value::as_f64).unwrap_or(0.0);
        let max = layer
            .get("maxzoom")
            .and_then(Value::as_f64)
            .unwrap_or(f64::INFINITY);
        let mut cuts: Vec<f64> = Vec::new();
        for part in ["paint", "layout", "filter"]
            .iter()
            .filter_map(|k| layer.get(k))
        {
            if depends_on_zoom(part) {
                zooms(part, &mut cuts);
                self.approximated("what depends on zoom is exact at whole zooms");
            }
            let mut found = Vec::new();
            approximations(part, &mut found);
            found.into_iter().for_each(|what| self.approximated(what));
        }
        let low = cuts
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min)
            .clamp(0.0, 24.0)
            .floor();
        let high = cuts
            .iter()
            .copied()
            .fold(0.0, f64::max)
            .clamp(0.0, 24.0)
            .ceil();
        let mut rules = Vec::new();
        if cuts.is_empty() {
            rules.extend(self.rule(layer, 0.0, min, max));
            return rules;
        }
        let mut zoom = low;
        while zoom <= high {
            let from = if zoom == low { min } else { zoom.max(min) };
            let to = if zoom == high {
                max
            } else {
                (zoom + 1.0).min(max)
            };
            if from < to {
                rules.extend(self.rule(layer, zoom, from, to));
            }
            zoom += 1.0;
        }
        rules
    }

    fn rule(&mut self, layer: &Value, zoom: f64, min: f64, max: f64) -> Option<Rule> {
        let values = Values { zoom };
        let filter = match layer.get("filter") {
            None | Some(Value::Null) => None,
            Some(filter) => match values.filter(filter) {
                Ok(filter) => Some(filter),
                Err(why) => {
                    self.dropped(&format!(
                        "not drawn, since its filter is not understood: {why}"
                    ));
                    return None;
                }
            },
        };
        let empty = Map::new();
        let part = |key: &str| layer.get(key).and_then(Value::as_object).unwrap_or(&empty);
        let mut layer_reader = LayerReader {
            values,
            paint: part("paint"),
            layout: part("layout"),
            used: Vec::new(),
            reader: self,
        };
        let symbolizers = layer_reader.symbolizers(text_at(layer, "type").unwrap_or_default());
        if symbolizers.is_empty() {
            return None;
        }
        // at the zoom itself the layer is drawn, so its scale has to lie inside the range
        let scale = |zoom: f64| ZOOM_0_SCALE / zoom.exp2() * (1.0 + 1e-5);
        Some(Rule {
            name: Some(self.layer.clone()),
            title: layer
                .pointer("/metadata/title")
                .and_then(Value::as_str)
                .map(str::to_owned),
            filter,
            is_else: false,
            scales: ScaleRange {
                min: max.is_finite().then(|| scale(max)),
                max: (min > 0.0).then(|| scale(min)),
            },
            symbolizers,
        })
    }
}

pub(super) struct LayerReader<'a, 'r> {
    values: Values,
    pub(super) paint: &'a Map<String, Value>,
    pub(super) layout: &'a Map<String, Value>,
    pub(super) used: Vec<&'static str>,
    pub(super) reader: &'r mut Reader,
}

impl LayerReader<'_, '_> {
    fn symbolizers(&mut self, kind: &str) -> Vec<Symbolizer> {
        let symbolizers: Vec<Symbolizer> = match kind {
            "fill" => self.fill().into_iter().collect(),
            "line" => self.line(),
            "circle" => vec![self.circle()],
            "symbol" => self.symbol().into_iter().collect(),
            other => {
                self.reader
                    .dropped(&format!("layers of type {other:?} are not drawn"));
                return Vec::new();
            }
        };
        let used = std::mem::take(&mut self.used);
        for key in self.paint.keys().chain(self.layout.keys()) {
            if !used.contains(&key.as_str()) && key != "visibility" {
                self.reader.dropped(&format!("{key} is not known here"));
            }
        }
        symbolizers
    }

    /// Keys that order features or smooth their edges: noted where they are there.
    fn not_followed(&mut self, key: &'static str, what: &str) {
        if self.raw(key).is_some() {
            self.reader.approximated(&format!("{key}: {what}"));
        }
    }

    pub(super) fn raw(&mut self, key: &'static str) -> Option<&Value> {
        self.used.push(key);
        let found = self.paint.get(key).or_else(|| self.layout.get(key));
        found.filter(|v| !v.is_null())
    }

    pub(super) fn expr(&mut self, key: &'static str) -> Option<Expr> {
        let value = self.raw(key)?.clone();
        match self.values.expr(&value) {
            Ok(expr) => Some(expr),
            Err(why) => {
                self.reader
                    .dropped(&format!("{key} takes its default: {why}"));
                None
            }
        }
    }

    pub(super) fn number(&mut self, key: &'static str, default: f64) -> Expr {
        self.expr(key).map_or(Expr::number(default), as_number)
    }

    pub(super) fn pixels(&mut self, key: &'static str, default: f64) -> Measure {
        Measure {
            value: self.number(key, default),
            unit: Unit::Pixel,
        }
    }

    pub(super) fn word(&mut self, key: &'static str) -> Option<String> {
        match self.expr(key)? {
            Expr::Literal(Literal::Text(text)) => Some(text),
            _ => {
                self.reader
                    .dropped(&format!("{key} can't depend on the feature"));
                None
            }
        }
    }

    /// Constant numbers: an offset, a dash array.
    pub(super) fn numbers(&mut self, key: &'static str) -> Vec<f64> {
        let Some(value) = self.raw(key).cloned() else {
            return Vec::new();
        };
        match self.values.array(&value) {
            Some(list) => list.iter().filter_map(Value::as_f64).collect(),
            None => {
                self.reader
                    .dropped(&format!("{key} can't depend on the feature"));
                Vec::new()
            }
        }
    }

    pub(super) fn paint(
        &mut self,
        key: &'static str,
        opacity: &'static str,
        default: &str,
    ) -> Paint {
        let color = self.expr(key).unwrap_or_else(|| Expr::text(default));
        if let Expr::Literal(Literal::Text(text)) = &color
            && color::parse(text).is_none()
        {
            let message = format!("{key} takes its default: {text:?} is no colour");
            self.reader.dropped(&message);
            return Paint::solid(default);
        }
        let color = with_results(color, &|literal| match literal {
            Literal::Text(text) => match color::parse(&text) {
                Some(rgba) => Literal::Text(color::to_hex(rgba)),
                None => Literal::Text(text),
            },
            other => other,
        });
        let opacity = self.number(opacity, 1.0);
        with_alpha_in_opacity(Paint { color, opacity })
    }

    fn fill(&mut self) -> Option<Symbolizer> {
        if self.raw("fill-pattern").is_some() {
            self.reader
                .dropped("fill-pattern needs sprites, which are not read");
            self.paint.get("fill-color")?; // nothing else to draw with
        }
        self.not_followed("fill-sort-key", IN_ORDER);
        if self.raw("fill-antialias") == Some(&Value::Bool(false)) {
            self.not_followed("fill-antialias", "edges are smooth");
        }
        let paint = self.paint("fill-color", "fill-opacity", "#000000");
        let outline = self.raw("fill-outline-color").is_some();
        let stroke = outline.then(|| Stroke {
            kind: StrokeKind::Solid(self.paint("fill-outline-color", "fill-opacity", "#000000")),
            ..default_stroke()
        });
        let displacement = self.translation("fill-translate");
        Some(Symbolizer::Polygon(Box::new(PolygonSymbolizer {
            fill: Some(Fill::Solid(paint)),
            stroke,
            perpendicular_offset: None,
            displacement,
        })))
    }

    /// Right and down → right and up.
    fn translation(&mut self, key: &'static str) -> Option<[Measure; 2]> {
        match self.numbers(key)[..] {
            [x, y] => Some([Measure::pixels(x), Measure::pixels(-y)]),
            _ => None,
        }
    }

    /// One line, or the two on both sides of a `line-gap-width`.
    fn line(&mut self) -> Vec<Symbolizer> {
        for key in ["line-pattern", "line-gradient"] {
            if self.raw(key).is_some() {
                self.reader
                    .dropped(&format!("{key} is drawn as a plain colour"));
            }
        }
        self.used.extend(["line-miter-limit", "line-round-limit"]);
        self.not_followed("line-sort-key", IN_ORDER);
        let width = self.pixels("line-width", 1.0);
        let dash = match (&width.value, self.numbers("line-dasharray")) {
            (_, list) if list.is_empty() => Vec::new(),
            // dashes are multiples of the width
            (Expr::Literal(Literal::Number(w)), list) => {
                list.iter().map(|n| Measure::pixels(n * w)).collect()
            }
            (computed, list) => list
                .iter()
                .map(|n| Measure {
                    value: times(computed.clone(), *n),
                    unit: Unit::Pixel,
                })
                .collect(),
        };
        let cap = match self.word("line-cap").as_deref() {
            Some("round") => LineCap::Round,
            Some("square") => LineCap::Square,
            _ => LineCap::Butt,
        };
        let join = match self.word("line-join").as_deref() {
            Some("round") => LineJoin::Round,
            Some("bevel") => LineJoin::Bevel,
            _ => LineJoin::Miter,
        };
        let offset = self.expr("line-offset").map(|offset| Measure {
            // to the right there, to the left here
            value: times(as_number(offset), -1.0),
            unit: Unit::Pixel,
        });
        let gap = self.number("line-gap-width", 0.0);
        let stroke = LineSymbolizer {
            stroke: Stroke {
                kind: StrokeKind::Solid(self.paint("line-color", "line-opacity", "#000000")),
                width,
                cap,
                join,
                dash,
                dash_offset: Measure::pixels(0.0),
            },
            perpendicular_offset: offset,
        };
        if gap == Expr::number(0.0) {
            return vec![Symbolizer::Line(Box::new(stroke))];
        }
        let middle = match &stroke.perpendicular_offset {
            Some(offset) => offset.value.clone(),
            None => Expr::number(0.0),
        };
        let from_middle = times(sum(gap, stroke.stroke.width.value.clone()), 0.5);
        [1.0, -1.0]
            .map(|side| {
                let mut line = stroke.clone();
                line.perpendicular_offset = Some(Measure {
                    value: sum(middle.clone(), times(from_middle.clone(), side)),
                    unit: Unit::Pixel,
                });
                Symbolizer::Line(Box::new(line))
            })
            .to_vec()
    }

    fn circle(&mut self) -> Symbolizer {
        self.not_followed("circle-sort-key", IN_ORDER);
        let radius = self.number("circle-radius", 5.0);
        let width = self.number("circle-stroke-width", 0.0);
        let fill = self.paint("circle-color", "circle-opacity", "#000000");
        let edge = self.paint("circle-stroke-color", "circle-stroke-opacity", "#000000");
        // there the edge lies around the circle, here on its outline
        let size = sum(times(radius, 2.0), width.clone());
        let stroke = (width != Expr::number(0.0)).then(|| {
            Box::new(Stroke {
                kind: StrokeKind::Solid(edge),
                width: Measure {
                    value: width,
                    unit: Unit::Pixel,
                },
                ..default_stroke()
            })
        });
        let mut graphic = sld_graphic::default_graphic();
        graphic.symbols = vec![GraphicSymbol::Mark {
            shape: MarkShape::Circle,
            fill: Some(fill),
            stroke,
        }];
        graphic.size = Some(Measure {
            value: size,
            unit: Unit::Pixel,
        });
        if let Some(by) = self.translation("circle-translate") {
            graphic.displacement = by;
        }
        Symbolizer::Point(Box::new(PointSymbolizer { graphic }))
    }
}

/// Features are drawn as they come.
const IN_ORDER: &str = "features are drawn in the order of the data";

pub(super) fn times(expr: Expr, by: f64) -> Expr {
    match expr {
        // zero has no sign here
        Expr::Literal(Literal::Number(n)) => Expr::number(n * by + 0.0),
        other if by == 1.0 => other,
        other => Expr::Arithmetic(
            ArithmeticOp::Multiply,
            Box::new(other),
            Box::new(Expr::number(by)),
        ),
    }
}

fn sum(a: Expr, b: Expr) -> Expr {
    match (a, b) {
        (Expr::Literal(Literal::Number(a)), Expr::Literal(Literal::Number(b))) => {
            Expr::number(a + b)
        }
        (a, b) => Expr::Arithmetic(ArithmeticOp::Add, Box::new(a), Box::new(b)),
    }
}

/// Not, where what is unknown counts as false: in MapLibre nothing is unknown.
pub(super) fn negated(filter: Filter) -> Filter {
    use crate::query::CompareOp;
    match filter {
        Filter::IsNull(value) => Filter::Not(Box::new(Filter::IsNull(value))),
        Filter::Not(inner) if matches!(*inner, Filter::IsNull(_)) => *inner,
        Filter::Compare {
            op: CompareOp::Equal,
            left,
            right,
            match_case,
        } => Filter::Or(vec![
            Filter::IsNull(left.clone()),
            Filter::Compare {
                op: CompareOp::NotEqual,
                left,
                right,
                match_case,
            },
        ]),
        other => Filter::Not(Box::new(Filter::Truth(Expr::from_condition(other)))),
    }
}
