//! The first and the last moment of a layer's features.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use crate::budget::Budget;
use crate::catalogue::{Layer, LayerTime};
use crate::error::Result;
use crate::feature::Feature;
use crate::query::Moment;
use crate::store::Select;

/// The extents that were found: one look at a column for each version of a layer's data.
#[derive(Debug, Default)]
pub struct TimeExtents(Mutex<HashMap<Key, Known>>);

/// Id and version of a layer's data: a map may show a part of them under the same id.
type Key = (String, String);

/// When there are more, those of versions that are gone are most of them.
const MAX_KNOWN: usize = 10_000;

#[derive(Debug, Clone)]
struct Known {
    time: LayerTime,
    look: Look,
}

/// How far a look has come: one that ran out of time is taken up where it ended.
#[derive(Debug, Clone, Copy)]
struct Look {
    first: End,
    last: End,
    /// Features that were looked at.
    seen: u64,
    is_done: bool,
}

impl TimeExtents {
    /// The first and the last moment; `None` where there is none: no feature has a time, or one
    /// has a time without end.
    ///
    /// # Errors
    /// What the store and the budget say.
    pub fn get(&self, layer: &Layer, budget: &Budget) -> Result<[Option<Moment>; 2]> {
        let Some(time) = layer.time else {
            return Ok([None, None]);
        };
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (layer.id.clone(), layer.store.version().to_owned());
        let known = lock().get(&key).cloned();
        let mut look = match known.filter(|k| k.time == time) {
            Some(known) => known.look,
            None => Look {
                first: End::Nothing,
                last: End::Nothing,
                seen: 0,
                is_done: false,
            },
        };
        if !look.is_done {
            let outcome = look.go_on(layer, time, budget);
            let mut known = lock();
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            // of two that looked at once the one that came farther
            let is_ahead = |k: &Known| k.time == time && k.look.seen > look.seen;
            if !known.get(&key).is_some_and(is_ahead) {
                known.insert(key, Known { time, look });
            }
            drop(known);
            outcome?;
        }
        Ok([look.first.moment(), look.last.moment()])
    }
}

/// An end of the extent, while it is looked for.
#[derive(Debug, Clone, Copy)]
enum End {
    Nothing,
    At(Moment),
    Open,
}

impl End {
    /// With one more moment; `wins` says whether the new one takes the place of the old one.
    fn with(self, moment: Option<Moment>, wins: impl Fn(Moment, Moment) -> bool) -> End {
        match (self, moment) {
            (End::Open, _) | (_, None) => End::Open,
            (End::At(old), Some(new)) if !wins(new, old) => self,
            (_, Some(new)) => End::At(new),
        }
    }

    fn moment(self) -> Option<Moment> {
        match self {
            End::At(moment) => Some(moment),
            End::Nothing | End::Open => None,
        }
    }
}

impl Look {
    /// Looks at what is left, as far as the budget goes.
    fn go_on(&mut self, layer: &Layer, time: LayerTime, budget: &Budget) -> Result<()> {
        let (start, end) = match time {
            LayerTime::Instant(column) => (column, column),
            LayerTime::Interval(start, end) => (start, end),
        };
        let select = Select {
            offset: self.seen,
            ..Select::default()
        };
        layer.store.select(&select, budget, &mut |feature| {
            let [from, to] = [start, end].map(|column| moment(feature, column));
            if from.is_some() || to.is_some() {
                self.first = self.first.with(from, |new, old| new.order(old).is_lt());
                self.last = self.last.with(to, |new, old| new.order(old).is_gt());
            }
            self.seen = self.seen.saturating_add(1);
            Ok(ControlFlow::Continue(()))
        })?;
        self.is_done = true;
        Ok(())
    }
}

fn moment(feature: &dyn Feature, column: usize) -> Option<Moment> {
    Moment::parse(feature.value(column).as_str()?)
}
