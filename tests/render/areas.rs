//! Insides and outlines: how much of a pixel they cover.

use super::*;
use crate::everything::every_style;

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
