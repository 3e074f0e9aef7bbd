//! Protocols: plain data in, plain data out. They parse a request into a typed operation,
//! and write its answer or its error in their own words.

mod explain;
pub mod maplibre;
pub mod maps;
mod more;
mod offered;
pub mod ogcapi;
pub(crate) mod ows;
pub mod record;
pub mod site;
pub mod tiles;
pub mod wfs;
pub mod wms;
pub(crate) mod wmts;

pub use crate::operation::features::Pieces;
pub use more::More;
pub use offered::service_of;

use std::borrow::Cow;

use bytes::Bytes;

use crate::budget::Budget;
use crate::encode::feature::Rest;
use crate::error::Result;

/// A request after HTTP: what protocols read of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request<'a> {
    /// The query string, still encoded, without its `?`.
    pub query: &'a str,
    /// The body of a POST.
    pub body: Option<Body<'a>>,
    /// Scheme, host and prefix as the client used them, without a slash at the end:
    /// `https://example.org/cartes`.
    pub base: &'a str,
    /// The dataset of `/collections/{layer}/…`; `None` for the whole site.
    pub collection: Option<&'a str>,
}

/// The body of a POST.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Body<'a> {
    /// The content type as sent; empty where there is none.
    pub media_type: &'a str,
    pub bytes: &'a [u8],
}

/// An answer before it becomes HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub media_type: Cow<'static, str>,
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// Shared with what is kept: a copy costs nothing.
    pub body: Bytes,
    /// What comes after `body`, made when the client has taken what came before.
    pub more: Option<More>,
}

impl Answer {
    pub fn ok(media_type: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Answer {
        Answer {
            status: 200,
            media_type: media_type.into(),
            headers: Vec::new(),
            body: body.into(),
            more: None,
        }
    }

    /// An answer that is made piece by piece. The first piece is made now, so that what can't be
    /// answered at all is an error with a status of its own; an answer of one piece is a plain one.
    ///
    /// # Errors
    /// What making the first piece says.
    pub fn stream(
        media_type: impl Into<Cow<'static, str>>,
        mut pieces: impl Pieces + 'static,
        budget: &Budget,
    ) -> Result<Answer> {
        let mut body = Vec::new();
        let rest = pieces.pull(&mut body, budget)?;
        Ok(Answer {
            more: (rest == Rest::More).then(|| More::new(pieces)),
            ..Answer::ok(media_type, body)
        })
    }

    #[must_use]
    pub fn with_header(
        mut self,
        name: &'static str,
        value: impl Into<Cow<'static, str>>,
    ) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    /// Says which language its words are in (RFC 9110 §8.5); an empty one is none.
    #[must_use]
    pub fn in_language(self, language: &str) -> Answer {
        match language {
            "" => self,
            language => self.with_header("content-language", language.to_owned()),
        }
    }

    #[must_use]
    pub fn with_status(mut self, status: u16) -> Answer {
        self.status = status;
        self
    }
}
