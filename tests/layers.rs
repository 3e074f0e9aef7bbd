//! One direction of dependency: a room uses only the rooms before it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]

use std::fs;
use std::path::Path;

/// The rooms in order; `lib.rs` tells what each is.
const ROOMS: [&str; 26] = [
    "error",
    "processor",
    "budget",
    "packing",
    "parquet",
    "sqlite",
    "cache",
    "geom",
    "crs",
    "tile",
    "feature",
    "query",
    "style",
    "render",
    "store",
    "archive",
    "identity",
    "catalogue",
    "overview",
    "decode",
    "encode",
    "operation",
    "protocol",
    "config",
    "import",
    "server",
];

#[test]
fn a_room_uses_only_the_rooms_before_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    let mut files = 0;
    for (rank, room) in ROOMS.iter().enumerate() {
        for (path, text) in sources(&src, room) {
            files += 1;
            // tests may look anywhere
            let code = text.split("#[cfg(test)]").next().unwrap_or("");
            for (above, other) in ROOMS.iter().enumerate().skip(rank + 1) {
                let mentions = code
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .any(|line| {
                        line.contains(&format!("crate::{other}::"))
                            || line.contains(&format!("crate::{other};"))
                    });
                if mentions {
                    faults.push(format!(
                        "{} (room {rank}) uses crate::{other} (room {above})",
                        path.display()
                    ));
                }
            }
        }
    }
    assert!(files > 40, "only {files} files were looked at");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_the_listed_files_are_unsafe() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found: Vec<String> = sources(&src, "")
        .into_iter()
        .filter(|(_, text)| text.contains("allow(unsafe_code)"))
        .map(|(path, _)| path.strip_prefix(&src).unwrap().display().to_string())
        .collect();
    for file in &found {
        assert!(
            [
                "store/mmap.rs",
                "crs/ffi.rs",
                "processor.rs",
                "render/lanes/avx2.rs",
                "render/rows/avx2.rs",
                "encode/alike.rs"
            ]
            .contains(&file.as_str()),
            "{file} may not be unsafe"
        );
    }
}

/// Every source file of a room, or of all where the room is empty.
fn sources(src: &Path, room: &str) -> Vec<(std::path::PathBuf, String)> {
    let mut found = Vec::new();
    let single = src.join(format!("{room}.rs"));
    if let Ok(text) = fs::read_to_string(&single) {
        found.push((single, text));
    }
    let mut folders = vec![src.join(room)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs")
                && let Ok(text) = fs::read_to_string(&path)
            {
                found.push((path, text));
            }
        }
    }
    found
}
