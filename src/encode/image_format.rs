/// The images that a map or a legend can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    Png,
    /// PNG with a palette of at most 256 colours, lossy where the map has more.
    Png8,
    Jpeg,
    Webp,
}

impl ImageFormat {
    /// Every format, the preferred one first.
    pub const ALL: [ImageFormat; 4] = [
        ImageFormat::Png,
        ImageFormat::Png8,
        ImageFormat::Jpeg,
        ImageFormat::Webp,
    ];

    /// The media type as capabilities and answers write it; `image/png; mode=8bit` is the name
    /// that QGIS knows.
    pub fn media_type(self) -> &'static str {
        match self {
            ImageFormat::Png => "image/png",
            ImageFormat::Png8 => "image/png; mode=8bit",
            ImageFormat::Jpeg => "image/jpeg",
            ImageFormat::Webp => "image/webp",
        }
    }

    /// The usual ending of a file name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            ImageFormat::Png | ImageFormat::Png8 => "png",
            ImageFormat::Jpeg => "jpeg",
            ImageFormat::Webp => "webp",
        }
    }

    /// True where a pixel can be transparent.
    pub fn has_alpha(self) -> bool {
        !matches!(self, ImageFormat::Jpeg)
    }

    /// The format of a media type or short name, in any case and with any spaces; `None` for
    /// one that is not written here.
    ///
    /// ```
    /// use cartotheque::encode::ImageFormat;
    /// assert_eq!(ImageFormat::parse("image/png;mode=8bit"), Some(ImageFormat::Png8));
    /// assert_eq!(ImageFormat::parse("image/tiff"), None);
    /// ```
    pub fn parse(text: &str) -> Option<ImageFormat> {
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .take(64) // longer than any name below
            .flat_map(char::to_lowercase)
            .collect();
        Some(match plain.as_str() {
            "image/png"
            | "png"
            | "image/png;mode=24bit"
            | "image/png;mode=32bit"
            | "image/png24"
            | "image/png32"
            | "image/vnd.png" => ImageFormat::Png,
            "image/png;mode=8bit" | "image/png;mode=16bit" | "image/png8" | "png8" => {
                ImageFormat::Png8
            }
            "image/jpeg" | "image/jpg" | "jpeg" | "jpg" => ImageFormat::Jpeg,
            "image/webp" | "webp" => ImageFormat::Webp,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_reads_its_own_media_type_and_extension() {
        for format in ImageFormat::ALL {
            assert_eq!(ImageFormat::parse(format.media_type()), Some(format));
        }
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Webp] {
            assert_eq!(ImageFormat::parse(format.extension()), Some(format));
        }
    }

    #[test]
    fn the_spellings_of_clients_are_understood() {
        for name in [
            "image/png; mode=8bit",
            "image/png;mode=8bit",
            "png8",
            "IMAGE/PNG8",
        ] {
            assert_eq!(ImageFormat::parse(name), Some(ImageFormat::Png8), "{name}");
        }
        assert_eq!(ImageFormat::parse("image/nonsense"), None);
        assert_eq!(ImageFormat::parse(""), None);
    }
}
