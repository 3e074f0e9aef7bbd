//! Whether the literals of a filter are of the types of the columns that they are compared with.
//!
//! Binding is lenient, as styles need it: what can't be compared is unknown. A request with such a
//! filter is rather told so than answered with nothing (OGC 21-065r2 §6.3.2 allows both).

use super::compare::{Number, truth_of_text};
use super::eval::is_geometry_name;
use super::{Expr, Filter, Literal, Moment};
use crate::error::{Error, Result};
use crate::feature::{Field, FieldType, Schema};

impl Filter {
    /// Checks the types of what is compared.
    ///
    /// A text that is written as a number, a truth value or a date counts as one, since the
    /// literals of XML are texts; a column of texts is compared with anything, as what it holds.
    ///
    /// # Errors
    /// `InvalidFilter` that names the column, its type and the literal.
    pub fn check_types(&self, schema: &Schema) -> Result<()> {
        match self {
            Filter::And(parts) | Filter::Or(parts) => {
                parts.iter().try_for_each(|part| part.check_types(schema))
            }
            Filter::Not(inner) | Filter::IsUnknown(inner) => inner.check_types(schema),
            Filter::Compare { left, right, .. } => pair(left, right, schema),
            Filter::Between { value, low, high } => {
                pair(value, low, schema)?;
                pair(value, high, schema)
            }
            Filter::In { value, list } => list.iter().try_for_each(|i| pair(value, i, schema)),
            Filter::Like { value, .. } => geometry(value, schema),
            Filter::IsNull(_)
            | Filter::Bbox(_)
            | Filter::Spatial { .. }
            | Filter::Temporal { .. }
            | Filter::Array { .. }
            | Filter::Ids(_)
            | Filter::Truth(_) => Ok(()),
        }
    }
}

fn pair(left: &Expr, right: &Expr, schema: &Schema) -> Result<()> {
    geometry(left, schema)?;
    geometry(right, schema)?;
    match (left, right) {
        (Expr::Property(name), Expr::Literal(literal))
        | (Expr::Literal(literal), Expr::Property(name)) => {
            let field = schema.column(name).and_then(|c| schema.fields.get(c));
            match field {
                Some(field) if !fits(field.kind, literal) => Err(mismatch(field, literal)),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Geometries are compared by spatial operators only.
fn geometry(expr: &Expr, schema: &Schema) -> Result<()> {
    let is_geometry = match expr {
        Expr::Geometry | Expr::Literal(Literal::Geometry(_)) => true,
        Expr::Property(name) => schema.column(name).is_none() && is_geometry_name(name),
        _ => false,
    };
    match is_geometry {
        true => Err(Error::InvalidFilter {
            message: "a geometry is compared by spatial operators only".into(),
        }),
        false => Ok(()),
    }
}

fn fits(kind: FieldType, literal: &Literal) -> bool {
    match (kind, literal) {
        (_, Literal::Null) => true,
        (_, Literal::Geometry(_)) | (FieldType::Binary, _) => false,
        (FieldType::Integer | FieldType::Long | FieldType::Float, literal) => match literal {
            Literal::Number(_) | Literal::Integer(_) => true,
            Literal::Text(text) => Number::parse(text).is_some(),
            _ => false,
        },
        (FieldType::Bool, literal) => match literal {
            Literal::Bool(_) => true,
            Literal::Number(n) => *n == 0.0 || *n == 1.0,
            Literal::Text(text) => truth_of_text(text).is_some(),
            _ => false,
        },
        (FieldType::Date | FieldType::DateTime, literal) => match literal {
            Literal::Moment(_) => true,
            Literal::Text(text) => Moment::parse(text).is_some(),
            _ => false,
        },
        (FieldType::Text | FieldType::Json, _) => true,
    }
}

fn mismatch(field: &Field, literal: &Literal) -> Error {
    Error::InvalidFilter {
        message: format!(
            "the column {:?} is of type {} and can't be compared with {}",
            field.name,
            field.kind.name(),
            said(literal)
        ),
    }
}

/// A literal as a message says it: of a long text the beginning.
pub(super) fn said(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(b) => b.to_string(),
        Literal::Number(n) => n.to_string(),
        Literal::Integer(i) => i.to_string(),
        Literal::Text(text) => format!("{:?}", text.chars().take(40).collect::<String>()),
        Literal::Moment(moment) => moment.to_string(),
        Literal::Geometry(_) => "a geometry".to_owned(),
    }
}
