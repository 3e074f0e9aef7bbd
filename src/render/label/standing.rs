//! What can be told of a label before it is known on which map: whether it has a chance at all.
//!
//! Of the labels of one symbolizer that are anchored in one square of the world the first in rank
//! alone takes part ([`CompiledText::square_exponent`]). Squares have sides of powers of two, and
//! the smaller lie in the larger: who is not the first of a small square is not the first of the
//! large one either. So a list of the first in each square of one size has all that can be placed
//! on every map with squares of that size or larger, if those who keep others out are sure to be
//! there on every map.

use std::cmp::Ordering;

use super::CompiledText;
use super::candidate::Rank;
use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::geom::{Bbox, Size, View};
use crate::query::{Expr, Literal};
use crate::render::text::layout;
use crate::style::{LabelPlacement, TextSymbolizer, Unit};

/// Labels of at least this size, in reference pixels, are drawn on maps of half the usual pixel
/// ratio and more.
const LEAST_SIZE_PX: f64 = 4.0;
/// The pixel ratio from which on standings hold.
pub const LEAST_PIXEL_RATIO: f64 = 0.5;
/// Texts of more characters may be too long for a map, or not, by how they are wrapped.
const MAX_SURE_CHARS: usize = 60;

/// Tells the standing of features among the labels of one symbolizer.
#[derive(Debug)]
pub struct Standings(CompiledText);

/// A feature's place among the labels of one symbolizer: `Less` keeps others out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    rank: Rank,
    /// True where the label is sure to be there on every map that asks for it.
    pub is_sure: bool,
}

impl Standing {
    pub fn order(&self, other: &Standing) -> Ordering {
        self.rank.order(&other.rank)
    }
}

impl Standings {
    /// `None` where nothing can be told: labels that follow lines or may overlap, of sizes on the
    /// ground, of letters set apart.
    ///
    /// # Errors
    /// As [`CompiledText::new`].
    pub fn new(text: &TextSymbolizer, schema: &Schema) -> Result<Option<Standings>> {
        let is_zero = |expr: &Expr| matches!(expr, Expr::Literal(Literal::Number(n)) if *n == 0.0);
        let is_known = matches!(text.placement, LabelPlacement::Point { .. })
            && !text.allow_overlap
            && matches!(text.font.size.unit, Unit::Pixel | Unit::Millimetre)
            && is_zero(&text.letter_spacing.value);
        let size = Size {
            width: 1,
            height: 1,
        };
        let Some(bbox) = Bbox::new(0.0, 0.0, 1.0, 1.0).filter(|_| is_known) else {
            return Ok(None);
        };
        let anywhere = View::new(bbox, size, 1.0);
        CompiledText::new(text, schema, &anywhere, 0).map(|text| Some(Standings(text)))
    }

    /// The standing of a feature; `None` where it has no text.
    pub fn of(&self, feature: &dyn Feature) -> Option<Standing> {
        let Standings(text) = self;
        let is_sure = text.with_text(feature, |label| {
            let Some(paints) = text.paints(feature) else {
                return false;
            };
            let size_px = paints.size_px();
            size_px >= LEAST_SIZE_PX
                && label.chars().count() <= MAX_SURE_CHARS
                && layout(&text.layout_request(label, feature, size_px)).is_some()
        })?;
        let rank = Rank {
            priority: text.priority(feature),
            layer: 0,
            fid: feature.fid(),
            text: 0,
            slot: 0,
        };
        Some(Standing { rank, is_sure })
    }
}

impl CompiledText {
    /// The side of the squares of which each gives only its first label a chance, as a power of
    /// two of units of the view's CRS, along an axis of that resolution. A power of two: the
    /// division is exact, so no view's noise moves an anchor into another square.
    pub(super) fn square_exponent(&self, view: &View, resolution: f64) -> f64 {
        let side_px = self.thinning_px() * view.pixel_ratio.min(1.0);
        // moved off the whole powers, which clean resolutions are
        ((side_px * resolution).log2() + 0.137).floor()
    }
}

/// The exponent of the smallest squares of some texts on a view; `None` where labels have a
/// chance that are not the first of a square.
pub fn least_exponent<'a>(
    texts: impl Iterator<Item = &'a CompiledText>,
    view: &View,
) -> Option<i32> {
    let mut least = f64::INFINITY;
    for text in texts {
        if text.allow_overlap || text.follows_lines() || view.pixel_ratio < LEAST_PIXEL_RATIO {
            return None;
        }
        for resolution in [view.resolution_x(), view.resolution_y()] {
            least = least.min(text.square_exponent(view, resolution));
        }
    }
    #[allow(clippy::cast_possible_truncation, reason = "of a float: within 1100")]
    least.is_finite().then_some(least as i32)
}
