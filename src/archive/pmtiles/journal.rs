//! What a writer recorded so far, in a file beside the archive: the directories are made from
//! it in the end, and an interrupted run goes on from it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::Fingerprint;

const MAGIC: &[u8] = b"cartotheque tile log 1\r\n\n";
/// A record on disk: five numbers and a check.
const RECORD_BYTES: usize = 40;
/// Records are written when that many bytes are waiting.
const BUFFER_BYTES: usize = 64 << 10;

/// One id, or several that share a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    pub id: u64,
    pub count: u32,
    /// 0: no tile here, but maybe below.
    pub length: u32,
    /// Of the content in the file of the archive.
    pub offset: u64,
    /// Of the content, to find those alike.
    pub hash: u64,
}

impl Record {
    pub fn end_id(&self) -> u64 {
        self.id.saturating_add(u64::from(self.count))
    }

    /// True where the next record only makes this one longer.
    pub fn is_followed_by(&self, next: &Record) -> bool {
        let same = self.offset == next.offset && self.length == next.length;
        same && next.id == self.end_id() && self.count.checked_add(next.count).is_some()
    }

    fn to_bytes(self, chain: u64) -> ([u8; RECORD_BYTES], u64) {
        let mut bytes = [0; RECORD_BYTES];
        let numbers = [
            self.id,
            u64::from(self.count) << 32 | u64::from(self.length),
            self.offset,
            self.hash,
        ];
        let (body, check) = bytes.split_at_mut(RECORD_BYTES - 8);
        for (place, number) in body.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let chain = chained(chain, body);
        check.copy_from_slice(&chain.to_le_bytes());
        (bytes, chain)
    }

    /// The record, and the check of the next; `None` where the bytes are not what was written.
    fn parse(bytes: &[u8; RECORD_BYTES], chain: u64) -> Option<(Record, u64)> {
        let mut numbers = bytes
            .chunks_exact(8)
            .filter_map(|chunk| chunk.try_into().ok().map(u64::from_le_bytes));
        let (id, sizes) = (numbers.next()?, numbers.next()?);
        let record = Record {
            id,
            count: u32::try_from(sizes >> 32).ok()?,
            length: u32::try_from(sizes & u64::from(u32::MAX)).ok()?,
            offset: numbers.next()?,
            hash: numbers.next()?,
        };
        let chain = chained(chain, bytes.get(..RECORD_BYTES - 8)?);
        (numbers.next()? == chain).then_some((record, chain))
    }
}

/// A check that depends on all records before.
fn chained(chain: u64, body: &[u8]) -> u64 {
    Fingerprint::new()
        .bytes(&chain.to_le_bytes())
        .bytes(body)
        .value()
}

/// A log of records; only one process has it open.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Where the records begin.
    start: u64,
    /// The check that the first record continues.
    head: u64,
    /// The check of the last record.
    chain: u64,
    waiting: Vec<u8>,
    /// Held back, to be made longer.
    last: Option<Record>,
}

impl Journal {
    /// Opens the log of a job, with what it recorded; true where there was such a one. Another
    /// job's log is begun anew.
    ///
    /// # Errors
    /// `Io`; `Data` where another process has it open.
    pub fn open(path: &Path, job: &str) -> Result<(Journal, bool)> {
        let io = |e: std::io::Error| Error::io(path, &e);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::data(path, "another process writes this archive"));
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let mut head = MAGIC.to_vec();
        head.extend((job.len() as u64).to_le_bytes());
        head.extend_from_slice(job.as_bytes());
        let mut found = Vec::with_capacity(head.len());
        Read::by_ref(&mut file)
            .take(head.len() as u64)
            .read_to_end(&mut found)
            .map_err(io)?;
        let is_same = found == head;
        if !is_same {
            file.set_len(0).map_err(io)?;
            file.seek(SeekFrom::Start(0)).map_err(io)?;
            file.write_all(&head).map_err(io)?;
        }
        let check = chained(0, &head);
        let journal = Journal {
            path: path.to_owned(),
            file,
            start: head.len() as u64,
            head: check,
            chain: check,
            waiting: Vec::new(),
            last: None,
        };
        Ok((journal, is_same))
    }

    /// Reads what an interrupted run recorded, up to the first record that is damaged, cut, or
    /// refused by `accept`; what follows is forgotten. To be called once, before adding.
    ///
    /// # Errors
    /// `Io`.
    pub fn resume(&mut self, accept: &mut dyn FnMut(&Record) -> bool) -> Result<()> {
        let mut chain = self.chain;
        let mut good = 0_u64;
        self.read(&mut |record, next_chain| {
            let accepted = accept(&record);
            if accepted {
                chain = next_chain;
                good = good.saturating_add(1);
            }
            Ok(accepted)
        })?;
        self.chain = chain;
        let end = self
            .start
            .saturating_add(good.saturating_mul(RECORD_BYTES as u64));
        let io = |e: std::io::Error| Error::io(&self.path, &e);
        self.file.set_len(end).map_err(io)?;
        self.file.seek(SeekFrom::Start(end)).map_err(io)?;
        Ok(())
    }

    /// Adds a record.
    ///
    /// # Errors
    /// `Io`.
    pub fn add(&mut self, record: Record) -> Result<()> {
        match &mut self.last {
            Some(last) if last.is_followed_by(&record) => {
                last.count = last.count.saturating_add(record.count);
            }
            _ => {
                if let Some(before) = self.last.replace(record) {
                    self.put(before)?;
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, record: Record) -> Result<()> {
        let (bytes, chain) = record.to_bytes(self.chain);
        self.chain = chain;
        self.waiting.extend_from_slice(&bytes);
        if self.waiting.len() >= BUFFER_BYTES {
            self.write_waiting()?;
        }
        Ok(())
    }

    fn write_waiting(&mut self) -> Result<()> {
        self.file
            .write_all(&self.waiting)
            .map_err(|e| Error::io(&self.path, &e))?;
        self.waiting.clear();
        Ok(())
    }

    /// Writes all records, the last one too.
    ///
    /// # Errors
    /// `Io`.
    pub fn flush(&mut self) -> Result<()> {
        if let Some(last) = self.last.take() {
            self.put(last)?;
        }
        self.write_waiting()
    }

    /// Visits the runs that were written, put together again where a flush split them.
    ///
    /// # Errors
    /// `Io`; what `each` returns.
    pub fn runs(&mut self, each: &mut dyn FnMut(Record) -> Result<()>) -> Result<()> {
        let mut pending: Option<Record> = None;
        self.read(&mut |record, _| {
            match &mut pending {
                Some(before) if before.is_followed_by(&record) => {
                    before.count = before.count.saturating_add(record.count);
                }
                _ => {
                    if let Some(before) = pending.replace(record) {
                        each(before)?;
                    }
                }
            }
            Ok(true)
        })?;
        self.file
            .seek(SeekFrom::End(0))
            .map_err(|e| Error::io(&self.path, &e))?;
        pending.map_or(Ok(()), each)
    }

    /// Reads records from the begin until one is damaged or `each` answers false.
    fn read(&mut self, each: &mut dyn FnMut(Record, u64) -> Result<bool>) -> Result<()> {
        let io = |e: std::io::Error| Error::io(&self.path, &e);
        self.file.seek(SeekFrom::Start(self.start)).map_err(io)?;
        let mut chain = self.head;
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, &self.file);
        let mut bytes = [0; RECORD_BYTES];
        loop {
            match reader.read_exact(&mut bytes) {
                Ok(()) => {}
                Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(e) => return Err(Error::io(&self.path, &e)),
            }
            let Some((record, next)) = Record::parse(&bytes, chain) else {
                return Ok(());
            };
            chain = next;
            if !each(record, chain)? {
                return Ok(());
            }
        }
    }

    /// Removes the log.
    ///
    /// # Errors
    /// `Io`.
    pub fn remove(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(|e| Error::io(&self.path, &e))
    }
}
