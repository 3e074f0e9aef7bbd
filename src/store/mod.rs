//! Where features come from. `FeatureStore` is the seam: a source is one file that
//! implements it, and nothing above it knows which one it reads.

pub mod describe;
pub mod fgb;
mod filtered;
pub mod geojson;
mod later;
pub mod memory;
mod mmap;
mod stamp;

use std::ops::ControlFlow;

use crate::budget::Budget;
use crate::crs::Crs;
use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::geom::Bbox;

pub use fgb::FgbStore;
pub use filtered::FilteredStore;
pub use memory::MemoryStore;
pub(crate) use mmap::Mapping;
pub use stamp::FileStamp;
pub(crate) use stamp::Fingerprint;

/// Which features to visit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Select {
    /// Boxes in the store's CRS; a feature is visited once if its box touches one of them.
    /// Empty: every feature, those without a geometry too.
    pub boxes: Vec<Bbox>,
    /// Skip that many matching features, from the index alone where that is possible.
    pub offset: u64,
}

/// What a visit cost, for `explain`, metrics and limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SelectStats {
    /// Index nodes read.
    pub nodes: u64,
    /// Features handed to the visitor.
    pub features: u64,
    /// Bytes of feature data touched.
    pub bytes: u64,
    /// Features left out because their stored bytes are damaged.
    pub damaged: u64,
}

/// What a visitor of features answers: go on, or stop without fault.
pub type Flow = Result<ControlFlow<()>>;

/// A readable, immutable set of features: one snapshot of one source.
pub trait FeatureStore: Send + Sync {
    fn schema(&self) -> &Schema;

    /// The CRS that the source declares; `None` where it declares none.
    fn crs(&self) -> Option<&Crs>;

    /// The box around all features in the store's CRS; `None` where there is none.
    fn extent(&self) -> Option<Bbox>;

    /// The FlatGeobuf file that the features lie in, one to one by position: who sends that format
    /// may copy their bytes. `None` for every other source.
    fn as_fgb(&self) -> Option<&FgbStore> {
        None
    }

    /// How many features there are.
    fn count(&self) -> u64;

    /// A short text that changes when the content changes: part of every cache key.
    fn version(&self) -> &str;

    /// True where the source was cut or written over since it was opened, so that nothing is left
    /// of what it was: reads fail then. Looks at the file itself.
    fn is_gone(&self) -> bool {
        false
    }

    /// The source as it lies, where it is one FlatGeobuf file; `None` where it is another thing,
    /// or a part of the file was found gone.
    fn flatgeobuf(&self) -> Option<&[u8]> {
        None
    }

    /// Visits the features selected, in source order, each exactly once.
    ///
    /// A feature whose bytes are damaged is left out and counted, the others are still visited.
    ///
    /// # Errors
    /// What `visit` returns, and what `budget` says (deadline, cancelled, limits).
    fn select(
        &self,
        select: &Select,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats>;

    /// Tells, from the index alone, which features' boxes may touch one of `boxes`, by ascending
    /// position, each once, with the box where the index holds one. Without boxes: none.
    ///
    /// What the index tells without a box may have any place, or none; damage is not noticed.
    ///
    /// # Errors
    /// What `found` returns, and what `budget` says.
    fn search(
        &self,
        boxes: &[Bbox],
        budget: &Budget,
        found: &mut dyn FnMut(u64, Option<Bbox>) -> Flow,
    ) -> Result<SelectStats> {
        if boxes.is_empty() {
            return Ok(SelectStats::default());
        }
        let select = Select {
            boxes: boxes.to_vec(),
            offset: 0,
        };
        self.select(&select, budget, &mut |feature| {
            found(feature.fid(), feature.bbox())
        })
    }

    /// Visits the features at these positions, in the order given. One that is damaged or not
    /// there is left out and counted as damaged.
    ///
    /// # Errors
    /// What `visit` returns, and what `budget` says.
    fn visit(
        &self,
        fids: &mut dyn Iterator<Item = u64>,
        budget: &Budget,
        visit: &mut dyn FnMut(&dyn Feature) -> Flow,
    ) -> Result<SelectStats> {
        let mut stats = SelectStats::default();
        for fid in fids {
            let mut flow = ControlFlow::Continue(());
            budget.spend(1, 0)?;
            let is_there = self.get(fid, &mut |feature| {
                flow = visit(feature)?;
                Ok(())
            });
            stats.nodes += 1;
            match is_there {
                Ok(true) => stats.features += 1,
                Err(error) if self.is_gone() => return Err(error),
                Ok(false) | Err(crate::error::Error::Data { .. }) => stats.damaged += 1,
                Err(error) => return Err(error),
            }
            if flow.is_break() {
                break;
            }
        }
        Ok(stats)
    }

    /// Visits one feature by its position; false where there is no such feature.
    ///
    /// # Errors
    /// `Data` where its bytes are damaged; what `visit` returns.
    fn get(&self, fid: u64, visit: &mut dyn FnMut(&dyn Feature) -> Result<()>) -> Result<bool>;
}
