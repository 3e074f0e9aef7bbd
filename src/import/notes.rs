//! What was noticed of the features of a table: how often, and where first.

use std::collections::BTreeMap;

use super::source::Place;

/// Places that are named of each kind: nobody reads more, and they must not take memory.
const NAMED: usize = 5;
/// Different things that are told apart; a hostile file could have a reason for each feature.
const MAX_KINDS: usize = 64;

/// What became of features: the order is that of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The feature is not in the result.
    Dropped,
    /// The feature is there, its geometry is not: there was none that can be used.
    Emptied,
    /// Its geometry was mended.
    Repaired,
    /// It is as it was, and not valid.
    Invalid,
    /// A value is not what it was.
    Changed,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Dropped => "dropped",
            Kind::Emptied => "without geometry",
            Kind::Repaired => "repaired",
            Kind::Invalid => "invalid",
            Kind::Changed => "changed",
        }
    }
}

/// One thing that was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub kind: Kind,
    /// In words: `unclosed ring`.
    pub what: String,
    /// Features that it was noticed in.
    pub count: u64,
    /// Where it was noticed first.
    pub first: Vec<Place>,
}

/// Counts what is noticed.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    noted: BTreeMap<(Kind, String), (u64, Vec<Place>)>,
}

impl Notes {
    pub fn add(&mut self, kind: Kind, what: &str, place: Place) {
        let mut key = (kind, what.to_owned());
        if self.noted.len() >= MAX_KINDS && !self.noted.contains_key(&key) {
            key.1 = "of other reasons".to_owned();
        }
        let (count, first) = self.noted.entry(key).or_default();
        *count = count.saturating_add(1);
        if first.len() < NAMED {
            first.push(place);
        }
    }

    pub fn into_vec(self) -> Vec<Note> {
        let noted = self.noted.into_iter();
        noted
            .map(|((kind, what), (count, first))| Note {
                kind,
                what,
                count,
                first,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_notes_of_a_thousand_kinds_take_little_room() {
        let mut notes = Notes::default();
        for n in 0..100_000_u64 {
            notes.add(
                Kind::Dropped,
                &format!("reason {}", n % 1000),
                Place::Line(n),
            );
        }
        let list = notes.into_vec();
        assert_eq!(list.iter().map(|note| note.count).sum::<u64>(), 100_000);
        assert!(list.len() <= MAX_KINDS + 1);
        assert!(list.iter().all(|note| note.first.len() <= NAMED));
    }
}
