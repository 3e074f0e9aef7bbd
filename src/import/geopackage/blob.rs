//! Geometries as a GeoPackage stores them (OGC 12-128r18 §2.1.3): a head, then well-known binary.

use crate::geom::{Geometry, GeometryType};
use crate::import::wkb::{self, Found};

/// Bytes of an envelope, by the number that the head says.
const ENVELOPES: [usize; 5] = [0, 32, 48, 48, 64];
/// Magic bytes, version, flags, number of the CRS.
const HEAD_BYTES: usize = 8;

/// Fills `out` with a geometry; empty where it says that it is.
///
/// # Errors
/// What was expected and what was found, in words.
pub fn read(blob: &[u8], out: &mut Geometry) -> Result<Found, String> {
    let Some(([b'G', b'P', version, flags], rest)) = blob.split_first_chunk::<4>() else {
        return Err("the geometry is none of a GeoPackage".to_owned());
    };
    if *version != 0 {
        return Err(format!(
            "expected version 0 of the geometry, found {version}"
        ));
    }
    if flags & 0x20 != 0 {
        return Err("the geometry is of an extended type, which is not read".to_owned());
    }
    let envelope = ENVELOPES
        .get(usize::from(flags >> 1 & 7))
        .ok_or_else(|| "the geometry has an unknown envelope".to_owned())?;
    let wkb = rest
        .get(HEAD_BYTES - 4 + envelope..)
        .ok_or_else(|| "the geometry is cut".to_owned())?;
    if flags & 0x10 != 0 {
        out.begin(GeometryType::Unknown);
        return Ok(Found::default());
    }
    wkb::read(wkb, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blob(flags: u8, envelope: usize) -> Vec<u8> {
        let mut blob = vec![b'G', b'P', 0, flags, 0, 0, 0, 0];
        blob.extend(vec![0; envelope]);
        blob.extend([1, 1, 0, 0, 0]);
        blob.extend([1.5_f64, 2.5].iter().flat_map(|n| n.to_le_bytes()));
        blob
    }

    #[test]
    fn heads_of_all_sizes_are_read_over() {
        let mut out = Geometry::default();
        for (flags, envelope) in [(1, 0), (3, 32), (5, 48), (7, 48), (9, 64)] {
            read(&blob(flags, envelope), &mut out).unwrap();
            assert_eq!(out.coords(), [[1.5, 2.5]]);
        }
        assert!(read(&blob(0x11, 0), &mut out).is_ok() && out.is_empty());
        for (flags, word) in [(0x21, "extended"), (0x0b, "envelope")] {
            assert!(read(&blob(flags, 0), &mut out).unwrap_err().contains(word));
        }
        assert!(read(b"POINT (1 2)", &mut out).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            bytes.splice(0..0, *b"GP\0");
            let _any = read(&bytes, &mut Geometry::default());
        }
    }
}
