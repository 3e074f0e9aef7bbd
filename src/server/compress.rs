//! gzip: which answers are compressed, and the compressed capabilities that are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::{self, HeaderMap};

use crate::protocol::Answer;

/// Texts shorter than this are not worth compressing: they fit one packet.
const MIN_COMPRESSED: usize = 1400;
/// libdeflate's level for texts made on the fly: as small as zlib 6 in a third of its time.
const COMPRESSION_LEVEL: i32 = 4;
/// Bytes of kept documents, keys included. A packed document takes about 80 bytes a layer.
const MAX_KEPT_BYTES: usize = 2 << 20;
/// What an entry takes beside its key and its body.
const ENTRY_BYTES: usize = 300;

/// Media types, by their beginnings, that are text.
const TEXT: [&str; 6] = [
    "text/",
    "application/json",
    "application/geo+json",
    "application/vnd.ogc",
    "application/openmetrics",
    "image/svg",
];

/// The answer with gzip, where the client takes it and it pays.
pub fn compressed(accepts_gzip: bool, mut answer: Answer) -> Answer {
    let is_text = TEXT
        .iter()
        .any(|prefix| answer.media_type.starts_with(prefix))
        || answer.media_type.contains("+xml")
        || answer.media_type.ends_with("+json");
    if !is_text || answer.headers.iter().any(|(n, _)| *n == "content-encoding") {
        return answer;
    }
    answer
        .headers
        .push(("vary", "Accept-Encoding, Accept-Language".to_owned()));
    if !accepts_gzip {
        return answer;
    }
    if answer.more.is_some() {
        // the body that streams compresses what it sends
        answer.headers.push(("content-encoding", "gzip".to_owned()));
        return answer;
    }
    if answer.body.len() < MIN_COMPRESSED {
        return answer;
    }
    let Ok(level) = libdeflater::CompressionLvl::new(COMPRESSION_LEVEL) else {
        return answer;
    };
    let mut compressor = libdeflater::Compressor::new(level);
    let mut out = vec![0; compressor.gzip_compress_bound(answer.body.len())];
    if let Ok(length) = compressor.gzip_compress(&answer.body, &mut out) {
        out.truncate(length);
        out.shrink_to_fit();
        answer.body = out;
        answer.headers.push(("content-encoding", "gzip".to_owned()));
    }
    answer
}

/// True where `Accept-Encoding` names gzip and does not refuse it (RFC 9110 §12.5.3).
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|list| {
            list.split(',').any(|coding| {
                let mut parts = coding.split(';').map(str::trim);
                let name = parts.next().unwrap_or("");
                let refused = parts.any(|p| {
                    matches!(
                        p.replace(' ', "").as_str(),
                        "q=0" | "q=0.0" | "q=0.00" | "q=0.000"
                    )
                });
                (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
            })
        })
}

/// Compressed documents of one state of the catalogue, by the address that was asked for:
/// desktop clients ask for the capabilities whenever a project is opened, always compressed, and
/// to compress costs ten times what it costs to write.
#[derive(Debug, Default)]
pub struct PackedDocuments(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    sequence: u64,
    answers: HashMap<String, Arc<Answer>>,
    bytes: usize,
}

impl PackedDocuments {
    /// The kept answer of an address, or what `make` answers, compressed. Only answers with
    /// status 200 are kept.
    pub fn get(&self, sequence: u64, address: String, make: impl FnOnce() -> Answer) -> Answer {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = lock();
        if kept.sequence != sequence {
            *kept = Kept {
                sequence,
                ..Kept::default()
            };
        }
        let known = kept.answers.get(&address).map(Arc::clone);
        drop(kept);
        if let Some(known) = known {
            return Answer::clone(&known);
        }
        let answer = compressed(true, make());
        let bytes = address.len() + answer.body.len() + ENTRY_BYTES;
        // one document of a very large site must not drive out all others
        if answer.status == 200 && bytes <= MAX_KEPT_BYTES / 4 {
            let mut kept = lock();
            if kept.sequence == sequence {
                if kept.bytes + bytes > MAX_KEPT_BYTES {
                    kept.answers.clear();
                    kept.bytes = 0;
                }
                if kept
                    .answers
                    .insert(address, Arc::new(answer.clone()))
                    .is_none()
                {
                    kept.bytes += bytes;
                }
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(fill: &str) -> Answer {
        Answer::ok("text/xml", fill.repeat(1000))
    }

    #[test]
    fn a_document_is_packed_once_for_each_address_and_state() {
        let packed = PackedDocuments::default();
        let mut made = 0;
        let mut get = |sequence, address: &str| {
            packed.get(sequence, address.to_owned(), || {
                made += 1;
                document("abc")
            })
        };
        let first = get(1, "http://a/wms?x");
        assert_eq!(first, get(1, "http://a/wms?x"));
        assert!(
            first
                .headers
                .contains(&("content-encoding", "gzip".to_owned()))
        );
        let _other_base = get(1, "http://b/wms?x");
        let _reloaded = get(2, "http://a/wms?x");
        assert_eq!(made, 3);
    }

    #[test]
    fn errors_are_not_kept() {
        let packed = PackedDocuments::default();
        for _ in 0..2 {
            let answer = packed.get(1, "a".into(), || document("x").with_status(404));
            assert_eq!(answer.status, 404);
        }
        assert!(packed.0.lock().unwrap().answers.is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded_whatever_is_asked() {
        let packed = PackedDocuments::default();
        for i in 0..3000 {
            let address = format!("http://a/wms?{i}&{}", "x".repeat(2000));
            packed.get(1, address, || document("abc"));
            let kept = packed.0.lock().unwrap();
            assert!(kept.bytes <= MAX_KEPT_BYTES);
            let held: usize = kept
                .answers
                .iter()
                .map(|(k, a)| k.len() + a.body.capacity())
                .sum();
            assert!(held <= kept.bytes, "{held} of {}", kept.bytes);
        }
    }
}
