//! Filters and expressions bound to a schema, and what they answer for a feature.

use std::borrow::Cow;

use super::{Expr, Filter, Literal};
use crate::error::{Error, Result};
use crate::feature::{Feature, FieldType, Schema, Value};
use crate::geom::Geometry;

/// What an expression answers for one feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(Cow<'a, str>),
    Geometry(Cow<'a, Geometry>),
}

impl Scalar<'_> {
    /// As a number; numeric text is parsed, as FES and style expressions expect.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Scalar::Bool(b) => Some(f64::from(u8::from(*b))),
            Scalar::Int(i) => Some(*i as f64),
            Scalar::Number(n) => Some(*n),
            Scalar::Text(t) => t.trim().parse().ok(),
            Scalar::Null | Scalar::Geometry(_) => None,
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
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Scalar::Null)
    }
}

impl<'a> From<Value<'a>> for Scalar<'a> {
    fn from(value: Value<'a>) -> Scalar<'a> {
        match value {
            Value::Null | Value::Binary(_) => Scalar::Null,
            Value::Bool(b) => Scalar::Bool(b),
            Value::Int(i) => Scalar::Int(i),
            Value::UInt(u) => i64::try_from(u).map_or(Scalar::Number(u as f64), Scalar::Int),
            Value::Float(f) => Scalar::Number(f),
            Value::Text(s) | Value::DateTime(s) | Value::Json(s) => Scalar::Text(Cow::Borrowed(s)),
        }
    }
}

/// An expression whose properties are column numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundExpr(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Literal(Literal),
    Column(usize, FieldType),
    FeatureId,
    Concat(Vec<Node>),
}

impl Expr {
    /// Resolves the names against a schema.
    ///
    /// # Errors
    /// `FieldNotDefined` (with an empty `layer`, for the caller to fill in).
    pub fn bind(&self, schema: &Schema) -> Result<BoundExpr> {
        bind(self, schema).map(BoundExpr)
    }
}

fn bind(expr: &Expr, schema: &Schema) -> Result<Node> {
    Ok(match expr {
        Expr::Literal(literal) => Node::Literal(literal.clone()),
        Expr::Property(name) => {
            let column = schema.column(name).ok_or_else(|| Error::FieldNotDefined {
                layer: String::new(),
                field: name.clone(),
                nearest: schema.nearest(name),
            })?;
            let kind = schema
                .fields
                .get(column)
                .map_or(FieldType::Text, |f| f.kind);
            Node::Column(column, kind)
        }
        Expr::FeatureId => Node::FeatureId,
        Expr::Concat(parts) => Node::Concat(
            parts
                .iter()
                .map(|p| bind(p, schema))
                .collect::<Result<_>>()?,
        ),
        other => {
            return Err(Error::InvalidFilter {
                message: format!("{other:?} is not evaluated"),
            });
        }
    })
}

impl BoundExpr {
    /// The answer for a feature. What can't be computed (a missing value, text where a number
    /// is needed) is `Null`.
    pub fn eval<'a>(&'a self, feature: &'a dyn Feature) -> Scalar<'a> {
        eval(&self.0, feature)
    }

    /// The answer, where it is the same for every feature.
    pub fn constant(&self) -> Option<Scalar<'_>> {
        match &self.0 {
            Node::Literal(literal) => Some(scalar(literal)),
            _ => None,
        }
    }
}

fn scalar(literal: &Literal) -> Scalar<'_> {
    match literal {
        Literal::Null => Scalar::Null,
        Literal::Bool(b) => Scalar::Bool(*b),
        Literal::Number(n) => Scalar::Number(*n),
        Literal::Text(t) => Scalar::Text(Cow::Borrowed(t)),
        Literal::Geometry(g) => Scalar::Geometry(Cow::Borrowed(g)),
    }
}

fn eval<'a>(node: &'a Node, feature: &'a dyn Feature) -> Scalar<'a> {
    match node {
        Node::Literal(literal) => scalar(literal),
        Node::Column(column, _) => feature.value(*column).into(),
        Node::FeatureId => Scalar::Int(i64::try_from(feature.fid()).unwrap_or(i64::MAX)),
        Node::Concat(parts) => Scalar::Text(Cow::Owned(
            parts
                .iter()
                .map(|p| eval(p, feature).to_text().into_owned())
                .collect(),
        )),
    }
}

/// A filter whose properties are column numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundFilter(());

impl Filter {
    /// Resolves the names against a schema.
    ///
    /// # Errors
    /// `FieldNotDefined` (with an empty `layer`, for the caller to fill in); `InvalidFilter`
    /// where an operator can't work on a column's type.
    pub fn bind(&self, _schema: &Schema) -> Result<BoundFilter> {
        Err(Error::InvalidFilter {
            message: "filters are not evaluated yet".into(),
        })
    }
}

impl BoundFilter {
    /// True where the feature passes. Comparisons with null are false (OGC 09-026r2 §7.7.3).
    pub fn matches(&self, _feature: &dyn Feature) -> bool {
        false
    }
}
