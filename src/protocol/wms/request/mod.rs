//! From key-value pairs to complete, typed requests: names resolved, axis order settled,
//! defaults filled, limits held.

mod feature_info;
mod filter;
mod legend;
mod map;
mod time;
mod values;

pub use feature_info::GetFeatureInfo;
pub use legend::{GetLegendGraphic, LegendFormat};
pub use map::GetMap;
use map::picture_format;
pub use time::time_extent;

use std::sync::Arc;

use super::exception::{ErrorImage, ExceptionForm};
use super::scope::Scope;
use super::{Service, Version};
use crate::budget::Budget;
use crate::catalogue::Layer;
use crate::error::{Error, Result};
use crate::geom::Size;
use crate::protocol::ows::Kvp;
use crate::style::Style;

/// A request, understood.
#[derive(Debug)]
pub enum Request {
    GetCapabilities(GetCapabilities),
    GetMap(Box<GetMap>),
    GetFeatureInfo(Box<GetFeatureInfo>),
    GetLegendGraphic(Box<GetLegendGraphic>),
    /// The layers to describe.
    DescribeLayer(Vec<Arc<Layer>>),
    /// The layers and styles to write.
    GetStyles(Vec<(Arc<Layer>, Arc<Style>)>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct GetCapabilities {
    pub update_sequence: Option<String>,
}

/// The parameters of a map's size.
const SIDES: [&str; 2] = ["WIDTH", "HEIGHT"];

const OPERATIONS: &str =
    "GetCapabilities, GetMap, GetFeatureInfo, GetLegendGraphic, DescribeLayer, GetStyles";

/// The operations by REQUEST, older spellings included (OGC 00-028: `capabilities`, `map`,
/// `feature_info`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Capabilities,
    Map,
    FeatureInfo,
    LegendGraphic,
    DescribeLayer,
    Styles,
}

impl Operation {
    fn parse(text: &str) -> Result<Operation> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "getcapabilities" | "capabilities" => Operation::Capabilities,
            "getmap" | "map" => Operation::Map,
            "getfeatureinfo" | "feature_info" => Operation::FeatureInfo,
            "getlegendgraphic" => Operation::LegendGraphic,
            "describelayer" => Operation::DescribeLayer,
            "getstyles" => Operation::Styles,
            _ => {
                return Err(Error::OperationNotSupported {
                    request: text.to_owned(),
                    expected: OPERATIONS.to_owned(),
                });
            }
        })
    }
}

/// What one request is read with.
#[derive(Debug)]
pub struct Reader<'a> {
    pub service: &'a Service<'a>,
    pub scope: &'a Scope<'a>,
    pub kvp: &'a Kvp,
    pub version: Version,
    pub budget: &'a Budget,
}

/// The version to answer in, errors included: `VERSION`, else the `WMTVER` of before 1.1, else
/// 1.3.0.
pub fn version_of(kvp: &Kvp) -> Version {
    kvp.get("VERSION")
        .or_else(|| kvp.get("WMTVER"))
        .and_then(Version::negotiate)
        .unwrap_or(Version::V130)
}

impl Reader<'_> {
    /// Reads the whole request.
    ///
    /// # Errors
    /// The first fault found, in the order SERVICE, REQUEST, VERSION, then the operation's own.
    pub fn request(&self) -> Result<Request> {
        if let Some(service) = self.kvp.get("SERVICE")
            && !service.eq_ignore_ascii_case("WMS")
        {
            return Err(Error::parameter(
                "SERVICE",
                format!("expected WMS at this address, found {service:?}"),
            ));
        }
        let name = self
            .kvp
            .require("REQUEST", &format!("one of {OPERATIONS}"))?;
        let operation = Operation::parse(name)?;
        self.check_version(operation, name)?;
        Ok(match operation {
            Operation::Capabilities => Request::GetCapabilities(GetCapabilities {
                update_sequence: self.kvp.get("UPDATESEQUENCE").map(str::to_owned),
            }),
            Operation::Map => Request::GetMap(Box::new(self.get_map()?)),
            Operation::FeatureInfo => Request::GetFeatureInfo(Box::new(self.get_feature_info()?)),
            Operation::LegendGraphic => {
                Request::GetLegendGraphic(Box::new(self.get_legend_graphic()?))
            }
            Operation::DescribeLayer => Request::DescribeLayer(self.layers_to_describe()?),
            Operation::Styles => Request::GetStyles(
                self.layers_to_describe()?
                    .into_iter()
                    .flat_map(|layer| {
                        let styles = layer.styles.clone();
                        styles.into_iter().map(move |s| (Arc::clone(&layer), s))
                    })
                    .collect(),
            ),
        })
    }

    /// GetMap and GetFeatureInfo must say their version (06-042 §7.3.3.1), and GetCapabilities
    /// its service (§7.2.3.2), except in the spellings of before 1.1.
    fn check_version(&self, operation: Operation, name: &str) -> Result<()> {
        let given = self.kvp.get("VERSION").or_else(|| self.kvp.get("WMTVER"));
        match operation {
            Operation::Capabilities if name.eq_ignore_ascii_case("GetCapabilities") => {
                self.kvp.require("SERVICE", "SERVICE=WMS").map(|_| ())
            }
            Operation::Map | Operation::FeatureInfo => match given {
                None => Err(Error::MissingParameter {
                    name: "VERSION".into(),
                    expected: "1.3.0 or 1.1.1".into(),
                }),
                Some(text) if Version::negotiate(text).is_none() => Err(Error::parameter(
                    "VERSION",
                    format!("expected 1.3.0 or 1.1.1, found {text:?}"),
                )),
                Some(_) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn layers_to_describe(&self) -> Result<Vec<Arc<Layer>>> {
        let names = self.kvp.get("LAYERS").or_else(|| self.kvp.get("LAYER"));
        let names = names.ok_or_else(|| Error::MissingParameter {
            name: "LAYERS".into(),
            expected: "names of layers, separated by commas".into(),
        })?;
        let mut layers = Vec::new();
        for name in self.layer_names("LAYERS", names)? {
            layers.extend(self.scope.layers_of(name)?);
        }
        Ok(layers)
    }

    /// The names of a list, none empty and not too many. A comma at the end is one that whoever
    /// joined the names left there.
    fn layer_names<'k>(&self, parameter: &'static str, list: &'k str) -> Result<Vec<&'k str>> {
        let joined = list.trim_end();
        let joined = joined.strip_suffix(',').unwrap_or(joined);
        let names: Vec<&str> = joined.split(',').map(str::trim).collect();
        if let Some(place) = names.iter().position(|name| name.is_empty()) {
            return Err(Error::parameter(
                parameter,
                format!(
                    "expected names of layers with one comma between them, name {} is empty in \
                     {list:?}",
                    place.saturating_add(1)
                ),
            ));
        }
        if names.len() as u64 > u64::from(self.service.limits.layers) {
            return Err(Error::LimitExceeded {
                what: "the number of LAYERS",
                limit: self.service.limits.layers.into(),
                found: names.len() as u64,
            });
        }
        Ok(names)
    }

    /// The picture in which the client wants to see an error; `None` where it wants XML, or
    /// where size or format leave no choice.
    pub fn error_image(&self) -> Option<ErrorImage> {
        let form = ExceptionForm::parse(self.kvp.get("EXCEPTIONS")?);
        let operation = Operation::parse(self.kvp.get("REQUEST")?).ok()?;
        if form == ExceptionForm::Xml || operation != Operation::Map {
            return None;
        }
        let (format, _) = picture_format(self.kvp.get("FORMAT")?)?;
        let transparent = format.has_alpha() && self.transparent().unwrap_or(false);
        let background = self.background().unwrap_or([255; 3]);
        Some(ErrorImage {
            form,
            size: self.size(SIDES).ok()?,
            format,
            background: (!transparent).then_some(background),
        })
    }

    /// The size of a map, inside the limits; `sides` are the parameters that tell it.
    fn size(&self, sides: [&'static str; 2]) -> Result<Size> {
        let side = |name: &'static str, limit: u32| -> Result<u32> {
            let text = self.kvp.require(name, "a number of pixels")?;
            match text.parse::<u64>() {
                Ok(0) | Err(_) => Err(Error::parameter(
                    name,
                    format!("expected a positive whole number of pixels, found {text:?}"),
                )),
                Ok(found) => match u32::try_from(found) {
                    Ok(side) if side <= limit => Ok(side),
                    _ => Err(Error::LimitExceeded {
                        what: name,
                        limit: limit.into(),
                        found,
                    }),
                },
            }
        };
        let limits = self.service.limits;
        let [width, height] = sides;
        let size = Size {
            width: side(width, limits.width)?,
            height: side(height, limits.height)?,
        };
        let found = u64::from(size.width) * u64::from(size.height);
        if found > limits.pixels {
            return Err(Error::LimitExceeded {
                what: "WIDTH times HEIGHT",
                limit: limits.pixels,
                found,
            });
        }
        Ok(size)
    }
}
