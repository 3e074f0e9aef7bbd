//! What people write where a key, a number or a word of another form is read, and what they meant
//! by it: other case, accents, the French words of the keys, scales as on paper maps.

use super::ident::fold;
use crate::error::nearest;

/// What the keys are called in French, and other names that they go by; without accents, `_` for
/// spaces and hyphens. A word may stand for several keys: the one that is known at the place.
const KEYS: [(&str, &str); 131] = [
    ("acces", "access"),
    ("adresse", "address"),
    ("adresse", "url"),
    ("auteur", "organisation"),
    ("bbox", "extent"),
    ("cadres", "frames"),
    ("champ", "fields"),
    ("champs", "fields"),
    ("champs", "columns"),
    ("chemin", "file"),
    ("cle", "id_column"),
    ("cles", "api_keys"),
    ("cles_api", "api_keys"),
    ("code_postal", "postcode"),
    ("colonne", "name"),
    ("colonnes", "columns"),
    ("colonne_id", "id_column"),
    ("columns", "fields"),
    ("contact", "email"),
    ("couche", "layer"),
    ("couche", "layers"),
    ("couches", "layers"),
    ("courriel", "email"),
    ("cree", "created"),
    ("credits", "attribution"),
    ("date_creation", "created"),
    ("date_revision", "revised"),
    ("decimales", "decimals"),
    ("description", "abstract"),
    ("desc", "abstract"),
    ("disque", "disk"),
    ("echelle", "scales"),
    ("echelles", "scales"),
    ("editeur", "organisation"),
    ("element_xml", "element"),
    ("emprise", "extent"),
    ("epsg", "crs"),
    ("espace_de_noms", "namespace"),
    ("etendue", "extent"),
    ("etiquette", "label"),
    ("etiquettes", "label"),
    ("fiche", "record"),
    ("fichier", "file"),
    ("filename", "file"),
    ("filtre", "filter"),
    ("fond", "basemaps"),
    ("fonds", "basemaps"),
    ("fonds_de_carte", "basemaps"),
    ("fonds_de_plan", "basemaps"),
    ("fond_de_carte", "basemaps"),
    ("fond_de_plan", "basemaps"),
    ("foreach", "for_each"),
    ("formats", "export"),
    ("genealogie", "lineage"),
    ("groupe", "group"),
    ("groupe", "groups"),
    ("groupes", "groups"),
    ("hauteur", "height"),
    ("identifiant", "id"),
    ("identifiant", "identifier"),
    ("identites", "identities"),
    ("impression", "print"),
    ("indexe", "index"),
    ("infobulle", "popup"),
    ("interrogeable", "queryable"),
    ("jetons", "tokens"),
    ("jours", "days"),
    ("langue", "languages"),
    ("langues", "languages"),
    ("largeur", "width"),
    ("layer", "layers"),
    ("layers", "layer"),
    ("legende", "label"),
    ("libelle", "label"),
    ("licence", "licence"),
    ("license", "licence"),
    ("liens", "links"),
    ("limites", "limits"),
    ("mail", "email"),
    ("e_mail", "email"),
    ("mandataire", "proxy"),
    ("masque", "hidden"),
    ("cache", "hidden"),
    ("memoire", "memory"),
    ("metadonnees", "metadata"),
    ("mise_en_page", "layouts"),
    ("modele", "layouts"),
    ("mots_cles", "keywords"),
    ("mots_de_passe", "passwords"),
    ("motscles", "keywords"),
    ("mot_cle", "keywords"),
    ("nom", "name"),
    ("nom", "layer"),
    ("nom", "title"),
    ("name", "layer"),
    ("name", "title"),
    ("obligatoire", "required"),
    ("opacite", "opacity"),
    ("organisme", "organisation"),
    ("organization", "organisation"),
    ("outils", "tools"),
    ("ouvert", "open"),
    ("ouverte", "open"),
    ("path", "file"),
    ("pays", "country"),
    ("pour_chaque", "for_each"),
    ("producteur", "organisation"),
    ("projection", "crs"),
    ("recherche", "search"),
    ("requis", "required"),
    ("reseaux", "networks"),
    ("resume", "abstract"),
    ("revise", "revised"),
    ("role", "roles"),
    ("srs", "crs"),
    ("statut", "status"),
    ("tableau", "table"),
    ("telephone", "phone"),
    ("temps", "time"),
    ("title", "label"),
    ("titre", "title"),
    ("titre", "label"),
    ("transparence", "opacity"),
    ("tri", "sort"),
    ("unite", "unit"),
    ("utilisateur", "user"),
    ("ville", "city"),
    ("visibilite", "visible"),
    ("vue", "view"),
    ("where", "filter"),
    ("zoom", "scales"),
];

/// Keys that stand under others.
const BELOW: [(&str, &[&str]); 6] = [
    ("view", &["crs", "extent", "scales", "offer"]),
    (
        "metadata",
        &[
            "organisation",
            "contact",
            "licence",
            "inspire",
            "covadis",
            "created",
            "revised",
            "lineage",
            "identifier",
        ],
    ),
    ("identities", &["passwords", "tokens", "proxy", "links"]),
    ("cache", &["memory", "disk"]),
    ("print", &["layouts", "dpi"]),
    ("contact", &["email", "phone", "postcode", "city"]),
];

/// Keys that stand at the beginning of a line.
const OUTERMOST: [&str; 12] = [
    "abstract",
    "basemaps",
    "groups",
    "id_column",
    "languages",
    "layers",
    "metadata",
    "popup",
    "search",
    "source",
    "tools",
    "view",
];

/// What other servers have in their files, and this one as an option of the command.
const OPTIONS: [(&str, &str); 9] = [
    ("port", "--listen 127.0.0.1:8080"),
    ("listen", "--listen 127.0.0.1:8080"),
    ("bind", "--listen 127.0.0.1:8080"),
    ("host", "--listen 127.0.0.1:8080"),
    ("ecoute", "--listen 127.0.0.1:8080"),
    ("base_url", "--base-url https://example.org"),
    ("url", "--base-url https://example.org"),
    ("workers", "--workers 4"),
    ("threads", "--workers 4"),
];

/// The key among those that are `known` where it stands that a word was probably meant for.
pub fn key_meant(word: &str, known: &[&str]) -> Option<String> {
    let plain = plain(word);
    let key = exact(&plain, known).map(str::to_owned);
    key.or_else(|| nearly(&plain, known))
}

/// What helps who wrote a key that is not `known` where it stands; `is_within` another key.
pub fn key_help(word: &str, known: &[&str], is_within: bool) -> String {
    if word.contains(['\u{a0}', '\u{202f}']) {
        return "a no-break space stands in it: write ordinary ones".to_owned();
    }
    let plain = plain(word);
    if let Some(key) = exact(&plain, known) {
        return format!("did you mean {key:?}?");
    }
    let option = OPTIONS.iter().find(|(name, _)| *name == plain);
    if let Some((_, option)) = option.filter(|_| known.contains(&"roles")) {
        return format!("it is no part of the site: `cartotheque serve {option}`");
    }
    let below = BELOW.iter().filter(|(above, _)| known.contains(above));
    for (above, keys) in below {
        if let Some(key) = exact(&plain, keys) {
            return format!("it stands under `{above}:`, as in {above}: {{{key}: …}}");
        }
    }
    if let Some(key) = nearly(&plain, known) {
        return format!("did you mean {key:?}?");
    }
    let others = format!("known keys: {}", known.join(", "));
    match exact(&plain, &OUTERMOST).filter(|_| is_within) {
        Some(key) => format!("`{key}:` stands at the beginning of a line; {others}"),
        None => others,
    }
}

/// The word of a list that was probably meant: case and accents do not count.
pub fn word_meant(word: &str, words: &[&str]) -> Option<String> {
    let plainly = plain(word);
    let same = words.iter().find(|known| plain(known) == plainly);
    same.map(|known| (*known).to_owned())
        .or_else(|| nearest(word, words.iter().copied()))
}

/// The word in small letters without accents, `_` for spaces and hyphens.
fn plain(word: &str) -> String {
    let letters = word.trim().to_lowercase();
    letters
        .chars()
        .map(|c| match c {
            '-' | ' ' | '\u{a0}' => '_',
            c => fold(c),
        })
        .collect()
}

fn exact<'k>(plain: &str, known: &[&'k str]) -> Option<&'k str> {
    let one = |word: &str| known.iter().find(|key| **key == word).copied();
    let others = KEYS.iter().filter(|(name, _)| *name == plain);
    one(plain).or_else(|| others.filter_map(|(_, key)| one(key)).next())
}

fn nearly(plain: &str, known: &[&str]) -> Option<String> {
    nearest(plain, known.iter().copied()).or_else(|| {
        let long = |(name, key): &&(&str, &str)| name.len() > 5 && known.contains(key);
        let names = KEYS.iter().filter(long).map(|(name, _)| *name);
        let name = nearest(plain, names)?;
        exact(&name, known).map(str::to_owned)
    })
}

/// The number in a range that was probably meant by what is none, or is out of it: `1:25000`,
/// `25 000`, `"25000"`, `0,7`, `70%`.
pub fn number_meant(text: &str, min: f64, max: f64) -> Option<f64> {
    let kept = |c: &char| !c.is_whitespace() && !matches!(c, '\'' | '’' | '_');
    let dense: String = text.trim().chars().filter(kept).collect();
    // a scale as a fraction
    let dense = dense
        .strip_prefix("1:")
        .or_else(|| dense.strip_prefix("1/"))
        .unwrap_or(&dense);
    let (dense, is_percent) = match dense.strip_suffix('%') {
        Some(number) => (number, true),
        None => (dense, false),
    };
    let number: f64 = dense.replacen(',', ".", 1).parse().ok()?;
    let of_hundred = is_percent || (max == 1.0 && number > 1.0);
    let number = if of_hundred { number / 100.0 } else { number };
    (min..=max).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_A_MAP: [&str; 6] = [
        "title", "abstract", "keywords", "view", "layers", "metadata",
    ];

    #[test]
    fn keys_are_known_by_their_french_names_in_any_case_and_with_accents() {
        for (word, key) in [
            ("Titre", "title"),
            ("TITLE", "title"),
            ("Résumé", "abstract"),
            ("mots-clés", "keywords"),
            ("Mots clés", "keywords"),
            ("couches", "layers"),
            ("couche", "layers"),
            ("titel", "title"),
            ("metadonees", "metadata"),
        ] {
            let help = key_help(word, &OF_A_MAP, false);
            assert_eq!(help, format!("did you mean {key:?}?"), "{word}");
        }
    }

    #[test]
    fn keys_that_stand_elsewhere_are_told_where() {
        let help = key_help("emprise", &OF_A_MAP, false);
        assert_eq!(help, "it stands under `view:`, as in view: {extent: …}");
        let help = key_help("layers", &["crs", "extent"], true);
        assert!(
            help.starts_with("`layers:` stands at the beginning"),
            "{help}"
        );
        let help = key_help("Port", &["title", "roles"], false);
        assert_eq!(
            help,
            "it is no part of the site: `cartotheque serve --listen 127.0.0.1:8080`"
        );
        let help = key_help("port", &OF_A_MAP, false);
        assert!(help.starts_with("known keys"), "{help}");
        let help = key_help("zorglub", &OF_A_MAP, true);
        assert!(help.starts_with("known keys: title, abstract"), "{help}");
    }

    #[test]
    fn each_french_name_is_plain_and_of_a_key() {
        for (name, key) in KEYS {
            assert_eq!(plain(name), name, "{key}");
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, max, number) in [
            ("1:25000", 1e12, Some(25_000.0)),
            ("1/25 000", 1e12, Some(25_000.0)),
            ("25\u{202f}000", 1e12, Some(25_000.0)),
            ("1:0", 1e12, None),
            ("70", 1.0, Some(0.7)),
            ("70 %", 1.0, Some(0.7)),
            ("0,7", 1.0, Some(0.7)),
            ("700", 1.0, None),
            ("beaucoup", 1.0, None),
            ("nan", 1.0, None),
        ] {
            let min = if max == 1.0 { 0.0 } else { 1.0 };
            assert_eq!(number_meant(text, min, max), number, "{text}");
        }
    }
}
