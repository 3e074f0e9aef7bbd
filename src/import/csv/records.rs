//! Records of separated values (RFC 4180), with the line each begins at, in bounded memory.

use std::io::BufRead;

use crate::error::{Error, Result};

/// The largest record: a geometry as text may be long, an unclosed quote is longer.
const MAX_RECORD_BYTES: usize = 64 << 20;

/// Records one after the other.
pub struct Records<R> {
    input: R,
    separator: u8,
    /// The line that comes next, from 1.
    line: u64,
    /// Bytes that were read.
    read: u64,
    after_return: bool,
}

/// The fields of a record.
#[derive(Debug, Default)]
pub struct Record {
    /// Where it begins, from 1.
    pub line: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let field = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            field
        })
    }

    /// All bytes of all fields, to see how they are encoded.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True for a line with nothing on it.
    pub fn is_blank(&self) -> bool {
        self.ends.len() <= 1 && self.bytes.is_empty()
    }
}

enum State {
    /// At the start of a field.
    Start,
    Plain,
    Quoted,
    /// After a quote in a quoted field: its end, or the first of two.
    Quote,
}

/// Why records end early.
#[derive(Debug)]
pub enum Fault {
    Io(std::io::Error),
    /// In words.
    Shape(String),
}

impl Fault {
    /// The fault of a file.
    pub fn of(self, path: &std::path::Path) -> Error {
        match self {
            Fault::Io(error) => Error::io(path, &error),
            Fault::Shape(message) => Error::data(path, message),
        }
    }
}

impl<R: BufRead> Records<R> {
    pub fn new(input: R, separator: u8) -> Records<R> {
        Records {
            input,
            separator,
            line: 1,
            read: 0,
            after_return: false,
        }
    }

    /// Bytes that were read.
    pub fn read_bytes(&self) -> u64 {
        self.read
    }

    /// Reads the next record; false at the end.
    ///
    /// # Errors
    /// Reading, a quoted field that is never closed, or a record beyond 64 MB.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, Fault> {
        record.bytes.clear();
        record.ends.clear();
        record.line = self.line;
        let mut state = State::Start;
        let mut quote_line = self.line;
        loop {
            let buffer = self.input.fill_buf().map_err(Fault::Io)?;
            if buffer.is_empty() {
                if matches!(state, State::Quoted) {
                    return Err(never_closed(quote_line));
                }
                let is_over = record.bytes.is_empty()
                    && record.ends.is_empty()
                    && matches!(state, State::Start);
                if !is_over {
                    record.ends.push(record.bytes.len());
                }
                return Ok(!is_over);
            }
            let mut used = 0_usize;
            let mut is_whole = false;
            for byte in buffer {
                used += 1;
                let was_return = std::mem::take(&mut self.after_return);
                if *byte == b'\n' && was_return {
                    // the second of two that end one line
                    if matches!(state, State::Quoted) {
                        record.bytes.push(b'\n');
                    }
                    record.line = if record.bytes.is_empty() && record.ends.is_empty() {
                        self.line
                    } else {
                        record.line
                    };
                    continue;
                }
                if matches!(byte, b'\n' | b'\r') {
                    self.line = self.line.saturating_add(1);
                    self.after_return = *byte == b'\r';
                }
                match (&state, *byte) {
                    (State::Quoted, b'"') => state = State::Quote,
                    (State::Quoted, byte) => record.bytes.push(byte),
                    (State::Quote, b'"') => {
                        record.bytes.push(b'"');
                        state = State::Quoted;
                    }
                    (State::Start, b'"') => {
                        quote_line = self.line;
                        state = State::Quoted;
                    }
                    (_, b'\n' | b'\r') => {
                        record.ends.push(record.bytes.len());
                        is_whole = true;
                        break;
                    }
                    (_, byte) if byte == self.separator => {
                        record.ends.push(record.bytes.len());
                        state = State::Start;
                    }
                    (_, byte) => {
                        record.bytes.push(byte);
                        state = State::Plain;
                    }
                }
            }
            self.input.consume(used);
            self.read = self.read.saturating_add(used as u64);
            if is_whole {
                return Ok(true);
            }
            if record.bytes.len() > MAX_RECORD_BYTES || record.ends.len() > MAX_RECORD_BYTES / 64 {
                return Err(match state {
                    State::Quoted | State::Quote => never_closed(quote_line),
                    _ => Fault::Shape(format!(
                        "line {}: expected at most {MAX_RECORD_BYTES} bytes in a record",
                        record.line
                    )),
                });
            }
        }
    }
}

fn never_closed(line: u64) -> Fault {
    Fault::Shape(format!(
        "the quoted field that begins at line {line} is never closed"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn read(text: &str, separator: u8) -> Result<Vec<(u64, Vec<String>)>, String> {
        // a small buffer: states must last over its end
        let input = BufReader::with_capacity(3, text.as_bytes());
        let mut records = Records::new(input, separator);
        let mut record = Record::default();
        let mut all = Vec::new();
        while records.next(&mut record).map_err(|f| format!("{f:?}"))? {
            let fields = record.fields();
            let fields = fields.map(|f| String::from_utf8_lossy(f).into_owned());
            all.push((record.line, fields.collect()));
        }
        Ok(all)
    }

    #[test]
    fn quotes_lines_and_separators_are_read() {
        let text = "a;b\r\n1;\"x;\"\"y\"\"\r\nz\"\n;\n\n\"\";é";
        let expected = [
            (1, vec!["a", "b"]),
            (2, vec!["1", "x;\"y\"\r\nz"]),
            (4, vec!["", ""]),
            (5, vec![""]),
            (6, vec!["", "é"]),
        ];
        let expected: Vec<_> = expected
            .map(|(line, fields)| {
                (
                    line,
                    fields.into_iter().map(str::to_owned).collect::<Vec<_>>(),
                )
            })
            .into();
        assert_eq!(read(text, b';').unwrap(), expected);
        let old = read("a,b\r1,2\r", b',').unwrap();
        assert_eq!(
            old.last().unwrap(),
            &(2, vec!["1".to_owned(), "2".to_owned()])
        );
        assert!(read("a\n\"x\ny", b',').unwrap_err().contains("line 2"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            rows in proptest::collection::vec(proptest::collection::vec("[a\";\r\né ]{0,4}", 2..5), 0..6),
        ) {
            let quoted = |f: &String| format!("\"{}\"", f.replace('"', "\"\""));
            let text: String = rows
                .iter()
                .map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(";") + "\n")
                .collect();
            let found: Vec<Vec<String>> = read(&text, b';').unwrap().into_iter().map(|(_, r)| r).collect();
            prop_assert_eq!(found, rows);
        }

        #[test]
        fn any_text_ends(text in "[a\";\r\n,é]{0,60}") {
            let _any = read(&text, b';');
        }
    }
}
