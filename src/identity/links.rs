use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

/// Signs links that show one map to whoever has the link, until a day.
///
/// A link holds `MAP.END.SIGNATURE`: the map's id, the second since 1970 when it ends, and the
/// HMAC-SHA256 of both. Another secret ends all links at once.
#[derive(Clone)]
pub struct LinkSigner {
    key: hmac::Key,
}

/// A signed link that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub map: String,
    /// Seconds since 1970.
    pub ends: u64,
}

impl LinkSigner {
    /// The shortest secret that is taken.
    pub const MIN_LENGTH: usize = 32;

    /// `None` where the secret is too short.
    pub fn new(secret: &str) -> Option<LinkSigner> {
        (secret.len() >= Self::MIN_LENGTH).then(|| LinkSigner {
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        })
    }

    /// The token of a link: characters that need no escape in an address.
    pub fn sign(&self, link: &Link) -> String {
        let tag = hmac::sign(&self.key, message(&link.map, link.ends).as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(tag.as_ref());
        format!("{}.{}.{signature}", link.map, link.ends)
    }

    /// The link of a token; an error says why there is none.
    pub fn verify(&self, token: &str, now: u64) -> Result<Link, &'static str> {
        const WRONG: &str = "the link is not valid";
        let (rest, signature) = token.rsplit_once('.').ok_or(WRONG)?;
        let (map, ends) = rest.rsplit_once('.').ok_or(WRONG)?;
        let ends: u64 = ends.parse().map_err(|_| WRONG)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| WRONG)?;
        // compares in constant time
        hmac::verify(&self.key, message(map, ends).as_bytes(), &signature).map_err(|_| WRONG)?;
        if now >= ends {
            return Err("the link has expired");
        }
        Ok(Link {
            map: map.to_owned(),
            ends,
        })
    }
}

impl std::fmt::Debug for LinkSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSigner")
    }
}

/// What is signed: said apart from whatever else the secret may come to sign.
fn message(map: &str, ends: u64) -> String {
    format!("cartotheque link 1\n{map}\n{ends}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_until_its_end_and_for_its_map_only() {
        let signer = LinkSigner::new("a secret of more than 32 characters").unwrap();
        let link = Link {
            map: "risques-38".into(),
            ends: 1_000,
        };
        let token = signer.sign(&link);
        assert_eq!(signer.verify(&token, 999), Ok(link));
        assert_eq!(signer.verify(&token, 1_000), Err("the link has expired"));
        let forged = [
            token.replace("risques-38", "risques-73"),
            token.replace(".1000.", ".9999."),
            format!("{token}x"),
            "risques-38".into(),
            String::new(),
            "..".into(),
        ];
        for token in &forged {
            assert_eq!(
                signer.verify(token, 0),
                Err("the link is not valid"),
                "{token}"
            );
        }
        let other = LinkSigner::new("another secret of more than 32 characters").unwrap();
        assert!(other.verify(&token, 0).is_err());
        assert!(LinkSigner::new("short").is_none());
    }
}
