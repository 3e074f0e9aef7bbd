use std::sync::{Arc, Mutex, PoisonError};

use crate::budget::Budget;
use crate::encode::feature::Rest;
use crate::error::Result;
use crate::operation::features::Pieces;

/// The rest of an answer. Clones are of one and the same: what one takes the others don't get.
#[derive(Clone)]
pub struct More(Arc<Mutex<dyn Pieces>>);

impl More {
    pub fn new(pieces: impl Pieces + 'static) -> More {
        More(Arc::new(Mutex::new(pieces)))
    }

    /// The next piece.
    ///
    /// # Errors
    /// As [`Pieces::pull`].
    pub fn pull(&self, out: &mut Vec<u8>, budget: &Budget) -> Result<Rest> {
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.pull(out, budget)
    }
}

impl std::fmt::Debug for More {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("More")
    }
}

impl PartialEq for More {
    fn eq(&self, other: &More) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
