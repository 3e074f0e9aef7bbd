//! Colours as CSS writes them, for styles: names, `#rgb`, `rgb()`, `hsl()` → `#rrggbb[aa]`.

/// A colour in sRGB: red, green, blue, alpha.
pub type Rgba = [u8; 4];

/// Reads a colour in the notations of CSS Color 4 that styles use.
pub fn parse(text: &str) -> Option<Rgba> {
    let text = text.trim();
    if let Some(hex) = text.strip_prefix('#') {
        return from_hex(hex);
    }
    let text = text.to_ascii_lowercase();
    if let Some((name, rest)) = text.split_once('(') {
        return from_function(name.trim(), rest.strip_suffix(')')?);
    }
    // some writers leave the # out
    let bare = text.strip_prefix("0x").filter(|hex| hex.len() == 6);
    if let Some(hex) = bare {
        return from_hex(hex);
    }
    if text == "transparent" || text == "none" {
        return Some([0, 0, 0, 0]);
    }
    let index = NAMES
        .binary_search_by(|(name, _)| (*name).cmp(text.as_str()))
        .ok()?;
    let [_, r, g, b] = NAMES.get(index)?.1.to_be_bytes();
    Some([r, g, b, 255])
}

/// `#rrggbb`, or `#rrggbbaa` where the colour is not opaque.
pub fn to_hex([r, g, b, a]: Rgba) -> String {
    match a {
        255 => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => format!("#{r:02x}{g:02x}{b:02x}{a:02x}"),
    }
}

fn from_hex(hex: &str) -> Option<Rgba> {
    if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let doubled: String;
    let digits = match hex.len() {
        3 | 4 => {
            doubled = hex.chars().flat_map(|c| [c, c]).collect();
            doubled.as_str()
        }
        6 | 8 => hex,
        _ => return None,
    };
    let number = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        6 => Some(((number << 8) | 0xff).to_be_bytes()),
        _ => Some(number.to_be_bytes()),
    }
}

fn from_function(name: &str, arguments: &str) -> Option<Rgba> {
    let mut parts = arguments
        .split([',', '/', ' '])
        .map(str::trim)
        .filter(|p| !p.is_empty());
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let alpha = match parts.next() {
        Some(text) => channel(share(text, 1.0)? * 255.0),
        None => 255,
    };
    if parts.next().is_some() {
        return None;
    }
    let [r, g, b] = match name {
        "rgb" | "rgba" => {
            let level = |text: &str| share(text, 255.0).map(|s| channel(s * 255.0));
            [level(first)?, level(second)?, level(third)?]
        }
        "hsl" | "hsla" => {
            let hue: f64 = first.strip_suffix("deg").unwrap_or(first).parse().ok()?;
            let percent = |text: &str| share(text, 100.0);
            from_hsl(hue, percent(second)?, percent(third)?)
        }
        _ => return None,
    };
    Some([r, g, b, alpha])
}

/// A number of `whole`, or a percentage, as 0 to 1.
fn share(text: &str, whole: f64) -> Option<f64> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse::<f64>().ok()? / whole,
    };
    share.is_finite().then(|| share.clamp(0.0, 1.0))
}

fn channel(level: f64) -> u8 {
    level.round().clamp(0.0, 255.0) as u8
}

fn from_hsl(hue: f64, saturation: f64, lightness: f64) -> [u8; 3] {
    let reach = saturation * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|shift| {
        let k = (shift + hue / 30.0).rem_euclid(12.0);
        channel((lightness - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)) * 255.0)
    })
}

/// The named colours of CSS Color 4 §6.1, sorted.
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
    fn every_notation_of_a_colour_reads_as_its_channels() {
        for (text, hex) in [
            ("#F80", "#ff8800"),
            ("#FF8800", "#ff8800"),
            ("#ff880080", "#ff880080"),
            ("rgb(255, 136, 0)", "#ff8800"),
            ("rgba(255,136,0,0.5)", "#ff880080"),
            ("rgb(100% 0% 50% / 20%)", "#ff008033"),
            ("hsl(120, 100%, 25%)", "#008000"),
            ("hsl(207, 44%, 49%)", "#4682b4"),
            ("SteelBlue", "#4682b4"),
            ("yellowgreen", "#9acd32"),
            ("aliceblue", "#f0f8ff"),
            ("transparent", "#00000000"),
        ] {
            assert_eq!(parse(text).map(to_hex).as_deref(), Some(hex), "{text}");
        }
    }

    #[test]
    fn what_is_no_colour_is_none() {
        for text in [
            "",
            "#12345",
            "#gggggg",
            "rgb(1,2)",
            "rgb(1,2,3,4,5)",
            "bluish",
            "#é00",
            "rgb(nan,0,0)",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_names_are_sorted_for_the_search() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
    }
}
