//! Where in a style's text something stands: JSON keeps no places once it is read.

use std::ops::Range;

/// The layers of a style as they lie in its text.
#[derive(Debug)]
pub(super) struct Places<'t> {
    text: &'t str,
    layers: Vec<Range<usize>>,
}

impl<'t> Places<'t> {
    /// Finds the layers of a text that was read as JSON: the objects of `"layers"`, those of an
    /// array, or the one that the text is.
    pub fn of(text: &'t str) -> Places<'t> {
        let mut layers = Vec::new();
        // each open bracket: where it stands, and the key it is the value of
        let mut open: Vec<(u8, usize, &str)> = Vec::new();
        let mut key = "";
        let mut at = 0;
        let bytes = text.as_bytes();
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    let end = end_of_string(bytes, at);
                    key = text.get(at.saturating_add(1)..end).unwrap_or_default();
                    at = end;
                }
                b'{' | b'[' => {
                    open.push((*byte, at, std::mem::take(&mut key)));
                }
                b'}' | b']' => {
                    let kinds: Vec<u8> = open.iter().map(|(kind, ..)| *kind).collect();
                    let names: Vec<&str> = open.iter().map(|(.., name)| *name).collect();
                    let is_layer = match (kinds.as_slice(), names.as_slice()) {
                        (b"{[{", [_, "layers", _]) | (b"[{", _) => true,
                        (b"{", _) => layers.is_empty(),
                        _ => false,
                    };
                    if let Some((_, start, _)) = open.pop()
                        && is_layer
                    {
                        layers.push(start..at);
                    }
                }
                b',' => key = "",
                _ => {}
            }
            at = at.saturating_add(1);
        }
        Places { text, layers }
    }

    /// Line and column, from 1, of the first word of a message that is a key of that layer, or of
    /// the layer itself.
    pub fn find(&self, layer: usize, message: &str) -> Option<(u32, u32)> {
        let span = self.layers.get(layer)?.clone();
        let inside = self.text.get(span.clone())?;
        let mut words = message
            .split([' ', ':', ',', '"'])
            .filter(|w| !w.is_empty());
        let key = words.find_map(|word| {
            let quoted = format!("\"{word}\"");
            let mut found = inside.match_indices(&quoted).map(|(at, _)| at);
            // a value may be the same word
            found.find(|at| {
                let after = inside.get(at.saturating_add(quoted.len())..);
                after.is_some_and(|rest| rest.trim_start().starts_with(':'))
            })
        });
        let before = self
            .text
            .get(..span.start.saturating_add(key.unwrap_or(0)))?;
        let line = before.matches('\n').count().saturating_add(1);
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count();
        Some((
            u32::try_from(line).ok()?,
            u32::try_from(column.saturating_add(1)).ok()?,
        ))
    }
}

/// Where the string that begins at a quote ends: at its other quote, or with the text.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start.saturating_add(1);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at = at.saturating_add(2),
            _ => at = at.saturating_add(1),
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_its_layer_and_a_layer_where_it_begins() {
        let text = "{\"version\": 8, \"metadata\": {\"layers\": [{}]},\n \"layers\": [\n  {\"id\": \"a\\\"}\",\n   \"paint\": {\"line-blur\": 1}},\n  {\"id\": \"b\",\n   \"paint\": {\"line-blur\": 2}}]}";
        let places = Places::of(text);
        assert_eq!(places.find(0, "line-blur is not known here"), Some((4, 14)));
        assert_eq!(places.find(1, "line-blur is not known here"), Some((6, 14)));
        assert_eq!(places.find(1, "not drawn"), Some((5, 3)));
        assert_eq!(places.find(2, "line-blur"), None);
        let array = Places::of("[{\"id\": 1},\n{\"x\": {}}]");
        assert_eq!(array.find(1, "x"), Some((2, 2)));
        let one = Places::of("{\"type\": \"fill\",\n \"paint\": {\"a\": [1]}}");
        assert_eq!(one.find(0, "a"), Some((2, 12)));
    }
}
