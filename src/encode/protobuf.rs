//! The rules of Protocol Buffers that tiles and glyphs need.

/// Wire types.
pub(super) const VARINT: u32 = 0;
pub(super) const FIXED_64: u32 = 1;
pub(super) const BYTES: u32 = 2;
pub(super) const FIXED_32: u32 = 5;

/// Appends a base-128 number, least significant group first.
#[inline(always)]
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    // most are steps of less than 64 units
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes of a number as a varint.
pub(super) const fn varint_length(value: u64) -> usize {
    // ⌈bits / 7⌉, one for zero
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Appends the key of a field; all numbers of fields here are below 16, so it takes one byte.
#[inline(always)]
pub(super) fn put_key(out: &mut Vec<u8>, field: u32, wire_type: u32) {
    out.push((field << 3 | wire_type) as u8);
}

/// Appends key and length of a field of bytes.
#[inline]
pub(super) fn put_bytes_header(out: &mut Vec<u8>, field: u32, length: usize) {
    put_key(out, field, BYTES);
    put_varint(out, length as u64);
}

/// Small numbers of either sign as small numbers.
#[inline(always)]
pub(super) const fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

/// The fields of a message, one after another.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub number: u32,
    pub wire_type: u32,
    /// With key and length.
    pub whole: &'a [u8],
    /// Without.
    pub content: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(message: &'a [u8]) -> Fields<'a> {
        Fields { rest: message }
    }

    /// The next field; `None` at the end.
    ///
    /// # Errors
    /// In words, where the bytes are none.
    pub fn next(&mut self) -> Result<Option<Field<'a>>, String> {
        let start = self.rest;
        if start.is_empty() {
            return Ok(None);
        }
        let damaged = || "the bytes are no message of Protocol Buffers".to_owned();
        let key = self.varint().ok_or_else(damaged)?;
        let wire_type = (key & 7) as u32;
        let number = u32::try_from(key >> 3).map_err(|_| damaged())?;
        let length = match wire_type {
            VARINT => {
                let before = self.rest;
                self.varint().ok_or_else(damaged)?;
                let length = before.len() - self.rest.len();
                self.rest = before;
                length
            }
            FIXED_64 => 8,
            FIXED_32 => 4,
            BYTES => self
                .varint()
                .and_then(|length| usize::try_from(length).ok())
                .ok_or_else(damaged)?,
            _ => return Err(damaged()),
        };
        let (content, rest) = self.rest.split_at_checked(length).ok_or_else(damaged)?;
        self.rest = rest;
        let whole = start.get(..start.len() - rest.len()).ok_or_else(damaged)?;
        Ok(Some(Field {
            number,
            wire_type,
            whole,
            content,
        }))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_varint_has_the_length_foretold_and_comes_back(value in any::<u64>(), shift in 0u32..64) {
            let value = value >> shift;
            let mut out = Vec::new();
            put_varint(&mut out, value);
            prop_assert_eq!(out.len(), varint_length(value));
            let back = out.iter().rev().fold(0u64, |v, b| v << 7 | u64::from(b & 0x7f));
            prop_assert_eq!(back, value);
        }

        #[test]
        fn zigzag_goes_there_and_back(value in any::<i32>()) {
            let z = zigzag(value);
            prop_assert_eq!((z >> 1) as i32 ^ -((z & 1) as i32), value);
        }
    }
}
