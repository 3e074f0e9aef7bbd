//! `/maps/{id}/map.png`: the map as it opens, small, for lists and previews.

use std::time::Duration;

use super::Service;
use super::basemap;
use super::chosen::Chosen;
use super::print::{crs, extent};
use crate::budget::Budget;
use crate::cache::{self, Key, Source};
use crate::crs::Crs;
use crate::encode::{self, Effort, ImageFormat};
use crate::error::{Error, Result};
use crate::geom::{Bbox, Size, View};
use crate::operation::MapRequest;
use crate::packing::Coding;
use crate::protocol::ogcapi::check_parameters;
use crate::protocol::ows::Kvp;
use crate::protocol::{Answer, Request};

/// Pixels on a side: enough for any preview; a larger picture is the WMS's to draw.
const SIDES: std::ops::RangeInclusive<u32> = 16..=2048;
const USUAL: [u32; 2] = [480, 360];

/// # Errors
/// `InvalidParameter`; as [`Studio::map`](crate::operation::Studio::map).
pub fn answer(service: &Service<'_>, request: &Request<'_>, budget: &Budget) -> Result<Answer> {
    let kvp = Kvp::parse(request.query)?;
    check_parameters(&kvp, &["WIDTH", "HEIGHT", "CRS", "LANG"])?;
    let [width, height] = USUAL;
    let size = Size {
        width: side(&kvp, "WIDTH", width)?,
        height: side(&kvp, "HEIGHT", height)?,
    };
    let crs = crs(service, &kvp)?;
    let wanted = wanted(service, size, &crs)?;
    let key = key(service, &wanted);
    let patience = Duration::from_secs(service.limits.seconds);
    let (kept, source) = service.tiles.get(
        key,
        patience,
        [],
        |_| None,
        || {
            let drawn = service.studio.map(&wanted, budget)?;
            Ok(cache::Tile {
                bytes: encode::image(&drawn.pixmap, ImageFormat::Png, Effort::Small)?.into(),
                coding: Coding::Identity,
            })
        },
    )?;
    let status = match source {
        Source::Made => "cartotheque; fwd=miss; stored",
        Source::Memory => "cartotheque; hit; detail=memory",
        Source::Disk => "cartotheque; hit; detail=disk",
    };
    Ok(
        Answer::ok(ImageFormat::Png.media_type(), kept.tile.bytes.clone())
            .with_header("etag", format!("\"{key:032x}\""))
            .with_header("cache-control", "public, max-age=60")
            .with_header("cache-status", status),
    )
}

fn side(kvp: &Kvp, name: &'static str, usual: u32) -> Result<u32> {
    let side = kvp.parsed(name, "a number of pixels")?.unwrap_or(usual);
    if SIDES.contains(&side) {
        return Ok(side);
    }
    let (least, most) = (SIDES.start(), SIDES.end());
    Err(Error::parameter(
        name.to_lowercase(),
        format!("expected {least} to {most} pixels, found {side}"),
    ))
}

/// What the map shows at first, its extent in the middle.
fn wanted(service: &Service<'_>, size: Size, crs: &Crs) -> Result<MapRequest> {
    let extent = extent(service, crs)?;
    let [x, y] = extent.center();
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    // a map of one point is seen around it
    let resolution = (extent.width() / width)
        .max(extent.height() / height)
        .max(1e-9);
    let (dx, dy) = (resolution * width / 2.0, resolution * height / 2.0);
    let bbox = Bbox::new(x - dx, y - dy, x + dx, y + dy).unwrap_or(extent);
    let below = service.map.basemaps.first();
    let mut layers = below.map_or_else(Vec::new, |b| basemap::layers(service, b));
    layers.extend(Chosen::read(service, &Kvp::parse("")?)?.layers);
    Ok(MapRequest {
        view: View::new(bbox, size, crs.metres_per_unit),
        crs: crs.clone(),
        layers,
        background: [255; 3],
        transparent: false,
    })
}

/// Another number for another picture, as far as one can know without drawing it.
fn key(service: &Service<'_>, wanted: &MapRequest) -> u128 {
    let mut key = Key::default();
    key.add(b"map.png");
    key.add(env!("CARGO_PKG_VERSION").as_bytes());
    key.add(wanted.crs.id().as_bytes());
    let b = &wanted.view.bbox;
    for number in [b.min_x, b.min_y, b.max_x, b.max_y] {
        key.add(&number.to_le_bytes());
    }
    key.add(&wanted.view.size.width.to_le_bytes());
    key.add(&wanted.view.size.height.to_le_bytes());
    for layer in &wanted.layers {
        key.add(&service.catalogue.fingerprint(&layer.layer).to_le_bytes());
        key.add(layer.style.id.as_bytes());
        key.add(&layer.layer.opacity.to_le_bytes());
    }
    key.finished()
}
