//! What tells one state of a file from another.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::{Error, Result};

/// Size, time and identity of a file: equal stamps mean that nothing was written since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileStamp {
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub modified_ns: i128,
    /// Changes when the file is replaced by rename, even by one of the same size and time.
    pub inode: u64,
}

impl FileStamp {
    /// The stamp of what now lies at `path`.
    ///
    /// # Errors
    /// `Io` where the system refuses.
    pub fn of(path: &Path) -> Result<FileStamp> {
        std::fs::metadata(path)
            .map(|metadata| FileStamp::of_metadata(&metadata))
            .map_err(|e| Error::io(path, &e))
    }

    pub(super) fn of_metadata(metadata: &Metadata) -> FileStamp {
        FileStamp {
            size: metadata.len(),
            modified_ns: i128::from(metadata.mtime()) * 1_000_000_000
                + i128::from(metadata.mtime_nsec()),
            inode: metadata.ino(),
        }
    }
}

/// FNV-1a in 64 bits: the same on every machine and in every build, as a cache key must be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn new() -> Fingerprint {
        Fingerprint(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn stamp(self, stamp: &FileStamp) -> Fingerprint {
        self.bytes(&stamp.size.to_le_bytes())
            .bytes(&stamp.modified_ns.to_le_bytes())
            .bytes(&stamp.inode.to_le_bytes())
    }

    pub(crate) fn bytes(self, bytes: &[u8]) -> Fingerprint {
        Fingerprint(bytes.iter().fold(self.0, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        }))
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }

    /// 16 hexadecimal digits.
    pub(crate) fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(
            Fingerprint::new().bytes(b"foobar").text(),
            "85944171f73967e8"
        );
    }
}
