//! What the operator wrote, read file by file: complete types with places, unknown keys
//! refused. Nothing here opens data or styles.

mod identities;
mod layer;
mod map;
mod map_entry;
mod server;
mod text;
mod xml_names;

pub use identities::{IdentitiesFile, Secret};
pub use layer::{Access, LayerFile, MetadataFile, PopupFile, Source};
pub use map::{ExtentFile, MapFile};
pub use map_entry::{EntryFile, LayerEntryFile, TableFile};
pub use server::{Basemap, CacheFile, GroupFile, GroupItem, RoleFile, ServerFile};
pub use text::Text;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::diagnostic::{Findings, Place, Severity};
use super::reader::Entry;
use super::words::LICENCES;
use super::yaml::{self, MAX_BYTES, Node};
use crate::error::nearest;

/// Files are mostly smaller.
const USUAL_BYTES: usize = 8 << 10;

/// Reads a YAML file as a tree; what is wrong goes to the findings, and none comes back where
/// nothing can be read.
pub fn read_tree(path: &Path, findings: &mut Findings) -> Option<Node> {
    // room for the whole of most files: what grows while it is read is read in eight pieces
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    // one byte more than allowed, to see that there is more
    let limit = (MAX_BYTES as u64).saturating_add(1);
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    if let Err(error) = read {
        let message = match path.is_dir() {
            true => "expected a file, found a folder".to_owned(),
            false => format!("this file can't be read: {error}"),
        };
        findings.error(&Place::default(), message);
        return None;
    }
    tree_of(&bytes, findings)
}

/// The same, of bytes in memory.
pub fn tree_of(bytes: &[u8], findings: &mut Findings) -> Option<Node> {
    if bytes.len() > MAX_BYTES {
        let message = format!("expected at most {MAX_BYTES} bytes of YAML, found more");
        findings.error(&Place::default(), message);
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let before = String::from_utf8_lossy(before);
            let last_line = before.rsplit('\n').next().unwrap_or("");
            let place = Place {
                mark: yaml::Mark {
                    line: count(before.matches('\n').count()).saturating_add(1),
                    column: count(last_line.chars().count()).saturating_add(1),
                    length: 1,
                },
                key: String::new(),
            };
            findings.error_help(
                &place,
                "expected text in UTF-8, found another byte",
                "save the file in the encoding UTF-8",
            );
            return None;
        }
    };
    let (root, problems) = yaml::parse(text);
    for problem in problems {
        let place = Place {
            mark: problem.mark,
            key: String::new(),
        };
        findings.add(Severity::Error, &place, problem.message, problem.help);
    }
    root
}

fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// What files are said to be by `schema:`, and where they stand.
const KINDS: [(&str, &str); 3] = [
    ("cartotheque/layer@1", "one of capabilities/layers/"),
    ("cartotheque/map@1", "one of capabilities/maps/"),
    ("cartotheque/server@1", "capabilities/server.yaml"),
];

/// Checks `schema: cartotheque/layer@1`; a file without it is of the current version.
fn check_schema(entry: Option<Entry<'_>>, expected: &str, findings: &mut Findings) {
    let Some(entry) = entry else { return };
    let is_other = |(kind, _): &&(&str, &str)| {
        *kind != expected && entry.text(&mut Findings::new(Path::new(""))).as_deref() == Some(*kind)
    };
    match KINDS.iter().find(is_other) {
        Some((kind, place)) => findings.error_help(
            &entry.place,
            format!("expected {expected:?} here, found {kind:?}"),
            format!("such a file is {place}"),
        ),
        None => {
            entry.one_of("schema", &[expected], findings);
        }
    }
}

/// A licence identifier or URL.
fn licence(entry: &Entry<'_>, findings: &mut Findings) -> Option<String> {
    let text = entry.text(findings)?;
    if super::words::is_url(&text) || LICENCES.iter().any(|(id, _)| *id == text) {
        return Some(text);
    }
    let ids = || LICENCES.iter().map(|(id, _)| *id);
    let words = text.to_lowercase();
    // "Licence ouverte", "Licence Ouverte 2.0 (Etalab)", "ODbL"
    let meant = [
        ("ouverte", "etalab-2.0"),
        ("etalab", "etalab-2.0"),
        ("odbl", "odbl-1.0"),
    ];
    let meant = meant.iter().find(|(word, _)| words.contains(word));
    findings.error_nearest(
        &entry.place,
        format!("unknown licence {:?}", yaml::shortened(&text)),
        nearest(&text, ids()).or_else(|| meant.map(|(_, id)| (*id).to_owned())),
        Some(format!(
            "known: {}; any other by the URL of its text",
            ids().collect::<Vec<_>>().join(", ")
        )),
    );
    None
}
