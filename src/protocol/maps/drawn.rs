//! What a page sends to be printed with the map: pictures that it drew itself, of a base map of
//! elsewhere and of what the visitor added. This server asks no other for anything.
//!
//! ```json
//! {"below": {"bbox": [x, y, x, y], "data": "base64 of a PNG or WebP"}, "above": …,
//!  "legend": [{"title": "…", "source": "…", "symbols": [{"title": "…", "data": "…"}], "picture": "…"}]}
//! ```

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::operation::{PrintAddition, PrintPicture, PrintSample};
use crate::protocol::Body;
use crate::render::image::Image;

/// Pixels of one picture: an A3 sheet at 300 dpi has 13 million. A file of some kB may hold
/// billions.
const MAX_PIXELS: u64 = 16_000_000;

/// Layers of a legend that is sent, symbols of one, and letters of a title.
const MAX_LAYERS: usize = 100;
const MAX_SYMBOLS: usize = 200;
const MAX_TITLE: usize = 300;
/// Of all pictures of a legend together.
const MAX_LEGEND_PIXELS: u64 = 8_000_000;

/// The pictures below and above the map's layers, and the legend of the latter.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub below: Option<PrintPicture>,
    pub above: Option<PrintPicture>,
    /// Top first.
    pub legend: Vec<PrintAddition>,
    /// Who what is drawn above comes from, each once.
    pub sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    below: Option<Sent>,
    above: Option<Sent>,
    #[serde(default)]
    legend: Vec<SentLayer>,
}

/// A layer that is drawn above, with what it looks like where the page knows that.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentLayer {
    title: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    symbols: Vec<SentSymbol>,
    /// A whole legend, its words in it.
    picture: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentSymbol {
    #[serde(default)]
    title: String,
    data: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    /// In the CRS of the sheet, x before y.
    bbox: [f64; 4],
    data: String,
}

impl Drawn {
    /// Reads a body; without one there are no pictures. Each has at most `limit` pixels, the
    /// server's own, and never more than 16 million.
    ///
    /// # Errors
    /// `InvalidParameter` for what is not such a document, or a picture that can't be read.
    pub fn read(body: Option<Body<'_>>, limit: u64) -> Result<Drawn> {
        let max_pixels = limit.min(MAX_PIXELS);
        let Some(body) = body else {
            return Ok(Drawn::default());
        };
        let document: Document = serde_json::from_slice(body.bytes)
            .map_err(|e| Error::parameter("body", format!("expected JSON with pictures: {e}")))?;
        let picture = |name: &str, sent: Option<Sent>| {
            let read = sent.map(|sent| sent.picture(max_pixels));
            read.transpose()
                .map_err(|fault| Error::parameter("body", format!("{name}: {fault}")))
        };
        let mut sources: Vec<String> = Vec::new();
        for layer in &document.legend {
            let source = cut(&layer.source);
            if !source.is_empty() && !sources.contains(&source) {
                sources.push(source);
            }
        }
        let legend = legend(document.legend, max_pixels.min(MAX_LEGEND_PIXELS))
            .map_err(|fault| Error::parameter("body", format!("legend: {fault}")))?;
        Ok(Drawn {
            below: picture("below", document.below)?,
            above: picture("above", document.above)?,
            legend,
            sources,
        })
    }
}

/// At most `room` pixels, all pictures together.
fn legend(
    layers: Vec<SentLayer>,
    mut room: u64,
) -> std::result::Result<Vec<PrintAddition>, String> {
    let mut image = |data: &str| {
        let bytes = STANDARD.decode(data).map_err(|e| e.to_string())?;
        let image = Image::raster(&bytes, room)?;
        let [width, height] = image.size();
        room = room.saturating_sub((width * height) as u64);
        Ok::<_, String>(Arc::new(image))
    };
    if layers.len() > MAX_LAYERS {
        let found = layers.len();
        return Err(format!(
            "expected at most {MAX_LAYERS} layers, found {found}"
        ));
    }
    let mut additions = Vec::with_capacity(layers.len());
    for layer in layers {
        let found = layer.symbols.len();
        if found > MAX_SYMBOLS {
            return Err(format!(
                "expected at most {MAX_SYMBOLS} symbols, found {found}"
            ));
        }
        let mut samples = Vec::with_capacity(found);
        for symbol in layer.symbols {
            samples.push(PrintSample::Symbol(
                cut(&symbol.title),
                image(&symbol.data)?,
            ));
        }
        if let Some(data) = layer.picture {
            samples.push(PrintSample::Whole(image(&data)?));
        }
        additions.push(PrintAddition {
            title: cut(&layer.title),
            samples,
        });
    }
    Ok(additions)
}

fn cut(text: &str) -> String {
    text.trim().chars().take(MAX_TITLE).collect()
}

impl Sent {
    fn picture(self, max_pixels: u64) -> std::result::Result<PrintPicture, String> {
        let [min_x, min_y, max_x, max_y] = self.bbox;
        let bbox = Bbox::new(min_x, min_y, max_x, max_y)
            .filter(|b| b.width() > 0.0 && b.height() > 0.0)
            .ok_or("expected a bbox of four numbers, each minimum below its maximum")?;
        let bytes = STANDARD.decode(self.data).map_err(|e| e.to_string())?;
        let image = Arc::new(Image::raster(&bytes, max_pixels)?);
        Ok(PrintPicture { image, bbox })
    }
}
