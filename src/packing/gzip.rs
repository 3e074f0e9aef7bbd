use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor};

use super::{Effort, too_large};

/// The first bytes of gzip data.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

pub(super) fn pack(bytes: &[u8], effort: Effort) -> Option<Vec<u8>> {
    let level = match effort {
        // a fiftieth larger than the best, in half of the time
        Effort::Quick => 4,
        // a hundredth larger than the best, and three times as quick
        Effort::Lasting => 6,
    };
    let mut compressor = Compressor::new(CompressionLvl::new(level).ok()?);
    let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
    // the bound is enough by its definition
    let length = compressor.gzip_compress(bytes, &mut out).ok()?;
    out.truncate(length);
    out.shrink_to_fit();
    Some(out)
}

pub(super) fn unpack(bytes: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let mut decompressor = Decompressor::new();
    // the last four bytes say how long the content is: right but for damage, data that were
    // put together from several, and sizes above 4 GiB
    let said = bytes
        .last_chunk::<4>()
        .map_or(0, |b| u32::from_le_bytes(*b));
    let said = usize::try_from(said).unwrap_or(usize::MAX);
    // deflate makes nothing more than 1 032 times smaller
    let possible = bytes.len().saturating_mul(1032).min(limit);
    let mut size = if said <= possible {
        said
    } else {
        possible.min(64 << 10)
    };
    loop {
        let mut out = vec![0; size];
        match decompressor.gzip_decompress(bytes, &mut out) {
            Ok(length) => {
                out.truncate(length);
                return Ok(out);
            }
            Err(DecompressionError::InsufficientSpace) if size < possible => {
                size = size.saturating_mul(4).clamp(4 << 10, possible);
            }
            Err(DecompressionError::InsufficientSpace) => {
                return Err(too_large(limit));
            }
            Err(DecompressionError::BadData) => {
                return Err("the gzip data are damaged".to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compressed_comes_back_whatever_the_length_at_its_end_says() {
        let text = b"tile".repeat(50_000);
        let mut packed = pack(&text, Effort::Lasting).unwrap();
        assert!(packed.starts_with(&MAGIC) && packed.len() < 2_000);
        assert_eq!(unpack(&packed, 1 << 20).unwrap(), text);
        let empty = pack(b"", Effort::Quick).unwrap();
        assert_eq!(unpack(&empty, 10).unwrap(), b"");
        let end = packed.len() - 4;
        packed[end..].copy_from_slice(&7_u32.to_le_bytes());
        // libdeflate checks the length too
        assert!(unpack(&packed, 1 << 20).is_err());
    }
}
