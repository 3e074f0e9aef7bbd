use std::borrow::Cow;
use std::ops::Range;

use crate::error::{Error, Result};

/// Pairs read of one request: far above what any client sends (QGIS: about 20).
pub const MAX_PAIRS: usize = 1_000;

/// The key-value pairs of a query string or a form body (OGC 06-042 §6.8, OGC 06-121r9 §11.2).
///
/// Names are read in any case and order. Empty pairs (`&&`) and unknown names are ignored. Of a
/// name given twice the last value that is not empty counts: a base URL may already carry
/// parameters, and what the client appends is what it means. `+` is a space; a `%` without two
/// hexadecimal digits stands for itself; bytes that are no UTF-8 are read as Latin-1, which is
/// what older French clients send.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kvp {
    /// All names, in upper case, and values, decoded and trimmed.
    text: String,
    /// Where each name and its value are.
    pairs: Vec<(Range<usize>, Range<usize>)>,
}

impl Kvp {
    /// Reads a query string, with or without its `?`.
    ///
    /// # Errors
    /// `LimitExceeded` for more than [`MAX_PAIRS`] pairs.
    pub fn parse(query: &str) -> Result<Kvp> {
        let mut kvp = Kvp::default();
        kvp.append(query.as_bytes())?;
        Ok(kvp)
    }

    /// Adds the pairs of a form body; they count before those of the query string.
    ///
    /// # Errors
    /// As [`parse`](Kvp::parse).
    pub fn append(&mut self, text: &[u8]) -> Result<()> {
        let text = text.strip_prefix(b"?").unwrap_or(text);
        self.text.reserve(text.len());
        for pair in text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            if self.pairs.len() >= MAX_PAIRS {
                return Err(Error::LimitExceeded {
                    what: "the number of parameters",
                    limit: MAX_PAIRS as u64,
                    found: self.pairs.len() as u64 + 1,
                });
            }
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let name = decode(halves.next().unwrap_or_default());
            let value = decode(halves.next().unwrap_or_default());
            let name = trimmed(&name);
            let name = if name.is_ascii() {
                let name = self.add(name);
                if let Some(name) = self.text.get_mut(name.clone()) {
                    name.make_ascii_uppercase();
                }
                name
            } else {
                self.add(&name.to_uppercase())
            };
            let value = self.add(trimmed(&value));
            self.pairs.push((name, value));
        }
        Ok(())
    }

    fn add(&mut self, text: &str) -> Range<usize> {
        let begin = self.text.len();
        self.text.push_str(text);
        begin..self.text.len()
    }

    fn at(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// The value of a name written in capitals, trimmed; `None` where it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values(name).rfind(|value| !value.is_empty())
    }

    /// True where the name is there, be it with an empty value (`STYLES=`).
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The value of a name.
    ///
    /// # Errors
    /// `MissingParameter`, saying what was expected.
    pub fn require(&self, name: &str, expected: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| Error::MissingParameter {
            name: name.to_owned(),
            expected: expected.to_owned(),
        })
    }

    /// The value of a name, read as something; `None` where it is absent or empty.
    ///
    /// # Errors
    /// `InvalidParameter` with what was expected and what was found.
    pub fn parsed<T: std::str::FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Error::parameter(
                name,
                format!("expected {expected}, found {text:?}"),
            )),
        }
    }

    /// Every name that was given, in capitals, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| self.at(name))
    }

    /// Every pair that was given, the names in capitals, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs.iter();
        pairs.map(|(name, value)| (self.at(name), self.at(value)))
    }

    fn values<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl DoubleEndedIterator<Item = &'a str> + use<'a, 'n> {
        self.pairs
            .iter()
            .filter(move |(n, _)| self.text.as_bytes().get(n.clone()) == Some(name.as_bytes()))
            .map(|(_, value)| self.at(value))
    }
}

/// Decodes a percent-encoded name or value as [`Kvp`] does.
pub fn decode(text: &[u8]) -> Cow<'_, str> {
    let is_escape = |b: &u8| matches!(b, b'+' | b'%');
    if !text.iter().any(is_escape)
        && let Ok(plain) = std::str::from_utf8(text)
    {
        return Cow::Borrowed(plain);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let decoded = match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, tail @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = tail;
                    high << 4 | low
                }
                _ => b'%',
            },
            (other, _) => *other,
        };
        bytes.push(decoded);
    }
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|latin1| latin1.as_bytes().iter().map(|b| char::from(*b)).collect());
    Cow::Owned(text)
}

/// Text without white space at its ends, which seldom has any.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_come_in_any_case_escaped_and_between_empty_pairs() {
        let kvp = Kvp::parse("?&&VeRsIoN=1.3.0&%47%65%74=a%2Bb+c&BoGuS&=x").unwrap();
        assert_eq!(kvp.get("VERSION"), Some("1.3.0"));
        assert_eq!(kvp.get("GET"), Some("a+b c"));
        assert_eq!(kvp.get("BOGUS"), None);
        assert!(kvp.has("BOGUS"));
    }

    #[test]
    fn the_last_value_that_is_not_empty_counts() {
        let kvp = Kvp::parse("version=1.1.1&VERSION=1.3.0&version=").unwrap();
        assert_eq!(kvp.get("VERSION"), Some("1.3.0"));
    }

    #[test]
    fn bad_escapes_are_literal_and_latin1_is_understood() {
        let kvp = Kvp::parse("a=50%&b=%zz&c=%&d=for%EAt&e=for%C3%AAt").unwrap();
        assert_eq!(kvp.get("A"), Some("50%"));
        assert_eq!(kvp.get("B"), Some("%zz"));
        assert_eq!(kvp.get("C"), Some("%"));
        assert_eq!(kvp.get("D"), Some("forêt"));
        assert_eq!(kvp.get("E"), Some("forêt"));
    }

    #[test]
    fn more_pairs_than_any_client_sends_are_refused() {
        let query = "a=1&".repeat(MAX_PAIRS + 1);
        assert!(matches!(
            Kvp::parse(&query),
            Err(Error::LimitExceeded { .. })
        ));
    }

    proptest! {
        #[test]
        fn an_encoded_value_is_read_back(value in "[^\u{0}-\u{1f}\u{7f}\u{85}\\s]{1,20}") {
            let mut query = "k=".to_owned();
            crate::encode::xml::push_url_component(&mut query, &value);
            let kvp = Kvp::parse(&query).unwrap();
            prop_assert_eq!(kvp.get("K"), Some(value.as_str()));
        }

        #[test]
        fn any_bytes_are_read_without_fault(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut kvp = Kvp::default();
            kvp.append(&bytes).unwrap();
            let _ = kvp.get("K");
        }
    }
}
