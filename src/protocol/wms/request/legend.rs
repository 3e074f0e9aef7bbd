use super::map::style_names;
use super::values::option;
use super::{Reader, SIDES};
use crate::encode::ImageFormat;
use crate::error::{Error, Result};
use crate::geom::View;
use crate::operation::LegendRequest;

/// Sides of a swatch that are drawn; beyond, the nearest of them.
const SWATCH_RANGE: std::ops::RangeInclusive<u32> = 4..=512;

/// The side of a swatch in device pixels: beyond, the resolution is lowered. A legend may have
/// hundreds of them, and in JSON each stands in memory.
const MAX_SWATCH_PX: f64 = 512.0;
const MAX_ICON_PX: f64 = 128.0;

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

    fn has_alpha(self) -> bool {
        match self {
            LegendFormat::Image(format) => format.has_alpha(),
            LegendFormat::Json => true,
        }
    }
}

impl Reader<'_> {
    /// `LAYER` and `STYLE` may be lists, as GeoServer and QGIS Server have them: their legends
    /// stand one under the other. A style document (`SLD`, `SLD_BODY`) is a library as for maps.
    pub(super) fn get_legend_graphic(&self) -> Result<GetLegendGraphic> {
        let list = match self.kvp.get("LAYER").or_else(|| self.kvp.get("LAYERS")) {
            Some(list) => list,
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
        let names = self.layer_names("LAYER", list)?;
        let styles = self.kvp.get("STYLE").or_else(|| self.kvp.get("STYLES"));
        let styles = style_names("STYLE", styles, &names)?;
        let document = self.style_document()?.unwrap_or_default();
        let mut chosen = Vec::new();
        for (name, style) in names.into_iter().zip(styles) {
            // a group's layers come bottom first
            chosen.extend(self.styled(name, style, &document)?.into_iter().rev());
        }
        let is_list = chosen.len() > 1;
        let options = self.kvp.get("LEGEND_OPTIONS").unwrap_or_default();
        let is_on = |key: &str| {
            option(options, key)
                .map(|v| v.eq_ignore_ascii_case("on") || v.eq_ignore_ascii_case("true"))
        };
        let scale_denominator = self.legend_scale()?;
        let [width, height] = self.swatch()?;
        let most = match format {
            LegendFormat::Image(_) => MAX_SWATCH_PX,
            LegendFormat::Json => MAX_ICON_PX,
        };
        let most = most / f64::from(width.max(height));
        let pixel_ratio = self.pixel_ratio()?.min(most);
        let transparent = self.transparent()? && format.has_alpha();
        let background = self.background()?;
        let legends = chosen
            .into_iter()
            .map(|(layer, style)| LegendRequest {
                layer,
                style,
                rule: self.kvp.get("RULE").map(str::to_owned),
                scale_denominator,
                swatch: [width, height],
                pixel_ratio,
                transparent,
                background,
                language: self.scope.language.clone(),
                with_title: is_on("forceTitles").unwrap_or(is_list),
                with_labels: is_on("forceLabels").unwrap_or(true),
            })
            .collect();
        Ok(GetLegendGraphic { legends, format })
    }

    /// SCALE, or the scale of the map that a contextual legend goes with.
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
        let Some(sides) = self.map_sides() else {
            return Ok(None);
        };
        let crs = self.crs()?;
        let view = View::new(self.bbox(&crs)?, self.size(sides)?, crs.metres_per_unit);
        Ok(Some(view.scale_denominator()))
    }

    /// The parameters that say how wide and how high the map of a contextual legend is, where
    /// there is one: QGIS Server's `SRCWIDTH` and `SRCHEIGHT`, else `WIDTH` and `HEIGHT`, which
    /// are then not those of a swatch.
    fn map_sides(&self) -> Option<[&'static str; 2]> {
        self.kvp.get("BBOX")?;
        let is_given = |sides: &[&str; 2]| sides.iter().all(|name| self.kvp.get(name).is_some());
        [["SRCWIDTH", "SRCHEIGHT"], SIDES]
            .into_iter()
            .find(is_given)
    }

    /// The size of a swatch: `WIDTH` and `HEIGHT`. Default: 20 by 20.
    fn swatch(&self) -> Result<[u32; 2]> {
        let is_of_map = self.map_sides() == Some(SIDES);
        let side = |name| -> Result<u32> {
            let given: Option<u32> = match is_of_map {
                true => None,
                false => self.kvp.parsed(name, "a positive whole number of pixels")?,
            };
            Ok(given
                .unwrap_or(20)
                .clamp(*SWATCH_RANGE.start(), *SWATCH_RANGE.end()))
        };
        let [width, height] = SIDES;
        Ok([side(width)?, side(height)?])
    }
}
