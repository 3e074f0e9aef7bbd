use crate::error::Result;
use crate::feature::{Feature, Schema};
use crate::query::BoundExpr;
use crate::style::Paint;

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

/// `#rgb`, `#rrggbb` or `#rrggbbaa`.
fn parse(text: &str) -> Option<[u8; 4]> {
    let digits = text.trim().strip_prefix('#')?;
    let value = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        3 => {
            let twice = |shift: u32| ((value >> shift & 15) * 17) as u8;
            Some([twice(8), twice(4), twice(0), 255])
        }
        6 => Some((value << 8 | 255).to_be_bytes()),
        8 => Some(value.to_be_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_styles_are_read() {
        assert_eq!(parse("#f0a"), Some([255, 0, 170, 255]));
        assert_eq!(parse(" #102030"), Some([16, 32, 48, 255]));
        assert_eq!(parse("#10203040"), Some([16, 32, 48, 64]));
        assert_eq!(parse("red"), None);
        assert_eq!(parse("#12345"), None);
        assert_eq!(parse("#é1"), None);
    }
}
