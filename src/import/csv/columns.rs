//! Which columns of a table of texts say where a row lies, by their names.

/// How a row says where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Two numbers: the columns of x and y.
    Xy(usize, usize),
    /// One text of latitude and longitude, in that order: `45.76, 4.83`.
    LatLon(usize),
    /// One text: WKT, WKB in hexadecimal digits, or GeoJSON.
    Shape(usize),
}

/// What the names of the columns say of the CRS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedCrs {
    Degrees,
    Lambert93,
    Unsaid,
}

const SHAPES: [&str; 8] = [
    "wkt",
    "geo_shape",
    "geojson",
    "geom",
    "geometry",
    "the_geom",
    "geometrie",
    "wkb_geometry",
];

/// Pairs of names, the best first.
const PAIRS: [(&str, &str, NamedCrs); 22] = [
    ("longitude", "latitude", NamedCrs::Degrees),
    ("lon", "lat", NamedCrs::Degrees),
    ("lng", "lat", NamedCrs::Degrees),
    ("long", "lat", NamedCrs::Degrees),
    ("longitude_wgs84", "latitude_wgs84", NamedCrs::Degrees),
    ("lon_wgs84", "lat_wgs84", NamedCrs::Degrees),
    ("x_wgs84", "y_wgs84", NamedCrs::Degrees),
    ("x_longitude", "y_latitude", NamedCrs::Degrees),
    ("coord_lon", "coord_lat", NamedCrs::Degrees),
    ("x_lambert93", "y_lambert93", NamedCrs::Lambert93),
    ("x_lambert_93", "y_lambert_93", NamedCrs::Lambert93),
    ("lambert_x", "lambert_y", NamedCrs::Unsaid),
    ("x_lamb93", "y_lamb93", NamedCrs::Lambert93),
    ("x_l93", "y_l93", NamedCrs::Lambert93),
    ("xl93", "yl93", NamedCrs::Lambert93),
    ("l93_x", "l93_y", NamedCrs::Lambert93),
    ("x_2154", "y_2154", NamedCrs::Lambert93),
    ("coord_x", "coord_y", NamedCrs::Unsaid),
    ("coordx", "coordy", NamedCrs::Unsaid),
    ("x_coord", "y_coord", NamedCrs::Unsaid),
    ("easting", "northing", NamedCrs::Unsaid),
    ("x", "y", NamedCrs::Unsaid),
];

const LAT_LON: [&str; 7] = [
    "geo_point_2d",
    "geo_point",
    "geopoint",
    "geolocalisation",
    "coordonnees_geo",
    "lat_lon",
    "latlon",
];

/// Finds the columns among names; those of a shape first, then pairs, then points in one text.
pub fn find(names: &[String]) -> Option<(Position, NamedCrs)> {
    let plain: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let at = |wanted: &str| plain.iter().position(|name| name == wanted);
    if let Some(column) = SHAPES.iter().find_map(|name| at(name)) {
        return Some((Position::Shape(column), NamedCrs::Unsaid));
    }
    let pair = PAIRS
        .iter()
        .find_map(|(x, y, crs)| Some((Position::Xy(at(x)?, at(y)?), *crs)));
    pair.or_else(|| {
        let column = LAT_LON.iter().find_map(|name| at(name))?;
        Some((Position::LatLon(column), NamedCrs::Degrees))
    })
}

/// Names differ in case, accents and what parts their words.
fn plain(name: &str) -> String {
    let lower = crate::config::ident::slug(name.trim()).to_lowercase();
    lower.replace('-', "_")
}

/// A number of a position: with point or comma, spaces around it.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let number: f64 = match text.contains('.') {
        true => text.parse().ok()?,
        false => text.replacen(',', ".", 1).parse().ok()?,
    };
    // `inf` and `NaN` are read as numbers
    number.is_finite().then_some(number)
}

/// The two numbers of `45.76, 4.83`, `45,76;4,83` or `[45.76, 4.83]`.
pub fn pair(text: &str) -> Option<(f64, f64)> {
    let text = text
        .trim()
        .trim_start_matches(['[', '('])
        .trim_end_matches([']', ')']);
    let (first, second) = match text.split_once(';') {
        Some(pair) => pair,
        None => text
            .split_once(',')
            .or_else(|| text.trim().split_once(' '))?,
    };
    Some((number(first)?, number(second)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Option<(Position, NamedCrs)> {
        find(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn columns_are_found_by_the_names_that_people_give_them() {
        use NamedCrs::{Degrees, Lambert93, Unsaid};
        for (names, expected) in [
            (
                &["id", "Lon", "LAT"][..],
                Some((Position::Xy(1, 2), Degrees)),
            ),
            (
                &["Latitude", "Longitude"],
                Some((Position::Xy(1, 0), Degrees)),
            ),
            (
                &["X", "Y", "longitude", "latitude"],
                Some((Position::Xy(2, 3), Degrees)),
            ),
            (
                &["X Lambert93", "Y Lambert93"],
                Some((Position::Xy(0, 1), Lambert93)),
            ),
            (&["x", "y"], Some((Position::Xy(0, 1), Unsaid))),
            (
                &["nom", "WKT", "x", "y"],
                Some((Position::Shape(1), Unsaid)),
            ),
            (&["Geo Point 2D"], Some((Position::LatLon(0), Degrees))),
            (&["Géométrie"], Some((Position::Shape(0), Unsaid))),
            (&["nom", "lat"], None),
        ] {
            assert_eq!(found(names), expected, "{names:?}");
        }
    }

    #[test]
    fn numbers_have_a_point_or_a_comma() {
        assert_eq!(number(" 4,83 "), Some(4.83));
        assert_eq!(number("-4.83"), Some(-4.83));
        assert_eq!(number("6 543 210,5"), None);
        assert_eq!(number("inf"), None);
        assert_eq!(pair("45.76, 4.83"), Some((45.76, 4.83)));
        assert_eq!(pair("[45.76,4.83]"), Some((45.76, 4.83)));
        assert_eq!(pair("45,76; 4,83"), Some((45.76, 4.83)));
        assert_eq!(pair("Lyon"), None);
    }
}
