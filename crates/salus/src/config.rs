//! `salus.toml`: one organisation's configuration. Paths in it are relative to the file.

use crate::failure::{Explain, Failure, Hint, Outcome};
use hospital::smart::RelyingParty;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file as it is written.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) organisation: Organisation,
    pub(crate) http: Http,
    pub(crate) ledger: Ledger,
    pub(crate) keys: Keys,
    /// Absent: this organisation shares nothing with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) peers: Option<Peers>,
    #[serde(default)]
    pub(crate) access: Access,
    #[serde(default)]
    pub(crate) limits: Limits,
    /// The folder of the file; not written.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// Who we are.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Organisation {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
}

/// Where clients reach us.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) listen: SocketAddr,
    /// As clients write it; made from `listen` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<String>,
}

/// Where other nodes reach us, and which ledger it is.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ledger {
    pub(crate) listen: SocketAddr,
    pub(crate) genesis: PathBuf,
}

/// Where other organisations' nodes ask for records that patients share.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peers {
    pub(crate) listen: SocketAddr,
    /// As the others reach it, `host:port`; made from `listen` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// The organisation's policy on what leaves it, in Cedar; absent: the built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<PathBuf>,
}

impl Peers {
    /// The address that is announced to the others.
    pub(crate) fn announced(&self) -> String {
        let own = || self.listen.to_string();
        self.address.clone().unwrap_or_else(own)
    }
}

/// How the root key is opened.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) passphrase_env: Option<String>,
}

/// Tokens.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Access {
    pub(crate) token_lifetime_s: u64,
    /// `public`, `private` or `loopback`: to where the node makes requests of its own.
    pub(crate) outgoing: String,
    /// Absent: made from `http.base`, if that is a domain name or on loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) passkeys: Option<Passkeys>,
    /// Absent: people sign in here only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<Provider>,
}

/// A provider of OpenID Connect where people may sign in.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret_file: PathBuf,
}

/// For whom passkeys are made (WebAuthn's relying party).
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passkeys {
    pub(crate) id: String,
    pub(crate) origin: String,
}

impl Passkeys {
    pub(crate) fn party(&self) -> Option<RelyingParty> {
        RelyingParty::new(&self.id, &self.origin)
    }
}

impl Default for Access {
    fn default() -> Self {
        Self {
            token_lifetime_s: 8 * 3600,
            outgoing: "public".into(),
            passkeys: None,
            provider: None,
        }
    }
}

/// Bounds that an operator may move.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    pub(crate) body_bytes_max: usize,
    pub(crate) bundle_entries_max: usize,
    pub(crate) concurrent_requests_max: usize,
    pub(crate) disk_reserve_bytes: u64,
    pub(crate) request_time_max_s: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 32 << 20,
            bundle_entries_max: 10_000,
            concurrent_requests_max: 512,
            disk_reserve_bytes: store::Options::default().reserve_bytes,
            request_time_max_s: 60,
        }
    }
}

const HEAD: &str = "\
# Salus: one organisation. Paths are relative to this file.
# Keep the passphrase apart from the folder in production: passphrase_env = \"NAME\" instead of
# passphrase_file, or a file that a secret store mounts.
";

/// Tokens that live longer than a month are keys in disguise.
const TOKEN_LIFETIME_MAX_S: u64 = 31 * 24 * 3600;

impl Config {
    /// Reads and checks the file.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(path)
            .explain(|| format!("the configuration {} cannot be read", path.display()))
            .hint("`salus init --help` shows how to make one")?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| {
                Failure::new(format!(
                    "the configuration {} is not usable",
                    path.display()
                ))
                .cause(located(&error, &text))
            })
            .hint("docs/guides/start.md shows a whole file")?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        config.folder = folder.unwrap_or_else(|| Path::new(".")).to_path_buf();
        config.check(path)?;
        Ok(config)
    }

    /// Writes the file, once.
    pub(crate) fn write(&self, path: &Path) -> Outcome {
        let mut text = String::from(HEAD);
        let body = toml::to_string(self).explain(|| "the configuration has no text".into())?;
        let _ = write!(text, "\n{body}");
        std::fs::write(path, text).explain(|| format!("{} cannot be written", path.display()))
    }

    fn check(&self, path: &Path) -> Outcome {
        let wrong = |what: &str| {
            Err(Failure::new(format!(
                "the configuration {} is not usable",
                path.display()
            ))
            .cause(what))
        };
        if !is_slug(&self.organisation.id) {
            return wrong("organisation.id: 1 to 32 of a-z, 0-9 and hyphen");
        }
        if self.http.listen == self.ledger.listen {
            return wrong("http.listen and ledger.listen are the same address");
        }
        if let Some(peers) = &self.peers {
            if [self.http.listen, self.ledger.listen].contains(&peers.listen) {
                return wrong("peers.listen is the address of http.listen or ledger.listen");
            }
            if !ledger::Organisation::is_address(&peers.announced()) {
                return wrong("peers.address: host:port, as the other organisations reach it");
            }
        }
        if self.keys.passphrase_file.is_some() == self.keys.passphrase_env.is_some() {
            return wrong("keys: exactly one of passphrase_file and passphrase_env");
        }
        if !(60..=TOKEN_LIFETIME_MAX_S).contains(&self.access.token_lifetime_s) {
            return wrong("access.token_lifetime_s: from 60 to 2678400");
        }
        if self.access.outgoing.parse::<api::Reach>().is_err() {
            return wrong("access.outgoing: public, private or loopback");
        }
        let passkeys = self.access.passkeys.as_ref();
        if passkeys.is_some_and(|passkeys| passkeys.party().is_none()) {
            return wrong("access.passkeys: id is a domain, origin is https on it or below it");
        }
        let limits = &self.limits;
        if !(1 << 10..=1 << 30).contains(&limits.body_bytes_max) {
            return wrong("limits.body_bytes_max: from 1024 to 1073741824");
        }
        if limits.bundle_entries_max == 0
            || limits.concurrent_requests_max == 0
            || limits.request_time_max_s == 0
        {
            return wrong("limits: a bound of 0 lets nothing through");
        }
        Ok(())
    }

    /// A path of the file, seen from the current folder.
    pub(crate) fn path(&self, relative: &Path) -> PathBuf {
        self.folder.join(relative)
    }

    /// The provider of sign-ins, with its secret.
    pub(crate) fn provider(&self) -> Outcome<Option<api::Provider>> {
        let Some(provider) = &self.access.provider else {
            return Ok(None);
        };
        let path = self.path(&provider.client_secret_file);
        let secret = std::fs::read_to_string(&path)
            .explain(|| format!("the secret {} cannot be read", path.display()))?;
        Ok(Some(api::Provider {
            name: provider.name.clone(),
            issuer: provider.issuer.clone(),
            client_id: provider.client_id.clone(),
            client_secret: secret.trim().to_owned(),
        }))
    }

    /// The organisation's policy on what leaves it.
    pub(crate) fn policy(&self) -> Outcome<policy::Policy> {
        let file = self.peers.as_ref().and_then(|it| it.policy.as_deref());
        let Some(file) = file else {
            return policy::Policy::built_in()
                .explain(|| "the built-in policy is not usable".into());
        };
        let path = self.path(file);
        let text = std::fs::read_to_string(&path)
            .explain(|| format!("the policy {} cannot be read", path.display()))?;
        policy::Policy::read(&text)
            .explain(|| format!("the policy {} is not usable", path.display()))
            .hint("docs/reference/consent.md shows the built-in one")
    }

    /// The address as clients write it.
    pub(crate) fn base(&self) -> String {
        match &self.http.base {
            Some(base) => base.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.http.listen),
        }
    }

    /// How long a token is good for.
    pub(crate) fn token_lifetime(&self) -> Duration {
        Duration::from_secs(self.access.token_lifetime_s)
    }

    /// The passphrase, from where the file says.
    pub(crate) fn passphrase(&self) -> Outcome<String> {
        if let Some(name) = &self.keys.passphrase_env {
            return std::env::var(name)
                .explain(|| format!("the passphrase is not in the environment as {name}"));
        }
        let file = self
            .keys
            .passphrase_file
            .as_deref()
            .unwrap_or(Path::new("passphrase"));
        let path = self.path(file);
        let text = std::fs::read_to_string(&path)
            .explain(|| format!("the passphrase file {} cannot be read", path.display()))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// Whether a text can name an organisation (as `ledger::OrgId` wants it).
pub(crate) fn is_slug(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The place and the reason of a TOML error in one line, without the excerpt (it could be a key).
pub(crate) fn located(error: &toml::de::Error, text: &str) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line}: {}", error.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
[organisation]
id = \"my-clinic\"
name = \"My Clinic\"
kind = \"clinic\"
[http]
listen = \"127.0.0.1:8080\"
[ledger]
listen = \"127.0.0.1:9080\"
genesis = \"genesis.toml\"
[keys]
passphrase_file = \"passphrase\"
";

    fn read(text: &str) -> Outcome<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("salus.toml");
        std::fs::write(&path, text).unwrap();
        Config::read(&path)
    }

    #[test]
    fn a_written_configuration_is_read_back() {
        let config = read(GOOD).unwrap();
        assert_eq!(config.base(), "http://127.0.0.1:8080");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("salus.toml");
        config.write(&path).unwrap();
        let again = Config::read(&path).unwrap();
        assert_eq!(again.organisation, config.organisation);
        assert_eq!(again.limits, Limits::default());
    }

    #[test]
    fn a_wrong_configuration_says_what_is_wrong() {
        for (from, to, said) in [
            (
                "id = \"my-clinic\"",
                "id = \"My Clinic\"",
                "organisation.id",
            ),
            ("9080", "8080", "same address"),
            ("passphrase_file", "passphrase_fil", "unknown field"),
            (
                "genesis = \"genesis.toml\"\n",
                "",
                "missing field `genesis`",
            ),
            ("127.0.0.1:9080", "here", "line 8"),
            (
                "[keys]",
                "[access]\ntoken_lifetime_s = 5\n[keys]",
                "token_lifetime_s",
            ),
            (
                "[keys]",
                "[limits]\nbody_bytes_max = 5\n[keys]",
                "body_bytes_max",
            ),
        ] {
            let failure = read(&GOOD.replace(from, to)).unwrap_err().to_string();
            assert!(failure.contains(said), "{said} in {failure}");
        }
    }
}
