//! One map: what is written, settled against layers, CRSs and the server file.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Builder, Extents, Parts};
use crate::catalogue::map::{
    Basemap, BasemapKind, Map, MapPrint, MapService, MapStatus, MapTool, MapView, PrintLayout,
};
use crate::catalogue::{Layer, LocalText, bbox_lonlat};
use crate::config::build::settled;
use crate::config::diagnostic::{At, Findings, Place, Severity};
use crate::config::file::{Access, ExtentFile, MapFile, Text};
use crate::config::ident;
use crate::crs::{Crs, CrsKind, Transform};
use crate::error::{Error, Result, nearest};
use crate::geom::Bbox;

/// Beside what a map zooms to there is so much of its longer side.
const EXTENT_MARGIN: f64 = 0.04;

/// Settles maps; several at once.
pub struct Resolver<'a> {
    pub builder: &'a Builder<'a>,
    pub layers: HashMap<&'a str, &'a Arc<Layer>>,
    pub extents: &'a Extents,
    pub parts: &'a Parts,
    crs: Mutex<HashMap<String, Result<Crs>>>,
    basemaps: HashMap<&'a str, Arc<Basemap>>,
}

/// What is wrong with a name.
struct Missing {
    message: String,
    near: Option<String>,
    help: Option<String>,
}

impl<'a> Resolver<'a> {
    pub fn new(builder: &'a Builder<'a>, extents: &'a Extents, parts: &'a Parts) -> Resolver<'a> {
        let layers = builder.layers.iter();
        let layers = layers.map(|layer| (layer.id.as_str(), layer)).collect();
        Resolver {
            basemaps: basemaps(builder, &layers),
            layers,
            builder,
            extents,
            parts,
            crs: Mutex::default(),
        }
    }

    /// The map; `None` where the findings hold an error for it.
    pub fn map(&self, file: &MapFile, findings: &mut Findings) -> Option<Map> {
        let before = findings.count_errors();
        if let Some((message, instead)) = ident::fault(&file.id.value) {
            findings.error_nearest(&file.id.place, message, instead, None);
        }
        for alias in &file.aliases {
            if let Some((message, instead)) = ident::fault(&alias.value) {
                findings.error_nearest(&alias.place, message, instead, None);
            }
        }
        self.check_access(file, findings);
        let languages = self.languages(file, findings);
        let text = |text: &Option<Text>, findings: &mut Findings| {
            text.as_ref()
                .map_or_else(LocalText::default, |t| t.resolve(&languages, findings))
        };
        let title = text(&file.title, findings);
        let abstract_ = text(&file.abstract_, findings);
        let entries = self.entries(file, &languages, findings);
        let view = self.view(file, &entries, findings);
        let search = self.search(file, &languages, findings);
        let basemaps = self.basemaps(file, findings);
        let record = self.record(file, findings);
        let view = view.filter(|_| findings.count_errors() == before)?;
        Some(Map {
            id: file.id.value.clone(),
            aliases: file.aliases.iter().map(|at| at.value.clone()).collect(),
            title,
            abstract_,
            access: file.access.settled(&self.builder.server.access),
            status: file.status,
            metadata: settled(&file.metadata, record.as_deref()),
            keywords: file.metadata.keywords.clone(),
            languages,
            view,
            basemaps,
            entries,
            search,
            tools: file.tools.clone().unwrap_or(MapTool::ALL.to_vec()),
            print: MapPrint {
                layouts: file
                    .print
                    .layouts
                    .clone()
                    .unwrap_or(PrintLayout::ALL.to_vec()),
                dpi: file.print.dpi.clone().unwrap_or(vec![150, 300]),
                sources: file.print.sources.unwrap_or(true),
            },
            frames: file.frames.iter().map(|at| at.value.clone()).collect(),
            services: file.services.clone().unwrap_or(MapService::ALL.to_vec()),
        })
    }

    fn check_access(&self, file: &MapFile, findings: &mut Findings) {
        if let Access::Roles { roles, .. } = &file.access {
            self.builder.server.check_roles(roles, findings);
        }
    }

    fn languages(&self, file: &MapFile, findings: &mut Findings) -> Vec<String> {
        let site = self.builder.languages;
        for language in &file.languages {
            if !site.contains(&language.value) {
                let message = format!("{:?} is not a language of this site", language.value);
                let help = format!("`languages: [{}]` in server.yaml", site.join(", "));
                findings.add(Severity::Warning, &language.place, message, Some(help));
            }
        }
        match file.languages.as_slice() {
            [] => site.to_vec(),
            said => said.iter().map(|at| at.value.clone()).collect(),
        }
    }

    /// A layer that is served; what is wrong otherwise goes to the findings. A layer that is
    /// declared and not served has been told of elsewhere.
    pub fn layer(
        &self,
        at: &At<String>,
        file: &MapFile,
        findings: &mut Findings,
    ) -> Option<&'a Arc<Layer>> {
        let id = at.value.as_str();
        if let Some(layer) = self.layers.get(id) {
            let site = &self.builder.server.access;
            if file.access.settled(site).is_public() && !layer.access.is_public() {
                findings.error_help(
                    &at.place,
                    format!("the layer {id:?} is restricted, and this map is public"),
                    "restrict the map: access: {roles: […]}, or take the layer out",
                );
            }
            return Some(layer);
        }
        let builder = self.builder;
        if builder.archives.contains(id) {
            let message = format!("{id:?} is made of ready-made tiles");
            let help = "a map is made of layers of features";
            findings.error_help(&at.place, message, help);
        } else if builder.declared.contains(id) {
            let message = format!("the layer {id:?} is not served: it is left out");
            findings.add(Severity::Warning, &at.place, message, None);
        } else {
            let missing = Missing {
                message: format!("no layer {id:?}"),
                near: nearest(id, self.layers.keys().copied()),
                help: Some("layers are declared in capabilities/layers/".to_owned()),
            };
            missing.tell(file, &at.place, findings);
        }
        None
    }

    fn parse_crs(&self, at: &At<String>, findings: &mut Findings) -> Option<Crs> {
        let mut known = self.crs.lock().unwrap_or_else(PoisonError::into_inner);
        let parsed = known
            .entry(at.value.clone())
            .or_insert_with(|| self.builder.sources.parse_crs(&at.value));
        match parsed {
            Ok(crs) if crs.kind == CrsKind::Other => {
                let message = format!("{} is neither geographic nor projected", at.value);
                findings.error(&at.place, message);
                None
            }
            Ok(crs) => Some(crs.clone()),
            Err(error) => {
                let near = match error {
                    Error::InvalidCrs { nearest, .. } => nearest.clone(),
                    _ => None,
                };
                let message = format!("no CRS {:?} is known", at.value);
                let form = "write it as EPSG:2154".to_owned();
                findings.error_nearest(&at.place, message, near, Some(form));
                None
            }
        }
    }

    fn view(
        &self,
        file: &MapFile,
        entries: &[crate::catalogue::map::MapEntry],
        findings: &mut Findings,
    ) -> Option<MapView> {
        let written = &file.view;
        let crs = match &written.crs {
            Some(at) => self.parse_crs(at, findings)?,
            None => self.builder.crs.first().cloned().unwrap_or_else(Crs::crs84),
        };
        let mut offer = vec![crs.clone()];
        let said: Vec<Crs> = written
            .offer
            .iter()
            .filter_map(|at| self.parse_crs(at, findings))
            .collect();
        let others = match written.offer.as_slice() {
            [] => self.builder.crs,
            _ => &said,
        };
        for other in others {
            if !offer.contains(other) {
                offer.push(other.clone());
            }
        }
        let extent = match &written.extent {
            Some(at) => self.extent(at, file, &crs, findings)?,
            None => {
                let of_layers = super::entries::layers_of(entries);
                // of the layers as a whole: to find what filters leave takes a reading
                let around = of_layers
                    .map(|layer| layer.of.as_ref().unwrap_or(layer))
                    .filter_map(|layer| in_crs(&layer.store.extent()?, &layer.crs, &crs))
                    .reduce(|a, b| a.union(&b));
                match around {
                    Some(bbox) => bbox,
                    None if file.status == MapStatus::Draft => Bbox::WORLD,
                    // a layer that is at fault may be the one that has one
                    None if findings.has_errors() => return None,
                    None => {
                        let message = "the map has no extent, and no layer has one";
                        let help = "e.g. view: {extent: [xmin, ymin, xmax, ymax]}";
                        findings.error_help(&file.place, message, help);
                        return None;
                    }
                }
            }
        };
        Some(MapView {
            crs,
            extent,
            scales: written.scales,
            offer,
        })
    }

    fn extent(
        &self,
        at: &At<ExtentFile>,
        file: &MapFile,
        crs: &Crs,
        findings: &mut Findings,
    ) -> Option<Bbox> {
        match &at.value {
            ExtentFile::Corners([xmin, ymin, xmax, ymax]) => {
                let bbox = Bbox::new(*xmin, *ymin, *xmax, *ymax)?;
                check_area(&bbox, crs, &at.place, findings);
                Some(bbox)
            }
            ExtentFile::Of { layer, filter } => {
                let base = self.layer(layer, file, findings)?;
                let own = match filter {
                    None => base.store.extent(),
                    Some(text) => {
                        let filter = super::entries::parse_filter(text, base, findings)?;
                        match self.extents.of(base, &filter) {
                            Ok(found) => found,
                            Err(error) => {
                                super::entries::tell_filter(&error, text, base, findings);
                                return None;
                            }
                        }
                    }
                };
                let Some(bbox) = own.and_then(|own| in_crs(&own, &base.crs, crs)) else {
                    let which = filter.as_ref().map_or("", |text| text.value.as_str());
                    let message = match which {
                        "" => format!("the layer {:?} has no extent", layer.value),
                        which => format!("no feature of {:?} has {which}", layer.value),
                    };
                    findings.error(&at.place, message);
                    return None;
                };
                let margin = bbox.width().max(bbox.height()) * EXTENT_MARGIN;
                Some(bbox.grown(margin, margin))
            }
        }
    }

    fn basemaps(&self, file: &MapFile, findings: &mut Findings) -> Vec<Arc<Basemap>> {
        let mut chosen: Vec<Arc<Basemap>> = Vec::new();
        for at in &file.basemaps {
            match self.basemaps.get(at.value.as_str()) {
                Some(basemap) if chosen.iter().any(|known| known.id == basemap.id) => {
                    let message = format!("the base map {:?} is listed twice", at.value);
                    findings.error_help(&at.place, message, "keep one of them");
                }
                Some(basemap) => {
                    self.check_basemap(basemap, file, &at.place, findings);
                    chosen.push(Arc::clone(basemap));
                }
                None => {
                    let message = format!("no base map {:?} in server.yaml", at.value);
                    let near = nearest(&at.value, self.basemaps.keys().copied());
                    let help = "they stand in its `basemaps:`; `none` is the map without one";
                    findings.error_nearest(&at.place, message, near, Some(help.to_owned()));
                }
            }
        }
        if chosen.is_empty() {
            chosen.extend(self.basemaps.get(NONE).map(Arc::clone));
        }
        chosen
    }

    /// Who sees a map sees what lies under it.
    fn check_basemap(
        &self,
        basemap: &Basemap,
        file: &MapFile,
        place: &Place,
        findings: &mut Findings,
    ) {
        let is_public = file.access.settled(&self.builder.server.access).is_public();
        for layer in &basemap.layers {
            if is_public && !layer.access.is_public() {
                let (id, layer) = (&basemap.id, &layer.id);
                let message = format!(
                    "the layer {layer:?} of the base map {id:?} is restricted, and this map is public"
                );
                let help = "restrict the map: access: {roles: […]}, or take the base map out";
                findings.error_help(place, message, help);
            }
        }
    }

    fn record(&self, file: &MapFile, findings: &mut Findings) -> Option<PathBuf> {
        let at = file.metadata.record.as_ref()?;
        let leaves = Path::new(&at.value)
            .components()
            .any(|c| !matches!(c, Component::Normal(_) | Component::CurDir));
        let root = &self.builder.folder.root;
        let beside = root.join("capabilities").join(&at.value);
        let found = [root.join(&at.value), beside]
            .into_iter()
            .find(|path| !leaves && path.is_file());
        if found.is_none() {
            let message = format!("expected a record at {:?}, found nothing", at.value);
            let help = "without `record:` one is generated";
            findings.error_help(&at.place, message, help);
        }
        found
    }
}

impl Missing {
    /// An error; no more than a note for a draft, which may wait for its data.
    fn tell(self, file: &MapFile, place: &Place, findings: &mut Findings) {
        if file.status == MapStatus::Draft {
            findings.add(Severity::Info, place, self.message, None);
        } else {
            findings.error_nearest(place, self.message, self.near, self.help);
        }
    }
}

/// The id of the map without a base map.
const NONE: &str = "none";

fn basemaps<'a>(
    builder: &Builder<'a>,
    layers: &HashMap<&'a str, &'a Arc<Layer>>,
) -> HashMap<&'a str, Arc<Basemap>> {
    // their texts and layers are checked with the server file
    let mut unheard = Findings::new(Path::new(""));
    let none = Basemap {
        id: NONE.to_owned(),
        title: LocalText::new([
            ("fr".to_owned(), "Aucun fond".to_owned()),
            ("en".to_owned(), "No base map".to_owned()),
        ]),
        kind: BasemapKind::None,
        url: String::new(),
        layers: Vec::new(),
        layer: None,
        matrix_set: None,
        style: None,
        format: None,
        attribution: None,
    };
    let mut all = HashMap::from([(NONE, Arc::new(none))]);
    for written in &builder.server.basemaps {
        let title = written.title.as_ref();
        let basemap = Basemap {
            id: written.id.clone(),
            title: title.map_or_else(
                || LocalText::plain(ident::title(&written.id)),
                |t| t.resolve(builder.languages, &mut unheard),
            ),
            kind: match written.service.as_str() {
                "wmts" => BasemapKind::Wmts,
                "wms" => BasemapKind::Wms,
                "layers" => BasemapKind::Layers,
                _ => BasemapKind::Xyz,
            },
            url: written.url.clone(),
            layers: written
                .layers
                .iter()
                .filter_map(|at| layers.get(at.value.as_str()))
                .map(|layer| Arc::clone(layer))
                .collect(),
            layer: written.layer.clone(),
            matrix_set: written.matrix_set.clone(),
            style: written.style.clone(),
            format: written.format.clone(),
            attribution: written.attribution.clone(),
        };
        all.insert(&written.id, Arc::new(basemap));
    }
    all
}

/// A box of one CRS in another.
fn in_crs(bbox: &Bbox, from: &Crs, to: &Crs) -> Option<Bbox> {
    if from == to {
        return Some(*bbox);
    }
    let boxes = Transform::new(from, to).ok()?.forward_bbox(bbox);
    boxes.into_iter().reduce(|a, b| a.union(&b))
}

/// An extent that is nowhere near the area that its CRS is for was meant in another CRS.
fn check_area(bbox: &Bbox, crs: &Crs, place: &Place, findings: &mut Findings) {
    let lonlat = bbox_lonlat(bbox, crs);
    let is_near = |lonlat: &Bbox| {
        crs.area_of_use.is_empty()
            || crs
                .area_of_use
                .iter()
                .any(|area| area.grown(2.0, 2.0).intersects(lonlat))
    };
    if !lonlat.as_ref().is_some_and(is_near) {
        let message = format!(
            "the extent lies outside the area of {} ({})",
            crs.id(),
            crs.area_name
        );
        let corners = [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y];
        let has_degrees = corners.iter().all(|n| n.abs() <= 180.0);
        let help = match has_degrees && crs.kind == CrsKind::Projected {
            true => "these look like degrees: give metres, x before y, or {of: LAYER}",
            false => "x before y, in the CRS of the view",
        };
        findings.error_help(place, message, help);
    }
}
