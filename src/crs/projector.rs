//! Transforming for drawing: within a tolerance, much quicker than PROJ.
//!
//! Where a transformation has no closed form, positions are interpolated between nodes that
//! PROJ transformed. The nodes lie on a lattice of the whole world, whose cells have a power of
//! two as size, and every cell is refined by its own error alone: what happens to a position
//! depends on the transformation, the tolerance and the position, never on the request. Maps
//! cut side by side meet bit by bit.

use std::sync::{Arc, LazyLock};

use super::cache::Cache;
use super::{Transform, database};
use crate::geom::Coord;

/// Lattices that are kept with the cells they have prepared, twice as many at most.
static PROJECTORS: LazyLock<Cache<Key, Arc<Lattice>>> = LazyLock::new(|| Cache::new(2));

type Key = (Arc<str>, i32);

/// Cells a lattice keeps, twice; one takes 0.1 to 0.7 kB.
const MAX_CELLS: usize = 2048;
/// A cell is parted into at most 2² × 2² before it is left to PROJ.
const MAX_REFINEMENT: u32 = 2;

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
    origin: Coord,
    /// Parts in one source unit.
    parts_per_unit: f64,
    /// Parts along a side.
    parts: u16,
    /// Images of the parts' corners, row by row; none where PROJ does the work.
    nodes: Vec<Coord>,
}

impl Projector {
    /// A projector that keeps within `tolerance`, in units of the target CRS, of the
    /// transformation: an eighth of a pixel for a map. The tolerance is taken down to a power
    /// of two, so that neighbouring maps of nearly one scale share one lattice.
    pub fn new(transform: &Arc<Transform>, tolerance: f64) -> Projector {
        let exact = transform.is_identity() || transform.is_closed_form();
        let class = tolerance.log2().floor();
        // 2^±60: no map has a tolerance beyond, and sizes stay far from the ends of f64
        let lattice = (!exact && class.abs() <= 60.0).then(|| {
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
        match &self.lattice {
            None => self.transform.forward(coords),
            Some(lattice) => lattice.project(&self.transform, coords),
        }
    }
}

impl Lattice {
    fn new(transform: &Transform, class: i32) -> Lattice {
        let tolerance = f64::from(class).exp2();
        // Bilinear interpolation misses a curve of radius R by h²/8R over a cell of size h.
        // Conformal projections bend by about one earth radius: a cell of √(2tR) starts with a
        // quarter of the tolerance, and refinement does the rest.
        let tolerance_m = tolerance * transform.target().metres_per_unit;
        let size_m = (2.0 * tolerance_m * database::EQUATOR_RADIUS_M).sqrt();
        let size = size_m / transform.source().metres_per_unit;
        Lattice {
            cell_size: size.log2().floor().exp2(),
            max_error: tolerance / 2.0,
            cells: Cache::new(MAX_CELLS),
        }
    }

    fn project(&self, transform: &Transform, coords: &mut [Coord]) {
        // consecutive positions mostly share a cell
        let mut current: Option<([i64; 2], Arc<Cell>)> = None;
        for coord in coords {
            let Some(key) = self.key(*coord) else {
                transform.forward_by_proj(std::slice::from_mut(coord));
                continue;
            };
            let cell = match &current {
                Some((at, cell)) if *at == key => cell,
                _ => {
                    let cell = self.cell(transform, key);
                    &current.insert((key, cell)).1
                }
            };
            match cell.interpolate(*coord) {
                Some(image) => *coord = image,
                None => transform.forward_by_proj(std::slice::from_mut(coord)),
            }
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
    /// The cell, refined until its error is small enough, or left to PROJ.
    fn new(transform: &Transform, lattice: &Lattice, [column, row]: [i64; 2]) -> Cell {
        let size = lattice.cell_size;
        #[allow(clippy::cast_precision_loss, reason = "below 2^40")]
        let origin = [column as f64 * size, row as f64 * size];
        let refined = (0..=MAX_REFINEMENT).find_map(|level| {
            let parts = 1u16 << level;
            // twice as dense as the nodes: what lies between them shows the error
            let (at, images) = sample(transform, origin, size, parts * 2);
            let cell = Cell {
                origin,
                parts_per_unit: f64::from(parts) / size,
                parts,
                nodes: every_second(&images, parts * 2),
            };
            let is_good = at.iter().zip(&images).all(|(at, exact)| {
                cell.interpolate(*at)
                    .is_some_and(|image| distance(image, *exact) <= lattice.max_error)
            });
            is_good.then_some(cell)
        });
        refined.unwrap_or(Cell {
            origin,
            parts_per_unit: 0.0,
            parts: 0,
            nodes: Vec::new(),
        })
    }

    /// The image of a position of the cell; `None` where it is left to PROJ.
    #[inline]
    fn interpolate(&self, [x, y]: Coord) -> Option<Coord> {
        let [left, bottom] = self.origin;
        let (u, v) = (
            (x - left) * self.parts_per_unit,
            (y - bottom) * self.parts_per_unit,
        );
        let last = f64::from(self.parts) - 1.0;
        let (column, row) = (u.floor().min(last), v.floor().min(last));
        let (u, v) = (u - column, v - row);
        let per_row = usize::from(self.parts) + 1;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, and `get` refuses what is beyond"
        )]
        let first = (row as usize) * per_row + column as usize;
        let &[[x00, y00], [x10, y10]] = self.nodes.get(first..)?.first_chunk()?;
        let &[[x01, y01], [x11, y11]] = self.nodes.get(first + per_row..)?.first_chunk()?;
        let mix = |a: f64, b: f64, t: f64| a + (b - a) * t;
        Some([
            mix(mix(x00, x10, u), mix(x01, x11, u), v),
            mix(mix(y00, y10, u), mix(y01, y11, u), v),
        ])
    }
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
    transform.forward_by_proj(&mut images);
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
