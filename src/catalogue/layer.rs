//! A layer: its data, its styles, and what people see of it.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Access, LocalText, Site, XmlNames};
use crate::crs::Crs;
use crate::error::{Error, Result, nearest};
use crate::feature::{FeatureId, FieldType};
use crate::geom::Bbox;
use crate::store::FeatureStore;
use crate::style::{ScaleRange, Style};

/// One layer, ready to be drawn and asked.
#[derive(Clone)]
pub struct Layer {
    pub id: String,
    pub title: LocalText,
    pub abstract_: LocalText,
    pub keywords: Vec<String>,
    pub store: Arc<dyn FeatureStore>,
    /// Where the data come from, for messages to the operator; never shown to clients.
    pub path: PathBuf,
    /// The CRS of the data.
    pub crs: Crs,
    /// The extent in longitude and latitude (CRS84); `None` for a layer without positions.
    pub extent_lonlat: Option<Bbox>,
    /// The first is the default.
    pub styles: Vec<Arc<Style>>,
    /// What people see of the columns, in their order; hidden ones are not in it.
    pub fields: Vec<LayerField>,
    /// The column that identifies a feature; `None` is its position in the source.
    pub id_column: Option<usize>,
    pub xml: XmlNames,
    /// The columns that say when a feature is; never hidden ones.
    pub time: Option<LayerTime>,
    /// True where its file says `time:`: maps have a dimension then. A field that merely holds
    /// dates, when something was last changed say, is no reason to take features off a map.
    pub is_temporal: bool,
    pub popup: Option<Popup>,
    /// The column that names a feature.
    pub label: Option<usize>,
    pub scales: ScaleRange,
    pub metadata: Metadata,
    pub attribution: Option<String>,
    pub queryable: bool,
    pub access: Access,
    /// How opaque it is drawn as a whole, 0 to 1, but for its labels, which are there to be read:
    /// 1 but for those that [`Layer::faded`] made.
    pub opacity: f64,
    /// The layer of the site that a map shows in its own way; `None` for that layer itself.
    pub of: Option<Arc<Layer>>,
}

/// The columns, by their numbers in the store's schema, that say when a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerTime {
    Instant(usize),
    /// The first and the last moment; a null one is without end.
    Interval(usize, usize),
}

/// A column as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerField {
    /// The column's number in the store's schema.
    pub column: usize,
    pub name: String,
    pub label: Option<LocalText>,
    pub kind: FieldType,
    pub unit: Option<String>,
    /// Digits after the decimal separator.
    pub decimals: Option<u8>,
    /// People search and filter by it often: it is worth an index in memory.
    pub is_indexed: bool,
    /// The name in XML where the layer says one.
    pub element: Option<String>,
    /// True where XML has it of each feature, asked for or not.
    pub is_required: bool,
}

/// What a click shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Popup {
    /// Text with `{field}`.
    pub title: Option<String>,
    /// In order; empty: all.
    pub fields: Vec<PopupField>,
}

/// A field in a popup.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PopupField {
    pub name: String,
    /// Where the popup says it otherwise than the layer's own field.
    pub label: Option<LocalText>,
    pub unit: Option<String>,
    pub decimals: Option<u8>,
    pub shown_as: ShownAs,
}

impl From<&str> for PopupField {
    /// The field as the layer has it.
    fn from(name: &str) -> PopupField {
        PopupField {
            name: name.to_owned(),
            ..PopupField::default()
        }
    }
}

/// What the value of a field in a popup is to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ShownAs {
    #[default]
    Text,
    /// An address to go to.
    Link,
    /// The address of a picture.
    Image,
}

impl ShownAs {
    pub const ALL: [ShownAs; 3] = [ShownAs::Text, ShownAs::Link, ShownAs::Image];

    /// The word in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            ShownAs::Text => "text",
            ShownAs::Link => "link",
            ShownAs::Image => "image",
        }
    }
}

/// What is told of the data beyond title and fields; dates are `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metadata {
    pub organisation: Option<String>,
    pub contact: Option<String>,
    /// An identifier such as `etalab-2.0`, `odbl-1.0`, `public-domain`, or a URL.
    pub licence: Option<String>,
    /// INSPIRE theme codes of two letters.
    pub inspire: Vec<String>,
    /// COVADIS theme codes.
    pub covadis: Vec<String>,
    pub created: Option<String>,
    pub revised: Option<String>,
    /// An ISO 19139 record of the folder, served as it is.
    pub record: Option<PathBuf>,
    /// The identifier of the data set; the layer's id where absent.
    pub identifier: Option<String>,
    pub lineage: Option<String>,
}

/// The style name that every INSPIRE view service answers to (TG View 3.11, requirement 39).
pub const INSPIRE_DEFAULT_STYLE: &str = "inspire_common:DEFAULT";

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layer")
            .field("id", &self.id)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Layer {
    /// The style of that name; empty, `default` and `inspire_common:DEFAULT` are the first.
    ///
    /// # Errors
    /// `StyleNotDefined`, with the nearest name.
    pub fn style(&self, name: &str) -> Result<&Arc<Style>> {
        let named = match name {
            "" | "default" | INSPIRE_DEFAULT_STYLE => self.styles.first(),
            _ => None,
        };
        named
            .or_else(|| self.styles.iter().find(|s| s.id == name))
            .ok_or_else(|| Error::StyleNotDefined {
                layer: self.id.clone(),
                style: name.to_owned(),
                nearest: nearest(name, self.styles.iter().map(|s| s.id.as_str())),
            })
    }

    /// The same layer, drawn less opaque as a whole.
    #[must_use]
    pub fn faded(self: &Arc<Layer>, opacity: f64) -> Arc<Layer> {
        Arc::new(Layer {
            opacity,
            of: Some(self.of.as_ref().map_or(self, |of| of).clone()),
            ..Layer::clone(self)
        })
    }

    /// The layer whose features these are, all of them: itself, or the one of the site that a
    /// map shows in its own way. `None` where a map shows a part.
    pub fn whole(&self) -> Option<&Layer> {
        match &self.of {
            None => Some(self),
            Some(of) => Arc::ptr_eq(&of.store, &self.store).then_some(of),
        }
    }

    /// A number that is another one when the data, the styles or what is shown of them change:
    /// the same in every process.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = Fnv::default();
        self.id.hash(&mut hasher);
        self.store.version().hash(&mut hasher);
        let shown = format!(
            "{:?}",
            (
                &self.crs.wkt,
                &self.styles,
                &self.fields,
                self.id_column,
                self.time,
                self.scales
            )
        );
        shown.hash(&mut hasher);
        hasher.finish()
    }

    /// True where both have one fingerprint, as far as that can be told without looking at what
    /// is behind them: two that a map or a reload made of one layer have.
    pub(super) fn is_shown_as(&self, other: &Layer) -> bool {
        let styles = || self.styles.iter().zip(&other.styles);
        Arc::ptr_eq(&self.store, &other.store)
            && self.id == other.id
            && self.crs == other.crs
            && self.styles.len() == other.styles.len()
            && styles().all(|(own, other)| Arc::ptr_eq(own, other))
            && self.fields == other.fields
            && self.id_column == other.id_column
            && self.time == other.time
            && self.scales == other.scales
    }

    /// A number that is another one when what is told in words of the layer, or of the site that
    /// it is in, changes: the same in every process.
    pub(super) fn wording(&self, site: &Site) -> u64 {
        let of_layer = (
            (&self.title, &self.abstract_, &self.keywords, &self.xml),
            (&self.popup, self.label, &self.attribution, &self.metadata),
            (self.is_temporal, self.queryable, &self.access),
        );
        let of_site = (
            (&site.title, &site.abstract_, &site.keywords, &site.contact),
            (&site.licence, &site.namespace, &site.languages, &site.crs),
            &site.withheld,
        );
        let mut hasher = Fnv::default();
        format!("{of_layer:?} {of_site:?}").hash(&mut hasher);
        hasher.finish()
    }

    /// A feature's public id: see [`FeatureId`].
    pub fn feature_id(&self, feature: &dyn crate::feature::Feature) -> String {
        FeatureId::of(feature, self.id_column).to_string()
    }
}

/// FNV-1a of 64 bits: the same in every process, which the standard library does not promise of
/// its own.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
