use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::Value;

use super::Audience;
use crate::error::{Error, Result};

/// Signed tokens of an identity provider: JSON Web Tokens (RFC 7519), as OpenID Connect gives
/// them out, checked against the provider's keys (a JWK set, RFC 7517) without asking it.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub keys: TokenKeys,
    /// What `iss` must say.
    pub issuer: String,
    /// What `aud` must hold.
    pub audience: String,
    /// Where the roles stand: names separated by dots, `realm_access.roles`.
    pub roles_claim: String,
    /// The roles that the configuration names: others are not taken.
    pub known: Vec<String>,
}

/// The keys of a JWK set that can verify.
#[derive(Debug, Clone)]
pub struct TokenKeys(Vec<Key>);

#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    /// The only algorithm it is for, where the set says one.
    algorithm: Option<String>,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
    Secret(hmac::Key),
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Material::Rsa { .. } => "RSA",
            Material::P256(_) => "P-256",
            Material::P384(_) => "P-384",
            Material::Ed25519(_) => "Ed25519",
            Material::Secret(_) => "secret",
        })
    }
}

/// Longer tokens are not looked at.
const MAX_BYTES: usize = 16 << 10;
/// How far the clocks may be apart, in seconds.
const LEEWAY: u64 = 60;
/// The shortest secret (RFC 7518 §3.2) and RSA modulus that are taken, in bytes.
const MIN_SECRET: usize = 32;
const MIN_MODULUS: usize = 256;

impl TokenKeys {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys that are in both sets.
    #[must_use]
    pub fn narrowed(&self, before: &TokenKeys) -> TokenKeys {
        let stays = |key: &&Key| self.0.iter().any(|now| now.is_same(key));
        TokenKeys(before.0.iter().filter(stays).cloned().collect())
    }

    /// Reads a JWK set. Keys that are for encrypting, or of a kind that is not known, are left out.
    ///
    /// # Errors
    /// `Config` where it is none, or no key is left.
    pub fn parse(text: &str) -> Result<TokenKeys> {
        let fault = |message: String| Error::Config { message };
        let set: Value = serde_json::from_str(text)
            .map_err(|e| fault(format!("expected a JWK set in JSON: line {}", e.line())))?;
        let keys = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or_else(|| fault("expected a JWK set: {\"keys\": […]}".into()))?;
        let keys: Vec<Key> = keys.iter().filter_map(Key::parse).collect();
        if keys.is_empty() {
            let kinds = "RSA of 2048 bits or more, P-256, P-384, Ed25519, oct of 256 bits or more";
            return Err(fault(format!(
                "the JWK set has no key to verify with ({kinds})"
            )));
        }
        Ok(TokenKeys(keys))
    }
}

impl Key {
    fn parse(jwk: &Value) -> Option<Key> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| text(name).and_then(|t| URL_SAFE_NO_PAD.decode(t).ok());
        if text("use").is_some_and(|wanted| wanted != "sig") {
            return None;
        }
        // an uncompressed point (SEC 1 §2.3.3)
        let point = |length: usize| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            (x.len() == length && y.len() == length).then(|| [vec![4], x, y].concat())
        };
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let n = bytes("n").filter(|n| n.len() >= MIN_MODULUS)?;
                Material::Rsa { n, e: bytes("e")? }
            }
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes("x").filter(|x| x.len() == 32)?),
            ("oct", _) => {
                let secret = bytes("k").filter(|k| k.len() >= MIN_SECRET)?;
                Material::Secret(hmac::Key::new(hmac::HMAC_SHA256, &secret))
            }
            _ => return None,
        };
        Some(Key {
            id: text("kid").map(str::to_owned),
            algorithm: text("alg").map(str::to_owned),
            material,
        })
    }

    fn is_same(&self, other: &Key) -> bool {
        let names = |key: &Key| (key.id.clone(), key.algorithm.clone());
        let is_one = match (&self.material, &other.material) {
            (Material::Rsa { n, e }, Material::Rsa { n: m, e: f }) => n == m && e == f,
            (Material::P256(a), Material::P256(b))
            | (Material::P384(a), Material::P384(b))
            | (Material::Ed25519(a), Material::Ed25519(b)) => a == b,
            // the secret is not kept: what signs alike is the same
            (Material::Secret(a), Material::Secret(b)) => {
                hmac::verify(b, b"", hmac::sign(a, b"").as_ref()).is_ok()
            }
            _ => false,
        };
        is_one && names(self) == names(other)
    }

    /// True where the signature is this key's by that algorithm. The algorithm goes with the kind
    /// of key: a token can't choose to have a public key taken for a secret (RFC 8725 §2.1).
    fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        if self
            .algorithm
            .as_deref()
            .is_some_and(|own| own != algorithm)
        {
            return false;
        }
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key)
                .verify(message, signature)
                .is_ok()
        };
        match (&self.material, algorithm) {
            (Material::Rsa { n, e }, _) => {
                let parameters = match algorithm {
                    "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                    "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                    "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                    "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
                    "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
                    "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
                    _ => return false,
                };
                RsaPublicKeyComponents { n, e }
                    .verify(parameters, message, signature)
                    .is_ok()
            }
            (Material::P256(key), "ES256") => by(&signature::ECDSA_P256_SHA256_FIXED, key),
            (Material::P384(key), "ES384") => by(&signature::ECDSA_P384_SHA384_FIXED, key),
            (Material::Ed25519(key), "EdDSA") => by(&signature::ED25519, key),
            (Material::Secret(key), "HS256") => hmac::verify(key, message, signature).is_ok(),
            _ => false,
        }
    }
}

impl Tokens {
    /// Whom a token names, at a time in seconds since 1970.
    ///
    /// # Errors
    /// What is wrong with it, in words that tell nothing of the keys.
    pub fn verify(&self, token: &str, now: u64) -> std::result::Result<Audience, &'static str> {
        const WRONG: &str = "the token is not valid";
        if token.len() > MAX_BYTES {
            return Err("the token is too long");
        }
        let (message, signature) = token.rsplit_once('.').ok_or(WRONG)?;
        let (header, payload) = message.split_once('.').ok_or(WRONG)?;
        let header = json(header).ok_or(WRONG)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| WRONG)?;
        let algorithm = header.get("alg").and_then(Value::as_str).ok_or(WRONG)?;
        // an extension that must be understood is not (RFC 7515 §4.1.11)
        if header.get("crit").is_some() {
            return Err(WRONG);
        }
        let id = header.get("kid").and_then(Value::as_str);
        let is_signed = self
            .keys
            .0
            .iter()
            .filter(|key| id.is_none() || key.id.is_none() || key.id.as_deref() == id)
            .any(|key| key.verifies(algorithm, message.as_bytes(), &signature));
        if !is_signed {
            return Err("the token is not signed by a known key");
        }
        let claims = json(payload).ok_or(WRONG)?;
        self.audience(&claims, now)
    }

    fn audience(&self, claims: &Value, now: u64) -> std::result::Result<Audience, &'static str> {
        let time = |name: &str| match claims.get(name) {
            None => Ok(None),
            // NumericDate may have a fraction (RFC 7519 §2)
            Some(value) => match value.as_f64() {
                Some(seconds) if (0.0..1e15).contains(&seconds) => Ok(Some(seconds as u64)),
                _ => Err("a time of the token is no number"),
            },
        };
        let ends = time("exp")?.ok_or("the token has no end")?;
        if now >= ends.saturating_add(LEEWAY) {
            return Err("the token has expired");
        }
        if time("nbf")?.is_some_and(|begins| begins > now.saturating_add(LEEWAY)) {
            return Err("the token is not valid yet");
        }
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Err("the token is of another issuer");
        }
        let is_for_us = match claims.get("aud") {
            Some(Value::String(one)) => *one == self.audience,
            Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(&self.audience)),
            _ => false,
        };
        if !is_for_us {
            return Err("the token is for another service");
        }
        let mut value = Some(claims);
        for name in self.roles_claim.split('.') {
            value = value.and_then(|value| value.get(name));
        }
        let said: Vec<&str> = match value {
            Some(Value::String(text)) => text.split([' ', ',']).collect(),
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let is_known = |role: &&str| self.known.iter().any(|known| known == role);
        let roles = said.into_iter().filter(is_known).map(str::to_owned);
        let name = claims.get("sub").and_then(Value::as_str).unwrap_or("");
        Ok(Audience::named(name, roles))
    }
}

/// A part of a token.
fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    const SECRET: &[u8] = b"a secret of more than thirty-two bytes";

    fn encoded(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn signed(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn by_secret(message: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
        hmac::sign(&key, message).as_ref().to_vec()
    }

    fn tokens(jwks: &Value) -> Tokens {
        Tokens {
            keys: TokenKeys::parse(&jwks.to_string()).unwrap(),
            issuer: "https://id.example".into(),
            audience: "cartotheque".into(),
            roles_claim: "realm_access.roles".into(),
            known: vec!["dreal".into(), "ddt-38".into()],
        }
    }

    fn with_secret() -> Tokens {
        tokens(&json!({"keys": [{"kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET)}]}))
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "aud": ["account", "cartotheque"], "sub": "marie",
            "exp": 2_000, "nbf": 1_000, "realm_access": {"roles": ["dreal", "admin"]},
        })
    }

    #[test]
    fn a_token_names_its_known_roles() {
        let token = signed(&json!({"alg": "HS256"}), &claims(), by_secret);
        let audience = with_secret().verify(&token, 1_500).unwrap();
        assert!(audience.has("dreal") && !audience.has("admin"));
        assert!(audience.is_identified());
    }

    #[test]
    fn an_elliptic_key_verifies_what_its_owner_signed() {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let part = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
        let key = json!({"kty": "EC", "crv": "P-256", "kid": "one", "x": part(1), "y": part(33)});
        let tokens = tokens(&json!({"keys": [key]}));
        let sign = |message: &[u8]| pair.sign(&random, message).unwrap().as_ref().to_vec();
        let token = signed(&json!({"alg": "ES256", "kid": "one"}), &claims(), sign);
        assert!(tokens.verify(&token, 1_500).is_ok());
        let other_key = signed(&json!({"alg": "ES256", "kid": "two"}), &claims(), sign);
        assert!(tokens.verify(&other_key, 1_500).is_err());
        // the public key, taken for a secret
        let key = hmac::Key::new(hmac::HMAC_SHA256, point);
        let confused = signed(&json!({"alg": "HS256"}), &claims(), |message| {
            hmac::sign(&key, message).as_ref().to_vec()
        });
        assert!(tokens.verify(&confused, 1_500).is_err());
    }

    #[test]
    fn the_example_of_rfc_7515_is_verified_by_its_rsa_key() {
        // appendix A.2
        let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJ\
                 PMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0\
                 LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\
                 Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2\
                 PAcDTW9gb54h4FRWyuXpoQ";
        let n: String = n.split_whitespace().collect();
        let message = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
                       Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let message: String = message.split_whitespace().collect();
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc\
                         _lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWz\
                         O75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-\
                         eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIh\
                         WkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        let signature: String = signature.split_whitespace().collect();
        let key = Key::parse(&json!({"kty": "RSA", "n": n, "e": "AQAB"})).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(key.verifies("RS256", message.as_bytes(), &bytes));
        assert!(!key.verifies("RS256", b"another message", &bytes));
        assert!(!key.verifies("RS512", message.as_bytes(), &bytes));
        assert!(!key.verifies("none", message.as_bytes(), &[]));
    }

    #[test]
    fn what_is_wrong_with_a_token_is_said() {
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            signed(&json!({"alg": "HS256"}), &claims, by_secret)
        };
        let without_end = {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove("exp");
            signed(&json!({"alg": "HS256"}), &claims, by_secret)
        };
        let plain = signed(&json!({"alg": "none"}), &claims(), |_| Vec::new());
        let critical = json!({"alg": "HS256", "crit": ["b64"], "b64": false});
        for (token, expected) in [
            (with("exp", json!(1_400)), "the token has expired"),
            (
                with("exp", json!("never")),
                "a time of the token is no number",
            ),
            (with("exp", json!(true)), "a time of the token is no number"),
            (without_end, "the token has no end"),
            (with("nbf", json!(1_600)), "the token is not valid yet"),
            (with("nbf", json!([])), "a time of the token is no number"),
            (
                with("iss", json!("https://evil.example")),
                "the token is of another issuer",
            ),
            (
                with("aud", json!("other")),
                "the token is for another service",
            ),
            (plain, "the token is not signed by a known key"),
            (
                signed(&critical, &claims(), by_secret),
                "the token is not valid",
            ),
            ("a.b.c".into(), "the token is not valid"),
            ("..".into(), "the token is not valid"),
            ("x".repeat(20_000), "the token is too long"),
        ] {
            assert_eq!(
                with_secret().verify(&token, 1_500),
                Err(expected),
                "{token}"
            );
        }
        let mut token = signed(&json!({"alg": "HS256"}), &claims(), by_secret);
        token.insert(30, 'A');
        assert!(with_secret().verify(&token, 1_500).is_err());
    }

    #[test]
    fn a_set_without_a_usable_key_is_refused() {
        for (text, expected) in [
            ("{", "expected a JWK set in JSON"),
            ("{}", "expected a JWK set"),
            (r#"{"keys": []}"#, "no key to verify with"),
            (
                r#"{"keys": [{"kty": "oct", "k": "c2hvcnQ"}]}"#,
                "no key to verify with",
            ),
            (
                r#"{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}"#,
                "no key to verify with",
            ),
        ] {
            let message = TokenKeys::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
