//! A ZIP archive (APPNOTE 6.3) written from its start to its end: each file deflated on the way,
//! its sizes behind it.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::error::{Error, Result};

/// An archive under way.
#[derive(Debug, Default)]
pub struct Zip {
    entries: Vec<Entry>,
    /// The file that is written.
    open: Option<Open>,
    /// Bytes of the archive so far.
    at: u64,
}

#[derive(Debug)]
struct Entry {
    name: String,
    checksum: u32,
    packed: u32,
    size: u32,
    at: u32,
}

#[derive(Debug)]
struct Open {
    name: String,
    start: u64,
    packed: u64,
    crc: Crc,
    size: u64,
    packer: DeflateEncoder<Vec<u8>>,
}

/// Sizes and checksum stand behind the data; the name is UTF-8.
const FLAGS: u16 = 0x0808;
/// 1980-01-01, the first day that ZIP knows: the archive is a function of the data alone.
const DATE: u16 = 0x0021;

fn too_large(size: u64) -> Error {
    Error::LimitExceeded {
        what: "the size of a ZIP archive and of each of its files in bytes",
        limit: u32::MAX.into(),
        found: size,
    }
}

fn small(size: u64) -> Result<u32> {
    u32::try_from(size).map_err(|_| too_large(size))
}

impl Zip {
    pub fn new() -> Zip {
        Zip::default()
    }

    /// Begins a file.
    ///
    /// # Errors
    /// As [`write`](Zip::write) for the file before.
    pub fn begin(&mut self, name: String, out: &mut Vec<u8>) -> Result<()> {
        self.close(out)?;
        let start = out.len();
        push(out, &[0x04034b50_u32.to_le_bytes()]);
        push(out, &[20, FLAGS, 8, 0, DATE].map(u16::to_le_bytes));
        push(out, &[[0; 4]; 3]);
        let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
        push(out, &[length, 0].map(u16::to_le_bytes));
        out.extend_from_slice(name.as_bytes());
        self.open = Some(Open {
            name,
            start: self.at,
            packed: 0,
            crc: Crc::new(),
            size: 0,
            packer: DeflateEncoder::new(Vec::new(), Compression::new(4)),
        });
        self.at += (out.len() - start) as u64;
        Ok(())
    }

    /// Appends to the file that was begun.
    ///
    /// # Errors
    /// `LimitExceeded` where the archive becomes larger than 4 GiB.
    pub fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        open.crc.update(bytes);
        open.size += bytes.len() as u64;
        let packed = open.packer.write_all(bytes);
        packed.map_err(|e| Error::Internal {
            message: e.to_string(),
        })?;
        let packed = open.packer.get_mut();
        open.packed += packed.len() as u64;
        self.at += packed.len() as u64;
        out.append(packed);
        small(open.size)?;
        small(self.at).map(|_| ())
    }

    fn close(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let rest = open.packer.finish();
        let rest = rest.map_err(|e| Error::Internal {
            message: e.to_string(),
        })?;
        let entry = Entry {
            name: open.name,
            checksum: open.crc.sum(),
            packed: small(open.packed + rest.len() as u64)?,
            size: small(open.size)?,
            at: small(open.start)?,
        };
        let start = out.len();
        out.extend(rest);
        let numbers = [0x08074b50, entry.checksum, entry.packed, entry.size];
        push(out, &numbers.map(u32::to_le_bytes));
        self.at += (out.len() - start) as u64;
        self.entries.push(entry);
        Ok(())
    }

    /// Ends the archive with its directory.
    ///
    /// # Errors
    /// As [`write`](Zip::write).
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.close(out)?;
        let start = out.len();
        for entry in &self.entries {
            push(out, &[0x02014b50_u32.to_le_bytes()]);
            push(out, &[20, 20, FLAGS, 8, 0, DATE].map(u16::to_le_bytes));
            let numbers = [entry.checksum, entry.packed, entry.size];
            push(out, &numbers.map(u32::to_le_bytes));
            let length = u16::try_from(entry.name.len()).unwrap_or(u16::MAX);
            push(out, &[length, 0, 0, 0, 0].map(u16::to_le_bytes));
            push(out, &[0, entry.at].map(u32::to_le_bytes));
            out.extend_from_slice(entry.name.as_bytes());
        }
        let size = small((out.len() - start) as u64)?;
        let count = u16::try_from(self.entries.len()).unwrap_or(u16::MAX);
        push(out, &[0x06054b50_u32.to_le_bytes()]);
        push(out, &[0, 0, count, count].map(u16::to_le_bytes));
        push(out, &[size, small(self.at)?].map(u32::to_le_bytes));
        push(out, &[[0; 2]]);
        Ok(())
    }
}

fn push<const N: usize>(out: &mut Vec<u8>, numbers: &[[u8; N]]) {
    out.extend_from_slice(numbers.as_flattened());
}
