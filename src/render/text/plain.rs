//! A text on a picture, upright, at a place: for legends and messages.

use std::sync::Arc;

use tiny_skia::PixmapMut;

use super::font::FaceStyle;
use super::glyph::{GlyphPlace, POSITION_STEPS, SIZE_STEPS, Subpixel};
use super::ink::Ink;
use super::layout::{ASCENT_EM, Align, CaseKey, LINE_HEIGHT_EM, Layout, LayoutRequest, layout};

/// A text that was laid out: one line, or several where it is too long for `width_px`.
#[derive(Debug, Clone)]
pub struct PlainText {
    layout: Option<Arc<Layout>>,
    size_px: f64,
}

impl PlainText {
    /// Lays a text out, left aligned; lines break at `width_px` where it is given.
    pub fn new(text: &str, size_px: f64, bold: bool, width_px: Option<f64>) -> PlainText {
        let request = LayoutRequest {
            text,
            style: FaceStyle {
                bold,
                italic: false,
            },
            align: Align::Left,
            letter_case: CaseKey::AsIs,
            wrap_64: width_px.map(|w| (w / size_px * 64.0).clamp(64.0, 65_000.0) as u16),
            spacing_64: 0,
            single_line: false,
        };
        PlainText {
            layout: layout(&request),
            size_px,
        }
    }

    /// Width and height in pixels, rounded up.
    pub fn size(&self) -> [u32; 2] {
        self.layout.as_ref().map_or([0, 0], |layout| {
            [layout.width, layout.height].map(|em| (f64::from(em) * self.size_px).ceil() as u32)
        })
    }

    /// Draws it with its upper left corner at a pixel; `color` is premultiplied.
    pub fn draw(&self, canvas: &mut PixmapMut<'_>, [x, y]: [i64; 2], color: [u8; 4]) {
        let Some(layout) = &self.layout else {
            return;
        };
        let quarters = |px: f64| (px * POSITION_STEPS as f64).round() as i64;
        let pixels = |px: f64| (px.round() as i64).saturating_mul(POSITION_STEPS);
        let ascent = f64::from(ASCENT_EM) * self.size_px;
        let line_height = f64::from(LINE_HEIGHT_EM) * self.size_px;
        let glyphs = layout.glyphs.iter().map(|glyph| GlyphPlace {
            face: glyph.face,
            id: glyph.id,
            at: Subpixel {
                x: x.saturating_mul(POSITION_STEPS)
                    .saturating_add(quarters(f64::from(glyph.x) * self.size_px)),
                y: y.saturating_mul(POSITION_STEPS)
                    .saturating_add(pixels(ascent + f64::from(glyph.line) * line_height))
                    .saturating_add(quarters(f64::from(glyph.y) * self.size_px)),
            },
            rotation: 0,
        });
        let size = (self.size_px * SIZE_STEPS).round() as u16;
        Ink::default().draw(canvas, [0, 0], glyphs, size, color, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiny_skia::Pixmap;

    #[test]
    fn a_text_stays_within_its_size() {
        let text = PlainText::new("Légende à côté", 14.0, false, None);
        let [width, height] = text.size();
        assert!(
            (80..140).contains(&width) && (12..24).contains(&height),
            "{width} {height}"
        );
        let mut pixmap = Pixmap::new(200, 40).unwrap();
        text.draw(&mut pixmap.as_mut(), [10, 5], [0, 0, 0, 255]);
        let inked: Vec<usize> = (0..200 * 40)
            .filter(|i| pixmap.data()[i * 4 + 3] > 0)
            .collect();
        assert!(inked.len() > 200);
        for i in inked {
            let (x, y) = (i % 200, i / 200);
            assert!(
                (9..=11 + width as usize).contains(&x) && (3..=7 + height as usize).contains(&y)
            );
        }
    }

    #[test]
    fn a_long_text_is_broken() {
        let one = PlainText::new("one two three four five six", 12.0, false, None).size();
        let many = PlainText::new("one two three four five six", 12.0, false, Some(60.0)).size();
        assert!(many[0] <= 66 && many[1] > one[1] * 2, "{many:?} of {one:?}");
    }
}
