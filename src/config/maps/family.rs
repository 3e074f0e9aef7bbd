//! `for_each`: one file, many maps. The document is read once for every instance, with the
//! instance's values in the place of `{name}`.

use std::ops::ControlFlow;
use std::path::Path;

use super::resolve::Resolver;
use crate::budget::Budget;
use crate::catalogue::Map;
use crate::config::diagnostic::{Findings, Place, Severity};
use crate::config::file::MapFile;
use crate::config::reader::{Entry, Fields};
use crate::config::yaml::{Node, Scalar, Value};
use crate::error::nearest;
use crate::store::Select;

const KEY: &str = "for_each";

/// More are no family: one file would take the place of a catalogue.
const MAX_MAPS: usize = 10_000;

/// Where braces are the fields of the object that was clicked.
const LEFT_ALONE: [&str; 1] = ["popup"];

/// Where a value stands in a text of CQL2.
const FILTERS: [&str; 2] = ["filter", "where"];

/// The values of one instance by name, in the order written.
type Instance = Vec<(String, String)>;

/// True where a document stands for many maps.
pub fn is_family(tree: &Node) -> bool {
    matches!(&tree.value, Value::Map(entries) if entries.iter().any(|(key, _)| key.name == KEY))
}

/// The maps of a family: all of them, or none and at least one error.
pub fn maps(resolver: &Resolver<'_>, tree: &Node, stem: &str, findings: &mut Findings) -> Vec<Map> {
    let root = Entry::root(tree);
    let mut unheard = Findings::new(Path::new(""));
    let entries = root.entries(&mut unheard);
    let Some(of) = entries.iter().find(|pair| pair.key == KEY) else {
        return Vec::new();
    };
    let instances = match of.value.is_list() {
        true => listed(&of.value, findings),
        false => of_layer(resolver, &of.value, findings),
    };
    if instances.is_empty() && !findings.has_errors() {
        findings.error(&of.value.place, "the family has no map");
    }
    if let Some(first) = instances.first().filter(|_| !findings.has_errors()) {
        let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
        check_names(tree, &names, findings);
    }
    // without their values maps have faults that nobody made
    if findings.has_errors() {
        return Vec::new();
    }
    if instances.len() > MAX_MAPS {
        let message = format!(
            "expected at most {MAX_MAPS} maps of a family, found {}",
            instances.len()
        );
        findings.error(&of.value.place, message);
        return Vec::new();
    }
    let mut maps = Vec::with_capacity(instances.len());
    let mut told = Told::default();
    for instance in &instances {
        let filled = filled(tree, instance, Within::Document);
        let mut own = Findings::new(Path::new(""));
        let file = MapFile::of_tree(Some(&filled), stem, &mut own);
        maps.extend(resolver.map(&file, &mut own));
        told.of(instance, own);
    }
    told.tell(findings);
    maps
}

/// `for_each: [{code: "01", nom: Ain}, …]`
fn listed(entry: &Entry<'_>, findings: &mut Findings) -> Vec<Instance> {
    let mut names: Option<Vec<String>> = None;
    let mut list = Vec::new();
    for item in entry.items(findings) {
        let mut instance = Instance::new();
        for pair in item.entries(findings) {
            if let Some(value) = pair.value.text(findings) {
                instance.push((pair.key.to_owned(), value));
            }
        }
        let own: Vec<String> = instance.iter().map(|(name, _)| name.clone()).collect();
        let first = names.get_or_insert_with(|| own.clone());
        if let Some(missing) = first.iter().find(|name| !own.contains(name)) {
            let message = format!("expected a value for {missing:?}, as the first one has");
            findings.error(&item.place, message);
        }
        list.push(instance);
    }
    list
}

/// `for_each: {layer: departements, fields: {code: insee}, where: "…"}`
fn of_layer(resolver: &Resolver<'_>, entry: &Entry<'_>, findings: &mut Findings) -> Vec<Instance> {
    let help = "e.g. for_each: {layer: departements, fields: {code: insee, nom: nom}}, or a list of mappings";
    let what = "a layer and its fields";
    if !entry.is_map() {
        entry.expected_help(what, help, findings);
        return Vec::new();
    }
    let fields = Fields::new(entry, &["layer", "fields", "where"], findings);
    let (Some(at), Some(named)) = (fields.text_at("layer", findings), fields.get("fields")) else {
        findings.error_help(&entry.place, format!("expected {what}"), help);
        return Vec::new();
    };
    let mut unheard = Findings::new(Path::new(""));
    let Some(layer) = resolver.layer(&at, &MapFile::default(), &mut unheard) else {
        for diagnostic in unheard.into_vec() {
            if diagnostic.severity == Severity::Error {
                findings.adopt(diagnostic);
            }
        }
        if !findings.has_errors() {
            let message = format!("the layer {:?} is not served: no map of it is", at.value);
            findings.error(&at.place, message);
        }
        return Vec::new();
    };
    if !named.is_map() {
        let help = "a name for each field, e.g. fields: {code: insee, nom: nom}";
        named.expected_help("a mapping (`name: field`)", help, findings);
        return Vec::new();
    }
    let schema = layer.store.schema();
    let mut columns = Vec::new();
    for pair in named.entries(findings) {
        let Some(field) = pair.value.text_at(findings) else {
            continue;
        };
        match schema.column(&field.value) {
            Some(column) => columns.push((pair.key.to_owned(), column)),
            None => super::entries::tell_missing(layer, &field, findings),
        }
    }
    let bound = match fields.text_at("where", findings) {
        None => None,
        Some(text) => {
            let Some(filter) = super::entries::parse_filter(&text, layer, findings) else {
                return Vec::new();
            };
            match super::entries::bind_filter(&filter, layer) {
                Ok(bound) => Some(bound),
                Err(error) => {
                    super::entries::tell_filter(&error, &text, layer, findings);
                    return Vec::new();
                }
            }
        }
    };
    let mut list = Vec::new();
    let read = layer
        .store
        .select(&Select::default(), &Budget::unlimited(), &mut |feature| {
            if bound.as_ref().is_none_or(|bound| bound.matches(feature)) {
                let value = |(name, column): &(String, usize)| {
                    let value = feature.value(*column).to_text().into_owned();
                    (name.clone(), value)
                };
                list.push(columns.iter().map(value).collect());
            }
            Ok(match list.len() > MAX_MAPS {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        });
    if let Err(error) = read {
        findings.error(&at.place, error.to_string());
    }
    list
}

/// Reports names in braces that no value has, which would stand in each map as they are.
fn check_names(node: &Node, names: &[&str], findings: &mut Findings) {
    match &node.value {
        Value::Scalar(scalar) => {
            for name in names_in(&scalar.text).filter(|name| !names.contains(name)) {
                let place = Place {
                    mark: node.mark,
                    key: String::new(),
                };
                let message = format!("no value {name:?} in `{KEY}:`");
                let others = Some(format!("its values: {}", names.join(", ")));
                let near = nearest(name, names.iter().copied());
                findings.error_nearest(&place, message, near, others);
            }
        }
        Value::List(items) => items
            .iter()
            .for_each(|item| check_names(item, names, findings)),
        Value::Map(entries) => entries
            .iter()
            .filter(|(key, _)| !LEFT_ALONE.contains(&key.name.as_str()) && key.name != KEY)
            .for_each(|(_, value)| check_names(value, names, findings)),
    }
}

/// The words between braces.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let behind = text.split('{').skip(1);
    let names = behind.filter_map(|rest| Some(rest.split_once('}')?.0));
    names.filter(|name| {
        let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        !name.is_empty() && name.chars().all(is_of_name)
    })
}

/// Where in a document a text stands.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Document,
    Filter,
}

/// The document with the values of an instance.
fn filled(node: &Node, instance: &Instance, within: Within) -> Node {
    let value = match &node.value {
        Value::Scalar(scalar) if scalar.text.contains('{') => Value::Scalar(Scalar {
            text: filled_text(&scalar.text, instance, within),
            kind: scalar.kind,
        }),
        Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
        Value::List(items) => Value::List(
            items
                .iter()
                .map(|item| filled(item, instance, within))
                .collect(),
        ),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| {
                    let name = key.name.as_str();
                    let value = if LEFT_ALONE.contains(&name) {
                        value.clone()
                    } else if FILTERS.contains(&name) {
                        filled(value, instance, Within::Filter)
                    } else {
                        filled(value, instance, within)
                    };
                    (key.clone(), value)
                })
                .collect(),
        ),
    };
    Node {
        mark: node.mark,
        value,
    }
}

fn filled_text(text: &str, instance: &Instance, within: Within) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let named = after.split_once('}').and_then(|(name, tail)| {
            let (_, value) = instance.iter().find(|(known, _)| known == name)?;
            Some((value, tail))
        });
        match named {
            Some((value, tail)) => {
                match within {
                    // an apostrophe would end the text that it stands in
                    Within::Filter => out.push_str(&value.replace('\'', "''")),
                    Within::Document => out.push_str(value),
                }
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// What was found in the maps of a family: once, with the first map and the number of others.
#[derive(Default)]
struct Told(Vec<(crate::config::Diagnostic, String, usize)>);

impl Told {
    fn of(&mut self, instance: &Instance, findings: Findings) {
        let named: Vec<String> = instance
            .iter()
            .take(2)
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        for diagnostic in findings.into_vec() {
            let known = self.0.iter_mut().find(|(known, ..)| {
                (known.line, known.column, known.severity)
                    == (diagnostic.line, diagnostic.column, diagnostic.severity)
            });
            match known {
                Some((.., more)) => *more = more.saturating_add(1),
                None => self.0.push((diagnostic, named.join(", "), 0)),
            }
        }
    }

    fn tell(self, findings: &mut Findings) {
        for (diagnostic, instance, more) in self.0 {
            let others = match more {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let message = match diagnostic.severity {
                Severity::Info => diagnostic.message,
                _ => format!("{} (for {{{instance}}}{others})", diagnostic.message),
            };
            let place = crate::config::Place {
                mark: crate::config::yaml::Mark {
                    line: diagnostic.line,
                    column: diagnostic.column,
                    length: diagnostic.length,
                },
                key: diagnostic.key,
            };
            findings.add(diagnostic.severity, &place, message, diagnostic.help);
        }
    }
}
