//! Names of feature types: the layers' ids, where XML can hold them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalogue::Catalogue;
use crate::encode::xml::element_names;

/// The names of layers whose ids XML can't hold; found once for each state of the catalogue.
#[derive(Debug, Default)]
pub struct TypeNames(Mutex<Option<Arc<Table>>>);

#[derive(Debug)]
pub struct Table {
    sequence: u64,
    /// Name by id.
    names: HashMap<String, String>,
    /// Id by name.
    ids: HashMap<String, String>,
}

impl TypeNames {
    /// The names in a state of the catalogue.
    pub fn of(&self, catalogue: &Catalogue) -> Arc<Table> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some(table) if table.sequence == catalogue.sequence => Arc::clone(table),
            _ => {
                let table = Arc::new(Table::new(catalogue));
                *kept = Some(Arc::clone(&table));
                table
            }
        }
    }
}

impl Table {
    fn new(catalogue: &Catalogue) -> Table {
        let ids = catalogue.layers.iter().map(|layer| layer.id.as_str());
        let names: HashMap<String, String> = ids
            .clone()
            .zip(element_names(ids))
            .filter(|(id, name)| id != name)
            .map(|(id, name)| (id.to_owned(), name))
            .collect();
        let ids = names.iter().map(|(id, name)| (name.clone(), id.clone()));
        Table {
            sequence: catalogue.sequence,
            ids: ids.collect(),
            names,
        }
    }

    /// The name of a layer's type, without prefix.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).map_or(id, String::as_str)
    }

    /// The id of the layer whose type has that name.
    pub fn id<'a>(&'a self, name: &'a str) -> &'a str {
        self.ids.get(name).map_or(name, String::as_str)
    }
}
