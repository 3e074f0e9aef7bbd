//! Threads that take work in the order in which it comes, and sleep at once where there is none.
//!
//! Threads that look for work for a while before they sleep, as those of a pool for parallel loops
//! do, cost more than a short answer: a request comes when the last one is long answered.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};

type Work = Box<dyn FnOnce() + Send>;

/// Threads that end, each after the work it has, when this is dropped.
pub(super) struct Threads {
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    comes: Condvar,
}

#[derive(Default)]
struct Waiting {
    work: VecDeque<Work>,
    is_closed: bool,
}

impl Threads {
    /// # Errors
    /// `Internal` where the threads can't be started.
    pub fn start(count: usize) -> Result<Threads> {
        let threads = Threads {
            queue: Arc::default(),
        };
        for nth in 0..count {
            let queue = Arc::clone(&threads.queue);
            std::thread::Builder::new()
                .name(format!("draw-{nth}"))
                .spawn(move || queue.serve())
                .map_err(|e| Error::Internal {
                    message: format!("starting {count} threads: {e}"),
                })?;
        }
        Ok(threads)
    }

    /// Hands over work, which must not panic. How much may wait is the caller's to bound.
    pub fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        self.queue.waiting().work.push_back(Box::new(work));
        self.queue.comes.notify_one();
    }
}

impl Queue {
    /// Nothing panics while it holds the lock.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works until the queue is closed and empty.
    fn serve(&self) {
        loop {
            let mut waiting = self.waiting();
            while waiting.work.is_empty() && !waiting.is_closed {
                waiting = self
                    .comes
                    .wait(waiting)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            let Some(work) = waiting.work.pop_front() else {
                return;
            };
            drop(waiting);
            work();
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.waiting().is_closed = true;
        self.queue.comes.notify_all();
    }
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waiting = self.queue.waiting().work.len();
        f.debug_struct("Threads")
            .field("waiting", &waiting)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn all_work_is_done_and_the_threads_end() {
        let threads = Threads::start(3).unwrap();
        let (say, heard) = mpsc::channel();
        for number in 0..100 {
            let say = say.clone();
            threads.spawn(move || say.send((number, std::thread::current().id())).unwrap());
        }
        drop(say);
        drop(threads); // what waits is still done
        let mut done: Vec<_> = heard.iter().collect();
        done.sort_unstable_by_key(|(number, _)| *number);
        assert!(done.iter().map(|(number, _)| *number).eq(0..100));
    }

    #[test]
    fn threads_work_at_the_same_time() {
        let threads = Threads::start(2).unwrap();
        let (first, second) = (mpsc::channel(), mpsc::channel());
        let (done, all) = mpsc::channel();
        for (say, hear) in [(first.0, second.1), (second.0, first.1)] {
            let done = done.clone();
            threads.spawn(move || {
                say.send(()).unwrap();
                // only another thread can have said it
                done.send(hear.recv_timeout(Duration::from_secs(20)).is_ok())
                    .unwrap();
            });
        }
        drop(done);
        assert_eq!(all.iter().collect::<Vec<bool>>(), [true, true]);
    }
}
