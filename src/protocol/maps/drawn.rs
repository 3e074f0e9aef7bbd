//! What a page sends to be printed with the map: pictures that it drew itself, of a base map of
//! elsewhere and of what the visitor added. This server asks no other for anything.
//!
//! ```json
//! {"below": {"bbox": [x, y, x, y], "data": "base64 of a PNG or WebP"}, "above": …}
//! ```

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::operation::PrintPicture;
use crate::protocol::Body;
use crate::render::image::Image;

/// Pixels of one picture: an A3 sheet at 300 dpi has 13 million. A file of some kB may hold
/// billions.
const MAX_PIXELS: u64 = 16_000_000;

/// The pictures below and above the map's layers.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub below: Option<PrintPicture>,
    pub above: Option<PrintPicture>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    below: Option<Sent>,
    above: Option<Sent>,
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
        Ok(Drawn {
            below: picture("below", document.below)?,
            above: picture("above", document.above)?,
        })
    }
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
