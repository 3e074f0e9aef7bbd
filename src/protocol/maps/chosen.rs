//! Which layers of a map a document shows: those it shows at first, or those that are asked for.

use std::sync::Arc;

use super::Service;
use crate::catalogue::map::{MapEntry, MapLayer};
use crate::error::{Error, Result, nearest};
use crate::operation::{self, PrintPart};
use crate::protocol::ows::Kvp;

/// The parameters that choose layers: as WMS has them, with opacities.
pub(super) const PARAMETERS: [&str; 3] = ["LAYERS", "STYLES", "OPACITIES"];

/// Layers of a map, chosen.
pub(super) struct Chosen {
    /// Bottom to top.
    pub layers: Vec<operation::MapLayer>,
    /// Top first, under the titles of their groups where the order is the map's.
    pub legend: Vec<PrintPart>,
}

impl Chosen {
    /// Reads `LAYERS=a,b&STYLES=x,&OPACITIES=1,0.5`, bottom to top. Without layers these are
    /// the ones that the map shows at first.
    ///
    /// # Errors
    /// `LayerNotDefined`, `StyleNotDefined`, `InvalidParameter`.
    pub fn read(service: &Service<'_>, kvp: &Kvp) -> Result<Chosen> {
        let map = service.map;
        let entries: Vec<&MapLayer> = match kvp.get("LAYERS").filter(|l| !l.is_empty()) {
            Some(list) => list
                .split(',')
                .map(|id| map.layer(id).ok_or_else(|| unknown(service, id)))
                .collect::<Result<_>>()?,
            None => map.layers().rev().filter(|l| l.is_visible).collect(),
        };
        let styles = list_of(kvp, "STYLES", entries.len())?;
        let opacities = list_of(kvp, "OPACITIES", entries.len())?;
        let mut layers = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            let of = |list: &[String]| list.get(place).cloned().unwrap_or_default();
            // the one that knows the extent of its part
            let layer = service.catalogue.layer(&entry.id)?;
            let opacity = match of(&opacities).as_str() {
                "" => entry.opacity,
                text => opacity(text)?,
            };
            layers.push(operation::MapLayer {
                style: Arc::clone(layer.style(&of(&styles))?),
                layer: match opacity < 1.0 {
                    true => layer.faded(opacity),
                    false => Arc::clone(layer),
                },
                filter: None,
            });
        }
        let legend = legend(service, &entries, &layers);
        Ok(Chosen { layers, legend })
    }
}

fn unknown(service: &Service<'_>, id: &str) -> Error {
    let known = service.map.layers().map(|layer| layer.id.as_str());
    Error::LayerNotDefined {
        layer: id.chars().take(80).collect(),
        nearest: nearest(id, known),
    }
}

/// The values of a list that goes with the layers; none where the parameter is absent.
fn list_of(kvp: &Kvp, name: &'static str, count: usize) -> Result<Vec<String>> {
    let Some(list) = kvp.get(name).filter(|list| !list.is_empty()) else {
        return Ok(Vec::new());
    };
    let list: Vec<String> = list.split(',').map(str::to_owned).collect();
    if list.len() == count {
        return Ok(list);
    }
    Err(Error::parameter(
        name.to_lowercase(),
        format!(
            "expected {count} values, one for each layer, found {}",
            list.len()
        ),
    ))
}

fn opacity(text: &str) -> Result<f64> {
    let parsed: Option<f64> = text.parse().ok();
    parsed.filter(|o| (0.0..=1.0).contains(o)).ok_or_else(|| {
        let found: String = text.chars().take(40).collect();
        Error::parameter(
            "opacities",
            format!("expected numbers from 0 to 1, found {found:?}"),
        )
    })
}

/// The title of a layer for people.
pub(super) fn title<'a>(layer: &'a crate::catalogue::Layer, language: &str) -> &'a str {
    match layer.title.get(language) {
        "" => &layer.id,
        title => title,
    }
}

/// The legend top first. Layers in an order of their own stand under no group.
fn legend(
    service: &Service<'_>,
    entries: &[&MapLayer],
    layers: &[operation::MapLayer],
) -> Vec<PrintPart> {
    let map = service.map;
    let is_chosen = |layer: &&MapLayer| entries.iter().any(|entry| entry.id == layer.id);
    let in_order: Vec<&str> = map
        .layers()
        .filter(is_chosen)
        .map(|l| l.id.as_str())
        .collect();
    let is_maps_order = in_order
        .iter()
        .copied()
        .eq(entries.iter().rev().map(|e| e.id.as_str()));
    let mut parts = Vec::new();
    if is_maps_order {
        walk(service, &map.entries, 0, layers, &mut parts);
    } else {
        for layer in layers.iter().rev() {
            let title = title(&layer.layer, service.language).to_owned();
            parts.push(PrintPart::Layer(title, layer.clone()));
        }
    }
    parts
}

fn walk(
    service: &Service<'_>,
    entries: &[MapEntry],
    depth: usize,
    layers: &[operation::MapLayer],
    parts: &mut Vec<PrintPart>,
) {
    for entry in entries {
        match entry {
            MapEntry::Layer(entry) => {
                if let Some(layer) = layers.iter().find(|layer| layer.layer.id == entry.id) {
                    let title = title(&layer.layer, service.language).to_owned();
                    parts.push(PrintPart::Layer(title, layer.clone()));
                }
            }
            MapEntry::Group(group) => {
                let before = parts.len();
                let title = group.title.get(service.language).to_owned();
                parts.push(PrintPart::Group(title, depth));
                walk(service, &group.entries, depth + 1, layers, parts);
                // a group of which nothing is shown is not mentioned
                if parts.len() == before + 1 {
                    parts.pop();
                }
            }
        }
    }
}
