//! GML features: 3.2.1 (OGC 07-036) in the simple features profile (OGC 10-100r3), 3.1.1
//! (OGC 03-105r1) and 2.1.2 (OGC 02-069), as WFS and OGC API – Features send them.
//!
//! A feature is an element of the layer's namespace with its geometry, then its fields in the
//! order of the schema; a field without a value is left out, or nil where it must be there. What stands around features is
//! given by the protocol, so that one writer serves all collections.

use std::sync::Arc;

pub use super::gml_type::{GmlColumn, GmlField, GmlType, ID, INHERITED, push_declarations};
use super::{FeatureId, FeatureRow, FeatureSet, FeatureWriter, Rest};
use crate::catalogue::{GeometryNames, Namespace};
use crate::encode::geojson::push_value;
use crate::encode::gml::{GmlStyle, GmlVersion};
use crate::encode::ink::Ink;
use crate::encode::xml::{element_names, push_text};
use crate::error::Result;
use crate::feature::{FieldType, Value};
use crate::geom::GeometryType;

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
    geometries: Vec<(String, String, GeometryType)>,
    /// Those that stand before the geometry.
    inherited: Vec<Column>,
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
    /// What stands for no value: nothing, but where the element must be there.
    nil: String,
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
            let name = kind.namespace.qualified(element);
            (format!("<{name}>"), format!("</{name}>"))
        };
        let id = match style.version {
            GmlVersion::V212 => " fid",
            GmlVersion::V311 | GmlVersion::V321 => " gml:id",
        };
        let columns = |is_inherited: bool| {
            let fields = kind.fields_of(is_inherited);
            let given = fields.filter(|field| is_given(field.column));
            let column = |field: &GmlField| {
                let (open, close) = tags(&field.element);
                let name = kind.namespace.qualified(&field.element);
                Column {
                    number: field.column,
                    kind: field.kind,
                    open,
                    close,
                    nil: match field.is_required && !is_inherited {
                        true => format!("<{name} xsi:nil=\"true\"/>"),
                        false => String::new(),
                    },
                }
            };
            given.map(column).collect()
        };
        let name = kind.namespace.qualified(&kind.name);
        let geometries = kind.geometries.iter().map(|(name, kind)| {
            let (open, close) = tags(name);
            (open, close, *kind)
        });
        GmlWriter {
            tags: [
                format!("<{name}{id}=\""),
                format!("\"{}>", frame.attributes),
                format!("</{name}>"),
            ],
            geometries: geometries.collect(),
            inherited: columns(true),
            fields: columns(false),
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
        for column in &self.inherited {
            push_field(out, column, &row.feature.value(column.number));
        }
        self.push_geometry(row, out);
        for column in &self.fields {
            push_field(out, column, &row.feature.value(column.number));
        }
        let [.., close] = &self.tags;
        out.put(close);
    }

    fn push_geometry(&mut self, row: &FeatureRow<'_>, out: &mut Vec<u8>) {
        let Some(geometry) = row.geometry else {
            return;
        };
        let kind = geometry.kind();
        let own = self.geometries.iter().find(|(.., of)| *of == kind);
        if let Some((open, close, declared)) = own.or(self.geometries.last()) {
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
                let columns = self.inherited.iter().chain(&self.fields);
                for column in columns.filter(|c| c.number == number) {
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
        Value::Null => {
            out.truncate(from);
            return out.put(&column.nil);
        }
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
            None => {
                out.truncate(from);
                return out.put(&column.nil);
            }
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
    let kind = match &set.schema.kind {
        Some(kind) => Arc::clone(kind),
        None => Arc::new(plain_type(set)),
    };
    // the usual prefix of the collection, unless the features' own namespace has it
    let sf = match kind.namespace.prefix.as_str() {
        "sf" => "sfc",
        _ => "sf",
    };
    let core = [
        sf,
        "http://www.opengis.net/ogcapi-features-1/1.0/sf",
        "http://schemas.opengis.net/ogcapi/features/part1/1.0/xml/core-sf.xsd",
    ];
    let mut declarations = String::new();
    let own: &[[&str; 3]] = if is_alone { &[] } else { &[core] };
    let schema = (&kind.namespace, set.schema.location.as_str());
    push_declarations(&mut declarations, GmlVersion::V321, own, [schema]);
    const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let frame = match is_alone {
        true => GmlFrame {
            head: XML.to_owned(),
            attributes: declarations,
            tail: "\n".to_owned(),
            ..GmlFrame::default()
        },
        false => GmlFrame {
            head: format!("{XML}<{sf}:FeatureCollection{declarations}>\n"),
            before: format!("<{sf}:featureMember>"),
            after: format!("</{sf}:featureMember>\n"),
            tail: format!("</{sf}:FeatureCollection>\n"),
            attributes: String::new(),
        },
    };
    let style = GmlStyle::new(
        GmlVersion::V321,
        &set.crs.uri(),
        set.is_swapped,
        set.decimals(),
    );
    let is_given = |column| set.fields.iter().any(|field| field.column == column);
    let content = GmlContent::Whole;
    Ok(GmlWriter::new(kind, style, frame, content, is_given))
}

/// The type of features that nobody has described otherwise.
fn plain_type(set: &FeatureSet) -> GmlType {
    let columns = set.fields.iter().map(|field| GmlColumn {
        column: field.column,
        name: &field.name,
        element: None,
        kind: field.kind,
        is_required: false,
    });
    let geometry = set.geometry.map(|kind| (kind, &GeometryNames::Usual));
    let name = element_names([set.name.as_str()]).remove(0);
    GmlType::new(Namespace::default(), &name, geometry, columns)
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
}
