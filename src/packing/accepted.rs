use super::Coding;

/// Which codings a client takes, and how much it likes each: what `Accept-Encoding` says
/// (RFC 9110 §12.5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Thousandths, 0 is refused; by the number of the coding.
    weights: [u16; 4],
}

/// The whole weight.
const WHOLE: u16 = 1000;

impl Default for Accepted {
    /// What goes for a request without the header: anything may be sent, what is not packed is
    /// what such clients read.
    fn default() -> Accepted {
        Accepted::parse("identity")
    }
}

impl Accepted {
    /// Reads the header's value. What is no weight counts as the whole one; what is said twice
    /// counts as it was said first.
    pub fn parse(header: &str) -> Accepted {
        let mut said = [None; 4];
        let mut others = None;
        for element in header.split(',') {
            let mut parts = element.split(';').map(str::trim);
            let name = parts.next().unwrap_or("");
            let weight = parts.find_map(weight_of).unwrap_or(WHOLE);
            if name == "*" {
                others.get_or_insert(weight);
            } else if let Some(weight_said) =
                coding_of(name).and_then(|coding| said.get_mut(usize::from(coding.number())))
            {
                weight_said.get_or_insert(weight);
            }
        }
        let mut weights = said.map(|weight| weight.or(others).unwrap_or(0));
        // identity is always acceptable unless it is refused, but liked the least
        let identity = said
            .first()
            .copied()
            .flatten()
            .or(others.filter(|w| *w == 0));
        if let Some(weight) = weights.first_mut() {
            *weight = identity.unwrap_or(1);
        }
        Accepted { weights }
    }

    fn weight(self, coding: Coding) -> u16 {
        let weight = self.weights.get(usize::from(coding.number()));
        weight.copied().unwrap_or(0)
    }

    /// True where an answer may be sent in that coding.
    pub fn accepts(self, coding: Coding) -> bool {
        self.weight(coding) > 0
    }

    /// The coding to send: the one liked best, of those liked alike the first of `offered`. What
    /// is offered nothing that it takes gets the bytes as they are (RFC 9110 §12.4.1: a header
    /// may be disregarded).
    pub fn best(self, offered: &[Coding]) -> Coding {
        let mut best = (Coding::Identity, self.weight(Coding::Identity));
        for coding in offered.iter().rev().copied() {
            let weight = self.weight(coding);
            if weight > 0 && weight >= best.1 {
                best = (coding, weight);
            }
        }
        best.0
    }
}

fn coding_of(name: &str) -> Option<Coding> {
    let codings = [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd];
    // RFC 9110 §8.4.1.3: x-gzip is gzip
    let name = if name.eq_ignore_ascii_case("x-gzip") {
        "gzip"
    } else {
        name
    };
    codings
        .into_iter()
        .find(|coding| name.eq_ignore_ascii_case(coding.name()))
}

/// The thousandths of `q=0.5`; `None` for what is no weight (RFC 9110 §12.4.2).
fn weight_of(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim_end().eq_ignore_ascii_case("q") {
        return None;
    }
    let value = value.trim_start();
    let (whole, rest) = value.split_once('.').unwrap_or((value, ""));
    let digits = rest.len() <= 3 && rest.bytes().all(|b| b.is_ascii_digit());
    let thousandths = format!("{rest:0<3}").parse::<u16>().ok()?;
    match whole {
        "0" if digits => Some(thousandths),
        "1" if digits && thousandths == 0 => Some(WHOLE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(header: &str) -> &'static str {
        Accepted::parse(header).best(&Coding::PACKED).name()
    }

    #[test]
    fn rfc9110_12_5_3_the_best_liked_coding_is_sent() {
        for (header, expected) in [
            ("", "identity"),
            ("gzip", "gzip"),
            ("GZIP", "gzip"),
            ("x-gzip", "gzip"),
            ("gzip, deflate", "gzip"),
            ("gzip, deflate, br, zstd", "br"),
            ("zstd;q=1.0, br;q=0.9", "zstd"),
            ("gzip ; q = 0.8 , br;q=0.5", "gzip"),
            ("compress;q=0.5, gzip;q=1.0", "gzip"),
            ("*", "br"),
            ("*;q=0.5, gzip;q=0.4", "br"),
            ("br;q=0, *", "gzip"),
            ("gzip;q=0", "identity"),
            ("gzip;q=0.000", "identity"),
            ("gzip;q=0.001", "gzip"),
            ("identity", "identity"),
            ("identity;q=0.5, gzip;q=0.2", "identity"),
            ("identity;q=0.5, gzip;q=0.7", "gzip"),
            ("identity;q=0, zstd;q=0.1", "zstd"),
            ("*;q=0", "identity"),
            ("deflate", "identity"),
            ("br;q=2", "br"),
            ("br;q=", "br"),
            ("br;level=3;q=0", "identity"),
            ("gzip;q=0, gzip", "identity"),
            (";q=1,,", "identity"),
        ] {
            assert_eq!(best(header), expected, "{header:?}");
        }
    }

    #[test]
    fn rfc9110_12_5_3_identity_is_acceptable_unless_it_is_refused() {
        for (header, expected) in [
            ("", true),
            ("gzip", true),
            ("gzip, *;q=0.5", true),
            ("*", true),
            ("identity;q=0", false),
            ("*;q=0", false),
            ("*;q=0, identity;q=0.1", true),
        ] {
            let accepted = Accepted::parse(header);
            assert_eq!(accepted.accepts(Coding::Identity), expected, "{header:?}");
        }
        assert!(!Accepted::default().accepts(Coding::Gzip));
    }

    #[test]
    fn weights_have_three_digits_at_most() {
        for (text, expected) in [
            ("q=1", Some(1000)),
            ("Q=0.25", Some(250)),
            ("q=0.", Some(0)),
            ("q=1.000", Some(1000)),
            ("q=1.001", None),
            ("q=0.0001", None),
            ("q=.5", None),
            ("q=-0", None),
            ("q=0.+1", None),
            ("level=0", None),
        ] {
            assert_eq!(weight_of(text), expected, "{text}");
        }
    }
}
