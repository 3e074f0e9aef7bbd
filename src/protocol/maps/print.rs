//! `/maps/{id}/print.pdf`: the map on paper, at a true scale; by POST with what the page drew.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Service;
use super::basemap;
use super::chosen::{Chosen, PARAMETERS};
use super::drawn::Drawn;
use crate::budget::Budget;
use crate::catalogue::map::{Basemap, BasemapKind, PrintLayout};
use crate::crs::{Crs, Transform};
use crate::error::{Error, Result, nearest};
use crate::geom::{Bbox, Coord};
use crate::operation::{MapLayer, PrintRequest};
use crate::protocol::ogcapi::check_parameters;
use crate::protocol::ows::Kvp;
use crate::protocol::{Answer, Request};

/// Scales beyond are none of a map on the earth.
const SCALES: std::ops::RangeInclusive<f64> = 1.0..=1e9;
/// Longer titles are cut.
const MAX_TITLE: usize = 300;

/// # Errors
/// `InvalidParameter`, `LayerNotDefined`, `StyleNotDefined`; `LimitExceeded` for more pixels
/// than the server draws; as [`Studio::print`](crate::operation::Studio::print).
pub fn answer(service: &Service<'_>, request: &Request<'_>, budget: &Budget) -> Result<Answer> {
    let kvp = Kvp::parse(request.query)?;
    let mut known = vec![
        "LAYOUT", "DPI", "CRS", "CENTER", "SCALE", "TITLE", "BASE", "LANG",
    ];
    known.extend(PARAMETERS);
    check_parameters(&kvp, &known)?;
    let drawn = Drawn::read(request.body, service.limits.pixels)?;
    let wanted = wanted(service, &kvp, drawn, request.base)?;
    let bytes = service.studio.print(&wanted, budget)?;
    let name: String = service
        .map
        .id
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let shown = format!("inline; filename=\"{name}.pdf\"");
    Ok(Answer::ok("application/pdf", bytes).with_header("content-disposition", shown))
}

fn wanted(service: &Service<'_>, kvp: &Kvp, drawn: Drawn, base: &str) -> Result<PrintRequest> {
    let (map, language) = (service.map, service.language);
    let chosen = Chosen::read(service, kvp)?;
    let basemap = basemap(service, kvp)?;
    let mut layers = basemap.map_or_else(Vec::new, |b| basemap::layers(service, b));
    layers.extend(chosen.layers);
    let elsewhere = basemap.filter(|b| b.kind != BasemapKind::Layers);
    let mut sources = match map.print.sources {
        true => sources(&layers, language),
        false => Vec::new(),
    };
    let named = elsewhere.and_then(|b| b.attribution.clone());
    // whoever draws a base map wants to be named wherever it is seen
    sources.extend(named.filter(|name| drawn.below.is_some() && !sources.contains(name)));
    for name in drawn.sources {
        if !sources.contains(&name) {
            sources.push(name);
        }
    }
    let missing = elsewhere.filter(|_| drawn.below.is_none());
    let crs = crs(service, kvp)?;
    let own_title = kvp.get("TITLE").map(str::trim).filter(|t| !t.is_empty());
    let title = own_title.unwrap_or_else(|| match map.title.get(language) {
        "" => &map.id,
        title => title,
    });
    let organisation = map.metadata.organisation.as_deref();
    let author = organisation.unwrap_or(&service.site.site.contact.organisation);
    Ok(PrintRequest {
        missing_basemap: missing.map(|b| b.title.get(language).to_owned()),
        below: drawn.below,
        above: drawn.above,
        added: drawn.legend,
        paper: layout(service, kvp)?,
        dpi: dpi(service, kvp)?,
        extent: extent(service, &crs)?,
        center: center(kvp)?,
        scale: scale(kvp)?,
        crs,
        sources,
        layers,
        legend: chosen.legend,
        title: title.chars().take(MAX_TITLE).collect(),
        subtitle: map.abstract_.get(language).to_owned(),
        author: author.to_owned(),
        keywords: map.keywords.clone(),
        address: service.own(base),
        language: language.to_owned(),
        printed: Timestamp::now().to_zoned(TimeZone::UTC).datetime(),
        max_pixels: service.limits.pixels,
    })
}

/// The base map that is seen on the page: the one that is asked for, else the first.
fn basemap<'a>(service: &Service<'a>, kvp: &Kvp) -> Result<Option<&'a Basemap>> {
    let all = &service.map.basemaps;
    let found = match kvp.get("BASE").filter(|id| !id.is_empty()) {
        None => all.first(),
        // every map can be seen without
        Some("none") => None,
        Some(id) => {
            let one = all.iter().find(|basemap| basemap.id == id);
            Some(one.ok_or_else(|| {
                let ids: Vec<&str> = all.iter().map(|basemap| basemap.id.as_str()).collect();
                let found: String = id.chars().take(40).collect();
                let message = format!("expected one of {}, found {found:?}", ids.join(", "));
                Error::parameter("base", message)
            })?)
        }
    };
    Ok(found
        .map(|basemap| &**basemap)
        .filter(|basemap| basemap.kind != BasemapKind::None))
}

fn layout(service: &Service<'_>, kvp: &Kvp) -> Result<PrintLayout> {
    let offered = &service.map.print.layouts;
    let Some(name) = kvp.get("LAYOUT").filter(|name| !name.is_empty()) else {
        return Ok(offered.first().copied().unwrap_or(PrintLayout::A4Landscape));
    };
    PrintLayout::parse(name)
        .filter(|layout| offered.contains(layout))
        .ok_or_else(|| {
            let names: Vec<&str> = offered.iter().map(|layout| layout.name()).collect();
            let meant = nearest(name, names.iter().copied());
            let hint = meant.map_or(String::new(), |name| format!(", did you mean {name:?}?"));
            let found: String = name.chars().take(40).collect();
            Error::parameter(
                "layout",
                format!(
                    "expected one of {}, found {found:?}{hint}",
                    names.join(", ")
                ),
            )
        })
}

fn dpi(service: &Service<'_>, kvp: &Kvp) -> Result<u32> {
    let offered = &service.map.print.dpi;
    match kvp.parsed("DPI", "a whole number")? {
        None => Ok(offered.first().copied().unwrap_or(150)),
        Some(dpi) if offered.contains(&dpi) => Ok(dpi),
        Some(dpi) => {
            let list: Vec<String> = offered.iter().map(u32::to_string).collect();
            let message = format!("expected one of {}, found {dpi}", list.join(", "));
            Err(Error::parameter("dpi", message))
        }
    }
}

/// The CRS of a map's picture: one of those that the map offers.
///
/// # Errors
/// `InvalidParameter` with their names.
pub(super) fn crs(service: &Service<'_>, kvp: &Kvp) -> Result<Crs> {
    let view = &service.map.view;
    let Some(name) = kvp.get("CRS").filter(|name| !name.is_empty()) else {
        return Ok(view.crs.clone());
    };
    let crs = Crs::parse(name)?;
    if view.offer.contains(&crs) {
        return Ok(crs);
    }
    let offered: Vec<String> = view.offer.iter().map(Crs::id).collect();
    let message = format!("expected one of {}, found {crs}", offered.join(", "));
    Err(Error::parameter("crs", message))
}

/// The map's extent in one of its CRSs.
///
/// # Errors
/// `Transform` where it is not on the ground there.
pub(super) fn extent(service: &Service<'_>, crs: &Crs) -> Result<Bbox> {
    let view = &service.map.view;
    if *crs == view.crs {
        return Ok(view.extent);
    }
    let boxes = Transform::new(&view.crs, crs)?.forward_bbox(&view.extent);
    let whole = boxes.into_iter().reduce(|a, b| a.union(&b));
    whole.ok_or_else(|| Error::Transform {
        from: view.crs.id(),
        to: crs.id(),
        message: "the map's extent has no image there".into(),
    })
}

fn center(kvp: &Kvp) -> Result<Option<Coord>> {
    let Some(text) = kvp.get("CENTER").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    let parsed = text
        .split_once(',')
        .and_then(|(x, y)| Some([number(x)?, number(y)?]));
    parsed.map(Some).ok_or_else(|| {
        let found: String = text.chars().take(80).collect();
        Error::parameter(
            "center",
            format!("expected x,y in the map's CRS, x before y, found {found:?}"),
        )
    })
}

fn scale(kvp: &Kvp) -> Result<Option<f64>> {
    let scale: Option<f64> = kvp.parsed("SCALE", "a denominator such as 25000")?;
    match scale {
        Some(scale) if !SCALES.contains(&scale) => Err(Error::parameter(
            "scale",
            format!("expected a denominator from 1 to 1000000000, found {scale}"),
        )),
        scale => Ok(scale),
    }
}

/// Who the data come from and of when they are, each producer once with the latest date.
fn sources(layers: &[MapLayer], language: &str) -> Vec<String> {
    let mut found: Vec<(&str, Option<&str>)> = Vec::new();
    for layer in layers.iter().rev().map(|layer| &layer.layer) {
        let own = layer.attribution.as_deref();
        let Some(name) = own.or(layer.metadata.organisation.as_deref()) else {
            continue;
        };
        let revised = layer.metadata.revised.as_deref();
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, date)) => *date = (*date).max(revised),
            None => found.push((name, revised)),
        }
    }
    let written = |date: &str| match (language, date.split('-').collect::<Vec<_>>().as_slice()) {
        ("fr", [year, month, day]) => format!("{day}/{month}/{year}"),
        _ => date.to_owned(),
    };
    found
        .into_iter()
        .map(|(name, date)| match date {
            Some(date) => format!("{name} ({})", written(date)),
            None => name.to_owned(),
        })
        .collect()
}
