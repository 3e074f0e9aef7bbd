//! The viewer's files, as `make viewer` has built them before the program was compiled: their
//! names hold their content's hash, so a client may keep them for good.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::packing::{Accepted, Coding};
use crate::protocol::Answer;

/// Name and content; `.br` and `.gz` beside each stand for it packed. Empty where the viewer was
/// not built.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/viewer.rs"));

/// What a map's page loads.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Manifest {
    pub script: String,
    pub style: String,
    /// What the script needs at once.
    pub modules: Vec<String>,
}

static MANIFEST: LazyLock<Option<Manifest>> =
    LazyLock::new(|| serde_json::from_slice(content("manifest.json")?).ok());

/// `None` in a program that was compiled without the viewer.
pub fn manifest() -> Option<&'static Manifest> {
    MANIFEST.as_ref()
}

/// `/assets/viewer/{name}`, in a coding that the client takes.
///
/// # Errors
/// `NotFound` where there is no such file.
pub fn viewer_file(name: &str, accepted: Accepted) -> Result<Answer> {
    let media_type = match name.rsplit_once('.') {
        Some((_, "js")) => Some("text/javascript; charset=utf-8"),
        Some((_, "css")) => Some("text/css; charset=utf-8"),
        _ => None,
    };
    let (Some(media_type), Some(plain)) = (media_type, content(name)) else {
        return Err(Error::NotFound {
            path: format!("/assets/viewer/{name}"),
        });
    };
    let coding = accepted.best(&[Coding::Brotli, Coding::Gzip]);
    let packed = match coding {
        Coding::Brotli => content(&format!("{name}.br")),
        Coding::Gzip => content(&format!("{name}.gz")),
        _ => None,
    };
    let answer = match packed {
        Some(packed) => {
            Answer::ok(media_type, packed).with_header("content-encoding", coding.name())
        }
        None => Answer::ok(media_type, plain),
    };
    Ok(answer
        .with_header("vary", "Accept-Encoding")
        .with_header("cache-control", "public, max-age=31536000, immutable"))
}

fn content(name: &str) -> Option<&'static [u8]> {
    let found = FILES.iter().find(|(known, _)| *known == name);
    found.map(|(_, content)| *content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_of_the_viewer_is_not_found() {
        for name in ["", "manifest.json", "x.js", "../x.css", "viewer.js.br"] {
            assert!(viewer_file(name, Accepted::default()).is_err(), "{name}");
        }
    }

    #[test]
    fn a_file_is_sent_packed_to_whom_takes_that_and_may_be_kept() {
        // a checkout that has not built the viewer has nothing to send
        let Some(manifest) = manifest() else { return };
        for (name, media_type) in [
            (&manifest.script, "text/javascript; charset=utf-8"),
            (&manifest.style, "text/css; charset=utf-8"),
        ] {
            let plain = viewer_file(name, Accepted::parse("")).unwrap();
            let packed = viewer_file(name, Accepted::parse("gzip, br")).unwrap();
            assert_eq!(plain.media_type, media_type);
            assert!(packed.body.len() * 2 < plain.body.len());
            let header = |answer: &Answer, name: &str| {
                let found = answer.headers.iter().find(|(n, _)| *n == name);
                found.map(|(_, value)| value.to_string())
            };
            assert_eq!(header(&plain, "content-encoding"), None);
            assert_eq!(header(&packed, "content-encoding").as_deref(), Some("br"));
            assert!(
                header(&packed, "cache-control")
                    .unwrap()
                    .contains("immutable")
            );
        }
        assert!(manifest.modules.iter().all(|name| content(name).is_some()));
    }
}
