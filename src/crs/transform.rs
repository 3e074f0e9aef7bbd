//! The way from one CRS to another, through PROJ or an exact closed form.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use super::cache::Cache;
use super::closed_form::ClosedForm;
use super::ffi::{Operation, Pipeline};
use super::{Crs, CrsKind, bounds, database, known};
use crate::error::{Error, Result};
use crate::geom::{Bbox, Coord};

/// Pairs whose operation is known; one takes less than 2 kB.
static TRANSFORMS: LazyLock<Cache<(Crs, Crs), Arc<Transform>>> = LazyLock::new(|| Cache::new(128));

/// Pipelines a thread keeps ready to run.
const PIPELINES_PER_THREAD: usize = 16;

/// Nothing is done: what PROJ writes for a pair without difference in house order.
const NOOP: &str = "+proj=noop";

thread_local! {
    /// The pipelines of this thread, the one used last in front.
    static PIPELINES: RefCell<Vec<(Arc<str>, Pipeline)>> = const { RefCell::new(Vec::new()) };
}

/// A transformation between two CRSs, x before y on both sides, in the CRSs' own units.
///
/// One operation serves the whole pair, and what happens to a position depends on nothing but
/// the position: the same input gives the same bits in every request. Shared between threads;
/// each keeps its own PROJ pipeline.
#[derive(Debug)]
pub struct Transform {
    source: Crs,
    target: Crs,
    pipeline: Arc<str>,
    accuracy_m: Option<f64>,
    is_ballpark: bool,
    closed_form: Option<ClosedForm>,
    /// From degrees: what is added to x for each turn round the world.
    turn: Option<f64>,
}

/// Longitudes up to here, one turn beyond the antimeridian, are positions; others are damaged.
const MAX_LONGITUDE: f64 = 540.0;

impl Transform {
    /// The transformation from `source` to `target`.
    ///
    /// Between the CRSs France uses and CRS:84, EPSG:4326, 3857 or 2154 the first call takes
    /// less than a millisecond; for other pairs PROJ looks for it, 20 to 800 ms. Later calls
    /// are a look-up.
    ///
    /// ```
    /// use cartotheque::crs::{Crs, Transform};
    /// let transform = Transform::new(&Crs::parse("EPSG:4326")?, &Crs::parse("EPSG:2154")?)?;
    /// let mut lyon = [[4.8357, 45.7640]];
    /// transform.forward(&mut lyon);
    /// assert!((lyon[0][0] - 842_667.0).abs() < 1.0 && (lyon[0][1] - 6_519_925.0).abs() < 1.0);
    /// # Ok::<(), cartotheque::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Transform`: PROJ knows no way between them, or one is no CRS of maps.
    pub fn new(source: &Crs, target: &Crs) -> Result<Arc<Transform>> {
        let key = (source.clone(), target.clone());
        if let Some(transform) = TRANSFORMS.get(&key) {
            return Ok(transform);
        }
        let transform = Arc::new(Transform::resolve(source, target)?);
        Ok(TRANSFORMS.insert(key, transform))
    }

    /// The way back.
    ///
    /// # Errors
    /// As `new`.
    pub fn inverse(&self) -> Result<Arc<Transform>> {
        Transform::new(&self.target, &self.source)
    }

    pub fn source(&self) -> &Crs {
        &self.source
    }

    pub fn target(&self) -> &Crs {
        &self.target
    }

    /// The operation as PROJ writes it, x before y and angles in degrees on both sides.
    pub fn pipeline(&self) -> &str {
        &self.pipeline
    }

    /// What the authority says of the operation's accuracy; `None` where it says nothing.
    pub fn accuracy_m(&self) -> Option<f64> {
        self.accuracy_m
    }

    /// True where PROJ knows no transformation between the datums and takes them for one:
    /// positions may be off by hundreds of metres.
    pub fn is_ballpark(&self) -> bool {
        self.is_ballpark
    }

    /// True where positions stay as they are.
    pub fn is_identity(&self) -> bool {
        &*self.pipeline == NOOP
    }

    /// True where shifts between nodes of a grid are part of the way, as of old datums.
    pub(super) fn has_grids(&self) -> bool {
        self.pipeline.contains("grid")
    }

    /// True where a formula of our own stands for PROJ's pipeline, equal within a micrometre.
    pub fn is_closed_form(&self) -> bool {
        self.closed_form.is_some()
    }

    /// True where most positions need neither logarithms nor arc tangents.
    #[cfg(test)]
    pub(super) fn is_short(&self) -> bool {
        self.closed_form.as_ref().is_some_and(ClosedForm::is_short)
    }

    /// Transforms every position in place; one that can't be projected becomes NaN, NaN.
    ///
    /// Longitudes beyond ±180°, as of what lies across the antimeridian in one piece, go on
    /// beyond the edge of a map of the world, where PROJ would begin again at its other side.
    pub fn forward(&self, coords: &mut [Coord]) {
        if self.is_identity() {
            return;
        }
        let is_beyond = |coord: &Coord| coord[0].abs() > 180.0 && coord[0].abs() <= MAX_LONGITUDE;
        match self.turn {
            Some(turn) if coords.iter().any(is_beyond) => {
                for coord in coords {
                    let turns = match is_beyond(coord) {
                        true => (coord[0] / 360.0).round(),
                        false => 0.0,
                    };
                    coord[0] -= turns * 360.0;
                    self.forward_once(std::slice::from_mut(coord));
                    coord[0] += turns * turn;
                }
            }
            _ => self.forward_once(coords),
        }
    }

    fn forward_once(&self, coords: &mut [Coord]) {
        let Some(closed_form) = &self.closed_form else {
            return self.forward_by_proj(coords);
        };
        // at the edges of a formula's domain PROJ decides
        closed_form.forward(coords, |coord| {
            self.forward_by_proj(std::slice::from_mut(coord));
        });
    }

    /// The boxes that hold the image of `bbox`: none where nothing of it can be projected, two
    /// where a geographic image crosses the antimeridian; grown a little, never too small.
    ///
    /// Contains the image of every position of the box whose surroundings can be projected;
    /// towards a place that goes to infinity (the far pole of a cone) the box ends where the
    /// samples do.
    pub fn forward_bbox(&self, bbox: &Bbox) -> Vec<Bbox> {
        bounds::image(self, bbox)
    }

    /// As `forward`, by PROJ alone.
    pub(super) fn forward_by_proj(&self, coords: &mut [Coord]) {
        PIPELINES.with_borrow_mut(|pipelines| {
            let place = pipelines
                .iter()
                .position(|(text, _)| *text == self.pipeline);
            match place {
                Some(0) => {}
                // the one used last goes in front: the last one is the longest unused
                Some(place) => {
                    let used = pipelines.remove(place);
                    pipelines.insert(0, used);
                }
                None => {
                    if let Some(pipeline) = Pipeline::new(&self.pipeline) {
                        pipelines.truncate(PIPELINES_PER_THREAD - 1);
                        pipelines.insert(0, (Arc::clone(&self.pipeline), pipeline));
                    }
                }
            }
            match pipelines.first() {
                Some((text, pipeline)) if *text == self.pipeline => pipeline.run(coords),
                // no memory left for a pipeline that ran in another thread
                _ => coords.fill([f64::NAN; 2]),
            }
        });
    }

    fn resolve(source: &Crs, target: &Crs) -> Result<Transform> {
        let no_way = |message: &str| Error::Transform {
            from: source.id(),
            to: target.id(),
            message: message.to_owned(),
        };
        for crs in [source, target] {
            if crs.kind == CrsKind::Other {
                return Err(no_way(&format!("{crs} has no easting and northing")));
            }
        }
        let (from, to) = (house_order(source), house_order(target));
        let transform = |operation: Operation| Transform {
            source: source.clone(),
            target: target.clone(),
            closed_form: ClosedForm::parse(&operation.pipeline),
            pipeline: operation.pipeline.into(),
            accuracy_m: operation.accuracy_m,
            is_ballpark: operation.is_ballpark,
            turn: target.turn().filter(|_| source.is_lon_lat_degrees()),
        };
        if from == to {
            return Ok(transform(Operation {
                pipeline: NOOP.to_owned(),
                accuracy_m: Some(0.0),
                is_ballpark: false,
            }));
        }
        // Of shipped pairs the tests know that PROJ runs the pipeline and agrees with the closed
        // form. A process's first pipeline costs 10 ms and 3 MB: most servers never need one.
        if let Some(operation) = known::operation(&from.id(), &to.id()) {
            return Ok(transform(operation));
        }
        let operation =
            database::operation(&from, &to)?.ok_or_else(|| no_way("PROJ knows no operation"))?;
        if Pipeline::new(&operation.pipeline).is_none() {
            return Err(no_way("PROJ can't run its operation"));
        }
        let mut transform = transform(operation);
        if !transform.agrees_with_proj() {
            transform.closed_form = None;
        }
        Ok(transform)
    }

    /// True where the closed form, if there is one, sends samples where PROJ does.
    pub(super) fn agrees_with_proj(&self) -> bool {
        self.closed_form
            .as_ref()
            .is_none_or(|form| form.agrees(|coords| self.forward_by_proj(coords), self))
    }
}

/// In house order EPSG:4326 is CRS:84.
fn house_order(crs: &Crs) -> Crs {
    if crs.authority == "EPSG" && crs.code == "4326" {
        Crs::crs84()
    } else {
        crs.clone()
    }
}
