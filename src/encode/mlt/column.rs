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

/// Cells of a table at most, empty ones too: a tile of some kB may name each of thousands of keys in
/// one of thousands of features.
const MAX_CELLS: usize = 50_000_000;

/// A column for each key that a feature has, in the order of the keys.
///
/// # Errors
/// In words, where the table would be far larger than the tile.
pub(super) fn attributes<'a>(layer: &ReadLayer<'a>) -> Result<Vec<Column<'a>>, String> {
    let mut values: Vec<Vec<(usize, ReadValue<'a>)>> = vec![Vec::new(); layer.keys.len()];
    for (place, feature) in layer.features.iter().enumerate() {
        for (key, value) in &feature.attributes {
            if let (Some(column), Some(value)) = (values.get_mut(*key), layer.values.get(*value)) {
                column.push((place, *value));
            }
        }
    }
    let used = values.iter().filter(|column| !column.is_empty()).count();
    let rows = layer.features.len();
    if used.saturating_mul(rows) > MAX_CELLS {
        return Err(format!(
            "a layer of {used} attributes and {rows} features has more than {MAX_CELLS} cells"
        ));
    }
    let columns = layer.keys.iter().zip(&values);
    let columns = columns.filter(|(_, values)| !values.is_empty());
    Ok(columns
        .map(|(name, values)| attribute(name, values, rows))
        .collect())
}

/// A column of values and the rows they are in.
fn attribute<'a>(name: &'a str, values: &[(usize, ReadValue<'_>)], rows: usize) -> Column<'a> {
    let mut present = vec![false; rows];
    for (place, _) in values {
        if let Some(present) = present.get_mut(*place) {
            *present = true;
        }
    }
    let values: Vec<ReadValue<'_>> = values.iter().map(|(_, value)| *value).collect();
    let mut data = Vec::new();
    let mut text_streams = None;
    let kind = match Type::of(&values) {
        Some(Type::Bool) => {
            let bits: Vec<bool> = values.iter().map(|v| *v == ReadValue::Bool(true)).collect();
            put_bits(&mut data, Role::Data, &bits);
            BOOL
        }
        Some(Type::Integer) => put_integers(&mut data, &values),
        Some(Type::Float) => {
            let bytes = values.iter().map(|v| (v.number() as f32).to_le_bytes());
            put_bytes(&mut data, Role::Data, values.len(), bytes.flatten());
            F32
        }
        Some(Type::Double) => {
            let bytes = values.iter().map(|v| v.number().to_le_bytes());
            put_bytes(&mut data, Role::Data, values.len(), bytes.flatten());
            F64
        }
        Some(Type::Text) | None => {
            let texts: Vec<_> = values.iter().map(ReadValue::text).collect();
            text_streams = Some(put_texts(&mut data, &texts));
            TEXT
        }
    };
    let mut presence = Vec::new();
    let optional = put_presence(&mut presence, &present);
    let mut streams = Vec::with_capacity(presence.len() + data.len() + 1);
    // of texts alone it is not known how many streams there are
    if let Some(count) = text_streams {
        put_varint(&mut streams, count + u64::from(optional));
    }
    streams.append(&mut presence);
    streams.append(&mut data);
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

/// Texts one after another, or each different one once and where each value is among them; how
/// many streams that takes.
fn put_texts<T: AsRef<str>>(out: &mut Vec<u8>, texts: &[T]) -> u64 {
    let dictionary = Dictionary::of(texts);
    if dictionary.is_shorter(texts) {
        let Dictionary { texts, places } = dictionary;
        put_numbers(out, Role::DictionaryLengths, &lengths(&texts));
        put_numbers(out, Role::TextOffsets, &places);
        put_bytes(out, Role::Dictionary, texts.len(), texts.concat().bytes());
        return 3;
    }
    put_numbers(out, Role::TextLengths, &lengths(texts));
    let bytes = texts.iter().flat_map(|text| text.as_ref().bytes());
    put_bytes(out, Role::Data, texts.len(), bytes);
    2
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
