use std::collections::HashMap;
use std::sync::{Arc, Weak};

use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::{AxisOrder, Crs, CrsKind};
use crate::geom::{Bbox, GeometryType};
use crate::operation::with_room;
use crate::protocol::wms::{Service, crs_name, legend};
use crate::query::Moment;

/// What capabilities say of layers that takes work to know.
#[derive(Debug)]
pub struct Facts {
    pub sequence: u64,
    /// The CRSs that every layer is offered in, `CRS:84` among them.
    pub crs: Vec<Offered>,
    /// In the order of the catalogue.
    pub layers: Vec<Arc<LayerFacts>>,
}

/// A CRS as capabilities name it.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    pub name: String,
    /// `None` for `CRS:84`, which is always offered.
    pub crs: Option<Crs>,
    pub is_geographic: bool,
    pub north_first: bool,
}

/// What is known of one layer.
#[derive(Debug)]
pub struct LayerFacts {
    layer: Weak<Layer>,
    pub lonlat: Option<Bbox>,
    /// One for each of [`Facts::crs`].
    pub boxes: Box<[Option<Bbox>]>,
    /// The layer's own CRS, where it is not among those offered, with the extent in it.
    pub own: Option<(Offered, Bbox)>,
    /// The first and the last moment of its features, where it has times.
    pub times: Option<[Moment; 2]>,
    /// Width and height of each style's legend; `None` where it can't be drawn.
    pub legends: Box<[Option<[u32; 2]>]>,
}

impl Offered {
    fn new(crs: &Crs) -> Offered {
        Offered {
            name: crs_name(crs),
            crs: Some(crs.clone()),
            is_geographic: crs.kind == CrsKind::Geographic,
            north_first: crs.axis_order == AxisOrder::NorthEast,
        }
    }

    /// True for the CRSs of longitude and latitude that the extent is known in: their boxes are
    /// written with the very digits of the geographic one.
    fn is_wgs84(&self) -> bool {
        ["CRS:84", "EPSG:4326"].contains(&self.name.as_str())
    }

    /// True where the name is one of 1.1.1, which knows no `CRS:` names.
    pub fn in_111(&self) -> bool {
        !self.name.starts_with("CRS:")
    }
}

impl Facts {
    /// Of all layers; those that `older` knows are taken over.
    pub fn of_all(service: &Service<'_>, older: Option<&Facts>) -> Facts {
        let crs = offered(service);
        let older = older.filter(|older| older.crs == crs);
        let known: HashMap<*const Layer, &Arc<LayerFacts>> = older
            .map(|older| older.layers.iter().map(|f| (f.layer.as_ptr(), f)).collect())
            .unwrap_or_default();
        let layers = service
            .catalogue
            .layers
            .iter()
            .map(|layer| match known.get(&Arc::as_ptr(layer)) {
                // a pointer alone may be that of a dead layer's memory, used again
                Some(facts) if facts.is_of(layer) => Arc::clone(facts),
                _ => Arc::new(LayerFacts::new(service, layer, &crs)),
            })
            .collect();
        Facts {
            sequence: service.catalogue.sequence,
            crs,
            layers,
        }
    }

    /// Of one layer alone.
    pub fn of_one(service: &Service<'_>, layer: &Arc<Layer>, known: Option<&Facts>) -> Facts {
        let crs = offered(service);
        let known = known
            .filter(|known| known.crs == crs)
            .and_then(|known| known.layers.iter().find(|f| f.is_of(layer)));
        let facts = match known {
            Some(facts) => Arc::clone(facts),
            None => Arc::new(LayerFacts::new(service, layer, &crs)),
        };
        Facts {
            sequence: service.catalogue.sequence,
            crs,
            layers: vec![facts],
        }
    }

    /// The box around some layers: in longitude and latitude, and in each CRS.
    pub fn around(&self, layers: &[usize]) -> (Option<Bbox>, Vec<Option<Bbox>>) {
        let mut lonlat = None;
        let mut boxes = vec![None; self.crs.len()];
        for facts in layers.iter().filter_map(|index| self.layers.get(*index)) {
            extend(&mut lonlat, facts.lonlat);
            for (all, one) in boxes.iter_mut().zip(&facts.boxes) {
                extend(all, *one);
            }
        }
        (lonlat, boxes)
    }
}

fn extend(all: &mut Option<Bbox>, one: Option<Bbox>) {
    if let Some(one) = one {
        *all = Some(all.map_or(one, |all| all.union(&one)));
    }
}

/// The site's CRSs, and `CRS:84` where it is not one of them.
fn offered(service: &Service<'_>) -> Vec<Offered> {
    let mut offered: Vec<Offered> = Vec::new();
    for crs in &service.catalogue.site.crs {
        let one = Offered::new(crs);
        if !offered.iter().any(|o| o.name == one.name) {
            offered.push(one);
        }
    }
    if !offered.iter().any(|o| o.name == "CRS:84") {
        offered.push(Offered {
            name: "CRS:84".into(),
            crs: None,
            is_geographic: true,
            north_first: false,
        });
    }
    offered
}

/// Of the larger side of a box of points, what symbols stick out: QGIS asks for nothing beyond
/// the box, and those at its border would be cut in two.
const SYMBOLS: f64 = 0.02;

/// The box of what is drawn of a layer with that extent.
fn drawn(layer: &Layer, extent: Bbox, crs: &Crs) -> Bbox {
    let by = match layer.store.schema().geometry {
        GeometryType::Point | GeometryType::MultiPoint => {
            extent.width().max(extent.height()) * SYMBOLS
        }
        _ => 0.0,
    };
    with_room(extent.grown(by, by), crs)
}

impl LayerFacts {
    fn new(service: &Service<'_>, layer: &Arc<Layer>, offered: &[Offered]) -> LayerFacts {
        let lonlat = layer
            .extent_lonlat
            .and_then(|extent| extent.intersection(&Bbox::WORLD))
            .and_then(|extent| drawn(layer, extent, &Crs::crs84()).intersection(&Bbox::WORLD));
        let boxes = offered
            .iter()
            .map(|offered| match &offered.crs {
                _ if offered.is_wgs84() => lonlat,
                Some(crs) => {
                    let extent = service.engine.extent_in(layer, crs);
                    extent.map(|extent| drawn(layer, extent, crs))
                }
                None => lonlat,
            })
            .collect();
        let own = Offered::new(&layer.crs);
        let is_new = !offered.iter().any(|o| o.name == own.name);
        let can_be_asked = !layer.crs.authority.is_empty() && layer.crs.kind != CrsKind::Other;
        let extent = layer.store.extent().filter(|_| is_new && can_be_asked);
        let extent = extent.map(|extent| drawn(layer, extent, &layer.crs));
        let language = service.catalogue.site.languages.first();
        let language = language.map_or("fr", String::as_str);
        let legends = layer
            .styles
            .iter()
            .map(|style| {
                let request = legend::default_legend(layer, style, language);
                service.engine.legend_size(&request).ok()
            })
            .collect();
        // of features without an end, or whose store can't be read, no dimension is told
        let times = layer.is_temporal.then(|| {
            let ends = service.engine.time_extent(layer, &Budget::unlimited());
            let [first, last] = ends.ok()?;
            Some([first?, last?])
        });
        LayerFacts {
            layer: Arc::downgrade(layer),
            lonlat,
            boxes,
            own: extent.map(|extent| (own, extent)),
            times: times.flatten(),
            legends,
        }
    }

    fn is_of(&self, layer: &Arc<Layer>) -> bool {
        self.layer
            .upgrade()
            .is_some_and(|own| Arc::ptr_eq(&own, layer))
    }
}
