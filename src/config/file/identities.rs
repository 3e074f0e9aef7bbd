use crate::config::diagnostic::{At, Findings, Place, Severity};
use crate::config::ident::slug;
use crate::config::reader::{Entry, Fields};
use crate::identity::Network;

/// The key `identities` of `capabilities/server.yaml`: by what people prove their roles, beside
/// the keys of each role. Secrets themselves are never written here, only where they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IdentitiesFile {
    /// A file of lines `NAME:HASH:ROLE ROLE…`.
    pub passwords: Option<At<Secret>>,
    pub tokens: Option<TokensFile>,
    pub proxy: Option<ProxyFile>,
    pub links: Option<LinksFile>,
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq)]
pub enum Secret {
    /// The name of an environment variable that holds it.
    Env(String),
    /// A file that holds it: absolute, or relative to the served folder.
    File(String),
}

/// Tokens of an identity provider (OpenID Connect).
#[derive(Debug, Clone, PartialEq)]
pub struct TokensFile {
    pub issuer: String,
    pub audience: String,
    /// The provider's JWK set.
    pub keys: At<Secret>,
    /// The claim that lists the roles; names separated by dots.
    pub roles: String,
}

/// A proxy in front that says who somebody is.
#[derive(Debug, Clone, PartialEq)]
pub struct ProxyFile {
    pub networks: Vec<Network>,
    /// Names of headers, in lower case.
    pub user: String,
    pub roles: Option<String>,
}

/// Signed links to one map.
#[derive(Debug, Clone, PartialEq)]
pub struct LinksFile {
    pub secret: At<Secret>,
    /// How long a link holds at most.
    pub days: u64,
}

const DEFAULT_DAYS: u64 = 30;
const MAX_DAYS: u64 = 3660;

impl IdentitiesFile {
    pub fn read(entry: &Entry<'_>, findings: &mut Findings) -> IdentitiesFile {
        let keys = ["passwords", "tokens", "proxy", "links"];
        let fields = Fields::new(entry, &keys, findings);
        IdentitiesFile {
            passwords: secret_of(&fields, "passwords", findings),
            tokens: fields
                .get("tokens")
                .and_then(|e| TokensFile::read(&e, findings)),
            proxy: fields
                .get("proxy")
                .and_then(|e| ProxyFile::read(&e, findings)),
            links: fields
                .get("links")
                .and_then(|e| LinksFile::read(&e, findings)),
        }
    }
}

impl Secret {
    /// `env:NAME` or `file:PATH`. What was found instead may be a secret: it is not repeated.
    pub fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<At<Secret>> {
        let text = entry.text(findings)?;
        let is_name = |name: &str| {
            !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let value = match (text.strip_prefix("env:"), text.strip_prefix("file:")) {
            (Some(name), _) if is_name(name) => Secret::Env(name.to_owned()),
            (_, Some(path)) if !path.is_empty() => Secret::File(path.to_owned()),
            _ => {
                findings.error_help(
                    &entry.place,
                    "expected env:NAME, the environment variable that holds the secret, or \
                     file:PATH, a file that does",
                    "secrets themselves are never written in this file",
                );
                return None;
            }
        };
        Some(At {
            value,
            place: entry.place.clone(),
        })
    }
}

fn secret_of(fields: &Fields<'_>, key: &str, findings: &mut Findings) -> Option<At<Secret>> {
    fields.get(key).and_then(|e| Secret::read(&e, findings))
}

/// Warns of a role whose name lists of roles would take apart: those of a proxy's
/// header and of the file of passwords.
pub(super) fn check_role(name: &str, place: &Place, findings: &mut Findings) {
    let parts = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':');
    if let Some(wrong) = name.chars().find(|c| parts(*c)) {
        let what = match wrong {
            c if c.is_whitespace() => "a space".to_owned(),
            c => format!("{:?}", c.to_string()),
        };
        let message = format!("expected a role without {what}, found {name:?}");
        let help = format!(
            "did you mean {:?}? a proxy's header and the file of passwords can't name this one",
            slug(name)
        );
        findings.add(Severity::Warning, place, message, Some(help));
    }
}

/// Reports a key that must be there.
fn require(key: &str, fields: &Fields<'_>, findings: &mut Findings) {
    let help = match key {
        "issuer" => "e.g. issuer: https://sso.example.org/realms/ddt",
        "audience" => "e.g. audience: cartotheque",
        "keys" => "e.g. keys: file:secrets/jwks.json",
        "networks" => "the addresses of the proxy, e.g. networks: [127.0.0.1]",
        "user" => "the header with the name, e.g. user: X-Remote-User",
        _ => "e.g. secret: env:LINKS_SECRET",
    };
    fields.require(key, &format!("the key {key:?} is missing"), help, findings);
}

impl TokensFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<TokensFile> {
        let names = ["issuer", "audience", "keys", "roles"];
        let fields = Fields::new(entry, &names, findings);
        for key in ["issuer", "audience", "keys"] {
            require(key, &fields, findings);
        }
        let keys = secret_of(&fields, "keys", findings);
        Some(TokensFile {
            issuer: fields.text("issuer", findings)?,
            audience: fields.text("audience", findings)?,
            keys: keys?,
            roles: fields
                .text("roles", findings)
                .unwrap_or_else(|| "roles".to_owned()),
        })
    }
}

impl ProxyFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<ProxyFile> {
        let fields = Fields::new(entry, &["networks", "user", "roles"], findings);
        for key in ["networks", "user"] {
            require(key, &fields, findings);
        }
        let mut networks = Vec::new();
        for written in fields.texts("networks", findings) {
            match written.value.parse::<Network>() {
                Ok(network) => {
                    if network.is_all() {
                        let message = format!(
                            "{} is every address: whoever reaches the server can claim any role",
                            written.value
                        );
                        let help = "name the proxy's own address, e.g. networks: [127.0.0.1]";
                        let help = Some(help.to_owned());
                        findings.add(Severity::Warning, &written.place, message, help);
                    }
                    networks.push(network);
                }
                Err(message) => {
                    let message = format!("{message}, found {:?}", written.value);
                    findings.error(&written.place, message);
                }
            }
        }
        let mut header = |key: &str| {
            let name = fields.text_at(key, findings)?;
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.value.chars().all(is_name) {
                return Some(name.value.to_ascii_lowercase());
            }
            let message = format!("expected the name of a header, found {:?}", name.value);
            findings.error_help(&name.place, message, "e.g. user: X-Remote-User");
            None
        };
        let (user, roles) = (header("user"), header("roles"));
        Some(ProxyFile {
            networks,
            user: user?,
            roles,
        })
    }
}

impl LinksFile {
    fn read(entry: &Entry<'_>, findings: &mut Findings) -> Option<LinksFile> {
        let fields = Fields::new(entry, &["secret", "days"], findings);
        require("secret", &fields, findings);
        let days = fields
            .get("days")
            .and_then(|e| e.integer(1, MAX_DAYS, findings));
        Some(LinksFile {
            secret: secret_of(&fields, "secret", findings)?,
            days: days.unwrap_or(DEFAULT_DAYS),
        })
    }
}
