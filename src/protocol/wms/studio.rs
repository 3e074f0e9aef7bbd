//! The hands of the WMS: the studio and the readers and writers of the house.

use std::sync::Arc;

use tiny_skia::Pixmap;

use super::engine::{Engine, StyleChoice, StyledLayer};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::decode::sld::{self, StyleContent};
use crate::encode::{self, Effort, ImageFormat};
use crate::error::Result;
use crate::geom::{Bbox, Size};
use crate::operation::{
    Drawn, FeatureInfoRequest, FoundFeatures, LegendEntry, LegendRequest, MapRequest, Studio,
};
use crate::query::Moment;
use crate::style::Style;

impl Engine for Studio {
    fn crs(&self, name: &str) -> Result<Crs> {
        Crs::parse(name)
    }

    fn extent_in(&self, layer: &Layer, crs: &Crs) -> Option<Bbox> {
        Studio::extent_in(self, layer, crs)
    }

    fn time_extent(&self, layer: &Layer, budget: &Budget) -> Result<[Option<Moment>; 2]> {
        Studio::time_extent(self, layer, budget)
    }

    fn map(&self, request: &MapRequest, budget: &Budget) -> Result<Drawn> {
        Studio::map(self, request, budget)
    }

    fn feature_info(&self, request: &FeatureInfoRequest, budget: &Budget) -> Result<FoundFeatures> {
        Studio::feature_info(self, request, budget)
    }

    fn legend(&self, request: &LegendRequest, budget: &Budget) -> Result<Pixmap> {
        Studio::legend(self, request, budget)
    }

    fn legend_size(&self, request: &LegendRequest) -> Result<[u32; 2]> {
        Studio::legend_size(self, request)
    }

    fn legend_entries(&self, request: &LegendRequest, budget: &Budget) -> Result<Vec<LegendEntry>> {
        Studio::legend_entries(self, request, budget)
    }

    fn encode(&self, pixmap: &Pixmap, format: ImageFormat) -> Result<Vec<u8>> {
        encode::image(pixmap, format, Effort::Quick)
    }

    fn message_image(&self, size: Size, text: &str, background: Option<[u8; 3]>) -> Result<Pixmap> {
        self.message(size, text, background)
    }

    fn read_styles(&self, document: &str) -> Result<Vec<StyledLayer>> {
        // a stranger's style may refer to nothing, neither on this machine nor on the network
        let document = sld::parse(document, &mut sld::no_resources)?;
        Ok(document
            .layers
            .into_iter()
            .map(|layer| StyledLayer {
                layer: layer.layer,
                filter: layer.filter,
                style: match layer.content {
                    StyleContent::Named(name) => StyleChoice::Named(name),
                    StyleContent::Defined { style, .. } => StyleChoice::User(Arc::new(style)),
                },
            })
            .collect())
    }

    fn write_styles(&self, styles: &[(Arc<Layer>, Arc<Style>)]) -> Result<String> {
        let layers: Vec<(&str, [&Style; 1])> = styles
            .iter()
            .map(|(layer, style)| (layer.id.as_str(), [&**style]))
            .collect();
        let borrowed: Vec<(&str, &[&Style])> = layers
            .iter()
            .map(|(id, styles)| (*id, styles.as_slice()))
            .collect();
        let (text, _notes) = encode::sld::write(&borrowed, encode::sld::SldOptions::default());
        Ok(text)
    }
}
