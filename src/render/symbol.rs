//! Marks and pictures as sprites: drawn once per look and quarter pixel, then copied.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use tiny_skia::{Pixmap, Transform};

use super::canvas::{Band, Canvas, EDGE_STEP, Pixel, SolidBrush};
use super::color::Color;
use super::fixed::{Fixed, UNIT, UNIT_BITS, round, sin_cos_degrees};
use super::image::{Image, MAX_DRAWN};
use super::marks::outlines;
use super::pen::{Pen, Window};
use super::raster::{Accumulator, PixelRect};
use super::stroke::stroke;
use crate::geom::Size;
use crate::style::{ImageFormat, LineCap, LineJoin, MarkShape};

/// What a symbol looks like, every value settled. Sizes are in 1/16 px, so that looks that can't
/// be told apart are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Look {
    pub what: What,
    /// Height in 1/16 px.
    pub size: u32,
    /// Clockwise, in half degrees, 0 to 719.
    pub rotation: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    Mark {
        shape: MarkShape,
        fill: Option<Color>,
        stroke: Option<MarkStroke>,
    },
    Image {
        id: ImageId,
        /// Of 255.
        opacity: u8,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MarkStroke {
    pub color: Color,
    /// In 1/16 px.
    pub width: u32,
    pub cap: LineCap,
    pub join: LineJoin,
}

/// Which picture: a hash of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageId(u64, usize);

impl ImageId {
    fn of(format: ImageFormat, data: &[u8]) -> ImageId {
        // DefaultHasher::new has fixed keys
        let mut hasher = DefaultHasher::new();
        (format as u8).hash(&mut hasher);
        data.hash(&mut hasher);
        ImageId(hasher.finish(), data.len())
    }
}

impl Look {
    /// Sixteenths of a pixel, from pixels.
    pub fn sixteenths(px: f64) -> u32 {
        (px.clamp(0.0, 65_536.0) * 16.0 + 0.5) as u32
    }

    /// Half degrees of one turn, from degrees.
    pub fn half_degrees(degrees: f64) -> u16 {
        if !degrees.is_finite() {
            return 0;
        }
        (round((degrees % 360.0) * 2.0).rem_euclid(720)) as u16
    }

    pub fn size_px(&self) -> f64 {
        f64::from(self.size) / 16.0
    }

    pub fn rotation_degrees(&self) -> f64 {
        f64::from(self.rotation) / 2.0
    }
}

impl MarkStroke {
    pub fn pen(&self) -> Pen {
        Pen::new(f64::from(self.width) / 16.0, self.cap, self.join)
    }
}

/// A premultiplied picture and where its upper left corner lies from the symbol's pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct Sprite {
    pub pixels: Vec<Pixel>,
    pub width: u32,
    pub offset: [i32; 2],
    /// Channels become multiples of it where the picture covers in part.
    pub step: u16,
}

impl Sprite {
    fn empty() -> Sprite {
        Sprite {
            pixels: Vec::new(),
            width: 0,
            offset: [0, 0],
            step: 1,
        }
    }

    fn bytes(&self) -> usize {
        self.pixels.len() * 4 + 128
    }

    /// Cuts off transparent rows and columns, as far as the rows stay multiples of four pixels:
    /// so many are laid on at once.
    fn cropped(pixmap: &Pixmap, offset: [i32; 2], step: u16) -> Sprite {
        let columns = pixmap.width() as usize;
        let pixels = pixmap.data().as_chunks::<4>().0;
        let (mut x0, mut x1, mut y0, mut y1) = (columns, 0, usize::MAX, 0);
        for (y, row) in pixels.chunks_exact(columns).enumerate() {
            if let Some(first) = row.iter().position(|p| p[3] != 0) {
                let last = row.iter().rposition(|p| p[3] != 0).unwrap_or(first);
                (x0, x1) = (x0.min(first), x1.max(last + 1));
                (y0, y1) = (y0.min(y), y + 1);
            }
        }
        if x0 >= x1 {
            return Sprite::empty();
        }
        let x1 = (x0 + (x1 - x0).next_multiple_of(4)).min(columns);
        let rows = pixels.chunks_exact(columns).take(y1).skip(y0);
        Sprite {
            pixels: rows
                .flat_map(|row| row.get(x0..x1).unwrap_or(&[]))
                .copied()
                .collect(),
            width: (x1 - x0) as u32,
            offset: [offset[0] + x0 as i32, offset[1] + y0 as i32],
            step,
        }
    }
}

/// Marks larger than that are drawn each time: their sprites would push out all others.
const MAX_SPRITE_PX: f64 = 96.0;

/// Steps of a pixel at which sprites are made.
const PHASES: i64 = 4;

/// The sprites and pictures of a server, shared by its threads; bounded.
#[derive(Debug, Default)]
pub struct SymbolCache {
    kept: Mutex<Kept>,
}

/// Two generations: what was not asked for since the last change of generation goes.
#[derive(Debug, Default)]
struct Kept {
    young: HashMap<(Look, [u8; 2]), Arc<Sprite>>,
    old: HashMap<(Look, [u8; 2]), Arc<Sprite>>,
    young_bytes: usize,
    images: HashMap<ImageId, Result<Arc<Image>, String>>,
}

/// Of one generation.
const MAX_BYTES: usize = 8 << 20;
/// Decoded pictures; a style folder has dozens.
const MAX_IMAGES: usize = 256;

impl SymbolCache {
    pub fn new() -> SymbolCache {
        SymbolCache::default()
    }

    /// A picture by its bytes, decoded once.
    ///
    /// # Errors
    /// Why it can't be drawn, in words.
    pub fn image(&self, format: ImageFormat, data: &[u8]) -> Result<(ImageId, Arc<Image>), String> {
        let id = ImageId::of(format, data);
        if let Some(known) = self.kept().images.get(&id) {
            return known.clone().map(|image| (id, image));
        }
        let image = Image::decode(format, data).map(Arc::new);
        let mut kept = self.kept();
        if kept.images.len() >= MAX_IMAGES {
            kept.images.clear();
        }
        kept.images.insert(id, image.clone());
        image.map(|image| (id, image))
    }

    /// How many bytes of sprites there are.
    pub fn bytes(&self) -> usize {
        let kept = self.kept();
        let old: usize = kept.old.values().map(|s| s.bytes()).sum();
        kept.young_bytes + old
    }

    fn sprite(&self, key: (Look, [u8; 2]), make: impl FnOnce() -> Sprite) -> Arc<Sprite> {
        {
            let mut kept = self.kept();
            if let Some(sprite) = kept.young.get(&key) {
                return Arc::clone(sprite);
            }
            if let Some(sprite) = kept.old.remove(&key) {
                kept.keep(key, Arc::clone(&sprite));
                return sprite;
            }
        }
        // drawn outside the lock: two threads may draw the same one, both right
        let sprite = Arc::new(make());
        self.kept().keep(key, Arc::clone(&sprite));
        sprite
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, key: (Look, [u8; 2]), sprite: Arc<Sprite>) {
        if self.young_bytes > MAX_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += sprite.bytes();
        if let Some(double) = self.young.insert(key, sprite) {
            self.young_bytes = self.young_bytes.saturating_sub(double.bytes());
        }
    }
}

/// Draws symbols for one painter: keeps the sprites of the last look at hand.
#[derive(Debug)]
pub struct Stamp<'a> {
    cache: &'a SymbolCache,
    look: Option<Look>,
    phases: [Option<Arc<Sprite>>; (PHASES * PHASES) as usize],
}

impl<'a> Stamp<'a> {
    pub fn new(cache: &'a SymbolCache) -> Stamp<'a> {
        Stamp {
            cache,
            look: None,
            phases: Default::default(),
        }
    }

    /// Draws a symbol with its middle at a position, to the nearest quarter pixel.
    pub fn draw(
        &mut self,
        band: &mut Band<'_>,
        accumulator: &mut Accumulator,
        (look, image): (&Look, Option<&Image>),
        center: Fixed,
    ) {
        let reach = reach_units(look, image);
        let rect = PixelRect::around(center.map(|v| v - reach), center.map(|v| v + reach));
        if rect.intersection(&band.rect()).is_empty() {
            return;
        }
        if image.is_none() && look.size_px() > MAX_SPRITE_PX {
            draw_mark(band, accumulator, look, center);
            return;
        }
        let step = UNIT / PHASES;
        let quarters = center.map(|v| (v + step / 2).div_euclid(step));
        let phase = quarters.map(|q| q.rem_euclid(PHASES) as u8);
        if self.look.as_ref() != Some(look) {
            self.look = Some(*look);
            self.phases = Default::default();
        }
        let slot = usize::from(phase[1]) * PHASES as usize + usize::from(phase[0]);
        let Some(slot) = self.phases.get_mut(slot) else {
            return;
        };
        let sprite = slot.get_or_insert_with(|| {
            self.cache
                .sprite((*look, phase), || make_sprite(look, image, phase))
        });
        // inside the band's neighbourhood, so far from the limits of i32
        let [x, y] = quarters.map(|q| q.div_euclid(PHASES) as i32);
        let corner = [x + sprite.offset[0], y + sprite.offset[1]];
        band.blit(&sprite.pixels, sprite.width, corner, sprite.step);
    }
}

/// How far a symbol reaches from its middle, in units.
fn reach_units(look: &Look, image: Option<&Image>) -> i64 {
    let (across, stroke) = match (look.what, image) {
        (What::Image { .. }, Some(image)) => {
            let [width, height] = drawn_size(look, image);
            ((width * width + height * height).sqrt(), 0)
        }
        (What::Mark { stroke, .. }, _) => {
            let across = look.size_px() * std::f64::consts::SQRT_2;
            (across, stroke.map_or(0, |s| s.pen().reach()))
        }
        _ => (0.0, 0),
    };
    round(across / 2.0 * UNIT as f64) + stroke + UNIT
}

/// Width and height of a picture as drawn, in pixels.
pub fn drawn_size(look: &Look, image: &Image) -> [f64; 2] {
    let [width, height] = image.size();
    let scale = look.size_px() / height.max(1e-6);
    let scale = scale.min(MAX_DRAWN / width.max(height).max(1e-6));
    [width * scale, height * scale]
}

fn make_sprite(look: &Look, image: Option<&Image>, phase: [u8; 2]) -> Sprite {
    let reach = reach_units(look, image);
    let side = (reach >> UNIT_BITS) as i32 + 2;
    let size = Size {
        width: side.unsigned_abs() * 2,
        height: side.unsigned_abs() * 2,
    };
    let Ok(mut canvas) = Canvas::new(size) else {
        return Sprite::empty();
    };
    let center = phase.map(|p| i64::from(side) * UNIT + i64::from(p) * (UNIT / PHASES));
    match image {
        None => draw_mark(
            &mut canvas.whole(),
            &mut Accumulator::default(),
            look,
            center,
        ),
        Some(image) => draw_image(&mut canvas, image, look, center),
    }
    Sprite::cropped(canvas.pixmap(), [-side, -side], step_of(look))
}

/// Opaque marks have few colours at their edges; faint ones that add up keep theirs.
fn step_of(look: &Look) -> u16 {
    match look.what {
        What::Mark { fill, stroke, .. } => {
            let mut colors = fill.into_iter().chain(stroke.map(|stroke| stroke.color));
            if colors.all(|color| color.a == 255) {
                EDGE_STEP
            } else {
                1
            }
        }
        What::Image { .. } => 1,
    }
}

fn draw_image(canvas: &mut Canvas, image: &Image, look: &Look, center: Fixed) {
    let [width, height] = drawn_size(look, image);
    let (sin, cos) = sin_cos_degrees(look.rotation_degrees());
    let [x, y] = center.map(|v| v as f64 / UNIT as f64);
    let transform = Transform::from_row(
        (width * cos) as f32,
        (width * sin) as f32,
        (-height * sin) as f32,
        (height * cos) as f32,
        (x - (width * cos - height * sin) / 2.0) as f32,
        (y - (width * sin + height * cos) / 2.0) as f32,
    );
    image.draw(canvas.pixmap_mut(), transform);
    if let What::Image { opacity, .. } = look.what
        && opacity != 255
    {
        let faded =
            |c: &mut u8| *c = super::color::div_255(u32::from(*c) * u32::from(opacity)) as u8;
        canvas.pixmap_mut().data_mut().iter_mut().for_each(faded);
    }
}

/// Draws a mark as it is, without a sprite.
pub fn draw_mark(band: &mut Band<'_>, accumulator: &mut Accumulator, look: &Look, center: Fixed) {
    let What::Mark {
        shape,
        fill,
        stroke: line,
    } = look.what
    else {
        return;
    };
    let (sin, cos) = sin_cos_degrees(look.rotation_degrees());
    let scale = look.size_px() * UNIT as f64;
    let outlines: Vec<(Vec<Fixed>, bool)> = outlines(shape, line.is_some())
        .into_iter()
        .map(|outline| {
            let place = |[x, y]: [f64; 2]| {
                [
                    center[0] + round((x * cos - y * sin) * scale),
                    center[1] + round((x * sin + y * cos) * scale),
                ]
            };
            (
                outline.points.into_iter().map(place).collect(),
                outline.closed,
            )
        })
        .collect();
    let reach = reach_units(look, None);
    let rect = PixelRect::around(center.map(|v| v - reach), center.map(|v| v + reach));
    let rect = rect.intersection(&band.rect());
    if let Some(color) = fill {
        accumulator.begin(rect);
        for (points, _) in outlines.iter().filter(|(_, closed)| *closed) {
            accumulator.ring(points, false);
        }
        accumulator.sweep(&mut SolidBrush::new(band, color));
    }
    if let Some(line) = line {
        let pen = line.pen();
        let window = Window::new(rect, pen.reach());
        accumulator.begin(rect);
        for (points, closed) in &outlines {
            stroke(accumulator, points, *closed, &pen, &window);
        }
        accumulator.sweep(&mut SolidBrush::new(band, line.color));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(size_px: f64) -> Look {
        Look {
            what: What::Mark {
                shape: MarkShape::Circle,
                fill: Some(Color::rgb(255, 0, 0)),
                stroke: None,
            },
            size: Look::sixteenths(size_px),
            rotation: 0,
        }
    }

    fn stamped(look: &Look, at: Fixed) -> Vec<u8> {
        let cache = SymbolCache::new();
        let mut canvas = Canvas::new(Size {
            width: 30,
            height: 30,
        })
        .unwrap();
        Stamp::new(&cache).draw(
            &mut canvas.whole(),
            &mut Accumulator::default(),
            (look, None),
            at,
        );
        canvas.pixmap().data().to_vec()
    }

    #[test]
    fn a_stamped_mark_is_the_drawn_mark_at_the_nearest_quarter_pixel() {
        for dx in 0..UNIT {
            let look = circle(11.0);
            let at = [15 * UNIT + dx, 15 * UNIT - dx / 2];
            let quarter = at.map(|v| (v + 32) / 64 * 64);
            let mut canvas = Canvas::new(Size {
                width: 30,
                height: 30,
            })
            .unwrap();
            draw_mark(
                &mut canvas.whole(),
                &mut Accumulator::default(),
                &look,
                quarter,
            );
            assert!(stamped(&look, at) == canvas.pixmap().data(), "{dx}");
        }
    }

    #[test]
    fn a_circle_covers_its_area() {
        let data = stamped(&circle(20.0), [15 * UNIT, 15 * UNIT]);
        let area: f64 = data.chunks(4).map(|p| f64::from(p[3]) / 255.0).sum();
        assert!((area - 100.0 * std::f64::consts::PI).abs() < 1.0, "{area}");
    }

    #[test]
    fn the_cache_stays_bounded() {
        let cache = SymbolCache::new();
        let mut canvas = Canvas::new(Size {
            width: 8,
            height: 8,
        })
        .unwrap();
        let mut accumulator = Accumulator::default();
        let mut stamp = Stamp::new(&cache);
        for size in 0..1500 {
            let look = circle(40.0 + f64::from(size) / 16.0 % 50.0);
            for x in 0..4 {
                let at = [4 * UNIT + x * 64, 4 * UNIT];
                stamp.draw(&mut canvas.whole(), &mut accumulator, (&look, None), at);
            }
        }
        assert!(
            cache.bytes() <= 2 * MAX_BYTES + (1 << 20),
            "{}",
            cache.bytes()
        );
        assert!(cache.bytes() > MAX_BYTES / 2);
    }

    #[test]
    fn a_rotation_turns_clockwise() {
        let look = |rotation| Look {
            what: What::Mark {
                shape: MarkShape::Arrow,
                fill: Some(Color::BLACK),
                stroke: None,
            },
            rotation: Look::half_degrees(rotation),
            ..circle(24.0)
        };
        let alpha = |data: &[u8], x: usize, y: usize| data[(y * 30 + x) * 4 + 3];
        let up = stamped(&look(0.0), [15 * UNIT, 15 * UNIT]);
        let right = stamped(&look(90.0), [15 * UNIT, 15 * UNIT]);
        // the head's wing tips: above the middle, then right of it
        assert!(alpha(&up, 18, 8) > 0 && alpha(&up, 21, 18) == 0);
        assert!(alpha(&right, 21, 18) > 0 && alpha(&right, 18, 8) == 0);
        assert_eq!(Look::half_degrees(-90.0), 540);
        assert_eq!(Look::half_degrees(f64::NAN), 0);
    }
}
