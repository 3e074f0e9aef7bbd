//! The pages of the site: what is served, for people (HTML, French and English) and for
//! machines (JSON). They work without script.

mod items;
mod json;
mod pages;
mod preview;
mod viewer;
mod words;

pub use items::ItemsPage;
pub use json::landing_json;
pub use pages::Pages;
pub(in crate::protocol) use pages::values;
pub use preview::{Frame, preview_query};
pub use viewer::{Manifest, manifest, viewer_file};

/// The style sheet of all pages.
pub const STYLE_SHEET: &str = include_str!("templates/style.css");

/// Chooses between the languages of the pages: `lang=` wins, then `Accept-Language`, then the
/// site's first one.
pub fn page_language<'a>(
    asked: Option<&str>,
    accept_language: Option<&str>,
    offered: &'a [String],
) -> &'a str {
    let offers = |wanted: &str| {
        let primary = wanted.split(['-', ';']).next().unwrap_or("").trim();
        offered.iter().find(|o| o.eq_ignore_ascii_case(primary))
    };
    asked
        .and_then(offers)
        .or_else(|| accept_language.and_then(|list| list.split(',').find_map(offers)))
        .or_else(|| offered.first())
        .map_or("en", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_asked_for_wins_over_the_browsers() {
        let offered = ["fr".to_owned(), "en".to_owned()];
        assert_eq!(page_language(None, None, &offered), "fr");
        assert_eq!(page_language(None, Some("de-DE,en;q=0.8"), &offered), "en");
        assert_eq!(page_language(Some("fr"), Some("en"), &offered), "fr");
        assert_eq!(page_language(Some("xx"), None, &offered), "fr");
        assert_eq!(page_language(None, Some("en"), &[]), "en");
    }
}
