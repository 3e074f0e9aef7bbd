use super::layer::read_scales;
use super::{PopupFile, Text};
use crate::config::diagnostic::{At, Findings, Place};
use crate::config::reader::{Entry, Fields};
use crate::config::slips::key_meant;
use crate::style::ScaleRange;

/// What stands in a map's list of layers, as written.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryFile {
    Group {
        title: Text,
        is_open: bool,
        entries: Vec<EntryFile>,
        place: Place,
    },
    Layer(Box<LayerEntryFile>),
}

/// A layer in a map: what the map says differently of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerEntryFile {
    pub layer: At<String>,
    /// Where a layer stands twice in a map.
    pub id: Option<At<String>>,
    pub title: Option<Text>,
    pub is_visible: bool,
    pub opacity: Option<f64>,
    pub scales: Option<ScaleRange>,
    /// The one that it is shown in.
    pub style: Option<At<String>>,
    /// Those that are offered; empty: all.
    pub styles: Vec<At<String>>,
    /// CQL2.
    pub filter: Option<At<String>>,
    pub popup: Option<PopupFile>,
    pub label: Option<At<String>>,
    pub table: Option<TableFile>,
    pub place: Place,
}

/// A table of a layer's features, as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableFile {
    pub title: Option<Text>,
    /// Empty: all.
    pub columns: Vec<At<String>>,
    pub sort: Option<At<String>>,
    pub zooms: bool,
    pub export: Vec<String>,
}

/// A search, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchFile {
    pub layer: At<String>,
    pub fields: Vec<At<String>>,
    pub title: Option<Text>,
}

const LAYER_KEYS: [&str; 12] = [
    "layer", "id", "title", "visible", "opacity", "scales", "style", "styles", "filter", "popup",
    "label", "table",
];

const GROUP_KEYS: [&str; 3] = ["group", "open", "layers"];

/// Formats of a table's download.
const EXPORTS: [&str; 1] = ["csv"];

impl EntryFile {
    pub fn read_all(entry: &Entry<'_>, findings: &mut Findings) -> Vec<EntryFile> {
        if entry.is_map() {
            let mut unheard = Findings::new(std::path::Path::new(""));
            let pairs = entry.entries(&mut unheard);
            let first = pairs.first().map_or("communes", |pair| pair.key);
            let help = format!("a line for each layer: - {{layer: {first}}}");
            entry.expected_help("a list", help, findings);
            return Vec::new();
        }
        entry
            .items(findings)
            .iter()
            .filter_map(|item| EntryFile::read(item, findings))
            .collect()
    }

    fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<EntryFile> {
        if !entry.is_map() {
            // a bare name is the layer as it is
            let layer = entry.text_at(findings)?;
            return Some(EntryFile::Layer(Box::new(LayerEntryFile::plain(
                layer,
                &entry.place,
            ))));
        }
        let mut unheard = Findings::new(std::path::Path::new(""));
        let pairs = entry.entries(&mut unheard);
        let has = |key: &str| pairs.iter().any(|pair| pair.key == key);
        let means_group = || {
            let meant = pairs.iter().map(|pair| key_meant(pair.key, &GROUP_KEYS));
            meant.flatten().any(|key| key == "group")
        };
        let is_group = has("group") || (!has("layer") && means_group());
        if is_group {
            return EntryFile::read_group(entry, findings);
        }
        LayerEntryFile::read(entry, findings).map(|layer| EntryFile::Layer(Box::new(layer)))
    }

    fn read_group(entry: &Entry<'_>, findings: &mut Findings) -> Option<EntryFile> {
        let fields = Fields::new(entry, &GROUP_KEYS, findings);
        let title = fields.get("group").and_then(|e| Text::read(&e, findings));
        let entries = match fields.get("layers") {
            Some(layers) => EntryFile::read_all(&layers, findings),
            None => {
                let help = "e.g. {group: Protections, layers: [{layer: sites-classes}]}";
                findings.error_help(&entry.place, "this group has no \"layers\"", help);
                Vec::new()
            }
        };
        Some(EntryFile::Group {
            title: title?,
            is_open: fields
                .get("open")
                .and_then(|e| e.boolean(findings))
                .unwrap_or(true),
            entries,
            place: entry.place.clone(),
        })
    }
}

impl LayerEntryFile {
    fn plain(layer: At<String>, place: &Place) -> LayerEntryFile {
        LayerEntryFile {
            layer,
            id: None,
            title: None,
            is_visible: true,
            opacity: None,
            scales: None,
            style: None,
            styles: Vec::new(),
            filter: None,
            popup: None,
            label: None,
            table: None,
            place: place.clone(),
        }
    }

    fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<LayerEntryFile> {
        let fields = Fields::new(entry, &LAYER_KEYS, findings);
        let Some(layer) = fields.text_at("layer", findings) else {
            let help = "e.g. {layer: communes}, or {group: Limites, layers: […]}";
            let message = "expected a \"layer\" or a \"group\" here";
            fields.require("layer", message, help, findings);
            return None;
        };
        Some(LayerEntryFile {
            id: fields.text_at("id", findings),
            title: fields.get("title").and_then(|e| Text::read(&e, findings)),
            is_visible: fields
                .get("visible")
                .and_then(|e| e.boolean(findings))
                .unwrap_or(true),
            opacity: fields
                .get("opacity")
                .and_then(|e| e.number(0.0, 1.0, findings)),
            scales: fields.get("scales").map(|e| read_scales(&e, findings)),
            style: fields.text_at("style", findings),
            styles: fields.texts("styles", findings),
            filter: fields.text_at("filter", findings),
            popup: fields.get("popup").map(|e| PopupFile::read(&e, findings)),
            label: fields.text_at("label", findings),
            table: fields.get("table").map(|e| TableFile::read(&e, findings)),
            ..LayerEntryFile::plain(layer, &entry.place)
        })
    }
}

impl TableFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> TableFile {
        let keys = ["title", "columns", "sort", "zoom", "export"];
        let fields = Fields::new(entry, &keys, findings);
        let export = fields.get("export").map(|e| e.items(findings));
        TableFile {
            title: fields.get("title").and_then(|e| Text::read(&e, findings)),
            columns: fields.texts("columns", findings),
            sort: fields.text_at("sort", findings),
            zooms: fields
                .get("zoom")
                .and_then(|e| e.boolean(findings))
                .unwrap_or(true),
            export: export
                .unwrap_or_default()
                .iter()
                .filter_map(|item| item.one_of("format", &EXPORTS, findings))
                .map(|at| at.value)
                .collect(),
        }
    }
}

impl SearchFile {
    pub fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<SearchFile> {
        let fields = Fields::new(entry, &["layer", "fields", "title"], findings);
        let Some(layer) = fields.text_at("layer", findings) else {
            let help = "e.g. {layer: communes, fields: [nom, insee], title: Commune}";
            findings.error_help(&entry.place, "this search has no \"layer\"", help);
            return None;
        };
        let names = fields.texts("fields", findings);
        if names.is_empty() {
            let help = "e.g. fields: [nom, insee]";
            findings.error_help(&entry.place, "this search has no \"fields\"", help);
        }
        Some(SearchFile {
            layer,
            fields: names,
            title: fields.get("title").and_then(|e| Text::read(&e, findings)),
        })
    }
}
