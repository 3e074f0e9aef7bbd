//! CQL2 text as words, numbers, texts and signs, each with its place.

use super::source::Source;
use crate::error::Error;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'t> {
    pub kind: Kind<'t>,
    /// Where it begins, in bytes.
    pub at: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'t> {
    /// A name or a word of the language.
    Word(&'t str),
    /// A name in double quotes.
    Quoted(String),
    /// A text in single quotes.
    Text(String),
    Number(&'t str),
    Sign(&'static str),
    End,
}

impl Kind<'_> {
    /// As a message says it.
    pub(super) fn describe(&self) -> String {
        match self {
            Kind::Word(word) => format!("{:?}", short(word)),
            Kind::Quoted(name) => format!("the name \"{}\"", short(name)),
            Kind::Text(text) => format!("the text '{}'", short(text)),
            Kind::Number(number) => format!("the number {}", short(number)),
            Kind::Sign(sign) => format!("{sign:?}"),
            Kind::End => "the end".to_owned(),
        }
    }
}

/// So much of a text that a message stays readable.
fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The signs, longer ones before those that they begin with.
const SIGNS: [&str; 16] = [
    "<>", "<=", ">=", "(", ")", ",", "=", "<", ">", "+", "-", "*", "/", "%", "^", ";",
];

/// Takes a text apart.
///
/// # Errors
/// `InvalidFilter` with line and column: a text or name without its end, a sign that is none.
pub(super) fn tokens(source: Source<'_>) -> Result<Vec<Token<'_>>, Error> {
    let text = source.text;
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            tokens.push(Token {
                kind: Kind::End,
                at,
            });
            return Ok(tokens);
        };
        let fault = |message: String| source.fault(at, &message);
        let (kind, length) = match first {
            '\'' => {
                let found = quoted(rest, '\'');
                let (content, length) =
                    found.ok_or_else(|| fault("the text has no closing '".to_owned()))?;
                (Kind::Text(content), length)
            }
            '"' => {
                let found = quoted(rest, '"');
                let (content, length) =
                    found.ok_or_else(|| fault("the name has no closing \"".to_owned()))?;
                (Kind::Quoted(content), length)
            }
            c if c.is_ascii_digit() || (c == '.' && starts_with_digit(rest.get(1..))) => {
                let length = number_length(rest);
                let (number, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
                if behind.starts_with(is_name_start) {
                    let word = behind
                        .split(|c| !is_name_part(c))
                        .next()
                        .unwrap_or_default();
                    return Err(fault(format!(
                        "a name does not begin with a digit, found {:?}; any name may stand in \
                         double quotes",
                        short(&format!("{number}{word}"))
                    )));
                }
                (Kind::Number(number), length)
            }
            c if is_name_start(c) => {
                let length = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
                let word = rest.get(..length).unwrap_or(rest);
                (Kind::Word(word), length)
            }
            other => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| {
                    let hint = match other {
                        '!' => ": \"not equal\" is <>",
                        '[' => ": an array stands in parentheses",
                        '‘' | '’' | '“' | '”' => ": texts stand in straight single quotes",
                        _ => "",
                    };
                    fault(format!("{other:?} has no meaning here{hint}"))
                })?;
                (Kind::Sign(sign), sign.len())
            }
        };
        tokens.push(Token { kind, at });
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// What stands between quotes, and how many bytes that is with them. Two quotes are one; in
/// single quotes a quote behind a backslash is one too.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        if c == quote {
            if next != Some(quote) {
                return Some((content, at + c.len_utf8()));
            }
            chars.next();
        } else if c == '\\' && quote == '\'' && next == Some(quote) {
            chars.next();
            content.push(quote);
            continue;
        }
        content.push(c);
    }
    None
}

fn starts_with_digit(text: Option<&str>) -> bool {
    text.is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()))
}

/// Bytes of a number: digits, a point, an exponent.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_digit());
        from + end.unwrap_or(rest.len())
    };
    let has = |at: usize, any: &[u8]| text.as_bytes().get(at).is_some_and(|b| any.contains(b));
    let mut end = digits(0);
    if has(end, b".") {
        end = digits(end + 1);
    }
    if has(end, b"eE") {
        let sign = usize::from(has(end + 1, b"+-"));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

/// The first character of a name (`identifierStart`).
fn is_name_start(c: char) -> bool {
    matches!(c, ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1ffe}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
        && !c.is_whitespace()
}

/// A further character of a name (`identifierPart`).
fn is_name_part(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '.' | '0'..='9' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// True for a name that needs no quotes, but for the words of the language.
pub(crate) fn is_plain_name(name: &str) -> bool {
    name.starts_with(is_name_start) && name.chars().all(is_name_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        let mut found: Vec<_> = tokens(Source::written(text))
            .unwrap()
            .into_iter()
            .map(|t| t.kind)
            .collect();
        assert_eq!(found.pop(), Some(Kind::End));
        found
    }

    #[test]
    fn quotes_are_escaped_by_doubling_or_in_texts_by_a_backslash() {
        assert_eq!(
            kinds(r#"'Via dell''Avvento' 'l\'eau' "a ""b""" 'c:\d' ''"#),
            [
                Kind::Text("Via dell'Avvento".into()),
                Kind::Text("l'eau".into()),
                Kind::Quoted("a \"b\"".into()),
                Kind::Text("c:\\d".into()),
                Kind::Text(String::new()),
            ]
        );
    }

    #[test]
    fn numbers_names_and_signs_stand_side_by_side() {
        let found = kinds("1.5E-3>=.5+2.*eo:cloud.é2<>7");
        let expected = [
            Kind::Number("1.5E-3"),
            Kind::Sign(">="),
            Kind::Number(".5"),
            Kind::Sign("+"),
            Kind::Number("2."),
            Kind::Sign("*"),
            Kind::Word("eo:cloud.é2"),
            Kind::Sign("<>"),
            Kind::Number("7"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn faults_say_where_they_are() {
        let fault = |text| tokens(Source::written(text)).unwrap_err().to_string();
        assert!(fault("a =\n 'x").contains("line 2, column 2: the text has no closing '"));
        assert!(
            fault("é != 1").contains("line 1, column 3"),
            "{}",
            fault("é != 1")
        );
        assert!(fault("2a = 1").contains("\"2a\""));
        assert!(fault("\"a").contains("closing \""));
    }
}
