//! XML text, escaped and indented.

/// Writes elements; text is escaped here and nowhere else.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    open: Vec<(String, bool)>,
}

impl Writer {
    /// A document, with its declaration.
    pub fn document() -> Writer {
        Writer {
            out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".into(),
            open: Vec::new(),
        }
    }

    /// Opens an element, on a line of its own where its parent holds no text.
    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let inline = self.open.last().is_some_and(|(_, inline)| *inline);
        if !inline {
            self.line();
        }
        self.tag(name, attributes);
        self.out.push('>');
        self.open.push((name.to_owned(), inline));
    }

    /// Opens an element of mixed content: nothing in it is indented.
    pub fn open_mixed(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.open(name, attributes);
        if let Some((_, inline)) = self.open.last_mut() {
            *inline = true;
        }
    }

    /// Closes the element that was opened last.
    pub fn close(&mut self) {
        if let Some((name, inline)) = self.open.pop() {
            if !inline {
                self.line();
            }
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
        }
    }

    /// An element with text alone.
    pub fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.open_mixed(name, attributes);
        self.text(text);
        self.close();
    }

    /// Text; in CDATA where its white space would be taken for layout.
    pub fn text(&mut self, text: &str) {
        if text.trim() != text && !text.contains("]]>") {
            self.out.push_str("<![CDATA[");
            self.out.extend(text.chars().filter(|c| is_xml(*c)));
            self.out.push_str("]]>");
        } else {
            escape(text, &mut self.out);
        }
    }

    /// A line between the declaration and the root: a document type.
    pub fn doctype(&mut self, declaration: &str) {
        self.out.push_str("\n<!DOCTYPE ");
        self.out.push_str(declaration);
        self.out.push('>');
    }

    /// Closes what is open.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.push('\n');
        self.out
    }

    fn line(&mut self) {
        self.out.push('\n');
        for _ in &self.open {
            self.out.push_str("  ");
        }
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out.push_str(name);
        for (key, value) in attributes {
            self.out.push(' ');
            self.out.push_str(key);
            self.out.push_str("=\"");
            escape(value, &mut self.out);
            self.out.push('"');
        }
    }
}

/// True for the characters that XML 1.0 allows (§2.2).
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars().filter(|c| is_xml(*c)) {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}
