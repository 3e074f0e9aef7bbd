//! Core → bytes. A format is one file and a variant of its enum.

mod deflate;
mod jpeg;
pub mod maplibre;
mod palette;
mod png;
pub mod sld;
mod webp;

use tiny_skia::Pixmap;

use crate::error::{Error, Result};

/// A format of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// Exact colours: a palette where 256 suffice, else RGB or RGBA.
    Png,
    /// At most 256 colours, the nearest where the map has more.
    Png8,
    /// No transparency; quality 85.
    Jpeg,
    /// Lossless.
    Webp,
}

impl ImageFormat {
    pub const ALL: [ImageFormat; 4] = [
        ImageFormat::Png,
        ImageFormat::Png8,
        ImageFormat::Jpeg,
        ImageFormat::Webp,
    ];

    /// The media type that capabilities advertise.
    pub fn media_type(self) -> &'static str {
        match self {
            ImageFormat::Png => "image/png",
            ImageFormat::Png8 => "image/png; mode=8bit",
            ImageFormat::Jpeg => "image/jpeg",
            ImageFormat::Webp => "image/webp",
        }
    }

    /// The media type of the answer: 8-bit PNG is PNG.
    pub fn content_type(self) -> &'static str {
        match self {
            ImageFormat::Png8 => "image/png",
            other => other.media_type(),
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            ImageFormat::Png | ImageFormat::Png8 => "png",
            ImageFormat::Jpeg => "jpg",
            ImageFormat::Webp => "webp",
        }
    }

    pub fn has_transparency(self) -> bool {
        self != ImageFormat::Jpeg
    }

    /// Reads a media type or a short name, as WMS clients write them.
    ///
    /// # Errors
    /// `InvalidFormat`.
    pub fn parse(text: &str) -> Result<ImageFormat> {
        let folded: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .flat_map(char::to_lowercase)
            .collect();
        match folded.as_str() {
            "image/png"
            | "png"
            | "image/png;mode=24bit"
            | "image/png;mode=32bit"
            | "image/png24"
            | "image/png32"
            | "image/png;mode=16bit" => Ok(ImageFormat::Png),
            "image/png8" | "png8" | "image/png;mode=8bit" | "image/png;mode=1bit" => {
                Ok(ImageFormat::Png8)
            }
            "image/jpeg" | "image/jpg" | "jpeg" | "jpg" => Ok(ImageFormat::Jpeg),
            "image/webp" | "webp" => Ok(ImageFormat::Webp),
            _ => Err(Error::InvalidFormat {
                format: text.chars().take(100).collect(),
                expected: ImageFormat::ALL.map(ImageFormat::media_type).join(", "),
            }),
        }
    }
}

/// Writes a picture.
///
/// # Errors
/// `Internal` where the picture is beyond what the format can hold.
pub fn image(pixmap: &Pixmap, format: ImageFormat) -> Result<Vec<u8>> {
    match format {
        ImageFormat::Png => Ok(png::write(pixmap)),
        ImageFormat::Png8 => Ok(png::write_reduced(pixmap)),
        ImageFormat::Jpeg => jpeg::write(pixmap),
        ImageFormat::Webp => webp::write(pixmap),
    }
}

/// One premultiplied RGBA pixel as straight RGBA; rounded to the nearest.
fn unpremultiply([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    match a {
        0 => [0, 0, 0, 0],
        255 => [r, g, b, a],
        _ => {
            let alpha = u32::from(a);
            let straight = |c: u8| ((u32::from(c) * 255 + alpha / 2) / alpha).min(255) as u8;
            [straight(r), straight(g), straight(b), a]
        }
    }
}

/// The pixels as straight RGBA or, where all are opaque, as RGB; and which of the two.
fn straight_bytes(pixmap: &Pixmap) -> (Vec<u8>, bool) {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    let opaque = is_opaque(pixels);
    let bytes = if opaque {
        pixels
            .iter()
            .flat_map(|[r, g, b, _]| [*r, *g, *b])
            .collect()
    } else {
        pixels.iter().flat_map(|p| unpremultiply(*p)).collect()
    };
    (bytes, opaque)
}

fn is_opaque(pixels: &[[u8; 4]]) -> bool {
    pixels.iter().fold(255, |all, [_, _, _, a]| all & a) == 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_as_clients_write_them() {
        for (text, format) in [
            ("image/png", ImageFormat::Png),
            ("image/png; mode=8bit", ImageFormat::Png8),
            ("image/png;mode=8bit", ImageFormat::Png8),
            ("IMAGE/JPEG", ImageFormat::Jpeg),
            ("image/webp", ImageFormat::Webp),
        ] {
            assert_eq!(ImageFormat::parse(text), Ok(format), "{text}");
        }
        assert!(ImageFormat::parse("image/tiff").is_err());
    }

    #[test]
    fn straight_alpha_comes_back_from_premultiplied() {
        assert_eq!(unpremultiply([64, 0, 128, 128]), [128, 0, 255, 128]);
        assert_eq!(unpremultiply([9, 9, 9, 0]), [0, 0, 0, 0]);
    }
}
