//! One level from the features, or from a finer level.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::classes::Classes;
use super::crowd::{Crowd, Merged};
use super::dots::{Dots, Joined};
use super::nets::Nets;
use super::opaque::{plain_width_px, radius_px, width_px};
use super::simplify::Simplifier;
use super::thin::{Survivors, Traffic};
use super::{COUNT_FIELD, FID_FIELD};
use crate::budget::Budget;
use crate::crs::{Crs, Seam, Transform};
use crate::error::Result;
use crate::feature::{Feature, Field, FieldType, Schema, Value};
use crate::geom::{Bbox, Coord, Geometry, GeometryType, PartKind};
use crate::store::fgb::{FgbHead, FgbWriter, push_value};
use crate::store::{FeatureStore, Select};
use crate::style::Style;

/// Polygons smaller than so many pixels are summed up. The pixels of a view are one to 1.4 times
/// as large as the level's, where no level was left out.
const SMALL: f64 = 3.0;

/// A polygon narrower than this part of a pixel, on average, is summed up with the small ones: a
/// grid of a quarter can't hold it.
const NARROW: f64 = 1.0 / 2.0;

/// Points within this part of a pixel hide each other.
const HIDES: f64 = 1.0;

/// Features between two words about the progress.
const TELL_EVERY: u64 = 1 << 14;

/// What levels of a layer have in common.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Name of the layer.
    pub id: String,
    pub styles: Vec<Arc<Style>>,
    /// Names of the columns that levels keep.
    pub columns: Vec<String>,
}

/// What a level is made from.
pub struct Input<'a> {
    pub store: &'a dyn FeatureStore,
    /// From the store's CRS to the level's; `None` where they are one.
    pub way: Option<Arc<Transform>>,
    /// Where that would tear what lies across the antimeridian.
    pub seam: Option<Seam>,
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").finish_non_exhaustive()
    }
}

impl Input<'_> {
    /// A position in the level's CRS.
    pub fn project(&self, at: Coord) -> Coord {
        let mut positions = [at];
        if let Some(way) = &self.way {
            way.forward(&mut positions);
        }
        let [at] = positions;
        at
    }
}

/// Where a level goes.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub crs: &'a Crs,
    /// Size of a pixel in units of the CRS.
    pub resolution: f64,
    pub path: &'a Path,
}

/// What came of building a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    pub features: u64,
    pub bytes: u64,
}

/// Builds a level into a file. `tell` is called now and then with the number of features read.
///
/// # Errors
/// `Io`; what the store and `budget` say: `Cancelled` where it is not wanted any more.
pub fn build(
    input: &Input<'_>,
    recipe: &Recipe,
    target: &Target<'_>,
    budget: &Budget,
    tell: &dyn Fn(u64),
) -> Result<Built> {
    let Target {
        crs,
        resolution,
        path,
    } = *target;
    let schema = input.store.schema();
    let kind = match schema.geometry {
        GeometryType::GeometryCollection => GeometryType::Unknown,
        kind => kind,
    };
    let kept: Vec<(usize, Field)> = recipe
        .columns
        .iter()
        .filter_map(|name| {
            let column = schema.column(name)?;
            Some((column, schema.fields.get(column)?.clone()))
        })
        .collect();
    let mut fields: Vec<Field> = kept.iter().map(|(_, field)| field.clone()).collect();
    fields.push(own_field(FID_FIELD, FieldType::Long));
    fields.push(own_field(COUNT_FIELD, FieldType::Float));
    let width_px = width_px(&recipe.styles);
    let plain_width_px = plain_width_px(&recipe.styles);
    let is_of_lines = kind.dimension() == Some(1);
    let mut builder = Builder {
        input,
        resolution,
        kept,
        fid_column: schema.column(FID_FIELD),
        count_column: schema.column(COUNT_FIELD),
        opaque_px: radius_px(&recipe.styles),
        classes: Classes::new(&recipe.styles, schema)?,
        simplifier: Simplifier::new(resolution),
        crowd: Crowd::new(resolution),
        traffic: Traffic::new(resolution, width_px),
        dots: (is_of_lines && width_px > 0.0).then(|| Dots::new(resolution)),
        nets: (is_of_lines && plain_width_px > 0.0).then(|| Nets::new(resolution, plain_width_px)),
        writer: FgbWriter::create(path, kind)?,
        kind,
        properties: Vec::new(),
        part: Geometry::default(),
        out: Geometry::default(),
    };
    builder.run(budget, tell)?;
    let description = format!(
        "Overview of {} for maps of {resolution} {} a pixel and more: not the data",
        recipe.id, crs.name,
    );
    let features = builder.writer.count();
    let head = FgbHead {
        title: "",
        name: &recipe.id,
        description: &description,
        metadata: "",
        geometry: kind,
        fields: &fields,
        crs,
    };
    let bytes = builder.writer.finish(&head)?;
    Ok(Built { features, bytes })
}

pub fn own_field(name: &str, kind: FieldType) -> Field {
    Field {
        name: name.to_owned(),
        kind,
        title: None,
        description: None,
        nullable: true,
    }
}

struct Builder<'a> {
    input: &'a Input<'a>,
    resolution: f64,
    /// Columns of the input, and their fields.
    kept: Vec<(usize, Field)>,
    fid_column: Option<usize>,
    count_column: Option<usize>,
    /// Radius of the disc that a symbol hides.
    opaque_px: f64,
    classes: Classes,
    simplifier: Simplifier,
    crowd: Crowd,
    traffic: Traffic,
    /// Of layers of lines whose strokes hide what is below.
    dots: Option<Dots>,
    /// Of those whose strokes are of one colour besides.
    nets: Option<Nets>,
    writer: FgbWriter,
    kind: GeometryType,
    properties: Vec<u8>,
    /// One part of a feature, and the parts that are kept of it.
    part: Geometry,
    out: Geometry,
}

impl Builder<'_> {
    fn run(&mut self, budget: &Budget, tell: &dyn Fn(u64)) -> Result<()> {
        let survivors = match self.kind {
            GeometryType::Point => Some(self.survivors(budget)?),
            _ => None,
        };
        self.nets(budget)?;
        let mut geometry = Geometry::default();
        let mut read = 0;
        self.input
            .store
            .select(&Select::default(), budget, &mut |feature| {
                read += 1;
                if read % TELL_EVERY == 0 {
                    tell(read);
                }
                let fid = feature.fid();
                if survivors.as_ref().is_none_or(|s| s.is_seen(fid)) {
                    feature.geometry(&mut geometry)?;
                    self.project(&mut geometry);
                    self.feature(feature, &geometry)?;
                }
                let is_full = self.dots.as_ref().is_some_and(Dots::is_full);
                if self.crowd.is_full() || is_full {
                    self.flush(budget)?;
                }
                Ok(ControlFlow::Continue(()))
            })?;
        tell(read);
        self.flush(budget)
    }

    fn project(&self, geometry: &mut Geometry) {
        match (&self.input.way, &self.input.seam) {
            (None, _) => {}
            (Some(way), None) => way.forward(geometry.coords_mut()),
            (Some(way), Some(seam)) => seam.project(geometry, |coords| way.forward(coords)),
        }
    }

    /// A first walk over points: those that are seen.
    fn survivors(&mut self, budget: &Budget) -> Result<Survivors> {
        let mut survivors = Survivors::new(self.resolution * HIDES, self.opaque_px / HIDES);
        let mut geometry = Geometry::default();
        self.input
            .store
            .select(&Select::default(), budget, &mut |feature| {
                feature.geometry(&mut geometry)?;
                self.project(&mut geometry);
                let class = self.classes.of(feature);
                for at in geometry.coords() {
                    survivors.add(class, feature.fid(), *at);
                }
                Ok(ControlFlow::Continue(()))
            })?;
        survivors.finish();
        Ok(survivors)
    }

    /// A first walk over lines: where they are dense, and what stands for them there. It lies
    /// below the lines of other classes.
    fn nets(&mut self, budget: &Budget) -> Result<()> {
        let Some(mut nets) = self.nets.take() else {
            return Ok(());
        };
        let mut geometry = Geometry::default();
        self.input
            .store
            .select(&Select::default(), budget, &mut |feature| {
                feature.geometry(&mut geometry)?;
                self.project(&mut geometry);
                let whose = (self.classes.of(feature), feature.fid());
                let count = self.count(feature);
                for line in geometry.parts().flat_map(|part| part.sequences()) {
                    nets.add(whose, line, count);
                }
                Ok(ControlFlow::Continue(()))
            })?;
        nets.finish();
        for net in nets.nets() {
            self.input.store.get(net.fid, &mut |feature| {
                values(
                    &mut self.properties,
                    &self.kept,
                    self.fid_column,
                    feature,
                    Some(net.count),
                );
                Ok(())
            })?;
            self.out.begin(self.kind);
            self.out.extend(net.line());
            self.out.end_part(PartKind::Line);
            self.writer.add(&self.out, &self.properties)?;
        }
        self.nets = Some(nets);
        Ok(())
    }

    /// How many features one of a level stands for; `None` for one by itself.
    fn count(&self, feature: &dyn Feature) -> Option<f64> {
        self.count_column
            .and_then(|column| feature.value(column).as_f64())
    }

    fn feature(&mut self, feature: &dyn Feature, geometry: &Geometry) -> Result<()> {
        let class = self.classes.of(feature);
        let count = self.count(feature);
        self.out.begin(match self.kind {
            GeometryType::Unknown => geometry.kind(),
            kind => kind,
        });
        for part in geometry.parts() {
            match part.kind {
                PartKind::Points => {
                    let finite = |c: &&Coord| c[0].is_finite() && c[1].is_finite();
                    let points = part.sequences().flatten().filter(finite).copied();
                    self.out.extend(points);
                    self.out.end_part(PartKind::Points);
                }
                PartKind::Line => {
                    self.part.begin(GeometryType::LineString);
                    let whose = (class, feature.fid());
                    for line in part.sequences() {
                        self.line(whose, line, count);
                    }
                    if !self.part.is_empty() && self.traffic.shows(class, &self.part) {
                        self.keep_lines(feature, count)?;
                    }
                }
                PartKind::Polygon => {
                    // what was merged before is merged again, or stays a rectangle of its own
                    let small = Outline::of(part.sequences())
                        .filter(|o| count.is_some() || o.is_small(self.resolution));
                    let fid = feature.fid();
                    let merged = small.is_some_and(|outline| {
                        let rings = part.sequences();
                        self.crowd.add((class, fid), &outline.bbox, count, rings)
                    });
                    if !merged {
                        self.part.begin(GeometryType::Polygon);
                        if self.simplifier.polygon(part.sequences(), &mut self.part) {
                            self.keep_part(PartKind::Polygon);
                        }
                    }
                }
            }
            let is_single = matches!(
                self.kind,
                GeometryType::Point | GeometryType::LineString | GeometryType::Polygon
            );
            if is_single {
                self.write(feature, count)?;
                self.out.begin(self.kind);
            }
        }
        self.write(feature, count)
    }

    /// Takes of a line what is seen by itself into the part under way, or into the dots.
    fn line(&mut self, whose: (u32, u64), line: &[Coord], count: Option<f64>) {
        let Builder {
            nets,
            dots,
            simplifier,
            part,
            ..
        } = self;
        let mut keep = |line: &[Coord]| {
            if !dots.as_mut().is_some_and(|d| d.add(whose, line, count)) {
                simplifier.line(line, part);
            }
        };
        match nets {
            Some(nets) => nets.outside(whose.0, line, count, &mut keep),
            None => keep(line),
        }
    }

    /// Keeps the lines of the part under way: each as a feature of its own, where features of the
    /// level have one line.
    fn keep_lines(&mut self, feature: &dyn Feature, count: Option<f64>) -> Result<()> {
        if self.kind != GeometryType::LineString {
            self.keep_part(PartKind::Line);
            return Ok(());
        }
        let part = std::mem::take(&mut self.part);
        for line in part.parts().flat_map(|part| part.sequences()) {
            self.out.begin(self.kind);
            self.out.extend(line.iter().copied());
            self.out.end_part(PartKind::Line);
            self.write(feature, count)?;
        }
        self.out.begin(self.kind);
        self.part = part;
        Ok(())
    }

    fn keep_part(&mut self, kind: PartKind) {
        for sequence in self.part.parts().flat_map(|part| part.sequences()) {
            self.out.extend(sequence.iter().copied());
            self.out.end_sequence();
        }
        self.out.end_part(kind);
    }

    /// Writes what was kept of a feature, if anything.
    fn write(&mut self, feature: &dyn Feature, count: Option<f64>) -> Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        values(
            &mut self.properties,
            &self.kept,
            self.fid_column,
            feature,
            count,
        );
        self.writer.add(&self.out, &self.properties)
    }

    fn flush(&mut self, budget: &Budget) -> Result<()> {
        let Builder {
            crowd,
            writer,
            input,
            kept,
            fid_column,
            properties,
            out,
            kind,
            dots,
            ..
        } = self;
        let mut written = 0_u64;
        if let Some(dots) = dots {
            dots.flush(&mut |joined: &Joined| {
                input.store.get(joined.fid, &mut |feature| {
                    values(properties, kept, *fid_column, feature, joined.count);
                    Ok(())
                })?;
                out.begin(*kind);
                out.extend(joined.ends);
                out.end_part(PartKind::Line);
                writer.add(out, properties)
            })?;
        }
        crowd.flush(&mut |merged: &Merged| {
            written += 1;
            if written.is_multiple_of(TELL_EVERY) {
                budget.check()?;
            }
            input.store.get(merged.fid, &mut |feature| {
                values(properties, kept, *fid_column, feature, Some(merged.count));
                Ok(())
            })?;
            rectangle(&merged.bbox, *kind, out);
            writer.add(out, properties)
        })
    }
}

/// The property bytes of a feature of a level.
fn values(
    properties: &mut Vec<u8>,
    kept: &[(usize, Field)],
    fid_column: Option<usize>,
    feature: &dyn Feature,
    count: Option<f64>,
) {
    properties.clear();
    let mut number = 0_u16;
    let mut push = |kind, value: Value<'_>| {
        push_value(properties, number, kind, value);
        number = number.saturating_add(1);
    };
    for (column, field) in kept {
        push(field.kind, feature.value(*column));
    }
    let fid = match fid_column {
        Some(column) => feature.value(column),
        None => Value::UInt(feature.fid()),
    };
    push(FieldType::Long, fid);
    push(FieldType::Float, count.map_or(Value::Null, Value::Float));
}

fn rectangle(bbox: &Bbox, kind: GeometryType, out: &mut Geometry) {
    out.begin(match kind {
        GeometryType::Unknown => GeometryType::Polygon,
        kind => kind,
    });
    out.extend([
        [bbox.min_x, bbox.min_y],
        [bbox.max_x, bbox.min_y],
        [bbox.max_x, bbox.max_y],
        [bbox.min_x, bbox.max_y],
        [bbox.min_x, bbox.min_y],
    ]);
    out.end_part(PartKind::Polygon);
}

/// How large a polygon is.
#[derive(Debug, Clone, Copy)]
pub struct Outline {
    bbox: Bbox,
    pub area: f64,
    perimeter: f64,
}

impl Outline {
    /// `None` where there is no finite position.
    pub fn of<'a>(rings: impl Iterator<Item = &'a [Coord]>) -> Option<Outline> {
        let mut outline: Option<Outline> = None;
        for ring in rings {
            let area = super::cells::doubled_area(ring).abs() / 2.0;
            let edges = ring.iter().zip(ring.iter().skip(1));
            let perimeter: f64 = edges.map(|(a, b)| (b[0] - a[0]).hypot(b[1] - a[1])).sum();
            match &mut outline {
                None => {
                    outline = Some(Outline {
                        bbox: Bbox::around(ring)?,
                        area,
                        perimeter,
                    });
                }
                Some(outline) => {
                    outline.area -= area;
                    outline.perimeter += perimeter;
                }
            }
        }
        outline
    }

    /// True where the polygon is small, or too narrow for the grid.
    pub fn is_small(&self, pixel: f64) -> bool {
        let side = self.bbox.width().max(self.bbox.height());
        let within = side < SMALL * pixel;
        within || 2.0 * self.area < NARROW * pixel * self.perimeter
    }
}

/// The columns that a level keeps: those the styles ask for, and what names and identifies a
/// feature.
pub fn columns_of(names: impl IntoIterator<Item = String>, schema: &Schema) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for name in names {
        if schema.column(&name).is_some() && !columns.contains(&name) {
            columns.push(name);
        }
    }
    columns
}
