//! What tiles are written as, as the command line names it.

use crate::encode::ImageFormat;
use crate::packing::Coding;
use crate::protocol::tiles::TileFormat;

/// A format of tiles as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub format: TileFormat,
    pub pixel_ratio: u32,
    pub with_points: bool,
}

impl Form {
    /// `mvt`, `mvt-points`, `png@2x`; the fault in words.
    pub(super) fn parse(text: &str) -> Result<Form, String> {
        let (name, pixel_ratio) = match text.strip_suffix("@2x") {
            Some(name) => (name, 2),
            None => (text, 1),
        };
        let (name, with_points) = match name.strip_suffix("-points") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let format = match name {
            "png8" => Some(TileFormat::Image(ImageFormat::Png8)),
            _ => TileFormat::of_extension(name),
        };
        let fits = |format: &TileFormat| match format {
            TileFormat::Vector(_) => pixel_ratio == 1,
            TileFormat::Image(_) => !with_points,
        };
        let format = format.filter(fits).ok_or_else(|| {
            format!(
                "expected mvt, mvt-points, mlt, png, png8, webp or jpeg, the pictures also with @2x, \
                 found {text:?}"
            )
        })?;
        Ok(Form {
            format,
            pixel_ratio,
            with_points,
        })
    }
}

/// A packing by its name in HTTP; the fault in words.
pub(super) fn parse_coding(text: &str) -> Result<Coding, String> {
    let mut codings = Coding::PACKED.into_iter().chain([Coding::Identity]);
    codings
        .find(|coding| coding.name() == text)
        .ok_or_else(|| format!("expected br, gzip, zstd or identity, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_named_as_in_addresses() {
        let parsed = |text: &str| Form::parse(text).map(|f| (f.format.extension(), f.pixel_ratio));
        assert_eq!(parsed("pbf"), Ok(("mvt", 1)));
        assert_eq!(parsed("png@2x"), Ok(("png", 2)));
        assert!(Form::parse("mvt-points").is_ok_and(|f| f.with_points));
        for wrong in ["gif", "mvt@2x", "png-points", ""] {
            let message = parsed(wrong).unwrap_err();
            assert!(message.contains(&format!("found {wrong:?}")), "{message}");
        }
    }
}
