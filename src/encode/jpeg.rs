use std::borrow::Cow;

use jpeg_encoder::{ColorType, Encoder};
use tiny_skia::Pixmap;

use crate::error::{Error, Result};

/// Good on maps: text stays readable, files a third of quality 95.
const QUALITY: u8 = 85;

/// Writes a baseline JPEG (ITU-T T.81); what is transparent becomes white.
pub fn write(pixmap: &Pixmap) -> Result<Vec<u8>> {
    let too_large = || Error::Internal {
        message: format!(
            "JPEG holds at most 65535 pixels a side, the map has {} by {}",
            pixmap.width(),
            pixmap.height()
        ),
    };
    let width = u16::try_from(pixmap.width()).map_err(|_| too_large())?;
    let height = u16::try_from(pixmap.height()).map_err(|_| too_large())?;
    let mut out = Vec::with_capacity(pixmap.data().len() / 16);
    Encoder::new(&mut out, QUALITY)
        .encode(&on_white(pixmap), width, height, ColorType::Rgba)
        .map_err(|e| Error::Internal {
            message: format!("JPEG: {e}"),
        })?;
    Ok(out)
}

/// The pixels on white: JPEG knows no transparency, and what is left of alpha is not read.
fn on_white(pixmap: &Pixmap) -> Cow<'_, [u8]> {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    if pixels.iter().all(|[.., alpha]| *alpha == u8::MAX) {
        return Cow::Borrowed(pixmap.data());
    }
    let blended = pixels.iter().flat_map(|[red, green, blue, alpha]| {
        let white = u8::MAX - alpha;
        // premultiplied: no more than alpha
        [red, green, blue, &u8::MAX].map(|channel| channel.saturating_add(white))
    });
    Cow::Owned(blended.collect())
}
