use tiny_skia::PixmapMut;

use super::coverage::Mask;
use super::glyph::{GlyphPlace, PlacedMask};

/// A halo: a band of colour around the glyphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Halo {
    /// In [`SIZE_STEPS`](super::SIZE_STEPS) of a pixel, from 1.
    pub radius: u8,
    /// Premultiplied red, green, blue, alpha.
    pub color: [u8; 4],
}

/// Draws labels; keeps its buffers from one to the next. One for each thread.
#[derive(Debug, Default)]
pub struct Ink {
    masks: Vec<PlacedMask>,
    coverage: Vec<u8>,
}

/// A rectangle of the canvas that masks are put together on.
struct Window {
    left: i64,
    top: i64,
    width: usize,
    height: usize,
}

impl Ink {
    /// Draws a label onto a part of an image that begins at `corner`, in pixels from its left
    /// and its top: first the halo of all glyphs, then all glyphs, each as one shape, so that
    /// neither adds up where glyphs touch. What lies outside is cut.
    ///
    /// `size` is in [`SIZE_STEPS`](super::SIZE_STEPS), `color` premultiplied.
    pub fn draw(
        &mut self,
        canvas: &mut PixmapMut<'_>,
        corner: [i64; 2],
        glyphs: impl Iterator<Item = GlyphPlace> + Clone,
        size: u16,
        color: [u8; 4],
        halo: Option<Halo>,
    ) {
        if let Some(halo) = halo {
            self.draw_shape(
                canvas,
                corner,
                glyphs.clone(),
                size,
                halo.radius,
                halo.color,
            );
        }
        self.draw_shape(canvas, corner, glyphs, size, 0, color);
    }

    fn draw_shape(
        &mut self,
        canvas: &mut PixmapMut<'_>,
        [left, top]: [i64; 2],
        glyphs: impl Iterator<Item = GlyphPlace>,
        size: u16,
        halo_radius: u8,
        color: [u8; 4],
    ) {
        self.masks.clear();
        self.masks.extend(glyphs.map(|glyph| {
            let (column, row, mask) = glyph.mask(size, halo_radius);
            (
                column - left + i64::from(mask.left),
                row - top + i64::from(mask.top),
                mask,
            )
        }));
        let Some(window) = Window::around(&self.masks, canvas) else {
            return;
        };
        self.coverage.clear();
        self.coverage.resize(window.width * window.height, 0);
        for (left, top, mask) in &self.masks {
            window.combine(&mut self.coverage, *left, *top, mask);
        }
        window.paint(canvas, &self.coverage, color);
    }
}

impl Window {
    /// The part of the canvas that the masks touch.
    fn around(masks: &[PlacedMask], canvas: &PixmapMut<'_>) -> Option<Window> {
        let (mut left, mut top) = (i64::MAX, i64::MAX);
        let (mut right, mut bottom) = (i64::MIN, i64::MIN);
        for (x, y, mask) in masks {
            left = left.min(*x);
            top = top.min(*y);
            right = right.max(x + i64::from(mask.width));
            bottom = bottom.max(y + i64::from(mask.height));
        }
        let (left, top) = (left.max(0), top.max(0));
        let width = right.min(i64::from(canvas.width())).checked_sub(left)?;
        let height = bottom.min(i64::from(canvas.height())).checked_sub(top)?;
        (width > 0 && height > 0).then_some(Window {
            left,
            top,
            width: usize::try_from(width).ok()?,
            height: usize::try_from(height).ok()?,
        })
    }

    /// Raises the coverage to a mask's where that is higher.
    fn combine(&self, coverage: &mut [u8], left: i64, top: i64, mask: &Mask) {
        let (x, skip_columns) = offset(left - self.left);
        let (y, skip_rows) = offset(top - self.top);
        let rows = coverage.chunks_exact_mut(self.width).skip(y);
        for (row, mask_row) in rows.zip(mask.rows().skip(skip_rows)) {
            let target = row.get_mut(x..).unwrap_or(&mut []);
            let source = mask_row.get(skip_columns..).unwrap_or(&[]);
            for (covered, more) in target.iter_mut().zip(source) {
                *covered = (*covered).max(*more);
            }
        }
    }

    /// Lays a colour over the canvas through the coverage.
    fn paint(&self, canvas: &mut PixmapMut<'_>, coverage: &[u8], color: [u8; 4]) {
        let stride = usize::try_from(canvas.width()).unwrap_or(1).max(1) * 4;
        let (x, _) = offset(self.left);
        let (y, _) = offset(self.top);
        let rows = canvas.data_mut().chunks_exact_mut(stride).skip(y);
        for (row, covered) in rows.zip(coverage.chunks_exact(self.width)) {
            let (from, to) = (x * 4, (x + self.width) * 4);
            let row = row.get_mut(from..to).unwrap_or(&mut []);
            let (groups, rest) = row.as_chunks_mut::<{ 4 * GROUP }>();
            let (coverages, rest_coverage) = covered.as_chunks::<GROUP>();
            for (group, coverage) in groups.iter_mut().zip(coverages) {
                // between words, above small letters
                if *coverage != [0; GROUP] {
                    over(group, color, coverage);
                }
            }
            // what is left of the row is the beginning of a group
            let mut group = [0; 4 * GROUP];
            let mut coverage = [0; GROUP];
            copy(rest, &mut group);
            copy(rest_coverage, &mut coverage);
            over(&mut group, color, &coverage);
            copy(&group, rest);
        }
    }
}

/// Pixels that are painted at once.
const GROUP: usize = 8;

/// As much as both have.
fn copy(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// A signed offset as where to begin in the target and how much of the source to leave out.
fn offset(signed: i64) -> (usize, usize) {
    let size = |value: i64| usize::try_from(value.max(0)).unwrap_or(usize::MAX);
    (size(signed), size(signed.saturating_neg()))
}

/// Source over destination, the source weakened by a coverage; all premultiplied, alpha last.
///
/// In 16 bits without a branch: so compilers do it on eight bytes at once on any machine.
fn over(pixels: &mut [u8; 4 * GROUP], color: [u8; 4], coverages: &[u8; GROUP]) {
    let [.., alpha] = color;
    // a lane for each byte: LLVM takes the pixels apart into channels otherwise
    let mut lanes = [0; 4 * GROUP];
    for (lanes, coverage) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(coverages) {
        *lanes = [u16::from(*coverage); 4];
    }
    let mut colors = [0; 4 * GROUP];
    colors.as_chunks_mut::<4>().0.fill(color.map(u16::from));
    for ((below, coverage), above) in pixels.iter_mut().zip(&lanes).zip(&colors) {
        let kept = 255 - scale(u16::from(alpha), *coverage);
        // no byte overflows: a source's byte is at most its alpha, and what is left of the
        // destination's at most 255 less that
        let sum = scale(*above, *coverage) + scale(u16::from(*below), kept);
        *below = sum as u8;
    }
}

/// a × b / 255, rounded, of two bytes.
fn scale(a: u16, b: u16) -> u16 {
    let product = a * b + 128;
    (product + (product >> 8)) >> 8
}

#[cfg(test)]
mod tests {
    use super::super::font::FaceId;
    use super::super::glyph::Subpixel;
    use super::*;
    use tiny_skia::Pixmap;

    const WORD: [(u16, i64); 3] = [(47, 40), (82, 67), (81, 99)];

    fn word(shift_x: i64, shift_y: i64) -> impl Iterator<Item = GlyphPlace> + Clone {
        WORD.into_iter().map(move |(id, x)| GlyphPlace {
            face: FaceId(0),
            id,
            at: Subpixel {
                x: x + 4 * shift_x,
                y: 80 + 4 * shift_y,
            },
            rotation: 0,
        })
    }

    fn white(width: u32, height: u32) -> Pixmap {
        let mut pixmap = Pixmap::new(width, height).unwrap();
        pixmap.fill(tiny_skia::Color::WHITE);
        pixmap
    }

    const BLACK: [u8; 4] = [0, 0, 0, 255];
    const RED: Option<Halo> = Some(Halo {
        radius: 16,
        color: [200, 0, 0, 200],
    });

    #[test]
    fn a_label_drawn_in_bands_or_cut_is_the_same_picture() {
        let mut whole = white(48, 32);
        let mut ink = Ink::default();
        ink.draw(&mut whole.as_mut(), [0, 0], word(0, 0), 112, BLACK, RED);
        for (left, top, width, height) in [(0, 0, 48, 11), (0, 11, 48, 21), (13, 9, 20, 14)] {
            let mut part = white(width, height);
            ink.draw(&mut part.as_mut(), [left, top], word(0, 0), 112, BLACK, RED);
            for y in 0..height {
                for x in 0..width {
                    let expected = whole.pixel(x + left as u32, y + top as u32);
                    assert_eq!(part.pixel(x, y), expected, "{x},{y}");
                }
            }
        }
        assert!(whole.pixels().iter().any(|p| p.red() < 10));
    }

    #[test]
    fn halos_of_neighbours_do_not_add_up() {
        let mut pixmap = white(48, 32);
        Ink::default().draw(&mut pixmap.as_mut(), [0, 0], word(0, 0), 112, BLACK, RED);
        // 200 of 255 of a colour once over white: never more where two halos overlap
        let green = pixmap.pixels().iter().filter(|p| p.red() == 255);
        assert!(green.clone().any(|p| p.green() == 55));
        assert!(green.clone().all(|p| p.green() >= 55));
    }

    #[test]
    fn what_lies_far_outside_draws_nothing() {
        let mut pixmap = white(8, 8);
        for (x, y) in [(i64::MAX / 64, 0), (0, i64::MIN / 64), (-1000, 1000)] {
            Ink::default().draw(&mut pixmap.as_mut(), [0, 0], word(x, y), 112, BLACK, RED);
        }
        assert!(pixmap.pixels().iter().all(|p| p.red() == 255));
    }

    #[test]
    fn colours_mix_to_within_a_step() {
        for coverage in 0..=255 {
            let mut group = [10, 20, 30, 255].repeat(GROUP).try_into().unwrap();
            over(&mut group, [100, 50, 0, 128], &[coverage; GROUP]);
            let [red, green, blue, alpha] = group.as_chunks::<4>().0[GROUP - 1];
            let c = f64::from(coverage) / 255.0;
            let exact = |above: f64, below: f64| above * c + below * (1.0 - 128.0 / 255.0 * c);
            assert_eq!(alpha, 255);
            assert!((f64::from(red) - exact(100.0, 10.0)).abs() <= 1.5);
            assert!((f64::from(green) - exact(50.0, 20.0)).abs() <= 1.5);
            assert!((f64::from(blue) - exact(0.0, 30.0)).abs() <= 1.5);
        }
    }
}
