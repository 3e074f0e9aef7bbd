use std::borrow::Cow;

use crate::encode::xml::push_url_component;
use crate::error::{Error, Result, nearest};
use crate::protocol::ows::{MAX_PAIRS, decode};

/// The query string of a request, pair by pair, as it was sent: names of fields keep their case,
/// and links repeat what they were not told to change, byte by byte.
#[derive(Debug)]
pub struct Sent<'a> {
    pairs: Vec<Pair<'a>>,
}

/// One parameter.
#[derive(Debug)]
pub struct Pair<'a> {
    raw: &'a str,
    pub name: Cow<'a, str>,
    pub value: Cow<'a, str>,
}

impl<'a> Sent<'a> {
    /// # Errors
    /// `LimitExceeded` for more than [`MAX_PAIRS`] pairs.
    pub fn parse(query: &'a str) -> Result<Sent<'a>> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs: Vec<Pair<'a>> = pairs
            .take(MAX_PAIRS + 1)
            .map(|raw| {
                let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
                Pair {
                    raw,
                    name: decode(name.as_bytes()),
                    value: decode(value.as_bytes()),
                }
            })
            .filter(|pair| !pair.name.trim().is_empty())
            .collect();
        if pairs.len() > MAX_PAIRS {
            return Err(Error::LimitExceeded {
                what: "the number of parameters",
                limit: MAX_PAIRS as u64,
                found: pairs.len() as u64,
            });
        }
        Ok(Sent { pairs })
    }

    /// The value of a parameter, trimmed; names in any case, and of several values the last.
    ///
    /// # Errors
    /// `InvalidParameter` where it is there and empty.
    pub fn get(&self, name: &str) -> Result<Option<&str>> {
        let mut of_name = self.pairs.iter().filter(|pair| pair.is_named(name));
        match of_name.next_back().map(|pair| pair.value.trim()) {
            Some("") => Err(Error::parameter(name, "expected a value, found none")),
            found => Ok(found),
        }
    }

    /// A whole number of at least `least`.
    ///
    /// # Errors
    /// `InvalidParameter` with what was found.
    pub fn whole(&self, name: &str, least: u64) -> Result<Option<u64>> {
        let Some(text) = self.get(name)? else {
            return Ok(None);
        };
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u64>() {
            Ok(number) if digits && number >= least => Ok(Some(number)),
            // more than any number of features
            Err(_) if digits => Ok(Some(u64::MAX)),
            _ => Err(Error::parameter(
                name,
                format!("expected a whole number from {least}, found {text:?}"),
            )),
        }
    }

    /// What is none of the parameters named.
    pub fn others<'s>(&'s self, known: &'s [&str]) -> impl Iterator<Item = &'s Pair<'a>> {
        let is_known = move |pair: &Pair<'a>| known.iter().any(|name| pair.is_named(name));
        self.pairs.iter().filter(move |pair| !is_known(pair))
    }

    /// Refuses what is none of the parameters named (OGC 17-069r4 requirement 8).
    ///
    /// # Errors
    /// `InvalidParameter`, with the nearest name that is known.
    pub fn check(&self, known: &[&str]) -> Result<()> {
        match self.others(known).next() {
            Some(pair) => Err(unknown(&pair.name, known)),
            None => Ok(()),
        }
    }

    /// An address with these parameters, those of `changed` put in the place of what was sent;
    /// `None` leaves a parameter out.
    pub fn href(&self, path: &str, changed: &[(&str, Option<&str>)]) -> String {
        let mut href = path.to_owned();
        let mut glue = '?';
        let names: Vec<&str> = changed.iter().map(|(name, _)| *name).collect();
        for pair in self.others(&names) {
            href.push(glue);
            glue = '&';
            href.push_str(pair.raw);
        }
        for (name, value) in changed {
            let Some(value) = value else { continue };
            href.push(glue);
            glue = '&';
            href.push_str(name);
            href.push('=');
            push_url_component(&mut href, value);
        }
        href
    }
}

impl Pair<'_> {
    fn is_named(&self, name: &str) -> bool {
        self.name.trim().eq_ignore_ascii_case(name)
    }
}

/// The refusal of a parameter.
pub fn unknown(name: &str, known: &[&str]) -> Error {
    let meant = match nearest(name, known.iter().copied()) {
        Some(meant) => format!(", did you mean {meant:?}?"),
        None => String::new(),
    };
    Error::parameter(
        name.chars().take(80).collect::<String>(),
        format!(
            "is no parameter of this address: expected one of {}{meant}",
            known.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_repeats_what_was_sent_byte_by_byte() {
        let sent = Sent::parse("&&filter=a%20%3D+1&Nom=%C3%89ze&OFFSET=20&=x&limit=5").unwrap();
        assert_eq!(
            sent.href("/items", &[("offset", Some("40"))]),
            "/items?filter=a%20%3D+1&Nom=%C3%89ze&limit=5&offset=40"
        );
        assert_eq!(
            sent.href("/items", &[("offset", None), ("f", Some("a b"))]),
            "/items?filter=a%20%3D+1&Nom=%C3%89ze&limit=5&f=a%20b"
        );
        assert_eq!(sent.get("filter"), Ok(Some("a = 1")));
        let field = sent.others(&["filter", "offset", "limit"]).next().unwrap();
        assert_eq!((&*field.name, &*field.value), ("Nom", "Éze"));
    }

    #[test]
    fn a_number_is_whole_and_an_empty_value_no_value() {
        let whole = |query: &str| Sent::parse(query).unwrap().whole("limit", 1);
        assert_eq!(whole("limit=10"), Ok(Some(10)));
        assert_eq!(whole("limit=99999999999999999999999"), Ok(Some(u64::MAX)));
        assert_eq!(whole(""), Ok(None));
        for wrong in [
            "limit=0",
            "limit=",
            "limit=-1",
            "limit=1.0",
            "limit=%2B1",
            "limit=1e3",
        ] {
            assert!(whole(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_name_is_told_with_the_nearest() {
        let sent = Sent::parse("bbox_crs=1").unwrap();
        let error = sent.check(&["bbox", "bbox-crs"]).unwrap_err().to_string();
        assert!(error.contains("did you mean \"bbox-crs\"?"), "{error}");
        assert!(Sent::parse(&"a=1&".repeat(MAX_PAIRS + 1)).is_err());
    }
}
