//! What a GeoParquet file says of its geometries, as JSON under `geo`.

use serde_json::Value as Json;

use crate::crs::Crs;
use crate::geom::Bbox;
use crate::import::source::CrsFound;
use crate::parquet::Table;

/// A CRS in PROJJSON has some kB; the boxes and types of many columns a few more.
const MAX_BYTES: usize = 4 << 20;

/// What is said of the geometries.
#[derive(Debug)]
pub struct Geo {
    /// The column that is read.
    pub primary: String,
    /// Columns of other geometries.
    pub others: Vec<String>,
    /// The group of columns that holds the boxes of the geometries.
    pub boxes: Option<String>,
    pub crs: CrsFound,
    pub extent: Option<Bbox>,
    pub notes: Vec<String>,
}

impl Geo {
    /// # Errors
    /// In words: nothing is said, or something that is not read.
    pub fn read(table: &Table) -> Result<Geo, String> {
        let text = table.word("geo").ok_or_else(|| {
            "is a Parquet file without geometries that are known as such: expected GeoParquet \
             (\"geo\" metadata; GeoPandas, GDAL and DuckDB write them)"
                .to_owned()
        })?;
        if text.len() > MAX_BYTES {
            return Err(format!(
                "its \"geo\" metadata are larger than {MAX_BYTES} bytes"
            ));
        }
        Geo::parse(text)
    }

    fn parse(text: &str) -> Result<Geo, String> {
        let json: Json = serde_json::from_str(text)
            .map_err(|e| format!("its \"geo\" metadata are damaged: {e}"))?;
        let lacks = |what: &str| format!("its \"geo\" metadata lack {what}");
        let primary = json.get("primary_column").and_then(Json::as_str);
        let primary = primary.ok_or_else(|| lacks("primary_column"))?.to_owned();
        let columns = json.get("columns").and_then(Json::as_object);
        let columns = columns.ok_or_else(|| lacks("columns"))?;
        let column = columns
            .get(&primary)
            .ok_or_else(|| lacks(&format!("the primary column {primary:?}")))?;
        match column.get("encoding").and_then(Json::as_str) {
            Some(encoding) if encoding.eq_ignore_ascii_case("WKB") => {}
            Some(other) => {
                return Err(format!(
                    "expected geometries in WKB, found the encoding {other:?}"
                ));
            }
            None => return Err(lacks("the encoding of the geometries")),
        }
        let mut notes = Vec::new();
        if column.get("edges").and_then(Json::as_str) == Some("spherical") {
            notes.push("edges are declared spherical, and read as straight lines".to_owned());
        }
        let others = columns.keys().filter(|name| **name != primary);
        Ok(Geo {
            others: others.cloned().collect(),
            boxes: boxes(column),
            crs: crs(column),
            extent: extent(column),
            notes,
            primary,
        })
    }
}

/// The outermost name of the columns of boxes.
fn boxes(column: &Json) -> Option<String> {
    let path = column.get("covering")?.get("bbox")?.get("xmin")?;
    path.get(0)?.as_str().map(str::to_owned)
}

/// The box of all, of four numbers or, with heights, of six.
fn extent(column: &Json) -> Option<Bbox> {
    let numbers = column.get("bbox")?.as_array()?.iter().map(Json::as_f64);
    let numbers: Vec<f64> = numbers.collect::<Option<_>>()?;
    match *numbers.as_slice() {
        [x0, y0, x1, y1] | [x0, y0, _, x1, y1, _] => Bbox::new(x0, y0, x1, y1),
        _ => None,
    }
}

fn crs(column: &Json) -> CrsFound {
    let known = |crs, words: &str| CrsFound::Known(crs, words.to_owned());
    let unknown =
        |error: crate::error::Error| CrsFound::Unknown(format!("its \"geo\" metadata: {error}"));
    match column.get("crs") {
        None => known(Crs::crs84(), "GeoParquet's default"),
        Some(Json::Null) => CrsFound::Unknown("its CRS is declared as undefined".to_owned()),
        // files before GeoParquet 1.0
        Some(Json::String(wkt)) => match Crs::from_wkt(wkt) {
            Ok(crs) => known(crs, "its \"geo\" metadata"),
            Err(error) => unknown(error),
        },
        Some(json) => {
            let by_id = json.get("id").and_then(id).map(|id| Crs::parse(&id));
            let found = match by_id {
                Some(Ok(crs)) => Ok(crs),
                _ => Crs::from_projjson(&json.to_string()),
            };
            match found {
                Ok(crs) => known(crs, "its \"geo\" metadata"),
                Err(error) => unknown(error),
            }
        }
    }
}

/// `EPSG:2154`, of `{"authority": "EPSG", "code": 2154}`.
fn id(id: &Json) -> Option<String> {
    let authority = id.get("authority")?.as_str()?;
    match id.get("code")? {
        Json::String(code) => Some(format!("{authority}:{code}")),
        Json::Number(code) => Some(format!("{authority}:{code}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(column: &str) -> Result<Geo, String> {
        Geo::parse(&format!(
            r#"{{"version":"1.1.0","primary_column":"g","columns":{{"g":{column},"h":{{}}}}}}"#
        ))
    }

    fn crs_of(crs: &str) -> String {
        match parse(&format!(r#"{{"encoding":"WKB"{crs}}}"#)).unwrap().crs {
            CrsFound::Known(crs, _) => crs.id(),
            CrsFound::Unknown(why) => why,
            CrsFound::Unsaid => "unsaid".to_owned(),
        }
    }

    #[test]
    fn a_crs_is_known_by_its_id_or_by_what_it_is_and_by_default() {
        assert_eq!(crs_of(""), "CRS:84");
        assert_eq!(
            crs_of(r#","crs":{"id":{"authority":"OGC","code":"CRS84"}}"#),
            "CRS:84"
        );
        assert_eq!(
            crs_of(r#","crs":{"id":{"authority":"EPSG","code":2154}}"#),
            "EPSG:2154"
        );
        assert_eq!(crs_of(r#","crs":null"#), "its CRS is declared as undefined");
        let projjson = Crs::from_epsg(27572).unwrap().projjson().unwrap();
        let mut json: Json = serde_json::from_str(&projjson).unwrap();
        json.as_object_mut().unwrap().remove("id");
        assert_eq!(crs_of(&format!(r#","crs":{json}"#)), "EPSG:27572");
        let odd = crs_of(r#","crs":{"type":"ProjectedCRS","name":"x"}"#);
        assert!(odd.starts_with("its \"geo\" metadata: "), "{odd}");
        // PROJ would read a name or a pipeline: JSON is what it gets
        let odd = crs_of(r#","crs":["EPSG:4326"]"#);
        assert!(odd.starts_with("its \"geo\" metadata: "), "{odd}");
    }

    #[test]
    fn what_is_not_read_is_said() {
        let found = parse(r#"{"encoding":"point"}"#).unwrap_err();
        assert_eq!(
            found,
            "expected geometries in WKB, found the encoding \"point\""
        );
        let geo = parse(
            r#"{"encoding":"WKB","edges":"spherical","bbox":[1,2,0,3,4,9],
                "covering":{"bbox":{"xmin":["box","xmin"]}}}"#,
        )
        .unwrap();
        assert_eq!(geo.others, ["h"]);
        assert_eq!(geo.boxes.as_deref(), Some("box"));
        assert_eq!(geo.extent, Bbox::new(1.0, 2.0, 3.0, 4.0));
        assert_eq!(geo.notes.len(), 1);
        for damaged in ["", "[]", "{}", r#"{"primary_column":"a","columns":{}}"#] {
            assert!(Geo::parse(damaged).is_err(), "{damaged}");
        }
    }
}
