//! Shapefiles: .shp with its .shx, .dbf, .prj and .cpg, side by side or in one .zip.
//!
//! Shapes are found through the .shx where it is sound (a file that was edited has holes between
//! its records), else one after the other. Texts are read as the .cpg says, else as the .dbf's
//! code page says, else as UTF-8 where they are that and Windows-1252 where not.
//!
//! # Not supported
//! MultiPatch, and memo fields (.dbt): left out, and said.

mod dbf;
mod rings;
mod shp;

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::intake::Intake;
use super::notes::Kind;
use super::source::{Column, CrsFound, Head, Place, Source};
use super::text::Texts;
use super::zip::Zip;
use super::{Folders, Options, stem};
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::geom::Bbox;
use dbf::{Row, Table};
use shp::{Shape, Shapes};

/// A .prj or .cpg beyond this is none.
const MAX_TEXT_BYTES: u64 = 64 << 10;

/// The files of one shapefile.
struct Parts {
    name: String,
    shp: (File, u64),
    shx: Option<(File, u64)>,
    dbf: Option<(File, u64)>,
    prj: Option<Vec<u8>>,
    cpg: Option<Vec<u8>>,
}

/// A shapefile.
pub struct Shapefile {
    path: PathBuf,
    head: Head,
    /// Both are read once.
    shapes: Option<Shapes>,
    table: Option<Table>,
    texts: Texts,
}

/// Opens a .shp and what lies beside it.
///
/// # Errors
/// `Io`; `Data` where one of the files is damaged.
pub fn open(path: &Path, options: &Options) -> Result<Box<dyn Source>> {
    let file = |path: &Path| -> Result<(File, u64)> {
        let io = |e: std::io::Error| Error::io(path, &e);
        let file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        Ok((file, size))
    };
    let beside = beside(path);
    let part = |extension: &str| {
        let mut found = beside.iter().filter(|path| {
            path.extension()
                .is_some_and(|e| e.eq_ignore_ascii_case(extension))
        });
        found.next().map(|path| file(path)).transpose()
    };
    let text = |extension: &str| -> Result<Option<Vec<u8>>> {
        let Some((file, _)) = part(extension)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.take(MAX_TEXT_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|e| Error::io(path, &e))?;
        Ok(Some(bytes))
    };
    let parts = Parts {
        name: stem(path),
        shp: file(path)?,
        shx: part("shx")?,
        dbf: part("dbf")?,
        prj: text("prj")?,
        cpg: text("cpg")?,
    };
    Ok(Box::new(Shapefile::new(path, parts, options)?))
}

/// The files of a folder with the stem of one of them.
fn beside(path: &Path) -> Vec<PathBuf> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let same = |other: &Path| {
        let stem = |p: &Path| p.file_stem().map(OsStr::to_ascii_lowercase);
        stem(other) == stem(path)
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(|p| same(p)).collect();
    // where names differ in case alone, the one that is spelt alike comes first
    found.sort_by_key(|other| other.file_stem() != path.file_stem());
    found
}

/// The shapefiles of a .zip; each is unpacked into files without a name in the folder of data.
///
/// # Errors
/// `Io`; `Data` for a damaged archive, or one without a shapefile.
pub fn open_zip(path: &Path, folders: &Folders, options: &Options) -> Result<Vec<Box<dyn Source>>> {
    folders.prepare()?;
    let zip = Zip::open(path)?;
    let has = |name: &str, extension: &str| {
        name.len() > extension.len() && name.to_ascii_lowercase().ends_with(extension)
    };
    // what macOS adds is no data
    let is_hidden = |name: &str| {
        name.split('/')
            .any(|part| part == "__MACOSX" || part.starts_with('.'))
    };
    let shapes = zip
        .entries()
        .iter()
        .filter(|e| has(&e.name, ".shp") && !is_hidden(&e.name));
    let mut tables: Vec<Box<dyn Source>> = Vec::new();
    for entry in shapes {
        let bare = entry.name.get(..entry.name.len() - 4).unwrap_or_default();
        let part = |extension: &str| {
            let wanted = format!("{bare}.{extension}");
            let found = zip
                .entries()
                .iter()
                .find(|e| e.name.eq_ignore_ascii_case(&wanted));
            found
                .map(|entry| zip.unpack(entry, &folders.data))
                .transpose()
        };
        let text = |extension: &str| -> Result<Option<Vec<u8>>> {
            let Some((file, _)) = part(extension)? else {
                return Ok(None);
            };
            let mut bytes = Vec::new();
            file.take(MAX_TEXT_BYTES)
                .read_to_end(&mut bytes)
                .map_err(|e| Error::io(path, &e))?;
            Ok(Some(bytes))
        };
        let parts = Parts {
            name: bare.rsplit('/').next().unwrap_or(bare).to_owned(),
            shp: zip.unpack(entry, &folders.data)?,
            shx: part("shx")?,
            dbf: part("dbf")?,
            prj: text("prj")?,
            cpg: text("cpg")?,
        };
        tables.push(Box::new(Shapefile::new(path, parts, options)?));
    }
    match tables.is_empty() {
        true => Err(Error::data(
            path,
            "expected a .shp in the .zip, found none: unpack it and import what is in it",
        )),
        false => Ok(tables),
    }
}

impl Shapefile {
    fn new(path: &Path, parts: Parts, options: &Options) -> Result<Shapefile> {
        let fault = |message: String| Error::data(path, message);
        let mut head = Head {
            name: parts.name,
            bytes: parts.shp.1,
            ..Head::default()
        };
        let missing = |name: &str| format!("there is no .{name} beside the .shp");
        head.crs = match &parts.prj {
            None => CrsFound::Unknown(missing("prj")),
            Some(bytes) => {
                let (text, _) = Texts::Guessed.decode(bytes);
                match Crs::from_wkt(text.trim_start_matches('\u{feff}')) {
                    Ok(crs) => CrsFound::Known(crs, "the .prj".to_owned()),
                    Err(error) => {
                        CrsFound::Unknown(format!("the .prj is not understood ({error})"))
                    }
                }
            }
        };
        let had_index = parts.shx.is_some();
        let shapes = Shapes::open(parts.shp.0, parts.shp.1, parts.shx).map_err(fault)?;
        match (had_index, shapes.has_index()) {
            (false, _) => head
                .notes
                .push(missing("shx") + ": the shapes are read in order"),
            (true, false) => {
                let note = "the .shx is damaged: the shapes are read in order";
                head.notes.push(note.to_owned());
            }
            (true, true) => {}
        }
        let [min_x, min_y, max_x, max_y] = shapes.extent;
        head.extent = Bbox::new(min_x, min_y, max_x, max_y);
        if shapes.kind == 31 {
            return Err(fault(
                "MultiPatch (surfaces in space) is not read".to_owned(),
            ));
        }
        let table = parts
            .dbf
            .map(|(file, _)| Table::open(file))
            .transpose()
            .map_err(fault)?;
        let language = table.as_ref().map_or(0, |table| table.language);
        let (texts, how) = encoding(options, parts.cpg.as_deref(), language)?;
        match &table {
            None => head
                .notes
                .push(missing("dbf") + ": the features have no fields"),
            Some(table) => {
                head.notes.push(how);
                for column in &table.columns {
                    let (name, _) = texts.decode(column.name.trim_ascii());
                    if column.is_memo() {
                        head.notes.push(format!("memo field {name:?} is not read"));
                    }
                    head.columns.push(Column::new(name, column.declared()));
                }
            }
        }
        Ok(Shapefile {
            path: path.to_owned(),
            head,
            shapes: Some(shapes),
            table,
            texts,
        })
    }

    /// The row of the next record.
    fn next_row(&mut self) -> Row {
        self.table.as_mut().map_or(Row::End, Table::next)
    }
}

/// How texts are encoded, and how that was found.
fn encoding(options: &Options, cpg: Option<&[u8]>, language: u8) -> Result<(Texts, String)> {
    if let Some(label) = &options.encoding {
        let texts = Texts::of_label(label).ok_or_else(|| {
            let message = format!("no encoding {label:?}: expected e.g. utf-8, windows-1252");
            Error::parameter("--encoding", message)
        })?;
        return Ok((texts, format!("encoding {label} (--encoding)")));
    }
    let mut why = String::new();
    if let Some(bytes) = cpg {
        let label = String::from_utf8_lossy(bytes).trim().to_owned();
        if let Some(texts) = Texts::of_label(&label) {
            return Ok((texts, format!("encoding {label} (the .cpg)")));
        }
        let label: String = label.chars().take(40).collect();
        why = format!(" (the .cpg says {label:?}, which is not known)");
    }
    let label = match language {
        0x01 => Some("cp437"),
        0x02 => Some("cp850"),
        0x03 | 0x57 | 0x58 | 0x59 => Some("windows-1252"),
        0xc8 => Some("windows-1250"),
        0xc9 => Some("windows-1251"),
        0xca => Some("windows-1254"),
        0xcb => Some("windows-1253"),
        0xcc => Some("windows-1257"),
        _ => None,
    };
    // many writers of UTF-8 mark 1252 all the same
    if let Some(label) = label.filter(|label| *label != "windows-1252")
        && let Some(texts) = Texts::of_label(label)
    {
        return Ok((texts, format!("encoding {label} (the .dbf){why}")));
    }
    let how = format!("encoding: UTF-8 where texts are that, else Windows-1252{why}");
    Ok((Texts::Guessed, how))
}

impl Source for Shapefile {
    fn head(&self) -> &Head {
        &self.head
    }

    fn read(&mut self, intake: &mut Intake) -> Result<()> {
        let Some(mut shapes) = self.shapes.take() else {
            return Err(Error::Internal {
                message: "a shapefile is read once".to_owned(),
            });
        };
        let path = self.path.clone();
        let fault = |message: String| Error::data(&path, message);
        let mut buffer = Vec::new();
        let mut number = 0_u64;
        let mut without_row = 0_u64;
        let mut deleted = 0_u64;
        let rows = self.table.as_ref().map_or(0, |table| table.rows);
        loop {
            let shape = shapes.next(&mut buffer).map_err(fault)?;
            let Some(shape) = shape else { break };
            number += 1;
            let place = Place::Record(number);
            let row = match number <= u64::from(rows) {
                true => self.next_row(),
                false => Row::End,
            };
            if row == Row::Deleted {
                deleted += 1;
                continue;
            }
            intake.begin(place);
            let read = match shape {
                Shape::Fault(why) => Err(why),
                Shape::Bytes(bytes) => {
                    let kind = bytes.first_chunk().map_or(0, |b| u32::from_le_bytes(*b));
                    let beside = shp::beside(kind);
                    intake.saw(beside.has_z, beside.has_m);
                    shp::read(bytes, intake.geometry())
                }
            };
            match read {
                Ok(None) => {}
                Ok(Some(odd)) => intake.note(Kind::Repaired, odd),
                Err(why) => {
                    intake.refuse(place, &why);
                    continue;
                }
            }
            match (&self.table, row) {
                (Some(table), Row::Whole) => {
                    table.values(&self.texts, &mut |column, value| {
                        intake.value(column, value)
                    });
                }
                (Some(_), _) => without_row += 1,
                (None, _) => {}
            }
            intake.end()?;
            intake.read_to(shapes.read_bytes())?;
        }
        let mut note = |text: String| self.head.notes.push(text);
        if deleted > 0 {
            note(format!(
                "{deleted} records are marked as deleted in the .dbf and left out"
            ));
        }
        if without_row > 0 {
            note(format!(
                "{without_row} shapes have no row in the .dbf: their fields are null"
            ));
        }
        if u64::from(rows) > number {
            let more = u64::from(rows) - number;
            note(format!(
                "{more} rows of the .dbf have no shape and are left out"
            ));
        }
        Ok(())
    }
}
