//! What one request may cost: a deadline, a cancel flag, and counted limits.

use std::fmt;
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
    help: Option<Help>,
}

/// Threads that may help with work that takes long.
#[derive(Clone)]
pub struct Help {
    /// Only work that takes longer than this is shared: its parts cost more than the whole.
    pub after: Duration,
    /// How many threads of the pool have nothing to do now.
    pub idle: Arc<dyn Fn() -> usize + Send + Sync>,
}

impl fmt::Debug for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Help after {:?}", self.after)
    }
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
            help: None,
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

    /// The same budget, with threads that may help.
    #[must_use]
    pub fn helped(self, help: Help) -> Budget {
        Budget {
            help: Some(help),
            ..self
        }
    }

    /// The same deadline and flag, without limits: for a part of the work that is counted
    /// elsewhere. Nobody helps with it.
    #[must_use]
    pub fn uncounted(&self) -> Budget {
        Budget {
            started: self.started,
            allowed: self.allowed,
            cancelled: Arc::clone(&self.cancelled),
            exceeded: Arc::clone(&self.exceeded),
            ..Budget::unlimited()
        }
    }

    /// The same deadline and flag with limits of its own, for work that the rest can do without:
    /// what exceeds them does not exceed this one. Nobody helps with it.
    #[must_use]
    pub fn part(&self, features: u64, vertices: u64) -> Budget {
        Budget {
            started: self.started,
            allowed: self.allowed,
            cancelled: Arc::clone(&self.cancelled),
            ..Budget::new(Duration::ZERO, features, vertices)
        }
    }

    /// How many idle threads may help with work that began then.
    pub fn helpers(&self, began: Instant) -> usize {
        match &self.help {
            Some(help) if began.elapsed() >= help.after => (help.idle)(),
            _ => 0,
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

    #[test]
    fn help_comes_only_after_a_while_and_parts_are_not_counted_twice() {
        let help = |after| Help {
            after,
            idle: Arc::new(|| 3),
        };
        let now = Instant::now();
        let budget = Budget::new(Duration::from_secs(9), 10, 10);
        assert_eq!(budget.helpers(now), 0);
        let patient = budget.clone().helped(help(Duration::from_secs(100)));
        assert_eq!(patient.helpers(now), 0);
        let budget = budget.helped(help(Duration::ZERO));
        assert_eq!(budget.helpers(now), 3);
        let part = budget.uncounted();
        assert_eq!(part.helpers(now), 0);
        part.spend(1000, 1000).unwrap();
        budget.spend(10, 10).unwrap();
        budget.cancel_flag().store(true, Ordering::Relaxed);
        assert_eq!(part.check(), Err(Error::Cancelled));
    }
}
