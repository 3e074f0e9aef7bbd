use crate::catalogue::{Layer, LayerField};
use crate::error::{Error, Result, nearest};
use crate::feature::FieldType;
use crate::operation::features::SortKey;

/// More keys than that sort nothing further.
const MAX_KEYS: usize = 16;

/// The fields that have an order, and a name that `sortby` can say.
pub fn sortables(layer: &Layer) -> impl Iterator<Item = &LayerField> {
    let fields = layer.fields.iter();
    fields.filter(|field| {
        !matches!(field.kind, FieldType::Binary | FieldType::Json) && can_be_said(&field.name)
    })
}

/// False for what would be read as several names, as another one, or as none.
fn can_be_said(name: &str) -> bool {
    let is_another = name.starts_with(['+', '-']) || name.trim() != name;
    !name.is_empty() && !is_another && !name.contains(',')
}

/// Reads `sortby=+a,-b`: names of fields, the first decides; `-` is from the greatest down.
///
/// # Errors
/// `InvalidParameter` for a field that is not there or has no order, and for too many.
pub fn sort(text: &str, layer: &Layer) -> Result<Vec<SortKey>> {
    let mut keys = Vec::new();
    for item in text.split(',') {
        // in a query string a plus sign is a space
        let item = item.trim();
        let (name, is_descending) = match item.strip_prefix('-') {
            Some(name) => (name, true),
            None => (item.strip_prefix('+').unwrap_or(item), false),
        };
        let Some(field) = sortables(layer).find(|field| field.name == name) else {
            let near = nearest(name, sortables(layer).map(|field| field.name.as_str()));
            let meant = near.map_or(String::new(), |near| format!(", did you mean {near:?}?"));
            let found: String = name.chars().take(80).collect();
            let message = format!("expected a field of the sortables, found {found:?}{meant}");
            return Err(Error::parameter("sortby", message));
        };
        if keys.len() == MAX_KEYS {
            let message = format!("expected at most {MAX_KEYS} fields, found more");
            return Err(Error::parameter("sortby", message));
        }
        keys.push(SortKey {
            column: field.column,
            is_descending,
        });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_sortby_can_t_say_is_no_sortable() {
        for name in ["", "a,b", "-a", "+a", " a", "a "] {
            assert!(!can_be_said(name), "{name:?}");
        }
        for name in ["a", "code insee", "a-b", "é<&>", "l'\"a\""] {
            assert!(can_be_said(name), "{name:?}");
        }
    }
}
