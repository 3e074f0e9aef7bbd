//! One layer of a tile: its features in flat arrays, written at the end.

use super::dictionary::Dictionary;
use super::geometry::{Commands, GeometryKind, Point, packed_length};
use super::{field_length, thin};
use crate::encode::protobuf::{VARINT, put_bytes_header, put_key, put_varint, varint_length};
use crate::feature::Value;

/// Tile.Layer.
const NAME: u32 = 1;
const FEATURES: u32 = 2;
const KEYS: u32 = 3;
const VALUES: u32 = 4;
const LAYER_EXTENT: u32 = 5;
const VERSION: u32 = 15;
/// Tile.Feature.
const ID: u32 = 1;
const TAGS: u32 = 2;
const KIND: u32 = 3;
const GEOMETRY: u32 = 4;

/// The version of the specification that layers say.
const SPECIFICATION: u64 = 2;
const NO_KEY: u32 = u32::MAX;

/// What is left out first where a tile is too heavy: the least size, then the least `tie`, which
/// is as good as random, so that no place is emptied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rank {
    pub size: f64,
    pub tie: u64,
}

impl Rank {
    /// The rank that is left out first is the least.
    pub fn compare(&self, other: &Rank) -> std::cmp::Ordering {
        self.size
            .total_cmp(&other.size)
            .then(self.tie.cmp(&other.tie))
    }
}

/// A feature that was taken in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub rank: Rank,
    id: Option<u64>,
    kind: GeometryKind,
    /// Where its tags and commands end; they begin where the entry before it ends.
    tags_end: usize,
    commands_end: usize,
    /// Bytes of its message.
    pub length: usize,
}

/// A layer that takes features: first the parts of one and its tags, then
/// [`finish`](Layer::finish) or [`abandon`](Layer::abandon).
#[derive(Debug)]
pub struct Layer {
    name: String,
    extent: u32,
    keys: Vec<String>,
    /// The keys that features have, in the order of their first use.
    used_keys: Vec<usize>,
    /// For each key its number among those; `NO_KEY` where no feature has it.
    key_numbers: Vec<u32>,
    values: Dictionary,
    entries: Vec<Entry>,
    tags: Vec<u32>,
    commands: Vec<u8>,
    writer: Commands,
    /// Bytes of all features as fields.
    features_length: usize,
    thinned: u64,
    /// Features up to here would be thinned for certain.
    cut: Option<Rank>,
}

impl Layer {
    /// A layer without features; `keys` are the names of all attributes there can be.
    pub fn new(name: &str, extent: u32, keys: Vec<String>) -> Layer {
        Layer {
            name: name.to_owned(),
            extent,
            used_keys: Vec::new(),
            key_numbers: vec![NO_KEY; keys.len()],
            keys,
            values: Dictionary::default(),
            entries: Vec::new(),
            tags: Vec::new(),
            commands: Vec::new(),
            writer: Commands::default(),
            features_length: 0,
            thinned: 0,
            cut: None,
        }
    }

    /// Features taken in and not thinned.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Features left out by [`thin`](Layer::thin) and [`pass_over`](Layer::pass_over).
    pub fn thinned(&self) -> u64 {
        self.thinned
    }

    /// Adds points to the feature under way.
    pub fn points(&mut self, points: &[Point]) {
        self.writer.points(&mut self.commands, points);
    }

    /// Adds a line of two points or more to the feature under way.
    pub fn line(&mut self, points: &[Point]) {
        self.writer.line(&mut self.commands, points);
    }

    /// Adds a ring of three points or more, without the first one repeated: an outer one is
    /// clockwise on the screen, holes follow it the other way round.
    pub fn ring(&mut self, points: &[Point]) {
        self.writer.ring(&mut self.commands, points);
    }

    /// True where the feature under way has parts.
    pub fn has_parts(&self) -> bool {
        self.commands.len() > self.entries.last().map_or(0, |e| e.commands_end)
    }

    /// Adds an attribute to the feature under way; `key` counts in the keys of the layer. Null
    /// and bytes are left out, for tiles do not have them.
    pub fn tag(&mut self, key: usize, value: Value<'_>) {
        let Some(number) = self.key_numbers.get_mut(key) else {
            return;
        };
        let Some(value) = self.values.number(value) else {
            return;
        };
        if *number == NO_KEY {
            *number = self.used_keys.len() as u32;
            self.used_keys.push(key);
        }
        self.tags.extend([*number, value]);
    }

    /// Ends the feature under way.
    pub fn finish(&mut self, id: Option<u64>, kind: GeometryKind, rank: Rank) {
        let (tags_start, commands_start) = self.ends();
        let tags = self.tags.get(tags_start..).unwrap_or(&[]);
        let length = message_length(id, tags, self.commands.len() - commands_start);
        self.entries.push(Entry {
            rank,
            id,
            kind,
            tags_end: self.tags.len(),
            commands_end: self.commands.len(),
            length,
        });
        self.features_length += field_length(length);
        self.writer = Commands::default();
    }

    /// Forgets the feature under way. Values that only it had stay, so tags are best added last.
    pub fn abandon(&mut self) {
        let (tags, commands) = self.ends();
        self.tags.truncate(tags);
        self.commands.truncate(commands);
        self.writer = Commands::default();
    }

    /// True where a feature of that rank can't be in a tile of the limit last thinned to: it is
    /// counted as thinned and need not be read.
    pub fn pass_over(&mut self, rank: Rank) -> bool {
        let passed = self.cut.is_some_and(|cut| rank.compare(&cut).is_le());
        self.thinned += u64::from(passed);
        passed
    }

    /// Bytes of the layer in a tile; 0 where it has no feature.
    pub fn size(&self) -> usize {
        if self.entries.is_empty() {
            return 0;
        }
        field_length(self.body_length())
    }

    /// Bytes of the layer's message.
    pub(super) fn body_length(&self) -> usize {
        let keys: usize = self.used_names().map(|k| field_length(k.len())).sum();
        let extent = 1 + varint_length(u64::from(self.extent));
        field_length(self.name.len())
            + self.features_length
            + keys
            + self.values.fields_length()
            + extent
            + 2
    }

    /// Leaves out the features of least rank until the layer has at most `limit` bytes: those
    /// that remain are the first by rank whose features and values together fit.
    pub fn thin(&mut self, limit: usize) {
        let keys: usize = self.keys.iter().map(|k| field_length(k.len())).sum();
        // name, extent, version, and the layer's own key and length
        let frame = field_length(self.name.len()) + keys + 16;
        let room = limit.saturating_sub(frame);
        let (keep, cut) = thin::keep(&self.entries, room, |nth| self.tags_of(nth), &self.values);
        if cut.is_none() {
            return;
        }
        self.cut = cut;
        self.retain(&keep);
    }

    fn retain(&mut self, keep: &[bool]) {
        let mut used = vec![false; self.values.len()];
        let kept = |nth: usize| keep.get(nth).copied().unwrap_or(false);
        for nth in (0..self.entries.len()).filter(|nth| kept(*nth)) {
            for [_, value] in pairs(self.tags_of(nth)) {
                if let Some(used) = used.get_mut(*value as usize) {
                    *used = true;
                }
            }
        }
        let is_used = |value: u32| used.get(value as usize).copied().unwrap_or(false);
        let values = self.values.retain(is_used);
        let before =
            std::mem::replace(self, Layer::new(&self.name, self.extent, self.keys.clone()));
        self.values = before.values;
        self.cut = before.cut;
        self.thinned = before.thinned;
        let (mut tags_start, mut commands_start) = (0, 0);
        for (nth, entry) in before.entries.iter().enumerate() {
            let tags = before.tags.get(tags_start..entry.tags_end).unwrap_or(&[]);
            let commands = before
                .commands
                .get(commands_start..entry.commands_end)
                .unwrap_or(&[]);
            (tags_start, commands_start) = (entry.tags_end, entry.commands_end);
            if !kept(nth) {
                self.thinned += 1;
                continue;
            }
            for [key, value] in pairs(tags) {
                let key = before.used_keys.get(*key as usize).copied();
                let value = values.get(*value as usize).copied();
                if let (Some(key), Some(value)) = (key, value) {
                    self.tag_numbered(key, value);
                }
            }
            self.commands.extend_from_slice(commands);
            self.finish(entry.id, entry.kind, entry.rank);
        }
    }

    /// [`tag`](Layer::tag) with a value that is in the dictionary.
    fn tag_numbered(&mut self, key: usize, value: u32) {
        if let Some(number) = self.key_numbers.get_mut(key) {
            if *number == NO_KEY {
                *number = self.used_keys.len() as u32;
                self.used_keys.push(key);
            }
            self.tags.extend([*number, value]);
        }
    }

    /// Appends the layer's message.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_bytes_header(out, NAME, self.name.len());
        out.extend_from_slice(self.name.as_bytes());
        let (mut tags_start, mut commands_start) = (0, 0);
        for entry in &self.entries {
            let tags = self.tags.get(tags_start..entry.tags_end).unwrap_or(&[]);
            let commands = self
                .commands
                .get(commands_start..entry.commands_end)
                .unwrap_or(&[]);
            (tags_start, commands_start) = (entry.tags_end, entry.commands_end);
            put_bytes_header(out, FEATURES, entry.length);
            if let Some(id) = entry.id {
                put_key(out, ID, VARINT);
                put_varint(out, id);
            }
            if !tags.is_empty() {
                put_bytes_header(out, TAGS, packed_length(tags));
                for number in tags {
                    put_varint(out, u64::from(*number));
                }
            }
            put_key(out, KIND, VARINT);
            out.push(entry.kind as u8);
            put_bytes_header(out, GEOMETRY, commands.len());
            out.extend_from_slice(commands);
        }
        for name in self.used_names() {
            put_bytes_header(out, KEYS, name.len());
            out.extend_from_slice(name.as_bytes());
        }
        for value in self.values.iter() {
            put_bytes_header(out, VALUES, value.len());
            out.extend_from_slice(value);
        }
        put_key(out, LAYER_EXTENT, VARINT);
        put_varint(out, u64::from(self.extent));
        put_key(out, VERSION, VARINT);
        put_varint(out, SPECIFICATION);
    }

    fn used_names(&self) -> impl Iterator<Item = &str> {
        let name = |key: &usize| self.keys.get(*key).map(String::as_str);
        self.used_keys.iter().filter_map(name)
    }

    /// Where tags and commands of the last entry end.
    fn ends(&self) -> (usize, usize) {
        self.entries
            .last()
            .map_or((0, 0), |e| (e.tags_end, e.commands_end))
    }

    fn tags_of(&self, nth: usize) -> &[u32] {
        let start = match nth {
            0 => 0,
            n => self.entries.get(n - 1).map_or(0, |e| e.tags_end),
        };
        let end = self.entries.get(nth).map_or(start, |e| e.tags_end);
        self.tags.get(start..end).unwrap_or(&[])
    }
}

/// Key and value, key and value.
pub(super) fn pairs(tags: &[u32]) -> &[[u32; 2]] {
    tags.as_chunks().0
}

/// Bytes of a feature's message.
fn message_length(id: Option<u64>, tags: &[u32], commands: usize) -> usize {
    let id = id.map_or(0, |id| 1 + varint_length(id));
    let tags = match packed_length(tags) {
        0 => 0,
        length => field_length(length),
    };
    id + tags + 2 + field_length(commands)
}
