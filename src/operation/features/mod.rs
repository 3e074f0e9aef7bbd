//! Features: one typed query for every protocol, and answers that stream.
//!
//! A query is answered in two steps. [`select`](select::select) finds which features match, from
//! the index as far as it tells, and keeps that as a set of positions: small, shared by all pages
//! of one query and by the count. [`FeatureStream`] then reads them a piece at a time, when the
//! client has taken the piece before: a slow client holds neither a thread nor an answer.
//!
//! Answers are exact: they never read an overview.

mod attribute_index;
mod bound;
mod bounds;
mod copy;
mod ids;
mod inner;
mod join;
mod query;
mod select;
mod selection;
mod sort;
mod stream;
mod time_extent;
mod tuples;
mod when;

pub use bound::bind_filter;
pub use copy::FgbStream;
pub use join::{JoinOn, JoinQuery, Pairs};
pub use query::{FeatureQuery, SortKey, Window};
pub use select::{Found, Selections};
pub use stream::{FeatureStream, Pieces};
pub use time_extent::TimeExtents;
pub use tuples::TupleStream;
pub use when::touches;
