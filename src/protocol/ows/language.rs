use crate::catalogue::Catalogue;

/// The codes of ISO 639-2, bibliographic first, of a two-letter code that the European Union's
/// languages have; INSPIRE speaks the bibliographic ones.
fn language_codes(code: &str) -> &'static [&'static str] {
    match code {
        "bg" => &["bul"],
        "cs" => &["cze", "ces"],
        "da" => &["dan"],
        "de" => &["ger", "deu"],
        "el" => &["gre", "ell"],
        "en" => &["eng"],
        "es" => &["spa"],
        "et" => &["est"],
        "fi" => &["fin"],
        "fr" => &["fre", "fra"],
        "ga" => &["gle"],
        "hr" => &["hrv"],
        "hu" => &["hun"],
        "it" => &["ita"],
        "lt" => &["lit"],
        "lv" => &["lav"],
        "mt" => &["mlt"],
        "nl" => &["dut", "nld"],
        "pl" => &["pol"],
        "pt" => &["por"],
        "ro" => &["rum", "ron"],
        "sk" => &["slo", "slk"],
        "sl" => &["slv"],
        "sv" => &["swe"],
        _ => &[],
    }
}

/// The ISO 639-2/B code of a language; `None` for one that INSPIRE's schemas do not list.
pub fn iso639_2b(code: &str) -> Option<&'static str> {
    language_codes(code).first().copied()
}

/// The language that `LANGUAGE=` names by any of its codes, where the site speaks it; else the
/// site's first one (INSPIRE TG View 3.11, requirement 51).
pub fn language(catalogue: &Catalogue, wanted: Option<&str>) -> String {
    let offered = &catalogue.site.languages;
    let wanted = wanted.map(str::to_ascii_lowercase);
    wanted
        .and_then(|wanted| {
            offered
                .iter()
                .find(|code| **code == wanted || language_codes(code).contains(&wanted.as_str()))
        })
        .or_else(|| offered.first())
        .map_or_else(|| "fr".to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_has_a_bibliographic_and_a_terminological_code() {
        assert_eq!(language_codes("fr"), ["fre", "fra"]);
        assert_eq!(iso639_2b("en"), Some("eng"));
        assert_eq!(iso639_2b("xx"), None);
    }
}
