use std::ops::Range;

/// Runs of places remembered of a zoom: 32 MB. With more, small gaps are looked at again.
const MAX_RUNS: usize = 2 << 20;

/// Ascending runs of places on the curve of one zoom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Runs {
    runs: Vec<Range<u64>>,
    /// Gaps up to this length are closed.
    closed_gap: u64,
    /// The run that is being taken from.
    at: usize,
}

impl Runs {
    pub(super) fn add(&mut self, run: Range<u64>) {
        match self.runs.last_mut() {
            Some(last) if run.start <= last.end.saturating_add(self.closed_gap) => {
                last.end = last.end.max(run.end);
            }
            _ => self.runs.push(run),
        }
        while self.runs.len() > MAX_RUNS {
            self.closed_gap = self.closed_gap.saturating_mul(2).max(1);
            let gap = self.closed_gap;
            self.runs.dedup_by(|next, before| {
                let close = next.start <= before.end.saturating_add(gap);
                if close {
                    before.end = before.end.max(next.end);
                }
                close
            });
        }
    }

    /// The places below: four for each.
    pub(super) fn children(&self) -> Runs {
        let children = |run: &Range<u64>| run.start.saturating_mul(4)..run.end.saturating_mul(4);
        Runs {
            runs: self.runs.iter().map(children).collect(),
            ..Runs::default()
        }
    }

    pub(super) fn count(&self) -> u64 {
        let lengths = self
            .runs
            .iter()
            .map(|run| run.end.saturating_sub(run.start));
        lengths.fold(0, u64::saturating_add)
    }

    /// The places from `first` on.
    pub(super) fn from(mut self, first: u64) -> Runs {
        self.runs.retain(|run| run.end > first);
        if let Some(run) = self.runs.first_mut() {
            run.start = run.start.max(first);
        }
        self
    }

    /// Takes up to `count` places from the front.
    pub(super) fn take_front(&mut self, count: usize) -> Vec<u64> {
        let mut taken = Vec::with_capacity(count);
        while let Some(run) = self.runs.get_mut(self.at) {
            while taken.len() < count && run.start < run.end {
                taken.push(run.start);
                run.start += 1;
            }
            if taken.len() == count {
                break;
            }
            self.at += 1;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(list: &[Range<u64>]) -> Runs {
        let mut runs = Runs::default();
        list.iter().for_each(|run| runs.add(run.clone()));
        runs
    }

    #[test]
    fn neighbours_become_one_run_and_children_are_four_each() {
        let mut places = runs(&[1..2, 2..3, 5..6]);
        assert_eq!(places, runs(&[1..3, 5..6]));
        assert_eq!(places.children(), runs(&[4..12, 20..24]));
        assert_eq!(places.children().count(), 12);
        assert_eq!(places.clone().from(2), runs(&[2..3, 5..6]));
        assert_eq!(places.clone().from(3).take_front(9), [5]);
        assert_eq!(places.take_front(2), [1, 2]);
        assert_eq!(places.take_front(2), [5]);
        assert_eq!(places.take_front(2), [0_u64; 0]);
    }

    #[test]
    fn too_many_runs_close_their_smallest_gaps_and_lose_no_place() {
        let mut places = Runs::default();
        // pairs of places with a gap of one, far from each other
        for nth in 0..=MAX_RUNS as u64 / 2 {
            places.add(100 * nth..100 * nth + 1);
            places.add(100 * nth + 2..100 * nth + 3);
        }
        assert_eq!(places.runs.len(), MAX_RUNS / 2 + 1);
        assert!(places.runs.iter().all(|run| run.end - run.start == 3));
    }
}
