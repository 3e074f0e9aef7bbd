//! What a visit costs, told to the budget.

use crate::budget::Budget;
use crate::error::Result;

/// The budget is asked after so many features or positions.
const BATCH_FEATURES: u64 = 256;
const BATCH_VERTICES: u64 = 65_536;

/// Index nodes read between two looks at the clock, where nothing is found.
const BATCH_NODES: u64 = 65_536;

/// What a visit counts between two looks at the budget.
pub(super) struct Meter<'a> {
    budget: &'a Budget,
    features: u64,
    vertices: u64,
    nodes: u64,
}

impl<'a> Meter<'a> {
    pub fn new(budget: &'a Budget) -> Meter<'a> {
        Meter {
            budget,
            features: 0,
            vertices: 0,
            nodes: 0,
        }
    }

    #[inline]
    pub fn feature(&mut self, vertices: usize) -> Result<()> {
        self.features += 1;
        self.vertices += vertices as u64;
        if self.features >= BATCH_FEATURES || self.vertices >= BATCH_VERTICES {
            return self.settle();
        }
        Ok(())
    }

    /// A leaf that is passed over: only time is spent.
    #[inline]
    pub fn passed(&mut self) -> Result<()> {
        self.nodes += 1;
        if self.nodes >= BATCH_NODES {
            self.nodes = 0;
            return self.budget.check();
        }
        Ok(())
    }

    pub fn settle(&mut self) -> Result<()> {
        let (features, vertices) = (self.features, self.vertices);
        (self.features, self.vertices) = (0, 0);
        self.budget.spend(features, vertices)
    }
}
