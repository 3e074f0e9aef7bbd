//! Temporal operators (OGC 09-026r2 §7.9) on instants and periods of GML (ISO 19136 §14).

use super::expression::expression;
use super::{Literals, one_element};
use crate::decode::xml::Element;
use crate::error::Result;
use crate::query::{Expr, Filter, Literal, Moment, TemporalOp};

pub(super) fn operator(name: &str) -> Option<TemporalOp> {
    Some(match name {
        "After" => TemporalOp::After,
        "Before" => TemporalOp::Before,
        "Begins" => TemporalOp::Starts,
        "BegunBy" => TemporalOp::StartedBy,
        "TContains" => TemporalOp::Contains,
        "During" => TemporalOp::During,
        "TEquals" => TemporalOp::Equals,
        "TOverlaps" => TemporalOp::Overlaps,
        "Meets" => TemporalOp::Meets,
        "OverlappedBy" => TemporalOp::OverlappedBy,
        "MetBy" => TemporalOp::MetBy,
        "Ends" => TemporalOp::Finishes,
        "EndedBy" => TemporalOp::FinishedBy,
        "AnyInteracts" => TemporalOp::Intersects,
        _ => return None,
    })
}

/// Reads an operator; `element` is one.
pub(super) fn condition(
    op: TemporalOp,
    element: &Element,
    literals: &dyn Literals,
) -> Result<Filter> {
    let mut operands = element.elements();
    let (Some(left), Some(right), None) = (operands.next(), operands.next(), operands.next())
    else {
        return Err(element.fault(format!("<{}> takes two operands", element.name)));
    };
    Ok(Filter::Temporal {
        op,
        left: operand(left, literals)?,
        right: operand(right, literals)?,
    })
}

fn operand(element: &Element, literals: &dyn Literals) -> Result<Expr> {
    match element.name.as_str() {
        "TimeInstant" => {
            let [begin, end] = position(element, ["timePosition", "timePosition"])?;
            Ok(span(begin, end))
        }
        "TimePeriod" => {
            let [begin, _] = position(element, ["beginPosition", "begin"])?;
            let [_, end] = position(element, ["endPosition", "end"])?;
            Ok(span(begin, end))
        }
        "Literal" => match element.elements().next() {
            Some(_) => operand(one_element(element)?, literals),
            None => {
                let [begin, end] = moments(element)?;
                Ok(span(begin, end))
            }
        },
        _ => expression(element, literals),
    }
}

/// One instant, or the interval between two.
fn span(begin: Option<Moment>, end: Option<Moment>) -> Expr {
    let literal = |moment| Expr::Literal(Literal::Moment(moment));
    match (begin, end) {
        (Some(begin), Some(end)) if begin == end => literal(begin),
        (begin, end) => Expr::Interval(
            begin.map(|moment| Box::new(literal(moment))),
            end.map(|moment| Box::new(literal(moment))),
        ),
    }
}

/// The first and last moment of the position that stands in one of two elements, itself or in a
/// `TimeInstant` inside.
fn position(element: &Element, names: [&str; 2]) -> Result<[Option<Moment>; 2]> {
    let holder = element
        .elements()
        .find(|e| names.contains(&e.name.as_str()));
    let holder = holder.ok_or_else(|| {
        let [name, _] = names;
        element.fault(format!("<{}> needs <{name}>", element.name))
    })?;
    match holder.elements().next() {
        Some(instant) => position(instant, ["timePosition", "timePosition"]),
        None => moments(holder),
    }
}

/// The first and last moment of `2024`, `2024-02`, `2024-02-29` or a date and time; none where
/// the position says that it has no limit.
fn moments(element: &Element) -> Result<[Option<Moment>; 2]> {
    let text = element.text();
    if text.is_empty() {
        match element.attribute("indeterminatePosition") {
            Some("unknown" | "before" | "after") => return Ok([None, None]),
            Some("now") => {
                let now = Moment::parse(&jiff::Timestamp::now().to_string());
                return Ok([now, now]);
            }
            _ => {}
        }
    }
    let whole = match text.len() {
        4 => Some((format!("{text}-01-01"), format!("{text}-12-31"))),
        7 => last_day(&text).map(|last| (format!("{text}-01"), last)),
        _ => Some((text.to_string(), text.to_string())),
    };
    let read = whole.and_then(|(begin, end)| Some((Moment::parse(&begin)?, Moment::parse(&end)?)));
    match read {
        Some((begin, end)) => Ok([Some(begin), Some(end)]),
        None => Err(element.fault(format!(
            "expected a date or a date and time, found {text:?}"
        ))),
    }
}

/// The last day of a month.
fn last_day(month: &str) -> Option<String> {
    let days = (28..=31).rev().map(|day| format!("{month}-{day}"));
    days.into_iter().find(|day| Moment::parse(day).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fes::{AsWritten, parse_text};

    #[test]
    fn conditions_on_times_keep_their_relation() {
        let filter = |operator: &str, time: &str| {
            let text = format!(
                "<Filter><{operator}><ValueReference>jour</ValueReference>{time}</{operator}></Filter>"
            );
            parse_text(&text, &AsWritten)
        };
        let moment = |text: &str| Expr::Literal(Literal::Moment(Moment::parse(text).unwrap()));
        let interval =
            |from: Expr, to: Expr| Expr::Interval(Some(Box::new(from)), Some(Box::new(to)));
        let expected = |op, right| Filter::Temporal {
            op,
            left: Expr::Property("jour".into()),
            right,
        };
        let period = "<TimePeriod><begin><TimeInstant><timePosition>2024-01-01</timePosition>\
            </TimeInstant></begin><endPosition>2024-02-01T12:00:00Z</endPosition></TimePeriod>";
        let both = interval(moment("2024-01-01"), moment("2024-02-01T12:00:00Z"));
        for (name, op) in [
            ("During", TemporalOp::During),
            ("After", TemporalOp::After),
            ("Begins", TemporalOp::Starts),
            ("BegunBy", TemporalOp::StartedBy),
            ("TOverlaps", TemporalOp::Overlaps),
            ("AnyInteracts", TemporalOp::Intersects),
        ] {
            assert_eq!(filter(name, period).unwrap(), expected(op, both.clone()));
        }
        let open = "<TimePeriod><beginPosition>2024-01-01</beginPosition>\
            <endPosition indeterminatePosition='unknown'/></TimePeriod>";
        let without_end = Expr::Interval(Some(Box::new(moment("2024-01-01"))), None);
        assert_eq!(
            filter("During", open).unwrap(),
            expected(TemporalOp::During, without_end)
        );
        let instant =
            "<Literal><TimeInstant><timePosition>2024-01-01</timePosition></TimeInstant></Literal>";
        assert_eq!(
            filter("TEquals", instant).unwrap(),
            expected(TemporalOp::Equals, moment("2024-01-01"))
        );
        assert_eq!(
            filter("AnyInteracts", "<Literal>2024-02</Literal>").unwrap(),
            expected(
                TemporalOp::Intersects,
                interval(moment("2024-02-01"), moment("2024-02-29"))
            )
        );
        let column = "<ValueReference>fin</ValueReference>";
        assert_eq!(
            filter("Before", column).unwrap(),
            expected(TemporalOp::Before, Expr::Property("fin".into()))
        );
        for wrong in ["<Literal>hier</Literal>", "<TimePeriod/>", ""] {
            assert!(filter("After", wrong).is_err(), "{wrong}");
        }
    }
}
