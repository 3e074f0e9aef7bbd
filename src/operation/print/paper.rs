use crate::error::{Error, Result, nearest};

/// A sheet: its format and which way it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Paper {
    pub format: PaperFormat,
    pub is_landscape: bool,
}

/// ISO 216.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaperFormat {
    A4,
    A3,
}

impl Paper {
    /// Every sheet there is.
    pub const ALL: [Paper; 4] = [
        Paper::new(PaperFormat::A4, true),
        Paper::new(PaperFormat::A4, false),
        Paper::new(PaperFormat::A3, true),
        Paper::new(PaperFormat::A3, false),
    ];

    const fn new(format: PaperFormat, is_landscape: bool) -> Paper {
        Paper {
            format,
            is_landscape,
        }
    }

    /// The sheet of a name: `a4-paysage`, `a3-portrait`; `a4-landscape` too; case does not
    /// matter.
    ///
    /// # Errors
    /// `InvalidParameter` with the names there are.
    pub fn parse(name: &str) -> Result<Paper> {
        let wanted = name.to_lowercase().replace("landscape", "paysage");
        Paper::ALL
            .into_iter()
            .find(|paper| paper.name() == wanted)
            .ok_or_else(|| {
                let names = Paper::ALL.map(Paper::name);
                let meant = nearest(&wanted, names);
                let hint = meant.map_or(String::new(), |name| format!(", did you mean {name:?}?"));
                Error::parameter(
                    "layout",
                    format!("expected one of {}, found {name:?}{hint}", names.join(", ")),
                )
            })
    }

    pub const fn name(self) -> &'static str {
        match (self.format, self.is_landscape) {
            (PaperFormat::A4, true) => "a4-paysage",
            (PaperFormat::A4, false) => "a4-portrait",
            (PaperFormat::A3, true) => "a3-paysage",
            (PaperFormat::A3, false) => "a3-portrait",
        }
    }

    /// Width and height, mm.
    pub fn size(self) -> [f64; 2] {
        let (short, long) = match self.format {
            PaperFormat::A4 => (210.0, 297.0),
            PaperFormat::A3 => (297.0, 420.0),
        };
        match self.is_landscape {
            true => [long, short],
            false => [short, long],
        }
    }
}

impl PaperFormat {
    pub fn name(self) -> &'static str {
        match self {
            PaperFormat::A4 => "A4",
            PaperFormat::A3 => "A3",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_are_known_by_their_names_in_both_languages() {
        for paper in Paper::ALL {
            assert_eq!(Paper::parse(paper.name()).unwrap(), paper);
        }
        let a3 = Paper::parse("A3-Landscape").unwrap();
        assert_eq!(a3.size(), [420.0, 297.0]);
        let message = Paper::parse("a4-paisage").unwrap_err().to_string();
        assert!(message.contains("did you mean \"a4-paysage\""), "{message}");
    }
}
