//! A reader of vector tiles that knows only the specification (MVT 2.1) and forgives nothing.

use std::collections::{BTreeMap, HashSet};

pub type Point = [i64; 2];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Points,
    Lines,
    Polygons,
}

#[derive(Debug)]
pub struct Layer {
    pub name: String,
    pub extent: u64,
    pub features: Vec<Feature>,
}

#[derive(Debug)]
pub struct Feature {
    pub id: Option<u64>,
    pub kind: Kind,
    /// Points, or lines, or rings without the first point repeated.
    pub parts: Vec<Vec<Point>>,
    pub values: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Number(f64),
    Bool(bool),
}

/// Twice the signed area of a ring, positive where it is clockwise on the screen.
pub fn area(ring: &[Point]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
        .sum()
}

/// Reads a tile and checks everything that the specification demands of it.
pub fn decode(bytes: &[u8]) -> Vec<Layer> {
    let layers: Vec<Layer> = fields(bytes)
        .map(|(number, field)| {
            assert_eq!(number, 3, "a tile has layers only");
            layer(field.bytes())
        })
        .collect();
    let names: HashSet<&str> = layers.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names.len(), layers.len(), "§4.1: names are unique");
    layers
}

enum Field<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
}

impl<'a> Field<'a> {
    fn bytes(&self) -> &'a [u8] {
        match self {
            Field::Bytes(bytes) => bytes,
            _ => panic!("expected bytes"),
        }
    }

    fn varint(&self) -> u64 {
        match self {
            Field::Varint(value) => *value,
            _ => panic!("expected a varint"),
        }
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes().to_vec()).expect("UTF-8")
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().expect("a whole varint");
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return value;
        }
    }
    panic!("a varint of more than ten bytes");
}

fn fields(mut bytes: &[u8]) -> impl Iterator<Item = (u64, Field<'_>)> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => return Some((key >> 3, Field::Varint(varint(&mut bytes)))),
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)).unwrap(),
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (head, rest) = bytes.split_at(length);
        bytes = rest;
        let field = match key & 7 {
            1 => Field::Fixed64(head.try_into().unwrap()),
            5 => Field::Fixed32(head.try_into().unwrap()),
            _ => Field::Bytes(head),
        };
        Some((key >> 3, field))
    })
}

fn layer(bytes: &[u8]) -> Layer {
    let (mut name, mut version, mut extent) = (None, None, None);
    let (mut raw, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut encoded = HashSet::new();
    for (number, field) in fields(bytes) {
        match number {
            1 => assert!(name.replace(field.text()).is_none(), "one name"),
            2 => raw.push(field.bytes()),
            3 => keys.push(field.text()),
            4 => {
                let bytes = field.bytes();
                assert!(encoded.insert(bytes), "each value once: {bytes:?}");
                values.push(value(bytes));
            }
            5 => extent = Some(field.varint()),
            15 => version = Some(field.varint()),
            other => panic!("layer field {other}"),
        }
    }
    assert_eq!(version, Some(2), "§4.1: version");
    assert!(!raw.is_empty(), "§4.1: a layer has a feature");
    assert_eq!(
        keys.iter().collect::<HashSet<_>>().len(),
        keys.len(),
        "each key once"
    );
    let (mut used_keys, mut used_values) = (HashSet::new(), HashSet::new());
    let features = raw
        .into_iter()
        .map(|bytes| feature(bytes, &keys, &values, &mut used_keys, &mut used_values))
        .collect();
    assert_eq!(used_keys.len(), keys.len(), "no unused keys");
    assert_eq!(used_values.len(), values.len(), "no unused values");
    Layer {
        name: name.expect("a name"),
        extent: extent.expect("an extent"),
        features,
    }
}

fn value(bytes: &[u8]) -> Value {
    let mut found = fields(bytes);
    let (number, field) = found.next().expect("§4.1: a value");
    assert!(found.next().is_none(), "§4.1: one value");
    match (number, field) {
        (1, field) => Value::Text(field.text()),
        (2, Field::Fixed32(b)) => Value::Number(f64::from(f32::from_le_bytes(b))),
        (3, Field::Fixed64(b)) => Value::Number(f64::from_le_bytes(b)),
        (4 | 5, field) => Value::Number(field.varint() as f64),
        (6, field) => Value::Number(unzigzag(field.varint()) as f64),
        (7, field) => Value::Bool(field.varint() != 0),
        _ => panic!("value of kind {number}"),
    }
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn packed(mut bytes: &[u8]) -> Vec<u64> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        out.push(varint(&mut bytes));
    }
    out
}

fn feature(
    bytes: &[u8],
    keys: &[String],
    values: &[Value],
    used_keys: &mut HashSet<usize>,
    used_values: &mut HashSet<usize>,
) -> Feature {
    let (mut id, mut tags, mut kind, mut geometry) = (None, Vec::new(), None, None);
    for (number, field) in fields(bytes) {
        match number {
            1 => id = Some(field.varint()),
            2 => tags = packed(field.bytes()),
            3 => {
                kind = Some(match field.varint() {
                    1 => Kind::Points,
                    2 => Kind::Lines,
                    3 => Kind::Polygons,
                    other => panic!("geometry type {other}"),
                });
            }
            4 => geometry = Some(packed(field.bytes())),
            other => panic!("feature field {other}"),
        }
    }
    assert_eq!(tags.len() % 2, 0, "§4.4: pairs");
    let mut attributes = BTreeMap::new();
    for pair in tags.chunks(2) {
        let (key, value) = (pair[0] as usize, pair[1] as usize);
        used_keys.insert(key);
        used_values.insert(value);
        let before = attributes.insert(keys[key].clone(), values[value].clone());
        assert!(before.is_none(), "§4.4: a key once a feature");
    }
    let kind = kind.expect("a type");
    Feature {
        id,
        kind,
        parts: parts(&geometry.expect("a geometry"), kind),
        values: attributes,
    }
}

fn parts(commands: &[u64], kind: Kind) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut cursor = [0i64, 0];
    let mut rest = commands.iter();
    let mut open = false;
    while let Some(command) = rest.next() {
        let (id, count) = (command & 7, command >> 3);
        assert!(count > 0, "§4.3.1: a count of nothing");
        let mut points = Vec::new();
        if id != 7 {
            for _ in 0..count {
                for axis in &mut cursor {
                    *axis += unzigzag(*rest.next().expect("§4.3.2: a parameter"));
                }
                points.push(cursor);
            }
        }
        match (id, kind) {
            (1, Kind::Points) => {
                assert!(parts.is_empty(), "§4.3.4.2: one MoveTo");
                parts.push(points);
            }
            (1, _) => {
                assert_eq!(count, 1, "§4.3.4: a part begins with one MoveTo");
                assert!(!open, "§4.3.4.4: a ring is closed before the next");
                parts.push(points);
                open = kind == Kind::Polygons;
            }
            (2, Kind::Lines | Kind::Polygons) => {
                let part = parts.last_mut().expect("§4.3.4: MoveTo first");
                assert_eq!(part.len(), 1, "one LineTo a part");
                part.extend(points);
            }
            (7, Kind::Polygons) => {
                assert_eq!(count, 1, "§4.3.3.3");
                assert!(open, "§4.3.4.4: closed once");
                open = false;
            }
            other => panic!("command {other:?}"),
        }
    }
    assert!(!open, "§4.3.4.4: the last ring is closed");
    for part in &parts {
        check_part(part, kind);
    }
    if kind == Kind::Polygons {
        let areas: Vec<i64> = parts.iter().map(|ring| area(ring)).collect();
        assert!(
            areas[0] > 0,
            "§4.3.4.4: an outer ring comes first: {parts:?}"
        );
        assert!(
            areas.iter().all(|a| *a != 0),
            "§4.3.4.4: no ring without area"
        );
    }
    parts
}

fn check_part(part: &[Point], kind: Kind) {
    match kind {
        Kind::Points => {}
        Kind::Lines => assert!(part.len() >= 2, "§4.3.4.3: a line has two points"),
        Kind::Polygons => assert!(part.len() >= 3, "§4.3.4.4: a ring has three points"),
    }
    assert!(
        kind == Kind::Points || part.windows(2).all(|w| w[0] != w[1]),
        "§4.3.3.2: no step to where one is: {part:?}"
    );
    if kind == Kind::Polygons {
        assert_ne!(part.first(), part.last(), "§4.3.3.3: ClosePath closes");
    }
}
