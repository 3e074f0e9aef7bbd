//! Base maps in the documents of a map: where their pictures are asked for, in the words of WMS,
//! WMTS and tiles by column and row.

use super::Service;
use super::basemap;
use crate::catalogue::map::{Basemap, BasemapKind};
use crate::crs::Crs;
use crate::encode::xml::push_url_component;
use crate::geom::{Bbox, Size};

/// The deepest zoom that base maps by tiles are asked for, as in the viewer.
pub(super) const DEEPEST: u32 = 19;

/// A base map, for documents.
pub(super) struct Ground<'a> {
    basemap: &'a Basemap,
    pub title: &'a str,
    pub attribution: Option<String>,
    /// The first of a map is shown.
    pub is_shown: bool,
    pub source: Source,
}

/// Where its pictures come from.
pub(super) enum Source {
    /// `url` without parameters that a request sets; as many styles as layers, bottom to top.
    Wms {
        url: String,
        layers: Vec<String>,
        styles: Vec<String>,
        format: String,
    },
    /// Tiles of Web Mercator, at `{z}`, `{x}`, `{y}`; with the capabilities of a WMTS.
    Tiles {
        template: String,
        capabilities: Option<String>,
        is_wmts: bool,
    },
}

/// Those of a map that its reader may see, in its order. `base` is the site's.
pub(super) fn all<'a>(service: &Service<'a>, base: &str) -> Vec<Ground<'a>> {
    let all = service.map.basemaps.iter();
    let seen = all.filter(|basemap| {
        basemap.kind != BasemapKind::Layers || basemap::seen(service, basemap).next().is_some()
    });
    seen.enumerate()
        .filter_map(|(index, basemap)| {
            let is_own = basemap.kind == BasemapKind::Layers;
            Some(Ground {
                basemap,
                title: match basemap.title.get(service.language) {
                    "" => &basemap.id,
                    title => title,
                },
                attribution: match is_own {
                    true => basemap::sources(service, basemap),
                    false => basemap.attribution.clone(),
                },
                is_shown: index == 0,
                source: source(service, basemap, base)?,
            })
        })
        .collect()
}

/// The title of their group.
pub(super) fn group(language: &str) -> &'static str {
    match language {
        "fr" => "Fonds de plan",
        _ => "Base maps",
    }
}

fn source(service: &Service<'_>, basemap: &Basemap, base: &str) -> Option<Source> {
    let format = basemap.format.clone();
    let format = format.unwrap_or_else(|| "image/png".to_owned());
    match basemap.kind {
        BasemapKind::None => None,
        BasemapKind::Layers => {
            let ids = basemap::seen(service, basemap).map(|layer| layer.id.clone());
            let layers: Vec<String> = ids.collect();
            Some(Source::Wms {
                url: format!("{base}/wms"),
                styles: vec![String::new(); layers.len()],
                layers,
                format,
            })
        }
        BasemapKind::Wms => {
            let named = |list: &Option<String>| {
                let list = list.as_deref().unwrap_or_default();
                list.split(',').map(str::to_owned).collect::<Vec<String>>()
            };
            let layers = named(&basemap.layer);
            let mut styles = named(&basemap.style);
            styles.resize(layers.len(), String::new());
            let url = without(&basemap.url, &["SERVICE", "VERSION", "REQUEST"]);
            Some(Source::Wms {
                url,
                layers,
                styles,
                format,
            })
        }
        BasemapKind::Xyz => Some(Source::Tiles {
            template: basemap.url.clone(),
            capabilities: None,
            is_wmts: false,
        }),
        BasemapKind::Wmts => Some(wmts(basemap, &format)),
    }
}

/// A WMTS by its address of tiles or that of its service (OGC 07-057r7 §8.2, §10.2.1), of the
/// well-known Web Mercator matrix set.
fn wmts(basemap: &Basemap, format: &str) -> Source {
    let or = |value: &Option<String>, other: &str| value.clone().unwrap_or_else(|| other.into());
    let (set, style) = (or(&basemap.matrix_set, "PM"), or(&basemap.style, "normal"));
    let layer = or(&basemap.layer, "");
    let lower = basemap.url.to_ascii_lowercase();
    if lower.contains("{tilematrix}") || lower.contains("{z}") {
        let mut template = basemap.url.clone();
        for (name, value) in [
            ("{tilematrixset}", set.as_str()),
            ("{style}", &style),
            ("{layer}", &layer),
            ("{tilematrix}", "{z}"),
            ("{tilerow}", "{y}"),
            ("{tilecol}", "{x}"),
        ] {
            template = replaced(&template, name, value);
        }
        return Source::Tiles {
            template,
            capabilities: None,
            is_wmts: true,
        };
    }
    let url = without(
        &basemap.url,
        &[
            "SERVICE",
            "VERSION",
            "REQUEST",
            "LAYER",
            "STYLE",
            "FORMAT",
            "TILEMATRIXSET",
            "TILEMATRIX",
            "TILEROW",
            "TILECOL",
        ],
    );
    let mut template = with(&url, "SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile");
    for (name, value) in [
        ("&LAYER=", layer.as_str()),
        ("&STYLE=", &style),
        ("&FORMAT=", format),
        ("&TILEMATRIXSET=", &set),
    ] {
        template.push_str(name);
        push_url_component(&mut template, value);
    }
    template.push_str("&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}");
    let capabilities = with(&url, "SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetCapabilities");
    Source::Tiles {
        template,
        capabilities: Some(capabilities),
        is_wmts: true,
    }
}

/// A text with a placeholder, written in whatever case, filled in.
fn replaced(text: &str, placeholder: &str, value: &str) -> String {
    // of ASCII: both have the same positions
    let lower = text.to_ascii_lowercase();
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in lower.match_indices(placeholder) {
        out.push_str(text.get(from..at).unwrap_or_default());
        out.push_str(value);
        from = at.saturating_add(placeholder.len());
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// An address without some of its parameters, which are in capitals here.
fn without(url: &str, names: &[&str]) -> String {
    let Some((path, query)) = url.split_once('?') else {
        return url.to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && !names.contains(&name.to_ascii_uppercase().as_str())
        })
        .collect();
    match kept.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", kept.join("&")),
    }
}

fn with(url: &str, parameters: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{parameters}")
}

impl Ground<'_> {
    pub fn id(&self) -> &str {
        &self.basemap.id
    }

    /// The operations of its service: a name of the standards, media type and address. Tiles are
    /// told by the one that shows the whole world, and by a template where no standard has a word.
    pub fn operations(
        &self,
        crs: &Crs,
        extent: Bbox,
        window: Size,
    ) -> Vec<(&'static str, String, String)> {
        match &self.source {
            Source::Wms {
                url,
                layers,
                styles,
                format,
            } => {
                let b = crs.axis_order.reorder_bbox(extent);
                let mut picture = with(url, "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=");
                let list = |out: &mut String, names: &[String]| {
                    for (index, name) in names.iter().enumerate() {
                        if index > 0 {
                            out.push(',');
                        }
                        push_url_component(out, name);
                    }
                };
                list(&mut picture, layers);
                picture.push_str("&STYLES=");
                if styles.iter().any(|style| !style.is_empty()) {
                    list(&mut picture, styles);
                }
                picture.push_str(&format!(
                    "&CRS={}&BBOX={},{},{},{}&WIDTH={}&HEIGHT={}&FORMAT={format}",
                    crs.id(),
                    b.min_x,
                    b.min_y,
                    b.max_x,
                    b.max_y,
                    window.width,
                    window.height,
                ));
                let capabilities = with(url, "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities");
                vec![
                    (
                        "GetCapabilities",
                        "application/xml".to_owned(),
                        capabilities,
                    ),
                    ("GetMap", format.clone(), picture),
                ]
            }
            Source::Tiles {
                template,
                capabilities,
                is_wmts,
            } => {
                let format = self.basemap.format.clone();
                let format = format.unwrap_or_else(|| "image/png".to_owned());
                let tile = match is_wmts {
                    true => ["{z}", "{x}", "{y}"]
                        .iter()
                        .fold(template.clone(), |text, name| replaced(&text, name, "0")),
                    false => template.clone(),
                };
                let described = capabilities.iter().map(|address| {
                    (
                        "GetCapabilities",
                        "application/xml".to_owned(),
                        address.clone(),
                    )
                });
                described
                    .chain(std::iter::once(("GetTile", format, tile)))
                    .collect()
            }
        }
    }

    /// The last part of the code of its offering in OWS Context, after `…/req/`; `None` for tiles
    /// that no standard describes.
    pub fn offering(&self) -> Option<&'static str> {
        match &self.source {
            Source::Wms { .. } => Some("wms"),
            Source::Tiles { is_wmts: true, .. } => Some("wmts"),
            Source::Tiles { is_wmts: false, .. } => None,
        }
    }
}

/// What stands as the code of an offering of tiles by column and row, which OWS Context has no
/// word for: the page that describes them.
pub(super) const TILES_BY_NUMBER: &str = "https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_a_request_sets_are_taken_out_of_an_address() {
        let names = ["VERSION", "SERVICE"];
        for (url, expected) in [
            ("https://a/wms", "https://a/wms"),
            ("https://a/wms?map=r&Version=1.1.1", "https://a/wms?map=r"),
            ("https://a/wms?service=WMS&", "https://a/wms"),
        ] {
            assert_eq!(without(url, &names), expected);
        }
    }

    #[test]
    fn placeholders_are_filled_in_whatever_case_they_have() {
        let text = "é/{TileMatrix}/{TILEROW}/é";
        let text = replaced(text, "{tilematrix}", "{z}");
        assert_eq!(replaced(&text, "{tilerow}", "{y}"), "é/{z}/{y}/é");
    }
}
