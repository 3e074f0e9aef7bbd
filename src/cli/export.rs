use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value};

use super::line::Line;
use super::prepare::CacheArguments;
use super::signal::{STOPPED, stop_at_signal};
use super::{Outcome, with_names};
use crate::archive::export::{Job, Progress, TileSource, export};
use crate::archive::{self, ArchiveForm, ArchiveInfo, Center, WebTile, Written};
use crate::budget::Budget;
use crate::encode::{self, Effort};
use crate::error::{Error, Result};
use crate::geom::Bbox;
use crate::operation::MapLayer;
use crate::overview;
use crate::protocol::tiles::{self, Tile, TileFormat, TileWish};
use crate::server::{CacheOptions, Options, Site, State};
use crate::tile::{TileAddress, TileMatrixSet, TileMatrixSets};

/// What `cartotheque export` takes.
///
/// Stopped at any time, the same command goes on from there: what was made is beside the archive
/// until it is whole, as NAME.partial.
#[derive(Debug, Args)]
pub struct Export {
    /// A folder with capabilities/, styles/ and data/, a folder of .fgb files, or one file.
    path: PathBuf,

    /// Layers or groups, bottom first, joined by commas. Default: all, as the tree orders them.
    #[arg(long, value_delimiter = ',')]
    layers: Vec<String>,

    /// The zooms to make: 0-14, or 12.
    #[arg(long, default_value = "0-14", value_parser = parse_zooms)]
    zoom: RangeInclusive<u8>,

    /// Only tiles that touch this box: west, south, east, north in degrees. Default: all layers.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_parser = super::render::parse_corner)]
    bbox: Vec<f64>,

    /// What tiles are written as: mvt, png, webp or jpeg; mlt (MapLibre Tiles) into PMTiles.
    #[arg(long, default_value = "mvt", value_parser = parse_format)]
    format: TileFormat,

    /// Threads that make tiles. Default: the number of cores.
    #[arg(long)]
    threads: Option<usize>,

    /// The archive to write: .pmtiles or .mbtiles. One of that name is replaced when the new one
    /// is whole.
    #[arg(short, long)]
    output: PathBuf,

    /// Large layers are read from overviews where a zoom shows no more: they are made first where
    /// they are not there. --overview-mb 0 reads the features for every tile.
    #[command(flatten)]
    cache: CacheArguments,
}

/// Work that is lost at most when the process ends.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

pub(super) fn parse_zooms(text: &str) -> Result<RangeInclusive<u8>, String> {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    match (min.trim().parse(), max.trim().parse()) {
        (Ok(min), Ok(max)) if min <= max && max <= WebTile::MAX_ZOOM => Ok(min..=max),
        _ => Err(format!("expected zooms such as 0-14, found {text:?}")),
    }
}

fn parse_format(text: &str) -> Result<TileFormat, String> {
    TileFormat::of_extension(text)
        .ok_or_else(|| format!("expected mvt, mlt, png, webp or jpeg, found {text:?}"))
}

impl Export {
    pub fn run(mut self) -> Outcome {
        self.check_form()?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or(threads).clamp(1, 1024);
        let mut cache = std::mem::take(&mut self.cache).options();
        if cache.crs.is_empty() {
            // that of the tiles: a server reads the same
            cache.crs = vec!["EPSG:3857".into()];
        }
        let state = State::load(Options {
            path: self.path.clone(),
            base_url: None,
            trusted_proxies: Vec::new(),
            workers: 1,
            strict: false,
            explain: false,
            cache: Some(cache.clone()),
        })?;
        let site = state.whole();
        let names = if self.layers.is_empty() {
            site.catalogue.drawing_order()
        } else {
            self.layers.clone()
        };
        let maker = Maker::new(&site, &names, self.format)?;
        let deepest = maker.set.matrices().len().saturating_sub(1);
        if usize::from(*self.zoom.end()) > deepest {
            let message = format!("expected at most {deepest}, found {}", self.zoom.end());
            return Err(Error::parameter("--zoom", message));
        }
        let mut line = Line::new();
        if cache.max_bytes != Some(0) {
            prepare(&cache, &site, &maker.layers, &mut line)?;
        }
        let bounds = self.bounds(&maker)?;
        let info = self.info(&site, &names, bounds)?;
        let job = Job {
            zooms: self.zoom.clone(),
            bounds,
            threads,
            checkpoint_every: CHECKPOINT_EVERY,
        };
        let writer = archive::create(&self.output, &maker.identity(&job))?;
        let stop = Arc::new(AtomicBool::new(false));
        stop_at_signal(&stop);
        let made = export(&job, &maker, writer, &info, &stop, &mut |progress| {
            line.tell(|seconds| told(progress, seconds));
        });
        line.end();
        match made {
            Ok(written) => {
                self.sum_up(&written, line.started.elapsed());
                Ok(ExitCode::SUCCESS)
            }
            Err(Error::Cancelled) => {
                tell!("stopped: the same command goes on from here");
                Ok(ExitCode::from(STOPPED))
            }
            Err(error) => Err(error),
        }
    }

    /// Refuses what its readers would not know.
    fn check_form(&self) -> Result<()> {
        let is_mlt = self.format == TileFormat::MLT;
        if is_mlt && ArchiveForm::of(&self.output) == Some(ArchiveForm::Mbtiles) {
            let message = "MBTiles has no name for MapLibre Tiles: expected a name that ends in \
                           .pmtiles, or --format mvt";
            return Err(Error::parameter("--output", message));
        }
        Ok(())
    }

    /// The box to fill: what was asked for, else what the layers cover.
    fn bounds(&self, maker: &Maker<'_>) -> Result<Bbox> {
        match self.bbox.as_slice() {
            [west, south, east, north] => Bbox::new(*west, *south, *east, *north)
                .and_then(|b| b.intersection(&Bbox::WORLD))
                .ok_or_else(|| {
                    let expected =
                        "expected west,south,east,north in degrees, each minimum below its maximum";
                    Error::parameter("--bbox", format!("{expected}, found {:?}", self.bbox))
                }),
            [] => maker
                .layers
                .iter()
                .filter_map(|l| l.layer.extent_lonlat)
                .reduce(|a, b| a.union(&b))
                .ok_or_else(|| {
                    let message = "is needed: no layer has an extent in longitude and latitude";
                    Error::parameter("--bbox", message)
                }),
            other => Err(Error::parameter(
                "--bbox",
                format!("expected 4 numbers joined by commas, found {}", other.len()),
            )),
        }
    }

    /// What the archive says of itself: what the TileJSON of the same layers says.
    fn info(&self, site: &Site, names: &[String], bounds: Bbox) -> Result<ArchiveInfo> {
        let service = tiles::Service {
            catalogue: &site.catalogue,
            limits: &site.limits,
            overviews: site.studio.overviews(),
            explain: false,
        };
        let document = tiles::tile_json(&service, &names.join(","), self.format)?;
        let format = match self.format {
            TileFormat::MLT => archive::TileFormat::Mlt,
            TileFormat::Vector(_) => archive::TileFormat::Mvt,
            TileFormat::Image(image) => {
                archive::TileFormat::parse(image.extension()).ok_or_else(|| Error::Internal {
                    message: format!("no archive holds {}", image.extension()),
                })?
            }
        };
        let mut info = ArchiveInfo::new(format, *self.zoom.start(), *self.zoom.end());
        info.take_metadata(document.as_object().unwrap_or(&Map::new()));
        info.bounds = Some(bounds);
        let center = document.get("center").and_then(Value::as_array);
        let zoom = center.and_then(|c| c.get(2)?.as_u64());
        let [longitude, latitude] = bounds.center();
        info.center = Some(Center {
            longitude,
            latitude,
            zoom: zoom
                .and_then(|zoom| u8::try_from(zoom).ok())
                .unwrap_or(0)
                .clamp(*self.zoom.start(), *self.zoom.end()),
        });
        for layer in &mut info.vector_layers {
            layer.minzoom = layer.minzoom.map(|z| z.clamp(info.min_zoom, info.max_zoom));
            layer.maxzoom = layer.maxzoom.map(|z| z.clamp(info.min_zoom, info.max_zoom));
        }
        Ok(info)
    }

    fn sum_up(&self, written: &Written, time: Duration) {
        tell!(
            "{}: {} tiles, {} contents, {} bytes, in {:.1} s",
            self.output.display(),
            written.tiles,
            written.contents,
            written.bytes,
            time.as_secs_f64()
        );
    }
}

/// Makes the tiles of some layers.
struct Maker<'a> {
    site: &'a Site,
    set: Arc<TileMatrixSet>,
    format: TileFormat,
    layers: Vec<MapLayer>,
}

impl<'a> Maker<'a> {
    fn new(site: &'a Site, names: &[String], format: TileFormat) -> Result<Maker<'a>> {
        let catalogue = &site.catalogue;
        let mut layers = Vec::new();
        for name in names {
            let named = catalogue.layers_of(name);
            for layer in named.map_err(|error| with_names(error, catalogue))? {
                layers.push(MapLayer {
                    style: Arc::clone(layer.style("")?),
                    layer,
                    filter: None,
                });
            }
        }
        let set = catalogue.site.tile_matrix_sets.get(TileMatrixSets::WEB)?;
        Ok(Maker {
            site,
            set: Arc::clone(set),
            format,
            layers,
        })
    }

    /// All that the tiles depend on, so that an interrupted export goes on only with the same:
    /// for each zoom the key of a tile, which stands for the data or the levels that it is made
    /// from, the styles and the program.
    fn identity(&self, job: &Job) -> String {
        let first = job
            .zooms
            .clone()
            .filter_map(|zoom| WebTile::new(zoom, 0, 0));
        let keys: Vec<String> = first
            .map(|tile| format!("{:032x}", self.made(tile).key))
            .collect();
        let layers: Vec<&str> = self.layers.iter().map(|l| &*l.layer.id).collect();
        format!(
            "{} {:?} {:?} {} {} {}",
            self.format.extension(),
            job.zooms,
            job.bounds,
            self.site.limits.tile_bytes,
            layers.join(" "),
            keys.join(" "),
        )
    }

    /// A tile, not made yet: what the server makes for its address.
    fn made(&self, tile: WebTile) -> Tile {
        let wish = TileWish {
            set: Arc::clone(&self.set),
            address: Maker::address(tile),
            pixel_ratio: 1,
            format: self.format,
            layers: self.layers.clone(),
            archives: Vec::new(),
            with_points: false,
        };
        let overviews = self.site.studio.overviews();
        let most = self.site.limits.tile_bytes;
        Tile::new(&self.site.catalogue, overviews, wish, most)
    }

    fn address(tile: WebTile) -> TileAddress {
        TileAddress {
            matrix: usize::from(tile.z()),
            column: tile.x(),
            row: tile.y(),
        }
    }

    fn drawn(&self, tile: &Tile, format: encode::ImageFormat) -> Result<Option<Vec<u8>>> {
        let drawn = tile.drawn(&self.site.studio, &Budget::unlimited())?;
        let layers = &drawn.report.layers;
        if drawn.report.labels == 0 && layers.iter().all(|l| l.features_drawn == 0) {
            return Ok(None);
        }
        encode::image(&drawn.pixmap, format, Effort::Small).map(Some)
    }
}

impl TileSource for Maker<'_> {
    fn touches(&self, tile: WebTile) -> Result<bool> {
        let bbox = self.set.bbox(Maker::address(tile))?;
        let margin = match self.format {
            // more than the buffer of a vector tile
            TileFormat::Vector(_) => bbox.width() / 32.0,
            // symbols and labels reach as far as a tile at most
            TileFormat::Image(_) => bbox.width(),
        };
        let around = bbox.grown(margin, margin);
        let studio = &self.site.studio;
        for MapLayer { layer, .. } in &self.layers {
            if studio.touches(layer, &self.set.crs, &around)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn tile(&self, tile: WebTile) -> Result<Option<Vec<u8>>> {
        let tile = self.made(tile);
        match self.format {
            TileFormat::Image(format) => self.drawn(&tile, format),
            TileFormat::Vector(_) => {
                let bytes = tile.bytes(&self.site.studio, &Budget::unlimited())?;
                Ok((!bytes.is_empty()).then(|| archive::gzip(&bytes)))
            }
        }
    }
}

/// Makes the overviews of the layers ready that a server would read.
fn prepare(cache: &CacheOptions, site: &Site, layers: &[MapLayer], line: &mut Line) -> Result<()> {
    let keeper = match cache.keeper(&site.studio) {
        Ok(keeper) => keeper,
        // as a server does where nobody said where overviews are to be
        Err(error) if cache.folder.is_none() => {
            tell!("no overviews, every tile is made from the features: {error}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let line = RefCell::new(line);
    for MapLayer { layer, .. } in layers {
        keeper.prepare(layer, &Budget::unlimited(), &|progress| {
            line.borrow_mut().tell(|_| preparing(progress));
        })?;
    }
    Ok(())
}

fn preparing(progress: &overview::Progress) -> String {
    let overview::Progress {
        layer,
        zoom,
        read,
        features,
        ..
    } = progress;
    format!("overview {zoom} of {layer}: {read} of {features} features")
}

fn told(progress: &Progress, seconds: f64) -> String {
    let Progress {
        zoom,
        done,
        places,
        tiles,
        bytes,
        resumed,
    } = *progress;
    #[allow(clippy::cast_precision_loss, reason = "to be read by people")]
    let (megabytes, rate) = (bytes as f64 / 1e6, tiles as f64 / seconds);
    let earlier = match resumed {
        0 => String::new(),
        resumed => format!(", {resumed} places were made before"),
    };
    format!(
        "zoom {zoom}: {done} of {places} places; {tiles} tiles, {megabytes:.1} MB, {rate:.0} a second{earlier}"
    )
}
