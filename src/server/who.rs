//! Who sends a request: taken from its headers and its address, proved by the identities of the
//! configuration.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::HttpRequest;
use actix_web::http::header;
use tokio::sync::Semaphore;

use super::pool::guarded;
use crate::error::Error;
use crate::identity::{Audience, Credentials, Identities, Who};

/// Passwords that are verified at a time. Each takes a processor and 20 MB: guessing may not take
/// the machine from everybody else.
const MAX_VERIFYING: usize = 1;
/// Requests that wait for their turn.
const MAX_WAITING: usize = 32;

/// Turns at verifying passwords.
#[derive(Debug)]
pub struct Turns {
    verifying: Semaphore,
    waiting: Semaphore,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns {
            verifying: Semaphore::new(MAX_VERIFYING),
            waiting: Semaphore::new(MAX_WAITING),
        }
    }
}

/// Who sends a request.
///
/// # Errors
/// `Unauthorized` where the credentials prove nothing; `Busy` where too many wait to be verified.
pub async fn audience(
    request: &HttpRequest,
    api_key: Option<&str>,
    identities: &Arc<Identities>,
    turns: &Turns,
) -> Result<Audience, Error> {
    if identities.is_empty() {
        return Ok(Audience::default());
    }
    let text = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let proxy = identities.proxy.as_ref();
    let credentials = Credentials {
        authorization: text(header::AUTHORIZATION.as_str()),
        api_key: api_key.or_else(|| text("x-api-key")),
        peer: request.peer_addr().map(|address| address.ip()),
        proxy_user: proxy.and_then(|proxy| text(&proxy.user_header)),
        proxy_roles: proxy.and_then(|proxy| text(proxy.roles_header.as_deref()?)),
    };
    let who = match identities.who(&credentials, now()) {
        Who::ToVerify { name, password } => {
            verified(Arc::clone(identities), name, password, turns).await?
        }
        who => who,
    };
    match who {
        Who::Known(audience) => Ok(audience),
        Who::Refused(why) => Err(Error::Unauthorized {
            what: why.to_owned(),
        }),
        Who::ToVerify { .. } => Err(Error::Internal {
            message: "a password was not verified".into(),
        }),
    }
}

async fn verified(
    identities: Arc<Identities>,
    name: String,
    password: String,
    turns: &Turns,
) -> Result<Who, Error> {
    let busy = || Error::Busy { retry_after_s: 2 };
    let _waiting = turns.waiting.try_acquire().map_err(|_| busy())?;
    let _turn = turns.verifying.acquire().await.map_err(|_| busy())?;
    // it may have been verified while this one waited
    if let Some(audience) = identities.passwords.seen(&name, &password) {
        return Ok(Who::Known(audience));
    }
    let work = move || guarded(move || identities.verify(&name, &password));
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| busy())?
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A query without the parameter `api_key`, and its value. Protocols that refuse what they do not
/// know never see it, and no link repeats it.
pub fn without_key(query: &str) -> (Cow<'_, str>, Option<String>) {
    let is_key = |pair: &&str| {
        pair.split_once('=')
            .is_some_and(|(name, _)| name.eq_ignore_ascii_case("api_key"))
    };
    let Some(pair) = query.split('&').find(is_key) else {
        return (Cow::Borrowed(query), None);
    };
    let value = pair.split_once('=').map(|(_, value)| value.to_owned());
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_key(pair)).collect();
    (
        Cow::Owned(rest.join("&")),
        value.filter(|value| !value.is_empty()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_query_is_taken_out_of_it() {
        assert_eq!(
            without_key("f=json&limit=1"),
            ("f=json&limit=1".into(), None)
        );
        assert_eq!(
            without_key("f=json&API_KEY=abc&limit=1"),
            ("f=json&limit=1".into(), Some("abc".into()))
        );
        assert_eq!(without_key("api_key=abc"), ("".into(), Some("abc".into())));
        assert_eq!(without_key("api_key="), ("".into(), None));
        assert_eq!(without_key("xapi_key=abc").1, None);
    }
}
