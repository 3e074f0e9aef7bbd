//! Layers of Mapbox Vector Tiles 2.1, as tables are made of them.

use std::borrow::Cow;

use crate::encode::protobuf::{BYTES, FIXED_32, FIXED_64, Field, Fields, VARINT};

/// Tile.Layer.
const NAME: u32 = 1;
const FEATURES: u32 = 2;
const KEYS: u32 = 3;
const VALUES: u32 = 4;
const LAYER_EXTENT: u32 = 5;
/// Where a layer does not say it (§4.1).
const DEFAULT_EXTENT: u32 = 4096;
/// Tile.Feature.
const ID: u32 = 1;
const TAGS: u32 = 2;
const KIND: u32 = 3;
const GEOMETRY: u32 = 4;
/// Commands (§4.3.1).
const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// A layer, its features in their order; those without a geometry are left out.
#[derive(Debug, Default)]
pub(super) struct ReadLayer<'a> {
    pub name: &'a str,
    pub extent: u32,
    pub keys: Vec<&'a str>,
    pub values: Vec<ReadValue<'a>>,
    pub features: Vec<ReadFeature>,
}

#[derive(Debug)]
pub(super) struct ReadFeature {
    pub id: Option<u64>,
    /// Places of a key and its value.
    pub attributes: Vec<(usize, usize)>,
    pub kind: Kind,
    /// Points each in a part of its own, lines, or rings without their last vertex.
    pub parts: Vec<Vec<[i32; 2]>>,
    /// Of each polygon the number of its rings.
    pub polygons: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Point = 0,
    Line = 1,
    Polygon = 2,
}

/// A value as the tile has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ReadValue<'a> {
    Text(&'a str),
    Float(f32),
    Double(f64),
    Signed(i64),
    Unsigned(u64),
    Bool(bool),
}

impl ReadFeature {
    /// How many points, lines or polygons it has.
    pub fn members(&self) -> usize {
        match self.kind {
            Kind::Polygon => self.polygons.len(),
            Kind::Point | Kind::Line => self.parts.len(),
        }
    }
}

impl<'a> ReadValue<'a> {
    pub fn number(&self) -> f64 {
        match self {
            ReadValue::Float(number) => f64::from(*number),
            ReadValue::Double(number) => *number,
            ReadValue::Signed(number) => *number as f64,
            ReadValue::Unsigned(number) => *number as f64,
            ReadValue::Text(_) | ReadValue::Bool(_) => f64::NAN,
        }
    }

    pub fn text(&self) -> Cow<'a, str> {
        match self {
            ReadValue::Text(text) => Cow::Borrowed(text),
            ReadValue::Bool(value) => value.to_string().into(),
            ReadValue::Signed(number) => number.to_string().into(),
            ReadValue::Unsigned(number) => number.to_string().into(),
            ReadValue::Float(number) => number.to_string().into(),
            ReadValue::Double(number) => number.to_string().into(),
        }
    }

    fn read(message: &'a [u8]) -> Result<ReadValue<'a>, String> {
        let mut value = None;
        let mut fields = Fields::new(message);
        while let Some(field) = fields.next()? {
            let Field {
                wire_type, content, ..
            } = field;
            value = match (field.number, wire_type) {
                (1, BYTES) => Some(ReadValue::Text(text(content)?)),
                (2, FIXED_32) => content
                    .try_into()
                    .ok()
                    .map(f32::from_le_bytes)
                    .map(ReadValue::Float),
                (3, FIXED_64) => content
                    .try_into()
                    .ok()
                    .map(f64::from_le_bytes)
                    .map(ReadValue::Double),
                (4, VARINT) => Some(ReadValue::Signed(varint(content)? as i64)),
                (5, VARINT) => Some(ReadValue::Unsigned(varint(content)?)),
                (6, VARINT) => Some(ReadValue::Signed(unzigzag(varint(content)?))),
                (7, VARINT) => Some(ReadValue::Bool(varint(content)? != 0)),
                _ => value,
            };
        }
        value.ok_or_else(|| "a value of no type".to_owned())
    }
}

impl<'a> ReadLayer<'a> {
    /// # Errors
    /// In words, where the layer is damaged.
    pub fn read(message: &'a [u8]) -> Result<ReadLayer<'a>, String> {
        let mut layer = ReadLayer {
            extent: DEFAULT_EXTENT,
            ..ReadLayer::default()
        };
        let mut features = Vec::new();
        let mut fields = Fields::new(message);
        while let Some(Field {
            number,
            wire_type,
            content,
            ..
        }) = fields.next()?
        {
            match (number, wire_type) {
                (NAME, BYTES) => layer.name = text(content)?,
                (KEYS, BYTES) => layer.keys.push(text(content)?),
                (VALUES, BYTES) => layer.values.push(ReadValue::read(content)?),
                (FEATURES, BYTES) => features.push(content),
                (LAYER_EXTENT, VARINT) => {
                    let extent = u32::try_from(varint(content)?).ok().filter(|e| *e > 0);
                    layer.extent = extent.ok_or("an extent of nothing")?;
                }
                _ => {}
            }
        }
        if layer.name.is_empty() {
            return Err("a layer of the tile has no name".to_owned());
        }
        for feature in features {
            layer.features.extend(layer.feature(feature)?);
        }
        Ok(layer)
    }

    fn feature(&self, message: &[u8]) -> Result<Option<ReadFeature>, String> {
        let (mut id, mut kind) = (None, None);
        let (mut tags, mut commands) = (Vec::new(), Vec::new());
        let mut fields = Fields::new(message);
        while let Some(Field {
            number,
            wire_type,
            content,
            ..
        }) = fields.next()?
        {
            match (number, wire_type) {
                (ID, VARINT) => id = Some(varint(content)?),
                (TAGS, BYTES) => tags.extend(numbers(content)?),
                (GEOMETRY, BYTES) => commands.extend(numbers(content)?),
                (KIND, VARINT) => {
                    kind = match varint(content)? {
                        1 => Some(Kind::Point),
                        2 => Some(Kind::Line),
                        3 => Some(Kind::Polygon),
                        _ => None,
                    }
                }
                _ => {}
            }
        }
        let Some(kind) = kind else { return Ok(None) };
        let (pairs, rest) = tags.as_chunks::<2>();
        let mut attributes: Vec<(usize, usize)> = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let [key, value] = pair.map(|place| place as usize);
            if key >= self.keys.len() || value >= self.values.len() {
                return Err("a feature names a key or a value that is not there".to_owned());
            }
            attributes.push((key, value));
        }
        // a feature has a key once (§4.4); the sort keeps the first before the others
        attributes.sort_by_key(|(key, _)| *key);
        attributes.dedup_by_key(|(key, _)| *key);
        if !rest.is_empty() {
            return Err("a feature names a key without a value".to_owned());
        }
        let parts = parts(&commands, kind)?;
        let polygons = match kind {
            Kind::Polygon => polygons(&parts),
            Kind::Point | Kind::Line => Vec::new(),
        };
        let feature = ReadFeature {
            id,
            attributes,
            kind,
            parts,
            polygons,
        };
        Ok(Some(feature).filter(|feature| feature.members() > 0))
    }
}

/// The parts that commands draw.
fn parts(commands: &[u32], kind: Kind) -> Result<Vec<Vec<[i32; 2]>>, String> {
    let mut parts: Vec<Vec<[i32; 2]>> = Vec::new();
    let [mut x, mut y] = [0_i32; 2];
    let mut rest = commands;
    while let [command, after @ ..] = rest {
        rest = after;
        let (id, count) = (command & 7, command >> 3);
        if id == CLOSE_PATH {
            continue;
        }
        if id != MOVE_TO && id != LINE_TO {
            return Err(format!("a geometry has the command {id}"));
        }
        for _ in 0..count {
            let [dx, dy, after @ ..] = rest else {
                return Err("a geometry ends within a command".to_owned());
            };
            rest = after;
            x = x.wrapping_add(unzigzag(u64::from(*dx)) as i32);
            y = y.wrapping_add(unzigzag(u64::from(*dy)) as i32);
            match parts.last_mut() {
                Some(part) if id == LINE_TO => part.push([x, y]),
                _ => parts.push(vec![[x, y]]),
            }
        }
    }
    if kind == Kind::Point {
        // whatever drew them
        return Ok(parts
            .into_iter()
            .flatten()
            .map(|point| vec![point])
            .collect());
    }
    Ok(parts)
}

/// How many rings each polygon has: one that runs as the first does begins another (§4.3.4.4).
fn polygons(rings: &[Vec<[i32; 2]>]) -> Vec<usize> {
    let mut polygons: Vec<usize> = Vec::new();
    for ring in rings {
        match polygons.last_mut() {
            Some(count) if area(ring) < 0.0 => *count += 1,
            _ => polygons.push(1),
        }
    }
    polygons
}

/// Twice the area of a ring, above 0 for an outer one.
fn area(ring: &[[i32; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    let product = |([ax, ay], [bx, by]): (&[i32; 2], &[i32; 2])| {
        f64::from(*ax) * f64::from(*by) - f64::from(*bx) * f64::from(*ay)
    };
    ring.iter().zip(next).map(product).sum()
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "a text of the tile is no UTF-8".to_owned())
}

fn varint(bytes: &[u8]) -> Result<u64, String> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * place);
    }
    Ok(value)
}

/// Numbers packed one behind another.
fn numbers(mut bytes: &[u8]) -> Result<Vec<u32>, String> {
    let mut numbers = Vec::with_capacity(bytes.len());
    while !bytes.is_empty() {
        let end = bytes.iter().position(|byte| byte & 0x80 == 0);
        let (own, rest) = end
            .and_then(|end| bytes.split_at_checked(end + 1))
            .ok_or("a number of the tile has no end")?;
        bytes = rest;
        let number = u32::try_from(varint(own)?);
        numbers.push(number.map_err(|_| "a number of the tile is too large".to_owned())?);
    }
    Ok(numbers)
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::super::from_mvt;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rings_that_run_as_the_first_begin_polygons() {
        let square = |x: i32, is_hole: bool| {
            let mut ring = vec![[x, 0], [x + 4, 0], [x + 4, 4], [x, 4]];
            if is_hole {
                ring.reverse();
            }
            ring
        };
        let rings = [
            square(0, false),
            square(1, true),
            square(9, false),
            square(20, false),
        ];
        assert_eq!(polygons(&rings), [2, 1, 1]);
        // one that begins with a hole is a polygon all the same
        assert_eq!(polygons(&rings[1..]), [1, 1, 1]);
    }

    #[test]
    fn a_command_that_promises_more_than_there_is_is_refused() {
        let error = parts(&[u32::MAX - 5, 2, 2], Kind::Point).unwrap_err();
        assert!(
            error.contains("ends within") || error.contains("command"),
            "{error}"
        );
        assert!(parts(&[(1 << 3) | 3, 2, 2], Kind::Line).is_err());
        assert!(numbers(&[0x80]).is_err() && numbers(&[0xff; 10]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_written_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _never_a_panic = from_mvt(&bytes);
            let mut tile = vec![0x1a, bytes.len() as u8];
            tile.extend_from_slice(&bytes);
            let _never_a_panic = from_mvt(&tile);
        }
    }
}
