//! How two values compare.
//!
//! Numbers compare as numbers; text that holds a number counts as one where the other side is
//! a number, since XML literals have no type. Dates and times compare as instants where a side
//! is a date column. Everything else compares as text, by code point. A comparison with null is
//! unknown.

use std::cmp::Ordering;

use super::fold::Folding;
use super::{CompareOp, Moment, Scalar};

/// How texts are read in a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mode {
    /// What does not matter in texts.
    pub folding: Folding,
    /// A side is a date or a time: texts are instants where both can be read as one.
    pub time: bool,
}

/// True where `op` holds for two values in that order.
pub(super) fn holds(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Equal => order.is_eq(),
        CompareOp::NotEqual => order.is_ne(),
        CompareOp::Less => order.is_lt(),
        CompareOp::LessOrEqual => order.is_le(),
        CompareOp::Greater => order.is_gt(),
        CompareOp::GreaterOrEqual => order.is_ge(),
    }
}

/// The order of two values; `None` where it is unknown (null, not a number, geometries).
pub(super) fn order(a: &Scalar<'_>, b: &Scalar<'_>, mode: Mode) -> Option<Ordering> {
    match (a, b) {
        (Scalar::Null, _) | (_, Scalar::Null) => None,
        (Scalar::Int(a), Scalar::Int(b)) => Some(a.cmp(b)),
        (Scalar::Text(a), Scalar::Text(b)) => Some(order_texts(a, b, mode)),
        (Scalar::Moment(a), Scalar::Moment(b)) => Some(a.order(*b)),
        (Scalar::Moment(a), Scalar::Text(b)) => Moment::parse(b).map(|b| a.order(b)),
        (Scalar::Text(a), Scalar::Moment(b)) => Moment::parse(a).map(|a| a.order(*b)),
        (Scalar::Moment(_), _) | (_, Scalar::Moment(_)) => None,
        (Scalar::Bool(a), Scalar::Bool(b)) => Some(a.cmp(b)),
        (Scalar::Bool(a), Scalar::Text(b)) => truth_of_text(b).map(|b| a.cmp(&b)),
        (Scalar::Text(a), Scalar::Bool(b)) => truth_of_text(a).map(|a| a.cmp(b)),
        (Scalar::Geometry(a), Scalar::Geometry(b)) => (a == b).then_some(Ordering::Equal),
        (Scalar::Geometry(_), _) | (_, Scalar::Geometry(_)) => None,
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => order_numbers(a, b),
            _ => Some(order_texts(&a.to_text(), &b.to_text(), mode)),
        },
    }
}

/// A number without loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    pub(super) fn parse(text: &str) -> Option<Number> {
        let text = text.trim();
        let int = text.parse().ok().map(Number::Int);
        int.or_else(|| {
            // "inf" and "nan" are words here, not numbers
            let float: f64 = text.parse().ok()?;
            float.is_finite().then_some(Number::Float(float))
        })
    }

    pub(super) fn as_f64(self) -> f64 {
        match self {
            Number::Int(i) => i as f64,
            Number::Float(f) => f,
        }
    }
}

pub(super) fn number(value: &Scalar<'_>) -> Option<Number> {
    match value {
        Scalar::Bool(b) => Some(Number::Int(i64::from(*b))),
        Scalar::Int(i) => Some(Number::Int(*i)),
        Scalar::Number(f) => Some(Number::Float(*f)),
        Scalar::Text(t) => Number::parse(t),
        Scalar::Null | Scalar::Moment(_) | Scalar::Geometry(_) => None,
    }
}

pub(super) fn order_numbers(a: Number, b: Number) -> Option<Ordering> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        _ => a.as_f64().partial_cmp(&b.as_f64()),
    }
}

pub(super) fn order_texts(a: &str, b: &str, mode: Mode) -> Ordering {
    if mode.time
        && let (Some(a), Some(b)) = (instant(a), instant(b))
    {
        return a.order(b);
    }
    if mode.folding == Folding::NONE {
        return a.cmp(b);
    }
    let folding = mode.folding;
    folding.with(a, |a| folding.with(b, |b| a.cmp(b)))
}

/// The instant of a text without a type of its own: a date alone is its midnight, since XML
/// says nothing else.
pub(super) fn instant(text: &str) -> Option<Moment> {
    Moment::parse(text).map(Moment::start)
}

/// What a text says where a truth value is asked for (xs:boolean).
pub(super) fn truth_of_text(text: &str) -> Option<bool> {
    match text.trim() {
        "1" => Some(true),
        "0" => Some(false),
        t if t.eq_ignore_ascii_case("true") => Some(true),
        t if t.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The truth of a value by itself; `None` where it has none.
pub(super) fn truth(value: &Scalar<'_>) -> Option<bool> {
    match value {
        Scalar::Bool(b) => Some(*b),
        Scalar::Int(i) => Some(*i != 0),
        Scalar::Number(n) => Some(*n != 0.0),
        Scalar::Text(t) => truth_of_text(t),
        Scalar::Null | Scalar::Moment(_) | Scalar::Geometry(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    const PLAIN: Mode = Mode {
        folding: Folding::NONE,
        time: false,
    };

    fn text(t: &str) -> Scalar<'_> {
        Scalar::Text(Cow::Borrowed(t))
    }

    #[test]
    fn a_number_and_a_text_compare_as_numbers_where_both_are_and_as_text_else() {
        assert_eq!(
            order(&Scalar::Int(9), &text("10"), PLAIN),
            Some(Ordering::Less)
        );
        assert_eq!(
            order(&text(" 10.0 "), &Scalar::Int(10), PLAIN),
            Some(Ordering::Equal)
        );
        assert_eq!(
            order(&text("9"), &text("10"), PLAIN),
            Some(Ordering::Greater)
        );
        assert_eq!(
            order(&Scalar::Int(9), &text("2A"), PLAIN),
            Some(Ordering::Greater)
        );
        assert_eq!(order(&Scalar::Null, &text("10"), PLAIN), None);
    }

    #[test]
    fn integers_beyond_what_floats_hold_stay_apart() {
        let big = 9_007_199_254_740_993;
        assert_eq!(
            order(&Scalar::Int(big), &text("9007199254740992"), PLAIN),
            Some(Ordering::Greater)
        );
    }

    #[test]
    fn instants_compare_across_zones_and_notations() {
        let time = Mode {
            time: true,
            ..PLAIN
        };
        assert_eq!(
            order(
                &text("2024-01-01T01:00:00+02:00"),
                &text("2023-12-31T23:00:00Z"),
                time
            ),
            Some(Ordering::Equal)
        );
        assert_eq!(
            order(&text("2024-01-01T00:00:00"), &text("2024-01-01"), time),
            Some(Ordering::Equal)
        );
    }

    #[test]
    fn without_case_accented_capitals_equal_small_letters() {
        let folded = Mode {
            folding: Folding::CASE,
            ..PLAIN
        };
        assert_eq!(
            order(&text("ÉPERNAY"), &text("épernay"), folded),
            Some(Ordering::Equal)
        );
        assert_ne!(
            order(&text("ÉPERNAY"), &text("épernay"), PLAIN),
            Some(Ordering::Equal)
        );
    }
}
