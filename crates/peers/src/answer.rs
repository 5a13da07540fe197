//! One call that came in: who may be heard, how much, how long.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::bounds::PATH_BYTES_MAX;
use crate::message::{REFUSAL, Refusal};
use crate::room::{Place, Room};
use crate::{Bounds, Call, Handler, Registry};

/// Bytes given to the link at once.
const CHUNK: usize = 64 * 1024;

/// The accepting end of one link.
pub(crate) struct Guest {
    pub(crate) key: [u8; 32],
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) room: Arc<Room>,
    pub(crate) bounds: Bounds,
    /// Ends this link, after the calls under way.
    pub(crate) ending: CancellationToken,
}

impl Guest {
    /// Answers a call, or refuses it by a word of the link.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Chunks>, Infallible> {
        // Asked anew: a member may have been removed since the handshake.
        let answered = match self.registry.organisation_of(&self.key) {
            None => {
                self.ending.cancel();
                Err(Refusal::NotPinned)
            }
            Some(from) => match timeout(self.bounds.answer_max, self.heard(from, request)).await {
                Ok(answered) => answered,
                Err(_) => Err(Refusal::TimedOut),
            },
        };
        Ok(answered.unwrap_or_else(refused))
    }

    async fn heard(
        &self,
        from: String,
        request: Request<Incoming>,
    ) -> Result<Response<Chunks>, Refusal> {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        if head.method != Method::POST || path.len() > PATH_BYTES_MAX {
            return Err(Refusal::Malformed);
        }
        // RFC 9113 8.1.1: with a declared length, no more bytes than that arrive.
        let length = body.size_hint().exact().ok_or(Refusal::Malformed)?;
        let length = usize::try_from(length).map_err(|_| Refusal::CallTooLarge)?;
        if length > self.bounds.body_bytes_max {
            return Err(Refusal::CallTooLarge);
        }
        let place = self.room.place().await.ok_or(Refusal::Busy)?;
        let taken = self.room.hold(length).await.ok_or(Refusal::Busy)?;
        let read = Limited::new(body, length).collect().await;
        let body = read.map_err(|_| Refusal::Malformed)?.to_bytes();
        let call = Call {
            path: path.to_owned(),
            body,
        };
        let reply = self.handler.handle(from, call).await;
        drop(taken);
        if reply.body.len() > self.bounds.body_bytes_max {
            return Err(Refusal::ReplyTooLarge);
        }
        let status = StatusCode::from_u16(reply.status).unwrap_or_default();
        let mut response = Response::new(Chunks::new(reply.body, Some(place)));
        *response.status_mut() = match reply.status {
            200..=599 => status,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Ok(response)
    }
}

fn refused(refusal: Refusal) -> Response<Chunks> {
    let mut response = Response::new(Chunks::new(Bytes::new(), None));
    *response.status_mut() = refusal.status();
    let word = hyper::header::HeaderValue::from_static(refusal.word());
    response.headers_mut().insert(REFUSAL, word);
    response
}

/// A body in pieces that keeps its place until the last one is taken: a peer that does not read
/// holds up its own calls and nobody else's.
pub(crate) struct Chunks {
    rest: Bytes,
    place: Option<Place>,
}

impl Chunks {
    fn new(rest: Bytes, place: Option<Place>) -> Self {
        Self { rest, place }
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            self.place = None;
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(CHUNK);
        let chunk = self.rest.split_to(length);
        if self.rest.is_empty() {
            self.place = None;
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
