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
    ends: [Option<Moment>; 2],
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
        if let Some(known) = known.filter(|k| k.time == time) {
            return Ok(known.ends);
        }
        let ends = look(layer, time, budget)?;
        let mut known = lock();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(key, Known { time, ends });
        Ok(ends)
    }
}

/// An end of the extent, while it is looked for.
#[derive(Clone, Copy)]
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

fn look(layer: &Layer, time: LayerTime, budget: &Budget) -> Result<[Option<Moment>; 2]> {
    let (start, end) = match time {
        LayerTime::Instant(column) => (column, column),
        LayerTime::Interval(start, end) => (start, end),
    };
    let (mut first, mut last) = (End::Nothing, End::Nothing);
    let select = Select::default();
    layer.store.select(&select, budget, &mut |feature| {
        let [from, to] = [start, end].map(|column| moment(feature, column));
        if from.is_some() || to.is_some() {
            first = first.with(from, |new, old| new.order(old).is_lt());
            last = last.with(to, |new, old| new.order(old).is_gt());
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok([first.moment(), last.moment()])
}

fn moment(feature: &dyn Feature, column: usize) -> Option<Moment> {
    Moment::parse(feature.value(column).as_str()?)
}
