//! What lies in the served folder, and the stamps by which a change is noticed.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::foreign::{FOREIGN, shell_word};
use crate::error::nearest;

/// Files that are looked at; a folder with more is not what was meant.
const MAX_FILES: usize = 200_000;

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp {
    /// Nanoseconds since 1970.
    pub modified_ns: u128,
    pub bytes: u64,
    /// A file that replaces another has another one.
    pub inode: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        Stamp {
            modified_ns: since_epoch(modified).as_nanos(),
            bytes: metadata.len(),
            inode,
        }
    }
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The files of a served path, each with its stamp.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folder {
    /// The folder; for a served file, the one it lies in.
    pub root: PathBuf,
    pub server: Option<PathBuf>,
    /// `capabilities/layers/*.yaml`, sorted.
    pub layers: Vec<PathBuf>,
    /// `capabilities/maps/*.yaml`.
    pub maps: Vec<PathBuf>,
    /// `capabilities/tile-matrix-sets/*.json`, sorted.
    pub tile_matrix_sets: Vec<PathBuf>,
    /// `styles/*.sld` and `*.json`, sorted.
    pub styles: Vec<PathBuf>,
    /// Pictures that styles may use.
    pub style_parts: Vec<PathBuf>,
    /// Features (`.fgb`, `.geojson`) and tiles (`.pmtiles`, `.mbtiles`), sorted: of the root, of its subfolders, and of the
    /// subfolders of `data/`.
    pub data: Vec<PathBuf>,
    /// Data of other formats at the same places, sorted: not served, but they can be imported.
    pub foreign: Vec<PathBuf>,
    /// Files of `capabilities/` that nothing reads.
    pub strays: Vec<PathBuf>,
    /// Folders that could not be looked into, or not wholly, and why.
    pub unlisted: Vec<(PathBuf, String)>,
    /// True where there is `capabilities/layers/`, empty or not.
    pub has_layers_folder: bool,
    /// True where the path is one file.
    pub is_single_file: bool,
    /// Of all these, and of other files that the configuration names.
    pub stamps: HashMap<PathBuf, Stamp>,
}

impl Folder {
    /// Looks at a path, and at files elsewhere that the configuration names.
    ///
    /// # Errors
    /// What is wrong with the path, in words.
    pub fn scan(path: &Path, named: &[PathBuf]) -> Result<Folder, String> {
        let metadata = fs::metadata(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            _ => error.to_string(),
        })?;
        let mut folder = Folder::default();
        if metadata.is_dir() {
            folder.root = path.to_owned();
            folder.scan_root();
        } else {
            folder.root = match path.parent() {
                Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
                Some(parent) => parent.to_owned(),
                None => PathBuf::from("."),
            };
            if !has_extension(path, &["fgb", "geojson", "json", "pmtiles", "mbtiles"]) {
                let expected = "expected a folder, or a .fgb, .geojson, .pmtiles or .mbtiles file";
                return Err(match has_extension(path, &FOREIGN) {
                    true => format!(
                        "{expected}: cartotheque import {} -o data/ makes one of it",
                        shell_word(path)
                    ),
                    false => expected.to_owned(),
                });
            }
            folder.is_single_file = true;
            folder.stamps.insert(path.to_owned(), Stamp::of(&metadata));
            folder.data.push(path.to_owned());
            let sidecar = path.with_extension("sld");
            folder.add_named(std::slice::from_ref(&sidecar));
            if folder.stamps.contains_key(&sidecar) {
                folder.styles.push(sidecar);
            }
        }
        folder.add_named(named);
        for list in [
            &mut folder.layers,
            &mut folder.maps,
            &mut folder.tile_matrix_sets,
            &mut folder.styles,
            &mut folder.style_parts,
            &mut folder.data,
            &mut folder.foreign,
            &mut folder.strays,
        ] {
            // as bytes: comparing paths part by part is ten times slower
            list.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        }
        Ok(folder)
    }

    /// The path relative to the root, for messages.
    pub fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// True where a style file was found there.
    pub fn has_style(&self, path: &Path) -> bool {
        let found = self
            .styles
            .binary_search_by(|style| style.as_os_str().cmp(path.as_os_str()));
        found.is_ok()
    }

    pub fn stamp(&self, path: &Path) -> Option<Stamp> {
        self.stamps.get(path).copied()
    }

    /// The day of the newest of these files, `YYYY-MM-DD`; empty where there is none.
    pub fn newest_day<'a>(&self, paths: impl IntoIterator<Item = &'a PathBuf>) -> String {
        paths
            .into_iter()
            .filter_map(|path| self.stamp(path))
            .map(|stamp| stamp.modified_ns)
            .max()
            .and_then(|ns| i128::try_from(ns).ok())
            .and_then(|ns| jiff::Timestamp::from_nanosecond(ns).ok())
            .map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
            .unwrap_or_default()
    }

    fn scan_root(&mut self) {
        let root = self.root.clone();
        for (path, is_dir) in self.list(&root) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match (name.as_ref(), is_dir) {
                ("capabilities", true) => self.scan_capabilities(&path),
                ("styles", true) => self.scan_styles(&path),
                ("data", true) => self.scan_data(&path, 2),
                (name, true) => {
                    if nearest(name, ["capabilities"]).is_some()
                        || name.eq_ignore_ascii_case("capabilities")
                    {
                        self.strays.push(path.clone());
                    }
                    self.scan_data(&path, 1);
                }
                ("server.yaml" | "server.yml", false) => {
                    self.stamps.remove(&path);
                    self.strays.push(path);
                }
                (_, false) => self.add_data(path),
            }
        }
    }

    fn scan_capabilities(&mut self, folder: &Path) {
        for (path, is_dir) in self.list(folder) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match (name.as_ref(), is_dir) {
                ("server.yaml" | "server.yml", false) if self.server.is_none() => {
                    self.server = Some(path);
                }
                ("layers", true) => {
                    self.has_layers_folder = true;
                    let (found, strays) = self.yaml_files(&path);
                    self.layers.extend(found);
                    self.strays.extend(strays);
                }
                ("maps", true) => {
                    let (found, strays) = self.yaml_files(&path);
                    self.maps.extend(found);
                    self.strays.extend(strays);
                }
                ("tile-matrix-sets", true) => {
                    let files = self.list(&path).into_iter().map(|(path, _)| path);
                    let (sets, strays): (Vec<_>, Vec<_>) =
                        files.partition(|path| has_extension(path, &["json"]));
                    self.tile_matrix_sets.extend(sets);
                    self.strays.extend(strays);
                }
                // reports and others have their own readers
                ("reports" | "records", true) => {}
                _ => self.strays.push(path),
            }
        }
    }

    fn yaml_files(&mut self, folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
        self.list(folder)
            .into_iter()
            .map(|(path, _)| path)
            .partition(|path| has_extension(path, &["yaml", "yml"]))
    }

    fn scan_styles(&mut self, folder: &Path) {
        for (path, is_dir) in self.list(folder) {
            if is_dir {
                let parts = self.list(&path);
                let files = parts.into_iter().filter(|(_, is_dir)| !is_dir);
                self.style_parts.extend(files.map(|(path, _)| path));
            } else if has_extension(&path, &["sld", "json"]) {
                self.styles.push(path);
            } else {
                self.style_parts.push(path);
            }
        }
    }

    fn scan_data(&mut self, folder: &Path, depth: u8) {
        for (path, is_dir) in self.list(folder) {
            if !is_dir {
                self.add_data(path);
            } else if let Some(less) = depth.checked_sub(1).filter(|less| *less > 0) {
                self.scan_data(&path, less);
            }
        }
    }

    fn add_data(&mut self, path: PathBuf) {
        if has_extension(&path, &["fgb", "geojson", "pmtiles", "mbtiles"]) {
            self.data.push(path);
        } else if has_extension(&path, &["sld"]) {
            self.styles.push(path);
        } else if has_extension(&path, &FOREIGN) {
            self.foreign.push(path);
        } else {
            // what is not read is no change: a log that the server itself writes, say
            self.stamps.remove(&path);
        }
    }

    /// Stamps files that configuration names and that lie elsewhere.
    pub fn add_named(&mut self, named: &[PathBuf]) {
        for path in named {
            if !self.stamps.contains_key(path)
                && let Ok(metadata) = fs::metadata(path)
                && metadata.is_file()
            {
                self.stamps.insert(path.clone(), Stamp::of(&metadata));
            }
        }
    }

    /// The entries of a folder with `true` for folders; hidden ones and editors' leftovers
    /// are no entries. Files are stamped.
    fn list(&mut self, folder: &Path) -> Vec<(PathBuf, bool)> {
        let mut found = Vec::new();
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.unlisted.push((folder.to_owned(), error.to_string()));
                return found;
            }
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unlisted.push((folder.to_owned(), error.to_string()));
                    break;
                }
            };
            if self.stamps.len() >= MAX_FILES {
                let message = format!("more than {MAX_FILES} files: the others are not seen");
                self.unlisted.push((folder.to_owned(), message));
                break;
            }
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || name.ends_with('~') {
                continue;
            }
            let path = entry.path();
            // follows symbolic links: who may write here decides what is served
            let metadata = match entry.metadata() {
                Ok(metadata) if metadata.is_symlink() => fs::metadata(&path),
                other => other,
            };
            let Ok(metadata) = metadata else { continue };
            if metadata.is_file() {
                self.stamps.insert(path.clone(), Stamp::of(&metadata));
            }
            if metadata.is_file() || metadata.is_dir() {
                found.push((path, metadata.is_dir()));
            }
        }
        found
    }
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| extensions.iter().any(|x| x.eq_ignore_ascii_case(e)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn only_files_that_are_read_have_stamps() {
        let scratch = Scratch::new("folder");
        let root = &scratch.0;
        let files = [
            ("a.fgb", true),
            ("server.log", false),
            ("data/b.geojson", true),
            ("data/b.geojson.license", false),
            ("data/more/c.FGB", true),
            ("data/more/notes.txt", false),
            ("styles/a.sld", true),
            ("styles/mark.svg", true),
            ("capabilities/server.yaml", true),
            ("capabilities/layers/a.yaml", true),
            ("capabilities/layers/a.yml.orig", true),
            ("elsewhere/shape.shp", true),
            ("elsewhere/shape.log", false),
        ];
        for (file, _) in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let named = [root.join("data/more/notes.txt")];
        let folder = Folder::scan(root, &[]).unwrap();
        let with_named = Folder::scan(root, &named).unwrap();
        for (file, is_read) in files {
            assert_eq!(folder.stamp(&root.join(file)).is_some(), is_read, "{file}");
        }
        assert!(with_named.stamp(&named[0]).is_some());
    }
}
