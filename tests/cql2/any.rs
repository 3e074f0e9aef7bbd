//! Any filter, and any nonsense.

use cartotheque::geom::{Geometry, GeometryType, PartKind};
use cartotheque::query::{
    ArithmeticOp, ArrayOp, CompareOp, Expr, Filter, LikePattern, Literal, Moment, SpatialOp,
    TemporalOp,
};
use proptest::prelude::*;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,3}", "[a'\\\\%_ é\"(,;]{0,6}[a']"]
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,4}",
        "[a-zé:_\" .-]{1,6}",
        Just("date".to_owned()),
        Just("NOT".into())
    ]
}

fn any_moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (-9000_i64..40_000).prop_map(Moment::Day),
        (-9_000_000_000_i64..9_000_000_000, 0_u32..1_000_000_000)
            .prop_map(|(second, nanos)| Moment::Instant(second, nanos)),
    ]
}

fn any_geometry() -> impl Strategy<Value = Geometry> {
    let coord = || (-180_i32..180, -90.0..90.0_f64).prop_map(|(x, y)| [f64::from(x), y]);
    let line = || prop::collection::vec(coord(), 2..4);
    prop_oneof![
        coord().prop_map(|c| {
            let mut g = Geometry::new(GeometryType::Point);
            g.push(c);
            g.end_part(PartKind::Points);
            g
        }),
        prop::collection::vec(coord(), 1..4).prop_map(|points| {
            let mut g = Geometry::new(GeometryType::MultiPoint);
            g.extend(points);
            g.end_part(PartKind::Points);
            g
        }),
        prop::collection::vec(line(), 1..3).prop_map(|lines| {
            let mut g = Geometry::new(GeometryType::MultiLineString);
            for line in lines {
                g.extend(line);
                g.end_part(PartKind::Line);
            }
            g
        }),
        prop::collection::vec(prop::collection::vec(coord(), 3..5), 1..3).prop_map(|rings| {
            let mut g = Geometry::new(GeometryType::Polygon);
            for ring in rings {
                g.extend(ring.iter().copied().chain(ring.first().copied()));
                g.end_sequence();
            }
            g.end_part(PartKind::Polygon);
            g
        }),
    ]
}

fn any_scalar() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        any_name().prop_map(Expr::Property),
        any_text().prop_map(|t| Expr::Literal(Literal::Text(t))),
        (-1e6..1e6_f64).prop_map(|n| Expr::Literal(Literal::Number(n))),
        any::<i64>().prop_map(|i| Expr::Literal(Literal::integer(i))),
        any::<bool>().prop_map(|b| Expr::Literal(Literal::Bool(b))),
        any_moment().prop_map(|m| Expr::Literal(Literal::Moment(m))),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let op = prop::sample::select(vec!["+", "-", "*", "/", "%", "div", "^"]);
        prop_oneof![
            (op, any_number(), any_number()).prop_map(|(op, a, b)| {
                let op = ArithmeticOp::named(op).unwrap();
                Expr::Arithmetic(op, Box::new(a), Box::new(b))
            }),
            inner
                .clone()
                .prop_map(|e| Expr::call("casei", vec![e]).unwrap()),
            prop::collection::vec(inner, 1..3).prop_map(Expr::Concat),
        ]
    })
}

fn any_number() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        any_name().prop_map(Expr::Property),
        (-9_i32..9).prop_map(|n| Expr::Literal(Literal::Number(f64::from(n)))),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let op = prop::sample::select(vec!["+", "-", "*", "/", "%", "div", "^"]);
        (op, inner.clone(), inner).prop_map(|(op, a, b)| {
            let op = ArithmeticOp::named(op).unwrap();
            Expr::Arithmetic(op, Box::new(a), Box::new(b))
        })
    })
}

/// A filter of every kind that CQL2 has.
pub fn any_filter() -> impl Strategy<Value = Filter> {
    let op = prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let spatial = prop::sample::select(vec!["contains", "crosses", "equals", "intersects"]);
    let temporal = prop::sample::select(vec!["after", "metBy", "during", "startedBy"]);
    let array = prop::sample::select(vec!["containedBy", "contains", "equals", "overlaps"]);
    let property = || any_name().prop_map(Expr::Property);
    let end = || prop::option::of(any_name().prop_map(|n| Box::new(Expr::Property(n))));
    let leaf = prop_oneof![
        (op, any_scalar(), any_scalar()).prop_map(|(op, left, right)| Filter::Compare {
            op: CompareOp::named(op).unwrap(),
            left,
            right,
            match_case: true,
        }),
        (any_scalar(), any_scalar(), any_scalar()).prop_map(|(value, low, high)| Filter::Between {
            value,
            low,
            high
        }),
        (any_scalar(), prop::collection::vec(any_scalar(), 1..4))
            .prop_map(|(value, list)| Filter::In { value, list }),
        (property(), any_text()).prop_map(|(value, pattern)| Filter::Like {
            value,
            pattern: LikePattern::parse(&pattern, Some('%'), Some('_'), Some('\\')),
            match_case: true,
        }),
        any_scalar().prop_map(Filter::IsNull),
        (spatial, property(), any_geometry()).prop_map(|(op, left, geometry)| Filter::Spatial {
            op: SpatialOp::named(op).unwrap(),
            left,
            right: Expr::Literal(Literal::Geometry(geometry)),
            distance: 0.0,
        }),
        (temporal, end(), end(), any_moment()).prop_map(|(op, from, to, moment)| {
            let moment = Some(Box::new(Expr::Literal(Literal::Moment(moment))));
            Filter::Temporal {
                op: TemporalOp::named(op).unwrap(),
                left: Expr::Interval(from, to),
                right: Expr::Interval(moment, None),
            }
        }),
        (array, property(), prop::collection::vec(any_text(), 0..3)).prop_map(
            |(op, left, list)| {
                let literal = |t| Expr::Literal(Literal::Text(t));
                Filter::Array {
                    op: ArrayOp::named(op).unwrap(),
                    left,
                    right: Expr::Array(list.into_iter().map(literal).collect()),
                }
            }
        ),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.prop_map(|f| Filter::Not(Box::new(f))),
        ]
    })
}

/// Pieces that filters are made of, in any order.
pub fn any_nonsense() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "(",
        ")",
        ",",
        "=",
        "<>",
        "-",
        "+",
        "*",
        "^",
        "'",
        "\"",
        "a",
        "NOT ",
        " AND ",
        " OR ",
        " IN ",
        " LIKE ",
        " BETWEEN ",
        " IS NULL",
        "POINT",
        "POLYGON",
        "BBOX(",
        "EMPTY",
        "Z",
        "INTERVAL(",
        "DATE('",
        "2024-01-01",
        "'..'",
        "1",
        "1e",
        ".",
        "S_INTERSECTS(",
        "T_AFTER(",
        "A_EQUALS(",
        "CASEI(",
        "div",
        "é",
        "\\",
        "\n",
        "{",
        "}",
        "[",
        "]",
        ":",
        "\"op\"",
        "\"args\"",
        "\"property\"",
        "\"type\"",
        "\"coordinates\"",
        "<",
        ">",
        "/",
        "Filter",
        "And",
        "gml:Point",
    ]);
    prop::collection::vec(pieces, 0..30).prop_map(|list| list.concat())
}
