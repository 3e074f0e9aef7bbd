//! Which address is what (the contract of addresses in `docs/addresses.md`).

use std::borrow::Cow;

use crate::error::Result;
use crate::protocol::maplibre::{GlyphRange, SpriteFile, WebFont};
use crate::protocol::maps::MapsAddress;
use crate::protocol::ogcapi::{ApiAddress, DataKind};
use crate::protocol::tiles::{TileFormat, TilesAddress};
use crate::protocol::wmts::WmtsAddress;

/// An address of this server, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// `/`
    Landing,
    /// `/wms`, or `/collections/{layer}/wms` for one data set alone.
    Wms { layer: Option<String> },
    /// `/wfs`, or `/collections/{layer}/wfs` for one data set alone.
    Wfs { layer: Option<String> },
    /// `/wmts`, `/wmts/1.0.0/…`
    Wmts(WmtsAddress),
    /// `/layers`: the list is at `/collections`
    Layers,
    /// `/layers/{layer}`
    Layer { layer: String },
    /// `/layers/{layer}/record.xml`, or `/record.xml` for the service.
    Record { layer: Option<String> },
    /// `/tiles/…`: vector and raster tiles, TileJSON
    Tiles(Result<TilesAddress>),
    /// `/collections`, `/map`, `/styles`, … and the tiles of OGC API
    Api(ApiAddress),
    /// `/maps`, `/maps/{id}`, what is made of a map, and the site's addresses for one map
    Maps(MapsAddress),
    /// `/fonts/{fontstack}/{range}.pbf`
    Glyphs(Result<GlyphRange>),
    /// `/fonts/{family}/{weight}.{css,ttf}`
    WebFont(WebFont),
    /// `/sprites/{subject}{@2x}.{json,png}`
    Sprite(SpriteFile),
    /// `/health`
    Health,
    /// `/metrics`
    Metrics,
    /// `/assets/style.css`
    StyleSheet,
    /// `/assets/viewer/{file}`
    ViewerFile { name: String },
    /// `/robots.txt`
    Robots,
    /// `/favicon.ico`, `/favicon.svg`
    Icon,
}

impl Route {
    /// The route of a path as the client wrote it, still percent-encoded; `None` where there is
    /// nothing. A slash at the end is forgiven, never redirected (OWSLib and GDAL do not follow).
    pub fn parse(path: &str) -> Option<Route> {
        let path = path.trim_end_matches('/');
        if path == "/wms" {
            return Some(Route::Wms { layer: None });
        }
        let segments = segments(path)?;
        let segments: Vec<&str> = segments.iter().map(|s| &**s).collect();
        Some(match segments.as_slice() {
            [] => Route::Landing,
            ["wms"] => Route::Wms { layer: None },
            ["collections", layer, "wms"] => Route::Wms {
                layer: Some((*layer).to_owned()),
            },
            ["wfs"] => Route::Wfs { layer: None },
            ["collections", layer, "wfs"] => Route::Wfs {
                layer: Some((*layer).to_owned()),
            },
            ["wmts", rest @ ..] => Route::Wmts(WmtsAddress::parse(rest)?),
            ["layers"] => Route::Layers,
            ["layers", layer] => Route::Layer {
                layer: (*layer).to_owned(),
            },
            ["layers", layer, "record.xml"] => Route::Record {
                layer: Some((*layer).to_owned()),
            },
            ["record.xml"] => Route::Record { layer: None },
            ["maps" | "1", ..] => Route::Maps(MapsAddress::parse(&segments, path)?),
            ["tiles", rest @ ..] => match TilesAddress::parse(rest) {
                Some(address) => Route::Tiles(address),
                None => Route::Api(ApiAddress::parse(&segments)?),
            },
            ["fonts", fonts, file] if !fonts.is_empty() => match file.strip_suffix(".pbf") {
                Some(range) => Route::Glyphs(GlyphRange::parse(fonts, range)),
                None => Route::WebFont(WebFont::parse(file)?),
            },
            ["sprites", file] => Route::Sprite(SpriteFile::parse(file)?),
            ["health"] => Route::Health,
            ["metrics"] => Route::Metrics,
            ["assets", "style.css"] => Route::StyleSheet,
            ["assets", "viewer", name] => Route::ViewerFile {
                name: (*name).to_owned(),
            },
            ["robots.txt"] => Route::Robots,
            ["favicon.ico" | "favicon.svg"] => Route::Icon,
            _ => Route::Api(ApiAddress::parse(&segments)?),
        })
    }

    /// The methods of a path, as `Allow` tells them.
    ///
    /// POST only where requests come as forms or documents, or bring pictures. Elsewhere it would mean to add
    /// something: QGIS from 3.32 on lets people edit a collection whose items say POST.
    pub fn methods(path: &str) -> &'static str {
        match Route::parse(path) {
            Some(Route::Wms { .. } | Route::Wfs { .. } | Route::Wmts(_)) => {
                "GET, HEAD, POST, OPTIONS"
            }
            // what the page drew goes on the sheet with it, and is kept nowhere
            Some(Route::Maps(MapsAddress::Document { name, .. })) if name == "print.pdf" => {
                "GET, HEAD, POST, OPTIONS"
            }
            // never that of another map
            Some(Route::Maps(MapsAddress::Service { path, .. })) => Route::methods(&path),
            _ => "GET, HEAD, OPTIONS",
        }
    }

    /// The name that metrics count it under.
    pub fn endpoint(&self) -> &'static str {
        match self {
            Route::Landing => "landing",
            Route::Wms { .. } => "wms",
            Route::Wfs { .. } => "wfs",
            Route::Wmts(_) => "wmts",
            Route::Layers | Route::Layer { .. } => "layer",
            Route::Record { .. } => "record",
            Route::Tiles(Ok(TilesAddress::Tile { format, .. })) => match format {
                TileFormat::Vector(_) => "tile_vector",
                TileFormat::Image(_) => "tile_map",
            },
            Route::Tiles(_) => "tiles",
            Route::Api(ApiAddress::Tile(data, _)) => match data.kind {
                DataKind::Vector => "tile_vector",
                DataKind::Map => "tile_map",
            },
            Route::Api(ApiAddress::Map(_) | ApiAddress::StyledMap(_)) => "map",
            Route::Api(ApiAddress::Items(_) | ApiAddress::Item(..) | ApiAddress::DataFile(_)) => {
                "items"
            }
            Route::Api(_) => "ogcapi",
            Route::Maps(MapsAddress::List) => "maps",
            Route::Maps(_) => "map_context",
            Route::Glyphs(_) | Route::WebFont(_) => "glyphs",
            Route::Sprite(_) => "sprite",
            Route::Health => "health",
            Route::Metrics => "metrics",
            Route::StyleSheet | Route::ViewerFile { .. } | Route::Robots | Route::Icon => "asset",
        }
    }
}

/// The parts of a path between slashes, decoded; `None` where one is no UTF-8.
pub(super) fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    path.trim_end_matches('/')
        .split('/')
        .skip(1)
        .map(percent_decoded)
        .collect()
}

/// Percent-decodes one segment; `None` where the bytes are no UTF-8.
pub(super) fn percent_decoded(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| tail.first_chunk::<2>())
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or(&[]);
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_contract() {
        assert_eq!(Route::parse("/"), Some(Route::Landing));
        assert_eq!(Route::parse(""), Some(Route::Landing));
        assert_eq!(Route::parse("/wms"), Some(Route::Wms { layer: None }));
        assert_eq!(Route::parse("/wms/"), Some(Route::Wms { layer: None }));
        assert_eq!(
            Route::parse("/collections/cours%2Deau/wms"),
            Some(Route::Wms {
                layer: Some("cours-eau".into())
            })
        );
        assert_eq!(
            Route::parse("/layers/for%C3%AAts/record.xml"),
            Some(Route::Record {
                layer: Some("forêts".into())
            })
        );
        assert_eq!(Route::parse("/layers/a/b/c"), None);
        for path in [
            "/wms",
            "/collections/a/wfs/",
            "/wmts",
            "/maps/m/wms",
            "/maps/m/print.pdf",
        ] {
            assert!(Route::methods(path).contains("POST"), "{path}");
        }
        for path in [
            "/",
            "/collections/a/items",
            "/maps/m/collections",
            "/maps/m",
            "/maps/m/map.png",
        ] {
            assert!(!Route::methods(path).contains("POST"), "{path}");
        }
        assert_eq!(Route::parse("/layers/%ff"), None);
    }

    #[test]
    fn a_stray_percent_sign_stands_for_itself() {
        assert_eq!(percent_decoded("100%"), Some("100%".into()));
        assert_eq!(percent_decoded("%zz%4"), Some("%zz%4".into()));
    }
}
