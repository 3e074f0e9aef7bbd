//! Names of columns in formats that allow fewer of them.

/// `wanted`, or with a number behind it where `taken` has it; `taken` are in small letters.
pub fn unlike(wanted: &str, taken: &[String]) -> String {
    let is_taken = |name: &str| taken.contains(&name.to_lowercase());
    if !is_taken(wanted) {
        return wanted.to_owned();
    }
    let numbered = |n: usize| format!("{wanted}_{n}");
    let free = (2..taken.len() + 3).map(numbered).find(|n| !is_taken(n));
    free.unwrap_or_else(|| wanted.to_owned())
}

/// Names of at most `bytes` letters, digits and `_` of ASCII, each unlike the others whatever
/// their case; the beginning of the name stays, accents fall.
pub fn short_names<'a>(names: impl Iterator<Item = &'a str>, bytes: usize) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    let mut short = Vec::new();
    for name in names {
        let plain: String = name.chars().flat_map(plain_letters).collect();
        let plain = if plain.is_empty() {
            "champ".to_owned()
        } else {
            plain
        };
        let numbered = |n: usize| {
            let number = if n == 0 {
                String::new()
            } else {
                format!("_{n}")
            };
            let kept = bytes.saturating_sub(number.len());
            // ASCII: every byte is a character
            format!("{}{number}", plain.get(..kept).unwrap_or(&plain))
        };
        let free = (0..=taken.len()).map(numbered);
        let free = free
            .into_iter()
            .find(|n| !taken.contains(&n.to_lowercase()));
        let found = free.unwrap_or_else(|| numbered(taken.len()));
        taken.push(found.to_lowercase());
        short.push(found);
    }
    short
}

/// The letters of ASCII that stand for a character.
fn plain_letters(c: char) -> impl Iterator<Item = char> {
    let letters = match c {
        'À'..='Å' => "A",
        'à'..='å' => "a",
        'Æ' => "AE",
        'æ' => "ae",
        'Ç' => "C",
        'ç' => "c",
        'È'..='Ë' => "E",
        'è'..='ë' => "e",
        'Ì'..='Ï' => "I",
        'ì'..='ï' => "i",
        'Ñ' => "N",
        'ñ' => "n",
        'Ò'..='Ö' | 'Ø' => "O",
        'ò'..='ö' | 'ø' => "o",
        'Œ' => "OE",
        'œ' => "oe",
        'Ù'..='Ü' => "U",
        'ù'..='ü' => "u",
        'Ý' => "Y",
        'ý' | 'ÿ' => "y",
        'ß' => "ss",
        '’' | '\'' => "",
        _ => "",
    };
    let own = match letters {
        "" if c.is_ascii_alphanumeric() => Some(c),
        "" if !matches!(c, '’' | '\'') => Some('_'),
        _ => None,
    };
    letters.chars().chain(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accents_fall_and_what_is_alike_gets_a_number() {
        let names = [
            "Libellé de l’œuvre",
            "libelle de la mer",
            "LIBELLE_DE",
            "x",
            "X",
            "日",
        ];
        let short = short_names(names.into_iter(), 10);
        let expected = ["Libelle_de", "libelle_1", "LIBELLE__2", "x", "X_1", "_"];
        assert_eq!(short[0], expected[0]);
        assert_eq!(short[3..], expected[3..]);
        let taken = ["fid".to_owned(), "fid_2".to_owned()];
        assert_eq!(unlike("FID", &taken), "FID_3");
        assert_eq!(unlike("id", &taken), "id");
    }

    proptest! {
        #[test]
        fn short_names_are_short_and_unlike(names in proptest::collection::vec(".{0,14}", 0..300)) {
            let short = short_names(names.iter().map(String::as_str), 10);
            prop_assert_eq!(short.len(), names.len());
            let mut seen = std::collections::HashSet::new();
            for name in short {
                prop_assert!(name.len() <= 10 && !name.is_empty(), "{}", name);
                prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
                prop_assert!(seen.insert(name.to_lowercase()), "{}", name);
            }
        }
    }
}
