//! MapLibre styles in and out: notations old and new, zooms and scales, and that a style goes
//! there and back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use cartotheque::decode::maplibre::{ZOOM_0_SCALE, parse};
use cartotheque::decode::sld;
use cartotheque::encode::maplibre::{Target, Written, write};
use cartotheque::error::{Error, Result};
use cartotheque::feature::{Feature, Field, FieldType, OwnedValue, Schema, Value};
use cartotheque::geom::{Bbox, Geometry, GeometryType};
use cartotheque::query::{CompareOp, Expr, Filter, LikePattern, LikePiece, Literal};
use cartotheque::style::*;
use proptest::prelude::*;
use serde_json::json;

fn target(geometry: GeometryType) -> Target<'static> {
    Target {
        source: "source",
        layer: "couche",
        points: None,
        geometry,
        scales: ScaleRange::default(),
    }
}

#[derive(Debug)]
struct Town(Vec<OwnedValue>);

impl Feature for Town {
    fn fid(&self) -> u64 {
        3
    }
    fn bbox(&self) -> Option<Bbox> {
        None
    }
    fn geometry(&self, _out: &mut Geometry) -> Result<()> {
        Ok(())
    }
    fn value(&self, column: usize) -> Value<'_> {
        self.0.get(column).map_or(Value::Null, OwnedValue::as_value)
    }
    fn values(&self, _visit: &mut dyn FnMut(usize, Value<'_>)) {}
}

fn schema() -> Schema {
    let field = |name: &str, kind| Field {
        name: name.into(),
        kind,
        title: None,
        description: None,
        nullable: true,
    };
    Schema {
        fields: vec![
            field("nom", FieldType::Text),
            field("pop", FieldType::Long),
            field("vide", FieldType::Text),
        ],
        ..Schema::default()
    }
}

fn lyon() -> Town {
    Town(vec![
        OwnedValue::Text("Lyon".into()),
        OwnedValue::Int(520_774),
        OwnedValue::Null,
    ])
}

fn layer(text: serde_json::Value) -> (Style, Vec<StyleNote>) {
    parse(&text.to_string(), None).unwrap()
}

fn filter(value: serde_json::Value) -> bool {
    let (style, notes) = layer(json!({"id": "x", "type": "fill", "filter": value.clone()}));
    assert!(notes.is_empty(), "{notes:?}");
    let rule = &style.feature_type_styles[0].rules[0];
    let filter: &Filter = rule.filter.as_ref().unwrap();
    filter.bind(&schema()).unwrap().matches(&lyon())
}

fn answer(value: serde_json::Value) -> String {
    let text = json!({"id": "x", "type": "symbol", "layout": {"text-field": value}});
    let (style, notes) = layer(text);
    assert!(notes.is_empty(), "{notes:?}");
    let Symbolizer::Text(text) = &style.feature_type_styles[0].rules[0].symbolizers[0] else {
        panic!()
    };
    let bound = text.label.bind(&schema()).unwrap();
    bound.eval(&lyon()).to_text().into_owned()
}

#[test]
fn filters_of_both_notations_answer_as_maplibre_does() {
    for (value, expected) in [
        (json!(["==", "nom", "Lyon"]), true),
        (json!(["==", ["get", "nom"], "Lyon"]), true),
        (json!(["!=", "vide", "x"]), true),
        (json!(["!", ["==", ["get", "vide"], "x"]]), true),
        (
            json!(["none", ["==", "vide", "x"], [">", "pop", 1e9]]),
            true,
        ),
        (json!(["has", "vide"]), false),
        (json!(["!has", "vide"]), true),
        (json!(["in", "nom", "Metz", "Lyon"]), true),
        (json!(["!in", "vide", "a"]), true),
        (
            json!(["in", ["get", "nom"], ["literal", ["Metz", "Lyon"]]]),
            true,
        ),
        (json!(["in", "yo", ["get", "nom"]]), true),
        (
            json!(["all", [">", "pop", 1000], ["<=", "pop", 520774]]),
            true,
        ),
        (
            json!(["any", ["==", "nom", "x"], ["==", ["get", "vide"], null]]),
            true,
        ),
        (json!(["case", ["has", "vide"], true, false]), false),
    ] {
        assert_eq!(filter(value.clone()), expected, "{value}");
    }
}

#[test]
fn expressions_answer_as_maplibre_does() {
    for (value, expected) in [
        (json!("{nom} (F)"), "Lyon (F)"),
        (
            json!([
                "concat",
                ["upcase", ["get", "nom"]],
                "-",
                ["to-string", ["get", "pop"]]
            ]),
            "LYON-520774",
        ),
        (
            json!(["match", ["get", "nom"], ["Metz", "Lyon"], "a", "b"]),
            "a",
        ),
        (
            json!(["step", ["get", "pop"], "s", 1000, "m", 500000, "l"]),
            "l",
        ),
        (
            json!(["case", [">", ["get", "pop"], 1], "yes", "no"]),
            "yes",
        ),
        (json!(["coalesce", ["get", "vide"], ["get", "nom"]]), "Lyon"),
        (
            json!([
                "to-string",
                ["interpolate", ["exponential", 2], 3, 0, 0, 4, 15]
            ]),
            "7",
        ),
        (json!(["to-string", ["+", 1, 2, ["*", 2, 3]]]), "9"),
        (
            json!([
                "let",
                "a",
                ["get", "nom"],
                ["concat", ["var", "a"], ["var", "a"]]
            ]),
            "LyonLyon",
        ),
        (json!(["slice", ["get", "nom"], 1, 3]), "yo"),
        (
            json!({"property": "nom", "type": "categorical", "stops": [["Lyon", "oui"]], "default": "non"}),
            "oui",
        ),
        (json!({"property": "nom", "type": "identity"}), "Lyon"),
    ] {
        assert_eq!(answer(value.clone()), expected, "{value}");
    }
}

#[test]
fn zooms_become_scales_and_each_whole_zoom_has_one_rule() {
    let (style, notes) = layer(json!({
        "id": "routes", "type": "line", "minzoom": 5, "maxzoom": 12,
        "paint": {"line-width": ["interpolate", ["linear"], ["zoom"], 6, 1, 10, 5], "line-color": "red"}
    }));
    assert!(notes.iter().any(|n| n.kind == StyleNoteKind::Approximated));
    let rules = &style.feature_type_styles[0].rules;
    for zoom in 0..20_u32 {
        let scale = ZOOM_0_SCALE / f64::from(zoom).exp2();
        let drawn: Vec<f64> = rules
            .iter()
            .filter(|r| r.scales.contains(scale))
            .map(|r| match &r.symbolizers[0] {
                Symbolizer::Line(line) => {
                    let bound = line.stroke.width.value.bind(&schema()).unwrap();
                    bound.constant().and_then(|s| s.as_f64()).unwrap()
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = match zoom {
            5..12 => vec![f64::from(zoom.clamp(6, 10)) - 5.0],
            _ => vec![],
        };
        assert_eq!(drawn, expected, "zoom {zoom}");
    }
}

#[test]
fn layers_become_symbolizers_in_their_order() {
    let (style, notes) = parse(
        &json!({"version": 8, "name": "Ville", "layers": [
            {"id": "fond", "type": "background"},
            {"id": "a", "type": "fill", "source-layer": "ville", "paint": {"fill-color": "rgba(255,0,0,0.5)", "fill-outline-color": "#000"}},
            {"id": "b", "type": "circle", "source-layer": "ville", "paint": {"circle-radius": 4, "circle-stroke-width": 2, "circle-blur": 1}},
            {"id": "c", "type": "symbol", "source-layer": "ville", "layout": {"text-field": "{nom}", "text-font": ["Noto Sans Bold"], "text-anchor": "top-left", "text-offset": [1, 0.5], "text-size": 12, "icon-image": "dot"}},
            {"id": "d", "type": "fill", "source-layer": "autre"}
        ]})
        .to_string(),
        Some("ville"),
    )
    .unwrap();
    assert_eq!(style.title.as_deref(), Some("Ville"));
    let symbolizers: Vec<&Symbolizer> = style
        .feature_type_styles
        .iter()
        .flat_map(|f| &f.rules[0].symbolizers)
        .collect();
    let [
        Symbolizer::Polygon(fill),
        Symbolizer::Point(circle),
        Symbolizer::Text(text),
    ] = &symbolizers[..]
    else {
        panic!("{symbolizers:?}")
    };
    let Some(Fill::Solid(paint)) = &fill.fill else {
        panic!()
    };
    assert_eq!(paint.color, Expr::text("#ff0000"));
    assert!(fill.stroke.is_some());
    assert_eq!(circle.graphic.size, Some(Measure::pixels(10.0)));
    assert!(text.font.bold);
    assert_eq!(text.font.families, ["Noto Sans"]);
    let LabelPlacement::Point {
        anchor,
        displacement,
        ..
    } = &text.placement
    else {
        panic!()
    };
    assert_eq!(*anchor, [0.0, 1.0]);
    assert_eq!(
        *displacement,
        [Measure::pixels(12.0), Measure::pixels(-6.0)]
    );
    for part in ["background", "circle-blur", "icon-image"] {
        assert!(
            notes
                .iter()
                .any(|n| n.kind == StyleNoteKind::Dropped && n.message.contains(part)),
            "{part}: {notes:?}"
        );
    }
}

#[test]
fn notes_have_the_place_of_the_key_they_are_about() {
    let text = "{\"version\": 8, \"layers\": [\n {\"id\": \"line-blur\", \"type\": \"line\",\n  \
        \"paint\": {\"line-blur\": 3}},\n {\"id\": \"b\", \"type\": \"heatmap\"}]}";
    let (_, notes) = parse(text, None).unwrap();
    let at: Vec<(u32, u32)> = notes.iter().map(|n| (n.line, n.column)).collect();
    // a layer of a kind that is not drawn: where it says its type
    assert_eq!(at, [(3, 13), (4, 14)], "{notes:?}");
}

#[test]
fn a_gap_in_a_line_is_two_lines_and_a_label_stands_at_its_first_anchor() {
    let (style, _) = layer(json!({"id": "a", "type": "line", "paint": {
        "line-width": 2, "line-gap-width": 6, "line-offset": 1}}));
    let offsets: Vec<Expr> = style.feature_type_styles[0].rules[0]
        .symbolizers
        .iter()
        .filter_map(|s| match s {
            Symbolizer::Line(line) => Some(line.perpendicular_offset.clone().unwrap().value),
            _ => None,
        })
        .collect();
    assert_eq!(offsets, [Expr::number(3.0), Expr::number(-5.0)]);
    let (style, notes) = layer(json!({"id": "a", "type": "symbol", "layout": {
        "text-field": ["format", ["get", "nom"], {"font-scale": 1.2}],
        "text-size": 10, "text-variable-anchor": ["left", "top"], "text-radial-offset": 0.5}}));
    let Symbolizer::Text(text) = &style.feature_type_styles[0].rules[0].symbolizers[0] else {
        panic!()
    };
    assert!(matches!(
        &text.placement,
        LabelPlacement::Point { anchor: [0.0, 0.5], displacement, .. }
            if *displacement == [Measure::pixels(5.0), Measure::pixels(0.0)]
    ));
    let said = |part: &str| notes.iter().any(|n| n.message.contains(part));
    assert!(
        said("always left") && said("one font, size and colour"),
        "{notes:?}"
    );
    let (style, notes) = layer(json!({"id": "a", "type": "symbol", "layout": {
        "text-field": "{nom}", "symbol-placement": "line-center"}}));
    let Symbolizer::Text(text) = &style.feature_type_styles[0].rules[0].symbolizers[0] else {
        panic!()
    };
    assert!(matches!(
        text.placement,
        LabelPlacement::Line { repeat: None, .. }
    ));
    assert!(notes.is_empty(), "{notes:?}");
    let digits = json!({"min-fraction-digits": 2});
    assert_eq!(answer(json!(["number-format", 1234.5, digits])), "1,234.50");
    let (_, notes) = layer(json!({"id": "a", "type": "fill",
        "layout": {"fill-sort-key": ["get", "population"]},
        "paint": {"fill-color": ["interpolate-hcl", ["linear"], ["get", "population"], 0, "red", 9, "blue"]}}));
    assert_eq!(notes.len(), 2, "{notes:?}");
}

#[test]
fn what_is_no_style_is_an_error_with_its_place() {
    let place = |text: &str| match parse(text, None) {
        Err(Error::InvalidStyle { line, .. }) => line,
        other => panic!("{other:?}"),
    };
    assert_eq!(place("{\n\"layers\": [,]}"), 2);
    assert_eq!(place("{}"), 1);
    assert_eq!(place(""), 1);
}

/// The default looks, written for MapLibre and read again, draw the same.
#[test]
fn a_default_style_goes_to_maplibre_and_back() {
    for geometry in [
        GeometryType::Point,
        GeometryType::LineString,
        GeometryType::Polygon,
    ] {
        let style = default_style(geometry, "2");
        let written = write(&style, &target(geometry));
        assert!(written.notes.is_empty(), "{:?}", written.notes);
        let (again, notes) = parse(&json!(written.layers).to_string(), Some("couche")).unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        let all = |style: &Style| -> Vec<(Rule, Symbolizer)> {
            let rules = style.feature_type_styles.iter().flat_map(|f| &f.rules);
            rules
                .flat_map(|r| r.symbolizers.iter().map(|s| (r.clone(), s.clone())))
                .collect()
        };
        // an area's edge is a layer of its own there
        let (before, after) = (all(&style), all(&again));
        assert_eq!(
            after.len(),
            before.len()
                * if geometry == GeometryType::Polygon {
                    2
                } else {
                    1
                }
        );
        for (rule, symbolizer) in &before {
            if geometry != GeometryType::Polygon {
                assert!(
                    after.iter().any(|(_, s)| s == symbolizer),
                    "{symbolizer:?}\n{after:#?}"
                );
            }
            for scale in [1e4, 4e5, 6e5, 1e8] {
                let drawn = |list: &[(Rule, Symbolizer)]| {
                    list.iter().any(|(r, _)| r.scales.contains(scale))
                };
                assert_eq!(drawn(&before), drawn(&after), "{rule:?} at {scale}");
            }
        }
    }
}

#[test]
fn the_corpus_of_sld_is_written_with_filters_that_answer_the_same() {
    let path = format!(
        "{}/tests/styles/qgis_polygon.sld",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path)
        .unwrap()
        .replace("population", "pop");
    let document = sld::parse(&text, &mut sld::no_resources).unwrap();
    let Written { layers, icons, .. } = write(
        document.styles().next().unwrap(),
        &target(GeometryType::Polygon),
    );
    let (again, _) = parse(&json!(layers).to_string(), None).unwrap();
    let patterns: Vec<&str> = layers
        .iter()
        .filter_map(|l| l.pointer("/paint/fill-pattern")?.as_str())
        .collect();
    assert!(!patterns.is_empty());
    assert!(patterns.iter().all(|p| icons.iter().any(|i| i.name == *p)));
    let pattern = layers
        .iter()
        .find(|l| l.pointer("/paint/fill-pattern").is_some())
        .unwrap();
    let alone = json!([{
        "id": "x", "type": "fill", "paint": {"fill-color": "#000"}, "filter": pattern["filter"],
    }]);
    let (otherwise, _) = parse(&alone.to_string(), None).unwrap();
    for population in [
        OwnedValue::Int(1500),
        OwnedValue::Int(2001),
        OwnedValue::Null,
    ] {
        let town = Town(vec![OwnedValue::Text("x".into()), population]);
        let passes = |style: &Style, n: usize| {
            let rule = style
                .feature_type_styles
                .iter()
                .flat_map(|f| &f.rules)
                .nth(n)
                .unwrap();
            let filter = rule.filter.as_ref().unwrap();
            filter.bind(&schema()).unwrap().matches(&town)
        };
        let first = document.styles().next().unwrap();
        assert_eq!(passes(first, 0), passes(&again, 0), "{town:?}");
        // the patterns are the else rule: what the first does not take
        assert_eq!(!passes(first, 0), passes(&otherwise, 0), "{town:?}");
    }
}

fn text(value: &str) -> Expr {
    Expr::Literal(Literal::Text(value.into()))
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let op = prop::sample::select(vec![
        CompareOp::Equal,
        CompareOp::NotEqual,
        CompareOp::Less,
        CompareOp::LessOrEqual,
        CompareOp::Greater,
        CompareOp::GreaterOrEqual,
    ]);
    let (nom, pop) = (Expr::Property("nom".into()), Expr::Property("pop".into()));
    let (names, numbers) = (prop::sample::select(vec!["a", "b", "ab"]), 0..4_i32);
    let number = |n: i32| Expr::Literal(Literal::Number(f64::from(n)));
    let compare = |op, left, right| Filter::Compare {
        op,
        left,
        right,
        match_case: true,
    };
    let [nom1, nom2, nom3, nom4] = std::array::from_fn(|_| nom.clone());
    let [pop1, pop2, pop3, pop4] = std::array::from_fn(|_| pop.clone());
    let leaf = prop_oneof![
        (op.clone(), names.clone()).prop_map(move |(op, name)| compare(
            op,
            nom1.clone(),
            text(name)
        )),
        (op, numbers.clone()).prop_map(move |(op, n)| compare(op, pop1.clone(), number(n))),
        (numbers.clone(), numbers.clone()).prop_map(move |(low, high)| Filter::Between {
            value: pop2.clone(),
            low: number(low),
            high: number(high),
        }),
        prop::collection::vec(names, 0..3).prop_map(move |list| Filter::In {
            value: nom2.clone(),
            list: list.into_iter().map(text).collect(),
        }),
        prop::collection::vec(numbers, 1..80).prop_map(move |list| Filter::In {
            value: pop3.clone(),
            list: list.into_iter().map(number).collect(),
        }),
        Just(Filter::Like {
            value: nom3,
            pattern: LikePattern(vec![LikePiece::Text("a".into()), LikePiece::Any]),
            match_case: true,
        }),
        Just(Filter::IsNull(nom4)),
        Just(Filter::IsNull(pop4)),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::Or),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

/// What readers of styles know that are not MapLibre: QGIS 3.22 draws every feature where a
/// filter has something else.
fn is_known_elsewhere(filter: &serde_json::Value) -> bool {
    let list = filter.as_array().map_or(&[][..], Vec::as_slice);
    let [op, operands @ ..] = list else {
        return false;
    };
    let is_operand = |value: &serde_json::Value| match value.as_array().map(Vec::as_slice) {
        None => value.is_string() || value.is_number(),
        Some([name, of]) if name == "to-number" || name == "to-string" => {
            of.as_array().is_some_and(|of| of[0] == "get")
        }
        Some(_) => false,
    };
    match op.as_str().unwrap() {
        "all" | "any" => !operands.is_empty() && operands.iter().all(is_known_elsewhere),
        "has" => true,
        "!" => operands[0][0] == "has",
        "==" | "!=" | "<" | "<=" | ">" | ">=" => operands.iter().all(is_operand),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Written for MapLibre and read again, a rule and its else rule take the same features.
    #[test]
    fn any_filter_is_written_as_one_that_answers_the_same(filter in any_filter()) {
        let mut style = default_style(GeometryType::LineString, "2");
        let rules = &mut style.feature_type_styles[0].rules;
        rules.truncate(1);
        rules[0].filter = Some(filter.clone());
        let mut otherwise = rules[0].clone();
        (otherwise.filter, otherwise.is_else) = (None, true);
        rules.push(otherwise);
        let written = write(&style, &target(GeometryType::LineString));
        prop_assert_eq!(&written.notes, &[]);
        let (again, notes) = parse(&json!(written.layers).to_string(), Some("couche")).unwrap();
        prop_assert_eq!(notes, vec![]);
        let rules: Vec<_> = again.feature_type_styles.iter().flat_map(|f| &f.rules).collect();
        prop_assert_eq!(rules.len(), 2);
        let bind = |filter: &Filter| filter.bind(&schema()).unwrap();
        let [own, other] = [0, 1].map(|n: usize| rules[n].filter.as_ref().map(bind));
        let before = bind(&filter);
        for name in [Some("a"), Some("b"), Some("ab"), None] {
            for number in [Some(0), Some(1), Some(2), Some(3), None] {
                let town = Town(vec![
                    name.map_or(OwnedValue::Null, |name| OwnedValue::Text(name.into())),
                    number.map_or(OwnedValue::Null, OwnedValue::Int),
                ]);
                let takes = before.matches(&town);
                let [by_own, by_other] =
                    [&own, &other].map(|f| f.as_ref().is_none_or(|f| f.matches(&town)));
                prop_assert_eq!(by_own, takes, "{:?} {:?} {:?}", name, number, written.layers[0]);
                prop_assert_eq!(by_other, !takes, "{:?} {:?} {:?}", name, number, written.layers[1]);
            }
        }
        let is_simple = !format!("{filter:?}").contains("Like") && !format!("{filter:?}").contains("list");
        for layer in written.layers.iter().filter(|_| is_simple) {
            prop_assert!(is_known_elsewhere(&layer["filter"]), "{}", layer["filter"]);
        }
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let word = prop::sample::select(vec![
        "get",
        "==",
        "!=",
        "all",
        "any",
        "none",
        "in",
        "!in",
        "has",
        "match",
        "case",
        "step",
        "interpolate",
        "linear",
        "exponential",
        "zoom",
        "literal",
        "let",
        "var",
        "concat",
        "to-number",
        "coalesce",
        "nom",
        "rgb",
        "slice",
        "#ff0000",
        "stops",
        "$type",
    ]);
    let leaf = prop_oneof![
        word.prop_map(|w| json!(w)),
        (-5.0..20.0_f64).prop_map(|n| json!(n)),
        any::<bool>().prop_map(|b| json!(b)),
        Just(json!(null)),
        Just(json!(["zoom"])),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
            1 => prop::collection::vec(prop::collection::vec(inner, 2), 0..3)
                .prop_map(|stops| json!({ "stops": stops })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_json_ends_the_process(filter in any_json(), a in any_json(), b in any_json()) {
        let text = json!([
            {"id": "f", "type": "fill", "filter": filter, "paint": {"fill-color": a, "fill-translate": b}},
            {"id": "l", "type": "line", "paint": {"line-width": a, "line-dasharray": b}},
            {"id": "s", "type": "symbol", "layout": {"text-field": a, "text-offset": b, "text-size": b}},
        ]);
        if let Ok((style, _)) = parse(&text.to_string(), None) {
            let _ = write(&style, &target(GeometryType::Unknown));
            for rule in style.feature_type_styles.iter().flat_map(|f| &f.rules) {
                if let Some(bound) = rule.filter.as_ref().and_then(|f| f.bind(&schema()).ok()) {
                    let _ = bound.matches(&lyon());
                }
            }
        }
    }
}
