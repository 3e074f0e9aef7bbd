use super::{Bbox, Coord};

/// A size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// A window on the world: a box of a CRS drawn on a number of pixels.
///
/// Pixels are areas: the box's left edge is x = 0.0 and its right edge x = width. The two
/// resolutions differ where the aspect ratios do (the image is stretched, OGC 06-042 §7.3.3.8).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// In easting, northing order, in units of the view's CRS.
    pub bbox: Bbox,
    pub size: Size,
    /// Metres in one unit of the CRS: 1 for metres, about 111 319.49 for degrees.
    pub metres_per_unit: f64,
    /// Device pixels per reference pixel: DPI / 96. Scales symbols, not the map. Default: 1.
    pub pixel_ratio: f64,
}

/// The size of the standard's pixel in metres (OGC 06-042 §7.2.4.6.9).
pub const STANDARD_PIXEL_M: f64 = 0.000_28;

impl View {
    pub fn new(bbox: Bbox, size: Size, metres_per_unit: f64) -> View {
        View {
            bbox,
            size,
            metres_per_unit,
            pixel_ratio: 1.0,
        }
    }

    /// CRS units per pixel, eastwards.
    pub fn resolution_x(&self) -> f64 {
        self.bbox.width() / f64::from(self.size.width.max(1))
    }

    /// CRS units per pixel, northwards.
    pub fn resolution_y(&self) -> f64 {
        self.bbox.height() / f64::from(self.size.height.max(1))
    }

    /// CRS units per pixel: the geometric mean of both directions.
    pub fn resolution(&self) -> f64 {
        (self.resolution_x() * self.resolution_y()).sqrt()
    }

    /// The scale denominator for a pixel of 0.28 mm, with high-resolution screens taken back to
    /// their reference pixel.
    pub fn scale_denominator(&self) -> f64 {
        self.resolution() * self.metres_per_unit / STANDARD_PIXEL_M * self.pixel_ratio
    }

    /// The view of what lies so far to the west, in units of the CRS.
    pub fn moved_west(&self, by: f64) -> View {
        View {
            bbox: self.bbox.moved_east(-by),
            ..*self
        }
    }

    /// World to pixel: x to the right, y down.
    pub fn to_pixel(&self, [x, y]: Coord) -> Coord {
        [
            (x - self.bbox.min_x) / self.resolution_x(),
            (self.bbox.max_y - y) / self.resolution_y(),
        ]
    }

    /// Pixel to world.
    pub fn to_world(&self, [x, y]: Coord) -> Coord {
        [
            self.bbox.min_x + x * self.resolution_x(),
            self.bbox.max_y - y * self.resolution_y(),
        ]
    }

    /// The world box of the view grown by a number of pixels on every side.
    pub fn bbox_with_margin(&self, pixels: f64) -> Bbox {
        self.bbox
            .grown(pixels * self.resolution_x(), pixels * self.resolution_y())
    }
}
