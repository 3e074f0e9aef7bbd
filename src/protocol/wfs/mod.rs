//! OGC Web Feature Service 2.0.0 (OGC 09-025r2, ISO 19142), 1.1.0 (OGC 04-094) and 1.0.0
//! (OGC 02-058), read only, with the demands of an INSPIRE download service (Technical Guidance
//! Download Services 3.1): the stored query `GetSpatialDataSet`, and an endpoint for each data
//! set.
//!
//! Feature types are the layers, in the site's own namespace. A request is read into one form
//! from whatever binding it comes in (key-value pairs, or XML of any of the three versions), then
//! its names, CRSs and filters are resolved, then the query core answers.
//!
//! # Axis order
//! From 1.1.0 on positions are in the order of the CRS's authority, in requests and answers, by
//! whatever name the CRS is asked for; answers name it by URN, which every client reads so. Only
//! `http://www.opengis.net/gml/srs/epsg.xml#…` means x, y, and is answered by that name. In 1.0.0
//! and GML 2.1.2 it is always x, y.
//!
//! # Not supported
//! - Transactions, locks, versions of features, and the management of stored queries.
//! - Joins of more than two types, and the pages of one kept between requests.
//! - SOAP: no client was seen to use it.

mod answer;
mod capabilities;
mod collection;
mod exception;
mod features;
mod names;
mod paging;
mod request;
mod schema;
mod schema_json;
mod scope;
mod srs;
mod stored;
mod version;

pub use answer::{answer, refuse};
pub use exception::report;
pub use names::TypeNames;
pub use scope::xml_schema;
pub use version::Version;

use crate::catalogue::Catalogue;
use crate::operation::{Limits, Studio};

/// What a WFS answers from.
#[derive(Clone, Copy)]
pub struct Service<'a> {
    pub catalogue: &'a Catalogue,
    pub limits: &'a Limits,
    pub studio: &'a Studio,
    pub names: &'a TypeNames,
}

impl std::fmt::Debug for Service<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("sequence", &self.catalogue.sequence)
            .finish_non_exhaustive()
    }
}
