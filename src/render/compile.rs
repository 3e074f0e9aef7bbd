//! A style made ready for one schema and one view: rules out of scale are gone, filters and
//! expressions bound to columns, measures in device pixels, pictures decoded.

use std::sync::Arc;

use super::image::Image;
use super::symbol::{ImageId, SymbolCache};
use super::values::{Ink, Length, Number, Setting};
use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::geom::View;
use crate::query::BoundFilter;
use crate::style::{
    Fill, Graphic, GraphicSymbol, ImageFormat, LineCap, LineJoin, MarkShape, MarkerPlaces, Rule,
    Stroke, StrokeKind, Style, Symbolizer, TextSymbolizer,
};

/// A style for one view.
#[derive(Debug)]
pub struct CompiledStyle<'s> {
    passes: Vec<CompiledPass<'s>>,
}

/// One pass over the features: a feature type style.
#[derive(Debug)]
pub struct CompiledPass<'s> {
    pub rules: Vec<CompiledRule<'s>>,
}

/// A rule that is in scale.
#[derive(Debug)]
pub struct CompiledRule<'s> {
    /// As the style has it: its name and title.
    pub rule: &'s Rule,
    filter: Option<BoundFilter>,
    pub symbolizers: Vec<CompiledSymbolizer>,
    /// For the room of labels, in the rule's order.
    pub texts: Vec<&'s TextSymbolizer>,
}

/// How one symbolizer draws.
#[derive(Debug, Clone)]
pub enum CompiledSymbolizer {
    Line {
        stroke: Box<CompiledStroke>,
        offset: Length,
    },
    Polygon {
        fill: Option<Box<CompiledFill>>,
        stroke: Option<Box<CompiledStroke>>,
        /// Outwards.
        offset: Length,
        /// Right and up.
        displacement: [Length; 2],
    },
    Point(Box<CompiledGraphic>),
}

#[derive(Debug, Clone)]
pub enum CompiledFill {
    Solid(Ink),
    Graphic {
        graphic: Box<CompiledGraphic>,
        margin: [Length; 2],
    },
}

#[derive(Debug, Clone)]
pub struct CompiledStroke {
    pub kind: CompiledStrokeKind,
    pub width: Length,
    pub cap: LineCap,
    pub join: LineJoin,
    pub dash: Vec<Length>,
    pub dash_offset: Length,
}

#[derive(Debug, Clone)]
pub enum CompiledStrokeKind {
    Solid(Ink),
    Graphic {
        graphic: Box<CompiledGraphic>,
        gap: Length,
        initial_gap: Length,
        places: MarkerPlaces,
    },
}

/// A symbol: the first of the style's that can be drawn.
#[derive(Debug, Clone)]
pub struct CompiledGraphic {
    pub symbol: CompiledSymbol,
    pub size: Length,
    pub rotation: Number,
    pub opacity: Number,
    /// The point of the graphic on the position: 0,0 lower left, 1,1 upper right.
    pub anchor: [f64; 2],
    /// Right and up.
    pub displacement: [Length; 2],
}

#[derive(Debug, Clone)]
pub enum CompiledSymbol {
    Mark {
        shape: MarkShape,
        fill: Option<Ink>,
        stroke: Option<Box<CompiledMarkStroke>>,
    },
    Image {
        id: ImageId,
        image: Arc<Image>,
    },
    /// None of the graphic's symbols can be drawn.
    Nothing,
}

/// Marks have plain outlines: no dashes, no markers along.
#[derive(Debug, Clone)]
pub struct CompiledMarkStroke {
    pub ink: Ink,
    pub width: Length,
    pub cap: LineCap,
    pub join: LineJoin,
}

/// The height of a mark whose style gives none, in reference pixels (OGC 05-077r4 §11.3.2).
const DEFAULT_MARK_PX: f64 = 6.0;

impl<'s> CompiledStyle<'s> {
    /// Compiles a style. Pictures are decoded through `cache`; one that can't be is passed over
    /// for the graphic's next symbol.
    ///
    /// # Errors
    /// What [`Filter::bind`](crate::query::Filter::bind) and
    /// [`Expr::bind`](crate::query::Expr::bind) say (`FieldNotDefined` with an empty layer);
    /// `InvalidStyle` for a constant that is no colour.
    pub fn new(
        style: &'s Style,
        schema: &Schema,
        view: &View,
        cache: &SymbolCache,
    ) -> Result<CompiledStyle<'s>> {
        let denominator = view.scale_denominator();
        let compiler = Compiler {
            setting: Setting { schema, view },
            cache,
        };
        let passes = style.feature_type_styles.iter().map(|pass| {
            let in_scale = |rule: &&'s Rule| rule.scales.contains(denominator);
            let rules = pass.rules.iter().filter(in_scale);
            let rules = rules
                .map(|rule| compiler.rule(rule))
                .collect::<Result<_>>()?;
            Ok(CompiledPass { rules })
        });
        let mut passes: Vec<CompiledPass<'s>> = passes.collect::<Result<_>>()?;
        passes.retain(|pass| !pass.rules.is_empty());
        Ok(CompiledStyle { passes })
    }

    /// The passes that have rules in scale, bottom to top.
    pub fn passes(&self) -> &[CompiledPass<'s>] {
        &self.passes
    }

    /// True where no rule is in scale.
    pub fn is_blank(&self) -> bool {
        self.passes.is_empty()
    }

    /// How far, in device pixels, anything but text may be drawn from its geometry: the margin
    /// around a view inside which features must be read.
    pub fn max_reach_px(&self) -> f64 {
        self.passes
            .iter()
            .flat_map(|pass| &pass.rules)
            .flat_map(|rule| &rule.symbolizers)
            .map(CompiledSymbolizer::reach_px)
            .fold(0.0, f64::max)
    }
}

impl<'s> CompiledPass<'s> {
    /// True where all that is drawn at a place depends on the positions around it alone, so that
    /// others may be left out.
    pub fn is_local(&self) -> bool {
        let mut symbolizers = self.rules.iter().flat_map(|rule| &rule.symbolizers);
        symbolizers.all(CompiledSymbolizer::is_local)
    }

    /// Calls `visit` with each rule that applies to the feature, in order. An `ElseFilter` rule
    /// applies where no other rule of the pass does.
    pub fn each_rule<'a>(
        &'a self,
        feature: &dyn Feature,
        mut visit: impl FnMut(&'a CompiledRule<'s>),
    ) {
        let mut taken = None;
        for (index, rule) in self.rules.iter().enumerate() {
            if rule.rule.is_else {
                // those before it were asked and do not apply
                let taken = *taken.get_or_insert_with(|| {
                    let mut after = self.rules.iter().skip(index + 1);
                    after.any(|r| !r.rule.is_else && r.matches(feature))
                });
                if !taken && rule.matches(feature) {
                    visit(rule);
                }
            } else if taken != Some(false) && rule.matches(feature) {
                taken = Some(true);
                visit(rule);
            }
        }
    }
}

impl CompiledRule<'_> {
    /// True where the rule's own filter lets the feature pass.
    pub fn matches(&self, feature: &dyn Feature) -> bool {
        self.filter.as_ref().is_none_or(|f| f.matches(feature))
    }
}

struct Compiler<'a> {
    setting: Setting<'a>,
    cache: &'a SymbolCache,
}

impl Compiler<'_> {
    fn rule<'s>(&self, rule: &'s Rule) -> Result<CompiledRule<'s>> {
        let mut symbolizers = Vec::new();
        let mut texts = Vec::new();
        for symbolizer in &rule.symbolizers {
            symbolizers.push(match symbolizer {
                Symbolizer::Line(line) => CompiledSymbolizer::Line {
                    stroke: Box::new(self.stroke(&line.stroke)?),
                    offset: self.optional(line.perpendicular_offset.as_ref())?,
                },
                Symbolizer::Polygon(polygon) => CompiledSymbolizer::Polygon {
                    fill: self.boxed(polygon.fill.as_ref(), Compiler::fill)?,
                    stroke: self.boxed(polygon.stroke.as_ref(), Compiler::stroke)?,
                    offset: self.optional(polygon.perpendicular_offset.as_ref())?,
                    displacement: match &polygon.displacement {
                        Some(displacement) => self.setting.lengths(displacement)?,
                        None => [Length::Constant(0.0), Length::Constant(0.0)],
                    },
                },
                Symbolizer::Point(point) => {
                    CompiledSymbolizer::Point(Box::new(self.graphic(&point.graphic)?))
                }
                Symbolizer::Text(text) => {
                    texts.push(&**text);
                    continue;
                }
            });
        }
        let filter = rule.filter.as_ref();
        Ok(CompiledRule {
            rule,
            filter: filter.map(|f| f.bind(self.setting.schema)).transpose()?,
            symbolizers,
            texts,
        })
    }

    fn boxed<'a, A, B>(
        &self,
        value: Option<&'a A>,
        compile: impl Fn(&Self, &'a A) -> Result<B>,
    ) -> Result<Option<Box<B>>> {
        value.map(|v| compile(self, v).map(Box::new)).transpose()
    }

    fn optional(&self, measure: Option<&crate::style::Measure>) -> Result<Length> {
        measure.map_or(Ok(Length::Constant(0.0)), |m| self.setting.length(m))
    }

    fn fill(&self, fill: &Fill) -> Result<CompiledFill> {
        Ok(match fill {
            Fill::Solid(paint) => CompiledFill::Solid(self.setting.ink(paint)?),
            Fill::Graphic { graphic, margin } => CompiledFill::Graphic {
                graphic: Box::new(self.graphic(graphic)?),
                margin: self.setting.lengths(margin)?,
            },
        })
    }

    fn stroke(&self, stroke: &Stroke) -> Result<CompiledStroke> {
        Ok(CompiledStroke {
            kind: match &stroke.kind {
                StrokeKind::Solid(paint) => CompiledStrokeKind::Solid(self.setting.ink(paint)?),
                StrokeKind::Graphic {
                    graphic,
                    gap,
                    initial_gap,
                    places,
                } => CompiledStrokeKind::Graphic {
                    graphic: Box::new(self.graphic(graphic)?),
                    gap: self.setting.length(gap)?,
                    initial_gap: self.setting.length(initial_gap)?,
                    places: *places,
                },
            },
            width: self.setting.length(&stroke.width)?,
            cap: stroke.cap,
            join: stroke.join,
            dash: stroke
                .dash
                .iter()
                .map(|m| self.setting.length(m))
                .collect::<Result<_>>()?,
            dash_offset: self.setting.length(&stroke.dash_offset)?,
        })
    }

    fn graphic(&self, graphic: &Graphic) -> Result<CompiledGraphic> {
        let symbol = self.symbol(&graphic.symbols)?;
        let natural = match &symbol {
            CompiledSymbol::Image { image, .. } => image.size()[1],
            CompiledSymbol::Mark { .. } | CompiledSymbol::Nothing => DEFAULT_MARK_PX,
        };
        Ok(CompiledGraphic {
            size: match &graphic.size {
                Some(size) => self.setting.length(size)?,
                None => Length::Constant(natural * self.setting.view.pixel_ratio),
            },
            symbol,
            rotation: self.setting.number(&graphic.rotation, 0.0)?,
            opacity: self.setting.number(&graphic.opacity, 1.0)?,
            anchor: graphic.anchor,
            displacement: self.setting.lengths(&graphic.displacement)?,
        })
    }

    fn symbol(&self, symbols: &[GraphicSymbol]) -> Result<CompiledSymbol> {
        for symbol in symbols {
            match symbol {
                GraphicSymbol::Mark {
                    shape,
                    fill,
                    stroke,
                } => {
                    let stroke = stroke.as_deref().map(|s| self.mark_stroke(s)).transpose()?;
                    return Ok(CompiledSymbol::Mark {
                        shape: *shape,
                        fill: fill.as_ref().map(|f| self.setting.ink(f)).transpose()?,
                        stroke: stroke.flatten().map(Box::new),
                    });
                }
                GraphicSymbol::Image { format, data, .. } => {
                    if let Ok((id, image)) = self.cache.image(*format, data) {
                        return Ok(CompiledSymbol::Image { id, image });
                    }
                }
            }
        }
        Ok(CompiledSymbol::Nothing)
    }

    fn mark_stroke(&self, stroke: &Stroke) -> Result<Option<CompiledMarkStroke>> {
        let StrokeKind::Solid(paint) = &stroke.kind else {
            return Ok(None);
        };
        Ok(Some(CompiledMarkStroke {
            ink: self.setting.ink(paint)?,
            width: self.setting.length(&stroke.width)?,
            cap: stroke.cap,
            join: stroke.join,
        }))
    }
}

/// Says why a picture of a style can't be drawn: for `cartotheque check`.
///
/// # Errors
/// The fault in words.
pub fn check_image(format: ImageFormat, data: &[u8]) -> std::result::Result<(), String> {
    Image::decode(format, data).map(|_| ())
}

impl CompiledSymbolizer {
    /// True where what is drawn at a place depends on the positions around it alone: no dashes or
    /// marks are counted from a line's beginning, no symbol stands in the middle of the whole.
    fn is_local(&self) -> bool {
        match self {
            CompiledSymbolizer::Line { stroke, .. } => stroke.is_local(),
            CompiledSymbolizer::Polygon { stroke, .. } => {
                stroke.as_ref().is_none_or(|stroke| stroke.is_local())
            }
            CompiledSymbolizer::Point(_) => false,
        }
    }

    /// How far from the geometry it can draw, in device pixels.
    pub fn reach_px(&self) -> f64 {
        match self {
            CompiledSymbolizer::Line { stroke, offset } => {
                // a mitred corner of a parallel lies up to twice as far
                stroke.reach_px() + 2.0 * offset.most_px()
            }
            CompiledSymbolizer::Polygon {
                fill: _,
                stroke,
                offset,
                displacement: [x, y],
            } => {
                stroke.as_ref().map_or(1.0, |s| s.reach_px())
                    + 2.0 * offset.most_px()
                    + x.most_px().max(y.most_px())
            }
            CompiledSymbolizer::Point(graphic) => graphic.reach_px(),
        }
    }
}

impl CompiledStroke {
    fn is_local(&self) -> bool {
        matches!(self.kind, CompiledStrokeKind::Solid(_)) && self.dash.is_empty()
    }

    fn reach_px(&self) -> f64 {
        match &self.kind {
            CompiledStrokeKind::Solid(_) => {
                let pen = super::pen::Pen::new(self.width.most_px(), self.cap, self.join);
                pen.reach() as f64 / super::fixed::UNIT as f64 + 1.0
            }
            CompiledStrokeKind::Graphic { graphic, .. } => graphic.reach_px(),
        }
    }
}

impl CompiledGraphic {
    pub(super) fn reach_px(&self) -> f64 {
        let height = self.size.most_px();
        let (width, stroke) = match &self.symbol {
            CompiledSymbol::Nothing => return 0.0,
            CompiledSymbol::Image { image, .. } => {
                let [w, h] = image.size();
                (height * w / h.max(1e-6), 0.0)
            }
            CompiledSymbol::Mark { stroke, .. } => {
                let pen = |s: &CompiledMarkStroke| {
                    let pen = super::pen::Pen::new(s.width.most_px(), s.cap, s.join);
                    pen.reach() as f64 / super::fixed::UNIT as f64
                };
                (height, stroke.as_deref().map_or(0.0, pen))
            }
        };
        let [x, y] = self.anchor.map(|a| (a - 0.5).abs() + 0.5);
        let (width, height) = (width * x, height * y);
        let [dx, dy] = &self.displacement;
        (width * width + height * height).sqrt() + stroke + dx.most_px().max(dy.most_px()) + 2.0
    }
}
