//! Cuts a stream of JSON into its features, in memory that does not grow with them.
//!
//! Understood are a FeatureCollection, one object, and several objects one after the other: on a
//! line each, or parted by the record separators of RFC 8142. Only brackets and quotes are looked
//! at here; whether what lies between is JSON is found by who reads it.

use std::io::Read;

/// The largest feature. Its positions take about as much memory again.
pub const MAX_FEATURE_BYTES: usize = 256 << 20;
/// What a collection may say beside its features.
const MAX_MEMBERS_BYTES: usize = 256 << 20;
/// Objects in objects: serde_json's own limit is 128.
const MAX_DEPTH: usize = 128;

/// What was cut out.
#[derive(Debug)]
pub enum Piece {
    /// An element of an array called `features`.
    Feature,
    /// An object of its own, without that array where it had one.
    Object { had_features: bool },
}

/// A fault of the stream; the pieces before it were sound.
#[derive(Debug)]
pub enum Fault {
    Io(std::io::Error),
    Shape(String),
    /// What the visitor said.
    Visit(crate::error::Error),
}

impl From<crate::error::Error> for Fault {
    fn from(error: crate::error::Error) -> Fault {
        Fault::Visit(error)
    }
}

/// Cuts what it reads.
pub struct Splitter<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    line: u64,
    /// Bytes read before the buffer.
    before: u64,
}

/// Sees each piece: what it is, its bytes, the line it begins at, how many bytes were read.
pub type Visit<'v> = dyn FnMut(Piece, &[u8], u64, u64) -> crate::error::Result<()> + 'v;

impl<R: Read> Splitter<R> {
    pub fn new(input: R) -> Splitter<R> {
        Splitter {
            input,
            buffer: Vec::new(),
            at: 0,
            line: 1,
            before: 0,
        }
    }

    /// Calls `visit` with every piece, in order.
    ///
    /// # Errors
    /// Reading; what is not an object; what is cut; what `visit` returns.
    pub fn pieces(&mut self, visit: &mut Visit<'_>) -> Result<(), Fault> {
        let mut any = false;
        while let Some(byte) = self.after_space()? {
            if byte != b'{' {
                return Err(self.unexpected("an object", byte));
            }
            any = true;
            self.object(visit)?;
        }
        match any {
            true => Ok(()),
            false => Err(Fault::Shape("is empty: expected GeoJSON".to_owned())),
        }
    }

    fn object(&mut self, visit: &mut Visit<'_>) -> Result<(), Fault> {
        let line = self.line;
        self.at += 1;
        let mut members = vec![b'{'];
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let mut had_features = false;
        loop {
            match self.some()? {
                b'}' => {
                    self.at += 1;
                    break;
                }
                b',' => self.at += 1,
                b'"' => {
                    self.value(&mut key, MAX_DEPTH)?;
                    match self.some()? {
                        b':' => self.at += 1,
                        other => return Err(self.unexpected("a colon", other)),
                    }
                    let first = self.some()?;
                    if key == b"\"features\"" && first == b'[' {
                        had_features = true;
                        self.features(visit)?;
                        continue;
                    }
                    self.value(&mut value, MAX_FEATURE_BYTES)?;
                    if members.len() > 1 {
                        members.push(b',');
                    }
                    members.extend_from_slice(&key);
                    members.push(b':');
                    members.extend_from_slice(&value);
                    if members.len() > MAX_MEMBERS_BYTES {
                        return Err(self.too_large(line));
                    }
                }
                other => return Err(self.unexpected("a key or the end of the object", other)),
            }
        }
        members.push(b'}');
        let read = self.read_bytes();
        visit(Piece::Object { had_features }, &members, line, read)?;
        Ok(())
    }

    fn features(&mut self, visit: &mut Visit<'_>) -> Result<(), Fault> {
        self.at += 1;
        let mut feature = Vec::new();
        loop {
            match self.some()? {
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                b',' => self.at += 1,
                _ => {
                    let line = self.line;
                    self.value(&mut feature, MAX_FEATURE_BYTES)?;
                    let read = self.read_bytes();
                    visit(Piece::Feature, &feature, line, read)?;
                }
            }
        }
    }

    /// Copies a value as it stands: an object, an array, a string, or a word.
    fn value(&mut self, out: &mut Vec<u8>, limit: usize) -> Result<(), Fault> {
        out.clear();
        let line = self.line;
        let mut depth = 0_usize;
        let mut in_string = false;
        let mut escaped = false;
        loop {
            if self.at >= self.buffer.len() && !self.fill()? {
                return match depth == 0 && !in_string && !out.is_empty() {
                    true => Ok(()),
                    false => Err(self.cut(line)),
                };
            }
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let mut used = 0_usize;
            let mut is_whole = false;
            for byte in rest {
                used += 1;
                if in_string {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => {
                            in_string = false;
                            is_whole = depth == 0;
                        }
                        b'\n' => self.line += 1,
                        _ => {}
                    }
                } else {
                    match byte {
                        b'"' => in_string = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' if depth > 0 => {
                            depth -= 1;
                            is_whole = depth == 0;
                        }
                        b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => {
                            // the end of a word
                            used -= 1;
                            is_whole = true;
                        }
                        b'\n' => self.line += 1,
                        _ => {}
                    }
                }
                if is_whole {
                    break;
                }
            }
            let piece = rest.get(..used).unwrap_or_default();
            out.extend_from_slice(piece);
            self.at += used;
            if depth > MAX_DEPTH {
                return Err(Fault::Shape(format!(
                    "line {line}: objects lie too deep in each other"
                )));
            }
            if is_whole {
                return match out.is_empty() {
                    true => {
                        Err(self
                            .unexpected("a value", self.buffer.get(self.at).copied().unwrap_or(0)))
                    }
                    false => Ok(()),
                };
            }
            if out.len() > limit.max(1 << 16) {
                return Err(self.too_large(line));
            }
        }
    }

    /// The next byte that is no space, which is not used; `None` at the end.
    fn after_space(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            while let Some(byte) = self.buffer.get(self.at).copied() {
                match byte {
                    b'\n' => self.line += 1,
                    // a byte order mark, and the record separator of RFC 8142
                    b' ' | b'\t' | b'\r' | 0x1e | 0xef | 0xbb | 0xbf => {}
                    other => return Ok(Some(other)),
                }
                self.at += 1;
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn some(&mut self) -> Result<u8, Fault> {
        let line = self.line;
        self.after_space()?.ok_or_else(|| self.cut(line))
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> Result<bool, Fault> {
        self.before += self.buffer.len() as u64;
        self.buffer.resize(256 << 10, 0);
        self.at = 0;
        let read = loop {
            match self.input.read(&mut self.buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other.map_err(Fault::Io)?,
            }
        };
        self.buffer.truncate(read);
        Ok(read > 0)
    }

    fn read_bytes(&self) -> u64 {
        self.before + self.at as u64
    }

    fn unexpected(&self, expected: &str, found: u8) -> Fault {
        let found = char::from(found).escape_default();
        Fault::Shape(format!(
            "line {}: expected {expected}, found '{found}'",
            self.line
        ))
    }

    fn cut(&self, line: u64) -> Fault {
        Fault::Shape(format!("is cut: what begins at line {line} does not end"))
    }

    fn too_large(&self, line: u64) -> Fault {
        Fault::Shape(format!(
            "line {line}: expected at most {MAX_FEATURE_BYTES} bytes in a feature"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            // as pipes do: a few bytes at a time
            let count = self.0.len().min(3).min(buffer.len());
            let (now, later) = self.0.split_at(count);
            buffer[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn pieces(text: &str) -> Result<Vec<(String, u64)>, String> {
        let mut found = Vec::new();
        Splitter::new(Slow(text.as_bytes()))
            .pieces(&mut |piece, bytes, line, _| {
                let kind = match piece {
                    Piece::Feature => "F",
                    Piece::Object { had_features: true } => "C",
                    Piece::Object { .. } => "O",
                };
                found.push((format!("{kind}{}", String::from_utf8_lossy(bytes)), line));
                Ok(())
            })
            .map_err(|fault| format!("{fault:?}"))?;
        Ok(found)
    }

    #[test]
    fn collections_objects_and_lines_are_cut() {
        let text = "\u{feff}{\"type\":\"FeatureCollection\",\n\"features\": [\n {\"a\":\"}]\\\"\"}, 7,\n{}]\n,\"x\":[1,{\"features\":[2]}]}";
        assert_eq!(
            pieces(text).unwrap(),
            [
                (r#"F{"a":"}]\""}"#.to_owned(), 3),
                ("F7".to_owned(), 3),
                ("F{}".to_owned(), 4),
                (
                    r#"C{"type":"FeatureCollection","x":[1,{"features":[2]}]}"#.to_owned(),
                    1
                ),
            ]
        );
        let lines = "\u{1e}{\"a\":1}\n\n\u{1e}{\"b\":[2]}\n";
        assert_eq!(
            pieces(lines).unwrap(),
            [
                (r#"O{"a":1}"#.to_owned(), 1),
                (r#"O{"b":[2]}"#.to_owned(), 3)
            ]
        );
    }

    #[test]
    fn what_is_cut_or_something_else_is_refused_with_its_line() {
        for (text, expected) in [
            ("", "is empty"),
            ("[1]", "line 1: expected an object, found '['"),
            (
                "{\n\"features\":[\n{\"a\":",
                "what begins at line 3 does not end",
            ),
            ("{\"a\" 1}", "expected a colon, found '1'"),
            ("{a:1}", "expected a key or the end of the object"),
        ] {
            let fault = pieces(text).unwrap_err();
            assert!(fault.contains(expected), "{text}: {fault}");
        }
        assert!(pieces(&"{\"a\":".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "[\\[\\]{}\",:a\\\\ \n0]{0,60}") {
            let _any = pieces(&text);
            let _any = pieces(&format!("{{\"features\":[{text}"));
        }
    }
}
