//! A file, and its rows one after the other.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::column::ColumnRows;
use super::meta::{Column, Group, Leaf, Meta};
use super::{Cell, MAGIC};
use crate::error::{Error, Result};

/// The description of a file that has a million chunks of columns.
const MAX_META_BYTES: u32 = 256 << 20;
/// What all pages that are open may take together. Writers make pages of 1 MB; one of large
/// geometries may hold some hundreds of MB.
const MAX_OPEN_BYTES: u64 = 1 << 30;
/// The magic bytes and the length of the description, at the end.
const TAIL_BYTES: u64 = 8;

/// A file that is open.
#[derive(Debug)]
pub struct Table {
    path: PathBuf,
    file: File,
    length: u64,
    meta: Arc<Meta>,
}

impl Table {
    /// Opens a file and reads what its end says.
    ///
    /// # Errors
    /// `Io`; `Data` where it is no Parquet file, is damaged, or encrypted.
    pub fn open(path: &Path) -> Result<Table> {
        let io = |e: std::io::Error| Error::io(path, &e);
        let fault = |message: &str| Error::data(path, message);
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let start_of_tail = length.checked_sub(TAIL_BYTES).filter(|at| *at >= 4);
        let at =
            start_of_tail.ok_or_else(|| fault("expected a Parquet file, found fewer bytes"))?;
        let (mut first, mut size, mut last) = ([0; 4], [0; 4], [0; 4]);
        file.read_exact_at(&mut first, 0).map_err(io)?;
        file.read_exact_at(&mut size, at).map_err(io)?;
        file.read_exact_at(&mut last, at + 4).map_err(io)?;
        match (first == MAGIC, &last) {
            (_, b"PARE") => return Err(fault("is encrypted, which is not read")),
            (true, last) if *last == MAGIC => {}
            (true, _) => return Err(fault("is cut: a Parquet file ends with PAR1")),
            (false, _) => return Err(fault("expected a Parquet file, which begins with PAR1")),
        }
        let size = u32::from_le_bytes(size);
        let start = at
            .checked_sub(size.into())
            .filter(|_| size <= MAX_META_BYTES);
        let start =
            start.ok_or_else(|| fault("is damaged: its description has an impossible length"))?;
        let mut bytes = vec![0; size as usize];
        file.read_exact_at(&mut bytes, start).map_err(io)?;
        let meta = Meta::read(&bytes).map_err(|message| fault(&message))?;
        Ok(Table {
            path: path.to_owned(),
            file,
            length,
            meta: Arc::new(meta),
        })
    }

    /// The columns at the outermost level.
    pub fn columns(&self) -> &[Column] {
        &self.meta.columns
    }

    /// What the file says under a name of its own.
    pub fn word(&self, key: &str) -> Option<&str> {
        let mut words = self.meta.words.iter();
        words
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// How many rows it says it has.
    pub fn count(&self) -> u64 {
        // their sum was found not to overflow
        self.meta
            .groups
            .iter()
            .fold(0, |sum, group| sum.saturating_add(group.rows))
    }

    /// Bytes of the file.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The rows, with the values of some columns.
    ///
    /// # Errors
    /// `Io`.
    pub fn rows(&self, wanted: &[(String, Leaf)]) -> Result<Rows> {
        Ok(Rows {
            path: self.path.clone(),
            file: self
                .file
                .try_clone()
                .map_err(|e| Error::io(&self.path, &e))?,
            length: self.length,
            meta: Arc::clone(&self.meta),
            wanted: wanted.to_vec(),
            group: 0,
            left: 0,
            columns: Vec::new(),
        })
    }
}

/// The rows of a file.
#[derive(Debug)]
pub struct Rows {
    path: PathBuf,
    file: File,
    length: u64,
    meta: Arc<Meta>,
    wanted: Vec<(String, Leaf)>,
    /// The group that comes next, and the rows left of the one before it.
    group: usize,
    left: u64,
    columns: Vec<ColumnRows>,
}

impl Rows {
    /// Goes to the next row; false where there is none.
    ///
    /// # Errors
    /// `Data` where the file is damaged, with the name of the column.
    pub fn advance(&mut self) -> Result<bool> {
        while self.left == 0 {
            let meta = Arc::clone(&self.meta);
            let Some(group) = meta.groups.get(self.group) else {
                return Ok(false);
            };
            self.group += 1;
            self.begin(group)?;
        }
        self.left -= 1;
        if self.columns.iter().any(ColumnRows::wants_page) {
            self.open_pages()?;
        }
        for (column, (name, _)) in self.columns.iter_mut().zip(&self.wanted) {
            let fault = |message: String| damaged(&self.path, name, &message);
            column.advance().map_err(fault)?;
        }
        Ok(true)
    }

    /// Opens the next page of each column that is at the end of one.
    fn open_pages(&mut self) -> Result<()> {
        for column in self.columns.iter_mut().filter(|column| column.wants_page()) {
            column.close_page();
        }
        let mut open: u64 = self.columns.iter().map(ColumnRows::size).sum();
        for (column, (name, _)) in self.columns.iter_mut().zip(&self.wanted) {
            if column.wants_page() {
                let room = MAX_OPEN_BYTES.saturating_sub(open);
                let before = column.size();
                let opened = column.next_page(&self.file, room);
                opened.map_err(|message| damaged(&self.path, name, &message))?;
                open = open.saturating_add(column.size()).saturating_sub(before);
            }
        }
        Ok(())
    }

    /// The value of one of the columns that were wanted, by its place among them.
    pub fn cell(&self, nth: usize) -> Cell<'_> {
        self.columns.get(nth).map_or(Cell::Null, ColumnRows::cell)
    }

    fn begin(&mut self, group: &Group) -> Result<()> {
        self.columns.clear();
        for (name, leaf) in &self.wanted {
            let fault = |message: String| damaged(&self.path, name, &message);
            let chunk = group.chunks.get(leaf.number).copied();
            let chunk = chunk.ok_or_else(|| fault("is not in each group of rows".to_owned()))?;
            if chunk.end > self.length {
                return Err(fault("reaches beyond the end of the file".to_owned()));
            }
            if chunk.values != group.rows {
                let (rows, values) = (group.rows, chunk.values);
                return Err(fault(format!("expected {rows} values, found {values}")));
            }
            self.columns.push(ColumnRows::new(*leaf, chunk));
        }
        self.left = group.rows;
        Ok(())
    }
}

fn damaged(path: &Path, column: &str, message: &str) -> Error {
    Error::data(path, format!("column {column:?}: {message}"))
}
