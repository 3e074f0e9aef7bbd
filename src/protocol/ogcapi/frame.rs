//! What part of the world a map shows, and on how many pixels (20-058 §9 scaling, §10 display
//! resolution, §11 spatial subsetting).

use std::sync::Arc;

use super::Service;
use super::map::drawable;
use crate::catalogue::Layer;
use crate::crs::{Crs, CrsKind, Transform};
use crate::error::{Error, Result};
use crate::geom::{Bbox, Coord, STANDARD_PIXEL_M, Size, View};
use crate::protocol::ows::Kvp;

/// The parameters that are read here, as [`Kvp`] has them.
pub(super) const PARAMETERS: &[&str] = &[
    "BBOX",
    "BBOX-CRS",
    "CENTER",
    "CENTER-CRS",
    "SUBSET",
    "SUBSET-CRS",
    "WIDTH",
    "HEIGHT",
    "SCALE-DENOMINATOR",
    "MM-PER-PIXEL",
];

/// The pixels along the longer side of a map of no stated size.
const DEFAULT_SIDE: f64 = 1024.0;
/// Screens and paper: what is finer or coarser is a mistake in the unit.
const MM_PER_PIXEL: [f64; 2] = [0.01, 10.0];

/// What a request asks to see, in the CRS of the map.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// Everything there is.
    All,
    Box(Bbox),
    /// Around a position.
    At(Coord),
}

/// Reads what a map shows.
///
/// # Errors
/// `InvalidParameter` for what can't be read or does not go together, `InvalidCrs`; `NotFound`
/// for what is nowhere on Earth.
pub(super) fn view(
    service: &Service<'_>,
    kvp: &Kvp,
    crs: &Crs,
    layers: &[Arc<Layer>],
) -> Result<View> {
    let pixel_mm = positive(kvp, "MM-PER-PIXEL")?.unwrap_or(STANDARD_PIXEL_M * 1000.0);
    let [finest, coarsest] = MM_PER_PIXEL;
    if !(finest..=coarsest).contains(&pixel_mm) {
        let message = format!("expected {finest} to {coarsest}, found {pixel_mm}");
        return Err(Error::parameter("mm-per-pixel", message));
    }
    let scale = positive(kvp, "SCALE-DENOMINATOR")?;
    let resolution = scale.map(|scale| scale * pixel_mm / 1000.0 / crs.metres_per_unit);
    let stated = [stated(kvp, "WIDTH")?, stated(kvp, "HEIGHT")?];
    let whole = || whole(service, crs, layers);
    let (bbox, pixels) = match (place(service, kvp, crs, layers)?, resolution) {
        (Place::Box(_), Some(_)) if stated != [None, None] => {
            return Err(Error::parameter(
                "scale-denominator",
                "does not go with width or height where bbox or subset says what is seen: \
                 expected two of the three",
            ));
        }
        (Place::Box(bbox), Some(resolution)) => (
            bbox,
            [bbox.width() / resolution, bbox.height() / resolution],
        ),
        (Place::Box(bbox), None) => (bbox, fitted(&bbox, stated)),
        (Place::All, None) => {
            let bbox = whole();
            (bbox, fitted(&bbox, stated))
        }
        (Place::All, Some(resolution)) => {
            let all = whole();
            let of = |stated: Option<f64>, length: f64| stated.unwrap_or(length / resolution);
            let [width, height] = stated;
            let pixels = [of(width, all.width()), of(height, all.height())];
            (around(all.center(), pixels, resolution), pixels)
        }
        (Place::At(center), resolution) => {
            let all = whole();
            let shape = fitted(&all, [None, None]);
            let [default_width, default_height] = shape;
            let resolution = resolution.unwrap_or(all.width() / default_width);
            let pixels = match stated {
                [None, None] => shape,
                [Some(width), None] => [width, width * default_height / default_width],
                [None, Some(height)] => [height * default_width / default_height, height],
                [Some(width), Some(height)] => [width, height],
            };
            (around(center, pixels, resolution), pixels)
        }
    };
    if !has_area(&bbox) {
        let message = "is beyond every map: expected one such as 25000";
        return Err(Error::parameter("scale-denominator", message));
    }
    let limits = service.tiles.limits;
    let [width, height] = pixels;
    let size = Size {
        width: side("width", width, limits.width)?,
        height: side("height", height, limits.height)?,
    };
    Ok(View {
        // a finer pixel wants more of them for the same symbol
        pixel_ratio: STANDARD_PIXEL_M * 1000.0 / pixel_mm,
        ..View::new(bbox, size, crs.metres_per_unit)
    })
}

/// The size of a box on pixels: what is not stated keeps its shape.
fn fitted(bbox: &Bbox, stated: [Option<f64>; 2]) -> [f64; 2] {
    let aspect = bbox.width() / bbox.height();
    match stated {
        [Some(width), Some(height)] => [width, height],
        [Some(width), None] => [width, width / aspect],
        [None, Some(height)] => [height * aspect, height],
        [None, None] if aspect >= 1.0 => [DEFAULT_SIDE, DEFAULT_SIDE / aspect],
        [None, None] => [DEFAULT_SIDE * aspect, DEFAULT_SIDE],
    }
}

/// The box around a position that some pixels of a size cover.
fn around([x, y]: Coord, [width, height]: [f64; 2], resolution: f64) -> Bbox {
    let (dx, dy) = (width * resolution / 2.0, height * resolution / 2.0);
    Bbox {
        min_x: x - dx,
        min_y: y - dy,
        max_x: x + dx,
        max_y: y + dy,
    }
}

/// The one parameter that says where: `bbox`, `center` or `subset`.
fn place(service: &Service<'_>, kvp: &Kvp, crs: &Crs, layers: &[Arc<Layer>]) -> Result<Place> {
    let said: Vec<&str> = ["BBOX", "CENTER", "SUBSET"]
        .into_iter()
        .filter(|name| kvp.get(name).is_some())
        .collect();
    // the CRS of what is not there is not looked at (requirements 18 F, 19 F and 20 F)
    let given_in = |name: &str| match kvp.get(name) {
        Some(name) => drawable(name),
        None => Ok(Crs::crs84()),
    };
    match said.as_slice() {
        [] => Ok(Place::All),
        ["BBOX"] => {
            let text = kvp.get("BBOX").unwrap_or_default();
            let given_in = given_in("BBOX-CRS")?;
            let given = four_numbers(text, &given_in)?;
            Ok(Place::Box(projected("bbox", text, &given, &given_in, crs)?))
        }
        ["CENTER"] => {
            let text = kvp.get("CENTER").unwrap_or_default();
            center(text, &given_in("CENTER-CRS")?, crs).map(Place::At)
        }
        [_] => subset(service, kvp, &given_in("SUBSET-CRS")?, crs, layers),
        [one, other, ..] => Err(Error::parameter(
            other.to_lowercase(),
            format!(
                "says what is seen, as {} does: expected one of them",
                one.to_lowercase()
            ),
        )),
    }
}

/// A box taken to the CRS of the map.
fn projected(
    name: &'static str,
    text: &str,
    given: &Bbox,
    given_in: &Crs,
    crs: &Crs,
) -> Result<Bbox> {
    if given_in == crs {
        return Ok(*given);
    }
    let transform = Transform::new(given_in, crs)?;
    let there = transform.forward_bbox(given).into_iter();
    there
        .reduce(|all, one| all.union(&one))
        .filter(has_area)
        .ok_or_else(|| {
            let text: String = text.chars().take(120).collect();
            Error::parameter(
                name,
                format!(
                    "{text:?} is nowhere in {}: expected a box inside its area",
                    crs.id()
                ),
            )
        })
}

/// All of the layers, with a margin for symbols; of nothing, the area of the CRS.
fn whole(service: &Service<'_>, crs: &Crs, layers: &[Arc<Layer>]) -> Bbox {
    let around = extent(service, crs, layers);
    let least = 1000.0 / crs.metres_per_unit; // a point: a kilometre around it
    let margin = (around.width().max(around.height()) * 0.02).max(least);
    around.grown(margin, margin)
}

/// All of the layers; of nothing, the area of the CRS.
fn extent(service: &Service<'_>, crs: &Crs, layers: &[Arc<Layer>]) -> Bbox {
    let catalogue = service.tiles.catalogue;
    let area = || {
        crs.area_bbox()
            .into_iter()
            .reduce(|all, one| all.union(&one))
    };
    let around = service.reach.around(catalogue, layers, crs);
    let around = match (around, area()) {
        // a layer of the whole world reaches where the CRS makes no sense
        (Some(around), Some(area)) if crs.kind == CrsKind::Projected => {
            around.intersection(&area).or(Some(around))
        }
        (around, area) => around.or(area),
    };
    around.unwrap_or(Bbox::WORLD)
}

/// `bbox`, in the axis order of its CRS; one of degrees may go over the 180th meridian.
fn four_numbers(text: &str, crs: &Crs) -> Result<Bbox> {
    let numbers: Vec<f64> = text
        .split(',')
        .take(7)
        .filter_map(|number| number.trim().parse().ok())
        .filter(|number: &f64| number.is_finite())
        .collect();
    let fields = text.split(',').count();
    let found = match numbers.as_slice() {
        [a, b, c, d] if fields == 4 => Some([*a, *b, *c, *d]),
        // six numbers have heights, which a map does not
        [a, b, _, c, d, _] if fields == 6 => Some([*a, *b, *c, *d]),
        _ => None,
    };
    let turned = found.map(|[a, b, c, d]| {
        let box_of = |min_x, min_y, max_x, max_y| Bbox {
            min_x,
            min_y,
            max_x,
            max_y,
        };
        crs.axis_order.reorder_bbox(box_of(a, b, c, d))
    });
    let found = turned.map(|found| over_the_edge(found, crs));
    found.filter(has_area).ok_or_else(|| {
        let found: String = text.chars().take(120).collect();
        Error::parameter(
            "bbox",
            format!("expected 4 numbers, each minimum below its maximum, found {found:?}"),
        )
    })
}

/// From a west that is east of the east, degrees go on beyond 180.
fn over_the_edge(mut bbox: Bbox, crs: &Crs) -> Bbox {
    if crs.is_lon_lat_degrees() && bbox.min_x > bbox.max_x {
        bbox.max_x += 360.0;
    }
    bbox
}

/// `center`, in the axis order of its CRS.
fn center(text: &str, given_in: &Crs, crs: &Crs) -> Result<Coord> {
    let wrong = |expected: &str| {
        let found: String = text.chars().take(120).collect();
        Error::parameter("center", format!("expected {expected}, found {found:?}"))
    };
    let numbers: Vec<f64> = text
        .split(',')
        .take(4)
        .filter_map(|number| number.trim().parse().ok())
        .collect();
    let [a, b] = numbers.as_slice() else {
        return Err(wrong("2 numbers"));
    };
    let at = Bbox {
        min_x: *a,
        min_y: *b,
        max_x: *a,
        max_y: *b,
    };
    let at = given_in.axis_order.reorder_bbox(at);
    moved([at.min_x, at.min_y], given_in, crs)
        .ok_or_else(|| wrong(&format!("a position in the area of {}", crs.id())))
}

/// A position in another CRS.
fn moved(at: Coord, from: &Crs, to: &Crs) -> Option<Coord> {
    let mut there = [at];
    if from != to {
        Transform::new(from, to).ok()?.forward(&mut there);
    }
    let [there] = there;
    there.iter().all(|v| v.is_finite()).then_some(there)
}

/// `subset=Lat(…),Lon(…)`, in one parameter or in several; an axis that is not there is seen as
/// a whole.
fn subset(
    service: &Service<'_>,
    kvp: &Kvp,
    given_in: &Crs,
    crs: &Crs,
    layers: &[Arc<Layer>],
) -> Result<Place> {
    let texts = kvp.pairs().filter(|(name, _)| *name == "SUBSET");
    let text = texts.map(|(_, value)| value).collect::<Vec<_>>().join(",");
    let [along_x, along_y] = intervals(&text)?;
    let all = extent(service, given_in, layers);
    let [min_x, max_x] = along_x.map_or([all.min_x, all.max_x], |x| x.within(all.min_x, all.max_x));
    let [min_y, max_y] = along_y.map_or([all.min_y, all.max_y], |y| y.within(all.min_y, all.max_y));
    let mut given = over_the_edge(
        Bbox {
            min_x,
            min_y,
            max_x,
            max_y,
        },
        given_in,
    );
    if given_in.is_lon_lat_degrees() {
        let is_on_earth = given.min_y <= 90.0
            && given.max_y >= -90.0
            && given.min_x <= 360.0
            && given.max_x >= -180.0;
        if !is_on_earth {
            return Err(Error::NotFound {
                path: format!("subset={}", text.chars().take(120).collect::<String>()),
            });
        }
        given.min_y = given.min_y.max(-90.0);
        given.max_y = given.max_y.min(90.0);
    }
    if given.min_x == given.max_x && given.min_y == given.max_y {
        let at = moved([given.min_x, given.min_y], given_in, crs);
        return at.map(Place::At).ok_or_else(|| unreadable(&text));
    }
    if !has_area(&given) {
        return Err(unreadable(&text));
    }
    let bbox = projected("subset", &text, &given, given_in, crs)?;
    Ok(Place::Box(bbox))
}

/// A part of an axis; `None` is its end.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Interval([Option<f64>; 2]);

impl Interval {
    fn within(self, least: f64, most: f64) -> [f64; 2] {
        let Interval([from, to]) = self;
        [from.unwrap_or(least), to.unwrap_or(most)]
    }
}

fn unreadable(text: &str) -> Error {
    let found: String = text.chars().take(120).collect();
    Error::parameter(
        "subset",
        format!("expected Lat(from:to),Lon(from:to), or E and N, found {found:?}"),
    )
}

/// Reads the intervals of a subset: eastwards and northwards.
fn intervals(text: &str) -> Result<[Option<Interval>; 2]> {
    let [mut along_x, mut along_y] = [None, None];
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (axis, inside) = rest.split_once('(').ok_or_else(|| unreadable(text))?;
        let (inside, behind) = inside.split_once(')').ok_or_else(|| unreadable(text))?;
        rest = behind.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        let end = |text: &str| match text.trim() {
            "*" => Some(None),
            number => number
                .parse()
                .ok()
                .filter(|n: &f64| n.is_finite())
                .map(Some),
        };
        let interval = match inside.split_once(':') {
            Some((from, to)) => end(from).zip(end(to)).map(|(from, to)| [from, to]),
            None => end(inside).map(|at| [at, at]),
        };
        let interval = interval.map(Interval).ok_or_else(|| unreadable(text))?;
        let place = match axis.trim().to_ascii_lowercase().as_str() {
            "lon" | "long" | "longitude" | "e" | "x" => &mut along_x,
            "lat" | "latitude" | "n" | "y" => &mut along_y,
            other => {
                let other: String = other.chars().take(40).collect();
                let message = format!("no axis {other:?}: expected Lat and Lon, or N and E");
                return Err(Error::parameter("subset", message));
            }
        };
        if place.replace(interval).is_some() {
            return Err(Error::parameter(
                "subset",
                format!("expected each axis once, found {:?} twice", axis.trim()),
            ));
        }
    }
    Ok([along_x, along_y])
}

fn has_area(bbox: &Bbox) -> bool {
    let side = |length: f64| length.is_finite() && length > 0.0;
    side(bbox.width()) && side(bbox.height())
}

/// A number above nought.
fn positive(kvp: &Kvp, name: &str) -> Result<Option<f64>> {
    let Some(text) = kvp.get(name) else {
        return Ok(None);
    };
    let number = text.parse().ok();
    let number = number.filter(|n: &f64| n.is_finite() && *n > 0.0);
    number.map(Some).ok_or_else(|| {
        let found: String = text.chars().take(40).collect();
        let message = format!("expected a number above 0, found {found:?}");
        Error::parameter(name.to_lowercase(), message)
    })
}

pub(super) fn stated(kvp: &Kvp, name: &str) -> Result<Option<f64>> {
    let pixels = kvp.parsed::<u32>(name, "a positive whole number of pixels");
    let small = |error| match error {
        Error::InvalidParameter { name, message } => Error::parameter(name.to_lowercase(), message),
        other => other,
    };
    match pixels.map_err(small)? {
        Some(0) => Err(Error::parameter(
            name.to_lowercase(),
            "expected a positive whole number of pixels, found 0",
        )),
        pixels => Ok(pixels.map(f64::from)),
    }
}

fn side(name: &'static str, pixels: f64, limit: u32) -> Result<u32> {
    let whole = pixels.round().max(1.0);
    if whole > f64::from(limit) {
        let message = format!("is limited to {limit} pixels, this map needs {whole}");
        return Err(Error::parameter(name, message));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "1 to the limit, a u32"
    )]
    let whole = whole as u32;
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_20_058_a_box_has_four_numbers_or_six() {
        let four_numbers = |text: &str| four_numbers(text, &Crs::parse("EPSG:3857").unwrap());
        let plain = four_numbers("1,2, 3,4").unwrap();
        assert_eq!(plain, four_numbers("1,2,0,3,4,9").unwrap());
        for bad in [
            "1,2,3",
            "1,2,3,x",
            "3,2,1,4",
            "1,2,1,4",
            "1,2,NaN,4",
            "1,2,3,4,5",
            "",
        ] {
            assert!(four_numbers(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn maps_20_058_a_box_of_degrees_goes_over_the_180th_meridian() {
        let over = four_numbers("177,-20,-178,-10", &Crs::crs84()).unwrap();
        assert_eq!([over.min_x, over.max_x], [177.0, 182.0]);
    }

    #[test]
    fn maps_20_058_a_subset_has_axes_intervals_and_points() {
        let both = |from, to| Some(Interval([from, to]));
        assert_eq!(
            intervals("Lat(-10:10),Lon(1.5:*)"),
            Ok([both(Some(1.5), None), both(Some(-10.0), Some(10.0))])
        );
        let e = both(Some(3.0), Some(3.0));
        assert_eq!(intervals(" E( 3 ) "), Ok([e, None]));
        for bad in [
            "Lat",
            "Lat(",
            "Lat(1",
            "Lat(1:2:3)",
            "Lat(a:b)",
            "Lat(1:2),Lat(3:4)",
            "Height(1:2)",
            "(1:2)",
        ] {
            assert!(intervals(bad).is_err(), "{bad}");
        }
    }
}
