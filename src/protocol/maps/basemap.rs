//! What lies under the layers of a map: pictures of elsewhere, which browsers load, or layers of
//! this server, which it draws wherever the map goes.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Service;
use crate::catalogue::Layer;
use crate::catalogue::map::{Basemap, BasemapKind};
use crate::operation::MapLayer;

/// The base maps as a page reads them. `base` is the site's.
///
/// Those of layers that the reader may not see are not among them.
pub(super) fn described(service: &Service<'_>, base: &str) -> Vec<Value> {
    let all = service.map.basemaps.iter();
    all.filter_map(|basemap| one(service, basemap, base))
        .collect()
}

fn one(service: &Service<'_>, basemap: &Basemap, base: &str) -> Option<Value> {
    let language = service.language;
    let is_own = basemap.kind == BasemapKind::Layers;
    let mut document = json!({
        "id": basemap.id,
        "title": basemap.title.get(language),
        "kind": basemap.kind.name(),
        "url": (basemap.kind != BasemapKind::None).then_some(&basemap.url),
        "layer": basemap.layer,
        "matrixSet": basemap.matrix_set,
        "style": basemap.style,
        "format": basemap.format,
        "attribution": basemap.attribution,
        // drawn by this server, in its own pictures and on paper
        "own": is_own,
    });
    if is_own {
        let layers: Vec<&Arc<Layer>> = seen(service, basemap).collect();
        if layers.is_empty() {
            return None;
        }
        let names: Vec<&str> = layers.iter().map(|layer| layer.id.as_str()).collect();
        let attribution = sources(service, basemap);
        let fields = document.as_object_mut()?;
        fields.insert("url".into(), format!("{base}/wms").into());
        fields.insert("layer".into(), names.join(",").into());
        if let Some(attribution) = attribution {
            fields.insert("attribution".into(), attribution.into());
        }
    }
    Some(document)
}

/// Who a base map of this server comes from: as configured, or those of its layers, each once.
pub(super) fn sources(service: &Service<'_>, basemap: &Basemap) -> Option<String> {
    if let Some(said) = &basemap.attribution {
        return Some(said.clone()).filter(|said| !said.is_empty());
    }
    let mut names: Vec<&str> = Vec::new();
    for layer in seen(service, basemap) {
        let own = layer.attribution.as_deref();
        let name = own.or(layer.metadata.organisation.as_deref());
        names.extend(name.filter(|name| !names.contains(name)));
    }
    Some(names.join(", ")).filter(|names| !names.is_empty())
}

/// The layers of a base map of this server that the reader may see, bottom to top.
pub(super) fn seen<'a>(
    service: &Service<'a>,
    basemap: &'a Basemap,
) -> impl Iterator<Item = &'a Arc<Layer>> + use<'a> {
    let site = service.site;
    let layers = basemap.layers.iter().rev();
    layers.filter_map(|layer| site.layer(&layer.id).ok())
}

/// The same, to be drawn; none for a base map of elsewhere.
pub(super) fn layers(service: &Service<'_>, basemap: &Basemap) -> Vec<MapLayer> {
    let drawn = |layer: &Arc<Layer>| {
        Some(MapLayer {
            layer: Arc::clone(layer),
            style: Arc::clone(layer.style("").ok()?),
            filter: None,
        })
    };
    seen(service, basemap).filter_map(drawn).collect()
}
