//! The look of a layer that has no style: by geometry type, in a colour of its own.

use super::{
    FeatureTypeStyle, Fill, Graphic, GraphicSymbol, LineCap, LineJoin, LineSymbolizer, MarkShape,
    Measure, Paint, PointSymbolizer, PolygonSymbolizer, Rule, ScaleRange, Stroke, StrokeKind,
    Style, Symbolizer,
};
use crate::geom::GeometryType;
use crate::query::{CompareOp, Expr, Filter, Function};

/// Colours that stay apart for colour-blind eyes too, after Paul Tol's qualitative schemes
/// (personal.sron.nl/~pault, "bright" and "muted"); neighbours differ most.
const PALETTE: [[u8; 3]; 12] = [
    [0x44, 0x77, 0xaa],
    [0xcc, 0x66, 0x77],
    [0x22, 0x88, 0x33],
    [0xee, 0x77, 0x33],
    [0xaa, 0x33, 0x77],
    [0x33, 0xa5, 0xc4],
    [0xb8, 0xa0, 0x2e],
    [0x33, 0x22, 0x88],
    [0x44, 0xaa, 0x99],
    [0x88, 0x22, 0x55],
    [0x7a, 0x8f, 0x2e],
    [0x9c, 0x6b, 0x4a],
];

/// The scale below which symbols are drawn larger: a département fills the screen.
const NEAR: f64 = 500_000.0;

/// A style for features of that geometry type. `index_or_name` chooses the colour: a number is
/// the layer's rank (neighbours differ), anything else the layer's id (the colour stays when
/// layers come and go).
///
/// Features of unknown or mixed geometry are drawn by the dimension of each.
pub fn default_style(geometry: GeometryType, index_or_name: &str) -> Style {
    let color = color(index_or_name);
    let dimensions = match geometry.dimension() {
        Some(dimension) => vec![dimension],
        // areas below lines below points: a pass for each
        None => vec![2, 1, 0],
    };
    let pass = |dimension: &u8| FeatureTypeStyle {
        rules: [true, false]
            .map(|near| Rule {
                filter: geometry
                    .dimension()
                    .is_none()
                    .then(|| of_dimension(*dimension)),
                scales: ScaleRange {
                    min: (!near).then_some(NEAR),
                    max: near.then_some(NEAR),
                },
                symbolizers: vec![symbolizer(*dimension, color, near)],
                ..Rule::default()
            })
            .into(),
    };
    Style {
        id: "default".into(),
        feature_type_styles: dimensions.iter().map(pass).collect(),
        ..Style::default()
    }
}

/// The style of a view service for data without an INSPIRE style of their own: a grey square of
/// 6 px, a black line of 1 px, a grey area with a black edge of 1 px (INSPIRE view service
/// technical guidance 3.11, `inspire_common:DEFAULT`).
pub fn inspire_default(geometry: GeometryType) -> Style {
    let black = || stroke([0, 0, 0], 1.0, LineJoin::Miter, LineCap::Butt);
    let of = |dimension: u8| match dimension {
        0 => Symbolizer::Point(Box::new(PointSymbolizer {
            graphic: mark(MarkShape::Square, Paint::solid("#808080"), None, 6.0),
        })),
        1 => Symbolizer::Line(Box::new(LineSymbolizer {
            stroke: black(),
            perpendicular_offset: None,
        })),
        _ => polygon(Paint::solid("#808080"), black()),
    };
    let rule = |dimension: u8| Rule {
        filter: geometry
            .dimension()
            .is_none()
            .then(|| of_dimension(dimension)),
        symbolizers: vec![of(dimension)],
        ..Rule::default()
    };
    let dimensions = geometry.dimension().map_or(vec![2, 1, 0], |d| vec![d]);
    Style {
        id: "inspire_common:DEFAULT".into(),
        feature_type_styles: dimensions
            .into_iter()
            .map(|d| FeatureTypeStyle {
                rules: vec![rule(d)],
            })
            .collect(),
        ..Style::default()
    }
}

fn color(index_or_name: &str) -> [u8; 3] {
    let index = index_or_name.parse().unwrap_or_else(|_| fnv(index_or_name));
    let index = index % PALETTE.len() as u64;
    let found = usize::try_from(index).ok().and_then(|i| PALETTE.get(i));
    found.copied().unwrap_or_default()
}

/// FNV-1a: the same in every run and on every machine.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn of_dimension(dimension: u8) -> Filter {
    Filter::Compare {
        op: CompareOp::Equal,
        left: Expr::Function(Function::Dimension, vec![Expr::Geometry]),
        right: Expr::number(f64::from(dimension)),
        match_case: true,
    }
}

fn symbolizer(dimension: u8, color: [u8; 3], near: bool) -> Symbolizer {
    let sized = |far_px, near_px| if near { near_px } else { far_px };
    let dark = color.map(|c| u8::try_from(u16::from(c) * 6 / 10).unwrap_or(c));
    match dimension {
        0 => {
            let edge = stroke(
                [255, 255, 255],
                sized(0.8, 1.2),
                LineJoin::Miter,
                LineCap::Butt,
            );
            let fill = Paint::solid(&hex(color));
            Symbolizer::Point(Box::new(PointSymbolizer {
                graphic: mark(MarkShape::Circle, fill, Some(edge), sized(6.0, 9.0)),
            }))
        }
        1 => Symbolizer::Line(Box::new(LineSymbolizer {
            stroke: stroke(color, sized(1.2, 2.2), LineJoin::Round, LineCap::Round),
            perpendicular_offset: None,
        })),
        _ => {
            let fill = Paint {
                color: Expr::text(&hex(color)),
                opacity: Expr::number(0.45),
            };
            let edge = stroke(dark, sized(0.5, 1.0), LineJoin::Round, LineCap::Butt);
            polygon(fill, edge)
        }
    }
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn stroke(color: [u8; 3], width_px: f64, join: LineJoin, cap: LineCap) -> Stroke {
    Stroke {
        kind: StrokeKind::Solid(Paint::solid(&hex(color))),
        width: Measure::pixels(width_px),
        cap,
        join,
        dash: Vec::new(),
        dash_offset: Measure::pixels(0.0),
    }
}

fn polygon(fill: Paint, edge: Stroke) -> Symbolizer {
    Symbolizer::Polygon(Box::new(PolygonSymbolizer {
        fill: Some(Fill::Solid(fill)),
        stroke: Some(edge),
        perpendicular_offset: None,
        displacement: None,
    }))
}

fn mark(shape: MarkShape, fill: Paint, edge: Option<Stroke>, size_px: f64) -> Graphic {
    Graphic {
        symbols: vec![GraphicSymbol::Mark {
            shape,
            fill: Some(fill),
            stroke: edge.map(Box::new),
        }],
        size: Some(Measure::pixels(size_px)),
        rotation: Expr::number(0.0),
        opacity: Expr::number(1.0),
        anchor: [0.5, 0.5],
        displacement: [Measure::pixels(0.0), Measure::pixels(0.0)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(style: &Style, scale: f64) -> Vec<&'static str> {
        let rules = style.feature_type_styles.iter().flat_map(|f| &f.rules);
        rules
            .filter(|r| r.scales.contains(scale))
            .flat_map(|r| &r.symbolizers)
            .map(|s| match s {
                Symbolizer::Point(_) => "point",
                Symbolizer::Line(_) => "line",
                Symbolizer::Polygon(_) => "polygon",
                Symbolizer::Text(_) => "text",
            })
            .collect()
    }

    #[test]
    fn every_geometry_type_has_its_symbol_once_at_every_scale() {
        for scale in [1.0, 1e4, NEAR, 1e6, 1e9] {
            for (geometry, kind) in [
                (GeometryType::Point, "point"),
                (GeometryType::MultiPoint, "point"),
                (GeometryType::LineString, "line"),
                (GeometryType::MultiPolygon, "polygon"),
            ] {
                assert_eq!(kinds(&default_style(geometry, "x"), scale), [kind]);
                assert_eq!(kinds(&inspire_default(geometry), scale), [kind]);
            }
            let mixed = default_style(GeometryType::Unknown, "x");
            assert_eq!(kinds(&mixed, scale), ["polygon", "line", "point"]);
        }
    }

    #[test]
    fn mixed_geometries_are_told_apart_by_dimension() {
        let style = default_style(GeometryType::GeometryCollection, "x");
        let rules = style.feature_type_styles.iter().flat_map(|f| &f.rules);
        let filters: Vec<_> = rules.map(|r| r.filter.clone()).collect();
        assert_eq!(filters[0], Some(of_dimension(2)));
        assert_eq!(filters[5], Some(of_dimension(0)));
    }

    #[test]
    fn ranks_and_ids_choose_the_colour_and_ids_keep_it() {
        let all: std::collections::HashSet<_> = (0..12).map(|i| color(&i.to_string())).collect();
        assert_eq!(all.len(), PALETTE.len(), "twelve layers, twelve colours");
        assert_eq!(color("12"), color("0"));
        // fixed for ever: a map must not change its colours with the next version
        assert_eq!(fnv("communes") % 12, 6);
        assert_ne!(color("communes"), color("departements"));
    }

    #[test]
    fn a_style_binds_to_any_schema() {
        use crate::feature::Schema;
        for style in [
            default_style(GeometryType::Unknown, "a"),
            inspire_default(GeometryType::Unknown),
        ] {
            for rule in style.feature_type_styles.iter().flat_map(|f| &f.rules) {
                assert!(
                    rule.filter
                        .as_ref()
                        .unwrap()
                        .bind(&Schema::default())
                        .is_ok()
                );
            }
        }
    }
}
