//! Workers that make tiles out of order, and a line in which the tiles wait for their turn.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::runs::Runs;
use crate::error::{Error, Result};

/// Places that a worker takes at once.
const BATCH: usize = 8;
/// Batches that each worker may be ahead of the one whose turn it is.
const AHEAD: usize = 8;
/// With more bytes waiting only the batch whose turn it is is begun.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// What was made of a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// Nothing here, and nothing below.
    Void,
    /// Nothing here, but maybe below.
    Blank,
    Tile(Vec<u8>),
}

/// Places with what was made of them.
type Batch = Vec<(u64, Made)>;

#[derive(Debug)]
pub(super) struct Line {
    state: Mutex<State>,
    /// There is room for another batch, or nothing more to do.
    room: Condvar,
    /// Another batch is made.
    made: Condvar,
    ahead: u64,
}

#[derive(Debug)]
struct State {
    places: Runs,
    /// The number of the batch that is taken next, and of the one whose turn it is.
    next: u64,
    turn: u64,
    waiting: BTreeMap<u64, Result<Batch>>,
    waiting_bytes: usize,
    /// All places were taken.
    is_empty: bool,
    /// Nobody wants more.
    is_closed: bool,
    /// A worker came to a bad end.
    is_broken: bool,
}

impl Line {
    pub(super) fn new(places: Runs, workers: usize) -> Line {
        Line {
            state: Mutex::new(State {
                places,
                next: 0,
                turn: 0,
                waiting: BTreeMap::new(),
                waiting_bytes: 0,
                is_empty: false,
                is_closed: false,
                is_broken: false,
            }),
            room: Condvar::new(),
            made: Condvar::new(),
            ahead: workers.max(1).saturating_mul(AHEAD) as u64,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes batch after batch until all are made or nobody wants more.
    pub(super) fn work(&self, make: &(dyn Fn(u64) -> Result<Made> + Sync)) {
        let _breaks = Breaks(self);
        while let Some((number, places)) = self.take() {
            let batch: Result<Batch> = places
                .into_iter()
                .map(|place| make(place).map(|made| (place, made)))
                .collect();
            let mut state = self.lock();
            state.waiting_bytes = state.waiting_bytes.saturating_add(bytes(&batch));
            state.waiting.insert(number, batch);
            drop(state);
            self.made.notify_one();
        }
    }

    /// The next batch to make; waits until there is room for it.
    fn take(&self) -> Option<(u64, Vec<u64>)> {
        let state = self.lock();
        // the batch whose turn it is always has room, so that the line moves on
        let mut state = self
            .room
            .wait_while(state, |s| {
                let is_ahead = s.next > s.turn;
                let is_full = s.next >= s.turn.saturating_add(self.ahead)
                    || s.waiting_bytes > MAX_WAITING_BYTES;
                !s.is_closed && !s.is_empty && is_ahead && is_full
            })
            .unwrap_or_else(PoisonError::into_inner);
        if state.is_closed || state.is_empty {
            return None;
        }
        let places = state.places.take_front(BATCH);
        if places.is_empty() {
            state.is_empty = true;
            drop(state);
            self.room.notify_all();
            self.made.notify_one();
            return None;
        }
        let number = state.next;
        state.next = number.saturating_add(1);
        Some((number, places))
    }

    /// The batch whose turn it is, in the order of the places; `None` after the last.
    ///
    /// # Errors
    /// What making it failed with.
    pub(super) fn next(&self) -> Result<Option<Batch>> {
        let state = self.lock();
        let mut state = self
            .made
            .wait_while(state, |s| {
                let is_over = s.is_empty && s.turn == s.next;
                !s.is_broken && !is_over && !s.waiting.contains_key(&s.turn)
            })
            .unwrap_or_else(PoisonError::into_inner);
        let turn = state.turn;
        let Some(batch) = state.waiting.remove(&turn) else {
            return match state.is_broken {
                true => Err(Error::Internal {
                    message: "a thread that made tiles came to a bad end".to_owned(),
                }),
                false => Ok(None),
            };
        };
        state.turn = turn.saturating_add(1);
        state.waiting_bytes = state.waiting_bytes.saturating_sub(bytes(&batch));
        drop(state);
        self.room.notify_all();
        batch.map(Some)
    }
}

fn bytes(batch: &Result<Batch>) -> usize {
    let Ok(batch) = batch else { return 0 };
    let lengths = batch.iter().map(|(_, made)| match made {
        Made::Tile(bytes) => bytes.len(),
        Made::Void | Made::Blank => 0,
    });
    lengths.fold(0, usize::saturating_add)
}

/// Sends the workers home when it is dropped.
pub(super) struct Closes<'a>(pub(super) &'a Line);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.room.notify_all();
    }
}

/// Tells who waits for tiles when a worker panics.
struct Breaks<'a>(&'a Line);

impl Drop for Breaks<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().is_broken = true;
            self.0.made.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(count: u64) -> Runs {
        let mut runs = Runs::default();
        runs.add(0..count);
        runs
    }

    #[test]
    fn batches_come_in_order_whoever_is_first() {
        let line = Line::new(places(1000), 4);
        let make = |place: u64| {
            std::thread::sleep(std::time::Duration::from_micros(place * 7919 % 300));
            Ok(Made::Tile(place.to_le_bytes().to_vec()))
        };
        let mut seen = Vec::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| line.work(&make));
            }
            while let Some(batch) = line.next().unwrap() {
                seen.extend(batch.into_iter().map(|(place, _)| place));
            }
        });
        assert!(seen.into_iter().eq(0..1000));
    }

    #[test]
    fn workers_wait_while_too_much_is_ahead() {
        let line = Line::new(places(100_000), 1);
        std::thread::scope(|scope| {
            let _closes = Closes(&line);
            scope.spawn(|| line.work(&|_| Ok(Made::Blank)));
            std::thread::sleep(std::time::Duration::from_millis(30));
            assert!(line.lock().next <= AHEAD as u64);
            let large = |_| Ok(Made::Tile(vec![0; MAX_WAITING_BYTES + 1]));
            let heavy = Line::new(places(100), 1);
            std::thread::scope(|scope| {
                let _closes = Closes(&heavy);
                scope.spawn(|| {
                    heavy.work(&|place| {
                        if place < 8 {
                            large(place)
                        } else {
                            Ok(Made::Blank)
                        }
                    })
                });
                std::thread::sleep(std::time::Duration::from_millis(30));
                assert!(heavy.lock().next <= 1);
            });
        });
    }

    #[test]
    fn a_fault_comes_in_its_turn() {
        let line = Line::new(places(20), 1);
        std::thread::scope(|scope| {
            let _closes = Closes(&line);
            scope.spawn(|| {
                line.work(&|place| match place {
                    9 => Err(Error::Cancelled),
                    _ => Ok(Made::Void),
                });
            });
            assert_eq!(line.next().unwrap().unwrap().len(), 8);
            assert_eq!(line.next(), Err(Error::Cancelled));
        });
    }
}
