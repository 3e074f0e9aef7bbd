//! A folder in memory for the files that a target writes, one for each process.

use std::path::PathBuf;

/// The folder, empty at first.
pub fn folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let above = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let folder = above.join(format!("cartotheque-fuzz-{}", std::process::id()));
    let _gone = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder to write to");
    folder
}
