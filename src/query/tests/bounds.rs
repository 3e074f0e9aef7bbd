//! What a filter that is written to cost much may cost.

use super::*;

/// How long a bound filter is when it is written down: what it takes of memory.
fn length(filter: &Filter) -> usize {
    format!("{:?}", filter.bind(&schema()).unwrap()).len()
}

/// The value of a condition, as the argument of a function has it.
fn as_value(condition: Filter) -> Expr {
    Expr::call("coalesce", vec![Expr::from_condition(condition)]).unwrap()
}

#[test]
fn a_value_between_two_is_bound_once_and_compared_with_both() {
    let nested = |depth: usize| {
        let value = (0..depth).fold(property("population"), |value, _| {
            as_value(Filter::Between {
                value,
                low: Expr::number(1.0),
                high: Expr::number(2.0),
            })
        });
        length(&Filter::Truth(value))
    };
    assert!(nested(12) < 3 * nested(6), "{} {}", nested(12), nested(6));
    let between = |low: Literal, high: Literal| {
        let double = Expr::Arithmetic(
            ArithmeticOp::Multiply,
            Box::new(property("population")),
            Box::new(Expr::number(2.0)),
        );
        let filter = Filter::Between {
            value: double,
            low: Expr::Literal(low),
            high: Expr::Literal(high),
        };
        let answer = filter.bind(&schema()).unwrap().matches(&commune("Lyon", 5));
        let negation = Filter::Not(Box::new(filter));
        (answer, passes(&negation, &commune("Lyon", 5)))
    };
    let number = Literal::Number;
    assert_eq!(between(number(10.0), number(10.0)), (true, false));
    assert_eq!(between(number(11.0), number(12.0)), (false, true));
    assert_eq!(between(number(8.0), number(9.0)), (false, true));
    assert_eq!(between(number(12.0), number(8.0)), (false, true));
    // unknown, but where the other end says no already
    assert_eq!(between(Literal::Null, number(12.0)), (false, false));
    assert_eq!(between(Literal::Null, number(9.0)), (false, true));
}

#[test]
fn a_text_that_is_put_together_has_an_end() {
    let thousand = "a".repeat(1000);
    let replaced = |text: Expr| {
        Expr::call(
            "strReplace",
            vec![text, Expr::text("a"), Expr::text(&thousand)],
        )
        .unwrap()
    };
    let lyon = commune("a", 1);
    assert_eq!(answer(&replaced(property("nom")), &lyon), thousand);
    let twice = replaced(replaced(property("nom")));
    assert_eq!(twice.bind(&schema()).unwrap().eval(&lyon), Scalar::Null);
    let twice = replaced(replaced(Expr::text("a")));
    let bound = twice.bind(&schema()).unwrap();
    assert_eq!(bound.constant(), Some(Scalar::Null));
    let many = Expr::Concat(vec![Expr::text(&thousand); 101]);
    assert_eq!(many.bind(&schema()).unwrap().constant(), Some(Scalar::Null));
}

#[test]
fn a_pattern_of_like_has_an_end_in_every_notation() {
    let like = |pattern: &str| Filter::Like {
        value: property("nom"),
        pattern: LikePattern::parse(pattern, Some('%'), Some('_'), None),
        match_case: true,
    };
    assert!(like(&"é".repeat(1000)).bind(&schema()).is_ok());
    let fault = like(&"a_".repeat(501)).bind(&schema()).unwrap_err();
    assert!(fault.to_string().contains("1002"), "{fault}");
}

#[test]
fn a_condition_is_unknown_where_null_was_compared() {
    let unknown = |condition: Filter| Filter::IsUnknown(Box::new(condition));
    let lyon = commune("Lyon", 1);
    let of_null = compare("taux", CompareOp::Equal, Literal::Number(1.0));
    let of_one = compare("population", CompareOp::Equal, Literal::Number(2.0));
    assert!(passes(&unknown(of_null.clone()), &lyon));
    assert!(!passes(&unknown(of_one.clone()), &lyon));
    assert!(passes(&Filter::Not(Box::new(unknown(of_one))), &lyon));
    assert!(!passes(&unknown(unknown(of_null.clone())), &lyon));
    let bound = unknown(of_null).bind(&schema()).unwrap();
    assert_eq!(bound.columns(), [2]);
    let constant = unknown(Filter::Truth(Expr::Literal(Literal::Null)));
    let bound = constant.bind(&schema()).unwrap();
    assert_eq!(bound.constant(), Some(true));
}

#[test]
fn a_fault_tells_the_beginning_of_a_long_text_in_the_words_of_filters() {
    let long = "a".repeat(100_000);
    let operands = |literal: Literal| (property("jour"), Expr::Literal(literal));
    let fault = |filter: Filter| filter.bind(&schema()).unwrap_err().to_string();
    for (literal, told) in [
        (text(&long), format!("found \"{}\"", "a".repeat(40))),
        (Literal::Number(5.0), "found 5".to_owned()),
        (Literal::Bool(true), "found true".to_owned()),
    ] {
        let (left, right) = operands(literal.clone());
        let temporal = fault(Filter::Temporal {
            op: TemporalOp::After,
            left,
            right,
        });
        let spatial = fault(Filter::Spatial {
            op: SpatialOp::Intersects,
            left: Expr::Geometry,
            right: Expr::Literal(literal),
            distance: Distance::NONE,
        });
        for found in [temporal, spatial] {
            assert!(found.contains(&told) && found.len() < 300, "{found}");
            assert!(!found.contains("5.0"), "{found}");
        }
    }
}
