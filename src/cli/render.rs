use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Outcome, with_names};
use crate::budget::Budget;
use crate::crs::Crs;
use crate::encode::{self, Effort, ImageFormat};
use crate::error::{Error, Result};
use crate::geom::{Bbox, Size, View};
use crate::operation::{MapLayer, MapRequest};
use crate::server::{Options, State};

/// Larger than any print, small enough for memory: 16 384 by 16 384 pixels.
const MAX_PIXELS: u64 = 1 << 28;

/// Symbols of a tenth of their size to twenty times it.
const DPI: RangeInclusive<f64> = 9.6..=1920.0;

/// What `cartotheque render` takes.
#[derive(Debug, Args)]
pub struct Render {
    /// A folder with capabilities/, styles/ and data/, a folder of .fgb files, or one file.
    path: PathBuf,

    /// Layers or groups, bottom first, joined by commas. Default: all, as the tree orders them.
    #[arg(long, value_delimiter = ',')]
    layers: Vec<String>,

    /// Styles in the order of the layers, joined by commas; empty is a layer's default.
    #[arg(long, value_delimiter = ',')]
    styles: Vec<String>,

    /// min x, min y, max x, max y: always easting or longitude first. Default: all layers.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_parser = parse_corner)]
    bbox: Vec<f64>,

    /// The CRS to draw in.
    #[arg(long, default_value = "EPSG:3857")]
    crs: String,

    /// Width and height in pixels: 800x600.
    #[arg(long, default_value = "1024x768", value_parser = parse_size)]
    size: Size,

    /// Dots per inch: scales symbols and text, 96 is a screen.
    #[arg(long, default_value_t = 96.0)]
    dpi: f64,

    /// No background.
    #[arg(long)]
    transparent: bool,

    /// The picture to write: .png, .jpg or .webp.
    #[arg(short, long)]
    output: PathBuf,
}

/// One of the four numbers of a box.
pub(super) fn parse_corner(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|n: &f64| n.is_finite());
    number
        .ok_or_else(|| "expected four numbers joined by commas: min x,min y,max x,max y".to_owned())
}

fn parse_size(text: &str) -> Result<Size, String> {
    let parsed = text
        .split_once(['x', 'X'])
        .and_then(|(w, h)| Some((w.parse::<u32>().ok()?, h.parse::<u32>().ok()?)));
    match parsed {
        Some((width, height))
            if width > 0 && height > 0 && u64::from(width) * u64::from(height) <= MAX_PIXELS =>
        {
            Ok(Size { width, height })
        }
        _ => Err(format!(
            "expected WIDTHxHEIGHT such as 800x600, of at most {MAX_PIXELS} pixels, found {text:?}"
        )),
    }
}

impl Render {
    pub fn run(self) -> Outcome {
        let extension = self
            .output
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or("");
        let format = ImageFormat::parse(extension).ok_or_else(|| {
            let found = self.output.display();
            let message =
                format!("expected a name that ends in .png, .jpg or .webp, found {found}");
            Error::parameter("--output", message)
        })?;
        if !DPI.contains(&self.dpi) {
            let (least, most) = (DPI.start(), DPI.end());
            let message = format!("expected {least} to {most}, found {}", self.dpi);
            return Err(Error::parameter("--dpi", message));
        }
        let folder = self.path.display().to_string();
        let state = State::load(Options {
            path: self.path,
            base_url: None,
            trusted_proxies: Vec::new(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            strict: false,
            explain: false,
            cache: None,
        })?;
        let site = state.whole();
        let catalogue = &site.catalogue;
        let crs = Crs::parse(&self.crs)?;
        let names = if self.layers.is_empty() {
            catalogue.drawing_order()
        } else {
            self.layers
        };
        if names.is_empty() {
            let message = format!("{folder} has no layer to draw");
            return Err(Error::Config { message });
        }
        let mut layers = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let style = self.styles.get(i).map_or("", String::as_str);
            let named = catalogue.layers_of(name);
            for layer in named.map_err(|error| with_names(error, catalogue))? {
                layers.push(MapLayer {
                    style: layer.style(style)?.clone(),
                    layer,
                    filter: None,
                });
            }
        }
        let bbox = match self.bbox.as_slice() {
            [a, b, c, d] => Bbox::new(*a, *b, *c, *d).filter(|b| b.width() > 0.0 && b.height() > 0.0).ok_or_else(|| {
                Error::parameter("--bbox", format!("expected min x,min y,max x,max y with each minimum below its maximum, found {:?}", self.bbox))
            })?,
            [] => layers
                .iter()
                .filter_map(|l| site.studio.extent_in(&l.layer, &crs))
                .reduce(|a, b| a.union(&b))
                .map(|b| with_shape(b, self.size))
                .ok_or_else(|| Error::parameter("--bbox", format!("is needed: no layer has an extent in {}", crs.id())))?,
            other => {
                return Err(Error::parameter("--bbox", format!("expected 4 numbers joined by commas, found {}", other.len())));
            }
        };
        let extents = layers
            .iter()
            .map(|l| site.studio.extent_in(&l.layer, &crs))
            .collect::<Option<Vec<Bbox>>>();
        // a script would take the empty picture for a map; most often the box is in another CRS
        if let Some(all) = extents.and_then(|e| e.into_iter().reduce(|a, b| a.union(&b)))
            && !all.intersects(&bbox)
        {
            let of_all = format!("{},{},{},{}", all.min_x, all.min_y, all.max_x, all.max_y);
            let message = format!(
                "touches none of the layers, which lie in {of_all} in {}: is it in another CRS (--crs), or north before east?",
                crs.id()
            );
            return Err(Error::parameter("--bbox", message));
        }
        let mut view = View::new(bbox, self.size, crs.metres_per_unit);
        view.pixel_ratio = self.dpi / 96.0;
        let request = MapRequest {
            view,
            crs,
            layers,
            background: [255; 3],
            transparent: self.transparent && format.has_alpha(),
        };
        let drawn = site.studio.map(&request, &Budget::unlimited())?;
        let bytes = encode::image(&drawn.pixmap, format, Effort::Small)?;
        std::fs::write(&self.output, &bytes).map_err(|e| Error::io(&self.output, &e))?;
        for layer in &drawn.report.layers {
            tell!(
                "{}: {} features drawn{}",
                layer.layer,
                layer.features_drawn,
                layer
                    .blank_because
                    .as_ref()
                    .map(|why| format!(", nothing to see: {why}"))
                    .unwrap_or_default()
            );
        }
        tell!(
            "{}: {} by {} pixels, {} bytes, {} labels, drawn in {:.0} ms",
            self.output.display(),
            self.size.width,
            self.size.height,
            bytes.len(),
            drawn.report.labels,
            drawn.report.total_time.as_secs_f64() * 1000.0
        );
        Ok(ExitCode::SUCCESS)
    }
}

/// The box grown, with a little margin, to the shape of the picture.
fn with_shape(b: Bbox, size: Size) -> Bbox {
    let margin = b.width().max(b.height()).max(1e-6) * 0.03;
    let b = b.grown(margin, margin);
    let shape = f64::from(size.width) / f64::from(size.height);
    let extra_x = (b.height() * shape - b.width()).max(0.0) / 2.0;
    let extra_y = (b.width() / shape - b.height()).max(0.0) / 2.0;
    b.grown(extra_x, extra_y)
}
