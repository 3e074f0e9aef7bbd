//! Requests, from whatever binding: [`Asked`] is what was written, [`Reader`] makes of it what
//! is meant, names resolved and axis order settled.

mod asked;
mod body;
mod filter;
mod join;
mod kvp;
mod query;

pub use asked::{Adhoc, Asked, AskedJoin, AskedQuery, Condition, Operation};
pub use kvp::of_pairs;
pub use query::{Output, Query, Reader, Selected};

use crate::decode::xml::{Element, Limits, is_document};
use crate::error::{Error, Result};
use crate::protocol::Request;
use crate::protocol::ows::{self, Kvp};
use crate::protocol::wfs::Version;

/// What came in: pairs, or a document.
#[derive(Debug)]
pub enum Incoming {
    Pairs(Kvp),
    /// With the pairs of the address, which count where the document does not say.
    Document(Box<Element>, Kvp),
}

impl Incoming {
    /// Takes a request out of its binding: a body that begins with `<` is a document.
    ///
    /// # Errors
    /// `LimitExceeded` beyond the limits, `Syntax` for a document that is not well formed.
    pub fn read(request: &Request<'_>, limits: &crate::operation::Limits) -> Result<Incoming> {
        let Some(body) = request.body.filter(|body| is_document(body.bytes)) else {
            return ows::pairs(request, limits.body_bytes).map(Incoming::Pairs);
        };
        if body.bytes.len() > limits.body_bytes {
            return Err(Error::LimitExceeded {
                what: "the number of bytes of a request body",
                limit: limits.body_bytes as u64,
                found: body.bytes.len() as u64,
            });
        }
        let limits = Limits {
            bytes: limits.body_bytes,
            depth: limits.xml_depth as usize,
            ..Limits::default()
        };
        let root = Element::parse_bytes(body.bytes.trim_ascii_start(), &limits)?;
        Ok(Incoming::Document(
            Box::new(root),
            Kvp::parse(request.query)?,
        ))
    }

    /// What is asked.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameter`, `OperationNotSupported`, `VersionNotNegotiated`,
    /// `Syntax` and `InvalidFilter`, each with its name.
    pub fn asked(&self) -> Result<Asked> {
        match self {
            Incoming::Pairs(kvp) => of_pairs(kvp),
            Incoming::Document(root, _) => body::of_document(root),
        }
    }

    /// The version to tell errors in, whatever else is wrong.
    pub fn version(&self) -> Version {
        let said = match self {
            Incoming::Pairs(kvp) => kvp.get("VERSION"),
            Incoming::Document(root, _) => root.attribute("version"),
        };
        let accepted: Vec<String> = match self {
            Incoming::Pairs(kvp) => kvp
                .get("ACCEPTVERSIONS")
                .into_iter()
                .flat_map(kvp::list)
                .collect(),
            Incoming::Document(root, _) => body::accepted_versions(root),
        };
        let negotiated = said.map(Version::negotiate);
        let negotiated = negotiated.or_else(|| Version::accepted(&accepted).ok());
        negotiated.unwrap_or(Version::V200)
    }

    /// A parameter of the address.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        match self {
            Incoming::Pairs(kvp) | Incoming::Document(_, kvp) => kvp.get(name),
        }
    }
}
