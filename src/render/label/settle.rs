use crate::budget::Budget;
use crate::error::Result;

/// A box in pixels: left, top, right, bottom.
pub type PixelBox = [f64; 4];

/// A candidate as the rounds see it.
#[derive(Debug, Clone, Copy)]
pub struct Contender {
    /// Where its boxes begin and end among all.
    pub boxes: (usize, usize),
    /// Where those begin and end of which one at most is placed: this one and others next to it
    /// in the order. They count as overlapping.
    pub siblings: (usize, usize),
    /// Something that was not selected might overlap it.
    pub exposed: bool,
}

/// What may have become of a contender, as a set: one member is certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate(u8);

impl Fate {
    const UNDECIDED: Fate = Fate(1);
    pub const PLACED: Fate = Fate(2);
    pub const DROPPED: Fate = Fate(4);

    pub fn may_be(self, other: Fate) -> bool {
        self.0 & other.0 != 0
    }

    fn and(self, other: Fate) -> Fate {
        Fate(self.0 | other.0)
    }

    fn without(self, other: Fate) -> Fate {
        Fate(self.0 & !other.0)
    }
}

/// Boxes closer than this overlap: an odd fraction, so that boxes on a round lattice neither
/// overlap nor stay clear by rounding alone.
const CLEARANCE_PX: f64 = 0.003_17;

/// Runs the rounds over contenders in their order, first come first placed; see the module.
///
/// Without exposed contenders each answer is `PLACED` or not. With them, an answer holds all
/// that could have become of it.
///
/// # Errors
/// `Cancelled`, `DeadlineExceeded`.
pub fn settle(
    contenders: &[Contender],
    boxes: &[PixelBox],
    rounds: usize,
    budget: &Budget,
) -> Result<Vec<Fate>> {
    let grid = Grid::new(contenders, boxes);
    let mut fates = vec![Fate::UNDECIDED; contenders.len()];
    let mut next = fates.clone();
    for _ in 0..rounds {
        let mut open = false;
        // of those that are placed in this round, or may be
        let mut news = Vec::new();
        for (index, contender) in contenders.iter().enumerate() {
            budget.check_every_so_often(index)?;
            let fate = at(&fates, index);
            if !fate.may_be(Fate::UNDECIDED) {
                continue;
            }
            open = true;
            // is one before it in its way?
            let mut maybe = contender.exposed;
            let surely = grid.any_in_conflict(contender, boxes, &mut |other| {
                let in_way = other < index && at(&fates, other).may_be(Fate::UNDECIDED);
                maybe |= in_way;
                in_way && at(&fates, other) == Fate::UNDECIDED
            });
            let after = match (surely, maybe) {
                (true, _) => fate,
                (false, true) => fate.and(Fate::PLACED),
                (false, false) => fate.without(Fate::UNDECIDED).and(Fate::PLACED),
            };
            if after != fate {
                set(&mut next, index, after);
                news.push(index);
            }
        }
        if !open {
            break;
        }
        fates.copy_from_slice(&next);
        // what was placed before has dropped what it overlaps then
        for (nth, index) in news.into_iter().enumerate() {
            budget.check_every_so_often(nth)?;
            let Some(contender) = contenders.get(index) else {
                continue;
            };
            let is_placed = at(&fates, index) == Fate::PLACED;
            grid.any_in_conflict(contender, boxes, &mut |other| {
                if other != index && at(&fates, other).may_be(Fate::UNDECIDED) {
                    let after = match is_placed {
                        true => Fate::DROPPED,
                        false => at(&next, other).and(Fate::DROPPED),
                    };
                    set(&mut next, other, after);
                }
                false
            });
        }
        for (index, contender) in contenders.iter().enumerate() {
            let fate = at(&next, index);
            if contender.exposed && fate.may_be(Fate::UNDECIDED) {
                set(&mut next, index, fate.and(Fate::DROPPED));
            }
        }
        fates.copy_from_slice(&next);
    }
    for fate in &mut fates {
        if fate.may_be(Fate::UNDECIDED) {
            *fate = fate.without(Fate::UNDECIDED).and(Fate::DROPPED);
        }
    }
    Ok(fates)
}

fn at(fates: &[Fate], index: usize) -> Fate {
    fates.get(index).copied().unwrap_or(Fate::DROPPED)
}

fn set(fates: &mut [Fate], index: usize, fate: Fate) {
    if let Some(slot) = fates.get_mut(index) {
        *slot = fate;
    }
}

impl Budget {
    fn check_every_so_often(&self, index: usize) -> Result<()> {
        if index.is_multiple_of(4096) {
            self.check()
        } else {
            Ok(())
        }
    }
}

fn overlap(a: &PixelBox, b: &PixelBox) -> bool {
    let apart = |a_min: f64, a_max: f64, b_min: f64, b_max: f64| {
        a_min >= b_max + CLEARANCE_PX || b_min >= a_max + CLEARANCE_PX
    };
    let [a0, a1, a2, a3] = *a;
    let [b0, b1, b2, b3] = *b;
    !apart(a0, a2, b0, b2) && !apart(a1, a3, b1, b3)
}

/// The boxes by the square cells that they touch; within a cell in the order of contenders.
struct Grid {
    left: f64,
    top: f64,
    cell: f64,
    columns: usize,
    rows: usize,
    /// Where the entries of each cell begin; one more than there are cells.
    starts: Vec<u32>,
    /// Contender and box.
    entries: Vec<(u32, u32)>,
}

/// Cells are about as high as a label, and never more than this many.
const CELL_PX: f64 = 32.0;
const MAX_CELLS: f64 = 1e6;

impl Grid {
    fn new(contenders: &[Contender], boxes: &[PixelBox]) -> Grid {
        let fold = |pick: fn(&PixelBox) -> f64, start: f64, choose: fn(f64, f64) -> f64| {
            boxes.iter().map(pick).fold(start, choose)
        };
        let left = fold(|b| b[0], f64::MAX, f64::min) - 1.0;
        let top = fold(|b| b[1], f64::MAX, f64::min) - 1.0;
        let width = (fold(|b| b[2], f64::MIN, f64::max) + 1.0 - left).max(1.0);
        let height = (fold(|b| b[3], f64::MIN, f64::max) + 1.0 - top).max(1.0);
        let cell = CELL_PX.max((width * height / MAX_CELLS).sqrt());
        let mut grid = Grid {
            left,
            top,
            cell,
            columns: (width / cell) as usize + 1,
            rows: (height / cell) as usize + 1,
            starts: Vec::new(),
            entries: Vec::new(),
        };
        // counting sort: how many in each cell, then where each cell begins, then fill
        let mut starts = vec![0_u32; grid.columns * grid.rows + 1];
        grid.each_entry(contenders, boxes, &mut |cell, _, _| {
            if let Some(count) = starts.get_mut(cell + 1) {
                *count += 1;
            }
        });
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut entries = vec![(0, 0); usize::try_from(sum).unwrap_or(0)];
        let mut free = starts.clone();
        grid.each_entry(contenders, boxes, &mut |cell, contender, index| {
            if let Some(at) = free.get_mut(cell) {
                if let Some(entry) = entries.get_mut(usize::try_from(*at).unwrap_or(usize::MAX)) {
                    *entry = (contender, index);
                }
                *at += 1;
            }
        });
        grid.starts = starts;
        grid.entries = entries;
        grid
    }

    fn each_entry(
        &self,
        contenders: &[Contender],
        boxes: &[PixelBox],
        visit: &mut dyn FnMut(usize, u32, u32),
    ) {
        for (number, contender) in (0..).zip(contenders) {
            let (from, to) = contender.boxes;
            let own = boxes.get(from..to).unwrap_or(&[]);
            for (index, found) in (from..).zip(own) {
                let index = u32::try_from(index).unwrap_or(u32::MAX);
                self.each_cell(found, &mut |cell| visit(cell, number, index));
            }
        }
    }

    /// The cells that a box touches, with a pixel to spare.
    fn each_cell(&self, [left, top, right, bottom]: &PixelBox, visit: &mut dyn FnMut(usize)) {
        let (columns, rows) = self.cells(*left, *top, *right, *bottom);
        for row in rows {
            for column in columns.clone() {
                visit(row * self.columns + column);
            }
        }
    }

    fn cells(
        &self,
        left: f64,
        top: f64,
        right: f64,
        bottom: f64,
    ) -> (
        std::ops::RangeInclusive<usize>,
        std::ops::RangeInclusive<usize>,
    ) {
        let index = |value: f64, count: usize| ((value / self.cell) as usize).min(count - 1);
        let columns = index(left - self.left - 0.5, self.columns)
            ..=index(right - self.left + 0.5, self.columns);
        let rows =
            index(top - self.top - 0.5, self.rows)..=index(bottom - self.top + 0.5, self.rows);
        (columns, rows)
    }

    /// Calls `test` with a contender's siblings and the others that overlap it, some more than
    /// once, until it says true.
    fn any_in_conflict(
        &self,
        contender: &Contender,
        boxes: &[PixelBox],
        test: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        let (first, end) = contender.siblings;
        if (first..end).any(&mut *test) {
            return true;
        }
        let (from, to) = contender.boxes;
        for own in boxes.get(from..to).unwrap_or(&[]) {
            let [left, top, right, bottom] = *own;
            let (columns, rows) = self.cells(left, top, right, bottom);
            for row in rows {
                // the cells of a row lie together
                let first = row * self.columns + columns.start();
                let last = row * self.columns + columns.end() + 1;
                let bound = |cell: usize| {
                    self.starts
                        .get(cell)
                        .map_or(0, |s| usize::try_from(*s).unwrap_or(0))
                };
                let entries = self.entries.get(bound(first)..bound(last)).unwrap_or(&[]);
                for (other, index) in entries {
                    let index = usize::try_from(*index).unwrap_or(usize::MAX);
                    let inside = index >= from && index < to;
                    if !inside
                        && boxes.get(index).is_some_and(|found| overlap(own, found))
                        && test(usize::try_from(*other).unwrap_or(usize::MAX))
                    {
                        return true;
                    }
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rounds(boxes: &[PixelBox], exposed: &[bool], rounds: usize) -> Vec<Fate> {
        let contenders: Vec<Contender> = (0..boxes.len())
            .map(|i| Contender {
                boxes: (i, i + 1),
                siblings: (i, i),
                exposed: exposed.get(i).copied().unwrap_or(false),
            })
            .collect();
        settle(&contenders, boxes, rounds, &Budget::unlimited()).unwrap()
    }

    /// A row of boxes, each overlapping the next, in order: the longest chain there is.
    fn chain(n: usize) -> Vec<PixelBox> {
        (0..n)
            .map(|i| [i as f64 * 8.0, 0.0, i as f64 * 8.0 + 10.0, 10.0])
            .collect()
    }

    fn greedy(boxes: &[PixelBox]) -> Vec<bool> {
        let mut placed: Vec<PixelBox> = Vec::new();
        boxes
            .iter()
            .map(|b| {
                let free = !placed.iter().any(|p| overlap(p, b));
                if free {
                    placed.push(*b);
                }
                free
            })
            .collect()
    }

    /// The rounds as the module tells them: each contender looks at all others.
    fn by_definition(boxes: &[PixelBox], exposed: &[bool], rounds: usize) -> Vec<Fate> {
        let mut fates = vec![Fate::UNDECIDED; boxes.len()];
        for _ in 0..rounds {
            for step in [Fate::PLACED, Fate::DROPPED] {
                let before = fates.clone();
                let of = |index: usize| {
                    let others = (0..boxes.len())
                        .filter(|other| *other != index && overlap(&boxes[index], &boxes[*other]));
                    let in_way: Vec<Fate> = match step {
                        Fate::PLACED => {
                            let first = others.filter(|other| *other < index);
                            first.map(|other| before[other]).collect()
                        }
                        _ => others.map(|other| before[other]).collect(),
                    };
                    let asked = match step {
                        Fate::PLACED => Fate::UNDECIDED,
                        _ => Fate::PLACED,
                    };
                    let surely = in_way.contains(&asked);
                    let maybe = exposed[index] || in_way.iter().any(|f| f.may_be(asked));
                    match (step, surely, maybe) {
                        (Fate::PLACED, true, _) | (Fate::DROPPED, false, false) => before[index],
                        (Fate::PLACED, false, false) => {
                            before[index].without(Fate::UNDECIDED).and(Fate::PLACED)
                        }
                        (Fate::DROPPED, true, _) => Fate::DROPPED,
                        _ => before[index].and(step),
                    }
                };
                for index in (0..boxes.len()).filter(|i| before[*i].may_be(Fate::UNDECIDED)) {
                    fates[index] = of(index);
                }
            }
        }
        let decided = fates
            .into_iter()
            .map(|fate| match fate.may_be(Fate::UNDECIDED) {
                true => fate.without(Fate::UNDECIDED).and(Fate::DROPPED),
                false => fate,
            });
        decided.collect()
    }

    #[test]
    fn a_chain_of_conflicts_can_not_reach_across() {
        // taking away the first of a chain changes the next ones and nothing beyond
        let all = rounds(&chain(40), &[], 4);
        let less = rounds(&chain(40)[1..], &[], 4);
        assert_ne!(all[1..8], less[..7]);
        assert_eq!(all[8..], less[7..]);
        // greedy placement flips every one
        let greedy_all = greedy(&chain(40));
        let greedy_less = greedy(&chain(40)[1..]);
        assert!((1..40).all(|i| greedy_all[i] != greedy_less[i - 1]));
    }

    #[test]
    fn enough_rounds_are_greedy_placement() {
        let boxes = chain(30);
        let fates = rounds(&boxes, &[], 30);
        for (fate, placed) in fates.iter().zip(greedy(&boxes)) {
            assert_eq!(*fate == Fate::PLACED, placed);
        }
    }

    #[test]
    fn touching_boxes_of_a_lattice_do_not_depend_on_noise() {
        for noise in [-1e-8, 0.0, 1e-8] {
            let boxes = [[0.0, 0.0, 10.0, 10.0], [10.0 + noise, 0.0, 20.0, 10.0]];
            assert_eq!(rounds(&boxes, &[], 4)[1], Fate::DROPPED, "{noise}");
        }
    }

    #[test]
    fn of_siblings_the_first_that_has_room_is_placed_and_no_other() {
        // something important on the first of three places; the third is free too
        let at = |x: f64| [x, 0.0, x + 10.0, 10.0];
        let boxes = [at(0.0), at(5.0), at(40.0), at(80.0)];
        let contenders: Vec<Contender> = [(0, 1), (1, 4), (1, 4), (1, 4)]
            .into_iter()
            .enumerate()
            .map(|(i, siblings)| Contender {
                boxes: (i, i + 1),
                siblings,
                exposed: false,
            })
            .collect();
        let fates = settle(&contenders, &boxes, 4, &Budget::unlimited()).unwrap();
        let placed: Vec<bool> = fates.iter().map(|f| *f == Fate::PLACED).collect();
        assert_eq!(placed, [true, false, true, false]);
    }

    prop_compose! {
        fn any_boxes()(
            raw in prop::collection::vec((0.0..200.0f64, 0.0..120.0f64, 4.0..40.0f64, 4.0..12.0f64), 1..120)
        ) -> Vec<PixelBox> {
            raw.into_iter().map(|(x, y, w, h)| [x, y, x + w, y + h]).collect()
        }
    }

    proptest! {
        #[test]
        fn the_rounds_are_those_of_the_definition(
            boxes in any_boxes(), exposed in prop::collection::vec(prop::bool::weighted(0.2), 120)
        ) {
            for number in 1..5 {
                let fates = rounds(&boxes, &exposed, number);
                prop_assert_eq!(fates, by_definition(&boxes, &exposed, number));
            }
        }

        #[test]
        fn placed_ones_never_overlap_and_the_first_is_always_placed(boxes in any_boxes()) {
            let fates = rounds(&boxes, &[], 4);
            prop_assert_eq!(fates[0], Fate::PLACED);
            let placed: Vec<_> = boxes.iter().zip(&fates).filter(|(_, f)| **f == Fate::PLACED).collect();
            for (i, (a, _)) in placed.iter().enumerate() {
                for (b, _) in placed.iter().skip(i + 1) {
                    prop_assert!(!overlap(a, b));
                }
            }
        }

        /// Hide part of the world: what is answered with certainty is what the whole answers.
        #[test]
        fn certain_answers_are_right_whatever_was_not_selected(
            boxes in any_boxes(), limit in 20.0..180.0f64
        ) {
            let whole = rounds(&boxes, &[], 4);
            // boxes whose left edge is beyond the limit are unknown; they can touch nothing that
            // ends before it
            let known: Vec<usize> = (0..boxes.len()).filter(|i| boxes[*i][0] < limit).collect();
            let part: Vec<PixelBox> = known.iter().map(|i| boxes[*i]).collect();
            let exposed: Vec<bool> = part.iter().map(|b| b[2] + CLEARANCE_PX >= limit).collect();
            let fates = rounds(&part, &exposed, 4);
            for (fate, i) in fates.iter().zip(&known) {
                prop_assert!(fate.may_be(whole[*i]), "{:?} is not in {:?}", whole[*i], fate);
            }
            // and beyond the reach of the proof all are certain: 7 overlaps of at most 40 px
            for (fate, b) in fates.iter().zip(&part) {
                if b[2] < limit - 7.0 * 40.0 {
                    prop_assert!(*fate == Fate::PLACED || *fate == Fate::DROPPED);
                }
            }
        }
    }
}
