//! Conditions bound to a schema, and what they answer for a feature.
//!
//! A condition is true, false or unknown. Unknown comes from null, and only true passes: so
//! `NOT (population > 100)` leaves features without a population out, as SQL and CQL2 have it
//! (OGC 21-065r2 §6.4; OGC 09-026r2 leaves the question to the server).

use std::cmp::Ordering;
use std::collections::HashSet;

use super::array::ArrayTest;
use super::compare::{self, Mode, Number};
use super::eval::{Node, Scalar};
use super::fold::Folding;
use super::spatial::{self, SpatialTest};
use super::temporal::TemporalTest;
use super::{CompareOp, Expr, Filter, LikePattern, LikePiece, Moment};
use crate::error::{Error, Result};
use crate::feature::{Feature, FieldType, Schema, Value};
use crate::geom::Bbox;

/// Characters of a pattern of LIKE: a match takes as many steps as pattern times text.
const MAX_PATTERN: usize = 1000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Constant(Option<bool>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    /// A column of numbers with a number: nothing is allocated or parsed.
    ColumnNumber {
        column: usize,
        op: CompareOp,
        number: Number,
    },
    /// A column of texts, folded, with a text.
    ColumnText {
        column: usize,
        op: CompareOp,
        folding: Folding,
        text: Box<str>,
    },
    /// A column of dates or times with an instant or a day.
    ColumnMoment {
        column: usize,
        op: CompareOp,
        moment: Moment,
    },
    /// A column of texts, folded, with many texts.
    ColumnInTexts {
        column: usize,
        folding: Folding,
        texts: HashSet<Box<str>>,
    },
    /// A column of integers with many integers.
    ColumnInIntegers {
        column: usize,
        integers: HashSet<i64>,
    },
    Compare {
        op: CompareOp,
        left: Node,
        right: Node,
        mode: Mode,
    },
    /// Of a value that is computed: once, for it may hold such conditions itself.
    Between {
        value: Node,
        low: Node,
        high: Node,
    },
    In {
        value: Node,
        list: Vec<Node>,
        time: bool,
    },
    Like {
        value: Node,
        folding: Folding,
        pattern: LikePattern,
    },
    IsNull(Node),
    IsUnknown(Box<Condition>),
    Bbox(Bbox),
    Spatial(Box<SpatialTest>),
    Temporal(Box<TemporalTest>),
    Array(Box<ArrayTest>),
    Ids(HashSet<u64>),
    Truth(Node),
}

impl Condition {
    pub(super) fn bind(filter: &Filter, schema: &Schema) -> Result<Condition> {
        let node = |e: &Expr| Node::bind(e, schema);
        Ok(match filter {
            Filter::And(parts) => all(bind_each(parts, schema)?),
            Filter::Or(parts) => any(bind_each(parts, schema)?),
            Filter::Not(inner) => match Condition::bind(inner, schema)? {
                Condition::Constant(answer) => Condition::Constant(answer.map(|a| !a)),
                Condition::Spatial(test) => match test.negated() {
                    Some(negated) => Condition::Spatial(Box::new(negated)),
                    None => Condition::Not(Box::new(Condition::Spatial(test))),
                },
                condition => Condition::Not(Box::new(condition)),
            },
            Filter::Compare {
                op,
                left,
                right,
                match_case,
            } => comparison(*op, node(left)?, node(right)?, *match_case),
            Filter::Between { value, low, high } => {
                let (value, low, high) = (node(value)?, node(low)?, node(high)?);
                if value.constant().is_none() && !value.is_column() {
                    return Ok(Condition::Between { value, low, high });
                }
                let low = comparison(CompareOp::GreaterOrEqual, value.clone(), low, true);
                let high = comparison(CompareOp::LessOrEqual, value, high, true);
                all(vec![low, high])
            }
            Filter::In { value, list } => {
                let list = list.iter().map(node).collect::<Result<_>>()?;
                membership(node(value)?, list)
            }
            Filter::Like {
                value,
                pattern,
                match_case,
            } => like(node(value)?, pattern, *match_case)?,
            Filter::IsNull(value) => match node(value)? {
                // a truth about the literal, whatever the feature
                Node::Literal(literal) => {
                    Condition::Constant(Some(literal == super::Literal::Null))
                }
                value => Condition::IsNull(value),
            },
            Filter::IsUnknown(inner) => match Condition::bind(inner, schema)? {
                Condition::Constant(answer) => Condition::Constant(Some(answer.is_none())),
                condition => Condition::IsUnknown(Box::new(condition)),
            },
            Filter::Bbox(bbox) => Condition::Bbox(*bbox),
            Filter::Spatial {
                op,
                left,
                right,
                distance,
            } => {
                let test = SpatialTest::new(*op, node(left)?, node(right)?, *distance)?;
                Condition::Spatial(Box::new(test))
            }
            Filter::Temporal { op, left, right } => {
                TemporalTest::bind(*op, left, right, schema)?.into_condition()
            }
            Filter::Array { op, left, right } => {
                ArrayTest::bind(*op, left, right, schema)?.into_condition()
            }
            Filter::Ids(ids) => Condition::Ids(ids.iter().filter_map(|id| fid(id)).collect()),
            Filter::Truth(value) => match node(value)? {
                Node::Literal(literal) => {
                    let answer = Node::Literal(literal)
                        .constant()
                        .and_then(|s| compare::truth(&s));
                    Condition::Constant(answer)
                }
                value => Condition::Truth(value),
            },
        })
    }

    /// True, false, or `None` where it is unknown.
    pub(super) fn test(&self, feature: &dyn Feature) -> Option<bool> {
        match self {
            Condition::Constant(answer) => *answer,
            Condition::And(parts) => {
                let mut answer = Some(true);
                for part in parts {
                    match part.test(feature) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => answer = None,
                    }
                }
                answer
            }
            Condition::Or(parts) => {
                let mut answer = Some(false);
                for part in parts {
                    match part.test(feature) {
                        Some(false) => {}
                        Some(true) => return Some(true),
                        None => answer = None,
                    }
                }
                answer
            }
            Condition::Not(inner) => inner.test(feature).map(|answer| !answer),
            Condition::ColumnNumber { column, op, number } => {
                let order = order_with_number(feature.value(*column), *number)?;
                Some(compare::holds(*op, order))
            }
            Condition::ColumnText {
                column,
                op,
                folding,
                text,
            } => {
                let value = feature.value(*column);
                let found = value.as_str()?;
                let order = folding.with(found, |folded| folded.cmp(text));
                Some(compare::holds(*op, order))
            }
            Condition::ColumnMoment { column, op, moment } => {
                let value = feature.value(*column);
                let found = Moment::parse(value.as_str()?)?;
                Some(compare::holds(*op, found.order(*moment)))
            }
            Condition::ColumnInTexts {
                column,
                folding,
                texts,
            } => {
                let value = feature.value(*column);
                let found = value.as_str()?;
                Some(folding.with(found, |folded| texts.contains(folded)))
            }
            Condition::ColumnInIntegers { column, integers } => match feature.value(*column) {
                Value::Null => None,
                Value::Int(i) => Some(integers.contains(&i)),
                Value::UInt(u) => Some(i64::try_from(u).is_ok_and(|i| integers.contains(&i))),
                _ => Some(false),
            },
            Condition::Compare {
                op,
                left,
                right,
                mode,
            } => {
                let order = compare::order(&left.eval(feature), &right.eval(feature), *mode)?;
                Some(compare::holds(*op, order))
            }
            Condition::Between { value, low, high } => {
                let value = value.eval(feature);
                let order = |end: &Node| {
                    let mode = Mode {
                        folding: Folding::NONE,
                        time: end.is_time(),
                    };
                    compare::order(&value, &end.eval(feature), mode)
                };
                match (order(low), order(high)) {
                    (Some(Ordering::Less), _) | (_, Some(Ordering::Greater)) => Some(false),
                    (Some(_), Some(_)) => Some(true),
                    _ => None,
                }
            }
            Condition::In { value, list, time } => {
                let value = value.eval(feature);
                let mode = Mode {
                    folding: Folding::NONE,
                    time: *time,
                };
                let mut answer = Some(false);
                for item in list {
                    match compare::order(&value, &item.eval(feature), mode) {
                        Some(Ordering::Equal) => return Some(true),
                        Some(_) => {}
                        None => answer = None,
                    }
                }
                answer
            }
            Condition::Like {
                value,
                folding,
                pattern,
            } => {
                let value = value.eval(feature);
                let matches = |text: &str| folding.with(text, |t| pattern.matches(t, true));
                (!value.is_null()).then(|| matches(&value.to_text()))
            }
            Condition::IsNull(value) => Some(value.eval(feature).is_null()),
            Condition::IsUnknown(inner) => Some(inner.test(feature).is_none()),
            Condition::Bbox(bbox) => spatial::touches_box(feature, bbox),
            Condition::Spatial(test) => test.test(feature),
            Condition::Temporal(test) => test.test(feature),
            Condition::Array(test) => test.test(feature),
            Condition::Ids(ids) => Some(ids.contains(&feature.fid())),
            Condition::Truth(value) => compare::truth(&value.eval(feature)),
        }
    }

    /// The answer, where it is the same for every feature; the inner one may be unknown.
    pub(super) fn constant(&self) -> Option<Option<bool>> {
        match self {
            Condition::Constant(answer) => Some(*answer),
            _ => None,
        }
    }
}

fn bind_each(parts: &[Filter], schema: &Schema) -> Result<Vec<Condition>> {
    parts.iter().map(|p| Condition::bind(p, schema)).collect()
}

/// The conjunction, without the parts that are always true.
fn all(mut parts: Vec<Condition>) -> Condition {
    parts.retain(|p| *p != Condition::Constant(Some(true)));
    if parts.contains(&Condition::Constant(Some(false))) {
        return Condition::Constant(Some(false));
    }
    single(parts, true, Condition::And)
}

/// The disjunction, without the parts that are always false.
fn any(mut parts: Vec<Condition>) -> Condition {
    parts.retain(|p| *p != Condition::Constant(Some(false)));
    if parts.contains(&Condition::Constant(Some(true))) {
        return Condition::Constant(Some(true));
    }
    single(parts, false, Condition::Or)
}

fn single(
    mut parts: Vec<Condition>,
    empty: bool,
    many: fn(Vec<Condition>) -> Condition,
) -> Condition {
    match (parts.pop(), parts.is_empty()) {
        (None, _) => Condition::Constant(Some(empty)),
        (Some(only), true) => only,
        (Some(last), false) => {
            parts.push(last);
            many(parts)
        }
    }
}

/// A comparison in the cheapest form that its sides allow.
fn comparison(op: CompareOp, left: Node, right: Node, match_case: bool) -> Condition {
    if left.constant().is_some() && right.constant().is_none() {
        return comparison(mirrored(op), right, left, match_case);
    }
    let mode = Mode {
        folding: if match_case {
            Folding::NONE
        } else {
            Folding::CASE
        },
        time: left.is_time() || right.is_time(),
    };
    let Some(value) = right.constant() else {
        return Condition::Compare {
            op,
            left,
            right,
            mode,
        };
    };
    if value.is_null() {
        return Condition::Constant(None);
    }
    if let Some(constant) = left.constant() {
        let order = compare::order(&constant, &value, mode);
        return Condition::Constant(order.map(|o| compare::holds(op, o)));
    }
    let (folding, inner) = left.clone().unfolded();
    if let Node::Column(column, kind) = inner
        && let Some(condition) = column_comparison(op, column, kind, folding, &value, mode)
    {
        return condition;
    }
    Condition::Compare {
        op,
        left,
        right,
        mode,
    }
}

/// A column, folded, compared with a constant: nothing of it is evaluated per feature.
fn column_comparison(
    op: CompareOp,
    column: usize,
    kind: FieldType,
    folding: Folding,
    value: &Scalar<'_>,
    mode: Mode,
) -> Option<Condition> {
    let plain = folding == Folding::NONE;
    match (kind, value) {
        (FieldType::Integer | FieldType::Long | FieldType::Float, _) if plain => {
            let number = compare::number(value)?;
            Some(Condition::ColumnNumber { column, op, number })
        }
        (FieldType::Text | FieldType::Date | FieldType::DateTime, Scalar::Moment(moment))
            if plain =>
        {
            let moment = *moment;
            Some(Condition::ColumnMoment { column, op, moment })
        }
        (FieldType::Date | FieldType::DateTime, _) if plain => {
            let moment = compare::instant(&value.to_text())?;
            Some(Condition::ColumnMoment { column, op, moment })
        }
        (FieldType::Text, Scalar::Text(text)) => Some(Condition::ColumnText {
            column,
            op,
            folding: folding.and(mode.folding),
            text: mode.folding.fold(text).into(),
        }),
        _ => None,
    }
}

/// LIKE, with a pattern that is folded already.
fn like(value: Node, pattern: &LikePattern, match_case: bool) -> Result<Condition> {
    let length = pattern.len();
    if length > MAX_PATTERN {
        return Err(Error::InvalidFilter {
            message: format!(
                "a pattern of LIKE has at most {MAX_PATTERN} characters, found {length}"
            ),
        });
    }
    let own = match match_case {
        true => Folding::NONE,
        false => Folding::CASE,
    };
    let pieces = pattern.0.iter().map(|piece| match piece {
        LikePiece::Text(text) => LikePiece::Text(own.fold(text).into_owned()),
        other => other.clone(),
    });
    let pattern = LikePattern(pieces.collect());
    let (folding, value) = value.unfolded();
    let folding = folding.and(own);
    Ok(match value.constant() {
        Some(constant) => Condition::Constant(
            (!constant.is_null())
                .then(|| folding.with(&constant.to_text(), |text| pattern.matches(text, true))),
        ),
        None => Condition::Like {
            value,
            folding,
            pattern,
        },
    })
}

fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Equal | CompareOp::NotEqual => op,
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
    }
}

/// IN, through a hash set where the column and the list are of one type.
fn membership(value: Node, list: Vec<Node>) -> Condition {
    if list.is_empty() {
        return Condition::Constant(Some(false));
    }
    let (folding, inner) = value.clone().unfolded();
    if let Node::Column(column, kind) = inner {
        let constants: Option<Vec<Scalar<'_>>> = list.iter().map(Node::constant).collect();
        if let Some(constants) = constants {
            let texts = constants.iter().map(|c| match c {
                Scalar::Text(t) => Some(Box::from(t.as_ref())),
                _ => None,
            });
            let integers = constants.iter().map(integer);
            match kind {
                FieldType::Text => {
                    if let Some(texts) = texts.collect() {
                        return Condition::ColumnInTexts {
                            column,
                            folding,
                            texts,
                        };
                    }
                }
                FieldType::Integer | FieldType::Long if folding == Folding::NONE => {
                    if let Some(integers) = integers.collect() {
                        return Condition::ColumnInIntegers { column, integers };
                    }
                }
                _ => {}
            }
        }
    }
    let time = value.is_time() || list.iter().any(Node::is_time);
    Condition::In { value, list, time }
}

/// The integer that a constant is, if it is one exactly.
fn integer(value: &Scalar<'_>) -> Option<i64> {
    match compare::number(value)? {
        Number::Int(i) => Some(i),
        // every integer below 2^53 is exact as a float
        Number::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => Some(f as i64),
        Number::Float(_) => None,
    }
}

fn order_with_number(value: Value<'_>, number: Number) -> Option<Ordering> {
    let value = match value {
        Value::Int(i) => Number::Int(i),
        Value::Float(f) => Number::Float(f),
        other => compare::number(&Scalar::from(other))?,
    };
    compare::order_numbers(value, number)
}

/// The position in `layer.12` or `12`; ids of another form name no feature.
fn fid(id: &str) -> Option<u64> {
    id.rsplit('.').next()?.parse().ok()
}
