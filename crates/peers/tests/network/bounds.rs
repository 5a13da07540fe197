//! Bodies, calls, links and waits have bounds, and each peer has a share of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use peers::{Bounds, PeerError, Peers};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::nodes::{Counting, LONG, Two, frozen_on_demand, identity, node, until};

const SHORT: Duration = Duration::from_millis(200);
/// Where something else must be quicker than this, on a busy machine too.
const AMPLE: Duration = Duration::from_secs(3);

fn small() -> Bounds {
    Bounds {
        body_bytes_max: 1024,
        ..Bounds::default()
    }
}

fn too_large(called: Result<peers::Reply, PeerError>) -> (&'static str, usize) {
    match called {
        Err(PeerError::TooLarge { what, bound, .. }) => (what, bound),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_body_over_the_bound_is_refused_whole_at_either_end() {
    let handler = Arc::new(Counting::default());
    let two = Two::with(small(), Bounds::default(), Arc::clone(&handler) as _).await;
    let over = vec![0; 1025];
    assert_eq!(too_large(two.call("/turn", &over).await), ("call", 1024));
    assert_eq!(handler.calls(), 0);
    two.call("/turn", &over[1..]).await.unwrap();
    assert_eq!(too_large(two.call("/big", b"").await), ("reply", 1024));
    two.call("/turn", b"abc").await.unwrap();

    let handler = Arc::new(Counting::default());
    let two = Two::with(Bounds::default(), small(), Arc::clone(&handler) as _).await;
    assert_eq!(too_large(two.call("/turn", &over).await).0, "call");
    // Much more than the window: the answer comes before the body has gone out.
    let much = vec![0; 20_000_000];
    assert_eq!(too_large(two.call("/turn", &much).await).0, "call");
    assert_eq!(handler.calls(), 0, "the handler never saw it");
    assert_eq!(too_large(two.call("/big", b"").await).0, "reply");
    two.call("/turn", b"abc").await.unwrap();
}

#[tokio::test]
async fn a_slow_peer_times_out_and_the_link_goes_on() {
    let handler = Arc::new(Counting::default());
    let bounds = Bounds::default();
    let two = Two::with(bounds, bounds, Arc::clone(&handler) as _).await;
    two.call("/turn", b"abc").await.unwrap();
    let called = two
        .north
        .call("st-mary", "/silent", Bytes::new(), SHORT)
        .await;
    let during = "waiting for the reply";
    assert!(matches!(called, Err(PeerError::TimedOut { during: it, .. }) if it == during));
    // Whoever does not wait any more frees the place at the other end.
    until("the call is dropped there", || handler.running() == 0).await;
    two.call("/turn", b"abc").await.unwrap();
}

#[tokio::test]
async fn a_handler_that_never_answers_is_ended_at_its_bound() {
    let bounds = Bounds {
        answer_max: SHORT,
        ..Bounds::default()
    };
    let two = Two::start(bounds).await;
    let called = two.call("/silent", b"").await;
    let during = "at the other end";
    assert!(matches!(called, Err(PeerError::TimedOut { during: it, .. }) if it == during));
}

#[tokio::test]
async fn a_peer_that_accepts_and_says_nothing_does_not_hold_us() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bounds = Bounds {
        connect_max: SHORT,
        ..Bounds::default()
    };
    let two = Two::start(bounds).await;
    let address = silent.local_addr().unwrap().to_string();
    two.pins.pin("st-mary", identity(2).public(), &address);
    let called = two.call("/turn", b"abc").await;
    let during = "connecting";
    assert!(matches!(called, Err(PeerError::TimedOut { during: it, .. }) if it == during));
}

#[tokio::test]
async fn a_stranger_who_says_nothing_is_hung_up_on() {
    let bounds = Bounds {
        connect_max: AMPLE,
        handshakes_max: 1,
        ..Bounds::default()
    };
    let patient = Bounds::default();
    let two = Two::with(patient, bounds, Arc::new(Counting::default())).await;
    let mut stranger = TcpStream::connect(&two.mary.address).await.unwrap();
    // The only place is taken; ours is the next.
    two.call("/turn", b"abc").await.unwrap();
    let mut rest = Vec::new();
    let hung_up = tokio::time::timeout(LONG, stranger.read_to_end(&mut rest));
    let _ = hung_up.await.expect("it hangs up");
}

#[tokio::test]
async fn a_peer_that_fell_silent_is_noticed() {
    let bounds = Bounds {
        silence_max: AMPLE,
        ..Bounds::default()
    };
    let two = Two::start(bounds).await;
    let (address, freeze) = frozen_on_demand(&two.mary.address).await;
    two.pins.pin("st-mary", identity(2).public(), &address);
    two.call("/turn", b"abc").await.unwrap();
    freeze.cancel();
    let called = two.call("/turn", b"abc").await;
    assert!(
        matches!(called, Err(PeerError::Broken { .. })),
        "{called:?}"
    );
}

async fn many(two: &Arc<Two>) {
    let call = |_| {
        let two = Arc::clone(two);
        tokio::spawn(async move { two.call("/turn", b"abc").await.unwrap() })
    };
    let calls: Vec<_> = (0..40).map(call).collect();
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn calls_at_once_are_bounded_at_either_end_and_all_are_answered() {
    let few = Bounds {
        calls_max: 2,
        ..Bounds::default()
    };
    for (north, mary) in [(few, Bounds::default()), (Bounds::default(), few)] {
        let handler = Arc::new(Counting::default());
        let two = Arc::new(Two::with(north, mary, Arc::clone(&handler) as _).await);
        many(&two).await;
        assert_eq!(handler.calls(), 40);
        assert!(handler.most() <= 2, "{} at once", handler.most());
    }
}

#[tokio::test]
async fn bodies_held_at_once_are_bounded_and_none_waits_for_ever() {
    let bounds = Bounds {
        body_bytes_max: 1024 * 1024,
        held_bytes_max: 1024 * 1024,
        ..Bounds::default()
    };
    let handler = Arc::new(Counting::default());
    let two = Arc::new(Two::with(bounds, bounds, Arc::clone(&handler) as _).await);
    let call = |_| {
        let two = Arc::clone(&two);
        tokio::spawn(async move { two.call("/turn", &vec![1; 700_000]).await.unwrap() })
    };
    let calls: Vec<_> = (0..24).map(call).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().body.len(), 700_000);
    }
    assert_eq!(handler.most(), 1, "two bodies of 700,000 do not fit");
}

#[tokio::test]
async fn one_peer_cannot_take_the_place_of_another() {
    let bounds = Bounds {
        calls_max: 2,
        ..Bounds::default()
    };
    let handler = Arc::new(Counting::default());
    let two = Arc::new(Two::with(Bounds::default(), bounds, Arc::clone(&handler) as _).await);
    let hanging: Vec<_> = (0..8)
        .map(|_| {
            let two = Arc::clone(&two);
            tokio::spawn(async move { two.call("/silent", b"").await })
        })
        .collect();
    until("north has taken its places", || handler.running() == 2).await;
    two.mary_pins.pin("south", identity(5).public(), "");
    let south: Arc<Peers> = node(5, &two.pins, Bounds::default());
    let called = south.call("st-mary", "/who", Bytes::new(), LONG).await;
    assert_eq!(called.unwrap().body.as_ref(), b"south");
    for call in hanging {
        call.abort();
    }
}

#[tokio::test]
async fn links_of_one_organisation_are_bounded() {
    let bounds = Bounds {
        links_max: 1,
        ..Bounds::default()
    };
    let two = Two::start(bounds).await;
    two.call("/turn", b"abc").await.unwrap();
    let second = node(1, &two.pins, Bounds::default());
    let call = || second.call("st-mary", "/turn", Bytes::new(), LONG);
    assert!(matches!(call().await, Err(PeerError::Busy { .. })));
    two.north.close().await;
    loop {
        match call().await {
            Err(PeerError::Busy { .. }) => tokio::task::yield_now().await,
            other => break assert_eq!(other.unwrap().status, 200),
        }
    }
}

#[tokio::test]
async fn calls_under_way_are_finished_before_the_end() {
    let handler = Arc::new(Counting::default());
    let bounds = Bounds::default();
    let two = Two::with(bounds, bounds, Arc::clone(&handler) as _).await;
    let Two {
        north, mut mary, ..
    } = two;
    let caller = Arc::clone(&north);
    let call = tokio::spawn(async move {
        let body = Bytes::from_static(b"abc");
        caller.call("st-mary", "/gate", body, LONG).await
    });
    until("the call is there", || handler.running() == 1).await;
    let stopping = tokio::spawn(async move { mary.stop().await });
    tokio::task::yield_now().await;
    handler.open_gate();
    assert_eq!(call.await.unwrap().unwrap().body.as_ref(), b"cba");
    stopping.await.unwrap();
}

#[tokio::test]
async fn nothing_runs_on_after_the_end() {
    let alive = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = alive();
    let bounds = Bounds {
        drain_max: SHORT,
        ..Bounds::default()
    };
    let mut two = Two::start(bounds).await;
    two.call("/turn", b"abc").await.unwrap();
    let hanging = two.north.call("st-mary", "/silent", Bytes::new(), AMPLE);
    tokio::join!(two.mary.stop(), async {
        let ended = hanging.await;
        assert!(ended.is_err(), "{ended:?}");
    });
    two.north.close().await;
    let closed = two.call("/turn", b"abc").await;
    assert_eq!(closed, Err(PeerError::Closed));
    until("all tasks are gone", || alive() == before).await;
}
