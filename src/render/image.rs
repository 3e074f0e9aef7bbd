//! Pictures as symbols: PNG and SVG, decoded once, drawn at the size and angle asked; and larger
//! ones that somebody sends, PNG and WebP.
//!
//! An SVG is drawn from its own bytes alone: no file, no network, no linked or embedded raster
//! picture, no text (it would need the system's fonts, and differ from machine to machine).

use std::panic::{AssertUnwindSafe, catch_unwind};

use resvg::{tiny_skia, usvg};
use tiny_skia::{FilterQuality, Pixmap, PixmapPaint, Transform};

use super::svg;
use crate::style::ImageFormat;

/// A decoded picture.
pub struct Image(Source);

enum Source {
    Raster(Pixmap),
    Vector(Box<usvg::Tree>),
}

/// Above that an SVG is no symbol; parsing it would cost more than the map.
const MAX_BYTES: usize = 1 << 20;
/// Of a PNG, as stored: 16 MB decoded.
const MAX_SIDE: u32 = 2048;
/// Of a symbol as drawn, in pixels.
pub const MAX_DRAWN: f64 = 512.0;

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [width, height] = self.size();
        write!(f, "Image({width} x {height})")
    }
}

impl Image {
    /// Decodes a picture. JPEG is not drawn.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn decode(format: ImageFormat, data: &[u8]) -> Result<Image, String> {
        if data.len() > MAX_BYTES {
            return Err(format!(
                "{} bytes, a symbol has at most {MAX_BYTES}",
                data.len()
            ));
        }
        // a decoder's fault must not be the server's end
        let decoded = catch_unwind(AssertUnwindSafe(|| match format {
            ImageFormat::Png => png(data, is_symbol).map(Source::Raster),
            ImageFormat::Svg => svg::read(data).map(|tree| Source::Vector(Box::new(tree))),
            ImageFormat::Jpeg => Err("JPEG pictures are not drawn".to_owned()),
        }));
        decoded
            .unwrap_or_else(|_| Err("the decoder failed".to_owned()))
            .map(Image)
    }

    /// Decodes a picture of at most `max_pixels`, PNG or lossy or lossless WebP, as its bytes
    /// begin. Of an animation it is the first frame.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn raster(data: &[u8], max_pixels: u64) -> Result<Image, String> {
        let decoded = catch_unwind(AssertUnwindSafe(|| match data {
            [0x89, b'P', b'N', b'G', ..] => png(data, |size| fits(size, max_pixels)),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => webp(data, |size| fits(size, max_pixels)),
            _ => Err("expected a PNG or a WebP".to_owned()),
        }));
        decoded
            .unwrap_or_else(|_| Err("the decoder failed".to_owned()))
            .map(|pixmap| Image(Source::Raster(pixmap)))
    }

    /// Width and height in pixels at 96 DPI.
    pub fn size(&self) -> [f64; 2] {
        match &self.0 {
            Source::Raster(pixmap) => [f64::from(pixmap.width()), f64::from(pixmap.height())],
            Source::Vector(tree) => [
                f64::from(tree.size().width()),
                f64::from(tree.size().height()),
            ],
        }
    }

    /// Draws the picture onto `target`: its unit square (0,0 upper left to 1,1) goes where
    /// `unit_to_pixel` says.
    pub fn draw(&self, target: &mut Pixmap, unit_to_pixel: Transform) {
        let [width, height] = self.size();
        let to_unit = Transform::from_scale(1.0 / width as f32, 1.0 / height as f32);
        match &self.0 {
            Source::Vector(tree) => {
                let transform = to_unit.post_concat(unit_to_pixel);
                let drawn = catch_unwind(AssertUnwindSafe(|| {
                    resvg::render(tree, transform, &mut target.as_mut());
                }));
                if drawn.is_err() {
                    target.fill(tiny_skia::Color::TRANSPARENT);
                }
            }
            Source::Raster(pixmap) => {
                let (x_scale, y_scale) = unit_to_pixel.get_scale();
                let smaller = shrunk(pixmap, x_scale, y_scale);
                let source = smaller.as_ref().unwrap_or(pixmap);
                let to_unit = Transform::from_scale(
                    1.0 / source.width() as f32,
                    1.0 / source.height() as f32,
                );
                let paint = PixmapPaint {
                    quality: FilterQuality::Bilinear,
                    ..PixmapPaint::default()
                };
                let transform = to_unit.post_concat(unit_to_pixel);
                target.draw_pixmap(0, 0, source.as_ref(), &paint, transform, None);
            }
        }
    }
}

type Size = [u32; 2];

fn is_symbol([width, height]: Size) -> Result<(), String> {
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(format!(
            "{width} by {height} pixels, a symbol has at most {MAX_SIDE} a side"
        ));
    }
    Ok(())
}

fn fits([width, height]: Size, max_pixels: u64) -> Result<(), String> {
    if u64::from(width) * u64::from(height) > max_pixels {
        return Err(format!(
            "{width} by {height} pixels, expected at most {max_pixels} in all"
        ));
    }
    Ok(())
}

/// Nothing is allocated for pixels before `check` has seen how many there are.
fn png(data: &[u8], check: impl Fn(Size) -> Result<(), String>) -> Result<Pixmap, String> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(data));
    decoder.set_limits(png::Limits { bytes: 64 << 20 });
    decoder.set_transformations(
        png::Transformations::normalize_to_color8() | png::Transformations::ALPHA,
    );
    let mut reader = decoder.read_info().map_err(|e| e.to_string())?;
    let (width, height) = (reader.info().width, reader.info().height);
    check([width, height])?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let frame = reader.next_frame(&mut bytes).map_err(|e| e.to_string())?;
    pixmap([width, height], &bytes, frame.color_type.samples())
}

fn webp(data: &[u8], check: impl Fn(Size) -> Result<(), String>) -> Result<Pixmap, String> {
    let cursor = std::io::Cursor::new(data);
    let mut decoder = image_webp::WebPDecoder::new(cursor).map_err(|e| e.to_string())?;
    let (width, height) = decoder.dimensions();
    check([width, height])?;
    let mut bytes = vec![0; decoder.output_buffer_size().ok_or("too large")?];
    decoder.read_image(&mut bytes).map_err(|e| e.to_string())?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    pixmap([width, height], &bytes, channels)
}

/// Rows of straight colours as pixels; one to four channels.
fn pixmap([width, height]: Size, bytes: &[u8], channels: usize) -> Result<Pixmap, String> {
    let mut pixmap = Pixmap::new(width, height).ok_or("no pixels")?;
    let pixels = pixmap.data_mut().as_chunks_mut::<4>().0;
    for (target, source) in pixels.iter_mut().zip(bytes.chunks_exact(channels.max(1))) {
        let color = match source {
            [gray] => super::Color::rgb(*gray, *gray, *gray),
            [gray, a] => super::Color {
                a: *a,
                ..super::Color::rgb(*gray, *gray, *gray)
            },
            [r, g, b] => super::Color::rgb(*r, *g, *b),
            [r, g, b, a, ..] => super::Color {
                a: *a,
                ..super::Color::rgb(*r, *g, *b)
            },
            [] => super::Color::TRANSPARENT,
        };
        *target = color.premultiplied();
    }
    Ok(pixmap)
}

/// A picture halved until it is at most twice the size it is drawn at: bilinear sampling looks
/// at four pixels only.
fn shrunk(pixmap: &Pixmap, width: f32, height: f32) -> Option<Pixmap> {
    let mut current: Option<Pixmap> = None;
    loop {
        let source = current.as_ref().unwrap_or(pixmap);
        let wide = source.width() as f32 > 2.0 * width && source.width() > 1;
        let high = source.height() as f32 > 2.0 * height && source.height() > 1;
        if !wide && !high {
            return current;
        }
        current = Some(halved(source, wide, high)?);
    }
}

fn halved(source: &Pixmap, wide: bool, high: bool) -> Option<Pixmap> {
    let (sx, sy) = (1 + u32::from(wide), 1 + u32::from(high));
    let mut half = Pixmap::new(source.width() / sx, source.height() / sy)?;
    let width = half.width();
    for (index, target) in half
        .data_mut()
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .enumerate()
    {
        let (x, y) = (index as u32 % width * sx, index as u32 / width * sy);
        let mut sum = [0u32; 4];
        for dy in 0..sy {
            for dx in 0..sx {
                if let Some(p) = source.pixel(x + dx, y + dy) {
                    for (s, c) in sum
                        .iter_mut()
                        .zip([p.red(), p.green(), p.blue(), p.alpha()])
                    {
                        *s += u32::from(c);
                    }
                }
            }
        }
        let count = sx * sy;
        *target = sum.map(|s| ((s + count / 2) / count) as u8);
    }
    Some(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_svg_is_drawn_at_the_size_asked_and_reads_no_file() {
        let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10" height="10">
            <rect width="10" height="10" fill="#f00"/><image xlink:href="/etc/hostname" width="10" height="10"/></svg>"##;
        let image = Image::decode(ImageFormat::Svg, svg).unwrap();
        assert_eq!(image.size(), [10.0, 10.0]);
        let mut target = Pixmap::new(40, 40).unwrap();
        image.draw(&mut target, Transform::from_scale(40.0, 40.0));
        assert!(target.data().chunks(4).all(|p| p == [255, 0, 0, 255]));
    }

    #[test]
    fn a_png_is_premultiplied_and_shrunk_evenly() {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 64, 64);
        encoder.set_color(png::ColorType::Rgba);
        let mut writer = encoder.write_header().unwrap();
        let checks: Vec<u8> = (0..64 * 64)
            .flat_map(|i| {
                if (i % 64 + i / 64) % 2 == 0 {
                    [255, 255, 255, 255]
                } else {
                    [0; 4]
                }
            })
            .collect();
        writer.write_image_data(&checks).unwrap();
        drop(writer);
        let image = Image::decode(ImageFormat::Png, &bytes).unwrap();
        let mut target = Pixmap::new(8, 8).unwrap();
        image.draw(&mut target, Transform::from_scale(8.0, 8.0));
        for pixel in target.data().chunks(4) {
            assert!(pixel.iter().all(|c| (126..=129).contains(c)), "{pixel:?}");
        }
    }

    #[test]
    fn what_is_no_picture_is_an_error_in_words() {
        for format in [ImageFormat::Png, ImageFormat::Svg, ImageFormat::Jpeg] {
            assert!(!Image::decode(format, b"nothing").unwrap_err().is_empty());
        }
        let bomb = format!(
            "<!DOCTYPE s [<!ENTITY a \"{}\">{}]><svg>&z;</svg>",
            "x".repeat(100),
            (b'b'..=b'z')
                .map(|c| {
                    let (c, p) = (c as char, (c - 1) as char);
                    format!("<!ENTITY {c} \"{}\">", format!("&{p};").repeat(10))
                })
                .collect::<String>()
        );
        assert!(Image::decode(ImageFormat::Svg, bomb.as_bytes()).is_err());
    }
}
