use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A database that so often did not answer in time is not asked for a while: it would only keep
/// the threads of the server from other layers.
pub const MAX_TIMEOUTS: u32 = 3;
/// The while: what kept it may be over then, a disk under load or a backup.
pub const PAUSE: Duration = Duration::from_secs(60);

/// Counts how often a database did not answer in time.
#[derive(Debug)]
pub struct Patience {
    opened: Instant,
    timeouts: AtomicU32,
    /// When it may be asked again, since it was opened.
    pause_ends_ms: AtomicU64,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            opened: Instant::now(),
            timeouts: AtomicU32::new(0),
            pause_ends_ms: AtomicU64::new(0),
        }
    }
}

impl Patience {
    /// True while the database is not to be asked.
    pub fn is_over(&self) -> bool {
        self.is_over_at(self.opened.elapsed())
    }

    /// Notes that it did not answer in time.
    pub fn note_timeout(&self) {
        self.note_timeout_at(self.opened.elapsed());
    }

    fn is_over_at(&self, since_opened: Duration) -> bool {
        milliseconds(since_opened) < self.pause_ends_ms.load(Ordering::Relaxed)
    }

    fn note_timeout_at(&self, since_opened: Duration) {
        let before = self.timeouts.fetch_add(1, Ordering::Relaxed);
        if before.saturating_add(1) >= MAX_TIMEOUTS {
            self.timeouts.store(0, Ordering::Relaxed);
            let end = milliseconds(since_opened.saturating_add(PAUSE));
            self.pause_ends_ms.store(end, Ordering::Relaxed);
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_did_not_answer_is_asked_again_after_a_pause() {
        let patience = Patience::default();
        let at = Duration::from_secs;
        // hiccups over months are none together
        for day in 0..2 {
            patience.note_timeout_at(at(day * 86_400));
            assert!(!patience.is_over_at(at(day * 86_400)));
        }
        let third = 30 * 86_400;
        patience.note_timeout_at(at(third));
        assert!(patience.is_over_at(at(third)) && patience.is_over_at(at(third + 59)));
        assert!(!patience.is_over_at(at(third + 60)));
        // and so many times again
        patience.note_timeout_at(at(third + 61));
        assert!(!patience.is_over_at(at(third + 62)));
    }
}
