use std::path::Path;

use super::identities::{IdentitiesFile, Secret, check_role};
use super::xml_names::read_namespace;
use super::{Access, Text, check_schema, licence, read_tree};
use crate::catalogue::{Contact, Namespace};
use crate::config::diagnostic::{At, Findings, Place};
use crate::config::reader::{Entry, Fields, Pair, may_mean};
use crate::config::words::{CONTACT_ROLES, is_language, is_url, language_meant};
use crate::error::nearest;
use crate::operation::Limits;

/// `capabilities/server.yaml` as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerFile {
    pub title: Option<Text>,
    pub abstract_: Option<Text>,
    pub keywords: Vec<String>,
    /// Two-letter codes; the first is the default. Empty: not said.
    pub languages: Vec<String>,
    pub contact: ContactFile,
    pub licence: Option<String>,
    /// The XML namespace of features.
    pub namespace: Option<At<Namespace>>,
    /// Empty: not said.
    pub crs: Vec<At<String>>,
    pub groups: Vec<GroupFile>,
    pub basemaps: Vec<Basemap>,
    pub roles: Vec<RoleFile>,
    /// Who may see what says nothing of its own.
    pub access: Access,
    /// By what people prove their roles, beside the keys of each.
    pub identities: IdentitiesFile,
    pub limits: Limits,
    pub cache: CacheFile,
}

/// The contact, complete: it needs no resolving.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContactFile(pub Contact);

/// A group of layers: a name where it has an id, else a category.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupFile {
    pub id: Option<At<String>>,
    pub title: Option<Text>,
    pub abstract_: Option<Text>,
    pub items: Vec<GroupItem>,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq)]
pub enum GroupItem {
    Layer(At<String>),
    Group(GroupFile),
}

/// A map under the layers of a map: from elsewhere, for viewers, or of layers of this server.
#[derive(Debug, Clone, PartialEq)]
pub struct Basemap {
    pub id: String,
    pub title: Option<Text>,
    /// `wmts`, `wms`, `xyz` or `layers`.
    pub service: String,
    /// Empty for `layers`.
    pub url: String,
    /// Of this server, top to bottom.
    pub layers: Vec<At<String>>,
    pub layer: Option<String>,
    pub style: Option<String>,
    pub format: Option<String>,
    pub matrix_set: Option<String>,
    pub attribution: Option<String>,
}

/// A role and where its keys are.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleFile {
    pub id: String,
    pub title: Option<Text>,
    /// Keys separated by spaces, commas or line ends. They are not read here.
    pub api_keys: Option<At<Secret>>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct CacheFile {
    /// Bytes.
    pub memory: Option<u64>,
    /// Relative to the served folder.
    pub disk: Option<String>,
}

const KEYS: [&str; 16] = [
    "schema",
    "title",
    "abstract",
    "keywords",
    "languages",
    "contact",
    "licence",
    "namespace",
    "crs",
    "groups",
    "basemaps",
    "roles",
    "access",
    "identities",
    "limits",
    "cache",
];

impl ServerFile {
    /// Reads a file; what is wrong goes to the findings and the rest is read all the same.
    pub fn read(path: &Path, findings: &mut Findings) -> ServerFile {
        match read_tree(path, findings) {
            Some(tree) => ServerFile::of_tree(&tree, findings),
            None => ServerFile {
                access: access_of_unreadable(path),
                ..ServerFile::default()
            },
        }
    }

    /// The same, of a tree.
    pub fn of_tree(tree: &crate::config::yaml::Node, findings: &mut Findings) -> ServerFile {
        let root = Entry::root(tree);
        let fields = Fields::new(&root, &KEYS, findings);
        check_schema(fields.get("schema"), "cartotheque/server@1", findings);
        ServerFile {
            title: fields.get("title").and_then(|e| Text::read(&e, findings)),
            abstract_: fields
                .get("abstract")
                .and_then(|e| Text::read(&e, findings)),
            keywords: fields
                .texts("keywords", findings)
                .into_iter()
                .map(|at| at.value)
                .collect(),
            languages: read_languages(&fields, findings),
            contact: fields
                .get("contact")
                .map_or_else(ContactFile::default, |e| ContactFile::read(&e, findings)),
            licence: fields.get("licence").and_then(|e| licence(&e, findings)),
            namespace: fields
                .get("namespace")
                .and_then(|e| read_namespace(&e, findings)),
            crs: fields.texts("crs", findings),
            groups: fields
                .get("groups")
                .map(|e| e.items(findings))
                .unwrap_or_default()
                .iter()
                .map(|e| GroupFile::read(e, findings))
                .collect(),
            basemaps: read_pairs(fields.get("basemaps"), findings)
                .iter()
                .filter_map(|pair| Basemap::read(pair, findings))
                .collect(),
            roles: read_pairs(fields.get("roles"), findings)
                .iter()
                .map(|pair| RoleFile::read(pair, findings))
                .collect(),
            access: Access::of(&fields, findings),
            identities: fields
                .get("identities")
                .map_or_else(IdentitiesFile::default, |e| {
                    IdentitiesFile::read(&e, findings)
                }),
            limits: fields
                .get("limits")
                .map_or_else(Limits::default, |e| read_limits(&e, findings)),
            cache: fields
                .get("cache")
                .map_or_else(CacheFile::default, |e| CacheFile::read(&e, findings)),
        }
    }
}

/// Who may see the site where its file can't be read as YAML: nobody, as soon as it says, or seems
/// to say, `access:` with anything but `public`.
fn access_of_unreadable(path: &Path) -> Access {
    let Ok(bytes) = std::fs::read(path) else {
        return Access::Nobody;
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(str::trim_start);
    let told = lines.filter(|line| !line.starts_with('#'));
    match told.into_iter().any(may_restrict) {
        true => Access::Nobody,
        false => Access::Inherited,
    }
}

/// True where a line has a key that may be `access`, and its value is not `public`.
fn may_restrict(line: &str) -> bool {
    let mut parts = line.split(':').peekable();
    while let (Some(key), Some(value)) = (parts.next(), parts.peek()) {
        let is_letter = |c: char| c.is_alphabetic();
        let key = key.trim_end_matches(|c: char| !is_letter(c));
        let word = key.rsplit(|c: char| !is_letter(c)).next().unwrap_or("");
        let value = value.trim_start_matches(|c: char| !is_letter(c));
        let value = value.split(|c: char| !is_letter(c)).next().unwrap_or("");
        if may_mean(word, "access") && value != "public" {
            return true;
        }
    }
    false
}

impl ServerFile {
    /// Reports roles that `roles:` does not name: nobody could have them.
    pub fn check_roles(&self, roles: &[At<String>], findings: &mut Findings) {
        let known = || self.roles.iter().map(|role| role.id.as_str());
        for role in roles {
            if known().any(|id| id == role.value) {
                continue;
            }
            let message = format!("no role {:?} in server.yaml", role.value);
            let names = known().collect::<Vec<_>>().join(", ");
            let otherwise = match names.as_str() {
                "" => "define it: roles: {ddt-38: {api_keys: env:NAME}}".to_owned(),
                names => format!("its roles: {names}"),
            };
            let near = nearest(&role.value, known());
            findings.error_nearest(&role.place, message, near, Some(otherwise));
        }
    }
}

fn read_pairs<'a>(entry: Option<Entry<'a>>, findings: &mut Findings) -> Vec<Pair<'a>> {
    entry.map(|e| e.entries(findings)).unwrap_or_default()
}

fn read_languages(fields: &Fields<'_>, findings: &mut Findings) -> Vec<String> {
    let mut languages: Vec<String> = Vec::new();
    for language in fields.texts("languages", findings) {
        if !is_language(&language.value) {
            findings.error_nearest(
                &language.place,
                format!(
                    "expected a language of two letters, found {:?}",
                    language.value
                ),
                language_meant(&language.value).map(str::to_owned),
                Some("e.g. languages: [fr, en]".to_owned()),
            );
        } else if languages.contains(&language.value) {
            let message = format!("the language {:?} is listed twice", language.value);
            findings.error_help(&language.place, message, "keep one of them");
        } else {
            languages.push(language.value);
        }
    }
    languages
}

impl ContactFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> ContactFile {
        let keys = [
            "organisation",
            "name",
            "email",
            "phone",
            "url",
            "address",
            "city",
            "postcode",
            "country",
            "role",
        ];
        let fields = Fields::new(entry, &keys, findings);
        ContactFile(Contact {
            organisation: fields.text("organisation", findings).unwrap_or_default(),
            name: fields.text("name", findings),
            email: fields.get("email").and_then(|e| e.email(findings)),
            phone: fields.text("phone", findings),
            url: fields.get("url").and_then(|e| read_url(&e, findings)),
            address: fields.text("address", findings),
            city: fields.text("city", findings),
            postcode: fields.text("postcode", findings),
            country: fields.text("country", findings),
            role: fields
                .get("role")
                .and_then(|e| e.one_of("role", &CONTACT_ROLES, findings))
                .map(|at| at.value),
        })
    }
}

fn read_url(entry: &Entry<'_>, findings: &mut Findings) -> Option<String> {
    let text = entry.text(findings)?;
    if is_url(&text) {
        return Some(text);
    }
    let what = "an address that begins with https:// or http://";
    entry.expected(what, findings);
    None
}

impl GroupFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> GroupFile {
        let keys = ["id", "title", "abstract", "layers", "groups"];
        let fields = Fields::new(entry, &keys, findings);
        let title = fields.get("title").and_then(|e| Text::read(&e, findings));
        let id = fields.text_at("id", findings);
        if entry.is_map() && title.is_none() && id.is_none() {
            let help = "give the group a title, and an id if it is to be drawn by one name";
            findings.error_help(&entry.place, "this group has no \"title\"", help);
        }
        let mut items = Vec::new();
        for item in fields
            .get("layers")
            .map(|e| e.items(findings))
            .unwrap_or_default()
        {
            if item.is_map() {
                items.push(GroupItem::Group(GroupFile::read(&item, findings)));
            } else {
                items.extend(item.text_at(findings).map(GroupItem::Layer));
            }
        }
        let nested = fields.get("groups").map(|e| e.items(findings));
        for item in nested.unwrap_or_default() {
            items.push(GroupItem::Group(GroupFile::read(&item, findings)));
        }
        GroupFile {
            abstract_: fields
                .get("abstract")
                .and_then(|e| Text::read(&e, findings)),
            id,
            title,
            items,
            place: entry.place.clone(),
        }
    }
}

impl Basemap {
    fn read(pair: &Pair<'_>, findings: &mut Findings) -> Option<Basemap> {
        let keys = [
            "title",
            "wmts",
            "wms",
            "xyz",
            "layers",
            "layer",
            "style",
            "format",
            "matrix_set",
            "attribution",
        ];
        let fields = Fields::new(&pair.value, &keys, findings);
        let service = ["wmts", "wms", "xyz", "layers"]
            .into_iter()
            .find(|key| fields.get(key).is_some());
        let Some(service) = service else {
            if pair.value.is_map() {
                let message = format!("the base map {:?} has no address", pair.key);
                let help = "one of wmts: https://…, wms: https://…, xyz: https://…/{z}/{x}/{y}.png, \
                            or layers: [a, b] of this server";
                findings.error_help(&pair.key_place, message, help);
            }
            return None;
        };
        if service == "wms" && fields.get("layer").is_none() {
            let message = format!("the base map {:?} has no layer", pair.key);
            let help = "a WMS draws what it is asked for: layer: NAME, or NAME,NAME";
            findings.error_help(&pair.key_place, message, help);
            return None;
        }
        let layers = fields.texts("layers", findings);
        let url = match service {
            "layers" => String::new(),
            service => fields.get(service).and_then(|e| read_url(&e, findings))?,
        };
        Some(Basemap {
            id: pair.key.to_owned(),
            title: fields.get("title").and_then(|e| Text::read(&e, findings)),
            service: service.to_owned(),
            url,
            layers,
            layer: fields.text("layer", findings),
            style: fields.text("style", findings),
            format: fields.text("format", findings),
            matrix_set: fields.text("matrix_set", findings),
            attribution: fields.text("attribution", findings),
        })
    }
}

impl RoleFile {
    fn read(pair: &Pair<'_>, findings: &mut Findings) -> RoleFile {
        check_role(pair.key, &pair.key_place, findings);
        let fields = Fields::new(&pair.value, &["title", "api_keys"], findings);
        RoleFile {
            id: pair.key.to_owned(),
            title: fields.get("title").and_then(|e| Text::read(&e, findings)),
            api_keys: fields
                .get("api_keys")
                .and_then(|e| Secret::read(&e, findings)),
        }
    }
}

impl CacheFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> CacheFile {
        let fields = Fields::new(entry, &["memory", "disk"], findings);
        CacheFile {
            memory: fields.get("memory").and_then(|e| e.megabytes(findings)),
            disk: fields.text("disk", findings),
        }
    }
}

fn read_limits(entry: &Entry<'_>, findings: &mut Findings) -> Limits {
    let keys = [
        "width",
        "height",
        "pixels",
        "layers",
        "features",
        "vertices",
        "seconds",
        "wfs_count",
        "tile_bytes",
        "temporary_bytes",
        "body_bytes",
        "xml_depth",
    ];
    let fields = Fields::new(entry, &keys, findings);
    let default = Limits::default();
    let mut whole = |key: &str, max: u64, default: u64| {
        fields
            .get(key)
            .and_then(|e| e.integer(1, max, findings))
            .unwrap_or(default)
    };
    let small = |value: u64, default: u32| u32::try_from(value).unwrap_or(default);
    // 65 535 px is the widest image that every encoder can write
    let limits = Limits {
        width: small(whole("width", 65_535, default.width.into()), default.width),
        height: small(
            whole("height", 65_535, default.height.into()),
            default.height,
        ),
        pixels: whole("pixels", 1 << 32, default.pixels),
        layers: small(
            whole("layers", 100_000, default.layers.into()),
            default.layers,
        ),
        features: whole("features", u64::MAX, default.features),
        vertices: whole("vertices", u64::MAX, default.vertices),
        seconds: whole("seconds", 86_400, default.seconds),
        wfs_count: default.wfs_count,
        // deeper documents would cost stack in readers that recurse
        xml_depth: small(
            whole("xml_depth", 512, default.xml_depth.into()),
            default.xml_depth,
        ),
        tile_bytes: default.tile_bytes,
        temporary_bytes: default.temporary_bytes,
        body_bytes: default.body_bytes,
    };
    let wfs_count = fields
        .get("wfs_count")
        .and_then(|e| e.integer(1, u64::MAX, findings));
    let temporary_bytes = fields
        .get("temporary_bytes")
        .and_then(|e| e.bytes(findings));
    let mut bytes = |key: &str, default: usize| {
        fields
            .get(key)
            .and_then(|e| e.bytes(findings))
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(default)
    };
    let (body_bytes, tile_bytes) = (
        bytes("body_bytes", default.body_bytes),
        // less than that and the names of a layer's fields alone would not fit
        bytes("tile_bytes", default.tile_bytes).max(10_000),
    );
    Limits {
        body_bytes,
        tile_bytes,
        wfs_count,
        temporary_bytes: temporary_bytes.unwrap_or(default.temporary_bytes),
        ..limits
    }
}
