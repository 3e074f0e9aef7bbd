//! [`Style`] → layers of a MapLibre style (Style Specification v8) for a vector tile source.
//!
//! Rules become layers, scales become zooms of 512 px tiles; marks that are no circles, pictures
//! and patterns become icons of a sprite. What can't be said is a note.
//!
//! `expression` filters and values · `shape` lines and areas · `point` symbols · `text` labels.

mod expression;
mod point;
mod shape;
mod text;

use serde_json::{Map, Value, json};

use crate::decode::maplibre::ZOOM_0_SCALE;
use crate::geom::GeometryType;
use crate::query::{ArithmeticOp, Expr};
use crate::render::Icon;
use crate::style::{
    FeatureTypeStyle, Measure, Paint, Rule, ScaleRange, Style, StyleNote, StyleNoteKind,
    Symbolizer, Unit,
};
use expression::{Asked, all, condition, expression, number};

/// Metres in a pixel at zoom 0 of 512 px tiles, at the equator.
const ZOOM_0_METRES: f64 = 78_271.516_964;

/// What layers are written for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target<'a> {
    /// The id of the source.
    pub source: &'a str,
    /// The layer of its tiles that has the features.
    pub layer: &'a str,
    /// The layer of its tiles that has one point for each area or line, where there is one:
    /// symbols and names stand there once, not in each tile.
    pub points: Option<&'a str>,
    /// What the layer holds; `Unknown` is taken for points.
    pub geometry: GeometryType,
    /// The scales at which the layer is shown at all.
    pub scales: ScaleRange,
}

/// A style written for MapLibre.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// In drawing order.
    pub layers: Vec<Value>,
    /// The icons that the layers name, each once.
    pub icons: Vec<Icon>,
    /// What could not be said, without lines.
    pub notes: Vec<StyleNote>,
}

/// Writes the layers that draw a style, in drawing order.
pub fn write(style: &Style, target: &Target<'_>) -> Written {
    let mut writer = Layers {
        target,
        written: Written::default(),
    };
    for pass in &style.feature_type_styles {
        for rule in &pass.rules {
            writer.rule(rule, pass);
        }
    }
    writer.written
}

/// The zoom of 512 px tiles at which a map has that scale.
fn zoom(scale: f64) -> f64 {
    // the scale of a whole zoom comes back as that zoom, whatever its last digits
    let zoom = ((ZOOM_0_SCALE / scale).log2() * 1e4).round() / 1e4;
    zoom.clamp(0.0, 24.0)
}

struct Layers<'a> {
    target: &'a Target<'a>,
    written: Written,
}

/// What the layers of a rule have in common.
struct Condition<'a> {
    rule: &'a Rule,
    filter: Option<Value>,
    /// Both scale ranges together.
    scales: ScaleRange,
}

/// The properties of a layer under way.
#[derive(Default)]
struct Properties {
    paint: Map<String, Value>,
    layout: Map<String, Value>,
}

impl Layers<'_> {
    fn note(&mut self, kind: StyleNoteKind, message: &str) {
        let note = StyleNote {
            kind,
            line: 0,
            column: 0,
            message: message.into(),
        };
        if !self.written.notes.contains(&note) {
            self.written.notes.push(note);
        }
    }

    fn dropped(&mut self, message: &str) {
        self.note(StyleNoteKind::Dropped, message);
    }

    fn approximated(&mut self, message: &str) {
        self.note(StyleNoteKind::Approximated, message);
    }

    fn rule(&mut self, rule: &Rule, pass: &FeatureTypeStyle) {
        let scales = self.target.scales;
        let condition = Condition {
            rule,
            filter: match self.filter(rule, pass) {
                Ok(filter) => filter,
                Err(()) => {
                    return self.dropped("a rule whose condition has no expression is left out");
                }
            },
            scales: ScaleRange {
                min: larger(scales.min, rule.scales.min, f64::max),
                max: larger(scales.max, rule.scales.max, f64::min),
            },
        };
        for symbolizer in &rule.symbolizers {
            match symbolizer {
                Symbolizer::Line(line) => {
                    let offset = line.perpendicular_offset.as_ref();
                    self.stroke(&line.stroke, offset, &condition);
                }
                Symbolizer::Polygon(polygon) => self.polygon(polygon, &condition),
                Symbolizer::Point(point) => self.point(&point.graphic, &condition),
                Symbolizer::Text(text) => self.text(text, &condition),
            }
        }
    }

    /// The filter of a rule; of an else rule, what none of the others takes.
    fn filter(&mut self, rule: &Rule, pass: &FeatureTypeStyle) -> Result<Option<Value>, ()> {
        let own = match &rule.filter {
            Some(filter) => Some(condition(filter, Asked::HOLDS).ok_or(())?),
            None => None,
        };
        if !rule.is_else {
            return Ok(own);
        }
        let overlaps = |a: &ScaleRange, b: &ScaleRange| {
            let apart = |low: Option<f64>, high: Option<f64>| matches!((low, high), (Some(l), Some(h)) if l >= h);
            !apart(a.min, b.max) && !apart(b.min, a.max)
        };
        let mut none: Vec<Value> = own.into_iter().collect();
        for other in &pass.rules {
            if other.is_else || !overlaps(&other.scales, &rule.scales) {
                continue;
            }
            match &other.filter {
                Some(filter) => {
                    let not_this = condition(filter, Asked::DOES_NOT_HOLD_OR_UNKNOWN);
                    none.push(not_this.ok_or(())?);
                }
                None => none.push(json!(false)),
            }
        }
        Ok((!none.is_empty()).then(|| all(none)))
    }

    /// Adds a layer of the features, or of the points that stand for them.
    fn push(&mut self, kind: &str, at_points: bool, condition: &Condition, with: Properties) {
        let target = self.target;
        let scales = &condition.scales;
        let zooms = (
            scales
                .max
                .filter(|s| *s > 0.0 && *s < ZOOM_0_SCALE)
                .map(zoom),
            scales.min.filter(|s| *s > 0.0).map(zoom),
        );
        if let (least, Some(most)) = zooms
            && most <= least.unwrap_or(0.0)
        {
            return; // at no scale
        }
        let mut layer = Map::new();
        let id = format!("{}-{}", target.layer, self.written.layers.len());
        layer.insert("id".into(), json!(id));
        layer.insert("type".into(), json!(kind));
        layer.insert("source".into(), json!(target.source));
        let features = target.points.filter(|_| at_points).unwrap_or(target.layer);
        layer.insert("source-layer".into(), json!(features));
        let rule = condition.rule;
        if let Some(title) = rule.title.as_ref().or(rule.name.as_ref()) {
            layer.insert("metadata".into(), json!({ "title": title }));
        }
        if let Some(zoom) = zooms.0 {
            layer.insert("minzoom".into(), json!(zoom));
        }
        if let Some(zoom) = zooms.1 {
            layer.insert("maxzoom".into(), json!(zoom));
        }
        if let Some(filter) = &condition.filter {
            // a filter is an array there
            let filter = match filter {
                Value::Bool(_) => json!(["all", filter]),
                other => other.clone(),
            };
            layer.insert("filter".into(), filter);
        }
        layer.insert("paint".into(), Value::Object(with.paint));
        if !with.layout.is_empty() {
            layer.insert("layout".into(), Value::Object(with.layout));
        }
        self.written.layers.push(Value::Object(layer));
    }

    /// True where symbols have to find their place on an area or a line themselves.
    fn has_extent(&self) -> bool {
        self.target.geometry.dimension().is_some_and(|d| d > 0)
    }

    fn expr(&mut self, expr: &Expr, default: Value) -> Value {
        expression(expr).unwrap_or_else(|| {
            self.approximated("an expression without a counterpart takes its default");
            default
        })
    }

    /// Pixels of a screen.
    fn pixels(&mut self, measure: &Measure, default: f64) -> Value {
        let value = number(&measure.value).unwrap_or_else(|| {
            self.approximated("an expression without a counterpart takes its default");
            json!(default)
        });
        let scaled = |by: f64| match value.as_f64() {
            Some(n) => json!(n * by),
            None => json!(["*", by, value]),
        };
        match measure.unit {
            Unit::Pixel => value,
            Unit::Millimetre => scaled(96.0 / 25.4),
            Unit::Metre | Unit::Foot => {
                let metres = match measure.unit {
                    Unit::Foot => 0.3048,
                    _ => 1.0,
                };
                // metres of the projection, as on every map in Web Mercator
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

    /// A part of a measure, in pixels.
    fn pixels_times(&mut self, measure: &Measure, factor: f64, default: f64) -> Value {
        let factor = Box::new(Expr::number(factor));
        let value = match number(&measure.value).as_ref().and_then(Value::as_f64) {
            Some(constant) => match &*factor {
                Expr::Literal(crate::query::Literal::Number(f)) => Expr::number(constant * f),
                _ => measure.value.clone(),
            },
            None => Expr::Arithmetic(
                ArithmeticOp::Multiply,
                Box::new(measure.value.clone()),
                factor,
            ),
        };
        let part = Measure {
            value,
            unit: measure.unit,
        };
        self.pixels(&part, default)
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

    /// Right and down, in pixels, where they are constant.
    fn translation(&mut self, [right, up]: &[Measure; 2]) -> Option<[f64; 2]> {
        let by = [self.pixels(right, 0.0), self.pixels(up, 0.0)];
        match by.each_ref().map(Value::as_f64) {
            [Some(x), Some(y)] if [x, y] == [0.0, 0.0] => None,
            [Some(x), Some(y)] => Some([x, -y + 0.0]),
            _ => {
                self.dropped("a computed displacement is left out");
                None
            }
        }
    }
}

/// The one there is, or what `pick` makes of both.
fn larger(a: Option<f64>, b: Option<f64>, pick: fn(f64, f64) -> f64) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(pick(a, b)),
        (a, b) => a.or(b),
    }
}
