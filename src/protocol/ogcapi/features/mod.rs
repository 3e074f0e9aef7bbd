//! OGC API – Features: Part 1 core (OGC 17-069r4), Part 2 CRS by reference (18-058r1), Part 3
//! filtering (19-079r2) with CQL2 (21-065r2), Part 5 schemas (23-058r1); sorting (`sortby`) and
//! property selection (`properties`, `skipGeometry`) as the drafts of Parts 8 and 6 have them.
//!
//! A request is read into a [`FeatureQuery`](crate::operation::features::FeatureQuery) and
//! answered by a format of [`encode::feature`](crate::encode::feature), or as a page with a map.
//! Pages hang together by `next` links that carry the state of the data: after a change the
//! answer is 410, not a page of something else.
//!
//! # Not supported
//! - `datetime` finds no feature without a time, as it finds none outside of it.
//! - Part 4 (transactions).

mod answer;
mod datetime;
mod file;
mod filter;
pub(super) mod openapi;
mod page;
mod picture;
mod rows;
mod schema;
mod sent;
mod sort;
mod wanted;
mod window;

pub use answer::{data_file, items};
pub use file::{FLATGEOBUF, size as file_size};
pub use filter::{LANGUAGES as FILTER_LANGUAGES, queryables};
pub use schema::{Kind as SchemaKind, document as schema, field_schema};
pub use sent::Sent;
pub use sort::sortables;
pub use wanted::{DEFAULT_LIMIT, MAX_LIMIT, PARAMETERS};
pub(super) use window::window;

use crate::encode::feature::FeatureFormat;

/// What is fulfilled here. The classes of CQL2 are those whose every counted case of the abstract
/// test suite passes.
pub const CONFORMANCE: &[&str] = &[
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/returnables-and-receivables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    // the name of this class in the drafts, which QGIS up to 3.42 asks for
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/array-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
];

/// A representation of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Format(FeatureFormat),
    /// For people.
    Page,
}
