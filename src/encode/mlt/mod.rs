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
/// In words, where the tile is damaged.
pub fn from_mvt(tile: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(tile.len());
    let mut fields = Fields::new(tile);
    while let Some(field) = fields.next()? {
        if field.number == TILE_LAYERS && field.wire_type == BYTES {
            let layer = ReadLayer::read(field.content)?;
            if !layer.features.is_empty() {
                put_layer(&mut out, &layer);
            }
        }
    }
    Ok(out)
}

fn put_layer(out: &mut Vec<u8>, layer: &ReadLayer<'_>) {
    let mut columns = vec![geometry::column(layer)];
    columns.splice(0..0, column::ids(layer));
    columns.extend(column::attributes(layer));
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
