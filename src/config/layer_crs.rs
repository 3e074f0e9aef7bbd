//! The CRS of a layer: declared by the data, or by the layer's file where they are silent.

use super::build::Ingredients;
use super::diagnostic::{Findings, Place, Severity};
use crate::crs::{Crs, CrsKind};
use crate::error::Error;
use crate::geom::Bbox;

/// The CRS of the data: declared by them, or by the file where they are silent.
pub(super) fn layer_crs(from: Ingredients<'_>, findings: &mut Findings) -> Option<Crs> {
    let declared = from.opened.store.crs();
    let written = from.file.crs.as_ref();
    let crs = match (declared, written.zip(from.crs)) {
        (_, Some((at, Err(error)))) => {
            let nearest = match error {
                Error::InvalidCrs { nearest, .. } => nearest.clone(),
                _ => None,
            };
            let message = format!("no CRS {:?} is known", at.value);
            let form = "write it as EPSG:2154".to_owned();
            findings.error_nearest(&at.place, message, nearest, Some(form));
            return None;
        }
        (Some(declared), Some((at, Ok(written)))) if declared != written => {
            findings.error_help(
                &at.place,
                format!(
                    "the data say that they are in {}, this says {}",
                    crs_name(declared),
                    crs_name(written)
                ),
                "remove this line (`crs:` is for data that do not say), or correct the data: ogr2ogr -a_srs",
            );
            return None;
        }
        (Some(declared), _) => declared.clone(),
        (None, Some((_, Ok(written)))) => written.clone(),
        (None, None) => {
            let message = "the data do not say in which CRS they are";
            findings.error_help(&Place::default(), message, crs_hint(from));
            return None;
        }
    };
    if crs.kind == CrsKind::Other {
        let place = written.map(|at| at.place.clone()).unwrap_or_default();
        let message = format!("{} is neither geographic nor projected", crs_name(&crs));
        findings.error(&place, message);
        return None;
    }
    Some(crs)
}

/// Warns where the extent can't be that of data in this CRS.
pub(super) fn check_extent(
    from: Ingredients<'_>,
    crs: &Crs,
    lonlat: Option<Bbox>,
    findings: &mut Findings,
) {
    let Some(extent) = from.opened.store.extent() else {
        return;
    };
    let place = from.file.crs.as_ref().map(|at| at.place.clone());
    let place = place.unwrap_or_default();
    let name = crs_name(crs);
    if crs.kind == CrsKind::Geographic && !Bbox::WORLD.grown(180.5, 0.5).contains(&extent) {
        findings.add(
            Severity::Warning,
            &place,
            format!(
                "expected degrees in {name}, found coordinates up to {:?}, {:?}",
                extent.max_x, extent.max_y
            ),
            Some("are the coordinates in metres, or is a position damaged?".to_owned()),
        );
        return;
    }
    match lonlat {
        None => findings.add(
            Severity::Warning,
            &place,
            format!("the extent can't be transformed from {name} to longitude and latitude"),
            Some("are the coordinates really in this CRS?".to_owned()),
        ),
        // two degrees: data of a country end a little outside of its CRS's area
        Some(lonlat)
            if !crs.area_of_use.is_empty()
                && !crs
                    .area_of_use
                    .iter()
                    .any(|area| area.grown(2.0, 2.0).intersects(&lonlat)) =>
        {
            findings.add(
                Severity::Warning,
                &place,
                format!(
                    "the data lie outside the area of use of {name} ({})",
                    crs.area_name
                ),
                Some("are the coordinates really in this CRS?".to_owned()),
            );
        }
        Some(_) => {}
    }
}

/// How to say the CRS, and what the coordinates look like: a hint, never taken for true.
fn crs_hint(from: Ingredients<'_>) -> String {
    let looks = from.opened.store.extent().and_then(|extent| {
        let lambert_93 = Bbox::new(-400_000.0, 5_900_000.0, 1_400_000.0, 7_400_000.0)?;
        if Bbox::WORLD.contains(&extent) {
            Some("; they look like longitude and latitude, maybe EPSG:4326")
        } else if lambert_93.contains(&extent) {
            Some("; they look like Lambert-93, maybe EPSG:2154")
        } else {
            None
        }
    });
    format!(
        "add `crs: EPSG:…` to capabilities/layers/{}.yaml, or write it into the data: ogr2ogr -a_srs EPSG:…{}",
        from.file.id.value,
        looks.unwrap_or("")
    )
}

/// The CRS as people write it; its name where it has no code.
fn crs_name(crs: &Crs) -> String {
    match crs.authority.as_str() {
        "" => crs.name.clone(),
        authority => format!("{authority}:{}", crs.code),
    }
}
