//! Who sends a request: taken from its headers and its address, proved by the identities of the
//! configuration.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::forwarded::Proxies;
use super::route::percent_decoded;
use super::turns::Turns;
use crate::error::{Error, guarded};
use crate::identity::{Audience, Credentials, Identities, Who};
use actix_web::HttpRequest;
use actix_web::http::header;

/// Who sends a request.
///
/// # Errors
/// `Unauthorized` where the credentials prove nothing; `Busy` where too many wait to be verified.
pub async fn audience(
    request: &HttpRequest,
    api_key: Option<&str>,
    identities: &Arc<Identities>,
    proxies: &Proxies,
    turns: &Turns,
) -> Result<Audience, Error> {
    if identities.is_empty() {
        return Ok(Audience::default());
    }
    let proxy = identities.proxy.as_ref();
    let peer = request.peer_addr().map(|address| address.ip());
    // what others send under these names is nothing, neither once nor twice
    let proxy = proxy.filter(|proxy| peer.is_some_and(|peer| proxy.trusts(peer)));
    let authorization = said(request, header::AUTHORIZATION.as_str())?;
    let key_header = said(request, "x-api-key")?;
    let of_proxy = |name: Option<&str>| match name {
        Some(name) => said(request, name),
        None => Ok(None),
    };
    let user = of_proxy(proxy.map(|proxy| proxy.user_header.as_str()))?;
    let roles = of_proxy(proxy.and_then(|proxy| proxy.roles_header.as_deref()))?;
    let credentials = Credentials {
        authorization: authorization.as_deref(),
        api_key: api_key.or(key_header.as_deref()),
        peer,
        proxy_user: user.as_deref(),
        proxy_roles: roles.as_deref(),
    };
    let who = match identities.who(&credentials, now()) {
        Who::ToVerify { name, password } => {
            let client = proxies.client(request);
            verified(Arc::clone(identities), name, password, client, turns).await?
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

/// The value of a header that says who somebody is, whatever bytes it is of: users have names with
/// accents, and who sends what proves nothing is told so.
///
/// # Errors
/// `Unauthorized` where it comes twice. Of two one may be what a client sent for a proxy to pass
/// on, and nothing tells which.
fn said<'r>(request: &'r HttpRequest, name: &str) -> Result<Option<Cow<'r, str>>, Error> {
    let mut values = request.headers().get_all(name);
    let first = values.next();
    if values.next().is_some() {
        return Err(Error::Unauthorized {
            what: format!("expected the header {name} once, found it twice"),
        });
    }
    Ok(first.map(|value| String::from_utf8_lossy(value.as_bytes())))
}

/// The names of the headers that say who sends a request, as `Vary` tells them: a cache between
/// the trusted proxy and us tells its users by them too.
pub fn headers(identities: &Identities) -> Cow<'static, str> {
    const USUAL: &str = "Authorization, X-Api-Key";
    let Some(proxy) = &identities.proxy else {
        return Cow::Borrowed(USUAL);
    };
    let mut names = format!("{USUAL}, {}", proxy.user_header);
    if let Some(roles) = &proxy.roles_header {
        names.push_str(", ");
        names.push_str(roles);
    }
    Cow::Owned(names)
}

async fn verified(
    identities: Arc<Identities>,
    name: String,
    password: String,
    client: Option<IpAddr>,
    turns: &Turns,
) -> Result<Who, Error> {
    let busy = || Error::Busy { retry_after_s: 2 };
    let digest = identities.passwords.digest(&name, &password);
    let digest = digest.ok_or_else(busy)?;
    let place = turns.place(digest, client, &name).ok_or_else(busy)?;
    let turn = turns.turn().await.ok_or_else(busy)?;
    // it may have been verified while this one waited
    match identities.of_password(&name, &password) {
        Who::ToVerify { .. } => {}
        known => return Ok(known),
    }
    // the turn is given back when the work ends: a client that resets its connection ends this
    // future, not the thread that computes
    let work = move || {
        let _of_work = (place, turn);
        guarded(move || identities.verify(&name, &password))
    };
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
    // no form: a plus sign is one, as keys in Base64 have them
    let value = pair.split_once('=').map(|(_, value)| {
        let decoded = percent_decoded(value);
        decoded.map_or_else(|| value.to_owned(), Cow::into_owned)
    });
    let rest: Vec<&str> = query.split('&').filter(|pair| !is_key(pair)).collect();
    (
        Cow::Owned(rest.join("&")),
        value.filter(|value| !value.is_empty()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Passwords;

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

    #[test]
    fn a_key_in_the_query_may_be_escaped_and_a_plus_sign_in_it_is_one() {
        for (query, key) in [
            ("api_key=a%2Bb%2Fc%3D", "a+b/c="),
            ("api_key=a+b/c=", "a+b/c="),
            // what is no text proves nothing, and is not nothing
            ("api_key=%ff", "%ff"),
        ] {
            assert_eq!(without_key(query).1.as_deref(), Some(key), "{query}");
        }
    }

    #[test]
    fn a_password_takes_its_turn_until_it_is_computed_though_the_client_is_gone() {
        // half a second of computing, whatever the password is
        let hash = "$argon2id$v=19$m=65536,t=8,p=1$bm9ib2R5c3NhbHRub2JvZHk$\
            AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";
        let passwords = Passwords::parse(&format!("marie:{hash}:ddt")).unwrap();
        let identities = Arc::new(Identities {
            passwords,
            ..Identities::default()
        });
        let turns = Turns::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let verifying = verified(
                Arc::clone(&identities),
                "marie".into(),
                "wrong".into(),
                None,
                &turns,
            );
            let soon = std::time::Duration::from_millis(10);
            let answered = tokio::time::timeout(soon, verifying).await;
            assert!(answered.is_err(), "{answered:?}");
            let mut next = std::pin::pin!(turns.turn());
            let early = tokio::time::timeout(soon, next.as_mut()).await;
            assert!(early.is_err(), "the turn of work that goes on");
            let turn = next.await.unwrap();
            // what was wrong is told at once from now on
            let again = identities.of_password("marie", "wrong");
            assert!(matches!(again, Who::Refused(_)), "{again:?}");
            drop(turn);
        });
    }
}
