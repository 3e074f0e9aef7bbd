use super::layer::read_scales;
use super::map_entry::{EntryFile, SearchFile};
use super::{Access, MetadataFile, Text, check_schema};
use crate::catalogue::map::{MapService, MapStatus, MapTool, PrintLayout};
use crate::config::diagnostic::{At, Findings, Place, Severity};
use crate::config::reader::{Entry, Fields};
use crate::config::words::{is_language, language_meant};
use crate::config::yaml::{Node, shortened};
use crate::style::ScaleRange;

/// `capabilities/maps/{id}.yaml` as written, or one map of a family.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MapFile {
    /// The file's stem where it says none.
    pub id: At<String>,
    pub aliases: Vec<At<String>>,
    pub title: Option<Text>,
    pub abstract_: Option<Text>,
    pub access: Access,
    pub status: MapStatus,
    pub metadata: MetadataFile,
    /// Empty: the site's.
    pub languages: Vec<At<String>>,
    pub view: ViewFile,
    pub basemaps: Vec<At<String>>,
    /// Top first.
    pub entries: Vec<EntryFile>,
    pub search: Vec<SearchFile>,
    /// `None`: all.
    pub tools: Option<Vec<MapTool>>,
    pub print: PrintFile,
    /// Sites whose pages may show the map in a frame. Empty: all.
    pub frames: Vec<At<String>>,
    /// `None`: all that are served.
    pub services: Option<Vec<MapService>>,
    /// Where the document begins.
    pub place: Place,
}

/// What a map shows first, as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ViewFile {
    pub crs: Option<At<String>>,
    pub extent: Option<At<ExtentFile>>,
    pub scales: ScaleRange,
    pub offer: Vec<At<String>>,
}

/// An extent as written.
#[derive(Debug, Clone, PartialEq)]
pub enum ExtentFile {
    /// x and y of two corners, in the view's CRS.
    Corners([f64; 4]),
    /// What a layer, or the features of it that pass a filter, take in.
    Of {
        layer: At<String>,
        filter: Option<At<String>>,
    },
}

impl Default for ExtentFile {
    fn default() -> ExtentFile {
        ExtentFile::Corners([0.0; 4])
    }
}

/// How a map goes on paper, as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrintFile {
    pub layouts: Option<Vec<PrintLayout>>,
    pub dpi: Option<Vec<u32>>,
    pub sources: Option<bool>,
}

const KEYS: [&str; 20] = [
    "schema",
    "id",
    "aliases",
    "title",
    "abstract",
    "access",
    "status",
    "metadata",
    "record",
    "keywords",
    "languages",
    "view",
    "basemaps",
    "layers",
    "search",
    "tools",
    "print",
    "frames",
    "services",
    "for_each",
];

/// Services of the contract that there is nothing of yet.
const SERVICES_LATER: [&str; 2] = ["atom", "csw"];

impl MapFile {
    /// Reads a document; what is wrong goes to the findings and the rest is read all the same.
    /// `stem` is the id where the document says none.
    pub fn of_tree(tree: Option<&Node>, stem: &str, findings: &mut Findings) -> MapFile {
        let own_name = At {
            value: stem.to_owned(),
            place: Place::default(),
        };
        let nothing = |id| MapFile {
            id,
            access: Access::Unknown,
            ..MapFile::default()
        };
        let Some(tree) = tree else {
            return nothing(own_name);
        };
        let root = Entry::root(tree);
        let fields = Fields::new(&root, &KEYS, findings);
        check_schema(fields.get("schema"), "cartotheque/map@1", findings);
        if !root.is_map() {
            return nothing(own_name);
        }
        for (key, help) in [
            ("title", "e.g. title: Population des communes"),
            ("layers", "e.g. layers: [{layer: communes}]"),
        ] {
            let message = format!("the key {key:?} is missing");
            fields.require(key, &message, help, findings);
        }
        let mut metadata = fields
            .get("metadata")
            .map_or_else(Default::default, |e| MetadataFile::read(&e, findings));
        let keywords = fields.texts("keywords", findings);
        metadata
            .keywords
            .extend(keywords.into_iter().map(|k| k.value));
        if let Some(record) = fields.text_at("record", findings) {
            metadata.record = Some(record);
        }
        let mut text = |key: &str| fields.get(key).and_then(|e| Text::read(&e, findings));
        let (title, abstract_) = (text("title"), text("abstract"));
        MapFile {
            id: fields.text_at("id", findings).unwrap_or(own_name),
            aliases: fields.texts("aliases", findings),
            title,
            abstract_,
            access: Access::of(&fields, findings),
            status: fields
                .get("status")
                .and_then(|e| word(&e, "status", &MapStatus::ALL, MapStatus::name, findings))
                .unwrap_or_default(),
            metadata,
            languages: read_languages(&fields, findings),
            view: fields
                .get("view")
                .map_or_else(ViewFile::default, |e| ViewFile::read(&e, findings)),
            basemaps: fields.texts("basemaps", findings),
            entries: fields
                .get("layers")
                .map_or_else(Vec::new, |e| EntryFile::read_all(&e, findings)),
            search: fields
                .get("search")
                .map(|e| e.items(findings))
                .unwrap_or_default()
                .iter()
                .filter_map(|e| SearchFile::read(e, findings))
                .collect(),
            tools: fields
                .get("tools")
                .map(|e| words(&e, "tool", &MapTool::ALL, MapTool::name, findings)),
            print: fields
                .get("print")
                .map_or_else(PrintFile::default, |e| PrintFile::read(&e, findings)),
            frames: read_frames(&fields, findings),
            services: fields.get("services").map(|e| read_services(&e, findings)),
            place: root.place,
        }
    }
}

impl ViewFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> ViewFile {
        let fields = Fields::new(entry, &["crs", "extent", "scales", "offer"], findings);
        ViewFile {
            crs: fields.text_at("crs", findings),
            extent: fields
                .get("extent")
                .and_then(|e| ExtentFile::read(&e, findings)),
            scales: fields
                .get("scales")
                .map_or_else(ScaleRange::default, |e| read_scales(&e, findings)),
            offer: fields.texts("offer", findings),
        }
    }
}

impl ExtentFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<At<ExtentFile>> {
        let at = |value| At {
            value,
            place: entry.place.clone(),
        };
        if entry.is_map() {
            let fields = Fields::new(entry, &["of", "where"], findings);
            let Some(layer) = fields.text_at("of", findings) else {
                let help = "e.g. extent: {of: departements, where: \"code = '38'\"}";
                findings.error_help(&entry.place, "the key \"of\" is missing", help);
                return None;
            };
            let filter = fields.text_at("where", findings);
            return Some(at(ExtentFile::Of { layer, filter }));
        }
        let help =
            "xmin, ymin, xmax, ymax in the view's CRS, e.g. [624753, 6334556, 1035258, 6642903]";
        if !entry.is_list() {
            let listed = entry.numbers(4).map(|numbers| format!("write [{numbers}]"));
            let help = listed.unwrap_or_else(|| help.to_owned());
            entry.expected_help("four numbers", help, findings);
            return None;
        }
        let items = entry.items(findings);
        let numbers: Vec<f64> = items
            .iter()
            .filter_map(|item| item.number(-1e9, 1e9, findings))
            .collect();
        match *numbers.as_slice() {
            [xmin, ymin, xmax, ymax] if xmin < xmax && ymin < ymax => {
                return Some(at(ExtentFile::Corners([xmin, ymin, xmax, ymax])));
            }
            [xmin, ymin, xmax, ymax] => findings.error_help(
                &entry.place,
                format!(
                    "expected a minimum below the maximum, found x {xmin} to {xmax}, y {ymin} to {ymax}"
                ),
                help,
            ),
            // a number that is none has been told
            _ if numbers.len() < items.len() => {}
            _ => {
                let message = format!("expected four numbers, found {}", items.len());
                findings.error_help(&entry.place, message, help);
            }
        }
        None
    }
}

impl PrintFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> PrintFile {
        let fields = Fields::new(entry, &["layouts", "dpi", "sources"], findings);
        PrintFile {
            layouts: fields
                .get("layouts")
                .map(|e| words(&e, "layout", &PrintLayout::ALL, PrintLayout::name, findings)),
            dpi: fields.get("dpi").map(|e| {
                e.items(findings)
                    .iter()
                    .filter_map(|item| item.integer(72, 600, findings))
                    .filter_map(|dpi| u32::try_from(dpi).ok())
                    .collect()
            }),
            sources: fields.get("sources").and_then(|e| e.boolean(findings)),
        }
    }
}

/// One value by its word.
fn word<T: Copy>(
    entry: &Entry<'_>,
    what: &str,
    all: &[T],
    name: fn(T) -> &'static str,
    findings: &mut Findings,
) -> Option<T> {
    let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
    let word = entry.one_of(what, &names, findings)?;
    all.iter().copied().find(|value| name(*value) == word.value)
}

/// A list of values by their words, each once.
fn words<T: Copy + PartialEq>(
    entry: &Entry<'_>,
    what: &str,
    all: &[T],
    name: fn(T) -> &'static str,
    findings: &mut Findings,
) -> Vec<T> {
    let mut list = Vec::new();
    for item in entry.items(findings) {
        if let Some(value) = word(&item, what, all, name, findings)
            && !list.contains(&value)
        {
            list.push(value);
        }
    }
    list
}

fn read_services(entry: &Entry<'_>, findings: &mut Findings) -> Vec<MapService> {
    let mut services = Vec::new();
    for item in entry.items(findings) {
        let mut unheard = Findings::new(std::path::Path::new(""));
        if let Some(later) = item.text(&mut unheard)
            && SERVICES_LATER.contains(&later.as_str())
        {
            let message = format!("the service {:?} is not served yet", shortened(&later));
            findings.add(Severity::Info, &item.place, message, None);
            continue;
        }
        services.extend(word(
            &item,
            "service",
            &MapService::ALL,
            MapService::name,
            findings,
        ));
    }
    services.dedup();
    if !services.contains(&MapService::Wms) && !findings.has_errors() {
        let message = "without `wms` the page of the map is text and one picture";
        findings.add(Severity::Info, &entry.place, message, None);
    }
    services
}

/// Hosts as a Content-Security-Policy names them (`frame-ancestors`, CSP 3 §6.4.2): nothing that
/// could say more than a host gets into a header.
fn read_frames(fields: &Fields<'_>, findings: &mut Findings) -> Vec<At<String>> {
    let mut frames = fields.texts("frames", findings);
    frames.retain(|frame| {
        let host = frame.value.strip_prefix("https://");
        let host = host.or_else(|| frame.value.strip_prefix("http://"));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        let is_one = host.is_some_and(|host| {
            let host = host.strip_prefix("*.").unwrap_or(host);
            !host.is_empty() && host.chars().all(is_plain)
        });
        if !is_one {
            let message = format!("expected the address of a site, found {:?}", frame.value);
            let help = "e.g. frames: [\"https://www.isere.gouv.fr\", \"https://*.example.org\"]";
            findings.error_help(&frame.place, message, help);
        }
        is_one
    });
    frames
}

fn read_languages(fields: &Fields<'_>, findings: &mut Findings) -> Vec<At<String>> {
    let mut languages = fields.texts("languages", findings);
    languages.retain(|language| {
        let is_one = is_language(&language.value);
        if !is_one {
            findings.error_nearest(
                &language.place,
                format!(
                    "expected a language of two letters, found {:?}",
                    language.value
                ),
                language_meant(&language.value).map(str::to_owned),
                Some("e.g. languages: [fr, en]".to_owned()),
            );
        }
        is_one
    });
    languages
}
