use tiny_skia::PixmapMut;

use super::candidate::Paints;
use crate::render::text::{GlyphPlace, Ink};

/// The labels of a view, to be drawn.
#[derive(Debug, Clone, Default)]
pub struct PlacedLabels {
    /// In drawing order: the first in rank last, so that it lies above.
    pub(super) labels: Vec<PlacedLabel>,
    pub(super) glyphs: Vec<GlyphPlace>,
    pub(super) candidates: usize,
}

/// A label that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedLabel {
    /// Of the feature, in its source.
    pub fid: u64,
    /// Which of the texts given to the set.
    pub text: usize,
    /// Left, top, right, bottom in pixels of the view, free space included.
    pub bounds: [f64; 4],
    pub(super) glyphs: (usize, usize),
    pub(super) paints: Paints,
}

impl PlacedLabels {
    /// Draws the labels onto a part of the view's image that begins so many pixels from its left
    /// and its top. Parts drawn apart are the same picture as the whole drawn at once.
    pub fn draw(&self, canvas: &mut PixmapMut<'_>, corner: [u32; 2]) {
        let [left, top] = corner.map(|pixels| f64::from(pixels) - 2.0);
        let right = left + f64::from(canvas.width()) + 4.0;
        let bottom = top + f64::from(canvas.height()) + 4.0;
        let mut ink = Ink::default();
        for label in &self.labels {
            let [label_left, label_top, label_right, label_bottom] = label.bounds;
            let is_beside = label_right < left || label_left > right;
            if is_beside || label_bottom < top || label_top > bottom {
                continue;
            }
            let (from, to) = label.glyphs;
            let glyphs = self.glyphs.get(from..to).unwrap_or(&[]).iter().copied();
            let Paints { size, color, halo } = label.paints;
            ink.draw(canvas, corner.map(i64::from), glyphs, size, color, halo);
        }
    }

    /// The labels in drawing order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &PlacedLabel> {
        self.labels.iter()
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The memory that they hold.
    pub fn bytes(&self) -> usize {
        self.labels.capacity() * size_of::<PlacedLabel>()
            + self.glyphs.capacity() * size_of::<GlyphPlace>()
    }

    /// How many labels competed, those around the view included.
    pub fn candidates(&self) -> usize {
        self.candidates
    }
}
