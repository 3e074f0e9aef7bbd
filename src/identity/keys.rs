use ring::digest::{SHA256, digest};

use super::is_same;

/// API keys and the role of each. Only digests are kept: a dump of the memory tells no key.
#[derive(Default)]
pub struct ApiKeys {
    pub(super) digests: Vec<([u8; 32], String)>,
}

impl ApiKeys {
    /// The shortest key that is taken: shorter ones can be guessed.
    pub const MIN_LENGTH: usize = 16;

    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// Adds a key; false, and nothing is added, where it is too short.
    pub fn add(&mut self, role: &str, key: &str) -> bool {
        let is_long_enough = key.len() >= Self::MIN_LENGTH;
        if is_long_enough && let Some(digest) = sha256(key) {
            self.digests.push((digest, role.to_owned()));
        }
        is_long_enough
    }

    /// The role of a key. Every key is compared, each in constant time.
    pub fn role(&self, key: &str) -> Option<&str> {
        let asked = sha256(key)?;
        let mut found = None;
        for (digest, role) in &self.digests {
            if is_same(digest, &asked) {
                found = Some(role.as_str());
            }
        }
        found
    }
}

impl std::fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} API keys", self.digests.len())
    }
}

fn sha256(text: &str) -> Option<[u8; 32]> {
    digest(&SHA256, text.as_bytes()).as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_whole_only_and_short_ones_are_not_taken() {
        let mut keys = ApiKeys::default();
        assert!(keys.add("a", "0123456789abcdef"));
        assert!(keys.add("b", "fedcba9876543210"));
        assert!(!keys.add("c", "short"));
        assert_eq!(keys.role("0123456789abcdef"), Some("a"));
        assert_eq!(keys.role("fedcba9876543210"), Some("b"));
        assert_eq!(keys.role("0123456789abcde"), None);
        assert_eq!(keys.role(""), None);
        assert_eq!(keys.role("short"), None);
        assert_eq!(format!("{keys:?}"), "2 API keys");
    }
}
