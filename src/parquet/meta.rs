//! What the end of a file says of it: columns, row groups, and words of its writer.

use super::codec::Codec;
use super::thrift::{Kind, Reader};

/// Groups in groups of columns.
const MAX_DEPTH: usize = 64;

/// How values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Physical {
    Bool,
    I32,
    I64,
    I96,
    F32,
    F64,
    Bytes,
    /// Of so many bytes each.
    Fixed(usize),
}

impl Physical {
    /// Bytes of a value; `None` where they differ, or are less than one.
    pub fn width(self) -> Option<usize> {
        match self {
            Physical::I32 | Physical::F32 => Some(4),
            Physical::I64 | Physical::F64 => Some(8),
            Physical::I96 => Some(12),
            Physical::Fixed(width) => Some(width),
            Physical::Bool | Physical::Bytes => None,
        }
    }

    /// The number in the specification.
    pub fn number(self) -> i32 {
        match self {
            Physical::Bool => 0,
            Physical::I32 => 1,
            Physical::I64 => 2,
            Physical::I96 => 3,
            Physical::F32 => 4,
            Physical::F64 => 5,
            Physical::Bytes => 6,
            Physical::Fixed(_) => 7,
        }
    }

    fn of(number: i32, length: i32) -> Result<Physical, String> {
        Ok(match number {
            0 => Physical::Bool,
            1 => Physical::I32,
            2 => Physical::I64,
            3 => Physical::I96,
            4 => Physical::F32,
            5 => Physical::F64,
            6 => Physical::Bytes,
            7 => match usize::try_from(length) {
                Ok(length @ 1..) => Physical::Fixed(length),
                _ => return Err(format!("a column has values of {length} bytes")),
            },
            other => {
                return Err(format!(
                    "a column is stored as type {other}, which is not known"
                ));
            }
        })
    }
}

/// The smallest step of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// What stored values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logical {
    /// What they are.
    Plain,
    Text,
    Json,
    /// Days since 1970-01-01.
    Date,
    /// Since midnight.
    Time(Unit),
    /// Since 1970-01-01; local time where it is not UTC.
    Timestamp {
        unit: Unit,
        is_utc: bool,
    },
    Unsigned,
    /// A whole number to be divided by a power of ten.
    Decimal {
        scale: i32,
    },
    Uuid,
    Float16,
    /// A geometry or geography as WKB (specification 2.11).
    Geometry,
    /// Something that is neither of these.
    Other,
}

/// A column at the outermost level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// `None` where it is nested or repeated.
    pub leaf: Option<Leaf>,
}

/// A column that has one value a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Its number among all that hold values.
    pub number: usize,
    pub physical: Physical,
    pub logical: Logical,
    /// True where a value may be null.
    pub is_optional: bool,
}

/// What the end of a file says.
#[derive(Debug, Default)]
pub struct Meta {
    pub columns: Vec<Column>,
    pub groups: Vec<Group>,
    pub words: Vec<(String, String)>,
}

/// Rows that lie together.
#[derive(Debug, Default)]
pub struct Group {
    pub rows: u64,
    pub chunks: Vec<Chunk>,
}

/// The values of one column in one group.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    pub codec: i64,
    pub values: u64,
    pub start: u64,
    pub end: u64,
}

impl Chunk {
    pub fn codec(&self) -> Result<Codec, String> {
        Codec::of_number(self.codec)
    }
}

/// One node of the tree of columns, as it is written.
#[derive(Debug)]
struct Node {
    physical: Option<i32>,
    length: i32,
    repetition: i32,
    name: String,
    children: usize,
    converted: Option<i32>,
    scale: i32,
    logical: Option<Logical>,
}

impl Meta {
    /// # Errors
    /// In words: damaged, or of a kind that is not read.
    pub fn read(bytes: &[u8]) -> Result<Meta, String> {
        let mut meta = Meta::default();
        let mut nodes = Vec::new();
        let mut rows = 0_u64;
        Reader::new(bytes).structure(&mut |r, number, kind| match (number, kind) {
            (2, Kind::List) => r.list(&mut |r, kind| {
                nodes.push(node(r, kind)?);
                Ok(())
            }),
            (3, Kind::I64) => {
                rows = r.number()?;
                Ok(())
            }
            (4, Kind::List) => r.list(&mut |r, kind| {
                meta.groups.push(group(r, kind)?);
                Ok(())
            }),
            (5, Kind::List) => r.list(&mut |r, kind| {
                meta.words.extend(word(r, kind)?);
                Ok(())
            }),
            (8, _) => Err("is encrypted, which is not read".to_owned()),
            _ => r.skip(kind),
        })?;
        let leaves;
        (meta.columns, leaves) = columns(&nodes)?;
        if let Some(group) = meta.groups.iter().find(|g| g.chunks.len() != leaves) {
            let found = group.chunks.len();
            return Err(format!(
                "expected {leaves} columns in each group of rows, found {found}"
            ));
        }
        let found = meta
            .groups
            .iter()
            .try_fold(0_u64, |sum, g| sum.checked_add(g.rows));
        match found == Some(rows) {
            true => Ok(meta),
            false => Err(format!(
                "says that it has {rows} rows, and its groups have others"
            )),
        }
    }
}

fn expect(kind: Kind, expected: Kind) -> Result<(), String> {
    match kind == expected {
        true => Ok(()),
        false => Err(format!(
            "a list of a header holds {kind:?}, expected {expected:?}"
        )),
    }
}

fn node(r: &mut Reader<'_>, kind: Kind) -> Result<Node, String> {
    expect(kind, Kind::Struct)?;
    let mut node = Node {
        physical: None,
        length: 0,
        repetition: 0,
        name: String::new(),
        children: 0,
        converted: None,
        scale: 0,
        logical: None,
    };
    r.structure(&mut |r, number, kind| {
        match (number, kind) {
            (1, Kind::I32) => node.physical = Some(r.number()?),
            (2, Kind::I32) => node.length = r.number()?,
            (3, Kind::I32) => node.repetition = r.number()?,
            (4, Kind::Binary) => node.name = r.text()?,
            (5, Kind::I32) => node.children = r.number()?,
            (6, Kind::I32) => node.converted = Some(r.number()?),
            (7, Kind::I32) => node.scale = r.number()?,
            (10, Kind::Struct) => node.logical = logical(r)?,
            _ => r.skip(kind)?,
        }
        Ok(())
    })?;
    Ok(node)
}

fn logical(r: &mut Reader<'_>) -> Result<Option<Logical>, String> {
    let mut found = None;
    r.structure(&mut |r, number, kind| {
        if kind != Kind::Struct {
            return r.skip(kind);
        }
        let (mut unit, mut flag, mut scale) = (Unit::Millis, false, 0);
        r.structure(&mut |r, field, kind| match (number, field, kind) {
            (5, 1, Kind::I32) => {
                scale = r.number()?;
                Ok(())
            }
            (7 | 8, 2, Kind::Struct) => r.structure(&mut |r, number, kind| {
                unit = match number {
                    1 => Unit::Millis,
                    2 => Unit::Micros,
                    _ => Unit::Nanos,
                };
                r.skip(kind)
            }),
            (7 | 8, 1, Kind::True) | (10, 2, Kind::True) => {
                flag = true;
                Ok(())
            }
            _ => r.skip(kind),
        })?;
        found = Some(match number {
            1 | 4 => Logical::Text,
            5 => Logical::Decimal { scale },
            6 => Logical::Date,
            7 => Logical::Time(unit),
            8 => Logical::Timestamp { unit, is_utc: flag },
            10 if flag => Logical::Plain,
            10 => Logical::Unsigned,
            12 => Logical::Json,
            14 => Logical::Uuid,
            15 => Logical::Float16,
            17 | 18 => Logical::Geometry,
            _ => Logical::Other,
        });
        Ok(())
    })?;
    Ok(found)
}

/// What files before 2.4 say of the meaning.
fn converted(number: Option<i32>, scale: i32) -> Logical {
    let since = |unit| Logical::Timestamp { unit, is_utc: true };
    match number {
        None | Some(15..=18) => Logical::Plain,
        Some(0 | 4) => Logical::Text,
        Some(5) => Logical::Decimal { scale },
        Some(6) => Logical::Date,
        Some(7) => Logical::Time(Unit::Millis),
        Some(8) => Logical::Time(Unit::Micros),
        Some(9) => since(Unit::Millis),
        Some(10) => since(Unit::Micros),
        Some(11..=14) => Logical::Unsigned,
        Some(19) => Logical::Json,
        Some(_) => Logical::Other,
    }
}

/// The outermost columns, and how many hold values.
fn columns(nodes: &[Node]) -> Result<(Vec<Column>, usize), String> {
    let (root, mut rest) = nodes.split_first().ok_or("has no columns")?;
    let mut columns = Vec::new();
    let mut leaves = 0;
    for _ in 0..root.children {
        let (node, after) = rest.split_first().ok_or("its tree of columns is cut")?;
        let leaf = match node.physical {
            // 2: repeated
            Some(physical) if node.children == 0 && node.repetition != 2 => Some(Leaf {
                number: leaves,
                physical: Physical::of(physical, node.length)?,
                logical: node
                    .logical
                    .unwrap_or_else(|| converted(node.converted, node.scale)),
                is_optional: node.repetition == 1,
            }),
            _ => None,
        };
        columns.push(Column {
            name: node.name.clone(),
            leaf,
        });
        let (found, beneath) = count_leaves(node, after)?;
        leaves += found;
        rest = beneath;
    }
    match rest.is_empty() {
        true => Ok((columns, leaves)),
        false => Err("its tree of columns has more than its root says".to_owned()),
    }
}

/// How many nodes beneath one hold values, and the nodes behind those.
fn count_leaves<'n>(node: &Node, after: &'n [Node]) -> Result<(usize, &'n [Node]), String> {
    // nodes that are still to come at each level
    let mut open = vec![node.children];
    let mut rest = after;
    let mut leaves = usize::from(node.children == 0);
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        let (child, behind) = rest.split_first().ok_or("its tree of columns is cut")?;
        rest = behind;
        match child.children {
            0 => leaves += 1,
            _ if open.len() >= MAX_DEPTH => {
                return Err("its tree of columns is nested too deeply".to_owned());
            }
            children => open.push(children),
        }
    }
    Ok((leaves, rest))
}

fn group(r: &mut Reader<'_>, kind: Kind) -> Result<Group, String> {
    expect(kind, Kind::Struct)?;
    let mut group = Group::default();
    r.structure(&mut |r, number, kind| match (number, kind) {
        (1, Kind::List) => r.list(&mut |r, kind| {
            group.chunks.push(chunk(r, kind)?);
            Ok(())
        }),
        (3, Kind::I64) => {
            group.rows = r.number()?;
            Ok(())
        }
        _ => r.skip(kind),
    })?;
    Ok(group)
}

fn chunk(r: &mut Reader<'_>, kind: Kind) -> Result<Chunk, String> {
    expect(kind, Kind::Struct)?;
    let (mut codec, mut values, mut length, mut data, mut dictionary) = (0, 0, 0, 0, 0);
    r.structure(&mut |r, number, kind| match (number, kind) {
        (1, _) => Err("keeps columns in other files, which are not read".to_owned()),
        (3, Kind::Struct) => r.structure(&mut |r, number, kind| {
            match (number, kind) {
                (4, Kind::I32) => codec = r.integer()?,
                (5, Kind::I64) => values = r.number()?,
                (7, Kind::I64) => length = r.number()?,
                (9, Kind::I64) => data = r.number()?,
                (11, Kind::I64) => dictionary = r.number::<u64>()?,
                _ => r.skip(kind)?,
            }
            Ok(())
        }),
        (8 | 9, _) => Err("is encrypted, which is not read".to_owned()),
        _ => r.skip(kind),
    })?;
    // 0 where there is none, in files of some writers
    let start: u64 = match dictionary {
        1.. if dictionary < data => dictionary,
        _ => data,
    };
    Ok(Chunk {
        codec,
        values,
        start,
        end: start.saturating_add(length),
    })
}

fn word(r: &mut Reader<'_>, kind: Kind) -> Result<Option<(String, String)>, String> {
    expect(kind, Kind::Struct)?;
    let (mut key, mut value) = (String::new(), None);
    r.structure(&mut |r, number, kind| {
        match (number, kind) {
            (1, Kind::Binary) => key = r.text()?,
            (2, Kind::Binary) => value = Some(r.text()?),
            _ => r.skip(kind)?,
        }
        Ok(())
    })?;
    Ok(value.map(|value| (key, value)))
}
