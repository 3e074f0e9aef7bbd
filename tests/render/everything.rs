//! Any style on any geometry: cut, in bands, far away, broken.

use super::*;

/// Every kind of symbol there is.
pub fn every_style() -> Vec<Style> {
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
            gap: Measure::pixels(13.5),
            initial_gap: Measure::pixels(5.5),
            places: MarkerPlaces::default(),
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
