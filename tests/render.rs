//! Drawing as a whole: cuts and bands, accuracy, symbols where they belong, nothing that panics.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use cartotheque::error::Result;
use cartotheque::feature::{Feature, Field, FieldType, Schema, Value};
use cartotheque::geom::{Bbox, Coord, Geometry, GeometryType, PartKind, Size, View};
use cartotheque::query::Expr;
use cartotheque::render::{Canvas, CompiledStyle, Hit, HitTest, Painter, SymbolCache};
use cartotheque::style::*;
use proptest::prelude::*;

/// A feature with one number.
struct One(f64);

impl Feature for One {
    fn fid(&self) -> u64 {
        0
    }
    fn bbox(&self) -> Option<Bbox> {
        None
    }
    fn geometry(&self, out: &mut Geometry) -> Result<()> {
        out.begin(GeometryType::Unknown);
        Ok(())
    }
    fn value(&self, _: usize) -> Value<'_> {
        Value::Float(self.0)
    }
    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        visit(0, Value::Float(self.0));
    }
}

fn schema() -> Schema {
    Schema {
        fields: vec![Field {
            name: "n".into(),
            kind: FieldType::Float,
            title: None,
            description: None,
            nullable: true,
        }],
        ..Schema::default()
    }
}

fn polygon(rings: &[&[Coord]]) -> Geometry {
    let mut geometry = Geometry::new(GeometryType::Polygon);
    for ring in rings {
        geometry.extend(ring.iter().copied());
        geometry.end_sequence();
    }
    geometry.end_part(PartKind::Polygon);
    geometry
}

fn line(points: &[Coord]) -> Geometry {
    let mut geometry = Geometry::new(GeometryType::LineString);
    geometry.extend(points.iter().copied());
    geometry.end_part(PartKind::Line);
    geometry
}

fn point(at: Coord) -> Geometry {
    let mut geometry = Geometry::new(GeometryType::Point);
    geometry.push(at);
    geometry.end_part(PartKind::Points);
    geometry
}

fn style(symbolizers: Vec<Symbolizer>) -> Style {
    let rule = Rule {
        symbolizers,
        ..Rule::default()
    };
    Style {
        feature_type_styles: vec![FeatureTypeStyle { rules: vec![rule] }],
        ..Style::default()
    }
}

fn stroke(color: &str, width: f64) -> Stroke {
    Stroke {
        kind: StrokeKind::Solid(Paint::solid(color)),
        width: Measure::pixels(width),
        cap: LineCap::Butt,
        join: LineJoin::Miter,
        dash: Vec::new(),
        dash_offset: Measure::pixels(0.0),
    }
}

fn line_symbolizer(stroke: Stroke) -> Symbolizer {
    Symbolizer::Line(Box::new(LineSymbolizer {
        stroke,
        perpendicular_offset: None,
    }))
}

fn polygon_symbolizer(fill: Option<Fill>, stroke: Option<Stroke>) -> Symbolizer {
    Symbolizer::Polygon(Box::new(PolygonSymbolizer {
        fill,
        stroke,
        perpendicular_offset: None,
        displacement: None,
    }))
}

fn filled(color: &str) -> Symbolizer {
    polygon_symbolizer(Some(Fill::Solid(Paint::solid(color))), None)
}

fn mark(shape: MarkShape, size: f64, fill: Option<&str>, outline: Option<Stroke>) -> Graphic {
    Graphic {
        symbols: vec![GraphicSymbol::Mark {
            shape,
            fill: fill.map(Paint::solid),
            stroke: outline.map(Box::new),
        }],
        size: Some(Measure::pixels(size)),
        rotation: Expr::number(0.0),
        opacity: Expr::number(1.0),
        anchor: [0.5, 0.5],
        displacement: [Measure::pixels(0.0), Measure::pixels(0.0)],
    }
}

fn point_symbolizer(graphic: Graphic) -> Symbolizer {
    Symbolizer::Point(Box::new(PointSymbolizer { graphic }))
}

fn graphic_fill(graphic: Graphic, margin: f64) -> Symbolizer {
    let margin = [Measure::pixels(margin), Measure::pixels(margin)];
    polygon_symbolizer(Some(Fill::Graphic { graphic, margin }), None)
}

/// One unit is one pixel.
fn view(width: u32, height: u32) -> View {
    let bbox = Bbox::new(0.0, 0.0, f64::from(width), f64::from(height)).unwrap();
    View::new(bbox, Size { width, height }, 1.0)
}

type Pixels = Vec<[u8; 4]>;

fn drawn_in(view: &View, style: &Style, geometries: &[Geometry], bands: usize) -> Pixels {
    let cache = SymbolCache::new();
    let schema = schema();
    let compiled = CompiledStyle::new(style, &schema, view, &cache).unwrap();
    let mut canvas = Canvas::new(view.size).unwrap();
    for band in canvas.bands(bands) {
        let mut painter = Painter::on(band, view, &cache);
        for pass in compiled.passes() {
            for (index, geometry) in geometries.iter().enumerate() {
                painter.feature(pass, geometry, &One(index as f64));
            }
        }
    }
    canvas.pixmap().data().as_chunks::<4>().0.to_vec()
}

fn drawn(view: &View, style: &Style, geometries: &[Geometry]) -> Pixels {
    drawn_in(view, style, geometries, 1)
}

fn at(pixels: &Pixels, view: &View, x: u32, y: u32) -> [u8; 4] {
    pixels[(y * view.size.width + x) as usize]
}

/// Covered area in pixels.
fn area(pixels: &Pixels) -> f64 {
    pixels.iter().map(|p| f64::from(p[3]) / 255.0).sum()
}

/// Every kind of symbol there is.
fn every_style() -> Vec<Style> {
    let half = |color: &str| Paint {
        color: Expr::text(color),
        opacity: Expr::number(0.5),
    };
    let outlined = |shape| mark(shape, 9.0, Some("#ffcc00"), Some(stroke("#663300", 1.3)));
    let round = |width| Stroke {
        cap: LineCap::Round,
        join: LineJoin::Round,
        ..stroke("#102030", width)
    };
    let along = Stroke {
        kind: StrokeKind::Graphic {
            graphic: mark(MarkShape::FilledArrowHead, 7.0, Some("red"), None),
            gap: Measure::pixels(6.5),
            initial_gap: Measure::pixels(2.0),
        },
        ..stroke("red", 1.0)
    };
    let offset = |by: f64, stroke| {
        Symbolizer::Line(Box::new(LineSymbolizer {
            stroke,
            perpendicular_offset: Some(Measure::pixels(by)),
        }))
    };
    let hatched = |shape, size, turn| Graphic {
        rotation: Expr::number(turn),
        ..mark(shape, size, None, Some(stroke("#8000ff", 1.2)))
    };
    vec![
        style(vec![filled("#4080c0")]),
        style(vec![polygon_symbolizer(
            Some(Fill::Solid(half("#40c080"))),
            Some(stroke("#203040", 0.7)),
        )]),
        style(vec![polygon_symbolizer(
            Some(Fill::Solid(Paint::solid("#c04080"))),
            Some(stroke("#203040", 4.1)),
        )]),
        style(vec![polygon_symbolizer(None, Some(round(5.3)))]),
        style(vec![
            line_symbolizer(round(6.0)),
            line_symbolizer(stroke("white", 3.0)),
        ]),
        style(vec![line_symbolizer(Stroke {
            join: LineJoin::Bevel,
            cap: LineCap::Square,
            dash: [7.3, 3.1, 1.0].map(Measure::pixels).to_vec(),
            dash_offset: Measure::pixels(1.7),
            ..stroke("black", 2.5)
        })]),
        style(vec![
            line_symbolizer(along),
            offset(4.0, stroke("blue", 1.0)),
        ]),
        style(vec![point_symbolizer(outlined(MarkShape::Star))]),
        style(vec![point_symbolizer(Graphic {
            rotation: Expr::Property("n".into()),
            ..outlined(MarkShape::Arrow)
        })]),
        style(vec![graphic_fill(
            hatched(MarkShape::HatchTimes, 7.7, 0.0),
            0.0,
        )]),
        style(vec![graphic_fill(
            hatched(MarkShape::HatchHorizontal, 5.0, 33.0),
            0.0,
        )]),
        style(vec![graphic_fill(outlined(MarkShape::Circle), 3.4)]),
    ]
}

fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -30.0..130.0, 1 => -4000.0..4000.0, 1 => (0..100i32).prop_map(f64::from)]
}

fn geometry() -> impl Strategy<Value = Geometry> {
    (
        0..3u8,
        prop::collection::vec([coordinate(), coordinate()], 1..9),
    )
        .prop_map(|(kind, mut points)| match kind {
            0 => point(points[0]),
            1 => line(&points),
            _ => {
                points.push(points[0]);
                polygon(&[&points])
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_map_cut_anywhere_has_the_pixels_of_the_whole(
        geometries in prop::collection::vec(geometry(), 1..4),
        style in prop::sample::select(every_style()),
        resolution in prop_oneof![Just(1.0), Just(0.25), Just(152.874_056_570_341_4), 0.01..900.0],
        origin in prop_oneof![Just([0.0, 0.0]), [-2e6..2e6, 4e6..7e6]],
        (x, y) in (0..60u32, 0..50u32),
        (w, h) in (1..40u32, 1..40u32),
        bands in 1..5usize,
    ) {
        // pixel positions to world positions
        let place = |geometry: &Geometry| {
            let mut geometry = geometry.clone();
            for [x, y] in geometry.coords_mut() {
                (*x, *y) = (origin[0] + *x * resolution, origin[1] + *y * resolution);
            }
            geometry
        };
        let geometries: Vec<Geometry> = geometries.iter().map(place).collect();
        let window = |x: u32, y: u32, width: u32, height: u32| {
            let px = |v: u32| f64::from(v) * resolution;
            let (min_x, max_y) = (origin[0] + px(x), origin[1] + px(90 - y));
            let bbox = Bbox::new(min_x, max_y - px(height), min_x + px(width), max_y).unwrap();
            View::new(bbox, Size { width, height }, 1.0)
        };
        let whole_view = window(0, 0, 100, 90);
        let whole = drawn(&whole_view, &style, &geometries);
        let cut_view = window(x, y, w, h);
        let cut = drawn_in(&cut_view, &style, &geometries, bands);
        for row in 0..h {
            for column in 0..w {
                prop_assert_eq!(
                    at(&cut, &cut_view, column, row),
                    at(&whole, &whole_view, x + column, y + row),
                    "at {},{} of the cut", column, row
                );
            }
        }
    }

    #[test]
    fn no_geometry_makes_drawing_panic(
        points in prop::collection::vec(prop::array::uniform2(prop_oneof![
            any::<f64>(), Just(f64::NAN), Just(1e300), Just(-1e300), Just(f64::INFINITY),
            Just(0.0), -1e9..1e9, 0.0..50.0,
        ]), 1..12),
        kind in 0..3u8,
        style in prop::sample::select(every_style()),
    ) {
        let geometry = match kind {
            0 => line(&points),
            1 => polygon(&[&points, &points]),
            _ => point(points[0]),
        };
        drawn(&view(50, 50), &style, &[geometry]);
    }

    #[test]
    fn a_round_line_is_what_lies_within_half_its_width(
        steps in prop::collection::vec((9.0..21.0, 12.0..68.0), 2..5),
        width in 1.5..9.0f64,
    ) {
        // lines that do not come back on themselves: where strokes overlap, coverage adds up
        let mut x = -2.0;
        let points: Vec<Coord> = steps.iter().map(|(step, y)| { x += step; [x, *y] }).collect();
        let pen = Stroke { cap: LineCap::Round, join: LineJoin::Round, ..stroke("black", width) };
        let view = view(80, 80);
        let got = drawn(&view, &style(vec![line_symbolizer(pen)]), &[line(&points)]);
        let mut error = 0.0;
        for (index, pixel) in got.iter().enumerate() {
            let (x, y) = (index % 80, 79 - index / 80);
            let mut inside = 0.0;
            for i in 0..16 {
                for j in 0..16 {
                    let sample = [
                        x as f64 + (f64::from(i) + 0.5) / 16.0,
                        y as f64 + (f64::from(j) + 0.5) / 16.0,
                    ];
                    if distance(sample, &points) <= width / 2.0 {
                        inside += 1.0 / 256.0;
                    }
                }
            }
            error += (f64::from(pixel[3]) - inside * 255.0).abs();
        }
        prop_assert!(error / 6400.0 <= 0.5, "mean error {} of 255", error / 6400.0);
    }

    #[test]
    fn the_winding_of_the_data_does_not_matter(
        mut points in prop::collection::vec([5.0..75.0, 5.0..75.0], 3..8),
    ) {
        let view = view(80, 80);
        let hole = [[30.0, 30.0], [50.0, 30.0], [40.0, 50.0]];
        let one = drawn(&view, &style(vec![filled("red")]), &[polygon(&[&points, &hole])]);
        points.reverse();
        let other = drawn(&view, &style(vec![filled("red")]), &[polygon(&[&points, &hole])]);
        prop_assert!(one == other);
    }
}

fn distance([x, y]: Coord, points: &[Coord]) -> f64 {
    let squared = |a: Coord, b: Coord| {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let t = ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy).max(1e-12);
        let t = t.clamp(0.0, 1.0);
        (x - a[0] - t * dx).powi(2) + (y - a[1] - t * dy).powi(2)
    };
    points
        .windows(2)
        .map(|w| squared(w[0], w[1]))
        .fold(f64::MAX, f64::min)
        .sqrt()
}

#[test]
fn fills_agree_with_tiny_skia_in_the_mean() {
    let view = view(200, 200);
    let mut pixmap = tiny_skia::Pixmap::new(200, 200).unwrap();
    let mut paint = tiny_skia::Paint::default();
    paint.set_color_rgba8(0, 0, 0, 255);
    let mut geometries = Vec::new();
    for i in 0..60u32 {
        let (cx, cy) = (f64::from(i * 37 % 180 + 10), f64::from(i * 61 % 180 + 10));
        let ring: Vec<Coord> = (0..9)
            .map(|v| {
                let angle = f64::from(v * 40 + i) * 0.017_453;
                [cx + 9.3 * angle.cos(), cy + 7.1 * angle.sin()]
            })
            .collect();
        let mut path = tiny_skia::PathBuilder::new();
        for (v, [x, y]) in ring.iter().enumerate() {
            let (x, y) = (*x as f32, 200.0 - *y as f32);
            if v == 0 {
                path.move_to(x, y)
            } else {
                path.line_to(x, y)
            }
        }
        path.close();
        let rule = tiny_skia::FillRule::Winding;
        pixmap.fill_path(
            &path.finish().unwrap(),
            &paint,
            rule,
            tiny_skia::Transform::identity(),
            None,
        );
        geometries.push(polygon(&[&ring]));
    }
    let got = drawn(&view, &style(vec![filled("black")]), &geometries);
    let theirs = pixmap.data().as_chunks::<4>().0;
    let mean = |of: &dyn Fn(usize) -> f64| (0..40_000).map(of).sum::<f64>() / 40_000.0;
    let bias = mean(&|i| f64::from(got[i][3]) - f64::from(theirs[i][3]));
    assert!(bias.abs() <= 0.5, "{bias}");
}

#[test]
fn a_hole_is_not_filled_and_a_position_that_is_no_number_is_left_out() {
    let view = view(20, 20);
    let outer = [
        [2.0, 2.0],
        [18.0, 2.0],
        [f64::NAN, 5.0],
        [18.0, 18.0],
        [2.0, 18.0],
        [2.0, 2.0],
    ];
    let hole = [
        [6.0, 6.0],
        [14.0, 6.0],
        [14.0, 14.0],
        [6.0, 14.0],
        [6.0, 6.0],
    ];
    let pixels = drawn(
        &view,
        &style(vec![filled("#00ff00")]),
        &[polygon(&[&outer, &hole])],
    );
    assert_eq!(at(&pixels, &view, 3, 10), [0, 255, 0, 255]);
    assert_eq!(at(&pixels, &view, 10, 10), [0; 4]);
    assert_eq!(area(&pixels), 256.0 - 64.0);
}

/// A circle of many corners.
fn circle([x, y]: Coord, radius: f64) -> Vec<Coord> {
    (0..=256)
        .map(|i| (f64::from(i) * std::f64::consts::TAU / 256.0).sin_cos())
        .map(|(sin, cos)| [x + cos * radius, y + sin * radius])
        .collect()
}

#[test]
fn a_fill_and_its_outline_each_have_the_area_of_their_own() {
    // red inside, green outline, over black: each channel is a coverage
    let (outer, hole, half) = (20.3, 9.6, 0.6);
    let style = style(vec![polygon_symbolizer(
        Some(Fill::Solid(Paint::solid("#ff0000"))),
        Some(stroke("#00ff00", half * 2.0)),
    )]);
    let (center, view) = ([31.4, 30.7], view(64, 64));
    let ring = polygon(&[&circle(center, outer), &circle(center, hole)]);
    let pixels = drawn(&view, &style, &[ring]);
    let mut error = 0.0;
    for y in 0..64 {
        for x in 0..64 {
            let samples = 32;
            let (mut inside, mut line) = (0, 0);
            for i in 0..samples * samples {
                let part = |k: u32| (f64::from(k) + 0.5) / f64::from(samples);
                let [sx, sy] = [
                    f64::from(x) + part(i % samples),
                    64.0 - f64::from(y) - part(i / samples),
                ];
                let r = (sx - center[0]).hypot(sy - center[1]);
                line += u32::from((r - outer).abs() <= half || (r - hole).abs() <= half);
                inside += u32::from(r < outer - half && r > hole + half);
            }
            let all = f64::from(samples * samples);
            let [red, green, blue, alpha] = at(&pixels, &view, x, y);
            let wanted = [inside, line, 0, inside + line].map(|n| f64::from(n) * 255.0 / all);
            for (got, wanted) in [red, green, blue, alpha].into_iter().zip(wanted) {
                let off = (f64::from(got) - wanted).abs();
                assert!(off <= 6.0, "{x},{y}: {got}, expected {wanted}");
                error += off;
            }
        }
    }
    assert!(error / (64.0 * 64.0) <= 0.5, "{}", error / (64.0 * 64.0));
}

#[test]
fn a_polygon_below_a_pixel_is_its_area() {
    let view = view(20, 20);
    let square = |x: f64, y: f64, side: f64| {
        polygon(&[&[
            [x, y],
            [x + side, y],
            [x + side, y + side],
            [x, y + side],
            [x, y],
        ]])
    };
    let black = style(vec![filled("black")]);
    let pixels = drawn(&view, &black, &[square(10.25, 10.25, 0.5)]);
    assert_eq!(at(&pixels, &view, 10, 9)[3], 64);
    assert_eq!(pixels.iter().filter(|p| p[3] > 0).count(), 1);
    // a quarter in each of four pixels
    let pixels = drawn(&view, &black, &[square(9.75, 9.75, 0.5)]);
    for (x, y) in [(9, 9), (10, 9), (9, 10), (10, 10)] {
        assert_eq!(at(&pixels, &view, x, y)[3], 16);
    }
    assert!(
        drawn(&view, &black, &[square(5.0, 5.0, 0.002)])
            .iter()
            .all(|p| p[3] == 0)
    );
    // and its outline is what a pen of that width leaves
    let outline = style(vec![polygon_symbolizer(None, Some(stroke("black", 2.0)))]);
    let pixels = drawn(&view, &outline, &[square(9.9, 9.9, 0.2)]);
    assert!((area(&pixels) - 2.2 * 2.2).abs() < 0.1);
}

#[test]
fn a_speck_is_half_of_its_box_and_its_outline_the_box_grown_by_the_pen() {
    let view = view(20, 20);
    let drawn_speck = |view: &View, style: &Style| {
        let cache = SymbolCache::new();
        let schema = schema();
        let compiled = CompiledStyle::new(style, &schema, view, &cache).unwrap();
        let mut canvas = Canvas::new(view.size).unwrap();
        let mut painter = Painter::new(&mut canvas, view, &cache);
        let bbox = Bbox::new(9.875, 9.875, 10.125, 10.125).unwrap();
        for pass in compiled.passes() {
            assert!(painter.speck(pass, &bbox, &One(0.0)));
        }
        canvas.pixmap().data().as_chunks::<4>().0.to_vec()
    };
    // a 64th of each of four pixels, and half of that
    let pixels = drawn_speck(&view, &style(vec![filled("black")]));
    for (x, y) in [(9, 9), (10, 9), (9, 10), (10, 10)] {
        assert_eq!(at(&pixels, &view, x, y)[3], 2);
    }
    let outline = style(vec![polygon_symbolizer(None, Some(stroke("black", 2.0)))]);
    let pixels = drawn_speck(&view, &outline);
    assert!((area(&pixels) - 2.25 * 2.25).abs() < 0.05);
    // what asks for more than plain colours is drawn too, and cuts have the same pixels
    let min_x = 7.0;
    let bbox = Bbox::new(min_x, 4.0, min_x + 6.0, 13.0).unwrap();
    let size = Size {
        width: 6,
        height: 9,
    };
    let cut_view = View::new(bbox, size, 1.0);
    for style in every_style() {
        let whole = drawn_speck(&view, &style);
        let cut = drawn_speck(&cut_view, &style);
        for (x, y) in (0..6).flat_map(|x| (0..9).map(move |y| (x, y))) {
            assert_eq!(at(&cut, &cut_view, x, y), at(&whole, &view, x + 7, y + 7));
        }
    }
}

#[test]
fn joins_and_caps_have_their_shapes() {
    let view = view(40, 40);
    let bend = [[10.0, 10.0], [30.0, 10.0], [30.0, 30.0]];
    let with = |join, cap| {
        let pen = Stroke {
            join,
            cap,
            ..stroke("black", 8.0)
        };
        drawn(&view, &style(vec![line_symbolizer(pen)]), &[line(&bend)])
    };
    let legs = 2.0 * 20.0 * 8.0 - 16.0;
    let quarter = 16.0 * std::f64::consts::FRAC_PI_4;
    for (join, corner) in [
        (LineJoin::Miter, 16.0),
        (LineJoin::Round, quarter),
        (LineJoin::Bevel, 8.0),
    ] {
        for (cap, end) in [
            (LineCap::Butt, 0.0),
            (LineCap::Round, 2.0 * quarter),
            (LineCap::Square, 32.0),
        ] {
            let got = area(&with(join, cap));
            let wanted = legs + corner + 2.0 * end;
            assert!(
                (got - wanted).abs() < 0.3,
                "{join:?} {cap:?}: {got} for {wanted}"
            );
        }
    }
}

#[test]
fn a_spike_is_cut_off_at_the_mitre_limit() {
    let view = view(60, 40);
    let spike = [[10.0, 19.0], [40.0, 20.0], [10.0, 21.0]];
    let pixels = drawn(
        &view,
        &style(vec![line_symbolizer(stroke("black", 4.0))]),
        &[line(&spike)],
    );
    assert_eq!(at(&pixels, &view, 44, 20)[3], 0);
    assert!(at(&pixels, &view, 38, 20)[3] > 200);
}

#[test]
fn a_thin_line_covers_its_width() {
    let view = view(60, 40);
    for width in [0.1, 0.3, 0.5, 1.0] {
        let pixels = drawn(
            &view,
            &style(vec![line_symbolizer(stroke("black", width))]),
            &[line(&[[10.3, 10.0], [50.3, 30.0]])],
        );
        let wanted = width * (40.0f64 * 40.0 + 400.0).sqrt();
        assert!(
            (area(&pixels) - wanted).abs() < 0.03 * wanted + 0.1,
            "{width}"
        );
    }
}

#[test]
fn dashes_begin_where_the_line_begins_and_run_round_corners() {
    let view = view(60, 60);
    let pen = Stroke {
        dash: [6.0, 4.0].map(Measure::pixels).to_vec(),
        ..stroke("black", 2.0)
    };
    let corner = [[10.0, 10.0], [33.0, 10.0], [33.0, 50.0]];
    let pixels = drawn(
        &view,
        &style(vec![line_symbolizer(pen.clone())]),
        &[line(&corner)],
    );
    let on: Vec<u32> = (0..60)
        .filter(|x| at(&pixels, &view, *x, 49)[3] == 255)
        .collect();
    let wanted: Vec<u32> = (10..16).chain(20..26).chain(30..34).collect();
    assert_eq!(on, wanted);
    // the third dash has 3 px left for the next leg, and the fourth begins at 30 of the line
    let up: Vec<u32> = (0..60)
        .filter(|y| at(&pixels, &view, 33, 59 - y)[3] == 255)
        .collect();
    assert_eq!(up[..10], [9, 10, 11, 12, 17, 18, 19, 20, 21, 22]);
    // an offset moves into the pattern
    let moved = Stroke {
        dash_offset: Measure::pixels(8.0),
        ..pen
    };
    let pixels = drawn(
        &view,
        &style(vec![line_symbolizer(moved)]),
        &[line(&corner)],
    );
    let on: Vec<u32> = (0..24)
        .filter(|x| at(&pixels, &view, *x, 49)[3] == 255)
        .collect();
    assert_eq!(on, (12..18).chain(22..24).collect::<Vec<u32>>());
}

#[test]
fn dashes_of_a_line_that_is_mostly_outside_are_quick_and_in_phase() {
    let view = view(50, 50);
    let pen = Stroke {
        dash: [6.0, 4.0].map(Measure::pixels).to_vec(),
        ..stroke("black", 2.0)
    };
    let far = [[-1e9, 25.0], [1e9, 25.0]];
    let started = std::time::Instant::now();
    let pixels = drawn(&view, &style(vec![line_symbolizer(pen)]), &[line(&far)]);
    // dash by dash it would be 400 million
    assert!(started.elapsed().as_secs() < 3);
    let on: Vec<u32> = (0..50)
        .filter(|x| at(&pixels, &view, *x, 25)[3] == 255)
        .collect();
    let wanted: Vec<u32> = (0..50).filter(|x| x % 10 < 6).collect();
    assert_eq!(on, wanted);
}

#[test]
fn an_offset_line_lies_to_the_left_where_positive() {
    let view = view(40, 40);
    let symbolizer = Symbolizer::Line(Box::new(LineSymbolizer {
        stroke: stroke("black", 2.0),
        perpendicular_offset: Some(Measure::pixels(5.0)),
    }));
    let east = line(&[[10.0, 20.0], [30.0, 20.0]]);
    let pixels = drawn(&view, &style(vec![symbolizer]), &[east]);
    assert_eq!(at(&pixels, &view, 20, 14)[3], 255);
    assert_eq!(area(&pixels), 40.0);
}

#[test]
fn a_polygon_offset_goes_outwards_however_the_ring_winds() {
    let view = view(40, 40);
    let mut ring = vec![
        [10.0, 10.0],
        [30.0, 10.0],
        [30.0, 30.0],
        [10.0, 30.0],
        [10.0, 10.0],
    ];
    for _ in 0..2 {
        for (offset, side) in [(3.0, 26.0), (-3.0, 14.0), (-11.0, 0.0)] {
            let symbolizer = Symbolizer::Polygon(Box::new(PolygonSymbolizer {
                fill: Some(Fill::Solid(Paint::solid("black"))),
                stroke: None,
                perpendicular_offset: Some(Measure::pixels(offset)),
                displacement: None,
            }));
            let pixels = drawn(&view, &style(vec![symbolizer]), &[polygon(&[&ring])]);
            assert_eq!(area(&pixels), side * side, "{offset}");
        }
        ring.reverse();
    }
}

#[test]
fn symbolizers_follow_any_geometry() {
    let view = view(40, 40);
    let square = [
        [10.0, 10.0],
        [30.0, 10.0],
        [30.0, 30.0],
        [10.0, 30.0],
        [10.0, 10.0],
    ];
    let angle = [[10.0, 10.0], [30.0, 10.0], [30.0, 30.0]];
    let circle = || point_symbolizer(mark(MarkShape::Square, 4.0, Some("black"), None));

    let ring = drawn(
        &view,
        &style(vec![line_symbolizer(stroke("black", 2.0))]),
        &[polygon(&[&square])],
    );
    assert_eq!(area(&ring), 22.0 * 22.0 - 18.0 * 18.0);
    let closed = drawn(&view, &style(vec![filled("black")]), &[line(&angle)]);
    assert!((area(&closed) - 200.0).abs() < 0.2);
    let middle = drawn(&view, &style(vec![circle()]), &[line(&angle)]);
    assert_eq!(at(&middle, &view, 29, 29)[3], 255);
    assert_eq!(area(&middle), 16.0);
    let inside = drawn(&view, &style(vec![circle()]), &[polygon(&[&square])]);
    assert_eq!(at(&inside, &view, 20, 20)[3], 255);
    // the centroid of a U is outside of it
    let u = [
        [5.0, 5.0],
        [35.0, 5.0],
        [35.0, 35.0],
        [30.0, 35.0],
        [30.0, 10.0],
        [10.0, 10.0],
        [10.0, 35.0],
        [5.0, 35.0],
        [5.0, 5.0],
    ];
    let on_u = drawn(
        &view,
        &style(vec![filled("black"), circle()]),
        &[polygon(&[&u])],
    );
    let bare = drawn(&view, &style(vec![filled("black")]), &[polygon(&[&u])]);
    assert!(on_u == bare, "the mark lies inside the U");
}

#[test]
fn a_graphic_is_anchored_displaced_and_turned() {
    let view = view(40, 40);
    let draw = |change: &dyn Fn(&mut Graphic)| {
        let mut graphic = mark(MarkShape::Square, 8.0, Some("black"), None);
        change(&mut graphic);
        drawn(
            &view,
            &style(vec![point_symbolizer(graphic)]),
            &[point([20.0, 20.0])],
        )
    };
    let lower_left = draw(&|g| g.anchor = [0.0, 0.0]);
    assert_eq!(at(&lower_left, &view, 27, 12)[3], 255);
    assert_eq!(at(&lower_left, &view, 19, 20)[3], 0);
    let moved = draw(&|g| g.displacement = [Measure::pixels(6.0), Measure::pixels(3.0)]);
    assert_eq!(at(&moved, &view, 29, 13)[3], 255);
    assert_eq!(at(&moved, &view, 21, 17)[3], 0);
    // turned by 90° the lower left anchor is upper left of the square
    let turned = draw(&|g| {
        g.anchor = [0.0, 0.0];
        g.rotation = Expr::number(90.0);
    });
    assert_eq!(at(&turned, &view, 27, 27)[3], 255);
    assert_eq!(at(&turned, &view, 27, 12)[3], 0);
    let faint = draw(&|g| g.opacity = Expr::number(0.5));
    assert_eq!(at(&faint, &view, 20, 20)[3], 128);
}

#[test]
fn markers_stand_along_a_line_and_look_along_it() {
    let view = view(60, 60);
    let pen = |initial: f64| Stroke {
        kind: StrokeKind::Graphic {
            graphic: mark(MarkShape::Square, 4.0, Some("black"), None),
            gap: Measure::pixels(6.0),
            initial_gap: Measure::pixels(initial),
        },
        ..stroke("black", 1.0)
    };
    let east = [line(&[[10.0, 30.0], [50.0, 30.0]])];
    let on = |pixels: &Pixels| -> Vec<u32> {
        (0..60)
            .filter(|x| at(pixels, &view, *x, 30)[3] == 255)
            .collect()
    };
    let pixels = drawn(&view, &style(vec![line_symbolizer(pen(0.0))]), &east);
    let wanted: Vec<u32> = (0..4).flat_map(|k| 10 + k * 10..14 + k * 10).collect();
    assert_eq!(on(&pixels), wanted);
    let pixels = drawn(&view, &style(vec![line_symbolizer(pen(5.0))]), &east);
    assert_eq!(on(&pixels)[..4], [15, 16, 17, 18]);
}

#[test]
fn a_hatch_has_the_distance_and_width_asked_at_any_angle() {
    let view = view(200, 200);
    let all = polygon(&[&[
        [0.0, 0.0],
        [200.0, 0.0],
        [200.0, 200.0],
        [0.0, 200.0],
        [0.0, 0.0],
    ]]);
    for (shape, turn, wanted) in [
        (MarkShape::HatchHorizontal, 0.0, 0.25),
        (MarkShape::HatchVertical, 0.0, 0.25),
        (MarkShape::HatchHorizontal, 17.0, 0.25),
        (MarkShape::HatchSlash, 0.0, 0.25 * std::f64::consts::SQRT_2),
        (MarkShape::HatchPlus, 0.0, 1.0 - 0.75 * 0.75),
    ] {
        let graphic = Graphic {
            rotation: Expr::number(turn),
            ..mark(shape, 8.0, None, Some(stroke("black", 2.0)))
        };
        let pixels = drawn(
            &view,
            &style(vec![graphic_fill(graphic, 0.0)]),
            std::slice::from_ref(&all),
        );
        let got = area(&pixels) / 40_000.0;
        assert!(
            (got - wanted).abs() < 0.01,
            "{shape:?} {turn}: {got} for {wanted}"
        );
    }
    // a slash rises to the right
    let slash = mark(
        MarkShape::HatchSlash,
        20.0,
        None,
        Some(stroke("black", 2.0)),
    );
    let pixels = drawn(&view, &style(vec![graphic_fill(slash, 0.0)]), &[all]);
    let x = (50..70)
        .max_by_key(|x| at(&pixels, &view, *x, 100)[3])
        .unwrap();
    let up = (x..x + 8)
        .max_by_key(|x| at(&pixels, &view, *x, 96)[3])
        .unwrap();
    assert!((3..=5).contains(&(up - x)), "{x} {up}");
}

#[test]
fn a_picture_that_can_not_be_drawn_gives_way_to_the_next_symbol() {
    let view = view(20, 20);
    let mut graphic = mark(MarkShape::Square, 6.0, Some("red"), None);
    let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="8" height="4" fill="#00f"/></svg>"##;
    let image = |format, data: &[u8]| GraphicSymbol::Image {
        name: "picture".into(),
        format,
        data: Arc::from(data),
    };
    graphic
        .symbols
        .insert(0, image(ImageFormat::Jpeg, b"\xff\xd8"));
    let drawn_with = |graphic: &Graphic| {
        drawn(
            &view,
            &style(vec![point_symbolizer(graphic.clone())]),
            &[point([10.0, 10.0])],
        )
    };
    assert_eq!(at(&drawn_with(&graphic), &view, 10, 10), [255, 0, 0, 255]);
    graphic.symbols.insert(0, image(ImageFormat::Svg, svg));
    let pixels = drawn_with(&graphic);
    // 6 px high, so 12 px wide
    assert_eq!(at(&pixels, &view, 5, 10), [0, 0, 255, 255]);
    assert_eq!(area(&pixels), 72.0);
}

#[test]
fn an_else_rule_takes_only_what_no_other_rule_took() {
    let rule = |color: &str, is_else| Rule {
        is_else,
        symbolizers: vec![filled(color)],
        ..Rule::default()
    };
    let draw = |rules: Vec<Rule>| {
        let style = Style {
            feature_type_styles: vec![FeatureTypeStyle { rules }],
            ..Style::default()
        };
        let square = polygon(&[&[[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0], [0.0, 0.0]]]);
        at(&drawn(&view(8, 8), &style, &[square]), &view(8, 8), 4, 4)
    };
    let red = [255, 0, 0, 255];
    assert_eq!(draw(vec![rule("red", false), rule("blue", true)]), red);
    assert_eq!(draw(vec![rule("blue", true), rule("red", false)]), red);
    assert_eq!(draw(vec![rule("red", true)]), red);
    // out of scale is as if it were not there
    let hidden = Rule {
        scales: ScaleRange {
            min: Some(1e9),
            max: None,
        },
        ..rule("blue", false)
    };
    assert_eq!(draw(vec![hidden, rule("red", true)]), red);
}

#[test]
fn nothing_is_drawn_beyond_the_reach_that_a_style_declares() {
    let view = view(100, 100);
    for style in every_style() {
        let cache = SymbolCache::new();
        let schema = schema();
        let reach = CompiledStyle::new(&style, &schema, &view, &cache)
            .unwrap()
            .max_reach_px();
        let geometries = [
            point([50.0, 50.0]),
            line(&[[45.0, 50.0], [55.0, 51.0], [45.0, 52.0]]),
            polygon(&[&[[45.0, 45.0], [55.0, 45.0], [47.0, 55.0], [45.0, 45.0]]]),
        ];
        for (pixel, color) in drawn(&view, &style, &geometries).iter().enumerate() {
            let (x, y) = (pixel % 100, 99 - pixel / 100);
            let outside = |v: usize| (45.0 - v as f64 - 1.0).max(v as f64 - 55.0);
            if outside(x).max(outside(y)) > reach {
                assert_eq!(color[3], 0, "{x},{y} {reach}");
            }
        }
    }
}

#[test]
fn a_hit_is_what_is_drawn_and_a_little_around_lines_and_points() {
    let view = view(40, 40);
    let cache = SymbolCache::new();
    let schema = schema();
    let hit = |style: &Style, geometry: &Geometry, pixel: Coord, tolerance: f64| {
        let compiled = CompiledStyle::new(style, &schema, &view, &cache).unwrap();
        HitTest::new(&view, pixel, tolerance).hit(&compiled, geometry, &One(0.0))
    };
    let hits = |style: &Style, geometry: &Geometry, pixel: Coord, tolerance: f64| {
        hit(style, geometry, pixel, tolerance) == Some(Hit::Drawn)
    };
    let ring = [
        [10.0, 10.0],
        [30.0, 10.0],
        [30.0, 30.0],
        [10.0, 30.0],
        [10.0, 10.0],
    ];
    let hole = [
        [18.0, 18.0],
        [22.0, 18.0],
        [22.0, 22.0],
        [18.0, 22.0],
        [18.0, 18.0],
    ];
    let area = polygon(&[&ring, &hole]);
    let fill = style(vec![filled("red")]);
    let outline = style(vec![polygon_symbolizer(None, Some(stroke("red", 2.0)))]);
    assert!(hits(&fill, &area, [12.5, 12.5], 2.0));
    assert!(
        !hits(&fill, &area, [20.5, 20.5], 2.0),
        "a hole is not the area"
    );
    assert!(!hits(&fill, &area, [5.0, 12.5], 2.0));
    // an area without fill is drawn by its outline, and found by its inside behind that
    let inside = hit(&outline, &area, [14.5, 14.5], 2.0);
    assert_eq!(inside, Some(Hit::Inside));
    assert_eq!(hit(&outline, &area, [5.0, 14.5], 2.0), None);
    let nothing = style(vec![polygon_symbolizer(None, None)]);
    assert_eq!(hit(&nothing, &area, [14.5, 14.5], 2.0), None);
    assert_eq!(hit(&outline, &area, [20.5, 20.5], 0.0), None);
    assert!(hits(&outline, &area, [12.5, 14.5], 2.0));

    let road = style(vec![line_symbolizer(stroke("red", 6.0))]);
    let east = line(&[[5.0, 20.0], [35.0, 20.0]]);
    assert!(hits(&road, &east, [20.0, 22.9], 0.0));
    assert!(!hits(&road, &east, [20.0, 23.2], 0.0));
    assert!(hits(&road, &east, [20.0, 24.9], 2.0));

    let town = style(vec![point_symbolizer(mark(
        MarkShape::Circle,
        10.0,
        Some("red"),
        None,
    ))]);
    assert!(hits(&town, &point([20.0, 20.0]), [24.5, 20.0], 0.0));
    assert!(!hits(&town, &point([20.0, 20.0]), [26.0, 20.0], 0.0));
    assert!(hits(&town, &point([20.0, 20.0]), [26.0, 20.0], 2.0));
}
