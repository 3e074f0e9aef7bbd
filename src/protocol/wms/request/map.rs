use std::sync::Arc;

use super::{Reader, SIDES};
use crate::catalogue::{INSPIRE_DEFAULT_STYLE, Layer};
use crate::encode::ImageFormat;
use crate::error::{Error, Result};
use crate::geom::View;
use crate::operation::features::bind_filter;
use crate::operation::{MapLayer, MapRequest};
use crate::protocol::explain::ExplainFormat;
use crate::protocol::wms::{StyleChoice, StyledLayer};
use crate::query::Filter;
use crate::style::Style;

/// A GetMap request, understood (OGC 06-042 §7.3).
#[derive(Debug)]
pub struct GetMap {
    pub map: MapRequest,
    pub format: ImageFormat,
    /// JPEG instead where no pixel of the map is transparent.
    pub jpeg_if_opaque: bool,
    /// `Some`: say how it was understood instead of the picture.
    pub explain: Option<ExplainFormat>,
}

/// The format of FORMAT, and whether JPEG is wanted where no pixel is transparent: that is what
/// GeoServer calls `image/vnd.jpeg-png`. The answer has the media type of what it is.
pub(super) fn picture_format(text: &str) -> Option<(ImageFormat, bool)> {
    let is = |name: &str| text.trim().eq_ignore_ascii_case(name);
    if is("image/vnd.jpeg-png") {
        return Some((ImageFormat::Png, true));
    }
    if is("image/vnd.jpeg-png8") {
        return Some((ImageFormat::Png8, true));
    }
    ImageFormat::parse(text).map(|format| (format, false))
}

/// How strictly a map's parameters are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MapOf {
    /// GetMap: STYLES must be there, be it empty (06-042 Table 8).
    Picture,
    /// The map that GetFeatureInfo repeats.
    FeatureInfo,
}

/// A map with each layer's name as it was asked for: a group's children carry the group's.
#[derive(Debug)]
pub(super) struct NamedMap {
    pub map: MapRequest,
    pub names: Vec<String>,
}

/// What one name of a map stands for: a layer, or those of a group, bottom first.
struct Place {
    name: String,
    layers: Vec<(Arc<Layer>, Arc<Style>)>,
    /// What the style document has drawn of it.
    constraint: Option<Filter>,
}

impl Reader<'_> {
    pub(super) fn get_map(&self) -> Result<GetMap> {
        let NamedMap { mut map, .. } = self.map(MapOf::Picture)?;
        let text = self
            .kvp
            .require("FORMAT", "a media type such as image/png")?;
        let (format, jpeg_if_opaque) =
            picture_format(text).ok_or_else(|| Error::InvalidFormat {
                format: text.to_owned(),
                expected: ImageFormat::ALL.map(ImageFormat::media_type).join(", "),
            })?;
        map.transparent &= format.has_alpha();
        Ok(GetMap {
            map,
            format,
            jpeg_if_opaque,
            explain: self.explain()?,
        })
    }

    /// The map of GetMap, and of the part of GetFeatureInfo that repeats it.
    pub(super) fn map(&self, of: MapOf) -> Result<NamedMap> {
        let (layers, names) = self.map_layers(of)?;
        let crs = self.crs()?;
        let mut view = View::new(self.bbox(&crs)?, self.size(SIDES)?, crs.metres_per_unit);
        view.pixel_ratio = self.pixel_ratio()?;
        Ok(NamedMap {
            map: MapRequest {
                view,
                crs,
                layers,
                background: self.background()?,
                transparent: self.transparent()?,
            },
            names,
        })
    }

    pub(super) fn explain(&self) -> Result<Option<ExplainFormat>> {
        match self.kvp.get("EXPLAIN") {
            Some(text) if self.service.explain => ExplainFormat::parse(text).map(Some),
            _ => Ok(None),
        }
    }

    /// The layers bottom to top, and the name each was asked by.
    fn map_layers(&self, of: MapOf) -> Result<(Vec<MapLayer>, Vec<String>)> {
        let document = self.style_document()?;
        let places = match (self.kvp.get("LAYERS"), document.as_deref()) {
            (Some(list), document) => self.places_of_list(list, of, document)?,
            (None, Some(document)) => self.places_of_document(document)?,
            (None, None) => {
                return Err(Error::MissingParameter {
                    name: "LAYERS".into(),
                    expected: "names of layers, separated by commas".into(),
                });
            }
        };
        let filters = self.filters(places.len())?;
        let times = self.times()?;
        let mut layers = Vec::new();
        let mut names = Vec::new();
        for (number, place) in places.into_iter().enumerate() {
            for (layer, style) in place.layers {
                let mut parts = Vec::new();
                if let Some(filters) = &filters {
                    parts.extend(filters.read(number, &layer)?);
                }
                if let Some(constraint) = &place.constraint {
                    bind_filter(constraint, &layer)?;
                    parts.push(constraint.clone());
                }
                if let Some(times) = &times {
                    parts.extend(self.at(times, &layer)?);
                }
                let filter = match parts.len() {
                    0 | 1 => parts.pop(),
                    _ => Some(Filter::And(parts)),
                };
                names.push(place.name.clone());
                layers.push(MapLayer {
                    layer,
                    style,
                    filter,
                });
            }
        }
        Ok((layers, names))
    }

    /// What the names of LAYERS stand for, in the styles of STYLES.
    fn places_of_list(
        &self,
        list: &str,
        of: MapOf,
        document: Option<&[StyledLayer]>,
    ) -> Result<Vec<Place>> {
        let names = self.layer_names("LAYERS", list)?;
        if of == MapOf::Picture && document.is_none() && !self.kvp.has("STYLES") {
            return Err(Error::MissingParameter {
                name: "STYLES".into(),
                expected: "one style a layer, separated by commas; empty (STYLES=) for the \
                           default styles"
                    .into(),
            });
        }
        let styles = style_names("STYLES", self.kvp.get("STYLES"), &names)?;
        let document = document.unwrap_or_default();
        let named = names.into_iter().zip(styles);
        named
            .map(|(name, style)| {
                let own = document.iter().find(|styled| styled.layer == name);
                Ok(Place {
                    name: name.to_owned(),
                    layers: self.styled(name, style, document)?,
                    constraint: own.and_then(|styled| styled.filter.clone()),
                })
            })
            .collect()
    }

    /// What the layers of a style document stand for, where it alone says what is drawn.
    fn places_of_document(&self, document: &[StyledLayer]) -> Result<Vec<Place>> {
        if document.len() as u64 > u64::from(self.service.limits.layers) {
            return Err(Error::LimitExceeded {
                what: "the number of layers of the style document",
                limit: self.service.limits.layers.into(),
                found: document.len() as u64,
            });
        }
        let place = |styled: &StyledLayer| {
            let name = &styled.layer;
            Ok(Place {
                name: name.clone(),
                layers: match &styled.style {
                    StyleChoice::Named(style) => self.styled(name, style, &[])?,
                    StyleChoice::User(style) => self.with_style(name, style)?,
                },
                constraint: styled.filter.clone(),
            })
        };
        document.iter().map(place).collect()
    }

    /// A layer, or a group's layers, in a style of the request's document or of the catalogue.
    ///
    /// A document beside LAYERS is a library (OGC 05-078r4 §10): its style of that name, or its
    /// first one where no name is asked for, goes before the server's.
    pub(super) fn styled(
        &self,
        name: &str,
        style: &str,
        document: &[StyledLayer],
    ) -> Result<Vec<(Arc<Layer>, Arc<Style>)>> {
        let of_layer = document.iter().filter(|styled| styled.layer == name);
        for styled in of_layer {
            match &styled.style {
                StyleChoice::User(own) if style.is_empty() || own.id == style => {
                    return self.with_style(name, own);
                }
                StyleChoice::Named(named) if style.is_empty() => {
                    return self.styled(name, named, &[]);
                }
                _ => {}
            }
        }
        let layers = self.scope.layers_of(name)?;
        let is_group = self.scope.is_group(name);
        let has = |layer: &Layer| layer.styles.iter().any(|s| s.id == style);
        let is_default = ["", "default", INSPIRE_DEFAULT_STYLE].contains(&style);
        if is_group && !is_default && !layers.iter().any(|layer| has(layer)) {
            return Err(Error::StyleNotDefined {
                layer: name.to_owned(),
                style: style.to_owned(),
                nearest: None,
            });
        }
        layers
            .into_iter()
            .map(|layer| {
                // of a group, the layers that have the style are drawn in it
                let wanted = if is_group && !has(&layer) { "" } else { style };
                let style = Arc::clone(layer.style(wanted)?);
                Ok((layer, style))
            })
            .collect()
    }

    fn with_style(&self, name: &str, style: &Arc<Style>) -> Result<Vec<(Arc<Layer>, Arc<Style>)>> {
        let layers = self.scope.layers_of(name)?;
        Ok(layers.into_iter().map(|l| (l, Arc::clone(style))).collect())
    }

    /// The style document of `SLD_BODY`.
    pub(super) fn style_document(&self) -> Result<Option<Vec<StyledLayer>>> {
        if self.kvp.get("SLD").is_some() && self.kvp.get("SLD_BODY").is_none() {
            return Err(Error::parameter(
                "SLD",
                "this server fetches nothing from the network: send the style as SLD_BODY",
            ));
        }
        let Some(text) = self.kvp.get("SLD_BODY") else {
            return Ok(None);
        };
        let limit = self.service.limits.body_bytes;
        if text.len() > limit {
            return Err(Error::LimitExceeded {
                what: "the number of bytes of a style document",
                limit: limit as u64,
                found: text.len() as u64,
            });
        }
        self.service.engine.read_styles(text).map(Some)
    }
}

/// The names of a list of styles, one for each layer, empty for the default; no list is the
/// default of all.
pub(super) fn style_names<'k>(
    parameter: &'static str,
    list: Option<&'k str>,
    layers: &[&str],
) -> Result<Vec<&'k str>> {
    let Some(list) = list else {
        return Ok(vec![""; layers.len()]);
    };
    let mut styles: Vec<&str> = list.split(',').map(str::trim).collect();
    // a comma at the end, as the list of layers may have one
    if styles.len() > layers.len() && styles.last().is_some_and(|style| style.is_empty()) {
        styles.pop();
    }
    if styles.len() != layers.len() {
        return Err(Error::parameter(
            parameter,
            format!(
                "expected {} names, one for each of {}, found {} in {list:?}",
                layers.len(),
                match parameter {
                    "STYLE" => "LAYER",
                    _ => "LAYERS",
                },
                styles.len()
            ),
        ));
    }
    Ok(styles)
}
