//! What archives say of themselves, and the forms of tiles.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{MAX_TILE_BYTES, WebTile};
use crate::geom::Bbox;
use crate::packing::Coding;

/// What the tiles of an archive are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TileFormat {
    Jpeg,
    /// MapLibre Tile.
    Mlt,
    /// Mapbox Vector Tile.
    Mvt,
    Png,
    Webp,
}

impl TileFormat {
    pub const ALL: [TileFormat; 5] = [
        TileFormat::Jpeg,
        TileFormat::Mlt,
        TileFormat::Mvt,
        TileFormat::Png,
        TileFormat::Webp,
    ];

    /// The end of a tile's address.
    pub fn extension(self) -> &'static str {
        match self {
            TileFormat::Jpeg => "jpeg",
            TileFormat::Mlt => "mlt",
            TileFormat::Mvt => "mvt",
            TileFormat::Png => "png",
            TileFormat::Webp => "webp",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            TileFormat::Jpeg => "image/jpeg",
            TileFormat::Mlt => "application/vnd.maplibre-vector-tile",
            TileFormat::Mvt => "application/vnd.mapbox-vector-tile",
            TileFormat::Png => "image/png",
            TileFormat::Webp => "image/webp",
        }
    }

    /// The format of an extension or of MBTiles' `format`, also `pbf` and `jpg`.
    pub fn parse(name: &str) -> Option<TileFormat> {
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "pbf" => Some(TileFormat::Mvt),
            "jpg" => Some(TileFormat::Jpeg),
            _ => TileFormat::ALL
                .into_iter()
                .find(|f| name == f.extension() || name == f.media_type()),
        }
    }

    /// True where the tiles are features, false where they are pictures.
    pub fn is_vector(self) -> bool {
        matches!(self, TileFormat::Mlt | TileFormat::Mvt)
    }

    /// The format that a tile's first bytes show. A vector tile has no mark of its own: it is
    /// what is compressed, or begins with a layer (field 3, length-delimited).
    pub fn sniffed(bytes: &[u8]) -> Option<TileFormat> {
        let mut pictures = TileFormat::ALL.into_iter().filter(|f| !f.is_vector());
        pictures.find(|f| f.marks(bytes)).or_else(|| {
            let is_packed = Coding::sniffed(bytes).is_some();
            (is_packed || bytes.first() == Some(&0x1a)).then_some(TileFormat::Mvt)
        })
    }

    /// True where a picture begins as its format says.
    fn marks(self, bytes: &[u8]) -> bool {
        let at = |from: usize, what: &[u8]| bytes.get(from..).is_some_and(|b| b.starts_with(what));
        match self {
            TileFormat::Png => at(0, b"\x89PNG\r\n\x1a\n"),
            TileFormat::Jpeg => at(0, b"\xff\xd8\xff"),
            TileFormat::Webp => at(0, b"RIFF") && at(8, b"WEBP"),
            TileFormat::Mlt | TileFormat::Mvt => true,
        }
    }
}

/// Whether a tile of that format can be read, as far as its marks and checksums tell.
pub(super) fn sound(bytes: &[u8], declared: Coding, format: TileFormat) -> Result<(), String> {
    match coding_of(bytes, declared) {
        Coding::Identity => marked(bytes, format),
        coding => marked(&coding.unpack(bytes, MAX_TILE_BYTES)?, format),
    }
}

fn marked(bytes: &[u8], format: TileFormat) -> Result<(), String> {
    if format.marks(bytes) {
        return Ok(());
    }
    let name = format.extension();
    Err(match TileFormat::sniffed(bytes) {
        Some(other) if !other.is_vector() => {
            format!("expected {name}, found {}", other.extension())
        }
        _ => format!("expected {name}, found other bytes"),
    })
}

/// A tile as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    pub bytes: Vec<u8>,
    /// How they are packed, beyond their own format.
    pub coding: Coding,
}

impl Tile {
    /// A tile of an archive that declares how its tiles are packed. What the bytes show counts
    /// more: what archives declare is not always so. Brotli alone has no mark.
    pub(super) fn of_stored(bytes: Vec<u8>, declared: Coding) -> Tile {
        let coding = coding_of(&bytes, declared);
        Tile { bytes, coding }
    }

    /// The tile without its packing.
    ///
    /// # Errors
    /// In words, where the packed bytes are damaged or too many.
    pub fn into_unpacked(self) -> Result<Vec<u8>, String> {
        match self.coding {
            Coding::Identity => Ok(self.bytes),
            coding => coding.unpack(&self.bytes, MAX_TILE_BYTES),
        }
    }
}

fn coding_of(bytes: &[u8], declared: Coding) -> Coding {
    Coding::sniffed(bytes).unwrap_or(match declared {
        Coding::Brotli => Coding::Brotli,
        Coding::Gzip | Coding::Identity | Coding::Zstd => Coding::Identity,
    })
}

/// Where a map opens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Center {
    pub longitude: f64,
    pub latitude: f64,
    pub zoom: u8,
}

/// A layer inside vector tiles, as TileJSON 3.0 §3.3 describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct VectorLayer {
    pub id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minzoom: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maxzoom: Option<u8>,
    /// Names of attributes with what they are: `String`, `Number`, `Boolean`, or free text.
    pub fields: Map<String, Value>,
}

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArchiveInfo {
    pub format: TileFormat,
    pub min_zoom: u8,
    /// At most [`WebTile::MAX_ZOOM`], never below `min_zoom`.
    pub max_zoom: u8,
    /// In longitude and latitude; `None` where the archive does not say, or says nonsense.
    #[serde(serialize_with = "four_numbers")]
    pub bounds: Option<Bbox>,
    pub center: Option<Center>,
    pub name: Option<String>,
    pub description: Option<String>,
    /// HTML.
    pub attribution: Option<String>,
    /// A revision of the tiles, in the words of who made them.
    pub revision: Option<String>,
    pub vector_layers: Vec<VectorLayer>,
    /// What is odd and can be served all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl ArchiveInfo {
    /// An archive of which nothing is said yet.
    pub fn new(format: TileFormat, min_zoom: u8, max_zoom: u8) -> ArchiveInfo {
        ArchiveInfo {
            format,
            min_zoom: min_zoom.min(max_zoom),
            max_zoom: max_zoom.min(WebTile::MAX_ZOOM),
            bounds: None,
            center: None,
            name: None,
            description: None,
            attribution: None,
            revision: None,
            vector_layers: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The center, or one made from the bounds.
    pub fn center_or_middle(&self) -> Option<Center> {
        self.center.or_else(|| {
            let [longitude, latitude] = self.bounds?.center();
            Some(Center {
                longitude,
                latitude,
                zoom: self.min_zoom,
            })
        })
    }

    /// Takes over what a metadata object says; what has another type than it should is left.
    pub fn take_metadata(&mut self, metadata: &Map<String, Value>) {
        let text = |key: &str| match metadata.get(key)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        self.name = text("name");
        self.description = text("description");
        self.attribution = text("attribution");
        self.revision = text("version");
        if let Some(Value::Array(layers)) = metadata.get("vector_layers") {
            self.vector_layers = layers.iter().filter_map(vector_layer).collect();
        }
        if self.format.is_vector() && self.vector_layers.is_empty() {
            let message = "the metadata name no vector_layers: clients can't tell what is in it";
            self.warnings.push(message.to_owned());
        }
    }

    /// The metadata object of PMTiles, and of MBTiles' `json` row.
    pub(super) fn metadata(&self) -> Map<String, Value> {
        let mut metadata = Map::new();
        let texts = [
            ("name", &self.name),
            ("description", &self.description),
            ("attribution", &self.attribution),
            ("version", &self.revision),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                metadata.insert(key.to_owned(), Value::String(text.clone()));
            }
        }
        let kind = if self.format.is_vector() || self.format == TileFormat::Png {
            "overlay"
        } else {
            "baselayer"
        };
        metadata.insert("type".to_owned(), Value::String(kind.to_owned()));
        if let Some(layers) = self.vector_layers_json() {
            metadata.insert("vector_layers".to_owned(), layers);
        }
        metadata
    }

    /// The vector layers as TileJSON writes them; `None` for pictures.
    pub fn vector_layers_json(&self) -> Option<Value> {
        self.format
            .is_vector()
            .then(|| serde_json::to_value(&self.vector_layers).unwrap_or_default())
    }
}

fn vector_layer(value: &Value) -> Option<VectorLayer> {
    let zoom = |key: &str| u8::try_from(value.get(key)?.as_u64()?).ok();
    let fields = value.get("fields").and_then(Value::as_object);
    Some(VectorLayer {
        id: value.get("id")?.as_str()?.to_owned(),
        description: value
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned(),
        minzoom: zoom("minzoom"),
        maxzoom: zoom("maxzoom"),
        fields: fields.cloned().unwrap_or_default(),
    })
}

fn four_numbers<S: Serializer>(bounds: &Option<Bbox>, to: S) -> Result<S::Ok, S::Error> {
    let numbers = bounds.map(|b| [b.min_x, b.min_y, b.max_x, b.max_y]);
    numbers.serialize(to)
}

/// A box in longitude and latitude, kept on the earth; `None` where it is none.
pub(super) fn bounds_lonlat(west: f64, south: f64, east: f64, north: f64) -> Option<Bbox> {
    let whole = Bbox::new(west, south, east, north)?;
    whole.intersection(&Bbox::WORLD)
}

/// The description for people; `cartotheque info` prints it.
impl fmt::Display for ArchiveInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |label: &str, text: &str| writeln!(f, "{label:<12} {text}");
        let texts = [
            ("name", &self.name),
            ("description", &self.description),
            ("attribution", &self.attribution),
            ("version", &self.revision),
        ];
        for (label, text) in texts {
            if let Some(text) = text {
                line(label, text)?;
            }
        }
        line("tiles", self.format.media_type())?;
        line("zooms", &format!("{} to {}", self.min_zoom, self.max_zoom))?;
        match self.bounds {
            Some(b) => line(
                "extent",
                &format!("{}, {} to {}, {}", b.min_x, b.min_y, b.max_x, b.max_y),
            )?,
            None => line("extent", "none")?,
        }
        if let Some(center) = self.center {
            let Center {
                longitude,
                latitude,
                zoom,
            } = center;
            line("center", &format!("{longitude}, {latitude}, zoom {zoom}"))?;
        }
        if self.format.is_vector() {
            line("layers", &self.vector_layers.len().to_string())?;
        }
        for layer in &self.vector_layers {
            let fields: Vec<&str> = layer.fields.keys().map(String::as_str).collect();
            line("", &format!("{}: {}", layer.id, fields.join(", ")))?;
        }
        for warning in &self.warnings {
            line("warning", warning)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_names_and_their_first_bytes() {
        assert_eq!(TileFormat::parse("pbf"), Some(TileFormat::Mvt));
        assert_eq!(TileFormat::parse("JPG"), Some(TileFormat::Jpeg));
        assert_eq!(TileFormat::parse("image/webp"), Some(TileFormat::Webp));
        assert_eq!(TileFormat::parse("tiff"), None);
        for format in TileFormat::ALL {
            assert_eq!(TileFormat::parse(format.extension()), Some(format));
        }
        assert_eq!(TileFormat::sniffed(b"RIFF1234WEBP"), Some(TileFormat::Webp));
        assert_eq!(TileFormat::sniffed(b"\x1a\x02"), Some(TileFormat::Mvt));
        assert_eq!(TileFormat::sniffed(b"GIF89a"), None);
    }

    #[test]
    fn a_tile_of_another_format_is_named() {
        let png = b"\x89PNG\r\n\x1a\n....";
        assert_eq!(sound(png, Coding::Identity, TileFormat::Png), Ok(()));
        let message = sound(png, Coding::Identity, TileFormat::Jpeg).unwrap_err();
        assert_eq!(message, "expected jpeg, found png");
    }

    #[test]
    fn metadata_of_the_wrong_types_are_left_out() {
        let said = serde_json::json!({
            "name": 7, "description": ["x"], "version": "", "attribution": null,
            "vector_layers": [{"id": "a", "fields": 3, "minzoom": 900}, {"fields": {}}, 5],
        });
        let mut info = ArchiveInfo::new(TileFormat::Mvt, 0, 3);
        info.take_metadata(said.as_object().unwrap());
        assert_eq!(info.name.as_deref(), Some("7"));
        assert_eq!((&info.description, &info.revision), (&None, &None));
        let layer = VectorLayer {
            id: "a".into(),
            ..VectorLayer::default()
        };
        assert_eq!(info.vector_layers, [layer]);
    }
}
