//! Archives of tiles that are made up.

use std::path::Path;

use cartotheque::archive::{self, ArchiveInfo, Content, TileFormat, WebTile, Written};
use cartotheque::geom::Bbox;

pub type Tiles = Vec<(WebTile, Vec<u8>)>;

pub fn at(z: u8, x: u32, y: u32) -> WebTile {
    WebTile::new(z, x, y).unwrap()
}

pub fn info(format: TileFormat, max_zoom: u8) -> ArchiveInfo {
    let mut info = ArchiveInfo::new(format, 0, max_zoom);
    info.bounds = Bbox::new(4.0, 44.5, 7.25, 46.5);
    info.name = Some("Départements".into());
    info.attribution = Some("© IGN".into());
    info
}

/// Every tile of the zooms up to `max`, each with bytes of its own but for one in seven.
pub fn pyramid(max: u8) -> Tiles {
    let end = cartotheque::archive::web_tile::first_id(max + 1);
    (0..end)
        .map(|id| {
            let tile = WebTile::of_id(id).unwrap();
            let text = if id % 7 == 0 {
                "la mer".to_owned()
            } else {
                format!("tuile {tile}")
            };
            (tile, png(text.as_bytes()))
        })
        .collect()
}

/// Bytes that begin as a PNG does.
pub fn png(content: &[u8]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n", content].concat()
}

/// Writes tiles, which are in the order of their ids.
pub fn write(path: &Path, tiles: &[(WebTile, Vec<u8>)], info: &ArchiveInfo) -> Written {
    let mut writer = archive::create(path, "job").unwrap();
    for (tile, bytes) in tiles {
        writer.add(tile.id(), Content::Tile(bytes)).unwrap();
    }
    writer.finish(info).unwrap()
}
