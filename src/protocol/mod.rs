//! Protocols: plain data in, plain data out. They parse a request into a typed operation,
//! and write its answer or its error in their own words.

/// An answer before it becomes HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub media_type: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn ok(media_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status: 200,
            media_type: media_type.into(),
            headers: Vec::new(),
            body: body.into(),
        }
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }
}
