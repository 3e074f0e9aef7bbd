use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::query::BoundFilter;
use crate::store::{FeatureStore, FilteredStore};

/// The parts of stores that filters leave: one for every filter, whichever maps have it, and the
/// same after a reload, so that what was found of it stays found.
#[derive(Default)]
pub struct Parts {
    previous: Known,
    now: Mutex<Known>,
}

/// By the store's place in memory, which the part holds, and the filter as written.
type Known = HashMap<(usize, String), Arc<FilteredStore>>;

impl Parts {
    /// With the parts of an earlier state to take over.
    pub fn following(previous: Option<&Parts>) -> Parts {
        Parts {
            previous: previous.map(Parts::known).unwrap_or_default(),
            now: Mutex::default(),
        }
    }

    fn known(&self) -> Known {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.clone()
    }

    /// The features of a store that pass a filter.
    pub fn get(
        &self,
        store: &Arc<dyn FeatureStore>,
        filter: BoundFilter,
        text: &str,
    ) -> Arc<dyn FeatureStore> {
        let key = (Arc::as_ptr(store).addr(), text.to_owned());
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let part = now.entry(key).or_insert_with_key(|key| {
            let known = self.previous.get(key).map(Arc::clone);
            known.unwrap_or_else(|| Arc::new(FilteredStore::new(Arc::clone(store), filter, text)))
        });
        Arc::clone(part) as Arc<dyn FeatureStore>
    }
}

impl Clone for Parts {
    fn clone(&self) -> Parts {
        Parts {
            previous: Known::new(),
            now: Mutex::new(self.known()),
        }
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts")
            .field("known", &self.known().len())
            .finish()
    }
}
