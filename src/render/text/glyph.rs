use std::f32::consts::TAU;
use std::sync::{Arc, LazyLock};

use super::cache::Generations;
use super::coverage::{Mask, fill, halo};
use super::font::FaceId;
use super::outline::{Transform, outline};

/// Sizes and halo radii are drawn in steps of this part of a pixel.
pub const SIZE_STEPS: f64 = 8.0;
/// Glyphs are turned in this many steps a circle: 1.4°, half a step is 0.2 px over a 14 px glyph.
pub const ROTATION_STEPS: f64 = 256.0;
/// Positions are drawn in quarters of a pixel.
pub const POSITION_STEPS: i64 = 4;

/// A position in quarters of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subpixel {
    pub x: i64,
    pub y: i64,
}

/// A glyph on the canvas: where its origin is and how it is turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlyphPlace {
    pub face: FaceId,
    pub id: u16,
    pub at: Subpixel,
    /// Clockwise, in [`ROTATION_STEPS`].
    pub rotation: u8,
}

/// A mask and the pixel that it is relative to.
pub type PlacedMask = (i64, i64, Arc<Mask>);

/// 4 MiB: the glyphs of about 20 sizes with their halos.
static MASKS: LazyLock<Generations<Arc<Mask>>> = LazyLock::new(|| Generations::new(4 << 20));

impl GlyphPlace {
    /// The glyph's coverage at a size, grown by a halo's radius where that is not 0; both in
    /// [`SIZE_STEPS`]. Drawn once, then found.
    pub fn mask(&self, size: u16, halo_radius: u8) -> PlacedMask {
        let (column, phase_x) = split(self.at.x);
        let (row, phase_y) = split(self.at.y);
        // 4 + 16 + 12 + 2 + 2 + 8 + 8 bits
        let mut key = u64::from(self.face.0 & 15);
        for (value, bits) in [
            (u64::from(self.id), 16),
            (u64::from(size & 0xFFF), 12),
            (u64::from(phase_x), 2),
            (u64::from(phase_y), 2),
            (u64::from(self.rotation), 8),
            (u64::from(halo_radius), 8),
        ] {
            key = key << bits | value;
        }
        let mask = MASKS.get(key).unwrap_or_else(|| {
            let mask = Arc::new(self.draw(size & 0xFFF, halo_radius, phase_x, phase_y));
            MASKS.put(key, Arc::clone(&mask), 112 + mask.data.len());
            mask
        });
        (column, row, mask)
    }

    fn draw(&self, size: u16, halo_radius: u8, phase_x: u8, phase_y: u8) -> Mask {
        let quarter = 1.0 / POSITION_STEPS as f32;
        let transform = Transform {
            size_px: f32::from(size) / SIZE_STEPS as f32,
            rotation: f32::from(self.rotation) * (TAU / ROTATION_STEPS as f32),
            offset: [f32::from(phase_x) * quarter, f32::from(phase_y) * quarter],
        };
        let segments = outline(self.face, self.id, transform);
        match halo_radius {
            0 => fill(&segments),
            radius => halo(&segments, f32::from(radius) / SIZE_STEPS as f32),
        }
    }
}

/// The whole pixel and the quarters beyond it.
fn split(quarters: i64) -> (i64, u8) {
    let phase = quarters.rem_euclid(POSITION_STEPS);
    (
        quarters.div_euclid(POSITION_STEPS),
        u8::try_from(phase).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(x: i64, rotation: u8) -> GlyphPlace {
        GlyphPlace {
            face: FaceId(0),
            id: 40,
            at: Subpixel { x, y: 0 },
            rotation,
        }
    }

    #[test]
    fn a_whole_pixel_away_is_the_same_mask() {
        let (column, _, near) = place(-3, 0).mask(112, 0);
        let (far_column, _, far) = place(41, 0).mask(112, 0);
        assert_eq!((column, far_column), (-1, 10));
        assert!(Arc::ptr_eq(&near, &far));
        assert_ne!(*near, *place(-2, 0).mask(112, 0).2);
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let all = [
            place(0, 0).mask(112, 0),
            place(0, 1).mask(112, 0),
            place(0, 0).mask(113, 0),
            place(0, 0).mask(112, 1),
            place(1, 0).mask(112, 0),
        ];
        for (i, a) in all.iter().enumerate() {
            for b in all.iter().skip(i + 1) {
                assert_ne!(a.2, b.2);
            }
        }
    }
}
