//! Where tiles are wanted: a box, the features of a layer or of a file.

use std::path::Path;
use std::sync::Arc;

use super::Seed;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::operation::Cover;
use crate::query::{CompareOp, Expr, Filter, Literal};
use crate::server::Site;
use crate::store::{FeatureStore, MemoryStore};

/// Where tiles are wanted.
pub(super) struct Area {
    pub bbox: Option<(Bbox, Crs)>,
    pub cover: Option<Cover>,
}

impl Seed {
    /// What the options say of it.
    pub(super) fn area(&self, site: &Site) -> Result<Area> {
        let bbox = match self.bbox.as_slice() {
            [] => None,
            [a, b, c, d] => Some(Bbox::new(*a, *b, *c, *d).ok_or_else(|| {
                let expected = "expected min x,min y,max x,max y, each minimum below its maximum";
                Error::parameter("--bbox", format!("{expected}, found {:?}", self.bbox))
            })?),
            other => {
                let message = format!("expected 4 numbers joined by commas, found {}", other.len());
                return Err(Error::parameter("--bbox", message));
            }
        };
        let bbox = match bbox {
            Some(bbox) => Some((bbox, Crs::parse(&self.bbox_crs)?)),
            None => None,
        };
        let cover = match &self.cover {
            Some(name) => Some(self.cover(site, name)?),
            None => None,
        };
        Ok(Area { bbox, cover })
    }

    /// The features of a layer, or of a GeoJSON file.
    fn cover(&self, site: &Site, name: &str) -> Result<Cover> {
        let conditions: Vec<Filter> = self
            .conditions
            .iter()
            .map(|text| condition(text))
            .collect::<Result<_>>()?;
        let filter = (!conditions.is_empty()).then_some(Filter::And(conditions));
        let is_file = [".geojson", ".json"].iter().any(|end| name.ends_with(end));
        if is_file {
            let store = MemoryStore::from_geojson(Path::new(name))?;
            let crs = store.crs().cloned().ok_or_else(|| {
                let message = format!("{name}: its member \"crs\" is not understood");
                Error::parameter("--cover", message)
            })?;
            return Cover::new(Arc::new(store), crs, filter);
        }
        let layer = site.catalogue.layer(name)?;
        Cover::new(Arc::clone(&layer.store), layer.crs.clone(), filter)
    }
}

/// `field=value` as a condition; the value is compared as a text, or as a number where the field
/// is one.
fn condition(text: &str) -> Result<Filter> {
    let Some((field, value)) = text.split_once('=') else {
        let message = format!("expected field=value, found {text:?}");
        return Err(Error::parameter("--where", message));
    };
    Ok(Filter::Compare {
        op: CompareOp::Equal,
        left: Expr::Property(field.trim().to_owned()),
        right: Expr::Literal(Literal::Text(value.trim().to_owned())),
        match_case: true,
    })
}
