//! The space between the tiles of a fill, as vendors' options write it.

use super::sld_symbol::measure_of;
use super::xml::Element;
use crate::error::Result;
use crate::query::{Expr, Literal};
use crate::style::{Graphic, Measure, Unit};

/// The space between tiles: one to four margins as CSS orders them (above, right, below, left),
/// of which those of both sides lie between two tiles.
pub(super) fn margins(text: &str, unit: Unit, at: &Element) -> Result<[Measure; 2]> {
    let written: Option<Vec<Measure>> = text
        .split_whitespace()
        .map(|t| measure_of(t, unit))
        .collect();
    let sides = match written.as_deref() {
        Some([all]) => [all, all, all, all],
        Some([vertical, horizontal]) => [horizontal, horizontal, vertical, vertical],
        Some([above, horizontal, below]) => [horizontal, horizontal, above, below],
        Some([above, right, below, left]) => [right, left, above, below],
        _ => return Err(at.fault(format!("expected one to four margins, found {text:?}"))),
    };
    let [right, left, above, below] = sides;
    match (sum(right, left), sum(above, below)) {
        (Some(x), Some(y)) => Ok([x, y]),
        _ => Err(at.fault(format!("expected margins of one unit, found {text:?}"))),
    }
}

fn sum(a: &Measure, b: &Measure) -> Option<Measure> {
    let (x, y) = (constant(a)?, constant(b)?);
    let unit = match (a.unit == b.unit, x == 0.0, y == 0.0) {
        (true, _, _) | (_, _, true) => a.unit,
        (_, true, _) => b.unit,
        _ => return None,
    };
    Some(Measure {
        value: Expr::number(x + y),
        unit,
    })
}

fn constant(measure: &Measure) -> Option<f64> {
    match measure.value {
        Expr::Literal(Literal::Number(number)) => Some(number),
        _ => None,
    }
}

/// QGIS's `distance` of a fill of marks, from one's middle to the next's, as the space between.
pub(super) fn space_between(text: &str, graphic: &Graphic, unit: Unit) -> Option<[Measure; 2]> {
    let size = match &graphic.size {
        Some(size) if size.unit == unit => constant(size)?,
        Some(_) => return None,
        None => 6.0,
    };
    let (x, y) = text.split_once(',')?;
    let space = |distance: &str| {
        let distance = constant(&measure_of(distance, unit)?)?;
        Some(Measure {
            value: Expr::number((distance - size).max(0.0)),
            unit,
        })
    };
    Some([space(x)?, space(y)?])
}

/// The space between marks that stand regularly and are as many as GeoServer scatters: by
/// default 16 in a square of 256 pixels.
pub(super) fn random_margin(
    [tile, count]: &[Option<f64>; 2],
    graphic: &Graphic,
    unit: Unit,
) -> [Measure; 2] {
    let side = tile.filter(|t| *t > 0.0).unwrap_or(256.0);
    let count = count.filter(|c| *c >= 1.0).unwrap_or(16.0);
    let size = graphic.size.as_ref().and_then(constant).unwrap_or(6.0);
    let space = Measure {
        value: Expr::number((side / count.sqrt() - size).max(0.0)),
        unit,
    };
    [space.clone(), space]
}
