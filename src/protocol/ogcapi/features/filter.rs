//! What of a request decides which features match, besides place and time: `filter` in CQL2 (OGC
//! 19-079r2) and the values of fields (OGC 17-069r4 §7.15.5).

use super::Sent;
use super::sent::unknown;
use crate::catalogue::{Layer, LayerField};
use crate::crs::Crs;
use crate::decode::filter_context::FilterContext;
use crate::decode::{cql2_json, cql2_text};
use crate::error::{Error, Result};
use crate::feature::FieldType;
use crate::query::{CompareOp, Expr, Filter, Literal, Moment};

/// The languages of `filter-lang`, the default first.
pub const LANGUAGES: [&str; 2] = ["cql2-text", "cql2-json"];

/// Reads `filter`, `filter-lang` and `filter-crs`; without `filter-lang` what begins with a brace
/// is JSON, for no filter in text does.
///
/// # Errors
/// `InvalidFilter` with the place of the fault; `InvalidParameter` for a language that is none.
pub fn filter(sent: &Sent<'_>, layer: &Layer, filter_crs: Crs) -> Result<Option<Filter>> {
    let language = sent.get("filter-lang")?;
    let is_json = match language {
        Some("cql2-text") => Some(false),
        Some("cql2-json") => Some(true),
        Some(other) => {
            let found: String = other.chars().take(80).collect();
            let expected = LANGUAGES.join(", ");
            let message = format!("expected one of {expected}, found {found:?}");
            return Err(Error::parameter("filter-lang", message));
        }
        None => None,
    };
    let Some(text) = sent.get("filter")? else {
        return Ok(None);
    };
    let context = FilterContext::new(layer.crs.clone()).with_filter_crs(filter_crs);
    match is_json.unwrap_or(text.starts_with('{')) {
        true => cql2_json::parse(text, &context),
        false => cql2_text::parse(text, &context),
    }
    .map(Some)
}

/// The filters of `name=value`: a value that is equal.
///
/// `known` are the parameters that are not of fields; a field of such a name is found by `filter`.
///
/// # Errors
/// `InvalidParameter` for what is neither a parameter nor a queryable, and for a value that is
/// not of the field's type.
pub fn values(sent: &Sent<'_>, layer: &Layer, known: &[&str]) -> Result<Vec<Filter>> {
    let mut filters = Vec::new();
    for pair in sent.others(known) {
        let Some(field) = field(layer, pair.name.trim()) else {
            let fields = queryables(layer).map(|f| f.name.as_str());
            let all: Vec<&str> = known.iter().copied().chain(fields).collect();
            return Err(unknown(&pair.name, &all));
        };
        filters.push(Filter::Compare {
            op: CompareOp::Equal,
            left: Expr::Property(field.name.clone()),
            right: Expr::Literal(literal(field, &pair.value)?),
            match_case: true,
        });
    }
    Ok(filters)
}

/// The fields that features can be found by: all but bytes.
pub fn queryables(layer: &Layer) -> impl Iterator<Item = &LayerField> {
    let fields = layer.fields.iter();
    fields.filter(|field| field.kind != FieldType::Binary)
}

/// The field of that exact name, else the only one that differs in case alone.
pub fn field<'a>(layer: &'a Layer, name: &str) -> Option<&'a LayerField> {
    let exact = queryables(layer).find(|field| field.name == name);
    exact.or_else(|| {
        let lower = name.to_lowercase();
        let mut same = queryables(layer).filter(|field| field.name.to_lowercase() == lower);
        same.next().filter(|_| same.next().is_none())
    })
}

fn literal(field: &LayerField, text: &str) -> Result<Literal> {
    let wrong = |what: &str| {
        let found: String = text.chars().take(80).collect();
        let message = format!("expected {what} for the field, found {found:?}");
        Error::parameter(&field.name, message)
    };
    let trimmed = text.trim();
    Ok(match field.kind {
        FieldType::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" => Literal::Bool(true),
            "false" | "0" => Literal::Bool(false),
            _ => return Err(wrong("true or false")),
        },
        FieldType::Integer | FieldType::Long => match trimmed.parse::<i64>() {
            Ok(number) => Literal::integer(number),
            Err(_) => return Err(wrong("a whole number")),
        },
        FieldType::Float => match trimmed.parse::<f64>() {
            Ok(number) if number.is_finite() => Literal::Number(number),
            _ => return Err(wrong("a number")),
        },
        FieldType::Date | FieldType::DateTime => match Moment::parse(trimmed) {
            Some(moment) => Literal::Moment(moment),
            None => return Err(wrong("a date, 2024-02-29 or 2024-02-29T12:00:00Z,")),
        },
        FieldType::Text | FieldType::Json | FieldType::Binary => Literal::Text(text.to_owned()),
    })
}
