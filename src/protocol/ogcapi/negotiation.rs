//! Which representation a client wants: `f=` wins over `Accept` (RFC 9110 §12.5.1).

use crate::error::{Error, Result};

/// A representation that a resource has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// What `f=` says.
    pub name: &'static str,
    pub media_type: &'static str,
}

/// The two of every document.
pub const DOCUMENT: [Offer; 2] = [
    Offer {
        name: "json",
        media_type: "application/json",
    },
    Offer {
        name: "html",
        media_type: "text/html",
    },
];

/// The place of the offer to take: the one `f` names, else the best that `accept` lists, else
/// the first. A client that lists only what there is not gets the first too: most of those that
/// do could read it.
///
/// # Errors
/// `InvalidFormat` for an `f` that is not offered.
pub fn choose(f: Option<&str>, accept: &str, offers: &[Offer]) -> Result<usize> {
    if let Some(wanted) = f {
        let is_wanted = |offer: &Offer| {
            offer.name.eq_ignore_ascii_case(wanted) || offer.media_type.eq_ignore_ascii_case(wanted)
        };
        return offers
            .iter()
            .position(is_wanted)
            .ok_or_else(|| Error::InvalidFormat {
                format: wanted.chars().take(80).collect(),
                expected: offers.iter().map(|o| o.name).collect::<Vec<_>>().join(", "),
            });
    }
    let mut best = (0, 0.0, false);
    for (place, offer) in offers.iter().enumerate() {
        let (quality, is_exact) = quality(accept, offer.media_type);
        if quality > best.1 || quality == best.1 && is_exact && !best.2 {
            best = (place, quality, is_exact);
        }
    }
    Ok(best.0)
}

/// True where `Accept` likes a page better than JSON.
pub fn prefers_html(accept: &str) -> bool {
    choose(None, accept, &DOCUMENT) == Ok(1)
}

/// What `Accept` gives a media type, by the most specific range that holds it, 0 to 1; and
/// whether that one asks for a parameter of it, as `version=1.0` of an SLD.
fn quality(accept: &str, media_type: &str) -> (f64, bool) {
    let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let mut own = media_type.split(';').map(str::trim);
    let plain = own.next().unwrap_or(media_type);
    let own: Vec<(&str, &str)> = own.filter_map(|part| part.split_once('=')).collect();
    let mut best = (0, 0.0);
    // a browser sends ten
    for range in accept.split(',').take(100) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let mut weight = 1.0;
        let mut rank = match name {
            _ if name.eq_ignore_ascii_case(plain) => 3,
            "*/*" => 1,
            _ => match name.strip_suffix("/*") {
                Some(group) if group.eq_ignore_ascii_case(kind) => 2,
                _ => continue,
            },
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let same = own.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
            match same {
                _ if name.eq_ignore_ascii_case("q") => {
                    weight = value.parse::<f64>().map_or(1.0, |q| q.clamp(0.0, 1.0));
                }
                Some((_, own)) if own.eq_ignore_ascii_case(value.trim_matches('"')) => rank = 4,
                // another version
                Some(_) => rank = 0,
                // a parameter that the type has not, such as a charset, says nothing of it
                None => {}
            }
        }
        if rank > best.0 {
            best = (rank, weight);
        }
    }
    (best.1, best.0 == 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,\
                           image/webp,*/*;q=0.8";

    #[test]
    fn a_browser_gets_pages_and_a_program_json() {
        let choose = |f, accept| choose(f, accept, &DOCUMENT);
        assert_eq!(choose(None, BROWSER), Ok(1));
        for accept in [
            "",
            "*/*",
            "application/json",
            "application/geo+json",
            "text/html;q=0",
        ] {
            assert_eq!(choose(None, accept), Ok(0), "{accept}");
        }
        assert_eq!(choose(None, "application/json;q=0.5, text/html"), Ok(1));
        assert_eq!(choose(Some("json"), BROWSER), Ok(0));
        assert_eq!(choose(Some("text/html"), ""), Ok(1));
        let error = choose(Some("yaml"), "").unwrap_err().to_string();
        assert!(error.contains("expected one of json, html"), "{error}");
    }

    #[test]
    fn the_most_specific_range_counts() {
        let quality = |accept, media_type| quality(accept, media_type).0;
        assert_eq!(quality("image/*;q=0.3, image/png;q=0.1", "image/png"), 0.1);
        assert_eq!(quality("image/*;q=0.3, */*", "image/png"), 0.3);
        assert_eq!(quality("image/png;q=7", "image/png"), 1.0);
        let json = "application/json; charset=utf-8;q=0.5";
        assert_eq!(quality(json, "application/json"), 0.5);
    }

    #[test]
    fn a_parameter_of_a_media_type_chooses_among_its_versions() {
        let offers = ["1.1", "1.0"].map(|version| Offer {
            name: version,
            media_type: match version {
                "1.1" => "application/vnd.ogc.sld+xml;version=1.1",
                _ => "application/vnd.ogc.sld+xml;version=1.0",
            },
        });
        for (accept, expected) in [
            ("application/vnd.ogc.sld+xml", 0),
            ("application/vnd.ogc.sld+xml;version=1.0", 1),
            (
                "application/vnd.ogc.sld+xml; version=\"1.0\"; q=0.2, */*;q=0.1",
                1,
            ),
            ("application/vnd.ogc.sld+xml;version=1.1", 0),
        ] {
            assert_eq!(choose(None, accept, &offers), Ok(expected), "{accept}");
        }
        let pictures = [
            Offer {
                name: "png",
                media_type: "image/png",
            },
            Offer {
                name: "png8",
                media_type: "image/png; mode=8bit",
            },
        ];
        assert_eq!(choose(None, "image/png; mode=8bit", &pictures), Ok(1));
        assert_eq!(choose(None, "image/png", &pictures), Ok(0));
    }
}
