use super::TileFormat;
use super::address::encoded;
use super::stored::stored_format;
use crate::catalogue::ArchiveLayer;
use crate::tile::TileMatrixSets;

/// An address that pages and documents of the site tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TilesLink {
    /// `TileJSON`, `MVT`, `PNG`, `WebP`, `JPEG`.
    pub name: &'static str,
    /// With `{z}`, `{x}` and `{y}` where it is a template.
    pub url: String,
    /// True for what can be opened as it is.
    pub is_document: bool,
}

/// The TileJSON of layers or groups, joined by commas, and the templates of their tiles.
pub fn addresses(base: &str, layers: &str) -> Vec<TilesLink> {
    let mut links = vec![TilesLink {
        name: "TileJSON",
        url: document_address(base, layers),
        is_document: true,
    }];
    let layers = encoded(layers);
    links.extend(TileFormat::ALL.map(|format| TilesLink {
        name: format.name(),
        url: template(base, &layers, TileMatrixSets::WEB, format),
        is_document: false,
    }));
    links
}

/// The address of the TileJSON of layers or groups, joined by commas, or of an archive.
pub fn document_address(base: &str, layers: &str) -> String {
    format!("{base}/tiles/{}.json", encoded(layers))
}

/// The template of the vector tiles of layers or groups, joined by commas.
pub fn vector_template(base: &str, layers: &str) -> String {
    template(base, &encoded(layers), TileMatrixSets::WEB, TileFormat::MVT)
}

/// The template of tiles; the names of layers are encoded already.
pub(super) fn template(base: &str, layers: &str, set: &str, format: TileFormat) -> String {
    let extension = format.extension();
    let set = match set {
        TileMatrixSets::WEB => String::new(),
        other => format!("/{other}"),
    };
    format!("{base}/tiles/{layers}{set}/{{z}}/{{x}}/{{y}}.{extension}")
}

/// The addresses of an archive: its document, and the one template that it has.
pub fn archive_addresses(base: &str, archive: &ArchiveLayer) -> Vec<TilesLink> {
    let format = stored_format(archive.archive.info().format);
    vec![
        TilesLink {
            name: "TileJSON",
            url: document_address(base, &archive.id),
            is_document: true,
        },
        TilesLink {
            name: format.name(),
            url: template(base, &encoded(&archive.id), TileMatrixSets::WEB, format),
            is_document: false,
        },
    ]
}
