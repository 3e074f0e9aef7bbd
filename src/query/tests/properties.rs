//! Filters that nobody wrote against a naive reference: Kleene's three values over literal
//! comparisons, `geo` for relations, a line of nine days for times.

use proptest::prelude::*;

use super::*;

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
        distance: Distance::NONE,
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
        let filter = |left: Expr, right: Expr| Filter::Spatial { op, left, right, distance: Distance::NONE };
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
            distance: Distance::Plane(1.0),
        };
        let feature = Made { geometry: a, ..Made::default() };
        let _ = passes(&filter, &feature);
    }
}
