use crate::protocol::tiles::TileFormat;
use crate::protocol::wms::InfoFormat;

/// An address under `/wmts`, taken apart; what it names may not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WmtsAddress {
    /// `/wmts`: all is said by parameters.
    Kvp,
    /// `/wmts/1.0.0/WMTSCapabilities.xml`
    Capabilities,
    /// `/wmts/1.0.0/{Layer}/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.{ext}`, or
    /// with `/{J}/{I}.{ext}` behind it what is at a point of the tile (§10.2.3, §10.3).
    Resource(Box<Resource>),
}

/// A tile as a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub layer: String,
    pub style: String,
    pub set: String,
    pub matrix: String,
    pub row: String,
    pub column: String,
    /// Row and column of a pixel.
    pub point: Option<[String; 2]>,
    pub extension: String,
}

impl WmtsAddress {
    /// The address of the segments after `/wmts`, decoded; `None` where there is nothing.
    pub fn parse(segments: &[&str]) -> Option<WmtsAddress> {
        let (version, rest) = match segments.split_first() {
            None => return Some(WmtsAddress::Kvp),
            Some(split) => split,
        };
        if *version != "1.0.0" {
            return None;
        }
        let (layer, style, set, matrix, row, column, point, last) = match rest {
            ["WMTSCapabilities.xml"] => return Some(WmtsAddress::Capabilities),
            [layer, style, set, matrix, row, last] => {
                (layer, style, set, matrix, row, None, None, last)
            }
            [layer, style, set, matrix, row, column, j, last] => {
                (layer, style, set, matrix, row, Some(column), Some(j), last)
            }
            _ => return None,
        };
        let (stem, extension) = last.rsplit_once('.')?;
        let (column, point) = match (column, point) {
            (Some(column), Some(j)) => (*column, Some([(*j).to_owned(), stem.to_owned()])),
            _ => (stem, None),
        };
        Some(WmtsAddress::Resource(Box::new(Resource {
            layer: (*layer).to_owned(),
            style: (*style).to_owned(),
            set: (*set).to_owned(),
            matrix: (*matrix).to_owned(),
            row: (*row).to_owned(),
            column: column.to_owned(),
            point,
            extension: extension.to_owned(),
        })))
    }
}

/// The ending of a tile's address in a format.
pub(super) fn tile_extension(format: TileFormat) -> &'static str {
    use crate::encode::ImageFormat;
    match format {
        TileFormat::Image(ImageFormat::Png8) => "png8",
        other => other.extension(),
    }
}

/// The ending of the address of an answer to a click.
pub(super) fn info_extension(format: InfoFormat) -> &'static str {
    match format {
        InfoFormat::Text => "txt",
        InfoFormat::Html => "html",
        InfoFormat::Json => "json",
        InfoFormat::GeoJson => "geojson",
        InfoFormat::Gml2 => "gml",
        InfoFormat::Xml => "xml",
        InfoFormat::Gml3 => "gml3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<WmtsAddress> {
        let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        WmtsAddress::parse(&segments)
    }

    #[test]
    fn wmts100_10_resources_have_the_row_before_the_column() {
        assert_eq!(parsed(""), Some(WmtsAddress::Kvp));
        assert_eq!(
            parsed("1.0.0/WMTSCapabilities.xml"),
            Some(WmtsAddress::Capabilities)
        );
        let Some(WmtsAddress::Resource(tile)) = parsed("1.0.0/a/default/PM/8/91/131.png") else {
            panic!("no tile");
        };
        assert_eq!((tile.row.as_str(), tile.column.as_str()), ("91", "131"));
        assert_eq!((tile.point, tile.extension.as_str()), (None, "png"));
        let Some(WmtsAddress::Resource(info)) = parsed("1.0.0/a/b/PM/8/91/131/7/5.html") else {
            panic!("no point");
        };
        assert_eq!(info.column, "131");
        assert_eq!(info.point, Some(["7".to_owned(), "5".to_owned()]));
    }

    #[test]
    fn what_is_no_resource_is_nothing() {
        for path in [
            "Bogus",
            "1.0.0",
            "1.0.0/WMTSCapabilities.xml/Bogus",
            "1.0.0/a/b/c/8/91/131",
            "1.1.0/WMTSCapabilities.xml",
        ] {
            assert_eq!(parsed(path), None, "{path}");
        }
    }
}
