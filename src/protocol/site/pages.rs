use minijinja::{Environment, UndefinedBehavior, context};
use serde_json::{Value, json};

use super::{preview_query, words};
use crate::archive::TileFormat;
use crate::catalogue::map::MapService;
use crate::catalogue::{ArchiveLayer, Catalogue, Layer, LayerField, Node, Site};
use crate::encode::xml::push_url_component;
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::protocol::record::licence;
use crate::protocol::tiles::{self, TilesLink};
use crate::protocol::{Answer, ogcapi};
use crate::query::searchable;

/// Layers on one page of the list; the search finds the others.
const LIST_LENGTH: usize = 300;

/// The page templates, read once.
#[derive(Debug)]
pub struct Pages {
    templates: Environment<'static>,
}

/// JSON as a template sees it.
pub(in crate::protocol) fn values(json: impl serde::Serialize) -> minijinja::Value {
    minijinja::value::Serde(json).into()
}

fn internal(error: minijinja::Error) -> Error {
    Error::Internal {
        message: format!("page: {error:#}"),
    }
}

impl Pages {
    /// # Errors
    /// `Internal` where a template is not well formed.
    pub fn new() -> Result<Pages> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.add_filter("urlencode", |text: String| {
            let mut encoded = String::new();
            push_url_component(&mut encoded, &text);
            encoded
        });
        templates.add_filter("day", words::day);
        templates.add_filter("grouped", words::grouped);
        for (name, source) in [
            ("base.html", include_str!("templates/base.html")),
            ("landing.html", include_str!("templates/landing.html")),
            ("layer.html", include_str!("templates/layer.html")),
            ("archive.html", include_str!("templates/archive.html")),
            ("document.html", include_str!("templates/document.html")),
            ("api.html", include_str!("templates/api.html")),
            (
                "collections.html",
                include_str!("templates/collections.html"),
            ),
            ("fields.html", include_str!("templates/fields.html")),
            ("items.html", include_str!("templates/items.html")),
            ("error.html", include_str!("templates/error.html")),
            ("map.html", include_str!("../maps/templates/map.html")),
            ("maps.html", include_str!("../maps/templates/maps.html")),
            ("card.html", include_str!("../maps/templates/card.html")),
        ] {
            templates.add_template(name, source).map_err(internal)?;
        }
        Ok(Pages { templates })
    }

    pub(in crate::protocol) fn render(
        &self,
        name: &str,
        values: minijinja::Value,
    ) -> Result<Answer> {
        // every page is of one language, and says so in its head too
        let language = values.get_attr("language").map_err(internal)?;
        let page = self
            .templates
            .get_template(name)
            .and_then(|t| t.render(values))
            .map_err(internal)?;
        let answer = Answer::ok("text/html; charset=utf-8", page);
        Ok(answer.in_language(language.as_str().unwrap_or_default()))
    }

    /// The landing page. `search` leaves the layers whose id, title or keywords contain it;
    /// `cards` are maps to begin with, as the list of maps has them.
    ///
    /// # Errors
    /// `Internal` where the template fails.
    pub fn landing(
        &self,
        catalogue: &Catalogue,
        base: &str,
        language: &str,
        search: &str,
        cards: &[Value],
    ) -> Result<Answer> {
        let wanted = searchable(search.trim());
        let mut left = LIST_LENGTH;
        let sections = sections(catalogue, &catalogue.tree, language, &wanted, &mut left);
        let found = catalogue
            .layers
            .iter()
            .filter(|l| is_found(l, language, &wanted))
            .count();
        let site = &catalogue.site;
        let hero = hero(catalogue);
        self.render(
            "landing.html",
            context! {
                fr => language == "fr",
                language,
                languages => site.languages.clone(),
                base,
                site_title => site.title.get(language),
                title => site.title.get(language),
                abstract => site.abstract_.get(language),
                organisation => site.contact.organisation.clone(),
                email => site.contact.email.clone(),
                licence => site.licence.as_deref().map(|l| values(licence_link(l, language))),
                sections => values(&sections),
                search,
                found,
                shown => LIST_LENGTH - left,
                layers => catalogue.layers.len(),
                maps => catalogue.maps.listed().count(),
                cards => values(cards),
                faults => catalogue.faults.len(),
                withheld => withheld(site),
                preview => hero.as_ref().map(|(_, query)| format!("{base}/wms?{query}")),
                tiles => values(hero.as_ref().map_or_else(Vec::new, |(name, _)| tiles(base, name))),
                archives => values(archives(catalogue, base, language)),
                crs => site.crs.iter().map(|c| c.id()).collect::<Vec<_>>(),
                page => "",
            },
        )
    }

    /// The page of a layer: drawn, described, with every address to copy.
    ///
    /// # Errors
    /// `Internal` where the template fails.
    pub fn layer(
        &self,
        catalogue: &Catalogue,
        layer: &Layer,
        base: &str,
        language: &str,
    ) -> Result<Answer> {
        let (id, site) = (&layer.id, &catalogue.site);
        let preview = layer
            .extent_lonlat
            .filter(|_| site.offers(MapService::Wms))
            .map(|extent| format!("{base}/wms?{}", preview_query(id, &extent, 960, 640)));
        let styles: Vec<Value> = layer
            .styles
            .iter()
            .map(|style| {
                let title = style.title.clone().unwrap_or_else(|| style.id.clone());
                json!({
                    "id": style.id,
                    "title": title,
                    "legend": site.offers(MapService::Wms).then(|| format!("{base}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER={id}&STYLE={}&FORMAT=image/png&LANGUAGE={language}", style.id)),
                })
            })
            .collect();
        let mut addresses = vec![
            json!({"name": "WMS", "url": format!("{base}/wms"), "link": false}),
            json!({"name": "WMS · INSPIRE", "url": format!("{base}/collections/{id}/wms"), "link": false}),
            json!({"name": "GetCapabilities", "url": format!("{base}/collections/{id}/wms?SERVICE=WMS&REQUEST=GetCapabilities"), "link": true}),
            json!({"name": "WFS", "url": format!("{base}/wfs"), "link": false}),
            json!({"name": "WFS · INSPIRE", "url": format!("{base}/collections/{id}/wfs"), "link": false}),
            json!({"name": "GetMap", "url": preview, "link": true}),
            json!({"name": "ISO 19139", "url": format!("{base}/layers/{id}/record.xml"), "link": true}),
        ];
        addresses.splice(4..4, tiles(base, id));
        addresses.extend([
            json!({"name": "WMTS", "url": format!("{base}/wmts/1.0.0/WMTSCapabilities.xml"), "link": true}),
            json!({"name": "OGC API", "url": format!("{base}/collections/{id}?f=json"), "link": true}),
            json!({"name": "OGC API – Features", "url": format!("{base}/collections/{id}/items?f=html"), "link": true}),
        ]);
        if ogcapi::features::file_size(layer).is_some() {
            let url = format!("{base}/collections/{id}/data.fgb");
            addresses.push(json!({"name": "FlatGeobuf", "url": url, "link": true}));
        }
        addresses.retain(|address| {
            let url = address.get("url").and_then(Value::as_str);
            // a layer without positions has no map
            url.is_none_or(|url| site.offers_address(base, url))
        });
        let metadata = &layer.metadata;
        self.render(
            "layer.html",
            context! {
                fr => language == "fr",
                language,
                languages => catalogue.site.languages.clone(),
                base,
                site_title => catalogue.site.title.get(language),
                withheld => withheld(site),
                title => layer.title.get(language),
                abstract => layer.abstract_.get(language),
                organisation => metadata.organisation.clone(),
                id,
                preview,
                geometry => layer.store.schema().geometry.name(),
                count => layer.store.count(),
                crs => layer.crs.id(),
                crs_name => layer.crs.name.clone(),
                extent => layer.extent_lonlat.map(extent_text),
                keywords => layer.keywords.clone(),
                licence => metadata.licence.as_deref().map(|l| values(licence_link(l, language))),
                attribution => layer.attribution.clone(),
                revised => metadata.revised.clone(),
                fields => values(layer.fields.iter().map(|f| field(f, language)).collect::<Vec<_>>()),
                styles => values(styles),
                addresses => values(addresses),
                page => format!("/layers/{id}"),
            },
        )
    }

    /// The page of an archive of tiles: described, with every address to copy.
    ///
    /// # Errors
    /// `Internal` where the template fails.
    pub fn archive(
        &self,
        catalogue: &Catalogue,
        layer: &ArchiveLayer,
        base: &str,
        language: &str,
    ) -> Result<Answer> {
        let id = &layer.id;
        let info = layer.archive.info();
        let addresses = tiles::archive_addresses(base, layer).into_iter();
        let addresses: Vec<Value> = addresses.map(address).collect();
        let inside: Vec<Value> = info
            .vector_layers
            .iter()
            .map(|inside| {
                json!({
                    "id": inside.id,
                    "description": inside.description,
                    "fields": inside.fields.keys().collect::<Vec<_>>(),
                })
            })
            .collect();
        let metadata = &layer.metadata;
        self.render(
            "archive.html",
            context! {
                fr => language == "fr",
                language,
                languages => catalogue.site.languages.clone(),
                base,
                site_title => catalogue.site.title.get(language),
                title => layer.title.get(language),
                abstract => layer.abstract_.get(language),
                organisation => metadata.organisation.clone(),
                id,
                is_vector => info.format.is_vector(),
                is_joined => info.format == TileFormat::Mvt,
                media_type => info.format.media_type(),
                min_zoom => info.min_zoom,
                max_zoom => info.max_zoom,
                extent => info.bounds.map(extent_text),
                keywords => layer.keywords.clone(),
                licence => metadata.licence.as_deref().map(|l| values(licence_link(l, language))),
                attribution => layer.attribution.clone(),
                revised => metadata.revised.clone().or_else(|| info.revision.clone()),
                inside => values(inside),
                addresses => values(addresses),
                page => format!("/layers/{id}"),
            },
        )
    }

    /// Any document of JSON as a page: its links, then all that it says. `path` is its address
    /// under the base URL.
    ///
    /// # Errors
    /// `Internal` where the template fails.
    pub fn document(
        &self,
        catalogue: &Catalogue,
        base: &str,
        language: &str,
        path: &str,
        title: &str,
        document: &Value,
    ) -> Result<Answer> {
        self.of_json(
            "document.html",
            catalogue,
            base,
            language,
            path,
            title,
            document,
        )
    }

    /// The description of the API: every address with its parameters.
    ///
    /// # Errors
    /// `Internal` where the template fails.
    pub fn api(
        &self,
        catalogue: &Catalogue,
        base: &str,
        language: &str,
        document: &Value,
    ) -> Result<Answer> {
        let title = match language {
            "fr" => "Toutes les adresses",
            _ => "Every address",
        };
        self.of_json(
            "api.html",
            catalogue,
            base,
            language,
            "/api.html",
            title,
            document,
        )
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one template's values, called twice"
    )]
    fn of_json(
        &self,
        template: &str,
        catalogue: &Catalogue,
        base: &str,
        language: &str,
        path: &str,
        title: &str,
        document: &Value,
    ) -> Result<Answer> {
        let site = &catalogue.site;
        self.render(
            template,
            context! {
                fr => language == "fr",
                language,
                languages => site.languages.clone(),
                base,
                site_title => site.title.get(language),
                withheld => withheld(site),
                title,
                document => values(document),
                page => path,
            },
        )
    }

    /// A page that says what went wrong.
    ///
    /// # Errors
    /// `Internal` where the template fails.
    pub fn error(
        &self,
        site: &Site,
        base: &str,
        language: &str,
        status: u16,
        message: &str,
    ) -> Result<Answer> {
        let mut answer = self.render(
            "error.html",
            context! {
                fr => language == "fr",
                language,
                languages => Vec::<String>::new(),
                base,
                site_title => site.title.get(language),
                organisation => site.contact.organisation.clone(),
                email => site.contact.email.clone(),
                withheld => withheld(site),
                title => in_words(status, language == "fr"),
                status,
                message,
                page => "",
            },
        )?;
        answer.status = status;
        Ok(answer)
    }
}

/// The names of services that pages don't lead to.
pub(super) fn withheld(site: &Site) -> Vec<&'static str> {
    let services = site.withheld.iter().map(|service| service.name());
    // a map's services are as well as the server
    services.chain(site.is_of_map.then_some("health")).collect()
}

/// What a status says to people.
fn in_words(status: u16, is_french: bool) -> &'static str {
    let (fr, en) = match status {
        401 => ("Accès restreint", "Restricted"),
        403 => ("Accès refusé", "Access refused"),
        404 => ("Page introuvable", "Page not found"),
        410 => ("Page disparue", "Page gone"),
        503 => ("Serveur occupé", "Server busy"),
        500.. => ("Erreur du serveur", "Server error"),
        _ => ("Demande incomprise", "Request not understood"),
    };
    if is_french { fr } else { en }
}

/// The addresses of tiles, those of templates without a link.
fn tiles(base: &str, layers: &str) -> Vec<Value> {
    let addresses = tiles::addresses(base, layers).into_iter();
    addresses.map(address).collect()
}

fn address(of: TilesLink) -> Value {
    json!({"name": of.name, "url": of.url, "link": of.is_document})
}

/// The layers of ready-made tiles; the list is as long as that of layers at most.
fn archives(catalogue: &Catalogue, base: &str, language: &str) -> Vec<Value> {
    let listed = catalogue.archives.iter().take(LIST_LENGTH);
    listed
        .map(|archive| {
            json!({
                "id": archive.id,
                "title": archive.title.get(language),
                "page": format!("{base}/layers/{}", archive.id),
                "url": tiles::document_address(base, &archive.id),
                "format": archive.archive.info().format.extension(),
            })
        })
        .collect()
}

/// What the map at the top of the landing page shows, and its query: the first named group, else
/// the first layers.
fn hero(catalogue: &Catalogue) -> Option<(String, String)> {
    let group = catalogue.tree.iter().find_map(|node| match node {
        Node::Group(group) => group.id.clone(),
        Node::Layer(_) => None,
    });
    let (name, layers) = match group {
        Some(id) => (id.clone(), catalogue.layers_of(&id).ok()?),
        None => {
            let some: Vec<_> = catalogue.layers.iter().take(5).cloned().collect();
            let ids: Vec<&str> = some.iter().map(|l| l.id.as_str()).collect();
            (ids.join(","), some)
        }
    };
    // the smallest extent is what the map is about; a world backdrop is not
    let extent = layers
        .iter()
        .filter_map(|l| l.extent_lonlat)
        .min_by(|a, b| (a.width() * a.height()).total_cmp(&(b.width() * b.height())))?;
    let query = preview_query(&name, &extent, 1120, 640);
    Some((name, query))
}

fn is_found(layer: &Layer, language: &str, wanted: &str) -> bool {
    let holds = |text: &str| searchable(text).contains(wanted);
    wanted.is_empty()
        || holds(&layer.id)
        || holds(layer.title.get(language))
        || layer.keywords.iter().any(|keyword| holds(keyword))
}

/// The tree as nested sections with the layers that are found; empty sections are left out.
fn sections(
    catalogue: &Catalogue,
    nodes: &[Node],
    language: &str,
    wanted: &str,
    left: &mut usize,
) -> Vec<Value> {
    nodes
        .iter()
        .filter_map(|node| match node {
            Node::Layer(index) => {
                let layer = catalogue.layers.get(*index)?;
                if !is_found(layer, language, wanted) || *left == 0 {
                    return None;
                }
                *left -= 1;
                Some(json!({
                    "layer": layer.id,
                    "title": layer.title.get(language),
                    "abstract": layer.abstract_.get(language),
                    "geometry": layer.store.schema().geometry.dimension(),
                    "count": layer.store.count(),
                }))
            }
            Node::Group(group) => {
                let children = sections(catalogue, &group.children, language, wanted, left);
                (!children.is_empty()).then(|| {
                    json!({"group": group.id, "title": group.title.get(language), "children": children})
                })
            }
        })
        .collect()
}

fn field(field: &LayerField, language: &str) -> Value {
    json!({
        "name": field.name,
        "label": field.label.as_ref().map(|l| l.get(language)),
        "kind": field.kind.name(),
        "unit": field.unit,
    })
}

fn extent_text(b: Bbox) -> String {
    format!(
        "{:.4}, {:.4}, {:.4}, {:.4}",
        b.min_x, b.min_y, b.max_x, b.max_y
    )
}

/// The text and the address of a licence; an unknown identifier stands as it is.
fn licence_link(id: &str, language: &str) -> Value {
    let licence = licence(id);
    json!({"title": licence.title(language), "url": licence.url})
}
