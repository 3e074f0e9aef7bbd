//! Protocols: plain data in, plain data out. They parse a request into a typed operation,
//! and write its answer or its error in their own words.

mod explain;
pub mod maplibre;
pub mod ogcapi;
pub mod ows;
pub mod record;
pub mod site;
pub mod tiles;
pub mod wms;
pub mod wmts;

use std::borrow::Cow;

use bytes::Bytes;

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
}

impl Answer {
    pub fn ok(media_type: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Answer {
        Answer {
            status: 200,
            media_type: media_type.into(),
            headers: Vec::new(),
            body: body.into(),
        }
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

    #[must_use]
    pub fn with_status(mut self, status: u16) -> Answer {
        self.status = status;
        self
    }
}
