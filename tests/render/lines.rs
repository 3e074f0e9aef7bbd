//! Strokes: joins, caps, dashes, offsets.

use super::*;

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

/// A ring has no left: GeoServer's cook book draws inner lines with a negative offset, QGIS with
/// a positive one, whichever way the ring runs.
#[test]
fn parallels_of_rings_lie_outside_and_end_where_they_meet() {
    let view = view(60, 60);
    let mut ring = [[10.0, 10.0], [50.0, 10.0], [50.0, 50.0], [10.0, 10.0]];
    for _ in 0..2 {
        let area = [polygon(&[&ring])];
        let inner = |offset| {
            let line = Symbolizer::Line(Box::new(LineSymbolizer {
                stroke: stroke("black", 2.0),
                perpendicular_offset: Some(Measure::pixels(offset)),
            }));
            drawn(&view, &style(vec![line]), &area)
        };
        let stands = |pixels: &Pixels, x: u32, y: u32| at(pixels, &view, x, y)[3] == 255;
        let inside = inner(-4.0);
        assert!(stands(&inside, 40, 45) && stands(&inside, 45, 30));
        // the corner of half a right angle: nothing beyond it
        for x in 0..16 {
            for y in 0..60 {
                assert_eq!(at(&inside, &view, x, y)[3], 0, "{x} {y}");
            }
        }
        let outside = inner(4.0);
        assert!(stands(&outside, 40, 53) && stands(&outside, 53, 30));
        ring.reverse();
    }
}

#[test]
fn markers_stand_at_vertices_at_ends_and_half_way() {
    let view = view(60, 60);
    let pen = |at, turned| Stroke {
        kind: StrokeKind::Graphic {
            graphic: mark(MarkShape::HalfSquare, 6.0, Some("black"), None),
            gap: Measure::pixels(0.0),
            initial_gap: Measure::pixels(0.0),
            places: MarkerPlaces { at, turned },
        },
        ..stroke("black", 1.0)
    };
    // east, then north
    let bent = [line(&[[10.0, 10.0], [40.0, 10.0], [40.0, 50.0]])];
    let drawn = |at, turned| drawn(&view, &style(vec![line_symbolizer(pen(at, turned))]), &bent);
    // half of the square: behind the place, as the line runs
    let stands = |pixels: &Pixels, x: u32, y: u32| at(pixels, &view, x, y)[3] == 255;
    let first = drawn(MarkerAt::First, true);
    assert!(stands(&first, 8, 49) && !stands(&first, 11, 49));
    assert!(!stands(&first, 38, 49) && !stands(&first, 40, 12));
    let last = drawn(MarkerAt::Last, true);
    assert!(stands(&last, 40, 11) && !stands(&last, 40, 8) && !stands(&last, 8, 49));
    let upright = drawn(MarkerAt::Last, false);
    assert!(stands(&upright, 38, 10) && !stands(&upright, 41, 10));
    // 70 long: 35 along is 5 up
    let middle = drawn(MarkerAt::Middle, true);
    assert!(stands(&middle, 40, 46) && !stands(&middle, 40, 43) && !stands(&middle, 8, 49));
    let vertices = drawn(MarkerAt::Vertices, true);
    for (x, y) in [(8, 49), (38, 50), (40, 11)] {
        assert!(stands(&vertices, x, y), "{x} {y}");
    }
}
