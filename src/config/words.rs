//! The words that configuration may use where a list is closed.

/// Licences by identifier, with the address of their text; any other is given by its URL.
pub const LICENCES: [(&str, &str); 9] = [
    (
        "etalab-2.0",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    ),
    (
        "etalab-1.0",
        "https://www.etalab.gouv.fr/wp-content/uploads/2014/05/Licence_Ouverte.pdf",
    ),
    ("odbl-1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    ("odc-by-1.0", "https://opendatacommons.org/licenses/by/1-0/"),
    (
        "cc0-1.0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    ("cc-by-4.0", "https://creativecommons.org/licenses/by/4.0/"),
    (
        "cc-by-sa-4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/",
    ),
    ("isc", "https://opensource.org/license/isc-license-txt"),
    (
        "public-domain",
        "https://creativecommons.org/publicdomain/mark/1.0/",
    ),
];

/// The 34 INSPIRE themes (Directive 2007/2/EC, annexes I to III) by their codes.
pub const INSPIRE_THEMES: [&str; 34] = [
    "rs", "gg", "gn", "au", "ad", "cp", "tn", "hy", "ps", "el", "lc", "oi", "ge", "su", "bu", "so",
    "lu", "hh", "us", "ef", "pf", "af", "pd", "am", "nz", "ac", "mf", "of", "sr", "br", "hb", "sd",
    "er", "mr",
];

/// The themes of the French COVADIS classification.
pub const COVADIS_THEMES: [&str; 18] = [
    "AGRICULTURE",
    "AIR_CLIMAT",
    "AMENAGEMENT_URBANISME",
    "CULTURE_SOCIETE_SERVICE",
    "DONNEE_GENERIQUE",
    "EAU",
    "FONCIER_SOL",
    "FORET",
    "HABITAT_POLITIQUE_DE_LA_VILLE",
    "MER_LITTORAL",
    "NATURE_PAYSAGE_BIODIVERSITE",
    "NUISANCE",
    "RESEAU_ENERGIE_DIVERS",
    "RISQUE",
    "SITE_INDUSTRIEL_PRODUCTION",
    "SOCIO_ECONOMIE",
    "TRANSPORTS_DEPLACEMENT",
    "TRANSPORT_INFRASTRUCTURE",
];

/// The roles of ISO 19115 (CI_RoleCode).
pub const CONTACT_ROLES: [&str; 11] = [
    "resourceProvider",
    "custodian",
    "owner",
    "user",
    "distributor",
    "originator",
    "pointOfContact",
    "principalInvestigator",
    "processor",
    "publisher",
    "author",
];

/// Three-letter codes (ISO 639-2, both lists) of languages that are often written so.
const THREE_LETTERS: [(&str, &str); 14] = [
    ("fre", "fr"),
    ("fra", "fr"),
    ("eng", "en"),
    ("ger", "de"),
    ("deu", "de"),
    ("ita", "it"),
    ("spa", "es"),
    ("cat", "ca"),
    ("oci", "oc"),
    ("por", "pt"),
    ("dut", "nl"),
    ("nld", "nl"),
    ("français", "fr"),
    ("english", "en"),
];

/// True for two lowercase letters, the form of ISO 639-1.
pub fn is_language(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase())
}

/// The two-letter code that was probably meant.
pub fn language_meant(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    let lower = lower.split(['-', '_']).next().unwrap_or("");
    THREE_LETTERS
        .iter()
        .find(|(long, short)| *long == lower || *short == lower)
        .map(|(_, short)| *short)
}

/// True for an address that begins with http:// or https:// and goes on without spaces.
pub fn is_url(text: &str) -> bool {
    text.strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
        .is_some_and(|rest| {
            !rest.is_empty()
                && !rest.starts_with('/')
                && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
        })
}
