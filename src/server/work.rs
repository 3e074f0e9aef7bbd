//! How a request is answered: at once, or by work for the pool with all that it may cost.

use std::sync::Arc;
use std::time::Duration;

use super::state::Site;
use crate::budget::Budget;
use crate::error::Error;
use crate::protocol::Answer;

/// How a request is answered.
pub enum Work {
    /// Here is the answer, and what it is counted as.
    Done(Answer, &'static str),
    /// To be run on the pool.
    Heavy {
        endpoint: &'static str,
        budget: Budget,
        run: Box<dyn FnOnce() -> Answer + Send>,
        /// The answer where the pool could not take the work.
        on_error: Box<dyn FnOnce(&Error) -> Answer + Send>,
    },
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Work::Done(answer, endpoint) => f
                .debug_tuple("Done")
                .field(&answer.status)
                .field(endpoint)
                .finish(),
            Work::Heavy { endpoint, .. } => f.debug_tuple("Heavy").field(endpoint).finish(),
        }
    }
}

/// Work for the pool, with all that a request may cost.
pub(super) fn heavy(
    site: &Arc<Site>,
    endpoint: &'static str,
    on_error: fn(&Error) -> Answer,
    work: impl FnOnce(&Site, &Budget) -> Answer + Send + 'static,
) -> Work {
    let limits = &site.limits;
    let allowed = Duration::from_secs(limits.seconds);
    let budget = Budget::new(allowed, limits.features, limits.vertices);
    within(budget, site, endpoint, on_error, work)
}

/// Work that reads features and streams them: the limits on drawing do not apply, time does.
pub(super) fn reading(
    site: &Arc<Site>,
    endpoint: &'static str,
    on_error: fn(&Error) -> Answer,
    work: impl FnOnce(&Site, &Budget) -> Answer + Send + 'static,
) -> Work {
    let allowed = Duration::from_secs(site.limits.seconds);
    let budget = Budget::new(allowed, u64::MAX, u64::MAX);
    within(budget, site, endpoint, on_error, work)
}

fn within(
    budget: Budget,
    site: &Arc<Site>,
    endpoint: &'static str,
    on_error: fn(&Error) -> Answer,
    work: impl FnOnce(&Site, &Budget) -> Answer + Send + 'static,
) -> Work {
    let (site, work_budget) = (Arc::clone(site), budget.clone());
    Work::Heavy {
        endpoint,
        budget,
        run: Box::new(move || work(&site, &work_budget)),
        on_error: Box::new(on_error),
    }
}
