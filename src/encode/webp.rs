use image_webp::{ColorType, WebPEncoder};
use tiny_skia::Pixmap;

use super::straight_bytes;
use crate::error::{Error, Result};

/// Writes a lossless WebP (RFC 9649).
pub fn write(pixmap: &Pixmap) -> Result<Vec<u8>> {
    let (bytes, opaque) = straight_bytes(pixmap);
    let color = if opaque {
        ColorType::Rgb8
    } else {
        ColorType::Rgba8
    };
    let mut out = Vec::with_capacity(bytes.len() / 16);
    WebPEncoder::new(&mut out)
        .encode(&bytes, pixmap.width(), pixmap.height(), color)
        .map_err(|e| Error::Internal {
            message: format!("WebP: {e}"),
        })?;
    Ok(out)
}
