//! The door of this crate: serve the others, and call them.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::{Method, Request, Response, Uri};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;

use crate::bounds::PATH_BYTES_MAX;
use crate::link::{Link, NAME, NOT_PINNED_THERE};
use crate::message::{REFUSAL, Refusal};
use crate::room::Room;
use crate::serve::Server;
use crate::tasks::Tasks;
use crate::{Bounds, Handler, Identity, Peer, PeerError, Registry, Reply, tls};

/// No call waits longer than this.
const DEADLINE_MAX: Duration = Duration::from_mins(10);
/// A cause that is as long as this gets no deeper sources.
const CAUSE_BYTES: usize = 256;

/// The links of one node.
pub struct Peers {
    identity: Identity,
    registry: Arc<dyn Registry>,
    bounds: Bounds,
    /// One for each organisation that was called.
    routes: Mutex<HashMap<String, Arc<Route>>>,
    tasks: Tasks,
}

/// Ends the links that were opened.
impl Drop for Peers {
    fn drop(&mut self) {
        self.tasks.cancel();
    }
}

/// What leads to one organisation.
struct Route {
    room: Room,
    link: tokio::sync::Mutex<Option<Link>>,
}

impl Peers {
    /// The links of the node with this identity.
    pub fn new(identity: Identity, registry: Arc<dyn Registry>, bounds: Bounds) -> Self {
        Self {
            identity,
            registry,
            bounds,
            routes: Mutex::default(),
            tasks: Tasks::default(),
        }
    }

    /// Answers the calls of other organisations until `stop` resolves; calls under way are
    /// finished first, and no task is left then.
    pub async fn serve(
        &self,
        listener: TcpListener,
        handler: Arc<dyn Handler>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), PeerError> {
        let config = tls::server(&self.identity, Arc::clone(&self.registry))?;
        let acceptor = TlsAcceptor::from(config);
        let registry = Arc::clone(&self.registry);
        let server = Server::new(acceptor, registry, handler, self.bounds);
        Arc::new(server).run(listener, stop).await;
        Ok(())
    }

    /// Calls an organisation and waits for its reply, at most until `deadline` from now, and never
    /// longer than ten minutes.
    ///
    /// A call that surely did not go out is tried again once on a new link; any other failure is
    /// for the caller to judge.
    pub async fn call(
        &self,
        organisation: &str,
        path: &str,
        body: Bytes,
        deadline: Duration,
    ) -> Result<Reply, PeerError> {
        if self.tasks.ended() {
            return Err(PeerError::Closed);
        }
        let uri = uri(path)?;
        if body.len() > self.bounds.body_bytes_max {
            return Err(self.too_large(organisation, "call"));
        }
        let route = self.route(organisation)?;
        let until = Until {
            organisation,
            at: Instant::now() + deadline.min(DEADLINE_MAX),
        };
        let place = until
            .wait("waiting for a place", route.room.place())
            .await?;
        let response = self.send(&until, &route, &uri, &body).await?;
        let reply = self.reply(&until, &route, response).await;
        drop(place);
        reply
    }

    /// Closes the links that were opened, for good, and waits until their tasks are gone.
    pub async fn close(&self) {
        self.routes().clear();
        self.tasks.end().await;
    }

    fn routes(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Route>>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the organisation is, as the registry has it now.
    fn peer(&self, organisation: &str) -> Result<Peer, PeerError> {
        let peer = self.registry.find(organisation);
        peer.ok_or_else(|| PeerError::NotPinned {
            organisation: organisation.to_owned(),
            cause: "no address and key of it are in the registry",
        })
    }

    fn route(&self, organisation: &str) -> Result<Arc<Route>, PeerError> {
        // Only organisations that the registry has get an entry: the map is bounded by it. One that
        // was taken out loses its link.
        let mut routes = self.routes();
        if let Err(error) = self.peer(organisation) {
            routes.remove(organisation);
            return Err(error);
        }
        let route = routes.entry(organisation.to_owned()).or_insert_with(|| {
            Arc::new(Route {
                room: Room::new(&self.bounds),
                link: tokio::sync::Mutex::default(),
            })
        });
        Ok(Arc::clone(route))
    }

    /// The open link to the organisation, or a new one. One caller connects, the others wait.
    async fn link(&self, organisation: &str, route: &Route) -> Result<Link, PeerError> {
        let mut kept = route.link.lock().await;
        // Asked anew: a member may have been removed, or its key replaced.
        let peer = self.peer(organisation)?;
        if let Some(link) = kept.as_ref().filter(|link| link.serves(&peer)) {
            return Ok(link.clone());
        }
        *kept = None;
        let opened = Link::open(
            organisation,
            peer,
            &self.identity,
            &self.bounds,
            &self.tasks,
        );
        let link = opened.await?;
        *kept = Some(link.clone());
        Ok(link)
    }

    /// Hands the request to a link; a link that had ended before is replaced once.
    async fn send(
        &self,
        until: &Until<'_>,
        route: &Route,
        uri: &Uri,
        body: &Bytes,
    ) -> Result<Response<Incoming>, PeerError> {
        let mut again = true;
        loop {
            let mut link = until
                .wait("connecting", self.link(until.organisation, route))
                .await??;
            let mut request = Request::new(Full::new(body.clone()));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = uri.clone();
            let sent = link.requests.try_send_request(request);
            match until.wait("waiting for the reply", sent).await? {
                Ok(response) => return Ok(response),
                Err(error) if error.message().is_some() && again => again = false,
                Err(error) => return Err(until.broken(error.error())),
            }
        }
    }

    /// Reads a reply, or what the link says instead of one.
    async fn reply(
        &self,
        until: &Until<'_>,
        route: &Route,
        response: Response<Incoming>,
    ) -> Result<Reply, PeerError> {
        let (head, body) = response.into_parts();
        if let Some(word) = head.headers.get(REFUSAL) {
            return Err(self.refused(until, Refusal::of(word.as_bytes())));
        }
        let length = body.size_hint().exact().map(usize::try_from);
        let Some(Ok(length)) = length.filter(|_| !head.status.is_informational()) else {
            return Err(until.refused("it sent a reply without a length"));
        };
        if length > self.bounds.body_bytes_max {
            return Err(self.too_large(until.organisation, "reply"));
        }
        let taken = route.room.hold(length);
        let taken = until.wait("waiting for room for the reply", taken).await?;
        let read = Limited::new(body, length).collect();
        let read = until.wait("reading the reply", read).await?;
        drop(taken);
        let read = read.map_err(|error| until.broken(&*error))?;
        Ok(Reply {
            status: head.status.as_u16(),
            body: read.to_bytes(),
        })
    }

    fn refused(&self, until: &Until<'_>, refusal: Option<Refusal>) -> PeerError {
        let organisation = until.organisation;
        match refusal {
            Some(Refusal::NotPinned) => until.refused(NOT_PINNED_THERE),
            Some(Refusal::Malformed) => until.refused("it could not read the call"),
            Some(Refusal::CallTooLarge) => self.too_large(organisation, "call"),
            Some(Refusal::ReplyTooLarge) => self.too_large(organisation, "reply"),
            Some(Refusal::Busy) => PeerError::Busy {
                organisation: organisation.to_owned(),
            },
            Some(Refusal::TimedOut) => PeerError::TimedOut {
                organisation: organisation.to_owned(),
                during: "at the other end",
            },
            None => until.refused("it gave a reason that is unknown here"),
        }
    }

    fn too_large(&self, organisation: &str, what: &'static str) -> PeerError {
        PeerError::TooLarge {
            organisation: organisation.to_owned(),
            what,
            bound: self.bounds.body_bytes_max,
        }
    }
}

/// One call: to whom, and until when.
struct Until<'a> {
    organisation: &'a str,
    at: Instant,
}

impl Until<'_> {
    async fn wait<T>(
        &self,
        during: &'static str,
        what: impl Future<Output = T>,
    ) -> Result<T, PeerError> {
        let waited = timeout_at(self.at, what).await;
        waited.map_err(|_| PeerError::TimedOut {
            organisation: self.organisation.to_owned(),
            during,
        })
    }

    fn refused(&self, cause: &str) -> PeerError {
        PeerError::Refused {
            organisation: self.organisation.to_owned(),
            cause: cause.to_owned(),
        }
    }

    /// The error with its sources: hyper's own words alone say little.
    fn broken(&self, error: &(dyn Error + 'static)) -> PeerError {
        let mut cause = error.to_string();
        let mut source = error.source();
        while let Some(deeper) = source.filter(|_| cause.len() < CAUSE_BYTES) {
            cause = format!("{cause}: {deeper}");
            source = deeper.source();
        }
        PeerError::Broken {
            organisation: self.organisation.to_owned(),
            cause,
        }
    }
}

/// The address of a call: the name in it is never resolved.
fn uri(path: &str) -> Result<Uri, PeerError> {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic());
    if path.len() > PATH_BYTES_MAX || !path.starts_with('/') || !plain || path.contains(['?', '#'])
    {
        return Err(PeerError::Malformed("its path has a wrong form"));
    }
    Uri::builder()
        .scheme("https")
        .authority(NAME)
        .path_and_query(path)
        .build()
        .map_err(|_| PeerError::Malformed("its path has a wrong form"))
}
