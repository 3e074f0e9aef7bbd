//! What filters and expressions answer, against hand-made features.

mod bounds;
mod properties;

use super::*;
use crate::error::{Error, Result};
use crate::feature::{Feature, Field, FieldType, OwnedValue, Schema, Value};
use crate::geom::{GeometryType, PartKind};

#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    pub(super) fid: u64,
    pub(super) geometry: Geometry,
    pub(super) values: Vec<OwnedValue>,
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
fn a_float_that_is_no_number_is_null_as_answers_write_it() {
    let mut lyon = commune("Lyon", 1);
    lyon.values[2] = OwnedValue::Float(f64::NAN);
    assert!(passes(&Filter::IsNull(property("taux")), &lyon));
    assert_eq!(answer(&property("taux"), &lyon), "");
    let not_one = compare("taux", CompareOp::NotEqual, Literal::Number(1.0));
    assert!(!passes(&not_one, &lyon));
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
            distance: Distance::Plane(distance),
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
