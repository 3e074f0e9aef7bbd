//! The values of a layer, each stored once, as the tile has them (Tile.Value, 2.1 §4.4).

use super::protobuf::{
    FIXED_32, FIXED_64, VARINT, put_bytes_header, put_key, put_varint, varint_length,
};
use crate::feature::Value;

/// Tile.Value: the kinds that are written.
const STRING: u32 = 1;
const FLOAT: u32 = 2;
const DOUBLE: u32 = 3;
const UINT: u32 = 5;
const SINT: u32 = 6;
const BOOL: u32 = 7;

/// The values so far. A new one is encoded at the end of the bytes, looked for by its hash, and
/// taken back where it is known: no value is copied twice or owned.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// Encoded values, one after another.
    bytes: Vec<u8>,
    /// Where each value ends in `bytes`.
    ends: Vec<u32>,
    /// Open addressing: hash and number of a value, `EMPTY` where there is none.
    slots: Vec<(u32, u32)>,
    /// Bytes of all values as fields of a layer.
    fields_length: usize,
}

const EMPTY: u32 = u32::MAX;
const FIRST_SLOTS: usize = 256;

impl Dictionary {
    /// The number of a value; `None` for null and for bytes, which tiles do not have.
    pub fn number(&mut self, value: Value<'_>) -> Option<u32> {
        let start = self.bytes.len();
        // what a u32 can't count is never reached: features are thinned long before
        if start > EMPTY as usize / 2 {
            return None;
        }
        put_value(&mut self.bytes, value)?;
        if self.ends.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let new = self.bytes.get(start..)?;
        let hash = hash(new);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots.get(at).copied()?;
            if slot.1 == EMPTY {
                break;
            }
            if slot.0 == hash && self.encoded(slot.1) == Some(new) {
                self.bytes.truncate(start);
                return Some(slot.1);
            }
            at = (at + 1) & mask;
        }
        let number = self.ends.len() as u32;
        *self.slots.get_mut(at)? = (hash, number);
        self.ends.push(self.bytes.len() as u32);
        self.fields_length += super::field_length(self.bytes.len() - start);
        Some(number)
    }

    /// A value as the tile has it.
    pub fn encoded(&self, number: u32) -> Option<&[u8]> {
        let number = number as usize;
        let start = match number {
            0 => 0,
            n => *self.ends.get(n - 1)? as usize,
        };
        self.bytes.get(start..*self.ends.get(number)? as usize)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Every value, in the order of the numbers.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u32).filter_map(|number| self.encoded(number))
    }

    /// Bytes of all values as fields of a layer.
    pub fn fields_length(&self) -> usize {
        self.fields_length
    }

    /// Keeps the values that `keep` names, in their order; gives the new number of each old one.
    pub fn retain(&mut self, keep: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut kept = Dictionary::default();
        let mut numbers = Vec::with_capacity(self.len());
        for (number, value) in (0..).zip(self.iter()) {
            if keep(number) {
                numbers.push(kept.len() as u32);
                kept.bytes.extend_from_slice(value);
                kept.ends.push(kept.bytes.len() as u32);
                kept.fields_length += super::field_length(value.len());
            } else {
                numbers.push(EMPTY);
            }
        }
        kept.slots = vec![(0, EMPTY); (kept.len() * 4).next_power_of_two().max(FIRST_SLOTS)];
        kept.index();
        *self = kept;
        numbers
    }

    fn grow(&mut self) {
        self.slots = vec![(0, EMPTY); (self.slots.len() * 2).max(FIRST_SLOTS)];
        self.index();
    }

    /// Puts every value into the empty slots.
    fn index(&mut self) {
        let mask = self.slots.len() - 1;
        for number in 0..self.ends.len() as u32 {
            let hash = self.encoded(number).map_or(0, hash);
            let mut at = hash as usize & mask;
            while self.slots.get(at).is_some_and(|slot| slot.1 != EMPTY) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = (hash, number);
            }
        }
    }
}

/// Appends a Tile.Value; `None` where tiles have no such value.
fn put_value(out: &mut Vec<u8>, value: Value<'_>) -> Option<()> {
    match value {
        Value::Null | Value::Binary(_) => return None,
        Value::Bool(b) => {
            put_key(out, BOOL, VARINT);
            out.push(u8::from(b));
        }
        // the shortest form that all readers take for the same number
        Value::Int(i) if i < 0 => {
            put_key(out, SINT, VARINT);
            put_varint(out, ((i << 1) ^ (i >> 63)) as u64);
        }
        Value::Int(i) => {
            put_key(out, UINT, VARINT);
            put_varint(out, i as u64);
        }
        Value::UInt(u) => {
            put_key(out, UINT, VARINT);
            put_varint(out, u);
        }
        Value::Float(f) => {
            let short = f as f32;
            if f64::from(short).to_bits() == f.to_bits() {
                put_key(out, FLOAT, FIXED_32);
                out.extend_from_slice(&short.to_le_bytes());
            } else {
                put_key(out, DOUBLE, FIXED_64);
                out.extend_from_slice(&f.to_le_bytes());
            }
        }
        Value::Text(text) | Value::DateTime(text) | Value::Json(text) => {
            out.reserve(text.len() + 1 + varint_length(text.len() as u64));
            put_bytes_header(out, STRING, text.len());
            out.extend_from_slice(text.as_bytes());
        }
    }
    Some(())
}

/// Multiplication of eight bytes at a time, both halves folded: good enough that values rarely
/// meet, and quicker than to compare them.
fn hash(bytes: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(FACTOR);
        (product as u64) ^ ((product >> 64) as u64)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = words
        .iter()
        .fold(bytes.len() as u64 ^ FACTOR, |hash, word| {
            fold(hash, u64::from_le_bytes(*word))
        });
    let last = rest
        .iter()
        .fold(0u64, |word, byte| word << 8 | u64::from(*byte));
    hash = fold(hash, last);
    (hash ^ (hash >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn numbers_take_their_shortest_form() {
        let encoded = |value| {
            let mut out = Vec::new();
            put_value(&mut out, value).map(|()| out)
        };
        assert_eq!(encoded(Value::Int(5)), Some(vec![0x28, 5]));
        assert_eq!(encoded(Value::UInt(5)), Some(vec![0x28, 5]));
        assert_eq!(encoded(Value::Int(-3)), Some(vec![0x30, 5]));
        assert_eq!(encoded(Value::Float(0.5)).map(|v| v.len()), Some(5));
        assert_eq!(encoded(Value::Float(0.1)).map(|v| v.len()), Some(9));
        assert_eq!(encoded(Value::Float(f64::NAN)).map(|v| v.len()), Some(5));
        assert_eq!(encoded(Value::Bool(true)), Some(vec![0x38, 1]));
        assert_eq!(encoded(Value::Text("é")), Some(vec![0x0a, 2, 0xc3, 0xa9]));
        assert_eq!(encoded(Value::Null), None);
        assert_eq!(encoded(Value::Binary(b"x")), None);
    }

    #[test]
    fn ten_thousand_values_hash_without_many_meetings() {
        let mut seen = HashMap::new();
        for i in 0..10_000 {
            *seen
                .entry(hash(format!("{:05}", i).as_bytes()) & 0xffff)
                .or_insert(0) += 1;
        }
        // at random some 730 of 65536 places would be taken twice
        assert!(seen.values().filter(|n| **n > 1).count() < 900);
        assert!(seen.values().all(|n| *n < 6));
    }

    proptest! {
        #[test]
        fn every_value_is_stored_once_and_found_again(
            values in prop::collection::vec("[a-c]{0,4}", 0..2000),
            kept in 1u32..5,
        ) {
            let mut dictionary = Dictionary::default();
            let mut known: HashMap<&str, u32> = HashMap::new();
            for value in &values {
                let next = known.len() as u32;
                let expected = *known.entry(value).or_insert(next);
                prop_assert_eq!(dictionary.number(Value::Text(value)), Some(expected));
            }
            prop_assert_eq!(dictionary.len(), known.len());
            let before: Vec<Vec<u8>> = dictionary.iter().map(<[u8]>::to_vec).collect();
            let numbers = dictionary.retain(|n| n % kept == 0);
            for (old, new) in numbers.iter().enumerate() {
                if *new != EMPTY {
                    prop_assert_eq!(dictionary.encoded(*new), Some(before[old].as_slice()));
                }
            }
            for value in &values {
                let number = dictionary.number(Value::Text(value)).unwrap();
                let mut out = Vec::new();
                put_value(&mut out, Value::Text(value));
                prop_assert_eq!(dictionary.encoded(number), Some(out.as_slice()));
            }
            prop_assert_eq!(dictionary.len(), known.len());
        }
    }
}
