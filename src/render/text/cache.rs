use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{PoisonError, RwLock};

/// A map from hashes to values that forgets what was not asked for lately, so that it stays
/// below a weight; shared between threads.
///
/// Two generations: values enter the young one; when it holds half the allowed weight it becomes
/// the old one, and the former old one is dropped. A value found in the old generation moves to
/// the young one. This needs no clock and no list, and a hit in the young one takes a read lock.
#[derive(Debug)]
pub struct Generations<V> {
    shards: Vec<RwLock<Shard<V>>>,
    /// Of one generation of one shard, in bytes.
    weight_limit: usize,
}

#[derive(Debug)]
struct Shard<V> {
    young: Map<V>,
    old: Map<V>,
    young_weight: usize,
}

type Map<V> = HashMap<u64, (V, u32), BuildHasherDefault<Spread>>;

/// Few enough to keep the empty cache small, more than the cores that draw at once.
const SHARDS: usize = 16;

impl<V: Clone> Generations<V> {
    /// Keeps at most about `bytes`, as weighed by the callers of [`put`](Generations::put).
    pub fn new(bytes: usize) -> Generations<V> {
        let shard = || {
            RwLock::new(Shard {
                young: Map::default(),
                old: Map::default(),
                young_weight: 0,
            })
        };
        Generations {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            weight_limit: bytes / SHARDS / 2,
        }
    }

    pub fn get(&self, key: u64) -> Option<V> {
        let shard = self.shard(key)?;
        {
            let read = shard.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((value, _)) = read.young.get(&key) {
                return Some(value.clone());
            }
            if !read.old.contains_key(&key) {
                return None;
            }
        }
        let mut write = shard.write().unwrap_or_else(PoisonError::into_inner);
        let (value, weight) = write.old.remove(&key)?;
        write.insert(key, value.clone(), weight, self.weight_limit);
        Some(value)
    }

    /// Keeps a value of a weight in bytes; one heavier than a generation is not kept.
    pub fn put(&self, key: u64, value: V, weight: usize) {
        let (Some(shard), Ok(weight_u32)) = (self.shard(key), u32::try_from(weight)) else {
            return;
        };
        if weight <= self.weight_limit {
            let mut write = shard.write().unwrap_or_else(PoisonError::into_inner);
            write.insert(key, value, weight_u32, self.weight_limit);
        }
    }

    fn shard(&self, key: u64) -> Option<&RwLock<Shard<V>>> {
        // the top bits: the map inside uses the others
        let index = spread(key) >> 60;
        self.shards.get(usize::try_from(index).unwrap_or(0))
    }

    #[cfg(test)]
    fn weight(&self) -> usize {
        let weigh = |map: &Map<V>| map.values().map(|(_, w)| *w as usize).sum::<usize>();
        self.shards
            .iter()
            .map(|s| s.read().unwrap())
            .map(|s| weigh(&s.young) + weigh(&s.old))
            .sum()
    }
}

impl<V> Shard<V> {
    fn insert(&mut self, key: u64, value: V, weight: u32, limit: usize) {
        let weight_bytes = usize::try_from(weight).unwrap_or(usize::MAX);
        if self.young_weight.saturating_add(weight_bytes) > limit {
            self.old = std::mem::take(&mut self.young);
            self.young_weight = 0;
        }
        if let Some((_, before)) = self.young.insert(key, (value, weight)) {
            let before = usize::try_from(before).unwrap_or(0);
            self.young_weight = self.young_weight.saturating_sub(before);
        }
        self.young_weight = self.young_weight.saturating_add(weight_bytes);
    }
}

/// Spreads packed keys, which differ in few bits, over all 64.
fn spread(key: u64) -> u64 {
    // the odd number nearest 2^64 divided by the golden ratio (Knuth's multiplicative hash),
    // then high bits folded into the low ones
    let product = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (product ^ (product >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The hasher of keys that are 64-bit numbers already.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = spread(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = spread(self.0 ^ value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_weight_is_bounded() {
        let cache = Generations::new(64 * 1024);
        cache.put(7, "kept", 100);
        for key in 100..20_000 {
            cache.put(key, "passing", 100);
            assert_eq!(cache.get(7), Some("kept"), "after {key}");
            if key % 1000 == 0 {
                assert!(cache.weight() <= 64 * 1024, "{}", cache.weight());
            }
        }
        assert_eq!(cache.get(100), None);
        cache.put(8, "too heavy", 64 * 1024);
        assert_eq!(cache.get(8), None);
    }
}
