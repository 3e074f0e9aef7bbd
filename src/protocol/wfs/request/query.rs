//! Queries with their names resolved: what the query core is asked.

use std::sync::Arc;

use super::asked::{Adhoc, Asked, AskedQuery, Condition, Operation};
use super::filter::{FilterReader, Reference, reference};
use crate::catalogue::Layer;
use crate::crs::Crs;
use crate::encode::feature::FeatureFormat;
use crate::encode::feature::gml::{GmlContent, GmlType};
use crate::encode::gml::GmlVersion;
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::operation::features::{FeatureQuery, JoinOn, SortKey, Window};
use crate::protocol::ows::default_crs;
use crate::protocol::wfs::scope::Scope;
use crate::protocol::wfs::srs::SrsName;
use crate::protocol::wfs::{Version, stored};
use crate::query::{Expr, Filter};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Gml(GmlVersion),
    Other(FeatureFormat),
}

impl Output {
    /// The format of a name, in the words of any version and of GeoServer.
    ///
    /// # Errors
    /// `InvalidFormat`.
    pub fn parse(text: Option<&str>, version: Version) -> Result<Output> {
        let Some(text) = text else {
            return Ok(Output::Gml(version.gml()));
        };
        let plain: String = text
            .to_ascii_lowercase()
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let gml = match plain.as_str() {
            "text/xml"
            | "application/xml"
            | "xml"
            | "xmlschema"
            | "application/gml+xml"
            | "gml"
            | "text/xml;charset=utf-8" => Some(version.gml()),
            "gml32" | "gml3.2" | "gml3.2.1" => Some(GmlVersion::V321),
            "gml3" | "gml31" | "gml311" | "gml3.1.1" => Some(GmlVersion::V311),
            "gml2" | "gml212" | "gml2.1.2" => Some(GmlVersion::V212),
            parts if parts.contains("gml/3.2") || parts.contains("version=3.2") => {
                Some(GmlVersion::V321)
            }
            parts if parts.contains("gml/3") || parts.contains("version=3") => {
                Some(GmlVersion::V311)
            }
            parts if parts.contains("gml/2") || parts.contains("version=2") => {
                Some(GmlVersion::V212)
            }
            _ => None,
        };
        if let Some(gml) = gml {
            return Ok(Output::Gml(gml));
        }
        let plain = match plain.as_str() {
            "geojson" | "application/vnd.geo+json" => "json",
            // MapServer has `application/json; subtype=geojson`
            json if json.starts_with("application/json") => "json",
            "shape-zip" | "shapezip" => "shp",
            plain => plain,
        };
        let without_parameters = |media_type: &'static str| media_type.split(';').next();
        Output::others()
            .find(|format| {
                [format.name(), format.extension()].contains(&plain)
                    || without_parameters(format.media_type()) == plain.split(';').next()
            })
            .map(Output::Other)
            .ok_or_else(|| {
                let names: Vec<&str> = Output::others().map(FeatureFormat::name).collect();
                Error::InvalidFormat {
                    format: text.to_owned(),
                    expected: format!(
                        "application/gml+xml; version=3.2, text/xml; subtype=gml/3.1.1, \
                         text/xml; subtype=gml/2.1.2, {}",
                        names.join(", ")
                    ),
                }
            })
    }

    /// The formats beside GML.
    pub fn others() -> impl Iterator<Item = FeatureFormat> {
        let is_other = |format: &FeatureFormat| !matches!(format, FeatureFormat::Gml32(_));
        FeatureFormat::ALL.into_iter().filter(is_other)
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Output::Gml(GmlVersion::V321) => "application/gml+xml; version=3.2",
            Output::Gml(GmlVersion::V311) => "text/xml; subtype=gml/3.1.1",
            Output::Gml(GmlVersion::V212) => "text/xml; subtype=gml/2.1.2",
            // what WFS clients know it by
            Output::Other(FeatureFormat::GeoJson) => "application/json",
            Output::Other(format) => format.media_type(),
        }
    }
}

/// One query, of one type.
#[derive(Debug, Clone)]
pub struct Query {
    pub kind: Arc<GmlType>,
    pub find: FeatureQuery,
    /// The CRS that was asked for, by the name that it was asked by.
    pub srs: SrsName,
    /// The columns that are given, in the order of the type.
    pub columns: Vec<usize>,
    /// What is given of each feature.
    pub content: GmlContent,
}

/// What a GetFeature or GetPropertyValue asks for.
#[derive(Debug, Clone)]
pub struct Selected {
    pub queries: Vec<Query>,
    pub output: Output,
    /// The one feature, by itself: `GetFeatureById`.
    pub is_alone: bool,
    /// What joins the types of the first two queries, where these are a join; else nothing.
    pub on: Vec<JoinOn>,
}

/// What one request is read with.
#[derive(Debug)]
pub struct Reader<'a> {
    pub scope: &'a Scope<'a>,
    pub asked: &'a Asked,
}

impl Reader<'_> {
    /// Resolves the queries.
    ///
    /// # Errors
    /// `LayerNotDefined`, `FieldNotDefined`, `InvalidParameter`, `InvalidFilter`, `InvalidCrs`,
    /// `InvalidFormat`; `NotFound` for the id of a feature that is of no type.
    pub fn selected(&self) -> Result<Selected> {
        let output = Output::parse(self.asked.output_format.as_deref(), self.asked.version)?;
        let mut queries = Vec::new();
        let mut is_alone = false;
        let mut joins = Vec::new();
        for asked in &self.asked.queries {
            match asked {
                AskedQuery::Adhoc(adhoc) => {
                    for adhoc in self.of_one_type(adhoc)? {
                        queries.push(self.query(&adhoc, output)?);
                    }
                }
                AskedQuery::Stored { id, parameters } => {
                    let expanded = stored::expand(self.scope, id, parameters)?;
                    is_alone |= expanded.is_alone;
                    queries.push(self.query(&expanded.query, output)?);
                }
                AskedQuery::Join(_) if self.asked.queries.len() > 1 => {
                    return Err(Error::parameter(
                        "typeNames",
                        "a join is the only query of its request: expected no other",
                    ));
                }
                AskedQuery::Join(asked) => {
                    let (both, on) = self.join(asked, output)?;
                    queries.extend(both);
                    joins = on;
                }
            }
        }
        Ok(Selected {
            is_alone: is_alone && queries.len() == 1,
            queries,
            output,
            on: joins,
        })
    }

    /// The query once for each type: where only ids are given, they tell the types.
    fn of_one_type(&self, adhoc: &Adhoc) -> Result<Vec<Adhoc>> {
        if adhoc.type_name.is_some() {
            return Ok(vec![adhoc.clone()]);
        }
        let mut types: Vec<(Arc<Layer>, Vec<String>)> = Vec::new();
        for id in ids(adhoc) {
            let (layer, _) = self.scope.feature(id).ok_or_else(|| {
                Error::parameter(
                    "resourceId",
                    format!("expected the id of a feature, such as type.12, found {id:?}"),
                )
            })?;
            match types.iter_mut().find(|(known, _)| known.id == layer.id) {
                Some((_, ids)) => ids.push(id.to_owned()),
                None => types.push((layer, vec![id.to_owned()])),
            }
        }
        if types.is_empty() {
            return Err(Error::MissingParameter {
                name: "typeNames".into(),
                expected: "the name of a feature type".into(),
            });
        }
        let others = adhoc.conditions.iter().filter(|other| !is_of_ids(other));
        let others: Vec<Condition> = others.cloned().collect();
        Ok(types
            .into_iter()
            .map(|(layer, ids)| Adhoc {
                type_name: Some(self.scope.type_name(&layer).to_owned()),
                conditions: [vec![Condition::Ids(ids)], others.clone()].concat(),
                ..adhoc.clone()
            })
            .collect())
    }

    pub(super) fn query(&self, adhoc: &Adhoc, output: Output) -> Result<Query> {
        let layer = self
            .scope
            .layer(adhoc.type_name.as_deref().unwrap_or_default())?;
        let kind = Arc::new(self.scope.gml_type(&layer));
        let srs_asked = adhoc.srs_name.as_deref().map(SrsName::parse).transpose()?;
        let srs = match &srs_asked {
            Some(srs) => srs.clone(),
            None => SrsName::of(default_crs(&layer)),
        };
        let mut find = FeatureQuery::all(&layer);
        find.crs = written_crs(&srs, srs_asked.is_some(), output);
        let filters = FilterReader {
            scope: self.scope,
            layer: &layer,
            kind: &kind,
            version: self.asked.version,
            srs: &srs,
        };
        let mut parts = Vec::new();
        for condition in &adhoc.conditions {
            match condition {
                Condition::Filter(element) => {
                    let (windows, filter) = filters.read(element.clone())?;
                    find.windows.extend(windows);
                    parts.extend(filter);
                }
                Condition::Cql(text) => parts.push(filters.read_cql(text)?),
                Condition::Ids(ids) => parts.push(self.ids(ids, &filters)?),
                Condition::Bbox(text) => {
                    find.windows.push(window(text, &srs, self.asked.version)?);
                }
            }
        }
        for term in &adhoc.sort {
            match of_parameter("sortBy", reference(&term.property, &layer, &kind))? {
                Reference::Field(field) => find.sort.push(SortKey {
                    column: field.column,
                    is_descending: term.is_descending,
                }),
                Reference::Id => match layer.id_column {
                    Some(column) => find.sort.push(SortKey {
                        column,
                        is_descending: term.is_descending,
                    }),
                    // ids that are positions are the order that there is
                    None if !term.is_descending => {}
                    None => {
                        return Err(Error::parameter(
                            "sortBy",
                            format!(
                                "the ids of {:?} are positions: expected ASC, found DESC",
                                layer.id
                            ),
                        ));
                    }
                },
                // nobody has it, so everybody is equal
                Reference::Inherited => {}
                Reference::Geometry => {
                    return Err(Error::parameter(
                        "sortBy",
                        format!("a geometry has no order, found {:?}", term.property),
                    ));
                }
            }
        }
        let (columns, content) = self.given(adhoc, &layer, &kind, &mut find, &mut parts)?;
        find.filter = match parts.len() {
            0 => None,
            1 => parts.pop(),
            _ => Some(Filter::And(parts)),
        };
        Ok(Query {
            kind,
            find,
            srs,
            columns,
            content,
        })
    }

    /// What is given of each feature. A value that is asked for must be there: what has none is
    /// not counted.
    fn given(
        &self,
        adhoc: &Adhoc,
        layer: &Layer,
        kind: &GmlType,
        find: &mut FeatureQuery,
        parts: &mut Vec<Filter>,
    ) -> Result<(Vec<usize>, GmlContent)> {
        let all = || kind.fields.iter().map(|field| field.column).collect();
        if self.asked.operation == Operation::GetPropertyValue {
            let Some(text) = self.asked.value_reference.as_deref() else {
                return Err(Error::MissingParameter {
                    name: "valueReference".into(),
                    expected: "the name of a property".into(),
                });
            };
            if text.trim().is_empty() {
                return Err(Error::parameter(
                    "valueReference",
                    "expected the name of a property, found nothing",
                ));
            }
            find.with_geometry = false;
            let found = of_parameter("valueReference", reference(text, layer, kind))?;
            return Ok(match found {
                Reference::Field(field) => {
                    let value = Expr::Property(field.name.clone());
                    parts.push(Filter::Not(Box::new(Filter::IsNull(value))));
                    (vec![field.column], GmlContent::Property(Some(field.column)))
                }
                // a filter may be on it, but no feature has one written
                Reference::Geometry if is_bounds(text, kind) => {
                    parts.push(Filter::Or(Vec::new()));
                    (Vec::new(), GmlContent::Id)
                }
                Reference::Geometry => {
                    find.with_geometry = true;
                    parts.push(Filter::Not(Box::new(Filter::IsNull(Expr::Geometry))));
                    (Vec::new(), GmlContent::Property(None))
                }
                Reference::Id => (Vec::new(), GmlContent::Id),
                Reference::Inherited => {
                    parts.push(Filter::Or(Vec::new()));
                    (Vec::new(), GmlContent::Id)
                }
            });
        }
        if adhoc.properties.is_empty() {
            return Ok((all(), GmlContent::Whole));
        }
        let mut named = Vec::new();
        find.with_geometry = false;
        for name in &adhoc.properties {
            match of_parameter("propertyName", reference(name, layer, kind))? {
                Reference::Field(field) => named.push(field.column),
                Reference::Geometry => find.with_geometry = true,
                Reference::Id | Reference::Inherited => {}
            }
        }
        // what must be there comes, whatever is asked for (OGC 09-025r2 §7.9.2.4.1, OGC 04-094 §9.2)
        let fields = kind.fields.iter();
        let given = fields.filter(|f| f.is_required || named.contains(&f.column));
        Ok((given.map(|f| f.column).collect(), GmlContent::Whole))
    }

    /// Ids of features, all of this query's type.
    fn ids(&self, ids: &[String], filters: &FilterReader<'_>) -> Result<Filter> {
        for id in ids {
            filters.check_id(id)?;
        }
        let own = ids.iter().map(|id| filters.own_id(id));
        Ok(Filter::Ids(own.collect()))
    }
}

/// True for the box of features, and no geometry of that name.
fn is_bounds(reference: &str, kind: &GmlType) -> bool {
    let step = reference
        .trim()
        .rsplit(['/', ':'])
        .next()
        .unwrap_or_default();
    step.eq_ignore_ascii_case("boundedBy") && kind.geometries.iter().all(|(name, _)| name != step)
}

/// The names that an element of a filter has for an id.
const ID_ATTRIBUTES: [&str; 3] = ["rid", "fid", "id"];

/// True for a condition that is nothing but ids.
fn is_of_ids(condition: &Condition) -> bool {
    match condition {
        Condition::Ids(_) => true,
        Condition::Filter(element) => element.elements().all(|inner| {
            let mut names = ID_ATTRIBUTES.iter();
            names.any(|name| inner.attribute(name).is_some())
        }),
        Condition::Cql(_) | Condition::Bbox(_) => false,
    }
}

/// The ids that a query names, in whatever notation.
fn ids(adhoc: &Adhoc) -> Vec<&str> {
    let mut ids = Vec::new();
    for condition in &adhoc.conditions {
        match condition {
            Condition::Ids(list) => ids.extend(list.iter().map(String::as_str)),
            Condition::Filter(element) => {
                for inner in element.elements() {
                    let mut names = ID_ATTRIBUTES.iter();
                    ids.extend(names.find_map(|name| inner.attribute(name)));
                }
            }
            Condition::Cql(_) | Condition::Bbox(_) => {}
        }
    }
    ids
}

/// The CRS that an output is written in.
fn written_crs(srs: &SrsName, is_asked: bool, output: Output) -> Crs {
    match output {
        Output::Other(FeatureFormat::GeoJson) if !is_asked || srs.crs.id() == "EPSG:4326" => {
            Crs::crs84()
        }
        Output::Other(format) => format.crs(&srs.crs),
        Output::Gml(_) => srs.crs.clone(),
    }
}

/// `BBOX`: two corners, of two or three numbers each, then maybe their CRS
/// (OGC 06-121r3 §10.2.3).
fn window(text: &str, default: &SrsName, version: Version) -> Result<Window> {
    let wrong = |message: String| Error::parameter("bbox", format!("{message}, found {text:?}"));
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    let number = |field: &&str| field.parse::<f64>().ok().filter(|n| n.is_finite());
    let numbers: Vec<f64> = fields.iter().map_while(number).collect();
    let [a, b, c, d] = match *numbers.as_slice() {
        [a, b, c, d] | [a, b, _, c, d, _] => [a, b, c, d],
        _ => {
            let count = numbers.len();
            return Err(wrong(format!(
                "expected 4 numbers, lower corner first, and maybe a CRS, not {count}"
            )));
        }
    };
    let srs = match fields.get(numbers.len()..) {
        Some([name]) if !name.is_empty() => SrsName::parse(name)?,
        Some([] | [_]) | None => default.clone(),
        Some(_) => return Err(wrong("expected one CRS after the numbers".into())),
    };
    let [[x1, y1], [x2, y2]] = match srs.is_swapped(version) {
        true => [[b, a], [d, c]],
        false => [[a, b], [c, d]],
    };
    let boxes = srs.crs.spans(x1, x2).into_iter().map(|(west, east)| {
        Bbox::new(west, y1, east, y2)
            .ok_or_else(|| wrong("expected each minimum below its maximum".into()))
    });
    Ok(Window {
        boxes: boxes.collect::<Result<_>>()?,
        crs: srs.crs,
    })
}

/// A reference that a parameter holds: where it means nothing, that parameter is to blame.
fn of_parameter<'a>(name: &str, found: Result<Reference<'a>>) -> Result<Reference<'a>> {
    found.map_err(|error| match error {
        Error::FieldNotDefined { .. } => Error::parameter(name, error.to_string()),
        other => other,
    })
}
