//! The folder where levels lie.
//!
//! `overviews/KEY/` holds the levels of one layer and `manifest.json`, which says what they were
//! made from and how their bytes must be; KEY is a digest of the source's bytes and of all that
//! the levels depend on. A folder is made under another name and renamed when it is whole:
//! whatever ends a build leaves nothing that could be taken for one. Everything here may be
//! deleted at any time.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::ladder::Zoom;
use crate::error::{Error, Result};
use crate::store::FileStamp;

/// Folders of builds begin so; none of them is a key.
const BUILDING: &str = "building-";
const MANIFEST: &str = "manifest.json";
/// Held locked by whoever builds: the system lets go of it however the process ends.
const LOCK: &str = "lock";
/// A build whose lock is not there yet has just begun.
const JUST_BEGUN: Duration = Duration::from_secs(60);
/// Larger than any manifest.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// The user's cache folder: `$XDG_CACHE_HOME/cartotheque`, else `~/.cache/cartotheque`; `None`
/// where neither is said.
pub fn default_folder() -> Option<PathBuf> {
    let named = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        // relative ones are invalid by the XDG specification
        value.map(PathBuf::from).filter(|path| path.is_absolute())
    };
    let folder = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    Some(folder?.join("cartotheque"))
}

/// A cache folder.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    max_bytes: u64,
}

/// What the levels of one layer are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The source as it was when its digest was last computed.
    pub source: Source,
    /// All that the levels depend on beside the source's bytes, as a digest.
    pub recipe: String,
    pub levels: Vec<LevelFile>,
    pub names: Vec<NamesFile>,
}

impl Manifest {
    /// The names of all files.
    fn files(&self) -> impl Iterator<Item = &str> {
        let levels = self.levels.iter().map(|level| &level.file);
        let names = self.names.iter().map(|names| &names.file);
        levels.chain(names).map(String::as_str)
    }

    /// What all files take on the disk.
    pub fn bytes(&self) -> u64 {
        let levels = self.levels.iter().map(|level| level.bytes);
        levels.chain(self.names.iter().map(|n| n.bytes)).sum()
    }
}

/// A state of a file: while it is the same, the digest need not be computed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    pub path: PathBuf,
    pub bytes: u64,
    pub modified_ns: String,
    pub inode: u64,
}

impl Source {
    pub fn new(path: &Path, stamp: FileStamp) -> Source {
        Source {
            path: path.canonicalize().unwrap_or_else(|_| path.to_owned()),
            bytes: stamp.size,
            modified_ns: stamp.modified_ns.to_string(),
            inode: stamp.inode,
        }
    }
}

/// A file of the cache as it was when its digest was last computed: while it is the same, its
/// bytes need not be read again, which of large levels takes seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checked {
    bytes: u64,
    modified_ns: String,
    inode: u64,
}

impl Checked {
    pub fn new(stamp: FileStamp) -> Checked {
        Checked {
            bytes: stamp.size,
            modified_ns: stamp.modified_ns.to_string(),
            inode: stamp.inode,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LevelFile {
    pub file: String,
    pub crs: String,
    pub zoom: Zoom,
    pub features: u64,
    pub bytes: u64,
    pub digest: String,
    #[serde(default)]
    pub checked: Option<Checked>,
}

/// A list of features that have a chance to be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NamesFile {
    pub file: String,
    pub crs: String,
    pub exponent: i32,
    pub features: u64,
    pub bytes: u64,
    pub digest: String,
    #[serde(default)]
    pub checked: Option<Checked>,
}

/// What a folder held at one time, by the source: whoever looks for thousands of layers reads it
/// once.
#[derive(Debug)]
pub(super) struct Held(HashMap<PathBuf, Vec<(String, Manifest)>>);

impl Held {
    /// True where something was made from that file, whatever has become of it since.
    pub fn has(&self, path: &Path) -> bool {
        let is_there = |path: &Path| self.0.contains_key(path);
        // to follow links costs more than all the rest
        !self.0.is_empty() && path.canonicalize().is_ok_and(|path| is_there(&path))
    }

    /// The key of what was made by a recipe from a source that has not changed since.
    pub fn find(&self, source: &Source, recipe: &str) -> Option<&str> {
        let of_source = self.0.get(&source.path)?;
        let found = of_source
            .iter()
            .find(|(_, m)| m.source == *source && m.recipe == recipe);
        found.map(|(key, _)| key.as_str())
    }
}

/// A folder under way. Dropped before it is published, it is removed.
#[derive(Debug)]
pub(super) struct Building {
    pub folder: PathBuf,
    /// Unlocked when it is closed.
    _lock: File,
}

impl Drop for Building {
    fn drop(&mut self) {
        // renamed by then, where all went well
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

impl Cache {
    /// Takes a folder into use: makes it where it is not there, and removes what killed builds
    /// left. `max_bytes` is what its levels may take on the disk.
    ///
    /// # Errors
    /// `Io` where nothing can be written there.
    pub fn open(folder: &Path, max_bytes: u64) -> Result<Cache> {
        let folder = folder.join("overviews");
        fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, &e))?;
        let cache = Cache { folder, max_bytes };
        cache.clean();
        // shows that it can be written to
        drop(cache.begin()?);
        Ok(cache)
    }

    pub fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Where the levels of a key lie, or would.
    pub(super) fn folder_of(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }

    /// What the folder holds now.
    pub(super) fn held(&self) -> Held {
        let mut of_sources: HashMap<PathBuf, Vec<(String, Manifest)>> = HashMap::new();
        for key in self.keys() {
            if let Some(manifest) = self.manifest(&key) {
                let of_source = of_sources.entry(manifest.source.path.clone());
                of_source.or_default().push((key, manifest));
            }
        }
        Held(of_sources)
    }

    /// What lies under a key, noted as used now.
    pub(super) fn get(&self, key: &str) -> Option<Manifest> {
        let manifest = self.manifest(key)?;
        if let Ok(file) = File::options().append(true).open(self.manifest_of(key)) {
            // in a folder that is read only the order of use is not known
            let _read_only = file.set_modified(SystemTime::now());
        }
        Some(manifest)
    }

    fn manifest_of(&self, key: &str) -> PathBuf {
        self.folder_of(key).join(MANIFEST)
    }

    fn manifest(&self, key: &str) -> Option<Manifest> {
        let path = self.manifest_of(key);
        let size = fs::metadata(&path).ok()?.len();
        let bytes = (size <= MAX_MANIFEST_BYTES).then(|| fs::read(&path).ok())??;
        let manifest: Manifest = serde_json::from_slice(&bytes).ok()?;
        // names, not paths: nothing outside of the folder is opened
        let is_name = |file: &str| Path::new(file).file_name() == Some(OsStr::new(file));
        let are_names = manifest.files().all(is_name);
        are_names.then_some(manifest)
    }

    /// Begins a folder.
    pub(super) fn begin(&self) -> Result<Building> {
        // it may have been deleted since
        fs::create_dir_all(&self.folder).map_err(|e| Error::io(&self.folder, &e))?;
        for nth in 0_u32.. {
            let name = format!("{BUILDING}{}-{nth}", std::process::id());
            let folder = self.folder.join(name);
            match fs::create_dir(&folder) {
                Ok(()) => {
                    let path = folder.join(LOCK);
                    let io = |e: std::io::Error| Error::io(&path, &e);
                    let lock = File::create(&path).map_err(io)?;
                    lock.lock().map_err(io)?;
                    return Ok(Building {
                        folder,
                        _lock: lock,
                    });
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && nth < 1000 => {}
                Err(e) => return Err(Error::io(&folder, &e)),
            }
        }
        Err(Error::Internal {
            message: "no name is left for a folder".into(),
        })
    }

    /// Writes the manifest and gives the folder its name. Where another process was quicker, its
    /// folder stays: it was made from the same bytes.
    pub(super) fn publish(
        &self,
        building: &Building,
        key: &str,
        manifest: &Manifest,
    ) -> Result<()> {
        self.write_manifest(&building.folder, manifest)?;
        let folder = self.folder_of(key);
        match fs::rename(&building.folder, &folder) {
            Ok(()) => Ok(()),
            Err(_) if self.manifest(key).is_some() => Ok(()),
            Err(_) => {
                // without a manifest: what is left of a folder whose removal was broken off
                self.remove(key);
                fs::rename(&building.folder, &folder).map_err(|e| Error::io(&folder, &e))
            }
        }
    }

    /// Notes that a source or a level with another stamp has the same bytes.
    pub(super) fn renew(&self, key: &str, manifest: &Manifest) -> Result<()> {
        self.write_manifest(&self.folder_of(key), manifest)
    }

    fn write_manifest(&self, folder: &Path, manifest: &Manifest) -> Result<()> {
        let text = serde_json::to_vec_pretty(manifest).map_err(|e| Error::Internal {
            message: format!("a manifest can't be written: {e}"),
        })?;
        let part = folder.join(format!("{MANIFEST}.{}", std::process::id()));
        let io = |e: std::io::Error| Error::io(&part, &e);
        let mut file = File::create(&part).map_err(io)?;
        file.write_all(&text).map_err(io)?;
        file.sync_all().map_err(io)?;
        fs::rename(&part, folder.join(MANIFEST)).map_err(io)
    }

    /// Removes what lies under a key.
    pub(super) fn remove(&self, key: &str) {
        let folder = self.folder_of(key);
        if let Err(e) = fs::remove_dir_all(&folder)
            && folder.exists()
        {
            tracing::warn!("{} can't be removed: {e}", folder.display());
        }
    }

    /// Removes what was not used for the longest time until the rest is within the maximum;
    /// what is in use stays.
    pub(super) fn trim(&self, in_use: &HashSet<String>) {
        let mut held: Vec<(SystemTime, String, u64)> = self
            .keys()
            .map(|key| {
                let used = fs::metadata(self.manifest_of(&key)).and_then(|m| m.modified());
                let bytes = size_of(&self.folder_of(&key));
                (used.unwrap_or(SystemTime::UNIX_EPOCH), key, bytes)
            })
            .collect();
        held.sort();
        let mut total: u64 = held.iter().map(|(.., bytes)| bytes).sum();
        for (_, key, bytes) in held {
            if total <= self.max_bytes {
                return;
            }
            if !in_use.contains(&key) {
                tracing::info!(key, bytes, "overviews removed to make room");
                self.remove(&key);
                total = total.saturating_sub(bytes);
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = fs::DirEntry> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
    }

    fn keys(&self) -> impl Iterator<Item = String> {
        self.entries()
            .filter_map(|entry| entry.file_name().into_string().ok())
            // what somebody else put there is not ours to count or to remove
            .filter(|name| is_key(name))
    }

    /// Removes the folders of builds that are over.
    fn clean(&self) {
        for entry in self.entries() {
            let is_build = entry.file_name().to_string_lossy().starts_with(BUILDING);
            if is_build && is_orphan(&entry.path()) {
                let _gone = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// True for a digest as keys are.
fn is_key(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// True where nobody builds in the folder any more.
fn is_orphan(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(file) => !matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
        Err(_) => {
            let modified = fs::metadata(folder).and_then(|m| m.modified());
            modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > JUST_BEGUN))
        }
    }
}

fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn manifest(path: &str) -> Manifest {
        Manifest {
            source: Source {
                path: path.into(),
                bytes: 1,
                modified_ns: "2".into(),
                inode: 3,
            },
            recipe: "r".into(),
            levels: Vec::new(),
            names: Vec::new(),
        }
    }

    fn publish(cache: &Cache, key: &str, bytes: usize) {
        let building = cache.begin().unwrap();
        fs::write(building.folder.join("level.fgb"), vec![0; bytes]).unwrap();
        cache.publish(&building, key, &manifest(key)).unwrap();
    }

    fn key(name: &str) -> String {
        super::super::digest::Digest::of(name.as_bytes())
    }

    #[test]
    fn what_is_published_is_found_by_its_source_and_recipe_alone() {
        let folder = Scratch::new("cache-find");
        let cache = Cache::open(&folder.0, 1 << 20).unwrap();
        let key = key("k");
        publish(&cache, &key, 10);
        let found = manifest(&key);
        let held = cache.held();
        assert_eq!(held.find(&found.source, "r"), Some(key.as_str()));
        assert_eq!(held.find(&found.source, "other"), None);
        let found_again = found.source.clone();
        let touched = Source {
            modified_ns: "3".into(),
            ..found.source
        };
        assert_eq!(held.find(&touched, "r"), None);
        cache.remove(&key);
        assert_eq!(cache.held().find(&found_again, "r"), None);
        assert_eq!(cache.get(&key), None);
    }

    #[test]
    fn what_a_removal_left_that_was_broken_off_makes_room_for_a_new_build() {
        let folder = Scratch::new("cache-half");
        let cache = Cache::open(&folder.0, 1 << 20).unwrap();
        let key = key("k");
        publish(&cache, &key, 10);
        fs::remove_file(cache.manifest_of(&key)).unwrap();
        assert_eq!(cache.get(&key), None);
        publish(&cache, &key, 20);
        assert!(cache.get(&key).is_some());
        let level = cache.folder_of(&key).join("level.fgb");
        assert_eq!(fs::metadata(level).unwrap().len(), 20);
    }

    #[test]
    fn a_build_that_was_killed_is_removed_and_one_under_way_is_not() {
        let folder = Scratch::new("cache-clean");
        let cache = Cache::open(&folder.0, 1 << 20).unwrap();
        let under_way = cache.begin().unwrap();
        let killed = cache.begin().unwrap();
        let left = killed.folder.clone();
        fs::write(left.join("half.fgb"), "fgb").unwrap();
        // what the system does when a process ends: the lock is free, the files stay
        killed._lock.unlock().unwrap();
        std::mem::forget(killed);
        Cache::open(&folder.0, 1 << 20).unwrap();
        assert!(!left.exists());
        assert!(under_way.folder.exists());
        drop(under_way);
        assert_eq!(cache.entries().count(), 0);
    }

    #[test]
    fn the_longest_unused_is_removed_until_the_rest_fits() {
        let folder = Scratch::new("cache-trim");
        let cache = Cache::open(&folder.0, 5_000).unwrap();
        for (age, name) in ["new", "old", "older", "oldest"].iter().enumerate() {
            let key = key(name);
            publish(&cache, &key, 2_000);
            let at = SystemTime::now() - Duration::from_secs(1000 * age as u64);
            let file = File::options().append(true).open(cache.manifest_of(&key));
            file.unwrap().set_modified(at).unwrap();
        }
        // somebody else's, in a folder that was said to be a cache
        let others = cache.folder_of("2024");
        fs::create_dir_all(&others).unwrap();
        fs::write(others.join("level.fgb"), vec![0; 9_000]).unwrap();
        cache.trim(&HashSet::from([key("oldest")]));
        let mut left: Vec<String> = cache.keys().collect();
        left.sort();
        let mut expected = ["new", "oldest"].map(key);
        expected.sort();
        assert_eq!(left, expected);
        assert!(others.join("level.fgb").exists());
    }

    #[test]
    fn a_manifest_that_names_a_file_elsewhere_is_none() {
        let folder = Scratch::new("cache-names");
        let cache = Cache::open(&folder.0, 1 << 20).unwrap();
        let building = cache.begin().unwrap();
        let mut outside = manifest("k");
        outside.levels.push(LevelFile {
            file: "../../secret.fgb".into(),
            crs: "EPSG:3857".into(),
            zoom: Zoom::whole(9),
            features: 1,
            bytes: 1,
            digest: String::new(),
            checked: None,
        });
        cache.publish(&building, "k", &outside).unwrap();
        assert_eq!(cache.get("k"), None);
    }
}
