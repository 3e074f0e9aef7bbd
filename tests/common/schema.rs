//! Validation with xmllint, offline, against the shared schemas.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub fn schemas() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/schemas"))
        .canonicalize()
        .expect("the shared schemas")
}

/// Holds a document against an XSD, a path under the shared schemas.
pub fn assert_valid(document: &str, schema: &str) {
    let path = schemas().join(schema);
    check(
        document,
        &["--schema", path.to_str().expect("a path in UTF-8")],
    );
}

/// Has xmllint look at a document.
pub fn check(document: &str, arguments: &[&str]) {
    let mut child = Command::new("xmllint")
        .args(["--nonet", "--noout"])
        .args(arguments)
        .arg("-")
        .env("XML_CATALOG_FILES", schemas().join("catalog.xml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("xmllint is needed (Debian: libxml2-utils)");
    let mut input = child.stdin.take().expect("a pipe");
    let bytes = document.as_bytes().to_vec();
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().expect("xmllint ends");
    let _ = writer.join();
    assert!(
        output.status.success(),
        "{}\n{document}",
        String::from_utf8_lossy(&output.stderr)
    );
}
