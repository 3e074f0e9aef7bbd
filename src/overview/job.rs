//! What there is to do for a layer: which levels and lists, of which CRSs, under which recipe.

use std::sync::Arc;

use super::build::{Input, Recipe, columns_of};
use super::cache::Source;
use super::classes::{kept_columns, wording};
use super::digest::Digest;
use super::names::Namers;
use super::{COUNT_FIELD, FID_FIELD, Zoom, plan};
use crate::catalogue::Layer;
use crate::crs::{Crs, Seam, Transform};
use crate::error::{Error, Result};
use crate::feature::Field;
use crate::store::fgb::FgbStore;
use crate::store::{FeatureStore, FileStamp};
use crate::style::depends_on_place;

/// Changes with the way levels are built: those of another version are not read.
const VERSION: u32 = 5;

/// A layer that levels may be built for.
pub struct Job<'a> {
    pub layer: &'a Layer,
    pub recipe: Recipe,
    pub namers: Option<Namers>,
    pub source: Source,
    pub plans: Vec<Planned>,
}

/// The levels of one CRS.
pub struct Planned {
    pub way: Arc<Transform>,
    seam: Option<Seam>,
    pub zooms: Vec<Zoom>,
    /// The side of the smallest squares of which the first in rank is told; `None` where nobody
    /// is named.
    pub squares: Option<f64>,
    /// All that they depend on beside the source's bytes, as a digest.
    pub recipe: String,
}

impl Planned {
    /// The features themselves, from which the finest level is made.
    pub fn input<'a>(&self, layer: &'a Layer) -> Input<'a> {
        Input {
            store: &*layer.store,
            way: (!self.way.is_identity()).then(|| Arc::clone(&self.way)),
            seam: self.seam.clone(),
        }
    }
}

impl<'a> Job<'a> {
    /// What there is to do for a layer, or why there is nothing.
    pub fn of(
        layer: &'a Layer,
        targets: &[Crs],
        least_saved: f64,
    ) -> Result<Result<Job<'a>, String>> {
        let is_fgb = layer.path.extension().is_some_and(|e| e == "fgb");
        if !is_fgb {
            return Ok(Err("it is small: not a FlatGeobuf file".into()));
        }
        if let Some(style) = layer.styles.iter().find(|style| depends_on_place(style)) {
            let id = &style.id;
            return Ok(Err(format!("the style {id:?} depends on the place")));
        }
        let schema = layer.store.schema();
        let missing = kept_columns(&layer.styles);
        if let Some(name) = missing.iter().find(|name| schema.column(name).is_none()) {
            // such a name stands for the geometry
            return Ok(Err(format!("a style depends on {name:?}, no column")));
        }
        for own in [FID_FIELD, COUNT_FIELD] {
            if schema.column(own).is_some() {
                return Ok(Err(format!("it has a column {own}")));
            }
        }
        let name = |column: Option<usize>| {
            let field = column.and_then(|column| schema.fields.get(column));
            field.map(|field: &Field| field.name.clone())
        };
        let kept = kept_columns(&layer.styles)
            .into_iter()
            .chain(name(layer.label))
            .chain(name(layer.id_column));
        let columns = columns_of(kept, schema);
        let (from, styles) = (layer.crs.id(), wording(&layer.styles));
        let namers = Namers::new(&layer.styles, schema)?;
        let named = namers.is_some() && layer.store.count() as f64 >= least_saved;
        let mut plans = Vec::new();
        for crs in targets {
            if *crs != layer.crs && !plan::fits(layer.extent_lonlat, crs) {
                continue;
            }
            let way = Transform::new(&layer.crs, crs)?;
            let Some(extent) = plan::extent_in(&*layer.store, &way) else {
                continue;
            };
            let zooms = plan::zooms(&*layer.store, &way, &extent, &layer.styles, least_saved);
            let squares = named.then(|| plan::squares(layer.store.count(), &extent));
            if !zooms.is_empty() || squares.is_some() {
                let seam = Seam::of(&way, layer.extent_lonlat);
                let torn = if seam.is_some() { " in one piece" } else { "" };
                let to = format!("{}{torn}", crs.id());
                let all =
                    format!("{VERSION} {from} {to} {zooms:?} {squares:?} {columns:?} {styles}");
                plans.push(Planned {
                    way,
                    seam,
                    zooms,
                    squares,
                    recipe: Digest::of(all.as_bytes()),
                });
            }
        }
        if plans.is_empty() {
            return Ok(Err("it is quick as it is".into()));
        }
        Ok(Ok(Job {
            layer,
            recipe: Recipe {
                id: layer.id.clone(),
                styles: layer.styles.clone(),
                columns,
            },
            namers,
            source: Source::new(&layer.path, stamp(layer)?),
            plans,
        }))
    }
}

/// The stamp of the layer's file, where it still is what the layer was loaded from.
pub fn stamp(layer: &Layer) -> Result<FileStamp> {
    let there = FgbStore::open(&layer.path)?;
    if there.version() != layer.store.version() {
        let message = "the file changed: its overviews are built once it is loaded again";
        return Err(Error::data(&layer.path, message));
    }
    Ok(there.stamp())
}
