//! Who may work, and when: drawing runs on as many threads as there are cores, a bounded number
//! of requests waits briefly, and beyond that the answer is 503 with Retry-After.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, oneshot};

use super::threads::Threads;
use crate::budget::Help;
use crate::error::{Error, Result, guarded};

/// Requests that may wait for a place; each holds little but its parsed form.
const MAX_WAITING_PER_THREAD: usize = 64;
/// Longer than this in the queue, and the client is better served by trying again.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// Drawing that takes longer is shared with idle threads. Its parts cost somewhat more than the
/// whole, which below this is not worth the wait that it saves.
const HELP_AFTER: Duration = Duration::from_millis(60);
/// What `Retry-After` says, in seconds.
const RETRY_AFTER_S: u32 = 5;

/// A bounded pool of working threads with a bounded queue.
#[derive(Debug, Clone)]
pub struct Pool {
    threads: Arc<Threads>,
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    max_waiting: usize,
}

/// Sets a flag when it is dropped before it is told that the work is done: a handler that
/// actix drops, because the client went away, stops its work so.
#[derive(Debug)]
struct CancelOnDrop {
    flag: Arc<AtomicBool>,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.flag.store(true, Ordering::Relaxed);
    }
}

/// Counts one waiting request for as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    /// # Errors
    /// `Internal` where the threads can't be started.
    pub fn new(threads: usize) -> Result<Pool> {
        let threads = threads.max(1);
        Ok(Pool {
            threads: Arc::new(Threads::start(threads)?),
            places: Arc::new(Semaphore::new(threads)),
            waiting: Arc::new(AtomicUsize::new(0)),
            max_waiting: threads * MAX_WAITING_PER_THREAD,
        })
    }

    /// Threads that may help a request with what takes long: those that have no request.
    pub fn help(&self) -> Help {
        let places = Arc::clone(&self.places);
        Help {
            after: HELP_AFTER,
            idle: Arc::new(move || places.available_permits()),
        }
    }

    /// Requests that wait for a thread now.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Runs `work` on the pool; `cancel` is set when the future is dropped before the end.
    ///
    /// # Errors
    /// `Busy` where the queue is full or slow; `Internal` where the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        cancel: Arc<AtomicBool>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let busy = Error::Busy {
            retry_after_s: RETRY_AFTER_S,
        };
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.max_waiting {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                    return Err(busy);
                }
                let _waiting = Waiting(&self.waiting);
                let place = Arc::clone(&self.places).acquire_owned();
                match tokio::time::timeout(MAX_WAIT, place).await {
                    Ok(Ok(place)) => place,
                    _ => return Err(busy),
                }
            }
        };
        self.run_at(place, cancel, work).await
    }

    /// As `run`, for the next piece of an answer that has begun: it waits for its turn however
    /// long that takes, because there is no way left to say 503.
    ///
    /// # Errors
    /// `Internal` where the work panicked.
    pub async fn run_patiently<T: Send + 'static>(
        &self,
        cancel: Arc<AtomicBool>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| Error::Internal {
            message: "the pool is closed".into(),
        })?;
        self.run_at(place, cancel, work).await
    }

    /// A place to work at without a thread of the pool, if one is free now: for work that takes
    /// no longer than waking a thread and handing over what it made.
    pub fn place_here(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    async fn run_at<T: Send + 'static>(
        &self,
        place: OwnedSemaphorePermit,
        cancel: Arc<AtomicBool>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (send, receive) = oneshot::channel();
        let _cancel_on_drop = CancelOnDrop { flag: cancel };
        self.threads.spawn(move || {
            // the place is given back when the work ends, even if nobody waits for it any more
            let _place = place;
            let _nobody_waits = send.send(guarded(work));
        });
        receive.await.unwrap_or_else(|_| {
            Err(Error::Internal {
                message: "a worker ended without an answer".into(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    }

    #[test]
    fn a_panic_costs_one_request_only() {
        let pool = Pool::new(1).unwrap();
        let flag = || Arc::new(AtomicBool::new(false));
        runtime().block_on(async {
            let failed = pool.run(flag(), || -> u32 { panic!("a bug") }).await;
            assert!(failed.unwrap_err().to_string().contains("a bug"));
            assert_eq!(pool.run(flag(), || 7).await, Ok(7));
        });
    }

    #[test]
    fn a_full_queue_answers_busy_and_a_dropped_request_is_cancelled() {
        let pool = Pool::new(1).unwrap();
        let cancel = Arc::new(AtomicBool::new(false));
        runtime().block_on(async {
            let seen = Arc::clone(&cancel);
            let long = pool.run(Arc::clone(&cancel), move || {
                while !seen.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
            let mut waiting: Vec<_> = (0..=MAX_WAITING_PER_THREAD)
                .map(|_| Box::pin(pool.run(Arc::new(AtomicBool::new(false)), || ())))
                .collect();
            {
                let mut long = Box::pin(long);
                // each is polled once, in order: one works, 64 wait, the last is refused
                assert!(futures_poll(&mut long).is_none());
                let last = waiting.pop().unwrap();
                for w in &mut waiting {
                    assert!(futures_poll(w).is_none());
                }
                assert!(matches!(last.await, Err(Error::Busy { .. })));
            } // the client of the long request goes away here
            for w in waiting {
                assert_eq!(w.await, Ok(()));
            }
            assert_eq!(pool.waiting(), 0);
        });
    }

    fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
