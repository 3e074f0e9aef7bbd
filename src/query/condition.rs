//! Filters bound to a schema, and what they answer for a feature.
//!
//! A condition is true, false or unknown. Unknown comes from null, and only true passes: so
//! `NOT (population > 100)` leaves features without a population out, as SQL and CQL2 have it
//! (OGC 21-065r2 §6.4; OGC 09-026r2 leaves the question to the server).

use std::cmp::Ordering;
use std::collections::HashSet;

use super::compare::{self, Mode, Number};
use super::eval::{Node, Scalar, sorted};
use super::spatial::{self, SpatialTest};
use super::{CompareOp, Expr, Filter, LikePattern};
use crate::error::Result;
use crate::feature::{Feature, FieldType, Schema, Value};
use crate::geom::Bbox;

/// A filter whose properties are column numbers, with what is constant decided already.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundFilter(Condition);

impl Filter {
    /// Resolves the names against a schema.
    ///
    /// # Errors
    /// `FieldNotDefined` (with an empty `layer`, for the caller to fill in); `InvalidFilter`
    /// where an operator can't work on what it is given.
    pub fn bind(&self, schema: &Schema) -> Result<BoundFilter> {
        Condition::bind(self, schema).map(BoundFilter)
    }
}

impl BoundFilter {
    /// True where the feature passes; a condition that is unknown (null was compared) does not.
    pub fn matches(&self, feature: &dyn Feature) -> bool {
        self.0.test(feature) == Some(true)
    }

    /// The answer, where it is the same for every feature.
    pub fn constant(&self) -> Option<bool> {
        self.0.constant().map(|answer| answer == Some(true))
    }

    /// The columns that the answer depends on, ascending, each once.
    pub fn columns(&self) -> Vec<usize> {
        let mut columns = Vec::new();
        self.0.columns(&mut columns);
        sorted(columns)
    }

    /// A box outside which no feature passes, where the filter says so: for the spatial index.
    pub fn bbox(&self) -> Option<Bbox> {
        self.0.bbox()
    }
}

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
    /// A column of texts with a text.
    ColumnText {
        column: usize,
        op: CompareOp,
        text: Box<str>,
        mode: Mode,
    },
    /// A column of dates or times with an instant.
    ColumnInstant {
        column: usize,
        op: CompareOp,
        instant: jiff::Timestamp,
        text: Box<str>,
    },
    /// A column of texts with many texts.
    ColumnInTexts {
        column: usize,
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
    In {
        value: Node,
        list: Vec<Node>,
        time: bool,
    },
    Like {
        value: Node,
        pattern: LikePattern,
        match_case: bool,
    },
    IsNull(Node),
    Bbox(Bbox),
    Spatial(Box<SpatialTest>),
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
                condition => Condition::Not(Box::new(condition)),
            },
            Filter::Compare {
                op,
                left,
                right,
                match_case,
            } => comparison(*op, node(left)?, node(right)?, *match_case),
            Filter::Between { value, low, high } => {
                let value = node(value)?;
                let low = comparison(CompareOp::GreaterOrEqual, value.clone(), node(low)?, true);
                let high = comparison(CompareOp::LessOrEqual, value, node(high)?, true);
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
            } => Condition::Like {
                value: node(value)?,
                pattern: pattern.clone(),
                match_case: *match_case,
            },
            Filter::IsNull(value) => match node(value)? {
                // a truth about the literal, whatever the feature
                Node::Literal(literal) => {
                    Condition::Constant(Some(literal == super::Literal::Null))
                }
                value => Condition::IsNull(value),
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
                text,
                mode,
            } => {
                let value = feature.value(*column);
                let found = value.as_str()?;
                Some(compare::holds(
                    *op,
                    compare::order_texts(found, text, *mode),
                ))
            }
            Condition::ColumnInstant {
                column,
                op,
                instant,
                text,
            } => {
                let value = feature.value(*column);
                let found = value.as_str()?;
                let order = match compare::instant(found) {
                    Some(found) => found.cmp(instant),
                    None => found.cmp(text),
                };
                Some(compare::holds(*op, order))
            }
            Condition::ColumnInTexts { column, texts } => {
                feature.value(*column).as_str().map(|t| texts.contains(t))
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
            Condition::In { value, list, time } => {
                let value = value.eval(feature);
                let mode = Mode {
                    match_case: true,
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
                pattern,
                match_case,
            } => {
                let value = value.eval(feature);
                (!value.is_null()).then(|| pattern.matches(&value.to_text(), *match_case))
            }
            Condition::IsNull(value) => Some(value.eval(feature).is_null()),
            Condition::Bbox(bbox) => spatial::touches_box(feature, bbox),
            Condition::Spatial(test) => test.test(feature),
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

    pub(super) fn columns(&self, out: &mut Vec<usize>) {
        match self {
            Condition::Constant(_) | Condition::Bbox(_) | Condition::Ids(_) => {}
            Condition::And(parts) | Condition::Or(parts) => {
                parts.iter().for_each(|p| p.columns(out));
            }
            Condition::Not(inner) => inner.columns(out),
            Condition::ColumnNumber { column, .. }
            | Condition::ColumnText { column, .. }
            | Condition::ColumnInstant { column, .. }
            | Condition::ColumnInTexts { column, .. }
            | Condition::ColumnInIntegers { column, .. } => out.push(*column),
            Condition::Compare { left, right, .. } => {
                left.columns(out);
                right.columns(out);
            }
            Condition::In { value, list, .. } => {
                value.columns(out);
                list.iter().for_each(|n| n.columns(out));
            }
            Condition::Like { value, .. } | Condition::IsNull(value) | Condition::Truth(value) => {
                value.columns(out);
            }
            Condition::Spatial(test) => test.columns(out),
        }
    }

    fn bbox(&self) -> Option<Bbox> {
        match self {
            Condition::Bbox(bbox) => Some(*bbox),
            Condition::Spatial(test) => test.bbox(),
            Condition::And(parts) => {
                let boxes = parts.iter().filter_map(Condition::bbox);
                // boxes that share nothing: any of them keeps everything out
                boxes.reduce(|a, b| a.intersection(&b).unwrap_or(a))
            }
            Condition::Or(parts) => {
                let mut boxes = parts.iter().map(Condition::bbox);
                let first = boxes.next()??;
                boxes.try_fold(first, |all, b| Some(all.union(&b?)))
            }
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
    if let (Node::Literal(_), Node::Column(..)) = (&left, &right) {
        return comparison(mirrored(op), right, left, match_case);
    }
    let mode = Mode {
        match_case,
        time: left.is_time() || right.is_time(),
    };
    if let (Some(a), Some(b)) = (left.constant(), right.constant()) {
        let order = compare::order(&a, &b, mode);
        return Condition::Constant(order.map(|o| compare::holds(op, o)));
    }
    if let (Node::Column(column, kind), Some(value)) = (&left, right.constant()) {
        if value.is_null() {
            return Condition::Constant(None);
        }
        let column = *column;
        let text = || value.to_text().into_owned().into_boxed_str();
        match kind {
            FieldType::Integer | FieldType::Long | FieldType::Float => {
                if let Some(number) = compare::number(&value) {
                    return Condition::ColumnNumber { column, op, number };
                }
            }
            FieldType::Date | FieldType::DateTime => {
                if let Some(instant) = compare::instant(&value.to_text()) {
                    let text = text();
                    return Condition::ColumnInstant {
                        column,
                        op,
                        instant,
                        text,
                    };
                }
            }
            FieldType::Text if matches!(value, Scalar::Text(_)) => {
                let text = text();
                return Condition::ColumnText {
                    column,
                    op,
                    text,
                    mode,
                };
            }
            _ => {}
        }
    }
    Condition::Compare {
        op,
        left,
        right,
        mode,
    }
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
    if let Node::Column(column, kind) = value {
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
                        return Condition::ColumnInTexts { column, texts };
                    }
                }
                FieldType::Integer | FieldType::Long => {
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
