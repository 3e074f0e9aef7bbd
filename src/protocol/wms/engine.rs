use std::sync::Arc;

use tiny_skia::Pixmap;

use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::encode::ImageFormat;
use crate::error::Result;
use crate::geom::{Bbox, Size};
use crate::operation::{
    Drawn, FeatureInfoRequest, FoundFeatures, LegendEntry, LegendRequest, MapRequest,
};
use crate::query::{Filter, Moment};
use crate::style::Style;

/// The work behind the protocol: what a WMS asks of the rest of the house.
///
/// One implementation serves; tests bring one that draws nothing.
pub trait Engine: Sync {
    /// The CRS of a name, in any of the usual notations.
    ///
    /// # Errors
    /// `InvalidCrs`.
    fn crs(&self, name: &str) -> Result<Crs>;

    /// The layer's extent in a CRS; `None` where it can't be told. Called once for each layer
    /// and advertised CRS, then kept.
    fn extent_in(&self, layer: &Layer, crs: &Crs) -> Option<Bbox>;

    /// The first and the last moment of a layer's features; `None` where it has none. Called once
    /// for each version of a layer that has times.
    ///
    /// # Errors
    /// What the store says.
    fn time_extent(&self, layer: &Layer, budget: &Budget) -> Result<[Option<Moment>; 2]>;

    /// # Errors
    /// What drawing meets: limits, deadline, damaged data.
    fn map(&self, request: &MapRequest, budget: &Budget) -> Result<Drawn>;

    /// # Errors
    /// As [`map`](Engine::map).
    fn feature_info(&self, request: &FeatureInfoRequest, budget: &Budget) -> Result<FoundFeatures>;

    /// # Errors
    /// `InvalidParameter` for a rule that the style does not have; what the budget says.
    fn legend(&self, request: &LegendRequest, budget: &Budget) -> Result<Pixmap>;

    /// Width and height of what [`legend`](Engine::legend) draws.
    ///
    /// # Errors
    /// As [`legend`](Engine::legend).
    fn legend_size(&self, request: &LegendRequest) -> Result<[u32; 2]>;

    /// # Errors
    /// As [`legend`](Engine::legend).
    fn legend_entries(&self, request: &LegendRequest, budget: &Budget) -> Result<Vec<LegendEntry>>;

    /// # Errors
    /// `Internal` where the encoder refuses.
    fn encode(&self, pixmap: &Pixmap, format: ImageFormat) -> Result<Vec<u8>>;

    /// A picture that says a message: `EXCEPTIONS=INIMAGE`. `background` is `None` where it is
    /// transparent.
    ///
    /// # Errors
    /// `Internal` where the size can't be allocated.
    fn message_image(&self, size: Size, text: &str, background: Option<[u8; 3]>) -> Result<Pixmap>;

    /// The layers of a style document (`SLD`, `SLD_BODY`), in its order.
    ///
    /// # Errors
    /// `InvalidStyle`, `Syntax` with line and column.
    fn read_styles(&self, document: &str) -> Result<Vec<StyledLayer>>;

    /// A style document (SLD) with these styles, in order.
    ///
    /// # Errors
    /// `Internal`.
    fn write_styles(&self, styles: &[(Arc<Layer>, Arc<Style>)]) -> Result<String>;
}

/// One layer of a style document, with one of its styles.
#[derive(Debug, Clone, PartialEq)]
pub struct StyledLayer {
    /// The `Name` of the `NamedLayer`.
    pub layer: String,
    /// `LayerFeatureConstraints`: the features that are drawn at all.
    pub filter: Option<Filter>,
    pub style: StyleChoice,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StyleChoice {
    /// `NamedStyle`: one of the server's.
    Named(String),
    /// `UserStyle`: the document's own.
    User(Arc<Style>),
}
