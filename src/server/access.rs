//! What a request may see, found out once for each: who asks, by which link, and what is marked
//! on the answer so that nobody else is given it.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::HttpRequest;

use super::forwarded::Proxies;
use super::guard;
use super::served::Served;
use super::state::Site;
use super::turns::Turns;
use super::who;
use crate::error::{Error, Result};
use crate::identity::Audience;
use crate::protocol::Answer;

/// A request's access.
#[derive(Debug)]
pub struct Access<'a> {
    /// The path without what signs a link.
    pub path: &'a str,
    /// The token of a signed link: `/s/{token}/maps/…`.
    link: Option<&'a str>,
    audience: Result<Audience>,
    /// The headers that decide who asks, where what is answered depends on that: somebody can be
    /// known, or came by a link.
    decided_by: Option<Cow<'static, str>>,
}

impl<'a> Access<'a> {
    /// Finds out who asks.
    pub async fn of(
        request: &'a HttpRequest,
        served: &Served,
        api_key: Option<&str>,
        proxies: &Proxies,
        turns: &Turns,
    ) -> Access<'a> {
        let (link, path) = parts(request.path());
        let identities = &served.identities;
        let audience = match who::audience(request, api_key, identities, proxies, turns).await {
            Ok(audience) => with_link(audience, link, served),
            refused => refused,
        };
        Access {
            path,
            link,
            audience,
            decided_by: (!served.identities.is_empty() || link.is_some())
                .then(|| who::headers(&served.identities)),
        }
    }

    /// What is served to who asks.
    ///
    /// # Errors
    /// `Unauthorized` and `Forbidden` where it can't be who they say, and where the address is of
    /// something that they may not see.
    pub fn site(&self, served: &Served) -> Result<Arc<Site>> {
        let audience = self.audience.as_ref().map_err(Clone::clone)?;
        let site = served.site(audience)?;
        if !served.is_public() {
            let (whole, seen) = (&served.whole().catalogue, &site.catalogue);
            if let Some(refusal) = guard::refusal(whole, seen, audience, self.path) {
                return Err(refusal);
            }
        }
        Ok(site)
    }

    /// The address that links in answers begin with: those of a signed link are signed too.
    pub fn base(&self, base: String) -> String {
        match self.link {
            Some(token) => format!("{base}/s/{token}"),
            None => base,
        }
    }

    /// The answer, marked so that no cache between gives it to somebody else.
    pub fn sealed(&self, mut answer: Answer) -> Answer {
        if answer.status == 401 {
            answer = answer.with_header("www-authenticate", CHALLENGE);
        }
        let Some(headers) = &self.decided_by else {
            return answer;
        };
        answer = answer.with_header("vary", headers.clone());
        if matches!(&self.audience, Ok(audience) if !audience.is_identified() && self.link.is_none())
        {
            return answer;
        }
        let known = answer
            .headers
            .iter_mut()
            .find(|(name, _)| *name == "cache-control");
        match known {
            None => answer.with_header("cache-control", "private"),
            Some((_, value)) => {
                if !value.contains("no-store") {
                    let kept = value.replace("public", "private");
                    *value = match kept.contains("private") {
                        true => Cow::Owned(kept),
                        false => Cow::Owned(format!("private, {kept}")),
                    };
                }
                answer
            }
        }
    }
}

/// What a browser or QGIS is asked for (RFC 7617).
const CHALLENGE: &str = r#"Basic realm="cartotheque", charset="UTF-8""#;

/// The token of a signed link, and the path behind it.
pub fn parts(path: &str) -> (Option<&str>, &str) {
    let Some(rest) = path.strip_prefix("/s/") else {
        return (None, path);
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (token, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    (Some(token), if path.is_empty() { "/" } else { path })
}

/// The audience with the map of a link.
fn with_link(audience: Audience, link: Option<&str>, served: &Served) -> Result<Audience> {
    let Some(token) = link else {
        return Ok(audience);
    };
    let refused = |what: &str| Error::Forbidden {
        what: what.to_owned(),
    };
    let signer = served.identities.links.as_ref();
    let signer = signer.ok_or_else(|| refused("no links are signed here"))?;
    let link = signer.verify(token, who::now()).map_err(refused)?;
    Ok(audience.with_map(&link.map))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_link_stands_before_the_path() {
        assert_eq!(parts("/maps/a"), (None, "/maps/a"));
        assert_eq!(parts("/s/t.1.x/maps/a"), (Some("t.1.x"), "/maps/a"));
        assert_eq!(parts("/s/t.1.x"), (Some("t.1.x"), "/"));
        assert_eq!(parts("/s/"), (Some(""), "/"));
    }
}
