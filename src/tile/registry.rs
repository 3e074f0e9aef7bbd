use std::sync::Arc;

use super::{TileMatrixSet, well_known};
use crate::error::{Error, Result, nearest};

/// The tile matrix sets that a server offers. The default is the well-known ones.
#[derive(Debug, Clone, PartialEq)]
pub struct TileMatrixSets {
    sets: Vec<Arc<TileMatrixSet>>,
}

impl Default for TileMatrixSets {
    fn default() -> TileMatrixSets {
        TileMatrixSets {
            sets: well_known::all().to_vec(),
        }
    }
}

impl TileMatrixSets {
    /// The set of web maps, which addresses without a set mean.
    pub const WEB: &str = "WebMercatorQuad";

    /// Every set, WebMercatorQuad first, own ones last.
    pub fn all(&self) -> &[Arc<TileMatrixSet>] {
        &self.sets
    }

    /// The set of that id.
    ///
    /// # Errors
    /// `TileMatrixSetNotDefined`, with the nearest id.
    pub fn get(&self, id: &str) -> Result<&Arc<TileMatrixSet>> {
        self.sets
            .iter()
            .find(|set| set.id() == id)
            .ok_or_else(|| Error::TileMatrixSetNotDefined {
                set: id.chars().take(80).collect(),
                nearest: nearest(id, self.sets.iter().map(|set| set.id())),
            })
    }

    /// The set of that id, where there is one.
    pub fn find(&self, id: &str) -> Option<&Arc<TileMatrixSet>> {
        self.sets.iter().find(|set| set.id() == id)
    }

    /// Adds a set.
    ///
    /// # Errors
    /// `Config` where another one has its id, but for case: addresses would be mistaken.
    pub fn add(&mut self, set: TileMatrixSet) -> Result<()> {
        let same = |known: &&Arc<TileMatrixSet>| known.id().eq_ignore_ascii_case(set.id());
        if let Some(known) = self.sets.iter().find(same) {
            return Err(Error::Config {
                message: format!(
                    "tile matrix set {:?}: the id is taken by {:?}",
                    set.id(),
                    known.id()
                ),
            });
        }
        self.sets.push(Arc::new(set));
        Ok(())
    }
}
