//! A small bounded map for what is costly to make and cheap to keep.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

/// Two generations of a map: when the young one is full it becomes the old one, and the old one
/// is forgotten. What is asked for again moves to the young one, so that hostile one-time keys
/// drive out only what nobody asks for. A hit costs one shared lock.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    generations: RwLock<Generations<K, V>>,
    /// Entries of one generation; twice as many are kept at most.
    capacity: usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// An empty cache of at most twice `capacity` entries.
    pub fn new(capacity: usize) -> Cache<K, V> {
        Cache {
            generations: RwLock::new(Generations {
                young: HashMap::new(),
                old: HashMap::new(),
            }),
            capacity,
        }
    }

    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let generations = self
            .generations
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = generations.young.get(key) {
            return Some(value.clone());
        }
        let value = generations.old.get(key)?.clone();
        drop(generations);
        Some(self.insert(key.to_owned(), value))
    }

    /// Keeps `value`, unless another thread was first: the value that is kept is returned.
    pub fn insert(&self, key: K, value: V) -> V {
        let mut generations = self
            .generations
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = generations.young.get(&key) {
            return first.clone();
        }
        if generations.young.len() >= self.capacity {
            generations.old = std::mem::take(&mut generations.young);
        }
        let kept = generations.old.remove(&key).unwrap_or(value);
        generations.young.insert(key, kept.clone());
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_stays_within_twice_its_capacity_and_keeps_what_is_used() {
        let cache: Cache<u32, u32> = Cache::new(8);
        cache.insert(1_000, 7);
        for key in 0..500 {
            cache.insert(key, key);
            assert_eq!(cache.get(&1_000), Some(7), "lost after {key}");
        }
        let generations = cache.generations.read().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 16);
        drop(generations);
        assert_eq!(cache.get(&3), None);
    }

    #[test]
    fn the_first_value_of_a_key_wins() {
        let cache: Cache<u32, u32> = Cache::new(8);
        assert_eq!(cache.insert(1, 10), 10);
        assert_eq!(cache.insert(1, 20), 10);
    }
}
