//! Ids that come twice in a column that should identify features.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::budget::Budget;
use crate::error::Result;
use crate::feature::{Feature, FeatureId};
use crate::store::{FeatureStore, Select};

/// Of ids whose hashes come twice so many are held against each other: nearly every one is a
/// pair, for two ids of ten million share a hash of 64 bits once in 400,000 such columns.
const MAX_COMPARED: usize = 1000;

/// Two features of one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    pub id: String,
    /// Positions in the source, from 0.
    pub at: [u64; 2],
    /// How many features have the id of one before them.
    pub count: u64,
}

impl fmt::Display for Repeated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.at;
        let (id, count) = (&self.id, self.count);
        let repeat = if count == 1 {
            "feature repeats"
        } else {
            "features repeat"
        };
        write!(
            f,
            "is not unique: {count} {repeat} an id, first {id:?} at the positions {first} and \
             {second} (from 0)"
        )
    }
}

/// Looks for two features with one id: reads the column twice where there are any, once where
/// there are none, and needs 8 bytes a feature meanwhile. `None` also where `stop` is set.
///
/// # Errors
/// What the store says.
pub fn repeated(
    store: &dyn FeatureStore,
    column: usize,
    stop: &AtomicBool,
) -> Result<Option<Repeated>> {
    let go_on = || match stop.load(Ordering::Relaxed) {
        true => Ok(ControlFlow::Break(())),
        false => Ok(ControlFlow::Continue(())),
    };
    let (all, budget) = (Select::default(), Budget::unlimited());
    let mut hashes = Vec::with_capacity(usize::try_from(store.count()).unwrap_or(0));
    store.select(&all, &budget, &mut |feature| {
        hashes.extend(hash_of(feature, column));
        go_on()
    })?;
    hashes.sort_unstable();
    let mut count = 0_u64;
    let mut twice: HashMap<u64, Vec<(u64, String)>> = HashMap::new();
    for pair in hashes.windows(2) {
        if let [a, b] = pair
            && a == b
        {
            count = count.saturating_add(1);
            if twice.len() < MAX_COMPARED {
                twice.entry(*a).or_default();
            }
        }
    }
    drop(hashes);
    let mut found = None;
    if twice.is_empty() {
        return Ok(found);
    }
    store.select(&all, &budget, &mut |feature| {
        let Some(known) = hash_of(feature, column).and_then(|hash| twice.get_mut(&hash)) else {
            return go_on();
        };
        let id = FeatureId::of(feature, Some(column)).to_string();
        let at = feature.fid();
        if let Some((first, _)) = known.iter().find(|(_, other)| *other == id) {
            let at = [*first, at];
            found = Some(Repeated { id, at, count });
            return Ok(ControlFlow::Break(()));
        }
        known.push((at, id));
        go_on()
    })?;
    Ok(found)
}

/// `None` of a feature that the column says nothing of.
fn hash_of(feature: &dyn Feature, column: usize) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    match FeatureId::of(feature, Some(column)) {
        FeatureId::Integer(number) => number.hash(&mut hasher),
        FeatureId::Text(text) | FeatureId::Marked(text) => text.hash(&mut hasher),
        FeatureId::Position(_) => return None,
    }
    Some(hasher.finish())
}
