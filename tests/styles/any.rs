//! Any style that can be written: what the properties are tested on.

use cartotheque::query::{CompareOp, Expr, Filter, LikePattern, Literal};
use cartotheque::style::*;
use proptest::prelude::*;

fn any_value() -> impl Strategy<Value = Expr> {
    prop_oneof![
        (0_i32..100).prop_map(|n| Expr::number(f64::from(n) / 4.0)),
        "[a-z]{1,6}".prop_map(Expr::Property),
    ]
}

fn any_measure() -> impl Strategy<Value = Measure> {
    let unit = prop::sample::select(vec![Unit::Pixel, Unit::Metre, Unit::Foot, Unit::Millimetre]);
    (0_i32..100, unit).prop_map(|(n, unit)| Measure {
        value: Expr::number(f64::from(n) / 4.0),
        unit,
    })
}

fn any_color() -> impl Strategy<Value = Expr> {
    let hex = || "#[0-9a-f]{6}".prop_map(|t| Expr::text(&t));
    prop_oneof![
        hex(),
        ("[a-z]{1,6}", hex(), "[a-z<&' ]{1,4}", hex()).prop_map(|(p, a, key, b)| Expr::Match(
            Box::new(Expr::Property(p)),
            vec![(Expr::text(&key), a)],
            Box::new(b),
        )),
        ("[a-z]{1,6}", hex(), hex()).prop_map(|(p, a, b)| Expr::Step(
            Box::new(Expr::Property(p)),
            Box::new(a),
            vec![(Expr::number(10.0), b)],
        )),
        ("[a-z]{1,6}", hex(), hex()).prop_map(|(p, a, b)| Expr::Interpolate(
            Box::new(Expr::Property(p)),
            vec![(Expr::number(0.0), a), (Expr::number(10.0), b)],
        )),
    ]
}

fn any_paint() -> impl Strategy<Value = Paint> {
    (any_color(), any_value()).prop_map(|(color, opacity)| Paint { color, opacity })
}

fn any_stroke() -> impl Strategy<Value = Stroke> {
    let cap = prop::sample::select(vec![LineCap::Butt, LineCap::Round, LineCap::Square]);
    let join = prop::sample::select(vec![LineJoin::Miter, LineJoin::Round, LineJoin::Bevel]);
    let dash = prop::option::of((any_measure(), any_measure(), any_measure()));
    (any_paint(), any_measure(), cap, join, dash).prop_map(|(paint, width, cap, join, dash)| {
        let unit = width.unit;
        let (dash, dash_offset) = match dash {
            Some((on, off, offset)) => (vec![on, off], offset),
            None => (
                Vec::new(),
                Measure {
                    value: Expr::number(0.0),
                    unit,
                },
            ),
        };
        Stroke {
            kind: StrokeKind::Solid(paint),
            width,
            cap,
            join,
            dash,
            dash_offset,
        }
    })
}

fn any_graphic() -> impl Strategy<Value = Graphic> {
    let shape = prop::sample::select(vec![
        MarkShape::Circle,
        MarkShape::Heart,
        MarkShape::HatchPlus,
    ]);
    let parts = (shape, any_paint(), any_measure(), any_value(), any_value());
    (parts, any_measure(), any_measure()).prop_map(
        |((shape, fill, size, rotation, opacity), x, y)| Graphic {
            symbols: vec![GraphicSymbol::Mark {
                shape,
                fill: Some(fill),
                stroke: None,
            }],
            size: Some(size),
            rotation,
            opacity,
            anchor: [0.25, 1.0],
            displacement: [x, y],
        },
    )
}

fn any_text() -> impl Strategy<Value = TextSymbolizer> {
    let label = prop_oneof![
        "[a-z]{1,6}".prop_map(Expr::Property),
        ("[a-z]{1,6}", "[ a-zé<&]{1,5}").prop_map(|(p, t)| {
            Expr::Concat(vec![Expr::Property(p), Expr::text(&t)])
        })
        .prop_filter("blank text between elements is layout", |e| {
            !matches!(e, Expr::Concat(p) if matches!(&p[1], Expr::Literal(Literal::Text(t)) if t.trim().is_empty()))
        }),
    ];
    let placement = prop_oneof![
        (any_measure(), any_measure(), any_value()).prop_map(|(x, y, rotation)| {
            LabelPlacement::Point {
                anchor: [0.5, 0.0],
                displacement: [x, y],
                rotation,
            }
        }),
        (any_measure(), prop::option::of(any_measure())).prop_map(|(offset, repeat)| {
            LabelPlacement::Line {
                perpendicular_offset: offset,
                repeat,
            }
        }),
    ];
    let font = (
        "[A-Z][a-z]{1,6}",
        any_measure(),
        any::<bool>(),
        any::<bool>(),
    );
    let halo = prop::option::of((any_measure(), any_paint()));
    let rest = (any_paint(), any_value(), any::<bool>(), 1_u32..50);
    (label, placement, font, halo, rest).prop_map(
        |(label, placement, (family, size, bold, italic), halo, (fill, priority, overlap, px))| {
            TextSymbolizer {
                label,
                font: Font {
                    families: vec![family],
                    size,
                    bold,
                    italic,
                },
                fill,
                halo: halo.map(|(radius, fill)| Halo { radius, fill }),
                placement,
                priority,
                wrap_width: Some(Measure::pixels(f64::from(px))),
                space_around: Measure::pixels(f64::from(px)),
                allow_overlap: overlap,
                letter_case: LetterCase::AsIs,
                letter_spacing: Measure::pixels(f64::from(px)),
            }
        },
    )
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let property = || "[a-z]{1,6}".prop_map(Expr::Property);
    let text = || "[ a-z0-9<&é]{0,5}".prop_map(|t| Expr::text(&t));
    let leaf = prop_oneof![
        (property(), text(), any::<bool>()).prop_map(|(left, right, match_case)| Filter::Compare {
            op: CompareOp::GreaterOrEqual,
            left,
            right,
            match_case,
        }),
        (property(), text(), text()).prop_map(|(value, low, high)| Filter::Between {
            value,
            low,
            high
        }),
        (property(), "[a-z%_\\\\]{1,6}").prop_map(|(value, pattern)| Filter::Like {
            value,
            pattern: LikePattern::parse(&pattern, Some('%'), Some('_'), Some('\\')),
            match_case: true,
        }),
        property().prop_map(Filter::IsNull),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|f| Filter::Not(Box::new(f))),
        ]
    })
}

fn any_symbolizer() -> impl Strategy<Value = Symbolizer> {
    let fill = prop_oneof![
        any_paint().prop_map(Fill::Solid),
        any_graphic().prop_map(|graphic| Fill::Graphic {
            graphic,
            margin: [Measure::pixels(2.0), Measure::pixels(5.0)],
        }),
    ];
    prop_oneof![
        (any_stroke(), prop::option::of(any_measure())).prop_map(|(stroke, offset)| {
            Symbolizer::Line(Box::new(LineSymbolizer {
                stroke,
                perpendicular_offset: offset,
            }))
        }),
        (
            prop::option::of(fill),
            prop::option::of(any_stroke()),
            prop::option::of(any_measure())
        )
            .prop_map(|(fill, stroke, offset)| {
                Symbolizer::Polygon(Box::new(PolygonSymbolizer {
                    fill,
                    stroke,
                    perpendicular_offset: offset.clone(),
                    displacement: offset.map(|o| [o.clone(), o]),
                }))
            }),
        any_graphic().prop_map(|graphic| Symbolizer::Point(Box::new(PointSymbolizer { graphic }))),
        any_text().prop_map(|text| Symbolizer::Text(Box::new(text))),
    ]
}

pub fn any_style() -> impl Strategy<Value = Style> {
    let scale = || prop::option::of(1_u32..1_000_000);
    let rule = (
        prop::option::of("[a-z]{1,5}"),
        prop::option::of(any_filter()),
        (scale(), scale()),
        prop::collection::vec(any_symbolizer(), 1..3),
    )
        .prop_map(|(title, filter, (min, max), symbolizers)| Rule {
            name: title.clone(),
            title,
            is_else: filter.is_none() && min.is_none(),
            filter,
            scales: ScaleRange {
                min: min.map(f64::from),
                max: max.map(f64::from),
            },
            symbolizers,
        });
    prop::collection::vec(rule, 1..3).prop_map(|mut rules| {
        // labels of all features beside an else rule are given a pass of their own
        let is_text = |s: &Symbolizer| matches!(s, Symbolizer::Text(_));
        if rules
            .iter()
            .any(|r| !r.is_else && r.filter.is_none() && r.symbolizers.iter().all(is_text))
        {
            rules.iter_mut().for_each(|r| r.is_else = false);
        }
        Style {
            id: "s".into(),
            title: Some("Un <titre> & \"un\"".into()),
            description: Some("é".into()),
            feature_type_styles: vec![FeatureTypeStyle { rules }],
        }
    })
}
