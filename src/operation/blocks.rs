//! The labels of neighbouring tiles, placed in one go.
//!
//! Which labels a tile shows depends on what lies around it: to know that for one tile takes
//! nearly as long as for sixteen. As labels are a function of the data alone, the labels of a
//! block of tiles are those of each tile in it, moved by whole pixels.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::{Cache, DefaultLifecycle, GuardResult};
use quick_cache::{DefaultHashBuilder, Weighter};

use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::geom::View;
use crate::render::label::PlacedLabels;

/// A block of tiles, and the place of one of them in it.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    /// Stands for the place of the block and all that labels are made from.
    pub key: u128,
    /// Of all its tiles together.
    pub view: View,
    /// Where the tile begins in it, in pixels from its left and its top.
    pub corner: [u32; 2],
}

/// The labels of a block: a set for each time that it sees the world.
pub type LabelsOfBlock = Vec<PlacedLabels>;

/// `None`: there is too much in the block, its tiles are looked at one by one.
type Kept = Arc<Option<LabelsOfBlock>>;

/// The labels of blocks that were placed last.
#[derive(Debug)]
pub struct Blocks(Cache<u128, Kept, Weight>);

/// What is kept, in bytes: some hundred blocks.
const MAX_BYTES: u64 = 8 << 20;
/// What an entry costs beside its labels.
const OVERHEAD: u64 = 200;
/// A block is not worth waiting for longer than this: the tile's own labels are placed sooner.
const PATIENCE: Duration = Duration::from_secs(2);
/// Features and vertices that are looked at for the labels of a block: some tenth of a second.
const MAX_FEATURES: u64 = 50_000;
const MAX_VERTICES: u64 = 5_000_000;

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<u128, Kept> for Weight {
    fn weight(&self, _: &u128, kept: &Kept) -> u64 {
        let labels = kept.iter().flatten().map(PlacedLabels::bytes);
        labels.sum::<usize>() as u64 + OVERHEAD
    }
}

impl Default for Blocks {
    fn default() -> Blocks {
        Blocks(Cache::with(
            256,
            MAX_BYTES,
            Weight,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        ))
    }
}

impl Blocks {
    /// The labels of a block, placed by whoever asks first. `None` where that would take too
    /// long.
    ///
    /// # Errors
    /// What `place` returns, but for `LimitExceeded`.
    pub fn labels(
        &self,
        block: &Block,
        budget: &Budget,
        place: impl FnOnce(&View, &Budget) -> Result<LabelsOfBlock>,
    ) -> Result<Kept> {
        let guard = match self.0.get_value_or_guard(&block.key, Some(PATIENCE)) {
            GuardResult::Value(kept) => return Ok(kept),
            GuardResult::Timeout => return Ok(Arc::new(None)),
            GuardResult::Guard(guard) => guard,
        };
        let kept = match place(&block.view, &budget.part(MAX_FEATURES, MAX_VERTICES)) {
            Ok(labels) => Some(labels),
            Err(Error::LimitExceeded { .. }) => None,
            Err(error) => return Err(error),
        };
        let kept = Arc::new(kept);
        // refused where the key was taken out meanwhile: then it is just not kept
        let _ = guard.insert(Arc::clone(&kept));
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{Bbox, Size};

    fn block(key: u128) -> Block {
        let bbox = Bbox::new(0.0, 0.0, 4.0, 4.0).unwrap();
        let size = Size {
            width: 1024,
            height: 1024,
        };
        Block {
            key,
            view: View::new(bbox, size, 1.0),
            corner: [256, 0],
        }
    }

    #[test]
    fn a_block_is_placed_once_and_another_for_itself() {
        let blocks = Blocks::default();
        let budget = Budget::unlimited();
        let mut placed = 0;
        for key in [1, 1, 2, 1] {
            let kept = blocks.labels(&block(key), &budget, |view, _| {
                placed += 1;
                assert_eq!(view.size.width, 1024);
                Ok(vec![PlacedLabels::default()])
            });
            assert_eq!(kept.unwrap().as_ref().as_ref().map(Vec::len), Some(1));
        }
        assert_eq!(placed, 2);
    }

    #[test]
    fn a_block_with_too_much_is_not_tried_again_and_spends_nothing_of_the_tile() {
        let blocks = Blocks::default();
        let budget = Budget::new(Duration::from_secs(60), 10, 10);
        let mut tried = 0;
        for _ in 0..3 {
            let kept = blocks.labels(&block(1), &budget, |_, part| {
                tried += 1;
                part.spend(MAX_FEATURES, 0)?;
                part.spend(1, 0)?;
                Ok(Vec::new())
            });
            assert!(kept.unwrap().is_none());
        }
        assert_eq!(tried, 1);
        assert!(!budget.is_exceeded());
        budget.spend(10, 10).unwrap();
    }

    #[test]
    fn a_fault_is_told_and_tried_again() {
        let blocks = Blocks::default();
        let budget = Budget::unlimited();
        for _ in 0..2 {
            let kept = blocks.labels(&block(1), &budget, |_, part| {
                part.cancel_flag()
                    .store(true, std::sync::atomic::Ordering::Relaxed);
                part.check()?;
                Ok(Vec::new())
            });
            assert_eq!(kept.unwrap_err(), Error::Cancelled);
        }
        // who stops the part stops the whole
        assert_eq!(budget.check(), Err(Error::Cancelled));
    }
}
