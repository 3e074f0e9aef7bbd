//! Memory that one map leaves to the next on the same thread.
//!
//! A map of 800 by 600 takes two megabytes of pixels and as much to accumulate coverage in.
//! Fresh from the system each page of that costs a fault and is cleared by the kernel, which
//! was a tenth of the time of a small map.

use std::cell::Cell;

use tiny_skia::{IntSize, Pixmap};

use super::raster::Accumulator;
use super::shape::Shape;

/// Larger pixmaps go back to the system.
const MAX_BYTES: usize = 8 << 20;

thread_local! {
    static PIXELS: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static TOOLS: Cell<(Accumulator, Shape)> = Cell::default();
}

/// What a painter works with, on loan; all of it is empty between two shapes.
#[derive(Debug, Default)]
pub(super) struct Tools {
    pub accumulator: Accumulator,
    pub shape: Shape,
}

impl Tools {
    /// The tools of the painter before, or new ones.
    pub fn take() -> Tools {
        let (accumulator, shape) = TOOLS.take();
        Tools { accumulator, shape }
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        let (accumulator, shape) = (
            std::mem::take(&mut self.accumulator),
            std::mem::take(&mut self.shape),
        );
        if accumulator.bytes() + shape.bytes() <= MAX_BYTES {
            TOOLS.set((accumulator, shape));
        }
    }
}

/// A pixmap of one premultiplied colour; `None` for a size of nothing or beyond memory.
pub(super) fn pixmap(width: u32, height: u32, color: [u8; 4]) -> Option<Pixmap> {
    let size = IntSize::from_wh(width, height)?;
    let bytes = (width as usize)
        .checked_mul(height as usize)?
        .checked_mul(4)?;
    let mut data = PIXELS.take();
    if data.capacity() < bytes {
        drop(data);
        if color == [0; 4] {
            return Pixmap::new(width, height);
        }
        data = Vec::new();
        data.try_reserve_exact(bytes).ok()?;
    }
    data.resize(bytes, 0);
    data.as_chunks_mut::<4>().0.fill(color);
    Pixmap::from_vec(data, size)
}

/// Leaves a pixmap that is no longer needed to the next map of this thread.
pub fn recycle(pixmap: Pixmap) {
    let data = pixmap.take();
    if data.capacity() <= MAX_BYTES {
        PIXELS.set(data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixmap_shows_nothing_of_the_one_before() {
        let red = pixmap(9, 7, [255, 0, 0, 255]).unwrap();
        assert!(
            red.data()
                .as_chunks::<4>()
                .0
                .iter()
                .all(|p| *p == [255, 0, 0, 255])
        );
        recycle(red);
        let empty = pixmap(5, 3, [0; 4]).unwrap();
        assert_eq!(empty.data(), [0; 5 * 3 * 4]);
        recycle(empty);
        let larger = pixmap(20, 20, [1, 2, 3, 4]).unwrap();
        assert!(
            larger
                .data()
                .as_chunks::<4>()
                .0
                .iter()
                .all(|p| *p == [1, 2, 3, 4])
        );
    }

    #[test]
    fn no_pixmap_has_no_side() {
        assert!(pixmap(0, 5, [0; 4]).is_none());
    }
}
