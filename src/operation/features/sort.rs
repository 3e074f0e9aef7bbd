//! Sorting: the keys of the features that match, then their positions.

use std::cmp::Ordering;

use super::SortKey;
use crate::feature::{Feature, Value};

/// What a feature is sorted by.
#[derive(Debug)]
pub struct Keyed {
    keys: Vec<Key>,
    pub position: u64,
}

#[derive(Debug)]
enum Key {
    Null,
    Number(f64),
    /// Integers that a double can't hold keep their digits.
    Integer(i128),
    Text(Box<str>),
}

impl Keyed {
    pub fn new(feature: &dyn Feature, sort: &[SortKey]) -> Keyed {
        let keys = sort.iter().map(|key| match feature.value(key.column) {
            Value::Null | Value::Binary(_) => Key::Null,
            Value::Bool(b) => Key::Integer(i128::from(b)),
            Value::Int(i) => Key::Integer(i128::from(i)),
            Value::UInt(u) => Key::Integer(i128::from(u)),
            Value::Float(f) if f.is_nan() => Key::Null,
            Value::Float(f) => Key::Number(f),
            Value::Text(s) | Value::DateTime(s) | Value::Json(s) => Key::Text(s.into()),
        });
        Keyed {
            keys: keys.collect(),
            position: feature.fid(),
        }
    }

    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        let texts = self.keys.iter().map(|key| match key {
            Key::Text(text) => text.len(),
            _ => 0,
        });
        size_of::<Keyed>() + self.keys.len() * size_of::<Key>() + texts.sum::<usize>()
    }

    /// A total order: the position decides between equals.
    pub fn compare(&self, other: &Keyed, sort: &[SortKey]) -> Ordering {
        for ((a, b), key) in self.keys.iter().zip(&other.keys).zip(sort) {
            let order = match (a, b) {
                (Key::Null, Key::Null) => Ordering::Equal,
                // nulls last, in both directions
                (Key::Null, _) => return Ordering::Greater,
                (_, Key::Null) => return Ordering::Less,
                (a, b) if key.is_descending => b.compare(a),
                (a, b) => a.compare(b),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        self.position.cmp(&other.position)
    }
}

impl Key {
    /// Of keys of one column: of one type.
    fn compare(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Key::Number(a), Key::Number(b)) => a.total_cmp(b),
            (Key::Integer(a), Key::Integer(b)) => a.cmp(b),
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}
