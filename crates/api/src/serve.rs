//! Connections: how many there may be, and how long one may say nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Request;
use axum::{BoxError, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_service::Service;

use crate::unread::Unread;

/// Bounds of the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Open ones; more wait in the queue of the system.
    pub count_max: usize,
    /// Time for the head of a request, the wait between two requests included.
    pub silence_max: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            count_max: 1024,
            silence_max: Duration::from_mins(1),
        }
    }
}

/// The other end of a connection, as an extension of each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The router, told who is at the other end.
#[derive(Clone)]
struct WithPeer(Router, Peer);

impl<B> Service<Request<B>> for WithPeer
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError> + Send,
{
    type Response = <Router as Service<Request<Body>>>::Response;
    type Error = <Router as Service<Request<Body>>>::Error;
    type Future = <Router as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<Body>>::poll_ready(&mut self.0, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.1);
        self.0
            .call(request.map(|body| Body::new(Unread::new(body))))
    }
}

/// After a failed `accept` (no file descriptor left) the next try waits this long.
const PAUSE: Duration = Duration::from_millis(100);
/// Requests at the same time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;

/// Serves a router until `stop` resolves; requests under way are finished first.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Connections,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let builder = builder(bounds);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(bounds.count_max));
    tokio::pin!(stop);
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place.map_err(io::Error::other)?,
            () = &mut stop => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, address)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // Answers are small and whole: waiting to fill a segment only costs time.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(WithPeer(router.clone(), Peer(address)));
        // A WebSocket takes its connection over, and leaves its place here to the next one.
        let io = TokioIo::new(stream);
        let connection = builder.serve_connection_with_upgrades(io, service);
        let connection = graceful.watch(connection.into_owned());
        tokio::spawn(async move {
            // A client that hangs up is no failure of ours.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

fn builder(bounds: Connections) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.silence_max);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .keep_alive_interval(bounds.silence_max)
        .keep_alive_timeout(bounds.silence_max);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    #[tokio::test]
    async fn a_silent_connection_is_closed_and_its_place_given_to_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", axum::routing::get(|| async { "well" }));
        let bounds = Connections {
            count_max: 1,
            silence_max: Duration::from_millis(200),
        };
        let server = tokio::spawn(serve(listener, router, bounds, std::future::pending()));
        // The only place is taken by somebody who begins a request and never ends it.
        let mut silent = TcpStream::connect(address).await.unwrap();
        silent.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let mut next = TcpStream::connect(address).await.unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        next.write_all(request).await.unwrap();
        let mut answer = String::new();
        next.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("well"), "{answer}");
        let mut rest = Vec::new();
        let _ = silent.read_to_end(&mut rest).await;
        server.abort();
    }
}
