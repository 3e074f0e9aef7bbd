//! GML geometries: 2.1.2 (OGC 02-069), 3.1.1 (OGC 03-105r1) and 3.2.1
//! (OGC 07-036), as the simple features profile has them (OGC 10-100r3).

use super::ink::{Glue, Ink, Positions, push_whole};
use super::simple_features::is_counterclockwise;
use super::xml::push_attribute;
use crate::geom::{Bbox, Coord, Geometry, GeometryType, Part, PartKind};

/// How positions are written.
#[derive(Debug, Clone)]
pub struct GmlStyle {
    pub version: GmlVersion,
    /// The attribute `srsName` of an outermost element, escaped.
    srs_attribute: String,
    positions: Positions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GmlVersion {
    /// `gml:coordinates`, `outerBoundaryIs`, `MultiPolygon`.
    V212,
    /// `gml:posList`, `exterior`, `MultiSurface`.
    V311,
    /// The same with an id for each geometry.
    V321,
}

impl GmlVersion {
    /// The namespace of `gml:`.
    pub fn namespace(self) -> &'static str {
        match self {
            GmlVersion::V212 | GmlVersion::V311 => "http://www.opengis.net/gml",
            GmlVersion::V321 => "http://www.opengis.net/gml/3.2",
        }
    }
}

impl GmlStyle {
    /// Geometries in the CRS called `srs_name`; northing or latitude first where `is_swapped`,
    /// with at most so many digits behind the point.
    pub fn new(version: GmlVersion, srs_name: &str, is_swapped: bool, decimals: u8) -> GmlStyle {
        let mut srs_attribute = String::new();
        push_attribute(&mut srs_attribute, "srsName", srs_name);
        let between = match version {
            GmlVersion::V212 => b',',
            GmlVersion::V311 | GmlVersion::V321 => b' ',
        };
        GmlStyle {
            version,
            srs_attribute,
            positions: Positions {
                glue: Glue::new(between, b" "),
                decimals,
                is_swapped,
            },
        }
    }

    /// Appends a geometry with the prefix `gml:`; nothing for one without positions.
    pub fn push_geometry(&self, out: &mut impl Ink, geometry: &Geometry) {
        self.push_typed(out, geometry, geometry.kind(), "");
    }

    /// Appends a geometry of a property of type `declared`: of a property of many surfaces it is
    /// many, be it one. `id` is what 3.2.1 knows the geometry by; its members are known by it
    /// and their numbers.
    ///
    /// Exterior rings run counterclockwise as seen on a map, interior ones clockwise
    /// (ISO 19107 §6.3.17), whatever way they are stored.
    pub fn push_typed(
        &self,
        out: &mut impl Ink,
        geometry: &Geometry,
        declared: GeometryType,
        id: &str,
    ) {
        let mut pen = Pen {
            style: self,
            out,
            id,
            member: 0,
        };
        pen.geometry(geometry, declared);
    }

    /// Appends the `gml:boundedBy` of a feature.
    pub fn push_bounded_by(&self, out: &mut impl Ink, bbox: &Bbox) {
        let corners = [[bbox.min_x, bbox.min_y], [bbox.max_x, bbox.max_y]];
        let mut pen = Pen {
            style: self,
            out,
            id: "",
            member: 0,
        };
        pen.out.put("<gml:boundedBy>");
        match self.version {
            GmlVersion::V212 => {
                pen.out.put("<gml:Box");
                pen.out.put(&self.srs_attribute);
                pen.out.put(">");
                pen.positions(corners.iter());
                pen.out.put("</gml:Box>");
            }
            GmlVersion::V311 | GmlVersion::V321 => {
                pen.out.put("<gml:Envelope");
                pen.out.put(&self.srs_attribute);
                pen.out.put(">");
                for (name, corner) in ["lowerCorner", "upperCorner"].into_iter().zip(corners) {
                    pen.tag("<gml:", name);
                    pen.position(corner);
                    pen.tag("</gml:", name);
                }
                pen.out.put("</gml:Envelope>");
            }
        }
        pen.out.put("</gml:boundedBy>");
    }
}

/// Where one geometry is written to.
struct Pen<'a, I> {
    style: &'a GmlStyle,
    out: &'a mut I,
    id: &'a str,
    /// The number of the member that was opened last.
    member: u32,
}

impl<I: Ink> Pen<'_, I> {
    fn geometry(&mut self, geometry: &Geometry, declared: GeometryType) {
        let parts: Vec<Part<'_>> = geometry.parts().collect();
        let points: usize = parts.iter().flat_map(Part::sequences).map(<[_]>::len).sum();
        let all = |kind: PartKind| parts.iter().all(|p| p.kind == kind);
        let kind = match declared {
            GeometryType::Unknown => geometry.kind(),
            declared => declared,
        };
        let is_many = matches!(
            kind,
            GeometryType::MultiPoint
                | GeometryType::MultiLineString
                | GeometryType::MultiPolygon
                | GeometryType::GeometryCollection
        );
        let is_collection = kind == GeometryType::GeometryCollection;
        let is_old = self.style.version == GmlVersion::V212;
        let (name, member) = match parts.as_slice() {
            [] => return,
            [part] if !is_many && (part.kind != PartKind::Points || points == 1) => {
                return self.part(part, true);
            }
            _ if is_collection => ("MultiGeometry", "geometryMember"),
            _ if all(PartKind::Points) => ("MultiPoint", "pointMember"),
            _ if all(PartKind::Line) && is_old => ("MultiLineString", "lineStringMember"),
            _ if all(PartKind::Line) => ("MultiCurve", "curveMember"),
            _ if all(PartKind::Polygon) && is_old => ("MultiPolygon", "polygonMember"),
            _ if all(PartKind::Polygon) => ("MultiSurface", "surfaceMember"),
            _ => ("MultiGeometry", "geometryMember"),
        };
        self.open(name, true);
        for part in &parts {
            if part.kind == PartKind::Points {
                // each position is a point of its own
                for coord in part.sequences().flatten() {
                    self.tag("<gml:", member);
                    self.point(*coord, false);
                    self.tag("</gml:", member);
                }
                continue;
            }
            self.tag("<gml:", member);
            self.part(part, false);
            self.tag("</gml:", member);
        }
        self.tag("</gml:", name);
    }

    /// Opens a geometry: the outermost one has the CRS, and in 3.2.1 each has an id.
    #[inline]
    fn open(&mut self, name: &str, is_outermost: bool) {
        self.out.put("<gml:");
        self.out.put(name);
        if self.style.version == GmlVersion::V321 {
            self.out.put(" gml:id=\"");
            self.out.put(self.id);
            if !is_outermost {
                self.member = self.member.saturating_add(1);
                self.out.put(".");
                push_whole(self.out, i64::from(self.member));
            }
            self.out.put("\"");
        }
        if is_outermost {
            self.out.put(&self.style.srs_attribute);
        }
        self.out.put(">");
    }

    #[inline]
    fn tag(&mut self, open: &str, name: &str) {
        self.out.put(open);
        self.out.put(name);
        self.out.put(">");
    }

    fn part(&mut self, part: &Part<'_>, is_outermost: bool) {
        match part.kind {
            PartKind::Points => {
                for coord in part.sequences().flatten() {
                    self.point(*coord, is_outermost);
                }
            }
            PartKind::Line => {
                self.open("LineString", is_outermost);
                for line in part.sequences() {
                    self.positions(line.iter());
                }
                self.tag("</gml:", "LineString");
            }
            PartKind::Polygon => {
                self.open("Polygon", is_outermost);
                for (i, ring) in part.sequences().enumerate() {
                    let role = match (self.style.version, i) {
                        (GmlVersion::V212, 0) => "outerBoundaryIs",
                        (GmlVersion::V212, _) => "innerBoundaryIs",
                        (GmlVersion::V311 | GmlVersion::V321, 0) => "exterior",
                        (GmlVersion::V311 | GmlVersion::V321, _) => "interior",
                    };
                    self.tag("<gml:", role);
                    self.tag("<gml:", "LinearRing");
                    if is_counterclockwise(ring) == (i == 0) {
                        self.positions(ring.iter());
                    } else {
                        self.positions(ring.iter().rev());
                    }
                    self.tag("</gml:", "LinearRing");
                    self.tag("</gml:", role);
                }
                self.tag("</gml:", "Polygon");
            }
        }
    }

    fn point(&mut self, coord: Coord, is_outermost: bool) {
        self.open("Point", is_outermost);
        match self.style.version {
            GmlVersion::V212 => self.positions([coord].iter()),
            GmlVersion::V311 | GmlVersion::V321 => {
                self.tag("<gml:", "pos");
                self.position(coord);
                self.tag("</gml:", "pos");
            }
        }
        self.tag("</gml:", "Point");
    }

    fn positions<'c>(&mut self, coords: impl Iterator<Item = &'c Coord>) {
        let [open, close] = match self.style.version {
            GmlVersion::V212 => ["<gml:coordinates>", "</gml:coordinates>"],
            GmlVersion::V311 | GmlVersion::V321 => ["<gml:posList>", "</gml:posList>"],
        };
        self.out.put(open);
        self.style.positions.push(self.out, coords);
        self.out.put(close);
    }

    fn position(&mut self, coord: Coord) {
        self.style.positions.push(self.out, [coord].iter());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(version: GmlVersion, swapped: bool) -> GmlStyle {
        GmlStyle::new(version, "EPSG:4326", swapped, 3)
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
    fn in_32_every_geometry_has_an_id_and_rings_run_as_iso_19107_has_them() {
        let mut g = Geometry::new(GeometryType::MultiPolygon);
        // both rings clockwise
        g.extend([[0.0, 0.0], [4.0, 4.0], [4.0, 0.0], [0.0, 0.0]]);
        g.end_sequence();
        g.extend([[2.0, 1.0], [3.0, 2.0], [3.0, 1.0], [2.0, 1.0]]);
        g.end_part(PartKind::Polygon);
        let mut out = String::new();
        style(GmlVersion::V321, true).push_typed(&mut out, &g, GeometryType::MultiPolygon, "a.1");
        let ring = |text: &str| format!("<gml:LinearRing><gml:posList>{text}</gml:posList>");
        assert!(out.contains("<gml:MultiSurface gml:id=\"a.1\" srsName=\"EPSG:4326\">"));
        assert!(
            out.contains("<gml:Polygon gml:id=\"a.1.1\"><gml:exterior>"),
            "{out}"
        );
        assert!(out.contains(&ring("0 0 0 4 4 4 0 0")), "{out}");
        assert!(out.contains(&ring("1 2 2 3 1 3 1 2")), "{out}");
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
