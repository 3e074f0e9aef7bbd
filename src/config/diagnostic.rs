//! What is found wrong in what the operator wrote, with its place.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::yaml::Mark;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// What it concerns is not served.
    Error,
    /// It is served, but probably not as meant.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// One finding. Sorts by file, then place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    /// Relative to the served folder where it lies inside.
    pub file: PathBuf,
    /// 1-based; 0 where the finding concerns the whole file.
    pub line: u32,
    /// 1-based, in characters; 0 where the finding concerns the whole line or file.
    pub column: u32,
    /// Characters from `column` that the finding concerns, on that line.
    pub length: u32,
    pub severity: Severity,
    /// Where in the document: `popup.fields[1]`; empty for the whole document.
    pub key: String,
    /// Lowercase, without a final stop: what was expected and what was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding about a whole file.
    pub fn of_file(
        severity: Severity,
        file: impl Into<PathBuf>,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            file: file.into(),
            line: 0,
            column: 0,
            length: 0,
            severity,
            key: String::new(),
            message: message.into(),
            help: None,
        }
    }

    /// The same with a line of help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// `file:line:column: message (help)`, for a log line or a fault.
    pub fn one_line(&self) -> String {
        let mut text = self.file.display().to_string();
        for number in [self.line, self.column] {
            if number > 0 {
                text.push_str(&format!(":{number}"));
            }
        }
        text.push_str(": ");
        text.push_str(&self.message);
        if let Some(help) = &self.help {
            text.push_str(&format!(" ({help})"));
        }
        text
    }
}

/// A place in a document: position and path of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub mark: Mark,
    pub key: String,
}

/// A value and where it was written, for checks that come later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct At<T> {
    pub value: T,
    pub place: Place,
}

/// Findings about one file beyond this many are only counted: nobody reads them.
const MAX_FINDINGS: usize = 200;

/// Collects the findings about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    file: PathBuf,
    list: Vec<Diagnostic>,
    omitted: usize,
}

impl Findings {
    /// An empty collection about a file.
    pub fn new(file: &Path) -> Findings {
        Findings {
            file: file.to_owned(),
            list: Vec::new(),
            omitted: 0,
        }
    }

    /// Adds a finding; its help may be set on what comes back.
    pub fn add(
        &mut self,
        severity: Severity,
        place: &Place,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.push(Diagnostic {
            file: self.file.clone(),
            line: place.mark.line,
            column: place.mark.column,
            length: place.mark.length,
            severity,
            key: place.key.clone(),
            message: message.into(),
            help,
        });
    }

    pub fn error(&mut self, place: &Place, message: impl Into<String>) {
        self.add(Severity::Error, place, message, None);
    }

    /// An error with a line of help.
    pub fn error_help(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Error, place, message, Some(help.into()));
    }

    /// An error, with "did you mean" where something is near.
    pub fn error_nearest(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        nearest: Option<String>,
        otherwise: Option<String>,
    ) {
        let help = nearest
            .map(|name| format!("did you mean {name:?}?"))
            .or(otherwise);
        self.add(Severity::Error, place, message, help);
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        // the first error is always kept: it decides whether something is served
        let is_first_error = diagnostic.severity == Severity::Error && !self.has_errors();
        if self.list.len() < MAX_FINDINGS || is_first_error {
            self.list.push(diagnostic);
        } else {
            self.omitted = self.omitted.saturating_add(1);
        }
    }

    /// Adds what was found about this file with findings of their own.
    pub fn adopt(&mut self, diagnostic: Diagnostic) {
        let file = self.file.clone();
        self.push(Diagnostic { file, ..diagnostic });
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// How many errors there are.
    pub fn count_errors(&self) -> usize {
        let errors = self.list.iter().filter(|d| d.severity == Severity::Error);
        errors.count()
    }

    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.list
    }

    /// The findings; the last says how many more there were.
    pub fn into_vec(mut self) -> Vec<Diagnostic> {
        if self.omitted > 0 {
            let message = format!("and {} more findings", self.omitted);
            self.list
                .push(Diagnostic::of_file(Severity::Info, self.file, message));
        }
        self.list
    }
}
