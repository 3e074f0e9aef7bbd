//! The ways a CRS is named: CURIE, URN (OGC 07-092r3), URI (OGC 11-135r2), WMS layer CRS.
//!
//! Names are taken apart here and looked up by authority and code; no text of a request goes to
//! PROJ's own reader, which would take pipelines and file names too.
//!
//! All forms of one CRS give the same [`Crs`](super::Crs). Whether a form means the authority's
//! axis order (URN, URI, and `EPSG:` in WMS 1.3.0 and WFS 2.0) or always x, y (WMS 1.1.1,
//! GeoJSON) is the protocol's rule, not the name's.

use super::known;
use crate::error::{self, Error, Result};

/// Longest name that is read: the longest URI of a real CRS has 60 characters.
const MAX_LENGTH: usize = 256;
/// Longest code of an authority: IGNF's longest has 18 characters.
const MAX_CODE_LENGTH: usize = 32;

/// An authority of PROJ's database and a code that has its form; maybe without a definition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Identifier {
    pub authority: &'static str,
    pub code: String,
}

impl Identifier {
    /// The identifier in any of its forms.
    ///
    /// # Errors
    /// `InvalidCrs`: no form that is known, or an authority that is not served.
    pub fn parse(name: &str) -> Result<Identifier> {
        read(name.trim()).ok_or_else(|| unknown(name))
    }

    /// The authority's name and a code of its form, in the spelling of PROJ's database.
    pub fn new(authority: &str, code: &str) -> Option<Identifier> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if code.is_empty() || code.len() > MAX_CODE_LENGTH || !code.chars().all(plain) {
            return None;
        }
        let code = code.to_ascii_uppercase();
        match authority.to_ascii_uppercase().as_str() {
            "EPSG" => Some(Identifier {
                authority: "EPSG",
                // what clients called Web Mercator before EPSG did, and ESRI's numbers for it
                // under EPSG's name: GeoServer and MapServer know them
                code: match number(&code)?.as_str() {
                    "900913" | "102100" | "102113" => "3857".to_owned(),
                    own => own.to_owned(),
                },
            }),
            "ESRI" => Some(Identifier {
                authority: "ESRI",
                code: number(&code)?,
            }),
            "IGNF" => Some(Identifier {
                authority: "IGNF",
                code,
            }),
            // OGC 06-042 annex B: CRS:84, CRS:83, CRS:27 are OGC:CRS84 … elsewhere
            "OGC" | "CRS" => {
                let code = match code.as_str() {
                    "84" | "CRS84" => "CRS84",
                    "83" | "CRS83" => "CRS83",
                    "27" | "CRS27" => "CRS27",
                    _ => return None,
                };
                Some(Identifier {
                    authority: "OGC",
                    code: code.to_owned(),
                })
            }
            _ => None,
        }
    }

    /// `EPSG:2154`; `CRS:84` for OGC's, as WMS writes it.
    pub fn id(&self) -> String {
        id(self.authority, &self.code)
    }
}

/// `EPSG:2154`; `CRS:84` for OGC's; the code alone where there is no authority.
pub(super) fn id(authority: &str, code: &str) -> String {
    match (authority, code.strip_prefix("CRS")) {
        ("OGC", Some(number)) => format!("CRS:{number}"),
        ("", _) => code.to_owned(),
        _ => format!("{authority}:{code}"),
    }
}

/// The error for a name that means no CRS, with the name that may have been meant.
pub(super) fn unknown(name: &str) -> Error {
    let name = name.trim();
    Error::InvalidCrs {
        crs: name.chars().take(80).collect(),
        nearest: suggestion(name),
    }
}

fn suggestion(name: &str) -> Option<String> {
    if name.len() > MAX_LENGTH {
        return None;
    }
    let code = name.rsplit([':', '/', '#']).next().unwrap_or(name);
    // what others call Web Mercator
    if matches!(code, "900913" | "102100" | "102113" | "3785") {
        return Some("EPSG:3857".to_owned());
    }
    // a bare number is most often EPSG's
    if name == code && number(code).is_some() {
        return Some(format!("EPSG:{code}"));
    }
    let mut ids = known::ids().map(|(authority, code)| id(authority, code));
    // among numbers only a slip of one digit means anything
    if let Some(identifier) = read(name) {
        let own = identifier.id();
        return ids.find(|near| is_one_edit(&own, near));
    }
    let ids: Vec<String> = ids.collect();
    error::nearest(name, ids.iter().map(String::as_str))
}

/// True where one character more, less or other makes `a` to `b`.
fn is_one_edit(a: &str, b: &str) -> bool {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let end = |text: &str| text.bytes().skip(same).collect::<Vec<u8>>();
    let (mut a, mut b) = (end(a), end(b));
    while a.last().is_some() && a.last() == b.last() {
        a.pop();
        b.pop();
    }
    a.len() <= 1 && b.len() <= 1 && a != b
}

fn read(name: &str) -> Option<Identifier> {
    if name.len() > MAX_LENGTH || !name.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    // ASCII throughout, so that both have the same offsets
    let after = |prefix: &str| {
        lower
            .starts_with(prefix)
            .then(|| name.get(prefix.len()..))
            .flatten()
    };
    for prefix in ["urn:ogc:def:crs:", "urn:x-ogc:def:crs:"] {
        if let Some(rest) = after(prefix) {
            return read_path(rest, ':');
        }
    }
    if lower.starts_with("http") {
        for scheme in ["http://", "https://"] {
            for host in ["www.opengis.net", "opengis.net"] {
                if let Some(rest) = after(&format!("{scheme}{host}/def/crs/")) {
                    return read_path(rest, '/');
                }
                if let Some(code) = after(&format!("{scheme}{host}/gml/srs/epsg.xml#")) {
                    return Identifier::new("EPSG", code);
                }
            }
        }
        return None;
    }
    let curie = match name.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => name,
    };
    let (authority, code) = curie.split_once(':')?;
    Identifier::new(authority, code)
}

/// `EPSG:9.9:4326`, `EPSG::4326`, `EPSG:4326`, or the same with slashes.
fn read_path(path: &str, separator: char) -> Option<Identifier> {
    let mut parts = path.split(separator);
    let authority = parts.next()?;
    let second = parts.next()?;
    let (version, code) = match parts.next() {
        Some(code) => (second, code),
        // without version: GeoTools writes urn:x-ogc:def:crs:EPSG:4326
        None => ("", second),
    };
    let version_is_plain = version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (version_is_plain && parts.next().is_none())
        .then(|| Identifier::new(authority, code))
        .flatten()
}

/// The digits of a code, without leading zeros and within 32 bits.
fn number(code: &str) -> Option<String> {
    let is_plain = code.bytes().all(|b| b.is_ascii_digit()) && !code.starts_with('0');
    is_plain
        .then(|| code.parse::<u32>().ok())
        .flatten()
        .map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(name: &str) -> String {
        Identifier::parse(name).map_or_else(|e| e.to_string(), |i| i.id())
    }

    #[test]
    fn every_form_of_a_name_is_the_same_crs() {
        for name in [
            "EPSG:4326",
            "epsg:4326",
            " EPSG:4326 ",
            "[EPSG:4326]",
            "urn:ogc:def:crs:EPSG::4326",
            "urn:ogc:def:crs:EPSG:9.9:4326",
            "URN:OGC:DEF:CRS:EPSG::4326",
            "urn:x-ogc:def:crs:EPSG:4326",
            "urn:x-ogc:def:crs:EPSG:6.11.2:4326",
            "http://www.opengis.net/def/crs/EPSG/0/4326",
            "https://www.opengis.net/def/crs/EPSG/0/4326",
            "http://www.opengis.net/def/crs/epsg/9.8.1/4326",
            "http://www.opengis.net/gml/srs/epsg.xml#4326",
        ] {
            assert_eq!(parsed(name), "EPSG:4326", "{name}");
        }
        for name in [
            "EPSG:3857",
            "EPSG:900913",
            "EPSG:102100",
            "urn:ogc:def:crs:EPSG::102113",
            "http://www.opengis.net/gml/srs/epsg.xml#900913",
        ] {
            assert_eq!(parsed(name), "EPSG:3857", "{name}");
        }
        for name in [
            "CRS:84",
            "crs:84",
            "OGC:CRS84",
            "[OGC:CRS84]",
            "urn:ogc:def:crs:OGC:1.3:CRS84",
            "urn:ogc:def:crs:OGC::CRS84",
            "urn:ogc:def:crs:OGC:2:84",
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
            "https://www.opengis.net/def/crs/OGC/0/CRS84",
        ] {
            assert_eq!(parsed(name), "CRS:84", "{name}");
        }
        assert_eq!(parsed("ignf:lamb93"), "IGNF:LAMB93");
        assert_eq!(parsed("ESRI:102110"), "ESRI:102110");
    }

    #[test]
    fn hostile_and_malformed_names_are_refused() {
        let long = format!("EPSG:{}", "4".repeat(10_000));
        for name in [
            "",
            ":",
            "EPSG",
            "EPSG:",
            "EPSG:04326",
            "EPSG:0",
            "EPSG:-1",
            "EPSG:99999999999",
            "EPSG:4326;DROP TABLE",
            "EPSG:43\u{0}26",
            "EPSG:٤٣٢٦",
            "[EPSG:4326",
            "+proj=pipeline +step +proj=longlat",
            "+init=epsg:4326",
            "/etc/passwd",
            "../proj.db",
            "EPSG:../4326",
            "GEOGCS[\"x\"]",
            "urn:ogc:def:crs,crs:EPSG::4326,crs:EPSG::5773",
            "urn:ogc:def:crs:EPSG:x y:4326",
            "urn:ogc:def:crs:EPSG::4326:1",
            "http://www.opengis.net/def/crs/EPSG/0/4326/1",
            "http://example.org/def/crs/EPSG/0/4326",
            "file:///etc/passwd",
            "AUTO:42001,1,2",
            "IGNF:LAMB 93",
            long.as_str(),
        ] {
            assert!(Identifier::parse(name).is_err(), "{name:.60}");
        }
    }

    #[test]
    fn an_error_suggests_what_was_meant_and_repeats_only_the_start() {
        let message = |name: &str| Identifier::parse(name).unwrap_err().to_string();
        assert_eq!(
            message("2154"),
            r#"CRS "2154" is not known, did you mean "EPSG:2154"?"#
        );
        assert_eq!(
            message("EPGS:2154"),
            r#"CRS "EPGS:2154" is not known, did you mean "EPSG:2154"?"#
        );
        assert_eq!(
            unknown("urn:ogc:def:crs:EPSG::21544").to_string(),
            r#"CRS "urn:ogc:def:crs:EPSG::21544" is not known, did you mean "EPSG:2154"?"#
        );
        assert_eq!(
            unknown("EPSG:31370").to_string(),
            r#"CRS "EPSG:31370" is not known"#
        );
        assert!(unknown("EPSG:900913").to_string().contains("EPSG:3857"));
        assert!(message(&"A".repeat(10_000)).len() < 120);
    }
}
