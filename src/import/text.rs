//! Bytes of files that may not be UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How texts of a file are written.
#[derive(Debug, Clone, Copy)]
pub enum Texts {
    /// UTF-8 where the bytes are that, else Windows-1252: what files without a word about it are
    /// in France. Of one record all or nothing.
    Guessed,
    /// What the file, or its user, says.
    Said(&'static Encoding),
    /// A code page of DOS, by its upper half: what ArcView wrote. UTF-8 where the bytes are that,
    /// which no word of these pages with an accent is.
    Dos(&'static str),
}

const CP_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
     └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

const CP_850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
     └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

fn dos(half: &str, bytes: &[u8]) -> String {
    let half: Vec<char> = half.chars().collect();
    let letter = |byte: &u8| {
        let upper = byte.checked_sub(0x80);
        let upper = upper.and_then(|place| half.get(usize::from(place)));
        upper.copied().unwrap_or(char::from(*byte))
    };
    bytes.iter().map(letter).collect()
}

impl Texts {
    /// The encoding of a label as files and people write it: `UTF-8`, `1252`, `ANSI 1252`,
    /// `ISO 88591`, `8859_15`, `latin1`, `cp1250`; `None` for one that is not known.
    pub fn of_label(label: &str) -> Option<Texts> {
        let label = label
            .trim()
            .trim_start_matches('\u{feff}')
            .to_ascii_lowercase();
        let bare: String = label
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .collect();
        let number = bare.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        match number {
            "437" => return Some(Texts::Dos(CP_437)),
            "850" => return Some(Texts::Dos(CP_850)),
            _ => {}
        }
        let found = Encoding::for_label(label.as_bytes()).or_else(|| match number {
            "65001" | "8" if bare.contains("utf") || number == "65001" => Some(UTF_8),
            _ if number.starts_with("125") && number.len() == 4 => {
                Encoding::for_label(format!("windows-{number}").as_bytes())
            }
            _ => {
                let part = number.strip_prefix("8859")?;
                Encoding::for_label(format!("iso-8859-{part}").as_bytes())
            }
        });
        found.map(Texts::Said)
    }

    /// The text, and whether it is not the UTF-8 that was hoped for.
    pub fn decode<'b>(&self, bytes: &'b [u8]) -> (Cow<'b, str>, bool) {
        match self {
            Texts::Guessed => match std::str::from_utf8(bytes) {
                Ok(text) => (Cow::Borrowed(text), false),
                Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, true),
            },
            Texts::Dos(half) => match std::str::from_utf8(bytes) {
                Ok(text) => (Cow::Borrowed(text), false),
                Err(_) => (Cow::Owned(dos(half, bytes)), false),
            },
            Texts::Said(encoding) => (encoding.decode_without_bom_handling(bytes).0, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_known_as_files_write_them() {
        for (label, name) in [
            ("UTF-8", "UTF-8"),
            ("utf8\r\n", "UTF-8"),
            ("65001", "UTF-8"),
            ("1252", "windows-1252"),
            ("ANSI 1252", "windows-1252"),
            ("CP1250", "windows-1250"),
            ("ISO 88591", "windows-1252"),
            ("8859_15", "ISO-8859-15"),
            ("latin1", "windows-1252"),
        ] {
            let Some(Texts::Said(found)) = Texts::of_label(label) else {
                panic!("{label:?} is not known");
            };
            assert_eq!(found.name(), name, "{label:?}");
        }
        for label in ["CP850", "850", "ibm850"] {
            let Some(texts @ Texts::Dos(_)) = Texts::of_label(label) else {
                panic!("{label:?} is not known");
            };
            assert_eq!(
                texts.decode(b"\x90vian, \x82t\x82, \xb7\xff"),
                ("Évian, été, À\u{a0}".into(), false)
            );
            assert_eq!(texts.decode("été".as_bytes()), ("été".into(), false));
        }
        for half in [CP_437, CP_850] {
            assert_eq!(half.chars().count(), 128);
        }
        assert!(Texts::of_label("klingon").is_none());
        assert!(Texts::of_label("").is_none());
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_windows_1252() {
        assert_eq!(
            Texts::Guessed.decode("Évian".as_bytes()),
            ("Évian".into(), false)
        );
        assert_eq!(
            Texts::Guessed.decode(b"\xc9vian \x80"),
            ("Évian €".into(), true)
        );
    }
}
