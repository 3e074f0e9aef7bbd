use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use tiny_skia::Pixmap;

use crate::error::{Error, Result};

/// Pixels on white, as a PDF holds them: RGB without loss, deflated.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) data: Vec<u8>,
}

/// A picture that comes in bands of rows, top first: only what is packed is kept.
#[derive(Debug)]
pub struct PictureWriter {
    width: u32,
    height: u32,
    row: Vec<u8>,
    packed: ZlibEncoder<Vec<u8>>,
}

impl PictureWriter {
    pub fn new(width: u32) -> PictureWriter {
        PictureWriter {
            width,
            height: 0,
            row: Vec::new(),
            // maps are flat: higher levels take twice the time for some percent
            packed: ZlibEncoder::new(Vec::new(), Compression::new(4)),
        }
    }

    /// Adds rows; what is transparent is seen on white.
    ///
    /// # Errors
    /// `Internal` for a band of another width.
    pub fn add(&mut self, band: &Pixmap) -> Result<()> {
        if band.width() != self.width {
            return Err(internal(format!(
                "a band of {} pixels in a picture of {}",
                band.width(),
                self.width
            )));
        }
        let (pixels, _) = band.data().as_chunks::<4>();
        for row in pixels.chunks(band.width().max(1) as usize) {
            self.row.clear();
            self.row
                .extend(row.iter().flat_map(|pixel| on_white(*pixel)));
            let written = self.packed.write_all(&self.row);
            written.map_err(|e| internal(e.to_string()))?;
        }
        self.height = self.height.saturating_add(band.height());
        Ok(())
    }

    /// # Errors
    /// `Internal`: never in memory.
    pub fn finish(self) -> Result<Picture> {
        let data = self.packed.finish().map_err(|e| internal(e.to_string()))?;
        Ok(Picture {
            width: self.width,
            height: self.height,
            data,
        })
    }
}

impl Picture {
    /// A whole picture.
    ///
    /// # Errors
    /// As [`PictureWriter`]'s.
    pub fn new(pixmap: &Pixmap) -> Result<Picture> {
        let mut writer = PictureWriter::new(pixmap.width());
        writer.add(pixmap)?;
        writer.finish()
    }
}

fn internal(message: String) -> Error {
    Error::Internal { message }
}

fn on_white([r, g, b, a]: [u8; 4]) -> [u8; 3] {
    match a {
        255 => [r, g, b],
        0 => [255; 3],
        _ => {
            // premultiplied: white shines through by what alpha leaves
            let rest = 255 - a;
            [r, g, b].map(|channel| channel.saturating_add(rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn bands_are_one_picture_on_white() {
        let mut band = Pixmap::new(2, 1).unwrap();
        band.data_mut()
            .copy_from_slice(&[10, 20, 30, 255, 50, 0, 0, 100]);
        let mut writer = PictureWriter::new(2);
        writer.add(&band).unwrap();
        writer.add(&Pixmap::new(2, 2).unwrap()).unwrap();
        assert!(writer.add(&Pixmap::new(3, 1).unwrap()).is_err());
        let picture = writer.finish().unwrap();
        let mut bytes = Vec::new();
        let mut inflate = flate2::read::ZlibDecoder::new(picture.data.as_slice());
        inflate.read_to_end(&mut bytes).unwrap();
        assert_eq!((picture.width, picture.height), (2, 3));
        assert_eq!(bytes[..6], [10, 20, 30, 205, 155, 155]);
        assert_eq!(bytes[6..], [255; 12]);
    }
}
