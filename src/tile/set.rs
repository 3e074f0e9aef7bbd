use std::collections::HashSet;

use super::{Corner, TileAddress, TileMatrix, TileRange};
use crate::crs::{AxisOrder, Crs};
use crate::error::{Error, Result, nearest};
use crate::geom::{Bbox, View};

/// What a tile matrix set says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TileMatrixSetText {
    /// Part of addresses: letters, digits, `_`, `-` and `.`.
    pub id: String,
    pub title: Option<String>,
    pub description: Option<String>,
    /// Of the definition in a register; the ids of well-known sets stand at its end.
    pub uri: Option<String>,
    pub well_known_scale_set: Option<String>,
    /// What the definition calls the axes, in its order; empty where it does not say.
    pub ordered_axes: Vec<String>,
}

/// A tile matrix set: levels of tiles, from the coarsest to the finest.
#[derive(Debug, Clone, PartialEq)]
pub struct TileMatrixSet {
    pub text: TileMatrixSetText,
    pub crs: Crs,
    /// The order of the numbers in the set's documents (point of origin, bounding box). That of
    /// the CRS's authority, unless `ordered_axes` says otherwise.
    pub axis_order: AxisOrder,
    matrices: Vec<TileMatrix>,
}

/// Levels of a set; the deepest in use has 25.
const MAX_LEVELS: usize = 64;
/// Half the side of the square of Web Mercator, in metres.
const WEB_SIDE: f64 = 20_037_508.342_789_244;
/// Cells along a tile's side.
const MAX_TILE_SIDE: u32 = 4096;
/// How far a rounded cell size may be from the first over a power of two: half of the last of
/// nine digits, which the European set has.
const ROUNDED: f64 = 5e-9;
/// How far cell size and scale denominator may contradict each other: some sets are made with
/// another earth radius.
const CONTRADICTION: f64 = 0.01;

impl TileMatrixSet {
    /// A set of matrices given in any order; resolutions are found again.
    ///
    /// # Errors
    /// `Config`: no matrix or more than 64, two of one id or one size, numbers that are not
    /// finite and above zero, a tile of more than 4096 cells, a cell size that contradicts the
    /// scale denominator.
    pub fn new(
        text: TileMatrixSetText,
        crs: Crs,
        axis_order: AxisOrder,
        mut matrices: Vec<TileMatrix>,
    ) -> Result<TileMatrixSet> {
        let fault = |message: String| Error::Config {
            message: format!("tile matrix set {:?}: {message}", text.id),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if text.id.is_empty() || text.id.len() > 80 || !text.id.chars().all(plain) {
            return Err(fault(
                "expected an id of 1 to 80 letters, digits, \"_\", \"-\" or \".\"".into(),
            ));
        }
        if matrices.is_empty() || matrices.len() > MAX_LEVELS {
            return Err(fault(format!(
                "expected 1 to {MAX_LEVELS} tile matrices, found {}",
                matrices.len()
            )));
        }
        matrices.sort_by(|a, b| b.cell_size.total_cmp(&a.cell_size));
        let first = matrices.first().map_or(0.0, |m| m.cell_size);
        let mut ids = HashSet::new();
        let mut coarser = f64::INFINITY;
        for matrix in &mut matrices {
            check(matrix, &crs).map_err(|m| fault(format!("matrix {:?}: {m}", matrix.id)))?;
            if !ids.insert(matrix.id.clone()) {
                return Err(fault(format!("two matrices have the id {:?}", matrix.id)));
            }
            if matrix.cell_size >= coarser {
                return Err(fault(format!(
                    "two matrices have the cell size {}",
                    matrix.cell_size
                )));
            }
            coarser = matrix.cell_size;
            matrix.resolution = exact(matrix.cell_size, first);
        }
        Ok(TileMatrixSet {
            text,
            crs,
            axis_order,
            matrices,
        })
    }

    pub fn id(&self) -> &str {
        &self.text.id
    }

    /// From the coarsest to the finest; at least one.
    pub fn matrices(&self) -> &[TileMatrix] {
        &self.matrices
    }

    /// The matrix of an address.
    ///
    /// # Errors
    /// `TileMatrixNotDefined` where there is no such level.
    pub fn matrix(&self, level: usize) -> Result<&TileMatrix> {
        self.matrices
            .get(level)
            .ok_or_else(|| self.no_matrix(&level.to_string()))
    }

    /// A matrix's place among the levels, by its id.
    ///
    /// # Errors
    /// `TileMatrixNotDefined`, with the nearest id.
    pub fn level(&self, id: &str) -> Result<usize> {
        self.matrices
            .iter()
            .position(|m| m.id == id)
            .ok_or_else(|| self.no_matrix(id))
    }

    /// The address of a tile of the set.
    ///
    /// # Errors
    /// `TileMatrixNotDefined`; `TileOutOfRange` where the matrix has no such column or row.
    pub fn address(&self, matrix: &str, column: u32, row: u32) -> Result<TileAddress> {
        let level = self.level(matrix)?;
        let found = self.matrix(level)?;
        for (axis, value, count) in [
            ("column", column, found.matrix_width),
            ("row", row, found.matrix_height),
        ] {
            if value >= count {
                return Err(Error::TileOutOfRange {
                    axis,
                    value: value.to_string(),
                    min: 0,
                    max: count.saturating_sub(1),
                });
            }
        }
        Ok(TileAddress {
            matrix: level,
            column,
            row,
        })
    }

    /// True where tiles lie as those of WebMercatorQuad and are called as those: what web maps
    /// can show, and TileJSON can tell.
    pub fn is_web(&self) -> bool {
        let lies_so = |(zoom, matrix): (usize, &TileMatrix)| {
            let tiles = 2.0_f64.powf(zoom as f64);
            let span = 2.0 * WEB_SIDE / tiles;
            let near = |a: f64, b: f64| (a - b).abs() <= span * 1e-6;
            let [x, y] = matrix.origin;
            matrix.id == zoom.to_string()
                && matrix.corner == Corner::TopLeft
                && near(x, -WEB_SIDE)
                && near(y, WEB_SIDE)
                && near(matrix.span_x(), span)
                && near(matrix.span_y(), span)
                && f64::from(matrix.matrix_width) == tiles
                && f64::from(matrix.matrix_height) == tiles
        };
        self.crs.id() == "EPSG:3857" && self.matrices.iter().enumerate().all(lies_so)
    }

    /// The box of a tile in the set's CRS, x before y.
    ///
    /// # Errors
    /// `TileMatrixNotDefined`.
    pub fn bbox(&self, tile: TileAddress) -> Result<Bbox> {
        Ok(self.matrix(tile.matrix)?.bbox(tile.column, tile.row))
    }

    /// As [`TileMatrix::view`].
    ///
    /// # Errors
    /// `TileMatrixNotDefined`.
    pub fn view(&self, tile: TileAddress, pixel_ratio: u32) -> Result<View> {
        let matrix = self.matrix(tile.matrix)?;
        Ok(matrix.view(tile.column, tile.row, pixel_ratio, self.crs.metres_per_unit))
    }

    /// The box that all levels cover.
    pub fn extent(&self) -> Bbox {
        let mut boxes = self.matrices.iter().map(TileMatrix::extent);
        let first = boxes.next().unwrap_or(Bbox::WORLD);
        boxes.fold(first, |all, one| all.union(&one))
    }

    /// For each level, the tiles that a box touches; `None` where it touches none.
    pub fn limits(&self, bbox: &Bbox) -> Vec<Option<TileRange>> {
        self.matrices.iter().map(|m| m.range(bbox)).collect()
    }

    /// The coarsest level whose cells are no larger than `resolution` (to a thousandth), else
    /// the finest.
    pub fn level_for_resolution(&self, resolution: f64) -> usize {
        self.matrices
            .iter()
            .position(|m| m.resolution <= resolution * 1.001)
            .unwrap_or(self.matrices.len().saturating_sub(1))
    }

    fn no_matrix(&self, id: &str) -> Error {
        Error::TileMatrixNotDefined {
            set: self.text.id.clone(),
            matrix: id.chars().take(80).collect(),
            nearest: nearest(id, self.matrices.iter().map(|m| m.id.as_str())),
        }
    }
}

/// The first cell size over a power of two where that is what was rounded, else the size.
fn exact(size: f64, first: f64) -> f64 {
    let quad = first / (first / size).log2().round().exp2();
    if (quad / size - 1.0).abs() <= ROUNDED {
        quad
    } else {
        size
    }
}

fn check(matrix: &TileMatrix, crs: &Crs) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '?' | '#' | '%');
    if matrix.id.is_empty() || matrix.id.len() > 80 || !matrix.id.chars().all(plain) {
        return Err("expected an id of 1 to 80 printable characters without \"/\"".into());
    }
    for (name, value) in [
        ("scaleDenominator", matrix.scale_denominator),
        ("cellSize", matrix.cell_size),
    ] {
        if !(value.is_finite() && value > 0.0) {
            return Err(format!("{name} must be a number above 0, found {value}"));
        }
    }
    if !matrix.origin.iter().all(|v| v.is_finite()) {
        return Err("pointOfOrigin must be two finite numbers".into());
    }
    for (name, value, most) in [
        ("tileWidth", matrix.tile_width, MAX_TILE_SIDE),
        ("tileHeight", matrix.tile_height, MAX_TILE_SIDE),
        ("matrixWidth", matrix.matrix_width, u32::MAX),
        ("matrixHeight", matrix.matrix_height, u32::MAX),
    ] {
        if value == 0 || value > most {
            return Err(format!("{name} must be 1 to {most}, found {value}"));
        }
    }
    let extent = matrix.extent();
    if Bbox::new(extent.min_x, extent.min_y, extent.max_x, extent.max_y).is_none() {
        return Err("its extent is beyond all numbers".into());
    }
    let by_scale = matrix.scale_denominator * crate::geom::STANDARD_PIXEL_M / crs.metres_per_unit;
    if (by_scale / matrix.cell_size - 1.0).abs() > CONTRADICTION {
        return Err(format!(
            "scaleDenominator {} means cells of {by_scale} in {crs}, cellSize says {}",
            matrix.scale_denominator, matrix.cell_size
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::{Corner, TileMatrixSets};

    fn matrix(id: &str, cell: f64) -> TileMatrix {
        TileMatrix {
            id: id.into(),
            scale_denominator: cell / 0.000_28,
            cell_size: cell,
            resolution: cell,
            corner: Corner::TopLeft,
            origin: [0.0, 0.0],
            tile_width: 256,
            tile_height: 256,
            matrix_width: 4,
            matrix_height: 4,
        }
    }

    fn set(matrices: Vec<TileMatrix>) -> Result<TileMatrixSet> {
        let text = TileMatrixSetText {
            id: "own".into(),
            ..TileMatrixSetText::default()
        };
        let crs = Crs::from_epsg(2154).unwrap();
        TileMatrixSet::new(text, crs, AxisOrder::EastNorth, matrices)
    }

    fn message(matrices: Vec<TileMatrix>) -> String {
        set(matrices).unwrap_err().to_string()
    }

    #[test]
    fn levels_are_ordered_from_the_coarsest() {
        let set = set(vec![matrix("fine", 1.0), matrix("coarse", 100.0)]).unwrap();
        assert_eq!(set.level("coarse"), Ok(0));
        assert_eq!(set.level("fine"), Ok(1));
        let error = set.level("corse").unwrap_err().to_string();
        assert_eq!(
            error,
            r#"tile matrix set "own" has no matrix "corse", did you mean "coarse"?"#
        );
    }

    #[test]
    fn web_maps_can_show_one_of_the_well_known_sets_and_those_like_it() {
        let sets = TileMatrixSets::default();
        let web: Vec<&str> = sets
            .all()
            .iter()
            .filter(|s| s.is_web())
            .map(|s| s.id())
            .collect();
        assert_eq!(web, [TileMatrixSets::WEB]);
        let known = sets.get(TileMatrixSets::WEB).unwrap();
        let text = TileMatrixSetText {
            id: "own".into(),
            ..TileMatrixSetText::default()
        };
        let large: Vec<TileMatrix> = known.matrices()[..5]
            .iter()
            .map(|matrix| TileMatrix {
                tile_width: 512,
                tile_height: 512,
                cell_size: matrix.cell_size / 2.0,
                scale_denominator: matrix.scale_denominator / 2.0,
                ..matrix.clone()
            })
            .collect();
        let make = |matrices| {
            let crs = known.crs.clone();
            TileMatrixSet::new(text.clone(), crs, known.axis_order, matrices).unwrap()
        };
        assert!(
            make(large.clone()).is_web(),
            "tiles of 512 pixels at the same places"
        );
        assert!(!make(large[1..].to_vec()).is_web(), "zoom 1 is the first");
    }

    #[test]
    fn impossible_sets_are_refused_with_the_place_of_the_fault() {
        assert!(message(vec![]).contains("expected 1 to 64 tile matrices, found 0"));
        let twice = vec![matrix("a", 1.0), matrix("a", 2.0)];
        assert!(message(twice).contains(r#"two matrices have the id "a""#));
        let same = vec![matrix("a", 1.0), matrix("b", 1.0)];
        assert!(message(same).contains("two matrices have the cell size 1"));
        for (fault, broken) in [
            (
                "scaleDenominator must be a number above 0",
                matrix("a", f64::NAN),
            ),
            (
                "cellSize must be a number above 0",
                TileMatrix {
                    cell_size: -1.0,
                    ..matrix("a", 1.0)
                },
            ),
            (
                "tileWidth must be 1 to 4096",
                TileMatrix {
                    tile_width: 5000,
                    ..matrix("a", 1.0)
                },
            ),
            (
                "matrixHeight must be 1",
                TileMatrix {
                    matrix_height: 0,
                    ..matrix("a", 1.0)
                },
            ),
            (
                "means cells of",
                TileMatrix {
                    scale_denominator: 1.0,
                    ..matrix("a", 1.0)
                },
            ),
            (
                "pointOfOrigin must be two finite numbers",
                TileMatrix {
                    origin: [f64::INFINITY, 0.0],
                    ..matrix("a", 1.0)
                },
            ),
            ("expected an id", matrix("a/b", 1.0)),
        ] {
            let found = message(vec![broken]);
            assert!(found.contains(fault), "{found}");
        }
    }

    #[test]
    fn a_tile_outside_its_matrix_is_told_with_the_range() {
        let sets = TileMatrixSets::default();
        let web = sets.get("WebMercatorQuad").unwrap();
        assert!(web.address("1", 1, 1).is_ok());
        let error = web.address("1", 2, 0).unwrap_err().to_string();
        assert_eq!(error, "the column of a tile must be 0 to 1 here, found 2");
        let error = web.address("1", 0, 2).unwrap_err().to_string();
        assert_eq!(error, "the row of a tile must be 0 to 1 here, found 2");
        let error = sets.get("WebMercatorquad").unwrap_err().to_string();
        assert!(error.contains(r#"did you mean "WebMercatorQuad"?"#));
    }

    #[test]
    fn the_level_of_a_resolution_is_the_coarsest_that_is_fine_enough() {
        let set = set(vec![matrix("0", 4.0), matrix("1", 2.0), matrix("2", 1.0)]).unwrap();
        let levels = [10.0, 4.0, 3.99, 2.0, 1.9999, 1.0, 0.1].map(|r| set.level_for_resolution(r));
        assert_eq!(levels, [0, 0, 1, 1, 1, 2, 2]);
    }

    #[test]
    fn an_own_set_may_not_take_the_id_of_another() {
        let mut sets = TileMatrixSets::default();
        sets.add(set(vec![matrix("0", 1.0)]).unwrap()).unwrap();
        assert!(sets.find("own").is_some());
        assert!(sets.add(set(vec![matrix("0", 1.0)]).unwrap()).is_err());
    }
}
