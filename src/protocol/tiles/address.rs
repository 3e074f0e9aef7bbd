use super::TileFormat;
use crate::error::{Error, Result};
use crate::tile::TileMatrixSets;

/// An address under `/tiles/`, taken apart; what it names may not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TilesAddress {
    Tile {
        /// As written, joined by commas.
        layers: String,
        set: String,
        /// The id of the tile matrix.
        matrix: String,
        column: u32,
        row: u32,
        /// 2 at `@2x`, else 1.
        pixel_ratio: u32,
        format: TileFormat,
    },
    TileJson {
        layers: String,
        set: String,
    },
}

impl TilesAddress {
    /// The names of layers as written, joined by commas.
    pub fn layers(&self) -> &str {
        match self {
            TilesAddress::Tile { layers, .. } | TilesAddress::TileJson { layers, .. } => layers,
        }
    }

    /// The name of the tile matrix set.
    pub fn set(&self) -> &str {
        match self {
            TilesAddress::Tile { set, .. } | TilesAddress::TileJson { set, .. } => set,
        }
    }

    /// The address of the segments after `/tiles/`, decoded; `None` where they are none of this
    /// protocol.
    pub fn parse(segments: &[&str]) -> Option<Result<TilesAddress>> {
        let (layers, set, matrix, column, last) = match segments {
            [document] => {
                let layers = document.strip_suffix(".json")?.to_owned();
                let set = TileMatrixSets::WEB.to_owned();
                return Some(Ok(TilesAddress::TileJson { layers, set }));
            }
            [layers, document] => {
                let set = document.strip_suffix(".json")?.to_owned();
                let layers = (*layers).to_owned();
                return Some(Ok(TilesAddress::TileJson { layers, set }));
            }
            [layers, matrix, column, last] => (layers, TileMatrixSets::WEB, matrix, column, last),
            [layers, set, matrix, column, last] => (layers, *set, matrix, column, last),
            _ => return None,
        };
        let (row, extension) = last.rsplit_once('.')?;
        Some(tile(layers, set, matrix, [column, row], extension))
    }
}

fn tile(
    layers: &str,
    set: &str,
    matrix: &str,
    [column, row]: [&str; 2],
    extension: &str,
) -> Result<TilesAddress> {
    let format = TileFormat::of_extension(extension).ok_or_else(|| Error::InvalidFormat {
        format: extension.chars().take(40).collect(),
        expected: "mvt, mlt, png, webp, jpeg".into(),
    })?;
    let (row, pixel_ratio) = match row.strip_suffix("@2x") {
        Some(_) if format.is_vector() => {
            return Err(Error::InvalidFormat {
                format: format!("@2x.{extension}"),
                expected: "png, webp, jpeg: a vector tile has no pixels".into(),
            });
        }
        Some(row) => (row, 2),
        None => (row, 1),
    };
    Ok(TilesAddress::Tile {
        layers: layers.to_owned(),
        set: set.to_owned(),
        matrix: matrix.to_owned(),
        column: number("column", column)?,
        row: number("row", row)?,
        pixel_ratio,
        format,
    })
}

/// A column or a row. A number that no matrix has is outside of all, not wrong.
fn number(axis: &'static str, text: &str) -> Result<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_number {
        return Ok(text.parse().unwrap_or(u32::MAX));
    }
    let digits = text.strip_prefix('-').unwrap_or("");
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::TileOutOfRange {
            axis,
            value: text.chars().take(40).collect(),
            min: 0,
            max: u32::MAX,
        });
    }
    Err(Error::parameter(
        axis,
        format!(
            "expected a whole number, found {:?}",
            text.chars().take(40).collect::<String>()
        ),
    ))
}

/// Names as part of an address.
pub(super) fn encoded(names: &str) -> String {
    let mut out = String::with_capacity(names.len());
    for byte in names.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~,".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<Result<TilesAddress>> {
        TilesAddress::parse(&path.split('/').collect::<Vec<_>>())
    }

    fn tile_of(path: &str) -> (String, String, [u32; 3], TileFormat) {
        match parsed(path) {
            Some(Ok(TilesAddress::Tile {
                layers,
                set,
                column,
                row,
                pixel_ratio,
                format,
                ..
            })) => (layers, set, [column, row, pixel_ratio], format),
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn tiles_are_addressed_with_the_column_before_the_row() {
        let (layers, set, numbers, format) = tile_of("a,b/5/16/11.mvt");
        assert_eq!((layers.as_str(), set.as_str()), ("a,b", "WebMercatorQuad"));
        assert_eq!((numbers, format), ([16, 11, 1], TileFormat::MVT));
        let (_, set, numbers, format) = tile_of("a/LAMB93/5/1/4@2x.png");
        assert_eq!(set, "LAMB93");
        assert_eq!(numbers, [1, 4, 2]);
        assert_eq!(format.extension(), "png");
        assert_eq!(tile_of("a/5/16/11.pbf").3, TileFormat::MVT);
        assert_eq!(tile_of("a/5/16/11.jpg"), tile_of("a/5/16/11.jpeg"));
    }

    #[test]
    fn what_is_no_tile_is_said_in_its_own_words() {
        assert_eq!(parsed("a/5/16/11"), None, "an address of OGC API Tiles");
        assert_eq!(parsed("a/b/c/d/e/f.png"), None);
        assert_eq!(
            parsed("a.json"),
            Some(Ok(TilesAddress::TileJson {
                layers: "a".into(),
                set: "WebMercatorQuad".into()
            }))
        );
        assert_eq!(
            parsed("a,b/LAMB93.json"),
            Some(Ok(TilesAddress::TileJson {
                layers: "a,b".into(),
                set: "LAMB93".into()
            }))
        );
        let message = |path: &str| parsed(path).unwrap().unwrap_err().to_string();
        assert!(message("a/5/16/11.gif").contains("expected one of mvt, mlt, png, webp, jpeg"));
        assert!(message("a/5/16/11@2x.mvt").contains("no pixels"));
        assert!(message("a/5/x/11.png").contains("column: expected a whole number, found \"x\""));
        assert!(message("a/5/1/-1.png").contains("the row of a tile must be 0"));
        assert!(message("a/5/1/.png").contains("row: expected a whole number"));
        assert_eq!(tile_of("a/5/99999999999/0.png").2[0], u32::MAX);
    }

    #[test]
    fn names_are_encoded_but_for_the_comma() {
        assert_eq!(encoded("cours-eau,forêts"), "cours-eau,for%C3%AAts");
    }
}
