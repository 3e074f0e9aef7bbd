use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::folder::{Folder, Stamp};

/// What was read from files, kept while the files stay the same.
#[derive(Debug)]
pub struct Kept<T>(HashMap<PathBuf, (Option<Stamp>, u64, Arc<T>)>);

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Kept<T> {
        Kept(self.0.clone())
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept(HashMap::new())
    }
}

impl<T: Send + Sync> Kept<T> {
    /// Reads the files, in parallel, those that changed since `previous` only.
    ///
    /// `with` is a number that changes when something else that they depend on changes. Files
    /// that are `held` (being written) stay as they were, or are left out.
    pub fn read(
        previous: Option<&Kept<T>>,
        paths: &[PathBuf],
        with: u64,
        folder: &Folder,
        held: &HashSet<PathBuf>,
        read: impl Fn(&Path) -> T + Sync,
    ) -> Kept<T> {
        let entries = paths
            .par_iter()
            .filter_map(|path| {
                let stamp = folder.stamp(path);
                let before = previous.and_then(|kept| kept.0.get(path));
                let entry = match before {
                    Some(entry) if held.contains(path) => entry.clone(),
                    None if held.contains(path) => return None,
                    Some(entry) if entry.0 == stamp && entry.1 == with => entry.clone(),
                    _ => (stamp, with, Arc::new(read(path))),
                };
                Some((path.clone(), entry))
            })
            .collect();
        Kept(entries)
    }

    pub fn get(&self, path: &Path) -> Option<&Arc<T>> {
        self.0.get(path).map(|(_, _, value)| value)
    }
}
