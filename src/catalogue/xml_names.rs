use crate::geom::GeometryType;

/// The namespace that XML has for feature types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// What documents write before names of the namespace.
    pub prefix: String,
    pub uri: String,
}

/// How XML names what a layer has, where the layer says so itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct XmlNames {
    /// `None`: the site's.
    pub namespace: Option<Namespace>,
    pub geometry: GeometryNames,
}

/// The names of a layer's geometry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GeometryNames {
    /// `geom`, or the next that no column has.
    #[default]
    Usual,
    One(String),
    /// A name for each kind, in the order of elements: a feature has its geometry under the one
    /// of its kind. Kinds that are not listed have the usual name.
    ByKind(Vec<(GeometryType, String)>),
}

impl Default for Namespace {
    /// That of a site that says nothing of itself.
    fn default() -> Namespace {
        Namespace {
            prefix: Namespace::PREFIX.to_owned(),
            uri: "urn:cartotheque:features".to_owned(),
        }
    }
}

impl Namespace {
    /// The prefix where none is said.
    pub const PREFIX: &'static str = "cartotheque";

    /// Prefixes that documents around features have for what is not the site's.
    pub const TAKEN: [&'static str; 16] = [
        "fes",
        "gml",
        "inspire_common",
        "inspire_dls",
        "ogc",
        "ows",
        "wfs",
        "xi",
        "xlink",
        "xml",
        "xmlns",
        "xs",
        "xsd",
        "xsi",
        "gmd",
        "wms",
    ];

    /// A name with the namespace's prefix; one that has a prefix already stays as it is.
    pub fn qualified(&self, name: &str) -> String {
        match name.contains(':') {
            true => name.to_owned(),
            false => format!("{}:{name}", self.prefix),
        }
    }
}
