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
#[path = "standing/sockets.rs"]
mod sockets;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use common::{Answer, Client, World};
use hospital::{Role, instant};
use receiver::{Receiver, ids};
use serde_json::{Value, json};

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
    let query = json!({ "EQ_bizStep": ["shipping"], "eventType": "ObjectEvent" });
    json!({ "name": "what left", "query": query })
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
}

#[test]
fn a_subscription_that_cannot_be_is_refused_with_its_reason() {
    let world = world();
    let client = world.client(Role::Pharmacist, None);
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
}

#[test]
fn others_may_look_at_queries_and_patients_may_not() {
    let world = world();
    let query = named(&world.client(Role::Pharmacist, None), &shipping());
    let body = json!({ "dest": "http://127.0.0.1:9/", "stream": true });
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
        let hex = signed.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        assert_eq!(message.header("gs1-signature"), format!("sha256={hex}"));
        let results = &message.json()["epcisBody"]["queryResults"];
        assert_eq!(results["queryName"], "what left");
        assert!(subscription.ends_with(results["subscriptionID"].as_str().unwrap()));
    }
    // What the receiver confirmed is kept a moment later.
    let end = Instant::now() + Duration::from_secs(10);
    let told = loop {
        let told = client.get(&subscription).expect(200).json();
        if told["failures"] == 0 {
            break told;
        }
        assert!(Instant::now() < end, "{told}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(told["stream"], true, "{told}");
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
