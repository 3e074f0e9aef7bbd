//! One layer: its file, its data and its styles put together and checked against each other.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::{At, Diagnostic, Findings, Place, Severity};
use super::file::{LayerFile, MetadataFile, PopupFile, Text};
use super::repeated::Repeated;
use super::{Opened, Sources, ident};
use crate::catalogue::{
    Access, Layer, LayerField, LayerTime, LocalText, Metadata, Popup, PopupField, XmlNames,
};
use crate::crs::{Crs, CrsKind};
use crate::encode::feature::gml;
use crate::error::{Error, Result};
use crate::feature::{FieldType, Schema};
use crate::geom::Bbox;
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

/// The CRS of the data: declared by them, or by the file where they are silent.
fn layer_crs(from: Ingredients<'_>, findings: &mut Findings) -> Option<Crs> {
    let declared = from.opened.store.crs();
    let written = from.file.crs.as_ref();
    let crs = match (declared, written.zip(from.crs)) {
        (_, Some((at, Err(error)))) => {
            let nearest = match error {
                Error::InvalidCrs { nearest, .. } => nearest.clone(),
                _ => None,
            };
            let message = format!("no CRS {:?} is known", at.value);
            let form = "write it as EPSG:2154".to_owned();
            findings.error_nearest(&at.place, message, nearest, Some(form));
            return None;
        }
        (Some(declared), Some((at, Ok(written)))) if declared != written => {
            findings.error_help(
                &at.place,
                format!(
                    "the data say that they are in {}, this says {}",
                    crs_name(declared),
                    crs_name(written)
                ),
                "remove this line (`crs:` is for data that do not say), or correct the data: ogr2ogr -a_srs",
            );
            return None;
        }
        (Some(declared), _) => declared.clone(),
        (None, Some((_, Ok(written)))) => written.clone(),
        (None, None) => {
            let message = "the data do not say in which CRS they are";
            findings.error_help(&Place::default(), message, crs_hint(from));
            return None;
        }
    };
    if crs.kind == CrsKind::Other {
        let place = written.map(|at| at.place.clone()).unwrap_or_default();
        let message = format!("{} is neither geographic nor projected", crs_name(&crs));
        findings.error(&place, message);
        return None;
    }
    Some(crs)
}

fn crs_name(crs: &Crs) -> String {
    match crs.authority.as_str() {
        "" => crs.name.clone(),
        authority => format!("{authority}:{}", crs.code),
    }
}

/// How to say the CRS, and what the coordinates look like: a hint, never taken for true.
fn crs_hint(from: Ingredients<'_>) -> String {
    let looks = from.opened.store.extent().and_then(|extent| {
        let lambert_93 = Bbox::new(-400_000.0, 5_900_000.0, 1_400_000.0, 7_400_000.0)?;
        if Bbox::WORLD.contains(&extent) {
            Some("; they look like longitude and latitude, maybe EPSG:4326")
        } else if lambert_93.contains(&extent) {
            Some("; they look like Lambert-93, maybe EPSG:2154")
        } else {
            None
        }
    });
    format!(
        "add `crs: EPSG:…` to capabilities/layers/{}.yaml, or write it into the data: ogr2ogr -a_srs EPSG:…{}",
        from.file.id.value,
        looks.unwrap_or("")
    )
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

/// A layer's columns, to look names up in.
pub struct Columns<'a> {
    pub layer: &'a str,
    pub schema: &'a Schema,
    pub hidden: &'a HashSet<usize>,
}

impl Columns<'_> {
    fn name(&self, column: usize) -> Option<&str> {
        self.schema.fields.get(column).map(|f| f.name.as_str())
    }

    pub fn missing(&self, name: &str) -> (String, String) {
        let message = format!("no field {name:?} in {:?}", self.layer);
        let help = match self.schema.nearest(name) {
            Some(nearest) => format!("did you mean {nearest:?}?"),
            None => {
                let names = self.schema.fields.iter().take(12).map(|f| f.name.as_str());
                let names = names.collect::<Vec<_>>().join(", ");
                let more = if self.schema.fields.len() > 12 {
                    ", …"
                } else {
                    ""
                };
                format!("its fields: {names}{more}")
            }
        };
        (message, help)
    }

    /// The column of that name, hidden or not.
    fn any(&self, at: &At<String>, findings: &mut Findings) -> Option<usize> {
        let column = self.schema.column(&at.value);
        if column.is_none() {
            let (message, help) = self.missing(&at.value);
            findings.error_help(&at.place, message, help);
        }
        column
    }

    /// The column of that name, where people may see it.
    pub fn visible(&self, at: Option<&At<String>>, findings: &mut Findings) -> Option<usize> {
        let at = at?;
        let column = self.any(at, findings)?;
        if self.hidden.contains(&column) {
            let message = format!("the field {:?} is hidden, and this would show it", at.value);
            let help = "remove it here, or remove `hidden: true`";
            findings.error_help(&at.place, message, help);
            return None;
        }
        Some(column)
    }

    /// The columns that people see: those listed, in that order, then the others as stored.
    fn fields(&self, from: Ingredients<'_>, findings: &mut Findings) -> Vec<LayerField> {
        let mut fields: Vec<LayerField> = Vec::with_capacity(self.schema.fields.len());
        let mut seen = self.hidden.clone();
        for written in &from.file.fields {
            let Some(column) = self.any(&written.name, findings) else {
                continue;
            };
            let Some(field) = self
                .schema
                .fields
                .get(column)
                .filter(|_| seen.insert(column))
            else {
                continue;
            };
            let kind = match &written.kind {
                Some(at) if !may_be_read_as(field.kind, at.value) => {
                    let message = format!(
                        "the field {:?} is {} in the data, it can't be read as {}",
                        field.name,
                        field.kind.name(),
                        at.value.name()
                    );
                    findings.error_help(&at.place, message, "remove `type:`");
                    field.kind
                }
                Some(at) => at.value,
                None => field.kind,
            };
            if let Some(at) = &written.element
                && at.value == gml::ID
                && from.file.id_column.as_ref().map(|id| &id.value) != Some(&field.name)
            {
                let message = format!("the field {:?} is not the id_column", field.name);
                findings.error_help(&at.place, message, "only its values are ids of features");
            }
            let own = || field.title.clone().map(LocalText::plain);
            fields.push(LayerField {
                column,
                name: field.name.clone(),
                label: match &written.label {
                    Some(label) => Some(label.resolve(from.languages, findings)),
                    None => own(),
                },
                kind,
                unit: written.unit.clone(),
                decimals: written.decimals,
                is_indexed: written.index,
                element: written.element.as_ref().map(|at| at.value.clone()),
                is_required: written.required,
            });
        }
        let rest = self.schema.fields.iter().enumerate();
        fields.extend(
            rest.filter(|(column, _)| !seen.contains(column))
                .map(|(column, field)| LayerField {
                    column,
                    name: field.name.clone(),
                    label: field.title.clone().map(LocalText::plain),
                    kind: field.kind,
                    unit: None,
                    decimals: None,
                    is_indexed: false,
                    element: None,
                    is_required: false,
                }),
        );
        fields
    }

    pub fn popup(
        &self,
        written: &PopupFile,
        languages: &[String],
        findings: &mut Findings,
    ) -> Popup {
        if let Some(title) = &written.title {
            match template_names(&title.value) {
                Some(names) => {
                    for name in names {
                        let at = At {
                            value: name,
                            place: title.place.clone(),
                        };
                        self.visible(Some(&at), findings);
                    }
                }
                None => findings.error_help(
                    &title.place,
                    format!("a brace without its partner in {:?}", title.value),
                    "write {field} for the value of a field",
                ),
            }
        }
        let mut fields = Vec::with_capacity(written.fields.len());
        for field in &written.fields {
            let column = self.visible(Some(&field.name), findings);
            if let Some(name) = column.and_then(|column| self.name(column)) {
                fields.push(PopupField {
                    name: name.to_owned(),
                    label: field.label.as_ref().map(|l| l.resolve(languages, findings)),
                    unit: field.unit.clone(),
                    decimals: field.decimals,
                    shown_as: field.shown_as,
                });
            }
        }
        Popup {
            title: written.title.as_ref().map(|at| at.value.clone()),
            fields,
        }
    }

    /// The columns of time that the file names; else the first one of dates, as people see them.
    fn time(
        &self,
        file: &LayerFile,
        fields: &[LayerField],
        findings: &mut Findings,
    ) -> Option<LayerTime> {
        let is_time =
            |field: &&LayerField| matches!(field.kind, FieldType::Date | FieldType::DateTime);
        if file.time.is_empty() {
            let first = fields.iter().find(is_time)?;
            return Some(LayerTime::Instant(first.column));
        }
        let columns: Vec<usize> = file
            .time
            .iter()
            .filter_map(|at| {
                let column = self.visible(Some(at), findings)?;
                let field = fields.iter().find(|f| f.column == column)?;
                if !is_time(&field) {
                    let message = format!(
                        "expected a field of dates, found {:?} of type {}",
                        at.value,
                        field.kind.name()
                    );
                    let help = format!(
                        "if it holds dates, add {{name: {}, type: date}} to `fields:`",
                        at.value
                    );
                    findings.error_help(&at.place, message, help);
                }
                Some(column)
            })
            .collect();
        match *columns.as_slice() {
            [column] => Some(LayerTime::Instant(column)),
            [start, end] => Some(LayerTime::Interval(start, end)),
            _ => None,
        }
    }
}

fn may_be_read_as(stored: FieldType, wanted: FieldType) -> bool {
    use FieldType::{Date, DateTime, Float, Integer, Json, Long, Text};
    stored == wanted
        || matches!(
            (stored, wanted),
            (Text, Date | DateTime | Json)
                | (DateTime, Date)
                | (Date, DateTime)
                | (Json, Text)
                | (Integer, Long | Float)
        )
}

/// The names between braces; `None` where braces do not match.
fn template_names(template: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        if before.contains('}') {
            return None;
        }
        let (name, after) = after.split_once('}')?;
        if name.contains('{') {
            return None;
        }
        names.push(name.trim().to_owned());
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
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

/// Warns where the extent can't be that of data in this CRS.
fn check_extent(from: Ingredients<'_>, crs: &Crs, lonlat: Option<Bbox>, findings: &mut Findings) {
    let Some(extent) = from.opened.store.extent() else {
        return;
    };
    let place = from.file.crs.as_ref().map(|at| at.place.clone());
    let place = place.unwrap_or_default();
    let name = crs_name(crs);
    if crs.kind == CrsKind::Geographic && !Bbox::WORLD.grown(180.5, 0.5).contains(&extent) {
        findings.add(
            Severity::Warning,
            &place,
            format!(
                "expected degrees in {name}, found coordinates up to {:?}, {:?}",
                extent.max_x, extent.max_y
            ),
            Some("are the coordinates in metres, or is a position damaged?".to_owned()),
        );
        return;
    }
    match lonlat {
        None => findings.add(
            Severity::Warning,
            &place,
            format!("the extent can't be transformed from {name} to longitude and latitude"),
            Some("are the coordinates really in this CRS?".to_owned()),
        ),
        // two degrees: data of a country end a little outside of its CRS's area
        Some(lonlat)
            if !crs.area_of_use.is_empty()
                && !crs
                    .area_of_use
                    .iter()
                    .any(|area| area.grown(2.0, 2.0).intersects(&lonlat)) =>
        {
            findings.add(
                Severity::Warning,
                &place,
                format!(
                    "the data lie outside the area of use of {name} ({})",
                    crs.area_name
                ),
                Some("are the coordinates really in this CRS?".to_owned()),
            );
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_give_their_names_or_their_fault() {
        assert_eq!(
            template_names("{nom} ({insee})"),
            Some(vec!["nom".to_owned(), "insee".to_owned()])
        );
        assert_eq!(template_names("sans"), Some(vec![]));
        for wrong in ["{nom", "nom}", "{a{b}}", "}{"] {
            assert_eq!(template_names(wrong), None, "{wrong}");
        }
    }
}
