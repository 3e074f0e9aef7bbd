use std::collections::HashSet;

use super::TILE_LAYERS;
use crate::encode::protobuf::{BYTES, Fields, put_bytes_header};

/// Layer: name = 1.
const LAYER_NAME: u32 = 1;

/// Appends the layers of another tile, as they are but for their names: a tile has one layer of
/// a name (§4.1), so that one whose name is `taken` is called otherwise, by [`joined_name`]. The
/// names become taken.
///
/// # Errors
/// In words, where the other tile is damaged.
pub fn join(
    out: &mut Vec<u8>,
    tile: &[u8],
    prefix: &str,
    taken: &mut HashSet<String>,
) -> Result<(), String> {
    let mut names = Vec::new();
    let mut fields = Fields::new(tile);
    while let Some(field) = fields.next()? {
        if field.number != TILE_LAYERS || field.wire_type != BYTES {
            continue;
        }
        let name = name_of(field.content)?;
        if taken.contains(name) {
            let name = joined_name(name, prefix, taken);
            let layer = renamed(field.content, &name)?;
            put_bytes_header(out, TILE_LAYERS, layer.len());
            out.extend_from_slice(&layer);
        } else {
            out.extend_from_slice(field.whole);
        }
        names.push(name.to_owned());
    }
    taken.extend(names);
    Ok(())
}

/// What a layer is called beside those whose names are taken.
pub fn joined_name(name: &str, prefix: &str, taken: &HashSet<String>) -> String {
    match taken.contains(name) {
        true => format!("{prefix}:{name}"),
        false => name.to_owned(),
    }
}

fn name_of(layer: &[u8]) -> Result<&str, String> {
    let mut name = None;
    let mut fields = Fields::new(layer);
    while let Some(field) = fields.next()? {
        if field.number == LAYER_NAME && field.wire_type == BYTES {
            name = Some(field.content);
        }
    }
    name.and_then(|name| std::str::from_utf8(name).ok())
        .ok_or_else(|| "a layer of the tile has no name".to_owned())
}

fn renamed(layer: &[u8], name: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(layer.len().saturating_add(name.len()));
    put_bytes_header(&mut out, LAYER_NAME, name.len());
    out.extend_from_slice(name.as_bytes());
    let mut fields = Fields::new(layer);
    while let Some(field) = fields.next()? {
        if field.number != LAYER_NAME {
            out.extend_from_slice(field.whole);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A tile of layers with a version and an extent.
    fn tile(names: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        for name in names {
            let mut layer = vec![0x78, 2, 0x0a, name.len() as u8];
            layer.extend_from_slice(name.as_bytes());
            layer.extend_from_slice(&[0x28, 0x80, 0x20]);
            put_bytes_header(&mut out, TILE_LAYERS, layer.len());
            out.extend_from_slice(&layer);
        }
        out
    }

    fn names(tile: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        let mut fields = Fields::new(tile);
        while let Some(field) = fields.next().unwrap() {
            found.push(name_of(field.content).unwrap().to_owned());
        }
        found
    }

    #[test]
    fn layers_of_another_tile_keep_their_bytes_but_for_a_name_that_is_taken() {
        let mut out = tile(&["communes"]);
        let mut taken = HashSet::from(["communes".to_owned()]);
        join(&mut out, &tile(&["eau"]), "fond", &mut taken).unwrap();
        assert_eq!(out, tile(&["communes", "eau"]));
        join(&mut out, &tile(&["communes", "bois"]), "fond", &mut taken).unwrap();
        assert_eq!(names(&out), ["communes", "eau", "fond:communes", "bois"]);
        assert!(out.ends_with(&tile(&["bois"])));
        assert!(taken.contains("bois"));
    }

    #[test]
    fn a_damaged_tile_is_an_error() {
        let whole = tile(&["eau"]);
        for end in 1..whole.len() {
            let cut = whole.get(..end).unwrap();
            assert!(
                join(&mut Vec::new(), cut, "a", &mut HashSet::new()).is_err(),
                "{end}"
            );
        }
        let nameless = [0x1a, 2, 0x78, 2];
        let error = join(&mut Vec::new(), &nameless, "a", &mut HashSet::new());
        assert_eq!(error, Err("a layer of the tile has no name".to_owned()));
    }

    proptest! {
        #[test]
        fn any_bytes_join_or_fail(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _never_a_panic = join(&mut Vec::new(), &bytes, "a", &mut HashSet::new());
        }
    }
}
