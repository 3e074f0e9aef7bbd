//! PNG (ISO/IEC 15948), written for maps: a palette where 256 colours suffice, no row filter,
//! and the deflate of [`deflate`](super::deflate), which knows that maps are flat.
//!
//! Pictures of some hundred or thousand colours are dense: most of their pixels are like no
//! neighbour. To look further back for what repeats makes them smaller by a third and takes twice
//! the time, so that is done for pictures that are kept.

use tiny_skia::Pixmap;

use super::flat::{self, Flat, Shortest};
use super::literals::{Mapped, Numbered};
use super::palette::{Colors, Indexed, indexed, reduced};
use super::sequences::{Rows, Sequence, Sequences};
use super::{Effort, checksum, deflate, is_opaque, unpremultiply};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

#[derive(Clone, Copy)]
enum ColorType {
    Rgb = 2,
    Palette = 3,
    Rgba = 6,
}

/// What stands before the pixels.
struct Head {
    width: u32,
    height: u32,
    depth: u8,
    color: ColorType,
}

/// Writes the exact colours.
pub fn write(pixmap: &Pixmap, effort: Effort) -> Vec<u8> {
    write_few(pixmap, |pixmap| write_true_color(pixmap, effort))
}

/// Writes at most 256 colours.
pub fn write_reduced(pixmap: &Pixmap) -> Vec<u8> {
    write_few(pixmap, |pixmap| {
        let (pixels, _) = pixmap.data().as_chunks::<4>();
        write_indexed(&reduced(pixels), pixmap, None)
    })
}

/// Writes a picture of at most 256 colours exactly; one of more as `otherwise` does.
fn write_few(pixmap: &Pixmap, otherwise: impl FnOnce(&Pixmap) -> Vec<u8>) -> Vec<u8> {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    let mut colors = Colors::<u8>::default();
    if let Some(number) = only_color(pixels).and_then(|color| colors.number(color)) {
        let numbers = vec![number; pixels.len()];
        return write_indexed(&indexed(&colors, numbers), pixmap, None);
    }
    let Some(Flat { numbers, sequences }) =
        flat::find(pixels, pixmap.width() as usize, Shortest::Four, &mut colors)
    else {
        return otherwise(pixmap);
    };
    write_indexed(&indexed(&colors, numbers), pixmap, Some(sequences))
}

/// The colours as they are written.
fn each<const N: usize>(
    colors: &Colors<[u8; 2]>,
    bytes: impl Fn([u8; 4]) -> [u8; N],
) -> Vec<[u8; N]> {
    colors.all().iter().map(|color| bytes(*color)).collect()
}

/// Numbers of colours compressed as if they were the colours.
fn packed<const N: usize>(
    flat: Flat<[u8; 2]>,
    width: usize,
    colors: &[[u8; N]],
    sum: u32,
    out: Vec<u8>,
) -> Vec<u8> {
    let rows = Sequences::none_behind(Rows::apart(&flat.numbers, width));
    deflate::zlib(rows, flat.sequences, &Numbered(colors), sum, out)
}

/// The colour of a picture that has but one.
fn only_color(pixels: &[[u8; 4]]) -> Option<[u8; 4]> {
    let (first, rest) = pixels.split_first()?;
    let before = pixels.get(..rest.len())?;
    (rest.as_flattened() == before.as_flattened()).then_some(*first)
}

fn write_true_color(pixmap: &Pixmap, effort: Effort) -> Vec<u8> {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    let width = pixmap.width() as usize;
    let rows = Rows::apart(pixels, width);
    let mut colors = Colors::<[u8; 2]>::default();
    let flat = match effort {
        Effort::Quick => flat::find(pixels, width, Shortest::Two, &mut colors),
        Effort::Small => None,
    };
    if is_opaque(pixels) {
        let rgb = |[r, g, b, _]: [u8; 4]| [r, g, b];
        let sum = checksum::of_rgb_rows(rows);
        Head::new(pixmap, 8, ColorType::Rgb).write(&[], |out| match flat {
            Some(flat) => packed(flat, width, &each(&colors, rgb), sum, out),
            None => deflate::zlib(Sequences::new(rows, 3), Vec::new(), &Mapped(rgb), sum, out),
        })
    } else {
        let sum = checksum::of_rows(rows, unpremultiply);
        Head::new(pixmap, 8, ColorType::Rgba).write(&[], |out| match flat {
            Some(flat) => packed(flat, width, &each(&colors, unpremultiply), sum, out),
            None => {
                let sequences = Sequences::new(rows, 4);
                deflate::zlib(sequences, Vec::new(), &Mapped(unpremultiply), sum, out)
            }
        })
    }
}

/// Writes numbers of colours, several to a byte where they are small. `found` is what repeats in
/// them.
fn write_indexed(indexed: &Indexed, pixmap: &Pixmap, found: Option<Vec<Sequence>>) -> Vec<u8> {
    let width = pixmap.width().max(1) as usize;
    let (depth, rows) = match indexed.colors.len() {
        0..=2 => (1, pack::<8>(&indexed.indices, width)),
        3..=4 => (2, pack::<4>(&indexed.indices, width)),
        5..=16 => (4, pack::<2>(&indexed.indices, width)),
        _ => {
            let rows = Rows::apart(indexed.indices.as_chunks::<1>().0, width);
            let sequences = match found {
                Some(found) => (Sequences::none_behind(rows), found),
                None => (Sequences::new(rows, 1), Vec::new()),
            };
            return write_numbers(pixmap, 8, &indexed.colors, sequences);
        }
    };
    let stride = width.div_ceil(8 / usize::from(depth)) + 1;
    let sequences = Sequences::new(Rows::together(&rows, stride), 1);
    write_numbers(pixmap, depth, &indexed.colors, (sequences, Vec::new()))
}

/// Writes rows of bytes that hold numbers of `depth` bits; `first` are sequences that are known.
fn write_numbers(
    pixmap: &Pixmap,
    depth: u8,
    colors: &[[u8; 4]],
    (sequences, first): (Sequences<'_, 1>, Vec<Sequence>),
) -> Vec<u8> {
    let sum = checksum::of_byte_rows(sequences.rows());
    Head::new(pixmap, depth, ColorType::Palette).write(colors, |out| {
        deflate::zlib(sequences, first, &Mapped(|byte: [u8; 1]| byte), sum, out)
    })
}

/// Rows of `PER_BYTE` numbers a byte, the first in the highest bits, after a byte that says that
/// they have no filter.
fn pack<const PER_BYTE: usize>(indices: &[u8], width: usize) -> Vec<u8> {
    let depth = 8 / PER_BYTE;
    let byte = |group: [u8; PER_BYTE]| {
        let bits = group
            .into_iter()
            .fold(0, |bits, index| bits << depth | u32::from(index));
        bits as u8
    };
    let mut packed =
        Vec::with_capacity(indices.len().div_ceil(width) * (width.div_ceil(PER_BYTE) + 1));
    for row in indices.chunks(width) {
        packed.push(0);
        let (groups, rest) = row.as_chunks::<PER_BYTE>();
        packed.extend(groups.iter().map(|group| byte(*group)));
        if !rest.is_empty() {
            let mut last = [0; PER_BYTE];
            for (last, index) in last.iter_mut().zip(rest) {
                *last = *index;
            }
            packed.push(byte(last));
        }
    }
    packed
}

impl Head {
    fn new(pixmap: &Pixmap, depth: u8, color: ColorType) -> Head {
        Head {
            width: pixmap.width(),
            height: pixmap.height(),
            depth,
            color,
        }
    }

    /// The whole file: `colors` are those of a palette, `data` adds the compressed rows.
    fn write(&self, colors: &[[u8; 4]], data: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
        let mut header = Vec::with_capacity(13);
        header.extend(self.width.to_be_bytes());
        header.extend(self.height.to_be_bytes());
        header.extend([self.depth, self.color as u8, 0, 0, 0]);
        let mut out = Vec::with_capacity(2048);
        out.extend(SIGNATURE);
        chunk(&mut out, *b"IHDR", &header);
        if !colors.is_empty() {
            let rgb: Vec<u8> = colors
                .iter()
                .flat_map(|[r, g, b, _]| [*r, *g, *b])
                .collect();
            chunk(&mut out, *b"PLTE", &rgb);
        }
        // tRNS may stop at the last colour that is not opaque
        let translucent = colors
            .iter()
            .rposition(|c| c[3] != 255)
            .map_or(0, |i| i + 1);
        if translucent > 0 {
            let alpha: Vec<u8> = colors.iter().take(translucent).map(|c| c[3]).collect();
            chunk(&mut out, *b"tRNS", &alpha);
        }
        let begin = out.len();
        out.extend([0; 4]);
        out.extend(b"IDAT");
        let mut out = data(out);
        close(&mut out, begin);
        chunk(&mut out, *b"IEND", &[]);
        out
    }
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], body: &[u8]) {
    let begin = out.len();
    out.extend([0; 4]);
    out.extend(name);
    out.extend_from_slice(body);
    close(out, begin);
}

/// Ends the chunk that begins there with room for its length, and its name.
fn close(out: &mut Vec<u8>, begin: usize) {
    let Some((length, named)) = out
        .get_mut(begin..)
        .and_then(|chunk| chunk.split_first_chunk_mut::<4>())
    else {
        return;
    };
    // a length is a u32: an 8192 by 8192 RGBA map is 268 MB before compression
    *length = (named.len().saturating_sub(4) as u32).to_be_bytes();
    let sum = libdeflater::crc32(named);
    out.extend(sum.to_be_bytes());
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
            let (info, pixels) = decode(&write(&map, Effort::Quick));
            assert_eq!(info.color_type, png::ColorType::Indexed);
            assert_eq!(info.bit_depth as u8, depth);
            assert_eq!(pixels, map.data().as_chunks::<4>().0);
        }
    }

    #[test]
    fn many_opaque_colours_become_rgb_and_translucent_ones_rgba() {
        // more colours than are numbered, and fewer
        for (colors, effort) in [
            (128, Effort::Quick),
            (64, Effort::Quick),
            (64, Effort::Small),
        ] {
            let color = |x, y| [(x % colors * 2) as u8, (y % colors * 2) as u8, 0, 255];
            let map = picture(128, 128, color);
            let (info, pixels) = decode(&write(&map, effort));
            assert_eq!(info.color_type, png::ColorType::Rgb);
            assert_eq!(pixels, map.data().as_chunks::<4>().0);
        }
        let map = picture(64, 64, |x, y| [x as u8, y as u8, 0, 64]);
        let (info, pixels) = decode(&write(&map, Effort::Quick));
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
        fn every_picture_comes_back(width in 1u32..90, height in 1u32..40, seed in any::<u32>(), spread in 1u32..2000, small in any::<bool>()) {
            let map = picture(width, height, |x, y| {
                // flat areas with edges, as maps are
                let cell = (x / 7).wrapping_mul(31).wrapping_add((y / 5).wrapping_mul(17));
                let v = cell.wrapping_mul(2_654_435_761).wrapping_add(seed) % spread;
                let alpha = if spread > 1000 { (v % 256) as u8 } else { 255 };
                let c = |c: u32| ((c % 256) * u32::from(alpha) / 255) as u8;
                [c(v), c(v / 3), c(v / 7), alpha]
            });
            let effort = if small { Effort::Small } else { Effort::Quick };
            let (_, pixels) = decode(&write(&map, effort));
            let straight: Vec<_> = map.data().as_chunks::<4>().0.iter().map(|p| unpremultiply(*p)).collect();
            prop_assert_eq!(pixels, straight);
        }
    }
}
