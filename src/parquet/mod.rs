//! Parquet files as tables of columns, written and read a row at a time; nothing here knows what
//! a geometry is.
//!
//! The format is the Apache Parquet specification 2.12. What is told here of files is told by
//! these modules: `thrift` the notation of all headers, `meta` the description at a file's end,
//! `page` what stands before each page, `hybrid` and `delta` numbers packed by bits, `values`
//! the encodings of values, `codec` compression.
//!
//! The memory of a [`Rows`] is one page a column, whatever the size of the file; that of a
//! [`Writer`] is one row group, which it keeps below 16 MB.
//!
//! # Not supported
//! Nested and repeated columns are found and not read; encrypted files, LZO and LZ4 are refused.

mod codec;
mod column;
mod delta;
mod dictionary;
mod hybrid;
mod meta;
mod page;
mod reader;
mod thrift;
mod values;
mod writer;

#[cfg(test)]
mod tests;

pub use meta::{Column, Leaf, Logical, Physical, Unit};
pub use reader::{Rows, Table};
pub use writer::{Target, Writer};

/// What stands at both ends of a file.
const MAGIC: [u8; 4] = *b"PAR1";

/// One value of a column, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Bool(bool),
    I32(i32),
    I64(i64),
    /// An instant of old files: nanoseconds of the day in 8 bytes, the Julian day in 4.
    I96([u8; 12]),
    F32(f32),
    F64(f64),
    Bytes(&'a [u8]),
}
