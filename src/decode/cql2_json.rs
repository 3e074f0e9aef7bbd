//! CQL2 JSON (OGC 21-065r2 §8.2 and annex C) → [`Filter`].
//!
//! Operators are known whatever the case of their names.

use serde_json::Value;

use super::cql2::{Builder, MAX_BYTES, MAX_NESTING, Part};
use super::filter_context::FilterContext;
use super::geojson_geometry;
use crate::error::{Error, Result};
use crate::query::{Expr, Filter, Literal, Moment};

/// Reads a filter. Geometries come out in the layer's CRS.
///
/// ```
/// use cartotheque::{crs::Crs, decode::{cql2_json, filter_context::FilterContext}};
/// let context = FilterContext::new(Crs::crs84());
/// let filter = cql2_json::parse(r#"{"op": "<", "args": [{"property": "a"}, 4]}"#, &context);
/// assert!(filter.is_ok());
/// # Ok::<(), cartotheque::error::Error>(())
/// ```
///
/// # Errors
/// `InvalidFilter` with the line and column of what is no JSON, or the path (`/args/0/op`) of what
/// is no CQL2.
pub fn parse(text: &str, context: &FilterContext) -> Result<Filter> {
    if text.len() > MAX_BYTES {
        return Err(Error::LimitExceeded {
            what: "size of a filter in bytes",
            limit: MAX_BYTES as u64,
            found: text.len() as u64,
        });
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let message = message.split(" at line").next().unwrap_or_default();
        Error::InvalidFilter {
            message: format!("line {line}, column {column}: no JSON: {message}"),
        }
    })?;
    from_value(&value, context)
}

/// As [`parse`], for JSON that is read already: a member of a request's body.
///
/// # Errors
/// `InvalidFilter` with the path of what is no CQL2.
pub fn from_value(value: &Value, context: &FilterContext) -> Result<Filter> {
    let mut reader = Reader {
        path: Vec::new(),
        builder: Builder::new(context),
    };
    let filter = reader.part(value).and_then(Part::into_condition);
    filter.map_err(|message| reader.fault(&message))
}

struct Reader<'v, 'c> {
    /// Where the part stands that is read, or that failed.
    path: Vec<Step<'v>>,
    builder: Builder<'c>,
}

enum Step<'v> {
    Member(&'v str),
    Element(usize),
}

type Read<T> = Result<T, String>;

impl<'v> Reader<'v, '_> {
    fn fault(&self, message: &str) -> Error {
        let mut path = String::new();
        for step in &self.path {
            path.push('/');
            match step {
                Step::Member(name) => path.push_str(name),
                Step::Element(index) => path.push_str(&index.to_string()),
            }
        }
        let place = match path.as_str() {
            "" => String::new(),
            path => format!("at {path}: "),
        };
        Error::InvalidFilter {
            message: format!("{place}{message}"),
        }
    }

    /// Reads what is inside; the path stays on what failed.
    fn inside<R>(&mut self, step: Step<'v>, read: impl FnOnce(&mut Self) -> Read<R>) -> Read<R> {
        // an operator is two steps: its args, and one of them
        if self.path.len() >= 2 * MAX_NESTING as usize {
            return Err(format!("operators are nested at most {MAX_NESTING} deep"));
        }
        self.path.push(step);
        let found = read(self)?;
        self.path.pop();
        Ok(found)
    }

    fn part(&mut self, value: &'v Value) -> Read<Part> {
        match value {
            Value::Bool(b) => self.builder.literal(Literal::Bool(*b)),
            Value::Number(number) => {
                let literal = match (number.as_i64(), number.as_f64()) {
                    (Some(integer), _) => Literal::integer(integer),
                    (None, Some(float)) if float.is_finite() => Literal::Number(float),
                    _ => return Err(format!("{number} is too large a number")),
                };
                self.builder.literal(literal)
            }
            Value::String(text) => self.builder.literal(Literal::Text(text.clone())),
            Value::Array(list) => {
                let parts = self.parts(list)?;
                self.builder.array(parts)
            }
            Value::Object(members) => self.object(value, members),
            Value::Null => Err("expected a value, found null: a test for null is isNull".into()),
        }
    }

    fn parts(&mut self, list: &'v [Value]) -> Read<Vec<Part>> {
        let mut parts = Vec::with_capacity(list.len().min(1000));
        for (index, value) in list.iter().enumerate() {
            parts.push(self.inside(Step::Element(index), |r| r.part(value))?);
        }
        Ok(parts)
    }

    fn object(
        &mut self,
        value: &'v Value,
        members: &'v serde_json::Map<String, Value>,
    ) -> Read<Part> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if members.contains_key("op") {
            let Some(op) = text("op") else {
                return self.inside(Step::Member("op"), |_| Err("expected a name".into()));
            };
            let Some(Value::Array(args)) = members.get("args") else {
                return Err(format!("expected \"args\", the list of operands of {op:?}"));
            };
            let arguments = self.inside(Step::Member("args"), |r| r.parts(args))?;
            return self.builder.operation(op, arguments);
        }
        if let Some(name) = text("property") {
            return self.builder.leaf(Expr::Property(name.to_owned()));
        }
        for (name, is_date) in [("date", true), ("timestamp", false)] {
            if let Some(found) = members.get(name) {
                let moment = found.as_str().and_then(Moment::parse);
                let moment = moment.filter(|m| matches!(m, Moment::Day(_)) == is_date);
                return match moment {
                    Some(moment) => self.builder.literal(Literal::Moment(moment)),
                    None => self.inside(Step::Member(name), |_| {
                        let expected = match is_date {
                            true => "\"2024-02-29\"",
                            false => "\"2024-02-29T12:00:00Z\"",
                        };
                        Err(format!("expected {expected}, found {found}"))
                    }),
                };
            }
        }
        if let Some(Value::Array(ends)) = members.get("interval") {
            let ends = self.inside(Step::Member("interval"), |r| r.parts(ends))?;
            return self.builder.interval(ends);
        }
        if let Some(Value::Array(numbers)) = members.get("bbox")
            && !members.contains_key("type")
        {
            return self.inside(Step::Member("bbox"), |r| {
                let numbers: Option<Vec<f64>> = numbers.iter().map(Value::as_f64).collect();
                let numbers = numbers.ok_or("a box has 4 or 6 numbers")?;
                r.builder.bbox(&numbers)
            });
        }
        if members.contains_key("type") {
            let geometry = geojson_geometry::read(value)?;
            return self.builder.geometry(geometry);
        }
        let names: Vec<&str> = members.keys().map(String::as_str).take(5).collect();
        Err(format!(
            "expected an object with op, property, date, timestamp, interval, bbox or type, found \
             one with {names:?}"
        ))
    }
}
