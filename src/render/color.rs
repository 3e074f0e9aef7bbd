//! Colours on their way to pixels.

/// A colour and its opacity, not premultiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color {
    pub r: u8,
    pub g: u8,
    pub b: u8,
    pub a: u8,
}

impl Color {
    pub const BLACK: Color = Color::rgb(0, 0, 0);
    pub const TRANSPARENT: Color = Color {
        r: 0,
        g: 0,
        b: 0,
        a: 0,
    };

    pub const fn rgb(r: u8, g: u8, b: u8) -> Color {
        Color { r, g, b, a: 255 }
    }

    /// Parses a colour of CSS Color Level 4: hexadecimal, `rgb()` and `rgba()` with commas or
    /// spaces, a name, `transparent`. `None` where it is none of these.
    pub fn parse(text: &str) -> Option<Color> {
        crate::style::color::parse(text).map(|[r, g, b, a]| Color { r, g, b, a })
    }

    /// The colour with its opacity multiplied by 0 to 1.
    #[must_use]
    pub fn with_opacity(self, opacity: f64) -> Color {
        let a = f64::from(self.a) * opacity.clamp(0.0, 1.0);
        Color {
            a: if a.is_nan() { self.a } else { (a + 0.5) as u8 },
            ..self
        }
    }

    /// Premultiplied RGBA bytes.
    pub fn premultiplied(self) -> [u8; 4] {
        let mul = |c: u8| div_255(u32::from(c) * u32::from(self.a)) as u8;
        [mul(self.r), mul(self.g), mul(self.b), self.a]
    }
}

/// The nearest integer to `value / 255`, for values up to 255 * 255 + 127.
#[inline(always)]
pub(super) fn div_255(value: u32) -> u32 {
    let v = value + 128;
    (v + (v >> 8)) >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_a_colour_is_read() {
        for text in [
            "#f80",
            "#ff8800",
            "#FF8800ff",
            "rgb(255, 136,0)",
            "rgb(100% 53.3% 0%)",
            " rgba(255,136,0,1.0) ",
        ] {
            assert_eq!(Color::parse(text), Some(Color::rgb(255, 136, 0)), "{text}");
        }
        assert_eq!(Color::parse("rgba(0,0,0,0.5)").unwrap().a, 128);
        assert_eq!(Color::parse("rgb(0 0 0 / 50%)").unwrap().a, 128);
        assert_eq!(
            Color::parse("RebeccaPurple"),
            Some(Color::rgb(0x66, 0x33, 0x99))
        );
        assert_eq!(Color::parse("transparent"), Some(Color::TRANSPARENT));
    }

    #[test]
    fn what_is_no_colour_is_none() {
        for text in [
            "",
            "#",
            "#12",
            "#ggg",
            "#+ff",
            "rgb(1,2)",
            "rgb(1,2,3,4,5)",
            "rgb(a,b,c)",
            "rouge",
            "#é12",
            "rgb(1,2,NaN)",
        ] {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }

    #[test]
    fn division_by_255_is_exact() {
        for v in 0..=255 * 255 + 127u32 {
            assert_eq!(div_255(v), (v * 2 + 255) / 510, "{v}");
        }
    }
}
