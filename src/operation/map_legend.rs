//! The legend of a map in one picture: groups, layers, and what each symbol stands for.

use tiny_skia::{Color, Pixmap, PixmapPaint, Transform};

use super::{LegendRequest, MapLayer, PrintPart, legend};
use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::render::SymbolCache;
use crate::render::text::PlainText;

/// Sizes in pixels at 96 DPI.
const MARGIN_PX: f64 = 6.0;
const GROUP_PX: f64 = 15.0;
const LAYER_PX: f64 = 13.0;
const SWATCH_GAP_PX: f64 = 8.0;
const MAX_WIDTH_PX: f64 = 360.0;
const INK: [u8; 4] = [26, 26, 26, 255];
const GROUP_INK: [u8; 4] = [0, 58, 107, 255];

/// A piece of the picture.
enum Piece {
    Text(PlainText, [u8; 4]),
    /// A layer's only symbol and its title beside it.
    Alone(Pixmap, PlainText),
    Symbols(Pixmap),
}

/// Draws the legends of a map's layers, top first. `request` says how one layer's is drawn.
///
/// # Errors
/// As [`legend::draw`]; `LimitExceeded` for more than `max_pixels`.
pub fn draw(
    parts: &[PrintPart],
    pixel_ratio: f64,
    request: &dyn Fn(&MapLayer) -> LegendRequest,
    max_pixels: u64,
    (symbols, budget): (&SymbolCache, &Budget),
) -> Result<Pixmap> {
    let px = |length: f64| (length * pixel_ratio).round().max(0.0) as u32;
    let margin = px(MARGIN_PX);
    let mut background = Color::WHITE;
    let mut pieces: Vec<(u32, Piece)> = Vec::new();
    let (mut y, mut width) = (margin, 2 * margin);
    let text = |text: &str, size: f64, bold: bool| {
        PlainText::new(
            text,
            size * pixel_ratio,
            bold,
            Some(MAX_WIDTH_PX * pixel_ratio),
        )
    };
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for part in parts {
        let layer = match part {
            PrintPart::Group(title, depth) => {
                // written when a layer of it is: a group of none is not mentioned
                groups.retain(|(_, known)| known < depth);
                groups.push((title, *depth));
                continue;
            }
            PrintPart::Layer(title, layer) => (title, layer),
        };
        let (title, layer) = layer;
        let wanted = request(layer);
        if wanted.transparent {
            background = Color::TRANSPARENT;
        }
        let mut made = Vec::new();
        for (group, _) in groups.drain(..) {
            made.push(Piece::Text(text(group, GROUP_PX, true), GROUP_INK));
        }
        let mut entries = legend::entries(&wanted, symbols, budget)?;
        match entries.len() {
            0 => {}
            1 => made.extend(
                entries
                    .pop()
                    .map(|entry| Piece::Alone(entry.swatch, text(title, LAYER_PX, false))),
            ),
            _ => {
                made.push(Piece::Text(text(title, LAYER_PX, true), INK));
                let transparent = LegendRequest {
                    transparent: true,
                    ..wanted
                };
                made.push(Piece::Symbols(legend::draw(&transparent, symbols, budget)?));
            }
        }
        for piece in made {
            let [piece_width, height] = piece.size(px(SWATCH_GAP_PX));
            width = width.max(piece_width.saturating_add(2 * margin));
            pieces.push((y, piece));
            y = y.saturating_add(height).saturating_add(margin);
        }
    }
    let found = u64::from(width) * u64::from(y);
    if found > max_pixels {
        return Err(Error::LimitExceeded {
            what: "the number of pixels of a legend",
            limit: max_pixels,
            found,
        });
    }
    let mut all = Pixmap::new(width.max(1), y.max(1)).ok_or_else(|| Error::Internal {
        message: format!("a legend of {width} by {y} pixels"),
    })?;
    all.fill(background);
    for (top, piece) in &pieces {
        piece.draw(&mut all, [margin, *top], px(SWATCH_GAP_PX));
    }
    Ok(all)
}

impl Piece {
    fn size(&self, gap: u32) -> [u32; 2] {
        match self {
            Piece::Text(text, _) => text.size(),
            Piece::Symbols(pixmap) => [pixmap.width(), pixmap.height()],
            Piece::Alone(swatch, text) => {
                let [width, height] = text.size();
                let beside = swatch.width().saturating_add(gap);
                [beside.saturating_add(width), height.max(swatch.height())]
            }
        }
    }

    fn draw(&self, all: &mut Pixmap, [x, y]: [u32; 2], gap: u32) {
        let at = |x: u32, y: u32| [i64::from(x), i64::from(y)];
        let lay = |all: &mut Pixmap, pixmap: &Pixmap, x: u32, y: u32| {
            let [x, y] = [x, y].map(|v| i32::try_from(v).unwrap_or(i32::MAX));
            let paint = PixmapPaint::default();
            all.draw_pixmap(x, y, pixmap.as_ref(), &paint, Transform::identity(), None);
        };
        match self {
            Piece::Text(text, ink) => text.draw(&mut all.as_mut(), at(x, y), *ink),
            Piece::Symbols(pixmap) => lay(all, pixmap, x, y),
            Piece::Alone(swatch, text) => {
                let [_, text_height] = text.size();
                let height = text_height.max(swatch.height());
                let drop = |own: u32| height.saturating_sub(own) / 2;
                lay(all, swatch, x, y.saturating_add(drop(swatch.height())));
                let right = x.saturating_add(swatch.width()).saturating_add(gap);
                let top = y.saturating_add(drop(text_height));
                text.draw(&mut all.as_mut(), at(right, top), INK);
            }
        }
    }
}
