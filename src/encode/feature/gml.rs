//! GML features: 3.2.1 (OGC 07-036) in the simple features profile (OGC 10-100r3), 3.1.1
//! (OGC 03-105r1) and 2.1.2 (OGC 02-069), as WFS and OGC API – Features send them.
//!
//! A feature is an element of the site's namespace with its geometry, then its fields in the
//! order of the schema; a field without a value is left out. What stands around features is
//! given by the protocol, so that one writer serves all collections.

use std::fmt::Write;
use std::sync::Arc;

use super::{FeatureId, FeatureRow, FeatureSet, FeatureWriter, Rest, XmlSchema};
use crate::encode::geojson::push_value;
use crate::encode::gml::{GmlStyle, GmlVersion};
use crate::encode::ink::{Ink, push_whole};
use crate::encode::xml::{element_names, push_attribute, push_name_part, push_text};
use crate::error::Result;
use crate::feature::{FieldType, Value};
use crate::geom::GeometryType;

/// The prefix of the site's namespace.
pub const PREFIX: &str = "cartotheque";

/// Before the number of a feature that comes again.
const AGAIN: &str = "_x_";

/// The namespace of a site that says nothing of itself.
const NAMESPACE: &str = "urn:cartotheque:features";

/// A feature type as XML names it: the one table that schemas, answers and filters go by.
#[derive(Debug, Clone, PartialEq)]
pub struct GmlType {
    pub namespace: String,
    /// Without prefix.
    pub name: String,
    /// The element of the geometry; `None` where none is given.
    pub geometry: Option<(String, GeometryType)>,
    pub fields: Vec<GmlField>,
}

/// A column as an element.
#[derive(Debug, Clone, PartialEq)]
pub struct GmlField {
    /// The number in the store's schema.
    pub column: usize,
    /// The name of the column.
    pub name: String,
    /// The name of the element, without prefix.
    pub element: String,
    pub kind: FieldType,
}

impl GmlType {
    /// The type of that name with these columns: number, name, type.
    pub fn new<'a>(
        namespace: &str,
        name: &str,
        geometry: Option<GeometryType>,
        fields: impl Iterator<Item = (usize, &'a str, FieldType)> + Clone,
    ) -> GmlType {
        // the geometry comes first in line for a name, after those that are what they are
        const GEOMETRY: [&str; 4] = ["geom", "geometry", "the_geom", "geom_"];
        let elements = element_names(fields.clone().map(|(_, name, _)| name));
        let is_free = |name: &&&str| elements.iter().all(|element| element != **name);
        let free = GEOMETRY.iter().find(is_free).copied();
        let geometry_name = free.unwrap_or("cartotheque_geom");
        GmlType {
            namespace: match namespace {
                "" => NAMESPACE.to_owned(),
                namespace => namespace.to_owned(),
            },
            name: name.to_owned(),
            geometry: geometry.map(|kind| (geometry_name.to_owned(), kind)),
            fields: fields
                .zip(&elements)
                .map(|((column, name, kind), element)| GmlField {
                    column,
                    name: name.to_owned(),
                    element: element.clone(),
                    kind,
                })
                .collect(),
        }
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
    fn push_occurrence(out: &mut String, occurrence: u32) {
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

    /// Appends the declarations of a root element: namespaces and where their schemas are. `own`
    /// are those of the elements around features: prefix, namespace, schema.
    pub fn push_declarations(
        &self,
        out: &mut String,
        version: GmlVersion,
        own: &[[&str; 3]],
        schema: &XmlSchema,
    ) {
        let mut locations = String::new();
        for [prefix, namespace, location] in own {
            push_attribute(out, &format!("xmlns:{prefix}"), namespace);
            let _ = write!(locations, "{namespace} {location} ");
        }
        push_attribute(out, "xmlns:gml", version.namespace());
        push_attribute(out, &format!("xmlns:{PREFIX}"), &self.namespace);
        push_attribute(
            out,
            "xmlns:xsi",
            "http://www.w3.org/2001/XMLSchema-instance",
        );
        if !schema.location.is_empty() {
            let _ = write!(locations, "{} {}", self.namespace, schema.location);
        }
        if !locations.is_empty() {
            push_attribute(out, "xsi:schemaLocation", locations.trim_end());
        }
    }
}

/// What stands around the features of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GmlFrame {
    /// Before the first feature.
    pub head: String,
    /// Before each feature.
    pub before: String,
    /// After each feature.
    pub after: String,
    /// After the last feature.
    pub tail: String,
    /// Attributes of each feature's own element: declarations, where it stands alone.
    pub attributes: String,
}

/// What is given of each feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GmlContent {
    /// The feature.
    Whole,
    /// The elements of one property, without the feature around them; the geometry is `None`.
    Property(Option<usize>),
    /// The feature's id, as text.
    Id,
}

/// Writes features as GML.
#[derive(Debug)]
pub struct GmlWriter {
    kind: Arc<GmlType>,
    /// The feature's own element: what is before its id, what is behind it, its end.
    tags: [String; 3],
    frame: GmlFrame,
    content: GmlContent,
    style: GmlStyle,
    geometry: Option<(String, String, GeometryType)>,
    fields: Vec<Column>,
    /// The id of the feature that is written: kept for its memory.
    id: String,
}

/// A field, with the tags around it.
#[derive(Debug)]
struct Column {
    number: usize,
    kind: FieldType,
    open: String,
    close: String,
}

impl GmlWriter {
    /// A writer of features in the version and CRS of `style`. `fields` are the columns that are
    /// given, in the order of the type.
    pub fn new(
        kind: Arc<GmlType>,
        style: GmlStyle,
        frame: GmlFrame,
        content: GmlContent,
        is_given: impl Fn(usize) -> bool,
    ) -> GmlWriter {
        let tags = |element: &str| {
            (
                format!("<{PREFIX}:{element}>"),
                format!("</{PREFIX}:{element}>"),
            )
        };
        let id = match style.version {
            GmlVersion::V212 => " fid",
            GmlVersion::V311 | GmlVersion::V321 => " gml:id",
        };
        let fields = kind.fields.iter().filter(|field| is_given(field.column));
        GmlWriter {
            tags: [
                format!("<{PREFIX}:{}{id}=\"", kind.name),
                format!("\"{}>", frame.attributes),
                format!("</{PREFIX}:{}>", kind.name),
            ],
            geometry: kind.geometry.as_ref().map(|(name, kind)| {
                let (open, close) = tags(name);
                (open, close, *kind)
            }),
            fields: fields
                .map(|field| {
                    let (open, close) = tags(&field.element);
                    Column {
                        number: field.column,
                        kind: field.kind,
                        open,
                        close,
                    }
                })
                .collect(),
            id: String::new(),
            kind,
            frame,
            content,
            style,
        }
    }

    fn push_feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) {
        let [open, opened, _] = &self.tags;
        out.put(open);
        out.put(&self.id);
        out.put(opened);
        self.push_geometry(row, out);
        for column in &self.fields {
            push_field(out, column, &row.feature.value(column.number));
        }
        let [.., close] = &self.tags;
        out.put(close);
    }

    fn push_geometry(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) {
        if let (Some((open, close, declared)), Some(geometry)) = (&self.geometry, row.geometry) {
            out.put(open);
            // a text of the data may end like this
            self.id.push_str(match row.id {
                FeatureId::Text(_) | FeatureId::Marked(_) => "_x_geom",
                FeatureId::Integer(_) | FeatureId::Position(_) => ".geom",
            });
            self.style.push_typed(out, geometry, *declared, &self.id);
            out.put(close);
        }
    }
}

impl FeatureWriter for GmlWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.put(&self.frame.head);
        Ok(())
    }

    fn feature(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        self.id.clear();
        self.kind.push_id(&mut self.id, row.id);
        GmlType::push_occurrence(&mut self.id, row.occurrence);
        out.put(&self.frame.before);
        match self.content {
            GmlContent::Whole => self.push_feature(row, out),
            GmlContent::Property(None) => self.push_geometry(row, out),
            GmlContent::Property(Some(number)) => {
                for column in self.fields.iter().filter(|c| c.number == number) {
                    push_field(out, column, &row.feature.value(number));
                }
            }
            GmlContent::Id => out.put(&self.id),
        }
        out.put(&self.frame.after);
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        out.put(&self.frame.tail);
        Ok(Rest::Done)
    }
}

/// A field in the lexical form of its XML Schema type; nothing where it has no value.
fn push_field(out: &mut Vec<u8>, column: &Column, value: &Value<'_>) {
    let from = out.len();
    out.put(&column.open);
    match value {
        Value::Null => return out.truncate(from),
        Value::Float(f) if !f.is_finite() => out.put(match f {
            f if f.is_nan() => "NaN",
            f if *f > 0.0 => "INF",
            _ => "-INF",
        }),
        Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) => {
            push_value(out, value, FieldType::Integer);
        }
        Value::Text(text) | Value::Json(text) => push_text(out, text),
        Value::DateTime(text) => match schema_time(text, column.kind) {
            Some(time) => push_text(out, &time),
            // no moment: a text that a client would refuse the document for
            None => return out.truncate(from),
        },
        Value::Binary(bytes) => {
            for byte in *bytes {
                out.put_fmt(format_args!("{byte:02X}"));
            }
        }
    }
    out.put(&column.close);
}

/// A date or a moment as XML Schema writes it (Part 2 §3.2.7, §3.2.9): in UTC where the source
/// says no zone. `None` where the text is none, or none of the calendar.
fn schema_time(text: &str, kind: FieldType) -> Option<std::borrow::Cow<'_, str>> {
    use std::borrow::Cow;
    let text = text.trim();
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, ""),
    };
    // GDAL writes a time without a date on the day 0000-00-00; XML Schema has no year 0 either
    let is_date = is_shaped(date, b"0000-00-00")
        && !date.starts_with("0000")
        && date.parse::<jiff::civil::Date>().is_ok();
    if !is_date || kind == FieldType::Date {
        return is_date.then_some(Cow::Borrowed(date));
    }
    if time.is_empty() {
        return Some(Cow::Owned(format!("{date}T00:00:00Z")));
    }
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone_at)?;
    let (clock, zone) = (clock.trim(), zone.trim());
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let is_clock = is_shaped(whole, b"00:00:00")
        && !whole.ends_with("60")
        && whole.parse::<jiff::civil::Time>().is_ok()
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit());
    let sign = zone.get(..1).unwrap_or_default();
    let zone = match zone {
        "" | "Z" | "z" => "Z".to_owned(),
        zone if is_shaped(zone.get(1..)?, b"00:00") => zone.to_owned(),
        zone if is_shaped(zone.get(1..)?, b"00") => format!("{zone}:00"),
        zone if is_shaped(zone.get(1..)?, b"0000") => {
            format!("{sign}{}:{}", zone.get(1..3)?, zone.get(3..5)?)
        }
        _ => return None,
    };
    let is_zone = zone == "Z" || zone.get(1..)? <= "14:00" && zone.get(4..)? < "60";
    (is_clock && is_zone).then(|| Cow::Owned(format!("{date}T{clock}{zone}")))
}

/// True where `text` has a digit wherever `shape` has `0`, and the same elsewhere.
fn is_shaped(text: &str, shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(b, s)| match s {
            b'0' => b.is_ascii_digit(),
            s => b == *s,
        })
}

/// A collection of features as OGC API – Features Part 1 has it (17-069r4 §8.4).
///
/// # Errors
/// None today; formats of one kind share their signature.
pub fn api_writer(set: &FeatureSet, is_alone: bool) -> Result<GmlWriter> {
    const CORE: [&str; 3] = [
        "sf",
        "http://www.opengis.net/ogcapi-features-1/1.0/sf",
        "http://schemas.opengis.net/ogcapi/features/part1/1.0/xml/core-sf.xsd",
    ];
    let fields = set
        .fields
        .iter()
        .map(|f| (f.column, f.name.as_str(), f.kind));
    let name = element_names([set.name.as_str()]).remove(0);
    let kind = GmlType::new(&set.schema.namespace, &name, set.geometry, fields);
    let mut declarations = String::new();
    let own: &[[&str; 3]] = if is_alone { &[] } else { &[CORE] };
    kind.push_declarations(&mut declarations, GmlVersion::V321, own, &set.schema);
    const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let frame = match is_alone {
        true => GmlFrame {
            head: XML.to_owned(),
            attributes: declarations,
            tail: "\n".to_owned(),
            ..GmlFrame::default()
        },
        false => GmlFrame {
            head: format!("{XML}<sf:FeatureCollection{declarations}>\n"),
            before: "<sf:featureMember>".to_owned(),
            after: "</sf:featureMember>\n".to_owned(),
            tail: "</sf:FeatureCollection>\n".to_owned(),
            attributes: String::new(),
        },
    };
    let style = GmlStyle::new(
        GmlVersion::V321,
        &set.crs.uri(),
        set.is_swapped,
        set.decimals(),
    );
    Ok(GmlWriter::new(
        Arc::new(kind),
        style,
        frame,
        GmlContent::Whole,
        |_| true,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_the_form_of_xml_schema_or_are_left_out() {
        let moment = |text| schema_time(text, FieldType::DateTime).map(|t| t.into_owned());
        for (text, expected) in [
            ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z"),
            ("2020-01-02T03:04:05", "2020-01-02T03:04:05Z"),
            ("2020-01-02 03:04:05.25+01", "2020-01-02T03:04:05.25+01:00"),
            ("2020-01-02T03:04:05-0230", "2020-01-02T03:04:05-02:30"),
            ("2020-01-02", "2020-01-02T00:00:00Z"),
        ] {
            assert_eq!(moment(text).as_deref(), Some(expected), "{text}");
        }
        for none in [
            "",
            "x",
            "2020",
            "2020-01-02T",
            "2020-01-02T25",
            "2020-01-02T03:04:05+é",
            "2020/01/02",
            "0000-00-00T06:00:00",
            "2020-02-30",
            "2020-01-02T24:30:00",
            "2020-01-02T23:59:60",
            "2020-01-02T03:04:05+15:00",
            "2020-01-02T03:04:05+01:60",
        ] {
            assert!(
                moment(none).is_none_or(|m| m == "2020-01-02T00:00:00Z"),
                "{none}"
            );
        }
        let date = schema_time("2020-01-02T00:00:00Z", FieldType::Date);
        assert_eq!(date.as_deref(), Some("2020-01-02"));
    }

    #[test]
    fn the_geometry_takes_a_name_that_no_column_has() {
        let fields = [(0, "geom", FieldType::Text), (1, "a b", FieldType::Float)];
        let kind = GmlType::new("", "t", Some(GeometryType::Point), fields.into_iter());
        assert_eq!(
            kind.geometry,
            Some(("geometry".into(), GeometryType::Point))
        );
        assert_eq!(kind.fields[1].element, "a_b");
    }
}
