//! Which features look alike: they may be merged.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::query::BoundFilter;
use crate::store::fgb::push_value;
use crate::style::{Style, columns_of, drawn_columns_of};

/// Classes of one layer. A style that computes a colour from a number has as many as there are
/// features: those beyond are merged whatever they are, and look like the largest among them.
const MAX_CLASSES: usize = 256;

/// The class of features that are in none of their own.
pub const MIXED: u32 = u32::MAX;

/// Tells features apart by all that a layer's styles draw of them but text: which rules apply,
/// and the values that sizes and colours are computed from.
#[derive(Debug)]
pub struct Classes {
    filters: Vec<BoundFilter>,
    /// Column numbers.
    values: Vec<usize>,
    schema: Schema,
    known: HashMap<Vec<u8>, u32>,
    key: Vec<u8>,
}

impl Classes {
    /// # Errors
    /// `FieldNotDefined`, `InvalidFilter` where a style does not fit the schema.
    pub fn new(styles: &[Arc<Style>], schema: &Schema) -> Result<Classes> {
        let rules = styles
            .iter()
            .flat_map(|style| &style.feature_type_styles)
            .flat_map(|pass| &pass.rules);
        let filters = rules.filter_map(|rule| rule.filter.as_ref());
        let names: BTreeSet<String> = styles.iter().flat_map(|s| drawn_columns_of(s)).collect();
        Ok(Classes {
            filters: filters.map(|f| f.bind(schema)).collect::<Result<_>>()?,
            values: names.iter().filter_map(|n| schema.column(n)).collect(),
            schema: schema.clone(),
            known: HashMap::new(),
            key: Vec::new(),
        })
    }

    /// The class of a feature: a small number, or [`MIXED`].
    pub fn of(&mut self, feature: &dyn Feature) -> u32 {
        if self.filters.is_empty() && self.values.is_empty() {
            return 0;
        }
        self.key.clear();
        let applies = self.filters.iter().map(|f| u8::from(f.matches(feature)));
        self.key.extend(applies);
        for column in &self.values {
            if let Some(field) = self.schema.fields.get(*column) {
                let number = u16::try_from(*column).unwrap_or(u16::MAX);
                push_value(&mut self.key, number, field.kind, feature.value(*column));
            }
        }
        if let Some(class) = self.known.get(&self.key) {
            return *class;
        }
        if self.known.len() >= MAX_CLASSES {
            return MIXED;
        }
        let class = u32::try_from(self.known.len()).unwrap_or(MIXED);
        self.known.insert(self.key.clone(), class);
        class
    }
}

/// The names of the columns that a layer's levels keep: those its styles ask for, in text too.
pub fn kept_columns(styles: &[Arc<Style>]) -> BTreeSet<String> {
    styles.iter().flat_map(|style| columns_of(style)).collect()
}

/// All that the styles say about classes, columns and what is hidden, as text: two layers with the same one have
/// the same levels.
pub fn wording(styles: &[Arc<Style>]) -> String {
    let rules = styles
        .iter()
        .flat_map(|style| &style.feature_type_styles)
        .flat_map(|pass| &pass.rules);
    let filters: Vec<_> = rules.filter_map(|rule| rule.filter.as_ref()).collect();
    let drawn: BTreeSet<String> = styles.iter().flat_map(|s| drawn_columns_of(s)).collect();
    let kept = kept_columns(styles);
    let hides = super::opaque::radius_px(styles);
    format!("{filters:?} {drawn:?} {kept:?} {hides}")
}
