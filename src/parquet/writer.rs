//! Writes a file from its start to its end: group of rows after group of rows, then what it says
//! of itself.
//!
//! Pages are packed as soon as they are full, so that a group waits in its smallest form.

use super::codec;
use super::dictionary::{Entries, push_plain};
use super::hybrid;
use super::meta::{Logical, Physical, Unit};
use super::thrift::{Kind, Writer as Thrift};
use super::{Cell, MAGIC};

/// A page is closed at so many bytes of values, which is what other writers do.
const PAGE_BYTES: usize = 1 << 20;
/// Or so many rows, so that a reader finds one without reading many.
const PAGE_ROWS: usize = 20_000;
/// A group of rows is closed at so many bytes of memory: what a download may hold.
const GROUP_BYTES: usize = 16 << 20;
/// Or so many rows: the parts in which readers share the work.
const GROUP_ROWS: u64 = 122_880;

/// Encodings, by their numbers in the specification.
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const RLE_DICTIONARY: i32 = 8;

/// A column to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The group that it lies in, where it lies in one: null with all of the group.
    pub group: Option<&'static str>,
    pub name: String,
    pub physical: Physical,
    pub logical: Logical,
    /// True where values come again and again.
    pub repeats: bool,
}

/// Writes a file.
#[derive(Debug)]
pub struct Writer {
    columns: Vec<Filling>,
    /// Rows of the group, and of those before it.
    rows: u64,
    before: u64,
    /// Bytes that were handed out.
    at: u64,
    groups: Vec<Written>,
}

/// A column of the group that is being filled.
#[derive(Debug)]
struct Filling {
    target: Target,
    /// What is being put in the page: whether there is a value, and the values.
    levels: Vec<u32>,
    plain: Vec<u8>,
    /// For truth: the bits used of the last byte of `plain`.
    bits: u32,
    places: Vec<u32>,
    entries: Option<Entries>,
    /// Pages that are packed, with their headers.
    pages: Vec<u8>,
    unpacked: u64,
    nulls: u64,
    /// True where texts were too many for a dictionary.
    has_plain: bool,
    least: Option<Number>,
    greatest: Option<Number>,
}

#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Number {
    Whole(i64),
    Real(f64),
}

/// What the end of the file says of a group of rows.
#[derive(Debug)]
struct Written {
    rows: u64,
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    start: u64,
    /// Bytes of the dictionary before the first page of values.
    dictionary: Option<u64>,
    packed: u64,
    unpacked: u64,
    nulls: u64,
    least: Option<Number>,
    greatest: Option<Number>,
}

impl Writer {
    /// A file of such columns.
    pub fn new(columns: Vec<Target>) -> Writer {
        Writer {
            columns: columns.into_iter().map(Filling::new).collect(),
            rows: 0,
            before: 0,
            at: 0,
            groups: Vec::new(),
        }
    }

    /// Appends what the file begins with.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend(MAGIC);
        self.at = MAGIC.len() as u64;
    }

    /// Puts the value of a row in a column; each column has one before the row is ended.
    ///
    /// A value of another type than the column's is null.
    pub fn put(&mut self, column: usize, value: Cell<'_>) {
        if let Some(column) = self.columns.get_mut(column) {
            column.put(value);
        }
    }

    /// Ends a row, and appends the group when it is full.
    pub fn end_row(&mut self, out: &mut Vec<u8>) {
        self.rows += 1;
        let held: usize = self.columns.iter().map(Filling::size).sum();
        if self.rows >= GROUP_ROWS || held >= GROUP_BYTES {
            self.end_group(out);
        }
    }

    fn end_group(&mut self, out: &mut Vec<u8>) {
        if self.rows == 0 {
            return;
        }
        let start = self.at;
        let already = out.len();
        let chunks = self.columns.iter_mut().map(|column| {
            let at = start + (out.len() - already) as u64;
            column.end(at, out)
        });
        let chunks = chunks.collect();
        self.at = start + (out.len() - already) as u64;
        self.groups.push(Written {
            rows: self.rows,
            chunks,
        });
        self.before += self.rows;
        self.rows = 0;
    }

    /// Appends the last group and what the file says of itself, with words of its writer.
    pub fn end(&mut self, words: &[(&str, &str)], out: &mut Vec<u8>) {
        self.end_group(out);
        let bytes = self.description(words);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        out.extend(bytes);
        out.extend(length.to_le_bytes());
        out.extend(MAGIC);
    }

    fn description(&self, words: &[(&str, &str)]) -> Vec<u8> {
        let mut thrift = Thrift::default();
        thrift.element(|w| {
            w.i32(1, 2);
            self.tree(w);
            w.i64(3, signed(self.before));
            w.list(4, Kind::Struct, self.groups.len());
            for group in &self.groups {
                w.element(|w| self.group(w, group));
            }
            w.list(5, Kind::Struct, words.len());
            for (key, value) in words {
                w.element(|w| {
                    w.binary(1, key.as_bytes());
                    w.binary(2, value.as_bytes());
                });
            }
            w.binary(
                6,
                concat!("cartotheque version ", env!("CARGO_PKG_VERSION")).as_bytes(),
            );
            // least and greatest are in the order of each type
            w.list(7, Kind::Struct, self.columns.len());
            for _ in &self.columns {
                w.element(|w| w.structure(1, |_| ()));
            }
        });
        thrift.into_bytes()
    }

    /// The tree of columns: those of a group follow one another.
    fn tree(&self, w: &mut Thrift) {
        let targets = || self.columns.iter().map(|column| &column.target);
        let mut outermost = 0;
        let mut groups = 0;
        let mut open = None;
        for target in targets() {
            let begins_group = target.group.is_some() && target.group != open;
            outermost += i32::from(target.group.is_none() || begins_group);
            groups += usize::from(begins_group);
            open = target.group;
        }
        w.list(2, Kind::Struct, self.columns.len() + groups + 1);
        w.element(|w| {
            w.binary(4, b"schema");
            w.i32(5, outermost);
        });
        let mut open = None;
        for target in targets() {
            if let Some(group) = target.group.filter(|_| target.group != open) {
                let members = targets().filter(|other| other.group == Some(group)).count();
                w.element(|w| {
                    w.i32(3, 1);
                    w.binary(4, group.as_bytes());
                    w.i32(5, i32::try_from(members).unwrap_or(i32::MAX));
                });
            }
            open = target.group;
            w.element(|w| {
                w.i32(1, target.physical.number());
                // in a group that is there all members are
                w.i32(3, i32::from(target.group.is_none()));
                w.binary(4, target.name.as_bytes());
                write_meaning(w, target.logical);
            });
        }
    }

    fn group(&self, w: &mut Thrift, group: &Written) {
        w.list(1, Kind::Struct, group.chunks.len());
        for (chunk, column) in group.chunks.iter().zip(&self.columns) {
            w.element(|w| {
                w.i64(2, 0);
                w.structure(3, |w| chunk.describe(w, &column.target, group.rows));
            });
        }
        let sum = |of: fn(&Chunk) -> u64| group.chunks.iter().map(of).sum::<u64>();
        w.i64(2, signed(sum(|chunk| chunk.unpacked)));
        w.i64(3, signed(group.rows));
        if let Some(first) = group.chunks.first() {
            w.i64(5, signed(first.start));
        }
        w.i64(6, signed(sum(|chunk| chunk.packed)));
    }
}

impl Filling {
    fn new(target: Target) -> Filling {
        Filling {
            entries: target.repeats.then(Entries::default),
            target,
            levels: Vec::new(),
            plain: Vec::new(),
            bits: 0,
            places: Vec::new(),
            pages: Vec::new(),
            unpacked: 0,
            nulls: 0,
            has_plain: false,
            least: None,
            greatest: None,
        }
    }

    /// The memory that is taken.
    fn size(&self) -> usize {
        let entries = self
            .entries
            .as_ref()
            .map_or(0, |entries| entries.plain.len());
        self.pages.len() + self.plain.len() + (self.levels.len() + self.places.len()) * 4 + entries
    }

    fn put(&mut self, value: Cell<'_>) {
        let is_there = match (self.target.physical, value) {
            (Physical::Bool, Cell::Bool(value)) => {
                if self.bits == 0 {
                    self.plain.push(0);
                }
                if let Some(last) = self.plain.last_mut() {
                    *last |= u8::from(value) << self.bits;
                }
                self.bits = (self.bits + 1) % 8;
                true
            }
            (Physical::I32, Cell::I32(value)) => {
                self.plain.extend(value.to_le_bytes());
                self.compare(Number::Whole(value.into()));
                true
            }
            (Physical::I64, Cell::I64(value)) => {
                self.plain.extend(value.to_le_bytes());
                self.compare(Number::Whole(value));
                true
            }
            (Physical::F32, Cell::F32(value)) => {
                self.plain.extend(value.to_le_bytes());
                self.compare(Number::Real(value.into()));
                true
            }
            (Physical::F64, Cell::F64(value)) => {
                self.plain.extend(value.to_le_bytes());
                self.compare(Number::Real(value));
                true
            }
            (Physical::Bytes, Cell::Bytes(value)) => {
                self.put_bytes(value);
                true
            }
            _ => false,
        };
        self.levels.push(is_there.into());
        self.nulls += u64::from(!is_there);
        if self.plain.len() >= PAGE_BYTES || self.levels.len() >= PAGE_ROWS {
            self.end_page();
        }
    }

    fn put_bytes(&mut self, value: &[u8]) {
        if let Some(entries) = self.entries.as_mut().filter(|_| !self.has_plain) {
            if let Some(place) = entries.place(value) {
                self.places.push(place);
                return;
            }
            // what is there stays so, and what comes is written as it is
            self.end_page();
            self.has_plain = true;
        }
        push_plain(&mut self.plain, value);
    }

    fn compare(&mut self, number: Number) {
        if matches!(number, Number::Real(real) if real.is_nan()) {
            return;
        }
        if self.least.is_none_or(|least| number < least) {
            self.least = Some(number);
        }
        if self.greatest.is_none_or(|greatest| number > greatest) {
            self.greatest = Some(number);
        }
    }

    /// Packs the page.
    fn end_page(&mut self) {
        if self.levels.is_empty() {
            return;
        }
        let rows = self.levels.len();
        let mut page = vec![0; 4];
        hybrid::push(&mut page, &self.levels, 1);
        let length = u32::try_from(page.len() - 4).unwrap_or(u32::MAX);
        for (to, from) in page.iter_mut().zip(length.to_le_bytes()) {
            *to = from;
        }
        let encoding = match &self.entries {
            Some(entries) if !self.has_plain && entries.len() > 0 => {
                // one at least, as others do
                let width = hybrid::width(entries.len().saturating_sub(1)).max(1);
                page.push(u8::try_from(width).unwrap_or(0));
                hybrid::push(&mut page, &self.places, width);
                RLE_DICTIONARY
            }
            _ => {
                page.extend_from_slice(&self.plain);
                PLAIN
            }
        };
        self.unpacked += push_page(&mut self.pages, &page, 0, |w| {
            w.structure(5, |w| {
                w.i32(1, i32::try_from(rows).unwrap_or(i32::MAX));
                w.i32(2, encoding);
                w.i32(3, RLE);
                w.i32(4, RLE);
            });
        });
        self.levels.clear();
        self.plain.clear();
        self.places.clear();
        self.bits = 0;
    }

    /// Appends the column of the group, which begins at byte `at` of the file.
    fn end(&mut self, at: u64, out: &mut Vec<u8>) -> Chunk {
        self.end_page();
        let before = out.len();
        let mut dictionary = None;
        if let Some(entries) = self.entries.as_ref().filter(|entries| entries.len() > 0) {
            self.unpacked += push_page(out, &entries.plain, 2, |w| {
                w.structure(7, |w| {
                    w.i32(1, i32::try_from(entries.len()).unwrap_or(i32::MAX));
                    w.i32(2, PLAIN);
                });
            });
            dictionary = Some((out.len() - before) as u64);
        }
        out.append(&mut self.pages);
        let chunk = Chunk {
            start: at,
            dictionary,
            packed: (out.len() - before) as u64,
            unpacked: self.unpacked,
            nulls: self.nulls,
            least: self.least,
            greatest: self.greatest,
        };
        let target = std::mem::replace(&mut self.target, Target::none());
        *self = Filling::new(target);
        chunk
    }
}

impl Target {
    fn none() -> Target {
        Target {
            group: None,
            name: String::new(),
            physical: Physical::Bool,
            logical: Logical::Plain,
            repeats: false,
        }
    }
}

impl Chunk {
    fn describe(&self, w: &mut Thrift, target: &Target, rows: u64) {
        w.i32(1, target.physical.number());
        // a dictionary is plain itself
        let mut encodings = vec![PLAIN, RLE];
        encodings.extend(self.dictionary.map(|_| RLE_DICTIONARY));
        w.list(2, Kind::I32, encodings.len());
        encodings.iter().for_each(|n| w.integer((*n).into()));
        let path = [target.group, Some(&target.name)];
        let path: Vec<&str> = path.into_iter().flatten().collect();
        w.list(3, Kind::Binary, path.len());
        path.iter().for_each(|name| w.bytes(name.as_bytes()));
        w.i32(4, codec::WRITTEN);
        w.i64(5, signed(rows));
        w.i64(6, signed(self.unpacked));
        w.i64(7, signed(self.packed));
        w.i64(9, signed(self.start + self.dictionary.unwrap_or(0)));
        if self.dictionary.is_some() {
            w.i64(11, signed(self.start));
        }
        w.structure(12, |w| {
            w.i64(3, signed(self.nulls));
            if let (Some(least), Some(greatest)) = (self.least, self.greatest) {
                w.binary(5, &greatest.bytes(target.physical, 0.0));
                w.binary(6, &least.bytes(target.physical, -0.0));
                w.boolean(7, true);
                w.boolean(8, true);
            }
        });
    }
}

impl Number {
    /// As it is stored; `zero` is what a zero is written as, since -0 and 0 are equal and a bound
    /// must hold both.
    fn bytes(self, physical: Physical, zero: f64) -> Vec<u8> {
        match (self, physical) {
            (Number::Whole(value), Physical::I32) => (value as i32).to_le_bytes().to_vec(),
            (Number::Whole(value), _) => value.to_le_bytes().to_vec(),
            (Number::Real(value), physical) => {
                let value = if value == 0.0 { zero } else { value };
                match physical {
                    Physical::F32 => (value as f32).to_le_bytes().to_vec(),
                    _ => value.to_le_bytes().to_vec(),
                }
            }
        }
    }
}

/// Appends a page with its header, and says how many bytes both have unpacked. `kind` is 0 for
/// values, 2 for a dictionary; `describe` writes what the header says of such a page.
fn push_page(out: &mut Vec<u8>, page: &[u8], kind: i32, describe: impl FnOnce(&mut Thrift)) -> u64 {
    // a page is some MB at most but for one value that is larger, and no value has 4 GiB
    let packed = codec::pack(page).unwrap_or_default();
    let size = |bytes: &[u8]| i32::try_from(bytes.len()).unwrap_or(i32::MAX);
    let mut thrift = Thrift::default();
    thrift.element(|w| {
        w.i32(1, kind);
        w.i32(2, size(page));
        w.i32(3, size(&packed));
        w.i32(4, libdeflater::crc32(&packed).cast_signed());
        describe(w);
    });
    let header = thrift.into_bytes();
    out.extend_from_slice(&header);
    out.extend_from_slice(&packed);
    (header.len() + page.len()) as u64
}

/// The name and the older number of what values mean.
fn write_meaning(w: &mut Thrift, logical: Logical) {
    let converted = match logical {
        Logical::Text => Some(0),
        Logical::Date => Some(6),
        Logical::Timestamp {
            unit: Unit::Micros,
            is_utc: true,
        } => Some(10),
        Logical::Json => Some(19),
        _ => None,
    };
    let Some(converted) = converted else { return };
    w.i32(6, converted);
    w.structure(10, |w| match logical {
        Logical::Text => w.structure(1, |_| ()),
        Logical::Date => w.structure(6, |_| ()),
        Logical::Json => w.structure(12, |_| ()),
        _ => w.structure(8, |w| {
            w.boolean(1, true);
            w.structure(2, |w| w.structure(2, |_| ()));
        }),
    });
}

/// Sizes of files are far below 2^63.
fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
