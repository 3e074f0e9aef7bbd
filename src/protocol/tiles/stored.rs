//! Tiles of archives: handed on as they are stored, packed or not as the client can take them.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tiny_skia::Pixmap;

use super::address::encoded;
use super::answer::CACHE_CONTROL;
use super::links::template;
use super::prepared::{offered, packed_if_worth};
use super::validator::{known, tag};
use super::{TileFormat, TilesAddress, TilesRequest};
use crate::archive::{self, TileArchive, WebTile};
use crate::catalogue::ArchiveLayer;
use crate::encode::{self, Effort, ImageFormat};
use crate::error::{Error, Result};
use crate::packing::{Accepted, Coding};
use crate::protocol::Answer;
use crate::tile::TileMatrixSets;

/// A tile of an archive, to be read.
#[derive(Debug)]
pub struct StoredTile {
    archive: Arc<dyn TileArchive>,
    tile: WebTile,
    format: TileFormat,
    accepted: Accepted,
}

/// The side of an empty picture.
const EMPTY_PX: u32 = 256;

impl StoredTile {
    /// The tile that an address of an archive means; the archive has one grid, one size and one
    /// format.
    ///
    /// # Errors
    /// `TileMatrixSetNotDefined`, `TileMatrixNotDefined`, `TileOutOfRange`, `InvalidFormat` for
    /// what the archive does not have.
    pub(super) fn new(
        layer: &ArchiveLayer,
        address: &TilesAddress,
        accepted: Accepted,
    ) -> Result<Option<StoredTile>> {
        let TilesAddress::Tile {
            set,
            matrix,
            column,
            row,
            pixel_ratio,
            format,
            ..
        } = address
        else {
            return Ok(None);
        };
        if set != TileMatrixSets::WEB {
            return Err(Error::TileMatrixSetNotDefined {
                set: set.clone(),
                nearest: Some(TileMatrixSets::WEB.to_owned()),
            });
        }
        let info = layer.archive.info();
        let stored = stored_format(info.format);
        if *format != stored || *pixel_ratio != 1 {
            let scale = if *pixel_ratio == 1 { "" } else { "@2x" };
            return Err(Error::InvalidFormat {
                format: format!("{scale}.{}", format.extension()),
                expected: format!(".{}", stored.extension()),
            });
        }
        let zoom = matrix
            .parse()
            .ok()
            .filter(|zoom| (info.min_zoom..=info.max_zoom).contains(zoom))
            .ok_or_else(|| Error::TileMatrixNotDefined {
                set: set.clone(),
                matrix: matrix.clone(),
                nearest: None,
            })?;
        let last = u32::MAX.checked_shr(32 - u32::from(zoom)).unwrap_or(0);
        for (axis, value) in [("column", *column), ("row", *row)] {
            if value > last {
                return Err(Error::TileOutOfRange {
                    axis,
                    value: value.to_string(),
                    min: 0,
                    max: last,
                });
            }
        }
        Ok(WebTile::new(zoom, *column, *row).map(|tile| StoredTile {
            archive: Arc::clone(&layer.archive),
            tile,
            format: stored,
            accepted,
        }))
    }

    /// What a validator begins with: the state of the archive, and the place.
    fn tag(&self) -> String {
        format!("{}-{:x}", self.archive.version(), self.tile.id())
    }

    /// 304 where the client has the tile.
    pub(super) fn unchanged(&self, if_none_match: &str) -> Option<Answer> {
        let offered = offered(self.format);
        let coding = known(if_none_match, &self.tag(), offered, self.accepted)?;
        Some(self.headed(Answer::ok("", Vec::new()).with_status(304), coding))
    }

    fn headed(&self, answer: Answer, coding: Coding) -> Answer {
        let answer = answer
            .with_header("etag", tag(&self.tag(), coding))
            .with_header("cache-control", CACHE_CONTROL);
        match self.format {
            TileFormat::Vector(_) => answer.with_header("vary", "Accept-Encoding"),
            TileFormat::Image(_) => answer,
        }
    }

    /// True where answering takes less time than another thread takes to wake.
    pub fn is_quick(&self) -> bool {
        self.archive.is_quick()
    }

    /// Reads the tile and answers: where the archive has none, 204 for a vector tile and a
    /// transparent picture for another.
    ///
    /// # Errors
    /// `Data` where the archive is damaged; `Busy` where too many read it.
    pub fn answer(&self) -> Result<Answer> {
        let media_type = self.format.media_type();
        let Some(tile) = self.archive.tile(self.tile)? else {
            return self.empty();
        };
        let stored = tile.coding;
        let offered = offered(self.format);
        // as it is stored, whatever the client would like better: packing anew costs more
        if offered.contains(&stored) && self.accepted.accepts(stored) {
            let answer = Answer::ok(media_type, tile.bytes);
            let answer = answer.with_header("content-encoding", stored.name());
            return Ok(self.headed(answer, stored));
        }
        let bytes = tile.into_unpacked().map_err(|message| Error::Internal {
            message: format!("tile {}: {message}", self.tile),
        })?;
        let coding = self.accepted.best(offered);
        Ok(self.headed(packed_if_worth(media_type, bytes, coding), coding))
    }

    fn empty(&self) -> Result<Answer> {
        let TileFormat::Image(_) = self.format else {
            let answer = Answer::ok("", Vec::new()).with_status(204);
            return Ok(self.headed(answer, Coding::Identity));
        };
        // whatever the archive holds: JPEG knows no transparency, and clients look at the bytes
        let pixmap = Pixmap::new(EMPTY_PX, EMPTY_PX).ok_or_else(|| Error::Internal {
            message: "no memory for an empty tile".to_owned(),
        })?;
        let png = ImageFormat::Png;
        let bytes = encode::image(&pixmap, png, Effort::Small)?;
        Ok(self.headed(Answer::ok(png.media_type(), bytes), Coding::Identity))
    }
}

pub(super) fn stored_format(format: archive::TileFormat) -> TileFormat {
    match format {
        archive::TileFormat::Jpeg => TileFormat::Image(ImageFormat::Jpeg),
        archive::TileFormat::Mlt => TileFormat::MLT,
        archive::TileFormat::Mvt => TileFormat::MVT,
        archive::TileFormat::Png => TileFormat::Image(ImageFormat::Png),
        archive::TileFormat::Webp => TileFormat::Image(ImageFormat::Webp),
    }
}

/// The TileJSON of an archive.
pub(super) fn document(layer: &ArchiveLayer, request: &TilesRequest<'_>) -> Value {
    let info = layer.archive.info();
    let format = stored_format(info.format);
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("tilejson", json!("3.0.0"));
    put("name", json!(layer.title.get(request.language)));
    if !layer.abstract_.is_empty() {
        put("description", json!(layer.abstract_.get(request.language)));
    }
    if let Some(text) = &layer.attribution {
        put("attribution", json!(text));
    }
    put("scheme", json!("xyz"));
    let tiles = template(
        request.base,
        &encoded(&layer.id),
        TileMatrixSets::WEB,
        format,
    );
    put("tiles", json!([tiles]));
    put("minzoom", json!(info.min_zoom));
    put("maxzoom", json!(info.max_zoom));
    if let Some(b) = info.bounds {
        put("bounds", json!([b.min_x, b.min_y, b.max_x, b.max_y]));
    }
    if let Some(c) = info.center_or_middle() {
        put("center", json!([c.longitude, c.latitude, c.zoom]));
    }
    if format == TileFormat::MLT {
        put("encoding", json!(format.extension()));
    }
    if let Some(layers) = info.vector_layers_json() {
        put("vector_layers", layers);
    }
    Value::Object(document)
}
