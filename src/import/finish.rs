//! From a table to files that are served.

use std::path::{Path, PathBuf};

use super::intake::{Intake, Taken, TakenField};
use super::notes::Note;
use super::scratch::hidden_path;
use super::skeleton::{self, Skeleton};
use super::sort::Spool;
use super::source::{CrsFound, Declared, Head, Source};
use super::target::{Folders, Target, write_whole};
use super::temporal::DateForm;
use super::{Options, Progress, file_name, record};
use crate::budget::Budget;
use crate::config::foreign::shell_word;
use crate::config::{Folder, ident};
use crate::crs::{Crs, CrsKind};
use crate::encode::sld;
use crate::error::{Error, Result};
use crate::feature::{Field, FieldType};
use crate::geom::{Bbox, Geometry, GeometryType};
use crate::store::fgb::{FgbHead, FgbWriter, push_value};
use crate::style::default::default_style;

/// Features between two words about the progress.
const TELL_EVERY: u64 = 4_096;

/// What became of a table.
#[derive(Debug)]
pub struct Imported {
    pub target: Target,
    pub features: u64,
    pub geometry: GeometryType,
    pub extent: Option<Bbox>,
    pub crs: Crs,
    /// Where the CRS was said.
    pub crs_from: String,
    pub fields: Vec<FieldReport>,
    /// What was odd or decided about the table.
    pub remarks: Vec<String>,
    /// What was noticed of single features.
    pub notes: Vec<Note>,
    /// Of the data file.
    pub bytes: u64,
    /// Files that were written.
    pub written: Vec<PathBuf>,
    /// Files that were there and stay as they are.
    pub kept: Vec<PathBuf>,
}

/// What became of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldReport {
    pub name: String,
    pub kind: FieldType,
    /// How the type was found, or what else is to be said of it, in words.
    pub remark: Option<String>,
}

/// Reads a table, writes its files.
pub(super) fn run(
    table: &mut dyn Source,
    from: &Path,
    folders: &Folders,
    target: &Target,
    options: &Options,
    budget: &Budget,
    progress: &dyn Fn(&Progress),
) -> Result<Imported> {
    let head = table.head();
    // before anything is read: the wait would be for nothing
    crs_of(head, None, options, from)?;
    let mut intake = Intake::new(&folders.data, &head.columns, head.bytes, budget, progress)?;
    table.read(&mut intake)?;
    let head = table.head().clone();
    let taken = intake.finish();
    let (crs, crs_from) = crs_of(&head, taken.extent.as_ref(), options, from)?;
    let remarks = remarks(&head, &taken, &crs, from)?;
    let Taken {
        spool,
        fields,
        geometry,
        extent,
        notes,
        ..
    } = taken;
    let features = spool.count();
    let title = head
        .title
        .clone()
        .unwrap_or_else(|| ident::title(&head.name));

    let hidden = Hidden(hidden_path(&folders.data, "fgb"));
    let mut writer = FgbWriter::create(&hidden.0, geometry)?;
    write_features(
        spool,
        extent,
        &fields,
        &folders.data,
        &mut writer,
        budget,
        progress,
    )?;
    budget.check()?;
    let columns: Vec<Field> = fields.iter().map(|f| f.field.clone()).collect();
    let bytes = writer.finish(&FgbHead {
        name: &title,
        title: &title,
        description: head.description.as_deref().unwrap_or(""),
        metadata: "",
        geometry,
        fields: &columns,
        crs: &crs,
    })?;
    budget.check()?;

    let style = style_text(&target.id, geometry);
    let text = skeleton::layer_file(&Skeleton {
        target,
        from: &file_name(from),
        title: &title,
        description: head.description.as_deref(),
        fields: &fields,
        id_column: head
            .id_column
            .as_deref()
            .and_then(|id| {
                fields
                    .iter()
                    .find(|f| *f.was.as_ref().unwrap_or(&f.field.name) == id)
            })
            .map(|f| f.field.name.as_str()),
        has_style: style.is_some(),
    });
    let mut remarks = remarks;
    remarks.extend(no_longer_served(folders, target));
    let (mut written, mut kept) = (Vec::new(), Vec::new());
    let mut put = |path: &Path, text: &str| match path.symlink_metadata().is_ok() {
        true => {
            kept.push(path.to_owned());
            Ok(())
        }
        false => {
            written.push(path.to_owned());
            write_whole(path, text)
        }
    };
    if let Some(style) = &style {
        put(&target.style, style)?;
    }
    // before the layer file, so that a server never looks for data that are not there
    std::fs::rename(&hidden.0, &target.data).map_err(|e| Error::io(&target.data, &e))?;
    put(&target.layer, &text)?;
    written.insert(0, target.data.clone());
    Ok(Imported {
        target: target.clone(),
        features,
        geometry,
        extent,
        crs,
        crs_from,
        fields: fields.iter().map(field_report).collect(),
        remarks,
        notes,
        bytes,
        written,
        kept,
    })
}

/// Writes what was put aside, neighbours one after the other, with values of the settled types.
fn write_features(
    spool: Spool,
    extent: Option<Bbox>,
    fields: &[TakenField],
    folder: &Path,
    writer: &mut FgbWriter,
    budget: &Budget,
    progress: &dyn Fn(&Progress),
) -> Result<()> {
    let features = spool.count();
    let mut shape = Geometry::default();
    let mut properties = Vec::new();
    let (mut written, mut room) = (0_u64, String::new());
    spool.sorted(extent, budget, &mut |bytes| {
        properties.clear();
        record::read(bytes, &mut shape)
            .and_then(|values| {
                record::values(values, &mut |column, value| {
                    if let Some(field) = fields.get(usize::from(column)) {
                        let value = field.reading.convert(value, &mut room);
                        push_value(&mut properties, column, field.reading.kind, value);
                    }
                })
            })
            .ok_or_else(|| Error::data(folder, "a file under way was changed or damaged"))?;
        match shape.is_empty() {
            true => writer.add_without_geometry(&properties)?,
            false => writer.add(&shape, &properties)?,
        }
        written += 1;
        if written.is_multiple_of(TELL_EVERY) {
            progress(&Progress {
                is_writing: true,
                done: written,
                all: features,
                features,
            });
            budget.check()?;
        }
        Ok(())
    })
}

/// A file that is removed with this value, unless it was renamed.
struct Hidden(PathBuf);

impl Drop for Hidden {
    fn drop(&mut self) {
        // gone where it was put in place; else hidden, and removed by the next import
        let _gone = std::fs::remove_file(&self.0);
    }
}

fn crs_of(
    head: &Head,
    extent: Option<&Bbox>,
    options: &Options,
    from: &Path,
) -> Result<(Crs, String)> {
    if let Some(crs) = &options.crs {
        return Ok((crs.clone(), "--crs".to_owned()));
    }
    let why = match &head.crs {
        CrsFound::Known(crs, from) if crs.kind != CrsKind::Other => {
            return Ok((crs.clone(), from.clone()));
        }
        // what stands for "undefined" in a GeoPackage is a CRS by itself
        CrsFound::Known(crs, _) => format!(
            "the CRS of {:?}, {:?}, is neither geographic nor projected",
            head.name, crs.name
        ),
        CrsFound::Unknown(why) => why.clone(),
        CrsFound::Unsaid => "it does not say its CRS".to_owned(),
    };
    let hint = hint(extent.or(head.extent.as_ref()));
    Err(Error::data(from, format!("{why}: say it, {hint}")))
}

/// What may be the CRS of positions like these.
fn hint(extent: Option<&Bbox>) -> String {
    // the metropolitan area in Lambert-93, and what degrees can be
    let lambert = Bbox::new(0.0, 6_000_000.0, 1_300_000.0, 7_200_000.0);
    let zone = |n: u32| {
        let north = f64::from(n - 41) * 1e6 + 200_000.0;
        Bbox::new(
            1_100_000.0,
            north - 400_000.0,
            2_300_000.0,
            north + 400_000.0,
        )
    };
    let inside =
        |outer: Option<Bbox>| extent.is_some_and(|e| outer.is_some_and(|outer| outer.contains(e)));
    match extent {
        Some(_) if inside(Some(Bbox::WORLD)) => {
            "e.g. --crs EPSG:4326 (the positions look like longitude and latitude)".to_owned()
        }
        Some(_) if inside(lambert) => {
            "e.g. --crs EPSG:2154 (the positions look like Lambert-93)".to_owned()
        }
        Some(_) => match (42..=50).find(|n| inside(zone(*n))) {
            Some(n) => format!("e.g. --crs EPSG:39{n} (the positions look like Lambert CC{n})"),
            None => "e.g. --crs EPSG:2154".to_owned(),
        },
        None => "e.g. --crs EPSG:2154".to_owned(),
    }
}

/// What is to be said of the table as a whole; refuses positions that can't be of the CRS.
fn remarks(head: &Head, taken: &Taken, crs: &Crs, from: &Path) -> Result<Vec<String>> {
    let mut remarks = head.notes.clone();
    let features = taken.spool.count();
    if crs.kind == CrsKind::Geographic && taken.beyond_degrees > 0 {
        let beyond = taken.beyond_degrees;
        let message = format!(
            "{beyond} of {features} features lie beyond longitude ±180 or latitude ±90, and {crs} is in degrees"
        );
        if beyond > features / 2 {
            let hint = hint(taken.extent.as_ref());
            return Err(Error::data(from, format!("{message}: say the CRS, {hint}")));
        }
        remarks.push(message);
    }
    if crs.kind == CrsKind::Other {
        let message =
            format!("{crs} is neither geographic nor projected: maps can't be drawn from it");
        return Err(Error::data(from, message));
    }
    let areas = crs.area_bbox();
    let is_outside = |extent: &Bbox| areas.iter().all(|area| !area.intersects(extent));
    if !areas.is_empty() && taken.extent.as_ref().is_some_and(is_outside) {
        remarks.push(format!(
            "the positions lie outside of the area of use of {crs}: is that their CRS?"
        ));
    }
    if taken.has_z || taken.has_m {
        let what = match (taken.has_z, taken.has_m) {
            (true, true) => "heights (Z) and measures (M)",
            (true, false) => "heights (Z)",
            _ => "measures (M)",
        };
        remarks.push(format!("{what} are left out: maps are flat"));
    }
    if features == 0 {
        remarks.push("there is no feature in it".to_owned());
    }
    Ok(remarks)
}

/// Where no layer had a file yet, every data file was a layer: from now on only those with one.
fn no_longer_served(folders: &Folders, target: &Target) -> Option<String> {
    let folder = Folder::scan(&folders.root, &[]).ok()?;
    if !folder.layers.is_empty() {
        return None;
    }
    let others = folder
        .data
        .iter()
        .filter(|path| has_extension(path, "fgb") && path.file_name() != target.data.file_name());
    let others: Vec<String> = others.map(|path| shell_word(path)).collect();
    let first = others.first()?;
    Some(format!(
        "this is the first file in capabilities/layers/: the {} other data files, which were layers \
         without one, need one from now on: cartotheque import {first} -o {} --force",
        others.len(),
        shell_word(&folders.data)
    ))
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case(wanted))
}

/// A style document; `None` where the default look can't be said in one: what draws each feature
/// by its dimension is the server's own.
fn style_text(id: &str, geometry: GeometryType) -> Option<String> {
    geometry.dimension()?;
    let mut style = default_style(geometry, id);
    id.clone_into(&mut style.id);
    let (text, notes) = sld::write(&[(id, &[&style])], sld::SldOptions::default());
    notes.is_empty().then_some(text)
}

fn field_report(field: &TakenField) -> FieldReport {
    let mut remarks = Vec::new();
    if let Some(was) = &field.was {
        remarks.push(format!("was {was:?}"));
    }
    if field.values == 0 {
        remarks.push("no value".to_owned());
    } else if field.widened {
        let declared = match field.declared {
            Declared::Type(kind) => kind.name(),
            Declared::Nothing | Declared::ByValue => "",
        };
        remarks.push(format!("declared {declared}, but not all values are that"));
    } else if field.declared == Declared::Nothing && field.reading.kind != FieldType::Text {
        remarks.push(
            match (
                field.reading.kind,
                field.reading.decimal,
                field.reading.dates,
            ) {
                (FieldType::Float, ',', _) => "guessed, with decimal comma".to_owned(),
                (FieldType::Date | FieldType::DateTime, _, DateForm::DayFirst) => {
                    "guessed, the day first".to_owned()
                }
                _ => "guessed".to_owned(),
            },
        );
    }
    FieldReport {
        name: field.field.name.clone(),
        kind: field.reading.kind,
        remark: (!remarks.is_empty()).then(|| remarks.join("; ")),
    }
}
