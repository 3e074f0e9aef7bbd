//! Which answers are packed on their way, and the packed capabilities that are kept.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::packing::{Accepted, Coding, Effort};
use crate::protocol::Answer;

/// Texts shorter than this are not worth packing: they fit one packet.
const MIN_PACKED: usize = 1400;
/// The codings of texts made on the fly, the quickest for its size first: libdeflate makes gzip
/// as small as zlib 6 in a third of its time.
const OFFERED: [Coding; 3] = [Coding::Gzip, Coding::Brotli, Coding::Zstd];
/// Bytes of kept documents, keys included. A packed document takes about 80 bytes a layer.
const MAX_KEPT_BYTES: usize = 2 << 20;
/// What an entry takes beside its key and its body.
const ENTRY_BYTES: usize = 300;

/// Media types, by their beginnings, that are text.
const TEXT: [&str; 7] = [
    "text/",
    "application/json",
    "application/xml",
    "application/vnd.ogc",
    "application/openmetrics",
    "application/x-qgis",
    "image/svg",
];

/// The coding that texts are sent in to a client.
pub fn coding(accepted: Accepted) -> Coding {
    accepted.best(&OFFERED)
}

/// The answer in a coding that the client takes, where it is a text and that pays.
pub fn compressed(accepted: Accepted, mut answer: Answer) -> Answer {
    if !is_text(&answer.media_type) || answer.headers.iter().any(|(n, _)| *n == "content-encoding")
    {
        return answer;
    }
    // Pages and JSON stand for each other at one address: without Accept here a cache between us
    // gives programs the page that a browser asked for.
    let has_two_faces = ["text/html", "json"]
        .iter()
        .any(|part| answer.media_type.contains(part));
    let vary = match has_two_faces {
        true => "Accept, Accept-Encoding, Accept-Language",
        false => "Accept-Encoding, Accept-Language",
    };
    let is_covered = |value: &str| {
        let mut names = value.split(", ");
        names.all(|name| vary.split(", ").any(|own| own == name))
    };
    let headers = &mut answer.headers;
    headers.retain(|(name, value)| *name != "vary" || !is_covered(value));
    headers.push(("vary", vary.into()));
    if answer.more.is_some() {
        // the body that streams packs what it sends, and knows gzip alone
        if accepted.best(&[Coding::Gzip]) == Coding::Gzip {
            answer.headers.push(("content-encoding", "gzip".into()));
        }
        return answer;
    }
    packed(coding(accepted), answer)
}

/// A text in a coding, where that pays. Its validator becomes that of the packed bytes (RFC 9110
/// §8.8.3.3).
fn packed(coding: Coding, mut answer: Answer) -> Answer {
    if answer.body.len() < MIN_PACKED || coding == Coding::Identity {
        return answer;
    }
    if let Some(packed) = coding.pack(&answer.body, Effort::Quick) {
        answer.body = packed.into();
        for (_, tag) in answer.headers.iter_mut().filter(|(n, _)| *n == "etag") {
            if let Some(start) = tag.strip_suffix('"') {
                *tag = Cow::Owned(format!("{start}{}\"", coding.suffix()));
            }
        }
        let name = coding.name();
        answer.headers.push(("content-encoding", name.into()));
    }
    answer
}

pub fn is_text(media_type: &str) -> bool {
    TEXT.iter().any(|prefix| media_type.starts_with(prefix))
        || media_type.contains("+xml")
        // `application/vnd.oai.openapi+json;version=3.0` has something behind it
        || media_type.contains("+json")
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
    /// The kept answer of an address, or what `make` answers, in that coding. Only answers with
    /// status 200 are kept.
    pub fn get(
        &self,
        sequence: u64,
        coding: Coding,
        address: &str,
        make: impl FnOnce() -> Answer,
    ) -> Answer {
        // no address holds a space
        let address = format!("{} {address}", coding.name());
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
        let accepted = Accepted::parse(coding.name());
        let answer = compressed(accepted, make());
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
            packed.get(sequence, Coding::Gzip, address, || {
                made += 1;
                document("abc")
            })
        };
        let first = get(1, "http://a/wms?x");
        assert_eq!(first, get(1, "http://a/wms?x"));
        assert!(first.headers.contains(&("content-encoding", "gzip".into())));
        let _other_base = get(1, "http://b/wms?x");
        let _reloaded = get(2, "http://a/wms?x");
        assert_eq!(made, 3);
    }

    #[test]
    fn rfc9110_8_8_3_3_a_packed_text_has_a_validator_of_its_own() {
        let tagged = || document("abc").with_header("etag", "\"1f\"");
        let tag = |coding: Coding| {
            let answer = compressed(Accepted::parse(coding.name()), tagged());
            let tag = answer.headers.iter().find(|(n, _)| *n == "etag");
            tag.map(|(_, tag)| tag.to_string()).unwrap()
        };
        assert_eq!(tag(Coding::Identity), "\"1f\"");
        assert_eq!(tag(Coding::Gzip), "\"1f-gz\"");
        assert_eq!(tag(Coding::Zstd), "\"1f-zst\"");
        let picture = Answer::ok("image/png", "abc".repeat(1000)).with_header("etag", "\"1f\"");
        assert_eq!(
            compressed(Accepted::parse("gzip"), picture.clone()),
            picture
        );
    }

    #[test]
    fn every_text_is_packed_and_what_accept_decides_says_so() {
        for (media_type, varies) in [
            ("application/xml", false),
            ("application/x-qgis-project", false),
            ("text/xml", false),
            ("application/vnd.oai.openapi+json;version=3.0", true),
            ("application/problem+json", true),
            ("text/html; charset=utf-8", true),
        ] {
            let text = Answer::ok(media_type, "abc".repeat(1000));
            let text = text.with_header("vary", "Accept-Language");
            let answer = compressed(Accepted::parse("gzip"), text);
            let values = |name: &str| -> Vec<String> {
                let of_name = answer.headers.iter().filter(|(n, _)| *n == name);
                of_name.map(|(_, value)| value.to_string()).collect()
            };
            assert_eq!(values("content-encoding"), ["gzip"], "{media_type}");
            let vary = match varies {
                true => "Accept, Accept-Encoding, Accept-Language",
                false => "Accept-Encoding, Accept-Language",
            };
            assert_eq!(values("vary"), [vary], "{media_type}");
        }
        // a style, which Accept decides though it is neither page nor JSON
        let style = document("abc").with_header("vary", "Accept");
        let answer = compressed(Accepted::parse("gzip"), style);
        assert!(answer.headers.contains(&("vary", "Accept".into())));
        let signed = document("abc").with_header("vary", "Authorization, X-Api-Key");
        let answer = compressed(Accepted::parse("gzip"), signed);
        assert_eq!(
            answer.headers.iter().filter(|(n, _)| *n == "vary").count(),
            2
        );
    }

    #[test]
    fn errors_are_not_kept() {
        let packed = PackedDocuments::default();
        for _ in 0..2 {
            let answer = packed.get(1, Coding::Gzip, "a", || document("x").with_status(404));
            assert_eq!(answer.status, 404);
        }
        assert!(packed.0.lock().unwrap().answers.is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded_whatever_is_asked() {
        let packed = PackedDocuments::default();
        for i in 0..3000 {
            let address = format!("http://a/wms?{i}&{}", "x".repeat(2000));
            packed.get(1, Coding::Gzip, &address, || document("abc"));
            let kept = packed.0.lock().unwrap();
            assert!(kept.bytes <= MAX_KEPT_BYTES);
            let held: usize = kept
                .answers
                .iter()
                .map(|(k, a)| k.len() + a.body.len())
                .sum();
            assert!(held <= kept.bytes, "{held} of {}", kept.bytes);
        }
    }
}
