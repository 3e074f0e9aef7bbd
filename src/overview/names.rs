//! Which features have a chance to be named: the first in rank of each square of the world, for
//! squares of several sizes.
//!
//! A list of names is a FlatGeobuf file of points, the anchors, with the numbers of the features.
//! It tells who is asked; text, rank and place come from the features themselves, and labels are
//! settled as without it. `render::label` says why nobody is missing.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::build::own_field;
use super::crowd::along_hilbert;
use super::{FID_FIELD, Input};
use crate::budget::Budget;
use crate::crs::Crs;
use crate::error::Result;
use crate::feature::{Feature, FieldType, Schema, Value};
use crate::geom::anchor::anchor;
use crate::geom::{Coord, Geometry, GeometryType, PartKind};
use crate::query::BoundFilter;
use crate::render::label::{Standing, Standings};
use crate::store::Select;
use crate::store::fgb::{FgbHead, FgbWriter, push_value};
use crate::style::{Style, Symbolizer};

/// Squares held; beyond, they are joined to larger ones: 100 MB.
const MAX_SQUARES: usize = 1 << 20;
/// Features that are asked on every map, because it is not sure whether they keep others out:
/// more than this part of all, and a list is no use.
const MAX_UNSURE: f64 = 1.0 / 16.0;
/// Lists as short as this have no shorter ones.
const SHORT: usize = 256;
/// A list has at most this part of the features of the one before.
const MAX_SHARE: f64 = 0.5;

/// The texts of a layer's styles.
#[derive(Debug)]
pub struct Namers(Vec<Namer>);

#[derive(Debug)]
struct Namer {
    filter: Option<BoundFilter>,
    standings: Standings,
}

impl Namers {
    /// `None` where no text is set at points, or where it can't be told who is named: a rule for
    /// those that no other takes, and what [`Standings`] says.
    ///
    /// # Errors
    /// `FieldNotDefined`, `InvalidFilter` where a style does not fit the schema.
    pub fn new(styles: &[Arc<Style>], schema: &Schema) -> Result<Option<Namers>> {
        let mut namers = Vec::new();
        let rules = styles
            .iter()
            .flat_map(|style| &style.feature_type_styles)
            .flat_map(|pass| &pass.rules);
        for rule in rules {
            for symbolizer in &rule.symbolizers {
                let Symbolizer::Text(text) = symbolizer else {
                    continue;
                };
                let standings = Standings::new(text, schema)?;
                let Some(standings) = standings.filter(|_| !rule.is_else) else {
                    return Ok(None);
                };
                let filter = rule.filter.as_ref().map(|f| f.bind(schema)).transpose()?;
                namers.push(Namer { filter, standings });
            }
        }
        Ok((!namers.is_empty()).then_some(Namers(namers)))
    }
}

/// Where lists go.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Name of the layer.
    pub id: &'a str,
    pub crs: &'a Crs,
    /// The side of the squares to begin with, in units of the CRS, about.
    pub finest: f64,
    pub folder: &'a Path,
}

/// A list that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Squares have sides of two to the power of that many units.
    pub exponent: i32,
    pub path: PathBuf,
    pub features: u64,
    pub bytes: u64,
}

/// Writes the lists of a layer, from the one of the smallest squares; none where they are no use.
///
/// # Errors
/// `Io`; what the store and `budget` say.
pub fn build(
    input: &Input<'_>,
    namers: &Namers,
    place: &Place<'_>,
    budget: &Budget,
) -> Result<Vec<List>> {
    let mut squares = Squares::new(place.finest);
    let mut geometry = Geometry::default();
    let all = input.store.count();
    let Namers(namers) = namers;
    input
        .store
        .select(&Select::default(), budget, &mut |feature| {
            let mut at = None;
            for (namer, text) in namers.iter().zip(0..) {
                if namer.filter.as_ref().is_some_and(|f| !f.matches(feature)) {
                    continue;
                }
                let Some(standing) = namer.standings.of(feature) else {
                    continue;
                };
                if at.is_none() {
                    feature.geometry(&mut geometry)?;
                    at = anchor(&geometry).map(|at| input.project(at));
                }
                if let Some(at) = at {
                    squares.add(text, feature.fid(), standing, at);
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
    let mut lists = Vec::new();
    let mut longest = all as f64 * MAX_SHARE;
    if squares.unsure.len() as f64 > all as f64 * MAX_UNSURE {
        return Ok(lists);
    }
    loop {
        let features = squares.features();
        if features.len() as f64 <= longest {
            longest = features.len() as f64 * MAX_SHARE;
            lists.push(write(&features, squares.exponent, place)?);
        }
        let is_short = features.len() <= SHORT.max(2 * squares.unsure.len());
        if is_short || squares.are_fewest() {
            return Ok(lists);
        }
        budget.check()?;
        squares.join();
    }
}

/// The first of a square so far.
#[derive(Debug, Clone, Copy)]
struct First {
    standing: Standing,
    fid: u64,
    at: Coord,
}

#[derive(Debug)]
struct Squares {
    exponent: i32,
    /// By text, column and row.
    first: HashMap<(u32, i64, i64), First>,
    unsure: Vec<(u64, Coord)>,
}

impl Squares {
    fn new(finest: f64) -> Squares {
        #[allow(clippy::cast_possible_truncation, reason = "of a float: within 1100")]
        let exponent = finest.log2().floor() as i32;
        Squares {
            exponent,
            first: HashMap::new(),
            unsure: Vec::new(),
        }
    }

    fn add(&mut self, text: u32, fid: u64, standing: Standing, at: Coord) {
        if !at.iter().all(|v| v.is_finite()) {
            return; // it is on no map
        }
        if !standing.is_sure {
            self.unsure.push((fid, at));
            return;
        }
        let side = f64::from(self.exponent).exp2();
        #[allow(clippy::cast_possible_truncation, reason = "saturates, as on the map")]
        let [column, row] = at.map(|v| (v / side).floor() as i64);
        let new = First { standing, fid, at };
        self.enter((text, column, row), new);
        while self.first.len() > MAX_SQUARES {
            self.join();
        }
    }

    fn enter(&mut self, square: (u32, i64, i64), new: First) {
        let first = self.first.entry(square).or_insert(new);
        if new.standing.order(&first.standing).is_lt() {
            *first = new;
        }
    }

    /// Joins four squares to one.
    fn join(&mut self) {
        self.exponent += 1;
        for ((text, column, row), first) in std::mem::take(&mut self.first) {
            self.enter((text, column >> 1, row >> 1), first);
        }
    }

    /// True where joining makes no fewer of them: each lies at the middle of the CRS. As many are
    /// left as there are texts, which may be more than a short list has.
    fn are_fewest(&self) -> bool {
        let is_last = |place: i64| (-1..=0).contains(&place);
        let mut places = self.first.keys();
        places.all(|(_, column, row)| is_last(*column) && is_last(*row))
    }

    /// Each feature once, neighbours one after the other.
    fn features(&self) -> Vec<(u64, Coord)> {
        let first = self.first.values().map(|first| (first.fid, first.at));
        let mut all: Vec<(u64, Coord)> = first.chain(self.unsure.iter().copied()).collect();
        all.sort_unstable_by_key(|(fid, _)| *fid);
        all.dedup_by_key(|(fid, _)| *fid);
        let side = f64::from(self.exponent).exp2();
        #[allow(clippy::cast_possible_truncation, reason = "an order, nothing more")]
        let cell = |v: f64| (v / side).floor() as i64 as i32;
        all.sort_by_cached_key(|(fid, [x, y])| (along_hilbert(cell(*x), cell(*y)), *fid));
        all
    }
}

fn write(features: &[(u64, Coord)], exponent: i32, place: &Place<'_>) -> Result<List> {
    let Place {
        id, crs, folder, ..
    } = *place;
    let code = crs.id().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let path = folder.join(format!("{}-names{exponent:+}.fgb", code.to_lowercase()));
    let mut writer = FgbWriter::create(&path, GeometryType::Point)?;
    let (mut point, mut properties) = (Geometry::default(), Vec::new());
    for (fid, at) in features {
        point.begin(GeometryType::Point);
        point.push(*at);
        point.end_part(PartKind::Points);
        properties.clear();
        push_value(&mut properties, 0, FieldType::Long, Value::UInt(*fid));
        writer.add(&point, &properties)?;
    }
    let side = f64::from(exponent).exp2();
    let description = format!(
        "The first in rank of {id} to be named in each square of {side} units of {}",
        crs.name,
    );
    let bytes = writer.finish(&FgbHead {
        title: "",
        name: id,
        description: &description,
        metadata: "",
        geometry: GeometryType::Point,
        fields: &[own_field(FID_FIELD, FieldType::Long)],
        crs,
    })?;
    Ok(List {
        exponent,
        path,
        features: features.len() as u64,
        bytes,
    })
}

/// The number of the feature that a point of a list, or a feature of a level, stands for.
pub fn fid_of(feature: &dyn Feature, column: Option<usize>) -> Option<u64> {
    match feature.value(column?) {
        Value::Int(fid) => u64::try_from(fid).ok(),
        Value::UInt(fid) => Some(fid),
        _ => None,
    }
}
