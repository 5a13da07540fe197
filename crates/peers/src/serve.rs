//! The accepting end: listens, checks the key, and serves the calls of a link.

use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::answer::Guest;
use crate::bounds::{HEADERS_BYTES_MAX, WINDOW_BYTES};
use crate::identity::key_in;
use crate::message::{FULL, OPEN};
use crate::room::Room;
use crate::tasks::Tasks;
use crate::tls::ALPN;
use crate::{Bounds, Handler, Registry};

/// After a failed `accept` (no file descriptor left) the next try waits this long.
const PAUSE: Duration = Duration::from_millis(100);

/// One organisation's share of this node. There is one for each that was ever pinned.
struct Share {
    links: Arc<Semaphore>,
    room: Arc<Room>,
}

/// What all links of a listener have in common.
pub(crate) struct Server {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) bounds: Bounds,
    shares: Mutex<HashMap<String, Arc<Share>>>,
    ending: CancellationToken,
    tasks: Tasks,
}

impl Server {
    pub(crate) fn new(
        acceptor: TlsAcceptor,
        registry: Arc<dyn Registry>,
        handler: Arc<dyn Handler>,
        bounds: Bounds,
    ) -> Self {
        Self {
            acceptor,
            registry,
            handler,
            bounds,
            shares: Mutex::default(),
            ending: CancellationToken::new(),
            tasks: Tasks::default(),
        }
    }

    /// Serves until `stop` resolves; calls under way are finished first, within `drain_max`.
    pub(crate) async fn run(
        self: Arc<Self>,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) {
        let _guard = self.tasks.guard();
        let handshakes = Arc::new(Semaphore::new(self.bounds.handshakes_max.max(1)));
        let mut stop = pin!(stop);
        loop {
            let place = tokio::select! {
                place = Arc::clone(&handshakes).acquire_owned() => place,
                () = &mut stop => break,
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut stop => break,
            };
            let Ok((stream, _)) = accepted else {
                sleep(PAUSE).await;
                continue;
            };
            let server = Arc::clone(&self);
            self.tasks.spawn(async move {
                let opened = timeout(server.bounds.connect_max, server.handshake(stream)).await;
                drop(place);
                match opened {
                    Ok(Ok((stream, key))) => server.link(stream, key).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a link was not opened"),
                    Err(_) => tracing::debug!("a handshake took too long"),
                }
            });
        }
        drop(listener);
        self.ending.cancel();
        let _ = timeout(self.bounds.drain_max, self.tasks.finished()).await;
        self.tasks.end().await;
    }

    async fn handshake(&self, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, [u8; 32])> {
        // Messages are whole: waiting to fill a segment only costs time.
        stream.set_nodelay(true)?;
        let stream = self.acceptor.accept(stream).await?;
        let session = stream.get_ref().1;
        let shown = session.peer_certificates().and_then(<[_]>::first);
        let key = shown.and_then(|shown| key_in(shown));
        let key = key.ok_or(io::Error::other("no key was shown"))?;
        if session.alpn_protocol() != Some(ALPN) {
            return Err(io::Error::other("another protocol was asked for"));
        }
        Ok((stream, key))
    }

    /// Serves one link until either end closes it.
    async fn link(&self, mut stream: TlsStream<TcpStream>, key: [u8; 32]) {
        let Some(organisation) = self.registry.organisation_of(&key) else {
            return;
        };
        let share = self.share(&organisation);
        let place = Arc::clone(&share.links).try_acquire_owned();
        let word = if place.is_ok() { OPEN } else { FULL };
        let said = timeout(self.bounds.connect_max, async {
            stream.write_all(&[word]).await?;
            stream.flush().await
        });
        if !matches!(said.await, Ok(Ok(()))) || word == FULL {
            tracing::debug!(organisation, "a link was not opened");
            return;
        }
        let guest = Arc::new(Guest {
            key,
            registry: Arc::clone(&self.registry),
            handler: Arc::clone(&self.handler),
            room: Arc::clone(&share.room),
            bounds: self.bounds,
            ending: self.ending.child_token(),
        });
        let ending = guest.ending.clone();
        let service = service_fn(move |request| Arc::clone(&guest).answer(request));
        let served = self
            .builder()
            .serve_connection(TokioIo::new(stream), service);
        let mut served = pin!(served);
        tokio::select! {
            ended = served.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(organisation, %error, "a link ended");
                }
                return;
            }
            () = ending.cancelled() => served.as_mut().graceful_shutdown(),
        }
        let _ = timeout(self.bounds.drain_max, served).await;
    }

    fn share(&self, organisation: &str) -> Arc<Share> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.entry(organisation.to_owned()).or_insert_with(|| {
            Arc::new(Share {
                links: Arc::new(Semaphore::new(self.bounds.links_max.max(1))),
                room: Arc::new(Room::new(&self.bounds)),
            })
        });
        Arc::clone(share)
    }

    fn builder(&self) -> http2::Builder<Tasks> {
        let mut builder = http2::Builder::new(self.tasks.clone());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.bounds.streams_max())
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(self.bounds.link_window_bytes())
            .max_header_list_size(HEADERS_BYTES_MAX)
            .keep_alive_interval(self.bounds.silence_max)
            .keep_alive_timeout(self.bounds.silence_max)
            .auto_date_header(false);
        builder
    }
}
