use crate::catalogue::LocalText;
use crate::config::diagnostic::{Findings, Place, Severity};
use crate::config::reader::Entry;
use crate::config::words::{is_language, language_meant};
use crate::config::yaml::shortened;

/// A text for people as it was written: one string, or one a language.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// Language (empty for one string) and text, with the place of the language.
    texts: Vec<(String, Place, String)>,
    place: Place,
}

impl Text {
    /// Reads `Texte` or `{fr: Texte, en: Text}`.
    pub fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<Text> {
        let mut texts = Vec::new();
        if entry.is_map() {
            if entry.entries(findings).is_empty() {
                let help = "e.g. {fr: …, en: …}";
                entry.expected_help("a text, or one a language", help, findings);
            }
            for pair in entry.entries(findings) {
                if is_language(pair.key) {
                    if let Some(text) = pair.value.text(findings) {
                        texts.push((pair.key.to_owned(), pair.key_place, text));
                    }
                } else {
                    findings.error_nearest(
                        &pair.key_place,
                        format!("expected a language of two letters, found {:?}", pair.key),
                        language_meant(pair.key).map(str::to_owned),
                        Some("e.g. {fr: …, en: …}".to_owned()),
                    );
                }
            }
        } else {
            texts.push((String::new(), entry.place.clone(), entry.text(findings)?));
        }
        for (_, place, text) in texts.iter().filter(|(.., text)| is_in_curly_quotes(text)) {
            let message = format!(
                "the curly quotes are a part of the text {}",
                shortened(text)
            );
            let help = "YAML knows straight ones only: \"…\"";
            findings.add(Severity::Warning, place, message, Some(help.to_owned()));
        }
        // what is wrong with each has been told
        (!texts.is_empty()).then(|| Text {
            texts,
            place: entry.place.clone(),
        })
    }

    /// The text with the site's default language first. Warns of languages that the site
    /// does not have and of those that are missing.
    pub fn resolve(&self, languages: &[String], findings: &mut Findings) -> LocalText {
        let mut sorted: Vec<_> = self.texts.iter().collect();
        let rank = |language: &str| languages.iter().position(|l| l == language);
        sorted.sort_by_key(|(language, ..)| rank(language).unwrap_or(usize::MAX));
        let by_language = self.texts.iter().all(|(language, ..)| !language.is_empty());
        if by_language {
            for (language, place, _) in &self.texts {
                if rank(language).is_none() {
                    findings.add(
                        Severity::Warning,
                        place,
                        format!("{language:?} is not a language of this site"),
                        Some(format!(
                            "`languages: [{}]` in server.yaml",
                            languages.join(", ")
                        )),
                    );
                }
            }
            let missing: Vec<&str> = languages
                .iter()
                .filter(|l| !self.texts.iter().any(|(language, ..)| language == *l))
                .map(String::as_str)
                .collect();
            if !missing.is_empty() && languages.len() > 1 {
                let message = format!("no text in {}", missing.join(", "));
                let first = sorted.first().map_or("", |(language, ..)| language);
                let help = format!("readers of {} get the one in {first:?}", missing.join(", "));
                findings.add(Severity::Warning, &self.place, message, Some(help));
            }
        }
        LocalText::new(sorted.into_iter().map(|(l, _, t)| (l.clone(), t.clone())))
    }
}

/// True for `“Carte”` as word processors write it, where YAML was given no quotes at all.
fn is_in_curly_quotes(text: &str) -> bool {
    const CURLY: [char; 6] = ['“', '”', '„', '‘', '’', '‚'];
    let inner = text.strip_prefix(CURLY).and_then(|t| t.strip_suffix(CURLY));
    // a quotation and what follows up to another one is a sentence
    inner.is_some_and(|inner| !inner.contains(['“', '”', '„', '‘', '‚']))
}
