//! What identifies a feature, in every protocol and format alike.

use std::fmt;

use super::{Feature, Value};

/// What stands before the position of a feature that its layer's id column says nothing of.
const POSITION: &str = "position-";

/// Beyond, whole numbers of floating point share their neighbours' names.
const MAX_WHOLE: f64 = (1u64 << 53) as f64;

/// The public id of a feature: no two that a layer's id column, or its source, tells apart have
/// the same, and [`asked`](FeatureId::asked) reads each back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureId<'a> {
    /// A value of a numeric id column; of a layer without one the position in the source.
    Integer(i64),
    Text(&'a str),
    /// The position of a feature that the id column says nothing of: `position-12`.
    Position(u64),
    /// A text that reads like such a position, `position-` put before it.
    Marked(&'a str),
}

/// Where the feature of an id is looked for, in a layer that has an id column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedId<'a> {
    /// As a value of the column.
    Value(&'a str),
    /// At that position, where the column says nothing.
    Position(u64),
}

impl<'a> FeatureId<'a> {
    /// The value of the id column; the position where there is no column, or where it holds no
    /// text and no whole number.
    #[inline]
    pub fn of(feature: &'a dyn Feature, id_column: Option<usize>) -> FeatureId<'a> {
        let Some(column) = id_column else {
            return FeatureId::Integer(i64::try_from(feature.fid()).unwrap_or(i64::MAX));
        };
        match feature.value(column) {
            Value::Int(i) => Some(FeatureId::Integer(i)),
            Value::UInt(u) => i64::try_from(u).ok().map(FeatureId::Integer),
            Value::Float(f) if f.fract() == 0.0 && f.abs() <= MAX_WHOLE => {
                Some(FeatureId::Integer(f as i64))
            }
            Value::Text(text) if !text.is_empty() => Some(match position(text) {
                Some(_) => FeatureId::Marked(text),
                None => FeatureId::Text(text),
            }),
            _ => None,
        }
        .unwrap_or_else(|| FeatureId::Position(feature.fid()))
    }

    /// What an id as it is written stands for.
    pub fn asked(id: &str) -> AskedId<'_> {
        match position(id) {
            Some(Place::Here(position)) => AskedId::Position(position),
            Some(Place::Inside(marked)) => AskedId::Value(marked),
            None => AskedId::Value(id),
        }
    }
}

enum Place<'a> {
    /// `position-12`.
    Here(u64),
    /// What is marked in `position-position-12`.
    Inside(&'a str),
}

/// Takes apart a text that is a position, or one that is marked.
fn position(text: &str) -> Option<Place<'_>> {
    let inner = text.strip_prefix(POSITION)?;
    let digits = inner.trim_start_matches(POSITION);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    // what this house would not write itself is a value like any other
    let is_canonical = is_number && (digits.len() == 1 || !digits.starts_with('0'));
    let number = digits.parse().ok().filter(|_| is_canonical)?;
    Some(match digits.len() == inner.len() {
        true => Place::Here(number),
        false => Place::Inside(inner),
    })
}

impl fmt::Display for FeatureId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FeatureId::Integer(i) => write!(f, "{i}"),
            FeatureId::Text(text) => f.write_str(text),
            FeatureId::Position(position) => write!(f, "{POSITION}{position}"),
            FeatureId::Marked(text) => write!(f, "{POSITION}{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;
    use crate::geom::{Bbox, Geometry};
    use proptest::prelude::*;

    struct One<'a>(u64, Value<'a>);

    impl Feature for One<'_> {
        fn fid(&self) -> u64 {
            self.0
        }
        fn bbox(&self) -> Option<Bbox> {
            None
        }
        fn geometry(&self, _: &mut Geometry) -> Result<()> {
            Ok(())
        }
        fn value(&self, _: usize) -> Value<'_> {
            self.1
        }
        fn values(&self, visit: &mut dyn FnMut(usize, Value<'_>)) {
            visit(0, self.1);
        }
    }

    fn shown(position: u64, value: Value<'_>) -> String {
        FeatureId::of(&One(position, value), Some(0)).to_string()
    }

    #[test]
    fn what_the_column_does_not_say_is_a_position_that_is_no_value() {
        assert_eq!(shown(12, Value::Null), "position-12");
        assert_eq!(shown(12, Value::Text("")), "position-12");
        assert_eq!(shown(3, Value::Float(12.5)), "position-3");
        assert_eq!(shown(3, Value::Float(12.0)), "12");
        assert_eq!(shown(3, Value::UInt(u64::MAX)), "position-3");
        assert_eq!(shown(3, Value::Text("position-12")), "position-position-12");
        assert_eq!(shown(3, Value::Text("position-012")), "position-012");
        assert_eq!(FeatureId::of(&One(12, Value::Null), None).to_string(), "12");
    }

    proptest! {
        #[test]
        fn every_id_is_read_back_as_what_it_was(
            text in "(position-){0,3}[0-9]{0,3}[a-z]?", position: u64,
        ) {
            prop_assume!(!text.is_empty());
            let id = shown(position, Value::Text(&text));
            prop_assert_eq!(FeatureId::asked(&id), AskedId::Value(&text));
            let id = shown(position, Value::Null);
            prop_assert_eq!(FeatureId::asked(&id), AskedId::Position(position));
        }
    }
}
