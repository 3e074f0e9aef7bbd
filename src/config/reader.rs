//! Typed reading of YAML nodes: each reader says what it expected and what it found, and
//! goes on, so that all faults of a file are reported at once.

use crate::error::nearest;

use super::diagnostic::{At, Findings, Place};
use super::ident;
use super::slips::{key_help, key_meant, number_meant, word_meant};
use super::yaml::{Node, ScalarKind, Value, shortened};

/// A node and its place in the document.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub node: &'a Node,
    pub place: Place,
}

/// A mapping whose keys are known beforehand.
#[derive(Debug)]
pub struct Fields<'a> {
    place: Place,
    entries: Vec<(&'a str, Entry<'a>)>,
    /// What keys that are not known were meant for.
    meant: Vec<String>,
}

impl<'a> Fields<'a> {
    /// Reads a mapping; keys that are not `known` are errors with "did you mean".
    pub fn new(entry: &Entry<'a>, known: &[&str], findings: &mut Findings) -> Fields<'a> {
        if !entry.is_map() {
            // a list item has a number for a name, a document none
            let name = entry.place.key.rsplit('.').next().unwrap_or("");
            let keys = known.iter().take(2).map(|key| format!("{key}: …"));
            let keys = keys.collect::<Vec<_>>().join(", ");
            match name.is_empty() || name.ends_with(']') {
                true => entry.expected("a mapping (`key: value`)", findings),
                false => {
                    let help = format!("write {name}: {{{keys}}}");
                    entry.expected_help("a mapping (`key: value`)", help, findings);
                }
            }
            return Fields {
                place: entry.place.clone(),
                entries: Vec::new(),
                meant: Vec::new(),
            };
        }
        let entries = entry.entries(findings);
        let mut meant = Vec::new();
        // in braces the mapping begins before its first key
        let in_braces = entries.first().map(|pair| pair.key_place.mark) != Some(entry.place.mark);
        for pair in entries.iter().filter(|pair| !known.contains(&pair.key)) {
            meant.extend(key_meant(pair.key, known));
            let help = if !in_braces || !pair.follows_comma() {
                key_help(pair.key, known, !entry.place.key.is_empty())
            } else if pair.key.bytes().all(|b| b.is_ascii_digit()) {
                "a comma begins another key: write a number with a point, as in 0.7".to_owned()
            } else {
                "a comma begins another key: put a text with a comma between quotes".to_owned()
            };
            let message = format!("unknown key {:?}", shortened(pair.key));
            findings.error_help(&pair.key_place, message, help);
        }
        Fields {
            place: entry.place.clone(),
            entries: entries.into_iter().map(|e| (e.key, e.value)).collect(),
            meant,
        }
    }

    /// Reports a key that must be there, unless another was meant for it, which has been told.
    pub fn require(&self, key: &str, missing: &str, help: &str, findings: &mut Findings) {
        match self.said(key) {
            Some(entry) if entry.is_null() => {
                let message = format!("the key {key:?} has no value");
                let help = format!("{help}; what begins with # or ! stands between quotes");
                findings.error_help(&entry.place, message, help);
            }
            None if !self.meant.iter().any(|meant| meant == key) => {
                findings.error_help(&self.place, missing, help);
            }
            _ => {}
        }
    }

    /// The value of a key; none where the key is absent or its value is nothing.
    pub fn get(&self, key: &str) -> Option<Entry<'a>> {
        self.said(key).filter(|entry| !entry.is_null())
    }

    /// The value of a key, also where it is nothing; none where the key is absent.
    pub fn said(&self, key: &str) -> Option<Entry<'a>> {
        let mut entries = self.entries.iter();
        let found = entries.find(|(name, _)| *name == key);
        found.map(|(_, entry)| entry.clone())
    }

    /// True where a key is there that may be a slip for this one.
    pub fn has_nearly(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| may_mean(name, key))
    }

    /// A text, where the key is there.
    pub fn text(&self, key: &str, findings: &mut Findings) -> Option<String> {
        self.get(key)?.text(findings)
    }

    /// A text with its place, where the key is there.
    pub fn text_at(&self, key: &str, findings: &mut Findings) -> Option<At<String>> {
        self.get(key)?.text_at(findings)
    }

    /// The elements of a list of texts; none where the key is absent.
    pub fn texts(&self, key: &str, findings: &mut Findings) -> Vec<At<String>> {
        let items = self.get(key).map(|entry| entry.items(findings));
        items
            .unwrap_or_default()
            .iter()
            .filter_map(|item| item.text_at(findings))
            .collect()
    }
}

/// True where a word is this key, or a slip for it: other case, accents, a letter or two.
pub fn may_mean(word: &str, key: &str) -> bool {
    let plain: String = word.to_lowercase().chars().map(ident::fold).collect();
    plain == key || nearest(&plain, [key]).is_some()
}

/// One entry of a mapping.
#[derive(Debug)]
pub struct Pair<'a> {
    pub key: &'a str,
    pub key_place: Place,
    pub value: Entry<'a>,
}

impl Pair<'_> {
    /// True for what in braces is a word without a colon, as behind the comma in
    /// `{title: Ain, Isère}`.
    fn follows_comma(&self) -> bool {
        let (key, value) = (&self.key_place.mark, &self.value.place.mark);
        self.value.is_null()
            && (key.line, key.column.saturating_add(key.length)) == (value.line, value.column)
    }
}

impl<'a> Entry<'a> {
    /// The root of a document.
    pub fn root(node: &'a Node) -> Entry<'a> {
        Entry {
            node,
            place: Place {
                mark: node.mark,
                key: String::new(),
            },
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(&self.node.value, Value::Scalar(s) if s.kind == ScalarKind::Null)
    }

    pub fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    pub fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    /// Reports that something else was expected.
    pub fn expected(&self, what: &str, findings: &mut Findings) {
        let found = self.node.describe();
        findings.error(&self.place, format!("expected {what}, found {found}"));
    }

    /// The same, with a line of help.
    pub fn expected_help(&self, what: &str, help: impl Into<String>, findings: &mut Findings) {
        let found = self.node.describe();
        findings.error_help(&self.place, format!("expected {what}, found {found}"), help);
    }

    /// The entries of a mapping.
    pub fn entries(&self, findings: &mut Findings) -> Vec<Pair<'a>> {
        let Value::Map(entries) = &self.node.value else {
            self.expected("a mapping (`key: value`)", findings);
            return Vec::new();
        };
        entries
            .iter()
            .map(|(key, node)| {
                let path = match self.place.key.as_str() {
                    "" => key.name.clone(),
                    parent => [parent, ".", &key.name].concat(),
                };
                Pair {
                    key: &key.name,
                    key_place: Place {
                        mark: key.mark,
                        key: path.clone(),
                    },
                    value: Entry {
                        node,
                        place: Place {
                            mark: node.mark,
                            key: path,
                        },
                    },
                }
            })
            .collect()
    }

    /// The elements of a list.
    pub fn items(&self, findings: &mut Findings) -> Vec<Entry<'a>> {
        match &self.node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, node)| Entry {
                    node,
                    place: Place {
                        mark: node.mark,
                        key: format!("{}[{index}]", self.place.key),
                    },
                })
                .collect(),
            Value::Scalar(scalar) => {
                let help = match scalar.text.strip_prefix('-') {
                    Some(_) => "a space follows the dash of each element: - a".to_owned(),
                    None => format!("write [{}]", shortened(&scalar.text)),
                };
                self.expected_help("a list", help, findings);
                Vec::new()
            }
            Value::Map(_) => {
                self.expected_help("a list", "begin each element with \"- \"", findings);
                Vec::new()
            }
        }
    }

    /// A text that is not empty. Numbers and booleans count as the text they are written as.
    pub fn text(&self, findings: &mut Findings) -> Option<String> {
        match &self.node.value {
            Value::Scalar(scalar) if !scalar.text.trim().is_empty() && !self.is_null() => {
                Some(scalar.text.trim().to_owned())
            }
            Value::Map(_) => {
                let help = "a text that begins with \"{\" stands between quotes";
                self.expected_help("a text", help, findings);
                None
            }
            _ => {
                self.expected("a text", findings);
                None
            }
        }
    }

    pub fn text_at(&self, findings: &mut Findings) -> Option<At<String>> {
        self.text(findings).map(|value| At {
            value,
            place: self.place.clone(),
        })
    }

    /// So many numbers as they stand in a text without brackets, with commas between them.
    pub fn numbers(&self, count: usize) -> Option<String> {
        let Value::Scalar(scalar) = &self.node.value else {
            return None;
        };
        let words = scalar.text.split(|c: char| c == ',' || c.is_whitespace());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let are_numbers = words.iter().all(|word| word.parse::<f64>().is_ok());
        (are_numbers && words.len() == count).then(|| words.join(", "))
    }

    /// `true` or `false`.
    pub fn boolean(&self, findings: &mut Findings) -> Option<bool> {
        match &self.node.value {
            Value::Scalar(scalar) => match (scalar.kind, scalar.text.to_lowercase().as_str()) {
                (ScalarKind::Bool(value), _) => return Some(value),
                (_, word @ ("true" | "false")) => {
                    let help = format!("write {word} without quotes");
                    self.expected_help("true or false", help, findings);
                }
                (_, "yes" | "on" | "oui" | "vrai" | "o" | "y" | "1") => {
                    self.expected_help("true or false", "did you mean true?", findings);
                }
                (_, "no" | "off" | "non" | "faux" | "n" | "0") => {
                    self.expected_help("true or false", "did you mean false?", findings);
                }
                _ => self.expected("true or false", findings),
            },
            _ => self.expected("true or false", findings),
        }
        None
    }

    /// A number in a range, both ends included.
    pub fn number(&self, min: f64, max: f64, findings: &mut Findings) -> Option<f64> {
        if let Value::Scalar(scalar) = &self.node.value
            && let ScalarKind::Number(value) = scalar.kind
            && (min..=max).contains(&value)
        {
            return Some(value);
        }
        let what = format!("a number from {min} to {max}");
        self.expected_number(&what, min, max, findings);
        None
    }

    /// Reports that a number was expected, with the one that was meant where that can be told.
    fn expected_number(&self, what: &str, min: f64, max: f64, findings: &mut Findings) {
        let Value::Scalar(scalar) = &self.node.value else {
            return self.expected(what, findings);
        };
        let is_number = matches!(scalar.kind, ScalarKind::Number(_));
        match number_meant(&scalar.text, min, max) {
            Some(meant) if !is_number && scalar.text.trim().parse() == Ok(meant) => {
                self.expected_help(what, format!("write {meant} without quotes"), findings);
            }
            Some(meant) if is_number => {
                self.expected_help(what, format!("did you mean {meant}?"), findings);
            }
            Some(meant) => self.expected_help(what, format!("write {meant}"), findings),
            None => self.expected(what, findings),
        }
    }

    /// A whole number in a range, both ends included.
    pub fn integer(&self, min: u64, max: u64, findings: &mut Findings) -> Option<u64> {
        if let Value::Scalar(scalar) = &self.node.value
            && matches!(scalar.kind, ScalarKind::Number(_))
            && let Ok(value) = scalar.text.parse::<u64>()
            && (min..=max).contains(&value)
        {
            return Some(value);
        }
        let what = format!("a whole number from {min} to {max}");
        // what has decimals is not meant for one without
        let Value::Scalar(scalar) = &self.node.value else {
            self.expected(&what, findings);
            return None;
        };
        let meant = number_meant(&scalar.text, min as f64, max as f64);
        match meant.filter(|meant| meant.fract() == 0.0) {
            Some(_) => self.expected_number(&what, min as f64, max as f64, findings),
            None => self.expected(&what, findings),
        }
        None
    }

    /// A size in bytes: `256MB`, `64 KiB` or a whole number.
    pub fn bytes(&self, findings: &mut Findings) -> Option<u64> {
        if let Value::Scalar(scalar) = &self.node.value
            && let Some(bytes) = parse_bytes(&scalar.text)
        {
            return Some(bytes);
        }
        let help = match &self.node.value {
            Value::Scalar(scalar) => size_meant(&scalar.text),
            _ => None,
        };
        let help = help.map_or_else(
            || "units: kB, MB, GB (1000), KiB, MiB, GiB (1024)".to_owned(),
            |meant| format!("did you mean {meant}?"),
        );
        self.expected_help("a size such as 256MB", help, findings);
        None
    }

    /// The same where a number without a unit that is small is not meant as bytes.
    pub fn megabytes(&self, findings: &mut Findings) -> Option<u64> {
        let bytes = self.bytes(findings)?;
        if let Value::Scalar(scalar) = &self.node.value
            && matches!(scalar.kind, ScalarKind::Number(_))
            && (1..LEAST_BARE_BYTES).contains(&bytes)
        {
            let help = format!("did you mean {bytes}MB? (bytes are written {bytes}B)");
            let message = format!("expected a size such as 256MB, found {bytes} bytes");
            findings.error_help(&self.place, message, help);
            return None;
        }
        Some(bytes)
    }

    /// One word of a list.
    pub fn one_of(
        &self,
        what: &str,
        words: &[&str],
        findings: &mut Findings,
    ) -> Option<At<String>> {
        let word = self.text_at(findings)?;
        if words.contains(&word.value.as_str()) {
            return Some(word);
        }
        findings.error_nearest(
            &self.place,
            format!("unknown {what} {:?}", shortened(&word.value)),
            word_meant(&word.value, words),
            Some(format!("known: {}", words.join(", "))),
        );
        None
    }

    /// A day, `YYYY-MM-DD`.
    pub fn date(&self, findings: &mut Findings) -> Option<String> {
        let text = self.text(findings)?;
        let day = text.parse::<jiff::civil::Date>().ok();
        if text.len() == 10 && day.is_some_and(|day| day.to_string() == text) {
            return Some(text);
        }
        let numbers: Vec<i16> = text
            .split(['/', '.', '-'])
            .filter_map(|part| part.trim().parse().ok())
            .collect();
        let day = match *numbers.as_slice() {
            [day, month, year] if year > 1000 => i8::try_from(day)
                .ok()
                .zip(i8::try_from(month).ok())
                .and_then(|(day, month)| jiff::civil::Date::new(year, month, day).ok()),
            _ => None,
        };
        let help = match day {
            Some(day) => format!("write {day}"),
            None => "write it as YYYY-MM-DD, e.g. 2026-01-31".to_owned(),
        };
        self.expected_help("a day", help, findings);
        None
    }

    /// An e-mail address, by its form.
    pub fn email(&self, findings: &mut Findings) -> Option<String> {
        let text = self.text(findings)?;
        let is_email = text.split_once('@').is_some_and(|(name, host)| {
            let host_ok = host.split('.').count() > 1
                && host.split('.').all(|label| !label.is_empty())
                && !host.contains('@');
            !name.is_empty() && host_ok
        }) && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if is_email {
            return Some(text);
        }
        self.expected_help(
            "an e-mail address",
            "write it as name@example.org",
            findings,
        );
        None
    }
}

/// A cache of less would hold no ten tiles.
const LEAST_BARE_BYTES: u64 = 1_000_000;

/// The size that was meant by one in French units or with decimals.
fn size_meant(text: &str) -> Option<String> {
    let text = text.trim().replace(',', ".");
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let number: f64 = number.parse().ok()?;
    let (unit, smaller) = match unit.trim().to_lowercase().as_str() {
        "k" | "ko" | "kb" => ("kB", "B"),
        "m" | "mo" | "mb" => ("MB", "kB"),
        "g" | "go" | "gb" => ("GB", "MB"),
        "kio" | "kib" => ("KiB", "B"),
        "mio" | "mib" => ("MiB", "KiB"),
        "gio" | "gib" => ("GiB", "MiB"),
        _ => return None,
    };
    match number.fract() == 0.0 {
        true => Some(format!("{number}{unit}")),
        false => {
            let factor = if unit.contains('i') { 1024.0 } else { 1000.0 };
            Some(format!("{:.0}{smaller}", number * factor))
        }
    }
}

fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_do_not_overflow() {
        assert_eq!(parse_bytes("256MB"), Some(256_000_000));
        assert_eq!(parse_bytes("64 KiB"), Some(65_536));
        assert_eq!(parse_bytes("12"), Some(12));
        for wrong in [
            "",
            "MB",
            "-1",
            "1.5GB",
            "12 parsecs",
            "99999999999999999999",
        ] {
            assert_eq!(parse_bytes(wrong), None, "{wrong}");
        }
        assert_eq!(parse_bytes("18446744073709551615GB"), None);
    }
}
