//! Notices changed files by their stamps and loads what changed.
//!
//! Deciding is pure ([`Watcher`]: time and stamps in, a decision out); [`watch`] gives it a
//! clock, a folder and a thread.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Sources;
use super::folder::{Folder, Stamp};
use super::load::{LoadOptions, Loaded, reload};

/// A file whose stamp stayed the same for that long is no longer being written.
const SETTLED: Duration = Duration::from_secs(1);
/// Looking at the folder may take one fiftieth of a core.
const LOOK_SHARE: u32 = 50;

/// What to do after a look at the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing changed.
    Idle,
    /// Something changed, but all of it is still being written.
    Settling,
    /// Load again; the files named are still being written.
    Reload { held: HashSet<PathBuf> },
}

/// Tells files that changed from those that are changing.
#[derive(Debug)]
pub struct Watcher {
    /// What the catalogue in use was loaded from.
    loaded: HashMap<PathBuf, Stamp>,
    /// Files that differ from it: their stamp and since when they have it. `None`: removed.
    changed: HashMap<PathBuf, (Option<Stamp>, Duration)>,
}

impl Watcher {
    /// Watches for differences from what was loaded.
    pub fn new(loaded: &Folder) -> Watcher {
        Watcher {
            loaded: loaded.stamps.clone(),
            changed: HashMap::new(),
        }
    }

    /// Compares what is there `now` (a time since any fixed moment) with what was loaded.
    pub fn look(&mut self, now: Duration, there: &HashMap<PathBuf, Stamp>) -> Step {
        let mut changed = HashMap::new();
        let removed = self.loaded.keys().filter(|p| !there.contains_key(*p));
        let present = there
            .iter()
            .filter(|(path, stamp)| self.loaded.get(*path) != Some(stamp))
            .map(|(path, stamp)| (path, Some(*stamp)));
        for (path, stamp) in removed.map(|path| (path, None)).chain(present) {
            let since = match self.changed.get(path) {
                Some((before, since)) if *before == stamp => *since,
                _ => now,
            };
            changed.insert(path.clone(), (stamp, since));
        }
        self.changed = changed;
        if self.changed.is_empty() {
            return Step::Idle;
        }
        let settling = |since: &Duration| now.saturating_sub(*since) < SETTLED;
        let held: HashSet<PathBuf> = self
            .changed
            .iter()
            .filter(|(_, (_, since))| settling(since))
            .map(|(path, _)| path.clone())
            .collect();
        if held.len() == self.changed.len() {
            Step::Settling
        } else {
            Step::Reload { held }
        }
    }

    /// Takes what a reload saw as loaded, but for the files that were held.
    pub fn reloaded(&mut self, folder: &Folder, held: &HashSet<PathBuf>) {
        let mut loaded = folder.stamps.clone();
        for path in held {
            match self.loaded.get(path) {
                Some(stamp) => loaded.insert(path.clone(), *stamp),
                None => loaded.remove(path),
            };
        }
        self.loaded = loaded;
        self.changed.retain(|path, _| held.contains(path));
    }
}

/// Looks at the path every `every` (more seldom where a look is slow) until `stop` is set, and
/// hands each new state to `publish`, with the moment at which its load began; that swaps its
/// catalogue for the one in use. Runs on a thread of its own.
pub fn watch(
    path: &Path,
    options: LoadOptions,
    sources: &dyn Sources,
    first: Loaded,
    every: Duration,
    stop: &AtomicBool,
    mut publish: impl FnMut(&Loaded, Instant),
) {
    let started = Instant::now();
    let mut watcher = Watcher::new(&first.folder);
    let mut current = first;
    let mut pause = every;
    let mut took_before = Duration::ZERO;
    let positions = |current: &mut Loaded, held: &HashSet<PathBuf>| {
        let began = Instant::now();
        look_for_repeated_ids(current, stop).then(|| {
            let held = changed_since(path, current, held);
            (reload(path, options, sources, Some(current), &held), began)
        })
    };
    if let Some((next, began)) = positions(&mut current, &HashSet::new()) {
        publish(&next, began);
        current = next;
    }
    while sleep(pause, stop) {
        let looked = Instant::now();
        // a path that is gone is a change like others: the reload says so
        let there = Folder::scan(path, &current.named).unwrap_or_default();
        let step = watcher.look(started.elapsed(), &there.stamps);
        let took = looked.elapsed();
        // one slow look is a busy machine, two are a large folder
        pause = every.max(took.min(took_before).saturating_mul(LOOK_SHARE));
        took_before = took;
        if let Step::Reload { held } = step {
            let began = Instant::now();
            let next = reload(path, options, sources, Some(&current), &held);
            watcher.reloaded(&next.folder, &held);
            publish(&next, began);
            current = next;
            if let Some((next, began)) = positions(&mut current, &held) {
                publish(&next, began);
                current = next;
            }
        }
    }
}

/// On a thread that yields to all others: large data take seconds.
fn look_for_repeated_ids(loaded: &mut Loaded, stop: &AtomicBool) -> bool {
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            // on Linux a thread's own; without it, it competes with drawing as an equal
            let _priority = rustix::process::nice(19);
            loaded.look_for_repeated_ids(stop)
        });
        looking.join().unwrap_or(false)
    })
}

/// The files that are not as they were loaded: the watcher waits until they are whole.
fn changed_since(path: &Path, loaded: &Loaded, held: &HashSet<PathBuf>) -> HashSet<PathBuf> {
    let there = Folder::scan(path, &loaded.named).unwrap_or_default();
    let is_other = |path: &PathBuf, stamp: &Stamp| loaded.folder.stamps.get(path) != Some(stamp);
    let changed = there
        .stamps
        .iter()
        .filter(|(path, stamp)| is_other(path, stamp));
    changed
        .map(|(path, _)| path.clone())
        .chain(held.iter().cloned())
        .collect()
}

/// Sleeps in short naps; false where it is time to stop.
fn sleep(time: Duration, stop: &AtomicBool) -> bool {
    let wake = Instant::now();
    while wake.elapsed() < time {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        let left = time.saturating_sub(wake.elapsed());
        std::thread::sleep(left.min(Duration::from_millis(100)));
    }
    !stop.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(files: &[(&str, u64)]) -> HashMap<PathBuf, Stamp> {
        let stamp = |bytes| Stamp {
            modified_ns: 0,
            bytes,
            inode: 1,
        };
        files
            .iter()
            .map(|(name, bytes)| (PathBuf::from(name), stamp(*bytes)))
            .collect()
    }

    fn folder(files: &[(&str, u64)]) -> Folder {
        Folder {
            stamps: there(files),
            ..Folder::default()
        }
    }

    fn second(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn nothing_is_loaded_while_nothing_changes() {
        let mut watcher = Watcher::new(&folder(&[("a", 1)]));
        assert_eq!(watcher.look(second(1), &there(&[("a", 1)])), Step::Idle);
    }

    #[test]
    fn a_growing_file_is_waited_for_and_then_loaded_once() {
        let mut watcher = Watcher::new(&folder(&[("a", 1)]));
        for n in 1..5 {
            assert_eq!(
                watcher.look(second(n), &there(&[("a", 1 + n)])),
                Step::Settling
            );
        }
        let step = watcher.look(second(5), &there(&[("a", 5)]));
        assert_eq!(
            step,
            Step::Reload {
                held: HashSet::new()
            }
        );
        watcher.reloaded(&folder(&[("a", 5)]), &HashSet::new());
        assert_eq!(watcher.look(second(6), &there(&[("a", 5)])), Step::Idle);
    }

    #[test]
    fn a_file_that_is_being_written_does_not_delay_the_others() {
        let mut watcher = Watcher::new(&folder(&[("a", 1), ("b", 1)]));
        watcher.look(second(1), &there(&[("a", 2), ("b", 2)]));
        let step = watcher.look(second(2), &there(&[("a", 2), ("b", 3)]));
        let held: HashSet<PathBuf> = [PathBuf::from("b")].into();
        assert_eq!(step, Step::Reload { held: held.clone() });
        watcher.reloaded(&folder(&[("a", 2), ("b", 3)]), &held);
        let step = watcher.look(second(3), &there(&[("a", 2), ("b", 3)]));
        assert_eq!(
            step,
            Step::Reload {
                held: HashSet::new()
            }
        );
    }

    #[test]
    fn a_removed_file_is_noticed_unless_it_comes_back() {
        let mut watcher = Watcher::new(&folder(&[("a", 1), ("b", 1)]));
        assert_eq!(watcher.look(second(1), &there(&[("a", 1)])), Step::Settling);
        assert_eq!(
            watcher.look(second(2), &there(&[("a", 1), ("b", 1)])),
            Step::Idle
        );
        watcher.look(second(3), &there(&[("a", 1)]));
        assert!(matches!(
            watcher.look(second(4), &there(&[("a", 1)])),
            Step::Reload { .. }
        ));
    }
}
