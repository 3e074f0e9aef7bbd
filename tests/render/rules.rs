//! Which rule draws, how far it reaches, and what is hit.

use super::*;
use crate::everything::every_style;

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
