//! Tile matrix sets in JSON (OGC 17-083r4 §7.1, requirements class `json-tilematrixset`) → core.
//!
//! `orderedAxes` decides in which order points of origin are written; where it says nothing
//! known, the authority of the CRS does.
//!
//! # Not supported
//! Variable matrix widths: refused. A CRS in PROJJSON: name it, or give its WKT as text.

use serde::Deserialize;
use serde_json::Value;

use crate::crs::{AxisOrder, Crs};
use crate::error::{Error, Result};
use crate::geom::STANDARD_PIXEL_M;
use crate::tile::{Corner, TileMatrix, TileMatrixSet, TileMatrixSetText};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    id: Option<String>,
    title: Option<String>,
    description: Option<String>,
    uri: Option<String>,
    crs: Value,
    #[serde(default)]
    ordered_axes: Vec<String>,
    well_known_scale_set: Option<String>,
    tile_matrices: Vec<Matrix>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matrix {
    id: String,
    scale_denominator: Option<f64>,
    cell_size: Option<f64>,
    corner_of_origin: Option<String>,
    point_of_origin: [f64; 2],
    tile_width: u32,
    tile_height: u32,
    matrix_width: u32,
    matrix_height: u32,
    #[serde(default)]
    variable_matrix_widths: Vec<Value>,
}

/// Reads a definition; `default_id` is its id where it has none (a file's name).
///
/// # Errors
/// `Syntax` with line and column where it is no JSON of that form; `InvalidCrs`; `Config` where
/// the numbers make no set.
pub fn parse(text: &str, default_id: &str) -> Result<TileMatrixSet> {
    let document: Document = serde_json::from_str(text).map_err(|e| Error::Syntax {
        message: without_place(&e.to_string()),
        line: u32::try_from(e.line()).unwrap_or(u32::MAX),
        column: u32::try_from(e.column()).unwrap_or(u32::MAX),
    })?;
    let crs = read_crs(&document.crs)?;
    let axis_order = axis_order(&document.ordered_axes).unwrap_or(crs.axis_order);
    let matrices = document
        .tile_matrices
        .into_iter()
        .map(|matrix| read_matrix(matrix, &crs, axis_order))
        .collect::<Result<_>>()?;
    let text = TileMatrixSetText {
        id: document.id.unwrap_or_else(|| default_id.to_owned()),
        title: document.title,
        description: document.description,
        uri: document.uri,
        well_known_scale_set: document.well_known_scale_set,
        ordered_axes: document.ordered_axes,
    };
    TileMatrixSet::new(text, crs, axis_order, matrices)
}

/// The message without the place that serde adds: it is told apart.
fn without_place(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message.get(..end).unwrap_or(message).to_owned()
}

fn read_crs(value: &Value) -> Result<Crs> {
    match value {
        Value::String(name) => Crs::parse(name),
        Value::Object(parts) => match (parts.get("uri"), parts.get("wkt")) {
            (Some(Value::String(name)), _) => Crs::parse(name),
            (_, Some(Value::String(wkt))) => Crs::from_wkt(wkt),
            _ => Err(Error::Config {
                message: "crs: expected a name, {\"uri\": …} or {\"wkt\": …} with a text".into(),
            }),
        },
        _ => Err(Error::Config {
            message: "crs: expected a name such as \
                      \"http://www.opengis.net/def/crs/EPSG/0/2154\""
                .into(),
        }),
    }
}

/// What the name of the first axis says; `None` where it is none of the usual.
fn axis_order(axes: &[String]) -> Option<AxisOrder> {
    let [first, _] = axes else {
        return None;
    };
    match first.to_ascii_lowercase().as_str() {
        "x" | "e" | "lon" | "long" | "longitude" | "easting" => Some(AxisOrder::EastNorth),
        "y" | "n" | "lat" | "latitude" | "northing" => Some(AxisOrder::NorthEast),
        _ => None,
    }
}

fn read_matrix(matrix: Matrix, crs: &Crs, axis_order: AxisOrder) -> Result<TileMatrix> {
    let fault = |message: String| Error::Config {
        message: format!("matrix {:?}: {message}", matrix.id),
    };
    if !matrix.variable_matrix_widths.is_empty() {
        return Err(fault("variableMatrixWidths are not supported".into()));
    }
    let corner = match matrix.corner_of_origin.as_deref() {
        None | Some("topLeft") => Corner::TopLeft,
        Some("bottomLeft") => Corner::BottomLeft,
        Some(other) => {
            return Err(fault(format!(
                "cornerOfOrigin must be topLeft or bottomLeft, found {other:?}"
            )));
        }
    };
    let metres = crs.metres_per_unit;
    let (scale_denominator, cell_size) = match (matrix.scale_denominator, matrix.cell_size) {
        (Some(scale), Some(cell)) => (scale, cell),
        (Some(scale), None) => (scale, scale * STANDARD_PIXEL_M / metres),
        (None, Some(cell)) => (cell * metres / STANDARD_PIXEL_M, cell),
        (None, None) => return Err(fault("expected scaleDenominator and cellSize".into())),
    };
    Ok(TileMatrix {
        scale_denominator,
        cell_size,
        resolution: cell_size,
        corner,
        origin: axis_order.reorder(matrix.point_of_origin),
        tile_width: matrix.tile_width,
        tile_height: matrix.tile_height,
        matrix_width: matrix.matrix_width,
        matrix_height: matrix.matrix_height,
        id: matrix.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::tile_matrix_set::write;
    use crate::tile::TileMatrixSets;

    #[test]
    fn every_well_known_set_comes_back_as_it_was_written() {
        for set in TileMatrixSets::default().all() {
            let text = write(set).to_string();
            assert_eq!(parse(&text, "x").as_ref(), Ok(&**set), "{}", set.id());
        }
    }

    #[test]
    fn a_point_of_origin_is_read_in_the_order_of_the_axes() {
        // the register's definition of EuropeanETRS89_LAEAQuad, its first level
        let text = |axes: &str, origin: &str| {
            format!(
                r#"{{"id": "own", "crs": "http://www.opengis.net/def/crs/EPSG/0/3035"{axes},
                "tileMatrices": [{{"id": "0", "scaleDenominator": 62779017.8571428,
                "cellSize": 17578.125, "pointOfOrigin": {origin}, "tileWidth": 256,
                "tileHeight": 256, "matrixWidth": 1, "matrixHeight": 1}}]}}"#
            )
        };
        for (axes, origin) in [
            (r#", "orderedAxes": ["Y", "X"]"#, "[5500000.0, 2000000.0]"),
            ("", "[5500000.0, 2000000.0]"),
            (r#", "orderedAxes": ["E", "N"]"#, "[2000000.0, 5500000.0]"),
        ] {
            let set = parse(&text(axes, origin), "x").unwrap();
            assert_eq!(
                set.matrices()[0].origin,
                [2_000_000.0, 5_500_000.0],
                "{axes}"
            );
        }
    }

    #[test]
    fn a_set_may_leave_out_what_follows_from_the_rest() {
        let text = r#"{"crs": {"uri": "EPSG:2154"}, "tileMatrices": [{"id": "a",
            "cellSize": 280, "cornerOfOrigin": "bottomLeft", "pointOfOrigin": [0, 6000000],
            "tileWidth": 512, "tileHeight": 512, "matrixWidth": 8, "matrixHeight": 8}]}"#;
        let set = parse(text, "grille").unwrap();
        assert_eq!(set.id(), "grille");
        assert!((set.matrices()[0].scale_denominator - 1e6).abs() < 1e-6);
        assert_eq!(set.matrices()[0].corner, Corner::BottomLeft);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let message = |text: &str| parse(text, "x").unwrap_err().to_string();
        assert_eq!(
            message("{\n  \"crs\": 1,\n"),
            "line 3, column 0: EOF while parsing a value"
        );
        assert!(message(r#"{"crs": "EPSG:2154"}"#).contains("missing field `tileMatrices`"));
        assert!(message(r#"{"crs": "EPSG:21544", "tileMatrices": []}"#).contains("did you mean"));
        assert!(message(r#"{"crs": [], "tileMatrices": []}"#).contains("crs: expected a name"));
        assert!(message(r#"{"crs": "EPSG:2154", "tileMatrices": []}"#).contains("found 0"));
        let matrix = |more: &str| {
            message(&format!(
                r#"{{"crs": "EPSG:2154", "tileMatrices": [{{"id": "a", "pointOfOrigin": [0, 0],
                "tileWidth": 1, "tileHeight": 1, "matrixWidth": 1, "matrixHeight": 1{more}}}]}}"#
            ))
        };
        assert!(matrix("").contains("expected scaleDenominator and cellSize"));
        assert!(matrix(r#", "cellSize": 0"#).contains("above 0"));
        assert!(matrix(r#", "cellSize": 1, "cornerOfOrigin": "middle""#).contains("\"middle\""));
        assert!(
            matrix(r#", "cellSize": 1, "variableMatrixWidths": [{}]"#).contains("not supported")
        );
    }
}
