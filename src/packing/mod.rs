//! Bytes made smaller for the way: the content codings of HTTP (RFC 9110 §8.4.1), and which of
//! them a client takes.

mod accepted;
mod brotli;
mod gzip;
mod zstd;

pub use accepted::Accepted;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// RFC 7932
    Brotli,
    /// RFC 1952
    Gzip,
    /// As they are.
    Identity,
    /// RFC 8878
    Zstd,
}

/// How long packing may take for what it saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// For what somebody waits for.
    Quick,
    /// For files that last: some hundredths smaller, in twice the time.
    Lasting,
}

impl Coding {
    /// Those that pack, the smallest first: on vector tiles of the demo Brotli is 3 to 9 % smaller
    /// than gzip at five times its time; Zstandard, of which the library has only the fastest
    /// level, is a quarter larger, for who likes it best or takes nothing else.
    pub const PACKED: [Coding; 3] = [Coding::Brotli, Coding::Gzip, Coding::Zstd];

    /// The name in `Content-Encoding` and `Accept-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Gzip => "gzip",
            Coding::Identity => "identity",
            Coding::Zstd => "zstd",
        }
    }

    /// What a validator ends with, so that each coding has one of its own (RFC 9110 §8.8.3.3).
    pub fn suffix(self) -> &'static str {
        match self {
            Coding::Brotli => "-br",
            Coding::Gzip => "-gz",
            Coding::Identity => "",
            Coding::Zstd => "-zst",
        }
    }

    /// A number that files may hold.
    pub fn number(self) -> u8 {
        match self {
            Coding::Identity => 0,
            Coding::Gzip => 1,
            Coding::Brotli => 2,
            Coding::Zstd => 3,
        }
    }

    /// The coding of a number; `None` for a number that is no coding's.
    pub fn of_number(number: u8) -> Option<Coding> {
        [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd]
            .into_iter()
            .find(|coding| coding.number() == number)
    }

    /// The coding that the first bytes show; Brotli shows in none. Neither pictures nor vector
    /// tiles begin like one: gzip's first byte would be the wire type 7, which protocol buffers
    /// do not have, that of Zstandard a field that tiles do not have.
    pub fn sniffed(bytes: &[u8]) -> Option<Coding> {
        if bytes.starts_with(&gzip::MAGIC) {
            return Some(Coding::Gzip);
        }
        bytes.starts_with(&zstd::MAGIC).then_some(Coding::Zstd)
    }

    /// Packs; the same bytes give the same bytes. `None` where the library refuses, which is
    /// where there is no memory.
    pub fn pack(self, bytes: &[u8], effort: Effort) -> Option<Vec<u8>> {
        match self {
            Coding::Brotli => brotli::pack(bytes, effort),
            Coding::Gzip => gzip::pack(bytes, effort),
            Coding::Identity => Some(bytes.to_vec()),
            Coding::Zstd => Some(zstd::pack(bytes)),
        }
    }

    /// Unpacks to at most `limit` bytes.
    ///
    /// # Errors
    /// In words: damaged, or larger than the limit.
    pub fn unpack(self, bytes: &[u8], limit: usize) -> Result<Vec<u8>, String> {
        match self {
            Coding::Brotli => brotli::unpack(bytes, limit),
            Coding::Gzip => gzip::unpack(bytes, limit),
            Coding::Identity if bytes.len() > limit => Err(too_large(limit)),
            Coding::Identity => Ok(bytes.to_vec()),
            Coding::Zstd => zstd::unpack(bytes, limit),
        }
    }
}

fn too_large(limit: usize) -> String {
    format!("expected at most {limit} bytes, found more")
}

/// Reads to the end, at most `limit` bytes.
fn read_bounded(reader: impl std::io::Read, limit: usize, name: &str) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let mut out = Vec::new();
    let more = (limit as u64).saturating_add(1);
    reader
        .take(more)
        .read_to_end(&mut out)
        .map_err(|_| format!("the {name} data are damaged"))?;
    if out.len() > limit {
        return Err(too_large(limit));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bomb_is_refused_before_it_takes_memory() {
        for coding in Coding::PACKED {
            let packed = coding.pack(&vec![0; 10 << 20], Effort::Quick).unwrap();
            assert!(packed.len() < 20_000, "{coding:?}: {}", packed.len());
            let message = coding.unpack(&packed, 1 << 20).unwrap_err();
            assert_eq!(message, "expected at most 1048576 bytes, found more");
            assert_eq!(coding.unpack(&packed, 10 << 20).unwrap().len(), 10 << 20);
        }
    }

    #[test]
    fn damaged_bytes_are_an_error_and_never_another_content_with_a_checksum() {
        let text: Vec<u8> = (0..20_000u32)
            .flat_map(|n| (n % 97).to_le_bytes())
            .collect();
        for coding in Coding::PACKED {
            let packed = coding.pack(&text, Effort::Lasting).unwrap();
            for cut in [0, 1, packed.len() / 2, packed.len() - 1] {
                let cut = packed.get(..cut).unwrap();
                assert!(
                    coding.unpack(cut, 1 << 20).is_err(),
                    "{coding:?} {}",
                    cut.len()
                );
            }
            let mut broken = packed.clone();
            for byte in broken.iter_mut().skip(20).take(8) {
                *byte ^= 0xa5;
            }
            // Brotli has no checksum: other bytes may come out, but never more than allowed
            match coding.unpack(&broken, 1 << 20) {
                Ok(other) => assert!(coding == Coding::Brotli && other.len() <= 1 << 20),
                Err(message) => assert!(!message.is_empty()),
            }
        }
    }

    #[test]
    fn a_number_is_of_one_coding() {
        for coding in [Coding::Identity, Coding::Brotli, Coding::Gzip, Coding::Zstd] {
            assert_eq!(Coding::of_number(coding.number()), Some(coding));
        }
        assert_eq!(Coding::of_number(4), None);
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(bytes in proptest::collection::vec(0_u8..5, 0..5_000)) {
            for coding in [Coding::Identity, Coding::Brotli, Coding::Gzip, Coding::Zstd] {
                for effort in [Effort::Quick, Effort::Lasting] {
                    let packed = coding.pack(&bytes, effort).unwrap();
                    prop_assert_eq!(&coding.unpack(&packed, 5_000).unwrap(), &bytes);
                    prop_assert_eq!(&coding.pack(&bytes, effort).unwrap(), &packed);
                }
            }
        }

        #[test]
        fn any_bytes_unpack_or_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for coding in Coding::PACKED {
                if let Ok(out) = coding.unpack(&bytes, 1_000) {
                    prop_assert!(out.len() <= 1_000);
                }
            }
        }
    }
}
