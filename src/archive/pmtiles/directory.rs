//! Directories: sorted entries, stored column by column (§"Directory Serialization").

/// An entry: a run of tiles that share a content, or a leaf directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub tile_id: u64,
    /// From the begin of the tile data, or of the leaf directories.
    pub offset: u64,
    pub length: u32,
    /// How many ids share the content; 0 for a leaf directory.
    pub run_length: u32,
}

impl Entry {
    /// The id after the last of the run.
    pub fn end(&self) -> u64 {
        self.tile_id.saturating_add(u64::from(self.run_length))
    }
}

/// Entries in the order of their ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory(Vec<Entry>);

impl Directory {
    pub fn new(entries: Vec<Entry>) -> Directory {
        Directory(entries)
    }

    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The entry that leads to a tile: the run that it is in, or the leaf where it would be.
    pub fn find(&self, tile_id: u64) -> Option<Entry> {
        let after = self.0.partition_point(|entry| entry.tile_id <= tile_id);
        let entry = *self.0.get(after.checked_sub(1)?)?;
        (entry.run_length == 0 || tile_id < entry.end()).then_some(entry)
    }

    /// The bytes before compression.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries = &self.0;
        let mut out = Vec::with_capacity(entries.len().saturating_mul(8));
        put(&mut out, entries.len() as u64);
        let mut last = 0;
        for entry in entries {
            put(&mut out, entry.tile_id.saturating_sub(last));
            last = entry.tile_id;
        }
        for entry in entries {
            put(&mut out, u64::from(entry.run_length));
        }
        for entry in entries {
            put(&mut out, u64::from(entry.length));
        }
        let mut follows = None;
        for entry in entries {
            let written = if follows == Some(entry.offset) {
                0
            } else {
                entry.offset.saturating_add(1)
            };
            put(&mut out, written);
            follows = entry.offset.checked_add(u64::from(entry.length));
        }
        out
    }

    /// Reads the bytes of a directory, after decompression.
    ///
    /// A directory without entries is against the specification (3.1) and read all the same.
    ///
    /// # Errors
    /// In words.
    pub fn parse(bytes: &[u8]) -> Result<Directory, String> {
        let mut rest = Varints(bytes);
        let count = rest.next()?;
        // four numbers of a byte at least: the count is known to be true before it costs memory
        let possible = (rest.0.len() / 4) as u64;
        if count > possible {
            return Err(format!(
                "a directory says that it has {count} entries, its bytes hold {possible} at most"
            ));
        }
        let mut entries = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        let mut id = 0_u64;
        for nth in 0..count {
            let step = rest.next()?;
            id = id
                .checked_add(step)
                .filter(|_| step > 0 || nth == 0)
                .ok_or_else(|| format!("the ids of a directory do not ascend at entry {nth}"))?;
            entries.push(Entry {
                tile_id: id,
                offset: 0,
                length: 0,
                run_length: 0,
            });
        }
        for entry in &mut entries {
            entry.run_length = rest.next_u32("a run length")?;
        }
        for entry in &mut entries {
            entry.length = rest.next_u32("a length")?;
        }
        let mut follows = None;
        for entry in &mut entries {
            entry.offset = match (rest.next()?, follows) {
                (0, Some(offset)) => offset,
                (0, None) => {
                    return Err("the first entry of a directory follows no other".to_owned());
                }
                (written, _) => written - 1,
            };
            let end = entry.offset.checked_add(u64::from(entry.length));
            follows = Some(end.ok_or("an offset of a directory is beyond 64 bits")?);
        }
        Ok(Directory(entries))
    }
}

/// Appends a number in groups of seven bits, lowest first.
fn put(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let group = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            out.push(group);
            return;
        }
        out.push(group | 0x80);
    }
}

struct Varints<'a>(&'a [u8]);

impl Varints<'_> {
    fn next(&mut self) -> Result<u64, String> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or("a directory is cut")?;
            self.0 = rest;
            let group = u64::from(byte & 0x7f);
            if shift == 63 && group > 1 {
                break;
            }
            number |= group << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number of a directory is beyond 64 bits".to_owned())
    }

    fn next_u32(&mut self, what: &str) -> Result<u32, String> {
        let number = self.next()?;
        u32::try_from(number)
            .map_err(|_| format!("{what} of a directory is beyond 32 bits: {number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(tile_id: u64, offset: u64, length: u32, run_length: u32) -> Entry {
        Entry {
            tile_id,
            offset,
            length,
            run_length,
        }
    }

    #[test]
    fn entries_are_stored_column_by_column_with_steps_of_ids_and_zeros_for_what_follows() {
        let directory = Directory::new(vec![
            entry(5, 0, 300, 2),
            entry(9, 300, 10, 1),
            entry(10, 0, 300, 1),
        ]);
        let expected = [
            3, // entries
            5, 4, 1, // steps of ids
            2, 1, 1, // run lengths
            0xac, 2, 10, 0xac, 2, // lengths: 300, 10, 300
            1, 0, 1, // offsets: 0, what follows, 0
        ];
        assert_eq!(directory.to_bytes(), expected);
        assert_eq!(Directory::parse(&expected), Ok(directory));
    }

    #[test]
    fn a_tile_is_found_in_its_run_and_a_leaf_has_all_up_to_the_next() {
        let directory = Directory::new(vec![
            entry(2, 0, 9, 3),
            entry(8, 0, 7, 0),
            entry(40, 9, 7, 1),
        ]);
        let found = |id| directory.find(id).map(|e| e.tile_id);
        assert_eq!(
            [found(1), found(2), found(4), found(5)],
            [None, Some(2), Some(2), None]
        );
        assert_eq!(
            [found(8), found(39), found(40), found(41)],
            [Some(8), Some(8), Some(40), None]
        );
        assert_eq!(Directory::default().find(0), None);
    }

    #[test]
    fn what_lies_is_refused_before_it_costs_memory() {
        let refused = |bytes: &[u8]| Directory::parse(bytes).unwrap_err();
        assert!(refused(&[]).contains("cut"));
        assert!(refused(&[0xff, 0xff, 0xff, 0xff, 0x7f]).contains("0 at most"));
        assert!(refused(&[2, 5, 0, 1, 1, 1, 1, 1, 1]).contains("ascend"));
        assert!(refused(&[1, 5, 1, 1, 0]).contains("follows no other"));
        let long = [0xff; 9];
        assert!(refused(&[&[1][..], &long, &[0x02], &[1, 1, 1]].concat()).contains("64 bits"));
        let offset = [&[1, 5, 1, 9][..], &long, &[0x01]].concat();
        assert!(refused(&offset).contains("64 bits"));
        assert!(refused(&[1, 5, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 1]).contains("32 bits"));
    }

    proptest! {
        #[test]
        fn any_directory_comes_back(steps in prop::collection::vec((1_u64..1 << 40, 0_u64..1 << 40, any::<u32>(), any::<u32>(), any::<bool>()), 0..60)) {
            let mut id = 0;
            let mut end = 0;
            let entries = steps.into_iter().map(|(step, offset, length, run, follows)| {
                id += step;
                let offset = if follows { end } else { offset };
                end = offset + u64::from(length);
                entry(id, offset, length, run)
            });
            let directory = Directory::new(entries.collect());
            prop_assert_eq!(Directory::parse(&directory.to_bytes()), Ok(directory));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Directory::parse(&bytes);
        }
    }
}
