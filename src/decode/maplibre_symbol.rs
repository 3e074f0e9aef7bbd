//! Symbol layers of MapLibre styles: labels. Icons need sprites, which are not read.

use serde_json::Value;

use super::maplibre::{LayerReader, times};
use crate::query::{Expr, Literal};
use crate::style::{
    Font, Halo, LabelPlacement, LetterCase, Measure, Symbolizer, TextSymbolizer, Unit,
};

impl LayerReader<'_, '_> {
    pub(super) fn symbol(&mut self) -> Option<Symbolizer> {
        if self.raw("icon-image").is_some() {
            self.reader
                .dropped("icon-image needs sprites, which are not read");
        }
        for key in self.layout.keys().chain(self.paint.keys()) {
            if key.starts_with("icon-") && key != "icon-image" {
                self.used.extend(ICON_KEYS.iter().filter(|k| *k == key));
            }
        }
        let label = self.expr("text-field").filter(|l| *l != Expr::text(""))?;
        let size = self.number("text-size", 16.0);
        let em = match &size {
            Expr::Literal(Literal::Number(n)) => *n,
            _ => 16.0,
        };
        let fonts: Vec<String> = self
            .raw("text-font")
            .and_then(Value::as_array)
            .map(|list| {
                list.iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default();
        let rotation = self.number("text-rotate", 0.0);
        let placed = self.word("symbol-placement");
        let along = matches!(placed.as_deref(), Some("line" | "line-center"));
        let mut offset = match self.numbers("text-offset")[..] {
            [x, y] => [x * em, -y * em],
            _ => [0.0, 0.0],
        };
        let mut anchor = anchor_of(self.word("text-anchor").as_deref().unwrap_or("center"));
        let first = self.raw("text-variable-anchor").and_then(|v| v.get(0));
        if let Some(first) = first.and_then(Value::as_str).map(str::to_owned) {
            self.reader
                .approximated(&format!("text-variable-anchor: always {first}"));
            anchor = anchor_of(&first);
            if let Expr::Literal(Literal::Number(radius)) = self.number("text-radial-offset", 0.0) {
                // away from the point, on the side that the text is on
                let [x, y] = anchor.map(|a| 1.0 - 2.0 * a);
                let length = f64::max(1.0, (x * x + y * y).sqrt());
                offset = [x, y].map(|side| side / length * radius * em);
            }
        }
        let spacing = self.number("symbol-spacing", 250.0);
        let placement = match along {
            true => LabelPlacement::Line {
                perpendicular_offset: Measure::pixels(offset[1]),
                repeat: (placed.as_deref() == Some("line")).then_some(Measure {
                    value: spacing,
                    unit: Unit::Pixel,
                }),
            },
            false => LabelPlacement::Point {
                anchor,
                displacement: offset.map(Measure::pixels),
                rotation,
            },
        };
        let halo_width = self.pixels("text-halo-width", 0.0);
        let halo = self.paint("text-halo-color", "text-opacity", "#00000000");
        let letter_case = match self.word("text-transform").as_deref() {
            Some("uppercase") => LetterCase::Upper,
            Some("lowercase") => LetterCase::Lower,
            _ => LetterCase::AsIs,
        };
        let wrap = times(self.number("text-max-width", 10.0), em);
        let overlap = [
            self.expr("text-allow-overlap"),
            self.expr("text-ignore-placement"),
        ]
        .contains(&Some(Expr::Literal(Literal::Bool(true))));
        // placed first there where the key is low, here where the priority is high
        let key = self.number("symbol-sort-key", 0.0);
        let letter_spacing = times(self.number("text-letter-spacing", 0.0), em);
        Some(Symbolizer::Text(Box::new(TextSymbolizer {
            label,
            font: font(&fonts, size),
            fill: self.paint("text-color", "text-opacity", "#000000"),
            halo: (halo_width.value != Expr::number(0.0)).then_some(Halo {
                radius: halo_width,
                fill: halo,
            }),
            placement,
            priority: times(key, -1.0),
            wrap_width: (!along).then_some(Measure {
                value: wrap,
                unit: Unit::Pixel,
            }),
            space_around: self.pixels("text-padding", 2.0),
            allow_overlap: overlap,
            letter_case,
            letter_spacing: Measure {
                value: letter_spacing,
                unit: Unit::Pixel,
            },
        })))
    }
}

/// What an icon would have looked like: dropped with the icon itself.
const ICON_KEYS: [&str; 14] = [
    "icon-allow-overlap",
    "icon-anchor",
    "icon-color",
    "icon-halo-color",
    "icon-halo-width",
    "icon-ignore-placement",
    "icon-offset",
    "icon-opacity",
    "icon-optional",
    "icon-padding",
    "icon-rotate",
    "icon-rotation-alignment",
    "icon-size",
    "icon-text-fit",
];

fn anchor_of(name: &str) -> [f64; 2] {
    let x = match name {
        n if n.contains("left") => 0.0,
        n if n.contains("right") => 1.0,
        _ => 0.5,
    };
    let y = match name {
        n if n.starts_with("top") => 1.0,
        n if n.starts_with("bottom") => 0.0,
        _ => 0.5,
    };
    [x, y]
}

/// `Noto Sans Bold Italic` → family, weight and style.
fn font(fonts: &[String], size: Expr) -> Font {
    let words = |name: &str| -> Vec<String> { name.split(' ').map(str::to_owned).collect() };
    let is_style = |w: &String| {
        let style = [
            "Bold", "SemiBold", "Semibold", "Italic", "Regular", "Medium", "Light", "Oblique",
        ];
        style.contains(&w.as_str())
    };
    let first = fonts.first().map(|f| words(f)).unwrap_or_default();
    let mut families: Vec<String> = Vec::new();
    for name in fonts {
        let plain: Vec<String> = words(name).into_iter().filter(|w| !is_style(w)).collect();
        let family = plain.join(" ");
        if !family.is_empty() && !families.contains(&family) {
            families.push(family);
        }
    }
    Font {
        families,
        size: Measure {
            value: size,
            unit: Unit::Pixel,
        },
        bold: first.iter().any(|w| w.to_lowercase().contains("bold")),
        italic: first.iter().any(|w| w == "Italic" || w == "Oblique"),
    }
}
