use brotli::enc::BrotliEncoderParams;

use super::{Effort, read_bounded};

/// A window of 256 kB: nearly all that is packed is smaller, and the tables stay small.
const WINDOW_BITS: i32 = 18;
const BUFFER_BYTES: usize = 4 << 10;

pub(super) fn pack(bytes: &[u8], effort: Effort) -> Option<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: match effort {
            // below it is no smaller than gzip
            Effort::Quick => 5,
            // beyond it takes ten times as long for a hundredth
            Effort::Lasting => 7,
        },
        lgwin: WINDOW_BITS,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut out = Vec::with_capacity(bytes.len() / 2);
    let mut rest = bytes;
    brotli::BrotliCompress(&mut rest, &mut out, &parameters).ok()?;
    Some(out)
}

pub(super) fn unpack(bytes: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let reader = brotli::Decompressor::new(bytes, BUFFER_BYTES);
    read_bounded(reader, limit, "Brotli")
}
