/// A text for people, in one or several languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalText(Vec<(String, String)>);

impl LocalText {
    /// A text in the default language only.
    pub fn plain(text: impl Into<String>) -> LocalText {
        LocalText(vec![(String::new(), text.into())])
    }

    /// Texts by two-letter language code; the first is what an unknown language gets.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> LocalText {
        LocalText(texts.into_iter().collect())
    }

    /// The text in a language, else the first one; empty where there is none.
    pub fn get(&self, language: &str) -> &str {
        self.0
            .iter()
            .find(|(code, _)| code == language)
            .map_or_else(|| self.default_text(), |(_, text)| text)
    }

    /// The text in a language; another one where there is none.
    pub fn get_or<'t>(&'t self, language: &str, fallback: &'t str) -> &'t str {
        match self.get(language) {
            "" => fallback,
            text => text,
        }
    }

    pub fn default_text(&self) -> &str {
        self.0.first().map_or("", |(_, text)| text)
    }

    pub fn is_empty(&self) -> bool {
        self.default_text().is_empty()
    }

    /// Each language's text; the language of a plain text is empty.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(l, t)| (l.as_str(), t.as_str()))
    }
}
