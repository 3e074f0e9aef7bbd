use std::sync::Arc;

use super::Reader;
use super::values::option;
use crate::encode::ImageFormat;
use crate::error::{Error, Result};
use crate::geom::View;
use crate::operation::LegendRequest;

/// Sides of a swatch that are drawn; beyond, the nearest of them.
const SWATCH_RANGE: std::ops::RangeInclusive<u32> = 4..=512;

/// The side of a swatch in device pixels: beyond, the resolution is lowered. A legend may have
/// hundreds of them.
const MAX_SWATCH_PX: f64 = 512.0;

/// A GetLegendGraphic request, understood (OGC 05-078r4 §12).
#[derive(Debug)]
pub struct GetLegendGraphic {
    /// One for each layer that the name stands for, top first.
    pub legends: Vec<LegendRequest>,
    pub format: LegendFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegendFormat {
    Image(ImageFormat),
    Json,
}

impl LegendFormat {
    fn parse(text: &str) -> Option<LegendFormat> {
        if ["application/json", "json"]
            .iter()
            .any(|n| text.eq_ignore_ascii_case(n))
        {
            return Some(LegendFormat::Json);
        }
        ImageFormat::parse(text).map(LegendFormat::Image)
    }
}

impl Reader<'_> {
    pub(super) fn get_legend_graphic(&self) -> Result<GetLegendGraphic> {
        let name = match self.kvp.get("LAYER").or_else(|| self.kvp.get("LAYERS")) {
            Some(name) => name,
            None => self.kvp.require("LAYER", "the name of a layer")?,
        };
        let text = self.kvp.get("FORMAT").unwrap_or("image/png");
        let format = LegendFormat::parse(text).ok_or_else(|| Error::InvalidFormat {
            format: text.to_owned(),
            expected: format!(
                "{}, application/json",
                ImageFormat::ALL.map(ImageFormat::media_type).join(", ")
            ),
        })?;
        let mut layers = self.scope.layers_of(name)?;
        layers.reverse(); // bottom first becomes top first
        let is_group = layers.len() > 1;
        let style = self.kvp.get("STYLE").or_else(|| self.kvp.get("STYLES"));
        let options = self.kvp.get("LEGEND_OPTIONS").unwrap_or_default();
        let is_on = |key: &str| {
            option(options, key)
                .map(|v| v.eq_ignore_ascii_case("on") || v.eq_ignore_ascii_case("true"))
        };
        let scale_denominator = self.legend_scale()?;
        let [width, height] = self.swatch()?;
        let most = MAX_SWATCH_PX / f64::from(width.max(height));
        let pixel_ratio = self.pixel_ratio()?.min(most);
        let legends = layers
            .into_iter()
            .map(|layer| {
                Ok(LegendRequest {
                    style: Arc::clone(layer.style(style.unwrap_or_default())?),
                    layer,
                    rule: self.kvp.get("RULE").map(str::to_owned),
                    scale_denominator,
                    swatch: [width, height],
                    pixel_ratio,
                    transparent: self.transparent()?,
                    background: self.background()?,
                    language: self.scope.language.clone(),
                    with_title: is_on("forceTitles").unwrap_or(is_group),
                    with_labels: is_on("forceLabels").unwrap_or(true),
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(GetLegendGraphic { legends, format })
    }

    /// SCALE, or the scale of the map that a contextual legend (QGIS) goes with.
    fn legend_scale(&self) -> Result<Option<f64>> {
        let scale: Option<f64> = self.kvp.parsed("SCALE", "a scale denominator")?;
        match scale {
            Some(scale) if scale.is_finite() && scale > 0.0 => return Ok(Some(scale)),
            Some(scale) => {
                return Err(Error::parameter(
                    "SCALE",
                    format!("expected a positive scale denominator, found {scale}"),
                ));
            }
            None => {}
        }
        if !self.is_contextual() {
            return Ok(None);
        }
        let crs = self.crs()?;
        let view = View::new(self.bbox(&crs)?, self.size()?, crs.metres_per_unit);
        Ok(Some(view.scale_denominator()))
    }

    /// True where BBOX, WIDTH and HEIGHT are those of a map, not of a swatch.
    fn is_contextual(&self) -> bool {
        ["BBOX", "WIDTH", "HEIGHT"]
            .iter()
            .all(|name| self.kvp.get(name).is_some())
    }

    /// The size of a swatch: `WIDTH` and `HEIGHT`. Default: 20 by 20.
    fn swatch(&self) -> Result<[u32; 2]> {
        let side = |name| -> Result<u32> {
            let given: Option<u32> = match self.is_contextual() {
                true => None,
                false => self.kvp.parsed(name, "a positive whole number of pixels")?,
            };
            Ok(given
                .unwrap_or(20)
                .clamp(*SWATCH_RANGE.start(), *SWATCH_RANGE.end()))
        };
        Ok([side("WIDTH")?, side("HEIGHT")?])
    }
}
