//! Colours counted and, where asked, reduced to 256.

use std::collections::HashMap;
use std::marker::PhantomData;

use super::unpremultiply;

/// A picture as numbers of colours.
pub struct Indexed {
    /// Straight RGBA, the translucent ones first.
    pub colors: Vec<[u8; 4]>,
    pub indices: Vec<u8>,
}

/// A colour's number, as wide as the number of colours asks for.
pub trait Number: Copy + Default {
    /// Colours at most.
    const MAX: usize;
    /// Slots of the hash table, a power of two: several for each colour, so that probes are short.
    const SLOTS: usize;

    /// The lowest bits of a number that is below [`Number::MAX`].
    fn of(number: u32) -> Self;
}

impl Number for u8 {
    const MAX: usize = 256;
    const SLOTS: usize = 2048;

    fn of(number: u32) -> u8 {
        number as u8
    }
}

/// The lower byte first.
impl Number for [u8; 2] {
    const MAX: usize = 4096;
    const SLOTS: usize = 16_384;

    fn of(number: u32) -> [u8; 2] {
        (number as u16).to_le_bytes()
    }
}

/// Different premultiplied colours, at most [`Number::MAX`], numbered as they come.
pub struct Colors<N> {
    found: Vec<[u8; 4]>,
    /// By hash, a colour above its number and one; 0 where there is none. All in one place: a
    /// colour is found for every pixel at an edge.
    slots: Box<[u64]>,
    number: PhantomData<N>,
}

impl<N: Number> Default for Colors<N> {
    fn default() -> Colors<N> {
        Colors {
            found: Vec::with_capacity(256),
            slots: vec![0; N::SLOTS].into(),
            number: PhantomData,
        }
    }
}

impl<N: Number> Colors<N> {
    /// The number of a colour, which is added where it is new; `None` where there are too many.
    #[inline(always)]
    pub fn number(&mut self, pixel: [u8; 4]) -> Option<N> {
        let key = u32::from_ne_bytes(pixel);
        let mut slot = (key.wrapping_mul(0x9E37_79B1) >> (32 - N::SLOTS.ilog2())) as usize;
        // ends: most slots are free
        loop {
            let found = *self.slots.get(slot)?;
            if found == 0 {
                return self.add(pixel, slot);
            }
            if (found >> 32) as u32 == key {
                return Some(N::of(found as u32 - 1));
            }
            slot = (slot + 1) % N::SLOTS;
        }
    }

    /// Numbers a colour that was not met before, in a slot that is free.
    #[cold]
    fn add(&mut self, pixel: [u8; 4], slot: usize) -> Option<N> {
        let number = self.found.len() as u32;
        if self.found.len() >= N::MAX {
            return None;
        }
        self.found.push(pixel);
        if let Some(free) = self.slots.get_mut(slot) {
            *free = u64::from(u32::from_ne_bytes(pixel)) << 32 | (u64::from(number) + 1);
        }
        Some(N::of(number))
    }

    /// The colours by their numbers.
    pub fn all(&self) -> &[[u8; 4]] {
        &self.found
    }
}

/// A picture of the numbers that `colors` gave.
pub fn indexed(colors: &Colors<u8>, mut numbers: Vec<u8>) -> Indexed {
    let straight: Vec<[u8; 4]> = colors.found.iter().map(|c| unpremultiply(*c)).collect();
    let (colors, places) = translucent_first(&straight);
    let mut moved = (0..=u8::MAX).zip(&places).take(colors.len());
    if moved.any(|(number, place)| number != *place) {
        for number in &mut numbers {
            let place = places.get(usize::from(*number));
            *number = place.copied().unwrap_or(0);
        }
    }
    Indexed {
        colors,
        indices: numbers,
    }
}

/// The colours with the translucent ones first, so that the transparency chunk is short, and
/// where each has gone.
fn translucent_first(colors: &[[u8; 4]]) -> (Vec<[u8; 4]>, [u8; 256]) {
    let mut order: Vec<usize> = (0..colors.len()).collect();
    order.sort_by_key(|i| colors.get(*i).is_some_and(|c| c[3] == 255));
    let mut places = [0u8; 256];
    for (place, number) in order.iter().enumerate() {
        if let Some(slot) = places.get_mut(*number) {
            *slot = place as u8;
        }
    }
    let sorted = order.iter().filter_map(|i| colors.get(*i).copied());
    (sorted.collect(), places)
}

/// The picture with the 256 colours that come nearest.
///
/// Cuts the box of colours again and again where the weighted spread is largest (after Wu's
/// variance criterion), in premultiplied RGBA so that faint colours weigh little; each pixel
/// takes the mean colour of its box.
pub fn reduced(pixels: &[[u8; 4]]) -> Indexed {
    let mut counts: HashMap<[u8; 4], u32> = HashMap::new();
    for pixel in pixels {
        let count = counts.entry(*pixel).or_default();
        *count = count.saturating_add(1);
    }
    let mut all: Vec<([u8; 4], u32)> = counts.into_iter().collect();
    all.sort_unstable(); // the hash map's order is random
    let mut boxes = vec![ColorBox::new(all)];
    while boxes.len() < 256 {
        let widest = boxes
            .iter()
            .enumerate()
            .max_by(|(_, a), (_, b)| a.spread.total_cmp(&b.spread))
            .filter(|(_, b)| b.spread > 0.0)
            .map(|(i, _)| i);
        let Some(widest) = widest else { break };
        let (low, high) = boxes.swap_remove(widest).cut();
        boxes.push(low);
        boxes.push(high);
    }
    let mut index_of: HashMap<[u8; 4], u8> = HashMap::new();
    let mut colors = Vec::with_capacity(boxes.len());
    for (index, b) in boxes.iter().enumerate() {
        colors.push(unpremultiply(b.mean()));
        index_of.extend(b.members.iter().map(|(color, _)| (*color, index as u8)));
    }
    let (colors, places) = translucent_first(&colors);
    let index = |pixel: &[u8; 4]| {
        let number = index_of.get(pixel).copied().unwrap_or(0);
        places.get(usize::from(number)).copied().unwrap_or(0)
    };
    Indexed {
        indices: pixels.iter().map(index).collect(),
        colors,
    }
}

/// Colours with their number of pixels.
struct ColorBox {
    members: Vec<([u8; 4], u32)>,
    /// The axis of the largest weighted variance, and that variance times the weight.
    axis: usize,
    spread: f64,
}

impl ColorBox {
    fn new(members: Vec<([u8; 4], u32)>) -> ColorBox {
        let weight: f64 = members.iter().map(|(_, n)| f64::from(*n)).sum();
        let (axis, spread) = (0..4)
            .map(|axis| {
                let value = |c: &[u8; 4]| c.get(axis).copied().map_or(0.0, f64::from);
                let sum: f64 = members.iter().map(|(c, n)| value(c) * f64::from(*n)).sum();
                let squares: f64 = members
                    .iter()
                    .map(|(c, n)| value(c).powi(2) * f64::from(*n))
                    .sum();
                (axis, squares - sum * sum / weight.max(1.0))
            })
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .unwrap_or((0, 0.0));
        let alone = members.len() < 2;
        ColorBox {
            members,
            axis,
            spread: if alone { 0.0 } else { spread },
        }
    }

    fn mean(&self) -> [u8; 4] {
        let weight: u64 = self.members.iter().map(|(_, n)| u64::from(*n)).sum();
        let mut mean = [0u8; 4];
        for (axis, out) in mean.iter_mut().enumerate() {
            let sum: u64 = self
                .members
                .iter()
                .map(|(c, n)| u64::from(c.get(axis).copied().unwrap_or(0)) * u64::from(*n))
                .sum();
            *out = ((sum + weight / 2) / weight.max(1)).min(255) as u8;
        }
        mean
    }

    /// Two boxes, cut at the mean of the widest axis; neither is empty.
    fn cut(mut self) -> (ColorBox, ColorBox) {
        let axis = self.axis;
        let value = |c: &[u8; 4]| c.get(axis).copied().unwrap_or(0);
        self.members.sort_by_key(|(c, _)| value(c));
        let weight: u64 = self.members.iter().map(|(_, n)| u64::from(*n)).sum();
        let sum: u64 = self
            .members
            .iter()
            .map(|(c, n)| u64::from(value(c)) * u64::from(*n))
            .sum();
        let mean = sum / weight.max(1);
        let last = self.members.len().saturating_sub(1).max(1);
        let at = self
            .members
            .partition_point(|(c, _)| u64::from(value(c)) <= mean)
            .clamp(1, last);
        let high = self.members.split_off(at);
        (ColorBox::new(self.members), ColorBox::new(high))
    }
}
