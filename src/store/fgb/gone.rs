//! Noticing that a file was cut or written over under its map: no answer is right then.

use std::sync::atomic::Ordering;

use super::body::damaged;
use super::{FgbStore, table};
use crate::error::{Error, Result};
use crate::store::stamp::Fingerprint;
use crate::store::{FileStamp, SelectStats};

pub(super) const GONE: &str = "the file was cut or written over while it was served: publish a new \
                               version by renaming it into place, not by writing over the old one";

/// Size, time and inode of the file, its header, and samples of the rest.
pub(super) fn version(stamp: &FileStamp, bytes: &[u8], header_end: usize) -> String {
    const SAMPLES: usize = 8;
    const SAMPLE_BYTES: usize = 512;
    let mut print = Fingerprint::new()
        .stamp(stamp)
        .bytes(bytes.get(..header_end).unwrap_or(bytes));
    let step = bytes.len() / SAMPLES;
    for at in (1..=SAMPLES).map(|i| (i * step).saturating_sub(SAMPLE_BYTES)) {
        let sample = bytes.get(at..).unwrap_or(&[]);
        print = print.bytes(sample.get(..SAMPLE_BYTES).unwrap_or(sample));
    }
    print.text()
}

impl FgbStore {
    /// What was read counts as read only if the file did not vanish meanwhile: where it was cut
    /// there are zeros, which look like damaged features, or like an index without any.
    pub(super) fn still_there(&self, stats: SelectStats) -> Result<SelectStats> {
        if stats.damaged > 0 {
            self.is_found_gone(|| true);
        }
        self.intact().map(|()| stats)
    }

    /// Looks whether the file has another stamp than it had, and remembers what `is_new` says of one
    /// of the same size: where a damaged feature was met the stamp alone decides.
    pub(super) fn is_found_gone(&self, is_new: impl Fn() -> bool) -> bool {
        // A file of another inode took the place of ours, which lives on in the map. A cut
        // within the last page raises nothing: only the length tells.
        let gone = FileStamp::of(&self.path).is_ok_and(|now| {
            now.inode == self.stamp.inode
                && now != self.stamp
                && (now.size != self.stamp.size || is_new())
        });
        if gone {
            self.written_over.store(true, Ordering::Relaxed);
        }
        gone
    }

    /// True where header and samples are those of the file that was opened.
    pub(super) fn has_its_samples(&self) -> bool {
        version(&self.stamp, self.mapping.bytes(), self.header.end) == self.version
    }

    /// # Errors
    /// `Data` once it is known that the file was cut or written over while it was served: no
    /// answer is right then, neither "nothing there" nor a count.
    pub(super) fn intact(&self) -> Result<()> {
        if self.mapping.is_damaged() || self.written_over.load(Ordering::Relaxed) {
            return Err(Error::data(&self.path, GONE));
        }
        Ok(())
    }

    /// Remembers that a feature is damaged, and says so once, of the first one met.
    #[cold]
    pub(super) fn meet_damage(&self, fid: u64, damage: table::Damage) {
        if !self.met_damage.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "{}; it is left out, and others may be: `cartotheque check` looks at all",
                damaged(&self.path, fid, damage)
            );
        }
    }
}
