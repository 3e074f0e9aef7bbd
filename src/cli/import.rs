//! What `cartotheque import` does: foreign files become data, a layer file and a style.

use std::cell::Cell;
use std::collections::HashSet;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use super::Outcome;
use super::signal::{STOPPED, stop_at_signal};
use crate::budget::Budget;
use crate::config::foreign::shell_word;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::import::{self, Folders, Imported, Note, Options, Progress};

/// What `cartotheque import` takes.
///
/// Each table becomes data/ID.fgb (FlatGeobuf with an index), capabilities/layers/ID.yaml (titles
/// and labels to be read over) and styles/ID.sld. Nothing is replaced without --force. What was
/// mended, guessed, renamed or left out is said, with its place in the file. Stopped at any time
/// it leaves nothing half.
#[derive(Debug, Args)]
pub struct Import {
    /// GeoPackage, GeoParquet, Shapefile (also zipped), GeoJSON (also a feature on each line), CSV
    /// with coordinates, FlatGeobuf without an index.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// The served folder, or the data/ in it.
    #[arg(short, long, default_value = "data", value_name = "DIR")]
    output: PathBuf,

    /// The CRS of the positions, in place of what the file says: EPSG:2154.
    #[arg(long)]
    crs: Option<String>,

    /// Replace data that are there already; their layer file and style stay as they are.
    #[arg(long)]
    force: bool,

    /// The layer's id, for one table. Default: the name of the file or of the table.
    #[arg(long)]
    id: Option<String>,

    /// The columns of x and y, or longitude and latitude, of a CSV. Default: found by their names.
    #[arg(long, value_delimiter = ',', num_args = 1, value_name = "X,Y")]
    xy: Vec<String>,

    /// How texts are encoded, in place of what the file says: windows-1252.
    #[arg(long)]
    encoding: Option<String>,
}

impl Import {
    /// Imports table after table; the faults of one do not keep it from the others.
    pub fn run(self) -> Outcome {
        let options = self.options()?;
        let folders = Folders::of(&self.output);
        let budget = Budget::unlimited();
        stop_at_signal(&budget.cancel_flag());
        let (mut done, mut failed) = (0_usize, 0_usize);
        let mut ids = HashSet::new();
        for file in &self.files {
            let tables = match import::open(file, &folders, &options) {
                Ok(tables) => tables,
                Err(error) => {
                    tell!("error: {error}");
                    failed += 1;
                    continue;
                }
            };
            if options.id.is_some() && tables.len() > 1 {
                let message = format!(
                    "{} holds {} tables: leave it out",
                    file.display(),
                    tables.len()
                );
                return Err(Error::parameter("--id", message));
            }
            for mut table in tables {
                let id = import::id_of(table.as_ref(), &options);
                if !ids.insert(id.clone()) {
                    let file = file.display();
                    tell!("error: {file}: another table of this command is the layer {id:?}");
                    failed += 1;
                    continue;
                }
                let started = Instant::now();
                let line = Line::new(&table.head().name);
                let imported = import::import(
                    table.as_mut(),
                    file,
                    &folders,
                    &options,
                    &budget,
                    &|progress| line.tell(progress),
                );
                line.clear();
                match imported {
                    Ok(imported) => {
                        done += 1;
                        say(&report(file, &imported, started.elapsed()));
                    }
                    Err(Error::Cancelled) => {
                        tell!("stopped: nothing of {} was written", file.display());
                        return Ok(ExitCode::from(STOPPED));
                    }
                    Err(error) => {
                        tell!("error: {error}");
                        failed += 1;
                    }
                }
            }
        }
        if done > 0 {
            let root = shell_word(&folders.root);
            say(&format!(
                "next: cartotheque check {root} && cartotheque serve {root}\n"
            ));
        }
        Ok(match failed {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }

    fn options(&self) -> Result<Options> {
        if self.id.is_some() && self.files.len() > 1 {
            return Err(Error::parameter("--id", "names one layer: give one file"));
        }
        let xy = match self.xy.as_slice() {
            [] => None,
            [x, y] => Some((x.clone(), y.clone())),
            _ => return Err(Error::parameter("--xy", "expected two columns: lon,lat")),
        };
        Ok(Options {
            crs: self.crs.as_deref().map(Crs::parse).transpose()?,
            force: self.force,
            id: self.id.clone(),
            xy,
            encoding: self.encoding.clone(),
        })
    }
}

/// Writes to standard output; the work is done, whether or not somebody reads of it.
fn say(text: &str) {
    let mut out = std::io::stdout();
    let _closed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// What became of a table, for people.
fn report(from: &Path, imported: &Imported, took: Duration) -> String {
    let Imported {
        target,
        features,
        geometry,
        extent,
        crs,
        crs_from,
        fields,
        remarks,
        notes,
        bytes,
        written,
        kept,
    } = imported;
    let mut text = format!("{} → {}\n", from.display(), target.data.display());
    let mut line = |label: &str, said: &str| {
        text.push_str(&format!("  {label:<10} {}\n", printable(said)));
    };
    #[allow(clippy::cast_precision_loss, reason = "to be read by people")]
    let megabytes = *bytes as f64 / 1e6;
    let seconds = took.as_secs_f64();
    line(
        "features",
        &format!(
            "{features}, {}, {megabytes:.1} MB, {seconds:.1} s",
            geometry.name()
        ),
    );
    line("CRS", &format!("{crs} {} ({crs_from})", crs.name));
    if let Some(b) = extent {
        let corners = format!("{}, {} to {}, {}", b.min_x, b.min_y, b.max_x, b.max_y);
        line("extent", &corners);
    }
    for (field, nth) in fields.iter().zip(0..) {
        let remark = field
            .remark
            .as_ref()
            .map_or(String::new(), |r| format!(" ({r})"));
        let label = if nth == 0 { "fields" } else { "" };
        line(
            label,
            &format!("{}: {}{remark}", field.name, field.kind.name()),
        );
    }
    for remark in remarks {
        line("remark", remark);
    }
    for note in notes {
        line(note.kind.name(), &told(note));
    }
    for path in written {
        line("written", &path.display().to_string());
    }
    for path in kept {
        line("kept", &format!("{} (was there)", path.display()));
    }
    text
}

/// `unclosed ring closed: 3 (line 2, line 5, line 7)`.
fn told(note: &Note) -> String {
    let places: Vec<String> = note.first.iter().map(ToString::to_string).collect();
    let more = match note.count > places.len() as u64 {
        true => ", …",
        false => "",
    };
    format!(
        "{}: {} ({}{more})",
        note.what,
        note.count,
        places.join(", ")
    )
}

/// Names of a file are no commands to a terminal.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

/// The line that tells how far it is, where there is a terminal to show it on.
struct Line {
    name: String,
    is_terminal: bool,
    told: Cell<Option<Instant>>,
}

impl Line {
    const EVERY: Duration = Duration::from_millis(200);

    fn new(name: &str) -> Line {
        Line {
            name: printable(name),
            is_terminal: std::io::stderr().is_terminal(),
            told: Cell::new(None),
        }
    }

    fn tell(&self, progress: &Progress) {
        let is_soon = self.told.get().is_some_and(|at| at.elapsed() < Line::EVERY);
        if !self.is_terminal || is_soon {
            return;
        }
        self.told.set(Some(Instant::now()));
        let Progress {
            is_writing,
            done,
            all,
            features,
        } = *progress;
        let what = if is_writing { "writing" } else { "reading" };
        let share = done.saturating_mul(100).checked_div(all);
        let share = share.map_or(String::new(), |percent| format!(" {} %,", percent.min(100)));
        self.write(&format!(
            "\r\x1b[K{}: {what}{share} {features} features",
            self.name
        ));
    }

    fn clear(&self) {
        if self.is_terminal && self.told.get().is_some() {
            self.write("\r\x1b[K");
        }
    }

    fn write(&self, text: &str) {
        let mut err = std::io::stderr();
        // nobody may be looking
        let _closed = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}
