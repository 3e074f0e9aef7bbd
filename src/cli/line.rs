//! The line that tells how far a long work is.

use std::io::{IsTerminal, Write as _};
use std::time::{Duration, Instant};

/// A terminal is written anew so often, a log seldom.
const TELL_TERMINAL_EVERY: Duration = Duration::from_millis(200);
const TELL_LOG_EVERY: Duration = Duration::from_secs(10);

/// One line of a terminal, or now and then a line of a log.
#[derive(Debug)]
pub struct Line {
    pub started: Instant,
    told: Option<Instant>,
    is_terminal: bool,
}

impl Line {
    pub fn new() -> Line {
        Line {
            started: Instant::now(),
            told: None,
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Tells what `text` says, if it is time to; the seconds since the start are given to it.
    pub fn tell(&mut self, text: impl FnOnce(f64) -> String) {
        let every = match self.is_terminal {
            true => TELL_TERMINAL_EVERY,
            false => TELL_LOG_EVERY,
        };
        if self.told.unwrap_or(self.started).elapsed() < every {
            return;
        }
        self.told = Some(Instant::now());
        let text = text(self.started.elapsed().as_secs_f64());
        if self.is_terminal {
            eprint!("\r\x1b[K{text}");
            // nobody may be reading
            let _closed = std::io::stderr().flush();
        } else {
            tell!("{text}");
        }
    }

    pub fn end(&self) {
        if self.is_terminal && self.told.is_some() {
            tell!("");
        }
    }
}
