//! Geometries as commands (2.1 §4.3): moves and lines by steps, a cursor that goes from part to
//! part.

use crate::encode::protobuf::{put_varint, varint_length, zigzag};

/// A position in units of the tile: x to the right, y down.
pub type Point = [i32; 2];

/// What a feature of a tile is (Tile.GeomType).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeometryKind {
    Points = 1,
    Lines = 2,
    Polygons = 3,
}

const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// Command and count in one number; a count of 2^29 or more does not fit, and is no tile.
const fn command(id: u32, count: usize) -> u64 {
    (id | (count as u32) << 3) as u64
}

/// Writes the parts of one feature, one after another.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Commands {
    cursor: Point,
}

impl Commands {
    /// Points: one move for all.
    pub fn points(&mut self, out: &mut Vec<u8>, points: &[Point]) {
        put_varint(out, command(MOVE_TO, points.len()));
        self.steps(out, points);
    }

    /// A line of two points or more.
    pub fn line(&mut self, out: &mut Vec<u8>, points: &[Point]) {
        let Some((first, rest)) = points.split_first() else {
            return;
        };
        put_varint(out, command(MOVE_TO, 1));
        self.steps(out, std::slice::from_ref(first));
        put_varint(out, command(LINE_TO, rest.len()));
        self.steps(out, rest);
    }

    /// A ring of three points or more, without the first one repeated.
    pub fn ring(&mut self, out: &mut Vec<u8>, points: &[Point]) {
        self.line(out, points);
        put_varint(out, command(CLOSE_PATH, 1));
    }

    fn steps(&mut self, out: &mut Vec<u8>, points: &[Point]) {
        let start = out.len();
        // room for the longest; hardly ever are there more than two bytes a number
        out.resize(start + points.len() * 2 * MAX_STEP, 0);
        let [mut x, mut y] = self.cursor;
        let mut at = start;
        for &[to_x, to_y] in points {
            at = put_step(out, at, zigzag(to_x.wrapping_sub(x)));
            at = put_step(out, at, zigzag(to_y.wrapping_sub(y)));
            [x, y] = [to_x, to_y];
        }
        out.truncate(at);
        self.cursor = [x, y];
    }
}

/// Bytes of the longest step.
const MAX_STEP: usize = 5;

/// Writes a step as a varint at a place that is there; returns the place after it.
#[inline(always)]
fn put_step(out: &mut [u8], mut at: usize, mut value: u32) -> usize {
    while value >= 0x80 {
        if let Some(byte) = out.get_mut(at) {
            *byte = (value as u8) | 0x80;
        }
        at += 1;
        value >>= 7;
    }
    if let Some(byte) = out.get_mut(at) {
        *byte = value as u8;
    }
    at + 1
}

/// Bytes of a packed list of numbers.
pub(super) fn packed_length(numbers: &[u32]) -> usize {
    numbers.iter().map(|n| varint_length(u64::from(*n))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification_are_written_byte_for_byte() {
        // 2.1 §4.3.5: a point, several points, lines, a polygon, two polygons with a hole
        let mut out = Vec::new();
        Commands::default().points(&mut out, &[[25, 17]]);
        assert_eq!(out, [9, 50, 34]);
        out.clear();
        Commands::default().points(&mut out, &[[5, 7], [3, 2]]);
        assert_eq!(out, [17, 10, 14, 3, 9]);
        out.clear();
        let mut commands = Commands::default();
        commands.line(&mut out, &[[2, 2], [2, 10], [10, 10]]);
        commands.line(&mut out, &[[1, 1], [3, 5]]);
        assert_eq!(out, [9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8]);
        out.clear();
        let mut commands = Commands::default();
        commands.ring(&mut out, &[[0, 0], [10, 0], [10, 10], [0, 10]]);
        commands.ring(&mut out, &[[11, 11], [20, 11], [20, 20], [11, 20]]);
        commands.ring(&mut out, &[[13, 13], [13, 17], [17, 17], [17, 13]]);
        assert_eq!(
            out,
            [
                9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, 9, 4,
                13, 26, 0, 8, 8, 0, 0, 7, 15
            ]
        );
    }
}
