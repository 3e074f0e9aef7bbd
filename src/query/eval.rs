//! Expressions bound to a schema, and what they answer for a feature.

use std::borrow::Cow;

use super::compare::{self, Mode, Number};
use super::compute::MAX_TEXT_BYTES;
use super::condition::Condition;
use super::fold::Folding;
use super::{ArithmeticOp, Expr, Function, Literal, Moment};
use crate::error::{Error, Result};
use crate::feature::{Feature, FieldType, Schema, Value};
use crate::geom::{Bbox, Geometry};

/// What an expression answers for one feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(Cow<'a, str>),
    Moment(Moment),
    Geometry(Cow<'a, Geometry>),
}

impl Scalar<'_> {
    /// As a number; numeric text is parsed, as FES and style expressions expect.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Scalar::Bool(b) => Some(f64::from(u8::from(*b))),
            Scalar::Int(i) => Some(*i as f64),
            Scalar::Number(n) => Some(*n),
            Scalar::Text(t) => Number::parse(t).map(Number::as_f64),
            Scalar::Null | Scalar::Moment(_) | Scalar::Geometry(_) => None,
        }
    }

    /// As a person reads it; null is empty.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Scalar::Null | Scalar::Geometry(_) => Cow::Borrowed(""),
            Scalar::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
            Scalar::Int(i) => Cow::Owned(i.to_string()),
            Scalar::Number(n) => Cow::Owned(n.to_string()),
            Scalar::Text(t) => Cow::Borrowed(t),
            Scalar::Moment(m) => Cow::Owned(m.to_string()),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Scalar::Null)
    }

    fn into_literal(self) -> Literal {
        match self {
            Scalar::Null => Literal::Null,
            Scalar::Bool(b) => Literal::Bool(b),
            Scalar::Int(i) => Literal::integer(i),
            Scalar::Number(n) => Literal::Number(n),
            Scalar::Text(t) => Literal::Text(t.into_owned()),
            Scalar::Moment(m) => Literal::Moment(m),
            Scalar::Geometry(g) => Literal::Geometry(g.into_owned()),
        }
    }
}

impl<'a> From<Value<'a>> for Scalar<'a> {
    fn from(value: Value<'a>) -> Scalar<'a> {
        match value {
            Value::Null | Value::Binary(_) => Scalar::Null,
            // as it is written into JSON, and sorted
            Value::Float(f) if f.is_nan() => Scalar::Null,
            Value::Bool(b) => Scalar::Bool(b),
            Value::Int(i) => Scalar::Int(i),
            Value::UInt(u) => i64::try_from(u).map_or(Scalar::Number(u as f64), Scalar::Int),
            Value::Float(f) => Scalar::Number(f),
            Value::Text(s) | Value::DateTime(s) | Value::Json(s) => Scalar::Text(Cow::Borrowed(s)),
        }
    }
}

/// An expression whose properties are column numbers, with what is constant computed already.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundExpr(Node);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Literal(Literal),
    Column(usize, FieldType),
    Geometry,
    FeatureId,
    Arithmetic(ArithmeticOp, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    Concat(Vec<Node>),
    Step(Box<Node>, Box<Node>, Vec<(Node, Node)>),
    Match(Box<Node>, Vec<(Node, Node)>, Box<Node>),
    Interpolate(Box<Node>, Vec<(Node, Node)>),
    Case(Vec<(Condition, Node)>, Box<Node>),
}

impl Expr {
    /// Resolves the names against a schema and computes what does not depend on the feature.
    ///
    /// A property that is no column is the geometry where its name is one that geometry columns
    /// have (`geom`, `the_geom`, `geometry`, …): FlatGeobuf does not name its geometry.
    ///
    /// # Errors
    /// `FieldNotDefined` (with an empty `layer`, for the caller to fill in); `InvalidFilter`
    /// for a condition that can't be bound.
    pub fn bind(&self, schema: &Schema) -> Result<BoundExpr> {
        Node::bind(self, schema).map(BoundExpr)
    }
}

impl BoundExpr {
    /// The answer for a feature. What can't be computed (a missing value, text where a number
    /// is needed) is `Null`.
    pub fn eval<'a>(&'a self, feature: &'a dyn Feature) -> Scalar<'a> {
        self.0.eval(feature)
    }

    /// The answer, where it is the same for every feature.
    pub fn constant(&self) -> Option<Scalar<'_>> {
        self.0.constant()
    }

    /// The columns that the answer depends on, ascending, each once.
    pub fn columns(&self) -> Vec<usize> {
        let mut columns = Vec::new();
        self.0.columns(&mut columns);
        sorted(columns)
    }
}

pub(super) fn sorted(mut columns: Vec<usize>) -> Vec<usize> {
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// True for names that geometry columns have in the formats FlatGeobuf is made from, with or
/// without a path and a prefix: FlatGeobuf itself does not name its geometry.
pub fn is_geometry_name(name: &str) -> bool {
    let name = local_name(name);
    const NAMES: [&str; 9] = [
        "",
        "geom",
        "geometry",
        "the_geom",
        "wkb_geometry",
        "msgeometry",
        "shape",
        "way",
        "boundedby",
    ];
    NAMES.iter().any(|n| n.eq_ignore_ascii_case(name))
}

impl Node {
    pub(super) fn bind(expr: &Expr, schema: &Schema) -> Result<Node> {
        let bind = |e: &Expr| Node::bind(e, schema);
        let boxed = |e: &Expr| Node::bind(e, schema).map(Box::new);
        let all = |list: &[Expr]| list.iter().map(bind).collect::<Result<Vec<_>>>();
        let pairs = |list: &[(Expr, Expr)]| {
            let pair = |(a, b): &(Expr, Expr)| Ok((bind(a)?, bind(b)?));
            list.iter().map(pair).collect::<Result<Vec<_>>>()
        };
        let node = match expr {
            Expr::Literal(literal) => Node::Literal(literal.clone()),
            Expr::Property(name) => return property(name, schema),
            Expr::Geometry => Node::Geometry,
            Expr::FeatureId => Node::FeatureId,
            Expr::Arithmetic(op, a, b) => Node::Arithmetic(*op, boxed(a)?, boxed(b)?),
            Expr::Function(function, arguments) => Node::Call(*function, all(arguments)?),
            Expr::Concat(parts) => Node::Concat(all(parts)?),
            Expr::Step(value, first, steps) => {
                Node::Step(boxed(value)?, boxed(first)?, pairs(steps)?)
            }
            Expr::Match(value, cases, otherwise) => {
                Node::Match(boxed(value)?, pairs(cases)?, boxed(otherwise)?)
            }
            Expr::Interpolate(value, stops) => Node::Interpolate(boxed(value)?, pairs(stops)?),
            Expr::Case(cases, otherwise) => {
                let case = |(condition, result): &(super::Filter, Expr)| {
                    Ok((Condition::bind(condition, schema)?, bind(result)?))
                };
                let cases = cases.iter().map(case).collect::<Result<_>>()?;
                Node::Case(cases, boxed(otherwise)?)
            }
            Expr::Array(_) => {
                return Err(Error::InvalidFilter {
                    message: "an array is compared by the array functions only".into(),
                });
            }
            Expr::Interval(..) => {
                return Err(Error::InvalidFilter {
                    message: "an interval is compared by the temporal functions only".into(),
                });
            }
        };
        Ok(node.folded())
    }

    /// The literal that the node always is, where none of its parts asks the feature.
    fn folded(self) -> Node {
        if matches!(self, Node::Literal(_)) || self.depends() {
            return self;
        }
        let literal = self.eval(&Nothing).into_literal();
        Node::Literal(literal)
    }

    /// True where the answer can differ from feature to feature.
    fn depends(&self) -> bool {
        let any = |pairs: &[(Node, Node)]| pairs.iter().any(|(a, b)| a.depends() || b.depends());
        match self {
            Node::Literal(_) => false,
            Node::Column(..) | Node::Geometry | Node::FeatureId => true,
            Node::Arithmetic(_, a, b) => a.depends() || b.depends(),
            Node::Call(_, list) | Node::Concat(list) => list.iter().any(Node::depends),
            Node::Step(a, b, pairs) | Node::Match(a, pairs, b) => {
                a.depends() || b.depends() || any(pairs)
            }
            Node::Interpolate(a, pairs) => a.depends() || any(pairs),
            Node::Case(cases, otherwise) => {
                otherwise.depends()
                    || cases
                        .iter()
                        .any(|(c, n)| c.constant().is_none() || n.depends())
            }
        }
    }

    pub(super) fn columns(&self, out: &mut Vec<usize>) {
        let each = |pairs: &[(Node, Node)], out: &mut Vec<usize>| {
            for (a, b) in pairs {
                a.columns(out);
                b.columns(out);
            }
        };
        match self {
            Node::Literal(_) | Node::Geometry | Node::FeatureId => {}
            Node::Column(column, _) => out.push(*column),
            Node::Arithmetic(_, a, b) => {
                a.columns(out);
                b.columns(out);
            }
            Node::Call(_, list) | Node::Concat(list) => list.iter().for_each(|n| n.columns(out)),
            Node::Step(a, b, pairs) | Node::Match(a, pairs, b) => {
                a.columns(out);
                b.columns(out);
                each(pairs, out);
            }
            Node::Interpolate(a, pairs) => {
                a.columns(out);
                each(pairs, out);
            }
            Node::Case(cases, otherwise) => {
                for (condition, result) in cases {
                    condition.columns(out);
                    result.columns(out);
                }
                otherwise.columns(out);
            }
        }
    }

    pub(super) fn constant(&self) -> Option<Scalar<'_>> {
        match self {
            Node::Literal(literal) => Some(scalar(literal)),
            _ => None,
        }
    }

    /// True where the node's texts are dates or times.
    pub(super) fn is_time(&self) -> bool {
        matches!(self, Node::Column(_, FieldType::Date | FieldType::DateTime))
    }

    /// True for a column, and one whose case or accents do not matter.
    pub(super) fn is_column(&self) -> bool {
        match self {
            Node::Column(..) => true,
            Node::Call(Function::CaseFold | Function::AccentFold, list) => {
                list.iter().all(Node::is_column)
            }
            _ => false,
        }
    }

    /// What of the node's text does not matter, and the node below those functions.
    pub(super) fn unfolded(self) -> (Folding, Node) {
        let (mut node, mut folding) = (self, Folding::NONE);
        loop {
            match node {
                Node::Call(function @ (Function::CaseFold | Function::AccentFold), mut list) => {
                    folding = folding.and(function.folding());
                    node = list.pop().unwrap_or(Node::Literal(Literal::Null));
                }
                other => return (folding, other),
            }
        }
    }

    pub(super) fn eval<'a>(&'a self, feature: &'a dyn Feature) -> Scalar<'a> {
        match self {
            Node::Literal(literal) => scalar(literal),
            Node::Column(column, _) => feature.value(*column).into(),
            Node::Geometry => {
                let mut geometry = Geometry::default();
                match feature.geometry(&mut geometry) {
                    Ok(()) if !geometry.is_empty() => Scalar::Geometry(Cow::Owned(geometry)),
                    _ => Scalar::Null,
                }
            }
            Node::FeatureId => Scalar::Int(i64::try_from(feature.fid()).unwrap_or(i64::MAX)),
            Node::Arithmetic(op, a, b) => arithmetic(*op, &a.eval(feature), &b.eval(feature)),
            Node::Call(function, arguments) => {
                let values = arguments.iter().map(|a| a.eval(feature)).collect();
                function.call(values)
            }
            Node::Concat(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(&part.eval(feature).to_text());
                    if text.len() > MAX_TEXT_BYTES {
                        return Scalar::Null;
                    }
                }
                Scalar::Text(Cow::Owned(text))
            }
            Node::Step(value, first, steps) => {
                let value = value.eval(feature);
                if value.is_null() {
                    return Scalar::Null;
                }
                let below = |(threshold, _): &&(Node, Node)| {
                    compare::order(&threshold.eval(feature), &value, PLAIN)
                        .is_some_and(std::cmp::Ordering::is_le)
                };
                let last = steps.iter().take_while(below).last();
                last.map_or(first.as_ref(), |(_, result)| result)
                    .eval(feature)
            }
            Node::Match(value, cases, otherwise) => {
                let value = value.eval(feature);
                let same = |(key, _): &&(Node, Node)| {
                    compare::order(&key.eval(feature), &value, PLAIN)
                        .is_some_and(std::cmp::Ordering::is_eq)
                };
                let found = cases.iter().find(same).map(|(_, result)| result);
                found.unwrap_or(otherwise).eval(feature)
            }
            Node::Interpolate(value, stops) => interpolate(value, stops, feature),
            Node::Case(cases, otherwise) => {
                let holds = |(c, _): &&(Condition, Node)| c.test(feature) == Some(true);
                let found = cases.iter().find(holds).map(|(_, result)| result);
                found.unwrap_or(otherwise).eval(feature)
            }
        }
    }
}

const PLAIN: Mode = Mode {
    folding: Folding::NONE,
    time: false,
};

/// The column, by its name as written, else by the last step of a path without its prefix and
/// position: `ms:communes/ms:nom[1]` is `nom`.
fn property(name: &str, schema: &Schema) -> Result<Node> {
    let step = last_step(name);
    let local = local_name(name);
    let found = [name, step, local].iter().find_map(|n| schema.column(n));
    if let Some(column) = found {
        let field = schema.fields.get(column);
        return Ok(Node::Column(
            column,
            field.map_or(FieldType::Text, |f| f.kind),
        ));
    }
    if is_geometry_name(local) {
        return Ok(Node::Geometry);
    }
    Err(Error::FieldNotDefined {
        layer: String::new(),
        field: name.to_owned(),
        nearest: schema.nearest(name),
    })
}

/// The last step of a path, without a position or a condition behind it.
fn last_step(path: &str) -> &str {
    let step = path.rsplit('/').next().unwrap_or(path);
    step.split('[').next().unwrap_or(step)
}

/// The last step without its prefix.
fn local_name(path: &str) -> &str {
    let step = last_step(path);
    step.rsplit(':').next().unwrap_or(step)
}

fn scalar(literal: &Literal) -> Scalar<'_> {
    match literal {
        Literal::Null => Scalar::Null,
        Literal::Bool(b) => Scalar::Bool(*b),
        Literal::Number(n) => Scalar::Number(*n),
        Literal::Integer(i) => Scalar::Int(*i),
        Literal::Text(t) => Scalar::Text(Cow::Borrowed(t)),
        Literal::Moment(m) => Scalar::Moment(*m),
        Literal::Geometry(g) => Scalar::Geometry(Cow::Borrowed(g)),
    }
}

/// Integers stay integers where the result is one; what is not finite is null.
fn arithmetic(op: ArithmeticOp, a: &Scalar<'_>, b: &Scalar<'_>) -> Scalar<'static> {
    let (Some(a), Some(b)) = (compare::number(a), compare::number(b)) else {
        return Scalar::Null;
    };
    if let (Number::Int(a), Number::Int(b)) = (a, b) {
        let exact = match op {
            ArithmeticOp::Add => a.checked_add(b),
            ArithmeticOp::Subtract => a.checked_sub(b),
            ArithmeticOp::Multiply => a.checked_mul(b),
            ArithmeticOp::Modulo => a.checked_rem(b),
            ArithmeticOp::IntegerDivide => a.checked_div(b),
            ArithmeticOp::Divide | ArithmeticOp::Power => None,
        };
        if let Some(i) = exact {
            return Scalar::Int(i);
        }
    }
    let (a, b) = (a.as_f64(), b.as_f64());
    let result = match op {
        ArithmeticOp::Add => a + b,
        ArithmeticOp::Subtract => a - b,
        ArithmeticOp::Multiply => a * b,
        ArithmeticOp::Divide => a / b,
        ArithmeticOp::IntegerDivide => (a / b).trunc(),
        ArithmeticOp::Modulo => a % b,
        ArithmeticOp::Power => a.powf(b),
    };
    finite(result)
}

pub(super) fn finite(number: f64) -> Scalar<'static> {
    if number.is_finite() {
        Scalar::Number(number)
    } else {
        Scalar::Null
    }
}

/// Linear between the stops, constant outside; colours (`#rrggbb`, `#rrggbbaa`) channel by channel.
fn interpolate<'a>(
    value: &'a Node,
    stops: &'a [(Node, Node)],
    feature: &'a dyn Feature,
) -> Scalar<'a> {
    let Some(x) = value.eval(feature).as_f64() else {
        return Scalar::Null;
    };
    let mut before: Option<(f64, &Node)> = None;
    for (stop, result) in stops {
        let Some(at) = stop.eval(feature).as_f64() else {
            return Scalar::Null;
        };
        match before {
            _ if x > at => before = Some((at, result)),
            Some((low, from)) if x < at => {
                let share = (x - low) / (at - low);
                return mix(from.eval(feature), result.eval(feature), share);
            }
            _ => return result.eval(feature),
        }
    }
    before.map_or(Scalar::Null, |(_, last)| last.eval(feature))
}

fn mix<'a>(from: Scalar<'a>, to: Scalar<'a>, share: f64) -> Scalar<'a> {
    let lerp = |a: f64, b: f64| a + (b - a) * share;
    if let (Some(a), Some(b)) = (from.as_f64(), to.as_f64()) {
        return finite(lerp(a, b));
    }
    match (rgba(&from.to_text()), rgba(&to.to_text())) {
        (Some(a), Some(b)) => {
            let mut text = String::from("#");
            let opaque = a.last() == Some(&255) && b.last() == Some(&255);
            for (a, b) in a.iter().zip(b).take(if opaque { 3 } else { 4 }) {
                let channel = lerp(f64::from(*a), f64::from(b)).round() as u8;
                text.push_str(&format!("{channel:02x}"));
            }
            Scalar::Text(Cow::Owned(text))
        }
        _ => from,
    }
}

fn rgba(text: &str) -> Option<[u8; 4]> {
    let hex = text.trim().strip_prefix('#')?;
    let digits = u32::from_str_radix(hex, 16).ok()?;
    match hex.len() {
        6 => Some(((digits << 8) | 0xff).to_be_bytes()),
        8 => Some(digits.to_be_bytes()),
        _ => None,
    }
}

/// Stands where no feature is asked: what is constant is computed with it.
struct Nothing;

impl Feature for Nothing {
    fn fid(&self) -> u64 {
        0
    }

    fn bbox(&self) -> Option<Bbox> {
        None
    }

    fn geometry(&self, out: &mut Geometry) -> Result<()> {
        *out = Geometry::default();
        Ok(())
    }

    fn value(&self, _column: usize) -> Value<'_> {
        Value::Null
    }

    fn values(&self, _visit: &mut dyn FnMut(usize, Value<'_>)) {}
}
