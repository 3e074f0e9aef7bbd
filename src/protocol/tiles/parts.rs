//! What the names of an address stand for.

use std::sync::Arc;

use super::{Service, TileFormat};
use crate::archive;
use crate::catalogue::{ArchiveLayer, Layer};
use crate::error::{Error, Result};
use crate::operation::MapLayer;
use crate::tile::TileMatrixSets;

/// The layers and archives of a list of names.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Bottom to top.
    pub layers: Vec<Arc<Layer>>,
    pub archives: Vec<Arc<ArchiveLayer>>,
}

/// The layers and archives that names joined by commas stand for.
///
/// # Errors
/// `LayerNotDefined`; `LimitExceeded` for too many.
pub(super) fn parts_of(service: &Service<'_>, names: &str) -> Result<Parts> {
    let mut parts = Parts::default();
    for name in names.split(',') {
        match service.catalogue.archive(name) {
            Some(archive) => {
                // a tile has one layer of a name
                if !parts.archives.iter().any(|a| a.id == archive.id) {
                    parts.archives.push(Arc::clone(archive));
                }
            }
            None => parts.layers.extend(service.catalogue.layers_of(name)?),
        }
        let limit = u64::from(service.limits.layers);
        let found = parts.layers.len().saturating_add(parts.archives.len()) as u64;
        if found > limit {
            return Err(Error::LimitExceeded {
                what: "the number of layers in a tile",
                limit,
                found,
            });
        }
    }
    Ok(parts)
}

impl Parts {
    /// Whether the archives can be in tiles of a format and a tile matrix set.
    ///
    /// # Errors
    /// `InvalidParameter` for `layers`, that names the archive and what to ask for instead.
    pub(super) fn check(&self, format: TileFormat, set: &str) -> Result<()> {
        for archive in &self.archives {
            let id = &archive.id;
            let stored = archive.archive.info().format;
            let alone = format!("/tiles/{id}/{{z}}/{{x}}/{{y}}.{}", stored.extension());
            let message = if !stored.is_vector() {
                format!("{id:?} is an archive of pictures, served by itself: ask for {alone}")
            } else if stored == archive::TileFormat::Mlt {
                format!("{id:?} is an archive of MapLibre Tiles, served by itself: ask for {alone}")
            } else if !format.is_vector() {
                format!("{id:?} is an archive of vector tiles, which is not drawn: ask for .mvt")
            } else if set != TileMatrixSets::WEB {
                let web = TileMatrixSets::WEB;
                format!("{id:?} is an archive of tiles in {web}, there are none in {set}")
            } else {
                continue;
            };
            return Err(Error::parameter("layers", message));
        }
        Ok(())
    }
}

/// The layers of a list of names, bottom to top, where there may be nothing else.
///
/// # Errors
/// `LayerNotDefined`; `LimitExceeded` for too many; `InvalidParameter` for an archive.
pub fn layers_of(service: &Service<'_>, names: &str) -> Result<Vec<Arc<Layer>>> {
    let parts = parts_of(service, names)?;
    if let Some(archive) = parts.archives.first() {
        let id = &archive.id;
        let message = format!(
            "{id:?} is an archive of ready-made tiles, which is in /tiles/{id}/{{z}}/{{x}}/{{y}}.{} alone",
            archive.archive.info().format.extension()
        );
        return Err(Error::parameter("layers", message));
    }
    Ok(parts.layers)
}

/// The layers in their default styles.
///
/// # Errors
/// `StyleNotDefined` for a layer without any.
pub fn styled(layers: Vec<Arc<Layer>>) -> Result<Vec<MapLayer>> {
    layers
        .into_iter()
        .map(|layer| {
            Ok(MapLayer {
                style: Arc::clone(layer.style("")?),
                layer,
                filter: None,
            })
        })
        .collect()
}
