//! How pages are made smaller.

use snap::raw::{Decoder, Encoder};

use crate::packing::Coding;

/// A compression, by its number in the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    None,
    Snappy,
    Coded(Coding),
}

impl Codec {
    /// The compression of a number.
    ///
    /// # Errors
    /// In words, for those that are not read.
    pub fn of_number(number: i64) -> Result<Codec, String> {
        match number {
            0 => Ok(Codec::None),
            1 => Ok(Codec::Snappy),
            2 => Ok(Codec::Coded(Coding::Gzip)),
            4 => Ok(Codec::Coded(Coding::Brotli)),
            6 => Ok(Codec::Coded(Coding::Zstd)),
            other => {
                let name = match other {
                    3 => "LZO".to_owned(),
                    5 | 7 => "LZ4".to_owned(),
                    other => format!("number {other}"),
                };
                Err(format!(
                    "expected a compression of Snappy, Zstandard, gzip, Brotli or none, found {name}"
                ))
            }
        }
    }

    /// Unpacks to exactly `length` bytes, and takes no memory that the packed bytes give no
    /// reason for.
    ///
    /// # Errors
    /// In words: damaged.
    pub fn unpack(self, packed: Vec<u8>, length: usize) -> Result<Vec<u8>, String> {
        let out = match self {
            Codec::None => packed,
            // nothing to unpack is packed to nothing by some
            _ if length == 0 => Vec::new(),
            Codec::Snappy => {
                // a copy of three bytes makes 64 at most; the length is asked before it is believed
                let most = packed.len().saturating_mul(64);
                if snap::raw::decompress_len(&packed).ok() != Some(length) || length > most {
                    return Err("the Snappy data are damaged".to_owned());
                }
                let unpacked = Decoder::new().decompress_vec(&packed);
                unpacked.map_err(|_| "the Snappy data are damaged".to_owned())?
            }
            Codec::Coded(coding) => coding.unpack(&packed, length)?,
        };
        match out.len() == length {
            true => Ok(out),
            false => Err(format!(
                "expected a page of {length} bytes, found {}",
                out.len()
            )),
        }
    }
}

/// The number of the compression that is written: Snappy, which every reader has, takes a tenth
/// of gzip's time.
pub const WRITTEN: i32 = 1;

/// Packs a page; `None` where the library refuses, which is beyond 4 GiB.
pub fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    Encoder::new().compress_vec(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::Effort;

    #[test]
    fn every_compression_gives_back_what_it_took_and_nothing_of_another_length() {
        let text = b"Saint-Etienne ".repeat(500);
        let coded = |coding: Coding| coding.pack(&text, Effort::Quick).unwrap();
        for (number, packed) in [
            (0, text.clone()),
            (1, pack(&text).unwrap()),
            (2, coded(Coding::Gzip)),
            (4, coded(Coding::Brotli)),
            (6, coded(Coding::Zstd)),
        ] {
            let codec = Codec::of_number(number).unwrap();
            assert_eq!(codec.unpack(packed.clone(), text.len()).unwrap(), text);
            for wrong in [text.len() - 1, text.len() + 1, 1 << 40] {
                assert!(codec.unpack(packed.clone(), wrong).is_err(), "{codec:?}");
            }
        }
        assert!(Codec::of_number(7).unwrap_err().ends_with("found LZ4"));
    }
}
