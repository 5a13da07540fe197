//! Standing queries over HTTP: named, subscribed to, and watched over a WebSocket.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    reason = "a test may panic, print and copy"
)]

mod common;
#[path = "standing/receiver.rs"]
mod receiver;

use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Answer, Client, World};
use hospital::{Role, instant, pairs};
use receiver::{Receiver, ids};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const SECRET: &str = "13df38d8275b13f05704629e5f1cf3d45d6132d5";

fn world() -> World {
    World::with(|config| config.outgoing = api::Reach::Loopback)
}

fn event(number: usize, step: &str) -> Value {
    json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "ObjectEvent", "eventID": format!("urn:uuid:{step}-{number}"),
        "action": "OBSERVE", "bizStep": step,
        "eventTime": "2026-05-01T08:00:00Z", "eventTimeZoneOffset": "+02:00",
        "epcList": [format!("urn:epc:id:sgtin:0614141.107346.{number}")],
    })
}

fn post(client: &Client, path: &str, body: &Value) -> Answer {
    client.send("POST", path, &JSON, Some(body.to_string().as_bytes()))
}

/// Captures some events, one after the other, and answers their ids.
fn capture(client: &Client, numbers: std::ops::Range<usize>, step: &str) -> Vec<String> {
    let made = numbers.map(|number| {
        let event = event(number, step);
        post(client, "/epcis/events", &event).expect(201);
        event["eventID"].as_str().unwrap().to_owned()
    });
    made.collect()
}

fn shipping() -> Value {
    json!({ "name": "what left", "query": { "EQ_bizStep": ["shipping"], "eventType": "ObjectEvent" } })
}

/// A named query, and where it is.
fn named(client: &Client, query: &Value) -> String {
    let made = post(client, "/epcis/queries", query).expect(201);
    made.header("location").to_owned()
}

fn subscribe(client: &Client, query: &str, body: &Value) -> String {
    let made = post(client, &format!("{query}/subscriptions"), body).expect(201);
    let id = made.json()["subscriptionID"].as_str().unwrap().to_owned();
    let location = made.header("location").to_owned();
    assert!(
        location.ends_with(&format!("/subscriptions/{id}")),
        "{location}"
    );
    assert!(!made.text().contains(SECRET), "the secret comes back");
    location
}

#[test]
fn a_named_query_answers_page_by_page_until_it_is_taken_away() {
    let world = world();
    let client = world.client(Role::Pharmacist, None);
    let shipped = capture(&client, 0..7, "shipping");
    capture(&client, 0..3, "receiving");
    let query = named(&client, &shipping());
    assert_eq!(query, "/epcis/queries/what%20left");
    let taken = post(&client, "/epcis/queries", &shipping());
    assert_eq!(taken.status, 409, "{}", taken.text());
    assert_eq!(
        taken.json()["type"],
        "epcisException:ResourceAlreadyExistsException"
    );
    assert_eq!(client.get(&query).expect(200).json(), shipping());
    let listed = client.get("/epcis/queries").expect(200).json();
    assert_eq!(listed, json!([shipping()]));

    let (mut found, mut next) = (Vec::new(), format!("{query}/events?perPage=3"));
    for page in 0..3 {
        let answer = client.get(&next).expect(200);
        let results = &answer.json()["epcisBody"]["queryResults"];
        assert_eq!(results["queryName"], "what left");
        found.extend(ids(&answer.json()));
        let link = answer.header("link");
        assert_eq!(link.is_empty(), page == 2, "{link}");
        next = link
            .trim_start_matches('<')
            .split('>')
            .next()
            .unwrap()
            .to_owned();
    }
    found.reverse();
    assert_eq!(found, shipped);

    let many: Vec<String> = (0..4)
        .map(|number| {
            named(
                &client,
                &json!({ "name": format!("q{number}"), "query": {} }),
            )
        })
        .collect();
    let page = client.get("/epcis/queries?perPage=2").expect(200);
    let next = page
        .header("link")
        .trim_start_matches('<')
        .split('>')
        .next()
        .unwrap()
        .to_owned();
    let names = |answer: &Answer| -> Vec<Value> {
        let list = answer.json();
        list.as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].clone())
            .collect()
    };
    assert_eq!(names(&page), ["q3", "q2"]);
    assert_eq!(names(&client.get(&next).expect(200)), ["q1", "q0"]);
    assert_eq!(client.delete(&many[0]).status, 204);

    assert_eq!(client.delete(&query).status, 204);
    for path in [
        query.clone(),
        format!("{query}/events"),
        format!("{query}/subscriptions"),
    ] {
        let gone = client.get(&path);
        assert_eq!(gone.status, 404, "{path}: {}", gone.text());
        assert_eq!(gone.json()["type"], "epcisException:NoSuchNameException");
    }
    assert_eq!(client.delete(&query).status, 404);
}

#[test]
fn what_cannot_stand_is_refused_with_its_reason() {
    let world = world();
    let client = world.client(Role::Pharmacist, None);
    for (body, says) in [
        (json!({ "name": "", "query": {} }), "name"),
        (json!({ "name": "a\nb", "query": {} }), "control"),
        (json!({ "name": "x".repeat(129), "query": {} }), "128"),
        (json!({ "name": "..", "query": {} }), "name"),
        (
            json!({ "name": "a", "query": { "EQ_color": "red" } }),
            "EQ_color",
        ),
        (
            json!({ "name": "a", "query": { "nextPageToken": "x" } }),
            "nextPageToken",
        ),
        (json!({ "name": "a" }), "query"),
        (json!({ "name": "a", "query": {}, "more": 1 }), "query"),
        (json!([]), "query"),
    ] {
        let refused = post(&client, "/epcis/queries", &body);
        assert_eq!(refused.status, 400, "{body}: {}", refused.text());
        assert!(refused.text().contains(says), "{says}: {}", refused.text());
    }
    let simple = post(
        &client,
        "/epcis/queries",
        &json!({ "name": "SimpleEventQuery", "query": {} }),
    );
    assert_eq!(simple.status, 409);
    let large = json!({ "name": "a", "query": { "EQ_eventID": "x".repeat(70_000) } });
    assert_eq!(post(&client, "/epcis/queries", &large).status, 413);
    assert_eq!(client.get("/epcis/queries").expect(200).json(), json!([]));

    let query = named(&client, &shipping());
    let answer = client.get(&format!("{query}/events?EQ_action=ADD"));
    assert_eq!(answer.status, 400, "{}", answer.text());
    let good = "http://127.0.0.1:9/hook";
    for (body, says) in [
        (json!({ "dest": good }), "stream"),
        (json!({ "dest": good, "stream": false }), "stream"),
        (
            json!({ "dest": good, "stream": true, "schedule": { "hour": "1" } }),
            "stream",
        ),
        (json!({ "dest": good, "schedule": {} }), "at least one"),
        (
            json!({ "dest": good, "schedule": { "hour": "25" } }),
            "hour",
        ),
        (
            json!({ "dest": good, "schedule": { "dayOfMonth": "30", "month": "2" } }),
            "never",
        ),
        (
            json!({ "dest": good, "stream": true, "initialRecordTime": "today" }),
            "RFC 3339",
        ),
        (
            json!({ "dest": good, "stream": true, "signatureToken": "" }),
            "signatureToken",
        ),
        (json!({ "stream": true }), "dest"),
        (
            json!({ "dest": "ftp://a.example/", "stream": true }),
            "https",
        ),
        (
            json!({ "dest": "http://a.example/", "stream": true }),
            "https",
        ),
        (
            json!({ "dest": "https://169.254.169.254/", "stream": true }),
            "reach",
        ),
        (
            json!({ "dest": "https://me:pw@a.example/", "stream": true }),
            "password",
        ),
    ] {
        let refused = post(&client, &format!("{query}/subscriptions"), &body);
        assert_eq!(refused.status, 400, "{body}: {}", refused.text());
        assert!(refused.text().contains(says), "{says}: {}", refused.text());
        let kind = &refused.json()["type"];
        assert_eq!(kind, "epcisException:SubscriptionControlsException");
    }
    let first = json!({ "name": "first", "query": { "eventCountLimit": 1 } });
    let first = named(&client, &first);
    let body = json!({ "dest": good, "stream": true });
    let refused = post(&client, &format!("{first}/subscriptions"), &body);
    assert_eq!(refused.status, 400);
    assert!(
        refused.text().contains("eventCountLimit"),
        "{}",
        refused.text()
    );
    let listed = client.get(&format!("{query}/subscriptions")).expect(200);
    assert_eq!(listed.json(), json!([]));

    // Others may look, and patients may not.
    let clinician = world.clinician();
    clinician.get(&query).expect(200);
    assert_eq!(
        post(
            &clinician,
            "/epcis/queries",
            &json!({ "name": "b", "query": {} })
        )
        .status,
        403
    );
    assert_eq!(
        post(&clinician, &format!("{query}/subscriptions"), &body).status,
        403
    );
    assert_eq!(clinician.delete(&query).status, 403);
    assert_eq!(
        world.client(Role::Patient, Some("p1")).get(&query).status,
        403
    );
    assert_eq!(
        world.client(Role::Admin, None).get("/epcis/queries").status,
        403
    );
    assert_eq!(world.stranger().get("/epcis/queries").status, 401);
}

#[test]
fn without_the_setting_nobody_is_called_on_this_machine() {
    let world = World::new();
    let client = world.client(Role::System, None);
    let query = named(&client, &shipping());
    for dest in [
        "http://127.0.0.1:80/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "http://localhost/",
        "https://10.0.0.1/",
        "https://192.168.0.1/",
        "https://[fd00::1]/",
    ] {
        let body = json!({ "dest": dest, "stream": true });
        let refused = post(&client, &format!("{query}/subscriptions"), &body);
        assert_eq!(refused.status, 400, "{dest}: {}", refused.text());
    }
}

#[test]
fn a_receiver_is_told_of_each_event_in_order_and_the_message_is_signed() {
    let world = world();
    let client = world.client(Role::System, None);
    capture(&client, 0..3, "shipping");
    let query = named(&client, &shipping());
    let receiver = Receiver::new();
    // The first two tries fail, one with a redirect that is not followed.
    receiver.answers(&[500, 302]);
    let body = json!({ "dest": format!("{}/hook", receiver.base), "signatureToken": SECRET,
                       "stream": true });
    let subscription = subscribe(&client, &query, &body);
    let shipped = capture(&client, 3..9, "shipping");
    capture(&client, 3..9, "receiving");
    receiver.until("all are told", |it| it.confirmed().len() >= shipped.len());
    assert_eq!(
        receiver.confirmed(),
        shipped,
        "what came before is not told"
    );
    let heard = receiver.heard();
    assert_eq!((heard[0].status, heard[1].status), (500, 302));
    for message in &heard {
        assert_eq!(message.path, "/hook");
        assert_eq!(message.header("content-type"), "application/json");
        assert_eq!(message.header("gs1-epcis-version"), "2.0.0");
        let signed = vault::keys::hmac_sha256(SECRET.as_bytes(), &message.body);
        let hex: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(message.header("gs1-signature"), format!("sha256={hex}"));
        let results = &message.json()["epcisBody"]["queryResults"];
        assert_eq!(results["queryName"], "what left");
        assert!(subscription.ends_with(results["subscriptionID"].as_str().unwrap()));
    }
    let told = client.get(&subscription).expect(200).json();
    assert_eq!(
        (&told["stream"], &told["failures"]),
        (&json!(true), &json!(0)),
        "{told}"
    );
    assert!(told["lastNotifiedAt"].is_string(), "{told}");
    assert!(!told.to_string().contains(SECRET), "{told}");

    assert_eq!(client.delete(&subscription).status, 204);
    assert_eq!(client.get(&subscription).status, 404);
    assert_eq!(client.delete(&subscription).status, 404);
    let other = Receiver::new();
    subscribe(
        &client,
        &query,
        &json!({ "dest": other.base, "stream": true }),
    );
    let late = capture(&client, 9..11, "shipping");
    other.until("the other is told", |it| it.confirmed() == late);
    assert_eq!(receiver.confirmed(), shipped, "told after it was ended");
    // With the query its subscriptions go.
    assert_eq!(client.delete(&query).status, 204);
    named(&client, &shipping());
    assert_eq!(
        client
            .get(&format!("{query}/subscriptions"))
            .expect(200)
            .json(),
        json!([])
    );
}

#[test]
fn nothing_is_lost_over_a_restart_and_a_large_message_comes_in_parts() {
    let world = world();
    let client = world.client(Role::System, None);
    let query = named(&client, &shipping());
    let receiver = Receiver::new();
    receiver.at_most(4);
    // From before there was a subscription; the receiver is away at first.
    let mut shipped = capture(&client, 0..21, "shipping");
    receiver.answers(&[503; 3]);
    let from = instant::fhir(world.hospital.now_us() - 3_600_000_000);
    let body = json!({ "dest": receiver.base, "stream": true, "initialRecordTime": from });
    let subscription = subscribe(&client, &query, &body);
    receiver.until("it was tried", |it| !it.heard().is_empty());
    let (dir, temp) = world.stop();
    let world = World::open(&dir, |config| config.outgoing = api::Reach::Loopback);
    let client = world.client(Role::System, None);
    shipped.extend(capture(&client, 21..25, "shipping"));
    receiver.until("all are told", |it| it.confirmed().len() >= shipped.len());
    assert_eq!(receiver.confirmed(), shipped);
    let told = client.get(&subscription).expect(200).json();
    assert_eq!(told["initialRecordTime"], from, "{told}");
    drop(world);
    nothing_can_be_read(&dir, &[&receiver.base, "what left", "EQ_bizStep"]);
    drop(temp);
}

/// Neither queries nor receivers stand in the database as text.
fn nothing_can_be_read(dir: &std::path::Path, secrets: &[&str]) {
    let mut looked = 0;
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with("store.db") {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        looked += bytes.len();
        for secret in secrets {
            let found = bytes
                .windows(secret.len())
                .any(|it| it == secret.as_bytes());
            assert!(!found, "{secret} stands in {name}");
        }
    }
    assert!(looked > 100_000, "{looked} bytes are no database");
}

#[test]
fn a_run_by_the_clock_tells_what_came_since_the_last_and_that_there_was_nothing() {
    let world = world();
    let client = world.client(Role::System, None);
    let query = named(&client, &shipping());
    let receiver = Receiver::new();
    let body = json!({ "dest": receiver.base, "reportIfEmpty": true, "schedule": { "hour": "1" } });
    let daily = subscribe(&client, &query, &body);
    let told = client.get(&daily).expect(200).json();
    assert_eq!(told["schedule"], json!({ "hour": "1" }), "{told}");
    let shipped = capture(&client, 0..3, "shipping");
    std::thread::sleep(Duration::from_millis(200));
    assert!(receiver.heard().is_empty(), "told before its time");
    world.later(24 * 3600);
    receiver.until("the first run", |it| it.heard().len() == 1);
    assert_eq!(receiver.confirmed(), shipped);
    world.later(24 * 3600);
    receiver.until("the second run", |it| it.heard().len() == 2);
    assert_eq!(
        receiver.confirmed(),
        shipped,
        "nothing new is told as nothing"
    );
    // A run every second, that is silent about nothing.
    let client = world.client(Role::System, None);
    let seconds = Receiver::new();
    let body = json!({ "dest": seconds.base, "schedule": { "second": "[0-59]" } });
    subscribe(&client, &query, &body);
    let more = capture(&client, 3..5, "shipping");
    seconds.until("the next second", |it| it.confirmed() == more);
    assert!(seconds.heard().iter().all(|it| !it.ids().is_empty()));
}

#[test]
fn a_receiver_that_is_gone_is_called_no_more() {
    let world = world();
    let client = world.client(Role::System, None);
    let query = named(&client, &shipping());
    let receiver = Receiver::new();
    receiver.answers(&[410]);
    let body = json!({ "dest": receiver.base, "stream": true });
    let subscription = subscribe(&client, &query, &body);
    capture(&client, 0..1, "shipping");
    receiver.until("it answers", |it| it.heard().len() == 1);
    let end = Instant::now() + Duration::from_secs(10);
    while client.get(&subscription).expect(200).json()["stopped"].is_null() {
        assert!(Instant::now() < end, "it is not stopped");
        std::thread::sleep(Duration::from_millis(20));
    }
    capture(&client, 1..3, "shipping");
    world.later(24 * 3600);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(receiver.heard().len(), 1);
}

#[test]
fn no_more_than_a_hundred_subscriptions_stand() {
    let world = world();
    let client = world.client(Role::System, None);
    let query = named(&client, &shipping());
    let body = json!({ "dest": "http://127.0.0.1:9/", "stream": true });
    for _ in 0..100 {
        subscribe(&client, &query, &body);
    }
    let refused = post(&client, &format!("{query}/subscriptions"), &body);
    assert_eq!(refused.status, 413, "{}", refused.text());
    assert!(refused.text().contains("100"), "{}", refused.text());
    assert_eq!(client.delete(&query).status, 204);
    named(&client, &shipping());
    subscribe(&client, &query, &body);
}

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
