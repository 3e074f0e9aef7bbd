//! GML geometries, written into a `String`: 2.1.2 (OGC 02-069) and 3.1.1 (OGC 03-105r1).

use super::geojson::push_number;
use super::xml::push_attribute;
use crate::geom::{Bbox, Coord, Geometry, GeometryType, Part, PartKind};

/// How positions are written.
#[derive(Debug, Clone)]
pub struct GmlStyle {
    pub version: GmlVersion,
    /// Of the outermost element.
    pub srs_name: String,
    /// True: northing or latitude first.
    pub swapped: bool,
    /// Digits behind the point, at most.
    pub decimals: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GmlVersion {
    /// `gml:coordinates`, `outerBoundaryIs`, `MultiPolygon`.
    V212,
    /// `gml:posList`, `exterior`, `MultiSurface`.
    V311,
}

impl GmlStyle {
    /// Appends a geometry with the prefix `gml:`; nothing for one without positions.
    pub fn push_geometry(&self, out: &mut String, geometry: &Geometry) {
        let parts: Vec<Part<'_>> = geometry.parts().collect();
        let points: usize = parts.iter().flat_map(Part::sequences).map(<[_]>::len).sum();
        let all = |kind: PartKind| parts.iter().all(|p| p.kind == kind);
        let multi = matches!(
            geometry.kind(),
            GeometryType::MultiPoint
                | GeometryType::MultiLineString
                | GeometryType::MultiPolygon
                | GeometryType::GeometryCollection
        );
        let v3 = self.version == GmlVersion::V311;
        match parts.as_slice() {
            [] => {}
            [part] if !multi && (part.kind != PartKind::Points || points == 1) => {
                self.push_part(out, part, true);
            }
            parts if all(PartKind::Points) => {
                self.open(out, "MultiPoint", true);
                for coord in parts.iter().flat_map(Part::sequences).flatten() {
                    out.push_str("<gml:pointMember>");
                    self.push_point(out, *coord, false);
                    out.push_str("</gml:pointMember>");
                }
                out.push_str("</gml:MultiPoint>");
            }
            parts => {
                let (name, member) = match (all(PartKind::Line), all(PartKind::Polygon), v3) {
                    (true, _, false) => ("MultiLineString", "lineStringMember"),
                    (true, _, true) => ("MultiCurve", "curveMember"),
                    (_, true, false) => ("MultiPolygon", "polygonMember"),
                    (_, true, true) => ("MultiSurface", "surfaceMember"),
                    _ => ("MultiGeometry", "geometryMember"),
                };
                self.open(out, name, true);
                for part in parts {
                    out.push_str("<gml:");
                    out.push_str(member);
                    out.push('>');
                    self.push_part(out, part, false);
                    out.push_str("</gml:");
                    out.push_str(member);
                    out.push('>');
                }
                out.push_str("</gml:");
                out.push_str(name);
                out.push('>');
            }
        }
    }

    /// Appends the `gml:boundedBy` of a feature.
    pub fn push_bounded_by(&self, out: &mut String, bbox: &Bbox) {
        let corners = [[bbox.min_x, bbox.min_y], [bbox.max_x, bbox.max_y]];
        out.push_str("<gml:boundedBy>");
        match self.version {
            GmlVersion::V212 => {
                self.open(out, "Box", true);
                self.push_positions(out, &corners);
                out.push_str("</gml:Box>");
            }
            GmlVersion::V311 => {
                self.open(out, "Envelope", true);
                for (name, corner) in ["lowerCorner", "upperCorner"].into_iter().zip(corners) {
                    out.push_str("<gml:");
                    out.push_str(name);
                    out.push('>');
                    self.push_position(out, corner, ' ');
                    out.push_str("</gml:");
                    out.push_str(name);
                    out.push('>');
                }
                out.push_str("</gml:Envelope>");
            }
        }
        out.push_str("</gml:boundedBy>");
    }

    fn open(&self, out: &mut String, name: &str, outermost: bool) {
        out.push_str("<gml:");
        out.push_str(name);
        if outermost {
            push_attribute(out, "srsName", &self.srs_name);
        }
        out.push('>');
    }

    fn push_part(&self, out: &mut String, part: &Part<'_>, outermost: bool) {
        match part.kind {
            PartKind::Points => {
                for coord in part.sequences().flatten() {
                    self.push_point(out, *coord, outermost);
                }
            }
            PartKind::Line => {
                self.open(out, "LineString", outermost);
                for line in part.sequences() {
                    self.push_positions(out, line);
                }
                out.push_str("</gml:LineString>");
            }
            PartKind::Polygon => {
                self.open(out, "Polygon", outermost);
                for (i, ring) in part.sequences().enumerate() {
                    let role = match (self.version, i) {
                        (GmlVersion::V212, 0) => "outerBoundaryIs",
                        (GmlVersion::V212, _) => "innerBoundaryIs",
                        (GmlVersion::V311, 0) => "exterior",
                        (GmlVersion::V311, _) => "interior",
                    };
                    out.push_str("<gml:");
                    out.push_str(role);
                    out.push_str("><gml:LinearRing>");
                    self.push_positions(out, ring);
                    out.push_str("</gml:LinearRing></gml:");
                    out.push_str(role);
                    out.push('>');
                }
                out.push_str("</gml:Polygon>");
            }
        }
    }

    fn push_point(&self, out: &mut String, coord: Coord, outermost: bool) {
        self.open(out, "Point", outermost);
        match self.version {
            GmlVersion::V212 => self.push_positions(out, &[coord]),
            GmlVersion::V311 => {
                out.push_str("<gml:pos>");
                self.push_position(out, coord, ' ');
                out.push_str("</gml:pos>");
            }
        }
        out.push_str("</gml:Point>");
    }

    fn push_positions(&self, out: &mut String, coords: &[Coord]) {
        let (name, between) = match self.version {
            GmlVersion::V212 => ("coordinates", ','),
            GmlVersion::V311 => ("posList", ' '),
        };
        out.push_str("<gml:");
        out.push_str(name);
        out.push('>');
        for (i, coord) in coords.iter().enumerate() {
            if i > 0 {
                out.push(' ');
            }
            self.push_position(out, *coord, between);
        }
        out.push_str("</gml:");
        out.push_str(name);
        out.push('>');
    }

    fn push_position(&self, out: &mut String, [x, y]: Coord, between: char) {
        let (first, second) = if self.swapped { (y, x) } else { (x, y) };
        push_number(out, first, self.decimals);
        out.push(between);
        push_number(out, second, self.decimals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(version: GmlVersion, swapped: bool) -> GmlStyle {
        GmlStyle {
            version,
            srs_name: "EPSG:4326".into(),
            swapped,
            decimals: 3,
        }
    }

    #[test]
    fn gml2_and_gml3_write_the_same_point_in_their_own_words() {
        let mut g = Geometry::new(GeometryType::Point);
        g.push([5.0, 45.5]);
        g.end_part(PartKind::Points);
        let mut out = String::new();
        style(GmlVersion::V212, false).push_geometry(&mut out, &g);
        assert_eq!(
            out,
            r#"<gml:Point srsName="EPSG:4326"><gml:coordinates>5,45.5</gml:coordinates></gml:Point>"#
        );
        out.clear();
        style(GmlVersion::V311, true).push_geometry(&mut out, &g);
        assert_eq!(
            out,
            r#"<gml:Point srsName="EPSG:4326"><gml:pos>45.5 5</gml:pos></gml:Point>"#
        );
    }

    #[test]
    fn a_multipolygon_of_one_part_stays_a_multipolygon() {
        let mut g = Geometry::new(GeometryType::MultiPolygon);
        g.extend([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]);
        g.end_part(PartKind::Polygon);
        let mut out = String::new();
        style(GmlVersion::V311, false).push_geometry(&mut out, &g);
        assert!(out.starts_with(
            r#"<gml:MultiSurface srsName="EPSG:4326"><gml:surfaceMember><gml:Polygon>"#
        ));
        assert!(out.contains("<gml:posList>0 0 1 0 1 1 0 0</gml:posList>"));
    }
}
