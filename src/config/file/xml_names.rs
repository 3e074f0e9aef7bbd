use crate::catalogue::{GeometryNames, Namespace};
use crate::config::diagnostic::{At, Findings};
use crate::config::reader::{Entry, Fields};
use crate::encode::feature::gml::{ID, INHERITED};
use crate::encode::xml::element_names;
use crate::geom::GeometryType;

const KINDS: [GeometryType; 7] = [
    GeometryType::Point,
    GeometryType::LineString,
    GeometryType::Polygon,
    GeometryType::MultiPoint,
    GeometryType::MultiLineString,
    GeometryType::MultiPolygon,
    GeometryType::GeometryCollection,
];

/// `namespace: {prefix: …, uri: …}`, or the URI alone.
pub fn read_namespace(entry: &Entry<'_>, findings: &mut Findings) -> Option<At<Namespace>> {
    let (prefix, uri) = match entry.is_map() {
        true => {
            let fields = Fields::new(entry, &["prefix", "uri"], findings);
            let Some(uri) = fields.text_at("uri", findings) else {
                let help = "e.g. namespace: {prefix: ddt, uri: https://ddt.example/features}";
                findings.error_help(&entry.place, "this namespace has no \"uri\"", help);
                return None;
            };
            (fields.text_at("prefix", findings), uri)
        }
        false => (None, entry.text_at(findings)?),
    };
    // RFC 3986 §3: a scheme, a colon, and something behind it
    let is_uri = uri.value.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !rest.is_empty()
    });
    if !is_uri
        || uri
            .value
            .contains(|c: char| c.is_whitespace() || c.is_control())
    {
        let message = format!("expected the URI of a namespace, found {:?}", uri.value);
        findings.error_help(&uri.place, message, "e.g. https://ddt.example/features");
        return None;
    }
    let standard = ["http://www.opengis.net/", "http://www.w3.org/"];
    if standard.iter().any(|start| uri.value.starts_with(start)) {
        let message = format!("the namespace {:?} is one of a standard", uri.value);
        findings.error_help(&uri.place, message, "feature types need one of your own");
        return None;
    }
    if let Some(prefix) = &prefix {
        let is_taken = Namespace::TAKEN.contains(&prefix.value.as_str());
        if is_taken || !is_element_name(&prefix.value) {
            let message = match is_taken {
                true => format!("the prefix {:?} is that of a standard", prefix.value),
                false => format!("expected letters and digits, found {:?}", prefix.value),
            };
            findings.error_help(&prefix.place, message, "e.g. prefix: ddt");
            return None;
        }
    }
    Some(At {
        value: Namespace {
            prefix: prefix.map_or_else(|| Namespace::PREFIX.to_owned(), |at| at.value),
            uri: uri.value,
        },
        place: entry.place.clone(),
    })
}

/// `geometry_name: shape`, or a name for each kind: `{Point: position, Polygon: outline}`.
pub fn read_geometry_names(entry: &Entry<'_>, findings: &mut Findings) -> GeometryNames {
    if !entry.is_map() {
        return match element_name(entry, findings) {
            Some(name) => GeometryNames::One(name),
            None => GeometryNames::Usual,
        };
    }
    let mut names: Vec<(GeometryType, String)> = Vec::new();
    // the order in the file is that of the elements
    for pair in entry.entries(findings) {
        let Some(kind) = KINDS.into_iter().find(|kind| kind.name() == pair.key) else {
            let near = crate::error::nearest(pair.key, KINDS.map(GeometryType::name));
            let message = format!("no kind of geometry is called {:?}", pair.key);
            let all = KINDS.map(GeometryType::name).join(", ");
            findings.error_nearest(&pair.key_place, message, near, Some(all));
            continue;
        };
        if let Some(name) = element_name(&pair.value, findings) {
            if names.iter().any(|(_, known)| *known == name) {
                let message = format!("two kinds of geometry are called {name:?}");
                findings.error_help(&pair.value.place, message, "give each a name of its own");
            }
            names.push((kind, name));
        }
    }
    GeometryNames::ByKind(names)
}

/// The name that XML has for a column: one of its own, or one of GML's.
pub fn read_element(entry: &Entry<'_>, findings: &mut Findings) -> Option<At<String>> {
    let name = entry.text_at(findings)?;
    let is_of_gml = INHERITED.contains(&name.value.as_str()) || name.value == ID;
    if is_of_gml || is_element_name(&name.value) {
        return Some(name);
    }
    let message = format!("expected the name of an element, found {:?}", name.value);
    let help = format!(
        "letters, digits, _ - and . from a letter on, or one of {ID}, {}",
        INHERITED.join(", ")
    );
    findings.error_help(&name.place, message, help);
    None
}

fn element_name(entry: &Entry<'_>, findings: &mut Findings) -> Option<String> {
    let name = entry.text_at(findings)?;
    if is_element_name(&name.value) {
        return Some(name.value);
    }
    let message = format!("expected the name of an element, found {:?}", name.value);
    let help = "letters, digits, _ - and . from a letter on";
    findings.error_help(&name.place, message, help);
    None
}

/// True for what a validator of any age takes for the name of an element.
fn is_element_name(name: &str) -> bool {
    !name.is_empty() && element_names([name]).first().is_some_and(|own| own == name)
}
