//! Glyph ranges for MapLibre and its kin: 256 characters as signed distance fields in Protocol
//! Buffers (`glyphs.proto` of Mapbox's node-fontnik, which every client reads).

use super::protobuf::{VARINT, put_bytes_header, put_key, put_varint, zigzag};
use crate::render::text::{DistanceGlyph, FaceStyle, ascender_px, distance_glyph};

/// The media type of a range; there is none registered.
pub const MEDIA_TYPE: &str = "application/x-protobuf";
/// Characters in a range.
pub const RANGE: u32 = 256;

/// The name of a face among the bundled ones.
pub fn name(style: FaceStyle) -> &'static str {
    match (style.bold, style.italic) {
        (false, false) => "Noto Sans Regular",
        (true, false) => "Noto Sans Bold",
        (false, true) => "Noto Sans Italic",
        (true, true) => "Noto Sans Bold Italic",
    }
}

/// The range of characters from `first` on: those that the bundled faces lack are not in it.
pub fn range(style: FaceStyle, first: u32) -> Vec<u8> {
    let last = first.saturating_add(RANGE - 1);
    let ascender = ascender_px(style);
    let mut stack = Vec::new();
    put_bytes(&mut stack, 1, name(style).as_bytes());
    put_bytes(&mut stack, 2, format!("{first}-{last}").as_bytes());
    for character in (first..=last).filter_map(char::from_u32) {
        if let Some(glyph) = distance_glyph(style, character) {
            put_bytes(&mut stack, 3, &message(character, &glyph, ascender));
        }
    }
    let mut out = Vec::with_capacity(stack.len() + 8);
    put_bytes(&mut out, 1, &stack);
    out
}

fn message(character: char, glyph: &DistanceGlyph, ascender: i32) -> Vec<u8> {
    let mut out = Vec::with_capacity(glyph.data.len() + 32);
    put_number(&mut out, 1, u32::from(character));
    if !glyph.data.is_empty() {
        put_bytes(&mut out, 2, &glyph.data);
    }
    put_number(&mut out, 3, glyph.width);
    put_number(&mut out, 4, glyph.height);
    put_number(&mut out, 5, zigzag(glyph.left));
    put_number(&mut out, 6, zigzag(glyph.top - ascender));
    put_number(&mut out, 7, glyph.advance);
    out
}

fn put_number(out: &mut Vec<u8>, field: u32, value: u32) {
    put_key(out, field, VARINT);
    put_varint(out, u64::from(value));
}

fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_bytes_header(out, field, bytes.len());
    out.extend_from_slice(bytes);
}
