//! What lies in a served folder where nothing reads it, and what it was probably meant to be.

use std::path::Path;

use super::diagnostic::{Diagnostic, Severity};
use super::folder::Folder;
use crate::error::nearest;

/// The names that are read in `capabilities/`.
const READ: [&str; 5] = [
    "layers",
    "maps",
    "server.yaml",
    "reports",
    "tile-matrix-sets",
];

/// What they are called in French.
const IN_FRENCH: [(&str, &str); 5] = [
    ("couches", "layers"),
    ("cartes", "maps"),
    ("serveur.yaml", "server.yaml"),
    ("rapports", "reports"),
    ("grilles", "tile-matrix-sets"),
];

/// That nothing reads a file or folder, with what helps.
pub fn stray(path: &Path, folder: &Folder) -> Diagnostic {
    let shown = folder.relative(path);
    let told = |severity, message: &str| Diagnostic::of_file(severity, shown, message);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_in = |parent: &str| shown.parent().is_some_and(|p| p == Path::new(parent));
    let plain = name.to_lowercase();
    if path.is_dir() && plain.ends_with(".yaml") {
        return told(Severity::Error, "expected a file, found a folder");
    }
    let nothing = "nothing reads this";
    if is_in("") {
        let meant = match path.is_dir() {
            true => "capabilities".to_owned(),
            false => "capabilities/server.yaml".to_owned(),
        };
        return told(Severity::Warning, nothing).with_help(format!("did you mean {meant:?}?"));
    }
    // programs that hide what they append to a name
    let stem = name.strip_suffix(".txt").filter(|stem| stem.contains('.'));
    if let Some(stem) = stem {
        return told(Severity::Warning, nothing).with_help(format!("did you mean {stem:?}?"));
    }
    if !is_in("capabilities") {
        return match path.is_dir() {
            true => told(Severity::Warning, "folders in this folder are not read")
                .with_help("put their files beside this folder"),
            false => told(Severity::Info, nothing),
        };
    }
    let french = IN_FRENCH.iter().find(|(french, _)| *french == plain);
    let meant = french.map(|(_, meant)| (*meant).to_owned());
    match meant.or_else(|| nearest(&name, READ)) {
        Some(meant) => {
            told(Severity::Warning, nothing).with_help(format!("did you mean {meant:?}?"))
        }
        None => told(Severity::Info, nothing),
    }
}
