//! Styles as QGIS 3 and GeoServer 2 export them: what is understood, what is reported, and that
//! what is written is read back the same and is valid.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod any;
#[path = "../common/scratch.rs"]
mod scratch;
mod written;

use std::sync::Arc;

use cartotheque::decode::sld::{self, Document, StyleContent};
use cartotheque::error::Error;
use cartotheque::query::{Expr, Filter, Function};
use cartotheque::style::*;

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
