//! What the documents of a map say of it: gathered once, so that all say the same in one order.

use std::sync::Arc;

use super::Service;
use super::chosen::title;
use super::ground::{self, Ground};
use crate::catalogue::map::{MapEntry, MapLayer, MapService};
use crate::catalogue::{Layer, bbox_lonlat};
use crate::encode::xml::push_url_component;
use crate::error::Result;
use crate::geom::{Bbox, Size};
use crate::protocol::record;

/// Pixels of the window that documents speak of: the longer side.
const WINDOW: f64 = 1000.0;

/// A map, for documents, in one language.
pub(super) struct Facts<'a> {
    pub service: &'a Service<'a>,
    /// Its address.
    pub own: String,
    /// The site's.
    pub base: String,
    pub title: &'a str,
    pub abstract_: &'a str,
    /// When it was last revised: `2026-01-01T00:00:00Z`.
    pub updated: String,
    pub organisation: String,
    pub email: Option<String>,
    /// The licence's title, in words.
    pub rights: Option<String>,
    pub extent_lonlat: Option<Bbox>,
    pub window: Size,
    /// Top first.
    pub layers: Vec<LayerFacts<'a>>,
    /// What may lie under them.
    pub grounds: Vec<Ground<'a>>,
}

/// A layer of a map, for documents.
pub(super) struct LayerFacts<'a> {
    pub entry: &'a MapLayer,
    /// The one that knows the extent of its part.
    pub layer: Arc<Layer>,
    pub title: String,
    pub abstract_: String,
    /// The titles of the groups that it is in, outermost first.
    pub groups: Vec<&'a str>,
    pub updated: String,
}

impl<'a> Facts<'a> {
    /// # Errors
    /// `LayerNotDefined`: never for a map that was loaded.
    pub fn of(service: &'a Service<'a>, base: &str) -> Result<Facts<'a>> {
        let (map, language) = (service.map, service.language);
        let site = &service.catalogue.site;
        let view = &map.view;
        let own_licence = map.metadata.licence.as_deref();
        let licence = own_licence.or(site.licence.as_deref());
        let mut facts = Facts {
            service,
            own: service.own(base),
            base: base.to_owned(),
            title: match map.title.get(language) {
                "" => &map.id,
                title => title,
            },
            abstract_: map.abstract_.get(language),
            updated: instant(&[map.metadata.revised.as_deref(), Some(&site.revised)]),
            organisation: site.contact.organisation.clone(),
            email: site.contact.email.clone(),
            rights: licence.map(|id| record::licence(id).title(language).to_owned()),
            extent_lonlat: bbox_lonlat(&view.extent, &view.crs),
            window: window(&view.extent),
            layers: Vec::new(),
            grounds: ground::all(service, base),
        };
        let mut groups = Vec::new();
        facts.walk(&map.entries, &mut groups)?;
        Ok(facts)
    }

    fn walk(&mut self, entries: &'a [MapEntry], groups: &mut Vec<&'a str>) -> Result<()> {
        let language = self.service.language;
        for entry in entries {
            match entry {
                MapEntry::Group(group) => {
                    groups.push(group.title.get(language));
                    self.walk(&group.entries, groups)?;
                    groups.pop();
                }
                MapEntry::Layer(entry) => {
                    let layer = Arc::clone(self.service.catalogue.layer(&entry.id)?);
                    let revised = layer.metadata.revised.as_deref();
                    self.layers.push(LayerFacts {
                        entry,
                        title: title(&layer, language).to_owned(),
                        abstract_: layer.abstract_.get(language).to_owned(),
                        groups: groups.clone(),
                        updated: instant(&[revised, Some(&self.updated)]),
                        layer,
                    });
                }
            }
        }
        Ok(())
    }

    /// The layer of an id of the map.
    pub fn layer(&self, id: &str) -> Option<&LayerFacts<'a>> {
        self.layers.iter().find(|layer| layer.entry.id == id)
    }

    pub fn has(&self, service: MapService) -> bool {
        self.service.map.has(service)
    }

    /// The address of the map's WMS.
    pub fn wms(&self) -> String {
        format!("{}/wms", self.own)
    }

    pub fn capabilities(&self) -> String {
        format!(
            "{}?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities",
            self.wms()
        )
    }

    /// The address of a layer's picture over the whole map.
    pub fn picture(&self, layer: &LayerFacts<'_>, style: &str) -> String {
        let view = &self.service.map.view;
        let b = view.crs.axis_order.reorder_bbox(view.extent);
        let Size { width, height } = self.window;
        let mut address = format!(
            "{}?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={}&STYLES=",
            self.wms(),
            component(&layer.entry.id)
        );
        push_url_component(&mut address, style);
        address.push_str(&format!(
            "&CRS={}&BBOX={},{},{},{}&WIDTH={width}&HEIGHT={height}&FORMAT=image/png&TRANSPARENT=TRUE",
            view.crs.id(),
            b.min_x,
            b.min_y,
            b.max_x,
            b.max_y
        ));
        address
    }

    /// What a base map is asked for, over the whole map.
    pub fn ground_operations(&self, ground: &Ground<'_>) -> Vec<(&'static str, String, String)> {
        let view = &self.service.map.view;
        ground.operations(&view.crs, view.extent, self.window)
    }

    /// The identifier of a base map in this map.
    pub fn ground_identifier(&self, ground: &Ground<'_>) -> String {
        format!("{}#base={}", self.own, component(ground.id()))
    }

    /// The folder of the base maps in a context.
    pub fn ground_folder(&self) -> String {
        format!("/{}", ground::group(self.service.language))
    }

    /// The address of the picture of a style's symbols.
    pub fn legend(&self, layer: &LayerFacts<'_>, style: &str) -> String {
        format!(
            "{}?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER={}&STYLE={}&FORMAT=image/png",
            self.wms(),
            component(&layer.entry.id),
            component(style)
        )
    }

    /// The address of a layer's features.
    pub fn items(&self, layer: &LayerFacts<'_>) -> String {
        format!(
            "{}/collections/{}/items",
            self.own,
            component(&layer.entry.id)
        )
    }

    /// The address of the record of a layer's data.
    pub fn record(&self, layer: &LayerFacts<'_>) -> String {
        format!(
            "{}/layers/{}/record.xml",
            self.base,
            component(&layer.entry.of)
        )
    }

    /// The identifier of a layer in this map.
    pub fn identifier(&self, layer: &LayerFacts<'_>) -> String {
        format!("{}/collections/{}", self.own, component(&layer.entry.id))
    }
}

impl LayerFacts<'_> {
    /// The style that the layer is shown in.
    pub fn style(&self) -> &str {
        self.layer.styles.first().map_or("", |style| &style.id)
    }

    /// `/Réseau Natura 2000`; the root is `/`.
    pub fn folder(&self) -> String {
        let parts: Vec<String> = self.groups.iter().map(|g| g.replace('/', "-")).collect();
        format!("/{}", parts.join("/"))
    }
}

/// One segment of an address.
fn component(text: &str) -> String {
    let mut out = String::new();
    push_url_component(&mut out, text);
    out
}

/// The first that is a date or an instant, as an instant.
fn instant(dates: &[Option<&str>]) -> String {
    let found = dates.iter().flatten().find_map(|date| match date.len() {
        10 if record::is_date(date) => Some(format!("{date}T00:00:00Z")),
        20 => Some((*date).to_owned()),
        _ => None,
    });
    found.unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

fn window(extent: &Bbox) -> Size {
    let longer = extent.width().max(extent.height()).max(f64::MIN_POSITIVE);
    let side = |length: f64| (length / longer * WINDOW).round().max(1.0) as u32;
    Size {
        width: side(extent.width()),
        height: side(extent.height()),
    }
}
