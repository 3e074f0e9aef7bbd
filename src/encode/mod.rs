//! Core → bytes. A format is one file that knows its notation, and nothing of the protocol
//! that sends it.

mod alike;
mod bits;
mod checksum;
pub mod cql2_json;
pub mod cql2_text;
pub mod date_time;
mod deflate;
pub mod feature;
mod flat;
pub mod geojson;
pub mod glyphs;
pub mod gml;
mod huffman;
mod image_format;
pub mod ink;
mod jpeg;
mod literals;
pub mod maplibre;
pub mod mlt;
pub mod mvt;
mod palette;
pub mod pdf;
mod png;
mod protobuf;
mod sequences;
pub mod simple_features;
pub mod sld;
mod sld_expression;
mod sld_graphic;
mod sld_label;
mod sld_symbolizer;
pub mod tile_matrix_set;
mod webp;
pub mod xml;
mod xml_writer;

pub use image_format::ImageFormat;
use tiny_skia::Pixmap;
pub use xml_writer::Writer as XmlWriter;

use crate::error::Result;

/// What is spared when a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Time: the picture is sent once.
    Quick,
    /// Bytes: it is kept, and sent many times.
    Small,
}

/// Writes a picture.
///
/// # Errors
/// `Internal` where the picture is beyond what the format can hold.
pub fn image(pixmap: &Pixmap, format: ImageFormat, effort: Effort) -> Result<Vec<u8>> {
    match format {
        ImageFormat::Png => Ok(png::write(pixmap, effort)),
        ImageFormat::Png8 => Ok(png::write_reduced(pixmap)),
        ImageFormat::Jpeg => jpeg::write(pixmap),
        ImageFormat::Webp => webp::write(pixmap),
    }
}

/// One premultiplied RGBA pixel as straight RGBA; rounded to the nearest.
fn unpremultiply([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    match a {
        0 => [0, 0, 0, 0],
        255 => [r, g, b, a],
        _ => {
            let alpha = u32::from(a);
            let straight = |c: u8| ((u32::from(c) * 255 + alpha / 2) / alpha).min(255) as u8;
            [straight(r), straight(g), straight(b), a]
        }
    }
}

/// The pixels as straight RGBA or, where all are opaque, as RGB; and which of the two.
fn straight_bytes(pixmap: &Pixmap) -> (Vec<u8>, bool) {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    let opaque = is_opaque(pixels);
    let bytes = if opaque {
        pixels
            .iter()
            .flat_map(|[r, g, b, _]| [*r, *g, *b])
            .collect()
    } else {
        pixels.iter().flat_map(|p| unpremultiply(*p)).collect()
    };
    (bytes, opaque)
}

/// Maps pixels; a lot of them that is like the lot before it is copied.
fn mapped_row<const W: usize, const N: usize>(
    pixels: &[[u8; W]],
    out: &mut [[u8; N]],
    map: impl Fn([u8; W]) -> [u8; N],
) {
    const LOT: usize = 8;
    let (lots, rest) = pixels.as_chunks::<LOT>();
    let (out_lots, out_rest) = out.as_chunks_mut::<LOT>();
    let mut before: &[[u8; W]] = &[];
    let mut mapped = [[0; N]; LOT];
    for (lot, out) in lots.iter().zip(out_lots) {
        if lot.as_flattened() != before.as_flattened() {
            mapped = lot.map(&map);
        }
        before = lot;
        *out = mapped;
    }
    for (out, pixel) in out_rest.iter_mut().zip(rest) {
        *out = map(*pixel);
    }
}

/// True where no pixel of a picture is transparent, not even in part.
pub fn has_no_gap(pixmap: &Pixmap) -> bool {
    is_opaque(pixmap.data().as_chunks::<4>().0)
}

fn is_opaque(pixels: &[[u8; 4]]) -> bool {
    // whole pixels, for the sake of vector registers
    let all = pixels
        .iter()
        .fold(u32::MAX, |all, pixel| all & u32::from_le_bytes(*pixel));
    all >> 24 == 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_alpha_comes_back_from_premultiplied() {
        assert_eq!(unpremultiply([64, 0, 128, 128]), [128, 0, 255, 128]);
        assert_eq!(unpremultiply([9, 9, 9, 0]), [0, 0, 0, 0]);
    }
}
