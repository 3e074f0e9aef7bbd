use super::features::SchemaKind;
use crate::encode::xml::push_url_component;

/// An address of OGC API, taken apart; what it names may not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiAddress {
    Conformance,
    /// `/api`: the OpenAPI document.
    Api,
    /// `/api.html`: the same for people.
    ApiPage,
    Collections,
    Collection(String),
    /// The features of a collection.
    Items(String),
    /// One feature, by its id.
    Item(String, String),
    /// What features have, can be found or sorted by.
    Schema(String, SchemaKind),
    /// The source of a collection as it lies.
    DataFile(String),
    /// `/api/ogc-features/collections.json`: where PRODIGE has its collections, for uMap.
    ProdigeCollections,
    TileMatrixSets,
    TileMatrixSet(String),
    /// The list of tile sets of some data.
    TileSets(TileData),
    /// One tile set, in a tile matrix set.
    TileSet(TileData, String),
    Tile(TileData, TilePlace),
    /// `/map`, or the map of one collection.
    Map(Option<String>),
    Styles,
    /// A layer's default style, `layer:style`, or `all`.
    Style(String),
    StyleMetadata(String),
    /// `/styles/{style}/map`: the map of a style, by the id of [`Style`](ApiAddress::Style).
    StyledMap(String),
}

/// What tiles are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileData {
    /// `None` for the whole site.
    pub collection: Option<String>,
    pub kind: DataKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataKind {
    /// `…/tiles`
    Vector,
    /// `…/map/tiles`
    Map,
}

/// A tile as its address writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TilePlace {
    pub set: String,
    pub matrix: String,
    pub row: String,
    pub column: String,
}

impl ApiAddress {
    /// The address of all segments of a path, decoded; `None` where it is none of OGC API.
    pub fn parse(segments: &[&str]) -> Option<ApiAddress> {
        Some(match segments {
            ["conformance"] => ApiAddress::Conformance,
            ["api"] => ApiAddress::Api,
            ["api.html"] => ApiAddress::ApiPage,
            ["tileMatrixSets"] => ApiAddress::TileMatrixSets,
            ["tileMatrixSets", set] => ApiAddress::TileMatrixSet((*set).to_owned()),
            ["styles"] => ApiAddress::Styles,
            ["styles", style] => ApiAddress::Style((*style).to_owned()),
            ["styles", style, "metadata"] => ApiAddress::StyleMetadata((*style).to_owned()),
            ["styles", style, "map"] => ApiAddress::StyledMap((*style).to_owned()),
            // the same by the layer's address and the style's own id
            ["collections", id, "styles", style, "map"] => {
                ApiAddress::StyledMap(format!("{id}:{style}"))
            }
            ["collections"] => ApiAddress::Collections,
            ["collections", id] => ApiAddress::Collection((*id).to_owned()),
            ["api", "ogc-features", "collections.json"] => ApiAddress::ProdigeCollections,
            ["collections", id, "schema"] => schema(id, SchemaKind::Returnables),
            ["collections", id, "queryables"] => schema(id, SchemaKind::Queryables),
            ["collections", id, "sortables"] => schema(id, SchemaKind::Sortables),
            ["collections", id, "data.fgb"] => ApiAddress::DataFile((*id).to_owned()),
            ["collections", id, "items"] => ApiAddress::Items((*id).to_owned()),
            ["collections", id, "items", item] => {
                ApiAddress::Item((*id).to_owned(), (*item).to_owned())
            }
            ["collections", id, rest @ ..] => data(Some(id), rest)?,
            rest => data(None, rest)?,
        })
    }

    /// The path under the base URL, encoded.
    pub fn path(&self) -> String {
        let mut path = Path::default();
        match self {
            ApiAddress::Conformance => path.plain("conformance"),
            ApiAddress::Api => path.plain("api"),
            ApiAddress::ApiPage => path.plain("api.html"),
            ApiAddress::Collections => path.plain("collections"),
            ApiAddress::Collection(id) => path.collection(Some(id)),
            ApiAddress::Items(id) => path.collection(Some(id)).plain("items"),
            ApiAddress::Schema(id, kind) => path.collection(Some(id)).plain(kind.segment()),
            ApiAddress::DataFile(id) => path.collection(Some(id)).plain("data.fgb"),
            ApiAddress::ProdigeCollections => path
                .plain("api")
                .plain("ogc-features")
                .plain("collections.json"),
            ApiAddress::Item(id, item) => path.collection(Some(id)).plain("items").then(item),
            ApiAddress::TileMatrixSets => path.plain("tileMatrixSets"),
            ApiAddress::TileMatrixSet(set) => path.plain("tileMatrixSets").then(set),
            ApiAddress::TileSets(data) => path.tiles(data),
            ApiAddress::TileSet(data, set) => path.tiles(data).then(set),
            ApiAddress::Tile(data, place) => path
                .tiles(data)
                .then(&place.set)
                .then(&place.matrix)
                .then(&place.row)
                .then(&place.column),
            ApiAddress::Map(collection) => path.collection(collection.as_deref()).plain("map"),
            ApiAddress::Styles => path.plain("styles"),
            ApiAddress::Style(id) => path.plain("styles").then(id),
            ApiAddress::StyleMetadata(id) => path.plain("styles").then(id).plain("metadata"),
            ApiAddress::StyledMap(id) => path.plain("styles").then(id).plain("map"),
        };
        path.0
    }
}

impl TileData {
    /// True where the map is drawn, not its features sent.
    pub fn is_map(&self) -> bool {
        self.kind == DataKind::Map
    }
}

fn schema(id: &str, kind: SchemaKind) -> ApiAddress {
    ApiAddress::Schema(id.to_owned(), kind)
}

/// Tiles and maps, of one collection or of all.
fn data(collection: Option<&str>, rest: &[&str]) -> Option<ApiAddress> {
    let collection = collection.map(str::to_owned);
    let (kind, rest) = match rest {
        ["map"] => return Some(ApiAddress::Map(collection)),
        ["map", "tiles", rest @ ..] => (DataKind::Map, rest),
        ["tiles", rest @ ..] => (DataKind::Vector, rest),
        _ => return None,
    };
    let data = TileData { collection, kind };
    Some(match rest {
        [] => ApiAddress::TileSets(data),
        [set] => ApiAddress::TileSet(data, (*set).to_owned()),
        [set, matrix, row, column] => {
            let place = TilePlace {
                set: (*set).to_owned(),
                matrix: (*matrix).to_owned(),
                row: (*row).to_owned(),
                column: (*column).to_owned(),
            };
            ApiAddress::Tile(data, place)
        }
        _ => return None,
    })
}

/// A path that grows by segments.
#[derive(Debug, Default)]
struct Path(String);

impl Path {
    /// A segment of ours.
    fn plain(&mut self, segment: &str) -> &mut Path {
        self.0.push('/');
        self.0.push_str(segment);
        self
    }

    /// A name of the catalogue or of the client, encoded; the colon of `layer:style` is allowed
    /// in a path (RFC 3986 §3.3).
    fn then(&mut self, name: &str) -> &mut Path {
        self.0.push('/');
        for (i, part) in name.split(':').enumerate() {
            if i > 0 {
                self.0.push(':');
            }
            push_url_component(&mut self.0, part);
        }
        self
    }

    fn collection(&mut self, id: Option<&str>) -> &mut Path {
        match id {
            Some(id) => self.plain("collections").then(id),
            None => self,
        }
    }

    fn tiles(&mut self, data: &TileData) -> &mut Path {
        let path = self.collection(data.collection.as_deref());
        match data.kind {
            DataKind::Vector => path.plain("tiles"),
            DataKind::Map => path.plain("map").plain("tiles"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<ApiAddress> {
        ApiAddress::parse(&path.split('/').skip(1).collect::<Vec<_>>())
    }

    #[test]
    fn every_address_is_its_own_path() {
        for path in [
            "/conformance",
            "/api",
            "/api.html",
            "/collections",
            "/collections/communes",
            "/collections/communes/items",
            "/collections/communes/items/69123",
            "/collections/communes/schema",
            "/collections/communes/queryables",
            "/collections/communes/sortables",
            "/collections/communes/data.fgb",
            "/api/ogc-features/collections.json",
            "/collections/communes/map",
            "/collections/communes/tiles",
            "/collections/communes/map/tiles/WebMercatorQuad",
            "/collections/communes/tiles/WebMercatorQuad/8/91/131",
            "/map",
            "/map/tiles",
            "/tiles/WebMercatorQuad/8/91/131",
            "/tileMatrixSets",
            "/tileMatrixSets/LAMB93",
            "/styles",
            "/styles/communes:contours",
            "/styles/all/metadata",
            "/styles/communes:contours/map",
        ] {
            let address = parsed(path).unwrap_or_else(|| panic!("{path} is nothing"));
            assert_eq!(address.path(), path);
        }
    }

    #[test]
    fn the_map_of_a_style_has_an_address_below_its_collection_too() {
        assert_eq!(
            parsed("/collections/communes/styles/contours/map"),
            parsed("/styles/communes:contours/map")
        );
    }

    #[test]
    fn what_is_none_of_ours_is_nothing() {
        for path in [
            "/collections/a/b",
            "/collections/a/tiles/b/c",
            "/map/a",
            "/styles/a/b",
            "/conformance/a",
            "/",
        ] {
            assert_eq!(parsed(path), None, "{path}");
        }
    }
}
