//! What the server does, told without any protocol: typed request in, typed answer out.

mod types;

pub use types::{
    DrawReport, Drawn, FeatureInfoRequest, FoundFeature, LayerReport, LegendEntry, LegendRequest,
    Limits, MapLayer, MapRequest,
};
