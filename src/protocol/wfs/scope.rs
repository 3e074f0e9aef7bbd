use std::sync::Arc;

use super::Service;
use super::names::Table;
use crate::catalogue::{Catalogue, Layer, LayerField, Namespace};
use crate::encode::feature::XmlSchema;
use crate::encode::feature::gml::{self, GmlColumn, GmlType};
use crate::encode::xml::{element_names, push_url_component};
use crate::error::{Error, Result, nearest};
use crate::protocol::ows;

/// The part of the catalogue that an endpoint shows, and the names it shows it by.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    pub catalogue: &'a Catalogue,
    /// The only layer, at `/collections/{layer}/wfs`.
    pub only: Option<Arc<Layer>>,
    /// Two-letter code of the language to answer in.
    pub language: String,
    /// Scheme, host and prefix as the client used them.
    pub base: &'a str,
    names: Arc<Table>,
}

impl<'a> Scope<'a> {
    /// The scope of an endpoint.
    ///
    /// # Errors
    /// `LayerNotDefined` for a collection that is not in the catalogue.
    pub fn new(
        service: &Service<'a>,
        collection: Option<&str>,
        base: &'a str,
    ) -> Result<Scope<'a>> {
        let catalogue = service.catalogue;
        Ok(Scope {
            catalogue,
            only: collection
                .map(|id| catalogue.layer(id).cloned())
                .transpose()?,
            language: ows::language(catalogue, None),
            base,
            names: service.names.of(catalogue),
        })
    }

    /// The endpoint's address.
    pub fn address(&self) -> String {
        let mut address = self.base.to_owned();
        if let Some(layer) = &self.only {
            address.push_str("/collections/");
            push_url_component(&mut address, &layer.id);
        }
        address.push_str("/wfs");
        address
    }

    /// Every layer that is shown, in the order of the catalogue.
    pub fn layers(&self) -> Vec<Arc<Layer>> {
        match &self.only {
            Some(layer) => vec![Arc::clone(layer)],
            None => self.catalogue.layers.clone(),
        }
    }

    /// The name of a layer's type, without prefix.
    pub fn type_name<'n>(&'n self, layer: &'n Layer) -> &'n str {
        self.names.name(&layer.id)
    }

    /// The layer of a type's name: with any prefix or none, since clients choose prefixes of
    /// their own, as `schema-element(…)`, or as `{namespace}name`.
    ///
    /// # Errors
    /// `LayerNotDefined`, also for layers outside the scope.
    pub fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        let name = name.trim();
        let inner = name
            .strip_prefix("schema-element(")
            .and_then(|rest| rest.strip_suffix(')'))
            .unwrap_or(name);
        let local = inner.rsplit(['}', ':']).next().unwrap_or(inner).trim();
        let id = self.names.id(local);
        let not_defined = |nearest| Error::LayerNotDefined {
            layer: name.to_owned(),
            nearest,
        };
        match &self.only {
            Some(layer) if layer.id == id => Ok(Arc::clone(layer)),
            Some(layer) => Err(not_defined(nearest(local, [layer.id.as_str()]))),
            None => self
                .catalogue
                .layer(id)
                .cloned()
                .map_err(|error| match error {
                    Error::LayerNotDefined { nearest, .. } => not_defined(nearest),
                    other => other,
                }),
        }
    }

    /// The name of a layer's type, as documents that declare its namespace have it.
    pub fn qualified_name(&self, layer: &Layer) -> String {
        let namespace = self.catalogue.site.namespace_of(layer);
        namespace.qualified(self.type_name(layer))
    }

    /// The namespaces of what is shown, each once.
    pub fn namespaces(&self) -> Vec<Namespace> {
        let mut namespaces: Vec<Namespace> = Vec::new();
        for layer in self.layers() {
            let namespace = self.catalogue.site.namespace_of(&layer);
            if !namespaces.contains(&namespace) {
                namespaces.push(namespace);
            }
        }
        namespaces
    }

    /// The type of a layer.
    pub fn gml_type(&self, layer: &Layer) -> GmlType {
        gml_type(self.catalogue, layer, self.type_name(layer))
    }

    /// The layer of a feature's id as GML has it, and the id that the layer knows.
    pub fn feature(&self, id: &str) -> Option<(Arc<Layer>, String)> {
        let dots = id.match_indices('.').map(|(at, _)| at);
        dots.filter_map(|at| {
            let layer = self.layer(id.get(..at)?).ok()?;
            Some((layer, self.own_id(id.get(at + 1..)?)))
        })
        .next()
    }

    fn own_id(&self, part: &str) -> String {
        crate::encode::xml::read_name_part(GmlType::without_occurrence(part)).into_owned()
    }
}

/// The names that XML has for a layer's features, and where they are described: for every
/// protocol that writes GML.
pub fn xml_schema(catalogue: &Catalogue, layer: &Layer, base: &str) -> XmlSchema {
    let name = element_names([layer.id.as_str()]).remove(0);
    let kind = gml_type(catalogue, layer, &name);
    let mut location = format!(
        "{base}/wfs?service=WFS&version=2.0.0&request=DescribeFeatureType&typeName={}:",
        kind.namespace.prefix
    );
    push_url_component(&mut location, &layer.id);
    XmlSchema {
        kind: Some(Arc::new(kind)),
        location,
    }
}

fn gml_type(catalogue: &Catalogue, layer: &Layer, name: &str) -> GmlType {
    let is_element = |field: &&LayerField| field.element.as_deref() != Some(gml::ID);
    let columns = layer
        .fields
        .iter()
        .filter(is_element)
        .map(|field| GmlColumn {
            column: field.column,
            name: &field.name,
            element: field.element.as_deref(),
            kind: field.kind,
            is_required: field.is_required,
        });
    GmlType::new(
        catalogue.site.namespace_of(layer),
        name,
        Some((layer.store.schema().geometry, &layer.xml.geometry)),
        columns,
    )
}
