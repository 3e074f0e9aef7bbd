//! What filters and expressions answer, against hand-made features and a naive reference.

use proptest::prelude::*;

use super::*;
use crate::error::{Error, Result};
use crate::feature::{Feature, Field, FieldType, OwnedValue, Schema, Value};
use crate::geom::{GeometryType, PartKind};

#[derive(Debug, Clone, Default)]
struct Made {
    fid: u64,
    geometry: Geometry,
    values: Vec<OwnedValue>,
}

impl Feature for Made {
    fn fid(&self) -> u64 {
        self.fid
    }

    fn bbox(&self) -> Option<Bbox> {
        self.geometry.bbox()
    }

    fn geometry(&self, out: &mut Geometry) -> Result<()> {
        *out = self.geometry.clone();
        Ok(())
    }

    fn value(&self, column: usize) -> Value<'_> {
        self.values
            .get(column)
            .map_or(Value::Null, OwnedValue::as_value)
    }

    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
        for (column, value) in self.values.iter().enumerate() {
            visit(column, value.as_value());
        }
    }
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
            field("population", FieldType::Long),
            field("taux", FieldType::Float),
            field("jour", FieldType::DateTime),
            field("vrai", FieldType::Bool),
        ],
        ..Schema::default()
    }
}

fn commune(nom: &str, population: i64) -> Made {
    Made {
        fid: 7,
        values: vec![
            OwnedValue::Text(nom.into()),
            OwnedValue::Int(population),
            OwnedValue::Null,
            OwnedValue::DateTime("2024-03-09T12:00:00".into()),
            OwnedValue::Bool(true),
        ],
        ..Made::default()
    }
}

fn polygon(rings: &[&[[f64; 2]]]) -> Geometry {
    let mut g = Geometry::new(GeometryType::Polygon);
    for ring in rings {
        g.extend(ring.iter().copied());
        g.end_sequence();
    }
    g.end_part(PartKind::Polygon);
    g
}

fn square(min: f64, max: f64) -> Geometry {
    polygon(&[&[[min, min], [max, min], [max, max], [min, max], [min, min]]])
}

fn property(name: &str) -> Expr {
    Expr::Property(name.into())
}

fn compare(name: &str, op: CompareOp, literal: Literal) -> Filter {
    Filter::Compare {
        op,
        left: property(name),
        right: Expr::Literal(literal),
        match_case: true,
    }
}

fn passes(filter: &Filter, feature: &Made) -> bool {
    filter.bind(&schema()).unwrap().matches(feature)
}

fn text(value: &str) -> Literal {
    Literal::Text(value.into())
}

fn answer(expr: &Expr, feature: &Made) -> String {
    expr.bind(&schema())
        .unwrap()
        .eval(feature)
        .to_text()
        .into_owned()
}

#[test]
fn a_number_column_compares_with_numeric_text_as_a_number() {
    let lyon = commune("Lyon", 520_774);
    assert!(passes(
        &compare("population", CompareOp::Greater, text("99999")),
        &lyon
    ));
    assert!(passes(
        &compare("population", CompareOp::Equal, text("520774.0")),
        &lyon
    ));
    assert!(!passes(
        &compare("population", CompareOp::Less, Literal::Number(9.0)),
        &lyon
    ));
}

#[test]
fn null_makes_a_comparison_unknown_and_its_negation_too() {
    let lyon = commune("Lyon", 1);
    let equal = compare("taux", CompareOp::Equal, Literal::Number(1.0));
    assert!(!passes(&equal, &lyon));
    assert!(!passes(&Filter::Not(Box::new(equal.clone())), &lyon));
    assert!(passes(&Filter::IsNull(property("taux")), &lyon));
    let or = Filter::Or(vec![equal, compare("nom", CompareOp::Equal, text("Lyon"))]);
    assert!(passes(&or, &lyon));
}

#[test]
fn dates_compare_as_instants_whatever_their_notation() {
    let lyon = commune("Lyon", 1);
    assert!(passes(
        &compare("jour", CompareOp::Equal, text("2024-03-09T13:00:00+01:00")),
        &lyon
    ));
    assert!(passes(
        &compare("jour", CompareOp::Greater, text("2024-03-09")),
        &lyon
    ));
    assert!(!passes(
        &compare("jour", CompareOp::Greater, text("2024-03-10")),
        &lyon
    ));
}

#[test]
fn an_unknown_field_is_an_error_with_the_nearest_name() {
    let error = compare("populaton", CompareOp::Equal, Literal::Number(1.0)).bind(&schema());
    assert_eq!(
        error.unwrap_err(),
        Error::FieldNotDefined {
            layer: String::new(),
            field: "populaton".into(),
            nearest: Some("population".into()),
        }
    );
}

#[test]
fn membership_holds_for_texts_integers_and_mixed_lists() {
    let lyon = commune("Lyon", 42);
    let within = |name: &str, list: &[Literal]| Filter::In {
        value: property(name),
        list: list.iter().cloned().map(Expr::Literal).collect(),
    };
    assert!(passes(&within("nom", &[text("Metz"), text("Lyon")]), &lyon));
    assert!(passes(
        &within("population", &[text("41"), Literal::Number(42.0)]),
        &lyon
    ));
    assert!(passes(
        &within("population", &[text("x"), text("42")]),
        &lyon
    ));
    assert!(!passes(&within("nom", &[text("lyon")]), &lyon));
}

#[test]
fn ids_are_the_number_behind_the_last_stop() {
    let lyon = commune("Lyon", 1);
    assert!(passes(&Filter::Ids(vec!["communes.7".into()]), &lyon));
    assert!(passes(&Filter::Ids(vec!["x".into(), "7".into()]), &lyon));
    assert!(!passes(&Filter::Ids(vec!["communes.70".into()]), &lyon));
}

#[test]
fn what_is_constant_is_decided_at_bind() {
    let schema = schema();
    let sum = Expr::Arithmetic(
        ArithmeticOp::Add,
        Box::new(Expr::number(1.0)),
        Box::new(Expr::call("strLength", vec![Expr::text("été")]).unwrap()),
    );
    assert_eq!(
        sum.bind(&schema).unwrap().constant(),
        Some(Scalar::Number(4.0))
    );
    let never = Filter::And(vec![
        compare("nom", CompareOp::Equal, text("Lyon")),
        Filter::Truth(Expr::Literal(Literal::Bool(false))),
    ]);
    assert_eq!(never.bind(&schema).unwrap().constant(), Some(false));
    let both = Expr::Concat(vec![property("taux"), property("nom"), property("nom")]);
    assert_eq!(both.bind(&schema).unwrap().columns(), [0, 2]);
}

#[test]
fn functions_answer_under_every_name_they_have() {
    let lyon = commune("Saint-Étienne", 174_082);
    let call = |name: &str, rest: &[Expr]| {
        let mut arguments = vec![property("nom")];
        arguments.extend_from_slice(rest);
        answer(&Expr::call(name, arguments).unwrap(), &lyon)
    };
    assert_eq!(call("strToUpperCase", &[]), "SAINT-ÉTIENNE");
    assert_eq!(call("lower", &[]), "saint-étienne");
    assert_eq!(
        call("strSubstring", &[Expr::number(6.0), Expr::number(8.0)]),
        "Ét"
    );
    assert_eq!(
        call("Substring", &[Expr::number(1.0), Expr::number(5.0)]),
        "Saint"
    );
    assert_eq!(
        call("strReplace", &[Expr::text("Saint"), Expr::text("St")]),
        "St-Étienne"
    );
    assert_eq!(call("strConcat", &[Expr::text("!")]), "Saint-Étienne!");
    assert_eq!(
        call("in3", &[Expr::text("a"), Expr::text("Saint-Étienne")]),
        "true"
    );
    assert_eq!(call("strIndexOf", &[Expr::text("É")]), "6");
    let rounded = Expr::call("round", vec![Expr::number(2.5)]).unwrap();
    assert_eq!(answer(&rounded, &lyon), "3");
    let formatted = vec![Expr::text("#,##0"), property("population")];
    assert_eq!(
        answer(&Expr::call("numberFormat", formatted).unwrap(), &lyon),
        "174,082"
    );
    let choice = Expr::call(
        "if_then_else",
        vec![
            Expr::call(
                "greaterThan",
                vec![property("population"), Expr::number(1e5)],
            )
            .unwrap(),
            Expr::text("ville"),
            Expr::text("bourg"),
        ],
    );
    assert_eq!(answer(&choice.unwrap(), &lyon), "ville");
    assert!(
        Expr::call("strToUperCase", vec![])
            .unwrap_err()
            .to_string()
            .contains("did you mean")
    );
    assert!(Expr::call("sqrt", vec![]).is_err());
}

#[test]
fn steps_matches_and_interpolations_pick_what_se_says() {
    let at = |population| commune("x", population);
    let value = || Box::new(property("population"));
    let stop = |n: f64, t: &str| (Expr::number(n), Expr::text(t));
    let step = Expr::Step(
        value(),
        Box::new(Expr::text("a")),
        vec![stop(10.0, "b"), stop(20.0, "c")],
    );
    assert_eq!(answer(&step, &at(9)), "a");
    assert_eq!(answer(&step, &at(10)), "b");
    assert_eq!(answer(&step, &at(99)), "c");
    let recode = Expr::Match(
        value(),
        vec![stop(1.0, "one")],
        Box::new(Expr::text("other")),
    );
    assert_eq!(answer(&recode, &at(1)), "one");
    assert_eq!(answer(&recode, &at(2)), "other");
    let colors = Expr::Interpolate(value(), vec![stop(0.0, "#000000"), stop(10.0, "#ff8000")]);
    assert_eq!(answer(&colors, &at(-5)), "#000000");
    assert_eq!(answer(&colors, &at(5)), "#804000");
    assert_eq!(answer(&colors, &at(50)), "#ff8000");
}

#[test]
fn a_box_meets_the_geometry_and_not_only_its_box() {
    let mut feature = Made {
        geometry: polygon(&[
            &[
                [0.0, 0.0],
                [10.0, 0.0],
                [10.0, 10.0],
                [0.0, 10.0],
                [0.0, 0.0],
            ],
            &[[2.0, 2.0], [8.0, 2.0], [8.0, 8.0], [2.0, 8.0], [2.0, 2.0]],
        ]),
        ..Made::default()
    };
    let bbox = |a, b, c, d| Filter::Bbox(Bbox::new(a, b, c, d).unwrap());
    assert!(
        passes(&bbox(0.5, 0.5, 1.0, 1.0), &feature),
        "inside the body"
    );
    assert!(
        !passes(&bbox(4.0, 4.0, 5.0, 5.0), &feature),
        "inside the hole"
    );
    assert!(
        passes(&bbox(4.0, 4.0, 8.5, 5.0), &feature),
        "across the hole's edge"
    );
    let mut line = Geometry::new(GeometryType::LineString);
    line.extend([[0.0, 0.0], [10.0, 10.0]]);
    line.end_part(PartKind::Line);
    feature.geometry = line;
    assert!(passes(&bbox(4.0, 4.0, 5.0, 5.0), &feature));
    assert!(!passes(&bbox(0.0, 9.0, 1.0, 10.0), &feature));
    assert!(
        !passes(&bbox(0.0, 0.0, 1.0, 1.0), &Made::default()),
        "no geometry"
    );
}

#[test]
fn spatial_operators_answer_by_their_relation() {
    let feature = Made {
        geometry: square(0.0, 10.0),
        ..Made::default()
    };
    let test = |op, other: Geometry, distance| {
        let filter = Filter::Spatial {
            op,
            left: property("the_geom"),
            right: Expr::Literal(Literal::Geometry(other)),
            distance,
        };
        passes(&filter, &feature)
    };
    use SpatialOp as Op;
    assert!(test(Op::Contains, square(1.0, 2.0), 0.0));
    assert!(test(Op::Within, square(-1.0, 11.0), 0.0));
    assert!(!test(Op::Within, square(1.0, 2.0), 0.0));
    assert!(test(Op::Equals, square(0.0, 10.0), 0.0));
    assert!(test(Op::Touches, square(10.0, 20.0), 0.0));
    assert!(test(Op::Overlaps, square(5.0, 15.0), 0.0));
    assert!(test(Op::Disjoint, square(20.0, 30.0), 0.0));
    assert!(!test(Op::DWithin, square(20.0, 30.0), 14.1));
    assert!(test(Op::DWithin, square(20.0, 30.0), 14.2));
    assert!(test(Op::Beyond, square(20.0, 30.0), 14.1));
}

#[test]
fn a_filter_knows_the_box_that_holds_all_it_lets_pass() {
    let a = Bbox::new(0.0, 0.0, 10.0, 10.0).unwrap();
    let b = Bbox::new(5.0, 5.0, 20.0, 20.0).unwrap();
    let bound = |filter: Filter| filter.bind(&schema()).unwrap().bbox();
    assert_eq!(
        bound(Filter::And(vec![Filter::Bbox(b), Filter::Bbox(a)])),
        Some(a)
    );
    assert_eq!(
        bound(Filter::Or(vec![Filter::Bbox(a), Filter::Bbox(b)])),
        Some(a.union(&b))
    );
    let name = compare("nom", CompareOp::Equal, text("Lyon"));
    assert_eq!(bound(Filter::Or(vec![Filter::Bbox(a), name.clone()])), None);
    assert_eq!(bound(Filter::And(vec![name, Filter::Bbox(a)])), Some(a));
    assert_eq!(bound(Filter::Not(Box::new(Filter::Bbox(a)))), None);
}

// ── the naive reference: Kleene's three values over literal comparisons ─────────────────

fn reference(filter: &Filter, feature: &Made) -> Option<bool> {
    match filter {
        Filter::And(parts) => {
            let answers: Vec<_> = parts.iter().map(|p| reference(p, feature)).collect();
            if answers.contains(&Some(false)) {
                Some(false)
            } else if answers.contains(&None) {
                None
            } else {
                Some(true)
            }
        }
        Filter::Or(parts) => {
            let negated = parts
                .iter()
                .map(|p| Filter::Not(Box::new(p.clone())))
                .collect();
            reference(&Filter::And(negated), feature).map(|a| !a)
        }
        Filter::Not(inner) => reference(inner, feature).map(|a| !a),
        Filter::IsNull(Expr::Property(name)) => {
            let column = schema().column(name).unwrap();
            Some(feature.value(column).is_null())
        }
        Filter::Compare {
            op,
            left: Expr::Property(name),
            right: Expr::Literal(literal),
            ..
        } => {
            let order = match (feature.value(schema().column(name).unwrap()), literal) {
                (Value::Null, _) | (_, Literal::Null) => return None,
                (Value::Text(a), Literal::Text(b)) => a.cmp(b.as_str()),
                (Value::Text(a), Literal::Number(b)) => match a.parse::<f64>() {
                    Ok(a) => a.partial_cmp(b)?,
                    Err(_) => a.cmp(b.to_string().as_str()),
                },
                (Value::Int(a), Literal::Number(b)) => (a as f64).partial_cmp(b)?,
                (Value::Int(a), Literal::Text(b)) => match b.parse::<f64>() {
                    Ok(b) => (a as f64).partial_cmp(&b)?,
                    Err(_) => a.to_string().as_str().cmp(b),
                },
                other => panic!("{other:?}"),
            };
            Some(match op {
                CompareOp::Equal => order.is_eq(),
                CompareOp::NotEqual => order.is_ne(),
                CompareOp::Less => order.is_lt(),
                CompareOp::LessOrEqual => order.is_le(),
                CompareOp::Greater => order.is_gt(),
                CompareOp::GreaterOrEqual => order.is_ge(),
            })
        }
        Filter::In { value, list } => {
            let each = list.iter().map(|item| Filter::Compare {
                op: CompareOp::Equal,
                left: value.clone(),
                right: item.clone(),
                match_case: true,
            });
            reference(&Filter::Or(each.collect()), feature)
        }
        other => panic!("{other:?}"),
    }
}

fn any_literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        (-3_i32..3).prop_map(|n| Literal::Number(f64::from(n))),
        "[a1-3]{1,2}".prop_map(Literal::Text),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    use CompareOp as Op;
    let op = prop::sample::select(vec![
        Op::Equal,
        Op::NotEqual,
        Op::Less,
        Op::LessOrEqual,
        Op::Greater,
        Op::GreaterOrEqual,
    ]);
    let name = prop::sample::select(vec!["nom", "population"]);
    let leaf = prop_oneof![
        (name.clone(), op, any_literal()).prop_map(|(n, op, l)| compare(n, op, l)),
        name.clone().prop_map(|n| Filter::IsNull(property(n))),
        (name, prop::collection::vec(any_literal(), 0..4)).prop_map(|(n, list)| Filter::In {
            value: property(n),
            list: list.into_iter().map(Expr::Literal).collect(),
        }),
    ];
    leaf.prop_recursive(3, 20, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
            inner.prop_map(|f| Filter::Not(Box::new(f))),
        ]
    })
}

fn any_feature() -> impl Strategy<Value = Made> {
    let nom = prop::option::of("[a1-3]{1,2}");
    let population = prop::option::of(-3_i64..3);
    (nom, population).prop_map(|(nom, population)| Made {
        values: vec![
            nom.map_or(OwnedValue::Null, OwnedValue::Text),
            population.map_or(OwnedValue::Null, OwnedValue::Int),
        ],
        ..Made::default()
    })
}

/// Polygons of at most `corners` corners: three never cross themselves.
fn any_geometry(corners: usize) -> impl Strategy<Value = Geometry> {
    let coord = (-3_i32..4, -3_i32..4).prop_map(|(x, y)| [f64::from(x), f64::from(y)]);
    let kind = prop::sample::select(vec![PartKind::Points, PartKind::Line, PartKind::Polygon]);
    let part = (kind, prop::collection::vec(coord, 1..6));
    prop::collection::vec(part, 0..3).prop_map(move |parts| {
        let mut g = Geometry::new(GeometryType::GeometryCollection);
        for (kind, mut coords) in parts {
            if kind == PartKind::Polygon {
                coords.truncate(corners);
            }
            g.extend(coords.iter().copied());
            if kind == PartKind::Polygon {
                g.extend(coords.first().copied());
            }
            g.end_part(kind);
        }
        g
    })
}

fn any_relation() -> impl Strategy<Value = SpatialOp> {
    prop::sample::select(vec![
        SpatialOp::Intersects,
        SpatialOp::Disjoint,
        SpatialOp::Within,
        SpatialOp::Contains,
        SpatialOp::Touches,
    ])
}

/// Without repeated positions, rings without area, lines back on themselves: of these `geo` makes
/// what it likes.
fn is_simple(geometry: &Geometry) -> bool {
    geometry.parts().all(|part| {
        part.sequences().all(|sequence| {
            let ring = part.kind == PartKind::Polygon;
            let open = &sequence[..sequence.len() - usize::from(ring)];
            let apart = (0..open.len()).all(|i| !open[..i].contains(&open[i]));
            match part.kind {
                PartKind::Points => apart,
                PartKind::Line => apart && open.len() == 2,
                PartKind::Polygon => {
                    apart && open.len() == 3 && {
                        let [[ax, ay], [bx, by], [cx, cy]] = [open[0], open[1], open[2]];
                        (bx - ax) * (cy - ay) != (by - ay) * (cx - ax)
                    }
                }
            }
        })
    })
}

/// Conditions on where a feature is and which it is, in every combination.
fn any_placed_filter() -> impl Strategy<Value = Filter> {
    let corner = || (-3_i32..3, -3_i32..3, 0_i32..3, 0_i32..3);
    let bbox = corner().prop_map(|(x, y, w, h)| {
        let [x, y, w, h] = [x, y, w, h].map(f64::from);
        Bbox::new(x, y, x + w, y + h).unwrap()
    });
    let spatial = (any_relation(), any_geometry(3)).prop_map(|(op, geometry)| Filter::Spatial {
        op,
        left: Expr::Geometry,
        right: Expr::Literal(Literal::Geometry(geometry)),
        distance: 0.0,
    });
    let leaf = prop_oneof![
        bbox.prop_map(Filter::Bbox),
        spatial,
        prop::collection::vec(0_u64..4, 0..3)
            .prop_map(|ids| Filter::Ids(ids.iter().map(u64::to_string).collect())),
        prop::bool::ANY.prop_map(|b| Filter::Truth(Expr::Literal(Literal::Bool(b)))),
        Just(Filter::IsNull(property("nom"))),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|f| Filter::Not(Box::new(f))),
        ]
    })
}

/// The relations of OWL-Time by what they say of each point of a line of nine.
fn related(op: TemporalOp, [a, b]: [i64; 2], [c, d]: [i64; 2]) -> bool {
    match op {
        TemporalOp::After => a > d,
        TemporalOp::Before => b < c,
        TemporalOp::Contains => a < c && d < b,
        TemporalOp::Disjoint => a > d || b < c,
        TemporalOp::During => c < a && b < d,
        TemporalOp::Equals => a == c && b == d,
        TemporalOp::FinishedBy => a < c && b == d,
        TemporalOp::Finishes => c < a && b == d,
        TemporalOp::Intersects => (a..=b).any(|t| (c..=d).contains(&t)),
        TemporalOp::Meets => b == c,
        TemporalOp::MetBy => a == d,
        TemporalOp::OverlappedBy => c < a && a < d && d < b,
        TemporalOp::Overlaps => a < c && c < b && b < d,
        TemporalOp::StartedBy => a == c && d < b,
        TemporalOp::Starts => a == c && b < d,
    }
}

fn any_span() -> impl Strategy<Value = [Option<i64>; 2]> {
    let end = || prop::option::weighted(0.8, 1_i64..10);
    (end(), end()).prop_map(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => [Some(a.min(b)), Some(a.max(b))],
        other => [other.0, other.1],
    })
}

#[test]
fn arrays_are_compared_as_sets() {
    let schema = Schema {
        fields: vec![Field {
            name: "tags".into(),
            kind: FieldType::Json,
            title: None,
            description: None,
            nullable: true,
        }],
        ..Schema::default()
    };
    let test = |json: Option<&str>, op, right: Expr| {
        let feature = Made {
            values: vec![json.map_or(OwnedValue::Null, |t| OwnedValue::Json(t.into()))],
            ..Made::default()
        };
        let filter = Filter::Array {
            op,
            left: property("tags"),
            right,
        };
        filter.bind(&schema).unwrap().matches(&feature)
    };
    let array = |list: &[Literal]| Expr::Array(list.iter().cloned().map(Expr::Literal).collect());
    let ab = array(&[text("a"), text("b")]);
    use ArrayOp as Op;
    assert!(test(Some(r#"["b","a","a"]"#), Op::Equals, ab.clone()));
    assert!(!test(Some(r#"["b"]"#), Op::Equals, ab.clone()));
    assert!(test(Some(r#"["c","b","a"]"#), Op::Contains, ab.clone()));
    assert!(test(Some("[]"), Op::ContainedBy, ab.clone()));
    assert!(test(Some(r#"["b", 1]"#), Op::Overlaps, ab.clone()));
    assert!(!test(None, Op::ContainedBy, ab.clone()), "null is unknown");
    assert!(!test(Some(r#"{"a":1}"#), Op::ContainedBy, ab), "no array");
    let mixed = array(&[
        Literal::Number(1.0),
        Literal::Bool(true),
        Literal::Moment(Moment::parse("2024-02-29").unwrap()),
    ]);
    assert!(test(
        Some(r#"[1.0, true, "2024-02-29"]"#),
        Op::Equals,
        mixed
    ));
    let nested = Expr::Array(vec![array(&[text("x")])]);
    assert!(test(Some(r#"[["x"], "x"]"#), Op::Contains, nested));
}

#[test]
fn a_request_is_told_what_does_not_fit_its_column() {
    let fault = |filter: &Filter| filter.check_types(&schema()).unwrap_err().to_string();
    let wrong = compare("population", CompareOp::Equal, text("many"));
    assert!(
        fault(&wrong).contains("\"population\" is of type long"),
        "{}",
        fault(&wrong)
    );
    let wrong = compare("jour", CompareOp::Less, Literal::Number(3.0));
    assert!(fault(&Filter::Not(Box::new(wrong))).contains("date-time"));
    let wrong = compare("vrai", CompareOp::Equal, text("peut-être"));
    assert!(fault(&wrong).contains("boolean"));
    let wrong = compare("geom", CompareOp::Equal, text("x"));
    assert!(fault(&wrong).contains("spatial operators"));
    for (name, literal) in [
        ("population", text("12")),
        ("nom", Literal::Number(12.0)),
        ("jour", text("2024-02-29")),
        ("vrai", text("true")),
    ] {
        let fine = compare(name, CompareOp::Equal, literal);
        assert!(fine.check_types(&schema()).is_ok(), "{name}");
    }
}

/// A road from one town to another touches both, and their boxes share nothing.
#[test]
fn what_touches_two_places_apart_is_not_kept_out() {
    let at = |x: f64| Filter::Bbox(Bbox::new(x, 0.0, x + 1.0, 1.0).unwrap());
    let both = Filter::And(vec![at(0.0), at(10.0)]);
    let mut road = Geometry::new(GeometryType::LineString);
    road.extend([[0.5, 0.5], [10.5, 0.5]]);
    road.end_sequence();
    road.end_part(PartKind::Line);
    let made = Made {
        geometry: road,
        ..Made::default()
    };
    for (geometry, boxes) in [(GeometryType::LineString, 1), (GeometryType::Point, 0)] {
        let bound = both
            .bind(&Schema {
                geometry,
                ..schema()
            })
            .unwrap();
        assert!(bound.matches(&made));
        assert_eq!(
            bound.boxes().map(<[Bbox]>::len),
            Some(boxes),
            "{geometry:?}"
        );
    }
}

proptest! {
    #[test]
    fn times_lie_as_their_days_do(
        left in any_span(), right in any_span(), stored in 1_i64..10,
        op in prop::sample::select(vec![
            TemporalOp::After, TemporalOp::Before, TemporalOp::Contains, TemporalOp::Disjoint,
            TemporalOp::During, TemporalOp::Equals, TemporalOp::FinishedBy, TemporalOp::Finishes,
            TemporalOp::Intersects, TemporalOp::Meets, TemporalOp::MetBy,
            TemporalOp::OverlappedBy, TemporalOp::Overlaps, TemporalOp::StartedBy,
            TemporalOp::Starts,
        ])
    ) {
        let moment = |day| Expr::Literal(Literal::Moment(Moment::Day(day)));
        let interval = |[from, to]: [Option<i64>; 2]| {
            let end = |day: Option<i64>| day.map(|day| Box::new(moment(day)));
            Expr::Interval(end(from), end(to))
        };
        let days = |[from, to]: [Option<i64>; 2]| [from.unwrap_or(-100), to.unwrap_or(100)];
        let feature = Made {
            values: vec![
                OwnedValue::Null,
                OwnedValue::Null,
                OwnedValue::Null,
                OwnedValue::DateTime(Moment::Day(stored).to_string()),
            ],
            ..Made::default()
        };
        let answers = |left, right| passes(&Filter::Temporal { op, left, right }, &feature);
        let expected = related(op, days(left), days(right));
        prop_assert_eq!(answers(interval(left), interval(right)), expected);
        let expected = related(op, [stored, stored], days(right));
        prop_assert_eq!(answers(property("jour"), interval(right)), expected);
    }

    #[test]
    fn random_filters_answer_as_the_naive_reference(filter in any_filter(), feature in any_feature()) {
        let expected = reference(&filter, &feature) == Some(true);
        prop_assert_eq!(passes(&filter, &feature), expected);
    }

    #[test]
    fn a_constant_geometry_meets_what_geo_says_that_it_meets(
        a in any_geometry(3), b in any_geometry(3), op in any_relation()
    ) {
        use geo::Relate;
        let filter = |left: Expr, right: Expr| Filter::Spatial { op, left, right, distance: 0.0 };
        let constant = || Expr::Literal(Literal::Geometry(b.clone()));
        let shapes = [&a, &b].map(super::spatial::to_geo);
        let feature = Made { geometry: a.clone(), ..Made::default() };
        let expected = |left: &geo::Geometry, right: &geo::Geometry| {
            // collections whose members overlap are no valid geometry, and geo asserts so
            std::panic::catch_unwind(|| {
                let matrix = left.relate(right);
                match op {
                    SpatialOp::Disjoint => matrix.is_disjoint(),
                    SpatialOp::Within => matrix.is_within(),
                    SpatialOp::Contains => matrix.is_contains(),
                    SpatialOp::Touches => matrix.is_touches(),
                    _ => matrix.is_intersects(),
                }
            })
        };
        if a.parts().count() == 1 && b.parts().count() == 1 && is_simple(&a) && is_simple(&b) {
            let [left, right] = &shapes;
            if let Ok(expected) = expected(left, right) {
                prop_assert_eq!(passes(&filter(Expr::Geometry, constant()), &feature), expected);
            }
            if let Ok(expected) = expected(right, left) {
                prop_assert_eq!(passes(&filter(constant(), Expr::Geometry), &feature), expected);
            }
        }
    }

    #[test]
    fn boxes_and_ids_never_keep_out_a_feature_that_passes(
        filter in any_placed_filter(), feature in any_geometry(3), fid in 0_u64..4
    ) {
        let made = Made { fid, geometry: feature, ..Made::default() };
        let is_point = made.geometry.coords().len() == 1
            && made.geometry.parts().all(|p| p.kind == PartKind::Points);
        let geometry = if is_point { GeometryType::Point } else { GeometryType::Unknown };
        let bound = filter.bind(&Schema { geometry, ..schema() }).unwrap();
        let touches = bound.boxes().is_none_or(|boxes| {
            made.bbox().is_some_and(|own| boxes.iter().any(|b| b.intersects(&own)))
        });
        let named = bound.fids().is_none_or(|fids| fids.contains(&fid));
        let passes = bound.matches(&made);
        prop_assert!(!passes || (touches && named), "{:?}", bound.boxes());
        if is_point && bound.is_answered_by_boxes() {
            prop_assert_eq!(passes, touches);
        }
    }

    #[test]
    fn a_box_answers_as_geo_does(geometry in any_geometry(3), x in -3_i32..3, y in -3_i32..3) {
        use geo::Intersects;
        let (x, y) = (f64::from(x) + 0.25, f64::from(y) + 0.25);
        let bbox = Bbox::new(x, y, x + 1.5, y + 0.5).unwrap();
        let rect = geo::Rect::new(
            geo::coord! { x: bbox.min_x, y: bbox.min_y },
            geo::coord! { x: bbox.max_x, y: bbox.max_y },
        );
        let expected = super::spatial::to_geo(&geometry).intersects(&rect);
        let feature = Made { geometry, ..Made::default() };
        prop_assert_eq!(passes(&Filter::Bbox(bbox), &feature), expected);
    }

    #[test]
    fn no_pair_of_geometries_ends_the_process(
        a in any_geometry(6),
        b in any_geometry(6),
        op in prop::sample::select(vec![
            SpatialOp::Equals, SpatialOp::Disjoint, SpatialOp::Touches, SpatialOp::Within,
            SpatialOp::Overlaps, SpatialOp::Crosses, SpatialOp::Intersects, SpatialOp::Contains,
            SpatialOp::DWithin, SpatialOp::Beyond,
        ])
    ) {
        let filter = Filter::Spatial {
            op,
            left: Expr::Geometry,
            right: Expr::Literal(Literal::Geometry(b)),
            distance: 1.0,
        };
        let feature = Made { geometry: a, ..Made::default() };
        let _ = passes(&filter, &feature);
    }
}
