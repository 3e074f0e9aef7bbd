use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::connection;
use crate::error::{Error, Result};
use crate::sqlite::Reader;
use crate::store::FileStamp;

/// Connections to one database at once. Each answers in some ten microseconds, so that more
/// would only cost memory.
const MAX_CONNECTIONS: usize = 8;
/// Connections that stay open while nothing is asked.
const MAX_IDLE: usize = 4;
/// How long a request waits for a connection.
const WAIT: Duration = Duration::from_secs(1);

/// Connections to one state of one database, lent to one thread at a time.
#[derive(Debug)]
pub struct Pool {
    path: PathBuf,
    stamp: FileStamp,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug)]
struct State {
    idle: Vec<Reader>,
    lent: usize,
}

impl Pool {
    /// A pool whose first connection is open already.
    pub fn new(path: &Path, stamp: FileStamp, first: Reader) -> Pool {
        Pool {
            path: path.to_owned(),
            stamp,
            state: Mutex::new(State {
                idle: vec![first],
                lent: 0,
            }),
            returned: Condvar::new(),
        }
    }

    /// Runs `work` with a connection.
    ///
    /// # Errors
    /// What `work` returns; `Busy` where all connections stay lent, or where the file is another
    /// one by now; `Io`, `Data` where no connection can be opened.
    pub fn with<T>(&self, work: impl FnOnce(&Reader) -> Result<T>) -> Result<T> {
        let reader = self.borrow()?;
        let lent = Lent {
            pool: self,
            reader: Some(reader),
        };
        match &lent.reader {
            Some(reader) => {
                reader.renew();
                work(reader)
            }
            None => Err(Error::Busy { retry_after_s: 1 }),
        }
    }

    fn borrow(&self) -> Result<Reader> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut state, waited) = self
            .returned
            .wait_timeout_while(state, WAIT, |s| s.lent >= MAX_CONNECTIONS)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(Error::Busy { retry_after_s: 1 });
        }
        if let Some(reader) = state.idle.pop() {
            state.lent += 1;
            return Ok(reader);
        }
        state.lent += 1;
        drop(state);
        self.open().inspect_err(|_| self.give_back(None))
    }

    /// Another connection, to the same state of the file as the first.
    fn open(&self) -> Result<Reader> {
        let reader = connection::open(&self.path)?;
        // replaced meanwhile: the reload is on its way
        if FileStamp::of(&self.path)? != self.stamp {
            return Err(Error::Busy { retry_after_s: 1 });
        }
        Ok(reader)
    }

    fn give_back(&self, reader: Option<Reader>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.lent = state.lent.saturating_sub(1);
        if state.idle.len() < MAX_IDLE {
            state.idle.extend(reader);
        }
        drop(state);
        self.returned.notify_one();
    }
}

/// Gives its connection back, even where the work panics.
struct Lent<'a> {
    pool: &'a Pool,
    reader: Option<Reader>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.pool.give_back(self.reader.take());
    }
}
