//! Tile matrix sets as JSON (OGC 17-083r4 §7.1), in the numbers of their definition.

use serde_json::{Map, Value, json};

use crate::crs::AxisOrder;
use crate::tile::{Corner, TileMatrix, TileMatrixSet};

/// The definition of a set.
pub fn write(set: &TileMatrixSet) -> Value {
    let text = &set.text;
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("id", json!(text.id));
    for (name, value) in [
        ("title", &text.title),
        ("description", &text.description),
        ("uri", &text.uri),
    ] {
        if let Some(value) = value {
            put(name, json!(value));
        }
    }
    // a CRS without authority has no name that others know
    let crs = match set.crs.authority.as_str() {
        "" => json!({ "wkt": set.crs.wkt }),
        _ => json!(set.crs.uri()),
    };
    put("crs", crs);
    if !text.ordered_axes.is_empty() {
        put("orderedAxes", json!(text.ordered_axes));
    }
    if let Some(scales) = &text.well_known_scale_set {
        put("wellKnownScaleSet", json!(scales));
    }
    let matrices: Vec<Value> = set
        .matrices()
        .iter()
        .map(|m| matrix(m, set.axis_order))
        .collect();
    put("tileMatrices", json!(matrices));
    Value::Object(out)
}

fn matrix(matrix: &TileMatrix, axis_order: AxisOrder) -> Value {
    json!({
        "id": matrix.id,
        "scaleDenominator": matrix.scale_denominator,
        "cellSize": matrix.cell_size,
        "cornerOfOrigin": match matrix.corner {
            Corner::TopLeft => "topLeft",
            Corner::BottomLeft => "bottomLeft",
        },
        "pointOfOrigin": axis_order.reorder(matrix.origin),
        "tileWidth": matrix.tile_width,
        "tileHeight": matrix.tile_height,
        "matrixWidth": matrix.matrix_width,
        "matrixHeight": matrix.matrix_height,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::TileMatrixSets;

    #[test]
    fn the_european_set_is_written_as_the_register_has_it() {
        let sets = TileMatrixSets::default();
        let set = write(sets.get("EuropeanETRS89_LAEAQuad").unwrap());
        assert_eq!(
            set["uri"],
            "http://www.opengis.net/def/tilematrixset/OGC/1.0/EuropeanETRS89_LAEAQuad"
        );
        assert_eq!(set["crs"], "http://www.opengis.net/def/crs/EPSG/0/3035");
        assert_eq!(
            set["tileMatrices"][15],
            json!({
                "id": "15",
                "scaleDenominator": 1_915.863_582_066_12,
                "cellSize": 0.536_441_803,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [5_500_000.0, 2_000_000.0],
                "tileWidth": 256,
                "tileHeight": 256,
                "matrixWidth": 32_768,
                "matrixHeight": 32_768,
            })
        );
    }
}
