//! Filters in the words of a feature type: names of elements become columns, boxes windows, and
//! literals come into the layer's CRS.

use std::sync::Arc;

use crate::catalogue::Layer;
use crate::crs::AxisOrder;
use crate::decode::filter_context::{AxisRule, FilterContext};
use crate::decode::xml::{Attribute, Element, Node};
use crate::decode::{ecql, fes, gml};
use crate::encode::feature::gml::{GmlField, GmlType};
use crate::error::{Error, Result, nearest};
use crate::geom::{Bbox, GeometryType};
use crate::operation::features::{Window, bind_filter};
use crate::protocol::ows::default_crs;
use crate::protocol::wfs::Version;
use crate::protocol::wfs::scope::Scope;
use crate::protocol::wfs::srs::SrsName;
use crate::query::Filter;

/// What a property of a request refers to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reference<'a> {
    Field(&'a GmlField),
    Geometry,
    /// The feature's own id, `@gml:id`.
    Id,
    /// What every GML feature may have and ours never do.
    Inherited,
}

/// The properties of `gml:AbstractFeatureType` that no feature of ours has: they may be asked
/// for, and are without a value (OGC 07-036 §7.2.2, §9.3).
const INHERITED: [&str; 6] = [
    "gml:metaDataProperty",
    "gml:description",
    "gml:descriptionReference",
    "gml:identifier",
    "gml:name",
    "gml:location",
];

/// Finds what a reference means: `code`, `ms:code`, `ms:communes/ms:code[1]`, `//code`, by the
/// name of the column or of the element, the case deciding only where it must.
///
/// # Errors
/// `FieldNotDefined`, with the nearest name.
pub fn reference<'a>(text: &str, layer: &Layer, kind: &'a GmlType) -> Result<Reference<'a>> {
    let text = text.trim();
    let named = |name: &str| {
        let exact = |field: &&GmlField| field.element == name || field.name == name;
        kind.fields.iter().find(exact)
    };
    let step = text.rsplit('/').next().unwrap_or(text);
    let (step, predicate) = step.split_once('[').unwrap_or((step, "1]"));
    let step = step.trim();
    let local = step.rsplit(':').next().unwrap_or(step);
    if INHERITED.contains(&step) && named(step).is_none() {
        return Ok(Reference::Inherited);
    }
    if let Some(field) = [text, step, local].into_iter().find_map(named) {
        return Ok(match is_beyond_the_first(predicate) {
            true => Reference::Inherited,
            false => Reference::Field(field),
        });
    }
    if matches!(step, "@gml:id" | "gml:id" | "@id" | "@fid") {
        return Ok(Reference::Id);
    }
    // FlatGeobuf does not name its geometry, and clients keep the names other servers gave it
    const GEOMETRY: [&str; 10] = [
        "",
        "geom",
        "geometry",
        "the_geom",
        "wkb_geometry",
        "msgeometry",
        "shape",
        "way",
        "boundedby",
        // what OWSLib's BBox is on, whatever the service
        "boundingbox",
    ];
    let lower = local.to_lowercase();
    let mut own = kind.geometries.iter();
    if own.any(|(name, _)| name == local) || GEOMETRY.contains(&lower.as_str()) {
        return Ok(Reference::Geometry);
    }
    let mut similar = kind
        .fields
        .iter()
        .filter(|f| f.element.to_lowercase() == lower);
    if let (Some(field), None) = (similar.next(), similar.next()) {
        return Ok(Reference::Field(field));
    }
    Err(Error::FieldNotDefined {
        layer: layer.id.clone(),
        field: text.to_owned(),
        nearest: nearest(local, kind.fields.iter().map(|f| f.element.as_str())),
    })
}

/// True for the predicate of a second or later occurrence: each property occurs once.
fn is_beyond_the_first(predicate: &str) -> bool {
    let number = predicate
        .trim()
        .strip_suffix(']')
        .unwrap_or_default()
        .trim();
    // the long form of the same
    let long = number.strip_prefix("position()").map(str::trim_start);
    let number = long
        .and_then(|rest| rest.strip_prefix('='))
        .unwrap_or(number)
        .trim();
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number && number.trim_start_matches('0') != "1"
}

/// What filters of one query are read with.
pub struct FilterReader<'a> {
    pub scope: &'a Scope<'a>,
    pub layer: &'a Arc<Layer>,
    pub kind: &'a GmlType,
    pub version: Version,
    /// The CRS of positions that name none.
    pub srs: &'a SrsName,
}

impl FilterReader<'_> {
    /// Reads a `Filter`: the windows that must all be touched, and what else must hold.
    ///
    /// # Errors
    /// `FieldNotDefined`, `InvalidFilter`, `InvalidCrs`.
    pub fn read(&self, mut element: Element) -> Result<(Vec<Window>, Option<Filter>)> {
        self.resolve(&mut element)?;
        let mut windows = Vec::new();
        self.take_boxes(&mut element, &mut windows)?;
        if !windows.is_empty() && element.elements().next().is_none() {
            return Ok((windows, None));
        }
        let filter = fes::parse(&element, &self.context())?;
        Ok((windows, Some(filter)))
    }

    /// What geometries of filters are read with.
    fn context(&self) -> FilterContext {
        let has_own_order = self.srs.crs.axis_order == AxisOrder::NorthEast;
        let is_x_first = has_own_order && !self.srs.is_swapped(self.version);
        FilterContext {
            filter_crs: self.srs.crs.clone(),
            layer_crs: self.layer.crs.clone(),
            axis_rule: match is_x_first || self.version == Version::V100 {
                // a URN is the authority's in every version, as in boxes
                true => AxisRule::Spelled,
                false => AxisRule::Authority,
            },
        }
    }

    /// Reads a `CQL_FILTER` as GeoServer does: geometries that name no CRS are in the layer's
    /// default one, x before y; a URN's positions are in the authority's order.
    ///
    /// # Errors
    /// `InvalidFilter` with line and column, `FieldNotDefined`.
    pub fn read_cql(&self, text: &str) -> Result<Filter> {
        let context = FilterContext {
            filter_crs: default_crs(self.layer),
            layer_crs: self.layer.crs.clone(),
            axis_rule: AxisRule::Spelled,
        };
        let has = |name: &str| self.kind.fields.iter().any(|field| field.name == name);
        let column = |name: &str| {
            let mut fields = self.kind.fields.iter();
            let field = fields.find(|field| field.element == name && !has(name));
            field.map(|field| field.name.as_str())
        };
        let filter = ecql::parse_named(text, &context, &column)?;
        // a hidden column is as if it were not there, whatever is asked of it
        bind_filter(&filter, self.layer).map_err(|error| match error {
            Error::FieldNotDefined { field, .. } => self.not_defined(&field),
            other => other,
        })?;
        Ok(filter)
    }

    fn not_defined(&self, field: &str) -> Error {
        Error::FieldNotDefined {
            layer: self.layer.id.clone(),
            field: field.to_owned(),
            nearest: nearest(field, self.kind.fields.iter().map(|f| f.element.as_str())),
        }
    }

    /// Has every name and id of the filter in the layer's own words.
    fn resolve(&self, element: &mut Element) -> Result<()> {
        if fes::is_spatial(&element.name) {
            self.check_operand(element)?;
        }
        let asked = self.kind_asked(element);
        if let Some(id) = self.id_that_is_equal(element) {
            // `@gml:id` as a document has it is not the id that the layer knows
            element.name = "ResourceId".to_owned();
            element.nodes.clear();
            element.attributes = vec![Attribute {
                name: "rid".to_owned(),
                prefix: String::new(),
                value: self.own_id(&id),
            }];
            return Ok(());
        }
        match element.name.as_str() {
            "PropertyName" | "ValueReference" => {
                let own = match reference(&element.text(), self.layer, self.kind)? {
                    Reference::Field(field) => field.name.clone(),
                    Reference::Geometry => "geom".to_owned(),
                    Reference::Id => "@gml:id".to_owned(),
                    Reference::Inherited => {
                        // `fes` reads it as the literal that is no value
                        element.name = "Null".to_owned();
                        element.nodes.clear();
                        return Ok(());
                    }
                };
                element.nodes = vec![Node::Text(own)];
                return Ok(());
            }
            "FeatureId" | "GmlObjectId" | "ResourceId" => {
                if let Some(id) = element.attribute("rid") {
                    self.check_id(id)?;
                }
                for attribute in &mut element.attributes {
                    if matches!(attribute.name.as_str(), "fid" | "id" | "rid") {
                        attribute.value = self.own_id(&attribute.value);
                    }
                }
            }
            _ => {}
        }
        for node in &mut element.nodes {
            if let Node::Element(child) = node {
                self.resolve(child)?;
            }
        }
        if let Some(kind) = asked {
            of_kind(element, kind);
        }
        Ok(())
    }

    /// The kind of geometry that a condition is on, where each kind has an element of its own.
    fn kind_asked(&self, condition: &Element) -> Option<GeometryType> {
        if self.kind.geometries.len() < 2
            || !fes::is_spatial(&condition.name) && condition.name != "PropertyIsNull"
        {
            return None;
        }
        let names = ["PropertyName", "ValueReference"];
        let mut operands = condition.elements();
        let operand = operands.find(|e| names.contains(&e.name.as_str()))?;
        let text = operand.text();
        let step = text.rsplit(['/', ':']).next().unwrap_or(&text);
        let local = step.split('[').next().unwrap_or(step).trim();
        let mut own = self.kind.geometries.iter();
        let (_, kind) = own.find(|(name, _)| name == local)?;
        // the last one takes what the others do not: any kind, for a condition
        Some(*kind).filter(|kind| *kind != GeometryType::Unknown)
    }

    /// The id that `@gml:id` must be equal to; `None` for any other condition.
    fn id_that_is_equal(&self, element: &Element) -> Option<String> {
        let mut parts = element.elements();
        let (a, b) = (parts.next()?, parts.next()?);
        let is_reference = |part: &Element| {
            matches!(part.name.as_str(), "PropertyName" | "ValueReference")
                && matches!(
                    reference(&part.text(), self.layer, self.kind),
                    Ok(Reference::Id)
                )
        };
        let literal = match (is_reference(a), is_reference(b)) {
            (true, false) => b,
            (false, true) => a,
            _ => return None,
        };
        (element.name == "PropertyIsEqualTo" && literal.name == "Literal")
            .then(|| literal.text().into_owned())
    }

    /// Refuses a spatial condition on what is no geometry: the property is at fault, not the
    /// filter (OGC 09-026r2 §8.3).
    fn check_operand(&self, operator: &Element) -> Result<()> {
        let names = ["PropertyName", "ValueReference"];
        for operand in operator.elements() {
            if names.contains(&operand.name.as_str())
                && reference(&operand.text(), self.layer, self.kind)? != Reference::Geometry
            {
                return Err(Error::parameter(
                    "filter",
                    format!(
                        "<{}> is a condition on the geometry, found the property {:?}",
                        operator.name,
                        operand.text()
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Refuses the id of a feature of another type: it contradicts the query
    /// (OGC 09-025r2 §7.9.2.4.1).
    ///
    /// # Errors
    /// `InvalidParameter`.
    pub fn check_id(&self, id: &str) -> Result<()> {
        match self.scope.feature(id) {
            Some((other, _)) if other.id != self.layer.id => Err(Error::parameter(
                "resourceId",
                format!("{id:?} is no feature of {:?}", self.layer.id),
            )),
            _ => Ok(()),
        }
    }

    /// The id of a feature of this layer in the layer's words; of another, one that no feature
    /// has.
    pub fn own_id(&self, id: &str) -> String {
        match self.scope.feature(id) {
            Some((layer, own)) if layer.id == self.layer.id => format!("{}.{own}", layer.id),
            Some(_) => format!("{}.\u{1}", self.layer.id),
            None => id.to_owned(),
        }
    }

    /// Takes the boxes that every feature must touch out of the filter: as windows they are
    /// exact in their own CRS.
    fn take_boxes(&self, parent: &mut Element, windows: &mut Vec<Window>) -> Result<()> {
        let mut kept = Vec::with_capacity(parent.nodes.len());
        for node in std::mem::take(&mut parent.nodes) {
            match node {
                Node::Element(child) if child.name == "BBOX" => match self.window(&child)? {
                    Some(window) => windows.push(window),
                    None => kept.push(Node::Element(child)),
                },
                Node::Element(mut child) if child.name == "And" => {
                    let had_parts = child.elements().next().is_some();
                    self.take_boxes(&mut child, windows)?;
                    if !had_parts || child.elements().next().is_some() {
                        kept.push(Node::Element(child));
                    }
                }
                other => kept.push(other),
            }
        }
        parent.nodes = kept;
        Ok(())
    }

    /// The window of a `BBOX`; `None` where its shape is for the filter to judge.
    fn window(&self, element: &Element) -> Result<Option<Window>> {
        let Some(boxed) = element.elements().find(|e| gml::is_box(&e.name)) else {
            return Ok(None);
        };
        let bbox = gml::parse_box(boxed).map_err(as_filter)?;
        let srs = match boxed.attribute("srsName") {
            Some(name) => &SrsName::parse(name)?,
            None => self.srs,
        };
        let placed = placed(&bbox, srs, self.version);
        let spans = srs.crs.spans(placed.min_x, placed.max_x).into_iter();
        let boxes = spans.map(|(min_x, max_x)| Bbox {
            min_x,
            max_x,
            ..placed
        });
        Ok(Some(Window {
            boxes: boxes.collect(),
            crs: srs.crs.clone(),
        }))
    }
}

/// Has a condition on the geometry hold only for geometries of that kind; where it is that there
/// is none, for all others too.
fn of_kind(condition: &mut Element, kind: GeometryType) {
    let is_null = condition.name == "PropertyIsNull";
    let (both, compared) = match is_null {
        true => ("Or", "PropertyIsNotEqualTo"),
        false => ("And", "PropertyIsEqualTo"),
    };
    let like = |name: &str, nodes: Vec<Node>| Element {
        name: name.to_owned(),
        attributes: Vec::new(),
        nodes,
        ..condition.clone()
    };
    let text = |name, text: &str| Node::Element(like(name, vec![Node::Text(text.to_owned())]));
    let mut function = like("Function", vec![text("PropertyName", "geom")]);
    function.attributes.push(Attribute {
        name: "name".to_owned(),
        prefix: String::new(),
        value: "geometryType".to_owned(),
    });
    let kind = text("Literal", kind.name());
    let compared = like(compared, vec![Node::Element(function), kind]);
    let parts = vec![Node::Element(condition.clone()), Node::Element(compared)];
    *condition = like(both, parts);
}

fn as_filter(error: Error) -> Error {
    match error {
        Error::Syntax {
            message,
            line,
            column,
        } => Error::InvalidFilter {
            message: format!("line {line}, column {column}: {message}"),
        },
        other => other,
    }
}

/// A box as the house has it, x before y.
pub fn placed(bbox: &Bbox, srs: &SrsName, version: Version) -> Bbox {
    match srs.is_swapped(version) {
        true => AxisOrder::NorthEast.reorder_bbox(*bbox),
        false => *bbox,
    }
}
