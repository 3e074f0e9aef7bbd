//! The list of maps: what is there, found by words, themes and producers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::context::link;
use crate::catalogue::{Catalogue, Map};
use crate::encode::xml::push_url_component;
use crate::error::{Error, Result};
use crate::protocol::Answer;
use crate::protocol::ogcapi::check_parameters;
use crate::protocol::ows::Kvp;
use crate::protocol::site::{Pages, values};
use crate::query::searchable;

/// Maps on a page of the list.
const PAGE: usize = 24;
/// Maps that programs may ask for at once.
const MAX_LIMIT: usize = 10_000;
/// Maps that stand first because they are looked at most.
const MOST_VIEWED: usize = 3;

/// What is asked of the list.
#[derive(Debug, Clone, Default, PartialEq)]
struct Wanted {
    words: Vec<String>,
    covadis: Option<String>,
    organisation: Option<String>,
    limit: usize,
    offset: usize,
}

/// `/maps`; `viewed` are ids of maps, the most viewed first.
///
/// # Errors
/// `InvalidParameter`; `Internal` where the template fails.
pub fn list(
    catalogue: &Catalogue,
    viewed: &[String],
    pages: &Pages,
    query: &str,
    base: &str,
    language: &str,
    wants_html: bool,
) -> Result<Answer> {
    let kvp = Kvp::parse(query)?;
    let known = [
        "Q",
        "COVADIS",
        "ORGANISATION",
        "LIMIT",
        "OFFSET",
        "LANG",
        "F",
    ];
    check_parameters(&kvp, &known)?;
    let wanted = Wanted::read(&kvp, if wants_html { PAGE } else { 1000 })?;
    let mut document = document(catalogue, &wanted, &kvp, base, language, wants_html);
    // of all that are counted, those that who asks may see
    let listed = viewed.iter().filter_map(|id| catalogue.maps.get(id));
    let listed = listed.filter(|map| map.is_listed()).take(MOST_VIEWED);
    let most_viewed: Vec<&Map> = listed.map(|map| &**map).collect();
    if let Some(document) = document.as_object_mut() {
        let ids: Vec<&str> = most_viewed.iter().map(|map| map.id.as_str()).collect();
        document.insert("mostViewed".to_owned(), json!(ids));
    }
    if !wants_html {
        let answer = Answer::ok("application/json", document.to_string());
        return Ok(answer.in_language(language));
    }
    let each = most_viewed.iter().map(|map| entry(map, base, language));
    let most_viewed: Vec<Value> = each.collect();
    let site = &catalogue.site;
    pages.render(
        "maps.html",
        minijinja::context! {
            fr => language == "fr",
            language,
            languages => site.languages.clone(),
            base,
            site_title => site.title.get(language),
            title => if language == "fr" { "Cartothèque" } else { "Map library" },
            page => "/maps",
            q => kvp.get("Q").unwrap_or_default(),
            covadis => wanted.covadis.clone().unwrap_or_default(),
            organisation => wanted.organisation.clone().unwrap_or_default(),
            offset => wanted.offset,
            is_first => wanted.is_all(),
            total => catalogue.maps.listed().count(),
            previous => page_of(&document, "prev"),
            next => page_of(&document, "next"),
            list => values(&document),
            most_viewed => values(most_viewed),
        },
    )
}

/// The maps that a visitor may begin with, as the list has them: those most viewed, then those that
/// show most, first of the country, then of layers.
pub fn leading(catalogue: &Catalogue, viewed: &[String], base: &str, language: &str) -> Vec<Value> {
    let listed = viewed.iter().filter_map(|id| catalogue.maps.get(id));
    let mut leading: Vec<&Map> = listed
        .filter(|map| map.is_listed())
        .take(MOST_VIEWED)
        .map(|map| &**map)
        .collect();
    let mut others: Vec<&Map> = catalogue.maps.listed().map(|map| &**map).collect();
    others.retain(|map| !leading.iter().any(|there| there.id == map.id));
    others.sort_by_cached_key(|map| {
        let shown = map.view.extent.width() * map.view.extent.height();
        (
            Reverse((shown as u64, map.layers().count())),
            map.id.clone(),
        )
    });
    leading.extend(others.into_iter().take(MOST_VIEWED - leading.len()));
    let each = leading.iter().map(|map| entry(map, base, language));
    each.collect()
}

impl Wanted {
    fn read(kvp: &Kvp, default_limit: usize) -> Result<Wanted> {
        let number = |name: &str, default: usize| match kvp.get(name) {
            None | Some("") => Ok(default),
            Some(text) => text.trim().parse::<usize>().map_err(|_| {
                Error::parameter(
                    name.to_lowercase(),
                    format!("expected a whole number, found {text:?}"),
                )
            }),
        };
        let said = |name: &str| kvp.get(name).filter(|text| !text.is_empty());
        Ok(Wanted {
            words: searchable(said("Q").unwrap_or_default())
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            covadis: said("COVADIS").map(str::to_owned),
            organisation: said("ORGANISATION").map(str::to_owned),
            limit: number("LIMIT", default_limit)?.clamp(1, MAX_LIMIT),
            offset: number("OFFSET", 0)?,
        })
    }

    /// True for the first page of everything.
    fn is_all(&self) -> bool {
        let is_any = self.covadis.is_none() && self.organisation.is_none();
        self.words.is_empty() && is_any && self.offset == 0
    }

    fn has_words(&self, map: &Map, language: &str) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let mut text = map.id.clone();
        for part in [map.title.get(language), map.abstract_.get(language)]
            .into_iter()
            .chain(map.keywords.iter().map(String::as_str))
            .chain(map.metadata.organisation.as_deref())
        {
            text.push(' ');
            text.push_str(part);
        }
        let text = searchable(&text);
        self.words.iter().all(|word| text.contains(word.as_str()))
    }

    fn has_theme(&self, map: &Map) -> bool {
        let wanted = self.covadis.as_ref();
        wanted.is_none_or(|theme| map.metadata.covadis.contains(theme))
    }

    fn has_organisation(&self, map: &Map) -> bool {
        let wanted = self.organisation.as_deref();
        wanted.is_none_or(|name| map.metadata.organisation.as_deref() == Some(name))
    }
}

fn document(
    catalogue: &Catalogue,
    wanted: &Wanted,
    kvp: &Kvp,
    base: &str,
    language: &str,
    is_page: bool,
) -> Value {
    let mut found: Vec<&Map> = Vec::new();
    let mut themes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut organisations: BTreeMap<&str, usize> = BTreeMap::new();
    for map in catalogue.maps.listed() {
        if !wanted.has_words(map, language) {
            continue;
        }
        let (theme, organisation) = (wanted.has_theme(map), wanted.has_organisation(map));
        // a facet counts what its other choices would find
        if organisation {
            // a theme may be written twice
            let of_map: BTreeSet<&str> = map.metadata.covadis.iter().map(String::as_str).collect();
            for theme in of_map {
                *themes.entry(theme).or_default() += 1;
            }
        }
        if theme && let Some(organisation) = &map.metadata.organisation {
            *organisations.entry(organisation).or_default() += 1;
        }
        if theme && organisation {
            found.push(map);
        }
    }
    found.sort_by_cached_key(|map| searchable(map.title.get(language)));
    let shown = found.iter().skip(wanted.offset).take(wanted.limit);
    let maps: Vec<Value> = shown.map(|map| entry(map, base, language)).collect();
    let title_of = |theme: &str| theme_title(theme, language);
    json!({
        "numberMatched": found.len(),
        "numberReturned": maps.len(),
        "maps": maps,
        "facets": {
            "covadis": facet(&themes, title_of),
            "organisation": facet(&organisations, str::to_owned),
        },
        "links": page_links(wanted, found.len(), kvp, base, is_page),
    })
}

fn facet(counts: &BTreeMap<&str, usize>, label: impl Fn(&str) -> String) -> Vec<Value> {
    counts
        .iter()
        .map(|(value, count)| json!({"value": value, "label": label(value), "count": count}))
        .collect()
}

fn entry(map: &Map, base: &str, language: &str) -> Value {
    let mut own = format!("{base}/maps/");
    push_url_component(&mut own, &map.id);
    let metadata = &map.metadata;
    json!({
        "id": map.id,
        "title": map.title.get(language),
        "abstract": map.abstract_.get(language),
        "organisation": metadata.organisation,
        "covadis": metadata.covadis,
        "keywords": map.keywords,
        "revised": metadata.revised,
        "access": if map.access.is_public() { "public" } else { "restricted" },
        "links": [
            link("self", format!("{own}?f=json"), "application/json", "The map as JSON"),
            link("alternate", own.clone(), "text/html", "The map"),
            link("preview", format!("{own}/map.png"), "image/png", "Thumbnail"),
        ],
    })
}

/// The address of this page of the list, the next and the one before.
fn page_links(wanted: &Wanted, matched: usize, kvp: &Kvp, base: &str, is_page: bool) -> Vec<Value> {
    let at = |offset: usize| {
        let mut href = format!("{base}/maps?");
        for name in ["F", "LANG", "Q", "COVADIS", "ORGANISATION", "LIMIT"] {
            if let Some(value) = kvp.get(name).filter(|value| !value.is_empty()) {
                href.push_str(&name.to_lowercase());
                href.push('=');
                push_url_component(&mut href, value);
                href.push('&');
            }
        }
        format!("{href}offset={offset}")
    };
    let media_type = if is_page {
        "text/html"
    } else {
        "application/json"
    };
    let mut links = vec![link("self", at(wanted.offset), media_type, "This page")];
    let next = wanted.offset.saturating_add(wanted.limit);
    if next < matched {
        links.push(link("next", at(next), media_type, "Next page"));
    }
    if wanted.offset > 0 {
        let before = wanted.offset.saturating_sub(wanted.limit);
        links.push(link("prev", at(before), media_type, "Previous page"));
    }
    links
}

/// The address of a link of the list.
fn page_of(document: &Value, rel: &str) -> Option<String> {
    let links = document.get("links")?.as_array()?;
    let link = links
        .iter()
        .find(|link| link.get("rel").and_then(Value::as_str) == Some(rel))?;
    Some(link.get("href")?.as_str()?.to_owned())
}

/// Code, French and English name of the COVADIS themes.
const THEMES: [(&str, &str, &str); 18] = [
    ("AGRICULTURE", "Agriculture", "Agriculture"),
    ("AIR_CLIMAT", "Air et climat", "Air and climate"),
    (
        "AMENAGEMENT_URBANISME",
        "Aménagement et urbanisme",
        "Planning",
    ),
    (
        "CULTURE_SOCIETE_SERVICE",
        "Culture, société, services",
        "Culture, society, services",
    ),
    ("DONNEE_GENERIQUE", "Données génériques", "General data"),
    ("EAU", "Eau", "Water"),
    ("FONCIER_SOL", "Foncier et sol", "Land and soil"),
    ("FORET", "Forêt", "Forest"),
    (
        "HABITAT_POLITIQUE_DE_LA_VILLE",
        "Habitat et politique de la ville",
        "Housing and urban policy",
    ),
    ("MER_LITTORAL", "Mer et littoral", "Sea and coast"),
    (
        "NATURE_PAYSAGE_BIODIVERSITE",
        "Nature, paysage, biodiversité",
        "Nature, landscape, biodiversity",
    ),
    ("NUISANCE", "Nuisances", "Nuisances"),
    (
        "RESEAU_ENERGIE_DIVERS",
        "Réseaux et énergie",
        "Networks and energy",
    ),
    ("RISQUE", "Risques", "Risks"),
    (
        "SITE_INDUSTRIEL_PRODUCTION",
        "Sites industriels et production",
        "Industrial sites and production",
    ),
    ("SOCIO_ECONOMIE", "Socio-économie", "Society and economy"),
    (
        "TRANSPORTS_DEPLACEMENT",
        "Transports et déplacements",
        "Transport and mobility",
    ),
    (
        "TRANSPORT_INFRASTRUCTURE",
        "Infrastructures de transport",
        "Transport infrastructure",
    ),
];

fn theme_title(code: &str, language: &str) -> String {
    let known = THEMES.iter().find(|(known, ..)| *known == code);
    known
        .map_or(code, |(_, fr, en)| if language == "fr" { fr } else { en })
        .to_owned()
}
