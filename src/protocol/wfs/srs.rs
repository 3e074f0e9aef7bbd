//! CRSs as requests name them and answers write them, each name with its axis order.

use super::Version;
use crate::crs::{AxisOrder, Crs, CrsKind};
use crate::encode::gml::GmlVersion;
use crate::error::{Error, Result};

/// Names that mean x, y whatever the authority says: those of GML 2.
const OLD: &str = "http://www.opengis.net/gml/srs/epsg.xml#";

/// A CRS by one of its names.
#[derive(Debug, Clone, PartialEq)]
pub struct SrsName {
    pub crs: Crs,
    /// The name as the client wrote it; `None` where it wrote none.
    asked: Option<String>,
}

impl SrsName {
    /// A CRS that the client did not name.
    pub fn of(crs: Crs) -> SrsName {
        SrsName { crs, asked: None }
    }

    /// The CRS of a name in any of its forms.
    ///
    /// # Errors
    /// `InvalidCrs`, also for a CRS that nothing can be drawn in.
    pub fn parse(text: &str) -> Result<SrsName> {
        let text = text.trim();
        let crs = Crs::parse(text)?;
        if crs.kind == CrsKind::Other {
            return Err(Error::InvalidCrs {
                crs: text.to_owned(),
                nearest: None,
            });
        }
        Ok(SrsName {
            crs,
            asked: Some(text.to_owned()),
        })
    }

    /// True where positions in this CRS are written y before x in a request of that version.
    pub fn is_swapped(&self, version: Version) -> bool {
        // 1.0.0 knows no other order than x, y, but a URN was never anything but the authority's
        let is_urn = self.is_form("urn:");
        (version != Version::V100 || is_urn) && self.has_authority_order()
    }

    /// The same for answers in a version of GML.
    pub fn is_written_swapped(&self, gml: GmlVersion) -> bool {
        gml != GmlVersion::V212 && self.has_authority_order()
    }

    /// The name to write in a version of GML. What means the authority's order stays as it was
    /// asked; `EPSG:4326`, which clients read either way, becomes the URN.
    pub fn written(&self, gml: GmlVersion) -> String {
        if gml == GmlVersion::V212 {
            return match self.crs.srid() {
                Some(code) => format!("{OLD}{code}"),
                None => self.crs.id(),
            };
        }
        match &self.asked {
            Some(text) if self.is_form("urn:") || self.is_form("http") => text.clone(),
            _ => self.crs.urn(),
        }
    }

    fn has_authority_order(&self) -> bool {
        self.crs.axis_order == AxisOrder::NorthEast && !self.is_form(OLD)
    }

    fn is_form(&self, start: &str) -> bool {
        let text = self.asked.as_deref().unwrap_or_default();
        text.get(..start.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_axis_order_and_is_answered_by_one_that_means_the_same() {
        for (asked, swapped, written) in [
            (
                "urn:ogc:def:crs:EPSG::4326",
                true,
                "urn:ogc:def:crs:EPSG::4326",
            ),
            ("EPSG:4326", true, "urn:ogc:def:crs:EPSG::4326"),
            (
                "http://www.opengis.net/def/crs/EPSG/0/4326",
                true,
                "http://www.opengis.net/def/crs/EPSG/0/4326",
            ),
            (
                "http://www.opengis.net/gml/srs/epsg.xml#4326",
                false,
                "http://www.opengis.net/gml/srs/epsg.xml#4326",
            ),
            ("EPSG:2154", false, "urn:ogc:def:crs:EPSG::2154"),
            ("CRS:84", false, "urn:ogc:def:crs:OGC:1.3:CRS84"),
        ] {
            let srs = SrsName::parse(asked).unwrap();
            assert_eq!(srs.is_swapped(Version::V200), swapped, "{asked}");
            assert_eq!(srs.is_swapped(Version::V110), swapped, "{asked}");
            assert_eq!(srs.is_written_swapped(GmlVersion::V321), swapped, "{asked}");
            assert_eq!(srs.written(GmlVersion::V311), written);
            assert!(!srs.is_written_swapped(GmlVersion::V212), "{asked}");
        }
        let old = SrsName::parse("EPSG:4326").unwrap();
        assert!(!old.is_swapped(Version::V100));
        assert_eq!(
            old.written(GmlVersion::V212),
            "http://www.opengis.net/gml/srs/epsg.xml#4326"
        );
    }
}
