//! A map as it was settled, each value with where it comes from.

use std::collections::HashMap;
use std::fmt::Write;

use super::State;
use crate::catalogue::map::{Map, MapEntry, MapLayer, MapService, MapTool, PrintLayout};
use crate::catalogue::{Access, LocalText};
use crate::config::folder::Folder;
use crate::config::yaml::{Node, Value};
use crate::geom::Bbox;
use crate::style::ScaleRange;

/// Columns before the origin.
const VALUE_WIDTH: usize = 64;

/// The text that `explain` prints; `None` where no file gave such a map.
pub fn explain(map: &Map, state: &State, folder: &Folder) -> Option<String> {
    let path = state.origins.get(&map.id)?;
    let read = state.good.get(path)?;
    let tree = read.tree.as_ref()?;
    let mut page = Page {
        file: folder.relative(path).display().to_string(),
        text: String::new(),
    };
    page.value(
        0,
        "id",
        &map.id,
        page.at(child(tree, &["id"]), "the file's name"),
    );
    for (key, value) in [
        ("aliases", map.aliases.join(", ")),
        ("title", shown(&map.title)),
        ("abstract", shown(&map.abstract_)),
        ("status", map.status.name().to_owned()),
        ("languages", map.languages.join(", ")),
    ] {
        let default = if key == "languages" {
            "server.yaml"
        } else {
            "default"
        };
        page.value(0, key, &value, page.at(child(tree, &[key]), default));
    }
    let access = match &map.access {
        Access::Public => "public".to_owned(),
        Access::Roles(roles) => format!("roles {}", roles.join(", ")),
    };
    let default = "server.yaml, or default";
    page.value(
        0,
        "access",
        &access,
        page.at(child(tree, &["access"]), default),
    );
    let metadata = &map.metadata;
    for (key, value) in [
        ("organisation", &metadata.organisation),
        ("contact", &metadata.contact),
        ("licence", &metadata.licence),
        ("created", &metadata.created),
        ("revised", &metadata.revised),
    ] {
        if let Some(value) = value {
            let origin = page.at(child(tree, &["metadata", key]), "default");
            page.value(0, &format!("metadata.{key}"), value, origin);
        }
    }
    let view = &map.view;
    let offer: Vec<String> = view.offer.iter().map(|crs| crs.id()).collect();
    for (key, value, default) in [
        ("crs", view.crs.id(), "the first of server.yaml"),
        ("extent", corners(&view.extent), "the layers' extents"),
        ("scales", scales(view.scales), "default"),
        ("offer", offer.join(", "), "server.yaml"),
    ] {
        let origin = page.at(child(tree, &["view", key]), default);
        page.value(0, &format!("view.{key}"), &value, origin);
    }
    let basemaps: Vec<&str> = map.basemaps.iter().map(|b| b.id.as_str()).collect();
    let tools = map.tools.iter().copied().map(MapTool::name);
    let services = map.services.iter().copied().map(MapService::name);
    let layouts = map.print.layouts.iter().copied().map(PrintLayout::name);
    for (key, value) in [
        ("basemaps", basemaps.join(", ")),
        ("tools", tools.collect::<Vec<_>>().join(", ")),
        ("services", services.collect::<Vec<_>>().join(", ")),
        ("print", layouts.collect::<Vec<_>>().join(", ")),
        ("frames", map.frames.join(", ")),
    ] {
        page.value(0, key, &value, page.at(child(tree, &[key]), "default"));
    }
    let mut written = HashMap::new();
    note_layers(child(tree, &["layers"]), &mut written);
    page.text.push_str("\nlayers, top first\n");
    page.entries(&map.entries, &written, 1);
    Some(page.text)
}

struct Page {
    file: String,
    text: String,
}

impl Page {
    /// `file:line` of a node, else what stands in for it.
    fn at(&self, node: Option<&Node>, otherwise: &str) -> String {
        match node {
            Some(node) => format!("{}:{}", self.file, node.mark.line),
            None => otherwise.to_owned(),
        }
    }

    fn value(&mut self, depth: usize, key: &str, value: &str, origin: String) {
        let told = format!("{:indent$}{key}: {value}", "", indent = depth * 2);
        // writing to a String can't fail
        let _ = writeln!(self.text, "{told:VALUE_WIDTH$}  ← {origin}");
    }

    fn entries(&mut self, entries: &[MapEntry], written: &HashMap<String, &Node>, depth: usize) {
        for entry in entries {
            match entry {
                MapEntry::Group(group) => {
                    let indent = depth * 2;
                    let open = if group.is_open { "" } else { ", folded" };
                    let title = shown(&group.title);
                    let _ = writeln!(self.text, "{:indent$}group {title}{open}", "");
                    self.entries(&group.entries, written, depth + 1);
                }
                MapEntry::Layer(layer) => {
                    let node = written.get(&layer.id).copied();
                    self.layer(layer, node, depth);
                }
            }
        }
    }

    fn layer(&mut self, layer: &MapLayer, node: Option<&Node>, depth: usize) {
        let of = format!("layer {}", layer.of);
        let origin = self.at(node, "default");
        self.value(depth, "layer", &layer.id, origin);
        let own = &layer.layer;
        let styles: Vec<&str> = own.styles.iter().map(|s| s.id.as_str()).collect();
        let popup = own.popup.as_ref().map(|popup| {
            let fields = popup.fields.iter().map(|f| f.name.as_str());
            let fields = fields.collect::<Vec<_>>().join(", ");
            format!("{} [{fields}]", popup.title.as_deref().unwrap_or(""))
        });
        let label = own.label.and_then(|column| {
            let field = own.store.schema().fields.get(column)?;
            Some(field.name.clone())
        });
        let table = layer.table.as_ref().map(|table| table.columns.join(", "));
        for (keys, value, default) in [
            (["title", ""], Some(shown(&own.title)), of.as_str()),
            (
                ["visible", ""],
                Some(layer.is_visible.to_string()),
                "default",
            ),
            (["opacity", ""], Some(layer.opacity.to_string()), "default"),
            (["style", "styles"], Some(styles.join(", ")), &of),
            (["scales", ""], Some(scales(own.scales)), &of),
            (["filter", ""], layer.filter.clone(), "default"),
            (["popup", ""], popup, &of),
            (["label", ""], label, &of),
            (["table", ""], table, "default"),
        ] {
            if let Some(value) = value {
                let said = keys.iter().find_map(|key| child(node?, &[key]));
                let origin = self.at(said, default);
                let key = keys.first().copied().unwrap_or_default();
                self.value(depth + 1, key, &value, origin);
            }
        }
    }
}

/// What stands below a node by keys.
pub(super) fn child<'n>(node: &'n Node, keys: &[&str]) -> Option<&'n Node> {
    let mut node = node;
    for wanted in keys {
        let Value::Map(entries) = &node.value else {
            return None;
        };
        node = entries
            .iter()
            .find(|(key, _)| key.name == *wanted)
            .map(|(_, value)| value)?;
    }
    Some(node)
}

/// The nodes of layers by their ids in the map.
pub(super) fn note_layers<'n>(list: Option<&'n Node>, written: &mut HashMap<String, &'n Node>) {
    let Some(Value::List(items)) = list.map(|node| &node.value) else {
        return;
    };
    for item in items {
        if child(item, &["group"]).is_some() {
            note_layers(child(item, &["layers"]), written);
            continue;
        }
        let id = child(item, &["id"]).or_else(|| child(item, &["layer"]));
        if let Value::Scalar(scalar) = &id.unwrap_or(item).value {
            written.insert(scalar.text.clone(), item);
        }
    }
}

fn shown(text: &LocalText) -> String {
    let each = text.all().map(|(language, text)| match language {
        "" => text.to_owned(),
        language => format!("{language}: {text}"),
    });
    each.collect::<Vec<_>>().join(" | ")
}

fn scales(range: ScaleRange) -> String {
    let end = |end: Option<f64>| end.map_or("…".to_owned(), |n| format!("1:{n}"));
    format!("{} to {}", end(range.min), end(range.max))
}

fn corners(bbox: &Bbox) -> String {
    let Bbox {
        min_x,
        min_y,
        max_x,
        max_y,
        ..
    } = bbox;
    format!("{min_x} {min_y} {max_x} {max_y}")
}
