use std::collections::BTreeSet;

/// Somebody, by what they may see. The default is anonymous.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Audience {
    roles: BTreeSet<String>,
    is_identified: bool,
    /// The map that a signed link shows.
    shared_map: Option<String>,
}

impl Audience {
    /// Somebody with a name and roles. The name itself is not kept: what is seen depends on roles
    /// alone.
    pub fn named(_name: &str, roles: impl IntoIterator<Item = String>) -> Audience {
        Audience {
            roles: roles.into_iter().collect(),
            is_identified: true,
            shared_map: None,
        }
    }

    /// The same, and one map more.
    #[must_use]
    pub fn with_map(mut self, map: &str) -> Audience {
        self.shared_map = Some(map.to_owned());
        self
    }

    pub fn has(&self, role: &str) -> bool {
        self.roles.contains(role)
    }

    /// False for who came without credentials.
    pub fn is_identified(&self) -> bool {
        self.is_identified
    }

    /// The map that a signed link shows.
    pub fn shared_map(&self) -> Option<&str> {
        self.shared_map.as_deref()
    }

    /// What of this decides anything, where only these roles do: many callers are one audience.
    #[must_use]
    pub fn among(&self, roles: &BTreeSet<String>) -> Audience {
        Audience {
            roles: self.roles.intersection(roles).cloned().collect(),
            is_identified: false,
            shared_map: self.shared_map.clone(),
        }
    }

    /// True where this sees nothing but what everybody sees.
    pub fn is_public(&self) -> bool {
        self.roles.is_empty() && self.shared_map.is_none()
    }
}
