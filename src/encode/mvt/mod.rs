//! Mapbox Vector Tiles, version 2.1 (github.com/mapbox/vector-tile-spec).
//!
//! A layer takes its features one after another into flat arrays that all of them share; nothing
//! is allocated for a feature. Values go through one dictionary a layer, found by a hash of their
//! encoded bytes. What a tile may weigh is held when it is written: the least of its features are
//! left out, and with them the values that only they had.

mod dictionary;
mod geometry;
mod join;
mod layer;
mod thin;

pub use geometry::{GeometryKind, Point};
pub use join::{join, joined_name};
pub use layer::{Layer, Rank};

use super::protobuf::{put_bytes_header, varint_length};

/// The media type of a tile (IANA).
pub const MEDIA_TYPE: &str = "application/vnd.mapbox-vector-tile";
/// Units along a side of a tile that every reader expects.
pub const EXTENT: u32 = 4096;

/// Tile: layers = 3.
const TILE_LAYERS: u32 = 3;

/// A tile written, and what it took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// Empty where no layer has a feature.
    pub bytes: Vec<u8>,
    /// For each layer in order, the features in the tile.
    pub features: Vec<u64>,
    /// For each layer in order, the features left out to hold the limit.
    pub thinned: Vec<u64>,
}

/// Writes layers, in their order, into a tile of at most `max_bytes`.
///
/// Layers without features are left out. Where all do not fit, each layer may use an equal
/// share, and what small ones leave goes to the others; within a layer the features of least
/// rank go first.
pub fn write(layers: &mut [Layer], max_bytes: usize) -> Written {
    let mut written = Written::default();
    let mut sizes: Vec<usize> = layers.iter().map(Layer::size).collect();
    if sizes.iter().sum::<usize>() > max_bytes {
        let shares = thin::shares(&sizes, max_bytes);
        for ((layer, size), share) in layers.iter_mut().zip(&mut sizes).zip(shares) {
            if *size > share {
                layer.thin(share);
                *size = layer.size();
            }
        }
    }
    written.bytes.reserve(sizes.iter().sum::<usize>() + 16);
    for layer in layers.iter() {
        written.features.push(layer.len() as u64);
        written.thinned.push(layer.thinned());
        if !layer.is_empty() {
            let body = layer.body_length();
            put_bytes_header(&mut written.bytes, TILE_LAYERS, body);
            layer.put(&mut written.bytes);
        }
    }
    written
}

/// The length of a field of that many bytes, key and length included.
const fn field_length(bytes: usize) -> usize {
    1 + varint_length(bytes as u64) + bytes
}
