use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Argon2, Params};
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use super::Audience;
use crate::error::{Error, Result};

/// Users, the Argon2 hash of each one's password (RFC 9106), and their roles.
///
/// Verifying takes some hundredths of a second by design, and a desktop program sends its password
/// with every tile: who was verified is remembered for some minutes, and what was wrong for one, by
/// a digest that is worth nothing outside this process.
#[derive(Clone, Default)]
pub struct Passwords {
    pub(super) users: HashMap<String, User>,
    pub(super) seen: Option<Arc<Seen>>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct User {
    /// In the PHC form: `$argon2id$v=19$m=…`.
    pub(super) hash: String,
    pub(super) roles: Vec<String>,
}

pub(super) struct Seen {
    key: hmac::Key,
    until: Mutex<HashMap<[u8; 32], (Instant, Audience)>>,
    /// What was wrong, of users that exist and of others alike.
    wrong_until: Mutex<HashMap<[u8; 32], Instant>>,
}

/// How long a password is not verified again.
const REMEMBERED: Duration = Duration::from_secs(300);
/// How long a wrong password is not verified again: a program that has one sends it without end.
const WRONG_REMEMBERED: Duration = Duration::from_secs(60);
/// How many are remembered at most, of each.
const MAX_REMEMBERED: usize = 4096;
/// What a hash of the file may ask for, so that a wrong file can't take the machine: 256 MB.
const MAX_MEMORY_KIB: u32 = 256 << 10;
const MAX_PASSES: u32 = 64;

impl Passwords {
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Reads lines `NAME:HASH:ROLE ROLE…`; empty lines and those that begin with `#` are left out.
    ///
    /// # Errors
    /// `Syntax` with the line, never with what it holds.
    pub fn parse(text: &str) -> Result<Passwords> {
        let mut users = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fault = |message: &str| Error::Config {
                message: format!("line {}: {message}", number + 1),
            };
            let mut parts = line.splitn(3, ':').map(str::trim);
            let (Some(name), Some(hash), Some(roles)) = (parts.next(), parts.next(), parts.next())
            else {
                return Err(fault("expected NAME:HASH:ROLE ROLE…"));
            };
            check(hash).map_err(fault)?;
            let user = User {
                hash: hash.to_owned(),
                roles: roles
                    .split([' ', ','])
                    .filter(|role| !role.is_empty())
                    .map(str::to_owned)
                    .collect(),
            };
            if users.insert(name.to_owned(), user).is_some() {
                return Err(fault("this name was given before"));
            }
        }
        Ok(Passwords {
            users,
            seen: Some(Arc::new(Seen {
                key: process_key()?,
                until: Mutex::default(),
                wrong_until: Mutex::default(),
            })),
        })
    }

    /// Remembers who was verified by the state of before, where nothing was changed of any user:
    /// else each reload has all of them verified again, one after the other, at the same moment.
    pub fn remember(&self, before: &Passwords) {
        let (Some(seen), Some(known)) = (&self.seen, &before.seen) else {
            return;
        };
        if self.users != before.users || Arc::ptr_eq(seen, known) {
            return;
        }
        let Ok(known) = known.until.lock().map(|until| until.clone()) else {
            return;
        };
        if let Ok(mut until) = seen.until.lock() {
            until.extend(known);
        }
    }

    /// The roles that somebody is given, for checking that they are known.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.users
            .values()
            .flat_map(|user| user.roles.iter().map(String::as_str))
    }

    /// Who was verified with this name and password in the last minutes, `Some(None)` where they
    /// were wrong.
    pub fn seen(&self, name: &str, password: &str) -> Option<Option<Audience>> {
        let seen = self.seen.as_ref()?;
        let digest = seen.digest(name, password)?;
        let now = Instant::now();
        let known = seen.until.lock().ok()?.get(&digest).cloned();
        if let Some((_, audience)) = known.filter(|(until, _)| now < *until) {
            return Some(Some(audience));
        }
        let wrong_until = seen.wrong_until.lock().ok()?.get(&digest).copied();
        wrong_until.is_some_and(|until| now < until).then_some(None)
    }

    /// What a name and a password are called where they are not to be kept.
    pub fn digest(&self, name: &str, password: &str) -> Option<[u8; 32]> {
        self.seen.as_ref()?.digest(name, password)
    }

    /// Verifies a password, which takes some hundredths of a second, also for a name that does
    /// not exist: the time tells nobody which names do.
    pub fn verify(&self, name: &str, password: &str) -> Option<Audience> {
        let user = self.users.get(name);
        let hash = user.map_or_else(|| self.hash_for_nobody(name), |user| user.hash.as_str());
        let hash = PasswordHash::new(hash).ok()?;
        let is_right = Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok();
        let user = user.filter(|_| is_right);
        let audience = user.map(|user| Audience::named(name, user.roles.iter().cloned()));
        if let Some(seen) = &self.seen
            && let Some(digest) = seen.digest(name, password)
        {
            seen.keep(digest, audience.as_ref());
        }
        audience
    }
}

impl Passwords {
    /// The hash that is computed for a name that does not exist: one of the users', always the same
    /// for a name, so that it takes as long as users' do whatever parameters those have.
    fn hash_for_nobody(&self, name: &str) -> &str {
        let digest = self.seen.as_ref().and_then(|seen| seen.digest(name, ""));
        let digest = digest.and_then(|digest| digest.first_chunk().copied());
        let number = digest.map_or(0, usize::from_le_bytes);
        let mut hashes: Vec<&str> = self.users.values().map(|user| user.hash.as_str()).collect();
        hashes.sort_unstable();
        let place = number.checked_rem(hashes.len());
        let hash = place.and_then(|place| hashes.get(place));
        hash.copied().unwrap_or(NOBODYS_HASH)
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} users", self.users.len())
    }
}

/// A key that only this process has, the same for every state of the passwords.
fn process_key() -> Result<hmac::Key> {
    static KEY: OnceLock<Option<hmac::Key>> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
    });
    key.clone().ok_or_else(|| Error::Internal {
        message: "the system gives no random numbers".into(),
    })
}

impl Seen {
    fn keep(&self, digest: [u8; 32], audience: Option<&Audience>) {
        let now = Instant::now();
        match audience {
            Some(audience) => {
                let Ok(mut until) = self.until.lock() else {
                    return;
                };
                if until.len() >= MAX_REMEMBERED {
                    until.retain(|_, (end, _)| now < *end);
                }
                if until.len() < MAX_REMEMBERED {
                    until.insert(digest, (now + REMEMBERED, audience.clone()));
                }
            }
            None => {
                let Ok(mut until) = self.wrong_until.lock() else {
                    return;
                };
                if until.len() >= MAX_REMEMBERED {
                    until.retain(|_, end| now < *end);
                }
                if until.len() < MAX_REMEMBERED {
                    until.insert(digest, now + WRONG_REMEMBERED);
                }
            }
        }
    }

    fn digest(&self, name: &str, password: &str) -> Option<[u8; 32]> {
        // the name's digest has a fixed length: no name and password run into one another
        let mut message = digest(&SHA256, name.as_bytes()).as_ref().to_vec();
        message.extend_from_slice(password.as_bytes());
        hmac::sign(&self.key, &message).as_ref().try_into().ok()
    }
}

/// A hash by the default parameters of a password that nobody has, where there is no user.
const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5c3NhbHRub2JvZHk$\
    AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";

/// What is wrong with a hash of a file, if anything.
fn check(hash: &str) -> std::result::Result<(), &'static str> {
    let parsed = PasswordHash::new(hash)
        .map_err(|_| "expected a hash as `cartotheque password` prints it: $argon2id$v=19$…")?;
    if parsed.algorithm.as_str() != "argon2id" {
        return Err("expected a hash by argon2id");
    }
    let params =
        Params::try_from(&parsed).map_err(|_| "the parameters of the hash are not valid")?;
    if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES {
        return Err("the hash asks for more than 256 MB or 64 passes");
    }
    if parsed.hash.is_none() || parsed.salt.is_none() {
        return Err("the hash has no salt or no value");
    }
    Ok(())
}

/// The Argon2id hash of a password with a salt of its own, for a line of the passwords' file.
///
/// # Errors
/// `Internal` where the system gives no random numbers.
pub fn hash_password(password: &str) -> Result<String> {
    let fault = |what: &str| Error::Internal {
        message: what.to_owned(),
    };
    let mut salt = [0; 16];
    SystemRandom::new()
        .fill(&mut salt)
        .map_err(|_| fault("the system gives no random numbers"))?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| fault("a salt can't be written"))?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    let hash = hash.map_err(|_| fault("the password can't be hashed"))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_password_is_verified_and_then_remembered() {
        let hash = hash_password("géosites").unwrap();
        let users = Passwords::parse(&format!("# users\n\nmarie:{hash}:dreal ddt-38\n")).unwrap();
        assert!(users.seen("marie", "géosites").is_none());
        assert!(users.verify("marie", "geosites").is_none());
        assert!(users.verify("paul", "géosites").is_none());
        let audience = users.verify("marie", "géosites").unwrap();
        assert!(audience.has("dreal") && audience.has("ddt-38"));
        assert_eq!(users.seen("marie", "géosites"), Some(Some(audience)));
        // what was wrong too, whether the user exists or not
        assert_eq!(users.seen("marie", "geosites"), Some(None));
        assert_eq!(users.seen("paul", "géosites"), Some(None));
        assert!(users.seen("mari", "egéosites").is_none());
    }

    #[test]
    fn who_was_verified_is_remembered_over_a_reload_that_changes_no_user() {
        let hash = hash_password("géosites").unwrap();
        let line = format!("marie:{hash}:dreal ddt-38\n");
        let before = Passwords::parse(&line).unwrap();
        let audience = before.verify("marie", "géosites").unwrap();
        let reloaded = |text: &str| {
            let now = Passwords::parse(text).unwrap();
            assert!(now.seen("marie", "géosites").is_none());
            now.remember(&before);
            now.seen("marie", "géosites").flatten()
        };
        assert_eq!(reloaded(&format!("# a comment\n{line}")), Some(audience));
        assert_eq!(reloaded(&line.replace(" ddt-38", "")), None);
        assert_eq!(reloaded(&format!("{line}paul:{hash}:dreal\n")), None);
        let other = hash_password("géosites").unwrap();
        assert_eq!(reloaded(&line.replace(&hash, &other)), None);
    }

    #[test]
    fn a_name_that_does_not_exist_takes_as_long_as_one_that_does() {
        let hash = |m: u32| {
            format!(
                "$argon2id$v=19$m={m},t=2,p=1$bm9ib2R5c3NhbHRub2JvZHk$\
                 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"
            )
        };
        let one = Passwords::parse(&format!("marie:{}:dreal", hash(65_536))).unwrap();
        assert_eq!(one.hash_for_nobody("paul"), hash(65_536));
        let lines = [8_192, 65_536].map(|m| format!("user-{m}:{}:dreal", hash(m)));
        let two = Passwords::parse(&lines.join("\n")).unwrap();
        // always the same for a name, and not one for all
        let of = |n: u32| two.hash_for_nobody(&format!("name-{n}"));
        assert!((0..50).all(|n| of(n) == of(n)));
        assert!((1..50).any(|n| of(n) != of(0)));
        assert_eq!(Passwords::default().hash_for_nobody("paul"), NOBODYS_HASH);
    }

    #[test]
    fn the_hash_for_unknown_names_can_be_verified_against() {
        let hash = PasswordHash::new(NOBODYS_HASH).unwrap();
        assert!(hash.hash.is_some() && hash.salt.is_some());
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number_and_not_repeated() {
        for (text, expected) in [
            ("marie:secret", "line 1: expected NAME:HASH:ROLE"),
            ("\nmarie:plain-secret:dreal", "line 2: expected a hash"),
            (
                "m:$argon2id$v=19$m=99999999,t=2,p=1$bm9ib2R5c3NhbHRub2JvZHk$\
                 AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA:r",
                "line 1: the hash asks for more",
            ),
        ] {
            let message = Passwords::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
