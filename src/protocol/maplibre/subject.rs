use std::sync::Arc;

use crate::catalogue::{Catalogue, Layer};
use crate::encode::maplibre::{Target, Written, write};
use crate::error::Result;
use crate::operation::points_layer;
use crate::style::Style;

/// What a style is of: layers, each in one of its styles.
#[derive(Debug, Clone)]
pub struct Subject {
    /// As addresses have it: `all`, a layer or group, or `{layer}:{style}`.
    pub id: String,
    /// Bottom to top.
    pub layers: Vec<(Arc<Layer>, Arc<Style>)>,
}

impl Subject {
    /// The subject of that id.
    ///
    /// # Errors
    /// `LayerNotDefined` and `StyleNotDefined`, with the nearest name.
    pub fn find(catalogue: &Catalogue, id: &str) -> Result<Subject> {
        let layers = match id.split_once(':') {
            Some((layer, style)) => {
                let layer = catalogue.layer(layer)?;
                vec![(Arc::clone(layer), Arc::clone(layer.style(style)?))]
            }
            None => {
                let layers = match id {
                    "all" => catalogue
                        .drawing_order()
                        .iter()
                        .map(|id| catalogue.layer(id).cloned())
                        .collect::<Result<_>>()?,
                    _ => catalogue.layers_of(id)?,
                };
                let styled = layers.into_iter().map(|layer| {
                    let style = Arc::clone(layer.style("")?);
                    Ok((layer, style))
                });
                styled.collect::<Result<_>>()?
            }
        };
        Ok(Subject {
            id: id.to_owned(),
            layers,
        })
    }

    /// What icons are for: as [`find`](Subject::find), but of all layers those too that are
    /// hidden at first, for whoever shows them later.
    ///
    /// # Errors
    /// As [`find`](Subject::find).
    pub fn with_icons(catalogue: &Catalogue, id: &str) -> Result<Subject> {
        if id != "all" {
            return Subject::find(catalogue, id);
        }
        let styled = catalogue.layers.iter().map(|layer| {
            let style = Arc::clone(layer.style("")?);
            Ok((Arc::clone(layer), style))
        });
        Ok(Subject {
            id: id.to_owned(),
            layers: styled.collect::<Result<_>>()?,
        })
    }

    /// Each layer's style as layers of MapLibre; the source of a layer has its id.
    pub(super) fn written(&self) -> Vec<Written> {
        self.layers
            .iter()
            .map(|(layer, style)| {
                let points = points_layer(&layer.id);
                let geometry = layer.store.schema().geometry;
                let target = Target {
                    source: &layer.id,
                    layer: &layer.id,
                    points: (geometry.dimension() != Some(0)).then_some(points.as_str()),
                    geometry,
                    scales: layer.scales,
                };
                write(style, &target)
            })
            .collect()
    }
}
