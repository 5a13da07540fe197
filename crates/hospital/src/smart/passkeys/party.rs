//! For whom passkeys are made: the relying party. WebAuthn 2 4, "Relying Party Identifier".

use std::net::IpAddr;

/// The relying party that an organisation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    /// A domain name: passkeys are made for it and found by it.
    pub id: String,
    /// The one origin whose pages may ask for a passkey, as `https://id.example.org`.
    pub origin: String,
}

impl RelyingParty {
    /// The party of a server at this base. Browsers make no passkey for an address: a server on
    /// loopback is `localhost` to them.
    pub fn of(base: &str) -> Option<Self> {
        let (scheme, rest) = base.split_once("://")?;
        let authority = rest.split('/').next()?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                (host, format!(":{port}"))
            }
            _ => (authority, String::new()),
        };
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let host = match literal {
            Ok(address) if address.is_loopback() => "localhost",
            Ok(_) => return None,
            Err(_) => host,
        };
        Self::new(host, &format!("{scheme}://{host}{port}"))
    }

    /// A party by its id and origin: the host of the origin is the id or below it, and a secure
    /// context, which is https, or http on `localhost`.
    pub fn new(id: &str, origin: &str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
        let is_name =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        let named = !id.is_empty() && id.bytes().all(is_name) && id.parse::<IpAddr>().is_err();
        let below = host.strip_suffix(id);
        let below = below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let secure = scheme == "https" || (scheme == "http" && host == "localhost");
        let fits = named && below && secure && host.bytes().all(is_name);
        (fits && port.parse::<u16>().is_ok()).then(|| Self {
            id: id.to_owned(),
            origin: origin.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_is_a_domain_in_a_secure_context() {
        for (base, id, origin) in [
            (
                "http://127.0.0.1:8080",
                "localhost",
                "http://localhost:8080",
            ),
            ("http://[::1]:8080", "localhost", "http://localhost:8080"),
            (
                "https://fhir.st-mary.example",
                "fhir.st-mary.example",
                "https://fhir.st-mary.example",
            ),
            (
                "https://a.example:8443",
                "a.example",
                "https://a.example:8443",
            ),
        ] {
            let party = RelyingParty::of(base).unwrap();
            assert_eq!((party.id.as_str(), party.origin.as_str()), (id, origin));
        }
        for base in [
            "https://192.0.2.7",
            "http://a.example",
            "a.example",
            "https://A.example",
        ] {
            assert_eq!(RelyingParty::of(base), None, "{base}");
        }
        let fits = |id: &str, origin: &str| RelyingParty::new(id, origin).is_some();
        assert!(fits("example.org", "https://id.example.org"));
        assert!(!fits("example.org", "https://badexample.org"));
        assert!(!fits("id.example.org", "https://example.org"));
        assert!(!fits("", "https://example.org"));
        assert!(!fits("example.org", "https://example.org/path"));
    }
}
