//! The layer file that goes with imported data: what is known, and in comments what its keeper
//! may want to say.

use std::fmt::Write;

use super::intake::TakenField;
use super::target::Target;
use crate::config::ident;
use crate::feature::FieldType;

/// What a layer file is made from.
pub struct Skeleton<'a> {
    pub target: &'a Target,
    /// The file that was imported, by its name.
    pub from: &'a str,
    pub title: &'a str,
    pub description: Option<&'a str>,
    pub fields: &'a [TakenField],
    /// A column of unique values that are always there.
    pub id_column: Option<&'a str>,
    /// The layer has a style file.
    pub has_style: bool,
}

/// Names that columns of names have, best first.
const NAMES: [&str; 10] = [
    "nom",
    "name",
    "libelle",
    "label",
    "titre",
    "title",
    "nom_com",
    "nom_officiel",
    "designation",
    "toponyme",
];

/// The text of a layer file that `check` finds nothing wrong with.
pub fn layer_file(skeleton: &Skeleton<'_>) -> String {
    let Skeleton {
        target,
        from,
        title,
        description,
        fields,
        id_column,
        has_style,
    } = skeleton;
    let mut text = String::new();
    let mut line = |written: std::fmt::Arguments<'_>| {
        // writing to a String can't fail
        let _ = text.write_fmt(written);
        text.push('\n');
    };
    let from = from.replace(|c: char| c.is_control(), " ");
    line(format_args!(
        "# Couche importée de {from} par `cartotheque import`. À relire : titre, résumé, libellés, licence."
    ));
    line(format_args!(
        "# Layer imported from {from} by `cartotheque import`. To be read over: title, abstract, labels, licence."
    ));
    line(format_args!(
        "# Chaque texte peut se dire en deux langues / each text may be said in two languages: {{fr: …, en: …}}"
    ));
    line(format_args!("schema: cartotheque/layer@1"));
    line(format_args!("id: {}", scalar(&target.id)));
    line(format_args!("title: {}", scalar(title)));
    match description {
        Some(description) => line(format_args!("abstract: {}", scalar(description))),
        None => line(format_args!(
            "# abstract: {{fr: Ce que montre la couche et ses limites., en: What the layer shows and where it ends.}}"
        )),
    }
    line(format_args!("source: {{file: {}}}", scalar(&target.source)));
    match id_column {
        Some(column) => line(format_args!("id_column: {}", scalar(column))),
        None => line(format_args!(
            "# id_column: code   # colonne d'identifiants uniques / a column of unique identifiers"
        )),
    }
    if *has_style {
        line(format_args!("styles: [{}]", scalar(&target.id)));
    }
    if fields.is_empty() {
        line(format_args!("# aucun champ / no field"));
    } else {
        line(format_args!(
            "# label: nom montré aux visiteurs / what visitors read; unit: m; decimals: 1; hidden: true; index: true"
        ));
        line(format_args!("fields:"));
    }
    for field in *fields {
        let name = &field.field.name;
        let label = field
            .field
            .title
            .clone()
            .unwrap_or_else(|| ident::title(name));
        let kind = match field.reading.kind {
            FieldType::Date => ", type: date",
            _ => "",
        };
        line(format_args!(
            "  - {{name: {}, label: {}{kind}}}",
            scalar(name),
            scalar(&label)
        ));
    }
    if let Some(name) = name_field(fields) {
        line(format_args!("# le nom d'un objet / the name of a feature"));
        line(format_args!("label: {}", scalar(name)));
    }
    line(format_args!("# metadata:"));
    line(format_args!(
        "#   organisation: Mon organisme / My organisation"
    ));
    line(format_args!("#   contact: sig@exemple.fr"));
    line(format_args!("#   licence: etalab-2.0"));
    line(format_args!("#   keywords: [un, deux]"));
    line(format_args!(
        "#   revised: 2026-01-31   # dernière mise à jour / last update"
    ));
    line(format_args!("# attribution: Mon organisme"));
    line(format_args!("access: public"));
    text
}

/// The column that names features, where one has such a name.
fn name_field(fields: &[TakenField]) -> Option<&str> {
    let text = || fields.iter().filter(|f| f.reading.kind == FieldType::Text);
    NAMES.iter().find_map(|wanted| {
        let mut found = text().filter(|f| f.field.name.eq_ignore_ascii_case(wanted));
        found.next().map(|f| f.field.name.as_str())
    })
}

/// A text of YAML: plain where nothing in it means something else, otherwise in quotes.
fn scalar(text: &str) -> String {
    let plain = |c: char| {
        c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '\'' | '(' | ')')
    };
    let starts_well = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let is_word = |word: &str| {
        [
            "true", "false", "yes", "no", "on", "off", "null", "y", "n", "oui", "non",
        ]
        .iter()
        .any(|w| word.eq_ignore_ascii_case(w))
    };
    // `.inf` and `.nan` begin with a point, numbers with digits: neither starts well
    let is_plain = starts_well && !text.ends_with(' ') && text.chars().all(plain) && !is_word(text);
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // YAML takes some characters for breaks of lines, and refuses others
            c if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_yaml_would_read_something_else() {
        for (text, expected) in [
            ("communes", "communes"),
            ("Cours d'eau (2024)", "Cours d'eau (2024)"),
            ("Été", "Été"),
            ("2024", "\"2024\""),
            ("no", "\"no\""),
            ("a: b", "\"a: b\""),
            ("a\"b\\c\nd", "\"a\\\"b\\\\c\\nd\""),
            ("#x", "\"#x\""),
            ("x ", "\"x \""),
            ("", "\"\""),
            ("\u{2028}", "\"\\u2028\""),
        ] {
            assert_eq!(scalar(text), expected, "{text:?}");
        }
    }
}
