//! The access log: what was asked and how it went, without secrets and without addresses of
//! people.

use std::borrow::Cow;

/// Parameters whose values are secrets, whatever protocol they come in.
const SECRET: [&str; 9] = [
    "access_token",
    "api_key",
    "apikey",
    "authkey",
    "key",
    "map_key",
    "password",
    "pwd",
    "token",
];

/// Bytes of a query that are written.
const MAX_BYTES: usize = 2000;

/// A query that may be written to a log: secret values replaced, length bounded, control
/// characters escaped. Most queries are written as they came.
pub fn redacted(query: &str) -> Cow<'_, str> {
    let has_secret = pairs(query).any(|(name, _)| is_secret(name.as_bytes()));
    if !has_secret && query.len() <= MAX_BYTES && is_plain(query) {
        return Cow::Borrowed(query);
    }
    let mut out = String::with_capacity(query.len().min(MAX_BYTES + 100));
    for (i, (name, value)) in pairs(query).enumerate() {
        if i > 0 {
            out.push('&');
        }
        out.push_str(name);
        if value.is_some() {
            out.push('=');
        }
        match value {
            Some(_) if is_secret(name.as_bytes()) => out.push_str("***"),
            value => out.push_str(value.unwrap_or_default()),
        }
        if out.len() > MAX_BYTES {
            let cut = (0..=MAX_BYTES)
                .rev()
                .find(|n| out.is_char_boundary(*n))
                .unwrap_or(0);
            out.truncate(cut);
            out.push('…');
            break;
        }
    }
    if !is_plain(&out) && out.chars().any(char::is_control) {
        return Cow::Owned(out.escape_debug().to_string());
    }
    Cow::Owned(out)
}

/// A path without the token of a signed link, which is as good as a key.
pub fn without_link(path: &str) -> Cow<'_, str> {
    match path.strip_prefix("/s/") {
        None => Cow::Borrowed(path),
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            Cow::Owned(format!("/s/***{}", rest.get(end..).unwrap_or("")))
        }
    }
}

/// Text that a log may show as it is, or with its control characters escaped.
pub fn shown(text: &str) -> Cow<'_, str> {
    let is_as_escaped = |b: u8| (b' '..=b'~').contains(&b) && !b"\"'\\".contains(&b);
    if text.bytes().all(is_as_escaped) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.escape_debug().to_string())
    }
}

/// Names and values as they were written; no value where there is no `=`.
fn pairs(query: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = Some(query);
    std::iter::from_fn(move || {
        let text = rest?;
        // both are ASCII: a cut there is between characters
        let end = text.bytes().position(|b| b == b'&');
        let (pair, after) = match end {
            Some(end) => (text.get(..end)?, text.get(end + 1..)),
            None => (text, None),
        };
        rest = after;
        let equals = pair.bytes().position(|b| b == b'=');
        Some(match equals {
            Some(equals) => (pair.get(..equals)?, pair.get(equals + 1..)),
            None => (pair, None),
        })
    })
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

fn is_secret(name: &[u8]) -> bool {
    let starts = |text: &[u8], with: &[u8]| {
        text.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    // a percent-encoded name is not taken apart: it is hidden when any plain part of it fits
    let holds_one = name.iter().enumerate().any(|(at, byte)| {
        let here = || name.get(at..).unwrap_or(&[]);
        match byte.to_ascii_lowercase() {
            b'%' => true,
            b'p' => starts(here(), b"passw"),
            b's' => starts(here(), b"secret"),
            b't' => starts(here(), b"token"),
            _ => false,
        }
    });
    let is_one =
        |secret: &&str| secret.len() == name.len() && name.eq_ignore_ascii_case(secret.as_bytes());
    holds_one || SECRET.iter().any(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_logged() {
        assert_eq!(
            redacted("SERVICE=WMS&API_KEY=abc&Token=x&LAYERS=communes&%74oken=y"),
            "SERVICE=WMS&API_KEY=***&Token=***&LAYERS=communes&%74oken=***"
        );
        // a name without a value is written as it is
        assert_eq!(
            redacted("token&myPassword=a=b&&Secrets="),
            "token&myPassword=***&&Secrets=***"
        );
    }

    #[test]
    fn a_query_without_secrets_is_written_as_it_came() {
        for query in [
            "",
            "&&",
            "a",
            "=",
            "a=b=c&STYLES=&d",
            "TOKE=1&asswd=2&keys=3",
        ] {
            assert!(
                matches!(redacted(query), Cow::Borrowed(same) if same == query),
                "{query}"
            );
        }
    }

    #[test]
    fn a_path_is_shown_as_if_escaped() {
        for path in [
            "/wms",
            "/a'b\"c\\d",
            "/for\u{ea}t",
            "/\u{1b}[31m",
            "/e\u{301}",
        ] {
            assert_eq!(shown(path), path.escape_debug().to_string());
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(redacted("a=\u{1b}[31m"), "a=\\u{1b}[31m");
        assert_eq!(redacted("a=for\u{ea}t\u{85}"), "a=for\u{ea}t\\u{85}");
    }

    #[test]
    fn a_long_query_is_cut() {
        let long = format!("SLD_BODY={}", "é".repeat(5000));
        assert!(redacted(&long).len() < 2100);
    }
}
