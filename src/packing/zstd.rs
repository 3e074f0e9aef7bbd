use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::read_bounded;

/// The first bytes of a Zstandard frame.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// One level is all that the library has.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

pub(super) fn unpack(bytes: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let damaged = || "the Zstandard data are damaged".to_owned();
    let mut reader = StreamingDecoder::new(bytes).map_err(|_| damaged())?;
    let out = read_bounded(&mut reader, limit, "Zstandard")?;
    // the library reads the checksum and leaves it to others to compare
    let frame = &reader.decoder;
    match (
        frame.get_checksum_from_data(),
        frame.get_calculated_checksum(),
    ) {
        (Some(told), Some(found)) if told != found => Err(damaged()),
        _ => Ok(out),
    }
}
