//! Folders for tests, all below one that goes away with the process, however that ends.
//!
//! `src/lib.rs` takes this file in as well, for the tests inside its rooms.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

use std::ops::Deref;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// An empty folder of its own, removed when it is dropped.
#[derive(Debug)]
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// Makes the folder; `name` is for whoever looks at it meanwhile.
    pub fn new(name: &str) -> Scratch {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let path = folder_of_process().join(format!("{name}-{nth}"));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    /// The names of what is in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Deref for Scratch {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // a test may have removed it itself
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// The folder that all others of this process lie in.
///
/// What a static holds is never dropped, and a killed process drops nothing. So a shell waits for
/// the end of its input, which is the end of this process, and removes the folder then.
fn folder_of_process() -> &'static Path {
    static FOLDER: OnceLock<(PathBuf, Child)> = OnceLock::new();
    let (path, _) = FOLDER.get_or_init(|| {
        let name = format!("cartotheque-tests-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // of an earlier process of the same number, where the machine was switched off
        let _left_over = std::fs::remove_dir_all(&path);
        let remover = Command::new("sh")
            // once more for a server that wrote while it was being ended
            .args([
                "-c",
                "read -r _; rm -rf -- \"$0\" || { sleep 1; rm -rf -- \"$0\"; }",
            ])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // a signal for the terminal's group is not for it
            .process_group(0)
            .spawn()
            .unwrap();
        (path, remover)
    });
    path
}
