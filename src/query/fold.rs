//! Texts without case, without accents (OGC 21-065r2 §7.3 and §7.4).
//!
//! Case is folded fully, as Unicode has it (`Straße` and `STRASSE` are one). Accents are the
//! nonspacing marks that canonical decomposition sets free, but for the Japanese voicing marks;
//! letters with a stroke (`ø`, `ł`, `đ`), which Unicode does not decompose, lose it too.

use std::borrow::Cow;

use icu_normalizer::DecomposingNormalizer;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// ASCII texts up to this length are folded on the stack: names are shorter.
const STACK_BYTES: usize = 128;

/// What does not matter in a comparison of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Folding {
    pub case: bool,
    pub accents: bool,
}

impl Folding {
    pub(super) const NONE: Folding = Folding {
        case: false,
        accents: false,
    };
    pub(super) const CASE: Folding = Folding {
        case: true,
        accents: false,
    };
    pub(super) const ACCENTS: Folding = Folding {
        case: false,
        accents: true,
    };

    pub(super) fn and(self, other: Folding) -> Folding {
        Folding {
            case: self.case || other.case,
            accents: self.accents || other.accents,
        }
    }

    /// The text folded, itself where that changes nothing.
    pub(super) fn fold(self, text: &str) -> Cow<'_, str> {
        if text.is_ascii() {
            let stays = !self.case || !text.bytes().any(|b| b.is_ascii_uppercase());
            return match stays {
                true => Cow::Borrowed(text),
                false => Cow::Owned(text.to_ascii_lowercase()),
            };
        }
        if self == Folding::NONE {
            return Cow::Borrowed(text);
        }
        let mut folded = String::with_capacity(text.len());
        if self.accents {
            for c in decomposed(text) {
                self.push(without_stroke(c), &mut folded);
            }
        } else {
            text.chars().for_each(|c| self.push(c, &mut folded));
        }
        Cow::Owned(folded)
    }

    /// Calls `then` with the text folded. ASCII up to 128 bytes is not allocated for.
    #[inline]
    pub(super) fn with<R>(self, text: &str, then: impl FnOnce(&str) -> R) -> R {
        if self == Folding::NONE {
            return then(text);
        }
        if self.case && text.len() <= STACK_BYTES && text.is_ascii() {
            let mut stack = [0; STACK_BYTES];
            if let Some(buffer) = stack.get_mut(..text.len()) {
                buffer.copy_from_slice(text.as_bytes());
                buffer.make_ascii_lowercase();
                if let Ok(folded) = std::str::from_utf8(buffer) {
                    return then(folded);
                }
            }
        }
        then(&self.fold(text))
    }

    fn push(self, c: char, out: &mut String) {
        if !self.case {
            out.push(c);
        } else if c == 'ı' {
            // Unicode keeps the dotless i apart from i, though both have the capital I
            out.push(c);
        } else {
            let lower = c.to_lowercase();
            // by way of the capital: ß and ẞ become ss, ς becomes σ
            let upper = lower.flat_map(char::to_uppercase);
            out.extend(upper.flat_map(char::to_lowercase));
        }
    }
}

/// A text as words are looked for in it: small letters without accents, whatever way they are
/// encoded, ligatures as two letters, one apostrophe, one hyphen, one space.
pub fn searchable(text: &str) -> String {
    let folding = Folding::CASE.and(Folding::ACCENTS);
    let mut out = String::with_capacity(text.len());
    for c in folding.fold(text).chars() {
        match c {
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            '’' | 'ʼ' => out.push('\''),
            '\u{2010}' | '\u{2011}' => out.push('-'),
            '\u{a0}' | '\u{202f}' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// The characters of a text in canonical decomposition, without accents.
fn decomposed(text: &str) -> impl Iterator<Item = char> {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let all = DecomposingNormalizer::new_nfd().normalize_iter(text.chars());
    all.filter(move |c| {
        matches!(c, '\u{3099}' | '\u{309a}')
            || categories.get(*c) != GeneralCategory::NonspacingMark
    })
}

/// The letter below a stroke that is no mark of its own in Unicode.
fn without_stroke(c: char) -> char {
    match c {
        'Ø' => 'O',
        'ø' => 'o',
        'Đ' => 'D',
        'đ' => 'd',
        'Ħ' => 'H',
        'ħ' => 'h',
        'Ł' => 'L',
        'ł' => 'l',
        'Ŧ' => 'T',
        'ŧ' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOTH: Folding = Folding {
        case: true,
        accents: true,
    };

    #[test]
    fn words_are_found_however_they_are_written() {
        for (text, expected) in [
            ("Cœur de FORÊT", "coeur de foret"),
            // decomposed, as some keyboards and files have it
            ("fore\u{302}t", "foret"),
            (
                "L’Œuvre\u{a0}: Ångström, São Łódź",
                "l'oeuvre : angstrom, sao lodz",
            ),
            ("Saint\u{2011}Étienne", "saint-etienne"),
            ("STRASSE Straße", "strasse strasse"),
        ] {
            assert_eq!(searchable(text), expected);
        }
    }

    #[test]
    fn case_is_folded_fully() {
        let same = |a: &str, b: &str| assert_eq!(Folding::CASE.fold(a), Folding::CASE.fold(b));
        same("Straße", "STRASSE");
        same("ẞ", "ss");
        same("ΟΔΟΣ", "οδος");
        same("KØBENHAVN", "københavn");
        same("ÉPERNAY", "épernay");
        same("\u{212a}", "k"); // the kelvin sign
        assert_ne!(Folding::CASE.fold("ı"), Folding::CASE.fold("i"));
        assert_ne!(Folding::CASE.fold("é"), Folding::CASE.fold("e"));
    }

    #[test]
    fn accents_fall_and_japanese_voicing_marks_stay() {
        let plain = |text| Folding::ACCENTS.fold(text).into_owned();
        assert_eq!(plain("débárquér"), "debarquer");
        assert_eq!(plain("Chișinău"), "Chisinau");
        assert_eq!(plain("e\u{301}"), "e");
        assert_eq!(plain("København Łódź"), "Kobenhavn Lodz");
        assert_eq!(plain("Œuvre"), "Œuvre", "a ligature is no accent");
        assert_ne!(plain("が"), plain("か"));
        assert_eq!(BOTH.fold("CHIȘINĂU"), "chisinau");
    }

    #[test]
    fn ascii_that_is_folded_already_is_lent() {
        assert!(matches!(BOTH.fold("lyon 3e"), Cow::Borrowed(_)));
        assert!(matches!(Folding::ACCENTS.fold("Lyon"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once_and_with_gives_what_fold_does(
            text in "\\PC{0,140}", case: bool, accents: bool
        ) {
            let folding = Folding { case, accents };
            let once = folding.fold(&text).into_owned();
            folding.with(&text, |folded| assert_eq!(folded, once));
            prop_assert_eq!(folding.fold(&once), once.as_str());
        }
    }
}
