/// A licence by its identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// In French and in English.
    titles: [String; 2],
    pub url: Option<String>,
}

/// Identifier, French title, English title, address.
const KNOWN: [(&str, &str, &str, &str); 8] = [
    (
        "etalab-2.0",
        "Licence Ouverte / Open Licence 2.0 (Etalab)",
        "Open Licence 2.0 (Etalab)",
        "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf",
    ),
    (
        "etalab-1.0",
        "Licence Ouverte / Open Licence 1.0 (Etalab)",
        "Open Licence 1.0 (Etalab)",
        "https://www.etalab.gouv.fr/wp-content/uploads/2014/05/Licence_Ouverte.pdf",
    ),
    (
        "odbl-1.0",
        "Licence Open Database (ODbL) 1.0",
        "Open Database License (ODbL) 1.0",
        "https://opendatacommons.org/licenses/odbl/1-0/",
    ),
    (
        "cc0-1.0",
        "Creative Commons Zéro (CC0) 1.0",
        "Creative Commons Zero (CC0) 1.0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    (
        "cc-by-4.0",
        "Creative Commons Attribution 4.0",
        "Creative Commons Attribution 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    (
        "cc-by-sa-4.0",
        "Creative Commons Attribution – Partage dans les mêmes conditions 4.0",
        "Creative Commons Attribution-ShareAlike 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/",
    ),
    (
        "public-domain",
        "Domaine public",
        "Public domain",
        "https://creativecommons.org/publicdomain/mark/1.0/",
    ),
    (
        "no-conditions",
        "Aucune condition ne s’applique",
        "No conditions apply to access and use",
        "http://inspire.ec.europa.eu/metadata-codelist/ConditionsApplyingToAccessAndUse/noConditionsApply",
    ),
];

/// The licence of an identifier or URL; one that is not known is its own title.
pub fn licence(id: &str) -> Licence {
    let known = KNOWN
        .iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(id));
    match known {
        Some((_, french, english, url)) => Licence {
            titles: [(*french).to_owned(), (*english).to_owned()],
            url: Some((*url).to_owned()),
        },
        None => Licence {
            titles: [id.to_owned(), id.to_owned()],
            url: (id.starts_with("http://") || id.starts_with("https://")).then(|| id.to_owned()),
        },
    }
}

impl Licence {
    /// The title in French, or in English for any other language.
    pub fn title(&self, language: &str) -> &str {
        let [french, english] = &self.titles;
        if language == "fr" { french } else { english }
    }

    /// Title and address in one line.
    pub fn text(&self, language: &str) -> String {
        match (&self.url, self.title(language)) {
            (Some(url), title) if url != title => format!("{title} – {url}"),
            (_, title) => title.to_owned(),
        }
    }
}
