//! PNG (ISO/IEC 15948), written for maps: a palette where 256 colours suffice, no row filter,
//! and the deflate of [`deflate`](super::deflate), which knows that maps are flat.

use tiny_skia::Pixmap;

use super::palette::{Indexed, exact, reduced};
use super::{deflate, is_opaque, unpremultiply};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

#[derive(Clone, Copy)]
enum ColorType {
    Rgb = 2,
    Palette = 3,
    Rgba = 6,
}

/// Writes the exact colours.
pub fn write(pixmap: &Pixmap) -> Vec<u8> {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    match exact(pixels) {
        Some(indexed) => write_indexed(&indexed, pixmap.width(), pixmap.height()),
        None => write_true_color(pixels, pixmap.width(), pixmap.height()),
    }
}

/// Writes at most 256 colours.
pub fn write_reduced(pixmap: &Pixmap) -> Vec<u8> {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    let indexed = exact(pixels).unwrap_or_else(|| reduced(pixels));
    write_indexed(&indexed, pixmap.width(), pixmap.height())
}

fn write_true_color(pixels: &[[u8; 4]], width: u32, height: u32) -> Vec<u8> {
    if is_opaque(pixels) {
        let opaque = |[r, g, b, _]: [u8; 4]| [r, g, b];
        write_pixels(pixels, (width, height), ColorType::Rgb, opaque)
    } else {
        write_pixels(pixels, (width, height), ColorType::Rgba, unpremultiply)
    }
}

fn write_pixels<const N: usize>(
    pixels: &[[u8; 4]],
    (width, height): (u32, u32),
    color: ColorType,
    bytes: impl Fn([u8; 4]) -> [u8; N],
) -> Vec<u8> {
    let row_pixels = width.max(1) as usize;
    let stride = row_pixels * N + 1;
    let mut raw = vec![0; stride * height as usize];
    for (row, out) in pixels.chunks(row_pixels).zip(raw.chunks_mut(stride)) {
        // the first byte says that the row has no filter
        let out = out.get_mut(1..).unwrap_or(&mut []).as_chunks_mut::<N>().0;
        for (out, pixel) in out.iter_mut().zip(row) {
            *out = bytes(*pixel);
        }
    }
    let packed = deflate::zlib_pixels(&raw, pixels, row_pixels, N);
    container(width, height, 8, color, &[], &packed)
}

fn write_indexed(indexed: &Indexed, width: u32, height: u32) -> Vec<u8> {
    let row_pixels = width.max(1) as usize;
    let depth: u8 = match indexed.colors.len() {
        0..=2 => 1,
        3..=4 => 2,
        5..=16 => 4,
        _ => 8,
    };
    let per_byte = usize::from(8 / depth);
    let row_bytes = row_pixels.div_ceil(per_byte) + 1;
    let mut raw = Vec::with_capacity(row_bytes * height as usize);
    for row in indexed.indices.chunks(row_pixels) {
        raw.push(0);
        if depth == 8 {
            raw.extend_from_slice(row);
        } else {
            raw.extend(row.chunks(per_byte).map(|group| {
                let packed = group.iter().fold(0, |byte, index| (byte << depth) | index);
                packed << (usize::from(depth) * (per_byte - group.len()))
            }));
        }
    }
    let palette: Vec<u8> = indexed
        .colors
        .iter()
        .flat_map(|[r, g, b, _]| [*r, *g, *b])
        .collect();
    // tRNS may stop at the last colour that is not opaque
    let translucent = indexed
        .colors
        .iter()
        .rposition(|c| c[3] != 255)
        .map_or(0, |i| i + 1);
    let alpha: Vec<u8> = indexed
        .colors
        .iter()
        .take(translucent)
        .map(|c| c[3])
        .collect();
    let mut chunks: Vec<([u8; 4], &[u8])> = vec![(*b"PLTE", &palette)];
    if !alpha.is_empty() {
        chunks.push((*b"tRNS", &alpha));
    }
    container(
        width,
        height,
        depth,
        ColorType::Palette,
        &chunks,
        &deflate::zlib(&raw, 1, row_bytes),
    )
}

fn container(
    width: u32,
    height: u32,
    depth: u8,
    color: ColorType,
    chunks: &[([u8; 4], &[u8])],
    data: &[u8],
) -> Vec<u8> {
    let mut header = Vec::with_capacity(13);
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([depth, color as u8, 0, 0, 0]);
    let mut out = Vec::with_capacity(data.len() + 2048);
    out.extend(SIGNATURE);
    chunk(&mut out, *b"IHDR", &header);
    for (name, body) in chunks {
        chunk(&mut out, *name, body);
    }
    chunk(&mut out, *b"IDAT", data);
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], body: &[u8]) {
    // a chunk's length is a u32: an 8192 by 8192 RGBA map is 268 MB before compression
    out.extend((body.len() as u32).to_be_bytes());
    out.extend(name);
    out.extend_from_slice(body);
    let mut crc = libdeflater::Crc::new();
    crc.update(&name);
    crc.update(body);
    out.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Premultiplied bytes of `width` by `height` pixels, with colours from a list.
    fn picture(width: u32, height: u32, color: impl Fn(u32, u32) -> [u8; 4]) -> Pixmap {
        let mut pixmap = Pixmap::new(width, height).unwrap();
        let (pixels, _) = pixmap.data_mut().as_chunks_mut::<4>();
        for (i, p) in pixels.iter_mut().enumerate() {
            *p = color(i as u32 % width, i as u32 / width);
        }
        pixmap
    }

    fn decode(bytes: &[u8]) -> (png::Info<'static>, Vec<[u8; 4]>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let info = reader.info().clone();
        let mut out = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut out).unwrap();
        let (pixels, _) = out.as_chunks::<4>();
        (info, pixels.to_vec())
    }

    #[test]
    fn few_colours_become_a_palette_of_the_fewest_bits() {
        for (colors, depth) in [(2, 1), (4, 2), (16, 4), (200, 8)] {
            let map = picture(33, 20, |x, y| [((x + 33 * y) % colors) as u8, 7, 9, 255]);
            let (info, pixels) = decode(&write(&map));
            assert_eq!(info.color_type, png::ColorType::Indexed);
            assert_eq!(info.bit_depth as u8, depth);
            assert_eq!(pixels, map.data().as_chunks::<4>().0);
        }
    }

    #[test]
    fn many_opaque_colours_become_rgb_and_translucent_ones_rgba() {
        let map = picture(64, 64, |x, y| [(x * 4) as u8, (y * 4) as u8, 0, 255]);
        let (info, pixels) = decode(&write(&map));
        assert_eq!(info.color_type, png::ColorType::Rgb);
        assert_eq!(pixels, map.data().as_chunks::<4>().0);
        let map = picture(64, 64, |x, y| [x as u8, y as u8, 0, 64]);
        let (info, pixels) = decode(&write(&map));
        assert_eq!(info.color_type, png::ColorType::Rgba);
        let straight: Vec<_> = map
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|p| unpremultiply(*p))
            .collect();
        assert_eq!(pixels, straight);
    }

    #[test]
    fn eight_bit_png_stays_near_the_exact_colours() {
        let map = picture(128, 128, |x, y| {
            [(x * 2) as u8, (y * 2) as u8, ((x + y) / 2) as u8, 255]
        });
        let (info, pixels) = decode(&write_reduced(&map));
        assert_eq!(info.color_type, png::ColorType::Indexed);
        let error: u32 = pixels
            .iter()
            .zip(map.data().as_chunks::<4>().0)
            .flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))))
            .sum();
        let mean = f64::from(error) / (128.0 * 128.0 * 3.0);
        assert!(mean < 6.0, "mean error {mean}");
    }

    proptest! {
        #[test]
        fn every_picture_comes_back(width in 1u32..90, height in 1u32..40, seed in any::<u32>(), spread in 1u32..2000) {
            let map = picture(width, height, |x, y| {
                // flat areas with edges, as maps are
                let cell = (x / 7).wrapping_mul(31).wrapping_add((y / 5).wrapping_mul(17));
                let v = cell.wrapping_mul(2_654_435_761).wrapping_add(seed) % spread;
                let alpha = if spread > 1000 { (v % 256) as u8 } else { 255 };
                let c = |c: u32| ((c % 256) * u32::from(alpha) / 255) as u8;
                [c(v), c(v / 3), c(v / 7), alpha]
            });
            let (_, pixels) = decode(&write(&map));
            let straight: Vec<_> = map.data().as_chunks::<4>().0.iter().map(|p| unpremultiply(*p)).collect();
            prop_assert_eq!(pixels, straight);
        }
    }
}
