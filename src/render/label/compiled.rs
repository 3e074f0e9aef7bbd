use super::bounds::Length;
use super::candidate::{Paints, rotation_step};
use super::line::ELSEWHERE_EM;
use super::paint::BoundPaint;
use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::geom::View;
use crate::query::BoundExpr;
use crate::render::text::{
    Align, CaseKey, FaceStyle, Halo, LayoutRequest, MAX_HEIGHT_EM, MAX_LINE_EM, MAX_WIDTH_EM,
    SIZE_STEPS,
};
use crate::style::{LabelPlacement, TextSymbolizer};

/// A text symbolizer bound to a layer's schema and to a view's scale.
#[derive(Debug, Clone)]
pub struct CompiledText {
    label: BoundExpr,
    priority: BoundExpr,
    style: FaceStyle,
    size: Length,
    fill: BoundPaint,
    halo: Option<(Length, BoundPaint)>,
    wrap: Option<Length>,
    spacing: Length,
    space_around: Length,
    case: CaseKey,
    pub(super) placement: Placing,
    pub(super) allow_overlap: bool,
    pub(super) layer: u32,
    pub(super) extent: Extent,
}

/// [`LabelPlacement`], bound.
#[derive(Debug, Clone)]
pub(super) enum Placing {
    Point {
        anchor: [f64; 2],
        displacement: Box<[Length; 2]>,
        rotation: BoundExpr,
    },
    Line {
        offset: Length,
        repeat: Option<Length>,
    },
}

/// How large labels of a symbolizer can be, in pixels: width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    /// Of a label's boxes together.
    pub size: [f64; 2],
    /// From the anchor (or the line) to the furthest point of the label.
    pub far: [f64; 2],
    /// Between the first and any other place of a label.
    pub apart: f64,
}

/// Free space around every label, in parts of its size: two names never touch.
const BREATH_EM: f64 = 0.1;
/// Sizes beyond are drawn at this one, in reference pixels; also what is assumed of sizes that
/// are computed from data, which therefore end at the second.
const MAX_SIZE_PX: f64 = 200.0;
const MAX_DATA_SIZE_PX: f64 = 48.0;
const MAX_HALO_PX: f64 = 24.0;
const MAX_SPACE_PX: f64 = 200.0;
const MAX_OFFSET_PX: f64 = 500.0;

impl CompiledText {
    /// Binds a symbolizer of a layer; `layer` is the layer's place in the map, from the bottom.
    ///
    /// # Errors
    /// `FieldNotDefined` (with an empty `layer`, for the caller to fill in), `InvalidFilter`.
    pub fn new(
        text: &TextSymbolizer,
        schema: &Schema,
        view: &View,
        layer: u32,
    ) -> Result<CompiledText> {
        let ratio = view.pixel_ratio;
        let length = |measure, most: f64, default: f64| {
            Length::new(measure, schema, view, [0.0, most * ratio], default * ratio)
        };
        let signed = |measure| {
            let most = MAX_OFFSET_PX * ratio;
            Length::new(measure, schema, view, [-most, most], 0.0)
        };
        let mut size = length(&text.font.size, MAX_SIZE_PX, 10.0)?;
        if size.constant().is_none() && size.most() >= MAX_SIZE_PX * ratio {
            size = length(&text.font.size, MAX_DATA_SIZE_PX, 10.0)?;
        }
        let halo = match &text.halo {
            None => None,
            Some(halo) => Some((
                length(&halo.radius, MAX_HALO_PX, 1.0)?,
                BoundPaint::new(&halo.fill, schema)?,
            )),
        };
        let placement = match &text.placement {
            LabelPlacement::Point {
                anchor,
                displacement: [right, up],
                rotation,
            } => Placing::Point {
                anchor: anchor.map(|a| {
                    if a.is_finite() {
                        a.clamp(-1.0, 2.0)
                    } else {
                        0.5
                    }
                }),
                displacement: Box::new([signed(right)?, signed(up)?]),
                rotation: rotation.bind(schema)?,
            },
            LabelPlacement::Line {
                perpendicular_offset,
                repeat,
            } => Placing::Line {
                offset: signed(perpendicular_offset)?,
                repeat: match repeat {
                    Some(repeat) => Some(length(repeat, 1e5, 0.0)?),
                    None => None,
                },
            },
        };
        let space_around = length(&text.space_around, MAX_SPACE_PX, 0.0)?;
        let extent = Extent::new(&size, &halo, &space_around, &placement);
        Ok(CompiledText {
            label: text.label.bind(schema)?,
            priority: text.priority.bind(schema)?,
            style: FaceStyle {
                bold: text.font.bold,
                italic: text.font.italic,
            },
            size,
            fill: BoundPaint::new(&text.fill, schema)?,
            halo,
            wrap: match &text.wrap_width {
                Some(width) => Some(length(width, 1e5, 0.0)?),
                None => None,
            },
            spacing: signed(&text.letter_spacing)?,
            space_around,
            case: text.letter_case.into(),
            placement,
            allow_overlap: text.allow_overlap,
            layer,
            extent,
        })
    }

    /// True where labels follow lines: [`LabelSet::add`](super::LabelSet::add) needs the whole
    /// geometry then, and an anchor is not enough.
    pub fn follows_lines(&self) -> bool {
        matches!(self.placement, Placing::Line { .. })
    }

    /// Higher first; what is no number is 0.
    pub(super) fn priority(&self, feature: &dyn Feature) -> f64 {
        let priority = self.priority.eval(feature).as_f64();
        // +0.0 also makes one zero of both
        priority.filter(|p| !p.is_nan()).unwrap_or(0.0) + 0.0
    }

    pub(super) fn with_text<R>(
        &self,
        feature: &dyn Feature,
        then: impl FnOnce(&str) -> R,
    ) -> Option<R> {
        let label = self.label.eval(feature);
        let text = label.to_text();
        (!text.trim().is_empty()).then(|| then(&text))
    }

    /// Size and colours; `None` where the text is smaller than a pixel.
    pub(super) fn paints(&self, feature: &dyn Feature) -> Option<Paints> {
        let steps = |pixels: f64| (pixels * SIZE_STEPS + 0.513_7).floor();
        let size = steps(self.size.pixels(feature));
        if size < SIZE_STEPS {
            return None;
        }
        let halo = self.halo.as_ref().and_then(|(radius, paint)| {
            let radius = steps(radius.pixels(feature)).clamp(0.0, 255.0) as u8;
            let color = paint.color(feature, [255, 255, 255]);
            (radius > 0 && color[3] > 0).then_some(Halo { radius, color })
        });
        Some(Paints {
            size: size.min(4095.0) as u16,
            color: self.fill.color(feature, [0, 0, 0]),
            halo,
        })
    }

    /// Free space on each side of the ink, in pixels: halo, breath and what the style asks for.
    pub(super) fn pad(&self, feature: &dyn Feature, paints: &Paints) -> f64 {
        let halo = paints
            .halo
            .map_or(0.0, |h| f64::from(h.radius) / SIZE_STEPS);
        halo + BREATH_EM * paints.size_px() + self.space_around.pixels(feature)
    }

    pub(super) fn layout_request<'a>(
        &self,
        text: &'a str,
        feature: &dyn Feature,
        size_px: f64,
    ) -> LayoutRequest<'a> {
        let steps = |pixels: f64| (pixels / size_px * 64.0 + 0.513_7).floor();
        let single_line = self.follows_lines();
        LayoutRequest {
            text,
            style: self.style,
            align: match &self.placement {
                Placing::Point { anchor: [x, _], .. } if *x < 0.25 => Align::Left,
                Placing::Point { anchor: [x, _], .. } if *x > 0.75 => Align::Right,
                _ => Align::Center,
            },
            letter_case: self.case,
            wrap_64: self
                .wrap
                .as_ref()
                .filter(|_| !single_line)
                .map(|wrap| wrap.pixels(feature))
                .filter(|wrap| *wrap > 0.0)
                .map(|wrap| steps(wrap).min(65_535.0) as u16),
            spacing_64: steps(self.spacing.pixels(feature)).clamp(-32.0, 640.0) as i16,
            single_line,
        }
    }

    /// For point placement: anchor, displacement (right and down) and rotation step.
    pub(super) fn point(&self, feature: &dyn Feature) -> ([f64; 2], [f64; 2], u8) {
        match &self.placement {
            Placing::Point {
                anchor,
                displacement,
                rotation,
            } => {
                let [right, up] = displacement.each_ref().map(|d| d.pixels(feature));
                let degrees = rotation.eval(feature).as_f64().unwrap_or(0.0);
                let degrees = if degrees.is_finite() {
                    degrees % 360.0
                } else {
                    0.0
                };
                (*anchor, [right, -up], rotation_step(degrees.to_radians()))
            }
            Placing::Line { .. } => ([0.5, 0.5], [0.0, 0.0], 0),
        }
    }

    /// The side of the squares of which each gives only its first label a chance, in pixels:
    /// labels of one symbolizer that are anchored so close always overlap.
    pub(super) fn thinning_px(&self) -> f64 {
        self.size.constant().unwrap_or(8.0).clamp(4.0, 64.0) / 2.0
    }
}

impl Extent {
    fn new(
        size: &Length,
        halo: &Option<(Length, BoundPaint)>,
        space_around: &Length,
        placement: &Placing,
    ) -> Extent {
        let em = size.most();
        let pad = halo.as_ref().map_or(0.0, |(radius, _)| radius.most())
            + space_around.most()
            + BREATH_EM * em
            + 1.0; // what rounding to steps adds
        match placement {
            Placing::Point {
                anchor,
                displacement,
                rotation,
            } => {
                let mut size = [
                    f64::from(MAX_WIDTH_EM) * em + 2.0 * pad,
                    f64::from(MAX_HEIGHT_EM) * em + 2.0 * pad,
                ];
                let upright = rotation.constant().and_then(|r| r.as_f64()) == Some(0.0);
                if !upright {
                    let [w, h] = size;
                    size = [w.hypot(h); 2];
                }
                let far = |axis: usize| {
                    let get = |values: &[f64; 2]| values.get(axis).copied().unwrap_or(0.5);
                    let fraction = if upright {
                        let a = get(anchor);
                        a.abs().max((1.0 - a).abs())
                    } else {
                        anchor
                            .iter()
                            .fold(1.0, |most: f64, a| most.max(a.abs()).max((1.0 - a).abs()))
                    };
                    let moved = displacement.get(axis).map_or(0.0, Length::furthest);
                    fraction * get(&size) + em + moved
                };
                Extent {
                    size,
                    far: [far(0), far(1)],
                    apart: 0.0,
                }
            }
            Placing::Line { offset, .. } => {
                let length = (f64::from(MAX_LINE_EM) + 3.0) * em + 2.0 * pad;
                Extent {
                    size: [length + 2.0 * offset.furthest(); 2],
                    // its own height, and twice what the line may leave the baseline by
                    far: [2.5 * em + pad + offset.furthest(); 2],
                    // two others may lie on either side of the first
                    apart: 2.0 * ELSEWHERE_EM * em,
                }
            }
        }
    }
}
