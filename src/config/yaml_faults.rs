//! What is wrong with a text that is no YAML, in the words of who wrote it, at the place where it
//! is mended: a parser notices an open quote lines behind it.

use serde_saphyr::granit_parser::ScanError;

use super::yaml::{Mark, Problem};

/// What the parser noticed, and what is probably behind it.
pub fn problem(error: &ScanError, text: &str) -> Problem {
    let lines: Vec<&str> = text.lines().collect();
    let noticed = Spot {
        line: error.marker().line().saturating_sub(1),
        column: error.marker().col(),
    };
    let info = error.info();
    let told = cause(&info, noticed, &lines);
    let (at, message, help) = match told {
        Some(Cause::Elsewhere(at, message, help)) => (at, message, Some(help)),
        Some(Cause::Here(help)) => (noticed, info, Some(help)),
        None => (noticed, info, None),
    };
    Problem {
        mark: Mark {
            line: number(at.line).saturating_add(1),
            column: number(at.column).saturating_add(1),
            length: 1,
        },
        message: format!("not well-formed YAML: {message}"),
        help,
    }
}

enum Cause {
    /// The place, the message and the help.
    Elsewhere(Spot, String, String),
    /// The help for what the parser says.
    Here(String),
}

/// A place, counted from 0, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    line: usize,
    column: usize,
}

fn cause(info: &str, noticed: Spot, lines: &[&str]) -> Option<Cause> {
    let written = lines.get(noticed.line).copied().unwrap_or("");
    let here = |help: &str| Some(Cause::Here(help.to_owned()));
    if let Some(line) = lines.iter().position(|line| line.starts_with("<<<<<<< ")) {
        return Some(Cause::Elsewhere(
            Spot { line, column: 0 },
            "git left two versions of what follows here".into(),
            "keep one of them, and remove the lines <<<<<<<, ======= and >>>>>>>".into(),
        ));
    }
    let no_tabs = "YAML is indented with spaces, not with tabs";
    if indent(written).contains('\t') {
        return here(no_tabs);
    }
    // noticed where the text above begins that the line was taken to go on with
    if info.contains("tab")
        && let Some(at) = first_tab(noticed.line, lines)
    {
        return Some(Cause::Elsewhere(
            at,
            "a tab in the indentation".into(),
            no_tabs.into(),
        ));
    }
    let open = Open::before(noticed, lines);
    let is_trailing = info.contains("trailing content after");
    if let Some((at, quote)) = open.quote.filter(|(at, _)| {
        let is_of_before = at.line < noticed.line && (open.is_in_quote || is_trailing);
        is_of_before || info.contains("unclosed quote")
    }) {
        return Some(Cause::Elsewhere(
            at,
            format!("this quote is not closed on its line: {quote}"),
            format!("write {quote} behind the text, too"),
        ));
    }
    if is_trailing {
        return match open.quote {
            Some((_, '\'')) => {
                here("an apostrophe inside '…' is written twice, or put the text between \"…\"")
            }
            _ => here("a quote inside \"…\" is written \\\", or put the text between '…'"),
        };
    }
    if let Some((at, bracket)) = open
        .bracket
        .filter(|(at, _)| at.line < noticed.line || info.contains("unclosed bracket"))
    {
        let close = if bracket == '[' { ']' } else { '}' };
        return Some(Cause::Elsewhere(
            at,
            format!("unclosed bracket '{bracket}'"),
            format!("write {close} where it ends"),
        ));
    }
    if info.contains("misplaced bracket") {
        return here("it closes what was not opened: remove it");
    }
    if info.contains("unexpected character") || info.contains("unknown anchor") {
        let first = written
            .chars()
            .nth(noticed.column)
            .filter(|c| !c.is_control())?;
        return Some(Cause::Here(format!(
            "put a text that begins with {first} between quotes"
        )));
    }
    if info.contains("escape") {
        return here("inside \"…\" a backslash is written twice, or put the text between '…'");
    }
    let is_first = |c: char| {
        let before = written.chars().take(noticed.column);
        !before.into_iter().any(|b| b == c)
    };
    let own = indent(written).chars().count();
    if info.contains("mapping values are not allowed") {
        if !is_first(':') {
            return here("put a text that contains \": \" between quotes");
        }
        // the key of this line was taken for more of the text above
        let above = above(noticed.line, lines)?;
        let before = lines.get(above)?.trim_end();
        if let Some((key, rest)) = before.split_once(':').filter(|(_, rest)| !rest.is_empty())
            && !rest.starts_with(' ')
        {
            return Some(Cause::Elsewhere(
                Spot {
                    line: above,
                    column: key.chars().count(),
                },
                "no space follows this colon".into(),
                format!("write {}: {}", key.trim(), rest.trim()),
            ));
        }
        if own > indent(before).chars().count() {
            return here("it stands further to the right than the line above: align it with that");
        }
    }
    if info.contains("did not find expected") {
        if noticed.column == own {
            return here("it is indented otherwise than those before it: align them");
        }
        let before = written.chars().take(noticed.column).collect::<String>();
        if before.trim_end().ends_with([']', '}']) {
            return here("put a text that begins with [ or { between quotes");
        }
    }
    None
}

/// What is open where a fault is noticed.
#[derive(Debug, Default)]
struct Open {
    /// The quote that was opened last, and which; closed or not.
    quote: Option<(Spot, char)>,
    is_in_quote: bool,
    /// The innermost bracket that is not closed.
    bracket: Option<(Spot, char)>,
}

impl Open {
    fn before(end: Spot, lines: &[&str]) -> Open {
        let mut open = Open::default();
        let mut brackets: Vec<(Spot, char)> = Vec::new();
        for (line, text) in lines.iter().enumerate().take(end.line.saturating_add(1)) {
            let chars: Vec<char> = text.chars().collect();
            // where a value may begin
            let mut begins = true;
            let mut column = 0;
            while let Some(&c) = chars.get(column) {
                let at = Spot { line, column };
                if line == end.line && column > end.column {
                    break;
                }
                column += 1;
                let next = chars.get(column).copied();
                if open.is_in_quote {
                    let quote = open.quote.map_or('"', |(_, quote)| quote);
                    if c == '\\' && quote == '"' || c == '\'' && quote == c && next == Some(c) {
                        column += 1;
                    } else if c == quote {
                        open.is_in_quote = false;
                        begins = false;
                    }
                    continue;
                }
                match c {
                    '#' if begins || chars.get(column.wrapping_sub(2)) == Some(&' ') => break,
                    '"' | '\'' if begins => {
                        open.quote = Some((at, c));
                        open.is_in_quote = true;
                    }
                    '[' | '{' if begins => brackets.push((at, c)),
                    ']' | '}' if !brackets.is_empty() => {
                        brackets.pop();
                        begins = false;
                    }
                    ' ' => {}
                    ',' if !brackets.is_empty() => begins = true,
                    ':' | '-' if next.is_none_or(|c| c == ' ') => begins = true,
                    _ => begins = false,
                }
            }
        }
        open.bracket = brackets.pop();
        open
    }
}

/// The next line above that is neither empty nor a comment.
fn above(line: usize, lines: &[&str]) -> Option<usize> {
    (0..line).rev().find(|nth| {
        let text = lines.get(*nth).map_or("", |text| text.trim_start());
        !text.is_empty() && !text.starts_with('#')
    })
}

/// The first tab before the text of a line, from that line on.
fn first_tab(from: usize, lines: &[&str]) -> Option<Spot> {
    let mut below = lines.iter().enumerate().skip(from);
    below.find_map(|(line, text)| {
        let column = indent(text).chars().position(|c| c == '\t')?;
        Some(Spot { line, column })
    })
}

fn indent(line: &str) -> &str {
    let end = line.find(|c: char| !c.is_whitespace());
    line.get(..end.unwrap_or(line.len())).unwrap_or("")
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::yaml::parse;

    #[test]
    fn faults_are_told_where_they_are_mended() {
        for (text, line, column, told) in [
            (
                "title: \"Ma carte\nabstract: x\n",
                1,
                8,
                "this quote is not closed",
            ),
            (
                "title: 'Ma carte\nabstract: x\n",
                1,
                8,
                "this quote is not closed",
            ),
            (
                "a: 1\ntitle: \"Ma carte\n",
                2,
                8,
                "this quote is not closed",
            ),
            (
                "a:\n  - {t: \"Dép, o: 1}\n  - {t: \"Ain\"}\n",
                2,
                9,
                "this quote is not closed",
            ),
            ("a: [x\nb: [y]\n", 1, 4, "unclosed bracket '['"),
            ("a:\n  - {b: c\n  - d\n", 2, 5, "unclosed bracket '{'"),
            (
                "title:Ma carte\nb: c\n",
                1,
                6,
                "no space follows this colon",
            ),
            ("id: x\n\ttitle: y\n", 2, 1, "a tab in the indentation"),
            ("a:\n  - b\n\t- c\n", 3, 1, "a tab in the indentation"),
            ("a: |\n\tb\n", 2, 1, "a tab in the indentation"),
            (
                "<<<<<<< HEAD\na: b\n=======\n",
                1,
                1,
                "git left two versions",
            ),
        ] {
            let problem = parse(text).1.into_iter().next().unwrap();
            let at = (problem.mark.line, problem.mark.column);
            assert_eq!(at, (line, column), "{text}: {}", problem.message);
            assert!(
                problem.message.contains(told),
                "{text}: {}",
                problem.message
            );
        }
    }

    #[test]
    fn faults_come_with_help() {
        for (text, help) in [
            ("t: 'l'Ain'\n", "written twice"),
            ("t: \"le \"grand\" lac\"\n", "is written \\\""),
            ("a:\n  b: c\n   d: e\n", "further to the right"),
            ("a:\n    - b\n  - c\n", "align them"),
            ("a: @b\n", "begins with @"),
            ("a: *b\n", "begins with *"),
            ("a: {n} b\n", "between quotes"),
            ("a: \"C:\\data\"\n", "backslash is written twice"),
            ("a: [b]]\n", "remove it"),
            ("a: Eau : lacs\n", "contains \": \""),
            ("a:\n\tb: c\n", "not with tabs"),
        ] {
            let problem = parse(text).1.into_iter().next().unwrap();
            let told = problem.help.unwrap_or_default();
            assert!(told.contains(help), "{text}: {} ({told})", problem.message);
        }
    }
}
