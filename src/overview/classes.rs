//! Which features look alike: they may be merged.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::opaque::{plain_width_px, radius_px, width_px};
use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::query::BoundFilter;
use crate::store::fgb::push_value;
use crate::style::{Rule, Style, Symbolizer, columns_of, drawn_columns_of};

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
        let filters = rules_of(styles).filter_map(|rule| rule.filter.as_ref());
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

fn rules_of(styles: &[Arc<Style>]) -> impl Iterator<Item = &Rule> {
    let passes = styles.iter().flat_map(|style| &style.feature_type_styles);
    passes.flat_map(|pass| &pass.rules)
}

/// The names of the columns that a layer's levels keep: those its styles ask for, in text too.
pub fn kept_columns(styles: &[Arc<Style>]) -> BTreeSet<String> {
    styles.iter().flat_map(|style| columns_of(style)).collect()
}

/// All that the styles say about classes, columns, what is hidden and who is named, as text: two
/// layers with the same one have the same levels.
pub fn wording(styles: &[Arc<Style>]) -> String {
    let rules = rules_of(styles);
    let filters: Vec<_> = rules.filter_map(|rule| rule.filter.as_ref()).collect();
    let drawn: BTreeSet<String> = styles.iter().flat_map(|s| drawn_columns_of(s)).collect();
    let kept = kept_columns(styles);
    let hides = (radius_px(styles), width_px(styles), plain_width_px(styles));
    let texts: Vec<_> = rules_of(styles)
        .flat_map(|rule| rule.symbolizers.iter().map(move |s| (rule, s)))
        .filter_map(|(rule, symbolizer)| match symbolizer {
            Symbolizer::Text(text) => Some((&rule.filter, rule.is_else, text)),
            _ => None,
        })
        .map(|(filter, is_else, text)| {
            let size = &text.font.size;
            let whose = (filter, is_else, &text.label, &text.priority, size);
            let how = (&text.placement, text.allow_overlap, &text.letter_spacing);
            (whose, how, &text.wrap_width, text.letter_case, &text.font)
        })
        .collect();
    format!("{filters:?} {drawn:?} {kept:?} {hides:?} {texts:?}")
}
