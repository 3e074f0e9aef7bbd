//! Bits as deflate packs them: the first in the lowest place of the first byte.

/// Bytes under construction, with the bits that do not fill one yet.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bytes that are written; those behind are room.
    at: usize,
    /// Fewer than eight bits between two calls.
    bits: u64,
    count: u32,
}

impl BitWriter {
    /// A writer that goes on behind these bytes.
    pub fn behind(bytes: Vec<u8>) -> BitWriter {
        BitWriter {
            at: bytes.len(),
            bytes,
            bits: 0,
            count: 0,
        }
    }

    /// Makes room for so many bits; what is put without room is lost.
    pub fn reserve(&mut self, bits: u64) {
        let bytes = usize::try_from(bits / 8).unwrap_or(usize::MAX);
        // each write is of eight bytes, wherever it begins
        let room = self.at.saturating_add(bytes).saturating_add(16);
        if room > self.bytes.len() {
            self.bytes.resize(room, 0);
        }
    }

    /// Adds the lowest `count` bits, at most 56; those above are zero.
    #[inline(always)]
    pub fn put(&mut self, value: u64, count: u32) {
        self.bits |= value << self.count;
        let all = self.count + count;
        // always eight bytes: whether a byte is full is a question that costs more
        if let Some(place) = self.bytes.get_mut(self.at..self.at + 8) {
            place.copy_from_slice(&self.bits.to_le_bytes());
        }
        self.at += (all >> 3) as usize;
        self.bits >>= all & 56;
        self.count = all & 7;
    }

    /// The bytes, the last one filled up with zeros.
    pub fn into_bytes(mut self) -> Vec<u8> {
        let end = self.at + usize::from(self.count > 0);
        self.bytes.truncate(end);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_lie_in_the_order_they_were_put(parts in prop::collection::vec((any::<u64>(), 0u32..57), 0..80)) {
            let mut out = BitWriter::behind(vec![0xAA]);
            let mut expected = Vec::new();
            for (value, count) in parts {
                let value = value & ((1 << count) - 1);
                out.reserve(u64::from(count));
                out.put(value, count);
                expected.extend((0..count).map(|i| (value >> i) & 1 == 1));
            }
            let bytes = out.into_bytes();
            prop_assert_eq!(bytes[0], 0xAA);
            prop_assert_eq!(bytes.len() - 1, expected.len().div_ceil(8));
            for (i, bit) in expected.into_iter().enumerate() {
                prop_assert_eq!((bytes[1 + i / 8] >> (i % 8)) & 1 == 1, bit);
            }
        }
    }
}
