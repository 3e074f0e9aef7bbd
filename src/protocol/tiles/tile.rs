use std::collections::HashSet;
use std::sync::Arc;

use super::TileWish;
use crate::archive::WebTile;
use crate::budget::Budget;
use crate::cache::Key;
use crate::catalogue::{ArchiveLayer, Catalogue};
use crate::encode::{self, Effort, ImageFormat, mlt, mvt};
use crate::error::{Error, Result};
use crate::geom::{Size, View};
use crate::operation::{
    Block, Drawn, MapLayer, MapRequest, Sources, Studio, TileLayer, VectorTile, VectorTileRequest,
    points_layer,
};
use crate::overview::Overviews;
use crate::tile::{TileAddress, TileMatrixSet};

/// What a tile is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TileFormat {
    Vector(VectorFormat),
    Image(ImageFormat),
}

/// The notations of vector tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VectorFormat {
    /// Mapbox Vector Tiles 2.1.
    Mvt,
    /// MapLibre Tiles: the same in columns.
    Mlt,
}

impl TileFormat {
    pub const MVT: TileFormat = TileFormat::Vector(VectorFormat::Mvt);
    pub const MLT: TileFormat = TileFormat::Vector(VectorFormat::Mlt);

    /// Every format that tiles are offered in.
    pub const ALL: [TileFormat; 5] = [
        TileFormat::MVT,
        TileFormat::MLT,
        TileFormat::Image(ImageFormat::Png),
        TileFormat::Image(ImageFormat::Webp),
        TileFormat::Image(ImageFormat::Jpeg),
    ];

    /// The format of an ending of an address: `pbf` is what others call MVT.
    pub fn of_extension(extension: &str) -> Option<TileFormat> {
        Some(match extension {
            "mvt" | "pbf" => TileFormat::MVT,
            "mlt" => TileFormat::MLT,
            "png" => TileFormat::Image(ImageFormat::Png),
            "webp" => TileFormat::Image(ImageFormat::Webp),
            "jpeg" | "jpg" => TileFormat::Image(ImageFormat::Jpeg),
            _ => return None,
        })
    }

    /// The format of a media type, in the spellings of clients.
    pub fn of_media_type(text: &str) -> Option<TileFormat> {
        let name = text.trim().to_ascii_lowercase();
        match name.as_str() {
            mvt::MEDIA_TYPE | "application/x-protobuf" | "application/vnd.mapbox-tile" => {
                Some(TileFormat::MVT)
            }
            mlt::MEDIA_TYPE => Some(TileFormat::MLT),
            _ => ImageFormat::parse(&name).map(TileFormat::Image),
        }
    }

    pub fn is_vector(self) -> bool {
        matches!(self, TileFormat::Vector(_))
    }

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            TileFormat::Vector(VectorFormat::Mvt) => "MVT",
            TileFormat::Vector(VectorFormat::Mlt) => "MLT",
            TileFormat::Image(ImageFormat::Png | ImageFormat::Png8) => "PNG",
            TileFormat::Image(ImageFormat::Jpeg) => "JPEG",
            TileFormat::Image(ImageFormat::Webp) => "WebP",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            TileFormat::Vector(VectorFormat::Mvt) => "mvt",
            TileFormat::Vector(VectorFormat::Mlt) => "mlt",
            TileFormat::Image(format) => format.extension(),
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            TileFormat::Vector(VectorFormat::Mvt) => mvt::MEDIA_TYPE,
            TileFormat::Vector(VectorFormat::Mlt) => mlt::MEDIA_TYPE,
            TileFormat::Image(format) => format.media_type(),
        }
    }
}

/// A tile to make, all names resolved: it holds what it is made from and needs no catalogue.
#[derive(Debug, Clone)]
pub struct Tile {
    pub set: Arc<TileMatrixSet>,
    pub address: TileAddress,
    pub pixel_ratio: u32,
    pub format: TileFormat,
    /// Bottom to top.
    pub layers: Vec<MapLayer>,
    /// True: a vector tile has the points where names of areas and lines stand as well.
    pub points: bool,
    /// Archives of vector tiles whose layers are in a vector tile too.
    pub archives: Vec<Arc<ArchiveLayer>>,
    /// Of a vector tile's layers that are made here, before compression.
    pub max_bytes: usize,
    /// What it is made from: chosen with the key, so that both always belong together.
    sources: Sources,
    /// Stands for all of the above and what is behind it: the data or the levels made of them,
    /// the styles, the program.
    pub key: u128,
    /// The same without the place and what depends on it.
    key_of_all: Key,
}

/// The side of a block of tiles whose labels are placed in one go, in pixels.
const BLOCK_PX: u32 = 1024;

impl Tile {
    /// A tile of layers in styles; what it is made from and its key are found here.
    pub fn new(
        catalogue: &Catalogue,
        overviews: &Overviews,
        wish: TileWish,
        max_bytes: usize,
    ) -> Tile {
        let mut key = Key::default();
        add_wish(&mut key, catalogue, &wish, max_bytes);
        let TileWish {
            set,
            address,
            pixel_ratio,
            format,
            layers,
            archives,
            with_points,
        } = wish;
        let mut tile = Tile {
            set,
            address,
            pixel_ratio,
            format,
            layers,
            points: with_points && format.is_vector(),
            archives,
            max_bytes,
            sources: Sources::default(),
            key: 0,
            key_of_all: key.clone(),
        };
        add_place(&mut key, tile.address);
        tile.sources = tile.choose(overviews);
        for digest in tile.sources.digests() {
            key.add(digest.as_bytes());
        }
        tile.key = key.finished();
        tile
    }

    fn choose(&self, overviews: &Overviews) -> Sources {
        match self.format {
            TileFormat::Vector(_) => Sources::of_tile(&self.vector_request(), overviews),
            // a tile without a view is refused when it is made
            TileFormat::Image(_) => self.map().map_or_else(
                |_| Sources::default(),
                |map| Sources::of_map(&map, overviews),
            ),
        }
    }

    /// The map that a picture of the tile is.
    ///
    /// # Errors
    /// `TileMatrixNotDefined`.
    pub fn map(&self) -> Result<MapRequest> {
        let transparent = match self.format {
            TileFormat::Vector(_) => true,
            TileFormat::Image(format) => format.has_alpha(),
        };
        Ok(MapRequest {
            view: self.set.view(self.address, self.pixel_ratio)?,
            crs: self.set.crs.clone(),
            layers: self.layers.clone(),
            background: [255; 3],
            transparent,
        })
    }

    /// Makes the vector tile.
    ///
    /// # Errors
    /// As [`Studio::vector_tile`].
    pub fn vector(&self, studio: &Studio, budget: &Budget) -> Result<VectorTile> {
        studio.vector_tile_from(&self.vector_request(), &self.sources, budget)
    }

    /// Draws the picture of the tile.
    ///
    /// # Errors
    /// As [`Studio::map`].
    pub fn drawn(&self, studio: &Studio, budget: &Budget) -> Result<Drawn> {
        studio.map_from(&self.map()?, &self.sources, None, budget)
    }

    /// The block that the tile is a part of; `None` where it is alone in it.
    fn block(&self) -> Result<Option<Block>> {
        let matrix = self.set.matrix(self.address.matrix)?;
        let TileAddress { column, row, .. } = self.address;
        let view = self.set.view(self.address, self.pixel_ratio)?;
        let side = BLOCK_PX / view.size.width.max(view.size.height).max(1);
        let (range, corner) = matrix.block(column, row, side);
        if range.count() <= 1 {
            return Ok(None);
        }
        let mut key = self.key_of_all.clone();
        let first = TileAddress {
            column: range.min_column,
            row: range.min_row,
            ..self.address
        };
        add_place(&mut key, first);
        let [columns, rows] = [
            range.max_column.abs_diff(range.min_column),
            range.max_row.abs_diff(range.min_row),
        ];
        let View { size, .. } = view;
        Ok(Some(Block {
            key: key.finished(),
            view: View {
                bbox: matrix
                    .bbox(range.min_column, range.min_row)
                    .union(&matrix.bbox(range.max_column, range.max_row)),
                size: Size {
                    width: size.width.saturating_mul(columns.saturating_add(1)),
                    height: size.height.saturating_mul(rows.saturating_add(1)),
                },
                ..view
            },
            corner: [
                corner[0].saturating_mul(size.width),
                corner[1].saturating_mul(size.height),
            ],
        }))
    }

    fn vector_request(&self) -> VectorTileRequest {
        let mut layers: Vec<TileLayer> = Vec::with_capacity(self.layers.len());
        for MapLayer { layer, .. } in &self.layers {
            // a tile has one layer of a name
            if !layers.iter().any(|l| Arc::ptr_eq(&l.layer, layer)) {
                layers.push(TileLayer {
                    layer: Arc::clone(layer),
                    columns: None,
                    points: self.points,
                });
            }
        }
        VectorTileRequest {
            set: Arc::clone(&self.set),
            tile: self.address,
            layers,
            max_bytes: self.max_bytes,
        }
    }

    /// The bytes of the tile, not compressed; none for a vector tile without features.
    ///
    /// # Errors
    /// As [`Studio::vector_tile`] and [`Studio::map`].
    pub fn bytes(&self, studio: &Studio, budget: &Budget) -> Result<Vec<u8>> {
        match self.format {
            TileFormat::Vector(format) => {
                let mut bytes = self.vector(studio, budget)?.bytes;
                self.join_archives(&mut bytes)?;
                match format {
                    VectorFormat::Mvt => Ok(bytes),
                    VectorFormat::Mlt => self.in_columns(&bytes),
                }
            }
            TileFormat::Image(format) => {
                let block = self.block()?;
                let drawn = studio.map_from(&self.map()?, &self.sources, block.as_ref(), budget)?;
                encode::image(&drawn.pixmap, format, Effort::Small)
            }
        }
    }

    /// The tile as a MapLibre Tile.
    fn in_columns(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        mlt::from_mvt(bytes).map_err(|message| match self.archives.first() {
            // what is made here is sound
            Some(archive) => Error::data(&archive.path, message),
            None => Error::Internal { message },
        })
    }

    /// Appends what the archives have at this place.
    fn join_archives(&self, bytes: &mut Vec<u8>) -> Result<()> {
        let zoom = u8::try_from(self.address.matrix).ok();
        let place = zoom.and_then(|z| WebTile::new(z, self.address.column, self.address.row));
        let (Some(place), false) = (place, self.archives.is_empty()) else {
            return Ok(());
        };
        let mut taken: HashSet<String> = HashSet::new();
        for MapLayer { layer, .. } in &self.layers {
            taken.extend([layer.id.clone(), points_layer(&layer.id)]);
        }
        for ArchiveLayer {
            id, archive, path, ..
        } in self.archives.iter().map(|a| &**a)
        {
            let fault = |message: String| Error::data(path, format!("tile {place}: {message}"));
            if let Some(tile) = archive.tile(place)? {
                let tile = tile.into_unpacked().map_err(fault)?;
                mvt::join(bytes, &tile, id, &mut taken).map_err(fault)?;
            }
            let declared = archive.info().vector_layers.iter();
            taken.extend(declared.map(|layer| layer.id.clone()));
        }
        Ok(())
    }
}

/// Adds to a key what a wish says and what stands behind its names, but for the levels that the
/// tile is made from.
fn add_wish(key: &mut Key, catalogue: &Catalogue, wish: &TileWish, max_bytes: usize) {
    key.add(env!("CARGO_PKG_VERSION").as_bytes());
    key.add(wish.set.id().as_bytes());
    if let Some(matrix) = wish.set.matrices().get(wish.address.matrix) {
        // an own set may change under its name
        let [x, y] = matrix.origin.map(f64::to_bits);
        let sizes = [matrix.tile_width, matrix.tile_height].map(u64::from);
        for number in [x, y, matrix.resolution.to_bits()].iter().chain(&sizes) {
            key.add(&number.to_le_bytes());
        }
    }
    key.add(wish.set.crs.id().as_bytes());
    key.add(&wish.pixel_ratio.to_le_bytes());
    key.add(wish.format.media_type().as_bytes());
    let is_picture = !wish.format.is_vector();
    for MapLayer {
        layer,
        style,
        filter,
    } in &wish.layers
    {
        key.add(&catalogue.fingerprint(layer).to_le_bytes());
        if is_picture {
            key.add(style.id.as_bytes());
            if layer.opacity < 1.0 {
                key.add(&layer.opacity.to_bits().to_le_bytes());
            }
            if let Some(filter) = filter {
                key.add(format!("{filter:?}").as_bytes());
            }
        }
    }
    if !is_picture {
        key.add(&max_bytes.to_le_bytes());
    }
    for archive in &wish.archives {
        key.add(archive.id.as_bytes());
        key.add(archive.archive.version().as_bytes());
    }
    if wish.with_points && !is_picture {
        key.add(b"points");
    }
}

fn add_place(key: &mut Key, address: TileAddress) {
    key.add(&address.matrix.to_le_bytes());
    key.add(&address.column.to_le_bytes());
    key.add(&address.row.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_differ_by_every_bit_and_by_where_a_text_ends() {
        let key = |parts: &[&[u8]]| {
            let mut key = Key::default();
            parts.iter().for_each(|part| key.add(part));
            key.finished()
        };
        let mut seen = HashSet::new();
        let text = b"WebMercatorQuad and communes";
        for bit in 0..text.len() * 8 {
            let mut other = text.to_vec();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(seen.insert(key(&[&other])), "bit {bit}");
        }
        for end in 0..text.len() {
            let (one, other) = text.split_at(end);
            assert!(seen.insert(key(&[one, other])), "cut at {end}");
        }
        assert!(seen.insert(key(&[text])));
        assert!(seen.insert(key(&[b"a\0"])) && seen.insert(key(&[b"a"])));
        assert_eq!(key(&[b"a", b"b"]), key(&[b"a", b"b"]));
        // numbers that follow each other differ in both halves: folders and packings are told by
        // the ends of a key
        let places: HashSet<u128> = (0..1000_u32)
            .map(|n| key(&[&n.to_le_bytes()]) >> 100)
            .collect();
        assert!(places.len() > 990, "{}", places.len());
    }
}
