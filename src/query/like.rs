//! LIKE patterns: how FES and CQL2 write them, and what they match.

use super::{LikePattern, LikePiece};

impl LikePattern {
    /// Takes a pattern apart, with the three characters that FES lets a filter choose
    /// (`wildCard`, `singleChar`, `escapeChar`; OGC 09-026r2 §7.7.3.5). CQL2 has `%`, `_`, `\`.
    ///
    /// An escape before any character makes that character stand for itself.
    pub fn parse(
        text: &str,
        wildcard: Option<char>,
        single: Option<char>,
        escape: Option<char>,
    ) -> LikePattern {
        let mut pieces = Vec::new();
        let mut run = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let piece = if Some(c) == escape {
                run.push(chars.next().unwrap_or(c));
                continue;
            } else if Some(c) == wildcard {
                LikePiece::Any
            } else if Some(c) == single {
                LikePiece::One
            } else {
                run.push(c);
                continue;
            };
            if !run.is_empty() {
                pieces.push(LikePiece::Text(std::mem::take(&mut run)));
            }
            if piece != LikePiece::Any || pieces.last() != Some(&LikePiece::Any) {
                pieces.push(piece);
            }
        }
        if !run.is_empty() {
            pieces.push(LikePiece::Text(run));
        }
        LikePattern(pieces)
    }

    /// The pattern with `%`, `_` and, before these and itself, `\\`: as CQL2 writes it.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                LikePiece::Any => text.push('%'),
                LikePiece::One => text.push('_'),
                LikePiece::Text(t) => {
                    for c in t.chars() {
                        if matches!(c, '%' | '_' | '\\') {
                            text.push('\\');
                        }
                        text.push(c);
                    }
                }
            }
        }
        text
    }

    /// How many characters it has, wildcards among them.
    pub(super) fn len(&self) -> usize {
        let of = |piece: &LikePiece| match piece {
            LikePiece::Text(text) => text.chars().count(),
            LikePiece::Any | LikePiece::One => 1,
        };
        self.0.iter().map(of).sum()
    }

    /// True where the whole of `text` is covered by the pattern.
    ///
    /// Time is at most the length of the text times the length of the pattern.
    pub fn matches(&self, text: &str, match_case: bool) -> bool {
        let mut pieces = self.0.as_slice();
        let mut rest = text;
        // where the last `Any` stands, and the text that it has not swallowed yet
        let mut retry: Option<(&[LikePiece], &str)> = None;
        loop {
            let step = match pieces.split_first() {
                Some((LikePiece::Any, [])) => return true,
                Some((LikePiece::Any, tail)) => {
                    retry = Some((tail, rest));
                    Some((tail, rest))
                }
                Some((LikePiece::One, tail)) => without_first(rest).map(|r| (tail, r)),
                Some((LikePiece::Text(t), tail)) => {
                    without_prefix(rest, t, match_case).map(|r| (tail, r))
                }
                None if rest.is_empty() => return true,
                None => None,
            };
            (pieces, rest) = match step {
                Some(next) => next,
                None => match retry.and_then(|(p, t)| without_first(t).map(|t| (p, t))) {
                    Some(next) => {
                        retry = Some(next);
                        next
                    }
                    None => return false,
                },
            };
        }
    }
}

fn without_first(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().map(|_| chars.as_str())
}

fn without_prefix<'t>(text: &'t str, prefix: &str, match_case: bool) -> Option<&'t str> {
    if match_case {
        return text.strip_prefix(prefix);
    }
    let mut chars = text.chars();
    for wanted in prefix.chars() {
        let found = chars.next()?;
        if found != wanted && !found.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn like(pattern: &str) -> LikePattern {
        LikePattern::parse(pattern, Some('%'), Some('_'), Some('\\'))
    }

    #[test]
    fn wildcards_single_characters_and_escapes_mean_what_fes_says() {
        assert!(like("Saint-%").matches("Saint-Étienne", true));
        assert!(!like("saint-%").matches("Saint-Étienne", true));
        assert!(like("%é_ienne").matches("Saint-Étienne", false));
        assert!(like(r"100\%").matches("100%", true));
        assert!(!like(r"100\%").matches("1000", true));
        assert!(!like("").matches("a", true));
        assert!(like("%").matches("", true));
        assert!(!like("_").matches("", true));
        let dotted = LikePattern::parse("2*", Some('*'), Some('.'), Some('!'));
        assert!(dotted.matches("2A", true));
    }

    /// Every way to cover the text, tried one after the other.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', tail)) => (0..=text.len()).any(|n| naive(tail, &text[n..])),
            Some(('_', tail)) => !text.is_empty() && naive(tail, &text[1..]),
            Some((c, tail)) => text.first() == Some(c) && naive(tail, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_what_trying_every_cover_matches(
            pattern in "[abé%_]{0,8}", text in "[abé]{0,10}"
        ) {
            let p: Vec<char> = pattern.chars().collect();
            let t: Vec<char> = text.chars().collect();
            prop_assert_eq!(like(&pattern).matches(&text, true), naive(&p, &t));
        }
    }
}
