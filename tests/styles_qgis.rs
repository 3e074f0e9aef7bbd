//! Styles as QGIS 3.22 exports them, read as QGIS draws them. Each was made by PyQGIS, drawn
//! there and here, and the two pictures laid side by side.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use cartotheque::decode::sld::{self, Document};
use cartotheque::query::{CompareOp, Expr, Filter, Function};
use cartotheque::style::{
    Fill, Graphic, GraphicSymbol, LabelPlacement, LineCap, LineSymbolizer, MarkerAt, Measure, Rule,
    Stroke, StrokeKind, StyleNoteKind, Symbolizer, TextSymbolizer,
};

fn exported(rules: &str) -> Document {
    parse(
        "<se:Name>l</se:Name>",
        "<se:Name>l</se:Name>",
        &format!("<se:Rule>{rules}</se:Rule>"),
    )
}

/// The same document as somebody else would write it.
fn standard(rules: &str) -> Document {
    parse(
        "<se:Name>l</se:Name>",
        "<se:Name>l</se:Name><se:Description><se:Title>t</se:Title></se:Description>",
        &format!("<se:Rule>{rules}</se:Rule>"),
    )
}

fn parse(layer: &str, style: &str, rules: &str) -> Document {
    let text = format!(
        "<StyledLayerDescriptor xmlns='http://www.opengis.net/sld' \
         xmlns:se='http://www.opengis.net/se' xmlns:ogc='http://www.opengis.net/ogc' \
         version='1.1.0'><NamedLayer>{layer}<UserStyle>{style}\n<se:FeatureTypeStyle>{rules}\
         </se:FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"
    );
    sld::parse(&text, &mut sld::no_resources).unwrap()
}

fn rules(document: &Document) -> &[Rule] {
    &document.styles().next().unwrap().feature_type_styles[0].rules
}

fn lines(document: &Document) -> Vec<&LineSymbolizer> {
    let all = rules(document)[0].symbolizers.iter();
    all.filter_map(|s| match s {
        Symbolizer::Line(line) => Some(&**line),
        _ => None,
    })
    .collect()
}

fn text(document: &Document) -> &TextSymbolizer {
    let mut all = rules(document).iter().flat_map(|r| &r.symbolizers);
    let found = all.find_map(|s| match s {
        Symbolizer::Text(text) => Some(&**text),
        _ => None,
    });
    found.unwrap()
}

fn noted(document: &Document, kind: StyleNoteKind, part: &str) -> bool {
    let mut notes = document.notes.iter();
    notes.any(|n| n.kind == kind && n.line == 2 && n.message.contains(part))
}

fn mark(name: &str, more: &str) -> String {
    format!(
        "<se:Graphic><se:Mark><se:WellKnownName>{name}</se:WellKnownName>\
         <se:Fill><se:SvgParameter name='fill'>#c03020</se:SvgParameter></se:Fill>\
         <se:Stroke/></se:Mark>{more}</se:Graphic>"
    )
}

fn hatch(name: &str, more: &str) -> String {
    format!(
        "<se:PolygonSymbolizer><se:Fill><se:GraphicFill><se:Graphic><se:Mark>\
         <se:WellKnownName>{name}</se:WellKnownName><se:Stroke><se:SvgParameter name='stroke'>\
         #c03020</se:SvgParameter></se:Stroke></se:Mark>{more}</se:Graphic></se:GraphicFill>\
         </se:Fill></se:PolygonSymbolizer>"
    )
}

fn fill_graphic(document: &Document) -> &Graphic {
    match &rules(document)[0].symbolizers[0] {
        Symbolizer::Polygon(polygon) => match &polygon.fill {
            Some(Fill::Graphic { graphic, .. }) => graphic,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn hatches_of_qgis_turn_anticlockwise() {
    let rule = hatch(
        "horline",
        "<se:Size>11</se:Size><se:Rotation><ogc:Literal>20</ogc:Literal></se:Rotation>",
    );
    assert_eq!(fill_graphic(&exported(&rule)).rotation, Expr::number(-20.0));
    assert_eq!(fill_graphic(&standard(&rule)).rotation, Expr::number(20.0));
}

#[test]
fn brushes_of_qt_have_tiles_of_eight_pixels() {
    let document = exported(&hatch("backslash", ""));
    let graphic = fill_graphic(&document);
    assert_eq!(graphic.size, Some(Measure::pixels(8.0)));
    let GraphicSymbol::Mark {
        stroke: Some(stroke),
        ..
    } = &graphic.symbols[0]
    else {
        panic!()
    };
    // one pixel in each row of eight: an eighth of the area, as in Qt
    let Expr::Literal(cartotheque::query::Literal::Number(width)) = stroke.width.value else {
        panic!()
    };
    assert!((width / (8.0 / f64::sqrt(2.0)) - 0.125).abs() < 1e-9);
    let straight = exported(&hatch("horline", ""));
    assert_eq!(fill_graphic(&straight).size, Some(Measure::pixels(8.0)));
    // GeoServer's has no size of its own
    assert_eq!(
        fill_graphic(&exported(&hatch("shape://backslash", ""))).size,
        None
    );
}

fn marker_line(options: &str, gap: &str) -> String {
    let graphic = mark("triangle", "<se:Size>14</se:Size>");
    format!(
        "<se:LineSymbolizer>{options}<se:Stroke><se:GraphicStroke>{graphic}{gap}\
         </se:GraphicStroke></se:Stroke></se:LineSymbolizer>"
    )
}

fn places(stroke: &Stroke) -> (f64, MarkerAt, bool) {
    match &stroke.kind {
        StrokeKind::Graphic { gap, places, .. } => match gap.value {
            Expr::Literal(cartotheque::query::Literal::Number(gap)) => {
                (gap, places.at, places.turned)
            }
            _ => panic!(),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn markers_stand_at_the_places_that_qgis_names() {
    let option = |name: &str, value: &str| {
        format!("<se:VendorOption name='{name}'>{value}</se:VendorOption>")
    };
    let gap = "<se:Gap><ogc:Literal>29</ogc:Literal></se:Gap>";
    let read = |options: &str, gap: &str| {
        let document = exported(&marker_line(options, gap));
        lines(&document)
            .iter()
            .map(|line| places(&line.stroke))
            .collect::<Vec<_>>()
    };
    assert_eq!(read("", gap), [(29.0, MarkerAt::Intervals, true)]);
    for (value, at) in [
        ("firstPoint", MarkerAt::First),
        ("lastPoint", MarkerAt::Last),
        ("centralPoint", MarkerAt::Middle),
        ("points", MarkerAt::Vertices),
    ] {
        assert_eq!(read(&option("placement", value), ""), [(0.0, at, true)]);
    }
    assert_eq!(
        read(&option("rotateMarker", "0"), gap),
        [(29.0, MarkerAt::Intervals, false)]
    );
    // 3.24 writes several places into one symbolizer
    let ends = option("placement", "firstPoint") + &option("placement", "lastPoint");
    assert_eq!(
        read(&ends, gap),
        [
            (29.0, MarkerAt::Intervals, true),
            (29.0, MarkerAt::First, true),
            (29.0, MarkerAt::Last, true)
        ]
    );
}

#[test]
fn an_empty_stroke_of_a_mark_is_no_outline_in_qgis_and_a_black_one_elsewhere() {
    let rule = format!(
        "<se:PointSymbolizer>{}</se:PointSymbolizer>",
        mark("circle", "<se:Size>7</se:Size>")
    );
    let has_stroke = |document: &Document| match &rules(document)[0].symbolizers[0] {
        Symbolizer::Point(point) => {
            matches!(&point.graphic.symbols[0], GraphicSymbol::Mark { stroke, .. } if stroke.is_some())
        }
        other => panic!("{other:?}"),
    };
    assert!(!has_stroke(&exported(&rule)));
    assert!(has_stroke(&standard(&rule)));
}

#[test]
fn offsets_of_qgis_run_down_and_turn_with_the_mark() {
    let displaced = |more: &str| {
        let rule = format!(
            "<se:PointSymbolizer>{}</se:PointSymbolizer>",
            mark(
                "triangle",
                &format!(
                    "<se:Size>14</se:Size>{more}<se:Displacement><se:DisplacementX>0\
                     </se:DisplacementX><se:DisplacementY>11</se:DisplacementY></se:Displacement>"
                )
            )
        );
        let number = |m: &Measure| match m.value {
            Expr::Literal(cartotheque::query::Literal::Number(n)) => n,
            _ => panic!(),
        };
        [exported(&rule), standard(&rule)].map(|document| {
            match &rules(&document)[0].symbolizers[0] {
                Symbolizer::Point(point) => {
                    let [x, y] = &point.graphic.displacement;
                    [number(x), number(y)]
                }
                other => panic!("{other:?}"),
            }
        })
    };
    assert_eq!(displaced(""), [[0.0, -11.0], [0.0, 11.0]]);
    // a quarter turn clockwise takes what is below to the left
    let [[x, y], standard] = displaced("<se:Rotation><ogc:Literal>90</ogc:Literal></se:Rotation>");
    assert!((x + 11.0).abs() < 1e-9 && y.abs() < 1e-9, "{x} {y}");
    assert_eq!(standard, [0.0, 11.0]);

    let area = "<se:PolygonSymbolizer><se:Displacement><se:DisplacementX>7</se:DisplacementX>\
        <se:DisplacementY>11</se:DisplacementY></se:Displacement></se:PolygonSymbolizer>";
    let document = exported(area);
    let Symbolizer::Polygon(polygon) = &rules(&document)[0].symbolizers[0] else {
        panic!()
    };
    let wanted = [Measure::pixels(7.0), Measure::pixels(-11.0)];
    assert_eq!(polygon.displacement, Some(wanted));
}

#[test]
fn parallels_of_qgis_lie_to_the_right() {
    let rule = "<se:LineSymbolizer><se:Stroke/><se:PerpendicularOffset>7</se:PerpendicularOffset>\
        </se:LineSymbolizer>";
    let offset = |document: &Document| lines(document)[0].perpendicular_offset.clone();
    assert_eq!(offset(&exported(rule)), Some(Measure::pixels(-7.0)));
    assert_eq!(offset(&standard(rule)), Some(Measure::pixels(7.0)));
}

#[test]
fn dashes_of_a_pen_of_qt_are_widths_of_the_pen() {
    let rule = |dashes: &str| {
        format!(
            "<se:LineSymbolizer><se:Stroke><se:SvgParameter name='stroke-width'>3\
             </se:SvgParameter><se:SvgParameter name='stroke-dasharray'>{dashes}\
             </se:SvgParameter></se:Stroke></se:LineSymbolizer>"
        )
    };
    let dashes = |document: &Document| lines(document)[0].stroke.dash.clone();
    let wanted =
        |lengths: &[f64]| -> Vec<Measure> { lengths.iter().map(|l| Measure::pixels(*l)).collect() };
    assert_eq!(dashes(&exported(&rule("4 2"))), wanted(&[12.0, 6.0]));
    // a pattern of one's own is in pixels
    assert_eq!(dashes(&exported(&rule("14 7"))), wanted(&[14.0, 7.0]));
    assert_eq!(dashes(&standard(&rule("4 2"))), wanted(&[4.0, 2.0]));
}

const AREA: &str = "<se:PolygonSymbolizer><se:Fill/></se:PolygonSymbolizer>";

#[test]
fn a_class_by_an_expression_is_read_and_one_that_can_not_be_is_reported() {
    let class = |expression: &str| {
        format!(
            "<ogc:Filter><ogc:PropertyIsLessThanOrEqualTo><ogc:PropertyName>{expression}\
             </ogc:PropertyName><ogc:Literal>3</ogc:Literal></ogc:PropertyIsLessThanOrEqualTo>\
             </ogc:Filter>{AREA}"
        )
    };
    let read = exported(&class("sqrt(\"pop\")"));
    let sqrt = Expr::Function(Function::Sqrt, vec![Expr::Property("pop".into())]);
    let wanted = Filter::Compare {
        op: CompareOp::LessOrEqual,
        left: sqrt,
        right: Expr::text("3"),
        match_case: true,
    };
    assert_eq!(rules(&read)[0].filter, Some(wanted));
    let measured = exported(&class("$area/1000"));
    assert!(noted(&measured, StyleNoteKind::Approximated, "ellipsoid"));
    let unread = exported(&class("array_length(\"a\")"));
    assert_eq!(rules(&unread)[0].filter, None);
    assert!(noted(&unread, StyleNoteKind::Dropped, "array_length"));
    assert!(noted(&unread, StyleNoteKind::Dropped, "every feature"));
    // a name stays one
    let name = exported(&class("code-insee"));
    let is_name = |f: &Filter| matches!(f, Filter::Compare { left: Expr::Property(p), .. } if p == "code-insee");
    assert!(rules(&name)[0].filter.as_ref().is_some_and(is_name));
}

#[test]
fn what_qgis_left_in_comments_is_read() {
    let commented = |expression: &str| {
        format!("<!--Parser Error: \nsyntax error - Expression was: {expression}-->{AREA}")
    };
    let otherwise = exported(&commented("ELSE"));
    assert!(rules(&otherwise)[0].is_else);
    let between = exported(&commented("\"code\" between 1 and 4"));
    assert!(matches!(
        rules(&between)[0].filter,
        Some(Filter::Between { .. })
    ));
    let label = |expression: &str| {
        exported(&format!(
            "<se:TextSymbolizer><se:Label><!--SE Export for {expression} not implemented \
             yet-->Placeholder</se:Label></se:TextSymbolizer>"
        ))
    };
    let read = label("name || ' ' || code");
    assert!(matches!(&text(&read).label, Expr::Concat(parts) if parts.len() == 3));
    let unread = label("regexp_replace(name, 'a', 'b')");
    assert!(rules(&unread)[0].symbolizers.is_empty());
    assert!(noted(&unread, StyleNoteKind::Dropped, "regexp_replace"));
}

#[test]
fn the_class_of_all_other_values_takes_the_others() {
    let rule = format!(
        "<ogc:Filter><ogc:Or><ogc:PropertyIsEqualTo><ogc:PropertyName>code</ogc:PropertyName>\
         <ogc:Literal></ogc:Literal></ogc:PropertyIsEqualTo><ogc:PropertyIsNull>\
         <ogc:PropertyName>code</ogc:PropertyName></ogc:PropertyIsNull></ogc:Or></ogc:Filter>{AREA}"
    );
    let document = exported(&rule);
    assert!(rules(&document)[0].is_else && rules(&document)[0].filter.is_none());
    assert!(!rules(&standard(&rule))[0].is_else);
}

#[test]
fn labels_stand_where_qgis_puts_them() {
    let label = "<se:TextSymbolizer><se:Label>a</se:Label><se:LabelPlacement><se:PointPlacement>\
        <se:AnchorPoint><se:AnchorPointX>0</se:AnchorPointX><se:AnchorPointY>0.5\
        </se:AnchorPointY></se:AnchorPoint><se:Displacement><se:DisplacementX>11\
        </se:DisplacementX><se:DisplacementY>7</se:DisplacementY></se:Displacement>\
        </se:PointPlacement></se:LabelPlacement>\
        <se:VendorOption name='maxDisplacement'>1</se:VendorOption></se:TextSymbolizer>";
    let placed = |document: &Document| match &text(document).placement {
        LabelPlacement::Point {
            anchor,
            displacement,
            ..
        } => (*anchor, displacement[1].clone()),
        other => panic!("{other:?}"),
    };
    let down = Measure::pixels(-7.0);
    assert_eq!(placed(&exported(label)), ([0.0, 0.0], down.clone()));
    let of_areas = exported(&format!("{AREA}{label}"));
    assert_eq!(placed(&of_areas), ([0.5, 0.5], down));
    assert_eq!(placed(&standard(label)), ([0.0, 0.5], Measure::pixels(7.0)));
}

#[test]
fn an_ellipse_marker_has_two_sizes_and_a_picture_is_as_wide_as_its_size() {
    let rule = "<se:PointSymbolizer><se:Graphic><se:Mark><se:WellKnownName>rectangle\
        </se:WellKnownName><se:Fill><se:SvgParameter name='fill'>#c03020</se:SvgParameter></se:Fill>\
        <se:Stroke><se:SvgParameter name='stroke'>#232323</se:SvgParameter><se:SvgParameter \
        name='stroke-width'>1</se:SvgParameter></se:Stroke></se:Mark><se:Size>29</se:Size>\
        <se:VendorOption name='widthHeightFactor'>2</se:VendorOption></se:Graphic>\
        </se:PointSymbolizer>";
    let graphic = |document: &Document| match &rules(document)[0].symbolizers[0] {
        Symbolizer::Point(point) => point.graphic.clone(),
        other => panic!("{other:?}"),
    };
    let drawn = graphic(&exported(rule));
    let GraphicSymbol::Image { data, .. } = &drawn.symbols[0] else {
        panic!()
    };
    let svg = std::str::from_utf8(data).unwrap();
    assert!(svg.contains("width=\"30\" height=\"15.5\""), "{svg}");
    assert!(svg.contains("M-14.5 -7.25 L14.5 -7.25 L14.5 7.25"), "{svg}");
    assert_eq!(drawn.size, Some(Measure::pixels(15.5)));

    let wide = "%3Csvg xmlns='http://www.w3.org/2000/svg' width='40' height='10'/%3E";
    let picture = format!(
        "<se:PointSymbolizer><se:Graphic><se:ExternalGraphic><se:OnlineResource \
         xlink:href=\"data:image/svg+xml,{wide}\"/><se:Format>image/svg+xml</se:Format>\
         </se:ExternalGraphic><se:Size>20</se:Size></se:Graphic></se:PointSymbolizer>"
    );
    assert_eq!(
        graphic(&exported(&picture)).size,
        Some(Measure::pixels(5.0))
    );
    assert_eq!(
        graphic(&standard(&picture)).size,
        Some(Measure::pixels(20.0))
    );
}

#[test]
fn labels_stand_above_their_lines_and_outlines_have_the_caps_of_qt() {
    let label = "<se:TextSymbolizer><se:Label>a</se:Label><se:Font><se:SvgParameter \
        name='font-size'>10</se:SvgParameter></se:Font><se:LabelPlacement><se:LinePlacement>\
        <se:GeneralizeLine>true</se:GeneralizeLine></se:LinePlacement></se:LabelPlacement>\
        </se:TextSymbolizer>";
    let offset = |document: &Document| match &text(document).placement {
        LabelPlacement::Line {
            perpendicular_offset,
            ..
        } => perpendicular_offset.clone(),
        other => panic!("{other:?}"),
    };
    let read = exported(label);
    assert_eq!(offset(&read), Measure::pixels(6.0));
    assert!(noted(
        &read,
        StyleNoteKind::Approximated,
        "above their lines"
    ));
    assert_eq!(offset(&standard(label)), Measure::pixels(0.0));
    let area = "<se:PolygonSymbolizer><se:Stroke><se:SvgParameter name='stroke-dasharray'>4 2\
        </se:SvgParameter></se:Stroke></se:PolygonSymbolizer>";
    let cap = |document: &Document| match &rules(document)[0].symbolizers[0] {
        Symbolizer::Polygon(polygon) => polygon.stroke.as_ref().unwrap().cap,
        other => panic!("{other:?}"),
    };
    assert_eq!(cap(&exported(area)), LineCap::Square);
    assert_eq!(cap(&standard(area)), LineCap::Butt);
}
