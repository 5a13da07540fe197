//! Those who watch a query over a WebSocket, with a client of the field.

use std::net::TcpStream;
use std::time::Duration;

use hospital::{Role, pairs};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use super::common::Client;
use super::receiver::ids;
use super::{capture, named, shipping, world};

/// Watches a query over a WebSocket.
fn watch(client: &Client, path: &str) -> Result<WebSocket<TcpStream>, (u16, String)> {
    let address = client.base.strip_prefix("http://").unwrap();
    let mut request = format!("ws://{address}{path}")
        .into_client_request()
        .unwrap();
    if let Some(token) = &client.token {
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", value);
    }
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    match tungstenite::client(request, stream) {
        Ok((socket, response)) => {
            assert_eq!(response.status(), 101);
            assert!(response.headers().contains_key("gs1-query-min-record-time"));
            Ok(socket)
        }
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
            let body = response.body().clone().unwrap_or_default();
            Err((response.status().as_u16(), String::from_utf8(body).unwrap()))
        }
        Err(error) => panic!("{error}"),
    }
}

/// Reads until so many events have come.
fn hears(socket: &mut WebSocket<TcpStream>, count: usize) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.len() < count {
        if let Message::Text(text) = socket.read().unwrap() {
            heard.extend(ids(&serde_json::from_str(&text).unwrap()));
        }
    }
    heard
}

/// Reads to the end.
fn ends(socket: &mut WebSocket<TcpStream>) -> (u16, String) {
    loop {
        match socket.read().unwrap() {
            Message::Close(Some(frame)) => return (frame.code.into(), frame.reason.to_string()),
            Message::Close(None) => return (0, String::new()),
            _ => {}
        }
    }
}

#[test]
fn who_watches_over_a_websocket_is_told_until_the_query_is_gone() {
    let world = world();
    let client = world.client(Role::Clinician, None);
    let system = world.client(Role::System, None);
    let before = capture(&system, 0..3, "shipping");
    let query = named(&system, &shipping());
    let mut now = watch(&client, &format!("{query}/events?stream=true")).unwrap();
    let from = pairs::encode_segment("2020-01-01T00:00:00Z");
    let all = format!("{query}/events?stream=true&initialRecordTime={from}");
    let mut all = watch(&client, &all).unwrap();
    assert_eq!(hears(&mut all, 3), before);
    capture(&system, 0..5, "receiving");
    let shipped = capture(&system, 3..9, "shipping");
    assert_eq!(hears(&mut now, 6), shipped);
    assert_eq!(hears(&mut all, 6), shipped);
    let mut seconds = watch(
        &client,
        &format!("{query}/events?second=0/1&reportIfEmpty=true"),
    )
    .unwrap();
    let Message::Text(empty) = seconds.read().unwrap() else {
        panic!("no message");
    };
    assert!(ids(&serde_json::from_str(&empty).unwrap()).is_empty());
    // Who talks is not listened to.
    now.send(Message::text("hello")).unwrap();
    assert_eq!(ends(&mut now).0, 1008);
    assert_eq!(system.delete(&query).status, 204);
    assert_eq!(ends(&mut all), (1000, "the query is gone".into()));

    named(&system, &shipping());
    for (path, client, status) in [
        (
            "/epcis/queries/none/events?stream=true".to_owned(),
            &client,
            404,
        ),
        (format!("{query}/events"), &client, 400),
        (format!("{query}/events?stream=true&minute=5"), &client, 400),
        (format!("{query}/events?minute=61"), &client, 400),
        (
            format!("{query}/events?stream=true&perPage=5"),
            &client,
            400,
        ),
        (
            format!("{query}/events?stream=true"),
            &world.stranger(),
            401,
        ),
        (
            format!("{query}/events?stream=true"),
            &world.client(Role::Patient, Some("p1")),
            403,
        ),
    ] {
        let (found, text) = watch(client, &path).err().unwrap();
        assert_eq!(found, status, "{path}: {text}");
        assert!(text.contains("epcisException:"), "{text}");
    }
    assert_eq!(
        client.get(&format!("{query}/events?stream=true")).status,
        400,
        "no upgrade"
    );
}

#[test]
fn a_websocket_ends_with_its_token() {
    let world = world();
    let system = world.client(Role::System, None);
    let query = named(&system, &shipping());
    let mut socket = watch(&system, &format!("{query}/events?stream=true")).unwrap();
    let shipped = capture(&system, 0..1, "shipping");
    assert_eq!(hears(&mut socket, 1), shipped);
    world.later(2 * 3600);
    let fresh = world.client(Role::System, None);
    capture(&fresh, 1..2, "shipping");
    assert_eq!(ends(&mut socket).0, 1008);
}
