use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::query::BoundExpr;
use crate::style::Paint;
use crate::style::color::parse;

/// A colour of a style, bound to a schema.
#[derive(Debug, Clone)]
pub struct BoundPaint {
    color: BoundExpr,
    opacity: BoundExpr,
}

impl BoundPaint {
    pub fn new(paint: &Paint, schema: &Schema) -> Result<BoundPaint> {
        Ok(BoundPaint {
            color: paint.color.bind(schema)?,
            opacity: paint.opacity.bind(schema)?,
        })
    }

    /// Premultiplied red, green, blue, alpha; what is no colour is `fallback`, and a missing
    /// opacity is 1.
    pub fn color(&self, feature: &dyn Feature, fallback: [u8; 3]) -> [u8; 4] {
        let color = self.color.eval(feature);
        let [r, g, b, a] = parse(&color.to_text()).unwrap_or_else(|| {
            let [r, g, b] = fallback;
            [r, g, b, 255]
        });
        let opacity = self.opacity.eval(feature).as_f64().unwrap_or(1.0);
        let alpha = f64::from(a) / 255.0 * opacity.clamp(0.0, 1.0);
        let channel = |c: u8| (f64::from(c) * alpha).round() as u8;
        [
            channel(r),
            channel(g),
            channel(b),
            (alpha * 255.0).round() as u8,
        ]
    }
}
