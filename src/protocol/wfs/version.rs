use crate::encode::gml::GmlVersion;
use crate::error::{Error, Result};

/// The versions of WFS that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// OGC 02-058.
    V100,
    /// OGC 04-094.
    V110,
    /// OGC 09-025r2.
    V200,
}

impl Version {
    /// Every one, the newest first.
    pub const ALL: [Version; 3] = [Version::V200, Version::V110, Version::V100];

    pub fn name(self) -> &'static str {
        match self {
            Version::V100 => "1.0.0",
            Version::V110 => "1.1.0",
            Version::V200 => "2.0.0",
        }
    }

    /// The version that a request says: 2.0.2, a corrigendum, is spoken as 2.0.0.
    ///
    /// # Errors
    /// `InvalidParameter` for one that is not spoken.
    pub fn parse(text: &str) -> Result<Version> {
        Version::known(text).ok_or_else(|| {
            Error::parameter(
                "version",
                format!("expected 2.0.0, 1.1.0 or 1.0.0, found {text:?}"),
            )
        })
    }

    fn known(text: &str) -> Option<Version> {
        match text.trim() {
            "2.0.0" | "2.0.1" | "2.0.2" | "2.0" => Some(Version::V200),
            "1.1.0" | "1.1.3" | "1.1" => Some(Version::V110),
            "1.0.0" | "1.0" => Some(Version::V100),
            _ => None,
        }
    }

    /// The first of the versions that a client accepts, by its own order (OGC 06-121r3 §7.3.2).
    ///
    /// # Errors
    /// `VersionNotNegotiated` where none is spoken.
    pub fn accepted(list: &[String]) -> Result<Version> {
        let found = list.iter().find_map(|text| Version::known(text));
        found.ok_or_else(|| Error::VersionNotNegotiated {
            found: list.join(","),
            expected: "2.0.0, 1.1.0 or 1.0.0".into(),
        })
    }

    /// The version of capabilities for a client that says one number: that version, else the
    /// highest below it, else the lowest (OGC 02-058 §6.2.4); the newest where it is no number.
    pub fn negotiate(text: &str) -> Version {
        let numbers: Vec<u32> = text
            .trim()
            .split('.')
            .map_while(|n| n.parse().ok())
            .collect();
        if numbers.is_empty() {
            return Version::V200;
        }
        let least = |version: Version| -> &[u32] {
            match version {
                Version::V200 => &[2],
                Version::V110 => &[1, 1],
                Version::V100 => &[],
            }
        };
        let is_reached = |version: &Version| numbers.as_slice() >= least(*version);
        Version::ALL
            .into_iter()
            .find(is_reached)
            .unwrap_or(Version::V100)
    }

    /// The GML that features are sent in unless another is asked for.
    pub fn gml(self) -> GmlVersion {
        match self {
            Version::V100 => GmlVersion::V212,
            Version::V110 => GmlVersion::V311,
            Version::V200 => GmlVersion::V321,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wfs100_6_2_4_versions_are_negotiated() {
        for (asked, given) in [
            ("2.0.0", Version::V200),
            ("2.0.2", Version::V200),
            ("3.0.0", Version::V200),
            ("1.1.0", Version::V110),
            ("1.5", Version::V110),
            ("1.0.0", Version::V100),
            ("0.9", Version::V100),
            ("x", Version::V200),
        ] {
            assert_eq!(Version::negotiate(asked), given, "{asked}");
        }
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            Version::accepted(&list("10.0.0,1.1.0,2.0.0")),
            Ok(Version::V110)
        );
        assert!(Version::accepted(&list("10.0.0")).is_err());
    }
}
