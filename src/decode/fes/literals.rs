//! What literals mean where a filter is used.

use crate::error::Result;
use crate::geom::Geometry;
use crate::query::Expr;

/// What a filter's literals mean where it is used: their CRS, axis order and units.
///
/// [`FilterContext`](super::filter_context::FilterContext) is that of requests.
pub trait Literals {
    /// Brings a literal geometry into the CRS of the data, easting first, from the CRS that it
    /// names (`srsName`), or from the default of the request.
    ///
    /// # Errors
    /// What the CRS says: `InvalidCrs`, `Transform`.
    fn place(&self, geometry: &mut Geometry, srs_name: Option<&str>) -> Result<()>;

    /// A distance in units of the data's CRS, from the unit that it names (`m`, `metre`, …).
    ///
    /// # Errors
    /// `InvalidFilter` for a unit that is not known.
    fn distance(&self, value: f64, unit: Option<&str>) -> Result<f64>;

    /// What the name of a property stands for where it is more than a name; `None`: the name.
    ///
    /// # Errors
    /// In words, where it is more but can't be read.
    fn property(&self, _text: &str) -> std::result::Result<Option<Expr>, String> {
        Ok(None)
    }
}

/// Literals taken as they are written: already in the CRS of the data, easting first.
#[derive(Debug, Clone, Copy, Default)]
pub struct AsWritten;

impl Literals for AsWritten {
    fn place(&self, _geometry: &mut Geometry, _srs_name: Option<&str>) -> Result<()> {
        Ok(())
    }

    fn distance(&self, value: f64, _unit: Option<&str>) -> Result<f64> {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fes::parse_text;
    use crate::geom::Bbox;
    use crate::query::Filter;
    use std::cell::RefCell;

    #[test]
    fn literals_are_placed_by_the_crs_that_they_name() {
        struct Swap(RefCell<Vec<Option<String>>>);
        impl Literals for Swap {
            fn place(&self, geometry: &mut Geometry, srs_name: Option<&str>) -> Result<()> {
                self.0.borrow_mut().push(srs_name.map(str::to_owned));
                geometry.coords_mut().iter_mut().for_each(|c| c.reverse());
                Ok(())
            }
            fn distance(&self, value: f64, unit: Option<&str>) -> Result<f64> {
                assert_eq!(unit, Some("km"));
                Ok(value * 1000.0)
            }
        }
        let swap = Swap(RefCell::default());
        let text = "<Filter><And><BBOX><ValueReference>geom</ValueReference>\
            <Envelope srsName='urn:ogc:def:crs:EPSG::4326'><lowerCorner>42 2</lowerCorner>\
            <upperCorner>45 6</upperCorner></Envelope></BBOX><DWithin><ValueReference>geom</ValueReference>\
            <Point><pos>45 5</pos></Point><Distance uom='km'>2</Distance></DWithin></And></Filter>";
        let Filter::And(parts) = parse_text(text, &swap).unwrap() else {
            panic!()
        };
        assert_eq!(
            parts[0],
            Filter::Bbox(Bbox::new(2.0, 42.0, 6.0, 45.0).unwrap())
        );
        assert!(matches!(
            parts[1],
            Filter::Spatial {
                distance: 2000.0,
                ..
            }
        ));
        let asked = swap.0.into_inner();
        assert_eq!(asked, [Some("urn:ogc:def:crs:EPSG::4326".into()), None]);
    }
}
