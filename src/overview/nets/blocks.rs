//! Lines cut at the borders of square blocks.

use crate::geom::Coord;

/// A line from one position to the next through more blocks is left whole.
const MAX_CUTS: f64 = 4096.0;

/// The row and column of the block that a position lies in; `None` beyond all maps.
pub(super) fn block_of(at: Coord, block: f64) -> Option<(i32, i32)> {
    let [column, row] = at.map(|v| (v / block).floor());
    let limit = f64::from(i32::MAX - 1);
    #[allow(clippy::cast_possible_truncation, reason = "within the limit")]
    (row.abs() < limit && column.abs() < limit).then_some((row as i32, column as i32))
}

/// Visits the pieces of a line that each lie in one block, one after the other: the block's row
/// and column, from where, to where. The block is `None` for a piece that lies in too many.
pub(super) fn pieces(
    line: &[Coord],
    block: f64,
    cuts: &mut Vec<f64>,
    mut visit: impl FnMut(Option<(i32, i32)>, Coord, Coord),
) {
    for (from, to) in line.iter().zip(line.iter().skip(1)) {
        let (begin, end) = (block_of(*from, block), block_of(*to, block));
        if begin == end {
            visit(begin, *from, *to);
            continue;
        }
        cuts.clear();
        let mut many = 0.0;
        for (a, b) in from.iter().zip(to) {
            let (low, high) = (a.min(*b) / block, a.max(*b) / block);
            many += high.floor() - low.floor();
            if many.is_nan() || many > MAX_CUTS {
                break;
            }
            let mut border = low.floor() + 1.0;
            while border <= high {
                cuts.push((border * block - a) / (b - a));
                border += 1.0;
            }
        }
        if many.is_nan() || many > MAX_CUTS {
            visit(None, *from, *to);
            continue;
        }
        cuts.push(1.0);
        cuts.sort_by(f64::total_cmp);
        let ([ax, ay], [bx, by]) = (*from, *to);
        let at = |t: f64| [ax + (bx - ax) * t, ay + (by - ay) * t];
        let (mut before, mut last) = (0.0, *from);
        for cut in cuts.iter().copied().filter(|cut| *cut > 0.0 && *cut <= 1.0) {
            if cut <= before {
                continue;
            }
            let next = if cut < 1.0 { at(cut) } else { *to };
            visit(block_of(at((before + cut) / 2.0), block), last, next);
            (before, last) = (cut, next);
        }
    }
}
