//! A feature as every store hands it out, and the schema of a set of them.

mod id;

pub use id::{AskedId, FeatureId};

use crate::error::{Result, nearest};
use crate::geom::{Bbox, Geometry, GeometryType};

/// One value of one column, borrowed from where the store keeps it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Absent or null.
    Null,
    Bool(bool),
    Int(i64),
    /// Only for columns of unsigned 64-bit integers.
    UInt(u64),
    Float(f64),
    Text(&'a str),
    /// RFC 3339 text as the source writes it; without a zone it is UTC.
    DateTime(&'a str),
    Json(&'a str),
    Binary(&'a [u8]),
}

impl<'a> Value<'a> {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The value as a number; text is not parsed.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Bool(b) => Some(f64::from(u8::from(*b))),
            Value::Int(i) => Some(*i as f64),
            Value::UInt(u) => Some(*u as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The value as text where it is stored as text.
    pub fn as_str(&self) -> Option<&'a str> {
        match self {
            Value::Text(s) | Value::DateTime(s) | Value::Json(s) => Some(s),
            _ => None,
        }
    }

    /// The value as a person reads it: numbers without exponent or trailing zeros, null empty.
    pub fn to_text(&self) -> std::borrow::Cow<'a, str> {
        use std::borrow::Cow;
        match self {
            Value::Null => Cow::Borrowed(""),
            Value::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
            Value::Int(i) => Cow::Owned(i.to_string()),
            Value::UInt(u) => Cow::Owned(u.to_string()),
            Value::Float(f) => Cow::Owned(f.to_string()),
            Value::Text(s) | Value::DateTime(s) | Value::Json(s) => Cow::Borrowed(s),
            Value::Binary(b) => Cow::Owned(format!("{} bytes", b.len())),
        }
    }
}

/// A value that outlives its store's visit.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum OwnedValue {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(String),
    DateTime(String),
    Json(String),
    Binary(Vec<u8>),
}

impl OwnedValue {
    pub fn as_value(&self) -> Value<'_> {
        match self {
            OwnedValue::Null => Value::Null,
            OwnedValue::Bool(b) => Value::Bool(*b),
            OwnedValue::Int(i) => Value::Int(*i),
            OwnedValue::UInt(u) => Value::UInt(*u),
            OwnedValue::Float(f) => Value::Float(*f),
            OwnedValue::Text(s) => Value::Text(s),
            OwnedValue::DateTime(s) => Value::DateTime(s),
            OwnedValue::Json(s) => Value::Json(s),
            OwnedValue::Binary(b) => Value::Binary(b),
        }
    }
}

impl From<Value<'_>> for OwnedValue {
    fn from(value: Value<'_>) -> OwnedValue {
        match value {
            Value::Null => OwnedValue::Null,
            Value::Bool(b) => OwnedValue::Bool(b),
            Value::Int(i) => OwnedValue::Int(i),
            Value::UInt(u) => OwnedValue::UInt(u),
            Value::Float(f) => OwnedValue::Float(f),
            Value::Text(s) => OwnedValue::Text(s.to_owned()),
            Value::DateTime(s) => OwnedValue::DateTime(s.to_owned()),
            Value::Json(s) => OwnedValue::Json(s.to_owned()),
            Value::Binary(b) => OwnedValue::Binary(b.to_vec()),
        }
    }
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    Bool,
    /// Integers that fit 32 bits.
    Integer,
    /// Integers of 64 bits, signed or not.
    Long,
    Float,
    Text,
    /// A date without a time (FlatGeobuf has only DateTime: found at load or configured).
    Date,
    DateTime,
    Json,
    Binary,
}

impl FieldType {
    /// The name a person reads in `cartotheque info` and on a layer's page.
    pub fn name(self) -> &'static str {
        match self {
            FieldType::Bool => "boolean",
            FieldType::Integer => "integer",
            FieldType::Long => "long",
            FieldType::Float => "number",
            FieldType::Text => "text",
            FieldType::Date => "date",
            FieldType::DateTime => "date-time",
            FieldType::Json => "json",
            FieldType::Binary => "binary",
        }
    }

    pub fn is_number(self) -> bool {
        matches!(
            self,
            FieldType::Integer | FieldType::Long | FieldType::Float
        )
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub kind: FieldType,
    pub title: Option<String>,
    pub description: Option<String>,
    pub nullable: bool,
}

/// The columns and the geometry type of a set of features.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    pub fields: Vec<Field>,
    pub geometry: GeometryType,
    pub has_z: bool,
    pub has_m: bool,
}

impl Schema {
    /// The column of that exact name, else the only one that differs in case alone.
    pub fn column(&self, name: &str) -> Option<usize> {
        let exact = self.fields.iter().position(|f| f.name == name);
        exact.or_else(|| {
            let lower = name.to_lowercase();
            let mut same = (0..self.fields.len()).filter(|i| {
                self.fields
                    .get(*i)
                    .is_some_and(|f| f.name.to_lowercase() == lower)
            });
            same.next().filter(|_| same.next().is_none())
        })
    }

    /// The field name nearest to `name`, for error messages.
    pub fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.fields.iter().map(|f| f.name.as_str()))
    }
}

/// One feature, borrowed from its store for the length of a visit.
pub trait Feature {
    /// The position of the feature in its source, from 0: the same in every answer.
    fn fid(&self) -> u64;

    /// The box of the geometry in the source's CRS; `None` where it has no position.
    fn bbox(&self) -> Option<Bbox>;

    /// Fills `out` with the geometry in the source's CRS, curves as lines of at most
    /// 4° an arc, surfaces as polygons; empty for a null geometry.
    ///
    /// # Errors
    /// `Data` where the stored bytes contradict themselves.
    fn geometry(&self, out: &mut Geometry) -> Result<()>;

    /// The value of a column by its number in the schema; `Null` where it is absent.
    fn value(&self, column: usize) -> Value<'_>;

    /// Calls `visit` with each column that is present, in stored order.
    fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>));
}
