//! The access log: what was asked and how it went, without secrets and without addresses of
//! people.

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

/// A query that may be written to a log: secret values replaced, length bounded, control
/// characters escaped.
pub fn redacted(query: &str) -> String {
    let mut out = String::with_capacity(query.len().min(2100));
    for (i, pair) in query.split('&').enumerate() {
        if i > 0 {
            out.push('&');
        }
        match pair.split_once('=') {
            Some((name, _)) if is_secret(name) => {
                out.push_str(name);
                out.push_str("=***");
            }
            _ => out.push_str(pair),
        }
        if out.len() > 2000 {
            let cut = (0..=2000)
                .rev()
                .find(|n| out.is_char_boundary(*n))
                .unwrap_or(0);
            out.truncate(cut);
            out.push('…');
            break;
        }
    }
    let is_plain = out.bytes().all(|b| (b' '..=b'~').contains(&b));
    if !is_plain && out.chars().any(char::is_control) {
        return out.escape_debug().to_string();
    }
    out
}

fn is_secret(name: &str) -> bool {
    // a percent-encoded name is not taken apart: it is hidden when any plain part of it fits
    let contains = |part: &str| {
        name.as_bytes()
            .windows(part.len())
            .any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
    };
    SECRET
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
        || ["passw", "token", "secret", "%"].into_iter().any(contains)
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
