//! What a filter demands of one column, whatever else it asks: for an index of that column.

use super::{CompareOp, Expr, Filter, LikePiece, Literal};

/// Values outside of which no feature passes. The filter may ask for more.
#[derive(Debug, Clone, PartialEq)]
pub enum Demand<'a> {
    /// One of these.
    OneOf(Vec<&'a Literal>),
    /// From, to; both may be among them.
    Range(Option<&'a Literal>, Option<&'a Literal>),
    /// A text that begins so.
    Prefix(&'a str),
}

impl Filter {
    /// The demands that every passing feature fulfils, by the name of the column.
    pub fn demands(&self) -> Vec<(&str, Demand<'_>)> {
        let mut found = Vec::new();
        collect(self, &mut found);
        found
    }
}

fn collect<'a>(filter: &'a Filter, out: &mut Vec<(&'a str, Demand<'a>)>) {
    match filter {
        Filter::And(parts) => {
            for part in parts {
                collect(part, out);
            }
        }
        Filter::Compare {
            op,
            left,
            right,
            match_case: true,
        } => match (left, right) {
            (Expr::Property(name), Expr::Literal(value)) => {
                out.extend(compared(*op, value).map(|demand| (name.as_str(), demand)));
            }
            (Expr::Literal(value), Expr::Property(name)) => {
                out.extend(compared(turned(*op), value).map(|demand| (name.as_str(), demand)));
            }
            _ => {}
        },
        Filter::Between {
            value: Expr::Property(name),
            low: Expr::Literal(low),
            high: Expr::Literal(high),
        } => out.push((name, Demand::Range(Some(low), Some(high)))),
        Filter::In {
            value: Expr::Property(name),
            list,
        } => {
            let literals = list.iter().map(|item| match item {
                Expr::Literal(literal) => Some(literal),
                _ => None,
            });
            let literals = literals.collect::<Option<Vec<_>>>();
            out.extend(literals.map(|all| (name.as_str(), Demand::OneOf(all))));
        }
        Filter::Like {
            value: Expr::Property(name),
            pattern,
            match_case: true,
        } => {
            if let Some(LikePiece::Text(start)) = pattern.0.first() {
                out.push((name, Demand::Prefix(start)));
            }
        }
        _ => {}
    }
}

fn compared(op: CompareOp, value: &Literal) -> Option<Demand<'_>> {
    Some(match op {
        CompareOp::Equal => Demand::OneOf(vec![value]),
        CompareOp::Less | CompareOp::LessOrEqual => Demand::Range(None, Some(value)),
        CompareOp::Greater | CompareOp::GreaterOrEqual => Demand::Range(Some(value), None),
        CompareOp::NotEqual => return None,
    })
}

/// `a < b` as `b > a`.
fn turned(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_hold_is_demanded() {
        let name = || Expr::Property("nom".into());
        let text = |t: &str| Literal::Text(t.into());
        let equal = |t: &str| Filter::Compare {
            op: CompareOp::Equal,
            left: name(),
            right: Expr::Literal(text(t)),
            match_case: true,
        };
        let both = Filter::And(vec![equal("a"), Filter::IsNull(name())]);
        assert_eq!(both.demands(), [("nom", Demand::OneOf(vec![&text("a")]))]);
        assert_eq!(Filter::Or(vec![equal("a"), equal("b")]).demands(), []);
        assert_eq!(Filter::Not(Box::new(equal("a"))).demands(), []);
        let turned = Filter::Compare {
            op: CompareOp::Less,
            left: Expr::Literal(text("m")),
            right: name(),
            match_case: true,
        };
        let low = text("m");
        assert_eq!(turned.demands(), [("nom", Demand::Range(Some(&low), None))]);
    }
}
