//! One layer: its file, its data and its styles put together and checked against each other.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::columns::Columns;
use super::diagnostic::{Diagnostic, Findings, Place, Severity};
use super::file::{LayerFile, MetadataFile, Text};
use super::layer_crs::{check_extent, layer_crs};
use super::repeated::Repeated;
use super::{Opened, Sources, ident};
use crate::catalogue::{Access, Layer, LocalText, Metadata, XmlNames};
use crate::crs::Crs;
use crate::error::Result;
use crate::feature::Schema;
use crate::style::Style;

/// A style document that was read, or why it was not.
#[derive(Debug)]
pub struct StyleRead {
    pub path: PathBuf,
    /// The path for messages.
    pub shown: PathBuf,
    pub style: Result<Arc<Style>>,
    /// The columns it asks for.
    pub columns: BTreeSet<String>,
    pub diagnostics: Vec<Diagnostic>,
}

/// What a layer is made of.
#[derive(Clone, Copy)]
pub struct Ingredients<'a> {
    pub file: &'a LayerFile,
    pub data: &'a Path,
    pub opened: &'a Opened,
    /// Empty: a default style, the `nth` of its kind.
    pub styles: &'a [Arc<StyleRead>],
    pub nth: usize,
    pub languages: &'a [String],
    /// The CRS that the file names, read.
    pub crs: Option<&'a Result<Crs>>,
    pub record: Option<&'a Path>,
    /// Columns of the data that were found to repeat ids.
    pub repeated: &'a [(usize, Repeated)],
}

/// Builds a layer, for everybody; `None` where the findings hold an error.
pub fn build(
    from: Ingredients<'_>,
    sources: &dyn Sources,
    findings: &mut Findings,
) -> Option<Layer> {
    let Ingredients { file, opened, .. } = from;
    let before = findings.as_slice().len();
    for warning in &opened.warnings {
        let place = Place::default();
        findings.add(Severity::Warning, &place, warning.clone(), None);
    }
    let schema = opened.store.schema();
    let crs = layer_crs(from, findings);
    let hidden = hidden_columns(file, schema);
    let columns = Columns {
        layer: &file.id.value,
        schema,
        hidden: &hidden,
    };
    let fields = columns.fields(from, findings);
    let id_column = columns.visible(file.id_column.as_ref(), findings);
    let id_column = id_column.filter(|column| is_unique(*column, from, findings));
    let label = columns.visible(file.label.as_ref(), findings);
    let popup = file.popup.as_ref();
    let popup = popup.map(|p| columns.popup(p, from.languages, findings));
    let time = columns.time(file, &fields, findings);
    let styles = layer_styles(from, &columns, sources, findings);
    let has_error = findings
        .as_slice()
        .iter()
        .skip(before)
        .any(|d| d.severity == Severity::Error);
    let crs = crs.filter(|_| !has_error)?;
    let extent_lonlat = sources.extent_lonlat(&*opened.store, &crs);
    check_extent(from, &crs, extent_lonlat, findings);

    let mut local = |text: &Option<Text>, own: Option<&str>, otherwise: &str| match text {
        Some(text) => text.resolve(from.languages, findings),
        None => match own.unwrap_or(otherwise) {
            "" => LocalText::default(),
            text => LocalText::plain(text),
        },
    };
    let stem = from.data.file_stem().unwrap_or_default().to_string_lossy();
    let title = local(&file.title, opened.title.as_deref(), &ident::title(&stem));
    let abstract_ = local(&file.abstract_, opened.description.as_deref(), "");
    let metadata = &file.metadata;
    Some(Layer {
        id: file.id.value.clone(),
        title,
        abstract_,
        keywords: metadata.keywords.clone(),
        store: Arc::clone(&opened.store),
        path: from.data.to_owned(),
        crs,
        extent_lonlat,
        styles,
        fields,
        id_column,
        xml: XmlNames {
            namespace: file.namespace.as_ref().map(|at| at.value.clone()),
            geometry: file.geometry_name.clone(),
        },
        is_temporal: time.is_some() && !file.time.is_empty(),
        time,
        popup,
        label,
        scales: file.scales,
        metadata: settled(metadata, from.record),
        attribution: file.attribution.clone(),
        queryable: file.queryable.unwrap_or(true),
        access: Access::default(),
        opacity: 1.0,
        of: None,
    })
}

/// Metadata as written, with the record that was found.
pub fn settled(metadata: &MetadataFile, record: Option<&Path>) -> Metadata {
    Metadata {
        organisation: metadata.organisation.clone(),
        contact: metadata.contact.clone(),
        licence: metadata.licence.clone(),
        inspire: metadata.inspire.clone(),
        covadis: metadata.covadis.clone(),
        created: metadata.created.clone(),
        revised: metadata.revised.clone(),
        record: record.map(Path::to_owned),
        identifier: metadata.identifier.clone(),
        lineage: metadata.lineage.clone(),
    }
}

fn hidden_columns(file: &LayerFile, schema: &Schema) -> HashSet<usize> {
    file.fields
        .iter()
        .filter(|field| field.hidden)
        .filter_map(|field| schema.column(&field.name.value))
        .collect()
}

/// False for a column of ids that are known to come twice: ids are positions then, for two
/// features of one id are one to every client.
fn is_unique(column: usize, from: Ingredients<'_>, findings: &mut Findings) -> bool {
    let Some((_, repeated)) = from.repeated.iter().find(|(known, _)| *known == column) else {
        return true;
    };
    if let Some(at) = &from.file.id_column {
        let (name, layer) = (&at.value, &from.file.id.value);
        let message = format!("id_column {name:?} of layer {layer:?} {repeated}");
        let help = "the ids of its features are their positions until it is";
        findings.add(Severity::Warning, &at.place, message, Some(help.to_owned()));
    }
    false
}

fn layer_styles(
    from: Ingredients<'_>,
    columns: &Columns<'_>,
    sources: &dyn Sources,
    findings: &mut Findings,
) -> Vec<Arc<Style>> {
    if from.styles.is_empty() {
        return vec![Arc::new(sources.default_style(columns.schema, from.nth))];
    }
    let mut styles = Vec::with_capacity(from.styles.len());
    for (index, read) in from.styles.iter().enumerate() {
        let place = from.file.styles.get(index).map(|at| at.place.clone());
        match &read.style {
            Ok(style) => styles.push(Arc::clone(style)),
            Err(error) => {
                let message = format!("{}: {error}", read.shown.display());
                findings.error(&place.unwrap_or_default(), message);
            }
        }
        for name in &read.columns {
            if columns.schema.column(name).is_none() {
                let (message, help) = columns.missing(name);
                let (line, column) = place_of_word(&read.path, name).unwrap_or((0, 0));
                findings.push(Diagnostic {
                    line,
                    column,
                    length: u32::try_from(name.chars().count()).unwrap_or(1),
                    ..Diagnostic::of_file(Severity::Error, &read.shown, message).with_help(help)
                });
            }
        }
    }
    styles
}

/// The first place in a file where a word stands by itself, 1-based, in characters.
fn place_of_word(path: &Path, word: &str) -> Option<(u32, u32)> {
    let text = std::fs::read_to_string(path).ok()?;
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':');
    for (row, line) in text.lines().enumerate() {
        for (at, _) in line.match_indices(word) {
            let (before, rest) = line.split_at_checked(at)?;
            let after = rest.strip_prefix(word).unwrap_or("");
            if !before.ends_with(is_part) && !after.starts_with(is_part) {
                let column = before.chars().count().saturating_add(1);
                let row = row.saturating_add(1);
                return Some((u32::try_from(row).ok()?, u32::try_from(column).ok()?));
            }
        }
    }
    None
}
