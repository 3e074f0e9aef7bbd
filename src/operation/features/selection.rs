//! Which features match: their positions, in the order they are given.

use roaring::RoaringTreemap;

/// The positions that a query found.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// The first so many of the source: all of it.
    All(u64),
    /// In the order of the source. A few bits a feature.
    Set(RoaringTreemap),
    /// In an order of their own.
    Ordered(Vec<u64>),
}

impl Selection {
    pub fn len(&self) -> u64 {
        match self {
            Selection::All(count) => *count,
            Selection::Set(set) => set.len(),
            Selection::Ordered(list) => list.len() as u64,
        }
    }

    /// Bytes in memory, about.
    pub fn bytes(&self) -> u64 {
        let content = match self {
            Selection::All(_) => 0,
            Selection::Set(set) => set.serialized_size() as u64,
            Selection::Ordered(list) => list.len() as u64 * 8,
        };
        content + 100
    }

    /// The same positions as a set, whatever their order.
    pub fn to_set(&self) -> Selection {
        match self {
            Selection::Ordered(list) => Selection::Set(list.iter().copied().collect()),
            other => other.clone(),
        }
    }

    /// True for a position that was found; slow in a list.
    pub fn contains(&self, position: u64) -> bool {
        match self {
            Selection::All(end) => position < *end,
            Selection::Set(set) => set.contains(position),
            Selection::Ordered(list) => list.contains(&position),
        }
    }

    /// Where to go on with the feature of rank `rank`.
    pub fn at(&self, rank: u64) -> Place {
        let position = match self {
            Selection::All(_) | Selection::Ordered(_) => rank,
            // past the last one nothing is found: any position that is too high says so
            Selection::Set(set) => set.select(rank).unwrap_or(u64::MAX),
        };
        Place(position)
    }

    /// Appends the next positions, at most `count` of them, and says where to go on.
    pub fn read(&self, place: Place, count: usize, out: &mut Vec<u64>) -> Place {
        match self {
            Selection::All(end) => {
                let to = place.0.saturating_add(count as u64).min(*end);
                out.extend(place.0..to);
                Place(to)
            }
            Selection::Ordered(list) => {
                let rest = usize::try_from(place.0)
                    .ok()
                    .and_then(|from| list.get(from..));
                let rest = rest.unwrap_or(&[]);
                let taken = rest.get(..count).unwrap_or(rest);
                out.extend_from_slice(taken);
                Place(place.0.saturating_add(taken.len() as u64))
            }
            Selection::Set(set) => {
                let mut positions = set.iter();
                positions.advance_to(place.0);
                let from = out.len();
                out.extend(positions.take(count));
                match out.get(from..).and_then(<[u64]>::last) {
                    Some(last) => Place(last.saturating_add(1)),
                    None => place,
                }
            }
        }
    }
}

/// A place in a selection; cheap to go on from, wherever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u64);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_from(selection: &Selection, rank: u64, lot: usize) -> Vec<u64> {
        let (mut out, mut place) = (Vec::new(), selection.at(rank));
        loop {
            let before = out.len();
            place = selection.read(place, lot, &mut out);
            if out.len() == before {
                return out;
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_the_rank_and_the_lot_the_rest_is_read(
            positions in proptest::collection::btree_set(0..300_000u64, 0..400),
            rank in 0..500u64,
            lot in 1..50usize,
        ) {
            let list: Vec<u64> = positions.iter().copied().collect();
            let rest: Vec<u64> = list.iter().skip(rank as usize).copied().collect();
            let set = Selection::Set(positions.into_iter().collect());
            prop_assert_eq!(read_from(&set, rank, lot), rest.clone());
            prop_assert_eq!(set.len(), list.len() as u64);
            prop_assert_eq!(set.contains(rank), list.contains(&rank));
            let ordered = Selection::Ordered(list);
            prop_assert_eq!(ordered.to_set(), set);
            prop_assert_eq!(read_from(&ordered, rank, lot), rest);
            let all: Vec<u64> = (rank..400).collect();
            prop_assert_eq!(read_from(&Selection::All(400), rank, lot), all);
        }
    }
}
