//! XML text written into a `String`: escaped, and free of what XML 1.0 can't hold.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

use super::ink::Ink;

/// True for characters that an XML 1.0 document may contain (XML 1.0 §2.2).
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Appends text, escaped for element content and for attributes in double quotes; characters
/// that XML can't hold are left out.
pub fn push_text(out: &mut impl Ink, text: &str) {
    // most texts hold nothing special: look for ASCII specials and the rare three-byte
    // noncharacters (U+FFFE, U+FFFF begin with 0xEF), then copy whole
    let is_odd = |b: u8| matches!(b, b'<' | b'>' | b'&' | b'"' | b'\'' | 0..=0x1F | 0xEF);
    // no early end: many bytes are looked at at once
    if !text.bytes().fold(false, |odd, b| odd | is_odd(b)) {
        out.put(text);
        return;
    }
    for c in text.chars() {
        match c {
            '<' => out.put("&lt;"),
            '>' => out.put("&gt;"),
            '&' => out.put("&amp;"),
            '"' => out.put("&quot;"),
            '\'' => out.put("&#39;"),
            // a bare carriage return would be read as a line feed
            '\r' => out.put("&#13;"),
            c if is_allowed(c) => out.put(c.encode_utf8(&mut [0; 4])),
            _ => {}
        }
    }
}

/// Appends ` name="value"`; `name` is a name of ours, `value` is escaped.
pub fn push_attribute(out: &mut impl Ink, name: &str, value: &str) {
    out.put(" ");
    out.put(name);
    out.put("=\"");
    push_text(out, value);
    out.put("\"");
}

/// Appends `<name>text</name>` on a line of its own; `name` is a name of ours, `text` is escaped.
pub fn push_element(out: &mut String, name: &str, text: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    push_text(out, text);
    out.push_str("</");
    out.push_str(name);
    out.push_str(">\n");
}

/// The text, escaped.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    push_text(&mut out, text);
    out
}

/// A name without colon (NCName) made of any text: what a name can't hold becomes `_`.
///
/// ```
/// use cartotheque::encode::xml::ncname;
/// assert_eq!(ncname("2e degré"), "_2e_degré");
/// ```
pub fn ncname(text: &str) -> String {
    let mut name = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        let inside = is_name_char(c);
        // combining marks, U+0300 to U+036F, may stand inside a name only
        let starts = c == '_' || c.is_alphabetic() && !matches!(c, '\u{300}'..='\u{36F}');
        if name.is_empty() && inside && !starts {
            name.push('_');
        }
        name.push(if inside { c } else { '_' });
    }
    if name.is_empty() {
        name.push('_');
    }
    name
}

/// Names of elements for names of columns: each its own, in order. One that XML can hold stays
/// as it is, accents included; any other has `_` for what it can't hold, and a number where that
/// name is taken.
///
/// ```
/// use cartotheque::encode::xml::element_names;
/// let names = element_names(["nom", "code insee", "2020", "code_insee"]);
/// assert_eq!(names, ["nom", "code_insee_2", "_2020", "code_insee"]);
/// ```
pub fn element_names<'a>(names: impl IntoIterator<Item = &'a str> + Clone) -> Vec<String> {
    // GDAL and QGIS lose a column whose name another one has in other letters
    let mut taken: HashSet<String> = names
        .clone()
        .into_iter()
        .filter(|name| ncname_of_letters(name) == **name)
        .map(str::to_lowercase)
        .collect();
    let mut seen = HashSet::new();
    let mut named = |name: &'a str| -> String {
        let plain = ncname_of_letters(name);
        if plain == name && seen.insert(name.to_lowercase()) {
            return plain;
        }
        let mut own = plain.clone();
        let mut number = 1_u32;
        while !taken.insert(own.to_lowercase()) {
            number = number.saturating_add(1);
            own = format!("{plain}_{number}");
        }
        own
    };
    names.into_iter().map(&mut named).collect()
}

/// As [`ncname`], of letters and digits only: validators that go by an older XML than the fifth
/// edition take no other signs.
fn ncname_of_letters(text: &str) -> String {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{300}'..='\u{36F}');
    ncname(&text.replace(|c: char| !is_plain(c), "_"))
}

/// Appends text as the rest of a name, so that [`read_name_part`] gives it back: what a name
/// can't hold becomes `_x002F_`, by its number in hexadecimal (ISO 9075-14 §9.1).
pub fn push_name_part(out: &mut String, text: &str) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if text.chars().all(is_plain) && !text.contains("_x") {
        out.push_str(text);
        return;
    }
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let reads_as_escape = c == '_' && rest.peek() == Some(&'x');
        let is_letter = c.is_alphanumeric() && is_name_char(c);
        if reads_as_escape || !(is_plain(c) || is_letter) {
            let _ = write!(out, "_x{:04X}_", u32::from(c));
        } else {
            out.push(c);
        }
    }
}

/// What [`push_name_part`] wrote.
pub fn read_name_part(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("_x") {
        out.push_str(before);
        let escaped = after
            .split_once('_')
            .filter(|(digits, _)| (4..=6).contains(&digits.len()))
            .and_then(|(digits, tail)| {
                let code = u32::from_str_radix(digits, 16).ok()?;
                Some((char::from_u32(code)?, tail))
            });
        match escaped {
            Some((c, tail)) => {
                out.push(c);
                rest = tail;
            }
            None => {
                out.push_str("_x");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The letters that XML 1.0 (fifth edition) §2.3 allows in a name, colon excluded.
fn is_name_char(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' | '.' | '\u{B7}'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
        | '\u{203F}'..='\u{2040}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// Appends text as one path segment or query value of a URL: all but letters, digits and
/// `-._~` percent-encoded (RFC 3986 §2.3), and therefore free of XML specials.
pub fn push_url_component(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let hex = |n: u8| HEX.get(usize::from(n)).map_or('0', |b| char::from(*b));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(hex(byte >> 4));
            out.push(hex(byte & 15));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_is_escaped_and_control_characters_are_left_out() {
        assert_eq!(
            escaped("a<b>&\"'\u{0}\u{1}\u{B}\t\n\u{FFFE}é\u{1F600}"),
            "a&lt;b&gt;&amp;&quot;&#39;\t\né\u{1F600}"
        );
    }

    #[test]
    fn a_url_component_is_percent_encoded() {
        let mut out = String::new();
        push_url_component(&mut out, "forêt & co/1");
        assert_eq!(out, "for%C3%AAt%20%26%20co%2F1");
    }

    proptest! {
        #[test]
        fn what_was_escaped_is_read_back(text in any::<String>()) {
            let kept: String = text.chars().filter(|c| is_allowed(*c)).collect();
            let read = quick_xml::escape::unescape(&escaped(&text)).unwrap().into_owned();
            prop_assert_eq!(read, kept);
        }

        #[test]
        fn a_part_of_a_name_is_read_back(text in "[_x0-9a-f A-F/é\u{1F600}]{0,12}|\\PC{0,12}") {
            let mut out = "a".to_owned();
            push_name_part(&mut out, &text);
            prop_assert_eq!(&ncname(&out), &out);
            let read = read_name_part(&out);
            prop_assert_eq!(read.strip_prefix('a'), Some(text.as_str()));
        }

        #[test]
        fn every_column_has_an_element_of_its_own(
            names in prop::collection::vec("[aAbB _1éÉ-]{0,3}", 0..12)
        ) {
            let elements = element_names(names.iter().map(String::as_str));
            let distinct: HashSet<String> = elements.iter().map(|e| e.to_lowercase()).collect();
            prop_assert_eq!(distinct.len(), names.len());
            prop_assert!(elements.iter().all(|e| ncname(e) == *e));
        }

        #[test]
        fn any_text_makes_a_name(text in any::<String>()) {
            let name = ncname(&text);
            let first = name.chars().next().unwrap();
            prop_assert!(first == '_' || first.is_alphabetic());
            prop_assert!(name.chars().all(is_name_char));
        }
    }
}
