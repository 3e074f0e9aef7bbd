//! The compact protocol of Thrift, in which Parquet writes its headers: as much of it as those
//! need.

/// Structures in structures; headers have eight.
const MAX_DEPTH: usize = 32;

/// What a field holds, as the byte before it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    True,
    False,
    Byte,
    I16,
    I32,
    I64,
    Double,
    Binary,
    List,
    Set,
    Map,
    Struct,
    Uuid,
}

impl Kind {
    const ALL: [Kind; 13] = [
        Kind::True,
        Kind::False,
        Kind::Byte,
        Kind::I16,
        Kind::I32,
        Kind::I64,
        Kind::Double,
        Kind::Binary,
        Kind::List,
        Kind::Set,
        Kind::Map,
        Kind::Struct,
        Kind::Uuid,
    ];

    fn of(number: u8) -> Result<Kind, String> {
        let place = usize::from(number).checked_sub(1);
        let found = place.and_then(|place| Kind::ALL.get(place));
        found
            .copied()
            .ok_or_else(|| "a header has a field of no known type".to_owned())
    }

    fn number(self) -> u8 {
        let place = Kind::ALL.iter().position(|kind| *kind == self);
        place
            .and_then(|place| u8::try_from(place + 1).ok())
            .unwrap_or(0)
    }
}

fn cut() -> String {
    "a header is cut".to_owned()
}

/// Reads a structure field by field.
#[derive(Debug)]
pub struct Reader<'b> {
    rest: &'b [u8],
    depth: usize,
}

impl<'b> Reader<'b> {
    pub fn new(bytes: &'b [u8]) -> Reader<'b> {
        Reader {
            rest: bytes,
            depth: 0,
        }
    }

    /// Bytes that were not read.
    pub fn rest(&self) -> usize {
        self.rest.len()
    }

    fn byte(&mut self) -> Result<u8, String> {
        let (first, rest) = self.rest.split_first().ok_or_else(cut)?;
        self.rest = rest;
        Ok(*first)
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number of a header has more than 64 bits".to_owned())
    }

    /// A whole number of any width.
    pub fn integer(&mut self) -> Result<i64, String> {
        Ok(unzigzag(self.varint()?))
    }

    /// A whole number that must fit what it is put in.
    pub fn number<T: TryFrom<i64>>(&mut self) -> Result<T, String> {
        let number = self.integer()?;
        T::try_from(number).map_err(|_| format!("a header has {number} where that can't be"))
    }

    pub fn bytes(&mut self) -> Result<&'b [u8], String> {
        let length = usize::try_from(self.varint()?).map_err(|_| cut())?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(cut)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub fn text(&mut self) -> Result<String, String> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }

    /// Calls `read` with the number and type of each field of a structure; it must read, or
    /// [`skip`](Reader::skip), the field.
    pub fn structure(
        &mut self,
        read: &mut dyn FnMut(&mut Reader<'b>, i64, Kind) -> Result<(), String>,
    ) -> Result<(), String> {
        self.deeper()?;
        let mut number = 0_i64;
        loop {
            let byte = self.byte()?;
            if byte == 0 {
                self.depth = self.depth.saturating_sub(1);
                return Ok(());
            }
            let kind = Kind::of(byte & 0x0f)?;
            number = match byte >> 4 {
                0 => self.integer()?,
                step => number.saturating_add(i64::from(step)),
            };
            read(self, number, kind)?;
        }
    }

    /// Calls `read` for each element of a list.
    pub fn list(
        &mut self,
        read: &mut dyn FnMut(&mut Reader<'b>, Kind) -> Result<(), String>,
    ) -> Result<(), String> {
        let (kind, count) = self.list_head()?;
        for _ in 0..count {
            read(self, kind)?;
        }
        Ok(())
    }

    fn list_head(&mut self) -> Result<(Kind, u64), String> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        // each element takes a byte at least
        if count > self.rest.len() as u64 {
            return Err(cut());
        }
        match byte & 0x0f {
            // an empty list may leave its type unsaid
            0 if count == 0 => Ok((Kind::Byte, 0)),
            number => Ok((Kind::of(number)?, count)),
        }
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err("a header is nested too deeply".to_owned()),
            false => Ok(()),
        }
    }

    fn over(&mut self, bytes: usize) -> Result<(), String> {
        self.rest = self.rest.get(bytes..).ok_or_else(cut)?;
        Ok(())
    }

    /// Reads over a field.
    pub fn skip(&mut self, kind: Kind) -> Result<(), String> {
        match kind {
            Kind::True | Kind::False => Ok(()),
            Kind::Byte => self.over(1),
            Kind::I16 | Kind::I32 | Kind::I64 => self.varint().map(drop),
            Kind::Double => self.over(8),
            Kind::Binary => self.bytes().map(drop),
            Kind::Uuid => self.over(16),
            Kind::Struct => self.structure(&mut |reader, _, kind| reader.skip(kind)),
            Kind::List | Kind::Set => {
                self.deeper()?;
                let read = self.list(&mut |reader, kind| reader.skip_element(kind));
                self.depth = self.depth.saturating_sub(1);
                read
            }
            Kind::Map => {
                let count = self.varint()?;
                if count == 0 {
                    return Ok(());
                }
                self.deeper()?;
                let kinds = self.byte()?;
                let (key, value) = (Kind::of(kinds >> 4)?, Kind::of(kinds & 0x0f)?);
                if count > self.rest.len() as u64 {
                    return Err(cut());
                }
                for _ in 0..count {
                    self.skip_element(key)?;
                    self.skip_element(value)?;
                }
                self.depth = self.depth.saturating_sub(1);
                Ok(())
            }
        }
    }

    /// In a list truth takes a byte; in a structure it is the field's type.
    fn skip_element(&mut self, kind: Kind) -> Result<(), String> {
        match kind {
            Kind::True | Kind::False => self.over(1),
            other => self.skip(other),
        }
    }
}

/// Writes a structure field by field, in the order of their numbers.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    /// The number of the last field of each structure that is open.
    last: Vec<i16>,
}

impl Writer {
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    fn field(&mut self, number: i16, kind: Kind) {
        let last = self.last.last_mut();
        let step = number.saturating_sub(last.as_deref().copied().unwrap_or(0));
        if let Some(last) = last {
            *last = number;
        }
        match u8::try_from(step) {
            Ok(step @ 1..=15) => self.out.push(step << 4 | kind.number()),
            _ => {
                self.out.push(kind.number());
                push_varint(&mut self.out, zigzag(number.into()));
            }
        }
    }

    pub fn i32(&mut self, number: i16, value: i32) {
        self.field(number, Kind::I32);
        push_varint(&mut self.out, zigzag(value.into()));
    }

    pub fn i64(&mut self, number: i16, value: i64) {
        self.field(number, Kind::I64);
        push_varint(&mut self.out, zigzag(value));
    }

    pub fn boolean(&mut self, number: i16, value: bool) {
        self.field(number, if value { Kind::True } else { Kind::False });
    }

    pub fn binary(&mut self, number: i16, value: &[u8]) {
        self.field(number, Kind::Binary);
        self.bytes(value);
    }

    /// An element of a list of texts or bytes.
    pub fn bytes(&mut self, value: &[u8]) {
        push_varint(&mut self.out, value.len() as u64);
        self.out.extend_from_slice(value);
    }

    /// An element of a list of numbers.
    pub fn integer(&mut self, value: i64) {
        push_varint(&mut self.out, zigzag(value));
    }

    /// A field that is a structure of what `write` writes.
    pub fn structure(&mut self, number: i16, write: impl FnOnce(&mut Writer)) {
        self.field(number, Kind::Struct);
        self.element(write);
    }

    /// A structure that is no field: the outermost, or an element of a list.
    pub fn element(&mut self, write: impl FnOnce(&mut Writer)) {
        self.last.push(0);
        write(self);
        self.last.pop();
        self.out.push(0);
    }

    /// The head of a list; its elements follow.
    pub fn list(&mut self, number: i16, kind: Kind, count: usize) {
        self.field(number, Kind::List);
        match u8::try_from(count) {
            Ok(count @ 0..15) => self.out.push(count << 4 | kind.number()),
            _ => {
                self.out.push(0xf0 | kind.number());
                push_varint(&mut self.out, count as u64);
            }
        }
    }
}

/// Seven bits a byte, the lowest first.
pub fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// The signed number that an unsigned one stands for.
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_written_is_read_and_what_is_not_known_is_read_over() {
        let mut writer = Writer::default();
        writer.element(|w| {
            w.i32(1, -5);
            w.i64(2, i64::MIN);
            w.boolean(3, true);
            w.binary(4, "é".as_bytes());
            w.list(5, Kind::I32, 20);
            (0..20).for_each(|n| w.integer(n));
            w.structure(40, |w| w.boolean(1, false));
            w.i32(41, 7);
        });
        let bytes = writer.into_bytes();
        let mut found = Vec::new();
        let mut reader = Reader::new(&bytes);
        reader
            .structure(&mut |r, number, kind| {
                found.push(match kind {
                    Kind::I32 | Kind::I64 => format!("{number} {}", r.integer()?),
                    Kind::Binary => format!("{number} {}", r.text()?),
                    other => {
                        r.skip(other)?;
                        format!("{number} {other:?}")
                    }
                });
                Ok(())
            })
            .unwrap();
        let expected = [
            "1 -5",
            "2 -9223372036854775808",
            "3 True",
            "4 é",
            "5 List",
            "40 Struct",
            "41 7",
        ];
        assert_eq!(found, expected);
        assert_eq!(reader.rest(), 0);
    }

    #[test]
    fn a_bomb_of_structures_or_of_elements_is_refused() {
        let deep = [0x1c_u8; 100];
        let message = Reader::new(&deep).skip(Kind::Struct).unwrap_err();
        assert_eq!(message, "a header is nested too deeply");
        let many = [0xf3, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2];
        assert_eq!(Reader::new(&many).skip(Kind::List).unwrap_err(), cut());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_over_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _any = Reader::new(&bytes).skip(Kind::Struct);
        }

        #[test]
        fn numbers_come_back(value in any::<i64>()) {
            let mut out = Vec::new();
            push_varint(&mut out, zigzag(value));
            prop_assert_eq!(Reader::new(&out).integer(), Ok(value));
        }
    }
}
