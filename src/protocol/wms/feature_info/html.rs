use std::borrow::Cow;
use std::fmt::Write;

use super::value::shown_value;
use super::{InfoContext, by_layer};
use crate::catalogue::{LayerField, PopupField};
use crate::encode::xml::{escaped, push_attribute, push_text};
use crate::feature::OwnedValue;
use crate::operation::FoundFeature;

/// Readable in a popup of any client: no script, no outside address, colours of the reader's
/// system.
const STYLE: &str = "body{font:14px/1.4 system-ui,sans-serif;margin:.5rem;color-scheme:light dark}\
h1{font-size:1rem;margin:.25rem 0}h2{font-size:1rem;margin:.5rem 0 .25rem}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:start;vertical-align:top;padding:.15rem .5rem .15rem 0;\
border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}\
th{font-weight:600}td{overflow-wrap:anywhere}";

/// A page with a section for each layer and a table for each feature; its body is empty where
/// nothing was found.
pub fn write(found: &[FoundFeature], context: &InfoContext<'_>) -> String {
    let french = context.language == "fr";
    let mut out = String::with_capacity(1024 + found.len() * 1024);
    out.push_str("<!DOCTYPE html>\n<html");
    push_attribute(&mut out, "lang", context.language);
    let _ = write!(
        out,
        "><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style></head><body>",
        if french {
            "Objets trouvés"
        } else {
            "Features found"
        }
    );
    for features in by_layer(found) {
        let Some(layer) = features.first().map(|f| &f.layer) else {
            continue;
        };
        out.push_str("\n<section><h1>");
        push_text(&mut out, layer.title.get_or(context.language, &layer.id));
        out.push_str("</h1>");
        for feature in features {
            push_feature(&mut out, feature, context.language);
        }
        out.push_str("</section>");
    }
    out.push_str("</body></html>\n");
    out
}

fn push_feature(out: &mut String, feature: &FoundFeature, language: &str) {
    let layer = &feature.layer;
    out.push_str("<article><h2>");
    push_text(out, &feature_title(feature, language));
    out.push_str("</h2><table>");
    let wanted = layer
        .popup
        .as_ref()
        .map(|p| p.fields.as_slice())
        .unwrap_or_default();
    let mut rows: Vec<(&LayerField, &OwnedValue)> =
        layer.fields.iter().zip(&feature.values).collect();
    if !wanted.is_empty() {
        let place = |field: &LayerField| wanted.iter().position(|w| w.name == field.name);
        rows.retain(|(field, _)| place(field).is_some());
        rows.sort_by_key(|(field, _)| place(field));
    }
    for (field, value) in rows {
        let said = wanted.iter().find(|w| w.name == field.name);
        let field = &said.map_or(Cow::Borrowed(field), |said| {
            Cow::Owned(as_said(field, said))
        });
        out.push_str("<tr><th scope=\"row\">");
        let label = field.label.as_ref().map_or("", |l| l.get(language));
        push_text(out, if label.is_empty() { &field.name } else { label });
        out.push_str("</th><td>");
        let shown = shown_value(field, value, language);
        if is_link(&shown) {
            out.push_str("<a rel=\"noopener noreferrer\" target=\"_blank\"");
            push_attribute(out, "href", &shown);
            out.push('>');
            push_text(out, &shown);
            out.push_str("</a>");
        } else {
            out.push_str(&escaped(&shown).replace('\n', "<br>"));
        }
        out.push_str("</td></tr>");
    }
    out.push_str("</table></article>");
}

/// A field with what a popup says otherwise of it.
fn as_said(field: &LayerField, said: &PopupField) -> LayerField {
    LayerField {
        label: said.label.clone().or_else(|| field.label.clone()),
        unit: said.unit.clone().or_else(|| field.unit.clone()),
        decimals: said.decimals.or(field.decimals),
        ..field.clone()
    }
}

/// The popup's title with its `{field}`s filled in, else the label column's value, else the id.
fn feature_title(feature: &FoundFeature, language: &str) -> String {
    let layer = &feature.layer;
    let value_of = |name: &str| {
        let pairs = layer.fields.iter().zip(&feature.values);
        pairs
            .filter(|(field, _)| field.name == name)
            .map(|(field, value)| shown_value(field, value, language))
            .next()
    };
    let template = layer
        .popup
        .as_ref()
        .and_then(|popup| popup.title.as_deref());
    let titled = template.map(|template| fill(template, value_of));
    let labelled = || {
        let column = layer.label?;
        let field = layer.fields.iter().find(|field| field.column == column)?;
        value_of(&field.name)
    };
    titled
        .filter(|title| !title.trim().is_empty())
        .or_else(|| labelled().filter(|label| !label.is_empty()))
        .unwrap_or_else(|| feature.id.clone())
}

/// Fills `{name}` in a template; braces around no field stay as they are.
fn fill(template: &str, value_of: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let named = after.split_once('}');
        let filled = named.and_then(|(name, tail)| Some((value_of(name.trim())?, tail)));
        match filled {
            Some((value, tail)) => {
                out.push_str(&value);
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_link(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://"))
        && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_and_keeps_strange_braces() {
        let value = |name: &str| (name == "nom").then(|| "Lyon".to_owned());
        assert_eq!(fill("{nom} ({ nom })", value), "Lyon (Lyon)");
        assert_eq!(fill("{code} {nom", value), "{code} {nom");
    }
}
