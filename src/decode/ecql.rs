//! GeoServer's ECQL → [`Filter`]: what its users write into `CQL_FILTER` of a WMS or WFS.
//!
//! `INTERSECTS(…)` and its like, `BBOX(geom, …)`, `ILIKE`, `BEFORE`, `AFTER`, `DURING`, `INCLUDE`
//! and `EXCLUDE` are put into CQL2's words; all else the two languages share.
//!
//! # Not supported
//! `DWITHIN`, `BEYOND`, `RELATE`, `JSONPOINTER`, a CRS inside `BBOX`: refused by CQL2's reader.

use super::cql2_text::{self, Origin};
use super::filter_context::FilterContext;
use crate::error::Result;
use crate::query::Filter;

/// Reads a filter. Geometries come out in the layer's CRS.
///
/// # Errors
/// `InvalidFilter` with line and column in the text as it was written.
pub fn parse(text: &str, context: &FilterContext) -> Result<Filter> {
    parse_named(text, context, &|_| None)
}

/// The same where columns have other names, too: `column` gives the column of such a name.
///
/// # Errors
/// As [`parse`].
pub fn parse_named<'n>(
    text: &str,
    context: &FilterContext,
    column: &dyn Fn(&str) -> Option<&'n str>,
) -> Result<Filter> {
    let (made, origin) = to_cql2(text, column);
    cql2_text::parse_made(&made, &origin, context)
}

/// The filters of a list, between semicolons: those in quotes are part of a text or a name.
pub fn split(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut at) = (0, 0);
    for token in tokens(list) {
        if token == ";" {
            parts.push(list.get(begin..at).unwrap_or_default().trim());
            begin = at + 1;
        }
        at += token.len();
    }
    parts.push(list.get(begin..).unwrap_or_default().trim());
    parts
}

const SPATIAL: [&str; 8] = [
    "CONTAINS",
    "CROSSES",
    "DISJOINT",
    "EQUALS",
    "INTERSECTS",
    "OVERLAPS",
    "TOUCHES",
    "WITHIN",
];

/// The filter in CQL2 text, and which part of it comes from where.
fn to_cql2<'t, 'n>(
    text: &'t str,
    column: &dyn Fn(&str) -> Option<&'n str>,
) -> (String, Origin<'t>) {
    let mut origin = Origin::new(text);
    match text.trim() {
        whole if whole.eq_ignore_ascii_case("INCLUDE") => return ("TRUE".to_owned(), origin),
        whole if whole.eq_ignore_ascii_case("EXCLUDE") => return ("FALSE".to_owned(), origin),
        _ => {}
    }
    let tokens = tokens(text);
    let starts: Vec<usize> = tokens
        .iter()
        .scan(0, |at, token| {
            Some(std::mem::replace(at, *at + token.len()))
        })
        .collect();
    let mut rest = tokens.as_slice();
    let mut out = String::with_capacity(text.len() + 32);
    // where the operand that was written last begins
    let mut operand = None;
    while let Some((token, after)) = rest.split_first() {
        let start = starts.get(tokens.len() - rest.len()).copied();
        origin.add(out.len(), start.unwrap_or(text.len()));
        rest = after;
        let word = token.to_ascii_uppercase();
        let next = after
            .iter()
            .find(|t| !is_space(t))
            .copied()
            .unwrap_or_default();
        match (word.as_str(), operand) {
            (spatial, _) if next == "(" && SPATIAL.contains(&spatial) => {
                out.push_str("S_");
                out.push_str(token);
            }
            ("BBOX", _) if next == "(" && boxed(after).is_some() => {
                if let Some((name, numbers, tail)) = boxed(after) {
                    out.push_str(&format!("S_INTERSECTS({name},BBOX({}))", numbers.trim()));
                    rest = tail;
                }
            }
            ("ILIKE", Some(begin)) if is_quoted(next) => {
                let begin: usize = begin;
                let end = out.trim_end().len();
                let value = out.get(begin..end).unwrap_or_default().to_owned();
                out.truncate(begin);
                out.push_str(&format!("CASEI({value}) LIKE CASEI({next})"));
                rest = past(after, next);
            }
            ("BEFORE" | "AFTER" | "DURING", Some(begin)) if is_time(next) => {
                let end = out.trim_end().len();
                let value = out.get(begin..end).unwrap_or_default().to_owned();
                let (time, tail) = time(after);
                out.truncate(begin);
                out.push_str(&match time.split_once('/') {
                    // a moment is during a period where it is after its begin and before its end;
                    // CQL2's T_DURING is between periods
                    Some((from, to)) if word == "DURING" => format!(
                        "(T_AFTER({value},TIMESTAMP('{from}')) AND T_BEFORE({value},TIMESTAMP('{to}')))"
                    ),
                    Some((from, to)) => format!("T_{word}({value},INTERVAL('{from}','{to}'))"),
                    None => format!("T_{word}({value},TIMESTAMP('{time}'))"),
                });
                rest = tail;
            }
            _ => {
                if !is_space(token) {
                    let is_operand = is_word(token) || is_quoted(token);
                    operand = is_operand.then_some(out.len());
                }
                let name = token.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
                let is_name = name.is_some() || (is_word(token) && next != "(");
                match column(name.unwrap_or(token)).filter(|_| is_name) {
                    Some(own) => out.push_str(&format!("\"{}\"", own.replace('"', "\"\""))),
                    None => out.push_str(token),
                }
                continue;
            }
        }
        operand = None;
    }
    origin.add(out.len(), text.len());
    (out, origin)
}

/// Words, quoted texts, white space, and every other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            // two quotes in a row are two texts here and one there: they stay side by side
            '\'' | '"' => rest
                .char_indices()
                .skip(1)
                .find(|(_, c)| *c == first)
                .map_or(rest.len(), |(at, _)| at + 1),
            c if c.is_whitespace() => rest
                .find(|c: char| !c.is_whitespace())
                .unwrap_or(rest.len()),
            c if is_letter(c) => rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (token, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        tokens.push(token);
        rest = tail;
    }
    tokens
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-')
}

fn is_word(token: &str) -> bool {
    token
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_')
}

fn is_quoted(token: &str) -> bool {
    token.starts_with(['\'', '"'])
}

fn is_space(token: &&str) -> bool {
    token.trim().is_empty()
}

fn is_time(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit() || c == '\'')
}

/// What comes after the next token that is `token`.
fn past<'t>(tokens: &'t [&'t str], token: &str) -> &'t [&'t str] {
    let at = tokens.iter().position(|t| *t == token);
    at.and_then(|at| tokens.get(at + 1..)).unwrap_or_default()
}

/// The property, the numbers, and what follows the parenthesis of `(geom, 1, 2, 3, 4)`; `None`
/// where no property stands first.
fn boxed<'t>(tokens: &'t [&'t str]) -> Option<(&'t str, String, &'t [&'t str])> {
    let inner = past(tokens, "(");
    let mut said = inner.iter().enumerate().filter(|(_, t)| !is_space(t));
    let (_, name) = said.next()?;
    let (comma, _) = said.next().filter(|(_, t)| **t == ",")?;
    let close = inner.iter().position(|t| *t == ")")?;
    let is_name = is_word(name) || name.starts_with('"');
    let numbers = inner.get(comma + 1..close).filter(|_| is_name)?.concat();
    Some((name, numbers, inner.get(close + 1..)?))
}

/// A moment or `begin/end`, without quotes, and what follows it.
fn time<'t>(tokens: &'t [&'t str]) -> (String, &'t [&'t str]) {
    let begin = tokens.iter().position(|t| !is_space(t)).unwrap_or(0);
    let tail = tokens.get(begin..).unwrap_or_default();
    let is_end = |t: &&str| is_space(t) || **t == *")" || **t == *"(";
    let end = tail.iter().position(is_end).unwrap_or(tail.len());
    let (said, after) = tail.split_at_checked(end).unwrap_or((tail, &[]));
    (said.concat().replace('\'', ""), after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_words_of_ecql_become_those_of_cql2() {
        for (ecql, cql2) in [
            (
                "INTERSECTS(geom, POINT(1 2))",
                "S_INTERSECTS(geom, POINT(1 2))",
            ),
            (
                "BBOX(the_geom, 1,2, 3,-4.5) AND a = 'BBOX(x'",
                "S_INTERSECTS(the_geom,BBOX(1,2, 3,-4.5)) AND a = 'BBOX(x'",
            ),
            (
                "nom ILIKE 'l%' OR \"a b\" ilike 'x'",
                "CASEI(nom) LIKE CASEI('l%') OR CASEI(\"a b\") LIKE CASEI('x')",
            ),
            (
                "jour BEFORE 2020-01-01T00:00:00Z AND b = 1",
                "T_BEFORE(jour,TIMESTAMP('2020-01-01T00:00:00Z')) AND b = 1",
            ),
            (
                "(jour DURING 2020-01-01T00:00:00Z/2021-01-01T00:00:00Z)",
                "((T_AFTER(jour,TIMESTAMP('2020-01-01T00:00:00Z')) AND \
                 T_BEFORE(jour,TIMESTAMP('2021-01-01T00:00:00Z'))))",
            ),
            ("include", "TRUE"),
            (
                "a > 1 AND b LIKE 'it''s' AND within = 3",
                "a > 1 AND b LIKE 'it''s' AND within = 3",
            ),
            ("BBOX(1,2,3,4)", "BBOX(1,2,3,4)"),
        ] {
            assert_eq!(to_cql2(ecql, &|_| None).0, cql2);
        }
        let column = |name: &str| (name == "nom_long").then_some("nom \"long\"");
        assert_eq!(
            to_cql2(
                "nom_long = 'nom_long' AND \"nom_long\" ILIKE 'x' AND nom_long(1) = 1",
                &column
            )
            .0,
            "\"nom \"\"long\"\"\" = 'nom_long' AND \
             CASEI(\"nom \"\"long\"\"\") LIKE CASEI('x') AND nom_long(1) = 1"
        );
    }

    #[test]
    fn faults_are_told_where_they_were_written() {
        let context = FilterContext::new(crate::crs::Crs::crs84());
        for (text, place) in [
            ("a == 1", "line 1, column 4: "),
            (
                "INTERSECTS(geom, POINT(1 2)) AND b ! 1",
                "line 1, column 36: ",
            ),
            (
                "BBOX(geom,1,2,3,4)\nAND nom ILIKE 'x' AND c c",
                "line 2, column 25: ",
            ),
            ("d BEFORE 2020-01-01T00:00:00Z AND", "line 1, column 34: "),
        ] {
            let error = parse(text, &context).unwrap_err().to_string();
            assert!(error.contains(place), "{text}: {error}");
        }
    }

    #[test]
    fn a_column_is_during_a_period() {
        let context = FilterContext::new(crate::crs::Crs::crs84());
        let text = "jour DURING 2020-01-01T00:00:00Z/2021-01-01T00:00:00Z";
        assert!(parse(text, &context).is_ok());
    }

    #[test]
    fn a_list_is_parted_at_semicolons_outside_of_quotes() {
        assert_eq!(split("a = 1; b = 'x;y' ;"), ["a = 1", "b = 'x;y'", ""]);
        assert_eq!(split("\"a;b\" = 'it''s;'"), ["\"a;b\" = 'it''s;'"]);
        assert_eq!(split(""), [""]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_fault(text in "(BBOX|ILIKE|DURING|a|'|\"|\\(|\\)|,|1| |é|/){0,30}") {
            let _ = parse(&text, &FilterContext::new(crate::crs::Crs::crs84()));
            prop_assert_eq!(split(&text).len(), 1);
        }
    }
}
