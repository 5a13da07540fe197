//! What is spoken: TLS 1.3, X25519MLKEM768, two ciphers, raw public keys, nothing resumed.

use std::sync::Arc;

use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::version::TLS13;
use rustls::{ClientConfig, ServerConfig};

use crate::trust::{Members, Pinned};
use crate::{Identity, PeerError, Registry};

/// Name of our protocol in the handshake (RFC 7301).
pub(crate) const ALPN: &[u8] = b"salus-peer/1";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        kx_groups: vec![kx_group::X25519MLKEM768],
        cipher_suites: vec![
            cipher_suite::TLS13_AES_256_GCM_SHA384,
            cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        ],
        ..aws_lc_rs::default_provider()
    })
}

fn library(error: &rustls::Error) -> PeerError {
    PeerError::Library(error.to_string())
}

/// For those who call us.
pub(crate) fn server(
    identity: &Identity,
    registry: Arc<dyn Registry>,
) -> Result<Arc<ServerConfig>, PeerError> {
    let provider = provider();
    let members = Members {
        registry,
        algorithms: provider.signature_verification_algorithms,
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| library(&error))?
        .with_client_cert_verifier(Arc::new(members))
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(
            identity.certified(),
        )));
    config.alpn_protocols = vec![ALPN.to_vec()];
    // A resumed session would not ask the registry again.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// For calling whoever has this key.
pub(crate) fn client(identity: &Identity, key: [u8; 32]) -> Result<Arc<ClientConfig>, PeerError> {
    let provider = provider();
    let pinned = Pinned {
        key,
        algorithms: provider.signature_verification_algorithms,
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| library(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(
            identity.certified(),
        )));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    // The key says who it is; a name would only tell the network whom we call.
    config.enable_sni = false;
    Ok(Arc::new(config))
}
