//! Who may prove what by two states of the configuration: what takes a right away holds although
//! the change that it stands in is refused, what gives one waits until it is accepted.

use super::{ApiKeys, Identities, LinkSigner, Passwords, Tokens, TrustedProxy};

/// Secrets that could not be read: nothing is known of what is in them.
#[derive(Debug, Default)]
pub struct Unread {
    /// The roles whose keys these are.
    pub keys: Vec<String>,
    pub passwords: bool,
    pub tokens: bool,
    pub links: bool,
}

impl Identities {
    /// What proves something by the state of `before` and by this one. Of a secret that can't be
    /// read now that of before is kept.
    #[must_use]
    pub fn narrowed(&self, before: &Identities) -> Identities {
        let unread = &self.unread;
        Identities {
            keys: self.keys.narrowed(&before.keys, &unread.keys),
            passwords: match unread.passwords {
                true => before.passwords.clone(),
                false => self.passwords.narrowed(&before.passwords),
            },
            tokens: match (&self.tokens, &before.tokens) {
                (_, before) if unread.tokens => before.clone(),
                (Some(now), Some(before)) => now.narrowed(before),
                _ => None,
            },
            proxy: match (&self.proxy, &before.proxy) {
                (Some(now), Some(before)) => now.narrowed(before),
                _ => None,
            },
            links: match (&self.links, &before.links) {
                (_, before) if unread.links => before.clone(),
                (Some(now), Some(before)) if now.is_same(before) => Some(before.clone()),
                _ => None,
            },
            unread: Unread::default(),
        }
    }
}

/// What is in both lists, in the order of the first.
fn common<T: Clone + PartialEq>(some: &[T], others: &[T]) -> Vec<T> {
    some.iter()
        .filter(|one| others.contains(one))
        .cloned()
        .collect()
}

impl ApiKeys {
    fn narrowed(&self, before: &ApiKeys, unread: &[String]) -> ApiKeys {
        let stays =
            |one: &&([u8; 32], String)| self.digests.contains(one) || unread.contains(&one.1);
        ApiKeys {
            digests: before.digests.iter().filter(stays).cloned().collect(),
        }
    }
}

impl Passwords {
    /// Another password is a new right, and an end of the old one.
    fn narrowed(&self, before: &Passwords) -> Passwords {
        let both = before.users.iter().filter_map(|(name, old)| {
            let new = self.users.get(name).filter(|new| new.hash == old.hash)?;
            let mut user = old.clone();
            user.roles.retain(|role| new.roles.contains(role));
            Some((name.clone(), user))
        });
        Passwords {
            users: both.collect(),
            // who was verified is verified again: by now it may be somebody else
            seen: self.seen.clone(),
        }
    }
}

impl Tokens {
    fn narrowed(&self, before: &Tokens) -> Option<Tokens> {
        let is_alike = self.issuer == before.issuer
            && self.audience == before.audience
            && self.roles_claim == before.roles_claim;
        is_alike.then(|| Tokens {
            keys: self.keys.narrowed(&before.keys),
            known: common(&before.known, &self.known),
            ..before.clone()
        })
    }
}

impl TrustedProxy {
    fn narrowed(&self, before: &TrustedProxy) -> Option<TrustedProxy> {
        let is_alike =
            self.user_header == before.user_header && self.roles_header == before.roles_header;
        is_alike.then(|| TrustedProxy {
            networks: common(&before.networks, &self.networks),
            known: common(&before.known, &self.known),
            ..before.clone()
        })
    }
}

impl LinkSigner {
    /// True where both sign alike: the secret itself is not kept.
    fn is_same(&self, other: &LinkSigner) -> bool {
        let probe = super::Link {
            map: String::new(),
            ends: 0,
        };
        self.sign(&probe) == other.sign(&probe)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Credentials, TokenKeys, Who};
    use super::*;

    const OLD: &str = "0123456789abcdef";
    const NEW: &str = "fedcba9876543210";

    fn keys(list: &[(&str, &str)]) -> Identities {
        let mut keys = ApiKeys::default();
        for (role, key) in list {
            assert!(keys.add(role, key));
        }
        Identities {
            keys,
            ..Identities::default()
        }
    }

    fn may(identities: &Identities, key: &str) -> bool {
        let credentials = Credentials {
            api_key: Some(key),
            ..Credentials::default()
        };
        matches!(identities.who(&credentials, 0), Who::Known(_))
    }

    #[test]
    fn a_key_must_be_known_before_and_now_with_one_role() {
        let before = keys(&[("a", OLD), ("b", NEW)]);
        assert!(may(&keys(&[("a", OLD)]).narrowed(&before), OLD));
        assert!(!may(&keys(&[("a", OLD)]).narrowed(&before), NEW));
        assert!(!may(&keys(&[("b", OLD)]).narrowed(&before), OLD));
        assert!(!may(&before.narrowed(&keys(&[("a", OLD)])), NEW));
        // of what can't be read nothing is known
        let mut now = keys(&[]);
        now.unread.keys.push("a".into());
        assert!(may(&now.narrowed(&before), OLD));
        assert!(!may(&now.narrowed(&before), NEW));
    }

    #[test]
    fn a_user_keeps_the_roles_of_both_and_a_changed_password_ends_the_old_one() {
        let hash = super::super::hash_password("motdepasse").unwrap();
        let other = super::super::hash_password("autre").unwrap();
        let parse = |text: String| Identities {
            passwords: Passwords::parse(&text).unwrap(),
            ..Identities::default()
        };
        let before = parse(format!("anne:{hash}:a b\nluc:{hash}:a\nzoé:{hash}:a\n"));
        let now = parse(format!(
            "anne:{hash}:b c\nluc:{other}:a\nnouveau:{hash}:a\n"
        ));
        let both = now.narrowed(&before);
        let audience = both.passwords.verify("anne", "motdepasse").unwrap();
        assert!(audience.has("b") && !audience.has("a") && !audience.has("c"));
        for (name, password) in [
            ("luc", "motdepasse"),
            ("luc", "autre"),
            ("zoé", "motdepasse"),
            ("nouveau", "motdepasse"),
        ] {
            assert!(both.passwords.verify(name, password).is_none(), "{name}");
        }
    }

    #[test]
    fn tokens_proxies_and_links_must_be_those_of_both() {
        let jwk =
            |kid: &str, k: &str| format!("{{\"kty\":\"oct\",\"kid\":\"{kid}\",\"k\":\"{k}\"}}");
        let secret = |c: char| c.to_string().repeat(44);
        let tokens = |issuer: &str, keys: &[String]| Tokens {
            keys: TokenKeys::parse(&format!("{{\"keys\":[{}]}}", keys.join(","))).unwrap(),
            issuer: issuer.into(),
            audience: "carto".into(),
            roles_claim: "roles".into(),
            known: vec!["a".into()],
        };
        let (one, two) = (jwk("1", &secret('A')), jwk("2", &secret('B')));
        let before = Identities {
            tokens: Some(tokens("x", &[one.clone(), two.clone()])),
            proxy: Some(TrustedProxy {
                networks: Vec::new(),
                user_header: "x-user".into(),
                roles_header: None,
                known: Vec::new(),
            }),
            links: LinkSigner::new(&secret('c')),
            ..Identities::default()
        };
        let mut now = Identities {
            tokens: Some(tokens("x", std::slice::from_ref(&two))),
            links: LinkSigner::new(&secret('c')),
            ..Identities::default()
        };
        let both = now.narrowed(&before);
        assert_eq!(both.tokens.unwrap().keys.len(), 1);
        assert!(both.proxy.is_none() && both.links.is_some());
        now.tokens = Some(tokens("y", &[one, two]));
        now.links = LinkSigner::new(&secret('d'));
        let both = now.narrowed(&before);
        assert!(both.tokens.is_none() && both.links.is_none());
        now.unread.links = true;
        assert!(now.narrowed(&before).links.is_some());
    }
}
