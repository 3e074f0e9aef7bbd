//! XML as a small tree: bounded in size, depth and number of elements, with namespaces resolved
//! and the place of each element, for messages.
//!
//! Document type declarations are refused, so there are no entities but the five of XML and
//! character references (OWASP: no expansion, no external entity).

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use crate::error::{Error, Result};

/// What a document may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the document. Default: 2 MB, some hundred times a large style.
    pub bytes: usize,
    /// Elements inside elements. Default: 64; the deepest style seen has 20.
    pub depth: usize,
    /// Elements in all: an empty one takes 4 bytes of the document and about 200 in memory.
    /// Default: 100,000.
    pub elements: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            bytes: 2_000_000,
            depth: 64,
            elements: 100_000,
        }
    }
}

/// An element with its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Without prefix.
    pub name: String,
    /// Empty where there is none, or where the prefix is not declared.
    pub namespace: Arc<str>,
    pub attributes: Vec<Attribute>,
    pub nodes: Vec<Node>,
    /// 1-based, of the `<`.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Without prefix.
    pub name: String,
    /// As written, to tell `gml:id` from `id`.
    pub prefix: String,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Element(Element),
    Text(String),
    /// Text of a CDATA section: its white space is meant.
    Verbatim(String),
    Comment(String),
}

impl Element {
    /// Reads a document given as bytes, in UTF-8 or in the ISO 8859-1, Windows-1252 or US-ASCII
    /// that its declaration names.
    ///
    /// # Errors
    /// As [`parse`](Element::parse); `Syntax` for bytes that are not text.
    pub fn parse_bytes(bytes: &[u8], limits: &Limits) -> Result<Element> {
        Element::parse(&decoded(bytes)?, limits)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// `Syntax` with line and column where it is not well formed or has a document type;
    /// `LimitExceeded` beyond the limits.
    pub fn parse(text: &str, limits: &Limits) -> Result<Element> {
        if text.len() > limits.bytes {
            return Err(exceeded(
                "size of an XML document in bytes",
                limits.bytes,
                text.len(),
            ));
        }
        Builder::new(text).read(limits)
    }

    /// The elements inside, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// Calls `visit` with the element and with every one inside it, however deep.
    pub fn each<'e>(&'e self, visit: &mut impl FnMut(&'e Element)) {
        visit(self);
        for child in self.elements() {
            child.each(visit);
        }
    }

    /// The first element inside of that local name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|e| e.name == name)
    }

    /// The value of the first attribute of that local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|a| a.name == name);
        found.map(|a| a.value.as_str())
    }

    /// The text directly inside, without white space at its ends.
    pub fn text(&self) -> Cow<'_, str> {
        let mut texts = self.nodes.iter().filter_map(|node| match node {
            Node::Text(t) | Node::Verbatim(t) => Some(t.as_str()),
            _ => None,
        });
        let first = texts.next().unwrap_or_default();
        match texts.next() {
            None => Cow::Borrowed(first.trim()),
            Some(second) => {
                let mut all = format!("{first}{second}");
                all.extend(texts);
                Cow::Owned(all.trim().to_owned())
            }
        }
    }

    /// A fault of this element.
    pub fn fault(&self, message: impl Into<String>) -> Error {
        Error::Syntax {
            message: message.into(),
            line: self.line,
            column: self.column,
        }
    }
}

fn exceeded(what: &'static str, limit: usize, found: usize) -> Error {
    Error::LimitExceeded {
        what,
        limit: limit as u64,
        found: found as u64,
    }
}

/// True for what begins as a document does, in any encoding that is read.
pub fn is_document(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"<") || utf_16(bytes).is_some()
}

/// The units of UTF-16, which every reader of XML must know (XML 1.0 §4.3.3): by its mark, or by
/// the zero beside the first bracket.
fn utf_16(bytes: &[u8]) -> Option<impl Iterator<Item = u16>> {
    let (is_little, rest) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (true, rest),
        [0xFE, 0xFF, rest @ ..] => (false, rest),
        [b'<', 0, ..] => (true, bytes),
        [0, b'<', ..] => (false, bytes),
        _ => return None,
    };
    let units = rest.as_chunks::<2>().0.iter();
    Some(units.map(move |pair| match is_little {
        true => u16::from_le_bytes(*pair),
        false => u16::from_be_bytes(*pair),
    }))
}

/// The document as text.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>> {
    if let Some(units) = utf_16(bytes) {
        let text: std::result::Result<String, _> = char::decode_utf16(units).collect();
        return text.map(Cow::Owned).map_err(|_| Error::Syntax {
            message: "this is no UTF-16, as its beginning says".into(),
            line: 1,
            column: 1,
        });
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head: String = bytes.iter().take(200).map(|b| char::from(*b)).collect();
    let declared = head
        .strip_prefix("<?xml")
        .and_then(|h| h.split("?>").next())
        .and_then(|h| h.split_once("encoding"))
        .map(|(_, rest)| rest.trim_start_matches([' ', '=', '"', '\'']))
        .and_then(|rest| rest.split(['"', '\'']).next())
        .unwrap_or("UTF-8")
        .to_lowercase();
    let one_byte = [
        "iso-8859-1",
        "iso8859-1",
        "latin1",
        "iso-8859-15",
        "windows-1252",
        "cp1252",
    ];
    if one_byte.contains(&declared.as_str()) {
        return Ok(bytes
            .iter()
            .map(|b| windows_1252(*b))
            .collect::<String>()
            .into());
    }
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|e| {
        let before = bytes.get(..e.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|b| **b == b'\n').count();
        Error::Syntax {
            message:
                "expected UTF-8 or UTF-16, or an encoding declared as ISO-8859-1 or windows-1252"
                    .into(),
            line: u32::try_from(line).unwrap_or(u32::MAX).saturating_add(1),
            column: 1,
        }
    })
}

/// Windows-1252 is ISO 8859-1 with letters where that has control characters.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    let index = usize::from(byte).checked_sub(0x80);
    index
        .and_then(|i| HIGH.get(i))
        .copied()
        .unwrap_or(char::from(byte))
}

struct Builder<'t> {
    text: &'t str,
    reader: NsReader<&'t [u8]>,
    namespaces: Vec<Arc<str>>,
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    // the place counted so far
    offset: usize,
    line: u32,
    column: u32,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Builder<'t> {
        Builder {
            text,
            reader: NsReader::from_str(text),
            namespaces: Vec::new(),
            open: Vec::new(),
            root: None,
            elements: 0,
            offset: 0,
            line: 1,
            column: 1,
        }
    }

    fn read(mut self, limits: &Limits) -> Result<Element> {
        loop {
            let start = self.reader.buffer_position();
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let at = self.reader.error_position();
                    return Err(self.fault_at(at, error.to_string()));
                }
            };
            match event {
                Event::Start(tag) => {
                    let element = self.element(&tag, start, limits)?;
                    self.open.push(element);
                }
                Event::Empty(tag) => {
                    let element = self.element(&tag, start, limits)?;
                    self.close(element);
                }
                Event::End(_) => {
                    if let Some(element) = self.open.pop() {
                        self.close(element);
                    }
                }
                Event::Text(text) => self.text(&text.xml10_content(), start)?,
                Event::GeneralRef(reference) => {
                    let name = reference.xml10_content();
                    let character = match reference.resolve_char_ref() {
                        Ok(Some(c)) => c.to_string(),
                        _ => match quick_xml::escape::resolve_xml_entity(&name) {
                            Some(text) => text.to_owned(),
                            None => {
                                let message = format!("entity &{name}; is not known");
                                return Err(self.fault_at(start, message));
                            }
                        },
                    };
                    self.text(&character, start)?;
                }
                Event::CData(text) => {
                    let text = text.xml10_content().into_owned();
                    self.node(Node::Verbatim(text));
                }
                Event::Comment(text) => {
                    let text = text.xml10_content().into_owned();
                    self.node(Node::Comment(text));
                }
                Event::DocType(_) => {
                    let message = "document type declarations are refused";
                    return Err(self.fault_at(start, message));
                }
                Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        if let Some(open) = self.open.last() {
            return Err(open.fault(format!("<{}> is not closed", open.name)));
        }
        match self.root {
            Some(root) => Ok(root),
            None => Err(Error::Syntax {
                message: "expected an XML document, found no element".into(),
                line: 1,
                column: 1,
            }),
        }
    }

    fn element(&mut self, tag: &BytesStart<'_>, start: u64, limits: &Limits) -> Result<Element> {
        let (line, column) = self.place(start);
        let fault = |message: String| Error::Syntax {
            message,
            line,
            column,
        };
        if self.open.len() >= limits.depth {
            let found = self.open.len().saturating_add(1);
            return Err(exceeded("depth of an XML document", limits.depth, found));
        }
        self.elements = self.elements.saturating_add(1);
        if self.elements > limits.elements {
            let what = "number of elements of an XML document";
            return Err(exceeded(what, limits.elements, self.elements));
        }
        if self.root.is_some() && self.open.is_empty() {
            return Err(fault(
                "expected the end of the document after its root element".into(),
            ));
        }
        let (namespace, local) = self.reader.resolver().resolve_element(tag.name());
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => namespace.0.to_owned(),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
        };
        let name = local.into_inner().to_owned();
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|e| fault(e.to_string()))?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
            let (local, prefix) = attribute.key.decompose();
            attributes.push(Attribute {
                name: local.into_inner().to_owned(),
                prefix: prefix.map_or(String::new(), |p| p.into_inner().to_owned()),
                value: value.map_err(|e| fault(e.to_string()))?.into_owned(),
            });
        }
        Ok(Element {
            name,
            namespace: self.namespace(namespace),
            attributes,
            nodes: Vec::new(),
            line,
            column,
        })
    }

    /// One copy of each namespace, however many elements are in it.
    fn namespace(&mut self, uri: String) -> Arc<str> {
        if let Some(known) = self.namespaces.iter().find(|n| n.as_ref() == uri) {
            return known.clone();
        }
        let new: Arc<str> = uri.into();
        self.namespaces.push(new.clone());
        new
    }

    fn close(&mut self, element: Element) {
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str, start: u64) -> Result<()> {
        let Some(open) = self.open.last_mut() else {
            return match text.trim().is_empty() {
                true => Ok(()),
                false => Err(self.fault_at(start, "text outside the root element")),
            };
        };
        match open.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => open.nodes.push(Node::Text(text.to_owned())),
        }
        Ok(())
    }

    fn node(&mut self, node: Node) {
        if let Some(open) = self.open.last_mut() {
            open.nodes.push(node);
        }
    }

    fn fault_at(&mut self, offset: u64, message: impl Into<String>) -> Error {
        let (line, column) = self.place(offset);
        Error::Syntax {
            message: message.into(),
            line,
            column,
        }
    }

    /// Line and column of a byte, counted on from the last one asked for.
    fn place(&mut self, offset: u64) -> (u32, u32) {
        let offset = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.text.len());
        if offset < self.offset {
            (self.offset, self.line, self.column) = (0, 1, 1);
        }
        for c in self
            .text
            .get(self.offset..offset)
            .unwrap_or_default()
            .chars()
        {
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.offset = offset;
        (self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Element> {
        Element::parse(text, &Limits::default())
    }

    #[test]
    fn elements_know_their_namespace_and_their_place() {
        let root =
            parse("<a xmlns='urn:x' xmlns:y='urn:y'>\n  é<y:b id='1'/>&lt;&#233;</a>").unwrap();
        assert_eq!(root.namespace.as_ref(), "urn:x");
        let b = root.child("b").unwrap();
        assert_eq!((b.namespace.as_ref(), b.line, b.column), ("urn:y", 2, 4));
        assert_eq!(b.attribute("id"), Some("1"));
        assert_eq!(root.text(), "é<é");
    }

    #[test]
    fn cdata_and_comments_are_told_from_text() {
        let root = parse("<a> x<![CDATA[ <y> ]]><!-- z --></a>").unwrap();
        let expected = [
            Node::Text(" x".into()),
            Node::Verbatim(" <y> ".into()),
            Node::Comment(" z ".into()),
        ];
        assert_eq!(root.nodes, expected);
    }

    #[test]
    fn what_is_not_well_formed_says_where() {
        let place = |text: &str| match parse(text) {
            Err(Error::Syntax { line, column, .. }) => (line, column),
            other => panic!("{other:?}"),
        };
        assert_eq!(place("<a>\n <b>\n</a>").0, 3);
        assert_eq!(place("<a>\n  <b>"), (2, 3));
        assert_eq!(place("<a>&nbsp;</a>"), (1, 4));
        assert_eq!(place("<a/>\n<b/>"), (2, 1));
        assert_eq!(place("<a b='1' b='2'/>"), (1, 1));
        assert_eq!(place(""), (1, 1));
    }

    #[test]
    fn document_types_and_their_entities_are_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY x 'xxxxxxxx'>]><a>&x;</a>";
        assert!(matches!(parse(bomb), Err(Error::Syntax { .. })));
    }

    #[test]
    fn depth_size_and_number_are_bounded() {
        let deep = "<a>".repeat(65) + &"</a>".repeat(65);
        assert!(matches!(parse(&deep), Err(Error::LimitExceeded { .. })));
        assert!(parse(&("<a>".repeat(64) + &"</a>".repeat(64))).is_ok());
        let many = format!("<a>{}</a>", "<b/>".repeat(100_000));
        assert!(matches!(parse(&many), Err(Error::LimitExceeded { .. })));
        let long = format!("<a>{}</a>", " ".repeat(2_000_000));
        assert!(matches!(parse(&long), Err(Error::LimitExceeded { .. })));
    }

    #[test]
    fn a_document_in_latin_1_is_read_as_its_declaration_says() {
        let bytes = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9\x80</a>";
        let root = Element::parse_bytes(bytes, &Limits::default()).unwrap();
        assert_eq!(root.text(), "é€");
        assert!(Element::parse_bytes(b"<a>\xe9</a>", &Limits::default()).is_err());
    }

    proptest! {
        #[test]
        fn no_text_ends_the_process(text in "[<>/a-c='\" !&;\\[\\]\\-?x:\n]{0,60}") {
            let _ = parse(&text);
        }
    }
}
