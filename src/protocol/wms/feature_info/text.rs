use std::borrow::Cow;

use super::value::shown_value;
use super::{InfoContext, by_layer};
use crate::operation::FoundFeature;

/// One paragraph a feature: `name = value`, line by line. Nothing where nothing was found.
pub fn write(found: &[FoundFeature], context: &InfoContext<'_>) -> String {
    let mut out = String::new();
    for features in by_layer(found) {
        let Some(first) = features.first() else {
            continue;
        };
        let title = first.layer.title.get_or(context.language, &first.layer.id);
        push_line(&mut out, title);
        for feature in features {
            out.push_str("  ");
            push_line(&mut out, &feature.id);
            for (field, value) in feature.layer.fields.iter().zip(&feature.values) {
                out.push_str("    ");
                out.push_str(&one_line(&field.name));
                out.push_str(" = ");
                push_line(&mut out, &shown_value(field, value, context.language));
            }
        }
        out.push('\n');
    }
    out
}

fn push_line(out: &mut String, text: &str) {
    out.push_str(&one_line(text));
    out.push('\n');
}

/// A value never looks like a line of ours.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        let blank = |c: char| if c.is_control() { ' ' } else { c };
        Cow::Owned(text.chars().map(blank).collect())
    } else {
        Cow::Borrowed(text)
    }
}
