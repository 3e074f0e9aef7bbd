//! Styles as QGIS 3 and GeoServer 2 export them: what is understood, what is reported, and that
//! what is written is read back the same and is valid.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use cartotheque::decode::sld::{self, Document, StyleContent};
use cartotheque::encode::sld::{SldOptions, SldVersion, write};
use cartotheque::error::Error;
use cartotheque::geom::GeometryType;
use cartotheque::query::{CompareOp, Expr, Filter, Function, LikePattern, Literal};
use cartotheque::style::*;
use proptest::prelude::*;

const SVG: &[u8] =
    br##"<svg xmlns="http://www.w3.org/2000/svg"><path fill="param(fill) #000"/></svg>"##;

fn folder(href: &str) -> Result<Arc<[u8]>, String> {
    match href {
        "gare.svg" => Ok(SVG.into()),
        other => Err(format!("no file {other:?}")),
    }
}

fn read(name: &str) -> Document {
    let path = format!("{}/tests/styles/{name}", env!("CARGO_MANIFEST_DIR"));
    sld::parse_bytes(&std::fs::read(path).unwrap(), &mut folder).unwrap()
}

fn style(document: &Document) -> &Style {
    document.styles().next().unwrap()
}

fn rules(style: &Style) -> Vec<&Rule> {
    style
        .feature_type_styles
        .iter()
        .flat_map(|f| &f.rules)
        .collect()
}

fn solid(fill: &Option<Fill>) -> &Paint {
    match fill {
        Some(Fill::Solid(paint)) => paint,
        other => panic!("{other:?}"),
    }
}

/// Kind, line and the start of each note.
fn notes(document: &Document) -> Vec<(StyleNoteKind, u32, &str)> {
    let all = document.notes.iter();
    all.map(|n| (n.kind, n.line, n.message.as_str())).collect()
}

fn has_note(document: &Document, kind: StyleNoteKind, line: u32, part: &str) {
    assert!(
        notes(document)
            .iter()
            .any(|(k, l, m)| *k == kind && *l == line && m.contains(part)),
        "no {kind:?} with {part:?} at line {line} in {:#?}",
        notes(document)
    );
}

#[test]
fn a_classified_polygon_of_qgis_keeps_classes_hatches_and_labels() {
    let document = read("qgis_polygon.sld");
    assert_eq!(document.layers[0].layer, "communes");
    let rules = rules(style(&document));
    assert_eq!(rules[0].title.as_deref(), Some("0 - 2000"));
    assert!(matches!(&rules[0].filter, Some(Filter::And(parts)) if parts.len() == 2));
    assert_eq!(
        rules[0].scales,
        ScaleRange {
            min: Some(1000.0),
            max: Some(500_000.0)
        }
    );
    let Symbolizer::Polygon(polygon) = &rules[0].symbolizers[0] else {
        panic!()
    };
    assert_eq!(solid(&polygon.fill).color, Expr::text("#f7fbff"));
    assert_eq!(solid(&polygon.fill).opacity, Expr::number(0.7));
    let stroke = polygon.stroke.as_ref().unwrap();
    assert_eq!(stroke.join, LineJoin::Bevel);
    assert_eq!(stroke.dash, [Measure::pixels(4.0), Measure::pixels(2.0)]);

    assert!(rules[1].is_else);
    let passes = &style(&document).feature_type_styles;
    assert_eq!(
        passes.len(),
        2,
        "labels have a pass of their own: {passes:#?}"
    );
    let Symbolizer::Polygon(hatch) = &rules[1].symbolizers[0] else {
        panic!()
    };
    let Some(Fill::Graphic { graphic, .. }) = &hatch.fill else {
        panic!()
    };
    // anticlockwise in QGIS
    assert_eq!(graphic.rotation, Expr::number(-45.0));
    assert!(matches!(
        &graphic.symbols[..],
        [GraphicSymbol::Mark {
            shape: MarkShape::HatchHorizontal,
            fill: None,
            stroke: Some(_)
        }]
    ));
    let Symbolizer::Polygon(dense) = &rules[1].symbolizers[1] else {
        panic!()
    };
    let Some(Fill::Graphic { graphic, margin }) = &dense.fill else {
        panic!()
    };
    // above and below, right and left: both lie between two tiles
    assert_eq!(*margin, [Measure::pixels(6.0), Measure::pixels(4.0)]);
    assert!(matches!(
        &graphic.symbols[..],
        [GraphicSymbol::Mark { fill: Some(paint), .. }] if paint.opacity == Expr::number(0.5)
    ));
    has_note(&document, StyleNoteKind::Approximated, 68, "brush://dense4");
    has_note(
        &document,
        StyleNoteKind::Dropped,
        62,
        "GradientFill not implemented",
    );
    has_note(&document, StyleNoteKind::Kept, 76, "space around");

    let Symbolizer::Text(text) = &rules[2].symbolizers[0] else {
        panic!()
    };
    assert_eq!(text.label, Expr::Property("nom".into()));
    assert_eq!(text.font.families, ["Open Sans"]);
    assert!(text.font.bold && !text.font.italic && text.allow_overlap);
    assert_eq!(text.priority, Expr::number(200.0));
    assert_eq!(text.wrap_width, Some(Measure::pixels(100.0)));
    assert_eq!(text.halo.as_ref().unwrap().radius, Measure::pixels(2.0));
    let LabelPlacement::Point {
        anchor,
        displacement,
        ..
    } = &text.placement
    else {
        panic!()
    };
    assert_eq!(*anchor, [0.5, 0.5]);
    // downwards in QGIS
    assert_eq!(displacement[1], Measure::pixels(-6.0));
    has_note(
        &document,
        StyleNoteKind::Approximated,
        112,
        "maxDisplacement",
    );
}

#[test]
fn svg_markers_of_qgis_take_their_parameters_and_fall_back_in_order() {
    let document = read("qgis_point.sld");
    let rules = rules(style(&document));
    assert_eq!(rules[0].symbolizers.len(), 3);
    let Symbolizer::Point(point) = &rules[0].symbolizers[0] else {
        panic!()
    };
    let [
        GraphicSymbol::Image { name, format, data },
        GraphicSymbol::Mark { .. },
    ] = &point.graphic.symbols[..]
    else {
        panic!("{:?}", point.graphic.symbols)
    };
    assert!(name.starts_with("gare.svg"));
    assert_eq!(*format, ImageFormat::Svg);
    assert!(
        std::str::from_utf8(data)
            .unwrap()
            .contains(r##"fill="#ff0000""##)
    );
    assert_eq!(point.graphic.rotation, Expr::Property("azimut".into()));
    has_note(&document, StyleNoteKind::Dropped, 19, "absent.svg");
    has_note(&document, StyleNoteKind::Kept, 36, "startPoint()");

    let Symbolizer::Point(letter) = &rules[0].symbolizers[2] else {
        panic!()
    };
    assert!(matches!(
        &letter.graphic.symbols[..],
        [GraphicSymbol::Mark {
            shape: MarkShape::Circle,
            ..
        }]
    ));
    assert_eq!(letter.graphic.size.as_ref().unwrap().unit, Unit::Metre);
    assert_eq!(letter.graphic.displacement[1].value, Expr::number(2.0));
    has_note(&document, StyleNoteKind::Approximated, 50, "ttf://");
}

#[test]
fn lines_of_qgis_keep_casing_offset_recoding_and_markers() {
    let document = read("qgis_line.sld");
    let rules = rules(style(&document));
    let Symbolizer::Line(second) = &rules[0].symbolizers[1] else {
        panic!()
    };
    // to the right in QGIS where positive
    assert_eq!(second.perpendicular_offset, Some(Measure::pixels(3.0)));
    let StrokeKind::Solid(paint) = &second.stroke.kind else {
        panic!()
    };
    let cases = vec![
        (Expr::text("A"), Expr::text("#ff0000")),
        (Expr::text("B"), Expr::text("#00ff00")),
    ];
    let expected = Expr::Match(
        Box::new(Expr::Property("classe".into())),
        cases,
        Box::new(Expr::text("#999999")),
    );
    assert_eq!(paint.color, expected);
    let Symbolizer::Line(arrows) = &rules[0].symbolizers[2] else {
        panic!()
    };
    assert!(matches!(
        &arrows.stroke.kind,
        StrokeKind::Graphic { gap, .. } if *gap == Measure::pixels(11.0)
    ));
    has_note(&document, StyleNoteKind::Kept, 32, "lastPoint");
    let Symbolizer::Text(text) = &rules[0].symbolizers[4] else {
        panic!()
    };
    assert_eq!(
        text.label,
        Expr::Function(Function::Upper, vec![Expr::Property("nom".into())])
    );
    assert!(matches!(
        &text.placement,
        LabelPlacement::Line { repeat: Some(repeat), .. } if *repeat == Measure::pixels(200.0)
    ));
}

#[test]
fn a_style_of_geoserver_keeps_its_options_and_reports_the_rest() {
    let document = read("geoserver_1_0.sld");
    let first = style(&document);
    assert_eq!(first.id, "population");
    assert_eq!(first.description.as_deref(), Some("Trois classes"));
    assert!(matches!(
        document.layers[0].content,
        StyleContent::Defined {
            is_default: true,
            ..
        }
    ));
    assert_eq!(
        document.layers[1].content,
        StyleContent::Named("grey".into())
    );
    let rules = rules(first);
    let Symbolizer::Text(text) = &rules[1].symbolizers[1] else {
        panic!()
    };
    let Expr::Concat(parts) = &text.label else {
        panic!()
    };
    assert_eq!(parts[0], Expr::Property("STATE_NAME".into()));
    assert_eq!(parts[1], Expr::text(" ("));
    assert_eq!(text.font.families, ["Times New Roman", "serif"]);
    assert_eq!(text.space_around, Measure::pixels(10.0));
    // the first that applies: the second rule only where the first does not
    assert!(matches!(&rules[1].filter, Some(Filter::Not(_))));
    let Symbolizer::Line(line) = &rules[2].symbolizers[0] else {
        panic!()
    };
    assert_eq!(
        line.stroke.width,
        Measure {
            value: Expr::number(3.0),
            unit: Unit::Metre
        }
    );
    let StrokeKind::Solid(paint) = &line.stroke.kind else {
        panic!()
    };
    assert!(matches!(&paint.color, Expr::Case(cases, no)
        if cases.len() == 1 && **no == Expr::text("#0000ff")));
    for (line, part) in [
        (59, "underlineText"),
        (65, "transformations"),
        (67, "raster"),
        (68, "legend"),
    ] {
        has_note(&document, StyleNoteKind::Dropped, line, part);
    }
}

fn qgis(inside: &str) -> Document {
    let text = format!(
        "<StyledLayerDescriptor xmlns='http://www.opengis.net/sld' \
         xmlns:se='http://www.opengis.net/se' version='1.1.0'><NamedLayer><UserStyle>\n\
         <se:FeatureTypeStyle>{inside}</se:FeatureTypeStyle></UserStyle></NamedLayer>\
         </StyledLayerDescriptor>"
    );
    sld::parse(&text, &mut folder).unwrap()
}

/// What QGIS 3.22 writes for an inverted polygon renderer, and for a rule with a pattern.
#[test]
fn renderers_and_filters_that_qgis_could_not_write_are_reported() {
    use StyleNoteKind::Dropped;
    let inverted = qgis("<!--FeatureRenderer invertedPolygonRenderer not implemented yet-->");
    has_note(&inverted, Dropped, 2, "invertedPolygonRenderer");
    let rule = qgis(
        "<se:Rule><!--Parser Error: syntax error - Expression was: \"a\" ~ 'b'-->\
         <se:PointSymbolizer/></se:Rule>",
    );
    has_note(&rule, Dropped, 2, "applies to every feature");
    assert_eq!(rule.notes.len(), 1);
}

#[test]
fn marks_of_a_fill_stand_as_far_apart_as_qgis_says() {
    let fill = |option: &str| {
        let document = qgis(&format!(
            "<se:Rule><se:PolygonSymbolizer><se:Fill><se:GraphicFill><se:Graphic><se:Mark>\
             <se:WellKnownName>circle</se:WellKnownName></se:Mark><se:Size>7</se:Size>\
             </se:Graphic></se:GraphicFill></se:Fill>{option}</se:PolygonSymbolizer></se:Rule>"
        ));
        match &rules(style(&document))[0].symbolizers[0] {
            Symbolizer::Polygon(polygon) => match &polygon.fill {
                Some(Fill::Graphic { margin, .. }) => margin.clone(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let option = |name: &str, value: &str| {
        fill(&format!(
            "<se:VendorOption name='{name}'>{value}</se:VendorOption>"
        ))
    };
    let pixels = |x, y| [Measure::pixels(x), Measure::pixels(y)];
    assert_eq!(option("distance", "21,29"), pixels(14.0, 22.0));
    // GeoServer: both sides of a tile have the margin
    assert_eq!(option("graphic-margin", "10"), pixels(20.0, 20.0));
    assert_eq!(option("graphic-margin", "1 2 3"), pixels(4.0, 4.0));
    assert_eq!(option("graphic-margin", "1 2 4 8"), pixels(10.0, 5.0));
}

#[test]
fn what_contradicts_itself_is_an_error_with_its_place() {
    for (text, place, part) in [
        (
            "<FeatureTypeStyle>\n<Rule>\n<LineSymbolizer><Stroke><SvgParameter name='stroke-width'>wide</SvgParameter></Stroke></LineSymbolizer></Rule></FeatureTypeStyle>",
            (3, 25),
            "expected a length",
        ),
        (
            "<FeatureTypeStyle><Rule><PolygonSymbolizer><Fill><CssParameter name='fill'>bluish</CssParameter></Fill></PolygonSymbolizer></Rule></FeatureTypeStyle>",
            (1, 50),
            "expected a colour",
        ),
        (
            "<FeatureTypeStyle><Rule><Filter><PropertyIsOdd/></Filter></Rule></FeatureTypeStyle>",
            (1, 33),
            "PropertyIsOdd",
        ),
        ("<FeatureTypeStyle>\n<Rule>", (2, 1), "not closed"),
        ("<kml/>", (1, 1), "StyledLayerDescriptor"),
    ] {
        match sld::parse(text, &mut sld::no_resources) {
            Err(Error::InvalidStyle {
                message,
                line,
                column,
            }) => {
                assert_eq!((line, column), place, "{message}");
                assert!(message.contains(part), "{message}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

// ── what is written is read back ─────────────────────────────────────────────────────────

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

fn any_style() -> impl Strategy<Value = Style> {
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

fn written(style: &Style, options: SldOptions) -> String {
    write(&[("couche", &[style])], options).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_style_written_and_read_again_is_the_same(style in any_style()) {
        let options = SldOptions { vendor_options: true, ..SldOptions::default() };
        let text = written(&style, options);
        let document = sld::parse(&text, &mut sld::no_resources);
        let document = document.unwrap_or_else(|e| panic!("{e}\n{text}"));
        prop_assert_eq!(document.layers[0].layer.as_str(), "couche");
        let read = document.styles().next().unwrap();
        prop_assert_eq!(read, &style, "{}", text);
        let dropped = document.notes.iter().filter(|n| n.kind == StyleNoteKind::Dropped);
        prop_assert_eq!(dropped.count(), 0);
    }

    #[test]
    fn a_style_written_in_1_0_can_be_read(style in any_style()) {
        let options = SldOptions { version: SldVersion::V1_0_0, vendor_options: true };
        let text = written(&style, options);
        prop_assert!(sld::parse(&text, &mut sld::no_resources).is_ok(), "{}", text);
    }

    #[test]
    fn a_damaged_style_never_ends_the_process(
        name in prop::sample::select(vec!["qgis_polygon.sld", "qgis_line.sld", "geoserver_1_0.sld", "qgis_point.sld"]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_usize..40), 1..6)
    ) {
        let path = format!("{}/tests/styles/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut bytes = std::fs::read(path).unwrap();
        for (at, byte, cut) in edits {
            let at = at.index(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, [byte]);
        }
        let _ = sld::parse_bytes(&bytes, &mut folder);
    }
}

#[test]
fn conditions_inside_expressions_come_back() {
    let property = |n: &str| Expr::Property(n.into());
    let condition = Filter::Or(vec![
        Filter::IsNull(property("a")),
        Filter::Not(Box::new(Filter::Compare {
            op: CompareOp::Less,
            left: property("b"),
            right: Expr::text("3"),
            match_case: true,
        })),
    ]);
    let cases = vec![
        (condition, Expr::text("#ff0000")),
        (Filter::IsNull(property("c")), Expr::text("#00ff00")),
    ];
    let color = Expr::Case(cases, Box::new(Expr::text("#0000ff")));
    let mut style = default_style(GeometryType::Polygon, "0");
    let Symbolizer::Polygon(polygon) = &mut style.feature_type_styles[0].rules[0].symbolizers[0]
    else {
        panic!()
    };
    polygon.fill = Some(Fill::Solid(Paint {
        color,
        opacity: Expr::number(1.0),
    }));
    let text = written(&style, SldOptions::default());
    let document = sld::parse(&text, &mut sld::no_resources).unwrap();
    assert_eq!(document.styles().next(), Some(&style), "{text}");
}

#[test]
fn pictures_are_written_inline_and_read_back() {
    let document = read("qgis_point.sld");
    let text = written(style(&document), SldOptions::default());
    let again = sld::parse(&text, &mut sld::no_resources).unwrap();
    let Symbolizer::Point(point) = &rules(style(&again))[0].symbolizers[0] else {
        panic!()
    };
    let GraphicSymbol::Image { data, .. } = &point.graphic.symbols[0] else {
        panic!()
    };
    assert!(
        std::str::from_utf8(data)
            .unwrap()
            .contains(r##"fill="#ff0000""##)
    );
}

/// `xmllint` with the official schemas, offline.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn what_is_written_is_valid_against_the_official_schemas() {
    use proptest::strategy::ValueTree;
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/schemas");
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut styles: Vec<Style> = (0..25)
        .map(|_| any_style().new_tree(&mut runner).unwrap().current())
        .collect();
    styles.push(default_style(GeometryType::Unknown, "3"));
    styles.push(inspire_default(GeometryType::Unknown));
    for name in [
        "qgis_polygon.sld",
        "qgis_point.sld",
        "qgis_line.sld",
        "geoserver_1_0.sld",
    ] {
        styles.push(style(&read(name)).clone());
    }
    let (text, _) = write(
        &[("couche", &styles.iter().collect::<Vec<_>>())],
        SldOptions::default(),
    );
    let file = std::env::temp_dir().join(format!("cartotheque-{}.sld", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let run = std::process::Command::new("xmllint")
        .env("XML_CATALOG_FILES", format!("{schemas}/catalog.xml"))
        .args(["--nonet", "--noout", "--schema"])
        .arg(format!("{schemas}/drivers/sld11.xsd"))
        .arg(&file)
        .output();
    let _ = std::fs::remove_file(&file);
    match run {
        Ok(run) => assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        ),
        Err(error) => panic!("xmllint (libxml2-utils) is needed: {error}"),
    }
}
