use super::Kvp;
use crate::decode::xml::is_document;
use crate::error::{Error, Result};
use crate::protocol::Request;

/// The pairs of the query string and of a form body of at most `limit` bytes.
///
/// # Errors
/// `LimitExceeded` for a body or a number of pairs beyond their limits, `InvalidParameter` for a
/// body of XML.
pub fn pairs(request: &Request<'_>, limit: usize) -> Result<Kvp> {
    let mut kvp = Kvp::parse(request.query)?;
    if let Some(body) = &request.body {
        if body.bytes.len() > limit {
            return Err(Error::LimitExceeded {
                what: "the number of bytes of a request body",
                limit: limit as u64,
                found: body.bytes.len() as u64,
            });
        }
        if is_document(body.bytes) {
            return Err(Error::parameter(
                "Content-Type",
                "expected a form body (application/x-www-form-urlencoded), found XML",
            ));
        }
        kvp.append(body.bytes.trim_ascii())?;
    }
    Ok(kvp)
}
