//! The columns of a layer as its file names them: fields, popups, times, ids.

use std::collections::HashSet;

use super::build::Ingredients;
use super::diagnostic::{At, Findings};
use super::file::{LayerFile, PopupFile};
use crate::catalogue::{LayerField, LayerTime, LocalText, Popup, PopupField};
use crate::encode::feature::gml;
use crate::feature::{FieldType, Schema};

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

    /// The fault and the hint for a name that no column has.
    pub fn missing(&self, name: &str) -> (String, String) {
        let message = format!("no field {name:?} in {:?}", self.layer);
        // as in the title of a popup, and in SQL
        let bare = name.trim_start_matches('{').trim_end_matches('}');
        if bare != name && self.schema.column(bare).is_some() {
            return (message, format!("write {bare}, without braces"));
        }
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
    pub fn fields(&self, from: Ingredients<'_>, findings: &mut Findings) -> Vec<LayerField> {
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

    /// The popup that the file describes; names that no column has are findings.
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
    pub fn time(
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

/// True where values of one kind can be shown as another.
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
