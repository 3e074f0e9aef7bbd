//! A value that takes long to find: a thread of its own finds it, once, while whoever needs it
//! waits for as long as he may.
//!
//! A request that gives up loses nothing: the search goes on, and the next one has what was found.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::budget::Budget;
use crate::error::{Error, Result};

/// How often who waits looks whether he still may.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Found when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Later<T> {
    found: OnceLock<T>,
    /// True while a thread looks for it.
    begun: Mutex<bool>,
    ended: Condvar,
}

impl<T: Send + Sync + 'static> Later<T> {
    /// The value, looked for on this thread where it is not known: for what is quickly found.
    pub fn get_here(&self, find: impl FnOnce() -> T) -> &T {
        self.found.get_or_init(find)
    }

    /// The value; where it is not known and nobody looks for it, a thread begins to. The search may
    /// end early, answering `None`, when nobody holds the value any more; it asks the [`Wanted`].
    ///
    /// # Errors
    /// What the budget says while it is waited for; `Internal` where no thread can be had.
    pub fn get(
        self: &Arc<Self>,
        budget: &Budget,
        find: impl FnOnce(&Wanted<T>) -> Option<T> + Send + 'static,
    ) -> Result<&T> {
        let mut find = Some(find);
        loop {
            if let Some(value) = self.found.get() {
                return Ok(value);
            }
            budget.check()?;
            let mut begun = self.begun();
            if !*begun && self.found.get().is_none() {
                // a search that did not end well is not begun again by who waited for it
                let Some(find) = find.take() else {
                    return Err(Error::Internal {
                        message: "a search ended without a result".into(),
                    });
                };
                *begun = true;
                let search = Search(Wanted(Arc::downgrade(self)));
                std::thread::Builder::new()
                    .name("find".into())
                    .spawn(move || search.run(find))
                    .map_err(|e| {
                        *begun = false;
                        Error::Internal {
                            message: format!("a thread to search on can't be started: {e}"),
                        }
                    })?;
            }
            if *begun {
                drop(self.ended.wait_timeout(begun, LOOK_EVERY));
            }
        }
    }

    /// Nothing panics while it holds the lock.
    fn begun(&self) -> MutexGuard<'_, bool> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who waits for a value, if anybody does.
pub(super) struct Wanted<T>(std::sync::Weak<Later<T>>);

impl<T> Wanted<T> {
    /// False when nobody holds the value any more.
    pub fn is_wanted(&self) -> bool {
        self.0.strong_count() > 0
    }
}

struct Search<T: Send + Sync + 'static>(Wanted<T>);

impl<T: Send + Sync + 'static> Search<T> {
    fn run(self, find: impl FnOnce(&Wanted<T>) -> Option<T>) {
        let _turn = Turn::take();
        let found = find(&self.0);
        if let (Some(value), Some(later)) = (found, self.0.0.upgrade()) {
            // the only search there is
            let _first = later.found.set(value);
        }
    }
}

/// However a search ends, those who wait are told.
impl<T: Send + Sync + 'static> Drop for Search<T> {
    fn drop(&mut self) {
        if let Some(later) = self.0.0.upgrade() {
            *later.begun() = false;
            later.ended.notify_all();
        }
    }
}

/// Searches go on at once as many as there are processors, the others wait their turn: they are
/// asked for by whoever sends requests.
struct Turn;

static TURNS: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

impl Turn {
    fn take() -> Turn {
        let most = std::thread::available_parallelism().map_or(1, usize::from);
        let taken = TURNS.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = TURNS.1.wait_while(taken, |taken| *taken >= most);
        *free.unwrap_or_else(PoisonError::into_inner) += 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = TURNS.0.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_sub(1);
        TURNS.1.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;

    fn hurried() -> Budget {
        Budget::new(Duration::from_millis(50), u64::MAX, u64::MAX)
    }

    #[test]
    fn who_may_not_wait_goes_and_what_was_looked_for_is_found_all_the_same() {
        let later: Arc<Later<u32>> = Arc::default();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let began = Instant::now();
        let searches = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&searches);
        let first = later.get(&hurried(), move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            may_go_on.recv().ok()?;
            Some(7)
        });
        assert!(
            matches!(first, Err(Error::DeadlineExceeded { .. })),
            "{first:?}"
        );
        assert!(began.elapsed() < Duration::from_secs(5));
        go_on.send(()).unwrap();
        let counted = Arc::clone(&searches);
        let second = later.get(&Budget::unlimited(), move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Some(8)
        });
        assert_eq!(second, Ok(&7));
        assert_eq!(searches.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_client_that_went_away_waits_no_longer() {
        let later: Arc<Later<u32>> = Arc::default();
        let budget = Budget::unlimited();
        budget.cancel_flag().store(true, Ordering::Relaxed);
        let found = later.get(&budget, |_| Some(1));
        assert_eq!(found, Err(Error::Cancelled));
    }

    #[test]
    fn many_who_ask_at_once_have_the_same_answer_of_one_search() {
        let later: Arc<Later<usize>> = Arc::default();
        let searches = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for nth in 0..8 {
                let later = Arc::clone(&later);
                let searches = &searches;
                scope.spawn(move || {
                    let value = *later
                        .get(&Budget::unlimited(), move |_| {
                            std::thread::sleep(Duration::from_millis(30));
                            Some(nth)
                        })
                        .unwrap();
                    searches.fetch_add(usize::from(value == nth), Ordering::Relaxed);
                });
            }
        });
        assert_eq!(searches.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_search_that_breaks_down_is_an_error_and_the_next_one_begins_anew() {
        let later: Arc<Later<u32>> = Arc::default();
        let broken = later.get(&Budget::unlimited(), |_| None);
        assert!(matches!(broken, Err(Error::Internal { .. })), "{broken:?}");
        assert_eq!(later.get(&Budget::unlimited(), |_| Some(3)), Ok(&3));
    }

    #[test]
    fn a_search_knows_when_nobody_wants_its_result() {
        let later: Arc<Later<u32>> = Arc::default();
        let (tell, told) = mpsc::channel();
        let given_up = later.get(&hurried(), move |wanted| {
            while wanted.is_wanted() {
                std::thread::sleep(Duration::from_millis(5));
            }
            tell.send(()).ok()?;
            None
        });
        assert!(given_up.is_err());
        drop(later);
        told.recv_timeout(Duration::from_secs(10)).unwrap();
    }
}
