//! Fills that repeat: hatches and tiles, anchored to the world.
//!
//! A pattern's phase is a function of the pixel's column and row on the world's pixel grid, so
//! that neighbouring tiles and cuts of a map continue each other's pattern.

use tiny_skia::Pixmap;

use super::canvas::{Band, Canvas, Pixel, laid_on, over, scaled};
use super::color::div_255;
use super::fixed::{UNIT, round, sin_cos_degrees};
use super::image::Image;
use super::marks::hatch_lines;
use super::raster::{Accumulator, Paintbrush};
use super::symbol::{Look, Stamp, SymbolCache, What, drawn_size};
use crate::geom::Size;

/// What a pattern fill lays down.
#[derive(Debug)]
pub enum Pattern {
    Hatch(Hatch),
    Tile(Tile),
}

impl Pattern {
    /// The pattern of a symbol with `margin_px` of space around; `None` where nothing shows.
    pub fn new(
        look: &Look,
        image: Option<&Image>,
        margin_px: [f64; 2],
        cache: &SymbolCache,
    ) -> Option<Pattern> {
        if look.size == 0 {
            return None;
        }
        if let What::Mark { shape, .. } = look.what
            && !hatch_lines(shape).is_empty()
        {
            return Hatch::new(look, margin_px).map(Pattern::Hatch);
        }
        Tile::new(look, image, margin_px, cache).map(Pattern::Tile)
    }

    /// A picture that is the pattern where it is repeated. Hatches are turned by as little as
    /// lets them meet themselves after whole pixels.
    pub fn tile(&self) -> Option<Pixmap> {
        match self {
            Pattern::Hatch(hatch) => hatch.tile(),
            Pattern::Tile(tile) => {
                let [width, height] = tile.size.map(|side| u32::try_from(side).unwrap_or(0));
                let size = tiny_skia::IntSize::from_wh(width, height)?;
                Pixmap::from_vec(tile.pixels.as_flattened().to_vec(), size)
            }
        }
    }
}

/// Parallel lines, computed per pixel: any angle, any distance, and no tile whose edges must meet.
#[derive(Debug)]
pub struct Hatch {
    families: Vec<Lines>,
    ink: u32,
}

/// One family of parallel lines. Phases are fractions of the distance between two lines, in
/// 1/2^64: they wrap round by themselves.
#[derive(Debug)]
struct Lines {
    step: [u64; 2],
    /// Coverage of a pixel by the phase of its middle.
    coverage: Vec<u8>,
}

/// Entries of the coverage table: at 64 px between lines one is 1/64 px.
const TABLE_BITS: u32 = 12;

impl Hatch {
    fn new(look: &Look, margin_px: [f64; 2]) -> Option<Hatch> {
        let What::Mark {
            shape,
            fill,
            stroke,
        } = look.what
        else {
            return None;
        };
        let color = stroke.map(|s| s.color).or(fill)?;
        let width = stroke.map_or(1.0, |s| f64::from(s.width) / 16.0);
        let side = (look.size_px() + margin_px[1].max(0.0)).clamp(1.0, 4096.0);
        let families = hatch_lines(shape)
            .iter()
            .map(|(angle, distance)| {
                Lines::new(angle - look.rotation_degrees(), side * distance, width)
            })
            .collect();
        Some(Hatch {
            families,
            ink: u32::from_le_bytes(color.premultiplied()),
        })
    }

    fn tile(&self) -> Option<Pixmap> {
        let sides = [0, 1].map(|axis| {
            let steps = self.families.iter().filter_map(|f| f.step.get(axis));
            repeat(steps.copied().collect())
        });
        let snapped = Hatch {
            families: self.families.iter().map(|f| f.snapped(sides)).collect(),
            ink: self.ink,
        };
        let [width, height] = sides;
        let mut canvas = Canvas::new(Size { width, height }).ok()?;
        let mut band = canvas.whole();
        for y in 0..height as i32 {
            hatch_row(
                band.row(y, 0, width as i32),
                &snapped,
                [0, i64::from(y)],
                255,
            );
        }
        Some(canvas.into_pixmap())
    }
}

/// Sides of a hatch's tile, in pixels: below, clients' smoothing would show; above, no better
/// side is worth its pixels.
const HATCH_SIDES: std::ops::RangeInclusive<u32> = 8..=128;
/// The part of a distance between lines that they may be moved by at the end of a tile.
const HATCH_SHIFT: u64 = u64::MAX / 100;

/// The number of pixels after which lines of those phases meet themselves.
fn repeat(steps: Vec<u64>) -> u32 {
    let off = |side: &u32| {
        let phases = steps.iter().map(|step| step.wrapping_mul(u64::from(*side)));
        phases.map(|p| p.min(p.wrapping_neg())).max().unwrap_or(0)
    };
    HATCH_SIDES
        .into_iter()
        .find(|side| off(side) < HATCH_SHIFT)
        .or_else(|| HATCH_SIDES.min_by_key(off))
        .unwrap_or(1)
}

impl Lines {
    /// Lines that run at `angle` degrees anticlockwise from the x axis.
    fn new(angle: f64, distance: f64, width: f64) -> Lines {
        let (sin, cos) = sin_cos_degrees(angle);
        let fraction = |v: f64| (v / distance).rem_euclid(1.0) * 18_446_744_073_709_551_616.0;
        // across the lines, on a screen whose y runs down
        let step = [fraction(sin) as u64, fraction(cos) as u64];
        let (long, short) = (sin.abs().max(cos.abs()), sin.abs().min(cos.abs()));
        let entries = 1u32 << TABLE_BITS;
        let coverage = (0..entries)
            .map(|entry| {
                let phase = (f64::from(entry) + 0.5) / f64::from(entries);
                let from_line = (phase - 0.5) * distance;
                // the next lines show too where lines are as wide as their distance
                let covered: f64 = [-distance, 0.0, distance]
                    .into_iter()
                    .map(|shift| {
                        let d = from_line + shift;
                        below(d + width / 2.0, long, short) - below(d - width / 2.0, long, short)
                    })
                    .sum();
                (covered.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
            })
            .collect();
        Lines { step, coverage }
    }

    /// Lines that meet themselves after whole pixels.
    fn snapped(&self, sides: [u32; 2]) -> Lines {
        let snap = |step: u64, side: u32| {
            let side = u128::from(side.max(1));
            let whole = (u128::from(step) * side + (1 << 63)) >> 64;
            // a whole turn is none
            ((whole << 64) / side) as u64
        };
        let [x, y] = self.step;
        let [width, height] = sides;
        Lines {
            step: [snap(x, width), snap(y, height)],
            coverage: self.coverage.clone(),
        }
    }

    #[inline(always)]
    fn phase(&self, [x, y]: [i64; 2]) -> u64 {
        let [sx, sy] = self.step;
        (x as u64)
            .wrapping_mul(sx)
            .wrapping_add((y as u64).wrapping_mul(sy))
    }
}

/// The part of a pixel on one side of a line at distance `t` from its middle; `long` and `short`
/// are the sides of the line's direction vector.
fn below(t: f64, long: f64, short: f64) -> f64 {
    let (inner, outer) = ((long - short) / 2.0, (long + short) / 2.0);
    let side = t.abs();
    let half = if side <= inner {
        side / long
    } else if side < outer {
        let rest = outer - side;
        0.5 - rest * rest / (2.0 * long * short)
    } else {
        0.5
    };
    if t < 0.0 { 0.5 - half } else { 0.5 + half }
}

/// A picture that is repeated.
#[derive(Debug)]
pub struct Tile {
    pixels: Vec<Pixel>,
    size: [i64; 2],
}

/// A tile is at most that wide and high, in pixels.
const MAX_TILE: f64 = 512.0;

impl Tile {
    fn new(
        look: &Look,
        image: Option<&Image>,
        margin_px: [f64; 2],
        cache: &SymbolCache,
    ) -> Option<Tile> {
        let [width, height] = match image {
            Some(image) => drawn_size(look, image),
            None => [look.size_px(); 2],
        };
        let (columns, count_x) = whole_pixels(width + margin_px[0].max(0.0));
        let (rows, count_y) = whole_pixels(height + margin_px[1].max(0.0));
        let mut canvas = Canvas::new(Size {
            width: columns,
            height: rows,
        })
        .ok()?;
        let mut stamp = Stamp::new(cache);
        let mut accumulator = Accumulator::default();
        // one more on every side: what reaches over an edge comes in on the other
        for row in -1..=i64::from(count_y) {
            for column in -1..=i64::from(count_x) {
                let at = |n: i64, pixels: u32, count: u32| {
                    (2 * n + 1) * i64::from(pixels) * UNIT / (2 * i64::from(count))
                };
                let center = [at(column, columns, count_x), at(row, rows, count_y)];
                stamp.draw(&mut canvas.whole(), &mut accumulator, (look, image), center);
            }
        }
        Some(Tile {
            pixels: canvas.pixmap().data().as_chunks::<4>().0.to_vec(),
            size: [i64::from(columns), i64::from(rows)],
        })
    }
}

/// A tile's side in whole pixels and how many symbols it holds: several, where the side of one is
/// no whole number.
fn whole_pixels(side: f64) -> (u32, u32) {
    let side = side.clamp(1.0, MAX_TILE);
    let off = |n: &u32| {
        let all = side * f64::from(*n);
        (all - round(all) as f64).abs() / f64::from(*n)
    };
    let most = ((MAX_TILE / side) as u32).clamp(1, 8);
    let best = (1..=most)
        .find(|n| off(n) < 0.02)
        .or_else(|| (1..=most).min_by(|a, b| off(a).total_cmp(&off(b))))
        .unwrap_or(1);
    (round(side * f64::from(best)).max(1) as u32, best)
}

/// Lays a pattern on a band.
#[derive(Debug)]
pub struct PatternBrush<'a, 'b> {
    band: &'a mut Band<'b>,
    pattern: &'a Pattern,
    /// Column and row of the map's upper left pixel on the world's grid.
    origin: [i64; 2],
}

impl<'a, 'b> PatternBrush<'a, 'b> {
    pub fn new(
        band: &'a mut Band<'b>,
        pattern: &'a Pattern,
        origin: [i64; 2],
    ) -> PatternBrush<'a, 'b> {
        PatternBrush {
            band,
            pattern,
            origin,
        }
    }
}

impl Paintbrush for PatternBrush<'_, '_> {
    fn run(&mut self, y: i32, x0: i32, x1: i32, coverage: u32) {
        let at = [
            self.origin[0] + i64::from(x0.max(0)),
            self.origin[1] + i64::from(y),
        ];
        let row = self.band.row(y, x0, x1);
        match self.pattern {
            Pattern::Hatch(hatch) => hatch_row(row, hatch, at, coverage),
            Pattern::Tile(tile) => {
                let [width, height] = tile.size;
                let start = at[1].rem_euclid(height) * width;
                let source = tile
                    .pixels
                    .get(start as usize..(start + width) as usize)
                    .unwrap_or(&[]);
                let source = source.iter().cycle().skip(at[0].rem_euclid(width) as usize);
                for (target, pixel) in row.iter_mut().zip(source) {
                    let faded = scaled(u32::from_le_bytes(*pixel), coverage);
                    over(target, faded.to_le_bytes(), 1);
                }
            }
        }
    }
}

fn hatch_row(row: &mut [Pixel], hatch: &Hatch, at: [i64; 2], coverage: u32) {
    let drawn = |lines: &Lines, phase: u64| {
        let entry = (phase >> (64 - TABLE_BITS)) as usize;
        u32::from(lines.coverage.get(entry).copied().unwrap_or(0))
    };
    let lay = |target: &mut Pixel, drawn: u32| {
        if drawn != 0 {
            let part = div_255(drawn * coverage);
            *target = laid_on(u32::from_le_bytes(*target), hatch.ink, part).to_le_bytes();
        }
    };
    match hatch.families.as_slice() {
        [lines] => {
            let mut phase = lines.phase(at);
            for target in row {
                lay(target, drawn(lines, phase));
                phase = phase.wrapping_add(lines.step[0]);
            }
        }
        [one, other] => {
            let (mut a, mut b) = (one.phase(at), other.phase(at));
            for target in row {
                let bare = (255 - drawn(one, a)) * (255 - drawn(other, b));
                lay(target, 255 - div_255(bare));
                a = a.wrapping_add(one.step[0]);
                b = b.wrapping_add(other.step[0]);
            }
        }
        _ => {}
    }
}
