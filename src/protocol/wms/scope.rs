use std::sync::Arc;

use crate::catalogue::{Catalogue, Layer};
use crate::encode::xml::push_url_component;
use crate::error::{Error, Result, nearest};
use crate::protocol::ows;

/// The part of the catalogue that an endpoint shows, and the words it shows it in.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    catalogue: &'a Catalogue,
    /// The only layer, at `/collections/{layer}/wms`.
    pub only: Option<Arc<Layer>>,
    /// Two-letter code of the language to answer in.
    pub language: String,
}

impl<'a> Scope<'a> {
    /// The scope of an endpoint.
    ///
    /// # Errors
    /// `LayerNotDefined` for a collection that is not in the catalogue.
    pub fn new(catalogue: &'a Catalogue, collection: Option<&str>) -> Result<Scope<'a>> {
        Ok(Scope {
            catalogue,
            only: collection
                .map(|id| catalogue.layer(id).cloned())
                .transpose()?,
            language: ows::language(catalogue, None),
        })
    }

    /// The endpoint's path under the base URL.
    pub fn path(&self) -> String {
        match &self.only {
            Some(layer) => {
                let mut path = "/collections/".to_owned();
                push_url_component(&mut path, &layer.id);
                path.push_str("/wms");
                path
            }
            None => "/wms".to_owned(),
        }
    }

    /// Takes up `LANGUAGE=` where the site speaks it; any other is ignored
    /// (INSPIRE TG View 3.11, requirement 51).
    pub fn choose_language(&mut self, wanted: &str) {
        self.language = ows::language(self.catalogue, Some(wanted));
    }

    /// The layers a name stands for, bottom first: itself, or a group's children.
    ///
    /// # Errors
    /// `LayerNotDefined`, also for layers outside the scope.
    pub fn layers_of(&self, name: &str) -> Result<Vec<Arc<Layer>>> {
        let name = self.without_prefix(name);
        match &self.only {
            None => self.catalogue.layers_of(name),
            Some(layer) if layer.id == name => Ok(vec![Arc::clone(layer)]),
            Some(layer) => Err(Error::LayerNotDefined {
                layer: name.to_owned(),
                nearest: nearest(name, [layer.id.as_str()]),
            }),
        }
    }

    /// A layer's name without the prefix that features have in WFS: who came to a layer from there,
    /// or from a server of workspaces, writes `ddt:communes`. No id holds a colon.
    pub fn without_prefix<'n>(&self, name: &'n str) -> &'n str {
        match name.split_once(':') {
            Some((prefix, id)) => match self.catalogue.layer(id) {
                Ok(layer) if self.catalogue.site.namespace_of(layer).prefix == prefix => id,
                _ => name,
            },
            None => name,
        }
    }

    pub fn is_group(&self, name: &str) -> bool {
        self.only.is_none() && self.catalogue.is_group(name)
    }
}
