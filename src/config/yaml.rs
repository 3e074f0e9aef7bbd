//! YAML as a tree of nodes that know their place, within a budget.
//!
//! The tree is built from the parser's events, without recursion, so that every fault of a
//! document can be reported and not only the first. YAML 1.2 core schema: `yes`, `no` and
//! dates are text.
//!
//! # Not supported
//! Tags are ignored but `!!str`; merge keys (`<<`) are no keys of ours; a file holds one document.

use std::collections::{HashMap, HashSet};

use super::{plain_yaml, yaml_faults};
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span};

/// The size of a file that is still read: ten times the longest real configuration seen.
pub const MAX_BYTES: usize = 1 << 20;
/// Nested lists and mappings. The deepest valid document (nested groups) needs far less.
const MAX_DEPTH: usize = 32;
/// Nodes of one document, those that aliases repeat included.
const MAX_NODES: usize = 100_000;

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// 1-based; 0 where there is none.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// In characters, on that line only.
    pub length: u32,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub mark: Mark,
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order written, duplicates left out.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub name: String,
    pub mark: Mark,
}

/// A scalar: its text as written, and what the core schema takes it for.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    pub text: String,
    pub kind: ScalarKind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScalarKind {
    Null,
    Bool(bool),
    Number(f64),
    Text,
}

/// Something that is wrong with the document itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub mark: Mark,
    pub message: String,
    pub help: Option<String>,
}

impl Node {
    /// What the node is, for "found …".
    pub fn describe(&self) -> String {
        match &self.value {
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Map(_) => "a mapping".to_owned(),
            Value::Scalar(scalar) => match scalar.kind {
                ScalarKind::Null => "nothing".to_owned(),
                ScalarKind::Bool(b) => b.to_string(),
                ScalarKind::Number(_) => format!("the number {}", scalar.text),
                ScalarKind::Text if scalar.text.trim().is_empty() => "an empty text".to_owned(),
                ScalarKind::Text => format!("the text {:?}", shortened(&scalar.text)),
            },
        }
    }

    fn count(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(_) => 0,
            Value::List(items) => items.iter().map(Node::count).sum(),
            Value::Map(entries) => entries.iter().map(|(_, node)| node.count() + 1).sum(),
        }
    }
}

/// A text short enough for a message.
pub fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Reads a document. `None` where there is no tree at all: the problems say why; an empty
/// document is a mapping without entries.
pub fn parse(text: &str) -> (Option<Node>, Vec<Problem>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match plain_yaml::read(text) {
        Some(root) => (Some(root), Vec::new()),
        None => parse_whole(text),
    }
}

/// Reads any document.
pub(super) fn parse_whole(text: &str) -> (Option<Node>, Vec<Problem>) {
    let mut builder = Builder::default();
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    for event in Parser::new_from_str_with_options(text, options) {
        let taken = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(yaml_faults::problem(&error, text)),
        };
        if let Err(problem) = taken {
            builder.problems.push(problem);
            return (None, builder.problems);
        }
    }
    let root = builder.root.unwrap_or(Node {
        mark: Mark {
            line: 1,
            column: 1,
            length: 0,
        },
        value: Value::Map(Vec::new()),
    });
    (Some(root), builder.problems)
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// A list or mapping that is still open.
struct Open {
    mark: Mark,
    anchor: usize,
    items: Vec<Node>,
    entries: Vec<(Key, Node)>,
    /// The key whose value comes next.
    key: Option<Key>,
    is_map: bool,
}

#[derive(Default)]
struct Builder {
    stack: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    root: Option<Node>,
    nodes: usize,
    problems: Vec<Problem>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let mark = mark_of(span);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => Err(Problem {
                mark,
                message: "expected one document, found a second".to_owned(),
                help: Some("remove the line \"---\" and what follows it".to_owned()),
            }),
            Event::Scalar(text, style, anchor, tag) => {
                let forced = tag.is_some_and(|tag| tag.suffix() == "str");
                let plain = style == ScalarStyle::Plain && !forced;
                let kind = if plain {
                    core_kind(&text)
                } else {
                    ScalarKind::Text
                };
                let node = Node {
                    mark,
                    value: Value::Scalar(Scalar {
                        text: text.into_owned(),
                        kind,
                    }),
                };
                self.anchor(anchor, &node)?;
                self.put(node)
            }
            Event::SequenceStart(_, anchor, _) => self.open(mark, anchor, false),
            Event::MappingStart(_, anchor, _) => self.open(mark, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(open) => {
                    let value = if open.is_map {
                        Value::Map(self.without_duplicates(open.entries))
                    } else {
                        Value::List(open.items)
                    };
                    let node = Node {
                        mark: open.mark,
                        value,
                    };
                    self.anchor(open.anchor, &node)?;
                    self.put(node)
                }
                None => Ok(()),
            },
            Event::Alias(id) => match self.anchors.get(&id) {
                Some((_, count)) => {
                    self.spend(*count, mark)?;
                    match self.anchors.get(&id).map(|(node, _)| node.value.clone()) {
                        Some(value) => self.put(Node { mark, value }),
                        None => Ok(()),
                    }
                }
                None => Err(Problem {
                    mark,
                    message: "this alias stands inside what it repeats".to_owned(),
                    help: None,
                }),
            },
            _ => Ok(()),
        }
    }

    fn open(&mut self, mark: Mark, anchor: usize, is_map: bool) -> Result<(), Problem> {
        let in_key = self
            .stack
            .last()
            .is_some_and(|open| open.is_map && open.key.is_none());
        if in_key {
            return Err(no_key(mark));
        }
        self.stack.push(Open {
            mark,
            anchor,
            items: Vec::new(),
            entries: Vec::new(),
            key: None,
            is_map,
        });
        Ok(())
    }

    fn anchor(&mut self, id: usize, node: &Node) -> Result<(), Problem> {
        if id > 0 {
            // the copy kept counts too: anchors may be nested
            let count = node.count();
            self.spend(count, node.mark)?;
            self.anchors.insert(id, (node.clone(), count));
        }
        Ok(())
    }

    fn spend(&mut self, nodes: usize, mark: Mark) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(Problem {
                mark,
                message: format!(
                    "more than {MAX_NODES} values, those repeated by aliases included"
                ),
                help: None,
            });
        }
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<(), Problem> {
        self.spend(1, node.mark)?;
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(open) if !open.is_map => open.items.push(node),
            Some(open) => match open.key.take() {
                Some(key) => open.entries.push((key, node)),
                None => match node.value {
                    Value::Scalar(scalar) => {
                        open.key = Some(Key {
                            name: scalar.text,
                            mark: node.mark,
                        });
                    }
                    _ => return Err(no_key(node.mark)),
                },
            },
        }
        Ok(())
    }

    fn without_duplicates(&mut self, entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
        let mut seen = HashSet::with_capacity(entries.len());
        let mut kept = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            if seen.insert(key.name.clone()) {
                kept.push((key, node));
            } else {
                self.problems.push(Problem {
                    mark: key.mark,
                    message: format!("the key {:?} is written twice", shortened(&key.name)),
                    help: Some("keep one of them".to_owned()),
                });
            }
        }
        kept
    }
}

fn no_key(mark: Mark) -> Problem {
    Problem {
        mark,
        message: "expected a name as key, found a list or mapping".to_owned(),
        help: Some("put a text that begins with \"{\" or \"[\" between quotes".to_owned()),
    }
}

fn mark_of(span: Span) -> Mark {
    let length = if span.start.line() == span.end.line() {
        span.end.col().saturating_sub(span.start.col())
    } else {
        1
    };
    Mark {
        line: number(span.start.line()),
        column: number(span.start.col()).saturating_add(1),
        length: number(length).max(1),
    }
}

/// What YAML 1.2's core schema (§10.3.2) takes a plain scalar for; decimal numbers only.
pub(super) fn core_kind(text: &str) -> ScalarKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "true" | "True" | "TRUE" => ScalarKind::Bool(true),
        "false" | "False" | "FALSE" => ScalarKind::Bool(false),
        _ => {
            let numeric = text
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'))
                && text.contains(|c: char| c.is_ascii_digit());
            match text.parse::<f64>() {
                Ok(number) if numeric && number.is_finite() => ScalarKind::Number(number),
                _ => ScalarKind::Text,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_problem(text: &str) -> Problem {
        parse(text).1.into_iter().next().expect("a problem")
    }

    #[test]
    fn nodes_know_where_they_were_written() {
        let (root, problems) = parse("# é\ntitle: {fr: Forêts, en: 12}\nlist:\n  - a\n");
        assert!(problems.is_empty());
        let Value::Map(entries) = root.unwrap().value else {
            panic!("a mapping")
        };
        let (key, node) = &entries[0];
        assert_eq!((key.mark.line, key.mark.column, key.mark.length), (2, 1, 5));
        let Value::Map(texts) = &node.value else {
            panic!("a mapping")
        };
        let en = &texts[1].1;
        assert_eq!((en.mark.line, en.mark.column, en.mark.length), (2, 25, 2));
        assert_eq!(en.describe(), "the number 12");
    }

    #[test]
    fn yes_and_leading_zeros_keep_their_text() {
        for (text, kind) in [
            ("yes", ScalarKind::Text),
            ("01000", ScalarKind::Number(1000.0)),
            ("1e400", ScalarKind::Text),
            ("nan", ScalarKind::Text),
            ("-", ScalarKind::Text),
            ("2024-01-01", ScalarKind::Text),
        ] {
            assert_eq!(core_kind(text), kind, "{text}");
        }
    }

    #[test]
    fn an_alias_bomb_is_refused_before_it_grows() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let inner = vec![format!("*a{}", i - 1); 10].join(", ");
            bomb.push_str(&format!("a{i}: &a{i} [{inner}]\n"));
        }
        assert!(
            first_problem(&bomb)
                .message
                .contains("more than 100000 values")
        );
    }

    #[test]
    fn deep_nesting_is_refused_in_both_notations() {
        let flow = "[".repeat(100_000);
        let block: String = (0..1000).map(|i| " ".repeat(i) + "a:\n").collect();
        for text in [flow, block] {
            assert!(first_problem(&text).message.contains("YAML"));
        }
    }

    #[test]
    fn a_tab_a_second_document_and_an_unquoted_colon_are_explained() {
        let tab = first_problem("a:\n\tb: 1\n");
        assert!(tab.help.unwrap().contains("not with tabs"));
        let second = first_problem("a: 1\n---\nb: 2\n");
        assert_eq!(
            (second.mark.line, second.message.contains("second")),
            (2, true)
        );
        let colon = first_problem("title: Eau: rivières\n");
        assert!(colon.help.unwrap().contains("between quotes"));
    }

    #[test]
    fn a_template_without_quotes_is_explained() {
        assert!(first_problem("title: {nom}: x\n").mark.line == 1);
        let list = first_problem("{a: 1}: b\n");
        assert!(list.message.contains("expected a name as key"));
    }
}
