//! A reader of PMTiles that follows the specification word by word and trusts the file.

use std::collections::BTreeMap;
use std::io::Read as _;

pub struct Naive {
    pub bytes: Vec<u8>,
    pub metadata: serde_json::Value,
    /// By id: every tile of every run.
    pub tiles: BTreeMap<u64, Vec<u8>>,
    /// Leaf directories.
    pub leaves: usize,
}

impl Naive {
    pub fn read(path: &std::path::Path) -> Naive {
        let bytes = std::fs::read(path).unwrap();
        let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        let part = |at: usize| &bytes[long(at)..long(at) + long(at + 8)];
        let packed = |part: &[u8]| {
            if bytes[97] == 2 {
                gunzip(part)
            } else {
                part.to_vec()
            }
        };
        assert!(
            long(8) + long(16) <= 16_384,
            "the root is in the first 16 KiB"
        );
        let mut naive = Naive {
            metadata: serde_json::from_slice(&packed(part(24))).unwrap(),
            tiles: BTreeMap::new(),
            leaves: 0,
            bytes: Vec::new(),
        };
        let mut directories = vec![packed(part(8))];
        while let Some(directory) = directories.pop() {
            for [id, run, length, offset] in entries(&directory) {
                let (from, length) = (offset as usize, length as usize);
                if run == 0 {
                    naive.leaves += 1;
                    directories.push(packed(&part(40)[from..from + length]));
                }
                for nth in 0..run {
                    let tile = part(56)[from..from + length].to_vec();
                    assert_eq!(naive.tiles.insert(id + nth, tile), None, "id {id} twice");
                }
            }
        }
        naive.bytes = bytes;
        naive
    }

    pub fn long(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().unwrap())
    }
}

/// Id, run length, length, offset of each entry.
fn entries(directory: &[u8]) -> Vec<[u64; 4]> {
    let mut rest = directory;
    let count = varint(&mut rest) as usize;
    let mut columns = [const { Vec::new() }; 4];
    for column in &mut columns {
        column.extend((0..count).map(|_| varint(&mut rest)));
    }
    assert!(rest.is_empty() && count > 0);
    let [steps, runs, lengths, offsets] = columns;
    let (mut id, mut end) = (0, 0);
    let rows = (0..count).map(|i| {
        id += steps[i];
        let offset = if offsets[i] == 0 { end } else { offsets[i] - 1 };
        end = offset + lengths[i];
        [id, runs[i], lengths[i], offset]
    });
    rows.collect()
}

fn varint(rest: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let mut byte = [0];
        rest.read_exact(&mut byte).unwrap();
        number |= u64::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] < 0x80 {
            return number;
        }
    }
}

pub fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 32 << 20];
    let length = libdeflater::Decompressor::new()
        .gzip_decompress(bytes, &mut out)
        .unwrap();
    out.truncate(length);
    out
}
