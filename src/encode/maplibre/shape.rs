use serde_json::{Value, json};

use super::{Condition, Layers, Properties};
use crate::style::{
    Fill, LineCap, LineJoin, MarkerAt, Measure, PolygonSymbolizer, Stroke, StrokeKind,
};

impl Layers<'_> {
    pub(super) fn stroke(
        &mut self,
        stroke: &Stroke,
        offset: Option<&Measure>,
        condition: &Condition,
    ) {
        let color = match &stroke.kind {
            StrokeKind::Solid(color) => color,
            StrokeKind::Graphic { places, .. }
                if !matches!(places.at, MarkerAt::Intervals | MarkerAt::Middle) =>
            {
                return self.dropped("symbols on ends and vertices of lines have no place here");
            }
            StrokeKind::Graphic {
                graphic,
                gap,
                places,
                ..
            } => {
                if offset.is_some() {
                    self.dropped("markers along a parallel stand on the line itself");
                }
                return self.along(graphic, gap, *places, condition);
            }
        };
        let mut with = Properties::default();
        self.paint(&mut with.paint, color, "line-color", "line-opacity");
        let width = self.pixels(&stroke.width, 1.0);
        if !stroke.dash.is_empty() {
            // dashes are multiples of the width
            let lengths: Option<Vec<f64>> = stroke
                .dash
                .iter()
                .map(|d| self.pixels(d, 1.0).as_f64())
                .collect();
            match (width.as_f64().filter(|w| *w > 0.0), lengths) {
                (Some(width), Some(lengths)) => {
                    let lengths: Vec<f64> = lengths.iter().map(|l| l / width).collect();
                    with.paint.insert("line-dasharray".into(), json!(lengths));
                }
                _ => self.dropped("dashes of computed lengths are drawn solid"),
            }
        }
        with.paint.insert("line-width".into(), width);
        if let Some(offset) = offset {
            let right = self.pixels_times(offset, -1.0, 0.0);
            with.paint.insert("line-offset".into(), right);
        }
        match stroke.cap {
            LineCap::Butt => None,
            LineCap::Round => with.layout.insert("line-cap".into(), json!("round")),
            LineCap::Square => with.layout.insert("line-cap".into(), json!("square")),
        };
        match stroke.join {
            LineJoin::Miter => None,
            LineJoin::Round => with.layout.insert("line-join".into(), json!("round")),
            LineJoin::Bevel => with.layout.insert("line-join".into(), json!("bevel")),
        };
        self.push("line", false, condition, with);
    }

    pub(super) fn polygon(&mut self, polygon: &PolygonSymbolizer, condition: &Condition) {
        let mut with = Properties::default();
        match &polygon.fill {
            Some(Fill::Solid(fill)) => {
                self.paint(&mut with.paint, fill, "fill-color", "fill-opacity");
            }
            Some(Fill::Graphic { graphic, margin }) => {
                if let Some(name) = self.pattern(graphic, margin) {
                    with.paint.insert("fill-pattern".into(), name);
                }
            }
            None => {}
        }
        if !with.paint.is_empty() {
            if let Some(by) = &polygon.displacement
                && let Some(by) = self.translation(by)
            {
                with.paint.insert("fill-translate".into(), json!(by));
            }
            self.push("fill", false, condition, with);
        }
        if let Some(stroke) = &polygon.stroke {
            self.stroke(stroke, polygon.perpendicular_offset.as_ref(), condition);
        }
    }
}

/// The product of two opacities, where both are numbers.
pub(super) fn fade(opacity: Option<&Value>, by: f64) -> Option<Value> {
    match opacity {
        None => Some(json!(by)),
        Some(value) => value.as_f64().map(|o| json!(o * by)),
    }
}
