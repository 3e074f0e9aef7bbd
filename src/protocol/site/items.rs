//! Pages of features: lists, one feature, and what fields there are.

use minijinja::context;
use serde_json::{Value, json};

use super::Pages;
use super::pages::{values, withheld};
use crate::catalogue::{Catalogue, Layer, LayerField};
use crate::encode::feature::Link;
use crate::error::Result;
use crate::protocol::Answer;

/// Some features of a layer, as people see them.
#[derive(Debug)]
pub struct ItemsPage<'a> {
    /// The address under the base URL.
    pub path: String,
    /// One feature, which was asked for by its id.
    pub is_alone: bool,
    pub layer: &'a Layer,
    pub fields: &'a [LayerField],
    /// `{id, url, values}`; values are in the order of the fields, null where there is none.
    pub rows: Value,
    /// `{url, width, height, shapes}`.
    pub picture: Option<Value>,
    /// How many features match, on all pages.
    pub matched: u64,
    /// How many of them come before these.
    pub offset: u64,
    pub links: &'a [Link],
}

impl Pages {
    /// Features with a map and a table.
    ///
    /// # Errors
    /// `Internal` where the template fails.
    pub fn items(
        &self,
        catalogue: &Catalogue,
        base: &str,
        language: &str,
        page: ItemsPage<'_>,
    ) -> Result<Answer> {
        let site = &catalogue.site;
        let layer_title = page.layer.title.get(language);
        let row_count = page.rows.as_array().map_or(0, Vec::len) as u64;
        let title = match page.rows.get(0).and_then(|row| row.get("name")?.as_str()) {
            Some(name) if page.is_alone => name,
            _ => layer_title,
        };
        let fields = page.fields.iter().map(|field| {
            let label = field.label.as_ref().map(|label| label.get(language));
            json!({
                "name": field.name,
                "label": label.unwrap_or(&field.name),
                "unit": field.unit,
                "is_number": field.kind.is_number(),
            })
        });
        let find = |rel: &str| page.links.iter().find(|link| link.rel == rel);
        let formats = page.links.iter().filter(|link| link.rel == "alternate");
        let formats = formats.map(|link| json!({ "href": link.href, "title": link.title }));
        self.render(
            "items.html",
            context! {
                fr => language == "fr",
                language,
                languages => site.languages.clone(),
                base,
                site_title => site.title.get(language),
                withheld => withheld(site),
                title,
                layer_title,
                id => page.layer.id.clone(),
                is_alone => page.is_alone,
                attribution => page.layer.attribution.clone(),
                fields => values(fields.collect::<Vec<_>>()),
                rows => values(page.rows),
                picture => page.picture.map(values),
                matched => page.matched,
                first => page.offset.saturating_add(1),
                last => page.offset.saturating_add(row_count),
                next => find("next").map(|link| link.href.clone()),
                prev => find("prev").map(|link| link.href.clone()),
                formats => values(formats.collect::<Vec<_>>()),
                page => page.path,
            },
        )
    }

    /// The fields of a layer that are good for something: `document` is their schema.
    ///
    /// # Errors
    /// `Internal` where the template fails.
    pub fn fields(
        &self,
        catalogue: &Catalogue,
        base: &str,
        language: &str,
        (path, kind, title): (&str, &str, &str),
        (layer, document): (&Layer, &Value),
    ) -> Result<Answer> {
        let site = &catalogue.site;
        self.render(
            "fields.html",
            context! {
                fr => language == "fr",
                language,
                languages => site.languages.clone(),
                base,
                site_title => site.title.get(language),
                withheld => withheld(site),
                title,
                kind,
                id => layer.id.clone(),
                layer_title => layer.title.get(language),
                properties => values(document.get("properties")),
                page => path,
            },
        )
    }

    /// Some of all collections.
    ///
    /// # Errors
    /// `Internal` where the template fails.
    pub fn collections(
        &self,
        catalogue: &Catalogue,
        base: &str,
        language: &str,
        document: &Value,
        (title, search): (&str, &str),
    ) -> Result<Answer> {
        let site = &catalogue.site;
        self.render(
            "collections.html",
            context! {
                fr => language == "fr",
                language,
                languages => site.languages.clone(),
                base,
                site_title => site.title.get(language),
                withheld => withheld(site),
                title,
                search,
                document => values(document),
                page => "/collections",
            },
        )
    }
}
