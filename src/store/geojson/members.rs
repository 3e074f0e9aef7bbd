//! What a document says that `geozero` does not tell: names of properties that are null, the CRS.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

/// So many names at most; what a file has beyond comes as its values do.
const MAX_NAMES: usize = 10_000;

/// The members of a document that are read here.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// The member `crs` of 2008.
    pub crs: Option<Json>,
    /// The names of all features' properties, in the order in which they first appear.
    pub names: Vec<String>,
    known: HashSet<String>,
}

impl Members {
    /// Reads a document; of one that is not JSON what stands before the fault.
    pub fn of(text: &str) -> Members {
        let mut members = Members::default();
        let mut reader = serde_json::Deserializer::from_str(text);
        let walk = Walk {
            at: At::Document,
            members: &mut members,
        };
        // a fault is told by who reads the features
        let _ = walk.deserialize(&mut reader);
        members
    }

    fn name(&mut self, name: String) {
        if self.names.len() < MAX_NAMES && !self.known.contains(&name) {
            self.known.insert(name.clone());
            self.names.push(name);
        }
    }
}

/// Where in a document a value stands.
#[derive(Debug, Clone, Copy)]
enum At {
    Document,
    Features,
    Feature,
    Properties,
}

struct Walk<'a> {
    at: At,
    members: &'a mut Members,
}

impl Walk<'_> {
    fn to(&mut self, at: At) -> Walk<'_> {
        Walk {
            at,
            members: self.members,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeoJSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self.to(At::Feature))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match (self.at, key.as_str()) {
                (At::Document, "crs") => self.members.crs = map.next_value()?,
                (At::Document, "features") => map.next_value_seed(self.to(At::Features))?,
                (At::Feature, "properties") => {
                    map.next_value_seed(self.to(At::Properties))?;
                }
                (At::Properties, _) => {
                    self.members.name(key);
                    map.next_value::<IgnoredAny>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}
