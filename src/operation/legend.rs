//! Legends: one entry a rule, drawn by the renderer that draws the map.

use tiny_skia::{Color, Pixmap, PixmapPaint, Transform};

use super::{LegendEntry, LegendRequest};
use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::geom::Size;
use crate::render::text::PlainText;
use crate::render::{SymbolCache, swatch};
use crate::style::{Rule, Symbolizer};

/// Sizes in pixels at 96 DPI.
const TEXT_PX: f64 = 13.0;
const TITLE_PX: f64 = 14.0;
const MARGIN_PX: f64 = 4.0;
const GAP_PX: f64 = 8.0;
/// Labels wider than this are broken.
const MAX_LABEL_PX: f64 = 320.0;
/// Longer titles are cut: a style that is sent may hold any.
const MAX_TITLE_CHARS: usize = 500;
/// A legend with more entries is cut; as a picture it says so in its last line.
const MAX_ENTRIES: usize = 200;

/// The entries of a legend, top to bottom.
///
/// # Errors
/// `InvalidParameter` for a rule that the style does not have; what the budget says.
pub fn entries(
    request: &LegendRequest,
    symbols: &SymbolCache,
    budget: &Budget,
) -> Result<Vec<LegendEntry>> {
    let geometry = request.layer.store.schema().geometry;
    let [width, height] = request.swatch;
    shown(request)?
        .rules
        .into_iter()
        .map(|rule| {
            let mut swatch = swatch(
                rule,
                Size { width, height },
                request.pixel_ratio,
                geometry,
                symbols,
                budget,
            )?;
            let only_text = rule
                .symbolizers
                .iter()
                .all(|s| matches!(s, Symbolizer::Text(_)));
            if only_text {
                draw_sample_text(&mut swatch, request.pixel_ratio);
            }
            Ok(LegendEntry {
                title: title_of(rule, request),
                rule: rule.name.clone(),
                swatch,
            })
        })
        .collect()
}

/// A rule that only writes labels is shown by letters.
fn draw_sample_text(swatch: &mut Pixmap, pixel_ratio: f64) {
    let sample = PlainText::new("Abc", 11.0 * pixel_ratio, false, None);
    let [w, h] = sample.size();
    let at = [
        (i64::from(swatch.width()) - i64::from(w)) / 2,
        (i64::from(swatch.height()) - i64::from(h)) / 2,
    ];
    sample.draw(&mut swatch.as_mut(), at, [60, 60, 60, 255]);
}

/// What a legend shows, and how many more it would.
struct Shown<'a> {
    rules: Vec<&'a Rule>,
    left_out: usize,
}

impl Shown<'_> {
    /// The text beside each swatch, and what stands below the last of them.
    fn titles(&self, request: &LegendRequest) -> Vec<String> {
        let titles = self.rules.iter().map(|rule| title_of(rule, request));
        let rest = (self.left_out > 0).then(|| match request.language.as_str() {
            "fr" => format!("… et {} autres", self.left_out),
            _ => format!("… and {} more", self.left_out),
        });
        titles.chain(rest).collect()
    }
}

/// The rules to show: those in scale, or the one named. Rules that only write labels are left
/// out where others are there to stand for the layer.
fn shown(request: &LegendRequest) -> Result<Shown<'_>> {
    let all = request
        .style
        .feature_type_styles
        .iter()
        .flat_map(|f| &f.rules);
    if let Some(wanted) = &request.rule {
        let is_it = |name: &Option<String>| name.as_deref() == Some(wanted.as_str());
        let found: Vec<&Rule> = all.filter(|r| is_it(&r.name) || is_it(&r.title)).collect();
        if found.is_empty() {
            return Err(Error::parameter(
                "RULE",
                format!(
                    "style {:?} of layer {:?} has no rule {wanted:?}",
                    request.style.id, request.layer.id
                ),
            ));
        }
        return Ok(Shown {
            rules: found,
            left_out: 0,
        });
    }
    let in_scale = |rule: &&Rule| {
        request
            .scale_denominator
            .is_none_or(|s| rule.scales.contains(s))
    };
    let seen: Vec<&Rule> = all
        .filter(in_scale)
        .filter(|r| !r.symbolizers.is_empty())
        .collect();
    let draws = |rule: &&Rule| {
        !rule
            .symbolizers
            .iter()
            .all(|s| matches!(s, Symbolizer::Text(_)))
    };
    let mut rules: Vec<&Rule> = seen.iter().copied().filter(draws).collect();
    if rules.is_empty() {
        rules = seen;
    }
    // the same class at several scales, or its outline drawn in another pass, is one line
    let mut titles = std::collections::HashSet::new();
    rules.retain(|rule| match rule.title.as_ref().or(rule.name.as_ref()) {
        Some(title) => titles.insert(title.clone()),
        None => true,
    });
    let left_out = rules.len().saturating_sub(MAX_ENTRIES);
    rules.truncate(MAX_ENTRIES);
    Ok(Shown { rules, left_out })
}

fn title_of(rule: &Rule, request: &LegendRequest) -> String {
    let own = rule.title.as_deref().or(rule.name.as_deref());
    let title = own.unwrap_or_else(|| request.layer.title.get(&request.language));
    match title.char_indices().nth(MAX_TITLE_CHARS) {
        Some((end, _)) => format!("{}…", title.get(..end).unwrap_or_default()),
        None => title.to_owned(),
    }
}

/// A legend laid out: texts and where everything goes, in device pixels.
struct Layout {
    title: Option<PlainText>,
    rows: Vec<Row>,
    size: [u32; 2],
}

struct Row {
    label: Option<PlainText>,
    top: u32,
    height: u32,
}

fn lay_out(request: &LegendRequest, titles: &[String], swatch: [u32; 2]) -> Layout {
    let ratio = request.pixel_ratio;
    let px = |length: f64| (length * ratio).round() as u32;
    let (margin, gap) = (px(MARGIN_PX), px(GAP_PX));
    let text = |text: &str, size: f64, bold: bool| {
        PlainText::new(text, size * ratio, bold, Some(MAX_LABEL_PX * ratio))
    };
    let title = request
        .with_title
        .then(|| text(request.layer.title.get(&request.language), TITLE_PX, true));
    let mut y = margin;
    let mut width = 0;
    if let Some(title) = &title {
        let [w, h] = title.size();
        width = w;
        y += h + margin;
    }
    let [swatch_width, swatch_height] = swatch;
    let mut rows = Vec::with_capacity(titles.len());
    for label in titles {
        let label = (request.with_labels && !label.is_empty()).then(|| text(label, TEXT_PX, false));
        let [w, h] = label.as_ref().map_or([0, 0], PlainText::size);
        let height = swatch_height.max(h);
        let beside = if label.is_some() { gap + w } else { 0 };
        width = width.max(swatch_width + beside);
        rows.push(Row {
            label,
            top: y,
            height,
        });
        y += height + margin;
    }
    Layout {
        title,
        rows,
        size: [width + 2 * margin, y.max(1)],
    }
}

/// Width and height of what [`draw`] draws, without drawing.
///
/// # Errors
/// As [`entries`].
pub fn size(request: &LegendRequest) -> Result<[u32; 2]> {
    let titles = shown(request)?.titles(request);
    Ok(lay_out(request, &titles, device_swatch(request)).size)
}

fn device_swatch(request: &LegendRequest) -> [u32; 2] {
    // as the renderer rounds it
    request
        .swatch
        .map(|px| (f64::from(px) * request.pixel_ratio + 0.5) as u32)
}

/// Draws a legend: title, then a swatch and a label for each rule.
///
/// # Errors
/// As [`entries`]; `Internal` for a size that can't be allocated.
pub fn draw(request: &LegendRequest, symbols: &SymbolCache, budget: &Budget) -> Result<Pixmap> {
    let entries = entries(request, symbols, budget)?;
    let titles = shown(request)?.titles(request);
    let layout = lay_out(request, &titles, device_swatch(request));
    let [width, height] = layout.size;
    let mut pixmap = Pixmap::new(width, height).ok_or_else(|| Error::Internal {
        message: format!("a legend of {width} by {height} pixels"),
    })?;
    if !request.transparent {
        let [r, g, b] = request.background;
        pixmap.fill(Color::from_rgba8(r, g, b, 255));
    }
    let ink = if request
        .background
        .iter()
        .map(|c| u32::from(*c))
        .sum::<u32>()
        < 3 * 110
        && !request.transparent
    {
        [240, 240, 240, 255]
    } else {
        [30, 30, 30, 255]
    };
    let margin = (MARGIN_PX * request.pixel_ratio).round() as u32;
    if let Some(title) = &layout.title {
        title.draw(
            &mut pixmap.as_mut(),
            [i64::from(margin), i64::from(margin)],
            ink,
        );
    }
    let gap = (GAP_PX * request.pixel_ratio).round() as u32;
    let [swatch_width, _] = device_swatch(request);
    for (place, row) in layout.rows.iter().enumerate() {
        // the line below the last entry has no swatch
        if let Some(LegendEntry { swatch, .. }) = entries.get(place) {
            let drop = row.height.saturating_sub(swatch.height()) / 2;
            let top = i32::try_from(row.top + drop).unwrap_or(i32::MAX);
            let left = i32::try_from(margin).unwrap_or(0);
            pixmap.draw_pixmap(
                left,
                top,
                swatch.as_ref(),
                &PixmapPaint::default(),
                Transform::identity(),
                None,
            );
        }
        if let Some(label) = &row.label {
            let [_, h] = label.size();
            let drop = row.height.saturating_sub(h) / 2;
            let at = [
                i64::from(margin + swatch_width + gap),
                i64::from(row.top + drop),
            ];
            label.draw(&mut pixmap.as_mut(), at, ink);
        }
    }
    Ok(pixmap)
}

/// A picture that says a message, on a background or a transparent ground.
///
/// # Errors
/// `Internal` for a size that can't be allocated.
pub fn message(size: Size, text: &str, background: Option<[u8; 3]>) -> Result<Pixmap> {
    let mut pixmap = Pixmap::new(size.width, size.height).ok_or_else(|| Error::Internal {
        message: format!("a picture of {} by {} pixels", size.width, size.height),
    })?;
    if let Some([r, g, b]) = background {
        pixmap.fill(Color::from_rgba8(r, g, b, 255));
    }
    let width = (f64::from(size.width) - 2.0 * MARGIN_PX).max(40.0);
    let text = PlainText::new(text, TEXT_PX, false, Some(width));
    let margin = MARGIN_PX as i64;
    text.draw(&mut pixmap.as_mut(), [margin, margin], [180, 0, 0, 255]);
    Ok(pixmap)
}
