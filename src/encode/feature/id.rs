//! What identifies a feature, in every protocol and format alike.

use crate::feature::{Feature, Value};

/// The public id of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureId<'a> {
    /// A value of a numeric id column, or the position in the source.
    Integer(i64),
    Text(&'a str),
}

impl<'a> FeatureId<'a> {
    /// The value of the id column; the position where there is no column or it is null there.
    #[inline]
    pub fn of(feature: &'a dyn Feature, id_column: Option<usize>) -> FeatureId<'a> {
        let position = || FeatureId::Integer(i64::try_from(feature.fid()).unwrap_or(i64::MAX));
        let Some(column) = id_column else {
            return position();
        };
        match feature.value(column) {
            Value::Int(i) => FeatureId::Integer(i),
            Value::UInt(u) => i64::try_from(u).map_or_else(|_| position(), FeatureId::Integer),
            Value::Text(text) if !text.is_empty() => FeatureId::Text(text),
            _ => position(),
        }
    }
}

impl std::fmt::Display for FeatureId<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FeatureId::Integer(i) => write!(f, "{i}"),
            FeatureId::Text(text) => f.write_str(text),
        }
    }
}
