//! An index of one column: which features may have a value, without reading them all.
//!
//! A key is eight bytes that keep the order of the values: a number, or the first eight bytes of
//! a text behind what all texts of the column begin with. What the index finds may hold more than
//! was asked; who asks tests the features again. 12 bytes a feature (16 beyond 4 billion).

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::error::Result;
use crate::feature::{FieldType, Value};
use crate::query::{Demand, Literal};
use crate::store::{FeatureStore, Select};

/// The keys of one column with the positions of their features. Nulls are not in it: no demand
/// is fulfilled by null.
#[derive(Debug)]
pub struct AttributeIndex {
    kind: FieldType,
    /// What every text begins with.
    common: Box<[u8]>,
    /// Ascending.
    keys: Vec<u64>,
    /// Of each key.
    positions: Positions,
}

#[derive(Debug)]
enum Positions {
    Short(Vec<u32>),
    Long(Vec<u64>),
}

/// True where a column of that type can be indexed. Times are not: one instant is written in
/// many ways.
pub fn is_indexable(kind: FieldType) -> bool {
    kind.is_number() || matches!(kind, FieldType::Text | FieldType::Bool)
}

impl AttributeIndex {
    /// Reads a column of all features.
    ///
    /// # Errors
    /// What the store and the budget say.
    pub fn build(
        store: &dyn FeatureStore,
        column: usize,
        kind: FieldType,
        budget: &Budget,
    ) -> Result<AttributeIndex> {
        let common = match kind {
            FieldType::Text => common_start(store, column, budget)?,
            _ => Vec::new(),
        };
        let mut entries: Vec<(u64, u64)> = Vec::new();
        store.select(&Select::default(), budget, &mut |feature| {
            if let Some(key) = key_of_value(feature.value(column), &common) {
                entries.push((key, feature.fid()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        entries.sort_unstable();
        let short = entries.iter().map(|(_, at)| u32::try_from(*at).ok());
        Ok(AttributeIndex {
            kind,
            common: common.into(),
            positions: match short.collect::<Option<Vec<u32>>>() {
                Some(short) => Positions::Short(short),
                None => Positions::Long(entries.iter().map(|(_, at)| *at).collect()),
            },
            keys: entries.into_iter().map(|(key, _)| key).collect(),
        })
    }

    /// Where in the index the features are that may fulfil a demand; `None` where the index
    /// can't tell.
    fn ranges(&self, demand: &Demand<'_>) -> Option<Vec<(u64, u64)>> {
        Some(match demand {
            Demand::OneOf(values) => {
                let mut ranges = Vec::with_capacity(values.len());
                for value in values {
                    ranges.extend(self.key(value)?.map(|key| (key, key)));
                }
                ranges.sort_unstable();
                ranges.dedup();
                ranges
            }
            Demand::Range(low, high) => {
                let low = match low {
                    Some(low) => self.bound(low)?,
                    None => 0,
                };
                let high = match high {
                    Some(high) => self.bound(high)?,
                    None => u64::MAX,
                };
                vec![(low, high)]
            }
            Demand::Prefix(start) => {
                if self.kind != FieldType::Text {
                    return None;
                }
                let (start, common) = (start.as_bytes(), &*self.common);
                match start.strip_prefix(common) {
                    Some(rest) => vec![(text_key(rest, 0), text_key(rest, u8::MAX))],
                    None if common.starts_with(start) => vec![(0, u64::MAX)],
                    None => Vec::new(),
                }
            }
        })
    }

    /// How many features may fulfil a demand.
    pub fn count(&self, demand: &Demand<'_>) -> Option<usize> {
        let ranges = self.ranges(demand)?;
        Some(ranges.iter().map(|r| self.slice(*r).len()).sum())
    }

    /// Their positions, in no order.
    pub fn positions(&self, demand: &Demand<'_>) -> impl Iterator<Item = u64> {
        let ranges = self.ranges(demand).unwrap_or_default();
        ranges.into_iter().flat_map(|range| {
            self.slice(range).filter_map(|place| match &self.positions {
                Positions::Short(all) => all.get(place).map(|at| u64::from(*at)),
                Positions::Long(all) => all.get(place).copied(),
            })
        })
    }

    fn slice(&self, (low, high): (u64, u64)) -> std::ops::Range<usize> {
        let from = self.keys.partition_point(|key| *key < low);
        let to = self.keys.partition_point(|key| *key <= high);
        from..to.max(from)
    }

    /// The key that features of that value have; `Some(None)` where none can have it, `None`
    /// where the index can't tell.
    fn key(&self, value: &Literal) -> Option<Option<u64>> {
        match (value, self.kind) {
            (Literal::Text(text), FieldType::Text) => {
                let rest = text.as_bytes().strip_prefix(&*self.common);
                Some(rest.map(|rest| text_key(rest, 0)))
            }
            _ => self.bound(value).map(Some),
        }
    }

    /// A key that no smaller value is above and no greater one below.
    fn bound(&self, value: &Literal) -> Option<u64> {
        match (value, self.kind) {
            (Literal::Text(text), FieldType::Text) => {
                let (text, common) = (text.as_bytes(), &*self.common);
                Some(match text.strip_prefix(common) {
                    Some(rest) => text_key(rest, 0),
                    None if text < common => 0,
                    None => u64::MAX,
                })
            }
            (Literal::Number(n), kind) if kind.is_number() => number_key(*n),
            // the literals of XML have no type
            (Literal::Text(text), kind) if kind.is_number() => {
                text.trim().parse().ok().and_then(number_key)
            }
            (Literal::Bool(b), FieldType::Bool) => Some(u64::from(*b)),
            _ => None,
        }
    }
}

fn key_of_value(value: Value<'_>, common: &[u8]) -> Option<u64> {
    match value {
        Value::Bool(b) => Some(u64::from(b)),
        Value::Int(i) => number_key(i as f64),
        Value::UInt(u) => number_key(u as f64),
        Value::Float(f) => number_key(f),
        Value::Text(text) => {
            let rest = text.as_bytes().strip_prefix(common)?;
            Some(text_key(rest, 0))
        }
        _ => None,
    }
}

/// Eight bytes that sort as the numbers do; numbers too close for a double share one.
fn number_key(number: f64) -> Option<u64> {
    if number.is_nan() {
        return None;
    }
    let bits = (number + 0.0).to_bits(); // -0 is 0
    Some(if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    })
}

/// The first eight bytes, filled up.
fn text_key(text: &[u8], fill: u8) -> u64 {
    let mut bytes = [fill; 8];
    for (to, from) in bytes.iter_mut().zip(text) {
        *to = *from;
    }
    u64::from_be_bytes(bytes)
}

/// What all texts of a column begin with.
fn common_start(store: &dyn FeatureStore, column: usize, budget: &Budget) -> Result<Vec<u8>> {
    let mut common: Option<Vec<u8>> = None;
    store.select(&Select::default(), budget, &mut |feature| {
        let Value::Text(text) = feature.value(column) else {
            return Ok(ControlFlow::Continue(()));
        };
        match &mut common {
            None => common = Some(text.as_bytes().to_vec()),
            Some(common) => {
                let same = common
                    .iter()
                    .zip(text.as_bytes())
                    .take_while(|(a, b)| a == b);
                let length = same.count();
                common.truncate(length);
            }
        }
        Ok(match common.as_ref().is_some_and(Vec::is_empty) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    })?;
    Ok(common.unwrap_or_default())
}

/// The indexes that were built, each when it was first needed; those of data that are no longer
/// served go with them.
#[derive(Debug, Default)]
pub struct AttributeIndexes(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    store: Weak<dyn FeatureStore>,
    column: usize,
    index: Slot,
}

/// Filled by whoever locks it first; the others wait for that.
type Slot = Arc<Mutex<Option<Arc<AttributeIndex>>>>;

impl AttributeIndexes {
    /// The index of a layer's column. The first who asks builds it, in a second for some million
    /// features.
    ///
    /// # Errors
    /// What the store says, and the budget: the next one who asks tries again.
    pub fn get(
        &self,
        layer: &Layer,
        column: usize,
        budget: &Budget,
    ) -> Result<Arc<AttributeIndex>> {
        let slot = self.slot(layer, column);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = &*slot {
            return Ok(Arc::clone(index));
        }
        let schema = layer.store.schema();
        let kind = schema
            .fields
            .get(column)
            .map_or(FieldType::Text, |f| f.kind);
        let index = AttributeIndex::build(&*layer.store, column, kind, budget)?;
        Ok(Arc::clone(slot.insert(Arc::new(index))))
    }

    fn slot(&self, layer: &Layer, column: usize) -> Slot {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|e| e.store.strong_count() > 0);
        let is_own = |store: &Weak<dyn FeatureStore>| {
            let store = store.upgrade();
            store.is_some_and(|store| Arc::ptr_eq(&store, &layer.store))
        };
        let known = entries
            .iter()
            .find(|e| e.column == column && is_own(&e.store));
        if let Some(known) = known {
            return Arc::clone(&known.index);
        }
        let index = Slot::default();
        entries.push(Entry {
            store: Arc::downgrade(&layer.store),
            column,
            index: Arc::clone(&index),
        });
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::{Field, OwnedValue, Schema};
    use crate::store::{MemoryStore, memory::MemoryFeature};
    use proptest::prelude::*;

    fn store(kind: FieldType, values: &[OwnedValue]) -> MemoryStore {
        let schema = Schema {
            fields: vec![Field {
                name: "v".into(),
                kind,
                title: None,
                description: None,
                nullable: true,
            }],
            ..Schema::default()
        };
        let features = values.iter().map(|value| MemoryFeature {
            geometry: None,
            values: vec![value.clone()],
        });
        MemoryStore::new(schema, None, features.collect())
    }

    fn found(index: &AttributeIndex, demand: &Demand<'_>) -> Vec<u64> {
        let mut found: Vec<u64> = index.positions(demand).collect();
        assert_eq!(index.count(demand), Some(found.len()));
        found.sort_unstable();
        found
    }

    #[test]
    fn short_codes_are_found_exactly() {
        let codes = ["01001", "01906", "69123", "01"].map(|c| OwnedValue::Text(c.into()));
        let store = store(FieldType::Text, &codes);
        let index =
            AttributeIndex::build(&store, 0, FieldType::Text, &Budget::unlimited()).unwrap();
        let code = |c: &str| Literal::Text(c.into());
        assert_eq!(found(&index, &Demand::OneOf(vec![&code("01906")])), [1]);
        assert_eq!(found(&index, &Demand::OneOf(vec![&code("7")])), [0; 0]);
        assert_eq!(found(&index, &Demand::Prefix("01")), [0, 1, 3]);
    }

    proptest! {
        #[test]
        fn nothing_that_fulfils_a_demand_is_missed(
            texts in proptest::collection::vec("(prefixe_)?[a-cé]{0,12}", 0..40),
            numbers in proptest::collection::vec(prop_oneof![-5i64..5, any::<i64>()], 0..40),
            text in "(prefixe_)?[a-cé]{0,12}",
            number in prop_oneof![-5i64..5, any::<i64>()],
        ) {
            let unlimited = Budget::unlimited();
            let values: Vec<_> = texts.iter().map(|t| OwnedValue::Text(t.clone())).collect();
            let index = AttributeIndex::build(
                &store(FieldType::Text, &values), 0, FieldType::Text, &unlimited).unwrap();
            let literal = Literal::Text(text.clone());
            for (demand, fulfils) in [
                (Demand::OneOf(vec![&literal]), (|a, b| a == b) as fn(&str, &str) -> bool),
                (Demand::Range(Some(&literal), None), |a, b| a >= b),
                (Demand::Range(None, Some(&literal)), |a, b| a <= b),
                (Demand::Prefix(&text), |a, b| a.starts_with(b)),
            ] {
                let found = found(&index, &demand);
                for (position, value) in texts.iter().enumerate() {
                    if fulfils(value, &text) {
                        prop_assert!(found.contains(&(position as u64)), "{demand:?} {value}");
                    }
                }
            }
            let values: Vec<_> = numbers.iter().map(|n| OwnedValue::Int(*n)).collect();
            let index = AttributeIndex::build(
                &store(FieldType::Long, &values), 0, FieldType::Long, &unlimited).unwrap();
            let literal = Literal::Number(number as f64);
            for (demand, fulfils) in [
                (Demand::OneOf(vec![&literal]), (|a, b| a == b) as fn(f64, f64) -> bool),
                (Demand::Range(Some(&literal), None), |a, b| a >= b),
                (Demand::Range(None, Some(&literal)), |a, b| a <= b),
            ] {
                let found = found(&index, &demand);
                for (position, value) in numbers.iter().enumerate() {
                    if fulfils(*value as f64, number as f64) {
                        prop_assert!(found.contains(&(position as u64)), "{demand:?} {value}");
                    }
                }
            }
        }
    }
}
