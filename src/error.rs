//! The one error type of the house.
//!
//! A variant names the fault and carries its values; it knows no protocol. Each protocol
//! maps every variant in one `match` without `_`, so that a new fault does not compile
//! until every protocol has an answer for it.

use std::path::PathBuf;

/// What every fallible function of the crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A fault, in the words of the field; lowercase, without a final stop.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    // ── what a request asked for ──────────────────────────────────────────────────────
    /// A parameter is there but its value is not what it must be.
    #[error("{name}: {message}")]
    InvalidParameter { name: String, message: String },
    /// A mandatory parameter is absent or empty.
    #[error("{name} is missing: expected {expected}")]
    MissingParameter { name: String, expected: String },
    /// The operation (REQUEST=) is not one of this service.
    #[error("{request:?} is no operation of this service: expected one of {expected}")]
    OperationNotSupported { request: String, expected: String },
    /// None of the versions that a client speaks is one of ours.
    #[error("none of the versions {found:?} is spoken here: expected {expected}")]
    VersionNotNegotiated { found: String, expected: String },
    /// A layer is not in the catalogue, or the caller may not know that it is.
    #[error("no layer {layer:?}{}", did_you_mean(.nearest))]
    LayerNotDefined {
        layer: String,
        nearest: Option<String>,
    },
    /// A layer has no style of that name.
    #[error("layer {layer:?} has no style {style:?}{}", did_you_mean(.nearest))]
    StyleNotDefined {
        layer: String,
        style: String,
        nearest: Option<String>,
    },
    /// A layer that can't be asked for features at a point.
    #[error("layer {layer:?} is not queryable")]
    LayerNotQueryable { layer: String },
    /// A column that the layer does not have.
    #[error("no field {field:?} in {layer:?}{}", did_you_mean(.nearest))]
    FieldNotDefined {
        layer: String,
        field: String,
        nearest: Option<String>,
    },
    /// A CRS that PROJ does not know, or that this service does not offer.
    #[error("CRS {crs:?} is not known{}", did_you_mean(.nearest))]
    InvalidCrs {
        crs: String,
        nearest: Option<String>,
    },
    /// A media type that this operation does not write.
    #[error("format {format:?} is not offered: expected one of {expected}")]
    InvalidFormat { format: String, expected: String },
    /// A tile matrix set that is not offered.
    #[error("no tile matrix set {set:?}{}", did_you_mean(.nearest))]
    TileMatrixSetNotDefined {
        set: String,
        nearest: Option<String>,
    },
    /// A level that its tile matrix set does not have.
    #[error("tile matrix set {set:?} has no matrix {matrix:?}{}", did_you_mean(.nearest))]
    TileMatrixNotDefined {
        set: String,
        matrix: String,
        nearest: Option<String>,
    },
    /// A tile outside its matrix, or outside what the layer has.
    #[error("the {axis} of a tile must be {min} to {max} here, found {value}")]
    TileOutOfRange {
        /// `column` or `row`.
        axis: &'static str,
        value: String,
        min: u32,
        max: u32,
    },
    /// The queried pixel is outside the image.
    #[error("point {i},{j} is outside the image of {width} by {height} pixels")]
    InvalidPoint {
        i: String,
        j: String,
        width: u32,
        height: u32,
    },
    /// The client's capabilities are current.
    #[error("the capabilities are unchanged since updateSequence {sequence}")]
    CurrentUpdateSequence { sequence: u64 },
    /// The client knows an updateSequence from the future.
    #[error("updateSequence {found:?} is higher than the current {sequence}")]
    InvalidUpdateSequence { found: String, sequence: u64 },
    /// A value for a dimension (time, elevation) that the layer does not have.
    #[error("{dimension}: {message}")]
    InvalidDimensionValue { dimension: String, message: String },
    /// A style document that can't be read; positions are 1-based.
    #[error("style at line {line}, column {column}: {message}")]
    InvalidStyle {
        message: String,
        line: u32,
        column: u32,
    },
    /// A filter that can't be read or does not fit the layer.
    #[error("filter: {message}")]
    InvalidFilter { message: String },
    /// A document (XML, JSON, YAML) that is not well formed; positions are 1-based.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        message: String,
        line: u32,
        column: u32,
    },
    /// A page of data that changed since its first page was sent.
    #[error("the data of {layer:?} changed since the first page was sent: begin again at it")]
    SnapshotGone { layer: String },
    /// There is nothing at that address.
    #[error("nothing at {path:?}")]
    NotFound { path: String },
    /// The caller must say who it is.
    #[error("{what}: a login is needed")]
    Unauthorized { what: String },
    /// What the caller shows is not enough: `what` says it as a whole.
    #[error("{what}")]
    Forbidden { what: String },

    // ── what the server can afford ────────────────────────────────────────────────────
    /// The request is beyond a configured limit.
    #[error("{what} is limited to {limit}, this request needs {found}")]
    LimitExceeded {
        what: &'static str,
        limit: u64,
        found: u64,
    },
    /// The request's time is over.
    #[error("the request took longer than its {seconds} s")]
    DeadlineExceeded { seconds: u64 },
    /// The client went away.
    #[error("the client went away")]
    Cancelled,
    /// More requests than the machine can take.
    #[error("too many requests at once, try again in {retry_after_s} s")]
    Busy { retry_after_s: u32 },

    // ── what the operator must mend ───────────────────────────────────────────────────
    /// A data file that is damaged or of an unknown form.
    #[error("{}: {message}", file.display())]
    Data { file: PathBuf, message: String },
    /// The operating system refused.
    #[error("{}: {message}", path.display())]
    Io { path: PathBuf, message: String },
    /// No transformation between two CRSs.
    #[error("no transformation from {from} to {to}: {message}")]
    Transform {
        from: String,
        to: String,
        message: String,
    },
    /// A fault in the configuration, with its place in a file.
    #[error("configuration: {message}")]
    Config { message: String },
    /// A fault of this program.
    #[error("internal: {message}")]
    Internal { message: String },
}

impl Error {
    /// A parameter's value is wrong: `message` says what was expected and what was found.
    pub fn parameter(name: impl Into<String>, message: impl Into<String>) -> Error {
        Error::InvalidParameter {
            name: name.into(),
            message: message.into(),
        }
    }

    /// The operating system's refusal, with the path it concerns.
    pub fn io(path: impl Into<PathBuf>, source: &std::io::Error) -> Error {
        Error::Io {
            path: path.into(),
            message: source.to_string(),
        }
    }

    /// A path that is a folder, or a pipe, where a file was expected.
    pub fn no_file(path: &std::path::Path) -> Error {
        let found = match path.is_dir() {
            true => "a folder",
            false => "something else",
        };
        Error::data(path, format!("expected a file, found {found}"))
    }

    /// A damaged or unknown data file.
    pub fn data(file: impl Into<PathBuf>, message: impl Into<String>) -> Error {
        Error::Data {
            file: file.into(),
            message: message.into(),
        }
    }
}

fn did_you_mean(nearest: &Option<String>) -> String {
    match nearest {
        Some(name) => format!(", did you mean {name:?}?"),
        None => String::new(),
    }
}

/// The candidate nearest to `word`, if one is near enough to be what was meant.
///
/// A change of case counts as half an edit, two neighbours exchanged as one; at most a third of
/// the word may differ.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word_chars: Vec<char> = word.chars().take(80).collect();
    let allowed = (word_chars.len() / 3).max(1) * 2; // in half edits
    let letters = Letters::of(word);
    candidates
        .into_iter()
        // of thousands of names few are worth a closer look
        .filter(|candidate| letters.least_distance(&Letters::of(candidate)) <= allowed)
        .map(|candidate| (edit_distance(&word_chars, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// How often letters come in a text, whatever their case and order: letters that share a place
/// count as one, which makes texts look nearer than they are, never farther.
struct Letters([i16; 32]);

impl Letters {
    fn of(text: &str) -> Letters {
        let mut counts = [0; 32];
        for c in text.chars().take(80) {
            // what cases of other alphabets share is not asked here: they all share one place
            let place = match c.is_ascii() {
                true => usize::from(c.to_ascii_lowercase() as u8 & 31),
                false => 0,
            };
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
            }
        }
        Letters(counts)
    }

    /// What the distance is at least: each edit takes away, puts or replaces one letter.
    fn least_distance(&self, other: &Letters) -> usize {
        let (mut more, mut fewer) = (0, 0);
        for (a, b) in self.0.iter().zip(&other.0) {
            more += usize::from((a - b).max(0).unsigned_abs());
            fewer += usize::from((b - a).max(0).unsigned_abs());
        }
        more.max(fewer) * 2
    }
}

/// Twice the edit distance (with neighbours exchanged as one edit), where a change of case alone
/// costs one.
fn edit_distance(word: &[char], candidate: &str) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=word.len()).map(|i| i * 2).collect();
    let mut current: Vec<usize> = Vec::with_capacity(previous.len());
    let mut last = None;
    for (row, c) in candidate.chars().take(80).enumerate() {
        let mut left = (row + 1) * 2;
        let mut diagonal = row * 2;
        current.clear();
        current.push(left);
        for (column, (w, above)) in word.iter().zip(previous.iter().skip(1)).enumerate() {
            let change = if *w == c {
                0
            } else if w.to_lowercase().eq(c.to_lowercase()) {
                1
            } else {
                2
            };
            let mut best = (diagonal + change).min(left + 2).min(above + 2);
            let word_before = column.checked_sub(1).and_then(|i| word.get(i));
            if last == Some(*w)
                && word_before == Some(&c)
                && let Some(exchanged) = column.checked_sub(1).and_then(|i| before.get(i))
            {
                best = best.min(exchanged + 2);
            }
            diagonal = *above;
            left = best;
            current.push(best);
        }
        std::mem::swap(&mut before, &mut previous);
        std::mem::swap(&mut previous, &mut current);
        last = Some(c);
    }
    previous.last().copied().unwrap_or(usize::MAX)
}

/// Runs `work` here. A panic is a bug of ours: it must cost this piece of work only.
///
/// # Errors
/// `Internal` where the work panicked.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|panic| Error::Internal {
        message: format!("a worker failed: {}", panic_text(&*panic)),
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let names = ["communes", "departements", "epci"];
        assert_eq!(nearest("comunes", names), Some("communes".into()));
        assert_eq!(nearest("Departements", names), Some("departements".into()));
        assert_eq!(nearest("epcy", names), Some("epci".into()));
        assert_eq!(nearest("ecpi", names), Some("epci".into()));
        assert_eq!(nearest("pe", ["ep", "xy"]), Some("ep".into()));
        assert_eq!(nearest("rivers", names), None);
    }

    #[test]
    fn no_name_that_is_near_is_passed_over_for_its_letters() {
        let names = [
            "Communes",
            "cours-d’eau",
            "élevages",
            "ÉPCI",
            "a",
            "x1-y2",
            "ſtraße",
            "K",
        ];
        for word in names {
            for other in names {
                let chars: Vec<char> = word.chars().collect();
                let least = Letters::of(word).least_distance(&Letters::of(other));
                assert!(least <= edit_distance(&chars, other), "{word} {other}");
            }
        }
        assert_eq!(nearest("épci", ["Épci"]), Some("Épci".into()));
        assert_eq!(nearest("communse", names), Some("Communes".into()));
    }

    #[test]
    fn a_message_says_what_was_meant() {
        let error = Error::LayerNotDefined {
            layer: "comunes".into(),
            nearest: Some("communes".into()),
        };
        assert_eq!(
            error.to_string(),
            r#"no layer "comunes", did you mean "communes"?"#
        );
    }
}
