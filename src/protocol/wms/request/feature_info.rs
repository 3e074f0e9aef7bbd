use super::Reader;
use super::map::{MapOf, NamedMap};
use crate::error::{Error, Result};
use crate::geom::Size;
use crate::operation::{FeatureInfoRequest, MapLayer};
use crate::protocol::explain::ExplainFormat;
use crate::protocol::wms::InfoFormat;

/// Features that one layer may answer with, whatever FEATURE_COUNT says.
const MAX_FEATURES: u32 = 1_000;

/// The widest reach around a click, in pixels.
const MAX_TOLERANCE_PX: f64 = 100.0;

/// A GetFeatureInfo request, understood (OGC 06-042 §7.4).
#[derive(Debug)]
pub struct GetFeatureInfo {
    pub info: FeatureInfoRequest,
    pub format: InfoFormat,
    pub explain: Option<ExplainFormat>,
}

impl Reader<'_> {
    /// FORMAT is not looked at: OWSLib sends `format=None`.
    pub(super) fn get_feature_info(&self) -> Result<GetFeatureInfo> {
        let NamedMap { map, names } = self.map(MapOf::FeatureInfo)?;
        let list = self
            .kvp
            .require("QUERY_LAYERS", "names out of LAYERS, separated by commas")?;
        let mut places: Vec<usize> = Vec::new();
        for name in self.layer_names("QUERY_LAYERS", list)? {
            for place in self.queried(name, &names, &map.layers)? {
                // a group and a layer of it may both be named
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        let of_map = places
            .iter()
            .rev()
            .filter_map(|place| map.layers.get(*place));
        let query_layers: Vec<MapLayer> = of_map.cloned().collect();
        let format = self.info_format()?;
        let pixel = self.pixel(map.view.size)?;
        Ok(GetFeatureInfo {
            info: FeatureInfoRequest {
                query_layers,
                pixel,
                feature_count: self.feature_count(),
                tolerance_px: self.tolerance()?,
                map,
            },
            format,
            explain: self.explain()?,
        })
    }

    /// The places among the map's layers of those that a name of QUERY_LAYERS stands for; of a
    /// group those that can be asked.
    fn queried(&self, name: &str, names: &[String], layers: &[MapLayer]) -> Result<Vec<usize>> {
        self.scope.layers_of(name)?;
        let bare = self.scope.without_prefix(name);
        let of_name: Vec<(usize, &MapLayer)> = names
            .iter()
            .zip(layers)
            .enumerate()
            .filter(|(_, (asked, layer))| {
                self.scope.without_prefix(asked) == bare || layer.layer.id == bare
            })
            .map(|(place, (_, layer))| (place, layer))
            .collect();
        if of_name.is_empty() {
            return Err(Error::parameter(
                "QUERY_LAYERS",
                format!("{name:?} is not one of LAYERS: expected only layers of the map"),
            ));
        }
        let queryable = of_name.into_iter().filter(|(_, l)| l.layer.queryable);
        let queryable: Vec<usize> = queryable.map(|(place, _)| place).collect();
        if queryable.is_empty() {
            return Err(Error::LayerNotQueryable {
                layer: name.to_owned(),
            });
        }
        Ok(queryable)
    }

    /// FEATURE_COUNT; 1 where it is absent or no positive whole number (06-042 §7.4.3.7).
    fn feature_count(&self) -> u32 {
        let text = self.kvp.get("FEATURE_COUNT").unwrap_or_default();
        let is_whole = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(count) => count.clamp(1, MAX_FEATURES),
            Err(_) if is_whole => MAX_FEATURES,
            Err(_) => 1,
        }
    }

    /// INFO_FORMAT; text where it is absent, as 1.1.1 lets a server choose (01-068r3 §7.3.3.5).
    fn info_format(&self) -> Result<InfoFormat> {
        match self.kvp.get("INFO_FORMAT") {
            None => Ok(InfoFormat::Text),
            // OWSLib, where its caller names none
            Some("None") => Ok(InfoFormat::Text),
            Some(text) => InfoFormat::parse(text).ok_or_else(|| Error::InvalidFormat {
                format: text.to_owned(),
                expected: InfoFormat::ALL.map(InfoFormat::media_type).join(", "),
            }),
        }
    }

    /// I and J of 1.3.0, or X and Y of 1.1.1; each version reads the other's too.
    fn pixel(&self, size: Size) -> Result<[u32; 2]> {
        let (ours, others) = match self.version {
            crate::protocol::wms::Version::V111 => (["X", "Y"], ["I", "J"]),
            crate::protocol::wms::Version::V130 => (["I", "J"], ["X", "Y"]),
        };
        let text = |ours: &str, other: &str| -> Result<&str> {
            match self.kvp.get(ours).or_else(|| self.kvp.get(other)) {
                Some(text) => Ok(text),
                None => self.kvp.require(ours, "a pixel of the map"),
            }
        };
        let [i_name, j_name] = ours;
        let [i_other, j_other] = others;
        let (i, j) = (text(i_name, i_other)?, text(j_name, j_other)?);
        match (i.parse::<u32>(), j.parse::<u32>()) {
            (Ok(column), Ok(row)) if column < size.width && row < size.height => Ok([column, row]),
            _ => Err(Error::InvalidPoint {
                i: i.to_owned(),
                j: j.to_owned(),
                width: size.width,
                height: size.height,
            }),
        }
    }

    /// The reach around the pixel, in the words of GeoServer, MapServer and QGIS Server.
    fn tolerance(&self) -> Result<Option<f64>> {
        let names = [
            "BUFFER",
            "RADIUS",
            "FI_POINT_TOLERANCE",
            "FI_LINE_TOLERANCE",
            "FI_POLYGON_TOLERANCE",
        ];
        let mut widest: Option<f64> = None;
        for name in names {
            // MapServer's RADIUS may be a word (`bbox`): only numbers are a reach
            if let Some(pixels) = self.kvp.get(name).and_then(|t| t.parse::<f64>().ok())
                && pixels.is_finite()
                && pixels >= 0.0
            {
                let pixels = pixels.min(MAX_TOLERANCE_PX);
                widest = Some(widest.map_or(pixels, |w| w.max(pixels)));
            }
        }
        Ok(widest)
    }
}
