//! The words of QGIS's expressions.

/// Sums and products of as many terms are as deep a tree.
const MAX_TOKENS: usize = 500;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// `"name"`
    Column(String),
    Text(String),
    Number(f64),
    /// A name without quotes, a keyword, `$area`.
    Word(String),
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Column(name) => write!(f, "\"{name}\""),
            Token::Text(text) => write!(f, "'{text}'"),
            Token::Number(number) => write!(f, "{number}"),
            Token::Word(word) => f.write_str(word),
            Token::Sign(sign) => f.write_str(sign),
        }
    }
}

/// Longer ones first.
const SIGNS: [&str; 20] = [
    "||", "<>", "!=", "<=", ">=", "//", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", ",",
    "~", "[",
];

/// The words of an expression.
///
/// # Errors
/// What is no word, in words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = if first == '"' || first == '\'' {
            let (inner, after) = quoted(rest, first)?;
            match first {
                '"' => (Token::Column(inner), after),
                _ => (Token::Text(inner), after),
            }
        } else if first.is_ascii_digit() || first == '.' {
            number(rest)?
        } else if first.is_alphabetic() || matches!(first, '_' | '$') {
            let end = rest
                .char_indices()
                .skip(1)
                .find(|(_, c)| !c.is_alphanumeric() && *c != '_')
                .map_or(rest.len(), |(at, _)| at);
            let (word, after) = rest.split_at(end);
            (Token::Word(word.to_owned()), after)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            let after = rest.get(sign.len()..).unwrap_or_default();
            (Token::Sign(sign), after)
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            return Err(format!("{} is not known here", rest.split_at(end).0));
        };
        out.push(token);
        if out.len() > MAX_TOKENS {
            return Err(format!("it is longer than {MAX_TOKENS} words"));
        }
        rest = after.trim_start();
    }
    Ok(out)
}

/// What stands in quotes, doubled or after a backslash where it is the quote itself.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut inner = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote == '\'' => match letters.next() {
                Some((_, 'n')) => inner.push('\n'),
                Some((_, 't')) => inner.push('\t'),
                Some((_, other)) => inner.push(other),
                None => break,
            },
            _ if letter == quote => {
                if letters.next_if(|(_, next)| *next == quote).is_none() {
                    let after = text.get(at + quote.len_utf8()..).unwrap_or_default();
                    return Ok((inner, after));
                }
                inner.push(quote);
            }
            _ => inner.push(letter),
        }
    }
    Err(format!("{quote} is not closed"))
}

fn number(text: &str) -> Result<(Token, &str), String> {
    let mut end = 0;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let part = c.is_ascii_digit()
            || c == '.'
            || matches!(c, 'e' | 'E') && at > 0 && before.is_ascii_digit()
            || matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        if !part {
            break;
        }
        before = c;
        end = at + c.len_utf8();
    }
    let (digits, after) = text.split_at(end);
    let number = digits.parse::<f64>().ok().filter(|n| n.is_finite());
    let number = number.ok_or_else(|| format!("{digits} is no number"))?;
    Ok((Token::Number(number), after))
}
