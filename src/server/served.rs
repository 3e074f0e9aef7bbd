//! What is served at one moment, to each audience its own.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::state::Site;
use crate::error::Result;
use crate::identity::{Audience, Identities};

/// Audiences whose site is kept. More than that come one after the other only where many links
/// are signed.
const MAX_KEPT: usize = 64;

/// All that is served, and the part of it that each audience sees.
#[derive(Debug)]
pub struct Served {
    whole: Arc<Site>,
    /// For those who came without credentials.
    public: Arc<Site>,
    /// The roles that decide anything.
    roles: BTreeSet<String>,
    pub identities: Arc<Identities>,
    /// The last that were asked for, the newest at the end.
    others: Mutex<Vec<(Audience, Arc<Site>)>>,
}

impl Served {
    /// # Errors
    /// As [`crate::catalogue::Catalogue::seen_by`].
    pub fn new(
        whole: Site,
        identities: Arc<Identities>,
        before: Option<&Served>,
    ) -> Result<Served> {
        let whole = Arc::new(whole);
        if let Some(before) = before {
            identities.passwords.remember(&before.identities.passwords);
        }
        let public = if whole.catalogue.is_public() {
            Arc::clone(&whole)
        } else {
            let seen = whole.catalogue.seen_by(&Audience::default())?;
            // what was found out of the public part before is kept, as long as it was one
            let before = before.filter(|before| !Arc::ptr_eq(&before.public, &before.whole));
            let known = before.map(|before| Arc::clone(&before.public.known));
            Arc::new(whole.with_catalogue(seen, known.unwrap_or_default()))
        };
        Ok(Served {
            roles: whole.catalogue.roles(),
            whole,
            public,
            identities,
            others: Mutex::default(),
        })
    }

    /// Everything: for what builds and counts, never for what answers.
    pub fn whole(&self) -> &Arc<Site> {
        &self.whole
    }

    /// True where everybody sees everything.
    pub fn is_public(&self) -> bool {
        Arc::ptr_eq(&self.whole, &self.public)
    }

    /// What an audience sees.
    ///
    /// # Errors
    /// As [`crate::catalogue::Catalogue::seen_by`].
    pub fn site(&self, audience: &Audience) -> Result<Arc<Site>> {
        if self.is_public() {
            return Ok(Arc::clone(&self.whole));
        }
        let audience = audience.among(&self.roles);
        if audience.is_public() {
            return Ok(Arc::clone(&self.public));
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = others.iter().position(|(known, _)| *known == audience) {
            let found = others.remove(place);
            let site = Arc::clone(&found.1);
            others.push(found);
            return Ok(site);
        }
        let seen = self.whole.catalogue.seen_by(&audience)?;
        let site = Arc::new(self.whole.with_catalogue(seen, Arc::default()));
        if others.len() >= MAX_KEPT {
            others.remove(0);
        }
        others.push((audience, Arc::clone(&site)));
        Ok(site)
    }
}
