//! Colours counted and, where asked, reduced to 256.

use std::collections::HashMap;

use super::unpremultiply;

/// A picture as numbers of colours.
pub struct Indexed {
    /// Straight RGBA, the translucent ones first.
    pub colors: Vec<[u8; 4]>,
    pub indices: Vec<u8>,
}

/// Slots of the hash table: 16 for each of 256 colours, so that probes are short.
const SLOTS: usize = 4096;

/// Pixels one after another of which every sixteenth lot is looked at first.
const SAMPLED: usize = 512;

/// Different colours with their numbers.
struct Colors {
    found: Vec<[u8; 4]>,
    /// By hash, the number of a colour and one; 0 where there is none.
    slots: Vec<u16>,
    last: Option<([u8; 4], u8)>,
}

impl Colors {
    fn new() -> Colors {
        Colors {
            found: Vec::with_capacity(256),
            slots: vec![0; SLOTS],
            last: None,
        }
    }

    /// The number of a colour; `None` for the 257th.
    #[inline(always)]
    fn index(&mut self, pixel: [u8; 4]) -> Option<u8> {
        match self.last {
            Some((last, index)) if last == pixel => Some(index),
            _ => {
                let index = self.search(pixel)?;
                self.last = Some((pixel, index));
                Some(index)
            }
        }
    }

    fn search(&mut self, pixel: [u8; 4]) -> Option<u8> {
        let key = u32::from_ne_bytes(pixel);
        let mut slot = (key.wrapping_mul(0x9E37_79B1) >> 20) as usize;
        loop {
            let number = self.slots.get(slot).copied().unwrap_or(0);
            let Some(index) = usize::from(number).checked_sub(1) else {
                let index = u8::try_from(self.found.len()).ok()?;
                self.found.push(pixel);
                if let Some(free) = self.slots.get_mut(slot) {
                    *free = u16::from(index) + 1;
                }
                return Some(index);
            };
            if self.found.get(index) == Some(&pixel) {
                return u8::try_from(index).ok();
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

/// The picture with its own colours, or `None` where there are more than 256.
///
/// `pixels` are premultiplied. Gives up at the 257th colour, so that it costs little on a
/// picture that has many.
pub fn exact(pixels: &[[u8; 4]]) -> Option<Indexed> {
    // a part of the picture mostly shows that there are too many
    let mut sampled = Colors::new();
    for part in pixels.chunks(SAMPLED).step_by(16) {
        for pixel in part {
            sampled.index(*pixel)?;
        }
    }
    let mut colors = Colors::new();
    let mut indices = vec![0; pixels.len()];
    for (index, pixel) in indices.iter_mut().zip(pixels) {
        *index = colors.index(*pixel)?;
    }
    let colors: Vec<[u8; 4]> = colors.found.into_iter().map(unpremultiply).collect();
    Some(translucent_first(colors, indices))
}

/// Puts the translucent colours first, so that the transparency chunk is short.
fn translucent_first(colors: Vec<[u8; 4]>, mut indices: Vec<u8>) -> Indexed {
    let mut order: Vec<usize> = (0..colors.len()).collect();
    order.sort_by_key(|i| colors.get(*i).is_some_and(|c| c[3] == 255));
    let mut new_index = [0u8; 256];
    for (new, old) in order.iter().enumerate() {
        if let Some(slot) = new_index.get_mut(*old) {
            *slot = new as u8;
        }
    }
    if order.iter().enumerate().any(|(new, old)| new != *old) {
        for index in &mut indices {
            *index = new_index.get(usize::from(*index)).copied().unwrap_or(0);
        }
    }
    Indexed {
        colors: order
            .iter()
            .filter_map(|i| colors.get(*i).copied())
            .collect(),
        indices,
    }
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
    let indices = pixels
        .iter()
        .map(|p| index_of.get(p).copied().unwrap_or(0))
        .collect();
    translucent_first(colors, indices)
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
