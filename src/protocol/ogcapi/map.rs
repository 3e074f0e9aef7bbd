//! OGC API – Maps Part 1 (20-058): a map of one collection, of some, or of the whole site.

use std::sync::Arc;

use serde_json::json;

use super::collections::instant;
use super::negotiation::{Offer, choose};
use super::tilesets::layers_of;
use super::{ApiRequest, Service, check_parameters};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::crs::{Crs, CrsKind, Transform};
use crate::encode::{self, Effort, ImageFormat};
use crate::error::{Error, Result};
use crate::geom::{Bbox, Size, View};
use crate::operation::{MapRequest, Studio};
use crate::protocol::explain::{self, ExplainFormat};
use crate::protocol::ows::Kvp;
use crate::protocol::{Answer, tiles};
use crate::query::Moment;
use crate::style::color;

pub(super) const CONFORMANCE: &[&str] = &[
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/tilesets",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/dataset-map",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/collection-map",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/collections-selection",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/png",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/jpeg",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/api-operations",
    "http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/cors",
];

/// The pixels along the longer side of a map of no stated size.
const DEFAULT_SIDE: f64 = 1024.0;

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

/// Reads a request for a map.
///
/// # Errors
/// `LayerNotDefined`, `InvalidParameter`, `InvalidCrs`, `InvalidFormat`; `LimitExceeded` for a
/// map that is too large or of too many layers.
pub fn prepare_map(
    service: &Service<'_>,
    collection: Option<&str>,
    request: &ApiRequest<'_>,
) -> Result<PreparedMap> {
    let kvp = Kvp::parse(request.query)?;
    let mut declared = vec![
        "BBOX",
        "BBOX-CRS",
        "CRS",
        "WIDTH",
        "HEIGHT",
        "TRANSPARENT",
        "BGCOLOR",
        "F",
        "LANG",
        "EXPLAIN",
    ];
    if collection.is_none() {
        declared.push("COLLECTIONS");
    }
    check_parameters(&kvp, &declared)?;
    let layers = layers_of(service, collection, &kvp, request.base)?;
    let crs = match kvp.get("CRS") {
        Some(name) => drawable(name)?,
        None => native(service, collection, &layers),
    };
    let bbox = bbox(service, &kvp, &crs, &layers)?;
    let size = size(service, &kvp, &bbox)?;
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
            view: View::new(bbox, size, crs.metres_per_unit),
            crs,
            layers: tiles::styled(layers)?,
            background: color.unwrap_or([255; 3]),
            transparent: wants_clear && format.has_alpha(),
        },
        format,
        explain,
        language: request.language.to_owned(),
    })
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
            .with_header("content-crs", format!("<{}>", crs.uri()))
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
fn drawable(name: &str) -> Result<Crs> {
    let crs = Crs::parse(name)?;
    match crs.kind {
        CrsKind::Other => Err(Error::InvalidCrs {
            crs: name.chars().take(80).collect(),
            nearest: None,
        }),
        CrsKind::Geographic | CrsKind::Projected => Ok(crs),
    }
}

/// The CRS of a map that says none: that of the data, of the site where there are several.
fn native(service: &Service<'_>, collection: Option<&str>, layers: &[Arc<Layer>]) -> Crs {
    let own = match (collection, layers) {
        (Some(_), [layer]) => Some(&layer.crs),
        _ => service.tiles.catalogue.site.crs.first(),
    };
    own.filter(|crs| !crs.authority.is_empty() && crs.kind != CrsKind::Other)
        .map_or_else(Crs::crs84, Clone::clone)
}

/// The box to draw, in the CRS of the map: `bbox` in the axis order of `bbox-crs` (CRS84 where
/// there is none), else the extent of the layers.
fn bbox(service: &Service<'_>, kvp: &Kvp, crs: &Crs, layers: &[Arc<Layer>]) -> Result<Bbox> {
    let Some(text) = kvp.get("BBOX") else {
        return Ok(whole(service, crs, layers));
    };
    let given_in = match kvp.get("BBOX-CRS") {
        Some(name) => drawable(name)?,
        None => Crs::crs84(),
    };
    let given = given_in.axis_order.reorder_bbox(four_numbers(text)?);
    if given_in == *crs {
        return Ok(given);
    }
    let transform = Transform::new(&given_in, crs)?;
    let there = transform.forward_bbox(&given).into_iter();
    there
        .reduce(|all, one| all.union(&one))
        .filter(has_area)
        .ok_or_else(|| {
            Error::parameter(
                "bbox",
                format!(
                    "{text:?} is nowhere in {}: expected a box inside its area",
                    crs.id()
                ),
            )
        })
}

/// All of the layers, with a margin for symbols; of nothing, the area of the CRS.
fn whole(service: &Service<'_>, crs: &Crs, layers: &[Arc<Layer>]) -> Bbox {
    let catalogue = service.tiles.catalogue;
    let area = || {
        crs.area_bbox()
            .into_iter()
            .reduce(|all, one| all.union(&one))
    };
    let around = service.reach.around(catalogue, layers, crs);
    let around = match (around, area()) {
        // a layer of the whole world reaches where the CRS makes no sense
        (Some(around), Some(area)) if crs.kind == CrsKind::Projected => {
            around.intersection(&area).or(Some(around))
        }
        (around, area) => around.or(area),
    };
    let around = around.unwrap_or(Bbox::WORLD);
    let least = 1000.0 / crs.metres_per_unit; // a point: a kilometre around it
    let margin = (around.width().max(around.height()) * 0.02).max(least);
    around.grown(margin, margin)
}

fn four_numbers(text: &str) -> Result<Bbox> {
    let numbers: Vec<f64> = text
        .split(',')
        .take(7)
        .filter_map(|number| number.trim().parse().ok())
        .collect();
    let fields = text.split(',').count();
    let found = match numbers.as_slice() {
        [a, b, c, d] if fields == 4 => Bbox::new(*a, *b, *c, *d),
        // six numbers have heights, which a map does not
        [a, b, _, c, d, _] if fields == 6 => Bbox::new(*a, *b, *c, *d),
        _ => None,
    };
    found.filter(has_area).ok_or_else(|| {
        let found: String = text.chars().take(120).collect();
        Error::parameter(
            "bbox",
            format!("expected 4 numbers, each minimum below its maximum, found {found:?}"),
        )
    })
}

fn has_area(bbox: &Bbox) -> bool {
    let side = |length: f64| length.is_finite() && length > 0.0;
    side(bbox.width()) && side(bbox.height())
}

/// The size in pixels: what is not stated keeps the shape of the box.
fn size(service: &Service<'_>, kvp: &Kvp, bbox: &Bbox) -> Result<Size> {
    let limits = service.tiles.limits;
    let aspect = bbox.width() / bbox.height();
    let stated = [stated(kvp, "WIDTH")?, stated(kvp, "HEIGHT")?];
    let [width, height] = match stated {
        [Some(width), Some(height)] => [width, height],
        [Some(width), None] => [width, width / aspect],
        [None, Some(height)] => [height * aspect, height],
        [None, None] if aspect >= 1.0 => [DEFAULT_SIDE, DEFAULT_SIDE / aspect],
        [None, None] => [DEFAULT_SIDE * aspect, DEFAULT_SIDE],
    };
    Ok(Size {
        width: side("width", width, limits.width)?,
        height: side("height", height, limits.height)?,
    })
}

fn stated(kvp: &Kvp, name: &str) -> Result<Option<f64>> {
    let pixels = kvp.parsed::<u32>(name, "a positive whole number of pixels");
    let small = |error| match error {
        Error::InvalidParameter { name, message } => Error::parameter(name.to_lowercase(), message),
        other => other,
    };
    match pixels.map_err(small)? {
        Some(0) => Err(Error::parameter(
            name.to_lowercase(),
            "expected a positive whole number of pixels, found 0",
        )),
        pixels => Ok(pixels.map(f64::from)),
    }
}

fn side(name: &'static str, pixels: f64, limit: u32) -> Result<u32> {
    let whole = pixels.round().max(1.0);
    if whole > f64::from(limit) {
        let message = format!("is limited to {limit} pixels, this map needs {whole}");
        return Err(Error::parameter(name, message));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "1 to the limit, a u32"
    )]
    let whole = whole as u32;
    Ok(whole)
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
    fn maps_20_058_a_box_has_four_numbers_or_six() {
        let plain = four_numbers("1,2, 3,4").unwrap();
        assert_eq!(plain, four_numbers("1,2,0,3,4,9").unwrap());
        for bad in [
            "1,2,3",
            "1,2,3,x",
            "3,2,1,4",
            "1,2,1,4",
            "1,2,NaN,4",
            "1,2,3,4,5",
            "",
        ] {
            assert!(four_numbers(bad).is_err(), "{bad}");
        }
    }

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
