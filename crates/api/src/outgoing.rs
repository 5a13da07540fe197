//! The only requests that a node makes over HTTP: for the keys of clients and of a provider of
//! sign-ins, at addresses that an administrator or the operator wrote down, and to the receivers of
//! EPCIS subscriptions, at addresses that whoever handles medicines here wrote down.
//!
//! Every request is bounded in time and size, follows no redirect, uses no proxy, and goes only to
//! addresses that the operator allows. The addresses are checked where the name is resolved, so
//! that a name cannot mean one thing to the check and another to the connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Time for a whole request.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Largest answer.
const BODY_BYTES_MAX: u64 = 64 << 10;
const HEADER_BYTES_MAX: usize = 16 << 10;
/// Requests at the same time; each takes a thread.
pub(crate) const REQUESTS_MAX: usize = 8;
/// Longest address.
pub(crate) const URL_BYTES_MAX: usize = 512;

/// To where a node makes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Reach {
    /// To public addresses, by https.
    #[default]
    Public,
    /// To those of private networks too (RFC 1918, RFC 4193), by https.
    Private,
    /// To this machine too, and there by http. For demonstrations and tests.
    Loopback,
}

impl std::str::FromStr for Reach {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "public" => Ok(Self::Public),
            "private" => Ok(Self::Private),
            "loopback" => Ok(Self::Loopback),
            _ => Err(()),
        }
    }
}

impl Reach {
    /// Whether an address is within reach. Link-local addresses never are: machines in a cloud
    /// tell their secrets there.
    fn has(self, address: IpAddr) -> bool {
        let kind = match address.to_canonical() {
            IpAddr::V4(address) => kind_of_v4(address),
            IpAddr::V6(address) => kind_of_v6(address),
        };
        kind.is_some_and(|kind| kind <= self)
    }

    /// Refuses an address that no request may be made to, before any name is resolved.
    pub(crate) fn check(self, url: &str) -> Result<Uri, &'static str> {
        if url.len() > URL_BYTES_MAX || url.contains(['#', '\\', ' ']) {
            return Err("it is too long, or has a fragment or a space");
        }
        let uri: Uri = url.parse().map_err(|_| "it is no absolute address")?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("it is no absolute address");
        };
        if authority.as_str().contains('@') {
            return Err("it has a name or a password");
        }
        let host = authority.host().trim_matches(['[', ']']);
        let literal = host.parse::<IpAddr>().ok();
        let loopback = host == "localhost" || literal.is_some_and(|address| address.is_loopback());
        match scheme {
            "https" => {}
            "http" if loopback && self == Self::Loopback => {}
            _ => return Err("it is not https"),
        }
        if literal.is_some_and(|address| !self.has(address)) {
            return Err("access.outgoing does not reach this address");
        }
        Ok(uri)
    }
}

/// The least reach that an address needs; `None`: no request ever goes there.
fn kind_of_v4(address: Ipv4Addr) -> Option<Reach> {
    if address.is_loopback() {
        return Some(Reach::Loopback);
    }
    if address.is_private() {
        return Some(Reach::Private);
    }
    let [a, b, c, _] = address.octets();
    // RFC 6890: this network, shared space, protocol assignments, tests, reserved.
    let special = a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
        || a >= 224;
    let never = special || address.is_link_local() || address.is_documentation();
    (!never).then_some(Reach::Public)
}

fn kind_of_v6(address: Ipv6Addr) -> Option<Reach> {
    if address.is_loopback() {
        return Some(Reach::Loopback);
    }
    if address.is_unique_local() {
        return Some(Reach::Private);
    }
    let parts = address.segments();
    // RFC 4291 2.4: global unicast. Not 2001::/23 (Teredo and others), 2001:db8::/32 and
    // 2002::/16: the first and last lead to IPv4 addresses that nobody has checked.
    let global = parts[0] & 0xe000 == 0x2000
        && !(parts[0] == 0x2001 && (parts[1] < 0x200 || parts[1] == 0xdb8))
        && parts[0] != 0x2002;
    global.then_some(Reach::Public)
}

/// Resolves names to the addresses that are within reach.
#[derive(Debug)]
struct Guarded(Reach);

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found.iter().filter(|address| self.0.has(address.ip())) {
            kept.push(*address);
        }
        if kept.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(kept)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) bytes: Vec<u8>,
    /// `Cache-Control: max-age`, in seconds.
    pub(crate) max_age_s: Option<u64>,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Get,
    /// A form, and the `Authorization` header.
    Form(String, Option<String>),
    /// JSON with more headers; only the status of the answer counts.
    Json(Bytes, Vec<(&'static str, String)>),
}

/// The client.
pub(crate) struct Outgoing {
    agent: ureq::Agent,
    reach: Reach,
    places: Arc<Semaphore>,
}

impl Outgoing {
    pub(crate) fn new(reach: Reach) -> Self {
        // The one TLS library, with the one provider, and the certificates of the machine: an
        // organisation's own authority is there too.
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(
                rustls::crypto::aws_lc_rs::default_provider(),
            ))
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .https_only(reach != Reach::Loopback)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent("salus")
            .max_response_header_size(HEADER_BYTES_MAX)
            .max_idle_connections(REQUESTS_MAX)
            .timeout_global(Some(TIME_MAX))
            .build();
        let connector = DefaultConnector::default();
        Self {
            agent: ureq::Agent::with_parts(config, connector, Guarded(reach)),
            reach,
            places: Arc::new(Semaphore::new(REQUESTS_MAX)),
        }
    }

    pub(crate) fn reach(&self) -> Reach {
        self.reach
    }

    /// Asks, on a thread that may wait. The error says why in words for the log.
    pub(crate) async fn ask(&self, url: &str, ask: Ask) -> Result<Fetched, String> {
        let uri = self.reach.check(url)?;
        let places = Arc::clone(&self.places);
        let Ok(Ok(place)) = tokio::time::timeout(TIME_MAX, places.acquire_owned()).await else {
            return Err("too many requests to others are under way".into());
        };
        let agent = self.agent.clone();
        let work = move || {
            let _place = place;
            answer(&agent, uri, ask).map_err(|error| error.to_string())
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(error.to_string()))
    }
}

fn answer(agent: &ureq::Agent, uri: Uri, ask: Ask) -> Result<Fetched, ureq::Error> {
    let json = ("accept", "application/json");
    let mut response = match ask {
        Ask::Get => agent.get(uri).header(json.0, json.1).call()?,
        Ask::Form(form, authorization) => {
            let mut request = agent
                .post(uri)
                .header(json.0, json.1)
                .header("content-type", "application/x-www-form-urlencoded");
            if let Some(value) = authorization {
                request = request.header("authorization", value);
            }
            request.send(form)?
        }
        Ask::Json(body, headers) => {
            let mut request = agent.post(uri).header("content-type", "application/json");
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let response = request.send(&body[..])?;
            return Ok(Fetched {
                status: response.status().as_u16(),
                bytes: Vec::new(),
                max_age_s: None,
            });
        }
    };
    let control = response.headers().get("cache-control");
    let max_age_s = control
        .and_then(|value| value.to_str().ok())
        .and_then(max_age);
    let body = response.body_mut().with_config().limit(BODY_BYTES_MAX);
    let bytes = body.read_to_vec()?;
    Ok(Fetched {
        status: response.status().as_u16(),
        bytes,
        max_age_s,
    })
}

/// RFC 9111 5.2.2: how long an answer is fresh; one that may not be stored is at once stale.
fn max_age(control: &str) -> Option<u64> {
    let directives = control.split(',').map(str::trim);
    let mut age = None;
    for directive in directives {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return Some(0),
            "max-age" => age = value.trim_matches('"').parse().ok(),
            _ => {}
        }
    }
    age
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_to_addresses_within_reach_only() {
        use Reach::{Loopback, Private, Public};
        for (address, least) in [
            ("192.0.9.1", Some(Public)),
            ("8.8.8.8", Some(Public)),
            ("2606:4700::1111", Some(Public)),
            ("10.1.2.3", Some(Private)),
            ("172.16.0.1", Some(Private)),
            ("192.168.1.1", Some(Private)),
            ("fd00::1", Some(Private)),
            ("::ffff:10.0.0.1", Some(Private)),
            ("127.0.0.1", Some(Loopback)),
            ("127.8.8.8", Some(Loopback)),
            ("::1", Some(Loopback)),
            ("::ffff:127.0.0.1", Some(Loopback)),
            ("169.254.169.254", None),
            ("::ffff:169.254.169.254", None),
            ("fe80::1", None),
            ("0.0.0.0", None),
            ("::", None),
            ("100.64.0.1", None),
            ("192.0.2.1", None),
            ("198.18.0.1", None),
            ("224.0.0.1", None),
            ("255.255.255.255", None),
            ("64:ff9b::a9fe:a9fe", None),
            ("2002:a9fe:a9fe::1", None),
            ("2001:0:a9fe::1", None),
            ("2001:db8::1", None),
            ("ff02::1", None),
        ] {
            let address: IpAddr = address.parse().unwrap();
            for reach in [Public, Private, Loopback] {
                let expected = least.is_some_and(|least| least <= reach);
                assert_eq!(reach.has(address), expected, "{address} {reach:?}");
            }
        }
    }

    #[test]
    fn an_address_is_https_and_says_nothing_else() {
        for (url, public, loopback) in [
            ("https://keys.example.org/jwks", true, true),
            ("https://keys.example.org:8443/jwks?x=1", true, true),
            ("http://keys.example.org/jwks", false, false),
            ("http://127.0.0.1:8080/jwks", false, true),
            ("http://localhost:8080/jwks", false, true),
            ("http://[::1]:8080/jwks", false, true),
            ("http://10.0.0.1/jwks", false, false),
            ("https://10.0.0.1/jwks", false, true),
            ("https://169.254.169.254/jwks", false, false),
            ("https://user@keys.example.org/", false, false),
            ("https://user:word@keys.example.org/", false, false),
            ("https://keys.example.org/#a", false, false),
            ("ftp://keys.example.org/", false, false),
            ("file:///etc/passwd", false, false),
            ("/auth/jwks", false, false),
            ("", false, false),
        ] {
            assert_eq!(Reach::Public.check(url).is_ok(), public, "{url}");
            assert_eq!(Reach::Loopback.check(url).is_ok(), loopback, "{url}");
        }
        let long = format!("https://keys.example.org/{}", "a".repeat(500));
        assert!(Reach::Public.check(&long).is_err());
    }

    #[test]
    fn the_age_of_an_answer_is_read_as_its_header_says() {
        for (header, age) in [
            ("max-age=60", Some(60)),
            ("public, Max-Age=\"60\"", Some(60)),
            ("no-store, max-age=60", Some(0)),
            ("no-cache", Some(0)),
            ("public", None),
            ("max-age=x", None),
        ] {
            assert_eq!(max_age(header), age, "{header}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_asked() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Outgoing::new(Reach::Private)
            .ask(&format!("https://localhost:{port}/jwks"), Ask::Get)
            .await;
        assert!(asked.is_err());
        let nobody = listener.accept().err().map(|error| error.kind());
        assert_eq!(nobody, Some(std::io::ErrorKind::WouldBlock));
    }
}
