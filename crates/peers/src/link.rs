//! The calling end: a connection to one peer, opened and checked.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, Error};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::bounds::{HEADERS_BYTES_MAX, WINDOW_BYTES};
use crate::message::OPEN;
use crate::tasks::Tasks;
use crate::tls::{self, ALPN};
use crate::{Bounds, Identity, Peer, PeerError};

/// Never sent (no SNI) and never checked: the key says who it is.
pub(crate) const NAME: &str = "peer.invalid";
/// Said by a handshake and by a call alike.
pub(crate) const NOT_PINNED_THERE: &str = "our key is not pinned in its registry";

/// An open link.
#[derive(Clone)]
pub(crate) struct Link {
    /// Whom it was opened to.
    pub(crate) peer: Peer,
    pub(crate) requests: SendRequest<Full<Bytes>>,
}

impl Link {
    /// Whether the link can carry a call to this peer: a replaced key or address closes it.
    pub(crate) fn serves(&self, peer: &Peer) -> bool {
        self.peer == *peer && !self.requests.is_closed()
    }

    /// Connects, shakes hands, and waits until the other end says that it is open.
    pub(crate) async fn open(
        organisation: &str,
        peer: Peer,
        identity: &Identity,
        bounds: &Bounds,
        tasks: &Tasks,
    ) -> Result<Self, PeerError> {
        let stream = timeout(bounds.connect_max, secure(organisation, &peer, identity))
            .await
            .map_err(|_| PeerError::TimedOut {
                organisation: organisation.to_owned(),
                during: "connecting",
            })??;
        let (requests, driver) = builder(bounds, tasks)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| unreachable(organisation, &peer, &error))?;
        let name = organisation.to_owned();
        tasks.spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(organisation = name, %error, "a link ended");
            }
        });
        Ok(Self { peer, requests })
    }
}

fn unreachable(organisation: &str, peer: &Peer, cause: &dyn std::fmt::Display) -> PeerError {
    PeerError::Unreachable {
        organisation: organisation.to_owned(),
        address: peer.address.clone(),
        cause: cause.to_string(),
    }
}

/// TCP, TLS, and the first byte.
async fn secure(
    organisation: &str,
    peer: &Peer,
    identity: &Identity,
) -> Result<TlsStream<TcpStream>, PeerError> {
    let failed = |error: io::Error| failure(organisation, peer, &error);
    let stream = TcpStream::connect(&peer.address).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let connector = TlsConnector::from(tls::client(identity, peer.key)?);
    let name = ServerName::try_from(NAME).map_err(|_| PeerError::Library("name".to_owned()))?;
    let mut stream = connector.connect(name, stream).await.map_err(failed)?;
    if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
        return Err(PeerError::Refused {
            organisation: organisation.to_owned(),
            cause: "it speaks another protocol".to_owned(),
        });
    }
    // In TLS 1.3 our own handshake is over before the other end has judged our key.
    match stream.read_u8().await.map_err(failed)? {
        OPEN => Ok(stream),
        _ => Err(PeerError::Busy {
            organisation: organisation.to_owned(),
        }),
    }
}

/// What a failed handshake means.
fn failure(organisation: &str, peer: &Peer, error: &io::Error) -> PeerError {
    let organisation = organisation.to_owned();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            PeerError::NotPinned {
                organisation,
                cause: "another key than the pinned one was shown at its address",
            }
        }
        Some(Error::AlertReceived(AlertDescription::AccessDenied)) => PeerError::Refused {
            organisation,
            cause: NOT_PINNED_THERE.to_owned(),
        },
        Some(other) => PeerError::Refused {
            organisation,
            cause: other.to_string(),
        },
        None => unreachable(&organisation, peer, error),
    }
}

fn builder(bounds: &Bounds, tasks: &Tasks) -> http2::Builder<Tasks> {
    let silence: Duration = bounds.silence_max;
    let mut builder = http2::Builder::new(tasks.clone());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(bounds.link_window_bytes())
        .initial_max_send_streams(usize::from(u8::MAX).min(bounds.calls_max.max(1)))
        .max_header_list_size(HEADERS_BYTES_MAX)
        .keep_alive_interval(silence)
        .keep_alive_timeout(silence)
        .keep_alive_while_idle(true);
    builder
}
