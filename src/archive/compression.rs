use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor};

/// The first bytes of gzip data.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// A hundredth larger than the best, and three times as quick.
const LEVEL: i32 = 6;

/// True where the bytes are gzip data. Neither pictures nor vector tiles begin so: it would be
/// the wire type 7, which protocol buffers do not have.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&GZIP_MAGIC)
}

/// Compresses with gzip; the same bytes give the same bytes.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default());
    let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
    // the bound is enough by its definition
    let length = compressor.gzip_compress(bytes, &mut out).unwrap_or(0);
    out.truncate(length);
    out
}

/// Decompresses gzip data of at most `limit` bytes.
///
/// # Errors
/// In words: damaged, or larger than the limit.
pub fn gunzip(bytes: &[u8], limit: usize) -> Result<Vec<u8>, String> {
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
                return Err(format!("expected at most {limit} bytes, found more"));
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
        let mut packed = gzip(&text);
        assert!(is_gzip(&packed) && packed.len() < 2_000);
        assert_eq!(gunzip(&packed, 1 << 20).unwrap(), text);
        assert_eq!(gunzip(&gzip(b""), 10).unwrap(), b"");
        let end = packed.len() - 4;
        packed[end..].copy_from_slice(&7_u32.to_le_bytes());
        // libdeflate checks the length too
        assert!(gunzip(&packed, 1 << 20).is_err());
    }

    #[test]
    fn a_bomb_is_refused_before_it_takes_memory() {
        let packed = gzip(&vec![0; 10 << 20]);
        let message = gunzip(&packed, 1 << 20).unwrap_err();
        assert_eq!(message, "expected at most 1048576 bytes, found more");
    }
}
