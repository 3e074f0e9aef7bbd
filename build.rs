//! Tells the tests whether the shared test data lie beside the checkout (`../shared`): those
//! that need them are compiled as ignored, and counted so, where they do not. And lists what
//! `make viewer` has built into `viewer/dist` for `protocol::site::viewer`, which embeds it;
//! nothing is built here, and where nothing was built the list is empty.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rustc-check-cfg=cfg(shared)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../shared/addresses.md");
    if Path::new("../shared/data").is_dir() {
        println!("cargo::rustc-cfg=shared");
    }
    list_viewer()
}

/// Writes `viewer.rs` into the build's folder: `&[(name, bytes), …]` of the viewer's files.
fn list_viewer() -> io::Result<()> {
    let folder =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("viewer/dist");
    let mut list = String::from("&[\n");
    // a path that is not there would be looked for, and the crate be compiled, every time
    if folder.is_dir() {
        println!("cargo::rerun-if-changed=viewer/dist");
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()?;
        files.sort();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with('.') {
                list.push_str(&format!("    ({name:?}, include_bytes!({file:?})),\n"));
            }
        }
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("viewer.rs");
    fs::write(out, list)
}
