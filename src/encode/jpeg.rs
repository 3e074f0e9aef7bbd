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
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    let rgb: Vec<u8> = pixels
        .iter()
        .flat_map(|[r, g, b, a]| {
            let white = 255 - a;
            [
                r.saturating_add(white),
                g.saturating_add(white),
                b.saturating_add(white),
            ]
        })
        .collect();
    let mut out = Vec::with_capacity(rgb.len() / 8);
    Encoder::new(&mut out, QUALITY)
        .encode(&rgb, width, height, ColorType::Rgb)
        .map_err(|e| Error::Internal {
            message: format!("JPEG: {e}"),
        })?;
    Ok(out)
}
