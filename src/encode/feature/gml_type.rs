//! Feature types as XML names them.

use std::fmt::Write;

use super::FeatureId;
use crate::catalogue::{GeometryNames, Namespace};
use crate::encode::gml::GmlVersion;
use crate::encode::ink::push_whole;
use crate::encode::xml::{element_names, push_attribute, push_name_part};
use crate::feature::FieldType;
use crate::geom::GeometryType;

/// Before the number of a feature that comes again.
const AGAIN: &str = "_x_";

/// The properties of `gml:AbstractFeatureType` that a column may be, in the order of its schema
/// (OGC 03-105r1 §7.2.2, OGC 07-036 §7.2.2): before any of the feature's own.
pub const INHERITED: [&str; 2] = ["gml:description", "gml:name"];

/// What a column of ids may be: the feature's own id in XML, and no element.
pub const ID: &str = "gml:id";

/// A feature type as XML names it: the one table that schemas, answers and filters go by.
#[derive(Debug, Clone, PartialEq)]
pub struct GmlType {
    pub namespace: Namespace,
    /// Without prefix.
    pub name: String,
    /// The elements that the geometry may stand in: the first of its kind, else the last. None
    /// where none is given.
    pub geometries: Vec<(String, GeometryType)>,
    pub fields: Vec<GmlField>,
}

/// A column as an element.
#[derive(Debug, Clone, PartialEq)]
pub struct GmlField {
    /// The number in the store's schema.
    pub column: usize,
    /// The name of the column.
    pub name: String,
    /// The name of the element, without prefix but for one of [`INHERITED`].
    pub element: String,
    pub kind: FieldType,
    /// True where every feature has it, nil where it has no value.
    pub is_required: bool,
}

/// A column that is to be an element.
#[derive(Debug, Clone, Copy)]
pub struct GmlColumn<'a> {
    pub column: usize,
    pub name: &'a str,
    /// The name in XML; `None` is the column's, as far as XML can hold it.
    pub element: Option<&'a str>,
    pub kind: FieldType,
    pub is_required: bool,
}

impl GmlType {
    /// The type of that name with these columns.
    pub fn new<'a>(
        namespace: Namespace,
        name: &str,
        geometry: Option<(GeometryType, &GeometryNames)>,
        columns: impl Iterator<Item = GmlColumn<'a>> + Clone,
    ) -> GmlType {
        let elements = element_names(columns.clone().map(|c| c.element.unwrap_or(c.name)));
        GmlType {
            geometries: geometry.map_or_else(Vec::new, |(kind, names)| {
                geometry_elements(kind, names, &elements)
            }),
            namespace,
            name: name.to_owned(),
            fields: columns
                .zip(elements)
                .map(|(column, element)| GmlField {
                    column: column.column,
                    name: column.name.to_owned(),
                    element: match column.element {
                        Some(own) if INHERITED.contains(&own) => own.to_owned(),
                        _ => element,
                    },
                    kind: column.kind,
                    is_required: column.is_required,
                })
                .collect(),
        }
    }

    /// The fields that are inherited from GML, in its order, or those that are not.
    pub fn fields_of(&self, is_inherited: bool) -> impl Iterator<Item = &GmlField> {
        let rank = |field: &GmlField| INHERITED.iter().position(|name| *name == field.element);
        let mut fields: Vec<&GmlField> = self.fields.iter().collect();
        fields.retain(|field| rank(field).is_some() == is_inherited);
        fields.sort_by_key(|field| rank(field));
        fields.into_iter()
    }

    /// The id of a feature in XML: of the type's name and the feature's own id.
    pub fn push_id(&self, out: &mut String, id: FeatureId<'_>) {
        out.push_str(&self.name);
        out.push('.');
        match id {
            FeatureId::Integer(number) => {
                push_whole(out, number);
            }
            FeatureId::Text(text) => push_name_part(out, text),
            id => push_name_part(out, &id.to_string()),
        }
    }

    /// The same of a feature that comes again in a document: an id may stand in it once (XML Schema
    /// Part 2 §3.3.8). No id of a feature has such an end, because `_x` is written otherwise.
    pub(super) fn push_occurrence(out: &mut String, occurrence: u32) {
        if occurrence > 1 {
            out.push_str(AGAIN);
            push_whole(out, i64::from(occurrence));
        }
    }

    /// An id of a document without what says that it is not the first of it.
    pub fn without_occurrence(id: &str) -> &str {
        match id.rsplit_once(AGAIN) {
            Some((id, number)) if number.bytes().all(|b| b.is_ascii_digit()) => id,
            _ => id,
        }
    }
}

/// Appends the declarations of a root element: namespaces and where their schemas are. `own` are
/// those of the elements around features (prefix, namespace, schema), `schemas` those of features,
/// each once; a location that is empty is not told.
pub fn push_declarations<'a>(
    out: &mut String,
    version: GmlVersion,
    own: &[[&str; 3]],
    schemas: impl IntoIterator<Item = (&'a Namespace, &'a str)>,
) {
    let mut locations = String::new();
    for [prefix, namespace, location] in own {
        push_attribute(out, &format!("xmlns:{prefix}"), namespace);
        let _ = write!(locations, "{namespace} {location} ");
    }
    push_attribute(out, "xmlns:gml", version.namespace());
    for (namespace, location) in schemas {
        push_attribute(out, &format!("xmlns:{}", namespace.prefix), &namespace.uri);
        if !location.is_empty() {
            let _ = write!(locations, "{} {location} ", namespace.uri);
        }
    }
    push_attribute(
        out,
        "xmlns:xsi",
        "http://www.w3.org/2001/XMLSchema-instance",
    );
    if !locations.is_empty() {
        push_attribute(out, "xsi:schemaLocation", locations.trim_end());
    }
}

/// The elements of a geometry of that kind: one, or, where the kind is not known, one for each
/// that has a name.
fn geometry_elements(
    kind: GeometryType,
    names: &GeometryNames,
    columns: &[String],
) -> Vec<(String, GeometryType)> {
    // the geometry comes first in line for a name, after those that are what they are
    const GEOMETRY: [&str; 4] = ["geom", "geometry", "the_geom", "geom_"];
    let is_free = |name: &&&str| columns.iter().all(|element| element != **name);
    let free = GEOMETRY.iter().find(is_free).copied();
    let usual = (free.unwrap_or("cartotheque_geom").to_owned(), kind);
    match names {
        GeometryNames::Usual => vec![usual],
        GeometryNames::One(name) => vec![(name.clone(), kind)],
        GeometryNames::ByKind(names) => {
            let is_wanted = |of: GeometryType| of == kind || kind == GeometryType::Unknown;
            let mut elements: Vec<(String, GeometryType)> = names
                .iter()
                .filter(|(of, _)| is_wanted(*of))
                .map(|(of, name)| (name.clone(), *of))
                .collect();
            if elements.is_empty() || kind == GeometryType::Unknown {
                elements.push(usual);
            }
            elements
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_geometry_takes_a_name_that_no_column_has() {
        let kind = typed(GeometryType::Point, &GeometryNames::Usual);
        assert_eq!(kind.geometries, [("geometry".into(), GeometryType::Point)]);
        assert_eq!(kind.fields[1].element, "a_b");
    }

    /// A type with a text `geom`, a number `a b`, and `nom` that is the feature's name.
    fn typed(kind: GeometryType, names: &GeometryNames) -> GmlType {
        let columns = [("geom", None), ("a b", None), ("nom", Some("gml:name"))];
        let columns = columns.into_iter().enumerate();
        let columns = columns.map(|(column, (name, element))| GmlColumn {
            column,
            name,
            element,
            kind: FieldType::Text,
            is_required: false,
        });
        GmlType::new(Namespace::default(), "t", Some((kind, names)), columns)
    }

    #[test]
    fn a_geometry_of_any_kind_has_an_element_for_each_that_is_named_and_one_for_the_rest() {
        let names = GeometryNames::ByKind(vec![
            (GeometryType::Polygon, "surface".into()),
            (GeometryType::Point, "point".into()),
        ]);
        let of = |kind| typed(kind, &names).geometries;
        let (point, any) = (GeometryType::Point, GeometryType::Unknown);
        assert_eq!(of(point), [("point".into(), point)]);
        let line = GeometryType::LineString;
        assert_eq!(of(line), [("geometry".into(), line)]);
        let all = ["surface", "point", "geometry"];
        assert_eq!(
            of(any).iter().map(|(name, _)| name).collect::<Vec<_>>(),
            all
        );
    }

    #[test]
    fn what_gml_has_itself_comes_before_the_feature_s_own() {
        let kind = typed(GeometryType::Point, &GeometryNames::Usual);
        let of = |inherited| -> Vec<String> {
            let fields = kind.fields_of(inherited);
            fields.map(|field| field.element.clone()).collect()
        };
        assert_eq!(of(true), ["gml:name"]);
        assert_eq!(of(false), ["geom", "a_b"]);
    }
}
