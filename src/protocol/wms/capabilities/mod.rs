//! GetCapabilities: the document, written once for each version and language and kept, so that
//! a request costs a copy with the client's own base URL put in.

mod facts;
mod layers;
mod service;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use facts::{Facts, LayerFacts};
pub use layers::legend_query;

use super::scope::Scope;
use super::{Service, Version};
use crate::catalogue::Layer;
use crate::encode::xml;
use crate::protocol::ows::{BASE_MARK, Template};

/// Bytes of kept documents, all versions and languages together: enough for some 350 layers in
/// four variants. A larger site's documents are written anew for each request, some microseconds
/// a layer, so that memory does not grow with it.
const MAX_KEPT_BYTES: usize = 4 << 20;

/// About what a layer with two styles and six CRSs takes in a document.
const LAYER_BYTES: usize = 3_000;

/// What a site without a title is called.
const UNTITLED: &str = "cartotheque";

/// What was computed for one state of the catalogue: extents, legend sizes, documents.
///
/// Belongs to one catalogue and its successors: `sequence` tells them apart. Extents and legend
/// sizes of layers that a successor shares are taken over.
#[derive(Debug, Default)]
pub struct CapabilitiesCache(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sequence: u64,
    facts: Option<Arc<Facts>>,
    documents: HashMap<(Version, String), Arc<Template>>,
    bytes: usize,
}

/// The capabilities document of a scope.
pub fn body(service: &Service<'_>, scope: &Scope<'_>, version: Version, base: &str) -> String {
    let base = xml::escaped(base);
    let cache = service.capabilities;
    if let Some(layer) = &scope.only {
        let facts = cache.facts_of(service, layer);
        return document(service, scope, version, &facts, &base);
    }
    let key = (version, scope.language.clone());
    let facts = {
        // held while facts are computed: who asks meanwhile would compute the same
        let mut state = cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.follow(service);
        if let Some(kept) = state.documents.get(&key).map(Arc::clone) {
            drop(state);
            return kept.with_base(&base);
        }
        state.facts(service)
    };
    if facts.layers.len().saturating_mul(LAYER_BYTES) > MAX_KEPT_BYTES {
        return document(service, scope, version, &facts, &base);
    }
    let marked = document(service, scope, version, &facts, &BASE_MARK.to_string());
    let template = Arc::new(Template::new(&marked));
    drop(marked);
    let mut state = cache.0.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes = state.bytes.saturating_add(template.bytes());
    if state.sequence == service.catalogue.sequence && bytes <= MAX_KEPT_BYTES {
        state.bytes = bytes;
        state.documents.insert(key, Arc::clone(&template));
    }
    drop(state);
    template.with_base(&base)
}

impl State {
    /// Forgets the documents of another catalogue; its facts are left to take over from.
    fn follow(&mut self, service: &Service<'_>) {
        if self.sequence != service.catalogue.sequence {
            self.sequence = service.catalogue.sequence;
            self.documents.clear();
            self.bytes = 0;
        }
    }

    fn facts(&mut self, service: &Service<'_>) -> Arc<Facts> {
        let known = self.facts.take();
        let facts = match known {
            Some(facts) if facts.sequence == service.catalogue.sequence => facts,
            older => Arc::new(Facts::of_all(service, older.as_deref())),
        };
        self.facts = Some(Arc::clone(&facts));
        facts
    }
}

/// Width and height of the legends of layers' styles; `None` where one can't be drawn.
#[derive(Debug)]
pub struct LegendSizes(Arc<Facts>);

impl LegendSizes {
    /// Of a layer and one of its styles, by their places in the catalogue.
    pub fn get(&self, layer: usize, style: usize) -> Option<[u32; 2]> {
        let facts = facts_at(&self.0, layer)?;
        facts.legends.get(style).copied().flatten()
    }
}

impl CapabilitiesCache {
    /// The sizes of all legends: those kept, or found now.
    pub fn legend_sizes(&self, service: &Service<'_>) -> LegendSizes {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.follow(service);
        LegendSizes(state.facts(service))
    }

    /// The facts of one layer: those kept, or computed for it alone.
    fn facts_of(&self, service: &Service<'_>, layer: &Arc<Layer>) -> Arc<Facts> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = state.facts.clone();
        drop(state);
        Arc::new(Facts::of_one(service, layer, kept.as_deref()))
    }
}

fn document(
    service: &Service<'_>,
    scope: &Scope<'_>,
    version: Version,
    facts: &Facts,
    base: &str,
) -> String {
    let bytes = facts
        .layers
        .len()
        .saturating_add(3)
        .saturating_mul(LAYER_BYTES);
    let mut writer = Writer {
        out: String::with_capacity(bytes),
        service,
        scope,
        version,
        facts,
        base,
        path: scope.path(),
    };
    writer.document();
    writer.out
}

/// Writes one document. `base` is escaped already, or the mark that stands for it.
struct Writer<'a> {
    out: String,
    service: &'a Service<'a>,
    scope: &'a Scope<'a>,
    version: Version,
    facts: &'a Facts,
    base: &'a str,
    path: String,
}

impl Writer<'_> {
    fn is_130(&self) -> bool {
        self.version == Version::V130
    }

    fn push(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    fn element(&mut self, name: &str, text: &str) {
        xml::push_element(&mut self.out, name, text);
    }

    /// An element that is left out where its text is empty.
    fn optional(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.element(name, text);
        }
    }

    /// `OnlineResource` of an address under the base URL; `address` is escaped already.
    fn online_resource(&mut self, address: &str) {
        let base = self.base;
        self.push("<OnlineResource");
        if !self.is_130() {
            // 1.3.0 declares the prefix at the root, which the DTD of 1.1.1 forbids
            self.push(" xmlns:xlink=\"http://www.w3.org/1999/xlink\"");
        }
        self.push(" xlink:type=\"simple\" xlink:href=\"");
        self.push(base);
        self.push(address);
        self.push("\"/>\n");
    }

    fn language(&self) -> &str {
        &self.scope.language
    }
}

/// A layer's facts by its place in the catalogue, or the only ones there are.
fn facts_at(facts: &Facts, index: usize) -> Option<&LayerFacts> {
    facts.layers.get(index).map(Arc::as_ref)
}
