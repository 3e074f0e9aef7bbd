use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::answer::CACHE_CONTROL;
use super::validator::{OFFERED, known, tag};
use super::{Tile, TileFormat, TilesRequest};
use crate::budget::Budget;
use crate::cache::{self, Kept, Source, TileCache};
use crate::error::{Error, Result};
use crate::operation::Studio;
use crate::packing::{Accepted, Coding, Effort};
use crate::protocol::Answer;
use crate::protocol::explain::{self, ExplainFormat};

/// A tile to be made, and how it is to be sent.
#[derive(Debug)]
pub struct PreparedTile {
    pub tile: Tile,
    explain: Option<ExplainFormat>,
    language: String,
    /// The packing that the client likes best.
    coding: Coding,
    accepted: Accepted,
}

/// Far beyond any tile.
const MAX_UNPACKED: usize = 1 << 30;
/// Tiles shorter than this fit one packet as they are.
const MIN_PACKED: usize = 1000;

impl PreparedTile {
    pub(super) fn new(
        tile: Tile,
        explain: Option<ExplainFormat>,
        request: &TilesRequest<'_>,
    ) -> PreparedTile {
        PreparedTile {
            explain,
            language: request.language.to_owned(),
            coding: request.accepted.best(offered(tile.format)),
            accepted: request.accepted,
            tile,
        }
    }

    /// 304 where the client has the tile.
    pub(super) fn unchanged(&self, if_none_match: &str) -> Option<Answer> {
        if self.explain.is_some() || if_none_match.is_empty() {
            return None;
        }
        let offered = offered(self.tile.format);
        let coding = known(if_none_match, &hex(self.tile.key), offered, self.accepted)?;
        Some(self.headed(Answer::ok("", Bytes::new()).with_status(304), coding))
    }

    fn headed(&self, mut answer: Answer, coding: Coding) -> Answer {
        answer.headers.reserve(5);
        let answer = answer
            .with_header("etag", tag(&hex(self.tile.key), coding))
            .with_header("cache-control", CACHE_CONTROL);
        match self.tile.format {
            TileFormat::Vector(_) => answer.with_header("vary", "Accept-Encoding"),
            TileFormat::Image(_) => answer,
        }
    }

    /// The answer, where the tile is in memory.
    pub fn kept(&self, tiles: &TileCache) -> Option<Answer> {
        if self.explain.is_some() {
            return None;
        }
        let kept = tiles.in_memory(key_of(self.tile.key, self.coding))?;
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
        let (kept, source) = keep(&self.tile, self.coding, tiles, patience, studio, budget)?;
        self.send(&kept, source)
    }

    fn send(&self, kept: &Kept, source: Source) -> Result<Answer> {
        let cache::Tile { bytes, coding } = &kept.tile;
        let is_empty = bytes.is_empty();
        let (bytes, coding) = match is_empty || self.accepted.accepts(*coding) {
            true => (Bytes::clone(bytes), *coding),
            // too short to be packed, for a client that takes nothing else
            false => packed(bytes, self.coding)?,
        };
        let answer = match is_empty {
            true => Answer::ok("", bytes).with_status(204),
            false => Answer::ok(self.tile.format.media_type(), bytes),
        };
        let mut answer = self.headed(answer, self.coding);
        if coding != Coding::Identity && !is_empty {
            answer = answer.with_header("content-encoding", coding.name());
        }
        let place = match source {
            Source::Made => {
                return Ok(answer.with_header("cache-status", "cartotheque; fwd=miss; stored"));
            }
            Source::Memory => "memory",
            Source::Disk => "disk",
        };
        // RFC 9211; no Age, which would count against max-age though the tile is not stale
        let age = kept.age().as_secs();
        let status = format!("cartotheque; hit; detail=\"{place}, made {age} s ago\"");
        Ok(answer.with_header("cache-status", status))
    }

    fn explained(&self, format: ExplainFormat, studio: &Studio, budget: &Budget) -> Result<Answer> {
        let tile = &self.tile;
        let matrix = tile.set.matrix(tile.address.matrix)?;
        let bbox = tile.set.bbox(tile.address)?;
        let made = match tile.format {
            TileFormat::Vector(_) => explain::made(&tile.vector(studio, budget)?),
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
            "etag": tag(&hex(tile.key), self.coding),
            "made": made,
        });
        Ok(explain::answer(&explanation, format, &self.language)
            .with_header("cache-control", "no-store"))
    }
}

/// The codings that tiles of a format are sent in: pictures are packed already.
pub(super) fn offered(format: TileFormat) -> &'static [Coding] {
    match format {
        TileFormat::Vector(_) => &OFFERED,
        TileFormat::Image(_) => &[],
    }
}

/// Finds a tile among those kept, in one packing, or makes it and keeps it. A tile that is kept
/// in another packing is packed anew, which is sooner done than to make it.
///
/// # Errors
/// As [`Tile::bytes`].
pub fn keep(
    tile: &Tile,
    coding: Coding,
    tiles: &TileCache,
    patience: Duration,
    studio: &Studio,
    budget: &Budget,
) -> Result<(std::sync::Arc<Kept>, Source)> {
    let offered = offered(tile.format);
    let plain = (!offered.is_empty()).then_some(Coding::Identity);
    let others = offered.iter().copied().chain(plain);
    let others = others.filter(|other| *other != coding);
    tiles.get(
        key_of(tile.key, coding),
        patience,
        others.map(|other| key_of(tile.key, other)),
        |other| {
            let bytes = unpacked(other).ok()?;
            ready(bytes, coding).ok()
        },
        || ready(tile.bytes(studio, budget)?.into(), coding),
    )
}

/// The key of a tile in one packing.
fn key_of(tile: u128, coding: Coding) -> u128 {
    tile.wrapping_add(u128::from(coding.number()))
}

/// A tile as it is kept: packed once, where that saves a packet.
fn ready(bytes: Bytes, coding: Coding) -> Result<cache::Tile> {
    let (bytes, coding) = match bytes.len() >= MIN_PACKED {
        true => packed(&bytes, coding)?,
        false => (bytes, Coding::Identity),
    };
    Ok(cache::Tile { bytes, coding })
}

fn packed(bytes: &Bytes, coding: Coding) -> Result<(Bytes, Coding)> {
    if coding == Coding::Identity {
        return Ok((Bytes::clone(bytes), coding));
    }
    let packed = coding.pack(bytes, Effort::Quick);
    let packed = packed.ok_or_else(|| Error::Internal {
        message: format!("a tile could not be packed with {}", coding.name()),
    })?;
    Ok((packed.into(), coding))
}

fn unpacked(tile: &cache::Tile) -> Result<Bytes> {
    if tile.coding == Coding::Identity {
        return Ok(Bytes::clone(&tile.bytes));
    }
    let bytes = tile.coding.unpack(&tile.bytes, MAX_UNPACKED);
    let bytes = bytes.map_err(|message| Error::Internal {
        message: format!("a tile that was kept: {message}"),
    })?;
    Ok(bytes.into())
}

/// 32 digits.
fn hex(key: u128) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    key.to_be_bytes()
        .into_iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// An answer that is packed where that saves a packet, in a coding that the client takes.
pub(super) fn packed_if_worth(media_type: &'static str, bytes: Vec<u8>, coding: Coding) -> Answer {
    let is_worth = bytes.len() >= MIN_PACKED && coding != Coding::Identity;
    match is_worth
        .then(|| coding.pack(&bytes, Effort::Quick))
        .flatten()
    {
        Some(packed) => {
            Answer::ok(media_type, packed).with_header("content-encoding", coding.name())
        }
        None => Answer::ok(media_type, bytes),
    }
}
