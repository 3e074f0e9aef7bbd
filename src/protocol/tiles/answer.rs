use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::address::encoded;
use super::links::template;
use super::stored::{self, StoredTile};
use super::{Service, Tile, TileFormat, TilesAddress, tilejson};
use crate::budget::Budget;
use crate::cache::{self, Kept, Source, TileCache};
use crate::catalogue::Layer;
use crate::error::{Error, Result};
use crate::operation::{MapLayer, Studio};
use crate::protocol::Answer;
use crate::protocol::explain::{self, ExplainFormat};
use crate::protocol::ows::Kvp;
use crate::tile::{TileAddress, TileMatrixSet};

/// A request for tiles after HTTP.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TilesRequest<'a> {
    /// The query string, still encoded.
    pub query: &'a str,
    /// As the client used it, without a slash at the end.
    pub base: &'a str,
    /// The language for people.
    pub language: &'a str,
    /// `If-None-Match`; empty where there is none.
    pub if_none_match: &'a str,
    /// True where the answer may be compressed with gzip.
    pub accepts_gzip: bool,
}

/// What a request comes to.
#[derive(Debug)]
pub enum Prepared {
    /// Answered without drawing.
    Answer(Answer),
    /// A tile to be made.
    Tile(Box<PreparedTile>),
    /// A tile to be read from an archive.
    Stored(StoredTile),
}

/// A tile to be made, and how it is to be sent.
#[derive(Debug)]
pub struct PreparedTile {
    pub tile: Tile,
    explain: Option<ExplainFormat>,
    language: String,
    is_packed: bool,
}

/// How long a client may show a tile without asking whether it has changed.
pub(super) const CACHE_CONTROL: &str = "public, max-age=60";
/// libdeflate's level for tiles made on the fly.
const COMPRESSION_LEVEL: i32 = 4;
/// Far beyond any tile.
const MAX_UNPACKED: u32 = 1 << 30;
/// Tiles shorter than this fit one packet as they are.
const MIN_PACKED: usize = 1000;

/// Reads a request and answers what needs no drawing.
///
/// # Errors
/// `LayerNotDefined`, `TileMatrixSetNotDefined`, `TileMatrixNotDefined`, `TileOutOfRange` for
/// what is not there; `LimitExceeded` for too many layers; `InvalidParameter` for `explain` and
/// `f`.
pub fn prepare(
    service: &Service<'_>,
    address: &TilesAddress,
    request: &TilesRequest<'_>,
) -> Result<Prepared> {
    let kvp = Kvp::parse(request.query)?;
    if let Some(layer) = service.catalogue.archive(address.layers()) {
        return match StoredTile::new(layer, address, request.accepts_gzip)? {
            Some(tile) => Ok(match tile.unchanged(request.if_none_match) {
                Some(answer) => Prepared::Answer(answer),
                None => Prepared::Stored(tile),
            }),
            None => Ok(document_answer(&stored::document(layer, request))),
        };
    }
    match address {
        TilesAddress::TileJson { layers } => {
            let format = match kvp.get("F") {
                None | Some("" | "json") => TileFormat::Mvt,
                Some(name) => {
                    TileFormat::of_extension(name).ok_or_else(|| Error::InvalidFormat {
                        format: name.chars().take(40).collect(),
                        expected: "mvt, png, webp, jpeg".into(),
                    })?
                }
            };
            let found = layers_of(service, layers)?;
            let template = template(request.base, &encoded(layers), format);
            let document = tilejson::document(&found, &template, format, request.language);
            Ok(document_answer(&document))
        }
        TilesAddress::Tile {
            layers,
            set,
            matrix,
            column,
            row,
            pixel_ratio,
            format,
        } => {
            let set = service.catalogue.site.tile_matrix_sets.get(set)?;
            let found = layers_of(service, layers)?;
            let with_points = match kvp.get("POINTS") {
                None | Some("" | "false") => false,
                Some("true") => true,
                Some(other) => {
                    let other: String = other.chars().take(40).collect();
                    return Err(Error::parameter(
                        "points",
                        format!("expected true or false, found {other:?}"),
                    ));
                }
            };
            let wish = TileWish {
                set: Arc::clone(set),
                address: set.address(matrix, *column, *row)?,
                pixel_ratio: *pixel_ratio,
                format: *format,
                layers: styled(found)?,
                with_points,
            };
            let wished = prepare_tile(service, wish, kvp.get("EXPLAIN"), request)?;
            Ok(match wished {
                Wished::Known(answer) => Prepared::Answer(answer),
                Wished::ToMake(tile) => Prepared::Tile(tile),
            })
        }
    }
}

fn document_answer(document: &serde_json::Value) -> Prepared {
    let answer = Answer::ok("application/json", document.to_string())
        .with_header("cache-control", CACHE_CONTROL);
    Prepared::Answer(answer)
}

/// The TileJSON of layers and groups whose names are joined by commas, without the addresses
/// of a server.
///
/// # Errors
/// `LayerNotDefined`.
pub fn tile_json(
    service: &Service<'_>,
    names: &str,
    format: TileFormat,
) -> Result<serde_json::Value> {
    let found = layers_of(service, names)?;
    let languages = &service.catalogue.site.languages;
    let language = languages.first().map_or("", String::as_str);
    let template = template("", &encoded(names), format);
    Ok(tilejson::document(&found, &template, format, language))
}

/// A tile that a request asks for, its names resolved.
#[derive(Debug, Clone)]
pub struct TileWish {
    pub set: Arc<TileMatrixSet>,
    pub address: TileAddress,
    pub pixel_ratio: u32,
    pub format: TileFormat,
    /// Bottom to top.
    pub layers: Vec<MapLayer>,
    /// True: a vector tile has a second layer of points to label areas at.
    pub with_points: bool,
}

/// What a wish comes to.
#[derive(Debug)]
pub enum Wished {
    /// The client has the tile.
    Known(Answer),
    /// A tile to be made.
    ToMake(Box<PreparedTile>),
}

/// Answers what needs no drawing: 304 where the client has the tile. `explain` is the
/// parameter's value.
///
/// # Errors
/// `InvalidParameter` for `explain`.
pub fn prepare_tile(
    service: &Service<'_>,
    wish: TileWish,
    explain: Option<&str>,
    request: &TilesRequest<'_>,
) -> Result<Wished> {
    let format = wish.format;
    let explain = match explain {
        Some(text) if service.explain => Some(ExplainFormat::parse(text)?),
        _ => None,
    };
    let prepared = PreparedTile {
        tile: Tile::new(
            service.catalogue,
            service.overviews,
            wish,
            service.limits.tile_bytes,
        ),
        explain,
        language: request.language.to_owned(),
        is_packed: request.accepts_gzip && format == TileFormat::Mvt,
    };
    Ok(match prepared.unchanged(request.if_none_match) {
        Some(answer) => Wished::Known(answer),
        None => Wished::ToMake(Box::new(prepared)),
    })
}

/// The layers of a list of names, bottom to top.
///
/// # Errors
/// `LayerNotDefined`; `LimitExceeded` for too many.
pub fn layers_of(service: &Service<'_>, names: &str) -> Result<Vec<Arc<Layer>>> {
    let mut found: Vec<Arc<Layer>> = Vec::new();
    for name in names.split(',') {
        if service.catalogue.archive(name).is_some() {
            let message = format!("{name:?} is an archive of tiles: it is served by itself only");
            return Err(Error::parameter("layers", message));
        }
        found.extend(service.catalogue.layers_of(name)?);
        let limit = u64::from(service.limits.layers);
        if found.len() as u64 > limit {
            return Err(Error::LimitExceeded {
                what: "the number of layers in a tile",
                limit,
                found: found.len() as u64,
            });
        }
    }
    Ok(found)
}

/// The layers in their default styles.
///
/// # Errors
/// `StyleNotDefined` for a layer without any.
pub fn styled(layers: Vec<Arc<Layer>>) -> Result<Vec<MapLayer>> {
    layers
        .into_iter()
        .map(|layer| {
            Ok(MapLayer {
                style: Arc::clone(layer.style("")?),
                layer,
                filter: None,
            })
        })
        .collect()
}

impl PreparedTile {
    /// The strong validator: what is packed has another one (RFC 9110 §8.8.1).
    fn etag(&self) -> String {
        let packed = if self.is_packed { "-gz" } else { "" };
        format!("\"{:032x}{packed}\"", self.tile.key)
    }

    /// 304 where the client has the tile.
    fn unchanged(&self, if_none_match: &str) -> Option<Answer> {
        if self.explain.is_some() {
            return None;
        }
        is_known(if_none_match, &format!("{:032x}", self.tile.key))
            .then(|| self.headed(Answer::ok("", Vec::new()).with_status(304)))
    }

    fn headed(&self, answer: Answer) -> Answer {
        let answer = answer
            .with_header("etag", self.etag())
            .with_header("cache-control", CACHE_CONTROL);
        match self.tile.format {
            TileFormat::Mvt => answer.with_header("vary", "Accept-Encoding"),
            TileFormat::Image(_) => answer,
        }
    }

    /// The answer, where the tile is in memory.
    pub fn kept(&self, tiles: &TileCache) -> Option<Answer> {
        if self.explain.is_some() {
            return None;
        }
        let kept = tiles.in_memory(self.tile.key)?;
        self.send(&kept, Source::Memory).ok()
    }

    /// Finds the tile or makes it, and answers: 204 for a vector tile without features. Where
    /// another request makes it already, that is waited for, at most `patience`.
    ///
    /// # Errors
    /// As [`Tile::bytes`].
    pub fn answer(
        &self,
        tiles: &TileCache,
        patience: Duration,
        studio: &Studio,
        budget: &Budget,
    ) -> Result<Answer> {
        if let Some(format) = self.explain {
            return self.explained(format, studio, budget);
        }
        let make = || {
            let bytes = self.tile.bytes(studio, budget)?;
            Ok(ready(bytes, self.tile.format))
        };
        let (kept, source) = tiles.get(self.tile.key, patience, make)?;
        self.send(&kept, source)
    }

    fn send(&self, kept: &Kept, source: Source) -> Result<Answer> {
        let cache::Tile { bytes, is_packed } = &kept.tile;
        let headed = |answer: Answer| {
            let status = match source {
                Source::Made => "cartotheque; fwd=miss; stored".to_owned(),
                Source::Memory | Source::Disk => {
                    let place = if source == Source::Disk {
                        "disk"
                    } else {
                        "memory"
                    };
                    let age = kept.age().as_secs();
                    format!("cartotheque; hit; detail=\"{place}, made {age} s ago\"")
                }
            };
            // RFC 9211; no Age, which would count against max-age though the tile is not stale
            self.headed(answer).with_header("cache-status", status)
        };
        if bytes.is_empty() {
            return Ok(headed(Answer::ok("", Vec::new()).with_status(204)));
        }
        let media_type = self.tile.format.media_type();
        Ok(match (is_packed, self.is_packed) {
            (true, true) => headed(
                Answer::ok(media_type, bytes.as_slice()).with_header("content-encoding", "gzip"),
            ),
            (true, false) => headed(Answer::ok(media_type, unpacked(bytes)?)),
            (false, _) => headed(Answer::ok(media_type, bytes.as_slice())),
        })
    }

    fn explained(&self, format: ExplainFormat, studio: &Studio, budget: &Budget) -> Result<Answer> {
        let tile = &self.tile;
        let matrix = tile.set.matrix(tile.address.matrix)?;
        let bbox = tile.set.bbox(tile.address)?;
        let made = match tile.format {
            TileFormat::Mvt => explain::made(&tile.vector(studio, budget)?),
            TileFormat::Image(_) => explain::drawn(&tile.drawn(studio, budget)?.report),
        };
        let explanation = json!({
            "request": {
                "operation": "tile",
                "tileMatrixSet": tile.set.id(),
                "crs": tile.set.crs.id(),
                "tileMatrix": matrix.id,
                "column": tile.address.column,
                "row": tile.address.row,
                "bbox": {
                    "minEast": bbox.min_x, "minNorth": bbox.min_y,
                    "maxEast": bbox.max_x, "maxNorth": bbox.max_y,
                },
                "scaleDenominator": matrix.scale_denominator,
                "pixelRatio": tile.pixel_ratio,
                "bottomToTop": tile.layers.iter()
                    .map(|l| json!({ "layer": l.layer.id, "style": l.style.id }))
                    .collect::<Vec<_>>(),
            },
            "format": tile.format.media_type(),
            "etag": self.etag(),
            "made": made,
        });
        Ok(explain::answer(&explanation, format, &self.language)
            .with_header("cache-control", "no-store"))
    }
}

/// True where `If-None-Match` names a tag, packed or not.
pub(super) fn is_known(if_none_match: &str, known: &str) -> bool {
    if_none_match.split(',').any(|tag| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
        tag == "*" || tag.strip_suffix("-gz").unwrap_or(tag) == known
    })
}

/// An answer that is packed where that saves a packet.
pub(super) fn packed_if_worth(media_type: &str, bytes: Vec<u8>) -> Answer {
    let is_worth = bytes.len() >= MIN_PACKED;
    match is_worth.then(|| packed(&bytes)).flatten() {
        Some(packed) => Answer::ok(media_type, packed).with_header("content-encoding", "gzip"),
        None => Answer::ok(media_type, bytes),
    }
}

/// A tile as it is kept: vector tiles compressed, once.
fn ready(bytes: Vec<u8>, format: TileFormat) -> cache::Tile {
    let packed = (format == TileFormat::Mvt && bytes.len() >= MIN_PACKED)
        .then(|| packed(&bytes))
        .flatten();
    let is_packed = packed.is_some();
    cache::Tile {
        bytes: packed.unwrap_or(bytes),
        is_packed,
    }
}

/// The tile for a client that knows no gzip.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>> {
    let fault = || Error::Internal {
        message: "a tile that was kept is no gzip".into(),
    };
    // RFC 1952 §2.3.1: the length is what a member ends with
    let length = bytes.last_chunk::<4>().map(|b| u32::from_le_bytes(*b));
    let mut out = vec![0; length.filter(|l| *l <= MAX_UNPACKED).ok_or_else(fault)? as usize];
    let found = libdeflater::Decompressor::new().gzip_decompress(bytes, &mut out);
    found.map_err(|_| fault()).map(|_| out)
}

fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let level = libdeflater::CompressionLvl::new(COMPRESSION_LEVEL).ok()?;
    let mut compressor = libdeflater::Compressor::new(level);
    let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let length = compressor.gzip_compress(bytes, &mut out).ok()?;
    out.truncate(length);
    Some(out)
}
