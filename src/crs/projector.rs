//! Transforming for drawing: within a tolerance, much quicker than PROJ.
//!
//! Positions are interpolated between nodes that were transformed exactly: a few multiplications
//! instead of logarithms and sines. The nodes lie on a lattice of the whole world, whose cells
//! have a power of two as size, and every cell is refined by its own error alone: what happens to
//! a position depends on the transformation, the tolerance and the position, never on the
//! request. Maps cut side by side meet bit by bit.
//!
//! Interpolation is quadratic: its error falls with the cube of a cell's size, so that a cell of
//! 20 km is exact to a millimetre, and a map or a tile lies in a few.

use std::sync::{Arc, LazyLock};

use wide::f64x2;

use super::cache::Cache;
use super::{Transform, database};
use crate::geom::Coord;

/// Lattices that are kept with the cells they have prepared, twice as many at most.
static PROJECTORS: LazyLock<Cache<Key, Arc<Lattice>>> = LazyLock::new(|| Cache::new(2));

type Key = (Arc<str>, i32);

/// Cells a lattice keeps, twice; one takes 0.2 to 2.4 kB.
const MAX_CELLS: usize = 1024;
/// A cell is parted into at most 2² × 2² before it is left to the transformation.
const MAX_REFINEMENT: u32 = 2;

/// Below this the rounding of large numbers is part of the error.
const LEAST_TOLERANCE_M: f64 = 1e-6;

/// No cell is larger: its samples would be too far apart to tell what lies between them.
const MAX_CELL_M: f64 = database::EQUATOR_RADIUS_M / 8.0;

/// A transformation within a tolerance.
#[derive(Debug, Clone)]
pub struct Projector {
    transform: Arc<Transform>,
    /// `None` where the transformation is exact and quick by itself.
    lattice: Option<Arc<Lattice>>,
}

#[derive(Debug)]
struct Lattice {
    /// Size of a cell in units of the source CRS, a power of two.
    cell_size: f64,
    /// Half of the tolerance, in units of the target CRS.
    max_error: f64,
    cells: Cache<[i64; 2], Arc<Cell>>,
}

/// One cell of the lattice.
#[derive(Debug)]
struct Cell {
    key: [i64; 2],
    origin: Coord,
    /// Parts in one source unit.
    parts_per_unit: f64,
    /// Parts along a side.
    parts: u16,
    /// The parts, row by row; none where the transformation itself does the work.
    patches: Vec<Patch>,
}

/// The biquadratic image of a part: for 1, v and v², the coefficients of 1, u and u², where u and
/// v run from 0 to 1.
type Patch = [[f64x2; 3]; 3];

impl Projector {
    /// A projector that keeps within `tolerance`, in units of the target CRS, of the
    /// transformation: an eighth of a pixel for a map. The tolerance is taken down to a power
    /// of two, so that neighbouring maps of nearly one scale share one lattice.
    pub fn new(transform: &Arc<Transform>, tolerance: f64) -> Projector {
        let class = tolerance.log2().floor();
        let tolerance_m = class.exp2() * transform.target().metres_per_unit;
        // 2^±60: no map has a tolerance beyond, and sizes stay far from the ends of f64
        let is_fit = tolerance_m >= LEAST_TOLERANCE_M && class.abs() <= 60.0;
        let lattice = (is_fit && !transform.is_identity()).then(|| {
            #[allow(clippy::cast_possible_truncation, reason = "at most 60")]
            let class = class as i32;
            let key = (Arc::from(transform.pipeline()), class);
            PROJECTORS
                .get(&key)
                .unwrap_or_else(|| PROJECTORS.insert(key, Arc::new(Lattice::new(transform, class))))
        });
        Projector {
            transform: Arc::clone(transform),
            lattice,
        }
    }

    /// The exact transformation behind it.
    pub fn transform(&self) -> &Arc<Transform> {
        &self.transform
    }

    /// Transforms every position in place; one that can't be projected becomes NaN, NaN.
    pub fn project(&self, coords: &mut [Coord]) {
        self.run().project(coords);
    }

    /// For many geometries one after another: [`project`](Projector::project) that remembers
    /// where the last one was.
    pub fn run(&self) -> ProjectorRun<'_> {
        ProjectorRun {
            projector: self,
            cell: None,
        }
    }
}

/// A projector at work: the same images, found quicker where geometries lie near each other.
#[derive(Debug)]
pub struct ProjectorRun<'a> {
    projector: &'a Projector,
    /// Where the last position was.
    cell: Option<Arc<Cell>>,
}

impl ProjectorRun<'_> {
    /// As [`Projector::project`].
    pub fn project(&mut self, coords: &mut [Coord]) {
        let transform = &*self.projector.transform;
        let Some(lattice) = &self.projector.lattice else {
            return transform.forward(coords);
        };
        for coord in coords {
            if let Some(image) = self.cell.as_ref().and_then(|cell| cell.image(*coord)) {
                *coord = image;
                continue;
            }
            let image = lattice.key(*coord).and_then(|key| {
                let known = self.cell.take().filter(|cell| cell.key == key);
                let cell = known.unwrap_or_else(|| lattice.cell(transform, key));
                self.cell.insert(cell).image_at_border(*coord)
            });
            match image {
                Some(image) => *coord = image,
                None => transform.forward(std::slice::from_mut(coord)),
            }
        }
    }
}

impl Lattice {
    fn new(transform: &Transform, class: i32) -> Lattice {
        let tolerance = f64::from(class).exp2();
        // Quadratic interpolation misses a cubic by h³/125 of its third derivative over a cell of
        // size h, and conformal projections bend by about one earth radius R: a cell of
        // ∛(16·t·R²) starts with an eighth of the tolerance, and refinement does the rest.
        let tolerance_m = tolerance * transform.target().metres_per_unit;
        let radius = database::EQUATOR_RADIUS_M;
        let smooth_m = (16.0 * tolerance_m * radius * radius).cbrt();
        // a grid of shifts has kinks, which only cells that are small beside it can tell
        let size_m = match transform.has_grids() {
            true => smooth_m.min((2.0 * tolerance_m * radius).sqrt()),
            false => smooth_m.min(MAX_CELL_M),
        };
        let size = size_m / transform.source().metres_per_unit;
        Lattice {
            cell_size: size.log2().floor().exp2(),
            max_error: tolerance / 2.0,
            cells: Cache::new(MAX_CELLS),
        }
    }

    /// The cell of a position; `None` where cells can't be counted.
    fn key(&self, [x, y]: Coord) -> Option<[i64; 2]> {
        let (column, row) = ((x / self.cell_size).floor(), (y / self.cell_size).floor());
        #[allow(clippy::cast_possible_truncation, reason = "compared with 2^40")]
        let key = [column as i64, row as i64];
        (column.abs() < 1.0e12 && row.abs() < 1.0e12).then_some(key)
    }

    fn cell(&self, transform: &Transform, key: [i64; 2]) -> Arc<Cell> {
        self.cells.get(&key).unwrap_or_else(|| {
            let cell = Cell::new(transform, self, key);
            self.cells.insert(key, Arc::new(cell))
        })
    }
}

impl Cell {
    /// The cell, refined until its error is small enough, or left to the transformation.
    fn new(transform: &Transform, lattice: &Lattice, key: [i64; 2]) -> Cell {
        let size = lattice.cell_size;
        #[allow(clippy::cast_precision_loss, reason = "below 2^40")]
        let origin = key.map(|k| k as f64 * size);
        let refined = (0..=MAX_REFINEMENT).find_map(|level| {
            let parts = 1u16 << level;
            // twice as dense as the nodes: what lies between them shows the error
            let (at, images) = sample(transform, origin, size, parts * 4);
            let cell = Cell {
                key,
                origin,
                parts_per_unit: f64::from(parts) / size,
                parts,
                patches: patches(&every_second(&images, parts * 4), parts * 2),
            };
            let is_good = at.iter().zip(&images).all(|(at, exact)| {
                cell.image_at_border(*at)
                    .is_some_and(|image| distance(image, *exact) <= lattice.max_error)
            });
            is_good.then_some(cell)
        });
        refined.unwrap_or(Cell {
            key,
            origin,
            parts_per_unit: 0.0,
            parts: 0,
            patches: Vec::new(),
        })
    }

    /// The image of a position; `None` outside the cell or where the cell has none.
    ///
    /// What lies inside has this cell's key: differences of doubles are rounded, but never
    /// across a number that is a double itself.
    #[inline(always)]
    fn image(&self, [x, y]: Coord) -> Option<Coord> {
        let [left, bottom] = self.origin;
        let u = (x - left) * self.parts_per_unit;
        let v = (y - bottom) * self.parts_per_unit;
        let parts = f64::from(self.parts);
        if !(u >= 0.0 && v >= 0.0 && u < parts && v < parts) {
            return None;
        }
        if let [patch] = self.patches.as_slice() {
            return Some(at(patch, u, v));
        }
        #[allow(clippy::cast_possible_truncation, reason = "0 to 4, as compared above")]
        let (column, row) = (u as i32, v as i32);
        let index = row * i32::from(self.parts) + column;
        let patch = self.patches.get(usize::try_from(index).ok()?)?;
        Some(at(patch, u - f64::from(column), v - f64::from(row)))
    }

    /// [`image`](Cell::image) for a position with this cell's key: one that rounding has put on
    /// the far border too.
    fn image_at_border(&self, [x, y]: Coord) -> Option<Coord> {
        let [left, bottom] = self.origin;
        let last = f64::from(self.parts) - 1.0;
        let u = (x - left) * self.parts_per_unit;
        let v = (y - bottom) * self.parts_per_unit;
        let (column, row) = (u.floor().min(last), v.floor().min(last));
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, and `get` refuses what is beyond"
        )]
        let index = (row as usize) * usize::from(self.parts) + column as usize;
        Some(at(self.patches.get(index)?, u - column, v - row))
    }
}

/// The image of a position of a part. Both coordinates are computed at once.
#[inline(always)]
fn at([r0, r1, r2]: &Patch, u: f64, v: f64) -> Coord {
    let (u, v) = (f64x2::splat(u), f64x2::splat(v));
    let (u2, v2) = (u * u, v * v);
    let along = |[c0, c1, c2]: &[f64x2; 3]| *c0 + *c1 * u + *c2 * u2;
    (along(r0) + along(r1) * v + along(r2) * v2).to_array()
}

/// The patches between nodes given row by row, of which every second is between two patches;
/// `steps` are those from the first node of a row to its last.
fn patches(nodes: &[Coord], steps: u16) -> Vec<Patch> {
    let node = |column: usize, row: usize| -> Option<f64x2> {
        let nth = row * (usize::from(steps) + 1) + column;
        nodes.get(nth).copied().map(f64x2::from)
    };
    let begins = || (0..usize::from(steps)).step_by(2);
    let squares = begins().flat_map(|row| begins().map(move |column| (row, column)));
    let patches = squares.filter_map(|(row, column)| {
        let along = |row: usize| {
            let nodes = [
                node(column, row)?,
                node(column + 1, row)?,
                node(column + 2, row)?,
            ];
            Some(quadratic(nodes))
        };
        let rows = [along(row)?, along(row + 1)?, along(row + 2)?];
        // the coefficients of a power of u, in each row, are values of a quadratic in v
        Some(turned(turned(rows).map(quadratic)))
    });
    patches.collect()
}

/// Rows as columns.
fn turned<T>([[a, b, c], [d, e, f], [g, h, i]]: [[T; 3]; 3]) -> [[T; 3]; 3] {
    [[a, d, g], [b, e, h], [c, f, i]]
}

/// The coefficients of 1, t and t² of what has these values at 0, ½ and 1.
fn quadratic([begin, middle, end]: [f64x2; 3]) -> [f64x2; 3] {
    let (to_middle, to_end) = (middle - begin, end - begin);
    // differences first: the values are large and nearly the same
    let bend = to_end - to_middle - to_middle;
    [begin, to_end - bend - bend, bend + bend]
}

/// The positions of a square of `parts` + 1 by `parts` + 1, row by row, and their images.
fn sample(
    transform: &Transform,
    [left, bottom]: Coord,
    size: f64,
    parts: u16,
) -> (Vec<Coord>, Vec<Coord>) {
    let step = size / f64::from(parts);
    let at: Vec<Coord> = (0..=parts)
        .flat_map(|row| (0..=parts).map(move |column| (column, row)))
        .map(|(column, row)| {
            [
                left + f64::from(column) * step,
                bottom + f64::from(row) * step,
            ]
        })
        .collect();
    let mut images = at.clone();
    transform.forward(&mut images);
    (at, images)
}

/// Every second of every second row.
fn every_second(grid: &[Coord], parts: u16) -> Vec<Coord> {
    grid.chunks(usize::from(parts) + 1)
        .step_by(2)
        .flat_map(|row| row.iter().step_by(2).copied())
        .collect()
}

/// NaN where one of them is.
fn distance([x0, y0]: Coord, [x1, y1]: Coord) -> f64 {
    (x1 - x0).hypot(y1 - y0)
}
