//! How instants and intervals lie to each other: the relations of OWL-Time that CQL2 (OGC 21-065r2
//! §7.8) and FES 2.0 (OGC 09-026r2 §7.9) name.
//!
//! An interval holds both its ends; an instant is an interval whose ends are one. An end without
//! a limit lies beyond every instant, and equals another such end.

use std::cmp::Ordering;

use super::check::said;
use super::condition::Condition;
use super::eval::{Node, Scalar};
use super::{Expr, Literal, Moment, TemporalOp};
use crate::error::{Error, Result};
use crate::feature::{Feature, FieldType, Schema, Value};

/// A temporal operator with its operands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TemporalTest {
    op: TemporalOp,
    left: Period,
    right: Period,
}

#[derive(Debug, Clone, PartialEq)]
enum Period {
    Instant(End),
    Interval(End, End),
}

#[derive(Debug, Clone, PartialEq)]
enum End {
    Unbounded,
    Constant(Moment),
    Column(usize),
    Computed(Node),
}

/// An end for one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    Past,
    At(Moment),
    Future,
}

impl TemporalTest {
    pub(super) fn bind(
        op: TemporalOp,
        left: &Expr,
        right: &Expr,
        schema: &Schema,
    ) -> Result<TemporalTest> {
        Ok(TemporalTest {
            op,
            left: Period::bind(left, schema)?,
            right: Period::bind(right, schema)?,
        })
    }

    /// The test, or its answer where no feature is needed.
    pub(super) fn into_condition(self) -> Condition {
        match (self.left.constant(), self.right.constant()) {
            (Some(left), Some(right)) => Condition::Constant(Some(holds(self.op, left, right))),
            _ => Condition::Temporal(Box::new(self)),
        }
    }

    /// True, false, or `None` where a value is missing or no date.
    pub(super) fn test(&self, feature: &dyn Feature) -> Option<bool> {
        let left = self.left.range(feature)?;
        let right = self.right.range(feature)?;
        Some(holds(self.op, left, right))
    }

    pub(super) fn columns(&self, out: &mut Vec<usize>) {
        for period in [&self.left, &self.right] {
            for end in period.ends() {
                match end {
                    End::Column(column) => out.push(*column),
                    End::Computed(node) => node.columns(out),
                    End::Unbounded | End::Constant(_) => {}
                }
            }
        }
    }
}

impl Period {
    fn bind(expr: &Expr, schema: &Schema) -> Result<Period> {
        let Expr::Interval(begin, end) = expr else {
            return Ok(Period::Instant(End::bind(expr, schema)?));
        };
        let bind = |end: &Option<Box<Expr>>| match end {
            Some(expr) => End::bind(expr, schema),
            None => Ok(End::Unbounded),
        };
        let (begin, end) = (bind(begin)?, bind(end)?);
        if let (End::Constant(from), End::Constant(to)) = (&begin, &end)
            && from.order(*to).is_gt()
        {
            return Err(Error::InvalidFilter {
                message: format!("the interval from {from} to {to} ends before it begins"),
            });
        }
        Ok(Period::Interval(begin, end))
    }

    fn ends(&self) -> Vec<&End> {
        match self {
            Period::Instant(end) => vec![end],
            Period::Interval(begin, end) => vec![begin, end],
        }
    }

    fn constant(&self) -> Option<[Bound; 2]> {
        let bound = |end: &End, unbounded| match end {
            End::Unbounded => Some(unbounded),
            End::Constant(moment) => Some(Bound::At(*moment)),
            End::Column(_) | End::Computed(_) => None,
        };
        match self {
            Period::Instant(at) => bound(at, Bound::Past).map(|at| [at, at]),
            Period::Interval(begin, end) => {
                Some([bound(begin, Bound::Past)?, bound(end, Bound::Future)?])
            }
        }
    }

    fn range(&self, feature: &dyn Feature) -> Option<[Bound; 2]> {
        match self {
            Period::Instant(at) => at.bound(feature, Bound::Past).map(|at| [at, at]),
            Period::Interval(begin, end) => Some([
                begin.bound(feature, Bound::Past)?,
                end.bound(feature, Bound::Future)?,
            ]),
        }
    }
}

impl End {
    fn bind(expr: &Expr, schema: &Schema) -> Result<End> {
        let fault = |found: String| Error::InvalidFilter {
            message: format!(
                "a temporal operator needs dates or timestamps, found {found}: write \
                 DATE('2024-02-29') or TIMESTAMP('2024-02-29T12:00:00Z')"
            ),
        };
        match Node::bind(expr, schema)? {
            Node::Literal(Literal::Moment(moment)) => Ok(End::Constant(moment)),
            Node::Literal(literal) => match &literal {
                Literal::Text(text) => Moment::parse(text).map(End::Constant),
                _ => None,
            }
            .ok_or_else(|| fault(said(&literal))),
            Node::Column(column, FieldType::Date | FieldType::DateTime | FieldType::Text) => {
                Ok(End::Column(column))
            }
            Node::Column(column, kind) => {
                let name = schema.fields.get(column).map_or("", |f| f.name.as_str());
                Err(fault(format!("the column {name:?} of {}s", kind.name())))
            }
            Node::Geometry => Err(fault("a geometry".into())),
            Node::FeatureId => Err(fault("the feature's id".into())),
            other => Ok(End::Computed(other)),
        }
    }

    fn bound(&self, feature: &dyn Feature, unbounded: Bound) -> Option<Bound> {
        let moment = match self {
            End::Unbounded => return Some(unbounded),
            End::Constant(moment) => *moment,
            End::Column(column) => match feature.value(*column) {
                Value::Text(text) | Value::DateTime(text) => Moment::parse(text)?,
                _ => return None,
            },
            End::Computed(node) => match node.eval(feature) {
                Scalar::Moment(moment) => moment,
                Scalar::Text(text) => Moment::parse(&text)?,
                _ => return None,
            },
        };
        Some(Bound::At(moment))
    }
}

impl Bound {
    fn order(self, other: Bound) -> Ordering {
        let rank = |bound| match bound {
            Bound::Past => 0,
            Bound::At(_) => 1,
            Bound::Future => 2,
        };
        match (self, other) {
            (Bound::At(a), Bound::At(b)) => a.order(b),
            (a, b) => rank(a).cmp(&rank(b)),
        }
    }
}

fn holds(op: TemporalOp, [begin, end]: [Bound; 2], [other_begin, other_end]: [Bound; 2]) -> bool {
    let begins = begin.order(other_begin);
    let ends = end.order(other_end);
    let is_before = end.order(other_begin).is_lt();
    let is_after = begin.order(other_end).is_gt();
    match op {
        TemporalOp::After => is_after,
        TemporalOp::Before => is_before,
        TemporalOp::Contains => begins.is_lt() && ends.is_gt(),
        TemporalOp::Disjoint => is_before || is_after,
        TemporalOp::During => begins.is_gt() && ends.is_lt(),
        TemporalOp::Equals => begins.is_eq() && ends.is_eq(),
        TemporalOp::FinishedBy => begins.is_lt() && ends.is_eq(),
        TemporalOp::Finishes => begins.is_gt() && ends.is_eq(),
        TemporalOp::Intersects => !(is_before || is_after),
        TemporalOp::Meets => end.order(other_begin).is_eq(),
        TemporalOp::MetBy => begin.order(other_end).is_eq(),
        TemporalOp::OverlappedBy => {
            begins.is_gt() && begin.order(other_end).is_lt() && ends.is_gt()
        }
        TemporalOp::Overlaps => begins.is_lt() && end.order(other_begin).is_gt() && ends.is_lt(),
        TemporalOp::StartedBy => begins.is_eq() && ends.is_gt(),
        TemporalOp::Starts => begins.is_eq() && ends.is_lt(),
    }
}
