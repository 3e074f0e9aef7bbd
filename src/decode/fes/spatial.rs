//! Spatial operators (OGC 09-026r2 §7.8).

use super::expression::{at, expression};
use super::{Literals, gml};
use crate::decode::xml::Element;
use crate::error::Result;
use crate::geom::Geometry;
use crate::query::{Expr, Filter, Literal, SpatialOp, is_box, is_geometry_name};

/// True for the elements that compare geometries (OGC 09-026r2 §7.8).
pub fn is_operator(name: &str) -> bool {
    name == "BBOX" || operator(name).is_some()
}

fn operator(name: &str) -> Option<SpatialOp> {
    Some(match name {
        "Equals" => SpatialOp::Equals,
        "Disjoint" => SpatialOp::Disjoint,
        "Touches" => SpatialOp::Touches,
        "Within" => SpatialOp::Within,
        "Overlaps" => SpatialOp::Overlaps,
        "Crosses" => SpatialOp::Crosses,
        "Intersects" | "Intersect" => SpatialOp::Intersects,
        "Contains" => SpatialOp::Contains,
        "DWithin" => SpatialOp::DWithin,
        "Beyond" => SpatialOp::Beyond,
        _ => return None,
    })
}

/// Reads an operator; `element` is one.
pub(super) fn condition(element: &Element, literals: &dyn Literals) -> Result<Filter> {
    let Some(op) = operator(&element.name) else {
        return bbox(element, literals);
    };
    let mut operands = Vec::new();
    let mut distance = None;
    for child in element.elements() {
        if child.name == "Distance" {
            distance = Some(length(child, literals)?);
        } else {
            operands.push(expression(child, literals)?);
        }
    }
    let far = matches!(op, SpatialOp::DWithin | SpatialOp::Beyond);
    if far && distance.is_none() {
        return Err(element.fault(format!("<{}> needs a Distance", element.name)));
    }
    // FES 2.0 §7.8.3: without a value reference every geometry of the feature is meant
    if operands.len() == 1 {
        operands.insert(0, Expr::Geometry);
    }
    let [left, right] = <[Expr; 2]>::try_from(operands).map_err(|list| {
        let found = list.len();
        element.fault(format!(
            "<{}> takes two operands, found {found}",
            element.name
        ))
    })?;
    Ok(Filter::Spatial {
        op,
        left,
        right,
        distance: distance.unwrap_or(0.0),
    })
}

/// A `Distance` in units of the data's CRS: `uom` of FES 2.0, `units` of the older ones.
fn length(element: &Element, literals: &dyn Literals) -> Result<f64> {
    let text = element.text();
    let value = text
        .parse()
        .ok()
        .filter(|v: &f64| v.is_finite() && *v >= 0.0);
    let value = value
        .ok_or_else(|| element.fault(format!("a distance is a number from 0, found {text:?}")))?;
    let unit = element
        .attribute("uom")
        .or_else(|| element.attribute("units"));
    let distance = literals.distance(value, unit);
    distance.map_err(|error| at(element, error))
}

/// `BBOX`: a box stays one where it is one in the data's CRS too.
fn bbox(element: &Element, literals: &dyn Literals) -> Result<Filter> {
    let mut boxed = None;
    let mut property = Expr::Geometry;
    for child in element.elements() {
        if gml::is_geometry(&child.name) {
            boxed = Some(child);
        } else {
            property = expression(child, literals)?;
        }
    }
    let boxed = boxed.ok_or_else(|| element.fault("<BBOX> needs a gml:Envelope or gml:Box"))?;
    let mut literal = gml::parse(boxed)?;
    let placed = literals.place(&mut literal.geometry, literal.srs_name.as_deref());
    placed.map_err(|error| at(boxed, error))?;
    if let Expr::Property(name) = &property
        && is_geometry_name(name)
    {
        property = Expr::Geometry;
    }
    let geometry: Geometry = literal.geometry;
    let bbox = geometry
        .bbox()
        .ok_or_else(|| boxed.fault("the box has no position in the layer's CRS"))?;
    if property == Expr::Geometry
        && geometry.parts().count() == 1
        && geometry.parts().all(|p| is_box(&p))
    {
        return Ok(Filter::Bbox(bbox));
    }
    Ok(Filter::Spatial {
        op: SpatialOp::Intersects,
        left: property,
        right: Expr::Literal(Literal::Geometry(geometry)),
        distance: 0.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::Crs;
    use crate::decode::fes::parse_text;
    use crate::decode::filter_context::FilterContext;

    #[test]
    fn a_box_in_another_crs_is_tested_by_its_own_edges() {
        let lambert = FilterContext::new(Crs::from_epsg(2154).unwrap());
        let text = "<Filter><BBOX><ValueReference>ms:geom</ValueReference>\
            <Envelope srsName='urn:ogc:def:crs:EPSG::4326'><lowerCorner>42 2</lowerCorner>\
            <upperCorner>45 6</upperCorner></Envelope></BBOX></Filter>";
        let Filter::Spatial {
            op, left, right, ..
        } = parse_text(text, &lambert).unwrap()
        else {
            panic!()
        };
        assert_eq!((op, left), (SpatialOp::Intersects, Expr::Geometry));
        let Expr::Literal(Literal::Geometry(edges)) = right else {
            panic!()
        };
        assert!(edges.coords().len() > 50, "the parallels bend");
        let named = text.replace("ms:geom", "nom");
        let filter = parse_text(&named, &lambert).unwrap();
        assert!(
            matches!(filter, Filter::Spatial { left: Expr::Property(name), .. } if name == "nom")
        );
    }
}
