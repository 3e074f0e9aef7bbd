//! Layer ids: what they may be, and how a file name becomes one.

/// Tile matrix set ids: `/tiles/{layers}/{tms}/…` could not tell them from a layer.
const TILE_MATRIX_SETS: [&str; 16] = [
    "WebMercatorQuad",
    "WorldCRS84Quad",
    "WorldMercatorWGS84Quad",
    "EuropeanETRS89_LAEAQuad",
    "InspireCRS84Quad",
    "GoogleCRS84Quad",
    "LAMB93",
    "PM",
    "UTM31WGS84Quad",
    "UPSArcticWGS84Quad",
    "UPSAntarcticWGS84Quad",
    "CanadianNAD83_LCC",
    "NZTM2000Quad",
    "LINZAntarticaMapTilegrid",
    "CDB1GlobalGrid",
    "GNOSISGlobalGrid",
];

/// Names that addresses use for something else.
const RESERVED: [&str; 2] = ["maps", "all"];

/// Beside whitespace and control characters: those that separate in lists, addresses and
/// queries, or that must be escaped in them.
const FORBIDDEN: &str = "/\\,:?#%&+<>\"'`{}|^[]";

/// What is wrong with an id of a layer or a group, and the nearest id that would do.
pub fn fault(id: &str) -> Option<(String, Option<String>)> {
    let instead = || Some(slug(id)).filter(|s| s != id);
    if let Some(wrong) = id
        .chars()
        .find(|c| c.is_whitespace() || c.is_control() || FORBIDDEN.contains(*c))
    {
        let what = match wrong {
            c if c.is_whitespace() => "a space".to_owned(),
            c if c.is_control() => "a control character".to_owned(),
            c => format!("{:?}", c.to_string()),
        };
        let message = format!("expected an id without {what}, found {id:?}");
        return Some((message, instead()));
    }
    if id.is_empty() || id.chars().all(|c| c == '.') {
        return Some((format!("an id is a name, found {id:?}"), None));
    }
    if id.chars().count() > 128 {
        return Some(("an id has at most 128 characters".to_owned(), None));
    }
    is_reserved(id).then(|| {
        (
            format!("the id {id:?} is reserved for addresses of the server"),
            Some(format!("{}-layer", id.to_lowercase())),
        )
    })
}

fn is_reserved(id: &str) -> bool {
    RESERVED
        .iter()
        .chain(&TILE_MATRIX_SETS)
        .any(|word| word.eq_ignore_ascii_case(id))
}

/// An id from a file name: accents folded, `-` for what an id may not hold. The case stays, so that
/// `Lakes.fgb` is asked for as `Lakes`.
pub fn slug(name: &str) -> String {
    let mut id = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            // combining accents of decomposed names (macOS)
            '\u{300}'..='\u{36f}' => {}
            '_' => id.push('_'),
            'œ' | 'Œ' => id.push_str("oe"),
            'æ' | 'Æ' => id.push_str("ae"),
            'ß' => id.push_str("ss"),
            c if c.is_uppercase() => {
                id.extend(c.to_lowercase().map(fold).flat_map(char::to_uppercase))
            }
            c if c.is_alphanumeric() => id.push(fold(c)),
            _ if id.ends_with('-') => {}
            _ => id.push('-'),
        }
    }
    let id: String = id.trim_matches('-').chars().take(100).collect();
    match id.as_str() {
        "" => "layer".to_owned(),
        word if is_reserved(word) => format!("{word}-layer"),
        _ => id,
    }
}

/// The letter without its accent, for lower-case letters of Latin scripts.
pub(super) fn fold(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' | 'ė' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ŕ' | 'ř' => 'r',
        'ś' | 'ş' | 'š' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

/// A title from a file name: `cours_eau_l93` is `Cours eau l93`.
pub fn title(name: &str) -> String {
    let spaced: String = name
        .chars()
        .map(|c| if matches!(c, '_' | '-' | '.') { ' ' } else { c })
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let joined = words.join(" ");
    let mut chars = joined.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_become_recognisable_ids_that_are_allowed() {
        for (name, id) in [
            ("cours_eau_l93", "cours_eau_l93"),
            ("Communes 2024", "Communes-2024"),
            ("forêts.à.œuvrer", "forets-a-oeuvrer"),
            ("fore\u{302}ts", "forets"),
            ("漢字", "漢字"),
            ("---", "layer"),
            ("all", "all-layer"),
            ("LAMB93", "LAMB93-layer"),
            ("ÉCOLES", "ECOLES"),
            ("a:b,c/d", "a-b-c-d"),
        ] {
            assert_eq!(slug(name), id);
            assert_eq!(fault(id), None, "{id}");
        }
    }

    #[test]
    fn ids_that_addresses_need_are_refused() {
        for id in [
            "maps",
            "all",
            "WebMercatorQuad",
            "LAMB93",
            "a/b",
            "a,b",
            "a:b",
            "a b",
            "a\u{7}b",
            "..",
            "",
        ] {
            assert!(fault(id).is_some(), "{id:?}");
        }
        assert_eq!(fault("a b").unwrap().1.as_deref(), Some("a-b"));
        assert_eq!(fault("maps").unwrap().1.as_deref(), Some("maps-layer"));
    }

    #[test]
    fn titles_are_for_people() {
        assert_eq!(title("cours_eau_l93"), "Cours eau l93");
        assert_eq!(title("été-2024"), "Été 2024");
        assert_eq!(title("__"), "__".to_owned());
    }
}
