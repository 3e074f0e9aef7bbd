//! Colours as styles write them: `#rgb`, `#rrggbb`, `rgb()`, `rgba()`, CSS names.

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
        let text = text.trim();
        if let Some(hex) = text.strip_prefix('#') {
            return hexadecimal(hex);
        }
        let lower = text.to_ascii_lowercase();
        if let Some(arguments) = lower
            .strip_prefix("rgba(")
            .or_else(|| lower.strip_prefix("rgb("))
        {
            return function(arguments.strip_suffix(')')?);
        }
        named(&lower)
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

fn hexadecimal(hex: &str) -> Option<Color> {
    if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(hex, 16).ok()?;
    let nibble = |shift: u32| ((value >> shift) & 15) as u8 * 17;
    let byte = |shift: u32| (value >> shift) as u8;
    match hex.len() {
        3 => Some(Color::rgb(nibble(8), nibble(4), nibble(0))),
        4 => Some(Color {
            a: nibble(0),
            ..Color::rgb(nibble(12), nibble(8), nibble(4))
        }),
        6 => Some(Color::rgb(byte(16), byte(8), byte(0))),
        8 => Some(Color {
            a: byte(0),
            ..Color::rgb(byte(24), byte(16), byte(8))
        }),
        _ => None,
    }
}

fn function(arguments: &str) -> Option<Color> {
    let mut channels = arguments
        .split([',', '/', ' '])
        .map(str::trim)
        .filter(|a| !a.is_empty());
    let mut channel = |whole: f64| {
        let text = channels.next()?;
        let value: f64 = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().ok()? * whole / 100.0,
            None => text.parse().ok()?,
        };
        value.is_finite().then_some(value.clamp(0.0, whole))
    };
    let mut byte = || Some((channel(255.0)? + 0.5) as u8);
    let color = Color::rgb(byte()?, byte()?, byte()?);
    let alpha = channel(1.0);
    // a fourth argument must be a number, a fifth must not be
    let rest = arguments
        .split([',', '/', ' '])
        .filter(|a| !a.trim().is_empty())
        .count();
    match (alpha, rest) {
        (None, 3) => Some(color),
        (Some(alpha), 4) => Some(color.with_opacity(alpha)),
        _ => None,
    }
}

fn named(name: &str) -> Option<Color> {
    if name == "transparent" || name == "none" {
        return Some(Color::TRANSPARENT);
    }
    let index = NAMES.binary_search_by_key(&name, |(n, _)| *n).ok()?;
    let (_, rgb) = NAMES.get(index)?;
    Some(Color::rgb((rgb >> 16) as u8, (rgb >> 8) as u8, *rgb as u8))
}

/// The named colours of CSS Color Level 4 §6.1, in order.
const NAMES: [(&str, u32); 148] = [
    ("aliceblue", 0xf0f8ff),
    ("antiquewhite", 0xfaebd7),
    ("aqua", 0x00ffff),
    ("aquamarine", 0x7fffd4),
    ("azure", 0xf0ffff),
    ("beige", 0xf5f5dc),
    ("bisque", 0xffe4c4),
    ("black", 0x000000),
    ("blanchedalmond", 0xffebcd),
    ("blue", 0x0000ff),
    ("blueviolet", 0x8a2be2),
    ("brown", 0xa52a2a),
    ("burlywood", 0xdeb887),
    ("cadetblue", 0x5f9ea0),
    ("chartreuse", 0x7fff00),
    ("chocolate", 0xd2691e),
    ("coral", 0xff7f50),
    ("cornflowerblue", 0x6495ed),
    ("cornsilk", 0xfff8dc),
    ("crimson", 0xdc143c),
    ("cyan", 0x00ffff),
    ("darkblue", 0x00008b),
    ("darkcyan", 0x008b8b),
    ("darkgoldenrod", 0xb8860b),
    ("darkgray", 0xa9a9a9),
    ("darkgreen", 0x006400),
    ("darkgrey", 0xa9a9a9),
    ("darkkhaki", 0xbdb76b),
    ("darkmagenta", 0x8b008b),
    ("darkolivegreen", 0x556b2f),
    ("darkorange", 0xff8c00),
    ("darkorchid", 0x9932cc),
    ("darkred", 0x8b0000),
    ("darksalmon", 0xe9967a),
    ("darkseagreen", 0x8fbc8f),
    ("darkslateblue", 0x483d8b),
    ("darkslategray", 0x2f4f4f),
    ("darkslategrey", 0x2f4f4f),
    ("darkturquoise", 0x00ced1),
    ("darkviolet", 0x9400d3),
    ("deeppink", 0xff1493),
    ("deepskyblue", 0x00bfff),
    ("dimgray", 0x696969),
    ("dimgrey", 0x696969),
    ("dodgerblue", 0x1e90ff),
    ("firebrick", 0xb22222),
    ("floralwhite", 0xfffaf0),
    ("forestgreen", 0x228b22),
    ("fuchsia", 0xff00ff),
    ("gainsboro", 0xdcdcdc),
    ("ghostwhite", 0xf8f8ff),
    ("gold", 0xffd700),
    ("goldenrod", 0xdaa520),
    ("gray", 0x808080),
    ("green", 0x008000),
    ("greenyellow", 0xadff2f),
    ("grey", 0x808080),
    ("honeydew", 0xf0fff0),
    ("hotpink", 0xff69b4),
    ("indianred", 0xcd5c5c),
    ("indigo", 0x4b0082),
    ("ivory", 0xfffff0),
    ("khaki", 0xf0e68c),
    ("lavender", 0xe6e6fa),
    ("lavenderblush", 0xfff0f5),
    ("lawngreen", 0x7cfc00),
    ("lemonchiffon", 0xfffacd),
    ("lightblue", 0xadd8e6),
    ("lightcoral", 0xf08080),
    ("lightcyan", 0xe0ffff),
    ("lightgoldenrodyellow", 0xfafad2),
    ("lightgray", 0xd3d3d3),
    ("lightgreen", 0x90ee90),
    ("lightgrey", 0xd3d3d3),
    ("lightpink", 0xffb6c1),
    ("lightsalmon", 0xffa07a),
    ("lightseagreen", 0x20b2aa),
    ("lightskyblue", 0x87cefa),
    ("lightslategray", 0x778899),
    ("lightslategrey", 0x778899),
    ("lightsteelblue", 0xb0c4de),
    ("lightyellow", 0xffffe0),
    ("lime", 0x00ff00),
    ("limegreen", 0x32cd32),
    ("linen", 0xfaf0e6),
    ("magenta", 0xff00ff),
    ("maroon", 0x800000),
    ("mediumaquamarine", 0x66cdaa),
    ("mediumblue", 0x0000cd),
    ("mediumorchid", 0xba55d3),
    ("mediumpurple", 0x9370db),
    ("mediumseagreen", 0x3cb371),
    ("mediumslateblue", 0x7b68ee),
    ("mediumspringgreen", 0x00fa9a),
    ("mediumturquoise", 0x48d1cc),
    ("mediumvioletred", 0xc71585),
    ("midnightblue", 0x191970),
    ("mintcream", 0xf5fffa),
    ("mistyrose", 0xffe4e1),
    ("moccasin", 0xffe4b5),
    ("navajowhite", 0xffdead),
    ("navy", 0x000080),
    ("oldlace", 0xfdf5e6),
    ("olive", 0x808000),
    ("olivedrab", 0x6b8e23),
    ("orange", 0xffa500),
    ("orangered", 0xff4500),
    ("orchid", 0xda70d6),
    ("palegoldenrod", 0xeee8aa),
    ("palegreen", 0x98fb98),
    ("paleturquoise", 0xafeeee),
    ("palevioletred", 0xdb7093),
    ("papayawhip", 0xffefd5),
    ("peachpuff", 0xffdab9),
    ("peru", 0xcd853f),
    ("pink", 0xffc0cb),
    ("plum", 0xdda0dd),
    ("powderblue", 0xb0e0e6),
    ("purple", 0x800080),
    ("rebeccapurple", 0x663399),
    ("red", 0xff0000),
    ("rosybrown", 0xbc8f8f),
    ("royalblue", 0x4169e1),
    ("saddlebrown", 0x8b4513),
    ("salmon", 0xfa8072),
    ("sandybrown", 0xf4a460),
    ("seagreen", 0x2e8b57),
    ("seashell", 0xfff5ee),
    ("sienna", 0xa0522d),
    ("silver", 0xc0c0c0),
    ("skyblue", 0x87ceeb),
    ("slateblue", 0x6a5acd),
    ("slategray", 0x708090),
    ("slategrey", 0x708090),
    ("snow", 0xfffafa),
    ("springgreen", 0x00ff7f),
    ("steelblue", 0x4682b4),
    ("tan", 0xd2b48c),
    ("teal", 0x008080),
    ("thistle", 0xd8bfd8),
    ("tomato", 0xff6347),
    ("turquoise", 0x40e0d0),
    ("violet", 0xee82ee),
    ("wheat", 0xf5deb3),
    ("white", 0xffffff),
    ("whitesmoke", 0xf5f5f5),
    ("yellow", 0xffff00),
    ("yellowgreen", 0x9acd32),
];

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
    fn the_names_are_in_order_for_the_search() {
        assert!(NAMES.is_sorted());
        assert_eq!(
            Color::parse("aliceblue"),
            Some(Color::rgb(0xf0, 0xf8, 0xff))
        );
        assert_eq!(
            Color::parse("yellowgreen"),
            Some(Color::rgb(0x9a, 0xcd, 0x32))
        );
    }

    #[test]
    fn division_by_255_is_exact() {
        for v in 0..=255 * 255 + 127u32 {
            assert_eq!(div_255(v), (v * 2 + 255) / 510, "{v}");
        }
    }
}
