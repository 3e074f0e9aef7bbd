//! How long something took, whatever else the machine was doing.

use std::time::{Duration, Instant};

/// Measures the time that this thread worked: a busy machine does not stretch it. Where the
/// system does not tell it, the time of the clock.
pub struct Work {
    clock: Instant,
    worked: Option<Duration>,
}

impl Work {
    pub fn start() -> Work {
        Work {
            clock: Instant::now(),
            worked: worked(),
        }
    }

    pub fn done(&self) -> Duration {
        match (self.worked, worked()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => self.clock.elapsed(),
        }
    }
}

/// What Linux has counted for this thread: the first of three numbers, in nanoseconds.
fn worked() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    (nanoseconds > 0).then_some(Duration::from_nanos(nanoseconds))
}
