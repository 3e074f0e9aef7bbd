//! A quick reader of the YAML that people write: block mappings and lists, flow ones on a line,
//! plain and quoted texts on a line, folded and literal ones.
//!
//! A site of 7,200 layers reads 10 MB of it when it starts, and a whole YAML parser takes half of
//! that start. What is not of this plain form, faults above all, is left to the parser of
//! [`yaml`](super::yaml), which alone says what is wrong: `None` means "not mine", never "wrong".
//! What comes back is what that parser makes of it, marks included (tested on what can be mangled).

use super::yaml::{Key, Mark, Node, Scalar, ScalarKind, Value, core_kind};

/// Longer files are left to the parser: with this few bytes its limit of nodes is out of reach.
const MAX_BYTES: usize = 64 << 10;
/// Half of what the parser allows.
const MAX_DEPTH: usize = 16;

/// Reads a document of the plain form.
pub(super) fn read(text: &str) -> Option<Node> {
    if text.len() > MAX_BYTES || !text.ends_with('\n') || !text.chars().all(is_plain) {
        return None;
    }
    let mut reader = Reader {
        lines: text.lines().zip(1..).map(Line::new).collect(),
        at: 0,
    };
    let first = reader.peek().filter(|line| line.indent == 0)?;
    key_of(first.text)?;
    let root = reader.block(0, 0)?;
    reader.peek().is_none().then_some(root)
}

/// Neither tabs nor control characters, nor what some take for the end of a line.
fn is_plain(c: char) -> bool {
    match c {
        '\n' | ' '..='~' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => c >= '\u{a0}',
    }
}

#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    number: u32,
    /// Spaces before the first other character; all of them on a blank line.
    indent: usize,
}

impl<'a> Line<'a> {
    fn new((text, number): (&'a str, u32)) -> Line<'a> {
        Line {
            text,
            number,
            indent: text.len() - text.trim_start_matches(' ').len(),
        }
    }

    fn is_blank(&self) -> bool {
        self.indent == self.text.len()
    }

    fn from(&self, byte: usize) -> Option<&'a str> {
        self.text.get(byte..)
    }

    /// The place of so many bytes of the line.
    fn mark(&self, byte: usize, bytes: usize) -> Option<Mark> {
        let before = self.text.get(..byte)?.chars().count();
        let length = self.from(byte)?.get(..bytes)?.chars().count();
        Some(Mark {
            line: self.number,
            column: u32::try_from(before).ok()?.saturating_add(1),
            length: u32::try_from(length.max(1)).ok()?,
        })
    }

    fn node(&self, byte: usize, bytes: usize, value: Value) -> Option<Node> {
        let mark = self.mark(byte, bytes)?;
        Some(Node { mark, value })
    }
}

struct Reader<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next line that is neither blank nor a comment.
    fn peek(&mut self) -> Option<Line<'a>> {
        loop {
            let line = *self.lines.get(self.at)?;
            if !line.is_blank() && !line.from(line.indent)?.starts_with('#') {
                return Some(line);
            }
            self.at += 1;
        }
    }

    /// The list or mapping whose first line is next.
    fn block(&mut self, indent: usize, depth: usize) -> Option<Node> {
        let line = self.peek()?;
        if depth > MAX_DEPTH {
            return None;
        }
        if is_item(line.from(indent)?) {
            self.list(indent, depth)
        } else {
            self.at += 1;
            self.map(line, indent, depth)
        }
    }

    fn list(&mut self, indent: usize, depth: usize) -> Option<Node> {
        let first = self.peek()?;
        let mut items = Vec::new();
        while let Some(line) = self.peek() {
            if line.indent != indent || !is_item(line.from(indent)?) {
                break;
            }
            self.at += 1;
            let after = line.from(indent + 1)?;
            let place = indent + 1 + spaces(after);
            let rest = line.from(place)?;
            if rest.is_empty() || is_item(rest) || depth >= MAX_DEPTH {
                return None;
            }
            items.push(match key_of(rest) {
                Some(_) => self.map(line, place, depth + 1)?,
                None => self.inline(line, place, indent, depth + 1)?,
            });
        }
        self.ends_at(indent)?;
        first.node(indent, 1, Value::List(items))
    }

    /// A mapping whose first key stands on a line that is taken already.
    fn map(&mut self, first: Line<'a>, indent: usize, depth: usize) -> Option<Node> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut line = first;
        loop {
            let name = key_of(line.from(indent)?)?;
            if entries.iter().any(|(key, _)| key.name == name) {
                return None;
            }
            let after = indent + name.len() + 1;
            let place = after + spaces(line.from(after)?);
            let rest = line.from(place)?;
            let value = if rest.is_empty() || rest.starts_with('#') {
                let next = self.peek()?;
                let is_item = is_item(next.from(next.indent)?);
                if next.indent < indent || (next.indent == indent && !is_item) {
                    return None;
                }
                let mut block = self.block(next.indent, depth + 1)?;
                if next.indent == indent {
                    // the parser has such a list begin at its first element
                    if let Value::List(items) = &block.value {
                        block.mark = Mark {
                            length: 1,
                            ..items.first()?.mark
                        };
                    }
                }
                block
            } else {
                self.inline(line, place, indent, depth + 1)?
            };
            let mark = line.mark(indent, name.len())?;
            let name = name.to_owned();
            entries.push((Key { name, mark }, value));
            match self.peek() {
                Some(next) if next.indent == indent && !is_item(next.from(indent)?) => {
                    self.at += 1;
                    line = next;
                }
                _ => break,
            }
        }
        self.ends_at(indent)?;
        first.node(indent, 1, Value::Map(entries))
    }

    /// `None` where what follows is deeper than what ends here.
    fn ends_at(&mut self, indent: usize) -> Option<()> {
        match self.peek() {
            Some(line) if line.indent > indent => None,
            _ => Some(()),
        }
    }

    /// A value on the line of its key or dash.
    fn inline(
        &mut self,
        line: Line<'a>,
        place: usize,
        indent: usize,
        depth: usize,
    ) -> Option<Node> {
        let rest = line.from(place)?;
        if let style @ (">" | ">-" | "|" | "|-") = rest.trim_end() {
            return self.paragraph(indent, style);
        }
        let (node, end) = match rest.chars().next()? {
            '[' | '{' => flow(line, place, depth)?,
            '"' | '\'' => quoted(line, place)?,
            _ => {
                let text = rest.split(" #").next()?.trim_end();
                if !begins_plain(text) || text.contains(": ") || text.ends_with(':') {
                    return None;
                }
                (plain(line, place, text)?, place + text.len())
            }
        };
        let behind = line.from(end)?;
        let is_comment = behind.starts_with(' ') && behind.trim_start().starts_with('#');
        if !behind.trim_end().is_empty() && !is_comment {
            return None;
        }
        // a deeper line would go on with the text
        self.ends_at(indent)?;
        Some(node)
    }

    /// A text in lines of its own below: folded (`>`) or literal (`|`).
    fn paragraph(&mut self, outer: usize, style: &str) -> Option<Node> {
        let first = *self.lines.get(self.at)?;
        let indent = first.indent;
        let (mut text, mut blank) = (String::new(), 0);
        while let Some(next) = self.lines.get(self.at).copied() {
            if next.is_blank() && next.indent <= indent && !text.is_empty() {
                blank += 1;
            } else if next.indent == indent && !next.is_blank() && !next.text.ends_with(' ') {
                match (text.is_empty(), style.starts_with('>'), blank) {
                    (true, ..) => {}
                    (_, true, 0) => text.push(' '),
                    (_, true, blank) => text.extend(std::iter::repeat_n('\n', blank)),
                    (_, false, blank) => text.extend(std::iter::repeat_n('\n', blank + 1)),
                }
                text.push_str(next.from(indent)?);
                blank = 0;
            } else if next.indent < indent && !next.is_blank() {
                break;
            } else {
                return None;
            }
            self.at += 1;
        }
        if indent <= outer || text.is_empty() {
            return None;
        }
        if !style.ends_with('-') {
            text.push('\n');
        }
        self.ends_at(outer)?;
        let kind = ScalarKind::Text;
        first.node(indent, 0, Value::Scalar(Scalar { text, kind }))
    }
}

fn spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

/// The name before a colon that stands for a key.
fn key_of(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once(':')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    (is_name && (rest.is_empty() || rest.starts_with(' '))).then_some(name)
}

/// True where no mark of YAML stands first.
fn begins_plain(text: &str) -> bool {
    match text.as_bytes() {
        [] | [b'-'] | [b'-', b' ' | b',' | b'[' | b']' | b'{' | b'}', ..] => false,
        [first, ..] => !b",[]{}#&*!|>'\"%@`?:".contains(first),
    }
}

fn plain(line: Line<'_>, place: usize, text: &str) -> Option<Node> {
    let kind = core_kind(text);
    let value = Value::Scalar(Scalar {
        text: text.to_owned(),
        kind,
    });
    line.node(place, text.len(), value)
}

/// A text between quotes without an escape, and where it ends.
fn quoted(line: Line<'_>, place: usize) -> Option<(Node, usize)> {
    let rest = line.from(place)?;
    let quote = rest.chars().next()?;
    let inside = rest.get(1..)?.split(quote).next()?;
    let bytes = inside.len() + 2;
    let behind = rest.get(bytes..)?;
    if inside.contains('\\') || behind.starts_with(quote) {
        return None;
    }
    let value = Value::Scalar(Scalar {
        text: inside.to_owned(),
        kind: ScalarKind::Text,
    });
    Some((line.node(place, bytes, value)?, place + bytes))
}

/// A list or mapping in brackets on one line, and where it ends.
fn flow(line: Line<'_>, place: usize, depth: usize) -> Option<(Node, usize)> {
    let is_map = line.from(place)?.starts_with('{');
    let close = if is_map { '}' } else { ']' };
    let (mut items, mut entries) = (Vec::new(), Vec::<(Key, Node)>::new());
    let mut at = place + 1;
    if depth > MAX_DEPTH {
        return None;
    }
    loop {
        at += spaces(line.from(at)?);
        let rest = line.from(at)?;
        if is_map {
            let name =
                key_of(rest).filter(|name| entries.iter().all(|(key, _)| key.name != *name))?;
            let mark = line.mark(at, name.len())?;
            at += name.len() + 1;
            at += spaces(line.from(at)?);
            let (value, end) = flow_value(line, at, depth)?;
            let name = name.to_owned();
            entries.push((Key { name, mark }, value));
            at = end;
        } else {
            let (value, end) = flow_value(line, at, depth)?;
            items.push(value);
            at = end;
        }
        at += spaces(line.from(at)?);
        match line.from(at)?.chars().next()? {
            ',' => at += 1,
            c if c == close => break,
            _ => return None,
        }
    }
    let value = match is_map {
        true => Value::Map(entries),
        false => Value::List(items),
    };
    Some((line.node(place, 1, value)?, at + 1))
}

fn flow_value(line: Line<'_>, place: usize, depth: usize) -> Option<(Node, usize)> {
    let rest = line.from(place)?;
    match rest.chars().next()? {
        '[' | '{' => flow(line, place, depth + 1),
        '"' | '\'' => quoted(line, place),
        _ => {
            let ends = |c: char| matches!(c, ',' | '[' | ']' | '{' | '}');
            let text = rest.split(ends).next()?.trim_end();
            if !begins_plain(text)
                || text.contains(": ")
                || text.ends_with(':')
                || text.contains(" #")
            {
                return None;
            }
            Some((plain(line, place, text)?, place + text.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use proptest::prelude::*;

    use super::super::yaml::parse_whole;
    use super::*;

    fn shipped() -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("capabilities");
        let list = |folder: PathBuf| {
            std::fs::read_dir(folder)
                .unwrap()
                .map(|e| e.unwrap().path())
        };
        [root.clone(), root.join("layers"), root.join("maps")]
            .into_iter()
            .flat_map(list)
            .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }

    /// The nodes in order, each with its place, as lines.
    fn told(node: &Node, list: &mut Vec<String>) {
        let place = |m: Mark| format!("{}:{}+{}", m.line, m.column, m.length);
        let at = place(node.mark);
        match &node.value {
            Value::Scalar(Scalar { text, kind }) => list.push(format!("{at} {text:?} {kind:?}")),
            Value::List(items) => {
                list.push(format!("{at} list of {}", items.len()));
                items.iter().for_each(|item| told(item, list));
            }
            Value::Map(entries) => {
                list.push(format!("{at} map of {}", entries.len()));
                for (key, value) in entries {
                    list.push(format!("{} key {:?}", place(key.mark), key.name));
                    told(value, list);
                }
            }
        }
    }

    /// What is read here is what the parser reads, without a word to say about it.
    fn agrees(text: &str) -> bool {
        let Some(node) = read(text) else { return false };
        let (whole, problems) = parse_whole(text);
        assert_eq!(problems, Vec::new(), "{text}");
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        told(&node, &mut mine);
        told(&whole.unwrap(), &mut theirs);
        if let Some((a, b)) = mine.iter().zip(&theirs).find(|(a, b)| a != b) {
            panic!("read as {a}, by the parser as {b}");
        }
        assert_eq!(mine.len(), theirs.len());
        true
    }

    #[test]
    fn the_shipped_files_are_read_here_and_as_by_the_parser() {
        let texts = shipped();
        let mine = texts.iter().filter(|text| agrees(text)).count();
        assert!(texts.len() > 40, "{}", texts.len());
        assert!(mine * 10 > texts.len() * 9, "{mine} of {}", texts.len());
    }

    #[test]
    fn forms_of_the_plain_kind_are_read_as_by_the_parser() {
        for text in [
            "a: b\n",
            "# c\n\na: b # c\nc: \"d\" # e\nd: 'é' \n",
            "a:\n- b\n- c: d\n  e: f\nz: 1\n",
            "a:\n  - b\n  -   c: d\n      e: [1, -2, {f: é, g: [h]}]\n",
            "a: >-\n  één twee\n  drie\n\n  vier\n\n\nb: 1\n",
            "a: |\n  x: y\n  # z\nc: 1\n",
            "c: >\n  d\n",
            "a: b#c 'd' \"e\" [f]\nurl: https://x.org/?a=b&c\n",
            "a: -1\nb: -x\nc: 12:30\nd: ~\ne: true\n",
            "a: {b: \"x, y: {z}\", c: 'k'}\n",
        ] {
            assert!(agrees(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_parser() {
        for text in [
            "",
            "a: b",
            "a: b\n  c\n",
            "a:\n",
            "a: &x b\nc: *x\n",
            "a: b: c\n",
            "a: b\na: c\n",
            "a: \"b\\n\"\n",
            "a: 'it''s'\n",
            "a: [b,\n  c]\n",
            "a: [b: c]\n",
            "a: {b}\n",
            "a:\n\t- b\n",
            "---\na: b\n",
            "a: >-\n  b\n    c\n",
            "a: >+\n  b\n",
            "- a\n",
            "a b: c\n",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn mangled_files_are_read_as_by_the_parser_or_not_here(
            file in any::<prop::sample::Index>(),
            edits in prop::collection::vec(
                (any::<prop::sample::Index>(), 0usize..4, prop::sample::select(vec![
                    "", " ", "\n", "  ", ":", ": ", "- ", "-", "#", " #", ",", "[", "]", "{", "}", "'", "\"",
                    "|", ">", ">-", "&a ", "*a", "!", "?", "? ", "é", "\n\n", "a: b\n", "\t", "%", "@", "---\n", "...\n", "a", "1", "~",
                ])),
                1..4,
            ),
        ) {
            let texts = shipped();
            let mut chars: Vec<char> = file.get(&texts).chars().collect();
            for (place, cut, put) in edits {
                let at = place.index(chars.len());
                let end = (at + cut).min(chars.len());
                chars.splice(at..end, put.chars());
                if chars.is_empty() {
                    chars.push('\n');
                }
            }
            let text: String = chars.into_iter().collect();
            agrees(&text);
        }
    }
}
