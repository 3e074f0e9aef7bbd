//! Data that are not served as they are, and the command that makes them so.

use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Severity};
use super::folder::Folder;
use super::ident;

/// What names of files end in that `cartotheque import` reads and that are surely meant as data;
/// a .zip may be anything.
pub const FOREIGN: [&str; 10] = [
    "gpkg",
    "parquet",
    "geoparquet",
    "shp",
    "shz",
    "csv",
    "tsv",
    "geojsonl",
    "geojsons",
    "ndjson",
];

/// Files that are named; a folder of thousands needs no longer command.
const NAMED: usize = 20;

/// Says that files of a folder are not served, with the command that imports them; `None` where
/// there are none, or all were imported.
pub fn notice(folder: &Folder) -> Option<Diagnostic> {
    let was_imported = |path: &Path| {
        let id = |path: &Path| path.file_stem().map(|s| ident::slug(&s.to_string_lossy()));
        folder.data.iter().any(|data| id(data) == id(path))
    };
    let waiting: Vec<&PathBuf> = folder.foreign.iter().filter(|p| !was_imported(p)).collect();
    let first = waiting.first()?;
    let message = match waiting.len() {
        1 => "is not served as it is".to_owned(),
        n => format!("this and {} other files are not served as they are", n - 1),
    };
    let files = waiting.iter().take(NAMED).map(|path| shell_word(path));
    let files: Vec<String> = files.collect();
    let output = shell_word(&folder.root.join("data"));
    let help = format!("cartotheque import {} -o {output}", files.join(" "));
    let shown = folder.relative(first);
    Some(Diagnostic::of_file(Severity::Warning, shown, message).with_help(help))
}

/// A path as a shell takes it.
pub fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    match text.chars().all(plain) && !text.starts_with('-') {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(data: &[&str], foreign: &[&str]) -> Folder {
        let paths = |names: &[&str]| names.iter().map(|n| Path::new("my map").join(n)).collect();
        Folder {
            root: "my map".into(),
            data: paths(data),
            foreign: paths(foreign),
            ..Folder::default()
        }
    }

    #[test]
    fn the_command_can_be_copied() {
        let found = notice(&folder(
            &["data/a.fgb"],
            &["data/a.shp", "data/b'c.gpkg", "d.csv"],
        ));
        let found = found.unwrap();
        assert_eq!(
            found.message,
            "this and 1 other files are not served as they are"
        );
        assert_eq!(
            found.help.unwrap(),
            r"cartotheque import 'my map/data/b'\''c.gpkg' 'my map/d.csv' -o 'my map/data'"
        );
        assert_eq!(notice(&folder(&["data/a.fgb"], &["data/a.shp"])), None);
        assert_eq!(notice(&folder(&[], &[])), None);
    }
}
