//! `/maps/{id}/legend.png` and `legend.json`: what the symbols of a map stand for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Service;
use super::chosen::{Chosen, PARAMETERS};
use crate::budget::Budget;
use crate::catalogue::map::MapEntry;
use crate::encode::{self, Effort, ImageFormat};
use crate::error::{Error, Result};
use crate::geom::STANDARD_PIXEL_M;
use crate::operation::{LegendRequest, MapLayer, PrintPart};
use crate::protocol::ogcapi::check_parameters;
use crate::protocol::ows::Kvp;
use crate::protocol::wms::default_legend;
use crate::protocol::{Answer, Request};

/// Pixels of a window on the map: its longer side.
const WINDOW_PX: f64 = 1000.0;

/// The layers that the map shows at first, or those asked for, in one picture.
///
/// # Errors
/// `InvalidParameter`, `LayerNotDefined`, `StyleNotDefined`; `LimitExceeded` for a legend that is
/// too high; `Internal` for a picture that can't be allocated.
pub fn picture(service: &Service<'_>, request: &Request<'_>, budget: &Budget) -> Result<Answer> {
    let kvp = Kvp::parse(request.query)?;
    let mut known = vec!["SCALE", "DPI", "TRANSPARENT", "LANG"];
    known.extend(PARAMETERS);
    check_parameters(&kvp, &known)?;
    let scale = scale(&kvp)?;
    let transparent = match kvp.get("TRANSPARENT").map(str::to_lowercase).as_deref() {
        None | Some("" | "false") => false,
        Some("true") => true,
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            let message = format!("expected true or false, found {other:?}");
            return Err(Error::parameter("transparent", message));
        }
    };
    let dpi: f64 = kvp.parsed("DPI", "a number")?.unwrap_or(96.0);
    if !(48.0..=600.0).contains(&dpi) {
        let message = format!("expected a number from 48 to 600, found {dpi}");
        return Err(Error::parameter("dpi", message));
    }
    let mut parts = Vec::new();
    for part in Chosen::read(service, &kvp)?.legend {
        budget.check()?;
        match part {
            PrintPart::Layer(_, layer) if !is_seen(&layer, scale) => {}
            part => parts.push(part),
        }
    }
    let opening = opening_scale(service);
    let template = |layer: &MapLayer| LegendRequest {
        // what is seen first, of layers that are seen then
        scale_denominator: scale.or_else(|| Some(opening).filter(|s| has_rules(layer, *s))),
        pixel_ratio: dpi / 96.0,
        transparent,
        ..default_legend(&layer.layer, &layer.style, service.language)
    };
    let pixmap =
        service
            .studio
            .map_legend(&parts, dpi / 96.0, &template, service.limits.pixels, budget)?;
    let bytes = encode::image(&pixmap, ImageFormat::Png, Effort::Quick)?;
    Ok(Answer::ok(ImageFormat::Png.media_type(), bytes))
}

/// Every layer of the map, in its groups, each with its entries; icons as PNG in Base64.
///
/// # Errors
/// As [`picture`].
pub fn json(service: &Service<'_>, request: &Request<'_>, budget: &Budget) -> Result<Answer> {
    let kvp = Kvp::parse(request.query)?;
    check_parameters(&kvp, &["SCALE", "LANG", "F"])?;
    let scale = scale(&kvp)?;
    let map = service.map;
    let entries = entries(service, &map.entries, scale, budget)?;
    let document = json!({
        "id": map.id,
        "title": map.title.get(service.language),
        "language": service.language,
        "entries": entries,
    });
    Ok(Answer::ok("application/json", document.to_string()))
}

fn entries(
    service: &Service<'_>,
    list: &[MapEntry],
    scale: Option<f64>,
    budget: &Budget,
) -> Result<Vec<Value>> {
    let language = service.language;
    let mut out = Vec::with_capacity(list.len());
    for entry in list {
        budget.check()?;
        match entry {
            MapEntry::Group(group) => out.push(json!({
                "kind": "group",
                "title": group.title.get(language),
                "entries": entries(service, &group.entries, scale, budget)?,
            })),
            MapEntry::Layer(entry) => {
                let layer = service.catalogue.layer(&entry.id)?;
                let style = layer.style("")?;
                let is_seen = scale.is_none_or(|scale| layer.scales.contains(scale));
                let request = LegendRequest {
                    scale_denominator: scale,
                    transparent: true,
                    ..default_legend(layer, style, language)
                };
                let symbols = match is_seen {
                    true => service.studio.legend_entries(&request, budget)?,
                    false => Vec::new(),
                };
                let symbols = symbols.iter().map(|symbol| {
                    let icon = encode::image(&symbol.swatch, ImageFormat::Png, Effort::Quick)?;
                    Ok(json!({
                        "title": symbol.title,
                        "rule": symbol.rule,
                        "icon": STANDARD.encode(icon),
                    }))
                });
                out.push(json!({
                    "kind": "layer",
                    "id": entry.id,
                    "title": super::chosen::title(layer, language),
                    "style": style.id,
                    "visible": entry.is_visible,
                    "opacity": entry.opacity,
                    "symbols": symbols.collect::<Result<Vec<_>>>()?,
                }));
            }
        }
    }
    Ok(out)
}

/// The scale denominator at which the whole map is seen in a window of usual size.
fn opening_scale(service: &Service<'_>) -> f64 {
    let view = &service.map.view;
    let longer = view.extent.width().max(view.extent.height());
    longer * view.crs.metres_per_unit / WINDOW_PX / STANDARD_PIXEL_M
}

/// True where the layer shows something at a scale.
fn has_rules(layer: &MapLayer, scale: f64) -> bool {
    let mut rules = layer
        .style
        .feature_type_styles
        .iter()
        .flat_map(|f| &f.rules);
    layer.layer.scales.contains(scale) && rules.any(|rule| rule.scales.contains(scale))
}

fn is_seen(layer: &MapLayer, scale: Option<f64>) -> bool {
    scale.is_none_or(|scale| layer.layer.scales.contains(scale))
}

fn scale(kvp: &Kvp) -> Result<Option<f64>> {
    let scale: Option<f64> = kvp.parsed("SCALE", "a denominator such as 25000")?;
    match scale {
        Some(scale) if !(scale > 0.0 && scale.is_finite()) => Err(Error::parameter(
            "scale",
            format!("expected a denominator above 0, found {scale}"),
        )),
        scale => Ok(scale),
    }
}
