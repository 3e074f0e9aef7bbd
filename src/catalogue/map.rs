//! A map of the cartothèque: layers of the catalogue in an order of its own, with what this map
//! says differently of them. One `Map` is the page, the services and the documents of a map.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Access, Layer, LocalText, Metadata};
use crate::crs::Crs;
use crate::geom::Bbox;
use crate::style::ScaleRange;

/// A map, with everything settled: names resolved, defaults filled, texts by language.
#[derive(Debug, Clone)]
pub struct Map {
    /// Its address: `/maps/{id}`.
    pub id: String,
    /// Names that it had elsewhere: `/1/{alias}.map` leads here.
    pub aliases: Vec<String>,
    pub title: LocalText,
    pub abstract_: LocalText,
    pub access: Access,
    pub status: MapStatus,
    pub metadata: Metadata,
    pub keywords: Vec<String>,
    /// Two-letter codes; the first is the default.
    pub languages: Vec<String>,
    pub view: MapView,
    /// The first is shown.
    pub basemaps: Vec<Arc<Basemap>>,
    /// Top first: the order of the legend and of drawing.
    pub entries: Vec<MapEntry>,
    pub search: Vec<MapSearch>,
    pub tools: Vec<MapTool>,
    pub print: MapPrint,
    /// Sites whose pages may show the map in a frame: `https://host`, `https://*.host`. Empty: all.
    pub frames: Vec<String>,
    pub services: Vec<MapService>,
}

/// What becomes of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MapStatus {
    /// Only `check` looks at it.
    Draft,
    #[default]
    Published,
    /// It answers at its address, and is in no list.
    Archived,
}

/// What a map shows first, and what it can be shown in.
#[derive(Debug, Clone)]
pub struct MapView {
    pub crs: Crs,
    /// In `crs`, x before y.
    pub extent: Bbox,
    /// Scale denominators at 0.28 mm a pixel.
    pub scales: ScaleRange,
    /// `crs` and others that a visitor may choose; `crs` is among them.
    pub offer: Vec<Crs>,
}

/// What stands in a map's legend.
#[derive(Debug, Clone)]
pub enum MapEntry {
    Group(MapGroup),
    Layer(Box<MapLayer>),
}

/// Layers under one title.
#[derive(Debug, Clone)]
pub struct MapGroup {
    pub title: LocalText,
    /// Unfolded in the legend at first.
    pub is_open: bool,
    /// Top first.
    pub entries: Vec<MapEntry>,
}

/// A layer of a map.
#[derive(Debug, Clone)]
pub struct MapLayer {
    /// Unique in the map.
    pub id: String,
    /// The layer as this map shows it, under this id: its title, styles (the first is the one
    /// that it is shown in), scales, filter, popup, label.
    pub layer: Arc<Layer>,
    /// The id of the layer in the catalogue.
    pub of: String,
    /// Shown at first.
    pub is_visible: bool,
    /// Of the layer as a whole, 0 to 1.
    pub opacity: f64,
    /// The filter as it was written, in CQL2.
    pub filter: Option<String>,
    pub table: Option<MapTable>,
}

/// A table of a layer's features beside the map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapTable {
    pub title: Option<LocalText>,
    /// Names of fields.
    pub columns: Vec<String>,
    /// The field that it is sorted by, `-` before it for descending.
    pub sort: Option<String>,
    /// A row leads to its place.
    pub zooms: bool,
    /// File formats of its download.
    pub export: Vec<String>,
}

/// What can be searched for in a map.
#[derive(Debug, Clone, PartialEq)]
pub struct MapSearch {
    /// A layer of the catalogue, not always one of the map.
    pub layer: String,
    /// Names of its fields.
    pub fields: Vec<String>,
    pub title: LocalText,
}

/// What a visitor can do with a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapTool {
    Print,
    Share,
    Personal,
    Measure,
    Download,
    Embed,
}

/// Under which names other programs can use a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapService {
    Wms,
    Wmts,
    /// OGC API – Features and WFS.
    Features,
    /// Vector tiles and raster tiles.
    Tiles,
}

/// How a map goes on paper.
#[derive(Debug, Clone, PartialEq)]
pub struct MapPrint {
    pub layouts: Vec<PrintLayout>,
    /// Dots per inch.
    pub dpi: Vec<u32>,
    /// Producers and dates of the data stand on the sheet.
    pub sources: bool,
}

/// A sheet of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintLayout {
    A4Landscape,
    A4Portrait,
    A3Landscape,
    A3Portrait,
}

/// Sizes of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperFormat {
    A4,
    A3,
}

/// A map under the layers: from elsewhere, or of layers of this server.
#[derive(Debug, Clone)]
pub struct Basemap {
    /// `none` is the map without one.
    pub id: String,
    pub title: LocalText,
    pub kind: BasemapKind,
    /// Of elsewhere; empty for what is this server's own.
    pub url: String,
    /// Of this server, top first, each in its default style.
    pub layers: Vec<Arc<Layer>>,
    pub layer: Option<String>,
    pub matrix_set: Option<String>,
    pub style: Option<String>,
    pub format: Option<String>,
    pub attribution: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasemapKind {
    None,
    Wmts,
    Wms,
    Xyz,
    /// Layers of this server.
    Layers,
}

impl MapStatus {
    pub const ALL: [MapStatus; 3] = [MapStatus::Draft, MapStatus::Published, MapStatus::Archived];

    /// The word in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            MapStatus::Draft => "draft",
            MapStatus::Published => "published",
            MapStatus::Archived => "archived",
        }
    }
}

impl MapTool {
    pub const ALL: [MapTool; 6] = [
        MapTool::Print,
        MapTool::Share,
        MapTool::Personal,
        MapTool::Measure,
        MapTool::Download,
        MapTool::Embed,
    ];

    /// The word in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            MapTool::Print => "print",
            MapTool::Share => "share",
            MapTool::Personal => "personal",
            MapTool::Measure => "measure",
            MapTool::Download => "download",
            MapTool::Embed => "embed",
        }
    }
}

impl MapService {
    pub const ALL: [MapService; 4] = [
        MapService::Wms,
        MapService::Wmts,
        MapService::Features,
        MapService::Tiles,
    ];

    /// The word in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            MapService::Wms => "wms",
            MapService::Wmts => "wmts",
            MapService::Features => "features",
            MapService::Tiles => "tiles",
        }
    }
}

impl PrintLayout {
    pub const ALL: [PrintLayout; 4] = [
        PrintLayout::A4Landscape,
        PrintLayout::A4Portrait,
        PrintLayout::A3Landscape,
        PrintLayout::A3Portrait,
    ];

    /// The word in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            PrintLayout::A4Landscape => "a4-paysage",
            PrintLayout::A4Portrait => "a4-portrait",
            PrintLayout::A3Landscape => "a3-paysage",
            PrintLayout::A3Portrait => "a3-portrait",
        }
    }

    /// The sheet of a name; `a4-landscape` is one too, and case does not matter.
    pub fn parse(name: &str) -> Option<PrintLayout> {
        let wanted = name.to_lowercase().replace("landscape", "paysage");
        PrintLayout::ALL.into_iter().find(|l| l.name() == wanted)
    }

    /// Width and height in millimetres (ISO 216).
    pub fn size_mm(self) -> [f64; 2] {
        let [short, long] = match self.format() {
            PaperFormat::A4 => [210.0, 297.0],
            PaperFormat::A3 => [297.0, 420.0],
        };
        match self.is_landscape() {
            true => [long, short],
            false => [short, long],
        }
    }

    pub fn format(self) -> PaperFormat {
        match self {
            PrintLayout::A4Landscape | PrintLayout::A4Portrait => PaperFormat::A4,
            PrintLayout::A3Landscape | PrintLayout::A3Portrait => PaperFormat::A3,
        }
    }

    pub fn is_landscape(self) -> bool {
        matches!(self, PrintLayout::A4Landscape | PrintLayout::A3Landscape)
    }
}

impl PaperFormat {
    pub fn name(self) -> &'static str {
        match self {
            PaperFormat::A4 => "A4",
            PaperFormat::A3 => "A3",
        }
    }
}

impl BasemapKind {
    /// The word in answers: to viewers layers of this server are a WMS, too.
    pub fn name(self) -> &'static str {
        match self {
            BasemapKind::None => "none",
            BasemapKind::Wmts => "wmts",
            BasemapKind::Wms | BasemapKind::Layers => "wms",
            BasemapKind::Xyz => "xyz",
        }
    }
}

impl MapGroup {
    /// The layers of the group and of the groups in it, top first.
    pub fn layers(&self) -> impl Iterator<Item = &MapLayer> {
        let mut list = Vec::new();
        collect(&self.entries, &mut list);
        list.into_iter()
    }
}

impl Map {
    /// The layers, top first: whatever is made of a map has them in this order.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = &MapLayer> {
        let mut list = Vec::new();
        collect(&self.entries, &mut list);
        list.into_iter()
    }

    /// A layer of the map by its id in the map.
    pub fn layer(&self, id: &str) -> Option<&MapLayer> {
        self.layers().find(|layer| layer.id == id)
    }

    /// True where the map stands in lists.
    pub fn is_listed(&self) -> bool {
        self.status == MapStatus::Published
    }

    pub fn has(&self, service: MapService) -> bool {
        self.services.contains(&service)
    }
}

fn collect<'a>(entries: &'a [MapEntry], list: &mut Vec<&'a MapLayer>) {
    for entry in entries {
        match entry {
            MapEntry::Group(group) => collect(&group.entries, list),
            MapEntry::Layer(layer) => list.push(layer),
        }
    }
}

/// The maps of a catalogue.
#[derive(Debug, Clone, Default)]
pub struct Maps {
    all: Vec<Arc<Map>>,
    by_id: HashMap<String, usize>,
    by_alias: HashMap<String, usize>,
}

impl Maps {
    /// Maps whose ids and aliases are each another's; of two that share one the first is found.
    pub fn new(all: Vec<Arc<Map>>) -> Maps {
        let mut by_id = HashMap::with_capacity(all.len());
        let mut by_alias = HashMap::new();
        for (index, map) in all.iter().enumerate() {
            by_id.entry(map.id.clone()).or_insert(index);
            for alias in &map.aliases {
                by_alias.entry(alias.clone()).or_insert(index);
            }
        }
        Maps {
            all,
            by_id,
            by_alias,
        }
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Map>> {
        self.all.get(*self.by_id.get(id)?)
    }

    /// The map that once had another name.
    pub fn by_alias(&self, alias: &str) -> Option<&Arc<Map>> {
        self.all.get(*self.by_alias.get(alias)?)
    }

    /// In the order of their ids' files, archived ones too.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Map>> {
        self.all.iter()
    }

    /// Those that stand in lists.
    pub fn listed(&self) -> impl Iterator<Item = &Arc<Map>> {
        self.all.iter().filter(|map| map.is_listed())
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
