//! What one request may cost: a deadline, a cancel flag, and counted limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// The allowance of one request, shared by the threads that work on it.
#[derive(Debug, Clone)]
pub struct Budget {
    started: Instant,
    allowed: Option<Duration>,
    cancelled: Arc<AtomicBool>,
    exceeded: Arc<AtomicBool>,
    features: Arc<Counter>,
    vertices: Arc<Counter>,
}

#[derive(Debug)]
struct Counter {
    what: &'static str,
    limit: u64,
    used: AtomicU64,
}

impl Counter {
    fn new(what: &'static str, limit: u64) -> Arc<Counter> {
        Arc::new(Counter {
            what,
            limit,
            used: AtomicU64::new(0),
        })
    }

    fn spend(&self, n: u64) -> Result<()> {
        let used = self.used.fetch_add(n, Ordering::Relaxed).saturating_add(n);
        if used > self.limit {
            return Err(Error::LimitExceeded {
                what: self.what,
                limit: self.limit,
                found: used,
            });
        }
        Ok(())
    }
}

impl Budget {
    /// No limits: for tests, benches and the command line.
    pub fn unlimited() -> Budget {
        Budget {
            started: Instant::now(),
            allowed: None,
            cancelled: Arc::new(AtomicBool::new(false)),
            exceeded: Arc::new(AtomicBool::new(false)),
            features: Counter::new("the number of features touched", u64::MAX),
            vertices: Counter::new("the number of vertices touched", u64::MAX),
        }
    }

    /// A budget that starts now.
    pub fn new(allowed: Duration, features: u64, vertices: u64) -> Budget {
        Budget {
            allowed: Some(allowed),
            features: Counter::new("the number of features touched", features),
            vertices: Counter::new("the number of vertices touched", vertices),
            ..Budget::unlimited()
        }
    }

    /// The flag that ends the work when it is set (the client went away).
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.cancelled)
    }

    /// Fails when the request was cancelled or its time is over. Cheap enough for every
    /// hundredth feature.
    ///
    /// # Errors
    /// `Cancelled`, `DeadlineExceeded`.
    pub fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        match self.allowed {
            Some(allowed) if self.started.elapsed() > allowed => {
                self.exceeded.store(true, Ordering::Relaxed);
                Err(Error::DeadlineExceeded {
                    seconds: allowed.as_secs().max(1),
                })
            }
            _ => Ok(()),
        }
    }

    /// True when the work was told to stop because its time was over or a count was spent: what
    /// it answered then says more about the budget than about the request.
    pub fn is_exceeded(&self) -> bool {
        self.exceeded.load(Ordering::Relaxed)
    }

    /// Counts features and vertices that were read, in batches.
    ///
    /// # Errors
    /// `LimitExceeded` past the limits, and what [`check`](Budget::check) says.
    pub fn spend(&self, features: u64, vertices: u64) -> Result<()> {
        self.features
            .spend(features)
            .and_then(|()| self.vertices.spend(vertices))
            .inspect_err(|_| self.exceeded.store(true, Ordering::Relaxed))?;
        self.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_an_error_that_says_how_much() {
        let budget = Budget::new(Duration::from_secs(60), 100, 1000);
        assert!(budget.spend(100, 10).is_ok());
        assert!(!budget.is_exceeded());
        assert_eq!(
            budget.spend(1, 0),
            Err(Error::LimitExceeded {
                what: "the number of features touched",
                limit: 100,
                found: 101
            })
        );
        assert!(budget.is_exceeded());
    }

    #[test]
    fn a_cancelled_request_stops() {
        let budget = Budget::unlimited();
        budget.cancel_flag().store(true, Ordering::Relaxed);
        assert_eq!(budget.check(), Err(Error::Cancelled));
        assert!(
            !budget.is_exceeded(),
            "a cancelled request did not exceed anything"
        );
    }
}
