//! Columns of ids and attributes: where some features have none, a stream of bits says which have.

use std::collections::HashMap;

use super::Column;
use super::read::{ReadLayer, ReadValue};
use super::stream::{Role, put_bits, put_bytes, put_numbers, put_signed};
use crate::encode::protobuf::{put_varint, varint_length};

/// The numbers of columns in which each feature has a value; one more where not.
const ID_32: u8 = 0;
const ID_64: u8 = 2;
const BOOL: u8 = 10;
const I32: u8 = 16;
const U32: u8 = 18;
const I64: u8 = 20;
const U64: u8 = 22;
const F32: u8 = 24;
const F64: u8 = 26;
const TEXT: u8 = 28;

/// The column of ids; none where no feature has one.
pub(super) fn ids<'a>(layer: &ReadLayer<'_>) -> Option<Column<'a>> {
    let present: Vec<bool> = layer.features.iter().map(|f| f.id.is_some()).collect();
    let ids: Vec<u64> = layer.features.iter().filter_map(|f| f.id).collect();
    let greatest = ids.iter().max()?;
    let kind = match u32::try_from(*greatest) {
        Ok(_) => ID_32,
        Err(_) => ID_64,
    };
    let mut streams = Vec::new();
    let kind = kind + put_presence(&mut streams, &present);
    put_numbers(&mut streams, Role::Data, &ids);
    Some(Column {
        kind,
        name: None,
        streams,
    })
}

/// A column for each key that a feature has, in the order of the keys.
pub(super) fn attributes<'a>(layer: &ReadLayer<'a>) -> Vec<Column<'a>> {
    let mut values: Vec<Vec<Option<ReadValue<'a>>>> = vec![Vec::new(); layer.keys.len()];
    for (place, feature) in layer.features.iter().enumerate() {
        for (key, value) in &feature.attributes {
            if let (Some(column), Some(value)) = (values.get_mut(*key), layer.values.get(*value)) {
                column.resize(place, None);
                column.push(Some(*value));
            }
        }
    }
    let columns = layer.keys.iter().zip(values);
    columns
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, mut values)| {
            values.resize(layer.features.len(), None);
            attribute(name, &values)
        })
        .collect()
}

fn attribute<'a>(name: &'a str, values: &[Option<ReadValue<'_>>]) -> Column<'a> {
    let present: Vec<bool> = values.iter().map(Option::is_some).collect();
    let values: Vec<ReadValue<'_>> = values.iter().flatten().copied().collect();
    let mut streams = Vec::new();
    let is_text = !matches!(Type::of(&values), Some(kind) if kind != Type::Text);
    if is_text {
        let is_optional = present.contains(&false);
        let texts: Vec<_> = values.iter().map(ReadValue::text).collect();
        put_varint(&mut streams, texts_streams(&texts) + u64::from(is_optional));
    }
    let optional = put_presence(&mut streams, &present);
    let kind = match Type::of(&values) {
        Some(Type::Bool) => {
            let bits: Vec<bool> = values.iter().map(|v| *v == ReadValue::Bool(true)).collect();
            put_bits(&mut streams, Role::Data, &bits);
            BOOL
        }
        Some(Type::Integer) => put_integers(&mut streams, &values),
        Some(Type::Float) => {
            let bytes = values
                .iter()
                .flat_map(|v| (v.number() as f32).to_le_bytes());
            put_bytes(
                &mut streams,
                Role::Data,
                values.len(),
                &bytes.collect::<Vec<u8>>(),
            );
            F32
        }
        Some(Type::Double) => {
            let bytes = values.iter().flat_map(|v| v.number().to_le_bytes());
            put_bytes(
                &mut streams,
                Role::Data,
                values.len(),
                &bytes.collect::<Vec<u8>>(),
            );
            F64
        }
        Some(Type::Text) | None => {
            let texts: Vec<_> = values.iter().map(ReadValue::text).collect();
            put_texts(&mut streams, &texts);
            TEXT
        }
    };
    Column {
        kind: kind + optional,
        name: Some(name),
        streams,
    }
}

/// What all values of a column can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Bool,
    Integer,
    Float,
    Double,
    Text,
}

impl Type {
    fn of(values: &[ReadValue<'_>]) -> Option<Type> {
        let kinds = values.iter().map(|value| match value {
            ReadValue::Bool(_) => Type::Bool,
            ReadValue::Signed(_) | ReadValue::Unsigned(_) => Type::Integer,
            ReadValue::Float(_) => Type::Float,
            ReadValue::Double(_) => Type::Double,
            ReadValue::Text(_) => Type::Text,
        });
        kinds.reduce(|a, b| match (a, b) {
            _ if a == b => a,
            (Type::Bool | Type::Text, _) | (_, Type::Bool | Type::Text) => Type::Text,
            _ => Type::Double,
        })
    }
}

/// The narrowest column that has room for all.
fn put_integers(out: &mut Vec<u8>, values: &[ReadValue<'_>]) -> u8 {
    let wide = |value: &ReadValue<'_>| match value {
        ReadValue::Signed(number) => i128::from(*number),
        ReadValue::Unsigned(number) => i128::from(*number),
        _ => 0,
    };
    let (mut least, mut greatest) = (0, 0);
    for value in values {
        (least, greatest) = (wide(value).min(least), wide(value).max(greatest));
    }
    if least >= 0 {
        let numbers: Vec<u64> = values.iter().map(|value| wide(value) as u64).collect();
        put_numbers(out, Role::Data, &numbers);
        return match greatest <= i128::from(u32::MAX) {
            true => U32,
            false => U64,
        };
    }
    // beyond 64 bits with a sign there is no column for both: the tile's own types have none
    let signed = |value: &ReadValue<'_>| i64::try_from(wide(value)).unwrap_or(i64::MAX);
    let numbers: Vec<i64> = values.iter().map(signed).collect();
    put_signed(out, Role::Data, &numbers);
    match least >= i128::from(i32::MIN) && greatest <= i128::from(i32::MAX) {
        true => I32,
        false => I64,
    }
}

/// Which features have a value, where not all have: 1 then, to be added to the column's kind.
fn put_presence(out: &mut Vec<u8>, present: &[bool]) -> u8 {
    if !present.contains(&false) {
        return 0;
    }
    put_bits(out, Role::Present, present);
    1
}

/// How many streams texts take.
fn texts_streams<T: AsRef<str>>(texts: &[T]) -> u64 {
    match Dictionary::of(texts).is_shorter(texts) {
        true => 3,
        false => 2,
    }
}

/// Texts one after another, or each different one once and where each value is among them.
fn put_texts<T: AsRef<str>>(out: &mut Vec<u8>, texts: &[T]) {
    let dictionary = Dictionary::of(texts);
    if dictionary.is_shorter(texts) {
        put_numbers(out, Role::DictionaryLengths, &lengths(&dictionary.texts));
        put_numbers(out, Role::TextOffsets, &dictionary.places);
        let bytes = dictionary.texts.concat();
        put_bytes(
            out,
            Role::Dictionary,
            dictionary.texts.len(),
            bytes.as_bytes(),
        );
    } else {
        put_numbers(out, Role::TextLengths, &lengths(texts));
        let bytes: String = texts.iter().map(AsRef::as_ref).collect();
        put_bytes(out, Role::Data, texts.len(), bytes.as_bytes());
    }
}

fn lengths<T: AsRef<str>>(texts: &[T]) -> Vec<u64> {
    texts
        .iter()
        .map(|text| text.as_ref().len() as u64)
        .collect()
}

/// Texts each once, in the order of their first use.
struct Dictionary<'a> {
    texts: Vec<&'a str>,
    /// Of each value.
    places: Vec<u64>,
}

impl<'a> Dictionary<'a> {
    fn of<T: AsRef<str>>(values: &'a [T]) -> Dictionary<'a> {
        let mut texts = Vec::new();
        let mut known: HashMap<&str, u64> = HashMap::new();
        let mut place = |text: &'a str| {
            *known.entry(text).or_insert_with(|| {
                texts.push(text);
                (texts.len() - 1) as u64
            })
        };
        let places = values.iter().map(|text| place(text.as_ref())).collect();
        Dictionary { texts, places }
    }

    /// Whether it takes fewer bytes than the texts one after another.
    fn is_shorter<T: AsRef<str>>(&self, values: &[T]) -> bool {
        let bytes = |text: &str| text.len() + varint_length(text.len() as u64);
        let plain: usize = values.iter().map(|text| bytes(text.as_ref())).sum();
        let own: usize = self.texts.iter().map(|text| bytes(text)).sum();
        let places: usize = self.places.iter().map(|place| varint_length(*place)).sum();
        // a stream has a head
        own + places + 6 < plain
    }
}
