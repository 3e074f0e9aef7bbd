//! Tells the tests whether the shared test data lie beside the checkout (`../shared`): those
//! that need them are compiled as ignored, and counted so, where they do not.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shared)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../shared/addresses.md");
    if Path::new("../shared/data").is_dir() {
        println!("cargo::rustc-cfg=shared");
    }
}
