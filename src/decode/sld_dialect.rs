//! Who wrote a style: QGIS means other things than Symbology Encoding by some of its elements.
//!
//! QGIS (3.22, compared picture by picture; offsets and marker lines are written alike from 2.0 to
//! 4.0) writes SE 1.1 with displacements that run down, angles of hatches that run anticlockwise,
//! parallels on the right, gaps from the middle of one mark to the middle of the next, an empty
//! `Stroke` for no outline, multiples of the pen's width for the dashes of Qt's pens, and
//! expressions of its own where a property is named.

use super::fes::Literals;
use super::qgis_expression;
use super::xml::Element;
use crate::error::Result;
use crate::geom::Geometry;
use crate::query::{CompareOp, Distance, Expr, Filter, Literal};

/// The program whose meaning is followed, and the literals of its filters: as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Symbology Encoding, with the options of GeoServer.
    Standard,
    /// SLD 1.0: what it leaves open is as GeoServer has it, which most of its styles are for.
    GeoServer,
    Qgis,
}

impl Dialect {
    /// By the shape of the document: SE 1.1 whose layers and styles have a name, whose styles
    /// have nothing else, and whose feature type styles have rules and options only.
    pub fn of(root: &Element) -> Dialect {
        let version = root.attribute("version").unwrap_or_default();
        let only = |element: &Element, names: &[&str]| {
            element.elements().all(|e| names.contains(&e.name.as_str()))
        };
        let style = |style: &Element| {
            only(style, &["Name", "FeatureTypeStyle"])
                && style.child("Name").is_some()
                && style
                    .elements()
                    .filter(|e| e.name == "FeatureTypeStyle")
                    .all(|pass| only(pass, &["Rule", "VendorOption"]))
        };
        let layer = |layer: &Element| {
            only(layer, &["Name", "UserStyle"])
                && layer.child("Name").is_some()
                && layer.child("UserStyle").is_some()
                && layer
                    .elements()
                    .filter(|e| e.name == "UserStyle")
                    .all(style)
        };
        let qgis = version.starts_with("1.1")
            && root.name == "StyledLayerDescriptor"
            && root.child("NamedLayer").is_some()
            && only(root, &["NamedLayer"])
            && root.elements().all(layer);
        match (qgis, version.starts_with("1.0")) {
            (true, _) => Dialect::Qgis,
            (_, true) => Dialect::GeoServer,
            _ => Dialect::Standard,
        }
    }

    pub fn is_geoserver(self) -> bool {
        self == Dialect::GeoServer
    }

    pub fn is_qgis(self) -> bool {
        self == Dialect::Qgis
    }
}

impl Literals for Dialect {
    fn place(&self, _geometry: &mut Geometry, _srs_name: Option<&str>) -> Result<()> {
        Ok(())
    }

    fn distance(&self, value: f64, _: Option<&str>, _: &[Expr]) -> Result<Distance> {
        Ok(Distance::Plane(value))
    }

    fn property(&self, text: &str) -> std::result::Result<Option<Expr>, String> {
        if !self.is_qgis() || !qgis_expression::is_expression(text) {
            return Ok(None);
        }
        let read = qgis_expression::parse(text).map(Some);
        read.map_err(|why| format!("the expression {text:?} of QGIS can't be read: {why}"))
    }
}

/// True for the filter by which QGIS 3.22 writes the class of all other values: the value is empty
/// or absent.
pub(super) fn is_all_others(filter: &Filter) -> bool {
    let Filter::Or(parts) = filter else {
        return false;
    };
    let [
        Filter::Compare {
            op: CompareOp::Equal,
            left,
            right: Expr::Literal(Literal::Text(text)),
            ..
        },
        Filter::IsNull(value),
    ] = parts.as_slice()
    else {
        return false;
    };
    text.is_empty() && left == value
}

/// The dashes of Qt's pens, which QGIS writes in widths of the pen.
pub(super) fn is_pen_of_qt(lengths: &str) -> bool {
    matches!(lengths.trim(), "4 2" | "1 2" | "4 2 1 2" | "4 2 1 2 1 2")
}
