use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tiny_skia::{Pixmap, PixmapPaint, Transform};

use super::request::{GetLegendGraphic, LegendFormat};
use super::{Engine, Service};
use crate::budget::Budget;
use crate::encode::ImageFormat;
use crate::encode::geojson::push_string;
use crate::error::{Error, Result};
use crate::operation::LegendRequest;
use crate::protocol::Answer;

/// Answers GetLegendGraphic (OGC 05-078r4 §12).
pub fn answer(
    service: &Service<'_>,
    request: &GetLegendGraphic,
    budget: &Budget,
) -> Result<Answer> {
    match request.format {
        LegendFormat::Image(format) => {
            let pixmap = stacked(service, &request.legends, budget)?;
            let bytes = service.engine.encode(&pixmap, format)?;
            Ok(Answer::ok(format.media_type(), bytes))
        }
        LegendFormat::Json => {
            let body = json(service.engine, &request.legends, budget)?;
            Ok(Answer::ok("application/json", body))
        }
    }
}

/// The legends one above the other: a group's layers, top first.
fn stacked(service: &Service<'_>, legends: &[LegendRequest], budget: &Budget) -> Result<Pixmap> {
    // sizes first: what is too large must not be drawn to find it so
    let (mut width, mut height) = (1, 0);
    for legend in legends {
        budget.check()?;
        let [w, h] = service.engine.legend_size(legend)?;
        width = width.max(w);
        height = u32::saturating_add(height, h);
    }
    let limits = service.limits;
    for (what, limit, found) in [
        ("the width of a legend", limits.width, width),
        ("the height of a legend", limits.height, height),
    ] {
        if found > limit {
            return Err(Error::LimitExceeded {
                what,
                limit: limit.into(),
                found: found.into(),
            });
        }
    }
    if let [one] = legends {
        return service.engine.legend(one, budget);
    }
    let mut all = Pixmap::new(width, height.max(1)).ok_or_else(|| Error::Internal {
        message: format!("no picture of {width} by {height} pixels"),
    })?;
    if let Some(first) = legends.first().filter(|l| !l.transparent) {
        let [r, g, b] = first.background;
        all.fill(tiny_skia::Color::from_rgba8(r, g, b, 255));
    }
    let mut top: u32 = 0;
    for legend in legends {
        budget.check()?;
        let drawn = service.engine.legend(legend, budget)?;
        let y = i32::try_from(top).unwrap_or(i32::MAX);
        let paint = PixmapPaint::default();
        all.draw_pixmap(0, y, drawn.as_ref(), &paint, Transform::identity(), None);
        top = top.saturating_add(drawn.height());
    }
    Ok(all)
}

/// The entries as JSON in the form of QGIS Server, icons as PNG in Base64.
fn json(engine: &dyn Engine, legends: &[LegendRequest], budget: &Budget) -> Result<String> {
    let mut out = String::from(r#"{"title":"","nodes":["#);
    for (i, legend) in legends.iter().enumerate() {
        budget.check()?;
        if i > 0 {
            out.push(',');
        }
        out.push_str(r#"{"type":"layer","name":"#);
        push_string(&mut out, &legend.layer.id);
        out.push_str(r#","title":"#);
        push_string(&mut out, legend.layer.title.get(&legend.language));
        out.push_str(r#","style":"#);
        push_string(&mut out, &legend.style.id);
        out.push_str(r#","symbols":["#);
        for (j, entry) in engine.legend_entries(legend, budget)?.iter().enumerate() {
            if j > 0 {
                out.push(',');
            }
            out.push_str(r#"{"title":"#);
            push_string(&mut out, &entry.title);
            if let Some(rule) = &entry.rule {
                out.push_str(r#","rule":"#);
                push_string(&mut out, rule);
            }
            out.push_str(r#","icon":""#);
            let icon = engine.encode(&entry.swatch, ImageFormat::Png)?;
            STANDARD.encode_string(icon, &mut out);
            out.push_str("\"}");
        }
        out.push_str("]}");
    }
    out.push_str("]}");
    Ok(out)
}

/// The legend that capabilities point to: what GetLegendGraphic draws by default.
pub fn default_legend(
    layer: &Arc<crate::catalogue::Layer>,
    style: &Arc<crate::style::Style>,
    language: &str,
) -> LegendRequest {
    LegendRequest {
        layer: Arc::clone(layer),
        style: Arc::clone(style),
        rule: None,
        scale_denominator: None,
        swatch: [20, 20],
        pixel_ratio: 1.0,
        transparent: false,
        background: [255; 3],
        language: language.to_owned(),
        with_title: false,
        with_labels: true,
    }
}
