//! OGC API – Maps Part 1 (20-058): a map of one collection, of some, of the whole site, or of a
//! style.
//!
//! # Not supported
//! `void-color` and `void-transparent` (so `conf/background` is not declared: `bgcolor` and
//! `transparent` are), `orientation`, `datetime`, custom projections, cartographic layout, and the
//! formats TIFF, SVG and JPEG XL.

use std::sync::Arc;

use serde_json::json;

use super::collections::instant;
use super::negotiation::{Offer, choose};
use super::tilesets::layers_of;
use super::{ApiAddress, ApiRequest, Service, check_parameters, frame};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::{Crs, CrsKind};
use crate::encode::{self, Effort, ImageFormat};
use crate::error::{Error, Result};
use crate::operation::{MapLayer, MapRequest, Studio};
use crate::protocol::explain::{self, ExplainFormat};
use crate::protocol::maplibre::Subject;
use crate::protocol::ows::Kvp;
use crate::protocol::{Answer, tiles};
use crate::query::Moment;
use crate::style::color;

pub(super) const CONFORMANCE: &[&str] = &[
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/tilesets",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/dataset-map",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/collection-map",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/styled-map",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/collections-selection",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/scaling",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/display-resolution",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/spatial-subsetting",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/png",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/jpeg",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/api-operations",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/cors",
];

const FORMATS: [(Offer, ImageFormat); 4] = [
    (offer("png", "image/png"), ImageFormat::Png),
    (offer("jpeg", "image/jpeg"), ImageFormat::Jpeg),
    (offer("webp", "image/webp"), ImageFormat::Webp),
    (offer("png8", "image/png; mode=8bit"), ImageFormat::Png8),
];

const fn offer(name: &'static str, media_type: &'static str) -> Offer {
    Offer { name, media_type }
}

/// A map to be drawn, and how it is to be sent.
#[derive(Debug)]
pub struct PreparedMap {
    map: MapRequest,
    format: ImageFormat,
    explain: Option<ExplainFormat>,
    language: String,
}

/// Reads a request for the map at an address.
///
/// # Errors
/// `LayerNotDefined`, `StyleNotDefined`, `NotFound`, `InvalidParameter`, `InvalidCrs`, `InvalidFormat`; `LimitExceeded` for a
/// map that is too large or of too many layers.
pub fn prepare_map(
    service: &Service<'_>,
    address: &ApiAddress,
    request: &ApiRequest<'_>,
) -> Result<PreparedMap> {
    let kvp = Kvp::parse(request.query)?;
    let mut declared = vec!["CRS", "TRANSPARENT", "BGCOLOR", "F", "LANG", "EXPLAIN"];
    declared.extend(frame::PARAMETERS);
    if *address == ApiAddress::Map(None) {
        declared.push("COLLECTIONS");
    }
    check_parameters(&kvp, &declared)?;
    let (drawn, is_of_one) = match address {
        ApiAddress::Map(collection) => {
            let layers = layers_of(service, collection.as_deref(), &kvp, request.base)?;
            (tiles::styled(layers)?, collection.is_some())
        }
        ApiAddress::StyledMap(style) => (of_style(service, style)?, style != "all"),
        other => return Err(Error::NotFound { path: other.path() }),
    };
    let layers: Vec<Arc<Layer>> = drawn.iter().map(|drawn| Arc::clone(&drawn.layer)).collect();
    let crs = match kvp.get("CRS") {
        Some(name) => drawable(name)?,
        None => native(is_of_one, &layers),
    };
    let view = frame::view(service, &kvp, &crs, &layers)?;
    let offers = FORMATS.map(|(offer, _)| offer);
    let chosen = choose(kvp.get("F"), request.accept, &offers)?;
    let format = FORMATS.get(chosen).map_or(ImageFormat::Png, |(_, f)| *f);
    let color = background(&kvp)?;
    let wants_clear = transparent(&kvp)?.unwrap_or(color.is_none());
    let explain = match kvp.get("EXPLAIN") {
        Some(text) if service.tiles.explain => Some(ExplainFormat::parse(text)?),
        _ => None,
    };
    Ok(PreparedMap {
        map: MapRequest {
            view,
            crs,
            layers: drawn,
            background: color.unwrap_or([255; 3]),
            transparent: wants_clear && format.has_alpha(),
        },
        format,
        explain,
        language: request.language.to_owned(),
    })
}

/// What a style is of, bottom to top.
fn of_style(service: &Service<'_>, id: &str) -> Result<Vec<MapLayer>> {
    let subject = Subject::find(service.tiles.catalogue, id)?;
    let limit = u64::from(service.tiles.limits.layers);
    let found = subject.layers.len() as u64;
    if found > limit {
        return Err(Error::LimitExceeded {
            what: "the number of layers in a map",
            limit,
            found,
        });
    }
    let drawn = subject.layers.into_iter();
    Ok(drawn
        .map(|(layer, style)| MapLayer {
            layer,
            style,
            filter: None,
        })
        .collect())
}

impl PreparedMap {
    /// Draws the map. Its CRS and box stand in headers (20-058 requirements 10 and 11), the box
    /// in the axis order of the CRS.
    ///
    /// # Errors
    /// As [`Studio::map`].
    pub fn answer(&self, studio: &Studio, budget: &Budget) -> Result<Answer> {
        let drawn = studio.map(&self.map, budget)?;
        let crs = &self.map.crs;
        let bbox = crs.axis_order.reorder_bbox(self.map.view.bbox);
        let corners = [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y];
        if let Some(format) = self.explain {
            let layers = self.map.layers.iter();
            let explanation = json!({
                "request": {
                    "operation": "map",
                    "crs": crs.id(),
                    "contentBbox": corners,
                    "width": self.map.view.size.width,
                    "height": self.map.view.size.height,
                    "bottomToTop": layers
                        .map(|l| json!({ "layer": l.layer.id, "style": l.style.id }))
                        .collect::<Vec<_>>(),
                },
                "format": self.format.media_type(),
                "drawn": explain::drawn(&drawn.report),
            });
            return Ok(explain::answer(&explanation, format, &self.language));
        }
        let bytes = encode::image(&drawn.pixmap, self.format, Effort::Quick)?;
        let answer = Answer::ok(self.format.media_type(), bytes)
            // the URI itself: angle brackets around it are of Features
            .with_header("content-crs", crs.uri())
            .with_header("content-bbox", corners.map(|c| c.to_string()).join(","))
            .with_header("vary", "Accept");
        Ok(match self.interval(studio, budget) {
            Some(interval) => answer.with_header("content-datetime", interval),
            None => answer,
        })
    }

    /// From the first to the last moment of what is drawn, where it has times: all of them, as
    /// a map shows its layers' whole time (20-058 requirement 10 E).
    fn interval(&self, studio: &Studio, budget: &Budget) -> Option<String> {
        let layers = self.map.layers.iter().map(|drawn| &drawn.layer);
        let extents = layers.filter(|layer| layer.time.is_some());
        let ends: Vec<[Moment; 2]> = extents
            .filter_map(|layer| match studio.time_extent(layer, budget) {
                Ok([Some(from), Some(to)]) => Some([from, to]),
                _ => None,
            })
            .collect();
        let from = ends.iter().map(|[from, _]| *from);
        let to = ends.iter().map(|[_, to]| *to);
        let from = instant(from.min_by(|a, b| a.order(*b))?);
        let to = instant(to.max_by(|a, b| a.order(*b))?);
        Some(match from == to {
            true => from,
            false => format!("{from}/{to}"),
        })
    }
}

/// A CRS that maps are drawn in.
pub(super) fn drawable(name: &str) -> Result<Crs> {
    let crs = Crs::parse(name)?;
    match crs.kind {
        CrsKind::Other => Err(Error::InvalidCrs {
            crs: name.chars().take(80).collect(),
            nearest: None,
        }),
        CrsKind::Geographic | CrsKind::Projected => Ok(crs),
    }
}

/// The CRS of a map that says none: that of the data, CRS84 where there are data of several (20-058
/// requirement 2 B).
fn native(is_of_one: bool, layers: &[Arc<Layer>]) -> Crs {
    let own = match (is_of_one, layers) {
        (true, [layer]) => Some(&layer.crs),
        _ => None,
    };
    own.filter(|crs| !crs.authority.is_empty() && crs.kind != CrsKind::Other)
        .map_or_else(Crs::crs84, Clone::clone)
}

/// `bgcolor`: a name of CSS, `#rrggbb`, `0xrrggbb` or `rrggbb` (20-058 §8.2).
fn background(kvp: &Kvp) -> Result<Option<[u8; 3]>> {
    let Some(text) = kvp.get("BGCOLOR") else {
        return Ok(None);
    };
    let found = color::parse(text).or_else(|| color::parse(&format!("#{text}")));
    match found {
        Some([r, g, b, _]) => Ok(Some([r, g, b])),
        None => Err(Error::parameter(
            "bgcolor",
            format!("expected a colour such as white or 0xFFFFFF, found {text:?}"),
        )),
    }
}

fn transparent(kvp: &Kvp) -> Result<Option<bool>> {
    match kvp
        .get("TRANSPARENT")
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(Error::parameter(
            "transparent",
            format!("expected true or false, found {other:?}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_20_058_8_2_colours_have_names_and_numbers() {
        let background = |text: &str| background(&Kvp::parse(text).unwrap());
        for text in ["bgcolor=0xFF8000", "bgcolor=%23ff8000", "bgcolor=ff8000"] {
            assert_eq!(background(text), Ok(Some([255, 128, 0])), "{text}");
        }
        assert_eq!(background("bgcolor=navy"), Ok(Some([0, 0, 128])));
        assert_eq!(background(""), Ok(None));
        assert!(background("bgcolor=notacolour").is_err());
    }
}
