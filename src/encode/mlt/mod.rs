//! MapLibre Tiles, layers of tag 1 (github.com/maplibre/maplibre-tile-spec), made of Mapbox Vector
//! Tiles: what is clipped, thinned and joined there is the same here, tiles of archives too.
//!
//! A layer is a table: columns of ids, geometries and attributes, each of them streams of numbers
//! that are written plainly, as runs or as differences, whichever is shortest. Numbers are
//! varints, which compress well afterwards; there is no FastPFOR and no FSST.
//!
//! `read` a layer out of a Mapbox Vector Tile · `geometry` its geometry column · `column` those of
//! attributes · `stream` the streams of all.

mod column;
mod geometry;
mod read;
mod stream;

use self::read::ReadLayer;
use super::protobuf::{BYTES, Fields, put_varint, varint_length};

/// The media type of a tile, as the specification proposes it.
pub const MEDIA_TYPE: &str = "application/vnd.maplibre-vector-tile";

/// Tile: layers = 3, of Mapbox Vector Tiles.
const TILE_LAYERS: u32 = 3;
/// The tag of a layer that is a table.
const TABLE: u64 = 1;

/// Writes a Mapbox Vector Tile, not compressed, as a MapLibre Tile. Layers without features are
/// left out. Of an attribute whose values are of several types all are text, but numbers of
/// several types stay numbers.
///
/// # Errors
/// In words, where the tile is damaged, or made to be a table that is far larger.
pub fn from_mvt(tile: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(tile.len());
    let mut fields = Fields::new(tile);
    while let Some(field) = fields.next()? {
        if field.number == TILE_LAYERS && field.wire_type == BYTES {
            let layer = ReadLayer::read(field.content)?;
            if !layer.features.is_empty() {
                put_layer(&mut out, &layer)?;
            }
        }
    }
    Ok(out)
}

fn put_layer(out: &mut Vec<u8>, layer: &ReadLayer<'_>) -> Result<(), String> {
    let mut columns = vec![geometry::column(layer)];
    columns.splice(0..0, column::ids(layer));
    columns.extend(column::attributes(layer)?);
    let mut body = Vec::new();
    put_text(&mut body, layer.name);
    put_varint(&mut body, u64::from(layer.extent));
    put_varint(&mut body, columns.len() as u64);
    for column in &columns {
        body.push(column.kind);
        if let Some(name) = column.name {
            put_text(&mut body, name);
        }
    }
    for column in &columns {
        body.extend_from_slice(&column.streams);
    }
    put_varint(out, (varint_length(TABLE) + body.len()) as u64);
    put_varint(out, TABLE);
    out.append(&mut body);
    Ok(())
}

/// A column of a table: what it is called, if anything, and its streams.
#[derive(Debug)]
struct Column<'a> {
    kind: u8,
    name: Option<&'a str>,
    streams: Vec<u8>,
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::protobuf::put_bytes_header;

    /// A layer of points that each have the tags of a function, one value, and as many keys.
    fn tile(keys: usize, points: usize, tags: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
        let mut layer = vec![0x0a, 1, b'a'];
        for key in 0..keys {
            let name = format!("k{key}");
            put_bytes_header(&mut layer, 3, name.len());
            layer.extend_from_slice(name.as_bytes());
        }
        // an unsigned 7
        layer.extend_from_slice(&[0x22, 2, 0x28, 7]);
        for point in 0..points {
            let tags = tags(point);
            let mut feature = Vec::new();
            put_bytes_header(&mut feature, 2, tags.len());
            feature.extend_from_slice(&tags);
            feature.extend_from_slice(&[0x18, 1, 0x22, 3, 9, 2, 4]);
            put_bytes_header(&mut layer, 2, feature.len());
            layer.extend_from_slice(&feature);
        }
        let mut tile = Vec::new();
        put_bytes_header(&mut tile, TILE_LAYERS, layer.len());
        tile.append(&mut layer);
        tile
    }

    #[test]
    fn two_points_are_a_table_byte_by_byte() {
        let made = from_mvt(&tile(
            1,
            2,
            |point| if point == 1 { vec![0, 0] } else { vec![] },
        ));
        let expected = [
            &[37, 1, 1, b'a', 0x80, 0x20, 2][..],
            // a column of geometries, and one of 32 bits that not all have
            &[4, 19, 2, b'k', b'0'],
            // two streams: two kinds, both points, and four numbers
            &[2, 0x30, 2, 2, 2, 0, 0, 0x13, 0x42, 4, 4, 2, 4, 0, 0],
            // the second is there; 7
            &[0, 0x60, 2, 2, 255, 2, 0x10, 2, 1, 1, 7],
        ];
        assert_eq!(made, Ok(expected.concat()));
    }

    #[test]
    fn a_small_tile_that_would_be_a_huge_table_is_refused() {
        let all: Vec<u8> = (0..8000_u32)
            .flat_map(|key| {
                let mut tag = Vec::new();
                put_varint(&mut tag, u64::from(key));
                tag.push(0);
                tag
            })
            .collect();
        let wide = tile(
            8000,
            8000,
            |point| if point == 0 { all.clone() } else { vec![] },
        );
        assert!(wide.len() < 300_000);
        let error = from_mvt(&wide).unwrap_err();
        assert!(
            error.contains("8000 attributes and 8000 features"),
            "{error}"
        );
    }
}
