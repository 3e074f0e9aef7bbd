//! The values of a feature as FlatGeobuf writes them: column by column, those that are there.

use crate::feature::{FieldType, Value};

/// Appends a value of column number `column`, whose field is of `kind`, to a feature's property
/// bytes. A value that the column can't hold is null, as is null.
pub fn push_value(properties: &mut Vec<u8>, column: u16, kind: FieldType, value: Value<'_>) {
    let start = properties.len();
    properties.extend(column.to_le_bytes());
    let whole = match value {
        Value::Int(i) => Some(i),
        Value::UInt(u) => i64::try_from(u).ok(),
        Value::Bool(b) => Some(b.into()),
        _ => None,
    };
    let held = match (kind, value) {
        (FieldType::Bool, Value::Bool(b)) => {
            properties.push(b.into());
            true
        }
        (FieldType::Integer, _) => match whole.and_then(|i| i32::try_from(i).ok()) {
            Some(i) => extend(properties, &i.to_le_bytes()),
            None => false,
        },
        (FieldType::Long, _) => whole.is_some_and(|i| extend(properties, &i.to_le_bytes())),
        (FieldType::Float, _) => value
            .as_f64()
            .is_some_and(|f| extend(properties, &f.to_le_bytes())),
        (FieldType::Text, Value::Text(text))
        | (FieldType::Date | FieldType::DateTime, Value::DateTime(text))
        | (FieldType::Json, Value::Json(text)) => extend_sized(properties, text.as_bytes()),
        (FieldType::Binary, Value::Binary(bytes)) => extend_sized(properties, bytes),
        _ => false,
    };
    if !held {
        properties.truncate(start);
    }
}

fn extend(properties: &mut Vec<u8>, bytes: &[u8]) -> bool {
    properties.extend_from_slice(bytes);
    true
}

fn extend_sized(properties: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let Ok(size) = u32::try_from(bytes.len()) else {
        return false;
    };
    properties.extend(size.to_le_bytes());
    extend(properties, bytes)
}
