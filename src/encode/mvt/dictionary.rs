//! The values of a layer, each stored once, as the tile has them (Tile.Value, 2.1 §4.4).

use crate::encode::protobuf::{
    BYTES, FIXED_32, FIXED_64, VARINT, put_bytes_header, put_key, put_varint,
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
///
/// Most values of a large tile are new, and to find that out in a table of megabytes is to wait
/// for memory. A filter of one bit a hash, small enough for the processor's cache, tells of
/// nearly all of them that they are new; what is written into the table then waits for nothing.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// Encoded values, one after another.
    bytes: Vec<u8>,
    /// Where each value ends in `bytes`.
    ends: Vec<u32>,
    /// By the low bits of the hash, the number of the last value that has them.
    heads: Vec<u32>,
    /// For each value its hash, and the number of the value before it with the same low bits.
    links: Vec<(u32, u32)>,
    /// By other bits of the hash, a bit where some value has them.
    filter: Vec<u64>,
    /// By the low bits of the hash, hash and number of a value that was met again: what many
    /// features have is found here, however many values only one of them has.
    repeated: Vec<(u32, u32)>,
    /// Bytes of all values as fields of a layer.
    fields_length: usize,
}

/// Values that are met again and again: 8 kB stay in the processor's nearest cache.
const REPEATED: usize = 1024;
/// No value.
const EMPTY: u32 = u32::MAX;
const FIRST_HEADS: usize = 256;
/// Heads for a word of the filter: eight bits a value, of which one in eight is set at most.
const HEADS_A_WORD: usize = 8;

impl Dictionary {
    /// The number of a value; `None` for null and for bytes, which tiles do not have.
    pub fn number(&mut self, value: Value<'_>) -> Option<u32> {
        let start = self.bytes.len();
        // what a u32 can't count is never reached: features are thinned long before
        if start > EMPTY as usize / 2 {
            return None;
        }
        put_value(&mut self.bytes, value)?;
        if self.links.len() >= self.heads.len() {
            self.grow();
        }
        let new = self.bytes.get(start..)?;
        let hash = hash(new);
        let place = hash as usize & (REPEATED - 1);
        if let Some((known, number)) = self.repeated.get(place)
            && *known == hash
            && self.encoded(*number) == Some(new)
        {
            let number = *number;
            self.bytes.truncate(start);
            return Some(number);
        }
        if self.may_have(hash) {
            let mut at = *self.heads.get(hash as usize & (self.heads.len() - 1))?;
            while let Some((known, before)) = self.links.get(at as usize) {
                if *known == hash && self.encoded(at) == Some(new) {
                    self.bytes.truncate(start);
                    if let Some(place) = self.repeated.get_mut(place) {
                        *place = (hash, at);
                    }
                    return Some(at);
                }
                at = *before;
            }
        }
        self.fields_length += super::field_length(new.len());
        self.ends.push(self.bytes.len() as u32);
        Some(self.link(hash))
    }

    /// False where no value has that hash.
    #[inline(always)]
    fn may_have(&self, hash: u32) -> bool {
        let word = (hash >> 6) as usize & (self.filter.len() - 1);
        self.filter
            .get(word)
            .is_none_or(|word| word >> (hash & 63) & 1 == 1)
    }

    /// Makes the next number findable by its hash.
    #[inline(always)]
    fn link(&mut self, hash: u32) -> u32 {
        let number = self.links.len() as u32;
        let (heads, words) = (self.heads.len(), self.filter.len());
        let mut before = EMPTY;
        if let Some(head) = self.heads.get_mut(hash as usize & (heads - 1)) {
            before = std::mem::replace(head, number);
        }
        if let Some(word) = self.filter.get_mut((hash >> 6) as usize & (words - 1)) {
            *word |= 1 << (hash & 63);
        }
        self.links.push((hash, before));
        number
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
        kept.reserve(kept.len());
        for number in 0..kept.len() as u32 {
            let hash = kept.encoded(number).map_or(0, hash);
            kept.link(hash);
        }
        *self = kept;
        numbers
    }

    /// Twice the heads; the hashes are kept.
    fn grow(&mut self) {
        let links = std::mem::take(&mut self.links);
        self.reserve(links.len() + 1);
        self.links.reserve(links.len() * 2);
        for (hash, _) in links {
            self.link(hash);
        }
    }

    /// Empty heads and an empty filter for that many values.
    fn reserve(&mut self, values: usize) {
        let heads = values.next_power_of_two().max(FIRST_HEADS);
        self.heads = vec![EMPTY; heads];
        self.filter = vec![0; heads / HEADS_A_WORD];
        self.repeated.resize(REPEATED, (0, EMPTY));
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
            if text.len() < 0x80 {
                out.extend_from_slice(&[(STRING << 3 | BYTES) as u8, text.len() as u8]);
            } else {
                put_bytes_header(out, STRING, text.len());
            }
            out.extend_from_slice(text.as_bytes());
        }
    }
    Some(())
}

/// Multiplication of eight bytes at a time, both halves folded: good enough that values rarely
/// meet, and quicker than to compare them. The last bytes overlap the ones before, so that there
/// is no loop over single bytes.
fn hash(bytes: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(FACTOR);
        (product as u64) ^ ((product >> 64) as u64)
    };
    let (words, _) = bytes.as_chunks::<8>();
    let mut hash = words
        .iter()
        .fold(bytes.len() as u64 ^ FACTOR, |hash, word| {
            fold(hash, u64::from_le_bytes(*word))
        });
    let last = match (
        bytes.last_chunk::<8>(),
        bytes.first_chunk::<4>(),
        bytes.last_chunk::<4>(),
    ) {
        (Some(last), ..) => u64::from_le_bytes(*last),
        (_, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
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
