use super::Sent;
use crate::crs::Crs;
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::operation::features::Window;

/// Reads `bbox`: 4 numbers, or 6 with heights that are not looked at, lower corner first, in the
/// axis order of `crs`. In degrees it may cross the antimeridian (OGC 17-069r4 §7.15.3).
///
/// # Errors
/// `InvalidParameter` for anything else.
pub fn window(sent: &Sent<'_>, crs: Crs) -> Result<Option<Window>> {
    let Some(text) = sent.get("bbox")? else {
        return Ok(None);
    };
    boxes(text, &crs).map(|boxes| Some(Window { boxes, crs }))
}

fn boxes(text: &str, crs: &Crs) -> Result<Vec<Bbox>> {
    let wrong = |what: &str| {
        let found: String = text.chars().take(120).collect();
        Error::parameter("bbox", format!("expected {what}, found {found:?}"))
    };
    let numbers: Option<Vec<f64>> = text
        .split(',')
        .take(7)
        .map(|n| n.trim().parse::<f64>().ok().filter(|n| n.is_finite()))
        .collect();
    let [a, b, c, d] = match numbers.as_deref() {
        Some(&[a, b, c, d]) => [a, b, c, d],
        Some(&[a, b, low, c, d, high]) if low <= high => [a, b, c, d],
        _ => return Err(wrong("4 or 6 numbers, lower corner first")),
    };
    let [min_x, min_y] = crs.axis_order.reorder([a, b]);
    let [max_x, max_y] = crs.axis_order.reorder([c, d]);
    crs.spans(min_x, max_x)
        .into_iter()
        .map(|(min_x, max_x)| Bbox::new(min_x, min_y, max_x, max_y))
        .collect::<Option<_>>()
        .ok_or_else(|| wrong("minima that are not above their maxima"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axes_are_those_of_the_crs() {
        let expected = vec![Bbox::new(4.0, 45.0, 5.0, 46.0).unwrap()];
        assert_eq!(boxes("4,45,5,46", &Crs::crs84()), Ok(expected.clone()));
        assert_eq!(
            boxes("4,45,-10, 5,46,9", &Crs::crs84()),
            Ok(expected.clone())
        );
        let lat_first = Crs::from_epsg(4326).unwrap();
        assert_eq!(boxes("45,4,46,5", &lat_first), Ok(expected));
    }

    #[test]
    fn across_the_antimeridian_there_are_two() {
        let found = boxes("170,-10,-170,10", &Crs::crs84()).unwrap();
        assert_eq!(
            found,
            [
                Bbox::new(170.0, -10.0, 180.0, 10.0).unwrap(),
                Bbox::new(-180.0, -10.0, -170.0, 10.0).unwrap()
            ]
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let mercator = Crs::from_epsg(3857).unwrap();
        for wrong in [
            "1,2,3",
            "1,2,3,4,5",
            "a,b,c,d",
            "1,2,3,NaN",
            "1,2,inf,4",
            "1,5,2,4",
            "",
            "1,2,3,4,5,6,7",
        ] {
            assert!(boxes(wrong, &Crs::crs84()).is_err(), "{wrong}");
        }
        assert!(boxes("1,2,9,3,4,8", &Crs::crs84()).is_err());
        assert!(boxes("9,1,2,3", &mercator).is_err());
    }
}
