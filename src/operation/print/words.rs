//! What a sheet says of itself, in French and English.

use jiff::civil::Date;

use crate::catalogue::map::PaperFormat;

/// The languages a sheet is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    French,
    English,
}

/// A space that is no place to break a line: what French puts between thousands.
const NARROW: char = '\u{202f}';
const FIXED: char = '\u{a0}';

impl Words {
    /// Those of a two-letter code; English where it is neither.
    pub fn of(language: &str) -> Words {
        match language {
            "fr" => Words::French,
            _ => Words::English,
        }
    }

    fn pick(self, french: &'static str, english: &'static str) -> &'static str {
        match self {
            Words::French => french,
            Words::English => english,
        }
    }

    pub fn legend(self) -> &'static str {
        self.pick("Légende", "Legend")
    }

    pub fn legend_continued(self) -> &'static str {
        self.pick("Légende (suite)", "Legend (continued)")
    }

    pub fn continues(self) -> &'static str {
        self.pick(
            "Suite de la légende page suivante",
            "Legend continues overleaf",
        )
    }

    /// What stands above layers that the map does not have.
    pub fn added(self) -> &'static str {
        self.pick("Ajouts personnels", "Added by the reader")
    }

    /// What stands for a legend that is a picture.
    pub fn legend_of(self, title: &str) -> String {
        match self {
            Words::French => format!("Légende de «{FIXED}{title}{FIXED}»"),
            Words::English => format!("Legend of “{title}”"),
        }
    }

    pub fn no_layer(self) -> &'static str {
        self.pick(
            "Aucune couche visible à cette échelle",
            "No layer visible at this scale",
        )
    }

    /// `Échelle 1:250 000`.
    pub fn scale(self, denominator: f64) -> String {
        let number = self.number(denominator.round());
        match self {
            Words::French => format!("Échelle 1:{number}"),
            Words::English => format!("Scale 1:{number}"),
        }
    }

    /// Under which circumstances the scale is true.
    pub fn scale_holds(self, format: PaperFormat, is_central: bool) -> String {
        let format = format.name();
        match (self, is_central) {
            (Words::French, true) => {
                format!("au centre de la carte, imprimée à 100{FIXED}% sur {format}")
            }
            (Words::French, false) => format!("imprimée à 100{FIXED}% sur {format}"),
            (Words::English, true) => {
                format!("at the centre of the map, printed at 100% on {format}")
            }
            (Words::English, false) => format!("printed at 100% on {format}"),
        }
    }

    pub fn sources(self, sources: &[String]) -> String {
        let list = sources.join(self.pick("\u{a0}; ", "; "));
        match self {
            Words::French => format!("Sources{FIXED}: {list}"),
            Words::English => format!("Sources: {list}"),
        }
    }

    /// Why the map has no background.
    pub fn without_basemap(self, title: &str) -> String {
        match self {
            Words::French => format!(
                "Sans le fond de plan «\u{a0}{title}\u{a0}»{FIXED}: il vient d’un autre serveur et n’est pas imprimé."
            ),
            Words::English => format!(
                "Without the base map “{title}”: it comes from another server and is not printed."
            ),
        }
    }

    pub fn projection(self, name: &str, id: &str) -> String {
        match self {
            Words::French => format!("Projection{FIXED}: {name} ({id})"),
            Words::English => format!("Projection: {name} ({id})"),
        }
    }

    /// `Carte imprimée le 22 novembre 2026`.
    pub fn printed(self, date: Date) -> String {
        match self {
            Words::French => format!("Carte imprimée le {}", self.date(date)),
            Words::English => format!("Map printed on {}", self.date(date)),
        }
    }

    fn date(self, date: Date) -> String {
        const MONTHS: [[&str; 2]; 12] = [
            ["janvier", "January"],
            ["février", "February"],
            ["mars", "March"],
            ["avril", "April"],
            ["mai", "May"],
            ["juin", "June"],
            ["juillet", "July"],
            ["août", "August"],
            ["septembre", "September"],
            ["octobre", "October"],
            ["novembre", "November"],
            ["décembre", "December"],
        ];
        let month = usize::try_from(date.month().saturating_sub(1)).unwrap_or(0);
        let [french, english] = MONTHS.get(month).copied().unwrap_or_default();
        let (day, year) = (date.day(), date.year());
        match (self, day) {
            (Words::French, 1) => format!("1er{FIXED}{french} {year}"),
            (Words::French, _) => format!("{day}{FIXED}{french} {year}"),
            (Words::English, _) => format!("{day}{FIXED}{english} {year}"),
        }
    }

    /// What stands for the map where it can't be seen.
    pub fn map_of(self, title: &str, layers: &[&str]) -> String {
        let list = layers.join(", ");
        match (self, layers.is_empty()) {
            (Words::French, true) => format!("Carte «{FIXED}{title}{FIXED}», sans couche visible"),
            (Words::French, false) => {
                format!("Carte «{FIXED}{title}{FIXED}». Couches{FIXED}: {list}")
            }
            (Words::English, true) => format!("Map “{title}”, without a visible layer"),
            (Words::English, false) => format!("Map “{title}”. Layers: {list}"),
        }
    }

    /// A whole number with its thousands apart, `1 500 000` or `1,500,000`; one with decimals
    /// as it is written in the language.
    pub fn number(self, number: f64) -> String {
        let text = format!("{number}");
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let apart = match self {
            Words::French => NARROW,
            Words::English => ',',
        };
        let count = whole.chars().count();
        let mut out = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (count - place).is_multiple_of(3) {
                out.push(apart);
            }
            out.push(digit);
        }
        if !decimals.is_empty() {
            out.push_str(self.pick(",", "."));
            out.push_str(decimals);
        }
        out
    }

    pub fn page(self, number: usize, of: usize) -> String {
        match self {
            Words::French => format!("Page {number} sur {of}"),
            Words::English => format!("Page {number} of {of}"),
        }
    }

    /// What stands under the arrow that points north.
    pub fn north(self) -> &'static str {
        "N"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn numbers_and_dates_are_written_as_each_language_has_them() {
        assert_eq!(Words::French.number(1_500_000.0), "1\u{202f}500\u{202f}000");
        assert_eq!(Words::English.number(25_000.0), "25,000");
        assert_eq!(Words::French.number(2.5), "2,5");
        assert_eq!(Words::English.number(500.0), "500");
        assert_eq!(
            Words::French.printed(date(2026, 8, 1)),
            "Carte imprimée le 1er\u{a0}août 2026"
        );
        assert_eq!(
            Words::of("en").printed(date(2026, 11, 22)),
            "Map printed on 22\u{a0}November 2026"
        );
        assert_eq!(Words::of("de"), Words::English);
    }
}
