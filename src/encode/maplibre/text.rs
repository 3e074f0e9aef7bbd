use serde_json::{Value, json};

use super::expression::{expression, number};
use super::{Condition, Layers, Properties};
use crate::encode::glyphs;
use crate::query::{Expr, Function, Literal};
use crate::render::Color;
use crate::render::text::{ASCENT_EM, DESCENT_EM, EM_PX, FaceStyle, LINE_HEIGHT_EM, ascender_px};
use crate::style::{Halo, LabelPlacement, LetterCase, Paint, TextSymbolizer};

/// Wider than any label: MapLibre breaks lines after ten ems where nothing is said.
const NO_WRAP_EM: f64 = 1000.0;
/// The baseline of a line lies that far below its middle there, but for the glyphs' ascender
/// (`SHAPING_DEFAULT_OFFSET`).
const BASELINE_PX: f64 = -17.0;

impl Layers<'_> {
    pub(super) fn text(&mut self, text: &TextSymbolizer, condition: &Condition) {
        // as a property of the label it is known to more readers than as a function
        let (label, is_upper) = match &text.label {
            Expr::Function(Function::Upper, parts) if parts.len() == 1 => (parts.first(), true),
            other => (Some(other), false),
        };
        let Some(label) = label.and_then(expression) else {
            return self.dropped("a label whose expression has no counterpart");
        };
        let mut with = Properties::default();
        let layout = &mut with.layout;
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
        let face = FaceStyle {
            bold: text.font.bold,
            italic: text.font.italic,
        };
        // the bundled family stands for all
        layout.insert("text-font".into(), json!([glyphs::name(face)]));
        layout.insert(
            "text-line-height".into(),
            json!(thousandths(LINE_HEIGHT_EM)),
        );
        let is_at_points = match &text.placement {
            LabelPlacement::Point {
                anchor,
                displacement,
                rotation,
            } => {
                layout.insert("text-anchor".into(), json!(anchor_name(*anchor)));
                let by = displacement.each_ref();
                let [right, up] = by.map(|m| self.pixels(m, 0.0).as_f64().unwrap_or(0.0) / em);
                let down = baseline_shift(anchor[1], face) - up;
                layout.insert(
                    "text-offset".into(),
                    json!([right, down].map(|v| thousandths(v as f32))),
                );
                if *rotation != Expr::number(0.0) {
                    let value = number(rotation).unwrap_or_else(|| json!(0));
                    layout.insert("text-rotate".into(), value);
                }
                true
            }
            LabelPlacement::Line {
                perpendicular_offset,
                repeat,
            } => {
                let placement = match repeat {
                    Some(_) => "line",
                    None => "line-center",
                };
                layout.insert("symbol-placement".into(), json!(placement));
                if let Some(repeat) = repeat {
                    let value = match self.pixels(repeat, 250.0) {
                        Value::Number(n) => json!(n.as_f64().unwrap_or(250.0).max(1.0)),
                        computed => computed,
                    };
                    layout.insert("symbol-spacing".into(), value);
                }
                let up = self.pixels(perpendicular_offset, 0.0);
                let down = baseline_shift(0.5, face) - up.as_f64().unwrap_or(0.0) / em;
                layout.insert("text-offset".into(), json!([0.0, thousandths(down as f32)]));
                false
            }
        };
        let wrap = text.wrap_width.as_ref().map_or(NO_WRAP_EM, |wrap| {
            self.pixels(wrap, 160.0).as_f64().unwrap_or(160.0) / em
        });
        layout.insert("text-max-width".into(), json!(wrap.max(0.0)));
        match text.letter_case {
            LetterCase::AsIs => None,
            _ if is_upper => layout.insert("text-transform".into(), json!("uppercase")),
            LetterCase::Upper => layout.insert("text-transform".into(), json!("uppercase")),
            LetterCase::Lower => layout.insert("text-transform".into(), json!("lowercase")),
        };
        let spacing = self.pixels(&text.letter_spacing, 0.0);
        let spacing = spacing.as_f64().unwrap_or(0.0);
        if spacing != 0.0 {
            layout.insert("text-letter-spacing".into(), json!(spacing / em));
        }
        let around = match self.pixels(&text.space_around, 0.0) {
            Value::Number(n) => json!(n.as_f64().unwrap_or(0.0).max(0.0)),
            computed => computed,
        };
        layout.insert("text-padding".into(), around);
        if text.allow_overlap {
            layout.insert("text-allow-overlap".into(), json!(true));
        }
        match &text.priority {
            Expr::Literal(Literal::Number(n)) => {
                if *n != 0.0 {
                    layout.insert("symbol-sort-key".into(), json!(-n));
                }
            }
            priority => {
                let value = self.expr(priority, json!(0));
                layout.insert(
                    "symbol-sort-key".into(),
                    json!(["*", -1, ["to-number", value, 0]]),
                );
            }
        }
        self.paint(&mut with.paint, &text.fill, "text-color", "text-opacity");
        if let Some(halo) = &text.halo {
            self.halo(halo, &mut with);
        }
        self.push("symbol", is_at_points, condition, with);
    }

    fn halo(&mut self, halo: &Halo, with: &mut Properties) {
        if let Some(color) = constant_color(&halo.fill) {
            with.paint.insert("text-halo-color".into(), json!(color));
        } else {
            let mut paint = serde_json::Map::new();
            self.paint(&mut paint, &halo.fill, "text-halo-color", "opacity");
            if paint.remove("opacity").is_some() {
                self.approximated("a halo of computed colour is as opaque as its text");
            }
            with.paint.append(&mut paint);
        }
        let width = self.pixels(&halo.radius, 1.0);
        with.paint.insert("text-halo-width".into(), width);
    }
}

/// A colour with its opacity, where both are constant.
fn constant_color(paint: &Paint) -> Option<String> {
    let opacity = number(&paint.opacity)?.as_f64()?;
    let Expr::Literal(Literal::Text(text)) = &paint.color else {
        return None;
    };
    if opacity >= 1.0 {
        return Some(text.clone());
    }
    let Color { r, g, b, a } = Color::parse(text)?;
    let alpha = thousandths((f64::from(a) / 255.0 * opacity.max(0.0)) as f32);
    Some(format!("rgba({r},{g},{b},{alpha})"))
}

/// How far down, in ems, the text goes to stand where it does on the map: boxes of text reach
/// from ascenders to descenders here, over whole lines there.
fn baseline_shift(anchor: f64, face: FaceStyle) -> f64 {
    let (ascent, descent) = (f64::from(ASCENT_EM), f64::from(DESCENT_EM));
    let half_line = f64::from(LINE_HEIGHT_EM) / 2.0;
    let below_middle = (BASELINE_PX + f64::from(ascender_px(face))) / f64::from(EM_PX);
    // the baseline below the anchor, of one line: here, there
    match anchor_side(anchor) {
        Side::Low => -descent - (below_middle - half_line),
        Side::Middle => (ascent - descent) / 2.0 - below_middle,
        Side::High => ascent - (below_middle + half_line),
    }
}

enum Side {
    Low,
    Middle,
    High,
}

fn anchor_side(at: f64) -> Side {
    match at {
        v if v < 0.25 => Side::Low,
        v if v > 0.75 => Side::High,
        _ => Side::Middle,
    }
}

/// The nearest of the nine anchors.
fn anchor_name([x, y]: [f64; 2]) -> String {
    let side = |v: f64, low: &'static str, high: &'static str| match anchor_side(v) {
        Side::Low => low,
        Side::High => high,
        Side::Middle => "",
    };
    match (side(y, "bottom", "top"), side(x, "left", "right")) {
        ("", "") => "center".into(),
        (one, "") | ("", one) => one.into(),
        (vertical, horizontal) => format!("{vertical}-{horizontal}"),
    }
}

fn thousandths(value: f32) -> f64 {
    (f64::from(value) * 1000.0).round() / 1000.0 + 0.0
}
