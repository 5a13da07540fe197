//! What is spoken, seen from a client and a server of the library with other settings.

use std::io;
use std::sync::Arc;

use peers::{Bounds, PeerError};
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group, sign};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{
    AlertDescription, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::nodes::{LONG, Two, identity};

/// Trusts anybody: what is refused is refused by the other end.
#[derive(Debug)]
struct Trusting;

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Trusting {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// The key pair of `identity(number)`, for the library itself.
fn key(number: u8) -> Arc<CertifiedKey> {
    let head = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    let der = PrivatePkcs8KeyDer::from([head.as_slice(), &[number; 32]].concat());
    let key = sign::any_eddsa_type(&der).unwrap();
    let info = key.public_key().unwrap().to_vec();
    assert!(info.ends_with(&identity(number).public()));
    Arc::new(CertifiedKey::new(vec![CertificateDer::from(info)], key))
}

fn provider(groups: &[&'static dyn SupportedKxGroup]) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        kx_groups: groups.to_vec(),
        ..aws_lc_rs::default_provider()
    })
}

fn client(provider: Arc<CryptoProvider>, protocol: &[u8], shown: Option<u8>) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting));
    let mut config = match shown {
        Some(number) => builder.with_client_cert_resolver(Arc::new(
            AlwaysResolvesClientRawPublicKeys::new(key(number)),
        )),
        None => builder.with_no_client_auth(),
    };
    if !protocol.is_empty() {
        config.alpn_protocols = vec![protocol.to_vec()];
    }
    config
}

/// Connects, and answers the first byte of the server or why there is none.
async fn first_byte(address: &str, config: ClientConfig) -> io::Result<u8> {
    let connected = async {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("any.invalid").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await?.read_u8().await
    };
    tokio::time::timeout(LONG, connected).await.expect("an end")
}

fn alert(failed: io::Result<u8>) -> AlertDescription {
    let error = failed.expect_err("it is refused");
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(Error::AlertReceived(alert)) => *alert,
        other => panic!("{other:?} instead of an alert"),
    }
}

const HYBRID: &[&dyn SupportedKxGroup] = &[kx_group::X25519MLKEM768];
const OURS: &[u8] = b"salus-peer/1";

#[tokio::test]
async fn anything_but_the_hybrid_exchange_is_refused() {
    let two = Two::start(Bounds::default()).await;
    let address = &two.mary.address;
    // The same client with the hybrid exchange is let in: it is the exchange that is refused.
    let good = client(provider(HYBRID), OURS, Some(1));
    assert_eq!(first_byte(address, good).await.unwrap(), 1);
    for group in [
        kx_group::X25519,
        kx_group::SECP256R1,
        kx_group::SECP384R1,
        kx_group::MLKEM768,
        kx_group::SECP256R1MLKEM768,
    ] {
        let config = client(provider(&[group]), OURS, Some(1));
        let refused = first_byte(address, config).await;
        assert_eq!(
            alert(refused),
            AlertDescription::HandshakeFailure,
            "{group:?}"
        );
    }
    let mut short = aws_lc_rs::default_provider();
    short.kx_groups = HYBRID.to_vec();
    short.cipher_suites = vec![cipher_suite::TLS13_AES_128_GCM_SHA256];
    let refused = first_byte(address, client(Arc::new(short), OURS, Some(1))).await;
    assert_eq!(alert(refused), AlertDescription::HandshakeFailure);
}

#[tokio::test]
async fn tls_1_2_is_refused() {
    let two = Two::start(Bounds::default()).await;
    // A ClientHello of TLS 1.2 (RFC 5246 7.4.1.2): ECDHE-ECDSA-AES128-GCM, P-256, Ed25519.
    let extensions = [
        &[0, 10, 0, 4, 0, 2, 0, 23][..],
        &[0, 13, 0, 4, 0, 2, 8, 7],
        &[0, 11, 0, 2, 1, 0],
    ]
    .concat();
    let mut hello = vec![3, 3];
    hello.extend([9; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0, 0]);
    hello.push(u8::try_from(extensions.len()).unwrap());
    hello.extend(extensions);
    let length = u8::try_from(hello.len()).unwrap();
    let record = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat();
    let mut stream = TcpStream::connect(&two.mary.address).await.unwrap();
    stream.write_all(&record).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut answer));
    read.await.expect("it hangs up").unwrap();
    // A fatal alert, protocol_version (RFC 8446 6.2).
    assert_eq!(answer, [21, 3, 3, 0, 2, 2, 70]);
}

#[tokio::test]
async fn a_client_without_a_key_or_with_an_unknown_one_is_refused() {
    let two = Two::start(Bounds::default()).await;
    let address = &two.mary.address;
    let without = client(provider(HYBRID), OURS, None);
    assert!(first_byte(address, without).await.is_err());
    let stranger = client(provider(HYBRID), OURS, Some(9));
    let refused = alert(first_byte(address, stranger).await);
    assert_eq!(refused, AlertDescription::AccessDenied);
}

#[tokio::test]
async fn another_protocol_is_refused() {
    let two = Two::start(Bounds::default()).await;
    let address = &two.mary.address;
    let other = client(provider(HYBRID), b"h2", Some(1));
    let refused = alert(first_byte(address, other).await);
    assert_eq!(refused, AlertDescription::NoApplicationProtocol);
    let none = client(provider(HYBRID), b"", Some(1));
    let error = first_byte(address, none).await.expect_err("no first byte");
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

/// A server with the right key that would take us, with these groups and this protocol.
async fn calling(groups: &[&'static dyn SupportedKxGroup], protocol: &[u8]) -> PeerError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let two = Two::start(Bounds::default()).await;
    let address = listener.local_addr().unwrap().to_string();
    two.pins.pin("st-mary", identity(2).public(), &address);
    let mut config = ServerConfig::builder_with_provider(provider(groups))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(Arc::new(Trusting))
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(key(2))));
    config.alpn_protocols = vec![protocol.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        if let Ok(mut stream) = acceptor.accept(stream).await {
            let _ = stream.write_all(&[2]).await;
            let _ = stream.flush().await;
        }
    });
    let called = two.call("/turn", b"secret").await.unwrap_err();
    server.await.unwrap();
    called
}

#[tokio::test]
async fn a_server_without_the_hybrid_exchange_hears_nothing_from_us() {
    // Control: with the exchange and the protocol, the first byte is read (2: full).
    let busy = calling(HYBRID, OURS).await;
    assert!(matches!(busy, PeerError::Busy { .. }), "{busy:?}");
    for group in [kx_group::X25519, kx_group::SECP256R1] {
        let refused = calling(&[group], OURS).await;
        assert!(matches!(refused, PeerError::Refused { .. }), "{refused:?}");
    }
    let refused = calling(HYBRID, b"h2").await;
    assert!(matches!(refused, PeerError::Refused { .. }), "{refused:?}");
}
