use std::path::Path;

use super::xml_names::{read_element, read_geometry_names, read_namespace};
use super::{Text, check_schema, licence, read_tree};
use crate::catalogue;
use crate::catalogue::ShownAs;
use crate::config::diagnostic::{At, Findings, Place, Severity};
use crate::config::reader::{Entry, Fields};
use crate::config::words::{COVADIS_THEMES, INSPIRE_THEMES};
use crate::config::yaml::shortened;
use crate::feature::FieldType;
use crate::style::ScaleRange;

/// `capabilities/layers/{id}.yaml` as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LayerFile {
    /// The file's stem where it says none.
    pub id: At<String>,
    pub title: Option<Text>,
    pub abstract_: Option<Text>,
    pub source: Option<At<Source>>,
    pub id_column: Option<At<String>>,
    pub namespace: Option<At<catalogue::Namespace>>,
    pub geometry_name: catalogue::GeometryNames,
    /// Only where the data do not say.
    pub crs: Option<At<String>>,
    pub styles: Vec<At<String>>,
    pub fields: Vec<FieldFile>,
    pub popup: Option<PopupFile>,
    pub label: Option<At<String>>,
    /// One field, or the fields of the beginning and the end.
    pub time: Vec<At<String>>,
    pub scales: ScaleRange,
    pub record: Option<At<String>>,
    pub metadata: MetadataFile,
    pub attribution: Option<String>,
    pub access: Access,
    pub queryable: Option<bool>,
}

/// Where the data come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A path relative to the served folder.
    File(String),
    /// Remote data, a database: named in the contract, not served yet.
    NotYet(&'static str),
}

impl Default for Source {
    fn default() -> Source {
        Source::File(String::new())
    }
}

/// Who may see a layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Access {
    /// Not said: as the site has it.
    #[default]
    Inherited,
    Public,
    Roles {
        roles: Vec<At<String>>,
        place: Place,
    },
    /// Written wrong: nobody, for safety.
    Nobody,
    /// The file can't be read.
    Unknown,
}

/// One column as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldFile {
    pub name: At<String>,
    pub label: Option<Text>,
    pub unit: Option<String>,
    pub decimals: Option<u8>,
    /// The type where the file cannot say it.
    pub kind: Option<At<FieldType>>,
    pub hidden: bool,
    /// People search and filter by it often.
    pub index: bool,
    /// The name in XML.
    pub element: Option<At<String>>,
    /// In XML it is there of each feature.
    pub required: bool,
}

/// What a click shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PopupFile {
    pub title: Option<At<String>>,
    pub fields: Vec<PopupFieldFile>,
}

/// A field of a popup, and how it stands there.
#[derive(Debug, Clone, PartialEq)]
pub struct PopupFieldFile {
    pub name: At<String>,
    pub label: Option<Text>,
    pub unit: Option<String>,
    pub decimals: Option<u8>,
    pub shown_as: ShownAs,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetadataFile {
    pub organisation: Option<String>,
    pub contact: Option<String>,
    pub licence: Option<String>,
    pub inspire: Vec<String>,
    pub covadis: Vec<String>,
    pub keywords: Vec<String>,
    pub created: Option<String>,
    pub revised: Option<String>,
    pub record: Option<At<String>>,
    pub identifier: Option<String>,
    pub lineage: Option<String>,
}

const KEYS: [&str; 21] = [
    "schema",
    "id",
    "title",
    "abstract",
    "source",
    "id_column",
    "namespace",
    "geometry_name",
    "crs",
    "styles",
    "fields",
    "popup",
    "label",
    "time",
    "scales",
    "record",
    "metadata",
    "attribution",
    "access",
    "queryable",
    "keywords",
];

const FIELD_TYPES: [(&str, FieldType); 9] = [
    ("text", FieldType::Text),
    ("integer", FieldType::Integer),
    ("long", FieldType::Long),
    ("number", FieldType::Float),
    ("boolean", FieldType::Bool),
    ("date", FieldType::Date),
    ("date-time", FieldType::DateTime),
    ("json", FieldType::Json),
    ("binary", FieldType::Binary),
];

impl LayerFile {
    /// Reads a file; what is wrong goes to the findings and the rest is read all the same.
    pub fn read(path: &Path, findings: &mut Findings) -> LayerFile {
        let tree = read_tree(path, findings);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        LayerFile::of_tree(tree.as_ref(), &stem, findings)
    }

    /// The same, of a tree; `stem` is the id where the tree says none.
    pub fn of_tree(
        tree: Option<&crate::config::yaml::Node>,
        stem: &str,
        findings: &mut Findings,
    ) -> LayerFile {
        let own_name = At {
            value: stem.to_owned(),
            place: Place::default(),
        };
        let Some(tree) = tree else {
            return LayerFile {
                id: own_name,
                access: Access::Unknown,
                ..LayerFile::default()
            };
        };
        let root = Entry::root(tree);
        let fields = Fields::new(&root, &KEYS, findings);
        check_schema(fields.get("schema"), "cartotheque/layer@1", findings);
        if !root.is_map() {
            return LayerFile {
                id: own_name,
                access: Access::Unknown,
                ..LayerFile::default()
            };
        }
        let mut metadata = fields
            .get("metadata")
            .map_or_else(Default::default, |e| MetadataFile::read(&e, findings));
        let keywords = fields.texts("keywords", findings);
        metadata
            .keywords
            .extend(keywords.into_iter().map(|k| k.value));
        let source = fields.get("source");
        fields.require(
            "source",
            "the key \"source\" is missing: expected where the data are",
            "e.g. source: {file: data/communes.fgb}",
            findings,
        );
        LayerFile {
            id: fields.text_at("id", findings).unwrap_or(own_name),
            title: fields.get("title").and_then(|e| Text::read(&e, findings)),
            abstract_: fields
                .get("abstract")
                .and_then(|e| Text::read(&e, findings)),
            source: source.and_then(|e| read_source(&e, findings)),
            id_column: fields.text_at("id_column", findings),
            namespace: fields
                .get("namespace")
                .and_then(|e| read_namespace(&e, findings)),
            geometry_name: fields
                .get("geometry_name")
                .map_or_else(Default::default, |e| read_geometry_names(&e, findings)),
            crs: fields.text_at("crs", findings),
            styles: fields.texts("styles", findings),
            fields: read_fields(fields.get("fields"), findings),
            popup: fields.get("popup").map(|e| PopupFile::read(&e, findings)),
            label: fields.text_at("label", findings),
            time: fields
                .get("time")
                .map_or_else(Vec::new, |e| read_time(&e, findings)),
            scales: fields
                .get("scales")
                .map_or_else(ScaleRange::default, |e| read_scales(&e, findings)),
            record: fields
                .text_at("record", findings)
                .or_else(|| metadata.record.clone()),
            metadata,
            attribution: fields.text("attribution", findings),
            access: Access::of(&fields, findings),
            queryable: fields.get("queryable").and_then(|e| e.boolean(findings)),
        }
    }
}

fn read_source(entry: &Entry<'_>, findings: &mut Findings) -> Option<At<Source>> {
    if !entry.is_map() {
        let help = match entry.text(&mut Findings::new(Path::new(""))) {
            Some(text) => format!("write source: {{file: {text}}}"),
            None => "e.g. source: {file: data/communes.fgb}".to_owned(),
        };
        entry.expected_help("a mapping", help, findings);
        return None;
    }
    let fields = Fields::new(entry, &["file", "url", "refresh", "postgis"], findings);
    let found: Vec<_> = ["file", "url", "postgis"]
        .into_iter()
        .filter_map(|key| fields.get(key).map(|value| (key, value)))
        .collect();
    let source = match found.as_slice() {
        [("file", value)] => {
            let path = value.text_at(findings)?;
            return Some(At {
                value: Source::File(path.value),
                place: path.place,
            });
        }
        [(key, _)] => Source::NotYet(key),
        [] => {
            let help = "e.g. source: {file: data/communes.fgb}";
            let message = "this source has no \"file\"";
            fields.require("file", message, help, findings);
            return None;
        }
        _ => {
            findings.error(&entry.place, "expected one source, found several");
            return None;
        }
    };
    Some(At {
        value: source,
        place: entry.place.clone(),
    })
}

fn read_fields(entry: Option<Entry<'_>>, findings: &mut Findings) -> Vec<FieldFile> {
    let items = entry.map(|e| e.items(findings)).unwrap_or_default();
    let mut fields: Vec<FieldFile> = Vec::with_capacity(items.len());
    for item in &items {
        let Some(field) = FieldFile::read(item, findings) else {
            continue;
        };
        if fields.iter().any(|f| f.name.value == field.name.value) {
            let message = format!("the field {:?} is listed twice", field.name.value);
            findings.error_help(&field.name.place, message, "keep one of them");
        } else {
            fields.push(field);
        }
    }
    fields
}

impl FieldFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<FieldFile> {
        let plain = |name| FieldFile {
            name,
            label: None,
            unit: None,
            decimals: None,
            kind: None,
            hidden: false,
            index: false,
            element: None,
            required: false,
        };
        if !entry.is_map() {
            return entry.text_at(findings).map(plain);
        }
        let keys = [
            "name", "label", "unit", "decimals", "type", "hidden", "index", "element", "required",
        ];
        let fields = Fields::new(entry, &keys, findings);
        let Some(name) = fields.text_at("name", findings) else {
            let help = "write {name: COLUMN, label: …}";
            findings.error_help(&entry.place, "this field has no \"name\"", help);
            return None;
        };
        let words: Vec<&str> = FIELD_TYPES.iter().map(|(word, _)| *word).collect();
        let kind = fields.get("type").and_then(|e| {
            let word = e.one_of("type", &words, findings)?;
            let (_, kind) = FIELD_TYPES.iter().find(|(w, _)| *w == word.value)?;
            Some(At {
                value: *kind,
                place: word.place,
            })
        });
        Some(FieldFile {
            label: fields.get("label").and_then(|e| Text::read(&e, findings)),
            unit: fields.text("unit", findings),
            decimals: fields
                .get("decimals")
                .and_then(|e| e.integer(0, 15, findings))
                .and_then(|n| u8::try_from(n).ok()),
            kind,
            hidden: fields
                .get("hidden")
                .and_then(|e| e.boolean(findings))
                .unwrap_or(false),
            index: fields
                .get("index")
                .and_then(|e| e.boolean(findings))
                .unwrap_or(false),
            element: fields
                .get("element")
                .and_then(|e| read_element(&e, findings)),
            required: fields
                .get("required")
                .and_then(|e| e.boolean(findings))
                .unwrap_or(false),
            ..plain(name)
        })
    }
}

impl PopupFile {
    pub fn read(entry: &Entry<'_>, findings: &mut Findings) -> PopupFile {
        let fields = Fields::new(entry, &["title", "fields"], findings);
        let items = fields.get("fields").map(|e| e.items(findings));
        PopupFile {
            title: fields.text_at("title", findings),
            fields: items
                .unwrap_or_default()
                .iter()
                .filter_map(|item| PopupFieldFile::read(item, findings))
                .collect(),
        }
    }
}

impl PopupFieldFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<PopupFieldFile> {
        let plain = |name| PopupFieldFile {
            name,
            label: None,
            unit: None,
            decimals: None,
            shown_as: ShownAs::Text,
        };
        if !entry.is_map() {
            return entry.text_at(findings).map(plain);
        }
        let keys = ["name", "label", "unit", "decimals", "as"];
        let fields = Fields::new(entry, &keys, findings);
        let Some(name) = fields.text_at("name", findings) else {
            let help = "write {name: COLUMN, label: …}";
            findings.error_help(&entry.place, "this field has no \"name\"", help);
            return None;
        };
        let words = ShownAs::ALL.map(ShownAs::name);
        let shown_as = fields.get("as").and_then(|e| {
            let word = e.one_of("way to show a field", &words, findings)?;
            ShownAs::ALL.into_iter().find(|s| s.name() == word.value)
        });
        Some(PopupFieldFile {
            label: fields.get("label").and_then(|e| Text::read(&e, findings)),
            unit: fields.text("unit", findings),
            decimals: fields
                .get("decimals")
                .and_then(|e| e.integer(0, 15, findings))
                .and_then(|n| u8::try_from(n).ok()),
            shown_as: shown_as.unwrap_or_default(),
            ..plain(name)
        })
    }
}

impl MetadataFile {
    pub fn read(entry: &Entry<'_>, findings: &mut Findings) -> MetadataFile {
        let keys = [
            "organisation",
            "contact",
            "licence",
            "inspire",
            "covadis",
            "keywords",
            "created",
            "revised",
            "record",
            "identifier",
            "lineage",
        ];
        let fields = Fields::new(entry, &keys, findings);
        let themes = |key: &str, known: &[&str], findings: &mut Findings| -> Vec<String> {
            let items = fields.get(key).map(|e| e.items(findings));
            items
                .unwrap_or_default()
                .iter()
                .filter_map(|item| item.one_of("theme", known, findings))
                .map(|at| at.value)
                .collect()
        };
        let metadata = MetadataFile {
            inspire: themes("inspire", &INSPIRE_THEMES, findings),
            covadis: themes("covadis", &COVADIS_THEMES, findings),
            organisation: fields.text("organisation", findings),
            contact: fields.get("contact").and_then(|e| e.email(findings)),
            licence: fields.get("licence").and_then(|e| licence(&e, findings)),
            keywords: fields
                .texts("keywords", findings)
                .into_iter()
                .map(|at| at.value)
                .collect(),
            created: fields.get("created").and_then(|e| e.date(findings)),
            revised: fields.get("revised").and_then(|e| e.date(findings)),
            record: fields.text_at("record", findings),
            identifier: fields.text("identifier", findings),
            lineage: fields.text("lineage", findings),
        };
        if let (Some(created), Some(revised)) = (&metadata.created, &metadata.revised)
            && created > revised
            && let Some(at) = fields.get("revised")
        {
            findings.add(
                Severity::Warning,
                &at.place,
                format!("revised ({revised}) before it was created ({created})"),
                None,
            );
        }
        metadata
    }
}

/// `time: field`, or `time: [start, end]`.
fn read_time(entry: &Entry<'_>, findings: &mut Findings) -> Vec<At<String>> {
    if !entry.is_list() {
        return entry.text_at(findings).into_iter().collect();
    }
    let names: Vec<_> = entry
        .items(findings)
        .iter()
        .filter_map(|item| item.text_at(findings))
        .collect();
    if names.len() != 2 {
        let help = "write time: FIELD, or time: [START, END]";
        let message = format!("expected one field or two, found {}", names.len());
        findings.error_help(&entry.place, message, help);
    }
    names
}

pub(super) fn read_scales(entry: &Entry<'_>, findings: &mut Findings) -> ScaleRange {
    let fields = Fields::new(entry, &["min", "max"], findings);
    let mut read = |key| {
        let entry = fields.get(key)?;
        entry.number(1.0, 1e12, findings)
    };
    let scales = ScaleRange {
        min: read("min"),
        max: read("max"),
    };
    if let (Some(min), Some(max)) = (scales.min, scales.max)
        && min >= max
    {
        findings.error_help(
            &entry.place,
            format!("expected min below max, found {min} and {max}"),
            "scales are denominators: {min: 1000, max: 250000} is 1:250 000 to 1:1000",
        );
    }
    scales
}

impl Access {
    /// Who may see it, as the catalogue has it: what is written nearest to a thing decides, so
    /// that the site's own word holds only where the thing says none.
    pub fn settled(&self, site: &Access) -> catalogue::Access {
        match (self, site) {
            (Access::Inherited, Access::Inherited) | (Access::Public, _) => {
                catalogue::Access::Public
            }
            (Access::Inherited, site) => site.settled(&Access::Public),
            (Access::Roles { roles, .. }, _) => {
                catalogue::Access::Roles(roles.iter().map(|role| role.value.clone()).collect())
            }
            (Access::Nobody | Access::Unknown, _) => catalogue::Access::Roles(Vec::new()),
        }
    }

    /// What a file says under `access`.
    ///
    /// A key without a value, or one that is nearly called so, was meant to restrict: nobody, for
    /// safety.
    pub(super) fn of(fields: &Fields<'_>, findings: &mut Findings) -> Access {
        match fields.said("access") {
            Some(entry) => Access::read(&entry, findings),
            // that the key is unknown has been said
            None if fields.has_nearly("access") => Access::Nobody,
            None => Access::Inherited,
        }
    }

    fn read(entry: &Entry<'_>, findings: &mut Findings) -> Access {
        let help = "write access: public, or access: {roles: [ddt-38]}";
        if entry.is_null() || entry.is_list() {
            entry.expected_help("`public` or roles", help, findings);
            return Access::Nobody;
        }
        if entry.is_map() {
            let fields = Fields::new(entry, &["roles"], findings);
            let roles = fields.texts("roles", findings);
            if roles.is_empty() {
                let help = "e.g. access: {roles: [ddt-38]}";
                entry.expected_help("at least one role", help, findings);
                return Access::Nobody;
            }
            return Access::Roles {
                roles,
                place: entry.place.clone(),
            };
        }
        match entry.text(findings).as_deref() {
            Some("public") => return Access::Public,
            Some(other) => {
                let message = format!("unknown access {:?}", shortened(other));
                findings.error_help(&entry.place, message, help);
            }
            None => {}
        }
        Access::Nobody
    }
}
