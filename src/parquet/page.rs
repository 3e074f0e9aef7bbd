//! What stands before each page.

use super::thrift::{Kind, Reader};

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Levels and values, packed together.
    Data {
        values: u64,
        encoding: i32,
    },
    /// Levels, not packed, and values.
    DataV2 {
        values: u64,
        encoding: i32,
        /// Bytes of the levels: how deep values are, and where rows begin.
        definition: usize,
        repetition: usize,
        is_packed: bool,
    },
    Dictionary {
        encoding: i32,
    },
    /// Nothing that is needed.
    Other,
}

/// What stands before a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub content: Content,
    /// Bytes of the page as it lies in the file, and unpacked.
    pub packed: usize,
    pub unpacked: usize,
    pub crc: Option<u32>,
    /// Bytes of the header itself.
    pub length: usize,
}

impl Header {
    /// # Errors
    /// In words: damaged, or cut.
    pub fn read(bytes: &[u8]) -> Result<Header, String> {
        let (mut packed, mut unpacked, mut kind_of_page) = (None, None, 0_i64);
        let (mut crc, mut data, mut data_v2, mut dictionary) = (None, None, None, None);
        let mut reader = Reader::new(bytes);
        reader.structure(&mut |r, number, kind| {
            match (number, kind) {
                (1, Kind::I32) => kind_of_page = r.integer()?,
                (2, Kind::I32) => unpacked = Some(r.number()?),
                (3, Kind::I32) => packed = Some(r.number()?),
                (4, Kind::I32) => crc = Some(r.number::<i32>()?.cast_unsigned()),
                (5, Kind::Struct) => data = Some(data_page(r)?),
                (7, Kind::Struct) => dictionary = Some(dictionary_page(r)?),
                (8, Kind::Struct) => data_v2 = Some(data_page_v2(r)?),
                _ => r.skip(kind)?,
            }
            Ok(())
        })?;
        let lacks = || "the header of a page lacks something".to_owned();
        let content = match kind_of_page {
            0 => data.ok_or_else(lacks)?,
            2 => dictionary.ok_or_else(lacks)?,
            3 => data_v2.ok_or_else(lacks)?,
            _ => Content::Other,
        };
        Ok(Header {
            content,
            packed: packed.ok_or_else(lacks)?,
            unpacked: unpacked.ok_or_else(lacks)?,
            crc,
            length: bytes.len().saturating_sub(reader.rest()),
        })
    }
}

fn data_page(r: &mut Reader<'_>) -> Result<Content, String> {
    let (mut values, mut encoding) = (0, 0);
    r.structure(&mut |r, number, kind| {
        match (number, kind) {
            (1, Kind::I32) => values = r.number()?,
            (2, Kind::I32) => encoding = r.number()?,
            _ => r.skip(kind)?,
        }
        Ok(())
    })?;
    Ok(Content::Data { values, encoding })
}

fn data_page_v2(r: &mut Reader<'_>) -> Result<Content, String> {
    let (mut values, mut encoding, mut definition, mut repetition) = (0, 0, 0, 0);
    let mut is_packed = true;
    r.structure(&mut |r, number, kind| {
        match (number, kind) {
            (1, Kind::I32) => values = r.number()?,
            (4, Kind::I32) => encoding = r.number()?,
            (5, Kind::I32) => definition = r.number()?,
            (6, Kind::I32) => repetition = r.number()?,
            (7, Kind::False) => is_packed = false,
            _ => r.skip(kind)?,
        }
        Ok(())
    })?;
    Ok(Content::DataV2 {
        values,
        encoding,
        definition,
        repetition,
        is_packed,
    })
}

fn dictionary_page(r: &mut Reader<'_>) -> Result<Content, String> {
    let mut encoding = 0;
    r.structure(&mut |r, number, kind| {
        match (number, kind) {
            (2, Kind::I32) => encoding = r.number()?,
            _ => r.skip(kind)?,
        }
        Ok(())
    })?;
    Ok(Content::Dictionary { encoding })
}
