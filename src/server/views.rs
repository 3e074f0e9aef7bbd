//! Which maps are looked at most, for the list of maps: a count a map, and nothing else. No
//! visitor, address or time is kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Maps that are counted: far more than any site has.
pub(super) const MAX_MAPS: usize = 10_000;
/// After so many views all counts are halved: what was looked at lately counts most.
const HALVED_AFTER: u64 = 20_000;

/// How often maps were looked at.
#[derive(Debug, Default)]
pub struct Views(Mutex<Counts>);

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counts {
    by_map: HashMap<String, u64>,
    since_halved: u64,
    /// Something was counted that [`Views::changed`] has not told.
    #[serde(skip)]
    is_changed: bool,
}

impl Counts {
    /// How many maps were looked at.
    pub fn len(&self) -> usize {
        self.by_map.len()
    }
}

impl Views {
    /// Goes on from counts of before.
    pub(super) fn of(counts: Counts) -> Views {
        Views(Mutex::new(counts))
    }

    /// The counts, where they have changed since this was asked the last time.
    pub(super) fn changed(&self) -> Option<Counts> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_changed = std::mem::take(&mut counts.is_changed);
        is_changed.then(|| counts.clone())
    }

    /// Counts a view of a map that there is.
    pub fn count(&self, map: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = counts.by_map.len() < MAX_MAPS;
        match counts.by_map.get_mut(map) {
            Some(count) => *count = count.saturating_add(1),
            None if has_room => {
                counts.by_map.insert(map.to_owned(), 1);
            }
            None => {}
        }
        counts.is_changed = true;
        // a number of a file may be any
        counts.since_halved = counts.since_halved.saturating_add(1);
        if counts.since_halved >= HALVED_AFTER {
            counts.since_halved = 0;
            counts.by_map.retain(|_, count| {
                *count /= 2;
                *count > 0
            });
        }
    }

    /// The ids of maps that were looked at, the most often first.
    pub fn ranked(&self) -> Vec<String> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ranked: Vec<(&String, &u64)> = counts.by_map.iter().collect();
        ranked.sort_unstable_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        ranked.into_iter().map(|(map, _)| map.clone()).collect()
    }
}

/// True where a browser of somebody seems to ask, by what it calls itself: robots that read all
/// pages would make them all alike.
pub fn is_visit(method: &str, user_agent: &str) -> bool {
    const ROBOTS: [&str; 8] = [
        "bot", "crawl", "spider", "slurp", "curl", "wget", "python", "monitor",
    ];
    let agent = user_agent.to_ascii_lowercase();
    method == "GET" && !agent.is_empty() && !ROBOTS.iter().any(|robot| agent.contains(robot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_viewed_is_first_and_old_views_fade() {
        let views = Views::default();
        for map in ["b", "a", "a", "c"] {
            views.count(map);
        }
        assert_eq!(views.ranked(), ["a", "b", "c"]);
        for _ in 0..HALVED_AFTER {
            views.count("c");
        }
        // what was looked at once is forgotten
        assert_eq!(views.ranked(), ["c", "a"]);
    }

    #[test]
    fn as_many_maps_are_counted_as_are_allowed() {
        let views = Views::default();
        for map in 0..MAX_MAPS + 9 {
            views.count(&map.to_string());
        }
        assert_eq!(views.ranked().len(), MAX_MAPS);
    }

    #[test]
    fn robots_and_heads_are_no_visits() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        assert!(is_visit("GET", firefox));
        assert!(!is_visit("HEAD", firefox));
        for agent in ["", "Mozilla/5.0 (compatible; Googlebot/2.1)", "curl/8.1"] {
            assert!(!is_visit("GET", agent), "{agent}");
        }
    }
}
