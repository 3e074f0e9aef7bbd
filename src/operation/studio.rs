use std::sync::Arc;

use tiny_skia::Pixmap;

use super::anchors::Anchors;
use super::blocks::{Block, Blocks};
use super::features::{
    FeatureQuery, FeatureStream, FgbStream, Found, JoinQuery, Pairs, Pieces, Selections,
    TimeExtents,
};
use super::{
    Drawn, FeatureInfoRequest, FoundFeatures, LegendEntry, LegendRequest, MapLayer, MapRequest,
    PrintPart, PrintRequest, Sources, Sprite, VectorTile, VectorTileRequest, feature_info, legend,
    map, map_legend, print, reach, sprite, vector_tile,
};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::encode::feature::{FeatureFormat, FeatureSet, Workshop};
use crate::error::Result;
use crate::geom::{Bbox, Size};
use crate::overview::Overviews;
use crate::query::Moment;
use crate::render::{Icon, SymbolCache};

/// Where maps are drawn: the operations, with the caches that they share.
#[derive(Debug, Default)]
pub struct Studio {
    symbols: SymbolCache,
    anchors: Anchors,
    blocks: Blocks,
    overviews: Arc<Overviews>,
    selections: Selections,
    times: TimeExtents,
    workshop: Workshop,
}

impl Studio {
    pub fn new() -> Studio {
        Studio::default()
    }

    /// With a place of its own for downloads that are put together.
    #[must_use]
    pub fn with_workshop(mut self, workshop: Workshop) -> Studio {
        self.workshop = workshop;
        self
    }

    /// Where downloads are put together.
    pub fn workshop(&self) -> &Workshop {
        &self.workshop
    }

    /// The levels of layers that maps are drawn from: whoever makes them ready puts them there.
    pub fn overviews(&self) -> &Arc<Overviews> {
        &self.overviews
    }

    /// Draws a map.
    ///
    /// # Errors
    /// As [`map::draw`].
    pub fn map(&self, request: &MapRequest, budget: &Budget) -> Result<Drawn> {
        let sources = Sources::of_map(request, &self.overviews);
        self.map_from(request, &sources, None, budget)
    }

    /// Draws a map from what was chosen for it; one that is a part of a block, with the labels of
    /// the block.
    ///
    /// # Errors
    /// As [`map::draw`].
    pub fn map_from(
        &self,
        request: &MapRequest,
        sources: &Sources,
        block: Option<&Block>,
        budget: &Budget,
    ) -> Result<Drawn> {
        for place in 0..request.layers.len() {
            self.overviews.count(sources.level(place).map(|l| &**l));
        }
        let hands = map::Hands {
            symbols: &self.symbols,
            anchors: &self.anchors,
            overviews: &self.overviews,
            block: block.map(|block| (block, &self.blocks)),
        };
        map::draw(request, sources, budget, &hands)
    }

    /// Makes the PDF of a map on paper.
    ///
    /// # Errors
    /// As [`print::make`].
    pub fn print(&self, request: &PrintRequest, budget: &Budget) -> Result<Vec<u8>> {
        print::make(request, self, budget)
    }

    /// Makes a vector tile.
    ///
    /// # Errors
    /// As [`vector_tile::make`].
    pub fn vector_tile(&self, request: &VectorTileRequest, budget: &Budget) -> Result<VectorTile> {
        let sources = Sources::of_tile(request, &self.overviews);
        self.vector_tile_from(request, &sources, budget)
    }

    /// Makes a vector tile from what was chosen for it.
    ///
    /// # Errors
    /// As [`vector_tile::make`].
    pub fn vector_tile_from(
        &self,
        request: &VectorTileRequest,
        sources: &Sources,
        budget: &Budget,
    ) -> Result<VectorTile> {
        vector_tile::make(request, budget, &self.anchors, sources)
    }

    /// Finds the features that match a query.
    ///
    /// # Errors
    /// As [`Selections::find`].
    pub fn features(&self, query: &FeatureQuery, budget: &Budget) -> Result<Found> {
        self.selections.find(query, budget)
    }

    /// Finds the pairs of features that belong together.
    ///
    /// # Errors
    /// As [`Selections::join`].
    pub fn join(&self, join: &JoinQuery, budget: &Budget) -> Result<Pairs> {
        self.selections.join(join, budget)
    }

    /// The first and the last moment of a layer's features, as far as they have been found.
    ///
    /// # Errors
    /// As [`TimeExtents::get`].
    pub fn time_extent(&self, layer: &Layer, budget: &Budget) -> Result<[Option<Moment>; 2]> {
        self.times.get(layer, budget)
    }

    /// The features found, on their way into a format; `set` tells what is given of them.
    ///
    /// # Errors
    /// What the format can't hold of such features; `Transform` where PROJ knows no way into the
    /// query's CRS; `Io`.
    pub fn features_as(
        &self,
        format: FeatureFormat,
        query: FeatureQuery,
        found: &Found,
        set: FeatureSet,
    ) -> Result<Box<dyn Pieces>> {
        if let FeatureFormat::FlatGeobuf { with_index } = format
            && FgbStream::can_copy(&query, &set)
        {
            return Ok(Box::new(FgbStream::new(query, found, set, with_index)));
        }
        let writer = format.writer(set, &self.workshop)?;
        Ok(Box::new(FeatureStream::new(query, found, writer)?))
    }

    /// The same of one feature alone, which is in no collection where the format can say so.
    ///
    /// # Errors
    /// As [`features_as`](Studio::features_as).
    pub fn feature_as(
        &self,
        format: FeatureFormat,
        query: FeatureQuery,
        found: &Found,
        set: FeatureSet,
    ) -> Result<Box<dyn Pieces>> {
        if let FeatureFormat::FlatGeobuf { .. } = format {
            return self.features_as(format, query, found, set);
        }
        let writer = format.writer_of_one(set, &self.workshop)?;
        Ok(Box::new(FeatureStream::new(query, found, writer)?))
    }

    /// Draws the sheet of a style's icons.
    ///
    /// # Errors
    /// As [`sprite::draw`].
    pub fn sprite(&self, icons: &[Icon], pixel_ratio: u32) -> Result<Sprite> {
        sprite::draw(icons, pixel_ratio, &self.symbols)
    }

    /// Finds what is drawn at a pixel.
    ///
    /// # Errors
    /// As [`map::draw`].
    pub fn feature_info(
        &self,
        request: &FeatureInfoRequest,
        budget: &Budget,
    ) -> Result<FoundFeatures> {
        feature_info::find(request, budget, &self.symbols)
    }

    /// # Errors
    /// As [`legend::entries`].
    pub fn legend_entries(
        &self,
        request: &LegendRequest,
        budget: &Budget,
    ) -> Result<Vec<LegendEntry>> {
        legend::entries(request, &self.symbols, budget)
    }

    /// # Errors
    /// As [`legend::draw`].
    pub fn legend(&self, request: &LegendRequest, budget: &Budget) -> Result<Pixmap> {
        legend::draw(request, &self.symbols, budget)
    }

    /// Draws the legends of a map's layers as one.
    ///
    /// # Errors
    /// As [`map_legend::draw`].
    pub fn map_legend(
        &self,
        parts: &[PrintPart],
        pixel_ratio: f64,
        request: &dyn Fn(&MapLayer) -> LegendRequest,
        max_pixels: u64,
        budget: &Budget,
    ) -> Result<Pixmap> {
        let hands = (&self.symbols, budget);
        map_legend::draw(parts, pixel_ratio, request, max_pixels, hands)
    }

    /// # Errors
    /// As [`legend::size`].
    pub fn legend_size(&self, request: &LegendRequest) -> Result<[u32; 2]> {
        legend::size(request)
    }

    /// # Errors
    /// As [`legend::message`].
    pub fn message(&self, size: Size, text: &str, background: Option<[u8; 3]>) -> Result<Pixmap> {
        legend::message(size, text, background)
    }

    /// True where a feature of the layer may be in a box of a CRS, as far as its index tells.
    ///
    /// # Errors
    /// `Transform` where PROJ knows no way; what the store refuses.
    pub fn touches(&self, layer: &Layer, crs: &Crs, bbox: &Bbox) -> Result<bool> {
        reach::touches(layer, crs, bbox)
    }

    /// The layer's extent in a CRS; `None` where it has none there.
    pub fn extent_in(&self, layer: &Layer, crs: &Crs) -> Option<Bbox> {
        reach::extent_in(layer, crs)
    }
}
