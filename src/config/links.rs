//! Addresses of this server in what people wrote: those that nothing answers are told by `check`.
//!
//! An address is one where a text says `/maps/…`, `/layers/…` and the like at the beginning of a
//! word, or begins with the server's own base URL where that is known. In a family's text
//! `{name}` stands for anything.

use std::cell::OnceCell;
use std::path::Path;

use super::Loaded;
use super::diagnostic::{Diagnostic, Findings};
use super::file::read_tree;
use super::reader::Entry;
use super::yaml::{Mark, Value, shortened};
use crate::catalogue::{Catalogue, Map};
use crate::error::nearest;
use crate::protocol::maps::MapsAddress;
use crate::protocol::ogcapi::ApiAddress;
use crate::protocol::service_of;

/// First parts of addresses that a text may give without the server's name.
const ROOTS: [&str; 6] = ["maps", "layers", "collections", "styles", "tiles", "1"];

/// Keys whose values are files, secrets or names, and no texts with addresses.
const NO_TEXTS: [&str; 10] = [
    "source",
    "record",
    "file",
    "disk",
    "identities",
    "roles",
    "style",
    "styles",
    "id",
    "aliases",
];

/// What ends an address in a text.
const ENDS: [char; 8] = ['"', '\'', '<', '>', '(', ')', '[', ']'];

/// Dead links in all YAML files of a folder, each at its place.
pub(super) fn dead(loaded: &Loaded, base_url: Option<&str>) -> Vec<Diagnostic> {
    let folder = &loaded.folder;
    let files = folder
        .server
        .iter()
        .chain(&folder.layers)
        .chain(&folder.maps);
    let known = Known {
        loaded,
        layers: OnceCell::new(),
    };
    files
        .flat_map(|path| in_file(path, &known, base_url))
        .collect()
}

/// What addresses are held against.
struct Known<'a> {
    loaded: &'a Loaded,
    /// Those of the site, once a link asks for one.
    layers: OnceCell<Layers>,
}

fn in_file(path: &Path, known: &Known<'_>, base_url: Option<&str>) -> Vec<Diagnostic> {
    let loaded = known.loaded;
    let mut findings = Findings::new(loaded.folder.relative(path));
    // what can't be read has been told
    let mut unheard = Findings::new(path);
    let Some(tree) = read_tree(path, &mut unheard) else {
        return Vec::new();
    };
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let root = Entry::root(&tree);
    let mut left = vec![root];
    while let Some(entry) = left.pop() {
        match &entry.node.value {
            Value::List(_) => left.extend(entry.items(&mut unheard)),
            Value::Map(_) => {
                let pairs = entry.entries(&mut unheard).into_iter();
                let texts = pairs.filter(|pair| !NO_TEXTS.contains(&pair.key));
                left.extend(texts.map(|pair| pair.value));
            }
            Value::Scalar(scalar) => {
                for link in links(&scalar.text, base_url) {
                    let Some((message, help)) = fault(link.path, known) else {
                        continue;
                    };
                    let mut place = entry.place.clone();
                    place.mark = place_of(link.written, place.mark, &lines);
                    let message = format!("{:?} leads nowhere: {message}", shortened(link.written));
                    findings.add(super::Severity::Error, &place, message, help);
                }
            }
        }
    }
    findings.into_vec()
}

/// Where an address stands in a file, from the text that it is in on; that text itself where a
/// line of it is written otherwise.
fn place_of(written: &str, text: Mark, lines: &[&str]) -> Mark {
    let first = (text.line as usize).saturating_sub(1);
    for (number, line) in lines.iter().enumerate().skip(first) {
        let before = if number == first {
            let skipped = (text.column as usize).saturating_sub(1);
            line.char_indices().nth(skipped).map_or(0, |(at, _)| at)
        } else {
            0
        };
        let Some(at) = line.get(before..).and_then(|rest| rest.find(written)) else {
            continue;
        };
        let column = line.get(..before.saturating_add(at)).unwrap_or_default();
        let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        return Mark {
            line: u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1),
            column: count(column).saturating_add(1),
            length: count(written),
        };
    }
    text
}

/// An address in a text.
#[derive(Debug, PartialEq)]
struct Link<'a> {
    written: &'a str,
    /// Under the base URL; empty or with a slash before it.
    path: &'a str,
}

fn links<'a>(text: &'a str, base_url: Option<&str>) -> Vec<Link<'a>> {
    let mut list = Vec::new();
    let base = base_url.map(|url| url.trim_end_matches('/'));
    let is_end = |c: char| c.is_whitespace() || ENDS.contains(&c);
    for word in text.split(is_end) {
        let written = word.trim_end_matches(['.', ',', ';', ':', '!', '?', '»', '…']);
        let written = written.trim_start_matches('«');
        let path = match base.and_then(|base| written.strip_prefix(base)) {
            Some(path) if path.is_empty() || path.starts_with(['/', '?', '#']) => path,
            _ if is_rooted(written) => written,
            _ => continue,
        };
        list.push(Link { written, path });
    }
    list
}

/// True for `/maps/…`: a path of ours without the server's name.
fn is_rooted(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('/') else {
        return false;
    };
    let mut parts = rest.split(['/', '?', '#']);
    match parts.next() {
        // what a path of another machine could be is PRODIGE's only with its ending
        Some("1") => parts.next().is_some_and(|file| file.ends_with(".map")),
        Some(first) => ROOTS.contains(&first),
        None => false,
    }
}

type Fault = (String, Option<String>);

/// Why nothing answers at a path, with help.
fn fault(path: &str, known: &Known<'_>) -> Option<Fault> {
    let loaded = known.loaded;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = path.trim_end_matches('/');
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let catalogue = &loaded.catalogue;
    match segments.as_slice() {
        ["maps", id, rest @ ..] => {
            let found = known_map(id, loaded);
            let map = match found {
                Ok(map) => map?,
                Err(fault) => return Some(fault),
            };
            of_map(map, rest, &segments, path)
        }
        ["1", file] => {
            let alias = file.strip_suffix(".map")?;
            let maps = || catalogue.maps.iter();
            let mut aliases = maps().flat_map(|map| &map.aliases);
            if aliases.any(|own| matches(alias, own)) {
                return None;
            }
            let aliases = maps().flat_map(|map| &map.aliases).map(String::as_str);
            let near = nearest(alias, aliases).map(|name| format!("did you mean {name:?}?"));
            Some((format!("no map has the alias {alias:?}"), near))
        }
        segments => {
            let layers = known.layers.get_or_init(|| Layers::of_site(loaded));
            of_layers(segments, layers)
        }
    }
}

/// The map of an id; `Ok(None)` where one has to do with any of several.
fn known_map<'a>(id: &str, loaded: &'a Loaded) -> Result<Option<&'a Map>, Fault> {
    let catalogue: &Catalogue = &loaded.catalogue;
    if let Some(map) = catalogue.maps.get(id) {
        return Ok(Some(map));
    }
    if id.contains('{') && catalogue.maps.iter().any(|map| matches(id, &map.id)) {
        return Ok(None);
    }
    let message = format!("there is no map {id:?}");
    if let Some(map) = catalogue.maps.by_alias(id) {
        let help = format!("it is an alias: write /maps/{}, or /1/{id}.map", map.id);
        return Err((message, Some(help)));
    }
    let mut files = loaded.folder.maps.iter();
    if files.any(|path| path.file_stem().is_some_and(|stem| stem == id)) {
        let help = "its file is a draft or has a fault".to_owned();
        return Err((message, Some(help)));
    }
    let ids = catalogue.maps.iter().map(|map| map.id.as_str());
    let near = nearest(id, ids).map(|name| format!("did you mean {name:?}?"));
    Err((message, near))
}

/// What is wrong with an address under a map.
fn of_map(map: &Map, rest: &[&str], segments: &[&str], path: &str) -> Option<Fault> {
    match MapsAddress::parse(segments, path) {
        None => Some((format!("a map has nothing at {:?}", rest.join("/")), None)),
        Some(MapsAddress::Service { .. }) => {
            if let Some(service) = service_of(rest).filter(|service| !map.has(*service)) {
                let name = service.name();
                let help = format!("`services:` of {:?} does not have it", map.id);
                return Some((format!("the map has no {name}"), Some(help)));
            }
            of_layers(rest, &Layers::of_map(map))
        }
        Some(_) => None,
    }
}

/// The names that addresses of layers may have.
struct Layers {
    /// With the styles of each.
    layers: Vec<(String, Vec<String>)>,
    /// Groups, and `all`: there in some places only, and nothing that one would mean.
    others: Vec<String>,
}

impl Layers {
    fn of_site(loaded: &Loaded) -> Layers {
        let catalogue = &loaded.catalogue;
        let own = catalogue.layers.iter().map(|layer| {
            let styles = layer.styles.iter().map(|style| style.id.clone());
            (layer.id.clone(), styles.collect())
        });
        let archives = catalogue.archives.iter();
        let archives = archives.map(|archive| (archive.id.clone(), Vec::new()));
        // a layer that is refused has been told of
        let stems = loaded
            .folder
            .layers
            .iter()
            .filter_map(|path| path.file_stem());
        let stems = stems.map(|stem| stem.to_string_lossy().into_owned());
        let sets = catalogue.site.tile_matrix_sets.all().iter();
        let sets = sets.map(|set| set.id().to_owned());
        let groups = catalogue.group_ids().map(str::to_owned);
        Layers {
            layers: own.chain(archives).collect(),
            others: stems.chain(sets).chain(groups).collect(),
        }
    }

    fn of_map(map: &Map) -> Layers {
        let own = map.layers().map(|entry| {
            let styles = entry.layer.styles.iter().map(|style| style.id.clone());
            (entry.id.clone(), styles.collect())
        });
        Layers {
            layers: own.collect(),
            others: vec![map.id.clone()],
        }
    }

    fn fault(&self, id: &str) -> Option<Fault> {
        let ids = || self.layers.iter().map(|(id, _)| id.as_str());
        let mut all = ids().chain(self.others.iter().map(String::as_str));
        if all.any(|known| matches(id, known)) {
            return None;
        }
        let near = nearest(id, ids()).map(|name| format!("did you mean {name:?}?"));
        Some((format!("there is no layer {id:?}"), near))
    }

    fn style_fault(&self, id: &str) -> Option<Fault> {
        let (layer, style) = match id.split_once(':') {
            Some((layer, style)) => (layer, Some(style)),
            None => (id, None),
        };
        if layer == "all" {
            return None;
        }
        if let Some(fault) = self.fault(layer) {
            return Some(fault);
        }
        let style = style?;
        let (_, styles) = self.layers.iter().find(|(id, _)| id == layer)?;
        if styles.iter().any(|known| matches(style, known)) {
            return None;
        }
        let near = nearest(style, styles.iter().map(String::as_str));
        let near = near.map(|name| format!("did you mean {name:?}?"));
        Some((format!("{layer:?} has no style {style:?}"), near))
    }
}

/// What is wrong with an address of the site, or with one of a map's after the map.
fn of_layers(segments: &[&str], layers: &Layers) -> Option<Fault> {
    match segments {
        ["layers", id] | ["layers", id, "record.xml"] => layers.fault(id),
        ["collections", id] | ["collections", id, "wms" | "wfs"] => layers.fault(id),
        ["collections", id, ..] => match layers.fault(id) {
            None if ApiAddress::parse(segments).is_none() => nothing(segments),
            fault => fault,
        },
        ["styles", id] | ["styles", id, "metadata"] => layers.style_fault(id),
        ["tiles", ids, ..] => {
            let ids = ids.strip_suffix(".json").unwrap_or(ids);
            ids.split(',').find_map(|id| layers.fault(id))
        }
        []
        | [
            "maps" | "layers" | "wms" | "wfs" | "wmts" | "assets" | "fonts" | "sprites",
            ..,
        ]
        | ["record.xml" | "health" | "metrics"] => None,
        segments => match ApiAddress::parse(segments) {
            Some(_) => None,
            None => nothing(segments),
        },
    }
}

fn nothing(segments: &[&str]) -> Option<Fault> {
    Some((format!("there is nothing at /{}", segments.join("/")), None))
}

/// True where an id is the one written, in which `{name}` stands for anything.
fn matches(written: &str, id: &str) -> bool {
    let Some((before, rest)) = written.split_once('{') else {
        return written == id;
    };
    let after = rest.rsplit_once('}').map_or("", |(_, after)| after);
    id.len() >= before.len().saturating_add(after.len())
        && id.starts_with(before)
        && id.ends_with(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_prose_markup_and_by_the_servers_name() {
        let found = |text: &'static str| -> Vec<&'static str> {
            let links = links(text, Some("https://carte.example/sig/"));
            links.into_iter().map(|link| link.path).collect()
        };
        assert_eq!(
            found("Voir /maps/a, puis [b](/layers/b)."),
            ["/maps/a", "/layers/b"]
        );
        assert_eq!(
            found("<a href=\"/collections/c/items?f=html\">« /styles/d »</a>"),
            ["/collections/c/items?f=html", "/styles/d"]
        );
        assert_eq!(found("https://carte.example/sig/maps/e !"), ["/maps/e"]);
        assert_eq!(found("https://carte.example/signal/maps/e"), [""; 0]);
        assert_eq!(
            found("https://ailleurs.example/maps/f et/ou maps/g /mapsh"),
            [""; 0]
        );
        assert_eq!(found("/1/ancien.map et /1/2"), ["/1/ancien.map"]);
    }

    #[test]
    fn a_place_of_a_family_stands_for_anything() {
        assert!(matches("population-{code}", "population-38"));
        assert!(matches("{code}-villes", "38-villes"));
        assert!(!matches("population-{code}", "villes-38"));
        assert!(!matches("villes", "villes-38"));
    }
}
