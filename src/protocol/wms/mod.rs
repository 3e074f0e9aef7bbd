//! OGC Web Map Service 1.3.0 (OGC 06-042, ISO 19128) and 1.1.1 (OGC 01-068r3), with the
//! operations of SLD-WMS (OGC 05-078r4) and the demands of an INSPIRE view service
//! (Technical Guidance View Services 3.11).
//!
//! # Not supported
//! - GetFeatureInfo by XML POST, which no schema has; GetMap and GetCapabilities are read.
//! - Dimensions but time: no layer declares one, so `ELEVATION` is ignored (06-042 §C.3.3).
//! - `AUTO2` CRSs: not advertised, answered with InvalidCRS.

mod answer;
mod capabilities;
mod describe;
mod engine;
mod exception;
mod explain;
mod feature_info;
mod legend;
mod posted;
mod request;
mod scope;
mod studio;
mod version;

pub use answer::{answer, refuse};
pub use capabilities::CapabilitiesCache;
pub(crate) use capabilities::{LegendSizes, legend_query};
pub use engine::{Engine, StyleChoice, StyledLayer};
pub(crate) use exception::report;
pub(crate) use feature_info::{InfoContext, InfoFormat, write as write_feature_info};
pub(crate) use legend::default_legend;
pub use version::Version;
pub(crate) use version::crs_name;

use crate::catalogue::Catalogue;
use crate::operation::Limits;

/// What a WMS answers from: one state of the catalogue, and the hands that do the work.
#[derive(Clone, Copy)]
pub struct Service<'a> {
    pub catalogue: &'a Catalogue,
    pub limits: &'a Limits,
    pub engine: &'a dyn Engine,
    pub capabilities: &'a CapabilitiesCache,
    /// True: `explain=json` and `explain=html` are answered.
    pub explain: bool,
}

impl std::fmt::Debug for Service<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("sequence", &self.catalogue.sequence)
            .field("explain", &self.explain)
            .finish_non_exhaustive()
    }
}
