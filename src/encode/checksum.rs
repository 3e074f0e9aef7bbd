//! Adler-32 (RFC 1950 §9) of a picture as it will be written, without writing it.

use libdeflater::Adler32;

use super::mapped_row;
use super::sequences::Rows;

/// The checksum's modulus.
const PRIME: u64 = 65_521;
/// Four times this is one more than a multiple of the modulus.
const QUARTER: u64 = 49_141;

/// The checksum of rows whose pixels are each written as `bytes` says, behind a byte of 0.
pub(super) fn of_rows<const W: usize, const N: usize>(
    rows: Rows<'_, W>,
    bytes: impl Fn([u8; W]) -> [u8; N],
) -> u32 {
    let mut written = vec![0; rows.width * N];
    of_each_row(rows, N, |row| {
        mapped_row(row, written.as_chunks_mut::<N>().0, &bytes);
        Sums::of(&written)
    })
}

/// The checksum of rows of bytes that are written as they are.
pub(super) fn of_byte_rows(rows: Rows<'_, 1>) -> u32 {
    if !rows.filtered {
        return adler(rows.pixels.as_flattened());
    }
    of_each_row(rows, 1, |row| Sums::of(row.as_flattened()))
}

/// The checksum of opaque pixels that are written without their alpha.
///
/// It follows from that of the pixels as they are in memory, which is reckoned many bytes at a
/// time: where the channels of a pixel weigh `4 m`, `4 m - 1`, `4 m - 2` and `4 m - 3`, they weigh
/// `3 m`, `3 m - 1` and `3 m - 2` without the last.
pub(super) fn of_rgb_rows(rows: Rows<'_, 4>) -> u32 {
    of_each_row(rows, 3, |row| {
        let sums = Sums::of(row.as_flattened());
        let pixels = row.len() as u64;
        // of 255 each
        let alphas = 255 * pixels % PRIME;
        let weighed_alphas = 255 * (pixels * (2 * pixels).saturating_sub(1) % PRIME) % PRIME;
        let lighter = row.chunks(1 << 16).map(lighter).sum::<u64>() % PRIME;
        // m of all channels
        let weighed = (sums.weighed + PRIME - weighed_alphas + lighter) * QUARTER % PRIME;
        Sums {
            plain: (sums.plain + PRIME - alphas) % PRIME,
            weighed: (3 * weighed + PRIME - lighter) % PRIME,
        }
    })
}

/// By how much the second and third channels weigh less than the first.
fn lighter(pixels: &[[u8; 4]]) -> u64 {
    let of_pixel = |pixel: &[u8; 4]| {
        let rgba = u32::from_le_bytes(*pixel);
        (rgba >> 8 & 0xff) + (rgba >> 15 & 0x1fe)
    };
    u64::from(pixels.iter().map(of_pixel).sum::<u32>())
}

/// The sum of bytes, and their sum with each as often as there are bytes from it to the end.
#[derive(Clone, Copy, Default)]
struct Sums {
    plain: u64,
    weighed: u64,
}

impl Sums {
    fn of(bytes: &[u8]) -> Sums {
        let sum = adler(bytes);
        let (plain, weighed) = (u64::from(sum & 0xffff), u64::from(sum >> 16));
        // the checksum begins with 1, which weighs as much as a byte before all others
        let ones = bytes.len() as u64 % PRIME;
        Sums {
            plain: (plain + PRIME - 1) % PRIME,
            weighed: (weighed + PRIME - ones) % PRIME,
        }
    }
}

fn adler(bytes: &[u8]) -> u32 {
    let mut sum = Adler32::new();
    sum.update(bytes);
    sum.sum()
}

/// The checksum of rows of `bytes` a pixel that are each written after a byte of 0; `of` tells
/// the sums of a row.
fn of_each_row<'a, const W: usize>(
    rows: Rows<'a, W>,
    bytes: usize,
    mut of: impl FnMut(&'a [[u8; W]]) -> Sums,
) -> u32 {
    let mut all = Sums {
        plain: 1,
        weighed: 0,
    };
    let mut above: &[[u8; W]] = &[];
    let mut sums = Sums::default();
    let length = (rows.width * bytes) as u64 + 1;
    for row in rows.pixels.chunks_exact(rows.width) {
        if row.as_flattened() != above.as_flattened() {
            sums = of(row);
        }
        above = row;
        all.weighed = (all.weighed + length * all.plain + sums.weighed) % PRIME;
        all.plain = (all.plain + sums.plain) % PRIME;
    }
    (all.weighed << 16 | all.plain) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_checksum_is_that_of_the_written_bytes(
            width in 1usize..40,
            pixels in prop::collection::vec(any::<[u8; 4]>(), 0..400),
            high in any::<bool>(),
        ) {
            let pixels: Vec<[u8; 4]> = pixels
                .iter()
                .map(|[r, g, b, _]| if high { [255, 255, 255, 255] } else { [*r, *g, *b, 255] })
                .collect();
            let pixels = &pixels[..pixels.len() - pixels.len() % width];
            let rgb = |[r, g, b, _]: [u8; 4]| [r, g, b];
            let written: Vec<u8> = pixels
                .chunks(width)
                .flat_map(|row| std::iter::once(0).chain(row.iter().flat_map(|p| rgb(*p))))
                .collect();
            let rows = Rows::apart(pixels, width);
            prop_assert_eq!(of_rows(rows, rgb), adler(&written));
            prop_assert_eq!(of_rgb_rows(rows), adler(&written));
        }
    }

    #[test]
    fn the_widest_rows_have_no_overflow() {
        let pixels = vec![[255u8; 4]; 1 << 17];
        for width in [1 << 15, 1 << 16, 1 << 17] {
            let rows = Rows::apart(&pixels, width);
            assert_eq!(of_rgb_rows(rows), of_rows(rows, |[r, g, b, _]| [r, g, b]));
        }
    }
}
