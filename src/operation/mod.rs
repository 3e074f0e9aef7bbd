//! What the server does, told without any protocol: typed request in, typed answer out.

mod anchors;
mod blocks;
mod cover;
mod feature_info;
pub mod features;
mod layer;
mod legend;
mod level_of_detail;
mod map;
mod map_legend;
mod near;
mod print;
mod reach;
mod speck;
mod sprite;
mod studio;
mod types;
mod vector_tile;

pub use blocks::Block;
pub use cover::Cover;
pub use level_of_detail::Sources;
pub use print::{PrintAddition, PrintPart, PrintPicture, PrintRequest, PrintSample};
pub use reach::{extent_in, with_room};
pub use sprite::{Place, Sprite};
pub use studio::Studio;
pub use types::{
    DrawReport, Drawn, FeatureInfoRequest, FoundFeature, FoundFeatures, LayerReport, LegendEntry,
    LegendRequest, Limits, MapLayer, MapRequest,
};
pub use vector_tile::{TileLayer, TileLayerReport, VectorTile, VectorTileRequest, points_layer};
