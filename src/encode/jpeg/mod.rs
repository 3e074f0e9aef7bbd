//! Baseline JPEG (ITU-T T.81, JFIF 1.02), its colours at half the resolution.
//!
//! Much of a map is of one colour: of sixteen by sixteen pixels of one colour nothing is reckoned
//! but their mean, and of eight by eight within others neither.

mod block;
mod entropy;

use std::borrow::Cow;

use tiny_skia::Pixmap;
use wide::bytemuck::cast;
use wide::{f32x4, i32x4};

use crate::error::{Error, Result};
use crate::processor::{self, Processor, Work};
use block::{Block, Steps};
use entropy::{Bits, Codes, Table};

/// Good on maps: text stays readable, files a third of quality 95.
const QUALITY: u8 = 85;

/// Pixels of a unit's side: four blocks of luminance, one of each of the two others.
const UNIT: usize = 16;
type Row = [[u8; 4]; UNIT];
type Unit = [Row; UNIT];

static LUMINANCE_DC: Codes = Codes::new(&entropy::LUMINANCE_DC);
static LUMINANCE_AC: Codes = Codes::new(&entropy::LUMINANCE_AC);
static CHROMINANCE_DC: Codes = Codes::new(&entropy::CHROMINANCE_DC);
static CHROMINANCE_AC: Codes = Codes::new(&entropy::CHROMINANCE_AC);

/// Writes a baseline JPEG; what is transparent becomes white.
pub fn write(pixmap: &Pixmap) -> Result<Vec<u8>> {
    let too_large = || Error::Internal {
        message: format!(
            "JPEG holds at most 65535 pixels a side, the map has {} by {}",
            pixmap.width(),
            pixmap.height()
        ),
    };
    let width = u16::try_from(pixmap.width()).map_err(|_| too_large())?;
    let height = u16::try_from(pixmap.height()).map_err(|_| too_large())?;
    let pixels = on_white(pixmap);
    Ok(processor::run(Encode {
        pixels: pixels.as_chunks().0,
        width,
        height,
    }))
}

/// The pixels on white: JPEG knows no transparency, and what is left of alpha is not read.
fn on_white(pixmap: &Pixmap) -> Cow<'_, [u8]> {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    if super::is_opaque(pixels) {
        return Cow::Borrowed(pixmap.data());
    }
    let blended = pixels.iter().flat_map(|[red, green, blue, alpha]| {
        let white = u8::MAX - alpha;
        // premultiplied: no more than alpha
        [red, green, blue, &u8::MAX].map(|channel| channel.saturating_add(white))
    });
    Cow::Owned(blended.collect())
}

struct Encode<'a> {
    pixels: &'a [[u8; 4]],
    width: u16,
    height: u16,
}

impl Work for Encode<'_> {
    type Output = Vec<u8>;

    #[inline(always)]
    fn on(self, _: impl Processor) -> Vec<u8> {
        let luminance = Steps::new(&block::LUMINANCE, QUALITY);
        let chrominance = Steps::new(&block::CHROMINANCE, QUALITY);
        let mut out = Vec::with_capacity(1024 + self.pixels.len() / 8);
        out.extend_from_slice(&[0xff, 0xd8]);
        head(
            &mut out,
            self.width,
            self.height,
            [&luminance, &chrominance],
        );
        let mut scan = Scan {
            bits: Bits::behind(out),
            luminance,
            chrominance,
            before: [0; 3],
        };
        let width = usize::from(self.width);
        for rows in self.pixels.chunks(width.max(1) * UNIT) {
            for x in (0..width).step_by(UNIT) {
                scan.unit(&unit(rows, width, x));
            }
        }
        let mut out = scan.bits.finish();
        out.extend_from_slice(&[0xff, 0xd9]);
        out
    }
}

/// The pixels of a unit; beyond the picture those at its border go on.
#[inline(always)]
fn unit(rows: &[[u8; 4]], width: usize, x: usize) -> Unit {
    let mut unit = [[[0; 4]; UNIT]; UNIT];
    let mut last = 0;
    for (nth, (place, row)) in unit
        .iter_mut()
        .zip(rows.chunks_exact(width.max(1)))
        .enumerate()
    {
        let from = row.get(x..).unwrap_or(&[]);
        match from.first_chunk() {
            Some(whole) => *place = *whole,
            None => {
                let border = from.last().copied().unwrap_or_default();
                let known = from.iter().copied().chain(std::iter::repeat(border));
                for (pixel, known) in place.iter_mut().zip(known) {
                    *pixel = known;
                }
            }
        }
        last = nth;
    }
    if let Some((known, beyond)) = unit.split_at_mut_checked(last + 1)
        && let Some(border) = known.last()
    {
        beyond.fill(*border);
    }
    unit
}

/// The part of the file behind its head.
struct Scan {
    bits: Bits,
    luminance: Steps,
    chrominance: Steps,
    /// The means of the blocks before, of each component.
    before: [i32; 3],
}

impl Scan {
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "quarters of a unit")]
    fn unit(&mut self, unit: &Unit) {
        let first = unit[0][0];
        // of each quarter: the bits in which its pixels are not the first one of the unit's
        let differs = differing(unit);
        if differs == [0; 4] {
            return self.unit_of_one(first);
        }
        for (quarter, differs) in differs.into_iter().enumerate() {
            let (row, column) = (quarter / 2 * 8, quarter % 2 * 8);
            if differs == 0 {
                let mean = self.luminance.of_one(luminance_of(first));
                self.mean(0, mean);
                self.bits.end_of_block(&LUMINANCE_AC);
                continue;
            }
            let block: Block = [0, 1].map(|half| {
                std::array::from_fn(|y| {
                    let fours = unit[row + y].as_chunks().0;
                    luminance_of_four(fours[column / 4 + half])
                })
            });
            let coefficients = self.luminance.coefficients(block);
            self.mean(0, coefficients.mean());
            self.bits.coefficients(&coefficients, &LUMINANCE_AC);
        }
        let (blue, red) = chrominance(unit);
        for (component, block) in [(1, blue), (2, red)] {
            let coefficients = self.chrominance.coefficients(block);
            self.mean(component, coefficients.mean());
            self.bits.coefficients(&coefficients, &CHROMINANCE_AC);
        }
    }

    /// A unit of one colour.
    #[inline(always)]
    fn unit_of_one(&mut self, pixel: [u8; 4]) {
        let mean = self.luminance.of_one(luminance_of(pixel));
        for _ in 0..4 {
            self.mean(0, mean);
            self.bits.end_of_block(&LUMINANCE_AC);
        }
        for (component, value) in [(1, BLUE), (2, RED)] {
            let mean = self.chrominance.of_one(dot(pixel, value));
            self.mean(component, mean);
            self.bits.end_of_block(&CHROMINANCE_AC);
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "three components")]
    fn mean(&mut self, component: usize, mean: i32) {
        let codes = if component == 0 {
            &LUMINANCE_DC
        } else {
            &CHROMINANCE_DC
        };
        let before = std::mem::replace(&mut self.before[component], mean);
        self.bits.difference(mean - before, codes);
    }
}

/// Of red, green and blue (JFIF 1.02).
const LUMINANCE: [f32; 3] = [0.299, 0.587, 0.114];
const BLUE: [f32; 3] = [-0.168_735_9, -0.331_264_1, 0.5];
const RED: [f32; 3] = [0.5, -0.418_687_6, -0.081_312_4];

#[inline(always)]
fn dot([r, g, b, _]: [u8; 4], factors: [f32; 3]) -> f32 {
    f32::from(r) * factors[0] + f32::from(g) * factors[1] + f32::from(b) * factors[2]
}

/// As a signed number.
#[inline(always)]
fn luminance_of(pixel: [u8; 4]) -> f32 {
    dot(pixel, LUMINANCE) - 128.0
}

/// In which bits the pixels of each quarter differ from the first of the unit.
#[inline(always)]
fn differing(unit: &Unit) -> [u32; 4] {
    let first = u32::from_le_bytes(unit[0][0]);
    let half = |rows: &[Row]| {
        let mut all = [0u32; UNIT];
        for row in rows {
            for (all, pixel) in all.iter_mut().zip(row) {
                *all |= u32::from_le_bytes(*pixel) ^ first;
            }
        }
        let (left, right) = all.split_at(UNIT / 2);
        [left, right].map(|part| part.iter().fold(0, |all, bits| all | bits))
    };
    let (upper, lower) = unit.split_at(UNIT / 2);
    let ([a, b], [c, d]) = (half(upper), half(lower));
    [a, b, c, d]
}

#[inline(always)]
fn luminance_of_four(four: [[u8; 4]; 4]) -> f32x4 {
    let four: i32x4 = cast(four);
    let byte = i32x4::splat(255);
    let [r, g, b] = [four & byte, four >> 8 & byte, four >> 16 & byte].map(f32x4::from_i32x4);
    weighed([r, g, b], LUMINANCE, 1.0) - f32x4::splat(128.0)
}

#[inline(always)]
fn weighed([r, g, b]: [f32x4; 3], factors: [f32; 3], of: f32) -> f32x4 {
    let [red, green, blue] = factors.map(|factor| f32x4::splat(factor * of));
    r * red + g * green + b * blue
}

/// How much bluer and how much redder than grey, the mean of two by two pixels each.
#[inline(always)]
fn chrominance(unit: &Unit) -> (Block, Block) {
    let mut blue: Block = Default::default();
    let mut red: Block = Default::default();
    for (half, (blue, red)) in blue.iter_mut().zip(&mut red).enumerate() {
        let rows = unit.as_chunks::<2>().0.iter();
        for (([upper, lower], blue), red) in rows.zip(blue).zip(red) {
            let [upper, lower] = [upper, lower].map(|row| row.as_chunks().0.get(half));
            if let (Some(upper), Some(lower)) = (upper, lower) {
                let rgb = sums_of_four(upper, lower);
                *blue = weighed(rgb, BLUE, 0.25);
                *red = weighed(rgb, RED, 0.25);
            }
        }
    }
    (blue, red)
}

/// The sums of red, green and blue of four times two by two pixels.
#[inline(always)]
fn sums_of_four(upper: &[[u8; 4]; 8], lower: &[[u8; 4]; 8]) -> [f32x4; 3] {
    let [u0, u1]: [i32x4; 2] = cast(*upper);
    let [l0, l1]: [i32x4; 2] = cast(*lower);
    // two channels of a pixel in one number
    let two = i32x4::splat(0x00ff_00ff);
    let pairs = |of: [i32x4; 2]| {
        let [[a, b, c, d], [e, f, g, h]] = of.map(|four| four.to_array());
        i32x4::from([a, c, e, g]) + i32x4::from([b, d, f, h])
    };
    let red_blue = pairs([(u0 & two) + (l0 & two), (u1 & two) + (l1 & two)]);
    let green = pairs([
        (u0 >> 8 & two) + (l0 >> 8 & two),
        (u1 >> 8 & two) + (l1 >> 8 & two),
    ]);
    let low = i32x4::splat(0xffff);
    [red_blue & low, green & low, red_blue >> 16].map(f32x4::from_i32x4)
}

/// Everything before the bits.
fn head(out: &mut Vec<u8>, width: u16, height: u16, steps: [&Steps; 2]) {
    let mut segment = |marker: u8, parts: &[&[u8]]| {
        let length = 2 + parts.iter().map(|part| part.len()).sum::<usize>() as u16;
        out.extend_from_slice(&[0xff, marker]);
        out.extend_from_slice(&length.to_be_bytes());
        for part in parts {
            out.extend_from_slice(part);
        }
    };
    // square pixels of no size
    segment(0xe0, &[b"JFIF\0", &[1, 2, 0, 0, 1, 0, 1, 0, 0]]);
    for (nth, steps) in steps.into_iter().enumerate() {
        segment(0xdb, &[&[nth as u8], &steps.zigzag]);
    }
    let size = [height.to_be_bytes(), width.to_be_bytes()];
    // of each component: its resolution, and which steps
    let components = [3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1];
    segment(0xc0, &[&[8], size.as_flattened(), &components]);
    let tables: [(u8, &Table); 4] = [
        (0x00, &entropy::LUMINANCE_DC),
        (0x10, &entropy::LUMINANCE_AC),
        (0x01, &entropy::CHROMINANCE_DC),
        (0x11, &entropy::CHROMINANCE_AC),
    ];
    for (id, table) in tables {
        segment(0xc4, &[&[id], &table.lengths, table.symbols]);
    }
    // which tables of codes, and all coefficients in one scan
    segment(0xda, &[&[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tiny_skia::IntSize;
    use zune_jpeg::JpegDecoder;
    use zune_jpeg::zune_core::bytestream::ZCursor;

    use super::*;
    use crate::processor::Any;

    fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Pixmap {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let data = pixels.flat_map(|(x, y)| pixel(x, y)).collect();
        Pixmap::from_vec(data, IntSize::from_wh(width, height).unwrap()).unwrap()
    }

    /// Red, green and blue, as an independent decoder reads them.
    fn decoded(jpeg: &[u8], pixmap: &Pixmap) -> Vec<u8> {
        let mut decoder = JpegDecoder::new(ZCursor::new(jpeg));
        let bytes = decoder.decode().unwrap();
        let (width, height) = decoder.dimensions().unwrap();
        let size = [width as u32, height as u32];
        assert_eq!(size, [pixmap.width(), pixmap.height()]);
        bytes
    }

    /// The root of the mean square error of a channel.
    fn error(pixmap: &Pixmap) -> f64 {
        let bytes = decoded(&write(pixmap).unwrap(), pixmap);
        let original = pixmap.data().as_chunks::<4>().0.iter();
        let channels = original.flat_map(|[r, g, b, _]| [*r, *g, *b]);
        let square = |(a, b): (u8, &u8)| (f64::from(a) - f64::from(*b)).powi(2);
        (channels.zip(&bytes).map(square).sum::<f64>() / bytes.len() as f64).sqrt()
    }

    /// A number that nobody can foresee.
    fn noise(x: u32, y: u32) -> u32 {
        (x ^ y.rotate_left(16))
            .wrapping_mul(0x9e37_79b1)
            .rotate_left(13)
            .wrapping_mul(0x85eb_ca6b)
    }

    #[test]
    fn a_smooth_picture_of_any_size_comes_back() {
        for (width, height) in [
            (1, 1),
            (8, 8),
            (15, 17),
            (16, 16),
            (33, 1),
            (1, 40),
            (131, 67),
        ] {
            let smooth = picture(width, height, |x, y| [x as u8, (y * 3) as u8, 90, 255]);
            assert!(error(&smooth) < 2.5, "{width}x{height}: {}", error(&smooth));
        }
    }

    #[test]
    fn one_colour_comes_back_in_a_few_bytes() {
        for color in [
            [255, 255, 255, 255],
            [0, 0, 0, 255],
            [255, 0, 0, 255],
            [12, 130, 201, 255],
        ] {
            let one = picture(640, 480, |_, _| color);
            assert!(error(&one) < 2.0, "{color:?}: {}", error(&one));
            assert!(write(&one).unwrap().len() < 6_000);
        }
    }

    #[test]
    fn areas_of_one_colour_with_borders_between_come_back() {
        // of half a block, of a block, of a unit, and beside one another
        for side in [4, 8, 16, 24] {
            let fields = picture(120, 100, |x, y| match (x / side + y / side) % 3 {
                0 => [242, 233, 218, 255],
                1 => [235, 230, 220, 255],
                _ => [240, 240, 230, 255],
            });
            assert!(error(&fields) < 4.0, "{side}: {}", error(&fields));
        }
    }

    #[test]
    fn noise_is_written_whole() {
        // full of bytes of ones, of long runs and of large coefficients
        let grey = |level: u32| [level as u8, level as u8, level as u8, 255];
        let coarse = picture(200, 150, |x, y| grey(noise(x, y) % 2 * 255));
        assert!(error(&coarse) < 30.0, "{}", error(&coarse));
        let rare = picture(200, 150, |x, y| {
            grey(u32::from(noise(x, y).is_multiple_of(97)) * 255)
        });
        assert!(error(&rare) < 8.0, "{}", error(&rare));
    }

    #[test]
    fn what_is_transparent_is_white() {
        let half = picture(32, 32, |x, _| if x < 16 { [0; 4] } else { [0, 64, 0, 128] });
        let bytes = decoded(&write(&half).unwrap(), &half);
        let at = |x: usize| &bytes[x * 3..x * 3 + 3];
        assert!(at(3).iter().all(|channel| *channel >= 253), "{:?}", at(3));
        let expected = [127i32, 191, 127];
        for (channel, expected) in at(28).iter().zip(expected) {
            assert!((i32::from(*channel) - expected).abs() < 4, "{:?}", at(28));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_processor_writes_the_same_bytes(
            width in 1..70u16, height in 1..70u16, seed in any::<u32>(), few in any::<bool>(),
        ) {
            let colors = if few { 3 } else { u32::MAX };
            let pixels: Vec<[u8; 4]> = (0..u32::from(width) * u32::from(height))
                .map(|nth| {
                    let [r, g, b, _] = ((noise(nth / 5, seed) % colors).wrapping_mul(0x1f35)).to_le_bytes();
                    [r, g, b, 255]
                })
                .collect();
            let encode = || Encode { pixels: &pixels, width, height };
            prop_assert_eq!(processor::run(encode()), encode().on(Any));
        }
    }
}
