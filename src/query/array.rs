//! Arrays compared as sets (OGC 21-065r2 §7.9): literals, and columns that hold JSON arrays.

use std::collections::HashSet;

use super::compare::{self, Number};
use super::condition::Condition;
use super::eval::{Node, Scalar};
use super::{ArrayOp, Expr, Moment};
use crate::error::{Error, Result};
use crate::feature::{Feature, FieldType, Schema};

/// An array operator with its operands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ArrayTest {
    op: ArrayOp,
    left: Operand,
    right: Operand,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Constant(Set),
    /// A column of JSON, or of text that holds JSON.
    Column(usize),
    Elements(Vec<Item>),
}

#[derive(Debug, Clone, PartialEq)]
enum Item {
    Value(Node),
    Array(Vec<Item>),
}

type Set = HashSet<Element>;

/// An element, so that equal ones are equal bytes: dates and texts are told apart only where
/// both sides have a type, and JSON has none for dates.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Element {
    Null,
    Bool(bool),
    Integer(i64),
    /// The bits of a number that is no integer.
    Number(u64),
    Text(String),
    Day(i64),
    Instant(i64, u32),
    /// Sorted, each once.
    Array(Vec<Element>),
    /// A JSON object, as written without white space.
    Other(String),
}

impl ArrayTest {
    pub(super) fn bind(
        op: ArrayOp,
        left: &Expr,
        right: &Expr,
        schema: &Schema,
    ) -> Result<ArrayTest> {
        Ok(ArrayTest {
            op,
            left: Operand::bind(left, schema)?,
            right: Operand::bind(right, schema)?,
        })
    }

    /// The test, or its answer where no feature is needed.
    pub(super) fn into_condition(self) -> Condition {
        match (&self.left, &self.right) {
            (Operand::Constant(a), Operand::Constant(b)) => {
                Condition::Constant(Some(holds(self.op, a, b)))
            }
            _ => Condition::Array(Box::new(self)),
        }
    }

    /// True, false, or `None` where a value is missing or no array.
    pub(super) fn test(&self, feature: &dyn Feature) -> Option<bool> {
        self.left.with(feature, |left| {
            self.right
                .with(feature, |right| Some(holds(self.op, left, right)))
        })
    }

    pub(super) fn columns(&self, out: &mut Vec<usize>) {
        for operand in [&self.left, &self.right] {
            match operand {
                Operand::Constant(_) => {}
                Operand::Column(column) => out.push(*column),
                Operand::Elements(items) => items.iter().for_each(|item| item.columns(out)),
            }
        }
    }
}

impl Operand {
    fn bind(expr: &Expr, schema: &Schema) -> Result<Operand> {
        if let Expr::Array(elements) = expr {
            let items = Item::bind_all(elements, schema)?;
            let constant: Option<Set> = items.iter().map(Item::constant).collect();
            return Ok(match constant {
                Some(set) => Operand::Constant(set),
                None => Operand::Elements(items),
            });
        }
        match Node::bind(expr, schema)? {
            Node::Column(column, FieldType::Json | FieldType::Text) => Ok(Operand::Column(column)),
            Node::Column(column, kind) => {
                let name = schema.fields.get(column).map_or("", |f| f.name.as_str());
                let kind = kind.name();
                Err(Error::InvalidFilter {
                    message: format!(
                        "an array function needs arrays, found the column {name:?} of {kind}s"
                    ),
                })
            }
            _ => Err(Error::InvalidFilter {
                message: "an array function needs arrays: a column of JSON or ('a', 'b')".into(),
            }),
        }
    }

    fn with<R>(&self, feature: &dyn Feature, then: impl FnOnce(&Set) -> Option<R>) -> Option<R> {
        match self {
            Operand::Constant(set) => then(set),
            Operand::Column(column) => {
                let value = feature.value(*column);
                match serde_json::from_str(value.as_str()?).ok()? {
                    serde_json::Value::Array(list) => {
                        then(&list.into_iter().map(Element::from_json).collect())
                    }
                    _ => None,
                }
            }
            Operand::Elements(items) => then(&items.iter().map(|i| i.element(feature)).collect()),
        }
    }
}

impl Item {
    fn bind_all(elements: &[Expr], schema: &Schema) -> Result<Vec<Item>> {
        let bind = |element: &Expr| match element {
            Expr::Array(inner) => Item::bind_all(inner, schema).map(Item::Array),
            other => Node::bind(other, schema).map(Item::Value),
        };
        elements.iter().map(bind).collect()
    }

    fn constant(&self) -> Option<Element> {
        match self {
            Item::Value(node) => node.constant().map(Element::from_scalar),
            Item::Array(items) => {
                let elements: Option<Vec<Element>> = items.iter().map(Item::constant).collect();
                elements.map(Element::array)
            }
        }
    }

    fn element(&self, feature: &dyn Feature) -> Element {
        match self {
            Item::Value(node) => Element::from_scalar(node.eval(feature)),
            Item::Array(items) => {
                Element::array(items.iter().map(|i| i.element(feature)).collect())
            }
        }
    }

    fn columns(&self, out: &mut Vec<usize>) {
        match self {
            Item::Value(node) => node.columns(out),
            Item::Array(items) => items.iter().for_each(|item| item.columns(out)),
        }
    }
}

impl Element {
    fn array(mut elements: Vec<Element>) -> Element {
        elements.sort_unstable();
        elements.dedup();
        Element::Array(elements)
    }

    fn number(number: Number) -> Element {
        match number {
            Number::Int(i) => Element::Integer(i),
            // below 2⁵³ a float without a fraction is an integer
            Number::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => Element::Integer(f as i64),
            Number::Float(f) => Element::Number(f.to_bits()),
        }
    }

    /// A text that is a date or a time is one: JSON writes them as texts.
    fn text(text: &str) -> Element {
        match Moment::parse(text) {
            Some(moment) => Element::moment(moment),
            None => Element::Text(text.to_owned()),
        }
    }

    fn moment(moment: Moment) -> Element {
        match moment {
            Moment::Day(day) => Element::Day(day),
            Moment::Instant(second, nanos) => Element::Instant(second, nanos),
        }
    }

    fn from_scalar(value: Scalar<'_>) -> Element {
        match value {
            Scalar::Null => Element::Null,
            Scalar::Bool(b) => Element::Bool(b),
            Scalar::Text(text) => Element::text(&text),
            Scalar::Moment(moment) => Element::moment(moment),
            Scalar::Geometry(geometry) => Element::Other(format!("{geometry:?}")),
            number => compare::number(&number).map_or(Element::Null, Element::number),
        }
    }

    fn from_json(value: serde_json::Value) -> Element {
        use serde_json::Value;
        match value {
            Value::Null => Element::Null,
            Value::Bool(b) => Element::Bool(b),
            Value::String(text) => Element::text(&text),
            Value::Number(n) => match (n.as_i64(), n.as_f64()) {
                (Some(i), _) => Element::Integer(i),
                (None, Some(f)) => Element::number(Number::Float(f)),
                (None, None) => Element::Other(n.to_string()),
            },
            Value::Array(list) => {
                Element::array(list.into_iter().map(Element::from_json).collect())
            }
            Value::Object(_) => Element::Other(value.to_string()),
        }
    }
}

fn holds(op: ArrayOp, left: &Set, right: &Set) -> bool {
    match op {
        ArrayOp::ContainedBy => left.is_subset(right),
        ArrayOp::Contains => left.is_superset(right),
        ArrayOp::Equals => left == right,
        ArrayOp::Overlaps => !left.is_disjoint(right),
    }
}
