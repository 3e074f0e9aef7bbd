use std::sync::Arc;

use super::address::encoded;
use super::links::template;
use super::parts::{Parts, parts_of, styled};
use super::stored::{self, StoredTile};
use super::{PreparedTile, Service, Tile, TileFormat, TilesAddress, tilejson};
use crate::archive;
use crate::catalogue::ArchiveLayer;
use crate::error::{Error, Result};
use crate::operation::MapLayer;
use crate::packing::Accepted;
use crate::protocol::Answer;
use crate::protocol::explain::ExplainFormat;
use crate::protocol::ows::Kvp;
use crate::tile::{TileAddress, TileMatrixSet, TileMatrixSets};

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
    /// How the answer may be packed.
    pub accepted: Accepted,
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

/// How long a client may show a tile without asking whether it has changed.
pub(super) const CACHE_CONTROL: &str = "public, max-age=60";

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
    let is_mlt = match address {
        TilesAddress::Tile { format, .. } => *format == TileFormat::MLT,
        TilesAddress::TileJson { .. } => kvp.get("F") == Some(TileFormat::MLT.extension()),
    };
    // what an archive holds is handed on as it is, in columns it is a tile like others
    let archive = service.catalogue.archive(address.layers());
    if let Some(layer) =
        archive.filter(|a| !(is_mlt && a.archive.info().format == archive::TileFormat::Mvt))
    {
        return match StoredTile::new(layer, address, request.accepted)? {
            Some(tile) => Ok(match tile.unchanged(request.if_none_match) {
                Some(answer) => Prepared::Answer(answer),
                None => Prepared::Stored(tile),
            }),
            None if address.set() != TileMatrixSets::WEB => Err(Error::TileMatrixSetNotDefined {
                set: address.set().to_owned(),
                nearest: Some(TileMatrixSets::WEB.to_owned()),
            }),
            None => Ok(document_answer(&stored::document(layer, request))),
        };
    }
    match address {
        TilesAddress::TileJson { layers, set } => {
            let document = document_of(service, [layers, set], kvp.get("F"), request)?;
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
            let parts = parts_of(service, layers)?;
            parts.check(*format, set.id())?;
            let wish = TileWish {
                set: Arc::clone(set),
                address: set.address(matrix, *column, *row)?,
                pixel_ratio: *pixel_ratio,
                format: *format,
                layers: styled(parts.layers)?,
                archives: parts.archives,
                with_points: with_points(&kvp)?,
            };
            let wished = prepare_tile(service, wish, kvp.get("EXPLAIN"), request)?;
            Ok(match wished {
                Wished::Known(answer) => Prepared::Answer(answer),
                Wished::ToMake(tile) => Prepared::Tile(tile),
            })
        }
    }
}

/// `points`: whether a vector tile has the points where names of areas stand.
fn with_points(kvp: &Kvp) -> Result<bool> {
    match kvp.get("POINTS") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            Err(Error::parameter(
                "points",
                format!("expected true or false, found {other:?}"),
            ))
        }
    }
}

/// The TileJSON of layers in a set, of tiles in the format that `f` names: vector tiles where it
/// names none.
fn document_of(
    service: &Service<'_>,
    [layers, set]: [&str; 2],
    f: Option<&str>,
    request: &TilesRequest<'_>,
) -> Result<serde_json::Value> {
    let format = match f {
        None | Some("json") => TileFormat::MVT,
        Some(name) => TileFormat::of_extension(name).ok_or_else(|| Error::InvalidFormat {
            format: name.chars().take(40).collect(),
            expected: "mvt, mlt, png, webp, jpeg".into(),
        })?,
    };
    let set = service.catalogue.site.tile_matrix_sets.get(set)?;
    let parts = parts_of(service, layers)?;
    parts.check(format, set.id())?;
    tilejson::check(set, request.base, layers)?;
    let template = template(request.base, &encoded(layers), set.id(), format);
    Ok(tilejson::of_parts(
        &parts.layers,
        &parts.archives,
        set.matrices().len(),
        &template,
        format,
        request.language,
    ))
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
    let parts = parts_of(service, names)?;
    let set = service
        .catalogue
        .site
        .tile_matrix_sets
        .get(TileMatrixSets::WEB)?;
    parts.check(format, set.id())?;
    let languages = &service.catalogue.site.languages;
    let language = languages.first().map_or("", String::as_str);
    let template = template("", &encoded(names), set.id(), format);
    let Parts { layers, archives } = parts;
    let levels = set.matrices().len();
    Ok(tilejson::of_parts(
        &layers, &archives, levels, &template, format, language,
    ))
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
    /// Archives of vector tiles that are in a vector tile of WebMercatorQuad too.
    pub archives: Vec<Arc<ArchiveLayer>>,
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
    let explain = match explain {
        Some(text) if service.explain => Some(ExplainFormat::parse(text)?),
        _ => None,
    };
    let tile = Tile::new(
        service.catalogue,
        service.overviews,
        wish,
        service.limits.tile_bytes,
    );
    let prepared = PreparedTile::new(tile, explain, request);
    Ok(match prepared.unchanged(request.if_none_match) {
        Some(answer) => Wished::Known(answer),
        None => Wished::ToMake(Box::new(prepared)),
    })
}
