//! The pixels that are drawn on, whole or in bands, and how a colour is laid on them.

use tiny_skia::Pixmap;

use super::color::{Color, div_255};
use super::lanes::{self, Ink};
use super::raster::{Block, Paintbrush, PixelRect, level};
use super::spare;
use crate::error::{Error, Result};
use crate::geom::Size;
use crate::processor::{self, Processor};

/// Pixels of a cache line.
const LINE: usize = 16;
/// Taller boxes are wide as well: there the ends of their rows are few beside what is filled.
const FETCHED_ROWS: i32 = 256;

/// A premultiplied RGBA pixel.
pub type Pixel = [u8; 4];

/// A map under way: premultiplied RGBA, transparent at first.
#[derive(Debug)]
pub struct Canvas {
    pixmap: Pixmap,
}

impl Canvas {
    /// # Errors
    /// `InvalidParameter` for a size of nothing or beyond what fits in memory.
    pub fn new(size: Size) -> Result<Canvas> {
        Canvas::filled(size, Color::TRANSPARENT)
    }

    /// A map of one colour.
    ///
    /// # Errors
    /// As [`Canvas::new`].
    pub fn filled(size: Size, color: Color) -> Result<Canvas> {
        let Size { width, height } = size;
        let pixmap = (width <= MAX_SIDE && height <= MAX_SIDE)
            .then(|| spare::pixmap(width, height, color.premultiplied()))
            .flatten();
        pixmap.map(Canvas::from).ok_or_else(|| {
            Error::parameter(
                "SIZE",
                format!("expected 1 to {MAX_SIDE} pixels a side, found {width} by {height}"),
            )
        })
    }

    pub fn size(&self) -> Size {
        Size {
            width: self.pixmap.width(),
            height: self.pixmap.height(),
        }
    }

    /// Sets every pixel.
    pub fn fill(&mut self, color: Color) {
        self.pixels_mut().fill(color.premultiplied());
    }

    /// The whole map as one band.
    pub fn whole(&mut self) -> Band<'_> {
        let Size { width, height } = self.size();
        Band {
            width: width as i32,
            y0: 0,
            y1: height as i32,
            pixels: self.pixels_mut(),
        }
    }

    /// The map cut into at most `count` bands of rows, to be drawn on several threads: together
    /// they have the pixels of the map drawn whole.
    pub fn bands(&mut self, count: usize) -> Vec<Band<'_>> {
        let Size { width, height } = self.size();
        let rows = (height as usize).div_ceil(count.max(1)).max(1);
        self.pixels_mut()
            .chunks_mut(rows * width as usize)
            .enumerate()
            .map(|(index, pixels)| {
                let y0 = (index * rows) as i32;
                Band {
                    width: width as i32,
                    y0,
                    y1: (y0 + rows as i32).min(height as i32),
                    pixels,
                }
            })
            .collect()
    }

    pub fn pixmap(&self) -> &Pixmap {
        &self.pixmap
    }

    pub fn pixmap_mut(&mut self) -> &mut Pixmap {
        &mut self.pixmap
    }

    /// Lays another map of the same size over this one, less opaque than it is.
    pub fn overlay(&mut self, other: Canvas, opacity: f64) {
        let level = (opacity.clamp(0.0, 1.0) * 255.0).round() as u32;
        let over = other.pixmap.data().as_chunks().0;
        for (below, above) in self.pixels_mut().iter_mut().zip(over) {
            let above: &Pixel = above;
            if above[3] == 0 {
                continue;
            }
            let rest = 255 - div_255(u32::from(above[3]) * level);
            for (b, a) in below.iter_mut().zip(above) {
                let sum = div_255(u32::from(*a) * level) + div_255(u32::from(*b) * rest);
                *b = sum.min(255) as u8;
            }
            // both were rounded: a colour is never more than its alpha
            let alpha = below[3];
            below
                .iter_mut()
                .for_each(|value| *value = (*value).min(alpha));
        }
        spare::recycle(other.into_pixmap());
    }

    pub fn into_pixmap(self) -> Pixmap {
        self.pixmap
    }

    fn pixels_mut(&mut self) -> &mut [Pixel] {
        self.pixmap.data_mut().as_chunks_mut().0
    }
}

/// Far above any limit a server sets; keeps `i32` pixel arithmetic from overflowing.
const MAX_SIDE: u32 = 1 << 15;

impl From<Pixmap> for Canvas {
    fn from(pixmap: Pixmap) -> Canvas {
        Canvas { pixmap }
    }
}

/// Some rows of a map, to be drawn on. Rows and columns are counted on the whole map.
#[derive(Debug)]
pub struct Band<'a> {
    pixels: &'a mut [Pixel],
    width: i32,
    y0: i32,
    y1: i32,
}

impl Band<'_> {
    /// The pixels of the map that this band holds.
    pub fn rect(&self) -> PixelRect {
        PixelRect {
            x0: 0,
            y0: self.y0,
            x1: self.width,
            y1: self.y1,
        }
    }

    /// The pixels `x0..x1` of row `y`, cut to the band.
    #[inline(always)]
    pub fn row(&mut self, y: i32, x0: i32, x1: i32) -> &mut [Pixel] {
        let (x0, x1) = (x0.max(0), x1.min(self.width));
        if y < self.y0 || y >= self.y1 || x0 >= x1 {
            return &mut [];
        }
        let start = (y - self.y0) as usize * self.width as usize;
        self.pixels
            .get_mut(start + x0 as usize..start + x1 as usize)
            .unwrap_or(&mut [])
    }

    /// Has the pixels of a box fetched that will be drawn on next, unless it is too tall for that.
    ///
    /// Rows are a page apart: without this, drawing waits for memory row after row.
    #[inline]
    pub fn touch(&self, rect: PixelRect) {
        let rect = rect.intersection(&self.rect());
        if rect.is_empty() || rect.y1 - rect.y0 > FETCHED_ROWS {
            return;
        }
        let width = self.width as usize;
        let start = (rect.y0 - self.y0) as usize * width;
        let rows = self.pixels.get(start..).unwrap_or(&[]).chunks_exact(width);
        for row in rows.take((rect.y1 - rect.y0) as usize) {
            let pixels = row.get(rect.x0 as usize..rect.x1 as usize).unwrap_or(&[]);
            for line in pixels.chunks(LINE) {
                line.first().map(processor::fetch);
            }
            pixels.last().map(processor::fetch);
        }
    }

    /// Lays a premultiplied picture of `width` columns over the band, its upper left corner at
    /// `x`, `y`. Where it covers in part, channels become multiples of `step`, a power of two.
    pub fn blit(&mut self, picture: &[Pixel], width: u32, [x, y]: [i32; 2], step: u16) {
        let columns = width as usize;
        if columns == 0 {
            return;
        }
        let skip = x.min(0).unsigned_abs() as usize;
        for (row, source) in (y..).zip(picture.chunks_exact(columns)) {
            let target = self.row(row, x, x.saturating_add(width as i32));
            let source = source.get(skip..).unwrap_or(&[]);
            let count = target.len().min(source.len());
            let (targets, last) = target.split_at_mut(count).0.as_chunks_mut::<4>();
            let (sources, last_source) = source.split_at(count).0.as_chunks::<4>();
            for (target, source) in targets.iter_mut().zip(sources) {
                lanes::lay_over(target, source, step);
            }
            for (target, source) in last.iter_mut().zip(last_source) {
                over(target, *source, step);
            }
        }
    }
}

/// Lays a premultiplied pixel over another. Where it covers in part, the channels become multiples
/// of `step`, a power of two.
#[inline(always)]
pub(super) fn over(target: &mut Pixel, source: Pixel, step: u16) {
    match source[3] {
        0 => {}
        255 => *target = source,
        alpha => {
            let rest = 255 - u32::from(alpha);
            let faded = scaled(u32::from_le_bytes(*target), rest);
            let laid = u32::from_le_bytes(source).wrapping_add(faded).to_le_bytes();
            let stepped = |c: u8| (u16::from(c) + step / 2) & step.wrapping_neg();
            *target = laid.map(|c| stepped(c).min(255) as u8);
        }
    }
}

/// All four channels times `factor / 255`, each rounded to the nearest.
#[inline(always)]
pub(super) fn scaled(pixel: u32, factor: u32) -> u32 {
    pair_div_255((pixel & PAIR) * factor) | (pair_div_255((pixel >> 8 & PAIR) * factor) << 8)
}

/// Two channels in one word, 16 bits each.
const PAIR: u32 = 0x00ff_00ff;

#[inline(always)]
fn pair_div_255(value: u32) -> u32 {
    let v = value + 0x0080_0080;
    (v + (v >> 8 & PAIR)) >> 8 & PAIR
}

/// A row of a band, ready to be drawn on.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Row {
    /// Where it begins in the band's pixels.
    start: usize,
    /// Columns: none where it is not of the band.
    width: i32,
    /// Columns where four pixels begin that are all in the row.
    blocks_end: u32,
}

impl Row {
    #[inline(always)]
    pub fn of(band: &Band<'_>, y: i32) -> Row {
        let is_inside = y >= band.y0 && y < band.y1;
        let width = if is_inside { band.width } else { 0 };
        Row {
            start: (y - band.y0).max(0) as usize * band.width as usize,
            width,
            blocks_end: (width - 3).max(0) as u32,
        }
    }

    /// The four pixels from column `x` on, where the row has them.
    #[inline(always)]
    pub fn block<'p>(&self, band: &'p mut Band<'_>, x: i32) -> Option<&'p mut [Pixel; 4]> {
        // below 0 becomes larger than any map
        let column = x as u32;
        if column >= self.blocks_end {
            return None;
        }
        let pixels = band.pixels.get_mut(self.start + column as usize..)?;
        pixels.first_chunk_mut()
    }

    /// The pixels `x0..x1`, cut to the row.
    #[inline(always)]
    pub fn run<'p>(&self, band: &'p mut Band<'_>, x0: i32, x1: i32) -> &'p mut [Pixel] {
        let (x0, x1) = (x0.max(0), x1.min(self.width));
        if x0 >= x1 {
            return &mut [];
        }
        let (from, to) = (self.start + x0 as usize, self.start + x1 as usize);
        band.pixels.get_mut(from..to).unwrap_or(&mut [])
    }
}

/// Lays one colour on a band.
#[derive(Debug)]
pub struct SolidBrush<'a, 'b> {
    band: &'a mut Band<'b>,
    pixel: Pixel,
    ink: Ink,
    step: u16,
    row: Row,
}

impl<'a, 'b> SolidBrush<'a, 'b> {
    /// Draws shapes that have edges.
    pub fn new(band: &'a mut Band<'b>, color: Color) -> SolidBrush<'a, 'b> {
        SolidBrush::stepping(band, color, EDGE_STEP)
    }

    /// Draws what is smaller than a pixel, where much that is faint adds up.
    pub fn exact(band: &'a mut Band<'b>, color: Color) -> SolidBrush<'a, 'b> {
        SolidBrush::stepping(band, color, 1)
    }

    fn stepping(band: &'a mut Band<'b>, color: Color, step: u16) -> SolidBrush<'a, 'b> {
        let pixel = color.premultiplied();
        SolidBrush {
            band,
            pixel,
            ink: Ink::new(pixel, step),
            step,
            row: Row::default(),
        }
    }
}

impl Paintbrush for SolidBrush<'_, '_> {
    #[inline]
    fn row(&mut self, y: i32) {
        self.row = Row::of(self.band, y);
    }

    #[inline(always)]
    fn block(
        &mut self,
        processor: impl Processor,
        (x, y): (i32, i32),
        count: usize,
        sum: i32,
        changes: Block,
    ) -> i32 {
        if let Some(pixels) = self.row.block(self.band, x) {
            // all four, though the shape may end before: what it left to the last is nothing
            let last = lanes::lay_on(processor, pixels, &self.ink, sum, changes);
            debug_assert!(count == changes.len() || last == 0);
            return last;
        }
        let mut last = sum;
        for (x, change) in (x..).zip(changes).take(count) {
            last = last.wrapping_add(change);
            self.run(y, x, x + 1, level(last));
        }
        last
    }

    #[inline(always)]
    fn run(&mut self, _y: i32, x0: i32, x1: i32, coverage: u32) {
        let row = self.row.run(self.band, x0, x1);
        if coverage == 255 && self.pixel[3] == 255 {
            row.fill(self.pixel);
        } else {
            lay_on_row(row, self.pixel, coverage, self.step);
        }
    }
}

/// Where two colours meet in one pixel, its channels are multiples of this. Neighbours that are
/// laid over one another's edges leave hundreds of colours that only rounding tells apart; so
/// they are few, and most maps fit a palette of 256.
pub(super) const EDGE_STEP: u16 = 4;

/// The nearest multiple of [`EDGE_STEP`], at most 255.
#[inline(always)]
pub(super) fn coarse(channel: u32) -> u32 {
    let step = u32::from(EDGE_STEP);
    ((channel + step / 2) & !(step - 1)).min(255)
}

/// A premultiplied colour with some coverage over a pixel.
#[inline(always)]
pub(super) fn laid_on(target: u32, ink: u32, coverage: u32) -> u32 {
    let rest = 255 - div_255((ink >> 24) * coverage);
    // a channel's sum is at most 255 * 255 + 127: the lanes never meet
    let sum = spread(target) * u64::from(rest) + spread(ink) * u64::from(coverage) + HALVES;
    let rounded = (sum + (sum >> 8 & LANES)) >> 8 & LANES;
    let exact = (rounded | rounded >> 24) as u32;
    match coverage {
        0 | 255 => exact,
        _ => u32::from_le_bytes(exact.to_le_bytes().map(|c| coarse(u32::from(c)) as u8)),
    }
}

/// Four channels in one word, 16 bits each: 0, 2, 1, 3.
const LANES: u64 = 0x00ff_00ff_00ff_00ff;
/// Half of 255 and a little in every lane, for rounding.
const HALVES: u64 = 0x0080_0080_0080_0080;

#[inline(always)]
fn spread(pixel: u32) -> u64 {
    let pixel = u64::from(pixel);
    (pixel | pixel << 24) & LANES
}

/// [`laid_on`] for a run of pixels, in 16-bit lanes that the compiler makes vectors of; in
/// multiples of `step`, a power of two, where the coverage is not full.
#[inline]
pub(super) fn lay_on_row(row: &mut [Pixel], ink: Pixel, coverage: u32, step: u16) {
    let coverage = coverage as u16;
    let rest = 255 - div_255(u32::from(ink[3]) * u32::from(coverage)) as u16;
    let add = ink.map(|c| u16::from(c) * coverage + 128);
    let (half, mask) = match coverage {
        0 | 255 => (0, u16::MAX),
        _ => (step / 2, step.wrapping_neg()),
    };
    let lay = |channel: &mut u8, add: u16| {
        let v = u16::from(*channel) * rest + add;
        let exact = (v + (v >> 8)) >> 8;
        *channel = ((exact + half) & mask).min(255) as u8;
    };
    let (blocks, tail) = row.as_chunks_mut::<4>();
    for block in blocks {
        for (channel, add) in block.as_flattened_mut().iter_mut().zip(add.iter().cycle()) {
            lay(channel, *add);
        }
    }
    for pixel in tail {
        for (channel, add) in pixel.iter_mut().zip(add) {
            lay(channel, add);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(target: u8, ink: u8, alpha: u8, coverage: u32) -> f64 {
        let c = f64::from(coverage) / 255.0;
        f64::from(target) * (1.0 - f64::from(alpha) / 255.0 * c) + f64::from(ink) * c
    }

    #[test]
    fn a_map_laid_over_another_hides_it_by_its_opacity() {
        let size = Size {
            width: 2,
            height: 1,
        };
        let mut below = Canvas::filled(size, Color::rgb(0, 0, 200)).unwrap();
        let mut above = Canvas::new(size).unwrap();
        let ink = Color::rgb(200, 0, 0).premultiplied();
        *above.pixels_mut().first_mut().unwrap() = ink;
        below.overlay(above, 0.25);
        assert_eq!(below.pixels_mut(), [[50, 0, 150, 255], [0, 0, 200, 255]]);
    }

    #[test]
    fn one_pixel_and_a_run_are_blended_alike_and_near_the_exact_colour() {
        for alpha in [1u8, 77, 128, 254, 255] {
            for coverage in [1u32, 17, 128, 254, 255] {
                for target in (0..=255u8).step_by(5) {
                    let color = Color {
                        r: 255,
                        g: 13,
                        b: 0,
                        a: alpha,
                    };
                    let ink = color.premultiplied();
                    let below = [target, target, target, 255];
                    let one = laid_on(u32::from_le_bytes(below), u32::from_le_bytes(ink), coverage)
                        .to_le_bytes();
                    let mut many = [below; 7];
                    lay_on_row(&mut many, ink, coverage, EDGE_STEP);
                    assert_eq!(many, [one; 7]);
                    for ((got, t), i) in one.iter().zip(below).zip(ink) {
                        let wanted = exact(t, i, alpha, coverage);
                        let bound = match coverage {
                            255 => 1.0,
                            _ => 1.0 + f64::from(EDGE_STEP) / 2.0,
                        };
                        assert!((f64::from(*got) - wanted).abs() <= bound, "{got} {wanted}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_opaque_ground_stays_opaque() {
        for alpha in 0..=255u8 {
            for coverage in 1..=255u32 {
                let ink = Color {
                    a: alpha,
                    ..Color::rgb(200, 100, 0)
                }
                .premultiplied();
                let laid = laid_on(0xffff_ffff, u32::from_le_bytes(ink), coverage);
                assert_eq!(laid >> 24, 255, "{alpha} {coverage}");
                let mut pixel = [255; 4];
                over(&mut pixel, ink, 1);
                assert_eq!(pixel[3], 255);
            }
        }
    }

    #[test]
    fn bands_hold_each_row_once() {
        for count in [1, 2, 3, 7, 50] {
            let mut canvas = Canvas::new(Size {
                width: 3,
                height: 20,
            })
            .unwrap();
            for mut band in canvas.bands(count) {
                let rect = band.rect();
                for y in rect.y0 - 2..rect.y1 + 2 {
                    for pixel in band.row(y, -5, 99) {
                        pixel[0] += y as u8 + 1;
                    }
                }
            }
            let rows: Vec<u8> = canvas
                .pixmap()
                .data()
                .chunks(12)
                .map(|row| row[8])
                .collect();
            assert_eq!(rows, (1..=20).collect::<Vec<u8>>());
        }
    }

    #[test]
    fn a_picture_over_the_border_is_cut() {
        let mut canvas = Canvas::new(Size {
            width: 4,
            height: 4,
        })
        .unwrap();
        let picture: Vec<Pixel> = (1..=9).map(|i| [i, 0, 0, 255]).collect();
        canvas.whole().blit(&picture, 3, [-1, -1], 1);
        canvas.whole().blit(&picture, 3, [3, 3], 1);
        let red: Vec<u8> = canvas.pixmap().data().iter().step_by(4).copied().collect();
        assert_eq!(red, [5, 6, 0, 0, 8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_size_of_nothing_or_too_much_is_an_error() {
        for (width, height) in [(0, 5), (5, 0), (u32::MAX, 1), (1 << 16, 1)] {
            assert!(Canvas::new(Size { width, height }).is_err());
        }
    }
}
