//! From parameters or the parts of an address to complete, typed requests: names resolved,
//! limits held.

use std::cmp::Ordering;
use std::sync::Arc;

use super::address::{info_extension, tile_extension};
use super::{Resource, Service, has_limits, is_offered, told_limits};
use crate::catalogue::INSPIRE_DEFAULT_STYLE;
use crate::encode::ImageFormat;
use crate::error::{Error, Result, nearest};
use crate::geom::Size;
use crate::operation::{FeatureInfoRequest, MapLayer, MapRequest};
use crate::protocol::ows::{Kvp, compare_sequence};
use crate::protocol::tiles::{TileFormat, TileWish};
use crate::protocol::wms::InfoFormat;
use crate::tile::{TileAddress, TileMatrix, TileMatrixSet};

/// The formats of tiles, in the order of the capabilities.
pub(super) const FORMATS: [TileFormat; 5] = [
    TileFormat::Image(ImageFormat::Png),
    TileFormat::Image(ImageFormat::Png8),
    TileFormat::Image(ImageFormat::Webp),
    TileFormat::Image(ImageFormat::Jpeg),
    TileFormat::MVT,
];

/// Features that one layer may answer a click with: the standard has no parameter for it.
const FEATURE_COUNT: u32 = 10;

const OPERATIONS: &str = "GetCapabilities, GetTile, GetFeatureInfo";

/// A request, understood.
#[derive(Debug)]
pub enum Request {
    Capabilities(GetCapabilities),
    Tile(TileWish),
    FeatureInfo(Box<GetFeatureInfo>),
}

/// The document that is asked for (OGC 06-121r3 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetCapabilities {
    pub sections: Sections,
    /// True: the client has the current document.
    pub is_known: bool,
}

/// The parts of the document that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sections {
    pub identification: bool,
    pub provider: bool,
    pub operations: bool,
    pub contents: bool,
    pub themes: bool,
}

impl Sections {
    pub const ALL: Sections = Sections {
        identification: true,
        provider: true,
        operations: true,
        contents: true,
        themes: true,
    };

    fn parse(list: &str) -> Result<Sections> {
        let mut wanted = Sections {
            identification: false,
            provider: false,
            operations: false,
            contents: false,
            themes: false,
        };
        for name in list.split(',').map(str::trim) {
            match name.to_ascii_lowercase().as_str() {
                "all" => wanted = Sections::ALL,
                "serviceidentification" => wanted.identification = true,
                "serviceprovider" => wanted.provider = true,
                "operationsmetadata" => wanted.operations = true,
                "contents" => wanted.contents = true,
                "themes" => wanted.themes = true,
                _ => {
                    return Err(Error::parameter(
                        "sections",
                        format!(
                            "expected ServiceIdentification, ServiceProvider, \
                             OperationsMetadata, Contents, Themes or All, found {name:?}"
                        ),
                    ));
                }
            }
        }
        Ok(wanted)
    }
}

/// A click on a tile.
#[derive(Debug)]
pub struct GetFeatureInfo {
    pub info: FeatureInfoRequest,
    pub format: InfoFormat,
}

/// The words that name a tile, in either binding.
struct Words<'a> {
    layer: &'a str,
    style: &'a str,
    set: &'a str,
    matrix: &'a str,
    row: &'a str,
    column: &'a str,
}

/// Reads key-value pairs.
///
/// # Errors
/// The first fault found, in the order service, request, version, then the operation's own.
pub fn from_pairs(service: &Service<'_>, kvp: &Kvp) -> Result<Request> {
    match kvp.require("SERVICE", "WMTS").map_err(as_written)? {
        name if name.eq_ignore_ascii_case("WMTS") => {}
        other => {
            return Err(Error::parameter(
                "service",
                format!("expected WMTS at this address, found {other:?}"),
            ));
        }
    }
    let name = kvp
        .require("REQUEST", &format!("one of {OPERATIONS}"))
        .map_err(as_written)?;
    match name.to_ascii_lowercase().as_str() {
        "getcapabilities" => capabilities(service, kvp).map(Request::Capabilities),
        "gettile" => {
            required(kvp, "VERSION", "1.0.0")?;
            version(kvp)?;
            let format = tile_format(required(kvp, "FORMAT", "a media type such as image/png")?)?;
            wish(service, &words(kvp)?, format).map(Request::Tile)
        }
        "getfeatureinfo" => {
            // MapStore names no version here
            version(kvp)?;
            let words = words(kvp)?;
            // the format of the tile that was clicked on does not change what is there, but it must
            // be one of them (Table 30; Server.KVP.GET.GetFeatureInfo.Missing, .Invalid.Format)
            tile_format(required(kvp, "FORMAT", "a media type such as image/png")?)?;
            let found = wish(service, &words, TileFormat::Image(ImageFormat::Png))?;
            let text = required(kvp, "INFOFORMAT", "a media type such as text/html")?;
            let format = InfoFormat::parse(text).ok_or_else(|| no_info_format(text))?;
            let i = required(kvp, "I", "a column of the tile's pixels")?;
            let j = required(kvp, "J", "a row of the tile's pixels")?;
            info(found, words.layer, [i, j], format)
        }
        _ => Err(Error::OperationNotSupported {
            request: name.chars().take(80).collect(),
            expected: OPERATIONS.to_owned(),
        }),
    }
}

/// Reads the parts of an address.
///
/// # Errors
/// As [`from_pairs`].
pub fn from_resource(service: &Service<'_>, resource: &Resource) -> Result<Request> {
    let words = Words {
        layer: &resource.layer,
        style: &resource.style,
        set: &resource.set,
        matrix: &resource.matrix,
        row: &resource.row,
        column: &resource.column,
    };
    let extension = resource.extension.as_str();
    match &resource.point {
        None => {
            let format = FORMATS
                .into_iter()
                .find(|format| tile_extension(*format) == extension)
                .or_else(|| TileFormat::of_extension(extension))
                .ok_or_else(|| no_format(extension, &FORMATS.map(tile_extension)))?;
            wish(service, &words, format).map(Request::Tile)
        }
        Some([j, i]) => {
            let format = InfoFormat::ALL
                .into_iter()
                .find(|format| info_extension(*format) == extension)
                .ok_or_else(|| no_format(extension, &InfoFormat::ALL.map(info_extension)))?;
            let found = wish(service, &words, TileFormat::Image(ImageFormat::Png))?;
            info(found, words.layer, [i, j], format)
        }
    }
}

fn capabilities(service: &Service<'_>, kvp: &Kvp) -> Result<GetCapabilities> {
    // OWSLib and others say VERSION; only what says nothing of 1.0.0 is refused
    let versions = kvp.get("ACCEPTVERSIONS").or_else(|| kvp.get("VERSION"));
    if let Some(list) = versions
        && !list.split(',').any(|version| version.trim() == "1.0.0")
    {
        return Err(Error::VersionNotNegotiated {
            found: list.chars().take(80).collect(),
            expected: "1.0.0".into(),
        });
    }
    let sections = match kvp.get("SECTIONS") {
        Some(list) => Sections::parse(list)?,
        None if kvp.has("SECTIONS") => {
            return Err(Error::MissingParameter {
                name: "sections".into(),
                expected: "names of sections, or no such parameter".into(),
            });
        }
        None => Sections::ALL,
    };
    let current = service.wms.catalogue.sequence;
    let found = kvp.get("UPDATESEQUENCE").unwrap_or_default();
    let is_known = match compare_sequence(found, current) {
        Some(Ordering::Greater) => {
            return Err(Error::InvalidUpdateSequence {
                found: found.to_owned(),
                sequence: current,
            });
        }
        told => told == Some(Ordering::Equal),
    };
    Ok(GetCapabilities { sections, is_known })
}

fn version(kvp: &Kvp) -> Result<()> {
    match kvp.get("VERSION") {
        None | Some("1.0.0") => Ok(()),
        Some(other) => Err(Error::parameter(
            "version",
            format!("expected 1.0.0, found {other:?}"),
        )),
    }
}

fn words(kvp: &Kvp) -> Result<Words<'_>> {
    let layer = required(kvp, "LAYER", "the identifier of a layer")?;
    // an empty style is the default one for many clients
    let style = match kvp.get("STYLE") {
        None if kvp.has("STYLE") => "",
        None => required(kvp, "STYLE", "the identifier of a style")?,
        Some(style) => style,
    };
    Ok(Words {
        layer,
        style,
        set: required(kvp, "TILEMATRIXSET", "the identifier of a tile matrix set")?,
        matrix: required(kvp, "TILEMATRIX", "the identifier of a tile matrix")?,
        row: required(kvp, "TILEROW", "a whole number")?,
        column: required(kvp, "TILECOL", "a whole number")?,
    })
}

/// A parameter's value; where it is missing, it is called as the standard writes it.
fn required<'a>(kvp: &'a Kvp, name: &str, expected: &str) -> Result<&'a str> {
    kvp.require(name, expected).map_err(as_written)
}

/// Names as 07-057r7 Tables 29 and 33 write them: locators are compared letter by letter.
fn as_written(error: Error) -> Error {
    match error {
        Error::MissingParameter { name, expected } => Error::MissingParameter {
            name: match name.as_str() {
                "TILEMATRIXSET" => "TileMatrixSet".to_owned(),
                "TILEMATRIX" => "TileMatrix".to_owned(),
                "TILEROW" => "TileRow".to_owned(),
                "TILECOL" => "TileCol".to_owned(),
                "INFOFORMAT" => "InfoFormat".to_owned(),
                "I" | "J" => name,
                other => other.to_ascii_lowercase(),
            },
            expected,
        },
        other => other,
    }
}

fn tile_format(text: &str) -> Result<TileFormat> {
    TileFormat::of_media_type(text)
        .filter(|format| FORMATS.contains(format))
        .ok_or_else(|| no_format(text, &FORMATS.map(TileFormat::media_type)))
}

fn no_format(found: &str, expected: &[&str]) -> Error {
    Error::InvalidFormat {
        format: found.chars().take(80).collect(),
        expected: expected.join(", "),
    }
}

fn no_info_format(found: &str) -> Error {
    Error::parameter(
        "InfoFormat",
        format!(
            "expected one of {}, found {found:?}",
            InfoFormat::ALL.map(InfoFormat::media_type).join(", ")
        ),
    )
}

/// The tile that words name, inside the limits that the capabilities tell.
fn wish(service: &Service<'_>, words: &Words<'_>, format: TileFormat) -> Result<TileWish> {
    let catalogue = service.wms.catalogue;
    let layers = styled(service, words)?;
    let sets = &catalogue.site.tile_matrix_sets;
    let set = sets.get(words.set)?;
    if !is_offered(set) {
        let offered = sets.all().iter().filter(|set| is_offered(set));
        return Err(Error::TileMatrixSetNotDefined {
            set: set.id().to_owned(),
            nearest: nearest(set.id(), offered.map(|set| set.id())),
        });
    }
    let level = set.level(words.matrix)?;
    let matrix = set.matrix(level)?;
    let [column, row] = place(service, &layers, set, matrix, words)?;
    Ok(TileWish {
        set: Arc::clone(set),
        address: TileAddress {
            matrix: level,
            column,
            row,
        },
        pixel_ratio: 1,
        format,
        layers,
        archives: Vec::new(),
        with_points: false,
    })
}

/// A layer in its style, or the layers of a group in their default styles.
fn styled(service: &Service<'_>, words: &Words<'_>) -> Result<Vec<MapLayer>> {
    let catalogue = service.wms.catalogue;
    let layers = catalogue.layers_of(words.layer)?;
    let is_default = ["", "default", INSPIRE_DEFAULT_STYLE].contains(&words.style);
    if catalogue.is_group(words.layer) && !is_default {
        return Err(Error::StyleNotDefined {
            layer: words.layer.to_owned(),
            style: words.style.chars().take(80).collect(),
            nearest: nearest(words.style, ["default"]),
        });
    }
    layers
        .into_iter()
        .map(|layer| {
            Ok(MapLayer {
                style: Arc::clone(layer.style(words.style)?),
                layer,
                filter: None,
            })
        })
        .collect()
}

/// Column and row, where the layers have such a tile.
fn place(
    service: &Service<'_>,
    layers: &[MapLayer],
    set: &TileMatrixSet,
    matrix: &TileMatrix,
    words: &Words<'_>,
) -> Result<[u32; 2]> {
    let plain: Vec<_> = layers.iter().map(|l| Arc::clone(&l.layer)).collect();
    let catalogue = service.wms.catalogue;
    let range = match has_limits(catalogue) {
        true => service.reach.range(catalogue, &plain, set, matrix),
        false => None,
    };
    let (rows, columns) = match range.and_then(|range| told_limits(matrix, &range)) {
        Some(limits) => (
            (limits.min_row, limits.max_row),
            (limits.min_column, limits.max_column),
        ),
        None => (
            (0, matrix.matrix_height.saturating_sub(1)),
            (0, matrix.matrix_width.saturating_sub(1)),
        ),
    };
    let row = index("TileRow", "row", words.row, rows)?;
    let column = index("TileCol", "column", words.column, columns)?;
    Ok([column, row])
}

fn index(
    name: &'static str,
    axis: &'static str,
    text: &str,
    (min, max): (u32, u32),
) -> Result<u32> {
    match whole(name, text)? {
        Some(value) if (min..=max).contains(&value) => Ok(value),
        _ => Err(Error::TileOutOfRange {
            axis,
            value: text.chars().take(40).collect(),
            min,
            max,
        }),
    }
}

/// A whole number; `None` for one below zero or beyond all that are counted here.
///
/// # Errors
/// `InvalidParameter` for what is no whole number.
fn whole(name: &'static str, text: &str) -> Result<Option<u32>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let found: String = text.chars().take(40).collect();
        return Err(Error::parameter(
            name,
            format!("expected a whole number, found {found:?}"),
        ));
    }
    Ok(text.parse().ok())
}

/// A click at column `i`, row `j` of a tile.
fn info(tile: TileWish, asked: &str, [i, j]: [&str; 2], format: InfoFormat) -> Result<Request> {
    let view = tile.set.view(tile.address, 1)?;
    let Size { width, height } = view.size;
    let [column, row] = [whole("I", i)?, whole("J", j)?];
    let pixel = match (column, row) {
        (Some(column), Some(row)) if column < width && row < height => [column, row],
        _ => {
            return Err(Error::InvalidPoint {
                i: i.chars().take(40).collect(),
                j: j.chars().take(40).collect(),
                width,
                height,
            });
        }
    };
    let mut query_layers: Vec<MapLayer> = tile
        .layers
        .iter()
        .filter(|l| l.layer.queryable)
        .cloned()
        .collect();
    if query_layers.is_empty() {
        return Err(Error::LayerNotQueryable {
            layer: asked.to_owned(),
        });
    }
    query_layers.reverse();
    Ok(Request::FeatureInfo(Box::new(GetFeatureInfo {
        info: FeatureInfoRequest {
            map: MapRequest {
                view,
                crs: tile.set.crs.clone(),
                layers: tile.layers,
                background: [255; 3],
                transparent: true,
            },
            query_layers,
            pixel,
            feature_count: FEATURE_COUNT,
            tolerance_px: None,
        },
        format,
    })))
}
