//! What `cartotheque check` prints.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Outcome;
use crate::config::{self, Checked, Diagnostic, FileSources, LoadOptions, Severity};
use crate::error::Error;

/// What `cartotheque check` takes.
#[derive(Debug, Args)]
pub struct Check {
    /// A folder with capabilities/, styles/ and data/, a folder of .fgb files, or one file.
    #[arg(default_value = ".")]
    path: PathBuf,

    /// Warnings fail too.
    #[arg(long)]
    strict: bool,

    /// The public address of the server: links that begin with it are checked as its own.
    #[arg(long, env = "CARTOTHEQUE_BASE_URL")]
    base_url: Option<String>,

    /// How the report is written.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Check {
    pub fn run(self) -> Outcome {
        use std::io::Write as _;
        let base_url = self.base_url.as_deref();
        base_url.map_or(Ok(()), crate::server::check_base_url)?;
        let checked = config::check_at(
            &self.path,
            LoadOptions::default(),
            &FileSources,
            self.base_url.as_deref(),
        );
        let report = match self.format {
            Format::Text => text_report(&checked),
            Format::Json => json_report(&checked, self.strict) + "\n",
        };
        std::io::stdout()
            .write_all(report.as_bytes())
            .map_err(|e| Error::io("standard output", &e))?;
        Ok(checked.exit_code(self.strict).into())
    }
}

/// A line of a source file is cut there: minified styles have lines of a megabyte.
const MAX_LINE_CHARS: usize = 160;

/// The report for people, as compilers write it, ending with a line that sums it up.
pub fn text_report(checked: &Checked) -> String {
    let mut sources = Sources::new(&checked.root);
    let mut report = String::new();
    for diagnostic in &checked.diagnostics {
        write_diagnostic(&mut report, diagnostic, &mut sources);
    }
    report.push_str(&summary(checked));
    report.push('\n');
    report
}

/// `3 layers, 4 021 features: 1 error, 2 warnings, 0 notes`.
pub fn summary(checked: &Checked) -> String {
    let number = |n: usize, one: &str, many: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    let tiles = match checked.tiles {
        0 => String::new(),
        tiles => format!(", {tiles} tiles"),
    };
    format!(
        "{}, {} features{tiles}: {}, {}, {}",
        number(checked.layers, "layer", "layers"),
        checked.features,
        number(checked.count(Severity::Error), "error", "errors"),
        number(checked.count(Severity::Warning), "warning", "warnings"),
        number(checked.count(Severity::Info), "note", "notes"),
    )
}

/// The report for programs: one JSON object.
pub fn json_report(checked: &Checked, strict: bool) -> String {
    #[derive(Serialize)]
    struct Report<'a> {
        ok: bool,
        layers: usize,
        features: u64,
        tiles: u64,
        errors: usize,
        warnings: usize,
        notes: usize,
        diagnostics: &'a [Diagnostic],
    }
    let report = Report {
        ok: checked.exit_code(strict) == 0,
        layers: checked.layers,
        features: checked.features,
        tiles: checked.tiles,
        errors: checked.count(Severity::Error),
        warnings: checked.count(Severity::Warning),
        notes: checked.count(Severity::Info),
        diagnostics: &checked.diagnostics,
    };
    // only a path that is not UTF-8 can't be written
    let mut text = serde_json::to_string_pretty(&report)
        .unwrap_or_else(|error| format!("{{\"ok\": false, \"error\": \"{error}\"}}"));
    text.push('\n');
    text
}

/// Files that were read for their lines.
struct Sources<'a> {
    root: &'a Path,
    texts: HashMap<PathBuf, String>,
}

impl<'a> Sources<'a> {
    fn new(root: &'a Path) -> Sources<'a> {
        Sources {
            root,
            texts: HashMap::new(),
        }
    }

    fn line(&mut self, file: &Path, line: u32) -> Option<&str> {
        let root = self.root;
        let text = self.texts.entry(file.to_owned()).or_insert_with(|| {
            let bytes = std::fs::read(root.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        text.trim_start_matches('\u{feff}').lines().nth(index)
    }
}

fn write_diagnostic(report: &mut String, diagnostic: &Diagnostic, sources: &mut Sources<'_>) {
    let Diagnostic { line, column, .. } = *diagnostic;
    let mut place = printable(&diagnostic.file.display().to_string());
    for number in [line, column] {
        if number > 0 {
            place.push_str(&format!(":{number}"));
        }
    }
    let message = printable(&diagnostic.message);
    // writing to a String can't fail
    let _ = writeln!(report, "{place}: {}: {message}", diagnostic.severity.name());
    let gutter = " ".repeat(line.to_string().len());
    if line > 0
        && let Some(source) = sources.line(&diagnostic.file, line)
    {
        let (shown, caret) = excerpt(source, column, diagnostic.length);
        let _ = writeln!(report, "{gutter} |\n{line} | {shown}");
        if column > 0 {
            let _ = writeln!(report, "{gutter} | {caret}");
        }
    }
    if !diagnostic.key.is_empty() {
        let _ = writeln!(report, "{gutter} = key: {}", printable(&diagnostic.key));
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(report, "{gutter} = help: {}", printable(help));
    }
    report.push('\n');
}

/// The part of a line around a column, and the carets below it.
fn excerpt(line: &str, column: u32, length: u32) -> (String, String) {
    let column = usize::try_from(column).unwrap_or(0).saturating_sub(1);
    let skipped = column.saturating_sub(MAX_LINE_CHARS / 2);
    let chars: Vec<char> = line.chars().skip(skipped).take(MAX_LINE_CHARS).collect();
    let before = column.saturating_sub(skipped).min(chars.len());
    let left = chars.len().saturating_sub(before).max(1);
    let length = usize::try_from(length).unwrap_or(1).clamp(1, left);
    // tabs stay tabs, so that the carets stand below what they mean
    let indent: String = chars
        .iter()
        .take(before)
        .map(|c| if *c == '\t' { '\t' } else { ' ' })
        .collect();
    let shown: String = chars.into_iter().collect();
    (
        printable_keeping_tabs(&shown),
        format!("{indent}{}", "^".repeat(length)),
    )
}

/// Text of a file, fit for a terminal: control characters are no commands.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn printable_keeping_tabs(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_below_what_they_mean() {
        assert_eq!(
            excerpt("\tnom: é12", 7, 3),
            ("\tnom: é12".to_owned(), "\t     ^^^".to_owned())
        );
        // beyond the end of the line: one caret after it
        assert_eq!(excerpt("ab", 9, 4).1, "  ^");
        let (shown, caret) = excerpt(&"x".repeat(1_000_000), 500_000, 1);
        assert_eq!(shown.chars().count(), MAX_LINE_CHARS);
        assert_eq!(caret.trim_start(), "^");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }
}
