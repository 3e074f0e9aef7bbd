use super::Reader;
use crate::crs::{Crs, CrsKind};
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::protocol::wms::Version;

/// Dots per inch of the screen that style sizes in pixels are meant for.
const REFERENCE_DPI: f64 = 96.0;

/// DPI that are taken as asked; beyond, the nearest of them: symbols of a tenth or of twenty
/// times their size are a mistake, not a map.
const DPI_RANGE: std::ops::RangeInclusive<f64> = 9.6..=1920.0;

impl Reader<'_> {
    /// The CRS of the map. The other version's name for the parameter is read too.
    pub(super) fn crs(&self) -> Result<Crs> {
        let name = self.version.crs_parameter();
        let other = match self.version {
            Version::V111 => "CRS",
            Version::V130 => "SRS",
        };
        let text = match self.kvp.get(name).or_else(|| self.kvp.get(other)) {
            Some(text) => text,
            None => self.kvp.require(name, "a CRS such as EPSG:2154")?,
        };
        let crs = self.service.engine.crs(text)?;
        if crs.kind == CrsKind::Other {
            return Err(Error::InvalidCrs {
                crs: text.to_owned(),
                nearest: None,
            });
        }
        Ok(crs)
    }

    /// BBOX, given in the axis order of version and CRS; in easting, northing order.
    ///
    /// OGC 06-042 §7.3.3.6, axis order §6.7.4; OGC 01-068r3 §7.2.3.6.
    pub(super) fn bbox(&self, crs: &Crs) -> Result<Bbox> {
        let text = self.kvp.require("BBOX", "minx,miny,maxx,maxy")?;
        let given = four_numbers(text)?;
        let [min_first, min_second, max_first, max_second] = given;
        if min_first >= max_first || min_second >= max_second {
            return Err(Error::parameter(
                "BBOX",
                format!(
                    "expected each minimum below its maximum (minx,miny,maxx,maxy), found {text:?}"
                ),
            ));
        }
        let ordered = if self.version.swaps_axes(crs) {
            Bbox::new(min_second, min_first, max_second, max_first)
        } else {
            Bbox::new(min_first, min_second, max_first, max_second)
        };
        // boxes of absurd extent overflow when width and height are computed
        ordered
            .filter(|b| b.width().is_finite() && b.height().is_finite())
            .ok_or_else(|| {
                Error::parameter("BBOX", format!("expected finite numbers, found {text:?}"))
            })
    }

    pub(super) fn transparent(&self) -> Result<bool> {
        let Some(text) = self.kvp.get("TRANSPARENT") else {
            return Ok(false);
        };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" => Ok(true),
            "false" | "0" | "no" | "off" | "f" => Ok(false),
            _ => Err(Error::parameter(
                "TRANSPARENT",
                format!("expected TRUE or FALSE, found {text:?}"),
            )),
        }
    }

    /// BGCOLOR as `0xRRGGBB`; `#RRGGBB` and `RRGGBB` are understood. Default: white.
    pub(super) fn background(&self) -> Result<[u8; 3]> {
        let Some(text) = self.kvp.get("BGCOLOR") else {
            return Ok([255; 3]);
        };
        let digits = ["0x", "0X", "#"]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        let number = (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten();
        match number.map(u32::to_be_bytes) {
            Some([_, r, g, b]) => Ok([r, g, b]),
            None => Err(Error::parameter(
                "BGCOLOR",
                format!("expected 0xRRGGBB, found {text:?}"),
            )),
        }
    }

    /// Device pixels per reference pixel, from `DPI` (QGIS, MapServer), `MAP_RESOLUTION`
    /// (QGIS Server), or `dpi:` in `FORMAT_OPTIONS` or, for legends, `LEGEND_OPTIONS` (GeoServer);
    /// the first one given counts.
    pub(super) fn pixel_ratio(&self) -> Result<f64> {
        let named = |name| self.kvp.get(name).map(|text| (name, text));
        let option = |name| Some((name, option(self.kvp.get(name)?, "dpi")?));
        let given = named("DPI")
            .or_else(|| named("MAP_RESOLUTION"))
            .or_else(|| option("FORMAT_OPTIONS"))
            .or_else(|| option("LEGEND_OPTIONS"));
        let Some((name, text)) = given else {
            return Ok(1.0);
        };
        match text.parse::<f64>() {
            Ok(dpi) if dpi.is_finite() && dpi > 0.0 => {
                Ok(dpi.clamp(*DPI_RANGE.start(), *DPI_RANGE.end()) / REFERENCE_DPI)
            }
            _ => Err(Error::parameter(
                name,
                format!("expected dots per inch, found {text:?}"),
            )),
        }
    }
}

/// The value of `key:value` in a list such as `dpi:96;antialias:on`.
pub(super) fn option<'a>(options: &'a str, key: &str) -> Option<&'a str> {
    options.split(';').find_map(|pair| {
        let (name, value) = pair.split_once(':')?;
        name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
    })
}

/// Four finite numbers, in any notation of C: `+05E-3`, `.00025E+1`.
fn four_numbers(text: &str) -> Result<[f64; 4]> {
    let wrong = |found: String| Error::parameter("BBOX", format!("needs 4 numbers, found {found}"));
    // one more than four is enough to know
    let fields: Vec<&str> = text.split(',').take(6).collect();
    let [a, b, c, d] = fields.as_slice() else {
        let count = text.split(',').count();
        return Err(wrong(format!("{count} in {text:?}")));
    };
    let mut numbers = [0.0; 4];
    for (number, field) in numbers.iter_mut().zip([a, b, c, d]) {
        *number = match field.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => value,
            _ => return Err(wrong(format!("{field:?} in {text:?}"))),
        };
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_every_notation_of_the_conformance_suite() {
        let read = four_numbers("+05E-3,.00025E+1, 1e2 ,-3.").unwrap();
        assert_eq!(read, [0.005, 0.0025, 100.0, -3.0]);
        for bad in [
            "1,2,3",
            "1,2,3,4,5",
            "1,2,3,x",
            "1,2,3,inf",
            "1,2,3,NaN",
            "",
            "1,2,3,1e999",
        ] {
            assert!(four_numbers(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn options_are_found_in_their_list() {
        assert_eq!(option("antialias:on; dpi:180", "DPI"), Some("180"));
        assert_eq!(option("dpi", "dpi"), None);
    }
}
