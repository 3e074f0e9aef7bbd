//! The layers of a map: each the layer of the site, with what the map says differently of it.

use std::collections::HashSet;
use std::sync::Arc;

use super::resolve::Resolver;
use crate::catalogue::Layer;
use crate::catalogue::map::{MapEntry, MapGroup, MapLayer, MapSearch, MapTable};
use crate::config::columns::Columns;
use crate::config::diagnostic::{At, Findings};
use crate::config::file::{EntryFile, LayerEntryFile, MapFile, TableFile};
use crate::config::ident;
use crate::decode::cql2_text;
use crate::decode::filter_context::FilterContext;
use crate::error::{Error, Result, nearest};
use crate::query::{BoundFilter, Filter};
use crate::style::{ScaleRange, Style};

/// The layers in entries, top first.
pub fn layers_of(entries: &[MapEntry]) -> impl Iterator<Item = &Arc<Layer>> {
    let mut list = Vec::new();
    collect(entries, &mut list);
    list.into_iter()
}

fn collect<'a>(entries: &'a [MapEntry], list: &mut Vec<&'a Arc<Layer>>) {
    for entry in entries {
        match entry {
            MapEntry::Group(group) => collect(&group.entries, list),
            MapEntry::Layer(layer) => list.push(&layer.layer),
        }
    }
}

impl Resolver<'_> {
    pub fn entries(
        &self,
        file: &MapFile,
        languages: &[String],
        findings: &mut Findings,
    ) -> Vec<MapEntry> {
        let mut walk = Walk {
            resolver: self,
            file,
            languages,
            ids: HashSet::new(),
        };
        let entries = walk.all(&file.entries, findings);
        if entries.is_empty() && !findings.has_errors() {
            let help = "each of its layers is left out, or there is none";
            if file.status != crate::catalogue::map::MapStatus::Draft {
                findings.error_help(&file.place, "the map has no layer to show", help);
            }
        }
        entries
    }

    pub fn search(
        &self,
        file: &MapFile,
        languages: &[String],
        findings: &mut Findings,
    ) -> Vec<MapSearch> {
        let mut list = Vec::with_capacity(file.search.len());
        for written in &file.search {
            let Some(layer) = self.layer(&written.layer, file, findings) else {
                continue;
            };
            let hidden = hidden(layer);
            let columns = columns(layer, &hidden);
            let fields = written
                .fields
                .iter()
                .filter_map(|at| name_of(&columns, at, findings))
                .collect();
            let title = written.title.as_ref();
            list.push(MapSearch {
                layer: layer.id.clone(),
                fields,
                title: title.map_or_else(
                    || layer.title.clone(),
                    |title| title.resolve(languages, findings),
                ),
            });
        }
        list
    }
}

/// A way through the entries of one map.
struct Walk<'a> {
    resolver: &'a Resolver<'a>,
    file: &'a MapFile,
    languages: &'a [String],
    ids: HashSet<String>,
}

impl Walk<'_> {
    fn all(&mut self, entries: &[EntryFile], findings: &mut Findings) -> Vec<MapEntry> {
        let mut list = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry {
                EntryFile::Group {
                    title,
                    is_open,
                    entries,
                    ..
                } => {
                    let title = title.resolve(self.languages, findings);
                    let entries = self.all(entries, findings);
                    // a group whose layers are all left out is left out
                    if !entries.is_empty() {
                        list.push(MapEntry::Group(MapGroup {
                            title,
                            is_open: *is_open,
                            entries,
                        }));
                    }
                }
                EntryFile::Layer(written) => {
                    let layer = self.layer(written, findings);
                    list.extend(layer.map(|layer| MapEntry::Layer(Box::new(layer))));
                }
            }
        }
        list
    }

    fn layer(&mut self, written: &LayerEntryFile, findings: &mut Findings) -> Option<MapLayer> {
        let id = written.id.as_ref().unwrap_or(&written.layer);
        if let Some((message, instead)) = written.id.as_ref().and_then(|at| ident::fault(&at.value))
        {
            findings.error_nearest(&id.place, message, instead, None);
        }
        if !self.ids.insert(id.value.clone()) {
            let message = format!("two layers of the map have the id {:?}", id.value);
            let help = format!("give one of them another, e.g. id: {}-2", id.value);
            findings.error_help(&id.place, message, help);
        }
        let base = self.resolver.layer(&written.layer, self.file, findings)?;
        let hidden = hidden(base);
        let columns = columns(base, &hidden);
        let popup = written.popup.as_ref();
        let popup = popup.map(|popup| columns.popup(popup, self.languages, findings));
        let label = columns.visible(written.label.as_ref(), findings);
        let table = written.table.as_ref();
        let table = table.map(|table| self.table(table, &columns, findings));
        let styles = styles(written, base, findings);
        let title = written.title.as_ref();
        let title = title.map(|title| title.resolve(self.languages, findings));
        let filter = written.filter.as_ref();
        let store = match filter {
            Some(text) => self.part(text, base, findings)?,
            None => Arc::clone(&base.store),
        };
        let opacity = written.opacity.unwrap_or(1.0);
        let own = Layer {
            id: id.value.clone(),
            title: title.unwrap_or_else(|| base.title.clone()),
            store,
            styles,
            popup: popup.or_else(|| base.popup.clone()),
            label: label.or(base.label),
            scales: scales(written.scales, base.scales),
            of: Some(Arc::clone(base)),
            ..Layer::clone(base)
        };
        Some(MapLayer {
            id: own.id.clone(),
            layer: Arc::new(own),
            of: base.id.clone(),
            is_visible: written.is_visible,
            opacity,
            filter: filter.map(|text| text.value.clone()),
            table,
        })
    }

    fn table(
        &self,
        written: &TableFile,
        columns: &Columns<'_>,
        findings: &mut Findings,
    ) -> MapTable {
        let mut names: Vec<String> = written
            .columns
            .iter()
            .filter_map(|at| name_of(columns, at, findings))
            .collect();
        if written.columns.is_empty() {
            let all = columns.schema.fields.iter().enumerate();
            let shown = all.filter(|(column, _)| !columns.hidden.contains(column));
            names = shown.map(|(_, field)| field.name.clone()).collect();
        }
        let sort = written.sort.as_ref().and_then(|at| {
            let words: Vec<&str> = at.value.split_whitespace().collect();
            if let [name, order] = *words.as_slice()
                && columns.schema.column(name).is_some()
            {
                let message = format!("no field {:?} in {:?}", at.value, columns.layer);
                let help = match order.to_lowercase().starts_with("desc") {
                    true => format!("write -{name} for the largest first"),
                    false => format!("write {name}"),
                };
                findings.error_help(&at.place, message, help);
                return None;
            }
            let (sign, name) = match at.value.strip_prefix('-') {
                Some(name) => ("-", name),
                None => ("", at.value.as_str()),
            };
            let at = At {
                value: name.to_owned(),
                place: at.place.clone(),
            };
            name_of(columns, &at, findings).map(|name| format!("{sign}{name}"))
        });
        MapTable {
            title: written
                .title
                .as_ref()
                .map(|title| title.resolve(self.languages, findings)),
            columns: names,
            sort,
            zooms: written.zooms,
            export: written.export.clone(),
        }
    }

    /// The part of a layer's features that a filter leaves.
    fn part(
        &self,
        text: &At<String>,
        base: &Arc<Layer>,
        findings: &mut Findings,
    ) -> Option<Arc<dyn crate::store::FeatureStore>> {
        let filter = parse_filter(text, base, findings)?;
        match bind_filter(&filter, base) {
            Ok(bound) => {
                let said = format!("{}{}", text.value, types_said(&bound, base));
                Some(self.resolver.parts.get(&base.store, bound, &said))
            }
            Err(error) => {
                tell_filter(&error, text, base, findings);
                None
            }
        }
    }
}

/// What a filter depends on beside its text: the types that the layer's file says of its columns.
fn types_said(filter: &BoundFilter, layer: &Layer) -> String {
    let stored = &layer.store.schema().fields;
    let said = filter.columns().into_iter().filter_map(|column| {
        let seen = layer.fields.iter().find(|field| field.column == column)?;
        let own = stored.get(column)?;
        (own.kind != seen.kind).then(|| format!("\n{column}: {}", seen.kind.name()))
    });
    said.collect()
}

/// Binds a filter to the columns of a layer, hidden ones among them, with the types that its file
/// says: what a map filters by is what a request would.
///
/// # Errors
/// `FieldNotDefined`, `InvalidFilter`; also for a literal that its column can't be compared with.
pub fn bind_filter(filter: &Filter, layer: &Layer) -> Result<BoundFilter> {
    let mut schema = layer.store.schema().clone();
    for seen in &layer.fields {
        if let Some(field) = schema.fields.get_mut(seen.column) {
            field.kind = seen.kind;
        }
    }
    filter.check_types(&schema)?;
    filter.bind(&schema)
}

/// Reads a filter in CQL2; its geometries are in the layer's CRS where they name none.
pub fn parse_filter(text: &At<String>, layer: &Layer, findings: &mut Findings) -> Option<Filter> {
    let context = FilterContext::new(layer.crs.clone()).with_filter_crs(layer.crs.clone());
    match cql2_text::parse(&text.value, &context) {
        Ok(filter) => Some(filter),
        Err(error) => {
            tell_filter(&error, text, layer, findings);
            None
        }
    }
}

/// That a layer has no such field.
pub fn tell_missing(layer: &Layer, field: &At<String>, findings: &mut Findings) {
    let hidden = HashSet::new();
    let (message, help) = columns(layer, &hidden).missing(&field.value);
    findings.error_help(&field.place, message, help);
}

/// What is wrong with a filter.
pub fn tell_filter(error: &Error, text: &At<String>, layer: &Layer, findings: &mut Findings) {
    match error {
        Error::FieldNotDefined { field, .. } => {
            let hidden = HashSet::new();
            let (message, help) = columns(layer, &hidden).missing(field);
            let help = match is_compared(field, &text.value) {
                true => format!("a text stands between single quotes: '{field}'; {help}"),
                false => help,
            };
            findings.error_help(&text.place, message, help);
        }
        Error::InvalidFilter { message } => findings.error_help(
            &text.place,
            format!("the filter {:?}: {message}", text.value),
            filter_help(&text.value),
        ),
        other => findings.error(&text.place, format!("the filter: {other}")),
    }
}

/// True where a word stands where a filter has a value: behind `=`, `LIKE`, in `IN (…)`.
fn is_compared(word: &str, filter: &str) -> bool {
    filter.match_indices(word).any(|(at, _)| {
        let before = filter.get(..at).unwrap_or("").to_lowercase();
        let before = before.trim_end_matches([' ', '"']);
        before.ends_with(['=', '<', '>'])
            || [" like", " ilike"].iter().any(|end| before.ends_with(end))
            || before.contains(" in (") && !before.ends_with(')')
    })
}

/// What helps who wrote a filter that can't be read.
fn filter_help(filter: &str) -> &'static str {
    if filter.contains("==") {
        "equal is one =, e.g. \"nom = 'Ain'\""
    } else if filter.contains("!=") {
        "unequal is <>, e.g. \"nom <> 'Ain'\""
    } else if filter.contains("&&") || filter.contains("||") {
        "conditions are joined by AND and OR"
    } else if filter.matches('\'').count() % 2 == 1 {
        "an apostrophe inside a text is written twice, e.g. \"nom = 'L''Isle'\""
    } else if filter.contains('=') && !filter.contains('\'') {
        "a text stands between single quotes, e.g. \"nom = 'Haute-Savoie'\""
    } else {
        "a filter is CQL2, e.g. \"population > 1000 AND nom LIKE 'Saint%'\""
    }
}

/// The columns that people do not see.
fn hidden(layer: &Layer) -> HashSet<usize> {
    let shown: HashSet<usize> = layer.fields.iter().map(|field| field.column).collect();
    (0..layer.store.schema().fields.len())
        .filter(|column| !shown.contains(column))
        .collect()
}

fn columns<'a>(layer: &'a Layer, hidden: &'a HashSet<usize>) -> Columns<'a> {
    Columns {
        layer: &layer.id,
        schema: layer.store.schema(),
        hidden,
    }
}

/// The name of a column that people see, as the data spell it.
fn name_of(columns: &Columns<'_>, at: &At<String>, findings: &mut Findings) -> Option<String> {
    let column = columns.visible(Some(at), findings)?;
    let field = columns.schema.fields.get(column)?;
    Some(field.name.clone())
}

/// What the map says; what it leaves open is the layer's.
fn scales(written: Option<ScaleRange>, own: ScaleRange) -> ScaleRange {
    let said = written.unwrap_or_default();
    ScaleRange {
        min: said.min.or(own.min),
        max: said.max.or(own.max),
    }
}

/// The styles that are offered, the one that is shown first.
fn styles(written: &LayerEntryFile, base: &Layer, findings: &mut Findings) -> Vec<Arc<Style>> {
    let mut find = |at: &At<String>| {
        let found = base.styles.iter().find(|style| style.id == at.value);
        if found.is_none() {
            let ids = || base.styles.iter().map(|style| style.id.as_str());
            let message = format!("no style {:?} of {:?}", at.value, base.id);
            let others = format!("its styles: {}", ids().collect::<Vec<_>>().join(", "));
            findings.error_nearest(&at.place, message, nearest(&at.value, ids()), Some(others));
        }
        found.map(Arc::clone)
    };
    let shown = written.style.as_ref().and_then(&mut find);
    let offered: Vec<Arc<Style>> = match written.styles.as_slice() {
        [] => base.styles.clone(),
        said => said.iter().filter_map(find).collect(),
    };
    let mut styles: Vec<Arc<Style>> = shown.into_iter().collect();
    for style in offered {
        if !styles.iter().any(|known| Arc::ptr_eq(known, &style)) {
            styles.push(style);
        }
    }
    styles
}
