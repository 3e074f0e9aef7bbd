//! The bits of a JPEG: Huffman codes, and the runs and numbers that they stand for.

use super::block::Coefficients;

/// A table as ITU-T T.81 writes it: how many codes there are of each length, and what they mean in
/// the order of their codes.
pub(super) struct Table {
    pub lengths: [u8; 16],
    pub symbols: &'static [u8],
}

/// Differences of the mean of luminance (T.81 table K.3).
pub(super) const LUMINANCE_DC: Table = Table {
    lengths: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    symbols: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};

/// The same of chrominance (table K.4).
pub(super) const CHROMINANCE_DC: Table = Table {
    lengths: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    symbols: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};

/// Runs of zeros and the size of what follows, in luminance (table K.5).
pub(super) const LUMINANCE_AC: Table = Table {
    lengths: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
    symbols: &[
        0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61,
        0x07, 0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52,
        0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25,
        0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45,
        0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64,
        0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
        0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
        0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6,
        0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3,
        0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8,
        0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
    ],
};

/// The same in chrominance (table K.6).
pub(super) const CHROMINANCE_AC: Table = Table {
    lengths: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
    symbols: &[
        0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61,
        0x71, 0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33,
        0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18,
        0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44,
        0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63,
        0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
        0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97,
        0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4,
        0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca,
        0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7,
        0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
    ],
};

/// The code of each symbol, and its length in bits.
pub(super) struct Codes([(u16, u8); 256]);

impl Codes {
    /// T.81 annex C.2: codes of a length follow one another, those of the next begin at twice.
    #[allow(clippy::indexing_slicing, reason = "there is a code for every byte")]
    pub const fn new(table: &Table) -> Codes {
        let mut codes = [(0, 0); 256];
        let (mut code, mut nth, mut length) = (0u16, 0, 0);
        while length < 16 {
            let mut left = table.lengths[length];
            while left > 0 {
                codes[table.symbols[nth] as usize] = (code, length as u8 + 1);
                code = code.wrapping_add(1);
                nth += 1;
                left -= 1;
            }
            code <<= 1;
            length += 1;
        }
        Codes(codes)
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "there is a code for every byte")]
    fn of(&self, symbol: u8) -> (u64, u32) {
        let (code, length) = self.0[symbol as usize];
        (u64::from(code), u32::from(length))
    }
}

/// Bits, the highest first. A byte of ones is followed by one of zeros.
pub(super) struct Bits {
    pub bytes: Vec<u8>,
    waiting: u64,
    count: u32,
}

impl Bits {
    pub fn behind(bytes: Vec<u8>) -> Bits {
        Bits {
            bytes,
            waiting: 0,
            count: 0,
        }
    }

    /// Adds at most 32 bits; what lies above them is 0.
    #[inline(always)]
    pub fn put(&mut self, bits: u64, count: u32) {
        self.waiting = self.waiting << count | bits;
        self.count += count;
        if self.count >= 32 {
            self.count -= 32;
            self.write((self.waiting >> self.count) as u32);
        }
    }

    #[inline(always)]
    fn write(&mut self, word: u32) {
        // some byte is 255 where its complement is 0
        let inverse = !word;
        if inverse.wrapping_sub(0x0101_0101) & !inverse & 0x8080_8080 == 0 {
            self.bytes.extend_from_slice(&word.to_be_bytes());
        } else {
            self.write_one_by_one(&word.to_be_bytes());
        }
    }

    #[cold]
    fn write_one_by_one(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.bytes.push(*byte);
            if *byte == u8::MAX {
                self.bytes.push(0);
            }
        }
    }

    /// Fills the last byte with ones.
    pub fn finish(mut self) -> Vec<u8> {
        let missing = self.count.next_multiple_of(8) - self.count;
        let word = (self.waiting << missing | ((1 << missing) - 1)) << (32 - self.count - missing);
        let bytes = (word as u32).to_be_bytes();
        let count = self.count.div_ceil(8) as usize;
        self.write_one_by_one(bytes.get(..count).unwrap_or(&[]));
        self.bytes
    }

    /// The difference of a block's mean to that of the block before.
    #[inline(always)]
    pub fn difference(&mut self, difference: i32, codes: &Codes) {
        let (size, value) = number(difference);
        let (code, length) = codes.of(size as u8);
        self.put(code << size | value, length + size);
    }

    /// All coefficients of a block but the first, in the order of the zigzag.
    #[inline(always)]
    pub fn coefficients(&mut self, block: &Coefficients, codes: &Codes) {
        let mut left = block.present() & !1;
        let mut before = 0;
        while left != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            let mut run = place - before - 1;
            before = place;
            while run >= 16 {
                let (code, length) = codes.of(0xf0);
                self.put(code, length);
                run -= 16;
            }
            let (size, value) = number(block.at(place));
            let (code, length) = codes.of((run << 4 | size) as u8);
            self.put(code << size | value, length + size);
        }
        if before < 63 {
            self.end_of_block(codes);
        }
    }

    #[inline(always)]
    pub fn end_of_block(&mut self, codes: &Codes) {
        let (code, length) = codes.of(0);
        self.put(code, length);
    }
}

/// How many bits a number takes, and these bits: a negative one is written less one (T.81 F.1.2.1).
#[inline(always)]
fn number(value: i32) -> (u32, u64) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    let bits = value + (value >> 31);
    (size, u64::from(bits as u32) & ((1 << size) - 1))
}
