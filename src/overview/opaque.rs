//! What a layer's symbols and strokes hide for certain.

use std::sync::Arc;

use crate::query::{Expr, Literal};
use crate::style::{
    Graphic, GraphicSymbol, LineSymbolizer, MarkShape, Measure, Paint, StrokeKind, Style,
    Symbolizer, Unit,
};

/// The radius, in pixels of 96 DPI, of a disc that every point symbol of the styles covers
/// wholly, around the point; 0 where one of them does not: pictures, open or translucent marks,
/// sizes on the ground or by feature.
pub fn radius_px(styles: &[Arc<Style>]) -> f64 {
    let radii = styles
        .iter()
        .flat_map(|style| &style.feature_type_styles)
        .flat_map(|pass| &pass.rules)
        .flat_map(|rule| &rule.symbolizers)
        .filter_map(|symbolizer| match symbolizer {
            Symbolizer::Point(point) => Some(radius_of(&point.graphic).unwrap_or(0.0)),
            // nothing is filled or drawn along at a point
            Symbolizer::Text(_) | Symbolizer::Line(_) | Symbolizer::Polygon(_) => None,
        });
    let least = radii.fold(f64::INFINITY, f64::min);
    if least.is_finite() { least } else { 0.0 }
}

/// The width, in pixels of 96 DPI, that every stroke of the styles' lines covers wholly; 0 where
/// one of them does not: dashed or translucent ones, markers, widths on the ground or by feature.
pub fn width_px(styles: &[Arc<Style>]) -> f64 {
    let widths = styles
        .iter()
        .flat_map(|style| &style.feature_type_styles)
        .flat_map(|pass| &pass.rules)
        .flat_map(|rule| &rule.symbolizers)
        .filter_map(|symbolizer| match symbolizer {
            Symbolizer::Line(line) => Some(width_of(line).unwrap_or(0.0)),
            // a graphic or a fill stands on the line as well
            Symbolizer::Point(_) | Symbolizer::Polygon(_) => Some(0.0),
            Symbolizer::Text(_) => None,
        });
    let least = widths.fold(f64::INFINITY, f64::min);
    if least.is_finite() { least } else { 0.0 }
}

/// The same where strokes of one class are of one colour besides: no rule draws two of them, a
/// casing and a core. 0 otherwise.
pub fn plain_width_px(styles: &[Arc<Style>]) -> f64 {
    let is_line = |symbolizer: &&Symbolizer| matches!(symbolizer, Symbolizer::Line(_));
    let is_cased = styles
        .iter()
        .flat_map(|style| &style.feature_type_styles)
        .flat_map(|pass| &pass.rules)
        .any(|rule| rule.symbolizers.iter().filter(is_line).count() > 1);
    if is_cased { 0.0 } else { width_px(styles) }
}

fn width_of(line: &LineSymbolizer) -> Option<f64> {
    let stroke = &line.stroke;
    let StrokeKind::Solid(paint) = &stroke.kind else {
        return None;
    };
    let is_plain = stroke.dash.is_empty() && line.perpendicular_offset.is_none();
    (is_plain && is_opaque(paint)).then(|| pixels(&stroke.width))?
}

fn radius_of(graphic: &Graphic) -> Option<f64> {
    let [
        GraphicSymbol::Mark {
            shape,
            fill: Some(fill),
            ..
        },
    ] = graphic.symbols.as_slice()
    else {
        return None;
    };
    let in_place = graphic.anchor == [0.5, 0.5]
        && graphic
            .displacement
            .iter()
            .all(|d| number(&d.value) == Some(0.0));
    let is_opaque = number(&graphic.opacity)? >= 1.0 && is_opaque(fill);
    let size = match &graphic.size {
        Some(size) => pixels(size)?,
        None => 6.0, // OGC 05-077r4 §11.3.2
    };
    // of the mark's height, which is that of its outline's middle
    let share = match shape {
        MarkShape::Circle | MarkShape::Square | MarkShape::Octagon => 0.5,
        MarkShape::Hexagon | MarkShape::Pentagon => 0.4,
        MarkShape::Diamond => 0.35,
        _ => return None,
    };
    (in_place && is_opaque).then_some(size * share)
}

fn is_opaque(paint: &Paint) -> bool {
    let is_plain = match &paint.color {
        // eight or four hexadecimal digits, rgba() and the like may be translucent
        Expr::Literal(Literal::Text(color)) => {
            color.starts_with('#') && matches!(color.len(), 4 | 7)
        }
        _ => false,
    };
    is_plain && number(&paint.opacity).is_some_and(|opacity| opacity >= 1.0)
}

fn pixels(measure: &Measure) -> Option<f64> {
    let value = number(&measure.value)?;
    match measure.unit {
        Unit::Pixel => Some(value),
        Unit::Millimetre => Some(value * 96.0 / 25.4),
        Unit::Metre | Unit::Foot => None,
    }
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(Literal::Number(number)) => Some(*number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::GeometryType;
    use crate::style::default_style;

    #[test]
    fn a_stroke_covers_its_width_unless_something_shows_through() {
        let width = |change: fn(&mut LineSymbolizer)| {
            let mut style = default_style(GeometryType::LineString, "0");
            for rule in &mut style.feature_type_styles[0].rules {
                for symbolizer in &mut rule.symbolizers {
                    if let Symbolizer::Line(line) = symbolizer {
                        change(line);
                    }
                }
            }
            width_px(&[Arc::new(style)])
        };
        assert!(width(|_| {}) >= 1.0);
        assert_eq!(width(|l| l.stroke.width = Measure::pixels(0.5)), 0.5);
        assert_eq!(width(|l| l.stroke.dash = vec![Measure::pixels(3.0)]), 0.0);
        assert_eq!(width(|l| l.stroke.width.unit = Unit::Metre), 0.0);
        assert_eq!(width_px(&[]), 0.0);
    }

    #[test]
    fn a_mark_covers_its_disc_unless_something_shows_through() {
        let style = |change: fn(&mut Graphic)| {
            let mut style = default_style(GeometryType::Point, "0");
            for rule in &mut style.feature_type_styles[0].rules {
                for symbolizer in &mut rule.symbolizers {
                    if let Symbolizer::Point(point) = symbolizer {
                        change(&mut point.graphic);
                    }
                }
            }
            radius_px(&[Arc::new(style)])
        };
        assert!(style(|_| {}) >= 2.0);
        assert_eq!(style(|g| g.opacity = Expr::number(0.5)), 0.0);
        assert_eq!(
            style(|g| g.size = Some(Measure {
                value: Expr::Property("n".into()),
                unit: Unit::Pixel
            })),
            0.0
        );
        assert_eq!(style(|g| g.symbols.clear()), 0.0);
        assert_eq!(radius_px(&[]), 0.0);
    }
}
