//! Marks, pictures and patterns, where they belong.

use super::*;

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
            gap: Measure::pixels(10.0),
            initial_gap: Measure::pixels(initial + 2.0),
            places: MarkerPlaces::default(),
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
