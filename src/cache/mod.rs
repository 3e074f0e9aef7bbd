//! Tiles that were made, kept for those who ask next: in memory, and on disk where that is
//! configured.
//!
//! A key stands for everything that a tile is made from, data and styles among it: what is found
//! under a key is never out of date, and what is no longer asked for is what goes first. Bytes
//! are all that is known here.

mod disk;
mod key;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use quick_cache::sync::{Cache, GuardResult};
use quick_cache::{DefaultHashBuilder, Weighter, sync::DefaultLifecycle};

pub use disk::Disk;
pub use key::Key;

use crate::error::Result;
use crate::packing::Coding;

/// A tile as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// None: there is nothing in the tile.
    pub bytes: Bytes,
    /// How they are packed.
    pub coding: Coding,
}

/// A tile that is kept, and when it was made.
#[derive(Debug)]
pub struct Kept {
    pub tile: Tile,
    made: SystemTime,
}

impl Kept {
    /// The time since it was made; nothing where the clock was set back.
    pub fn age(&self) -> Duration {
        self.made.elapsed().unwrap_or_default()
    }
}

/// Where a tile came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Memory,
    Disk,
    /// Made now, by this request or by one that it waited for.
    Made,
}

/// What a tile costs beside its bytes.
const OVERHEAD: u64 = 160;
/// A tile of this size is taken as usual, to size the tables.
const USUAL_BYTES: u64 = 16 << 10;

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<u128, Arc<Kept>> for Weight {
    fn weight(&self, _: &u128, kept: &Arc<Kept>) -> u64 {
        kept.tile.bytes.len() as u64 + OVERHEAD
    }
}

/// How often tiles were found, and what they take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub memory_hits: u64,
    pub disk_hits: u64,
    /// Tiles that were made.
    pub misses: u64,
    pub memory_bytes: u64,
    pub disk_bytes: u64,
    /// What the disk may take; 0 where there is none.
    pub disk_limit: u64,
    /// Tiles that could not be written there.
    pub disk_faults: u64,
}

/// Tiles in memory, and on disk where there is a folder for them.
#[derive(Debug)]
pub struct TileCache {
    memory: Cache<u128, Arc<Kept>, Weight>,
    disk: Option<Disk>,
    memory_hits: AtomicU64,
    disk_hits: AtomicU64,
    misses: AtomicU64,
}

impl TileCache {
    /// A cache of so many bytes in memory; 0 keeps nothing there.
    pub fn new(memory_bytes: u64, disk: Option<Disk>) -> TileCache {
        let items = usize::try_from(memory_bytes / USUAL_BYTES).unwrap_or(usize::MAX);
        TileCache {
            memory: Cache::with(
                items.clamp(16, 1 << 20),
                memory_bytes,
                Weight,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            disk,
            memory_hits: AtomicU64::new(0),
            disk_hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// The tile, where it is in memory: no more than a look.
    pub fn in_memory(&self, key: u128) -> Option<Arc<Kept>> {
        let kept = self.memory.get(&key)?;
        self.memory_hits.fetch_add(1, Ordering::Relaxed);
        Some(kept)
    }

    /// The tile, made where it is not kept. Of those that ask for one tile at a time one makes
    /// it; the others wait for it, at most `patience`, and then make their own.
    ///
    /// `others` are the keys of what the tile can be made from sooner, by `from_other`.
    ///
    /// # Errors
    /// What `make` returns: the next one to ask tries again.
    pub fn get(
        &self,
        key: u128,
        patience: Duration,
        others: impl IntoIterator<Item = u128>,
        from_other: impl Fn(&Tile) -> Option<Tile>,
        make: impl FnOnce() -> Result<Tile>,
    ) -> Result<(Arc<Kept>, Source)> {
        let begin = Instant::now();
        let guard = match self.memory.get_value_or_guard(&key, Some(patience)) {
            GuardResult::Value(kept) => {
                self.memory_hits.fetch_add(1, Ordering::Relaxed);
                // what was waited for is not older than the waiting
                let source = match kept.age() < begin.elapsed() {
                    true => Source::Made,
                    false => Source::Memory,
                };
                return Ok((kept, source));
            }
            GuardResult::Guard(guard) => Some(guard),
            GuardResult::Timeout => None,
        };
        let from_disk = self.disk.as_ref().and_then(|disk| disk.get(key));
        let from_other = || {
            let mut others = others.into_iter();
            others.find_map(|other| self.repacked(key, other, &from_other))
        };
        let found = from_disk.map(|(tile, made)| (Kept { tile, made }, Source::Disk));
        let (kept, source) = match found.or_else(from_other) {
            Some((kept, source)) => {
                let hits = match source {
                    Source::Disk => &self.disk_hits,
                    Source::Memory | Source::Made => &self.memory_hits,
                };
                hits.fetch_add(1, Ordering::Relaxed);
                (kept, source)
            }
            None => {
                let tile = make()?;
                self.misses.fetch_add(1, Ordering::Relaxed);
                if let Some(disk) = &self.disk {
                    disk.put(key, &tile);
                }
                let made = SystemTime::now();
                (Kept { tile, made }, Source::Made)
            }
        };
        let kept = Arc::new(kept);
        if let Some(guard) = guard {
            // refused where the key was taken out meanwhile: then it is just not kept
            let _ = guard.insert(Arc::clone(&kept));
        }
        Ok((kept, source))
    }

    /// A tile made from another that is kept: as old as that one.
    fn repacked(
        &self,
        key: u128,
        other: u128,
        from_other: &impl Fn(&Tile) -> Option<Tile>,
    ) -> Option<(Kept, Source)> {
        let (tile, made, source) = match self.memory.get(&other) {
            Some(kept) => (from_other(&kept.tile)?, kept.made, Source::Memory),
            None => {
                let (tile, made) = self.disk.as_ref()?.get(other)?;
                (from_other(&tile)?, made, Source::Disk)
            }
        };
        if let Some(disk) = &self.disk {
            disk.put(key, &tile);
        }
        Some((Kept { tile, made }, source))
    }

    /// True where tiles outlive the process.
    pub fn is_lasting(&self) -> bool {
        self.disk.is_some()
    }

    pub fn counts(&self) -> Counts {
        Counts {
            memory_hits: self.memory_hits.load(Ordering::Relaxed),
            disk_hits: self.disk_hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            memory_bytes: self.memory.weight(),
            disk_bytes: self.disk.as_ref().map_or(0, Disk::bytes),
            disk_limit: self.disk.as_ref().map_or(0, Disk::limit),
            disk_faults: self.disk.as_ref().map_or(0, Disk::faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::error::Error;
    use crate::scratch::Scratch;

    fn tile(bytes: &[u8]) -> Tile {
        Tile {
            bytes: Bytes::copy_from_slice(bytes),
            coding: Coding::Identity,
        }
    }

    fn copied(other: &Tile) -> Option<Tile> {
        Some(other.clone())
    }

    #[test]
    fn a_tile_is_made_from_another_that_is_kept_and_has_its_age() {
        let cache = TileCache::new(1 << 20, None);
        cache
            .get(1, PATIENCE, [], copied, || Ok(tile(b"one")))
            .unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let other = |other: &Tile| Some(tile(&[other.bytes.as_ref(), b"!"].concat()));
        let (found, source) = cache
            .get(2, PATIENCE, [3, 1], other, || panic!("made"))
            .unwrap();
        assert_eq!(
            (found.tile.bytes.as_ref(), source),
            (&b"one!"[..], Source::Memory)
        );
        assert!(found.age() >= Duration::from_millis(20));
        assert_eq!(cache.in_memory(2).unwrap().tile, tile(b"one!"));
        let made = cache.get(4, PATIENCE, [1], |_| None, || Ok(tile(b"four")));
        assert_eq!(made.unwrap().1, Source::Made, "the other was of no use");
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_tile_is_made_once_and_found_again() {
        let cache = TileCache::new(1 << 20, None);
        assert!(cache.in_memory(7).is_none());
        let (made, source) = cache
            .get(7, PATIENCE, [], copied, || Ok(tile(b"seven")))
            .unwrap();
        assert_eq!(
            (made.tile.bytes.as_ref(), source),
            (&b"seven"[..], Source::Made)
        );
        let (found, source) = cache
            .get(7, PATIENCE, [], copied, || panic!("made twice"))
            .unwrap();
        assert_eq!(
            (found.tile.bytes.as_ref(), source),
            (&b"seven"[..], Source::Memory)
        );
        assert_eq!(cache.in_memory(7).unwrap().tile, tile(b"seven"));
        let counts = cache.counts();
        assert_eq!((counts.memory_hits, counts.misses), (2, 1));
    }

    #[test]
    fn many_who_ask_at_once_have_it_made_once() {
        let cache = TileCache::new(1 << 20, None);
        let (made, all) = (AtomicUsize::new(0), Barrier::new(16));
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    all.wait();
                    let make = || {
                        made.fetch_add(1, Ordering::Relaxed);
                        std::thread::sleep(Duration::from_millis(50));
                        Ok(tile(b"one"))
                    };
                    let (found, _) = cache.get(1, PATIENCE, [], copied, make).unwrap();
                    assert_eq!(found.tile, tile(b"one"));
                });
            }
        });
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn an_error_is_not_kept_and_the_next_one_tries_again() {
        let cache = TileCache::new(1 << 20, None);
        assert!(
            cache
                .get(1, PATIENCE, [], copied, || Err(Error::Cancelled))
                .is_err()
        );
        assert!(
            cache
                .get(1, PATIENCE, [], copied, || Ok(tile(b"one")))
                .is_ok()
        );
    }

    #[test]
    fn memory_stays_within_its_bound_whatever_is_asked() {
        let cache = TileCache::new(100_000, None);
        for key in 0..1_000 {
            let made = cache
                .get(key, PATIENCE, [], copied, || Ok(tile(&[1; 1_000])))
                .unwrap();
            assert_eq!(made.0.tile.bytes.len(), 1_000);
        }
        let huge = cache
            .get(5_000, PATIENCE, [], copied, || Ok(tile(&[2; 1_000_000])))
            .unwrap();
        assert_eq!(huge.0.tile.bytes.len(), 1_000_000);
        assert!(cache.counts().memory_bytes <= 100_000);
    }

    #[test]
    fn without_memory_every_tile_is_made() {
        let cache = TileCache::new(0, None);
        for _ in 0..3 {
            assert_eq!(
                cache
                    .get(1, PATIENCE, [], copied, || Ok(tile(b"x")))
                    .unwrap()
                    .1,
                Source::Made
            );
        }
        assert_eq!(cache.counts().misses, 3);
    }

    #[test]
    fn what_is_on_disk_outlives_the_process() {
        let folder = Scratch::new("tiles");
        let first = TileCache::new(1 << 20, Some(Disk::open(&folder.0, 1 << 20).unwrap()));
        first
            .get(9, PATIENCE, [], copied, || Ok(tile(b"nine")))
            .unwrap();
        drop(first);
        let second = TileCache::new(1 << 20, Some(Disk::open(&folder.0, 1 << 20).unwrap()));
        let (found, source) = second
            .get(9, PATIENCE, [], copied, || panic!("made again"))
            .unwrap();
        assert_eq!(
            (found.tile.bytes.as_ref(), source),
            (&b"nine"[..], Source::Disk)
        );
    }
}
