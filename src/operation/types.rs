use std::sync::Arc;
use std::time::Duration;

use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::feature::OwnedValue;
use crate::geom::{Bbox, Coord, Geometry, View};
use crate::query::Filter;
use crate::style::Style;

/// A map to draw.
#[derive(Debug, Clone)]
pub struct MapRequest {
    pub view: View,
    pub crs: Crs,
    /// Bottom to top.
    pub layers: Vec<MapLayer>,
    /// RGB of what no layer covers.
    pub background: [u8; 3],
    /// True: what no layer covers is transparent.
    pub transparent: bool,
}

/// One layer of a map, in one style, all of it or what a filter leaves.
#[derive(Debug, Clone)]
pub struct MapLayer {
    pub layer: Arc<Layer>,
    pub style: Arc<Style>,
    pub filter: Option<Filter>,
}

/// A drawn map and how it came about.
#[derive(Debug)]
pub struct Drawn {
    /// Premultiplied RGBA.
    pub pixmap: tiny_skia::Pixmap,
    pub report: DrawReport,
}

/// How a map came about: what `explain` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DrawReport {
    pub layers: Vec<LayerReport>,
    /// Labels that wanted a place, and those that got one.
    pub label_candidates: u64,
    pub labels: u64,
    pub label_time: Duration,
    pub total_time: Duration,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct LayerReport {
    pub layer: String,
    pub style: String,
    /// The level that was read, `EPSG:3857/z9`; `None` for the features themselves.
    pub level: Option<String>,
    /// The list that told which features to ask for their names, `EPSG:3857/names+11`; `None`
    /// is all of them.
    pub names: Option<String>,
    /// The boxes asked of the store, in the CRS of the layer or level.
    pub boxes: Vec<Bbox>,
    /// How positions went from the layer's CRS to the view's, as PROJ writes it.
    pub pipeline: String,
    /// In metres, where PROJ knows.
    pub accuracy_m: Option<f64>,
    /// False: the layer or all its rules are outside their scale range.
    pub in_scale: bool,
    pub index_nodes: u64,
    pub features_read: u64,
    pub features_filtered: u64,
    pub features_drawn: u64,
    pub features_damaged: u64,
    pub vertices: u64,
    /// That drew at the same time.
    pub threads: usize,
    pub time: Duration,
    /// Why nothing of the layer is seen, in words; `None` where something is.
    pub blank_because: Option<String>,
}

/// What is at a pixel of a map.
#[derive(Debug, Clone)]
pub struct FeatureInfoRequest {
    pub map: MapRequest,
    /// The layers asked: a subset of the map's, top first.
    pub query_layers: Vec<MapLayer>,
    /// Column and row of the pixel, from the upper left.
    pub pixel: [u32; 2],
    /// At most that many features a layer.
    pub feature_count: u32,
    /// Extra reach around the pixel, in pixels; `None` is the usual 2 (points and lines).
    pub tolerance_px: Option<f64>,
}

/// What was found at a pixel, and what that cost.
#[derive(Debug, Clone, Default)]
pub struct FoundFeatures {
    /// Of each asked layer the topmost first.
    pub features: Vec<FoundFeature>,
    /// A layer's `features_drawn` are those that are drawn at the pixel.
    pub layers: Vec<LayerReport>,
}

/// A feature found, with what people may see of it.
#[derive(Debug, Clone)]
pub struct FoundFeature {
    pub layer: Arc<Layer>,
    pub id: String,
    /// In the order of [`Layer::fields`].
    pub values: Vec<OwnedValue>,
    /// In the CRS of the map.
    pub geometry: Geometry,
    pub bbox: Option<Bbox>,
    /// Where the click was, in the CRS of the map.
    pub position: Coord,
}

/// A legend to draw.
#[derive(Debug, Clone)]
pub struct LegendRequest {
    pub layer: Arc<Layer>,
    pub style: Arc<Style>,
    /// Only the rule of that name or title.
    pub rule: Option<String>,
    /// Only rules seen at that scale denominator.
    pub scale_denominator: Option<f64>,
    /// Of one swatch, in pixels at 96 DPI. Default: 20 by 20.
    pub swatch: [u32; 2],
    pub pixel_ratio: f64,
    pub transparent: bool,
    pub background: [u8; 3],
    pub language: String,
    /// Draw the layer's title above the entries.
    pub with_title: bool,
    /// Draw the labels beside the swatches.
    pub with_labels: bool,
}

/// One line of a legend.
#[derive(Debug, Clone)]
pub struct LegendEntry {
    pub title: String,
    pub rule: Option<String>,
    pub swatch: tiny_skia::Pixmap,
}

/// What one request may ask for; beyond it is an error before any work.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    pub width: u32,
    pub height: u32,
    /// Of one map: width times height.
    pub pixels: u64,
    /// Layers in one map.
    pub layers: u32,
    pub features: u64,
    pub vertices: u64,
    pub seconds: u64,
    /// Features of a WFS answer whose request has no COUNT; `None` is all. Default: all.
    pub wfs_count: Option<u64>,
    /// Bytes of a vector tile before compression.
    pub tile_bytes: usize,
    /// Bytes of temporary files, of all downloads under way together. Read when the server starts.
    pub temporary_bytes: u64,
    /// Bytes of a request body or of an `SLD_BODY`.
    pub body_bytes: usize,
    pub xml_depth: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            // a 300 DPI A3 print is 4 961 by 3 508
            width: 8192,
            height: 8192,
            // 300 DPI A2 is 34.8 million; what a map holds in memory is about 8 bytes a pixel
            pixels: 40_000_000,
            layers: 100,
            // about 20 s of drawing on one core
            features: 20_000_000,
            vertices: 500_000_000,
            seconds: 30,
            wfs_count: None,
            // 300 kB compressed: a screen of twelve such tiles takes a second at 30 Mbit/s
            tile_bytes: 1_000_000,
            // forty of the largest shapefiles at once would be refused, ten not
            temporary_bytes: 20_000_000_000,
            body_bytes: 2 << 20,
            xml_depth: 64,
        }
    }
}
