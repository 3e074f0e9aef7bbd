//! What PROJ's database says of a CRS.
//!
//! A look-up costs 10 to 250 ms. One runs at a time, in a context that is thrown away: unknown
//! codes sent on purpose take one core at most, and no memory stays.

use std::sync::{Mutex, PoisonError};

use super::ffi::{Axis, Context, Object, ObjectKind, Operation};
use super::{AxisOrder, Crs, CrsInfo, CrsKind};
use crate::error::{Error, Result};
use crate::geom::Bbox;

/// The radius that turns an angle into metres on the equator: WGS 84's, as OGC's scale
/// denominators have it (OGC 17-083r2 §6.2).
pub(super) const EQUATOR_RADIUS_M: f64 = 6_378_137.0;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What is known of an authority's code; `None` where PROJ has no such CRS.
pub(super) fn by_code(authority: &str, code: &str) -> Result<Option<CrsInfo>> {
    with_context(|context| {
        let crs = context.crs(authority, code)?;
        Some(describe(&crs, authority, code))
    })
}

/// What is known of the CRS a WKT describes: under its authority's code where it surely is that
/// one, else without authority under `code`; `None` where it is no WKT of a CRS.
pub(super) fn by_wkt(wkt: &str, code: &str) -> Result<Option<CrsInfo>> {
    with_context(|context| {
        let crs = context.crs_from_wkt(wkt)?;
        if let Some((authority, code)) = crs.identify()
            && let Some(identified) = context.crs(&authority, &code)
        {
            return Some(describe(&identified, &authority, &code));
        }
        Some(describe(&crs, "", code))
    })
}

/// The operation PROJ prefers between two CRSs, in house order on both sides; heights stay out.
///
/// One operation serves the whole pair: where PROJ would change between several by area, two
/// maps side by side would not meet.
pub(super) fn operation(source: &Crs, target: &Crs) -> Result<Option<Operation>> {
    with_context(|context| {
        let source = flat(object(context, source)?);
        let target = flat(object(context, target)?);
        context.operation(&source, &target)
    })
}

/// A CRS in WKT 1; empty where that can't say it.
///
/// CRS:84 is EPSG:4326 there: neither notation's readers know its name, and where they are used
/// x stands before y.
pub(super) fn wkt_1(crs: &Crs, is_esri: bool) -> Result<String> {
    let text = with_context(|context| {
        let crs = match crs.is_crs84() {
            true => context.crs("EPSG", "4326")?,
            false => object(context, crs)?,
        };
        Some(flat(crs).wkt_1(is_esri))
    })?;
    Ok(text.unwrap_or_default())
}

/// A CRS in PROJJSON; empty where PROJ can't say it.
pub(super) fn projjson(crs: &Crs) -> Result<String> {
    let text = with_context(|context| Some(object(context, crs)?.projjson()))?;
    Ok(text.unwrap_or_default())
}

/// The WKT of a CRS written in PROJJSON; `None` where it is none.
pub(super) fn wkt_of_projjson(json: &str) -> Result<Option<String>> {
    with_context(|context| Some(context.crs_from_projjson(json)?.wkt()))
}

/// The CRS as a PROJ string.
pub(super) fn proj4(crs: &Crs) -> Result<String> {
    let text = with_context(|context| Some(flat(object(context, crs)?).proj4()))?;
    Ok(text.unwrap_or_default())
}

fn with_context<T>(work: impl FnOnce(&Context) -> Option<T>) -> Result<Option<T>> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let context = Context::new().ok_or_else(|| Error::Internal {
        message: "PROJ made no context".to_owned(),
    })?;
    Ok(work(&context))
}

fn object<'c>(context: &'c Context, crs: &Crs) -> Option<Object<'c>> {
    if crs.authority.is_empty() {
        context.crs_from_wkt(&crs.wkt)
    } else {
        context.crs(&crs.authority, &crs.code)
    }
}

/// The horizontal part of a compound CRS, any other as it is.
fn flat(crs: Object<'_>) -> Object<'_> {
    match crs.kind() {
        ObjectKind::Compound => crs.horizontal().unwrap_or(crs),
        _ => crs,
    }
}

fn describe(crs: &Object<'_>, authority: &str, code: &str) -> CrsInfo {
    let (kind, axes, normalized_axes) = horizontal_axes(crs);
    let unit_factor = axes.first().map_or(1.0, |axis| axis.unit_factor);
    let axis_order = if axes == normalized_axes {
        AxisOrder::EastNorth
    } else {
        AxisOrder::NorthEast
    };
    let area = crs.area();
    CrsInfo {
        authority: authority.to_owned(),
        code: code.to_owned(),
        name: crs.name(),
        axis_order,
        kind,
        metres_per_unit: match kind {
            CrsKind::Geographic => unit_factor * EQUATOR_RADIUS_M,
            CrsKind::Projected | CrsKind::Other => unit_factor,
        },
        area_of_use: area.as_ref().map_or_else(Vec::new, |area| {
            split_at_antimeridian(area.west, area.south, area.east, area.north)
        }),
        area_name: area.map_or_else(String::new, |area| area.name),
        wkt: crs.wkt(),
    }
}

/// The kind and the two horizontal axes, as the authority orders them and as the house does.
fn horizontal_axes(crs: &Object<'_>) -> (CrsKind, Vec<Axis>, Vec<Axis>) {
    match crs.kind() {
        ObjectKind::Compound => match crs.horizontal() {
            Some(part) if part.kind() != ObjectKind::Compound => horizontal_axes(&part),
            _ => (CrsKind::Other, Vec::new(), Vec::new()),
        },
        ObjectKind::Bound => match crs.base() {
            Some(base) if base.kind() != ObjectKind::Bound => horizontal_axes(&base),
            _ => (CrsKind::Other, Vec::new(), Vec::new()),
        },
        kind @ (ObjectKind::Geographic | ObjectKind::Projected) => {
            let two = |mut axes: Vec<Axis>| {
                axes.truncate(2);
                axes
            };
            let axes = two(crs.axes());
            let normalized = two(crs.normalized().map_or_else(Vec::new, |n| n.axes()));
            let kind = if kind == ObjectKind::Geographic {
                CrsKind::Geographic
            } else {
                CrsKind::Projected
            };
            (kind, axes, normalized)
        }
        ObjectKind::Other => (CrsKind::Other, Vec::new(), Vec::new()),
    }
}

/// The box, or both its parts where it crosses the antimeridian (`west > east`).
fn split_at_antimeridian(west: f64, south: f64, east: f64, north: f64) -> Vec<Bbox> {
    let parts = if west > east {
        vec![
            Bbox::new(west, south, 180.0, north),
            Bbox::new(-180.0, south, east, north),
        ]
    } else {
        vec![Bbox::new(west, south, east, north)]
    };
    parts.into_iter().flatten().collect()
}
