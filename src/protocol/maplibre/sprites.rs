//! `/sprites/{subject}{@2x}.{json,png}`.

use serde_json::{Map, Value, json};

use super::{CACHE_CONTROL, Subject};
use crate::encode::{self, Effort, ImageFormat};
use crate::error::Result;
use crate::operation::Studio;
use crate::protocol::Answer;
use crate::render::Icon;

/// A file of a sprite that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpriteFile {
    /// The id of a [`Subject`].
    pub subject: String,
    pub pixel_ratio: u32,
    pub is_picture: bool,
}

impl SpriteFile {
    /// The file of the last segment of an address; `None` where it is none.
    pub fn parse(name: &str) -> Option<SpriteFile> {
        let (stem, is_picture) = match name.rsplit_once('.')? {
            (stem, "json") => (stem, false),
            (stem, "png") => (stem, true),
            _ => return None,
        };
        let (subject, pixel_ratio) = match stem.strip_suffix("@2x") {
            Some(subject) => (subject, 2),
            None => (stem, 1),
        };
        Some(SpriteFile {
            subject: subject.to_owned(),
            pixel_ratio,
            is_picture,
        })
    }

    /// The file, drawn.
    ///
    /// # Errors
    /// As [`Studio::sprite`].
    pub fn answer(&self, subject: &Subject, studio: &Studio) -> Result<Answer> {
        let written = subject.written();
        let icons: Vec<Icon> = written.into_iter().flat_map(|w| w.icons).collect();
        let sprite = studio.sprite(&icons, self.pixel_ratio)?;
        let answer = if self.is_picture {
            let bytes = encode::image(&sprite.pixmap, ImageFormat::Png, Effort::Small)?;
            Answer::ok(ImageFormat::Png.media_type(), bytes)
        } else {
            let places = sprite.places.iter().map(|place| {
                let told = json!({
                    "x": place.x,
                    "y": place.y,
                    "width": place.width,
                    "height": place.height,
                    "pixelRatio": sprite.pixel_ratio,
                });
                (place.name.clone(), told)
            });
            let index = Value::Object(places.collect::<Map<_, _>>());
            Answer::ok("application/json", index.to_string())
        };
        Ok(tagged(answer))
    }
}

/// The answer with the validator of its bytes.
pub(super) fn tagged(answer: Answer) -> Answer {
    let etag = format!(
        "\"{:08x}{:x}\"",
        libdeflater::crc32(&answer.body),
        answer.body.len()
    );
    answer
        .with_header("etag", etag)
        .with_header("cache-control", CACHE_CONTROL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_taken_apart() {
        let parsed =
            |name: &str| SpriteFile::parse(name).map(|f| (f.subject, f.pixel_ratio, f.is_picture));
        assert_eq!(parsed("all.json"), Some(("all".into(), 1, false)));
        assert_eq!(
            parsed("epci:nature@2x.png"),
            Some(("epci:nature".into(), 2, true))
        );
        assert_eq!(parsed("a.b.png"), Some(("a.b".into(), 1, true)));
        assert_eq!(parsed("all"), None);
        assert_eq!(parsed("all.gif"), None);
    }
}
