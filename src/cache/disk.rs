//! Tiles in a folder, a file each: written beside and renamed, so that a reader never sees half
//! of one; damaged ones are made again.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;

use super::Tile;
use crate::error::{Error, Result};
use crate::packing::Coding;

/// How a file begins; the last byte is the form's number.
const MAGIC: [u8; 4] = *b"ctt\x01";
/// Magic, a byte for the coding, and the checksum of what follows.
const HEAD: usize = 4 + 1 + 4;
/// What a file takes beside its bytes, on usual file systems half a block.
const FILE_COST: u64 = 2_048;
/// When full, so much is left: a walk over all files is dear and should be rare.
const LEAVE_TENTHS: u64 = 9;

/// A folder of tiles, of bounded size.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    max_bytes: u64,
    bytes: AtomicU64,
    /// One walk at a time.
    clearing: Mutex<()>,
    written: AtomicU64,
    faults: AtomicU64,
    /// The last one could not be written: said once, not of each.
    is_failing: AtomicBool,
}

/// A file of the folder.
struct File {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Disk {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// `Io` where it can't be made or written.
    pub fn open(folder: &Path, max_bytes: u64) -> Result<Disk> {
        fs::create_dir_all(folder).map_err(|e| Error::io(folder, &e))?;
        let probe = folder.join(format!(".probe-{}", std::process::id()));
        fs::write(&probe, b"").map_err(|e| Error::io(folder, &e))?;
        // left behind, it would be cleared away with the oldest
        let _ = fs::remove_file(&probe);
        let disk = Disk {
            folder: folder.to_owned(),
            max_bytes,
            bytes: AtomicU64::new(0),
            clearing: Mutex::new(()),
            written: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            is_failing: AtomicBool::new(false),
        };
        let bytes = disk.files().iter().map(|f| f.bytes).sum();
        disk.bytes.store(bytes, Ordering::Relaxed);
        Ok(disk)
    }

    /// What the files take, about.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// What the files may take.
    pub fn limit(&self) -> u64 {
        self.max_bytes
    }

    /// Tiles that could not be written.
    pub fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// The tile and when it was made; `None` where it is not there or damaged.
    pub fn get(&self, key: u128) -> Option<(Tile, SystemTime)> {
        let path = self.path(key);
        let content = fs::read(&path).ok()?;
        let made = fs::metadata(&path).and_then(|m| m.modified()).ok()?;
        let tile = parse(content);
        if tile.is_none() {
            tracing::warn!(file = %path.display(), "a kept tile is damaged, it will be made again");
        }
        tile.map(|tile| (tile, made))
    }

    /// Keeps a tile. A disk that is full has the oldest tiles removed, once; one that is full of
    /// other things or gone costs the tile's keeping, not its answer.
    pub fn put(&self, key: u128, tile: &Tile) {
        let path = self.path(key);
        let cost = tile.bytes.len() as u64 + FILE_COST;
        if cost > self.max_bytes {
            return;
        }
        let written = self.write(&path, tile).or_else(|error| {
            let is_full = matches!(
                error.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded
            );
            // where room was made and was not enough, it is not what tiles take that fills the disk
            let was_enough = !self.is_failing.load(Ordering::Relaxed);
            match is_full && was_enough && self.make_room() {
                true => self.write(&path, tile),
                false => Err(error),
            }
        });
        if let Err(error) = written {
            self.faults.fetch_add(1, Ordering::Relaxed);
            if !self.is_failing.swap(true, Ordering::Relaxed) {
                tracing::warn!(file = %path.display(), %error, "tiles can't be kept for now");
            }
            return;
        }
        self.is_failing.store(false, Ordering::Relaxed);
        let bytes = self.bytes.fetch_add(cost, Ordering::Relaxed) + cost;
        if bytes > self.max_bytes
            && let Ok(_alone) = self.clearing.try_lock()
        {
            self.clear(self.max_bytes);
        }
    }

    /// Removes a tenth of what is there, or waits until who does has done so. True where
    /// something was removed.
    fn make_room(&self) -> bool {
        match self.clearing.try_lock() {
            Ok(_alone) => {
                let kept: u64 = self.files().iter().map(|f| f.bytes).sum();
                self.clear(kept) < kept
            }
            Err(_) => self.clearing.lock().is_ok(),
        }
    }

    fn write(&self, path: &Path, tile: &Tile) -> std::io::Result<()> {
        let mut content = Vec::with_capacity(HEAD + tile.bytes.len());
        content.extend(MAGIC);
        content.push(tile.coding.number());
        content.extend(libdeflater::crc32(&tile.bytes).to_le_bytes());
        content.extend(&tile.bytes);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_extension(format!("{}-{number}.part", std::process::id()));
        let written = fs::write(&beside, &content);
        written
            .and_then(|()| fs::rename(&beside, path))
            .inspect_err(|_| {
                // the fault before is the one to tell; on a full disk this is the half of a tile
                let _ = fs::remove_file(&beside);
            })
    }

    /// Removes the oldest files until a tenth of `room` is free, and returns what the others take.
    fn clear(&self, room: u64) -> u64 {
        let mut files = self.files();
        files.sort_unstable_by_key(|f| f.used);
        let mut left: u64 = files.iter().map(|f| f.bytes).sum();
        let wanted = room / 10 * LEAVE_TENTHS;
        let mut fault = None;
        for file in &files {
            if left <= wanted {
                break;
            }
            match fs::remove_file(&file.path) {
                Ok(()) => left = left.saturating_sub(file.bytes),
                Err(error) => fault = Some((&file.path, error)),
            }
        }
        if let Some((path, error)) = fault {
            tracing::warn!(file = %path.display(), %error, "kept tiles could not be removed");
        }
        self.bytes.store(left, Ordering::Relaxed);
        left
    }

    /// Every tile of the folder, halves of a writer that was killed among them. What somebody else
    /// put there is not ours to count or to remove.
    fn files(&self) -> Vec<File> {
        let folders = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        folders
            .filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir()))
            .flat_map(|entry| fs::read_dir(entry.path()).into_iter().flatten().flatten())
            .filter(|entry| is_own(&entry.path()))
            .filter_map(|entry| {
                let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
                Some(File {
                    path: entry.path(),
                    bytes: metadata.len() + FILE_COST,
                    used: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                })
            })
            .collect()
    }

    /// 256 folders: no folder of a million files.
    fn path(&self, key: u128) -> PathBuf {
        let name = format!("{key:032x}.tile");
        self.folder.join(format!("{:02x}", key >> 120)).join(name)
    }
}

/// True for the name of a tile, or of one that is being written, in its folder.
fn is_own(path: &Path) -> bool {
    let name = |path: Option<&Path>| Some(path?.file_name()?.to_str()?.to_owned());
    let (Some(folder), Some(file)) = (name(path.parent()), name(Some(path))) else {
        return false;
    };
    let key = file
        .split_once('.')
        .filter(|(_, end)| *end == "tile" || end.ends_with(".part"))
        .map(|(key, _)| key);
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    key.is_some_and(|key| {
        key.len() == 32
            && key.bytes().all(is_digit)
            && folder.len() == 2
            && key.starts_with(&folder)
    })
}

fn parse(content: Vec<u8>) -> Option<Tile> {
    let content = Bytes::from(content);
    let (head, bytes) = content.split_at_checked(HEAD)?;
    let (magic, rest) = head.split_at_checked(MAGIC.len())?;
    let (coding, checksum) = rest.split_first()?;
    let coding = Coding::of_number(*coding)?;
    let checksum = u32::from_le_bytes(checksum.try_into().ok()?);
    (magic == MAGIC && checksum == libdeflater::crc32(bytes)).then(|| Tile {
        bytes: content.slice_ref(bytes),
        coding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn tile(byte: u8, length: usize) -> Tile {
        Tile {
            bytes: vec![byte; length].into(),
            coding: Coding::of_number(byte % 4).unwrap(),
        }
    }

    #[test]
    fn a_damaged_file_is_no_tile() {
        let folder = Scratch::new("damaged");
        let disk = Disk::open(&folder.0, 1 << 20).unwrap();
        disk.put(5, &tile(5, 300));
        assert_eq!(disk.get(5).unwrap().0, tile(5, 300));
        let path = disk.path(5);
        let content = fs::read(&path).unwrap();
        for at in [0, 4, 5, 8, 9, 200] {
            let mut damaged = content.clone();
            damaged[at] ^= 0x42;
            fs::write(&path, &damaged).unwrap();
            assert!(disk.get(5).is_none(), "byte {at}");
        }
        for length in [0, 3, HEAD - 1, HEAD, content.len() - 1] {
            fs::write(&path, &content[..length]).unwrap();
            assert!(disk.get(5).is_none(), "{length} bytes");
        }
        disk.put(5, &tile(6, 10));
        assert_eq!(disk.get(5).unwrap().0, tile(6, 10));
    }

    #[test]
    fn the_folder_stays_within_its_bound_and_the_oldest_go_first() {
        let folder = Scratch::new("bound");
        let disk = Disk::open(&folder.0, 100_000).unwrap();
        for key in 0..100u128 {
            disk.put(key << 64, &tile(2, 3_000));
        }
        assert!(disk.bytes() <= 100_000 + 5_048, "{}", disk.bytes());
        let left = disk.files().len();
        assert!((10..=20).contains(&left), "{left}");
        assert!(disk.get(99 << 64).is_some(), "the newest");
        assert!(disk.get(0).is_none(), "the oldest");
        let again = Disk::open(&folder.0, 100_000).unwrap();
        assert_eq!(again.files().len(), left);
        assert!(again.bytes() > 0);
    }

    #[test]
    fn what_others_put_into_the_folder_is_neither_counted_nor_removed() {
        let folder = Scratch::new("others");
        let disk = Disk::open(&folder.0, 20_000).unwrap();
        disk.put(1, &tile(1, 10));
        let own = folder.join("00");
        for name in ["ortho.pmtiles", "0123.tile", "notes.part"] {
            for place in [own.clone(), folder.join("ortho")] {
                fs::create_dir_all(&place).unwrap();
                fs::write(place.join(name), vec![0; 50_000]).unwrap();
            }
        }
        let half = own.join(format!("{:032x}.1-2.part", 7));
        fs::write(&half, vec![0; 10]).unwrap();
        let disk = Disk::open(&folder.0, 20_000).unwrap();
        assert_eq!(disk.files().len(), 2, "the tile and the half of one");
        for key in 2..40 {
            disk.put(key, &tile(1, 3_000));
        }
        assert!(!half.exists(), "the oldest but one");
        for name in ["ortho.pmtiles", "0123.tile", "notes.part"] {
            assert!(own.join(name).exists() && folder.join("ortho").join(name).exists());
        }
        assert!(disk.get(39).is_some());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_is_full_keeps_no_halves() {
        let folder = Scratch::new("full");
        let disk = Disk::open(&folder.0, 1 << 20).unwrap();
        let beside = |number: u64| {
            let name = format!("{}-{number}.part", std::process::id());
            disk.path(5).with_extension(name)
        };
        fs::create_dir_all(disk.path(5).parent().unwrap()).unwrap();
        // the device takes nothing: no space is left on it
        for number in 0..2 {
            std::os::unix::fs::symlink("/dev/full", beside(number)).unwrap();
        }
        for number in 0..2 {
            disk.put(5, &tile(5, 300));
            assert!(fs::symlink_metadata(beside(number)).is_err(), "{number}");
        }
        assert_eq!(disk.faults(), 2);
        assert!(disk.is_failing.load(Ordering::Relaxed));
        disk.put(5, &tile(5, 300));
        assert_eq!(disk.get(5).unwrap().0, tile(5, 300));
        assert!(!disk.is_failing.load(Ordering::Relaxed));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_is_full_has_room_made_once() {
        let folder = Scratch::new("room");
        let disk = Disk::open(&folder.0, 1 << 20).unwrap();
        for key in 0..20 {
            disk.put(key, &tile(1, 3_000));
        }
        let fill = |key: u128, number: u64| {
            let name = format!("{}-{number}.part", std::process::id());
            let beside = disk.path(key).with_extension(name);
            std::os::unix::fs::symlink("/dev/full", beside).unwrap();
        };
        fill(20, 20);
        disk.put(20, &tile(1, 3_000));
        assert!(disk.get(20).is_some());
        assert_eq!((disk.files().len(), disk.faults()), (18 + 1, 0));
        // where that is not enough, others fill the disk: the tiles stay
        for (key, number) in [(21, 22), (21, 23), (22, 24), (23, 25)] {
            fill(key, number);
        }
        for key in 21..24 {
            disk.put(key, &tile(1, 3_000));
        }
        assert_eq!((disk.files().len(), disk.faults()), (17, 3));
        disk.put(24, &tile(1, 3_000));
        assert!(disk.get(24).is_some());
    }

    #[test]
    fn a_folder_that_can_not_be_made_is_an_error_that_names_it() {
        let folder = Scratch::new("file");
        let file = folder.join("plan.txt");
        fs::write(&file, b"a file").unwrap();
        let error = Disk::open(&file.join("below"), 10).unwrap_err();
        assert!(error.to_string().contains("plan.txt"), "{error}");
    }

    #[test]
    fn a_folder_that_is_deleted_meanwhile_is_made_again() {
        let folder = Scratch::new("deleted");
        let disk = Disk::open(&folder.0, 1 << 20).unwrap();
        disk.put(1, &tile(1, 10));
        fs::remove_dir_all(&folder.0).unwrap();
        assert!(disk.get(1).is_none());
        disk.put(1, &tile(1, 10));
        assert_eq!(disk.get(1).unwrap().0, tile(1, 10));
    }
}
