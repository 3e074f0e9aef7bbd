//! Streams: numbers, bits or bytes, with a head that says how they are written.

use crate::encode::protobuf::{put_varint, varint_length};

/// What a stream is of: the upper four bits say whether it tells presence, data, offsets or
/// lengths, the lower four of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Present = 0x00,
    Data = 0x10,
    Dictionary = 0x11,
    Vertices = 0x13,
    TextOffsets = 0x22,
    /// Of texts; also the kinds of geometries, by the habit of the first encoder.
    TextLengths = 0x30,
    Geometries = 0x31,
    Parts = 0x32,
    Rings = 0x33,
    DictionaryLengths = 0x36,
}

/// The second byte of a head: how numbers were changed, and how they are written.
const AS_THEY_ARE: u8 = 0;
const VARINTS: u8 = 2;
const DIFFERENCES: u8 = 1 << 5;
const DIFFERENCES_BY_AXIS: u8 = 2 << 5;
const RUNS: u8 = 3 << 5;

/// Numbers without a sign, in the shortest of three ways: as they are, as runs, as differences.
pub(super) fn put_numbers(out: &mut Vec<u8>, role: Role, numbers: &[u64]) {
    put_shortest(
        out,
        role,
        numbers,
        numbers.iter().map(|number| *number as i64),
    );
}

/// Numbers of either sign, likewise.
pub(super) fn put_signed(out: &mut Vec<u8>, role: Role, numbers: &[i64]) {
    let plain: Vec<u64> = numbers.iter().map(|number| zigzag(*number)).collect();
    put_shortest(out, role, &plain, numbers.iter().copied());
}

/// `plain` is how the numbers are written where nothing is done to them.
fn put_shortest(out: &mut Vec<u8>, role: Role, plain: &[u64], numbers: impl Iterator<Item = i64>) {
    let length = |numbers: &[u64]| numbers.iter().map(|n| varint_length(*n)).sum::<usize>();
    let mut before = 0_i64;
    let differences: Vec<u64> = numbers
        .map(|number| {
            let difference = number.wrapping_sub(before);
            before = number;
            zigzag(difference)
        })
        .collect();
    let [lengths, values] = runs(plain);
    let by_runs = length(&lengths) + length(&values);
    let as_they_are = length(plain);
    // what is read as 32 bits has no room for a difference of 33
    let is_narrow = |numbers: &[u64]| numbers.iter().all(|n| u32::try_from(*n).is_ok());
    let by_differences = match is_narrow(plain) && !is_narrow(&differences) {
        true => usize::MAX,
        false => length(&differences),
    };
    if by_runs < as_they_are.min(by_differences) {
        put_head(out, role, RUNS | VARINTS, 2 * lengths.len(), by_runs);
        put_varint(out, lengths.len() as u64);
        put_varint(out, plain.len() as u64);
        put_varints(out, &lengths);
        put_varints(out, &values);
    } else if by_differences < as_they_are {
        put_head(
            out,
            role,
            DIFFERENCES | VARINTS,
            plain.len(),
            by_differences,
        );
        put_varints(out, &differences);
    } else {
        put_head(out, role, VARINTS, plain.len(), as_they_are);
        put_varints(out, plain);
    }
}

/// Coordinates, x and y in turn, as differences along each axis.
pub(super) fn put_vertices(out: &mut Vec<u8>, coordinates: &[[i32; 2]]) {
    let mut before = [0_i32; 2];
    let mut numbers = Vec::with_capacity(coordinates.len() * 2);
    for [x, y] in coordinates {
        let [bx, by] = before;
        for (number, before) in [(x, bx), (y, by)] {
            let difference = i64::from(number.wrapping_sub(before));
            numbers.push(zigzag(difference));
        }
        before = [*x, *y];
    }
    let length = numbers.iter().map(|n| varint_length(*n)).sum();
    let encoding = DIFFERENCES_BY_AXIS | VARINTS;
    put_head(out, Role::Vertices, encoding, numbers.len(), length);
    put_varints(out, &numbers);
}

/// Bits, eight to a byte, least first, and equal bytes as runs.
pub(super) fn put_bits(out: &mut Vec<u8>, role: Role, bits: &[bool]) {
    let byte = |bits: &[bool]| {
        let set = bits.iter().enumerate().filter(|(_, bit)| **bit);
        set.fold(0_u8, |byte, (place, _)| byte | 1 << place)
    };
    let bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
    let packed = byte_runs(&bytes);
    put_head(out, role, RUNS | AS_THEY_ARE, bits.len(), packed.len());
    out.extend_from_slice(&packed);
}

/// Bytes as they are; `count` is how many values they are of.
pub(super) fn put_bytes(
    out: &mut Vec<u8>,
    role: Role,
    count: usize,
    bytes: impl Iterator<Item = u8>,
) {
    let bytes: Vec<u8> = bytes.collect();
    put_head(out, role, AS_THEY_ARE, count, bytes.len());
    out.extend_from_slice(&bytes);
}

fn put_head(out: &mut Vec<u8>, role: Role, encoding: u8, count: usize, length: usize) {
    out.push(role as u8);
    out.push(encoding);
    put_varint(out, count as u64);
    put_varint(out, length as u64);
}

fn put_varints(out: &mut Vec<u8>, numbers: &[u64]) {
    for number in numbers {
        put_varint(out, *number);
    }
}

/// How often each value comes in a row, and the values.
fn runs(numbers: &[u64]) -> [Vec<u64>; 2] {
    let runs = || numbers.chunk_by(|a, b| a == b);
    let lengths = runs().map(|run| run.len() as u64).collect();
    [
        lengths,
        runs().filter_map(|run| run.first().copied()).collect(),
    ]
}

/// Runs of bytes: one byte below 128 says how often, less three, the byte behind it comes; one
/// from 128 how many, taken from 256, stand there as they are.
fn byte_runs(bytes: &[u8]) -> Vec<u8> {
    const LEAST: usize = 3;
    const MOST: usize = 130;
    let mut out = Vec::new();
    let mut plain: Vec<u8> = Vec::new();
    let flush = |out: &mut Vec<u8>, plain: &mut Vec<u8>| {
        for part in plain.chunks(128) {
            out.push((256 - part.len()) as u8);
            out.extend_from_slice(part);
        }
        plain.clear();
    };
    for run in bytes.chunk_by(|a, b| a == b) {
        for part in run.chunks(MOST) {
            match part {
                [byte, ..] if part.len() >= LEAST => {
                    flush(&mut out, &mut plain);
                    out.push((part.len() - LEAST) as u8);
                    out.push(*byte);
                }
                _ => plain.extend_from_slice(part),
            }
        }
    }
    flush(&mut out, &mut plain);
    out
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes_of(packed: &[u8]) -> Vec<u8> {
        let (mut out, mut rest) = (Vec::new(), packed);
        while let [control, after @ ..] = rest {
            match usize::from(*control) {
                count @ 0..128 => {
                    out.extend(vec![after[0]; count + 3]);
                    rest = &after[1..];
                }
                count => {
                    out.extend_from_slice(&after[..256 - count]);
                    rest = &after[256 - count..];
                }
            }
        }
        out
    }

    #[test]
    fn the_shortest_way_is_taken() {
        let encoding = |numbers: &[u64]| {
            let mut out = Vec::new();
            put_numbers(&mut out, Role::Data, numbers);
            out[1]
        };
        assert_eq!(encoding(&[5; 100]), RUNS | VARINTS);
        let climbing: Vec<u64> = (1_000_000..1_000_100).collect();
        assert_eq!(encoding(&climbing), DIFFERENCES | VARINTS);
        assert_eq!(encoding(&[1, 90, 3, 77]), VARINTS);
        assert_eq!(encoding(&[]), VARINTS);
    }

    proptest! {
        #[test]
        fn runs_of_bytes_come_back(parts in prop::collection::vec((any::<u8>(), 1_usize..300), 0..8)) {
            let bytes: Vec<u8> = parts.iter().flat_map(|(b, n)| vec![*b; *n]).collect();
            prop_assert_eq!(bytes_of(&byte_runs(&bytes)), bytes.clone());
            let each: Vec<u8> = (0..bytes.len()).map(|n| (n % 251) as u8).collect();
            prop_assert_eq!(bytes_of(&byte_runs(&each)), each);
        }
    }
}
