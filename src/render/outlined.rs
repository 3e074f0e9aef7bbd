//! An inside and the outline around it, drawn in one go.
//!
//! A polygon whose outline is one opaque colour needs no fill below it: inside the inner border of
//! the outline is the one colour, between the borders the other, and what is below is seen only
//! beyond the outer border. That is the area of each, exactly, where a fill drawn first would let
//! what is below it through the soft edges of both; and there are two borders to go round instead
//! of three, and one sweep.

use super::canvas::{Band, EDGE_STEP, Pixel, Row, coarse, lay_on_row};
use super::color::{Color, div_255};
use super::lanes::{self, Ink};
use super::raster::{Block, LayersBrush, level};
use crate::processor::Processor;

/// Lays two colours on a band.
#[derive(Debug)]
pub(super) struct OutlinedBrush<'a, 'b> {
    band: &'a mut Band<'b>,
    row: Row,
    fill: Pixel,
    line: Pixel,
    inks: [Ink; 2],
}

impl<'a, 'b> OutlinedBrush<'a, 'b> {
    /// The colour of the insides and that of the outlines, which is opaque.
    pub fn new(band: &'a mut Band<'b>, fill: Color, line: Color) -> OutlinedBrush<'a, 'b> {
        debug_assert_eq!(line.a, 255);
        let (fill, line) = (fill.premultiplied(), line.premultiplied());
        OutlinedBrush {
            band,
            row: Row::default(),
            fill,
            line,
            inks: [Ink::new(fill, EDGE_STEP), Ink::new(line, EDGE_STEP)],
        }
    }
}

/// The coverage by the inside and by the outline.
#[inline(always)]
pub(super) fn levels([outer, inner]: [i32; 2]) -> (u32, u32) {
    let line = level(outer.wrapping_add(inner));
    (level(outer).saturating_sub(line), line)
}

/// [`lanes::lay_on_both`] for a single pixel.
pub(super) fn laid_on(
    below: Pixel,
    fill: Pixel,
    line: Pixel,
    (of_fill, of_line): (u32, u32),
) -> Pixel {
    let rest = 255 - of_line - div_255(u32::from(fill[3]) * of_fill);
    let mut channels = below
        .iter()
        .zip(fill)
        .zip(line)
        .map(|((below, fill), line)| {
            let sum =
                u32::from(*below) * rest + u32::from(fill) * of_fill + u32::from(line) * of_line;
            match of_fill.max(of_line) {
                0 | 255 => div_255(sum) as u8,
                _ => coarse(div_255(sum)) as u8,
            }
        });
    std::array::from_fn(|_| channels.next().unwrap_or(0))
}

impl LayersBrush<2> for OutlinedBrush<'_, '_> {
    #[inline]
    fn row(&mut self, y: i32) {
        self.row = Row::of(self.band, y);
    }

    #[inline(always)]
    fn run(&mut self, _y: i32, x0: i32, x1: i32, sums: [i32; 2]) {
        let row = self.row.run(self.band, x0, x1);
        match levels(sums) {
            (0, 0) => {}
            (255, 0) if self.fill[3] == 255 => row.fill(self.fill),
            (of_fill, 0) => lay_on_row(row, self.fill, of_fill, EDGE_STEP),
            (0, 255) => row.fill(self.line),
            both => {
                for pixel in row {
                    *pixel = laid_on(*pixel, self.fill, self.line, both);
                }
            }
        }
    }

    #[inline(always)]
    fn block(
        &mut self,
        processor: impl Processor,
        (x, _): (i32, i32),
        count: usize,
        sums: [i32; 2],
        changes: [Block; 2],
    ) -> [i32; 2] {
        if let Some(pixels) = self.row.block(self.band, x) {
            // all four, though the shape may end before: what it left to the last is nothing
            let last = lanes::lay_on_both(processor, pixels, &self.inks, sums, changes);
            debug_assert!(count == 4 || last == [0, 0]);
            return last;
        }
        let ([mut outer, mut inner], [outer_changes, inner_changes]) = (sums, changes);
        let changes = outer_changes.into_iter().zip(inner_changes);
        for (x, (of_outer, of_inner)) in (x..).zip(changes).take(count) {
            outer = outer.wrapping_add(of_outer);
            inner = inner.wrapping_add(of_inner);
            if let [pixel] = self.row.run(self.band, x, x + 1) {
                *pixel = laid_on(*pixel, self.fill, self.line, levels([outer, inner]));
            }
        }
        [outer, inner]
    }
}
