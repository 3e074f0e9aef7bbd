//! What a filter is read for: in which CRS its geometries are, and where they are to go.

use super::fes::Literals;
use super::filter_geometry::{Placing, add_box};
use crate::crs::{AxisOrder, Crs, CrsKind, Transform};
use crate::error::{Error, Result, nearest};
use crate::geom::{Bbox, Geometry};
use crate::query::{Distance, Expr, Literal};

/// Of a great circle around the equator.
const METRES_PER_DEGREE: f64 = 111_319.490_793;
/// A plane whose metres are off by more than this part is measured on the ground: Web Mercator
/// beyond 8° of latitude, and no national plane.
const OFF_PLANE: f64 = 0.01;
/// The CRS and axis order of a filter's geometries, and the CRS of the layer that it filters.
#[derive(Debug, Clone)]
pub struct FilterContext {
    /// Of geometries that name none: `filter-crs` of OGC API, the request's or the layer's default
    /// in WFS.
    pub filter_crs: Crs,
    pub layer_crs: Crs,
    pub axis_rule: AxisRule,
}

/// What comes first in a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisRule {
    /// What the CRS's authority says: OGC API, WFS 1.1.0 and 2.0.0 in every spelling but
    /// `http://www.opengis.net/gml/srs/epsg.xml#4326`, which always meant x, y.
    Authority,
    /// Always x, y: WFS 1.0.0.
    EastNorth,
    /// As GeoServer has it where no standard says: x, y where no CRS is named, and of `EPSG:4326`;
    /// of URNs and URIs what the authority says.
    Spelled,
}

impl FilterContext {
    /// For a filter whose geometries are in longitude and latitude (CRS84), the default of OGC
    /// API (OGC 19-079r2 §7.6).
    pub fn new(layer_crs: Crs) -> FilterContext {
        FilterContext {
            filter_crs: Crs::crs84(),
            layer_crs,
            axis_rule: AxisRule::Authority,
        }
    }

    /// The same with another CRS for geometries that name none.
    pub fn with_filter_crs(self, filter_crs: Crs) -> FilterContext {
        FilterContext { filter_crs, ..self }
    }

    /// The same for geometries that name a CRS: positions as the rule has it for this spelling.
    ///
    /// # Errors
    /// `InvalidCrs`.
    pub fn in_crs(&self, name: &str) -> Result<FilterContext> {
        let x_first = match self.axis_rule {
            AxisRule::Authority => false,
            AxisRule::EastNorth => true,
            AxisRule::Spelled => !name.contains("://") && !name.starts_with("urn:"),
        };
        Ok(FilterContext {
            filter_crs: Crs::parse(name)?,
            layer_crs: self.layer_crs.clone(),
            axis_rule: match x_first || name.contains("/gml/srs/") {
                true => AxisRule::EastNorth,
                false => AxisRule::Authority,
            },
        })
    }

    /// The geometry of `BBOX(west, south, east, north)` in the layer's CRS, from the filter's
    /// axis order: one across the antimeridian, where west is greater than east, is two boxes.
    ///
    /// # Errors
    /// `InvalidFilter`: not finite, or south above north.
    pub fn boxed(&self, [a, b, c, d]: [f64; 4]) -> Result<Geometry> {
        let [west, south] = self.filter_axis().reorder([a, b]);
        let [east, north] = self.filter_axis().reorder([c, d]);
        let turns = self.filter_crs.kind == CrsKind::Geographic;
        let boxes = match Bbox::new(west, south, east, north) {
            Some(bbox) => vec![bbox],
            None if turns && west > east => [(west, 180.0), (-180.0, east)]
                .into_iter()
                .filter_map(|(from, to)| Bbox::new(from, south, to, north))
                .collect(),
            None => Vec::new(),
        };
        if boxes.is_empty() {
            return Err(Error::InvalidFilter {
                message: format!("the box {a}, {b}, {c}, {d} has a minimum above its maximum"),
            });
        }
        let mut all = Geometry::new(match boxes.len() {
            1 => crate::geom::GeometryType::Polygon,
            _ => crate::geom::GeometryType::MultiPolygon,
        });
        for bbox in boxes {
            add_box(&bbox, &mut all);
        }
        self.transform(&mut all, &self.filter_crs)?;
        Ok(all)
    }

    /// Brings a geometry written in the filter's CRS and axis order into the layer's CRS.
    ///
    /// # Errors
    /// `InvalidFilter` for a position that the layer's CRS can't hold; what the CRS says.
    pub fn place_own(&self, geometry: &mut Geometry) -> Result<()> {
        reorder(geometry, self.filter_axis());
        self.transform(geometry, &self.filter_crs)
    }

    fn filter_axis(&self) -> AxisOrder {
        match self.axis_rule {
            AxisRule::Authority => self.filter_crs.axis_order,
            AxisRule::EastNorth | AxisRule::Spelled => AxisOrder::EastNorth,
        }
    }

    /// From `source`, easting first, into the layer's CRS. Edges that bend become several.
    fn transform(&self, geometry: &mut Geometry, source: &Crs) -> Result<()> {
        let transform = Transform::new(source, &self.layer_crs)?;
        if transform.is_identity() {
            return Ok(());
        }
        *geometry =
            Placing::new(&transform)
                .place(geometry)
                .map_err(|[x, y]| Error::InvalidFilter {
                    message: format!(
                        "the position {x} {y} in {source} has no place in {}",
                        self.layer_crs
                    ),
                })?;
        Ok(())
    }
}

impl Literals for FilterContext {
    fn place(&self, geometry: &mut Geometry, srs_name: Option<&str>) -> Result<()> {
        match srs_name {
            Some(name) => self.in_crs(name)?.place_own(geometry),
            None => self.place_own(geometry),
        }
    }

    /// Without a unit in units of the layer's CRS; else on the ground, where degrees, or metres
    /// that are none, as those of Web Mercator, would be off.
    fn distance(&self, value: f64, unit: Option<&str>, operands: &[Expr]) -> Result<Distance> {
        let Some(unit) = unit.map(str::trim).filter(|u| !u.is_empty()) else {
            return Ok(Distance::Plane(value));
        };
        let in_metres = metres_in(unit).ok_or_else(|| Error::InvalidFilter {
            message: format!("no unit of length {unit:?}{}", said_unit(unit)),
        })?;
        let metres = value * in_metres;
        let crs = &self.layer_crs;
        let plane = Distance::Plane(metres / crs.metres_per_unit);
        if crs.kind == CrsKind::Geographic {
            let is_in_degrees = (crs.metres_per_unit / METRES_PER_DEGREE - 1.0).abs() < 1e-3;
            return Ok(match (is_in_degrees, in_metres == METRES_PER_DEGREE) {
                (true, true) => Distance::Plane(value),
                (true, false) => Distance::Ground(metres),
                (false, _) => plane,
            });
        }
        let middle = operands.iter().find_map(|operand| match operand {
            Expr::Literal(Literal::Geometry(geometry)) => geometry.bbox().map(|b| b.center()),
            _ => None,
        });
        // where the layer's plane has no ground, nothing lies either
        let ground = middle.and_then(|middle| crs.ground_at(middle).ok());
        Ok(
            match ground.map(|g| f64::midpoint(g.metres_per_unit[0], g.metres_per_unit[1])) {
                Some(unit) if (unit / crs.metres_per_unit - 1.0).abs() > OFF_PLANE => {
                    Distance::Plane(metres / unit)
                }
                _ => plane,
            },
        )
    }
}

/// What to write instead of a unit that is none.
fn said_unit(unit: &str) -> String {
    const NAMES: [&str; 9] = [
        "meters",
        "kilometers",
        "feet",
        "yards",
        "statute miles",
        "nautical miles",
        "metres",
        "kilometres",
        "degrees",
    ];
    match nearest(unit, NAMES) {
        Some(name) => format!(", did you mean {name:?}?"),
        None => ": expected m, km, ft, mi, nmi or deg, their names or URN".to_owned(),
    }
}

/// Metres in a unit of length, by its symbol, its name, or the URN or URI that ends in it.
fn metres_in(unit: &str) -> Option<f64> {
    let name = unit.rsplit([':', '/', '#']).next()?.to_ascii_lowercase();
    Some(match name.as_str() {
        "m" | "metre" | "metres" | "meter" | "meters" | "9001" => 1.0,
        "km" | "kilometre" | "kilometres" | "kilometer" | "kilometers" | "9036" => 1000.0,
        "cm" | "centimetre" | "centimeter" => 0.01,
        "mm" | "millimetre" | "millimeter" => 0.001,
        "ft" | "foot" | "feet" | "9002" => 0.3048,
        "yd" | "yard" | "yards" | "9096" => 0.9144,
        "mi" | "mile" | "miles" | "statute mile" | "statute miles" | "9093" => 1609.344,
        "nmi" | "nm" | "nautical mile" | "nautical miles" | "9030" => 1852.0,
        // of a great circle
        "deg" | "degree" | "degrees" | "9102" => METRES_PER_DEGREE,
        _ => return None,
    })
}

fn reorder(geometry: &mut Geometry, order: AxisOrder) {
    for coord in geometry.coords_mut() {
        *coord = order.reorder(*coord);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{Coord, GeometryType, PartKind};

    fn lambert() -> FilterContext {
        FilterContext::new(Crs::from_epsg(2154).unwrap())
    }

    fn line(coords: &[Coord]) -> Geometry {
        let mut g = Geometry::new(GeometryType::LineString);
        g.extend(coords.iter().copied());
        g.end_part(PartKind::Line);
        g
    }

    #[test]
    fn positions_are_read_in_the_axis_order_of_the_filter_crs() {
        let lyon = [842_667.0, 6_519_925.0];
        let near = |g: &Geometry| {
            let [x, y] = g.coords()[0];
            assert!(
                (x - lyon[0]).abs() < 1.0 && (y - lyon[1]).abs() < 1.0,
                "{x} {y}"
            );
        };
        let mut lon_lat = line(&[[4.8357, 45.7640], [4.9, 45.8]]);
        lambert().place_own(&mut lon_lat).unwrap();
        near(&lon_lat);
        let mut lat_lon = line(&[[45.7640, 4.8357], [45.8, 4.9]]);
        let context = lambert().with_filter_crs(Crs::from_epsg(4326).unwrap());
        context.place_own(&mut lat_lon).unwrap();
        near(&lat_lon);
        let old = FilterContext {
            axis_rule: AxisRule::EastNorth,
            ..context.clone()
        };
        let mut lon_lat = line(&[[4.8357, 45.7640], [4.9, 45.8]]);
        old.place(&mut lon_lat, Some("EPSG:4326")).unwrap();
        near(&lon_lat);
        let mut named = line(&[[4.8357, 45.7640], [4.9, 45.8]]);
        let spelled = FilterContext {
            axis_rule: AxisRule::Spelled,
            ..context.clone()
        };
        for (name, at) in [
            (None, [4.8357, 45.7640]),
            (Some("EPSG:4326"), [4.8357, 45.7640]),
            (Some("urn:ogc:def:crs:EPSG::4326"), [45.7640, 4.8357]),
        ] {
            let mut geometry = line(&[at, at]);
            spelled.place(&mut geometry, name).unwrap();
            near(&geometry);
        }
        let old_name = "http://www.opengis.net/gml/srs/epsg.xml#4326";
        context.place(&mut named, Some(old_name)).unwrap();
        near(&named);
    }

    #[test]
    fn a_parallel_stays_a_parallel_in_lambert() {
        let mut edge = line(&[[-4.0, 46.0], [8.0, 46.0]]);
        lambert().place_own(&mut edge).unwrap();
        assert!(edge.coords().len() > 50, "{}", edge.coords().len());
        let back = Transform::new(&Crs::from_epsg(2154).unwrap(), &Crs::crs84()).unwrap();
        let mut middles: Vec<Coord> = edge
            .coords()
            .windows(2)
            .map(|w| [(w[0][0] + w[1][0]) / 2.0, (w[0][1] + w[1][1]) / 2.0])
            .collect();
        back.forward(&mut middles);
        for [_, lat] in middles {
            assert!((lat - 46.0).abs() < 1e-6, "{lat}");
        }
    }

    #[test]
    fn a_box_across_the_antimeridian_is_two_and_the_world_has_an_image() {
        let world = FilterContext::new(Crs::crs84());
        let two = world.boxed([150.0, -90.0, -150.0, 90.0]).unwrap();
        assert_eq!(two.parts().count(), 2);
        assert!(world.boxed([0.0, 10.0, 1.0, 9.0]).is_err());
        assert!(lambert().boxed([f64::NAN, 0.0, 1.0, 9.0]).is_err());
        // far beyond France to the west, with its own edges in the east and the south
        let west = lambert().boxed([-180.0, 44.0, 5.0, 70.0]).unwrap();
        let there = Transform::new(&Crs::crs84(), &Crs::from_epsg(2154).unwrap()).unwrap();
        let is_in = |lon: f64, lat: f64| {
            let mut at = [[lon, lat]];
            there.forward(&mut at);
            let [[x, y]] = at;
            west.parts().flat_map(|part| part.sequences()).any(|ring| {
                ring.windows(2).fold(false, |inside, ends| {
                    let ([ax, ay], [bx, by]) = (ends[0], ends[1]);
                    let crosses =
                        (ay <= y) != (by <= y) && ax + (y - ay) / (by - ay) * (bx - ax) > x;
                    inside != crosses
                })
            })
        };
        for (lon, lat) in [
            (4.999, 46.0),
            (-3.0, 44.001),
            (-40.0, 50.0),
            (2.0, 60.0),
            (-100.0, 60.0),
        ] {
            assert!(is_in(lon, lat), "{lon} {lat} is in it");
        }
        for (lon, lat) in [(5.001, 46.0), (9.0, 50.0), (-3.0, 43.999), (9.0, 42.0)] {
            assert!(!is_in(lon, lat), "{lon} {lat} is not");
        }
        let all = lambert().boxed([-180.0, -90.0, 180.0, 90.0]).unwrap();
        let bbox = all.bbox().unwrap();
        assert!(bbox.contains_point([842_667.0, 6_519_925.0]), "{bbox:?}");
    }

    #[test]
    fn distances_come_in_units_of_the_layer() {
        let metres = |text| lambert().distance(2.0, Some(text), &[]).unwrap();
        assert_eq!(metres("km"), Distance::Plane(2000.0));
        assert_eq!(metres("urn:ogc:def:uom:EPSG::9001"), Distance::Plane(2.0));
        assert_eq!(
            metres("http://www.opengis.net/def/uom/OGC/1.0/metre"),
            Distance::Plane(2.0)
        );
        let wrong = |unit| lambert().distance(1.0, Some(unit), &[]).unwrap_err();
        assert!(wrong("parsec").to_string().contains("expected m, km"));
        assert!(wrong("kilometters").to_string().contains("\"kilometers\""));
        let degrees = FilterContext::new(Crs::crs84());
        let of = |value, unit| degrees.distance(value, Some(unit), &[]).unwrap();
        assert_eq!(of(2.0, "km"), Distance::Ground(2000.0));
        assert_eq!(of(2.0, "deg"), Distance::Plane(2.0));
        // a metre of Web Mercator is 0.7 m around Lyon
        let web = FilterContext::new(Crs::from_epsg(3857).unwrap());
        let lyon = Expr::Literal(Literal::Geometry(line(&[[538_307.0, 5_740_000.0]])));
        let Distance::Plane(far) = web.distance(1000.0, Some("m"), &[lyon]).unwrap() else {
            panic!("a plane");
        };
        assert!((far - 1433.0).abs() < 5.0, "{far}");
    }

    #[test]
    fn a_position_without_place_in_the_layer_is_named() {
        let mut pole = line(&[[3.0, -90.0], [4.0, -90.0]]);
        let error = lambert().place_own(&mut pole).unwrap_err().to_string();
        assert!(
            error.contains("-90") && error.contains("EPSG:2154"),
            "{error}"
        );
    }
}
