//! The log on standard error.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::{EnvFilter, fmt};

/// Lines of the access log wait at most this long, to be written together: a system call for
/// each would be a tenth of what a cached answer costs.
const HELD_BACK: Duration = Duration::from_millis(100);
/// More than this is written at once.
const MAX_HELD_BACK_BYTES: usize = 16 << 10;
/// The HTTP library tells of itself at its start: only its warnings are of interest.
const QUIET: &str = "actix_server=warn";

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// The log; what it held back is written when it is dropped.
#[derive(Debug)]
pub struct Log(Arc<Lines>);

/// Lines that are not written yet.
#[derive(Debug, Default)]
struct Lines {
    held_back: Mutex<Vec<u8>>,
    some: Condvar,
}

/// Where one line goes.
#[derive(Debug)]
struct Line<'a> {
    lines: &'a Lines,
    can_wait: bool,
}

struct ToStandardError {
    lines: Arc<Lines>,
    /// True where a thread writes what is held back.
    has_writer: bool,
}

/// Starts the log of the process.
pub fn start(format: LogFormat, filter: &str) -> Log {
    let directives = format!("{QUIET},{filter}");
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|error| {
        tell!(
            "warning: --log {filter:?} is not understood ({error}), info is used: expected error, \
             warn, info, debug or trace, also by target (info,access=off); a file is written by \
             the shell: 2>> FILE"
        );
        EnvFilter::new(format!("{QUIET},info"))
    });
    let lines = Arc::new(Lines::default());
    let of_writer = Arc::clone(&lines);
    let writer = std::thread::Builder::new()
        .name("log".into())
        .spawn(move || of_writer.write_again_and_again());
    let log = fmt()
        .with_timer(Clock)
        .with_env_filter(filter)
        .with_writer(ToStandardError {
            lines: Arc::clone(&lines),
            has_writer: writer.is_ok(),
        });
    match format {
        LogFormat::Text => log
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Log(lines)
}

/// The time in UTC, `2026-11-22T09:10:11.123456Z`: written digit by digit, for the usual way
/// through a dozen formatters takes a twentieth of the time of a cached answer.
#[derive(Debug, Clone, Copy)]
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, to: &mut Writer<'_>) -> std::fmt::Result {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        to.write_str(&utc(now.unwrap_or_default()))
    }
}

fn utc(since_1970: Duration) -> String {
    let (days, seconds) = (since_1970.as_secs() / 86_400, since_1970.as_secs() % 86_400);
    // days to year, month and day with years that begin in March (Hinnant, "chrono-compatible
    // low-level date algorithms")
    let days = days.saturating_add(719_468);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march = (5 * day + 2) / 153;
    let day = day - (153 * march + 2) / 5 + 1;
    let (month, late) = if march < 10 {
        (march + 3, 0)
    } else {
        (march - 9, 1)
    };
    let year = year + era * 400 + late;
    let micros = u64::from(since_1970.subsec_micros());
    let mut out = String::with_capacity(32);
    for (number, digits, after) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (seconds / 3_600, 2, ':'),
        (seconds / 60 % 60, 2, ':'),
        (seconds % 60, 2, '.'),
        (micros, 6, 'Z'),
    ] {
        for place in (0..digits).rev() {
            let digit = number / 10_u64.pow(place) % 10;
            out.push(char::from(b'0' + digit as u8));
        }
        out.push(after);
    }
    out
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.add(&[], false);
    }
}

impl<'a> MakeWriter<'a> for ToStandardError {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            lines: &self.lines,
            can_wait: false,
        }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line<'a> {
        Line {
            lines: &self.lines,
            can_wait: self.has_writer
                && *about.level() >= Level::INFO
                && about.target() == "access",
        }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.lines.add(line, self.can_wait);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Adds a line; one that can't wait is written at once, after those before it.
    fn add(&self, line: &[u8], can_wait: bool) {
        let mut held_back = self
            .held_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let was_empty = held_back.is_empty();
        held_back.extend_from_slice(line);
        if !can_wait || held_back.len() > MAX_HELD_BACK_BYTES {
            write_out(&mut held_back);
        } else if was_empty {
            self.some.notify_one();
        }
    }

    fn write_again_and_again(&self) {
        loop {
            let held_back = self
                .held_back
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let held_back = self
                .some
                .wait_while(held_back, |lines| lines.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            drop(held_back);
            std::thread::sleep(HELD_BACK);
            self.add(&[], false);
        }
    }
}

fn write_out(lines: &mut Vec<u8>) {
    // nobody may be reading: that is no reason not to serve
    let _closed = std::io::stderr().write_all(lines);
    lines.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_that_of_the_calendar() {
        for (seconds, micros, expected) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (951_868_799, 999_999, "2000-02-29T23:59:59.999999Z"),
            (4_107_542_400, 7, "2100-03-01T00:00:00.000007Z"),
        ] {
            assert_eq!(utc(Duration::new(seconds, micros * 1000)), expected);
        }
        for day in 0..60_000_u64 {
            let ours = utc(Duration::from_secs(day * 86_400));
            let theirs = jiff::Timestamp::from_second((day * 86_400) as i64).unwrap();
            assert_eq!(ours[..10], theirs.to_string()[..10]);
        }
    }
}
