use crate::crs::{AxisOrder, Crs};

/// The versions of WMS that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// OGC 01-068r3.
    V111,
    /// OGC 06-042, ISO 19128.
    V130,
}

impl Version {
    pub fn name(self) -> &'static str {
        match self {
            Version::V111 => "1.1.1",
            Version::V130 => "1.3.0",
        }
    }

    /// The version to answer in to a request for `text`: 1.3.0 from 1.3.0 on, else 1.1.1
    /// (OGC 06-042 §6.2.4); `None` where it is no version number.
    pub fn negotiate(text: &str) -> Option<Version> {
        let mut numbers = text.trim().split('.').map(str::parse::<u32>);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next().transpose().ok()?.unwrap_or(0);
        if numbers.any(|n| n.is_err()) {
            return None;
        }
        Some(if (major, minor) >= (1, 3) {
            Version::V130
        } else {
            Version::V111
        })
    }

    /// The name of the parameter and attribute that holds a CRS.
    pub fn crs_parameter(self) -> &'static str {
        match self {
            Version::V111 => "SRS",
            Version::V130 => "CRS",
        }
    }

    /// True where coordinates are written y, x: in 1.3.0 the authority decides (§6.7.4), in
    /// 1.1.1 it is always x, y (OGC 01-068r3 §6.5.5).
    pub fn swaps_axes(self, crs: &Crs) -> bool {
        self == Version::V130 && crs.axis_order == AxisOrder::NorthEast
    }

    /// The media type of capabilities.
    pub fn capabilities_type(self) -> &'static str {
        match self {
            Version::V111 => "application/vnd.ogc.wms_xml",
            Version::V130 => "text/xml",
        }
    }

    /// The media type of an exception report.
    pub fn exception_type(self) -> &'static str {
        match self {
            Version::V111 => "application/vnd.ogc.se_xml",
            Version::V130 => "text/xml",
        }
    }
}

/// A CRS as WMS names it: `EPSG:2154`, and `CRS:84` for OGC's longitude-latitude CRSs
/// (OGC 06-042 §6.7.3.2, Annex B).
pub fn crs_name(crs: &Crs) -> String {
    match (crs.authority.as_str(), crs.code.strip_prefix("CRS")) {
        ("OGC", Some(number)) => format!("CRS:{number}"),
        ("", _) => format!("WKT:{}", crs.code),
        (authority, _) => format!("{authority}:{}", crs.code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wms130_6_2_4_versions_are_negotiated() {
        for (asked, given) in [
            ("1.3.0", Version::V130),
            ("100.0.0", Version::V130),
            ("1.3", Version::V130),
            ("1.2.9", Version::V111),
            ("1.1.1", Version::V111),
            ("0.0.0", Version::V111),
        ] {
            assert_eq!(Version::negotiate(asked), Some(given), "{asked}");
        }
        for bad in ["", "x", "1.x", "1.3.z", "-1.0", "1..3"] {
            assert_eq!(Version::negotiate(bad), None, "{bad}");
        }
    }
}
