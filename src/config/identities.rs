//! From what the server file says of identities to what proves them: secrets are read here, and
//! nothing that is said about them repeats one.

use std::path::{Path, PathBuf};

use super::diagnostic::{At, Findings, Severity};
use super::file::{IdentitiesFile, Secret, ServerFile};
use crate::identity::{
    ApiKeys, Identities, LinkSigner, Passwords, TokenKeys, Tokens, TrustedProxy, Unread,
};

/// More than any file of secrets needs.
const MAX_BYTES: u64 = 4 << 20;

/// Everything that proves who somebody is. What can't be read is an error in the findings, and
/// proves nothing: what is restricted stays so.
pub fn identities(server: &ServerFile, folder: &Path, findings: &mut Findings) -> Identities {
    let reader = Reader { folder };
    let known: Vec<String> = server.roles.iter().map(|role| role.id.clone()).collect();
    let mut keys = ApiKeys::default();
    let mut unread = Unread::default();
    for role in &server.roles {
        let Some(secret) = &role.api_keys else {
            continue;
        };
        let Ok(text) = reader.text(secret, findings) else {
            unread.keys.push(role.id.clone());
            continue;
        };
        let text = text.unwrap_or_default();
        let written = text.split(|c: char| c.is_whitespace() || c == ',');
        for key in written.filter(|key| !key.is_empty()) {
            if !keys.add(&role.id, key) {
                let message = format!(
                    "a key of the role {:?} has less than {} characters and is not taken",
                    role.id,
                    ApiKeys::MIN_LENGTH
                );
                let help = "make one with: openssl rand -hex 24";
                findings.error_help(&secret.place, message, help);
            }
        }
    }
    let file = &server.identities;
    let passwords = reader.passwords(file, &known, findings);
    let tokens = reader.tokens(file, &known, findings);
    let links = reader.links(file, findings);
    Identities {
        unread: Unread {
            passwords: passwords.is_err(),
            tokens: tokens.is_err(),
            links: links.is_err(),
            ..unread
        },
        keys,
        passwords: passwords.unwrap_or_default(),
        tokens: tokens.unwrap_or_default(),
        links: links.unwrap_or_default(),
        proxy: file.proxy.as_ref().map(|proxy| TrustedProxy {
            networks: proxy.networks.clone(),
            user_header: proxy.user.clone(),
            roles_header: proxy.roles.clone(),
            known: known.clone(),
        }),
    }
}

/// Nothing is known of what a secret says; why is in the findings.
struct Unreadable;

/// The files of secrets, which are looked at for changes like all others.
pub fn files(server: &ServerFile, folder: &Path) -> impl Iterator<Item = PathBuf> {
    let file = &server.identities;
    let of_tokens = file.tokens.as_ref().map(|tokens| &tokens.keys);
    let of_links = file.links.as_ref().map(|links| &links.secret);
    server
        .roles
        .iter()
        .filter_map(|role| role.api_keys.as_ref())
        .chain(&file.passwords)
        .chain(of_tokens)
        .chain(of_links)
        .filter_map(move |secret| match &secret.value {
            Secret::File(path) => Some(folder.join(path)),
            Secret::Env(_) => None,
        })
}

struct Reader<'a> {
    folder: &'a Path,
}

impl Reader<'_> {
    /// The secret's text; none where the environment has no such variable.
    fn text(
        &self,
        secret: &At<Secret>,
        findings: &mut Findings,
    ) -> Result<Option<String>, Unreadable> {
        let place = &secret.place;
        match &secret.value {
            Secret::Env(name) => match std::env::var(name) {
                Ok(text) => Ok(Some(text)),
                Err(_) => {
                    let message = format!("the environment has no variable {name}");
                    let help = "until it is set, nobody has what it gives";
                    findings.add(Severity::Warning, place, message, Some(help.to_owned()));
                    Ok(None)
                }
            },
            Secret::File(path) => {
                let path = self.folder.join(path);
                let is_small = std::fs::metadata(&path).map(|found| found.len() <= MAX_BYTES);
                let text = match is_small {
                    Ok(true) => std::fs::read_to_string(&path).map_err(|e| e.to_string()),
                    Ok(false) => Err("it is larger than 4 MB".to_owned()),
                    Err(e) => Err(e.to_string()),
                };
                text.map(Some).map_err(|e| {
                    let message = format!("{} can't be read: {e}", path.display());
                    findings.error(place, message);
                    Unreadable
                })
            }
        }
    }

    fn passwords(
        &self,
        file: &IdentitiesFile,
        known: &[String],
        findings: &mut Findings,
    ) -> Result<Passwords, Unreadable> {
        let Some(secret) = &file.passwords else {
            return Ok(Passwords::default());
        };
        let Some(text) = self.text(secret, findings)? else {
            return Ok(Passwords::default());
        };
        match Passwords::parse(&text) {
            Ok(passwords) => {
                let mut unknown: Vec<&str> = passwords
                    .roles()
                    .filter(|role| known.iter().all(|k| k != role))
                    .collect();
                unknown.sort_unstable();
                unknown.dedup();
                for role in unknown {
                    let message =
                        format!("the file of passwords gives a role {role:?} that roles: lacks");
                    findings.add(Severity::Warning, &secret.place, message, None);
                }
                Ok(passwords)
            }
            Err(error) => {
                let help = "lines are NAME:HASH:ROLE ROLE…; `cartotheque password` makes a hash";
                findings.error_help(&secret.place, error.to_string(), help);
                Err(Unreadable)
            }
        }
    }

    fn tokens(
        &self,
        file: &IdentitiesFile,
        known: &[String],
        findings: &mut Findings,
    ) -> Result<Option<Tokens>, Unreadable> {
        let Some(said) = &file.tokens else {
            return Ok(None);
        };
        let Some(text) = self.text(&said.keys, findings)? else {
            return Ok(None);
        };
        let keys = TokenKeys::parse(&text).map_err(|error| {
            findings.error(&said.keys.place, error.to_string());
            Unreadable
        })?;
        Ok(Some(Tokens {
            keys,
            issuer: said.issuer.clone(),
            audience: said.audience.clone(),
            roles_claim: said.roles.clone(),
            known: known.to_vec(),
        }))
    }

    fn links(
        &self,
        file: &IdentitiesFile,
        findings: &mut Findings,
    ) -> Result<Option<LinkSigner>, Unreadable> {
        let Some(said) = &file.links else {
            return Ok(None);
        };
        let Some(text) = self.text(&said.secret, findings)? else {
            return Ok(None);
        };
        let signer = LinkSigner::new(text.trim());
        if signer.is_none() {
            let message = format!(
                "the secret has less than {} characters: no link is signed",
                LinkSigner::MIN_LENGTH
            );
            findings.error_help(
                &said.secret.place,
                message,
                "make one with: openssl rand -hex 32",
            );
        }
        Ok(signer)
    }
}
