//! Text on its way out: into a `String`, or into the bytes of an answer without a copy between;
//! and numbers as decimal digits, many positions at a time.
//!
//! Digits are made eight at once in a register and put together in a block on the stack: in an
//! answer of features they are most of the bytes.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::geom::Coord;

/// What text is written into.
pub trait Ink {
    fn put(&mut self, text: &str);

    /// Digits, signs and points: ASCII alone.
    fn put_ascii(&mut self, ascii: &[u8]);

    /// What the standard library writes; slower than the others.
    fn put_fmt(&mut self, text: std::fmt::Arguments<'_>);
}

impl Ink for String {
    #[inline]
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }

    #[inline]
    fn put_ascii(&mut self, ascii: &[u8]) {
        self.push_str(std::str::from_utf8(ascii).unwrap_or(""));
    }

    fn put_fmt(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.write_fmt(text);
    }
}

impl Ink for Vec<u8> {
    #[inline]
    fn put(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn put_ascii(&mut self, ascii: &[u8]) {
        self.extend_from_slice(ascii);
    }

    fn put_fmt(&mut self, text: std::fmt::Arguments<'_>) {
        // a vector takes everything
        let _ = self.write_fmt(text);
    }
}

/// What stands between numbers.
#[derive(Debug, Clone, Copy)]
pub struct Glue {
    /// Between the two of a position.
    between: u8,
    /// Between positions: so many of these bytes.
    separator: ([u8; 4], usize),
}

impl Glue {
    /// `separator` has up to four bytes.
    pub const fn new(between: u8, separator: &[u8]) -> Glue {
        let mut bytes = [0; 4];
        let (room, _) = bytes.split_at_mut(separator.len());
        room.copy_from_slice(separator);
        Glue {
            between,
            separator: (bytes, separator.len()),
        }
    }
}

/// How positions are written.
#[derive(Debug, Clone, Copy)]
pub struct Positions {
    pub glue: Glue,
    /// Digits behind the point, at most.
    pub decimals: u8,
    /// True: y before x.
    pub is_swapped: bool,
}

impl Positions {
    /// Appends positions with the glue between them.
    #[inline]
    pub fn push<'a>(&self, out: &mut impl Ink, coords: impl Iterator<Item = &'a Coord>) {
        let mut block = Block::<BLOCK_BYTES>::new();
        let scale = Scale::of(self.decimals);
        let (separator, length) = self.glue.separator;
        let mut is_first = true;
        for [x, y] in coords {
            let [first, second] = if self.is_swapped { [*y, *x] } else { [*x, *y] };
            if block.is_full() {
                block.flush(out);
            }
            if !is_first {
                block.put(separator, length);
            }
            is_first = false;
            block.number(out, first, scale, self.decimals);
            block.put([self.glue.between, 0, 0, 0], 1);
            block.number(out, second, scale, self.decimals);
        }
        block.flush(out);
    }
}

/// Appends a number with at most `decimals` digits behind the point and no trailing zeros; what
/// is not finite, which JSON can't hold, is `null`.
pub fn push_number(out: &mut impl Ink, value: f64, decimals: u8) {
    let mut block = Block::<NUMBER_ROOM>::new();
    block.number(out, value, Scale::of(decimals), decimals);
    block.flush(out);
}

/// Appends a whole number.
pub fn push_whole(out: &mut impl Ink, value: i64) {
    if value.unsigned_abs() < SIXTEEN_DIGITS {
        let mut block = Block::<NUMBER_ROOM>::new();
        block.digits(value, 0);
        block.flush(out);
    } else {
        out.put_fmt(format_args!("{value}"));
    }
}

/// Appends the shortest digits that read back as the same number; with an exponent where there
/// would be many zeros.
pub fn push_float(out: &mut impl Ink, value: f64) {
    // Most measures have three decimals at most. A decimal of up to 15 digits is the only one of
    // them near its number, so where a quotient gives the number back it is the shortest text.
    const FACTOR: f64 = 1e3;
    let scaled = (value * FACTOR).round();
    if scaled != 0.0 && scaled.abs() < 1e15 && scaled / FACTOR == value {
        return push_number(out, value, 3);
    }
    match value.abs() {
        0.0 | 1e-7..1e16 => out.put_fmt(format_args!("{value}")),
        _ => out.put_fmt(format_args!("{value:e}")),
    }
}

/// Numbers below this have sixteen digits at most.
const SIXTEEN_DIGITS: u64 = 10_000_000_000_000_000;
/// Whole numbers below 2^53 are exact.
const MAX_EXACT: f64 = 9e15;
/// Bytes that a number is given room for; it takes 19 at most.
const NUMBER_ROOM: usize = 40;
/// Some twenty positions.
const BLOCK_BYTES: usize = 512;

/// What numbers are multiplied by to have as many decimals; `None` beyond nine.
#[derive(Debug, Clone, Copy)]
struct Scale(Option<f64>);

impl Scale {
    fn of(decimals: u8) -> Scale {
        const FACTORS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
        Scale(FACTORS.get(usize::from(decimals)).copied())
    }
}

/// Numbers and what is between them, until they are a lot.
struct Block<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Block<N> {
    #[inline]
    fn new() -> Block<N> {
        Block {
            bytes: [0; N],
            length: 0,
        }
    }

    /// True where a position might not fit any more.
    #[inline]
    fn is_full(&self) -> bool {
        self.length + 2 * NUMBER_ROOM > N
    }

    #[inline]
    fn flush(&mut self, out: &mut impl Ink) {
        out.put_ascii(self.bytes.get(..self.length).unwrap_or(&[]));
        self.length = 0;
    }

    #[inline]
    fn put(&mut self, bytes: [u8; 4], length: usize) {
        let room = self.bytes.get_mut(self.length..);
        if let Some(room) = room.and_then(<[u8]>::first_chunk_mut) {
            *room = bytes;
            self.length += length;
        }
    }

    /// A number with at most `decimals` digits behind the point.
    #[inline]
    fn number(&mut self, out: &mut impl Ink, value: f64, scale: Scale, decimals: u8) {
        let scaled = value * scale.0.unwrap_or(f64::NAN);
        // rounds half away from zero; the number below a half, so that nothing below it does
        let rounded = scaled + 0.499_999_999_999_999_94_f64.copysign(scaled);
        // false for what is not finite
        if rounded.abs() < MAX_EXACT {
            self.digits(rounded as i64, decimals);
        } else {
            self.flush(out);
            push_rare(out, value);
        }
    }

    /// `value / 10^decimals` without trailing zeros; `value` below 10^16, `decimals` at most 9.
    #[inline]
    fn digits(&mut self, value: i64, decimals: u8) {
        let decimals = u32::from(decimals.min(9));
        let digits = sixteen(value.unsigned_abs());
        let ascii = digits | ASCII_ZEROS;
        // one digit stands before the point, be it zero
        let leading = (digits.trailing_zeros() / 8).min(15 - decimals);
        let whole = (16 - decimals - leading) as usize;
        let fraction = decimals.saturating_sub(digits.leading_zeros() / 8) as usize;
        let sign = usize::from(value < 0);
        let room = self.bytes.get_mut(self.length..);
        let Some(room) = room.and_then(<[u8]>::first_chunk_mut::<NUMBER_ROOM>) else {
            return;
        };
        room[0] = b'-';
        put_sixteen(room, sign, ascii >> (8 * leading));
        if let Some(point) = room.get_mut(sign + whole) {
            *point = b'.';
        }
        // nothing is left where there are no decimals
        let behind = ascii.checked_shr(8 * (16 - decimals)).unwrap_or(0);
        put_sixteen(room, sign + whole + 1, behind);
        self.length += sign + whole + if fraction > 0 { fraction + 1 } else { 0 };
    }
}

/// Sixteen bytes from the lowest on, of which some may be nothing.
#[inline]
fn put_sixteen(room: &mut [u8; NUMBER_ROOM], at: usize, bytes: u128) {
    if let Some(room) = room.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *room = bytes.to_le_bytes();
    }
}

/// What has no digits behind the point to round: it is so large, or no number.
#[cold]
fn push_rare(out: &mut impl Ink, value: f64) {
    if value.is_finite() {
        push_float(out, value);
    } else {
        out.put("null");
    }
}

const ASCII_ZEROS: u128 = 0x30303030_30303030_30303030_30303030;

/// The sixteen decimal digits of a number below 10^16, the first in the lowest byte.
#[inline]
fn sixteen(value: u64) -> u128 {
    const EIGHT: u64 = 100_000_000;
    (u128::from(eight(value % EIGHT)) << 64) | u128::from(eight(value / EIGHT))
}

/// Eight digits: halves, quarters and eighths, each in all lanes at once.
#[inline]
fn eight(value: u64) -> u64 {
    let halves = (value / 10_000) | ((value % 10_000) << 32);
    // n · 10486 / 2^20 is n / 100 for n below 10^4
    let hundreds = (halves.wrapping_mul(10_486) >> 20) & 0x7F_0000_007F;
    let quarters = hundreds | (halves.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    // n · 103 / 2^10 is n / 10 for n below 100
    let tens = (quarters.wrapping_mul(103) >> 10) & 0xF_000F_000F_000F;
    tens | (quarters.wrapping_sub(tens.wrapping_mul(10)) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(value: f64, decimals: u8) -> String {
        let mut out = String::new();
        push_number(&mut out, value, decimals);
        out
    }

    /// What the standard library writes, without trailing zeros.
    fn expected(value: f64, decimals: u8) -> String {
        let factor = 10_f64.powi(i32::from(decimals));
        let whole = (value * factor).round() as i128;
        let (sign, digits) = (if whole < 0 { "-" } else { "" }, whole.unsigned_abs());
        let digits = format!("{digits:0>width$}", width = usize::from(decimals) + 1);
        let (before, behind) = digits.split_at(digits.len() - usize::from(decimals));
        match behind.trim_end_matches('0') {
            "" => format!("{sign}{before}"),
            behind => format!("{sign}{before}.{behind}"),
        }
    }

    #[test]
    fn numbers_at_the_edges() {
        for (value, decimals, text) in [
            (0.0, 3, "0"),
            (-0.0, 3, "0"),
            (-0.000_4, 3, "0"),
            (-0.000_5, 3, "-0.001"),
            (0.499_999_999_999_999_94, 0, "0"),
            (0.5, 0, "1"),
            (-2.5, 0, "-3"),
            (1.005, 2, "1"),
            (10.0, 9, "10"),
            (100.25, 0, "100"),
            (180.0, 7, "180"),
            (6_519_925.123, 3, "6519925.123"),
            (8_999_999_999_999.5, 3, "8999999999999.5"),
            (9e15, 0, "9000000000000000"),
            (9_007_199_254_740_993.0, 3, "9007199254740992"),
            (1e300, 7, "1e300"),
            (f64::NAN, 7, "null"),
            (f64::INFINITY, 7, "null"),
            (0.1, 20, "0.1"),
        ] {
            assert_eq!(number(value, decimals), text, "{value} {decimals}");
        }
    }

    #[test]
    fn floats_are_the_shortest_texts_that_give_them_back() {
        for value in [
            0.0,
            -0.0,
            0.1,
            0.125,
            12.3456,
            1e-3,
            1e-4,
            1e15,
            1e16,
            123_456.789,
            -7.5,
        ] {
            let mut out = String::new();
            push_float(&mut out, value);
            let plain = format!("{value}");
            assert!(
                out == plain || out == format!("{value:e}"),
                "{value}: {out}"
            );
            assert_eq!(out.parse(), Ok(value));
        }
    }

    proptest! {
        #[test]
        fn numbers_are_those_of_the_standard_library(
            value in prop_oneof![-8e6..8e6_f64, -181.0..181.0_f64, -1e-5..1e-5_f64, -8e5..8e5_f64],
            decimals in 0..10_u8,
        ) {
            prop_assume!(value.abs() * 10_f64.powi(i32::from(decimals)) < MAX_EXACT);
            prop_assert_eq!(number(value, decimals), expected(value, decimals));
        }

        #[test]
        fn whole_numbers_are_those_of_the_standard_library(
            value in any::<i64>(), shift in 0..63_u32,
        ) {
            let value = value >> shift;
            let mut out = Vec::new();
            push_whole(&mut out, value);
            prop_assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }

        #[test]
        fn thousandths_are_written_short(value in -1_000_000_000_000_i64..1_000_000_000_000) {
            let value = value as f64 / 1e3;
            let mut out = String::new();
            push_float(&mut out, value);
            prop_assert_eq!(out, format!("{value}"));
        }

        #[test]
        fn positions_are_numbers_with_glue_between_them(
            coords in proptest::collection::vec(
                (-2e7..2e7_f64, prop_oneof![9 => -90.0..90.0_f64, 1 => Just(f64::NAN), 1 => Just(1e20)]),
                0..120,
            ),
            is_swapped in any::<bool>(),
        ) {
            let coords: Vec<Coord> = coords.iter().map(|(x, y)| [*x, *y]).collect();
            let form = Positions { glue: Glue::new(b',', b"],["), decimals: 7, is_swapped };
            let (mut text, mut bytes) = (String::new(), Vec::new());
            form.push(&mut text, coords.iter());
            form.push(&mut bytes, coords.iter());
            let one = |[x, y]: &Coord| match is_swapped {
                true => format!("{},{}", number(*y, 7), number(*x, 7)),
                false => format!("{},{}", number(*x, 7), number(*y, 7)),
            };
            let wanted: Vec<String> = coords.iter().map(one).collect();
            prop_assert_eq!(&text, &wanted.join("],["));
            prop_assert_eq!(text.as_bytes(), bytes);
        }
    }
}
