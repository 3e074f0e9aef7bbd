//! What GeoServer's documentation shows and the standards leave open, read as GeoServer means it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use cartotheque::decode::sld::{self, Document};
use cartotheque::query::Expr;
use cartotheque::style::{
    Fill, LineSymbolizer, MarkerAt, MarkerPlaces, Measure, StrokeKind, StyleNoteKind, Symbolizer,
};

fn read(version: &str, symbolizer: &str) -> Document {
    let text = format!(
        "<StyledLayerDescriptor version='{version}' xmlns='http://www.opengis.net/sld' \
         xmlns:ogc='http://www.opengis.net/ogc'><NamedLayer><Name>roads</Name><UserStyle>\n\
         <FeatureTypeStyle><Rule>{symbolizer}</Rule></FeatureTypeStyle></UserStyle></NamedLayer>\
         </StyledLayerDescriptor>"
    );
    sld::parse(&text, &mut sld::no_resources).unwrap()
}

fn only(document: &Document) -> &Symbolizer {
    let style = document.styles().next().unwrap();
    &style.feature_type_styles[0].rules[0].symbolizers[0]
}

fn line(document: &Document) -> &LineSymbolizer {
    match only(document) {
        Symbolizer::Line(line) => line,
        other => panic!("{other:?}"),
    }
}

fn noted(document: &Document, kind: StyleNoteKind, part: &str) -> bool {
    let mut notes = document.notes.iter();
    notes.any(|n| n.kind == kind && n.line == 2 && n.message.contains(part))
}

const CIRCLE: &str = "<Mark><WellKnownName>circle</WellKnownName></Mark>";

/// The cook book's *Alternating symbols with dash offsets*: circles of 5 px in the middle of the
/// gaps of dashes of 10 and 10.
#[test]
fn the_dash_array_and_its_offset_space_the_markers() {
    let document = read(
        "1.0.0",
        &format!(
            "<LineSymbolizer><Stroke><GraphicStroke><Graphic>{CIRCLE}<Size>5</Size></Graphic>\
             </GraphicStroke><CssParameter name='stroke-dasharray'>5 15</CssParameter>\
             <CssParameter name='stroke-dashoffset'>7.5</CssParameter></Stroke></LineSymbolizer>"
        ),
    );
    let StrokeKind::Graphic {
        gap, initial_gap, ..
    } = &line(&document).stroke.kind
    else {
        panic!()
    };
    // the first is 5 px before the beginning, the next 15 px behind it
    assert_eq!(*gap, Measure::pixels(20.0));
    assert_eq!(*initial_gap, Measure::pixels(-5.0));
    assert!(line(&document).stroke.dash.is_empty());
}

#[test]
fn symbols_on_start_end_and_vertices_of_a_geometry_stand_there() {
    let point = |function: &str, rotation: &str| {
        read(
            "1.0.0",
            &format!(
                "<PointSymbolizer><Geometry><ogc:Function name='{function}'><ogc:PropertyName>\
                 the_geom</ogc:PropertyName></ogc:Function></Geometry><Graphic>{CIRCLE}\
                 <Size>6</Size>{rotation}</Graphic></PointSymbolizer>"
            ),
        )
    };
    let places = |document: &Document| match &line(document).stroke.kind {
        StrokeKind::Graphic { places, .. } => *places,
        other => panic!("{other:?}"),
    };
    for (function, at) in [
        ("startPoint", MarkerAt::First),
        ("endPoint", MarkerAt::Last),
        ("vertices", MarkerAt::Vertices),
    ] {
        let document = point(function, "");
        let turned = false;
        assert_eq!(places(&document), MarkerPlaces { at, turned });
        assert!(noted(&document, StyleNoteKind::Kept, function));
    }
    let angle = "<Rotation><ogc:Function name='endAngle'><ogc:PropertyName>the_geom\
        </ogc:PropertyName></ogc:Function></Rotation>";
    assert!(places(&point("endPoint", angle)).turned);
    let elsewhere = point("centroid", angle);
    assert!(matches!(only(&elsewhere), Symbolizer::Point(_)));
    assert!(noted(&elsewhere, StyleNoteKind::Dropped, "angle of a line"));
    let hull = point("convexHull", "");
    assert!(noted(&hull, StyleNoteKind::Dropped, "convexHull"));
}

#[test]
fn a_mark_without_a_size_is_sixteen_pixels_in_sld_1_0_and_six_by_the_standard_in_1_1() {
    let point = format!("<PointSymbolizer><Graphic>{CIRCLE}</Graphic></PointSymbolizer>");
    let size = |version: &str| match only(&read(version, &point)) {
        Symbolizer::Point(point) => point.graphic.size.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(size("1.0.0"), Some(Measure::pixels(16.0)));
    assert_eq!(size("1.1.0"), None);
}

#[test]
fn a_random_fill_is_regular_and_as_dense() {
    let document = read(
        "1.0.0",
        &format!(
            "<PolygonSymbolizer><Fill><GraphicFill><Graphic>{CIRCLE}<Size>4</Size></Graphic>\
             </GraphicFill></Fill><VendorOption name='random'>free</VendorOption>\
             <VendorOption name='random-tile-size'>100</VendorOption>\
             <VendorOption name='random-symbol-count'>25</VendorOption></PolygonSymbolizer>"
        ),
    );
    let Symbolizer::Polygon(polygon) = only(&document) else {
        panic!()
    };
    let Some(Fill::Graphic { margin, .. }) = &polygon.fill else {
        panic!()
    };
    // 25 in a square of 100: each 20 apart
    assert_eq!(margin[0].value, Expr::number(16.0));
    assert!(noted(&document, StyleNoteKind::Approximated, "as dense"));
}

#[test]
fn gaps_inside_a_graphic_are_for_lines_and_reported_elsewhere() {
    let graphic = format!("<Graphic>{CIRCLE}<Size>6</Size><Gap>10</Gap></Graphic>");
    let stroke = read(
        "1.0.0",
        &format!(
            "<LineSymbolizer><Stroke><GraphicStroke>{graphic}</GraphicStroke></Stroke>\
             </LineSymbolizer>"
        ),
    );
    let StrokeKind::Graphic { gap, .. } = &line(&stroke).stroke.kind else {
        panic!()
    };
    assert_eq!(*gap, Measure::pixels(10.0));
    let point = read(
        "1.0.0",
        &format!("<PointSymbolizer>{graphic}</PointSymbolizer>"),
    );
    assert!(noted(&point, StyleNoteKind::Dropped, "<Gap>"));
}
