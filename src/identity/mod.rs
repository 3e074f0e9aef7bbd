//! Who asks. Keys, passwords, tokens, headers of a trusted proxy and signed links go in, the
//! roles that they prove come out. Nothing here knows what the roles may see.

mod audience;
mod keys;
mod links;
mod narrowed;
mod passwords;
mod proxy;
mod tokens;

pub use audience::Audience;
pub use keys::ApiKeys;
pub use links::{Link, LinkSigner};
pub use narrowed::Unread;
pub use passwords::{Passwords, hash_password};
pub use proxy::{Network, TrustedProxy};
pub use tokens::{TokenKeys, Tokens};

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Everything that proves who somebody is. The default knows nobody: all are anonymous.
#[derive(Debug, Default)]
pub struct Identities {
    pub keys: ApiKeys,
    pub passwords: Passwords,
    pub tokens: Option<Tokens>,
    pub proxy: Option<TrustedProxy>,
    pub links: Option<LinkSigner>,
    pub unread: Unread,
}

/// What a request says of who sends it; `None` where it does not.
#[derive(Debug, Clone, Default)]
pub struct Credentials<'a> {
    /// The value of `Authorization` (RFC 9110 §11.6.2).
    pub authorization: Option<&'a str>,
    /// The value of `X-Api-Key`, or of the parameter `api_key`.
    pub api_key: Option<&'a str>,
    /// The address at the other end of the connection.
    pub peer: Option<IpAddr>,
    /// The values of the headers that [`TrustedProxy`] names: user, roles.
    pub proxy_user: Option<&'a str>,
    pub proxy_roles: Option<&'a str>,
}

/// What the credentials prove.
#[derive(Debug)]
pub enum Who {
    Known(Audience),
    /// A name and a password that were not seen of late: to be verified where it may take
    /// some hundredths of a second.
    ToVerify {
        name: String,
        password: String,
    },
    /// Credentials that prove nothing. Whoever sends some is told that they are wrong rather than
    /// shown less than expected.
    Refused(&'static str),
}

impl Identities {
    /// True where nobody can be anything but anonymous.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
            && self.passwords.is_empty()
            && self.tokens.is_none()
            && self.proxy.is_none()
    }

    /// Who sends a request; `now` in seconds since 1970 decides what has expired.
    pub fn who(&self, credentials: &Credentials<'_>, now: u64) -> Who {
        if let Some(key) = credentials.api_key {
            return self.by_key(key);
        }
        if let Some(authorization) = credentials.authorization {
            return self.by_authorization(authorization, now);
        }
        if let Some(proxy) = &self.proxy
            && let Some(user) = credentials.proxy_user.filter(|user| !user.is_empty())
            && credentials.peer.is_some_and(|peer| proxy.trusts(peer))
        {
            let roles = proxy.roles(credentials.proxy_roles.unwrap_or(""));
            return Who::Known(Audience::named(user, roles));
        }
        Who::Known(Audience::default())
    }

    fn by_key(&self, key: &str) -> Who {
        match self.keys.role(key) {
            Some(role) => Who::Known(Audience::named(role, [role.to_owned()])),
            None => Who::Refused("the API key is not known"),
        }
    }

    fn by_authorization(&self, authorization: &str, now: u64) -> Who {
        let (scheme, value) = authorization
            .trim()
            .split_once(' ')
            .map(|(scheme, value)| (scheme.to_ascii_lowercase(), value.trim()))
            .unwrap_or_default();
        match scheme.as_str() {
            "basic" => self.by_password(value),
            "bearer" => self.by_bearer(value, now),
            _ => Who::Refused("expected Authorization: Basic or Bearer"),
        }
    }

    /// A key, or what has the form of a token: a key may have dots as well.
    fn by_bearer(&self, value: &str, now: u64) -> Who {
        match (self.by_key(value), &self.tokens) {
            (Who::Refused(_), tokens) if value.split('.').count() == 3 => match tokens {
                Some(tokens) => match tokens.verify(value, now) {
                    Ok(audience) => Who::Known(audience),
                    Err(fault) => Who::Refused(fault),
                },
                None => Who::Refused("tokens are not accepted here"),
            },
            (who, _) => who,
        }
    }

    /// HTTP Basic (RFC 7617): a user's password, or any name with an API key for a password,
    /// which is what desktop programs offer a field for.
    fn by_password(&self, value: &str) -> Who {
        let decoded = STANDARD.decode(value).ok();
        let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((name, password)) = text.as_deref().and_then(|text| text.split_once(':')) else {
            return Who::Refused("expected the name and the password as Base64 of NAME:PASSWORD");
        };
        if let Some(role) = self.keys.role(password) {
            return Who::Known(Audience::named(role, [role.to_owned()]));
        }
        self.of_password(name, password)
    }

    /// What is known of a user's name and password without computing.
    pub fn of_password(&self, name: &str, password: &str) -> Who {
        match self.passwords.seen(name, password) {
            Some(Some(audience)) => Who::Known(audience),
            Some(None) => Who::Refused(WRONG_PASSWORD),
            None if self.passwords.is_empty() => Who::Refused(WRONG_PASSWORD),
            None => Who::ToVerify {
                name: name.to_owned(),
                password: password.to_owned(),
            },
        }
    }

    /// The end of [`Who::ToVerify`]: takes some hundredths of a second of computing.
    pub fn verify(&self, name: &str, password: &str) -> Who {
        match self.passwords.verify(name, password) {
            Some(audience) => Who::Known(audience),
            None => Who::Refused(WRONG_PASSWORD),
        }
    }
}

const WRONG_PASSWORD: &str = "the name or the password is wrong";

/// Two byte strings compared in a time that does not tell where they differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identities() -> Identities {
        let mut keys = ApiKeys::default();
        keys.add("ddt-38", "a-key-of-sixteen-characters");
        Identities {
            keys,
            proxy: Some(TrustedProxy {
                networks: vec!["10.0.0.0/8".parse().unwrap()],
                user_header: "x-remote-user".into(),
                roles_header: Some("x-remote-roles".into()),
                known: vec!["dreal".into(), "ddt-38".into()],
            }),
            ..Identities::default()
        }
    }

    fn audience(who: Who) -> Audience {
        match who {
            Who::Known(audience) => audience,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_without_credentials_is_anonymous() {
        let who = audience(identities().who(&Credentials::default(), 0));
        assert!(!who.is_identified());
        assert!(!who.has("ddt-38"));
    }

    #[test]
    fn a_key_gives_its_role_by_header_bearer_and_as_a_password() {
        let basic = STANDARD.encode("anybody:a-key-of-sixteen-characters");
        for credentials in [
            Credentials {
                api_key: Some("a-key-of-sixteen-characters"),
                ..Credentials::default()
            },
            Credentials {
                authorization: Some("Bearer a-key-of-sixteen-characters"),
                ..Credentials::default()
            },
            Credentials {
                authorization: Some(&format!("basic {basic}")),
                ..Credentials::default()
            },
        ] {
            let who = audience(identities().who(&credentials, 0));
            assert!(who.has("ddt-38") && !who.has("dreal"));
        }
    }

    #[test]
    fn a_key_with_the_form_of_a_token_is_a_key() {
        let key = "a.key.of-sixteen-characters";
        let mut identities = identities();
        identities.keys.add("dreal", key);
        let bearer = format!("Bearer {key}");
        let credentials = Credentials {
            authorization: Some(&bearer),
            ..Credentials::default()
        };
        assert!(audience(identities.who(&credentials, 0)).has("dreal"));
    }

    #[test]
    fn wrong_credentials_are_refused_rather_than_anonymous() {
        for authorization in [
            "Bearer nobody-knows-this-key",
            "Basic !!!",
            "Basic bm8gY29sb24=",
            "Digest whatever",
            "",
            "Bearer a.b.c",
        ] {
            let credentials = Credentials {
                authorization: Some(authorization),
                ..Credentials::default()
            };
            let who = identities().who(&credentials, 0);
            assert!(matches!(who, Who::Refused(_)), "{authorization}: {who:?}");
        }
    }

    #[test]
    fn headers_of_a_proxy_count_only_where_it_is_trusted_and_only_known_roles() {
        let from = |peer: &str| Credentials {
            peer: Some(peer.parse().unwrap()),
            proxy_user: Some("marie"),
            proxy_roles: Some("dreal, admin"),
            ..Credentials::default()
        };
        let inside = audience(identities().who(&from("10.1.2.3"), 0));
        assert!(inside.has("dreal") && !inside.has("admin"));
        let outside = audience(identities().who(&from("192.0.2.1"), 0));
        assert!(!outside.is_identified());
    }
}
