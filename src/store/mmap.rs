//! Read-only memory maps that outlive what happens to their file.
//!
//! Whatever is unsafe about files is here.
//!
//! # What is promised
//! - Reading [`Mapping::bytes`] never ends the process. Where the file was cut under the map the
//!   kernel raises SIGBUS; our handler puts zeros where the file's bytes are gone, marks the
//!   mapping as [damaged](Mapping::is_damaged), and the read goes on.
//! - The file descriptor is closed once the map exists, so thousands of layers cost no descriptor.
//! - A SIGBUS that has nothing to do with our maps goes to the handler that was there before.
//!
//! # What is not promised
//! The bytes may change while they are read: a program that rewrites the file in place is seen
//! at once, half written. The language calls such a change of borrowed bytes undefined; what
//! keeps it harmless is how the bytes are used. Whoever reads them copies each number out once and
//! checks it against the bounds before using it, so that no decision depends on reading the same
//! byte twice; and copies text away before it is checked to be UTF-8 and lent as `&str`.
#![allow(unsafe_code)]

use std::fs::File;
use std::os::raw::{c_int, c_void};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use memmap2::Mmap;

use crate::error::{Error, Result};
use crate::store::FileStamp;

/// How many maps can live at once: half of what Linux allows a process by default
/// (`vm.max_map_count` is 65 530), because a damaged map becomes two.
const SLOT_COUNT: usize = 1 << 15;

/// A whole file, mapped read only.
#[derive(Debug)]
pub struct Mapping {
    /// `None` for an empty file, which can't be mapped.
    map: Option<Mmap>,
    slot: Option<&'static Slot>,
}

impl Mapping {
    /// Maps a regular file; the stamp is that of the very file that is mapped.
    ///
    /// # Errors
    /// `Io` where the system refuses; `Data` for what is not a regular file.
    pub fn open(path: &Path) -> Result<(Mapping, FileStamp)> {
        let io = |e: std::io::Error| Error::io(path, &e);
        // Asked by name first: opening a pipe would wait for its writer.
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(Error::no_file(path));
        }
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        let stamp = FileStamp::of_metadata(&metadata);
        if metadata.len() == 0 {
            let empty = Mapping {
                map: None,
                slot: None,
            };
            return Ok((empty, stamp));
        }
        install_handler().map_err(io)?;
        // SAFETY: the map is read only and private to this value; that the file may be cut or
        // written under it is dealt with as the module's documentation says.
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        let start = map.as_ptr() as usize;
        let slot = Slot::claim(start, start.saturating_add(map.len())).ok_or_else(|| {
            Error::data(
                path,
                format!("more than {SLOT_COUNT} files are mapped at once"),
            )
        })?;
        let mapping = Mapping {
            map: Some(map),
            slot: Some(slot),
        };
        Ok((mapping, stamp))
    }

    /// The bytes of the file as long as it was when it was opened.
    pub fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or(&[])
    }

    /// True once a part of the file was found gone; zeros are read there.
    pub fn is_damaged(&self) -> bool {
        self.slot.is_some_and(|s| s.damaged.load(Ordering::Acquire))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // The slot first: once unmapped, the addresses may be someone else's.
        if let Some(slot) = self.slot.take() {
            slot.release();
        }
        self.map = None;
    }
}

/// One entry of the table that the signal handler looks addresses up in.
#[derive(Debug)]
struct Slot {
    /// 0: free. `CLAIMED`: being written. Else the first address of a map.
    start: AtomicUsize,
    /// The address after the last.
    end: AtomicUsize,
    /// Counts the uses of the slot, so that a reader sees that it changed meanwhile.
    generation: AtomicUsize,
    damaged: AtomicBool,
}

/// No map starts on the last address.
const CLAIMED: usize = usize::MAX;

static SLOTS: [Slot; SLOT_COUNT] = [const {
    Slot {
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        generation: AtomicUsize::new(0),
        damaged: AtomicBool::new(false),
    }
}; SLOT_COUNT];

/// How many slots are in use: where the search for a free one begins.
static LIVE: AtomicUsize = AtomicUsize::new(0);
/// One more than the highest slot ever used: where the handler's search ends.
static HIGHEST: AtomicUsize = AtomicUsize::new(0);

impl Slot {
    fn claim(start: usize, end: usize) -> Option<&'static Slot> {
        let first = LIVE.load(Ordering::Relaxed) % SLOT_COUNT;
        let order = (first..SLOT_COUNT).chain(0..first);
        for (index, slot) in order.filter_map(|i| SLOTS.get(i).map(|s| (i, s))) {
            let free = slot
                .start
                .compare_exchange(0, CLAIMED, Ordering::AcqRel, Ordering::Relaxed);
            if free.is_ok() {
                slot.generation.fetch_add(1, Ordering::AcqRel);
                slot.damaged.store(false, Ordering::Release);
                slot.end.store(end, Ordering::Release);
                slot.start.store(start, Ordering::Release);
                LIVE.fetch_add(1, Ordering::Relaxed);
                HIGHEST.fetch_max(index + 1, Ordering::AcqRel);
                return Some(slot);
            }
        }
        None
    }

    fn release(&self) {
        self.start.store(0, Ordering::Release);
        LIVE.fetch_sub(1, Ordering::Relaxed);
    }

    /// The slot of the map around an address, and where that map ends. Takes no lock.
    fn find(address: usize) -> Option<(&'static Slot, usize)> {
        let slots = SLOTS.get(..HIGHEST.load(Ordering::Acquire))?;
        slots.iter().find_map(|slot| {
            let generation = slot.generation.load(Ordering::Acquire);
            let start = slot.start.load(Ordering::Acquire);
            let end = slot.end.load(Ordering::Acquire);
            let same = slot.start.load(Ordering::Acquire) == start
                && slot.generation.load(Ordering::Acquire) == generation;
            let inside = start != 0 && start != CLAIMED && start <= address && address < end;
            (same && inside).then_some((slot, end))
        })
    }
}

/// What SIGBUS did before us.
static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();
static PAGE_SIZE: AtomicUsize = AtomicUsize::new(4096);

fn install_handler() -> std::io::Result<()> {
    static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();
    INSTALLED
        .get_or_init(install_handler_once)
        .map_err(std::io::Error::from_raw_os_error)
}

fn install_handler_once() -> Result<(), i32> {
    let errno = || std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
    // SAFETY: sysconf only reads its argument. sigaction gets pointers to values that live here,
    // all-zero bytes are a valid `sigaction` (SIG_DFL, no flags, no mask), and the handler keeps
    // to what is allowed in a signal handler. The old action is stored before ours is in place,
    // so that the handler always finds it.
    unsafe {
        if let Ok(size @ 1..) = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)) {
            PAGE_SIZE.store(size, Ordering::Release);
        }
        let mut old: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut old) != 0 {
            return Err(errno());
        }
        let _ = PREVIOUS.set(old);
        let mut new: libc::sigaction = std::mem::zeroed();
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_sigbus;
        new.sa_sigaction = handler as libc::sighandler_t;
        // ONSTACK: std gives its threads an alternate stack; where there is none it changes nothing.
        new.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut new.sa_mask);
        if libc::sigaction(libc::SIGBUS, &raw const new, std::ptr::null_mut()) != 0 {
            return Err(errno());
        }
    }
    Ok(())
}

/// Runs inside the faulting thread: atomics and system calls only, no lock, no allocation.
extern "C" fn on_sigbus(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a SA_SIGINFO handler a valid siginfo.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr() as usize) };
    // A code of 0 or less is a signal sent by a program: its address means nothing.
    if code > 0 && put_zeros(address) {
        return;
    }
    pass_on(signal, code, info, context);
}

/// Puts zeros from the page of the fault to the end of its map; false for foreign addresses.
///
/// To the end and not for one page: what follows the end of a cut file is gone too, and a map
/// must not fall into more pieces than the kernel allows a process.
fn put_zeros(address: usize) -> bool {
    let Some((slot, end)) = Slot::find(address) else {
        return false;
    };
    slot.damaged.store(true, Ordering::Release);
    let page = address & !(PAGE_SIZE.load(Ordering::Acquire).wrapping_sub(1));
    // SAFETY: the pages from `page` to `end` belong to a map of ours: it was in the table, and it
    // is alive because a thread is reading it right now. Replacing them by anonymous pages of the
    // same protection leaves every borrow of them readable. mmap is a plain system call.
    let placed = unsafe {
        libc::mmap(
            page as *mut c_void,
            end.saturating_sub(page),
            libc::PROT_READ,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
            -1,
            0,
        )
    };
    placed != libc::MAP_FAILED
}

/// Does what would have been done without us.
fn pass_on(signal: c_int, code: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let (action, flags) = PREVIOUS.get().map_or((libc::SIG_DFL, 0), |previous| {
        (previous.sa_sigaction, previous.sa_flags)
    });
    if action == libc::SIG_IGN && code <= 0 {
        return;
    }
    // SAFETY: an action that is neither default nor ignore is the function that the program
    // registered for this signal, of the shape its flags tell. Default: the action is put back,
    // and the fault (or the raised signal) comes again when this handler returns.
    unsafe {
        if action == libc::SIG_DFL || action == libc::SIG_IGN {
            let mut default: libc::sigaction = std::mem::zeroed();
            default.sa_sigaction = libc::SIG_DFL;
            libc::sigaction(signal, &raw const default, std::ptr::null_mut());
            if code <= 0 {
                libc::raise(signal);
            }
        } else if flags & libc::SA_SIGINFO != 0 {
            let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
                std::mem::transmute(action);
            handler(signal, info, context);
        } else {
            let handler: extern "C" fn(c_int) = std::mem::transmute(action);
            handler(signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn temporary(bytes: &[u8]) -> (Scratch, std::path::PathBuf) {
        let folder = Scratch::new("mmap");
        let path = folder.join("bytes");
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_cut_under_its_map_reads_as_zeros_and_does_not_end_the_process() {
        let (_folder, path) = temporary(&vec![7_u8; 1 << 20]);
        let (mapping, stamp) = Mapping::open(&path).unwrap();
        assert_eq!(stamp.size, 1 << 20);
        assert!(mapping.bytes().iter().all(|b| *b == 7) && !mapping.is_damaged());
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(4096).unwrap();
        // several threads at once, backwards and forwards
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    assert_eq!(mapping.bytes()[900_000], 0);
                    assert_eq!(mapping.bytes()[5_000], 0);
                    assert!(mapping.bytes()[4096..].iter().all(|b| *b == 0));
                    assert!(mapping.bytes()[..4096].iter().all(|b| *b == 7));
                });
            }
        });
        assert!(mapping.is_damaged());
    }

    #[test]
    fn thousands_of_maps_live_at_once_and_give_their_places_back() {
        let (_folder, path) = temporary(&[1_u8; 10_000]);
        for _ in 0..2 {
            let maps: Vec<_> = (0..7_200)
                .map(|_| Mapping::open(&path).unwrap().0)
                .collect();
            assert!(maps.iter().all(|m| m.bytes().len() == 10_000));
            let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_len(0).unwrap();
            assert_eq!(maps[7_199].bytes()[9_999], 0);
            assert!(maps[7_199].is_damaged() && !maps[7_198].is_damaged());
            file.set_len(10_000).unwrap();
        }
    }

    #[test]
    fn an_empty_file_is_no_bytes_and_a_folder_is_refused() {
        let (_folder, path) = temporary(&[]);
        assert!(Mapping::open(&path).unwrap().0.bytes().is_empty());
        assert!(matches!(
            Mapping::open(&std::env::temp_dir()),
            Err(Error::Data { .. })
        ));
    }
}
