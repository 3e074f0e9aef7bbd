/// Stands for the base URL in a kept document. Text of the catalogue can't hold it: control
/// characters are left out when text is escaped.
pub const BASE_MARK: char = '\u{1}';

/// A document without its base URL, and where it goes.
#[derive(Debug)]
pub struct Template {
    text: String,
    /// Positions in `text`, ascending.
    cuts: Vec<usize>,
}

impl Template {
    /// The document, written with [`BASE_MARK`] for the base URL.
    pub fn new(marked: &str) -> Template {
        let mut text = String::with_capacity(marked.len());
        let mut cuts = Vec::new();
        for (i, piece) in marked.split(BASE_MARK).enumerate() {
            if i > 0 {
                cuts.push(text.len());
            }
            text.push_str(piece);
        }
        Template { text, cuts }
    }

    /// The number of bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The document; `base` is escaped already.
    pub fn with_base(&self, base: &str) -> String {
        let mut out = String::with_capacity(self.text.len() + self.cuts.len() * base.len());
        let mut from = 0;
        for cut in &self.cuts {
            out.push_str(self.text.get(from..*cut).unwrap_or_default());
            out.push_str(base);
            from = *cut;
        }
        out.push_str(self.text.get(from..).unwrap_or_default());
        out
    }
}
